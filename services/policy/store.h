/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: cases in PostgreSQL.  One load and one save for a whole batch; the state of an
 * aggregate is a struct policy_case in the batch's arena.
 */
#ifndef POLICY_STORE_H
#define POLICY_STORE_H

#include "svc/svc.h"

/*
 * Plans, locked; then what the tables say of everybody named in the batch, and evidence that
 * stands.
 */
CS_MUST_USE enum cs_code store_load_cases(struct svc_batch *batch, struct cs_err *err);
/* Changed plans and new evidence.  CS_CONFLICT: another replica was faster. */
CS_MUST_USE enum cs_code store_save_cases(struct svc_batch *batch, struct cs_err *err);
/* svc_due of "clock.plan-due". */
CS_MUST_USE enum cs_code store_due_plans(const void *self, struct db *db, int64_t now_ms,
    size_t max, struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/* svc_due of "clock.identity-withdrawn": records that were withdrawn, until that was told. */
CS_MUST_USE enum cs_code store_due_withdrawals(const void *self, struct db *db, int64_t now_ms,
    size_t max, struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/*
 * svc_sweep: plans that ended CS_KEEP_DAYS ago, and evidence that stands no more for 40 days, unless its
 * own request goes on or an open final plan names it.  `self` is a struct policy_service.
 */
CS_MUST_USE enum cs_code store_sweep_cases(const void *self, struct db *db, int64_t now_ms,
    struct cs_arena *arena, bool *ret_more, struct cs_err *err);

/*
 * svc_due of "clock.settings-changed": open first plans that were last compared with settings before one changed that says
 * what is to be proved: of their
 * enterprise, its domains, their profile or their person.
 */
CS_MUST_USE enum cs_code store_due_changes(const void *self, struct db *db, int64_t now_ms,
    size_t max, struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);

#endif
