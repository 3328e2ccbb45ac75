/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_applicant.h"
#include "fake_hierarchy.h"
#include "pki/der.h"
#include "pki/lint.h"

static const char *const may_subject[] = { "2.5.4.3", "2.5.4.5", "1.2.840.113549.1.9.1", NULL };

static const char *const both[] = { PKI_EKU_EMAIL_PROTECTION, PKI_EKU_CLIENT_AUTH, NULL };

static struct pki_lint_profile
profile_of(const struct hierarchy *h)
{
	return (struct pki_lint_profile){
		.policy_oid = "2.23.140.1.5.1.2",
		.max_days = 825,
		.may_subject = may_subject,
		.may_client_auth = true,
		.cn_mailbox = true,
		.key_usage = { { 0x05, 0x01, 0x04 }, { 0x11, 0x01, 0x10 } },
		.ours = true,
		.eku = both,
		.issuer = pki_issuer_name(h->issuing),
		.issuer_key_id = pki_issuer_key_id(h->issuing),
		.sigalg = pki_issuer_sigalg(h->issuing),
	};
}

static struct cs_span
p256_spki(struct cs_arena *arena)
{
	EVP_PKEY *key = applicant_key("P-256");
	const struct cs_span spki = applicant_spki(arena, key);

	EVP_PKEY_free(key);
	return spki;
}

static struct cs_span
tbs_of(struct hierarchy *h, const struct pki_cert_template *template)
{
	struct cs_span tbs;
	struct cs_err err;

	if (pki_cert_tbs(h->arena, template, &tbs, &err) != CS_OK)
		fail_msg("%s", err.text);
	return tbs;
}

static bool
found(struct pki_lint_result result, const char *id)
{
	for (size_t i = 0; i < result.n; i++)
		if (strcmp(result.findings[i].id, id) == 0)
			return true;
	return false;
}

static const char *
first(struct pki_lint_result result)
{
	return result.n > 0 ? result.findings[0].id : "nothing";
}

static void
finds_nothing_in_a_good_certificate(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);
	const struct pki_lint_result got = pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S);

	if (got.n != 0)
		fail_msg("%s: %s", got.findings[0].id, got.findings[0].text);
}

static void
finds_nothing_with_an_empty_subject_or_a_utf8_mailbox(void **state)
{
	static const struct pki_mailbox mailboxes[] = {
		{ "\xe5\x8c\xbb\xe7\x94\x9f@xn--pss25c.example.com", true },
		{ "a+b@example.com", false }
	};
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);

	t.n_subject = 0;
	t.mailboxes = mailboxes;
	t.n_mailboxes = 2;
	const struct pki_lint_result got = pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S);
	if (got.n != 0)
		fail_msg("%s: %s", got.findings[0].id, got.findings[0].text);
}

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* One thing wrong at a time: `wrong` changes a good template, the finding must name it. */
struct wrong {
	const char *name, *want;
	void (*wrong)(struct hierarchy *h, struct pki_cert_template *t);
};

#define WRONG(function, statement)                                             \
	static void function(struct hierarchy *h, struct pki_cert_template *t) \
	{                                                                      \
		(void)h;                                                       \
		statement;                                                     \
	}

#define WRONG_LIST(function, field, ...)                                       \
	static void function(struct hierarchy *h, struct pki_cert_template *t) \
	{                                                                      \
		static const char *const list[] = { __VA_ARGS__, NULL };       \
                                                                               \
		(void)h;                                                       \
		t->field = list;                                               \
	}

static const struct pki_attribute cn_other[] = { { "2.5.4.3", "bob@example.com" } };
static const struct pki_attribute cn_name[] = { { "2.5.4.3", "Alice" } };
static const struct pki_attribute email_other[] = { { "1.2.840.113549.1.9.1", "b@example.com" } };
static const struct pki_attribute organization[] = { { "2.5.4.10", "Example" } };
static const struct pki_attribute unit[] = { { "2.5.4.11", "Sales" } };
static const struct pki_attribute unknown_attribute[] = { { "2.5.4.99", "x" } };
static const struct pki_attribute twice[] = { { "2.5.4.5", "1" }, { "2.5.4.5", "2" } };
static const struct pki_attribute only_dots[] = { { "2.5.4.5", "..." } };
static const struct pki_attribute padded[] = { { "2.5.4.5", "12 " } };
static const struct pki_attribute html[] = { { "2.5.4.3", "a&amp;b" } };
static const struct pki_attribute long_serial[] = { { "2.5.4.5",
    "12345678901234567890123456789012345678901234567890123456789012345" } };
static const struct pki_mailbox capitals[] = { { "alice@Example.com", false } };
static const struct pki_mailbox single[] = { { "alice@localhost", false } };
static const struct pki_mailbox quoted[] = { { "\"alice\"@example.com", false } };
static const struct pki_mailbox routed[] = { { "alice%x@example.com", false } };
static const struct pki_mailbox two_ats[] = { { "alice@bob@example.com", false } };
static const struct pki_mailbox numeric[] = { { "alice@192.0.2.1", false } };
static const struct pki_mailbox trailing[] = { { "alice@example.com.", false } };
static const struct pki_mailbox internal[] = { { "alice@mail.local", false } };
static const struct pki_mailbox ascii_as_utf8[] = { { "alice@example.com", true } };
static const struct pki_mailbox doubled[] = { { "alice@example.com", false },
	{ "alice@example.com", false } };

WRONG(too_long, t->not_after_s = t->not_before_s + INT64_C(825) * 86400)
WRONG(longest, t->not_after_s = t->not_before_s + INT64_C(825) * 86400 - 1)
WRONG(backdated, t->not_before_s = NOW_S - 301)
WRONG(later, t->not_before_s = NOW_S + 86401)
WRONG(over, (t->not_before_s = NOW_S - 200, t->not_after_s = NOW_S - 1))
WRONG(other_issuer, t->issuer = pki_issuer_name(h->root))
WRONG(other_sigalg, t->sigalg = pki_issuer_sigalg(h->root))
WRONG(sha1, t->sigalg = unhex(h->arena, "300906072a8648ce3d0401"))
WRONG(no_key_usage, t->key_usage = 0)
WRONG(key_encipherment, t->key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_KEY_ENCIPHERMENT)
WRONG(cert_sign, t->key_usage |= PKI_KU_KEY_CERT_SIGN)
WRONG(only_encipher_only, t->key_usage = PKI_KU_DIGITAL_SIGNATURE | PKI_KU_ENCIPHER_ONLY)
WRONG(both_onlies, t->key_usage |= PKI_KU_ENCIPHER_ONLY | PKI_KU_DECIPHER_ONLY)
WRONG(nr_without_signing, t->key_usage = PKI_KU_KEY_AGREEMENT | PKI_KU_NON_REPUDIATION)
WRONG(only_nr, t->key_usage = PKI_KU_NON_REPUDIATION)
WRONG(with_nr, t->key_usage |= PKI_KU_NON_REPUDIATION)
WRONG(no_eku, t->eku = NULL)
WRONG_LIST(no_email, eku, PKI_EKU_CLIENT_AUTH)
WRONG_LIST(server, eku, PKI_EKU_EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.1")
WRONG_LIST(code_signing, eku, PKI_EKU_EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.3")
WRONG_LIST(time_stamping, eku, PKI_EKU_EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.8")
WRONG_LIST(any_eku, eku, PKI_EKU_EMAIL_PROTECTION, "2.5.29.37.0")
WRONG_LIST(other_eku, eku, PKI_EKU_EMAIL_PROTECTION, PKI_EKU_CLIENT_AUTH, "1.3.6.1.4.1.311.10.3.4")
WRONG_LIST(swapped_eku, eku, PKI_EKU_CLIENT_AUTH, PKI_EKU_EMAIL_PROTECTION)
WRONG_LIST(twice_eku, eku, PKI_EKU_EMAIL_PROTECTION, PKI_EKU_CLIENT_AUTH, PKI_EKU_CLIENT_AUTH)
WRONG(no_policies, t->policies = NULL)
WRONG_LIST(legacy, policies, "2.23.140.1.5.1.1")
WRONG_LIST(strict, policies, "2.23.140.1.5.1.3")
WRONG_LIST(two_reserved, policies, "2.23.140.1.5.1.2", "2.23.140.1.5.2.2")
WRONG_LIST(any_policy, policies, "2.23.140.1.5.1.2", "2.5.29.32.0")
WRONG_LIST(foreign_policy, policies, "2.23.140.1.5.1.2", "1.2.3.4")
WRONG_LIST(same_policy, policies, "2.23.140.1.5.1.2", "2.23.140.1.5.1.2")
WRONG_LIST(no_reserved, policies, "1.2.3.4")
WRONG(no_crl, t->crl_urls = NULL)
WRONG_LIST(https_crl, crl_urls, "https://ca.example/x.crl")
WRONG_LIST(ldap_crl, crl_urls, "http://ca.example/x.crl", "ldap://ca.example/")
WRONG_LIST(https_aia, issuer_urls, "https://ca.example/x.cer")
WRONG_LIST(https_ocsp, ocsp_urls, "https://ocsp.example/")
WRONG(no_aia, (t->ocsp_urls = NULL, t->issuer_urls = NULL))
WRONG(only_ocsp, t->issuer_urls = NULL)
WRONG(ca, t->is_ca = true)
WRONG(path_len, (t->is_ca = true, t->path_len = 0))
WRONG(no_aki, t->authority_key_id = cs_span_of(NULL, 0))
WRONG(other_aki, t->authority_key_id = pki_issuer_key_id(h->root))
WRONG(no_ski, t->subject_key_id = cs_span_of(NULL, 0))
WRONG(other_ski, t->subject_key_id = pki_issuer_key_id(h->root))
WRONG(nocheck, t->ocsp_nocheck = true)
WRONG(no_san, t->n_mailboxes = 0)
WRONG(san_capitals, t->mailboxes = capitals)
WRONG(san_single, t->mailboxes = single)
WRONG(san_quoted, t->mailboxes = quoted)
WRONG(san_routed, t->mailboxes = routed)
WRONG(san_two_ats, t->mailboxes = two_ats)
WRONG(san_numeric, t->mailboxes = numeric)
WRONG(san_trailing, t->mailboxes = trailing)
WRONG(san_utf8, t->mailboxes = ascii_as_utf8)
WRONG(san_doubled, (t->mailboxes = doubled, t->n_mailboxes = 2))
WRONG_LIST(san_host, dns_names, "www.example.com")
WRONG(san_internal, t->mailboxes = internal)
WRONG(subject_cn_other, t->subject = cn_other)
WRONG(subject_cn_name, t->subject = cn_name)
WRONG(subject_email, t->subject = email_other)
WRONG(subject_organization, t->subject = organization)
WRONG(subject_unit, t->subject = unit)
WRONG(subject_unknown, t->subject = unknown_attribute)
WRONG(subject_twice, (t->subject = twice, t->n_subject = 2))
WRONG(subject_dots, t->subject = only_dots)
WRONG(subject_padded, t->subject = padded)
WRONG(subject_html, t->subject = html)
WRONG(subject_long, t->subject = long_serial)
WRONG(rsa_1024, t->spki = applicant_rsa_spki(h->arena,
		    cs_arena_copy(h->arena, memset(cs_arena_alloc(h->arena, 128), 0xff, 128), 128)))
WRONG(
    rsa_usage, t->spki = applicant_rsa_spki(h->arena,
		   cs_arena_copy(h->arena, memset(cs_arena_alloc(h->arena, 256), 0xff, 256), 256)))

static const struct wrong wrongs[] = {
	{ "a second too long", "validity-too-long", too_long },
	{ "825 days", "validity-at-maximum", longest },
	{ "backdated", "validity-backdated", backdated },
	{ "in the future", "validity-in-the-future", later },
	{ "over", "validity-over", over },
	{ "another issuer", "issuer-not-the-ca", other_issuer },
	{ "another algorithm", "signature-algorithm-not-issuers", other_sigalg },
	{ "SHA-1", "signature-algorithm-prohibited", sha1 },
	{ "no key usage", "key-usage-missing", no_key_usage },
	{ "keyEncipherment with EC", "key-usage-prohibited", key_encipherment },
	{ "keyCertSign", "key-usage-prohibited", cert_sign },
	{ "encipherOnly without keyAgreement", "key-usage-prohibited", only_encipher_only },
	{ "encipherOnly and decipherOnly", "key-usage-prohibited", both_onlies },
	{ "nonRepudiation without digitalSignature", "key-usage-prohibited", nr_without_signing },
	{ "only nonRepudiation", "key-usage-without-use", only_nr },
	{ "nonRepudiation, which we never write", "key-usage-not-the-profiles", with_nr },
	{ "keyAgreement with RSA", "key-usage-prohibited", rsa_usage },
	{ "no EKU", "eku-missing", no_eku },
	{ "no emailProtection", "eku-email-protection-missing", no_email },
	{ "serverAuth", "eku-prohibited", server },
	{ "codeSigning", "eku-prohibited", code_signing },
	{ "timeStamping", "eku-prohibited", time_stamping },
	{ "anyExtendedKeyUsage", "eku-prohibited", any_eku },
	{ "another purpose", "eku-not-the-profiles", other_eku },
	{ "purposes in another order", "eku-not-the-profiles", swapped_eku },
	{ "a purpose twice", "eku-twice", twice_eku },
	{ "no policies", "policies-missing", no_policies },
	{ "Legacy", "policy-legacy", legacy },
	{ "Strict for Multipurpose", "policy-not-the-profiles", strict },
	{ "two reserved policies", "policy-reserved-several", two_reserved },
	{ "anyPolicy", "policy-any", any_policy },
	{ "a foreign policy", "policy-unknown", foreign_policy },
	{ "a policy twice", "policy-twice", same_policy },
	{ "no reserved policy", "policy-reserved-missing", no_reserved },
	{ "no CRL", "crl-points-missing", no_crl },
	{ "CRL over https", "crl-uri-scheme", https_crl },
	{ "one CRL over ldap", "crl-uri-scheme", ldap_crl },
	{ "caIssuers over https", "aia-uri-scheme", https_aia },
	{ "OCSP over https", "aia-uri-scheme", https_ocsp },
	{ "no AIA", "aia-missing", no_aia },
	{ "no caIssuers", "aia-issuers-missing", only_ocsp },
	{ "CA", "is-ca", ca },
	{ "path length", "path-length-present", path_len },
	{ "no AKI", "authority-key-id-missing", no_aki },
	{ "another AKI", "authority-key-id-wrong", other_aki },
	{ "no SKI", "extension-of-ours-missing", no_ski },
	{ "another SKI", "subject-key-id-wrong", other_ski },
	{ "ocsp-nocheck", "extension-unknown", nocheck },
	{ "no SAN", "san-missing", no_san },
	{ "capitals in the domain", "mailbox-malformed", san_capitals },
	{ "single label", "mailbox-malformed", san_single },
	{ "quoted", "mailbox-malformed", san_quoted },
	{ "routed", "mailbox-malformed", san_routed },
	{ "two at signs", "mailbox-malformed", san_two_ats },
	{ "IP address", "mailbox-malformed", san_numeric },
	{ "trailing dot", "mailbox-malformed", san_trailing },
	{ "ASCII as SmtpUTF8Mailbox", "mailbox-wrong-form", san_utf8 },
	{ "a mailbox twice", "mailbox-twice", san_doubled },
	{ "a host", "san-prohibited-name", san_host },
	{ "a name inside a network", "internal-domain-name", san_internal },
	{ "CN of another mailbox", "common-name-unknown-source", subject_cn_other },
	{ "CN of a name", "common-name-unknown-source", subject_cn_name },
	{ "emailAddress of another mailbox", "subject-mailbox-not-in-san", subject_email },
	{ "organization", "subject-attribute-prohibited", subject_organization },
	{ "department", "subject-attribute-prohibited", subject_unit },
	{ "an unknown attribute", "subject-attribute-prohibited", subject_unknown },
	{ "an attribute twice", "subject-attribute-twice", subject_twice },
	{ "an attribute that says nothing", "subject-insignificant", subject_dots },
	{ "a padded attribute", "subject-padded", subject_padded },
	{ "HTML", "subject-html-entity", subject_html },
	{ "too long", "subject-too-long", subject_long },
	{ "RSA 1024", "public-key-size", rsa_1024 },
};

static void
names_the_one_thing_that_is_wrong(void **state)
{
	static const char *const soft[] = { "validity-at-maximum", "no AIA",
		"aia-issuers-missing" };
	struct hierarchy *h = *state;
	const struct pki_lint_profile profile = profile_of(h);

	for (size_t i = 0; i < COUNT(wrongs); i++) {
		struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
		bool warning = false;

		wrongs[i].wrong(h, &t);
		const struct pki_lint_result got =
		    pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S);
		if (!found(got, wrongs[i].want))
			fail_msg("%s: got %s, want %s", wrongs[i].name, first(got), wrongs[i].want);
		for (size_t j = 0; j < COUNT(soft); j++)
			warning = warning || strcmp(soft[j], wrongs[i].want) == 0 ||
				  strcmp(soft[j], wrongs[i].name) == 0;
		if ((got.errors == 0) != warning)
			fail_msg("%s: %zu errors, %zu warnings", wrongs[i].name, got.errors,
			    got.warnings);
	}
}

static void
strict_forbids_what_multipurpose_allows(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);

	profile.strict = true;
	profile.may_client_auth = false;
	profile.policy_oid = "2.23.140.1.5.1.3";
	profile.eku = LIST(PKI_EKU_EMAIL_PROTECTION);
	t.policies = LIST("2.23.140.1.5.1.3");
	assert_true(found(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S), "eku-prohibited"));
	t.eku = LIST(PKI_EKU_EMAIL_PROTECTION);
	assert_int_equal(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S).n, 0);
}

static void
own_policies_and_boundaries_of_validity_pass(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);

	profile.own_policies = LIST("1.2.3.4");
	t.policies = LIST("2.23.140.1.5.1.2", "1.2.3.4");
	t.not_before_s = NOW_S - 300;
	t.not_after_s = t.not_before_s + INT64_C(824) * 86400 - 1;
	assert_int_equal(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S).n, 0);
	t.not_before_s = NOW_S + 86400;
	assert_int_equal(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S).n, 0);
}

static void
checks_organization_identifiers(void **state)
{
	static const struct {
		const char *id, *country, *want; /* NULL: nothing */
	} cases[] = {
		{ "NTRGB-12345678", "GB", NULL },
		{ "NTRUS+CA-12345678", "US", NULL },
		{ "VATEL-123456789", "GR", NULL },
		{ "PSDBE-NBB-1234.567.890", "BE", NULL },
		{ "GOVUS+CA", "US", NULL },
		{ "INTXG", "CH", NULL },
		{ "LEIXG-529900T8BM49AURSDO55", "DE", NULL },
		{ "LEIXG-529900T8BM49AURSDO56", "DE", "organization-identifier-lei" },
		{ "LEIDE-529900T8BM49AURSDO55", "DE", "organization-identifier-malformed" },
		{ "NTRGB-12345678", "DE", "organization-identifier-country" },
		{ "NTRGB", "GB", "organization-identifier-malformed" },
		{ "NTRGB-", "GB", "organization-identifier-malformed" },
		{ "NTRUS+-1", "US", "organization-identifier-malformed" },
		{ "NTRUS+CALI-1", "US", "organization-identifier-malformed" },
		{ "ABCGB-1", "GB", "organization-identifier-malformed" },
		{ "GOVUS-1", "US", "organization-identifier-malformed" },
		{ "NTR", "GB", "organization-identifier-malformed" },
		{ "NTRZZ-1", "ZZ", "organization-identifier-malformed" },
		{ "VATZZ-1", "ZZ", "organization-identifier-malformed" },
		{ "NTREL-1", "GR", "organization-identifier-malformed" },
		{ "NTRDE-HRB12345", "DE", "organization-identifier-not-euid" },
		{ "NTRDE-DER3306.HRB12345", "DE", NULL },
		{ "NTRDE-FRR3306.HRB12345", "DE", "organization-identifier-euid-country" },
	};
	static const char *const ids[] = { "organization-identifier-lei",
		"organization-identifier-malformed", "organization-identifier-country",
		"organization-identifier-not-euid", "organization-identifier-euid-country" };
	struct hierarchy *h = *state;
	const struct pki_lint_profile profile = profile_of(h);

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct pki_attribute subject[] = { { "2.5.4.6", cases[i].country },
			{ "2.5.4.97", cases[i].id } };
		struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));

		t.subject = subject;
		t.n_subject = 2;
		const struct pki_lint_result got =
		    pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S);
		for (size_t j = 0; j < COUNT(ids); j++) {
			const bool want =
			    cases[i].want != NULL && strcmp(cases[i].want, ids[j]) == 0;

			if (found(got, ids[j]) != want)
				fail_msg("%s: %s", cases[i].id, ids[j]);
		}
	}
}

static bool
is_between(struct cs_span tbs, size_t at, const char *octets, size_t first, size_t n)
{
	const size_t len = strlen(octets);

	for (size_t from = 0; from + len < tbs.len; from++)
		if (memcmp(tbs.data + from, octets, len) == 0 && at >= from + first &&
		    at < from + first + n)
			return true;
	return false;
}

/* What a reader cannot know to be wrong: random numbers, times within the rules, names in URLs. */
static bool
is_free(struct cs_span tbs, size_t at)
{
	return is_between(tbs, at, "\x41\x02\x03\x04", 0, 16) ||
	       is_between(tbs, at, "\x17\x0d", 2, 12) ||
	       is_between(tbs, at, "http://ca.example/issuing.c", 7, 22) ||
	       is_between(tbs, at, "http://ocsp.ca.example/", 7, 16);
}

static void
notices_any_bit_that_is_changed(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);
	const struct cs_span good = tbs_of(h, &t);
	uint8_t *octets = (uint8_t *)(uintptr_t)cs_arena_copy_span(h->arena, good).data;
	size_t noticed = 0;

	profile.wanted_key_usage = t.key_usage;
	for (size_t bit = 0; bit < good.len * 8; bit++) {
		struct cs_arena *arena = cs_arena_new();

		octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		const struct pki_lint_result got =
		    pki_lint(arena, cs_span_of(octets, good.len), &profile, NOW_S);
		octets[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (got.n == 0 && !is_free(good, bit / 8))
			fail_msg("bit %zu of octet %zu: %s", bit % 8, bit / 8,
			    cs_hex(h->arena, cs_span_of(good.data + bit / 8 - 8, 16)));
		noticed += got.n > 0;
		cs_arena_free(arena);
	}
	assert_true(noticed > good.len * 6);
}

static void
survives_octets_cut_anywhere(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);
	const struct cs_span good = tbs_of(h, &t);

	for (size_t len = 0; len < good.len; len++) {
		struct cs_arena *arena = cs_arena_new();

		assert_true(
		    pki_lint(arena, cs_span_of(good.data, len), &profile, NOW_S).errors > 0);
		cs_arena_free(arena);
	}
}

/* Names that the builder cannot write: spliced into the octets in place of the mailbox. */
static void
refuses_names_that_are_no_mailboxes(void **state)
{
	static const struct {
		const char *name, *hex, *want; /* 19 octets, as the mailbox's element */
	} cases[] = {
		{ "dNSName", "8211", "san-prohibited-name" },
		{ "URI", "8611", "san-prohibited-name" },
		{ "IP", "8711", "san-prohibited-name" },
		{ "registeredID", "8811", "san-prohibited-name" },
	};
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);
	const struct cs_span good = tbs_of(h, &t);

	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t *octets = (uint8_t *)(uintptr_t)cs_arena_copy_span(h->arena, good).data;
		uint8_t *at = memmem(octets, good.len,
		    "\x81\x11"
		    "alice",
		    7);

		assert_non_null(at);
		memcpy(at, unhex(h->arena, cases[i].hex).data, 2);
		if (!found(pki_lint(h->arena, cs_span_of(octets, good.len), &profile, NOW_S),
			cases[i].want))
			fail_msg("%s", cases[i].name);
	}
}

/* ---- rules by date, of anybody's certificates ---- */

/* The same octets, judged as made on that day. */
static bool
found_on(struct hierarchy *h, const struct pki_cert_template *t, struct pki_lint_profile profile,
    int64_t day_s, const char *id)
{
	profile.ours = false;
	return found(pki_lint(h->arena, tbs_of(h, t), &profile, day_s), id);
}

static void
rules_begin_and_end_on_their_days(void **state)
{
	static const int64_t d2023_09_01 = INT64_C(1693526400), d2025_07_15 = INT64_C(1752537600),
			     d2027_07_01 = INT64_C(1814400000);
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);

	t.eku = LIST(PKI_EKU_EMAIL_PROTECTION, "1.3.6.1.4.1.311.10.3.4");
	assert_false(found_on(h, &t, profile, d2027_07_01 - 1, "eku-not-clean"));
	assert_true(found_on(h, &t, profile, d2027_07_01 - 1, "eku-to-be-cleaned"));
	assert_true(found_on(h, &t, profile, d2027_07_01, "eku-not-clean"));
	assert_false(found_on(h, &t, profile, d2027_07_01, "eku-to-be-cleaned"));
	t.policies = LIST("2.23.140.1.5.1.1");
	assert_false(found_on(h, &t, profile, d2025_07_15 - 1, "policy-legacy"));
	assert_true(found_on(h, &t, profile, d2025_07_15, "policy-legacy"));
	t.policies = NULL;
	assert_false(found_on(h, &t, profile, d2023_09_01 - 1, "policies-missing"));
	assert_true(found_on(h, &t, profile, d2023_09_01, "policies-missing"));
}

static void
no_clock_switches_a_rule_off_for_what_we_sign(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);

	t.policies = NULL;
	assert_true(found(pki_lint(h->arena, tbs_of(h, &t), &profile, 0), "policies-missing"));
}

/* What the rules allow to others, and we never write. */
static void
of_others_the_rules_alone_are_asked(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);

	t.key_usage |= PKI_KU_NON_REPUDIATION;
	t.issuer = pki_issuer_name(h->root);
	t.authority_key_id = pki_issuer_key_id(h->root);
	t.not_before_s = NOW_S - 86400;
	t.policies = LIST("2.23.140.1.5.1.2", "1.2.3.4");
	struct pki_lint_profile others = profile;
	others.ours = false;
	const struct pki_lint_result got = pki_lint(h->arena, tbs_of(h, &t), &others, NOW_S);
	if (got.n != 0)
		fail_msg("%s: %s", got.findings[0].id, got.findings[0].text);
	assert_true(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S).errors >= 5);
}

static void
a_private_root_may_name_hosts_and_no_reserved_policy(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);

	profile.policy_oid = NULL;
	profile.may_dns = true;
	assert_true(
	    found(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S), "policy-reserved-private"));
	t.policies = NULL;
	t.dns_names = LIST("example.com", "www.example.com");
	assert_int_equal(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S).n, 0);
	t.dns_names = LIST("www.example.com", "www.example.com");
	assert_true(found(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S), "host-malformed"));
	t.dns_names = LIST("*.example.com");
	assert_true(found(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S), "host-malformed"));
	t.dns_names = LIST("mail.corp");
	assert_true(
	    found(pki_lint(h->arena, tbs_of(h, &t), &profile, NOW_S), "internal-domain-name"));
}

/* ---- extensions that others write ---- */

/* The octets with one more extension at the end of the list: every length above it grows. */
static struct cs_span
with_extension(struct hierarchy *h, struct cs_span tbs, const char *hex)
{
	const struct cs_span more = unhex(h->arena, hex);
	struct cs_buf out = cs_buf_new(h->arena);
	struct cs_span body, element, list;

	assert_true(pki_der_take(&tbs, PKI_SEQUENCE, &body));
	const size_t whole = pki_der_begin(&out, PKI_SEQUENCE);
	while (!pki_der_is(body, PKI_CONTEXT_CONSTRUCTED(3))) {
		struct pki_element any;

		assert_true(pki_der_next(&body, &any));
		cs_buf_add_span(&out, any.whole);
	}
	assert_true(pki_der_take(&body, PKI_CONTEXT_CONSTRUCTED(3), &element));
	assert_true(pki_der_take(&element, PKI_SEQUENCE, &list));
	const size_t wrapper = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(3));
	const size_t seq = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, list);
	cs_buf_add_span(&out, more);
	pki_der_end(&out, seq);
	pki_der_end(&out, wrapper);
	pki_der_end(&out, whole);
	return cs_buf_span(&out);
}

static void
knows_the_extensions_that_others_write(void **state)
{
	static const struct {
		const char *name, *hex, *want; /* "": nothing, where the rules alone are asked */
		bool strict;
	} cases[] = {
		{ "smimeCapabilities", "300f06092a864886f70d01090f04023000", "", false },
		{ "qcStatements", "300e06082b0601050507010304023000", "", false },
		{ "critical qcStatements", "301106082b060105050701030101ff04023000",
		    "qc-statements-critical", false },
		{ "Adobe's time stamp", "3010060a2a864886f72f0101090104023000", "", false },
		{ "the same in Strict", "3010060a2a864886f72f0101090104023000", "adobe-prohibited",
		    true },
		{ "the same, critical", "3013060a2a864886f72f010109010101ff04023000",
		    "adobe-critical", false },
		{ "LEI of a mailbox",
		    "302306092b0601040183982a01041613143532393930305438424d343941555253444f3535",
		    "lei-prohibited", false },
		{ "subjectDirectoryAttributes", "30090603551d0904023000",
		    "directory-attributes-prohibited", false },
		{ "unknown", "30090603551d6304023000", "extension-unknown", false },
	};
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);

	t.eku = LIST(PKI_EKU_EMAIL_PROTECTION);
	profile.eku = t.eku;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct cs_span tbs = with_extension(h, tbs_of(h, &t), cases[i].hex);

		profile.ours = false;
		profile.strict = cases[i].strict;
		const struct pki_lint_result got = pki_lint(h->arena, tbs, &profile, NOW_S);
		if (cases[i].want[0] == '\0' ? got.n != 0 : !found(got, cases[i].want))
			fail_msg("%s: got %s, want %s", cases[i].name, first(got), cases[i].want);
		profile.ours = true;
		if (pki_lint(h->arena, tbs, &profile, NOW_S).errors == 0)
			fail_msg("%s: of ours", cases[i].name);
	}
}

static void
looks_into_an_lei(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} cases[] = {
		{ "302306092b0601040183982a01041613143532393930305438424d343941555253444f3535",
		    true },
		{ "302306092b0601040183982a01041613143532393930305438424d343941555253444f3536",
		    false },
		{ "300f06092b0601040183982a0104020500", false },
	};
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	struct pki_lint_profile profile = profile_of(h);

	profile.ours = false;
	profile.must_subject = LIST("2.5.4.10");
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct pki_lint_result got = pki_lint(
		    h->arena, with_extension(h, tbs_of(h, &t), cases[i].hex), &profile, NOW_S);

		assert_false(found(got, "lei-prohibited"));
		assert_int_equal(found(got, "lei-malformed"), !cases[i].good);
	}
}

/* ---- the table ---- */

static void
each_lint_has_its_own_id_and_a_clause(void **state)
{
	size_t n;
	const struct pki_lint_rule *rules = pki_lint_rules(&n);

	(void)state;
	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(rules[i].clause) > 0 && strlen(rules[i].says) > 0);
		assert_true(rules[i].from_s < rules[i].until_s);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(rules[i].id, rules[j].id);
	}
}

/* What pkilint finds in S/MIME certificates (its names, with "*" for families) has a lint of ours. */
static void
covers_what_pkilint_finds(void **state)
{
	static const char *const names[] = { "adobe_*", "aia_prohibited_generalname_type",
		"aia_prohibited_uri_scheme", "anypolicy_present",
		"certificate_policies_extension_missing",
		"certificate_validity_period_exceeds_825_days",
		"certificate_validity_period_exceeds_1185_days",
		"certificate_validity_period_at_maximum", "common_name_value_unknown_source",
		"cps_uri_is_not_http", "crldp_fullname_prohibited_generalname_type",
		"crldp_fullname_prohibited_uri_scheme", "cabf.crldp_extension_missing",
		"cabf.no_http_crldp_uri", "email_address_in_attribute_not_in_san",
		"emailprotection_eku_missing", "extended_key_usage_extension_missing",
		"german_ntr_registration_reference_not_euid", "invalid_lei_scheme_format",
		"is_ca_certificate", "key_usage_extension_missing",
		"legacy_generation_certificate_issued_after_prohibition", "lei_*",
		"missing_required_attribute", "mixed_name_and_pseudonym_attributes",
		"multiple_reserved_policy_oids", "no_required_reserved_policy_oid",
		"org_identifier_and_country_name_attribute_inconsistent", "prohibited_attribute",
		"prohibited_eku_present", "prohibited_generalname_type_present",
		"prohibited_ku_present", "prohibited_othername_type_present",
		"prohibited_signature_algorithm_encoding", "prohibited_spki_algorithm_encoding",
		"qc_statements_extension_critical", "san_does_not_contain_email_address",
		"san_extension_missing", "subject_directory_attributes_extension_prohibited",
		"unknown_certificate_key_usage_type", "unsupported_public_key_type",
		"usernotice_has_noticeref", "cabf.insignificant_attribute_value_present",
		"cabf.internal_domain_name", "cabf.invalid_country_code",
		"cabf.invalid_subject_organization_identifier_*",
		"cabf.name.attribute_value_contains_html_entity",
		"cabf.rsa_exponent_prohibited_value", "cabf.rsa_modulus_invalid_length",
		"iso.lei.invalid_lei_checksum", "pkix.smtp_utf8_mailbox_*",
		"pkix.certificate_serial_number_out_of_range",
		"pkix.duplicate_certificate_policy_oids", "pkix.san_extension_not_critical" };
	struct cs_arena *arena = cs_arena_new();
	size_t n;
	const struct pki_lint_rule *rules = pki_lint_rules(&n);

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const char *name = strchr(names[i], '.') != NULL
				       ? names[i]
				       : cs_arena_printf(arena, "cabf.smime.%s", names[i]);
		const char *want = cs_arena_printf(arena, " %s ", name);
		bool covered = false;

		for (size_t j = 0; j < n; j++)
			covered |=
			    strstr(cs_arena_printf(arena, " %s ", rules[j].covers), want) != NULL;
		if (!covered)
			fail_msg("%s", name);
	}
	cs_arena_free(arena);
}

/* ---- what may be signed ---- */

static void
only_what_passed_for_this_ca_is_signed(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h->arena));
	const struct pki_lint_profile profile = profile_of(h);
	struct pki_lint_result result;
	struct cs_span signature;
	struct cs_err err;

	const struct pki_linted *linted =
	    pki_lint_pass(h->arena, tbs_of(h, &t), &profile, NOW_S, &result);
	assert_non_null(linted);
	assert_true(cs_span_equal(pki_linted_tbs(linted), tbs_of(h, &t)));
	assert_int_equal(pki_issuer_sign(h->issuing, h->arena, linted, &signature, &err), CS_OK);
	assert_int_equal(pki_issuer_sign(h->root, h->arena, linted, &signature, &err), CS_INTERNAL);

	/* An octet that changes after the lints, by whatever fault. */
	uint8_t *octet = (uint8_t *)(uintptr_t)pki_linted_tbs(linted).data;
	octet[20] ^= 1;
	assert_int_equal(
	    pki_issuer_sign(h->issuing, h->arena, linted, &signature, &err), CS_INTERNAL);

	t.policies = NULL;
	assert_null(pki_lint_pass(h->arena, tbs_of(h, &t), &profile, NOW_S, &result));
	assert_true(found(result, "policies-missing"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_nothing_in_a_good_certificate),
		cmocka_unit_test(finds_nothing_with_an_empty_subject_or_a_utf8_mailbox),
		cmocka_unit_test(names_the_one_thing_that_is_wrong),
		cmocka_unit_test(strict_forbids_what_multipurpose_allows),
		cmocka_unit_test(own_policies_and_boundaries_of_validity_pass),
		cmocka_unit_test(checks_organization_identifiers),
		cmocka_unit_test(notices_any_bit_that_is_changed),
		cmocka_unit_test(survives_octets_cut_anywhere),
		cmocka_unit_test(refuses_names_that_are_no_mailboxes),
		cmocka_unit_test(rules_begin_and_end_on_their_days),
		cmocka_unit_test(no_clock_switches_a_rule_off_for_what_we_sign),
		cmocka_unit_test(of_others_the_rules_alone_are_asked),
		cmocka_unit_test(a_private_root_may_name_hosts_and_no_reserved_policy),
		cmocka_unit_test(knows_the_extensions_that_others_write),
		cmocka_unit_test(looks_into_an_lei),
		cmocka_unit_test(each_lint_has_its_own_id_and_a_clause),
		cmocka_unit_test(covers_what_pkilint_finds),
		cmocka_unit_test(only_what_passed_for_this_ca_is_signed),
	};

	return cmocka_run_group_tests(tests, hierarchy_open, hierarchy_close);
}
