/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h: a private key with everything fetched that signing needs.  Inside pki only. */
#ifndef PKI_SIGNER_H
#define PKI_SIGNER_H

#include "pki/evp.h"
#include "pki/token_key.h"

/* Where a private key is: one of the two; owned by the signer once it was given. */
struct pki_private {
	EVP_PKEY *pkey;
	struct pki_token_key *token;
};

struct pki_signer {
	struct pki_private private;
	EVP_PKEY *public_key;        /* owned */
	EVP_PKEY_CTX *sign, *verify; /* sign: NULL for a key in a token */
	struct pki_key key;          /* its spki belongs to whoever called pki_signer_init */
	struct cs_span sigalg;       /* static */
	uint32_t digest_bits;        /* of SHA-2 */
	bool pss;
};

struct pki_issuer_files;
/* The chain is not read.  Errors as of pki_issuer_load; what *ret holds is owned by the caller. */
CS_MUST_USE enum cs_code
pki_private_load(const struct pki_issuer_files *files, struct pki_private *ret, struct cs_err *err);

/*
 * Takes `private`.  `pss`: RSA signs by RSASSA-PSS, else by PKCS#1.  CS_MALFORMED: it is not the key of
 * `spki` (borrowed for as long as the signer), or of a kind that signs no certificates here (P-256, P-384,
 * P-521 and RSA from 2048 bits on do), or PSS was asked of an EC key.
 */
CS_MUST_USE enum cs_code pki_signer_init(struct pki_signer *signer, struct pki_private private,
    struct cs_span spki, bool pss, struct cs_err *err);
void pki_signer_fini(struct pki_signer *signer);

/*
 * Signs and verifies.  CS_INTERNAL; for a key in a token also CS_UNAVAILABLE and CS_MALFORMED, as
 * token_key.h has them.
 */
CS_MUST_USE enum cs_code pki_signer_sign(struct pki_signer *signer, struct cs_arena *arena,
    struct cs_span data, struct cs_span *ret_signature, struct cs_err *err);

#endif
