/* SPDX-License-Identifier: Apache-2.0 */
/* bind.c: narrower than RFC 4514: one spelling, and what we would not write is refused. */
#include "connector/bind.h"

#include <string.h>

#include "base/text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HEX DIGITS "ABCDEFabcdef"
#define LOGIN "{login}"
#define LOGIN_LEN (sizeof(LOGIN) - 1)
#define SPECIAL "\"+,;<>\\=" /* of RFC 4514 2.4, and "=", which may be escaped */
#define PRINCIPAL_MAX 64     /* octets before the "@" */
#define DOMAIN_MAX 253

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

bool
connector_login_valid(const char *login)
{
	const size_t len = strlen(login);

	return len >= 1 && len <= CONNECTOR_LOGIN_MAX && cs_utf8_valid(cs_span_str(login)) &&
	       !has_control(login);
}

/* ---- templates ---- */

static bool
begins_with_login(const char *text)
{
	return strncmp(text, LOGIN, LOGIN_LEN) == 0;
}

/* Past the type of an attribute and its "=": a name or an OID in digits (RFC 4512 1.4); NULL: there is none. */
static const char *
skip_type(const char *text)
{
	const bool named = text[0] != '\0' && strchr(LETTERS, text[0]) != NULL;
	const size_t len = strspn(text, named ? LETTERS DIGITS "-" : DIGITS ".");

	return len > 0 && text[len] == '=' ? text + len + 1 : NULL;
}

/* "\," or "\2c": its length; 0: neither. */
static size_t
escaped_len(const char *text)
{
	if (text[1] == '\0')
		return 0;
	if (strchr(SPECIAL " #", text[1]) != NULL)
		return 2;
	return strspn(text + 1, HEX) >= 2 ? 3 : 0;
}

/* Past a value that is not the login; NULL: it is none in the one spelling. */
static const char *
skip_plain(const char *text)
{
	const char *at = text;

	if (*at == ' ' || *at == '#')
		return NULL;
	while (*at != '\0' && *at != ',' && *at != '+') {
		const size_t len = *at == '\\' ? escaped_len(at) : 1;

		if (len == 0 || strchr("\";<>{}", *at) != NULL)
			return NULL;
		if (*at == ' ' && (at[1] == '\0' || at[1] == ',' || at[1] == '+'))
			return NULL;
		at += len;
	}
	return at > text ? at : NULL;
}

static const char *
why_no_dn(const char *text)
{
	unsigned logins = 0;

	for (;;) {
		text = skip_type(text);
		if (text == NULL)
			return "An attribute has no name, or a space stands before it.";
		const bool is_login = begins_with_login(text);

		text = is_login ? text + LOGIN_LEN : skip_plain(text);
		logins += is_login;
		if (text == NULL || (*text != '\0' && *text != ',' && *text != '+'))
			return "A value is not in the form of RFC 4514, or {login} is not all of it.";
		if (*text == '\0')
			break;
		text++;
	}
	return logins == 1 ? NULL : "There is not exactly one {login}.";
}

static const char *
why_no_principal(const char *text)
{
	static const char why[] = "It is neither a distinguished name nor {login}@DOMAIN.";

	if (!begins_with_login(text) || text[LOGIN_LEN] != '@')
		return why;
	const char *domain = text + LOGIN_LEN + 1;

	if (strlen(domain) > DOMAIN_MAX || strspn(domain, LETTERS DIGITS "-.") != strlen(domain))
		return why;
	for (const char *label = domain; label != NULL;) {
		const size_t n = strcspn(label, ".");

		if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-')
			return why;
		label = label[n] == '.' ? label + n + 1 : NULL;
	}
	return NULL;
}

const char *
connector_bind_why_not(const char *template)
{
	if (strlen(template) > CONNECTOR_BIND_DN_MAX)
		return "It is too long.";
	if (!cs_utf8_valid(cs_span_str(template)) || has_control(template))
		return "It is not UTF-8, or there is a control character in it.";
	return strchr(template, '=') != NULL ? why_no_dn(template) : why_no_principal(template);
}

/* ---- names ---- */

static void
add_escaped(struct cs_buf *out, const char *login)
{
	for (const char *c = login; *c != '\0'; c++) {
		const bool first = c == login, last = c[1] == '\0';

		if (strchr(SPECIAL, *c) != NULL || (*c == ' ' && (first || last)) ||
		    (*c == '#' && first))
			cs_buf_add(out, "\\", 1);
		cs_buf_add(out, c, 1);
	}
}

static bool
is_principal(const char *login)
{
	const size_t len = strlen(login);

	return len <= PRINCIPAL_MAX && strspn(login, LETTERS DIGITS "'.-_!#^~") == len;
}

bool
connector_bind_name(
    struct cs_arena *arena, const char *template, const char *login, const char **ret_name)
{
	struct cs_buf name = cs_buf_new(arena);

	if (connector_bind_why_not(template) != NULL || !connector_login_valid(login))
		return false;
	const char *at = strstr(template, LOGIN);
	const bool is_dn = strchr(template, '=') != NULL;

	if (!is_dn && !is_principal(login))
		return false;
	cs_buf_add(&name, template, (size_t)(at - template));
	if (is_dn)
		add_escaped(&name, login);
	else
		cs_buf_add_str(&name, login);
	cs_buf_add_str(&name, at + LOGIN_LEN);
	*ret_name =
	    cs_arena_strndup(arena, (const char *)cs_buf_span(&name).data, cs_buf_span(&name).len);
	return true;
}
