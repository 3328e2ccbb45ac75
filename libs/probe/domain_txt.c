/* SPDX-License-Identifier: Apache-2.0 */
/* domain_txt.c: the value in a TXT record at a label that begins with "_" (TBR 3.2.2.4.7). */
#include "dns/txt.h"
#include "internal.h"

static const char clause[] = "TBR 3.2.2.4.7";

const char *
probe_txt_name(struct cs_arena *arena, const char *domain)
{
	return cs_arena_printf(arena, "_countersign-challenge.%s", domain);
}

static void
add_records(struct look *look, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->records_len && i < SEEN_MAX; i++)
		look_add_seen(look, answer->records[i].text);
}

static void
judge(struct look *look, const struct dns_answer *answer)
{
	look->finding.found_at = cs_arena_strdup(look->arena, answer->owner);
	look->finding.ttl_s = answer->ttl_s;
	add_records(look, answer);
	switch (txt_match(answer, look->check->expected)) {
	case TXT_MATCHES:
		look_end(look, CLAIM_PROVED, "txt-matches", clause,
		    "one TXT record is exactly the value");
		return;
	case TXT_NO_RECORD:
		look_end(look, CLAIM_REFUSED, "txt-no-record", clause,
		    "there is no TXT record at this name");
		return;
	case TXT_DIFFERS:
		look_end(look, CLAIM_REFUSED, "txt-differs", clause,
		    "no TXT record at this name is exactly the value");
		return;
	case TXT_TOO_MANY:
		look_end(look, CLAIM_REFUSED, "txt-too-many", clause,
		    "there are more than 100 TXT records at this name");
		return;
	}
}

static void
on_answer(void *arg, const struct dns_result *result)
{
	struct look *look = arg;

	look_add_lookup(look, result);
	if (!look_end_unanswered(look, result, clause))
		judge(look, result->answer);
}

void
probe_domain_txt(struct look *look)
{
	const struct dns_question question = {
		.name = probe_txt_name(look->arena, look->check->target),
		.type = DNS_TYPE_TXT,
	};

	dns_lookup(look->probe->fresh, &question, on_answer, look);
}
