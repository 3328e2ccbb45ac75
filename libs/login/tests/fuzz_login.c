/* SPDX-License-Identifier: Apache-2.0 */
/* What a child says that was taken over; what is accepted is what could have been written. */
#include <string.h>

#include "internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct login_question question;
	struct login_told told;

	if (login_wire_read_answer(arena, cs_span_of(data, size), &told)) {
		const struct cs_span again = login_wire_answer(arena, &told);

		cs_assert(
		    told.why.code != NULL || told.url[0] != '\0' || told.person.name[0] != '\0');
		cs_assert(login_wire_read_answer(arena, again, &told));
	}
	if (login_wire_read_question(cs_span_of(data, size), &question))
		cs_assert(login_wire_question(arena, &question).len > 0);
	cs_arena_free(arena);
	return 0;
}
