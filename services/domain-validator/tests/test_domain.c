/* SPDX-License-Identifier: Apache-2.0 */
/* Challenges step by step: each row of the table is a life, each letter of it an event. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdio.h>
#include <string.h>

#include "../domain.h"

#define NOW INT64_C(1795437296789)
#define DAY INT64_C(86400000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

struct world {
	struct cs_arena *arena;
	struct domain_request request;
	int64_t now_ms;
	uint8_t random[32];
	struct domain_rules rules;
};

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);

	world->arena = arena;
	world->now_ms = NOW;
	world->rules = (struct domain_rules){ 1000, 1000, { 0 }, 0 };
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(((struct world *)*state)->arena);
	return 0;
}

/* As the skeleton does: fresh random octets for each decision. */
static struct domain_moment
moment(struct world *world)
{
	world->random[0]++;
	return (struct domain_moment){ world->arena, world->random, world->now_ms, &world->rules };
}

static struct claim_asked
order(const char *id, const char *target)
{
	static const char *methods[] = { "dns-txt", "http-file" };

	return (struct claim_asked){ .asked_at_ms = NOW,
		.check = { .id = id,
		    .kind = CLAIM_DOMAIN,
		    .target = target,
		    .method = "",
		    .enterprise = "demo",
		    .account = "",
		    .allowed_methods = { methods, 2 } } };
}

static struct domain_step
ask(struct world *world, const struct claim_asked *asked)
{
	const struct domain_moment now = moment(world);

	return domain_on_asked(&world->request, asked, cs_span_str("the order's octets"), &now);
}

static struct domain_step
ask_for(struct world *world, const char *id, const char *target)
{
	const struct claim_asked asked = order(id, target);

	return ask(world, &asked);
}

static struct domain_step
wish_of(struct world *world, const char *id, const char *enterprise)
{
	const struct domain_wish wish = {
		.check_id = id, .enterprise = enterprise, .account = "alice"
	};
	const struct domain_moment now = moment(world);

	return domain_on_wish(&world->request, &wish, &now);
}

static struct domain_step
find_as(struct world *world, const char *id, uint32_t attempt, enum claim_outcome outcome)
{
	const struct claim_evidence evidence = {
		.check_id = id, .attempt = attempt, .outcome = outcome
	};
	const struct domain_moment now = moment(world);

	return domain_on_found(&world->request, &evidence, &now);
}

static struct domain_step
find(struct world *world, const char *id, uint32_t attempt)
{
	return find_as(world, id, attempt, CLAIM_REFUSED);
}

/* ---- lives ---- */

/*
 * Events of domain-1, one letter each; behind each what is said: n nothing, c challenge, l look, f evidence.
 *   o order             p the order again, given a millisecond later   q an order given before the others
 *   t order for another target      e order for another enterprise
 *   w wish              x wish of another enterprise
 *   1 2 3 result of look 1, 2, 3    u result for a check that nobody ordered
 *   - time: until the value expires, less 1 ms    + 1 ms    s until a look is taken for lost, less 1 ms
 */
static const struct {
	const char *name, *events, *said;
	uint32_t attempt; /* at the end */
	unsigned values;  /* how many different ones were shown */
} lives[] = {
	{ "the usual way", "ow1", "clf", 1, 1 },
	{ "a wish before the order has nothing to look for", "wo", "nc", 0, 1 },
	{ "a wish before the order leaves no look behind", "wow1", "nclf", 1, 1 },
	{ "a repeated order shows the same value", "oo", "cc", 0, 1 },
	{ "a later order shows the same value", "op", "cc", 0, 1 },
	{ "an older order changes nothing", "oq", "cn", 0, 1 },
	{ "an order during a look leaves it be", "owp1", "clcf", 1, 1 },
	{ "another target gets another value", "ot", "cc", 0, 2 },
	{ "and back again a third", "oto", "ccc", 0, 3 },
	{ "another enterprise gets another value", "oe", "cc", 0, 2 },
	{ "a look for the old target counts no more", "owt1", "clcn", 1, 2 },
	{ "the new target's look is the next attempt", "owtw12", "clclnf", 2, 2 },
	{ "another enterprise's wish changes nothing", "ox", "cn", 0, 1 },
	{ "another enterprise's wish ends no look", "owx1", "clnf", 1, 1 },
	{ "two clicks are one look", "oww1", "clnf", 1, 1 },
	{ "a refusal may be followed by another look", "ow1w2", "clflf", 2, 1 },
	{ "a doubled result is told once", "ow11", "clfn", 1, 1 },
	{ "a result without a look is nothing", "o1", "cn", 0, 1 },
	{ "a result from before the order is nothing", "1o", "nc", 0, 1 },
	{ "a result for another check is nothing", "owu1", "clnf", 1, 1 },
	{ "a late result of an earlier look is nothing", "ow1w1", "clfln", 2, 1 },
	{ "a result from the future is nothing", "ow2", "cln", 1, 1 },
	{ "the last moment of a value", "o-w1", "clf", 1, 1 },
	{ "an expired value is replaced at the next wish", "o-+w", "cc", 0, 2 },
	{ "and the new one can be looked for", "o-+ww1", "cclf", 1, 2 },
	{ "an expired value is replaced by a repeated order", "o-+o", "cc", 0, 2 },
	{ "the last moment of a value for an order", "o-o", "cc", 0, 1 },
	{ "a wish of another enterprise renews nothing", "o-+xo", "cnc", 0, 2 },
	{ "a look that began before the value expired counts", "o-w+1", "clf", 1, 1 },
	{ "a look under way is waited for", "owsw1", "clnf", 1, 1 },
	{ "a lost look is repeated", "ows+w2", "cllf", 2, 1 },
	{ "the lost look's result comes too late", "ows+w1", "clln", 2, 1 },
	{ "a slow result counts while nobody looked again", "ows+1", "clf", 1, 1 },
};

static bool
pass_time(struct world *world, char letter)
{
	switch (letter) {
	case '-':
		world->now_ms += DOMAIN_LIFE_MS - 1;
		return true;
	case '+':
		world->now_ms += 1;
		return true;
	case 's':
		world->now_ms += DOMAIN_LOOK_MS - 1;
		return true;
	default:
		return false;
	}
}

static struct domain_step
ordered(struct world *world, char letter)
{
	struct claim_asked asked = order("domain-1", "alpha.example");

	asked.asked_at_ms = NOW + (letter == 'p') - (letter == 'q');
	if (letter == 't')
		asked.check.target = "beta.example";
	if (letter == 'e')
		asked.check.enterprise = "rival";
	return ask(world, &asked);
}

static struct domain_step
happen(struct world *world, char letter)
{
	switch (letter) {
	case 'w':
		return wish_of(world, "domain-1", "demo");
	case 'x':
		return wish_of(world, "domain-1", "rival");
	case 'u':
		return find(world, "domain-7", 1);
	case '1':
	case '2':
	case '3':
		return find(world, "domain-1", (uint32_t)(letter - '0'));
	default:
		return ordered(world, letter);
	}
}

static unsigned
count_value(const char **values, unsigned n, const char *value)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(values[i], value) == 0)
			return n;
	values[n] = value;
	return n + 1;
}

static void
each_life_goes_as_the_table_says(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < LEN(lives); i++) {
		const char *values[16], *expected = lives[i].said;
		unsigned n_values = 0;

		world->request = (struct domain_request){ 0 };
		world->now_ms = NOW;
		for (const char *event = lives[i].events; *event != '\0'; event++) {
			if (pass_time(world, *event))
				continue;
			struct domain_step step = happen(world, *event);

			if ("nclf"[step.says] != *expected)
				fail_msg("%s: %s: got %c, want %c", lives[i].name, event,
				    "nclf"[step.says], *expected);
			if (step.says == DOMAIN_CHALLENGE)
				n_values = count_value(values, n_values, step.challenge->value);
			expected++;
		}
		assert_int_equal(*expected, '\0');
		if (n_values != lives[i].values)
			fail_msg(
			    "%s: got %u values, want %u", lives[i].name, n_values, lives[i].values);
		if (world->request.items[0].attempt != lives[i].attempt)
			fail_msg("%s: got attempt %u, want %u", lives[i].name,
			    world->request.items[0].attempt, lives[i].attempt);
	}
}

/* ---- what is said ---- */

static void
a_value_is_of_160_bits_and_survives_folding(void **state)
{
	struct world *world = *state;
	const struct domain_challenge *made = ask_for(world, "domain-1", "alpha.example").challenge;

	assert_int_equal(strlen(made->value), 32);
	assert_int_equal(strspn(made->value, "abcdefghijklmnopqrstuvwxyz234567"), 32);
	assert_int_equal(made->made_ms, NOW);
	assert_int_equal(made->expires_ms, NOW + 7 * DAY);
	assert_true(made->changed);
}

static void
each_octet_of_the_random_value_counts(void **state)
{
	struct world *world = *state;
	const char *seen[DOMAIN_VALUE_BITS / 8 + 1];
	unsigned n = 0;

	for (unsigned i = 0; i <= DOMAIN_VALUE_BITS / 8; i++) {
		uint8_t random[32] = { 0 };
		const struct domain_moment now = { world->arena, random, NOW, &world->rules };
		const struct claim_asked asked = order("domain-1", "alpha.example");
		struct domain_request request = { 0 };

		if (i > 0)
			random[i - 1] = 1;
		n = count_value(seen, n,
		    domain_on_asked(&request, &asked, cs_span_str("x"), &now).challenge->value);
		assert_int_equal(n, i + 1);
	}
}

static void
two_checks_of_a_request_have_two_values(void **state)
{
	struct world *world = *state;
	const char *one = ask_for(world, "domain-1", "alpha.example").challenge->value;
	const char *two = ask_for(world, "domain-2", "beta.example").challenge->value;

	assert_string_not_equal(one, two);
	assert_string_equal(world->request.items[0].value, one);
}

static void
one_more_than_can_be_changes_nothing(void **state)
{
	struct world *world = *state;

	for (size_t i = 1; i <= DOMAIN_CHALLENGES_MAX; i++) {
		const char *id = cs_arena_printf(world->arena, "domain-%zu", i);

		assert_int_equal(ask_for(world, id, "alpha.example").says, DOMAIN_CHALLENGE);
	}
	assert_int_equal(ask_for(world, "domain-11", "alpha.example").says, DOMAIN_NOTHING);
	assert_int_equal(world->request.n, DOMAIN_CHALLENGES_MAX);
	assert_int_equal(ask_for(world, "domain-10", "alpha.example").says, DOMAIN_CHALLENGE);
	assert_int_equal(wish_of(world, "domain-11", "demo").says, DOMAIN_NOTHING);
}

static void
the_hundredth_look_is_the_last(void **state)
{
	struct world *world = *state;

	(void)ask_for(world, "domain-1", "alpha.example");
	for (uint32_t i = 1; i <= DOMAIN_LOOKS_MAX; i++) {
		assert_int_equal(wish_of(world, "domain-1", "demo").says, DOMAIN_LOOK);
		assert_int_equal(find(world, "domain-1", i).says, DOMAIN_FOUND);
	}
	const struct domain_step last = wish_of(world, "domain-1", "demo");

	assert_int_equal(last.says, DOMAIN_CHALLENGE);
	assert_int_equal(last.hold, DOMAIN_USED_UP);
	assert_int_equal(last.hold_until_ms, 0);
	assert_int_equal(world->request.items[0].attempt, DOMAIN_LOOKS_MAX);
}

/* The store writes what changed: nothing must be marked that did not. */
static void
what_changes_nothing_marks_nothing(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	(void)ask_for(world, "domain-1", "alpha.example");
	item->changed = false;
	(void)wish_of(world, "domain-1", "rival");
	(void)find(world, "domain-1", 1);
	assert_false(item->changed);
	(void)wish_of(world, "domain-1", "demo");
	assert_true(item->changed);
	item->changed = false;
	(void)wish_of(world, "domain-1", "demo");
	assert_false(item->changed);
}

/* ---- the check of a look ---- */

static void
a_look_has_the_digest_of_its_method_and_value(void **state)
{
	const struct claim_asked asked = order("domain-1", "alpha.example");
	struct claim_check txt, file, other;
	uint8_t digest[CLAIM_DIGEST];

	(void)state;
	domain_check(&asked, cs_span_str("value"), 3, "dns-txt", &txt);
	domain_check(&asked, cs_span_str("value"), 3, "http-file", &file);
	domain_check(&asked, cs_span_str("other"), 3, "dns-txt", &other);
	claim_check_digest(&txt, digest);
	assert_memory_equal(txt.digest, digest, CLAIM_DIGEST);
	assert_memory_not_equal(txt.digest, file.digest, CLAIM_DIGEST);
	assert_memory_not_equal(txt.digest, other.digest, CLAIM_DIGEST);
	assert_int_equal(txt.attempt, 3);
	assert_string_equal(txt.target, "alpha.example");
	assert_true(cs_span_is(txt.expected, "value"));
}

static void
only_named_methods_are_allowed(void **state)
{
	const char *methods[] = { "dns-txt" };
	struct claim_check check = { .allowed_methods = { methods, 1 } };

	(void)state;
	assert_true(domain_allows(&check, "dns-txt"));
	assert_false(domain_allows(&check, "http-file"));
	assert_false(domain_allows(&check, "dns"));
	assert_false(domain_allows(&check, ""));
	check.allowed_methods.n = 0;
	assert_false(domain_allows(&check, "dns-txt"));
}

static void
a_no_that_shows_something_is_worth_more(void **state)
{
	(void)state;
	assert_true(domain_rank(CLAIM_PROVED, 0) > domain_rank(CLAIM_REFUSED, 9));
	assert_true(domain_rank(CLAIM_REFUSED, 1) > domain_rank(CLAIM_REFUSED, 0));
	assert_true(domain_rank(CLAIM_REFUSED, 0) > domain_rank(CLAIM_COULD_NOT_TELL, 9));
	assert_int_equal(domain_rank(CLAIM_REFUSED, 1), domain_rank(CLAIM_REFUSED, 2));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_life_goes_as_the_table_says),
		TEST(a_value_is_of_160_bits_and_survives_folding),
		TEST(each_octet_of_the_random_value_counts),
		TEST(two_checks_of_a_request_have_two_values),
		TEST(one_more_than_can_be_changes_nothing),
		TEST(the_hundredth_look_is_the_last),
		TEST(what_changes_nothing_marks_nothing),
		TEST(a_look_has_the_digest_of_its_method_and_value),
		TEST(only_named_methods_are_allowed),
		TEST(a_no_that_shows_something_is_worth_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
