/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_people.c: the queries about credentials and the people that they belong to.  All questions of a batch
 * share what was loaded, so that two about one person see what each other did.
 */
#include "store_people.h"

#include <string.h>

#include "handler.h"
#include "store.h"

#define QUESTION "ask.policy."

static const struct people_ask *
ask_of(const struct svc_event *ev)
{
	return strncmp(ev->subject, QUESTION, strlen(QUESTION)) == 0 ? ev->what : NULL;
}

/* ---- load: credentials ---- */

static const char load_credentials_sql[] =
    "select c.id, c.kind, c.sha256, c.label, c.scopes, c.made_ms, c.ends_ms, c.used_ms,"
    " l.enterprise, l.account"
    " from credential c join login l on l.id = c.login where c.sha256 = any($1::bytea[])";

/* The person of these names in the world, made when it is not there yet. */
static struct people_person *
person_of(
    struct people_world *world, const char *enterprise, const char *account, struct cs_arena *arena)
{
	struct people_person *person = people_find_person(world, enterprise, account);

	if (person != NULL)
		return person;
	person = CS_NEW(arena, struct people_person);
	*person = (struct people_person){
		.next = world->persons,
		.id = people_id(enterprise, account),
		.enterprise = enterprise,
		.account = account,
	};
	world->persons = person;
	return person;
}

static enum cs_code
read_kind(const char *name, enum people_kind *ret, struct cs_err *err)
{
	for (enum people_kind kind = PEOPLE_API_TOKEN; kind <= PEOPLE_INVITATION; kind++) {
		if (strcmp(people_kind_name(kind), name) == 0) {
			*ret = kind;
			return CS_OK;
		}
	}
	return cs_fail(err, CS_INTERNAL, "credential of unknown kind %.40s", name);
}

static enum cs_code
read_credential(const struct db_rows *rows, size_t row, struct people_world *world,
    struct cs_arena *arena, struct cs_err *err)
{
	struct people_credential *credential = CS_NEW(arena, struct people_credential);

	*credential = (struct people_credential){
		.next = world->credentials,
		.id = db_get_id(rows, row, 0),
		.label = db_get_text(rows, row, 3),
		.scopes = (unsigned)db_get_i32(rows, row, 4),
		.made_ms = db_get_i64(rows, row, 5),
		.ends_ms = db_get_i64(rows, row, 6),
		.used_ms = db_get_i64(rows, row, 7),
		.person =
		    person_of(world, db_get_text(rows, row, 8), db_get_text(rows, row, 9), arena),
	};
	memcpy(credential->sha256, db_get_bytes(rows, row, 2).data, PEOPLE_SHA256);
	if (read_kind(db_get_text(rows, row, 1), &credential->kind, err))
		return err->code;
	world->credentials = credential;
	return CS_OK;
}

/* What the file of tokens knows is not looked for in the table. */
static size_t
collect_tokens(struct svc_batch *batch, struct people_world *world, struct cs_span *ret, size_t max)
{
	const struct policy_service *policy = batch->self;
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct people_ask *ask = ask_of(batch->aggregates[i].events[k]);

			if (ask == NULL || !ask->has_token ||
			    people_find_credential(world, ask->sha256) != NULL)
				continue;
			struct people_credential *known =
			    tokens_find(policy->tokens, ask->sha256, batch->arena);

			if (known == NULL) {
				cs_assert(n < max);
				ret[n++] = cs_span_of(ask->sha256, PEOPLE_SHA256);
				continue;
			}
			known->next = world->credentials;
			world->credentials = known;
		}
	}
	return n;
}

static enum cs_code
load_credentials(
    struct svc_batch *batch, struct people_world *world, size_t questions, struct cs_err *err)
{
	struct cs_span *digests = CS_NEW_ARRAY(batch->arena, questions, struct cs_span);
	const size_t n = collect_tokens(batch, world, digests, questions);
	const struct db_param params[] = { db_bytes_array(batch->arena, digests, n) };
	struct db_rows *rows;

	if (n == 0)
		return CS_OK;
	if (db_query(batch->db, batch->arena, load_credentials_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		if (read_credential(rows, i, world, batch->arena, err))
			return err->code;
	return CS_OK;
}

/* ---- load: persons ---- */

/* The platform is no enterprise that somebody could close. */
static const char load_persons_sql[] =
    "select w.at, d.spec -> 'active' = 'true' and coalesce(e.spec -> 'active' = 'true', false)"
    "  or d.spec -> 'active' = 'true' and w.enterprise = 'platform',"
    " d.spec ? 'roles',"
    " (select string_agg(r, ' ') from jsonb_array_elements_text("
    "   case jsonb_typeof(d.spec -> 'roles') when 'array' then d.spec -> 'roles' end) r),"
    " l.id is not null, coalesce(l.must_change, false)"
    " from unnest($1::integer[], $2::uuid[], $3::text[], $4::text[])"
    "  as w(at, id, enterprise, account)"
    " left join login l on l.id = w.id"
    " left join document d on d.kind = 'person' and d.enterprise = w.enterprise"
    "  and d.name = w.account"
    " left join document e on e.kind = 'enterprise' and e.enterprise = w.enterprise"
    "  and e.name = w.enterprise";

static unsigned
read_roles(struct cs_arena *arena, const char *names)
{
	char *rest = cs_arena_strdup(arena, names);
	unsigned roles = 0;

	for (char *name = strsep(&rest, " "); name != NULL; name = strsep(&rest, " "))
		roles |= people_role(name);
	return roles;
}

static void
read_person(
    const struct db_rows *rows, size_t row, struct people_person *person, struct cs_arena *arena)
{
	const char *names = db_get_text(rows, row, 3);

	person->active = db_get_bool(rows, row, 1);
	if (!db_get_bool(rows, row, 2))
		person->roles = PEOPLE_USER; /* the field's default */
	else if (names != NULL)
		person->roles = read_roles(arena, names);
	person->stored = db_get_bool(rows, row, 4);
	person->must_change = db_get_bool(rows, row, 5);
}

static enum cs_code
load_persons(struct svc_batch *batch, struct people_world *world, struct cs_err *err)
{
	struct people_person **persons;
	size_t n = 0;

	for (struct people_person *p = world->persons; p != NULL; p = p->next)
		n++;
	if (n == 0)
		return CS_OK;
	persons = CS_NEW_ARRAY(batch->arena, n, struct people_person *);
	int32_t *at = CS_NEW_ARRAY(batch->arena, n, int32_t);
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	const char **enterprises = CS_NEW_ARRAY(batch->arena, n, const char *);
	const char **accounts = CS_NEW_ARRAY(batch->arena, n, const char *);

	n = 0;
	for (struct people_person *p = world->persons; p != NULL; p = p->next) {
		persons[n] = p;
		at[n] = (int32_t)n;
		ids[n] = p->id;
		enterprises[n] = p->enterprise;
		accounts[n++] = p->account;
	}
	const struct db_param params[] = {
		db_i32_array(batch->arena, at, n),
		db_id_array(batch->arena, ids, n),
		db_text_array(batch->arena, enterprises, n),
		db_text_array(batch->arena, accounts, n),
	};
	struct db_rows *rows;

	if (db_query(batch->db, batch->arena, load_persons_sql, params, 4, &rows, err))
		return err->code;
	for (size_t i = 0; i < db_rows_count(rows); i++)
		read_person(rows, i, persons[db_get_i32(rows, i, 0)], batch->arena);
	return CS_OK;
}

/* ---- load and save ---- */

/* The batch's world for every case with a question.  Returns how many questions there are. */
static size_t
share_world(struct svc_batch *batch, struct people_world *world)
{
	size_t n = 0;

	for (size_t i = 0; i < batch->n; i++) {
		struct policy_case *of = batch->aggregates[i].state;

		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			if (ask_of(batch->aggregates[i].events[k]) == NULL)
				continue;
			of->people = world;
			n++;
		}
	}
	return n;
}

enum cs_code
store_load_people(struct svc_batch *batch, struct cs_err *err)
{
	struct people_world *world = CS_NEW(batch->arena, struct people_world);
	const size_t questions = share_world(batch, world);

	if (questions == 0)
		return CS_OK;
	if (load_credentials(batch, world, questions, err) || load_persons(batch, world, err))
		return err->code;
	return CS_OK;
}

static struct people_world *
world_of(const struct svc_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		const struct policy_case *of = batch->aggregates[i].state;

		if (of->people != NULL)
			return of->people;
	}
	return NULL;
}

/* Whoever notes the same use at once has noted it: nobody waits for a row. */
static const char used_sql[] =
    "update credential set used_ms = $2 where id in (select id from credential"
    " where id = any($1::uuid[]) and used_ms < $2 for update skip locked)";

static enum cs_code
save_used(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	size_t n = 0;

	for (const struct people_credential *c = world->credentials; c != NULL; c = c->next)
		n += c->used;
	if (n == 0)
		return CS_OK;
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);

	n = 0;
	for (const struct people_credential *c = world->credentials; c != NULL; c = c->next)
		if (c->used)
			ids[n++] = c->id;
	const struct db_param params[] = {
		db_id_array(batch->arena, ids, n),
		db_i64(batch->now_ms),
	};

	return db_send(batch->db, used_sql, params, 2, -1, err);
}

enum cs_code
store_save_people(struct svc_batch *batch, struct cs_err *err)
{
	const struct people_world *world = world_of(batch);

	return world == NULL ? CS_OK : save_used(batch, world, err);
}
