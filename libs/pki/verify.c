/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/verify.h"

#include <openssl/rsa.h>
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

bool
pki_verify_with(EVP_PKEY *pkey, enum pki_key_kind kind, struct cs_span sigalg, struct cs_span data,
    struct cs_span signature)
{
	const size_t i = find_algorithm(sigalg);
	EVP_PKEY_CTX *pctx = NULL; /* belongs to ctx */

	if (i == N_ALGORITHMS || algorithms[i].kind != kind)
		return false;
	if (kind == PKI_KEY_EC && !is_ecdsa_signature(signature))
		return false;
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
	CS_AUTO(pki_pkey_free) EVP_PKEY *pkey = pki_key_import(&key);
	return pkey != NULL && pki_verify_with(pkey, key.kind, sigalg, data, signature);
}

/* ---- a key that is kept ---- */

struct pki_verifier {
	EVP_PKEY *pkey;
	enum pki_key_kind kind;
	struct cs_arena *arena;
	struct cs_span spki;
};

struct pki_verifier *
pki_verifier_new(struct cs_span spki)
{
	struct pki_key key;
	struct cs_refusal why;
	EVP_PKEY *pkey = pki_spki_read(spki, &key, &why) ? pki_key_import(&key) : NULL;

	if (pkey == NULL)
		return NULL;
	struct cs_arena *arena = cs_arena_new();
	struct pki_verifier *verifier = CS_NEW(arena, struct pki_verifier);

	*verifier = (struct pki_verifier){ pkey, key.kind, arena, cs_arena_copy_span(arena, spki) };
	return verifier;
}

void
pki_verifier_free(struct pki_verifier *verifier)
{
	if (verifier == NULL)
		return;
	EVP_PKEY_free(verifier->pkey);
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
	return pki_verify_with(verifier->pkey, verifier->kind, sigalg, data, signature);
}
