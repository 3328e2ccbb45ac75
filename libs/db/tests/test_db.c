/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../internal.h"

static const struct {
	const char *sqlstate;
	enum cs_code want;
} states[] = {
	{ "08006", CS_UNAVAILABLE },
	{ "57P01", CS_UNAVAILABLE },
	{ "57P03", CS_UNAVAILABLE },
	{ "57014", CS_UNAVAILABLE },
	{ "57015", CS_INTERNAL },
	{ "53300", CS_UNAVAILABLE },
	{ "53100", CS_UNAVAILABLE },
	{ "25006", CS_UNAVAILABLE },
	{ "25P02", CS_INTERNAL },
	{ "25P03", CS_UNAVAILABLE },
	{ "40001", CS_CONFLICT },
	{ "40P01", CS_CONFLICT },
	{ "55P03", CS_CONFLICT },
	{ "55006", CS_INTERNAL },
	{ "23505", CS_CONFLICT },
	{ "23503", CS_INTERNAL },
	{ "23514", CS_INTERNAL },
	{ "22P02", CS_INTERNAL },
	{ "42601", CS_INTERNAL },
	{ "XX001", CS_INTERNAL },
};

static void
every_sqlstate_says_what_to_do_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (db_code_of(states[i].sqlstate) != states[i].want)
			fail_msg("%s: got %s, want %s", states[i].sqlstate,
			    cs_code_name(db_code_of(states[i].sqlstate)),
			    cs_code_name(states[i].want));
}

static void
assert_value(const char *name, struct db_param param, const void *want, size_t len)
{
	if (param.len != (int)len || memcmp(db_param_value(&param), want, len) != 0)
		fail_msg("%s: %d octets, want %zu, or others", name, param.len, len);
}

static void
numbers_go_in_network_order(void **state)
{
	(void)state;
	assert_value("-2", db_i32(-2), "\xff\xff\xff\xfe", 4);
	assert_value("min", db_i64(INT64_MIN), "\x80\0\0\0\0\0\0\0", 8);
	assert_value("true", db_bool(true), "\1", 1);
	assert_value("2000", db_time(INT64_C(946684800000)), "\0\0\0\0\0\0\0\0", 8);
	assert_value("1 ms before 2000", db_time(INT64_C(946684799999)),
	    "\xff\xff\xff\xff\xff\xff\xfc\x18", 8);
}

static void
null_and_empty_are_different_things(void **state)
{
	const struct db_param null_text = db_text(NULL), text = db_text("");
	const struct db_param bytes = db_bytes((struct cs_span){ 0 }), null_id = db_null_id();

	(void)state;
	assert_null(db_param_value(&null_text));
	assert_non_null(db_param_value(&text));
	assert_non_null(db_param_value(&bytes));
	assert_null(db_param_value(&null_id));
}

static void
an_array_is_written_with_its_nulls(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *const texts[] = { "ab", NULL, "" };

	(void)state;
	assert_value("texts", db_text_array(arena, texts, 3),
	    "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0", 34);
	assert_value("no texts", db_text_array(arena, NULL, 0), "\0\0\0\0\0\0\0\1\0\0\0\x19", 12);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sqlstate_says_what_to_do_next),
		cmocka_unit_test(numbers_go_in_network_order),
		cmocka_unit_test(null_and_empty_are_different_things),
		cmocka_unit_test(an_array_is_written_with_its_nulls),
	};

	return cmocka_run_group_tests_name("db", tests, NULL, NULL);
}
