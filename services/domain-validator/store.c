/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include "db/db.h"
#include "domain.h"

static const char load_sql[] =
    "select request, check_id, domain, asked, value, made_ms, expires_ms, attempt, looking, proved,"
    " wished, enterprise, account, version"
    " from challenge where request = any($1::uuid[]) order by request, check_id for update";

static void
read_row(const struct db_rows *rows, size_t row, struct domain_request *request)
{
	if (request->n == DOMAIN_CHALLENGES_MAX)
		return;
	request->items[request->n++] = (struct domain_challenge){
		.check_id = db_get_text(rows, row, 1),
		.domain = db_get_text(rows, row, 2),
		.asked = db_get_bytes(rows, row, 3),
		.value = db_get_text(rows, row, 4),
		.made_ms = db_get_i64(rows, row, 5),
		.expires_ms = db_get_i64(rows, row, 6),
		.attempt = (uint32_t)db_get_i32(rows, row, 7),
		.looking = db_get_bool(rows, row, 8),
		.proved = db_get_bool(rows, row, 9),
		.wished = db_get_bool(rows, row, 10),
		.enterprise = db_get_text(rows, row, 11),
		.account = db_get_text(rows, row, 12),
		.version = (uint32_t)db_get_i32(rows, row, 13),
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
    "insert into challenge as c (request, check_id, domain, asked, value, made_ms, expires_ms, attempt,"
    " looking, proved, wished, enterprise, account, version)"
    " select r, i, d, a, v, m, e, n, l, p, w, en, ac, ve + 1"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::bigint[],"
    " $7::bigint[], $8::int[], $9::bool[], $10::bool[], $11::bool[], $12::text[], $13::text[], $14::int[])"
    " t(r, i, d, a, v, m, e, n, l, p, w, en, ac, ve)"
    " on conflict (request, check_id) do update set domain = excluded.domain, asked = excluded.asked,"
    " value = excluded.value, made_ms = excluded.made_ms, expires_ms = excluded.expires_ms,"
    " attempt = excluded.attempt, looking = excluded.looking, proved = excluded.proved,"
    " wished = excluded.wished, enterprise = excluded.enterprise, account = excluded.account,"
    " version = excluded.version where c.version = excluded.version - 1";

struct columns {
	struct cs_id *requests;
	const char **ids, **domains, **values, **enterprises, **accounts;
	struct cs_span *asked;
	int64_t *made, *expires;
	int32_t *attempts, *versions;
	bool *looking, *proved, *wished;
	size_t n;
};

static struct columns
columns_new(struct cs_arena *arena, size_t max)
{
	return (struct columns){ .requests = CS_NEW_ARRAY(arena, max, struct cs_id),
		.ids = CS_NEW_ARRAY(arena, max, const char *),
		.domains = CS_NEW_ARRAY(arena, max, const char *),
		.values = CS_NEW_ARRAY(arena, max, const char *),
		.enterprises = CS_NEW_ARRAY(arena, max, const char *),
		.accounts = CS_NEW_ARRAY(arena, max, const char *),
		.asked = CS_NEW_ARRAY(arena, max, struct cs_span),
		.made = CS_NEW_ARRAY(arena, max, int64_t),
		.expires = CS_NEW_ARRAY(arena, max, int64_t),
		.attempts = CS_NEW_ARRAY(arena, max, int32_t),
		.versions = CS_NEW_ARRAY(arena, max, int32_t),
		.looking = CS_NEW_ARRAY(arena, max, bool),
		.proved = CS_NEW_ARRAY(arena, max, bool),
		.wished = CS_NEW_ARRAY(arena, max, bool) };
}

static void
columns_add(struct columns *c, struct cs_id request, const struct domain_challenge *challenge)
{
	size_t i = c->n++;

	c->requests[i] = request;
	c->ids[i] = challenge->check_id;
	c->domains[i] = challenge->domain;
	c->asked[i] = challenge->asked;
	c->values[i] = challenge->value;
	c->made[i] = challenge->made_ms;
	c->expires[i] = challenge->expires_ms;
	c->attempts[i] = (int32_t)challenge->attempt;
	c->looking[i] = challenge->looking;
	c->proved[i] = challenge->proved;
	c->wished[i] = challenge->wished;
	c->enterprises[i] = challenge->enterprise;
	c->accounts[i] = challenge->account;
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
		db_bytes_array(arena, c.asked, c.n), db_text_array(arena, c.values, c.n),
		db_i64_array(arena, c.made, c.n), db_i64_array(arena, c.expires, c.n),
		db_i32_array(arena, c.attempts, c.n), db_bool_array(arena, c.looking, c.n),
		db_bool_array(arena, c.proved, c.n), db_bool_array(arena, c.wished, c.n),
		db_text_array(arena, c.enterprises, c.n), db_text_array(arena, c.accounts, c.n),
		db_i32_array(arena, c.versions, c.n) };

	return db_send(batch->db, save_sql, params, 14, (int64_t)c.n, err);
}
