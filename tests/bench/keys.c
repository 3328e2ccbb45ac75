/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys.c: a request for a P-256 key is always the same octets but for its point and its signature, and is written
 * so: OpenSSL's own encoders take several times as long as the key and the signature together.
 */
#include "keys.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINT 65
#define SIGNATURE_MAX 72

/* SEQUENCE { version 0, no subject, { { ecPublicKey, prime256v1 }, BIT STRING of the point }, [0] } */
static const unsigned char before_point[] = { 0x30, 0x62, 0x02, 0x01, 0x00, 0x30, 0x00, 0x30, 0x59,
	0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
	0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
static const unsigned char after_point[] = { 0xa0, 0x00 };
/* SEQUENCE { ecdsa-with-SHA256 } */
static const unsigned char algorithm[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
	0x04, 0x03, 0x02 };

#define INFO (sizeof(before_point) + POINT + sizeof(after_point))
#define WHOLE_MAX (3 + INFO + sizeof(algorithm) + 3 + SIGNATURE_MAX)

static unsigned char *
add(unsigned char *at, const void *octets, size_t n)
{
	memcpy(at, octets, n);
	return at + n;
}

static size_t
write_request(EVP_PKEY *key, unsigned char out[static WHOLE_MAX])
{
	unsigned char point[POINT], info[INFO], signature[SIGNATURE_MAX], *at;
	size_t n_point = 0, n_signature = sizeof(signature), content;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL ||
	    !EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n_point) ||
	    n_point != POINT)
		abort();
	at = add(info, before_point, sizeof(before_point));
	at = add(at, point, sizeof(point));
	(void)add(at, after_point, sizeof(after_point));
	if (!EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) ||
	    !EVP_DigestSign(ctx, signature, &n_signature, info, sizeof(info)))
		abort();
	EVP_MD_CTX_free(ctx);
	content = sizeof(info) + sizeof(algorithm) + 3 + n_signature; /* 128 to 255 */
	at = add(out, (const unsigned char[]){ 0x30, 0x81, (unsigned char)content }, 3);
	at = add(at, info, sizeof(info));
	at = add(at, algorithm, sizeof(algorithm));
	at = add(at, (const unsigned char[]){ 0x03, (unsigned char)(n_signature + 1), 0x00 }, 3);
	at = add(at, signature, n_signature);
	return (size_t)(at - out);
}

static char *
write_pem(const unsigned char *der, size_t len)
{
	unsigned char base64[4 * (WHOLE_MAX / 3 + 1) + 1];
	char *text = NULL, lines[sizeof(base64) + sizeof(base64) / 64 + 1], *at = lines;
	int n = EVP_EncodeBlock(base64, der, (int)len);

	for (int i = 0; i < n; i += 64)
		at += sprintf(at, "%.64s\n", (const char *)base64 + i);
	if (asprintf(&text,
		"-----BEGIN CERTIFICATE REQUEST-----\n%s-----END CERTIFICATE REQUEST-----\n",
		lines) < 0)
		abort();
	return text;
}

char **
keys_make(size_t n)
{
	char **all = calloc(n, sizeof(*all));
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

	if (all == NULL || ctx == NULL || EVP_PKEY_keygen_init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1) <= 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		unsigned char der[WHOLE_MAX];
		EVP_PKEY *key = NULL;

		if (EVP_PKEY_generate(ctx, &key) <= 0)
			abort();
		all[i] = write_pem(der, write_request(key, der));
		EVP_PKEY_free(key);
	}
	EVP_PKEY_CTX_free(ctx);
	return all;
}
