/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any packet, asked for any type that has RDATA of its own.  What is accepted must hold what
 * answer.h says.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct dns_answer *answer)
{
	cs_assert(answer->aliases_len <= DNS_MAX_ALIASES && answer->records_len <= DNS_MAX_RECORDS);
	cs_assert(answer->records_len == 0 || answer->rcode == DNS_RCODE_NOERROR);
	cs_assert(strlen(answer->owner) < DNS_NAME_TEXT);
	for (size_t i = 0; i < answer->records_len; i++)
		cs_assert(answer->type != DNS_TYPE_MX || answer->records[i].host != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_CNAME, DNS_TYPE_MX, DNS_TYPE_TXT,
		DNS_TYPE_AAAA, DNS_TYPE_CAA };
	struct cs_arena *arena = cs_arena_new();

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct dns_answer answer;

		if (dns_answer_parse(arena, cs_span_of(data, size), "a.example", types[i], &answer,
			NULL) == CS_OK)
			check(&answer);
	}
	cs_arena_free(arena);
	return 0;
}
