/* SPDX-License-Identifier: Apache-2.0 */
/* key.c: a service's private signing key. */
#include "base/text.h"
#include "claim/claim.h"
#include "claim/dsse.h"
#include "claim/trust.h"
#include "pki/ed25519.h"
#include "pki/hash.h"

struct claim_key {
	struct cs_arena *arena; /* holds this struct */
	struct pki_ed25519 *key;
	char id[CLAIM_KEYID_TEXT];
};

void
claim_keyid(const uint8_t public_key[static 32], char ret_keyid[static CLAIM_KEYID_TEXT])
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_of(public_key, 32), digest);
	cs_hex_encode(cs_span_of(digest, 16), ret_keyid);
}

enum cs_code
claim_key_load(const char *path, struct claim_key **ret, struct cs_err *err)
{
	uint8_t public_key[PKI_ED25519_PUBLIC];
	struct pki_ed25519 *loaded;

	enum cs_code code = pki_ed25519_load(path, &loaded, err);
	if (code != CS_OK)
		return code;
	struct cs_arena *arena = cs_arena_new();
	struct claim_key *key = CS_NEW(arena, struct claim_key);

	key->arena = arena;
	key->key = loaded;
	pki_ed25519_public(loaded, public_key);
	claim_keyid(public_key, key->id);
	*ret = key;
	return CS_OK;
}

void
claim_key_free(struct claim_key *key)
{
	if (key == NULL)
		return;
	pki_ed25519_free(key->key);
	cs_arena_free(key->arena);
}

const char *
claim_key_id(const struct claim_key *key)
{
	return key->id;
}

void
claim_key_public(const struct claim_key *key, uint8_t ret_public[static 32])
{
	pki_ed25519_public(key->key, ret_public);
}

void
claim_dsse_sign(struct cs_arena *arena, const struct claim_key *key, const char *type,
    struct cs_span payload, uint8_t ret_signature[static CLAIM_SIGNATURE])
{
	pki_ed25519_sign(key->key, claim_dsse_pae(arena, type, payload), ret_signature);
}
