/* SPDX-License-Identifier: Apache-2.0 */
/* Options and words, taken out of a command line in any order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../api.h"
#include "../csctl.h"

#define WORDS 8
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct line {
	char text[256];
	char *items[WORDS];
	struct args args;
};

/* As a shell would split it; a word of its own for each space. */
static struct args *
line_of(struct line *line, const char *text)
{
	char *rest = line->text, *word;

	(void)snprintf(line->text, sizeof(line->text), "%s", text);
	line->args = (struct args){ .items = line->items };
	while (text[0] != '\0' && (word = strsep(&rest, " ")) != NULL)
		line->items[line->args.n++] = word;
	return &line->args;
}

static void
an_option_is_taken_with_its_value(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "one --dir /tmp two --json");

	(void)state;
	assert_string_equal(args_option(args, "--dir", NULL), "/tmp");
	assert_null(args_option(args, "--dir", NULL));
	assert_string_equal(args_option(args, "--name", "other"), "other");
	assert_string_equal(args_word(args), "one");
	assert_string_equal(args_word(args), "two");
	assert_null(args_word(args));
	assert_int_equal(args->n, 1);
	assert_true(args_flag(args, "--json"));
	assert_false(args_flag(args, "--json"));
	assert_true(args_end(args));
}

static void
an_option_may_come_more_than_once(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "--mailbox a@b --mailbox c@d");

	(void)state;
	assert_string_equal(args_option(args, "--mailbox", NULL), "a@b");
	assert_string_equal(args_option(args, "--mailbox", NULL), "c@d");
	assert_null(args_option(args, "--mailbox", NULL));
	assert_true(args_end(args));
}

static void
an_option_without_a_value_is_left_over(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "word --dir");

	(void)state;
	assert_null(args_option(args, "--dir", NULL));
	assert_string_equal(args_word(args), "word");
	assert_false(args_end(args));
}

static void
a_value_may_look_like_an_option(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "--value --json -");

	(void)state;
	assert_string_equal(args_option(args, "--value", NULL), "--json");
	assert_false(args_flag(args, "--json"));
	assert_string_equal(args_word(args), "-"); /* stdin */
	assert_true(args_end(args));
}

static void
a_name_is_not_the_beginning_of_another(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "--directory x");

	(void)state;
	assert_null(args_option(args, "--dir", NULL));
	assert_false(args_flag(args, "--direct"));
	assert_false(args_end(args));
}

static void
nothing_is_nothing(void **state)
{
	struct line line;
	struct args *args = line_of(&line, "");

	(void)state;
	assert_null(args_word(args));
	assert_null(args_option(args, "--dir", NULL));
	assert_false(args_flag(args, "--dir"));
	assert_true(args_end(args));
}

static const struct {
	const char *text;
	bool good;
	uint32_t want;
} numbers[] = {
	{ "", true, 7 }, { "--days 1", true, 1 }, { "--days 0001", true, 1 },
	{ "--days 825", true, 825 }, { "--days 826", false, 7 }, { "--days 0", false, 7 },
	{ "--days -1", false, 7 }, { "--days +1", false, 7 }, { "--days 1x", false, 7 },
	{ "--days x", false, 7 }, { "--days 0x10", false, 7 }, { "--days 1.0", false, 7 },
	{ "--days 99999999999999999999999", false, 7 }, { "--days 4294967297", false, 7 },
	{ "--days  1", false, 7 }, /* an empty word */
};

static void
each_number_is_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(numbers); i++) {
		struct line line;
		uint32_t got = 7;
		bool good = args_number(line_of(&line, numbers[i].text), "--days", 1, 825, &got);

		if (good != numbers[i].good || got != numbers[i].want)
			fail_msg("\"%s\": got %u", numbers[i].text, got);
	}
}

static void
a_setting_is_there_or_it_is_said(void **state)
{
	(void)state;
	assert_int_equal(setenv("CS_TEST_SETTING", "value", 1), 0);
	assert_string_equal(setting("CS_TEST_SETTING", "for this test"), "value");
	assert_int_equal(setenv("CS_TEST_SETTING", "", 1), 0);
	assert_null(setting("CS_TEST_SETTING", "for this test"));
	assert_int_equal(unsetenv("CS_TEST_SETTING"), 0);
	assert_null(setting("CS_TEST_SETTING", "for this test"));
}

/* A value is everything after the first "=". */
static void
values_of_a_subject_are_pairs(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ "", "{}" },
		{ "--subject title=Dr.", "{\"subject\": {\"title\": \"Dr.\"}}" },
		{ "--subject title=R=D --subject countryName=CH",
		    "{\"subject\": {\"title\": \"R=D\", \"countryName\": \"CH\"}}" },
		{ "--subject title=", "{\"subject\": {\"title\": \"\"}}" }, /* the door says no */
		{ "--subject title", NULL },
		{ "--subject title=a --subject title=b", NULL },
		{ "--subject title=\xff", NULL },
		{ "--subject \xff=a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		struct line line;
		struct args *args = line_of(&line, rows[i].text);
		json_t *body = json_object();

		args->arena = cs_arena_new();
		const bool good = api_take_subject(args, body);
		char *said = json_dumps(body, 0);

		if (good != (rows[i].want != NULL) || (good && strcmp(said, rows[i].want) != 0))
			fail_msg("%s: got %s", rows[i].text, good ? said : "a refusal");
		free(said);
		json_decref(body);
		cs_arena_free(args->arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_is_taken_with_its_value),
		cmocka_unit_test(an_option_may_come_more_than_once),
		cmocka_unit_test(an_option_without_a_value_is_left_over),
		cmocka_unit_test(a_value_may_look_like_an_option),
		cmocka_unit_test(a_name_is_not_the_beginning_of_another),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(each_number_is_read_or_refused),
		cmocka_unit_test(a_setting_is_there_or_it_is_said),
		cmocka_unit_test(values_of_a_subject_are_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
