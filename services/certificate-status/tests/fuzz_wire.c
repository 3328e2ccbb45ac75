/* SPDX-License-Identifier: Apache-2.0 */
/* What certificate-status reads off the bus: whatever comes, read or refused. */
#include "wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_fact(const struct wire_fact *fact)
{
	cs_assert(fact->serial.len > 0 && fact->serial.len <= STATUS_SERIAL_MAX);
	cs_assert(fact->serial.data[0] != 0 && status_is_reason(fact->facts.reason));
	cs_assert(fact->facts.not_after_ms > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span input = cs_span_of(data, size);
	const struct wire_crl asked = { "issuing-1", 0, 1, 1000, { NULL, 0 } };
	struct wire_fact fact;
	struct wire_crl crl, *crls;
	struct wire_fetched fetched;
	struct cs_span octets;
	struct cs_err err;
	size_t n, left_out;

	if (wire_read_issued(arena, input, &fact, &err) == CS_OK)
		check_fact(&fact);
	if (wire_read_revoked(arena, input, &fact, &err) == CS_OK)
		check_fact(&fact);
	if (wire_read_voided(arena, input, &fact, &err) == CS_OK)
		check_fact(&fact);
	if (wire_read_crl_made(arena, input, &crl, &err) == CS_OK)
		cs_assert(crl.partition <= STATUS_PARTITIONS_MAX && crl.number > 0);
	if (wire_read_crls(arena, input, &crls, &n, &left_out, &err) == CS_OK)
		for (size_t i = 0; i < n; i++)
			cs_assert(crls[i].sha256.len == 32 && crls[i].size > 0);
	if (wire_read_part(arena, input, &asked, 900, &octets, &err) == CS_OK)
		cs_assert(octets.len > 0 && octets.len <= 100);
	if (wire_read_fetched(arena, input, &fetched, &err) == CS_OK)
		cs_assert(fetched.der.len < size && fetched.number > 0);
	cs_arena_free(arena);
	return 0;
}
