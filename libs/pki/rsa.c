/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/rsa.h"

#include "pki/der.h"
#include "pki/evp.h"

#define DER_MAX 1024 /* octets; RSA 4096 takes 550 */

/* The RSAPublicKey inside a SubjectPublicKeyInfo; false: it is none, or of another algorithm. */
static bool
unwrap(struct cs_span body, struct cs_span *ret_octets)
{
	static const uint8_t rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
		0x01, 0x01, 0x01, 0x05, 0x00 };
	struct cs_span algorithm, bits;

	return pki_der_take_whole(&body, PKI_SEQUENCE, &algorithm) &&
	       cs_span_equal(algorithm, cs_span_of(rsa, sizeof(rsa))) &&
	       pki_der_take(&body, PKI_BIT_STRING, &bits) && body.len == 0 &&
	       pki_der_octet_bits(bits, ret_octets);
}

static uint32_t
bit_length(struct cs_span number)
{
	uint32_t bits = (uint32_t)number.len * 8;

	for (uint8_t mask = 0x80; number.len > 0 && mask > number.data[0]; mask >>= 1)
		bits--;
	return bits;
}

bool
pki_rsa_read(struct cs_span der, struct pki_rsa *ret_key)
{
	struct cs_span body, modulus, exponent;
	struct pki_rsa key;

	if (der.len > DER_MAX || !pki_der_take(&der, PKI_SEQUENCE, &body) || der.len > 0)
		return false;
	if (pki_der_is(body, PKI_SEQUENCE) &&
	    (!unwrap(body, &der) || !pki_der_take(&der, PKI_SEQUENCE, &body) || der.len > 0))
		return false;
	if (!pki_der_take(&body, PKI_INTEGER, &modulus) ||
	    !pki_der_take(&body, PKI_INTEGER, &exponent) || body.len > 0 ||
	    !pki_der_unsigned(modulus, &key.modulus) || !pki_der_uint32(exponent, &key.exponent))
		return false;
	key.bits = bit_length(key.modulus);
	if (key.bits < PKI_RSA_BITS_MIN || key.bits > PKI_RSA_BITS_MAX ||
	    key.modulus.data[key.modulus.len - 1] % 2 == 0)
		return false;
	if (key.exponent < 3 || key.exponent % 2 == 0)
		return false;
	*ret_key = key;
	return true;
}

bool
pki_rsa_verify_sha256(const struct pki_rsa *key, struct cs_span data, struct cs_span signature)
{
	if (signature.len != key->modulus.len)
		return false;
	CS_AUTO(pki_pkey_free) EVP_PKEY *pkey = pki_rsa_import(key->modulus, key->exponent);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	cs_assert(ctx != NULL);
	/* The default padding of RSA keys is PKCS#1 v1.5. */
	bool good = pkey != NULL &&
		    EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, pkey, NULL) == 1 &&
		    EVP_DigestVerify(ctx, signature.data, signature.len, data.data, data.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

void
pki_load_verifiers(void)
{
	static const uint8_t modulus[PKI_RSA_BITS_MIN / 8] = { [0] = 0x80,
		[PKI_RSA_BITS_MIN / 8 - 1] = 1 };
	static const uint8_t zeros[sizeof(modulus)] = { 0 };
	const struct pki_rsa key = { { modulus, sizeof(modulus) }, 65537, PKI_RSA_BITS_MIN };

	(void)!pki_rsa_verify_sha256(&key, cs_span_str(""), cs_span_of(zeros, sizeof(zeros)));
}
