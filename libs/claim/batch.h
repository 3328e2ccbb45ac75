/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h: one signature for many statements.  Inside claim only; what services see is in claim.h.
 *
 * The statements are the leaves of a Merkle tree of 16 places (RFC 6962 2.1: SHA-256 over 0x00 and the leaf, over
 * 0x01 and both children; places that nobody takes are 32 octets of zero).  What is signed is the DSSE encoding of
 * the root under a type of its own, so that no signature of a root is one of a statement, nor the other way round.
 * Each envelope has the signature, its place, and the hashes beside its way to the root, from the leaf up.
 */
#ifndef CLAIM_BATCH_H
#define CLAIM_BATCH_H

#include "claim/dsse.h"

#define CLAIM_BATCH_LEVELS 4
#define CLAIM_BATCH_PLACES 16 /* statements under one signature */
#define CLAIM_PATH (1 + CLAIM_BATCH_LEVELS * 32)

/* What the signature of an envelope with this path covers.  False: `path` is none. */
bool claim_batch_signed(
    struct cs_arena *arena, struct cs_span pae, struct cs_span path, struct cs_span *ret_signed);

#endif
