/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "bus/protocol.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16

static const struct {
	const char *subject;
	bool want;
} deliveries[] = {
	{ "$JS.ACK.PLAN.signer.2.17.9.1795437296789000000.5", true },
	{ "$JS.ACK._.hash.PLAN.signer.2.17.9.1795437296789000000.5", true },
	{ "$JS.ACK._.hash.PLAN.signer.2.17.9.1795437296789000000.5.random", true },
	{ "$JS.ACK.PLAN.signer.2.17.9.1795437296789000000", false },
	{ "$JS.ACK.x.PLAN.signer.2.17.9.1795437296789000000.5", false },
	{ "$JS.ACK.PLAN.signer.2.-17.9.1795437296789000000.5", false },
	{ "$JS.ACK.PLAN.signer.2.17.9.1795437296789000000.18446744073709551616", false },
	{ "$JS.ACK.PLAN.signer.2.17..1795437296789000000.5", false },
	{ "$JS.API.PLAN.signer.2.17.9.1795437296789000000.5", false },
	{ "$JS.ACK.", false },
	{ "", false },
};

static void
the_reply_subject_tells_where_a_message_comes_from(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(deliveries) / sizeof(deliveries[0]); i++) {
		struct protocol_delivery got = { 0 };

		if (protocol_read_delivery(deliveries[i].subject, &got) != deliveries[i].want)
			fail_msg("%s: want %d", deliveries[i].subject, deliveries[i].want);
		if (!deliveries[i].want)
			continue;
		assert_string_equal(got.stream, "PLAN");
		assert_string_equal(got.durable, "signer");
		assert_int_equal(got.deliveries, 2);
		assert_int_equal(got.sequence, 17);
		assert_int_equal(got.pending, 5);
		assert_int_equal(got.stored_ms, INT64_C(1795437296789));
	}
}

static void
a_name_that_is_too_long_is_refused(void **state)
{
	struct protocol_delivery got;

	(void)state;
	assert_true(protocol_read_delivery("$JS.ACK." A64 ".d.1.1.1.1.1", &got));
	assert_false(protocol_read_delivery("$JS.ACK.a" A64 ".d.1.1.1.1.1", &got));
	assert_true(protocol_name_ok(A64));
	assert_false(protocol_name_ok(A64 "a"));
	assert_false(protocol_name_ok(""));
	assert_false(protocol_name_ok("a.b"));
}

static const struct {
	const char *subject;
	bool plain, wild;
} subjects[] = {
	{ "cs.plan.caa-asked", true, true },
	{ "$JS.API.STREAM.INFO.PLAN", true, true },
	{ "cs", true, true },
	{ "cs.*", false, true },
	{ "cs.>", false, true },
	{ ">", false, true },
	{ "cs.>.a", false, false },
	{ "cs.a*", false, false },
	{ "", false, false },
	{ ".cs", false, false },
	{ "cs.", false, false },
	{ "cs..plan", false, false },
	{ "cs plan", false, false },
	{ "cs\r\nPUB x 0", false, false },
	{ "cs.\xc3\xa4", false, false },
	{ A64 A64 A64 A16 A16 A16 "aaaaaaaaaaaaaaa", true, true },
	{ A64 A64 A64 A64, false, false },
	{ "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16", true, true },
	{ "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17", false, false },
};

static void
only_clean_subjects_are_used(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (protocol_subject_ok(subjects[i].subject, false) != subjects[i].plain)
			fail_msg("%s: want %d", subjects[i].subject, subjects[i].plain);
		if (protocol_subject_ok(subjects[i].subject, true) != subjects[i].wild)
			fail_msg("%s wild: want %d", subjects[i].subject, subjects[i].wild);
	}
}

static void
a_header_cannot_smuggle_another(void **state)
{
	static const struct {
		struct bus_header header;
		bool want;
	} cases[] = {
		{ { "ce-id", "0b2f" }, true },
		{ { "ce-id", "" }, true },
		{ { "ce-id", "gr\xc3\xbc\xc3\x9f" }, true },
		{ { "ce-id", "a\r\nNats-Msg-Id: b" }, false },
		{ { "ce-id", "a\nb" }, false },
		{ { "ce-id", "a\x7f" }, false },
		{ { "ce id", "a" }, false },
		{ { "ce:id", "a" }, false },
		{ { "", "a" }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (protocol_header_ok(&cases[i].header) != cases[i].want)
			fail_msg("header %zu: want %d", i, cases[i].want);
}

static void
the_longest_header_value_is_allowed_and_no_longer_one(void **state)
{
	char value[BUS_HEADER_MAX + 2];
	const struct bus_header header = { "name", value };

	(void)state;
	memset(value, 'a', sizeof(value));
	value[BUS_HEADER_MAX] = '\0';
	assert_true(protocol_header_ok(&header));
	value[BUS_HEADER_MAX] = 'a';
	value[BUS_HEADER_MAX + 1] = '\0';
	assert_false(protocol_header_ok(&header));
}

static const struct {
	const char *block, *want; /* NULL: not found */
} blocks[] = {
	{ "NATS/1.0\r\nce-id: one\r\nCE-ID: two\r\n\r\n", "one" },
	{ "NATS/1.0\r\nother: x\r\nCe-Id:\t two \r\n\r\n", "two" },
	{ "NATS/1.0 503\r\nce-id:\r\n\r\n", "" },
	{ "NATS/1.0\r\nother: x\r\n\r\nce-id: body\r\n", NULL },
	{ "NATS/1.0\r\nbroken\r\nce-id: x\r\n\r\n", NULL },
	{ "HTTP/1.0\r\nce-id: x\r\n\r\n", NULL },
	{ "NATS/1.0\r\nce-id: x", NULL },
	{ "", NULL },
};

static void
stored_headers_are_found_whatever_their_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct cs_span value = { 0 };
		const bool found =
		    protocol_find_header(cs_span_str(blocks[i].block), "ce-id", &value);

		if (found != (blocks[i].want != NULL) ||
		    (found && !cs_span_is(value, blocks[i].want)))
			fail_msg("block %zu", i);
	}
}

static const struct {
	const char *body;
	bool stored, duplicate;
	const char *error;
} answers[] = {
	{ "{\"stream\":\"PLAN\",\"seq\":7}", true, false, "" },
	{ "{\"stream\":\"PLAN\",\"seq\":7,\"duplicate\":true}", true, true, "" },
	{ "{\"error\":{\"code\":503,\"err_code\":10077,\"description\":\"full\"}}", false, false,
	    "10077 full" },
	{ "{\"error\":{\"code\":503,\"err_code\":1,\"description\":\"a\\nb\"}}", false, false,
	    "1 a\\x0ab" },
	{ "{\"error\":1,\"stream\":\"PLAN\",\"seq\":7}", false, false, "0 unknown" },
	{ "{\"stream\":\"PLAN\",\"seq\":0}", false, false, "unreadable answer" },
	{ "{\"stream\":\"PLAN\",\"seq\":-1}", false, false, "unreadable answer" },
	{ "{\"seq\":7}", false, false, "unreadable answer" },
	{ "{\"stream\":\"PLAN\",\"seq\":7", false, false, "unreadable answer" },
	{ "", false, false, "unreadable answer" },
};

static void
only_a_clear_yes_means_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct protocol_stored got =
		    protocol_read_stored(cs_span_str(answers[i].body));

		if (got.stored != answers[i].stored || got.duplicate != answers[i].duplicate ||
		    got.sequence != (answers[i].stored ? 7 : 0))
			fail_msg("%s: stored %d", answers[i].body, got.stored);
		assert_string_equal(got.error, answers[i].error);
	}
}

#define SEED "SU" A16_UP A16_UP A16_UP "ABCDEFGH"
#define KEY "U" A16_UP A16_UP A16_UP "ABCDEFG"
#define A16_UP "AAAAAAAAAAAAAAAA"

static void
a_seed_file_has_two_lines(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = {
		{ SEED "\n" KEY "\n", true },
		{ SEED "\r\n" KEY, true },
		{ SEED "\n", false },
		{ KEY "\n" SEED "\n", false },
		{ SEED "A\n" KEY "\n", false },
		{ SEED "\n" KEY "A\n", false },
		{ "SA" A16_UP A16_UP A16_UP "ABCDEFGH\n" KEY "\n", false },
		{ SEED "\n"
		       "U" A16_UP A16_UP A16_UP "ABCDEF1\n",
		    false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct protocol_seed seed;

		if (protocol_read_seed(cs_span_str(cases[i].text), &seed) != cases[i].want)
			fail_msg("case %zu: want %d", i, cases[i].want);
		if (cases[i].want) {
			assert_string_equal(seed.seed, SEED);
			assert_string_equal(seed.key, KEY);
		}
	}
}

static void
tokens_survive_a_round_trip_and_nothing_else_is_one(void **state)
{
	static const char *const bad[] = { "", "-", "1-", "-1", "1", "1-2-3", "g-1", "1-G", "01-A",
		"123456789-1", "1-123456789", " 1-1" };
	char text[PROTOCOL_TOKEN_MAX];
	uint32_t slot, generation;

	(void)state;
	protocol_write_token(UINT32_MAX, UINT32_MAX, text);
	assert_true(protocol_read_token(text, &slot, &generation));
	assert_int_equal(slot, UINT32_MAX);
	assert_int_equal(generation, UINT32_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (protocol_read_token(bad[i], &slot, &generation))
			fail_msg("'%s' was read", bad[i]);
}

static void
secret_tokens_survive_a_round_trip_and_nothing_else_is_one(void **state)
{
	static const char *const bad[] = { "", "1-2", "1-2-", "1-2-3-4", "1-2-g", "-2-3", "1-2-A",
		"1-2-12345678901234567", "123456789-2-3", "1-123456789-3" };
	char text[PROTOCOL_SECRET_TOKEN_MAX];
	uint32_t slot, generation;
	uint64_t secret;

	(void)state;
	protocol_write_secret_token(UINT32_MAX, UINT32_MAX, UINT64_MAX, text);
	assert_true(protocol_read_secret_token(text, &slot, &generation, &secret));
	assert_int_equal(slot, UINT32_MAX);
	assert_int_equal(generation, UINT32_MAX);
	assert_int_equal(secret, UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (protocol_read_secret_token(bad[i], &slot, &generation, &secret))
			fail_msg("'%s' was read", bad[i]);
}

static void
a_question_is_answered_below_the_inbox_of_its_asker(void **state)
{
	static const char *const bad[] = { "cs.plan.made", "_INBOX_intake.0.policy.who",
		"_INBOX_intake.0.policy.config.1", "_INBOX_intake.0.polic.who.1",
		"_INBOX_intake.0.policy.who.1.2", "_INBOX_intake.0.policy.who.>",
		"_INBOX.0.policy.who.1", "$JS.ACK.policy.who.1", "" };
	static const char *const no_questions[] = { "ask.policy", "ask.policy.who.now", "asks.a.b",
		"ask.policy.*", "ask..who", "$JS.API.STREAM.INFO.PLAN" };
	char reply[PROTOCOL_REPLY_MAX];

	(void)state;
	assert_true(protocol_answer_subject("ask.policy.who", "_INBOX_intake.0.", "1-2-3", reply));
	assert_string_equal(reply, "_INBOX_intake.0.policy.who.1-2-3");
	assert_true(protocol_answers("ask.policy.who", reply));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (protocol_answers("ask.policy.who", bad[i]))
			fail_msg("would answer at '%s'", bad[i]);
	for (size_t i = 0; i < sizeof(no_questions) / sizeof(no_questions[0]); i++)
		if (protocol_answer_subject(no_questions[i], "_INBOX_intake.0.", "1", reply))
			fail_msg("'%s' is a question", no_questions[i]);
}

static void
the_api_says_not_found_away_or_what_it_knows(void **state)
{
	struct bus_stream stream = { 0 };
	struct cs_err err;

	(void)state;
	assert_int_equal(
	    protocol_read_stream(cs_span_str("{\"error\":{\"code\":404}}"), &stream, &err),
	    CS_NOT_FOUND);
	assert_int_equal(
	    protocol_read_stream(cs_span_str("{\"error\":{\"code\":503}}"), &stream, &err),
	    CS_UNAVAILABLE);
	assert_int_equal(protocol_read_stream(cs_span_str("{}"), &stream, &err), CS_INTERNAL);
	assert_int_equal(protocol_read_stream(cs_span_str("[]"), &stream, &err), CS_INTERNAL);
	assert_int_equal(
	    protocol_read_stream(
		cs_span_str("{\"created\":\"2026-11-23T00:00:00.000000001Z\",\"state\":"
			    "{\"messages\":3,\"bytes\":400,\"first_seq\":1,\"last_seq\":3,"
			    "\"consumer_count\":7}}"),
		&stream, &err),
	    CS_OK);
	assert_int_equal(stream.messages, 3);
	assert_int_equal(stream.consumers, 7);
	assert_string_equal(stream.created, "2026-11-23T00:00:00.000000001Z");
}

static void
a_stored_message_is_decoded(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct bus_stored stored;
	struct cs_err err;

	(void)state;
	assert_int_equal(
	    protocol_read_message(
		cs_span_str("{\"message\":{\"subject\":\"cs.a\",\"seq\":4,\"data\":\"aGk=\","
			    "\"time\":\"2026-11-23T00:00:00Z\"}}"),
		arena, &stored, &err),
	    CS_OK);
	assert_int_equal(stored.sequence, 4);
	assert_true(cs_span_is(stored.body, "hi"));
	assert_null(bus_stored_header(&stored, "ce-id", arena));
	assert_int_equal(
	    protocol_read_message(
		cs_span_str("{\"message\":{\"subject\":\"cs.a\",\"seq\":4,\"data\":\"!\","
			    "\"time\":\"2026-11-23T00:00:00Z\"}}"),
		arena, &stored, &err),
	    CS_INTERNAL);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_reply_subject_tells_where_a_message_comes_from),
		cmocka_unit_test(a_name_that_is_too_long_is_refused),
		cmocka_unit_test(only_clean_subjects_are_used),
		cmocka_unit_test(a_header_cannot_smuggle_another),
		cmocka_unit_test(the_longest_header_value_is_allowed_and_no_longer_one),
		cmocka_unit_test(stored_headers_are_found_whatever_their_case),
		cmocka_unit_test(only_a_clear_yes_means_stored),
		cmocka_unit_test(a_seed_file_has_two_lines),
		cmocka_unit_test(tokens_survive_a_round_trip_and_nothing_else_is_one),
		cmocka_unit_test(secret_tokens_survive_a_round_trip_and_nothing_else_is_one),
		cmocka_unit_test(a_question_is_answered_below_the_inbox_of_its_asker),
		cmocka_unit_test(the_api_says_not_found_away_or_what_it_knows),
		cmocka_unit_test(a_stored_message_is_decoded),
	};

	return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
