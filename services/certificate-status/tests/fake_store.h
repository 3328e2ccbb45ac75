/* SPDX-License-Identifier: Apache-2.0 */
/* fake_store.h: the store of the tests: rows in memory. */
#ifndef STATUS_FAKE_STORE_H
#define STATUS_FAKE_STORE_H

#include "store.h"

void fake_store_reset(void);
/* The only row that was written for this serial or CRL octets; NULL: none. */
const struct status_row *fake_store_find(struct cs_span serial_or_octets);
size_t fake_store_count(void);

#endif
