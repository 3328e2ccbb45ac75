/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: all queries of certificate-status; rows are locked in the order of their keys. */
#include "store.h"

#include <string.h>

#include "base/time.h"
#include "db/db.h"

#define PAGE 5000
#define SWEEP_MAX 5000

static struct status_row *
row_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load ---- */

static const char load_sql[] =
    "select id, issuer, serial, revoked, reason, revoked_ms, not_after_ms,"
    " version from certificate where id = any($1::uuid[])"
    " order by id for update";
static const char load_crl_sql[] = "select id, number from crl where id = any($1::uuid[])"
				   " order by id for update";

static struct status_facts
read_facts(const struct db_rows *rows, size_t row, size_t column)
{
	return (struct status_facts){ .revoked = db_get_bool(rows, row, column),
		.reason = (uint32_t)db_get_i32(rows, row, column + 1),
		.revoked_at_ms = db_get_i64(rows, row, column + 2),
		.not_after_ms = db_get_i64(rows, row, column + 3) };
}

static struct status_row *
find(struct svc_batch *batch, struct cs_id key)
{
	const struct svc_aggregate *found = svc_aggregate_find(batch, key);

	cs_assert(found != NULL);
	return row_of(found);
}

enum cs_code
store_load_rows(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows, *crls;

	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct status_row);
	if (db_ask(batch->db, batch->arena, load_sql, params, 1, &rows, err) ||
	    db_query(batch->db, batch->arena, load_crl_sql, params, 1, &crls, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		*find(batch, db_get_id(rows, i, 0)) = (struct status_row){ .known = true,
			.issuer = db_get_text(rows, i, 1),
			.serial = db_get_bytes(rows, i, 2),
			.facts = read_facts(rows, i, 3),
			.version = (uint32_t)db_get_i32(rows, i, 7) };
	for (size_t i = 0; i < db_rows_count(crls); i++)
		find(batch, db_get_id(crls, i, 0))->number = db_get_i64(crls, i, 1);
	return CS_OK;
}

/* ---- save ---- */

static const char save_sql[] =
    "insert into certificate as c (id, issuer, serial, revoked, reason, revoked_ms, not_after_ms,"
    "  version, changed)"
    " select i, a, s, r, w, t, e, v + 1, pg_current_xact_id()::text::bigint from unnest("
    "  $1::uuid[], $2::text[], $3::bytea[], $4::boolean[], $5::integer[], $6::bigint[],"
    "  $7::bigint[], $8::integer[]) as n(i, a, s, r, w, t, e, v)"
    " on conflict (id) do update set revoked = excluded.revoked, reason = excluded.reason,"
    " revoked_ms = excluded.revoked_ms, not_after_ms = excluded.not_after_ms,"
    " version = excluded.version, changed = excluded.changed"
    " where c.version = excluded.version - 1";
static const char save_crl_sql[] =
    "insert into crl as c (id, issuer, part, number, octets)"
    " select i, a, p, n, o from unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[],"
    "  $5::bytea[]) as t(i, a, p, n, o)"
    " on conflict (id) do update set number = excluded.number, octets = excluded.octets"
    " where c.number < excluded.number";

struct changed {
	struct cs_id id;
	const struct status_row *row;
};

/* Of certificates, or of CRLs. */
static size_t
collect(const struct svc_batch *batch, bool of_crls, struct changed **ret)
{
	size_t n = 0;

	*ret = CS_NEW_ARRAY(batch->arena, batch->n, struct changed);
	for (size_t i = 0; i < batch->n; i++) {
		const struct status_row *row = row_of(&batch->aggregates[i]);

		if (row->changed && (row->octets.len > 0) == of_crls)
			(*ret)[n++] = (struct changed){ batch->aggregates[i].key, row };
	}
	return n;
}

/* One column of `p`, as an array of `type`. */
#define COLUMN(type, name, value)                  \
	type *name = CS_NEW_ARRAY(arena, n, type); \
	for (size_t i = 0; i < n; i++)             \
	name[i] = (value)

/* Fewer rows than certificates: another replica was faster. */
static enum cs_code
save_certificates(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct changed *p;
	const size_t n = collect(batch, false, &p);

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, id, p[i].id);
	COLUMN(const char *, issuer, p[i].row->issuer);
	COLUMN(struct cs_span, serial, p[i].row->serial);
	COLUMN(bool, revoked, p[i].row->facts.revoked);
	COLUMN(int32_t, reason, (int32_t)p[i].row->facts.reason);
	COLUMN(int64_t, revoked_ms, p[i].row->facts.revoked_at_ms);
	COLUMN(int64_t, not_after_ms, p[i].row->facts.not_after_ms);
	COLUMN(int32_t, version, (int32_t)p[i].row->version);
	const struct db_param params[] = {
		db_id_array(arena, id, n),
		db_text_array(arena, issuer, n),
		db_bytes_array(arena, serial, n),
		db_bool_array(arena, revoked, n),
		db_i32_array(arena, reason, n),
		db_i64_array(arena, revoked_ms, n),
		db_i64_array(arena, not_after_ms, n),
		db_i32_array(arena, version, n),
	};

	return db_send(batch->db, save_sql, params, 8, (int64_t)n, err);
}

/* Each replica fetches for itself: that another kept it first is no conflict. */
static enum cs_code
save_crls(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct changed *p;
	const size_t n = collect(batch, true, &p);

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, id, p[i].id);
	COLUMN(const char *, issuer, p[i].row->issuer);
	COLUMN(int32_t, part, (int32_t)p[i].row->partition);
	COLUMN(int64_t, number, p[i].row->number);
	COLUMN(struct cs_span, octets, p[i].row->octets);
	const struct db_param params[] = {
		db_id_array(arena, id, n),
		db_text_array(arena, issuer, n),
		db_i32_array(arena, part, n),
		db_i64_array(arena, number, n),
		db_bytes_array(arena, octets, n),
	};

	return db_send(batch->db, save_crl_sql, params, 5, -1, err);
}

enum cs_code
store_save_rows(struct svc_batch *batch, struct cs_err *err)
{
	if (save_certificates(batch, err))
		return err->code;
	return save_crls(batch, err);
}

/* ---- the memory of a replica ---- */

/*
 * A row is seen once it is committed, and transactions commit in another order than they began: what is
 * not below the oldest that ran when a pass began is read again by the next.
 */
static const char oldest_sql[] =
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest";
static const char page_sql[] =
    "select issuer, serial, revoked, reason, revoked_ms, not_after_ms, changed, id from certificate"
    " where (changed, id) > ($1, $2) order by changed, id limit $3";
static const char crls_sql[] = "select issuer, part, number from crl order by issuer, part";

static void
read_rows(struct cs_arena *arena, const struct db_rows *rows, struct store_page *page)
{
	page->n = db_rows_count(rows);
	page->more = page->n == PAGE;
	page->certificates = CS_NEW_ARRAY(arena, page->n + 1, struct store_certificate);
	for (size_t i = 0; i < page->n; i++)
		page->certificates[i] = (struct store_certificate){ db_get_text(rows, i, 0),
			db_get_bytes(rows, i, 1), read_facts(rows, i, 2) };
	if (page->more)
		page->next = (struct store_cursor){ db_get_i64(rows, page->n - 1, 6),
			db_get_id(rows, page->n - 1, 7) };
}

static void
read_crls(struct cs_arena *arena, const struct db_rows *rows, struct store_page *page)
{
	page->n_crls = db_rows_count(rows);
	page->crls = CS_NEW_ARRAY(arena, page->n_crls + 1, struct store_crl);
	for (size_t i = 0; i < page->n_crls; i++)
		page->crls[i] = (struct store_crl){ db_get_text(rows, i, 0),
			(uint32_t)db_get_i32(rows, i, 1), db_get_i64(rows, i, 2) };
}

enum cs_code
store_read_page(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct store_page *page = CS_NEW(arena, struct store_page);
	struct db_rows *oldest, *rows, *crls;
	struct store_cursor from;

	(void)self;
	(void)context;
	cs_assert(ask.len == sizeof(from));
	memcpy(&from, ask.data, sizeof(from));
	const struct db_param params[] = { db_i64(from.changed), db_id(from.id), db_i64(PAGE) };
	if (db_ask(db, arena, oldest_sql, NULL, 0, &oldest, err) ||
	    db_ask(db, arena, crls_sql, NULL, 0, &crls, err) ||
	    db_query(db, arena, page_sql, params, 3, &rows, err))
		return err->code;
	page->oldest = db_get_i64(oldest, 0, 0);
	read_rows(arena, rows, page);
	read_crls(arena, crls, page);
	*ret_status = 200;
	*ret_body = cs_span_of(page, sizeof(*page));
	return CS_OK;
}

static const char crl_sql[] = "select octets from crl where id = $1";

enum cs_code
store_read_crl(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err)
{
	struct db_rows *rows;
	struct cs_id id;

	(void)self;
	(void)context;
	cs_assert(ask.len == sizeof(id));
	memcpy(&id, ask.data, sizeof(id));
	const struct db_param params[] = { db_id(id) };
	if (db_query(db, arena, crl_sql, params, 1, &rows, err))
		return err->code;
	*ret_status = db_rows_count(rows) > 0 ? 200 : 404;
	if (db_rows_count(rows) > 0)
		*ret_body = db_get_bytes(rows, 0, 0);
	return CS_OK;
}

/* ---- what is kept no longer ---- */

static const char sweep_sql[] =
    "with old as (select id from certificate where not_after_ms > 0 and not_after_ms <= $1"
    "  order by not_after_ms limit $2 for update skip locked),"
    " gone as (delete from certificate c using old where c.id = old.id returning 1)"
    " select count(*) from gone";

enum cs_code
store_sweep_certificates(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct status_service *status = self;
	const struct db_param params[] = { db_i64(now_ms - status->keep_days * CS_DAY_MS),
		db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
