/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "pki/hash.h"
#include "pki/raw_key.h"

struct pki_ed25519 {
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	uint8_t public_key[PKI_ED25519_PUBLIC];
};

#define SEED PKI_RAW_KEY

static struct pki_ed25519 *
from_seed(const uint8_t seed[static SEED])
{
	struct pki_ed25519 *key = calloc(1, sizeof(*key));
	size_t len = sizeof(key->public_key);

	cs_assert(key != NULL);
	key->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED);
	key->ctx = EVP_MD_CTX_new();
	cs_assert(key->key != NULL && key->ctx != NULL);
	cs_assert(EVP_PKEY_get_raw_public_key(key->key, key->public_key, &len) == 1);
	return key;
}

void
pki_ed25519_public_of_seed(const uint8_t seed[static 32], uint8_t ret_public[static 32])
{
	struct pki_ed25519 *key = from_seed(seed);

	pki_ed25519_public(key, ret_public);
	pki_ed25519_free(key);
}

enum cs_code
pki_ed25519_load(const char *path, struct pki_ed25519 **ret_key, struct cs_err *err)
{
	uint8_t seed[SEED];

	enum cs_code code = pki_raw_key_load(path, PKI_RAW_ED25519, seed, err);
	if (code == CS_OK)
		*ret_key = from_seed(seed);
	pki_wipe(seed, sizeof(seed));
	return code;
}

enum cs_code
pki_ed25519_generate(const char *path, struct cs_err *err)
{
	return pki_raw_key_generate(path, PKI_RAW_ED25519, err);
}

void
pki_ed25519_free(struct pki_ed25519 *key)
{
	if (key == NULL)
		return;
	EVP_MD_CTX_free(key->ctx);
	EVP_PKEY_free(key->key);
	free(key);
}

void
pki_ed25519_public(const struct pki_ed25519 *key, uint8_t ret_public[static 32])
{
	memcpy(ret_public, key->public_key, PKI_ED25519_PUBLIC);
}

void
pki_ed25519_sign(
    const struct pki_ed25519 *key, struct cs_span data, uint8_t ret_signature[static 64])
{
	size_t len = PKI_ED25519_SIGNATURE;

	EVP_MD_CTX_reset(key->ctx);
	cs_assert(EVP_DigestSignInit(key->ctx, NULL, NULL, NULL, key->key) == 1);
	cs_assert(EVP_DigestSign(key->ctx, ret_signature, &len, data.data, data.len) == 1);
	cs_assert(len == PKI_ED25519_SIGNATURE);
}

bool
pki_ed25519_verify(
    const uint8_t public_key[static 32], struct cs_span data, const uint8_t signature[static 64])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	cs_assert(ctx != NULL);
	bool good =
	    key != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, signature, PKI_ED25519_SIGNATURE, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}
