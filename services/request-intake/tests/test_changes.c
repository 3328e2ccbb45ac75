/* SPDX-License-Identifier: Apache-2.0 */
/* Which rows a batch writes, and which it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "changes.h"
#include "checklist.h"

#include <cmocka.h>

static struct changes
changes_with(struct cs_arena *arena, struct intake_request *reqs, size_t n)
{
	struct svc_batch batch = {
		.aggregates = CS_NEW_ARRAY(arena, n, struct svc_aggregate), .n = n, .arena = arena
	};

	for (size_t i = 0; i < n; i++)
		batch.aggregates[i].state = &reqs[i];
	return changes_of(&batch);
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

static void
what_is_new_is_inserted_and_what_has_a_row_is_updated(void **state)
{
	struct intake_request reqs[] = { { .changed = true }, { .changed = true, .version = 3 },
		{ .version = 3 } };
	const struct changes changes = changes_with(*state, reqs, 3);

	assert_int_equal(changes.n_created, 1);
	assert_ptr_equal(changes.created[0], &reqs[0]);
	assert_int_equal(changes.n_moved, 1);
	assert_ptr_equal(changes.moved[0], &reqs[1]);
	assert_int_equal(changes.n_refused + changes.n_issued + changes.n_noted, 0);
}

static void
checks_that_did_not_change_are_left_alone(void **state)
{
	struct intake_check checks[] = { { .id = "same", .told = cs_span_str("kept") },
		{ .id = "changed", .changed = true } };
	struct intake_request req = {
		.changed = true, .version = 1, .checks = checks, .n_checks = 2
	};
	struct changes changes = changes_with(*state, &req, 1);

	assert_int_equal(changes.n_octets, 0);
	assert_true(checklist_changed(&req));
	checks[1].changed = false;
	assert_false(checklist_changed(&req));
	checks[0].changed = true;
	changes = changes_with(*state, &req, 1);
	assert_int_equal(changes.n_octets, 1);
	assert_true(checklist_changed(&req));
}

static void
only_octets_that_came_are_written(void **state)
{
	struct intake_check checks[] = {
		{ .id = "a", .changed = true, .told = cs_span_str("told") },
		{ .id = "b", .changed = true, .evidence = cs_span_str("evidence") },
	};
	struct intake_request req = {
		.changed = true, .version = 1, .checks = checks, .n_checks = 2
	};
	const struct changes changes = changes_with(*state, &req, 1);

	assert_int_equal(changes.n_octets, 2);
	assert_string_equal(changes.octets[0].check, "a");
	assert_string_equal(changes.octets[0].what, "challenge");
	assert_string_equal(changes.octets[1].check, "b");
	assert_string_equal(changes.octets[1].what, "evidence");
	assert_true(cs_span_is(changes.octets[1].body, "evidence"));
}

static void
ends_are_written_with_what_they_leave(void **state)
{
	struct intake_note notes[] = { { .next = &notes[1], .seq = 4 }, { .seq = 5 } };
	struct intake_request reqs[] = {
		{ .changed = true, .version = 1, .refusal = { .code = "code" }, .notes = notes },
		{ .changed = true,
		    .version = 1,
		    .enterprise = "demo",
		    .certificate = cs_span_str("certificate"),
		    .learnt_key = true },
	};
	const struct changes changes = changes_with(*state, reqs, 2);

	assert_int_equal(changes.n_refused, 1);
	assert_ptr_equal(changes.refused[0], &reqs[0]);
	assert_int_equal(changes.n_issued, 1);
	assert_ptr_equal(changes.issued[0], &reqs[1]);
	assert_int_equal(changes.n_noted, 1);
	assert_ptr_equal(changes.noted[0], &reqs[0]);
	assert_int_equal(changes.n_keys, 1);
	assert_string_equal(changes.keys[0].enterprise, "demo");
}

static void
a_leaked_key_is_remembered_without_its_request(void **state)
{
	struct intake_request req = { .leaked_key = true };
	const struct changes changes = changes_with(*state, &req, 1);

	assert_int_equal(changes.n_keys, 1);
	assert_ptr_equal(changes.keys[0].spki_sha256, req.leaked_spki_sha256);
	assert_string_equal(changes.keys[0].enterprise, "");
	assert_string_equal(changes.keys[0].account, "");
	assert_int_equal(changes.n_created + changes.n_moved, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_new_is_inserted_and_what_has_a_row_is_updated),
		TEST(checks_that_did_not_change_are_left_alone),
		TEST(only_octets_that_came_are_written),
		TEST(ends_are_written_with_what_they_leave),
		TEST(a_leaked_key_is_remembered_without_its_request),
	};

	return cmocka_run_group_tests_name("intake changes", tests, NULL, NULL);
}
