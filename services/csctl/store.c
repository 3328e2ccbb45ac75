/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.c: roles, schemas and the record of migrations; each service has one role and one schema.  And what
 * operators look into: dead letters and outboxes.
 */
#include "store.h"

#include <string.h>

static const char record_sql[] =
    "create schema if not exists csctl;"
    "create table if not exists csctl.migration ("
    " service text not null, name text not null, sha256 bytea not null, at timestamptz not null default now(),"
    " primary key (service, name));";

enum cs_code
store_prepare(struct db *db, struct cs_err *err)
{
	return db_script(db, record_sql, err);
}

/* Only letters, digits and underscores: names of services in our own catalogue. */
static bool
is_plain(const char *name)
{
	return name[0] != '\0' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

/* Passwords are ours: hexadecimal.  Anything else is refused before it comes near SQL. */
enum cs_code
store_make_role(struct db *db, struct cs_arena *arena, const char *role, const char *password,
    struct cs_err *err)
{
	if (!is_plain(role) || !is_plain(password))
		return cs_fail(
		    err, CS_MALFORMED, "role or password has a character that is not allowed");
	const char *sql = cs_arena_printf(arena,
	    "do $$ begin if not exists (select 1 from pg_roles where rolname = '%s') then"
	    " create role %s login; end if; end $$;"
	    "alter role %s password '%s';"
	    "create schema if not exists %s;"
	    "grant usage on schema %s to %s;"
	    "alter role %s set search_path = %s;",
	    role, role, role, password, role, role, role, role, role);

	return db_script(db, sql, err);
}

/* All tables may be read and written, but what audits may only grow. */
enum cs_code
store_grant(struct db *db, struct cs_arena *arena, const char *role, struct cs_err *err)
{
	const char *sql = cs_arena_printf(arena,
	    "grant select, insert, update, delete on all tables in schema %s to %s;"
	    "grant usage on all sequences in schema %s to %s;"
	    "do $$ begin if to_regclass('%s.audit') is not null then"
	    " revoke update, delete on %s.audit from %s; end if; end $$;",
	    role, role, role, role, role, role, role);

	return db_script(db, sql, err);
}

/* The name is the cluster's, not a schema's: it shall not be taken for a service. */
#define OBSERVER "countersign_observer"

enum cs_code
store_make_observer(struct db *db, struct cs_arena *arena, const char *password, struct cs_err *err)
{
	if (!is_plain(password))
		return cs_fail(err, CS_MALFORMED, "password has a character that is not allowed");
	return db_script(db,
	    cs_arena_printf(arena,
		"do $$ begin if not exists (select 1 from pg_roles where rolname = '" OBSERVER "')"
		" then create role " OBSERVER " login; end if; end $$;"
		"alter role " OBSERVER " password '%s';",

		password),
	    err);
}

/*
 * The audit log, and what csctl audit and csctl evidence compare it with: envelopes that the outboxes hold
 * too, and what became of them.  No service has its secrets in these.
 */
#define OBSERVED "answer"
#define OBSERVED_OF_SIGNER                                                             \
	OBSERVED                                                                       \
	", audit, audit_head, audit_tree_head, request, final_plan, evidence, intent," \
	" certificate, revocation, revocation_statement, crl, crl_list, key_owner, blocked_key"

enum cs_code
store_grant_observer(struct db *db, struct cs_arena *arena, const char *role, struct cs_err *err)
{
	return db_script(db,
	    cs_arena_printf(arena,
		"grant usage on schema %s to " OBSERVER ";"
		"grant select on %s.outbox to " OBSERVER ";"
		"do $$ declare name text; begin foreach name in array string_to_array('%s', ', ') loop"
		" if to_regclass('%s.' || name) is not null then"
		" execute format('grant select on %s.%%I to " OBSERVER "', name);"
		" end if; end loop; end $$;",
		role, role, strcmp(role, "signer") == 0 ? OBSERVED_OF_SIGNER : OBSERVED, role,
		role),
	    err);
}

static const char applied_sql[] =
    "select sha256 from csctl.migration where service = $1 and name = $2";

enum cs_code
store_applied(struct db *db, struct cs_arena *arena, const char *service, const char *name,
    struct cs_span *ret_sha256, struct cs_err *err)
{
	const struct db_param params[] = { db_text(service), db_text(name) };
	struct db_rows *rows;

	if (db_query(db, arena, applied_sql, params, 2, &rows, err))
		return err->code;
	*ret_sha256 = db_rows_count(rows) == 0 ? cs_span_str(NULL) : db_get_bytes(rows, 0, 0);
	return CS_OK;
}

static const char applied_insert_sql[] =
    "insert into csctl.migration (service, name, sha256) values ($1, $2, $3)";

enum cs_code
store_apply(struct db *db, struct cs_arena *arena, const char *service, const char *name,
    const char *sql, struct cs_span sha256, struct cs_err *err)
{
	const struct db_param params[] = { db_text(service), db_text(name), db_bytes(sha256) };
	const char *script =
	    cs_arena_printf(arena, "set search_path = %s;\n%s;\nreset search_path;", service, sql);

	/* One implicit transaction: a migration that fails leaves nothing behind. */
	if (db_script(db, script, err) || db_send(db, applied_insert_sql, params, 3, 1, err))
		return err->code;
	return db_settle(db, err);
}

const char *const store_schemas[STORE_SCHEMAS] = { "request_intake", "policy", "mailbox_validator",
	"domain_validator", "signer", "notifier", "certificate_status" };

static const char parked_sql[] =
    "select subject, id, error, at_ms, deliveries, state, octet_length(body)::bigint,"
    " count(*) over () from parked"
    " order by at_ms desc limit $1";

enum cs_code
store_parked(struct db *db, struct cs_arena *arena, size_t max, struct db_rows **ret_rows,
    struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)max) };

	return db_query(db, arena, parked_sql, params, 1, ret_rows, err);
}

static const char parked_body_sql[] = "select subject, body, error from parked where id = $1";

enum cs_code
store_parked_one(struct db *db, struct cs_arena *arena, struct cs_id id, struct db_rows **ret_rows,
    struct cs_err *err)
{
	const struct db_param params[] = { db_id(id) };

	return db_query(db, arena, parked_body_sql, params, 1, ret_rows, err);
}

static const char parked_retry_sql[] =
    "update parked set state = 'retry' where id = $1 returning id";
static const char parked_drop_sql[] = "delete from parked where id = $1 returning id";

enum cs_code
store_parked_change(
    struct db *db, struct cs_arena *arena, struct cs_id id, bool drop, struct cs_err *err)
{
	const struct db_param params[] = { db_id(id) };
	struct db_rows *rows;

	if (db_query(db, arena, drop ? parked_drop_sql : parked_retry_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such parked event");
	return CS_OK;
}

enum cs_code
store_use_schema(struct db *db, struct cs_arena *arena, const char *schema, struct cs_err *err)
{
	if (!is_plain(schema))
		return cs_fail(err, CS_MALFORMED, "not a service's schema: %s", schema);
	return db_script(db, cs_arena_printf(arena, "set search_path = %s", schema), err);
}

/* ---- outboxes ---- */

enum cs_code
store_read_only(struct db *db, struct cs_err *err)
{
	return db_script(db, "set default_transaction_read_only = on", err);
}

static const char last_sql[] = "select coalesce(max(seq), 0) from outbox";

enum cs_code
store_outbox_last(struct db *db, struct cs_arena *arena, int64_t *ret_seq, struct cs_err *err)
{
	struct db_rows *rows;

	if (db_query(db, arena, last_sql, NULL, 0, &rows, err))
		return err->code;
	*ret_seq = db_get_i64(rows, 0, 0);
	return CS_OK;
}

static const char from_sql[] =
    "select seq, created_ms from outbox where seq >= $1 order by seq limit 1";

enum cs_code
store_outbox_from(
    struct db *db, struct cs_arena *arena, int64_t seq, struct store_place *ret, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(seq) };
	struct db_rows *rows;

	if (db_query(db, arena, from_sql, params, 1, &rows, err))
		return err->code;
	*ret = (struct store_place){ 0 };
	if (db_rows_count(rows) > 0)
		*ret = (struct store_place){ db_get_i64(rows, 0, 0), db_get_i64(rows, 0, 1) };
	return CS_OK;
}

/* Pages are counted in rows whether they are wanted or not, so that each statement is short. */
#define PAGE_COLUMNS                                                                                 \
	"select seq, id, key, subject, created_ms, case when created_ms >= $4 and created_ms < $5"   \
	" and ($6::text is null or subject = $6) and ($7::text is null or starts_with(subject, $7))" \
	" then body end from outbox"
static const char page_sql[] = PAGE_COLUMNS " where seq > $1 and seq <= $2 order by seq limit $3";
static const char page_of_request_sql[] =
    PAGE_COLUMNS " where key = $8 and seq > $1 and seq <= $2 order by seq limit $3";

enum cs_code
store_outbox_page(struct db *db, struct cs_arena *arena, const struct store_wish *wish,
    int64_t after, int64_t last, size_t max, struct db_rows **ret_rows, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(after), db_i64(last), db_i64((int64_t)max),
		db_i64(wish->since_ms), db_i64(wish->until_ms), db_text(wish->subject),
		db_text(wish->prefix),
		wish->request != NULL ? db_id(*wish->request) : db_null_id() };

	if (wish->request != NULL)
		return db_query(db, arena, page_of_request_sql, params, 8, ret_rows, err);
	return db_query(db, arena, page_sql, params, 7, ret_rows, err);
}

/* ---- archived DNS answers ---- */

static const char answer_sql[] =
    "select octets, name, type, first_at_ms, last_at_ms from answer where sha256 = $1";

enum cs_code
store_answer(struct db *db, struct cs_arena *arena, struct cs_span sha256, struct store_answer *ret,
    struct cs_err *err)
{
	const struct db_param params[] = { db_bytes(sha256) };
	struct db_rows *rows;

	if (db_query(db, arena, answer_sql, params, 1, &rows, err))
		return err->code;
	if (db_rows_count(rows) == 0)
		return cs_fail(err, CS_NOT_FOUND, "no such answer");
	*ret = (struct store_answer){ db_get_bytes(rows, 0, 0), db_get_text(rows, 0, 1),
		db_get_text(rows, 0, 2), db_get_i64(rows, 0, 3), db_get_i64(rows, 0, 4) };
	return CS_OK;
}
