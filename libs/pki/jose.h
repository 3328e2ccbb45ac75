/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jose.h: public keys as JSON Web Keys give them, in bare numbers (RFC 7518 6.2, 6.3), and the signatures of JSON
 * Web Signatures (RFC 7518 3.3 to 3.5).  For keys that a server published for its own signatures; those that we
 * certify are judged by keycheck.h.  Sizes are gated before any arithmetic with big numbers.  No state, any
 * thread.
 *
 *   RSA   2048 to 8192 bits, an odd modulus; the exponent odd, 3 to 2^32 - 1 (RFC 7518 3.3, 3.5: 2048 or more)
 *   EC    P-256, P-384, P-521; a point of its curve (RFC 8725 3.4)
 *
 * A key has one digest: SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512 for P-521; so that these are RS256,
 * PS256 (whose salt has 32 octets), ES256, ES384 and ES512, and no other.
 */
#ifndef PKI_JOSE_H
#define PKI_JOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "pki/keycheck.h"

#define PKI_JOSE_RSA_BITS_MIN 2048
#define PKI_JOSE_RSA_BITS_MAX 8192
#define PKI_JOSE_POINT_MAX 133

struct pki_jose_key {
	enum pki_key_kind kind; /* PKI_KEY_RSA or PKI_KEY_EC */
	uint32_t bits;
	struct cs_span modulus; /* RSA: borrowed from the input */
	uint32_t exponent;
	uint8_t point[PKI_JOSE_POINT_MAX]; /* EC: 04 x y */
};

/* Big-endian, without a leading zero (RFC 7518 2, Base64urlUInt).  False: not such a key. */
CS_MUST_USE bool pki_jose_rsa(struct cs_span n, struct cs_span e, struct pki_jose_key *ret_key);
/* `bits`: 256, 384, 521.  Each as long as the field, with its zeros (RFC 7518 6.2.1.2).  False: not such a key. */
CS_MUST_USE bool
pki_jose_ec(uint32_t bits, struct cs_span x, struct cs_span y, struct pki_jose_key *ret_key);

enum pki_jose_scheme { PKI_JOSE_PKCS1, PKI_JOSE_PSS, PKI_JOSE_ECDSA };
/*
 * RSA: as long as the modulus (RFC 8017 8.1.2, 8.2.2).  ECDSA: r and s, each as long as the field (RFC 7518 3.4).
 * False also when the scheme is not the key's.
 */
CS_MUST_USE bool pki_jose_verify(struct cs_arena *arena, const struct pki_jose_key *key,
    enum pki_jose_scheme scheme, struct cs_span data, struct cs_span signature);

#endif
