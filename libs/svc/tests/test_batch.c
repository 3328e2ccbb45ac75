/* SPDX-License-Identifier: Apache-2.0 */
/* A toy service, counters by key, run through the real batch code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "svc/internal.h"
#include "svc/svc_test.h"

#include <cmocka.h>

#define KEYS 8

struct counter {
	struct cs_id key;
	uint32_t value, writes;
};

/* The store: its state in plain sight, and it can be told to fail. */
struct toy {
	struct counter rows[KEYS];
	const char *poison; /* saving this key fails */
	int conflicts;      /* so many saves say CONFLICT first */
};

static struct cs_id
key_of(const char *text)
{
	uint8_t octets[16] = { 0 };

	memcpy(octets, text, strlen(text));
	return cs_id_from_digest(octets);
}

static enum cs_code
read_number(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	if (ev->body.len != 2)
		return cs_fail(err, CS_MALFORMED, "want two letters");
	ev->key = key_of(cs_arena_strndup(ev->arena, (const char *)ev->body.data, 1));
	ev->what = ev->body.data + 1;
	return CS_OK;
}

static enum cs_code
read_plain(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	(void)err;
	ev->what = ev->body.data + 1;
	return CS_OK;
}

static void
on_add(const void *self, struct svc_event *ev)
{
	struct counter *counter = ev->state;
	const char *what = ev->what;

	(void)self;
	counter->value = counter->value * 10 + (uint32_t)(*what - '0');
	svc_emit(ev, "toy.added", cs_span_of(what, 1));
	if (*what == '9')
		svc_work(ev, "shout", cs_span_str("nine"), ev->now_ms + 5);
	svc_reply(ev, 200, cs_span_of(what, 1));
}

static struct counter *
row_of(struct toy *toy, struct cs_id key)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (cs_id_is_zero(toy->rows[i].key))
			toy->rows[i].key = key;
		if (cs_id_equal(toy->rows[i].key, key))
			return &toy->rows[i];
	}
	return NULL;
}

static enum cs_code
load(struct svc_batch *batch, struct cs_err *err)
{
	struct toy *toy = (struct toy *)(uintptr_t)batch->self;

	(void)err;
	for (size_t i = 0; i < batch->n; i++) {
		struct counter *copy = CS_NEW(batch->arena, struct counter);

		*copy = *row_of(toy, batch->aggregates[i].key);
		batch->aggregates[i].state = copy;
	}
	return CS_OK;
}

static enum cs_code
save(struct svc_batch *batch, struct cs_err *err)
{
	struct toy *toy = (struct toy *)(uintptr_t)batch->self;

	if (toy->conflicts > 0) {
		toy->conflicts--;
		return cs_fail(err, CS_CONFLICT, "somebody was faster");
	}
	for (size_t i = 0; i < batch->n; i++)
		if (toy->poison != NULL &&
		    cs_id_equal(batch->aggregates[i].key, key_of(toy->poison)))
			return cs_fail(err, CS_INTERNAL, "poisoned");
	for (size_t i = 0; i < batch->n; i++) {
		struct counter *row = row_of(toy, batch->aggregates[i].key);
		const struct counter *state = batch->aggregates[i].state;

		row->value = state->value;
		row->writes++;
	}
	return CS_OK;
}

static const struct svc_route routes[] = {
	{ "toy.add", read_number, on_add },
	{ "toy.plain", read_plain, on_add },
	{ NULL, NULL, NULL },
};

static struct svc_service
toy_service(struct toy *toy)
{
	return (struct svc_service){ .name = "toy",
		.mode = SVC_BATCH,
		.self = toy,
		.routes = routes,
		.load = load,
		.save = save };
}

static struct svc_test_event
add(const char *id, const char *body)
{
	return (struct svc_test_event){ .id = id, .subject = "toy.add", .body = cs_span_str(body) };
}

static void
folds_the_events_of_one_key_in_order_of_arrival(void **state)
{
	struct toy toy = { 0 };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = { add("e1", "a1"), add("e2", "b7"), add("e3", "a2"),
		add("e4", "a3"), add("e5", "b8") };

	(void)state;
	svc_test_run(test, events, 5);
	assert_int_equal(row_of(&toy, key_of("a"))->value, 123);
	assert_int_equal(row_of(&toy, key_of("b"))->value, 78);
	assert_int_equal(row_of(&toy, key_of("a"))->writes, 1);
	assert_int_equal(svc_test_count(test, "toy.added"), 5);
	svc_test_free(test);
}

/* The receivers' inboxes would take two events of one identifier for the same. */
static void
each_of_many_events_has_an_identifier_of_its_own(void **state)
{
	struct svc_outgoing out = { .events_tail = &out.events };
	struct svc_event ev = { .arena = cs_arena_new(), .now_ms = 1000, .outgoing = &out };

	(void)state;
	ev.random[0] = 1;
	for (size_t i = 0; i < 600; i++)
		svc_emit(&ev, "toy.added", cs_span_str(""));
	for (const struct out_event *a = out.events; a != NULL; a = a->next)
		for (const struct out_event *b = a->next; b != NULL; b = b->next)
			assert_false(cs_id_equal(a->id, b->id));
	cs_arena_free(ev.arena);
}

static void
an_event_that_comes_twice_changes_nothing(void **state)
{
	struct toy toy = { 0 };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = { add("e1", "a1"), add("e1", "a1"),
		add("e2", "a2") };

	(void)state;
	svc_test_run(test, events, 3);
	svc_test_run(test, events, 3);
	assert_int_equal(row_of(&toy, key_of("a"))->value, 12);
	assert_int_equal(svc_test_count(test, "toy.added"), 2);
	svc_test_free(test);
}

static void
a_poisoned_event_hurts_no_neighbour(void **state)
{
	struct toy toy = { .poison = "b" };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = { add("e1", "a1"), add("e2", "b2"),
		add("e3", "c3") };

	(void)state;
	svc_test_run(test, events, 3);
	assert_true(svc_test_acked(test, "e1"));
	assert_false(svc_test_acked(test, "e2"));
	assert_true(svc_test_acked(test, "e3"));
	assert_int_equal(svc_test_count(test, "toy.added"), 2);
	svc_test_free(test);
}

static void
a_conflict_runs_the_batch_again_from_what_is_stored(void **state)
{
	struct toy toy = { .conflicts = 3 };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = { add("e1", "a1"), add("e2", "a9") };

	(void)state;
	svc_test_run(test, events, 2);
	assert_int_equal(row_of(&toy, key_of("a"))->value, 19);
	assert_int_equal(svc_test_count(test, "toy.added"), 2);
	assert_int_equal(svc_test_count(test, "work.shout"), 1);
	assert_int_equal(svc_test_out(test, "work.shout", 0)->due_ms, 1005);
	svc_test_free(test);
}

static void
what_cannot_be_read_is_not_run(void **state)
{
	struct toy toy = { 0 };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = { add("e1", "a"), add("e2", "a4"),
		{ .id = "e3", .subject = "toy.unknown", .body = cs_span_str("a5") } };
	uint32_t status;
	struct cs_span body;

	(void)state;
	svc_test_run(test, events, 3);
	assert_false(svc_test_acked(test, "e1"));
	assert_false(svc_test_acked(test, "e3"));
	assert_int_equal(row_of(&toy, key_of("a"))->value, 4);
	assert_true(svc_test_reply(test, "e2", &status, &body));
	assert_int_equal(status, 200);
	assert_true(cs_span_is(body, "4"));
	svc_test_free(test);
}

/* It would share its state with all others that have none. */
static void
an_event_without_a_key_is_not_run(void **state)
{
	struct toy toy = { 0 };
	struct svc_service service = toy_service(&toy);
	struct svc_test *test = svc_test_new(&service, 1000);
	const struct svc_test_event events[] = {
		{ .id = "e1", .subject = "toy.plain", .body = cs_span_str("a1") },
		{ .id = "e2",
		    .subject = "toy.plain",
		    .body = cs_span_str("a2"),
		    .key = key_of("a") }
	};

	(void)state;
	svc_test_run(test, events, 2);
	assert_false(svc_test_acked(test, "e1"));
	assert_true(svc_test_acked(test, "e2"));
	assert_int_equal(row_of(&toy, key_of("a"))->value, 2);
	svc_test_free(test);
}

static void
lists_lose_their_blanks_and_empty_parts(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char **parts;

	(void)state;
	assert_int_equal(svc_list(arena, " a, b,,c ", &parts), 3);
	assert_string_equal(parts[0], "a");
	assert_string_equal(parts[2], "c");
	assert_int_equal(svc_list(arena, "", &parts), 0);
	cs_arena_free(arena);
}

/* The inbox knows an event by its identifier and this number. */
static void
each_subject_has_a_number_of_its_own(void **state)
{
	size_t n;
	const struct catalogue_event *events = catalogue_events(&n);

	(void)state;
	assert_true(n > 30);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(
			    subject_number(events[i].subject), subject_number(events[k].subject));
	/* For ever: what was written yesterday is looked for tomorrow. */
	assert_true(subject_number("plan.final") == INT64_C(-8435337832015150644));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_the_events_of_one_key_in_order_of_arrival),
		cmocka_unit_test(each_of_many_events_has_an_identifier_of_its_own),
		cmocka_unit_test(an_event_that_comes_twice_changes_nothing),
		cmocka_unit_test(a_poisoned_event_hurts_no_neighbour),
		cmocka_unit_test(a_conflict_runs_the_batch_again_from_what_is_stored),
		cmocka_unit_test(what_cannot_be_read_is_not_run),
		cmocka_unit_test(an_event_without_a_key_is_not_run),
		cmocka_unit_test(lists_lose_their_blanks_and_empty_parts),
		cmocka_unit_test(each_subject_has_a_number_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
