/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka wants the four above before it */
#include "dns/turns.h"

#include <cmocka.h>

#define MANY 100

static void
wait_all(struct turns *turns, struct turn_place *places, size_t n, const char *name)
{
	memset(places, 0, n * sizeof(*places));
	for (size_t i = 0; i < n; i++) {
		turns_join(turns, &places[i], name);
		turns_set(turns, &places[i], TURN_WAITING);
	}
}

static void
leave_all(struct turns *turns, struct turn_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++)
		turns_leave(turns, &places[i]);
}

static void
one_name_goes_in_order_up_to_its_most(void **state)
{
	struct turns *turns = turns_new(3);
	struct turn_place places[5];

	(void)state;
	assert_null(turns_next(turns));
	wait_all(turns, places, 5, "a.silent.example");
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(turns_next(turns), &places[i]);
		turns_set(turns, &places[i], TURN_BUSY);
	}
	assert_null(turns_next(turns));
	turns_leave(turns, &places[1]);
	assert_ptr_equal(turns_next(turns), &places[3]);
	leave_all(turns, places, 5);
	turns_free(turns);
}

static void
whoever_comes_last_waits_for_one_turn_of_the_others(void **state)
{
	struct turns *turns = turns_new(MANY);
	struct turn_place many[MANY], one[1];
	size_t sent = 0;

	(void)state;
	wait_all(turns, many, MANY, "x.silent.example");
	wait_all(turns, one, 1, "other.example");
	for (; turns_next(turns) != &one[0]; sent++)
		turns_set(turns, turns_next(turns), TURN_BUSY);
	assert_int_equal(sent, 1);
	leave_all(turns, many, MANY);
	leave_all(turns, one, 1);
	turns_free(turns);
}

static void
who_leaves_while_waiting_is_never_next(void **state)
{
	struct turns *turns = turns_new(1);
	struct turn_place places[3];

	(void)state;
	wait_all(turns, places, 3, "a.example");
	turns_leave(turns, &places[0]);
	turns_set(turns, &places[1], TURN_IDLE);
	assert_ptr_equal(turns_next(turns), &places[2]);
	turns_set(turns, &places[1], TURN_WAITING);
	assert_ptr_equal(turns_next(turns), &places[2]);
	leave_all(turns, places, 3);
	assert_null(turns_next(turns));
	turns_free(turns);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_name_goes_in_order_up_to_its_most),
		cmocka_unit_test(whoever_comes_last_waits_for_one_turn_of_the_others),
		cmocka_unit_test(who_leaves_while_waiting_is_never_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
