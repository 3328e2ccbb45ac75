/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/cert.h"
#include "pki/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Readers of certificates survive anything, and the linter passes nothing by accident. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const none[] = { NULL };
	const struct pki_lint_profile profile = { .policy_oid = "2.23.140.1.5.1.2",
		.max_days = 825,
		.must_subject = none,
		.may_subject = none };
	struct cs_arena *arena = cs_arena_new();
	struct pki_cert_info info;
	struct cs_err err;

	(void)!pki_cert_read(arena, cs_span_of(data, size), &info, &err);
	cs_assert(pki_lint(arena, cs_span_of(data, size), &profile, 0).errors > 0);
	cs_arena_free(arena);
	return 0;
}
