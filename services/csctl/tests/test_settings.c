/* SPDX-License-Identifier: Apache-2.0 */
/* Files of settings: which documents they hold, what is wrong with them and where. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "../settings.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define WHOLE                                                                                \
	"f:1: a document has kind, enterprise, name and spec, or delete: true, and nothing " \
	"else"
#define ALICE \
	"{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\",\"spec\":{\"active\":true}}"
#define NO_ALICE "{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\",\"delete\":true}"

static struct cs_arena *arena;
static struct settings settings;
static struct cs_err err;

static int
begin(void **state)
{
	(void)state;
	arena = cs_arena_new();
	return 0;
}

static int
end(void **state)
{
	(void)state;
	settings_free(&settings);
	cs_arena_free(arena);
	return 0;
}

/* The body that the API gets, or what is wrong. */
static const char *
body_of(const char *text)
{
	settings_free(&settings);
	if (settings_parse(arena, "f", cs_span_str(text), &settings, &err))
		return err.text;
	json_t *body = settings_body(&settings);
	char *json = json_dumps(body, JSON_COMPACT);
	const char *copy = cs_arena_strdup(arena, json);

	free(json);
	json_decref(body);
	return copy;
}

struct row {
	const char *name, *text, *want;
};

static void
expect_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = body_of(rows[i].text);

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", rows[i].name, got, rows[i].want);
	}
}

static void
documents_are_written_in_several_ways(void **state)
{
	static const struct row rows[] = {
		{ "YAML", "kind: person\nenterprise: demo\nname: alice\nspec:\n  active: true\n",
		    "{\"documents\":[" ALICE "]}" },
		{ "JSON", ALICE, "{\"documents\":[" ALICE "]}" },
		{ "JSON behind spaces", "\n \t" ALICE "\n", "{\"documents\":[" ALICE "]}" },
		{ "a list", "[" ALICE "]", "{\"documents\":[" ALICE "]}" },
		{ "as the API has it", "{\"documents\":[" ALICE "]}",
		    "{\"documents\":[" ALICE "]}" },
		{ "a list in YAML", "documents:\n- " ALICE "\n", "{\"documents\":[" ALICE "]}" },
		{ "a deletion", "---\n" NO_ALICE, "{\"documents\":[" NO_ALICE "]}" },
		{ "nothing", "# later\n", "{\"documents\":[]}" },
		{ "no documents", "documents: []\n", "{\"documents\":[]}" },
		{ "two",
		    "---\n" ALICE
		    "\n---\nkind: domain\nenterprise: demo\nname: a.example\nspec: {}\n",
		    "{\"documents\":[" ALICE
		    ",{\"kind\":\"domain\",\"enterprise\":\"demo\",\"name\":\"a.example\",\"spec\":{}}]}" },
	};

	(void)state;
	expect_all(rows, LEN(rows));
}

static void
what_is_no_document_is_named_with_its_place(void **state)
{
	static const struct row rows[] = {
		{ "a text", "--- text\n", "f:1: a document has kind, enterprise, name and spec" },
		{ "no kind", "enterprise: demo\nname: x\nspec: {}\n",
		    "f:1: kind is missing, or no text" },
		{ "a number for a name", "\nkind: person\nenterprise: demo\nname: 12\nspec: {}\n",
		    "f:2: name is missing, or no text" },
		{ "an empty enterprise", "kind: person\nenterprise: ''\nname: x\nspec: {}\n",
		    "f:1: enterprise is missing, or no text" },
		{ "no spec", "kind: person\nenterprise: demo\nname: x\n",
		    "f:1: spec is missing, or no mapping" },
		{ "a list for a spec", "kind: person\nenterprise: demo\nname: x\nspec: []\n",
		    "f:1: spec is missing, or no mapping" },
		{ "both", "kind: person\nenterprise: demo\nname: x\nspec: {}\ndelete: true\n",
		    WHOLE },
		{ "a member too many",
		    "kind: person\nenterprise: demo\nname: x\nspec: {}\nversion: 1\n", WHOLE },
		{ "not deleted",
		    "kind: person\nenterprise: demo\nname: x\nspec: {}\ndelete: false\n", WHOLE },
		{ "the second document", "--- " ALICE "\n--- []\n--- {}\n",
		    "f:3: kind is missing, or no text" },
		{ "the second of a list", "documents:\n- " ALICE "\n- {}\n",
		    "f:1 documents[1]: kind is missing, or no text" },
		{ "twice", "--- " ALICE "\n--- " NO_ALICE "\n",
		    "f:2: person alice is also in f:1" },
		{ "bad YAML", "kind: &x person\n", "f:1:7: anchors are not taken" },
		{ "bad JSON", "{\"kind\": }", "f:1:10: unexpected token near '}'" },
		{ "JSON with a member twice", "{\"kind\": 1,\n\"kind\": 2}",
		    "f:2:6: duplicate object key near '\"kind\"'" },
	};

	(void)state;
	expect_all(rows, LEN(rows));
}

static void
documents_of_several_files_are_one_set(void **state)
{
	(void)state;
	assert_int_equal(settings_parse(arena, "a", cs_span_str(ALICE), &settings, &err), CS_OK);
	assert_int_equal(
	    settings_parse(arena, "b", cs_span_str(NO_ALICE), &settings, &err), CS_MALFORMED);
	assert_string_equal(err.text, "b:1: person alice is also in a:1");
	assert_int_equal(settings.n, 1);
	assert_non_null(settings_find(&settings, "person", "demo", "alice"));
	assert_null(settings_find(&settings, "person", "other", "alice"));
	assert_null(settings_find(&settings, "domain", "demo", "alice"));
	assert_null(settings_find(&settings, "person", "demo", "bob"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(documents_are_written_in_several_ways, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_no_document_is_named_with_its_place, begin, end),
		cmocka_unit_test_setup_teardown(documents_of_several_files_are_one_set, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
