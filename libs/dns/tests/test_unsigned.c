/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked about zones that are called unsigned, and what the answers mean. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "dns/unsigned.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEN 4

static void
every_name_is_asked_about_once(void **state)
{
	static const struct unsigned_path paths[] = { { "x.a.example", "x.a.example" },
		{ "y.a.example", NULL }, { "a.example", NULL }, { "z.b.example", "b.example" } };
	static const char *const want[] = { "x.a.example", "y.a.example", "a.example", "example",
		"z.b.example", "b.example" };
	const char **names;
	size_t n;

	assert_true(unsigned_names(*state, paths, COUNT(paths), &names, &n));
	assert_int_equal(n, COUNT(want));
	for (size_t i = 0; i < n; i++)
		assert_string_equal(names[i], want[i]);
}

static void
not_more_names_are_asked_about_than_fit(void **state)
{
	for (size_t labels = UNSIGNED_MAX_ASKED; labels <= UNSIGNED_MAX_ASKED + 1; labels++) {
		char *name = cs_arena_alloc(*state, 2 * labels);
		const struct unsigned_path path = { name, NULL };
		const char **names;
		size_t n;

		for (size_t i = 0; i < labels; i++)
			memcpy(name + 2 * i, i + 1 < labels ? "a." : "a", i + 1 < labels ? 2 : 1);
		assert_int_equal(
		    unsigned_names(*state, &path, 1, &names, &n), labels == UNSIGNED_MAX_ASKED);
	}
}

enum has { NONE, ALIAS, ED448, TWO, SHORT, P256, P256_GOST };

struct seen {
	const char *name;
	enum dns_state state;
	enum has has;
};

static const uint8_t ed448[] = { 1, 2, 16, 2, 0xab, 0xcd }, unknown[] = { 1, 2, 99, 4, 0xab, 0xcd },
		     too_short[] = { 1, 2, 16, 2 };

static const uint8_t p256[] = { 1, 2, 13, 2, 0xab, 0xcd },
		     p256_gost[] = { 1, 2, 13, 3, 0xab, 0xcd };

static struct unsigned_ds
ds_of(struct cs_arena *arena, const struct seen *seen)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct dns_record *records = CS_NEW_ARRAY(arena, 3, struct dns_record);
	const bool told = seen->state == DNS_SECURE || seen->state == DNS_INSECURE;

	records[0].rdata = cs_span_of(ed448, sizeof(ed448));
	records[1].rdata = cs_span_of(unknown, sizeof(unknown));
	records[2].rdata = cs_span_of(ed448, sizeof(ed448));
	if (seen->has == P256)
		records[0].rdata = cs_span_of(p256, sizeof(p256));
	if (seen->has == P256_GOST)
		records[0].rdata = cs_span_of(p256_gost, sizeof(p256_gost));
	if (seen->has == SHORT)
		records[0].rdata = cs_span_of(too_short, sizeof(too_short));
	*answer = (struct dns_answer){ .name = seen->name,
		.type = DNS_TYPE_DS,
		.records = records,
		.records_len = seen->has == TWO     ? 3
			       : seen->has >= ED448 ? 1
						    : 0,
		.aliases_len = seen->has == ALIAS };
	return (struct unsigned_ds){ seen->name, seen->state, told ? answer : NULL, "why" };
}

static const struct {
	const char *name;
	struct unsigned_path path;
	struct seen seen[SEEN];
	enum unsigned_finding finding;
	const char *zone, *text; /* a part of it */
} cases[] = {
	{ "proved at the name", { "a.example", "a.example" }, { { "a.example", DNS_SECURE, NONE } },
	    UNSIGNED_PROVED, "", "" },
	{ "insecure itself: hidden by opt-out", { "a.example", "a.example" },
	    { { "a.example", DNS_INSECURE, NONE } }, UNSIGNED_PROVED, "", "" },
	{ "signed with what nobody can check", { "a.example", "a.example" },
	    { { "a.example", DNS_SECURE, ED448 } }, UNSIGNED_UNSUPPORTED, "a.example",
	    "a.example is signed with algorithm 16 (ED448, digest 2), which" },
	{ "each algorithm once", { "a.example", "a.example" }, { { "a.example", DNS_SECURE, TWO } },
	    UNSIGNED_UNSUPPORTED, "a.example",
	    "16 (ED448, digest 2), 99 (unknown, digest 4), which" },
	{ "a DS record that cannot be read", { "a.example", "a.example" },
	    { { "a.example", DNS_SECURE, SHORT } }, UNSIGNED_UNSUPPORTED, "a.example",
	    "algorithm unreadable, which" },
	{ "signed with what we can check, and insecure all the same", { "a.example", "a.example" },
	    { { "a.example", DNS_SECURE, P256 } }, UNSIGNED_UNCHECKED, "a.example",
	    "nothing vouches for its answer" },
	{ "an algorithm that we can check by a digest that we cannot", { "a.example", "a.example" },
	    { { "a.example", DNS_SECURE, P256_GOST } }, UNSIGNED_UNSUPPORTED, "a.example",
	    "13 (ECDSAP256SHA256, digest 3), which" },
	{ "the lowest proved answer counts: none", { "x.a.example", NULL },
	    { { "x.a.example", DNS_INSECURE, NONE }, { "a.example", DNS_SECURE, NONE },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_PROVED, "", "" },
	{ "the lowest proved answer counts: records", { "x.a.example", NULL },
	    { { "x.a.example", DNS_INSECURE, NONE }, { "a.example", DNS_SECURE, ED448 },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_UNSUPPORTED, "a.example", "" },
	{ "a name with an alias is no cut", { "x.a.example", NULL },
	    { { "x.a.example", DNS_SECURE, ALIAS }, { "a.example", DNS_SECURE, ED448 },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_UNSUPPORTED, "a.example", "" },
	{ "bogus", { "x.a.example", NULL },
	    { { "x.a.example", DNS_INSECURE, NONE }, { "a.example", DNS_BOGUS, NONE },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_BOGUS, "a.example", "a.example is broken: " },
	{ "silent", { "x.a.example", NULL },
	    { { "x.a.example", DNS_INSECURE, NONE }, { "a.example", DNS_INDETERMINATE, NONE },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_UNKNOWN, "a.example", "a.example (DS): why" },
	{ "not asked", { "a.example", "a.example" }, { { "b.example", DNS_SECURE, NONE } },
	    UNSIGNED_UNKNOWN, "a.example", "not looked up" },
	{ "above the top nothing counts", { "x.a.example", "a.example" },
	    { { "x.a.example", DNS_INSECURE, NONE }, { "a.example", DNS_INSECURE, NONE },
		{ "example", DNS_SECURE, ED448 } },
	    UNSIGNED_PROVED, "", "" },
};

static void
the_end_of_the_signed_part_decides(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct unsigned_ds ds[SEEN];
		struct unsigned_decision got;
		size_t n = 0;

		for (; n < SEEN && cases[i].seen[n].name != NULL; n++)
			ds[n] = ds_of(*state, &cases[i].seen[n]);
		unsigned_decide(*state, &cases[i].path, 1, ds, n, &got);
		if (got.finding != cases[i].finding || strcmp(got.zone, cases[i].zone) != 0 ||
		    strstr(got.text, cases[i].text) == NULL)
			fail_msg(
			    "%s: got %d %s \"%s\"", cases[i].name, got.finding, got.zone, got.text);
	}
}

static void
what_is_certain_comes_first(void **state)
{
	static const struct unsigned_path paths[] = { { "a.example", "a.example" },
		{ "b.example", "b.example" }, { "c.example", "c.example" } };
	static const struct seen seen[] = { { "a.example", DNS_SECURE, NONE },
		{ "b.example", DNS_INDETERMINATE, NONE }, { "c.example", DNS_SECURE, ED448 } };
	struct unsigned_ds ds[COUNT(seen)];
	struct unsigned_decision got;

	for (size_t i = 0; i < COUNT(seen); i++)
		ds[i] = ds_of(*state, &seen[i]);
	unsigned_decide(*state, paths, 2, ds, COUNT(seen), &got);
	assert_int_equal(got.finding, UNSIGNED_UNKNOWN);
	unsigned_decide(*state, paths, 3, ds, COUNT(seen), &got);
	assert_int_equal(got.finding, UNSIGNED_UNSUPPORTED);
	unsigned_decide(*state, paths, 0, ds, COUNT(seen), &got);
	assert_int_equal(got.finding, UNSIGNED_PROVED);
}

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_asked_about_once),
		cmocka_unit_test(not_more_names_are_asked_about_than_fit),
		cmocka_unit_test(the_end_of_the_signed_part_decides),
		cmocka_unit_test(what_is_certain_comes_first),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
