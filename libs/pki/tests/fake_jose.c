/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_jose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

struct jose_signer {
	char kind[8];
	int field; /* octets of a coordinate; 0: RSA */
	EVP_PKEY *pkey;
};

struct jose_signer *
jose_signer_new(const char *kind, unsigned bits)
{
	struct jose_signer *signer = calloc(1, sizeof(*signer));
	const bool rsa = strcmp(kind, "RSA") == 0;

	cs_assert(signer != NULL && strlen(kind) < sizeof(signer->kind));
	memcpy(signer->kind, kind, strlen(kind) + 1);
	signer->pkey = rsa ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits)
			   : EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	cs_assert(signer->pkey != NULL);
	signer->field = rsa ? 0 : (EVP_PKEY_get_bits(signer->pkey) + 7) / 8;
	return signer;
}

void
jose_signer_free(struct jose_signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->pkey);
	free(signer);
}

/* Padded to `len` octets; 0: as long as it is. */
static struct cs_span
number_of(struct cs_arena *arena, const struct jose_signer *signer, const char *name, int len)
{
	BIGNUM *number = NULL;

	cs_assert(EVP_PKEY_get_bn_param(signer->pkey, name, &number) == 1);
	const int size = len > 0 ? len : BN_num_bytes(number);
	uint8_t *octets = cs_arena_alloc(arena, (size_t)size);

	cs_assert(BN_bn2binpad(number, octets, size) == size);
	BN_free(number);
	return cs_span_of(octets, (size_t)size);
}

void
jose_numbers(struct cs_arena *arena, const struct jose_signer *signer, struct cs_span *ret_a,
    struct cs_span *ret_b)
{
	const bool rsa = signer->field == 0;

	*ret_a = number_of(
	    arena, signer, rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_EC_PUB_X, signer->field);
	*ret_b = number_of(
	    arena, signer, rsa ? OSSL_PKEY_PARAM_RSA_E : OSSL_PKEY_PARAM_EC_PUB_Y, signer->field);
}

const char *
jose_members(struct cs_arena *arena, const struct jose_signer *signer)
{
	struct cs_span a, b;

	jose_numbers(arena, signer, &a, &b);
	if (signer->field == 0)
		return cs_arena_printf(arena, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
		    cs_base64url(arena, a), cs_base64url(arena, b));
	return cs_arena_printf(arena, "\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"",
	    signer->kind, cs_base64url(arena, a), cs_base64url(arena, b));
}

static struct cs_span
side_by_side(struct cs_arena *arena, int field, const uint8_t *der, size_t len)
{
	ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)len);
	uint8_t *octets = cs_arena_alloc(arena, 2 * (size_t)field);

	cs_assert(both != NULL);
	cs_assert(BN_bn2binpad(ECDSA_SIG_get0_r(both), octets, field) == field);
	cs_assert(BN_bn2binpad(ECDSA_SIG_get0_s(both), octets + field, field) == field);
	ECDSA_SIG_free(both);
	return cs_span_of(octets, 2 * (size_t)field);
}

struct cs_span
jose_sign(struct cs_arena *arena, const struct jose_signer *signer, bool pss, const char *digest,
    struct cs_span data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t octets[1024];
	size_t len = sizeof(octets);

	cs_assert(ctx != NULL);
	cs_assert(EVP_DigestSignInit_ex(ctx, &pctx, digest, NULL, NULL, signer->pkey, NULL) == 1);
	if (pss)
		cs_assert(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
			  EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1);
	cs_assert(EVP_DigestSign(ctx, octets, &len, data.data, data.len) == 1);
	EVP_MD_CTX_free(ctx);
	return signer->field > 0 ? side_by_side(arena, signer->field, octets, len)
				 : cs_arena_copy(arena, octets, len);
}
