/* SPDX-License-Identifier: Apache-2.0 */
/* it_visit.c: visits to a server that this test plays itself, on loopback, in the same loop. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/visit.h"
#include "tests/check.h"

#define TOTAL_MS 5000
#define HEARD_MAX 8192

struct world {
	struct event_base *base;
	struct cs_arena *arena;
	struct http_visitor *visitor;
	int listener, fd; /* fd: -1, nobody is there */
	uint16_t port;
	struct event *accepting, *reading;
	const char *says; /* as soon as the whole request was heard */
	char heard[HEARD_MAX];
	size_t len;
	unsigned met;
	/* copies of the result */
	enum http_fetch_reason reason;
	int status;
	char body[200], location[200], address[100];
};

/* What the head says of the content's length; SIZE_MAX: the head is not all there. */
static size_t
whole_of(const char *heard)
{
	const char *end = strstr(heard, "\r\n\r\n"), *length = strstr(heard, "Content-Length: ");

	if (end == NULL)
		return SIZE_MAX;
	const size_t head = (size_t)(end - heard) + 4;

	return length != NULL && length < end ? head + strtoul(length + 16, NULL, 10) : head;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;
	const ssize_t n = read(fd, world->heard + world->len, HEARD_MAX - 1 - world->len);

	(void)what;
	if (n > 0)
		world->len += (size_t)n;
	world->heard[world->len] = '\0';
	if (n > 0 && world->len < whole_of(world->heard))
		return;
	if (n > 0)
		assert_int_equal(write(fd, world->says, strlen(world->says)), strlen(world->says));
	event_free(world->reading);
	world->reading = NULL;
	(void)close(fd);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;

	(void)what;
	world->met++;
	world->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(world->fd >= 0);
	world->reading =
	    event_new(world->base, world->fd, EV_READ | EV_PERSIST, on_readable, world);
	assert_int_equal(event_add(world->reading, NULL), 0);
}

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	const char *dir = getenv("CS_HTTP_IT_DIR");

	assert_non_null(dir);
	*world = (struct world){ .base = event_base_new(), .arena = arena, .fd = -1 };
	world->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world->listener, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(world->listener, 4), 0);
	assert_int_equal(getsockname(world->listener, (struct sockaddr *)&in, &len), 0);
	world->port = ntohs(in.sin_port);
	world->accepting =
	    event_new(world->base, world->listener, EV_READ | EV_PERSIST, on_accept, world);
	assert_int_equal(event_add(world->accepting, NULL), 0);
	assert_int_equal(http_visitor_new(world->base, cs_arena_printf(arena, "%s/server.pem", dir),
			     "Countersign", &world->visitor, NULL),
	    CS_OK);
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	http_visitor_free(world->visitor);
	http_visitor_free(NULL);
	if (world->reading != NULL)
		event_free(world->reading);
	event_free(world->accepting);
	(void)close(world->listener);
	event_base_free(world->base);
	cs_arena_free(world->arena);
	return 0;
}

static void
on_done(void *arg, const struct http_visited *visited)
{
	struct world *world = arg;

	world->reason = visited->reason;
	world->status = visited->status;
	(void)snprintf(world->body, sizeof(world->body), "%.*s", (int)visited->body.len,
	    (const char *)visited->body.data);
	(void)snprintf(world->location, sizeof(world->location), "%s", visited->location);
	(void)snprintf(world->address, sizeof(world->address), "%s", visited->address);
	(void)event_base_loopbreak(world->base);
}

static void
visit(struct world *world, struct http_visit what)
{
	world->len = 0;
	world->heard[0] = '\0';
	what.host = "127.0.0.1";
	what.port = world->port;
	what.target = "/token?p=1";
	what.total_ms = TOTAL_MS;
	http_visit(world->visitor, &what, on_done, world);
	assert_int_equal(event_base_dispatch(world->base), 0);
}

#define SAYS(status, fields, body) "HTTP/1.1 " status "\r\nConnection: close\r\n" fields "\r\n" body
#define FORM "application/x-www-form-urlencoded"

static bool
heard(const struct world *world, const char *text)
{
	return strstr(world->heard, text) != NULL;
}

static void
asks_by_get(void **state)
{
	struct world *world = *state;

	world->says = SAYS("200 OK", "Content-Length: 4\r\n", "here");
	visit(world, (struct http_visit){ .reach = HTTP_REACH_LOOPBACK });
	assert_int_equal(world->reason, HTTP_FETCHED);
	assert_int_equal(world->status, 200);
	assert_string_equal(world->body, "here");
	assert_ptr_equal(strstr(world->heard, "GET /token?p=1 HTTP/1.1\r\n"), world->heard);
	assert_false(heard(world, "Content-Type:"));
}

static void
sends_what_it_is_given_as_what_it_is(void **state)
{
	struct world *world = *state;
	char type[] = FORM, field[] = "Authorization: Basic YTpi";
	struct http_visit what = { .post = { (const uint8_t *)"grant_type=x&code=y", 19 },
		.reach = HTTP_REACH_LOOPBACK };

	world->says = SAYS("200 OK", "Content-Length: 2\r\n", "{}");
	visit(world, what);
	assert_int_equal(world->reason, HTTP_FETCHED);
	assert_true(heard(world, "\r\nContent-Type: application/json\r\n"));
	assert_true(heard(world, "\r\n\r\ngrant_type=x&code=y"));
	what.post_type = type;
	what.field = field;
	visit(world, what);
	assert_int_equal(world->reason, HTTP_FETCHED);
	assert_ptr_equal(strstr(world->heard, "POST /token?p=1 HTTP/1.1\r\n"), world->heard);
	assert_true(heard(world, "\r\nContent-Type: " FORM "\r\n"));
	assert_true(heard(world, "\r\nAuthorization: Basic YTpi\r\n"));
	assert_false(heard(world, "json"));
	assert_false(heard(world, "Expect:"));
}

static void
goes_where_nobody_leads_it(void **state)
{
	struct world *world = *state;

	world->says =
	    SAYS("302 Found", "Location: http://127.0.0.1/else\r\nContent-Length: 0\r\n", "");
	visit(world, (struct http_visit){ .reach = HTTP_REACH_LOOPBACK });
	assert_int_equal(world->reason, HTTP_FETCHED);
	assert_int_equal(world->status, 302);
	assert_string_equal(world->location, "http://127.0.0.1/else");
	assert_int_equal(world->met, 1);
}

static void
goes_where_it_may_alone(void **state)
{
	static const enum http_reach reaches[] = { HTTP_REACH_PUBLIC, HTTP_REACH_INSIDE };
	struct world *world = *state;

	for (size_t i = 0; i < sizeof(reaches) / sizeof(reaches[0]); i++) {
		visit(world, (struct http_visit){ .reach = reaches[i] });
		assert_int_equal(world->reason, HTTP_FETCH_ADDRESS_REFUSED);
	}
	assert_int_equal(world->met, 0);
}

static void
reads_no_more_than_it_was_told_to(void **state)
{
	struct world *world = *state;
	struct http_visit what = { .reach = HTTP_REACH_LOOPBACK, .body_max = 4 };

	world->says = SAYS("200 OK", "Content-Length: 4\r\n", "here");
	visit(world, what);
	assert_int_equal(world->reason, HTTP_FETCHED);
	what.body_max = 3;
	visit(world, what);
	assert_int_equal(world->reason, HTTP_FETCH_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(asks_by_get, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    sends_what_it_is_given_as_what_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_where_nobody_leads_it, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_where_it_may_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(reads_no_more_than_it_was_told_to, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
