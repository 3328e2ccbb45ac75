/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.c: the digest is computed with the low-level calls and the contexts are kept, because every
 * implicit fetch of OpenSSL 3.0 takes global locks and costs as much as a P-256 signature.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "pki/signer.h"

#include <openssl/rsa.h>
#include <openssl/sha.h>

static EVP_PKEY_CTX *
open_context(const struct pki_signer *signer, EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	cs_assert(ctx != NULL && init(ctx) == 1);
	if (signer->key.kind == PKI_KEY_RSA)
		cs_assert(EVP_PKEY_CTX_set_rsa_padding(
			      ctx, signer->pss ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	if (signer->pss)
		cs_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)signer->digest_bits / 8) == 1);
	return ctx;
}

/* A token that shows no public key is found out by its first signature. */
static bool
belongs(const struct pki_signer *signer, struct cs_span spki)
{
	if (signer->private.pkey != NULL)
		return EVP_PKEY_eq(signer->public_key, signer->private.pkey) == 1;
	const struct cs_span shown = pki_token_key_spki(signer->private.token);
	return shown.len == 0 || cs_span_equal(shown, spki);
}

static const char *
key_fault(struct pki_signer *signer, struct cs_span spki)
{
	struct cs_refusal why;

	if (!pki_spki_read(spki, &signer->key, &why))
		return why.text;
	if (signer->key.kind != PKI_KEY_RSA && signer->key.kind != PKI_KEY_EC)
		return "keys of this kind sign no certificates here";
	if (signer->pss && signer->key.kind != PKI_KEY_RSA)
		return "PSS is for RSA keys";
	signer->public_key = pki_key_import(&signer->key);
	if (signer->public_key == NULL)
		return "the public key is not a point on its curve";
	if (!belongs(signer, spki))
		return "private key and certificate do not belong together";
	return NULL;
}

enum cs_code
pki_signer_init(struct pki_signer *signer, struct pki_private private, struct cs_span spki,
    bool pss, struct cs_err *err)
{
	*signer = (struct pki_signer){ .private = private, .pss = pss };
	const char *why = key_fault(signer, spki);

	if (why != NULL) {
		pki_signer_fini(signer);
		return cs_fail(err, CS_MALFORMED, "signing key: %s", why);
	}
	signer->sigalg = pki_sigalg_of(signer->key.kind, signer->key.bits, pss);
	signer->digest_bits = signer->key.kind == PKI_KEY_RSA || signer->key.bits == 256 ? 256
			      : signer->key.bits == 384                                  ? 384
											 : 512;
	if (private.pkey != NULL)
		signer->sign = open_context(signer, private.pkey, EVP_PKEY_sign_init);
	signer->verify = open_context(signer, signer->public_key, EVP_PKEY_verify_init);
	return CS_OK;
}

void
pki_signer_fini(struct pki_signer *signer)
{
	EVP_PKEY_CTX_free(signer->sign);
	EVP_PKEY_CTX_free(signer->verify);
	EVP_PKEY_free(signer->private.pkey);
	pki_token_key_free(signer->private.token);
	EVP_PKEY_free(signer->public_key);
	*signer = (struct pki_signer){ 0 };
}

static struct cs_span
digest_of(
    const struct pki_signer *signer, struct cs_span data, uint8_t ret[static SHA512_DIGEST_LENGTH])
{
	SHA512_CTX sha512;
	SHA256_CTX sha256;

	switch (signer->digest_bits) {
	case 256:
		SHA256_Init(&sha256);
		SHA256_Update(&sha256, data.data, data.len);
		SHA256_Final(ret, &sha256);
		break;
	case 384:
		SHA384_Init(&sha512);
		SHA384_Update(&sha512, data.data, data.len);
		SHA384_Final(ret, &sha512);
		break;
	default:
		SHA512_Init(&sha512);
		SHA512_Update(&sha512, data.data, data.len);
		SHA512_Final(ret, &sha512);
	}
	return cs_span_of(ret, signer->digest_bits / 8);
}

static enum cs_code
sign(struct pki_signer *signer, struct cs_span digest,
    uint8_t ret_signature[static PKI_TOKEN_SIGNATURE], size_t *ret_len, struct cs_err *err)
{
	*ret_len = PKI_TOKEN_SIGNATURE;
	if (signer->private.token != NULL)
		return pki_token_key_sign(signer->private.token,
		    signer->key.kind == PKI_KEY_EC ? PKI_TOKEN_ECDSA
		    : signer->pss                  ? PKI_TOKEN_PSS
						   : PKI_TOKEN_PKCS1,
		    digest, ret_signature, ret_len, err);
	if (EVP_PKEY_sign(signer->sign, ret_signature, ret_len, digest.data, digest.len) != 1)
		return cs_fail(err, CS_INTERNAL, "signing failed");
	return CS_OK;
}

/* A fault in the arithmetic would publish the key or a wrong signature: nobody sees either. */
enum cs_code
pki_signer_sign(struct pki_signer *signer, struct cs_arena *arena, struct cs_span data,
    struct cs_span *ret_signature, struct cs_err *err)
{
	uint8_t octets[SHA512_DIGEST_LENGTH], signature[PKI_TOKEN_SIGNATURE];
	const struct cs_span digest = digest_of(signer, data, octets);
	size_t len;

	if (sign(signer, digest, signature, &len, err))
		return err->code;
	if (EVP_PKEY_verify(signer->verify, signature, len, digest.data, digest.len) != 1) {
		if (signer->private.token != NULL)
			pki_token_key_distrust(signer->private.token);
		return cs_fail(err, CS_INTERNAL, "a fresh signature did not verify");
	}
	*ret_signature = cs_arena_copy(arena, signature, len);
	return CS_OK;
}
