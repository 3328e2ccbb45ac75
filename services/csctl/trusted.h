/* SPDX-License-Identifier: Apache-2.0 */
/* trusted.h: what several commands about the audit log need. */
#ifndef CSCTL_TRUSTED_H
#define CSCTL_TRUSTED_H

#include "audit/audit.h"
#include "base/err.h"
#include "claim/claim.h"
#include "db/db.h"

/* From CS_TRUST_FILE and CS_APPROVERS_FILE. */
CS_MUST_USE enum cs_code trusted_load(struct claim_trust **ret, struct cs_err *err);
/* That record `seq` is in the tree of the first `size`: from all records, as they are. */
CS_MUST_USE enum cs_code trusted_prove(struct db *db, struct cs_arena *arena, int64_t seq,
    uint64_t size, struct audit_proof *ret, struct cs_err *err);

#endif
