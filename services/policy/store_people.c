/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_people.c: the queries about credentials and the people that they belong to.  All questions of a batch
 * share what was loaded, so that two about one person see what each other did.
 */
#include "store_people.h"

#include <string.h>

#include "handler.h"
#include "policy_factor.h"
#include "store.h"

#define QUESTION "ask.policy."

static const struct people_ask *
ask_of(const struct svc_event *ev)
{
	/* That one is about a request. */
	if (strcmp(ev->subject, POLICY_FACTOR_SUBJECT) == 0)
		return NULL;
	return strncmp(ev->subject, QUESTION, strlen(QUESTION)) == 0 ? ev->what : NULL;
}

/* ---- load: credentials ---- */

#define COLUMNS                                                                        \
	" c.id, c.kind, c.sha256, c.label, c.scopes, c.made_ms, c.ends_ms, c.used_ms," \
	" l.enterprise, l.account, c.made_by from credential c join login l on l.id = c.login"

static const char load_credentials_sql[] = "select" COLUMNS " where c.sha256 = any($1::bytea[])";

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
		.made_by = db_get_text(rows, row, 10),
	};
	memcpy(credential->sha256, db_get_bytes(rows, row, 2).data, PEOPLE_SHA256);
	if (people_find_credential(world, credential->sha256) != NULL)
		return CS_OK; /* the question's own */
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

/* What the decisions may change is held, one after the other in the order of the ids. */
static const char lock_logins_sql[] =
    "select id from login where id = any($1::uuid[]) order by id for update";

static enum cs_code
lock_logins(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	struct db_rows *rows;
	size_t n = 0;

	for (const struct people_person *p = world->persons; p != NULL; p = p->next)
		n += p->locked;
	if (n == 0)
		return CS_OK;
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);

	n = 0;
	for (const struct people_person *p = world->persons; p != NULL; p = p->next)
		if (p->locked)
			ids[n++] = p->id;
	const struct db_param params[] = { db_id_array(batch->arena, ids, n) };

	return db_ask(batch->db, batch->arena, lock_logins_sql, params, 1, &rows, err);
}

/* The platform is no enterprise that somebody could close. */
static const char load_persons_sql[] =
    "select w.at, d.spec -> 'active' = 'true' and (w.enterprise = 'platform'"
    "  or coalesce(e.spec -> 'active' = 'true', false)),"
    " d.spec ? 'roles',"
    " (select string_agg(r, ' ') from jsonb_array_elements_text("
    "   case jsonb_typeof(d.spec -> 'roles') when 'array' then d.spec -> 'roles' end) r),"
    " coalesce(l.must_change, false), l.salt, l.passes, l.memory_kib, l.lanes, l.proof_sha256,"
    " d.id is not null"
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
	person->there = db_get_bool(rows, row, 10);
	if (!db_get_bool(rows, row, 2))
		person->roles = PEOPLE_USER; /* the field's default */
	else if (names != NULL)
		person->roles = read_roles(arena, names);
	person->must_change = db_get_bool(rows, row, 4);
	person->password.set = !db_is_null(rows, row, 5);
	if (!person->password.set)
		return;
	/* Their lengths are constraints of the table. */
	memcpy(person->password.salt, db_get_bytes(rows, row, 5).data, PEOPLE_SALT);
	person->password.passes = (uint32_t)db_get_i32(rows, row, 6);
	person->password.memory_kib = (uint32_t)db_get_i32(rows, row, 7);
	person->password.lanes = (uint32_t)db_get_i32(rows, row, 8);
	memcpy(person->password.proof_sha256, db_get_bytes(rows, row, 9).data, PEOPLE_SHA256);
}

struct asked_persons {
	struct people_person **of; /* by the number that a row says */
	struct db_rows *rows;      /* after settling; NULL: none was asked for */
};

static enum cs_code
ask_persons(struct svc_batch *batch, const struct people_world *world, struct asked_persons *ret,
    struct cs_err *err)
{
	size_t n = 0;

	*ret = (struct asked_persons){ NULL, NULL };
	for (struct people_person *p = world->persons; p != NULL; p = p->next)
		n++;
	if (n == 0)
		return CS_OK;
	int32_t *at = CS_NEW_ARRAY(batch->arena, n, int32_t);
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	const char **enterprises = CS_NEW_ARRAY(batch->arena, n, const char *);
	const char **accounts = CS_NEW_ARRAY(batch->arena, n, const char *);

	ret->of = CS_NEW_ARRAY(batch->arena, n, struct people_person *);
	n = 0;
	for (struct people_person *p = world->persons; p != NULL; p = p->next) {
		ret->of[n] = p;
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

	return db_ask(batch->db, batch->arena, load_persons_sql, params, 4, &ret->rows, err);
}

static void
read_persons(const struct asked_persons *asked, struct cs_arena *arena)
{
	for (size_t i = 0; asked->rows != NULL && i < db_rows_count(asked->rows); i++)
		read_person(asked->rows, i, asked->of[db_get_i32(asked->rows, i, 0)], arena);
}

/* ---- load: all credentials of somebody ---- */

static const char list_sql[] =
    "select" COLUMNS " where c.login = any($1::uuid[]) order by c.made_ms desc, c.id desc";

static enum cs_code
ask_lists(struct svc_batch *batch, const struct people_world *world, struct db_rows **ret_rows,
    struct cs_err *err)
{
	struct cs_id *ids;
	size_t n = 0;

	*ret_rows = NULL;
	for (const struct people_person *p = world->persons; p != NULL; p = p->next)
		n += p->lists;
	if (n == 0)
		return CS_OK;
	ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	n = 0;
	for (const struct people_person *p = world->persons; p != NULL; p = p->next)
		if (p->lists)
			ids[n++] = p->id;
	const struct db_param params[] = { db_id_array(batch->arena, ids, n) };

	return db_ask(batch->db, batch->arena, list_sql, params, 1, ret_rows, err);
}

static enum cs_code
read_lists(struct svc_batch *batch, struct people_world *world, const struct db_rows *rows,
    struct cs_err *err)
{
	for (size_t i = 0; rows != NULL && i < db_rows_count(rows); i++)
		if (read_credential(rows, i, world, batch->arena, err))
			return err->code;
	return CS_OK;
}

/* ---- load: tallies ---- */

/* Each must be there to be held: of two at once, the second sees what the first counted. */
static const char new_tallies_sql[] =
    "insert into attempt (account, network) select a, n from unnest($1::uuid[], $2::text[])"
    " as t(a, n) order by a, n on conflict do nothing";
static const char load_tallies_sql[] =
    "select account, network, failures, failed_ms, welcome_ms from attempt"
    " where (account, network) in (select * from unnest($1::uuid[], $2::text[]))"
    " order by account, network for update";

static void
want_tally(
    struct people_world *world, struct cs_id account, const char *network, struct cs_arena *arena)
{
	if (people_find_tally(world, account, network) != NULL)
		return;
	struct people_tally *tally = CS_NEW(arena, struct people_tally);

	*tally =
	    (struct people_tally){ .next = world->tallies, .account = account, .network = network };
	world->tallies = tally;
}

/* Every statement has its own copy of the columns. */
struct tally_columns {
	struct cs_id *account;
	const char **network;
	int32_t *failures;
	int64_t *failed_ms, *welcome_ms;
	size_t n;
};

static struct tally_columns
tally_columns(const struct people_world *world, bool changed_only, struct cs_arena *arena)
{
	struct tally_columns c = { .n = 0 };
	size_t n = 0;

	for (const struct people_tally *t = world->tallies; t != NULL; t = t->next)
		n++;
	c.account = CS_NEW_ARRAY(arena, n, struct cs_id);
	c.network = CS_NEW_ARRAY(arena, n, const char *);
	c.failures = CS_NEW_ARRAY(arena, n, int32_t);
	c.failed_ms = CS_NEW_ARRAY(arena, n, int64_t);
	c.welcome_ms = CS_NEW_ARRAY(arena, n, int64_t);
	for (const struct people_tally *t = world->tallies; t != NULL; t = t->next) {
		if (changed_only && !t->changed)
			continue;
		c.account[c.n] = t->account;
		c.network[c.n] = t->network;
		c.failures[c.n] = (int32_t)t->failures;
		c.failed_ms[c.n] = t->failed_ms;
		c.welcome_ms[c.n++] = t->welcome_ms;
	}
	return c;
}

static enum cs_code
ask_tallies(struct svc_batch *batch, const struct people_world *world, struct db_rows **ret_rows,
    struct cs_err *err)
{
	const struct tally_columns c = tally_columns(world, false, batch->arena);
	const struct db_param params[] = {
		db_id_array(batch->arena, c.account, c.n),
		db_text_array(batch->arena, c.network, c.n),
	};

	*ret_rows = NULL;
	if (c.n == 0)
		return CS_OK;
	if (db_send(batch->db, new_tallies_sql, params, 2, -1, err) ||
	    db_ask(batch->db, batch->arena, load_tallies_sql, params, 2, ret_rows, err))
		return err->code;
	return CS_OK;
}

static void
read_tallies(struct people_world *world, const struct db_rows *rows)
{
	for (size_t i = 0; rows != NULL && i < db_rows_count(rows); i++) {
		struct people_tally *tally =
		    people_find_tally(world, db_get_id(rows, i, 0), db_get_text(rows, i, 1));

		cs_assert(tally != NULL);
		tally->failures = (uint32_t)db_get_i32(rows, i, 2);
		tally->failed_ms = db_get_i64(rows, i, 3);
		tally->welcome_ms = db_get_i64(rows, i, 4);
	}
}

/* ---- load: what each question needs beside who asks ---- */

static void
want_login(struct people_world *world, const struct people_ask *ask, struct cs_arena *arena)
{
	const struct cs_id nobody = { { 0 } };
	const char *network = people_network(arena, ask->source);
	struct people_person *person = person_of(world, ask->enterprise, ask->account, arena);

	person->locked = true;
	want_tally(world, person->id, network, arena);
	want_tally(world, person->id, "", arena);
	want_tally(world, nobody, network, arena);
}

static void
want_new_password(struct people_world *world, const struct people_ask *ask, struct cs_arena *arena)
{
	const struct people_credential *by = people_find_credential(world, ask->sha256);

	if (by == NULL || by->from_file)
		return;
	by->person->locked = true;
	want_tally(world, by->person->id, PEOPLE_SESSION_NETWORK, arena);
}

static void
want(struct people_world *world, const struct people_ask *ask, struct cs_arena *arena)
{
	struct people_person *person;

	switch (ask->question) {
	case PEOPLE_SALTS:
		if (!ask->has_token)
			(void)person_of(world, ask->enterprise, ask->account, arena);
		break;
	case PEOPLE_LOGIN:
		want_login(world, ask, arena);
		break;
	case PEOPLE_NEW_PASSWORD:
		want_new_password(world, ask, arena);
		break;
	case PEOPLE_CREDENTIALS:
		person = person_of(world, ask->enterprise, ask->account, arena);
		person->locked = true;
		person->lists = true;
		break;
	case PEOPLE_WHO:
	case PEOPLE_LOGOUT:
		break;
	}
}

static const char salt_key_sql[] = "select key from salt_key";

/* What the questions are about is known; one wait for all of it. */
static enum cs_code
load_people(struct svc_batch *batch, struct people_world *world, struct cs_err *err)
{
	struct db_rows *tallies, *key, *lists;
	struct asked_persons persons;

	if (ask_tallies(batch, world, &tallies, err) || lock_logins(batch, world, err) ||
	    ask_persons(batch, world, &persons, err) || ask_lists(batch, world, &lists, err) ||
	    db_ask(batch->db, batch->arena, salt_key_sql, NULL, 0, &key, err) ||
	    db_settle(batch->db, err))
		return err->code;
	read_tallies(world, tallies);
	read_persons(&persons, batch->arena);
	if (db_rows_count(key) != 1)
		return cs_fail(err, CS_INTERNAL, "salt_key has %zu rows", db_rows_count(key));
	memcpy(world->salt_key, db_get_bytes(key, 0, 0).data, sizeof(world->salt_key));
	return read_lists(batch, world, lists, err);
}

/* ---- load ---- */

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
	if (load_credentials(batch, world, questions, err))
		return err->code;
	for (size_t i = 0; i < batch->n; i++) {
		for (size_t k = 0; k < batch->aggregates[i].n_events; k++) {
			const struct people_ask *ask = ask_of(batch->aggregates[i].events[k]);

			if (ask != NULL)
				want(world, ask, batch->arena);
		}
	}
	return world->persons == NULL ? CS_OK : load_people(batch, world, err);
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

/* ---- save ---- */

static const char save_tallies_sql[] =
    "update attempt t set failures = f, failed_ms = m, welcome_ms = w"
    " from unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[])"
    "  as u(a, n, f, m, w) where t.account = u.a and t.network = u.n";

static enum cs_code
save_tallies(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	struct cs_arena *arena = batch->arena;
	const struct tally_columns c = tally_columns(world, true, arena);
	const struct db_param params[] = {
		db_id_array(arena, c.account, c.n),
		db_text_array(arena, c.network, c.n),
		db_i32_array(arena, c.failures, c.n),
		db_i64_array(arena, c.failed_ms, c.n),
		db_i64_array(arena, c.welcome_ms, c.n),
	};

	return c.n == 0 ? CS_OK
			: db_send(batch->db, save_tallies_sql, params, 5, (int64_t)c.n, err);
}

/* One statement for each: a password is rarely set. */
static const char save_login_sql[] =
    "insert into login (id, enterprise, account, salt, passes, memory_kib, lanes, proof_sha256,"
    " must_change, changed_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    " on conflict (id) do update set salt = excluded.salt, passes = excluded.passes,"
    " memory_kib = excluded.memory_kib, lanes = excluded.lanes,"
    " proof_sha256 = excluded.proof_sha256, must_change = excluded.must_change,"
    " changed_ms = excluded.changed_ms";

static enum cs_code
save_login(struct svc_batch *batch, const struct people_person *person, struct cs_err *err)
{
	const struct people_password *p = &person->password;
	const struct db_param params[] = {
		db_id(person->id),
		db_text(person->enterprise),
		db_text(person->account),
		p->set ? db_bytes(cs_span_of(p->salt, PEOPLE_SALT)) : db_null_bytes(),
		p->set ? db_i32((int32_t)p->passes) : db_null_i32(),
		p->set ? db_i32((int32_t)p->memory_kib) : db_null_i32(),
		p->set ? db_i32((int32_t)p->lanes) : db_null_i32(),
		p->set ? db_bytes(cs_span_of(p->proof_sha256, PEOPLE_SHA256)) : db_null_bytes(),
		db_bool(person->must_change),
		db_i64(batch->now_ms),
	};

	return db_send(batch->db, save_login_sql, params, 10, 1, err);
}

static const char log_out_sql[] =
    "delete from credential where login = $1 and kind in ('session', 'invitation')";

static const char unlock_sql[] = "update attempt set failures = 0 where account = $1";

static enum cs_code
save_persons(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	for (const struct people_person *p = world->persons; p != NULL; p = p->next) {
		const struct db_param params[] = { db_id(p->id) };

		if (p->changed && save_login(batch, p, err))
			return err->code;
		if (p->logs_out && db_send(batch->db, log_out_sql, params, 1, -1, err))
			return err->code;
		if (p->unlocked && db_send(batch->db, unlock_sql, params, 1, -1, err))
			return err->code;
	}
	return CS_OK;
}

/* The ids of the credentials that `is` says yes to. */
typedef bool is_one(const struct people_credential *c);

static size_t
collect(const struct people_world *world, is_one *is, struct cs_arena *arena, struct cs_id **ret)
{
	size_t n = 0;

	for (const struct people_credential *c = world->credentials; c != NULL; c = c->next)
		n++;
	*ret = CS_NEW_ARRAY(arena, n, struct cs_id);
	n = 0;
	for (const struct people_credential *c = world->credentials; c != NULL; c = c->next)
		if (is(c))
			(*ret)[n++] = c->id;
	return n;
}

static bool
is_used_up(const struct people_credential *c)
{
	return c->must_be_there;
}

static bool
has_ended(const struct people_credential *c)
{
	return c->ended && !c->is_new && !c->must_be_there;
}

static bool
was_used(const struct people_credential *c)
{
	return c->used && !c->ended && !c->is_new;
}

static const char end_sql[] = "delete from credential where id = any($1::uuid[])";
/* Whoever notes the same use at once has noted it: nobody waits for a row. */
static const char used_sql[] =
    "update credential set used_ms = $2 where id in (select id from credential"
    " where id = any($1::uuid[]) and used_ms < $2 for update skip locked)";

static enum cs_code
end_credentials(struct svc_batch *batch, const struct people_world *world, is_one *is, bool exactly,
    struct cs_err *err)
{
	struct cs_id *ids;
	const size_t n = collect(world, is, batch->arena, &ids);
	const struct db_param params[] = { db_id_array(batch->arena, ids, n) };

	return n == 0 ? CS_OK
		      : db_send(batch->db, end_sql, params, 1, exactly ? (int64_t)n : -1, err);
}

static enum cs_code
save_used(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	struct cs_id *ids;
	const size_t n = collect(world, was_used, batch->arena, &ids);
	const struct db_param params[] = {
		db_id_array(batch->arena, ids, n),
		db_i64(batch->now_ms),
	};

	return n == 0 ? CS_OK : db_send(batch->db, used_sql, params, 2, -1, err);
}

/* Who has no password yet has no row of their own either. */
static const char new_login_sql[] = "insert into login (id, enterprise, account)"
				    " values ($1, $2, $3) on conflict do nothing";
/* So many sessions of one person go on; the least used go first. */
static const char new_credential_sql[] =
    "insert into credential (id, login, kind, sha256, label, scopes, made_ms, made_by, ends_ms,"
    " used_ms) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
static const char crowd_sql[] =
    "delete from credential where id in (select id from credential where login = $1"
    " and kind = 'session' order by greatest(used_ms, made_ms) desc, id desc offset 20)";

static enum cs_code
save_new_credential(struct svc_batch *batch, const struct people_credential *c, struct cs_err *err)
{
	const struct db_param params[] = {
		db_id(c->id),
		db_id(c->person->id),
		db_text(people_kind_name(c->kind)),
		db_bytes(cs_span_of(c->sha256, PEOPLE_SHA256)),
		db_text(c->label),
		db_i32((int32_t)c->scopes),
		db_i64(c->made_ms),
		db_text(c->made_by),
		db_i64(c->ends_ms),
	};

	const struct db_param login[] = { db_id(c->person->id), db_text(c->person->enterprise),
		db_text(c->person->account) };

	if (db_send(batch->db, new_login_sql, login, 3, -1, err) ||
	    db_send(batch->db, new_credential_sql, params, 9, 1, err))
		return err->code;
	return c->kind != PEOPLE_SESSION ? CS_OK
					 : db_send(batch->db, crowd_sql, params + 1, 1, -1, err);
}

static enum cs_code
save_new_credentials(struct svc_batch *batch, const struct people_world *world, struct cs_err *err)
{
	for (const struct people_credential *c = world->credentials; c != NULL; c = c->next)
		if (c->is_new && !c->ended && save_new_credential(batch, c, err))
			return err->code;
	return CS_OK;
}

enum cs_code
store_save_people(struct svc_batch *batch, struct cs_err *err)
{
	const struct people_world *world = world_of(batch);

	if (world == NULL)
		return CS_OK;
	if (end_credentials(batch, world, is_used_up, true, err) ||
	    save_tallies(batch, world, err) || save_persons(batch, world, err) ||
	    end_credentials(batch, world, has_ended, false, err) ||
	    save_new_credentials(batch, world, err) || save_used(batch, world, err))
		return err->code;
	return CS_OK;
}

/* ---- what is kept no longer ---- */

#define SWEEP_MAX 5000
#define ENDED_KEPT_MS CS_DAY_MS /* that it can still be seen when a token ended */
#define FAILED_KEPT_MS (2 * CS_DAY_MS)
#define WELCOME_KEPT_MS (31 * CS_DAY_MS)

static const char sweep_credentials_sql[] =
    "with gone as (delete from credential where id in (select id from credential"
    "  where ends_ms > 0 and ends_ms <= $1 limit $2 for update skip locked) returning 1)"
    " select count(*) from gone";
static const char sweep_attempts_sql[] =
    "with gone as (delete from attempt where (account, network) in (select account, network"
    "  from attempt where failed_ms <= $1 and welcome_ms <= $2 limit $3 for update skip locked)"
    " returning 1) select count(*) from gone";

enum cs_code
store_sweep_people(
    struct db *db, int64_t now_ms, struct cs_arena *arena, bool *ret_more, struct cs_err *err)
{
	const struct db_param ended[] = { db_i64(now_ms - ENDED_KEPT_MS), db_i64(SWEEP_MAX) };
	const struct db_param failed[] = { db_i64(now_ms - FAILED_KEPT_MS),
		db_i64(now_ms - WELCOME_KEPT_MS), db_i64(SWEEP_MAX) };
	struct db_rows *credentials, *attempts;

	if (db_query(db, arena, sweep_credentials_sql, ended, 2, &credentials, err) ||
	    db_query(db, arena, sweep_attempts_sql, failed, 3, &attempts, err))
		return err->code;
	*ret_more =
	    db_get_i64(credentials, 0, 0) == SWEEP_MAX || db_get_i64(attempts, 0, 0) == SWEEP_MAX;
	return CS_OK;
}
