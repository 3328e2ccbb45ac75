/* SPDX-License-Identifier: Apache-2.0 */
/* What a subject says that nobody verified: one thing is altered, one answer is wanted. */
#include <string.h>

#include "gate/tests/fake_world.h"

#define CHANGE(name, when, profile, ...) \
	WORLD_CHANGE(name, when, world_identify(w, profile), __VA_ARGS__)

#define DETAILS "private-details"
#define OU "organizationalUnitName"

#define ASKED(...)                                               \
	static struct claim_value asked[] = { { __VA_ARGS__ } }; \
	w->request.subject = (struct claim_values)               \
	{                                                        \
		asked, COUNT(asked)                              \
	}
#define PLANNED(...)                                               \
	static struct claim_value planned[] = { { __VA_ARGS__ } }; \
	w->plan.subject = (struct claim_values)                    \
	{                                                          \
		planned, COUNT(planned)                            \
	}

/* ---- a private profile that takes what nobody verified ---- */
CHANGE(nothing, STEP_FACTS, DETAILS, (void)w)
CHANGE(by_person, STEP_FACTS, DETAILS, ASKED(OU, "Sales", ""); PLANNED(OU, "Sales", "person"))
CHANGE(by_operator, STEP_FACTS, DETAILS, PLANNED(OU, "Sales", "operator"))
CHANGE(by_profile, STEP_FACTS, DETAILS, PLANNED("organizationName", "Acme", "profile"))
CHANGE(asked_and_fixed, STEP_FACTS, DETAILS, ASKED(OU, "Sales", "");
       PLANNED(OU, "Sales", "operator"))
CHANGE(asked_and_left_out, STEP_FACTS, DETAILS, ASKED(OU, "Sales", ""))
CHANGE(asked_and_altered, STEP_FACTS, DETAILS, ASKED(OU, "Sales", "");
       PLANNED(OU, "Board", "operator"))
CHANGE(never_asked_for, STEP_FACTS, DETAILS, PLANNED(OU, "Board", "person"))
CHANGE(other_asked_for, STEP_FACTS, DETAILS, ASKED(OU, "Sales", ""); PLANNED(OU, "Board", "person"))
CHANGE(bad_value, STEP_FACTS, DETAILS, PLANNED("countryName", "ZZ", "operator"))
CHANGE(place_alone, STEP_FACTS, DETAILS, PLANNED("localityName", "Bern", "operator"))
CHANGE(mailbox_in_disguise, STEP_FACTS, DETAILS, PLANNED(OU, "eve@dev.example", "operator"))
CHANGE(own_mailbox, STEP_FACTS, DETAILS, PLANNED("emailAddress", "bob@dev.example", "profile"))
CHANGE(other_mailbox, STEP_FACTS, DETAILS, PLANNED("emailAddress", "eve@dev.example", "operator"))
CHANGE(named_person, STEP_FACTS, DETAILS, PLANNED("surname", "Ng", "operator");
       w->request.common_name = "Ng")
CHANGE(other_person, STEP_FACTS, DETAILS, PLANNED("surname", "Ng", "operator");
       w->request.common_name = "Ann Ng")
CHANGE(nobody_named, STEP_FACTS, DETAILS, w->request.common_name = "Ng")

/* ---- all others: nothing unverified (SBR 3.2.5) ---- */
CHANGE(public_unit, STEP_FACTS, "mailbox-strict", PLANNED(OU, "Sales", "operator"))
CHANGE(public_person, STEP_FACTS, "mailbox-multipurpose", ASKED("surname", "Ng", "");
       PLANNED("surname", "Ng", "person"))
CHANGE(public_asked_alone, STEP_FACTS, "mailbox-strict", ASKED(OU, "Sales", ""))
CHANGE(public_serial, STEP_FACTS, "mailbox-strict", PLANNED("serialNumber", "A-7", "operator"))
CHANGE(public_serial_asked, STEP_FACTS, "mailbox-strict", ASKED("serialNumber", "A-7", "");
       PLANNED("serialNumber", "A-7", "person"))
CHANGE(
    public_serial_for_all, STEP_FACTS, "mailbox-strict", PLANNED("serialNumber", "A-7", "profile"))
CHANGE(public_mailbox, STEP_FACTS, "mailbox-strict", ASKED("emailAddress", "bob@dev.example", "");
       PLANNED("emailAddress", "bob@dev.example", "person"))
CHANGE(private_unit, STEP_FACTS, "private-mailbox", PLANNED(OU, "Sales", "operator"))
CHANGE(private_person, STEP_FACTS, "private-person", PLANNED(OU, "Sales", "operator"))
CHANGE(sponsor_other_name, STEP_FACTS, "sponsor-strict", PLANNED("surname", "Mallory", "operator"))
CHANGE(sponsor_serial, STEP_FACTS, "sponsor-strict", PLANNED("serialNumber", "7", "operator"))
CHANGE(sponsor_mailbox, STEP_FACTS, "sponsor-strict",
    PLANNED("emailAddress", "bob@dev.example", "operator"))
CHANGE(individual_asked_right, STEP_FACTS, "individual-strict", ASKED("surname", "Ng", ""))
CHANGE(individual_asked_wrong, STEP_FACTS, "individual-strict", ASKED("surname", "Mallory", ""))
/* Verified, and not to be named in this generation: asking for it is not granted in silence. */
CHANGE(strict_street, STEP_FACTS, "organization-strict", ASKED("streetAddress", "Weg 1", ""))
CHANGE(multipurpose_street, STEP_FACTS, "organization-multipurpose",
    ASKED("streetAddress", "Weg 1", ""))

static const struct world_case cases[] = {
	{ "nobody wants anything", nothing, NULL },
	{ "a person asked for it", by_person, NULL },
	{ "an operator set it", by_operator, NULL },
	{ "the profile sets it", by_profile, NULL },
	{ "asked for what the operator set", asked_and_fixed, NULL },
	{ "asked for and left out", asked_and_left_out, "subject-not-as-asked" },
	{ "asked for and altered", asked_and_altered, "subject-not-as-asked" },
	{ "never asked for", never_asked_for, "subject-not-asked-for" },
	{ "another asked for", other_asked_for, "subject-not-asked-for" },
	{ "no such country", bad_value, "identity-country" },
	{ "a place without a country", place_alone, "identity-address" },
	{ "a mailbox as a unit", mailbox_in_disguise, "identity-mailbox" },
	{ "one of its mailboxes", own_mailbox, NULL },
	{ "another mailbox", other_mailbox, "identity-mailbox" },
	{ "the person as common name", named_person, NULL },
	{ "another person as common name", other_person, "common-name" },
	{ "nobody as common name", nobody_named, "common-name" },
	{ "a unit in public", public_unit, "subject-not-verified" },
	{ "a person in public", public_person, "subject-not-verified" },
	{ "a unit in public, by the request alone", public_asked_alone, "subject-not-as-asked" },
	{ "a serial number that an operator assigned", public_serial, NULL },
	{ "a serial number of the person's own", public_serial_asked, "subject-not-verified" },
	{ "one serial number for everybody", public_serial_for_all, "subject-not-verified" },
	{ "a proved mailbox in public", public_mailbox, NULL },
	{ "a unit in a private root's mailbox profile", private_unit, "subject-not-verified" },
	{ "a unit beside a verified person", private_person, "subject-not-verified" },
	{ "another name than the verified one", sponsor_other_name, "subject-not-verified" },
	{ "a serial number that nobody verified", sponsor_serial, "subject-not-verified" },
	{ "a proved mailbox beside a sponsor", sponsor_mailbox, NULL },
	{ "the verified name, asked for", individual_asked_right, NULL },
	{ "another name, asked for", individual_asked_wrong, "subject-not-as-asked" },
	{ "a street in Strict", strict_street, "subject-not-as-asked" },
	{ "a street in Multipurpose", multipurpose_street, NULL },
};

static void
each_change_has_its_one_answer(void **state)
{
	world_expect(*state, cases, COUNT(cases));
}

static void
a_verdict_says_what_was_planned(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;

	world_make(w, by_person);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.says, GATE_COMPLETE);
	assert_string_equal(v.identity.values[SMIME_OU], "Sales");
	world_make(w, sponsor_mailbox);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_int_equal(v.says, GATE_COMPLETE);
	assert_string_equal(v.identity.values[SMIME_EMAIL], "bob@dev.example");
	assert_string_equal(v.identity.values[SMIME_SURNAME], "Ng");
}

/* A refusal names the attribute, as every refusal of policy does. */
static void
a_refusal_names_the_attribute(void **state)
{
	struct world *w = *state;
	struct gate_verdict v;

	world_make(w, bad_value);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_string_equal(v.refusal.field, "subject.countryName");
	world_make(w, public_unit);
	gate_judge(w->arena, &w->rules, &w->c, w->now_ms, &v);
	assert_string_equal(v.refusal.field, "subject." OU);
	assert_string_equal(v.refusal.clause, "SBR 3.2.5");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_change_has_its_one_answer),
		cmocka_unit_test(a_verdict_says_what_was_planned),
		cmocka_unit_test(a_refusal_names_the_attribute),
	};

	return cmocka_run_group_tests_name("subject", tests, world_setup, world_teardown);
}
