/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h: the keys by which a provider signs, as it publishes them: a JSON Web Key Set (RFC 7517 5).  Pure. */
#ifndef OIDC_KEYS_H
#define OIDC_KEYS_H

#include "oidc/discovery.h"
#include "pki/jose.h"

#define OIDC_KEYS_MAX 64 /* in a set, of any kind */
#define OIDC_KID_MAX 255 /* octets */

struct oidc_key {
	const char *kid; /* NULL: it has no name */
	bool one;        /* it is for one algorithm alone, as it says (RFC 7517 4.4) */
	enum oidc_algorithm algorithm;
	struct pki_jose_key numbers;
};
struct oidc_keys {
	struct oidc_key *keys;
	size_t n;
	size_t n_passed; /* keys that were passed over */
};

/*
 * The keys of a set that verify signatures here: kinds and sizes of pki/jose.h.  Passed over, as RFC 7517 5 wants
 * of what is not understood: other kinds, curves, sizes, spellings and algorithms; keys for other uses ("use",
 * "key_ops": 4.2, 4.3); and those that are published with their private half, with which everybody could sign.
 * Certificates in it (x5c, x5u) are not looked at.  False: oidc-keys (not a set, more than OIDC_KEYS_MAX, longer
 * than OIDC_DOCUMENT_MAX), oidc-keys-none.
 */
CS_MUST_USE bool oidc_keys_read(struct cs_arena *arena, struct cs_span document,
    struct oidc_keys *ret_keys, struct cs_refusal *ret_why);

#endif
