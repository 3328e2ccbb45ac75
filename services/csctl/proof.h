/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h: records, heads and proofs of the audit tree as JSON, as csctl writes them and reads them again.
 * Hashes and signatures are hexadecimal, times milliseconds since 1970.  Reading takes nothing but what
 * writing gives: no other member, no other type.
 */
#ifndef CSCTL_PROOF_H
#define CSCTL_PROOF_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit/audit.h"
#include "base/err.h"
#include "claim/claim.h"

/* Of a time (the end of 9999) and a count: what is computed with them never overflows. */
#define PROOF_NUMBER_MAX INT64_C(253402300799999)

/* {"seq", "at_ms", "request", "action", "detail"} */
json_t *proof_record_json(const struct audit_record *record);
bool proof_read_record(struct cs_arena *arena, const json_t *value, struct audit_record *ret);

/* {"size", "root", "at_ms", "signature", "keyid"}: the body of certificate.audit-head as events shows it. */
json_t *proof_head_json(const struct audit_head *head);
bool proof_read_head(const json_t *value, struct audit_head *ret);

/* ["hash", ...] */
json_t *proof_path_json(const struct audit_proof *proof);
bool proof_read_path(const json_t *value, struct audit_proof *ret);

/* An object with exactly these members; the last of `members` is NULL. */
bool proof_has_members(const json_t *value, const char *const *members);
/* NULL: no string. */
const char *proof_text(const json_t *object, const char *member);

/* The value of "key=" in a record's detail; NULL: it has none. */
const char *proof_field(struct cs_arena *arena, const char *detail, const char *key);

/* NULL: signed by a key that may state heads then; otherwise what is wrong, in the arena. */
const char *proof_head_problem(
    struct cs_arena *arena, const struct claim_trust *trust, const struct audit_head *head);

/*
 * The same for who sees the head alone, and has no log to compare it with: a key that was stolen signs heads of any
 * time.  A log that is still there gets a newer head, and what rests on it is exported again.
 */
const char *proof_lone_head_problem(
    struct cs_arena *arena, const struct claim_trust *trust, const struct audit_head *head);

#endif
