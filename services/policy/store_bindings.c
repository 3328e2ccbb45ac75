/* SPDX-License-Identifier: Apache-2.0 */
#include "store_bindings.h"

#include "config_settings.h"
#include "db/db.h"
#include "handler_config.h"
#include "policy.h"
#include "policy_bindings.h"
#include "policy_domains.h"

/* ---- load ---- */

static const char lock_sql[] = "select last_version from config_head for update";

static bool
binds_any(const struct svc_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_case *c = batch->aggregates[i].state;

		if (c->config.enterprise_known && policy_domain_mode_binds(c->config.domain_mode))
			return true;
	}
	return false;
}

/* Calls of the same batch that change settings count on from the same number. */
static uint64_t *
shared_version(struct svc_batch *batch, uint64_t last_version)
{
	uint64_t *own = CS_NEW(batch->arena, uint64_t);

	*own = last_version;
	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_case *c = batch->aggregates[i].state;
		const struct config_event *event = config_event_of(batch->aggregates[i].events[0]);

		if (c->documents != NULL && event != NULL && config_writes(&event->ask))
			return &c->documents->last_version;
	}
	return own;
}

enum cs_code
store_lock_bindings(struct svc_batch *batch, bool *ret_locked, struct cs_err *err)
{
	struct db_rows *rows;

	*ret_locked = binds_any(batch);
	if (!*ret_locked)
		return CS_OK;
	if (db_query(batch->db, batch->arena, lock_sql, NULL, 0, &rows, err))
		return err->code;
	if (db_rows_count(rows) != 1)
		return cs_fail(err, CS_INTERNAL, "config_head has %zu rows", db_rows_count(rows));
	struct policy_bindings *bindings = CS_NEW(batch->arena, struct policy_bindings);

	bindings->last_version = shared_version(batch, (uint64_t)db_get_i64(rows, 0, 0));
	for (size_t i = 0; i < batch->n; i++)
		((struct policy_case *)batch->aggregates[i].state)->bindings = bindings;
	return CS_OK;
}

/* ---- save ---- */

static const char head_sql[] = "update config_head set last_version = $1";
static const char change_sql[] =
    "insert into change (version, at_ms, who, credential, source, kind, enterprise, name, after)"
    " select v, $2, 'policy', '', 'request ' || r, 'ownership', e, n, s::jsonb"
    " from unnest($1::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[])"
    "  as t(v, r, e, n, s)";
static const char document_sql[] =
    "insert into document (kind, enterprise, name, id, version, spec, changed_ms, changed_by)"
    " select 'ownership', e, n, i, v, s::jsonb, $2, 'policy'"
    " from unnest($1::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[])"
    "  as t(v, i, e, n, s)";

#define COLUMN(type, name) type *name = CS_NEW_ARRAY(arena, n, type)

static enum cs_code
save(struct svc_batch *batch, const struct policy_bindings *bindings, size_t n, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	size_t i = 0;
	COLUMN(int64_t, version);
	COLUMN(struct cs_id, request);
	COLUMN(struct cs_id, id);
	COLUMN(const char *, enterprise);
	COLUMN(const char *, name);
	COLUMN(const char *, spec);

	for (const struct policy_binding *b = bindings->first; b != NULL; b = b->next, i++) {
		version[i] = (int64_t)b->version;
		request[i] = b->request;
		id[i] = b->id;
		enterprise[i] = b->enterprise;
		name[i] = b->domain;
		spec[i] = (const char *)config_ownership_spec(arena, b->account).data;
	}
	const struct db_param head[] = { db_i64((int64_t)*bindings->last_version) };
	const struct db_param change[] = { db_i64_array(arena, version, n), db_i64(batch->now_ms),
		db_id_array(arena, request, n), db_text_array(arena, enterprise, n),
		db_text_array(arena, name, n), db_text_array(arena, spec, n) };
	const struct db_param document[] = { change[0], change[1], db_id_array(arena, id, n),
		change[3], change[4], change[5] };

	if (db_send(batch->db, head_sql, head, 1, 1, err) ||
	    db_send(batch->db, change_sql, change, 6, (int64_t)n, err))
		return err->code;
	return db_send(batch->db, document_sql, document, 6, (int64_t)n, err);
}

enum cs_code
store_save_bindings(struct svc_batch *batch, struct cs_err *err)
{
	const struct policy_bindings *bindings =
	    ((const struct policy_case *)batch->aggregates[0].state)->bindings;
	size_t n = 0;

	if (bindings == NULL)
		return CS_OK;
	for (const struct policy_binding *b = bindings->first; b != NULL; b = b->next)
		n++;
	return n == 0 ? CS_OK : save(batch, bindings, n, err);
}
