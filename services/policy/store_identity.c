/* SPDX-License-Identifier: Apache-2.0 */
/* store_identity.c: the queries about records of what people verified. */
#include "store_identity.h"

#include <string.h>

#include "handler.h"
#include "handler_config.h"
#include "store.h"

#define COLUMNS                                                                               \
	" r.id, r.kind, r.enterprise, r.account, convert_to(r.attributes, 'UTF8'), r.method," \
	" r.source, r.verified_by, coalesce(r.approved_by, ''), r.verified_at_ms,"            \
	" r.withdrawn_at_ms"

static struct policy_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

static enum cs_code
read_kind(const char *name, enum claim_kind *ret, struct cs_err *err)
{
	for (enum claim_kind kind = CLAIM_ORGANIZATION; kind <= CLAIM_INDIVIDUAL; kind++) {
		if (strcmp(claim_kind_name(kind), name) == 0) {
			*ret = kind;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_INTERNAL, "identity of unknown kind %.40s", name);
}

/* Columns from `first` on. */
static enum cs_code
read_identity(const struct db_rows *rows, size_t row, size_t first, struct policy_identity *ret,
    struct cs_err *err)
{
	*ret = (struct policy_identity){
		.id = db_get_id(rows, row, first),
		.enterprise = db_get_text(rows, row, first + 2),
		.account = db_get_text(rows, row, first + 3),
		.attributes = db_get_bytes(rows, row, first + 4),
		.method = db_get_text(rows, row, first + 5),
		.source = db_get_text(rows, row, first + 6),
		.verified_by = db_get_text(rows, row, first + 7),
		.approved_by = db_get_text(rows, row, first + 8),
		.verified_at_ms = db_get_i64(rows, row, first + 9),
		.withdrawn_at_ms = db_get_i64(rows, row, first + 10),
	};
	return read_kind(db_get_text(rows, row, first + 1), &ret->kind, err);
}

/* ---- of those who ask ---- */

static const char records_sql[] =
    "select w.at," COLUMNS " from unnest($1::integer[], $2::text[], $3::text[])"
    "  as w(at, enterprise, account)"
    " join identity r on r.enterprise = w.enterprise and r.account in ('', w.account)"
    " order by w.at, r.verified_at_ms, r.id";

static enum cs_code
ask_records(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	int32_t *at = CS_NEW_ARRAY(arena, batch->n, int32_t);
	const char **enterprises = CS_NEW_ARRAY(arena, batch->n, const char *);
	const char **accounts = CS_NEW_ARRAY(arena, batch->n, const char *);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		const struct claim_request *request = store_request_of(&batch->aggregates[i]);

		if (request == NULL)
			continue;
		at[n] = (int32_t)i;
		enterprises[n] = request->enterprise;
		accounts[n++] = request->account;
	}
	const struct db_param params[] = {
		db_i32_array(arena, at, n),
		db_text_array(arena, enterprises, n),
		db_text_array(arena, accounts, n),
	};

	return n == 0 ? CS_OK : db_ask(batch->db, arena, records_sql, params, 3, ret_rows, err);
}

/* Rows of one aggregate lie together: they are counted, then read. */
static enum cs_code
read_records(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	const size_t n = db_rows_count(rows);
	struct policy_identity *items = CS_NEW_ARRAY(batch->arena, n, struct policy_identity);

	for (size_t i = 0; i < n; i++) {
		struct policy_identities *of =
		    &case_of(&batch->aggregates[db_get_i32(rows, i, 0)])->config.identities;

		if (read_identity(rows, i, 1, &items[i], err))
			return err->code;
		if (of->n == 0)
			of->items = &items[i];
		of->n++;
	}
	return CS_OK;
}

/* ---- withdrawn ---- */

static const char withdrawn_sql[] =
    "select" COLUMNS " from identity r where r.id = any($1::uuid[]) and r.withdrawn_at_ms > 0"
    " and r.told_at_ms = 0 and r.approved_by is not null order by r.id for update";

static bool
is_withdrawal(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++)
		if (strcmp(aggregate->events[i]->subject, "clock.identity-withdrawn") == 0)
			return true;
	return false;
}

static enum cs_code
ask_withdrawn(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		if (is_withdrawal(&batch->aggregates[i]))
			ids[n++] = batch->aggregates[i].key;
	const struct db_param params[] = { db_id_array(batch->arena, ids, n) };

	return n == 0 ? CS_OK
		      : db_ask(batch->db, batch->arena, withdrawn_sql, params, 1, ret_rows, err);
}

static enum cs_code
read_withdrawn(struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	for (size_t i = 0; i < db_rows_count(rows); i++) {
		struct policy_identity *identity = CS_NEW(batch->arena, struct policy_identity);
		struct svc_aggregate *found;

		if (read_identity(rows, i, 0, identity, err))
			return err->code;
		found = svc_aggregate_find(batch, identity->id);
		cs_assert(found != NULL);
		case_of(found)->withdrawn = identity;
	}
	return CS_OK;
}

/* ---- load and save ---- */

enum cs_code
store_ask_identities(struct svc_batch *batch, struct store_identities *ret, struct cs_err *err)
{
	*ret = (struct store_identities){ NULL, NULL };
	if (ask_records(batch, &ret->records, err) || ask_withdrawn(batch, &ret->withdrawn, err))
		return err->code;
	return CS_OK;
}

enum cs_code
store_read_identities(
    struct svc_batch *batch, const struct store_identities *rows, struct cs_err *err)
{
	if ((rows->records != NULL && read_records(batch, rows->records, err)) ||
	    (rows->withdrawn != NULL && read_withdrawn(batch, rows->withdrawn, err)))
		return err->code;
	return CS_OK;
}

static const char told_sql[] = "update identity set told_at_ms = $2 where id = any($1::uuid[])";

enum cs_code
store_save_identities(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		if (case_of(&batch->aggregates[i])->withdrawal_told)
			ids[n++] = batch->aggregates[i].key;
	const struct db_param params[] = {
		db_id_array(batch->arena, ids, n),
		db_i64(batch->now_ms),
	};

	return n == 0 ? CS_OK : db_send(batch->db, told_sql, params, 2, (int64_t)n, err);
}

/* What nobody approved was never stated. */
static const char due_sql[] =
    "select id from identity where withdrawn_at_ms > 0 and told_at_ms = 0"
    " and approved_by is not null and withdrawn_at_ms <= $1 order by withdrawn_at_ms limit $2";

enum cs_code
store_due_withdrawals(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64((int64_t)max) };
	struct db_rows *rows;

	(void)self;
	if (db_query(db, arena, due_sql, params, 2, &rows, err))
		return err->code;
	*ret_n = db_rows_count(rows);
	*ret_keys = CS_NEW_ARRAY(arena, *ret_n, struct cs_id);
	for (size_t i = 0; i < *ret_n; i++)
		(*ret_keys)[i] = db_get_id(rows, i, 0);
	return CS_OK;
}

/* ---- calls about records ---- */

static const char record_sql[] =
    "select" COLUMNS " from identity r where r.id = $1 and r.enterprise = $2 for update";
static const char list_sql[] = "select" COLUMNS " from identity r where r.enterprise = $1"
			       " order by r.verified_at_ms desc, r.id limit $2";

static enum cs_code
ask_call(struct svc_batch *batch, const struct config_identity_call *call,
    struct db_rows **ret_rows, struct cs_err *err)
{
	const struct db_param one[] = { db_id(call->id), db_text(call->enterprise) };
	const struct db_param all[] = { db_text(call->enterprise), db_i64(CONFIG_RECORDS_MAX) };

	if (call->act == CONFIG_RECORDS)
		return db_query(batch->db, batch->arena, list_sql, all, 2, ret_rows, err);
	return db_query(batch->db, batch->arena, record_sql, one, 2, ret_rows, err);
}

static bool
is_loaded(const struct config_state *state, struct cs_id id)
{
	for (size_t i = 0; i < state->n_records; i++)
		if (cs_id_equal(state->records[i].id, id))
			return true;
	return false;
}

/* Calls of one aggregate share what they change: each record once. */
static enum cs_code
load_call(struct svc_batch *batch, const struct config_identity_call *call,
    struct config_state *state, struct cs_err *err)
{
	struct db_rows *rows;

	if (call->status != 0 || call->act == CONFIG_NEW_RECORD)
		return CS_OK;
	if (ask_call(batch, call, &rows, err))
		return err->code;
	const size_t n = db_rows_count(rows);
	struct policy_identity *all =
	    CS_NEW_ARRAY(batch->arena, state->n_records + n, struct policy_identity);

	if (state->n_records > 0)
		memcpy(all, state->records, state->n_records * sizeof(all[0]));
	state->records = all;
	for (size_t i = 0; i < n; i++) {
		struct policy_identity record;

		if (read_identity(rows, i, 0, &record, err))
			return err->code;
		if (!is_loaded(state, record.id))
			all[state->n_records++] = record;
	}
	return CS_OK;
}

enum cs_code
store_load_records(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct config_event *event =
			    config_event_of(batch->aggregates[i].events[k]);

			if (event != NULL && event->identity != NULL &&
			    load_call(batch, event->identity,
				case_of(&batch->aggregates[i])->documents, err))
				return err->code;
		}
	}
	return CS_OK;
}

static const char make_sql[] =
    "insert into identity (id, kind, enterprise, account, attributes, method, source, verified_by,"
    " verified_at_ms) values ($1, $2, $3, $4, convert_from($5, 'UTF8'), $6, $7, $8, $9)";
static const char approve_sql[] =
    "update identity set approved_by = $2 where id = $1 and approved_by is null";
static const char withdraw_sql[] =
    "update identity set withdrawn_at_ms = $2 where id = $1 and withdrawn_at_ms = 0";

static enum cs_code
save_change(struct svc_batch *batch, const struct config_record_change *change, struct cs_err *err)
{
	const struct policy_identity *r = &change->record;
	const struct db_param made[] = { db_id(r->id), db_text(claim_kind_name(r->kind)),
		db_text(r->enterprise), db_text(r->account), db_bytes(r->attributes),
		db_text(r->method), db_text(r->source), db_text(r->verified_by),
		db_i64(r->verified_at_ms) };
	const struct db_param approved[] = { db_id(r->id), db_text(r->approved_by) };
	const struct db_param withdrawn[] = { db_id(r->id), db_i64(r->withdrawn_at_ms) };

	if (change->act == CONFIG_NEW_RECORD)
		return db_send(batch->db, make_sql, made, 9, 1, err);
	if (change->act == CONFIG_APPROVE_RECORD)
		return db_send(batch->db, approve_sql, approved, 2, 1, err);
	return db_send(batch->db, withdraw_sql, withdrawn, 2, 1, err);
}

enum cs_code
store_save_records(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct config_state *state = case_of(&batch->aggregates[i])->documents;
		const struct config_record_change *c = state != NULL ? state->record_changes : NULL;

		for (; c != NULL; c = c->next)
			if (save_change(batch, c, err))
				return err->code;
	}
	return CS_OK;
}
