/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "pki/file.h"
#include "pki/hash.h"

struct pki_ed25519 {
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	uint8_t public_key[PKI_ED25519_PUBLIC];
};

/* RFC 8410 7: a PKCS#8 Ed25519 key is these octets and then the 32 of the seed. */
static const uint8_t pkcs8_prefix[] = { 0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b,
	0x65, 0x70, 0x04, 0x22, 0x04, 0x20 };

#define SEED 32
#define PKCS8 (sizeof(pkcs8_prefix) + SEED)
#define BASE64 64 /* of 48 octets */
#define BEGIN "-----BEGIN PRIVATE KEY-----\n"
#define END "\n-----END PRIVATE KEY-----\n"
#define PEM_LEN (sizeof(BEGIN) - 1 + BASE64 + sizeof(END) - 1)

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

/* One line of base64, 64 characters, holds the whole key; nothing but line ends may follow. */
static bool
seed_of(struct cs_span pem, uint8_t ret_seed[static SEED])
{
	uint8_t der[PKCS8];

	while (pem.len > 0 && (pem.data[pem.len - 1] == '\n' || pem.data[pem.len - 1] == '\r'))
		pem.len--;
	if (pem.len != PEM_LEN - 1 || memcmp(pem.data, BEGIN, sizeof(BEGIN) - 1) != 0 ||
	    memcmp(pem.data + sizeof(BEGIN) - 1 + BASE64, END, sizeof(END) - 2) != 0)
		return false;
	bool good =
	    EVP_DecodeBlock(der, pem.data + sizeof(BEGIN) - 1, BASE64) == (int)sizeof(der) &&
	    memcmp(der, pkcs8_prefix, sizeof(pkcs8_prefix)) == 0;
	if (good)
		memcpy(ret_seed, der + sizeof(pkcs8_prefix), SEED);
	pki_wipe(der, sizeof(der));
	return good;
}

enum cs_code
pki_ed25519_load(const char *path, struct pki_ed25519 **ret_key, struct cs_err *err)
{
	uint8_t file[1024], seed[SEED];
	size_t len;

	enum cs_code code = pki_file_read(path, true, file, sizeof(file), &len, err);
	if (code != CS_OK)
		return code;
	bool good = seed_of(cs_span_of(file, len), seed);
	if (good)
		*ret_key = from_seed(seed);
	pki_wipe(file, sizeof(file));
	pki_wipe(seed, sizeof(seed));
	return good ? CS_OK
		    : cs_fail(err, CS_MALFORMED, "%s is not an Ed25519 key (PKCS#8, PEM)", path);
}

enum cs_code
pki_ed25519_generate(const char *path, struct cs_err *err)
{
	uint8_t der[PKCS8];
	char pem[PEM_LEN + 1];

	memcpy(der, pkcs8_prefix, sizeof(pkcs8_prefix));
	cs_random(der + sizeof(pkcs8_prefix), SEED);
	memcpy(pem, BEGIN, sizeof(BEGIN));
	EVP_EncodeBlock((unsigned char *)pem + sizeof(BEGIN) - 1, der, sizeof(der));
	memcpy(pem + sizeof(BEGIN) - 1 + BASE64, END, sizeof(END));
	enum cs_code code = pki_file_write_new(path, pem, PEM_LEN, err);
	pki_wipe(der, sizeof(der));
	pki_wipe(pem, sizeof(pem));
	return code;
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
