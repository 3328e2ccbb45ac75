/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that OpenSSL's client makes, and responses as it judges them. */
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "check.h"
#include "fake_applicant.h"
#include "fake_hierarchy.h"
#include "pki/der.h"
#include "pki/ocsp.h"

#define SERIAL "4102030405060708090a0b0c0d0e0f10"
#define HOURS_S INT64_C(3600)

struct bench {
	struct hierarchy *h;
	X509 *ca, *root;
	EVP_PKEY *key;
	struct pki_ocsp_responder *responder;
};

/* ---- a delegated responder ---- */

static struct pki_cert_template
responder_template(struct hierarchy *h, EVP_PKEY *key)
{
	static const char *const eku[] = { PKI_EKU_OCSP_SIGNING, NULL };
	static const struct pki_attribute subject[] = { { "2.5.4.3", "OCSP" } };

	return (struct pki_cert_template){
		.serial = unhex(h->arena, "51020304050607080900a0b0c0d0e0f0"),
		.issuer = pki_issuer_name(h->issuing),
		.not_before_s = NOW_S,
		.not_after_s = NOW_S + YEAR_S,
		.subject = subject,
		.n_subject = 1,
		.spki = applicant_spki(h->arena, key),
		.key_usage = PKI_KU_DIGITAL_SIGNATURE,
		.eku = eku,
		.authority_key_id = pki_issuer_key_id(h->issuing),
		.sigalg = pki_issuer_sigalg(h->issuing),
		.path_len = -1,
		.ocsp_nocheck = true,
	};
}

static const char *
key_text(struct cs_arena *arena, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	const long len = BIO_get_mem_data(bio, &data);
	const char *text = cs_arena_strndup(arena, data, (size_t)len);
	BIO_free(bio);
	return text;
}

static enum cs_code
load(struct hierarchy *h, const struct pki_cert_template *template, EVP_PKEY *key,
    struct pki_ocsp_responder **ret, struct cs_err *err)
{
	const struct pki_ocsp_files files = {
		.cert = hierarchy_file(
		    h, "ocsp.cert", pki_cert_pem(h->arena, subscriber_issue(h, template)), 0644),
		.key = hierarchy_file(h, "ocsp.key", key_text(h->arena, key), 0600),
	};
	enum cs_code code =
	    pki_ocsp_responder_load(&files, pki_issuer_certificate(h->issuing), ret, err);

	unlink(files.cert);
	unlink(files.key);
	return code;
}

static X509 *
x509(struct cs_span der)
{
	const unsigned char *at = der.data;
	X509 *cert = d2i_X509(NULL, &at, (long)der.len);

	assert_non_null(cert);
	return cert;
}

static int
open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct cs_err err;

	hierarchy_open((void **)&b->h);
	b->ca = x509(pki_issuer_certificate(b->h->issuing)->der);
	b->root = x509(pki_issuer_certificate(b->h->root)->der);
	b->key = applicant_key("P-256");
	const struct pki_cert_template template = responder_template(b->h, b->key);
	if (load(b->h, &template, b->key, &b->responder, &err))
		fail_msg("%s", err.text);
	*state = b;
	return 0;
}

static int
close_bench(void **state)
{
	struct bench *b = *state;

	pki_ocsp_responder_free(b->responder);
	EVP_PKEY_free(b->key);
	X509_free(b->ca);
	X509_free(b->root);
	hierarchy_close((void **)&b->h);
	free(b);
	return 0;
}

/* ---- requests as OpenSSL makes them ---- */

static OCSP_CERTID *
cert_id(const struct bench *b, const EVP_MD *md, const char *serial)
{
	BIGNUM *number = NULL;

	assert_true(BN_hex2bn(&number, serial) > 0);
	ASN1_INTEGER *integer = BN_to_ASN1_INTEGER(number, NULL);
	OCSP_CERTID *id = OCSP_cert_id_new(
	    md, X509_get_subject_name(b->ca), X509_get0_pubkey_bitstr(b->ca), integer);

	BN_free(number);
	ASN1_INTEGER_free(integer);
	assert_non_null(id);
	return id;
}

static OCSP_REQUEST *
ask(const struct bench *b, const EVP_MD *md, size_t n)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();

	for (size_t i = 0; i < n; i++)
		assert_non_null(OCSP_request_add0_id(req, cert_id(b, md, SERIAL)));
	return req;
}

static struct cs_span
request_der(const struct bench *b, OCSP_REQUEST *req)
{
	unsigned char *der = NULL;
	const int len = i2d_OCSP_REQUEST(req, &der);

	assert_true(len > 0);
	const struct cs_span copy = cs_arena_copy(b->h->arena, der, (size_t)len);
	OPENSSL_free(der);
	OCSP_REQUEST_free(req);
	return copy;
}

static struct pki_ocsp_request
must_read(struct cs_span der)
{
	struct pki_ocsp_request request;
	enum pki_ocsp_refusal why;

	if (!pki_ocsp_read(der, &request, &why))
		fail_msg("refused with %d", (int)why);
	return request;
}

static void
reads_what_openssl_asks(void **state)
{
	struct bench *b = *state;
	struct pki_ocsp_issuer issuer;

	pki_ocsp_name_issuer(pki_issuer_certificate(b->h->issuing), &issuer);
	const EVP_MD *const hashes[] = { EVP_sha1(), EVP_sha256() };
	for (size_t i = 0; i < COUNT(hashes); i++) {
		const struct pki_ocsp_request request =
		    must_read(request_der(b, ask(b, hashes[i], 3)));

		assert_int_equal(request.n, 3);
		assert_int_equal(request.nonce.len, 0);
		assert_true(pki_ocsp_is_of(&request.ids[2], &issuer));
		assert_string_equal(cs_hex(b->h->arena, request.ids[2].serial), SERIAL);
		issuer.name_sha1[0] ^= 1;
		issuer.key_sha256[31] ^= 1;
		assert_false(pki_ocsp_is_of(&request.ids[2], &issuer));
		issuer.name_sha1[0] ^= 1;
		issuer.key_sha256[31] ^= 1;
	}
}

static struct cs_span
with_nonce(struct bench *b, size_t len)
{
	unsigned char nonce[200];
	OCSP_REQUEST *req = ask(b, EVP_sha1(), 1);

	memset(nonce, 0x5a, sizeof(nonce));
	assert_int_equal(OCSP_request_add1_nonce(req, nonce, (int)len), 1);
	return request_der(b, req);
}

static void
takes_a_nonce_of_1_to_32_octets(void **state)
{
	struct bench *b = *state;
	struct pki_ocsp_request request;
	enum pki_ocsp_refusal why;

	assert_int_equal(must_read(with_nonce(b, 1)).nonce.len, 1);
	assert_int_equal(must_read(with_nonce(b, 32)).nonce.len, 32);
	assert_int_equal(must_read(with_nonce(b, 33)).nonce.len, 0); /* answered without it */
	assert_int_equal(must_read(with_nonce(b, 128)).nonce.len, 0);
	assert_false(pki_ocsp_read(with_nonce(b, 129), &request, &why));
	assert_int_equal(why, PKI_OCSP_MALFORMED);
}

/* ---- what is refused ---- */

static void
refuse(struct bench *b, const char *name, struct cs_span der, enum pki_ocsp_refusal want)
{
	struct pki_ocsp_request request;
	enum pki_ocsp_refusal why;

	(void)b;
	if (pki_ocsp_read(der, &request, &why))
		fail_msg("%s: was read", name);
	if (why != want)
		fail_msg("%s: got %d, want %d", name, (int)why, (int)want);
}

/* Builds OCSPRequest { TBSRequest { list, extensions } } around `n` CertIDs of this hash. */
struct forged {
	const char *hash; /* dotted */
	size_t hash_len, serial_len, n;
	uint8_t first;         /* octet of the serial */
	const char *extension; /* hexadecimal of the Extension, or NULL */
	bool twice;
};

static void
put_one(struct cs_buf *out, const struct forged *f)
{
	uint8_t octets[64];
	const size_t one = pki_der_begin(out, PKI_SEQUENCE), id = pki_der_begin(out, PKI_SEQUENCE),
		     algorithm = pki_der_begin(out, PKI_SEQUENCE);

	memset(octets, 0x11, sizeof(octets));
	pki_der_put_oid(out, f->hash);
	pki_der_put_null(out);
	pki_der_end(out, algorithm);
	pki_der_put(out, PKI_OCTET_STRING, cs_span_of(octets, f->hash_len));
	pki_der_put(out, PKI_OCTET_STRING, cs_span_of(octets, f->hash_len));
	octets[0] = f->first;
	pki_der_put(out, PKI_INTEGER, cs_span_of(octets, f->serial_len));
	pki_der_end(out, id);
	pki_der_end(out, one);
}

static struct cs_span
forge(struct bench *b, const struct forged *f)
{
	struct cs_buf out = cs_buf_new(b->h->arena);
	const size_t request = pki_der_begin(&out, PKI_SEQUENCE),
		     tbs = pki_der_begin(&out, PKI_SEQUENCE),
		     list = pki_der_begin(&out, PKI_SEQUENCE);

	for (size_t i = 0; i < f->n; i++)
		put_one(&out, f);
	pki_der_end(&out, list);
	if (f->extension != NULL) {
		const size_t wrapper = pki_der_begin(&out, PKI_CONTEXT_CONSTRUCTED(2)),
			     seq = pki_der_begin(&out, PKI_SEQUENCE);

		for (int i = 0; i <= f->twice; i++)
			cs_buf_add_span(&out, unhex(b->h->arena, f->extension));
		pki_der_end(&out, seq);
		pki_der_end(&out, wrapper);
	}
	pki_der_end(&out, tbs);
	pki_der_end(&out, request);
	return cs_buf_span(&out);
}

#define SHA1 "1.3.14.3.2.26"
#define SHA256 "2.16.840.1.101.3.4.2.1"
#define SHA512 "2.16.840.1.101.3.4.2.3"
#define NONCE(tail) "06092b0601050507300102" tail

static const struct {
	const char *name;
	struct forged forged;
	enum pki_ocsp_refusal want; /* 0: it is read */
} cases[] = {
	{ "one", { SHA1, 20, 20, 1, 0x11, NULL, false }, 0 },
	{ "eight", { SHA1, 20, 8, 8, 0x11, NULL, false }, 0 },
	{ "nine", { SHA1, 20, 8, 9, 0x11, NULL, false }, PKI_OCSP_MALFORMED },
	{ "nobody", { SHA1, 20, 8, 0, 0x11, NULL, false }, PKI_OCSP_MALFORMED },
	{ "serial of 21 octets", { SHA1, 20, 21, 1, 0x11, NULL, false }, PKI_OCSP_MALFORMED },
	{ "negative serial", { SHA1, 20, 8, 1, 0x91, NULL, false }, PKI_OCSP_MALFORMED },
	{ "SHA-256", { SHA256, 32, 8, 1, 0x11, NULL, false }, 0 },
	{ "SHA-256 of 20 octets", { SHA256, 20, 8, 1, 0x11, NULL, false }, PKI_OCSP_MALFORMED },
	{ "SHA-512", { SHA512, 64, 8, 1, 0x11, NULL, false }, PKI_OCSP_UNAUTHORIZED },
	{ "a nonce", { SHA1, 20, 8, 1, 0x11, "3010" NONCE("0403040101"), false }, 0 },
	{ "an empty nonce", { SHA1, 20, 8, 1, 0x11, "300f" NONCE("04020400"), false },
	    PKI_OCSP_MALFORMED },
	{ "a nonce without its OCTET STRING",
	    { SHA1, 20, 8, 1, 0x11, "300f" NONCE("04020101"), false }, PKI_OCSP_MALFORMED },
	{ "two nonces", { SHA1, 20, 8, 1, 0x11, "3010" NONCE("0403040101"), true },
	    PKI_OCSP_MALFORMED },
	{ "an unknown extension",
	    { SHA1, 20, 8, 1, 0x11,
		"300706032a0304"
		"0400",
		false },
	    0 },
	{ "an unknown critical extension",
	    { SHA1, 20, 8, 1, 0x11,
		"300a06032a0304"
		"0101ff"
		"0400",
		false },
	    PKI_OCSP_MALFORMED },
};

static void
judges_each_request(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct cs_span der = forge(b, &cases[i].forged);

		if (cases[i].want != 0) {
			refuse(b, cases[i].name, der, cases[i].want);
			continue;
		}
		struct pki_ocsp_request request;
		enum pki_ocsp_refusal why;
		if (!pki_ocsp_read(der, &request, &why))
			fail_msg("%s: refused with %d", cases[i].name, (int)why);
		/* Nothing but the whole, and no octet more. */
		for (size_t len = 0; len < der.len; len++)
			refuse(b, cases[i].name, cs_span_of(der.data, len), PKI_OCSP_MALFORMED);
		uint8_t *longer = cs_arena_alloc(b->h->arena, der.len + 1);
		memcpy(longer, der.data, der.len);
		refuse(b, cases[i].name, cs_span_of(longer, der.len + 1), PKI_OCSP_MALFORMED);
	}
}

/* ---- responses ---- */

static OCSP_BASICRESP *
respond(struct bench *b, const struct pki_ocsp_single *singles, size_t n, struct cs_span nonce)
{
	const struct pki_ocsp_answer answer = { .singles = singles,
		.n = n,
		.nonce = nonce,
		.produced_at_s = NOW_S + 60,
		.this_update_s = NOW_S,
		.next_update_s = NOW_S + 72 * HOURS_S };
	struct cs_span der;
	struct cs_err err;

	if (pki_ocsp_respond(b->responder, b->h->arena, &answer, &der, &err))
		fail_msg("%s", err.text);
	assert_true(pki_der_check(der, NULL, NULL));
	const unsigned char *at = der.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
	assert_non_null(response);
	assert_int_equal(OCSP_response_status(response), OCSP_RESPONSE_STATUS_SUCCESSFUL);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
	assert_non_null(basic);
	OCSP_RESPONSE_free(response);
	return basic;
}

/* The delegated key speaks for the CA, as OpenSSL sees it. */
static int
verifies(struct bench *b, OCSP_BASICRESP *basic)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *more = sk_X509_new_null();

	X509_STORE_add_cert(store, b->root);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW_S + 120);
	sk_X509_push(more, b->ca);
	const int good = OCSP_basic_verify(basic, more, store, 0);
	sk_X509_free(more);
	X509_STORE_free(store);
	return good;
}

static const struct {
	enum pki_ocsp_status status;
	uint32_t reason;
	int want, want_reason;
} statuses[] = {
	{ PKI_OCSP_GOOD, 0, V_OCSP_CERTSTATUS_GOOD, -1 },
	{ PKI_OCSP_REVOKED, 1, V_OCSP_CERTSTATUS_REVOKED, OCSP_REVOKED_STATUS_KEYCOMPROMISE },
	{ PKI_OCSP_REVOKED, 0, V_OCSP_CERTSTATUS_REVOKED, -1 },
	{ PKI_OCSP_UNKNOWN, 0, V_OCSP_CERTSTATUS_UNKNOWN, -1 },
};

static int64_t
seconds(const ASN1_GENERALIZEDTIME *time)
{
	int64_t at_s;

	assert_true(pki_der_time(PKI_GENERALIZED_TIME,
	    cs_span_of(ASN1_STRING_get0_data(time), (size_t)ASN1_STRING_length(time)), &at_s));
	return at_s;
}

static void
openssl_believes_each_status(void **state)
{
	struct bench *b = *state;
	const EVP_MD *const hashes[] = { EVP_sha1(), EVP_sha256() };

	for (size_t i = 0; i < COUNT(statuses) * COUNT(hashes); i++) {
		const size_t k = i % COUNT(statuses);
		const EVP_MD *md = hashes[i / COUNT(statuses)];
		const struct pki_ocsp_request request = must_read(request_der(b, ask(b, md, 1)));
		const struct pki_ocsp_single single = { request.ids[0], statuses[k].status,
			NOW_S - 5, statuses[k].reason };
		OCSP_BASICRESP *basic = respond(b, &single, 1, cs_span_str(NULL));
		OCSP_CERTID *id = cert_id(b, md, SERIAL);
		ASN1_GENERALIZEDTIME *revoked_at, *this_update, *next_update;
		int status, reason = -1;

		assert_int_equal(verifies(b, basic), 1);
		assert_int_equal(OCSP_resp_find_status(basic, id, &status, &reason, &revoked_at,
				     &this_update, &next_update),
		    1);
		assert_int_equal(status, statuses[k].want);
		assert_int_equal(reason, statuses[k].want_reason);
		assert_true(seconds(this_update) == NOW_S);
		assert_true(seconds(next_update) == NOW_S + 72 * HOURS_S);
		if (status == V_OCSP_CERTSTATUS_REVOKED)
			assert_true(seconds(revoked_at) == NOW_S - 5);
		assert_int_equal(OCSP_BASICRESP_get_ext_count(basic), 0);
		OCSP_CERTID_free(id);
		OCSP_BASICRESP_free(basic);
	}
}

static void
echoes_the_nonce(void **state)
{
	struct bench *b = *state;
	OCSP_REQUEST *theirs = ask(b, EVP_sha1(), 2);

	assert_int_equal(OCSP_request_add1_nonce(theirs, NULL, 32), 1);
	unsigned char *der = NULL;
	const int len = i2d_OCSP_REQUEST(theirs, &der);
	const struct pki_ocsp_request request = must_read(cs_span_of(der, (size_t)len));
	const struct pki_ocsp_single singles[] = { { request.ids[0], PKI_OCSP_GOOD, 0, 0 },
		{ request.ids[1], PKI_OCSP_GOOD, 0, 0 } };
	OCSP_BASICRESP *basic = respond(b, singles, 2, request.nonce);

	assert_int_equal(OCSP_check_nonce(theirs, basic), 1);
	assert_int_equal(OCSP_resp_count(basic), 2);
	assert_int_equal(verifies(b, basic), 1);
	OCSP_BASICRESP_free(basic);
	OCSP_REQUEST_free(theirs);
	OPENSSL_free(der);
}

static void
names_its_refusals(void **state)
{
	static const struct {
		enum pki_ocsp_refusal why;
		int want;
	} refusals[] = {
		{ PKI_OCSP_MALFORMED, OCSP_RESPONSE_STATUS_MALFORMEDREQUEST },
		{ PKI_OCSP_INTERNAL, OCSP_RESPONSE_STATUS_INTERNALERROR },
		{ PKI_OCSP_TRY_LATER, OCSP_RESPONSE_STATUS_TRYLATER },
		{ PKI_OCSP_UNAUTHORIZED, OCSP_RESPONSE_STATUS_UNAUTHORIZED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct cs_span der = pki_ocsp_refuse(refusals[i].why);
		const unsigned char *at = der.data;
		OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);

		assert_non_null(response);
		assert_int_equal(OCSP_response_status(response), refusals[i].want);
		OCSP_RESPONSE_free(response);
	}
}

/* ---- who may be a delegated responder ---- */

static void
must_refuse(
    struct bench *b, const struct pki_cert_template *template, EVP_PKEY *key, const char *want)
{
	struct pki_ocsp_responder *responder;
	struct cs_err err;

	assert_int_equal(load(b->h, template, key, &responder, &err), CS_MALFORMED);
	if (strstr(err.text, want) == NULL)
		fail_msg("got \"%s\", want \"%s\"", err.text, want);
}

static void
refuses_other_responders(void **state)
{
	static const char *const both[] = { PKI_EKU_OCSP_SIGNING, PKI_EKU_EMAIL_PROTECTION, NULL };
	struct bench *b = *state;
	const struct pki_cert_template good = responder_template(b->h, b->key);
	struct pki_cert_template bad = good;
	EVP_PKEY *other = applicant_key("P-256");

	bad.eku = both;
	must_refuse(b, &bad, b->key, "OCSPSigning alone");
	bad.eku = both + 1;
	must_refuse(b, &bad, b->key, "OCSPSigning alone");
	bad = good;
	bad.ocsp_nocheck = false;
	must_refuse(b, &bad, b->key, "nocheck");
	bad = good;
	bad.key_usage = PKI_KU_NON_REPUDIATION;
	must_refuse(b, &bad, b->key, "digitalSignature");
	bad = good;
	bad.is_ca = true;
	must_refuse(b, &bad, b->key, "it is a CA's");
	bad = good;
	bad.issuer = pki_issuer_name(b->h->root);
	must_refuse(b, &bad, b->key, "did not sign");
	must_refuse(b, &good, other, "do not belong together");
	EVP_PKEY_free(other);
}

static void
refuses_a_key_that_others_may_read(void **state)
{
	struct bench *b = *state;
	const struct pki_cert_template template = responder_template(b->h, b->key);
	const struct pki_ocsp_files files = {
		.cert = hierarchy_file(b->h, "ocsp.cert",
		    pki_cert_pem(b->h->arena, subscriber_issue(b->h, &template)), 0644),
		.key = hierarchy_file(b->h, "ocsp.key", key_text(b->h->arena, b->key), 0644),
	};
	struct pki_ocsp_responder *responder;
	struct cs_err err;

	assert_int_equal(pki_ocsp_responder_load(
			     &files, pki_issuer_certificate(b->h->issuing), &responder, &err),
	    CS_MALFORMED);
	unlink(files.cert);
	unlink(files.key);
	assert_int_equal(pki_ocsp_responder_load(
			     &files, pki_issuer_certificate(b->h->issuing), &responder, &err),
	    CS_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_openssl_asks),
		cmocka_unit_test(takes_a_nonce_of_1_to_32_octets),
		cmocka_unit_test(judges_each_request),
		cmocka_unit_test(openssl_believes_each_status),
		cmocka_unit_test(echoes_the_nonce),
		cmocka_unit_test(names_its_refusals),
		cmocka_unit_test(refuses_other_responders),
		cmocka_unit_test(refuses_a_key_that_others_may_read),
	};

	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
