/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a linter prints, with whatever status: one verdict, and a refusal always names its lint. */
#include <string.h>

#include "../linter_read.h"
#include "base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();

	if (size == 0) {
		cs_arena_free(arena);
		return 0;
	}
	for (int format = LINTER_ZLINT; format <= LINTER_PKILINT; format++) {
		const struct linter_verdict got = linter_read(
		    arena, (enum linter_format)format, data[0] & 3, cs_span_of(data + 1, size - 1));

		cs_assert(got.says >= LINTER_PASSED && got.says <= LINTER_CANNOT_TELL);
		cs_assert((got.says == LINTER_REFUSED) == (got.id[0] != '\0'));
		cs_assert(got.text != NULL && strpbrk(got.text, "\n\x1b") == NULL);
	}
	cs_arena_free(arena);
	return 0;
}
