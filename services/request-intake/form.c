/* SPDX-License-Identifier: Apache-2.0 */
#include "form.h"

#include <string.h>

#include "base/text.h"

/* Up to `end`, which is the octet that is looked for or the last of all. */
static struct cs_span
until(struct cs_span text, char octet)
{
	const uint8_t *end = text.len > 0 ? memchr(text.data, octet, text.len) : NULL;

	return cs_span_of(text.data, end ? (size_t)(end - text.data) : text.len);
}

static bool
is_text(uint8_t octet)
{
	return (octet >= ' ' && octet <= '~') || octet == '\r' || octet == '\n';
}

/* One octet, and how many it was written in; 0: it is none. */
static size_t
decode_one(struct cs_span from, uint8_t *ret)
{
	char digits[3] = { 0 };

	*ret = from.data[0] == '+' ? ' ' : from.data[0];
	if (from.data[0] != '%')
		return is_text(*ret) ? 1 : 0;
	if (from.len < 3)
		return 0;
	memcpy(digits, from.data + 1, 2);
	return cs_hex_decode(digits, ret, 1) && is_text(*ret) ? 3 : 0;
}

/* NULL: it is no text. */
static const char *
decode(struct cs_arena *arena, struct cs_span from)
{
	char *text = cs_arena_alloc(arena, from.len + 1);
	size_t len = 0, n;

	for (size_t at = 0; at < from.len; at += n) {
		n = decode_one(cs_span_of(from.data + at, from.len - at), (uint8_t *)&text[len++]);
		if (n == 0)
			return NULL;
	}
	text[len] = '\0';
	return text;
}

bool
form_take(
    struct cs_arena *arena, struct cs_span body, const char *name, size_t max, const char **ret)
{
	const char *found = NULL;

	while (body.len > 0) {
		const struct cs_span pair = until(body, '&'), key = until(pair, '=');
		const size_t past = pair.len + (pair.len < body.len);

		body = cs_span_of(body.data + past, body.len - past);
		if (!cs_span_is(key, name))
			continue;
		const size_t skip = key.len + (key.len < pair.len);

		if (found || pair.len - skip > 3 * max)
			return false;
		found = decode(arena, cs_span_of(pair.data + skip, pair.len - skip));
		if (!found || strlen(found) > max)
			return false;
	}
	*ret = found ? found : "";
	return true;
}
