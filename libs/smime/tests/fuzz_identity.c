/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "smime/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written again as it was, names what its type may, and holds nothing that hides. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span octets = cs_span_of(data, size);

	for (enum smime_type type = SMIME_ORGANIZATION; type <= SMIME_INDIVIDUAL; type++) {
		struct smime_identity identity;
		struct cs_refusal why;

		if (!smime_identity_read(arena, octets, type, &identity, &why)) {
			cs_assert(why.code != NULL && why.field != NULL && why.text != NULL);
			continue;
		}
		cs_assert(cs_span_equal(smime_identity_write(arena, &identity), octets));
		cs_assert(
		    identity.values[SMIME_CN] == NULL && identity.values[SMIME_EMAIL] == NULL);
		cs_assert((type != SMIME_INDIVIDUAL) == (identity.values[SMIME_O] != NULL));
		for (size_t i = 0; i < size; i++)
			cs_assert(data[i] == '\n' || (data[i] >= 0x20 && data[i] != 0x7f));
	}
	cs_arena_free(arena);
	return 0;
}
