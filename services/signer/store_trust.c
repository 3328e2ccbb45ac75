/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_trust.c: the highest version of the trust table that any signer judged by.  Who replaces the file by
 * an older one, which two approvers did sign once, would bring back keys that were distrusted since.
 */
#include "db/db.h"
#include "handler.h"
#include "store.h"
#include "store_rows.h"

static const char seen_sql[] = "select version from trust_seen";
static const char raise_sql[] = "update trust_seen set version = $1 where version < $1";

enum cs_code
store_ask_trust(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	return db_ask(batch->db, batch->arena, seen_sql, NULL, 0, ret_rows, err);
}

/* A clock that never has anything due: it notes the version even when no event comes. */
enum cs_code
store_due_trust(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct signer_service *signer = self;
	const struct db_param params[] = { db_i64(claim_trust_version(signer->trust)) };
	struct db_rows *rows;

	(void)now_ms;
	(void)max;
	*ret_keys = NULL;
	*ret_n = 0;
	return db_query(db, arena, raise_sql, params, 1, &rows, err);
}

/*
 * An outage for all that this process could judge: nothing is fetched, nothing counts as delivered.  Another
 * replica may have read the newer table a second ago, so that this ends by itself when the file is right.
 */
enum cs_code
store_judge_trust(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	const struct signer_service *signer = batch->self;
	const int64_t version = claim_trust_version(signer->trust);
	const struct db_param params[] = { db_i64(version) };

	if (db_rows_count(rows) != 1)
		return cs_fail(err, CS_INTERNAL, "trust_seen has no row");
	if (db_get_i64(rows, 0, 0) > version)
		return cs_fail(err, CS_UNAVAILABLE,
		    "the trust table is version %lld, and version %lld was in force before: install the newest",
		    (long long)version, (long long)db_get_i64(rows, 0, 0));
	return db_get_i64(rows, 0, 0) == version
		   ? CS_OK
		   : db_send(batch->db, raise_sql, params, 1, -1, err);
}
