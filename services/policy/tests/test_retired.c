/* SPDX-License-Identifier: Apache-2.0 */
/* test_retired.c: a method retires with the evidence that it made (TBR 3.2.2.4): what policy plans then. */
#include <string.h>

#include "fake_world.h"
#include "smime/tests/retired.h"

#define DAY (FAKE_NOW + 100 * CS_DAY_MS)

static struct claim_plan
checks_of(struct fake_world *world, const struct claim_request *request, int64_t until_ms)
{
	struct claim_plan plan = { 0 };

	policy_checks_make(&world->policy.rules, &world->config, request,
	    &(struct policy_identified){ .organization = NULL }, until_ms, world->arena,
	    &plan.checks, &plan.n_checks);
	return plan;
}

static struct claim_request
request_of(struct fake_world *world)
{
	retires_ms = DAY;
	world->config.profile.validation = POLICY_BOTH;
	world->config.profile.domain_methods = fake_texts(world, "http-file,dns-txt");
	return fake_request(world, "alice@alpha.example", "").request;
}

static void
a_plan_that_ends_before_the_day_offers_the_method(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = request_of(world);
	const struct claim_plan before = checks_of(world, &request, DAY - 1),
				after = checks_of(world, &request, DAY);

	assert_int_equal(fake_check(&before, "domain-1")->allowed_methods.n, 2);
	assert_string_equal(fake_check(&before, "domain-1")->allowed_methods.items[0], "dns-txt");
	assert_int_equal(fake_check(&after, "domain-1")->allowed_methods.n, 1);
	assert_string_equal(fake_check(&after, "domain-1")->allowed_methods.items[0], "http-file");
	assert_int_equal(fake_check(&after, "mpic-domain-1")->allowed_methods.n, 1);
}

static void
a_profile_without_another_method_refuses_from_that_day(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = request_of(world);
	struct cs_refusal why = { .code = "yes" };

	world->config.profile.domain_methods = fake_texts(world, "dns-txt");
	assert_true(policy_may_request(
	    &world->policy.rules, &world->config, &request, DAY - 1, DAY - 1, world->arena, &why));
	assert_false(policy_may_request(
	    &world->policy.rules, &world->config, &request, DAY, DAY, world->arena, &why));
	assert_string_equal(why.code, "no-domain-method");
}

/* alpha.example, proved and corroborated long before, by the method that retires or by the other. */
static bool
still_stands(struct fake_world *world, const char *method, int64_t until_ms)
{
	const struct claim_request request = request_of(world);
	/* As the plan of a time at which it was open. */
	struct claim_plan plan = checks_of(world, &request, FAKE_NOW);
	const struct policy_evidence domain =
	    fake_domain(world, &request, fake_check(&plan, "domain-1"), method, "random");
	const struct policy_evidence mpic = fake_corroboration(world, &domain);
	struct policy_proof first, second;

	assert_true(policy_proof_of(&domain.evidence, domain.envelope, FAKE_NOW, &first));
	assert_true(policy_proof_of(&mpic.evidence, mpic.envelope, FAKE_NOW, &second));
	second.next = &first;
	const struct policy_need need = { .until_ms = until_ms, .proofs = &second };

	policy_standing_attach(&need, plan.checks, plan.n_checks);
	assert_int_equal(fake_check(&plan, "domain-1")->has_standing,
	    fake_check(&plan, "mpic-domain-1")->has_standing);
	return fake_check(&plan, "domain-1")->has_standing;
}

/* Even where the plan's list of methods would still let it pass. */
static void
its_proofs_stand_no_longer(void **state)
{
	struct fake_world *world = *state;

	assert_true(still_stands(world, "dns-txt", DAY - 1));
	assert_false(still_stands(world, "dns-txt", DAY));
	assert_true(still_stands(world, "http-file", DAY));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_plan_that_ends_before_the_day_offers_the_method),
		CASE(a_profile_without_another_method_refuses_from_that_day),
		CASE(its_proofs_stand_no_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
