/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.c: the life of a plan.  What could not be found out never helps: silence and "could not
 * tell" are asked again, within a budget, and then refused.
 */
#include "policy.h"

#include <string.h>

#include "policy_change.h"
#include "policy_domains.h"
#include "policy_factor.h"
#include "smime/rules.h"

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

static struct policy_step
keep(const struct policy_case *old, const char *says)
{
	return (struct policy_step){ .next = *old, .refused_check = "", .says = says };
}

static void
move(const struct policy_setting *in, struct policy_step *step, enum policy_state to)
{
	struct policy_plan *plan = &step->next.plan;

	cs_assert(policy_may_move(plan->state, to));
	plan->state = to;
	plan->since_ms = in->now_ms;
	plan->due_ms = 0;
	plan->changed = true;
}

static void
refuse(const struct policy_setting *in, struct policy_step *step, struct cs_refusal why,
    const char *check_id)
{
	move(in, step, POLICY_REFUSED);
	step->next.plan.due_ms = in->now_ms + POLICY_KEEP_MS;
	step->refusal = why;
	step->refused_check = check_id;
	step->publishes = false;
	step->n_statements = 0;
	memset(step->asks, 0, sizeof(step->asks));
	step->says = "refused";
}

/* ---- attempts ---- */

/* Which field of the request a check is about. */
static const char *
field_of(const struct policy_plan *plan, const struct claim_check *check, struct cs_arena *arena)
{
	const struct claim_request *request = &plan->request;

	if (policy_identity_kind(check->kind))
		return check->kind == CLAIM_INDIVIDUAL ? "account" : "enterprise";
	if (check->kind != CLAIM_MAILBOX)
		return request->domains.n > 0 ? "domains" : "mailboxes";
	for (size_t i = 0; i < request->mailboxes.n; i++)
		if (strcmp(request->mailboxes.items[i], check->target) == 0)
			return cs_arena_printf(arena, "mailboxes[%zu]", i);
	return "mailboxes";
}

/* Checks and progress of the old case stay as they were: the new one gets its own. */
static void
own_checks(const struct policy_setting *in, struct policy_plan *plan)
{
	size_t n = plan->plan.n_checks;
	struct claim_check *checks = CS_NEW_ARRAY(in->arena, n, struct claim_check);
	struct policy_progress *progress = CS_NEW_ARRAY(in->arena, n, struct policy_progress);

	for (size_t i = 0; i < n; i++) {
		checks[i] = plan->plan.checks[i];
		progress[i] = plan->progress[i];
	}
	plan->plan.checks = checks;
	plan->progress = progress;
	plan->changed = true;
}

/* From 0 to below `span_ms`, another for each check of one decision. */
static int64_t
jitter(const struct policy_setting *in, size_t i, int64_t span_ms)
{
	uint32_t value = (uint32_t)in->random[(2 * i) % 32] << 8 | in->random[(2 * i + 1) % 32];

	return span_ms * value / 65536;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Silence until the deadline and a little more counts as "could not tell". */
static void
start_attempt(const struct policy_setting *in, struct policy_step *step, size_t i)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_progress *progress = &plan->progress[i];
	struct claim_check *check = &plan->plan.checks[i];

	progress->attempt++;
	progress->tries++;
	progress->outcome = 0;
	check->attempt = progress->attempt;
	check->deadline_ms = earlier(in->now_ms + POLICY_ATTEMPT_MS, plan->plan.ends_at_ms);
	progress->next_ms = check->deadline_ms + 1 + jitter(in, i, 3 * CS_SECOND_MS);
	step->asks[i] = true;
}

/* People verified it: the attempt is to say so, and is proved by that. */
static void
state_identity(const struct policy_setting *in, struct policy_step *step, size_t i,
    const struct policy_identified *identified)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_progress *progress = &plan->progress[i];
	struct claim_check *check = &plan->plan.checks[i];
	const struct policy_identity *record =
	    check->kind == CLAIM_ORGANIZATION ? identified->organization
	    : check->kind == CLAIM_AUTHORITY  ? identified->authority
					      : identified->individual;

	cs_assert(record != NULL && step->n_statements < POLICY_STATEMENTS);
	progress->attempt++;
	progress->tries++;
	progress->outcome = CLAIM_PROVED;
	progress->next_ms = 0;
	check->attempt = progress->attempt;
	step->statements[step->n_statements++] =
	    policy_identity_state(record, &plan->request, check, in->now_ms, in->arena);
}

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
			due = earlier(due, plan->progress[i].next_ms);
	plan->due_ms = due;
	plan->changed = true;
}

static struct cs_refusal
could_not_prove(
    const struct policy_setting *in, const struct policy_plan *plan, size_t i, const char *seen)
{
	const struct claim_check *check = &plan->plan.checks[i];

	return (struct cs_refusal){ "could-not-prove", field_of(plan, check, in->arena),
		check->kind == CLAIM_CAA ? "SBR 4.2.2.1" : "SBR 4.2.2.2",
		cs_arena_printf(in->arena, "Check %s of %s could not be carried out%s%s", check->id,
		    check->target, seen[0] != '\0' ? ": " : " in time.", seen),
		"See that the domain's name servers answer everywhere, then ask again." };
}

/* ---- plans ---- */

static struct policy_need
need_of(const struct policy_setting *in, const struct policy_case *c)
{
	return (struct policy_need){ .until_ms = in->now_ms + POLICY_FINAL_MS + POLICY_MARGIN_MS,
		.proofs = c->proofs,
		.request = c->plan.request.id,
		.on_behalf = policy_on_behalf(&c->plan.request),
		.uncorroborated = policy_waives(&c->config.profile, CLAIM_WAIVED_MPIC) };
}

static size_t
position(const struct policy_plan *plan, const char *check_id)
{
	size_t i = 0;

	while (i < plan->plan.n_checks && strcmp(plan->plan.checks[i].id, check_id) != 0)
		i++;
	return i;
}

/* Numbers of attempts go on over all plans of a request, whatever a plan says. */
static uint32_t
attempts_so_far(const struct policy_plan *plan, const char *check_id)
{
	const size_t i = position(plan, check_id);

	return i < plan->plan.n_checks ? plan->progress[i].attempt : 0;
}

/*
 * The checks as rules, profile and evidence demand them now; everything else of a plan, but its
 * end.
 */
static struct claim_plan
draft(const struct policy_setting *in, const struct policy_case *c,
    const struct policy_identified *identified, bool looks_anew)
{
	struct policy_need need = need_of(in, c);
	const struct claim_request *request = &c->plan.request;
	const bool alone = request->kind == CLAIM_DOMAIN_ONLY;
	struct claim_plan plan = {
		.request = request->id,
		.revision = c->plan.plan.revision + 1,
		.enterprise = request->enterprise,
		.account = request->account,
		.profile = request->profile,
		.certificate_profile = alone ? "" : c->config.profile.certificate_profile,
		.rules_version = smime_rules_version(),
		.contact = request->contact,
		.profile_version = c->config.profile.version,
		.enterprise_version = c->config.enterprise_version,
		.made_at_ms = in->now_ms,
		.subject = identified->stated,
		.second_factor = alone ? "" : c->config.second_factor,
	};

	need.looks_anew = looks_anew;
	if (alone) /* who has a domain verified wants a new proof, whatever stands */
		need.proofs = NULL;
	else
		plan.waived = policy_waived(&c->config.profile, in->arena);
	memcpy(plan.request_digest, request->digest, CLAIM_DIGEST);
	policy_checks_make(in->rules, &c->config, request, identified, need.until_ms, in->arena,
	    &plan.checks, &plan.n_checks);
	policy_standing_attach(&need, plan.checks, plan.n_checks);
	/* Which methods CAA must permit is known only now. */
	policy_checks_terms(in->rules, &c->config, plan.checks, plan.n_checks, in->arena);
	policy_standing_attach_caa(&need, plan.checks, plan.n_checks);
	return plan;
}

static void
take(const struct policy_setting *in, struct policy_plan *plan, const struct claim_plan *drafted)
{
	struct policy_progress *progress =
	    CS_NEW_ARRAY(in->arena, drafted->n_checks, struct policy_progress);

	for (size_t i = 0; i < drafted->n_checks; i++)
		progress[i].attempt = attempts_so_far(plan, drafted->checks[i].id);
	plan->plan = *drafted;
	plan->progress = progress;
	plan->changed = true;
}

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
		first = first == 0 ? end : earlier(first, end);
	}
	return first;
}

/* May it be asked for, and what does it rest on? */
static bool
may_request(const struct policy_setting *in, const struct policy_step *step,
    struct policy_identified *ret, struct cs_refusal *ret_why)
{
	const struct policy_case *c = &step->next;
	const struct policy_need need = need_of(in, c);

	return policy_may_request(in->rules, &c->config, &c->plan.request, in->now_ms,
		   need.until_ms, in->arena, ret_why) &&
	       policy_domains_permit(&c->config, &need, &c->plan.request, in->arena, ret_why) &&
	       policy_identify_for(&c->config, &c->plan.request, in->now_ms, need.until_ms,
		   in->arena, ret, ret_why);
}

/* Runs only what needs a person: their validators make a challenge and then wait for them. */
static void
make_first(const struct policy_setting *in, struct policy_step *step,
    const struct policy_identified *identified)
{
	struct policy_plan *plan = &step->next.plan;
	struct claim_plan drafted = draft(in, &step->next, identified, false);

	drafted.ends_at_ms = in->now_ms + POLICY_FIRST_MS;
	take(in, plan, &drafted);
	for (size_t i = 0; i < drafted.n_checks; i++) {
		struct claim_check *check = &drafted.checks[i];

		if (policy_identity_kind(check->kind))
			state_identity(in, step, i, identified);
		if (check->has_standing ||
		    (check->kind != CLAIM_MAILBOX && check->kind != CLAIM_DOMAIN))
			continue;
		start_attempt(in, step, i);
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
	const size_t before = position(was, check->id);

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
		start_attempt(in, step, i);
	step->asks[i] = true;
	plan->plan.checks[i].deadline_ms = plan->plan.ends_at_ms;
	plan->progress[i].next_ms = 0;
}

static bool
is_stated(const struct policy_plan *was, const struct claim_check *check)
{
	const size_t before = position(was, check->id);

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
			state_identity(in, step, i, identified);
	}
	step->publishes = true;
	step->says = "first plan revised";
}

static const struct claim_check *
first_missing(const struct claim_plan *plan)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (policy_needs_person(&plan->checks[i]) && !plan->checks[i].has_standing)
			return &plan->checks[i];
	return NULL;
}

/*
 * Was it due so long ago that nobody was here to see to it?  Then what was said meanwhile may still
 * be on its way to us, and silence means nothing.  Not for ever: an approval lasts a day.
 */
static bool
was_away(const struct policy_setting *in, const struct policy_plan *plan, int64_t due_ms)
{
	return in->now_ms - due_ms >= POLICY_LATE_MS &&
	       in->now_ms < plan->approval.approved_at_ms + POLICY_APPROVAL_MS;
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
		move(in, step, POLICY_APPROVED);
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
	refuse(in, step,
	    (struct cs_refusal){ "evidence-missing", field_of(plan, missing, in->arena),
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
	move(in, step, POLICY_FINAL);
	take(in, plan, drafted);
	for (size_t i = 0; i < drafted->n_checks; i++) {
		if (policy_identity_kind(drafted->checks[i].kind))
			state_identity(in, step, i, identified);
		else if (!drafted->checks[i].has_standing)
			start_attempt(in, step, i);
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

/* Request and approval are here: the final plan, or what it still waits for, or no. */
static void
try_final(const struct policy_setting *in, struct policy_step *step, bool looks_anew)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_identified identified;
	struct cs_refusal why;

	if (!is_approved(plan)) {
		refuse(in, step,
		    (struct cs_refusal){ "approval-mismatch", "approval", "SBR 4.2.2",
			"The approval is not for this request.",
			"Make the request again and approve what it shows." },
		    "");
		return;
	}
	/* Rules, profile and rights may have changed since the first plan. */
	if (!may_request(in, step, &identified, &why) ||
	    !policy_factor_holds(step->next.config.second_factor, &plan->request, &plan->approval,
		&plan->factor, in->now_ms, &why)) {
		refuse(in, step, why, "");
		return;
	}
	struct claim_plan drafted = draft(in, &step->next, &identified, looks_anew);
	const struct claim_check *missing = first_missing(&drafted);

	if (missing != NULL)
		wait_for(in, step, missing);
	else
		publish_final(in, step, &identified, &drafted);
}

/* A proof binds the domain to whom it was asked for by, in the enterprises that want that. */
static void
bind_proved(const struct policy_setting *in, struct policy_step *step)
{
	const struct policy_need need = need_of(in, &step->next);
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
	if (!may_request(in, &step, &identified, &why)) {
		refuse(in, &step, why, "");
		return step;
	}
	move(in, &step, POLICY_MADE);
	make_first(in, &step, &identified);
	bind_proved(in, &step);
	if (plan->approval_envelope.len > 0 && plan->request.kind != CLAIM_DOMAIN_ONLY) {
		/*
		 * The approval was faster.  People's validators are told first, then the clock
		 * goes on.
		 */
		move(in, &step, POLICY_APPROVED);
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
	size_t i = position(plan, asked->check_id);

	if (i == plan->plan.n_checks || policy_needs_person(&plan->plan.checks[i]) ||
	    policy_identity_kind(plan->plan.checks[i].kind))
		return step;
	const struct policy_progress *progress = &plan->progress[i];

	if (progress->attempt >= POLICY_LOOKS ||
	    (progress->attempt > 0 && progress->outcome == 0 && in->now_ms < progress->next_ms))
		return step; /* one at a time */
	own_checks(in, plan);
	plan->plan.checks[i].fresh = true;
	start_attempt(in, &step, i);
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
		try_final(in, &step, false);
	return step;
}

/* ---- evidence ---- */

/* The validator's own words, and what the person can do. */
static struct cs_refusal
refusal_of(const struct policy_setting *in, const struct policy_plan *plan,
    const struct claim_check *check, const struct claim_evidence *evidence)
{
	return (struct cs_refusal){
		.code = evidence->reason[0] != '\0' ? evidence->reason : "check-refused",
		.field = field_of(plan, check, in->arena),
		.clause = evidence->clause,
		.text = evidence->text,
		.mend = "Mend what the text says, then make the request again.",
	};
}

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
		refuse(in, step, refusal_of(in, plan, check, evidence), check->id);
		return true;
	}
	return false;
}

static void
on_outcome(const struct policy_setting *in, struct policy_step *step, size_t i,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;

	own_checks(in, plan);
	struct policy_progress *progress = &plan->progress[i];

	progress->outcome = evidence->outcome;
	step->says = "evidence counted";
	if (evidence->outcome == CLAIM_REFUSED) {
		refuse(in, step, refusal_of(in, plan, &plan->plan.checks[i], evidence),
		    evidence->check_id);
		return;
	}
	if (evidence->outcome == CLAIM_COULD_NOT_TELL) {
		if (progress->tries >= POLICY_ATTEMPTS) {
			refuse(in, step, could_not_prove(in, plan, i, evidence->text),
			    evidence->check_id);
			return;
		}
		int64_t pause = CS_SECOND_MS << progress->tries;

		progress->next_ms = in->now_ms + pause / 2 + jitter(in, i, pause);
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

static void
on_final_evidence(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;
	size_t i = position(plan, evidence->check_id);

	if (evidence->outcome == CLAIM_REFUSED && refuse_voided(in, step, evidence))
		return;
	if (i == plan->plan.n_checks || !answers(plan, i, evidence))
		return;
	const struct claim_evidence counts = judged(evidence, &plan->plan.checks[i]);

	on_outcome(in, step, i, &counts);
}

/* Before the approval a no is only shown: whoever mends it may look again. */
static void
on_early_evidence(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence)
{
	struct policy_plan *plan = &step->next.plan;
	size_t i = position(plan, evidence->check_id);

	if (i == plan->plan.n_checks || plan->progress[i].attempt != evidence->attempt)
		return;
	own_checks(in, plan);
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
		try_final(in, &step, false);
		break;
	case POLICY_FINAL:
		on_final_evidence(in, &step, &evidence->evidence);
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
		refuse(in, step, could_not_prove(in, plan, i, ""), plan->plan.checks[i].id);
		return false;
	}
	start_attempt(in, step, i);
	return true;
}

static void
repeat_what_is_due(const struct policy_setting *in, struct policy_step *step)
{
	struct policy_plan *plan = &step->next.plan;
	bool changed = false;

	own_checks(in, plan);
	for (size_t i = 0; i < plan->plan.n_checks && plan->state == POLICY_FINAL; i++) {
		if (is_satisfied(plan, i))
			continue;
		if (in->now_ms >= plan->plan.ends_at_ms)
			refuse(in, step, could_not_prove(in, plan, i, ""), plan->plan.checks[i].id);
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

	if (in->now_ms < plan->approval.approved_at_ms + POLICY_APPROVAL_MS) {
		try_final(in, step, true);
		return;
	}
	refuse(in, step,
	    (struct cs_refusal){ "not-signed", "approval", "SBR 4.2.2",
		"Everything was proved, but nobody signed within a day of the approval.",
		"Make the request again." },
	    "");
}

static void
on_final_due(const struct policy_setting *in, struct policy_step *step)
{
	const struct policy_plan *plan = &step->next.plan;

	if (all_satisfied(plan))
		renew(in, step);
	else if (in->now_ms >= plan->plan.ends_at_ms && was_away(in, plan, plan->due_ms))
		try_final(in, step, false);
	else
		repeat_what_is_due(in, step);
}

struct policy_step
policy_decide_due(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "nothing is due");

	if (old->plan.due_ms == 0 || in->now_ms < old->plan.due_ms)
		return step;
	switch (old->plan.state) {
	case POLICY_APPROVED:
		try_final(in, &step, false);
		break;
	case POLICY_FINAL:
		on_final_due(in, &step);
		break;
	case POLICY_REFUSED:
		move(in, &step, POLICY_ENDED);
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
	const struct policy_need need = need_of(in, old);
	struct policy_identified identified;
	struct cs_refusal why;

	if (plan->state != POLICY_MADE)
		return step;
	plan->changed |= plan->settings_version < old->settings_version || plan->due_ms != 0;
	plan->settings_version = old->settings_version;
	plan->due_ms = first_end(in, &plan->plan);
	if (plan->request.kind == CLAIM_DOMAIN_ONLY || !may_request(in, &step, &identified, &why))
		return step;
	struct claim_plan drafted = draft(in, &step.next, &identified, false);
	const struct policy_change change =
	    policy_change(&old->plan.plan, &drafted, &need, in->arena);

	if (!change.any)
		return step;
	drafted.ends_at_ms = plan->plan.ends_at_ms;
	take(in, plan, &drafted);
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
	move(in, &step, POLICY_ENDED);
	step.ends = true;
	step.says = says;
	return step;
}

struct policy_step
policy_decide_too_large(const struct policy_setting *in, const struct policy_case *old)
{
	struct policy_step step = keep(old, "plan too large");

	refuse(in, &step,
	    (struct cs_refusal){ "too-many-names", "mailboxes", "SBR 4.2.1",
		"The plan for so many and so long names does not fit.",
		"Spread the names over several requests." },
	    "");
	return step;
}
