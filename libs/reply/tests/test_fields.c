/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "reply/fields.h"
#include "tests/check.h"

static const struct {
	const char *value, *want; /* NULL: refused */
} texts[] = {
	{ " Re: ACME: abc", "Re: ACME: abc" },
	{ " a\r\n b", "a b" },
	{ " =?utf-8?q?Re=3A_ACME=3A_abc?=", "Re: ACME: abc" },
	{ " =?UTF-8?B?UmU6IEFDTUU6IGFiYw==?=", "Re: ACME: abc" },
	{ " =?us-ascii?Q?a?= =?utf-8*de?q?b?=\r\n =?utf-8?q?c?= d", "abc d" },
	{ " x =?utf-8?q?a?= y", "x a y" },
	{ " =?utf-8?q?=C3=A4?=", "\xc3\xa4" },
	{ " \xc3\xa4", "\xc3\xa4" },
	{ " =?iso-8859-1?q?=E4?= b", "=?iso-8859-1?q?=E4?= b" },
	{ " =?utf-8?q?a b?=", "=?utf-8?q?a b?=" },
	{ " =?utf-8?q?a=4?=", "=?utf-8?q?a=4?=" },
	{ " =?utf-8?b?YQ?=", "=?utf-8?b?YQ?=" },
	{ " =?utf-8?x?a?=", "=?utf-8?x?a?=" },
	{ " =?utf-8?q?a", "=?utf-8?q?a" },
	{ "", "" },
	{ " =?utf-8?q?=0A?=", NULL },
	{ " =?utf-8?q?=FF?=", NULL },
	{ " \xff", NULL },
	{ " a\x01", NULL },
};

static void
decodes_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_span got;
		const bool good = reply_decode(arena, cs_span_str(texts[i].value), &got);

		if (good != (texts[i].want != NULL) || (good && !cs_span_is(got, texts[i].want)))
			fail_msg("\"%s\": got %d \"%.*s\"", texts[i].value, good, (int)got.len,
			    (const char *)got.data);
		cs_arena_free(arena);
	}
}

static const struct {
	const char *value, *want; /* addresses with blanks between; NULL: refused */
} lists[] = {
	{ " a@b.example", "a@b.example" },
	{ " Alice <a@b.example>", "a@b.example" },
	{ " <a@b.example>", "a@b.example" },
	{ " \"Alice, Bob <x@y.z>\" <a@b.example>", "a@b.example" },
	{ " \"x\\\" <c@d.e>\" <a@b.example>", "a@b.example" },
	{ " =?utf-8?q?=C3=A4?= <a@b.example>", "a@b.example" },
	{ " John Q. Public <a@b.example>", "a@b.example" },
	{ " a@b.example (Alice (of B))", "a@b.example" },
	{ " (x) Alice (y) < a@b.example > (z)", "a@b.example" },
	{ " a@b.example, B <c@d.example>,\r\n e@f.example", "a@b.example c@d.example e@f.example" },
	{ " \xc3\xa4@b.example", "\xc3\xa4@b.example" },
	{ " x@y.z <a@b.example>", NULL },
	{ " a@b.example <x@y.z>", NULL },
	{ " a@b.example c@d.example", NULL },
	{ " a@b.example,", NULL },
	{ " ,a@b.example", NULL },
	{ " Alice", NULL },
	{ " \"Alice\"", NULL },
	{ " \"a\"@b.example", NULL },
	{ " a(x)@b.example", NULL },
	{ " group: a@b.example;", NULL },
	{ " undisclosed-recipients:;", NULL },
	{ " <a@b.example> <c@d.example>", NULL },
	{ " <a@b.example", NULL },
	{ " (a@b.example", NULL },
	{ " \"a@b.example", NULL },
	{ " ((((((x)))))) a@b.example", NULL },
	{ " a@b.example; c@d.example", NULL },
	{ "", NULL },
	{ " \xff@b.example", NULL },
};

static const char *
joined(struct cs_arena *arena, const struct cs_span *spans, size_t len)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < len; i++) {
		if (i > 0)
			cs_buf_add_str(&out, " ");
		cs_buf_add_span(&out, spans[i]);
	}
	return (const char *)cs_buf_span(&out).data;
}

static void
finds_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct cs_span *spans = NULL;
		size_t len = 0;
		const bool good = reply_addresses(arena, cs_span_str(lists[i].value), &spans, &len);
		const char *got = good ? joined(arena, spans, len) : "refused";

		if (strcmp(got, lists[i].want == NULL ? "refused" : lists[i].want) != 0)
			fail_msg("\"%s\": got %s", lists[i].value, got);
		cs_arena_free(arena);
	}
}

static const struct {
	const char *value, *want;
} ids[] = {
	{ " <a@b>", "<a@b>" },
	{ " <a@b> <c@d>\r\n <e@f>", "<a@b> <c@d> <e@f>" },
	{ " <a@b><c@d>", "<a@b> <c@d>" },
	{ " (x) <a@b> (y)", "<a@b>" },
	{ "", "" },
	{ " a@b", NULL },
	{ " <a@b", NULL },
	{ " <>", NULL },
	{ " <a b>", NULL },
	{ " <<a@b>", NULL },
	{ " your mail of <a@b>", NULL },
	{ " <a@b>, <c@d>", NULL },
};

static void
finds_identifiers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct cs_span *spans = NULL;
		size_t len = 0;
		const bool good = reply_ids(arena, cs_span_str(ids[i].value), &spans, &len);
		const char *got = good ? joined(arena, spans, len) : "refused";

		if (strcmp(got, ids[i].want == NULL ? "refused" : ids[i].want) != 0)
			fail_msg("\"%s\": got %s", ids[i].value, got);
		cs_arena_free(arena);
	}
}

static void
keeps_its_limits(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf list = cs_buf_new(arena), many = cs_buf_new(arena);
	const struct cs_span *spans;
	size_t len;

	(void)state;
	for (int i = 0; i < REPLY_ADDRESSES_MAX; i++)
		cs_buf_printf(&list, "%sa@b.example", i > 0 ? "," : "");
	assert_true(reply_addresses(arena, cs_buf_span(&list), &spans, &len));
	assert_int_equal(len, REPLY_ADDRESSES_MAX);
	cs_buf_add_str(&list, ",a@b.example");
	assert_false(reply_addresses(arena, cs_buf_span(&list), &spans, &len));
	for (int i = 0; i < REPLY_IDS_MAX; i++)
		cs_buf_add_str(&many, "<a@b> ");
	assert_true(reply_ids(arena, cs_buf_span(&many), &spans, &len));
	cs_buf_add_str(&many, "<a@b> ");
	assert_false(reply_ids(arena, cs_buf_span(&many), &spans, &len));
	cs_arena_free(arena);
}

static void
takes_the_first_word(void **state)
{
	static const struct {
		const char *value, *want;
	} words[] = { { " no", "no" }, { " (x) no (y)", "no" },
		{ " auto-replied; a=b", "auto-replied" }, { "", "" }, { " ;", "" } };

	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct cs_arena *arena = cs_arena_new();

		if (!cs_span_is(
			reply_first_word(arena, cs_span_str(words[i].value)), words[i].want))
			fail_msg("\"%s\"", words[i].value);
		cs_arena_free(arena);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_texts),
		cmocka_unit_test(finds_addresses),
		cmocka_unit_test(finds_identifiers),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(takes_the_first_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
