/* SPDX-License-Identifier: Apache-2.0 */
/* What a certification profile may say, and what plans under it do without. */
#include <string.h>

#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- what may be set ---- */

static const struct {
	const char *name, *certificate;
	bool caa, mpic, dnssec; /* that it does without */
	uint32_t max_days, validities[3];
	size_t n_validities;
	const char *code, *field; /* NULL: it may say so */
} settings[] = {
	{ "public with everything", "mailbox-strict", false, false, false, 825, { 0 }, 0, NULL,
	    NULL },
	{ "public without CAA", "mailbox-strict", true, false, false, 825, { 0 }, 0,
	    "caa-not-waivable", "caa" },
	{ "public without MPIC", "mailbox-strict", false, true, false, 825, { 0 }, 0,
	    "mpic-not-waivable", "mpic" },
	{ "public without DNSSEC", "mailbox-strict", false, false, true, 825, { 0 }, 0,
	    "dnssec-not-waivable", "dnssec" },
	{ "private without CAA", "private-mailbox", true, false, false, 825, { 0 }, 0, NULL, NULL },
	{ "private without MPIC", "private-mailbox", false, true, false, 825, { 0 }, 0, NULL,
	    NULL },
	{ "private without either", "private-person", true, true, false, 825, { 0 }, 0, NULL,
	    NULL },
	{ "private without DNSSEC", "private-mailbox", false, false, true, 825, { 0 }, 0,
	    "dnssec-not-waivable", "dnssec" },
	{ "a retired generation", "mailbox-legacy", false, false, false, 825, { 0 }, 0,
	    "unknown-certificate-profile", "certificate_profile" },
	{ "no certificate profile of ours", "made-up", true, true, true, 825, { 0 }, 0,
	    "unknown-certificate-profile", "certificate_profile" },
	{ "one validity", "mailbox-strict", false, false, false, 825, { 825 }, 1, NULL, NULL },
	{ "three validities", "mailbox-strict", false, false, false, 365, { 1, 90, 365 }, 3, NULL,
	    NULL },
	{ "a day more than the rules", "mailbox-strict", false, false, false, 2000, { 90, 826 }, 2,
	    "validities", "validities[1]" },
	{ "a day more than the profile", "mailbox-strict", false, false, false, 365, { 90, 366 }, 2,
	    "validities", "validities[1]" },
	{ "no day", "mailbox-strict", false, false, false, 825, { 0, 90 }, 2, "validities",
	    "validities[0]" },
	{ "one twice", "mailbox-strict", false, false, false, 825, { 90, 90 }, 2, "validities",
	    "validities[1]" },
	{ "falling", "mailbox-strict", false, false, false, 825, { 30, 365, 90 }, 3, "validities",
	    "validities[2]" },
};

static struct policy_profile
profile_of(const struct fake_world *world, size_t i)
{
	struct policy_profile profile = world->config.profile;

	profile.certificate_profile = settings[i].certificate;
	profile.without_caa = settings[i].caa;
	profile.without_mpic = settings[i].mpic;
	profile.without_dnssec = settings[i].dnssec;
	profile.max_days = settings[i].max_days;
	profile.validities = settings[i].validities;
	profile.n_validities = settings[i].n_validities;
	return profile;
}

static void
says_of_each_profile_whether_it_may_be(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(settings); i++) {
		const struct policy_profile profile = profile_of(world, i);
		struct cs_refusal why = { .code = "yes", .field = "" };
		const bool holds = policy_profile_holds(&profile, world->arena, &why);

		if (holds != (settings[i].code == NULL) ||
		    (!holds && (strcmp(why.code, settings[i].code) != 0 ||
				   strcmp(why.field, settings[i].field) != 0)))
			fail_msg("%s: got %s on %s", settings[i].name, why.code, why.field);
		if (!holds && (why.text[0] == '\0' || why.mend[0] == '\0'))
			fail_msg("%s: a refusal without text or mend", settings[i].name);
	}
}

/* A row that got past the check, or was right under other rules: the person who asks is told. */
static void
refuses_requests_under_a_profile_that_may_not_be(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	request.validity_days = 90;
	for (size_t i = 0; i < LEN(settings); i++) {
		struct policy_config config = world->config;
		struct cs_refusal why = { .code = "yes" };

		config.profile = profile_of(world, i);
		(void)!policy_may_request(&world->policy.rules, &config, &request, FAKE_NOW,
		    FAKE_NOW, world->arena, &why);
		if (settings[i].code == NULL ||
		    strcmp(settings[i].field, "certificate_profile") == 0)
			continue;
		if (strcmp(why.code, settings[i].code) != 0 || strcmp(why.field, "profile") != 0)
			fail_msg("%s: got %s on %s", settings[i].name, why.code, why.field);
	}
}

/* ---- validities, and domains that must be named ---- */

static void
expect(struct fake_world *world, const struct claim_request *request, const char *want,
    const char *mend)
{
	struct cs_refusal why = { .code = "yes", .mend = "" };

	(void)!policy_may_request(
	    &world->policy.rules, &world->config, request, FAKE_NOW, FAKE_NOW, world->arena, &why);
	if (strcmp(why.code, want) != 0)
		fail_msg("%u days: got %s, want %s", request->validity_days, why.code, want);
	if (strcmp(why.mend, mend) != 0)
		fail_msg(
		    "%u days: got \"%s\", want \"%s\"", request->validity_days, why.mend, mend);
}

static void
offers_the_validities_of_the_profile_alone(void **state)
{
	static const uint32_t three[] = { 30, 90, 365 }, one[] = { 90 };
	struct fake_world *world = *state;
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	static const struct {
		uint32_t days;
		const char *want;
	} days[] = { { 0, "validity-zero" }, { 1, "validity-not-offered" },
		{ 29, "validity-not-offered" }, { 30, "yes" }, { 31, "validity-not-offered" },
		{ 90, "yes" }, { 364, "validity-not-offered" }, { 365, "yes" },
		{ 366, "validity-not-offered" }, { 825, "validity-not-offered" },
		{ 826, "validity-too-long" } };

	world->config.profile.validities = three;
	world->config.profile.n_validities = 3;
	for (size_t i = 0; i < LEN(days); i++) {
		request.validity_days = days[i].days;
		expect(world, &request, days[i].want,
		    strcmp(days[i].want, "yes") == 0 ? "" : "Ask for 30, 90 or 365 days.");
	}
	world->config.profile.validities = one;
	world->config.profile.n_validities = 1;
	request.validity_days = 91;
	expect(world, &request, "validity-not-offered", "Ask for 90 days.");
	world->config.profile.n_validities = 0;
	expect(world, &request, "yes", "");
	world->config.profile.max_days = 90;
	expect(world, &request, "validity-too-long", "Ask for 1 to 90 days.");
}

static void
wants_the_domains_named_where_the_profile_says_so(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request without = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_request with =
	    fake_request(world, "alice@alpha.example", "alpha.example").request;
	static const enum policy_validation all[] = { POLICY_MAILBOX, POLICY_DOMAIN, POLICY_BOTH };

	world->config.assigned = fake_texts(world, "*@alpha.example");
	for (size_t i = 0; i < LEN(all); i++) {
		world->config.profile.validation = all[i];
		world->config.profile.sans[POLICY_SAN_DOMAIN].required = true;
		expect(world, &without, "domains-required", "Give the domain of each mailbox.");
		expect(world, &with, "yes", "");
		world->config.profile.sans[POLICY_SAN_DOMAIN].required = false;
		expect(world, &without, "yes", "");
	}
}

/* ---- which checks are left out ---- */

static const struct {
	const char *name, *certificate;
	enum policy_validation validation;
	bool caa, mpic;
	const char *want, *waived; /* checks, as ids in order */
} plans[] = {
	{ "both, with everything", "private-mailbox", POLICY_BOTH, false, false,
	    "mailbox-1 domain-1 mpic-domain-1 caa-1 mpic-caa-1 ", "" },
	{ "both, without CAA", "private-mailbox", POLICY_BOTH, true, false,
	    "mailbox-1 domain-1 mpic-domain-1 ", "caa" },
	{ "both, without MPIC", "private-mailbox", POLICY_BOTH, false, true,
	    "mailbox-1 domain-1 caa-1 ", "mpic" },
	{ "both, without either", "private-mailbox", POLICY_BOTH, true, true, "mailbox-1 domain-1 ",
	    "caa,mpic" },
	{ "mailbox, without either", "private-mailbox", POLICY_MAILBOX, true, true, "mailbox-1 ",
	    "caa,mpic" },
	{ "domain, without either", "private-mailbox", POLICY_DOMAIN, true, true, "domain-1 ",
	    "caa,mpic" },
	/* These two are refused before: should they not be, nothing is left out. */
	{ "public, without either", "mailbox-strict", POLICY_BOTH, true, true,
	    "mailbox-1 domain-1 mpic-domain-1 caa-1 mpic-caa-1 ", "" },
	{ "public, naming a person", "sponsor-multipurpose", POLICY_DOMAIN, true, true,
	    "domain-1 mpic-domain-1 caa-1 mpic-caa-1 ", "" },
};

static void
leaves_out_what_private_trust_waives(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	for (size_t i = 0; i < LEN(plans); i++) {
		const struct policy_identified nobody = { .organization = NULL };
		struct policy_config config = world->config;
		struct claim_plan plan = { .waived = { NULL, 0 } };
		struct cs_buf got = cs_buf_new(world->arena);

		config.profile.certificate_profile = plans[i].certificate;
		config.profile.validation = plans[i].validation;
		config.profile.without_caa = plans[i].caa;
		config.profile.without_mpic = plans[i].mpic;
		policy_checks_make(&world->policy.rules, &config, &request, &nobody, FAKE_NOW,
		    world->arena, &plan.checks, &plan.n_checks);
		for (size_t k = 0; k < plan.n_checks; k++)
			cs_buf_printf(&got, "%s ", plan.checks[k].id);
		plan.waived = policy_waived(&config.profile, world->arena);
		if (strcmp((const char *)cs_buf_span(&got).data, plans[i].want) != 0 ||
		    strcmp(claim_plan_waived(world->arena, &plan), plans[i].waived) != 0)
			fail_msg("%s: got %s, waived %s", plans[i].name,
			    (const char *)cs_buf_span(&got).data,
			    claim_plan_waived(world->arena, &plan));
	}
}

static void
needs_no_issuer_for_caa_that_nobody_reads(void **state)
{
	struct fake_world *world = *state;
	struct policy_caa of_others = { "alpha.example", fake_texts(world, "ca.other.example") };
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	world->config.caa = &of_others;
	world->config.n_caa = 1;
	world->config.profile.certificate_profile = "private-mailbox";
	expect(world, &request, "caa-no-issuer",
	    "Ask an operator to configure one that the CPS lists.");
	world->config.profile.without_caa = true;
	expect(world, &request, "yes", "");
}

/* ---- the life of such a plan ---- */

/* Alice's request for alpha.example under a profile of private trust; *ret_domain: her proof. */
static struct policy_case
prove(struct fake_world *world, bool without_caa, struct policy_evidence *ret_domain)
{
	const struct policy_setting in = fake_setting(world);
	struct policy_case c = { .config = world->config };

	c.config.profile.certificate_profile = "private-mailbox";
	c.config.profile.validation = POLICY_BOTH;
	c.config.profile.without_mpic = true;
	c.config.profile.without_caa = without_caa;
	const struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");
	struct policy_step step = policy_decide_submitted(&in, &c, &submitted);

	assert_true(step.publishes);
	assert_string_equal(claim_plan_waived(world->arena, &step.next.plan.plan),
	    without_caa ? "caa,mpic" : "mpic");
	assert_null(fake_check(&step.next.plan.plan, "mpic-domain-1"));
	*ret_domain = fake_domain(world, &submitted.request,
	    fake_check(&step.next.plan.plan, "domain-1"), "dns-txt", "value");
	const struct policy_evidence mailbox = fake_evidence(world, &submitted.request,
	    fake_check(&step.next.plan.plan, "mailbox-1"), 1, CLAIM_PROVED);
	step = policy_decide_evidence(&in, &step.next, ret_domain);
	step = policy_decide_evidence(&in, &step.next, &mailbox);
	return step.next;
}

static struct policy_step
approve(struct fake_world *world, const struct policy_case *c)
{
	const struct policy_setting in = fake_setting(world);
	const struct policy_approved approved = fake_approval(world, &c->plan.request);

	return policy_decide_approved(&in, c, &approved);
}

static void
a_domain_stands_alone_where_nobody_corroborates(void **state)
{
	struct fake_world *world = *state;
	struct policy_evidence domain;
	struct policy_case c = prove(world, false, &domain);
	struct policy_step step = approve(world, &c);
	const struct claim_plan *plan = &step.next.plan.plan;
	uint8_t sha256[CLAIM_DIGEST];

	assert_true(step.publishes && plan->final);
	assert_string_equal(claim_plan_waived(world->arena, plan), "mpic");
	claim_envelope_sha256(domain.envelope, sha256);
	assert_memory_equal(fake_check(plan, "domain-1")->standing_sha256, sha256, CLAIM_DIGEST);
	assert_int_equal(plan->n_checks, 3); /* mailbox-1, domain-1, caa-1 */
	assert_int_equal(fake_check(plan, "caa-1")->attempt, 1);
}

/* With nothing to look up the final plan is complete at once. */
static void
a_plan_without_looks_is_complete_at_once(void **state)
{
	struct fake_world *world = *state;
	struct policy_evidence domain;
	struct policy_case c = prove(world, true, &domain);
	struct policy_step step = approve(world, &c);

	assert_true(step.publishes && step.next.plan.plan.final);
	for (size_t i = 0; i < step.next.plan.plan.n_checks; i++)
		assert_true(step.next.plan.plan.checks[i].has_standing);
	assert_int_equal(step.next.plan.due_ms,
	    step.next.plan.plan.ends_at_ms + POLICY_MARGIN_MS); /* the signer's turn */
}

/* The profile was for private trust when people proved, and is for public trust at the approval. */
static void
what_was_waived_before_does_not_serve_public_trust(void **state)
{
	struct fake_world *world = *state;
	struct policy_evidence domain;
	struct policy_case c = prove(world, false, &domain);

	c.config.profile.certificate_profile = "mailbox-strict";
	c.config.profile.without_mpic = false;
	struct policy_step step = approve(world, &c);

	assert_false(step.publishes);
	assert_int_equal(step.next.plan.state, POLICY_APPROVED); /* waits for the perspectives */
	const struct policy_setting in = fake_setting(world);
	const struct policy_evidence seconded = fake_corroboration(world, &domain);

	step = policy_decide_evidence(&in, &step.next, &seconded);
	assert_true(step.publishes && step.next.plan.plan.final);
	assert_int_equal(step.next.plan.plan.waived.n, 0);
	assert_true(fake_check(&step.next.plan.plan, "mpic-domain-1")->has_standing);
	assert_non_null(fake_check(&step.next.plan.plan, "mpic-caa-1"));
}

/* People proved the domain alone, and other perspectives are wanted now. */
static void
a_first_plan_is_made_anew_when_less_is_waived(void **state)
{
	struct fake_world *world = *state;
	const struct policy_setting in = fake_setting(world);
	struct policy_evidence domain;
	struct policy_case c = prove(world, false, &domain);

	c.config.profile.without_mpic = false;
	c.config.profile.version++;
	const struct policy_step step = policy_decide_changed(&in, &c);
	const struct claim_plan *plan = &step.next.plan.plan;

	assert_true(step.publishes && !plan->final);
	assert_int_equal(plan->waived.n, 0);
	assert_true(fake_check(plan, "mpic-domain-1")->new_because[0] != '\0');
	assert_false(fake_check(plan, "domain-1")->has_standing);
}

/* No check comes or goes with it, and people see it all the same. */
static void
a_first_plan_is_made_anew_when_more_is_waived(void **state)
{
	struct fake_world *world = *state;
	const struct policy_setting in = fake_setting(world);
	struct policy_case c = { .config = world->config };
	const struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");

	c.config.profile.certificate_profile = "private-mailbox";
	c.config.profile.without_caa = true;
	struct policy_step step = policy_decide_submitted(&in, &c, &submitted);

	assert_false(policy_decide_changed(&in, &step.next).publishes);
	step.next.config.profile.without_mpic = true;
	step = policy_decide_changed(&in, &step.next);
	assert_true(step.publishes);
	assert_string_equal(claim_plan_waived(world->arena, &step.next.plan.plan), "caa,mpic");
}

static void
a_profile_that_waives_what_it_may_not_ends_the_request(void **state)
{
	struct fake_world *world = *state;
	struct policy_evidence domain;
	struct policy_case c = prove(world, false, &domain);

	c.config.profile.certificate_profile = "mailbox-strict"; /* and still without MPIC */
	struct policy_step step = approve(world, &c);

	assert_int_equal(step.next.plan.state, POLICY_REFUSED);
	assert_string_equal(step.refusal.code, "mpic-not-waivable");
	assert_string_equal(step.refusal.field, "profile");
}

/* The store knows no profile of that name: there is nothing in it, not even a certificate profile. */
static void
a_profile_that_nobody_knows_waives_nothing(void **state)
{
	struct fake_world *world = *state;
	const struct policy_setting in = fake_setting(world);
	struct policy_case c = { .config = world->config };
	struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");

	c.config.profile_known = false;
	c.config.profile = (struct policy_profile){ 0 };
	const struct policy_step step = policy_decide_submitted(&in, &c, &submitted);

	assert_string_equal(step.refusal.code, "unknown-profile");
	assert_int_equal(policy_longest_days(&c.config.profile), 0);
}

/* A domain alone is proved for every request to come, so whatever a profile waives is nothing to it. */
static void
a_domain_alone_is_proved_in_full(void **state)
{
	struct fake_world *world = *state;
	const struct policy_setting in = fake_setting(world);
	struct policy_case c = { .config = world->config };
	struct policy_submitted submitted = fake_request(world, "", "alpha.example");

	submitted.request.kind = CLAIM_DOMAIN_ONLY;
	c.config.is_operator = true;
	for (int i = 0; i < 2; i++) {
		const struct policy_step step = policy_decide_submitted(&in, &c, &submitted);

		assert_true(step.publishes);
		assert_int_equal(step.next.plan.plan.waived.n, 0);
		assert_int_equal(step.next.plan.plan.n_checks, 2); /* domain-1, mpic-domain-1 */
		c.config.profile.certificate_profile = i == 0 ? "private-mailbox" : NULL;
		c.config.profile.without_mpic = c.config.profile.without_caa = true;
	}
	c.config.profile = (struct policy_profile){ 0 };
	c.config.profile_known = false;
	assert_true(policy_decide_submitted(&in, &c, &submitted).publishes);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(says_of_each_profile_whether_it_may_be),
		TEST(refuses_requests_under_a_profile_that_may_not_be),
		TEST(offers_the_validities_of_the_profile_alone),
		TEST(wants_the_domains_named_where_the_profile_says_so),
		TEST(leaves_out_what_private_trust_waives),
		TEST(needs_no_issuer_for_caa_that_nobody_reads),
		TEST(a_domain_stands_alone_where_nobody_corroborates),
		TEST(a_plan_without_looks_is_complete_at_once),
		TEST(what_was_waived_before_does_not_serve_public_trust),
		TEST(a_first_plan_is_made_anew_when_less_is_waived),
		TEST(a_first_plan_is_made_anew_when_more_is_waived),
		TEST(a_profile_that_waives_what_it_may_not_ends_the_request),
		TEST(a_profile_that_nobody_knows_waives_nothing),
		TEST(a_domain_alone_is_proved_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
