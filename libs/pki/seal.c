/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/seal.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "pki/evp.h"
#include "pki/hash.h"
#include "pki/raw_key.h"

#define KEY PKI_RAW_KEY
#define NONCE 12
#define TAG 16

struct pki_seal_key {
	EVP_PKEY *key;
	uint8_t public_key[PKI_SEAL_PUBLIC];
};

/* ---- the key as a file ---- */

static EVP_PKEY *
private_of(const uint8_t octets[static KEY])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, octets, KEY);

	cs_assert(key != NULL);
	return key;
}

static void
public_of(const EVP_PKEY *key, uint8_t ret_public[static PKI_SEAL_PUBLIC])
{
	size_t len = PKI_SEAL_PUBLIC;

	cs_assert(EVP_PKEY_get_raw_public_key(key, ret_public, &len) == 1);
}

enum cs_code
pki_seal_key_load(const char *path, struct pki_seal_key **ret_key, struct cs_err *err)
{
	uint8_t octets[KEY];

	enum cs_code code = pki_raw_key_load(path, PKI_RAW_X25519, octets, err);
	if (code == CS_OK) {
		struct pki_seal_key *key = calloc(1, sizeof(*key));

		cs_assert(key != NULL);
		key->key = private_of(octets);
		public_of(key->key, key->public_key);
		*ret_key = key;
	}
	pki_wipe(octets, sizeof(octets));
	return code;
}

enum cs_code
pki_seal_key_generate(const char *path, struct cs_err *err)
{
	return pki_raw_key_generate(path, PKI_RAW_X25519, err);
}

void
pki_seal_key_free(struct pki_seal_key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->key);
	free(key);
}

void
pki_seal_key_public(const struct pki_seal_key *key, uint8_t ret_public[static 32])
{
	memcpy(ret_public, key->public_key, PKI_SEAL_PUBLIC);
}

/* ---- RFC 9180: labels and key schedule ---- */

/* 4.1, 5.1: DHKEM(X25519, HKDF-SHA256), and the whole suite with HKDF-SHA256 and ChaCha20-Poly1305. */
static const uint8_t kem_suite[] = { 'K', 'E', 'M', 0x00, 0x20 };
static const uint8_t suite[] = { 'H', 'P', 'K', 'E', 0x00, 0x20, 0x00, 0x01, 0x00, 0x03 };

#define VERSION "HPKE-v1"
#define MOST 512 /* octets of the longest input: info and all labels */

struct input {
	uint8_t octets[MOST];
	size_t len;
};

static void
add(struct input *input, const void *octets, size_t len)
{
	cs_assert(len <= sizeof(input->octets) - input->len);
	if (len > 0)
		memcpy(input->octets + input->len, octets, len);
	input->len += len;
}

static void
add_label(struct input *input, struct cs_span suite_id, const char *label)
{
	add(input, VERSION, sizeof(VERSION) - 1);
	add(input, suite_id.data, suite_id.len);
	add(input, label, strlen(label));
}

/* LabeledExtract of section 4; the salt is an HMAC key, so that none and an empty one are the same. */
static void
extract(struct cs_span suite_id, struct cs_span salt, const char *label, struct cs_span ikm,
    uint8_t ret[static PKI_SHA256])
{
	struct input input = { .len = 0 };

	add_label(&input, suite_id, label);
	add(&input, ikm.data, ikm.len);
	pki_hmac_sha256(salt, cs_span_of(input.octets, input.len), ret);
	pki_wipe(&input, sizeof(input));
}

/* LabeledExpand for up to one block of SHA-256: T(1) of RFC 5869 2.3, cut to `len`. */
static void
expand(struct cs_span suite_id, const uint8_t prk[static PKI_SHA256], const char *label,
    struct cs_span info, uint8_t *ret, size_t len)
{
	struct input input = { .len = 0 };
	uint8_t block[PKI_SHA256];

	cs_assert(len <= sizeof(block));
	add(&input, (uint8_t[]){ 0, (uint8_t)len }, 2);
	add_label(&input, suite_id, label);
	add(&input, info.data, info.len);
	add(&input, (uint8_t[]){ 1 }, 1);
	pki_hmac_sha256(cs_span_of(prk, PKI_SHA256), cs_span_of(input.octets, input.len), block);
	memcpy(ret, block, len);
	pki_wipe(block, sizeof(block));
}

/* X25519; false: the other's key is of small order (RFC 7748 6.1). */
static bool
agree(EVP_PKEY *key, const uint8_t other[static 32], uint8_t ret[static KEY])
{
	CS_AUTO(pki_pkey_free)
	EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, other, 32);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = KEY;

	cs_assert(ctx != NULL && peer != NULL);
	bool good = EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
		    EVP_PKEY_derive(ctx, ret, &len) == 1 && len == KEY;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

struct schedule {
	uint8_t key[KEY], nonce[NONCE];
};

/* KeySchedule of section 5.1 in mode_base, after ExtractAndExpand of 4.1. */
static void
schedule_make(const uint8_t dh[static KEY], const uint8_t enc[static 32],
    const uint8_t recipient[static 32], struct cs_span info, struct schedule *ret)
{
	const struct cs_span none = { NULL, 0 }, kem = cs_span_of(kem_suite, sizeof(kem_suite)),
			     all = cs_span_of(suite, sizeof(suite));
	uint8_t keys[64], prk[PKI_SHA256], shared[PKI_SHA256], context[1 + 2 * PKI_SHA256] = { 0 };

	memcpy(keys, enc, 32);
	memcpy(keys + 32, recipient, 32);
	extract(kem, none, "eae_prk", cs_span_of(dh, KEY), prk);
	expand(kem, prk, "shared_secret", cs_span_of(keys, sizeof(keys)), shared, sizeof(shared));
	extract(all, none, "psk_id_hash", none, context + 1);
	extract(all, none, "info_hash", info, context + 1 + PKI_SHA256);
	extract(all, cs_span_of(shared, sizeof(shared)), "secret", none, prk);
	expand(all, prk, "key", cs_span_of(context, sizeof(context)), ret->key, KEY);
	expand(all, prk, "base_nonce", cs_span_of(context, sizeof(context)), ret->nonce, NONCE);
	pki_wipe(prk, sizeof(prk));
	pki_wipe(shared, sizeof(shared));
}

/* ---- one message ---- */

static void
free_cipher(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static EVP_CIPHER_CTX *
cipher_of(const struct schedule *schedule, struct cs_span aad, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int len;

	cs_assert(ctx != NULL && aad.len <= INT32_MAX);
	cs_assert(EVP_CipherInit_ex(ctx, EVP_chacha20_poly1305(), NULL, schedule->key,
		      schedule->nonce, encrypt) == 1);
	cs_assert(aad.len == 0 || EVP_CipherUpdate(ctx, NULL, &len, aad.data, (int)aad.len) == 1);
	return ctx;
}

static void
encrypt_into(
    const struct schedule *schedule, struct cs_span aad, struct cs_span plain, uint8_t *out)
{
	CS_AUTO(free_cipher) EVP_CIPHER_CTX *ctx = cipher_of(schedule, aad, 1);
	int len = 0;

	cs_assert(plain.len <= INT32_MAX);
	cs_assert(
	    plain.len == 0 || EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len) == 1);
	cs_assert(EVP_EncryptFinal_ex(ctx, out + len, &len) == 1 && len == 0);
	cs_assert(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, out + plain.len) == 1);
}

/* Octets that are not genuine are written nowhere that the caller looks: it is told false. */
static bool
decrypt_into(
    const struct schedule *schedule, struct cs_span aad, struct cs_span cipher, uint8_t *out)
{
	CS_AUTO(free_cipher) EVP_CIPHER_CTX *ctx = cipher_of(schedule, aad, 0);
	uint8_t tag[TAG];
	const size_t len = cipher.len - TAG;
	int done = 0;

	if (len > INT32_MAX)
		return false;
	memcpy(tag, cipher.data + len, TAG);
	bool good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
		    (len == 0 || EVP_DecryptUpdate(ctx, out, &done, cipher.data, (int)len) == 1) &&
		    EVP_DecryptFinal_ex(ctx, out + done, &done) == 1;
	if (!good)
		pki_wipe(out, len);
	ERR_clear_error();
	return good;
}

bool
pki_seal(struct cs_arena *arena, const uint8_t public_key[static 32],
    const uint8_t random[static 32], const struct pki_seal_bound *bound, struct cs_span plain,
    struct cs_span *ret_sealed)
{
	CS_AUTO(pki_pkey_free) EVP_PKEY *sender = private_of(random);
	uint8_t *out = cs_arena_alloc(arena, plain.len + PKI_SEAL_OVER), dh[KEY];
	struct schedule schedule;

	if (!agree(sender, public_key, dh))
		return false;
	public_of(sender, out);
	schedule_make(dh, out, public_key, bound->info, &schedule);
	encrypt_into(&schedule, bound->aad, plain, out + PKI_SEAL_PUBLIC);
	pki_wipe(dh, sizeof(dh));
	pki_wipe(&schedule, sizeof(schedule));
	*ret_sealed = cs_span_of(out, plain.len + PKI_SEAL_OVER);
	return true;
}

bool
pki_unseal(const struct pki_seal_key *key, const struct pki_seal_bound *bound,
    struct cs_span sealed, uint8_t *ret_plain, size_t *ret_len)
{
	struct schedule schedule;
	uint8_t dh[KEY];

	if (sealed.len < PKI_SEAL_OVER || !agree(key->key, sealed.data, dh))
		return false;
	schedule_make(dh, sealed.data, key->public_key, bound->info, &schedule);
	bool good = decrypt_into(&schedule, bound->aad,
	    cs_span_of(sealed.data + PKI_SEAL_PUBLIC, sealed.len - PKI_SEAL_PUBLIC), ret_plain);
	pki_wipe(dh, sizeof(dh));
	pki_wipe(&schedule, sizeof(schedule));
	if (good)
		*ret_len = sealed.len - PKI_SEAL_OVER;
	return good;
}
