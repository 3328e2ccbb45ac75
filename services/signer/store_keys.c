/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_keys.c: the registry of keys: whose a key is, which nobody may have certified, and what was certified
 * before (SBR 6.1.1.3).  Two replicas that want one key, or want it and block it, meet at its row.
 */
#include <string.h>

#include "db/db.h"
#include "store_rows.h"

/* ---- load ---- */

static const char load_keys_sql[] =
    "select k.request, b.why, o.enterprise, o.account, c.der, c.enterprise, c.account, i.profile,"
    " v.request is not null"
    " from unnest($1::uuid[], $2::bytea[], $3::uuid[]) k(request, spki_sha256, previous)"
    " left join blocked_key b on b.spki_sha256 = k.spki_sha256"
    " left join key_owner o on o.spki_sha256 = k.spki_sha256"
    " left join certificate c on c.request = k.previous"
    " left join intent i on i.request = c.request"
    " left join revocation v on v.request = c.request";

/* As it is stored, or with the first plan of those that just came; empty: there is none. */
static struct cs_span
request_of(const struct svc_aggregate *aggregate)
{
	struct cs_span envelope = store_record_of(aggregate)->c.request.envelope;

	for (size_t i = 0; i < aggregate->n_events && envelope.len == 0; i++) {
		if (store_plan_of(aggregate->events[i]) != NULL)
			envelope = store_plan_of(aggregate->events[i])->parts.request;
	}
	return envelope;
}

enum cs_code
store_ask_keys(struct svc_batch *batch, const struct cs_id *requests, size_t n,
    struct db_rows **ret_rows, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, n);
	struct cs_id *previous = CS_NEW_ARRAY(batch->arena, n, struct cs_id);

	for (size_t i = 0; i < n; i++) {
		const struct svc_aggregate *aggregate = svc_aggregate_find(batch, requests[i]);
		const struct cs_span envelope = request_of(aggregate);
		struct gate_case *of = &store_record_of(aggregate)->c;

		if (envelope.len == 0)
			continue;
		/* What cannot be read asks for nothing: the gate says so. */
		if (!gate_asks(batch->arena, envelope, &of->key, &of->previous)) {
			of->key.known = true;
			continue;
		}
		c.ids[c.n] = requests[i];
		c.spans[c.n] = cs_span_of(of->key.spki_sha256, sizeof(of->key.spki_sha256));
		previous[c.n++] = of->previous.request;
	}
	*ret_rows = NULL;
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, c.ids, c.n),
		db_bytes_array(batch->arena, c.spans, c.n),
		db_id_array(batch->arena, previous, c.n) };
	return db_ask(batch->db, batch->arena, load_keys_sql, params, 3, ret_rows, err);
}

void
store_read_keys(struct svc_batch *batch, const struct db_rows *rows)
{
	const size_t n = rows != NULL ? db_rows_count(rows) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct svc_aggregate *found =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0));
		struct gate_case *c = &store_record_of(found)->c;

		c->key.known = true;
		c->key.blocked = db_get_text(rows, i, 1);
		c->key.enterprise = db_get_text(rows, i, 2);
		c->key.account = db_get_text(rows, i, 3);
		c->previous.certificate = db_get_bytes(rows, i, 4);
		c->previous.enterprise = db_get_text(rows, i, 5);
		c->previous.account = db_get_text(rows, i, 6);
		c->previous.profile = db_get_text(rows, i, 7);
		c->previous.revoked = db_get_bool(rows, i, 8);
	}
}

/* ---- save ---- */

static const char own_keys_sql[] =
    "insert into key_owner (spki_sha256, enterprise, account, request, at_ms)"
    " select distinct on (k) k, e, a, q, $5 from"
    " unnest($1::bytea[], $2::text[], $3::text[], $4::uuid[]) u(k, e, a, q) order by k, q"
    " on conflict (spki_sha256) do nothing";

/* A row for each of ours, or another's claim was faster.  Held until the end: nobody blocks the key before. */
static const char hold_keys_sql[] =
    "select 1 from unnest($1::bytea[], $2::text[], $3::text[]) u(k, e, a) join key_owner o"
    " on o.spki_sha256 = u.k and o.enterprise = u.e and o.account = u.a"
    " order by o.spki_sha256 for share of o";

/* A statement of its own, so that it sees what was committed while the one above waited. */
static const char none_blocked_sql[] =
    "select 1 from blocked_key where spki_sha256 = any($1::bytea[])";

static void
add_owner(struct store_columns *c, const struct signer_record *record)
{
	c->ids[c->n] = record->c.id;
	c->spans[c->n] = cs_span_of(record->owner.spki_sha256, CLAIM_DIGEST);
	c->texts[c->n] = record->owner.enterprise;
	c->more_texts[c->n++] = record->owner.account;
}

/* The intent was for the key that the certificate has, and rows of owners stay: it is there. */
static bool
is_owned(const struct signer_record *record)
{
	return record->certificate.der.len > 0 && !record->intent_is_new;
}

/* CS_CONFLICT: between load and now a key became another's, or was blocked. */
static enum cs_code
own_keys(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns all = store_columns(batch->arena, batch->n);
	struct store_columns new = store_columns(batch->arena, batch->n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (record->owner.enterprise == NULL)
			continue;
		add_owner(&all, record);
		if (!is_owned(record))
			add_owner(&new, record);
	}
	const struct db_param owned[] = { db_bytes_array(arena, new.spans, new.n),
		db_text_array(arena, new.texts, new.n), db_text_array(arena, new.more_texts, new.n),
		db_id_array(arena, new.ids, new.n), db_i64(batch->now_ms) };
	const struct db_param held[] = { db_bytes_array(arena, all.spans, all.n),
		db_text_array(arena, all.texts, all.n),
		db_text_array(arena, all.more_texts, all.n) };

	if (all.n == 0)
		return CS_OK;
	if ((new.n > 0 && db_send(batch->db, own_keys_sql, owned, 5, -1, err)) ||
	    db_send(batch->db, hold_keys_sql, held, 3, (int64_t)all.n, err))
		return err->code;
	return db_send(batch->db, none_blocked_sql, held, 1, 0, err);
}

static const char hold_alone_sql[] = "select 1 from key_owner where spki_sha256 = any($1::bytea[])"
				     " order by spki_sha256 for update";
static const char block_keys_sql[] =
    "insert into blocked_key (spki_sha256, why, request, at_ms)"
    " select distinct on (k) k, w, q, $4"
    " from unnest($1::bytea[], $2::text[], $3::uuid[]) u(k, w, q) order by k, q"
    " on conflict (spki_sha256) do nothing";

static enum cs_code
block_keys(struct svc_batch *batch, struct cs_err *err)
{
	struct store_columns c = store_columns(batch->arena, batch->n);
	struct cs_arena *arena = batch->arena;

	for (size_t i = 0; i < batch->n; i++) {
		const struct signer_record *record = store_record_of(&batch->aggregates[i]);

		if (record->block_why == NULL)
			continue;
		c.ids[c.n] = record->c.id;
		c.spans[c.n] = cs_span_of(record->issued.spki_sha256, CLAIM_DIGEST);
		c.texts[c.n++] = record->block_why;
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_bytes_array(arena, c.spans, c.n),
		db_text_array(arena, c.texts, c.n), db_id_array(arena, c.ids, c.n),
		db_i64(batch->now_ms) };
	if (db_send(batch->db, hold_alone_sql, params, 1, -1, err))
		return err->code;
	return db_send(batch->db, block_keys_sql, params, 4, -1, err);
}

/*
 * Blocks first: a key that is blocked and wanted in one batch is a conflict, and then they come one by one.
 * The share that own_keys() takes of a row which block_keys() holds is its own, and waits for nobody.
 */
enum cs_code
store_save_keys(struct svc_batch *batch, struct cs_err *err)
{
	if (block_keys(batch, err))
		return err->code;
	return own_keys(batch, err);
}
