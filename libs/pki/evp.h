/* SPDX-License-Identifier: Apache-2.0 */
/* evp.h: keys as OpenSSL objects.  Inside pki only. */
#ifndef PKI_EVP_H
#define PKI_EVP_H

#include <openssl/evp.h>

#include "pki/keycheck.h"

/*
 * The form of a SubjectPublicKeyInfo: octet-exact AlgorithmIdentifier, sizes, no key checks.
 * False: *ret_why.
 */
CS_MUST_USE bool
pki_spki_read(struct cs_span spki, struct pki_key *ret_key, struct cs_refusal *ret_why);

/* A public key from its numbers, without OpenSSL's decoders; NULL: not a point of its curve. */
EVP_PKEY *pki_key_import(const struct pki_key *key);

#define PKI_MODULUS_MAX 1024 /* octets */
/* The same of an RSA key; the modulus has at most PKI_MODULUS_MAX octets. */
EVP_PKEY *pki_rsa_import(struct cs_span modulus, uint32_t exponent);

/* Is it a point of its curve, spelled as it must be, and not of small order?  Edwards curves only. */
bool pki_edwards_is_key(enum pki_key_kind kind, struct cs_span point);

/* A public key that signatures are verified with: one of the two. */
struct pki_public {
	enum pki_key_kind kind;
	EC_KEY *ec;     /* PKI_KEY_EC */
	EVP_PKEY *pkey; /* all others */
};

/* False: not a point of its curve. */
CS_MUST_USE bool pki_public_import(const struct pki_key *key, struct pki_public *ret_public);
void pki_public_free(struct pki_public *public_key); /* for CS_AUTO; takes one that is all zero */

/* pki_key_judge, which also gives the imported key, owned by the caller. */
CS_MUST_USE bool pki_key_judge_import(struct cs_span spki, unsigned flags, struct pki_key *ret_key,
    struct pki_public *ret_public, struct cs_refusal *ret_why);

/* pki_verify with an imported key. */
bool pki_verify_with(const struct pki_public *public_key, struct cs_span sigalg,
    struct cs_span data, struct cs_span signature);

/* The AlgorithmIdentifier, DER, with which a key signs certificates (SBR 7.1.3.2); empty: none. */
struct cs_span pki_sigalg_of(enum pki_key_kind kind, uint32_t bits, bool pss);

/* For CS_AUTO. */
static inline void
pki_pkey_free(EVP_PKEY **pkey)
{
	EVP_PKEY_free(*pkey);
}

#endif
