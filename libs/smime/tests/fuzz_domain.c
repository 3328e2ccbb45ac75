/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "smime/address.h"
#include "smime/domain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is lower-case letters, digits, hyphens and dots, and reads back as itself. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const char *once, *twice;
	struct cs_refusal why;

	if (smime_domain_spell(arena, cs_span_of(data, size), &once, &why)) {
		cs_assert(strspn(once, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(once));
		cs_assert(strlen(once) <= SMIME_DOMAIN_MAX);
		cs_assert(smime_domain_spell(arena, cs_span_str(once), &twice, &why));
		cs_assert(strcmp(once, twice) == 0);
		cs_assert(smime_domain_display(arena, once) != NULL);
	}
	cs_arena_free(arena);
	return 0;
}
