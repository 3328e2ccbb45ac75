/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: answers that nobody signed, judged once, so that libraries load all that judging needs. */
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"

#define MODULUS 256 /* octets */
#define RSA_HEAD                                                                                  \
	0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, \
	    0x01, 0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02,   \
	    0x82, 0x01, 0x01, 0x00
#define RSA_HEAD_LEN 33
#define RSA_TAIL 0x02, 0x03, 0x01, 0x00, 0x01

/* 2048 bits that are no product of two primes, and 65537. */
static const uint8_t rsa[RSA_HEAD_LEN + MODULUS + 5] = { RSA_HEAD, 0x80,
	[RSA_HEAD_LEN + MODULUS - 1] = 1, RSA_TAIL };
/* The key of RFC 7515 A.3. */
static const char p256[] =
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV/"
    "8UTNG72bfocs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==";

#define DSIG_MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define ENCRYPTION "http://www.w3.org/2001/04/xmlenc#"
#define SUCCESS "urn:oasis:names:tc:SAML:2.0:status:Success"

/* Canonical as it stands: so its digest is that of these octets (W3C Exclusive XML Canonicalization 3). */
#define HEAD "<Response xmlns=\"" SAML_PROTOCOL "\" ID=\"_a\" Version=\"2.0\">"
#define TAIL                                                               \
	"<Status><StatusCode Value=\"" SUCCESS "\"></StatusCode></Status>" \
	"<Assertion xmlns=\"" SAML_ASSERTION "\"></Assertion></Response>"

#define METHOD(name, algorithm) "<" name " Algorithm=\"" algorithm "\"/>"
#define TRANSFORMS                                                          \
	"<Transforms>" METHOD("Transform", SAML_DSIG "enveloped-signature") \
	    METHOD("Transform", SAML_EXCLUSIVE) "</Transforms>"
#define REFERENCE                                    \
	"<Reference URI=\"#_a\">" TRANSFORMS METHOD( \
	    "DigestMethod", ENCRYPTION "sha256") "<DigestValue>%s</DigestValue></Reference>"
#define INFO                                                            \
	"<SignedInfo>" METHOD("CanonicalizationMethod", SAML_EXCLUSIVE) \
	    METHOD("SignatureMethod", DSIG_MORE "%s") REFERENCE "</SignedInfo>"
#define SIGNATURE \
	"<Signature xmlns=\"" SAML_DSIG "\">" INFO "<SignatureValue>%s</SignatureValue></Signature>"

static const char *
digest_of(struct cs_arena *arena, const char *text)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(text), digest);
	return cs_base64(arena, cs_span_of(digest, sizeof(digest)));
}

/* As far as the signature, which is no key's: the digest is right. */
static void
judge(struct cs_arena *arena, struct cs_span key, const char *algorithm, size_t len)
{
	static const uint8_t ones[MODULUS] = { [31] = 1, [63] = 1, [MODULUS - 1] = 1 };
	const struct saml_provider provider = {
		.entity_id = "urn:x", .keys = { key }, .n_keys = 1
	};
	const struct saml_expected expected = { &provider, "urn:y", "https://ra.example/", "_r", "",
		0, 0 };
	const char *xml = cs_arena_printf(arena, HEAD SIGNATURE TAIL, algorithm,
	    digest_of(arena, HEAD TAIL), cs_base64(arena, cs_span_of(ones, len)));
	struct saml_person person;
	struct cs_refusal why;

	cs_assert(!saml_response_judge(
	    arena, cs_span_str(cs_base64(arena, cs_span_str(xml))), &expected, &person, &why));
	cs_assert(why.code == saml_refusal(SAML_NO_SIGNATURE)->code);
}

void
saml_load_verifiers(void)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span key;

	judge(arena, cs_span_of(rsa, sizeof(rsa)), "rsa-sha256", MODULUS);
	cs_assert(cs_base64_decode(arena, cs_span_str(p256), &key));
	judge(arena, key, "ecdsa-sha256", 64);
	cs_arena_free(arena);
}
