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

/* ---- values from before ---- */

static const char *
values_of(struct world *world)
{
	struct cs_buf joined = cs_buf_new(world->arena);
	const struct claim_texts values =
	    domain_values(&world->request.items[0], world->now_ms, world->arena);

	for (size_t i = 0; i < values.n; i++)
		cs_buf_printf(&joined, "%s ", values.items[i]);
	return (const char *)cs_buf_span(&joined).data;
}

/* Verify makes another value beside one that ends soon; both prove until the older one's own end. */
static void
an_old_value_proves_until_its_own_end(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	(void)ask_for(world, "domain-1", "alpha.example");
	const char *first = item->value;
	const int64_t first_end = item->expires_ms;

	world->now_ms = first_end - DOMAIN_RENEW_MS - 1;
	struct domain_step step = wish_of(world, "domain-1", "demo");

	assert_false(step.shows);
	assert_string_equal(item->value, first);
	(void)find(world, "domain-1", 1);
	world->now_ms++;
	step = wish_of(world, "domain-1", "demo");
	assert_int_equal(step.says, DOMAIN_LOOK); /* for both */
	assert_true(step.shows);
	assert_string_not_equal(item->value, first);
	assert_string_equal(
	    values_of(world), cs_arena_printf(world->arena, "%s %s ", item->value, first));
	world->now_ms = first_end - 1;
	assert_string_equal(
	    values_of(world), cs_arena_printf(world->arena, "%s %s ", item->value, first));
	world->now_ms = first_end;
	assert_string_equal(values_of(world), cs_arena_printf(world->arena, "%s ", item->value));
}

static void
no_more_than_three_values_are_alive(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	(void)ask_for(world, "domain-1", "alpha.example");
	for (uint32_t i = 1; i <= 5; i++) {
		/* As after an hour of a life that is shorter: all are alive still. */
		item->expires_ms = world->now_ms + DOMAIN_RENEW_MS;
		(void)wish_of(world, "domain-1", "demo");
		(void)find(world, "domain-1", i);
		assert_int_equal(domain_values(item, world->now_ms, world->arena).n,
		    i < 2 ? 2 : DOMAIN_VALUES_MAX);
	}
}

/* A value serves one domain and one enterprise: older ones go with it. */
static void
another_target_forgets_the_old_values(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	(void)ask_for(world, "domain-1", "alpha.example");
	item->expires_ms = world->now_ms + 1;
	(void)wish_of(world, "domain-1", "demo");
	assert_int_equal(domain_values(item, world->now_ms, world->arena).n, 2);
	(void)ask_for(world, "domain-1", "beta.example");
	assert_int_equal(domain_values(item, world->now_ms, world->arena).n, 1);
}

/* ---- the schedule ---- */

static struct domain_step
due(struct world *world)
{
	const struct domain_moment now = moment(world);
	struct domain_step steps[DOMAIN_CHALLENGES_MAX];
	size_t n = domain_on_due(&world->request, &now, steps);

	assert_true(n <= 1);
	return n == 1 ? steps[0] : (struct domain_step){ .says = DOMAIN_NOTHING };
}

static void
with_schedule(struct world *world, const char *text)
{
	char *rest = cs_arena_strdup(world->arena, text), *word;
	const char *parts[DOMAIN_STEPS_MAX + 1];
	size_t n = 0;

	while ((word = strsep(&rest, " ")) != NULL)
		parts[n++] = word;
	assert_true(domain_read_steps(parts, n, &world->rules));
}

/* As the README says: after 1, 5, 15 and 60 minutes, then every 6 hours until the value ends. */
static void
looks_are_made_by_the_published_schedule(void **state)
{
	static const int64_t want_s[] = { 60, 300, 900, 3600, 21600, 21600 };
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];
	uint32_t looks = 0;

	with_schedule(world, "60 300 900 3600 21600");
	(void)ask_for(world, "domain-1", "alpha.example");
	for (size_t i = 0; i < LEN(want_s); i++) {
		assert_int_equal(item->next_ms, world->now_ms + want_s[i] * 1000);
		world->now_ms = item->next_ms - 1;
		assert_int_equal(due(world).says, DOMAIN_NOTHING);
		world->now_ms++;
		assert_int_equal(due(world).says, DOMAIN_LOOK);
		assert_int_equal(due(world).says, DOMAIN_NOTHING); /* one is under way */
		const struct domain_step found = find(world, "domain-1", ++looks);

		assert_int_equal(found.says, DOMAIN_FOUND);
		assert_true(found.shows); /* when the next one is */
	}
	while (item->next_ms != 0) {
		assert_true(item->next_ms < item->expires_ms);
		world->now_ms = item->next_ms;
		assert_int_equal(due(world).says, DOMAIN_LOOK);
		(void)find(world, "domain-1", ++looks);
	}
	assert_int_equal(looks, 31); /* of 100: people have theirs */
	assert_true(world->now_ms + 6 * INT64_C(3600000) >= item->expires_ms);
}

static void
a_proof_ends_the_schedule(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	with_schedule(world, "60");
	(void)ask_for(world, "domain-1", "alpha.example");
	(void)wish_of(world, "domain-1", "demo");
	assert_true(find_as(world, "domain-1", 1, CLAIM_PROVED).shows);
	assert_int_equal(item->next_ms, 0);
	world->now_ms += DAY;
	assert_int_equal(due(world).says, DOMAIN_NOTHING);
}

static void
the_end_of_the_request_ends_the_schedule(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	with_schedule(world, "60");
	(void)ask_for(world, "domain-1", "alpha.example");
	item->changed = false;
	domain_on_ended(&world->request);
	assert_true(item->changed);
	world->now_ms += DAY;
	assert_int_equal(due(world).says, DOMAIN_NOTHING);
	item->changed = false;
	domain_on_ended(&world->request);
	assert_false(item->changed);
}

/* Whoever presses meanwhile does not put off the next one. */
static void
a_press_leaves_the_schedule_as_it_is(void **state)
{
	struct world *world = *state;
	struct domain_challenge *item = &world->request.items[0];

	with_schedule(world, "60 300");
	(void)ask_for(world, "domain-1", "alpha.example");
	const int64_t next_ms = item->next_ms;

	(void)wish_of(world, "domain-1", "demo");
	assert_false(find(world, "domain-1", 1).shows);
	assert_int_equal(item->next_ms, next_ms);
	world->now_ms = next_ms;
	assert_int_equal(due(world).says, DOMAIN_LOOK);
	(void)find(world, "domain-1", 2);
	assert_int_equal(item->next_ms, next_ms + 300000);
}

static void
a_lost_look_of_the_schedule_is_made_again(void **state)
{
	struct world *world = *state;

	with_schedule(world, "60");
	(void)ask_for(world, "domain-1", "alpha.example");
	world->now_ms += 60000;
	assert_int_equal(due(world).says, DOMAIN_LOOK);
	world->now_ms += DOMAIN_LOOK_MS - 1;
	assert_int_equal(due(world).says, DOMAIN_NOTHING);
	world->now_ms++;
	assert_int_equal(due(world).says, DOMAIN_LOOK);
	assert_int_equal(find(world, "domain-1", 1).says, DOMAIN_NOTHING);
	assert_int_equal(find(world, "domain-1", 2).says, DOMAIN_FOUND);
}

static void
only_a_list_of_seconds_is_a_schedule(void **state)
{
	static const char *const bad[] = { "0", "86401", "x", "1x", "-1", "", "999999", " 1" };
	struct domain_rules rules = { .n_steps = 7 };
	const char *good[] = { "1", "86400" }, *many[DOMAIN_STEPS_MAX + 1];

	(void)state;
	for (size_t i = 0; i < LEN(bad); i++) {
		const char *parts[] = { "60", bad[i] };

		if (domain_read_steps(parts, 2, &rules))
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_true(domain_read_steps(good, 2, &rules));
	assert_int_equal(rules.n_steps, 2);
	assert_int_equal(rules.steps_ms[1], DAY);
	assert_true(domain_read_steps(good, 0, &rules));
	assert_int_equal(rules.n_steps, 0);
	for (size_t i = 0; i <= DOMAIN_STEPS_MAX; i++)
		many[i] = "60";
	assert_true(domain_read_steps(many, DOMAIN_STEPS_MAX, &rules));
	assert_false(domain_read_steps(many, DOMAIN_STEPS_MAX + 1, &rules));
}

/* ---- limits ---- */

/* Looks within the hour, by everybody: the domain belongs to a stranger. */
static void
a_domain_is_not_looked_at_more_often_than_allowed(void **state)
{
	struct world *world = *state;

	world->rules.looks_per_domain = 3;
	(void)ask_for(world, "domain-1", "alpha.example");
	(void)ask_for(world, "domain-2", "alpha.example");
	(void)ask_for(world, "domain-3", "beta.example");
	(void)wish_of(world, "domain-1", "demo");
	(void)wish_of(world, "domain-2", "demo");
	(void)find_as(world, "domain-1", 1, CLAIM_PROVED);
	assert_int_equal(wish_of(world, "domain-1", "demo").says, DOMAIN_LOOK);
	(void)find(world, "domain-2", 1);
	const struct domain_step step = wish_of(world, "domain-2", "demo");

	assert_int_equal(step.says, DOMAIN_CHALLENGE);
	assert_int_equal(step.hold, DOMAIN_BUSY);
	assert_int_equal(step.hold_until_ms, NOW + DOMAIN_WINDOW_MS);
	assert_int_equal(wish_of(world, "domain-3", "demo").says, DOMAIN_LOOK);
}

static void
an_account_that_fails_too_often_has_a_pause(void **state)
{
	struct world *world = *state;

	world->rules.failures_per_account = 2;
	(void)ask_for(world, "domain-1", "alpha.example");
	(void)wish_of(world, "domain-1", "demo");
	(void)find_as(world, "domain-1", 1, CLAIM_COULD_NOT_TELL);
	world->now_ms += 1000;
	(void)wish_of(world, "domain-1", "demo");
	(void)find(world, "domain-1", 2);
	struct domain_step step = wish_of(world, "domain-1", "demo");

	assert_int_equal(step.says, DOMAIN_CHALLENGE);
	assert_int_equal(step.hold, DOMAIN_FAILING);
	assert_int_equal(step.hold_until_ms, NOW + DOMAIN_WINDOW_MS);
	assert_int_equal(world->request.items[0].attempt, 2);
	/* Another account may; so may the schedule. */
	const struct domain_wish other = {
		.check_id = "domain-1", .enterprise = "demo", .account = "bob"
	};
	const struct domain_moment now = moment(world);

	assert_int_equal(domain_on_wish(&world->request, &other, &now).says, DOMAIN_LOOK);
}

static void
looks_of_the_schedule_are_nobodys_failures(void **state)
{
	struct world *world = *state;

	with_schedule(world, "60");
	world->rules.failures_per_account = 1;
	(void)ask_for(world, "domain-1", "alpha.example");
	for (uint32_t i = 1; i <= 3; i++) {
		world->now_ms += 60000;
		assert_int_equal(due(world).says, DOMAIN_LOOK);
		(void)find(world, "domain-1", i);
	}
	assert_int_equal(wish_of(world, "domain-1", "demo").says, DOMAIN_LOOK);
}

/* The schedule waits for the hour to pass, and people are told when it goes on. */
static void
the_schedule_keeps_to_the_limit_of_the_domain(void **state)
{
	struct world *world = *state;

	with_schedule(world, "60");
	world->rules.looks_per_domain = 1;
	(void)ask_for(world, "domain-1", "alpha.example");
	(void)wish_of(world, "domain-1", "demo");
	(void)find(world, "domain-1", 1);
	world->now_ms += 60000;
	const struct domain_step step = due(world);

	assert_int_equal(step.says, DOMAIN_CHALLENGE);
	assert_int_equal(step.hold, DOMAIN_FREE); /* Verify was not pressed */
	assert_int_equal(world->request.items[0].next_ms, NOW + DOMAIN_WINDOW_MS);
	assert_int_equal(due(world).says, DOMAIN_NOTHING);
}

/* What the store counts: each look once, failed or not, under who pressed. */
static void
each_look_is_recorded(void **state)
{
	struct world *world = *state;

	(void)ask_for(world, "domain-1", "alpha.example");
	(void)wish_of(world, "domain-1", "demo");
	const struct domain_look *look = world->request.looks;

	assert_non_null(look);
	assert_null(look->next);
	assert_string_equal(look->domain, "alpha.example");
	assert_string_equal(look->enterprise, "demo");
	assert_string_equal(look->account, "alice");
	assert_int_equal(look->attempt, 1);
	assert_int_equal(look->at_ms, NOW);
	assert_false(look->failed);
	world->now_ms++;
	(void)find(world, "domain-1", 1);
	assert_ptr_equal(world->request.looks, look); /* the same row */
	assert_null(look->next);
	assert_true(look->failed);
	assert_int_equal(look->at_ms, NOW + 1);
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
		TEST(an_old_value_proves_until_its_own_end),
		TEST(no_more_than_three_values_are_alive),
		TEST(another_target_forgets_the_old_values),
		TEST(looks_are_made_by_the_published_schedule),
		TEST(a_proof_ends_the_schedule),
		TEST(the_end_of_the_request_ends_the_schedule),
		TEST(a_press_leaves_the_schedule_as_it_is),
		TEST(a_lost_look_of_the_schedule_is_made_again),
		TEST(only_a_list_of_seconds_is_a_schedule),
		TEST(a_domain_is_not_looked_at_more_often_than_allowed),
		TEST(an_account_that_fails_too_often_has_a_pause),
		TEST(looks_of_the_schedule_are_nobodys_failures),
		TEST(the_schedule_keeps_to_the_limit_of_the_domain),
		TEST(each_look_is_recorded),
		TEST(what_changes_nothing_marks_nothing),
		TEST(a_look_has_the_digest_of_its_method_and_value),
		TEST(only_named_methods_are_allowed),
		TEST(a_no_that_shows_something_is_worth_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
