/* SPDX-License-Identifier: Apache-2.0 */
/* store_identity.h: what store.c's load and save are made of beside it: records of what people verified. */
#ifndef POLICY_STORE_IDENTITY_H
#define POLICY_STORE_IDENTITY_H

#include "db/db.h"
#include "svc/svc.h"

/* The request that an aggregate is about, stored or just arriving; NULL: not known yet.  In store.c. */
const struct claim_request *store_request_of(const struct svc_aggregate *aggregate);

/* Asks for the records of everybody who asks, and for those that were withdrawn; *ret after settling. */
struct store_identities {
	struct db_rows *records, *withdrawn; /* NULL: not asked for */
};
CS_MUST_USE enum cs_code
store_ask_identities(struct svc_batch *batch, struct store_identities *ret, struct cs_err *err);
CS_MUST_USE enum cs_code store_read_identities(
    struct svc_batch *batch, const struct store_identities *rows, struct cs_err *err);
/* Marks withdrawals that were told. */
CS_MUST_USE enum cs_code store_save_identities(struct svc_batch *batch, struct cs_err *err);

/* For calls about records (config_identity.h): those of the enterprise, or the one that is named, locked. */
CS_MUST_USE enum cs_code store_load_records(struct svc_batch *batch, struct cs_err *err);
CS_MUST_USE enum cs_code store_save_records(struct svc_batch *batch, struct cs_err *err);

#endif
