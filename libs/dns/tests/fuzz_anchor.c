/* SPDX-License-Identifier: Apache-2.0 */
/* A file of trust anchors: the records that are made of it read back as themselves. */
#include <string.h>

#include "dns/anchor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct cs_arena *arena, const struct anchor *anchors, size_t len)
{
	struct cs_buf text = cs_buf_new(arena);
	const struct anchor *again;
	size_t n;

	cs_assert(len > 0 && len <= ANCHOR_MAX);
	for (size_t i = 0; i < len; i++)
		cs_buf_printf(&text, "%s\n", anchors[i].record);
	cs_assert(anchor_parse(arena, cs_buf_span(&text), &again, &n, NULL) == CS_OK && n == len);
	for (size_t i = 0; i < len; i++) {
		cs_assert(strcmp(again[i].record, anchors[i].record) == 0);
		cs_assert(again[i].key_tag == anchors[i].key_tag);
		cs_assert(again[i].algorithm == anchors[i].algorithm);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct anchor *anchors;
	size_t len;

	if (anchor_parse(arena, cs_span_of(data, size), &anchors, &len, NULL) == CS_OK)
		check(arena, anchors, len);
	cs_arena_free(arena);
	return 0;
}
