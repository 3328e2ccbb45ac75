/* SPDX-License-Identifier: Apache-2.0 */
#include "store_config.h"

#include <string.h>

#include "db/db.h"
#include "handler_config.h"
#include "handler_people.h"
#include "policy.h"
#include "store_identity.h"

/* A document as rows show it; a domain with the end of the newest proof of it that stands. */
#define COLUMNS                                                                           \
	" d.kind, d.enterprise, d.name, d.id, d.version, d.spec::text, d.changed_ms,"     \
	" d.changed_by, case when d.kind = 'domain' then coalesce((select max(least("     \
	"  s.valid_until_ms, m.valid_until_ms)) from standing s join standing m"          \
	"  on m.enterprise = s.enterprise and m.target = s.target and m.kind = 4"         \
	"  and m.outcome = 1 and m.primary_sha256 = s.envelope_sha256"                    \
	"  where s.enterprise = d.enterprise and s.target = d.name and s.kind = 2"        \
	"  and s.outcome = 1 and s.valid_until_ms > now.ms and m.valid_until_ms > now.ms" \
	"  and not exists (select 1 from standing no where no.enterprise = s.enterprise"  \
	"   and no.target = s.target and no.kind in (2, 4) and no.outcome = 2"            \
	"   and no.checked_at_ms >= s.checked_at_ms)), 0::bigint) else 0::bigint end"
#define FIRST_COLUMN 1 /* behind the number of the aggregate */

static struct config_state *
state_of(const struct svc_aggregate *aggregate)
{
	const struct policy_case *c = aggregate->state;

	return c->documents;
}

/* The first call of an aggregate, NULL: it is about something else. */
static const struct config_ask *
ask_of(const struct svc_aggregate *aggregate)
{
	const struct config_event *event = config_event_of(aggregate->events[0]);

	return event != NULL ? &event->ask : NULL;
}

static struct config_doc *
read_doc(const struct db_rows *rows, size_t row, struct cs_arena *arena)
{
	struct config_doc *doc = CS_NEW(arena, struct config_doc);

	if (!config_kind_parse(db_get_text(rows, row, FIRST_COLUMN), &doc->kind))
		return NULL; /* of a later version */
	doc->enterprise = db_get_text(rows, row, FIRST_COLUMN + 1);
	doc->name = db_get_text(rows, row, FIRST_COLUMN + 2);
	doc->id = db_get_id(rows, row, FIRST_COLUMN + 3);
	doc->version = (uint64_t)db_get_i64(rows, row, FIRST_COLUMN + 4);
	doc->spec = config_spec_again(arena, cs_span_str(db_get_text(rows, row, FIRST_COLUMN + 5)));
	doc->changed_ms = db_get_i64(rows, row, FIRST_COLUMN + 6);
	doc->changed_by = db_get_text(rows, row, FIRST_COLUMN + 7);
	doc->verified_until_ms = db_get_i64(rows, row, FIRST_COLUMN + 8);
	return doc;
}

static void
push(struct config_doc **list, struct config_doc *doc)
{
	if (doc == NULL)
		return;
	doc->next = *list;
	*list = doc;
}

/* ---- documents that are named ---- */

struct wanted {
	struct cs_arena *arena;
	int32_t *at;
	const char **kind, **enterprise, **name;
	size_t n;
};

static struct wanted
wanted_new(struct cs_arena *arena, size_t max)
{
	return (struct wanted){ arena, CS_NEW_ARRAY(arena, max, int32_t),
		CS_NEW_ARRAY(arena, max, const char *), CS_NEW_ARRAY(arena, max, const char *),
		CS_NEW_ARRAY(arena, max, const char *), 0 };
}

static void
want(struct wanted *wanted, size_t at, enum config_kind kind, const char *enterprise,
    const char *name)
{
	wanted->at[wanted->n] = (int32_t)at;
	wanted->kind[wanted->n] = config_kind_name(kind);
	wanted->enterprise[wanted->n] = enterprise;
	wanted->name[wanted->n++] = name;
}

#define FORM_DOCUMENTS 4 /* of a form; more than of what is only shown */

/* Itself, its enterprise, a profile of its name on the platform, and two places for each reference. */
static size_t
most_wanted(const struct svc_batch *batch)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct config_event *event =
			    config_event_of(batch->aggregates[i].events[k]);

			if (event == NULL)
				continue;
			n += FORM_DOCUMENTS;
			for (size_t w = 0; w < event->ask.n_wishes; w++)
				n += 3 + 2 * event->ask.wishes[w].refs.n;
		}
	}
	return n;
}

static void
want_wish(struct wanted *wanted, size_t at, const struct config_wish *wish)
{
	want(wanted, at, wish->kind, wish->enterprise, wish->name);
	want(wanted, at, CONFIG_ENTERPRISE, wish->enterprise, wish->enterprise);
	if (wish->kind == CONFIG_PROFILE)
		want(wanted, at, wish->kind, CONFIG_PLATFORM, wish->name);
	for (size_t i = 0; i < wish->refs.n; i++) {
		want(wanted, at, wish->refs.items[i].kind, wish->enterprise,
		    wish->refs.items[i].name);
		want(wanted, at, wish->refs.items[i].kind, CONFIG_PLATFORM,
		    wish->refs.items[i].name);
	}
}

static void
want_form(struct wanted *wanted, size_t at, const struct config_ask *ask)
{
	want(wanted, at, CONFIG_ENTERPRISE, ask->enterprise, ask->enterprise);
	want(wanted, at, CONFIG_PERSON, ask->enterprise, ask->person);
	want(wanted, at, CONFIG_PROFILE, ask->enterprise, ask->name);
	want(wanted, at, CONFIG_PROFILE, CONFIG_PLATFORM, ask->name);
}

static void
want_event(struct wanted *wanted, size_t at, const struct config_ask *ask)
{
	if (ask->status != 0)
		return;
	if (ask->act == CONFIG_SHOW || ask->act == CONFIG_TEST)
		want(wanted, at, ask->kind, ask->enterprise, ask->name);
	if (ask->act == CONFIG_FORM)
		want_form(wanted, at, ask);
	if (ask->act == CONFIG_IDENTITY) {
		want(wanted, at, CONFIG_ENTERPRISE, ask->enterprise, ask->enterprise);
		want(wanted, at, CONFIG_PERSON, ask->enterprise, ask->name);
	}
	for (size_t i = 0; i < ask->n_wishes; i++)
		want_wish(wanted, at, &ask->wishes[i]);
}

static const char named_sql[] =
    "select w.at," COLUMNS " from (select distinct * from unnest($1::integer[], $2::text[],"
    "  $3::text[], $4::text[]) as u(at, kind, enterprise, name)) w"
    " join document d on d.kind = w.kind and d.enterprise = w.enterprise and d.name = w.name,"
    " (select $5::bigint as ms) now";

static enum cs_code
ask_named(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct wanted wanted = wanted_new(batch->arena, most_wanted(batch));

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct config_event *event =
			    config_event_of(batch->aggregates[i].events[k]);

			if (event != NULL)
				want_event(&wanted, i, &event->ask);
		}
	}
	if (wanted.n == 0)
		return CS_OK;
	const struct db_param params[] = {
		db_i32_array(batch->arena, wanted.at, wanted.n),
		db_text_array(batch->arena, wanted.kind, wanted.n),
		db_text_array(batch->arena, wanted.enterprise, wanted.n),
		db_text_array(batch->arena, wanted.name, wanted.n),
		db_i64(batch->now_ms),
	};

	return db_ask(batch->db, batch->arena, named_sql, params, 5, ret_rows, err);
}

/* ---- documents that may use what shall go away ---- */

/* A reference is a text, or one of a list, right below the spec.  Looked up by its text, so that many cost as one. */
static const char users_sql[] =
    "with w as materialized (select * from unnest($1::integer[], $2::text[], $3::text[],"
    "  $4::text[]) as u(at, kind, enterprise, name)),"
    " said as (select o.kind, o.enterprise, o.name, v #>> '{}' as text from document o,"
    "  jsonb_path_query(o.spec, '$.*[*] ? (@.type() == \"string\")') v"
    "  where exists (select 1 from w where w.enterprise in ('platform', o.enterprise))),"
    " used as (select w.at, o.kind, o.enterprise, o.name from w"
    "  join document o on o.enterprise = w.enterprise where w.kind = 'enterprise'"
    "  union select w.at, said.kind, said.enterprise, said.name from w"
    "  join said on said.text = w.name and w.enterprise in ('platform', said.enterprise)"
    "  limit $6)"
    " select used.at," COLUMNS " from used join document d on d.kind = used.kind"
    "  and d.enterprise = used.enterprise and d.name = used.name,"
    " (select $5::bigint as ms) now";

static enum cs_code
ask_users(struct svc_batch *batch, struct db_rows **ret_rows, struct cs_err *err)
{
	struct wanted wanted = wanted_new(batch->arena, most_wanted(batch));

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct config_event *event =
			    config_event_of(batch->aggregates[i].events[k]);

			for (size_t w = 0; event != NULL && w < event->ask.n_wishes; w++)
				if (config_takes_away(&event->ask.wishes[w]))
					want(&wanted, i, event->ask.wishes[w].kind,
					    event->ask.wishes[w].enterprise,
					    event->ask.wishes[w].name);
		}
	}
	if (wanted.n == 0)
		return CS_OK;
	const struct db_param params[] = {
		db_i32_array(batch->arena, wanted.at, wanted.n),
		db_text_array(batch->arena, wanted.kind, wanted.n),
		db_text_array(batch->arena, wanted.enterprise, wanted.n),
		db_text_array(batch->arena, wanted.name, wanted.n),
		db_i64(batch->now_ms),
		db_i64(CONFIG_USERS_MAX + 1),
	};

	return db_ask(batch->db, batch->arena, users_sql, params, 6, ret_rows, err);
}

/* ---- pages ---- */

/* An enterprise's document has its name; the platform's list is of all of them. */
static const char page_sql[] =
    "select 0," COLUMNS " from document d, (select $5::bigint as ms) now"
    " where d.kind = $1 and (d.enterprise = $2 or (d.kind = 'enterprise' and $2 = 'platform'))"
    " and d.name > $3 order by d.name limit $4";

static enum cs_code
load_page(struct svc_batch *batch, const struct config_ask *ask, struct config_state *state,
    struct cs_err *err)
{
	const struct db_param params[] = { db_text(config_kind_name(ask->kind)),
		db_text(ask->enterprise), db_text(ask->after), db_i64((int64_t)ask->limit + 1),
		db_i64(batch->now_ms) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, page_sql, params, 5, &rows, err))
		return err->code;
	const size_t n = db_rows_count(rows);

	state->more = n > ask->limit;
	for (size_t i = state->more ? ask->limit : n; i-- > 0;)
		push(&state->page, read_doc(rows, i, batch->arena));
	return CS_OK;
}

static const char history_sql[] =
    "select version, at_ms, who, credential, source, kind, name, coalesce(before::text, ''),"
    " coalesce(after::text, '') from change where enterprise = $1 and version < $2"
    " order by version desc limit $3";

static struct cs_span
canonical(struct cs_arena *arena, const char *json)
{
	return json[0] == '\0' ? cs_span_str(NULL) : config_spec_again(arena, cs_span_str(json));
}

static void
read_history(const struct db_rows *rows, size_t row, const struct config_ask *ask,
    struct cs_arena *arena, struct config_state *state)
{
	struct config_change *change = CS_NEW(arena, struct config_change);

	if (!config_kind_parse(db_get_text(rows, row, 5), &change->kind))
		return;
	change->version = (uint64_t)db_get_i64(rows, row, 0);
	change->at_ms = db_get_i64(rows, row, 1);
	change->who = db_get_text(rows, row, 2);
	change->credential = db_get_text(rows, row, 3);
	change->source = db_get_text(rows, row, 4);
	change->enterprise = ask->enterprise;
	change->name = db_get_text(rows, row, 6);
	change->before = canonical(arena, db_get_text(rows, row, 7));
	change->after = canonical(arena, db_get_text(rows, row, 8));
	change->next = state->history;
	state->history = change;
}

static enum cs_code
load_history(struct svc_batch *batch, const struct config_ask *ask, struct config_state *state,
    struct cs_err *err)
{
	const struct db_param params[] = { db_text(ask->enterprise),
		db_i64(ask->before == 0 ? INT64_MAX : (int64_t)ask->before),
		db_i64((int64_t)ask->limit + 1) };
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, history_sql, params, 3, &rows, err))
		return err->code;
	const size_t n = db_rows_count(rows);

	state->more = n > ask->limit;
	for (size_t i = state->more ? ask->limit : n; i-- > 0;)
		read_history(rows, i, ask, batch->arena, state);
	return CS_OK;
}

static enum cs_code
load_pages(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct config_ask *ask = ask_of(&batch->aggregates[i]);
		struct config_state *state = state_of(&batch->aggregates[i]);

		if (ask == NULL || ask->status != 0)
			continue;
		if (ask->act == CONFIG_LIST && load_page(batch, ask, state, err))
			return err->code;
		if (ask->act == CONFIG_CHANGES && load_history(batch, ask, state, err))
			return err->code;
	}
	return CS_OK;
}

/* ---- all of it ---- */

static const char lock_sql[] = "select last_version from config_head for update";

/* Waits: what is read behind it is as it is under the lock. */
static enum cs_code
lock_changes(struct svc_batch *batch, struct config_state *state, struct cs_err *err)
{
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, lock_sql, NULL, 0, &rows, err))
		return err->code;
	if (db_rows_count(rows) != 1)
		return cs_fail(err, CS_INTERNAL, "config_head has %zu rows", db_rows_count(rows));
	state->last_version = (uint64_t)db_get_i64(rows, 0, 0);
	return CS_OK;
}

/* It is a line of the audit, though no call about documents. */
static bool
sets_password(const struct svc_aggregate *aggregate)
{
	return strcmp(aggregate->events[0]->subject, PEOPLE_PASSWORD_SUBJECT) == 0;
}

/* Gives every call its state; whether there are any. */
static enum cs_code
begin(struct svc_batch *batch, bool *ret_any, struct cs_err *err)
{
	*ret_any = false;
	for (size_t i = 0; i < batch->n; i++) {
		const struct config_ask *ask = ask_of(&batch->aggregates[i]);
		struct policy_case *c = batch->aggregates[i].state;

		if (ask == NULL && !sets_password(&batch->aggregates[i]))
			continue;
		*ret_any |= ask != NULL;
		c->documents = CS_NEW(batch->arena, struct config_state);
		if ((ask == NULL || config_writes(ask)) && lock_changes(batch, c->documents, err))
			return err->code;
	}
	return CS_OK;
}

static void
hand_out(struct svc_batch *batch, const struct db_rows *rows, bool as_users)
{
	const bool more = as_users && rows != NULL && db_rows_count(rows) > CONFIG_USERS_MAX;

	for (size_t i = 0; rows != NULL && i < db_rows_count(rows); i++) {
		struct config_state *state = state_of(&batch->aggregates[db_get_i32(rows, i, 0)]);

		push(as_users ? &state->users : &state->docs, read_doc(rows, i, batch->arena));
	}
	for (size_t i = 0; more && i < batch->n; i++)
		if (state_of(&batch->aggregates[i]) != NULL)
			state_of(&batch->aggregates[i])->more_users = true;
}

enum cs_code
store_load_config(struct svc_batch *batch, struct cs_err *err)
{
	struct db_rows *named = NULL, *users = NULL;
	bool any;

	if (begin(batch, &any, err))
		return err->code;
	if (!any)
		return CS_OK;
	if (ask_named(batch, &named, err) || ask_users(batch, &users, err) ||
	    db_settle(batch->db, err) || load_pages(batch, err))
		return err->code;
	hand_out(batch, named, false);
	hand_out(batch, users, true);
	return store_load_records(batch, err);
}

/* ---- save ---- */

static const char head_sql[] = "update config_head set last_version = $1";
static const char change_sql[] =
    "insert into change select v, $2, w, c, s, k, e, n, nullif(b, '')::jsonb, nullif(a, '')::jsonb"
    " from unnest($1::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],"
    "  $8::text[], $9::text[], $10::text[]) as t(v, w, c, s, k, e, n, b, a)";
static const char upsert_sql[] =
    "insert into document (kind, enterprise, name, id, version, spec, changed_ms, changed_by)"
    " select k, e, n, i, v, s::jsonb, $7, b from unnest($1::text[], $2::text[], $3::text[],"
    "  $4::uuid[], $5::bigint[], $6::text[], $8::text[]) as t(k, e, n, i, v, s, b)"
    " on conflict (kind, enterprise, name) do update set version = excluded.version,"
    " spec = excluded.spec, changed_ms = excluded.changed_ms, changed_by = excluded.changed_by";
static const char delete_sql[] =
    "delete from document d using unnest($1::text[], $2::text[], $3::text[]) as t(k, e, n)"
    " where d.kind = t.k and d.enterprise = t.e and d.name = t.n";

static const char *
text_of(struct cs_span json)
{
	return json.len > 0 ? (const char *)json.data : "";
}

static size_t
count_changes(const struct config_state *state)
{
	size_t n = 0;

	for (const struct config_change *c = state->changes; c != NULL; c = c->next)
		n++;
	return n;
}

#define COLUMN(type, name) type *name = CS_NEW_ARRAY(arena, n, type)

static enum cs_code
save_changes(struct svc_batch *batch, const struct config_state *state, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const size_t n = count_changes(state);
	size_t i = 0;
	COLUMN(int64_t, version);
	COLUMN(const char *, who);
	COLUMN(const char *, credential);
	COLUMN(const char *, source);
	COLUMN(const char *, kind);
	COLUMN(const char *, enterprise);
	COLUMN(const char *, name);
	COLUMN(const char *, before);
	COLUMN(const char *, after);

	for (const struct config_change *c = state->changes; c != NULL; c = c->next, i++) {
		version[i] = (int64_t)c->version;
		who[i] = c->who;
		credential[i] = c->credential;
		source[i] = c->source;
		kind[i] = config_kind_name(c->kind);
		enterprise[i] = c->enterprise;
		name[i] = c->name;
		before[i] = text_of(c->before);
		after[i] = text_of(c->after);
	}
	const struct db_param head[] = { db_i64((int64_t)state->last_version) };
	const struct db_param params[] = { db_i64_array(arena, version, n), db_i64(batch->now_ms),
		db_text_array(arena, who, n), db_text_array(arena, credential, n),
		db_text_array(arena, source, n), db_text_array(arena, kind, n),
		db_text_array(arena, enterprise, n), db_text_array(arena, name, n),
		db_text_array(arena, before, n), db_text_array(arena, after, n) };

	if (db_send(batch->db, head_sql, head, 1, 1, err))
		return err->code;
	return db_send(batch->db, change_sql, params, 10, (int64_t)n, err);
}

/* As it is after all changes: the newest state of a document is in front. */
static bool
is_newest(const struct config_state *state, const struct config_doc *doc)
{
	for (const struct config_doc *d = state->docs; d != doc; d = d->next)
		if (d->kind == doc->kind && strcmp(d->name, doc->name) == 0 &&
		    strcmp(d->enterprise, doc->enterprise) == 0)
			return false;
	return true;
}

struct columns {
	const char **kind, **enterprise, **name, **spec, **by;
	struct cs_id *id;
	int64_t *version;
	size_t n;
};

static struct columns
columns_new(struct cs_arena *arena, size_t n)
{
	return (struct columns){ CS_NEW_ARRAY(arena, n, const char *),
		CS_NEW_ARRAY(arena, n, const char *), CS_NEW_ARRAY(arena, n, const char *),
		CS_NEW_ARRAY(arena, n, const char *), CS_NEW_ARRAY(arena, n, const char *),
		CS_NEW_ARRAY(arena, n, struct cs_id), CS_NEW_ARRAY(arena, n, int64_t), 0 };
}

static void
add(struct columns *to, const struct config_doc *doc)
{
	const size_t i = to->n++;

	to->kind[i] = config_kind_name(doc->kind);
	to->enterprise[i] = doc->enterprise;
	to->name[i] = doc->name;
	to->spec[i] = text_of(doc->spec);
	to->by[i] = doc->changed_by;
	to->id[i] = doc->id;
	to->version[i] = (int64_t)doc->version;
}

static enum cs_code
save_documents(
    struct svc_batch *batch, const struct config_state *state, uint64_t before, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const size_t n = count_changes(state);
	struct columns kept = columns_new(arena, n), gone = columns_new(arena, n);

	for (const struct config_doc *doc = state->docs; doc != NULL; doc = doc->next)
		if (doc->version > before && is_newest(state, doc))
			add(doc->deleted ? &gone : &kept, doc);
	const struct db_param keep[] = { db_text_array(arena, kept.kind, kept.n),
		db_text_array(arena, kept.enterprise, kept.n),
		db_text_array(arena, kept.name, kept.n), db_id_array(arena, kept.id, kept.n),
		db_i64_array(arena, kept.version, kept.n), db_text_array(arena, kept.spec, kept.n),
		db_i64(batch->now_ms), db_text_array(arena, kept.by, kept.n) };
	const struct db_param drop[] = { db_text_array(arena, gone.kind, gone.n),
		db_text_array(arena, gone.enterprise, gone.n),
		db_text_array(arena, gone.name, gone.n) };

	if (kept.n > 0 && db_send(batch->db, upsert_sql, keep, 8, (int64_t)kept.n, err))
		return err->code;
	/* What came and went in one batch was never there. */
	return gone.n == 0 ? CS_OK : db_send(batch->db, delete_sql, drop, 3, -1, err);
}

enum cs_code
store_save_config(struct svc_batch *batch, struct cs_err *err)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct config_state *state = state_of(&batch->aggregates[i]);

		if (state == NULL || state->changes == NULL)
			continue;
		if (save_changes(batch, state, err) ||
		    save_documents(batch, state, state->changes->version - 1, err))
			return err->code;
	}
	return store_save_records(batch, err);
}
