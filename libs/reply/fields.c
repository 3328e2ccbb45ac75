/* SPDX-License-Identifier: Apache-2.0 */
#include "reply/fields.h"

#include <string.h>

#include "base/text.h"

#define COMMENT_DEPTH 4

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct cs_span
drop(struct cs_span text, size_t n)
{
	return (struct cs_span){ text.data + n, text.len - n };
}

static struct cs_span
trim(struct cs_span text)
{
	while (text.len > 0 && is_blank(text.data[0]))
		text = drop(text, 1);
	while (text.len > 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

struct cs_span
reply_unfold(struct cs_arena *arena, struct cs_span value)
{
	uint8_t *out = cs_arena_alloc(arena, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] != '\r' && value.data[i] != '\n')
			out[len++] = value.data[i];
	return trim((struct cs_span){ out, len });
}

/* ---- encoded words: RFC 2047 2 ---- */

struct word {
	struct cs_span charset, text;
	uint8_t encoding; /* 'B' or 'Q' */
	size_t len;       /* of the whole word */
};

static bool
find(struct cs_span text, size_t from, uint8_t c, size_t *ret_at)
{
	const uint8_t *at = from < text.len ? memchr(text.data + from, c, text.len - from) : NULL;

	if (at == NULL)
		return false;
	*ret_at = (size_t)(at - text.data);
	return true;
}

/* Does `text` begin with an encoded word? */
static bool
take_word(struct cs_span text, struct word *ret_word)
{
	size_t charset_end, text_end;

	if (text.len < 8 || text.data[0] != '=' || text.data[1] != '?' ||
	    !find(text, 2, '?', &charset_end) || charset_end + 3 >= text.len ||
	    text.data[charset_end + 2] != '?')
		return false;
	const size_t begin = charset_end + 3;

	if (!find(text, begin, '?', &text_end) || text_end + 1 >= text.len ||
	    text.data[text_end + 1] != '=')
		return false;
	*ret_word = (struct word){
		.charset = { text.data + 2, charset_end - 2 },
		.text = { text.data + begin, text_end - begin },
		.encoding = text.data[charset_end + 1] & 0xdf,
		.len = text_end + 2,
	};
	for (size_t i = 0; i < ret_word->len; i++)
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
			return false;
	return true;
}

static int
hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
decode_q(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets)
{
	uint8_t *out = cs_arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] != '=') {
			out[len++] = text.data[i] == '_' ? ' ' : text.data[i];
			continue;
		}
		const int high = i + 2 < text.len ? hex_digit(text.data[i + 1]) : -1;
		const int low = i + 2 < text.len ? hex_digit(text.data[i + 2]) : -1;

		if (high < 0 || low < 0)
			return false;
		out[len++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	*ret_octets = (struct cs_span){ out, len };
	return true;
}

static bool
decode_word(struct cs_arena *arena, const struct word *word, struct cs_span *ret_octets)
{
	/* RFC 2231 5: a language may follow the charset. */
	const uint8_t *star = memchr(word->charset.data, '*', word->charset.len);
	const struct cs_span charset = { word->charset.data,
		star == NULL ? word->charset.len : (size_t)(star - word->charset.data) };

	if (!cs_span_is_nocase(charset, "utf-8") && !cs_span_is_nocase(charset, "us-ascii"))
		return false;
	if (word->encoding == 'B')
		return cs_base64_decode(arena, word->text, ret_octets);
	return word->encoding == 'Q' && decode_q(arena, word->text, ret_octets);
}

static bool
is_clean(struct cs_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
			return false;
	return cs_utf8_valid(text);
}

bool
reply_decode(struct cs_arena *arena, struct cs_span value, struct cs_span *ret_text)
{
	struct cs_span rest = reply_unfold(arena, value), octets;
	struct cs_buf out = cs_buf_new(arena);
	bool after_word = false;
	struct word word;

	while (rest.len > 0) {
		size_t blanks = 0;

		while (blanks < rest.len && is_blank(rest.data[blanks]))
			blanks++;
		const struct cs_span next = drop(rest, blanks);

		if (take_word(next, &word) && decode_word(arena, &word, &octets)) {
			/* 6.2: blanks between two of them are not text. */
			if (!after_word)
				cs_buf_add(&out, rest.data, blanks);
			cs_buf_add_span(&out, octets);
			rest = drop(next, word.len);
			after_word = true;
			continue;
		}
		const size_t step = next.len > 0 ? 1 : 0;

		cs_buf_add(&out, rest.data, blanks + step);
		rest = drop(next, step);
		after_word = false;
	}
	*ret_text = cs_buf_span(&out);
	return is_clean(*ret_text);
}

/* ---- addresses: RFC 5322 3.4 ---- */

/* Skips blanks and comments.  False: a comment does not end, or is too deep. */
static bool
skip_comments(struct cs_span *rest)
{
	int depth = 0;

	while (rest->len > 0) {
		const uint8_t c = rest->data[0];

		if (depth > 0 && c == '\\' && rest->len > 1)
			*rest = drop(*rest, 1);
		else if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (depth == 0 && !is_blank(c))
			return true;
		if (depth > COMMENT_DEPTH)
			return false;
		*rest = drop(*rest, 1);
	}
	return depth == 0;
}

/* "a \" b" */
static bool
skip_quoted(struct cs_span *rest)
{
	for (*rest = drop(*rest, 1); rest->len > 0; *rest = drop(*rest, 1)) {
		if (rest->data[0] == '"') {
			*rest = drop(*rest, 1);
			return true;
		}
		if (rest->data[0] == '\\' && rest->len > 1)
			*rest = drop(*rest, 1);
	}
	return false;
}

/* Octets of an atom, and '.' and '@', which addresses have. */
static size_t
atom_length(struct cs_span text)
{
	size_t len = 0;

	while (len < text.len && text.data[len] > ' ' && text.data[len] != 0x7f &&
	       memchr("()<>[]:;\\,\"", text.data[len], 11) == NULL)
		len++;
	return len;
}

static bool
take_angle(struct cs_span *rest, struct cs_span *ret_address)
{
	size_t end;

	if (!find(*rest, 1, '>', &end))
		return false;
	*ret_address = trim((struct cs_span){ rest->data + 1, end - 1 });
	*rest = drop(*rest, end + 1);
	return skip_comments(rest);
}

/* Words up to "<address>", or one word that is an address.  Stops at ',' or the end. */
static bool
take_mailbox(struct cs_span *rest, struct cs_span *ret_address)
{
	struct cs_span bare = { NULL, 0 };
	size_t words = 0;
	bool at = false;

	for (;;) {
		if (!skip_comments(rest))
			return false;
		if (rest->len == 0 || rest->data[0] == ',')
			break;
		if (rest->data[0] == '<')
			return !at && take_angle(rest, ret_address) &&
			       (rest->len == 0 || rest->data[0] == ',');
		if (rest->data[0] == '"') {
			if (!skip_quoted(rest))
				return false;
			words += 2; /* is no address by itself */
			continue;
		}
		bare = (struct cs_span){ rest->data, atom_length(*rest) };
		if (bare.len == 0)
			return false;
		at = at || memchr(bare.data, '@', bare.len) != NULL;
		*rest = drop(*rest, bare.len);
		words++;
	}
	*ret_address = bare;
	return words == 1 && at;
}

bool
reply_addresses(struct cs_arena *arena, struct cs_span value, const struct cs_span **ret_addresses,
    size_t *ret_len)
{
	struct cs_span *list = CS_NEW_ARRAY(arena, REPLY_ADDRESSES_MAX, struct cs_span);
	struct cs_span rest = reply_unfold(arena, value);
	size_t n = 0;

	if (!is_clean(rest))
		return false;
	for (;;) {
		if (n == REPLY_ADDRESSES_MAX || !take_mailbox(&rest, &list[n]))
			return false;
		n++;
		if (rest.len == 0)
			break;
		rest = drop(rest, 1);
	}
	*ret_addresses = list;
	*ret_len = n;
	return true;
}

/* ---- identifiers: RFC 5322 3.6.4 ---- */

static bool
take_id(struct cs_span *rest, struct cs_span *ret_id)
{
	size_t len = 0;

	while (len < rest->len && rest->data[len] > ' ' && rest->data[len] != 0x7f &&
	       rest->data[len] != '>' && (len == 0) == (rest->data[len] == '<'))
		len++;
	if (len < 2 || len == rest->len || rest->data[len] != '>' || len + 1 > REPLY_ID_MAX)
		return false;
	*ret_id = (struct cs_span){ rest->data, len + 1 };
	*rest = drop(*rest, len + 1);
	return true;
}

bool
reply_ids(
    struct cs_arena *arena, struct cs_span value, const struct cs_span **ret_ids, size_t *ret_len)
{
	struct cs_span *list = CS_NEW_ARRAY(arena, REPLY_IDS_MAX, struct cs_span);
	struct cs_span rest = reply_unfold(arena, value);
	size_t n = 0;

	if (!is_clean(rest))
		return false;
	while (skip_comments(&rest) && rest.len > 0) {
		if (n == REPLY_IDS_MAX || !take_id(&rest, &list[n]))
			return false;
		n++;
	}
	*ret_ids = list;
	*ret_len = n;
	return rest.len == 0;
}

struct cs_span
reply_first_word(struct cs_arena *arena, struct cs_span value)
{
	struct cs_span rest = reply_unfold(arena, value);

	if (!skip_comments(&rest))
		return rest;
	return (struct cs_span){ rest.data, atom_length(rest) };
}
