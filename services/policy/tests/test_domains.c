/* SPDX-License-Identifier: Apache-2.0 */
/* Which domains people of an enterprise may name, and to whom each is bound. */
#include <string.h>

#include "fake_world.h"
#include "policy_domains.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* One request on its way; `c` is where the next decision starts from. */
struct flow {
	struct fake_world *world;
	struct policy_submitted submitted;
	struct policy_case c;
};

static struct flow
begin(struct fake_world *world, const char *account, const char *mailboxes, const char *domains)
{
	struct flow flow = { .world = world };

	flow.submitted = fake_request(world, mailboxes, domains);
	flow.submitted.request.account = account;
	fake_reseal(world, &flow.submitted);
	flow.c.config = world->config;
	return flow;
}

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
tell(struct flow *flow, const struct policy_evidence *evidence)
{
	const struct policy_setting in = fake_setting(flow->world);

	return took(flow, policy_decide_evidence(&in, &flow->c, evidence));
}

static struct policy_step
approve(struct flow *flow)
{
	const struct policy_setting in = fake_setting(flow->world);
	const struct policy_approved approved =
	    fake_approval(flow->world, &flow->submitted.request);

	return took(flow, policy_decide_approved(&in, &flow->c, &approved));
}

static struct policy_evidence
domain_evidence(struct flow *flow, const char *target, const char *method)
{
	struct claim_check check = *fake_check(&flow->c.plan.plan, "domain-1");

	check.target = target;
	return fake_domain(flow->world, &flow->submitted.request, &check, method, "value");
}

/* The person proves domain-1 by this name, and the perspectives see it too. */
static void
prove(struct flow *flow, const char *target, const char *method)
{
	const struct policy_evidence yes = domain_evidence(flow, target, method);
	const struct policy_evidence seconded = fake_corroboration(flow->world, &yes);

	(void)tell(flow, &yes);
	(void)tell(flow, &seconded);
}

static const char *
code_of(const struct policy_step *step)
{
	return step->refusal.code != NULL ? step->refusal.code : "none";
}

static void
expect_code(const char *name, const struct policy_step *step, const char *want)
{
	if (strcmp(code_of(step), want) != 0)
		fail_msg("%s: got %s, want %s", name, code_of(step), want);
	if (step->refusal.code != NULL && (!step->refusal.field[0] || !step->refusal.clause[0] ||
					      !step->refusal.text[0] || !step->refusal.mend[0]))
		fail_msg("%s: a refusal without field, clause, text or mend", name);
}

static void
expect_owner(const struct flow *flow, const char *domain, const char *want, bool is_new)
{
	const struct policy_ownership *owner = policy_domain_owner(&flow->c.config, domain);

	if (want == NULL) {
		if (owner != NULL)
			fail_msg("%s: bound to %s", domain, owner->account);
		return;
	}
	if (owner == NULL)
		fail_msg("%s: bound to nobody", domain);
	assert_string_equal(owner->account, want);
	assert_true(owner->is_new == is_new);
}

/* What an earlier request of the operator left behind: a proof of this name, seen by perspectives. */
static struct policy_proof *
earlier_proof(struct fake_world *world, const char *target, const char *method)
{
	const struct policy_config kept = world->config;

	world->config.domain_mode = POLICY_DOMAINS_ANY;
	world->config.profile.validation = POLICY_BOTH;
	struct flow flow = begin(world, "operator", "", target);

	flow.submitted.request.mailboxes =
	    fake_texts(world, cs_arena_printf(world->arena, "postmaster@%s", target));
	fake_reseal(world, &flow.submitted);
	(void)submit(&flow);
	prove(&flow, target, method);
	world->config = kept;
	return flow.c.proofs;
}

static void
setup(struct fake_world *world, enum policy_domain_mode mode)
{
	world->config.profile.validation = POLICY_BOTH;
	world->config.domain_mode = mode;
}

static void
modes_have_names(void **state)
{
	static const char *const names[] = { "approved", "approved-owned", "any-owned", "any" };
	enum policy_domain_mode mode;

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		assert_true(policy_domain_mode_parse(names[i], &mode));
		assert_string_equal(policy_domain_mode_name(mode), names[i]);
	}
	assert_false(policy_domain_mode_parse("", &mode));
	assert_false(policy_domain_mode_parse("Any", &mode));
}

/* ---- approved ---- */

static const struct policy_domain list[] = {
	{ "alpha.example", true },
	{ "old.alpha.example", false },
	{ "beta.example", true },
	{ "gamma.example", false },
};

/* Seed: "users can only select an enterprise-approved domain ... only active and verified domains". */
static void
only_active_and_verified_domains_may_be_named(void **state)
{
	static const struct {
		const char *name, *mailbox, *domains, *code, *field;
	} cases[] = {
		{ "active and verified", "a@alpha.example", "alpha.example", "none", "" },
		{ "below it", "a@mail.alpha.example", "mail.alpha.example", "none", "" },
		{ "of the mailbox alone", "a@alpha.example", "", "none", "" },
		{ "below, switched off by itself", "a@old.alpha.example", "old.alpha.example",
		    "domain-not-active", "domains[0]" },
		{ "below what was switched off", "a@x.old.alpha.example", "x.old.alpha.example",
		    "domain-not-active", "domains[0]" },
		{ "active, never verified", "a@beta.example", "beta.example", "domain-not-verified",
		    "domains[0]" },
		{ "not active", "a@gamma.example", "", "domain-not-active", "mailboxes[0]" },
		{ "not on the list", "a@delta.example", "delta.example", "domain-not-approved",
		    "domains[0]" },
		{ "the second is not active", "a@alpha.example", "alpha.example,old.alpha.example",
		    "domain-not-active", "domains[1]" },
	};
	static const enum policy_domain_mode both[] = { POLICY_DOMAINS_APPROVED,
		POLICY_DOMAINS_APPROVED_OWNED };
	struct fake_world *world = *state;

	for (size_t k = 0; k < LEN(both); k++) {
		setup(world, both[k]);
		world->config.domains = list;
		world->config.n_domains = LEN(list);
		struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");

		for (size_t i = 0; i < LEN(cases); i++) {
			struct flow flow =
			    begin(world, "alice", cases[i].mailbox, cases[i].domains);

			flow.c.proofs = proofs;
			const struct policy_step step = submit(&flow);

			expect_code(cases[i].name, &step, cases[i].code);
			if (step.refusal.code != NULL)
				assert_string_equal(step.refusal.field, cases[i].field);
		}
	}
}

/* Seed: "you are not required to perform domain validation on the Ownership Verification screen". */
static void
an_approved_domain_needs_no_new_proof(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	flow.c.proofs = proofs;
	(void)submit(&flow);
	assert_true(fake_check(&flow.c.plan.plan, "domain-1")->has_standing);
	assert_true(fake_check(&flow.c.plan.plan, "mpic-domain-1")->has_standing);
	assert_false(fake_check(&flow.c.plan.plan, "mailbox-1")->has_standing);
}

static void
a_proof_that_does_not_cover_what_is_below_approves_only_itself(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct policy_proof *proofs = earlier_proof(world, "alpha.example", "http-file");
	struct flow at = begin(world, "alice", "a@alpha.example", "alpha.example");
	struct flow below = begin(world, "alice", "a@mail.alpha.example", "mail.alpha.example");

	at.c.proofs = below.c.proofs = proofs;
	const struct policy_step yes = submit(&at), no = submit(&below);

	expect_code("at", &yes, "none");
	expect_code("below", &no, "domain-not-verified");
}

static void
approval_ends_with_the_proof(void **state)
{
	struct fake_world *world = *state;
	const struct policy_need need = { .until_ms = FAKE_NOW };

	setup(world, POLICY_DOMAINS_APPROVED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");
	struct policy_need with = need;

	with.proofs = proofs;
	assert_int_equal(
	    policy_domain_verified_until(&need, "demo", "alpha.example", world->arena), 0);
	assert_int_equal(policy_domain_verified_until(&with, "demo", "alpha.example", world->arena),
	    FAKE_NOW + 398 * CS_DAY_MS);
	assert_int_equal(
	    policy_domain_verified_until(&with, "rival", "alpha.example", world->arena), 0);
	for (int late = 0; late < 2; late++) {
		world->now_ms =
		    FAKE_NOW + 398 * CS_DAY_MS - POLICY_FINAL_MS - POLICY_MARGIN_MS + late;
		struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

		flow.c.proofs = proofs;
		const struct policy_step step = submit(&flow);

		expect_code("age", &step, late ? "domain-not-verified" : "none");
	}
}

static void
what_the_perspectives_did_not_see_is_not_verified(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_ANY);
	struct flow first = begin(world, "operator", "a@alpha.example", "alpha.example");

	(void)submit(&first);
	const struct policy_evidence yes = domain_evidence(&first, "alpha.example", "dns-txt");

	(void)tell(&first, &yes);
	setup(world, POLICY_DOMAINS_APPROVED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	flow.c.proofs = first.c.proofs;
	const struct policy_step step = submit(&flow);

	expect_code("alone", &step, "domain-not-verified");
}

static void
a_mailbox_that_is_proved_by_itself_may_be_anywhere(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED_OWNED);
	world->config.profile.validation = POLICY_MAILBOX;
	struct flow bare = begin(world, "alice", "a@alpha.example", "");
	struct flow named = begin(world, "alice", "a@alpha.example", "alpha.example");
	const struct policy_step yes = submit(&bare), no = submit(&named);

	expect_code("mailbox alone", &yes, "none");
	expect_code("domain named", &no, "domain-not-approved");
}

static void
it_is_asked_again_at_the_approval(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "a@alpha.example");
	struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	flow.c.proofs = proofs;
	(void)submit(&flow);
	flow.c.config.n_domains = 0; /* meanwhile */
	const struct policy_step step = approve(&flow);

	expect_code("taken from the list", &step, "domain-not-approved");
}

/* ---- bound ---- */

/* Seed: "Assign Each Domain to a Single User". */
static void
the_first_proof_binds_and_no_wish_does(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_ANY_OWNED);
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	(void)submit(&flow);
	expect_owner(&flow, "alpha.example", NULL, false);
	const struct policy_evidence yes = domain_evidence(&flow, "alpha.example", "dns-txt");
	const struct policy_evidence seconded = fake_corroboration(world, &yes);

	(void)tell(&flow, &yes);
	expect_owner(&flow, "alpha.example", NULL, false); /* nobody else has seen it */
	(void)tell(&flow, &seconded);
	expect_owner(&flow, "alpha.example", "alice", true);
	expect_owner(&flow, "mail.alpha.example", "alice", true);
	assert_int_equal(world->config.n_ownerships, 0); /* what was loaded stays as it was */
	(void)tell(&flow, &seconded);
	assert_int_equal(flow.c.config.n_ownerships, 1);
}

static void
a_second_user_is_refused_until_it_is_transferred(void **state)
{
	static const struct {
		const char *name, *account, *domain, *code;
	} cases[] = {
		{ "the owner", "alice", "alpha.example", "none" },
		{ "another", "bob", "alpha.example", "domain-of-another" },
		{ "another, below it", "bob", "mail.alpha.example", "domain-of-another" },
		{ "what was given to another", "bob", "hr.alpha.example", "none" },
		{ "below that", "bob", "x.hr.alpha.example", "none" },
		{ "the owner of what is above", "alice", "hr.alpha.example", "domain-of-another" },
		{ "a domain of nobody", "bob", "beta.example", "none" },
		{ "a name that only ends alike", "bob", "notalpha.example", "none" },
	};
	static const struct policy_ownership given[] = { { "hr.alpha.example", "bob", false },
		{ "alpha.example", "alice", false } };
	static const enum policy_domain_mode free_modes[] = { POLICY_DOMAINS_ANY_OWNED,
		POLICY_DOMAINS_ANY };
	struct fake_world *world = *state;

	for (size_t k = 0; k < LEN(free_modes); k++) {
		setup(world, free_modes[k]);
		world->config.ownerships = given;
		world->config.n_ownerships = LEN(given);
		for (size_t i = 0; i < LEN(cases); i++) {
			struct flow flow = begin(world, cases[i].account,
			    cs_arena_printf(world->arena, "a@%s", cases[i].domain),
			    cases[i].domain);
			const struct policy_step step = submit(&flow);

			expect_code(cases[i].name, &step, k == 0 ? cases[i].code : "none");
			if (step.refusal.code != NULL)
				assert_null(strstr(step.refusal.text, "alice"));
		}
	}
}

static void
who_proves_it_second_gets_nothing(void **state)
{
	static const struct policy_ownership faster[] = { { "alpha.example", "bob", false } };
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_ANY_OWNED);
	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "a@alpha.example");
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	(void)submit(&flow);
	flow.c.config.ownerships = faster; /* meanwhile */
	flow.c.config.n_ownerships = LEN(faster);
	prove(&flow, "alpha.example", "dns-txt");
	expect_owner(&flow, "alpha.example", "bob", false);
	const struct policy_step step = approve(&flow);

	expect_code("second", &step, "domain-of-another");
}

static void
the_name_that_was_shown_is_bound(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_ANY_OWNED);
	struct flow above = begin(world, "alice", "a@mail.alpha.example", "mail.alpha.example");
	struct flow itself = begin(world, "alice", "a@mail.alpha.example", "mail.alpha.example");

	(void)submit(&above);
	prove(&above, "alpha.example", "dns-txt");
	expect_owner(&above, "alpha.example", "alice", true);
	(void)submit(&itself);
	prove(&itself, "mail.alpha.example", "dns-txt");
	expect_owner(&itself, "mail.alpha.example", "alice", true);
	expect_owner(&itself, "alpha.example", NULL, false);
}

/* Seed, both policies on: approved domains only, each for its first user. */
static void
what_operators_proved_is_bound_by_its_first_use(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED_OWNED);
	world->config.profile.validation = POLICY_DOMAIN;
	world->config.assigned = fake_texts(world, "a@alpha.example");
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	flow.c.proofs = proofs;
	(void)submit(&flow);
	expect_owner(&flow, "alpha.example", NULL, false);
	const struct policy_step step = approve(&flow);

	expect_code("first use", &step, "none");
	assert_true(flow.c.plan.plan.final);
	expect_owner(&flow, "alpha.example", "alice", true);
}

static void
other_modes_bind_nothing(void **state)
{
	static const enum policy_domain_mode free_modes[] = { POLICY_DOMAINS_APPROVED,
		POLICY_DOMAINS_ANY };
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(free_modes); i++) {
		setup(world, free_modes[i]);
		world->config.profile.validation = POLICY_DOMAIN;
		world->config.assigned = fake_texts(world, "a@alpha.example");
		world->config.domains = list;
		world->config.n_domains = LEN(list);
		struct policy_proof *proofs = earlier_proof(world, "alpha.example", "dns-txt");
		struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

		flow.c.proofs = proofs;
		(void)submit(&flow);
		const struct policy_step step = approve(&flow);

		expect_code("free", &step, "none");
		assert_true(flow.c.plan.plan.final);
		expect_owner(&flow, "alpha.example", NULL, false);
	}
}

static void
mailboxes_alone_bind_nothing(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_ANY_OWNED);
	world->config.profile.validation = POLICY_MAILBOX;
	struct flow flow = begin(world, "alice", "a@alpha.example", "alpha.example");

	(void)submit(&flow);
	const struct policy_evidence yes = fake_evidence(world, &flow.submitted.request,
	    fake_check(&flow.c.plan.plan, "mailbox-1"), 1, CLAIM_PROVED);

	(void)tell(&flow, &yes);
	(void)approve(&flow);
	assert_true(flow.c.plan.plan.final);
	expect_owner(&flow, "alpha.example", NULL, false);
}

/* ---- a domain alone ---- */

static struct flow
begin_alone(struct fake_world *world, const char *domain)
{
	struct flow flow = begin(world, "operator", "", domain);
	struct claim_request *request = &flow.submitted.request;

	request->kind = CLAIM_DOMAIN_ONLY;
	request->profile = request->agreement = request->contact = "";
	request->csr.len = 0;
	request->key_use = 0;
	request->validity_days = 0;
	fake_reseal(world, &flow.submitted);
	flow.c.config.is_operator = true;
	flow.c.config.profile_known = flow.c.config.profile_allowed = false;
	flow.c.config.profile = (struct policy_profile){ .version = 0 };
	return flow;
}

static void
a_domain_alone_has_its_own_two_checks(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED_OWNED); /* it is not on the list yet */
	struct flow flow = begin_alone(world, "alpha.example");
	const struct policy_step step = submit(&flow);
	const struct claim_plan *plan = &flow.c.plan.plan;
	const struct claim_check *domain = fake_check(plan, "domain-1");
	const struct claim_check *mpic = fake_check(plan, "mpic-domain-1");

	expect_code("alone", &step, "none");
	assert_true(step.publishes);
	assert_int_equal(plan->n_checks, 2);
	assert_non_null(mpic);
	assert_true(step.asks[domain - plan->checks]);
	assert_false(step.asks[mpic - plan->checks]);
	assert_string_equal(domain->target, "alpha.example");
	assert_int_equal(domain->freshness_ms, 398 * CS_DAY_MS);
	assert_true(domain->allowed_methods.n > 2);
	assert_true(mpic->min_remotes > 0);
	assert_string_equal(plan->profile, "");
	assert_string_equal(plan->certificate_profile, "");
	struct claim_plan got;
	const struct cs_span sealed = claim_seal_plan(world->arena, world->policy.key, plan);

	assert_int_equal(claim_open_plan(world->arena, NULL, sealed, 0, &got, NULL), CS_OK);
}

static void
a_domain_alone_is_an_operators(void **state)
{
	static const struct {
		const char *name, *domain, *code;
		bool known, is_operator;
	} cases[] = {
		{ "operator", "alpha.example", "none", true, true },
		{ "user", "alpha.example", "not-an-operator", true, false },
		{ "stranger", "alpha.example", "unknown-account", false, true },
		{ "a public suffix", "co.uk", "domain-public-suffix", true, true },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct flow flow = begin_alone(world, cases[i].domain);

		flow.c.config.account_known = cases[i].known;
		flow.c.config.is_operator = cases[i].is_operator;
		const struct policy_step step = submit(&flow);

		expect_code(cases[i].name, &step, cases[i].code);
	}
}

static void
what_it_proves_approves_the_domain_and_binds_it_to_nobody(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED_OWNED);
	world->config.domains = list;
	world->config.n_domains = LEN(list);
	struct flow first = begin_alone(world, "beta.example");
	struct flow user = begin(world, "alice", "a@beta.example", "beta.example");

	(void)submit(&first);
	prove(&first, "beta.example", "dns-txt");
	assert_int_equal(first.c.config.n_ownerships, 0);
	user.c.proofs = first.c.proofs;
	const struct policy_step step = submit(&user);

	expect_code("user", &step, "none");
	assert_true(fake_check(&user.c.plan.plan, "domain-1")->has_standing);
}

static void
it_asks_for_a_new_proof_whatever_stands(void **state)
{
	struct fake_world *world = *state;

	setup(world, POLICY_DOMAINS_APPROVED);
	struct flow again = begin_alone(world, "alpha.example");

	again.c.proofs = earlier_proof(world, "alpha.example", "dns-txt");
	(void)submit(&again);
	assert_false(fake_check(&again.c.plan.plan, "domain-1")->has_standing);
	assert_int_equal(fake_check(&again.c.plan.plan, "domain-1")->attempt, 1);
}

/* An approval that nobody may give, before the request or after it, makes no final plan. */
static void
it_is_never_final(void **state)
{
	struct fake_world *world = *state;

	for (int early = 0; early < 2; early++) {
		struct flow flow = begin_alone(world, "alpha.example");

		if (early)
			(void)approve(&flow);
		(void)submit(&flow);
		prove(&flow, "alpha.example", "dns-txt");
		const struct policy_step step = approve(&flow);

		assert_false(step.publishes);
		assert_int_equal(flow.c.plan.state, POLICY_MADE);
		assert_false(flow.c.plan.plan.final);
		assert_int_equal(flow.c.plan.due_ms, 0);
	}
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_have_names),
		CASE(only_active_and_verified_domains_may_be_named),
		CASE(an_approved_domain_needs_no_new_proof),
		CASE(a_proof_that_does_not_cover_what_is_below_approves_only_itself),
		CASE(approval_ends_with_the_proof),
		CASE(what_the_perspectives_did_not_see_is_not_verified),
		CASE(a_mailbox_that_is_proved_by_itself_may_be_anywhere),
		CASE(it_is_asked_again_at_the_approval),
		CASE(the_first_proof_binds_and_no_wish_does),
		CASE(a_second_user_is_refused_until_it_is_transferred),
		CASE(who_proves_it_second_gets_nothing),
		CASE(the_name_that_was_shown_is_bound),
		CASE(what_operators_proved_is_bound_by_its_first_use),
		CASE(other_modes_bind_nothing),
		CASE(mailboxes_alone_bind_nothing),
		CASE(a_domain_alone_has_its_own_two_checks),
		CASE(a_domain_alone_is_an_operators),
		CASE(what_it_proves_approves_the_domain_and_binds_it_to_nobody),
		CASE(it_asks_for_a_new_proof_whatever_stands),
		CASE(it_is_never_final),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
