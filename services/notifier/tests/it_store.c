/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_store.c: load and save against a real PostgreSQL at CS_DATABASE_URL, in a schema of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/tests/it_db.h"
#include "handler.h"
#include "notify.h"
#include "on_codes.h"
#include "on_password.h"
#include "store.h"

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = cs_arena_new();
	f->db = open_db("drop schema if exists it_notify cascade; create schema it_notify;"
			"set search_path = it_notify;");
	migrate(f->db, "services/notifier/sql/0001_notify.sql");
	migrate(f->db, "services/notifier/sql/0002_codes.sql");
	f->other = open_db("set search_path = it_notify;");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	ok(db_script(f->db, "drop schema it_notify cascade", &err), &err);
	db_close(f->db);
	db_close(f->other);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

static struct cs_id
id_of(unsigned n)
{
	uint8_t octets[16] = { 0x55, (uint8_t)(n >> 8), (uint8_t)n };

	return cs_id_from_digest(octets);
}

/* Aggregates n to n + count - 1. */
static struct svc_batch *
batch_of(struct fixture *f, struct db *db, unsigned n, unsigned count)
{
	struct svc_batch *batch = CS_NEW(f->arena, struct svc_batch);

	*batch = (struct svc_batch){ .arena = f->arena, .db = db, .now_ms = NOW, .n = count };
	batch->aggregates = CS_NEW_ARRAY(f->arena, count, struct svc_aggregate);
	for (unsigned i = 0; i < count; i++)
		batch->aggregates[i].key = id_of(n + i);
	return batch;
}

static struct notify_delivery *
delivery(const struct svc_batch *batch, unsigned i, enum notify_kind kind)
{
	struct notify_case *c = batch->aggregates[i].state;

	return &c->deliveries[kind];
}

static void
load(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(db_begin(batch->db, &err), &err);
	ok(store_load_cases(batch, &err), &err);
}

static void
save(struct svc_batch *batch)
{
	struct cs_err err = { 0 };

	ok(store_save_cases(batch, &err), &err);
	ok(db_commit(batch->db, &err), &err);
}

static void
set(const struct svc_batch *batch, unsigned i, enum notify_kind kind, enum notify_state state)
{
	struct notify_delivery *d = delivery(batch, i, kind);

	d->state = state;
	d->made_ms = NOW + i;
	d->attempts = i;
	d->reply = "250 ok";
	d->changed = true;
}

static void
deliveries_come_back_as_they_were_saved(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch = batch_of(f, f->db, 1, 50);

	load(batch);
	assert_int_equal(delivery(batch, 0, NOTIFY_ISSUED)->state, NOTIFY_NONE);
	for (unsigned i = 0; i < 50; i++) {
		set(batch, i, NOTIFY_ISSUED, NOTIFY_WAITING + i % 4);
		if (i % 2 == 0)
			set(batch, i, NOTIFY_REFUSED, NOTIFY_GIVEN_UP);
	}
	save(batch);
	batch = batch_of(f, f->db, 1, 50);
	load(batch);
	for (unsigned i = 0; i < 50; i++) {
		const struct notify_delivery *issued = delivery(batch, i, NOTIFY_ISSUED);

		assert_int_equal(issued->state, NOTIFY_WAITING + i % 4);
		assert_int_equal(issued->made_ms, NOW + i);
		assert_int_equal(issued->attempts, i);
		assert_string_equal(issued->reply, "250 ok");
		assert_int_equal(issued->version, 1);
		assert_int_equal(delivery(batch, i, NOTIFY_REFUSED)->state,
		    i % 2 == 0 ? NOTIFY_GIVEN_UP : NOTIFY_NONE);
	}
	db_rollback(f->db);
}

static void
the_slower_of_two_replicas_is_told(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *first = batch_of(f, f->db, 100, 1);
	struct svc_batch *second = batch_of(f, f->other, 100, 1);
	struct cs_err err = { 0 };

	load(first); /* no row yet, so nothing to lock: both think that they are first */
	load(second);
	set(first, 0, NOTIFY_ISSUED, NOTIFY_WAITING);
	set(second, 0, NOTIFY_ISSUED, NOTIFY_WAITING);
	save(first);
	enum cs_code code = store_save_cases(second, &err);

	if (code == CS_OK)
		code = db_commit(f->other, &err);
	assert_int_equal(code, CS_CONFLICT);
	db_rollback(f->other);
}

/* ---- codes of second factors ---- */

/* Of request n: somebody is to be sent codes. */
static struct svc_batch *
order_of(struct fixture *f, struct db *db, unsigned n, const char *account)
{
	struct svc_batch *batch = batch_of(f, db, n, 1);
	struct svc_event *ev = CS_NEW(f->arena, struct svc_event);
	struct claim_factor_order *order = CS_NEW(f->arena, struct claim_factor_order);
	struct svc_event **events = CS_NEW_ARRAY(f->arena, 1, struct svc_event *);

	*order = (struct claim_factor_order){ .enterprise = "demo", .account = account };
	*ev = (struct svc_event){ .subject = CODES_SEND, .key = id_of(n), .what = order };
	events[0] = ev;
	batch->aggregates[0].events = events;
	batch->aggregates[0].n_events = 1;
	return batch;
}

static struct notify_case *
only_case(const struct svc_batch *batch)
{
	return batch->aggregates[0].state;
}

static void
put_challenge(const struct svc_batch *batch, unsigned id, const char *account)
{
	struct notify_case *c = only_case(batch);
	struct codes_challenge *old = notify_challenge_of(c, "demo", account);
	struct codes_challenge *to = old != NULL ? old : &c->challenges[c->n_challenges++];

	*to = (struct codes_challenge){ .id = id_of(id),
		.enterprise = "demo",
		.account = account,
		.method = "email-and-sms",
		.request_digest = { 7 },
		.macs = { { 1, 2 }, { 3, 4 }, { 5, 6 } },
		.failed = { [FACTOR_SMS] = true, [FACTOR_LOGIN] = true },
		.identity = "248289761001",
		.returned = true,
		.made_ms = NOW,
		.expires_ms = NOW + CODES_LIFE_MS,
		.tries = 3,
		.state = CODES_OPEN,
		.version = old != NULL ? old->version : 0,
		.changed = true,
		.is_new = true };
}

static void
challenges_come_back_as_they_were_saved(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch = order_of(f, f->db, 500, "alice");

	load(batch);
	assert_int_equal(only_case(batch)->n_challenges, 0);
	assert_int_equal(only_case(batch)->tallies->n, 0);
	put_challenge(batch, 900, "alice");
	save(batch);
	batch = order_of(f, f->db, 500, "bob");
	load(batch);
	const struct codes_challenge *got = notify_challenge_of(only_case(batch), "demo", "alice");

	assert_non_null(got);
	assert_true(cs_id_equal(got->id, id_of(900)));
	assert_string_equal(got->method, "email-and-sms");
	assert_int_equal(got->request_digest[0], 7);
	assert_int_equal(got->macs[FACTOR_EMAIL][1], 2);
	assert_int_equal(got->macs[FACTOR_SMS][0], 3);
	assert_false(got->failed[FACTOR_EMAIL]);
	assert_true(got->failed[FACTOR_SMS]);
	assert_int_equal(got->macs[FACTOR_LOGIN][1], 6);
	assert_true(got->failed[FACTOR_LOGIN]);
	assert_string_equal(got->identity, "248289761001");
	assert_true(got->returned);
	assert_int_equal(got->expires_ms, NOW + CODES_LIFE_MS);
	assert_int_equal(got->tries, 3);
	assert_int_equal(got->state, CODES_OPEN);
	assert_int_equal(got->version, 1);
	/* Of somebody else there is none, and room for one. */
	assert_null(notify_challenge_of(only_case(batch), "demo", "bob"));
	put_challenge(batch, 901, "bob");
	save(batch);
	batch = order_of(f, f->db, 500, "alice");
	load(batch);
	assert_int_equal(only_case(batch)->n_challenges, 2);
	db_rollback(f->db);
}

static void
what_was_sent_to_a_person_counts_for_an_hour_whatever_it_was_for(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch;

	for (unsigned i = 0; i < 3; i++) {
		batch = order_of(f, f->db, 600 + i, "carol");
		batch->now_ms = NOW + i;
		load(batch);
		assert_int_equal(only_case(batch)->tallies->n, i);
		put_challenge(batch, 910 + i, "carol");
		save(batch);
	}
	batch = order_of(f, f->db, 600, "carol"); /* a new one for the same request counts too */
	load(batch);
	assert_int_equal(only_case(batch)->tallies->oldest_ms, NOW);
	put_challenge(batch, 913, "carol");
	save(batch);
	batch = order_of(f, f->db, 650, "carol");
	batch->now_ms = NOW + CS_HOUR_MS - 1;
	load(batch);
	assert_int_equal(only_case(batch)->tallies->n, 4);
	db_rollback(f->db);
	/* Passwords are tried within the same limit. */
	batch = order_of(f, f->db, 650, "carol");
	batch->aggregates[0].events[0]->subject = PASSWORD_TRY;
	load(batch);
	assert_int_equal(only_case(batch)->tallies->n, 4);
	db_rollback(f->db);
	batch = order_of(f, f->db, 650, "carol");
	batch->now_ms = NOW + CS_HOUR_MS;
	load(batch);
	assert_int_equal(only_case(batch)->tallies->n, 0);
	db_rollback(f->db);
}

static void
the_slower_of_two_who_typed_codes_is_told(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch = order_of(f, f->db, 700, "dave");
	struct cs_err err = { 0 };

	load(batch);
	put_challenge(batch, 920, "dave");
	save(batch);
	batch = order_of(f, f->db, 700, "dave");
	load(batch);
	struct codes_challenge *challenge = notify_challenge_of(only_case(batch), "demo", "dave");

	challenge->version--; /* as if it had been read before the other one wrote */
	challenge->state = CODES_USED;
	challenge->changed = true;
	enum cs_code code = store_save_cases(batch, &err);

	if (code == CS_OK)
		code = db_commit(f->db, &err);
	assert_int_equal(code, CS_CONFLICT);
	db_rollback(f->db);
}

/* ---- what is kept no longer ---- */

#define DAYS(n) ((n)*INT64_C(86400000))

static void
script(struct fixture *f, const char *text)
{
	struct cs_err err = { 0 };

	ok(db_script(f->db, text, &err), &err);
}

static int64_t
count(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

static const char *
born(struct fixture *f, int64_t at_ms)
{
	char *text = cs_arena_alloc(f->arena, CS_ID_TEXT);

	cs_id_format(cs_id_at(at_ms, (const uint8_t[10]){ 0 }), text);
	return text;
}

static void
add_delivery(struct fixture *f, int64_t born_ms, const char *state, int64_t made_ms)
{
	script(f, cs_arena_printf(f->arena,
		      "insert into delivery values ('%s', 'issued', '%s', %lld, 1, '', 1)",
		      born(f, born_ms), state, (long long)made_ms));
}

static bool
sweep(struct fixture *f, uint32_t keep_days)
{
	const struct notify_service notify = { .keep_days = keep_days };
	struct cs_err err = { 0 };
	bool more = true;

	ok(store_sweep_cases(&notify, f->db, NOW, f->arena, &more, &err), &err);
	return more;
}

static void
deliveries_are_kept_for_days(void **state)
{
	static const struct {
		uint32_t keep_days;
		int64_t born_ms, made_ms;
		const char *state;
		bool kept;
	} cases[] = {
		{ 90, NOW - DAYS(90), NOW - DAYS(90), "sent", false },
		{ 90, NOW - DAYS(90) + 1, NOW - DAYS(90) + 1, "sent", true },
		{ 90, NOW - DAYS(300), NOW - DAYS(90), "sent", false },
		{ 90, NOW - DAYS(300), NOW - DAYS(90) + 1, "sent", true },
		{ 40, NOW - DAYS(40), NOW - DAYS(40), "given-up", false },
		{ 40, NOW - DAYS(40), NOW - DAYS(40) + 1, "given-up", true },
		{ 40, 1, 1, "nobody", false },
		/* An id that tells no time. */
		{ 90, NOW + DAYS(9000), NOW - DAYS(90), "sent", false },
		{ 90, 1, NOW - DAYS(90) + 1, "sent", true },
		{ 40, 1, 1, "waiting", true },
	};
	struct fixture *f = *state;

	script(f, "truncate delivery");
	for (size_t i = 0; i < LEN(cases); i++) {
		add_delivery(f, cases[i].born_ms, cases[i].state, cases[i].made_ms);
		assert_false(sweep(f, cases[i].keep_days));
		if (count(f, "select count(*) from delivery") != cases[i].kept)
			fail_msg("case %zu", i);
		script(f, "truncate delivery");
	}
}

static void
more_than_one_sweep_s_worth_is_swept_in_several(void **state)
{
	struct fixture *f = *state;

	script(f,
	    "truncate delivery;"
	    "insert into delivery select (substr('00000000' || to_hex(i), length(to_hex(i)) + 1) ||"
	    " '-0000-7000-8000-000000000001')::uuid, 'issued', 'sent', 1, 1, '', 1"
	    " from generate_series(1, 5001) i");
	assert_true(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from delivery"), 1);
	assert_false(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from delivery"), 0);
}

static void
codes_are_kept_for_a_day(void **state)
{
	struct fixture *f = *state;
	struct svc_batch *batch;

	script(f, "truncate code_challenge, code_sent");
	batch = order_of(f, f->db, 800, "erin");
	load(batch);
	put_challenge(batch, 930, "erin");
	save(batch);
	script(f, cs_arena_printf(f->arena,
		      "update code_challenge set expires_ms = %lld;"
		      "update code_sent set at_ms = %lld",
		      (long long)(NOW - DAYS(1) + 1), (long long)(NOW - DAYS(1) + 1)));
	assert_false(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from code_challenge"), 1);
	assert_int_equal(count(f, "select count(*) from code_sent"), 1);
	script(f, "update code_challenge set expires_ms = expires_ms - 1;"
		  "update code_sent set at_ms = at_ms - 1");
	assert_false(sweep(f, 90));
	assert_int_equal(count(f, "select count(*) from code_challenge"), 0);
	assert_int_equal(count(f, "select count(*) from code_sent"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges_come_back_as_they_were_saved),
		cmocka_unit_test(what_was_sent_to_a_person_counts_for_an_hour_whatever_it_was_for),
		cmocka_unit_test(the_slower_of_two_who_typed_codes_is_told),
		cmocka_unit_test(codes_are_kept_for_a_day),
		cmocka_unit_test(deliveries_come_back_as_they_were_saved),
		cmocka_unit_test(the_slower_of_two_replicas_is_told),
		cmocka_unit_test(deliveries_are_kept_for_days),
		cmocka_unit_test(more_than_one_sweep_s_worth_is_swept_in_several),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
