/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db.c: one connection in pipeline mode, and the order in which its answers come back.
 *
 * Every statement that was sent has an entry in a queue; answers arrive in that order.  A Sync ends
 * what one wait covers: after an error the server skips everything up to it, so the connection is
 * always usable again after the Sync's own answer.  The socket never blocks: while we wait for an
 * answer we also write, otherwise both sides could wait for ever with full buffers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "db/internal.h"

#define CONNECT_MS (3 * CS_SECOND_MS)
#define ANSWER_MS (10 * CS_SECOND_MS) /* without any progress; statement_timeout comes first */
#define SCRIPT_MS (10 * CS_MINUTE_MS)
#define STATEMENTS_MAX 256 /* prepared on a connection; later ones are planned each time */

/*
 * Our statements touch a few rows by their keys.  A plan that was made while a table was new and empty
 * reads all of it, and stays cached while the table grows until statistics come; one plan for all values
 * and no way but the indexes keep that from happening.  (With these, costs are no costs: no JIT.)
 */
static const char setup_sql[] = "set statement_timeout = '5s'; set lock_timeout = '2s';"
				" set idle_in_transaction_session_timeout = '10s';"
				" set plan_cache_mode = force_generic_plan; set jit = off;"
				" set max_parallel_workers_per_gather = 0;"
				" set enable_seqscan = off; set enable_hashjoin = off;"
				" set enable_mergejoin = off";

struct statement {
	const char *sql;
	size_t n;
	Oid types[DB_PARAMS_MAX];
	bool prepared; /* or on its way */
};

enum queued_kind { QUEUED_PREPARE, QUEUED_STATEMENT, QUEUED_COMMIT, QUEUED_SYNC };

struct queued {
	enum queued_kind kind;
	struct statement *statement; /* of QUEUED_PREPARE */
	int64_t expect_rows;
	struct db_rows *rows; /* where its rows go; NULL: nowhere */
};

static const struct queued any_rows = { .kind = QUEUED_STATEMENT, .expect_rows = -1 };

struct db {
	PGconn *conn; /* NULL: lost */
	const char *url;
	char app_name[64];
	bool in_transaction;
	bool begin_due; /* goes with the next statement */
	bool unsynced;  /* something was sent since the last Sync */
	bool has_failed;
	struct cs_err
	    failure; /* the first since the transaction began, or since the last settling */
	size_t head, queued_len;
	struct queued queued[3 * DB_QUEUED_MAX];
	size_t statements_len;
	struct statement statements[STATEMENTS_MAX];
};

static void
lose(struct db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->head = db->queued_len = db->statements_len = 0;
	db->unsynced = db->begin_due = false;
}

/* The first failure is the reason; those that follow from it say nothing new. */
static void
note_failure(struct db *db, const struct cs_err *err)
{
	if (!db->has_failed)
		db->failure = *err;
	db->has_failed = true;
}

static enum cs_code
lost(struct db *db, struct cs_err *err)
{
	struct cs_err why;

	cs_fail(&why, CS_UNAVAILABLE, "database: connection lost");
	note_failure(db, &why);
	lose(db);
	return cs_fail(err, db->failure.code, "%s", db->failure.text);
}

/* What every call starts with. */
static enum cs_code
check_usable(const struct db *db, struct cs_err *err)
{
	if (db->has_failed)
		return cs_fail(err, db->failure.code, "%s", db->failure.text);
	if (!db->conn)
		return cs_fail(err, CS_UNAVAILABLE, "database: not connected");
	return CS_OK;
}

static bool
wait_socket(PGconn *conn, short events, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = PQsocket(conn), .events = events };
	const int64_t left = deadline_ms - cs_mono_ms();

	return pfd.fd >= 0 && left > 0 && (poll(&pfd, 1, (int)left) >= 0 || errno == EINTR);
}

static void
ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

static bool
finish_connecting(PGconn *conn, int64_t deadline_ms)
{
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state == PGRES_POLLING_READING || state == PGRES_POLLING_WRITING) {
		if (!wait_socket(
			conn, state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms) ||
		    cs_mono_ms() >= deadline_ms)
			return false;
		state = PQconnectPoll(conn);
	}
	return state == PGRES_POLLING_OK;
}

static PGconn *
start_connecting(const struct db *db)
{
	/* The dead are noticed in seconds, and a standby is not what we were looking for. */
	const char *const names[] = { "dbname", "application_name", "connect_timeout",
		"tcp_user_timeout", "keepalives", "keepalives_idle", "keepalives_interval",
		"keepalives_count", "target_session_attrs", "client_encoding", NULL };
	const char *const values[] = { db->url, db->app_name, "3", "10000", "1", "5", "2", "3",
		"read-write", "UTF8", NULL };

	return PQconnectStartParams(names, values, 1);
}

/* Waits until there is an answer to read.  False: lost. */
static bool
await_answer(PGconn *conn, int64_t wait_ms)
{
	const int64_t deadline = cs_mono_ms() + wait_ms;

	while (PQisBusy(conn)) {
		const int unsent = PQflush(conn);

		if (unsent < 0 || cs_mono_ms() >= deadline ||
		    !wait_socket(conn, (short)(unsent ? POLLIN | POLLOUT : POLLIN), deadline) ||
		    !PQconsumeInput(conn))
			return false;
	}
	return true;
}

/* Outside pipeline mode.  The first error counts, but everything is read. */
static enum cs_code
run_simple(PGconn *conn, const char *sql, int64_t wait_ms, struct cs_err *err)
{
	struct cs_err first = { .code = CS_OK };

	if (!PQsendQuery(conn, sql))
		return db_connection_error(conn, "send", err);
	for (;;) {
		if (!await_answer(conn, wait_ms))
			return cs_fail(err, CS_UNAVAILABLE, "database: connection lost");
		PGresult *result = PQgetResult(conn);
		if (!result)
			break;
		const ExecStatusType status = PQresultStatus(result);
		if (first.code == CS_OK && status == PGRES_FATAL_ERROR)
			db_error_of(result, &first);
		PQclear(result);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
			return cs_fail(err, CS_UNAVAILABLE, "database: script with copy");
	}
	return first.code == CS_OK ? CS_OK : cs_fail(err, first.code, "%s", first.text);
}

static enum cs_code
connect_now(struct db *db, struct cs_err *err)
{
	const int64_t deadline = cs_mono_ms() + CONNECT_MS;
	PGconn *conn = start_connecting(db);
	enum cs_code code = CS_OK;

	cs_assert(conn != NULL);
	PQsetNoticeProcessor(conn, ignore_notice, NULL);
	if (PQstatus(conn) == CONNECTION_BAD || !finish_connecting(conn, deadline))
		code = db_connection_error(conn, "connect", err);
	else if (PQsetnonblocking(conn, 1) || run_simple(conn, setup_sql, CONNECT_MS, err) ||
		 !PQenterPipelineMode(conn))
		code = db_connection_error(conn, "set up", err);
	if (code) {
		PQfinish(conn);
		return code;
	}
	db->conn = conn;
	return CS_OK;
}

static enum cs_code
check_url(const char *url, struct cs_err *err)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	if (!options)
		return cs_fail(err, CS_MALFORMED, "database: not a connection URL");
	PQconninfoFree(options);
	return CS_OK;
}

static const char *
option(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword != NULL; options++) {
		if (strcmp(options->keyword, keyword) == 0)
			return options->val != NULL ? options->val : "";
	}
	return "";
}

/* A host that is neither an address nor the directory of a local socket. */
static bool
is_name(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	return host[0] != '\0' && host[0] != '/' && host[0] != '@' &&
	       inet_pton(AF_INET, host, &four) != 1 && inet_pton(AF_INET6, host, &six) != 1;
}

/* The next of a list that is joined by commas; false: there is none. */
static bool
next_part(const char **rest, char *ret, size_t cap)
{
	const size_t len = strcspn(*rest, ",");

	if (**rest == '\0')
		return false;
	(void)snprintf(ret, cap, "%.*s", (int)len, *rest);
	*rest += len + ((*rest)[len] == ',');
	return true;
}

enum cs_code
db_route(const char *url, struct db_route *ret, struct cs_err *err)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	char part[256];

	if (options == NULL)
		return cs_fail(err, CS_MALFORMED, "database: not a connection URL");
	*ret = (struct db_route){ .n = 0 };
	const char *hosts = option(options, "host"), *ports = option(options, "port");
	while (next_part(&hosts, part, sizeof(part)))
		ret->names |= option(options, "hostaddr")[0] == '\0' && is_name(part);
	while (ret->n < sizeof(ret->ports) / sizeof(ret->ports[0]) &&
	       next_part(&ports, part, sizeof(part)))
		ret->ports[ret->n++] = (uint16_t)strtoul(part, NULL, 10);
	if (ret->n == 0)
		ret->ports[ret->n++] = 5432;
	PQconninfoFree(options);
	return CS_OK;
}

enum cs_code
db_open(const char *url, const char *app_name, struct db **ret_db, struct cs_err *err)
{
	enum cs_code code = check_url(url, err);

	if (code)
		return code;
	struct db *db = calloc(1, sizeof(*db));
	cs_assert(db != NULL);
	db->url = url;
	snprintf(db->app_name, sizeof(db->app_name), "%s", app_name);
	code = connect_now(db, err);
	if (code) {
		db_close(db);
		return code;
	}
	*ret_db = db;
	return CS_OK;
}

void
db_close(struct db *db)
{
	if (!db)
		return;
	PQfinish(db->conn);
	free(db);
}

bool
db_alive(const struct db *db)
{
	return db->conn != NULL;
}

enum cs_code
db_reconnect(struct db *db, struct cs_err *err)
{
	lose(db);
	db->in_transaction = db->has_failed = false;
	return connect_now(db, err);
}

static void
enqueue(struct db *db, struct queued queued)
{
	cs_assert(db->queued_len < sizeof(db->queued) / sizeof(db->queued[0]));
	db->queued[db->queued_len++] = queued;
	db->unsynced = queued.kind != QUEUED_SYNC;
}

/* Fewer rows than there were aggregates: another replica was faster. */
static void
check_count(struct db *db, PGresult *result, int64_t expect_rows)
{
	const long long got = strtoll(PQcmdTuples(result), NULL, 10);
	struct cs_err err;

	if (expect_rows < 0 || got == expect_rows)
		return;
	cs_fail(
	    &err, CS_CONFLICT, "database: %lld rows instead of %lld", got, (long long)expect_rows);
	note_failure(db, &err);
}

/* The server answers the COMMIT of a transaction that cannot be committed with "ROLLBACK". */
static void
check_committed(struct db *db, PGresult *result)
{
	struct cs_err err;

	if (strcmp(PQcmdStatus(result), "COMMIT") == 0)
		return;
	cs_fail(&err, CS_INTERNAL, "database: commit was answered by a rollback");
	note_failure(db, &err);
}

/* False: the server ended the connection. */
static bool
take_failure(struct db *db, const PGresult *result)
{
	struct cs_err err;
	const bool fatal = db_error_of(result, &err);

	note_failure(db, &err);
	return !fatal;
}

/* One result of the entry at the head.  False: the connection is lost. */
static bool
take_result(struct db *db, struct queued *queued, PGresult *result)
{
	struct cs_err err;

	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		if (queued->rows && db_rows_add(queued->rows, result, &err)) {
			note_failure(db, &err);
			queued->rows = NULL; /* the rest is read and dropped */
		}
		if (PQresultStatus(result) == PGRES_TUPLES_OK)
			check_count(db, result, queued->expect_rows);
		return true;
	case PGRES_COMMAND_OK:
		if (queued->kind == QUEUED_STATEMENT)
			check_count(db, result, queued->expect_rows);
		if (queued->kind == QUEUED_COMMIT)
			check_committed(db, result);
		queued->statement = NULL; /* it stays prepared */
		return true;
	case PGRES_EMPTY_QUERY:
	case PGRES_PIPELINE_ABORTED: /* follows from an error that we saw */
	case PGRES_PIPELINE_SYNC:
		return true;
	case PGRES_FATAL_ERROR:
		return take_failure(db, result);
	default: /* COPY has no place here */
		return false;
	}
}

/* Reads all results of one entry.  False: the connection is lost. */
static bool
take_entry(struct db *db, struct queued *queued)
{
	if (queued->kind == QUEUED_STATEMENT && queued->rows)
		PQsetSingleRowMode(db->conn);
	for (;;) {
		if (!await_answer(db->conn, ANSWER_MS))
			return false;
		PGresult *result = PQgetResult(db->conn);
		if (!result)
			break;
		const bool going = take_result(db, queued, result);
		PQclear(result);
		if (!going)
			return false;
		if (queued->kind == QUEUED_SYNC)
			break; /* the only entry without a NULL behind it */
	}
	if (queued->statement)
		queued->statement->prepared = false; /* skipped, or refused */
	return true;
}

/* Ends what was sent and reads every answer.  The failure, if any, is in db->failure. */
static void
drain(struct db *db)
{
	if (db->conn && db->unsynced) {
		if (!PQpipelineSync(db->conn)) {
			lost(db, NULL);
			return;
		}
		enqueue(db, (struct queued){ .kind = QUEUED_SYNC });
	}
	while (db->conn && db->head < db->queued_len) {
		struct queued *queued = &db->queued[db->head++];

		if (!take_entry(db, queued)) {
			lost(db, NULL);
			return;
		}
	}
	db->head = db->queued_len = 0;
}

/* Outside a transaction a failure is told once; inside it stays until the rollback. */
static enum cs_code
settle(struct db *db, struct cs_err *err)
{
	drain(db);
	if (!db->has_failed)
		return CS_OK;
	db->has_failed = db->in_transaction;
	return cs_fail(err, db->failure.code, "%s", db->failure.text);
}

static bool
same_statement(
    const struct statement *statement, const char *sql, const struct db_param *params, size_t n)
{
	if (statement->n != n || (statement->sql != sql && strcmp(statement->sql, sql) != 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if (statement->types[i] != params[i].type)
			return false;
	return true;
}

/* NULL: there are too many already. */
static struct statement *
find_statement(struct db *db, const char *sql, const struct db_param *params, size_t n)
{
	for (size_t i = 0; i < db->statements_len; i++)
		if (same_statement(&db->statements[i], sql, params, n))
			return &db->statements[i];
	if (db->statements_len == STATEMENTS_MAX)
		return NULL;
	struct statement *statement = &db->statements[db->statements_len++];
	*statement = (struct statement){ .sql = sql, .n = n };
	for (size_t i = 0; i < n; i++)
		statement->types[i] = params[i].type;
	return statement;
}

static bool
send_prepare(struct db *db, struct statement *statement, const char *name)
{
	if (statement->prepared)
		return true;
	if (!PQsendPrepare(db->conn, name, statement->sql, (int)statement->n, statement->types))
		return false;
	statement->prepared = true;
	enqueue(db, (struct queued){ .kind = QUEUED_PREPARE, .statement = statement });
	return true;
}

struct bound {
	Oid types[DB_PARAMS_MAX];
	const char *values[DB_PARAMS_MAX];
	int lengths[DB_PARAMS_MAX];
	int formats[DB_PARAMS_MAX];
};

static void
bind_params(struct bound *bound, const struct db_param *params, size_t n)
{
	cs_assert(n <= DB_PARAMS_MAX);
	for (size_t i = 0; i < n; i++) {
		bound->types[i] = params[i].type;
		bound->values[i] = db_param_value(&params[i]);
		bound->lengths[i] = params[i].len;
		bound->formats[i] = 1;
	}
}

static bool
send_statement(struct db *db, const char *sql, const struct db_param *params, size_t n)
{
	struct statement *statement = find_statement(db, sql, params, n);
	struct bound bound;
	char name[16];

	bind_params(&bound, params, n);
	if (!statement)
		return PQsendQueryParams(db->conn, sql, (int)n, bound.types, bound.values,
		    bound.lengths, bound.formats, 1);
	snprintf(name, sizeof(name), "s%zu", (size_t)(statement - db->statements));
	return send_prepare(db, statement, name) &&
	       PQsendQueryPrepared(
		   db->conn, name, (int)n, bound.values, bound.lengths, bound.formats, 1);
}

static enum cs_code
send_entry(
    struct db *db, const char *sql, const struct db_param *params, size_t n, struct queued queued)
{
	if (!send_statement(db, sql, params, n))
		return lost(db, NULL);
	enqueue(db, queued);
	return CS_OK;
}

/* BEGIN costs no wait of its own. */
static enum cs_code
send_begin(struct db *db)
{
	static const char begin_sql[] = "begin isolation level read committed";

	if (!db->begin_due)
		return CS_OK;
	db->begin_due = false;
	return send_entry(db, begin_sql, NULL, 0, any_rows);
}

static enum cs_code
send_one(
    struct db *db, const char *sql, const struct db_param *params, size_t n, struct queued queued)
{
	if (db->queued_len + 4 > 3 * DB_QUEUED_MAX)
		drain(db);
	if (db->has_failed)
		return db->failure.code;
	if (send_begin(db))
		return db->failure.code;
	return send_entry(db, sql, params, n, queued);
}

enum cs_code
db_begin(struct db *db, struct cs_err *err)
{
	cs_assert(!db->in_transaction);
	const enum cs_code code = settle(db, err); /* what was sent before is not part of it */
	if (code)
		return code;
	if (check_usable(db, err))
		return CS_UNAVAILABLE;
	db->in_transaction = db->begin_due = true;
	return CS_OK;
}

/* An answer that was not read yet may be our reason not to commit; an error is the server's own. */
static bool
awaits_answers(const struct db *db)
{
	for (size_t i = db->head; i < db->queued_len; i++) {
		const struct queued *queued = &db->queued[i];

		if (queued->kind == QUEUED_STATEMENT &&
		    (queued->expect_rows >= 0 || queued->rows != NULL))
			return true;
	}
	return false;
}

enum cs_code
db_commit(struct db *db, struct cs_err *err)
{
	const struct queued queued = { .kind = QUEUED_COMMIT, .expect_rows = -1 };

	cs_assert(db->in_transaction);
	enum cs_code code = awaits_answers(db) ? db_settle(db, err) : check_usable(db, err);
	if (code)
		return code;
	if (!db->begin_due) {
		(void)send_one(db, "commit", NULL, 0, queued); /* a failure shows in settle */
		code = settle(db, err);
		if (code)
			return code;
	}
	db->in_transaction = db->begin_due = false;
	return CS_OK;
}

void
db_rollback(struct db *db)
{
	const bool begun = db->in_transaction && !db->begin_due;

	db->begin_due = false;
	drain(db);
	db->has_failed = false;
	if (db->conn && begun && !send_one(db, "rollback", NULL, 0, any_rows))
		drain(db);
	if (db->conn && PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		lose(db);
	db->in_transaction = db->has_failed = false;
}

enum cs_code
db_ask(struct db *db, struct cs_arena *arena, const char *sql, const struct db_param *params,
    size_t n, struct db_rows **ret_rows, struct cs_err *err)
{
	struct db_rows *rows = db_rows_new(arena);
	const struct queued queued = { .kind = QUEUED_STATEMENT, .expect_rows = -1, .rows = rows };

	const enum cs_code usable = check_usable(db, err);
	if (usable)
		return usable;
	const enum cs_code sent = send_one(db, sql, params, n, queued);
	if (sent) {
		(void)!settle(db, err); /* says why, and is ready for the next */
		return sent;
	}
	*ret_rows = rows;
	return CS_OK;
}

enum cs_code
db_query(struct db *db, struct cs_arena *arena, const char *sql, const struct db_param *params,
    size_t n, struct db_rows **ret_rows, struct cs_err *err)
{
	struct db_rows *rows;
	enum cs_code code = db_ask(db, arena, sql, params, n, &rows, err);

	if (code == CS_OK)
		code = settle(db, err);
	if (code == CS_OK)
		*ret_rows = rows;
	return code;
}

enum cs_code
db_send(struct db *db, const char *sql, const struct db_param *params, size_t n,
    int64_t expect_rows, struct cs_err *err)
{
	const struct queued queued = { .kind = QUEUED_STATEMENT, .expect_rows = expect_rows };

	const enum cs_code usable = check_usable(db, err);
	if (usable)
		return usable;
	/* The library writes when its buffer is full; the rest goes when we wait, in one piece. */
	return send_one(db, sql, params, n, queued) ? settle(db, err) : CS_OK;
}

enum cs_code
db_settle(struct db *db, struct cs_err *err)
{
	const enum cs_code usable = check_usable(db, err);

	return usable ? usable : settle(db, err);
}

static enum cs_code
run_script(struct db *db, const char *sql, struct cs_err *err)
{
	if (!PQexitPipelineMode(db->conn)) {
		lose(db);
		return cs_fail(err, CS_UNAVAILABLE, "database: connection lost");
	}
	enum cs_code code = run_simple(db->conn, "set statement_timeout = '10min'", ANSWER_MS, err);
	if (code == CS_OK) {
		code = run_simple(db->conn, sql, SCRIPT_MS, err);
		/* In a failed transaction this fails too, and the rollback undoes the first one. */
		(void)run_simple(db->conn, "set statement_timeout = '5s'", ANSWER_MS, NULL);
	}
	if (PQstatus(db->conn) != CONNECTION_OK || !PQenterPipelineMode(db->conn))
		lose(db);
	return code;
}

enum cs_code
db_script(struct db *db, const char *sql, struct cs_err *err)
{
	struct cs_err why;

	enum cs_code code = check_usable(db, err);
	if (code)
		return code;
	(void)send_begin(db); /* a failure shows in settle */
	code = settle(db, err);
	if (code)
		return code;
	code = run_script(db, sql, &why);
	if (code == CS_OK)
		return CS_OK;
	if (db->in_transaction)
		note_failure(db, &why);
	return cs_fail(err, code, "%s", why.text);
}
