/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents are notes, and how they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "notes.h"

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *name;
	bool good;
	enum note_kind kind;
	enum note_screen screen;
} names[] = {
	{ "issue", true, NOTE_ISSUE, NOTE_REQUEST },
	{ "renew", true, NOTE_RENEW, NOTE_REQUEST },
	{ "rekey.csr", true, NOTE_REKEY, NOTE_CSR },
	{ "reissue.sdn", true, NOTE_REISSUE, NOTE_SDN },
	{ "issue.san", true, NOTE_ISSUE, NOTE_SAN },
	{ "issue.validity", true, NOTE_ISSUE, NOTE_VALIDITY },
	{ "revoke.ownership", true, NOTE_REVOKE, NOTE_OWNERSHIP },
	{ "", false, 0, 0 },
	{ ".", false, 0, 0 },
	{ ".san", false, 0, 0 },
	{ "issue.", false, 0, 0 },
	{ "issue.home", false, 0, 0 },
	{ "issue.san.csr", false, 0, 0 },
	{ "san.issue", false, 0, 0 },
	{ "Issue", false, 0, 0 },
	{ "issueissueissueissue.san", false, 0, 0 },
};

static void
a_name_says_kind_and_screen(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		enum note_kind kind = NOTE_KINDS;
		enum note_screen screen = NOTE_SCREENS;

		if (note_read_name(names[i].name, &kind, &screen) != names[i].good)
			fail_msg("\"%s\": taken the wrong way", names[i].name);
		if (names[i].good && (kind != names[i].kind || screen != names[i].screen))
			fail_msg("\"%s\": read wrong", names[i].name);
	}
}

static void
a_spec_says_the_text(void **state)
{
	static const char *const bad[] = { "", "[]", "\"text\"", "{\"text\":1}", "{\"text\":null}",
		"{\"text\":\"a\",\"text\":\"b\"}", "{\"text\":\"\xff\"}" };
	struct cs_arena *arena = cs_arena_new();
	char *longest = cs_arena_alloc(arena, NOTE_TEXT_MAX + 2);
	const char *text = NULL;
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(
	    note_read_spec(arena, cs_span_str("{\"text\":\"Call us.\",\"more\":1}"), &text, &err),
	    CS_OK);
	assert_string_equal(text, "Call us.");
	assert_int_equal(note_read_spec(arena, cs_span_str("{}"), &text, &err), CS_OK);
	assert_string_equal(text, "");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
		    note_read_spec(arena, cs_span_str(bad[i]), &text, &err), CS_MALFORMED);
	memset(longest, 'x', NOTE_TEXT_MAX);
	assert_int_equal(
	    note_read_spec(arena, cs_span_str(cs_arena_printf(arena, "{\"text\":\"%s\"}", longest)),
		&text, &err),
	    CS_OK);
	longest[NOTE_TEXT_MAX] = 'x';
	assert_int_equal(
	    note_read_spec(arena, cs_span_str(cs_arena_printf(arena, "{\"text\":\"%s\"}", longest)),
		&text, &err),
	    CS_MALFORMED);
	cs_arena_free(arena);
}

static void
only_a_note_of_the_whole_request_must_be_read(void **state)
{
	struct note items[] = {
		{ "demo", NOTE_ISSUE, NOTE_SAN, 1, "a" },
		{ "other", NOTE_ISSUE, NOTE_REQUEST, 2, "b" },
		{ "demo", NOTE_RENEW, NOTE_REQUEST, 3, "" },
		{ "demo", NOTE_ISSUE, NOTE_REQUEST, 18446744073709551615U, "c" },
	};
	const struct notes notes = { items, COUNT(items) };
	const struct note *found = notes_find(&notes, "demo", NOTE_ISSUE);

	(void)state;
	assert_ptr_equal(found, &items[3]);
	assert_null(notes_find(&notes, "demo", NOTE_RENEW)); /* it is deleted */
	assert_null(notes_find(&notes, "demo", NOTE_REVOKE));
	assert_null(notes_find(NULL, "demo", NOTE_ISSUE));
	assert_true(note_is_read(found, "18446744073709551615"));
	assert_false(note_is_read(found, "1"));
	assert_false(note_is_read(found, ""));
}

static void
shows_what_there_is(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct note items[] = { { "demo", NOTE_ISSUE, NOTE_REQUEST, 1, "a" },
		{ "demo", NOTE_ISSUE, NOTE_CSR, 2, "b" } };
	const struct notes notes = { items, COUNT(items) };

	(void)state;
	assert_string_equal((const char *)notes_list(arena, &notes).data,
	    "{\"notes\":[{\"kind\":\"issue\",\"version\":\"1\",\"text\":\"a\"},"
	    "{\"kind\":\"issue\",\"screen\":\"csr\",\"version\":\"2\",\"text\":\"b\"}]}");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_says_kind_and_screen),
		cmocka_unit_test(a_spec_says_the_text),
		cmocka_unit_test(only_a_note_of_the_whole_request_must_be_read),
		cmocka_unit_test(shows_what_there_is),
	};

	return cmocka_run_group_tests_name("notes", tests, NULL, NULL);
}
