/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire.c: every reader of unsigned events, on any octets. */
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span body = cs_span_of(data, size);
	struct policy_asked asked;
	struct cs_id id;

	if (wire_read_asked(arena, body, &id, &asked, NULL) == CS_OK)
		cs_assert(asked.check_id[0] != '\0' && asked.account[0] != '\0');
	(void)!wire_read_cancelled(arena, body, &id, NULL);
	(void)!wire_read_issued(arena, body, &id, NULL);
	(void)!wire_read_refused(arena, body, &id, NULL);
	(void)!wire_read_stopped(arena, body, &id, NULL);
	cs_arena_free(arena);
	return 0;
}
