/* SPDX-License-Identifier: Apache-2.0 */
/* The reading of mails, tag lists and the two canonical forms. */
#include <string.h>

#include "dkim/canon.h"
#include "dkim/mail.h"
#include "dkim/tags.h"
#include "tests/check.h"

static const struct {
	const char *name, *octets;
	size_t len;       /* 0: strlen */
	const char *want; /* code; NULL: it can be read */
	size_t fields;
} mails[] = {
	{ "one field", "A: b\r\n\r\nbody", 0, NULL, 1 },
	{ "no body", "A: b\r\n", 0, NULL, 1 },
	{ "no last line end", "A: b", 0, NULL, 1 },
	{ "folded", "A: b\r\n c\r\n\td\r\nE:\r\n\r\n", 0, NULL, 2 },
	{ "no header", "\r\nbody\r\n", 0, NULL, 0 },
	{ "empty", "", 0, "mail-size", 0 },
	{ "line feed alone", "A: b\n\r\n", 0, "mail-octets", 0 },
	{ "line feed first", "\nA: b\r\n", 0, "mail-octets", 0 },
	{ "carriage return alone", "A: b\rc\r\n\r\n", 0, "mail-octets", 0 },
	{ "carriage return last", "A: b\r\n\r\nx\r", 0, "mail-octets", 0 },
	{ "line feed alone in the body", "A: b\r\n\r\nx\ny", 0, "mail-octets", 0 },
	{ "NUL", "A: b\r\n\r\nx\0y", 11, "mail-octets", 0 },
	{ "no colon", "A b\r\n\r\n", 0, "mail-header", 0 },
	{ "no name", ": b\r\n\r\n", 0, "mail-header", 0 },
	{ "blank before the colon", "A : b\r\n\r\n", 0, "mail-header", 0 },
	{ "folding first", " A: b\r\n\r\n", 0, "mail-header", 0 },
	{ "a folded line of blanks", "A: b\r\n \t\r\nC: d\r\n\r\n", 0, "mail-header", 0 },
	{ "a mailbox file's line", "From x@y Tue\r\nA: b\r\n\r\n", 0, "mail-header", 0 },
	{ "a name that is not ASCII", "\xc3\xa4: b\r\n\r\n", 0, "mail-header", 0 },
};

static void
reads_only_what_all_readers_see_alike(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		struct cs_arena *arena = cs_arena_new();
		const size_t len = mails[i].len > 0 ? mails[i].len : strlen(mails[i].octets);
		struct cs_refusal why = { .code = NULL };
		struct dkim_mail mail = { .fields_len = 0 };
		const bool good =
		    dkim_mail_read(arena, cs_span_of(mails[i].octets, len), &mail, &why);

		if (good != (mails[i].want == NULL) || mail.fields_len != mails[i].fields ||
		    (!good && strcmp(why.code, mails[i].want) != 0))
			fail_msg("%s: got %s, %zu fields", mails[i].name, good ? "good" : why.code,
			    mail.fields_len);
		cs_arena_free(arena);
	}
}

static struct cs_span
repeat(struct cs_arena *arena, const char *text, size_t times)
{
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < times; i++)
		cs_buf_add_str(&out, text);
	return cs_buf_span(&out);
}

static void
keeps_its_limits(void **state)
{
	static const struct {
		const char *name, *field;
		size_t times;
		const char *want;
	} sizes[] = {
		{ "as many fields as may be", "A: b\r\n", DKIM_FIELDS_MAX, NULL },
		{ "one more", "A: b\r\n", DKIM_FIELDS_MAX + 1, "mail-header-size" },
		{ "a header of 64 KiB",
		    "A: 345678901234567890123456789\r\n 89012345678901234\r\n"
		    " 6789012345678901234567890123456789012345678901234567890123456789012345\r\n",
		    DKIM_HEADER_MAX / 128, NULL },
		{ "a larger one",
		    "A: 345678901234567890123456789\r\n 89012345678901234\r\n"
		    " 6789012345678901234567890123456789012345678901234567890123456789012345\r\n",
		    DKIM_HEADER_MAX / 128 + 1, "mail-header-size" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_refusal why = { .code = NULL };
		struct dkim_mail mail;
		const bool good = dkim_mail_read(
		    arena, repeat(arena, sizes[i].field, sizes[i].times), &mail, &why);

		if (good != (sizes[i].want == NULL))
			fail_msg("%s: got %s", sizes[i].name, good ? "good" : why.code);
		cs_arena_free(arena);
	}
	struct cs_arena *arena = cs_arena_new();
	struct cs_refusal why;
	struct dkim_mail mail;
	const struct cs_span big = repeat(arena, "\r\n", DKIM_MAIL_MAX / 2);
	assert_true(dkim_mail_read(arena, big, &mail, &why));
	assert_false(
	    dkim_mail_read(arena, repeat(arena, "\r\n", DKIM_MAIL_MAX / 2 + 1), &mail, &why));
	assert_string_equal(why.code, "mail-size");
	cs_arena_free(arena);
}

/* The example of RFC 6376 3.4.5. */
static void
makes_canonical_forms(void **state)
{
	static const char octets[] = "A: X\r\nB : Y\t\r\n\tZ  \r\n";
	static const char body[] = " C \r\nD \t E\r\n\r\n\r\n";
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf out = cs_buf_new(arena);
	const struct dkim_field a = { cs_span_str("A"), cs_span_of(octets + 2, 2),
		cs_span_of(octets, 6) };
	const struct dkim_field b = { cs_span_str("B"), cs_span_of(octets + 9, 10),
		cs_span_of(octets + 6, 15) };

	(void)state;
	dkim_canon_field(&out, &a, DKIM_RELAXED);
	dkim_canon_field(&out, &b, DKIM_RELAXED);
	assert_string_equal((const char *)cs_buf_span(&out).data, "a:X\r\nb:Y Z\r\n");
	assert_true(
	    cs_span_is(dkim_canon_body(arena, cs_span_str(body), DKIM_RELAXED), " C\r\nD E\r\n"));
	assert_true(cs_span_is(
	    dkim_canon_body(arena, cs_span_str(body), DKIM_SIMPLE), " C \r\nD \t E\r\n"));
	cs_arena_free(arena);
}

static void
ends_every_body(void **state)
{
	static const struct {
		const char *body, *simple, *relaxed;
	} bodies[] = {
		{ "", "\r\n", "" },
		{ "\r\n", "\r\n", "" },
		{ "\r\n\r\n", "\r\n", "" },
		{ " \r\n\r\n", " \r\n", "" },
		{ "a", "a\r\n", "a\r\n" },
		{ "a ", "a \r\n", "a\r\n" },
		{ "\r\na\r\n\r\n", "\r\na\r\n", "\r\na\r\n" },
		{ "a\r\n b", "a\r\n b\r\n", "a\r\n b\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct cs_span body = cs_span_str(bodies[i].body);

		if (!cs_span_is(dkim_canon_body(arena, body, DKIM_SIMPLE), bodies[i].simple) ||
		    !cs_span_is(dkim_canon_body(arena, body, DKIM_RELAXED), bodies[i].relaxed))
			fail_msg("\"%s\"", bodies[i].body);
		cs_arena_free(arena);
	}
}

static const struct {
	const char *text;
	size_t want; /* 0: not a list */
} lists[] = {
	{ "a=b", 1 },
	{ "a=b;", 1 },
	{ " a = b ; c=d ; ", 2 },
	{ "a=", 1 },
	{ "a=b=c", 1 },
	{ "a_1=b", 1 },
	{ "a=b\r\n c", 1 },
	{ "a=\xc3\xa4", 1 },
	{ "", 0 },
	{ ";", 0 },
	{ "a", 0 },
	{ "=b", 0 },
	{ "1a=b", 0 },
	{ "a=b;;c=d", 0 },
	{ "a=b;a=c", 0 },
	{ "a b=c", 0 },
	{ "a=\x01", 0 },
	{ "a=\xff", 0 },
};

static void
reads_tag_lists(void **state)
{
	struct dkim_tags tags;

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		const bool good = dkim_tags_read(cs_span_str(lists[i].text), &tags);

		if (good != (lists[i].want > 0) || (good && tags.len != lists[i].want))
			fail_msg("\"%s\": got %d, %zu tags", lists[i].text, good, tags.len);
	}
	assert_true(dkim_tags_read(cs_span_str(" a = b c ;B=d"), &tags));
	assert_true(cs_span_is(dkim_tags_find(&tags, "a")->value, "b c"));
	assert_true(cs_span_is(dkim_tags_find(&tags, "a")->raw, " b c "));
	assert_null(dkim_tags_find(&tags, "b"));
}

static void
reads_values(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span rest = cs_span_str(" a : b:"), one;
	struct cs_span octets;
	int64_t number;

	(void)state;
	assert_true(dkim_tag_next(&rest, &one) && cs_span_is(one, "a"));
	assert_true(dkim_tag_next(&rest, &one) && cs_span_is(one, "b"));
	assert_true(dkim_tag_next(&rest, &one) && one.len == 0);
	assert_false(dkim_tag_next(&rest, &one));
	assert_true(dkim_tag_base64(arena, cs_span_str("YW\r\n Jj"), &octets));
	assert_true(cs_span_is(octets, "abc"));
	assert_false(dkim_tag_base64(arena, cs_span_str(" "), &octets));
	assert_true(dkim_tag_number(cs_span_str("999999999999"), &number));
	assert_true(number == INT64_C(999999999999));
	assert_false(dkim_tag_number(cs_span_str("1000000000000"), &number));
	assert_false(dkim_tag_number(cs_span_str("-1"), &number));
	assert_false(dkim_tag_number(cs_span_str(""), &number));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_only_what_all_readers_see_alike),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(makes_canonical_forms),
		cmocka_unit_test(ends_every_body),
		cmocka_unit_test(reads_tag_lists),
		cmocka_unit_test(reads_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
