/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_documents.c: files of settings come from anybody's editor and repository. */
#include "yaml/documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read can be written, and reads the same. */
static void
write_again(struct cs_arena *arena, json_t *value)
{
	struct yaml_docs again;
	struct cs_span text;

	cs_assert(yaml_doc_write(arena, value, &text, NULL) == CS_OK);
	cs_assert(yaml_docs_read(arena, text, &again, NULL) == CS_OK);
	cs_assert(again.n == 1 && json_equal(again.items[0].value, value));
	yaml_docs_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct yaml_docs docs;

	if (yaml_docs_read(arena, cs_span_of(data, size), &docs, NULL) == CS_OK) {
		for (size_t i = 0; i < docs.n; i++)
			write_again(arena, docs.items[i].value);
		yaml_docs_free(&docs);
	}
	cs_arena_free(arena);
	return 0;
}
