/* SPDX-License-Identifier: Apache-2.0 */
/* The file of tokens: what a line may say. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define DIGEST "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

static const uint8_t digest[PEOPLE_SHA256] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };

static enum cs_code
load(struct fake_world *world, const char *text, struct tokens **ret, struct cs_err *err)
{
	char path[] = "/tmp/test-tokens-XXXXXX";
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
	const enum cs_code code = tokens_load(path, world->arena, ret, err);

	(void)unlink(path);
	return code;
}

static const struct {
	const char *name, *text;
	unsigned roles; /* of DIGEST's; 0: refused */
} cases[] = {
	{ "no role", DIGEST " demo alice\n", PEOPLE_USER },
	{ "operator", DIGEST " demo alice operator\n", PEOPLE_OPERATOR },
	{ "every role, no end of line", DIGEST " demo alice user operator auditor administrator",
	    PEOPLE_USER | PEOPLE_OPERATOR | PEOPLE_AUDITOR | PEOPLE_ADMINISTRATOR },
	{ "comment and empty lines", "# hello\n\n\t" DIGEST "\tdemo  alice # she\r\n",
	    PEOPLE_USER },
	{ "the first line counts", DIGEST " demo alice auditor\n" DIGEST " demo bob\n",
	    PEOPLE_AUDITOR },
	{ "unknown role", DIGEST " demo alice root\n", 0 },
	{ "too many roles", DIGEST " demo alice user user user user user\n", 0 },
	{ "no account", DIGEST " demo\n", 0 },
	{ "short digest", "0011 demo alice\n", 0 },
	{ "no digest", "x" DIGEST " demo alice\n", 0 },
	{ "account with a slash", DIGEST " demo a/b\n", 0 },
};

static void
reads_each_line_or_says_which_it_cannot(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct tokens *tokens;
		struct cs_err err = { 0 };
		const enum cs_code code = load(world, cases[i].text, &tokens, &err);

		if (code != (cases[i].roles == 0 ? CS_MALFORMED : CS_OK))
			fail_msg("%s: got %s \"%s\"", cases[i].name, cs_code_name(code), err.text);
		if (code != CS_OK) {
			assert_non_null(strstr(err.text, "line 1"));
			continue;
		}
		const struct people_credential *found = tokens_find(tokens, digest, world->arena);

		assert_non_null(found);
		assert_string_equal(found->person->enterprise, "demo");
		assert_string_equal(found->person->account, "alice");
		if (found->person->roles != cases[i].roles)
			fail_msg("%s: got roles %u, want %u", cases[i].name, found->person->roles,
			    cases[i].roles);
	}
}

static void
knows_nobody_by_another_digest(void **state)
{
	struct fake_world *world = *state;
	uint8_t other[PEOPLE_SHA256];
	struct tokens *tokens;
	struct cs_err err = { 0 };

	assert_int_equal(load(world, DIGEST " demo alice\n", &tokens, &err), CS_OK);
	memcpy(other, digest, sizeof(other));
	other[31] ^= 1;
	assert_null(tokens_find(tokens, other, world->arena));
	assert_int_equal(tokens_load("", world->arena, &tokens, &err), CS_OK);
	assert_int_equal(tokens_count(tokens), 0);
	assert_null(tokens_find(tokens, digest, world->arena));
}

static void
a_file_that_is_not_there_is_an_error(void **state)
{
	struct fake_world *world = *state;
	struct tokens *tokens;
	struct cs_err err = { 0 };

	assert_int_equal(
	    tokens_load("/tmp/there-is-no-such-file", world->arena, &tokens, &err), CS_NOT_FOUND);
}

static void
takes_so_many_lines_and_no_more(void **state)
{
	struct fake_world *world = *state;
	struct cs_buf text = cs_buf_new(world->arena);
	struct tokens *tokens;
	struct cs_err err = { 0 };

	for (int i = 0; i < 4096; i++)
		cs_buf_add_str(&text, DIGEST " demo alice\n");
	assert_int_equal(load(world, (const char *)cs_buf_span(&text).data, &tokens, &err), CS_OK);
	assert_int_equal(tokens_count(tokens), 4096);
	cs_buf_add_str(&text, DIGEST " demo alice\n");
	assert_int_equal(
	    load(world, (const char *)cs_buf_span(&text).data, &tokens, &err), CS_MALFORMED);
	assert_non_null(strstr(err.text, "line 4097"));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(reads_each_line_or_says_which_it_cannot),
		CASE(knows_nobody_by_another_digest),
		CASE(a_file_that_is_not_there_is_an_error),
		CASE(takes_so_many_lines_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
