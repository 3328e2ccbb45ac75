/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit.c: the audit log: a batch appends what it did, its head is locked last; and signed heads. */
#include <string.h>

#include "audit/audit.h"
#include "db/db.h"
#include "handler.h"
#include "own.h"
#include "store.h"
#include "store_rows.h"

static const char lock_head_sql[] = "select size, peaks from audit_head for update";
static const char save_audit_sql[] =
    "insert into audit (seq, at_ms, request, action, detail, leaf)"
    " select s, t, q, a, d, l from unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[],"
    " $5::text[], $6::bytea[]) u(s, t, q, a, d, l)";
static const char save_head_sql[] = "update audit_head set size = $1, peaks = $2";

static size_t
count_audits(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_audit *a = record->audits; a != NULL; a = a->next)
			n++;
	}
	return n;
}

/* Numbered behind the last one. */
static void
fill_audits(const struct svc_batch *batch, int64_t last, struct audit_record *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_audit *a = record->audits; a != NULL; a = a->next)
			rows[n++] = (struct audit_record){ .seq = ++last,
				.at_ms = batch->now_ms,
				.request = record->c.id,
				.action = a->action,
				.detail = a->detail };
	}
}

static enum cs_code
send_audits(struct svc_batch *batch, const struct audit_record *rows, size_t n,
    struct audit_tree *tree, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, n);
	uint8_t(*leaves)[AUDIT_HASH] = cs_arena_array(batch->arena, n, AUDIT_HASH);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < n; i++) {
		audit_leaf(&rows[i], leaves[i]);
		audit_tree_add(tree, leaves[i]);
		c.longs[i] = rows[i].seq;
		c.more_longs[i] = rows[i].at_ms;
		c.ids[i] = rows[i].request;
		c.texts[i] = rows[i].action;
		c.more_texts[i] = rows[i].detail;
		c.spans[i] = cs_span_of(leaves[i], AUDIT_HASH);
	}
	const struct db_param params[] = { db_i64_array(arena, c.longs, n),
		db_i64_array(arena, c.more_longs, n), db_id_array(arena, c.ids, n),
		db_text_array(arena, c.texts, n), db_text_array(arena, c.more_texts, n),
		db_bytes_array(arena, c.spans, n) };
	const struct db_param head[] = { db_i64((int64_t)tree->size),
		db_bytes(audit_tree_peaks(tree)) };
	if (db_send(batch->db, save_audit_sql, params, 6, (int64_t)n, err))
		return err->code;
	return db_send(batch->db, save_head_sql, head, 2, 1, err);
}

enum cs_code
store_save_audits(struct svc_batch *batch, struct cs_err *err)
{
	const size_t n = count_audits(batch);
	struct audit_record *rows = CS_NEW_ARRAY(batch->arena, n, struct audit_record);
	struct audit_tree tree;
	struct db_rows *head;

	if (n == 0)
		return CS_OK;
	if (db_query(batch->db, batch->arena, lock_head_sql, NULL, 0, &head, err))
		return err->code;
	if (db_rows_count(head) != 1 ||
	    !audit_tree_read((uint64_t)db_get_i64(head, 0, 0), db_get_bytes(head, 0, 1), &tree))
		return cs_fail(err, CS_INTERNAL, "the audit tree has no end");
	fill_audits(batch, (int64_t)tree.size, rows);
	return send_audits(batch, rows, n, &tree, err);
}

/* ---- the process itself ---- */

static const char own_sql[] =
    "select (select detail from audit where request = $1 and action in ('start', 'trust')"
    " order by seq desc limit 1), h.size, h.peaks, coalesce(s.size, 0), coalesce(s.at_ms, 0)"
    " from audit_head h left join lateral (select size, at_ms from audit_tree_head"
    " order by size desc limit 1) s on true";

static enum cs_code
read_own(
    struct db *db, struct cs_arena *arena, struct cs_id key, struct own **ret, struct cs_err *err)
{
	const struct db_param params[] = { db_id(key) };
	struct own *own = CS_NEW(arena, struct own);
	struct db_rows *rows;

	if (db_query(db, arena, own_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) != 1 || !audit_tree_read((uint64_t)db_get_i64(rows, 0, 1),
					    db_get_bytes(rows, 0, 2), &own->tree))
		return cs_fail(err, CS_INTERNAL, "the audit tree has no end");
	own->told = db_is_null(rows, 0, 0) ? NULL : db_get_text(rows, 0, 0);
	own->newest.size = (uint64_t)db_get_i64(rows, 0, 3);
	own->newest.at_ms = db_get_i64(rows, 0, 4);
	*ret = own;
	return CS_OK;
}

enum cs_code
store_due_own(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct signer_service *signer = self;
	struct own *own = NULL;

	(void)max;
	const enum cs_code code = read_own(db, arena, signer->instance, &own, err);
	if (code != CS_OK || own == NULL)
		return code;
	*ret_keys = CS_NEW(arena, struct cs_id);
	**ret_keys = signer->instance;
	*ret_n = own_is_due(signer, arena, own, now_ms);
	return CS_OK;
}

static bool
is_own(const struct svc_aggregate *aggregate)
{
	return aggregate->n_events > 0 && strcmp(aggregate->events[0]->subject, "clock.own") == 0;
}

enum cs_code
store_load_own(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];

		if (is_own(aggregate) && read_own(batch->db, batch->arena, aggregate->key,
					     &store_record_of(aggregate)->own, err))
			return err->code;
	}
	return CS_OK;
}

/* Another replica may have signed this very tree: then there is nothing more to sign. */
static const char save_tree_head_sql[] =
    "insert into audit_tree_head (size, root, at_ms, keyid, signature) values ($1, $2, $3, $4, $5)"
    " on conflict (size) do nothing";

enum cs_code
store_save_own(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct own *own = store_record_of(&batch->aggregates[i])->own;

		if (own == NULL || !own->head_is_new)
			continue;
		const struct db_param params[] = { db_i64((int64_t)own->head.size),
			db_bytes(cs_span_of(own->head.root, AUDIT_HASH)), db_i64(own->head.at_ms),
			db_text(own->head.keyid),
			db_bytes(cs_span_of(own->head.signature, AUDIT_SIGNATURE)) };

		if (db_send(batch->db, save_tree_head_sql, params, 5, 1, err))
			return err->code;
	}
	return CS_OK;
}
