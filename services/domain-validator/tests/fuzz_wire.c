/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_wire.c: the readers of wishes and of ends of requests, on any octets. */
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct domain_wish wish;
	struct cs_id request;

	if (wire_read_wish(arena, cs_span_of(data, size), &wish, NULL) == CS_OK)
		cs_assert(wish.check_id[0] != '\0' && wish.enterprise[0] != '\0' &&
			  !cs_id_is_zero(wish.request));
	if (wire_read_settled(arena, cs_span_of(data, size), &request, NULL) == CS_OK)
		cs_assert(!cs_id_is_zero(request));
	cs_arena_free(arena);
	return 0;
}
