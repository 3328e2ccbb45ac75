/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/der.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Copies an element that was found strict through the writer. */
static void
rewrite(struct cs_buf *out, struct cs_span in)
{
	struct pki_element element;

	while (in.len > 0) {
		cs_assert(pki_der_next(&in, &element));
		if ((element.tag & 0x20) == 0) {
			pki_der_put(out, element.tag, element.body);
			continue;
		}
		const size_t mark = pki_der_begin(out, element.tag);
		rewrite(out, element.body);
		pki_der_end(out, mark);
	}
}

/* What is strict has one encoding: written again, it is the same octets. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cs_span der = cs_span_of(data, size);
	const char *why = NULL;
	size_t at = 0;

	if (!pki_der_check(der, &why, &at)) {
		cs_assert(why != NULL && at <= size);
		return 0;
	}
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf out = cs_buf_new(arena);
	rewrite(&out, der);
	cs_assert(cs_span_equal(cs_buf_span(&out), der));
	cs_arena_free(arena);
	return 0;
}
