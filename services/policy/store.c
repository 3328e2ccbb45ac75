/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: plans, and the order of everything else.  A load is four queries and two waits for any number of events; a
 * save writes what changed.  Plans are locked in the order of their ids, so replicas cannot deadlock on them.
 */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "handler.h"
#include "policy.h"
#include "policy_plan.h"
#include "store_bindings.h"
#include "store_config.h"
#include "store_identity.h"
#include "store_people.h"
#include "store_settings.h"
#include "store_standing.h"
#include "store_told.h"

static struct policy_case *
case_of(const struct svc_aggregate *aggregate)
{
	return aggregate->state;
}

/* ---- load: plans ---- */

/*
 * Whoever waits for a lock is given the row as it then is, but everything that the same statement joins
 * to it as it was before: what lies in other tables is asked for by the statements behind.
 */
static const char load_plans_sql[] =
    "select request, state, since_ms, due_ms, version, settings_version, progress"
    " from plan where request = any($1::uuid[]) order by request for update";

static enum cs_code
read_state(const char *name, enum policy_state *ret_state, struct cs_err *err)
{
	for (enum policy_state state = POLICY_NEW; state < POLICY_STATES; state++) {
		if (strcmp(policy_state_name(state), name) == 0) {
			*ret_state = state;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_INTERNAL, "plan in unknown state %.40s", name);
}

/* Our own rows: verified when they came, so that they are only read again. */
static enum cs_code
open_envelopes(struct cs_arena *arena, struct policy_plan *plan, struct cs_err *err)
{
	if (plan->request_envelope.len > 0 &&
	    claim_open_request(arena, NULL, plan->request_envelope, 0, &plan->request, err))
		return CS_INTERNAL;
	if (plan->approval_envelope.len > 0 &&
	    claim_open_approval(arena, NULL, plan->approval_envelope, 0, &plan->approval, err))
		return CS_INTERNAL;
	if (plan->plan_envelope.len > 0 &&
	    claim_open_plan(arena, NULL, plan->plan_envelope, 0, &plan->plan, err))
		return CS_INTERNAL;
	if (plan->plan.final && plan->approval_envelope.len == 0) {
		plan->approval_envelope = plan->request_envelope;
		if (claim_open_approval(
			arena, NULL, plan->approval_envelope, 0, &plan->approval, err))
			return CS_INTERNAL;
	}
	plan->progress = CS_NEW_ARRAY(arena, plan->plan.n_checks, struct policy_progress);
	return CS_OK;
}

static enum cs_code
read_plan(const struct db_rows *rows, size_t row, struct policy_plan *ret, struct cs_err *err)
{
	struct policy_plan plan = {
		.since_ms = db_get_i64(rows, row, 2),
		.due_ms = db_get_i64(rows, row, 3),
		.version = (uint32_t)db_get_i32(rows, row, 4),
		.settings_version = (uint64_t)db_get_i64(rows, row, 5),
	};

	if (read_state(db_get_text(rows, row, 1), &plan.state, err))
		return err->code;
	*ret = plan;
	return CS_OK;
}

static struct policy_plan *
plan_of_row(const struct svc_batch *batch, const struct db_rows *rows, size_t row)
{
	struct svc_aggregate *found = svc_aggregate_find(batch, db_get_id(rows, row, 0));

	cs_assert(found != NULL);
	return &case_of(found)->plan;
}

static const char load_envelopes_sql[] =
    "select request, approved, statement, plan from plan_envelope where request = any($1::uuid[])";

static void
read_envelope(const struct db_rows *rows, size_t row, struct policy_plan *plan)
{
	const bool approved = db_get_bool(rows, row, 1);
	const struct cs_span published = db_get_bytes(rows, row, 3);

	*(approved ? &plan->approval_envelope : &plan->request_envelope) =
	    db_get_bytes(rows, row, 2);
	if (published.len > 0 && (approved || plan->plan_envelope.len == 0))
		plan->plan_envelope = published;
}

static enum cs_code
read_envelopes(const struct svc_batch *batch, const struct db_rows *rows, struct cs_err *err)
{
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_envelope(rows, i, plan_of_row(batch, rows, i));
	for (size_t i = 0; i < batch->n; i++) {
		if (open_envelopes(batch->arena, &case_of(&batch->aggregates[i])->plan, err)) {
			err->code = CS_INTERNAL; /* it is our row, not the event, that is wrong */
			return CS_INTERNAL;
		}
	}
	return CS_OK;
}

/* ---- load: progress ---- */

/* The next word, a number up to `max`. */
static bool
take_number(char **line, uint64_t max, uint64_t *ret)
{
	const char *word = strsep(line, " ");
	char *end;

	if (word == NULL || word[0] < '0' || word[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(word, &end, 10);
	return *end == '\0' && errno == 0 && *ret <= max;
}

/* "caa-1 2 1 0 1795437299999": what nobody began has no line. */
static bool
read_progress(const struct policy_plan *plan, char *line)
{
	const char *id = strsep(&line, " ");
	const size_t i = policy_plan_position(plan, id);
	uint64_t attempt, tries, outcome, next_ms;

	if (!take_number(&line, UINT32_MAX, &attempt) || !take_number(&line, UINT32_MAX, &tries) ||
	    !take_number(&line, CLAIM_COULD_NOT_TELL, &outcome) ||
	    !take_number(&line, INT64_MAX, &next_ms) || line != NULL)
		return false;
	if (i < plan->plan.n_checks)
		plan->progress[i] = (struct policy_progress){ .attempt = (uint32_t)attempt,
			.tries = (uint32_t)tries,
			.outcome = (enum claim_outcome)outcome,
			.next_ms = (int64_t)next_ms };
	return true;
}

/* Of a plan that nobody looks into there are no checks, and so no progress. */
static enum cs_code
read_all_progress(
    const struct svc_batch *batch, const struct db_rows *rows, size_t row, struct cs_err *err)
{
	const struct policy_plan *plan = plan_of_row(batch, rows, row);
	char *rest = cs_arena_strdup(batch->arena, db_get_text(rows, row, 6)), *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0' && !read_progress(plan, line))
			return cs_fail(err, CS_INTERNAL, "progress of a plan cannot be read");
	return CS_OK;
}

static enum cs_code
read_plans(struct svc_batch *batch, const struct db_rows *plans, const struct db_rows *envelopes,
    struct cs_err *err)
{
	for (size_t i = 0; i < db_rows_count(plans); i++)
		if (read_plan(plans, i, plan_of_row(batch, plans, i), err))
			return CS_INTERNAL;
	if (envelopes != NULL && read_envelopes(batch, envelopes, err))
		return CS_INTERNAL;
	for (size_t i = 0; i < db_rows_count(plans); i++)
		if (read_all_progress(batch, plans, i, err))
			return CS_INTERNAL;
	return CS_OK;
}

/* A third of all events tells that a certificate was issued: whatever was planned, that asks for its state alone. */
static bool
only_issued(const struct svc_aggregate *aggregate)
{
	for (size_t i = 0; i < aggregate->n_events; i++)
		if (strcmp(aggregate->events[i]->subject, "certificate.issued") != 0)
			return false;
	return true;
}

/* What the plans say, of those that are looked into; *ret_rows NULL: of none. */
static enum cs_code
ask_envelopes(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++)
		if (!only_issued(&batch->aggregates[i]))
			keys[n++] = batch->aggregates[i].key;
	const struct db_param params[] = { db_id_array(batch->arena, keys, n) };

	*ret_rows = NULL;
	return n == 0
		   ? CS_OK
		   : db_ask(batch->db, batch->arena, load_envelopes_sql, params, 1, ret_rows, err);
}

static enum cs_code
load_plans(struct svc_batch *batch, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(batch->arena, svc_keys(batch), batch->n) };
	struct db_rows *plans, *envelopes;

	if (db_ask(batch->db, batch->arena, load_plans_sql, params, 1, &plans, err) ||
	    ask_envelopes(batch, &envelopes, err) || db_settle(batch->db, err) ||
	    read_plans(batch, plans, envelopes, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++) {
		struct policy_plan *plan = &case_of(&batch->aggregates[i])->plan;
		struct policy_plan *stored;

		if (plan->version == 0)
			continue;
		stored = CS_NEW(batch->arena, struct policy_plan);
		*stored = *plan;
		plan->stored = stored;
	}
	return CS_OK;
}

/* ---- load: what is beside them ---- */

const struct claim_request *
store_request_of(const struct svc_aggregate *aggregate)
{
	const struct policy_plan *plan = &case_of(aggregate)->plan;

	if (plan->request_envelope.len > 0)
		return &plan->request;
	for (size_t i = 0; i < aggregate->n_events; i++) {
		const struct policy_submitted *submitted = aggregate->events[i]->what;

		if (strcmp(aggregate->events[i]->subject, "request.submitted") == 0)
			return &submitted->request;
	}
	return NULL;
}

/* A batch of withdrawals alone is about no request. */
static enum cs_code
settle_identities(
    struct svc_batch *batch, const struct store_identities *identities, struct cs_err *err)
{
	if (identities->withdrawn == NULL)
		return CS_OK;
	if (db_settle(batch->db, err) || store_read_identities(batch, identities, err))
		return err->code;
	return CS_OK;
}

/* All questions depend on the requests, which the plans told: one wait. */
static enum cs_code
load_surroundings(struct svc_batch *batch, struct cs_err *err)
{
	struct store_settings settings;
	struct store_identities identities;
	struct store_standing standing;

	if (store_ask_settings(batch, &settings, err) ||
	    store_ask_identities(batch, &identities, err))
		return err->code;
	if (settings.rows == NULL)
		return settle_identities(batch, &identities, err);
	if (store_ask_standing(batch, &standing, err) || db_settle(batch->db, err) ||
	    store_read_settings(batch, &settings, err) ||
	    store_read_identities(batch, &identities, err))
		return err->code;
	store_read_standing(batch, &standing);
	return CS_OK;
}

static enum cs_code
load_settings_again(struct svc_batch *batch, struct cs_err *err)
{
	struct store_settings settings;

	if (store_ask_settings(batch, &settings, err))
		return err->code;
	if (settings.rows == NULL)
		return CS_OK;
	if (db_settle(batch->db, err))
		return err->code;
	return store_read_settings(batch, &settings, err);
}

enum cs_code
store_load_cases(struct svc_batch *batch, struct cs_err *err)
{
	bool locked;

	for (size_t i = 0; i < batch->n; i++)
		batch->aggregates[i].state = CS_NEW(batch->arena, struct policy_case);
	if (load_plans(batch, err) || load_surroundings(batch, err) ||
	    store_load_config(batch, err) || store_load_told(batch, err) ||
	    store_lock_bindings(batch, &locked, err) || store_load_people(batch, err))
		return err->code;
	/* Under the lock it may be another's by now. */
	return locked ? load_settings_again(batch, err) : CS_OK;
}

/* ---- save: plans ---- */

/* A plan that is there already: another replica was faster. */
static const char new_plans_sql[] =
    "insert into plan (request, state, since_ms, due_ms, version, settings_version, enterprise,"
    " account, profile, progress) select r, s, m, d, v + 1, g, e, a, p, coalesce(h, '')"
    " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[],"
    "  $7::text[], $8::text[], $9::text[], $10::text[]) as t(r, s, m, d, v, g, e, a, p, h)";
/* Fewer rows than plans: the same. */
static const char change_plans_sql[] =
    "update plan p set state = s, since_ms = m, due_ms = d, version = v + 1, settings_version = g,"
    " enterprise = coalesce(nullif(e, ''), p.enterprise), account = coalesce(nullif(a, ''), p.account),"
    " profile = coalesce(nullif(t.p, ''), p.profile), progress = coalesce(h, p.progress)"
    " from unnest($1::uuid[], $2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[],"
    "  $7::text[], $8::text[], $9::text[], $10::text[]) as t(r, s, m, d, v, g, e, a, p, h)"
    " where p.request = t.r and p.version = t.v";

struct plan_columns {
	struct cs_id *request;
	const char **state, **enterprise, **account, **profile, **progress;
	int64_t *since_ms, *due_ms, *settings_version;
	int32_t *version;
	size_t n;
};

/* NULL: nobody looked at the checks, so that what is stored stays. */
static const char *
progress_text(struct cs_arena *arena, const struct policy_plan *plan)
{
	struct cs_buf text = cs_buf_new(arena);

	if (plan->plan.n_checks == 0)
		return NULL;
	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		const struct policy_progress *p = &plan->progress[i];

		if (p->attempt != 0 || p->tries != 0 || p->outcome != 0 || p->next_ms != 0)
			cs_buf_printf(&text, "%s %" PRIu32 " %" PRIu32 " %u %" PRId64 "\n",
			    plan->plan.checks[i].id, p->attempt, p->tries, (unsigned)p->outcome,
			    p->next_ms);
	}
	return (const char *)cs_buf_span(&text).data;
}

static void
add_plan(struct cs_arena *arena, struct plan_columns *columns, struct cs_id request,
    const struct policy_plan *plan)
{
	size_t i = columns->n++;

	columns->request[i] = request;
	columns->state[i] = policy_state_name(plan->state);
	columns->since_ms[i] = plan->since_ms;
	columns->due_ms[i] = plan->due_ms;
	columns->version[i] = (int32_t)plan->version;
	columns->settings_version[i] = (int64_t)plan->settings_version;
	/* Of an approval that came first none of them is known yet, and at its end nobody looked. */
	columns->enterprise[i] = plan->request.enterprise != NULL ? plan->request.enterprise : "";
	columns->account[i] = plan->request.account != NULL ? plan->request.account : "";
	columns->profile[i] = plan->request.profile != NULL ? plan->request.profile : "";
	columns->progress[i] = progress_text(arena, plan);
}

/* Those that are new, or those that are not. */
static enum cs_code
save_plans(struct svc_batch *batch, bool new, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct plan_columns columns = {
		.request = CS_NEW_ARRAY(arena, batch->n, struct cs_id),
		.state = CS_NEW_ARRAY(arena, batch->n, const char *),
		.since_ms = CS_NEW_ARRAY(arena, batch->n, int64_t),
		.due_ms = CS_NEW_ARRAY(arena, batch->n, int64_t),
		.version = CS_NEW_ARRAY(arena, batch->n, int32_t),
		.settings_version = CS_NEW_ARRAY(arena, batch->n, int64_t),
		.enterprise = CS_NEW_ARRAY(arena, batch->n, const char *),
		.account = CS_NEW_ARRAY(arena, batch->n, const char *),
		.profile = CS_NEW_ARRAY(arena, batch->n, const char *),
		.progress = CS_NEW_ARRAY(arena, batch->n, const char *),
	};

	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_plan *plan = &case_of(&batch->aggregates[i])->plan;

		if (plan->changed && (plan->stored == NULL) == new)
			add_plan(arena, &columns, batch->aggregates[i].key, plan);
	}
	const struct db_param params[] = {
		db_id_array(arena, columns.request, columns.n),
		db_text_array(arena, columns.state, columns.n),
		db_i64_array(arena, columns.since_ms, columns.n),
		db_i64_array(arena, columns.due_ms, columns.n),
		db_i32_array(arena, columns.version, columns.n),
		db_i64_array(arena, columns.settings_version, columns.n),
		db_text_array(arena, columns.enterprise, columns.n),
		db_text_array(arena, columns.account, columns.n),
		db_text_array(arena, columns.profile, columns.n),
		db_text_array(arena, columns.progress, columns.n),
	};

	if (columns.n == 0)
		return CS_OK;
	return db_send(
	    batch->db, new ? new_plans_sql : change_plans_sql, params, 10, (int64_t)columns.n, err);
}

/* ---- save: envelopes ---- */

static const char new_envelopes_sql[] =
    "insert into plan_envelope (request, approved, statement, plan)"
    " select * from unnest($1::uuid[], $2::boolean[], $3::bytea[], $4::bytea[])";
static const char change_envelopes_sql[] =
    "update plan_envelope e set plan = t.plan"
    " from unnest($1::uuid[], $2::boolean[], $3::bytea[]) as t(request, approved, plan)"
    " where e.request = t.request and e.approved = t.approved";

struct envelope_columns {
	struct cs_id *request;
	bool *approved;
	struct cs_span *statement, *plan;
	size_t n;
};

static struct envelope_columns
envelope_columns(const struct svc_batch *batch)
{
	return (struct envelope_columns){
		.request = CS_NEW_ARRAY(batch->arena, 2 * batch->n, struct cs_id),
		.approved = CS_NEW_ARRAY(batch->arena, 2 * batch->n, bool),
		.statement = CS_NEW_ARRAY(batch->arena, 2 * batch->n, struct cs_span),
		.plan = CS_NEW_ARRAY(batch->arena, 2 * batch->n, struct cs_span),
	};
}

/* A request that is approved in itself has no row of an approval. */
static struct cs_span
statement_of(const struct policy_plan *plan, bool approved)
{
	if (plan == NULL || (approved && policy_approved_in_itself(plan)))
		return cs_span_str("");
	return approved ? plan->approval_envelope : plan->request_envelope;
}

/* A row is as old as its statement.  The plan lies in the newer row: that of the approval, once there is one. */
static void
add_envelope(struct envelope_columns *new, struct envelope_columns *changed, struct cs_id request,
    const struct policy_plan *plan, bool approved)
{
	const struct policy_plan *stored = plan->stored;
	const struct cs_span statement = statement_of(plan, approved);
	const bool is_new = statement_of(stored, approved).len == 0;
	const bool published =
	    (statement_of(plan, true).len > 0) == approved &&
	    (stored == NULL || stored->plan_envelope.data != plan->plan_envelope.data);
	struct envelope_columns *to = is_new ? new : changed;

	if (statement.len == 0 || (!is_new && !published))
		return;
	to->request[to->n] = request;
	to->approved[to->n] = approved;
	to->statement[to->n] = statement;
	to->plan[to->n++] = published ? plan->plan_envelope : cs_span_str("");
}

static enum cs_code
save_envelopes(struct svc_batch *batch, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	struct envelope_columns new = envelope_columns(batch), changed = envelope_columns(batch);

	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_plan *plan = &case_of(&batch->aggregates[i])->plan;

		if (!plan->changed)
			continue;
		add_envelope(&new, &changed, batch->aggregates[i].key, plan, false);
		add_envelope(&new, &changed, batch->aggregates[i].key, plan, true);
	}
	const struct db_param made[] = {
		db_id_array(arena, new.request, new.n),
		db_bool_array(arena, new.approved, new.n),
		db_bytes_array(arena, new.statement, new.n),
		db_bytes_array(arena, new.plan, new.n),
	};
	const struct db_param other[] = {
		db_id_array(arena, changed.request, changed.n),
		db_bool_array(arena, changed.approved, changed.n),
		db_bytes_array(arena, changed.plan, changed.n),
	};

	if (new.n > 0 && db_send(batch->db, new_envelopes_sql, made, 4, (int64_t) new.n, err))
		return err->code;
	return changed.n == 0
		   ? CS_OK
		   : db_send(batch->db, change_envelopes_sql, other, 3, (int64_t)changed.n, err);
}

enum cs_code
store_save_cases(struct svc_batch *batch, struct cs_err *err)
{
	if (save_plans(batch, true, err) || save_plans(batch, false, err) ||
	    save_envelopes(batch, err) || store_save_standing(batch, err) ||
	    store_save_identities(batch, err) || store_save_people(batch, err) ||
	    store_save_config(batch, err) || store_save_told(batch, err) ||
	    store_save_bindings(batch, err))
		return err->code;
	return CS_OK;
}

/* ---- the clock ---- */

static const char due_sql[] = "select request from plan where due_ms > 0 and due_ms <= $1"
			      " order by due_ms limit $2";

enum cs_code
store_due_plans(const void *self, struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
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
#define STANDING_KEPT_MS (40 * CS_DAY_MS) /* as long as the inbox knows what came */

static const char sweep_plans_sql[] =
    "with old as (select request from plan where state = 'ended' and since_ms <= $1"
    "  order by since_ms limit $2 for update skip locked),"
    " envelopes as (delete from plan_envelope e using old where e.request = old.request),"
    " gone as (delete from plan p using old where p.request = old.request returning 1)"
    " select count(*) from gone";

static enum cs_code
sweep_plans(
    struct db *db, int64_t ended_ms, struct cs_arena *arena, int64_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(ended_ms), db_i64(SWEEP_MAX) };
	struct db_rows *rows;

	if (db_query(db, arena, sweep_plans_sql, params, 2, &rows, err))
		return err->code;
	*ret_n = db_get_i64(rows, 0, 0);
	return CS_OK;
}

enum cs_code
store_sweep_cases(const void *self, struct db *db, int64_t now_ms, struct cs_arena *arena,
    bool *ret_more, struct cs_err *err)
{
	const struct policy_service *policy = self;
	int64_t plans = 0, standing = 0;

	if (sweep_plans(db, now_ms - policy->keep_days * CS_DAY_MS, arena, &plans, err) ||
	    store_sweep_standing(db, now_ms - STANDING_KEPT_MS, SWEEP_MAX, arena, &standing, err) ||
	    store_sweep_people(db, now_ms, arena, ret_more, err))
		return err->code;
	*ret_more |= plans == SWEEP_MAX || standing == SWEEP_MAX;
	return CS_OK;
}
