/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of directories as second factors: which tries are let through, and what is stated of them.  The seed: "Active
 * Directory Authentication".
 */
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "fake_stage.h"
#include "fake_store.h"
#include "fake_svc.h"
#include "on_password.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PASSWORD "correct horse"

/* ---- decisions ---- */

/* One person's row, and what counts in the hour. */
struct desk {
	struct cs_arena *arena;
	struct codes_setting in;
	struct codes_challenge row;
	struct codes_tally tally;
	struct claim_factor_order order;
	uint8_t random[32];
};

static void
desk_begin(struct desk *desk, struct fake_world *world)
{
	*desk = (struct desk){ .arena = world->arena,
		.order = { .request = fake_request(1),
		    .request_digest = { 9 },
		    .enterprise = "demo",
		    .account = "alice",
		    .method = "ldap",
		    .login = "alice",
		    .ordered_at_ms = FAKE_NOW } };
	desk->in = (struct codes_setting){ cs_span_str(FAKE_CODE_KEY), fake_request(1), FAKE_NOW,
		desk->random, world->arena };
}

/* Whether it is let through; what was decided is kept. */
static enum password_begun
begin(struct desk *desk)
{
	desk->order.ordered_at_ms = desk->in.now_ms;
	desk->random[0]++;
	const struct password_try begun =
	    password_decide_try(&desk->in, &desk->row, &desk->order, &desk->tally);

	desk->row = begun.next;
	return begun.result;
}

static struct password_judged
end(struct desk *desk, enum directory_outcome outcome)
{
	const struct password_judged judged =
	    password_decide_bound(&desk->in, &desk->row, &desk->order, outcome);

	desk->row = judged.next;
	return judged;
}

static enum password_verdict
try_once(struct desk *desk, enum directory_outcome outcome)
{
	assert_int_equal(begin(desk), PASSWORD_GO);
	return end(desk, outcome).verdict;
}

static void
what_the_directory_says_decides(void **state)
{
	static const struct {
		enum directory_outcome outcome;
		enum password_verdict verdict;
		uint32_t tries; /* wrong ones that are kept */
		enum codes_state state;
	} cases[] = {
		{ DIRECTORY_BOUND, PASSWORD_PROVED, 1, CODES_USED },
		{ DIRECTORY_WRONG, PASSWORD_WRONG, 1, CODES_OPEN },
		{ DIRECTORY_NO_NAME, PASSWORD_NO_LOGIN, 0, CODES_OPEN },
		{ DIRECTORY_AWAY, PASSWORD_AWAY, 0, CODES_OPEN },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct desk desk;

		desk_begin(&desk, *state);
		assert_int_equal(try_once(&desk, cases[i].outcome), cases[i].verdict);
		assert_int_equal(desk.row.tries, cases[i].tries);
		assert_int_equal(desk.row.state, cases[i].state);
		assert_int_equal(desk.tally.n, 1);
	}
}

static void
five_wrong_passwords_void_it_until_its_time_is_over(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	for (uint32_t left = CODES_TRIES - 1; left > 0; left--) {
		assert_int_equal(begin(&desk), PASSWORD_GO);
		const struct password_judged judged = end(&desk, DIRECTORY_WRONG);

		assert_int_equal(judged.verdict, PASSWORD_WRONG);
		assert_int_equal(judged.tries_left, left);
		desk.in.now_ms += 1000;
	}
	assert_int_equal(begin(&desk), PASSWORD_GO);
	const struct password_judged last = end(&desk, DIRECTORY_WRONG);

	assert_int_equal(last.verdict, PASSWORD_VOID);
	assert_int_equal(last.retry_ms, FAKE_NOW + CODES_LIFE_MS); /* from the first try on */
	desk.in.now_ms = FAKE_NOW + CODES_LIFE_MS - 1;
	assert_int_equal(begin(&desk), PASSWORD_IS_VOID);
	assert_int_equal(desk.tally.n, CODES_TRIES); /* nobody was asked */
	desk.in.now_ms++;
	assert_int_equal(try_once(&desk, DIRECTORY_WRONG), PASSWORD_WRONG);
	assert_int_equal(desk.row.tries, 1);
}

/* As many as are made at once: what is on its way counts. */
/* Its row asks for no code: what was never sent cannot be typed right, whoever asks. */
static void
codes_prove_nothing_where_a_password_is_wanted(void **state)
{
	static const struct codes_typed typed[] = {
		{ "demo", "alice", .unnamed = false },
		{ "demo", "alice", .unnamed = true, .given = { true }, .readable = { true } },
		{ "demo", "alice", .given = { true, true }, .readable = { true, true } },
	};

	for (size_t i = 0; i < LEN(typed); i++) {
		struct desk desk;

		desk_begin(&desk, *state);
		assert_int_equal(try_once(&desk, DIRECTORY_WRONG), PASSWORD_WRONG);
		desk.row.changed = false;
		const struct codes_proved proved =
		    codes_decide_prove(&desk.in, &desk.row, &typed[i]);

		assert_int_equal(proved.verdict, CODES_IS_VOID);
		assert_false(proved.next.changed);
	}
}

static void
no_more_tries_are_under_way_than_there_are(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	for (uint32_t i = 0; i < CODES_TRIES; i++)
		assert_int_equal(begin(&desk), PASSWORD_GO);
	assert_int_equal(begin(&desk), PASSWORD_IS_VOID);
	/* The directory was away for one of them, and the next may be made. */
	assert_int_equal(end(&desk, DIRECTORY_AWAY).verdict, PASSWORD_AWAY);
	assert_int_equal(begin(&desk), PASSWORD_GO);
	/* With the last wrong one nothing that comes later counts, right or not, and nothing is given back. */
	assert_int_equal(end(&desk, DIRECTORY_WRONG).verdict, PASSWORD_VOID);
	assert_int_equal(end(&desk, DIRECTORY_BOUND).verdict, PASSWORD_VOID);
	assert_int_equal(end(&desk, DIRECTORY_AWAY).verdict, PASSWORD_VOID);
	assert_int_equal(begin(&desk), PASSWORD_IS_VOID);
}

static void
ten_tries_an_hour_are_all(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	for (unsigned i = 0; i < CODES_PER_HOUR; i++) {
		desk.order.request_digest[1] = (uint8_t)i; /* of whatever request */
		assert_int_equal(try_once(&desk, i % 2 == 0 ? DIRECTORY_AWAY : DIRECTORY_BOUND),
		    i % 2 == 0 ? PASSWORD_AWAY : PASSWORD_PROVED);
		desk.in.now_ms += 1000;
	}
	const struct password_try begun =
	    password_decide_try(&desk.in, &desk.row, &desk.order, &desk.tally);

	assert_int_equal(begun.result, PASSWORD_TOO_MANY);
	assert_int_equal(begun.retry_ms, FAKE_NOW + CS_HOUR_MS);
	assert_int_equal(desk.tally.n, CODES_PER_HOUR);
}

static void
another_digest_method_or_end_begins_anew(void **state)
{
	enum { DIGEST, METHOD, USED, OVER };

	for (int what = DIGEST; what <= OVER; what++) {
		struct desk desk;

		desk_begin(&desk, *state);
		for (uint32_t i = 0; i < 3; i++)
			(void)try_once(&desk, DIRECTORY_WRONG);
		if (what == DIGEST)
			desk.order.request_digest[31] ^= 1;
		else if (what == METHOD)
			desk.row.method = "email";
		else if (what == USED)
			(void)try_once(&desk, DIRECTORY_BOUND);
		else
			desk.in.now_ms += CODES_LIFE_MS;
		assert_int_equal(begin(&desk), PASSWORD_GO);
		assert_int_equal(desk.row.tries, 1);
		assert_string_equal(desk.row.method, "ldap");
		assert_int_equal(desk.row.expires_ms, desk.in.now_ms + CODES_LIFE_MS);
		assert_memory_equal(
		    desk.row.request_digest, desk.order.request_digest, CLAIM_DIGEST);
	}
}

static void
an_order_is_good_for_two_minutes(void **state)
{
	struct desk desk;

	desk_begin(&desk, *state);
	desk.in.now_ms += CODES_ORDER_MS;
	assert_int_equal(
	    password_decide_try(&desk.in, &desk.row, &desk.order, &desk.tally).result, PASSWORD_GO);
	desk.in.now_ms++;
	const struct password_try begun =
	    password_decide_try(&desk.in, &desk.row, &desk.order, &desk.tally);

	assert_int_equal(begun.result, PASSWORD_STALE);
	assert_false(begun.next.changed);
}

/* ---- the loop thread ---- */

static const struct log_context *
quiet(void)
{
	static const struct log_context log = { .service = "notifier", .level = LOG_ERROR };

	return &log;
}

static void
stage_begin(struct fake_stage *stage, struct fake_world *world)
{
	fake_stage_begin(stage, world);
	fake_svc_use(stage);
	world->notify.book = connector_book_new(world->notify.trust);
}

static void
stage_end(struct fake_stage *stage)
{
	connector_book_free(stage->world->notify.book);
	stage->world->notify.book = NULL;
	fake_svc_use(NULL);
	fake_stage_end(stage);
}

static void
connect(struct fake_stage *stage, const char *enterprise, const char *bind_dn)
{
	const struct connector connector = { .enterprise = enterprise,
		.name = "directory",
		.type = CONNECTOR_LDAP,
		.active = true,
		.endpoint = "ldaps://dir.example",
		.bind_dn = bind_dn };
	const struct claim_setting setting = { .document = { { (uint8_t)enterprise[0] } },
		.kind = "connector",
		.enterprise = enterprise,
		.name = "directory",
		.version = 1,
		.spec = connector_write(stage->arena, &connector),
		.changed_at_ms = 5,
		.changed_by = "platform/root",
		.told_at_ms = FAKE_NOW };
	enum connector_news news;
	struct cs_err err;

	if (connector_book_tell(stage->world->notify.book, stage->arena,
		claim_seal_setting(stage->arena, stage->policy, &setting), FAKE_NOW, &news, NULL,
		&err))
		fail_msg("%s", err.text);
	assert_int_equal(news, CONNECTOR_CHANGED);
}

static struct claim_factor_order
order_of(const struct fake_stage *stage, const char *login)
{
	return (struct claim_factor_order){ .request = fake_request(1),
		.request_digest = { 9 },
		.enterprise = "demo",
		.account = "alice",
		.method = "ldap",
		.email = "",
		.phone = "",
		.login = login,
		.ordered_at_ms = stage->now_ms };
}

/* The question's octets, in which the password is looked for later; empty: it was not read. */
static struct cs_span
ask_as(struct fake_stage *stage, const struct claim_key *key,
    const struct claim_factor_order *order, const char *password)
{
	struct cs_buf body = cs_buf_new(stage->arena);
	struct svc_work *work = CS_NEW(stage->arena, struct svc_work);
	struct svc_event *ev = CS_NEW(stage->arena, struct svc_event);
	struct cs_err err;

	fake_stage_put(&body, 1, claim_seal_factor_order(stage->arena, key, order));
	if (password[0] != '\0')
		fake_stage_put(&body, 2, cs_span_str(password));
	*ev = (struct svc_event){
		.arena = stage->arena, .body = cs_buf_span(&body), .now_ms = stage->now_ms
	};
	if (notify_read_password(&stage->world->notify, ev, &err))
		return cs_span_str(NULL);
	*work = (struct svc_work){ .kind = PASSWORD_ASK,
		.key = ev->key,
		.body = ev->body,
		.what = ev->what,
		.now_ms = stage->now_ms,
		.arena = stage->arena,
		.log = quiet() };
	notify_start(&stage->world->notify, work);
	return ev->body;
}

static struct cs_span
ask(struct fake_stage *stage, const char *login, const char *password)
{
	const struct claim_factor_order order = order_of(stage, login);

	return ask_as(stage, stage->policy, &order, password);
}

/* The i-th answer: its result. */
static const char *
result_of(const struct fake_stage *stage, size_t i)
{
	return fake_text(stage->arena, fake_svc_answer(i), 1);
}

static void
the_right_password_states_the_factor(void **state)
{
	struct fake_stage stage;

	stage_begin(&stage, *state);
	connect(&stage, "demo", "uid={login},ou=people,dc=example");
	const struct cs_span question = ask(&stage, "Doe, Alice", PASSWORD);

	assert_int_equal(fake_svc_finished(), 0);
	assert_int_equal(fake_svc_binds(), 1);
	const struct fake_bind *bind = fake_svc_bind(0);

	assert_false(bind->platform);
	assert_string_equal(bind->endpoint, "ldaps://dir.example");
	assert_string_equal(bind->name, "uid=Doe\\, Alice,ou=people,dc=example");
	assert_string_equal(bind->password, PASSWORD);
	stage.now_ms += 3000;
	fake_svc_bound(0, DIRECTORY_BOUND);
	assert_int_equal(fake_svc_finished(), 1);
	assert_string_equal(result_of(&stage, 0), "proved");
	const struct claim_factor factor = fake_stage_proof(&stage, fake_svc_answer(0));

	assert_true(cs_id_equal(factor.request, fake_request(1)));
	assert_int_equal(factor.request_digest[0], 9);
	assert_string_equal(factor.enterprise, "demo");
	assert_string_equal(factor.account, "alice");
	assert_string_equal(factor.method, "ldap");
	assert_int_equal(factor.proved_at_ms, stage.now_ms);
	/* Nothing went to a lane or a row, and of the question the password is gone. */
	assert_int_equal(svc_test_count(stage.test, "notice.sent"), 0);
	assert_int_equal(svc_test_count(stage.test, "work.code"), 0);
	assert_true(question.len > 0);
	assert_null(memmem(question.data, question.len, PASSWORD, strlen(PASSWORD)));
	stage_end(&stage);
}

static void
what_does_not_prove_it_states_nothing(void **state)
{
	static const struct {
		enum directory_outcome outcome;
		const char *result;
		int64_t tries_left;
	} cases[] = {
		{ DIRECTORY_WRONG, "wrong", 4 },
		{ DIRECTORY_NO_NAME, "no-login", 0 },
		{ DIRECTORY_AWAY, "away", 0 },
	};

	for (size_t i = 0; i < LEN(cases); i++) {
		struct fake_stage stage;

		stage_begin(&stage, *state);
		connect(&stage, "demo", "{login}@corp.example");
		(void)ask(&stage, "alice", PASSWORD);
		fake_svc_bound(0, cases[i].outcome);
		assert_string_equal(result_of(&stage, 0), cases[i].result);
		assert_int_equal(fake_number(fake_svc_answer(0), 2), cases[i].tries_left);
		assert_string_equal(fake_text(stage.arena, fake_svc_answer(0), 3), "");
		stage_end(&stage);
	}
}

static void
wrong_passwords_are_counted_in_the_table(void **state)
{
	struct fake_stage stage;

	stage_begin(&stage, *state);
	connect(&stage, "demo", "{login}@corp.example");
	for (size_t i = 0; i < CODES_TRIES; i++) {
		(void)ask(&stage, "alice", "wrong");
		fake_svc_bound(i, DIRECTORY_WRONG);
		assert_string_equal(result_of(&stage, i), i + 1 < CODES_TRIES ? "wrong" : "void");
		assert_int_equal(fake_store_challenge(fake_request(1), "alice")->tries, i + 1);
		stage.now_ms += 1000;
	}
	(void)ask(&stage, "alice", PASSWORD);
	assert_int_equal(fake_svc_binds(), CODES_TRIES); /* nobody was asked */
	assert_string_equal(result_of(&stage, CODES_TRIES), "void");
	assert_int_equal(fake_number(fake_svc_answer(CODES_TRIES), 4), FAKE_NOW + CODES_LIFE_MS);
	stage_end(&stage);
}

static void
whose_directory_it_is_the_connectors_say(void **state)
{
	struct fake_stage stage;

	stage_begin(&stage, *state);
	(void)ask(&stage, "alice", PASSWORD);
	assert_string_equal(result_of(&stage, 0), "no-connector");
	connect(&stage, "other", "{login}@other.example");
	(void)ask(&stage, "alice", PASSWORD);
	assert_string_equal(result_of(&stage, 1), "no-connector");
	connect(&stage, "platform", "{login}@platform.example");
	(void)ask(&stage, "alice", PASSWORD);
	assert_true(fake_svc_bind(0)->platform);
	assert_string_equal(fake_svc_bind(0)->name, "alice@platform.example");
	connect(&stage, "demo", "{login}@demo.example");
	(void)ask(&stage, "alice", PASSWORD);
	assert_false(fake_svc_bind(1)->platform);
	assert_string_equal(fake_svc_bind(1)->name, "alice@demo.example");
	/* A login that the template cannot hold is sent nowhere, and counts for nothing. */
	(void)ask(&stage, "alice@evil.example", PASSWORD);
	assert_string_equal(result_of(&stage, 2), "no-login");
	assert_int_equal(fake_svc_binds(), 2);
	stage_end(&stage);
}

/* Who carries orders cannot make one, nor choose the name; and nothing is sent without a password. */
static void
only_orders_of_policys_are_carried_out(void **state)
{
	struct fake_stage stage;
	struct claim_factor_order order;

	stage_begin(&stage, *state);
	connect(&stage, "demo", "{login}@corp.example");
	order = order_of(&stage, "alice");
	assert_int_equal(ask_as(&stage, stage.world->notify.key, &order, PASSWORD).len, 0);
	assert_int_equal(ask_as(&stage, stage.approvers[0], &order, PASSWORD).len, 0);
	assert_int_equal(ask_as(&stage, stage.policy, &order, "").len, 0);
	char longest[DIRECTORY_PASSWORD_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[DIRECTORY_PASSWORD_MAX + 1] = '\0';
	assert_int_equal(ask_as(&stage, stage.policy, &order, longest).len, 0);
	order.login = "";
	assert_int_equal(ask_as(&stage, stage.policy, &order, PASSWORD).len, 0);
	order = order_of(&stage, "alice");
	order.method = "email";
	order.email = "alice@alpha.example";
	assert_int_equal(ask_as(&stage, stage.policy, &order, PASSWORD).len, 0);
	assert_int_equal(fake_svc_binds(), 0);
	/* One that was kept for later. */
	order = order_of(&stage, "alice");
	stage.now_ms += CODES_ORDER_MS + 1;
	(void)ask_as(&stage, stage.policy, &order, PASSWORD);
	assert_string_equal(result_of(&stage, 0), "stale");
	assert_int_equal(fake_svc_binds(), 0);
	longest[DIRECTORY_PASSWORD_MAX] = '\0';
	(void)ask(&stage, "alice", longest);
	assert_int_equal(fake_svc_binds(), 1);
	stage_end(&stage);
}

/* Who asks is told to ask again: an empty answer is none. */
static void
without_connectors_or_table_nobody_is_asked(void **state)
{
	struct fake_stage stage;

	stage_begin(&stage, *state);
	connect(&stage, "demo", "{login}@corp.example");
	fake_svc_follows(false);
	(void)ask(&stage, "alice", PASSWORD);
	assert_int_equal(fake_svc_answer(0).len, 0);
	fake_svc_follows(true);
	fake_svc_stuck(true);
	(void)ask(&stage, "alice", PASSWORD);
	assert_int_equal(fake_svc_answer(1).len, 0);
	assert_int_equal(fake_svc_binds(), 0);
	/* After the directory said yes: nothing is stated that is not written down. */
	fake_svc_stuck(false);
	(void)ask(&stage, "alice", PASSWORD);
	fake_svc_stuck(true);
	fake_svc_bound(0, DIRECTORY_BOUND);
	assert_int_equal(fake_svc_answer(2).len, 0);
	stage_end(&stage);
}

/* The orders of codes and of passwords are no use in each other's place. */
static void
an_order_for_a_password_sends_no_code(void **state)
{
	struct fake_stage stage;
	struct cs_buf body;

	stage_begin(&stage, *state);
	const struct claim_factor_order order = order_of(&stage, "alice");

	body = cs_buf_new(stage.arena);
	fake_stage_put(&body, 1, claim_seal_factor_order(stage.arena, stage.policy, &order));
	assert_int_equal(
	    fake_stage_run(&stage, "codes.send", order.request, cs_buf_span(&body)).len, 0);
	assert_int_equal(svc_test_count(stage.test, "work.code"), 0);
	/* Nor does it state anything without a directory's word, as when it comes from where it was parked. */
	assert_int_equal(
	    fake_stage_run(&stage, PASSWORD_BOUND, order.request, cs_buf_span(&body)).len, 0);
	stage_end(&stage);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_the_directory_says_decides),
		CASE(five_wrong_passwords_void_it_until_its_time_is_over),
		CASE(codes_prove_nothing_where_a_password_is_wanted),
		CASE(no_more_tries_are_under_way_than_there_are),
		CASE(ten_tries_an_hour_are_all),
		CASE(another_digest_method_or_end_begins_anew),
		CASE(an_order_is_good_for_two_minutes),
		CASE(the_right_password_states_the_factor),
		CASE(what_does_not_prove_it_states_nothing),
		CASE(wrong_passwords_are_counted_in_the_table),
		CASE(whose_directory_it_is_the_connectors_say),
		CASE(only_orders_of_policys_are_carried_out),
		CASE(without_connectors_or_table_nobody_is_asked),
		CASE(an_order_for_a_password_sends_no_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
