/* SPDX-License-Identifier: Apache-2.0 */
/* it_db.c: libs/db against a real PostgreSQL at CS_DATABASE_URL; also through a wire that misbehaves. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../internal.h"
#include "base/time.h"

struct fixture {
	struct db *db;
	struct cs_arena *arena;
	struct cs_err err;
};

static const char tables_sql[] =
    "drop schema if exists it_db cascade; create schema it_db;"
    "create type it_db.mood as enum ('well', 'ill');"
    "create table it_db.thing (id uuid primary key, n bigint not null, name text unique,"
    " octets bytea, seen timestamptz, good boolean, check (n <> 13));";

static const char insert_sql[] =
    "insert into it_db.thing (id, n, name, octets, seen, good)"
    " select * from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bytea[], $5::timestamptz[],"
    " $6::boolean[])";

static const char count_sql[] = "select count(*) from it_db.thing";

static const char *
database_url(void)
{
	const char *url = getenv("CS_DATABASE_URL");

	if (!url)
		fail_msg("CS_DATABASE_URL is not set");
	return url;
}

static void
check(enum cs_code got, enum cs_code want, const struct cs_err *err, const char *what)
{
	if (got != want)
		fail_msg("%s: got %s (%s), want %s", what, cs_code_name(got), got ? err->text : "",
		    cs_code_name(want));
}

static int
begin(void **state)
{
	struct fixture *fix = calloc(1, sizeof(*fix));

	fix->arena = cs_arena_new();
	check(db_open(database_url(), "it_db", &fix->db, &fix->err), CS_OK, &fix->err, "open");
	check(db_script(fix->db, tables_sql, &fix->err), CS_OK, &fix->err, "tables");
	*state = fix;
	return 0;
}

static int
end(void **state)
{
	struct fixture *fix = *state;

	db_close(fix->db);
	cs_arena_free(fix->arena);
	free(fix);
	return 0;
}

static int64_t
number(struct fixture *fix, const char *sql)
{
	struct db_rows *rows = NULL;

	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err, sql);
	assert_int_equal(db_rows_count(rows), 1);
	return db_get_i64(rows, 0, 0);
}

static enum cs_code
add_thing(struct fixture *fix, int64_t n, const char *name)
{
	static const char sql[] = "insert into it_db.thing (id, n, name) values ($1, $2, $3)";
	const struct db_param params[] = { db_id(cs_id_new()), db_i64(n), db_text(name) };

	return db_send(fix->db, sql, params, 3, 1, &fix->err);
}

static void
arrays_and_values_come_back_as_they_went(void **state)
{
	static const char select_sql[] =
	    "select id, n, name, octets, seen, good, n::int, n::smallint, name::json,"
	    " 'ill'::it_db.mood from it_db.thing order by it_db.thing.n";
	struct fixture *fix = *state;
	const struct cs_id ids[] = { cs_id_new(), cs_id_new(), cs_id_new() };
	const int64_t numbers[] = { -32768, 0, 32767 };
	const char *const names[] = { "\"\xc3\xa4\"", NULL, "{}" };
	const struct cs_span octets[] = { cs_span_of("a\0b", 3), { 0 }, cs_span_of("\xff", 1) };
	const bool octets_null[] = { false, false, true };
	const int64_t times[] = { -1, 0, INT64_C(1795437296789) };
	const bool good[] = { true, false, true };
	const struct db_param params[] = { db_id_array(fix->arena, ids, 3),
		db_i64_array(fix->arena, numbers, 3), db_text_array(fix->arena, names, 3),
		db_bytes_array_nulls(fix->arena, octets, octets_null, 3),
		db_time_array(fix->arena, times, 3), db_bool_array(fix->arena, good, 3) };
	struct db_rows *rows = NULL;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_send(fix->db, insert_sql, params, 6, 3, &fix->err), CS_OK, &fix->err, "send");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit");
	check(db_query(fix->db, fix->arena, select_sql, NULL, 0, &rows, &fix->err), CS_OK,
	    &fix->err, "select");
	assert_int_equal(db_rows_count(rows), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(cs_id_equal(db_get_id(rows, i, 0), ids[i]));
		assert_int_equal(db_get_i64(rows, i, 1), numbers[i]);
		assert_int_equal(db_get_time(rows, i, 4), times[i]);
		assert_int_equal(db_get_bool(rows, i, 5), good[i]);
		assert_int_equal(db_get_i32(rows, i, 6), numbers[i]);
		assert_int_equal(db_get_i32(rows, i, 7), numbers[i]);
		assert_string_equal(db_get_text(rows, i, 9), "ill");
	}
	assert_string_equal(db_get_text(rows, 0, 2), names[0]);
	assert_string_equal(db_get_text(rows, 2, 8), "{}");
	assert_null(db_get_text(rows, 1, 2));
	assert_true(db_is_null(rows, 1, 2));
	assert_true(cs_span_equal(db_get_bytes(rows, 0, 3), octets[0]));
	assert_false(db_is_null(rows, 1, 3));
	assert_int_equal(db_get_bytes(rows, 1, 3).len, 0);
	assert_true(db_is_null(rows, 2, 3));
}

static void
an_empty_array_touches_no_row(void **state)
{
	struct fixture *fix = *state;
	const struct db_param params[] = { db_id_array(fix->arena, NULL, 0),
		db_i64_array(fix->arena, NULL, 0), db_text_array(fix->arena, NULL, 0),
		db_bytes_array(fix->arena, NULL, 0), db_time_array(fix->arena, NULL, 0),
		db_bool_array(fix->arena, NULL, 0) };

	check(db_send(fix->db, insert_sql, params, 6, 0, &fix->err), CS_OK, &fix->err, "send");
	check(db_settle(fix->db, &fix->err), CS_OK, &fix->err, "settle");
}

static void
five_thousand_statements_travel_together(void **state)
{
	struct fixture *fix = *state;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	for (int i = 1000; i < 6000; i++)
		check(add_thing(fix, i, NULL), CS_OK, &fix->err, "send");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit");
	assert_int_equal(number(fix, count_sql), 5000);
}

static void
questions_travel_together_and_see_what_was_sent_before(void **state)
{
	struct fixture *fix = *state;
	struct db_rows *before = NULL, *after = NULL;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_ask(fix->db, fix->arena, count_sql, NULL, 0, &before, &fix->err), CS_OK, &fix->err,
	    "first question");
	check(add_thing(fix, 1, NULL), CS_OK, &fix->err, "send");
	check(db_ask(fix->db, fix->arena, count_sql, NULL, 0, &after, &fix->err), CS_OK, &fix->err,
	    "second question");
	check(db_settle(fix->db, &fix->err), CS_OK, &fix->err, "settle");
	assert_int_equal(db_get_i64(before, 0, 0), 0);
	assert_int_equal(db_get_i64(after, 0, 0), 1);
	check(db_ask(fix->db, fix->arena, count_sql, NULL, 0, &after, &fix->err), CS_OK, &fix->err,
	    "third question");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit");
	assert_int_equal(db_get_i64(after, 0, 0), 1);
}

static void
a_question_that_fails_is_told_when_it_is_settled(void **state)
{
	static const char wrong_sql[] = "select 1 / (n - n) from it_db.thing";
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(add_thing(fix, 1, NULL), CS_OK, &fix->err, "send");
	check(db_ask(fix->db, fix->arena, wrong_sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "ask");
	check(db_settle(fix->db, &fix->err), CS_INTERNAL, &fix->err, "settle");
	assert_non_null(strstr(fix->err.text, "22012"));
	check(db_ask(fix->db, fix->arena, count_sql, NULL, 0, &rows, &fix->err), CS_INTERNAL,
	    &fix->err, "ask in the failed transaction");
	db_rollback(fix->db);
	assert_int_equal(number(fix, count_sql), 0);
}

static void
a_failed_transaction_leaves_nothing_and_a_usable_connection(void **state)
{
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(add_thing(fix, 1, "good"), CS_OK, &fix->err, "first");
	check(add_thing(fix, 13, "secret-value"), CS_OK, &fix->err, "sending the culprit");
	check(add_thing(fix, 2, "after"), CS_OK, &fix->err, "third");
	check(db_settle(fix->db, &fix->err), CS_INTERNAL, &fix->err, "settle");
	assert_non_null(strstr(fix->err.text, "23514"));
	assert_non_null(strstr(fix->err.text, "thing_n_check"));
	assert_null(strstr(fix->err.text, "secret-value"));
	check(db_query(fix->db, fix->arena, count_sql, NULL, 0, &rows, &fix->err), CS_INTERNAL,
	    &fix->err, "query in the failed transaction");
	check(db_commit(fix->db, &fix->err), CS_INTERNAL, &fix->err, "commit");
	db_rollback(fix->db);
	assert_true(db_alive(fix->db));
	assert_int_equal(number(fix, count_sql), 0);
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin again");
	check(add_thing(fix, 3, "later"), CS_OK, &fix->err, "insert again");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit again");
	assert_int_equal(number(fix, count_sql), 1);
}

static void
a_failure_outside_a_transaction_is_told_once(void **state)
{
	struct fixture *fix = *state;

	check(add_thing(fix, 13, NULL), CS_OK, &fix->err, "send");
	check(db_settle(fix->db, &fix->err), CS_INTERNAL, &fix->err, "settle");
	check(db_settle(fix->db, &fix->err), CS_OK, &fix->err, "settle again");
	assert_int_equal(number(fix, count_sql), 0);
}

static void
an_sql_error_is_told_and_the_statement_works_once_it_can(void **state)
{
	static const char sql[] = "select n from it_db.later";
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_INTERNAL, &fix->err,
	    "no table");
	assert_non_null(strstr(fix->err.text, "42P01"));
	check(db_script(fix->db, "create table it_db.later (n bigint)", &fix->err), CS_OK,
	    &fix->err, "create");
	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "table");
	assert_int_equal(db_rows_count(rows), 0);
}

static void
error_texts_never_quote_a_value(void **state)
{
	struct fixture *fix = *state;
	const struct db_param param = db_text("hunter2");
	struct db_rows *rows = NULL;

	check(db_query(fix->db, fix->arena, "select $1::uuid", &param, 1, &rows, &fix->err),
	    CS_INTERNAL, &fix->err, "cast");
	assert_non_null(strstr(fix->err.text, "22P02"));
	assert_null(strstr(fix->err.text, "hunter2"));
}

static void
fewer_rows_than_expected_are_a_conflict_and_nothing_is_committed(void **state)
{
	static const char sql[] = "update it_db.thing set n = n + 1 where id = $1";
	struct fixture *fix = *state;
	const struct db_param nobody = db_id(cs_id_new());

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(add_thing(fix, 1, "one"), CS_OK, &fix->err, "insert");
	check(db_send(fix->db, sql, &nobody, 1, 1, &fix->err), CS_OK, &fix->err, "update");
	check(db_commit(fix->db, &fix->err), CS_CONFLICT, &fix->err, "commit");
	db_rollback(fix->db);
	assert_int_equal(number(fix, count_sql), 0);
}

/* The commit has left before their answers came. */
static void
what_fails_on_its_way_to_the_commit_is_not_committed(void **state)
{
	static const char add_sql[] = "insert into it_db.thing (id, n) values ($1, 1)";
	struct fixture *fix = *state;
	const struct db_param one = db_id(cs_id_new()), two = db_id(cs_id_new());

	for (int round = 0; round < 2; round++) { /* the statement is new, and known */
		check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
		check(db_send(fix->db, add_sql, &one, 1, -1, &fix->err), CS_OK, &fix->err, "one");
		check(db_send(fix->db, add_sql, &one, 1, -1, &fix->err), CS_OK, &fix->err, "again");
		check(db_send(fix->db, add_sql, &two, 1, -1, &fix->err), CS_OK, &fix->err, "two");
		check(db_commit(fix->db, &fix->err), CS_CONFLICT, &fix->err, "commit");
		db_rollback(fix->db);
		assert_int_equal(number(fix, count_sql), 0);
	}
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_send(fix->db, add_sql, &one, 1, -1, &fix->err), CS_OK, &fix->err, "one");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit");
	assert_int_equal(number(fix, count_sql), 1);
}

static void
a_duplicate_key_is_a_conflict(void **state)
{
	struct fixture *fix = *state;

	check(add_thing(fix, 1, "same"), CS_OK, &fix->err, "first");
	check(db_settle(fix->db, &fix->err), CS_OK, &fix->err, "settle");
	check(add_thing(fix, 2, "same"), CS_OK, &fix->err, "second");
	check(db_settle(fix->db, &fix->err), CS_CONFLICT, &fix->err, "settle");
	assert_non_null(strstr(fix->err.text, "thing_name_key"));
	assert_null(strstr(fix->err.text, "same"));
}

static void
a_lock_that_another_holds_is_a_conflict_in_the_end(void **state)
{
	static const char lock_sql[] = "select n from it_db.thing for update";
	struct fixture *fix = *state;
	struct db *other = NULL;
	struct db_rows *rows = NULL;

	check(db_open(database_url(), "other", &other, &fix->err), CS_OK, &fix->err, "other");
	check(add_thing(fix, 1, "one"), CS_OK, &fix->err, "insert");
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_query(fix->db, fix->arena, lock_sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "lock");
	check(db_query(other, fix->arena, lock_sql, NULL, 0, &rows, &fix->err), CS_CONFLICT,
	    &fix->err, "lock of the other");
	assert_non_null(strstr(fix->err.text, "55P03"));
	db_rollback(fix->db);
	check(db_query(other, fix->arena, lock_sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "lock when it is free");
	db_close(other);
}

static void
kill_backend(struct fixture *fix, struct db *killer, int64_t pid)
{
	const struct db_param param = db_i32((int32_t)pid);
	struct db_rows *rows = NULL;

	check(db_query(killer, fix->arena, "select pg_terminate_backend($1)", &param, 1, &rows,
		  &fix->err),
	    CS_OK, &fix->err, "terminate");
}

static void
a_killed_backend_is_unavailable_until_reconnected(void **state)
{
	struct fixture *fix = *state;
	struct db *killer = NULL;

	check(db_open(database_url(), "killer", &killer, &fix->err), CS_OK, &fix->err, "killer");
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(add_thing(fix, 1, "lost"), CS_OK, &fix->err, "insert");
	kill_backend(fix, killer, number(fix, "select pg_backend_pid()"));
	check(db_commit(fix->db, &fix->err), CS_UNAVAILABLE, &fix->err, "commit");
	db_rollback(fix->db);
	assert_false(db_alive(fix->db));
	check(db_settle(fix->db, &fix->err), CS_UNAVAILABLE, &fix->err, "settle");
	check(db_begin(fix->db, &fix->err), CS_UNAVAILABLE, &fix->err, "begin");
	check(db_reconnect(fix->db, &fix->err), CS_OK, &fix->err, "reconnect");
	assert_true(db_alive(fix->db));
	assert_int_equal(number(fix, count_sql), 0);
	db_close(killer);
}

static void
a_killed_backend_with_statements_on_their_way_is_unavailable(void **state)
{
	struct fixture *fix = *state;
	struct db *killer = NULL;
	enum cs_code code = CS_OK;

	check(db_open(database_url(), "killer", &killer, &fix->err), CS_OK, &fix->err, "killer");
	kill_backend(fix, killer, number(fix, "select pg_backend_pid()"));
	for (int i = 0; i < 3000 && !code; i++)
		code = add_thing(fix, i + 100, NULL);
	if (!code)
		code = db_settle(fix->db, &fix->err);
	check(code, CS_UNAVAILABLE, &fix->err, "send or settle");
	assert_false(db_alive(fix->db));
	db_close(killer);
}

static void
a_changed_result_type_costs_one_reconnection(void **state)
{
	static const char sql[] = "select * from it_db.wide";
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	check(db_script(fix->db, "create table it_db.wide (a bigint)", &fix->err), CS_OK, &fix->err,
	    "create");
	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "before");
	check(db_script(fix->db, "alter table it_db.wide add b bigint", &fix->err), CS_OK,
	    &fix->err, "alter");
	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_UNAVAILABLE,
	    &fix->err, "stale plan");
	check(db_reconnect(fix->db, &fix->err), CS_OK, &fix->err, "reconnect");
	check(db_query(fix->db, fix->arena, sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "after");
}

static void
a_huge_result_is_refused_and_the_next_one_is_not(void **state)
{
	static const char huge_sql[] = "select repeat('x', 1000000) from generate_series(1, 100)";
	static const char large_sql[] = "select repeat('x', 1000000) from generate_series(1, 60)";
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	/* What is tested is its size; a slow reader needs more than the five seconds. */
	check(db_script(fix->db, "set statement_timeout = '60s'", &fix->err), CS_OK, &fix->err,
	    "patience");
	check(db_query(fix->db, fix->arena, huge_sql, NULL, 0, &rows, &fix->err), CS_INTERNAL,
	    &fix->err, "100 MB");
	assert_null(rows);
	check(db_query(fix->db, fix->arena, large_sql, NULL, 0, &rows, &fix->err), CS_OK, &fix->err,
	    "60 MB");
	assert_int_equal(db_rows_count(rows), 60);
	assert_int_equal(strlen(db_get_text(rows, 59, 0)), 1000000);
}

static void
a_slow_statement_is_cancelled_by_the_server(void **state)
{
	struct fixture *fix = *state;
	struct db_rows *rows = NULL;

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_send(fix->db, "set local statement_timeout = '20ms'", NULL, 0, -1, &fix->err),
	    CS_OK, &fix->err, "short limit");
	check(db_query(fix->db, fix->arena, "select pg_sleep(60)::text", NULL, 0, &rows, &fix->err),
	    CS_UNAVAILABLE, &fix->err, "sleep");
	assert_non_null(strstr(fix->err.text, "57014"));
	db_rollback(fix->db);
	assert_int_equal(number(fix, "select setting::bigint from pg_settings where name = "
				     "'statement_timeout'"),
	    5000);
}

static void
a_script_inside_a_transaction_is_undone_with_it(void **state)
{
	struct fixture *fix = *state;
	static const char exists_sql[] =
	    "select count(*) from pg_tables where schemaname = 'it_db' and tablename = 'draft'";

	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(db_script(fix->db, "create table it_db.draft (n int); select 1; select 2", &fix->err),
	    CS_OK, &fix->err, "script");
	assert_int_equal(number(fix, exists_sql), 1);
	check(db_script(fix->db, "select 1; nonsense", &fix->err), CS_INTERNAL, &fix->err, "bad");
	check(db_commit(fix->db, &fix->err), CS_INTERNAL, &fix->err, "commit");
	db_rollback(fix->db);
	assert_int_equal(number(fix, exists_sql), 0);
}

static void
what_cannot_be_reached_is_unavailable_and_nonsense_malformed(void **state)
{
	struct cs_err err;
	struct db *db = NULL;

	(void)state;
	check(db_open("postgresql://127.0.0.1:1/none", "it", &db, &err), CS_UNAVAILABLE, &err, "1");
	check(db_open("no url", "it", &db, &err), CS_MALFORMED, &err, "nonsense");
	assert_null(db);
}

/* A wire between us and the server: one octet at a time, cut at will. */
struct wire {
	int listener;
	int port;
	struct sockaddr_storage server;
	socklen_t server_len;
	atomic_bool cut_at_next_request, stop;
	pthread_t thread;
};

static void
find_server(struct wire *wire, const char *host, const char *port)
{
	if (host[0] == '/') {
		struct sockaddr_un *sun = (struct sockaddr_un *)&wire->server;

		sun->sun_family = AF_UNIX;
		snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/.s.PGSQL.%s", host, port);
		wire->server_len = sizeof(*sun);
		return;
	}
	struct sockaddr_in *sin = (struct sockaddr_in *)&wire->server;
	sin->sin_family = AF_INET;
	sin->sin_port = htons((uint16_t)atoi(port));
	assert_int_equal(inet_pton(AF_INET, host, &sin->sin_addr), 1);
	wire->server_len = sizeof(*sin);
}

static bool
carry(int from, int to)
{
	char octet;

	return read(from, &octet, 1) == 1 && write(to, &octet, 1) == 1;
}

static void
carry_all(struct wire *wire, int client, int server)
{
	struct pollfd fds[] = { { .fd = client, .events = POLLIN },
		{ .fd = server, .events = POLLIN } };

	while (!wire->stop && poll(fds, 2, 100) >= 0) {
		if (fds[0].revents && (wire->cut_at_next_request || !carry(client, server)))
			break;
		if (fds[1].revents && !carry(server, client))
			break;
	}
	wire->cut_at_next_request = false;
}

static void *
wire_run(void *arg)
{
	struct wire *wire = arg;
	struct pollfd pfd = { .fd = wire->listener, .events = POLLIN };

	while (!wire->stop) {
		if (poll(&pfd, 1, 100) != 1)
			continue;
		const int client = accept(wire->listener, NULL, NULL);
		const int server = socket(wire->server.ss_family, SOCK_STREAM, 0);
		if (connect(server, (struct sockaddr *)&wire->server, wire->server_len) == 0)
			carry_all(wire, client, server);
		close(client);
		close(server);
	}
	return NULL;
}

static void
wire_start(struct wire *wire)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sin);

	wire->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(wire->listener, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(listen(wire->listener, 5), 0);
	assert_int_equal(getsockname(wire->listener, (struct sockaddr *)&sin, &len), 0);
	wire->port = ntohs(sin.sin_port);
	assert_int_equal(pthread_create(&wire->thread, NULL, wire_run, wire), 0);
}

/* The same database, by way of the wire. */
static const char *
wire_url(struct wire *wire, struct cs_arena *arena)
{
	PQconninfoOption *options = PQconninfoParse(database_url(), NULL);
	struct cs_buf url = cs_buf_new(arena);
	const char *host = "127.0.0.1", *port = "5432";

	for (PQconninfoOption *o = options; o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "host") == 0)
			host = o->val;
		else if (o->val && strcmp(o->keyword, "port") == 0)
			port = o->val;
		else if (o->val)
			cs_buf_printf(&url, "%s='%s' ", o->keyword, o->val);
	}
	find_server(wire, host, port);
	wire_start(wire);
	cs_buf_printf(&url, "host=127.0.0.1 port=%d sslmode=disable", wire->port);
	PQconninfoFree(options);
	return (const char *)cs_buf_span(&url).data;
}

static void
wire_end(struct wire *wire)
{
	wire->stop = true;
	pthread_join(wire->thread, NULL);
	close(wire->listener);
}

static void
answers_in_single_octets_are_understood(void **state)
{
	struct fixture *fix = *state;
	struct wire wire = { 0 };
	const char *url = wire_url(&wire, fix->arena);

	db_close(fix->db);
	fix->db = NULL;
	check(db_open(url, "wire", &fix->db, &fix->err), CS_OK, &fix->err, "open");
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	for (int i = 100; i < 200; i++)
		check(add_thing(fix, i, NULL), CS_OK, &fix->err, "send");
	check(db_commit(fix->db, &fix->err), CS_OK, &fix->err, "commit");
	assert_int_equal(number(fix, count_sql), 100);
	wire_end(&wire);
}

static void
a_connection_lost_in_commit_is_unavailable(void **state)
{
	struct fixture *fix = *state;
	struct wire wire = { 0 };
	const char *url = wire_url(&wire, fix->arena);

	db_close(fix->db);
	fix->db = NULL;
	check(db_open(url, "wire", &fix->db, &fix->err), CS_OK, &fix->err, "open");
	check(db_begin(fix->db, &fix->err), CS_OK, &fix->err, "begin");
	check(add_thing(fix, 1, NULL), CS_OK, &fix->err, "send");
	check(db_settle(fix->db, &fix->err), CS_OK, &fix->err, "settle");
	wire.cut_at_next_request = true;
	check(db_commit(fix->db, &fix->err), CS_UNAVAILABLE, &fix->err, "commit");
	assert_false(db_alive(fix->db));
	db_rollback(fix->db);
	check(db_reconnect(fix->db, &fix->err), CS_OK, &fix->err, "reconnect");
	assert_int_equal(number(fix, count_sql), 0);
	wire_end(&wire);
}

#define IT(test) cmocka_unit_test_setup_teardown(test, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IT(arrays_and_values_come_back_as_they_went),
		IT(an_empty_array_touches_no_row),
		IT(five_thousand_statements_travel_together),
		IT(questions_travel_together_and_see_what_was_sent_before),
		IT(a_question_that_fails_is_told_when_it_is_settled),
		IT(a_failed_transaction_leaves_nothing_and_a_usable_connection),
		IT(a_failure_outside_a_transaction_is_told_once),
		IT(an_sql_error_is_told_and_the_statement_works_once_it_can),
		IT(error_texts_never_quote_a_value),
		IT(fewer_rows_than_expected_are_a_conflict_and_nothing_is_committed),
		IT(what_fails_on_its_way_to_the_commit_is_not_committed),
		IT(a_duplicate_key_is_a_conflict),
		IT(a_lock_that_another_holds_is_a_conflict_in_the_end),
		IT(a_killed_backend_is_unavailable_until_reconnected),
		IT(a_killed_backend_with_statements_on_their_way_is_unavailable),
		IT(a_changed_result_type_costs_one_reconnection),
		IT(a_huge_result_is_refused_and_the_next_one_is_not),
		IT(a_slow_statement_is_cancelled_by_the_server),
		IT(a_script_inside_a_transaction_is_undone_with_it),
		IT(what_cannot_be_reached_is_unavailable_and_nonsense_malformed),
		IT(answers_in_single_octets_are_understood),
		IT(a_connection_lost_in_commit_is_unavailable),
	};

	return cmocka_run_group_tests_name("it_db", tests, NULL, NULL);
}
