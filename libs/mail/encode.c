/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/encode.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define PLAIN_LINE 998  /* RFC 5322 2.1.1; its 78 are for eyes, and a link stays whole */
#define QP_LINE 76      /* RFC 2045 6.7 (5), without CRLF */
#define HEADER_PLAIN 64 /* fits one line behind the longest field name that we use */
#define WORD_OCTETS 39  /* in one encoded word: "Subject: " and it stay within 76 (RFC 2047 2) */

/* ---- Which characters ---- */

/* The text is valid UTF-8, so every sequence is complete. */
static uint32_t
next_char(struct cs_span text, size_t *at)
{
	static const uint8_t mask[] = { 0x7f, 0x7f, 0x1f, 0x0f, 0x07 };
	uint8_t first = text.data[*at];
	size_t len = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t c = first & mask[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (text.data[*at + i] & 0x3f);
	*at += len;
	return c;
}

static bool
char_valid(uint32_t c)
{
	return c >= 0x20 && !(c >= 0x7f && c <= 0x9f) && c != 0x2028 && c != 0x2029 &&
	       !(c >= 0x202a && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

bool
mail_text_valid(struct cs_span text, bool lines)
{
	if (!cs_utf8_valid(text))
		return false;
	for (size_t at = 0; at < text.len;) {
		uint32_t c = next_char(text, &at);
		bool line_end = c == '\n' || (c == '\r' && at < text.len && text.data[at] == '\n');

		if (!char_valid(c) && !(lines && (c == '\t' || line_end)))
			return false;
	}
	return true;
}

/* ---- Header values ---- */

static bool
is_ascii(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return false;
	return true;
}

/* Octets of the next encoded word: whole characters only (RFC 2047 5). */
static size_t
word_len(const char *text, size_t left)
{
	size_t len = left < WORD_OCTETS ? left : WORD_OCTETS;

	while (len < left && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void
add_encoded_words(struct cs_buf *out, const char *text)
{
	size_t left = strlen(text);

	for (bool first = true; left > 0; first = false) {
		size_t len = word_len(text, left);

		cs_buf_printf(out, "%s=?utf-8?B?%s?=", first ? "" : "\r\n ",
		    cs_base64(out->arena, cs_span_of(text, len)));
		text += len;
		left -= len;
	}
}

/* Short ASCII that no reader could take for an encoded word, and that folding cannot change. */
static bool
header_plain(const char *text)
{
	size_t len = strlen(text);

	return len <= HEADER_PLAIN && is_ascii(text) && strstr(text, "=?") == NULL &&
	       text[0] != ' ' && text[len - 1] != ' ';
}

void
mail_add_unstructured(struct cs_buf *out, const char *text)
{
	if (header_plain(text))
		cs_buf_add_str(out, text);
	else
		add_encoded_words(out, text);
}

void
mail_add_phrase(struct cs_buf *out, const char *text)
{
	if (!header_plain(text)) {
		add_encoded_words(out, text);
		return;
	}
	cs_buf_add_str(out, "\"");
	for (const char *p = text; *p != '\0'; p++)
		cs_buf_printf(out, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	cs_buf_add_str(out, "\"");
}

/* ---- Bodies ---- */

struct cs_span
mail_crlf_lines(struct cs_arena *arena, struct cs_span text)
{
	struct cs_buf out = cs_buf_new(arena);

	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		const size_t whole = end != NULL ? (size_t)(end - text.data) + 1 : text.len;
		const size_t len = whole - (end != NULL);
		const bool has_cr = end != NULL && len > 0 && end[-1] == '\r';

		cs_buf_add(&out, text.data, has_cr ? len - 1 : len);
		cs_buf_add_str(&out, "\r\n");
		text.data += whole;
		text.len -= whole;
	}
	return cs_buf_span(&out);
}

/* The next line without its CRLF; `*rest` is what follows it. */
static struct cs_span
take_line(struct cs_span *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	struct cs_span line = { rest->data, (size_t)(end - rest->data) - 1 };

	rest->data += line.len + 2;
	rest->len -= line.len + 2;
	return line;
}

/* Mailbox files mark a message by "From " at the start of a line, so mailers change it. */
static bool
begins_with_from(struct cs_span line)
{
	return line.len >= 5 && memcmp(line.data, "From ", 5) == 0;
}

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
line_is_plain(struct cs_span line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.data[i] >= 0x80)
			return false;
	return line.len <= PLAIN_LINE && !begins_with_from(line) &&
	       (line.len == 0 || !is_blank(line.data[line.len - 1]));
}

bool
mail_body_is_plain(struct cs_span crlf_lines)
{
	while (crlf_lines.len > 0)
		if (!line_is_plain(take_line(&crlf_lines)))
			return false;
	return true;
}

static bool
goes_literally(struct cs_span rest, size_t column)
{
	uint8_t c = rest.data[0];

	if (is_blank(c))
		return rest.len > 1;
	return c > 0x20 && c < 0x7f && c != '=' && !(column == 0 && begins_with_from(rest));
}

static void
add_quoted_line(struct cs_buf *out, struct cs_span line)
{
	for (size_t column = 0; line.len > 0; line.data++, line.len--) {
		if (column + 3 > QP_LINE - 1) { /* room for the "=" of a soft line break */
			cs_buf_add_str(out, "=\r\n");
			column = 0;
		}
		bool literal = goes_literally(line, column);

		cs_buf_printf(out, literal ? "%c" : "=%02X", line.data[0]);
		column += literal ? 1 : 3;
	}
	cs_buf_add_str(out, "\r\n");
}

void
mail_add_quoted_printable(struct cs_buf *out, struct cs_span crlf_lines)
{
	while (crlf_lines.len > 0)
		add_quoted_line(out, take_line(&crlf_lines));
}
