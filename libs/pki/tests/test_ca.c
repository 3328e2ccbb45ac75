/* SPDX-License-Identifier: Apache-2.0 */
/* test_ca.c: a CA's certificate in steps, and which octets no root signs (SBR 7.1.2.2, 6.1.5, 4.9.9). */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fake_applicant.h"
#include "fake_hierarchy.h"
#include "pki/csr.h"
#include "pki/ocsp.h"
#include "pki/signer.h"
#include "pki/verify.h"

static struct cs_span
new_spki(struct hierarchy *h, const char *curve)
{
	EVP_PKEY *key = EVP_EC_gen(curve);
	const struct cs_span spki = applicant_spki(h->arena, key);

	EVP_PKEY_free(key);
	return spki;
}

static struct cs_span
root_sigalg(const struct hierarchy *h)
{
	return pki_issuer_sigalg(h->root);
}

static struct cs_span
tbs_of(struct hierarchy *h, const struct pki_ca_spec *spec)
{
	struct cs_span tbs;
	struct cs_err err;

	if (pki_ca_tbs(h->arena, spec, pki_issuer_certificate(h->root), root_sigalg(h),
		new_spki(h, "P-256"), &tbs, &err) != CS_OK)
		fail_msg("%s", err.text);
	return tbs;
}

static void
a_root_certifies_a_request_in_steps(void **state)
{
	struct hierarchy *h = *state;
	const char *path = cs_arena_printf(h->arena, "%s/other", h->dir);
	const struct pki_issuer_files files = { .key = path,
		.password = hierarchy_file(h, "issuing.pass", "secret words\n", 0600) };
	const struct pki_ca_spec spec = issuing_spec();
	struct pki_ca_key *key;
	struct pki_cert_info info;
	struct cs_span request, tbs, der;
	struct cs_refusal why;
	struct pki_csr csr;
	struct cs_err err;

	assert_int_equal(
	    pki_ca_key_make(path, PKI_KEY_RSA, 3072, false, "secret words", &err), CS_MALFORMED);
	assert_int_equal(
	    pki_ca_key_make(path, PKI_KEY_EC, 521, false, "secret words", &err), CS_OK);
	assert_int_equal(
	    pki_ca_key_make(path, PKI_KEY_EC, 521, false, "secret words", &err), CS_CONFLICT);
	assert_int_equal(pki_ca_key_open(&files, &key, &err), CS_OK);
	assert_int_equal(pki_ca_request(h->arena, key, &spec, &request, &err), CS_OK);
	assert_true(pki_csr_read(h->arena, request, 0, &csr, &why));
	assert_string_equal(csr.signature_algorithm, "ECDSA SHA-512");
	assert_int_equal(pki_ca_tbs(h->arena, &spec, pki_issuer_certificate(h->root),
			     root_sigalg(h), csr.key.spki, &tbs, &err),
	    CS_OK);
	assert_int_equal(pki_ca_sign(h->arena, h->root, tbs, false, NOW_S, &der, &err), CS_OK);
	assert_int_equal(pki_cert_read(h->arena, der, &info, &err), CS_OK);
	assert_true(cs_span_equal(info.tbs, tbs));
	assert_true(cs_span_equal(info.spki, csr.key.spki));
	assert_true(pki_cert_signed_by(&info, pki_issuer_certificate(h->root)));
	assert_int_equal(info.path_len, 0);
	/* and a root of its own by the same key */
	const struct pki_ca_spec own = root_spec();
	assert_int_equal(pki_ca_root(h->arena, key, &own, &der, &err), CS_OK);
	assert_int_equal(pki_cert_read(h->arena, der, &info, &err), CS_OK);
	assert_true(pki_cert_signed_by(&info, &info));
	assert_null(info.eku);
	assert_null(info.policies);
	pki_ca_key_free(key);
	assert_int_equal(unlink(path), 0);
}

static void
an_ocsp_signer_is_certified_for_nothing_else(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_info *ca = pki_issuer_certificate(h->issuing);
	struct pki_ca_spec spec = issuing_spec();
	struct cs_span tbs, der;
	struct pki_cert_info info;
	struct cs_err err;
	uint8_t key_hash[20];

	spec.common_name = "OCSP";
	spec.not_before_s = NOW_S;
	spec.not_after_s = NOW_S + 90 * 86400;
	assert_int_equal(pki_ca_ocsp_tbs(h->arena, &spec, ca, pki_issuer_sigalg(h->issuing),
			     new_spki(h, "P-256"), &tbs, &err),
	    CS_OK);
	if (pki_ca_sign(h->arena, h->issuing, tbs, false, NOW_S, &der, &err) != CS_OK)
		fail_msg("%s", err.text);
	assert_int_equal(pki_cert_read(h->arena, der, &info, &err), CS_OK);
	assert_false(info.is_ca);
	assert_int_equal(info.key_usage, PKI_KU_DIGITAL_SIGNATURE);
	assert_string_equal(info.eku[0], PKI_EKU_OCSP_SIGNING);
	assert_null(info.eku[1]);
	pki_ocsp_key_hash(info.spki, key_hash);
	assert_true(cs_span_equal(info.subject_key_id, cs_span_of(key_hash, sizeof(key_hash))));
	spec.not_after_s = NOW_S + 400 * INT64_C(86400);
	assert_int_equal(pki_ca_ocsp_tbs(h->arena, &spec, ca, pki_issuer_sigalg(h->issuing),
			     new_spki(h, "P-256"), &tbs, &err),
	    CS_OK);
	assert_int_equal(
	    pki_ca_sign(h->arena, h->issuing, tbs, false, NOW_S, &der, &err), CS_MALFORMED);
}

/* What pki_ca_tbs would build, changed by hand. */
static struct pki_cert_template
template_of(struct hierarchy *h, struct pki_cert_info *ret_info)
{
	const struct pki_ca_spec spec = issuing_spec();
	struct cs_refusal why;

	assert_true(pki_ca_judge(h->arena, tbs_of(h, &spec), pki_issuer_certificate(h->root), false,
	    NOW_S, ret_info, &why));
	return (struct pki_cert_template){ .serial = ret_info->serial,
		.issuer = ret_info->issuer,
		.not_before_s = ret_info->not_before_s,
		.not_after_s = ret_info->not_after_s,
		.subject = ret_info->subject_attributes,
		.n_subject = ret_info->n_subject_attributes,
		.spki = ret_info->spki,
		.key_usage = ret_info->key_usage,
		.eku = ret_info->eku,
		.policies = ret_info->policies,
		.crl_urls = ret_info->crl_urls,
		.issuer_urls = ret_info->issuer_urls,
		.authority_key_id = ret_info->authority_key_id,
		.subject_key_id = ret_info->subject_key_id,
		.sigalg = ret_info->sigalg,
		.is_ca = true,
		.path_len = 0 };
}

static void
refused(struct hierarchy *h, const struct pki_cert_template *t, const char *code)
{
	struct pki_cert_info info;
	struct cs_refusal why = { .code = "none" };
	struct cs_span tbs, der;
	struct cs_err err;

	assert_int_equal(pki_cert_tbs(h->arena, t, &tbs, &err), CS_OK);
	const bool good =
	    pki_ca_judge(h->arena, tbs, pki_issuer_certificate(h->root), false, NOW_S, &info, &why);
	if (good || strcmp(why.code, code) != 0)
		fail_msg("got %s, want %s", good ? "a yes" : why.code, code);
	assert_int_equal(
	    pki_ca_sign(h->arena, h->root, tbs, false, NOW_S, &der, &err), CS_MALFORMED);
}

static void
a_root_signs_nothing_that_the_rules_forbid(void **state)
{
	static const char *const server[] = { PKI_EKU_EMAIL_PROTECTION, "1.3.6.1.5.5.7.3.1", NULL };
	static const char *const client[] = { PKI_EKU_CLIENT_AUTH, NULL };
	static const char *const https[] = { "https://ca.example/root.crl", NULL };
	struct hierarchy *h = *state;
	struct pki_cert_info info;
	const struct pki_cert_template good = template_of(h, &info);
	struct pki_cert_template t;
	uint8_t key_hash[20];

	t = good, t.authority_key_id = cs_span_str("another key's identif");
	refused(h, &t, "issuer");
	t = good, t.sigalg = pki_issuer_sigalg(h->issuing);
	refused(h, &t, "malformed"); /* of a P-256 key, and this one is P-384 */
	t = good, t.not_after_s = root_spec().not_after_s + 1;
	refused(h, &t, "validity");
	t = good, t.not_before_s = NOW_S - 8 * INT64_C(86400);
	refused(h, &t, "validity");
	t = good, t.spki = pki_issuer_certificate(h->root)->spki;
	refused(h, &t, "key-id");
	t = good, t.subject_key_id = good.authority_key_id;
	refused(h, &t, "key-id");
	t = good, t.n_subject = 2;
	refused(h, &t, "subject");
	t = good, t.path_len = -1;
	refused(h, &t, "path");
	t = good, t.path_len = 1;
	refused(h, &t, "path");
	t = good, t.key_usage |= PKI_KU_KEY_ENCIPHERMENT;
	refused(h, &t, "key-usage");
	t = good, t.key_usage = PKI_KU_KEY_CERT_SIGN;
	refused(h, &t, "key-usage");
	t = good, t.eku = NULL;
	refused(h, &t, "eku");
	t = good, t.eku = server;
	refused(h, &t, "eku");
	t = good, t.eku = client;
	refused(h, &t, "eku");
	t = good, t.policies = NULL;
	refused(h, &t, "policies");
	t = good, t.crl_urls = NULL;
	refused(h, &t, "urls");
	t = good, t.crl_urls = https;
	refused(h, &t, "urls");
	t = good, t.is_ca = false;
	refused(h, &t, "key-id"); /* an OCSP signer has the one that answers name */
	pki_ocsp_key_hash(t.spki, key_hash);
	t.subject_key_id = cs_span_of(key_hash, sizeof(key_hash));
	refused(h, &t, "eku");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_certifies_a_request_in_steps),
		cmocka_unit_test(an_ocsp_signer_is_certified_for_nothing_else),
		cmocka_unit_test(a_root_signs_nothing_that_the_rules_forbid),
	};

	return cmocka_run_group_tests(tests, hierarchy_open, hierarchy_close);
}
