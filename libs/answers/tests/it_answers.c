/* SPDX-License-Identifier: Apache-2.0 */
/* it_answers.c: packets in a real database, which goes away and comes back. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/answers.h"
#include "answers/store.h"
#include "base/text.h"
#include "base/time.h"
#include "pki/hash.h"

#define NOW INT64_C(1795437296789)
#define SCHEMA "it_answers"

struct world {
	struct cs_arena *arena;
	struct event_base *base;
	struct db *db;
	struct answers *answers;
	char url[300];
	size_t kept, refused, waiting;
};

static void
ok(enum cs_code code, const struct cs_err *err)
{
	if (code != CS_OK)
		fail_msg("%s", err->text);
}

static void
migrate(struct world *world, const char *path)
{
	char *sql = cs_arena_alloc(world->arena, 65536);
	FILE *file = fopen(path, "rbe");
	struct cs_err err = { 0 };

	if (file == NULL)
		fail_msg("%s: run this from the top of the tree", path);
	sql[fread(sql, 1, 65535, file)] = '\0';
	(void)fclose(file);
	ok(db_script(world->db, sql, &err), &err);
}

/* The role that the thread comes with has its own schema, as services have. */
static int
setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	const char *url = getenv("CS_DATABASE_URL");
	struct cs_err err = { 0 };

	assert_non_null(url);
	world->arena = cs_arena_new();
	world->base = event_base_new();
	ok(db_open(url, "it_answers", &world->db, &err), &err);
	ok(db_script(world->db,
	       "drop schema if exists " SCHEMA " cascade; create schema " SCHEMA ";"
	       "do $$ begin if not exists (select 1 from pg_roles where rolname = '" SCHEMA "')"
	       " then create role " SCHEMA " login superuser; end if; end $$;"
	       "alter role " SCHEMA " login; alter role " SCHEMA " set search_path = " SCHEMA ";"
	       "set search_path = " SCHEMA ";",
	       &err),
	    &err);
	migrate(world, "services/caa-dnssec/sql/0001_answer.sql");
	(void)snprintf(
	    world->url, sizeof(world->url), "postgresql://" SCHEMA "@%s", strchr(url, '@') + 1);
	*state = world;
	return 0;
}

static void
open_answers(struct world *world)
{
	const struct answers_settings settings = { world->url, "answers", 400 };
	struct cs_err err = { 0 };

	ok(answers_open(&settings, world->base, &world->answers, &err), &err);
}

static int
teardown(void **state)
{
	struct world *world = *state;

	answers_close(world->answers);
	db_close(world->db);
	event_base_free(world->base);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

static int64_t
number(struct world *world, const char *sql)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(world->db, world->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

static void
on_kept(void *arg, bool kept)
{
	struct world *world = arg;

	world->kept += kept;
	world->refused += !kept;
	if (--world->waiting == 0)
		(void)event_base_loopbreak(world->base);
}

/* A finding of `n` packets: `octets` apart from a number; an empty one where nothing came. */
static struct probe_finding
finding(struct world *world, size_t n, uint32_t first, size_t octets, int64_t at_ms)
{
	struct probe_finding made = { .n_lookups = n,
		.lookups = CS_NEW_ARRAY(world->arena, n, struct claim_lookup),
		.wires = CS_NEW_ARRAY(world->arena, n, struct cs_span) };

	for (size_t i = 0; i < n; i++) {
		uint8_t *packet = cs_arena_alloc(world->arena, octets);
		const uint32_t value = first + (uint32_t)i;

		made.lookups[i] = (struct claim_lookup){
			.name = "alpha.example", .type = "caa", .answered_at_ms = at_ms
		};
		if (octets < sizeof(value))
			continue;
		memcpy(packet, &value, sizeof(value));
		made.wires[i] = cs_span_of(packet, octets);
	}
	return made;
}

static void
keep(struct world *world, const struct probe_finding *what)
{
	world->waiting++;
	answers_keep(world->answers, what, on_kept, world);
}

static void
settle(struct world *world)
{
	(void)event_base_dispatch(world->base);
	assert_int_equal(world->waiting, 0);
}

static void
every_packet_is_there_when_it_is_said_to_be(void **state)
{
	struct world *world = *state;
	const struct probe_finding two = finding(world, 2, 1, 100, NOW);
	uint8_t digest[PKI_SHA256];

	open_answers(world);
	keep(world, &two);
	assert_int_equal(world->kept, 0); /* never before it returns */
	settle(world);
	assert_int_equal(world->kept, 1);
	assert_int_equal(number(world, "select count(*) from answer"), 2);
	pki_sha256(two.wires[1], digest);
	assert_int_equal(number(world, cs_arena_printf(world->arena,
					   "select count(*) from answer where sha256 = '\\x%s'"
					   " and sha256(octets) = sha256 and length(octets) = 100"
					   " and name = 'alpha.example' and type = 'caa'"
					   " and first_at_ms = %lld and last_at_ms = %lld",
					   cs_hex(world->arena, cs_span_of(digest, sizeof(digest))),
					   (long long)NOW, (long long)NOW)),
	    1);
}

static void
what_never_came_and_what_is_largest_are_no_trouble(void **state)
{
	struct world *world = *state;
	const struct probe_finding none = finding(world, 0, 0, 0, NOW);
	const struct probe_finding silent = finding(world, 3, 0, 0, NOW);
	const struct probe_finding largest = finding(world, 1, 0, ANSWERS_OCTETS_MAX, NOW);

	open_answers(world);
	keep(world, &none);
	keep(world, &silent);
	keep(world, &largest);
	settle(world);
	assert_int_equal(world->kept, 3);
	assert_int_equal(number(world, "select count(*) from answer"), 1);
	assert_int_equal(
	    number(world, "select sum(length(octets)) from answer"), ANSWERS_OCTETS_MAX);
}

static void
the_same_packet_is_kept_once_and_its_last_day_remembered(void **state)
{
	static const struct {
		int64_t at_ms, last_ms;
	} rows[] = {
		{ NOW, NOW },
		{ NOW + CS_DAY_MS, NOW }, /* within a day it is not worth a write */
		{ NOW + CS_DAY_MS + 1, NOW + CS_DAY_MS + 1 },
		{ NOW + 5, NOW + CS_DAY_MS + 1 },
	};
	struct world *world = *state;

	open_answers(world);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct probe_finding one = finding(world, 1, 7, 50, rows[i].at_ms);

		keep(world, &one);
		keep(world, &one);
		settle(world);
		assert_int_equal(number(world, "select count(*) from answer"), 1);
		assert_int_equal(number(world, "select first_at_ms from answer"), NOW);
		assert_int_equal(number(world, "select last_at_ms from answer"), rows[i].last_ms);
	}
	assert_int_equal(world->kept, 8);
}

/* More than one statement holds, all at once. */
static void
many_come_at_once_and_all_are_told(void **state)
{
	struct world *world = *state;

	open_answers(world);
	for (uint32_t i = 0; i < 3000; i++) {
		const struct probe_finding three = finding(world, 3, 3 * i, 4000, NOW);

		keep(world, &three);
	}
	settle(world);
	assert_int_equal(world->kept, 3000);
	assert_int_equal(number(world, "select count(*) from answer"), 9000);
}

static void
while_the_database_is_away_nothing_is_said_to_be_kept(void **state)
{
	struct world *world = *state;
	const struct probe_finding one = finding(world, 1, 7, 50, NOW);
	struct cs_err err = { 0 };

	ok(db_script(world->db, "alter role " SCHEMA " nologin", &err), &err);
	open_answers(world);
	keep(world, &one);
	settle(world);
	assert_int_equal(world->refused, 1);
	assert_true(answers_away(world->answers));
	ok(db_script(world->db, "alter role " SCHEMA " login", &err), &err);
	const int64_t since = cs_mono_ms();

	keep(world, &one);
	settle(world);
	assert_int_equal(world->kept, 1);
	assert_false(answers_away(world->answers));
	assert_true(cs_mono_ms() - since < 30000);
	/* A connection that is cut is made anew. */
	(void)number(world, "select count(pg_terminate_backend(pid)) from pg_stat_activity"
			    " where application_name = 'answers'");
	const struct probe_finding other = finding(world, 1, 8, 50, NOW);

	for (int i = 0; i < 10 && world->kept == 1; i++) {
		keep(world, &other);
		settle(world);
	}
	assert_int_equal(world->kept, 2);
	assert_int_equal(number(world, "select count(*) from answer"), 2);
}

static void
what_the_database_refuses_is_not_kept(void **state)
{
	struct world *world = *state;
	const struct probe_finding one = finding(world, 1, 7, 50, NOW);
	struct cs_err err = { 0 };

	ok(db_script(world->db, "alter table answer rename to gone", &err), &err);
	open_answers(world);
	keep(world, &one);
	settle(world);
	assert_int_equal(world->refused, 1);
}

static void
old_answers_are_swept(void **state)
{
	struct world *world = *state;
	struct cs_err err = { 0 };
	bool more;

	ok(db_script(world->db,
	       "insert into answer select sha256(i::text::bytea), 'x', 'n', 'caa', i, i"
	       " from generate_series(1, 7000) i",
	       &err),
	    &err);
	ok(answers_store_sweep(world->db, world->arena, 6501, &more, &err), &err);
	assert_true(more);
	ok(answers_store_sweep(world->db, world->arena, 6501, &more, &err), &err);
	assert_false(more);
	assert_int_equal(number(world, "select count(*) from answer"), 500);
	assert_int_equal(number(world, "select min(last_at_ms) from answer"), 6501);
}

/* Its thread sweeps by itself, from the beginning. */
static void
what_is_older_than_the_days_goes(void **state)
{
	struct world *world = *state;
	struct cs_err err = { 0 };
	const int64_t end_ms = cs_mono_ms() + 30000;

	ok(db_script(world->db,
	       cs_arena_printf(world->arena,
		   "insert into answer values (sha256('a'), 'x', 'n', 'caa', 1, %lld),"
		   " (sha256('b'), 'x', 'n', 'caa', 1, %lld)",
		   (long long)(cs_now_ms() - 401 * CS_DAY_MS),
		   (long long)(cs_now_ms() - 399 * CS_DAY_MS)),
	       &err),
	    &err);
	open_answers(world);
	while (number(world, "select count(*) from answer") == 2 && cs_mono_ms() < end_ms)
		cs_arena_reset(world->arena);
	assert_int_equal(number(world, "select count(*) from answer"), 1);
	assert_int_equal(
	    number(world, "select count(*) from answer where sha256 = sha256('b')"), 1);
}

static void
closing_waits_and_tells_nobody(void **state)
{
	struct world *world = *state;
	const struct probe_finding one = finding(world, 1, 7, 50, NOW);

	open_answers(world);
	keep(world, &one);
	answers_close(world->answers);
	world->answers = NULL;
	assert_int_equal(world->kept + world->refused, 0);
	assert_int_equal(number(world, "select count(*) from answer"), 1);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(every_packet_is_there_when_it_is_said_to_be),
		CASE(what_never_came_and_what_is_largest_are_no_trouble),
		CASE(the_same_packet_is_kept_once_and_its_last_day_remembered),
		CASE(many_come_at_once_and_all_are_told),
		CASE(while_the_database_is_away_nothing_is_said_to_be_kept),
		CASE(what_the_database_refuses_is_not_kept),
		CASE(old_answers_are_swept),
		CASE(what_is_older_than_the_days_goes),
		CASE(closing_waits_and_tells_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
