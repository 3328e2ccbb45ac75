/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a plan, decision by decision. */
#include <string.h>

#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* One request on its way; `c` is where the next decision starts from. */
struct flow {
	struct fake_world *world;
	struct policy_submitted submitted;
	struct policy_case c;
};

static struct policy_step
took(struct flow *flow, struct policy_step step)
{
	flow->c = step.next;
	return step;
}

static struct policy_step
submit(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_submitted(&in, &flow->c, &flow->submitted));
}

static struct policy_step
approve(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);
	const struct policy_approved approved =
	    fake_approval(flow->world, &flow->submitted.request);

	return took(flow, policy_decide_approved(&in, &flow->c, &approved));
}

static struct policy_step
tell(struct flow *flow, const struct policy_evidence *evidence)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_evidence(&in, &flow->c, evidence));
}

static struct policy_step
wake(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_due(&in, &flow->c));
}

/* Evidence for a check of the plan as it is now. */
static struct policy_evidence
answer(struct flow *flow, const char *check_id, uint32_t attempt, enum claim_outcome outcome)
{
	const struct claim_check *check = fake_check(&flow->c.plan.plan, check_id);

	assert_non_null(check);
	return fake_evidence(flow->world, &flow->submitted.request, check, attempt, outcome);
}

static struct policy_step
tell_of(struct flow *flow, const char *check_id, uint32_t attempt, enum claim_outcome outcome)
{
	const struct policy_evidence evidence = answer(flow, check_id, attempt, outcome);

	return tell(flow, &evidence);
}

static size_t
position(const struct flow *flow, const char *check_id)
{
	const struct claim_check *check = fake_check(&flow->c.plan.plan, check_id);

	assert_non_null(check);
	return (size_t)(check - flow->c.plan.plan.checks);
}

static void
expect_state(const struct flow *flow, enum policy_state want)
{
	if (flow->c.plan.state != want)
		fail_msg("state: got %s, want %s", policy_state_name(flow->c.plan.state),
		    policy_state_name(want));
}

static void
expect_code(const struct policy_step *step, const char *want)
{
	const char *got = step->refusal.code != NULL ? step->refusal.code : "none";

	if (strcmp(got, want) != 0)
		fail_msg("refusal: got %s, want %s", got, want);
}

/* The ids of the checks that are asked for, in order, with a blank after each. */
static void
expect_asks(const struct flow *flow, const struct policy_step *step, const char *want)
{
	struct cs_buf got = cs_buf_new(flow->world->arena);

	for (size_t i = 0; i < flow->c.plan.plan.n_checks; i++)
		if (step->asks[i])
			cs_buf_printf(&got, "%s ", flow->c.plan.plan.checks[i].id);
	cs_buf_add_str(&got, "");
	if (!cs_span_is(cs_buf_span(&got), want))
		fail_msg("asks: got %s, want %s", (const char *)cs_buf_span(&got).data, want);
}

static struct flow
begin(struct fake_world *world)
{
	struct flow flow = { .world = world };

	flow.submitted = fake_request(world, "alice@alpha.example", "");
	flow.c.config = world->config;
	return flow;
}

static struct flow
begin_final(struct fake_world *world)
{
	struct flow flow = begin(world);

	(void)submit(&flow);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	(void)approve(&flow);
	expect_state(&flow, POLICY_FINAL);
	return flow;
}

/* ---- the first plan ---- */

static void
a_first_plan_runs_only_what_needs_a_person(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);

	flow.c.config.profile.validation = POLICY_BOTH;
	const struct policy_step step = submit(&flow);
	const struct claim_plan *plan = &flow.c.plan.plan;

	expect_state(&flow, POLICY_MADE);
	expect_code(&step, "none");
	assert_true(step.publishes);
	expect_asks(&flow, &step, "mailbox-1 domain-1 ");
	assert_false(plan->final);
	assert_int_equal(plan->revision, 1);
	assert_int_equal(plan->profile_version, 2);
	assert_int_equal(plan->enterprise_version, 3);
	assert_int_equal(plan->ends_at_ms, FAKE_NOW + 30 * CS_DAY_MS);
	assert_int_equal(fake_check(plan, "mailbox-1")->attempt, 1);
	assert_int_equal(fake_check(plan, "mailbox-1")->deadline_ms, plan->ends_at_ms);
	assert_int_equal(fake_check(plan, "mpic-domain-1")->attempt, 0);
	assert_int_equal(fake_check(plan, "caa-1")->attempt, 0);
	assert_int_equal(flow.c.plan.due_ms, 0);
}

static void
what_stands_is_not_asked_for_again(void **state)
{
	struct flow first = begin(*state), second;

	(void)submit(&first);
	(void)tell_of(&first, "mailbox-1", 1, CLAIM_PROVED);
	second = begin(*state);
	second.c.proofs = first.c.proofs;
	const struct policy_step step = submit(&second);

	expect_asks(&second, &step, "");
	assert_true(fake_check(&second.c.plan.plan, "mailbox-1")->has_standing);
}

/* A second request like one whose mailbox is proved, approved in itself at `at_ms`. */
static struct flow
begin_at_once(struct fake_world *world, const struct flow *first, int64_t at_ms)
{
	struct flow flow = begin(world);
	struct claim_approval *approval = CS_NEW(world->arena, struct claim_approval);

	flow.submitted.request.submitted_at_ms = at_ms;
	flow.submitted.request.approved_factor = "api-token";
	fake_reseal(world, &flow.submitted);
	assert_int_equal(claim_open_approval(world->arena, world->policy.trust,
			     flow.submitted.envelope, FAKE_NOW, approval, NULL),
	    CS_OK);
	flow.submitted.approval = approval;
	flow.c.proofs = first->c.proofs;
	return flow;
}

/* Its mailbox was proved then. */
static struct flow
begin_proved_at(struct fake_world *world, int64_t at_ms)
{
	world->now_ms = at_ms;
	struct flow flow = begin(world);

	(void)submit(&flow);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	world->now_ms = FAKE_NOW;
	return flow;
}

static struct flow
begin_proved(struct fake_world *world)
{
	return begin_proved_at(world, FAKE_NOW);
}

static void
what_is_approved_in_itself_is_final_at_once(void **state)
{
	struct flow first = begin_proved(*state);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW);
	const struct policy_step step = submit(&flow);
	uint8_t sha256[CLAIM_DIGEST];

	expect_state(&flow, POLICY_FINAL);
	expect_code(&step, "none");
	assert_true(step.publishes && flow.c.plan.plan.final);
	assert_int_equal(flow.c.plan.plan.revision, 1);
	expect_asks(&flow, &step, "caa-1 mpic-caa-1 ");
	assert_true(fake_check(&flow.c.plan.plan, "mailbox-1")->has_standing);
	claim_envelope_sha256(flow.submitted.envelope, sha256);
	assert_memory_equal(flow.c.plan.plan.approval_sha256, sha256, CLAIM_DIGEST);
	assert_true(cs_span_equal(flow.c.plan.approval_envelope, flow.submitted.envelope));
	/* A second approval is of no use, and the end of the plan is that of any other. */
	assert_false(approve(&flow).publishes);
	((struct fake_world *)*state)->now_ms = flow.c.plan.due_ms;
	assert_true(wake(&flow).publishes);
}

/* Then it is a request as any other: people prove what is missing, and somebody approves. */
static void
expect_a_first_plan(struct flow *flow)
{
	const struct policy_step step = submit(flow);

	expect_state(flow, POLICY_MADE);
	expect_code(&step, "none");
	assert_true(step.publishes && !flow->c.plan.plan.final);
	assert_int_equal(flow->c.plan.approval_envelope.len, 0);
}

static void
what_is_not_proved_is_approved_in_itself_in_vain(void **state)
{
	struct flow nothing = { .world = *state };
	struct flow flow = begin_at_once(*state, &nothing, FAKE_NOW);

	expect_a_first_plan(&flow);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	expect_state(&flow, POLICY_MADE);
	(void)approve(&flow);
	expect_state(&flow, POLICY_FINAL);
}

static void
what_wants_a_second_factor_is_approved_in_itself_in_vain(void **state)
{
	struct flow first = begin_proved(*state);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW);

	flow.c.config.second_factor = "email";
	expect_a_first_plan(&flow);
}

static void
an_approval_in_itself_is_good_for_a_day(void **state)
{
	struct flow first = begin_proved_at(*state, FAKE_NOW - POLICY_APPROVAL_MS);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW - POLICY_APPROVAL_MS + 1);

	(void)submit(&flow);
	expect_state(&flow, POLICY_FINAL);
	flow = begin_at_once(*state, &first, FAKE_NOW - POLICY_APPROVAL_MS);
	expect_a_first_plan(&flow);
}

/* Whoever approved then did not know of it. */
static void
what_was_proved_later_is_approved_in_itself_in_vain(void **state)
{
	struct flow first = begin_proved_at(*state, FAKE_NOW - 1);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW - 1);

	(void)submit(&flow);
	expect_state(&flow, POLICY_FINAL);
	flow = begin_at_once(*state, &first, FAKE_NOW - 2);
	expect_a_first_plan(&flow);
	(void)approve(&flow);
	expect_state(&flow, POLICY_FINAL);
}

/* An approval that came before its request is the one that counts. */
static void
an_earlier_approval_is_not_replaced_by_the_request(void **state)
{
	struct flow first = begin_proved(*state);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW);

	(void)approve(&flow);
	(void)submit(&flow);
	expect_state(&flow, POLICY_APPROVED);
	assert_false(policy_approved_in_itself(&flow.c.plan));
}

static void
what_may_not_be_asked_for_is_refused_though_it_is_approved_in_itself(void **state)
{
	struct flow first = begin_proved(*state);
	struct flow flow = begin_at_once(*state, &first, FAKE_NOW);

	flow.c.config.profile_allowed = false;
	(void)submit(&flow);
	expect_state(&flow, POLICY_REFUSED);
}

static void
a_request_on_behalf_asks_the_mailbox_anew(void **state)
{
	struct flow first = begin(*state), second;

	(void)submit(&first);
	(void)tell_of(&first, "mailbox-1", 1, CLAIM_PROVED);
	second = begin(*state);
	second.c.proofs = first.c.proofs;
	second.submitted.request.submitted_by = "boss";
	second.c.config.submitter_is_operator = true;
	fake_reseal(*state, &second.submitted);
	const struct policy_step step = submit(&second);

	expect_asks(&second, &step, "mailbox-1 ");
	assert_false(fake_check(&second.c.plan.plan, "mailbox-1")->has_standing);
	/* What is answered now serves it. */
	(void)tell_of(&second, "mailbox-1", 1, CLAIM_PROVED);
	(void)approve(&second);
	expect_state(&second, POLICY_FINAL);
	assert_true(fake_check(&second.c.plan.plan, "mailbox-1")->has_standing);
}

static void
a_refused_request_is_ended_after_a_day(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);

	flow.c.config.account_known = false;
	struct policy_step step = submit(&flow);

	expect_state(&flow, POLICY_REFUSED);
	expect_code(&step, "unknown-account");
	assert_false(step.publishes);
	assert_string_equal(step.next.plan.request.contact, "alice@alpha.example");
	world->now_ms = FAKE_NOW + CS_DAY_MS - 1;
	step = wake(&flow);
	assert_false(step.ends);
	world->now_ms++;
	step = wake(&flow);
	assert_true(step.ends);
	expect_state(&flow, POLICY_ENDED);
}

static void
a_request_is_planned_once(void **state)
{
	struct flow flow = begin(*state);

	(void)submit(&flow);
	const struct policy_step step = submit(&flow);

	assert_false(step.publishes);
	expect_asks(&flow, &step, "");
	assert_int_equal(flow.c.plan.plan.revision, 1);
}

/* ---- looks before the approval ---- */

static struct policy_step
look(struct flow *flow, const char *check_id, const char *enterprise, const char *account)
{
	const struct policy_setting in = fake_setting(flow->world);
	const struct policy_asked asked = { check_id, enterprise, account };

	return took(flow, policy_decide_verification_asked(&in, &flow->c, &asked));
}

static void
looks_at_caa_when_its_own_account_asks(void **state)
{
	static const struct {
		const char *check_id, *enterprise, *account, *want;
	} cases[] = {
		{ "caa-1", "demo", "alice", "caa-1 " },
		{ "mpic-caa-1", "demo", "alice", "mpic-caa-1 " },
		{ "mailbox-1", "demo", "alice", "" }, /* its validator hears of it itself */
		{ "caa-2", "demo", "alice", "" },
		{ "caa-1", "demo", "bob", "" },
		{ "caa-1", "rival", "alice", "" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct flow flow = begin(*state);

		(void)submit(&flow);
		const struct policy_step step =
		    look(&flow, cases[i].check_id, cases[i].enterprise, cases[i].account);

		expect_asks(&flow, &step, cases[i].want);
		assert_false(step.publishes);
		for (size_t k = 0; k < flow.c.plan.plan.n_checks; k++)
			assert_int_equal(flow.c.plan.plan.checks[k].fresh, step.asks[k]);
	}
}

static void
one_look_at_a_time_and_each_with_the_next_number(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);

	(void)submit(&flow);
	(void)look(&flow, "caa-1", "demo", "alice");
	struct policy_step step = look(&flow, "caa-1", "demo", "alice");

	expect_asks(&flow, &step, "");
	(void)tell_of(&flow, "caa-1", 1, CLAIM_REFUSED);
	expect_state(&flow, POLICY_MADE); /* a no before the approval is only shown */
	step = look(&flow, "caa-1", "demo", "alice");
	expect_asks(&flow, &step, "caa-1 ");
	assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 2);
	world->now_ms += CS_MINUTE_MS; /* silence */
	step = look(&flow, "caa-1", "demo", "alice");
	assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 3);
}

static void
looks_are_not_endless(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);
	struct policy_step step;

	(void)submit(&flow);
	for (int i = 0; i < POLICY_LOOKS; i++) {
		step = look(&flow, "caa-1", "demo", "alice");
		expect_asks(&flow, &step, "caa-1 ");
		world->now_ms += CS_MINUTE_MS;
	}
	step = look(&flow, "caa-1", "demo", "alice");
	expect_asks(&flow, &step, "");
}

/* ---- approval ---- */

static void
an_approval_makes_the_final_plan(void **state)
{
	struct flow flow = begin(*state);
	uint8_t sha256[CLAIM_DIGEST];

	(void)submit(&flow);
	const struct policy_evidence mailbox = answer(&flow, "mailbox-1", 1, CLAIM_PROVED);

	(void)tell(&flow, &mailbox);
	const struct policy_step step = approve(&flow);
	const struct claim_plan *plan = &flow.c.plan.plan;

	assert_true(step.publishes && plan->final);
	assert_int_equal(plan->revision, 2);
	assert_int_equal(plan->ends_at_ms, FAKE_NOW + 15 * CS_MINUTE_MS);
	claim_envelope_sha256(flow.c.plan.approval_envelope, sha256);
	assert_memory_equal(plan->approval_sha256, sha256, CLAIM_DIGEST);
	claim_envelope_sha256(mailbox.envelope, sha256);
	assert_memory_equal(fake_check(plan, "mailbox-1")->standing_sha256, sha256, CLAIM_DIGEST);
	expect_asks(&flow, &step, "caa-1 mpic-caa-1 ");
	assert_int_equal(fake_check(plan, "caa-1")->attempt, 1);
	assert_int_equal(fake_check(plan, "caa-1")->deadline_ms, FAKE_NOW + 45 * CS_SECOND_MS);
}

static void
attempts_go_on_counting_from_the_looks_before(void **state)
{
	struct flow flow = begin(*state);

	(void)submit(&flow);
	(void)look(&flow, "caa-1", "demo", "alice");
	(void)tell_of(&flow, "caa-1", 1, CLAIM_COULD_NOT_TELL);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	(void)approve(&flow);
	assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 2);
	assert_int_equal(fake_check(&flow.c.plan.plan, "mpic-caa-1")->attempt, 1);
}

static void
an_approval_waits_for_evidence_under_way(void **state)
{
	struct flow flow = begin(*state);

	(void)submit(&flow);
	struct policy_step step = approve(&flow);

	expect_state(&flow, POLICY_APPROVED);
	assert_false(step.publishes);
	step = tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	expect_state(&flow, POLICY_FINAL);
	assert_true(step.publishes);
}

static void
the_wait_for_evidence_has_an_end(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);

	(void)submit(&flow);
	(void)approve(&flow);
	world->now_ms = FAKE_NOW + POLICY_WAIT_MS - 1;
	struct policy_step step = wake(&flow);

	expect_state(&flow, POLICY_APPROVED);
	world->now_ms++;
	step = wake(&flow);
	expect_code(&step, "evidence-missing");
	assert_string_equal(step.refusal.field, "mailboxes[0]");
	assert_string_equal(step.refused_check, "mailbox-1");
}

static void
an_approval_may_come_before_its_request(void **state)
{
	struct flow flow = begin(*state);

	struct policy_step step = approve(&flow);
	expect_state(&flow, POLICY_NEW);
	assert_false(step.publishes);
	step = submit(&flow);
	assert_true(step.publishes); /* the first plan: validators must be told */
	expect_asks(&flow, &step, "mailbox-1 ");
	expect_state(&flow, POLICY_APPROVED);
	assert_int_equal(flow.c.plan.due_ms, FAKE_NOW);
	(void)wake(&flow);
	expect_state(&flow, POLICY_APPROVED);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	expect_state(&flow, POLICY_FINAL);
	assert_int_equal(flow.c.plan.plan.revision, 2);
}

/* Whoever edits rows can write the word, and not the approval. */
static void
a_row_that_says_approved_without_an_approval_is_refused(void **state)
{
	struct flow flow = begin(*state);
	const struct policy_setting in = fake_setting(*state);

	(void)submit(&flow);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	flow.c.plan.state = POLICY_APPROVED;
	flow.c.plan.due_ms = 1;
	const struct policy_step step = took(&flow, policy_decide_due(&in, &flow.c));

	expect_code(&step, "approval-mismatch");
}

static void
an_approval_of_something_else_is_refused(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct flow flow = begin(*state);
		const struct policy_setting in = fake_setting(*state);

		(void)submit(&flow);
		(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
		struct policy_approved approved = fake_approval(*state, &flow.submitted.request);

		if (i == 0)
			approved.approval.account = "bob";
		else if (i == 1)
			approved.approval.enterprise = "rival";
		else
			approved.approval.request_digest[0] ^= 1;
		const struct policy_step step =
		    took(&flow, policy_decide_approved(&in, &flow.c, &approved));

		expect_code(&step, "approval-mismatch");
	}
}

static void
rules_are_asked_again_at_the_approval(void **state)
{
	struct flow flow = begin(*state);

	(void)submit(&flow);
	(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
	flow.c.config.profile_allowed = false; /* meanwhile */
	const struct policy_step step = approve(&flow);

	expect_code(&step, "profile-not-allowed");
}

/* Load leaves its profile empty. */
static void
a_profile_that_nobody_knows_is_refused(void **state)
{
	struct flow flow = begin(*state);

	flow.c.config.profile_known = false;
	flow.c.config.profile = (struct policy_profile){ .version = 0 };
	const struct policy_step step = submit(&flow);

	expect_code(&step, "unknown-profile");
}

static void
a_second_approval_changes_nothing(void **state)
{
	struct flow flow = begin_final(*state);
	const struct policy_step step = approve(&flow);

	assert_false(step.publishes);
	assert_int_equal(flow.c.plan.plan.revision, 2);
}

static void
evidence_must_outlive_the_final_plan_by_the_margin(void **state)
{
	static const struct {
		const char *name;
		int64_t age_ms;
		const char *want;
	} cases[] = {
		{ "just fresh enough", 7 * CS_HOUR_MS - 20 * CS_MINUTE_MS, "mpic-caa-1 " },
		{ "one millisecond too old", 7 * CS_HOUR_MS - 20 * CS_MINUTE_MS + 1,
		    "caa-1 mpic-caa-1 " },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		world->now_ms = FAKE_NOW;
		struct flow flow = begin(world);

		(void)submit(&flow);
		(void)look(&flow, "caa-1", "demo", "alice");
		(void)tell_of(&flow, "caa-1", 1, CLAIM_PROVED);
		(void)tell_of(&flow, "mailbox-1", 1, CLAIM_PROVED);
		world->now_ms += cases[i].age_ms;
		const struct policy_step step = approve(&flow);

		expect_asks(&flow, &step, cases[i].want);
	}
}

/* ---- attempts of the final plan ---- */

static void
when_all_is_proved_the_signer_has_its_turn(void **state)
{
	struct flow flow = begin_final(*state);

	(void)tell_of(&flow, "caa-1", 1, CLAIM_PROVED);
	const struct policy_step step = tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);

	expect_state(&flow, POLICY_FINAL);
	assert_false(step.publishes); /* the plan names the attempt: the signer hears it too */
	assert_int_equal(flow.c.plan.due_ms, flow.c.plan.plan.ends_at_ms + POLICY_MARGIN_MS);
}

static void
a_no_to_the_current_attempt_refuses_the_plan(void **state)
{
	struct flow flow = begin_final(*state);
	const struct policy_step step = tell_of(&flow, "caa-1", 1, CLAIM_REFUSED);

	expect_state(&flow, POLICY_REFUSED);
	expect_code(&step, "caa-not-authorized");
	assert_string_equal(step.refusal.clause, "SBR 4.2.2.1");
	assert_string_equal(step.refusal.text, "CAA names another issuer.");
	assert_string_equal(step.refused_check, "caa-1");
	assert_false(step.ends);
}

static void
late_and_foreign_answers_change_nothing(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world), other = begin(world);

	world->now_ms = flow.c.plan.due_ms;
	(void)wake(&flow); /* silence: attempt 2 */
	(void)tell_of(&flow, "caa-1", 1, CLAIM_REFUSED);
	expect_state(&flow, POLICY_FINAL);
	(void)tell_of(&flow, "caa-1", 3, CLAIM_REFUSED);
	expect_state(&flow, POLICY_FINAL);
	struct policy_evidence foreign = answer(&flow, "caa-1", 2, CLAIM_REFUSED);

	memcpy(foreign.evidence.request_digest, other.submitted.request.digest, CLAIM_DIGEST);
	foreign.evidence.request_digest[0] ^= 1;
	(void)tell(&flow, &foreign);
	expect_state(&flow, POLICY_FINAL);
	foreign = answer(&flow, "caa-1", 2, CLAIM_REFUSED);
	foreign.evidence.expected = cs_span_str("another.example");
	fake_reseal_evidence(world, &foreign);
	(void)tell(&flow, &foreign);
	expect_state(&flow, POLICY_FINAL);
	(void)tell_of(&flow, "caa-1", 2, CLAIM_REFUSED);
	expect_state(&flow, POLICY_REFUSED);
}

static void
could_not_tell_is_asked_again_after_a_pause(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world);

	(void)tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);
	struct policy_step step = tell_of(&flow, "caa-1", 1, CLAIM_COULD_NOT_TELL);
	int64_t due = flow.c.plan.due_ms;

	assert_false(step.publishes);
	assert_true(due >= FAKE_NOW + CS_SECOND_MS && due < FAKE_NOW + 3 * CS_SECOND_MS);
	world->now_ms = due - 1;
	step = wake(&flow);
	assert_false(step.publishes);
	world->now_ms = due;
	step = wake(&flow);
	assert_true(step.publishes);
	expect_asks(&flow, &step, "caa-1 ");
	assert_int_equal(flow.c.plan.plan.revision, 3);
	assert_true(flow.c.plan.plan.final);
	assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 2);
	assert_int_equal(fake_check(&flow.c.plan.plan, "mpic-caa-1")->attempt, 1);
	assert_int_equal(flow.c.plan.plan.ends_at_ms, FAKE_NOW + POLICY_FINAL_MS);
}

static void
the_pause_depends_on_the_random_octets(void **state)
{
	struct fake_world *world = *state;
	int64_t due[2];

	for (int i = 0; i < 2; i++) {
		memset(world->random, i == 0 ? 0 : 0xff, sizeof(world->random));
		struct flow flow = begin_final(world);

		(void)tell_of(&flow, "caa-1", 1, CLAIM_COULD_NOT_TELL);
		due[i] = flow.c.plan.due_ms;
	}
	assert_int_equal(due[0], FAKE_NOW + CS_SECOND_MS);
	assert_int_equal(due[1], FAKE_NOW + 3 * CS_SECOND_MS - 1);
}

static void
silence_is_asked_again_until_the_budget_is_spent(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world);
	struct policy_step step;

	(void)tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);
	for (uint32_t attempt = 2; attempt <= POLICY_ATTEMPTS; attempt++) {
		assert_true(
		    flow.c.plan.due_ms > fake_check(&flow.c.plan.plan, "caa-1")->deadline_ms);
		world->now_ms = flow.c.plan.due_ms;
		step = wake(&flow);
		expect_asks(&flow, &step, "caa-1 ");
		assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, attempt);
	}
	world->now_ms = flow.c.plan.due_ms;
	step = wake(&flow);
	expect_code(&step, "could-not-prove");
	assert_string_equal(step.refused_check, "caa-1");
	assert_false(step.publishes);
	expect_asks(&flow, &step, "");
}

static void
could_not_tell_spends_the_budget_too(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world);
	struct policy_step step;

	(void)tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);
	for (uint32_t attempt = 1; attempt < POLICY_ATTEMPTS; attempt++) {
		(void)tell_of(&flow, "caa-1", attempt, CLAIM_COULD_NOT_TELL);
		expect_state(&flow, POLICY_FINAL);
		world->now_ms = flow.c.plan.due_ms;
		(void)wake(&flow);
	}
	step = tell_of(&flow, "caa-1", POLICY_ATTEMPTS, CLAIM_COULD_NOT_TELL);
	expect_code(&step, "could-not-prove");
}

static void
a_plan_that_ends_unproved_is_refused_unless_we_were_away(void **state)
{
	static const struct {
		const char *name;
		int64_t due_before_end_ms, after_end_ms;
		const char *want;
	} cases[] = {
		{ "on time", 0, 0, "could-not-prove" },
		{ "a little late", 10000, POLICY_LATE_MS - 10001, "could-not-prove" },
		{ "away since before the end", 10000, POLICY_LATE_MS - 10000, "none" },
		{ "away for a day", 10000, CS_DAY_MS - POLICY_FINAL_MS, "could-not-prove" },
		{ "away for a millisecond less", 10000, CS_DAY_MS - POLICY_FINAL_MS - 1, "none" },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		world->now_ms = FAKE_NOW;
		struct flow flow = begin_final(world);
		int64_t end = flow.c.plan.plan.ends_at_ms;

		flow.c.plan.due_ms = end - cases[i].due_before_end_ms;
		world->now_ms = end + cases[i].after_end_ms;
		const struct policy_step step = wake(&flow);

		if (strcmp(step.refusal.code != NULL ? step.refusal.code : "none", cases[i].want) !=
		    0)
			fail_msg("%s: got %s, want %s", cases[i].name,
			    step.refusal.code != NULL ? step.refusal.code : "none", cases[i].want);
		if (step.refusal.code != NULL)
			continue;
		assert_true(step.publishes);
		expect_asks(&flow, &step, "caa-1 mpic-caa-1 ");
		assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 2);
	}
}

static void
an_outage_of_ours_does_not_end_the_wait_for_evidence(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world);

	(void)submit(&flow);
	(void)approve(&flow);
	world->now_ms = FAKE_NOW + POLICY_WAIT_MS + POLICY_LATE_MS;
	struct policy_step step = wake(&flow);

	expect_state(&flow, POLICY_APPROVED);
	assert_int_equal(flow.c.plan.due_ms, world->now_ms + POLICY_WAIT_MS);
	world->now_ms = FAKE_NOW + CS_DAY_MS;
	step = wake(&flow);
	expect_code(&step, "evidence-missing");
}

static void
an_answer_after_its_deadline_serves_as_standing_evidence(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world);

	(void)tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);
	world->now_ms = flow.c.plan.due_ms;
	(void)wake(&flow);
	(void)tell_of(&flow, "caa-1", 1, CLAIM_PROVED); /* attempt 2 runs */
	world->now_ms = flow.c.plan.due_ms;
	const struct policy_step step = wake(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "");
	assert_true(fake_check(&flow.c.plan.plan, "caa-1")->has_standing);
	assert_int_equal(fake_check(&flow.c.plan.plan, "caa-1")->attempt, 0);
}

static void
a_quorum_of_too_few_perspectives_is_no_proof(void **state)
{
	struct flow flow = begin_final(*state);
	struct policy_evidence few = answer(&flow, "mpic-caa-1", 1, CLAIM_PROVED);

	fake_perspectives(*state, &few, 3);
	(void)tell(&flow, &few);
	assert_false(fake_check(&flow.c.plan.plan, "mpic-caa-1")->has_standing);
	assert_int_equal(
	    flow.c.plan.progress[position(&flow, "mpic-caa-1")].outcome, CLAIM_COULD_NOT_TELL);
}

static void
answers_that_dnssec_does_not_vouch_for_are_no_proof(void **state)
{
	static const struct {
		enum claim_dnssec security;
		enum claim_outcome want;
	} cases[] = {
		{ CLAIM_DNSSEC_SECURE, CLAIM_PROVED },
		{ CLAIM_DNSSEC_INSECURE, CLAIM_PROVED },
		{ CLAIM_DNSSEC_BOGUS, CLAIM_COULD_NOT_TELL },
		{ CLAIM_DNSSEC_INDETERMINATE, CLAIM_COULD_NOT_TELL },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct flow flow = begin_final(*state);
		struct policy_evidence yes = answer(&flow, "caa-1", 1, CLAIM_PROVED);
		struct policy_proof proof;

		yes.evidence.security = cases[i].security;
		(void)tell(&flow, &yes);
		assert_int_equal(
		    flow.c.plan.progress[position(&flow, "caa-1")].outcome, cases[i].want);
		/* Nor does it stand for later requests. */
		assert_int_equal(policy_proof_of(&yes.evidence, yes.envelope, FAKE_NOW, &proof),
		    cases[i].want == CLAIM_PROVED);
	}
}

static void
the_same_evidence_twice_counts_once(void **state)
{
	struct flow flow = begin_final(*state);
	const struct policy_evidence maybe = answer(&flow, "caa-1", 1, CLAIM_COULD_NOT_TELL);
	const struct policy_evidence later = answer(&flow, "caa-1", 1, CLAIM_REFUSED);

	(void)tell(&flow, &maybe);
	int64_t due = flow.c.plan.due_ms;
	struct policy_step step = tell(&flow, &maybe);

	assert_int_equal(flow.c.plan.due_ms, due);
	/* Another result for an attempt that has one: the first counts. */
	step = tell(&flow, &later);
	expect_code(&step, "none");
}

/* ---- after everything was proved ---- */

static struct flow
begin_complete(struct fake_world *world)
{
	struct flow flow = begin_final(world);

	(void)tell_of(&flow, "caa-1", 1, CLAIM_PROVED);
	(void)tell_of(&flow, "mpic-caa-1", 1, CLAIM_PROVED);
	return flow;
}

static void
an_unsigned_plan_is_made_anew_within_a_day(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_complete(world);

	world->now_ms = FAKE_NOW + POLICY_FINAL_MS + POLICY_MARGIN_MS;
	struct policy_step step = wake(&flow);

	assert_true(step.publishes && flow.c.plan.plan.final);
	assert_int_equal(flow.c.plan.plan.revision, 3);
	assert_int_equal(flow.c.plan.plan.ends_at_ms, world->now_ms + POLICY_FINAL_MS);
	/* CAA stands for hours, but perhaps the signer never got to see it. */
	expect_asks(&flow, &step, "caa-1 mpic-caa-1 ");
	(void)tell_of(&flow, "caa-1", 2, CLAIM_PROVED);
	(void)tell_of(&flow, "mpic-caa-1", 2, CLAIM_PROVED);
	world->now_ms = FAKE_NOW + POLICY_APPROVAL_MS;
	step = wake(&flow);
	expect_code(&step, "not-signed");
}

static void
a_no_after_the_final_plan_voids_what_it_stood_on(void **state)
{
	struct flow flow = begin_complete(*state);
	struct policy_evidence no = answer(&flow, "mailbox-1", 2, CLAIM_REFUSED);

	const struct policy_step step = tell(&flow, &no);
	expect_state(&flow, POLICY_REFUSED);
	assert_string_equal(step.refused_check, "mailbox-1");
}

/* The schedule looks dozens of times before anybody publishes anything. */
static void
a_look_at_a_domain_in_vain_is_remembered_for_a_day(void **state)
{
	struct flow flow = begin(*state);

	flow.c.config.profile.validation = POLICY_BOTH;
	(void)submit(&flow);
	struct policy_evidence no = answer(&flow, "domain-1", 1, CLAIM_REFUSED);

	no.evidence.method = "dns-txt";
	(void)tell(&flow, &no);
	assert_non_null(flow.c.proofs);
	assert_int_equal(flow.c.proofs->outcome, CLAIM_REFUSED);
	assert_int_equal(flow.c.proofs->valid_until_ms, flow.world->now_ms + POLICY_LATE_NO_MS);
}

static void
nothing_moves_a_plan_that_has_ended(void **state)
{
	struct fake_world *world = *state;
	struct flow flows[] = { begin(world), begin(world), begin_final(world),
		begin_complete(world) };

	(void)submit(&flows[1]);
	for (size_t i = 0; i < LEN(flows); i++) {
		struct flow *flow = &flows[i];
		const struct policy_setting in = fake_setting(world);
		struct policy_step step = took(flow, policy_decide_ended(&in, &flow->c, "issued"));

		assert_true(step.ends);
		assert_int_equal(flow->c.plan.due_ms, 0);
		step = submit(flow);
		assert_false(step.publishes);
		step = approve(flow);
		assert_false(step.publishes);
		step = wake(flow);
		assert_false(step.publishes || step.ends);
		step = took(flow, policy_decide_ended(&in, &flow->c, "issued"));
		assert_false(step.ends);
		expect_state(flow, POLICY_ENDED);
	}
}

static void
a_decision_leaves_the_case_before_it_alone(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin_final(world);
	const struct policy_case before = flow.c;
	struct claim_check checks[CLAIM_MAX_CHECKS];
	struct policy_progress progress[CLAIM_MAX_CHECKS];
	size_t n = before.plan.plan.n_checks;

	memcpy(checks, before.plan.plan.checks, n * sizeof(checks[0]));
	memcpy(progress, before.plan.progress, n * sizeof(progress[0]));
	(void)tell_of(&flow, "caa-1", 1, CLAIM_COULD_NOT_TELL);
	world->now_ms = flow.c.plan.due_ms;
	(void)wake(&flow);
	assert_memory_equal(checks, before.plan.plan.checks, n * sizeof(checks[0]));
	assert_memory_equal(progress, before.plan.progress, n * sizeof(progress[0]));
}

static void
only_the_moves_of_the_table_are_moves(void **state)
{
	(void)state;
	for (enum policy_state s = POLICY_NEW; s < POLICY_STATES; s++) {
		assert_false(policy_may_move(POLICY_ENDED, s));
		assert_false(policy_may_move(s, POLICY_NEW));
		assert_int_equal(policy_may_move(POLICY_REFUSED, s), s == POLICY_ENDED);
		assert_int_equal(policy_may_move(s, POLICY_ENDED), s != POLICY_ENDED);
	}
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_first_plan_runs_only_what_needs_a_person),
		CASE(what_stands_is_not_asked_for_again),
		CASE(what_is_approved_in_itself_is_final_at_once),
		CASE(what_is_not_proved_is_approved_in_itself_in_vain),
		CASE(what_wants_a_second_factor_is_approved_in_itself_in_vain),
		CASE(an_approval_in_itself_is_good_for_a_day),
		CASE(what_was_proved_later_is_approved_in_itself_in_vain),
		CASE(an_earlier_approval_is_not_replaced_by_the_request),
		CASE(what_may_not_be_asked_for_is_refused_though_it_is_approved_in_itself),
		CASE(a_request_on_behalf_asks_the_mailbox_anew),
		CASE(a_refused_request_is_ended_after_a_day),
		CASE(a_request_is_planned_once),
		CASE(looks_at_caa_when_its_own_account_asks),
		CASE(one_look_at_a_time_and_each_with_the_next_number),
		CASE(looks_are_not_endless),
		CASE(an_approval_makes_the_final_plan),
		CASE(attempts_go_on_counting_from_the_looks_before),
		CASE(an_approval_waits_for_evidence_under_way),
		CASE(the_wait_for_evidence_has_an_end),
		CASE(an_approval_may_come_before_its_request),
		CASE(an_approval_of_something_else_is_refused),
		CASE(a_row_that_says_approved_without_an_approval_is_refused),
		CASE(rules_are_asked_again_at_the_approval),
		CASE(a_profile_that_nobody_knows_is_refused),
		CASE(a_second_approval_changes_nothing),
		CASE(evidence_must_outlive_the_final_plan_by_the_margin),
		CASE(when_all_is_proved_the_signer_has_its_turn),
		CASE(a_no_to_the_current_attempt_refuses_the_plan),
		CASE(late_and_foreign_answers_change_nothing),
		CASE(could_not_tell_is_asked_again_after_a_pause),
		CASE(the_pause_depends_on_the_random_octets),
		CASE(silence_is_asked_again_until_the_budget_is_spent),
		CASE(could_not_tell_spends_the_budget_too),
		CASE(a_plan_that_ends_unproved_is_refused_unless_we_were_away),
		CASE(an_outage_of_ours_does_not_end_the_wait_for_evidence),
		CASE(an_answer_after_its_deadline_serves_as_standing_evidence),
		CASE(a_quorum_of_too_few_perspectives_is_no_proof),
		CASE(answers_that_dnssec_does_not_vouch_for_are_no_proof),
		CASE(the_same_evidence_twice_counts_once),
		CASE(an_unsigned_plan_is_made_anew_within_a_day),
		CASE(a_no_after_the_final_plan_voids_what_it_stood_on),
		CASE(a_look_at_a_domain_in_vain_is_remembered_for_a_day),
		CASE(nothing_moves_a_plan_that_has_ended),
		CASE(a_decision_leaves_the_case_before_it_alone),
		CASE(only_the_moves_of_the_table_are_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
