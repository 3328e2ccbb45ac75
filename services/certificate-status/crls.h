/* SPDX-License-Identifier: Apache-2.0 */
/* crls.h: the CRLs that are served.  Loop thread. */
#ifndef STATUS_CRLS_H
#define STATUS_CRLS_H

#include "handler.h"

/* NULL: there is none yet. */
struct crl *crls_find(const struct status_service *status, size_t authority, uint32_t partition);
/*
 * Takes a CRL into service, when it is one of this CA, of this partition, newer by number and not from the
 * future; its entries become facts.  CS_MALFORMED: it is not; CS_CONFLICT: it is not newer.
 */
CS_MUST_USE enum cs_code crls_adopt(struct status_service *status, size_t authority,
    uint32_t partition, struct cs_span der, bool stored, int64_t now_ms, struct cs_err *err);
/* Has the batch keep what only memory has.  Called now and then. */
void crls_store(struct status_service *status);

#endif
