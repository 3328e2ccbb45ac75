/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_store.h: the store of the tests: rows in memory, kept as the real one keeps them, so that every
 * batch begins by reading orders again and counts mails anew.
 */
#ifndef MAILBOX_FAKE_STORE_H
#define MAILBOX_FAKE_STORE_H

#include "mailbox.h"
#include "store.h"

void fake_store_reset(void);
/* Saving this request fails. */
void fake_store_reject(struct cs_id request);
/* So many saves say that another replica was faster. */
void fake_store_conflict(int times);
size_t fake_store_rows(void);
/* NULL: there is no such row. */
const struct mailbox_challenge *fake_store_row(struct cs_id request, const char *check_id);
/* Every octet of every row, one after the other. */
struct cs_span fake_store_octets(struct cs_arena *arena);

#endif
