/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keycheck.h: may this public key be certified?  (SBR 6.1.1.3, 6.1.5, 6.1.6, 7.1.3.1.)  Hostile
 * input: sizes are gated before any arithmetic with big numbers.
 */
#ifndef PKI_KEYCHECK_H
#define PKI_KEYCHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

enum pki_key_kind { PKI_KEY_RSA, PKI_KEY_EC, PKI_KEY_ED25519, PKI_KEY_ED448 };

struct pki_key {
	enum pki_key_kind kind;
	uint32_t bits;        /* 2048, 3072, 4096; 256, 384, 521; 256 for Ed25519, 448 for Ed448 */
	struct cs_span spki;  /* SubjectPublicKeyInfo, DER; borrowed from the input */
	struct cs_span point; /* EC: 04 x y.  Ed25519, Ed448: 32, 57 octets.  RSA: empty */
	struct cs_span modulus;  /* RSA: big-endian, no leading zero.  Others: empty */
	uint8_t spki_sha256[32]; /* what block lists and evidence know a key by */
};

#define PKI_ALLOW_EDDSA 1u /* Ed25519 and Ed448: signing alone, where a profile takes them */

/*
 * Judges a SubjectPublicKeyInfo: AlgorithmIdentifier octet for octet, sizes, exponent, small
 * factors, close primes, ROCA, point on its curve.  Codes: DER, SPKI, KEYALG, CURVE, POINT, KEYSIZE,
 * EXPONENT, WEAKKEY.
 */
CS_MUST_USE bool pki_key_judge(
    struct cs_span spki, unsigned flags, struct pki_key *ret_key, struct cs_refusal *ret_why);

/* What kind of key a SubjectPublicKeyInfo claims to hold: its form alone.  False: none of ours. */
CS_MUST_USE bool pki_key_kind_of(struct cs_span spki, enum pki_key_kind *ret_kind);
const char *pki_key_name(const struct pki_key *key); /* "RSA 2048", "P-256", "Ed448" */

/* RFC 7093 2 (1): the first 160 bits of the SHA-256 of the key's BIT STRING.  Asserts a good SPKI. */
void pki_key_id(struct cs_span spki, uint8_t ret_id[static 20]);

/* The single tests, for numbers of any size; big-endian octets. */
bool pki_weak_roca(struct cs_span modulus);
bool pki_weak_close_primes(struct cs_span modulus, int rounds);
bool pki_weak_small_factor(struct cs_span modulus); /* some prime up to 751 divides it */

/*
 * Keys known to be bad (CVE-2008-0166 and whatever else was published): a sorted file of digests; weak_list.c
 * says how.  Read only, any thread.  CS_NOT_FOUND, CS_MALFORMED.
 */
struct pki_weak_list;
CS_MUST_USE enum cs_code
pki_weak_list_load(const char *path, struct pki_weak_list **ret_list, struct cs_err *err);
void pki_weak_list_free(struct pki_weak_list *list); /* takes NULL */
bool pki_weak_list_has(const struct pki_weak_list *list, const struct pki_key *key);
const char *pki_weak_list_version(const struct pki_weak_list *list);

/* A key as lists publish it. */
#define PKI_WEAK_DIGEST 10
struct pki_weak_key {
	bool
	    of_modulus; /* the last ten octets of the SHA-1 of "Modulus=", its digits and a line feed */
	uint8_t digest[PKI_WEAK_DIGEST]; /* else the first ten of the SHA-256 of the SPKI */
};
/* Sorts `keys` and writes each once; *ret_n: how many.  `version` is a line of up to 80 octets. */
CS_MUST_USE enum cs_code pki_weak_list_write(const char *path, const char *version,
    struct pki_weak_key *keys, size_t n, size_t *ret_n, struct cs_err *err);

#endif
