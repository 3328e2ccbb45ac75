/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rsa.h: signatures by RSA keys that others chose, as mail has them in DNS (RFC 6376, RFC 8301).  Not
 * for keys that we certify or trust: those are judged by keycheck.h.
 */
#ifndef PKI_RSA_H
#define PKI_RSA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define PKI_RSA_BITS_MIN 1024
#define PKI_RSA_BITS_MAX 4096

struct pki_rsa {
	struct cs_span modulus; /* big-endian, no leading zero; borrowed from the input */
	uint32_t exponent;
	uint32_t bits; /* of the modulus: PKI_RSA_BITS_MIN to PKI_RSA_BITS_MAX */
};

/*
 * A SubjectPublicKeyInfo with rsaEncryption, or a bare RSAPublicKey (RFC 6376 names the one and
 * everybody publishes the other), both strict DER.  Modulus odd, exponent odd and 3 to 2^32 - 1: gated
 * before any arithmetic with big numbers.
 */
CS_MUST_USE bool pki_rsa_read(struct cs_span der, struct pki_rsa *ret_key);

/* RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2) over `data`; as long as the modulus, or false. */
CS_MUST_USE bool
pki_rsa_verify_sha256(const struct pki_rsa *key, struct cs_span data, struct cs_span signature);

/*
 * Makes OpenSSL load what verifying by RSA needs, which it else does when it is first used: for processes that are
 * about to give up opening files.  Ed25519 is libsodium's, which loads nothing.
 */
void pki_load_verifiers(void);

#endif
