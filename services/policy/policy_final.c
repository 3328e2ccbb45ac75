/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_final.h"

#include <string.h>

#include "policy_domains.h"
#include "policy_factor.h"
#include "policy_plan.h"

/* ---- what is proved ---- */

static bool
is_satisfied(const struct policy_plan *plan, size_t i)
{
	return plan->plan.checks[i].has_standing || plan->progress[i].outcome == CLAIM_PROVED;
}

static bool
all_satisfied(const struct policy_plan *plan)
{
	for (size_t i = 0; i < plan->plan.n_checks; i++)
		if (!is_satisfied(plan, i))
			return false;
	return true;
}

/* When a final plan needs attention next. */
static void
schedule(struct policy_plan *plan)
{
	int64_t due = plan->plan.ends_at_ms;

	if (all_satisfied(plan))
		due += POLICY_MARGIN_MS;
	for (size_t i = 0; i < plan->plan.n_checks; i++)
		if (!is_satisfied(plan, i))
			due = policy_earlier(due, plan->progress[i].next_ms);
	plan->due_ms = due;
	plan->changed = true;
}

static struct cs_refusal
could_not_prove(
    const struct policy_setting *in, const struct policy_plan *plan, size_t i, const char *seen)
{
	const struct claim_check *check = &plan->plan.checks[i];

	return (struct cs_refusal){ "could-not-prove", policy_plan_field(plan, check, in->arena),
		check->kind == CLAIM_CAA ? "SBR 4.2.2.1" : "SBR 4.2.2.2",
		cs_arena_printf(in->arena, "Check %s of %s could not be carried out%s%s", check->id,
		    check->target, seen[0] != '\0' ? ": " : " in time.", seen),
		"See that the domain's name servers answer everywhere, then ask again." };
}

/* ---- the plan ---- */

static const struct claim_check *
first_missing(const struct claim_plan *plan)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (policy_needs_person(&plan->checks[i]) && !plan->checks[i].has_standing)
			return &plan->checks[i];
	return NULL;
}

/* May the approval be made good still? */
static bool
is_good_still(const struct policy_setting *in, const struct claim_approval *approval)
{
	return in->now_ms < approval->approved_at_ms + POLICY_APPROVAL_MS;
}

/*
 * Was it due so long ago that nobody was here to see to it?  Then what was said meanwhile may still
 * be on its way to us, and silence means nothing.  Not for ever: an approval lasts a day.
 */
static bool
was_away(const struct policy_setting *in, const struct policy_plan *plan, int64_t due_ms)
{
	return in->now_ms - due_ms >= POLICY_LATE_MS && is_good_still(in, &plan->approval);
}

/*
 * Order of arrival is no order of events: evidence that people saw may reach us after the
 * approval.
 */
static void
wait_for(
    const struct policy_setting *in, struct policy_step *step, const struct claim_check *missing)
{
	struct policy_plan *plan = &step->next.plan;

	if (plan->state != POLICY_APPROVED)
		policy_plan_move(in, step, POLICY_APPROVED);
	plan->due_ms = plan->since_ms + POLICY_WAIT_MS;
	plan->changed = true;
	step->says = "waiting for evidence";
	if (in->now_ms < plan->due_ms)
		return;
	if (was_away(in, plan, plan->due_ms)) {
		plan->since_ms = in->now_ms;
		plan->due_ms = in->now_ms + POLICY_WAIT_MS;
		return;
	}
	policy_plan_refuse(in, step,
	    (struct cs_refusal){ "evidence-missing", policy_plan_field(plan, missing, in->arena),
		missing->kind == CLAIM_MAILBOX ? "SBR 3.2.2.2" : "SBR 3.2.2.1",
		cs_arena_printf(in->arena, "There is no fresh proof for check %s of %s.",
		    missing->id, missing->target),
		"Make the request again and prove it before pressing Generate." },
	    missing->id);
}

static void
publish_final(const struct policy_setting *in, struct policy_step *step,
    const struct policy_identified *identified, struct claim_plan *drafted)
{
	struct policy_plan *plan = &step->next.plan;

	policy_domains_bind_used(&step->next.config, &plan->request, in->arena);
	drafted->final = true;
	drafted->ends_at_ms = in->now_ms + POLICY_FINAL_MS;
	claim_envelope_sha256(plan->approval_envelope, drafted->approval_sha256);
	policy_plan_move(in, step, POLICY_FINAL);
	policy_plan_take(in, plan, drafted);
	for (size_t i = 0; i < drafted->n_checks; i++) {
		if (policy_identity_kind(drafted->checks[i].kind))
			policy_plan_state_identity(in, step, i, identified);
		else if (!drafted->checks[i].has_standing)
			policy_plan_start_attempt(in, step, i);
	}
	schedule(plan);
	step->publishes = true;
	step->says = "final plan made";
}

/* A row may say "approved" without an approval: rows can be edited, envelopes cannot. */
static bool
is_approved(const struct policy_plan *plan)
{
	const struct claim_approval *approval = &plan->approval;
	const struct claim_request *request = &plan->request;

	return request->kind != CLAIM_DOMAIN_ONLY && plan->approval_envelope.len > 0 &&
	       plan->request_envelope.len > 0 &&
	       strcmp(approval->enterprise, request->enterprise) == 0 &&
	       strcmp(approval->account, request->account) == 0 &&
	       memcmp(approval->request_digest, request->digest, CLAIM_DIGEST) == 0;
}

void
policy_final_try(const struct policy_setting *in, struct policy_step *step, bool looks_anew)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_identified identified;
	struct cs_refusal why;

	if (!is_approved(plan)) {
		policy_plan_refuse(in, step,
		    (struct cs_refusal){ "approval-mismatch", "approval", "SBR 4.2.2",
			"The approval is not for this request.",
			"Make the request again and approve what it shows." },
		    "");
		return;
	}
	/* Rules, profile and rights may have changed since the first plan. */
	if (!policy_plan_may_request(in, step, &identified, &why) ||
	    !policy_factor_holds(step->next.config.second_factor, &plan->request, &plan->approval,
		&plan->factor, in->now_ms, &why)) {
		policy_plan_refuse(in, step, why, "");
		return;
	}
	struct claim_plan drafted = policy_plan_draft(in, &step->next, &identified, looks_anew);
	const struct claim_check *missing = first_missing(&drafted);

	if (missing != NULL)
		wait_for(in, step, missing);
	else
		publish_final(in, step, &identified, &drafted);
}

bool
policy_final_at_once(const struct policy_setting *in, struct policy_step *step,
    const struct policy_identified *identified, const struct claim_approval *approval)
{
	struct policy_plan *plan = &step->next.plan;
	const struct policy_plan before = *plan;

	if (plan->approval_envelope.len > 0 ||
	    policy_factor_is_wanted(step->next.config.second_factor) ||
	    !is_good_still(in, approval))
		return false;
	plan->approval = *approval;
	plan->approval_envelope = plan->request_envelope;
	struct claim_plan drafted = policy_plan_draft(in, &step->next, identified, false);

	if (first_missing(&drafted) != NULL) {
		*plan = before;
		return false;
	}
	publish_final(in, step, identified, &drafted);
	return true;
}

/* ---- evidence ---- */

/* The validator's own words, and what the person can do. */
static struct cs_refusal
refusal_of(const struct policy_setting *in, const struct policy_plan *plan,
    const struct claim_check *check, const struct claim_evidence *evidence)
{
	return (struct cs_refusal){
		.code = evidence->reason[0] != '\0' ? evidence->reason : "check-refused",
		.field = policy_plan_field(plan, check, in->arena),
		.clause = evidence->clause,
		.text = evidence->text,
		.mend = "Mend what the text says, then make the request again.",
	};
}

/* A look after the approval said no: what the final plan stood on is gone. */
static bool
refuse_voided(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;

	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		const struct claim_check *check = &plan->plan.checks[i];

		if (!policy_standing_voided(step->next.proofs, check))
			continue;
		policy_plan_refuse(in, step, refusal_of(in, plan, check, evidence), check->id);
		return true;
	}
	return false;
}

static void
on_outcome(const struct policy_setting *in, struct policy_step *step, size_t i,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;

	policy_plan_own_checks(in, plan);
	struct policy_progress *progress = &plan->progress[i];

	progress->outcome = evidence->outcome;
	step->says = "evidence counted";
	if (evidence->outcome == CLAIM_REFUSED) {
		policy_plan_refuse(in, step, refusal_of(in, plan, &plan->plan.checks[i], evidence),
		    evidence->check_id);
		return;
	}
	if (evidence->outcome == CLAIM_COULD_NOT_TELL) {
		if (progress->tries >= POLICY_ATTEMPTS) {
			policy_plan_refuse(in, step, could_not_prove(in, plan, i, evidence->text),
			    evidence->check_id);
			return;
		}
		int64_t pause = CS_SECOND_MS << progress->tries;

		progress->next_ms = in->now_ms + pause / 2 + policy_plan_jitter(in, i, pause);
	}
	schedule(plan);
}

/* Does it answer the attempt that the plan names now?  Late and foreign answers do not. */
static bool
answers(const struct policy_plan *plan, size_t i, const struct claim_evidence *evidence)
{
	const struct claim_check *check = &plan->plan.checks[i];

	return !check->has_standing && evidence->attempt == check->attempt &&
	       plan->progress[i].outcome == 0 &&
	       memcmp(evidence->check_digest, check->digest, CLAIM_DIGEST) == 0 &&
	       memcmp(evidence->request_digest, plan->request.digest, CLAIM_DIGEST) == 0;
}

/* Fewer perspectives than the plan demands, or answers in doubt, are no proof. */
static struct claim_evidence
judged(const struct claim_evidence *evidence, const struct claim_check *check)
{
	struct claim_evidence judged = *evidence;

	if (judged.outcome != CLAIM_PROVED)
		return judged;
	if (judged.n_perspectives < check->min_remotes) {
		judged.outcome = CLAIM_COULD_NOT_TELL;
		judged.text = "too few perspectives were asked";
	} else if (policy_standing_doubtful(evidence)) {
		judged.outcome = CLAIM_COULD_NOT_TELL;
		judged.text = "DNSSEC does not vouch for the answers";
	}
	return judged;
}

void
policy_final_evidence(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;
	size_t i = policy_plan_position(plan, evidence->check_id);

	if (evidence->outcome == CLAIM_REFUSED && refuse_voided(in, step, evidence))
		return;
	if (i == plan->plan.n_checks || !answers(plan, i, evidence))
		return;
	const struct claim_evidence counts = judged(evidence, &plan->plan.checks[i]);

	on_outcome(in, step, i, &counts);
}

/* ---- time ---- */

/* True: this check changed, so that a new revision must name it. */
static bool
repeat(const struct policy_setting *in, struct policy_step *step, size_t i)
{
	struct policy_plan *plan = &step->next.plan;
	const struct policy_need need = { .until_ms = plan->plan.ends_at_ms + POLICY_MARGIN_MS,
		.proofs = step->next.proofs,
		.request = plan->request.id,
		.on_behalf = policy_on_behalf(&plan->request) };

	/* An answer that came after its deadline serves as standing evidence. */
	if (policy_standing_serve(&need, &plan->plan.checks[i]))
		return true;
	if (plan->progress[i].tries >= POLICY_ATTEMPTS) {
		policy_plan_refuse(
		    in, step, could_not_prove(in, plan, i, ""), plan->plan.checks[i].id);
		return false;
	}
	policy_plan_start_attempt(in, step, i);
	return true;
}

static void
repeat_what_is_due(const struct policy_setting *in, struct policy_step *step)
{
	struct policy_plan *plan = &step->next.plan;
	bool changed = false;

	policy_plan_own_checks(in, plan);
	for (size_t i = 0; i < plan->plan.n_checks && plan->state == POLICY_FINAL; i++) {
		if (is_satisfied(plan, i))
			continue;
		if (in->now_ms >= plan->plan.ends_at_ms)
			policy_plan_refuse(
			    in, step, could_not_prove(in, plan, i, ""), plan->plan.checks[i].id);
		else if (in->now_ms >= plan->progress[i].next_ms)
			changed |= repeat(in, step, i);
	}
	if (plan->state != POLICY_FINAL)
		return;
	schedule(plan);
	if (!changed)
		return;
	plan->plan.revision++;
	plan->plan.made_at_ms = in->now_ms;
	step->publishes = true;
	step->says = "final plan revised";
}

/*
 * Everything is proved and the plan has ended unsigned: the signer was away, or never got what we have
 * (those who look up CAA keep no outbox).  A new plan with new looks, or no.
 */
static void
renew(const struct policy_setting *in, struct policy_step *step)
{
	struct policy_plan *plan = &step->next.plan;

	if (is_good_still(in, &plan->approval)) {
		policy_final_try(in, step, true);
		return;
	}
	policy_plan_refuse(in, step,
	    (struct cs_refusal){ "not-signed", "approval", "SBR 4.2.2",
		"Everything was proved, but nobody signed within a day of the approval.",
		"Make the request again." },
	    "");
}

void
policy_final_due(const struct policy_setting *in, struct policy_step *step)
{
	const struct policy_plan *plan = &step->next.plan;

	if (all_satisfied(plan))
		renew(in, step);
	else if (in->now_ms >= plan->plan.ends_at_ms && was_away(in, plan, plan->due_ms))
		policy_final_try(in, step, false);
	else
		repeat_what_is_due(in, step);
}
