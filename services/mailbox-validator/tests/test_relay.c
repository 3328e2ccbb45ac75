/* SPDX-License-Identifier: Apache-2.0 */
/* act: from a work row to a mail, and from the relay's word to a result, each exactly once. */
#include <string.h>

#include "fake_relay.h"
#include "fake_world.h"
#include "relay.h"
#include "return_path.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct mailbox_letter
letter(void)
{
	return (struct mailbox_letter){ .request = fake_request(1),
		.mail = fake_request(5),
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

static const char *return_domain = "";

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
	world->mailbox.return_domain = return_domain;
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
	const char *reason, *reply;
} words[] = {
	{ "taken", CS_OK, { SMTP_ACCEPTED, 250, "250 ok" }, MAILBOX_ACCEPTED, "", "250 ok" },
	{ "later", CS_OK, { SMTP_TEMPORARY, 451, "451 wait" }, MAILBOX_TRY_AGAIN, "smtp-later",
	    "451 wait" },
	{ "never", CS_OK, { SMTP_PERMANENT, 550, "550 no" }, MAILBOX_NEVER, "smtp-refused",
	    "550 no" },
	{ "unknown", CS_OK, { SMTP_UNKNOWN, 0, "broke" }, MAILBOX_TRY_AGAIN, "smtp-later",
	    "broke" },
	{ "address refused", CS_MALFORMED, { 0 }, MAILBOX_NEVER, "not-mailable", "told to say no" },
	{ "queue full", CS_UNAVAILABLE, { 0 }, MAILBOX_TRY_AGAIN, "smtp-later", "told to say no" },
	{ "controls", CS_OK, { SMTP_TEMPORARY, 451, "451 \x1b[2J" }, MAILBOX_TRY_AGAIN,
	    "smtp-later", "451 \\x1b[2J" },
};

static void
passes_on_what_the_relay_says(void **state)
{
	for (size_t i = 0; i < LEN(words); i++) {
		const struct mailbox_letter to = letter();

		fake_relay_says(words[i].code, &words[i].result);
		const struct mailbox_mailed got = mailed(*state, &to, FAKE_NOW);

		if (got.delivery != words[i].want || strcmp(got.reply, words[i].reply) != 0 ||
		    strcmp(got.reason, words[i].reason) != 0)
			fail_msg("%s: got %d %s \"%s\"", words[i].name, got.delivery, got.reason,
			    got.reply);
	}
}

/* ---- how the domain takes mail ---- */

static const struct {
	enum claim_outcome outcome;
	const char *reason;
	enum mailbox_delivery want;
	bool mail;
} routes[] = {
	{ CLAIM_PROVED, "mx-found", MAILBOX_ACCEPTED, true },
	{ CLAIM_PROVED, "mx-implicit", MAILBOX_ACCEPTED, true },
	{ CLAIM_REFUSED, "mx-null", MAILBOX_NO_ROUTE, false },
	{ CLAIM_REFUSED, "mx-none-usable", MAILBOX_NO_ROUTE, false },
	{ CLAIM_REFUSED, "mx-no-such-domain", MAILBOX_NO_ROUTE, false },
	{ CLAIM_REFUSED, "dnssec-bogus", MAILBOX_NO_ROUTE, false },
	{ CLAIM_COULD_NOT_TELL, "dns-failed", MAILBOX_TRY_AGAIN, false },
};

static void
a_mail_is_made_only_for_a_domain_that_takes_mail(void **state)
{
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 ok" };

	for (size_t i = 0; i < LEN(routes); i++) {
		const struct mailbox_letter to = letter();
		const struct probe_finding found = { .outcome = routes[i].outcome,
			.reason = routes[i].reason,
			.clause = "RFC 5321 5.1",
			.text = "so it was found",
			.found_at = "" };
		const char *recipient;

		fake_relay_says(CS_OK, &taken);
		fake_relay_route(&found);
		const struct mailbox_mailed got = mailed(*state, &to, FAKE_NOW);

		assert_string_equal(fake_relay_looked(), "bob@alpha.example");
		if (got.delivery != routes[i].want ||
		    (fake_relay_mail(&recipient).len > 0) != routes[i].mail)
			fail_msg("%s: got %d", routes[i].reason, got.delivery);
		if (routes[i].mail)
			continue;
		assert_string_equal(got.reason, routes[i].reason);
		assert_string_equal(got.clause, "RFC 5321 5.1");
		assert_string_equal(got.reply, "so it was found");
	}
}

static void
tells_what_was_found_of_the_domain(void **state)
{
	struct fake_world *world = *state;
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 ok" };
	const struct mailbox_letter to = letter();
	struct mailbox_route route;

	fake_relay_says(CS_OK, &taken);
	const struct mailbox_mailed got = mailed(world, &to, FAKE_NOW);

	assert_int_equal(wire_read_route(world->arena, got.route, &route, NULL), CS_OK);
	assert_int_equal(route.security, CLAIM_DNSSEC_SECURE);
	assert_string_equal(route.found_at, "alpha.example");
	assert_int_equal(route.seen.n, 1);
	assert_string_equal(route.seen.items[0], "10 mx.alpha.example");
	assert_int_equal(route.n_lookups, 1);
	assert_string_equal(route.lookups[0].type, "MX");
	assert_int_equal(route.lookups[0].ttl_s, 300);
}

/* ---- where bounces go ---- */

static void
each_mail_has_a_return_path_of_its_own(void **state)
{
	struct fake_world *world = *state;
	const struct smtp_result taken = { SMTP_ACCEPTED, 250, "250 ok" };
	const struct mailbox_letter to = letter();
	struct mailbox_return path;

	fake_relay_says(CS_OK, &taken);
	(void)mailed(world, &to, FAKE_NOW);
	assert_string_equal(fake_relay_from(), ""); /* nothing is listening for bounces */
	return_domain = "bounces.countersign.example";
	fake_relay_says(CS_OK, &taken);
	(void)mailed(world, &to, FAKE_NOW);
	assert_true(
	    mailbox_return_read(world->mailbox.token_key, fake_relay_from(), return_domain, &path));
	return_domain = "";
	assert_int_equal(path.use, MAILBOX_BOUNCES);
	assert_true(cs_id_equal(path.request, to.request));
	assert_string_equal(mailbox_return_check(world->arena, &path), "mailbox-1");
	assert_true(mailbox_return_is(&path, to.mail));
	path.mail[MAILBOX_RETURN_MAIL - 1] ^= 1;
	assert_false(mailbox_return_is(&path, to.mail));
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
		cmocka_unit_test(a_mail_is_made_only_for_a_domain_that_takes_mail),
		cmocka_unit_test(tells_what_was_found_of_the_domain),
		cmocka_unit_test(each_mail_has_a_return_path_of_its_own),
		cmocka_unit_test(withholds_a_reply_that_repeats_the_token),
		cmocka_unit_test(sends_no_token_that_has_expired),
		cmocka_unit_test(an_address_that_cannot_be_mailed_to_never_reaches_the_relay),
		cmocka_unit_test(a_row_that_is_not_ours_sends_nothing),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
