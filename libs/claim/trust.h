/* SPDX-License-Identifier: Apache-2.0 */
/* trust.h: may this key state this?  Inside claim only. */
#ifndef CLAIM_TRUST_H
#define CLAIM_TRUST_H

#include "claim/claim.h"

/* A statement's time may be this much ahead of ours: clocks differ. */
#define CLAIM_AHEAD_MS INT64_C(5000)

struct claim_stated {
	const char *state;      /* "plan", "evidence.caa" */
	const char *enterprise; /* NULL: the statement serves all, so the row must name "*" */
	int64_t at_ms;          /* the statement's own time */
	int64_t now_ms;         /* when it was received, or the present */
};

/* Borrowed; NULL: not in the table. */
const struct claim_trust_row *claim_trust_find(const struct claim_trust *trust, const char *keyid);
/* Is this the row's key's signature over `data`?  What was found right once is remembered: seen.h. */
bool claim_trust_verify(const struct claim_trust *trust, const struct claim_trust_row *row,
    struct cs_span data, struct cs_span signature);
/* CS_MALFORMED: it may not, and why. */
CS_MUST_USE enum cs_code claim_trust_permits(
    const struct claim_trust_row *row, const struct claim_stated *stated, struct cs_err *err);

/* Lower-case hexadecimal of the first 16 octets of SHA-256(public key). */
#define CLAIM_KEYID_TEXT 33
void claim_keyid(const uint8_t public_key[static 32], char ret_keyid[static CLAIM_KEYID_TEXT]);
/* May a row's "states" hold this word? */
bool claim_trust_state_known(const char *state);

#endif
