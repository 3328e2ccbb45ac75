/* SPDX-License-Identifier: Apache-2.0 */
/* Batches through the real skeleton: octets in, octets out, the store in memory. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "base/text.h"
#include "fake_store.h"
#include "fake_world.h"
#include "svc/svc_test.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CHALLENGE "evidence.mailbox-challenge"

/* Fields of MailboxChallenge and of SubmitTokenAnswer. */
enum {
	STATE = 4,
	REPLY = 5,
	MAILS_SENT = 8,
	REASON = 10,
	MEND = 12,
	STATUS = 13,
	NEXT_TRY = 14,
	ROUTES = 15,
	METHOD = 17
};
enum { RESULT = 1, TRIES_LEFT = 2 };

struct stage {
	struct fake_world *world;
	struct cs_arena *arena;
	struct svc_test *test;
	struct svc_service service;
	struct cs_id request;
	int64_t now_ms;
};

static void
stage_begin(struct stage *stage, struct fake_world *world)
{
	*stage = (struct stage){ .world = world, .arena = world->arena };
	stage->service = (struct svc_service){
		.name = "mailbox-validator",
		.mode = SVC_BATCH,
		.self = &world->mailbox,
		.routes = mailbox_routes,
		.load = store_load_cases,
		.save = store_save_cases,
	};
	fake_store_reset();
	stage->now_ms = FAKE_NOW;
	stage->test = svc_test_new(&stage->service, FAKE_NOW);
	stage->request = fake_request(1);
}

static void
stage_end(struct stage *stage)
{
	svc_test_free(stage->test);
	fake_store_reset();
}

static void
run(struct stage *stage, const struct svc_test_event *events, size_t n)
{
	svc_test_set_time(stage->test, stage->now_ms);
	svc_test_run(stage->test, events, n);
}

static void
run_one(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	run(stage, &(struct svc_test_event){ .id = id, .subject = subject, .body = body }, 1);
}

static struct svc_test_event
asked(const struct stage *stage, const char *id, uint32_t attempt)
{
	return (struct svc_test_event){ .id = id,
		.subject = "plan.mailbox-asked",
		.body = fake_asked(stage->arena,
		    fake_order(stage->request, "mailbox-1", "bob@alpha.example", attempt)) };
}

static struct svc_test_event
pressed(const struct stage *stage, const char *id, const char *check_id)
{
	return (struct svc_test_event){ .id = id,
		.subject = "request.verification-asked",
		.body = fake_pressed(stage->arena, stage->request, check_id, "alice") };
}

/* The i-th mail that was ordered. */
static struct mailbox_letter
letter(const struct stage *stage, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "work.mail", i);
	struct mailbox_letter letter;
	struct cs_err err;

	if (out == NULL)
		fail_msg("no mail number %zu", i);
	if (wire_read_letter(stage->arena, out->body, &letter, &err))
		fail_msg("%s", err.text);
	return letter;
}

static char *
code_in(const struct stage *stage, size_t i)
{
	const struct mailbox_letter mail = letter(stage, i);
	char *text = cs_arena_alloc(stage->arena, MAILBOX_TOKEN_TEXT);
	uint8_t token[MAILBOX_TOKEN];

	mailbox_token_make(stage->world->mailbox.token_key, mail.mail, mail.nonce, token);
	mailbox_token_format(token, text);
	return text;
}

static const char *
submit(struct stage *stage, const char *id, const char *code)
{
	struct cs_span body;
	uint32_t status;

	run_one(stage, id, "ask.mailbox.submit",
	    fake_submit(stage->arena, stage->request, "mailbox-1", "alice", code));
	if (!svc_test_reply(stage->test, id, &status, &body))
		fail_msg("%s was not answered", id);
	return fake_text(stage->arena, body, RESULT);
}

/* One host of a signed domain. */
static struct cs_span
a_route(const struct stage *stage)
{
	static const char *const hosts[] = { "10 mx.alpha.example" };
	static uint8_t digest[CLAIM_DIGEST] = { 7 };
	struct claim_lookup lookup = { .name = "alpha.example",
		.type = "MX",
		.security = CLAIM_DNSSEC_SECURE,
		.why = "",
		.ttl_s = 300,
		.records = { (const char **)hosts, 1 },
		.wire_sha256 = { digest, sizeof(digest) },
		.answered_at_ms = FAKE_NOW - 3 };
	const struct mailbox_route route = { .security = CLAIM_DNSSEC_SECURE,
		.found_at = "alpha.example",
		.ttl_s = 300,
		.lookups = &lookup,
		.n_lookups = 1,
		.seen = { (const char **)hosts, 1 },
		.checked_at_ms = FAKE_NOW - 3 };

	return wire_write_route(stage->arena, &route);
}

static void
deliver(struct stage *stage, const char *id, size_t i, enum mailbox_delivery delivery,
    const char *reply)
{
	const struct mailbox_mailed mailed = { .check_id = "mailbox-1",
		.mail = letter(stage, i).mail,
		.delivery = delivery,
		.attempt = 1,
		.reason = delivery == MAILBOX_ACCEPTED ? "" : "smtp-refused",
		.clause = "",
		.reply = reply,
		.route = a_route(stage) };

	run(stage,
	    &(struct svc_test_event){ .id = id,
		.subject = "work.mail",
		.body = wire_write_mailed(stage->arena, &mailed),
		.key = stage->request },
	    1);
}

/* The i-th evidence, its signature and its key's right verified. */
static struct claim_evidence
evidence(const struct stage *stage, size_t i)
{
	const struct svc_test_out *out = svc_test_out(stage->test, "evidence.mailbox", i);
	struct claim_evidence got;
	struct cs_err err;

	if (out == NULL)
		fail_msg("no evidence number %zu", i);
	if (claim_open_evidence(
		stage->arena, stage->world->trust, out->body, stage->now_ms, &got, &err))
		fail_msg("%s", err.text);
	return got;
}

static const char *
told(const struct stage *stage, size_t i, unsigned field)
{
	const struct svc_test_out *out = svc_test_out(stage->test, CHALLENGE, i);

	if (out == NULL)
		fail_msg("no challenge event number %zu", i);
	return fake_text(stage->arena, out->body, field);
}

/* ---- the usual way ---- */

static void
a_mailbox_is_proved_from_order_to_evidence(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run(&stage, (struct svc_test_event[]){ asked(&stage, "e1", 1) }, 1);
	run(&stage, (struct svc_test_event[]){ pressed(&stage, "e2", "mailbox-1") }, 1);
	assert_int_equal(svc_test_out(stage.test, "work.mail", 0)->due_ms, FAKE_NOW);
	assert_string_equal(letter(&stage, 0).mailbox, "bob@alpha.example");
	deliver(&stage, "w1", 0, MAILBOX_ACCEPTED, "250 ok");
	assert_string_equal(told(&stage, 0, STATE), "sent");
	assert_string_equal(told(&stage, 0, REPLY), "250 ok");
	assert_int_equal(fake_number(svc_test_out(stage.test, CHALLENGE, 0)->body, MAILS_SENT), 1);
	assert_string_equal(submit(&stage, "q1", "AAAA"), "wrong");
	assert_string_equal(submit(&stage, "q2", code_in(&stage, 0)), "verified");

	const struct claim_evidence got = evidence(&stage, 0);

	assert_true(cs_id_equal(got.request, stage.request));
	assert_string_equal(got.check_id, "mailbox-1");
	assert_int_equal(got.kind, CLAIM_MAILBOX);
	assert_int_equal(got.outcome, CLAIM_PROVED);
	assert_string_equal(got.target, "bob@alpha.example");
	assert_string_equal(got.method, "email-token");
	assert_string_equal(got.enterprise, "demo");
	assert_string_equal(got.account, "alice");
	assert_string_equal(got.clause, "SBR 3.2.2.2");
	assert_string_equal(got.rules_version, CLAIM_RULES_VERSION);
	assert_int_equal(got.attempt, 1);
	assert_int_equal(got.valid_until_ms, FAKE_NOW + 30 * CS_DAY_MS);
	assert_non_null(strstr(got.detail, "account=alice"));
	assert_int_equal(got.security, CLAIM_DNSSEC_SECURE);
	assert_string_equal(got.found_at, "alpha.example");
	assert_int_equal(got.seen.n, 1);
	assert_string_equal(got.seen.items[0], "10 mx.alpha.example");
	assert_int_equal(got.n_lookups, 1);
	assert_string_equal(got.lookups[0].type, "MX");
	assert_int_equal(got.lookups[0].wire_sha256.data[0], 7);
	assert_string_equal(told(&stage, 0, ROUTES), "10 mx.alpha.example");
	stage_end(&stage);
}

static void
a_right_code_again_makes_no_new_evidence(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	assert_string_equal(submit(&stage, "q1", code_in(&stage, 0)), "verified");
	assert_string_equal(submit(&stage, "q2", code_in(&stage, 0)), "verified");
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 1);
	stage_end(&stage);
}

/* ---- any order, and twice ---- */

static const char *const orders[] = { "ap", "pa", "aap", "app", "paa", "ppa", "apap", "papa" };

/* "a": the order, "p": the press; each letter that comes again is the same event again. */
static void
play(struct stage *stage, const char *letters, bool one_batch)
{
	const struct svc_test_event a = asked(stage, "e1", 1);
	const struct svc_test_event p = pressed(stage, "e2", "mailbox-1");
	struct svc_test_event events[8];
	size_t n = 0;

	for (; letters[n] != '\0'; n++)
		events[n] = letters[n] == 'a' ? a : p;
	for (size_t i = 0; i < n && !one_batch; i++)
		run(stage, &events[i], 1);
	if (one_batch)
		run(stage, events, n);
}

static void
makes_one_mail_in_whatever_order_events_come(void **state)
{
	for (size_t i = 0; i < 2 * LEN(orders); i++) {
		struct stage stage;

		stage_begin(&stage, *state);
		play(&stage, orders[i / 2], i % 2 == 1);
		if (svc_test_count(stage.test, "work.mail") != 1)
			fail_msg("%s: %zu mails", orders[i / 2],
			    svc_test_count(stage.test, "work.mail"));
		if (svc_test_count(stage.test, CHALLENGE) != 0)
			fail_msg("%s: an event too many", orders[i / 2]);
		assert_string_equal(submit(&stage, "q", code_in(&stage, 0)), "verified");
		stage_end(&stage);
	}
}

static void
a_second_press_within_a_minute_is_deferred_with_the_reason(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1"),
		pressed(&stage, "e3", "mailbox-1") },
	    3);
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	assert_string_equal(told(&stage, 0, STATE), "deferred");
	assert_non_null(strstr(told(&stage, 0, REPLY), "minute"));
	stage_end(&stage);
}

/* Whose limit is reached by many requests in one batch. */
static void
many_requests_of_one_batch_share_the_limit_of_a_mailbox(void **state)
{
	struct svc_test_event events[40];
	struct stage stage;

	stage_begin(&stage, *state);
	for (unsigned i = 0; i < 20; i++) {
		stage.request = fake_request(i);
		events[2 * i] = asked(&stage, cs_arena_printf(stage.arena, "a%u", i), 1);
		events[2 * i + 1] =
		    pressed(&stage, cs_arena_printf(stage.arena, "p%u", i), "mailbox-1");
	}
	run(&stage, events, 40);
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	assert_int_equal(svc_test_count(stage.test, CHALLENGE), 19);
	stage_end(&stage);
}

static void
a_press_for_another_kind_of_check_leaves_nothing(void **state)
{
	static const char *const others[] = { "caa-1", "mpic-caa-1", "domain-1", "mailbox-0",
		"mailbox-1'; drop table mail" };
	struct stage stage;

	stage_begin(&stage, *state);
	for (size_t i = 0; i < LEN(others); i++) {
		run(&stage, (struct svc_test_event[]){ pressed(&stage, others[i], others[i]) }, 1);
		assert_true(svc_test_acked(stage.test, others[i]));
	}
	assert_int_equal(fake_store_rows(), 0);
	assert_int_equal(svc_test_count(stage.test, CHALLENGE), 0);
	stage_end(&stage);
}

static void
a_poisoned_request_hurts_no_neighbour(void **state)
{
	struct svc_test_event events[2];
	struct stage stage;

	stage_begin(&stage, *state);
	fake_store_reject(fake_request(1));
	for (unsigned i = 1; i <= 2; i++) {
		stage.request = fake_request(i);
		events[i - 1] = asked(&stage, i == 1 ? "e1" : "e2", 1);
	}
	run(&stage, events, 2);
	assert_false(svc_test_acked(stage.test, "e1"));
	assert_true(svc_test_acked(stage.test, "e2"));
	stage_end(&stage);
}

/* The second run has other random octets: only what was saved may be told. */
static void
a_conflict_makes_one_mail_and_its_code_counts(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	fake_store_conflict(1);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 1);
	assert_string_equal(submit(&stage, "q1", code_in(&stage, 0)), "verified");
	stage_end(&stage);
}

/* ---- whose code ---- */

static void
a_code_of_another_request_or_account_never_works(void **state)
{
	struct stage stage;
	uint32_t status;
	struct cs_span body;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	const char *code = code_in(&stage, 0);

	stage.now_ms += CS_MINUTE_MS;
	stage.request = fake_request(2);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e3", 1), pressed(&stage, "e4", "mailbox-1") },
	    2);
	assert_int_equal(svc_test_count(stage.test, "work.mail"), 2);
	assert_string_equal(submit(&stage, "q1", code), "wrong");
	stage.request = fake_request(1);
	run_one(&stage, "q2", "ask.mailbox.submit",
	    fake_submit(stage.arena, stage.request, "mailbox-1", "bob", code));
	assert_true(svc_test_reply(stage.test, "q2", &status, &body));
	assert_string_equal(fake_text(stage.arena, body, RESULT), "unknown");
	run_one(&stage, "q3", "ask.mailbox.submit",
	    fake_submit(stage.arena, stage.request, "mailbox-2", "alice", code));
	assert_true(svc_test_reply(stage.test, "q3", &status, &body));
	assert_string_equal(fake_text(stage.arena, body, RESULT), "unknown");
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 0);
	assert_int_equal(fake_store_rows(), 2); /* a question about nothing leaves nothing */
	stage_end(&stage);
}

/* Five guesses in one batch are five tries: they are folded, not raced. */
static void
guesses_of_one_batch_are_all_counted(void **state)
{
	struct svc_test_event events[7];
	struct stage stage;
	uint32_t status;
	struct cs_span body;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	for (int i = 0; i < 7; i++)
		events[i] = (struct svc_test_event){ .id = cs_arena_printf(stage.arena, "q%d", i),
			.subject = "ask.mailbox.submit",
			.body = fake_submit(stage.arena, stage.request, "mailbox-1", "alice",
			    i < 6 ? "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"
				  : code_in(&stage, 0)) };
	run(&stage, events, 7);
	for (int i = 0; i < 7; i++) {
		assert_true(svc_test_reply(stage.test, events[i].id, &status, &body));
		assert_string_equal(fake_text(stage.arena, body, RESULT), i < 4 ? "wrong" : "void");
		assert_int_equal(fake_number(body, TRIES_LEFT), i < 4 ? 4 - i : 0);
	}
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 0);
	stage_end(&stage);
}

/* ---- retries ---- */

static void
a_mail_that_is_not_taken_is_tried_again(void **state)
{
	struct stage stage;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	deliver(&stage, "w1", 0, MAILBOX_TRY_AGAIN, "451 4.3.0 later");
	assert_string_equal(told(&stage, 0, STATE), "deferred");
	assert_string_equal(told(&stage, 0, STATUS), "4.3.0");
	assert_int_equal(fake_number(svc_test_out(stage.test, CHALLENGE, 0)->body, NEXT_TRY),
	    FAKE_NOW + CS_MINUTE_MS);
	assert_int_equal(svc_test_out(stage.test, "again", 0)->due_ms, FAKE_NOW + CS_MINUTE_MS);
	assert_int_equal(
	    svc_test_count(stage.test, "work.mail"), 1); /* the same row, not a new one */
	deliver(&stage, "w2", 0, MAILBOX_NEVER, "550 no such user");
	assert_string_equal(told(&stage, 1, STATE), "refused");
	assert_string_equal(told(&stage, 1, REASON), "smtp-refused");
	assert_non_null(strstr(told(&stage, 1, MEND), "press Verify"));
	assert_string_equal(told(&stage, 1, STATUS), "");
	assert_int_equal(fake_number(svc_test_out(stage.test, CHALLENGE, 1)->body, NEXT_TRY), 0);
	assert_int_equal(svc_test_count(stage.test, "again"), 1);
	assert_string_equal(submit(&stage, "q1", code_in(&stage, 0)), "not-sent");
	stage_end(&stage);
}

/* ---- what comes back ---- */

static void
a_bounce_is_told(void **state)
{
	struct stage stage;
	struct mailbox_bounced got;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){ asked(&stage, "e1", 1), pressed(&stage, "e2", "mailbox-1") },
	    2);
	deliver(&stage, "w1", 0, MAILBOX_ACCEPTED, "250 ok");
	const struct mailbox_bounced bounced = {
		.path = mailbox_return_of(
		    MAILBOX_BOUNCES, stage.request, "mailbox-1", letter(&stage, 0).mail),
		.for_good = true,
		.status = "5.1.1",
		.reply = "550 5.1.1 unknown user",
	};
	struct cs_span body = wire_write_bounced(stage.arena, &bounced);

	run(&stage,
	    &(struct svc_test_event){
		.id = "b1", .subject = "mail.bounced", .body = body, .key = stage.request },
	    1);
	assert_string_equal(told(&stage, 1, STATE), "refused");
	assert_string_equal(told(&stage, 1, REASON), "bounced");
	assert_string_equal(told(&stage, 1, STATUS), "5.1.1");
	assert_string_equal(told(&stage, 1, REPLY), "550 5.1.1 unknown user");
	assert_string_equal(told(&stage, 1, ROUTES), "10 mx.alpha.example");
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 0);
	for (size_t len = 0; len < body.len; len++)
		assert_int_equal(
		    wire_read_bounced(stage.arena, cs_span_of(body.data, len), &got, NULL),
		    CS_MALFORMED);
	stage_end(&stage);
}

/* ---- answers by mail ---- */

static struct svc_test_event
asked_for_answer(const struct stage *stage, const char *id)
{
	struct claim_asked order = fake_order(stage->request, "mailbox-1", "bob@alpha.example", 1);

	order.check.method = "email-reply";
	return (struct svc_test_event){
		.id = id, .subject = "plan.mailbox-asked", .body = fake_asked(stage->arena, order)
	};
}

static struct cs_span
reply_of(struct stage *stage, const char *id, const char *subject, struct cs_span body)
{
	struct cs_span got;
	uint32_t status;

	run(stage,
	    &(struct svc_test_event){
		.id = id, .subject = subject, .body = body, .key = stage->request },
	    1);
	assert_true(svc_test_reply(stage->test, id, &status, &got));
	return status == 200 ? got : cs_span_str(NULL);
}

static void
a_mailbox_is_proved_by_its_answer(void **state)
{
	struct stage stage;
	struct mailbox_expected expected, cut;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){
		asked_for_answer(&stage, "e1"), pressed(&stage, "e2", "mailbox-1") },
	    2);
	const struct mailbox_letter mail = letter(&stage, 0);
	const struct mailbox_return path =
	    mailbox_return_of(MAILBOX_REPLIES, stage.request, "mailbox-1", mail.mail);
	const struct cs_span key = stage.world->mailbox.token_key;
	char part2[REPLY_PART1_TEXT];

	assert_int_equal(mail.way, MAILBOX_BY_REPLY);
	deliver(&stage, "w1", 0, MAILBOX_ACCEPTED, "250 ok");
	assert_string_equal(told(&stage, 0, METHOD), "email-reply");
	/* What the session is told is what the mail's answer is made with. */
	struct cs_span answer = reply_of(&stage, "q1", "ask.mailbox.reply",
	    fake_pressed(stage.arena, stage.request, "mailbox-1", "alice"));

	mailbox_answer_part2(key, stage.request, "mailbox-1", part2);
	assert_string_equal(fake_text(stage.arena, answer, 1), "open");
	assert_string_equal(fake_text(stage.arena, answer, 2), part2);
	answer = reply_of(&stage, "q2", "ask.mailbox.reply",
	    fake_pressed(stage.arena, stage.request, "mailbox-1", "bob"));
	assert_string_equal(fake_text(stage.arena, answer, 1), "not-sent");
	assert_string_equal(fake_text(stage.arena, answer, 2), "");
	/* A mail comes, and what it must answer is found. */
	struct cs_span row =
	    reply_of(&stage, "c1", "mail.came", wire_write_path(stage.arena, &path));

	assert_int_equal(wire_read_expected(stage.arena, row, &expected, NULL), CS_OK);
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_expected(stage.arena, cs_span_of(row.data, len), &cut, NULL),
		    CS_MALFORMED);
	assert_string_equal(expected.mailbox, "bob@alpha.example");
	struct mailbox_answered answered = { .path = path,
		.reason = "",
		.clause = "",
		.text = "",
		.signed_by = "domain=alpha.example key=s1._domainkey.alpha.example",
		.key = a_route(&stage) };
	uint8_t digest[REPLY_DIGEST];

	mailbox_answer_digest(key, stage.request, "mailbox-1", expected.request_digest,
	    expected.mail, expected.nonce, digest);
	mailbox_answer_tag(key, digest, answered.tag);
	(void)reply_of(&stage, "a1", "mail.answered", wire_write_answered(stage.arena, &answered));
	const struct claim_evidence got = evidence(&stage, 0);

	assert_string_equal(got.method, "email-reply");
	assert_string_equal(got.clause, "SBR 3.2.2.4; RFC 8823 3.2");
	assert_non_null(strstr(got.detail, "key=s1._domainkey.alpha.example"));
	assert_int_equal(got.n_lookups, 2); /* of the route and of the key */
	assert_int_equal(got.security, CLAIM_DNSSEC_SECURE);
	/* Again, and it is awaited no more. */
	(void)reply_of(&stage, "a2", "mail.answered", wire_write_answered(stage.arena, &answered));
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 1);
	row = reply_of(&stage, "c2", "mail.came", wire_write_path(stage.arena, &path));
	assert_int_equal(row.len, 0);
	stage_end(&stage);
}

static void
an_answer_that_breaks_a_rule_is_told(void **state)
{
	struct stage stage;
	struct mailbox_answered answered = { .reason = "reply-unsigned",
		.clause = "RFC 8823 3.2",
		.text = "the mail is not signed by its domain",
		.signed_by = "" },
				got;

	stage_begin(&stage, *state);
	run(&stage,
	    (struct svc_test_event[]){
		asked_for_answer(&stage, "e1"), pressed(&stage, "e2", "mailbox-1") },
	    2);
	answered.path =
	    mailbox_return_of(MAILBOX_REPLIES, stage.request, "mailbox-1", letter(&stage, 0).mail);
	deliver(&stage, "w1", 0, MAILBOX_ACCEPTED, "250 ok");
	struct cs_span body = wire_write_answered(stage.arena, &answered);

	(void)reply_of(&stage, "a1", "mail.answered", body);
	assert_string_equal(told(&stage, 1, STATE), "sent");
	assert_string_equal(told(&stage, 1, REASON), "reply-unsigned");
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 0);
	for (size_t len = 0; len < body.len; len++)
		assert_int_equal(
		    wire_read_answered(stage.arena, cs_span_of(body.data, len), &got, NULL),
		    CS_MALFORMED);
	stage_end(&stage);
}

/* ---- nothing that is malformed gets through ---- */

static void
refuses_orders_that_are_not_ours(void **state)
{
	struct fake_world *world = *state;
	struct claim_asked good = fake_order(fake_request(1), "mailbox-1", "bob@alpha.example", 1);
	struct mailbox_asked ret;
	struct claim_asked bad[7];

	for (size_t i = 0; i < LEN(bad); i++)
		bad[i] = good;
	bad[0].check.method = "other";
	bad[1].check.account = "";
	bad[2].check.freshness_ms = 0;
	bad[3].check.attempt = 0;
	bad[4].check.id = "caa-1";
	bad[5].check.expected = cs_span_str("x");
	bad[6].check.kind = CLAIM_CAA;
	bad[6].check.target = "alpha.example";
	assert_int_equal(
	    wire_read_asked(world->arena, fake_asked(world->arena, good), &ret, NULL), CS_OK);
	for (size_t i = 0; i < LEN(bad); i++)
		if (wire_read_asked(world->arena, fake_asked(world->arena, bad[i]), &ret, NULL) !=
		    CS_MALFORMED)
			fail_msg("bad order %zu was read", i);
}

static void
rows_are_read_whole_or_not_at_all(void **state)
{
	struct fake_world *world = *state;
	const struct mailbox_letter letter = { .check_id = "mailbox-1",
		.mailbox = "bob@alpha.example",
		.enterprise = "demo",
		.account = "alice",
		.expires_ms = -5 };
	const struct mailbox_mailed mailed = { .check_id = "mailbox-1",
		.mail = fake_request(3),
		.delivery = MAILBOX_NEVER,
		.attempt = 7,
		.reason = "smtp-refused",
		.clause = "RFC 5321",
		.reply = "550 no",
		.route = cs_span_str("facts") };
	struct cs_span row = wire_write_letter(world->arena, &letter);
	struct mailbox_letter got_letter;
	struct mailbox_mailed got;

	assert_int_equal(wire_read_letter(world->arena, row, &got_letter, NULL), CS_OK);
	assert_int_equal(got_letter.expires_ms, -5);
	assert_string_equal(got_letter.account, "alice");
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_letter(world->arena, cs_span_of(row.data, len), &got_letter, NULL),
		    CS_MALFORMED);
	row = wire_write_mailed(world->arena, &mailed);
	assert_int_equal(wire_read_mailed(world->arena, row, &got, NULL), CS_OK);
	assert_int_equal(got.delivery, MAILBOX_NEVER);
	assert_int_equal(got.attempt, 7);
	assert_string_equal(got.reason, "smtp-refused");
	assert_string_equal(got.clause, "RFC 5321");
	assert_string_equal(got.reply, "550 no");
	assert_true(cs_span_is(got.route, "facts"));
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_mailed(world->arena, cs_span_of(row.data, len), &got, NULL),
		    CS_MALFORMED);
}

static void
a_route_is_read_whole_or_not_at_all(void **state)
{
	struct stage stage;
	struct mailbox_route got;

	stage_begin(&stage, *state);
	struct cs_span row = a_route(&stage);

	assert_int_equal(wire_read_route(stage.arena, row, &got, NULL), CS_OK);
	assert_int_equal(got.checked_at_ms, FAKE_NOW - 3);
	assert_string_equal(got.lookups[0].records.items[0], "10 mx.alpha.example");
	for (size_t len = 0; len < row.len; len++)
		assert_int_equal(
		    wire_read_route(stage.arena, cs_span_of(row.data, len), &got, NULL),
		    CS_MALFORMED);
	stage_end(&stage);
}

/* ---- the canary ---- */

/* Everything that the service let out, and what it keeps. */
struct leaks {
	struct cs_buf all;
	FILE *log;
	int stderr_fd;
};

static void
leaks_begin(struct leaks *leaks, struct stage *stage)
{
	leaks->all = cs_buf_new(stage->arena);
	leaks->log = tmpfile();
	cs_assert(leaks->log != NULL);
	(void)fflush(stderr);
	leaks->stderr_fd = dup(STDERR_FILENO);
	cs_assert(dup2(fileno(leaks->log), STDERR_FILENO) == STDERR_FILENO);
	svc_test_set_log(stage->test, LOG_DEBUG);
}

static size_t
leaks_end(struct leaks *leaks, const struct stage *stage)
{
	char line[4096];
	size_t n, before = leaks->all.len;
	static const char *const subjects[] = { "work.mail", "evidence.mailbox", CHALLENGE };

	(void)fflush(stderr);
	cs_assert(dup2(leaks->stderr_fd, STDERR_FILENO) == STDERR_FILENO);
	(void)close(leaks->stderr_fd);
	rewind(leaks->log);
	while ((n = fread(line, 1, sizeof(line), leaks->log)) > 0)
		cs_buf_add(&leaks->all, line, n);
	(void)fclose(leaks->log);
	size_t log_len = leaks->all.len - before;

	for (size_t s = 0; s < LEN(subjects); s++)
		for (size_t i = 0; i < svc_test_count(stage->test, subjects[s]); i++)
			cs_buf_add_span(
			    &leaks->all, svc_test_out(stage->test, subjects[s], i)->body);
	cs_buf_add_span(&leaks->all, fake_store_octets(stage->arena));
	return log_len;
}

static bool
holds(struct cs_span all, const void *what, size_t len)
{
	return memmem(all.data, all.len, what, len) != NULL;
}

/* In any of the forms in which a token could get out. */
static bool
shows(const struct stage *stage, struct cs_span all, const char *code)
{
	char *plain = cs_arena_strdup(stage->arena, code);
	uint8_t token[MAILBOX_TOKEN];
	size_t n = 0;

	for (const char *c = code; *c != '\0'; c++)
		if (*c != '-')
			plain[n++] = *c;
	plain[n] = '\0';
	cs_assert(mailbox_token_read(cs_span_str(code), token));
	const char *hex = cs_hex(stage->arena, cs_span_of(token, sizeof(token)));
	const char *base64 = cs_base64(stage->arena, cs_span_of(token, sizeof(token)));
	bool found = holds(all, code, strlen(code)) || holds(all, plain, n) ||
		     holds(all, hex, strlen(hex)) || holds(all, base64, strlen(base64)) ||
		     holds(all, token, sizeof(token));

	for (char *c = plain; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	return found || holds(all, plain, n);
}

static void
collect_answer(struct stage *stage, struct leaks *leaks, const char *id, const char *code)
{
	struct cs_span body;
	uint32_t status;

	(void)submit(stage, id, code);
	assert_true(svc_test_reply(stage->test, id, &status, &body));
	cs_buf_add_span(&leaks->all, body);
}

static void
no_code_gets_out_of_here(void **state)
{
	struct stage stage;
	struct leaks leaks;

	stage_begin(&stage, *state);
	leaks_begin(&leaks, &stage);
	run(&stage,
	    (struct svc_test_event[]){ pressed(&stage, "e1", "mailbox-1"), asked(&stage, "e2", 1) },
	    2);
	deliver(&stage, "w1", 0, MAILBOX_TRY_AGAIN, "451 later");
	deliver(&stage, "w2", 0, MAILBOX_ACCEPTED, "250 ok");
	stage.now_ms += CS_MINUTE_MS;
	run(&stage, (struct svc_test_event[]){ pressed(&stage, "e3", "mailbox-1") }, 1);
	deliver(&stage, "w3", 1, MAILBOX_ACCEPTED, "250 ok");
	char *first = code_in(&stage, 0), *second = code_in(&stage, 1);
	char *typed = cs_arena_strdup(stage.arena, first);

	typed[3] = typed[3] == 'A' ? 'B' : 'A'; /* nearly right: what was typed is secret too */
	collect_answer(&stage, &leaks, "q1", typed);
	collect_answer(&stage, &leaks, "q2", cs_arena_printf(stage.arena, "%s!", first));
	collect_answer(&stage, &leaks, "q3", first);
	collect_answer(&stage, &leaks, "q4", first);
	collect_answer(&stage, &leaks, "q5", second);
	stage.now_ms += 2 * CS_DAY_MS;
	collect_answer(&stage, &leaks, "q6", second);
	size_t log_len = leaks_end(&leaks, &stage);
	struct cs_span all = cs_buf_span(&leaks.all);

	assert_true(log_len > 500); /* there were lines to look at */
	assert_int_equal(svc_test_count(stage.test, "evidence.mailbox"), 1);
	assert_false(shows(&stage, all, first));
	assert_false(shows(&stage, all, second));
	assert_false(shows(&stage, all, typed));
	cs_buf_add_str(&leaks.all, first); /* the canary does sing */
	assert_true(shows(&stage, cs_buf_span(&leaks.all), first));
	stage_end(&stage);
}

static void
an_unreadable_question_does_not_show_its_code(void **state)
{
	struct stage stage;
	struct mailbox_submitted ret;
	struct cs_id request;
	struct cs_err err;
	const char *code = "ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23-4567";

	stage_begin(&stage, *state);
	struct cs_span bodies[] = {
		fake_submit(stage.arena, stage.request, "mailbox-1", "", code),
		fake_submit(stage.arena, stage.request, code, "a\nb", code),
		cs_span_str(code),
	};

	for (size_t i = 0; i < LEN(bodies); i++) {
		assert_int_equal(wire_read_submit(stage.arena, stage.world->mailbox.token_key,
				     bodies[i], &request, &ret, &err),
		    CS_MALFORMED);
		assert_false(shows(&stage, cs_span_str(err.text), code));
	}
	stage_end(&stage);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mailbox_is_proved_from_order_to_evidence),
		cmocka_unit_test(a_right_code_again_makes_no_new_evidence),
		cmocka_unit_test(makes_one_mail_in_whatever_order_events_come),
		cmocka_unit_test(a_second_press_within_a_minute_is_deferred_with_the_reason),
		cmocka_unit_test(many_requests_of_one_batch_share_the_limit_of_a_mailbox),
		cmocka_unit_test(a_press_for_another_kind_of_check_leaves_nothing),
		cmocka_unit_test(a_poisoned_request_hurts_no_neighbour),
		cmocka_unit_test(a_conflict_makes_one_mail_and_its_code_counts),
		cmocka_unit_test(a_code_of_another_request_or_account_never_works),
		cmocka_unit_test(guesses_of_one_batch_are_all_counted),
		cmocka_unit_test(a_mail_that_is_not_taken_is_tried_again),
		cmocka_unit_test(a_bounce_is_told),
		cmocka_unit_test(a_mailbox_is_proved_by_its_answer),
		cmocka_unit_test(an_answer_that_breaks_a_rule_is_told),
		cmocka_unit_test(refuses_orders_that_are_not_ours),
		cmocka_unit_test(rows_are_read_whole_or_not_at_all),
		cmocka_unit_test(a_route_is_read_whole_or_not_at_all),
		cmocka_unit_test(no_code_gets_out_of_here),
		cmocka_unit_test(an_unreadable_question_does_not_show_its_code),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
