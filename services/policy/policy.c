/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c: the life of a plan.  What could not be found out never helps: silence and "could not
 * tell" are asked again, within a budget, and then refused.
 */
#include "policy.h"

#include <string.h>

#include "policy_change.h"
#include "policy_domains.h"
#include "policy_final.h"
#include "policy_plan.h"

/* ---- states ---- */

#define TO(state) (UINT32_C(1) << (state))

static const struct {
	const char *name;
	uint32_t next;
} states[POLICY_STATES] = {
	[POLICY_NEW] = { "new", TO(POLICY_MADE) | TO(POLICY_REFUSED) | TO(POLICY_ENDED) },
	[POLICY_MADE] = { "made",
	    TO(POLICY_APPROVED) | TO(POLICY_FINAL) | TO(POLICY_REFUSED) | TO(POLICY_ENDED) },
	[POLICY_APPROVED] = { "approved",
	    TO(POLICY_FINAL) | TO(POLICY_REFUSED) | TO(POLICY_ENDED) },
	/* Back to approved when a plan is made anew and a proof has run out meanwhile. */
	[POLICY_FINAL] = { "final",
	    TO(POLICY_APPROVED) | TO(POLICY_FINAL) | TO(POLICY_REFUSED) | TO(POLICY_ENDED) },
	[POLICY_REFUSED] = { "refused", TO(POLICY_ENDED) },
	[POLICY_ENDED] = { "ended", 0 },
};

const char *
policy_state_name(enum policy_state state)
{
	return states[state].name;
}

bool
policy_may_move(enum policy_state from, enum policy_state to)
{
	return states[from].next & TO(to);
}

bool
policy_approved_in_itself(const struct policy_plan *plan)
{
	return plan->approval_envelope.len > 0 &&
	       cs_span_equal(plan->approval_envelope, plan->request_envelope);
}

static struct policy_step
keep(const struct policy_case *old, const char *says)
{
	return (struct policy_step){ .next = *old, .refused_check = "", .says = says };
}

/* ---- the first plan ---- */

/* When the first proof that stands is too old for an approval; 0: none will be. */
static int64_t
first_end(const struct policy_setting *in, const struct claim_plan *plan)
{
	int64_t first = 0;

	for (size_t i = 0; i < plan->n_checks; i++) {
		const struct claim_check *check = &plan->checks[i];
		const int64_t end =
		    check->standing_until_ms - POLICY_FINAL_MS - POLICY_MARGIN_MS + 1;

		if (!check->has_standing || !policy_needs_person(check) || end <= in->now_ms)
			continue;
		first = first == 0 ? end : policy_earlier(first, end);
	}
	return first;
}

/* Runs only what needs a person: their validators make a challenge and then wait for them. */
static void
make_first(const struct policy_setting *in, struct policy_step *step,
    const struct policy_identified *identified)
{
	struct policy_plan *plan = &step->next.plan;
	struct claim_plan drafted = policy_plan_draft(in, &step->next, identified, false);

	drafted.ends_at_ms = in->now_ms + POLICY_FIRST_MS;
	policy_plan_take(in, plan, &drafted);
	for (size_t i = 0; i < drafted.n_checks; i++) {
		struct claim_check *check = &drafted.checks[i];

		if (policy_identity_kind(check->kind))
			policy_plan_state_identity(in, step, i, identified);
		if (check->has_standing ||
		    (check->kind != CLAIM_MAILBOX && check->kind != CLAIM_DOMAIN))
			continue;
		policy_plan_start_attempt(in, step, i);
		check->deadline_ms = drafted.ends_at_ms;
		plan->progress[i].next_ms = 0;
	}
	plan->settings_version = step->next.settings_version;
	plan->due_ms = first_end(in, &plan->plan);
	step->publishes = true;
	step->says = "first plan made";
}

/* What was begun goes on under its number. */
static void
carry_on(struct policy_step *step, const struct policy_plan *was, size_t i)
{
	struct policy_plan *plan = &step->next.plan;
	struct claim_check *check = &plan->plan.checks[i];
	const size_t before = policy_plan_position(was, check->id);

	if (check->has_standing || before == was->plan.n_checks)
		return;
	plan->progress[i] = was->progress[before];
	check->attempt = plan->progress[i].attempt;
	check->deadline_ms = was->plan.checks[before].deadline_ms;
}

/* A validator that has heard of the check hears of it under the same number: its challenge stays good. */
static void
ask_people_again(const struct policy_setting *in, struct policy_step *step, size_t i)
{
	struct policy_plan *plan = &step->next.plan;

	if (plan->progress[i].attempt == 0)
		policy_plan_start_attempt(in, step, i);
	step->asks[i] = true;
	plan->plan.checks[i].deadline_ms = plan->plan.ends_at_ms;
	plan->progress[i].next_ms = 0;
	plan->progress[i].outcome = 0; /* what an earlier attempt proved serves no more */
}

static bool
is_stated(const struct policy_plan *was, const struct claim_check *check)
{
	const size_t before = policy_plan_position(was, check->id);

	return before < was->plan.n_checks && was->progress[before].outcome == CLAIM_PROVED &&
	       memcmp(was->plan.checks[before].digest, check->digest, CLAIM_DIGEST) == 0;
}

static void
revise(const struct policy_setting *in, struct policy_step *step, const struct policy_plan *was,
    const struct policy_identified *identified, const struct policy_change *change)
{
	struct policy_plan *plan = &step->next.plan;

	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		carry_on(step, was, i);
		if (change->again[i])
			ask_people_again(in, step, i);
		else if (policy_identity_kind(plan->plan.checks[i].kind) &&
			 !is_stated(was, &plan->plan.checks[i]))
			policy_plan_state_identity(in, step, i, identified);
	}
	step->publishes = true;
	step->says = "first plan revised";
}

/* A proof binds the domain to whom it was asked for by, in the enterprises that want that. */
static void
bind_proved(const struct policy_setting *in, struct policy_step *step)
{
	const struct policy_need need = policy_plan_need(in, &step->next);
	const enum policy_state state = step->next.plan.state;

	if (state == POLICY_MADE || state == POLICY_APPROVED)
		policy_domains_bind_proved(
		    &step->next.config, &need, &step->next.plan.request, in->arena);
}

/* ---- facts ---- */

struct policy_step
policy_decide_submitted(const struct policy_setting *in, const struct policy_case *old,
    const struct policy_submitted *submitted)
{
	struct policy_step step = keep(old, "request known already");
	struct policy_plan *plan = &step.next.plan;
	struct policy_identified identified;
	struct cs_refusal why;

	if (plan->state != POLICY_NEW)
		return step;
	plan->request = submitted->request;
	plan->request_envelope = submitted->envelope;
	if (!policy_plan_may_request(in, &step, &identified, &why)) {
		policy_plan_refuse(in, &step, why, "");
		return step;
	}
	policy_plan_move(in, &step, POLICY_MADE);
	if (submitted->approval != NULL &&
	    policy_final_at_once(in, &step, &identified, submitted->approval))
		return step;
	make_first(in, &step, &identified);
	bind_proved(in, &step);
	if (plan->approval_envelope.len > 0 && plan->request.kind != CLAIM_DOMAIN_ONLY) {
		/*
		 * The approval was faster.  People's validators are told first, then the clock
		 * goes on.
		 */
		policy_plan_move(in, &step, POLICY_APPROVED);
		plan->due_ms = in->now_ms;
	}
	return step;
}

/* Mailboxes and domains are their validators' business: they hear of it themselves.  Who somebody is was
 * verified by people. */
struct policy_step
policy_decide_verification_asked(const struct policy_setting *in, const struct policy_case *old,
    const struct policy_asked *asked)
{
	struct policy_step step = keep(old, "look not started");
	struct policy_plan *plan = &step.next.plan;

	if (plan->state != POLICY_MADE ||
	    strcmp(asked->enterprise, plan->request.enterprise) != 0 ||
	    strcmp(asked->account, plan->request.account) != 0)
		return step;
	size_t i = policy_plan_position(plan, asked->check_id);

	if (i == plan->plan.n_checks || policy_needs_person(&plan->plan.checks[i]) ||
	    policy_identity_kind(plan->plan.checks[i].kind))
		return step;
	const struct policy_progress *progress = &plan->progress[i];

	if (progress->attempt >= POLICY_LOOKS ||
	    (progress->attempt > 0 && progress->outcome == 0 && in->now_ms < progress->next_ms))
		return step; /* one at a time */
	policy_plan_own_checks(in, plan);
	plan->plan.checks[i].fresh = true;
	policy_plan_start_attempt(in, &step, i);
	step.says = "look started";
	return step;
}

struct policy_step
policy_decide_approved(const struct policy_setting *in, const struct policy_case *old,
    const struct policy_approved *approved)
{
	struct policy_step step = keep(old, "approval of no use");
	struct policy_plan *plan = &step.next.plan;

	if ((plan->state != POLICY_NEW && plan->state != POLICY_MADE) ||
	    plan->approval_envelope.len > 0 || plan->request.kind == CLAIM_DOMAIN_ONLY)
		return step;
	plan->approval = approved->approval;
	plan->factor = approved->factor;
	plan->approval_envelope = approved->envelope;
	plan->changed = true;
	step.says = "approval came before its request";
	if (plan->state == POLICY_MADE)
		policy_final_try(in, &step, false);
	return step;
}

/* ---- evidence ---- */

static void
remember(const struct policy_setting *in, struct policy_step *step,
    const struct policy_evidence *evidence)
{
	struct policy_proof *proof = CS_NEW(in->arena, struct policy_proof);

	if (!policy_proof_of(&evidence->evidence, evidence->envelope, in->now_ms, proof) ||
	    policy_standing_has(step->next.proofs, proof))
		return;
	policy_standing_shorten(step->next.proofs, in->now_ms, proof);
	proof->next = step->next.proofs;
	step->next.proofs = proof;
}

/* Before the approval a no is only shown: whoever mends it may look again. */
static void
on_early_evidence(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;
	size_t i = policy_plan_position(plan, evidence->check_id);

	if (i == plan->plan.n_checks || plan->progress[i].attempt != evidence->attempt)
		return;
	policy_plan_own_checks(in, plan);
	plan->progress[i].outcome = evidence->outcome;
}

struct policy_step
policy_decide_evidence(const struct policy_setting *in, const struct policy_case *old,
    const struct policy_evidence *evidence)
{
	struct policy_step step = keep(old, "evidence kept");

	remember(in, &step, evidence);
	bind_proved(in, &step);
	switch (step.next.plan.state) {
	case POLICY_MADE:
		on_early_evidence(in, &step, &evidence->evidence);
		break;
	case POLICY_APPROVED:
		policy_final_try(in, &step, false);
		break;
	case POLICY_FINAL:
		policy_final_evidence(in, &step, &evidence->evidence);
		break;
	case POLICY_NEW:
	case POLICY_REFUSED:
	case POLICY_ENDED:
	case POLICY_STATES:
		break;
	}
	return step;
}

/* ---- time ---- */

struct policy_step
policy_decide_due(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "nothing is due");

	if (old->plan.due_ms == 0 || in->now_ms < old->plan.due_ms)
		return step;
	switch (old->plan.state) {
	case POLICY_APPROVED:
		policy_final_try(in, &step, false);
		break;
	case POLICY_FINAL:
		policy_final_due(in, &step);
		break;
	case POLICY_REFUSED:
		policy_plan_move(in, &step, POLICY_ENDED);
		step.ends = true;
		step.says = "refusal was published long enough";
		break;
	case POLICY_MADE:
		return policy_decide_changed(in, old); /* a proof that served has ended */
	case POLICY_NEW:
	case POLICY_ENDED:
	case POLICY_STATES:
		break; /* these wait for nothing */
	}
	return step;
}

struct policy_step
policy_decide_changed(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "first plan asks for the same");
	struct policy_plan *plan = &step.next.plan;
	const struct policy_need need = policy_plan_need(in, old);
	struct policy_identified identified;
	struct cs_refusal why;

	if (plan->state != POLICY_MADE)
		return step;
	plan->changed |= plan->settings_version < old->settings_version || plan->due_ms != 0;
	plan->settings_version = old->settings_version;
	plan->due_ms = first_end(in, &plan->plan);
	if (plan->request.kind == CLAIM_DOMAIN_ONLY ||
	    !policy_plan_may_request(in, &step, &identified, &why))
		return step;
	struct claim_plan drafted = policy_plan_draft(in, &step.next, &identified, false);
	const struct policy_change change =
	    policy_change(&old->plan.plan, &drafted, &need, in->arena);

	if (!change.any)
		return step;
	drafted.ends_at_ms = plan->plan.ends_at_ms;
	policy_plan_take(in, plan, &drafted);
	revise(in, &step, &old->plan, &identified, &change);
	plan->due_ms = first_end(in, &plan->plan);
	return step;
}

struct policy_step
policy_decide_withdrawn(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "withdrawn record told already");

	if (old->withdrawn == NULL)
		return step;
	step.next.withdrawal_told = true;
	step.statements[step.n_statements++] =
	    policy_identity_withdraw(old->withdrawn, in->now_ms, in->arena);
	step.says = "withdrawn record told";
	return step;
}

struct policy_step
policy_decide_ended(
    const struct policy_setting *in, const struct policy_case *old, const char *says)
{
	struct policy_step step = keep(old, "ended already");

	if (old->plan.state == POLICY_ENDED)
		return step;
	policy_plan_move(in, &step, POLICY_ENDED);
	step.ends = true;
	step.says = says;
	return step;
}

static bool
may_prove(const struct policy_plan *plan)
{
	return plan->state == POLICY_MADE || plan->state == POLICY_APPROVED;
}

/* Was a validator asked to have a domain proved, and is it not known to be? */
static bool
asks_domains(const struct policy_plan *plan)
{
	for (size_t i = 0; i < plan->plan.n_checks; i++)
		if (plan->plan.checks[i].kind == CLAIM_DOMAIN && plan->progress[i].attempt > 0 &&
		    plan->progress[i].outcome != CLAIM_PROVED)
			return true;
	return false;
}

bool
policy_settles_domains(const struct policy_plan *was, const struct policy_plan *is)
{
	return may_prove(was) && !may_prove(is) && asks_domains(was);
}

struct policy_step
policy_decide_too_large(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "plan too large");

	policy_plan_refuse(in, &step,
	    (struct cs_refusal){ "too-many-names", "mailboxes", "SBR 4.2.1",
		"The plan for so many and so long names does not fit an event together with the "
		"request.",
		"Spread the names over several requests, or ask with a smaller CSR." },
	    "");
	return step;
}

struct policy_step
policy_decide_retired(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "request or approval counts no more");

	policy_plan_refuse(in, &step,
	    (struct cs_refusal){ "statement-retired", "request", "SBR 4.2.2",
		"The request was stated by a key of ours that was retired since.",
		"Make the request again." },
	    "");
	return step;
}
