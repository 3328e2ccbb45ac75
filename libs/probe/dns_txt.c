/* SPDX-License-Identifier: Apache-2.0 */
/* dns_txt.c: the value in a TXT record at a label that begins with "_" (TBR 3.2.2.4.7). */
#include "dns/txt.h"
#include "internal.h"

static struct said
judge(const struct look *look, const char *name, const struct dns_answer *answer)
{
	static const struct said says[] = {
		[TXT_MATCHES] = { true, true, "txt-matches",
		    "one TXT record is exactly the value" },
		[TXT_NO_RECORD] = { false, false, "txt-no-record",
		    "there is no TXT record at this name" },
		[TXT_DIFFERS] = { false, true, "txt-differs",
		    "no TXT record at this name is exactly the value" },
		[TXT_TOO_MANY] = { false, true, "txt-too-many",
		    "there are more than 100 TXT records at this name" },
	};

	(void)name;
	return says[txt_match(answer, look->check->expected)];
}

static const struct record_way way = {
	.label = PROBE_CHALLENGE_LABEL, .type = DNS_TYPE_TXT, .judge = judge
};

void
probe_dns_txt_at(struct look *look, const char *name)
{
	look_for_record(look, name, &way);
}

void
probe_dns_txt(struct look *look)
{
	probe_dns_txt_at(look, look->check->target);
}
