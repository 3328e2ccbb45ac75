/* SPDX-License-Identifier: Apache-2.0 */
/* it_dial.c: a connection to servers that this test plays itself, on loopback. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/dial.h"
#include "tests/check.h"

#define EVENTS_MAX 16

struct world {
	struct event_base *base;
	struct cs_arena *arena;
	struct http_address_rules rules;
	int listener;
	uint16_t port;
	struct event *accepting;
	int accepted; /* -1: nobody came */
	const char *says;
	bool hangs_up;
	struct http_dial *dial;
	enum http_dial_event events[EVENTS_MAX];
	size_t n;
	struct cs_buf heard;
};

static struct sockaddr_storage
at(const char *text, uint16_t port)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, text, &in.sin_addr), 1);
	memcpy(&storage, &in, sizeof(in));
	return storage;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)what;
	world->accepted = accept(fd, NULL, NULL);
	assert_true(world->accepted >= 0);
	if (world->says != NULL)
		assert_int_equal(write(world->accepted, world->says, strlen(world->says)),
		    (ssize_t)strlen(world->says));
	if (world->hangs_up)
		assert_int_equal(shutdown(world->accepted, SHUT_WR), 0);
}

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	struct sockaddr_storage bound = at("127.0.0.1", 0);
	socklen_t len = sizeof(bound);

	*world = (struct world){ .base = event_base_new(), .arena = arena, .accepted = -1 };
	assert_int_equal(
	    http_address_rules_parse("127.0.0.0/8", arena, &world->rules, NULL), CS_OK);
	world->heard = cs_buf_new(arena);
	world->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(
	    bind(world->listener, (const struct sockaddr *)&bound, sizeof(struct sockaddr_in)), 0);
	assert_int_equal(listen(world->listener, 0), 0);
	assert_int_equal(getsockname(world->listener, (struct sockaddr *)&bound, &len), 0);
	world->port = ntohs(((const struct sockaddr_in *)&bound)->sin_port);
	world->accepting =
	    event_new(world->base, world->listener, EV_READ | EV_PERSIST, on_accept, world);
	assert_int_equal(event_add(world->accepting, NULL), 0);
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	http_dial_free(world->dial);
	http_dial_free(NULL);
	event_free(world->accepting);
	(void)close(world->listener);
	if (world->accepted >= 0)
		(void)close(world->accepted);
	event_base_free(world->base);
	cs_arena_free(world->arena);
	return 0;
}

static void
on_told(void *arg, enum http_dial_event event, struct cs_span octets)
{
	struct world *world = arg;

	assert_true(world->n < EVENTS_MAX);
	world->events[world->n++] = event;
	cs_buf_add_span(&world->heard, octets);
	if (event == HTTP_DIAL_CONNECTED)
		http_dial_send(world->dial, cs_span_str("hello"));
	else if (event != HTTP_DIAL_HEARD)
		(void)event_base_loopbreak(world->base);
}

static void
dial(struct world *world, const char *const *addresses, struct http_dial_settings settings)
{
	struct sockaddr_storage items[4];

	for (; addresses[settings.count] != NULL; settings.count++)
		items[settings.count] = at(addresses[settings.count], 1);
	settings.addresses = items;
	settings.port = world->port;
	if (settings.connect_ms == 0)
		settings.connect_ms = 5000;
	if (settings.total_ms == 0)
		settings.total_ms = 10000;
	if (settings.octets_max == 0)
		settings.octets_max = 100;
	world->dial = http_dial_new(world->base, &settings, on_told, world);
	assert_int_equal(world->n, 0); /* nothing is told from within the call */
	(void)event_base_dispatch(world->base);
}

static void
expect(const struct world *world, const enum http_dial_event *want, size_t n)
{
	for (size_t i = 0; i < n && i < world->n; i++)
		if (world->events[i] != want[i])
			fail_msg("event %zu: got %d, want %d", i, world->events[i], want[i]);
	assert_int_equal(world->n, n);
}

static const char *const here[] = { "127.0.0.1", NULL };

static void
octets_come_and_go_until_the_peer_hangs_up(void **state)
{
	static const enum http_dial_event want[] = { HTTP_DIAL_CONNECTED, HTTP_DIAL_HEARD,
		HTTP_DIAL_CLOSED };
	struct world *world = *state;
	char got[8] = "";

	world->says = "good day";
	world->hangs_up = true;
	dial(world, here, (struct http_dial_settings){ .rules = world->rules });
	expect(world, want, COUNT(want));
	assert_true(cs_span_is(cs_buf_span(&world->heard), "good day"));
	assert_int_equal(read(world->accepted, got, sizeof(got)), 5);
	assert_string_equal(got, "hello");
}

static void
another_address_is_tried_where_nobody_answers(void **state)
{
	static const char *const addresses[] = { "127.0.0.9", "127.0.0.1", NULL };
	static const enum http_dial_event want[] = { HTTP_DIAL_CONNECTED, HTTP_DIAL_CLOSED };
	struct world *world = *state;
	const struct sockaddr_storage second = at("127.0.0.1", world->port);

	world->hangs_up = true;
	dial(world, addresses, (struct http_dial_settings){ .rules = world->rules });
	expect(world, want, COUNT(want));
	assert_memory_equal(http_dial_address(world->dial), &second, sizeof(struct sockaddr_in));
}

static void
nobody_answers(void **state)
{
	static const char *const addresses[] = { "127.0.0.9", "127.0.0.10", NULL };
	static const enum http_dial_event want[] = { HTTP_DIAL_NOT_CONNECTED };
	struct world *world = *state;

	dial(world, addresses, (struct http_dial_settings){ .rules = world->rules });
	expect(world, want, COUNT(want));
}

/* One address that is not public condemns the others: the server is there and is not spoken to. */
static void
no_address_is_tried_beside_one_that_is_not_public(void **state)
{
	static const char *const addresses[] = { "127.0.0.1", "10.0.0.1", NULL };
	static const enum http_dial_event want[] = { HTTP_DIAL_ADDRESS_REFUSED };
	struct world *world = *state;

	dial(world, addresses, (struct http_dial_settings){ .rules = world->rules });
	expect(world, want, COUNT(want));
	assert_non_null(strstr(http_dial_why_not(world->dial), "RFC 1918"));
	(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	assert_int_equal(world->accepted, -1);
}

static void
loopback_is_refused_without_a_rule(void **state)
{
	static const enum http_dial_event want[] = { HTTP_DIAL_ADDRESS_REFUSED };
	struct world *world = *state;

	dial(world, here, (struct http_dial_settings){ 0 });
	expect(world, want, COUNT(want));
	(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	assert_int_equal(world->accepted, -1);
}

static void
a_silent_server_is_left_in_time(void **state)
{
	static const enum http_dial_event want[] = { HTTP_DIAL_CONNECTED, HTTP_DIAL_TIMED_OUT };
	struct world *world = *state;

	dial(world, here, (struct http_dial_settings){ .rules = world->rules, .total_ms = 200 });
	expect(world, want, COUNT(want));
}

static void
a_talkative_server_is_cut_off(void **state)
{
	static const enum http_dial_event want[] = { HTTP_DIAL_CONNECTED, HTTP_DIAL_TOO_MUCH };
	struct world *world = *state;

	world->says = "eleven octs";
	dial(world, here, (struct http_dial_settings){ .rules = world->rules, .octets_max = 10 });
	expect(world, want, COUNT(want));
}

/* A full queue of connections is a server that does not answer at all. */
static void
a_connection_that_does_not_come_about_ends(void **state)
{
	static const enum http_dial_event want[] = { HTTP_DIAL_NOT_CONNECTED };
	struct world *world = *state;
	const struct sockaddr_storage to = at("127.0.0.1", world->port);
	int others[4];

	assert_int_equal(event_del(world->accepting), 0);
	for (size_t i = 0; i < COUNT(others); i++) {
		others[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(others[i], (const struct sockaddr *)&to, sizeof(struct sockaddr_in));
	}
	dial(world, here, (struct http_dial_settings){ .rules = world->rules, .connect_ms = 200 });
	expect(world, want, COUNT(want));
	for (size_t i = 0; i < COUNT(others); i++)
		(void)close(others[i]);
}

static void
a_connection_that_is_freed_says_nothing(void **state)
{
	struct world *world = *state;
	const struct sockaddr_storage items[] = { at("127.0.0.1", 1) };
	const struct http_dial_settings settings = { .addresses = items,
		.count = 1,
		.port = world->port,
		.rules = world->rules,
		.connect_ms = 1000,
		.total_ms = 1000,
		.octets_max = 10 };

	world->dial = http_dial_new(world->base, &settings, on_told, world);
	(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	http_dial_free(world->dial);
	world->dial = NULL;
	size_t told = world->n;

	(void)event_base_loop(world->base, EVLOOP_NONBLOCK);
	assert_int_equal(world->n, told);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(octets_come_and_go_until_the_peer_hangs_up),
		TEST(another_address_is_tried_where_nobody_answers),
		TEST(nobody_answers),
		TEST(no_address_is_tried_beside_one_that_is_not_public),
		TEST(loopback_is_refused_without_a_rule),
		TEST(a_silent_server_is_left_in_time),
		TEST(a_talkative_server_is_cut_off),
		TEST(a_connection_that_does_not_come_about_ends),
		TEST(a_connection_that_is_freed_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
