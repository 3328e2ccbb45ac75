/* SPDX-License-Identifier: Apache-2.0 */
/* Written identities: each rule by a row that it accepts and one that it refuses. */
#include <string.h>

#include "check.h"
#include "smime/identity.h"

#define ORG "organizationName=Acme Widgets AG\norganizationIdentifier=NTRCH-CHE123456789\n"
#define O_ID "organizationName=Acme Widgets AG\norganizationIdentifier="

static const struct {
	const char *name;
	enum smime_type type;
	const char *octets;
	const char *code; /* NULL: it is read */
} rows[] = {
	{ "the least of an organization", SMIME_ORGANIZATION, ORG, NULL },
	{ "all of an organization", SMIME_ORGANIZATION,
	    "organizationName=Acme Widgets AG\norganizationalUnitName=Acme Trading AG\n"
	    "organizationIdentifier=NTRCH-CHE123456789\nserialNumber=7\nstreetAddress=Weg 1\n"
	    "localityName=Z\xc3\xbcrich\nstateOrProvinceName=ZH\npostalCode=8000\ncountryName=CH\n",
	    NULL },
	{ "no organization name", SMIME_ORGANIZATION, "organizationIdentifier=GOVUS\n",
	    "identity-incomplete" },
	{ "no identifier", SMIME_ORGANIZATION, "organizationName=Acme\n", "identity-incomplete" },
	{ "a person in an organization", SMIME_ORGANIZATION, ORG "surname=Ng\n",
	    "identity-attribute" },
	{ "an organization in a person", SMIME_INDIVIDUAL, ORG "surname=Ng\n",
	    "identity-attribute" },
	{ "a mailbox is proved elsewhere", SMIME_INDIVIDUAL,
	    "surname=Ng\nemailAddress=a@b.example\n", "identity-attribute" },
	{ "a common name repeats others", SMIME_INDIVIDUAL, "commonName=Ng\nsurname=Ng\n",
	    "identity-attribute" },
	{ "a surname", SMIME_INDIVIDUAL, "surname=Ng\n", NULL },
	{ "a given name", SMIME_INDIVIDUAL, "givenName=Ann\n", NULL },
	{ "both and a title", SMIME_INDIVIDUAL, "givenName=Ann\nsurname=Ng\ntitle=Dr.\n", NULL },
	{ "a pseudonym", SMIME_INDIVIDUAL, "pseudonym=user 4711\n", NULL },
	{ "a pseudonym beside a name", SMIME_INDIVIDUAL, "surname=Ng\npseudonym=user 4711\n",
	    "identity-pseudonym" },
	{ "nobody", SMIME_INDIVIDUAL, "title=Dr.\n", "identity-incomplete" },
	{ "a sponsor and a person", SMIME_SPONSOR,
	    "organizationName=Acme\norganizationIdentifier=GOVUS\nsurname=Ng\n", NULL },
	{ "a sponsor of nobody", SMIME_SPONSOR,
	    "organizationName=Acme\norganizationIdentifier=GOVUS\n", "identity-incomplete" },
	{ "empty", SMIME_INDIVIDUAL, "", "identity-malformed" },
	{ "no end of line", SMIME_INDIVIDUAL, "surname=Ng", "identity-malformed" },
	{ "an empty line", SMIME_INDIVIDUAL, "surname=Ng\n\n", "identity-malformed" },
	{ "no value", SMIME_INDIVIDUAL, "surname=\n", "identity-malformed" },
	{ "no equals sign", SMIME_INDIVIDUAL, "surname\n", "identity-malformed" },
	{ "an unknown attribute", SMIME_INDIVIDUAL, "nickname=Ng\n", "identity-malformed" },
	{ "in another order", SMIME_INDIVIDUAL, "surname=Ng\ngivenName=Ann\n",
	    "identity-malformed" },
	{ "twice", SMIME_INDIVIDUAL, "surname=Ng\nsurname=Ng\n", "identity-malformed" },
	{ "a carriage return", SMIME_INDIVIDUAL, "surname=Ng\r\n", "identity-text" },
	{ "a tab", SMIME_INDIVIDUAL, "surname=N\tg\n", "identity-text" },
	{ "not UTF-8", SMIME_INDIVIDUAL, "surname=N\xe4g\n", "identity-text" },
	{ "a direction", SMIME_INDIVIDUAL, "surname=N\xe2\x80\xaeg\n", "identity-text" },
	{ "zero width", SMIME_INDIVIDUAL, "surname=N\xe2\x80\x8bg\n", "identity-text" },
	{ "a soft hyphen", SMIME_INDIVIDUAL, "surname=N\xc2\xadg\n", "identity-text" },
	{ "a byte order mark", SMIME_INDIVIDUAL, "surname=\xef\xbb\xbfNg\n", "identity-text" },
	{ "a space that does not break", SMIME_INDIVIDUAL, "surname=van\xc2\xa0Ng\n",
	    "identity-text" },
	{ "scripts that look alike in one word", SMIME_INDIVIDUAL,
	    "surname=\xd0\xa1"
	    "arl\n",
	    "identity-text" },
	{ "scripts in two words", SMIME_ORGANIZATION,
	    "organizationName=\xd0\x9e\xd0\x9e\xd0\x9e Acme\norganizationIdentifier=NTRRU-1\n",
	    NULL },
	{ "an apostrophe", SMIME_INDIVIDUAL, "surname=O\xe2\x80\x99Neill\n", NULL },
	{ "a space before", SMIME_INDIVIDUAL, "surname= Ng\n", "identity-text" },
	{ "a space behind", SMIME_INDIVIDUAL, "surname=Ng \n", "identity-text" },
	{ "two spaces", SMIME_INDIVIDUAL, "surname=N  g\n", "identity-text" },
	{ "a point", SMIME_INDIVIDUAL, "surname=.\n", "identity-metadata" },
	{ "dashes", SMIME_INDIVIDUAL, "surname=- \xe2\x80\x93 -\n", "identity-metadata" },
	{ "not applicable", SMIME_INDIVIDUAL, "surname=N/a\n", "identity-metadata" },
	{ "unknown", SMIME_INDIVIDUAL, "surname=Unknown\n", "identity-metadata" },
	{ "a name of one letter", SMIME_INDIVIDUAL, "surname=\xc3\x93\n", NULL },
	{ "64 characters", SMIME_INDIVIDUAL,
	    "surname=Ng\ntitle=\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    NULL },
	{ "65 characters", SMIME_INDIVIDUAL,
	    "surname=Ng\ntitle=\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	    "identity-too-long" },
	{ "a serial number is printable", SMIME_INDIVIDUAL, "surname=Ng\nserialNumber=PNOCH-1\n",
	    NULL },
	{ "an asterisk is not", SMIME_INDIVIDUAL, "surname=Ng\nserialNumber=7*\n",
	    "identity-text" },
	{ "a place and its country", SMIME_INDIVIDUAL,
	    "surname=Ng\nlocalityName=Bern\ncountryName=CH\n", NULL },
	{ "a place without a country", SMIME_INDIVIDUAL, "surname=Ng\nlocalityName=Bern\n",
	    "identity-address" },
	{ "a postal code without a country", SMIME_INDIVIDUAL, "surname=Ng\npostalCode=3000\n",
	    "identity-address" },
	{ "a street without a place", SMIME_INDIVIDUAL,
	    "surname=Ng\nstreetAddress=Weg 1\ncountryName=CH\n", "identity-address" },
	{ "a street in a state", SMIME_INDIVIDUAL,
	    "surname=Ng\nstreetAddress=Weg 1\nstateOrProvinceName=BE\ncountryName=CH\n", NULL },
	{ "no such country", SMIME_INDIVIDUAL, "surname=Ng\ncountryName=UK\n", "identity-country" },
	{ "a small country", SMIME_INDIVIDUAL, "surname=Ng\ncountryName=ch\n", "identity-country" },
	{ "three letters", SMIME_INDIVIDUAL, "surname=Ng\ncountryName=CHE\n", "identity-too-long" },
	{ "half of two countries", SMIME_INDIVIDUAL, "surname=Ng\ncountryName=DA\n",
	    "identity-country" },
	{ "where there is no code", SMIME_INDIVIDUAL, "surname=Ng\ncountryName=XX\n", NULL },
	{ "a register", SMIME_ORGANIZATION, O_ID "NTRGB-12345678\n", NULL },
	{ "of a state", SMIME_ORGANIZATION, O_ID "NTRUS+CA-12345678\n", NULL },
	{ "of a state of four letters", SMIME_ORGANIZATION, O_ID "NTRUS+CALI-12345678\n",
	    "organization-identifier-malformed" },
	{ "a state without letters", SMIME_ORGANIZATION, O_ID "NTRUS+-12345678\n",
	    "organization-identifier-malformed" },
	{ "no reference", SMIME_ORGANIZATION, O_ID "NTRUS\n", "organization-identifier-malformed" },
	{ "an empty reference", SMIME_ORGANIZATION, O_ID "NTRUS-\n",
	    "organization-identifier-malformed" },
	{ "no scheme of ours", SMIME_ORGANIZATION, O_ID "EIDUS-1\n",
	    "organization-identifier-malformed" },
	{ "no country", SMIME_ORGANIZATION, O_ID "NTRZQ-1\n", "organization-identifier-malformed" },
	{ "a bank", SMIME_ORGANIZATION, O_ID "PSDBE-NBB-1234.567.890\n", NULL },
	{ "a government", SMIME_ORGANIZATION, O_ID "GOVUS\n", NULL },
	{ "of a state too", SMIME_ORGANIZATION, O_ID "GOVUS+CA\n", NULL },
	{ "with a reference", SMIME_ORGANIZATION, O_ID "GOVUS-1\n",
	    "organization-identifier-malformed" },
	{ "an international one", SMIME_ORGANIZATION, O_ID "INTXG\n", NULL },
	{ "international of a country", SMIME_ORGANIZATION, O_ID "INTCH\n",
	    "organization-identifier-malformed" },
	{ "a register of no country", SMIME_ORGANIZATION, O_ID "NTRXG-1\n",
	    "organization-identifier-malformed" },
	{ "an LEI", SMIME_ORGANIZATION, O_ID "LEIXG-529900T8BM49AURSDO55\n", NULL },
	{ "an LEI in any country", SMIME_ORGANIZATION,
	    O_ID "LEIXG-529900T8BM49AURSDO55\ncountryName=DE\n", NULL },
	{ "an LEI of wrong digits", SMIME_ORGANIZATION, O_ID "LEIXG-529900T8BM49AURSDO56\n",
	    "organization-identifier-lei" },
	{ "an LEI that is short", SMIME_ORGANIZATION, O_ID "LEIXG-529900T8BM49AURSDO5\n",
	    "organization-identifier-lei" },
	{ "an LEI of a country", SMIME_ORGANIZATION, O_ID "LEIDE-529900T8BM49AURSDO55\n",
	    "organization-identifier-malformed" },
	{ "another country than the address", SMIME_ORGANIZATION, O_ID "NTRCH-1\ncountryName=DE\n",
	    "organization-identifier-country" },
	{ "VAT of Greece", SMIME_ORGANIZATION, O_ID "VATEL-123456789\ncountryName=GR\n", NULL },
	{ "a register of Greece", SMIME_ORGANIZATION, O_ID "NTREL-123456789\ncountryName=GR\n",
	    "organization-identifier-malformed" },
	{ "an EUID", SMIME_ORGANIZATION, O_ID "NTRDE-DER3306.HRB12345\ncountryName=DE\n", NULL },
	{ "an EUID of another country", SMIME_ORGANIZATION, O_ID "NTRDE-FR7501.123456789\n",
	    "organization-identifier-country" },
};

static void
each_rule_accepts_and_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct smime_identity identity;
		struct cs_refusal why = { 0 };
		const struct cs_span octets = cs_span_str(rows[i].octets);
		const bool read = smime_identity_read(arena, octets, rows[i].type, &identity, &why);

		if (read != (rows[i].code == NULL) ||
		    (!read && strcmp(why.code, rows[i].code) != 0))
			fail_msg("%s: got %s, want %s", rows[i].name, read ? "read" : why.code,
			    rows[i].code == NULL ? "read" : rows[i].code);
		if (read)
			assert_true(cs_span_equal(smime_identity_write(arena, &identity), octets));
		else
			assert_true(why.text[0] != '\0' && why.mend[0] != '\0');
		cs_arena_free(arena);
	}
}

static void
a_nul_and_a_flood_are_refused(void **state)
{
	static uint8_t flood[SMIME_IDENTITY_MAX + 1];
	struct cs_arena *arena = cs_arena_new();
	struct smime_identity identity;
	struct cs_refusal why;

	(void)state;
	assert_false(smime_identity_read(
	    arena, cs_span_of("surname=N\0g\n", 12), SMIME_INDIVIDUAL, &identity, &why));
	memset(flood, 'a', sizeof(flood));
	memcpy(flood, "surname=", 8);
	flood[sizeof(flood) - 1] = '\n';
	assert_false(smime_identity_read(
	    arena, cs_span_of(flood, sizeof(flood)), SMIME_INDIVIDUAL, &identity, &why));
	flood[sizeof(flood) - 2] = '\n';
	assert_true(smime_identity_read(
	    arena, cs_span_of(flood, sizeof(flood) - 1), SMIME_INDIVIDUAL, &identity, &why));
	cs_arena_free(arena);
}

#define OF_ORGANIZATION (SMIME_CN_MAILBOX | SMIME_CN_ORGANIZATION)
#define OF_PERSON (SMIME_CN_MAILBOX | SMIME_CN_PERSON)

static void
a_common_name_repeats_what_was_verified(void **state)
{
	const struct smime_identity org = { .values[SMIME_O] = "Acme AG" };
	const struct smime_identity ann = { .values[SMIME_GIVEN_NAME] = "Ann",
		.values[SMIME_SURNAME] = "Ng" };
	const struct smime_identity single = { .values[SMIME_SURNAME] = "Ng" };
	const struct smime_identity hidden = { .values[SMIME_PSEUDONYM] = "user 1" };
	static const char long_name[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; /* 65 */
	const struct smime_identity longest = { .values[SMIME_SURNAME] = long_name };

	(void)state;
	assert_true(smime_identity_may_name(OF_ORGANIZATION, &org, "Acme AG"));
	assert_false(smime_identity_may_name(OF_ORGANIZATION, &org, "Acme"));
	assert_false(smime_identity_may_name(OF_PERSON, &org, "Acme AG"));
	assert_false(smime_identity_may_name(SMIME_CN_MAILBOX, &org, "Acme AG"));
	assert_true(smime_identity_may_name(OF_PERSON, &ann, "Ann Ng"));
	assert_true(smime_identity_may_name(OF_PERSON, &ann, "Ann Ng"));
	assert_false(smime_identity_may_name(OF_PERSON, &ann, "Ann"));
	assert_false(smime_identity_may_name(OF_PERSON, &ann, "Ann  Ng"));
	assert_false(smime_identity_may_name(OF_ORGANIZATION, &ann, "Ann Ng"));
	assert_true(smime_identity_may_name(OF_PERSON, &single, "Ng"));
	assert_true(smime_identity_may_name(OF_PERSON, &hidden, "user 1"));
	assert_false(smime_identity_may_name(OF_PERSON, &longest, long_name));
	assert_true(smime_identity_may_name(OF_PERSON,
	    &(struct smime_identity){ .values[SMIME_SURNAME] = long_name + 1 }, long_name + 1));
}

static void
a_sponsor_has_its_own_address_and_the_person_a_name(void **state)
{
	const struct smime_identity org = { .values[SMIME_O] = "Acme AG",
		.values[SMIME_COUNTRY] = "CH" };
	const struct smime_identity ann = { .values[SMIME_SURNAME] = "Ng",
		.values[SMIME_TITLE] = "Dr.",
		.values[SMIME_LOCALITY] = "Paris",
		.values[SMIME_COUNTRY] = "FR" };
	const struct smime_identity both = smime_identity_join(SMIME_SPONSOR, &org, &ann);
	const struct smime_identity none = smime_identity_join(SMIME_MAILBOX, NULL, NULL);

	(void)state;
	assert_string_equal(both.values[SMIME_O], "Acme AG");
	assert_string_equal(both.values[SMIME_COUNTRY], "CH");
	assert_string_equal(both.values[SMIME_SURNAME], "Ng");
	assert_string_equal(both.values[SMIME_TITLE], "Dr.");
	assert_null(both.values[SMIME_LOCALITY]);
	for (size_t i = 0; i < SMIME_ATTRIBUTES; i++)
		assert_null(none.values[i]);
	assert_string_equal(
	    smime_identity_join(SMIME_INDIVIDUAL, NULL, &ann).values[SMIME_COUNTRY], "FR");
	assert_null(smime_identity_join(SMIME_ORGANIZATION, &org, NULL).values[SMIME_SURNAME]);
}

static void
each_method_proves_what_its_row_says(void **state)
{
	(void)state;
	assert_non_null(smime_identity_method_find("register", SMIME_PROOF_ORGANIZATION));
	assert_null(smime_identity_method_find("register", SMIME_PROOF_AUTHORITY));
	assert_null(smime_identity_method_find("register", SMIME_PROOF_INDIVIDUAL));
	assert_string_equal(
	    smime_identity_method_find("attestation", SMIME_PROOF_ORGANIZATION)->clause,
	    "SBR 3.2.3");
	assert_string_equal(
	    smime_identity_method_find("attestation", SMIME_PROOF_INDIVIDUAL)->clause, "SBR 3.2.4");
	assert_string_equal(
	    smime_identity_method_find("reliable-contact", SMIME_PROOF_AUTHORITY)->clause,
	    "SBR 3.2.6");
	assert_true(smime_identity_method_find("enterprise-ra-record", SMIME_PROOF_INDIVIDUAL)
			->sponsor_only);
	assert_false(
	    smime_identity_method_find("id-document", SMIME_PROOF_INDIVIDUAL)->sponsor_only);
	assert_null(smime_identity_method_find("", SMIME_PROOF_INDIVIDUAL));
}

/* Rules sheet 1.5 and 18, rows 7 to 9. */
static void
each_type_rests_on_what_the_rules_say(void **state)
{
	static const struct {
		enum smime_type type;
		bool organization, authority, individual;
	} needs[] = {
		{ SMIME_MAILBOX, false, false, false },
		{ SMIME_ORGANIZATION, true, true, false },
		{ SMIME_SPONSOR, true, true, true },
		{ SMIME_INDIVIDUAL, false, false, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(needs); i++) {
		const enum smime_type type = needs[i].type;

		assert_int_equal(
		    smime_identity_needs(type, SMIME_PROOF_ORGANIZATION), needs[i].organization);
		assert_int_equal(
		    smime_identity_needs(type, SMIME_PROOF_AUTHORITY), needs[i].authority);
		assert_int_equal(
		    smime_identity_needs(type, SMIME_PROOF_INDIVIDUAL), needs[i].individual);
		assert_false(smime_identity_needs(type, SMIME_PROOF_DOMAIN));
	}
}

/* ---- what nobody verified ---- */

static const struct smime_profile *
profile(const char *name)
{
	const struct smime_profile *found = smime_profile_find(name);

	assert_non_null(found);
	return found;
}

/* SBR 3.2.5: nothing unverified in a publicly trusted certificate, but what repeats a proof or is ours. */
static void
what_nobody_verified_is_for_one_private_profile(void **state)
{
	static const struct {
		const char *profile;
		enum smime_attribute attribute;
		bool person, by_profile, by_operator;
	} cases[] = {
		{ "mailbox-strict", SMIME_CN, false, false, false },
		{ "mailbox-strict", SMIME_EMAIL, true, true, true },
		{ "mailbox-strict", SMIME_SERIAL_NUMBER, false, false, true },
		{ "mailbox-multipurpose", SMIME_OU, false, false, false },
		{ "mailbox-multipurpose", SMIME_SURNAME, false, false, false },
		{ "organization-strict", SMIME_OU, false, false, false },
		{ "sponsor-multipurpose", SMIME_SERIAL_NUMBER, false, false, false },
		{ "individual-strict", SMIME_SURNAME, false, false, false },
		{ "private-mailbox", SMIME_OU, false, false, false },
		{ "private-mailbox", SMIME_SERIAL_NUMBER, false, false, true },
		{ "private-person", SMIME_SURNAME, false, false, false },
		{ "private-details", SMIME_CN, false, false, false },
		{ "private-details", SMIME_OU, true, true, true },
		{ "private-details", SMIME_SURNAME, true, true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct smime_profile *p = profile(cases[i].profile);

		assert_int_equal(
		    smime_may_state(p, cases[i].attribute, SMIME_BY_PERSON), cases[i].person);
		assert_int_equal(
		    smime_may_state(p, cases[i].attribute, SMIME_BY_PROFILE), cases[i].by_profile);
		assert_int_equal(smime_may_state(p, cases[i].attribute, SMIME_BY_OPERATOR),
		    cases[i].by_operator);
	}
}

/* The same of the table: whatever a public profile takes unverified is one of those two. */
static void
no_public_profile_takes_a_name_that_nobody_verified(void **state)
{
	size_t n, seen = 0;
	const struct smime_profile *all = smime_profiles(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (all[i].trust != SMIME_TRUST_PUBLIC)
			continue;
		assert_false(all[i].unverified);
		for (enum smime_attribute a = 0; a < SMIME_ATTRIBUTES; a++) {
			seen += smime_may_state(&all[i], a, SMIME_BY_OPERATOR);
			if (a != SMIME_EMAIL && a != SMIME_SERIAL_NUMBER)
				assert_false(smime_may_state(&all[i], a, SMIME_BY_OPERATOR));
			if (a != SMIME_EMAIL)
				assert_false(smime_may_state(&all[i], a, SMIME_BY_PERSON));
		}
	}
	assert_int_equal(seen, 8 + 2); /* emailAddress everywhere, serialNumber for mailboxes */
}

static const char *const own[] = { "ann@sales.example", "\xc3\xa4nn@sales.example" };

static const struct {
	const char *name, *profile;
	struct smime_identity stated;
	const char *code, *field; /* code NULL: they hold */
} stated_rows[] = {
	{ "nothing", "private-details", { { NULL } }, NULL, "" },
	{ "a unit alone", "private-details", { .values[SMIME_OU] = "Sales" }, NULL, "" },
	{ "a mailbox of its own", "mailbox-strict", { .values[SMIME_EMAIL] = "ann@sales.example" },
	    NULL, "" },
	{ "a mailbox of another", "mailbox-strict", { .values[SMIME_EMAIL] = "bob@sales.example" },
	    "identity-mailbox", "emailAddress" },
	{ "a mailbox outside ASCII", "private-details",
	    { .values[SMIME_EMAIL] = "\xc3\xa4nn@sales.example" }, "identity-text",
	    "emailAddress" },
	{ "a mailbox as a unit", "private-details", { .values[SMIME_OU] = "ann@sales.example" },
	    "identity-mailbox", "organizationalUnitName" },
	{ "a unit where there is none", "private-mailbox", { .values[SMIME_OU] = "Sales" },
	    "identity-attribute", "organizationalUnitName" },
	{ "a common name", "private-details", { .values[SMIME_CN] = "Ann" }, "identity-attribute",
	    "commonName" },
	{ "only metadata", "private-details", { .values[SMIME_TITLE] = "N/A" }, "identity-metadata",
	    "title" },
	{ "hidden characters", "private-details", { .values[SMIME_TITLE] = "a\xe2\x80\xae" },
	    "identity-text", "title" },
	{ "no country", "private-details", { .values[SMIME_COUNTRY] = "ZZ" }, "identity-country",
	    "countryName" },
	{ "a place without a country", "private-details", { .values[SMIME_LOCALITY] = "Bern" },
	    "identity-address", "localityName" },
	{ "a place", "private-details",
	    { .values[SMIME_LOCALITY] = "Bern", .values[SMIME_COUNTRY] = "CH" }, NULL, "" },
	{ "a pseudonym beside a name", "private-details",
	    { .values[SMIME_SURNAME] = "Ng", .values[SMIME_PSEUDONYM] = "user 1" },
	    "identity-pseudonym", "pseudonym" },
	{ "an organization's number", "private-details", { .values[SMIME_ORG_ID] = "NTRCH-1" },
	    NULL, "" },
	{ "a number of no register", "private-details", { .values[SMIME_ORG_ID] = "7" },
	    "organization-identifier-malformed", "organizationIdentifier" },
};

static void
unverified_values_follow_the_same_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(stated_rows); i++) {
		struct cs_refusal why = { .code = NULL };
		const bool holds = smime_stated_holds(
		    profile(stated_rows[i].profile), &stated_rows[i].stated, own, COUNT(own), &why);

		if (holds != (stated_rows[i].code == NULL))
			fail_msg("%s: %s", stated_rows[i].name, holds ? "held" : why.code);
		if (holds)
			continue;
		if (strcmp(why.code, stated_rows[i].code) != 0 ||
		    strcmp(why.field, stated_rows[i].field) != 0)
			fail_msg("%s: got %s at %s", stated_rows[i].name, why.code, why.field);
	}
}

static void
every_source_has_a_name(void **state)
{
	enum smime_source found;

	(void)state;
	for (enum smime_source i = SMIME_BY_PERSON; i <= SMIME_BY_OPERATOR; i++) {
		assert_true(smime_source_find(smime_source_name(i), &found));
		assert_int_equal(found, i);
	}
	assert_false(smime_source_find("somebody", &found));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_accepts_and_refuses),
		cmocka_unit_test(a_nul_and_a_flood_are_refused),
		cmocka_unit_test(a_common_name_repeats_what_was_verified),
		cmocka_unit_test(a_sponsor_has_its_own_address_and_the_person_a_name),
		cmocka_unit_test(each_method_proves_what_its_row_says),
		cmocka_unit_test(each_type_rests_on_what_the_rules_say),
		cmocka_unit_test(what_nobody_verified_is_for_one_private_profile),
		cmocka_unit_test(no_public_profile_takes_a_name_that_nobody_verified),
		cmocka_unit_test(unverified_values_follow_the_same_rules),
		cmocka_unit_test(every_source_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
