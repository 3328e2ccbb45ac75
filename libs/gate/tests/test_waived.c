/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_waived.c: what a plan may do without.  Whoever holds policy's key writes any plan: for a certificate
 * of public trust none does without anything, and for one of private trust two things can be left out,
 * where the plan says so.
 */
#include <string.h>

#include "gate/tests/fake_world.h"

#define CHANGE(name, when, profile, ...) WORLD_CHANGE(name, when, use(w, profile), __VA_ARGS__)
#define MAIL "private-mailbox"
#define PERSON "private-person"
#define PUBLIC "mailbox-strict"

static void
use(struct world *w, const char *profile)
{
	if (strcmp(profile, PERSON) == 0)
		world_identify(w, profile);
	w->plan.certificate_profile = profile;
}

#define WAIVE(...)                                          \
	static const char *const items[] = { __VA_ARGS__ }; \
	w->plan.waived = world_texts(items, COUNT(items))

#define BIT(check) (1u << (check))
#define ALL_CAA (BIT(CAA_SALES) | BIT(CAA_DEV))
#define ALL_MPIC_CAA (BIT(MPIC_SALES) | BIT(MPIC_DEV))
#define ALL_MPIC (BIT(MPIC_DOMAIN) | ALL_MPIC_CAA)

/* After the plan was drafted: what is in `left_out` is not among its checks. */
static void
leave_out(struct world *w, unsigned left_out)
{
	size_t kept = 0;

	for (size_t i = 0; i < w->plan.n_checks; i++)
		if ((left_out & BIT(i)) == 0)
			w->checks[kept++] = w->checks[i];
	w->plan.n_checks = kept;
}

/* ---- what private trust may do without ---- */
CHANGE(nothing_waived, STEP_PLAN, MAIL, (void)w)
CHANGE(caa, STEP_PLAN, MAIL, WAIVE("caa"); leave_out(w, ALL_CAA | ALL_MPIC_CAA))
CHANGE(caa_and_not_corroborated, STEP_PLAN, MAIL, WAIVE("caa");
       leave_out(w, ALL_CAA | ALL_MPIC_CAA | BIT(MPIC_DOMAIN)))
CHANGE(mpic, STEP_PLAN, MAIL, WAIVE("mpic"); leave_out(w, ALL_MPIC))
CHANGE(mpic_and_no_caa, STEP_PLAN, MAIL, WAIVE("mpic"); leave_out(w, ALL_MPIC | BIT(CAA_DEV)))
CHANGE(both, STEP_PLAN, MAIL, WAIVE("caa", "mpic"); leave_out(w, ALL_CAA | ALL_MPIC))
CHANGE(waived_and_done, STEP_PLAN, MAIL, WAIVE("caa", "mpic"))
CHANGE(left_out_and_not_waived, STEP_PLAN, MAIL, leave_out(w, ALL_CAA | ALL_MPIC))
/* What the plan asks for is proved, needed or not. */
CHANGE(waived_and_refused, STEP_PROOFS, MAIL, WAIVE("caa");
       w->evidence[CAA_DEV].outcome = CLAIM_REFUSED)
CHANGE(waived_and_unknown, STEP_PROOFS, MAIL, WAIVE("mpic");
       w->evidence[MPIC_DEV].outcome = CLAIM_COULD_NOT_TELL)

/* ---- and what nobody may ---- */
CHANGE(no_mailbox, STEP_PLAN, MAIL, WAIVE("caa", "mpic");
       leave_out(w, ALL_CAA | ALL_MPIC | BIT(MAILBOX)))
CHANGE(no_domain, STEP_PLAN, MAIL, WAIVE("caa", "mpic");
       leave_out(w, ALL_CAA | ALL_MPIC | BIT(DOMAIN)))
CHANGE(no_check, STEP_PLAN, MAIL, WAIVE("caa", "mpic"); w->plan.n_checks = 0)
CHANGE(mailbox, STEP_PLAN, MAIL, WAIVE("mailbox"); leave_out(w, BIT(MAILBOX)))
CHANGE(domain, STEP_PLAN, MAIL, WAIVE("domain"); leave_out(w, BIT(DOMAIN) | BIT(MPIC_DOMAIN)))
CHANGE(dnssec, STEP_PLAN, MAIL, WAIVE("dnssec"))
CHANGE(dnssec_too, STEP_PLAN, MAIL, WAIVE("caa", "dnssec", "mpic"))
CHANGE(in_capitals, STEP_PLAN, MAIL, WAIVE("CAA"))
CHANGE(caa_by_another_name, STEP_PLAN, MAIL, WAIVE("caa "); leave_out(w, ALL_CAA | ALL_MPIC_CAA))
CHANGE(two_in_one, STEP_PLAN, MAIL, WAIVE("caa,mpic"); leave_out(w, ALL_CAA | ALL_MPIC))

/* Nobody else looked: what the primary saw counts as much as ever, and no more. */
#define WITHOUT_BOTH          \
	WAIVE("caa", "mpic"); \
	leave_out(w, ALL_CAA | ALL_MPIC)
#define SEEN(name, ...)                                         \
	static void name(struct world *w, enum world_step step) \
	{                                                       \
		if (step == STEP_FACTS) {                       \
			use(w, MAIL);                           \
			__VA_ARGS__;                            \
		}                                               \
		if (step == STEP_PLAN) {                        \
			WITHOUT_BOTH;                           \
		}                                               \
	}
SEEN(domain_insecure, w->evidence[DOMAIN].security = CLAIM_DNSSEC_INSECURE)
SEEN(domain_bogus, w->evidence[DOMAIN].security = CLAIM_DNSSEC_BOGUS)
SEEN(domain_indeterminate, w->evidence[DOMAIN].security = CLAIM_DNSSEC_INDETERMINATE)
SEEN(mailbox_bogus, w->evidence[MAILBOX].security = CLAIM_DNSSEC_BOGUS)
SEEN(domain_stale, w->evidence[DOMAIN].checked_at_ms = NOW - 398 * CS_DAY_MS;
     w->checks[DOMAIN].freshness_ms = 0)
SEEN(mailbox_stale, w->evidence[MAILBOX].checked_at_ms = NOW - 30 * CS_DAY_MS;
     w->checks[MAILBOX].freshness_ms = 0)
SEEN(domain_of_globex, w->checks[DOMAIN].enterprise = w->evidence[DOMAIN].enterprise = "globex")
SEEN(mailbox_of_another, w->checks[MAILBOX].account = w->evidence[MAILBOX].account = "u-2")
SEEN(other_domain, w->checks[DOMAIN].target = w->evidence[DOMAIN].target = "x.dev.example")
SEEN(by_no_method, w->checks[DOMAIN].method = w->evidence[DOMAIN].method = "phone")
SEEN(too_long, w->request.validity_days = 826)
CHANGE(caa_bogus, STEP_FACTS, MAIL, WAIVE("mpic");
       w->evidence[CAA_DEV].security = CLAIM_DNSSEC_BOGUS)
CHANGE(caa_indeterminate, STEP_FACTS, MAIL, WAIVE("mpic");
       w->evidence[CAA_DEV].security = CLAIM_DNSSEC_INDETERMINATE)

/* ---- hosts, and who somebody is ---- */
#define HOST                                                  \
	static const char *const hosts[] = { "dev.example" }; \
	w->request.domains = world_texts(hosts, 1)
static void
host(struct world *w, enum world_step step)
{
	if (step == STEP_FACTS) {
		use(w, MAIL);
		HOST;
	}
	if (step == STEP_PLAN) {
		WITHOUT_BOTH;
	}
}
static void
host_not_proved(struct world *w, enum world_step step)
{
	static const char *const ann[] = { "ann@sales.example" };

	host(w, step);
	if (step == STEP_FACTS)
		w->request.mailboxes = world_texts(ann, 1);
	if (step == STEP_PLAN)
		leave_out(w, BIT(DOMAIN));
}
#define BARE_PERSON(more) leave_out(w, ALL_CAA | ALL_MPIC | (more))
CHANGE(person, STEP_PLAN, PERSON, WAIVE("caa", "mpic"); BARE_PERSON(0))
CHANGE(person_without_domain, STEP_PLAN, PERSON, WAIVE("caa", "mpic"); BARE_PERSON(BIT(DOMAIN)))
CHANGE(person_without_organization, STEP_PLAN, PERSON, WAIVE("caa", "mpic");
       BARE_PERSON(BIT(ORGANIZATION)))
CHANGE(person_without_authority, STEP_PLAN, PERSON, WAIVE("caa", "mpic");
       BARE_PERSON(BIT(AUTHORITY)))
CHANGE(person_unknown, STEP_PLAN, PERSON, WAIVE("caa", "mpic"); BARE_PERSON(BIT(INDIVIDUAL)))
CHANGE(individual_waived, STEP_PLAN, PERSON, WAIVE("individual"); leave_out(w, BIT(INDIVIDUAL)))

/* ---- public trust: policy's key was stolen ---- */
CHANGE(public_caa, STEP_PLAN, PUBLIC, WAIVE("caa"); leave_out(w, ALL_CAA | ALL_MPIC_CAA))
CHANGE(public_mpic, STEP_PLAN, PUBLIC, WAIVE("mpic"); leave_out(w, ALL_MPIC))
CHANGE(public_both, STEP_PLAN, PUBLIC, WAIVE("caa", "mpic"); leave_out(w, ALL_CAA | ALL_MPIC))
CHANGE(public_and_done, STEP_PLAN, PUBLIC, WAIVE("caa"))
CHANGE(public_dnssec, STEP_PLAN, PUBLIC, WAIVE("dnssec"))
CHANGE(no_such_trust, STEP_PLAN, "private-trust", WAIVE("caa"); leave_out(w, ALL_CAA))
/* Not policy's word at all. */
CHANGE(said_by_intake, STEP_PLAN, MAIL, WAIVE("caa"); w->plan_key = KEY_INTAKE;
       leave_out(w, ALL_CAA | ALL_MPIC_CAA))
/* A plan that policy signed, with the two words put into it afterwards. */
static void
put_in(struct world *w, enum world_step step)
{
	const char *keyid = claim_key_id(w->keys[KEY_POLICY]);
	/* The end of an envelope: the signature and the name of the key, each with tag and length. */
	const size_t end = 2 + 2 + 64 + 2 + strlen(keyid);

	both(w, step);
	if (step == STEP_PLAN)
		w->plan.waived.n = 0;
	if (step != STEP_CASE)
		return;
	const struct cs_span was = w->c.plan.envelope;
	w->plan.waived.n = 2;
	const struct cs_span made = claim_seal_plan(w->arena, w->keys[KEY_STRANGER], &w->plan);
	uint8_t *octets = (uint8_t *)(uintptr_t)made.data;

	memcpy(octets + made.len - end, was.data + was.len - end, end);
	w->c.plan.envelope = made;
	assert_string_equal(claim_keyid_of(w->arena, made), keyid);
}

static const struct world_case cases[] = {
	{ "nothing is waived", nothing_waived, NULL },
	{ "without CAA", caa, NULL },
	{ "without CAA, and nobody corroborates", caa_and_not_corroborated,
	    "domain-not-corroborated" },
	{ "without perspectives", mpic, NULL },
	{ "without perspectives, and no CAA", mpic_and_no_caa, "caa-not-proved" },
	{ "without either", both, NULL },
	{ "waived, and done all the same", waived_and_done, NULL },
	{ "left out, and not waived", left_out_and_not_waived, "caa-not-proved" },
	{ "waived, asked for and refused", waived_and_refused, "caa-2 not-proved" },
	{ "waived, asked for and not known", waived_and_unknown, "mpic-caa-2 not-proved" },
	{ "no proof of the mailbox", no_mailbox, "mailbox-not-proved" },
	{ "no proof of the domain", no_domain, "mailbox-not-proved" },
	{ "no check at all", no_check, "mailbox-not-proved" },
	{ "the mailbox waived", mailbox, "waiver-unknown" },
	{ "the domain waived", domain, "waiver-unknown" },
	{ "DNSSEC waived", dnssec, "waiver-unknown" },
	{ "DNSSEC waived among others", dnssec_too, "waiver-unknown" },
	{ "in capitals", in_capitals, "waiver-unknown" },
	{ "by another name", caa_by_another_name, "waiver-unknown" },
	{ "two in one", two_in_one, "waiver-unknown" },
	{ "domain that is not signed", domain_insecure, NULL },
	{ "domain bogus", domain_bogus, "mailbox-not-proved" },
	{ "domain indeterminate", domain_indeterminate, "mailbox-not-proved" },
	{ "mailbox bogus", mailbox_bogus, "mailbox-not-proved" },
	{ "domain stale", domain_stale, "domain-1 stale" },
	{ "mailbox stale", mailbox_stale, "mailbox-1 stale" },
	{ "another enterprise's domain", domain_of_globex, "check-other-enterprise" },
	{ "another's mailbox", mailbox_of_another, "check-other-account" },
	{ "another domain", other_domain, "mailbox-not-proved" },
	{ "by no method of ours", by_no_method, "mailbox-not-proved" },
	{ "a day too long", too_long, "validity" },
	{ "CAA bogus", caa_bogus, "caa-not-proved" },
	{ "CAA indeterminate", caa_indeterminate, "caa-not-proved" },
	{ "a host", host, NULL },
	{ "a host that nothing proves", host_not_proved, "domain-not-proved" },
	{ "a person", person, NULL },
	{ "a person of an organization without the domain", person_without_domain,
	    "domain-not-proved" },
	{ "a person of nothing", person_without_organization, "organization-not-proved" },
	{ "a person of an organization that does not know", person_without_authority,
	    "authority-not-proved" },
	{ "nobody", person_unknown, "individual-not-proved" },
	{ "who somebody is waived", individual_waived, "waiver-unknown" },
	{ "public without CAA", public_caa, "waiver-public" },
	{ "public without perspectives", public_mpic, "waiver-public" },
	{ "public without either", public_both, "waiver-public" },
	{ "public, waived and done all the same", public_and_done, "waiver-public" },
	{ "public, DNSSEC waived", public_dnssec, "waiver-public" },
	{ "a profile that does not exist", no_such_trust, "profile" },
	{ "said by intake", said_by_intake, "plan-not-genuine" },
	{ "put in afterwards", put_in, "plan-not-genuine" },
};

static void
each_change_has_its_one_answer(void **state)
{
	world_expect(*state, cases, COUNT(cases));
}

/* ---- every profile, every list, every choice of checks ---- */

static const struct {
	const char *items[3];
	size_t n;
	bool may, caa, mpic; /* for private trust: is it taken, and then as what */
} lists[] = {
	{ { NULL }, 0, true, false, false },
	{ { "caa" }, 1, true, true, false },
	{ { "mpic" }, 1, true, false, true },
	{ { "caa", "mpic" }, 2, true, true, true },
	{ { "dnssec" }, 1, false, false, false },
	{ { "caa", "dnssec", "mpic" }, 3, false, false, false },
	{ { "mailbox" }, 1, false, false, false },
	{ { "caa", "domain", "mpic" }, 3, false, false, false },
};

/* As the rules say it, not as the gate does: which checks this certificate needs. */
static unsigned
needed(bool caa, bool mpic)
{
	unsigned checks = BIT(MAILBOX) | BIT(DOMAIN);

	if (!caa)
		checks |= ALL_CAA;
	if (!mpic)
		checks |= BIT(MPIC_DOMAIN);
	if (!caa && !mpic)
		checks |= ALL_MPIC_CAA;
	return checks;
}

/* The plan in the case is this one, signed by policy's key. */
static enum gate_says
judge_plan(
    struct world *w, const struct claim_plan *plan, struct cs_arena *arena, struct gate_verdict *v)
{
	w->c.plan.envelope = claim_seal_plan(arena, w->keys[KEY_POLICY], plan);
	gate_judge(arena, &w->rules, &w->c, w->now_ms, v);
	return v->says;
}

static void
try_lists(struct world *w, const char *profile, bool is_private, unsigned kept)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct claim_check checks[CHECKS];
		struct claim_plan plan = w->plan;
		const bool listed = lists[i].n > 0;
		const bool want = lists[i].may && (is_private || !listed) &&
				  (needed(lists[i].caa, lists[i].mpic) & ~kept) == 0;
		struct gate_verdict v;

		plan.checks = checks;
		plan.n_checks = 0;
		for (size_t k = 0; k < CHECKS; k++)
			if ((kept & BIT(k)) != 0)
				checks[plan.n_checks++] = w->checks[k];
		plan.certificate_profile = profile;
		plan.waived = world_texts(lists[i].items, lists[i].n);
		if ((judge_plan(w, &plan, arena, &v) == GATE_COMPLETE) != want)
			fail_msg("%s, list %zu, checks %#x: got %s", profile, i, kept,
			    world_answer(w, &v));
		cs_arena_free(arena);
	}
}

static void
no_choice_of_checks_gets_past_the_floor(void **state)
{
	struct world *w = *state;

	world_make(w, NULL);
	for (unsigned kept = 0; kept < BIT(CHECKS); kept++) {
		try_lists(w, MAIL, true, kept);
		try_lists(w, PUBLIC, false, kept);
	}
}

/* With everything proved that there is: every profile that the table has. */
static void
identified(struct world *w, enum world_step step)
{
	if (step == STEP_FACTS)
		world_identify(w, PERSON);
}

static void
no_public_profile_does_without_anything(void **state)
{
	struct world *w = *state;
	size_t n, publics = 0;
	const struct smime_profile *profiles = smime_profiles(&n);

	world_make(w, identified);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 1; k < COUNT(lists); k++) {
			struct claim_plan plan = w->plan;
			const bool is_public = profiles[i].trust == SMIME_TRUST_PUBLIC;
			struct gate_verdict v;

			plan.certificate_profile = profiles[i].name;
			plan.waived = world_texts(lists[k].items, lists[k].n);
			const enum gate_says says = judge_plan(w, &plan, w->arena, &v);
			if ((says == GATE_COMPLETE) != (!is_public && lists[k].may))
				fail_msg("%s, list %zu: got %s", profiles[i].name, k,
				    world_answer(w, &v));
			if (is_public && strcmp(v.refusal.code, "waiver-public") != 0)
				fail_msg("%s: got %s", profiles[i].name, v.refusal.code);
			publics += is_public;
		}
	assert_true(publics > 0);
}

/* Asked by itself, without the question before it: for public trust the floor lies where it lay. */
static void
the_floor_itself_ignores_what_public_trust_waives(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;
	struct cs_refusal why;

	world_make(w, both);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.says, GATE_COMPLETE);
	struct gate_floor floor = { .arena = w->arena,
		.rules = &w->rules,
		.request = &v.request,
		.profile = v.profile,
		.proofs = v.proofs,
		.n_proofs = v.n_proofs,
		.waived = v.plan.waived,
		.now_ms = w->now_ms };

	assert_true(gate_floor_waives(&floor, &why));
	assert_true(gate_floor_holds(&floor, &why));
	floor.profile = smime_profile_find(PUBLIC);
	assert_false(gate_floor_waives(&floor, &why));
	assert_string_equal(why.code, "waiver-public");
	assert_false(gate_floor_holds(&floor, &why));
	assert_string_equal(why.code, "caa-not-proved");
}

static void
what_is_waived_is_part_of_the_case(void **state)
{
	struct world *w = *state;
	uint8_t was[CLAIM_DIGEST], is[CLAIM_DIGEST];
	struct claim_plan plan;

	world_make(w, waived_and_done);
	gate_case_sha256(w->arena, &w->rules, &w->c, &w->plan, was);
	plan = w->plan;
	plan.waived.n = 1;
	w->c.plan.envelope = claim_seal_plan(w->arena, w->keys[KEY_POLICY], &plan);
	gate_case_sha256(w->arena, &w->rules, &w->c, &plan, is);
	assert_memory_not_equal(was, is, CLAIM_DIGEST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_has_its_one_answer),
		cmocka_unit_test(no_choice_of_checks_gets_past_the_floor),
		cmocka_unit_test(no_public_profile_does_without_anything),
		cmocka_unit_test(the_floor_itself_ignores_what_public_trust_waives),
		cmocka_unit_test(what_is_waived_is_part_of_the_case),
	};

	return cmocka_run_group_tests_name("waived", tests, world_setup, world_teardown);
}
