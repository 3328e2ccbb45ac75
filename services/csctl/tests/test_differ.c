/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in a document, field by field. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../differ.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name, *before, *after, *want;
} rows[] = {
	{ "nothing", "{\"a\":1}", "{\"a\":1}", "" },
	{ "the order alone", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "" },
	{ "new", "null", "{\"a\":true,\"b\":[\"x\"]}",
	    "  + a                    true\n  + b                    [\"x\"]\n" },
	{ "gone", "{\"a\":null}", "null", "  - a                    null\n" },
	{ "another value", "{\"a\":\"x\",\"b\":1}", "{\"a\":\"y\",\"b\":1}",
	    "  ~ a                    \"x\" -> \"y\"\n" },
	{ "another type", "{\"a\":1}", "{\"a\":\"1\"}", "  ~ a                    1 -> \"1\"\n" },
	{ "a field more, a field less", "{\"a\":1}", "{\"b\":1}",
	    "  - a                    1\n  + b                    1\n" },
	{ "inside", "{\"d\":{\"sn\":\"Ng\",\"gn\":\"A\"}}", "{\"d\":{\"sn\":\"Oh\",\"gn\":\"A\"}}",
	    "  ~ d.sn                 \"Ng\" -> \"Oh\"\n" },
	{ "inside, new", "{\"d\":{}}", "{\"d\":{\"sn\":\"Oh\"}}",
	    "  + d.sn                 \"Oh\"\n" },
	{ "a list is one value", "{\"l\":[1,2]}", "{\"l\":[2,1]}",
	    "  ~ l                    [1,2] -> [2,1]\n" },
	{ "a mapping for a text", "{\"d\":\"x\"}", "{\"d\":{\"a\":1}}",
	    "  ~ d                    \"x\" -> {\"a\":1}\n" },
	{ "an empty mapping", "null", "{\"d\":{}}", "  + d                    {}\n" },
	{ "nothing for a terminal", "null", "{\"d\\u001b\":\"\\u001b[2J\"}",
	    "  + d\\x1b                \"\\u001B[2J\"\n" },
	{ "deep ones are one value", "null",
	    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"b\":1}}}}}}}}}}",
	    "  + a.a.a.a.a.a.a.a.a    {\"b\":1}\n" },
};

static void
every_field_that_differs_has_a_line(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		json_t *before = json_loads(rows[i].before, JSON_DECODE_ANY, NULL);
		json_t *after = json_loads(rows[i].after, JSON_DECODE_ANY, NULL);
		const char *got = differ_fields(arena, before, after);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", rows[i].name, got, rows[i].want);
		json_decref(before);
		json_decref(after);
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_that_differs_has_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
