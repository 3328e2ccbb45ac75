/* SPDX-License-Identifier: Apache-2.0 */
/* The rule by tables: when a code counts, when a mail is made, and to the millisecond. */
#include <ctype.h>
#include <string.h>

#include "answer.h"
#include "fake_world.h"
#include "return_path.h"
#include "words.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* One challenge under test; each decision is given fresh octets. */
struct bench {
	struct fake_world *world;
	struct mailbox_tally tally;
	struct mailbox_challenge now;
	int64_t now_ms;
	uint8_t random[32];
	const char *method; /* of presses; NULL: any */
};

static void
bench_begin(struct bench *bench, struct fake_world *world)
{
	*bench = (struct bench){
		.world = world,
		.now = { .check_id = "mailbox-1" },
		.now_ms = FAKE_NOW,
	};
	(void)mailbox_tally_add(
	    &bench->tally, world->arena, MAILBOX_OF_MAILBOX, "bob@alpha.example", "");
	(void)mailbox_tally_add(
	    &bench->tally, world->arena, MAILBOX_OF_DOMAIN, "alpha.example", "");
	(void)mailbox_tally_add(&bench->tally, world->arena, MAILBOX_OF_ACCOUNT, "demo", "alice");
}

static struct mailbox_setting
setting(struct bench *bench)
{
	bench->random[0]++;
	return (struct mailbox_setting){
		.token_key = bench->world->mailbox.token_key,
		.limits = bench->world->mailbox.limits,
		.takes_answers = true,
		.request = fake_request(1),
		.now_ms = bench->now_ms,
		.random = bench->random,
		.tally = &bench->tally,
		.arena = bench->world->arena,
	};
}

static struct mailbox_step
keep(struct bench *bench, struct mailbox_step step)
{
	if (step.proves)
		step.next.evidence = cs_span_str("envelope"); /* as the handler does */
	bench->now = step.next;
	return step;
}

static struct mailbox_step
order(struct bench *bench, uint32_t attempt, const char *mailbox)
{
	const struct mailbox_setting in = setting(bench);
	struct mailbox_asked asked;
	struct cs_err err;
	struct cs_span octets = fake_asked(
	    bench->world->arena, fake_order(fake_request(1), "mailbox-1", mailbox, attempt));

	if (wire_read_asked(bench->world->arena, octets, &asked, &err))
		fail_msg("%s", err.text);
	return keep(bench, mailbox_decide_asked(&in, &bench->now, &asked));
}

static struct mailbox_step
press_by(struct bench *bench, const char *enterprise, const char *account)
{
	const struct mailbox_setting in = setting(bench);
	const struct mailbox_pressed pressed = { "mailbox-1", enterprise, account,
		bench->method == NULL ? "" : bench->method };

	return keep(bench, mailbox_decide_pressed(&in, &bench->now, &pressed));
}

static struct mailbox_step
press(struct bench *bench)
{
	return press_by(bench, "demo", "alice");
}

/* What the person who got the i-th mail types. */
static struct mailbox_submitted
code_of(const struct bench *bench, size_t i)
{
	const struct mailbox_mail *mail = &bench->now.mails[i];
	struct mailbox_submitted submitted = { "mailbox-1", "demo", "alice", true, { 0 } };
	uint8_t token[MAILBOX_TOKEN];

	mailbox_token_make(bench->world->mailbox.token_key, mail->id, mail->nonce, token);
	mailbox_token_tag(bench->world->mailbox.token_key, token, submitted.tag);
	return submitted;
}

static struct mailbox_step
submit(struct bench *bench, struct mailbox_submitted submitted)
{
	const struct mailbox_setting in = setting(bench);

	return keep(bench, mailbox_decide_submitted(&in, &bench->now, &submitted));
}

static struct mailbox_step
guess(struct bench *bench)
{
	return submit(
	    bench, (struct mailbox_submitted){ "mailbox-1", "demo", "alice", true, { 1 } });
}

static struct mailbox_step
mailed(struct bench *bench, size_t i, enum mailbox_delivery delivery, uint32_t attempt)
{
	const struct mailbox_setting in = setting(bench);
	const struct mailbox_mailed result = { .check_id = "mailbox-1",
		.mail = bench->now.mails[i].id,
		.delivery = delivery,
		.attempt = attempt,
		.reason = "reason",
		.clause = "clause",
		.reply = "reply" };

	return keep(bench, mailbox_decide_mailed(&in, &bench->now, &result));
}

static void
want(struct mailbox_step step, const char *result, uint32_t tries_left)
{
	if (strcmp(step.answer.result, result) != 0 || step.answer.tries_left != tries_left)
		fail_msg("got %s with %u tries left, want %s with %u", step.answer.result,
		    step.answer.tries_left, result, tries_left);
}

/* A challenge to which one mail was made. */
static void
bench_mailed(struct bench *bench, struct fake_world *world)
{
	bench_begin(bench, world);
	(void)order(bench, 1, "bob@alpha.example");
	assert_non_null(press(bench).mail);
}

/* ---- which checks are ours ---- */

static const struct {
	const char *id;
	bool is;
} checks[] = {
	{ "mailbox-1", true },
	{ "mailbox-10", true },
	{ "mailbox-99", true },
	{ "mailbox-0", false },
	{ "mailbox-01", false },
	{ "mailbox-100", false },
	{ "mailbox-", false },
	{ "mailbox-1x", false },
	{ "mailbox-x", false },
	{ "mailbox", false },
	{ "caa-1", false },
	{ "mpic-caa-1", false },
	{ "", false },
};

static void
knows_which_checks_are_mailboxes(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(checks); i++)
		if (mailbox_is_check(checks[i].id) != checks[i].is)
			fail_msg("%s: want %d", checks[i].id, checks[i].is);
}

static const struct {
	const char *mailbox, *counted;
} counted[] = {
	{ "bob@alpha.example", "bob@alpha.example" },
	{ "Bob@alpha.example", "bob@alpha.example" },
	{ "BOB+1@alpha.example", "bob@alpha.example" },
	{ "bob+a+b@alpha.example", "bob@alpha.example" },
	{ "+1@alpha.example", "+1@alpha.example" },
	{ "b.ob@alpha.example", "b.ob@alpha.example" },
};

static void
counts_what_reaches_one_person_as_one_mailbox(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(counted); i++) {
		const struct claim_check check = { .target = counted[i].mailbox };
		const struct mailbox_addressee to = mailbox_addressee_of(world->arena, &check);

		assert_string_equal(to.mailbox, counted[i].counted);
		assert_string_equal(to.domain, "alpha.example");
	}
}

/* ---- the right code ---- */

static void
the_right_code_proves_the_mailbox_once(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	const struct mailbox_submitted right = code_of(&bench, 0);
	struct mailbox_step step = submit(&bench, right);

	want(step, "verified", 5);
	assert_true(step.proves);
	assert_true(cs_id_equal(bench.now.proved_mail, bench.now.mails[0].id));
	step = submit(&bench, right);
	want(step, "verified", 5);
	assert_false(step.proves);
	bench.now_ms += 2 * CS_DAY_MS; /* the code is dead, what it proved is not */
	step = submit(&bench, right);
	want(step, "verified", 5);
	assert_false(step.proves);
}

static const struct {
	const char *name;
	int64_t after_ms;
	const char *result;
} lives[] = {
	{ "at once", 0, "verified" },
	{ "in its last millisecond", MAILBOX_LIFE_MS - 1, "verified" },
	{ "at its end", MAILBOX_LIFE_MS, "expired" },
	{ "after its end", MAILBOX_LIFE_MS + 1, "expired" },
};

static void
a_code_lives_24_hours_to_the_millisecond(void **state)
{
	for (size_t i = 0; i < LEN(lives); i++) {
		struct bench bench;

		bench_mailed(&bench, *state);
		bench.now_ms += lives[i].after_ms;
		struct mailbox_step step = submit(&bench, code_of(&bench, 0));

		if (strcmp(step.answer.result, lives[i].result) != 0)
			fail_msg("%s: got %s, want %s", lives[i].name, step.answer.result,
			    lives[i].result);
		assert_int_equal(step.proves, strcmp(lives[i].result, "verified") == 0);
	}
}

static const struct {
	const char *name;
	int64_t freshness_ms, reuse_ms;
} reuses[] = {
	{ "as fresh as the plan wants", CS_DAY_MS, CS_DAY_MS },
	{ "30 days", 30 * CS_DAY_MS, 30 * CS_DAY_MS },
	{ "a millisecond more than SBR 4.2.1 allows", 30 * CS_DAY_MS + 1, 30 * CS_DAY_MS },
};

static void
a_proof_serves_as_long_as_permitted(void **state)
{
	for (size_t i = 0; i < LEN(reuses); i++) {
		struct bench bench;

		bench_mailed(&bench, *state);
		bench.now.asked.check.freshness_ms = reuses[i].freshness_ms;
		struct mailbox_step step = submit(&bench, code_of(&bench, 0));
		const struct mailbox_setting in = setting(&bench);
		const struct claim_evidence evidence = mailbox_evidence(&in, &step, NULL, NULL);

		if (evidence.valid_until_ms != FAKE_NOW + reuses[i].reuse_ms)
			fail_msg("%s: got %lld ms", reuses[i].name,
			    (long long)(evidence.valid_until_ms - FAKE_NOW));
	}
}

/* ---- wrong codes ---- */

static void
five_wrong_codes_void_all(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	for (uint32_t left = 4; left > 0; left--)
		want(guess(&bench), "wrong", left);
	want(guess(&bench), "void", 0);
	want(submit(&bench, code_of(&bench, 0)), "void", 0);
	want(submit(&bench, code_of(&bench, 1)), "void", 0);
	want(guess(&bench), "void", 0);
	assert_int_equal(mailbox_expires_ms(&bench.now, bench.now_ms), 0);
}

static void
the_right_code_counts_after_four_wrong_ones(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	for (uint32_t left = 4; left > 0; left--)
		want(guess(&bench), "wrong", left);
	want(submit(&bench, code_of(&bench, 0)), "verified", 1);
}

static void
what_can_be_no_code_is_a_wrong_one(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	struct mailbox_submitted unreadable = code_of(&bench, 0);

	unreadable.readable = false; /* even with the right digest beside it */
	want(submit(&bench, unreadable), "wrong", 4);
}

static void
a_new_mail_gives_no_new_tries_to_an_old_code(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	want(guess(&bench), "wrong", 4);
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	want(guess(&bench), "wrong", 3);
}

static void
a_new_mail_after_all_are_void_begins_anew(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	for (int i = 0; i < 5; i++)
		(void)guess(&bench);
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	want(guess(&bench), "wrong", 4);
	want(submit(&bench, code_of(&bench, 0)), "wrong", 3); /* the void one stays void */
	want(submit(&bench, code_of(&bench, 1)), "verified", 3);
}

static void
an_old_code_is_no_guess(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	bench.now_ms += MAILBOX_LIFE_MS - 1;
	assert_non_null(press(&bench).mail);
	bench.now_ms += 1;
	want(submit(&bench, code_of(&bench, 0)), "expired", 5);
	want(submit(&bench, code_of(&bench, 1)), "verified", 5);
}

/* ---- whose code ---- */

static void
another_accounts_code_is_unknown_and_costs_no_try(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	struct mailbox_submitted submitted = code_of(&bench, 0);

	submitted.account = "bob";
	assert_string_equal(submit(&bench, submitted).answer.result, "unknown");
	submitted = code_of(&bench, 0);
	submitted.enterprise = "other";
	assert_string_equal(submit(&bench, submitted).answer.result, "unknown");
	assert_int_equal(mailbox_tries_left(&bench.now), 5);
}

static void
before_any_mail_there_is_nothing_to_guess(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	assert_string_equal(guess(&bench).answer.result, "unknown");
	(void)order(&bench, 1, "bob@alpha.example");
	want(guess(&bench), "not-sent", 5);
}

/* Nothing but the order is altered: what was mailed for the earlier one must not serve the new one. */
static void
a_code_serves_only_the_mailbox_it_went_to(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)order(&bench, 2, "eve@alpha.example");
	want(submit(&bench, code_of(&bench, 0)), "wrong", 4);
}

static void
a_code_serves_only_the_request_it_was_made_for(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	const struct mailbox_submitted submitted = code_of(&bench, 0);
	struct mailbox_setting in = setting(&bench);

	in.request = fake_request(2);
	want(mailbox_decide_submitted(&in, &bench.now, &submitted), "wrong", 4);
	bench.now.asked.request_digest[0] ^= 1; /* the same request, changed */
	in.request = fake_request(1);
	want(mailbox_decide_submitted(&in, &bench.now, &submitted), "wrong", 4);
}

/* ---- when a mail is made ---- */

static void
only_the_account_of_the_order_gets_a_mail_made(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	(void)order(&bench, 1, "bob@alpha.example");
	assert_null(press_by(&bench, "demo", "bob").mail);
	assert_null(press_by(&bench, "other", "alice").mail);
	assert_non_null(press(&bench).mail);
}

static void
each_mail_has_a_code_of_its_own(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	const struct mailbox_submitted first = code_of(&bench, 0), second = code_of(&bench, 1);

	assert_memory_not_equal(first.tag, second.tag, MAILBOX_MAC);
	assert_memory_not_equal(bench.now.mails[0].mac, bench.now.mails[1].mac, MAILBOX_MAC);
	want(submit(&bench, first), "verified", 5); /* the older one stays good */
}

static const struct {
	const char *name;
	int64_t after_ms;
	bool mail;
} minutes[] = {
	{ "at once", 0, false },
	{ "a millisecond before the minute is over", CS_MINUTE_MS - 1, false },
	{ "after a minute", CS_MINUTE_MS, true },
};

static void
makes_one_mail_a_minute(void **state)
{
	for (size_t i = 0; i < LEN(minutes); i++) {
		struct bench bench;

		bench_mailed(&bench, *state);
		bench.now_ms += minutes[i].after_ms;
		struct mailbox_step step = press(&bench);

		if ((step.mail != NULL) != minutes[i].mail)
			fail_msg("%s: want mail %d", minutes[i].name, minutes[i].mail);
		if (step.mail == NULL)
			assert_string_equal(step.told, "deferred");
	}
}

static void
three_codes_live_at_most(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	for (int i = 0; i < 2; i++) {
		bench.now_ms += CS_MINUTE_MS;
		assert_non_null(press(&bench).mail);
	}
	bench.now_ms += CS_MINUTE_MS;
	struct mailbox_step step = press(&bench);

	assert_null(step.mail);
	assert_string_equal(step.told, "deferred");
	want(submit(&bench, code_of(&bench, 0)), "verified", 5); /* none made room for another */
	bench.now.evidence = cs_span_str(NULL);
	bench.now_ms = FAKE_NOW + MAILBOX_LIFE_MS; /* the first one ends */
	assert_non_null(press(&bench).mail);
	assert_null(press(&bench).mail);
}

static const struct {
	const char *name;
	enum mailbox_whose whose;
	const char *who, *account;
	uint32_t hour, day;
	bool mail;
} limits[] = {
	{ "fifth of an hour", MAILBOX_OF_MAILBOX, "bob@alpha.example", "", 4, 4, true },
	{ "sixth of an hour", MAILBOX_OF_MAILBOX, "bob@alpha.example", "", 5, 5, false },
	{ "twentieth of a day", MAILBOX_OF_MAILBOX, "bob@alpha.example", "", 0, 19, true },
	{ "twenty-first of a day", MAILBOX_OF_MAILBOX, "bob@alpha.example", "", 0, 20, false },
	{ "last of a domain", MAILBOX_OF_DOMAIN, "alpha.example", "", 199, 0, true },
	{ "one more of a domain", MAILBOX_OF_DOMAIN, "alpha.example", "", 200, 0, false },
	{ "last of an account", MAILBOX_OF_ACCOUNT, "demo", "alice", 99, 0, true },
	{ "one more of an account", MAILBOX_OF_ACCOUNT, "demo", "alice", 100, 0, false },
};

static void
makes_so_many_mails_and_no_more(void **state)
{
	for (size_t i = 0; i < LEN(limits); i++) {
		struct bench bench;

		bench_begin(&bench, *state);
		(void)order(&bench, 1, "bob@alpha.example");
		struct mailbox_count *count = mailbox_tally_find(
		    &bench.tally, limits[i].whose, limits[i].who, limits[i].account);

		count->hour = limits[i].hour;
		count->day = limits[i].day;
		struct mailbox_step step = press(&bench);

		if ((step.mail != NULL) != limits[i].mail)
			fail_msg("%s: want mail %d", limits[i].name, limits[i].mail);
		if (step.mail != NULL)
			assert_int_equal(count->hour, limits[i].hour + 1);
	}
}

static void
who_was_not_counted_gets_no_mail(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	(void)order(&bench, 1, "bob@alpha.example");
	bench.tally.first = NULL;
	assert_null(press(&bench).mail);
}

/* ---- a press before its order ---- */

static const struct {
	const char *name, *account;
	int64_t after_ms;
	bool mail;
} wishes[] = {
	{ "of the account", "alice", 0, true },
	{ "of another account", "bob", 0, false },
	{ "nearly a day ago", "alice", MAILBOX_WISH_MS - 1, true },
	{ "a day ago", "alice", MAILBOX_WISH_MS, false },
};

static void
a_press_waits_for_its_order(void **state)
{
	for (size_t i = 0; i < LEN(wishes); i++) {
		struct bench bench;

		bench_begin(&bench, *state);
		assert_null(press_by(&bench, "demo", wishes[i].account).mail);
		bench.now_ms += wishes[i].after_ms;
		struct mailbox_step step = order(&bench, 1, "bob@alpha.example");

		if ((step.mail != NULL) != wishes[i].mail)
			fail_msg("%s: want mail %d", wishes[i].name, wishes[i].mail);
		assert_true(step.next.changed);
		assert_null(step.next.wish_account); /* once */
	}
}

/* ---- orders ---- */

static void
a_repeated_or_older_order_changes_nothing(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	(void)order(&bench, 2, "bob@alpha.example");
	for (uint32_t attempt = 1; attempt <= 2; attempt++) {
		bench.now.changed = false;
		struct mailbox_step step = order(&bench, attempt, "eve@alpha.example");

		assert_false(step.next.changed);
		assert_string_equal(step.next.asked.check.target, "bob@alpha.example");
	}
}

static void
a_later_order_wants_a_new_proof(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)submit(&bench, code_of(&bench, 0));
	bench.now_ms += CS_MINUTE_MS;
	assert_null(press(&bench).mail); /* proved: nothing to mail for */
	assert_null(press(&bench).told);
	(void)order(&bench, 2, "bob@alpha.example");
	assert_int_equal(bench.now.evidence.len, 0);
	want(submit(&bench, code_of(&bench, 0)), "expired", 5); /* it has served */
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	struct mailbox_step step = submit(&bench, code_of(&bench, 1));

	assert_true(step.proves);
	const struct mailbox_setting in = setting(&bench);

	assert_int_equal(mailbox_evidence(&in, &step, NULL, NULL).attempt, 2);
}

static void
a_code_under_way_serves_a_later_order(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)order(&bench, 2, "bob@alpha.example");
	assert_true(submit(&bench, code_of(&bench, 0)).proves);
}

/* ---- the relay's word ---- */

static const struct {
	const char *name;
	enum mailbox_delivery delivery;
	uint32_t attempt;
	int64_t after_ms, again_ms; /* since the mail was made; 0: never */
	const char *told;
	bool lives; /* does the code count afterwards? */
	const char *reason;
} deliveries[] = {
	{ "accepted", MAILBOX_ACCEPTED, 1, 10, 0, "sent", true, "reason" },
	{ "the domain takes no mail", MAILBOX_NO_ROUTE, 1, 10, 0, "refused", false, "reason" },
	{ "it takes none any more", MAILBOX_NO_ROUTE, 2, 10, 0, "refused", true, "reason" },
	{ "first time later", MAILBOX_TRY_AGAIN, 1, 10, 10 + CS_MINUTE_MS, "deferred", true,
	    "reason" },
	{ "second time", MAILBOX_TRY_AGAIN, 2, 10, 10 + 5 * CS_MINUTE_MS, "deferred", true,
	    "reason" },
	{ "third time", MAILBOX_TRY_AGAIN, 3, 10, 10 + 15 * CS_MINUTE_MS, "deferred", true,
	    "reason" },
	{ "fourth time", MAILBOX_TRY_AGAIN, 4, 10, 10 + CS_HOUR_MS, "deferred", true, "reason" },
	{ "fifth time", MAILBOX_TRY_AGAIN, 5, 10, 10 + CS_HOUR_MS, "deferred", true, "reason" },
	{ "thirtieth time", MAILBOX_TRY_AGAIN, 30, 10, 10 + CS_HOUR_MS, "deferred", true,
	    "reason" },
	{ "last time that helps", MAILBOX_TRY_AGAIN, 9, CS_DAY_MS - CS_HOUR_MS - 1, CS_DAY_MS - 1,
	    "deferred", true, "reason" },
	{ "a try at its end would be too late", MAILBOX_TRY_AGAIN, 9, CS_DAY_MS - CS_HOUR_MS, 0,
	    "refused", true, "too-late" },
	{ "refused for good", MAILBOX_NEVER, 1, 10, 0, "refused", false, "reason" },
	{ "carried out too late", MAILBOX_TOO_LATE, 2, CS_DAY_MS, 0, "refused", false, "reason" },
};

static void
does_what_the_relay_says(void **state)
{
	for (size_t i = 0; i < LEN(deliveries); i++) {
		struct bench bench;

		bench_mailed(&bench, *state);
		bench.now_ms += deliveries[i].after_ms;
		struct mailbox_step step =
		    mailed(&bench, 0, deliveries[i].delivery, deliveries[i].attempt);
		int64_t again_ms =
		    deliveries[i].again_ms == 0 ? 0 : FAKE_NOW + deliveries[i].again_ms;

		if (step.again_ms != again_ms)
			fail_msg("%s: again after %lld", deliveries[i].name,
			    (long long)(step.again_ms - FAKE_NOW));
		assert_string_equal(step.told, deliveries[i].told);
		assert_string_equal(step.reply, "reply");
		assert_string_equal(step.reason, deliveries[i].reason);
		if (mailbox_is_live(&bench.now.mails[0], bench.now_ms) != deliveries[i].lives)
			fail_msg("%s: want life %d", deliveries[i].name, deliveries[i].lives);
		assert_int_equal(bench.now.mails_sent, deliveries[i].delivery == MAILBOX_ACCEPTED);
	}
}

static void
after_a_refusal_no_code_is_under_way(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)mailed(&bench, 0, MAILBOX_NEVER, 1);
	want(guess(&bench), "not-sent", 5);
}

/* ---- what people are told ---- */

static void
only_what_was_handed_over_counts_as_under_way(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	assert_int_equal(mailbox_expires_ms(&bench.now, bench.now_ms), 0);
	(void)mailed(&bench, 0, MAILBOX_TRY_AGAIN, 1);
	assert_int_equal(mailbox_expires_ms(&bench.now, bench.now_ms), 0);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 2);
	assert_int_equal(mailbox_expires_ms(&bench.now, bench.now_ms), FAKE_NOW + CS_DAY_MS);
	assert_int_equal(mailbox_expires_ms(&bench.now, FAKE_NOW + CS_DAY_MS), 0);
}

static void
a_domain_that_takes_no_mail_leaves_no_token(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)mailed(&bench, 0, MAILBOX_NO_ROUTE, 1);
	want(guess(&bench), "not-sent", 5);
	want(submit(&bench, code_of(&bench, 0)), "not-sent", 5);
}

static const struct {
	const char *reply, *status;
} statuses[] = {
	{ "550 5.1.1 No such mailbox", "5.1.1" },
	{ "451 4.3.0 later", "4.3.0" },
	{ "250 2.0.0", "2.0.0" },
	{ "550-5.7.123 first of many", "5.7.123" },
	{ "550 No such mailbox", "" },
	{ "550 3.1.1 no such class", "" },
	{ "550 5.1 too short", "" },
	{ "550 5.1.1.1 too long", "" },
	{ "550 5.1.1x", "" },
	{ "550 5.1234.1 too big", "" },
	{ "5.1.1 without a code", "" },
	{ "5501 5.1.1 no code", "" },
	{ "550", "" },
	{ "Couldn't connect to server", "" },
	{ "", "" },
};

static void
finds_the_enhanced_status_of_a_reply(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(statuses); i++) {
		const char *got = mailbox_status_of(world->arena, statuses[i].reply);

		if (strcmp(got, statuses[i].status) != 0)
			fail_msg("%s: got \"%s\"", statuses[i].reply, got);
	}
}

/* ---- where bounces go ---- */

static void
a_return_path_is_read_as_it_was_written(void **state)
{
	struct fake_world *world = *state;
	const struct cs_span key = world->mailbox.token_key;

	for (unsigned n = 1; n <= 99; n++) {
		const char *check = cs_arena_printf(world->arena, "mailbox-%u", n);
		const struct mailbox_return path =
		    mailbox_return_of(n % 2 ? MAILBOX_BOUNCES : MAILBOX_REPLIES, fake_request(n),
			check, fake_request(n + 1));
		char *text = cs_arena_strdup(world->arena,
		    mailbox_return_write(world->arena, key, &path, "bounces.example"));
		struct mailbox_return got;

		assert_true(strchr(text, '@') - text <= 64);
		for (char *c = text; n % 3 == 0 && *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		assert_true(mailbox_return_read(key, text, "bounces.example", &got));
		assert_int_equal(got.use, path.use);
		assert_true(cs_id_equal(got.request, path.request));
		assert_string_equal(mailbox_return_check(world->arena, &got), check);
		assert_true(mailbox_return_is(&got, fake_request(n + 1)));
	}
}

/* By an independent HMAC and encoder: mails that are on their way come back to such addresses. */
static void
the_letters_of_a_return_path_stay_the_same(void **state)
{
	static const struct cs_id request = { { 1 } }, mail = { { [0] = 2, [15] = 9 } };
	struct fake_world *world = *state;
	const struct mailbox_return path =
	    mailbox_return_of(MAILBOX_BOUNCES, request, "mailbox-7", mail);
	uint8_t key[32];

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	assert_string_equal(mailbox_return_write(world->arena, cs_span_of(key, sizeof(key)), &path,
				"bounces.example"),
	    "baeaaaaaaaaaaaaaaaaaaaaaaaadqaaaaaaaaaaajtjpob2kamjitrfy6tr5q@bounces.example");
}

/* Every one-letter change, other lengths, domains and keys. */
static void
nobody_can_name_a_return_path(void **state)
{
	struct fake_world *world = *state;
	const struct cs_span key = world->mailbox.token_key;
	const struct mailbox_return path =
	    mailbox_return_of(MAILBOX_BOUNCES, fake_request(1), "mailbox-1", fake_request(5));
	const char *good = mailbox_return_write(world->arena, key, &path, "bounces.example");
	struct mailbox_return got;

	assert_true(mailbox_return_read(key, good, "bounces.example", &got));
	for (size_t i = 0; good[i] != '\0'; i++) {
		char *bad = cs_arena_strdup(world->arena, good);

		bad[i] = bad[i] == 'r' ? 'q'
				       : 'r'; /* the first letter: another use of the same octets */
		if (mailbox_return_read(key, bad, "bounces.example", &got))
			fail_msg("%s", bad);
		bad[i] = '\0';
		assert_false(mailbox_return_read(key, bad, "bounces.example", &got));
	}
	assert_false(mailbox_return_read(key, good, "other.example", &got));
	assert_false(
	    mailbox_return_read(cs_span_str("another key"), good, "bounces.example", &got));
	assert_false(mailbox_return_read(
	    key, cs_arena_printf(world->arena, "%sx", good), "bounces.example", &got));
}

/* ---- what comes back ---- */

static struct mailbox_step
bounce(struct bench *bench, size_t i, bool for_good, const char *reply)
{
	const struct mailbox_setting in = setting(bench);
	const struct mailbox_bounced bounced = {
		.path = mailbox_return_of(
		    MAILBOX_BOUNCES, in.request, "mailbox-1", bench->now.mails[i].id),
		.for_good = for_good,
		.status = "5.2.2",
		.reply = reply,
	};

	return keep(bench, mailbox_decide_bounced(&in, &bench->now, &bounced));
}

static void
a_bounced_mail_is_refused_and_its_token_void(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 1);
	struct mailbox_step step = bounce(&bench, 0, true, "552 5.2.2 full");

	assert_string_equal(step.told, "refused");
	assert_string_equal(step.reason, "bounced");
	assert_string_equal(step.status, "5.2.2");
	assert_string_equal(step.reply, "552 5.2.2 full");
	assert_false(step.proves);
	assert_int_equal(mailbox_expires_ms(&bench.now, bench.now_ms), 0);
	want(submit(&bench, code_of(&bench, 0)), "not-sent", 5);
	assert_null(bounce(&bench, 0, true, "552 again").told); /* once */
}

static void
a_delayed_mail_is_told_and_its_token_stays(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 1);
	struct mailbox_step step = bounce(&bench, 0, false, "451 busy");

	assert_string_equal(step.told, "deferred");
	assert_string_equal(step.reason, "delayed");
	assert_int_equal(step.again_ms, 0); /* it is the relay that tries again */
	want(submit(&bench, code_of(&bench, 0)), "verified", 5);
}

static void
a_bounce_takes_back_no_proof_and_voids_no_other_mail(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	bench.now_ms += CS_MINUTE_MS;
	(void)press(&bench);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 1);
	(void)mailed(&bench, 1, MAILBOX_ACCEPTED, 1);
	assert_string_equal(bounce(&bench, 1, true, "550 no").told, "refused");
	want(submit(&bench, code_of(&bench, 0)), "verified", 5);
	assert_null(bounce(&bench, 0, true, "550 no").told);
	assert_int_not_equal(bench.now.evidence.len, 0);
}

static void
a_bounce_of_an_unknown_mail_changes_nothing(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	const struct mailbox_setting in = setting(&bench);
	struct mailbox_bounced bounced = { .for_good = true, .status = "", .reply = "" };

	bounced.path =
	    mailbox_return_of(MAILBOX_BOUNCES, in.request, "mailbox-1", bench.now.mails[0].id);
	bounced.path.mail[3] ^= 1;
	bench.now.changed = false;
	struct mailbox_step step = mailbox_decide_bounced(&in, &bench.now, &bounced);

	assert_null(step.told);
	assert_false(step.next.changed);
}

static void
a_bounce_that_repeats_the_token_is_not_shown(void **state)
{
	struct bench bench;
	char text[MAILBOX_TOKEN_TEXT];
	uint8_t token[MAILBOX_TOKEN];

	bench_mailed(&bench, *state);
	mailbox_token_make(
	    bench.world->mailbox.token_key, bench.now.mails[0].id, bench.now.mails[0].nonce, token);
	mailbox_token_format(token, text);
	struct mailbox_step step =
	    bounce(&bench, 0, true, cs_arena_printf(bench.world->arena, "550 spam: %s", text));

	assert_null(strstr(step.reply, text));
	assert_null(strstr(bench.now.mails[0].reply, text));
	assert_non_null(strstr(step.reply, "withheld"));
}

/* ---- answers by mail ---- */

static struct mailbox_step
order_both(struct bench *bench, uint32_t attempt)
{
	static const char *both[] = { "email-token", "email-reply" };
	const struct mailbox_setting in = setting(bench);
	struct claim_asked asked =
	    fake_order(fake_request(1), "mailbox-1", "bob@alpha.example", attempt);
	struct mailbox_asked order;
	struct cs_err err;

	asked.check.method = "";
	asked.check.allowed_methods = (struct claim_texts){ both, 2 };
	if (wire_read_asked(
		bench->world->arena, fake_asked(bench->world->arena, asked), &order, &err))
		fail_msg("%s", err.text);
	return keep(bench, mailbox_decide_asked(&in, &bench->now, &order));
}

/* A challenge to which one mail went that wants an answer. */
static void
bench_challenged(struct bench *bench, struct fake_world *world)
{
	bench_begin(bench, world);
	(void)order_both(bench, 1);
	bench->method = "email-reply";
	assert_non_null(press(bench).mail);
	(void)mailed(bench, 0, MAILBOX_ACCEPTED, 1);
}

/* The answer that who has both parts makes to the i-th mail. */
static struct mailbox_answered
answer_to(struct bench *bench, size_t i)
{
	const struct mailbox_mail *mail = &bench->now.mails[i];
	const struct cs_span key = bench->world->mailbox.token_key;
	struct mailbox_answered answered = {
		.path = mailbox_return_of(MAILBOX_REPLIES, fake_request(1), "mailbox-1", mail->id),
		.reason = "",
		.clause = "",
		.text = "",
		.signed_by = "domain=alpha.example",
	};
	uint8_t digest[REPLY_DIGEST];

	mailbox_answer_digest(key, fake_request(1), "mailbox-1", bench->now.asked.request_digest,
	    mail->id, mail->nonce, digest);
	mailbox_answer_tag(key, digest, answered.tag);
	return answered;
}

static struct mailbox_step
answer(struct bench *bench, struct mailbox_answered answered)
{
	const struct mailbox_setting in = setting(bench);

	return keep(bench, mailbox_decide_answered(&in, &bench->now, &answered));
}

/* Part 1 is for who reads the mailbox: a report that repeats the subject must not show it to who asks. */
static void
a_bounce_that_repeats_the_subject_is_not_shown(void **state)
{
	static const size_t cuts[] = { 0, 1, 13, REPLY_PART1_TEXT - 1 - 8 };
	char part1[REPLY_PART1_TEXT];
	struct bench bench;

	bench_challenged(&bench, *state);
	struct cs_arena *arena = bench.world->arena;
	const struct mailbox_mail mail = bench.now.mails[0];

	mailbox_answer_part1(bench.world->mailbox.token_key, mail.id, mail.nonce, part1);
	for (size_t i = 0; i < LEN(cuts); i++) {
		const char *said = cs_arena_printf(
		    arena, "451 Subject: ACME: %.5s %s", part1 + cuts[i], part1 + cuts[i] + 5);
		struct mailbox_step step = bounce(&bench, 0, false, said);

		assert_string_equal(step.told, "deferred"); /* the mail is still good */
		assert_non_null(strstr(step.reply, "withheld"));
		assert_non_null(strstr(bench.now.mails[0].reply, "withheld"));
	}
	assert_string_equal(
	    bounce(&bench, 0, false, "451 busy, ask later").reply, "451 busy, ask later");
}

static void
the_right_answer_proves_the_mailbox_once(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	struct mailbox_step step = answer(&bench, answer_to(&bench, 0));

	assert_true(step.proves);
	assert_null(step.told);
	const struct mailbox_setting in = setting(&bench);
	const struct claim_evidence evidence = mailbox_evidence(&in, &step, NULL, NULL);

	assert_string_equal(evidence.method, "email-reply");
	assert_string_equal(evidence.reason, "answer-returned");
	assert_non_null(strstr(evidence.clause, "SBR 3.2.2.4"));
	assert_non_null(strstr(evidence.detail, "domain=alpha.example"));
	assert_false(answer(&bench, answer_to(&bench, 0)).proves);
}

static void
an_answer_lives_24_hours_to_the_millisecond(void **state)
{
	for (size_t i = 0; i < LEN(lives); i++) {
		struct bench bench;

		bench_challenged(&bench, *state);
		bench.now_ms += lives[i].after_ms;
		const bool proves = answer(&bench, answer_to(&bench, 0)).proves;

		if (proves != (strcmp(lives[i].result, "verified") == 0))
			fail_msg("%s: %d", lives[i].name, proves);
	}
}

static void
three_wrong_answers_end_it(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	struct mailbox_answered wrong = answer_to(&bench, 0);

	wrong.tag[0] ^= 1;
	for (int i = 0; i < 2; i++) {
		struct mailbox_step step = answer(&bench, wrong);

		assert_string_equal(step.told, "sent");
		assert_string_equal(step.reason, "reply-digest");
	}
	assert_string_equal(answer(&bench, wrong).told, "refused");
	assert_false(answer(&bench, answer_to(&bench, 0)).proves);
	assert_null(answer(&bench, wrong).told);
}

/* Strangers can send what breaks a rule: it is told, and uses up nothing. */
static void
what_is_no_answer_is_told_and_counts_nothing(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	struct mailbox_answered unsigned_mail = answer_to(&bench, 0);

	unsigned_mail.reason = "reply-unsigned";
	unsigned_mail.text = "no signature of the domain";
	for (int i = 0; i < 10; i++) {
		struct mailbox_step step = answer(&bench, unsigned_mail);

		assert_false(step.proves);
		assert_string_equal(step.told, "sent");
		assert_string_equal(step.reason, "reply-unsigned");
		assert_string_equal(step.reply, "no signature of the domain");
	}
	assert_true(answer(&bench, answer_to(&bench, 0)).proves);
}

/* Who has the address of one mail fills nobody's history, and does not shut the right answer out. */
static void
only_so_much_of_what_comes_back_is_told(void **state)
{
	struct bench bench;
	size_t told = 0;

	bench_challenged(&bench, *state);
	struct mailbox_answered unsigned_mail = answer_to(&bench, 0);

	unsigned_mail.reason = "reply-unsigned";
	for (int i = 0; i < 50; i++) {
		told += answer(&bench, unsigned_mail).told != NULL;
		told += bounce(&bench, 0, false, "451 busy").told != NULL;
	}
	assert_int_equal(told, MAILBOX_RETURNED);
	bench.now.changed = false; /* as it is loaded */
	assert_false(answer(&bench, unsigned_mail).next.changed);
	assert_true(answer(&bench, answer_to(&bench, 0)).proves);
	bench_challenged(&bench, *state);
	for (int i = 0; i < 50; i++)
		(void)bounce(&bench, 0, false, "451 busy");
	assert_string_equal(bounce(&bench, 0, true, "550 no").told, "refused");
}

static void
an_answer_serves_only_the_request_and_mail_it_is_for(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	struct mailbox_answered right = answer_to(&bench, 0);
	struct mailbox_setting in = setting(&bench);

	in.request = fake_request(2);
	assert_false(mailbox_decide_answered(&in, &bench.now, &right).proves);
	in.request = fake_request(1);
	bench.now.asked.request_digest[0] ^= 1; /* the same request, changed */
	assert_false(mailbox_decide_answered(&in, &bench.now, &right).proves);
	bench.now.asked.request_digest[0] ^= 1;
	bench.now_ms += CS_MINUTE_MS;
	assert_non_null(press(&bench).mail);
	right.path =
	    mailbox_return_of(MAILBOX_REPLIES, in.request, "mailbox-1", bench.now.mails[1].id);
	assert_false(answer(&bench, right).proves); /* the first mail's answer to the second */
	assert_true(answer(&bench, answer_to(&bench, 1)).proves);
}

/* A mail that nobody could answer would only be waited for. */
static void
without_an_address_for_answers_none_is_asked_for(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	(void)order_both(&bench, 1);
	struct mailbox_setting in = setting(&bench);
	struct mailbox_pressed pressed = { "mailbox-1", "demo", "alice", "email-reply" };

	in.takes_answers = false;
	struct mailbox_step step = mailbox_decide_pressed(&in, &bench.now, &pressed);

	assert_null(step.mail);
	assert_string_equal(step.told, "deferred");
	assert_string_equal(step.reason, "method-not-available");
	pressed.method = "";
	assert_int_equal(
	    mailbox_decide_pressed(&in, &bench.now, &pressed).mail->way, MAILBOX_BY_TOKEN);
}

/* Neither is the other: what is typed answers no mail, and no mail answers for what is typed. */
static void
tokens_and_answers_do_not_mix(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	want(submit(&bench, code_of(&bench, 0)), "not-sent", 5);
	bench_begin(&bench, *state);
	(void)order_both(&bench, 1);
	assert_non_null(press(&bench).mail); /* of two methods the token is the first */
	struct mailbox_answered answered = answer_to(&bench, 0);

	assert_null(answer(&bench, answered).told);
	assert_false(answer(&bench, answered).proves);
	want(submit(&bench, code_of(&bench, 0)), "verified", 5);
}

static void
a_method_that_the_order_does_not_allow_makes_no_mail(void **state)
{
	static const char *const methods[] = { "email-reply", "dns-txt", "phone" };
	struct bench bench;

	for (size_t i = 0; i < LEN(methods); i++) {
		bench_begin(&bench, *state);
		(void)order(&bench, 1, "bob@alpha.example");
		bench.method = methods[i];
		struct mailbox_step step = press(&bench);

		assert_null(step.mail);
		assert_string_equal(step.told, "deferred");
		assert_string_equal(step.reason, "method-not-allowed");
	}
}

static void
a_press_before_its_order_keeps_its_method(void **state)
{
	struct bench bench;

	bench_begin(&bench, *state);
	bench.method = "email-reply";
	(void)press(&bench);
	struct mailbox_step step = order_both(&bench, 1);

	assert_non_null(step.mail);
	assert_int_equal(step.mail->way, MAILBOX_BY_REPLY);
}

static void
only_the_account_of_the_order_is_told_how_to_answer(void **state)
{
	struct bench bench;

	bench_challenged(&bench, *state);
	assert_true(mailbox_may_answer(&bench.now, "demo", "alice", bench.now_ms));
	assert_false(mailbox_may_answer(&bench.now, "demo", "bob", bench.now_ms));
	assert_false(mailbox_may_answer(&bench.now, "other", "alice", bench.now_ms));
	assert_false(
	    mailbox_may_answer(&bench.now, "demo", "alice", bench.now_ms + MAILBOX_LIFE_MS));
	bench_mailed(&bench, *state);
	assert_false(mailbox_may_answer(&bench.now, "demo", "alice", bench.now_ms));
}

static void
a_mail_that_is_needed_no_more_is_not_tried_again(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	bench.now_ms += CS_MINUTE_MS;
	(void)press(&bench);
	(void)submit(&bench, code_of(&bench, 1));
	struct mailbox_step step = mailed(&bench, 0, MAILBOX_TRY_AGAIN, 1);

	assert_int_equal(step.again_ms, 0);
	assert_null(step.told);
}

static void
a_mail_counts_once_even_when_it_was_sent_twice(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 1);
	(void)mailed(&bench, 0, MAILBOX_ACCEPTED, 2);
	assert_int_equal(bench.now.mails_sent, 1);
	struct mailbox_step step = mailed(&bench, 0, MAILBOX_NEVER, 2);

	assert_null(step.told);
	assert_true(mailbox_is_live(&bench.now.mails[0], bench.now_ms));
}

static void
the_result_of_an_unknown_mail_changes_nothing(void **state)
{
	struct bench bench;

	bench_mailed(&bench, *state);
	const struct mailbox_setting in = setting(&bench);
	const struct mailbox_mailed result = { .check_id = "mailbox-1",
		.mail = fake_request(9),
		.delivery = MAILBOX_ACCEPTED,
		.attempt = 1,
		.reason = "",
		.clause = "",
		.reply = "" };

	bench.now.changed = false;
	struct mailbox_step step = mailbox_decide_mailed(&in, &bench.now, &result);

	assert_false(step.next.changed);
	assert_null(step.told);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_which_checks_are_mailboxes),
		cmocka_unit_test(counts_what_reaches_one_person_as_one_mailbox),
		cmocka_unit_test(the_right_code_proves_the_mailbox_once),
		cmocka_unit_test(a_code_lives_24_hours_to_the_millisecond),
		cmocka_unit_test(a_proof_serves_as_long_as_permitted),
		cmocka_unit_test(five_wrong_codes_void_all),
		cmocka_unit_test(the_right_code_counts_after_four_wrong_ones),
		cmocka_unit_test(what_can_be_no_code_is_a_wrong_one),
		cmocka_unit_test(a_new_mail_gives_no_new_tries_to_an_old_code),
		cmocka_unit_test(a_new_mail_after_all_are_void_begins_anew),
		cmocka_unit_test(an_old_code_is_no_guess),
		cmocka_unit_test(another_accounts_code_is_unknown_and_costs_no_try),
		cmocka_unit_test(before_any_mail_there_is_nothing_to_guess),
		cmocka_unit_test(a_code_serves_only_the_mailbox_it_went_to),
		cmocka_unit_test(a_code_serves_only_the_request_it_was_made_for),
		cmocka_unit_test(only_the_account_of_the_order_gets_a_mail_made),
		cmocka_unit_test(each_mail_has_a_code_of_its_own),
		cmocka_unit_test(makes_one_mail_a_minute),
		cmocka_unit_test(three_codes_live_at_most),
		cmocka_unit_test(makes_so_many_mails_and_no_more),
		cmocka_unit_test(who_was_not_counted_gets_no_mail),
		cmocka_unit_test(a_press_waits_for_its_order),
		cmocka_unit_test(a_repeated_or_older_order_changes_nothing),
		cmocka_unit_test(a_later_order_wants_a_new_proof),
		cmocka_unit_test(a_code_under_way_serves_a_later_order),
		cmocka_unit_test(does_what_the_relay_says),
		cmocka_unit_test(after_a_refusal_no_code_is_under_way),
		cmocka_unit_test(only_what_was_handed_over_counts_as_under_way),
		cmocka_unit_test(a_domain_that_takes_no_mail_leaves_no_token),
		cmocka_unit_test(finds_the_enhanced_status_of_a_reply),
		cmocka_unit_test(a_return_path_is_read_as_it_was_written),
		cmocka_unit_test(the_letters_of_a_return_path_stay_the_same),
		cmocka_unit_test(nobody_can_name_a_return_path),
		cmocka_unit_test(a_bounced_mail_is_refused_and_its_token_void),
		cmocka_unit_test(a_delayed_mail_is_told_and_its_token_stays),
		cmocka_unit_test(a_bounce_takes_back_no_proof_and_voids_no_other_mail),
		cmocka_unit_test(a_bounce_of_an_unknown_mail_changes_nothing),
		cmocka_unit_test(a_bounce_that_repeats_the_token_is_not_shown),
		cmocka_unit_test(a_bounce_that_repeats_the_subject_is_not_shown),
		cmocka_unit_test(the_right_answer_proves_the_mailbox_once),
		cmocka_unit_test(an_answer_lives_24_hours_to_the_millisecond),
		cmocka_unit_test(three_wrong_answers_end_it),
		cmocka_unit_test(what_is_no_answer_is_told_and_counts_nothing),
		cmocka_unit_test(only_so_much_of_what_comes_back_is_told),
		cmocka_unit_test(an_answer_serves_only_the_request_and_mail_it_is_for),
		cmocka_unit_test(without_an_address_for_answers_none_is_asked_for),
		cmocka_unit_test(tokens_and_answers_do_not_mix),
		cmocka_unit_test(a_method_that_the_order_does_not_allow_makes_no_mail),
		cmocka_unit_test(a_press_before_its_order_keeps_its_method),
		cmocka_unit_test(only_the_account_of_the_order_is_told_how_to_answer),
		cmocka_unit_test(a_mail_that_is_needed_no_more_is_not_tried_again),
		cmocka_unit_test(a_mail_counts_once_even_when_it_was_sent_twice),
		cmocka_unit_test(the_result_of_an_unknown_mail_changes_nothing),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
