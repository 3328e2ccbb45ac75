/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include "check.h"
/* clang-format on */
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/text.h"
#include "fake_applicant.h"
#include "pki/alpn.h"
#include "pki/der.h"
#include "pki/oid.h"

#define DOMAIN "a.example"
#define IDENTIFIER "1.3.6.1.5.5.7.1.31"
#define DIGEST "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define GOOD_IDENTIFIER "0420" DIGEST

enum flaw {
	NONE,
	NOT_CRITICAL,
	SAN_TWICE,
	OTHER_ISSUER,
	OTHER_SIGNER,
	VERSION_1,
	CUT,
	LONGER,
	UNKNOWN_CRITICAL
};

struct row {
	const char *name;
	const char *san, *identifier; /* hexadecimal contents of the extensions; NULL: not there */
	enum flaw flaw;
	enum pki_alpn_finding want;
};

static const struct row rows[] = {
	{ "all is well",
	    "300b820961"
	    "2e6578616d706c65",
	    GOOD_IDENTIFIER, NONE, PKI_ALPN_MATCHES },
	{ "upper case",
	    "300b820941"
	    "2e4558414d504c45",
	    GOOD_IDENTIFIER, NONE, PKI_ALPN_MATCHES },
	{ "another extension", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, UNKNOWN_CRITICAL,
	    PKI_ALPN_MATCHES },
	{ "no name", NULL, GOOD_IDENTIFIER, NONE, PKI_ALPN_NO_NAME },
	{ "no names in it", "3000", GOOD_IDENTIFIER, NONE, PKI_ALPN_NAMES },
	{ "two names",
	    "3016"
	    "8209612e6578616d706c65"
	    "8209622e6578616d706c65",
	    GOOD_IDENTIFIER, NONE, PKI_ALPN_NAMES },
	{ "the name twice",
	    "3016"
	    "8209612e6578616d706c65"
	    "8209612e6578616d706c65",
	    GOOD_IDENTIFIER, NONE, PKI_ALPN_NAMES },
	{ "a mailbox",
	    "300b8109"
	    "612e6578616d706c65",
	    GOOD_IDENTIFIER, NONE, PKI_ALPN_NAMES },
	{ "another name", "300b8209622e6578616d706c65", GOOD_IDENTIFIER, NONE,
	    PKI_ALPN_OTHER_NAME },
	{ "a NUL behind the name", "300c820a612e6578616d706c6500", GOOD_IDENTIFIER, NONE,
	    PKI_ALPN_OTHER_NAME },
	{ "a final dot", "300c820a612e6578616d706c652e", GOOD_IDENTIFIER, NONE,
	    PKI_ALPN_OTHER_NAME },
	{ "a wildcard", "300b82092a2e6578616d706c65", GOOD_IDENTIFIER, NONE, PKI_ALPN_OTHER_NAME },
	{ "names that are no list", "8209612e6578616d706c65", GOOD_IDENTIFIER, NONE,
	    PKI_ALPN_UNREADABLE },
	{ "no identifier", "300b8209612e6578616d706c65", NULL, NONE, PKI_ALPN_NO_IDENTIFIER },
	{ "not critical", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, NOT_CRITICAL,
	    PKI_ALPN_NOT_CRITICAL },
	{ "an identifier of 31 octets", "300b8209612e6578616d706c65",
	    "041f"
	    "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    NONE, PKI_ALPN_BAD_IDENTIFIER },
	{ "an identifier with more behind it", "300b8209612e6578616d706c65", GOOD_IDENTIFIER "0500",
	    NONE, PKI_ALPN_BAD_IDENTIFIER },
	{ "an identifier of another type", "300b8209612e6578616d706c65", "0c20" DIGEST, NONE,
	    PKI_ALPN_BAD_IDENTIFIER },
	{ "another digest", "300b8209612e6578616d706c65",
	    "0420"
	    "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    NONE, PKI_ALPN_DIFFERS },
	{ "names twice", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, SAN_TWICE,
	    PKI_ALPN_UNREADABLE },
	{ "another issuer", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, OTHER_ISSUER,
	    PKI_ALPN_NOT_SELF_SIGNED },
	{ "another signer", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, OTHER_SIGNER,
	    PKI_ALPN_NOT_SELF_SIGNED },
	{ "version 1", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, VERSION_1,
	    PKI_ALPN_UNREADABLE },
	{ "an octet short", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, CUT,
	    PKI_ALPN_UNREADABLE },
	{ "an octet long", "300b8209612e6578616d706c65", GOOD_IDENTIFIER, LONGER,
	    PKI_ALPN_UNREADABLE },
};

static void
add_extension(struct cs_arena *arena, X509 *x, const char *oid, bool critical, const char *hex)
{
	struct cs_span octets = unhex(arena, hex);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	X509_EXTENSION *extension;

	assert_int_equal(ASN1_OCTET_STRING_set(value, octets.data, (int)octets.len), 1);
	extension = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(x, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OBJECT_free(object);
	ASN1_OCTET_STRING_free(value);
}

static void
set_names(X509 *x, bool same)
{
	X509_NAME *subject = X509_get_subject_name(x), *issuer = X509_get_issuer_name(x);

	assert_int_equal(X509_NAME_add_entry_by_txt(
			     subject, "CN", MBSTRING_ASC, (const unsigned char *)"x", -1, -1, 0),
	    1);
	assert_int_equal(X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC,
			     (const unsigned char *)(same ? "x" : "y"), -1, -1, 0),
	    1);
}

static struct cs_span
certificate(struct cs_arena *arena, const struct row *row)
{
	EVP_PKEY *key = applicant_key("P-256"), *other = applicant_key("P-256");
	X509 *x = X509_new();
	unsigned char *octets, *at;
	int len;

	assert_int_equal(X509_set_version(x, row->flaw == VERSION_1 ? 0 : 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 5), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	set_names(x, row->flaw != OTHER_ISSUER);
	assert_int_equal(X509_set_pubkey(x, key), 1);
	if (row->flaw == UNKNOWN_CRITICAL)
		add_extension(arena, x, "1.2.3.4", true, "0500");
	for (int i = 0; row->san != NULL && i < (row->flaw == SAN_TWICE ? 2 : 1); i++)
		add_extension(arena, x, PKI_OID_SAN, false, row->san);
	if (row->identifier != NULL)
		add_extension(arena, x, IDENTIFIER, row->flaw != NOT_CRITICAL, row->identifier);
	assert_true(X509_sign(x, row->flaw == OTHER_SIGNER ? other : key, EVP_sha256()) > 0);
	len = i2d_X509(x, NULL);
	octets = at = cs_arena_alloc(arena, (size_t)len + 1);
	assert_int_equal(i2d_X509(x, &at), len);
	octets[len] = 0;
	X509_free(x);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
	return cs_span_of(
	    octets, (size_t)len + (row->flaw == LONGER ? 1 : 0) - (row->flaw == CUT ? 1 : 0));
}

static void
a_certificate_is_judged_to_the_letter(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	uint8_t digest[PKI_SHA256];

	(void)state;
	for (size_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)i;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const enum pki_alpn_finding got =
		    pki_alpn_judge(certificate(arena, &rows[i]), DOMAIN, digest);

		if (got != rows[i].want)
			fail_msg("%s: got %s, want %s", rows[i].name, pki_alpn_finding_name(got),
			    pki_alpn_finding_name(rows[i].want));
	}
	assert_int_equal(pki_alpn_judge(cs_span_of(NULL, 0), DOMAIN, digest), PKI_ALPN_UNREADABLE);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_is_judged_to_the_letter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
