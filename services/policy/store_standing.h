/* SPDX-License-Identifier: Apache-2.0 */
/* store_standing.h: evidence that stands, in PostgreSQL. */
#ifndef POLICY_STORE_STANDING_H
#define POLICY_STORE_STANDING_H

#include "db/db.h"
#include "svc/svc.h"

/* Names that are looked up, as parallel arrays; `at` says for which aggregate. */
struct store_wanted {
	int32_t *at;
	const char **a, **b; /* enterprise, name */
	size_t n;
};

/* What was asked for, until it is read. */
struct store_standing {
	struct store_wanted wanted;
	const size_t *order; /* of the wanted, by name */
	struct db_rows *rows;
};

/*
 * Evidence for the names of all requests of the batch and for what is above their domains, in the enterprise of
 * each: asked for once the requests are known, in the arena of the batch.
 */
CS_MUST_USE enum cs_code
store_ask_standing(struct svc_batch *batch, struct store_standing *ret, struct cs_err *err);
/* After db_settle(): it is among the proofs of each case that it may serve. */
void store_read_standing(struct svc_batch *batch, struct store_standing *standing);
/* What decisions remembered. */
CS_MUST_USE enum cs_code store_save_standing(struct svc_batch *batch, struct cs_err *err);
/*
 * Deletes up to `max` that ended before valid_until_ms, unless their own request goes on or an open final plan names
 * them; *ret_n is how many.
 */
CS_MUST_USE enum cs_code store_sweep_standing(struct db *db, int64_t valid_until_ms, size_t max,
    struct cs_arena *arena, int64_t *ret_n, struct cs_err *err);

#endif
