/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of LDAP, what their results mean, and what a child may answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "directory/internal.h"

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define OCTETS(text)                                      \
	{                                                 \
		(const uint8_t *)(text), sizeof(text) - 1 \
	}

static void
a_bind_is_the_message_of_the_rfc(void **state)
{
	/* Written by hand after RFC 4511 4.1.1 and 4.2. */
	static const char want[] = "\x30\x15\x02\x01\x01\x60\x10\x02\x01\x03\x04\x04"
				   "cn=a\x80\x05"
				   "12345";
	struct cs_arena *arena = cs_arena_new();
	char name[301], password[DIRECTORY_PASSWORD_MAX];

	(void)state;
	struct cs_span got = directory_bind_request(arena, "cn=a", cs_span_str("12345"));

	assert_int_equal(got.len, sizeof(want) - 1);
	assert_memory_equal(got.data, want, got.len);
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	memset(password, 'p', sizeof(password));
	got = directory_bind_request(arena, name, cs_span_of(password, sizeof(password)));
	/* 3 of the number, 4 of the bind; in it 3 of the version, 4 + 300 and 4 + 256. */
	static const char head[] = "\x30\x82\x02\x3e\x02\x01\x01\x60\x82\x02\x37\x02\x01\x03"
				   "\x04\x82\x01\x2c";

	assert_int_equal(got.len, 4 + 0x23e);
	assert_memory_equal(got.data, head, sizeof(head) - 1);
	assert_memory_equal(got.data + 18 + 300, "\x80\x82\x01\x00", 4);
	cs_arena_free(arena);
}

static void
a_greeting_names_nobody(void **state)
{
	static const char want[] = "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00";
	static const char refused[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x30\x04\x00\x04\x00";
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span got = directory_greeting(arena);
	uint32_t code = 0;

	(void)state;
	assert_int_equal(got.len, sizeof(want) - 1);
	assert_memory_equal(got.data, want, got.len);
	assert_true(directory_greeted(cs_span_of(refused, sizeof(refused) - 1), &code));
	assert_int_equal(code, 48);
	assert_false(directory_greeted(cs_span_of(refused, sizeof(refused) - 2), &code));
	assert_false(directory_greeted(cs_span_str("HTTP/1.1 400 Bad Request\r\n"), &code));
	cs_arena_free(arena);
}

#define GOOD "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"

static void
reads_an_answer_and_nothing_else(void **state)
{
	static const struct {
		const char *name;
		struct cs_span octets;
		enum directory_heard want;
		uint32_t code;
	} cases[] = {
		{ "success", OCTETS(GOOD), DIRECTORY_ANSWER, 0 },
		{ "and more behind it", OCTETS(GOOD "junk"), DIRECTORY_ANSWER, 0 },
		{ "invalidCredentials of Active Directory: lengths in four octets",
		    OCTETS(
			"\x30\x84\x00\x00\x00\x12\x02\x01\x01\x61\x84\x00\x00\x00\x09\x0a\x01\x31\x04\x00"
			"\x04\x02\x38\x30"),
		    DIRECTORY_ANSWER, 49 },
		{ "a referral",
		    OCTETS("\x30\x0f\x02\x01\x01\x61\x0a\x0a\x01\x0a\x04\x00\x04\x00\xa3\x01x"),
		    DIRECTORY_ANSWER, 10 },
		{ "a control",
		    OCTETS("\x30\x0e\x02\x01\x01\x61\x07\x0a\x01\x31\x04\x00\x04\x00\xa0\x00"),
		    DIRECTORY_ANSWER, 49 },
		{ "a result in two octets",
		    OCTETS("\x30\x0d\x02\x01\x01\x61\x08\x0a\x02\x10\x00\x04\x00\x04\x00"),
		    DIRECTORY_ANSWER, 4096 },
		{ "nothing yet", OCTETS(""), DIRECTORY_MORE, 0 },
		{ "a tag", OCTETS("\x30"), DIRECTORY_MORE, 0 },
		{ "half a length", OCTETS("\x30\x84\x00\x00"), DIRECTORY_MORE, 0 },
		{ "HTTP", OCTETS("HTTP/1.1 200 OK\r\n"), DIRECTORY_NONSENSE, 0 },
		{ "an endless length", OCTETS("\x30\x80"), DIRECTORY_NONSENSE, 0 },
		{ "a length in five octets", OCTETS("\x30\x85"), DIRECTORY_NONSENSE, 0 },
		{ "a length beyond what is read", OCTETS("\x30\x83\x00\x40\x01"),
		    DIRECTORY_NONSENSE, 0 },
		{ "the longest that is read", OCTETS("\x30\x83\x00\x40\x00"), DIRECTORY_MORE, 0 },
		{ "an empty message", OCTETS("\x30\x00"), DIRECTORY_NONSENSE, 0 },
		{ "of another request",
		    OCTETS("\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "a notice of disconnection: of none",
		    OCTETS("\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "of a search", OCTETS("\x30\x0c\x02\x01\x01\x65\x07\x0a\x01\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "a result that is no enumeration",
		    OCTETS("\x30\x0c\x02\x01\x01\x61\x07\x02\x01\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "an empty result", OCTETS("\x30\x0b\x02\x01\x01\x61\x06\x0a\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "a negative result",
		    OCTETS("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x80\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "a result beyond three octets",
		    OCTETS("\x30\x0f\x02\x01\x01\x61\x0a\x0a\x04\x00\x00\x00\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "no diagnostic message",
		    OCTETS("\x30\x0a\x02\x01\x01\x61\x05\x0a\x01\x00\x04\x00"), DIRECTORY_NONSENSE,
		    0 },
		{ "a bind longer than its message",
		    OCTETS("\x30\x0c\x02\x01\x01\x61\x08\x0a\x01\x00\x04\x00\x04\x00"),
		    DIRECTORY_NONSENSE, 0 },
		{ "a text longer than its bind",
		    OCTETS("\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x01"),
		    DIRECTORY_NONSENSE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		uint32_t code = 0;
		const enum directory_heard got = directory_hear(cases[i].octets, &code);

		if (got != cases[i].want || (got == DIRECTORY_ANSWER && code != cases[i].code))
			fail_msg("%s: %d with result %u", cases[i].name, (int)got, (unsigned)code);
		assert_int_equal(directory_whole(cases[i].octets), got != DIRECTORY_MORE);
	}
}

/* However it is cut: the same in the end, and no answer before. */
static void
an_answer_may_come_in_any_pieces(void **state)
{
	static const char answer[] = GOOD;
	uint32_t code;

	(void)state;
	for (size_t n = 0; n < sizeof(answer) - 1; n++) {
		uint8_t *cut = malloc(n + 1); /* exactly as long: a sanitizer sees what is beyond */

		assert_non_null(cut);
		memcpy(cut, answer, n);
		assert_int_equal(directory_hear(cs_span_of(cut, n), &code), DIRECTORY_MORE);
		free(cut);
	}
}

static void
success_alone_is_a_yes(void **state)
{
	static const uint32_t wrong[] = { 19, 32, 48, 49, 50, 53 };

	(void)state;
	assert_int_equal(directory_judge(0), DIRECTORY_BOUND);
	assert_int_equal(directory_judge(34), DIRECTORY_NO_NAME);
	for (size_t i = 0; i < LEN(wrong); i++)
		assert_int_equal(directory_judge(wrong[i]), DIRECTORY_WRONG);
	for (uint32_t code = 1; code < 5000; code++) {
		bool known = code == 34;

		for (size_t i = 0; i < LEN(wrong); i++)
			known |= code == wrong[i];
		if (!known)
			assert_int_equal(directory_judge(code), DIRECTORY_AWAY);
	}
}

static void
a_question_comes_back_with_any_password(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct directory_bind bind = { true, "ldaps://dir.example", "cn=a,dc=example",
		OCTETS("a\nb\0c\xff") };
	struct directory_bind again;

	(void)state;
	struct cs_span octets = directory_wire_question(arena, &bind);

	assert_true(directory_wire_read_question(arena, octets, &again));
	assert_true(again.platform);
	assert_string_equal(again.endpoint, bind.endpoint);
	assert_string_equal(again.name, bind.name);
	assert_int_equal(again.password.len, 6);
	assert_memory_equal(again.password.data, bind.password.data, 6);
	/* Without its password, and cut wherever. */
	for (size_t n = 0; n <= octets.len - 6; n++)
		assert_false(
		    directory_wire_read_question(arena, cs_span_of(octets.data, n), &again));
	cs_arena_free(arena);
}

static void
an_answer_of_a_child_is_read_strictly(void **state)
{
	static const struct {
		struct cs_span octets;
		bool good;
	} cases[] = {
		{ OCTETS("bound\n127.0.0.1"), true },
		{ OCTETS("away\n"), true },
		{ OCTETS("bound"), false },
		{ OCTETS(""), false },
		{ OCTETS("boundless\n"), false },
		{ OCTETS("Bound\n"), false },
		{ OCTETS("bound\n\x1b[2J"), false },
		{ OCTETS("bound\na\nb"), false },
		{ OCTETS("bound\na\0b"), false },
	};
	struct cs_arena *arena = cs_arena_new();
	struct directory_answer answer = { DIRECTORY_NO_NAME, "said" };

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_int_equal(
		    directory_wire_read_answer(arena, cases[i].octets, &answer), cases[i].good);
	for (enum directory_outcome o = DIRECTORY_BOUND; o <= DIRECTORY_AWAY; o++) {
		const struct directory_answer sent = { o, "127.0.0.1 answered" };

		assert_true(directory_wire_read_answer(
		    arena, directory_wire_answer(arena, &sent), &answer));
		assert_int_equal(answer.outcome, o);
		assert_string_equal(answer.said, sent.said);
	}
	char long_said[DIRECTORY_SAID_MAX + 2];

	memset(long_said, 'x', sizeof(long_said));
	long_said[sizeof(long_said) - 1] = '\0';
	assert_false(directory_wire_read_answer(
	    arena, cs_span_str(cs_arena_printf(arena, "bound\n%s", long_said)), &answer));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bind_is_the_message_of_the_rfc),
		cmocka_unit_test(a_greeting_names_nobody),
		cmocka_unit_test(reads_an_answer_and_nothing_else),
		cmocka_unit_test(an_answer_may_come_in_any_pieces),
		cmocka_unit_test(success_alone_is_a_yes),
		cmocka_unit_test(a_question_comes_back_with_any_password),
		cmocka_unit_test(an_answer_of_a_child_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
