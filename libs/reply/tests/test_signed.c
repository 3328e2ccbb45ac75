/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of answers: the mails of libs/dkim/tests/fixtures are answers by alice@sender.example. */
#include <stdio.h>
#include <string.h>

#include "reply/reply.h"
#include "tests/check.h"

#define NOW INT64_C(1795900000000)
#define ED "ed._domainkey.sender.example"
#define RSA "rsa._domainkey.sender.example"

static struct cs_span
fixture(struct cs_arena *arena, const char *name)
{
	const char *here = __FILE__;
	const char *path = cs_arena_printf(arena, "%.*s/../../dkim/tests/fixtures/%s",
	    (int)(strrchr(here, '/') - here), here, name);
	FILE *f = fopen(path, "rb");
	struct cs_buf out = cs_buf_new(arena);
	char chunk[4096];

	if (f == NULL)
		fail_msg("no fixture %s", path);
	for (size_t n = fread(chunk, 1, sizeof(chunk), f); n > 0;
	     n = fread(chunk, 1, sizeof(chunk), f))
		cs_buf_add(&out, chunk, n);
	fclose(f);
	return cs_buf_span(&out);
}

static struct cs_span
with(struct cs_arena *arena, const char *before, struct cs_span mail)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, before);
	cs_buf_add_span(&out, mail);
	return cs_buf_span(&out);
}

static struct cs_span
with_instead(struct cs_arena *arena, struct cs_span mail, const char *old, const char *new)
{
	const uint8_t *at = memmem(mail.data, mail.len, old, strlen(old));
	struct cs_buf out = cs_buf_new(arena);

	assert_non_null(at);
	cs_buf_add(&out, mail.data, (size_t)(at - mail.data));
	cs_buf_add_str(&out, new);
	at += strlen(old);
	cs_buf_add(&out, at, (size_t)(mail.data + mail.len - at));
	return cs_buf_span(&out);
}

static const struct {
	const char *name, *mail, *before;
	bool no_ed, no_rsa; /* the key could not be looked up */
	unsigned flags;
	enum reply_finding finding;
	const char *want; /* code, or the owner of the key that proved it */
} rows[] = {
	{ "Ed25519", "ed25519-relaxed-relaxed.eml", "", false, false, 0, REPLY_PROVED, ED },
	{ "RSA", "rsa-relaxed-relaxed.eml", "", false, false, 0, REPLY_PROVED, RSA },
	{ "the first of two", "two.eml", "", false, false, 0, REPLY_PROVED, ED },
	{ "the second of two", "two.eml", "", true, false, 0, REPLY_PROVED, RSA },
	{ "keys unknown", "two.eml", "", true, true, 0, REPLY_COULD_NOT_TELL, "reply-key-unknown" },
	{ "one unknown, one bad", "two.eml", "DKIM-Signature: v=1; d=sender.example; s=x\r\n", true,
	    true, 0, REPLY_COULD_NOT_TELL, "reply-key-unknown" },
	{ "a bad one above", "rsa-simple-simple.eml",
	    "DKIM-Signature: v=1; d=sender.example; s=x\r\n", false, false, 0, REPLY_PROVED, RSA },
	{ "names left out", "few-names.eml", "", false, false, 0, REPLY_REFUSED,
	    "reply-not-covered" },
	{ "fields left out, leniently", "few-names.eml", "", false, false, REPLY_ALLOW_ABSENT,
	    REPLY_REFUSED, "reply-not-covered" },
	{ "covered once, there twice", "ed25519-relaxed-relaxed.eml", "Subject: x\r\n", false,
	    false, 0, REPLY_REFUSED, "reply-not-covered" },
	{ "from two", "ed25519-relaxed-relaxed.eml", "From: x@y.example\r\n", false, false, 0,
	    REPLY_REFUSED, "reply-from" },
	{ "only a beginning", "length.eml", "", false, false, 0, REPLY_REFUSED, "dkim-length" },
	{ "no mail", "ed25519-relaxed-relaxed.eml", "\r", false, false, 0, REPLY_REFUSED,
	    "mail-octets" },
};

static struct reply_verdict
verify(struct cs_arena *arena, struct cs_span mail, bool no_ed, bool no_rsa, unsigned flags)
{
	const struct cs_span ed = fixture(arena, "ed.key"), rsa = fixture(arena, "rsa.key");
	const struct reply_key keys[] = { { ED, no_ed, &ed, 1 }, { RSA, no_rsa, &rsa, 1 } };
	struct reply_verdict verdict;

	reply_verify(arena, mail, keys, COUNT(keys), NOW, flags, &verdict);
	return verdict;
}

static void
finds_a_signature_that_proves_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct reply_verdict got =
		    verify(arena, with(arena, rows[i].before, fixture(arena, rows[i].mail)),
			rows[i].no_ed, rows[i].no_rsa, rows[i].flags);
		const char *said = got.finding == REPLY_PROVED ? got.owner : got.why.code;

		if (got.finding != rows[i].finding || strcmp(said, rows[i].want) != 0)
			fail_msg("%s: got %d %s", rows[i].name, (int)got.finding, said);
		cs_arena_free(arena);
	}
}

static void
says_what_was_signed(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct reply_verdict got =
	    verify(arena, fixture(arena, "rsa-relaxed-relaxed.eml"), false, false, 0);

	(void)state;
	assert_string_equal(got.from, "alice@sender.example");
	assert_string_equal(got.domain, "sender.example");
	assert_string_equal(got.algorithm, "rsa-sha256");
	assert_string_equal(got.names,
	    "From:Sender:Reply-To:To:CC:Subject:Date:In-Reply-To:References:"
	    "Message-ID:Content-Type:Content-Transfer-Encoding");
	cs_arena_free(arena);
}

static void
only_the_domain_of_from_may_sign(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span mail = fixture(arena, "ed25519-relaxed-relaxed.eml");
	struct cs_span other =
	    with_instead(arena, mail, "alice@sender.example", "alice@sub.sender.example");

	(void)state;
	assert_string_equal(verify(arena, other, false, false, 0).why.code, "reply-misaligned");
	other = with_instead(arena, mail, "DKIM-Signature", "X-Signature");
	assert_string_equal(verify(arena, other, false, false, 0).why.code, "reply-unsigned");
	other = with_instead(arena, mail, "alice@sender.example", "bob@sender.example");
	assert_string_equal(verify(arena, other, false, false, 0).why.code, "dkim-signature");
	cs_arena_free(arena);
}

static void
asks_only_for_keys_that_can_matter(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span mail = with(arena,
	    "DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; b=AAAA; bh="
	    "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\r\n",
	    with(arena, "DKIM-Signature: v=1; d=sender.example; s=z; a=rsa-sha1\r\n",
		fixture(arena, "two.eml")));
	struct reply_facts facts;
	struct cs_refusal why;

	(void)state;
	assert_true(reply_read(arena, mail, "alice@sender.example", &facts, &why));
	assert_int_equal(facts.signatures, 4);
	assert_int_equal(facts.owners_len, 2);
	assert_string_equal(facts.owners[0], ED);
	assert_string_equal(facts.owners[1], RSA);
	cs_arena_free(arena);
}

/* RFC 8616: U-labels in From and d= are the A-labels of the mailbox. */
static void
reads_u_labels(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span mail = fixture(arena, "u-labels.eml"), ed = fixture(arena, "ed.key");
	const struct reply_key key = { "ed._domainkey.xn--bcher-kva.example", false, &ed, 1 };
	struct reply_verdict verdict;
	struct reply_facts facts;
	struct cs_refusal why;

	(void)state;
	assert_true(reply_read(arena, mail, "x@y.example", &facts, &why));
	assert_int_equal(facts.owners_len, 1);
	assert_string_equal(facts.owners[0], key.owner);
	reply_verify(arena, mail, &key, 1, NOW, 0, &verdict);
	assert_int_equal(verdict.finding, REPLY_PROVED);
	assert_string_equal(verdict.domain, "xn--bcher-kva.example");
	cs_arena_free(arena);
}

/* From the octets of a mail to the decision. */
static void
proves_a_mailbox(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span mail = fixture(arena, "dkimpy-ed25519-relaxed.eml");
	uint8_t digest[REPLY_DIGEST];
	const struct reply_expected expected = { .mailbox = "alice@sender.example",
		.to = "challenge@ca.example",
		.message_id = "<challenge-1@ca.example>",
		.part1 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
		.digest = digest };
	struct reply_facts facts;
	struct cs_refusal why = { .code = "" };

	(void)state;
	assert_int_equal(reply_digest(expected.part1, "gIGCg4SFhoeIiYqLjI2Ojw",
			     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", digest, NULL),
	    CS_OK);
	assert_true(reply_read(arena, mail, "alice@sender.example", &facts, &why));
	const struct reply_verdict verdict = verify(arena, mail, false, false, 0);
	if (reply_judge(arena, &facts, &verdict, &expected, &why) != REPLY_PROVED)
		fail_msg("%s", why.code);
	digest[0] ^= 1;
	assert_int_equal(reply_judge(arena, &facts, &verdict, &expected, &why), REPLY_REFUSED);
	assert_string_equal(why.code, "reply-digest");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_signature_that_proves_it),
		cmocka_unit_test(says_what_was_signed),
		cmocka_unit_test(only_the_domain_of_from_may_sign),
		cmocka_unit_test(asks_only_for_keys_that_can_matter),
		cmocka_unit_test(reads_u_labels),
		cmocka_unit_test(proves_a_mailbox),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
