/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal.h: octets that one service alone can read: HPKE (RFC 9180 5.1, 6.1, base mode) with X25519, HKDF-SHA256
 * and ChaCha20-Poly1305.  Who sealed them is not proved: whoever needs that signs them as well.
 */
#ifndef PKI_SEAL_H
#define PKI_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define PKI_SEAL_PUBLIC 32
#define PKI_SEAL_OVER 48 /* octets that the sealed form has more: key of the sender, tag */

struct pki_seal_key; /* private; any thread */

/*
 * X25519, PKCS#8 PEM, unencrypted (RFC 8410).  Refuses a file that anybody but its owner may read or write.
 * CS_NOT_FOUND, CS_MALFORMED.  *ret_key is owned by the caller.
 */
CS_MUST_USE enum cs_code
pki_seal_key_load(const char *path, struct pki_seal_key **ret_key, struct cs_err *err);
/* A new key into a new file of mode 0600.  CS_CONFLICT: the file exists. */
CS_MUST_USE enum cs_code pki_seal_key_generate(const char *path, struct cs_err *err);
void pki_seal_key_free(struct pki_seal_key *key); /* takes NULL; wipes */
void pki_seal_key_public(const struct pki_seal_key *key, uint8_t ret_public[static 32]);

/*
 * What both sides must agree on: `info`, at most 256 octets, says for whom and what for, `aad` what the octets
 * belong to.  Neither is in the sealed form.
 */
struct pki_seal_bound {
	struct cs_span info, aad;
};

/*
 * `random`: 32 fresh octets, used for nothing else; whoever has them can open what was sealed.  The result,
 * plain.len + PKI_SEAL_OVER octets, lives in `arena`.  False: `public_key` is no key (of small order).
 */
CS_MUST_USE bool pki_seal(struct cs_arena *arena, const uint8_t public_key[static 32],
    const uint8_t random[static 32], const struct pki_seal_bound *bound, struct cs_span plain,
    struct cs_span *ret_sealed);
/*
 * Into `ret_plain`, which has room for sealed.len - PKI_SEAL_OVER octets; to be wiped by the caller.  False: for
 * another key, bound to something else, or changed; which of them cannot be told.
 */
CS_MUST_USE bool pki_unseal(const struct pki_seal_key *key, const struct pki_seal_bound *bound,
    struct cs_span sealed, uint8_t *ret_plain, size_t *ret_len);

#endif
