/* SPDX-License-Identifier: Apache-2.0 */
/* A first plan that settings, rules or time changed: what is new, why, and what goes on. */
#include <string.h>

#include "fake_world.h"

#define PROFILE "The certification profile was changed, and asks for this now."
#define ENTERPRISE "The settings of the enterprise were changed, and ask for this now."
#define ENDED "The proof that served before has ended."

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

static struct flow
begin(struct fake_world *world, enum policy_validation validation)
{
	const struct policy_setting in = fake_setting(world);
	struct flow flow = { .world = world };

	world->config.profile.validation = validation;
	flow.submitted = fake_request(world, "alice@alpha.example", "alpha.example");
	flow.c.config = world->config;
	(void)took(&flow, policy_decide_submitted(&in, &flow.c, &flow.submitted));
	assert_int_equal(flow.c.plan.state, POLICY_MADE);
	return flow;
}

static struct policy_step
tell(struct flow *flow, const struct policy_evidence *evidence)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_evidence(&in, &flow->c, evidence));
}

static struct policy_step
change(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_changed(&in, &flow->c));
}

static struct policy_step
approve(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);
	const struct policy_approved approved =
	    fake_approval(flow->world, &flow->submitted.request);

	return took(flow, policy_decide_approved(&in, &flow->c, &approved));
}

static const struct claim_check *
check_of(const struct flow *flow, const char *id)
{
	const struct claim_check *check = fake_check(&flow->c.plan.plan, id);

	if (check == NULL)
		fail_msg("the plan has no %s", id);
	return check;
}

static void
prove_mailbox(struct flow *flow)
{
	const struct policy_evidence yes = fake_evidence(
	    flow->world, &flow->submitted.request, check_of(flow, "mailbox-1"), 1, CLAIM_PROVED);

	(void)tell(flow, &yes);
}

static void
prove_domain(struct flow *flow, const char *method)
{
	const struct policy_evidence yes = fake_domain(
	    flow->world, &flow->submitted.request, check_of(flow, "domain-1"), method, "value");
	const struct policy_evidence seconded = fake_corroboration(flow->world, &yes);

	(void)tell(flow, &yes);
	(void)tell(flow, &seconded);
}

/* An operator sets another validation and other methods; the next version of the profile. */
static void
set_profile(struct flow *flow, enum policy_validation validation, const char *methods)
{
	struct policy_profile *profile = &flow->c.config.profile;

	profile->validation = validation;
	profile->domain_methods = fake_texts(flow->world, methods);
	profile->version++;
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

/* ---- what is new ---- */

static void
a_new_check_says_why_and_what_was_proved_goes_on(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);
	const int64_t ends_at_ms = flow.c.plan.plan.ends_at_ms;

	prove_mailbox(&flow);
	set_profile(&flow, POLICY_BOTH, "dns-txt");
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	assert_null(step.refusal.code);
	assert_int_equal(flow.c.plan.state, POLICY_MADE);
	assert_false(flow.c.plan.plan.final);
	assert_int_equal(flow.c.plan.plan.revision, 2);
	assert_int_equal(flow.c.plan.plan.ends_at_ms, ends_at_ms);
	assert_int_equal(flow.c.plan.plan.profile_version, 3);
	expect_asks(&flow, &step, "domain-1 ");
	assert_int_equal(check_of(&flow, "domain-1")->attempt, 1);
	assert_int_equal(check_of(&flow, "domain-1")->deadline_ms, ends_at_ms);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, PROFILE);
	assert_string_equal(check_of(&flow, "mpic-domain-1")->new_because, PROFILE);
	assert_true(check_of(&flow, "mailbox-1")->has_standing);
	assert_string_equal(check_of(&flow, "mailbox-1")->new_because, "");
	assert_string_equal(check_of(&flow, "caa-1")->new_because, "");
	prove_domain(&flow, "dns-txt");
	(void)approve(&flow);
	assert_true(flow.c.plan.plan.final);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, "");
}

/* A token that was mailed stays good: the check keeps its number. */
static void
what_was_begun_goes_on_under_its_number(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);

	set_profile(&flow, POLICY_BOTH, "dns-txt");
	(void)change(&flow);
	assert_int_equal(check_of(&flow, "mailbox-1")->attempt, 1);
	prove_mailbox(&flow);
	prove_domain(&flow, "dns-txt");
	(void)approve(&flow);
	assert_true(flow.c.plan.plan.final);
	assert_true(check_of(&flow, "mailbox-1")->has_standing);
}

static void
what_asks_for_the_same_is_not_published_again(void **state)
{
	struct flow flow = begin(*state, POLICY_BOTH);
	struct policy_step step = change(&flow);

	assert_false(step.publishes);
	prove_mailbox(&flow);
	prove_domain(&flow, "dns-txt");
	flow.c.config.profile.version++; /* its title, perhaps */
	flow.c.config.enterprise_version++;
	step = change(&flow);
	assert_false(step.publishes);
	assert_int_equal(flow.c.plan.plan.revision, 1);
}

static void
a_method_that_is_no_longer_taken_makes_its_proof_void(void **state)
{
	struct flow flow = begin(*state, POLICY_BOTH);

	prove_domain(&flow, "http-file");
	set_profile(&flow, POLICY_BOTH, "dns-txt");
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "domain-1 ");
	assert_false(check_of(&flow, "domain-1")->has_standing);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, PROFILE);
	assert_string_equal(check_of(&flow, "mpic-domain-1")->new_because, PROFILE);
	assert_int_equal(check_of(&flow, "domain-1")->attempt, 1);
}

/* Fewer ways are no new demand, but the validator must know of them. */
static void
a_method_that_nobody_used_is_left_out(void **state)
{
	struct flow flow = begin(*state, POLICY_BOTH);

	set_profile(&flow, POLICY_BOTH, "dns-txt");
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "domain-1 ");
	assert_int_equal(check_of(&flow, "domain-1")->allowed_methods.n, 1);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, "");
}

static void
a_proof_that_ended_is_asked_for_again(void **state)
{
	struct fake_world *world = *state;
	struct flow first = begin(world, POLICY_MAILBOX);

	prove_mailbox(&first);
	world->now_ms += 29 * CS_DAY_MS;
	struct flow flow = { .world = world };
	const struct policy_setting in = fake_setting(world);

	flow.submitted = fake_request(world, "alice@alpha.example", "");
	flow.c.config = world->config;
	flow.c.proofs = first.c.proofs;
	(void)took(&flow, policy_decide_submitted(&in, &flow.c, &flow.submitted));
	assert_true(check_of(&flow, "mailbox-1")->has_standing);
	world->now_ms += CS_DAY_MS;
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "mailbox-1 ");
	assert_string_equal(check_of(&flow, "mailbox-1")->new_because, ENDED);
}

static void
a_shorter_period_is_the_profiles_doing(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world, POLICY_MAILBOX);

	prove_mailbox(&flow);
	world->now_ms += 3 * CS_DAY_MS;
	flow.c.config.profile.mailbox_period_days = 2;
	flow.c.config.profile.version++;
	const struct policy_step step = change(&flow);

	expect_asks(&flow, &step, "mailbox-1 ");
	assert_string_equal(check_of(&flow, "mailbox-1")->new_because, PROFILE);
}

static void
what_was_new_stays_new_until_it_is_final(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);

	set_profile(&flow, POLICY_BOTH, "dns-txt,http-file");
	(void)change(&flow);
	set_profile(&flow, POLICY_BOTH, "dns-txt");
	(void)change(&flow);
	assert_int_equal(flow.c.plan.plan.revision, 3);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, PROFILE);
}

static void
what_is_no_longer_asked_for_is_dropped(void **state)
{
	struct flow flow = begin(*state, POLICY_BOTH);

	set_profile(&flow, POLICY_MAILBOX, "dns-txt");
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "");
	assert_null(fake_check(&flow.c.plan.plan, "domain-1"));
	assert_int_equal(check_of(&flow, "mailbox-1")->attempt, 1);
}

/* The enterprise relies on fewer of our names: CAA is read for these, and nobody has to do anything. */
static void
other_names_of_ours_are_told_and_ask_for_nothing(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world, POLICY_MAILBOX);
	struct policy_caa caa = { "alpha.example", fake_texts(world, "ca2.example") };

	flow.c.config.caa = &caa;
	flow.c.config.n_caa = 1;
	flow.c.config.enterprise_version++;
	const struct policy_step step = change(&flow);

	assert_true(step.publishes);
	expect_asks(&flow, &step, "");
	assert_int_equal(check_of(&flow, "caa-1")->issuer_domains.n, 1);
	assert_string_equal(check_of(&flow, "caa-1")->new_because, "");
}

static void
the_enterprise_may_be_the_reason(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);

	flow.c.config.profile.validation = POLICY_BOTH;
	flow.c.config.enterprise_version++;
	(void)change(&flow);
	assert_string_equal(check_of(&flow, "domain-1")->new_because, ENTERPRISE);
}

/* ---- when it is looked at ---- */

/* When a proof that stands is too old for an approval the clock says so, without any change of settings. */
static void
the_clock_asks_again_when_a_proof_ends(void **state)
{
	struct fake_world *world = *state;
	struct flow first = begin(world, POLICY_MAILBOX);

	prove_mailbox(&first);
	world->now_ms += 29 * CS_DAY_MS;
	struct flow flow = { .world = world };
	struct policy_setting in = fake_setting(world);

	flow.submitted = fake_request(world, "alice@alpha.example", "");
	flow.c.config = world->config;
	flow.c.proofs = first.c.proofs;
	(void)took(&flow, policy_decide_submitted(&in, &flow.c, &flow.submitted));
	const int64_t due_ms = flow.c.plan.due_ms;

	assert_int_equal(
	    due_ms, FAKE_NOW + 30 * CS_DAY_MS - POLICY_FINAL_MS - POLICY_MARGIN_MS + 1);
	world->now_ms = due_ms - 1;
	in = fake_setting(world);
	assert_false(took(&flow, policy_decide_due(&in, &flow.c)).publishes);
	assert_false(change(&flow).publishes); /* it serves to its last millisecond */
	world->now_ms = due_ms;
	in = fake_setting(world);
	const struct policy_step step = took(&flow, policy_decide_due(&in, &flow.c));

	assert_true(step.publishes);
	expect_asks(&flow, &step, "mailbox-1 ");
	assert_int_equal(flow.c.plan.due_ms, 0); /* nothing stands that could end */
}

/* It is compared once with each state of the settings, also when it may not be made any more. */
static void
what_was_compared_is_not_due_again(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);

	flow.c.plan.changed = false;
	flow.c.settings_version = 7;
	(void)change(&flow);
	assert_int_equal(flow.c.plan.settings_version, 7);
	assert_true(flow.c.plan.changed);
	flow.c.plan.changed = false;
	(void)change(&flow);
	assert_false(flow.c.plan.changed);
	flow.c.config.profile_allowed = false;
	flow.c.settings_version = 8;
	(void)change(&flow);
	assert_int_equal(flow.c.plan.settings_version, 8);
	assert_true(flow.c.plan.changed);
}

/* ---- when there is nothing to say ---- */

static void
what_may_not_be_made_any_more_is_left_to_its_approval(void **state)
{
	struct flow flow = begin(*state, POLICY_MAILBOX);

	prove_mailbox(&flow);
	set_profile(&flow, POLICY_BOTH, "dns-txt");
	flow.c.config.profile_allowed = false;
	const struct policy_step step = change(&flow);

	assert_false(step.publishes);
	assert_null(step.refusal.code);
	assert_int_equal(flow.c.plan.state, POLICY_MADE);
	assert_string_equal(approve(&flow).refusal.code, "profile-not-allowed");
}

static void
only_an_open_first_plan_is_made_anew(void **state)
{
	struct fake_world *world = *state;
	struct flow flow = begin(world, POLICY_MAILBOX);

	prove_mailbox(&flow);
	(void)approve(&flow);
	assert_int_equal(flow.c.plan.state, POLICY_FINAL);
	set_profile(&flow, POLICY_BOTH, "dns-txt");
	assert_false(change(&flow).publishes);
	const struct policy_setting in = fake_setting(world);

	(void)took(&flow, policy_decide_ended(&in, &flow.c, "issued"));
	assert_false(change(&flow).publishes);
	flow.c = (struct policy_case){ .config = world->config };
	assert_false(change(&flow).publishes);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_new_check_says_why_and_what_was_proved_goes_on),
		CASE(what_was_begun_goes_on_under_its_number),
		CASE(what_asks_for_the_same_is_not_published_again),
		CASE(a_method_that_is_no_longer_taken_makes_its_proof_void),
		CASE(a_method_that_nobody_used_is_left_out),
		CASE(a_proof_that_ended_is_asked_for_again),
		CASE(a_shorter_period_is_the_profiles_doing),
		CASE(what_was_new_stays_new_until_it_is_final),
		CASE(what_is_no_longer_asked_for_is_dropped),
		CASE(other_names_of_ours_are_told_and_ask_for_nothing),
		CASE(the_enterprise_may_be_the_reason),
		CASE(the_clock_asks_again_when_a_proof_ends),
		CASE(what_was_compared_is_not_due_again),
		CASE(what_may_not_be_made_any_more_is_left_to_its_approval),
		CASE(only_an_open_first_plan_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
