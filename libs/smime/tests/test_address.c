/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "smime/address.h"

static int
make_arena(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
drop_arena(void **state)
{
	cs_arena_free(*state);
	return 0;
}

#define A8 "aaaaaaaa"
#define A32 A8 A8 A8 A8
#define A64 A32 A32
#define L61 A32 A8 A8 A8 "aaaaa"

static const struct {
	const char *name, *text, *local, *domain;
	bool utf8;
} good[] = {
	{ "plain", "alice@example.com", "alice", "example.com", false },
	{ "local part keeps its case, domain loses it", "Alice.B@EXAMPLE.com", "Alice.B",
	    "example.com", false },
	{ "plus tag stays", "a+tag@example.com", "a+tag", "example.com", false },
	{ "all atom characters", "#$&'*+-/?=^_`{|}~@example.com", "#$&'*+-/?=^_`{|}~",
	    "example.com", false },
	{ "one octet", "a@b.example", "a", "b.example", false },
	{ "local part of 64 octets", A64 "@example.com", A64, "example.com", false },
	{ "IDN domain",
	    "alice@b\xc3\xbc"
	    "cher.example",
	    "alice", "xn--bcher-kva.example", false },
	{ "A-label domain", "alice@xn--bcher-kva.example", "alice", "xn--bcher-kva.example",
	    false },
	{ "Chinese local part", "\xe5\x8c\xbb\xe7\x94\x9f@xn--pss25c.example.com",
	    "\xe5\x8c\xbb\xe7\x94\x9f", "xn--pss25c.example.com", true },
	{ "accented Latin", "j\xc3\xbcrgen@example.com", "j\xc3\xbcrgen", "example.com", true },
	{ "Cyrillic", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd.1@example.com",
	    "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd.1", "example.com", true },
	{ "Japanese with Latin", "taro.\xe5\xb1\xb1\xe3\x81\xae\xe3\x83\xbc@example.com",
	    "taro.\xe5\xb1\xb1\xe3\x81\xae\xe3\x83\xbc", "example.com", true },
	{ "254 octets", A64 "@" L61 "." L61 "." L61 ".com", A64, L61 "." L61 "." L61 ".com",
	    false },
};

static void
takes_addresses_exactly_as_written(void **state)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct smime_address got;
		struct cs_refusal why;

		if (!smime_address_parse(*state, cs_span_str(good[i].text), &got, &why))
			fail_msg("%s: refused: %s", good[i].name, why.text);
		assert_string_equal(got.local, good[i].local);
		assert_string_equal(got.domain, good[i].domain);
		assert_int_equal(got.utf8_local, good[i].utf8);
		char want[400];
		snprintf(want, sizeof(want), "%s@%s", good[i].local, good[i].domain);
		assert_string_equal(got.canonical, want);
	}
}

#define ROW(name, text, clause)                                             \
	{                                                                   \
		name, { (const uint8_t *)(text), sizeof(text) - 1 }, clause \
	}

static const struct {
	const char *name;
	struct cs_span text;
	const char *clause;
} bad[] = {
	ROW("empty", "", "RFC 5321 4.1.2"),
	ROW("no at sign", "alice.example.com", "RFC 5321 4.1.2"),
	ROW("no local part", "@example.com", "RFC 5321 4.1.2"),
	ROW("no domain", "alice@", "RFC 1035 2.3.1"),
	ROW("two at signs", "alice@bob@example.com", "RFC 5321 4.1.2"),
	ROW("full-width at sign only",
	    "alice\xef\xbc\xa0"
	    "example.com",
	    "RFC 5321 4.1.2"),
	ROW("full-width at sign in the local part", "al\xef\xbc\xa0ice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("local part of 65 octets", A64 "a@example.com", "RFC 5321 4.5.3.1.1"),
	ROW("255 octets", A64 "@" L61 "." L61 "." L61 ".info", "RFC 5321 4.5.3.1.3"),
	ROW("quoted", "\"alice\"@example.com", "RFC 5321 4.1.2"),
	ROW("backslash", "al\\ice@example.com", "RFC 5321 4.1.2"),
	ROW("comment", "alice(x)@example.com", "RFC 5322 3.2.2"),
	ROW("comment in the domain", "alice@(x)example.com", "RFC 5321 4.1.2"),
	ROW("angle brackets", "<alice@example.com>", "SBR 1.6.1 Mailbox Address"),
	ROW("percent route", "alice%victim.example@example.com", "RFC 5321 3.6.1"),
	ROW("bang route", "victim.example!alice@example.com", "RFC 5321 3.6.1"),
	ROW("source route", "@a.example,@b.example:alice@example.com", "RFC 5321 4.1.2"),
	ROW("group", "g:alice@example.com;", "RFC 5321 4.1.2"),
	ROW("encoded word", "=?utf-8?q?alice=40victim.example?=@example.com", "RFC 2047 5"),
	ROW("address literal", "alice@[192.0.2.1]", "RFC 5321 4.1.2"),
	ROW("IP address", "alice@192.0.2.1", "RFC 3696 2"),
	ROW("single label", "alice@localhost", "SBR 1.6.1"),
	ROW("leading dot", ".alice@example.com", "RFC 5321 4.1.2"),
	ROW("trailing dot", "alice.@example.com", "RFC 5321 4.1.2"),
	ROW("double dot", "al..ice@example.com", "RFC 5321 4.1.2"),
	ROW("domain with trailing dot", "alice@example.com.", "RFC 5321 4.1.2"),
	ROW("leading space", " alice@example.com", "RFC 5321 4.1.2"),
	ROW("trailing space", "alice@example.com ", "RFC 5321 4.1.2"),
	ROW("CR LF", "alice@example.com\r\nBcc: x@example.com", "RFC 5321 4.1.2"),
	ROW("LF in the local part", "al\nice@example.com", "RFC 5321 4.1.2"),
	ROW("NUL in the local part", "al\0ice@example.com", "RFC 5321 4.1.2"),
	ROW("NUL in the domain", "alice@example.com\0.evil.example", "RFC 5321 4.1.2"),
	ROW("DEL", "al\x7fice@example.com", "RFC 5321 4.1.2"),
	ROW("C1 control", "al\xc2\x85ice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("right-to-left override",
	    "al\xe2\x80\xae"
	    "ice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("isolate",
	    "al\xe2\x81\xa6"
	    "ice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("zero width space",
	    "al\xe2\x80\x8b"
	    "ice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("zero width joiner",
	    "al\xe2\x80\x8d"
	    "ice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("soft hyphen", "al\xc2\xadice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("byte order mark",
	    "\xef\xbb\xbf"
	    "alice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("no-break space", "al\xc2\xa0ice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("variation selector", "al\xef\xb8\x8fice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("tag character", "al\xf3\xa0\x81\xa1ice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("Hangul filler", "al\xe3\x85\xa4ice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("emoji", "\xf0\x9f\x98\x80@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("Cyrillic a among Latin", "\xd0\xb0lice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("Greek o among Latin",
	    "b\xce\xbf"
	    "b@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("accent on nothing",
	    "\xcc\x81"
	    "alice@example.com",
	    "RFC 9598 3, UTS 39 5.2"),
	ROW("full-width letters", "\xef\xbd\x81lice@example.com", "RFC 9598 3, UTS 39 5.2"),
	ROW("overlong UTF-8", "al\xc0\xafice@example.com", "RFC 6532 3.1"),
	ROW("surrogate", "al\xed\xa0\x80ice@example.com", "RFC 6532 3.1"),
	ROW("cut UTF-8", "alic\xc3@example.com", "RFC 6532 3.1"),
	ROW("Latin-1", "j\xfcrgen@example.com", "RFC 6532 3.1"),
};

static void
refuses_what_parsers_disagree_about(void **state)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct smime_address got = { 0 };
		struct cs_refusal why = { 0 };

		if (smime_address_parse(*state, bad[i].text, &got, &why))
			fail_msg("%s: accepted as %s", bad[i].name, got.canonical);
		if (got.local != NULL)
			fail_msg("%s: touched the result", bad[i].name);
		if (strcmp(why.clause, bad[i].clause) != 0)
			fail_msg("%s: got clause %s (%s), want %s", bad[i].name, why.clause,
			    why.text, bad[i].clause);
		if (why.code == NULL || strncmp(why.code, "mailbox-", 8) != 0 || why.mend == NULL ||
		    strcmp(why.field, "mailbox") != 0)
			fail_msg("%s: an incomplete refusal", bad[i].name);
	}
}

static void
reading_its_own_output_changes_nothing(void **state)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		struct smime_address once, twice;
		struct cs_refusal why;

		assert_true(smime_address_parse(*state, cs_span_str(good[i].text), &once, &why));
		assert_true(smime_address_parse(*state, cs_span_str(once.canonical), &twice, &why));
		assert_string_equal(once.canonical, twice.canonical);
	}
}

/* Every octet that is no atom character must be refused wherever it stands. */
static void
every_single_octet_is_either_an_atom_or_refused(void **state)
{
	static const char atoms[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "#$&'*+-/?=^_`{|}~.";

	for (int c = 0; c < 256; c++) {
		char text[] = "axb@example.com";
		struct smime_address got;
		struct cs_refusal why;

		text[1] = (char)c;
		bool want = c != 0 && strchr(atoms, c) != NULL;
		if (smime_address_parse(*state, cs_span_of(text, sizeof(text) - 1), &got, &why) !=
		    want)
			fail_msg("octet %02x", c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    takes_addresses_exactly_as_written, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(
		    refuses_what_parsers_disagree_about, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(
		    reading_its_own_output_changes_nothing, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(
		    every_single_octet_is_either_an_atom_or_refused, make_arena, drop_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
