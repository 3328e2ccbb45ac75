/* SPDX-License-Identifier: Apache-2.0 */
/* caa.c: does CAA permit us to issue for mailboxes of a domain?  (SBR 4.2.2.1, RFC 8659, RFC 9495) */
#include "dns/caa.h"

#include <string.h>

#include "dns/climb.h"
#include "internal.h"
#include "smime/terms.h"

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
	if (decision->properties_len > SEEN_MAX)
		seen->items[SEEN_MAX - 1] = cs_arena_printf(
		    look->arena, "and %zu more records", decision->properties_len - SEEN_MAX + 1);
}

static void
add_lookups(struct look *look, const struct climb_result *result)
{
	for (size_t i = 0; i < result->lookups_len; i++) {
		const struct climb_lookup *from = &result->lookups[i];
		const struct dns_result as = { .name = from->name,
			.type = from->type,
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

/* The terms lie in the digest of the check: what is read for others serves nobody else. */
static struct caa_question
question_of(struct cs_arena *arena, const struct smime_terms *terms)
{
	struct caa_method *methods = CS_NEW_ARRAY(arena, terms->n_methods, struct caa_method);

	for (size_t i = 0; i < terms->n_methods; i++)
		methods[i] =
		    (struct caa_method){ terms->methods[i]->name, terms->methods[i]->caa_labels };
	return (struct caa_question){ .issuers = terms->issuers,
		.issuers_len = terms->n_issuers,
		.account_uri = terms->account_uri[0] != '\0' ? terms->account_uri : NULL,
		.methods = methods,
		.methods_len = terms->n_methods };
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
	struct smime_terms terms;

	if (probe->crew != NULL) {
		crew_ask(probe, check, tag, arena, done, arg);
		return;
	}
	caa = CS_NEW(arena, struct caa_look);
	caa->look = look_new(probe, check, arena, done, arg);
	if (!smime_terms_read(arena, check->expected, &terms)) {
		look_end(caa->look, CLAIM_COULD_NOT_TELL, "caa-unknown-terms", "SBR 4.2.2.1",
		    "it is not said for whom and for which methods CAA shall be read");
		return;
	}
	caa->question = question_of(arena, &terms);
	caa->question.tag = tags[tag];
	const struct climb_question question = { .name = check->target, .caa = &caa->question };

	climb_start(probe->dns, &question, on_climbed, caa);
}
