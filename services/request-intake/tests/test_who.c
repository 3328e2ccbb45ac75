/* SPDX-License-Identifier: Apache-2.0 */
/* Whose token it is, and what is counted for it: two tables of a fixed size, and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "pki/hash.h"
#include "usage.h"
#include "who.h"

#include <cmocka.h>

#define NOW INT64_C(1795835495849)
#define MANY 100000

static const struct who alice = {
	.enterprise = "demo", .account = "alice", .credential = "1", .roles = WHO_USER, .scopes = 3
};

struct world {
	struct cs_arena *arena;
	struct who_cache *cache;
	struct usages *usages;
};

static struct world world;

static int
setup(void **state)
{
	(void)state;
	world.arena = cs_arena_new();
	world.cache = who_cache_new(world.arena);
	world.usages = usages_new(world.arena);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cs_arena_free(world.arena);
	return 0;
}

static const uint8_t *
digest(unsigned number)
{
	static uint8_t sha256[WHO_SHA256];

	pki_sha256(cs_span_of(&number, sizeof(number)), sha256);
	return sha256;
}

static enum who_found
find(unsigned number, int64_t now_ms)
{
	struct who who = { .account = "untouched" };
	const enum who_found found = who_find(world.cache, digest(number), now_ms, &who);

	assert_string_equal(
	    who.account, found == WHO_KNOWN || found == WHO_STALE ? alice.account : "untouched");
	return found;
}

static void
an_answer_is_fresh_then_stale_then_none(void **state)
{
	static const struct {
		int64_t after_ms;
		enum who_found found;
	} rows[] = {
		{ 0, WHO_KNOWN },
		{ WHO_FRESH_MS - 1, WHO_KNOWN },
		{ WHO_FRESH_MS, WHO_STALE },
		{ WHO_STALE_MS - 1, WHO_STALE },
		{ WHO_STALE_MS, WHO_ASK },
	};

	(void)state;
	assert_int_equal(find(1, NOW), WHO_ASK);
	who_keep(world.cache, digest(1), &alice, NOW);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(find(1, NOW + rows[i].after_ms), rows[i].found);
	assert_int_equal(find(2, NOW), WHO_ASK);
	assert_true(who_is_familiar(world.cache, digest(1)));
	assert_false(who_is_familiar(world.cache, digest(2)));
}

/* However often policy does not answer: what it said last counts no longer than that. */
static void
no_answer_makes_nothing_younger(void **state)
{
	(void)state;
	who_keep(world.cache, digest(1), &alice, NOW);
	for (int64_t t = NOW; t < NOW + WHO_STALE_MS; t += WHO_RETRY_MS) {
		who_unanswered(world.cache, digest(1), t);
		assert_int_equal(find(1, t), WHO_KNOWN);
		if (t + WHO_RETRY_MS < NOW + WHO_STALE_MS)
			assert_int_equal(find(1, t + WHO_RETRY_MS), WHO_STALE);
	}
	who_unanswered(world.cache, digest(1), NOW + WHO_STALE_MS);
	assert_int_equal(find(1, NOW + WHO_STALE_MS), WHO_ASK);
	who_unanswered(world.cache, digest(2), NOW); /* nothing is known of it */
	assert_int_equal(find(2, NOW), WHO_ASK);
}

static void
what_policy_does_not_know_is_nobodys_for_a_moment(void **state)
{
	(void)state;
	who_keep(world.cache, digest(1), &alice, NOW);
	who_keep(world.cache, digest(1), NULL, NOW + 1);
	assert_int_equal(find(1, NOW + WHO_UNKNOWN_MS), WHO_UNKNOWN);
	assert_int_equal(find(1, NOW + 1 + WHO_UNKNOWN_MS), WHO_ASK);
	assert_false(who_is_familiar(world.cache, digest(1)));
	who_keep(world.cache, digest(1), &alice, NOW + 2);
	assert_int_equal(find(1, NOW + 2), WHO_KNOWN);
}

static void
a_token_ends_to_the_millisecond(void **state)
{
	struct who who = alice;

	(void)state;
	who.ends_at_ms = NOW + 10;
	who_keep(world.cache, digest(1), &who, NOW);
	assert_int_equal(find(1, NOW + 9), WHO_KNOWN);
	assert_int_equal(find(1, NOW + 10), WHO_ASK);
	who_unanswered(world.cache, digest(1), NOW + 10);
	assert_int_equal(find(1, NOW + 10), WHO_ASK);
	who.ends_at_ms = NOW + 20; /* it was used elsewhere meanwhile */
	who_keep(world.cache, digest(1), &who, NOW + 10);
	assert_int_equal(find(1, NOW + 10), WHO_KNOWN);
}

static void
a_clock_that_is_set_back_makes_nothing_fresh(void **state)
{
	(void)state;
	who_keep(world.cache, digest(1), &alice, NOW);
	assert_int_equal(find(1, NOW - 1), WHO_ASK);
	assert_int_equal(find(1, NOW), WHO_KNOWN);
}

static void
what_is_forgotten_or_expired_is_asked_for(void **state)
{
	(void)state;
	who_keep(world.cache, digest(1), &alice, NOW);
	who_keep(world.cache, digest(2), &alice, NOW);
	who_keep(world.cache, digest(3), NULL, NOW);
	who_forget(world.cache, digest(1));
	assert_int_equal(find(1, NOW), WHO_ASK);
	assert_int_equal(find(2, NOW), WHO_KNOWN);
	who_expire_all(world.cache);
	assert_int_equal(find(2, NOW), WHO_ASK);
	assert_int_equal(find(3, NOW), WHO_UNKNOWN);
	assert_true(who_is_familiar(world.cache, digest(2)));
}

static void
strangers_push_out_nobody(void **state)
{
	(void)state;
	who_keep(world.cache, digest(0), &alice, NOW);
	for (unsigned i = 1; i <= MANY; i++)
		who_keep(world.cache, digest(i), NULL, NOW);
	assert_int_equal(find(0, NOW), WHO_KNOWN);
}

static void
of_too_many_the_newest_stay(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		who_keep(world.cache, digest(i), &alice, NOW + i);
	for (unsigned i = MANY - 100; i < MANY; i++)
		assert_int_equal(
		    find(i, NOW + MANY), i + WHO_FRESH_MS > MANY ? WHO_KNOWN : WHO_STALE);
	assert_int_equal(find(0, NOW), WHO_ASK);
}

static void
names_that_nobody_knows_allow_nothing(void **state)
{
	static const char *const odd[] = { "", "root", "User", "user ", "requests", "**", "*:*",
		"config:" };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(who_role_of(odd[i]), 0);
		assert_int_equal(who_scopes_of(odd[i]), 0);
	}
	assert_int_equal(who_role_of("*"), 0);
	assert_int_equal(who_role_of("auditor"), WHO_AUDITOR);
	assert_int_equal(who_scopes_of("people:write"), WHO_WRITES_PEOPLE);
	assert_int_equal(who_scopes_of("*"), 31);
	assert_string_equal(who_scope_name(WHO_READS_CONFIG), "config:read");
}

/* ---- what is counted ---- */

static struct usage *
usage(unsigned number, int64_t now_ms)
{
	return usages_find(world.usages, cs_span_of(&number, sizeof(number)), now_ms);
}

static void
an_hour_begins_at_nought_but_for_open_streams(void **state)
{
	struct usage *mine = usage(1, NOW);

	(void)state;
	mine->creations = 5;
	mine->streams = 2;
	assert_ptr_equal(usage(1, NOW), mine);
	assert_int_equal(usage(2, NOW)->creations, 0);
	assert_ptr_equal(usage(1, NOW + CS_HOUR_MS), mine);
	assert_int_equal(mine->creations, 0);
	assert_int_equal(mine->streams, 2);
}

static void
who_acted_this_hour_or_watches_keeps_the_place(void **state)
{
	struct usage *watching = usage(0, NOW), *acting = NULL;

	(void)state;
	watching->streams = 1;
	acting = usage(1, NOW + CS_HOUR_MS);
	acting->creations = 7;
	for (unsigned i = 2; i < MANY; i++)
		usage(i, NOW + CS_HOUR_MS)->creations++;
	assert_int_equal(usage(0, NOW + CS_HOUR_MS)->streams, 1);
	assert_int_equal(usage(1, NOW + CS_HOUR_MS)->creations, 7);
	/* Those for whom there was no room share what is counted. */
	assert_true(usage(MANY - 1, NOW + CS_HOUR_MS)->creations > 1000);
	assert_int_equal(usage(MANY, NOW + 2 * CS_HOUR_MS)->creations, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_fresh_then_stale_then_none),
		TEST(no_answer_makes_nothing_younger),
		TEST(what_policy_does_not_know_is_nobodys_for_a_moment),
		TEST(a_token_ends_to_the_millisecond),
		TEST(a_clock_that_is_set_back_makes_nothing_fresh),
		TEST(what_is_forgotten_or_expired_is_asked_for),
		TEST(strangers_push_out_nobody),
		TEST(of_too_many_the_newest_stay),
		TEST(names_that_nobody_knows_allow_nothing),
		TEST(an_hour_begins_at_nought_but_for_open_streams),
		TEST(who_acted_this_hour_or_watches_keeps_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
