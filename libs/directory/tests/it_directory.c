/* SPDX-License-Identifier: Apache-2.0 */
/* Binds at a directory of slapd's, and at servers that are none. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "connector/bind.h"
#include "directory/directory.h"

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define PEOPLE "uid={login},ou=people,dc=example"

static const struct sandbox_role *const roles[] = { &directory_role, NULL };

struct world {
	struct cs_arena *arena;
	struct event_base *base;
	struct directories *directories;
};

struct bound {
	struct event_base *base;
	unsigned calls, wanted;
	enum directory_outcome outcome;
	char said[DIRECTORY_SAID_MAX + 1];
};

static struct world *
world_new(bool test_mode, const char *ca_file)
{
	struct world *world = calloc(1, sizeof(*world));
	const struct directories_settings settings = { .ca_file = ca_file, .test_mode = test_mode };
	struct cs_err err;

	assert_non_null(world);
	world->arena = cs_arena_new();
	world->base = event_base_new();
	assert_non_null(world->base);
	if (directories_open(&settings, world->base, &world->directories, &err))
		fail_msg("%s", err.text);
	return world;
}

static void
world_free(struct world *world)
{
	directories_close(world->directories);
	event_base_free(world->base);
	cs_arena_free(world->arena);
	free(world);
}

static int
setup(void **state)
{
	*state = world_new(true, getenv("CS_IT_CA"));
	return 0;
}

static int
teardown(void **state)
{
	world_free(*state);
	return 0;
}

static void
on_bound(void *arg, enum directory_outcome outcome, const char *said)
{
	struct bound *bound = arg;

	bound->calls++;
	bound->outcome = outcome;
	strncpy(bound->said, said, DIRECTORY_SAID_MAX);
	if (bound->calls == bound->wanted)
		event_base_loopbreak(bound->base);
}

/* At loopback, by the port that the setting names. */
static const char *
place(const struct world *world, const char *scheme, const char *setting)
{
	const char *port = getenv(setting);

	assert_non_null(port);
	return cs_arena_printf(world->arena, "%s://127.0.0.1:%s", scheme, port);
}

static struct bound
bind_as(struct world *world, const char *endpoint, const char *name, const char *password)
{
	const struct directory_bind bind = { false, endpoint, name, cs_span_str(password) };
	struct bound bound = { .base = world->base, .wanted = 1 };

	assert_true(directory_bind(world->directories, &bind, on_bound, &bound));
	assert_int_equal(bound.calls, 0);
	event_base_dispatch(world->base);
	assert_int_equal(bound.calls, 1);
	return bound;
}

static const char *
name_of(const struct world *world, const char *login)
{
	const char *name;

	assert_true(connector_bind_name(world->arena, PEOPLE, login, &name));
	return name;
}

static void
the_right_password_binds_and_no_other_does(void **state)
{
	static const struct {
		const char *login, *password;
		enum directory_outcome want;
	} cases[] = {
		{ "alice", "correct horse", DIRECTORY_BOUND },
		{ "ALICE", "correct horse",
		    DIRECTORY_BOUND }, /* names are told apart as the directory does */
		{ "alice", "Correct horse", DIRECTORY_WRONG },
		{ "alice", "correct hors", DIRECTORY_WRONG },
		{ "alice", "correct horse ", DIRECTORY_WRONG },
		{ "nobody", "correct horse", DIRECTORY_WRONG },
		{ "empty", "x", DIRECTORY_WRONG },
		{ "alice,ou=people,dc=example", "correct horse", DIRECTORY_WRONG },
		{ "#o\"a, ou=admins+1 <x>;\\ ", "odd", DIRECTORY_BOUND },
		{ "#o\"a, ou=admins+1 <x>;", "odd", DIRECTORY_WRONG },
	};
	struct world *world = *state;
	const char *const endpoints[] = { place(world, "ldaps", "CS_IT_LDAPS"),
		place(world, "ldap", "CS_IT_LDAP") };

	for (size_t e = 0; e < LEN(endpoints); e++)
		for (size_t i = 0; i < LEN(cases); i++) {
			const struct bound got = bind_as(
			    world, endpoints[e], name_of(world, cases[i].login), cases[i].password);

			if (got.outcome != cases[i].want)
				fail_msg("%s at %s: %s: %s", cases[i].login, endpoints[e],
				    directory_outcome_name(got.outcome), got.said);
		}
}

static void
a_name_that_is_none_is_told_apart(void **state)
{
	struct world *world = *state;
	const struct bound got =
	    bind_as(world, place(world, "ldaps", "CS_IT_LDAPS"), "alice@corp.example", "x");

	assert_int_equal(got.outcome, DIRECTORY_NO_NAME);
}

/* RFC 4513 5.1.2: a directory may grant that to everybody. */
static void
without_a_password_nobody_is_asked(void **state)
{
	static char long_password[DIRECTORY_PASSWORD_MAX + 1];
	struct world *world = *state;
	const char *endpoint = place(world, "ldaps", "CS_IT_LDAPS");
	struct directory_bind bind = { false, endpoint, name_of(world, "alice"), cs_span_str("") };

	assert_false(directory_bind(world->directories, &bind, on_bound, NULL));
	memset(long_password, 'x', sizeof(long_password));
	bind.password = cs_span_of(long_password, sizeof(long_password));
	assert_false(directory_bind(world->directories, &bind, on_bound, NULL));
	bind.password = cs_span_str("x");
	bind.name = "";
	assert_false(directory_bind(world->directories, &bind, on_bound, NULL));
	bind.name = name_of(world, "alice");
	bind.password = cs_span_of(long_password, DIRECTORY_PASSWORD_MAX);
	struct bound bound = { .base = world->base, .wanted = 1 };

	assert_true(directory_bind(world->directories, &bind, on_bound, &bound));
	event_base_dispatch(world->base);
	assert_int_equal(bound.outcome, DIRECTORY_WRONG);
}

static void
what_is_no_directory_proves_nothing(void **state)
{
	static const struct {
		const char *setting, *said;
	} cases[] = {
		{ "CS_IT_HTTP", "does not speak LDAP" },
		{ "CS_IT_ENDLESS", "too-large" },
		{ "CS_IT_CLOSING", "broken" },
		{ "CS_IT_DISCONNECTING", "does not speak LDAP" },
		{ "CS_IT_OF_ANOTHER", "does not speak LDAP" },
		{ "CS_IT_REFERRING", "result 10" },
		{ "CS_IT_STRANGER", "tls" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		const struct bound got = bind_as(
		    world, place(world, "ldaps", cases[i].setting), "cn=a", "never repeated");

		if (got.outcome != DIRECTORY_AWAY || strstr(got.said, cases[i].said) == NULL)
			fail_msg("%s: %s: %s", cases[i].setting,
			    directory_outcome_name(got.outcome), got.said);
		assert_null(strstr(got.said, "never repeated"));
	}
	/* TLS where there is none, and nobody at all. */
	assert_int_equal(bind_as(world, place(world, "ldaps", "CS_IT_LDAP"), "cn=a", "x").outcome,
	    DIRECTORY_AWAY);
	assert_int_equal(
	    bind_as(world, "ldaps://127.0.0.1:1", "cn=a", "x").outcome, DIRECTORY_AWAY);
}

static void
an_answer_in_pieces_is_one(void **state)
{
	struct world *world = *state;
	const struct bound got =
	    bind_as(world, place(world, "ldaps", "CS_IT_BY_OCTETS"), "cn=a", "x");

	if (got.outcome != DIRECTORY_BOUND)
		fail_msg("%s: %s", directory_outcome_name(got.outcome), got.said);
}

/* Both children have as many silent ones as questions are spread over, and answer others meanwhile. */
static void
a_silent_directory_ends_and_holds_up_nobody(void **state)
{
	struct world *world = *state;
	const struct directory_bind silent = { false, place(world, "ldaps", "CS_IT_SILENT"), "cn=a",
		cs_span_str("x") };
	struct bound waits = { .base = world->base, .wanted = 8 };
	const int64_t begun_ms = cs_mono_ms();

	for (unsigned i = 0; i < waits.wanted; i++)
		assert_true(directory_bind(world->directories, &silent, on_bound, &waits));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(bind_as(world, place(world, "ldaps", "CS_IT_LDAPS"),
				     name_of(world, "alice"), "correct horse")
				     .outcome,
		    DIRECTORY_BOUND);
	assert_int_equal(waits.calls, 0);
	event_base_dispatch(world->base);
	assert_int_equal(waits.calls, waits.wanted);
	assert_int_equal(waits.outcome, DIRECTORY_AWAY);
	assert_non_null(strstr(waits.said, "timed-out"));
	assert_in_range(cs_mono_ms() - begun_ms, 7000, 30000);
}

/* Of loopback only in a test; private addresses for the platform alone. */
static void
addresses_are_judged(void **state)
{
	struct world *world = *state, *live = world_new(false, getenv("CS_IT_CA"));
	const char *const inside = "ldaps://10.255.255.1";
	struct bound got = bind_as(live, place(world, "ldaps", "CS_IT_LDAPS"), "cn=a", "x");

	assert_int_equal(got.outcome, DIRECTORY_AWAY);
	assert_non_null(strstr(got.said, "address-refused"));
	got = bind_as(live, place(world, "ldap", "CS_IT_LDAP"), "cn=a", "x");
	assert_non_null(strstr(got.said, "not under TLS"));
	got = bind_as(world, "ldap://dir.example", "cn=a", "x");
	assert_non_null(strstr(got.said, "not under TLS"));
	got = bind_as(live, inside, "cn=a", "x");
	assert_non_null(strstr(got.said, "address-refused"));
	const struct directory_bind of_platform = { true, inside, "cn=a", cs_span_str("x") };
	struct bound bound = { .base = live->base, .wanted = 1 };

	assert_true(directory_bind(live->directories, &of_platform, on_bound, &bound));
	event_base_dispatch(live->base);
	assert_int_equal(bound.outcome, DIRECTORY_AWAY);
	assert_null(strstr(bound.said, "address-refused"));
	world_free(live);
}

int
main(int argc, char *argv[])
{
	sandbox_child_main(argc, argv, roles);
#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_right_password_binds_and_no_other_does),
		CASE(a_name_that_is_none_is_told_apart),
		CASE(without_a_password_nobody_is_asked),
		CASE(what_is_no_directory_proves_nothing),
		CASE(an_answer_in_pieces_is_one),
		CASE(a_silent_directory_ends_and_holds_up_nobody),
		CASE(addresses_are_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
