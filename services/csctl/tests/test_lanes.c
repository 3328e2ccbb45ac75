/* SPDX-License-Identifier: Apache-2.0 */
/* Lanes in memory become one story: by time over all lanes, whatever the order inside each. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../lanes.h"
#include "base/time.h"

#define BEGAN_MS INT64_C(1795000000000)
#define UNREADABLE INT64_C(-1)
#define MANY 1000

/* Milliseconds after the beginning, in the order of the lane; sequences from 1 on. */
struct fake_lane {
	const int64_t *after;
	size_t n;
};

struct world {
	const struct fake_lane *lanes;
	size_t held, most_held; /* those that were not told yet */
	bool breaks;
};

static enum cs_code
fetch(void *arg, size_t lane, uint64_t sequence, struct cs_arena *arena, struct shown *ret,
    struct cs_err *err)
{
	struct world *world = arg;
	const struct fake_lane *from = &world->lanes[lane];
	char *when = cs_arena_alloc(arena, CS_TIME_TEXT);

	if (sequence > from->n)
		return cs_fail(err, CS_NOT_FOUND, "no more");
	if (world->breaks && sequence == 3)
		return cs_fail(err, CS_UNAVAILABLE, "the bus is away");
	if (from->after[sequence - 1] == UNREADABLE)
		(void)snprintf(when, CS_TIME_TEXT, "soon");
	else
		cs_time_format(BEGAN_MS + from->after[sequence - 1], when);
	*ret = (struct shown){ .subject = cs_arena_printf(arena, "%zu.%d", lane, (int)sequence),
		.time = when,
		.sequence = sequence };
	if (++world->held > world->most_held)
		world->most_held = world->held;
	return CS_OK;
}

/* The subjects, with blanks between them. */
static const char *
told(struct world *world, size_t n, uint64_t from)
{
	static char text[256];
	struct lanes *lanes = lanes_new(n, from, fetch, world);
	struct cs_err err = { 0 };
	struct shown event;
	size_t len = 0;

	while (lanes_next(lanes, &event, &err) == CS_OK) {
		world->held--;
		len += (size_t)snprintf(
		    text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "", event.subject);
		assert_true(len < sizeof(text));
	}
	assert_int_equal(err.code, CS_NOT_FOUND);
	lanes_free(lanes);
	return text;
}

static void
the_earliest_comes_first_over_all_lanes(void **state)
{
	static const int64_t requests[] = { 10, 50, 90 }, plans[] = { 20, 60 },
			     evidence[] = { 30, 40, 70 };
	static const struct fake_lane lanes[] = { { requests, 3 }, { NULL, 0 }, { plans, 2 },
		{ evidence, 3 } };
	struct world world = { .lanes = lanes };

	(void)state;
	assert_string_equal(told(&world, 4, 0), "0.1 2.1 3.1 3.2 0.2 2.2 3.3 0.3");
	assert_string_equal(told(&world, 4, 2), "3.2 0.2 2.2 3.3 0.3");
}

/* A lane that was filled again has its old events behind young ones. */
static void
a_lane_out_of_order_is_told_in_order(void **state)
{
	static const int64_t requests[] = { 50, 10, 20 }, plans[] = { 60, 15 };
	static const struct fake_lane lanes[] = { { requests, 3 }, { plans, 2 } };
	struct world world = { .lanes = lanes };

	(void)state;
	assert_string_equal(told(&world, 2, 0), "0.2 1.2 0.3 0.1 1.1");
}

static void
at_the_same_time_lanes_and_sequences_decide(void **state)
{
	static const int64_t requests[] = { 10, 10 }, plans[] = { 10, 10 };
	static const struct fake_lane lanes[] = { { requests, 2 }, { plans, 2 } };
	struct world world = { .lanes = lanes };

	(void)state;
	assert_string_equal(told(&world, 2, 0), "0.1 0.2 1.1 1.2");
}

static void
an_unreadable_time_stays_behind_what_was_before_it(void **state)
{
	static const int64_t requests[] = { UNREADABLE, 20, UNREADABLE, 40 }, plans[] = { 30 };
	static const struct fake_lane lanes[] = { { requests, 4 }, { plans, 1 } };
	struct world world = { .lanes = lanes };

	(void)state;
	assert_string_equal(told(&world, 2, 0), "0.1 0.2 0.3 1.1 0.4");
}

static void
however_much_there_is_little_is_held(void **state)
{
	int64_t after[MANY];
	const struct fake_lane lanes[] = { { after, MANY }, { after, MANY } };
	struct world world = { .lanes = lanes };
	struct lanes *story = lanes_new(2, 0, fetch, &world);
	struct cs_err err = { 0 };
	struct shown event;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		after[i] = (int64_t)i;
	for (; lanes_next(story, &event, &err) == CS_OK; n++)
		world.held--;
	lanes_free(story);
	assert_int_equal(n, 2 * MANY);
	assert_true(world.most_held <= 2 * LANES_WINDOW);
}

static void
a_bus_that_goes_away_is_told(void **state)
{
	static const int64_t requests[] = { 10, 20, 30 };
	static const struct fake_lane lanes[] = { { requests, 3 } };
	struct world world = { .lanes = lanes, .breaks = true };
	struct lanes *story = lanes_new(1, 0, fetch, &world);
	struct cs_err err = { 0 };
	struct shown event;

	(void)state;
	assert_int_equal(lanes_next(story, &event, &err), CS_UNAVAILABLE);
	lanes_free(story);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_earliest_comes_first_over_all_lanes),
		cmocka_unit_test(a_lane_out_of_order_is_told_in_order),
		cmocka_unit_test(at_the_same_time_lanes_and_sequences_decide),
		cmocka_unit_test(an_unreadable_time_stays_behind_what_was_before_it),
		cmocka_unit_test(however_much_there_is_little_is_held),
		cmocka_unit_test(a_bus_that_goes_away_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
