/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: the store of the tests: challenges in memory, copied in and out like rows. */
#ifndef DOMAIN_FAKE_STORE_H
#define DOMAIN_FAKE_STORE_H

#include "domain.h"
#include "store.h"

void fake_store_reset(void);
/* Saving this request fails. */
void fake_store_reject(struct cs_id request);
/* Borrowed; NULL: no such row. */
const struct domain_challenge *fake_store_challenge(struct cs_id request, const char *check_id);
size_t fake_store_rows(void);
/* The octets of a stored order become these. */
void fake_store_spoil(struct cs_id request, struct cs_span octets);

#endif
