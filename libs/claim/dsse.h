/* SPDX-License-Identifier: Apache-2.0 */
/* dsse.h: what exactly is signed (DSSE v1, "pre-authentication encoding").  Inside claim only. */
#ifndef CLAIM_DSSE_H
#define CLAIM_DSSE_H

#include "claim/claim.h"

#define CLAIM_SIGNATURE 64

/* "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload; lengths are decimal. */
struct cs_span claim_dsse_pae(struct cs_arena *arena, const char *type, struct cs_span payload);

const char *claim_dsse_type(enum claim_statement statement);

void claim_dsse_sign(struct cs_arena *arena, const struct claim_key *key, const char *type,
    struct cs_span payload, uint8_t ret_signature[static CLAIM_SIGNATURE]);
bool claim_dsse_verify(struct cs_arena *arena, const uint8_t public_key[static 32],
    const char *type, struct cs_span payload, struct cs_span signature);

#endif
