/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "base/time.h"
#include "db/db.h"
#include "domain.h"
#include "handler.h"

static const char load_sql[] =
    "select request, check_id, domain, enterprise, account, asked, asked_ms, value, made_ms, expires_ms,"
    " attempt, look_until_ms, version"
    " from challenge where request = any($1::uuid[]) order by request, check_id for update";

static void
read_row(const struct db_rows *rows, size_t row, struct domain_request *request)
{
	cs_assert(request->n < DOMAIN_CHALLENGES_MAX); /* save never writes more */
	request->items[request->n++] = (struct domain_challenge){
		.check_id = db_get_text(rows, row, 1),
		.domain = db_get_text(rows, row, 2),
		.enterprise = db_get_text(rows, row, 3),
		.account = db_get_text(rows, row, 4),
		.asked = db_get_bytes(rows, row, 5),
		.asked_ms = db_get_i64(rows, row, 6),
		.value = db_get_text(rows, row, 7),
		.made_ms = db_get_i64(rows, row, 8),
		.expires_ms = db_get_i64(rows, row, 9),
		.attempt = (uint32_t)db_get_i32(rows, row, 10),
		.look_until_ms = db_get_i64(rows, row, 11),
		.version = (uint32_t)db_get_i32(rows, row, 12),
	};
}

enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct domain_request);
	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t r = 0; r < db_rows_count(rows); r++)
		read_row(rows, r, svc_aggregate_find(batch, db_get_id(rows, r, 0))->state);
	return CS_OK;
}

/* A row that somebody else made or changed since the load is a conflict: fewer rows than challenges. */
static const char save_sql[] =
    "insert into challenge as c (request, check_id, domain, enterprise, account, asked, asked_ms, value,"
    " made_ms, expires_ms, attempt, look_until_ms, version)"
    " select r, i, d, en, ac, a, am, v, m, e, n, l, ve + 1"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[],"
    " $8::text[], $9::bigint[], $10::bigint[], $11::int[], $12::bigint[], $13::int[])"
    " t(r, i, d, en, ac, a, am, v, m, e, n, l, ve)"
    " on conflict (request, check_id) do update set domain = excluded.domain,"
    " enterprise = excluded.enterprise, account = excluded.account, asked = excluded.asked,"
    " asked_ms = excluded.asked_ms, value = excluded.value, made_ms = excluded.made_ms,"
    " expires_ms = excluded.expires_ms, attempt = excluded.attempt,"
    " look_until_ms = excluded.look_until_ms, version = excluded.version"
    " where c.version = excluded.version - 1";

struct columns {
	struct cs_id *requests;
	const char **ids, **domains, **enterprises, **accounts, **values;
	struct cs_span *asked;
	int64_t *asked_ms, *made, *expires, *looks;
	int32_t *attempts, *versions;
	size_t n;
};

static struct columns
columns_new(struct cs_arena *arena, size_t max)
{
	return (struct columns){ .requests = CS_NEW_ARRAY(arena, max, struct cs_id),
		.ids = CS_NEW_ARRAY(arena, max, const char *),
		.domains = CS_NEW_ARRAY(arena, max, const char *),
		.enterprises = CS_NEW_ARRAY(arena, max, const char *),
		.accounts = CS_NEW_ARRAY(arena, max, const char *),
		.values = CS_NEW_ARRAY(arena, max, const char *),
		.asked = CS_NEW_ARRAY(arena, max, struct cs_span),
		.asked_ms = CS_NEW_ARRAY(arena, max, int64_t),
		.made = CS_NEW_ARRAY(arena, max, int64_t),
		.expires = CS_NEW_ARRAY(arena, max, int64_t),
		.looks = CS_NEW_ARRAY(arena, max, int64_t),
		.attempts = CS_NEW_ARRAY(arena, max, int32_t),
		.versions = CS_NEW_ARRAY(arena, max, int32_t) };
}

static void
columns_add(struct columns *c, struct cs_id request, const struct domain_challenge *challenge)
{
	size_t i = c->n++;

	c->requests[i] = request;
	c->ids[i] = challenge->check_id;
	c->domains[i] = challenge->domain;
	c->enterprises[i] = challenge->enterprise;
	c->accounts[i] = challenge->account;
	c->values[i] = challenge->value;
	c->asked[i] = challenge->asked;
	c->asked_ms[i] = challenge->asked_ms;
	c->made[i] = challenge->made_ms;
	c->expires[i] = challenge->expires_ms;
	c->looks[i] = challenge->look_until_ms;
	c->attempts[i] = (int32_t)challenge->attempt;
	c->versions[i] = (int32_t)challenge->version;
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct columns c = columns_new(arena, batch->n * DOMAIN_CHALLENGES_MAX);

	for (size_t i = 0; i < batch->n; i++) {
		const struct domain_request *request = batch->aggregates[i].state;

		for (size_t k = 0; k < request->n; k++)
			if (request->items[k].changed)
				columns_add(&c, batch->aggregates[i].key, &request->items[k]);
	}
	if (c.n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, c.requests, c.n),
		db_text_array(arena, c.ids, c.n), db_text_array(arena, c.domains, c.n),
		db_text_array(arena, c.enterprises, c.n), db_text_array(arena, c.accounts, c.n),
		db_bytes_array(arena, c.asked, c.n), db_i64_array(arena, c.asked_ms, c.n),
		db_text_array(arena, c.values, c.n), db_i64_array(arena, c.made, c.n),
		db_i64_array(arena, c.expires, c.n), db_i32_array(arena, c.attempts, c.n),
		db_i64_array(arena, c.looks, c.n), db_i32_array(arena, c.versions, c.n) };

	return db_send(batch->db, save_sql, params, 13, (int64_t)c.n, err);
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 5000
#define APPROVED_DAYS \
	2 /* policy ends what was approved within a day, and publishes a refusal for another */

/* A request's id begins with the time of its birth: the old ones are at the key's beginning. */
static const char sweep_sql[] =
    "with old as (select request, check_id from challenge where request < $1"
    "  order by request, check_id limit $2 for update skip locked),"
    " gone as (delete from challenge c using old where c.request = old.request"
    "  and c.check_id = old.check_id returning 1)"
    " select count(*) from gone";

enum cs_code
store_sweep_requests(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct domain_service *domain = self;
	int64_t days = (int64_t)domain->life_days + APPROVED_DAYS + domain->keep_days;
	struct cs_id born = cs_id_at(now_ms - days * CS_DAY_MS, (const uint8_t[10]){ 0 });
	const struct db_param params[] = { db_id(born), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
