/* SPDX-License-Identifier: Apache-2.0 */
/* The mail with the code: where the code lies, and what people's names cannot do to it. */
#include <string.h>

#include "answer.h"
#include "fake_world.h"
#include "letter.h"

#define FROM "codes@countersign.example"

static struct letter_frame
frame_of(const struct fake_world *world)
{
	return (struct letter_frame){
		.token_key = world->mailbox.token_key, .from = FROM, .now_ms = FAKE_NOW
	};
}

static struct mailbox_letter
letter(const char *mailbox, const char *enterprise, const char *account)
{
	return (struct mailbox_letter){ .request = fake_request(1),
		.mail = fake_request(5),
		.nonce = { 4 },
		.expires_ms = FAKE_NOW + CS_DAY_MS,
		.check_id = "mailbox-1",
		.mailbox = mailbox,
		.enterprise = enterprise,
		.account = account };
}

static char *
written(struct fake_world *world, const struct mailbox_letter *to)
{
	struct cs_span octets;
	struct cs_err err;

	const struct letter_frame frame = frame_of(world);

	if (letter_write(world->arena, &frame, to, &octets, &err))
		fail_msg("%s", err.text);
	return cs_arena_strndup(world->arena, (const char *)octets.data, octets.len);
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = strstr(text, what); at != NULL; at = strstr(at + 1, what))
		n++;
	return n;
}

static void
the_code_is_in_the_body_once(void **state)
{
	struct fake_world *world = *state;
	const struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice");
	const char *mail = written(world, &to);
	uint8_t token[MAILBOX_TOKEN];
	char text[MAILBOX_TOKEN_TEXT];

	mailbox_token_make(world->mailbox.token_key, to.mail, to.nonce, token);
	mailbox_token_format(token, text);
	assert_int_equal(count(mail, text), 1);
	assert_true(strstr(mail, text) > strstr(mail, "\r\n\r\n"));
	assert_int_equal(count(mail, "0000-0000"), 0);
}

static void
says_who_asked_and_until_when(void **state)
{
	const struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice@hq");
	const char *mail = written(*state, &to);
	char request[CS_ID_TEXT];

	cs_id_format(to.request, request);
	assert_int_equal(count(mail, "\r\n        demo\r\n        "), 1);
	assert_int_equal(count(mail, request), 1);
	assert_int_equal(count(mail, "until 2026-09-22 14:13 UTC"), 1);
	assert_int_equal(count(mail, "\r\nTo: bob@alpha.example\r\n"), 1);
	assert_int_equal(count(mail, "\r\nAuto-Submitted: auto-generated\r\n"), 1);
	assert_int_equal(count(mail, "ignore this mail"), 1);
	assert_int_equal(count(mail, "\r\nContent-Transfer-Encoding: 7bit\r\n"), 1);
	assert_int_equal(count(mail, "http"), 0); /* a link could confirm by itself */
}

/* What the person who asks has chosen: the account's name, and what stands before the @. */
static void
nothing_that_the_asker_chose_is_in_it(void **state)
{
	static const char *const accounts[] = { "call-0800-555-now", "http://evil.example/x",
		"a\r\nBcc: eve@evil.example" };
	struct fake_world *world = *state;
	const struct mailbox_letter plain = letter("bob+pay-me@alpha.example", "demo", "alice");
	const char *usual = written(world, &plain);

	assert_int_equal(count(usual, "bob+pay-me"), 1); /* To, and nowhere else */
	for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
		const struct mailbox_letter to =
		    letter("bob+pay-me@alpha.example", "demo", accounts[i]);

		assert_string_equal(written(world, &to), usual);
	}
}

static const struct {
	const char *enterprise, *shown;
} names[] = {
	{ "demo", "demo" },
	{ "http://evil.example/x y", "http???evil.example?x?y" },
	{ "Ren\xc3\xa9", "Ren??" },
	{ "a\r\nBcc: eve@evil.example", "a??Bcc??eve@evil.example" },
	{ "0123456789012345678901234567890123456789012345678901234567890123456789",
	    "0123456789012345678901234567890123456789012345678901234567890123" },
	{ "0000-0000-0000-0000-0000-0000-0000-0000", "0000-0000-0000-0000-0000-0000-0000-0000" },
};

static void
names_cannot_say_more_than_names(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct mailbox_letter to =
		    letter("bob@alpha.example", names[i].enterprise, "alice");
		const char *mail = written(world, &to);

		if (strstr(mail, cs_arena_printf(
				     world->arena, "\r\n        %s\r\n", names[i].shown)) == NULL)
			fail_msg(
			    "%s: not shown as %s in %s", names[i].enterprise, names[i].shown, mail);
		assert_int_equal(count(mail, "\r\nBcc:"), 0);
	}
}

/* What would make programs answer it, or people believe that it is of a list. */
static const char *const absent[] = { "List-", "Precedence", "Reply-To",
	"Cc:", "Bcc:", "Disposition-Notification-To", "Return-Receipt-To", "Sender:" };

static void
asks_for_no_answer(void **state)
{
	const struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice");
	const char *mail = written(*state, &to);

	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(count(mail, absent[i]), 0);
}

/* Whole, in one line, the token behind "#"; and the text with the token stays. */
static void
a_link_has_the_token_where_no_server_sees_it(void **state)
{
	struct fake_world *world = *state;
	const struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice");
	struct letter_frame frame = frame_of(world);
	uint8_t token[MAILBOX_TOKEN];
	char text[MAILBOX_TOKEN_TEXT], request[CS_ID_TEXT];
	struct cs_span octets;
	struct cs_err err;

	frame.confirm_url = "https://ra.countersign.example/some/longer/path/to/the/page/confirm";
	if (letter_write(world->arena, &frame, &to, &octets, &err))
		fail_msg("%s", err.text);
	const char *mail = cs_arena_strndup(world->arena, (const char *)octets.data, octets.len);

	mailbox_token_make(frame.token_key, to.mail, to.nonce, token);
	mailbox_token_format(token, text);
	cs_id_format(to.request, request);
	assert_int_equal(count(mail, cs_arena_printf(world->arena, "\r\n%s#%s/mailbox-1/%s\r\n",
					 frame.confirm_url, request, text)),
	    1);
	assert_int_equal(count(mail, cs_arena_printf(world->arena, "\r\n    %s\r\n", text)), 1);
	assert_int_equal(count(mail, text), 2);
	assert_int_equal(count(mail, "0000-0000"), 0);
}

static const char *const unmailable[] = { "j\xc3\xbcrgen@alpha.example", "a b@alpha.example",
	"a@alpha.example\r\nBcc: eve@evil.example", "alpha.example", "" };

static void
refuses_addresses_that_it_cannot_mail_to(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < sizeof(unmailable) / sizeof(unmailable[0]); i++) {
		const struct mailbox_letter to = letter(unmailable[i], "demo", "alice");
		struct cs_span octets = { NULL, 0 };
		struct cs_err err;

		const struct letter_frame frame = frame_of(world);

		assert_int_equal(
		    letter_write(world->arena, &frame, &to, &octets, &err), CS_MALFORMED);
		assert_null(octets.data);
	}
}

/* RFC 8823 3.1: part 1 in the subject and nowhere else, part 2 nowhere. */
static void
a_mail_that_wants_an_answer_is_a_challenge(void **state)
{
	struct fake_world *world = *state;
	const struct cs_span key = world->mailbox.token_key;
	struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice");
	char part1[REPLY_PART1_TEXT], part2[REPLY_PART1_TEXT], token_text[MAILBOX_TOKEN_TEXT];
	uint8_t token[MAILBOX_TOKEN];
	struct cs_span octets;
	struct cs_err err;

	struct letter_frame frame = frame_of(world);

	to.way = MAILBOX_BY_REPLY;
	frame.reply_to = "r1@return.example";
	frame.confirm_url = "https://ra.example/confirm"; /* an answer is no click */
	if (letter_write(world->arena, &frame, &to, &octets, &err))
		fail_msg("%s", err.text);
	const char *mail = cs_arena_strndup(world->arena, (const char *)octets.data, octets.len);

	mailbox_answer_part1(key, to.mail, to.nonce, part1);
	mailbox_answer_part2(key, to.request, "mailbox-1", part2);
	mailbox_token_make(key, to.mail, to.nonce, token);
	mailbox_token_format(token, token_text);
	assert_int_equal(strlen(part1), 40);
	assert_int_equal(
	    count(mail, cs_arena_printf(world->arena, "\r\nSubject: ACME: %s\r\n", part1)), 1);
	assert_int_equal(count(mail, part1), 1);
	assert_int_equal(count(mail, part2), 0);
	assert_int_equal(count(mail, token_text), 0);
	assert_int_equal(count(mail, "\r\nReply-To: r1@return.example\r\n"), 1);
	assert_int_equal(count(mail, "\r\nAuto-Submitted: auto-generated; type=acme\r\n"), 1);
	assert_int_equal(count(mail, "alice"), 0);
	assert_int_equal(count(mail, "http"), 0);
	assert_string_not_equal(part1, part2);
}

static void
the_same_row_makes_the_same_mail(void **state)
{
	const struct mailbox_letter to = letter("bob@alpha.example", "demo", "alice");

	assert_string_equal(written(*state, &to), written(*state, &to));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_is_in_the_body_once),
		cmocka_unit_test(says_who_asked_and_until_when),
		cmocka_unit_test(nothing_that_the_asker_chose_is_in_it),
		cmocka_unit_test(names_cannot_say_more_than_names),
		cmocka_unit_test(asks_for_no_answer),
		cmocka_unit_test(a_link_has_the_token_where_no_server_sees_it),
		cmocka_unit_test(refuses_addresses_that_it_cannot_mail_to),
		cmocka_unit_test(a_mail_that_wants_an_answer_is_a_challenge),
		cmocka_unit_test(the_same_row_makes_the_same_mail),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
