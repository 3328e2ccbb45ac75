/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leak.c: whose private key was pasted?  Nothing of the text is kept: it is decoded on the stack, and
 * the stack is wiped.  OpenSSL's decoders read it, behind the size gate; a key that was sent to us
 * unencrypted is no secret any more, and its public half goes on the block list.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "pki/csr.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/hash.h"

#define DER_MAX (PKI_CSR_MAX / 4 * 3 + 3)
#define KEY_MAX 2600 /* octets; RSA 4096 in PKCS#8 takes 2,375 */

/* "-----BEGIN ... PRIVATE KEY-----" and what stands before the next "-----". */
static struct cs_span
body_of(struct cs_span text)
{
	static const char mark[] = "PRIVATE KEY-----", dashes[] = "-----";
	const uint8_t *begin = memmem(text.data, text.len, mark, sizeof(mark) - 1);

	if (begin == NULL)
		return cs_span_of(NULL, 0);
	begin += sizeof(mark) - 1;
	const size_t left = text.len - (size_t)(begin - text.data);
	const uint8_t *end = memmem(begin, left, dashes, sizeof(dashes) - 1);
	return end != NULL ? cs_span_of(begin, (size_t)(end - begin)) : cs_span_of(NULL, 0);
}

/* Base64 with white space among it; the number of octets, or 0. */
static size_t
decode(struct cs_span body, uint8_t *ret_der)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int len = 0, last = 0;

	cs_assert(ctx != NULL);
	EVP_DecodeInit(ctx);
	const bool good = EVP_DecodeUpdate(ctx, ret_der, &len, body.data, (int)body.len) >= 0 &&
			  EVP_DecodeFinal(ctx, ret_der + len, &last) == 1;
	EVP_ENCODE_CTX_free(ctx);
	return good ? (size_t)(len + last) : 0;
}

/* OpenSSL would compute with whatever field a spelled-out curve names, for as long as that takes. */
static bool
is_worth_reading(struct cs_span der)
{
	static const uint8_t field_types[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x01 }; /* X9.62 */

	return der.len <= KEY_MAX && pki_der_check(der, NULL, NULL) &&
	       memmem(der.data, der.len, field_types, sizeof(field_types)) == NULL;
}

static bool
digest_public_half(const uint8_t *der, size_t len, uint8_t ret_spki_sha256[static 32])
{
	const unsigned char *at = der;
	unsigned char *spki = NULL;

	if (!is_worth_reading(cs_span_of(der, len)))
		return false;
	EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &at, (long)len);
	const int spki_len = key != NULL ? i2d_PUBKEY(key, &spki) : -1;
	if (spki_len > 0)
		pki_sha256(cs_span_of(spki, (size_t)spki_len), ret_spki_sha256);
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return spki_len > 0;
}

bool
pki_csr_leaked_key(struct cs_span text, uint8_t ret_spki_sha256[static 32])
{
	uint8_t der[DER_MAX];

	if (text.len == 0 || text.len > PKI_CSR_MAX)
		return false;
	const struct cs_span body = body_of(text);
	if (body.len == 0)
		return digest_public_half(text.data, text.len, ret_spki_sha256);
	const size_t len = decode(body, der);
	const bool good = len > 0 && digest_public_half(der, len, ret_spki_sha256);
	pki_wipe(der, sizeof(der));
	return good;
}
