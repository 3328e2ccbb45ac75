/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify.c: signatures of others.  EC keys go the low-level way, which is deprecated in OpenSSL 3.0 and right
 * here: a key by its parameters, its provider's copy, and two fetches cost half as much again as the signature.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "pki/verify.h"

#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <string.h>

#include "pki/der.h"
#include "pki/evp.h"

/* SBR 7.1.3.2: AlgorithmIdentifiers octet for octet.  SHA-1 and MD5 are not here, so they fail. */
static const struct {
	const char *name;
	enum pki_key_kind kind;
	const char *digest; /* NULL: the signature does its own */
	int salt;           /* of PSS; 0: PKCS#1 or none */
	const char *der;
	size_t der_len;
} algorithms[] = {
#define RSA_OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define PSS(hash, salt)                                                             \
	"\x30\x41" RSA_OID                                                          \
	"\x0a\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash \
	"\x05\x00\xa1\x1c\x30\x1a" RSA_OID                                          \
	"\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" hash                 \
	"\x05\x00\xa2\x03\x02\x01" salt
#define ROW(name, kind, digest, salt, der)                     \
	{                                                      \
		name, kind, digest, salt, der, sizeof(der) - 1 \
	}
	ROW("ECDSA SHA-256", PKI_KEY_EC, "SHA256", 0,
	    "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	ROW("ECDSA SHA-384", PKI_KEY_EC, "SHA384", 0,
	    "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	ROW("ECDSA SHA-512", PKI_KEY_EC, "SHA512", 0,
	    "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"),
	ROW("RSA SHA-256", PKI_KEY_RSA, "SHA256", 0, "\x30\x0d" RSA_OID "\x0b\x05\x00"),
	ROW("RSA SHA-384", PKI_KEY_RSA, "SHA384", 0, "\x30\x0d" RSA_OID "\x0c\x05\x00"),
	ROW("RSA SHA-512", PKI_KEY_RSA, "SHA512", 0, "\x30\x0d" RSA_OID "\x0d\x05\x00"),
	ROW("RSA-PSS SHA-256", PKI_KEY_RSA, "SHA256", 32, PSS("\x01", "\x20")),
	ROW("RSA-PSS SHA-384", PKI_KEY_RSA, "SHA384", 48, PSS("\x02", "\x30")),
	ROW("RSA-PSS SHA-512", PKI_KEY_RSA, "SHA512", 64, PSS("\x03", "\x40")),
	ROW("Ed25519", PKI_KEY_ED25519, NULL, 0, "\x30\x05\x06\x03\x2b\x65\x70"),
	ROW("Ed448", PKI_KEY_ED448, NULL, 0, "\x30\x05\x06\x03\x2b\x65\x71"),
#undef ROW
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static size_t
find_algorithm(struct cs_span sigalg)
{
	size_t i = 0;

	while (i < N_ALGORITHMS &&
	       !cs_span_equal(sigalg, cs_span_of(algorithms[i].der, algorithms[i].der_len)))
		i++;
	return i;
}

const char *
pki_sigalg_name(struct cs_span sigalg)
{
	const size_t i = find_algorithm(sigalg);

	return i < N_ALGORITHMS ? algorithms[i].name : NULL;
}

/* The first row for the kind of key whose digest is as strong as the key. */
struct cs_span
pki_sigalg_of(enum pki_key_kind kind, uint32_t bits, bool pss)
{
	const char *digest = kind != PKI_KEY_EC || bits == 256 ? "SHA256"
			     : bits == 384                     ? "SHA384"
							       : "SHA512";

	for (size_t i = 0; i < N_ALGORITHMS; i++)
		if (algorithms[i].kind == kind && (algorithms[i].salt > 0) == pss &&
		    (algorithms[i].digest == NULL || strcmp(algorithms[i].digest, digest) == 0))
			return cs_span_of(algorithms[i].der, algorithms[i].der_len);
	return cs_span_of(NULL, 0);
}

/* ECDSA: exactly SEQUENCE { r, s }, both positive; OpenSSL's own reader is laxer. */
static bool
is_ecdsa_signature(struct cs_span signature)
{
	struct cs_span body, number, magnitude;

	if (!pki_der_take(&signature, PKI_SEQUENCE, &body) || signature.len > 0)
		return false;
	for (int i = 0; i < 2; i++)
		if (!pki_der_take(&body, PKI_INTEGER, &number) ||
		    !pki_der_unsigned(number, &magnitude) || magnitude.len == 0)
			return false;
	return body.len == 0;
}

static EC_KEY *
import_ec(const struct pki_key *key)
{
	EC_KEY *ec = EC_KEY_new_by_curve_name(key->bits == 256   ? NID_X9_62_prime256v1
					      : key->bits == 384 ? NID_secp384r1
								 : NID_secp521r1);

	cs_assert(ec != NULL);
	if (EC_KEY_oct2key(ec, key->point.data, key->point.len, NULL) == 1)
		return ec;
	EC_KEY_free(ec);
	return NULL;
}

bool
pki_public_import(const struct pki_key *key, struct pki_public *ret_public)
{
	*ret_public = (struct pki_public){ .kind = key->kind };
	if (key->kind == PKI_KEY_EC)
		ret_public->ec = import_ec(key);
	else
		ret_public->pkey = pki_key_import(key);
	return ret_public->ec != NULL || ret_public->pkey != NULL;
}

void
pki_public_free(struct pki_public *public_key)
{
	EC_KEY_free(public_key->ec);
	EVP_PKEY_free(public_key->pkey);
}

static bool
verify_ec(EC_KEY *ec, const char *digest, struct cs_span data, struct cs_span signature)
{
	uint8_t octets[SHA512_DIGEST_LENGTH];
	int len = SHA512_DIGEST_LENGTH;

	if (!is_ecdsa_signature(signature) || signature.len > INT32_MAX)
		return false;
	if (strcmp(digest, "SHA256") == 0) {
		(void)SHA256(data.data, data.len, octets);
		len = SHA256_DIGEST_LENGTH;
	} else if (strcmp(digest, "SHA384") == 0) {
		(void)SHA384(data.data, data.len, octets);
		len = SHA384_DIGEST_LENGTH;
	} else {
		(void)SHA512(data.data, data.len, octets);
	}
	return ECDSA_verify(0, octets, len, signature.data, (int)signature.len, ec) == 1;
}

bool
pki_verify_with(const struct pki_public *public_key, struct cs_span sigalg, struct cs_span data,
    struct cs_span signature)
{
	const size_t i = find_algorithm(sigalg);
	EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */
	EVP_PKEY *pkey = public_key->pkey;

	if (i == N_ALGORITHMS || algorithms[i].kind != public_key->kind)
		return false;
	if (public_key->kind == PKI_KEY_EC)
		return verify_ec(public_key->ec, algorithms[i].digest, data, signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cs_assert(ctx != NULL);
	bool good =
	    EVP_DigestVerifyInit_ex(ctx, &pctx, algorithms[i].digest, NULL, NULL, pkey, NULL) == 1;
	if (good && algorithms[i].salt > 0)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, algorithms[i].salt) == 1;
	good =
	    good && EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

bool
pki_verify(
    struct cs_span spki, struct cs_span sigalg, struct cs_span data, struct cs_span signature)
{
	struct pki_key key;
	struct cs_refusal why;

	if (!pki_spki_read(spki, &key, &why))
		return false;
	CS_AUTO(pki_public_free) struct pki_public public_key = { 0 };
	return pki_public_import(&key, &public_key) &&
	       pki_verify_with(&public_key, sigalg, data, signature);
}

/* ---- a key that is kept ---- */

struct pki_verifier {
	struct pki_public key;
	struct cs_arena *arena;
	struct cs_span spki;
};

struct pki_verifier *
pki_verifier_new(struct cs_span spki)
{
	struct pki_public public_key;
	struct pki_key key;
	struct cs_refusal why;

	if (!pki_spki_read(spki, &key, &why) || !pki_public_import(&key, &public_key))
		return NULL;
	struct cs_arena *arena = cs_arena_new();
	struct pki_verifier *verifier = CS_NEW(arena, struct pki_verifier);

	*verifier = (struct pki_verifier){ public_key, arena, cs_arena_copy_span(arena, spki) };
	return verifier;
}

void
pki_verifier_free(struct pki_verifier *verifier)
{
	if (verifier == NULL)
		return;
	pki_public_free(&verifier->key);
	cs_arena_free(verifier->arena);
}

bool
pki_verifier_is(const struct pki_verifier *verifier, struct cs_span spki)
{
	return cs_span_equal(verifier->spki, spki);
}

bool
pki_verifier_check(const struct pki_verifier *verifier, struct cs_span sigalg, struct cs_span data,
    struct cs_span signature)
{
	return pki_verify_with(&verifier->key, sigalg, data, signature);
}
