/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <string.h>

#include "base/err.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base32_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void
cs_hex_encode(struct cs_span span, char *ret_text)
{
	for (size_t i = 0; i < span.len; i++) {
		ret_text[2 * i] = hex_digits[span.data[i] >> 4];
		ret_text[2 * i + 1] = hex_digits[span.data[i] & 15];
	}
	ret_text[2 * span.len] = '\0';
}

char *
cs_hex(struct cs_arena *arena, struct cs_span span)
{
	char *text = cs_arena_alloc(arena, 2 * span.len + 1);

	cs_hex_encode(span, text);
	return text;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool
cs_hex_decode(const char *text, uint8_t *ret_octets, size_t len)
{
	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret_octets[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Writes groups of `bits` bits from the left; returns how many digits it wrote. */
static size_t
encode_bits(struct cs_span span, unsigned bits, const char *digits, char *out)
{
	uint32_t held = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < span.len; i++) {
		held = held << 8 | span.data[i];
		for (have += 8; have >= bits; have -= bits)
			out[n++] = digits[held >> (have - bits) & ((1U << bits) - 1)];
	}
	if (have > 0)
		out[n++] = digits[held << (bits - have) & ((1U << bits) - 1)];
	return n;
}

char *
cs_base32(struct cs_arena *arena, struct cs_span span)
{
	char *text = cs_arena_alloc(arena, span.len / 5 * 8 + 9);

	text[encode_bits(span, 5, base32_digits, text)] = '\0';
	return text;
}

char *
cs_base64url(struct cs_arena *arena, struct cs_span span)
{
	char *text = cs_arena_alloc(arena, span.len / 3 * 4 + 5);

	text[encode_bits(span, 6, base64url_digits, text)] = '\0';
	return text;
}

const char *
cs_percent_encode(struct cs_arena *arena, const char *text)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
	struct cs_buf buf = cs_buf_new(arena);

	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			cs_buf_add(&buf, text, 1);
		else
			cs_buf_printf(&buf, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return (const char *)cs_buf_span(&buf).data;
}

char *
cs_base64(struct cs_arena *arena, struct cs_span span)
{
	char *text = cs_arena_alloc(arena, span.len / 3 * 4 + 5);
	size_t n = encode_bits(span, 6, base64_digits, text);

	while (n % 4 != 0)
		text[n++] = '=';
	text[n] = '\0';
	return text;
}

static int
digit_value(const char *digits, char c)
{
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	return at == NULL ? -1 : (int)(at - digits);
}

/* The mirror of encode_bits; refuses foreign characters and non-zero bits left over. */
static bool
decode_bits(struct cs_span text, unsigned bits, const char *digits, struct cs_buf *out)
{
	uint32_t held = 0;
	unsigned have = 0;

	for (size_t i = 0; i < text.len; i++) {
		int value = digit_value(digits, (char)text.data[i]);

		if (value < 0)
			return false;
		held = (held << bits | (uint32_t)value) & 0xffff;
		have += bits;
		if (have >= 8) {
			have -= 8;
			cs_buf_add(out, &(uint8_t){ (uint8_t)(held >> have) }, 1);
		}
	}
	return have < bits && (held & ((1U << have) - 1)) == 0;
}

bool
cs_base32_decode(struct cs_arena *arena, const char *text, struct cs_span *ret_octets)
{
	size_t len = strlen(text);
	char *upper = cs_arena_strndup(arena, text, len);
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < len; i++)
		if (upper[i] >= 'a' && upper[i] <= 'z')
			upper[i] = (char)(upper[i] - 'a' + 'A');
	if (!decode_bits(cs_span_of(upper, len), 5, base32_digits, &out))
		return false;
	*ret_octets = cs_buf_span(&out);
	return true;
}

bool
cs_base64_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets)
{
	struct cs_buf out = cs_buf_new(arena);
	size_t pad = 0;

	if (text.len % 4 != 0)
		return false;
	while (pad < 2 && pad < text.len && text.data[text.len - 1 - pad] == '=')
		pad++;
	if (!decode_bits(cs_span_of(text.data, text.len - pad), 6, base64_digits, &out))
		return false;
	*ret_octets = cs_buf_span(&out);
	return true;
}

bool
cs_base64url_decode(struct cs_arena *arena, struct cs_span text, struct cs_span *ret_octets)
{
	struct cs_buf out = cs_buf_new(arena);

	if (!decode_bits(text, 6, base64url_digits, &out))
		return false;
	*ret_octets = cs_buf_span(&out);
	return true;
}

/* How many octets the character that starts with `c` has, and its smallest code point; 0: none. */
static unsigned
utf8_length(uint8_t c, uint32_t *ret_value, uint32_t *ret_least)
{
	if (c < 0x80) {
		*ret_value = c;
		*ret_least = 0;
		return 1;
	}
	if (c >= 0xc2 && c < 0xe0) {
		*ret_value = c & 0x1f;
		*ret_least = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c < 0xf0) {
		*ret_value = c & 0x0f;
		*ret_least = 0x800;
		return 3;
	}
	*ret_value = c & 0x07;
	*ret_least = 0x10000;
	return c >= 0xf0 && c < 0xf5 ? 4 : 0;
}

bool
cs_utf8_valid(struct cs_span span)
{
	for (size_t i = 0; i < span.len;) {
		uint32_t value, least;
		unsigned n = utf8_length(span.data[i], &value, &least);

		if (n == 0 || span.len - i < n)
			return false;
		for (unsigned k = 1; k < n; k++) {
			if ((span.data[i + k] & 0xc0) != 0x80)
				return false;
			value = value << 6 | (span.data[i + k] & 0x3f);
		}
		if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
			return false;
		i += n;
	}
	return true;
}

char *
cs_escape(struct cs_arena *arena, struct cs_span span, size_t max)
{
	char *text = cs_arena_alloc(arena, max + 8);
	size_t n = 0;

	for (size_t i = 0; i < span.len; i++) {
		uint8_t c = span.data[i];

		if (n + 4 > max) {
			memcpy(text + n, "...", 3);
			n += 3;
			break;
		}
		if (c == '"' || c == '\\')
			text[n++] = '\\';
		if (c >= 0x20 && c < 0x7f) {
			text[n++] = (char)c;
			continue;
		}
		memcpy(text + n, (char[]){ '\\', 'x', hex_digits[c >> 4], hex_digits[c & 15] }, 4);
		n += 4;
	}
	text[n] = '\0';
	return text;
}
