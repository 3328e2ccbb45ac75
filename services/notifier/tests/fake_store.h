/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: the store of the tests: rows in memory. */
#ifndef NOTIFY_FAKE_STORE_H
#define NOTIFY_FAKE_STORE_H

#include "notify.h"
#include "store.h"

void fake_store_reset(void);
/* Saving this request fails. */
void fake_store_reject(struct cs_id request);
/* A zero one when there is no row. */
struct notify_delivery fake_store_row(struct cs_id request, enum notify_kind kind);

#endif
