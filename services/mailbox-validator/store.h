/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: challenges and mails in PostgreSQL.  One load and one save for a whole batch; the state of
 * an aggregate is a struct mailbox_case in the batch's arena, and all of a batch share one tally.
 */
#ifndef MAILBOX_STORE_H
#define MAILBOX_STORE_H

#include "svc/svc.h"

/*
 * Challenges, locked, with their mails of the last days; then, when mails may be made, the counts of
 * those they would go to, under a lock on each mailbox: two replicas cannot both make the last one.
 */
CS_MUST_USE enum cs_code store_load_cases(struct svc_batch *batch, struct cs_err *err);
/* Changed challenges and mails.  CS_CONFLICT: another replica was faster. */
CS_MUST_USE enum cs_code store_save_cases(struct svc_batch *batch, struct cs_err *err);
/*
 * svc_sweep: challenges, with their mails, of requests that must have ended CS_KEEP_DAYS ago.  Their end is
 * not heard here: a request lives CS_REQUEST_LIFE_DAYS, and two more when it was approved on the last.
 * `self` is a struct mailbox_service.
 */
CS_MUST_USE enum cs_code store_sweep_cases(const void *self, struct db *db, int64_t now_ms,
    struct cs_arena *arena, bool *ret_more, struct cs_err *err);

#endif
