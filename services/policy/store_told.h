/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_told.h: connectors in PostgreSQL, to be told again.  Services that follow them keep none: they read the lane,
 * which keeps 30 days, and believe a key as long as it counts.
 */
#ifndef POLICY_STORE_TOLD_H
#define POLICY_STORE_TOLD_H

#include "svc/svc.h"

#define STORE_TOLD_CLOCK "clock.connectors-told"

/* svc_due: one key, when there are connectors and a day has passed since they were told. */
CS_MUST_USE enum cs_code store_due_told(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);
/* For the aggregate of that clock: all connectors, under the lock of settings; none: another was faster. */
CS_MUST_USE enum cs_code store_load_told(struct svc_batch *batch, struct cs_err *err);
/* They were told now. */
CS_MUST_USE enum cs_code store_save_told(struct svc_batch *batch, struct cs_err *err);

#endif
