/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h: signatures by public keys that were judged before (keycheck.h) or are trusted. */
#ifndef PKI_VERIFY_H
#define PKI_VERIFY_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * Is `signature` (without the count of unused bits) over `data` by the key in `spki`?  `sigalg` is
 * the AlgorithmIdentifier, DER; only those of SBR 7.1.3.2 for this kind of key are verified: everything
 * else, SHA-1 above all, is false.
 */
bool pki_verify(
    struct cs_span spki, struct cs_span sigalg, struct cs_span data, struct cs_span signature);

/* The key of somebody who signs often, imported once: that takes a third as long as a P-256 verification. */
struct pki_verifier;
/* Owned by the caller; NULL: not a key of SBR 6.1.5. */
struct pki_verifier *pki_verifier_new(struct cs_span spki);
void pki_verifier_free(struct pki_verifier *verifier); /* takes NULL */
/* Is it the key of this SubjectPublicKeyInfo? */
bool pki_verifier_is(const struct pki_verifier *verifier, struct cs_span spki);
/* As pki_verify; one thread at a time. */
bool pki_verifier_check(const struct pki_verifier *verifier, struct cs_span sigalg,
    struct cs_span data, struct cs_span signature);

/* "ECDSA SHA-256", or NULL: not one that we accept. */
const char *pki_sigalg_name(struct cs_span sigalg);

#endif
