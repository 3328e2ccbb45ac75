/* SPDX-License-Identifier: Apache-2.0 */
#include "answers/store.h"

/*
 * In the order of the key, so that replicas cannot deadlock.  A packet that comes back within a day is
 * not written again: its time decides about years.
 */
static const char save_sql[] =
    "insert into answer as a (sha256, octets, name, type, first_at_ms, last_at_ms)"
    " select distinct on (s) s, o, n, t, at, at"
    " from unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::bigint[]) u(s, o, n, t, at)"
    " order by s, at desc"
    " on conflict (sha256) do update set last_at_ms = excluded.last_at_ms"
    " where a.last_at_ms < excluded.last_at_ms - 86400000";

enum cs_code
answers_store_save(struct db *db, struct cs_arena *arena, const struct answers_packet *packets,
    size_t n, struct cs_err *err)
{
	struct cs_span *sha256 = CS_NEW_ARRAY(arena, n, struct cs_span);
	struct cs_span *octets = CS_NEW_ARRAY(arena, n, struct cs_span);
	const char **names = CS_NEW_ARRAY(arena, n, const char *);
	const char **types = CS_NEW_ARRAY(arena, n, const char *);
	int64_t *at = CS_NEW_ARRAY(arena, n, int64_t);

	for (size_t i = 0; i < n; i++) {
		sha256[i] = packets[i].sha256;
		octets[i] = packets[i].octets;
		names[i] = packets[i].name;
		types[i] = packets[i].type;
		at[i] = packets[i].at_ms;
	}
	const struct db_param params[] = { db_bytes_array(arena, sha256, n),
		db_bytes_array(arena, octets, n), db_text_array(arena, names, n),
		db_text_array(arena, types, n), db_i64_array(arena, at, n) };

	if (db_send(db, save_sql, params, 5, -1, err))
		return err->code;
	return db_settle(db, err);
}

#define SWEEP_MAX 5000

static const char sweep_sql[] =
    "with old as (select sha256 from answer where last_at_ms < $1 limit $2 for update skip locked),"
    " gone as (delete from answer a using old where a.sha256 = old.sha256 returning 1)"
    " select count(*) from gone";

enum cs_code
answers_store_sweep(
    struct db *db, struct cs_arena *arena, int64_t before_ms, bool *ret_more, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(before_ms), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
