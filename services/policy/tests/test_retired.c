/* SPDX-License-Identifier: Apache-2.0 */
/* test_retired.c: a method retires with the evidence that it made (TBR 3.2.2.4): what policy plans then. */
#include <string.h>

#include "fake_world.h"
#include "smime/method.h"

/* ---- a table in which a method retires on a day of ours: no method of the true one has such a day yet ---- */

static int64_t retires_ms;

static const struct smime_method table[] = {
	{ "dns-txt", "TBR 3.2.2.4.7", "a TXT record", SMIME_TARGET_DOMAIN, 7, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-7" } },
	{ "http-file", "TBR 3.2.2.4.18", "a file", SMIME_TARGET_DOMAIN, 18, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-18" } },
	{ "email-token", "SBR 3.2.2.2", "a token", SMIME_TARGET_MAILBOX, 0, false,
	    SMIME_PROOF_MAILBOX, { "ca-sbr-2" } },
};

const struct smime_method *
smime_methods(size_t *ret_n)
{
	*ret_n = sizeof(table) / sizeof(table[0]);
	return table;
}

const struct smime_method *
smime_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool
smime_method_usable(const struct smime_method *method, int64_t at_ms)
{
	return strcmp(method->name, "dns-txt") != 0 || at_ms < retires_ms;
}

bool
smime_method_covers_below(const struct smime_method *method)
{
	return strcmp(method->name, "dns-txt") == 0;
}

bool
smime_method_may_prune(const struct smime_method *method)
{
	return smime_method_covers_below(method);
}

const char *
smime_account_uri(struct cs_arena *arena, const char *enterprise, const char *issuer_domain)
{
	return cs_arena_printf(arena, "acct:%s@%s", enterprise, issuer_domain);
}

/* ---- plans around that day ---- */

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
