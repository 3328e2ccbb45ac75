/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/ed25519.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "pki/hash.h"
#include "pki/raw_key.h"

/*
 * libsodium signs and verifies in half the time of OpenSSL 3.0, and each event is signed once and verified by
 * everybody who hears it.  It refuses points of small order and keys and signatures that are not canonical.
 * Verifying draws nothing and chooses nothing at run time: processes without a key need no sodium_init() for it.
 */
struct pki_ed25519 {
	uint8_t secret[crypto_sign_SECRETKEYBYTES]; /* the seed, and the public key */
	uint8_t public_key[PKI_ED25519_PUBLIC];
};

#define SEED PKI_RAW_KEY

_Static_assert(SEED == crypto_sign_SEEDBYTES, "RFC 8032 5.1.5");
_Static_assert(PKI_ED25519_PUBLIC == crypto_sign_PUBLICKEYBYTES, "RFC 8032 5.1.5");
_Static_assert(PKI_ED25519_SIGNATURE == crypto_sign_BYTES, "RFC 8032 5.1.6");

static struct pki_ed25519 *
from_seed(const uint8_t seed[static SEED])
{
	struct pki_ed25519 *key = calloc(1, sizeof(*key));

	cs_assert(key != NULL && sodium_init() >= 0);
	cs_assert(crypto_sign_seed_keypair(key->public_key, key->secret, seed) == 0);
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
	pki_wipe(key->secret, sizeof(key->secret));
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
	cs_assert(crypto_sign_detached(ret_signature, NULL, data.data, data.len, key->secret) == 0);
}

bool
pki_ed25519_verify(
    const uint8_t public_key[static 32], struct cs_span data, const uint8_t signature[static 64])
{
	return crypto_sign_verify_detached(signature, data.data, data.len, public_key) == 0;
}
