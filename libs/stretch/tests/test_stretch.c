/* SPDX-License-Identifier: Apache-2.0 */
/* test_stretch.c: Argon2id as others compute it, and in real children of this very program. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "stretch/stretch.h"

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct stretch_cost least = { 1, STRETCH_MEMORY_MIN_KIB, 1 };

static const char *
hex(const uint8_t *proof)
{
	static char text[2 * STRETCH_PROOF + 1];

	cs_hex_encode(cs_span_of(proof, STRETCH_PROOF), text);
	return text;
}

/* ---- here and now ---- */

/* From the tests of phc-winner-argon2, version 1.3. */
static const struct {
	struct stretch_cost cost;
	const char *password, *salt, *proof;
} known[] = {
	{ { 2, 65536, 1 }, "password", "somesalt",
	    "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7" },
	{ { 2, 65536, 1 }, "differentpassword", "somesalt",
	    "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde" },
	{ { 2, 65536, 1 }, "password", "diffsalt",
	    "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c" },
	{ { 1, 65536, 1 }, "password", "somesalt",
	    "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98" },
};

static void
is_argon2id(void **state)
{
	uint8_t proof[STRETCH_PROOF];
	struct cs_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_int_equal(stretch_now(cs_span_str(known[i].password),
				     cs_span_str(known[i].salt), &known[i].cost, proof, &err),
		    CS_OK);
		assert_string_equal(hex(proof), known[i].proof);
	}
}

static const struct {
	const char *what;
	struct stretch_cost cost;
	bool good;
} costs[] = {
	{ "the least", { 1, STRETCH_MEMORY_MIN_KIB, 1 }, true },
	{ "no pass", { 0, 65536, 1 }, false },
	{ "most passes", { STRETCH_PASSES_MAX, 65536, 1 }, true },
	{ "one pass more", { STRETCH_PASSES_MAX + 1, 8192, 1 }, false },
	{ "too little memory", { 3, STRETCH_MEMORY_MIN_KIB - 1, 1 }, false },
	{ "most memory", { 1, STRETCH_MEMORY_MAX_KIB, 1 }, true },
	{ "more than a child has", { 1, STRETCH_MEMORY_MAX_KIB + 1, 1 }, false },
	{ "no lane", { 1, 65536, 0 }, false },
	{ "most lanes", { 1, 65536, STRETCH_LANES_MAX }, true },
	{ "one lane more", { 1, 65536, STRETCH_LANES_MAX + 1 }, false },
	{ "most work", { 8, STRETCH_MEMORY_MAX_KIB, 1 }, true },
	{ "too much work", { 9, STRETCH_MEMORY_MAX_KIB, 1 }, false },
	{ "work beyond 32 bits", { 0x10000, 0x10000, 1 }, false },
};

static void
a_cost_has_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(costs); i++)
		if (stretch_cost_good(&costs[i].cost) != costs[i].good)
			fail_msg("%s: taken the wrong way", costs[i].what);
}

static void
salt_and_password_have_bounds(void **state)
{
	static const char salt[] =
	    "0123456789012345678901234567890123456789012345678901234567890123!";
	static const char long_one[STRETCH_PASSWORD_MAX + 1] = "";
	uint8_t proof[STRETCH_PROOF];
	struct cs_err err = { 0 };

	(void)state;
	for (size_t n = 0; n <= STRETCH_SALT_MAX + 1; n++)
		if (n < 10 || n > 62)
			assert_int_equal(stretch_now(cs_span_str("x"), cs_span_of(salt, n), &least,
					     proof, &err) == CS_OK,
			    n >= STRETCH_SALT_MIN && n <= STRETCH_SALT_MAX);
	assert_int_equal(stretch_now(cs_span_of(long_one, STRETCH_PASSWORD_MAX),
			     cs_span_str("somesalt"), &least, proof, &err),
	    CS_OK);
	assert_int_equal(stretch_now(cs_span_of(long_one, STRETCH_PASSWORD_MAX + 1),
			     cs_span_str("somesalt"), &least, proof, &err),
	    CS_MALFORMED);
}

/* ---- in children ---- */

struct world {
	struct event_base *base;
	struct event *guard;
	struct stretch *stretch;
	unsigned done, none, wanted; /* with a proof, without one */
	char last[2 * STRETCH_PROOF + 1];
	pid_t child; /* the last that was started */
	unsigned died;
};

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test waits for something that does not come\n");
	abort();
}

static void
on_told(void *arg, enum sandbox_fact fact, const char *text)
{
	struct world *world = arg;
	const char *pid = strstr(text, "pid=");

	if (fact == SANDBOX_CHILD_STARTED && pid != NULL)
		world->child = (pid_t)strtol(pid + 4, NULL, 10);
	world->died += fact == SANDBOX_CHILD_DIED;
}

static void
on_done(void *arg, const uint8_t *proof)
{
	struct world *world = arg;

	if (proof != NULL) {
		(void)snprintf(world->last, sizeof(world->last), "%s", hex(proof));
		world->done++;
	} else {
		world->none++;
	}
	if (world->done + world->none >= world->wanted)
		(void)event_base_loopbreak(world->base);
}

static void
begin(struct world *world, uint32_t children, uint32_t waiting_max, uint32_t wait_ms)
{
	const struct stretch_settings settings = { .children = children,
		.waiting_max = waiting_max,
		.wait_ms = wait_ms,
		.told = on_told,
		.told_arg = world };
	const struct timeval patience = { 120, 0 };
	struct cs_err err = { 0 };

	memset(world, 0, sizeof(*world));
	world->base = event_base_new();
	world->guard = evtimer_new(world->base, on_guard, NULL);
	assert_int_equal(evtimer_add(world->guard, &patience), 0);
	if (stretch_open(&settings, world->base, &world->stretch, &err))
		fail_msg("%s", err.text);
}

static void
finish(struct world *world)
{
	stretch_close(world->stretch);
	event_free(world->guard);
	event_base_free(world->base);
}

static bool
ask(struct world *world, const struct stretch_cost *cost, const char *password)
{
	return stretch_ask(
	    world->stretch, cs_span_str(password), cs_span_str("somesalt"), cost, on_done, world);
}

static void
wait_for(struct world *world, unsigned n)
{
	world->wanted = n;
	while (world->done + world->none < n)
		assert_int_equal(event_base_dispatch(world->base), 0);
}

static void
a_child_says_the_same(void **state)
{
	const struct stretch_cost most = { 1, STRETCH_MEMORY_MAX_KIB, STRETCH_LANES_MAX };
	struct world world;

	(void)state;
	begin(&world, 1, 4, 60000);
	assert_true(ask(&world, &known[0].cost, known[0].password));
	assert_int_equal(world.done, 0); /* never before it returns */
	wait_for(&world, 1);
	assert_string_equal(world.last, known[0].proof);
	/* The largest has room, and many lanes need no thread. */
	assert_true(ask(&world, &most, "password"));
	wait_for(&world, 2);
	assert_int_equal(world.done, 2);
	assert_int_equal(world.died, 0);
	finish(&world);
}

static void
a_full_queue_says_so_at_once(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 2, 3, 60000);
	for (unsigned i = 0; i < 5; i++) {
		assert_true(stretch_has_room(world.stretch));
		assert_true(ask(&world, &least, "password"));
	}
	assert_false(stretch_has_room(world.stretch));
	assert_false(ask(&world, &least, "password"));
	wait_for(&world, 5);
	assert_int_equal(world.done, 5);
	assert_true(ask(&world, &least, "password"));
	wait_for(&world, 6);
	finish(&world);
}

static void
what_breaks_a_bound_is_not_asked(void **state)
{
	const struct stretch_cost none = { 0, 65536, 1 };
	struct world world;

	(void)state;
	begin(&world, 1, 1, 60000);
	assert_false(ask(&world, &none, "password"));
	assert_false(stretch_ask(
	    world.stretch, cs_span_str("x"), cs_span_str("short"), &least, on_done, &world));
	assert_true(stretch_has_room(world.stretch));
	finish(&world);
}

/* It stands still, so nobody else is served; then the kernel ends it, and another takes its place. */
static void
a_child_that_dies_is_replaced(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 1, 4, 60000);
	assert_int_equal(kill(world.child, SIGSTOP), 0);
	assert_true(ask(&world, &least, "first"));
	assert_true(ask(&world, &least, "second"));
	(void)event_base_loop(world.base, EVLOOP_NONBLOCK); /* the first is in its hands */
	assert_int_equal(kill(world.child, SIGKILL), 0);
	wait_for(&world, 2);
	assert_int_equal(world.none, 1);
	assert_int_equal(world.done, 1);
	assert_int_equal(world.died, 1);
	finish(&world);
}

static void
on_kill(evutil_socket_t fd, short what, void *arg)
{
	const struct world *world = arg;

	(void)fd;
	(void)what;
	assert_int_equal(kill(world->child, SIGKILL), 0);
}

/* What waited for too long is told so, and not stretched for nobody. */
static void
waiting_ends(void **state)
{
	const struct timeval later = { 0, 50000 };
	struct world world;

	(void)state;
	begin(&world, 1, 4, 1);
	assert_int_equal(kill(world.child, SIGSTOP), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_true(ask(&world, &least, "password"));
	(void)event_base_loop(world.base, EVLOOP_NONBLOCK); /* one is in its hands */
	assert_int_equal(event_base_once(world.base, -1, EV_TIMEOUT, on_kill, &world, &later), 0);
	wait_for(&world, 4);
	assert_int_equal(world.none, 4);
	assert_int_equal(world.died, 1);
	finish(&world);
}

static void
a_crew_may_be_closed_with_work_in_hand(void **state)
{
	struct world world;

	(void)state;
	begin(&world, 1, 4, 60000);
	assert_true(ask(&world, &least, "first"));
	assert_true(ask(&world, &least, "second"));
	(void)event_base_loop(world.base, EVLOOP_NONBLOCK);
	finish(&world);
	assert_int_equal(world.done + world.none, 0);
}

static const struct sandbox_role *const roles[] = { &stretch_role, NULL };

int
main(int argc, char *argv[])
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_argon2id),
		cmocka_unit_test(a_cost_has_bounds),
		cmocka_unit_test(salt_and_password_have_bounds),
		cmocka_unit_test(a_child_says_the_same),
		cmocka_unit_test(a_full_queue_says_so_at_once),
		cmocka_unit_test(what_breaks_a_bound_is_not_asked),
		cmocka_unit_test(a_child_that_dies_is_replaced),
		cmocka_unit_test(waiting_ends),
		cmocka_unit_test(a_crew_may_be_closed_with_work_in_hand),
	};

	sandbox_child_main(argc, argv, roles);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
