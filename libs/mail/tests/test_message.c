/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "mail/encode.h"
#include "mail/message.h"
#include "tests/check.h"

static const struct mail_message good = {
	.from = "ra@ca.example",
	.to = "alice@customer.example",
	.subject = "Your certificate",
	.body = "Hello,\nline two\n",
	.id = { { 0x01, 0x9a, 0xb0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x2a } },
	.date_ms = INT64_C(1795437296789),
};

static void
writes_a_mail_octet_for_octet(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct mail_message m = good;
	struct cs_span got;

	(void)state;
	m.from_name = "Countersign \"RA\"";
	m.reply_to = "token-7@ca.example";
	m.auto_type = "acme";
	m.in_reply_to = "<x.1@customer.example>";
	assert_int_equal(mail_message_write(&m, arena, &got, NULL), CS_OK);
	assert_string_equal((const char *)got.data,
	    "Date: Mon, 23 Nov 2026 12:34:56 +0000\r\n"
	    "From: \"Countersign \\\"RA\\\"\"\r\n <ra@ca.example>\r\n"
	    "To: alice@customer.example\r\n"
	    "Reply-To: token-7@ca.example\r\n"
	    "Subject: Your certificate\r\n"
	    "Message-ID: <019ab000-0000-7000-8000-00000000002a@ca.example>\r\n"
	    "In-Reply-To: <x.1@customer.example>\r\n"
	    "Auto-Submitted: auto-generated; type=acme\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 7bit\r\n"
	    "\r\n"
	    "Hello,\r\nline two\r\n");
	cs_arena_free(arena);
}

static char long_text[MAIL_BODY_MAX + 2];

/* `len` letters. */
static const char *
letters(size_t len)
{
	memset(long_text, 'a', len);
	long_text[len] = '\0';
	return long_text;
}

static void
refuses_every_value_that_could_become_something_else(void **state)
{
	static const struct {
		const char *name;
		size_t field;
		const char *value;
	} bad[] = {
#define IN(member) offsetof(struct mail_message, member)
		{ "no From", IN(from), NULL },
		{ "From with a line end", IN(from), "ra@ca.example\r\nBcc: x@y.example" },
		{ "From with a display name", IN(from), "RA <ra@ca.example>" },
		{ "no To", IN(to), NULL },
		{ "To is a list", IN(to), "a@b.example,c@d.example" },
		{ "To with a comment", IN(to), "a(b)@b.example" },
		{ "To with two at signs", IN(to), "a@b@c.example" },
		{ "To beyond ASCII", IN(to), "\xc3\xa9@b.example" },
		{ "To quoted", IN(to), "\"a b\"@b.example" },
		{ "To with a literal", IN(to), "a@[192.0.2.1]" },
		{ "name with a line feed", IN(from_name), "a\nBcc: b@c.example" },
		{ "name with a carriage return", IN(from_name), "a\rb" },
		{ "empty name", IN(from_name), "" },
		{ "name that turns direction", IN(from_name),
		    "a\xe2\x80\xae"
		    "b" },
		{ "no subject", IN(subject), NULL },
		{ "empty subject", IN(subject), "" },
		{ "subject with a line end", IN(subject), "a\r\nX: b" },
		{ "subject with a tab", IN(subject), "a\tb" },
		{ "subject with DEL", IN(subject), "a\x7f" },
		{ "subject with a C1 control", IN(subject),
		    "a\xc2\x85"
		    "b" },
		{ "subject with a line separator", IN(subject),
		    "a\xe2\x80\xa8"
		    "b" },
		{ "subject that is not UTF-8", IN(subject), "a\xff" },
		{ "subject with an overlong line feed", IN(subject), "a\xc0\x8a" },
		{ "Reply-To with a line end", IN(reply_to), "a@b.example\r\n" },
		{ "In-Reply-To without brackets", IN(in_reply_to), "a@b.example" },
		{ "In-Reply-To with a line end", IN(in_reply_to), "<a@b.example>\r\n" },
		{ "In-Reply-To with two identifiers", IN(in_reply_to),
		    "<a@b.example> <c@d.example>" },
		{ "automatic type with a space", IN(auto_type), "a b" },
		{ "automatic type, empty", IN(auto_type), "" },
		{ "no body", IN(body), NULL },
		{ "body with a carriage return alone", IN(body), "a\rb" },
		{ "body with a carriage return at its end", IN(body), "a\r" },
		{ "body with a control character", IN(body), "a\x1b[2J" },
		{ "body that is not UTF-8", IN(body), "a\xc3" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct mail_message m = good;
		struct cs_span got = { 0 };
		struct cs_err err;

		memcpy((char *)&m + bad[i].field, &bad[i].value, sizeof(bad[i].value));
		if (mail_message_write(&m, arena, &got, &err) != CS_MALFORMED || got.data != NULL)
			fail_msg("%s: was accepted", bad[i].name);
		cs_arena_free(arena);
	}
}

static void
keeps_the_limits_of_length(void **state)
{
	static const struct {
		const char *name;
		size_t field, len;
		enum cs_code want;
	} cases[] = {
		{ "longest subject", IN(subject), MAIL_SUBJECT_MAX, CS_OK },
		{ "subject one too long", IN(subject), MAIL_SUBJECT_MAX + 1, CS_MALFORMED },
		{ "longest name", IN(from_name), 128, CS_OK },
		{ "name one too long", IN(from_name), 129, CS_MALFORMED },
		{ "longest body", IN(body), MAIL_BODY_MAX, CS_OK },
		{ "body one too long", IN(body), MAIL_BODY_MAX + 1, CS_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct mail_message m = good;
		const char *value = letters(cases[i].len);
		struct cs_span got;

		memcpy((char *)&m + cases[i].field, &value, sizeof(value));
		if (mail_message_write(&m, arena, &got, NULL) != cases[i].want)
			fail_msg("%s: want %s", cases[i].name, cs_code_name(cases[i].want));
		cs_arena_free(arena);
	}
}

static void
knows_the_addresses_that_it_sends(void **state)
{
	char text[300];
	static const struct {
		const char *address;
		bool want;
	} cases[] = {
		{ "a@b.example", true },
		{ "a.b+c=d@x-y.example", true },
		{ "!#$%&'*+-/=?^_`{|}~@b.example", true },
		{ "a@xn--bcher-kva.example", true },
		{ "", false },
		{ "@b.example", false },
		{ "a@", false },
		{ "a", false },
		{ "a@b", false },
		{ ".a@b.example", false },
		{ "a.@b.example", false },
		{ "a..b@b.example", false },
		{ "a b@b.example", false },
		{ "a@b..example", false },
		{ "a@b.example.", false },
		{ "a@-b.example", false },
		{ "a@b-.example", false },
		{ "a@b_c.example", false },
		{ "a@b.example\n", false },
		{ "<a@b.example>", false },
		{ "a,b@b.example", false },
		{ "a:b@b.example", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (mail_address_valid(cases[i].address) != cases[i].want)
			fail_msg("%s: want %d", cases[i].address, cases[i].want);
	snprintf(text, sizeof(text), "%.64s@b.example", letters(64));
	assert_true(mail_address_valid(text));
	snprintf(text, sizeof(text), "%.65s@b.example", letters(65));
	assert_false(mail_address_valid(text));
	snprintf(text, sizeof(text), "a@%.63s.example", letters(63));
	assert_true(mail_address_valid(text));
	snprintf(text, sizeof(text), "a@%.64s.example", letters(64));
	assert_false(mail_address_valid(text));
}

static void
encodes_what_a_header_cannot_hold(void **state)
{
	static const struct {
		const char *name, *subject, *want;
	} cases[] = {
		{ "plain", "Hello = ? World", "Hello = ? World" },
		{ "an ACME token", "ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME=",
		    "ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME=" },
		{ "beyond ASCII",
		    "Gr\xc3\xbc\xc3\x9f"
		    "e",
		    "=?utf-8?B?R3LDvMOfZQ==?=" },
		{ "looks encoded", "=?utf-8?B?YQ==?=", "=?utf-8?B?PT91dGYtOD9CP1lRPT0/PQ==?=" },
		{ "a space at the end", "a ", "=?utf-8?B?YSA=?=" },
		{ "a character at the seam", /* 38 octets, then two that belong together */
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9",
		    "=?utf-8?B?YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=?=\r\n"
		    " =?utf-8?B?w6k=?=" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_buf out = cs_buf_new(arena);

		mail_add_unstructured(&out, cases[i].subject);
		if (!cs_span_is(cs_buf_span(&out), cases[i].want))
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name,
			    (const char *)out.data, cases[i].want);
		cs_arena_free(arena);
	}
}

#define A73 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* RFC 5322 2.1.1: a link, which must stay in one line, may have more than the 78 that eyes like. */
static void
a_line_may_have_998_octets(void **state)
{
	char line[999 + 2];

	(void)state;
	memset(line, 'a', sizeof(line));
	memcpy(line + 998, "\r\n", 2);
	assert_true(mail_body_is_plain(cs_span_of((const uint8_t *)line, 1000)));
	line[998] = 'a';
	memcpy(line + 999, "\r\n", 2);
	assert_false(mail_body_is_plain(cs_span_of((const uint8_t *)line, 1001)));
}

static void
encodes_what_a_body_cannot_hold(void **state)
{
	static const struct {
		const char *name, *body, *want; /* NULL: stays as it is */
	} cases[] = {
		{ "nothing", "", NULL },
		{ "dots, which are the transport's business", ".\r\n..\r\n", NULL },
		{ "an octet beyond ASCII in a longer line", A73 "bbbbbb\xc3\xa9\r\n",
		    A73 "=\r\nbbbbbb=C3=A9\r\n" },
		{ "beyond ASCII", "a=\xc3\xa9\r\n", "a=3D=C3=A9\r\n" },
		{ "a space at the end of a line", "a \r\nb\r\n", "a=20\r\nb\r\n" },
		{ "a tab at the end of a line", "a\t\r\n", "a=09\r\n" },
		{ "From at the start of a line", "From here\r\nFrom\r\n",
		    "=46rom here\r\nFrom\r\n" },
		{ "From at the start of a broken line", A73 "From here \r\n",
		    A73 "=\r\n=46rom here=20\r\n" },
		{ "an octet that does not fit", A73 "\xc3\xa9\r\n", A73 "=\r\n=C3=A9\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_buf out = cs_buf_new(arena);
		struct cs_span body = cs_span_str(cases[i].body);

		assert_int_equal(mail_body_is_plain(body), cases[i].want == NULL);
		mail_add_quoted_printable(&out, body);
		if (cases[i].want != NULL && !cs_span_is(cs_buf_span(&out), cases[i].want))
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name,
			    (const char *)out.data, cases[i].want);
		cs_arena_free(arena);
	}
}

static void
ends_every_line_the_same_way(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "" },
		{ "a", "a\r\n" },
		{ "a\n", "a\r\n" },
		{ "a\r\n", "a\r\n" },
		{ "\n\na\r\nb", "\r\n\r\na\r\nb\r\n" },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_true(
		    cs_span_is(mail_crlf_lines(arena, cs_span_str(cases[i].text)), cases[i].want));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_a_mail_octet_for_octet),
		cmocka_unit_test(refuses_every_value_that_could_become_something_else),
		cmocka_unit_test(keeps_the_limits_of_length),
		cmocka_unit_test(knows_the_addresses_that_it_sends),
		cmocka_unit_test(encodes_what_a_header_cannot_hold),
		cmocka_unit_test(a_line_may_have_998_octets),
		cmocka_unit_test(encodes_what_a_body_cannot_hold),
		cmocka_unit_test(ends_every_line_the_same_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
