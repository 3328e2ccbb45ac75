/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "smime/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is accepted is canonical: it reads back as itself and holds nothing that splits it again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct smime_address once, twice;
	struct cs_refusal why;

	if (smime_address_parse(arena, cs_span_of(data, size), &once, &why)) {
		cs_assert(strchr(once.canonical, '@') == strrchr(once.canonical, '@'));
		cs_assert(strlen(once.canonical) <= SMIME_ADDRESS_MAX);
		cs_assert(cs_utf8_valid(cs_span_str(once.canonical)));
		cs_assert(smime_address_parse(arena, cs_span_str(once.canonical), &twice, &why));
		cs_assert(strcmp(once.canonical, twice.canonical) == 0);
	} else {
		cs_assert(why.code != NULL && why.text != NULL && why.mend != NULL);
	}
	cs_arena_free(arena);
	return 0;
}
