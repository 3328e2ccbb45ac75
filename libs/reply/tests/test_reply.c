/* SPDX-License-Identifier: Apache-2.0 */
/* A right answer, what is wrong with others, and what bounces say. */
#include <stdio.h>
#include <string.h>

#include "reply/reply.h"
#include "tests/check.h"

#define PART1 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define DIGEST "cXs9hqrg4qUYJq52O7se3g0Jm2RFfUh8jx7jK0G_nmk"
#define BLOCK REPLY_BLOCK_BEGIN "\r\n" DIGEST "\r\n" REPLY_BLOCK_END "\r\n"
#define FROM "From: Alice <alice@sender.example>\r\n"
#define TO "To: challenge@ca.example\r\n"
#define SUBJECT "Subject: Re: ACME: " PART1 "\r\n"
#define ID "Message-ID: <1@sender.example>\r\n"
#define ANSWERS "In-Reply-To: <c-1@ca.example>\r\n"
#define HEAD FROM TO SUBJECT ID ANSWERS
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n\r\n"
#define GOOD HEAD PLAIN "Hello.\r\n\r\n" BLOCK "\r\nAlice\r\n"

static const struct reply_verdict proved = { .finding = REPLY_PROVED,
	.from = "alice@sender.example",
	.domain = "sender.example",
	.owner = "s._domainkey.sender.example" };

static const struct {
	const char *name, *mail;
	const char *envelope; /* NULL: "alice@sender.example" */
	const char *want;     /* NULL: accepted */
} mails[] = {
	{ "a right answer", GOOD, NULL, NULL },
	{ "no body type", HEAD "\r\n" BLOCK, NULL, NULL },
	{ "folded subject", FROM TO "Subject: AW: ACME:\r\n " PART1 "\r\n" ID ANSWERS PLAIN BLOCK,
	    NULL, NULL },
	{ "token cut by folding",
	    FROM TO
	    "Subject: ACME: AAECAwQFBgcICQoL\r\n DA0ODxAREhMUFRYX\r\n" ID ANSWERS PLAIN BLOCK,
	    NULL, NULL },
	{ "encoded subject",
	    FROM TO "Subject: =?utf-8?q?R=C3=A9p_=3A_ACME=3A_?=\r\n =?utf-8?q?" PART1
		    "?=\r\n" ID ANSWERS PLAIN BLOCK,
	    NULL, NULL },
	{ "capitals in the domain",
	    "From: alice@SENDER.Example\r\nTo: challenge@CA.example\r\n" SUBJECT ID ANSWERS PLAIN
		BLOCK,
	    NULL, NULL },
	{ "to others, too",
	    FROM "To: x@y.example, Us <challenge@ca.example>\r\nCc: z@y.example\r\n" SUBJECT ID
		ANSWERS PLAIN BLOCK,
	    NULL, NULL },
	{ "references", HEAD "References: <0@ca.example>\r\n <c-1@ca.example>\r\n" PLAIN BLOCK,
	    NULL, NULL },
	{ "not automatic", HEAD "Auto-Submitted: no\r\n" PLAIN BLOCK, NULL, NULL },
	{ "digest with padding",
	    HEAD PLAIN REPLY_BLOCK_BEGIN "\r\n" DIGEST "=\r\n" REPLY_BLOCK_END "\r\n", NULL, NULL },
	{ "digest over two lines",
	    HEAD PLAIN REPLY_BLOCK_BEGIN
	    "\r\ncXs9hqrg4qUYJq52O7se3g\r\n0Jm2RFfUh8jx7jK0G_nmk \r\n" REPLY_BLOCK_END "\r\n",
	    NULL, NULL },
	{ "quoted below",
	    HEAD PLAIN BLOCK "> " REPLY_BLOCK_BEGIN "\r\n> x\r\n> " REPLY_BLOCK_END "\r\n", NULL,
	    NULL },
	{ "quoted-printable",
	    HEAD "Content-Transfer-Encoding: Quoted-Printable\r\n" PLAIN
		 "Gr=C3=BC=C3=9Fe\r\n" REPLY_BLOCK_BEGIN "\r\ncXs9hqrg4qUYJq52O7se3g=\r\n"
		 "0Jm2RFfUh8jx7jK0G=5Fnmk\r\n" REPLY_BLOCK_END "\r\n",
	    NULL, NULL },
	{ "base64",
	    HEAD "Content-Transfer-Encoding: base64\r\n" PLAIN
		 "LS0tLS1CRUdJTiBBQ01FIFJFU1BPTlNFLS0tLS0NCmNYczlocXJnNHFVWUpxNTJPN3Nl\r\n"
		 "M2cwSm0yUkZmVWg4ang3akswR19ubWsNCi0tLS0tRU5EIEFDTUUgUkVTUE9OU0UtLS0tLQ0K\r\n",
	    NULL, NULL },
	{ "alternative",
	    HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\nx\r\n--b\r\n" PLAIN BLOCK
		 "\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n" BLOCK "\r\n--b--\r\n",
	    NULL, NULL },

	{ "null sender", GOOD, "", "reply-bounce" },
	{ "report",
	    HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
		 "--b\r\n" PLAIN BLOCK "\r\n--b--\r\n",
	    NULL, "reply-bounce" },
	{ "automatic", HEAD "Auto-Submitted: auto-replied\r\n" PLAIN BLOCK, NULL, "reply-auto" },
	{ "automatic, and strangely", HEAD "Auto-Submitted: yes\r\n" PLAIN BLOCK, NULL,
	    "reply-auto" },
	{ "list", HEAD "LIST-Id: <x>\r\n" PLAIN BLOCK, NULL, "reply-list" },
	{ "two From", FROM FROM TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL, "reply-twice" },
	{ "two Subject", HEAD SUBJECT PLAIN BLOCK, NULL, "reply-twice" },
	{ "two types", HEAD "Content-Type: text/html\r\n" PLAIN BLOCK, NULL, "reply-twice" },
	{ "no From", TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL, "reply-from" },
	{ "two addresses",
	    "From: alice@sender.example, b@sender.example\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK,
	    NULL, "reply-from" },
	{ "quoted local part",
	    "From: \"alice\"@sender.example\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-from" },
	{ "two at signs",
	    "From: <alice@sender.example@x.example>\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-from" },
	{ "another address", "From: bob@sender.example\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-from-other" },
	{ "another case", "From: Alice@sender.example\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-from-other" },
	{ "a domain below", "From: alice@mx.sender.example\r\n" TO SUBJECT ID ANSWERS PLAIN BLOCK,
	    NULL, "reply-from-other" },
	{ "no To", FROM SUBJECT ID ANSWERS PLAIN BLOCK, NULL, "reply-to" },
	{ "to another", FROM "To: x@ca.example\r\n" SUBJECT ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-to" },
	{ "copy only",
	    FROM "To: x@ca.example\r\nCc: challenge@ca.example\r\n" SUBJECT ID ANSWERS PLAIN BLOCK,
	    NULL, "reply-to" },
	{ "no subject", FROM TO ID ANSWERS PLAIN BLOCK, NULL, "reply-subject" },
	{ "subject without mark", FROM TO "Subject: Re: " PART1 "\r\n" ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-subject" },
	{ "two marks", FROM TO "Subject: ACME: x ACME: " PART1 "\r\n" ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-subject" },
	{ "mark without token", FROM TO "Subject: ACME:\r\n" ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-subject" },
	{ "another token", FROM TO "Subject: ACME: " PART1 "A\r\n" ID ANSWERS PLAIN BLOCK, NULL,
	    "reply-token" },
	{ "another token of its length",
	    FROM TO "Subject: ACME: BAECAwQFBgcICQoLDA0ODxAREhMUFRYX\r\n" ID ANSWERS PLAIN BLOCK,
	    NULL, "reply-token" },
	{ "no Message-ID", FROM TO SUBJECT ANSWERS PLAIN BLOCK, NULL, "reply-message-id" },
	{ "answers nothing", FROM TO SUBJECT ID PLAIN BLOCK, NULL, "reply-in-reply-to" },
	{ "answers another", FROM TO SUBJECT ID "In-Reply-To: <x@ca.example>\r\n" PLAIN BLOCK, NULL,
	    "reply-in-reply-to" },
	{ "other references", HEAD "References: <x@ca.example>\r\n" PLAIN BLOCK, NULL,
	    "reply-references" },
	{ "HTML", HEAD "Content-Type: text/html\r\n\r\n" BLOCK, NULL, "reply-text" },
	{ "mixed",
	    HEAD "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" PLAIN BLOCK
		 "\r\n--b--\r\n",
	    NULL, "reply-text" },
	{ "alternative without text",
	    HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
		 "Content-Type: text/html\r\n\r\n" BLOCK "\r\n--b--\r\n",
	    NULL, "reply-text" },
	{ "alternative with two texts",
	    HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" PLAIN BLOCK
		 "\r\n--b\r\n" PLAIN BLOCK "\r\n--b--\r\n",
	    NULL, "reply-text" },
	{ "unknown encoding", HEAD "Content-Transfer-Encoding: x-uuencode\r\n" PLAIN BLOCK, NULL,
	    "reply-encoding" },
	{ "line feeds",
	    HEAD "Content-Transfer-Encoding: quoted-printable\r\n" PLAIN
		 "-----BEGIN ACME RESPONSE-----=0A" DIGEST "=0A-----END ACME RESPONSE-----\r\n",
	    NULL, "reply-line-ends" },
	{ "no block", HEAD PLAIN "Hello.\r\n", NULL, "reply-no-block" },
	{ "empty", HEAD PLAIN, NULL, "reply-no-block" },
	{ "quoted block",
	    HEAD PLAIN "> " REPLY_BLOCK_BEGIN "\r\n> " DIGEST "\r\n> " REPLY_BLOCK_END "\r\n", NULL,
	    "reply-no-block" },
	{ "no end", HEAD PLAIN REPLY_BLOCK_BEGIN "\r\n" DIGEST "\r\n", NULL, "reply-no-block" },
	{ "more on the line",
	    HEAD PLAIN REPLY_BLOCK_BEGIN " x\r\n" DIGEST "\r\n" REPLY_BLOCK_END "\r\n", NULL,
	    "reply-no-block" },
	{ "too many lines",
	    HEAD PLAIN REPLY_BLOCK_BEGIN "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" DIGEST
					 "\r\n" REPLY_BLOCK_END "\r\n",
	    NULL, "reply-no-block" },
	{ "two blocks", HEAD PLAIN BLOCK BLOCK, NULL, "reply-two-blocks" },
	{ "begins twice", HEAD PLAIN REPLY_BLOCK_BEGIN "\r\n" BLOCK, NULL, "reply-two-blocks" },
	{ "key authorization",
	    HEAD PLAIN REPLY_BLOCK_BEGIN
	    "\r\n" PART1 ".NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs\r\n" REPLY_BLOCK_END "\r\n",
	    NULL, "reply-authorization" },
	{ "no digest", HEAD PLAIN REPLY_BLOCK_BEGIN "\r\nAAAA\r\n" REPLY_BLOCK_END "\r\n", NULL,
	    "reply-digest-form" },
	{ "another digest",
	    HEAD PLAIN REPLY_BLOCK_BEGIN
	    "\r\ndXs9hqrg4qUYJq52O7se3g0Jm2RFfUh8jx7jK0G_nmk\r\n" REPLY_BLOCK_END "\r\n",
	    NULL, "reply-digest" },
};

static struct reply_expected
expected_now(uint8_t digest[static REPLY_DIGEST])
{
	assert_true(reply_base64url(cs_span_str(DIGEST), digest, REPLY_DIGEST));
	return (struct reply_expected){ .mailbox = "alice@sender.example",
		.to = "challenge@ca.example",
		.message_id = "<c-1@ca.example>",
		.part1 = PART1,
		.digest = digest };
}

static struct reply_facts
read_mail(struct cs_arena *arena, const char *name, const char *mail, const char *envelope)
{
	struct reply_facts facts;
	struct cs_refusal why;

	if (!reply_read(arena, cs_span_str(mail),
		envelope == NULL ? "alice@sender.example" : envelope, &facts, &why))
		fail_msg("%s: %s", name, why.text);
	return facts;
}

static void
judges_each_mail(void **state)
{
	uint8_t digest[REPLY_DIGEST];
	const struct reply_expected expected = expected_now(digest);

	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct reply_facts facts =
		    read_mail(arena, mails[i].name, mails[i].mail, mails[i].envelope);
		struct cs_refusal why = { .code = "accepted" };
		const enum reply_finding got = reply_judge(arena, &facts, &proved, &expected, &why);

		if (strcmp(why.code, mails[i].want == NULL ? "accepted" : mails[i].want) != 0 ||
		    (got == REPLY_PROVED) != (mails[i].want == NULL))
			fail_msg("%s: got %s", mails[i].name, why.code);
		cs_arena_free(arena);
	}
}

static void
judges_what_was_signed(void **state)
{
	static const struct reply_verdict unsigned_mail = { .finding = REPLY_REFUSED,
		.why = { .code = "reply-unsigned" } };
	static const struct reply_verdict unknown = { .finding = REPLY_COULD_NOT_TELL,
		.why = { .code = "reply-key-unknown" } };
	static const struct reply_verdict other = {
		.finding = REPLY_PROVED, .from = "bob@sender.example", .domain = "sender.example"
	};
	static const struct reply_verdict above = {
		.finding = REPLY_PROVED, .from = "alice@sender.example", .domain = "example"
	};
	static const struct reply_verdict empty = { .finding = REPLY_PROVED };
	static const struct {
		const struct reply_verdict *verdict;
		const char *want;
		enum reply_finding finding;
	} rows[] = {
		{ &unsigned_mail, "reply-unsigned", REPLY_REFUSED },
		{ &unknown, "reply-key-unknown", REPLY_COULD_NOT_TELL },
		{ &other, "reply-signature", REPLY_REFUSED },
		{ &above, "reply-signature", REPLY_REFUSED },
		{ &empty, "reply-signature", REPLY_REFUSED },
	};
	uint8_t digest[REPLY_DIGEST];
	const struct reply_expected expected = expected_now(digest);
	struct cs_arena *arena = cs_arena_new();
	const struct reply_facts facts = read_mail(arena, "good", GOOD, NULL);
	struct cs_refusal why;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
		    reply_judge(arena, &facts, rows[i].verdict, &expected, &why), rows[i].finding);
		assert_string_equal(why.code, rows[i].want);
	}
	cs_arena_free(arena);
}

static void
a_thread_may_be_left_out_where_that_is_permitted(void **state)
{
	uint8_t digest[REPLY_DIGEST];
	struct reply_expected expected = expected_now(digest);
	struct cs_arena *arena = cs_arena_new();
	const struct reply_facts none =
	    read_mail(arena, "none", FROM TO SUBJECT ID PLAIN BLOCK, NULL);
	const struct reply_facts wrong =
	    read_mail(arena, "wrong", FROM TO SUBJECT ID "In-Reply-To: x\r\n" PLAIN BLOCK, NULL);
	struct cs_refusal why;

	(void)state;
	expected.flags = REPLY_ALLOW_NO_IN_REPLY_TO;
	assert_int_equal(reply_judge(arena, &none, &proved, &expected, &why), REPLY_PROVED);
	assert_int_equal(reply_judge(arena, &wrong, &proved, &expected, &why), REPLY_REFUSED);
	expected.part1 = NULL;
	assert_int_equal(reply_judge(arena, &none, &proved, &expected, &why), REPLY_PROVED);
	cs_arena_free(arena);
}

/* ---- bounces ---- */

#define REPORT                                                                                   \
	"From: MAILER-DAEMON@mx.example\r\nTo: bounces@ca.example\r\nSubject: failed\r\n"        \
	"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"                                  \
	"Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/1\"\r\n" \
	"\r\n--b/1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n"
#define STATUS \
	"--b/1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
#define ORIGINAL                                                                   \
	"\r\n--b/1\r\nContent-Type: message/rfc822\r\n\r\nFrom: ra@ca.example\r\n" \
	"Message-ID: <c-1@ca.example>\r\nSubject: ACME: x\r\n\r\nbody\r\n\r\n--b/1--\r\n"
#define HEADERS                                                                         \
	"\r\n--b/1\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: ra@ca.example\r\n" \
	"Message-ID: <c-1@ca.example>\r\n\r\n--b/1--\r\n"

static const struct {
	const char *name, *mail, *envelope;
	struct reply_bounce want;
} bounces[] = {
	{ "failed",
	    REPORT STATUS
	    "Final-Recipient: rfc822; alice@sender.example\r\nAction: failed\r\n"
	    "Status: 5.1.1 (no such user)\r\n"
	    "Diagnostic-Code: smtp; 550 5.1.1 <alice> No\r\n \"such\" user\r\n" ORIGINAL,
	    "",
	    { REPLY_BOUNCE_FAILED, "<c-1@ca.example>", "alice@sender.example", "5.1.1",
		"550 5.1.1 <alice> No \\\"such\\\" user" } },
	{ "delayed, and only its headers",
	    REPORT STATUS "Original-Recipient: rfc822;alice@sender.example\r\nAction: Delayed\r\n"
			  "Status: 4.4.1\r\n" HEADERS,
	    "",
	    { REPLY_BOUNCE_DELAYED, "<c-1@ca.example>", "alice@sender.example", "4.4.1", NULL } },
	{ "delivered",
	    REPORT STATUS "Final-Recipient: rfc822; a@b.example\r\nAction: delivered\r\n"
			  "Status: 2.0.0\r\n" ORIGINAL,
	    "", { REPLY_BOUNCE_OTHER, "<c-1@ca.example>", "a@b.example", "2.0.0", NULL } },
	{ "the worst of two",
	    REPORT STATUS
	    "Final-Recipient: rfc822; a@b.example\r\nAction: delayed\r\nStatus: 4.0.0\r\n"
	    "\r\nFinal-Recipient: rfc822; c@d.example\r\nAction: failed\r\n"
	    "Status: 5.0.0\r\n" ORIGINAL,
	    "", { REPLY_BOUNCE_FAILED, "<c-1@ca.example>", "c@d.example", "5.0.0", NULL } },
	{ "a status that is none",
	    REPORT STATUS "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\n"
			  "Status: 9.9.9\r\n" ORIGINAL,
	    "", { REPLY_BOUNCE_FAILED, "<c-1@ca.example>", "a@b.example", NULL, NULL } },
	{ "no status part", REPORT ORIGINAL, "",
	    { REPLY_BOUNCE_OTHER, "<c-1@ca.example>", NULL, NULL, NULL } },
	{ "no original", REPORT STATUS "Final-Recipient: x\r\nAction: failed\r\n\r\n--b/1--\r\n",
	    "", { REPLY_BOUNCE_FAILED, NULL, "x", NULL, NULL } },
	{ "a form of its own", FROM TO "\r\nHi. This is the qmail-send program.\r\n", "",
	    { REPLY_BOUNCE_UNKNOWN, NULL, NULL, NULL, NULL } },
	{ "an absence note", FROM TO "Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n", "",
	    { REPLY_BOUNCE_AUTO_REPLY, NULL, NULL, NULL, NULL } },
	{ "an answer", GOOD, "alice@sender.example", { REPLY_NO_BOUNCE, NULL, NULL, NULL, NULL } },
};

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
reads_bounces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bounces); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct reply_bounce *want = &bounces[i].want;
		const struct reply_bounce got =
		    read_mail(arena, bounces[i].name, bounces[i].mail, bounces[i].envelope).bounce;

		if (got.kind != want->kind || !same(got.message_id, want->message_id) ||
		    !same(got.recipient, want->recipient) || !same(got.status, want->status) ||
		    !same(got.diagnostic, want->diagnostic))
			fail_msg("%s: got %s %s %s %s %s", bounces[i].name,
			    reply_bounce_kind_name(got.kind), got.message_id, got.recipient,
			    got.status, got.diagnostic);
		cs_arena_free(arena);
	}
}

static void
shortens_and_escapes_what_servers_say(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf mail = cs_buf_new(arena);

	(void)state;
	cs_buf_add_str(&mail,
	    REPORT STATUS "Final-Recipient: rfc822; a\x1b[31m\r\nAction: failed\r\n"
			  "Diagnostic-Code: smtp; ");
	for (int i = 0; i < 300; i++)
		cs_buf_add_str(&mail, "\xff");
	cs_buf_add_str(&mail, "\r\n" ORIGINAL);
	const struct reply_bounce got =
	    read_mail(arena, "long", (const char *)cs_buf_span(&mail).data, "").bounce;
	assert_string_equal(got.recipient, "a\\x1b[31m");
	assert_true(strlen(got.diagnostic) <= REPLY_SHOWN);
	assert_memory_equal(got.diagnostic, "\\xff\\xff", 8);
	cs_arena_free(arena);
}

static enum reply_body
body_with_marks(unsigned marks)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf mail = cs_buf_new(arena);

	cs_buf_add_str(&mail, HEAD "Content-Type: multipart/alternative; boundary=b\r\n\r\n"
				   "--b\r\n" PLAIN BLOCK);
	for (unsigned i = 4; i <= marks; i++)
		cs_buf_add_str(&mail, "--c\r\n");
	const enum reply_body body =
	    read_mail(arena, "marks", (const char *)cs_buf_span(&mail).data, NULL).body;
	cs_arena_free(arena);
	return body;
}

static void
looks_for_parts_so_many_times(void **state)
{
	(void)state;
	assert_int_equal(body_with_marks(1000), REPLY_BODY_BLOCK);
	assert_int_equal(body_with_marks(1001), REPLY_BODY_NO_TEXT);
}

static void
refuses_what_is_no_mail(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct reply_facts facts;
	struct cs_refusal why = { .code = NULL };

	(void)state;
	assert_false(reply_read(arena, cs_span_str("x\ny"), "a@b", &facts, &why));
	assert_string_equal(why.code, "mail-octets");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_mail),
		cmocka_unit_test(judges_what_was_signed),
		cmocka_unit_test(a_thread_may_be_left_out_where_that_is_permitted),
		cmocka_unit_test(reads_bounces),
		cmocka_unit_test(shortens_and_escapes_what_servers_say),
		cmocka_unit_test(looks_for_parts_so_many_times),
		cmocka_unit_test(refuses_what_is_no_mail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
