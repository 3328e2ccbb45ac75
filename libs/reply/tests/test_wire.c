/* SPDX-License-Identifier: Apache-2.0 */
/* What children say arrives as it was said, and is refused when no child of ours would say it. */
#include <string.h>

#include "reply/wire.h"
#include "tests/check.h"

#define OWNER "s._domainkey.sender.example"

static const char *const two[] = { "a@b.example", "\xc3\xa4@b.example" };

static const struct reply_facts full = { .from = "alice@sender.example",
	.to = two,
	.to_len = 2,
	.token = "AAEC",
	.message_id = "<1@sender.example>",
	.has_in_reply_to = true,
	.has_references = true,
	.in_reply_to = two,
	.in_reply_to_len = 1,
	.references = two,
	.references_len = 2,
	.list_field = "List-Id",
	.twice = "Subject",
	.auto_submitted = "",
	.null_sender = true,
	.bounce = { REPLY_BOUNCE_FAILED, "<2@ca.example>", "x", "5.1.1", "No" },
	.body = REPLY_BODY_BLOCK,
	.digest = { 1, 2, 3 },
	.signatures = 3,
	.owners = { OWNER, "t._domainkey.sender.example" },
	.owners_len = 2 };

static enum cs_code
pass(struct cs_arena *arena, const struct reply_facts *facts, struct reply_reading *ret)
{
	const struct reply_reading reading = { .finding = REPLY_PROVED, .facts = *facts };
	struct cs_err err;

	return wire_read_reading(arena, wire_put_reading(arena, &reading), ret, &err);
}

static void
facts_arrive(void **state)
{
	static const struct reply_facts none = { .body = REPLY_BODY_NO_TEXT };
	struct cs_arena *arena = cs_arena_new();
	struct reply_reading got;

	(void)state;
	assert_int_equal(pass(arena, &full, &got), CS_OK);
	assert_int_equal(got.finding, REPLY_PROVED);
	assert_string_equal(got.facts.from, full.from);
	assert_int_equal(got.facts.to_len, 2);
	assert_string_equal(got.facts.to[1], two[1]);
	assert_string_equal(got.facts.token, full.token);
	assert_string_equal(got.facts.message_id, full.message_id);
	assert_true(got.facts.has_in_reply_to && got.facts.has_references);
	assert_int_equal(got.facts.in_reply_to_len, 1);
	assert_int_equal(got.facts.references_len, 2);
	assert_string_equal(got.facts.list_field, full.list_field);
	assert_string_equal(got.facts.twice, full.twice);
	assert_string_equal(got.facts.auto_submitted, "");
	assert_true(got.facts.null_sender);
	assert_int_equal(got.facts.bounce.kind, REPLY_BOUNCE_FAILED);
	assert_string_equal(got.facts.bounce.message_id, full.bounce.message_id);
	assert_string_equal(got.facts.bounce.status, "5.1.1");
	assert_string_equal(got.facts.bounce.recipient, "x");
	assert_string_equal(got.facts.bounce.diagnostic, "No");
	assert_int_equal(got.facts.body, REPLY_BODY_BLOCK);
	assert_memory_equal(got.facts.digest, full.digest, REPLY_DIGEST);
	assert_int_equal(got.facts.signatures, 3);
	assert_int_equal(got.facts.owners_len, 2);
	assert_string_equal(got.facts.owners[0], OWNER);

	assert_int_equal(pass(arena, &none, &got), CS_OK);
	assert_null(got.facts.from);
	assert_null(got.facts.token);
	assert_null(got.facts.auto_submitted);
	assert_null(got.facts.bounce.status);
	assert_int_equal(got.facts.body, REPLY_BODY_NO_TEXT);
	cs_arena_free(arena);
}

static void
strange_facts_are_refused(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *many[REPLY_LIST_MAX + 1];
	struct reply_facts bad[9];
	struct reply_reading got;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = "a@b.example";
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = full;
	bad[0].from = "alice@sender.example\n";
	bad[1].to = many;
	bad[1].to_len = COUNT(many);
	bad[2].token = "\xc3\xa4";
	bad[3].bounce.kind = REPLY_BOUNCE_KINDS;
	bad[4].bounce.diagnostic = "\x1b[31m";
	bad[5].body = REPLY_BODIES;
	bad[6].owners[1] = "s._domainkey.other.example";
	bad[7].owners[0] = "x/y._domainkey.sender.example";
	bad[8].signatures = DKIM_SIGNATURES_MAX + 1;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pass(arena, &bad[i], &got) != CS_MALFORMED)
			fail_msg("row %zu is taken", i);
	cs_arena_free(arena);
}

static const struct reply_verdict proof = { .finding = REPLY_PROVED,
	.from = "alice@sender.example",
	.domain = "sender.example",
	.owner = OWNER,
	.algorithm = "rsa-sha256",
	.names = "From:To" };
static const struct reply_key given[] = { { .owner = OWNER },
	{ .owner = "u._domainkey.sender.example", .unknown = true } };

static enum cs_code
pass_verdict(struct cs_arena *arena, const struct reply_verdict *verdict, struct reply_verdict *ret)
{
	struct cs_err err;

	return wire_read_verdict(
	    arena, wire_put_verdict(arena, verdict), given, COUNT(given), ret, &err);
}

static void
verdicts_arrive(void **state)
{
	static const struct reply_verdict no = { .finding = REPLY_COULD_NOT_TELL,
		.why = { "reply-key-unknown", "mail", "RFC 8823 3.2", "text", "mend" } };
	struct cs_arena *arena = cs_arena_new();
	struct reply_verdict got;

	(void)state;
	assert_int_equal(pass_verdict(arena, &proof, &got), CS_OK);
	assert_int_equal(got.finding, REPLY_PROVED);
	assert_string_equal(got.from, proof.from);
	assert_string_equal(got.domain, proof.domain);
	assert_string_equal(got.owner, proof.owner);
	assert_string_equal(got.algorithm, proof.algorithm);
	assert_string_equal(got.names, proof.names);
	assert_int_equal(pass_verdict(arena, &no, &got), CS_OK);
	assert_int_equal(got.finding, REPLY_COULD_NOT_TELL);
	assert_string_equal(got.why.code, no.why.code);
	assert_string_equal(got.why.mend, "mend");
	cs_arena_free(arena);
}

static void
strange_verdicts_are_refused(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct reply_verdict bad[8], got;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		bad[i] = proof;
	bad[0].owner = "v._domainkey.sender.example"; /* nobody asked for it */
	bad[1].owner = given[1].owner;                /* nobody knows it */
	bad[2].from = "alice@other.example";
	bad[3].from = "";
	bad[4].algorithm = "rsa-sha1";
	bad[5].names = "From\r\n";
	bad[6].finding = REPLY_FINDINGS;
	bad[7] = (struct reply_verdict){ .finding = REPLY_REFUSED, .why = { .code = "A B" } };
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pass_verdict(arena, &bad[i], &got) != CS_MALFORMED)
			fail_msg("row %zu is taken", i);
	cs_arena_free(arena);
}

static void
an_answer_is_of_what_was_asked(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct reply_reading no = { .finding = REPLY_REFUSED,
		.why = { .code = "mail-size" } };
	struct reply_reading reading;
	struct reply_verdict verdict;
	struct cs_err err;

	(void)state;
	assert_int_equal(
	    wire_read_reading(arena, wire_put_reading(arena, &no), &reading, &err), CS_OK);
	assert_int_equal(reading.finding, REPLY_REFUSED);
	assert_string_equal(reading.why.code, "mail-size");
	assert_int_equal(wire_read_reading(arena, wire_put_verdict(arena, &proof), &reading, &err),
	    CS_MALFORMED);
	assert_int_equal(wire_read_verdict(arena, wire_put_reading(arena, &no), given, COUNT(given),
			     &verdict, &err),
	    CS_MALFORMED);
	assert_int_equal(wire_read_reading(arena, cs_span_str(""), &reading, &err), CS_MALFORMED);
	assert_int_equal(wire_read_reading(arena, cs_span_str("x"), &reading, &err), CS_MALFORMED);
	cs_arena_free(arena);
}

static void
questions_arrive(void **state)
{
	const struct cs_span text = cs_span_str("v=DKIM1; p=");
	const struct reply_key keys[] = { { OWNER, false, &text, 1 }, { "x", true, NULL, 0 } };
	struct cs_arena *arena = cs_arena_new();
	struct wire_ask got;
	struct cs_err err;

	(void)state;
	const struct wire_ask verify = { .verify = true,
		.mail = cs_span_str("mail"),
		.keys = keys,
		.keys_len = 2,
		.now_ms = 7,
		.flags = 3 };
	assert_int_equal(wire_read_ask(arena, wire_put_ask(arena, &verify), &got, &err), CS_OK);
	assert_true(got.verify && cs_span_is(got.mail, "mail"));
	assert_int_equal(got.now_ms, 7);
	assert_int_equal(got.flags, 3);
	assert_int_equal(got.keys_len, 2);
	assert_string_equal(got.keys[0].owner, OWNER);
	assert_true(cs_span_equal(got.keys[0].texts[0], text));
	assert_true(got.keys[1].unknown);
	const struct wire_ask read = { .mail = cs_span_str("mail"), .envelope_from = "a@b" };
	assert_int_equal(wire_read_ask(arena, wire_put_ask(arena, &read), &got, &err), CS_OK);
	assert_false(got.verify);
	assert_string_equal(got.envelope_from, "a@b");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_arrive),
		cmocka_unit_test(strange_facts_are_refused),
		cmocka_unit_test(verdicts_arrive),
		cmocka_unit_test(strange_verdicts_are_refused),
		cmocka_unit_test(an_answer_is_of_what_was_asked),
		cmocka_unit_test(questions_arrive),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
