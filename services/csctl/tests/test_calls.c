/* SPDX-License-Identifier: Apache-2.0 */
/* Which documents go into which call, in what order. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../calls.h"

struct fixture {
	struct cs_arena *arena;
	struct settings settings;
};

static int
setup(void **state)
{
	static struct fixture fixture;

	fixture = (struct fixture){ .arena = cs_arena_new() };
	*state = &fixture;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	settings_free(&f->settings);
	cs_arena_free(f->arena);
	return 0;
}

/* `title`: how many octets of it a spec has. */
static void
add(struct fixture *f, const char *kind, const char *enterprise, const char *name, size_t title)
{
	char *text = cs_arena_alloc(f->arena, title + 1);

	memset(text, 'x', title);
	text[title] = '\0';
	settings_add(f->arena, &f->settings,
	    json_pack("{s:s, s:s, s:s, s:{s:s}}", "kind", kind, "enterprise", enterprise, "name",
		name, "spec", "title", text),
	    NULL);
}

static void
add_deletion(struct fixture *f, const char *kind, const char *enterprise, const char *name)
{
	settings_add(f->arena, &f->settings,
	    json_pack("{s:s, s:s, s:s, s:b}", "kind", kind, "enterprise", enterprise, "name", name,
		"delete", 1),
	    NULL);
}

static void
add_notes(struct fixture *f, size_t n, size_t title)
{
	for (size_t i = 0; i < n; i++)
		add(f, "note", "a", cs_arena_printf(f->arena, "n%zu", i), title);
}

static size_t
octets_of(const struct settings *call)
{
	json_t *body = settings_body(call);
	const size_t octets = json_dumpb(body, NULL, 0, JSON_COMPACT);

	json_decref(body);
	return octets;
}

/* The names in the order in which they are sent. */
static const char *
names_of(struct fixture *f, const struct calls *calls)
{
	const char *names = "";

	for (size_t i = 0; i < calls->n; i++)
		for (size_t k = 0; k < calls->items[i].n; k++)
			if (strcmp(settings_text(calls->items[i].items[k].doc, "kind"), "note") !=
				0 ||
			    settings_text(calls->items[i].items[k].doc, "name")[0] != 'n')
				names = cs_arena_printf(f->arena, "%s %s", names,
				    settings_text(calls->items[i].items[k].doc, "name"));
	return names;
}

static void
what_the_api_takes_at_once_is_one_call_as_it_was_given(void **state)
{
	struct fixture *f = *state;

	add(f, "note", "a", "first", 0);
	add(f, "enterprise", "a", "a", 0);
	add_notes(f, CALLS_DOCUMENTS_TAKEN - 2, 0);
	struct calls calls = calls_of(f->arena, &f->settings);

	assert_int_equal(calls.n, 1);
	assert_int_equal(calls.items[0].n, CALLS_DOCUMENTS_TAKEN);
	assert_string_equal(names_of(f, &calls), " first a");
	add(f, "note", "a", "last", 0);
	calls = calls_of(f->arena, &f->settings);
	assert_int_equal(calls.n, 2);
	assert_int_equal(calls.items[0].n, CALLS_DOCUMENTS);
	assert_string_equal(names_of(f, &calls), " a first last");
}

static void
the_largest_body_is_one_call_and_an_octet_more_is_two(void **state)
{
	struct fixture *f = *state;

	add_notes(f, 6, 10000);
	add(f, "note", "a", "last", 0);
	const size_t rest = CALLS_OCTETS_TAKEN - octets_of(&f->settings);

	json_decref(f->settings.items[--f->settings.n].doc);
	add(f, "note", "a", "last", rest);
	assert_int_equal(octets_of(&f->settings), CALLS_OCTETS_TAKEN);
	assert_int_equal(calls_of(f->arena, &f->settings).n, 1);
	json_decref(f->settings.items[--f->settings.n].doc);
	add(f, "note", "a", "last", rest + 1);
	const struct calls calls = calls_of(f->arena, &f->settings);

	assert_int_equal(calls.n, 2);
	for (size_t i = 0; i < calls.n; i++)
		assert_true(octets_of(&calls.items[i]) <= CALLS_OCTETS);
}

static void
what_is_named_is_made_before_and_deleted_after(void **state)
{
	struct fixture *f = *state;

	add_deletion(f, "enterprise", "c", "-c");
	add_deletion(f, "profile", "platform", "-pp");
	add_deletion(f, "profile", "c", "-cp");
	add_deletion(f, "person", "c", "-who");
	add_deletion(f, "assignment", "c", "-as");
	add(f, "assignment", "b", "as", 0);
	add(f, "ownership", "b", "ow", 0);
	add(f, "domain", "b", "do", 0);
	add(f, "person", "b", "who", 0);
	add(f, "profile", "b", "bp", 0);
	add(f, "connector", "b", "bc", 0);
	add(f, "enterprise", "b", "b", 0);
	add(f, "enterprise", "a", "a", 0);
	add(f, "profile", "platform", "pp", 0);
	add(f, "connector", "platform", "pc", 0);
	add_notes(f, 700, 0);
	const struct calls calls = calls_of(f->arena, &f->settings);

	assert_string_equal(
	    names_of(f, &calls), " pc pp b bc bp a who do as ow -as -who -cp -c -pp");
	size_t n = 0;

	for (size_t i = 0; i < calls.n; i++) {
		assert_in_range(calls.items[i].n, 1, CALLS_DOCUMENTS);
		n += calls.items[i].n;
	}
	assert_int_equal(n, f->settings.n);
}

static void
an_enterprise_and_what_it_stands_on_are_one_call(void **state)
{
	struct fixture *f = *state;

	/* Three quarters of a call each. */
	for (size_t i = 0; i < 3; i++) {
		const char *name = cs_arena_printf(f->arena, "e%zu", i);

		add(f, "profile", name, "p", CALLS_OCTETS / 4);
		add(f, "connector", name, "c", CALLS_OCTETS / 4);
		add(f, "enterprise", name, name, CALLS_OCTETS / 4);
	}
	const struct calls calls = calls_of(f->arena, &f->settings);

	assert_int_equal(calls.n, 3);
	assert_string_equal(names_of(f, &calls), " e0 c p e1 c p e2 c p");
	for (size_t i = 0; i < calls.n; i++)
		assert_int_equal(calls.items[i].n, 3);
}

static void
a_document_that_is_too_large_is_a_call(void **state)
{
	struct fixture *f = *state;

	add_notes(f, 1, 10);
	add(f, "note", "a", "large", CALLS_OCTETS_TAKEN);
	add(f, "note", "a", "last", 10);
	const struct calls calls = calls_of(f->arena, &f->settings);

	assert_int_equal(calls.n, 3);
	assert_int_equal(calls.items[1].n, 1);
	assert_string_equal(settings_text(calls.items[1].items[0].doc, "name"), "large");
}

/* ---- what is refused ---- */

static bool
needs_earlier(const struct calls *calls, const char *problem)
{
	json_t *read = json_loads(problem, 0, NULL);
	const bool needs = calls_needs_earlier(calls, 1, read);

	assert_non_null(read);
	json_decref(read);
	return needs;
}

#define MISSES(field) "{\"code\":\"no-such-document\",\"field\":\"documents[0]." field "\"}"
#define USED(code, name)                                                                                      \
	"{\"code\":\"" code "\",\"field\":\"documents[0].name\",\"uses\":[{\"kind\":\"person\","              \
	"\"enterprise\":\"a\",\"name\":\"alice\"},{\"kind\":\"person\",\"enterprise\":\"a\",\"name\":\"" name \
	"\"}]}"

static void
what_an_earlier_call_makes_is_missed_only_by_a_dry_run(void **state)
{
	static const struct {
		const char *problem;
		bool earlier;
	} rows[] = {
		{ MISSES("enterprise"), true },
		{ MISSES("spec.people[0]"), true },
		{ MISSES("spec.people[1]"), false }, /* in no file */
		{ MISSES("spec.people[2]"), false }, /* an earlier call deletes it */
		{ MISSES("spec.people[3]"), false }, /* not of this enterprise */
		{ MISSES("spec.people[4]"), false }, /* a domain of that name */
		{ MISSES("spec.people[9]"), false },
		{ MISSES("spec.profiles[0]"), true }, /* the platform's */
		{ MISSES("spec.mpic_connector"), true },
		{ MISSES("spec.person"), false }, /* in this call itself */
		{ MISSES("spec.other"), false },
		{ MISSES("name"), false },
		{ "{\"code\":\"no-such-document\",\"field\":\"documents[7].enterprise\"}", false },
		{ "{\"code\":\"no-such-document\"}", false },
		{ "{\"code\":\"name-taken\",\"field\":\"documents[0].enterprise\"}", false },
		{ USED("in-use", "gone"), true },
		{ USED("in-use", "other"), false },
		{ USED("name-taken", "gone"), false },
		{ "{\"code\":\"in-use\",\"uses\":[]}", false },
		{ "[]", false },
	};
	struct fixture *f = *state;
	struct settings call[2] = { 0 };
	const struct calls calls = { call, 2 };

	add(f, "enterprise", "a", "a", 0);
	add(f, "person", "a", "alice", 0);
	add_deletion(f, "person", "a", "gone");
	add(f, "person", "b", "bob", 0);
	add(f, "domain", "a", "dora", 0);
	add(f, "profile", "platform", "staff", 0);
	add(f, "connector", "a", "mpic", 0);
	call[0] = f->settings;
	f->settings = (struct settings){ 0 };
	settings_add(f->arena, &f->settings,
	    json_pack("{s:s, s:s, s:s, s:{s:[s,s,s,s,s], s:[s], s:s, s:s}}", "kind", "assignment",
		"enterprise", "a", "name", "x", "spec", "people", "alice", "nobody", "gone", "bob",
		"dora", "profiles", "staff", "mpic_connector", "mpic", "person", "here"),
	    NULL);
	add(f, "person", "a", "here", 0);
	call[1] = f->settings;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (needs_earlier(&calls, rows[i].problem) != rows[i].earlier)
			fail_msg("%s", rows[i].problem);
	settings_free(&call[0]);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_the_api_takes_at_once_is_one_call_as_it_was_given),
		CASE(the_largest_body_is_one_call_and_an_octet_more_is_two),
		CASE(what_is_named_is_made_before_and_deleted_after),
		CASE(an_enterprise_and_what_it_stands_on_are_one_call),
		CASE(a_document_that_is_too_large_is_a_call),
		CASE(what_an_earlier_call_makes_is_missed_only_by_a_dry_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
