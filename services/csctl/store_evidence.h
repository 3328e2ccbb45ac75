/* SPDX-License-Identifier: Apache-2.0 */
/* store_evidence.h: what the signer keeps of one request, in its schema, for reading only. */
#ifndef CSCTL_STORE_EVIDENCE_H
#define CSCTL_STORE_EVIDENCE_H

#include "base/err.h"
#include "claim/claim.h"
#include "db/db.h"
#include "gate/gate.h"

/*
 * Fills the three statements of *ret alone: the final plan and the request whose own envelopes have these digests, and
 * the approval that lies with them.  CS_NOT_FOUND.
 */
CS_MUST_USE enum cs_code
store_final_plan(struct db *db, struct cs_arena *arena, struct cs_id request, struct cs_span plan,
    struct cs_span asked, struct gate_case *ret, struct cs_err *err);
/*
 * Everything that could have been weighed until then: evidence of the request, what is named by these
 * digests, and refusals of these checks by whatever request; in the order of receipt.
 */
CS_MUST_USE enum cs_code store_weighed(struct db *db, struct cs_arena *arena, struct cs_id request,
    const struct cs_span *sha256s, size_t n_sha256s, const struct cs_span *checks, size_t n_checks,
    int64_t until_ms, struct gate_received **ret, size_t *ret_n, struct cs_err *err);
/* What was certified for ret->request: the rest of it but `revoked`.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code store_previous(
    struct db *db, struct cs_arena *arena, struct gate_previous *ret, struct cs_err *err);
/* DER.  CS_NOT_FOUND: none was issued for this request. */
CS_MUST_USE enum cs_code store_certificate(struct db *db, struct cs_arena *arena,
    struct cs_id request, struct cs_span *ret, struct cs_err *err);
/* The body of certificate.issued; CS_NOT_FOUND: the outbox keeps it no longer. */
CS_MUST_USE enum cs_code store_issued_event(struct db *db, struct cs_arena *arena,
    struct cs_id request, struct cs_span *ret, struct cs_err *err);

#endif
