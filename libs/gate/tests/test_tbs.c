/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_tbs.c: certificates of every profile, for every kind of key and use.  With two arguments,
 * "--write DIR", it writes them there instead, as PROFILE.KEY.USE.IDENTITY.der, for other readers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_certs.h"
#include "pki/cert.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const enum claim_key_use uses[] = { CLAIM_DUAL, CLAIM_SIGNING, CLAIM_ENCRYPTION };
static const char *const identities[] = { "named", "pseudonym", "short" };

static const struct smime_profile *
profile(const char *name)
{
	const struct smime_profile *found = smime_profile_find(name);

	assert_non_null(found);
	return found;
}

static const char *
value_of(const struct pki_cert_info *cert, enum smime_attribute attribute)
{
	for (size_t i = 0; i < cert->n_subject_attributes; i++)
		if (strcmp(cert->subject_attributes[i].oid, smime_attribute_oid(attribute)) == 0)
			return cert->subject_attributes[i].value;
	return NULL;
}

/* Does the subject say all of the identity that the profile may name, and nothing else? */
static void
subject_follows(const struct gate_verdict *v, const struct pki_cert_info *cert)
{
	for (int a = 0; a < SMIME_ATTRIBUTES; a++) {
		const char *got = value_of(cert, (enum smime_attribute)a);
		const char *want =
		    v->profile->subject[a] != SMIME_MUST_NOT ? v->identity.values[a] : NULL;

		if (a == SMIME_CN)
			continue;
		if ((got == NULL) != (want == NULL) || (got != NULL && strcmp(got, want) != 0))
			fail_msg("%s: %s: got %s, want %s", v->profile->name,
			    smime_attribute_name((enum smime_attribute)a), got != NULL ? got : "-",
			    want != NULL ? want : "-");
	}
}

static void
certificate_follows(struct certs *certs, const struct gate_verdict *v)
{
	struct pki_cert_info cert;
	struct cs_err err;

	assert_int_equal(pki_cert_read(certs->arena, certs_issue(certs, v), &cert, &err), CS_OK);
	assert_true(pki_cert_signed_by(&cert, pki_issuer_certificate(certs->issuing)));
	assert_int_equal(cert.key_usage, gate_key_usage(v));
	assert_string_equal(cert.eku[0], PKI_EKU_EMAIL_PROTECTION);
	assert_null(cert.eku[1]);
	if (v->profile->policy_oid != NULL) {
		assert_string_equal(cert.policies[0], v->profile->policy_oid);
		assert_null(cert.policies[1]);
	} else {
		assert_null(cert.policies);
	}
	assert_int_equal(cert.n_mailboxes, 2);
	assert_false(cert.mailboxes[0].utf8_local);
	assert_true(cert.mailboxes[1].utf8_local);
	assert_false(cert.is_ca);
	assert_int_equal(cert.not_before_s, CERTS_NOW / 1000);
	assert_int_equal(
	    cert.not_after_s - cert.not_before_s + 1, (int64_t)v->request.validity_days * 86400);
	subject_follows(v, &cert);
}

/* ---- every profile, key, use ---- */

typedef void each_fn(struct certs *certs, const struct gate_verdict *v, const char *name);

/* What the profile's table has no bits for is refused; everything else is given to `each`. */
static size_t
for_each(struct certs *certs, each_fn *each)
{
	size_t n_profiles, n = 0;
	const struct smime_profile *profiles = smime_profiles(&n_profiles);

	for (size_t i = 0; i < n_profiles * certs_n_keys * 3 * COUNT(identities); i++) {
		const struct smime_profile *p = &profiles[i / (certs_n_keys * 3 * 3)];
		const struct certs_key *key = &certs_keys[i / 9 % certs_n_keys];
		const enum smime_use use = (enum smime_use)(i / 3 % 3);
		const enum certs_identity identity = (enum certs_identity)(i % 3);
		const struct gate_choice choice = certs_choice();
		struct gate_verdict v;
		struct cs_refusal why;
		struct cs_span tbs;

		certs_verdict(certs, p, key, uses[use], identity, &v);
		if (p->key_usage[key->kind][use] == 0) {
			assert_false(gate_prepare(
			    certs->arena, &certs->ca, &v, &choice, CERTS_NOW, &tbs, &why));
			assert_string_equal(why.code, "key-use");
			continue;
		}
		n++;
		each(certs, &v,
		    cs_arena_printf(certs->arena, "%s.%s.%s.%s", p->name, key->name,
			smime_use_name(use), identities[identity]));
	}
	return n;
}

static void
check(struct certs *certs, const struct gate_verdict *v, const char *name)
{
	(void)name;
	certificate_follows(certs, v);
}

static void
every_profile_certifies_every_key_and_use_of_its_table(void **state)
{
	/* Public: six keys of RSA and EC, three uses; private also both Edwards curves for signing. */
	assert_int_equal(for_each(*state, check), (8 * 18 + 3 * 20) * 3);
}

static void
only_private_profiles_name_hosts(void **state)
{
	static const uint8_t host[] = "\x82\x0b"
				      "dev.example\x82\x0d"
				      "sales.example";
	struct certs *certs = *state;
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);

	for (size_t i = 0; i < n; i++) {
		struct gate_verdict v;

		certs_verdict(certs, &profiles[i], &certs_keys[3], CLAIM_DUAL, CERTS_NAMED, &v);
		const struct cs_span tbs = certs_tbs(certs, &v);
		assert_int_equal(memmem(tbs.data, tbs.len, host, sizeof(host) - 1) != NULL,
		    profiles[i].trust == SMIME_TRUST_PRIVATE);
	}
}

/* ---- names ---- */

static const struct {
	const char *profile;
	enum certs_identity identity;
	const char *asked, *want; /* want NULL: refused; "": none */
} common_names[] = {
	{ "mailbox-strict", CERTS_NAMED, "", "" },
	{ "mailbox-strict", CERTS_NAMED, "ann@sales.example", "ann@sales.example" },
	{ "mailbox-strict", CERTS_NAMED, "bob@sales.example", NULL },
	{ "mailbox-strict", CERTS_NAMED, "Ann M\xc3\xbcller", NULL },
	{ "organization-strict", CERTS_NAMED, "", "M\xc3\xbcller & S\xc3\xb6hne GmbH" },
	{ "organization-strict", CERTS_NAMED, "ann@sales.example", "ann@sales.example" },
	{ "organization-strict", CERTS_NAMED, "M\xc3\xbcller", NULL },
	{ "organization-strict", CERTS_NAMED, "Ann M\xc3\xbcller", NULL },
	{ "sponsor-multipurpose", CERTS_NAMED, "", "Ann M\xc3\xbcller" },
	{ "sponsor-multipurpose", CERTS_NAMED, "Ann M\xc3\xbcller", "Ann M\xc3\xbcller" },
	{ "sponsor-multipurpose", CERTS_NAMED, "M\xc3\xbcller & S\xc3\xb6hne GmbH", NULL },
	{ "sponsor-multipurpose", CERTS_NAMED, "Ann", NULL },
	{ "sponsor-multipurpose", CERTS_PSEUDONYM, "", "Person 4711" },
	{ "sponsor-multipurpose", CERTS_PSEUDONYM, "Ann M\xc3\xbcller", NULL },
	{ "individual-strict", CERTS_NAMED, "", "Ann M\xc3\xbcller" },
	{ "individual-strict", CERTS_PSEUDONYM, "ann@sales.example", "ann@sales.example" },
	{ "private-mailbox", CERTS_NAMED, "sales.example", NULL },
	{ "private-person", CERTS_SHORT, "", "Ann M\xc3\xbcller" },
	{ "private-details", CERTS_SHORT, "", "Ann M\xc3\xbcller" },
	{ "private-details", CERTS_SHORT, "ann@sales.example", "ann@sales.example" },
	{ "private-details", CERTS_SHORT, "M\xc3\xbcller & S\xc3\xb6hne GmbH", NULL },
};

static void
the_common_name_is_what_the_type_allows(void **state)
{
	struct certs *certs = *state;
	const struct gate_choice choice = certs_choice();

	for (size_t i = 0; i < COUNT(common_names); i++) {
		struct gate_verdict v;
		struct cs_refusal why;
		struct cs_span tbs;
		struct pki_cert_info cert;
		struct cs_err err;

		certs_verdict(certs, profile(common_names[i].profile), &certs_keys[3], CLAIM_DUAL,
		    common_names[i].identity, &v);
		v.request.common_name = common_names[i].asked;
		if (common_names[i].want == NULL) {
			if (gate_prepare(
				certs->arena, &certs->ca, &v, &choice, CERTS_NOW, &tbs, &why))
				fail_msg("%s: \"%s\" was accepted", common_names[i].profile,
				    common_names[i].asked);
			assert_string_equal(why.code, "common-name");
			continue;
		}
		assert_int_equal(
		    pki_cert_read(certs->arena, certs_issue(certs, &v), &cert, &err), CS_OK);
		const char *got = value_of(&cert, SMIME_CN);
		if (strcmp(got != NULL ? got : "", common_names[i].want) != 0)
			fail_msg("%s: \"%s\": got %s", common_names[i].profile,
			    common_names[i].asked, got);
	}
}

static void
a_name_that_is_too_long_is_left_out_unless_asked_for(void **state)
{
	static const char given[] = "Hubert Blaine Adolph Charles David Earl Frederick",
			  surname[] = "Wolfeschlegelsteinhausenbergerdorff";
	struct certs *certs = *state;
	const struct gate_choice choice = certs_choice();
	struct gate_verdict v;
	struct cs_refusal why;
	struct cs_span tbs;

	certs_verdict(
	    certs, profile("individual-strict"), &certs_keys[3], CLAIM_DUAL, CERTS_SHORT, &v);
	v.identity.values[SMIME_GIVEN_NAME] = given;
	v.identity.values[SMIME_SURNAME] = surname;
	tbs = certs_tbs(certs, &v);
	assert_null(memmem(tbs.data, tbs.len, "Frederick Wolfe", 15));
	v.request.common_name = cs_arena_printf(certs->arena, "%s %s", given, surname);
	assert_false(gate_prepare(certs->arena, &certs->ca, &v, &choice, CERTS_NOW, &tbs, &why));
	assert_string_equal(why.code, "lint-subject-too-long");
}

/* What must be named and is not proved; what is proved and contradicts itself. */
static void
an_identity_with_a_gap_is_refused_by_its_attribute(void **state)
{
	static const struct {
		const char *profile;
		enum smime_attribute attribute;
		const char *value, *code, *field;
	} cases[] = {
		{ "organization-strict", SMIME_O, NULL, "identity-missing", "organizationName" },
		{ "organization-strict", SMIME_ORG_ID, NULL, "identity-missing",
		    "organizationIdentifier" },
		{ "sponsor-strict", SMIME_ORG_ID, NULL, "identity-missing",
		    "organizationIdentifier" },
		{ "sponsor-strict", SMIME_PSEUDONYM, "x", "lint-subject-name-and-pseudonym",
		    "certificate" },
		{ "individual-multipurpose", SMIME_COUNTRY, NULL,
		    "lint-subject-place-without-country", "certificate" },
		{ "individual-multipurpose", SMIME_COUNTRY, "ZZ", "lint-subject-country",
		    "certificate" },
		{ "sponsor-multipurpose", SMIME_COUNTRY, "FR",
		    "lint-organization-identifier-country", "certificate" },
		{ "sponsor-multipurpose", SMIME_TITLE, "-", "lint-subject-insignificant",
		    "certificate" },
		{ "sponsor-multipurpose", SMIME_EMAIL, "eve@sales.example",
		    "lint-subject-mailbox-not-in-san", "certificate" },
	};
	struct certs *certs = *state;
	const struct gate_choice choice = certs_choice();

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gate_verdict v;
		struct cs_refusal why;
		struct cs_span tbs;

		certs_verdict(
		    certs, profile(cases[i].profile), &certs_keys[3], CLAIM_DUAL, CERTS_NAMED, &v);
		v.identity.values[cases[i].attribute] = cases[i].value;
		if (gate_prepare(certs->arena, &certs->ca, &v, &choice, CERTS_NOW, &tbs, &why))
			fail_msg("case %zu was accepted", i);
		if (strcmp(why.code, cases[i].code) != 0 || strcmp(why.field, cases[i].field) != 0)
			fail_msg("case %zu: got %s %s", i, why.code, why.field);
	}
}

/* SBR 6.1.5, from 2027-09-15: the octets are good, the key that would sign them is not. */
static void
an_issuer_with_a_short_key_stops_on_its_day(void **state)
{
	const int64_t day_ms = INT64_C(1820966400) * 1000;
	struct certs *certs = *state;
	struct gate_ca ca = certs->ca;
	struct gate_choice choice = certs_choice();
	struct gate_verdict v;
	struct cs_refusal why;
	struct cs_span tbs;

	ca.rsa_bits = 2048;
	certs_verdict(
	    certs, profile("mailbox-strict"), &certs_keys[3], CLAIM_DUAL, CERTS_NAMED, &v);
	choice.not_before_s = day_ms / 1000 - 1;
	assert_true(gate_prepare(certs->arena, &ca, &v, &choice, day_ms - 1000, &tbs, &why));
	assert_false(gate_prepare(certs->arena, &ca, &v, &choice, day_ms, &tbs, &why));
	assert_string_equal(why.code, "issuer-key-too-short");
	ca.rsa_bits = 3072;
	assert_true(gate_prepare(certs->arena, &ca, &v, &choice, day_ms, &tbs, &why));
}

/* The same octets are not good for another profile or another CA. */
static void
a_lint_is_for_one_profile_and_one_ca(void **state)
{
	struct certs *certs = *state;
	struct gate_ca other = certs->ca;
	struct gate_verdict v;
	struct cs_refusal why;

	certs_verdict(
	    certs, profile("sponsor-strict"), &certs_keys[0], CLAIM_DUAL, CERTS_NAMED, &v);
	const struct cs_span tbs = certs_tbs(certs, &v);
	assert_non_null(gate_lint(certs->arena, v.profile, &certs->ca, 0, tbs, CERTS_NOW, &why));
	assert_null(gate_lint(
	    certs->arena, v.profile, &certs->ca, 1, tbs, CERTS_NOW, &why)); /* another use */
	assert_string_equal(why.code, "lint-key-usage-not-the-profiles");
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);
	for (size_t i = 0; i < n; i++)
		if (&profiles[i] != v.profile && gate_lint(certs->arena, &profiles[i], &certs->ca,
						     0, tbs, CERTS_NOW, &why) != NULL)
			fail_msg("%s takes it", profiles[i].name);
	other.name = pki_issuer_name(certs->root);
	assert_null(gate_lint(certs->arena, v.profile, &other, 0, tbs, CERTS_NOW, &why));
	assert_string_equal(why.code, "lint-issuer-not-the-ca");
}

/* ---- for other readers ---- */

static const char *out_dir;

static void
put(const char *name, const void *data, size_t len)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", out_dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void
put_certificate(struct certs *certs, const struct gate_verdict *v, const char *name)
{
	const struct cs_span der = certs_issue(certs, v);

	put(cs_arena_printf(certs->arena, "%s.der", name), der.data, der.len);
}

static void
writes_every_certificate(void **state)
{
	struct certs *certs = *state;

	put("root.pem", certs->root_pem, strlen(certs->root_pem));
	put("issuing.pem", certs->issuing_pem, strlen(certs->issuing_pem));
	assert_true(for_each(certs, put_certificate) > 0);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest writing[] = { cmocka_unit_test(writes_every_certificate) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_certifies_every_key_and_use_of_its_table),
		cmocka_unit_test(only_private_profiles_name_hosts),
		cmocka_unit_test(the_common_name_is_what_the_type_allows),
		cmocka_unit_test(a_name_that_is_too_long_is_left_out_unless_asked_for),
		cmocka_unit_test(an_identity_with_a_gap_is_refused_by_its_attribute),
		cmocka_unit_test(an_issuer_with_a_short_key_stops_on_its_day),
		cmocka_unit_test(a_lint_is_for_one_profile_and_one_ca),
	};

	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		out_dir = argv[2];
		return cmocka_run_group_tests(writing, certs_open, certs_close);
	}
	return cmocka_run_group_tests(tests, certs_open, certs_close);
}
