/* SPDX-License-Identifier: Apache-2.0 */
/* store_crl.c: revocation lists in SQL: their numbers, what they list, their octets, and questions for them. */
#include <string.h>

#include "crls.h"
#include "db/db.h"
#include "handler.h"
#include "store.h"
#include "store_rows.h"
#include "wire.h"

#define KEPT 3 /* newest lists of each place */

/* ---- load: which of the batch are lists or questions ---- */

static bool
has_event(const struct svc_aggregate *aggregate, const char *subject)
{
	for (size_t i = 0; i < aggregate->n_events; i++) {
		if (strcmp(aggregate->events[i]->subject, subject) == 0)
			return true;
	}
	return false;
}

static bool
is_list(const struct svc_aggregate *aggregate)
{
	return has_event(aggregate, "clock.crl-due") || has_event(aggregate, "work.crl");
}

/* Does an event of it make a new list, so that everything that is listed is wanted? */
static bool
makes_one(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++) {
		const struct svc_event *ev = aggregate->events[i];
		const struct crls_result *result = ev->what;

		if (strcmp(ev->subject, "work.crl") != 0 || result->says == CRLS_RECHECK)
			return true;
	}
	return false;
}

static const char load_list_sql[] =
    "select issuer, crl_partition, version, number, in_hand, tbs_sha256, taken_at_ms, made_number,"
    " made_at_ms, this_update_s, next_update_s, entries"
    " from crl_list where list = $1 for update";

static enum cs_code
read_list(const struct db_rows *rows, struct record_list *list, struct cs_err *err)
{
	const struct cs_span digest = db_get_bytes(rows, 0, 5);

	if (digest.len != sizeof(list->tbs_sha256))
		return cs_fail(err, CS_INTERNAL, "a list with a digest of another length");
	*list = (struct record_list){
		.issuer = db_get_text(rows, 0, 0),
		.partition = (uint32_t)db_get_i32(rows, 0, 1),
		.is_stored = true,
		.version = (uint32_t)db_get_i32(rows, 0, 2),
		.number = db_get_i64(rows, 0, 3),
		.in_hand = db_get_bool(rows, 0, 4),
		.taken_at_ms = db_get_i64(rows, 0, 6),
		.made_number = db_get_i64(rows, 0, 7),
		.made_at_ms = db_get_i64(rows, 0, 8),
		.this_update_s = db_get_i64(rows, 0, 9),
		.next_update_s = db_get_i64(rows, 0, 10),
		.entries = (uint32_t)db_get_i32(rows, 0, 11),
	};
	memcpy(list->tbs_sha256, digest.data, digest.len);
	return CS_OK;
}

/* A list that was never made: its key says which it is. */
static enum cs_code
find_place(
    const struct svc_batch *batch, struct cs_id key, struct record_list *list, struct cs_err *err)
{
	const struct signer_service *signer = batch->self;
	size_t n;
	const struct crls_place *all = crls_all(batch->arena, signer->issuers, batch->now_ms, &n);

	for (size_t i = 0; i < n; i++) {
		if (cs_id_equal(all[i].key, key)) {
			list->issuer = all[i].issuer;
			list->partition = all[i].partition;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_INTERNAL, "no issuing CA has this list");
}

/* First what changed, then what is listed: whoever revokes in between comes onto the next list too. */
static const char load_changes_sql[] =
    "select id from crl_change where issuer = $1 and crl_partition = $2";

/*
 * An entry stays until it was on a list that was made after the certificate's end (RFC 5280 3.3): $3 is when the
 * one before was made.  Serials have one length, so that octets are ordered as numbers are.
 */
static const char load_entries_sql[] =
    "select serial, revoked_at_ms, reason from revocation"
    " where issuer = $1 and ($2 = 0 or crl_partition = $2) and not_after_s >= $3 order by serial";

static void
read_changes(struct cs_arena *arena, const struct db_rows *rows, struct record_list *list)
{
	const size_t n = db_rows_count(rows);
	int64_t *changes = CS_NEW_ARRAY(arena, n, int64_t);

	for (size_t i = 0; i < n; i++)
		changes[i] = db_get_i64(rows, i, 0);
	list->changes = changes;
	list->n_changes = n;
}

static void
read_entries(struct cs_arena *arena, const struct db_rows *rows, struct record_list *list)
{
	const size_t n = db_rows_count(rows);
	struct pki_crl_entry *listed = CS_NEW_ARRAY(arena, n, struct pki_crl_entry);

	for (size_t i = 0; i < n; i++)
		listed[i] = (struct pki_crl_entry){ db_get_bytes(rows, i, 0),
			db_get_i64(rows, i, 1) / 1000, (uint32_t)db_get_i32(rows, i, 2) };
	list->listed = listed;
	list->n_listed = n;
}

static enum cs_code
load_entries(struct svc_batch *batch, struct record_list *list, struct cs_err *err)
{
	const struct db_param params[] = { db_text(list->issuer), db_i32((int32_t)list->partition),
		db_i64(list->this_update_s) };
	struct db_rows *changes, *entries;

	if (db_ask(batch->db, batch->arena, load_changes_sql, params, 2, &changes, err) ||
	    db_ask(batch->db, batch->arena, load_entries_sql, params, 3, &entries, err) ||
	    db_settle(batch->db, err))
		return err->code;
	read_changes(batch->arena, changes, list);
	read_entries(batch->arena, entries, list);
	return CS_OK;
}

static enum cs_code
load_list(struct svc_batch *batch, const struct svc_aggregate *aggregate, struct cs_err *err)
{
	struct record_list *list = CS_NEW(batch->arena, struct record_list);
	const struct db_param params[] = { db_id(aggregate->key) };
	struct db_rows *rows;

	store_record_of(aggregate)->list = list;
	if (db_query(batch->db, batch->arena, load_list_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) > 0 ? read_list(rows, list, err)
				    : find_place(batch, aggregate->key, list, err))
		return err->code;
	return makes_one(aggregate) ? load_entries(batch, list, err) : CS_OK;
}

/* ---- load: questions ---- */

static const char load_newest_sql[] =
    "select c.issuer, c.crl_partition, c.number, c.this_update_s, c.next_update_s, length(c.der),"
    " c.sha256, c.entries, c.made_at_ms from crl_list l join crl c on c.issuer = l.issuer"
    " and c.crl_partition = l.crl_partition and c.number = l.made_number"
    " order by c.issuer, c.crl_partition limit 4096";

static enum cs_code
load_newest(struct svc_batch *batch, struct record_question *q, struct cs_err *err)
{
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_newest_sql, NULL, 0, &rows, err))
		return err->code;
	const size_t n = db_rows_count(rows);
	struct wire_crl *crls = CS_NEW_ARRAY(batch->arena, n, struct wire_crl);
	for (size_t i = 0; i < n; i++)
		crls[i] = (struct wire_crl){
			.issuer = db_get_text(rows, i, 0),
			.partition = (uint32_t)db_get_i32(rows, i, 1),
			.number = db_get_i64(rows, i, 2),
			.this_update_ms = db_get_i64(rows, i, 3) * 1000,
			.next_update_ms = db_get_i64(rows, i, 4) * 1000,
			.size = (uint32_t)db_get_i32(rows, i, 5),
			.sha256 = db_get_bytes(rows, i, 6),
			.entries = (uint32_t)db_get_i32(rows, i, 7),
			.made_at_ms = db_get_i64(rows, i, 8),
		};
	q->crls = crls;
	q->n_crls = n;
	return CS_OK;
}

static const char load_part_sql[] = "select length(der), substring(der from $4 + 1 for $5) from crl"
				    " where issuer = $1 and crl_partition = $2 and number = $3";

static enum cs_code
load_part(struct svc_batch *batch, const struct wire_crl_ask *ask, struct record_question *q,
    struct cs_err *err)
{
	const struct db_param params[] = { db_text(ask->issuer), db_i32((int32_t)ask->partition),
		db_i64(ask->number), db_i32((int32_t)ask->offset), db_i32((int32_t)CRLS_PART) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_part_sql, params, 5, &rows, err))
		return err->code;
	q->here = db_rows_count(rows) == 1;
	if (q->here) {
		q->size = (uint32_t)db_get_i32(rows, 0, 0);
		q->part = db_get_bytes(rows, 0, 1);
	}
	return CS_OK;
}

static enum cs_code
load_question(struct svc_batch *batch, const struct svc_aggregate *aggregate, struct cs_err *err)
{
	struct record_question *q = CS_NEW(batch->arena, struct record_question);
	const struct svc_event *ev = aggregate->events[0];

	store_record_of(aggregate)->question = q;
	return strcmp(ev->subject, "ask.signer.crls") == 0 ? load_newest(batch, q, err)
							   : load_part(batch, ev->what, q, err);
}

enum cs_code
store_load_lists(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];
		enum cs_code code = CS_OK;

		if (is_list(aggregate))
			code = load_list(batch, aggregate, err);
		else if (has_event(aggregate, "ask.signer.crls") ||
			 has_event(aggregate, "ask.signer.crl"))
			code = load_question(batch, aggregate, err);
		if (code != CS_OK)
			return code;
	}
	return CS_OK;
}

/* ---- save ---- */

static const char new_list_sql[] =
    "insert into crl_list (list, version, number, in_hand, tbs_sha256, taken_at_ms, made_number,"
    " made_at_ms, this_update_s, next_update_s, entries, issuer, crl_partition)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

static const char change_list_sql[] =
    "update crl_list set version = $2, number = $3, in_hand = $4, tbs_sha256 = $5,"
    " taken_at_ms = $6, made_number = $7, made_at_ms = $8, this_update_s = $9,"
    " next_update_s = $10, entries = $11 where list = $1 and version = $2 - 1";

static enum cs_code
save_list(
    struct svc_batch *batch, struct cs_id key, const struct record_list *list, struct cs_err *err)
{
	const struct db_param params[] = { db_id(key), db_i32((int32_t)list->version + 1),
		db_i64(list->number), db_bool(list->in_hand),
		db_bytes(cs_span_of(list->tbs_sha256, sizeof(list->tbs_sha256))),
		db_i64(list->taken_at_ms), db_i64(list->made_number), db_i64(list->made_at_ms),
		db_i64(list->this_update_s), db_i64(list->next_update_s),
		db_i32((int32_t)list->entries), db_text(list->issuer),
		db_i32((int32_t)list->partition) };

	return list->is_stored ? db_send(batch->db, change_list_sql, params, 11, 1, err)
			       : db_send(batch->db, new_list_sql, params, 13, 1, err);
}

static const char take_changes_sql[] =
    "update crl_change set number = $2 where id = any($1::bigint[])";

static enum cs_code
save_taken(struct svc_batch *batch, const struct record_list *list, struct cs_err *err)
{
	const struct db_param params[] = {
		db_i64_array(batch->arena, list->changes, list->n_changes), db_i64(list->number)
	};

	if (!list->taken || list->n_changes == 0)
		return CS_OK;
	return db_send(batch->db, take_changes_sql, params, 2, -1, err);
}

static const char new_crl_sql[] =
    "insert into crl (issuer, crl_partition, number, this_update_s, next_update_s, entries, der,"
    " sha256, made_at_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
static const char listed_sql[] =
    "delete from crl_change where issuer = $1 and crl_partition = $2 and number between 1 and $3";
static const char forget_crls_sql[] =
    "delete from crl where issuer = $1 and crl_partition = $2 and number <= (select number from crl"
    " where issuer = $1 and crl_partition = $2 order by number desc offset $3 limit 1)";

static enum cs_code
save_made(struct svc_batch *batch, const struct record_list *list, struct cs_err *err)
{
	const struct db_param params[] = { db_text(list->issuer), db_i32((int32_t)list->partition),
		db_i64(list->made_number), db_i64(list->this_update_s), db_i64(list->next_update_s),
		db_i32((int32_t)list->entries), db_bytes(list->der),
		db_bytes(cs_span_of(list->der_sha256, sizeof(list->der_sha256))),
		db_i64(list->made_at_ms) };
	const struct db_param old[] = { params[0], params[1], db_i64(KEPT) };

	if (list->der.len == 0)
		return CS_OK;
	if (db_send(batch->db, new_crl_sql, params, 9, 1, err) ||
	    db_send(batch->db, listed_sql, params, 3, -1, err))
		return err->code;
	return db_send(batch->db, forget_crls_sql, old, 3, -1, err);
}

enum cs_code
store_save_lists(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct svc_aggregate *aggregate = &batch->aggregates[i];
		const struct record_list *list = store_record_of(aggregate)->list;

		if (list == NULL || !list->changed)
			continue;
		if (save_list(batch, aggregate->key, list, err) || save_taken(batch, list, err) ||
		    save_made(batch, list, err))
			return err->code;
	}
	return CS_OK;
}

/* ---- clock ---- */

/* Those that settings name, and those that were made once: a partition that is no more still has certificates. */
static const char due_sql[] =
    "select k.list from (select list from unnest($1::uuid[]) n(list)"
    " union select list from crl_list where issuer = any($2::text[])) k"
    " left join crl_list l on l.list = k.list"
    " where l.list is null"
    " or (l.in_hand and l.taken_at_ms <= $3 - $6::bigint)"
    " or (not l.in_hand and (l.made_at_ms <= $3 - $4::bigint or exists (select 1 from crl_change c"
    "  where c.issuer = l.issuer and c.crl_partition = l.crl_partition"
    "  and c.at_ms <= $3 - $5::bigint)))"
    " limit $7";

/* Of each CA the worst of its lists, so that one stale partition shows; 0: one of them was never made. */
static const char ages_sql[] =
    "select k.issuer, min(coalesce(l.this_update_s, 0)), min(coalesce(l.next_update_s, 0)),"
    " max(coalesce(l.entries, 0)), coalesce((select min(c.at_ms) from crl_change c"
    "  where c.issuer = k.issuer), 0)"
    " from unnest($1::uuid[], $2::text[]) k(list, issuer)"
    " left join crl_list l on l.list = k.list group by k.issuer";

static void
show_ages(struct svc *svc, const struct db_rows *rows, int64_t now_ms)
{
	const double now_s = (double)now_ms / 1000;

	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const char *issuer = db_get_text(rows, i, 0);
		const int64_t pending_ms = db_get_i64(rows, i, 4);

		svc_gauge(svc, "crl_age_seconds", "issuer", issuer,
		    now_s - (double)db_get_i64(rows, i, 1));
		svc_gauge(svc, "crl_life_left_seconds", "issuer", issuer,
		    (double)db_get_i64(rows, i, 2) - now_s);
		svc_gauge(svc, "crl_entries", "issuer", issuer, db_get_i32(rows, i, 3));
		svc_gauge(svc, "crl_pending_seconds", "issuer", issuer,
		    pending_ms == 0 ? 0 : now_s - (double)pending_ms / 1000);
	}
}

enum cs_code
store_due_lists(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct signer_service *signer = self;
	size_t n;
	const struct crls_place *all = crls_all(arena, signer->issuers, now_ms, &n);
	struct store_columns c = store_columns(arena, n);
	struct db_rows *rows, *ages;

	for (; c.n < n; c.n++) {
		c.ids[c.n] = all[c.n].key;
		c.texts[c.n] = all[c.n].issuer;
	}
	const struct db_param params[] = { db_id_array(arena, c.ids, n),
		db_text_array(arena, c.texts, n), db_i64(now_ms),
		db_i64((int64_t)signer->crl_every_hours * 3600 * 1000),
		db_i64((int64_t)signer->crl_after_seconds * 1000), db_i64(CRLS_IN_HAND_MS),
		db_i64((int64_t)max) };
	if (db_ask(db, arena, due_sql, params, 7, &rows, err) ||
	    db_query(db, arena, ages_sql, params, 2, &ages, err))
		return err->code;
	if (signer->svc != NULL)
		show_ages(signer->svc, ages, now_ms);
	store_due_ids(arena, rows, ret_keys, ret_n);
	return CS_OK;
}
