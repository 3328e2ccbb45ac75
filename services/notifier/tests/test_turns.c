/* SPDX-License-Identifier: Apache-2.0 */
/* How many logins may be under way at once, of one enterprise and of all. */
#include <setjmp.h>
#include <stdarg.h>

#include "turns.h"

#include <cmocka.h>

static void
take(struct turns *turns, uint64_t crowd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_true(turns_take(turns, crowd));
}

static void
a_crowd_has_few_turns(void **state)
{
	struct turns turns = { .n = 0 };

	(void)state;
	take(&turns, 7, TURNS_EACH);
	assert_false(turns_take(&turns, 7));
	take(&turns, 8, TURNS_EACH);
	assert_false(turns_take(&turns, 8));
	turns_give(&turns, 7);
	assert_false(turns_take(&turns, 8));
	take(&turns, 7, 1);
	assert_false(turns_take(&turns, 7));
	for (size_t i = 0; i < TURNS_EACH; i++) {
		turns_give(&turns, 8);
		turns_give(&turns, 7);
	}
	assert_int_equal(turns.n, 0);
}

static void
all_have_no_more_than_are_asked_at_once(void **state)
{
	struct turns turns = { .n = 0 };

	(void)state;
	for (uint64_t crowd = 0; crowd < LOGINS_AT_ONCE / TURNS_EACH; crowd++)
		take(&turns, crowd, TURNS_EACH);
	assert_false(turns_take(&turns, 1000));
	turns_give(&turns, 0);
	take(&turns, 1000, 1);
	assert_false(turns_take(&turns, 1000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_has_few_turns),
		cmocka_unit_test(all_have_no_more_than_are_asked_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
