/* SPDX-License-Identifier: Apache-2.0 */
#include "http/url.h"

#include <string.h>
#include <strings.h>

#define HOST_MAX 253
#define LABEL_MAX 63

static bool
is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_alnum(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static struct cs_span
after(struct cs_span span, size_t n)
{
	return (struct cs_span){ span.data + n, span.len - n };
}

/* Octets before the first of `stops`. */
static size_t
before(struct cs_span span, const char *stops)
{
	size_t n = 0;

	while (n < span.len && (span.data[n] == '\0' || strchr(stops, span.data[n]) == NULL))
		n++;
	return n;
}

/* ---- Hosts ---- */

static bool
label_valid(struct cs_span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (!is_alnum(label.data[i]) && label.data[i] != '-')
			return false;
	return label.len >= 1 && label.len <= LABEL_MAX && label.data[0] != '-' &&
	       label.data[label.len - 1] != '-';
}

/*
 * Every spelling of an IPv4 address that some library reads (127.1, 0x7f.1, 2130706433, 0177.0.0.1) ends
 * in a label like this, and no name in the DNS does.
 */
static bool
label_is_number(struct cs_span label)
{
	bool hex = label.len >= 2 && label.data[0] == '0' && (label.data[1] | 0x20) == 'x';

	for (size_t i = hex ? 2 : 0; i < label.len; i++)
		if (!(hex ? is_hex(label.data[i]) : is_digit(label.data[i])))
			return false;
	return true;
}

bool
http_host_valid(struct cs_span host)
{
	size_t labels = 0;

	if (host.len > HOST_MAX)
		return false;
	for (;;) {
		struct cs_span label = { host.data, before(host, ".") };

		if (!label_valid(label))
			return false;
		labels++;
		if (label.len == host.len)
			return labels >= 2 && !label_is_number(label);
		host = after(host, label.len + 1);
	}
}

static const char *
lower(struct cs_arena *arena, struct cs_span text)
{
	char *copy = cs_arena_strndup(arena, (const char *)text.data, text.len);

	for (char *p = copy; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p | 0x20);
	return copy;
}

/* ---- The parts of a URL ---- */

static enum cs_code
parse_scheme(struct cs_span *text, bool *ret_tls, struct cs_err *err)
{
	struct cs_span scheme = { text->data, before(*text, ":") };

	if (!cs_span_is_nocase(scheme, "http") && !cs_span_is_nocase(scheme, "https"))
		return cs_fail(err, CS_MALFORMED, "URL: the scheme is neither http nor https");
	*text = after(*text, scheme.len);
	if (text->len < 3 || memcmp(text->data, "://", 3) != 0)
		return cs_fail(err, CS_MALFORMED, "URL: no host after the scheme");
	*text = after(*text, 3);
	*ret_tls = scheme.len == 5;
	return CS_OK;
}

static enum cs_code
parse_host(struct cs_span *text, bool tls, struct cs_span *ret_host, struct cs_err *err)
{
	struct cs_span authority = { text->data, before(*text, "/?") };
	struct cs_span host = { authority.data, before(authority, ":") };
	struct cs_span port = after(authority, host.len);

	if (!http_host_valid(host))
		return cs_fail(err, CS_MALFORMED, "URL: the host is not a DNS name");
	if (port.len > 0 && !cs_span_is(port, tls ? ":443" : ":80"))
		return cs_fail(err, CS_MALFORMED, "URL: the port is not the scheme's own");
	*ret_host = host;
	*text = after(*text, authority.len);
	return CS_OK;
}

/* RFC 3986 pchar, "/" and "?". */
static bool
target_chars_valid(struct cs_span target)
{
	for (size_t i = 0; i < target.len; i++) {
		uint8_t c = target.data[i];

		if (c == '%') {
			if (target.len - i < 3 || !is_hex(target.data[i + 1]) ||
			    !is_hex(target.data[i + 2]))
				return false;
			i += 2;
		} else if (c == '\0' ||
			   (!is_alnum(c) && strchr("-._~!$&'()*+,;=:@/?", c) == NULL)) {
			return false;
		}
	}
	return true;
}

static enum cs_code
check_target(struct cs_span target, struct cs_err *err)
{
	if (target.len > HTTP_TARGET_MAX)
		return cs_fail(err, CS_MALFORMED, "URL: the path is too long");
	if (!target_chars_valid(target))
		return cs_fail(err, CS_MALFORMED, "URL: the path has characters it cannot have");
	return CS_OK;
}

enum cs_code
http_url_parse(
    struct cs_span text, struct cs_arena *arena, struct http_url *ret_url, struct cs_err *err)
{
	struct cs_span host = { 0 };
	bool tls = false;

	if (text.len > HTTP_URL_MAX)
		return cs_fail(err, CS_MALFORMED, "URL: too long");
	if (parse_scheme(&text, &tls, err) != CS_OK ||
	    parse_host(&text, tls, &host, err) != CS_OK || check_target(text, err) != CS_OK)
		return CS_MALFORMED;
	const char *slash = text.len > 0 && text.data[0] == '/' ? "" : "/";
	struct http_url url = {
		.tls = tls,
		.port = tls ? 443 : 80,
		.host = lower(arena, host),
		.target =
		    cs_arena_printf(arena, "%s%.*s", slash, (int)text.len, (const char *)text.data),
	};

	url.text =
	    cs_arena_printf(arena, "%s://%s%s", tls ? "https" : "http", url.host, url.target);
	*ret_url = url;
	return CS_OK;
}

/* Paths relative to the base are not followed: nobody needs them, and their resolution has corners. */
enum cs_code
http_url_redirect(const struct http_url *base, struct cs_span location, struct cs_arena *arena,
    struct http_url *ret_url, struct cs_err *err)
{
	struct cs_buf out = cs_buf_new(arena);

	if (location.len > HTTP_URL_MAX)
		return cs_fail(err, CS_MALFORMED, "URL: too long");
	if (location.len >= 1 && location.data[0] == '/') {
		cs_buf_add_str(&out, base->tls ? "https:" : "http:");
		if (location.len < 2 || location.data[1] != '/')
			cs_buf_printf(&out, "//%s", base->host);
	}
	cs_buf_add_span(&out, location);
	return http_url_parse(cs_buf_span(&out), arena, ret_url, err);
}
