/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: the store of the tests: rows in memory. */
#ifndef NOTIFY_FAKE_STORE_H
#define NOTIFY_FAKE_STORE_H

#include "codes.h"
#include "notify.h"
#include "store.h"

void fake_store_reset(void);
/* Saving this request fails. */
void fake_store_reject(struct cs_id request);
/* A zero one when there is no row. */
struct notify_delivery fake_store_row(struct cs_id request, enum notify_kind kind);

/* Of a person of demo, to be looked at, or written to by somebody else; NULL: none. */
struct codes_challenge *fake_store_challenge(struct cs_id request, const char *account);

#endif
