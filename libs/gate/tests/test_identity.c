/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that name an organization or a person: one thing is altered, one answer is wanted. */
#include <string.h>

#include "gate/tests/fake_world.h"

#define CHANGE(name, when, profile, ...) \
	WORLD_CHANGE(name, when, world_identify(w, profile), __VA_ARGS__)

#define OV "organization-strict"
#define SV "sponsor-strict"
#define IV "individual-strict"
#define MARGIN GATE_MARGIN_MS
#define LIFE (825 * CS_DAY_MS)

CHANGE(organization, STEP_CASE, OV, (void)w)
CHANGE(sponsor, STEP_CASE, SV, (void)w)
CHANGE(individual, STEP_CASE, IV, (void)w)
CHANGE(organization_mp, STEP_CASE, "organization-multipurpose", (void)w)
CHANGE(sponsor_mp, STEP_CASE, "sponsor-multipurpose", (void)w)
CHANGE(individual_mp, STEP_CASE, "individual-multipurpose", (void)w)

/* ---- not in the plan: the floor asks by itself ---- */
static void
leave_out(struct world *w, size_t i)
{
	for (; i + 1 < ALL_CHECKS; i++)
		w->checks[i] = w->checks[i + 1];
	w->plan.n_checks--;
}
CHANGE(ov_plan_without_organization, STEP_PLAN, OV, leave_out(w, ORGANIZATION))
CHANGE(ov_plan_without_authority, STEP_PLAN, OV, leave_out(w, AUTHORITY))
CHANGE(ov_plan_without_person, STEP_PLAN, OV, leave_out(w, INDIVIDUAL))
CHANGE(sv_plan_without_organization, STEP_PLAN, SV, leave_out(w, ORGANIZATION))
CHANGE(sv_plan_without_authority, STEP_PLAN, SV, leave_out(w, AUTHORITY))
CHANGE(sv_plan_without_person, STEP_PLAN, SV, leave_out(w, INDIVIDUAL))
CHANGE(iv_plan_without_person, STEP_PLAN, IV, leave_out(w, INDIVIDUAL))
CHANGE(iv_plan_without_organization, STEP_PLAN, IV, leave_out(w, AUTHORITY);
       leave_out(w, ORGANIZATION))
CHANGE(ov_plan_without_domain, STEP_PLAN, OV, leave_out(w, DOMAIN))
CHANGE(ov_plan_without_corroboration, STEP_PLAN, OV, leave_out(w, MPIC_DOMAIN))

/* A mail round trip is not enough for what names an organization (SBR 1.3.2.1), and is for a person. */
#define ONLY_ANN                                                    \
	static const char *const items[] = { "ann@sales.example" }; \
	w->request.mailboxes = world_texts(items, 1)
CHANGE(ov_by_mail, STEP_FACTS, OV, ONLY_ANN)
CHANGE(sv_by_mail, STEP_FACTS, SV, ONLY_ANN)
CHANGE(iv_by_mail, STEP_FACTS, IV, ONLY_ANN)

/* ---- not there ---- */
static void
drop(struct world *w, size_t i)
{
	w->stored[i] = w->stored[--w->c.n_evidence];
}
CHANGE(no_organization, STEP_CASE, SV, drop(w, ORGANIZATION))
CHANGE(no_authority, STEP_CASE, SV, drop(w, AUTHORITY))
CHANGE(no_person, STEP_CASE, SV, drop(w, INDIVIDUAL))
CHANGE(organization_refused, STEP_PROOFS, SV, w->evidence[ORGANIZATION].outcome = CLAIM_REFUSED)
CHANGE(person_unknown, STEP_PROOFS, SV, w->evidence[INDIVIDUAL].outcome = CLAIM_COULD_NOT_TELL)
CHANGE(other_attempt, STEP_PROOFS, SV, w->evidence[AUTHORITY].attempt = 1)

/* ---- stale ---- */
#define AGE(i, age)                                          \
	w->evidence[i].checked_at_ms = NOW + MARGIN - (age); \
	w->checks[i].freshness_ms = 0
CHANGE(organization_old, STEP_FACTS, SV, AGE(ORGANIZATION, LIFE))
CHANGE(organization_stale, STEP_FACTS, SV, AGE(ORGANIZATION, LIFE + 1))
CHANGE(authority_old, STEP_FACTS, SV, AGE(AUTHORITY, LIFE))
CHANGE(authority_stale, STEP_FACTS, SV, AGE(AUTHORITY, LIFE + 1))
CHANGE(person_old, STEP_FACTS, SV, AGE(INDIVIDUAL, LIFE))
CHANGE(person_stale, STEP_FACTS, SV, AGE(INDIVIDUAL, LIFE + 1))
CHANGE(person_long_plan, STEP_FACTS, SV, AGE(INDIVIDUAL, LIFE + 1);
       w->checks[INDIVIDUAL].freshness_ms = 2 * LIFE)
CHANGE(person_ended, STEP_FACTS, SV, w->evidence[INDIVIDUAL].valid_until_ms = NOW + MARGIN - 1)
CHANGE(person_ahead, STEP_FACTS, SV,
    w->evidence[INDIVIDUAL].checked_at_ms = w->evidence[INDIVIDUAL].stated_at_ms = NOW + 5001)

/* ---- voided: a withdrawal is told in the record's own name ---- */
static void
withdraw(struct world *w, size_t i, int64_t at_ms)
{
	struct gate_denial *denial = &w->denials[0];

	*denial = (struct gate_denial){ .attempt = 1, .checked_at_ms = at_ms };
	memset(denial->request.octets, 0x77, sizeof(denial->request.octets));
	memcpy(denial->check_digest, w->evidence[i].check_digest, CLAIM_DIGEST);
	w->c.n_denials = 1;
}
#define VERIFIED(i) w->evidence[i].checked_at_ms
CHANGE(organization_withdrawn, STEP_CASE, SV, withdraw(w, ORGANIZATION, NOW - 1000))
CHANGE(authority_withdrawn, STEP_CASE, SV, withdraw(w, AUTHORITY, NOW - 1000))
CHANGE(person_withdrawn, STEP_CASE, SV, withdraw(w, INDIVIDUAL, NOW - 1000))
CHANGE(withdrawn_at_once, STEP_CASE, SV, withdraw(w, INDIVIDUAL, VERIFIED(INDIVIDUAL)))
CHANGE(verified_anew, STEP_CASE, SV, withdraw(w, INDIVIDUAL, VERIFIED(INDIVIDUAL) - 1))

/* ---- another's ---- */
#define BOTH(i, field, value) w->checks[i].field = w->evidence[i].field = (value)
CHANGE(organization_of_globex, STEP_FACTS, SV, BOTH(ORGANIZATION, target, "globex"))
CHANGE(organization_for_globex, STEP_FACTS, SV, BOTH(ORGANIZATION, enterprise, "globex"))
CHANGE(authority_of_globex, STEP_FACTS, SV, BOTH(AUTHORITY, target, "globex"))
CHANGE(person_of_globex, STEP_FACTS, SV, BOTH(INDIVIDUAL, enterprise, "globex"))
CHANGE(another_person, STEP_FACTS, SV, BOTH(INDIVIDUAL, account, "u-2");
       BOTH(INDIVIDUAL, target, "u-2"))
CHANGE(another_persons_proof, STEP_FACTS, SV, w->evidence[INDIVIDUAL].account = "u-2")
CHANGE(person_for_nobody, STEP_FACTS, SV, BOTH(INDIVIDUAL, account, ""))
CHANGE(another_target, STEP_FACTS, SV, BOTH(INDIVIDUAL, target, "u-2"))
CHANGE(organization_for_account, STEP_FACTS, SV, BOTH(ORGANIZATION, account, "u-1"))
CHANGE(authority_of_another, STEP_FACTS, SV,
    BOTH(AUTHORITY, expected,
	cs_span_str("organizationName=Acme\norganizationIdentifier=NTRCH-CHE123456789\n")))
CHANGE(person_as_organization, STEP_FACTS, SV, BOTH(INDIVIDUAL, kind, CLAIM_ORGANIZATION))
CHANGE(organization_as_authority, STEP_FACTS, SV, BOTH(ORGANIZATION, kind, CLAIM_AUTHORITY))
CHANGE(another_name_proved, STEP_FACTS, SV,
    w->evidence[INDIVIDUAL].expected = cs_span_str("surname=Eve\n"))

/* ---- by a method that proves something else ---- */
CHANGE(organization_by_document, STEP_FACTS, SV, BOTH(ORGANIZATION, method, "id-document"))
CHANGE(authority_by_register, STEP_FACTS, SV, BOTH(AUTHORITY, method, "register"))
CHANGE(person_by_register, STEP_FACTS, SV, BOTH(INDIVIDUAL, method, "register"))
CHANGE(person_by_mail, STEP_FACTS, SV, BOTH(INDIVIDUAL, method, "email-token"))
CHANGE(person_by_nothing, STEP_FACTS, SV, BOTH(INDIVIDUAL, method, ""))
CHANGE(sv_by_enterprise, STEP_FACTS, SV, BOTH(INDIVIDUAL, method, "enterprise-ra-record"))
CHANGE(iv_by_enterprise, STEP_FACTS, IV, BOTH(INDIVIDUAL, method, "enterprise-ra-record"))

/* ---- what cannot be named ---- */
#define SAYS(i, text) BOTH(i, expected, cs_span_str(text))
CHANGE(nobody, STEP_FACTS, SV, SAYS(INDIVIDUAL, "title=Dr.\n"))
CHANGE(empty, STEP_FACTS, SV, SAYS(INDIVIDUAL, ""))
CHANGE(hidden, STEP_FACTS, SV, SAYS(INDIVIDUAL, "surname=N\xe2\x80\xaeg\n"))
CHANGE(
    mailbox_by_the_way, STEP_FACTS, IV, SAYS(INDIVIDUAL, "surname=Ng\nemailAddress=x@y.example\n"))
CHANGE(no_identifier, STEP_FACTS, OV, SAYS(ORGANIZATION, "organizationName=Acme\n");
       SAYS(AUTHORITY, "organizationName=Acme\n"))

/* ---- not by policy's key, or not in its time ---- */
/* The fifth perspective's key stands for an older one of policy: four perspectives are enough. */
#define OLDER_KEY (KEY_REMOTE + 4)
static void
by_another_key_of_policy(struct world *w, int64_t not_before_ms, int64_t not_after_ms)
{
	static const char *const states[] = { "evidence.organization", "evidence.authority",
		"evidence.individual" };
	struct claim_trust_row *row = &w->rows[OLDER_KEY - KEY_INTAKE];

	row->states =
	    world_texts(states, COUNT(states)); /* caa's stands for an older key of policy */
	row->not_before_ms = not_before_ms;
	row->not_after_ms = not_after_ms;
	world_trust(w);
}
CHANGE(organization_by_intake, STEP_FACTS, SV, w->evidence_key[ORGANIZATION] = KEY_INTAKE)
CHANGE(authority_by_domain, STEP_FACTS, SV, w->evidence_key[AUTHORITY] = KEY_DOMAIN)
CHANGE(person_by_mailbox_validator, STEP_FACTS, SV, w->evidence_key[INDIVIDUAL] = KEY_MAILBOX)
CHANGE(person_by_stranger, STEP_FACTS, SV, w->evidence_key[INDIVIDUAL] = KEY_STRANGER)

/* The key is retired; whoever has it still states something as of the time when it was not. */
static void
back_dated(struct world *w, enum world_step step)
{
	if (step == STEP_FACTS) {
		world_identify(w, SV);
		w->evidence_key[INDIVIDUAL] = OLDER_KEY;
		w->evidence[INDIVIDUAL].stated_at_ms = NOW - 100 * CS_DAY_MS;
	} else if (step == STEP_CASE) {
		by_another_key_of_policy(w, NOW - 700 * CS_DAY_MS, NOW - 50 * CS_DAY_MS);
		w->stored[INDIVIDUAL].received.received_ms = NOW - 2000;
	}
}

/* The same evidence, recorded when the key counted. */
static void
in_its_time(struct world *w, enum world_step step)
{
	back_dated(w, step);
	if (step == STEP_CASE)
		w->stored[INDIVIDUAL].received.received_ms = NOW - 99 * CS_DAY_MS;
}

/* Stated before the key was there, and so by somebody who could not have. */
static void
before_its_time(struct world *w, enum world_step step)
{
	back_dated(w, step);
	if (step == STEP_CASE)
		by_another_key_of_policy(w, NOW - 99 * CS_DAY_MS, NOW + CS_DAY_MS);
}

/* ---- commonName ---- */
CHANGE(ov_named, STEP_FACTS, OV, w->request.common_name = "Acme AG")
CHANGE(ov_person, STEP_FACTS, OV, w->request.common_name = "Ann Ng")
CHANGE(sv_named, STEP_FACTS, SV, w->request.common_name = "Ann Ng")
CHANGE(sv_organization, STEP_FACTS, SV, w->request.common_name = "Acme AG")
CHANGE(sv_mailbox, STEP_FACTS, SV, w->request.common_name = "bob@dev.example")
CHANGE(iv_named, STEP_FACTS, IV, w->request.common_name = "Ann Ng")
CHANGE(iv_other, STEP_FACTS, IV, w->request.common_name = "Ann Nga")
CHANGE(iv_pseudonym, STEP_FACTS, IV, w->request.common_name = "user 1";
       SAYS(INDIVIDUAL, "pseudonym=user 1\n"))
CHANGE(iv_other_mailbox, STEP_FACTS, IV, w->request.common_name = "ann@sales.example")
CHANGE(mv_person, STEP_FACTS, "mailbox-strict", w->request.common_name = "Ann Ng")

static const struct world_case cases[] = {
	{ "organization", organization, NULL },
	{ "sponsor", sponsor, NULL },
	{ "individual", individual, NULL },
	{ "organization, Multipurpose", organization_mp, NULL },
	{ "sponsor, Multipurpose", sponsor_mp, NULL },
	{ "individual, Multipurpose", individual_mp, NULL },
	{ "OV: plan without organization", ov_plan_without_organization,
	    "organization-not-proved" },
	{ "OV: plan without authority", ov_plan_without_authority, "authority-not-proved" },
	{ "OV: plan without a person", ov_plan_without_person, NULL },
	{ "SV: plan without organization", sv_plan_without_organization,
	    "organization-not-proved" },
	{ "SV: plan without authority", sv_plan_without_authority, "authority-not-proved" },
	{ "SV: plan without a person", sv_plan_without_person, "individual-not-proved" },
	{ "IV: plan without a person", iv_plan_without_person, "individual-not-proved" },
	{ "IV: plan without organization", iv_plan_without_organization, NULL },
	{ "OV: plan without domain", ov_plan_without_domain, "domain-not-proved" },
	{ "OV: plan without corroboration", ov_plan_without_corroboration,
	    "domain-not-corroborated" },
	{ "OV: mailbox proved by mail", ov_by_mail, "domain-not-proved" },
	{ "SV: mailbox proved by mail", sv_by_mail, "domain-not-proved" },
	{ "IV: mailbox proved by mail", iv_by_mail, NULL },
	{ "no organization", no_organization, "organization-1 absent" },
	{ "no authority", no_authority, "authority-1 absent" },
	{ "no person", no_person, "individual-1 absent" },
	{ "organization refused", organization_refused, "organization-1 not-proved" },
	{ "person could not be told", person_unknown, "individual-1 not-proved" },
	{ "another attempt", other_attempt, "authority-1 absent" },
	{ "organization of 825 days", organization_old, NULL },
	{ "organization of 825 days and 1 ms", organization_stale, "organization-1 stale" },
	{ "authority of 825 days", authority_old, NULL },
	{ "authority of 825 days and 1 ms", authority_stale, "authority-1 stale" },
	{ "person of 825 days", person_old, NULL },
	{ "person of 825 days and 1 ms", person_stale, "individual-1 stale" },
	{ "the plan allows more than the rules", person_long_plan, "individual-1 stale" },
	{ "valid for less", person_ended, "individual-1 stale" },
	{ "verified tomorrow", person_ahead, "individual-1 stale" },
	{ "organization withdrawn", organization_withdrawn, "organization-1 voided" },
	{ "authority withdrawn", authority_withdrawn, "authority-1 voided" },
	{ "person withdrawn", person_withdrawn, "individual-1 voided" },
	{ "withdrawn when it was verified", withdrawn_at_once, "individual-1 voided" },
	{ "withdrawn before it was verified anew", verified_anew, NULL },
	{ "another organization", organization_of_globex, "organization-not-proved" },
	{ "organization of another enterprise", organization_for_globex, "check-other-enterprise" },
	{ "authority over another", authority_of_globex, "authority-not-proved" },
	{ "person of another enterprise", person_of_globex, "check-other-enterprise" },
	{ "another person", another_person, "check-other-account" },
	{ "another account's proof", another_persons_proof, "individual-1 absent" },
	{ "person of no account", person_for_nobody, "check-other-account" },
	{ "person of another name than the account", another_target, "individual-not-proved" },
	{ "organization for one account", organization_for_account, "organization-not-proved" },
	{ "authority for other attributes", authority_of_another, "authority-other-organization" },
	{ "a person is no organization", person_as_organization, "individual-not-proved" },
	{ "an organization is no authority", organization_as_authority, "organization-not-proved" },
	{ "another name was proved", another_name_proved, "individual-1 absent" },
	{ "organization by an identity card", organization_by_document, "organization-not-proved" },
	{ "authority by a register", authority_by_register, "authority-not-proved" },
	{ "person by a register", person_by_register, "individual-not-proved" },
	{ "person by a mail", person_by_mail, "individual-not-proved" },
	{ "person by no method", person_by_nothing, "individual-not-proved" },
	{ "SV by the enterprise's records", sv_by_enterprise, NULL },
	{ "IV by the enterprise's records", iv_by_enterprise, "individual-not-proved" },
	{ "a title is nobody", nobody, "identity-incomplete" },
	{ "nothing was verified", empty, "identity-malformed" },
	{ "hidden characters", hidden, "identity-text" },
	{ "a mailbox among them", mailbox_by_the_way, "identity-attribute" },
	{ "no identifier", no_identifier, "identity-incomplete" },
	{ "organization stated by intake", organization_by_intake, "evidence-not-genuine" },
	{ "authority stated by the domain validator", authority_by_domain, "evidence-not-genuine" },
	{ "person stated by the mailbox validator", person_by_mailbox_validator,
	    "evidence-not-genuine" },
	{ "person stated by a stranger", person_by_stranger, "evidence-not-genuine" },
	{ "back-dated by a retired key", back_dated, "evidence-not-genuine" },
	{ "the same, recorded in its time", in_its_time, NULL },
	{ "dated before the key", before_its_time, "evidence-not-genuine" },
	{ "OV named as the organization", ov_named, NULL },
	{ "OV named as a person", ov_person, "common-name" },
	{ "SV named as the person", sv_named, NULL },
	{ "SV named as the organization", sv_organization, "common-name" },
	{ "SV named as its mailbox", sv_mailbox, NULL },
	{ "IV named as the person", iv_named, NULL },
	{ "IV named as somebody else", iv_other, "common-name" },
	{ "IV named as the pseudonym", iv_pseudonym, NULL },
	{ "IV named as another mailbox", iv_other_mailbox, "common-name" },
	{ "a mailbox alone named as a person", mv_person, "common-name" },
};

static void
each_change_has_its_one_answer(void **state)
{
	world_expect(*state, cases, COUNT(cases));
}

static struct smime_identity
identity_of(struct world *w, world_change *change)
{
	struct gate_verdict v;

	world_make(w, change);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.says, GATE_COMPLETE);
	return v.identity;
}

/* What the certificate may name is what was proved for its type, and nothing beside. */
static void
a_verdict_says_who_may_be_named(void **state)
{
	struct world *w = *state;
	struct smime_identity identity = identity_of(w, organization);

	assert_string_equal(identity.values[SMIME_O], "Acme AG");
	assert_string_equal(identity.values[SMIME_ORG_ID], "NTRCH-CHE123456789");
	assert_null(identity.values[SMIME_SURNAME]);
	identity = identity_of(w, sponsor);
	assert_string_equal(identity.values[SMIME_O], "Acme AG");
	assert_string_equal(identity.values[SMIME_COUNTRY], "CH");
	assert_string_equal(identity.values[SMIME_GIVEN_NAME], "Ann");
	assert_string_equal(identity.values[SMIME_SURNAME], "Ng");
	identity = identity_of(w, individual);
	assert_null(identity.values[SMIME_O]);
	assert_null(identity.values[SMIME_COUNTRY]);
	assert_string_equal(identity.values[SMIME_TITLE], "Dr.");
	identity = identity_of(w, NULL);
	for (size_t i = 0; i < SMIME_ATTRIBUTES; i++)
		assert_null(identity.values[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_has_its_one_answer),
		cmocka_unit_test(a_verdict_says_who_may_be_named),
	};

	return cmocka_run_group_tests_name("identity", tests, world_setup, world_teardown);
}
