/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subject says beside its common name.  The first tests are the sentences of "a few things to
 * remember with respect to SDNs, SANs and RDNs", one for each.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fake_world.h"
#include "policy_subject.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define OU "organizationalUnitName"
#define UNTIL (FAKE_NOW + INT64_C(1200000))

static const struct policy_rdn rdns[] = {
	{ OU, false, "" },
	{ "organizationName", true, "Demo AG" },
	{ "title", false, "" },
	{ "countryName", false, "" },
};
static const struct policy_value details[] = { { OU, "Sales" }, { "countryName", "CH" },
	{ "surname", "not shown by the profile" } };
static const struct claim_values no_wishes = { NULL, 0 };
static const struct smime_identity nobody = { { NULL } };

/* A profile of a private root that takes what nobody verified. */
static void
offer(struct fake_world *world, const struct policy_rdn *shown, size_t n)
{
	world->config.profile.certificate_profile = "private-details";
	world->config.profile.rdns = shown;
	world->config.profile.n_rdns = n;
}

static void
set_details(struct fake_world *world, const struct policy_value *values, size_t n)
{
	world->config.details = values;
	world->config.n_details = n;
}

/* The request of alice with these values; `name` NULL: none. */
static struct claim_request
wish(struct fake_world *world, const char *name, const char *value)
{
	struct claim_request request = fake_request(world, "alice@alpha.example", "").request;

	if (name == NULL)
		return request;
	request.subject.items = CS_NEW(world->arena, struct claim_value);
	request.subject.n = 1;
	request.subject.items[0] = (struct claim_value){ name, value, "" };
	return request;
}

static bool
may(struct fake_world *world, const struct claim_request *request, struct cs_refusal *ret_why)
{
	return policy_may_request(
	    &world->policy.rules, &world->config, request, FAKE_NOW, UNTIL, world->arena, ret_why);
}

static void
expect_refusal(struct fake_world *world, const struct claim_request *request, const char *code,
    const char *field, const char *mend)
{
	struct cs_refusal why = { .code = "yes", .field = "", .mend = "" };

	if (may(world, request, &why) || strcmp(why.code, code) != 0)
		fail_msg("got %s, want %s", why.code, code);
	assert_string_equal(why.field, field);
	assert_true(why.clause[0] != '\0' && why.text[0] != '\0');
	assert_non_null(strstr(why.mend, mend));
}

/* What the plan adds, as one text: "name=value(source) ...". */
static const char *
planned(struct fake_world *world, const struct claim_request *request)
{
	struct policy_identified identified;
	struct cs_refusal why;
	const char *all = "";

	if (!policy_identify_for(
		&world->config, request, FAKE_NOW, UNTIL, world->arena, &identified, &why))
		return why.code;
	for (size_t i = 0; i < identified.stated.n; i++) {
		const struct claim_value *value = &identified.stated.items[i];

		all = cs_arena_printf(world->arena, "%s%s%s=%s(%s)", all, i > 0 ? " " : "",
		    value->name, value->value, value->source);
	}
	return all;
}

/*
 * "When a user creates a new certificate request, the SDNs and SANs will be rendered as configured in the
 * certification profile and its values will be auto-filled from the certificate details."
 */
static void
sdns_are_rendered_as_configured_and_filled_from_the_details(void **state)
{
	struct fake_world *world = *state;
	struct policy_field *fields;

	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	assert_int_equal(policy_subject_fields(
			     &world->config, &nobody, &no_wishes, false, world->arena, &fields),
	    4);
	for (size_t i = 0; i < LEN(rdns); i++)
		assert_string_equal(fields[i].name, rdns[i].name);
	assert_string_equal(fields[0].value, "Sales");
	assert_int_equal(fields[0].from, POLICY_FROM_OPERATOR);
	assert_string_equal(fields[1].value, "Demo AG");
	assert_int_equal(fields[1].from, POLICY_FROM_PROFILE);
	assert_true(fields[1].required);
	assert_string_equal(fields[2].value, "");
	assert_int_equal(fields[2].from, POLICY_FROM_NOBODY);
	assert_string_equal(fields[3].value, "CH");
	const struct claim_request request = wish(world, NULL, NULL);
	assert_string_equal(planned(world, &request),
	    "countryName=CH(operator) organizationName=Demo AG(profile) " OU "=Sales(operator)");
}

/*
 * "A user will not be able to change the values of the RDNs if an operator has configured them in the
 * certificate details."
 */
static void
a_user_cannot_change_what_an_operator_has_configured(void **state)
{
	struct fake_world *world = *state;
	struct policy_field *fields;
	struct claim_request request;

	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	(void)policy_subject_fields(
	    &world->config, &nobody, &no_wishes, false, world->arena, &fields);
	assert_false(fields[0].editable);
	assert_false(fields[0].unverified);
	request = wish(world, OU, "Board");
	expect_refusal(world, &request, "subject-fixed", "subject." OU, "operator");
	request = wish(world, OU, "sales");
	expect_refusal(world, &request, "subject-fixed", "subject." OU, "operator");
	request = wish(world, OU, "Sales"); /* what is there already changes nothing */
	assert_string_equal(planned(world, &request),
	    "countryName=CH(operator) organizationName=Demo AG(profile) " OU "=Sales(operator)");
	request = wish(world, "organizationName", "Other AG");
	expect_refusal(world, &request, "subject-fixed", "subject.organizationName", "profile");
}

/* "An operator will see the rendered values in a disabled form." */
static void
an_operator_sees_the_values_disabled(void **state)
{
	struct fake_world *world = *state;
	struct policy_field *fields;

	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	const size_t n =
	    policy_subject_fields(&world->config, &nobody, &no_wishes, true, world->arena, &fields);

	assert_int_equal(n, LEN(rdns));
	for (size_t i = 0; i < n; i++)
		assert_false(fields[i].editable);
	assert_string_equal(fields[0].value, "Sales");
}

/*
 * "If there is an RDN that is added in certification profile but has not been configured in the user's
 * certificate details, it will be shown as editable in the request form and the user can update its value."
 */
static void
an_rdn_without_a_configured_value_is_the_users_to_fill(void **state)
{
	struct fake_world *world = *state;
	struct policy_field *fields;
	const struct claim_request request = wish(world, "title", "Dr.");

	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	(void)policy_subject_fields(
	    &world->config, &nobody, &no_wishes, false, world->arena, &fields);
	assert_true(fields[2].editable);
	assert_true(fields[2].unverified); /* and is said to be so */
	(void)policy_subject_fields(
	    &world->config, &nobody, &request.subject, false, world->arena, &fields);
	assert_string_equal(fields[2].value, "Dr.");
	assert_int_equal(fields[2].from, POLICY_FROM_PERSON);
	assert_true(fields[2].editable && fields[2].unverified);
	assert_string_equal(planned(world, &request),
	    "countryName=CH(operator) organizationName=Demo AG(profile) " OU
	    "=Sales(operator) title=Dr.(person)");
}

/* "If no RDN is configured in the user certificate details then the request will be generated." */
static void
without_any_configured_rdn_the_request_goes_on(void **state)
{
	static const struct policy_rdn open[] = { { OU, false, "" }, { "title", false, "" } };
	struct fake_world *world = *state;
	const struct claim_request request = wish(world, NULL, NULL);
	struct cs_refusal why;

	offer(world, open, LEN(open));
	assert_true(may(world, &request, &why));
	assert_string_equal(planned(world, &request), "");
	offer(world, NULL, 0); /* nor does the profile show any */
	assert_true(may(world, &request, &why));
	assert_string_equal(planned(world, &request), "");
}

/* "In case of an error, the user will not be allowed to move to the next step." */
static void
an_error_lets_nobody_go_on(void **state)
{
	static const struct policy_rdn demanding[] = { { OU, true, "" }, { "title", false, "" },
		{ "localityName", false, "" }, { "countryName", false, "" },
		{ "emailAddress", false, "" } };
	static const struct {
		const char *name, *value, *code, *field;
	} rows[] = {
		{ NULL, "", "subject-missing", "subject." OU },
		{ "title", "Dr.", "subject-missing", "subject." OU },
		{ OU, "N/A", "identity-metadata", "subject." OU },
		{ OU, "bob@alpha.example", "identity-mailbox", "subject." OU },
		{ OU, "a\xe2\x80\xae", "identity-text", "subject." OU },
		{ "surname", "Ng", "subject-not-offered", "subject.surname" },
	};
	static const struct policy_value unit[] = { { OU, "Sales" } };
	static const struct {
		const char *name, *value, *code, *field;
	} others[] = {
		{ "localityName", "Bern", "identity-address", "subject.localityName" },
		{ "countryName", "ZZ", "identity-country", "subject.countryName" },
		{ "emailAddress", "bob@alpha.example", "identity-mailbox", "subject.emailAddress" },
	};
	struct fake_world *world = *state;

	offer(world, demanding, LEN(demanding));
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct claim_request request = wish(world, rows[i].name, rows[i].value);

		expect_refusal(world, &request, rows[i].code, rows[i].field, "");
	}
	set_details(world, unit, LEN(unit));
	for (size_t i = 0; i < LEN(others); i++) {
		const struct claim_request request = wish(world, others[i].name, others[i].value);

		expect_refusal(world, &request, others[i].code, others[i].field, "");
	}
	const struct claim_request own = wish(world, "emailAddress", "alice@alpha.example");
	assert_string_equal(planned(world, &own),
	    "emailAddress=alice@alpha.example(person) " OU "=Sales(operator)");
}

/* The plan that people and the signer get, and no plan at all. */
static void
the_first_plan_says_it_or_there_is_none(void **state)
{
	struct fake_world *world = *state;
	struct policy_setting setting = fake_setting(world);
	struct policy_case empty = { .config = world->config };
	struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");
	struct claim_value title = { "title", "Dr.", "" };
	struct policy_step step;

	submitted.request.subject = (struct claim_values){ &title, 1 };
	fake_reseal(world, &submitted);
	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	empty.config = world->config;
	step = policy_decide_submitted(&setting, &empty, &submitted);
	assert_int_equal(step.next.plan.state, POLICY_MADE);
	assert_int_equal(step.next.plan.plan.subject.n, 4);
	assert_string_equal(step.next.plan.plan.subject.items[3].value, "Dr.");
	assert_string_equal(step.next.plan.plan.subject.items[3].source, "person");
	title.name = "surname";
	fake_reseal(world, &submitted);
	step = policy_decide_submitted(&setting, &empty, &submitted);
	assert_int_equal(step.next.plan.state, POLICY_REFUSED);
}

/* An operator's change is in the plan before the person approves it, and no check is new by it. */
static void
a_change_of_the_details_is_a_new_first_plan(void **state)
{
	static const struct policy_value other[] = { { OU, "Board" } };
	struct fake_world *world = *state;
	const struct policy_setting setting = fake_setting(world);
	const struct policy_submitted submitted = fake_request(world, "alice@alpha.example", "");
	struct policy_case c = { .config = world->config };
	struct policy_step step;

	offer(world, rdns, LEN(rdns));
	set_details(world, details, LEN(details));
	c.config = world->config;
	c = policy_decide_submitted(&setting, &c, &submitted).next;
	assert_string_equal(c.plan.plan.subject.items[2].value, "Sales");
	step = policy_decide_changed(&setting, &c);
	assert_int_equal(step.next.plan.plan.revision, c.plan.plan.revision);
	set_details(world, other, LEN(other));
	c.config = world->config;
	step = policy_decide_changed(&setting, &c);
	assert_int_equal(step.next.plan.plan.revision, c.plan.plan.revision + 1);
	assert_string_equal(step.next.plan.plan.subject.items[1].value, "Board");
	for (size_t i = 0; i < step.next.plan.plan.n_checks; i++)
		assert_string_equal(step.next.plan.plan.checks[i].new_because, "");
}

/* ---- certificates that take verified identity alone (SBR 3.2.5) ---- */

static const struct policy_identity verified_ann = {
	.kind = CLAIM_INDIVIDUAL,
	.enterprise = "demo",
	.account = "alice",
	.method = "id-document",
	.source = "file 17",
	.verified_by = "vera",
	.approved_by = "otto",
	.verified_at_ms = FAKE_NOW - 1000,
};

static void
verified_profiles_take_nobodys_word(void **state)
{
	static const struct policy_rdn shown[] = { { "surname", true, "" },
		{ "title", false, "" } };
	static const struct policy_value claimed[] = { { "surname", "Mallory" },
		{ "title", "Prof." } };
	struct policy_identity ann = verified_ann;
	struct fake_world *world = *state;
	const struct smime_identity identity = { .values[SMIME_SURNAME] = "Ng" };
	struct policy_field *fields;
	struct claim_request request;

	ann.attributes = cs_span_str("surname=Ng\n");
	offer(world, shown, LEN(shown));
	set_details(world, claimed, LEN(claimed));
	world->config.profile.certificate_profile = "individual-strict";
	world->config.identities = (struct policy_identities){ &ann, 1 };
	(void)policy_subject_fields(
	    &world->config, &identity, &no_wishes, false, world->arena, &fields);
	assert_string_equal(fields[0].value, "Ng"); /* not what the operator typed in */
	assert_int_equal(fields[0].from, POLICY_FROM_EVIDENCE);
	assert_string_equal(fields[1].value, "");
	assert_false(fields[0].editable || fields[1].editable);
	assert_false(fields[0].unverified || fields[1].unverified);
	request = wish(world, "surname", "Mallory");
	expect_refusal(world, &request, "subject-verified", "subject.surname", "operator");
	request = wish(world, "title", "Dr.");
	expect_refusal(world, &request, "subject-not-verified", "subject.title", "operator");
	request = wish(world, "surname", "Ng");
	assert_string_equal(planned(world, &request), "");
	world->config.profile.rdns = (const struct policy_rdn[]){ { "title", true, "" } };
	world->config.profile.n_rdns = 1;
	request = wish(world, NULL, NULL);
	expect_refusal(world, &request, "subject-missing", "subject.title", "operator");
}

/* Publicly trusted certificates for mailboxes: what the rules leave of a subject, and of whom. */
static void
public_mailbox_profiles_take_two_things(void **state)
{
	static const struct policy_rdn both[] = { { "serialNumber", false, "" },
		{ "emailAddress", false, "" } };
	static const struct policy_rdn unit[] = { { OU, false, "" } };
	static const struct policy_rdn one_for_all[] = { { "serialNumber", false, "7" } };
	static const struct policy_value assigned[] = { { "serialNumber", "A-17" } };
	struct fake_world *world = *state;
	struct claim_request request = wish(world, "serialNumber", "my own");

	offer(world, both, LEN(both));
	world->config.profile.certificate_profile = "mailbox-strict";
	expect_refusal(world, &request, "subject-not-verified", "subject.serialNumber", "operator");
	set_details(world, assigned, LEN(assigned));
	request = wish(world, "emailAddress", "alice@alpha.example");
	assert_string_equal(planned(world, &request),
	    "emailAddress=alice@alpha.example(person) serialNumber=A-17(operator)");
	request = wish(world, NULL, NULL);
	world->config.profile.rdns = unit;
	world->config.profile.n_rdns = 1;
	expect_refusal(world, &request, "profile-subject", "profile", "operator");
	world->config.profile.rdns = one_for_all;
	expect_refusal(world, &request, "profile-subject", "profile", "operator");
}

static void
a_profile_shows_an_attribute_once(void **state)
{
	static const struct policy_rdn twice[] = { { OU, false, "" }, { OU, false, "Sales" } };
	static const struct policy_rdn unknown[] = { { "favouriteColour", false, "" } };
	static const struct policy_rdn common[] = { { "commonName", false, "" } };
	struct fake_world *world = *state;
	const struct claim_request request = wish(world, NULL, NULL);

	offer(world, twice, LEN(twice));
	expect_refusal(world, &request, "profile-subject", "profile", "operator");
	offer(world, unknown, LEN(unknown));
	expect_refusal(world, &request, "profile-subject", "profile", "operator");
	offer(world, common, LEN(common));
	expect_refusal(world, &request, "profile-subject", "profile", "operator");
}

/* Whoever set a bad value is who mends it. */
static void
a_bad_value_is_mended_by_who_set_it(void **state)
{
	static const struct policy_rdn shown[] = { { "countryName", false, "" } };
	static const struct policy_rdn wrong[] = { { "countryName", false, "ZZ" } };
	static const struct policy_value bad[] = { { "countryName", "ZZ" } };
	struct fake_world *world = *state;
	const struct claim_request request = wish(world, NULL, NULL);
	const struct claim_request typed = wish(world, "countryName", "ZZ");

	offer(world, shown, 1);
	expect_refusal(
	    world, &typed, "identity-country", "subject.countryName", "Correct the value");
	set_details(world, bad, 1);
	expect_refusal(
	    world, &request, "identity-country", "subject.countryName", "certificate details");
	set_details(world, NULL, 0);
	offer(world, wrong, 1);
	expect_refusal(
	    world, &request, "identity-country", "subject.countryName", "correct the profile");
}

/* The person's name may be the common name where the certificate says it, and nowhere else. */
static void
a_common_name_may_repeat_the_details(void **state)
{
	static const struct policy_rdn shown[] = { { "givenName", false, "" },
		{ "surname", false, "" } };
	static const struct policy_value ann[] = { { "givenName", "Ann" }, { "surname", "Ng" } };
	struct fake_world *world = *state;
	struct claim_request request = wish(world, NULL, NULL);
	struct cs_refusal why;

	offer(world, shown, LEN(shown));
	request.common_name = "Ann Ng";
	expect_refusal(world, &request, "common-name", "common_name", "mailboxes");
	set_details(world, ann, LEN(ann));
	assert_true(may(world, &request, &why));
	request.common_name = "Mallory";
	expect_refusal(world, &request, "common-name", "common_name", "mailboxes");
}

/* ---- whatever is planned: random profiles, details and wishes ---- */

static const char *const names[] = { "organizationName", OU, "organizationIdentifier", "givenName",
	"surname", "pseudonym", "serialNumber", "emailAddress", "title", "streetAddress",
	"localityName", "stateOrProvinceName", "postalCode", "countryName" };
static const char *const texts[] = { "Sales", "CH", "NTRCH-CHE123456789", "alice@alpha.example",
	"bob@alpha.example", "N/A", "a\xe2\x80\xae", "A-17" };

static const char *
pick(const char *const *from, size_t n, unsigned *seed)
{
	return from[(unsigned)rand_r(seed) % n];
}

static void
draw(struct fake_world *world, struct claim_request *request, unsigned *seed)
{
	size_t n_profiles;
	const struct smime_profile *profiles = smime_profiles(&n_profiles);
	const size_t n = (unsigned)rand_r(seed) % 5;
	struct policy_rdn *shown = CS_NEW_ARRAY(world->arena, n, struct policy_rdn);
	struct policy_value *set = CS_NEW_ARRAY(world->arena, n, struct policy_value);
	struct claim_value *typed = CS_NEW_ARRAY(world->arena, 1, struct claim_value);

	for (size_t i = 0; i < n; i++) {
		shown[i] =
		    (struct policy_rdn){ pick(names, LEN(names), seed), rand_r(seed) % 4 == 0,
			    rand_r(seed) % 4 == 0 ? pick(texts, LEN(texts), seed) : "" };
		set[i] = (struct policy_value){ rand_r(seed) % 2 ? shown[i].name
								 : pick(names, LEN(names), seed),
			pick(texts, LEN(texts), seed) };
	}
	typed[0] = (struct claim_value){ n > 0 && rand_r(seed) % 4 ? shown[0].name
								   : pick(names, LEN(names), seed),
		pick(texts, LEN(texts), seed), "" };
	world->config.profile.certificate_profile =
	    rand_r(seed) % 2 ? "private-details"
			     : profiles[(unsigned)rand_r(seed) % n_profiles].name;
	world->config.profile.rdns = shown;
	world->config.profile.n_rdns = n;
	set_details(world, set, (unsigned)rand_r(seed) % 2 ? n : 0);
	request->subject = (struct claim_values){ typed, (unsigned)rand_r(seed) % 2 };
}

/* The rules of the signer (libs/gate/floor_subject.c), and that nobody changed what an operator set. */
static void
keeps_the_rules(const struct policy_config *config, const struct claim_request *request,
    const struct smime_identity *named, const struct claim_values *values, unsigned seed)
{
	const struct smime_profile *certificate =
	    smime_profile_find(config->profile.certificate_profile);
	struct smime_identity stated = { { NULL } };
	struct cs_refusal why;

	for (size_t i = 0; i < values->n; i++) {
		const struct claim_value *value = &values->items[i];
		const enum smime_attribute attribute = smime_attribute_find(value->name);
		enum smime_source source;

		assert_true(smime_source_find(value->source, &source));
		if (!smime_may_state(certificate, attribute, source))
			fail_msg("seed %u: %s of %s", seed, value->name, value->source);
		if (i > 0 && strcmp(values->items[i - 1].name, value->name) >= 0)
			fail_msg("seed %u: not sorted", seed);
		if (source == SMIME_BY_PERSON &&
		    (request->subject.n == 0 ||
			strcmp(request->subject.items[0].value, value->value) != 0))
			fail_msg("seed %u: nobody typed in %s", seed, value->name);
		for (size_t k = config->n_details; k > 0; k--)
			if (source != SMIME_BY_OPERATOR &&
			    strcmp(config->details[k - 1].name, value->name) == 0 &&
			    smime_may_state(certificate, attribute, SMIME_BY_OPERATOR))
				fail_msg("seed %u: the operator's %s is lost", seed, value->name);
		stated.values[attribute] = value->value;
	}
	if (!smime_stated_holds(
		certificate, &stated, request->mailboxes.items, request->mailboxes.n, &why))
		fail_msg("seed %u: %s", seed, why.text);
	for (size_t i = 0; i < request->subject.n; i++) {
		const struct claim_value *asked = &request->subject.items[i];
		const char *got = named->values[smime_attribute_find(asked->name)];

		if (got == NULL || strcmp(got, asked->value) != 0)
			fail_msg("seed %u: %s is not named as asked", seed, asked->name);
	}
}

static void
whatever_is_planned_the_signer_takes(void **state)
{
	struct fake_world *world = *state;
	const unsigned first = (unsigned)time(NULL);
	unsigned planned_ones = 0;

	print_message("seed %u\n", first);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned seed = first + round, state_of = seed;
		struct claim_request request = wish(world, NULL, NULL);
		struct smime_identity named = { { NULL } };
		struct claim_values values;
		struct cs_refusal why;

		draw(world, &request, &state_of);
		if (!policy_subject_plan(
			&world->config, &request, world->arena, &named, &values, &why)) {
			if (why.code[0] == '\0' || why.mend[0] == '\0' || why.clause[0] == '\0')
				fail_msg("seed %u: a refusal without words", seed);
			continue;
		}
		planned_ones += values.n > 0;
		keeps_the_rules(&world->config, &request, &named, &values, seed);
	}
	if (planned_ones < 100)
		fail_msg("seed %u: only %u plans named anything", first, planned_ones);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_world_setup, fake_world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sdns_are_rendered_as_configured_and_filled_from_the_details),
		TEST(a_user_cannot_change_what_an_operator_has_configured),
		TEST(an_operator_sees_the_values_disabled),
		TEST(an_rdn_without_a_configured_value_is_the_users_to_fill),
		TEST(without_any_configured_rdn_the_request_goes_on),
		TEST(an_error_lets_nobody_go_on),
		TEST(the_first_plan_says_it_or_there_is_none),
		TEST(a_change_of_the_details_is_a_new_first_plan),
		TEST(verified_profiles_take_nobodys_word),
		TEST(public_mailbox_profiles_take_two_things),
		TEST(a_profile_shows_an_attribute_once),
		TEST(a_bad_value_is_mended_by_who_set_it),
		TEST(a_common_name_may_repeat_the_details),
		TEST(whatever_is_planned_the_signer_takes),
	};

	return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
