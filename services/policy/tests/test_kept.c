/* SPDX-License-Identifier: Apache-2.0 */
/* test_kept.c: documents that are kept between batches. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../kept.h"

struct fixture {
	struct cs_arena *arena;
	struct kept *kept;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct fixture *f = CS_NEW(arena, struct fixture);

	*f = (struct fixture){ arena, kept_new(arena) };
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	kept_free(f->kept);
	cs_arena_free(f->arena);
	return 0;
}

static const char *
title(const struct kept_doc *doc)
{
	return json_string_value(json_object_get(doc->spec, "title"));
}

static void
what_was_added_is_found_by_all_that_names_it(void **state)
{
	struct kept *kept = ((struct fixture *)*state)->kept;

	kept_add(kept, CONFIG_PERSON, "demo", "alice", 7, "{\"title\": \"person\"}");
	kept_add(kept, CONFIG_PROFILE, "demo", "alice", 8, "{\"title\": \"profile\"}");
	kept_add(kept, CONFIG_PERSON, "acme", "alice", 9, "{\"title\": \"acme\"}");
	kept_add(kept, CONFIG_PERSON, "demo", "bob", 0, NULL);
	const struct kept_doc *alice = kept_find(kept, CONFIG_PERSON, "demo", "alice");

	assert_string_equal(title(alice), "person");
	assert_int_equal(alice->version, 7);
	assert_string_equal(title(kept_find(kept, CONFIG_PROFILE, "demo", "alice")), "profile");
	assert_string_equal(title(kept_find(kept, CONFIG_PERSON, "acme", "alice")), "acme");
	assert_null(kept_find(kept, CONFIG_PERSON, "demo", "bob")->spec);
	assert_null(kept_find(kept, CONFIG_PERSON, "demo", "carol"));
	assert_null(kept_find(kept, CONFIG_PERSON, "demoa", "lice"));
}

/* A batch asks for the same document several times. */
static void
what_is_known_stays_as_it_is(void **state)
{
	struct kept *kept = ((struct fixture *)*state)->kept;

	kept_add(kept, CONFIG_PERSON, "demo", "alice", 7, "{\"title\": \"first\"}");
	kept_add(kept, CONFIG_PERSON, "demo", "alice", 7, "{\"title\": \"second\"}");
	kept_add(kept, CONFIG_PERSON, "demo", "alice", 0, NULL);
	assert_string_equal(title(kept_find(kept, CONFIG_PERSON, "demo", "alice")), "first");
}

static void
another_state_or_another_server_knows_nothing(void **state)
{
	static const struct kept_as_of states[] = { { 101, 5 }, { 102, 5 }, { 102, 6 },
		{ 101, 6 } };
	struct kept *kept = ((struct fixture *)*state)->kept;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		assert_false(kept_is_of(kept, states[i]));
		kept_begin(kept, states[i]);
		assert_true(kept_is_of(kept, states[i]));
		assert_null(kept_find(kept, CONFIG_PERSON, "demo", "alice"));
		kept_add(kept, CONFIG_PERSON, "demo", "alice", 7, "{}");
		kept_trim(kept);
		assert_non_null(kept_find(kept, CONFIG_PERSON, "demo", "alice"));
	}
}

static size_t
fill(struct kept *kept, size_t n, const char *spec)
{
	char name[32];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "p%zu", i);
		kept_add(kept, CONFIG_PERSON, "demo", name, 1, spec);
	}
	kept_trim(kept);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "p%zu", i);
		left += kept_find(kept, CONFIG_PERSON, "demo", name) != NULL;
	}
	return left;
}

static void
no_more_is_kept_than_may_be(void **state)
{
	static char large[KEPT_OCTETS / 4];
	struct kept *kept = ((struct fixture *)*state)->kept;

	(void)snprintf(large, sizeof(large), "[\"%0*d\"]", (int)sizeof(large) - 5, 0);
	assert_int_equal(fill(kept, KEPT_DOCS - 1, NULL), KEPT_DOCS - 1);
	assert_int_equal(fill(kept, KEPT_DOCS, NULL), 0);
	assert_int_equal(fill(kept, 3, large), 3);
	assert_int_equal(fill(kept, 5, large), 0);
	assert_true(kept_is_of(kept, (struct kept_as_of){ 0, 0 }));
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(what_was_added_is_found_by_all_that_names_it),
		CASE(what_is_known_stays_as_it_is),
		CASE(another_state_or_another_server_knows_nothing),
		CASE(no_more_is_kept_than_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
