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

#include "base/text.h"
#include "db/tests/it_db.h"
#include "handler.h"
#include "mailbox.h"
#include "store.h"
#include "wire.h"

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct fixture {
	struct cs_arena *arena;
	struct db *db, *other;
	struct cs_span token_key;
	uint8_t random[32];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->arena = cs_arena_new();
	f->db = open_db("drop schema if exists it_mailbox cascade; create schema it_mailbox;"
			"set search_path = it_mailbox;");
	migrate(f->db, "services/mailbox-validator/sql/0001_mailbox.sql");
	f->other = open_db("set search_path = it_mailbox; set lock_timeout = '50ms'");
	f->token_key = cs_span_str("a token key of these tests, long enough");
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct cs_err err = { 0 };

	ok(db_script(f->db, "drop schema it_mailbox cascade", &err), &err);
	db_close(f->db);
	db_close(f->other);
	cs_arena_free(f->arena);
	free(f);
	return 0;
}

/* ---- events and batches ---- */

static struct cs_id
id_of(unsigned n)
{
	uint8_t octets[16] = { 0x33, (uint8_t)(n >> 8), (uint8_t)n };

	return cs_id_from_digest(octets);
}

static struct svc_event *
event(struct fixture *f, struct cs_id request, const char *subject, const void *what)
{
	struct svc_event *ev = CS_NEW(f->arena, struct svc_event);

	ev->key = request;
	ev->subject = subject;
	ev->what = what;
	ev->arena = f->arena;
	return ev;
}

static struct svc_event *
asked_by(struct fixture *f, struct cs_id request, const char *mailbox, const char *account)
{
	struct mailbox_asked *asked = CS_NEW(f->arena, struct mailbox_asked);
	struct claim_asked order = {
		.request = request,
		.check = { .id = "mailbox-1",
		    .kind = CLAIM_MAILBOX,
		    .target = mailbox,
		    .method = MAILBOX_METHOD,
		    .enterprise = "demo",
		    .account = account,
		    .freshness_ms = CS_DAY_MS,
		    .attempt = 1 },
		.asked_at_ms = NOW,
	};
	struct cs_err err = { 0 };

	claim_check_digest(&order.check, order.check.digest);
	ok(wire_read_asked(f->arena, claim_write_asked(f->arena, &order), asked, &err), &err);
	return event(f, request, "plan.mailbox-asked", asked);
}

static struct svc_event *
asked(struct fixture *f, struct cs_id request, const char *mailbox)
{
	return asked_by(f, request, mailbox, "alice");
}

static struct svc_event *
pressed(struct fixture *f, struct cs_id request)
{
	static const struct mailbox_pressed press = { "mailbox-1", "demo", "alice", "" };

	return event(f, request, "request.verification-asked", &press);
}

/* Aggregates of these events, which are sorted by their request. */
static struct svc_batch *
batch_of(struct fixture *f, struct db *db, int64_t now_ms, struct svc_event **events, size_t n)
{
	struct svc_batch *batch = CS_NEW(f->arena, struct svc_batch);

	*batch = (struct svc_batch){ .arena = f->arena, .db = db, .now_ms = now_ms };
	batch->aggregates = CS_NEW_ARRAY(f->arena, n, struct svc_aggregate);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || !cs_id_equal(events[i]->key, events[i - 1]->key))
			batch->aggregates[batch->n++] =
			    (struct svc_aggregate){ .key = events[i]->key, .events = &events[i] };
		batch->aggregates[batch->n - 1].n_events++;
	}
	return batch;
}

static struct mailbox_setting
setting(struct fixture *f, const struct svc_batch *batch, struct cs_id request)
{
	const struct mailbox_case *c = batch->aggregates[0].state;

	f->random[0]++;
	f->random[1] += f->random[0] == 0;
	return (struct mailbox_setting){
		.token_key = f->token_key,
		.limits = { 5, 20, 200, 100 },
		.request = request,
		.now_ms = batch->now_ms,
		.random = f->random,
		.tally = c->tally,
		.arena = f->arena,
	};
}

static void
decide(struct fixture *f, struct svc_batch *batch)
{
	for (size_t i = 0; i < batch->n; i++) {
		struct svc_aggregate *a = &batch->aggregates[i];

		for (size_t k = 0; k < a->n_events; k++) {
			const struct mailbox_setting in = setting(f, batch, a->key);
			const struct mailbox_challenge *found = mailbox_find(a->state, "mailbox-1");
			const struct mailbox_challenge old =
			    found != NULL ? *found
					  : (struct mailbox_challenge){ .check_id = "mailbox-1" };
			bool order = strcmp(a->events[k]->subject, "plan.mailbox-asked") == 0;
			struct mailbox_step step =
			    order ? mailbox_decide_asked(&in, &old, a->events[k]->what)
				  : mailbox_decide_pressed(&in, &old, a->events[k]->what);

			if (step.next.changed)
				mailbox_put(a->state, f->arena, &step.next);
		}
	}
}

/* One whole transaction, as the skeleton runs it. */
static enum cs_code
run(struct fixture *f, struct svc_batch *batch, struct cs_err *err)
{
	if (db_begin(batch->db, err) || store_load_cases(batch, err))
		return err->code;
	decide(f, batch);
	if (store_save_cases(batch, err))
		return err->code;
	return db_commit(batch->db, err);
}

static struct mailbox_challenge *
run_events(struct fixture *f, int64_t now_ms, struct svc_event **events, size_t n)
{
	struct svc_batch *batch = batch_of(f, f->db, now_ms, events, n);
	struct cs_err err = { 0 };

	ok(run(f, batch, &err), &err);
	return mailbox_find(batch->aggregates[0].state, "mailbox-1");
}

/* What is in the tables; nothing is changed. */
static const struct mailbox_case *
loaded(struct fixture *f, int64_t now_ms, struct svc_event *ev)
{
	struct svc_event **events = CS_NEW_ARRAY(f->arena, 1, struct svc_event *);
	struct cs_err err = { 0 };

	events[0] = ev;
	struct svc_batch *batch = batch_of(f, f->db, now_ms, events, 1);

	ok(db_begin(f->db, &err), &err);
	ok(store_load_cases(batch, &err), &err);
	db_rollback(f->db);
	return batch->aggregates[0].state;
}

static void
same_mail(const struct mailbox_mail *a, const struct mailbox_mail *b)
{
	assert_true(cs_id_equal(a->id, b->id));
	assert_memory_equal(a->nonce, b->nonce, MAILBOX_NONCE);
	assert_memory_equal(a->mac, b->mac, MAILBOX_MAC);
	assert_int_equal(a->made_ms, b->made_ms);
	assert_int_equal(a->expires_ms, b->expires_ms);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->is_void, b->is_void);
	assert_string_equal(a->reply, b->reply);
	assert_true(cs_span_equal(a->route, b->route));
	assert_int_equal(a->way, b->way);
	assert_int_equal(a->bad_answers, b->bad_answers);
	assert_int_equal(a->returned, b->returned);
}

/* ---- tests ---- */

static int64_t
count(struct fixture *f, const char *sql)
{
	struct db_rows *rows;
	struct cs_err err = { 0 };

	ok(db_query(f->db, f->arena, sql, NULL, 0, &rows, &err), &err);
	return db_get_i64(rows, 0, 0);
}

static void
a_challenge_comes_back_as_it_was_saved(void **state)
{
	struct fixture *f = *state;
	struct cs_id request = id_of(1);
	struct svc_event *events[] = { asked(f, request, "Bob+x@alpha.example"),
		pressed(f, request) };
	const struct mailbox_challenge *saved = run_events(f, NOW, events, 2);
	const struct mailbox_case *c = loaded(f, NOW, pressed(f, request));

	assert_int_equal(c->n, 1);
	assert_string_equal(c->challenges[0].asked.check.target, "Bob+x@alpha.example");
	assert_string_equal(c->challenges[0].to.mailbox, "bob@alpha.example");
	assert_true(cs_span_equal(c->challenges[0].asked_octets, saved->asked_octets));
	assert_int_equal(c->challenges[0].version, 1);
	assert_int_equal(c->challenges[0].mails_made, 1);
	assert_int_equal(c->challenges[0].n_mails, 1);
	same_mail(&c->challenges[0].mails[0], &saved->mails[0]);
}

/* Everything that a later step may change, through a second save. */
static void
changes_come_back_too(void **state)
{
	struct fixture *f = *state;
	struct cs_id request = id_of(2);
	struct svc_event *events[] = { asked(f, request, "carol@alpha.example"),
		pressed(f, request) };
	struct cs_err err = { 0 };

	(void)run_events(f, NOW, events, 2);
	struct svc_event *again[] = { pressed(f, request) };
	struct svc_batch *batch = batch_of(f, f->db, NOW + CS_MINUTE_MS, again, 1);

	ok(db_begin(f->db, &err), &err);
	ok(store_load_cases(batch, &err), &err);
	decide(f, batch);
	struct mailbox_challenge *c = mailbox_find(batch->aggregates[0].state, "mailbox-1");

	assert_int_equal(c->n_mails, 2);
	c->evidence = cs_span_str("envelope");
	c->proved_mail = c->mails[1].id;
	c->tries = 3;
	c->mails_sent = 2;
	c->mails[0].state = MAILBOX_REFUSED;
	c->mails[0].is_void = c->mails[0].changed = true;
	c->mails[0].reply = "550 no";
	c->mails[0].route = cs_span_str("route");
	c->mails[0].bad_answers = 2;
	c->mails[0].returned = MAILBOX_RETURNED;
	ok(store_save_cases(batch, &err), &err);
	ok(db_commit(f->db, &err), &err);

	const struct mailbox_challenge *got =
	    mailbox_find(loaded(f, NOW, pressed(f, request)), "mailbox-1");

	assert_true(cs_span_is(got->evidence, "envelope"));
	assert_true(cs_id_equal(got->proved_mail, c->proved_mail));
	assert_int_equal(got->tries, 3);
	assert_int_equal(got->mails_sent, 2);
	assert_int_equal(got->version, 2);
	for (size_t i = 0; i < 2; i++)
		same_mail(&got->mails[i], &c->mails[i]);
	/* Swept by its first save, not by its last. */
	assert_int_equal(
	    count(f, "select count(*) from challenge where version = 2 and since_ms ="
		     " (select min(made_ms) from mail m where m.request = challenge.request)"),
	    1);
}

/* Who mends the domain need not wait a minute; the mail counts for the hour all the same. */
static void
a_mail_that_found_no_way_is_no_reason_to_wait(void **state)
{
	struct fixture *f = *state;
	struct cs_id request = id_of(77);
	struct svc_event *events[] = { asked(f, request, "dora@unrouted.example"),
		pressed(f, request) };
	struct cs_err err = { 0 };

	(void)run_events(f, NOW, events, 2);
	for (unsigned n = 1; n <= 6; n++) {
		struct svc_event *again[] = { pressed(f, request) };
		const struct mailbox_challenge *c = run_events(f, NOW + n, again, 1);

		assert_int_equal(c->mails_made, n < 2 ? 1 : n < 6 ? n : 5);
		ok(db_script(f->db,
		       "update mail set state = 'unrouted', void = true"
		       " where mailbox = 'dora@unrouted.example'",
		       &err),
		    &err);
	}
}

static void
a_press_before_its_order_comes_back(void **state)
{
	struct fixture *f = *state;
	struct svc_event *events[] = { pressed(f, id_of(3)) };

	(void)run_events(f, NOW, events, 1);
	const struct mailbox_case *c = loaded(f, NOW, pressed(f, id_of(3)));

	assert_int_equal(c->challenges[0].asked_octets.len, 0);
	assert_string_equal(c->challenges[0].wish_enterprise, "demo");
	assert_string_equal(c->challenges[0].wish_account, "alice");
	assert_int_equal(c->challenges[0].wished_ms, NOW);
	struct svc_event *order[] = { asked(f, id_of(3), "dora@alpha.example") };

	assert_int_equal(run_events(f, NOW + 1, order, 1)->n_mails, 1);
	c = loaded(f, NOW, pressed(f, id_of(3)));
	assert_null(c->challenges[0].wish_account);
}

static const struct {
	const char *name;
	int64_t after_ms;
	uint32_t hour, day;
} ages[] = {
	{ "a millisecond less than an hour ago", CS_HOUR_MS - 1, 1, 1 },
	{ "an hour ago", CS_HOUR_MS, 0, 1 },
	{ "a millisecond less than a day ago", CS_DAY_MS - 1, 0, 1 },
	{ "a day ago", CS_DAY_MS, 0, 0 },
};

static void
counts_mails_of_the_last_hour_and_day(void **state)
{
	struct fixture *f = *state;
	struct svc_event *events[] = { asked(f, id_of(4), "eve@beta.example"),
		pressed(f, id_of(4)) };

	(void)run_events(f, NOW, events, 2);
	for (size_t i = 0; i < LEN(ages); i++) {
		int64_t now_ms = NOW + ages[i].after_ms;
		const struct mailbox_case *c = loaded(f, now_ms, pressed(f, id_of(4)));
		const struct mailbox_count *count =
		    mailbox_tally_find(c->tally, MAILBOX_OF_MAILBOX, "eve@beta.example", "");

		if (count->hour != ages[i].hour || count->day != ages[i].day)
			fail_msg("%s: got %u and %u", ages[i].name, count->hour, count->day);
		assert_int_equal(count->last_ms, ages[i].day == 0 ? 0 : NOW);
	}
}

/* One person's mailbox, however it is spelled, and whoever asks. */
static void
counts_across_requests_and_spellings(void **state)
{
	static const char *const spelled[] = { "Frank@gamma.mail", "frank@gamma.mail",
		"frank+news@gamma.mail" };
	struct fixture *f = *state;

	for (unsigned i = 0; i < LEN(spelled); i++) {
		struct svc_event *events[] = { asked(f, id_of(10 + i), spelled[i]),
			pressed(f, id_of(10 + i)) };

		assert_int_equal(run_events(f, NOW + i * CS_MINUTE_MS, events, 2)->n_mails, 1);
	}
	const struct mailbox_case *c = loaded(f, NOW + 3 * CS_MINUTE_MS, pressed(f, id_of(10)));

	assert_int_equal(
	    mailbox_tally_find(c->tally, MAILBOX_OF_MAILBOX, "frank@gamma.mail", "")->hour, 3);
	assert_int_equal(
	    mailbox_tally_find(c->tally, MAILBOX_OF_DOMAIN, "gamma.mail", "")->hour, 3);
	assert_true(mailbox_tally_find(c->tally, MAILBOX_OF_ACCOUNT, "demo", "alice")->hour >= 3);
}

static void
another_accounts_mails_are_its_own(void **state)
{
	struct fixture *f = *state;
	struct svc_event *order[] = { asked_by(f, id_of(20), "gil@alpha.example", "bob") };

	(void)run_events(f, NOW, order, 1);
	const struct mailbox_case *c = loaded(f, NOW, pressed(f, id_of(20)));

	assert_int_equal(mailbox_tally_find(c->tally, MAILBOX_OF_ACCOUNT, "demo", "bob")->hour, 0);
}

static void
a_batch_of_many_requests_is_one_save(void **state)
{
	struct svc_event *events[200];
	struct fixture *f = *state;

	for (unsigned i = 0; i < 100; i++) {
		events[2 * i] = asked(f, id_of(100 + i),
		    cs_arena_printf(f->arena, "user%u@many%u.example", i, i % 2));
		events[2 * i + 1] = pressed(f, id_of(100 + i));
	}
	(void)run_events(f, NOW + CS_DAY_MS, events, 200);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(
		    loaded(f, NOW + CS_DAY_MS, pressed(f, id_of(100 + i)))->challenges[0].n_mails,
		    1);
}

static void
the_slower_of_two_replicas_is_told(void **state)
{
	struct fixture *f = *state;
	struct svc_event *events[] = { asked(f, id_of(30), "hal@alpha.example") };
	struct svc_batch *first = batch_of(f, f->db, NOW, events, 1);
	struct svc_batch *second = batch_of(f, f->other, NOW, events, 1);
	struct cs_err err = { 0 };

	/* No row yet, so nothing to lock: both think that they are first. */
	ok(db_begin(f->db, &err), &err);
	ok(db_begin(f->other, &err), &err);
	ok(store_load_cases(first, &err), &err);
	ok(store_load_cases(second, &err), &err);
	decide(f, first);
	decide(f, second);
	ok(store_save_cases(first, &err), &err);
	ok(db_commit(f->db, &err), &err);
	enum cs_code code = store_save_cases(second, &err);

	if (code == CS_OK)
		code = db_commit(f->other, &err);
	assert_int_equal(code, CS_CONFLICT);
	db_rollback(f->other);
}

/* Two requests, one mailbox, two replicas: the second counts only when the first has finished. */
static void
two_replicas_cannot_both_make_the_last_mail(void **state)
{
	struct fixture *f = *state;
	struct svc_event *one[] = { asked(f, id_of(40), "ida@alpha.example"),
		pressed(f, id_of(40)) };
	struct svc_event *two[] = { asked(f, id_of(41), "IDA@alpha.example"),
		pressed(f, id_of(41)) };
	struct svc_batch *first = batch_of(f, f->db, NOW, one, 2);
	struct svc_batch *second = batch_of(f, f->other, NOW, two, 2);
	struct cs_err err = { 0 };

	ok(db_begin(f->db, &err), &err);
	ok(store_load_cases(first, &err), &err);
	ok(db_begin(f->other, &err), &err);
	assert_int_equal(store_load_cases(second, &err), CS_CONFLICT);
	db_rollback(f->other);
	decide(f, first);
	ok(store_save_cases(first, &err), &err);
	ok(db_commit(f->db, &err), &err);

	second = batch_of(f, f->other, NOW, two, 2); /* the skeleton runs it again */
	ok(run(f, second, &err), &err);
	assert_int_equal(
	    mailbox_find(second->aggregates[0].state, "mailbox-1")->n_mails, 0); /* deferred */
}

static void
no_code_lies_in_the_tables(void **state)
{
	static const char dump_sql[] =
	    "select coalesce((select string_agg(c::text, ' ') from challenge c), '')"
	    " || coalesce((select string_agg(m::text, ' ') from mail m), '')";
	struct fixture *f = *state;
	struct svc_event *events[] = { asked(f, id_of(50), "joe@alpha.example"),
		pressed(f, id_of(50)) };
	const struct mailbox_mail mail = run_events(f, NOW, events, 2)->mails[0];
	uint8_t token[MAILBOX_TOKEN], tag[MAILBOX_MAC];
	char text[MAILBOX_TOKEN_TEXT];
	struct cs_err err = { 0 };
	struct db_rows *rows;

	mailbox_token_make(f->token_key, mail.id, mail.nonce, token);
	mailbox_token_format(token, text);
	mailbox_token_tag(f->token_key, token, tag);
	ok(db_query(f->db, f->arena, dump_sql, NULL, 0, &rows, &err), &err);
	const char *dump = db_get_text(rows, 0, 0);

	assert_non_null(strstr(dump, cs_hex(f->arena, cs_span_of(mail.mac, MAILBOX_MAC))));
	assert_null(strstr(dump, text));
	assert_null(strstr(dump, cs_hex(f->arena, cs_span_of(token, sizeof(token)))));
	assert_null(strstr(dump, cs_hex(f->arena, cs_span_of(tag, sizeof(tag)))));
}

static void
the_table_itself_refuses_a_code_that_lives_too_long(void **state)
{
	static const char sql[] = "update mail set expires_ms = expires_ms + 1"
				  " where made_ms + 86400000 = expires_ms";
	struct fixture *f = *state;
	struct svc_event *events[] = { asked(f, id_of(60), "kim@alpha.example"),
		pressed(f, id_of(60)) };
	struct cs_err err = { 0 };

	(void)run_events(f, NOW, events, 2);
	enum cs_code code = db_send(f->db, sql, NULL, 0, -1, &err);

	if (code == CS_OK)
		code = db_settle(f->db, &err);
	assert_int_equal(code, CS_INTERNAL);
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

/*
 * With two mails.  Its request's id is random, as that of one that came with an Idempotency-Key is: most of these
 * seem to be from times to come, and some from long ago.
 */
static void
add_challenge(struct fixture *f, int64_t since_ms, const char *check_id)
{
	script(f,
	    cs_arena_printf(f->arena,
		"with c as (insert into challenge values (gen_random_uuid(), '%s', '', '', '', 0, 0, 2, 2, '',"
		" '00000000-0000-0000-0000-000000000000', 1, '', %lld) returning request, check_id)"
		" insert into mail select gen_random_uuid(), request, check_id, 'a@b.example', 'b.example',"
		" 'demo', 'alice', decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 32), 'hex'), 1, 2,"
		" 'sent', false, '', '', 'email-token', 0, 0 from c, generate_series(1, 2)",
		check_id, (long long)since_ms));
}

static bool
sweep(struct fixture *f, uint32_t life_days, uint32_t keep_days)
{
	const struct mailbox_service mailbox = { .life_days = life_days, .keep_days = keep_days };
	struct cs_err err = { 0 };
	bool more = true;

	ok(store_sweep_cases(&mailbox, f->db, NOW, f->arena, &more, &err), &err);
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

	script(f, "truncate challenge, mail");
	for (size_t i = 0; i < LEN(cases); i++) {
		add_challenge(f, cases[i].born_ms, "mailbox-1");
		add_challenge(f, cases[i].born_ms, "mailbox-2");
		assert_false(sweep(f, cases[i].life_days, cases[i].keep_days));
		if (count(f, "select count(*) from challenge") != (cases[i].kept ? 2 : 0) ||
		    count(f, "select count(*) from mail") != (cases[i].kept ? 4 : 0))
			fail_msg("case %zu", i);
		script(f, "truncate challenge, mail");
	}
}

/* 99 requests, each with 21 mailboxes, and a young one whose id says that it is old. */
static void
more_than_one_sweep_s_worth_is_swept_in_several(void **state)
{
	struct fixture *f = *state;

	script(f, "truncate challenge, mail");
	for (int i = 0; i < 99; i++)
		script(f,
		    cs_arena_printf(f->arena,
			"with r as (select gen_random_uuid() as id)"
			" insert into challenge select id, 'mailbox-' || i, '', '', '', 0, 0, 0, 0, '',"
			" '00000000-0000-0000-0000-000000000000', 1, '', %d from r, generate_series(1, 21) i",
			i));
	add_challenge(f, NOW, "mailbox-1");
	script(f,
	    cs_arena_printf(f->arena,
		"insert into challenge values ('00000000-0001-8000-8000-000000000000', 'mailbox-1',"
		" '', '', '', 0, 0, 0, 0, '', '00000000-0000-0000-0000-000000000000', 1, '', %lld)",
		(long long)NOW));
	assert_true(sweep(f, 30, 40));
	assert_int_equal(count(f, "select count(*) from challenge"), 81);
	assert_false(sweep(f, 30, 40));
	assert_int_equal(count(f, "select count(*) from challenge"), 2);
	assert_int_equal(count(f, "select count(*) from mail"), 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_challenge_comes_back_as_it_was_saved),
		cmocka_unit_test(changes_come_back_too),
		cmocka_unit_test(a_mail_that_found_no_way_is_no_reason_to_wait),
		cmocka_unit_test(a_press_before_its_order_comes_back),
		cmocka_unit_test(counts_mails_of_the_last_hour_and_day),
		cmocka_unit_test(counts_across_requests_and_spellings),
		cmocka_unit_test(another_accounts_mails_are_its_own),
		cmocka_unit_test(a_batch_of_many_requests_is_one_save),
		cmocka_unit_test(the_slower_of_two_replicas_is_told),
		cmocka_unit_test(two_replicas_cannot_both_make_the_last_mail),
		cmocka_unit_test(no_code_lies_in_the_tables),
		cmocka_unit_test(the_table_itself_refuses_a_code_that_lives_too_long),
		cmocka_unit_test(
		    challenges_are_kept_for_days_after_the_latest_end_of_their_request),
		cmocka_unit_test(more_than_one_sweep_s_worth_is_swept_in_several),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
