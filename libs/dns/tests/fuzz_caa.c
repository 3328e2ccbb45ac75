/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of records: each octet pair of the input is a length, then so many octets of RDATA.  No set
 * without a record that spells our name may ever authorise us, and nothing printed holds a control
 * character.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/caa.h"

#define MAX_RECORDS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
cut(const uint8_t *data, size_t size, struct dns_record records[static MAX_RECORDS])
{
	size_t n = 0, at = 0;

	while (n < MAX_RECORDS && size - at >= 2) {
		size_t len = (size_t)(data[at] << 8 | data[at + 1]);

		at += 2;
		len = len < size - at ? len : size - at;
		records[n++].rdata = cs_span_of(data + at, len);
		at += len;
	}
	return n;
}

static void
check(const struct caa_decision *decision, size_t size)
{
	cs_assert(decision->finding != CAA_COULD_NOT_TELL && decision->steps <= size);
	for (const char *c = decision->detail; *c != '\0'; c++)
		cs_assert(*c >= ' ' && *c <= '~');
	for (size_t i = 0; i < decision->properties_len; i++) {
		const struct caa_property *property = &decision->properties[i];

		cs_assert(property->effect != CAA_FITS ||
			  memmem(property->value.data, property->value.len, ".", 1) != NULL);
		for (const char *c = property->text; *c != '\0'; c++)
			cs_assert(*c >= ' ' && *c <= '~');
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const issuers[] = { "ca.example" };
	static const char *const labels[] = { "ca-sbr-2", NULL };
	static const struct caa_method methods[] = { { "email-token", labels } };
	struct dns_record records[MAX_RECORDS] = { 0 };
	struct cs_arena *arena = cs_arena_new();
	size_t len = cut(data, size, records);

	for (enum caa_tag tag = CAA_ISSUEMAIL; tag <= CAA_ISSUEWILD; tag++) {
		const struct caa_question question = { tag, issuers, 1, "acct:a@ca.example",
			methods, 1 };
		struct caa_decision decision;

		caa_decide(arena, &question, records, len, &decision);
		check(&decision, 2 * size);
	}
	cs_arena_free(arena);
	return 0;
}
