/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second factor at the approval.  The seed: "When the user clicks Generate, an authentication window appears. After the
 * selected method is successfully verified, the certificate is generated."
 */
#include <string.h>

#include "connector/factor.h"
#include "fake_store.h"
#include "fake_world.h"
#include "policy_factor.h"
#include "svc/svc_test.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct stage {
	struct fake_world *world;
	struct svc_test *test;
	struct svc_service service;
	struct policy_submitted submitted;
};

static void
stage_begin(struct stage *stage, struct fake_world *world)
{
	*stage = (struct stage){ .world = world };
	stage->service = (struct svc_service){
		.name = "policy",
		.mode = SVC_BATCH,
		.self = &world->policy,
		.routes = policy_routes,
		.load = store_load_cases,
		.save = store_save_cases,
		.share = policy_share,
		.decided = policy_decided,
	};
	fake_store_reset();
	fake_store_config(&world->config);
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
	stage->submitted = fake_request(world, "alice@alpha.example", "");
}

static void
run_one(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	svc_test_set_time(stage->test, stage->world->now_ms);
	svc_test_run(
	    stage->test, &(struct svc_test_event){ .id = id, .subject = subject, .body = body }, 1);
}

/* Its mailbox is proved, so that an approval is all that is missing. */
static void
submit_and_prove(struct stage *stage)
{
	struct fake_world *world = stage->world;
	struct claim_asked asked;

	run_one(stage, "submitted", "request.submitted", stage->submitted.envelope);
	const struct svc_test_out *out = svc_test_out(stage->test, "plan.mailbox-asked", 0);

	assert_non_null(out);
	assert_int_equal(claim_read_asked(world->arena, out->body, &asked, NULL), CS_OK);
	run_one(stage, "proved", "evidence.mailbox",
	    fake_evidence(world, &stage->submitted.request, &asked.check, 1, CLAIM_PROVED)
		.envelope);
}

/* As notifier states it of alice, by the method that is wanted, a minute before the approval. */
static struct claim_factor
good(const struct stage *stage)
{
	struct claim_factor factor = {
		.request = stage->submitted.request.id,
		.enterprise = "demo",
		.account = "alice",
		.method = "email",
		.proved_at_ms = FAKE_NOW - CS_MINUTE_MS,
	};

	memcpy(factor.request_digest, stage->submitted.request.digest, CLAIM_DIGEST);
	return factor;
}

static void
approve_with(struct stage *stage, struct cs_span proof)
{
	struct policy_approved approved = fake_approval(stage->world, &stage->submitted.request);

	approved.approval.second_factor = proof;
	run_one(stage, "approved", "request.generation-approved",
	    claim_seal_approval(stage->world->arena, stage->world->others, &approved.approval));
}

/* The code of the one refusal, or "final". */
static const char *
outcome(const struct stage *stage)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "plan.refused", 0);

	if (out == NULL)
		return svc_test_count(stage->test, "plan.final") == 1 ? "final" : "nothing";
	for (size_t i = 0; i + 13 < out->body.len; i++)
		if (memcmp(out->body.data + i, "second-factor", 13) == 0)
			return cs_arena_strndup(stage->world->arena,
			    (const char *)out->body.data + i, out->body.data[i - 1]);
	return "refused for another reason";
}

static void
expect(struct stage *stage, const char *name, const char *want)
{
	const char *got = outcome(stage);

	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", name, got, want);
	svc_test_free(stage->test);
}

/* ---- the approval ---- */

static void
an_approval_with_the_factor_that_is_wanted_is_made_final(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;
	struct claim_plan plan;

	world->config.second_factor = "email";
	stage_begin(&stage, world);
	submit_and_prove(&stage);
	const struct claim_factor factor = good(&stage);

	approve_with(&stage, claim_seal_factor(world->arena, world->prover, &factor));
	for (size_t i = 0; i < 2; i++) {
		const struct svc_test_out *out =
		    svc_test_out(stage.test, i == 0 ? "plan.made" : "plan.final", 0);

		assert_non_null(out);
		assert_int_equal(
		    claim_open_plan(world->arena, NULL, out->body, 0, &plan, NULL), CS_OK);
		assert_string_equal(plan.second_factor, "email");
	}
	expect(&stage, "all is well", "final");
}

static void
what_is_not_wanted_is_not_looked_at(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;

	stage_begin(&stage, world);
	submit_and_prove(&stage);
	const struct claim_factor factor = good(&stage);

	approve_with(&stage, claim_seal_factor(world->arena, world->stranger, &factor));
	expect(&stage, "not wanted", "final");
}

/* Who owns request-intake's key, `others`, can state approvals, and no more: none of these is made final. */
static void
whoever_may_approve_cannot_pretend_the_factor(void **state)
{
	struct fake_world *world = *state;
	enum { NONE, BY_INTAKE, BY_POLICY, BY_STRANGER, NOISE };

	for (int by = NONE; by <= NOISE; by++) {
		struct stage stage;

		world->config.second_factor = "email";
		stage_begin(&stage, world);
		submit_and_prove(&stage);
		const struct claim_factor factor = good(&stage);
		const struct claim_key *const keys[] = { [BY_INTAKE] = world->others,
			[BY_POLICY] = world->policy.key,
			[BY_STRANGER] = world->stranger };
		struct cs_span proof = cs_span_str("");

		if (by == NOISE)
			proof = cs_span_str("no envelope");
		else if (by != NONE)
			proof = claim_seal_factor(world->arena, keys[by], &factor);
		approve_with(&stage, proof);
		expect(&stage, cs_arena_printf(world->arena, "forger %d", by),
		    by == NONE ? "second-factor-missing" : "second-factor-not-genuine");
	}
}

static void
another_request(struct claim_factor *factor)
{
	factor->request.octets[15] ^= 1;
}

static void
another_digest(struct claim_factor *factor)
{
	factor->request_digest[31] ^= 1;
}

static void
another_enterprise(struct claim_factor *factor)
{
	factor->enterprise = "other";
}

static void
another_account(struct claim_factor *factor)
{
	factor->account = "bob";
}

static void
another_method(struct claim_factor *factor)
{
	factor->method = "sms";
}

static void
just_fresh(struct claim_factor *factor)
{
	factor->proved_at_ms = FAKE_NOW - POLICY_FACTOR_MS;
}

static void
just_stale(struct claim_factor *factor)
{
	factor->proved_at_ms = FAKE_NOW - POLICY_FACTOR_MS - 1;
}

static void
a_proof_serves_what_it_was_made_for_and_not_long(void **state)
{
	static const struct {
		const char *name;
		void (*change)(struct claim_factor *factor);
		const char *want;
	} cases[] = {
		{ "another request", another_request, "second-factor-of-another" },
		{ "another digest", another_digest, "second-factor-of-another" },
		{ "another enterprise", another_enterprise, "second-factor-of-another" },
		{ "another account", another_account, "second-factor-of-another" },
		{ "another method", another_method, "second-factor-of-another" },
		{ "15 minutes old", just_fresh, "final" },
		{ "a millisecond older", just_stale, "second-factor-stale" },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct stage stage;

		world->config.second_factor = "email";
		stage_begin(&stage, world);
		submit_and_prove(&stage);
		struct claim_factor factor = good(&stage);

		cases[i].change(&factor);
		approve_with(&stage, claim_seal_factor(world->arena, world->prover, &factor));
		expect(&stage, cases[i].name, cases[i].want);
	}
}

/* The approval says itself when it was: whoever keeps both back gains a day, as with any approval. */
static void
what_was_held_back_for_a_day_is_stale(void **state)
{
	static const struct {
		int64_t late_ms;
		bool holds;
	} cases[] = { { POLICY_APPROVAL_MS, true },
		{ POLICY_APPROVAL_MS + POLICY_FACTOR_MS + 1, false } };
	struct fake_world *world = *state;
	const struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");
	struct policy_approved approved = fake_approval(world, &submitted.request);
	struct policy_factor factor = { .genuine = true,
		.claim = { .request = submitted.request.id,
		    .enterprise = "demo",
		    .account = "alice",
		    .method = "email",
		    .proved_at_ms = approved.approval.approved_at_ms } };
	struct cs_refusal why;

	memcpy(factor.claim.request_digest, submitted.request.digest, CLAIM_DIGEST);
	approved.approval.second_factor = cs_span_str("judged before");
	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(
		    policy_factor_holds("email", &submitted.request, &approved.approval, &factor,
			approved.approval.approved_at_ms + cases[i].late_ms, &why),
		    cases[i].holds);
}

/* The row keeps the approval, and nothing of what was found of its proof: it is judged again. */
static void
an_approval_that_waits_is_judged_again(void **state)
{
	struct fake_world *world = *state;

	for (int forged = 0; forged < 2; forged++) {
		struct stage stage;

		world->config.second_factor = "email";
		stage_begin(&stage, world);
		const struct claim_factor factor = good(&stage);

		approve_with(&stage, claim_seal_factor(world->arena,
					 forged ? world->others : world->prover, &factor));
		submit_and_prove(&stage);
		svc_test_run(stage.test,
		    &(struct svc_test_event){ .id = "due",
			.subject = "clock.plan-due",
			.key = stage.submitted.request.id },
		    1);
		expect(&stage, forged ? "forged" : "genuine",
		    forged ? "second-factor-not-genuine" : "final");
	}
}

static void
an_operator_who_asked_on_behalf_proves_it(void **state)
{
	static const struct {
		const char *proved_by, *want;
	} cases[] = { { "olga", "final" }, { "alice", "second-factor-of-another" } };
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct stage stage;

		world->config.second_factor = "email";
		world->config.submitter_is_operator = true;
		stage_begin(&stage, world);
		stage.submitted.request.submitted_by = "olga";
		fake_reseal(world, &stage.submitted);
		submit_and_prove(&stage);
		struct claim_factor factor = good(&stage);
		struct policy_approved approved = fake_approval(world, &stage.submitted.request);

		factor.account = cases[i].proved_by;
		approved.approval.approved_by = "olga";
		approved.approval.second_factor =
		    claim_seal_factor(world->arena, world->prover, &factor);
		run_one(&stage, "approved", "request.generation-approved",
		    claim_seal_approval(world->arena, world->others, &approved.approval));
		expect(&stage, cases[i].proved_by, cases[i].want);
	}
}

static void
a_setting_that_changes_shows_in_the_first_plan(void **state)
{
	struct fake_world *world = *state;
	struct stage stage;
	struct claim_plan plan;

	stage_begin(&stage, world);
	submit_and_prove(&stage);
	world->config.second_factor = "sms";
	fake_store_config(&world->config);
	svc_test_run(stage.test,
	    &(struct svc_test_event){ .id = "changed",
		.subject = "clock.settings-changed",
		.key = stage.submitted.request.id },
	    1);
	const struct svc_test_out *out = svc_test_out(stage.test, "plan.made", 1);

	assert_non_null(out);
	assert_int_equal(claim_open_plan(world->arena, NULL, out->body, 0, &plan, NULL), CS_OK);
	assert_string_equal(plan.second_factor, "sms");
	assert_int_equal(plan.revision, 2);
	svc_test_free(stage.test);
}

/* ---- where codes go ---- */

static struct policy_factor_answer
ask(const struct policy_case *c, const char *enterprise, const char *account)
{
	const struct policy_factor_ask question = { enterprise, account };

	return policy_factor_ask(c, &question, FAKE_NOW);
}

static struct policy_case
made(struct fake_world *world, const char *second_factor)
{
	struct policy_case c = { .config = world->config };

	c.plan.state = POLICY_MADE;
	c.plan.request = fake_request(world, "alice@alpha.example", "").request;
	c.plan.request.submitted_by = "olga";
	c.config.second_factor = second_factor;
	c.config.account_contact =
	    (struct policy_contact){ "alice@alpha.example", "+4917012345", "alice.doe", "a-1" };
	c.config.submitter_contact =
	    (struct policy_contact){ "olga@alpha.example", "+4917099999", "olga", "o-1" };
	return c;
}

static void
codes_go_where_operators_said_and_only_there(void **state)
{
	static const struct {
		const char *method, *email, *phone, *login, *identity;
	} cases[] = {
		{ "email", "alice@alpha.example", "", "", "" },
		{ "sms", "", "+4917012345", "", "" },
		{ "email-and-sms", "alice@alpha.example", "+4917012345", "", "" },
		{ "ldap", "", "", "alice.doe", "" },
		{ "oidc", "", "", "", "a-1" },
		{ "saml", "", "", "", "a-1" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct policy_case c = made(*state, cases[i].method);
		const struct policy_factor_answer answer = ask(&c, "demo", "alice");

		assert_int_equal(answer.result, POLICY_FACTOR_ORDER);
		assert_string_equal(answer.order.method, cases[i].method);
		assert_string_equal(answer.order.email, cases[i].email);
		assert_string_equal(answer.order.phone, cases[i].phone);
		assert_string_equal(answer.order.login, cases[i].login);
		assert_string_equal(answer.order.identity, cases[i].identity);
		assert_string_equal(answer.order.account, "alice");
		assert_true(cs_id_equal(answer.order.request, c.plan.request.id));
		assert_memory_equal(
		    answer.order.request_digest, c.plan.request.digest, CLAIM_DIGEST);
	}
	const struct policy_case c = made(*state, "email");

	assert_string_equal(ask(&c, "demo", "olga").order.email, "olga@alpha.example");
}

static void
who_cannot_approve_now_is_told_nothing(void **state)
{
	struct policy_case c = made(*state, "email");

	assert_int_equal(ask(&c, "demo", "mallory").result, POLICY_FACTOR_UNKNOWN);
	assert_int_equal(ask(&c, "other", "alice").result, POLICY_FACTOR_UNKNOWN);
	c.plan.request.submitted_by = "";
	assert_int_equal(ask(&c, "demo", "olga").result, POLICY_FACTOR_UNKNOWN);
	for (enum policy_state s = POLICY_NEW; s < POLICY_STATES; s++) {
		c.plan.state = s;
		assert_int_equal(ask(&c, "demo", "alice").result,
		    s == POLICY_MADE ? POLICY_FACTOR_ORDER : POLICY_FACTOR_UNKNOWN);
	}
}

static void
the_field_that_is_missing_is_named(void **state)
{
	static const struct {
		const char *method, *email, *phone, *field;
	} cases[] = {
		{ "email", "", "+4917012345", "email" },
		{ "sms", "alice@alpha.example", "", "phone" },
		{ "email-and-sms", "alice@alpha.example", "", "phone" },
		{ "email-and-sms", "", "", "email" },
		{ "ldap", "alice@alpha.example", "+4917012345", "login" },
		{ "oidc", "alice@alpha.example", "+4917012345", "provider_id" },
		{ "saml", "alice@alpha.example", "+4917012345", "provider_id" },
		{ "by-pigeon", "alice@alpha.example", "+4917012345", "second_factor" },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct policy_case c = made(*state, cases[i].method);

		c.config.account_contact =
		    (struct policy_contact){ cases[i].email, cases[i].phone, "", "" };
		const struct policy_factor_answer answer = ask(&c, "demo", "alice");

		assert_int_equal(answer.result, POLICY_FACTOR_NO_ADDRESS);
		assert_string_equal(answer.field, cases[i].field);
	}
	const struct policy_case c = made(*state, "");

	assert_int_equal(ask(&c, "demo", "alice").result, POLICY_FACTOR_NONE);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(an_approval_with_the_factor_that_is_wanted_is_made_final),
		CASE(what_is_not_wanted_is_not_looked_at),
		CASE(whoever_may_approve_cannot_pretend_the_factor),
		CASE(a_proof_serves_what_it_was_made_for_and_not_long),
		CASE(what_was_held_back_for_a_day_is_stale),
		CASE(an_approval_that_waits_is_judged_again),
		CASE(an_operator_who_asked_on_behalf_proves_it),
		CASE(a_setting_that_changes_shows_in_the_first_plan),
		CASE(codes_go_where_operators_said_and_only_there),
		CASE(who_cannot_approve_now_is_told_nothing),
		CASE(the_field_that_is_missing_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
