/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_applicant.h"
#include "fake_hierarchy.h"
#include "pki/cert.h"
#include "pki/der.h"
#include "pki/signer.h"
#include "pki/verify.h"

static X509 *
x509(struct cs_span der)
{
	const unsigned char *at = der.data;
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	assert_non_null(cert);
	assert_ptr_equal(at, der.data + der.len);
	return cert;
}

static struct cs_span
p256_spki(struct hierarchy *h)
{
	EVP_PKEY *key = applicant_key("P-256");
	const struct cs_span spki = applicant_spki(h->arena, key);

	EVP_PKEY_free(key);
	return spki;
}

/* What `openssl verify -x509_strict -purpose smimesign` does. */
static int
openssl_verify(struct hierarchy *h, struct cs_span der, int purpose)
{
	size_t n;
	const struct cs_span *chain = pki_issuer_chain(h->issuing, &n);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *root = x509(chain[1]), *issuing = x509(chain[0]), *leaf = x509(der);
	STACK_OF(X509) *untrusted = sk_X509_new_null();

	assert_int_equal(X509_STORE_add_cert(store, root), 1);
	sk_X509_push(untrusted, issuing);
	assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, untrusted), 1);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_X509_STRICT);
	X509_STORE_CTX_set_time(ctx, 0, NOW_S + 1);
	X509_verify_cert(ctx);
	const int error = X509_STORE_CTX_get_error(ctx);

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(untrusted);
	X509_free(leaf);
	X509_free(issuing);
	X509_free(root);
	return error;
}

static void
openssl_accepts_an_issued_chain(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	const struct cs_span der = subscriber_issue(h, &t);

	assert_int_equal(openssl_verify(h, der, X509_PURPOSE_SMIME_SIGN), X509_V_OK);
	assert_int_equal(
	    openssl_verify(h, der, X509_PURPOSE_SSL_SERVER), X509_V_ERR_INVALID_PURPOSE);
}

static void
openssl_finds_the_mailbox(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	X509 *cert = x509(subscriber_issue(h, &t));

	assert_int_equal(X509_check_email(cert, "alice@example.com", 0, 0), 1);
	assert_int_equal(X509_check_email(cert, "bob@example.com", 0, 0), 0);
	X509_free(cert);
}

static bool
same_list(const char *const *a, const char *const *b)
{
	for (; a != NULL && b != NULL && *a != NULL && *b != NULL; a++, b++)
		if (strcmp(*a, *b) != 0)
			return false;
	return (a == NULL || *a == NULL) && (b == NULL || *b == NULL);
}

static void
what_is_written_is_read_back(void **state)
{
	static const struct pki_mailbox mailboxes[] = { { "alice@example.com", false },
		{ "\xe5\x8c\xbb\xe7\x94\x9f@xn--pss25c.example.com", true } };
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	struct pki_cert_info info;
	struct cs_err err;

	t.mailboxes = mailboxes;
	t.n_mailboxes = 2;
	assert_int_equal(pki_cert_read(h->arena, subscriber_issue(h, &t), &info, &err), CS_OK);
	assert_true(cs_span_equal(info.serial, t.serial));
	assert_true(cs_span_equal(info.issuer, t.issuer));
	assert_true(cs_span_equal(info.spki, t.spki));
	assert_true(cs_span_equal(info.authority_key_id, t.authority_key_id));
	assert_true(cs_span_equal(info.subject_key_id, t.subject_key_id));
	assert_int_equal(info.not_before_s, t.not_before_s);
	assert_int_equal(info.not_after_s, t.not_after_s);
	assert_int_equal(info.n_subject_attributes, 1);
	assert_string_equal(info.subject_attributes[0].value, "alice@example.com");
	assert_int_equal(info.n_mailboxes, 2);
	assert_string_equal(info.mailboxes[0].address, mailboxes[0].address);
	assert_string_equal(info.mailboxes[1].address, mailboxes[1].address);
	assert_true(info.mailboxes[1].utf8_local && !info.mailboxes[0].utf8_local);
	assert_int_equal(info.key_usage, t.key_usage);
	assert_true(same_list(info.eku, t.eku));
	assert_true(same_list(info.policies, t.policies));
	assert_true(same_list(info.crl_urls, t.crl_urls));
	assert_true(same_list(info.ocsp_urls, t.ocsp_urls));
	assert_true(same_list(info.issuer_urls, t.issuer_urls));
	assert_false(info.is_ca);
	assert_true(pki_cert_signed_by(&info, pki_issuer_certificate(h->issuing)));
	assert_false(pki_cert_signed_by(&info, pki_issuer_certificate(h->root)));
}

static bool
holds(struct cs_span in, struct cs_span what)
{
	return memmem(in.data, in.len, what.data, what.len) != NULL;
}

/* RFC 9598 and the DER of one rfc822Name, octet for octet. */
static void
mailboxes_have_the_octets_of_the_standards(void **state)
{
	static const struct pki_mailbox utf8[] = {
		{ "\xe5\x8c\xbb\xe7\x94\x9f@xn--pss25c.example.com", true }
	};
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	struct cs_span tbs;
	struct cs_err err;

	assert_int_equal(pki_cert_tbs(h->arena, &t, &tbs, &err), CS_OK);
	assert_true(holds(tbs, unhex(h->arena, "301c0603551d110415301381116"
					       "16c696365406578616d706c652e636f6d")));
	t.mailboxes = utf8;
	assert_int_equal(pki_cert_tbs(h->arena, &t, &tbs, &err), CS_OK);
	assert_true(holds(
	    tbs, unhex(h->arena, "a02b06082b06010505070809a01f0c1de58cbbe7949f40786e2d2d70737332"
				 "35632e6578616d706c652e636f6d")));
}

static void
an_empty_subject_makes_the_alternative_name_critical(void **state)
{
	struct hierarchy *h = *state;
	struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	struct cs_span tbs;
	struct cs_err err;

	t.n_subject = 0;
	assert_int_equal(pki_cert_tbs(h->arena, &t, &tbs, &err), CS_OK);
	assert_true(holds(tbs, unhex(h->arena, "0603551d110101ff0415")));
	assert_int_equal(
	    openssl_verify(h, subscriber_issue(h, &t), X509_PURPOSE_SMIME_SIGN), X509_V_OK);
}

static void
the_same_template_gives_the_same_octets(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	struct cs_span a, b;
	struct cs_err err;

	assert_int_equal(pki_cert_tbs(h->arena, &t, &a, &err), CS_OK);
	assert_int_equal(pki_cert_tbs(h->arena, &t, &b, &err), CS_OK);
	assert_true(cs_span_equal(a, b));
	assert_true(pki_der_check(a, NULL, NULL));
}

static void
refuses_templates_that_break_their_contract(void **state)
{
	static const struct pki_mailbox nul[] = { { "a\n@example.com", false } };
	static const struct pki_mailbox none[] = { { "example.com", false } };
	static const struct pki_attribute empty[] = { { "2.5.4.3", "" } };
	struct hierarchy *h = *state;
	const struct pki_cert_template good = subscriber_template(h, p256_spki(h));
	struct pki_cert_template bad[10];
	struct cs_span tbs;
	struct cs_err err;

	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = good;
	bad[0].serial = unhex(h->arena, "4102030405060708090a0b0c0d0e0f");
	bad[1].serial = unhex(h->arena, "410203040506070809101112131415161718191a");
	bad[2].serial = unhex(h->arena, "0002030405060708090a0b0c0d0e0f10");
	bad[3].serial = unhex(h->arena, "8002030405060708090a0b0c0d0e0f10");
	bad[4].issuer = cs_span_of(NULL, 0);
	bad[5].spki = cs_span_of(NULL, 0);
	bad[6].not_after_s = bad[6].not_before_s - 1;
	bad[7].mailboxes = nul;
	bad[8].mailboxes = none;
	bad[9].subject = empty;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pki_cert_tbs(h->arena, &bad[i], &tbs, &err) != CS_MALFORMED)
			fail_msg("template %zu", i);
}

static void
reads_no_certificate_that_is_cut_or_signed_by_nobody(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	const struct cs_span der = subscriber_issue(h, &t);
	const struct pki_cert_info *issuing = pki_issuer_certificate(h->issuing);
	struct pki_verifier *key = pki_verifier_new(issuing->spki);
	uint8_t *copy = (uint8_t *)(uintptr_t)cs_arena_copy_span(h->arena, der).data;

	for (size_t len = 0; len < der.len; len++) {
		struct cs_arena *arena = cs_arena_new();
		struct pki_cert_info info;
		struct cs_err err;

		assert_int_equal(
		    pki_cert_read(arena, cs_span_of(copy, len), &info, &err), CS_MALFORMED);
		cs_arena_free(arena);
	}
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		struct cs_arena *arena = cs_arena_new();
		struct pki_cert_info info;
		struct cs_err err;

		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		if (pki_cert_read(arena, cs_span_of(copy, der.len), &info, &err) == CS_OK &&
		    (pki_cert_signed_by(&info, issuing) ||
			pki_cert_signed_with(&info, issuing, key)))
			fail_msg("bit %zu", bit);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		cs_arena_free(arena);
	}
	pki_verifier_free(key);
}

static void
a_key_that_is_kept_says_the_same_as_one_that_is_not(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	const struct pki_cert_info *issuing = pki_issuer_certificate(h->issuing),
				   *root = pki_issuer_certificate(h->root);
	struct pki_verifier *key = pki_verifier_new(issuing->spki),
			    *other = pki_verifier_new(root->spki);
	struct pki_cert_info info, renamed = *issuing;
	struct cs_err err;

	assert_true(key != NULL && other != NULL);
	assert_true(pki_verifier_is(key, issuing->spki) && !pki_verifier_is(key, root->spki));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    pki_cert_read(h->arena, subscriber_issue(h, &t), &info, &err), CS_OK);
		assert_true(pki_cert_signed_with(&info, issuing, key));
		assert_false(pki_cert_signed_with(&info, root, other));
	}
	/* A key alone is not the CA. */
	renamed.is_ca = false;
	assert_false(pki_cert_signed_with(&info, &renamed, key));
	renamed = *issuing;
	renamed.subject = root->subject;
	assert_false(pki_cert_signed_with(&info, &renamed, key));
	renamed = *issuing;
	renamed.key_usage = PKI_KU_CRL_SIGN;
	assert_false(pki_cert_signed_with(&info, &renamed, key));
	assert_null(pki_verifier_new(cs_span_str("no key")));
	pki_verifier_free(key);
	pki_verifier_free(other);
}

/* What OpenSSL could not read is no certificate for us either. */
static void
reads_no_certificate_whose_parts_have_another_form(void **state)
{
	static const uint8_t number[] = { PKI_SEQUENCE, 3, PKI_INTEGER, 1, 5 };
	struct hierarchy *h = *state;
	const struct cs_span other = cs_span_of(number, sizeof(number));
	const struct cs_span signature = cs_span_str("signature");

	for (int part = 0; part < 3; part++) {
		struct pki_cert_template t = subscriber_template(h, p256_spki(h));
		struct cs_span *const parts[] = { &t.issuer, &t.spki, &t.sigalg };
		struct pki_cert_info info;
		struct cs_span tbs;

		for (int good = 1; good >= 0; good--) {
			assert_int_equal(pki_cert_tbs(h->arena, &t, &tbs, NULL), CS_OK);
			const struct cs_span der =
			    pki_cert_assemble(h->arena, tbs, t.sigalg, signature);
			const enum cs_code code = pki_cert_read(h->arena, der, &info, NULL);

			if (code != (good ? CS_OK : CS_MALFORMED))
				fail_msg("part %d: got %s", part, cs_code_name(code));
			*parts[part] = other;
		}
	}
}

static void
reads_no_certificate_with_a_name_of_visible_strings(void **state)
{
	static const struct {
		uint8_t tag;
		enum cs_code want;
	} cases[] = { { PKI_UTF8_STRING, CS_OK }, { PKI_PRINTABLE_STRING, CS_OK },
		{ PKI_VISIBLE_STRING, CS_MALFORMED } };
	struct hierarchy *h = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t name[] = { PKI_SEQUENCE, 13, PKI_SET, 11, PKI_SEQUENCE, 9, PKI_OID, 3, 0x55,
			4, 3, cases[i].tag, 2, 'D', 'E' };
		struct pki_cert_template t = subscriber_template(h, p256_spki(h));
		struct pki_cert_info info;
		struct cs_span tbs;

		t.issuer = cs_span_of(name, sizeof(name));
		assert_int_equal(pki_cert_tbs(h->arena, &t, &tbs, NULL), CS_OK);
		const struct cs_span der =
		    pki_cert_assemble(h->arena, tbs, t.sigalg, cs_span_str("signature"));

		assert_int_equal(pki_cert_read(h->arena, der, &info, NULL), cases[i].want);
	}
}

static struct cs_span
of_version(struct hierarchy *h, long version)
{
	EVP_PKEY *key = applicant_key("P-256");
	X509 *cert = X509_new();
	unsigned char *der = NULL;

	assert_int_equal(X509_set_version(cert, version), 1);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	const int len = i2d_X509(cert, &der);

	assert_true(len > 0);
	const struct cs_span copy = cs_arena_copy(h->arena, der, (size_t)len);

	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
	return copy;
}

static void
takes_the_key_of_any_version(void **state)
{
	static const long versions[] = { X509_VERSION_1, X509_VERSION_2, X509_VERSION_3 };
	struct hierarchy *h = *state;
	const struct cs_span wanted = p256_spki(h);
	const struct pki_cert_template t = subscriber_template(h, wanted);
	struct cs_span spki;

	assert_true(pki_cert_key(subscriber_issue(h, &t), &spki));
	assert_true(cs_span_equal(spki, wanted));
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct cs_span der = of_version(h, versions[i]);

		assert_true(pki_cert_key(der, &spki));
		assert_int_equal(spki.len, wanted.len);
		for (size_t len = 0; len < der.len; len++)
			assert_false(pki_cert_key(cs_span_of(der.data, len), &spki));
		uint8_t *longer = cs_arena_alloc(h->arena, der.len + 1);

		memcpy(longer, der.data, der.len);
		longer[der.len] = 0;
		assert_false(pki_cert_key(cs_span_of(longer, der.len + 1), &spki));
	}
}

static void
a_bundle_holds_the_chain(void **state)
{
	struct hierarchy *h = *state;
	size_t n;
	const struct cs_span *chain = pki_issuer_chain(h->issuing, &n);
	const struct cs_span bundle = pki_p7b(h->arena, chain, n);
	const unsigned char *at = bundle.data;
	PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)bundle.len);

	assert_non_null(p7);
	assert_int_equal(n, 2);
	assert_true(PKCS7_type_is_signed(p7));
	assert_int_equal(sk_X509_num(p7->d.sign->cert), 2);
	PKCS7_free(p7);
}

static void
ca_certificates_follow_their_profile(void **state)
{
	struct hierarchy *h = *state;
	const struct pki_cert_info *root = pki_issuer_certificate(h->root);
	const struct pki_cert_info *ca = pki_issuer_certificate(h->issuing);

	assert_true(
	    root->is_ca && root->path_len < 0 && root->eku == NULL && root->policies == NULL);
	assert_true(cs_span_equal(root->issuer, root->subject));
	assert_int_equal(root->key_usage, PKI_KU_KEY_CERT_SIGN | PKI_KU_CRL_SIGN);
	assert_int_equal(root->authority_key_id.len, 0);
	assert_true(pki_cert_signed_by(root, root));
	assert_true(ca->is_ca);
	assert_int_equal(ca->path_len, 0);
	assert_int_equal(ca->key_usage, PKI_KU_KEY_CERT_SIGN | PKI_KU_CRL_SIGN);
	assert_true(same_list(
	    ca->eku, (const char *const[]){ PKI_EKU_EMAIL_PROTECTION, PKI_EKU_CLIENT_AUTH, NULL }));
	assert_true(same_list(ca->policies, (const char *const[]){ "2.5.29.32.0", NULL }));
	assert_true(cs_span_equal(ca->authority_key_id, root->subject_key_id));
	assert_string_equal(ca->crl_urls[0], "http://ca.example/root.crl");
	assert_true(pki_cert_signed_by(ca, root));
	assert_string_equal(pki_sigalg_name(pki_issuer_sigalg(h->root)), "ECDSA SHA-384");
	assert_string_equal(pki_sigalg_name(pki_issuer_sigalg(h->issuing)), "ECDSA SHA-256");
}

static void
refuses_hierarchies_that_the_rules_forbid(void **state)
{
	struct hierarchy *h = *state;
	struct pki_ca_spec bad[12];
	struct pki_ca_made made = { 0 };
	struct cs_err err;

	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = issuing_spec();
	bad[0].bits = 224;
	bad[1].kind = PKI_KEY_RSA;
	bad[1].bits = 2048;
	bad[2].kind = PKI_KEY_RSA;
	bad[2].bits = 3072;
	bad[3].kind = PKI_KEY_ED25519;
	bad[4].country = "de";
	bad[5].organization = NULL;
	bad[6].common_name = "";
	bad[7].crl_url = NULL;
	bad[8].crl_url = "https://ca.example/root.crl";
	bad[9].issuer_url = "ldap://ca.example/";
	bad[10].not_after_s = root_spec().not_after_s + 1;
	bad[11].not_before_s = bad[11].not_after_s;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pki_ca_make_issuing(&bad[i], h->root, NULL, &made, &err) != CS_MALFORMED)
			fail_msg("spec %zu", i);
	const struct pki_ca_spec below =
	    issuing_spec(); /* the path length of the issuing CA is 0 */
	assert_int_equal(pki_ca_make_issuing(&below, h->issuing, NULL, &made, &err), CS_MALFORMED);
	assert_null(made.key_pem);
}

static enum cs_code
load(const char *key, const char *password, const char *chain)
{
	const struct pki_issuer_files files = { .key = key, .password = password, .chain = chain };
	struct pki_issuer *issuer = NULL;
	struct cs_err err;
	const enum cs_code code = pki_issuer_load(&files, &issuer, &err);

	assert_int_equal(issuer != NULL, code == CS_OK);
	pki_issuer_free(issuer);
	return code;
}

static void
loads_only_a_key_with_its_chain(void **state)
{
	struct hierarchy *h = *state;
	const char *key = cs_arena_printf(h->arena, "%s/issuing.key", h->dir);
	const char *pass = cs_arena_printf(h->arena, "%s/issuing.pass", h->dir);
	const char *chain = cs_arena_printf(h->arena, "%s/issuing.pem", h->dir);
	const char *root_key = cs_arena_printf(h->arena, "%s/root.key", h->dir);
	const char *gone = cs_arena_printf(h->arena, "%s/gone", h->dir);

	assert_int_equal(load(key, pass, chain), CS_OK);
	assert_int_equal(load(key, NULL, chain), CS_MALFORMED);
	assert_int_equal(
	    load(key, hierarchy_file(h, "other", "wrong words", 0600), chain), CS_MALFORMED);
	assert_int_equal(
	    load(key, hierarchy_file(h, "other", "secret words", 0644), chain), CS_MALFORMED);
	assert_int_equal(load(root_key, NULL, chain), CS_MALFORMED);
	assert_int_equal(load(gone, pass, chain), CS_NOT_FOUND);
	assert_int_equal(load(key, pass, gone), CS_NOT_FOUND);
	assert_int_equal(
	    load(hierarchy_file(h, "other", h->issuing_made.key_pem, 0640), pass, chain),
	    CS_MALFORMED);
	assert_int_equal(load(key, pass, hierarchy_file(h, "other", "", 0644)), CS_MALFORMED);
	/* the chain the wrong way round, and with a stranger in it */
	const char *turned =
	    cs_arena_printf(h->arena, "%s%s", h->root_made.cert_pem, h->issuing_made.cert_pem);
	assert_int_equal(
	    load(root_key, NULL, hierarchy_file(h, "other", turned, 0644)), CS_MALFORMED);
	const struct pki_cert_template t = subscriber_template(h, p256_spki(h));
	const char *leaf = pki_cert_pem(h->arena, subscriber_issue(h, &t));
	assert_int_equal(load(key, pass, hierarchy_file(h, "other", leaf, 0644)), CS_MALFORMED);
}

static void
signs_as(struct hierarchy *h, EVP_PKEY *key, bool pss, const char *algorithm)
{
	const struct cs_span spki = applicant_spki(h->arena, key),
			     data = cs_span_str("to be signed");
	struct pki_signer signer;
	struct cs_span signature;
	struct cs_err err;

	assert_int_equal(
	    pki_signer_init(&signer, (struct pki_private){ .pkey = key }, spki, pss, &err), CS_OK);
	assert_string_equal(pki_sigalg_name(signer.sigalg), algorithm);
	for (int i = 0; i < 3; i++) { /* the context is kept and serves again */
		assert_int_equal(pki_signer_sign(&signer, h->arena, data, &signature, &err), CS_OK);
		assert_true(pki_verify(spki, signer.sigalg, data, signature));
		assert_false(
		    pki_verify(spki, signer.sigalg, cs_span_str("to be Signed"), signature));
	}
	pki_signer_fini(&signer);
}

/* An RSA CA takes seconds to make, so only its signer is tested, with the key of a fixture. */
static EVP_PKEY *
rsa_key(struct hierarchy *h)
{
	const struct cs_span pem = fixture(h->arena, "private-pkcs8-rsa.pem");
	BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(key);
	return key;
}

static void
each_key_signs_with_its_algorithm(void **state)
{
	struct hierarchy *h = *state;
	struct pki_signer signer;
	struct cs_err err;

	signs_as(h, rsa_key(h), false, "RSA SHA-256");
	signs_as(h, rsa_key(h), true, "RSA-PSS SHA-256");
	signs_as(h, EVP_EC_gen("P-256"), false, "ECDSA SHA-256");
	signs_as(h, EVP_EC_gen("P-384"), false, "ECDSA SHA-384");
	signs_as(h, EVP_EC_gen("P-521"), false, "ECDSA SHA-512");
	EVP_PKEY *ec = EVP_EC_gen("P-256");
	const struct cs_span spki = applicant_spki(h->arena, ec);
	assert_int_equal(
	    pki_signer_init(&signer, (struct pki_private){ .pkey = ec }, spki, true, &err),
	    CS_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openssl_accepts_an_issued_chain),
		cmocka_unit_test(openssl_finds_the_mailbox),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(mailboxes_have_the_octets_of_the_standards),
		cmocka_unit_test(an_empty_subject_makes_the_alternative_name_critical),
		cmocka_unit_test(the_same_template_gives_the_same_octets),
		cmocka_unit_test(refuses_templates_that_break_their_contract),
		cmocka_unit_test(reads_no_certificate_that_is_cut_or_signed_by_nobody),
		cmocka_unit_test(a_key_that_is_kept_says_the_same_as_one_that_is_not),
		cmocka_unit_test(reads_no_certificate_whose_parts_have_another_form),
		cmocka_unit_test(reads_no_certificate_with_a_name_of_visible_strings),
		cmocka_unit_test(takes_the_key_of_any_version),
		cmocka_unit_test(a_bundle_holds_the_chain),
		cmocka_unit_test(ca_certificates_follow_their_profile),
		cmocka_unit_test(refuses_hierarchies_that_the_rules_forbid),
		cmocka_unit_test(loads_only_a_key_with_its_chain),
		cmocka_unit_test(each_key_signs_with_its_algorithm),
	};

	return cmocka_run_group_tests(tests, hierarchy_open, hierarchy_close);
}
