/* SPDX-License-Identifier: Apache-2.0 */
#include "dkim/mail.h"

#include <string.h>

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *clause, const char *text)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = code,
				      .field = "mail",
				      .clause = clause,
				      .text = text,
				      .mend = "answer again with an ordinary mail program" });
}

static bool
refuse_header(struct cs_refusal *ret_why)
{
	return refuse(ret_why, "mail-header", "RFC 5322 2.2",
	    "the header of the mail has a line that is no field");
}

/* RFC 5321 2.3.8: CR and LF only together, no NUL. */
static bool
lines_are_clean(struct cs_span octets)
{
	if (octets.len > 0 && memchr(octets.data, '\0', octets.len) != NULL)
		return false;
	for (size_t i = 0; i < octets.len; i++) {
		if (octets.data[i] == '\n' && (i == 0 || octets.data[i - 1] != '\r'))
			return false;
		if (octets.data[i] == '\r' && (i + 1 == octets.len || octets.data[i + 1] != '\n'))
			return false;
	}
	return true;
}

/* The next line with its CRLF; the last may lack it. */
static struct cs_span
next_line(struct cs_span *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	const size_t len = end == NULL ? rest->len : (size_t)(end - rest->data) + 1;
	const struct cs_span line = { rest->data, len };

	*rest = (struct cs_span){ rest->data + len, rest->len - len };
	return line;
}

static bool
is_blank(uint8_t octet)
{
	return octet == ' ' || octet == '\t';
}

static bool
has_visible(struct cs_span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (!is_blank(line.data[i]) && line.data[i] != '\r' && line.data[i] != '\n')
			return true;
	return false;
}

/* "Name:" at the start of a line. */
static bool
start_field(struct cs_span line, struct dkim_field *ret_field)
{
	size_t len = 0;

	while (len < line.len && line.data[len] > ' ' && line.data[len] < 0x7f &&
	       line.data[len] != ':')
		len++;
	if (len == 0 || len > DKIM_NAME_MAX || len == line.len || line.data[len] != ':')
		return false;
	*ret_field = (struct dkim_field){ .name = { line.data, len }, .whole = line };
	return true;
}

static void
end_field(struct dkim_field *field)
{
	const size_t skip = field->name.len + 1;
	size_t len = field->whole.len;

	if (len >= skip + 2 && field->whole.data[len - 1] == '\n')
		len -= 2;
	field->value = (struct cs_span){ field->whole.data + skip, len - skip };
}

static bool
is_empty_line(struct cs_span line)
{
	return line.len == 2 && line.data[0] == '\r';
}

bool
dkim_fields_read(struct cs_arena *arena, struct cs_span octets, struct dkim_mail *ret_mail,
    struct cs_refusal *ret_why)
{
	struct dkim_field *fields = CS_NEW_ARRAY(arena, DKIM_FIELDS_MAX, struct dkim_field);
	struct cs_span rest = octets;
	size_t n = 0;

	while (rest.len > 0) {
		const struct cs_span line = next_line(&rest);

		if (is_empty_line(line))
			break;
		if ((size_t)(rest.data - octets.data) > DKIM_HEADER_MAX)
			return refuse(ret_why, "mail-header-size", "RFC 5322 2.2",
			    "the header of the mail is larger than 64 KiB");
		if (is_blank(line.data[0])) {
			if (n == 0 || !has_visible(line))
				return refuse_header(ret_why);
			fields[n - 1].whole.len += line.len;
			continue;
		}
		if (n == DKIM_FIELDS_MAX)
			return refuse(ret_why, "mail-header-size", "RFC 5322 2.2",
			    "the mail has too many header fields");
		if (!start_field(line, &fields[n]))
			return refuse_header(ret_why);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		end_field(&fields[i]);
	*ret_mail = (struct dkim_mail){ .fields = fields, .fields_len = n, .body = rest };
	return true;
}

bool
dkim_mail_read(struct cs_arena *arena, struct cs_span octets, struct dkim_mail *ret_mail,
    struct cs_refusal *ret_why)
{
	if (octets.len == 0 || octets.len > DKIM_MAIL_MAX)
		return refuse(ret_why, "mail-size", "RFC 5321 4.5.3.1.7",
		    "the mail is empty, or larger than 1 MiB");
	if (!lines_are_clean(octets))
		return refuse(ret_why, "mail-octets", "RFC 5321 2.3.8",
		    "the mail has a NUL, or a line end that is not CR LF");
	return dkim_fields_read(arena, octets, ret_mail, ret_why);
}

static uint8_t
lower(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 'a' - 'A') : octet;
}

bool
dkim_name_equal(struct cs_span a, struct cs_span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	return true;
}

size_t
dkim_mail_count(const struct dkim_mail *mail, struct cs_span name)
{
	size_t n = 0;

	for (size_t i = 0; i < mail->fields_len; i++)
		n += dkim_name_equal(mail->fields[i].name, name);
	return n;
}

const struct dkim_field *
dkim_mail_first(const struct dkim_mail *mail, const char *name)
{
	for (size_t i = 0; i < mail->fields_len; i++)
		if (cs_span_is_nocase(mail->fields[i].name, name))
			return &mail->fields[i];
	return NULL;
}
