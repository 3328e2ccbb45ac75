/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h: deliveries in PostgreSQL.  One load and one save for a whole batch; the state of an
 * aggregate is a struct notify_case in the batch's arena.
 */
#ifndef NOTIFY_STORE_H
#define NOTIFY_STORE_H

#include "svc/svc.h"

/* Locks what there is. */
CS_MUST_USE enum cs_code store_load_cases(struct svc_batch *batch, struct cs_err *err);
/* CS_CONFLICT: another replica was faster. */
CS_MUST_USE enum cs_code store_save_cases(struct svc_batch *batch, struct cs_err *err);
/*
 * svc_sweep: deliveries made CS_KEEP_DAYS ago, but for those whose mail is still under way.  `self` is a
 * struct notify_service.
 */
CS_MUST_USE enum cs_code store_sweep_cases(const void *self, struct db *db, int64_t now_ms,
    struct cs_arena *arena, bool *ret_more, struct cs_err *err);

#endif
