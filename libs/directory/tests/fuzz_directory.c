/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory answers, and what a child that was taken over says. */
#include "directory/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span octets = cs_span_of(data, size);
	struct directory_answer answer;
	struct directory_bind bind;
	uint32_t code = 0;

	if (directory_hear(octets, &code) == DIRECTORY_ANSWER)
		cs_assert(directory_whole(octets) && code < 1u << 24);
	(void)!directory_wire_read_answer(arena, octets, &answer);
	(void)!directory_wire_read_question(arena, octets, &bind);
	cs_arena_free(arena);
	return 0;
}
