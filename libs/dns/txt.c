/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/txt.h"

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
