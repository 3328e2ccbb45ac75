/* SPDX-License-Identifier: Apache-2.0 */
/* spki.c: the form of public keys (SBR 7.1.3.1) and their way into OpenSSL. */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <stdio.h>
#include <string.h>

#include "pki/cert.h"
#include "pki/der.h"
#include "pki/evp.h"
#include "pki/hash.h"

#define SPKI_MAX 1024 /* octets; RSA 4096 takes 550.  The gate before any big number is touched. */

static const struct {
	const char *name;
	enum pki_key_kind kind;
	uint32_t bits;   /* 0: of the modulus */
	size_t key_len;  /* of the BIT STRING's octets; 0: a structure */
	const char *der; /* the AlgorithmIdentifier, octet for octet */
	size_t der_len;
} algorithms[] = {
#define ROW(name, kind, bits, len, der)                     \
	{                                                   \
		name, kind, bits, len, der, sizeof(der) - 1 \
	}
	ROW("RSA", PKI_KEY_RSA, 0, 0,
	    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"),
	ROW("P-256", PKI_KEY_EC, 256, 65,
	    "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"),
	ROW("P-384", PKI_KEY_EC, 384, 97,
	    "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22"),
	ROW("P-521", PKI_KEY_EC, 521, 133,
	    "\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23"),
	ROW("Ed25519", PKI_KEY_ED25519, 256, 32, "\x30\x05\x06\x03\x2b\x65\x70"),
	ROW("Ed448", PKI_KEY_ED448, 448, 57, "\x30\x05\x06\x03\x2b\x65\x71"),
#undef ROW
};
#define N_ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

static bool
refuse(struct cs_refusal *ret_why, const char *code, const char *text)
{
	return cs_refuse(ret_why,
	    (struct cs_refusal){ .code = code,
		.field = "csr",
		.clause = "SBR 7.1.3.1, 6.1.5",
		.text = text,
		.mend = "make a new key: RSA 2048, 3072 or 4096, or EC P-256, P-384 or P-521" });
}

/* No row matched: say which part is wrong. */
static bool
refuse_algorithm(struct cs_span algorithm, struct cs_refusal *ret_why)
{
	struct cs_span body, oid;

	if (!pki_der_take(&algorithm, PKI_SEQUENCE, &body) || !pki_der_take(&body, PKI_OID, &oid))
		return refuse(ret_why, "DER", "the public key's algorithm is not DER");
	if (pki_der_oid_is(oid, "1.2.840.10045.2.1"))
		return refuse(ret_why, "CURVE",
		    "the EC key is on another curve, or spells its parameters out");
	if (pki_der_oid_is(oid, "1.2.840.113549.1.1.1") || pki_der_oid_is(oid, "1.3.101.112") ||
	    pki_der_oid_is(oid, "1.3.101.113"))
		return refuse(
		    ret_why, "SPKI", "the public key's algorithm has the wrong parameters");
	return refuse(ret_why, "KEYALG", "keys of this algorithm are not certified");
}

static uint32_t
bit_length(struct cs_span number)
{
	uint32_t bits = (uint32_t)number.len * 8;

	for (uint8_t mask = 0x80; number.len > 0 && mask > number.data[0]; mask >>= 1)
		bits--;
	return bits;
}

static bool
read_rsa(struct cs_span octets, struct pki_key *key, struct cs_refusal *ret_why)
{
	struct cs_span body, modulus, exponent;
	uint32_t e;

	if (!pki_der_take(&octets, PKI_SEQUENCE, &body) || octets.len > 0 ||
	    !pki_der_take(&body, PKI_INTEGER, &modulus) ||
	    !pki_der_take(&body, PKI_INTEGER, &exponent) || body.len > 0 ||
	    !pki_der_unsigned(modulus, &key->modulus))
		return refuse(ret_why, "DER", "the RSA key is not two positive numbers in DER");
	key->bits = bit_length(key->modulus);
	if (key->bits != 2048 && key->bits != 3072 && key->bits != 4096)
		return refuse(
		    ret_why, "KEYSIZE", "the RSA key has none of 2048, 3072 and 4096 bits");
	if (!pki_der_uint32(exponent, &e) || e != 65537)
		return refuse(ret_why, "EXPONENT", "the RSA key's exponent is not 65537");
	return true;
}

static bool
read_key(size_t row, struct cs_span octets, struct pki_key *key, struct cs_refusal *ret_why)
{
	if (algorithms[row].kind == PKI_KEY_RSA)
		return read_rsa(octets, key, ret_why);
	if (octets.len != algorithms[row].key_len ||
	    (algorithms[row].kind == PKI_KEY_EC && octets.data[0] != 0x04))
		return refuse(
		    ret_why, "POINT", "the key is not one uncompressed point of its curve");
	key->point = octets;
	return true;
}

bool
pki_spki_read(struct cs_span spki, struct pki_key *ret_key, struct cs_refusal *ret_why)
{
	struct cs_span in = spki, body, algorithm, bits, octets;

	if (spki.len > SPKI_MAX)
		return refuse(
		    ret_why, "KEYSIZE", "the public key is larger than any that is certified");
	if (!pki_der_take(&in, PKI_SEQUENCE, &body) || in.len > 0 ||
	    !pki_der_take_whole(&body, PKI_SEQUENCE, &algorithm) ||
	    !pki_der_take(&body, PKI_BIT_STRING, &bits) || body.len > 0 ||
	    !pki_der_octet_bits(bits, &octets))
		return refuse(ret_why, "DER", "the public key is not DER");
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		if (!cs_span_equal(algorithm, cs_span_of(algorithms[i].der, algorithms[i].der_len)))
			continue;
		struct pki_key key = {
			.kind = algorithms[i].kind, .bits = algorithms[i].bits, .spki = spki
		};
		if (!read_key(i, octets, &key, ret_why))
			return false;
		pki_sha256(spki, key.spki_sha256);
		*ret_key = key;
		return true;
	}
	return refuse_algorithm(algorithm, ret_why);
}

/* RFC 5280 4.1: version (none in version 1), serial, algorithm, issuer, validity, subject, and there it is. */
bool
pki_cert_key(struct cs_span der, struct cs_span *ret_spki)
{
	struct cs_span cert, tbs, part;

	if (!pki_der_take(&der, PKI_SEQUENCE, &cert) || der.len > 0 ||
	    !pki_der_take(&cert, PKI_SEQUENCE, &tbs))
		return false;
	(void)!pki_der_take(&tbs, PKI_CONTEXT_CONSTRUCTED(0), &part);
	if (!pki_der_take(&tbs, PKI_INTEGER, &part))
		return false;
	for (size_t i = 0; i < 4; i++)
		if (!pki_der_take(&tbs, PKI_SEQUENCE, &part))
			return false;
	return pki_der_take_whole(&tbs, PKI_SEQUENCE, ret_spki);
}

const char *
pki_key_name(const struct pki_key *key)
{
	static const char *const rsa[] = { "RSA 2048", "RSA 3072", "RSA 4096" };

	if (key->kind == PKI_KEY_RSA)
		return rsa[key->bits / 1024 - 2];
	for (size_t i = 0; i < N_ALGORITHMS; i++)
		if (algorithms[i].kind == key->kind && algorithms[i].bits == key->bits)
			return algorithms[i].name;
	return "unknown";
}

void
pki_key_id(struct cs_span spki, uint8_t ret_id[static 20])
{
	struct cs_span body = { NULL, 0 }, algorithm, bits, octets;
	uint8_t digest[PKI_SHA256];

	cs_assert(pki_der_take(&spki, PKI_SEQUENCE, &body) &&
		  pki_der_take(&body, PKI_SEQUENCE, &algorithm) &&
		  pki_der_take(&body, PKI_BIT_STRING, &bits) && pki_der_octet_bits(bits, &octets));
	pki_sha256(octets, digest);
	memcpy(ret_id, digest, 20);
}

static EVP_PKEY *
from_params(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *pkey = NULL;

	cs_assert(ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
	if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

EVP_PKEY *
pki_rsa_import(struct cs_span modulus, uint32_t exponent)
{
	uint8_t native[PKI_MODULUS_MAX]; /* OpenSSL wants little-endian numbers here */
	unsigned int e = exponent;

	cs_assert(modulus.len <= sizeof(native));
	for (size_t i = 0; i < modulus.len; i++)
		native[i] = modulus.data[modulus.len - 1 - i];
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, native, modulus.len),
		OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &e),
		OSSL_PARAM_construct_end(),
	};

	return from_params("RSA", params);
}

static EVP_PKEY *
import_ec(const struct pki_key *key)
{
	char group[16];
	uint8_t point[133];

	(void)snprintf(group, sizeof(group), "%s",
	    key->bits == 256   ? "prime256v1"
	    : key->bits == 384 ? "secp384r1"
			       : "secp521r1");
	memcpy(point, key->point.data, key->point.len);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, key->point.len),
		OSSL_PARAM_construct_end(),
	};

	return from_params("EC", params);
}

EVP_PKEY *
pki_key_import(const struct pki_key *key)
{
	if (key->kind == PKI_KEY_RSA)
		return pki_rsa_import(key->modulus, 65537);
	if (key->kind == PKI_KEY_EC)
		return import_ec(key);
	return EVP_PKEY_new_raw_public_key(
	    key->kind == PKI_KEY_ED25519 ? EVP_PKEY_ED25519 : EVP_PKEY_ED448, NULL, key->point.data,
	    key->point.len);
}

bool
pki_key_kind_of(struct cs_span spki, enum pki_key_kind *ret_kind)
{
	struct pki_key key;
	struct cs_refusal why;

	if (!pki_spki_read(spki, &key, &why))
		return false;
	*ret_kind = key.kind;
	return true;
}
