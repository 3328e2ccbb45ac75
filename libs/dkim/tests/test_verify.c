/* SPDX-License-Identifier: Apache-2.0 */
/* Mails that others signed (fixtures/README.md), each refusal once, and one octet changed anywhere. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "dkim/dkim.h"
#include "tests/check.h"
#include "tests/fake_post.h"

#define AT INT64_C(1772532000000)  /* 2026-03-03T10:00:00Z: when most of the mails were sent */
#define NOW INT64_C(1795900000000) /* later than all of them */

struct seen {
	bool good;
	struct cs_refusal why;
	struct dkim_mail mail;
	const struct dkim_signature *sig;
};

static struct seen
look(struct cs_arena *arena, struct cs_span octets, size_t which, const struct cs_span *texts,
    size_t texts_len, int64_t now_ms, unsigned flags)
{
	const struct dkim_signature *sigs;
	struct seen seen = { .why = { .code = NULL } };

	if (!dkim_mail_read(arena, octets, &seen.mail, &seen.why))
		return seen;
	if (dkim_signatures_read(arena, &seen.mail, &sigs) <= which)
		return seen;
	seen.sig = &sigs[which];
	seen.good =
	    dkim_verify(arena, &seen.mail, seen.sig, texts, texts_len, now_ms, flags, &seen.why);
	return seen;
}

static const struct {
	const char *mail;
	size_t which;
	const char *key, *want; /* code; NULL: good */
	int64_t now_ms;
	unsigned flags;
} cases[] = {
	{ "rfc8463.eml", 0, "brisbane.key", NULL, NOW, 0 },
	{ "rfc8463.eml", 1, "test.key", NULL, NOW, DKIM_ALLOW_RSA_1024 },
	{ "rfc8463.eml", 1, "test.key", "dkim-key-size", NOW, 0 },
	{ "rfc8463.eml", 0, "test.key", "dkim-key-algorithm", NOW, 0 },
	{ "rfc8463.eml", 1, "brisbane.key", "dkim-key-algorithm", NOW, 0 },
	{ "dkimpy-rsa-relaxed.eml", 0, "pyrsa.key", NULL, NOW, 0 },
	{ "dkimpy-rsa-simple.eml", 0, "pyrsa.key", NULL, NOW, 0 },
	{ "dkimpy-ed25519-relaxed.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "dkimpy-ed25519-simple.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "rsa-relaxed-relaxed.eml", 0, "rsa.key", NULL, NOW, 0 },
	{ "rsa-simple-simple.eml", 0, "rsa.key", NULL, NOW, 0 },
	{ "rsa-relaxed-simple.eml", 0, "rsa.key", NULL, NOW, 0 },
	{ "rsa-simple-relaxed.eml", 0, "rsa.key", NULL, NOW, 0 },
	{ "rsa-relaxed-relaxed.eml", 0, "pyrsa.key", "dkim-signature", NOW, 0 },
	{ "rsa-1024.eml", 0, "small.key", "dkim-key-size", NOW, 0 },
	{ "rsa-1024.eml", 0, "small.key", NULL, NOW, DKIM_ALLOW_RSA_1024 },
	{ "rsa-4096.eml", 0, "huge.key", NULL, NOW, 0 },
	{ "ed25519-relaxed-relaxed.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "ed25519-simple-simple.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "ed25519-simple-simple.eml", 0, "brisbane.key", "dkim-signature", NOW, 0 },
	{ "two.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "two.eml", 1, "rsa.key", NULL, NOW, 0 },
	{ "body-empty.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "body-empty-relaxed.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "body-without-end.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "oversigned.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "few-names.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "identity.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "identity-below.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "identity-else.eml", 0, "ed.key", "dkim-identity", NOW, 0 },
	{ "u-labels.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "unknown-tag.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "query-two.eml", 0, "ed.key", NULL, NOW, 0 },
	{ "query.eml", 0, "ed.key", "dkim-query", NOW, 0 },
	{ "length.eml", 0, "ed.key", "dkim-length", NOW, 0 },
	{ "no-from.eml", 0, "ed.key", "dkim-from", NOW, 0 },
	{ "version.eml", 0, "ed.key", "dkim-version", NOW, 0 },
	{ "sha1.eml", 0, "rsa.key", "dkim-algorithm", NOW, 0 },
	{ "algorithm.eml", 0, "rsa.key", "dkim-algorithm", NOW, 0 },
	{ "canonicalization.eml", 0, "ed.key", "dkim-canonicalization", NOW, 0 },
	{ "domain.eml", 0, "ed.key", "dkim-domain", NOW, 0 },
	{ "selector.eml", 0, "ed.key", "dkim-domain", NOW, 0 },
	{ "times-turned.eml", 0, "ed.key", "dkim-time", NOW, 0 },
	{ "times.eml", 0, "ed.key", NULL, AT, 0 },
	{ "times.eml", 0, "ed.key", NULL, AT + CS_HOUR_MS - 1, 0 },
	{ "times.eml", 0, "ed.key", "dkim-expired", AT + CS_HOUR_MS, 0 },
	{ "times.eml", 0, "ed.key", NULL, AT - DKIM_SKEW_MS, 0 },
	{ "times.eml", 0, "ed.key", "dkim-future", AT - DKIM_SKEW_MS - 1, 0 },
};

static const char *
shown(const char *code)
{
	return code == NULL ? "good" : code;
}

static void
judges_each_mail(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct cs_span key = fixture(arena, cases[i].key);
		const struct seen seen = look(arena, fixture(arena, cases[i].mail), cases[i].which,
		    &key, 1, cases[i].now_ms, cases[i].flags);
		const char *got = seen.good ? NULL : seen.why.code == NULL ? "?" : seen.why.code;

		if (strcmp(shown(got), shown(cases[i].want)) != 0)
			fail_msg("%s %zu: got %s (%s), want %s", cases[i].mail, cases[i].which,
			    shown(got), seen.good ? "" : seen.why.text, shown(cases[i].want));
		cs_arena_free(arena);
	}
}

/* %s: the key of ed25519-relaxed-relaxed.eml, or of identity-below.eml, in base64. */
static const struct {
	const char *name, *mail;
	const char *records[3];
	const char *want;
} keys[] = {
	{ "without a version", "ed25519-relaxed-relaxed.eml", { "k=ed25519; p=%s" }, NULL },
	{ "version first", "ed25519-relaxed-relaxed.eml", { "p=%s; k=ed25519; v=DKIM1" },
	    "dkim-no-key" },
	{ "another version", "ed25519-relaxed-relaxed.eml", { "v=DKIM2; k=ed25519; p=%s" },
	    "dkim-no-key" },
	{ "nothing", "ed25519-relaxed-relaxed.eml", { NULL }, "dkim-no-key" },
	{ "other records beside it", "ed25519-relaxed-relaxed.eml",
	    { "v=spf1 -all", "v=DKIM1; k=ed25519; p=%s", "hello" }, NULL },
	{ "two keys", "ed25519-relaxed-relaxed.eml",
	    { "v=DKIM1; k=ed25519; p=%s", "v=DKIM1; k=ed25519; p=%s" }, "dkim-key-many" },
	{ "revoked", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ed25519; p=" },
	    "dkim-key-revoked" },
	{ "no p=", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ed25519" }, "dkim-key" },
	{ "not base64", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ed25519; p=%s!" },
	    "dkim-key" },
	{ "folded base64", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ed25519; p= \t%s " },
	    NULL },
	{ "testing", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; t=y; k=ed25519; p=%s" },
	    "dkim-key-testing" },
	{ "testing, in a list", "ed25519-relaxed-relaxed.eml",
	    { "v=DKIM1; t=s:y; k=ed25519; p=%s" }, "dkim-key-testing" },
	{ "exact, and it is", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; t=s; k=ed25519; p=%s" },
	    NULL },
	{ "exact, and it is not", "identity-below.eml", { "v=DKIM1; t=s; k=ed25519; p=%s" },
	    "dkim-key-identity" },
	{ "unknown flag", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; t=z; k=ed25519; p=%s" },
	    NULL },
	{ "for mail", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; s=email; k=ed25519; p=%s" },
	    NULL },
	{ "not for mail", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; s=tlsrpt; k=ed25519; p=%s" },
	    "dkim-key-algorithm" },
	{ "for SHA-256", "ed25519-relaxed-relaxed.eml",
	    { "v=DKIM1; h=sha1:sha256; k=ed25519; p=%s" }, NULL },
	{ "for SHA-1 only", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; h=sha1; k=ed25519; p=%s" },
	    "dkim-key-algorithm" },
	{ "of RSA's kind", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; p=%s" },
	    "dkim-key-algorithm" },
	{ "of an unknown kind", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ecdsa; p=%s" },
	    "dkim-key-algorithm" },
	{ "too short", "ed25519-relaxed-relaxed.eml", { "v=DKIM1; k=ed25519; p=AAAA" },
	    "dkim-key" },
};

static void
judges_each_key(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct cs_span record = fixture(arena, "ed.key");
		const char *p = strstr((const char *)record.data, "p=") + 2;
		struct cs_span texts[3];
		size_t n = 0;

		for (; n < 3 && keys[i].records[n] != NULL; n++) {
			struct cs_buf text = cs_buf_new(arena);
			const char *form = keys[i].records[n], *hole = strstr(form, "%s");

			cs_buf_add(
			    &text, form, hole == NULL ? strlen(form) : (size_t)(hole - form));
			if (hole != NULL) {
				cs_buf_add_str(&text, p);
				cs_buf_add_str(&text, hole + 2);
			}
			texts[n] = cs_buf_span(&text);
		}
		const struct seen seen =
		    look(arena, fixture(arena, keys[i].mail), 0, texts, n, NOW, 0);
		if (strcmp(shown(seen.good ? NULL : seen.why.code), shown(keys[i].want)) != 0)
			fail_msg("%s: got %s, want %s", keys[i].name,
			    shown(seen.good ? NULL : seen.why.code), shown(keys[i].want));
		cs_arena_free(arena);
	}
}

static void
names_the_key_and_who_signed(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span key = fixture(arena, "rsa.key");
	const struct seen seen = look(arena, fixture(arena, "two.eml"), 1, &key, 1, NOW, 0);

	(void)state;
	assert_string_equal(seen.sig->domain, "sender.example");
	assert_string_equal(seen.sig->owner, "rsa._domainkey.sender.example");
	assert_string_equal(dkim_algorithm_name(seen.sig->algorithm), "rsa-sha256");
	assert_int_equal(seen.sig->names_len, 12);
	/* RFC 8616 4: looked up by A-labels, whatever the mail has. */
	assert_string_equal(
	    look(arena, fixture(arena, "u-labels.eml"), 0, &key, 1, NOW, 0).sig->owner,
	    "ed._domainkey.xn--bcher-kva.example");
	cs_arena_free(arena);
}

/* ---- what is covered ---- */

static struct cs_span
with_field(struct cs_arena *arena, const char *field, struct cs_span mail)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, field);
	cs_buf_add_span(&out, mail);
	return cs_buf_span(&out);
}

static void
says_which_field_is_not_signed(void **state)
{
	static const struct {
		const char *mail, *before;
		bool absent_too;
		const char *want; /* NULL: all are */
	} covers[] = {
		{ "ed25519-relaxed-relaxed.eml", "", true, NULL },
		{ "few-names.eml", "", true, "Sender" },
		{ "few-names.eml", "", false, "Date" },
		{ "ed25519-relaxed-relaxed.eml", "Subject: x\r\n", true, "Subject" },
		{ "ed25519-relaxed-relaxed.eml", "Cc: x@sender.example\r\n", false, NULL },
		{ "oversigned.eml", "Subject: x\r\n", true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(covers); i++) {
		struct cs_arena *arena = cs_arena_new();
		const struct seen seen =
		    look(arena, with_field(arena, covers[i].before, fixture(arena, covers[i].mail)),
			0, NULL, 0, NOW, 0);
		const char *missing = NULL;
		const bool covered =
		    dkim_covers(&seen.mail, seen.sig, covers[i].absent_too, &missing);

		assert_int_equal(covered, missing == NULL);
		if (strcmp(shown(missing), shown(covers[i].want)) != 0)
			fail_msg("%s: got %s, want %s", covers[i].mail, shown(missing),
			    shown(covers[i].want));
		cs_arena_free(arena);
	}
}

/* A field on top is not what h= means, unless h= has its name once more; below, it is. */
static void
respects_what_was_signed_once_more(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span key = fixture(arena, "ed.key");

	(void)state;
	const struct cs_span plain = fixture(arena, "ed25519-relaxed-relaxed.eml");
	const struct cs_span over = fixture(arena, "oversigned.eml");
	assert_true(
	    look(arena, with_field(arena, "X-Other: x\r\n", over), 0, &key, 1, NOW, 0).good);
	assert_true(
	    look(arena, with_field(arena, "From: x@y.z\r\n", plain), 0, &key, 1, NOW, 0).good);
	const struct seen seen =
	    look(arena, with_field(arena, "From: x@y.z\r\n", over), 0, &key, 1, NOW, 0);
	assert_false(seen.good);
	assert_string_equal(seen.why.code, "dkim-signature");
	/* Listed as absent, and then added. */
	assert_string_equal(
	    look(arena, with_field(arena, "Cc: x@y.z\r\n", plain), 0, &key, 1, NOW, 0).why.code,
	    "dkim-signature");
	cs_arena_free(arena);
}

static void
looks_at_eight_signatures(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span octets = fixture(arena, "ed25519-relaxed-relaxed.eml");
	const struct dkim_signature *sigs;
	struct dkim_mail mail;
	struct cs_refusal why;

	(void)state;
	for (int i = 0; i < DKIM_SIGNATURES_MAX - 1; i++)
		octets = with_field(arena, "DKIM-Signature: v=1\r\n", octets);
	assert_true(dkim_mail_read(arena, octets, &mail, &why));
	assert_int_equal(dkim_signatures_read(arena, &mail, &sigs), DKIM_SIGNATURES_MAX);
	assert_null(sigs[DKIM_SIGNATURES_MAX - 1].why.code);
	assert_string_equal(sigs[0].why.code, "dkim-domain");
	octets = with_field(arena, "DKIM-Signature: v=1\r\n", octets);
	assert_true(dkim_mail_read(arena, octets, &mail, &why));
	assert_int_equal(dkim_signatures_read(arena, &mail, &sigs), DKIM_SIGNATURES_MAX);
	assert_non_null(sigs[DKIM_SIGNATURES_MAX - 1].why.code);
	cs_arena_free(arena);
}

/* ---- one octet changed ---- */

static uint64_t
next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Is what stands at `at` signed?  Received and MIME-Version are not. */
static bool
is_signed(struct cs_span mail, size_t at)
{
	static const char *const unsigned_fields[] = { "Received:", "MIME-Version:" };

	for (size_t i = 0; i < COUNT(unsigned_fields); i++) {
		const uint8_t *begin =
		    memmem(mail.data, mail.len, unsigned_fields[i], strlen(unsigned_fields[i]));
		const uint8_t *end = begin;

		do
			end = (const uint8_t *)memchr(end, '\n', mail.len) + 1;
		while (*end == ' ' || *end == '\t');
		if (mail.data + at >= begin && mail.data + at < end)
			return false;
	}
	return true;
}

static void
expect_broken(const char *name, struct cs_span mail, struct cs_span key, size_t at, uint8_t octet)
{
	struct cs_arena *arena = cs_arena_new();

	if (look(arena, mail, 0, &key, 1, NOW, 0).good)
		fail_msg("%s: octet %zu is %02x, and the signature is good", name, at, octet);
	cs_arena_free(arena);
}

/* With `blanks` every octet counts; otherwise blanks and the case of letters may not. */
static void
change_each_octet(const char *name, const char *key_name, bool blanks, int rounds)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span mail = fixture(arena, name), key = fixture(arena, key_name);
	uint8_t *copy = cs_arena_alloc(arena, mail.len);
	uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

	for (size_t at = 0; at < mail.len; at++) {
		const uint8_t was = mail.data[at];

		if (!is_signed(mail, at) || (!blanks && is_space(was)))
			continue;
		for (int i = 0; i < rounds; i++) {
			uint8_t octet = i == 0 ? was ^ 0x20 : (uint8_t)next_random(&seed);

			if (octet == was || (is_space(was) && is_space(octet)) ||
			    (!blanks && (is_space(octet) || (was | 0x20) == (octet | 0x20))))
				continue;
			memcpy(copy, mail.data, mail.len);
			copy[at] = octet;
			expect_broken(name, cs_span_of(copy, mail.len), key, at, octet);
		}
		if (is_space(was))
			continue;
		memcpy(copy, mail.data, at);
		memcpy(copy + at, mail.data + at + 1, mail.len - at - 1);
		expect_broken(name, cs_span_of(copy, mail.len - 1), key, at, 0);
	}
	cs_arena_free(arena);
}

static void
no_signed_octet_can_be_changed(void **state)
{
	(void)state;
	change_each_octet("ed25519-simple-simple.eml", "ed.key", true, 3);
	change_each_octet("ed25519-relaxed-relaxed.eml", "ed.key", false, 3);
	change_each_octet("rsa-simple-simple.eml", "rsa.key", true, 2);
	change_each_octet("rsa-relaxed-relaxed.eml", "rsa.key", false, 2);
}

static void
blanks_matter_where_the_signer_said_so(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span key = fixture(arena, "ed.key");
	static const char *const mails[] = { "ed25519-simple-simple.eml",
		"ed25519-relaxed-relaxed.eml" };

	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		const struct cs_span mail = fixture(arena, mails[i]);
		struct cs_span copy = cs_arena_copy_span(arena, mail);
		char *blank = memmem(copy.data, copy.len, "Date: Tue,  3", 13);

		blank[10] = '\t';
		assert_int_equal(look(arena, copy, 0, &key, 1, NOW, 0).good, i == 1);
		copy = cs_arena_copy_span(arena, mail);
		blank = memmem(copy.data, copy.len, "Good  morning", 13);
		blank[4] = '\t';
		assert_int_equal(look(arena, copy, 0, &key, 1, NOW, 0).good, i == 1);
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_mail),
		cmocka_unit_test(judges_each_key),
		cmocka_unit_test(names_the_key_and_who_signed),
		cmocka_unit_test(says_which_field_is_not_signed),
		cmocka_unit_test(respects_what_was_signed_once_more),
		cmocka_unit_test(looks_at_eight_signatures),
		cmocka_unit_test(no_signed_octet_can_be_changed),
		cmocka_unit_test(blanks_matter_where_the_signer_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
