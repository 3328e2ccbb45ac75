/* SPDX-License-Identifier: Apache-2.0 */
/* ed25519.h: the keys with which services sign what they state (RFC 8032). */
#ifndef PKI_ED25519_H
#define PKI_ED25519_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"

#define PKI_ED25519_PUBLIC 32
#define PKI_ED25519_SIGNATURE 64

struct pki_ed25519; /* never changes: any thread */

/*
 * PKCS#8 PEM, unencrypted.  Refuses a file that anybody but its owner may read or write (0600 or
 * 0400).  CS_NOT_FOUND, CS_MALFORMED.  *ret_key is owned by the caller.
 */
CS_MUST_USE enum cs_code
pki_ed25519_load(const char *path, struct pki_ed25519 **ret_key, struct cs_err *err);
/* A new key into a new file of mode 0600.  CS_CONFLICT: the file exists. */
CS_MUST_USE enum cs_code pki_ed25519_generate(const char *path, struct cs_err *err);
void pki_ed25519_free(struct pki_ed25519 *key); /* takes NULL; wipes */

/* The public key of a bare seed: for NATS nkeys, which are no files of ours. */
void pki_ed25519_public_of_seed(const uint8_t seed[static 32], uint8_t ret_public[static 32]);
void pki_ed25519_public(const struct pki_ed25519 *key, uint8_t ret_public[static 32]);
void pki_ed25519_sign(
    const struct pki_ed25519 *key, struct cs_span data, uint8_t ret_signature[static 64]);
bool pki_ed25519_verify(
    const uint8_t public_key[static 32], struct cs_span data, const uint8_t signature[static 64]);

#endif
