/* SPDX-License-Identifier: Apache-2.0 */
/* Second factors: where codes go, stated by policy, and that a person proved it, stated by who sent them. */
#include <string.h>

#include "fake_claims.h"

static const char *const states[] = { "factor", "factor-order" };
static const char *const orders_alone[] = { "factor-order" };

/* The fourth row of the fake table may state these. */
static void
permit(struct fake_claims *c, const char *const *words, size_t n)
{
	struct cs_err err = { 0 };

	c->rows[3].states = (struct claim_texts){ (const char **)(uintptr_t)words, n };
	if (fake_claims_reload(c, FAKE_ANN, FAKE_BOB, &err) != CS_OK)
		fail_msg("%s", err.text);
}

static struct claim_factor_order
make_order(const struct fake_claims *c)
{
	struct claim_factor_order order = {
		.request = c->request.id,
		.enterprise = "acme",
		.account = "u-1",
		.method = "email-and-sms",
		.email = "ann@sales.example",
		.phone = "+491701234567",
		.login = "ann",
		.identity = "248289761001",
		.ordered_at_ms = FAKE_NOW - 100,
	};

	memcpy(order.request_digest, c->request.digest, CLAIM_DIGEST);
	return order;
}

static struct claim_factor
make_factor(const struct fake_claims *c)
{
	struct claim_factor factor = {
		.request = c->request.id,
		.enterprise = "acme",
		.account = "u-1",
		.method = "email",
		.proved_at_ms = FAKE_NOW - 100,
	};

	memcpy(factor.request_digest, c->request.digest, CLAIM_DIGEST);
	return factor;
}

static void
both_survive_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_factor_order order = make_order(c);
	const struct claim_factor factor = make_factor(c);
	struct claim_factor_order got_order;
	struct claim_factor got;

	permit(c, states, 2);
	struct cs_span sealed = claim_seal_factor_order(c->arena, c->keys[FAKE_REMOTE], &order);
	assert_int_equal(
	    claim_open_factor_order(c->arena, c->trust, sealed, FAKE_NOW, &got_order, NULL), CS_OK);
	assert_string_equal(got_order.method, "email-and-sms");
	assert_string_equal(got_order.email, "ann@sales.example");
	assert_string_equal(got_order.phone, "+491701234567");
	assert_string_equal(got_order.login, "ann");
	assert_string_equal(got_order.identity, "248289761001");
	assert_int_equal(got_order.ordered_at_ms, order.ordered_at_ms);
	assert_memory_equal(got_order.request_digest, c->request.digest, CLAIM_DIGEST);
	assert_int_equal(claim_statement_of(c->arena, sealed), CLAIM_FACTOR_ORDER);
	sealed = claim_seal_factor(c->arena, c->keys[FAKE_REMOTE], &factor);
	assert_int_equal(
	    claim_open_factor(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_OK);
	assert_true(cs_id_equal(got.request, factor.request));
	assert_memory_equal(got.request_digest, c->request.digest, CLAIM_DIGEST);
	assert_string_equal(got.enterprise, "acme");
	assert_string_equal(got.account, "u-1");
	assert_string_equal(got.method, "email");
	assert_int_equal(got.proved_at_ms, factor.proved_at_ms);
	assert_int_equal(claim_statement_of(c->arena, sealed), CLAIM_FACTOR);
}

static void
only_a_key_that_may_state_it_is_believed(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_factor factor = make_factor(c);
	struct claim_factor got;

	permit(c, orders_alone, 1);
	for (enum fake_key key = FAKE_INTAKE; key <= FAKE_STRANGER; key++) {
		struct cs_span sealed = claim_seal_factor(c->arena, c->keys[key], &factor);

		assert_int_equal(
		    claim_open_factor(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL),
		    CS_MALFORMED);
	}
}

static void
one_is_not_taken_for_the_other(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_factor_order order = make_order(c);
	struct claim_factor got;

	permit(c, states, 2);
	struct cs_span sealed = claim_seal_factor_order(c->arena, c->keys[FAKE_REMOTE], &order);
	assert_int_equal(
	    claim_open_factor(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_MALFORMED);
}

static void
refuses_addresses_that_are_none(void **state)
{
	struct fake_claims *c = *state;
	static const struct {
		const char *email, *phone;
		enum cs_code code;
	} cases[] = {
		{ "", "", CS_OK },
		{ "", "+1234567", CS_OK },
		{ "", "+123456", CS_MALFORMED },
		{ "", "+123456789012345", CS_OK },
		{ "", "+1234567890123456", CS_MALFORMED },
		{ "", "+0234567890", CS_MALFORMED },
		{ "", "491701234567", CS_MALFORMED },
		{ "", "+49 1701234567", CS_MALFORMED },
		{ "", "+", CS_MALFORMED },
		{ "Ann@Sales.Example", "", CS_MALFORMED },
		{ "ann", "", CS_MALFORMED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct claim_factor_order order = make_order(c), got;

		order.email = cases[i].email;
		order.phone = cases[i].phone;
		struct cs_span sealed =
		    claim_seal_factor_order(c->arena, c->keys[FAKE_POLICY], &order);
		const enum cs_code code =
		    claim_open_factor_order(c->arena, NULL, sealed, 0, &got, NULL);

		if (code != cases[i].code)
			fail_msg("case %zu: got %d, want %d", i, code, cases[i].code);
	}
}

static void
an_approval_carries_the_proof_and_a_plan_the_demand(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_factor factor = make_factor(c);
	struct claim_approval approval = c->approval, got;
	struct claim_plan plan = c->plan, got_plan;
	struct claim_factor inner;

	approval.second_factor = claim_seal_factor(c->arena, c->keys[FAKE_REMOTE], &factor);
	struct cs_span sealed = claim_seal_approval(c->arena, c->keys[FAKE_INTAKE], &approval);
	assert_int_equal(
	    claim_open_approval(c->arena, c->trust, sealed, FAKE_NOW, &got, NULL), CS_OK);
	assert_int_equal(
	    claim_open_factor(c->arena, NULL, got.second_factor, 0, &inner, NULL), CS_OK);
	plan.second_factor = "email";
	sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &plan);
	assert_int_equal(
	    claim_open_plan(c->arena, c->trust, sealed, FAKE_NOW, &got_plan, NULL), CS_OK);
	assert_string_equal(got_plan.second_factor, "email");
	sealed = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);
	assert_int_equal(
	    claim_open_plan(c->arena, c->trust, sealed, FAKE_NOW, &got_plan, NULL), CS_OK);
	assert_string_equal(got_plan.second_factor, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_survive_a_round_trip),
		TEST(only_a_key_that_may_state_it_is_believed),
		TEST(one_is_not_taken_for_the_other),
		TEST(refuses_addresses_that_are_none),
		TEST(an_approval_carries_the_proof_and_a_plan_the_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
