/* SPDX-License-Identifier: Apache-2.0 */
/* store_settings.h: what documents say for the requests of a batch. */
#ifndef POLICY_STORE_SETTINGS_H
#define POLICY_STORE_SETTINGS_H

#include "svc/svc.h"

struct db_rows;

/* Asks without waiting; *ret_rows NULL: the batch is about no request. */
CS_MUST_USE enum cs_code
store_ask_settings(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err);
/* After the next settling: fills the config of each case, and says as of which change. */
CS_MUST_USE enum cs_code
store_read_settings(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err);

#endif
