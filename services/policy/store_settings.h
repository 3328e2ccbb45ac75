/* SPDX-License-Identifier: Apache-2.0 */
/* store_settings.h: what documents say for the requests of a batch. */
#ifndef POLICY_STORE_SETTINGS_H
#define POLICY_STORE_SETTINGS_H

#include "svc/svc.h"

struct db_rows;
struct store_wish;

/* What was asked for, until it is read. */
struct store_settings {
	struct store_wish *wishes; /* those of an aggregate lie together */
	size_t n, n_asked;         /* n_asked: that had not been read before */
	struct db_rows *rows;      /* NULL: the batch is about no request */
};

/* Asks without waiting. */
CS_MUST_USE enum cs_code
store_ask_settings(struct svc_batch *batch, struct store_settings *ret, struct cs_err *err);
/*
 * After the next settling, when rows is not NULL: fills the config of each case, and says as of which change.  Waits
 * once more when settings changed since the batch before.
 */
CS_MUST_USE enum cs_code
store_read_settings(struct svc_batch *batch, struct store_settings *settings, struct cs_err *err);

#endif
