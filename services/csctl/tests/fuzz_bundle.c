/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle.c: an evidence pack comes from whoever wants to be believed. */
#include "../bundle.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written in one way only. */
static void
read_all(struct cs_arena *arena, struct cs_span file)
{
	static const uint8_t public_key[32];
	struct bundle bundle;
	const char *keyid;

	if (bundle_read(arena, file, &bundle, &keyid, NULL) == CS_OK && keyid == NULL)
		cs_assert(cs_span_equal(bundle_write(arena, &bundle, NULL), file));
	(void)bundle_signed_by(arena, file, public_key);
}

/* As a file, and as what lies inside one in base64. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span octets = cs_span_of(data, size);

	read_all(arena, octets);
	read_all(arena,
	    cs_span_str(cs_arena_printf(arena,
		"{\n \"payloadType\": \"application/vnd.countersign.evidence-pack.v1+json\",\n"
		" \"payload\": \"%s\",\n \"signatures\": []\n}\n",
		cs_base64(arena, octets))));
	cs_arena_free(arena);
	return 0;
}
