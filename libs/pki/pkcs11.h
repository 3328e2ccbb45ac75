/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs11.h: a vendor's library, spoken to directly.  Inside pki only, and only in a token's worker. */
#ifndef PKI_PKCS11_H
#define PKI_PKCS11_H

#include "base/arena.h"
#include "pki/token_key.h"

struct pkcs11;

/*
 * Loads the library, finds the token by its label and logs in.  The library is never unloaded: the process
 * ends instead.  `writes`: a session that may make keys.
 */
CS_MUST_USE enum cs_code pkcs11_open(struct cs_arena *arena, const struct pki_token *token,
    bool writes, struct pkcs11 **ret, struct cs_err *err);
/* Finds the one private key.  *ret_spki: empty when the token has no public key beside it. */
CS_MUST_USE enum cs_code pkcs11_find(struct pkcs11 *p, struct cs_arena *arena,
    const struct pki_token *token, struct cs_span *ret_spki, struct cs_err *err);
/* With the key found; ECDSA comes back as DER. */
CS_MUST_USE enum cs_code
pkcs11_sign(struct pkcs11 *p, struct cs_arena *arena, enum pki_token_scheme scheme,
    struct cs_span digest, struct cs_span *ret_signature, struct cs_err *err);
CS_MUST_USE enum cs_code pkcs11_generate(struct pkcs11 *p, const struct pki_token *token,
    enum pki_key_kind kind, uint32_t bits, struct cs_err *err);

#endif
