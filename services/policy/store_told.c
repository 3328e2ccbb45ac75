/* SPDX-License-Identifier: Apache-2.0 */
#include "store_told.h"

#include <string.h>

#include "base/time.h"
#include "config.h"
#include "db/db.h"
#include "pki/hash.h"
#include "policy.h"

static struct cs_id
key_of_clock(void)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(STORE_TOLD_CLOCK), digest);
	return cs_id_from_digest(digest);
}

static const char due_sql[] = "select 1 from config_head where told_ms <= $1"
			      " and exists (select from document where kind = 'connector')";

enum cs_code
store_due_told(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms - CS_DAY_MS) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, due_sql, params, 1, &rows, err))
		return err->code;
	*ret_n = max > 0 && db_rows_count(rows) > 0;
	*ret_keys = CS_NEW(arena, struct cs_id);
	**ret_keys = key_of_clock();
	return CS_OK;
}

static bool
is_of_clock(const struct svc_aggregate *aggregate)
{
	return strcmp(aggregate->events[0]->subject, STORE_TOLD_CLOCK) == 0;
}

static const char lock_sql[] = "select told_ms from config_head for update";
static const char connectors_sql[] =
    "select enterprise, name, id, version, spec::text, changed_ms, changed_by from document"
    " where kind = 'connector' order by enterprise, name";

static struct config_doc *
read_connector(const struct db_rows *rows, size_t row, struct cs_arena *arena)
{
	struct config_doc *doc = CS_NEW(arena, struct config_doc);

	*doc = (struct config_doc){
		.kind = CONFIG_CONNECTOR,
		.enterprise = db_get_text(rows, row, 0),
		.name = db_get_text(rows, row, 1),
		.id = db_get_id(rows, row, 2),
		.version = (uint64_t)db_get_i64(rows, row, 3),
		.spec = config_spec_again(arena, cs_span_str(db_get_text(rows, row, 4))),
		.changed_ms = db_get_i64(rows, row, 5),
		.changed_by = db_get_text(rows, row, 6),
	};
	return doc;
}

static enum cs_code
load_connectors(struct svc_batch *batch, struct config_state *state, struct cs_err *err)
{
	struct db_rows *head, *rows;

	if (db_query(batch->db, batch->arena, lock_sql, NULL, 0, &head, err))
		return err->code;
	if (db_rows_count(head) != 1 || db_get_i64(head, 0, 0) > batch->now_ms - CS_DAY_MS)
		return CS_OK;
	if (db_query(batch->db, batch->arena, connectors_sql, NULL, 0, &rows, err))
		return err->code;
	for (size_t i = db_rows_count(rows); i-- > 0;) {
		struct config_doc *doc = read_connector(rows, i, batch->arena);

		doc->next = state->docs;
		state->docs = doc;
	}
	return CS_OK;
}

enum cs_code
store_load_told(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct policy_case *c = batch->aggregates[i].state;

		if (!is_of_clock(&batch->aggregates[i]))
			continue;
		c->documents = CS_NEW(batch->arena, struct config_state);
		if (load_connectors(batch, c->documents, err))
			return err->code;
	}
	return CS_OK;
}

static const char told_sql[] = "update config_head set told_ms = $1 where told_ms < $1";

enum cs_code
store_save_told(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(batch->now_ms) };

	for (size_t i = 0; i < batch->n; i++)
		if (is_of_clock(&batch->aggregates[i]) &&
		    db_send(batch->db, told_sql, params, 1, -1, err))
			return err->code;
	return CS_OK;
}
