/* SPDX-License-Identifier: Apache-2.0 */
/* store_codes.h: challenges of second factors, beside the deliveries of store.c. */
#ifndef NOTIFY_STORE_CODES_H
#define NOTIFY_STORE_CODES_H

#include "svc/svc.h"

/* Locks what there is; counts for everybody whom the batch is to send codes to.  The states are there already. */
CS_MUST_USE enum cs_code store_load_codes(struct svc_batch *batch, struct cs_err *err);
/* CS_CONFLICT: another replica was faster. */
CS_MUST_USE enum cs_code store_save_codes(struct svc_batch *batch, struct cs_err *err);
/* Challenges and counts of the day before. */
CS_MUST_USE enum cs_code store_sweep_codes(
    struct db *db, int64_t now_ms, struct cs_arena *arena, bool *ret_more, struct cs_err *err);

#endif
