/* SPDX-License-Identifier: Apache-2.0 */
/* token_key.h: an open key in a token, seen from the parent.  Inside pki only; one thread at a time. */
#ifndef PKI_TOKEN_KEY_H
#define PKI_TOKEN_KEY_H

#include "base/span.h"
#include "pki/token.h"

struct pki_token_key;

enum pki_token_scheme { PKI_TOKEN_PKCS1, PKI_TOKEN_PSS, PKI_TOKEN_ECDSA };

#define PKI_TOKEN_SIGNATURE 1024 /* octets that a signature may have */

/* Errors as of pki_token_generate.  *ret_key is owned by the caller; `token` is copied. */
CS_MUST_USE enum cs_code pki_token_key_open(
    const struct pki_token *token, struct pki_token_key **ret_key, struct cs_err *err);
void pki_token_key_free(struct pki_token_key *key); /* takes NULL */

/* SubjectPublicKeyInfo, DER, as the token has it; empty: it shows none.  Borrowed. */
struct cs_span pki_token_key_spki(const struct pki_token_key *key);

/*
 * Signs a SHA-2 digest.  CS_UNAVAILABLE: it did not; a new worker tries when it is asked again, but not
 * before a pause that doubles up to half a minute.  CS_MALFORMED: the PIN was refused, and is not tried
 * again by this process, since tokens lock themselves after some wrong ones.
 */
CS_MUST_USE enum cs_code
pki_token_key_sign(struct pki_token_key *key, enum pki_token_scheme scheme, struct cs_span digest,
    uint8_t ret_signature[static PKI_TOKEN_SIGNATURE], size_t *ret_len, struct cs_err *err);
/* What it gave was wrong: its handles may name other keys by now.  The next worker looks anew. */
void pki_token_key_distrust(struct pki_token_key *key);

#endif
