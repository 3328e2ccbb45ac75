/* SPDX-License-Identifier: Apache-2.0 */
/* Which evidence that stands serves which check. */
#include <string.h>

#include "base/time.h"
#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct claim_plan
checks_of(struct fake_world *world, const struct claim_request *request)
{
	struct claim_plan plan = { 0 };

	policy_checks_make(&world->policy.rules, &world->config, request,
	    &(struct policy_identified){ .organization = NULL }, world->now_ms, world->arena,
	    &plan.checks, &plan.n_checks);
	return plan;
}

/* Puts evidence in front of the list, as decisions do. */
static void
add(struct fake_world *world, const struct policy_proof **list, const struct policy_evidence *from)
{
	struct policy_proof *proof = CS_NEW(world->arena, struct policy_proof);

	assert_true(policy_proof_of(&from->evidence, from->envelope, world->now_ms, proof));
	proof->next = (struct policy_proof *)(uintptr_t)*list;
	*list = proof;
}

static bool
stands(struct fake_world *world, const struct policy_proof *proofs,
    const struct claim_request *request, const char *check_id, int64_t until_ms)
{
	struct claim_plan plan = checks_of(world, request);
	const struct policy_need need = {
		.request = request->id, .until_ms = until_ms, .proofs = proofs
	};

	policy_standing_attach(&need, plan.checks, plan.n_checks);
	policy_standing_attach_caa(&need, plan.checks, plan.n_checks);
	const struct claim_check *check = fake_check(&plan, check_id);

	assert_non_null(check);
	return check->has_standing;
}

/* The proof of alice's mailbox, for a request of hers. */
static const struct policy_proof *
mailbox_proof(struct fake_world *world, struct claim_request *ret_request)
{
	const struct policy_proof *proofs = NULL;

	*ret_request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, ret_request);
	const struct policy_evidence yes =
	    fake_evidence(world, ret_request, fake_check(&plan, "mailbox-1"), 1, CLAIM_PROVED);

	add(world, &proofs, &yes);
	return proofs;
}

static void
a_mailbox_proof_serves_its_enterprise_account_and_mailbox_only(void **state)
{
	static const struct {
		const char *name, *enterprise, *account, *mailbox;
		bool want;
	} cases[] = {
		{ "the same", "demo", "alice", "alice@alpha.example", true },
		{ "second user, same mailbox", "demo", "bob", "alice@alpha.example", false },
		{ "second enterprise, same names", "rival", "alice", "alice@alpha.example", false },
		{ "another mailbox", "demo", "alice", "bob@alpha.example", false },
		{ "another case of the local part", "demo", "alice", "Alice@alpha.example", false },
	};
	struct fake_world *world = *state;
	struct claim_request first;
	const struct policy_proof *proofs = mailbox_proof(world, &first);

	for (size_t i = 0; i < LEN(cases); i++) {
		struct claim_request request = fake_request(world, cases[i].mailbox, "").request;

		request.enterprise = cases[i].enterprise;
		request.account = cases[i].account;
		if (stands(world, proofs, &request, "mailbox-1", FAKE_NOW) != cases[i].want)
			fail_msg(
			    "%s: got %d, want %d", cases[i].name, !cases[i].want, cases[i].want);
	}
}

/* By the method that proved it, when several are open; and none that the profile does not offer. */
static void
a_mailbox_stands_by_the_method_that_proved_it(void **state)
{
	static const struct {
		const char *profile, *proved_by;
		bool want, want_other; /* for this request, for another of the same account */
	} cases[] = {
		{ "email-token,email-reply", "email-token", true, true },
		{ "email-token,email-reply", "email-reply", true, false },
		{ "email-reply", "email-reply", true, false },
		{ "email-token", "email-token", true, true },
		{ "email-token", "email-reply", false, false },
		{ "email-reply", "email-token", false, false },
		{ "email-token,email-reply", "dns-txt", false, false },
		{ "email-token,email-reply", "phone", false, false },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct claim_request request, other;
		const struct policy_proof *proofs = NULL;
		struct claim_check check;

		request = fake_request(world, "alice@alpha.example", "").request;
		other = request;
		other.id.octets[15] ^= 1;
		world->config.profile.mailbox_methods = fake_texts(world, cases[i].profile);
		const struct claim_plan plan = checks_of(world, &request);

		check = *fake_check(&plan, "mailbox-1");
		check.method = cases[i].proved_by;
		claim_check_digest(&check, check.digest);
		const struct policy_evidence yes =
		    fake_evidence(world, &request, &check, 1, CLAIM_PROVED);

		add(world, &proofs, &yes);
		if (stands(world, proofs, &request, "mailbox-1", FAKE_NOW) != cases[i].want ||
		    stands(world, proofs, &other, "mailbox-1", FAKE_NOW) != cases[i].want_other)
			fail_msg("%s, proved by %s", cases[i].profile, cases[i].proved_by);
	}
	world->config.profile.mailbox_methods = fake_texts(world, "email-token");
}

/* Whoever answered for another request knew nothing of this one, nor of its key. */
static void
a_request_on_behalf_is_served_by_its_own_mailbox_proof_alone(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request;
	const struct policy_proof *proofs = mailbox_proof(world, &request);
	struct claim_plan plan = checks_of(world, &request);
	struct policy_need need = {
		.request = request.id, .until_ms = FAKE_NOW, .proofs = proofs, .on_behalf = true
	};

	assert_true(policy_standing_serve(&need, &plan.checks[0]));
	plan = checks_of(world, &request);
	need.request.octets[15] ^= 1;
	assert_false(policy_standing_serve(&need, &plan.checks[0]));
	need.on_behalf = false;
	assert_true(policy_standing_serve(&need, &plan.checks[0]));
}

static void
a_mailbox_proof_never_proves_a_domain(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request;
	const struct policy_proof *proofs = mailbox_proof(world, &request);

	world->config.profile.validation = POLICY_BOTH;
	assert_true(stands(world, proofs, &request, "mailbox-1", FAKE_NOW));
	assert_false(stands(world, proofs, &request, "domain-1", FAKE_NOW));
}

static void
evidence_serves_until_its_last_millisecond(void **state)
{
	struct fake_world *world = *state;
	struct claim_request request;
	const struct policy_proof *proofs = mailbox_proof(world, &request);
	const int64_t end = FAKE_NOW + 30 * CS_DAY_MS;

	assert_true(stands(world, proofs, &request, "mailbox-1", end));
	assert_false(stands(world, proofs, &request, "mailbox-1", end + 1));
	world->config.profile.mailbox_period_days = 7;
	assert_true(stands(world, proofs, &request, "mailbox-1", FAKE_NOW + 7 * CS_DAY_MS));
	assert_false(stands(world, proofs, &request, "mailbox-1", FAKE_NOW + 7 * CS_DAY_MS + 1));
}

static void
evidence_that_calls_itself_fresh_for_longer_is_cut(void **state)
{
	static const struct {
		const char *check_id, *method;
		int64_t want_ms;
	} cases[] = {
		{ "mailbox-1", "email-token", 30 * CS_DAY_MS },
		{ "domain-1", "mx-http-file", 398 * CS_DAY_MS },
		{ "domain-1", "dns-persist", 10 * CS_DAY_MS },
		{ "mpic-domain-1", "acme-http", 398 * CS_DAY_MS },
		{ "mpic-domain-1", "dns-persist", 10 * CS_DAY_MS },
		{ "caa-1", "caa-issuemail", 7 * CS_HOUR_MS },
		{ "mpic-caa-1", "caa-issuemail", 7 * CS_HOUR_MS },
	};
	struct fake_world *world = *state;

	world->config.profile.validation = POLICY_BOTH;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &request);

	for (size_t i = 0; i < LEN(cases); i++) {
		struct policy_evidence yes = fake_evidence(
		    world, &request, fake_check(&plan, cases[i].check_id), 1, CLAIM_PROVED);
		struct policy_proof proof;

		yes.evidence.method = cases[i].method;
		yes.evidence.valid_until_ms = FAKE_NOW + 4000 * CS_DAY_MS;
		assert_true(policy_proof_of(&yes.evidence, yes.envelope, FAKE_NOW, &proof));
		assert_int_equal(proof.valid_until_ms, FAKE_NOW + cases[i].want_ms);
		/* From a clock that runs ahead: counted from now. */
		yes.evidence.checked_at_ms = FAKE_NOW + CS_DAY_MS;
		assert_true(policy_proof_of(&yes.evidence, yes.envelope, FAKE_NOW, &proof));
		assert_int_equal(proof.valid_until_ms, FAKE_NOW + cases[i].want_ms);
		/* And what says less of itself is believed. */
		yes.evidence.valid_until_ms = FAKE_NOW + 5;
		assert_true(policy_proof_of(&yes.evidence, yes.envelope, FAKE_NOW, &proof));
		assert_int_equal(proof.valid_until_ms, FAKE_NOW + 5);
	}
}

static void
could_not_tell_is_not_remembered(void **state)
{
	struct fake_world *world = *state;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &request);
	const struct policy_evidence perhaps =
	    fake_evidence(world, &request, fake_check(&plan, "caa-1"), 1, CLAIM_COULD_NOT_TELL);
	struct policy_proof proof;

	assert_false(policy_proof_of(&perhaps.evidence, perhaps.envelope, FAKE_NOW, &proof));
}

/* ---- domains ---- */

/* alpha.example, proved and corroborated. */
static const struct policy_proof *
domain_proof(struct fake_world *world, const char *method)
{
	const struct policy_proof *proofs = NULL;

	world->config.profile.validation = POLICY_BOTH;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &request);
	const struct policy_evidence domain =
	    fake_domain(world, &request, fake_check(&plan, "domain-1"), method, "random");
	const struct policy_evidence mpic = fake_corroboration(world, &domain);

	add(world, &proofs, &domain);
	add(world, &proofs, &mpic);
	return proofs;
}

static void
a_domain_proof_serves_its_enterprise_and_what_its_method_covers(void **state)
{
	static const struct {
		const char *name, *method, *enterprise, *account, *mailbox;
		bool want;
	} cases[] = {
		{ "the same", "dns-txt", "demo", "alice", "alice@alpha.example", true },
		{ "another user of the enterprise", "dns-txt", "demo", "bob", "bob@alpha.example",
		    true },
		{ "second enterprise, same domain", "dns-txt", "rival", "alice",
		    "alice@alpha.example", false },
		{ "subdomain by TXT", "dns-txt", "demo", "alice", "a@mail.alpha.example", true },
		{ "deeper subdomain by TXT", "dns-txt", "demo", "alice", "a@x.mail.alpha.example",
		    true },
		{ "a name that only ends alike", "dns-txt", "demo", "alice", "a@notalpha.example",
		    false },
		{ "another domain", "dns-txt", "demo", "alice", "a@beta.example", false },
		{ "the same by file", "http-file", "demo", "alice", "alice@alpha.example", true },
		{ "subdomain by file", "http-file", "demo", "alice", "a@mail.alpha.example",
		    false },
		{ "the same by CNAME", "dns-cname", "demo", "alice", "alice@alpha.example", true },
		{ "subdomain by CNAME", "dns-cname", "demo", "alice", "a@mail.alpha.example",
		    true },
		{ "subdomain by persistent record", "dns-persist", "demo", "alice",
		    "a@mail.alpha.example", true },
		{ "the same by ACME http", "acme-http", "demo", "alice", "alice@alpha.example",
		    true },
		{ "subdomain by ACME http", "acme-http", "demo", "alice", "a@mail.alpha.example",
		    false },
		{ "subdomain by ACME tls-alpn", "acme-tls-alpn", "demo", "alice",
		    "a@mail.alpha.example", false },
		{ "the same by its mail server", "mx-dns-txt", "demo", "alice",
		    "alice@alpha.example", true },
		{ "subdomain by the mail server", "mx-dns-txt", "demo", "alice",
		    "a@mail.alpha.example", false },
		{ "subdomain by the mail server's file", "mx-http-file", "demo", "alice",
		    "a@mail.alpha.example", false },
	};
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct policy_proof *proofs = domain_proof(world, cases[i].method);
		struct claim_request request = fake_request(world, cases[i].mailbox, "").request;

		request.enterprise = cases[i].enterprise;
		request.account = cases[i].account;
		bool got = stands(world, proofs, &request, "domain-1", FAKE_NOW);

		if (got != cases[i].want ||
		    stands(world, proofs, &request, "mpic-domain-1", FAKE_NOW) != got)
			fail_msg("%s: got %d, want %d", cases[i].name, got, cases[i].want);
	}
}

/* A validator cannot widen what its method covers. */
static void
a_file_that_claims_to_cover_subdomains_does_not(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *mpic = domain_proof(world, "http-file");
	struct policy_proof own_domain = *mpic->next, own_mpic = *mpic;
	const struct claim_request request =
	    fake_request(world, "a@mail.alpha.example", "").request;

	own_mpic.next = &own_domain;
	own_domain.covers_subdomains = true;
	assert_false(stands(world, &own_mpic, &request, "domain-1", FAKE_NOW));
}

/* TBR 3.2.2.4.22: ten days, however long the profile and the evidence say. */
static void
a_persistent_record_proves_for_ten_days(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = domain_proof(world, "dns-persist");
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const int64_t end = FAKE_NOW + 10 * CS_DAY_MS;

	assert_true(proofs->next->valid_until_ms == end);
	assert_true(stands(world, proofs, &request, "domain-1", end));
	assert_true(stands(world, proofs, &request, "mpic-domain-1", end));
	assert_false(stands(world, proofs, &request, "domain-1", end + 1));
	/* A row from before the rule knew of it. */
	struct policy_proof old_domain = *proofs->next, old_mpic = *proofs;

	old_mpic.next = &old_domain;
	old_mpic.valid_until_ms = old_domain.valid_until_ms = FAKE_NOW + 398 * CS_DAY_MS;
	assert_true(stands(world, &old_mpic, &request, "domain-1", end));
	assert_false(stands(world, &old_mpic, &request, "domain-1", end + 1));
}

static void
a_check_on_a_persistent_record_asks_for_no_longer(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = domain_proof(world, "dns-persist");
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	struct claim_plan plan = checks_of(world, &request);
	const struct policy_need need = { .until_ms = FAKE_NOW, .proofs = proofs };

	policy_standing_attach(&need, plan.checks, plan.n_checks);
	assert_int_equal(fake_check(&plan, "domain-1")->freshness_ms, 10 * CS_DAY_MS);
	assert_int_equal(fake_check(&plan, "mpic-domain-1")->freshness_ms, 10 * CS_DAY_MS);
	assert_true(fake_check(&plan, "domain-1")->standing_until_ms == FAKE_NOW + 10 * CS_DAY_MS);
}

/* It says itself that it serves one account only. */
static void
a_domain_proof_that_names_an_account_serves_no_enterprise(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *mpic = domain_proof(world, "dns-txt");
	struct policy_proof own_domain = *mpic->next, own_mpic = *mpic;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	own_mpic.next = &own_domain;
	assert_true(stands(world, &own_mpic, &request, "domain-1", FAKE_NOW));
	own_domain.account = "alice";
	assert_false(stands(world, &own_mpic, &request, "domain-1", FAKE_NOW));
}

static void
a_child_never_proves_its_parent(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = NULL;

	world->config.profile.validation = POLICY_BOTH;
	const struct claim_request child = fake_request(world, "a@mail.alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &child);
	const struct policy_evidence domain =
	    fake_domain(world, &child, fake_check(&plan, "domain-1"), "dns-txt", "random");
	const struct policy_evidence mpic = fake_corroboration(world, &domain);

	add(world, &proofs, &domain);
	add(world, &proofs, &mpic);
	const struct claim_request parent = fake_request(world, "a@alpha.example", "").request;

	assert_true(stands(world, proofs, &child, "domain-1", FAKE_NOW));
	assert_false(stands(world, proofs, &parent, "domain-1", FAKE_NOW));
}

static void
a_method_that_the_profile_does_not_offer_proves_nothing(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = domain_proof(world, "http-file");
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	world->config.profile.domain_methods = fake_texts(world, "dns-txt,dns-persist");
	assert_false(stands(world, proofs, &request, "domain-1", FAKE_NOW));
}

static void
a_domain_and_its_perspectives_stand_together(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *both = domain_proof(world, "dns-txt");
	const struct policy_proof *domain_only = both->next;
	struct policy_proof mpic_only = *both;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	mpic_only.next = NULL;
	assert_false(stands(world, domain_only, &request, "domain-1", FAKE_NOW));
	assert_false(stands(world, &mpic_only, &request, "mpic-domain-1", FAKE_NOW));
	/* Corroboration of another look at the same value. */
	struct policy_proof other = *both;
	uint8_t another[CLAIM_DIGEST] = { 1 };

	other.primary_sha256 = cs_span_of(another, sizeof(another));
	assert_false(stands(world, &other, &request, "domain-1", FAKE_NOW));
}

static void
too_few_perspectives_corroborate_nothing(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *both = domain_proof(world, "dns-txt");
	struct policy_proof mpic = *both;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	mpic.remotes = 4;
	assert_true(stands(world, &mpic, &request, "domain-1", FAKE_NOW));
	mpic.remotes = 3;
	assert_false(stands(world, &mpic, &request, "domain-1", FAKE_NOW));
}

static void
a_check_that_stands_says_exactly_what_was_proved(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *mpic = domain_proof(world, "dns-txt"), *domain = mpic->next;
	const struct claim_request request =
	    fake_request(world, "a@mail.alpha.example", "").request;
	struct claim_plan plan = checks_of(world, &request);
	const struct policy_need need = { .until_ms = FAKE_NOW, .proofs = mpic };

	policy_standing_attach(&need, plan.checks, plan.n_checks);
	const struct claim_check *check = fake_check(&plan, "domain-1");

	assert_string_equal(check->target, "alpha.example");
	assert_string_equal(check->method, "dns-txt");
	assert_true(cs_span_is(check->expected, "random"));
	assert_memory_equal(check->digest, domain->check_digest, CLAIM_DIGEST);
	assert_memory_equal(check->standing_sha256, domain->envelope_sha256, CLAIM_DIGEST);
	assert_int_equal(check->standing_until_ms, FAKE_NOW + 398 * CS_DAY_MS);
	check = fake_check(&plan, "mpic-domain-1");
	assert_memory_equal(check->digest, mpic->check_digest, CLAIM_DIGEST);
	assert_memory_equal(check->standing_sha256, mpic->envelope_sha256, CLAIM_DIGEST);
}

static void
two_domains_that_one_proof_covers_keep_their_own_perspectives_check(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = domain_proof(world, "dns-txt");
	const struct claim_request request =
	    fake_request(world, "a@mail.alpha.example", "mail.alpha.example,www.alpha.example")
		.request;

	assert_true(stands(world, proofs, &request, "mpic-domain-1", FAKE_NOW));
	assert_true(stands(world, proofs, &request, "domain-2", FAKE_NOW));
	assert_true(stands(world, proofs, &request, "mpic-domain-2", FAKE_NOW));
}

/* ---- a later no ---- */

static void
a_later_no_voids_an_earlier_yes_in_any_order(void **state)
{
	static const struct {
		const char *name;
		bool same_request;
		uint32_t yes_attempt, no_attempt;
		int64_t no_later_ms;
		bool want;
	} cases[] = {
		{ "no in the next attempt", true, 1, 2, 1, false },
		{ "no in the next attempt, by a clock behind", true, 1, 2, -1, false },
		{ "no in the same attempt", true, 1, 1, 1, true },
		{ "no in an earlier attempt", true, 2, 1, 1, true },
		{ "no a millisecond later for another request", false, 1, 1, 1, false },
		{ "no at the same time for another request", false, 1, 2, 0, false },
		{ "no earlier for another request", false, 1, 9, -1, true },
	};
	struct fake_world *world = *state;

	world->now_ms = FAKE_NOW;
	for (size_t i = 0; i < 2 * LEN(cases); i++) {
		const size_t c = i / 2;
		const struct claim_request first =
		    fake_request(world, "alice@alpha.example", "").request;
		const struct claim_request second =
		    fake_request(world, "alice@alpha.example", "").request;
		const struct claim_plan plan = checks_of(world, &first);
		const struct claim_check *check = fake_check(&plan, "caa-1");
		struct policy_evidence yes =
		    fake_evidence(world, &first, check, cases[c].yes_attempt, CLAIM_PROVED);
		struct policy_evidence no =
		    fake_evidence(world, cases[c].same_request ? &first : &second, check,
			cases[c].no_attempt, CLAIM_REFUSED);
		const struct policy_proof *proofs = NULL;

		yes.evidence.checked_at_ms = FAKE_NOW - 1000;
		no.evidence.checked_at_ms = FAKE_NOW - 1000 + cases[c].no_later_ms;
		add(world, &proofs, i % 2 == 0 ? &yes : &no);
		add(world, &proofs, i % 2 == 0 ? &no : &yes);
		if (stands(world, proofs, &first, "caa-1", FAKE_NOW) != cases[c].want)
			fail_msg("%s, order %zu: got %d, want %d", cases[c].name, i % 2,
			    !cases[c].want, cases[c].want);
	}
}

/* The no names one method, one value and the name itself, whatever had proved it. */
static void
a_no_to_a_domain_is_one_to_every_way_that_proved_it(void **state)
{
	static const struct {
		const char *name, *check_id;
		bool same_request;
		uint32_t attempt;
		bool want;
	} cases[] = {
		{ "the next look", "domain-1", true, 2, false },
		{ "the same look", "domain-1", true, 1, true },
		{ "another domain of the request", "domain-2", true, 2, true },
		{ "another request", "domain-1", false, 2, true },
	};
	struct fake_world *world = *state;

	world->config.profile.validation = POLICY_DOMAIN;
	const struct claim_request first = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_request second = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &first);
	const struct policy_evidence yes =
	    fake_domain(world, &first, fake_check(&plan, "domain-1"), "dns-txt", "an older value");
	const struct policy_evidence seconded = fake_corroboration(world, &yes);

	for (size_t i = 0; i < LEN(cases); i++) {
		struct claim_check check = *fake_check(&plan, "domain-1");
		const struct policy_proof *proofs = NULL;

		check.id = cases[i].check_id;
		check.method = "http-file";
		check.expected = cs_span_str("the value");
		claim_check_digest(&check, check.digest);
		const struct policy_evidence no =
		    fake_evidence(world, cases[i].same_request ? &first : &second, &check,
			cases[i].attempt, CLAIM_REFUSED);

		add(world, &proofs, &yes);
		add(world, &proofs, &seconded);
		add(world, &proofs, &no);
		if (stands(world, proofs, &first, "domain-1", FAKE_NOW) != cases[i].want)
			fail_msg(
			    "%s: got %d, want %d", cases[i].name, !cases[i].want, cases[i].want);
	}
}

/* Whoever looks in vain for a year fills no list that every request of the enterprise reads. */
static void
a_no_that_voids_nothing_is_soon_forgotten(void **state)
{
	static const struct {
		const char *name, *check_id;
		uint32_t attempt;
		int64_t want_ms;
	} cases[] = {
		{ "voids the proof", "domain-1", 2, 398 * CS_DAY_MS },
		{ "was before the proof", "domain-1", 1, CS_DAY_MS },
		{ "another domain", "domain-2", 2, CS_DAY_MS },
		{ "CAA", "caa-1", 2, 7 * CS_HOUR_MS },
	};
	struct fake_world *world = *state;

	world->config.profile.validation = POLICY_DOMAIN;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &request);
	const struct policy_evidence yes =
	    fake_domain(world, &request, fake_check(&plan, "domain-1"), "dns-txt", "a value");
	const struct policy_proof *proofs = NULL;

	add(world, &proofs, &yes);
	for (size_t i = 0; i < LEN(cases); i++) {
		const bool caa = strcmp(cases[i].check_id, "caa-1") == 0;
		struct claim_check check = *fake_check(&plan, caa ? "caa-1" : "domain-1");
		struct policy_proof no;

		check.id = cases[i].check_id;
		if (!caa)
			check.method = "http-file";
		claim_check_digest(&check, check.digest);
		const struct policy_evidence made =
		    fake_evidence(world, &request, &check, cases[i].attempt, CLAIM_REFUSED);

		assert_true(policy_proof_of(&made.evidence, made.envelope, world->now_ms, &no));
		policy_standing_shorten(proofs, world->now_ms, &no);
		if (no.valid_until_ms - world->now_ms != cases[i].want_ms)
			fail_msg("%s: %lld ms", cases[i].name,
			    (long long)(no.valid_until_ms - world->now_ms));
	}
	struct policy_proof same;

	assert_true(policy_proof_of(&yes.evidence, yes.envelope, world->now_ms, &same));
	policy_standing_shorten(NULL, world->now_ms, &same);
	assert_int_equal(same.valid_until_ms, proofs->valid_until_ms);
}

static void
the_first_result_of_an_attempt_counts(void **state)
{
	struct fake_world *world = *state;
	const struct policy_proof *proofs = NULL;
	const struct claim_request request = fake_request(world, "alice@alpha.example", "").request;
	const struct claim_plan plan = checks_of(world, &request);
	const struct claim_check *check = fake_check(&plan, "caa-1");
	const struct policy_evidence yes = fake_evidence(world, &request, check, 1, CLAIM_PROVED);
	const struct policy_evidence no = fake_evidence(world, &request, check, 1, CLAIM_REFUSED);
	const struct policy_evidence next = fake_evidence(world, &request, check, 2, CLAIM_REFUSED);
	struct policy_proof proof;

	add(world, &proofs, &yes);
	assert_true(policy_proof_of(&no.evidence, no.envelope, FAKE_NOW, &proof));
	assert_true(policy_standing_has(proofs, &proof));
	assert_true(policy_proof_of(&next.evidence, next.envelope, FAKE_NOW, &proof));
	assert_false(policy_standing_has(proofs, &proof));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_mailbox_proof_serves_its_enterprise_account_and_mailbox_only),
		CASE(a_mailbox_stands_by_the_method_that_proved_it),
		CASE(a_request_on_behalf_is_served_by_its_own_mailbox_proof_alone),
		CASE(a_mailbox_proof_never_proves_a_domain),
		CASE(evidence_serves_until_its_last_millisecond),
		CASE(evidence_that_calls_itself_fresh_for_longer_is_cut),
		CASE(could_not_tell_is_not_remembered),
		CASE(a_domain_proof_serves_its_enterprise_and_what_its_method_covers),
		CASE(a_file_that_claims_to_cover_subdomains_does_not),
		CASE(a_persistent_record_proves_for_ten_days),
		CASE(a_check_on_a_persistent_record_asks_for_no_longer),
		CASE(a_domain_proof_that_names_an_account_serves_no_enterprise),
		CASE(a_child_never_proves_its_parent),
		CASE(a_method_that_the_profile_does_not_offer_proves_nothing),
		CASE(a_domain_and_its_perspectives_stand_together),
		CASE(too_few_perspectives_corroborate_nothing),
		CASE(a_check_that_stands_says_exactly_what_was_proved),
		CASE(two_domains_that_one_proof_covers_keep_their_own_perspectives_check),
		CASE(a_later_no_voids_an_earlier_yes_in_any_order),
		CASE(a_no_to_a_domain_is_one_to_every_way_that_proved_it),
		CASE(a_no_that_voids_nothing_is_soon_forgotten),
		CASE(the_first_result_of_an_attempt_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
