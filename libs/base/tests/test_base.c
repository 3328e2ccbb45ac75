/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"

#include <cmocka.h>

static void
times_survive_a_round_trip(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00.000Z", 0 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "2026-11-23T12:34:56.789Z", 1795437296789 },
		{ "2028-02-29T00:00:00.000Z", 1835395200000 },
		{ "9999-12-31T23:59:59.999Z", 253402300799999 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CS_TIME_TEXT];
		int64_t ms = 1;

		cs_time_format(cases[i].ms, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(cs_time_parse(cases[i].text, &ms, NULL), CS_OK);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void
refuses_times_that_do_not_exist(void **state)
{
	static const char *const bad[] = { "", "2026-02-30T00:00:00Z", "2026-11-23 12:00:00Z",
		"2026-11-23T12:00:00", "2026-11-23T24:00:00Z", "2026-11-23T12:00:00.12Z",
		"2026-11-23T12:00:60Z", "-026-11-23T12:00:00Z" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms = 7;

		if (cs_time_parse(bad[i], &ms, NULL) != CS_MALFORMED || ms != 7)
			fail_msg("%s: got accepted, want refused", bad[i]);
	}
}

static void
identifiers_survive_a_round_trip(void **state)
{
	const uint8_t random[10] = { 0xff, 0xff, 0xff, 4, 5, 6, 7, 8, 9, 10 };
	struct cs_id id = cs_id_at(0x0123456789ab, random), again;
	char text[CS_ID_TEXT];

	(void)state;
	cs_id_format(id, text);
	assert_string_equal(text, "01234567-89ab-7fff-bf04-05060708090a");
	assert_int_equal(cs_id_parse(text, &again, NULL), CS_OK);
	assert_true(cs_id_equal(id, again));
	assert_false(cs_id_is_zero(id));
	assert_int_equal(
	    cs_id_parse("01234567-89ab-7fff-bf04-05060708090", &again, NULL), CS_MALFORMED);
	assert_int_equal(
	    cs_id_parse("01234567x89ab-7fff-bf04-05060708090a", &again, NULL), CS_MALFORMED);
	assert_int_equal(
	    cs_id_parse("01234567-89ab-7fff-bf04-05060708090g", &again, NULL), CS_MALFORMED);
	assert_false(cs_id_equal(cs_id_new(), cs_id_new()));
}

static void
writes_the_vectors_of_rfc_4648(void **state)
{
	static const struct {
		const char *plain, *base64, *base32;
	} cases[] = {
		{ "", "", "" },
		{ "f", "Zg==", "MY" },
		{ "fo", "Zm8=", "MZXQ" },
		{ "foo", "Zm9v", "MZXW6" },
		{ "foob", "Zm9vYg==", "MZXW6YQ" },
		{ "fooba", "Zm9vYmE=", "MZXW6YTB" },
		{ "foobar", "Zm9vYmFy", "MZXW6YTBOI" },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cs_span plain = cs_span_str(cases[i].plain), back;

		assert_string_equal(cs_base64(arena, plain), cases[i].base64);
		assert_string_equal(cs_base32(arena, plain), cases[i].base32);
		assert_true(cs_base64_decode(arena, cs_span_str(cases[i].base64), &back));
		assert_true(cs_span_equal(back, plain));
		assert_true(cs_base32_decode(arena, cases[i].base32, &back));
		assert_true(cs_span_equal(back, plain));
		assert_true(
		    cs_base64url_decode(arena, cs_span_str(cs_base64url(arena, plain)), &back));
		assert_true(cs_span_equal(back, plain));
	}
	cs_arena_free(arena);
}

static void
percent_encodes_all_that_may_mean_something(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	assert_string_equal(cs_percent_encode(arena, ""), "");
	assert_string_equal(cs_percent_encode(arena, "aZ09-_~"), "aZ09-_~");
	assert_string_equal(cs_percent_encode(arena, ".. /?&=#%+\xc3\xa9\n"),
	    "%2E%2E%20%2F%3F%26%3D%23%25%2B%C3%A9%0A");
	cs_arena_free(arena);
}

static void
refuses_sloppy_base64_and_base32(void **state)
{
	static const char *const bad64[] = { "Zg=", "Zg", "Zh==", "Z===", "Zg==Zg==", "Zm 9",
		"Zm9_" };
	static const char *const bad64url[] = { "Zg==", "Z", "Zh", "Zm9v\n", "Zm+v", "Zm/v", "Zm 9",
		"Zm9vY" };
	static const char *const bad32[] = { "M", "MZ1", "MY=", "MZ" };
	struct cs_arena *arena = cs_arena_new();
	struct cs_span out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad64) / sizeof(bad64[0]); i++)
		if (cs_base64_decode(arena, cs_span_str(bad64[i]), &out))
			fail_msg("base64 %s: got accepted, want refused", bad64[i]);
	for (size_t i = 0; i < sizeof(bad64url) / sizeof(bad64url[0]); i++)
		if (cs_base64url_decode(arena, cs_span_str(bad64url[i]), &out))
			fail_msg("base64url %s: got accepted, want refused", bad64url[i]);
	assert_false(cs_base64url_decode(arena, cs_span_of("Zm\0v", 4), &out));
	assert_true(cs_base64url_decode(arena, cs_span_str("-_8"), &out));
	assert_true(cs_span_equal(out, cs_span_of("\xfb\xff", 2)));
	for (size_t i = 0; i < sizeof(bad32) / sizeof(bad32[0]); i++)
		if (cs_base32_decode(arena, bad32[i], &out))
			fail_msg("base32 %s: got accepted, want refused", bad32[i]);
	cs_arena_free(arena);
}

static void
tells_utf8_from_what_only_looks_like_it(void **state)
{
	static const struct {
		const char *name, *octets;
		bool want;
	} cases[] = {
		{ "ASCII", "abc", true },
		{ "two octets", "\xc3\xbc", true },
		{ "largest", "\xf4\x8f\xbf\xbf", true },
		{ "above the largest", "\xf4\x90\x80\x80", false },
		{ "overlong slash", "\xc0\xaf", false },
		{ "overlong three", "\xe0\x80\xaf", false },
		{ "surrogate", "\xed\xa0\x80", false },
		{ "cut", "\xe2\x82", false },
		{ "lone continuation", "\x80", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (cs_utf8_valid(cs_span_str(cases[i].octets)) != cases[i].want)
			fail_msg("%s: want %d", cases[i].name, cases[i].want);
}

static void
an_arena_keeps_what_it_was_given(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf buf = cs_buf_new(arena);
	char *kept[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		kept[i] = cs_arena_printf(arena, "%0*d", 1 + i * 37, i);
		cs_buf_printf(&buf, "%d,", i);
	}
	for (int i = 0; i < 200; i++)
		assert_int_equal(strlen(kept[i]),
		    (size_t)(1 + i * 37) > strlen("199") ? 1 + i * 37 : (int)strlen(kept[i]));
	assert_memory_equal(cs_buf_span(&buf).data, "0,1,2,", 6);
	cs_arena_reset(arena);
	assert_int_equal(cs_arena_used(arena), 0);
	cs_arena_free(arena);
}

static void
escapes_what_could_write_to_a_terminal(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	assert_string_equal(
	    cs_escape(arena, cs_span_str("a\x1b[2J\"\\\n"), 80), "a\\x1b[2J\\\"\\\\\\x0a");
	assert_string_equal(cs_escape(arena, cs_span_str("abcdefghij"), 8), "abcde...");
	cs_arena_free(arena);
}

static void
an_error_text_is_one_printable_line(void **state)
{
	struct cs_err err = { 0 };
	char tail[sizeof(err.text)];

	(void)state;
	assert_int_equal(
	    cs_fail(&err, CS_MALFORMED, "no\nkey \x1b[2J\x7f caf\xc3\xa9"), CS_MALFORMED);
	assert_string_equal(err.text, "no?key ?[2J? caf??");
	/* Cut within a character, which no UTF-8 database would take. */
	memset(tail, 'x', sizeof(tail));
	memcpy(tail + sizeof(tail) - 3, "\xc3\xa9", 3);
	(void)cs_fail(&err, CS_MALFORMED, "x%s", tail);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
	assert_true(cs_utf8_valid(cs_span_str(err.text)));
	assert_int_equal(cs_fail(NULL, CS_CONFLICT, "nobody listens"), CS_CONFLICT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(percent_encodes_all_that_may_mean_something),
		cmocka_unit_test(times_survive_a_round_trip),
		cmocka_unit_test(refuses_times_that_do_not_exist),
		cmocka_unit_test(identifiers_survive_a_round_trip),
		cmocka_unit_test(writes_the_vectors_of_rfc_4648),
		cmocka_unit_test(refuses_sloppy_base64_and_base32),
		cmocka_unit_test(tells_utf8_from_what_only_looks_like_it),
		cmocka_unit_test(an_arena_keeps_what_it_was_given),
		cmocka_unit_test(escapes_what_could_write_to_a_terminal),
		cmocka_unit_test(an_error_text_is_one_printable_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
