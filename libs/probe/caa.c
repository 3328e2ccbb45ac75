/* SPDX-License-Identifier: Apache-2.0 */
/* caa.c: does CAA permit us to issue for mailboxes of a domain?  (SBR 4.2.2.1, RFC 8659, RFC 9495) */
#include "dns/caa.h"

#include <string.h>

#include "dns/climb.h"
#include "internal.h"

#define TEXT_MAX 400

struct caa_look {
	struct look *look;
	struct caa_question question;
};

static enum claim_outcome
outcome_of(enum caa_finding finding)
{
	switch (finding) {
	case CAA_ALLOW:
		return CLAIM_PROVED;
	case CAA_DENY:
		return CLAIM_REFUSED;
	case CAA_COULD_NOT_TELL:
		break;
	}
	return CLAIM_COULD_NOT_TELL;
}

/* Shortens what was escaped when it was read. */
static const char *
cut(struct cs_arena *arena, const char *text, size_t max)
{
	return cs_arena_printf(arena, "%.*s%s", (int)max, text, strlen(text) > max ? "..." : "");
}

/* Only what belongs to the set that decided is shown; the other labels keep their digests. */
static void
add_records(struct look *look, const struct caa_decision *decision)
{
	struct claim_texts *seen = &look->finding.seen;

	for (size_t i = 0; i < decision->properties_len && seen->n < SEEN_MAX; i++)
		seen->items[seen->n++] = cut(look->arena, decision->properties[i].text, SHOWN_MAX);
}

static void
add_lookups(struct look *look, const struct climb_result *result)
{
	for (size_t i = 0; i < result->lookups_len; i++) {
		const struct climb_lookup *from = &result->lookups[i];
		const struct dns_result as = { .name = from->name,
			.type = DNS_TYPE_CAA,
			.state = from->state,
			.rcode = from->rcode,
			.why = from->why,
			.answered_ms = from->answered_ms,
			.wire = from->wire,
			.answer = from->answer };

		look_add_lookup(look, &as);
	}
	/* Labels above the deciding set do not weaken the decision. */
	look->finding.security = security_of(result->state);
}

static void
on_climbed(void *arg, const struct climb_result *result)
{
	struct caa_look *caa = arg;
	struct look *look = caa->look;
	const struct caa_decision *decision = &result->decision;
	const char *reason =
	    cs_arena_printf(look->arena, "caa-%s", caa_reason_name(decision->reason));

	add_lookups(look, result);
	add_records(look, decision);
	look->finding.found_at =
	    decision->found_at == NULL ? "" : cs_arena_strdup(look->arena, decision->found_at);
	look->finding.ttl_s = decision->ttl_s;
	look_end(look, outcome_of(decision->finding), reason,
	    cs_arena_strdup(look->arena, decision->clause),
	    cut(look->arena, decision->detail, TEXT_MAX));
}

void
probe_caa(struct probe *probe, const struct claim_check *check, enum probe_tag tag,
    struct cs_arena *arena, probe_done *done, void *arg)
{
	static const enum caa_tag tags[] = {
		[PROBE_ISSUEMAIL] = CAA_ISSUEMAIL,
		[PROBE_ISSUE] = CAA_ISSUE,
		[PROBE_ISSUEWILD] = CAA_ISSUEWILD,
	};
	struct caa_look *caa;

	if (probe->crew != NULL) {
		crew_ask(probe, check, tag, arena, done, arg);
		return;
	}
	caa = CS_NEW(arena, struct caa_look);
	caa->look = look_new(probe, check, arena, done, arg);
	caa->question = (struct caa_question){ .tag = tags[tag],
		.issuers = check->issuer_domains.items,
		.issuers_len = check->issuer_domains.n };
	const struct climb_question question = { .name = check->target, .caa = &caa->question };

	climb_start(probe->cached, &question, on_climbed, caa);
}
