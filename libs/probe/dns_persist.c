/* SPDX-License-Identifier: Apache-2.0 */
/* dns_persist.c: a TXT record that names the enterprise's account with us for good (TBR 3.2.2.4.22). */
#include "base/time.h"
#include "dns/persist.h"
#include "internal.h"
#include "smime/method.h"

static const char *const texts[] = {
	[PERSIST_NO_RECORD] = "there is no TXT record at this name",
	[PERSIST_TOO_MANY] = "there are more than 100 TXT records at this name",
	[PERSIST_UNREADABLE] = "no TXT record can be read as ISSUER; accounturi=ACCOUNT",
	[PERSIST_OTHER_ISSUER] = "no TXT record names the issuer domain name that it has to",
	[PERSIST_NO_ACCOUNT] = "the record names us, but no account",
	[PERSIST_OTHER_ACCOUNT] = "the record names another account",
	[PERSIST_BAD_UNTIL] = "the record's persistUntil is not a number of seconds",
	[PERSIST_EXPIRED] = "the record's persistUntil has passed",
	[PERSIST_MATCHES] = "a TXT record names us and this account",
};

const char *
probe_persist_account(struct cs_arena *arena, const struct claim_check *check)
{
	if (check->issuer_domains.n == 0 || check->enterprise == NULL ||
	    check->enterprise[0] == '\0')
		return NULL;
	return smime_account_uri(arena, check->enterprise, check->issuer_domains.items[0]);
}

static struct said
judge(const struct look *look, const char *name, const struct dns_answer *answer)
{
	const struct claim_check *check = look->check;
	/*
	 * Of our names the one that the account's URI says, and no other: evidence names the URI alone, and
	 * perspectives have to look for the same.
	 */
	const struct persist_question question = { .issuers = check->issuer_domains.items,
		.issuers_len = 1,
		.account_uri = probe_persist_account(look->arena, check),
		.at_s = cs_now_ms() / 1000 };
	enum persist_finding finding = persist_match(&question, answer);

	(void)name;
	return (struct said){ finding == PERSIST_MATCHES, finding != PERSIST_NO_RECORD,
		cs_arena_printf(look->arena, "persist-%s", persist_finding_name(finding)),
		texts[finding] };
}

static const struct record_way way = {
	.label = PROBE_PERSIST_LABEL, .type = DNS_TYPE_TXT, .judge = judge
};

void
probe_dns_persist(struct look *look)
{
	if (probe_persist_account(look->arena, look->check) == NULL)
		look_end(look, CLAIM_COULD_NOT_TELL, "persist-no-question", look_clause(look),
		    "neither an account nor an issuer domain name was asked for");
	else
		look_for_record(look, look->check->target, &way);
}
