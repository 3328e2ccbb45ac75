/* SPDX-License-Identifier: Apache-2.0 */
/* The spellings that everything else is made of: what is read and written again is what was given. */
#include <string.h>
#include <strings.h>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
ids_and_times(const char *text)
{
	char again[CS_ID_TEXT], when[CS_TIME_TEXT];
	struct cs_id id;
	int64_t ms, same;

	if (cs_id_parse(text, &id, NULL) == CS_OK) {
		cs_id_format(id, again);
		cs_assert(strcasecmp(again, text) == 0);
	}
	if (cs_time_parse(text, &ms, NULL) == CS_OK) {
		cs_time_format(ms, when);
		cs_assert(cs_time_parse(when, &same, NULL) == CS_OK && same == ms);
		cs_assert(strncmp(when, text, strlen("2026-11-23T12:00:00")) == 0);
	}
}

static void
bases(struct cs_arena *arena, const char *text)
{
	struct cs_span octets;
	uint8_t digest[32];

	if (cs_hex_decode(text, digest, sizeof(digest)))
		cs_assert(strcasecmp(cs_hex(arena, cs_span_of(digest, 32)), text) == 0);
	if (cs_base32_decode(arena, text, &octets))
		cs_assert(strcasecmp(cs_base32(arena, octets), text) == 0);
	if (cs_base64_decode(arena, cs_span_str(text), &octets))
		cs_assert(strcmp(cs_base64(arena, octets), text) == 0);
	if (cs_base64url_decode(arena, cs_span_str(text), &octets))
		cs_assert(strcmp(cs_base64url(arena, octets), text) == 0);
}

static void
escaping(struct cs_arena *arena, struct cs_span octets)
{
	const size_t max = 40;
	const char *safe = cs_escape(arena, octets, max);

	cs_assert(strlen(safe) <= max + strlen("..."));
	for (const char *c = safe; *c != '\0'; c++)
		cs_assert(*c >= ' ' && *c <= '~');
}

/* UTF-8 has one spelling for each character: read by hand and written again, it is the same. */
static void
characters(struct cs_span text)
{
	for (size_t at = 0; at < text.len;) {
		const uint8_t *c = text.data + at;
		const size_t n = *c < 0x80 ? 1 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
		uint32_t point = n == 1 ? *c : *c & (0x7fu >> n);

		cs_assert(at + n <= text.len);
		for (size_t i = 1; i < n; i++)
			point = point << 6 | (c[i] & 0x3fu);
		cs_assert(point >= (n == 1 ? 0 : n == 2 ? 0x80u : n == 3 ? 0x800u : 0x10000u));
		cs_assert(point <= 0x10ffff && (point < 0xd800 || point > 0xdfff));
		at += n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const char *text = cs_arena_strndup(arena, (const char *)data, size);

	ids_and_times(text);
	bases(arena, text);
	escaping(arena, cs_span_of(data, size));
	if (cs_utf8_valid(cs_span_of(data, size)))
		characters(cs_span_of(data, size));
	cs_arena_free(arena);
	return 0;
}
