/* SPDX-License-Identifier: Apache-2.0 */
/* The answer of a service that an operator named: whatever it is, it counts each of its perspectives once. */
#include <string.h>

#include "open_mpic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct open_mpic_question question = { "caa", "alpha.example", "0f1e", { 0 } };
	struct cs_arena *arena = cs_arena_new();
	struct open_mpic_answer answer;

	if (open_mpic_read(arena, &question, cs_span_of(data, size), &answer) == NULL) {
		cs_assert(answer.asked <= OPEN_MPIC_PERSPECTIVES_MAX);
		cs_assert(answer.agreed + answer.refused <= answer.asked);
		cs_assert(strlen(answer.seen) <= 600);
	}
	cs_arena_free(arena);
	return 0;
}
