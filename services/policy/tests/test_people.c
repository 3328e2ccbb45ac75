/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what with which token, and how long the next try is to be waited for. */
#include <stdio.h>
#include <string.h>

#include "fake_world.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define NOW FAKE_NOW

static void
roles_and_scopes_are_known_by_name(void **state)
{
	unsigned all = 0;

	(void)state;
	for (size_t i = 0; i < PEOPLE_ROLES; i++) {
		assert_int_equal(people_role(people_role_name(i)), 1U << i);
		all |= people_role(people_role_name(i));
	}
	assert_int_equal(
	    all, PEOPLE_USER | PEOPLE_OPERATOR | PEOPLE_AUDITOR | PEOPLE_ADMINISTRATOR);
	for (size_t i = 0; i < PEOPLE_SCOPES; i++)
		assert_int_equal(people_scope(people_scope_name(i)), 1U << i);
	assert_null(people_role_name(PEOPLE_ROLES));
	assert_null(people_scope_name(PEOPLE_SCOPES));
	assert_int_equal(people_role("root") | people_role("") | people_scope("requests"), 0);
	assert_int_equal(people_scope("*"), PEOPLE_EVERYTHING);
}

static void
a_scope_allows_itself_and_the_star_everything(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEOPLE_SCOPES; i++) {
		for (size_t k = 0; k < PEOPLE_SCOPES; k++) {
			const bool want = i == k || 1U << i == PEOPLE_EVERYTHING;

			if (people_allows(1U << i, 1U << k) != want)
				fail_msg("%s for %s: want %d", people_scope_name(i),
				    people_scope_name(k), want);
		}
		assert_false(people_allows(0, 1U << i));
	}
}

static const struct {
	const char *name, *of, *in;
	unsigned roles, wanted;
	bool want;
} rights[] = {
	{ "at home", "demo", "demo", PEOPLE_OPERATOR, PEOPLE_OPERATOR, true },
	{ "one of several", "demo", "demo", PEOPLE_OPERATOR, PEOPLE_OPERATOR | PEOPLE_ADMINISTRATOR,
	    true },
	{ "another role", "demo", "demo", PEOPLE_USER | PEOPLE_AUDITOR, PEOPLE_OPERATOR, false },
	{ "another enterprise", "demo", "other", PEOPLE_OPERATOR, PEOPLE_OPERATOR, false },
	{ "a name that begins alike", "dem", "demo", PEOPLE_OPERATOR, PEOPLE_OPERATOR, false },
	{ "the platform is everywhere", "platform", "demo", PEOPLE_OPERATOR, PEOPLE_OPERATOR,
	    true },
	{ "but with its role alone", "platform", "demo", PEOPLE_AUDITOR, PEOPLE_OPERATOR, false },
	{ "nobody is of the platform", "demo", "platform", PEOPLE_OPERATOR, PEOPLE_OPERATOR,
	    false },
};

static void
a_role_counts_at_home_and_the_platform_s_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rights); i++) {
		const struct people_caller caller = {
			.enterprise = rights[i].of, .account = "a", .roles = rights[i].roles
		};

		if (people_has_role(&caller, rights[i].in, rights[i].wanted) != rights[i].want)
			fail_msg("%s: want %d", rights[i].name, rights[i].want);
	}
}

static void
two_names_are_one_person_in_one_way(void **state)
{
	(void)state;
	assert_true(cs_id_equal(people_id("demo", "alice"), people_id("demo", "alice")));
	assert_false(cs_id_equal(people_id("demo", "alice"), people_id("demoa", "lice")));
	assert_false(cs_id_equal(people_id("demo", "alice"), people_id("alice", "demo")));
}

static const struct {
	const char *source, *want;
} networks[] = {
	{ "192.0.2.7", "192.0.2.0/24" },
	{ "192.0.2.255", "192.0.2.0/24" },
	{ "::ffff:192.0.2.7", "192.0.2.0/24" },
	{ "2001:db8:1:2::3", "2001:db8:1::/48" },
	{ "2001:db8:1:ffff::", "2001:db8:1::/48" },
	{ "::1", "0:0:0::/48" },
	{ "192.0.2.0/24", "192.0.2.0/24" },
	{ "", "unknown" },
};

static void
whoever_moves_about_in_a_network_is_one_source(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(networks); i++) {
		const char *got = people_network(world->arena, networks[i].source);

		if (strcmp(got, networks[i].want) != 0)
			fail_msg("%s: got %s, want %s", networks[i].source, got, networks[i].want);
	}
}

static const struct {
	enum people_count count;
	uint32_t failures;
	int64_t since_ms; /* the last failure */
	int64_t want_ms;  /* from now on */
} waits[] = {
	{ PEOPLE_OF_BOTH, 0, 0, 0 },
	{ PEOPLE_OF_BOTH, 4, 0, 0 },
	{ PEOPLE_OF_BOTH, 5, 0, 1000 },
	{ PEOPLE_OF_BOTH, 5, 999, 1 },
	{ PEOPLE_OF_BOTH, 5, 1000, 0 },
	{ PEOPLE_OF_BOTH, 6, 0, 2000 },
	{ PEOPLE_OF_BOTH, 14, 0, 512000 },
	{ PEOPLE_OF_BOTH, 15, 0, 900000 },
	{ PEOPLE_OF_BOTH, UINT32_MAX, 0, 900000 },
	{ PEOPLE_OF_BOTH, UINT32_MAX, CS_DAY_MS, 0 },
	{ PEOPLE_OF_ACCOUNT, 10, 0, 0 },
	{ PEOPLE_OF_ACCOUNT, 11, 0, 1000 },
	{ PEOPLE_OF_ACCOUNT, UINT32_MAX, 0, 60000 },
	{ PEOPLE_OF_NETWORK, 30, 0, 0 },
	{ PEOPLE_OF_NETWORK, 31, 0, 1000 },
	{ PEOPLE_OF_NETWORK, UINT32_MAX, 0, 300000 },
};

static void
waits_grow_and_have_an_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(waits); i++) {
		const struct people_tally tally = { .failures = waits[i].failures,
			.failed_ms = NOW - waits[i].since_ms };
		const int64_t until = people_wait_until(waits[i].count, &tally, NOW);
		const int64_t got = until == 0 ? 0 : until - NOW;

		if (got != waits[i].want_ms)
			fail_msg("row %zu: got %lld, want %lld", i, (long long)got,
			    (long long)waits[i].want_ms);
	}
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(roles_and_scopes_are_known_by_name),
		CASE(a_scope_allows_itself_and_the_star_everything),
		CASE(a_role_counts_at_home_and_the_platform_s_everywhere),
		CASE(two_names_are_one_person_in_one_way),
		CASE(whoever_moves_about_in_a_network_is_one_source),
		CASE(waits_grow_and_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
