/* SPDX-License-Identifier: Apache-2.0 */
/* store_config.h: documents in PostgreSQL, for calls about them. */
#ifndef POLICY_STORE_CONFIG_H
#define POLICY_STORE_CONFIG_H

#include "svc/svc.h"

/*
 * For aggregates that calls are about: what the calls name, refer to, list and would leave without what it needs.
 * Calls that change something hold the lock of config_head from here on, and so do new passwords.
 */
CS_MUST_USE enum cs_code store_load_config(struct svc_batch *batch, struct cs_err *err);
/* Documents as they are now, and what was changed. */
CS_MUST_USE enum cs_code store_save_config(struct svc_batch *batch, struct cs_err *err);

#endif
