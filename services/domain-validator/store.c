/* SPDX-License-Identifier: Apache-2.0 */
#include "store.h"

#include <string.h>

#include "base/time.h"
#include "db/db.h"
#include "domain.h"
#include "handler.h"

static const char load_sql[] =
    "select request, check_id, domain, enterprise, account, asked, asked_ms, value, made_ms, expires_ms,"
    " attempt, look_until_ms, version, value_2, until_2_ms, value_3, until_3_ms, pressed_by, step, next_ms"
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
		.older = { { db_get_text(rows, row, 13), db_get_i64(rows, row, 14) },
		    { db_get_text(rows, row, 15), db_get_i64(rows, row, 16) } },
		.pressed_by = db_get_text(rows, row, 17),
		.step = (uint32_t)db_get_i32(rows, row, 18),
		.next_ms = db_get_i64(rows, row, 19),
	};
}

/* ---- what was tried within the hour ---- */

/* By whom, for each domain; those that others are writing now are not seen: a few looks too many. */
static const char tally_sql[] =
    "select domain, enterprise, account, count(*), min(at_ms), count(*) filter (where failed),"
    " coalesce(min(at_ms) filter (where failed), 0)"
    " from look where domain = any($1) and at_ms > $2 group by domain, enterprise, account";

static struct domain_tally *
add_tally(struct domain_tallies *tallies, struct cs_arena *arena, const char *domain,
    const char *enterprise, const char *account)
{
	struct domain_tally *tally = CS_NEW(arena, struct domain_tally);

	tally->domain = domain;
	tally->enterprise = enterprise;
	tally->account = account;
	tally->next = tallies->first;
	tallies->first = tally;
	return tally;
}

static struct domain_tally *
all_of(struct domain_tallies *tallies, struct cs_arena *arena, const char *domain)
{
	for (struct domain_tally *t = tallies->first; t != NULL; t = t->next)
		if (t->enterprise[0] == '\0' && strcmp(t->domain, domain) == 0)
			return t;
	return add_tally(tallies, arena, domain, "", "");
}

static void
read_tally(
    const struct db_rows *rows, size_t row, struct domain_tallies *tallies, struct cs_arena *arena)
{
	const char *account = db_get_text(rows, row, 2);
	struct domain_tally *all = all_of(tallies, arena, db_get_text(rows, row, 0));
	int64_t first_ms = db_get_i64(rows, row, 4);

	if (all->looks == 0 || first_ms < all->first_look_ms)
		all->first_look_ms = first_ms;
	all->looks += (uint32_t)db_get_i64(rows, row, 3);
	if (account[0] == '\0')
		return;
	struct domain_tally *own =
	    add_tally(tallies, arena, all->domain, db_get_text(rows, row, 1), account);

	own->failures = (uint32_t)db_get_i64(rows, row, 5);
	own->first_failure_ms = db_get_i64(rows, row, 6);
}

static enum cs_code
load_tallies(struct svc_batch *batch, struct domain_tallies *tallies, struct cs_err *err)
{
	const char **domains =
	    CS_NEW_ARRAY(batch->arena, batch->n * DOMAIN_CHALLENGES_MAX, const char *);
	size_t n = 0;
	struct db_rows *rows;

	for (size_t i = 0; i < batch->n; i++) {
		const struct domain_request *request = batch->aggregates[i].state;

		for (size_t k = 0; k < request->n; k++)
			domains[n++] = request->items[k].domain;
	}
	if (n == 0)
		return CS_OK;
	const struct db_param params[] = { db_text_array(batch->arena, domains, n),
		db_i64(batch->now_ms - DOMAIN_WINDOW_MS) };

	if (db_query(batch->db, batch->arena, tally_sql, params, 2, &rows, err))
		return err->code;
	for (size_t r = 0; r < db_rows_count(rows); r++)
		read_tally(rows, r, tallies, batch->arena);
	return CS_OK;
}

enum cs_code
store_load_requests(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct domain_tallies *tallies = CS_NEW(batch->arena, struct domain_tallies);
	struct db_rows *rows;

	for (size_t i = 0; i < batch->n; i++) {
		struct domain_request *request = CS_NEW(batch->arena, struct domain_request);

		request->tallies = tallies;
		batch->aggregates[i].state = request;
	}
	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t r = 0; r < db_rows_count(rows); r++)
		read_row(rows, r, svc_aggregate_find(batch, db_get_id(rows, r, 0))->state);
	return load_tallies(batch, tallies, err);
}

/* A row that somebody else made or changed since the load is a conflict: fewer rows than challenges. */
static const char save_sql[] =
    "insert into challenge as c (request, check_id, domain, enterprise, account, asked, asked_ms, value,"
    " made_ms, expires_ms, attempt, look_until_ms, version, value_2, until_2_ms, value_3, until_3_ms,"
    " pressed_by, step, next_ms, since_ms)"
    " select r, i, d, en, ac, a, am, v, m, e, n, l, ve + 1, v2, u2, v3, u3, p, s, x, $21"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::bigint[],"
    " $8::text[], $9::bigint[], $10::bigint[], $11::int[], $12::bigint[], $13::int[], $14::text[],"
    " $15::bigint[], $16::text[], $17::bigint[], $18::text[], $19::int[], $20::bigint[])"
    " t(r, i, d, en, ac, a, am, v, m, e, n, l, ve, v2, u2, v3, u3, p, s, x)"
    " on conflict (request, check_id) do update set domain = excluded.domain,"
    " enterprise = excluded.enterprise, account = excluded.account, asked = excluded.asked,"
    " asked_ms = excluded.asked_ms, value = excluded.value, made_ms = excluded.made_ms,"
    " expires_ms = excluded.expires_ms, attempt = excluded.attempt, value_2 = excluded.value_2,"
    " until_2_ms = excluded.until_2_ms, value_3 = excluded.value_3, until_3_ms = excluded.until_3_ms,"
    " pressed_by = excluded.pressed_by, step = excluded.step, next_ms = excluded.next_ms,"
    " look_until_ms = excluded.look_until_ms, version = excluded.version"
    " where c.version = excluded.version - 1";

struct columns {
	struct cs_id *requests;
	const char **ids, **domains, **enterprises, **accounts, **values, **values_2, **values_3,
	    **pressed;
	struct cs_span *asked;
	int64_t *asked_ms, *made, *expires, *looks, *until_2, *until_3, *next;
	int32_t *attempts, *versions, *steps;
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
		.versions = CS_NEW_ARRAY(arena, max, int32_t),
		.values_2 = CS_NEW_ARRAY(arena, max, const char *),
		.values_3 = CS_NEW_ARRAY(arena, max, const char *),
		.pressed = CS_NEW_ARRAY(arena, max, const char *),
		.until_2 = CS_NEW_ARRAY(arena, max, int64_t),
		.until_3 = CS_NEW_ARRAY(arena, max, int64_t),
		.next = CS_NEW_ARRAY(arena, max, int64_t),
		.steps = CS_NEW_ARRAY(arena, max, int32_t) };
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
	c->values_2[i] = challenge->older[0].text;
	c->until_2[i] = challenge->older[0].until_ms;
	c->values_3[i] = challenge->older[1].text;
	c->until_3[i] = challenge->older[1].until_ms;
	c->pressed[i] = challenge->pressed_by;
	c->steps[i] = (int32_t)challenge->step;
	c->next[i] = challenge->next_ms;
}

static enum cs_code
save_challenges(struct svc_batch *batch, struct cs_err *err)
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
		db_i64_array(arena, c.looks, c.n), db_i32_array(arena, c.versions, c.n),
		db_text_array(arena, c.values_2, c.n), db_i64_array(arena, c.until_2, c.n),
		db_text_array(arena, c.values_3, c.n), db_i64_array(arena, c.until_3, c.n),
		db_text_array(arena, c.pressed, c.n), db_i32_array(arena, c.steps, c.n),
		db_i64_array(arena, c.next, c.n), db_i64(batch->now_ms) };

	return db_send(batch->db, save_sql, params, 21, (int64_t)c.n, err);
}

static const char look_sql[] =
    "insert into look as l (request, check_id, attempt, domain, enterprise, account, at_ms, failed)"
    " select r, c, n, d, e, a, t, f from unnest($1::uuid[], $2::text[], $3::int[], $4::text[],"
    " $5::text[], $6::text[], $7::bigint[], $8::boolean[]) t(r, c, n, d, e, a, t, f)"
    " on conflict (request, check_id, attempt) do update set at_ms = excluded.at_ms,"
    " failed = excluded.failed";

static size_t
count_looks(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct domain_request *request = batch->aggregates[i].state;

		for (const struct domain_look *look = request->looks; look != NULL;
		     look = look->next)
			n++;
	}
	return n;
}

static enum cs_code
save_looks(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const size_t max = count_looks(batch);
	struct cs_id *requests = CS_NEW_ARRAY(arena, max, struct cs_id);
	const char **ids = CS_NEW_ARRAY(arena, max, const char *),
		   **domains = CS_NEW_ARRAY(arena, max, const char *),
		   **enterprises = CS_NEW_ARRAY(arena, max, const char *),
		   **accounts = CS_NEW_ARRAY(arena, max, const char *);
	int32_t *attempts = CS_NEW_ARRAY(arena, max, int32_t);
	int64_t *at = CS_NEW_ARRAY(arena, max, int64_t);
	bool *failed = CS_NEW_ARRAY(arena, max, bool);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct domain_request *request = batch->aggregates[i].state;

		for (const struct domain_look *look = request->looks; look != NULL;
		     look = look->next) {
			requests[n] = batch->aggregates[i].key;
			ids[n] = look->check_id;
			attempts[n] = (int32_t)look->attempt;
			domains[n] = look->domain;
			enterprises[n] = look->enterprise;
			accounts[n] = look->account;
			at[n] = look->at_ms;
			failed[n++] = look->failed;
		}
	}
	if (n == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(arena, requests, n),
		db_text_array(arena, ids, n), db_i32_array(arena, attempts, n),
		db_text_array(arena, domains, n), db_text_array(arena, enterprises, n),
		db_text_array(arena, accounts, n), db_i64_array(arena, at, n),
		db_bool_array(arena, failed, n) };

	return db_send(batch->db, look_sql, params, 8, (int64_t)n, err);
}

enum cs_code
store_save_requests(struct svc_batch *batch, struct cs_err *err)
{
	if (save_challenges(batch, err))
		return err->code;
	return save_looks(batch, err);
}

/* ---- the clock ---- */

static const char due_sql[] =
    "select distinct request from (select request from challenge"
    "  where next_ms > 0 and next_ms <= $1 and look_until_ms <= $1 order by next_ms limit $2) d";

enum cs_code
store_due_looks(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64((int64_t)max) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, due_sql, params, 2, &rows, err))
		return err->code;
	size_t n = db_rows_count(rows);
	struct cs_id *keys = CS_NEW_ARRAY(arena, n, struct cs_id);

	for (size_t i = 0; i < n; i++)
		keys[i] = db_get_id(rows, i, 0);
	*ret_keys = keys;
	*ret_n = n;
	return CS_OK;
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 5000
#define APPROVED_DAYS \
	2 /* policy ends what was approved within a day, and publishes a refusal for another */

/* By when it was first stored: the id of a request that came with an Idempotency-Key tells no time. */
static const char sweep_sql[] =
    "with old as (select request, check_id from challenge where since_ms < $1"
    "  order by since_ms limit $2 for update skip locked),"
    " gone as (delete from challenge c using old where c.request = old.request"
    "  and c.check_id = old.check_id returning 1)"
    " select count(*) from gone";

/* Counted no more. */
static const char sweep_looks_sql[] =
    "with old as (select request, check_id, attempt from look where at_ms < $1 limit $2"
    "  for update skip locked),"
    " gone as (delete from look l using old where l.request = old.request"
    "  and l.check_id = old.check_id and l.attempt = old.attempt returning 1)"
    " select count(*) from gone";

static enum cs_code
sweep_some(struct db *db, struct cs_arena *arena, const char *sql, struct db_param before,
    bool *ret_more, struct cs_err *err)
{
	const struct db_param params[] = { before, db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sql, params, 2, &rows, err))
		return err->code;
	*ret_more = *ret_more || db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}

enum cs_code
store_sweep_requests(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct domain_service *domain = self;
	int64_t days = (int64_t)domain->life_days + APPROVED_DAYS + domain->keep_days;

	*ret_more = false;
	if (sweep_some(db, arena, sweep_sql, db_i64(now_ms - days * CS_DAY_MS), ret_more, err))
		return err->code;
	return sweep_some(
	    db, arena, sweep_looks_sql, db_i64(now_ms - 2 * DOMAIN_WINDOW_MS), ret_more, err);
}
