/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The low-level SHA256_* functions are deprecated in OpenSSL 3.0 and right here: they fetch nothing,
 * take no lock and need no context that somebody must keep.  The EVP calls cost more than the hash.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "pki/hash.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <string.h>

static void
add_parts(SHA256_CTX *ctx, const struct cs_span *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		SHA256_Update(ctx, parts[i].data, parts[i].len);
}

void
pki_sha256_parts(const struct cs_span *parts, size_t n, uint8_t ret_digest[static PKI_SHA256])
{
	SHA256_CTX ctx;

	SHA256_Init(&ctx);
	add_parts(&ctx, parts, n);
	SHA256_Final(ret_digest, &ctx);
}

void
pki_sha256(struct cs_span data, uint8_t ret_digest[static PKI_SHA256])
{
	pki_sha256_parts(&data, 1, ret_digest);
}

void
pki_merkle_leaf(struct cs_span leaf, uint8_t ret_hash[static PKI_SHA256])
{
	static const uint8_t is_leaf[1] = { 0x00 };

	pki_sha256_parts((struct cs_span[]){ { is_leaf, sizeof(is_leaf) }, leaf }, 2, ret_hash);
}

void
pki_merkle_node(const uint8_t left[static PKI_SHA256], const uint8_t right[static PKI_SHA256],
    uint8_t ret_hash[static PKI_SHA256])
{
	static const uint8_t is_node[1] = { 0x01 };

	pki_sha256_parts((struct cs_span[]){ { is_node, sizeof(is_node) }, { left, PKI_SHA256 },
			     { right, PKI_SHA256 } },
	    3, ret_hash);
}

/* RFC 2104. */
void
pki_hmac_sha256_parts(
    struct cs_span key, const struct cs_span *parts, size_t n, uint8_t ret_mac[static PKI_SHA256])
{
	uint8_t inner[SHA256_CBLOCK] = { 0 }, outer[SHA256_CBLOCK], digest[PKI_SHA256];
	SHA256_CTX ctx;

	if (key.len > sizeof(inner))
		pki_sha256(key, inner);
	else if (key.len > 0)
		memcpy(inner, key.data, key.len);
	for (size_t i = 0; i < sizeof(inner); i++) {
		outer[i] = inner[i] ^ 0x5c;
		inner[i] ^= 0x36;
	}
	SHA256_Init(&ctx);
	SHA256_Update(&ctx, inner, sizeof(inner));
	add_parts(&ctx, parts, n);
	SHA256_Final(digest, &ctx);
	pki_sha256_parts(
	    (struct cs_span[]){ { outer, sizeof(outer) }, { digest, sizeof(digest) } }, 2, ret_mac);
	pki_wipe(inner, sizeof(inner));
	pki_wipe(outer, sizeof(outer));
	pki_wipe(digest, sizeof(digest));
}

void
pki_hmac_sha256(struct cs_span key, struct cs_span data, uint8_t ret_mac[static PKI_SHA256])
{
	pki_hmac_sha256_parts(key, &data, 1, ret_mac);
}

void
pki_wipe(void *secret, size_t len)
{
	OPENSSL_cleanse(secret, len);
}
