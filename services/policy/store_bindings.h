/* SPDX-License-Identifier: Apache-2.0 */
/* store_bindings.h: domains that decisions bind to people, in PostgreSQL. */
#ifndef POLICY_STORE_BINDINGS_H
#define POLICY_STORE_BINDINGS_H

#include "svc/svc.h"

/*
 * After settings and calls were loaded.  When an enterprise of the batch binds domains, the batch holds the lock of
 * all settings from here on, and *ret_locked says that what was loaded of them is to be read again.
 */
CS_MUST_USE enum cs_code
store_lock_bindings(struct svc_batch *batch, bool *ret_locked, struct cs_err *err);
/* What was bound, as documents and in the audit of changes. */
CS_MUST_USE enum cs_code store_save_bindings(struct svc_batch *batch, struct cs_err *err);

#endif
