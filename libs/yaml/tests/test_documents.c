/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of settings: what is typed, what is text, what is refused and where, and that what is written reads the same. */
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

#include "yaml/documents.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct cs_arena *arena;
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
	cs_arena_free(arena);
	return 0;
}

/* Every document, one after the other, as compact JSON. */
static const char *
as_json(struct cs_span text)
{
	struct cs_buf buf = cs_buf_new(arena);
	struct yaml_docs docs;

	if (yaml_docs_read(arena, text, &docs, &err))
		return err.text;
	for (size_t i = 0; i < docs.n; i++) {
		char *json = json_dumps(docs.items[i].value, JSON_COMPACT | JSON_ENCODE_ANY);

		cs_buf_printf(&buf, "%s%s", i == 0 ? "" : "\n", json);
		free(json);
	}
	yaml_docs_free(&docs);
	return (const char *)cs_buf_span(&buf).data;
}

struct row {
	const char *name, *yaml, *want;
};

static void
expect_all(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *got = as_json(cs_span_str(rows[i].yaml));

		if (strcmp(got, rows[i].want) != 0)
			fail_msg("%s: got %s, want %s", rows[i].name, got, rows[i].want);
	}
}

static void
a_plain_scalar_is_what_it_looks_like(void **state)
{
	static const struct row rows[] = {
		{ "true", "a: true", "{\"a\":true}" },
		{ "false", "a: false", "{\"a\":false}" },
		{ "null", "a: null", "{\"a\":null}" },
		{ "number", "a: 398", "{\"a\":398}" },
		{ "zero", "a: 0", "{\"a\":0}" },
		{ "negative", "a: -7", "{\"a\":-7}" },
		{ "largest", "a: 9223372036854775807", "{\"a\":9223372036854775807}" },
		{ "smallest", "a: -9223372036854775808", "{\"a\":-9223372036854775808}" },
		{ "list", "a: [1, two, true]", "{\"a\":[1,\"two\",true]}" },
		{ "as JSON", "{\"a\": [1, \"x\"], \"b\": {}}", "{\"a\":[1,\"x\"],\"b\":{}}" },
	};

	(void)state;
	expect_all(rows, LEN(rows));
}

static void
everything_else_is_text(void **state)
{
	static const struct row rows[] = {
		{ "no is a word", "a: no", "{\"a\":\"no\"}" },
		{ "True is a word", "a: True", "{\"a\":\"True\"}" },
		{ "a fraction", "a: 1.5", "{\"a\":\"1.5\"}" },
		{ "leading zeros", "a: 0049", "{\"a\":\"0049\"}" },
		{ "a plus", "a: +49", "{\"a\":\"+49\"}" },
		{ "hexadecimal", "a: 0x10", "{\"a\":\"0x10\"}" },
		{ "a minus alone", "a: -",
		    "1:4: block sequence entries are not allowed in this context" },
		{ "a minus quoted", "a: '-'", "{\"a\":\"-\"}" },
		{ "minus zero", "a: -0", "{\"a\":\"-0\"}" },
		{ "a tilde", "a: ~", "{\"a\":\"~\"}" },
		{ "a day", "a: 2026-01-02", "{\"a\":\"2026-01-02\"}" },
		{ "quoted true", "a: \"true\"", "{\"a\":\"true\"}" },
		{ "quoted number", "a: '12'", "{\"a\":\"12\"}" },
		{ "quoted nothing", "a: ''", "{\"a\":\"\"}" },
		{ "a block", "a: |\n  12\n  13\n", "{\"a\":\"12\\n13\\n\"}" },
		{ "keys are texts", "true: 1\n12: 2", "{\"true\":1,\"12\":2}" },
		{ "a merge is a key", "<<: {b: 1}", "{\"<<\":{\"b\":1}}" },
	};

	(void)state;
	expect_all(rows, LEN(rows));
}

static void
what_says_more_than_it_shows_is_refused_with_its_place(void **state)
{
	static const struct row rows[] = {
		{ "anchor on text", "a: 1\nb: &x text", "2:4: anchors are not taken" },
		{ "anchor on a list", "a: &x [1]", "1:4: anchors are not taken" },
		{ "anchor on a mapping", "a: &x {b: 1}", "1:4: anchors are not taken" },
		{ "anchor on a key", "&x a: 1", "1:1: anchors are not taken" },
		{ "alias", "a: *x", "1:4: aliases are not taken" },
		{ "alias as key", "*x : 1", "1:1: aliases are not taken" },
		{ "tag on text", "a: !!str 1", "1:4: tags are not taken" },
		{ "tag without a name", "a: ! 1", "1:4: tags are not taken" },
		{ "tag on a list", "a: !!set [1]", "1:4: tags are not taken" },
		{ "tag on a mapping", "a: !mine {b: 1}", "1:4: tags are not taken" },
		{ "tag on a key", "!!str a: 1", "1:1: tags are not taken" },
		{ "directive", "%YAML 1.1\n---\na: 1", "1:1: directives are not taken" },
		{ "key twice", "a: 1\nb: 2\na: 3", "3:1: the key a is here twice" },
		{ "key twice, differently written", "{a: 1, \"\\x61\": 2}",
		    "1:8: the key a is here twice" },
		{ "key twice below", "s:\n  k: 1\n  k: 2", "3:3: the key k is here twice" },
		{ "list as key", "? [a]\n: 1", "1:3: a key is a text" },
		{ "no key", "?\n: 1", "1:2: a key is a text" },
		{ "no value", "a:\nb: 1", "1:3: a value is missing; an empty text is \"\"" },
		{ "no element", "- \n- 1", "1:2: a value is missing; an empty text is \"\"" },
		{ "NUL", "a: \"x\\0y\"", "1:4: a text holds no NUL" },
		{ "NUL in a key", "\"x\\0y\": 1", "1:1: a key is a text" },
		{ "a large number", "a: 9223372036854775808",
		    "1:4: this number is too large; a text of digits has quotes" },
		{ "a tabulator", "a:\n\tb: 1", "2:1: found character that cannot start any token" },
		{ "no UTF-8", "a: 1\nb: x\xff", "2:5: invalid leading UTF-8 octet" },
		{ "a control character", "a: 1\nbc: \x01",
		    "2:5: control characters are not allowed" },
		{ "half of a pair", "a: \"\\ud800\"",
		    "1:7: found invalid Unicode character escape code" },
	};

	(void)state;
	expect_all(rows, LEN(rows));
}

static void
a_file_has_any_number_of_documents(void **state)
{
	static const struct row rows[] = {
		{ "none", "", "" },
		{ "comments alone", "# nothing\n", "" },
		{ "two", "---\na: 1\n---\na: 2\n...\n", "{\"a\":1}\n{\"a\":2}" },
		{ "scalars", "--- 1\n--- two\n", "1\n\"two\"" },
		{ "an empty one", "---\na: 1\n---\n",
		    "4:1: a value is missing; an empty text is \"\"" },
	};
	struct yaml_docs docs;

	(void)state;
	expect_all(rows, LEN(rows));
	assert_int_equal(
	    yaml_docs_read(arena, cs_span_str("# one\na: 1\n---\n\nb: 2\n"), &docs, &err), CS_OK);
	assert_int_equal(docs.n, 2);
	assert_int_equal(docs.items[0].line, 2);
	assert_int_equal(docs.items[1].line, 5);
	yaml_docs_free(&docs);
	assert_int_equal(docs.n, 0);
}

static void
depth_and_size_are_bounded(void **state)
{
	char *large = cs_arena_alloc(arena, YAML_OCTETS_MAX + 2);

	(void)state;
	assert_string_equal(as_json(cs_span_str("[[[[[[[[1]]]]]]]]")), "[[[[[[[[1]]]]]]]]");
	assert_string_equal(as_json(cs_span_str("[[[[[[[[[1]]]]]]]]]")), "1:9: too deep");
	assert_string_equal(
	    as_json(cs_span_str("{a: {a: {a: {a: {a: {a: {a: {a: {}}}}}}}}}")), "1:33: too deep");
	memset(large, '#', YAML_OCTETS_MAX + 1);
	assert_string_equal(as_json(cs_span_of(large, YAML_OCTETS_MAX)), "");
	assert_string_equal(
	    as_json(cs_span_of(large, YAML_OCTETS_MAX + 1)), "1:1: over 1048576 octets");
}

static const char *
written(const char *json)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	struct cs_span text = { 0 };

	assert_non_null(value);
	enum cs_code code = yaml_doc_write(arena, value, &text, &err);

	json_decref(value);
	return code == CS_OK ? (const char *)text.data : err.text;
}

static void
what_is_written_reads_the_same(void **state)
{
	static const char *const values[] = { "{\"a\":true,\"b\":null,\"c\":-12}",
		"{\"a\":\"true\",\"b\":\"null\",\"c\":\"-12\",\"d\":\"\"}",
		"[\"no\",\"~\",\"1.5\",\"2026-01-02\",\"*@alpha.example\",\"@x\",\"%x\",\"`x\"]",
		"[\" space\",\"space \",\"a: b\",\"a #b\",\"- a\",\"? a\",\"a:\",\"[a\",\"{a\",\"'\",\"\\\"\"]",
		"[\"one\\ntwo\",\"one\\ntwo\\n\",\"one\\n\\ntwo\",\" one\\ntwo\",\"\\n\",\"one\\n\\n\",\"# one\\ntwo\"]",
		"[\"tab\\tx\",\"cr\\rx\",\"\\u0001\",\"\\u0085\",\"\\u2028\",\"\\ufeff\",\"\\ud83d\\ude00\",\"Z\\u00fcrich\"]",
		"{\"true\":1,\"\":2,\"a b\":3,\"a\\nb\":4,\"12\":5}",
		"{\"a\":[],\"b\":{},\"c\":[[]]}", "\"text\"", "[[[[[[[[1]]]]]]]]" };

	(void)state;
	for (size_t i = 0; i < LEN(values); i++) {
		json_t *value = json_loads(values[i], JSON_DECODE_ANY, NULL);
		char *want = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

		assert_string_equal(as_json(cs_span_str(written(values[i]))), want);
		free(want);
		json_decref(value);
	}
}

static void
it_is_written_for_people(void **state)
{
	(void)state;
	assert_string_equal(
	    written(
		"{\"kind\":\"person\",\"name\":\"alice\",\"spec\":{\"active\":true,\"roles\":[\"user\"],"
		"\"phone\":\"0049\",\"title\":\"Alice Ng: user\",\"text\":\"One.\\nTwo.\\n\"}}"),
	    "---\nkind: person\nname: alice\nspec:\n  active: true\n  roles:\n  - user\n"
	    "  phone: \"0049\"\n  title: 'Alice Ng: user'\n  text: |\n    One.\n    Two.\n");
}

static void
what_would_not_read_the_same_is_not_written(void **state)
{
	(void)state;
	assert_string_equal(written("[1.5]"), "a number with a fraction is not written as YAML");
	assert_string_equal(written("[[[[[[[[[1]]]]]]]]]"), "too deep to be written as YAML");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_plain_scalar_is_what_it_looks_like, begin, end),
		cmocka_unit_test_setup_teardown(everything_else_is_text, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_says_more_than_it_shows_is_refused_with_its_place, begin, end),
		cmocka_unit_test_setup_teardown(a_file_has_any_number_of_documents, begin, end),
		cmocka_unit_test_setup_teardown(depth_and_size_are_bounded, begin, end),
		cmocka_unit_test_setup_teardown(what_is_written_reads_the_same, begin, end),
		cmocka_unit_test_setup_teardown(it_is_written_for_people, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_would_not_read_the_same_is_not_written, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
