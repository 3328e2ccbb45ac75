/* SPDX-License-Identifier: Apache-2.0 */
/* store_audit.c: the audit log of the signer; its head is locked last in a transaction. */
#include <string.h>

#include "audit.h"
#include "db/db.h"
#include "store_rows.h"

static const char lock_head_sql[] = "select seq, hash from audit_head for update";
static const char save_audit_sql[] =
    "insert into audit (seq, at_ms, request, action, detail, prev_hash, hash)"
    " select s, t, q, a, d, p, h from unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[],"
    " $5::text[], $6::bytea[], $7::bytea[]) u(s, t, q, a, d, p, h)";
static const char save_head_sql[] = "update audit_head set seq = $1, hash = $2";

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

static void
fill_audits(const struct svc_batch *batch, struct audit_row *rows)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		for (const struct record_audit *a = record->audits; a != NULL; a = a->next)
			rows[n++] = (struct audit_row){ .at_ms = batch->now_ms,
				.request = record->c.id,
				.action = a->action,
				.detail = a->detail };
	}
}

static enum cs_code
send_audits(struct svc_batch *batch, const struct audit_row *rows, size_t n, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < n; i++) {
		c.longs[i] = rows[i].seq;
		c.more_longs[i] = rows[i].at_ms;
		c.ids[i] = rows[i].request;
		c.texts[i] = rows[i].action;
		c.more_texts[i] = rows[i].detail;
		c.spans[i] = cs_span_of(rows[i].prev_hash, AUDIT_HASH);
		c.more_spans[i] = cs_span_of(rows[i].hash, AUDIT_HASH);
	}
	const struct db_param params[] = { db_i64_array(arena, c.longs, n),
		db_i64_array(arena, c.more_longs, n), db_id_array(arena, c.ids, n),
		db_text_array(arena, c.texts, n), db_text_array(arena, c.more_texts, n),
		db_bytes_array(arena, c.spans, n), db_bytes_array(arena, c.more_spans, n) };
	const struct db_param head[] = { db_i64(rows[n - 1].seq),
		db_bytes(cs_span_of(rows[n - 1].hash, AUDIT_HASH)) };
	if (db_send(batch->db, save_audit_sql, params, 7, (int64_t)n, err))
		return err->code;
	return db_send(batch->db, save_head_sql, head, 2, 1, err);
}

enum cs_code
store_save_audits(struct svc_batch *batch, struct cs_err *err)
{
	const size_t n = count_audits(batch);
	struct audit_row *rows = CS_NEW_ARRAY(batch->arena, n, struct audit_row);
	struct db_rows *head;

	if (n == 0)
		return CS_OK;
	fill_audits(batch, rows);
	if (db_query(batch->db, batch->arena, lock_head_sql, NULL, 0, &head, err))
		return err->code;
	if (db_rows_count(head) != 1 || db_get_bytes(head, 0, 1).len != AUDIT_HASH)
		return cs_fail(err, CS_INTERNAL, "the audit chain has no end");
	audit_link(rows, n, db_get_i64(head, 0, 0), db_get_bytes(head, 0, 1).data);
	return send_audits(batch, rows, n, err);
}
