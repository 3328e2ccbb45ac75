/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seen.h: signatures that were found right before.  Inside claim only.
 *
 * Whether a signature is right follows from the public key, the signed octets and the signature alone,
 * for ever: that answer may be remembered, under the SHA-256 of all three.  Nothing else is: which key
 * may state what, from when until when and for whom is judged anew each time.  Only a yes is kept, so
 * that whoever sends wrong signatures fills nothing.  Whoever could make the memory lie would need a
 * second preimage of SHA-256, and with that the evidence that plans name by digest would fall as well.
 */
#ifndef CLAIM_SEEN_H
#define CLAIM_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define CLAIM_SEEN_ROWS 1024 /* of CLAIM_SEEN_WAYS digests: 128 KiB */
#define CLAIM_SEEN_WAYS 4

struct claim_seen; /* any thread */
struct claim_seen *claim_seen_new(void);
void claim_seen_free(struct claim_seen *seen); /* takes NULL */

/* As pki_ed25519_verify(public_key, data, signature). */
bool claim_seen_verify(struct claim_seen *seen, const uint8_t public_key[static 32],
    struct cs_span data, const uint8_t signature[static 64]);

#endif
