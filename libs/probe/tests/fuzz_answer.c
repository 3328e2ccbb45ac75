/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer.c: what a child that was taken over might send.  What is read is fit to be signed and shown. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "probe/wire.h"

#define NOW INT64_C(1795437296789)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
assert_text(const char *text)
{
	cs_assert(strlen(text) <= CLAIM_MAX_TEXT);
	for (; *text != '\0'; text++)
		cs_assert(*text >= 0x20 && *text <= 0x7e);
}

static void
assert_finding(const struct probe_finding *finding)
{
	cs_assert(finding->outcome >= CLAIM_PROVED && finding->outcome <= CLAIM_COULD_NOT_TELL);
	cs_assert(finding->security <= CLAIM_DNSSEC_INDETERMINATE);
	cs_assert(finding->checked_at_ms >= NOW - 60000 && finding->checked_at_ms <= NOW + 60000);
	cs_assert(finding->n_lookups <= LOOKUPS_MAX && finding->seen.n <= SEEN_MAX);
	assert_text(finding->reason);
	assert_text(finding->clause);
	assert_text(finding->text);
	assert_text(finding->found_at);
	assert_text(finding->detail);
	for (size_t i = 0; i < finding->seen.n; i++)
		assert_text(finding->seen.items[i]);
	for (size_t i = 0; i < finding->n_lookups; i++) {
		assert_text(finding->lookups[i].name);
		assert_text(finding->lookups[i].why);
		cs_assert(finding->wires[i].len == 0 || finding->lookups[i].wire_sha256.len == 32);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct probe_finding finding;
	struct cs_err err;

	if (probe_wire_read_answer(
		arena, cs_span_of(data, size), NOW - 1000, NOW + 1000, &finding, &err) == CS_OK)
		assert_finding(&finding);
	cs_arena_free(arena);
	return 0;
}
