/* SPDX-License-Identifier: Apache-2.0 */
/* What crosses to the child and back: nothing is lost on the way, and a child can say little. */
#include <string.h>

#include "check.h"
#include "internal.h"

static const struct login_question start = {
	.start = { .at = { true, "https://idp.example" },
	    .request = { "id", "https://ra.example/r", "s", "n", "v", 300, "alice", "oid" } },
};
static const struct login_question finish = {
	.finishes = true,
	.finish = { .at = { false, "https://idp.example" },
	    .redirect = { .code = "c", .issuer = "https://idp.example" },
	    .exchange = { "id", "secret", "https://ra.example/r", "c", "v" },
	    .nonce = "n",
	    .claim = "oid",
	    .asked_s = 1800000000,
	    .max_age_s = 300 },
};

static void
questions_come_through(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct login_question again;

	(void)state;
	assert_true(login_wire_read_question(login_wire_question(arena, &start), &again));
	assert_false(again.finishes);
	assert_true(again.start.at.platform);
	assert_string_equal(again.start.at.endpoint, "https://idp.example");
	assert_string_equal(again.start.request.verifier, "v");
	assert_string_equal(again.start.request.hint, "alice");
	assert_int_equal(again.start.request.max_age_s, 300);
	assert_string_equal(again.start.request.claim, "oid");
	assert_true(login_wire_read_question(login_wire_question(arena, &finish), &again));
	assert_true(again.finishes);
	assert_false(again.finish.at.platform);
	assert_string_equal(again.finish.exchange.secret, "secret");
	assert_string_equal(again.finish.exchange.code, "c");
	assert_string_equal(again.finish.redirect.code, "c");
	assert_null(again.finish.redirect.error);
	assert_string_equal(again.finish.redirect.issuer, "https://idp.example");
	assert_string_equal(again.finish.claim, "oid");
	assert_int_equal(again.finish.asked_s, 1800000000);
	assert_false(login_wire_read_question(cs_span_of("start", 6), &again));
	assert_false(login_wire_read_question(cs_span_of("", 0), &again));
	cs_arena_free(arena);
}

static const struct login_question saml_start = {
	.saml = true,
	.saml_start = { { true, "https://idp.example/m" }, "urn:us", "https://ra.example/s", "_1",
	    "state" },
};
static const struct login_question saml_finish = {
	.saml = true,
	.finishes = true,
	.saml_finish = { { false, "https://idp.example/m" }, "PHgvPg==", "urn:us",
	    "https://ra.example/s", "_1", "", 1800000000 },
};

static void
questions_of_saml_come_through(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct login_question again;

	(void)state;
	assert_true(login_wire_read_question(login_wire_question(arena, &saml_start), &again));
	assert_true(again.saml && !again.finishes);
	assert_true(again.saml_start.at.platform);
	assert_string_equal(again.saml_start.at.endpoint, "https://idp.example/m");
	assert_string_equal(again.saml_start.entity_id, "urn:us");
	assert_string_equal(again.saml_start.answer_at, "https://ra.example/s");
	assert_string_equal(again.saml_start.request_id, "_1");
	assert_string_equal(again.saml_start.state, "state");
	assert_true(login_wire_read_question(login_wire_question(arena, &saml_finish), &again));
	assert_true(again.saml && again.finishes);
	assert_false(again.saml_finish.at.platform);
	assert_string_equal(again.saml_finish.form, "PHgvPg==");
	assert_string_equal(again.saml_finish.entity_id, "urn:us");
	assert_string_equal(again.saml_finish.answer_at, "https://ra.example/s");
	assert_string_equal(again.saml_finish.request_id, "_1");
	assert_string_equal(again.saml_finish.claim, "");
	assert_int_equal(again.saml_finish.asked_s, 1800000000);
	assert_false(login_wire_read_question(cs_span_of("saml-start", 11), &again));
	assert_false(login_wire_read_question(cs_span_of("saml-other", 11), &again));
	cs_arena_free(arena);
}

static void
answers_come_through(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct login_told url = { .said = "", .url = "https://idp.example/a?x=1" };
	const struct login_told person = {
		.said = "", .url = "", .person = { "Zo\xc3\xab", "248", 1800000000 }
	};
	const struct login_told no = {
		.why = *oidc_refusal_find("oidc-signature"), .said = "how it was", .url = ""
	};
	struct login_told again;

	(void)state;
	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &url), &again));
	assert_null(again.why.code);
	assert_string_equal(again.url, url.url);
	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &person), &again));
	assert_null(again.why.code);
	assert_string_equal(again.url, "");
	assert_string_equal(again.person.name, "Zo\xc3\xab");
	assert_string_equal(again.person.subject, "248");
	assert_int_equal(again.person.login_s, 1800000000);
	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &no), &again));
	assert_string_equal(again.why.code, "oidc-signature");
	assert_string_equal(again.why.text, no.why.text);
	assert_string_equal(again.said, "how it was");
	const struct login_told of_saml = {
		.why = *saml_refusal_find("saml-signature"), .said = "", .url = ""
	};

	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &of_saml), &again));
	assert_string_equal(again.why.code, "saml-signature");
	assert_string_equal(again.why.text, of_saml.why.text);
	cs_arena_free(arena);
}

#define SPAN(text)                                      \
	{                                               \
		(const uint8_t *)text, sizeof(text) - 1 \
	}

static void
a_child_that_was_taken_over_can_say_little(void **state)
{
	static const struct cs_span octets[] = {
		SPAN(""),
		SPAN("no\0oidc-signature\0"),
		SPAN("no\0oidc-unheard-of\0x\0"),
		SPAN("no\0oidc-signature\0\x1b[2J\0"),
		SPAN("no\0oidc-signature\0x"),
		SPAN("no\0oidc-signature\0x\0y\0"),
		SPAN("url\0javascript:alert(1)\0"),
		SPAN("url\0https://idp.example/ x\0"),
		SPAN("url\0https://idp.example/\r\nX: y\0"),
		SPAN("url\0\0"),
		SPAN("person\0\0s\0001\0"),
		SPAN("person\0a\0\0001\0"),
		SPAN("person\0a\0s\0\0"),
		SPAN("person\0a\0s\0-1\0"),
		SPAN("person\0a\0s\0001x\0"),
		SPAN("person\0a\0s\000999999999999999999\0"),
		SPAN("person\0a\nb\0s\0001\0"),
		SPAN("person\0\xe2\x80\xae\0s\0001\0"),
		SPAN("person\0a\0\xc3\xa9\0001\0"),
		SPAN("person\0a\0s\0001\0x\0"),
		SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
	};
	struct cs_arena *arena = cs_arena_new();
	struct login_told told = { .said = NULL };

	(void)state;
	for (size_t i = 0; i < COUNT(octets); i++)
		if (login_wire_read_answer(arena, octets[i], &told))
			fail_msg("answer %zu was taken", i);
	assert_null(told.said);
	cs_arena_free(arena);
}

static void
bounds_what_a_child_says(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	char name[OIDC_TEXT_MAX + 2], said[LOGIN_SAID_MAX + 2];
	struct login_told person = { .said = "", .url = "", .person = { name, "s", 1 } };
	struct login_told no = {
		.why = *oidc_refusal_find("oidc-signature"), .said = said, .url = ""
	};
	struct login_told told;

	(void)state;
	memset(name, 'a', sizeof(name));
	memset(said, 'a', sizeof(said));
	name[OIDC_TEXT_MAX] = said[LOGIN_SAID_MAX] = '\0';
	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &person), &told));
	assert_true(login_wire_read_answer(arena, login_wire_answer(arena, &no), &told));
	name[OIDC_TEXT_MAX] = said[LOGIN_SAID_MAX] = 'a';
	name[OIDC_TEXT_MAX + 1] = said[LOGIN_SAID_MAX + 1] = '\0';
	assert_false(login_wire_read_answer(arena, login_wire_answer(arena, &person), &told));
	assert_false(login_wire_read_answer(arena, login_wire_answer(arena, &no), &told));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_come_through),
		cmocka_unit_test(questions_of_saml_come_through),
		cmocka_unit_test(answers_come_through),
		cmocka_unit_test(a_child_that_was_taken_over_can_say_little),
		cmocka_unit_test(bounds_what_a_child_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
