/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/txt.h"

#include <stdlib.h>
#include <string.h>

enum txt_finding
txt_match(const struct dns_answer *answer, struct cs_span expected)
{
	cs_assert(answer->type == DNS_TYPE_TXT && expected.len > 0);
	if (answer->records_len == 0)
		return TXT_NO_RECORD;
	if (answer->records_len > TXT_MAX_RECORDS)
		return TXT_TOO_MANY;
	for (size_t i = 0; i < answer->records_len; i++)
		if (cs_span_equal(answer->records[i].text, expected))
			return TXT_MATCHES;
	return TXT_DIFFERS;
}

const char *
txt_finding_name(enum txt_finding finding)
{
	static const char *const names[] = { [TXT_NO_RECORD] = "no-record",
		[TXT_DIFFERS] = "differs",
		[TXT_TOO_MANY] = "too-many",
		[TXT_MATCHES] = "matches" };

	return names[finding];
}

static int
by_preference(const void *a, const void *b)
{
	const struct dns_record *x = a, *y = b;

	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->host, y->host);
}

struct mx_facts
mx_facts(struct cs_arena *arena, const struct dns_answer *answer)
{
	struct mx_facts facts = { .kind = MX_HOSTS, .hosts_len = answer->records_len };
	struct dns_record *hosts = CS_NEW_ARRAY(arena, answer->records_len + 1, struct dns_record);
	size_t nulls = 0;

	cs_assert(answer->type == DNS_TYPE_MX);
	for (size_t i = 0; i < answer->records_len; i++) {
		hosts[i] = answer->records[i];
		nulls += strcmp(hosts[i].host, ".") == 0;
	}
	if (answer->records_len == 0)
		return (struct mx_facts){ .kind = MX_NONE };
	if (nulls > 0)
		return (struct mx_facts){ .kind = answer->records_len == 1 ? MX_NULL : MX_BROKEN };
	qsort(hosts, facts.hosts_len, sizeof(hosts[0]), by_preference);
	facts.hosts = hosts;
	return facts;
}

const char *
mx_kind_name(enum mx_kind kind)
{
	static const char *const names[] = {
		[MX_NONE] = "none", [MX_NULL] = "null", [MX_HOSTS] = "hosts", [MX_BROKEN] = "broken"
	};

	return names[kind];
}
