/* SPDX-License-Identifier: Apache-2.0 */
/* act: from a work row to a mail, and from the relay's word to a result, each exactly once. */
#include <string.h>

#include "fake_relay.h"
#include "fake_world.h"
#include "relay.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct mailbox_letter
letter(void)
{
	return (struct mailbox_letter){ .mail = fake_request(5),
		.nonce = { 4 },
		.expires_ms = FAKE_NOW + CS_DAY_MS,
		.check_id = "mailbox-1",
		.mailbox = "bob@alpha.example",
		.enterprise = "demo",
		.account = "alice" };
}

static const char *
token_of(struct fake_world *world, const struct mailbox_letter *to)
{
	char *text = cs_arena_alloc(world->arena, MAILBOX_TOKEN_TEXT);
	uint8_t token[MAILBOX_TOKEN];

	mailbox_token_make(world->mailbox.token_key, to->mail, to->nonce, token);
	mailbox_token_format(token, text);
	return text;
}

/* Carries out this row; the result must come exactly once. */
static struct cs_span
act(struct fake_world *world, struct cs_span row, int64_t now_ms)
{
	static const struct log_context log = { .service = "test", .level = LOG_ERROR };
	struct svc_work work = { .kind = "mail",
		.body = row,
		.attempt = 3,
		.now_ms = now_ms,
		.arena = world->arena,
		.log = &log };
	unsigned times;

	world->mailbox.mail_from = "tokens@countersign.example";
	mailbox_act(&world->mailbox, &work);
	struct cs_span done = fake_relay_done(&times);

	assert_int_equal(times, 1);
	return done;
}

static struct mailbox_mailed
mailed(struct fake_world *world, const struct mailbox_letter *to, int64_t now_ms)
{
	struct cs_span done = act(world, wire_write_letter(world->arena, to), now_ms);
	struct mailbox_mailed got;
	struct cs_err err;

	if (wire_read_mailed(world->arena, done, &got, &err))
		fail_msg("%s", err.text);
	assert_string_equal(got.check_id, "mailbox-1");
	assert_true(cs_id_equal(got.mail, to->mail));
	assert_int_equal(got.attempt, 3);
	return got;
}

static void
mails_the_token_to_the_mailbox_alone(void **state)
{
	struct fake_world *world = *state;
	const struct mailbox_letter to = letter();
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 queued" };
	const char *token = token_of(world, &to), *recipient;

	fake_relay_says(CS_OK, &taken);
	assert_int_equal(mailed(world, &to, FAKE_NOW).delivery, MAILBOX_ACCEPTED);
	struct cs_span mail = fake_relay_mail(&recipient);

	assert_string_equal(recipient, "bob@alpha.example");
	assert_non_null(memmem(mail.data, mail.len, token, strlen(token)));
}

static const struct {
	const char *name;
	enum cs_code code;
	struct smtp_result result;
	enum mailbox_delivery want;
	const char *reply;
} words[] = {
	{ "taken", CS_OK, { SMTP_ACCEPTED, 250, "250 ok" }, MAILBOX_ACCEPTED, "250 ok" },
	{ "later", CS_OK, { SMTP_TEMPORARY, 451, "451 wait" }, MAILBOX_TRY_AGAIN, "451 wait" },
	{ "never", CS_OK, { SMTP_PERMANENT, 550, "550 no" }, MAILBOX_NEVER, "550 no" },
	{ "unknown", CS_OK, { SMTP_UNKNOWN, 0, "broke" }, MAILBOX_TRY_AGAIN, "broke" },
	{ "address refused", CS_MALFORMED, { 0 }, MAILBOX_NEVER, "told to say no" },
	{ "queue full", CS_UNAVAILABLE, { 0 }, MAILBOX_TRY_AGAIN, "told to say no" },
	{ "controls", CS_OK, { SMTP_TEMPORARY, 451, "451 \x1b[2J" }, MAILBOX_TRY_AGAIN,
	    "451 \\x1b[2J" },
};

static void
passes_on_what_the_relay_says(void **state)
{
	for (size_t i = 0; i < LEN(words); i++) {
		const struct mailbox_letter to = letter();

		fake_relay_says(words[i].code, &words[i].result);
		const struct mailbox_mailed got = mailed(*state, &to, FAKE_NOW);

		if (got.delivery != words[i].want || strcmp(got.reply, words[i].reply) != 0)
			fail_msg("%s: got %d \"%s\"", words[i].name, got.delivery, got.reply);
	}
}

static void
withholds_a_reply_that_repeats_the_token(void **state)
{
	struct fake_world *world = *state;
	const struct mailbox_letter to = letter();
	struct smtp_result echo = { SMTP_PERMANENT, 554, "554 spam: " };

	strcat(echo.text, token_of(world, &to));
	fake_relay_says(CS_OK, &echo);
	const struct mailbox_mailed got = mailed(world, &to, FAKE_NOW);

	assert_int_equal(got.delivery, MAILBOX_NEVER);
	assert_null(strstr(got.reply, token_of(world, &to)));
	assert_non_null(strstr(got.reply, "withheld"));
}

static const struct {
	int64_t before_ms;
	enum mailbox_delivery want;
} ends[] = {
	{ 1, MAILBOX_ACCEPTED },
	{ 0, MAILBOX_TOO_LATE },
};

static void
sends_no_token_that_has_expired(void **state)
{
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 ok" };

	for (size_t i = 0; i < LEN(ends); i++) {
		const struct mailbox_letter to = letter();
		const char *recipient;

		fake_relay_says(CS_OK, &taken);
		assert_int_equal(
		    mailed(*state, &to, to.expires_ms - ends[i].before_ms).delivery, ends[i].want);
		assert_int_equal(
		    fake_relay_mail(&recipient).len > 0, ends[i].want == MAILBOX_ACCEPTED);
	}
}

static void
an_address_that_cannot_be_mailed_to_never_reaches_the_relay(void **state)
{
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 ok" };
	struct mailbox_letter to = letter();
	const char *recipient;

	to.mailbox = "j\xc3\xbcrgen@alpha.example";
	fake_relay_says(CS_OK, &taken);
	assert_int_equal(mailed(*state, &to, FAKE_NOW).delivery, MAILBOX_NEVER);
	assert_int_equal(fake_relay_mail(&recipient).len, 0);
}

/* It is parked: an empty result cannot be read. */
static void
a_row_that_is_not_ours_sends_nothing(void **state)
{
	const char *recipient;

	fake_relay_says(CS_OK, NULL);
	assert_int_equal(act(*state, cs_span_str("row"), FAKE_NOW).len, 0);
	assert_int_equal(fake_relay_mail(&recipient).len, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mails_the_token_to_the_mailbox_alone),
		cmocka_unit_test(passes_on_what_the_relay_says),
		cmocka_unit_test(withholds_a_reply_that_repeats_the_token),
		cmocka_unit_test(sends_no_token_that_has_expired),
		cmocka_unit_test(an_address_that_cannot_be_mailed_to_never_reaches_the_relay),
		cmocka_unit_test(a_row_that_is_not_ours_sends_nothing),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
