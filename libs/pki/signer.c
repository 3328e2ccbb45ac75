/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.c: the digest is computed with the low-level calls and the contexts are kept, because every
 * implicit fetch of OpenSSL 3.0 takes global locks and costs as much as a P-256 signature.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "pki/signer.h"

#include <openssl/rsa.h>
#include <openssl/sha.h>

#define SIGNATURE_MAX 1024 /* octets; RSA 8192 */

static EVP_PKEY_CTX *
open_context(const struct pki_signer *signer, EVP_PKEY *pkey, int (*init)(EVP_PKEY_CTX *))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);

	cs_assert(ctx != NULL && init(ctx) == 1);
	if (signer->key.kind == PKI_KEY_RSA)
		cs_assert(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1);
	return ctx;
}

static const char *
key_fault(struct pki_signer *signer, EVP_PKEY *private_key, struct cs_span spki)
{
	struct cs_refusal why;

	if (!pki_spki_read(spki, &signer->key, &why))
		return why.text;
	if ((signer->key.kind != PKI_KEY_RSA && signer->key.kind != PKI_KEY_EC) ||
	    signer->key.bits == 521)
		return "keys of this kind sign no certificates here";
	signer->public_key = pki_key_import(&signer->key);
	if (signer->public_key == NULL)
		return "the public key is not a point on its curve";
	if (EVP_PKEY_eq(signer->public_key, private_key) != 1)
		return "private key and certificate do not belong together";
	return NULL;
}

enum cs_code
pki_signer_init(
    struct pki_signer *signer, EVP_PKEY *private_key, struct cs_span spki, struct cs_err *err)
{
	*signer = (struct pki_signer){ .private_key = private_key };
	const char *why = key_fault(signer, private_key, spki);

	if (why != NULL) {
		pki_signer_fini(signer);
		return cs_fail(err, CS_MALFORMED, "signing key: %s", why);
	}
	signer->sigalg = pki_sigalg_of(signer->key.kind, signer->key.bits);
	signer->sha384 = signer->key.bits == 384;
	signer->sign = open_context(signer, signer->private_key, EVP_PKEY_sign_init);
	signer->verify = open_context(signer, signer->public_key, EVP_PKEY_verify_init);
	return CS_OK;
}

void
pki_signer_fini(struct pki_signer *signer)
{
	EVP_PKEY_CTX_free(signer->sign);
	EVP_PKEY_CTX_free(signer->verify);
	EVP_PKEY_free(signer->private_key);
	EVP_PKEY_free(signer->public_key);
	*signer = (struct pki_signer){ 0 };
}

static size_t
digest_of(const struct pki_signer *signer, struct cs_span data, uint8_t ret[static 48])
{
	SHA512_CTX sha384;
	SHA256_CTX sha256;

	if (signer->sha384) {
		SHA384_Init(&sha384);
		SHA384_Update(&sha384, data.data, data.len);
		SHA384_Final(ret, &sha384);
		return SHA384_DIGEST_LENGTH;
	}
	SHA256_Init(&sha256);
	SHA256_Update(&sha256, data.data, data.len);
	SHA256_Final(ret, &sha256);
	return SHA256_DIGEST_LENGTH;
}

/* A fault in the arithmetic would publish the key or a wrong signature: nobody sees either. */
enum cs_code
pki_signer_sign(struct pki_signer *signer, struct cs_arena *arena, struct cs_span data,
    struct cs_span *ret_signature, struct cs_err *err)
{
	uint8_t digest[48], signature[SIGNATURE_MAX];
	const size_t digest_len = digest_of(signer, data, digest);
	size_t len = sizeof(signature);

	if (EVP_PKEY_sign(signer->sign, signature, &len, digest, digest_len) != 1)
		return cs_fail(err, CS_INTERNAL, "signing failed");
	if (EVP_PKEY_verify(signer->verify, signature, len, digest, digest_len) != 1)
		return cs_fail(err, CS_INTERNAL, "a fresh signature did not verify");
	*ret_signature = cs_arena_copy(arena, signature, len);
	return CS_OK;
}
