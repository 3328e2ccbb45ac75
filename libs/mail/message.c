/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/message.h"

#include <string.h>
#include <time.h>

#include "base/text.h"
#include "mail/encode.h"

#define NAME_MAX_OCTETS 128

/* ---- Addresses ---- */

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* RFC 5322 dot-atom-text. */
static bool
dot_string_valid(const char *text, size_t len)
{
	char before = '.';

	for (size_t i = 0; i < len; before = text[i++]) {
		if (text[i] == '.' && before == '.')
			return false;
		if (text[i] == '\0' || (text[i] != '.' && !is_alnum(text[i]) &&
					   strchr("!#$%&'*+-/=?^_`{|}~", text[i]) == NULL))
			return false;
	}
	return before != '.';
}

/* LDH labels of 1 to 63 octets, two or more. */
static bool
domain_valid(const char *text)
{
	unsigned labels = 0;

	for (;;) {
		size_t len = strcspn(text, ".");

		for (size_t i = 0; i < len; i++)
			if (!is_alnum(text[i]) && text[i] != '-')
				return false;
		if (len == 0 || len > 63 || text[0] == '-' || text[len - 1] == '-')
			return false;
		labels++;
		if (text[len] == '\0')
			return labels >= 2;
		text += len + 1;
	}
}

bool
mail_address_valid(const char *address)
{
	const char *at = strchr(address, '@');

	return at != NULL && at > address && at - address <= 64 && strlen(at + 1) <= 253 &&
	       strlen(address) <= 254 && dot_string_valid(address, (size_t)(at - address)) &&
	       domain_valid(at + 1);
}

/* ---- Checks ---- */

static enum cs_code
check_address(const char *what, const char *address, struct cs_err *err)
{
	if (address == NULL || !mail_address_valid(address))
		return cs_fail(err, CS_MALFORMED, "mail: %s is not an address that we send", what);
	return CS_OK;
}

static enum cs_code
check_line(const char *what, const char *text, size_t max, struct cs_err *err)
{
	if (text == NULL || *text == '\0' || strlen(text) > max)
		return cs_fail(err, CS_MALFORMED, "mail: %s is empty or too long", what);
	if (!mail_text_valid(cs_span_str(text), false))
		return cs_fail(
		    err, CS_MALFORMED, "mail: %s has characters that it cannot have", what);
	return CS_OK;
}

static enum cs_code
check_body(const char *body, struct cs_err *err)
{
	if (body == NULL || strlen(body) > MAIL_BODY_MAX)
		return cs_fail(err, CS_MALFORMED, "mail: the body is missing or too long");
	if (!mail_text_valid(cs_span_str(body), true))
		return cs_fail(err, CS_MALFORMED, "mail: the body has characters it cannot have");
	return CS_OK;
}

/* An RFC 2045 token, as RFC 3834's parameter has it. */
static enum cs_code
check_auto_type(const char *type, struct cs_err *err)
{
	for (const char *p = type; p != NULL && *p != '\0'; p++)
		if (!is_alnum(*p) && *p != '-')
			return cs_fail(
			    err, CS_MALFORMED, "mail: the automatic type is not a token");
	if (type != NULL && (*type == '\0' || strlen(type) > 40))
		return cs_fail(err, CS_MALFORMED, "mail: the automatic type is empty or too long");
	return CS_OK;
}

static enum cs_code
check_message_id(const char *id, struct cs_err *err)
{
	size_t len = id != NULL ? strlen(id) : 0;
	char inner[320];

	if (id == NULL)
		return CS_OK;
	if (len < 5 || len > sizeof(inner) || id[0] != '<' || id[len - 1] != '>')
		return cs_fail(err, CS_MALFORMED, "mail: In-Reply-To is not a message identifier");
	memcpy(inner, id + 1, len - 2);
	inner[len - 2] = '\0';
	return check_address("In-Reply-To", inner, err);
}

static enum cs_code
check(const struct mail_message *m, struct cs_err *err)
{
	if (check_address("From", m->from, err) != CS_OK)
		return CS_MALFORMED;
	if (m->from_name != NULL &&
	    check_line("the name", m->from_name, NAME_MAX_OCTETS, err) != CS_OK)
		return CS_MALFORMED;
	if (check_address("To", m->to, err) != CS_OK)
		return CS_MALFORMED;
	if (m->reply_to != NULL && check_address("Reply-To", m->reply_to, err) != CS_OK)
		return CS_MALFORMED;
	if (check_line("Subject", m->subject, MAIL_SUBJECT_MAX, err) != CS_OK)
		return CS_MALFORMED;
	if (check_auto_type(m->auto_type, err) != CS_OK)
		return CS_MALFORMED;
	if (check_message_id(m->in_reply_to, err) != CS_OK)
		return CS_MALFORMED;
	return check_body(m->body, err);
}

/* ---- Writing ---- */

/* RFC 5322 3.3; strftime() would follow the locale. */
static void
add_date(struct cs_buf *out, int64_t date_ms)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t at = (time_t)(date_ms / 1000);
	struct tm tm;

	gmtime_r(&at, &tm);
	cs_buf_printf(out, "Date: %.3s, %d %.3s %04d %02d:%02d:%02d +0000\r\n",
	    days + (size_t)tm.tm_wday * 3, tm.tm_mday, months + (size_t)tm.tm_mon * 3,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void
add_from(struct cs_buf *out, const struct mail_message *m)
{
	cs_buf_add_str(out, "From: ");
	if (m->from_name == NULL) {
		cs_buf_printf(out, "%s\r\n", m->from);
		return;
	}
	mail_add_phrase(out, m->from_name);
	cs_buf_printf(out, "\r\n <%s>\r\n", m->from);
}

static void
add_subject(struct cs_buf *out, const char *subject)
{
	cs_buf_add_str(out, "Subject: ");
	mail_add_unstructured(out, subject);
	cs_buf_add_str(out, "\r\n");
}

static void
add_ids(struct cs_buf *out, const struct mail_message *m)
{
	char id[CS_ID_TEXT];

	cs_id_format(m->id, id);
	cs_buf_printf(out, "Message-ID: <%s@%s>\r\n", id, strchr(m->from, '@') + 1);
	if (m->in_reply_to != NULL)
		cs_buf_printf(out, "In-Reply-To: %s\r\n", m->in_reply_to);
}

static void
add_body(struct cs_buf *out, struct cs_span body)
{
	bool plain = mail_body_is_plain(body);

	cs_buf_printf(out,
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    plain ? "7bit" : "quoted-printable");
	if (plain)
		cs_buf_add_span(out, body);
	else
		mail_add_quoted_printable(out, body);
}

enum cs_code
mail_message_write(const struct mail_message *message, struct cs_arena *arena,
    struct cs_span *ret_octets, struct cs_err *err)
{
	struct cs_buf out = cs_buf_new(arena);

	if (check(message, err) != CS_OK)
		return CS_MALFORMED;
	if (message->date_ms < 0 || message->date_ms / 1000 > INT64_C(253402300799))
		return cs_fail(err, CS_MALFORMED, "mail: the date is not of our age");
	add_date(&out, message->date_ms);
	add_from(&out, message);
	cs_buf_printf(&out, "To: %s\r\n", message->to);
	if (message->reply_to != NULL)
		cs_buf_printf(&out, "Reply-To: %s\r\n", message->reply_to);
	add_subject(&out, message->subject);
	add_ids(&out, message);
	cs_buf_add_str(&out, "Auto-Submitted: auto-generated");
	if (message->auto_type != NULL)
		cs_buf_printf(&out, "; type=%s", message->auto_type);
	cs_buf_add_str(&out, "\r\n");
	add_body(&out, mail_crlf_lines(arena, cs_span_str(message->body)));
	*ret_octets = cs_buf_span(&out);
	return CS_OK;
}
