/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told, for how long it is tried, and what values cannot do to a mail. */
#include <string.h>

#include "fake_world.h"
#include "text.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct notify_outcome outcome = { NOTIFY_ISSUED, "bob@alpha.example", "demo", "s",
	"b" };

static void
tells_once(void **state)
{
	const struct notify_delivery none = { 0 };
	struct notify_step step = notify_decide_outcome(&none, &outcome, FAKE_NOW);

	(void)state;
	assert_true(step.mails);
	assert_int_equal(step.next.state, NOTIFY_WAITING);
	for (enum notify_state s = NOTIFY_WAITING; s <= NOTIFY_NOBODY; s++) {
		const struct notify_delivery old = { .state = s };

		step = notify_decide_outcome(&old, &outcome, FAKE_NOW);
		if (step.mails || step.next.changed)
			fail_msg("told again when %s", notify_state_name(s));
	}
}

static void
tells_nobody_when_nobody_is_named(void **state)
{
	const struct notify_delivery none = { 0 };
	struct notify_outcome nameless = outcome;

	(void)state;
	nameless.contact = "";
	struct notify_step step = notify_decide_outcome(&none, &nameless, FAKE_NOW);

	assert_false(step.mails);
	assert_int_equal(step.next.state, NOTIFY_NOBODY);
	assert_true(step.next.changed);
}

static const struct {
	const char *name;
	enum notify_result result;
	uint32_t attempt;
	int64_t after_ms, again_ms; /* since it was made; 0: never */
	enum notify_state state;
} mails[] = {
	{ "taken", NOTIFY_ACCEPTED, 1, 5, 0, NOTIFY_SENT },
	{ "refused", NOTIFY_NEVER, 1, 5, 0, NOTIFY_GIVEN_UP },
	{ "first time later", NOTIFY_TRY_AGAIN, 1, 5, 5 + CS_MINUTE_MS, NOTIFY_WAITING },
	{ "second", NOTIFY_TRY_AGAIN, 2, 5, 5 + 5 * CS_MINUTE_MS, NOTIFY_WAITING },
	{ "third", NOTIFY_TRY_AGAIN, 3, 5, 5 + 15 * CS_MINUTE_MS, NOTIFY_WAITING },
	{ "fourth", NOTIFY_TRY_AGAIN, 4, 5, 5 + CS_HOUR_MS, NOTIFY_WAITING },
	{ "ninetieth", NOTIFY_TRY_AGAIN, 90, 5, 5 + CS_HOUR_MS, NOTIFY_WAITING },
	{ "one more try fits into the day", NOTIFY_TRY_AGAIN, 20, 23 * CS_HOUR_MS - 1,
	    24 * CS_HOUR_MS - 1, NOTIFY_WAITING },
	{ "the day is over by then", NOTIFY_TRY_AGAIN, 20, 23 * CS_HOUR_MS, 0, NOTIFY_GIVEN_UP },
};

static void
tries_for_a_day(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(mails); i++) {
		const struct notify_delivery old = { .state = NOTIFY_WAITING, .made_ms = FAKE_NOW };
		const struct notify_mailed mailed = { NOTIFY_ISSUED, mails[i].result,
			mails[i].attempt, "reply" };
		const struct notify_step step =
		    notify_decide_mailed(&old, &mailed, FAKE_NOW + mails[i].after_ms);
		int64_t again_ms = mails[i].again_ms == 0 ? 0 : FAKE_NOW + mails[i].again_ms;

		if (step.next.state != mails[i].state || step.again_ms != again_ms)
			fail_msg("%s: got %s, again after %lld", mails[i].name,
			    notify_state_name(step.next.state),
			    (long long)(step.again_ms - FAKE_NOW));
		assert_int_equal(step.told, mails[i].state != NOTIFY_WAITING);
		assert_int_equal(step.next.attempts, mails[i].attempt);
	}
}

static void
a_result_that_comes_twice_is_told_once(void **state)
{
	const struct notify_delivery old = { .state = NOTIFY_SENT };
	const struct notify_mailed mailed = { NOTIFY_ISSUED, NOTIFY_NEVER, 2, "" };
	const struct notify_step step = notify_decide_mailed(&old, &mailed, FAKE_NOW);

	(void)state;
	assert_false(step.told);
	assert_false(step.next.changed);
	assert_int_equal(step.again_ms, 0);
}

/* ---- texts ---- */

static struct text_value refusal[] = {
	{ "request", "r1" },
	{ "code", "caa-not-authorized" },
	{ "field", "mailboxes[0]" },
	{ "check", "" },
	{ "clause", "SBR 4.2.2.1" },
	{ "text", "CAA forbids it." },
	{ "mend", "Add issuemail." },
	{ NULL, NULL },
};

static const char *
refused_with(struct fake_world *world, const char *text)
{
	struct notify_outcome refused = { .kind = NOTIFY_REFUSED };

	refusal[5].text = text;
	text_fill(world->arena, refusal, &refused);
	return refused.body;
}

static void
leaves_out_what_is_not_known(void **state)
{
	const char *body = refused_with(*state, "CAA forbids it.");

	assert_non_null(strstr(body, "\n    rule           SBR 4.2.2.1\n"));
	assert_non_null(strstr(body, "\n\nCAA forbids it.\n\nWhat would help: Add issuemail.\n"));
	assert_null(strstr(body, "check"));
	assert_null(strchr(body, '{'));
}

static const struct {
	const char *value, *shown;
} values[] = {
	{ "plain \"quoted\" text", "\nplain \"quoted\" text\n" },
	{ "one\nrequest r2", "\none\\x0arequest r2\n" },
	{ "one\r\n.\r\n", "\none\\x0d\\x0a.\\x0d\\x0a\n" },
	{ "b\xc3\xbc"
	  "cher",
	    "\nb\\xc3\\xbccher\n" },
	{ "\xe2\x80\xae"
	  "evil",
	    "\n\\xe2\\x80\\xaeevil\n" },
	{ "{code} {*pem}", "\n{code} {*pem}\n" },
};

static void
a_value_stays_one_line_of_plain_text(void **state)
{
	for (size_t i = 0; i < LEN(values); i++) {
		const char *body = refused_with(*state, values[i].value);

		if (strstr(body, values[i].shown) == NULL)
			fail_msg("not %s in %s", values[i].shown, body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_once),
		cmocka_unit_test(tells_nobody_when_nobody_is_named),
		cmocka_unit_test(tries_for_a_day),
		cmocka_unit_test(a_result_that_comes_twice_is_told_once),
		cmocka_unit_test(leaves_out_what_is_not_known),
		cmocka_unit_test(a_value_stays_one_line_of_plain_text),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
