/* SPDX-License-Identifier: Apache-2.0 */
/* store_codes.c: the queries about codes; rows are locked in the order of their keys, then people in theirs. */
#include "store_codes.h"

#include <string.h>

#include "base/time.h"
#include "db/db.h"
#include "on_codes.h"

static struct notify_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load: challenges ---- */

static const char load_sql[] =
    "select request, enterprise, account, challenge, method, request_digest, mac_email, mac_sms,"
    " failed_email, failed_sms, made_ms, expires_ms, tries, state, version, mac_login, failed_login,"
    " identity, returned"
    " from code_challenge where request = any($1::uuid[])"
    " order by request, enterprise, account for update";

/* The table allows no other names. */
static enum codes_state
state_of(const char *name)
{
	enum codes_state state = CODES_OPEN;

	while (strcmp(codes_state_name(state), name) != 0) {
		cs_assert(state != CODES_USED);
		state++;
	}
	return state;
}

static void
take_mac(struct codes_challenge *challenge, enum factor_channel channel, struct cs_span mac)
{
	if (mac.len == CODE_MAC)
		memcpy(challenge->macs[channel], mac.data, CODE_MAC);
}

static struct codes_challenge
read_challenge(const struct db_rows *rows, size_t row)
{
	struct codes_challenge challenge = {
		.enterprise = db_get_text(rows, row, 1),
		.account = db_get_text(rows, row, 2),
		.id = db_get_id(rows, row, 3),
		.method = db_get_text(rows, row, 4),
		.failed = { [FACTOR_EMAIL] = db_get_bool(rows, row, 8),
		    [FACTOR_SMS] = db_get_bool(rows, row, 9),
		    [FACTOR_LOGIN] = db_get_bool(rows, row, 16) },
		.identity = db_get_text(rows, row, 17),
		.returned = db_get_bool(rows, row, 18),
		.made_ms = db_get_i64(rows, row, 10),
		.expires_ms = db_get_i64(rows, row, 11),
		.tries = (uint32_t)db_get_i32(rows, row, 12),
		.state = state_of(db_get_text(rows, row, 13)),
		.version = (uint32_t)db_get_i32(rows, row, 14),
	};

	/* Their length is a constraint of the table. */
	memcpy(challenge.request_digest, db_get_bytes(rows, row, 5).data, CLAIM_DIGEST);
	take_mac(&challenge, FACTOR_EMAIL, db_get_bytes(rows, row, 6));
	take_mac(&challenge, FACTOR_SMS, db_get_bytes(rows, row, 7));
	take_mac(&challenge, FACTOR_LOGIN, db_get_bytes(rows, row, 15));
	return challenge;
}

static size_t
rows_of(const struct db_rows *rows, struct cs_id request)
{
	size_t n = 0;

	for (size_t i = 0; i < db_rows_count(rows); i++)
		n += cs_id_equal(db_get_id(rows, i, 0), request);
	return n;
}

static enum cs_code
load_challenges(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++) {
		struct notify_case *c = case_of(&batch->aggregates[i]);

		c->challenges = CS_NEW_ARRAY(batch->arena,
		    rows_of(rows, batch->aggregates[i].key) + batch->aggregates[i].n_events,
		    struct codes_challenge);
	}
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct svc_aggregate *found = svc_aggregate_find(batch, db_get_id(rows, i, 0));

		cs_assert(found != NULL);
		case_of(found)->challenges[case_of(found)->n_challenges++] =
		    read_challenge(rows, i);
	}
	return CS_OK;
}

/* ---- load: counts ---- */

static const char lock_sql[] =
    "select pg_advisory_xact_lock(hashtextextended(e || '/' || a, 20261128)) from"
    " (select distinct e, a from unnest($1::text[], $2::text[]) as w(e, a) order by e, a) as w";
static const char count_sql[] =
    "select w.e, w.a, count(s.at_ms), coalesce(min(s.at_ms), 0)"
    " from (select distinct e, a from unnest($1::text[], $2::text[]) as w(e, a)) as w"
    " left join code_sent s on s.enterprise = w.e and s.account = w.a and s.at_ms > $3"
    " group by w.e, w.a";

static enum cs_code
count(struct svc_batch *batch, const char **enterprises, const char **accounts, size_t n,
    struct codes_tally **ret, struct cs_err *err)
{
	const struct db_param params[] = { db_text_array(batch->arena, enterprises, n),
		db_text_array(batch->arena, accounts, n), db_i64(batch->now_ms - CS_HOUR_MS) };
	struct db_rows *rows;

	/* Two statements: the second sees what was written by who had the lock before. */
	if (db_query(batch->db, batch->arena, lock_sql, params, 2, &rows, err) ||
	    db_query(batch->db, batch->arena, count_sql, params, 3, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct codes_tally *tally = CS_NEW(batch->arena, struct codes_tally);

		*tally =
		    (struct codes_tally){ *ret, db_get_text(rows, i, 0), db_get_text(rows, i, 1),
			    (uint32_t)db_get_i64(rows, i, 2), db_get_i64(rows, i, 3) };
		*ret = tally;
	}
	return CS_OK;
}

static size_t
count_orders(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++)
			n += notify_is_counted(batch->aggregates[i].events[k]);
	return n;
}

static enum cs_code
load_tallies(struct svc_batch *batch, struct cs_err *err)
{
	const size_t max = count_orders(batch);
	const char **enterprises = CS_NEW_ARRAY(batch->arena, max, const char *);
	const char **accounts = CS_NEW_ARRAY(batch->arena, max, const char *);
	struct codes_tally *tallies = NULL;
	size_t n = 0;

	if (max == 0)
		return CS_OK;
	for (size_t i = 0; i < batch->n; i++)
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct svc_event *ev = batch->aggregates[i].events[k];

			if (!notify_is_counted(ev))
				continue;
			enterprises[n] = notify_order_of(ev)->enterprise;
			accounts[n++] = notify_order_of(ev)->account;
		}
	if (count(batch, enterprises, accounts, n, &tallies, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++)
		case_of(&batch->aggregates[i])->tallies = tallies;
	return CS_OK;
}

enum cs_code
store_load_codes(struct svc_batch *batch, struct cs_err *err)
{
	if (load_challenges(batch, err))
		return err->code;
	return load_tallies(batch, err);
}

/* ---- save ---- */

static const char save_sql[] =
    "insert into code_challenge as c (request, enterprise, account, challenge, method,"
    " request_digest, mac_email, mac_sms, failed_email, failed_sms, made_ms, expires_ms, tries,"
    " state, version, mac_login, failed_login, identity, returned)"
    " select r, e, a, i, m, d, x, y, f, g, t, u, n, s, v + 1, z, h, p, b"
    " from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bytea[],"
    "  $7::bytea[], $8::bytea[], $9::boolean[], $10::boolean[], $11::bigint[], $12::bigint[],"
    "  $13::integer[], $14::text[], $15::integer[], $16::bytea[], $17::boolean[], $18::text[],"
    "  $19::boolean[])"
    "  as w(r, e, a, i, m, d, x, y, f, g, t, u, n, s, v, z, h, p, b)"
    " on conflict (request, enterprise, account) do update set challenge = excluded.challenge,"
    " method = excluded.method, request_digest = excluded.request_digest,"
    " mac_email = excluded.mac_email, mac_sms = excluded.mac_sms,"
    " failed_email = excluded.failed_email, failed_sms = excluded.failed_sms,"
    " made_ms = excluded.made_ms, expires_ms = excluded.expires_ms, tries = excluded.tries,"
    " state = excluded.state, mac_login = excluded.mac_login,"
    " failed_login = excluded.failed_login, identity = excluded.identity,"
    " returned = excluded.returned, version = excluded.version where c.version = excluded.version - 1";
static const char sent_sql[] =
    "insert into code_sent (challenge, enterprise, account, at_ms)"
    " select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[])";

struct changed {
	struct cs_id request;
	const struct codes_challenge *challenge;
};

static size_t
collect(const struct svc_batch *batch, bool only_new, struct changed **ret)
{
	size_t n = 0, max = 0;

	for (size_t i = 0; i < batch->n; i++)
		max += case_of(&batch->aggregates[i])->n_challenges;
	*ret = CS_NEW_ARRAY(batch->arena, max, struct changed);
	for (size_t i = 0; i < batch->n; i++) {
		const struct notify_case *c = case_of(&batch->aggregates[i]);

		for (size_t k = 0; k < c->n_challenges; k++)
			if (c->challenges[k].changed && (!only_new || c->challenges[k].is_new))
				(*ret)[n++] =
				    (struct changed){ batch->aggregates[i].key, &c->challenges[k] };
	}
	return n;
}

/* One column of `p`, as an array of `type`. */
#define COLUMN(type, name, value)                  \
	type *name = CS_NEW_ARRAY(arena, n, type); \
	for (size_t i = 0; i < n; i++)             \
	name[i] = (value)
#define MAC(i, channel) cs_span_of(p[i].challenge->macs[channel], CODE_MAC)

static const char *
identity_of(const struct codes_challenge *challenge)
{
	return challenge->identity != NULL ? challenge->identity : "";
}

static enum cs_code
save_challenges(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct changed *p;
	const size_t n = collect(batch, false, &p);

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, request, p[i].request);
	COLUMN(const char *, enterprise, p[i].challenge->enterprise);
	COLUMN(const char *, account, p[i].challenge->account);
	COLUMN(struct cs_id, id, p[i].challenge->id);
	COLUMN(const char *, method, p[i].challenge->method);
	COLUMN(struct cs_span, digest, cs_span_of(p[i].challenge->request_digest, CLAIM_DIGEST));
	COLUMN(struct cs_span, mac_email, MAC(i, FACTOR_EMAIL));
	COLUMN(struct cs_span, mac_sms, MAC(i, FACTOR_SMS));
	COLUMN(bool, failed_email, p[i].challenge->failed[FACTOR_EMAIL]);
	COLUMN(bool, failed_sms, p[i].challenge->failed[FACTOR_SMS]);
	COLUMN(int64_t, made_ms, p[i].challenge->made_ms);
	COLUMN(int64_t, expires_ms, p[i].challenge->expires_ms);
	COLUMN(int32_t, tries, (int32_t)p[i].challenge->tries);
	COLUMN(const char *, state, codes_state_name(p[i].challenge->state));
	COLUMN(int32_t, version, (int32_t)p[i].challenge->version);
	COLUMN(struct cs_span, mac_login, MAC(i, FACTOR_LOGIN));
	COLUMN(bool, failed_login, p[i].challenge->failed[FACTOR_LOGIN]);
	COLUMN(const char *, identity, identity_of(p[i].challenge));
	COLUMN(bool, returned, p[i].challenge->returned);
	const struct db_param params[] = {
		db_id_array(arena, request, n),
		db_text_array(arena, enterprise, n),
		db_text_array(arena, account, n),
		db_id_array(arena, id, n),
		db_text_array(arena, method, n),
		db_bytes_array(arena, digest, n),
		db_bytes_array(arena, mac_email, n),
		db_bytes_array(arena, mac_sms, n),
		db_bool_array(arena, failed_email, n),
		db_bool_array(arena, failed_sms, n),
		db_i64_array(arena, made_ms, n),
		db_i64_array(arena, expires_ms, n),
		db_i32_array(arena, tries, n),
		db_text_array(arena, state, n),
		db_i32_array(arena, version, n),
		db_bytes_array(arena, mac_login, n),
		db_bool_array(arena, failed_login, n),
		db_text_array(arena, identity, n),
		db_bool_array(arena, returned, n),
	};

	return db_send(batch->db, save_sql, params, 19, (int64_t)n, err);
}

static enum cs_code
save_sent(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct changed *p;
	const size_t n = collect(batch, true, &p);

	if (n == 0)
		return CS_OK;
	COLUMN(struct cs_id, id, p[i].challenge->id);
	COLUMN(const char *, enterprise, p[i].challenge->enterprise);
	COLUMN(const char *, account, p[i].challenge->account);
	COLUMN(int64_t, at_ms, p[i].challenge->made_ms);
	const struct db_param params[] = {
		db_id_array(arena, id, n),
		db_text_array(arena, enterprise, n),
		db_text_array(arena, account, n),
		db_i64_array(arena, at_ms, n),
	};

	return db_send(batch->db, sent_sql, params, 4, (int64_t)n, err);
}

enum cs_code
store_save_codes(struct svc_batch *batch, struct cs_err *err)
{
	if (save_challenges(batch, err))
		return err->code;
	return save_sent(batch, err);
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 5000

static const char sweep_sql[] =
    "with a as (delete from code_challenge where (request, enterprise, account) in (select request,"
    "  enterprise, account from code_challenge where expires_ms <= $1 order by expires_ms limit $2"
    "  for update skip locked) returning 1),"
    " b as (delete from code_sent where challenge in (select challenge from code_sent"
    "  where at_ms <= $1 order by at_ms limit $2 for update skip locked) returning 1)"
    " select greatest((select count(*) from a), (select count(*) from b))";

enum cs_code
store_sweep_codes(
    struct db *db, int64_t now_ms, struct cs_arena *arena, bool *ret_more, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms - CS_DAY_MS), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_sql, params, 2, &rows, err))
		return err->code;
	*ret_more = db_get_i64(rows, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
