/* SPDX-License-Identifier: Apache-2.0 */
/* What a child is told is what it takes in; without the CAs that it is told of it does not begin. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/tests/memory_file.h"
#include "outward/outward.h"

#include <cmocka.h>

struct world {
	struct cs_arena *arena;
	struct event_base *base;
	struct memory_file file;
};

static int
setup(void **state)
{
	static struct world world;

	world = (struct world){ .arena = cs_arena_new(), .base = event_base_new() };
	*state = &world;
	return world.base == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	event_base_free(world->base);
	cs_arena_free(world->arena);
	return world->file.path[0] != '\0' ? close(world->file.fd) : 0;
}

static void
a_child_takes_in_what_it_is_told(void **state)
{
	struct world *world = *state;
	const char *cas = memory_file(&world->file, cs_span_str("CAs"));
	static const bool modes[] = { true, false };
	struct cs_err err;

	for (size_t i = 0; i < 2; i++) {
		const struct cs_span settings = outward_child_settings(world->arena, modes[i], cas);
		struct outward_child *child;
		void *self;

		assert_int_equal(outward_child_open(world->base, settings, &self, &err), CS_OK);
		child = self;
		assert_int_equal(child->test_mode, modes[i]);
		assert_non_null(child->visitor);
		assert_int_equal(child->under_way, 0);
		outward_child_close(child);
	}
}

static void
without_its_cas_it_does_not_begin(void **state)
{
	struct world *world = *state;
	const char *empty = memory_file(&world->file, cs_span_str(""));
	struct cs_err err;
	void *self;

	assert_int_equal(
	    outward_child_open(world->base,
		outward_child_settings(world->arena, true, "/nowhere/ca.pem"), &self, &err),
	    CS_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nowhere/ca.pem"));
	assert_int_equal(outward_child_open(world->base,
			     outward_child_settings(world->arena, true, empty), &self, &err),
	    CS_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_child_takes_in_what_it_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(without_its_cas_it_does_not_begin, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
