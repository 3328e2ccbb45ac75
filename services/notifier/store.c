/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: all queries of notifier; rows are locked in the order of their keys. */
#include "store.h"

#include <string.h>

#include "base/time.h"
#include "db/db.h"
#include "handler.h"
#include "notify.h"
#include "store_codes.h"

static struct notify_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load ---- */

static const char load_sql[] = "select request, kind, state, made_ms, attempts, reply, version"
			       " from delivery where request = any($1::uuid[])"
			       " order by request, kind for update";

/* The table allows no other names. */
static enum notify_kind
kind_of(const char *name)
{
	enum notify_kind kind = NOTIFY_ISSUED;

	cs_assert(notify_kind_parse(name, &kind));
	return kind;
}

static enum notify_state
state_of(const char *name)
{
	enum notify_state state = NOTIFY_WAITING;

	while (strcmp(notify_state_name(state), name) != 0) {
		cs_assert(state != NOTIFY_NOBODY);
		state++;
	}
	return state;
}

static void
read_delivery(const struct db_rows *rows, size_t row, struct notify_case *found)
{
	found->deliveries[kind_of(db_get_text(rows, row, 1))] = (struct notify_delivery){
		.state = state_of(db_get_text(rows, row, 2)),
		.made_ms = db_get_i64(rows, row, 3),
		.attempts = (uint32_t)db_get_i32(rows, row, 4),
		.reply = db_get_text(rows, row, 5),
		.version = (uint32_t)db_get_i32(rows, row, 6),
	};
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct notify_case);
	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		const struct svc_aggregate *found =
		    svc_aggregate_find(batch, db_get_id(rows, i, 0));

		cs_assert(found != NULL);
		read_delivery(rows, i, case_of(found));
	}
	return store_load_codes(batch, err);
}

/* ---- save ---- */

static const char save_sql[] =
    "insert into delivery as d (request, kind, state, made_ms, attempts, reply, version)"
    " select r, k, s, m, a, t, v + 1 from unnest($1::uuid[], $2::text[], $3::text[],"
    "  $4::bigint[], $5::integer[], $6::text[], $7::integer[]) as n(r, k, s, m, a, t, v)"
    " on conflict (request, kind) do update set state = excluded.state,"
    " attempts = excluded.attempts, reply = excluded.reply, version = excluded.version"
    " where d.version = excluded.version - 1";

struct changed {
	struct cs_id request;
	enum notify_kind kind;
	const struct notify_delivery *delivery;
};

static size_t
collect(const struct svc_batch *batch, struct changed **ret)
{
	size_t n = 0;

	*ret = CS_NEW_ARRAY(batch->arena, batch->n * NOTIFY_KINDS, struct changed);
	for (size_t i = 0; i < batch->n; i++)
		for (enum notify_kind kind = 0; kind < NOTIFY_KINDS; kind++) {
			const struct notify_delivery *delivery =
			    &case_of(&batch->aggregates[i])->deliveries[kind];

			if (delivery->changed)
				(*ret)[n++] =
				    (struct changed){ batch->aggregates[i].key, kind, delivery };
		}
	return n;
}

/* One column of `p`, as an array of `type`. */
#define COLUMN(type, name, value)                  \
	type *name = CS_NEW_ARRAY(arena, n, type); \
	for (size_t i = 0; i < n; i++)             \
	name[i] = (value)

/* Fewer rows than deliveries: another replica was faster. */
enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct changed *p;
	size_t n = collect(batch, &p);

	if (store_save_codes(batch, err))
		return err->code;
	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, request, p[i].request);
	COLUMN(const char *, kind, notify_kind_name(p[i].kind));
	COLUMN(const char *, state, notify_state_name(p[i].delivery->state));
	COLUMN(int64_t, made_ms, p[i].delivery->made_ms);
	COLUMN(int32_t, attempts, (int32_t)p[i].delivery->attempts);
	COLUMN(const char *, reply, p[i].delivery->reply != NULL ? p[i].delivery->reply : "");
	COLUMN(int32_t, version, (int32_t)p[i].delivery->version);
	const struct db_param params[] = {
		db_id_array(arena, request, n),
		db_text_array(arena, kind, n),
		db_text_array(arena, state, n),
		db_i64_array(arena, made_ms, n),
		db_i32_array(arena, attempts, n),
		db_text_array(arena, reply, n),
		db_i32_array(arena, version, n),
	};

	return db_send(batch->db, save_sql, params, 7, (int64_t)n, err);
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 5000

static const char sweep_sql[] =
    "with old as (select request, kind from delivery where made_ms <= $1"
    "  and state <> 'waiting' limit $2 for update skip locked),"
    " gone as (delete from delivery d using old where d.request = old.request and d.kind = old.kind"
    "  returning 1)"
    " select count(*) from gone";

enum cs_code
store_sweep_cases(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct notify_service *notify = self;
	int64_t made_ms = now_ms - notify->keep_days * CS_DAY_MS;
	const struct db_param params[] = { db_i64(made_ms), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	bool more;

	if (store_sweep_codes(db, now_ms, arena, &more, err))
		return err->code;
	*ret_more = more || db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
