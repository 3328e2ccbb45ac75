/* SPDX-License-Identifier: Apache-2.0 */
/* signer.h: a private key with everything fetched that signing needs.  Inside pki only. */
#ifndef PKI_SIGNER_H
#define PKI_SIGNER_H

#include "pki/evp.h"

struct pki_signer {
	EVP_PKEY *private_key, *public_key; /* owned */
	EVP_PKEY_CTX *sign, *verify;
	struct pki_key key;    /* its spki belongs to whoever called pki_signer_init */
	struct cs_span sigalg; /* static */
	bool sha384;
};

/*
 * Takes `private_key`.  CS_MALFORMED: it is not the key of `spki` (borrowed for as long as the
 * signer), or of a kind that signs no certificates here (P-256, P-384, RSA from 2048 bits on do).
 */
CS_MUST_USE enum cs_code pki_signer_init(
    struct pki_signer *signer, EVP_PKEY *private_key, struct cs_span spki, struct cs_err *err);
void pki_signer_fini(struct pki_signer *signer);

/* Signs and verifies.  CS_INTERNAL. */
CS_MUST_USE enum cs_code pki_signer_sign(struct pki_signer *signer, struct cs_arena *arena,
    struct cs_span data, struct cs_span *ret_signature, struct cs_err *err);

#endif
