/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_store.c: load and save against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own.
 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../domain.h"
#include "../handler.h"
#include "../store.h"
#include "db/tests/it_db.h"

#define NOW INT64_C(1795437296789)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other; /* two replicas */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = cs_arena_new();
	f->db = open_db("drop schema if exists it_domain cascade; create schema it_domain;"
			"set search_path = it_domain;");
	migrate(f->db, "services/domain-validator/sql/0001_domain.sql");
	f->other = open_db("set search_path = it_domain;");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	db_close(f->other);
	ok(db_script(f->db, "drop schema it_domain cascade", &err), &err);
	db_close(f->db);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

static struct cs_id
request(uint8_t n)
{
	struct cs_id id;

	memset(id.octets, 0x41, sizeof(id.octets));
	id.octets[15] = n;
	return id;
}

/* Requests 1 to n, as the skeleton would hand them over. */
static struct svc_batch
batch_of(struct fixture *f, struct db *db, size_t n)
{
	struct svc_batch batch = { .n = n, .arena = f->arena, .db = db, .now_ms = NOW };

	batch.aggregates = CS_NEW_ARRAY(f->arena, n, struct svc_aggregate);
	for (size_t i = 0; i < n; i++)
		batch.aggregates[i].key = request((uint8_t)(i + 1));
	return batch;
}

static struct domain_request *
state_of(const struct svc_batch *batch, size_t i)
{
	return batch->aggregates[i].state;
}

static int64_t
count(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

static void
load(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(db_begin(batch->db, &err), &err);
	ok(store_load_requests(batch, &err), &err);
}

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	if (store_save_requests(batch, err) || db_commit(batch->db, err)) {
		db_rollback(batch->db);
		return err->code;
	}
	return CS_OK;
}

static void
save_well(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(save(batch, &err), &err);
}

static void
add(struct domain_request *to, const char *check_id)
{
	to->items[to->n++] = (struct domain_challenge){ .check_id = check_id,
		.domain = "alpha.example",
		.enterprise = "demo",
		.account = "",
		.asked = cs_span_of("\0order\xff", 7),
		.asked_ms = NOW - 5,
		.value = "abcdefghijklmnopqrstuvwxyz234567",
		.made_ms = NOW,
		.expires_ms = NOW + DOMAIN_LIFE_MS,
		.attempt = 3,
		.look_until_ms = NOW + 1,
		.older = { { "older", NOW + 2 }, { "oldest", NOW + 3 } },
		.pressed_by = "alice",
		.step = 2,
		.next_ms = NOW + 4,
		.changed = true };
}

static void
an_unknown_request_is_empty(void **state)
{
	struct svc_batch batch = batch_of(*state, ((struct fixture *)*state)->db, 2);

	load(&batch);
	assert_int_equal(state_of(&batch, 0)->n, 0);
	assert_int_equal(state_of(&batch, 1)->n, 0);
	save_well(&batch);
}

static void
every_field_comes_back(void **state)
{
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, 2);

	load(&batch);
	add(state_of(&batch, 1), "domain-2");
	add(state_of(&batch, 1), "domain-1");
	save_well(&batch);
	batch = batch_of(f, f->db, 2);
	load(&batch);
	assert_int_equal(state_of(&batch, 0)->n, 0);
	assert_int_equal(state_of(&batch, 1)->n, 2);
	const struct domain_challenge *got = &state_of(&batch, 1)->items[0];

	assert_string_equal(got->check_id, "domain-1");
	assert_string_equal(got->domain, "alpha.example");
	assert_string_equal(got->enterprise, "demo");
	assert_string_equal(got->account, "");
	assert_true(cs_span_equal(got->asked, cs_span_of("\0order\xff", 7)));
	assert_int_equal(got->asked_ms, NOW - 5);
	assert_string_equal(got->value, "abcdefghijklmnopqrstuvwxyz234567");
	assert_int_equal(got->made_ms, NOW);
	assert_int_equal(got->expires_ms, NOW + DOMAIN_LIFE_MS);
	assert_int_equal(got->attempt, 3);
	assert_int_equal(got->look_until_ms, NOW + 1);
	assert_string_equal(got->older[0].text, "older");
	assert_int_equal(got->older[0].until_ms, NOW + 2);
	assert_string_equal(got->older[1].text, "oldest");
	assert_int_equal(got->older[1].until_ms, NOW + 3);
	assert_string_equal(got->pressed_by, "alice");
	assert_int_equal(got->step, 2);
	assert_int_equal(got->next_ms, NOW + 4);
	assert_int_equal(got->version, 1);
	assert_false(got->changed);
	db_rollback(f->db);

	/* When it was first stored, whatever is written later: it is swept by that. */
	batch = batch_of(f, f->db, 2);
	batch.now_ms = NOW + 1;
	load(&batch);
	for (size_t i = 0; i < 2; i++)
		state_of(&batch, 1)->items[i].changed = true;
	save_well(&batch);
	assert_int_equal(
	    count(f, cs_arena_printf(f->arena,
			 "select count(*) from challenge where version = 2 and since_ms = %" PRId64,
			 NOW)),
	    2);
}

static void
only_what_changed_is_written(void **state)
{
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, 1);

	load(&batch);
	add(state_of(&batch, 0), "domain-1");
	add(state_of(&batch, 0), "domain-2");
	save_well(&batch);
	batch = batch_of(f, f->db, 1);
	load(&batch);
	struct domain_challenge *items = state_of(&batch, 0)->items;

	items[0].attempt = items[1].attempt = 9;
	items[1].changed = true;
	save_well(&batch);
	batch = batch_of(f, f->db, 1);
	load(&batch);
	items = state_of(&batch, 0)->items;
	assert_int_equal(items[0].attempt, 3);
	assert_int_equal(items[0].version, 1);
	assert_int_equal(items[1].attempt, 9);
	assert_int_equal(items[1].version, 2);
	db_rollback(f->db);
}

static void
a_full_batch_is_one_statement_each_way(void **state)
{
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, 200);

	load(&batch);
	for (size_t i = 0; i < batch.n; i++)
		for (size_t k = 0; k < DOMAIN_CHALLENGES_MAX; k++)
			add(state_of(&batch, i), cs_arena_printf(f->arena, "domain-%zu", k + 1));
	save_well(&batch);
	batch = batch_of(f, f->db, 200);
	load(&batch);
	for (size_t i = 0; i < batch.n; i++)
		assert_int_equal(state_of(&batch, i)->n, DOMAIN_CHALLENGES_MAX);
	db_rollback(f->db);
}

/* Two replicas, the same new challenge: nothing could be locked, so the row's version tells. */
static void
two_replicas_cannot_both_make_a_challenge(void **state)
{
	struct fixture *f = *state;
	struct svc_batch one = batch_of(f, f->db, 1), two = batch_of(f, f->other, 1);
	struct cs_err err;

	load(&one);
	load(&two);
	add(state_of(&one, 0), "domain-1");
	add(state_of(&two, 0), "domain-1");
	state_of(&two, 0)->items[0].value = "another";
	save_well(&one);
	assert_int_equal(save(&two, &err), CS_CONFLICT);
	two = batch_of(f, f->other, 1);
	load(&two);
	assert_string_equal(state_of(&two, 0)->items[0].value, "abcdefghijklmnopqrstuvwxyz234567");
	db_rollback(f->other);
}

/* A challenge that is there is locked by load: the second replica waits, and sees what the first did. */
static void
a_stale_version_is_a_conflict(void **state)
{
	struct fixture *f = *state;
	struct svc_batch one = batch_of(f, f->db, 1), two = batch_of(f, f->db, 1);
	struct cs_err err;

	load(&one);
	add(state_of(&one, 0), "domain-1");
	save_well(&one);
	one = batch_of(f, f->db, 1);
	load(&one);
	state_of(&one, 0)->items[0].changed = true;
	save_well(&one);
	load(&two);
	state_of(&two, 0)->items[0].version = 1; /* as if it had been loaded before `one` */
	state_of(&two, 0)->items[0].changed = true;
	assert_int_equal(save(&two, &err), CS_CONFLICT);
}

/* ---- what was tried within the hour ---- */

static void
add_look(struct fixture *f, struct domain_request *to, const char *check_id, const char *account,
    uint32_t attempt, int64_t at_ms, bool failed)
{
	struct domain_look *look = CS_NEW(f->arena, struct domain_look);

	*look = (struct domain_look){ .check_id = check_id,
		.domain = "alpha.example",
		.enterprise = "demo",
		.account = account,
		.attempt = attempt,
		.at_ms = at_ms,
		.failed = failed,
		.next = to->looks };
	to->looks = look;
}

/* Of alpha.example, for this account ("": for everybody). */
static const struct domain_tally *
tally(const struct svc_batch *batch, const char *account)
{
	const struct domain_tally *t = state_of(batch, 0)->tallies->first;

	while (t != NULL &&
	       (strcmp(t->domain, "alpha.example") != 0 || strcmp(t->account, account) != 0))
		t = t->next;
	return t;
}

/* By whichever replica, for whichever request: the domain is the same. */
static void
looks_of_the_hour_are_counted_over_all_requests(void **state)
{
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, 2);

	load(&batch);
	add(state_of(&batch, 0), "domain-1");
	add_look(f, state_of(&batch, 0), "domain-1", "alice", 1, NOW - DOMAIN_WINDOW_MS, true);
	add_look(f, state_of(&batch, 0), "domain-1", "alice", 2, NOW - 30, true);
	add_look(f, state_of(&batch, 1), "domain-1", "alice", 1, NOW - 20, true);
	add_look(f, state_of(&batch, 1), "domain-1", "alice", 2, NOW - 10, false);
	add_look(f, state_of(&batch, 1), "domain-1", "bob", 3, NOW - 40, false);
	add_look(f, state_of(&batch, 1), "domain-2", "", 1, NOW - 50, false);
	save_well(&batch);
	batch = batch_of(f, f->other, 1);
	load(&batch);
	assert_int_equal(tally(&batch, "")->looks, 5);
	assert_int_equal(tally(&batch, "")->first_look_ms, NOW - 50);
	assert_int_equal(tally(&batch, "alice")->failures, 2);
	assert_int_equal(tally(&batch, "alice")->first_failure_ms, NOW - 30);
	assert_int_equal(tally(&batch, "bob")->failures, 0);
	db_rollback(f->other);
}

/* The row is written when the look begins, and again when it failed. */
static void
a_look_is_one_row(void **state)
{
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, 1);

	load(&batch);
	add(state_of(&batch, 0), "domain-1");
	add_look(f, state_of(&batch, 0), "domain-1", "alice", 1, NOW - 20, false);
	save_well(&batch);
	batch = batch_of(f, f->db, 1);
	load(&batch);
	assert_int_equal(tally(&batch, "alice")->failures, 0);
	add_look(f, state_of(&batch, 0), "domain-1", "alice", 1, NOW - 5, true);
	save_well(&batch);
	batch = batch_of(f, f->db, 1);
	load(&batch);
	assert_int_equal(tally(&batch, "")->looks, 1);
	assert_int_equal(tally(&batch, "alice")->failures, 1);
	assert_int_equal(tally(&batch, "alice")->first_failure_ms, NOW - 5);
	db_rollback(f->db);
}

/* ---- the clock ---- */

static void
only_what_is_due_is_due(void **state)
{
	static const struct {
		int64_t next_ms, look_until_ms;
		bool due;
	} rows[] = {
		{ 0, 0, false }, { NOW, 0, true }, { NOW + 1, 0, false },
		{ NOW - 1, NOW + 1, false }, /* a look is under way */
		{ NOW - 1, NOW, true },      /* it is lost */
	};
	struct fixture *f = *state;
	struct svc_batch batch = batch_of(f, f->db, LEN(rows));
	struct cs_id *keys;
	struct cs_err err = { 0 };
	size_t n;

	load(&batch);
	for (size_t i = 0; i < LEN(rows); i++) {
		struct domain_request *r = state_of(&batch, i);

		add(r, "domain-1");
		add(r, "domain-2"); /* alike: the request comes once */
		for (size_t k = 0; k < 2; k++) {
			r->items[k].next_ms = rows[i].next_ms;
			r->items[k].look_until_ms = rows[i].look_until_ms;
		}
	}
	save_well(&batch);
	ok(store_due_looks(NULL, f->db, NOW, 100, f->arena, &keys, &n, &err), &err);
	for (size_t i = 0; i < LEN(rows); i++) {
		unsigned found = 0;

		for (size_t k = 0; k < n; k++)
			found += cs_id_equal(keys[k], request((uint8_t)(i + 1)));
		assert_int_equal(found, rows[i].due);
	}
	ok(store_due_looks(NULL, f->db, NOW, 1, f->arena, &keys, &n, &err), &err);
	assert_int_equal(n, 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

/* ---- what is kept no longer ---- */

#define DAYS(n) ((n)*INT64_C(86400000))

static void
script(struct fixture *f, const char *text)
{
	struct cs_err err = { 0 };

	ok(db_script(f->db, text, &err), &err);
}

/* Its request's id is random, as that of one that came with an Idempotency-Key is: it tells no time. */
static void
add_challenge(struct fixture *f, int64_t since_ms, const char *check_id)
{
	script(f,
	    cs_arena_printf(f->arena,
		"insert into challenge (request, check_id, domain, enterprise, account, asked, asked_ms, value,"
		" made_ms, expires_ms, attempt, look_until_ms, version, since_ms)"
		" values (gen_random_uuid(), '%s', 'alpha.example', 'demo', '', '', 1, 'v', 1, 1, 1, 0, 1, %lld)",
		check_id, (long long)since_ms));
}

static bool
sweep(struct fixture *f, uint32_t life_days, uint32_t keep_days)
{
	const struct domain_service domain = { .life_days = life_days, .keep_days = keep_days };
	struct cs_err err = { 0 };
	bool more = true;

	ok(store_sweep_requests(&domain, f->db, NOW, f->arena, &more, &err), &err);
	return more;
}

static void
challenges_are_kept_for_days_after_the_latest_end_of_their_request(void **state)
{
	static const struct {
		uint32_t life_days, keep_days;
		int64_t born_ms;
		bool kept;
	} cases[] = {
		{ 30, 40, NOW - DAYS(72), true },
		{ 30, 40, NOW - DAYS(72) - 1, false },
		{ 365, 40, NOW - DAYS(407), true },
		{ 365, 40, NOW - DAYS(407) - 1, false },
		{ 1, 40, NOW - DAYS(43), true },
		{ 1, 40, NOW - DAYS(43) - 1, false },
		{ 30, 400, NOW - DAYS(432), true },
		{ 30, 400, NOW - DAYS(432) - 1, false },
		{ 30, 40, NOW, true },
		{ 30, 40, 1, false },
	};
	struct fixture *f = *state;

	script(f, "truncate challenge");
	for (size_t i = 0; i < LEN(cases); i++) {
		add_challenge(f, cases[i].born_ms, "domain-1");
		add_challenge(f, cases[i].born_ms, "domain-2");
		assert_false(sweep(f, cases[i].life_days, cases[i].keep_days));
		if (count(f, "select count(*) from challenge") != (cases[i].kept ? 2 : 0))
			fail_msg("case %zu", i);
		script(f, "truncate challenge");
	}
}

static void
more_than_one_sweep_s_worth_is_swept_in_several(void **state)
{
	struct fixture *f = *state;

	script(f, "truncate challenge");
	script(f,
	    "with r as (select gen_random_uuid() as id) insert into challenge (request, check_id, domain,"
	    " enterprise, account, asked, asked_ms, value, made_ms, expires_ms, attempt, look_until_ms,"
	    " version, since_ms) select id, 'domain-' || i, 'alpha.example', 'demo', '', '', 1, 'v', 1, 1, 1,"
	    " 0, 1, 1 from r, generate_series(1, 5001) i");
	add_challenge(f, NOW, "domain-1");
	script(f, "update challenge set request = '00000000-0001-8000-8000-000000000000'"
		  " where since_ms > 1"); /* young, whatever its id says */
	assert_true(sweep(f, 30, 40));
	assert_int_equal(count(f, "select count(*) from challenge"), 2);
	assert_false(sweep(f, 30, 40));
	assert_int_equal(count(f, "select count(*) from challenge"), 1);
}

static void
looks_are_kept_for_two_hours(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 2; i++)
		script(f, cs_arena_printf(f->arena,
			      "insert into look values ('00000000-0000-7000-8000-000000000001',"
			      " 'domain-1', %d, 'd', 'e', '', %" PRId64 ", false)",
			      i, NOW - 2 * DOMAIN_WINDOW_MS - i));
	assert_false(sweep(f, 30, 40));
	assert_int_equal(count(f, "select count(*) from look"), 1);
	assert_int_equal(count(f, "select max(attempt)::bigint from look"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_unknown_request_is_empty),
		TEST(every_field_comes_back),
		TEST(only_what_changed_is_written),
		TEST(a_full_batch_is_one_statement_each_way),
		TEST(two_replicas_cannot_both_make_a_challenge),
		TEST(a_stale_version_is_a_conflict),
		TEST(looks_of_the_hour_are_counted_over_all_requests),
		TEST(a_look_is_one_row),
		TEST(only_what_is_due_is_due),
		TEST(looks_are_kept_for_two_hours),
		TEST(challenges_are_kept_for_days_after_the_latest_end_of_their_request),
		TEST(more_than_one_sweep_s_worth_is_swept_in_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
