/* SPDX-License-Identifier: Apache-2.0 */
#include <idn2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "smime/domain.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct world {
	struct cs_arena *arena;
	struct smime_psl *psl;
};

static int
open_world(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct cs_err err;

	assert_non_null(world);
	world->arena = cs_arena_new();
	assert_int_equal(smime_psl_load(NULL, &world->psl, &err), CS_OK);
	*state = world;
	return 0;
}

static int
close_world(void **state)
{
	struct world *world = *state;

	smime_psl_free(world->psl);
	cs_arena_free(world->arena);
	free(world);
	return 0;
}

/* want: the name, or the clause or code of the refusal. */
static const struct {
	const char *name, *text;
	unsigned flags;
	const char *want, *want_code;
} cases[] = {
	{ "plain", "example.com", 0, "example.com", NULL },
	{ "capitals", "Mail.EXAMPLE.Com", 0, "mail.example.com", NULL },
	{ "German",
	    "b\xc3\xbc"
	    "cher.de",
	    0, "xn--bcher-kva.de", NULL },
	{ "sharp s is itself",
	    "stra\xc3\x9f"
	    "e.de",
	    0, "xn--strae-oqa.de", NULL },
	{ "A-labels", "XN--Bcher-kva.de", 0, "xn--bcher-kva.de", NULL },
	{ "label of 63", A63 ".de", 0, A63 ".de", NULL },
	{ "label of 64", "a" A63 ".de", 0, NULL, "domain-syntax" },
	{ "documentation name allowed", "a.b.example", 0, "a.b.example", NULL },
	{ "documentation name refused", "a.b.example", SMIME_REFUSE_DOCUMENTATION, NULL,
	    "domain-special" },
	{ "example.com refused", "www.example.com", SMIME_REFUSE_DOCUMENTATION, NULL,
	    "domain-special" },
	{ "not example.com", "notexample.com", SMIME_REFUSE_DOCUMENTATION, "notexample.com", NULL },
	{ "public suffix", "co.uk", 0, NULL, "domain-suffix" },
	{ "under a public suffix", "foo.co.uk", 0, "foo.co.uk", NULL },
	{ "wildcard rule", "anything.ck", 0, NULL, "domain-suffix" },
	{ "exception to it", "www.ck", 0, "www.ck", NULL },
	{ "private suffix", "github.io", 0, "github.io", NULL },
	{ "private suffix refused", "github.io", SMIME_REFUSE_PRIVATE_SUFFIX, NULL,
	    "domain-suffix" },
	{ "customer of it", "me.github.io", SMIME_REFUSE_PRIVATE_SUFFIX, "me.github.io", NULL },
	{ "unknown top level", "mail.nosuchtld", 0, NULL, "domain-suffix" },
	{ "test", "a.test", 0, NULL, "domain-special" },
	{ "invalid", "a.invalid", 0, NULL, "domain-special" },
	{ "localhost", "a.localhost", 0, NULL, "domain-special" },
	{ "local", "printer.local", 0, NULL, "domain-special" },
	{ "onion", "abc.onion", 0, NULL, "domain-special" },
	{ "arpa", "home.arpa", 0, NULL, "domain-special" },
	{ "reverse name", "1.2.0.192.in-addr.arpa", 0, NULL, "domain-special" },
	{ "internal", "db.internal", 0, NULL, "domain-special" },
	{ "empty", "", 0, NULL, "domain-syntax" },
	{ "dot", ".", 0, NULL, "domain-syntax" },
	{ "single label", "com", 0, NULL, "domain-syntax" },
	{ "wildcard", "*.example.com", 0, NULL, "domain-syntax" },
	{ "underscore", "a_b.example.com", 0, NULL, "domain-syntax" },
	{ "trailing dot", "example.com.", 0, NULL, "domain-syntax" },
	{ "leading dot", ".example.com", 0, NULL, "domain-syntax" },
	{ "double dot", "a..example.com", 0, NULL, "domain-syntax" },
	{ "IPv4", "192.0.2.1", 0, NULL, "domain-syntax" },
	{ "IPv4 in disguise", "192.0.513", 0, NULL, "domain-syntax" },
	{ "IPv4 in hexadecimal", "192.0.0x201", 0, NULL, "domain-syntax" },
	{ "IPv6", "2001:db8::1", 0, NULL, "domain-syntax" },
	{ "literal", "[192.0.2.1]", 0, NULL, "domain-syntax" },
	{ "URL", "https://example.com/", 0, NULL, "domain-syntax" },
	{ "port", "example.com:25", 0, NULL, "domain-syntax" },
	{ "address", "alice@example.com", 0, NULL, "domain-syntax" },
	{ "space", "exa mple.com", 0, NULL, "domain-syntax" },
	{ "line feed", "example.com\n", 0, NULL, "domain-syntax" },
	{ "leading hyphen", "-a.example.com", 0, NULL, "domain-syntax" },
	{ "trailing hyphen", "a-.example.com", 0, NULL, "domain-syntax" },
	{ "hyphens in third and fourth place", "ab--cd.example.com", 0, NULL, "domain-syntax" },
	{ "bad punycode", "xn--zzzzzzzz.example.com", 0, NULL, "domain-syntax" },
	{ "empty punycode", "xn--.example.com", 0, NULL, "domain-syntax" },
	{ "punycode of ASCII", "xn--abc-.example.com", 0, NULL, "domain-syntax" },
	{ "punycode of a snowman", "xn--n3h.example.com", 0, NULL, "domain-syntax" },
	{ "emoji", "\xf0\x9f\x98\x80.example.com", 0, NULL, "domain-syntax" },
	{ "letter and loose accent",
	    "bu\xcc\x88"
	    "cher.example.com",
	    0, NULL, "domain-syntax" },
	{ "full-width letters",
	    "\xef\xbd\x81"
	    "bc.example.com",
	    0, NULL, "domain-syntax" },
	{ "full-width dot",
	    "abc\xef\xbc\x8e"
	    "example.com",
	    0, NULL, "domain-syntax" },
	{ "ideographic dot",
	    "abc\xe3\x80\x82"
	    "example.com",
	    0, NULL, "domain-syntax" },
	{ "ligature", "\xef\xac\x81.example.com", 0, NULL, "domain-syntax" },
	{ "capital umlaut",
	    "B\xc3\x9c"
	    "CHER.de",
	    0, NULL, "domain-syntax" },
	{ "zero width space", "exam\xe2\x80\x8bple.com", 0, NULL, "domain-syntax" },
	{ "soft hyphen", "exam\xc2\xadple.com", 0, NULL, "domain-syntax" },
	{ "not UTF-8",
	    "b\xfc"
	    "cher.de",
	    0, NULL, "domain-syntax" },
	{ "right to left with left to right", "a\xd9\x85\xd8\xab\xd8\xa7\xd9\x84.example.com", 0,
	    NULL, "domain-syntax" },
};

static void
judges_each_name(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = NULL;
		struct cs_refusal why = { 0 };

		bool ok = smime_domain_parse(world->arena, cs_span_str(cases[i].text), world->psl,
		    cases[i].flags, &got, &why);
		if (ok != (cases[i].want != NULL))
			fail_msg("%s: got %s", cases[i].name, ok ? got : why.text);
		if (ok && strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, got, cases[i].want);
		if (!ok && (strcmp(why.code, cases[i].want_code) != 0 || got != NULL))
			fail_msg(
			    "%s: got %s, want %s", cases[i].name, why.code, cases[i].want_code);
	}
}

/* Plain names are not shown to libidn2: for each of them it must have nothing to say. */
static void
libidn2_changes_no_plain_name(void **state)
{
	static const char octets[] = "abcxyzn0189--..";
	const struct world *world = *state;
	uint32_t seed = 1;
	size_t accepted = 0;

	for (int i = 0; i < 200000; i++) {
		char text[24] = "";
		const char *name;
		struct cs_refusal why;
		uint8_t *theirs = NULL;

		for (size_t k = 0, n = 3 + i % 20; k < n; k++) {
			seed = seed * 1103515245 + 12345;
			text[k] = octets[(seed >> 16) % (sizeof(octets) - 1)];
		}
		if (!smime_domain_spell(world->arena, cs_span_str(text), &name, &why))
			continue;
		accepted++;
		if (idn2_lookup_u8((const uint8_t *)text, &theirs,
			IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK ||
		    strcmp((const char *)theirs, name) != 0)
			fail_msg("%s: got %s, libidn2 says %s", text, name, (const char *)theirs);
		idn2_free(theirs);
		cs_arena_reset(world->arena);
	}
	assert_true(accepted > 10000);
}

static void
a_name_has_at_most_253_octets(void **state)
{
	struct world *world = *state;
	static const char longest[] = A61 "." A61 "." A61 "." A61 ".ab.de";
	const char *got;
	struct cs_refusal why;

	assert_int_equal(sizeof(longest) - 1, 253);
	assert_true(smime_domain_spell(world->arena, cs_span_str(longest), &got, &why));
	assert_false(smime_domain_spell(
	    world->arena, cs_span_str(A61 "." A61 "." A61 "." A61 ".abc.de"), &got, &why));
	assert_string_equal(why.clause, "RFC 1035 2.3.4");
}

static void
a_nul_hides_nothing(void **state)
{
	struct world *world = *state;
	const char *got;
	struct cs_refusal why;

	assert_false(smime_domain_spell(
	    world->arena, cs_span_of("example.com\0.evil.example", 25), &got, &why));
}

static void
knows_who_registered_what(void **state)
{
	struct world *world = *state;

	assert_string_equal(
	    smime_domain_registrable(world->psl, "a.b.example.co.uk"), "example.co.uk");
	assert_string_equal(
	    smime_domain_registrable(world->psl, "a.b.me.github.io"), "me.github.io");
	assert_string_equal(smime_domain_registrable(world->psl, "x.y.example"), "y.example");
	assert_null(smime_domain_registrable(world->psl, "co.uk"));
	assert_null(smime_domain_registrable(world->psl, "github.io"));
}

static void
nesting_goes_by_labels(void **state)
{
	static const struct {
		const char *child, *parent;
		bool want;
	} nests[] = {
		{ "example.com", "example.com", true },
		{ "a.example.com", "example.com", true },
		{ "a.b.example.com", "example.com", true },
		{ "notexample.com", "example.com", false },
		{ "example.com", "a.example.com", false },
		{ "example.com.evil.example", "example.com", false },
		{ "example.com", "com", true },
		{ "example.com", "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(nests); i++)
		if (smime_domain_is_under(nests[i].child, nests[i].parent) != nests[i].want)
			fail_msg("%s under %s", nests[i].child, nests[i].parent);
	assert_string_equal(smime_domain_parent("a.b.c"), "b.c");
	assert_null(smime_domain_parent("c"));
}

static void
shows_names_as_people_write_them(void **state)
{
	struct world *world = *state;

	assert_string_equal(smime_domain_display(world->arena, "xn--bcher-kva.de"), "b\xc3\xbc"
										    "cher.de");
	assert_string_equal(smime_domain_display(world->arena, "example.com"), "example.com");
}

static void
a_file_that_is_no_list_is_refused(void **state)
{
	struct smime_psl *psl = NULL;
	struct cs_err err;
	static const char list[] =
	    "// ===BEGIN ICANN DOMAINS===\ncom\nexample\n// ===END ICANN DOMAINS===\n";
	char path[] = "/tmp/test_psl.XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(smime_psl_load(path, &psl, &err), CS_MALFORMED);
	assert_int_equal(write(fd, list, sizeof(list) - 1), sizeof(list) - 1);
	close(fd);
	assert_int_equal(smime_psl_load(path, &psl, &err), CS_OK);
	unlink(path);
	assert_string_equal(smime_domain_registrable(psl, "a.b.example"), "b.example");
	smime_psl_free(psl);
	psl = NULL;
	assert_int_equal(smime_psl_load(path, &psl, &err), CS_NOT_FOUND);
	assert_null(psl);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_each_name),
		cmocka_unit_test(libidn2_changes_no_plain_name),
		cmocka_unit_test(a_name_has_at_most_253_octets),
		cmocka_unit_test(a_nul_hides_nothing),
		cmocka_unit_test(knows_who_registered_what),
		cmocka_unit_test(nesting_goes_by_labels),
		cmocka_unit_test(shows_names_as_people_write_them),
		cmocka_unit_test(a_file_that_is_no_list_is_refused),
	};

	return cmocka_run_group_tests(tests, open_world, close_world);
}
