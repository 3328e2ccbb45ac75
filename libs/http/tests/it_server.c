/* SPDX-License-Identifier: Apache-2.0 */
/*
 * it_server.c: the server as a client sees it, over raw sockets on loopback.  Client and server share
 * one loop; the test waits for sockets, never for time.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"
#include "tests/check.h"

#define GUARD_S 10 /* a test that takes longer has failed */

struct world {
	struct event_base *base;
	struct http_server *server;
	struct event *guard;
	unsigned handled;          /* requests that reached a handler */
	struct http_request *kept; /* by /keep */
	struct http_stream *stream;
	unsigned closed; /* streams that ended */
	unsigned drained;
	struct http_seen seen;
	const struct http_route *matched; /* of the last echo */
	char query[64];
};

struct client {
	int fd;
	struct event *readable;
	char text[262144];
	size_t len;
	bool ended;
};

/* ---- The service under test ---- */

static void
on_echo(void *self, struct http_request *req)
{
	struct world *world = self;
	struct cs_buf out = cs_buf_new(http_request_arena(req));
	const char *query = http_request_query(req, "q"), *id = http_request_param(req, "id");
	const char *cookie = http_request_cookie(req, "c");
	const char *bearer = http_request_authorization(req, "Bearer");

	world->handled++;
	world->matched = http_request_route(req);
	(void)snprintf(world->query, sizeof(world->query), "%s", http_request_query_text(req));
	cs_buf_printf(&out,
	    "%s id=%s q=%s cookie=%s bearer=%s peer=%s json=%d body=", http_request_method(req),
	    id != NULL ? id : "-", query != NULL ? query : "-", cookie != NULL ? cookie : "-",
	    bearer != NULL ? bearer : "-", http_request_peer(req),
	    http_request_is_type(req, "application/json"));
	cs_buf_add_span(&out, http_request_body(req));
	http_reply(req, 200, "text/plain; charset=utf-8", cs_buf_span(&out), NULL);
}

static void
on_keep(void *self, struct http_request *req)
{
	struct world *world = self;

	world->handled++;
	world->kept = req;
	event_base_loopbreak(world->base);
}

static void
on_split(void *self, struct http_request *req)
{
	const struct http_header extra[] = { { "X-A", "b\r\nX-C: d" }, { 0 } };

	(void)self;
	http_reply(req, 200, "text/plain", cs_span_str("secret"), extra);
}

static void
on_problem(void *self, struct http_request *req)
{
	(void)self;
	http_reply_problem(req, &(struct http_problem){ .status = 422,
				    .detail = "a \"b\"\n\\",
				    .field = "csr",
				    .clause = "SBR 6.1.5",
				    .mend = "use 2048 bits",
				    .code = "KEY" });
}

static void
on_stream_closed(void *arg)
{
	struct world *world = arg;

	world->closed++;
	world->stream = NULL;
	event_base_loopbreak(world->base);
}

static void
on_stream(void *self, struct http_request *req)
{
	struct world *world = self;

	world->stream = http_stream_start(req, on_stream_closed, world);
	event_base_loopbreak(world->base);
}

static const struct http_route routes[] = {
	{ "GET", "/", on_echo },
	{ "POST", "/", on_echo },
	{ "GET", "/echo/{id}", on_echo },
	{ "PUT", "/echo/{id}", on_echo },
	{ "GET", "/keep", on_keep },
	{ "GET", "/split", on_split },
	{ "GET", "/problem", on_problem },
	{ "GET", "/stream", on_stream },
	{ 0 },
};

static void
on_seen(void *arg, const struct http_seen *seen)
{
	struct world *world = arg;

	world->seen = *seen;
}

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
world_start_with(struct world *world, struct http_server_settings settings)
{
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new() };
	settings.observe = on_seen;
	settings.observe_arg = world;
	if (settings.listen == NULL)
		settings.listen = "127.0.0.1:0";
	if (http_server_new(world->base, &settings, &world->server, &err) != CS_OK ||
	    http_server_add_routes(world->server, routes, world, &err) != CS_OK)
		fail_msg("%s", err.text);
	world->guard = evtimer_new(world->base, on_guard, NULL);
	event_add(world->guard, &(struct timeval){ GUARD_S, 0 });
}

static void
world_start(struct world *world, struct http_limits limits)
{
	world_start_with(world, (struct http_server_settings){ .limits = limits });
}

static void
world_stop(struct world *world)
{
	http_server_free(world->server);
	event_free(world->guard);
	event_base_free(world->base);
}

/* ---- The client ---- */

static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client *client = arg;
	ssize_t n = recv(fd, client->text + client->len, sizeof(client->text) - 1 - client->len, 0);

	(void)what;
	if (n > 0) {
		client->len += (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		client->ended = true;
		event_del(client->readable);
	}
	client->text[client->len] = '\0';
	event_base_loopbreak(event_get_base(client->readable));
}

static void
client_open(struct client *client, struct world *world)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(http_server_port(world->server)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	client->len = 0;
	client->text[0] = '\0';
	client->ended = false;
	client->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(client->fd, (struct sockaddr *)&to, sizeof(to)), 0);
	evutil_make_socket_nonblocking(client->fd);
	client->readable =
	    event_new(world->base, client->fd, EV_READ | EV_PERSIST, on_client, client);
	event_add(client->readable, NULL);
}

static void
client_send(struct client *client, const void *data, size_t len)
{
	assert_int_equal(send(client->fd, data, len, MSG_NOSIGNAL), len);
}

static void
client_say(struct client *client, const char *text)
{
	client_send(client, text, strlen(text));
}

static void
client_close(struct client *client)
{
	event_free(client->readable);
	close(client->fd);
}

/* Until the server has closed the connection. */
static void
read_to_end(struct world *world, struct client *client)
{
	while (!client->ended)
		event_base_dispatch(world->base);
}

static void
read_until(struct world *world, struct client *client, const char *text)
{
	while (strstr(client->text, text) == NULL && !client->ended)
		event_base_dispatch(world->base);
	if (strstr(client->text, text) == NULL)
		fail_msg("got \"%s\", want \"%s\" in it", client->text, text);
}

static int
status_of(const char *answer)
{
	int status = 0;

	return sscanf(answer, "HTTP/1.1 %d ", &status) == 1 ? status : -1;
}

static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
		n++;
	return n;
}

/* A refusal of the server's own says as much as one of a handler. */
static bool
says_why(const char *text)
{
	static const char *const members[] = { "\"detail\":\"", "\"clause\":\"", "\"mend\":\"",
		"\"code\":\"" };

	for (size_t i = 0; i < COUNT(members); i++)
		if (count(text, members[i]) != 1)
			return false;
	return true;
}

static struct client one, two, three; /* too large for the stack of a test */

static const char *
ask(struct world *world, const char *text)
{
	client_open(&one, world);
	client_say(&one, text);
	read_to_end(world, &one);
	client_close(&one);
	return one.text;
}

#define CLOSE "Connection: close\r\n"

/* ---- Tests ---- */

/* Each is refused with this status, closes, and what follows it never becomes a request. */
static void
refuses_what_could_be_understood_differently(void **state)
{
#define NEXT "GET /echo/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
#define TRAP(name, text, status)                     \
	{                                            \
		name, text, sizeof(text) - 1, status \
	}
	static const struct {
		const char *name;
		const char *text;
		size_t len;
		int want;
	} traps[] = {
		TRAP("unknown transfer coding",
		    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" NEXT, 400),
		TRAP("length and coding",
		    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
		    "chunked\r\n\r\n0\r\n\r\n" NEXT,
		    400),
		TRAP("two different lengths",
		    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: "
		    "5\r\n\r\n" NEXT,
		    400),
		TRAP("space before the colon",
		    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n" NEXT, 400),
		TRAP("length with a sign",
		    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc" NEXT, 400),
		TRAP("hexadecimal chunk size",
		    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		    "chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n" NEXT,
		    400),
		TRAP("folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n" NEXT, 400),
		TRAP("bare line feeds", "GET / HTTP/1.1\nHost: a\n\n" NEXT, 400),
		TRAP("NUL in a value", "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n" NEXT, 400),
		TRAP("no Host", "GET / HTTP/1.1\r\n\r\n" NEXT, 400),
		TRAP("two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" NEXT, 400),
		TRAP("absolute target", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 400),
		TRAP("control octet in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n" NEXT,
		    400),
		TRAP("dot segments", "GET /%2e%2e%2fetc HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 400),
		TRAP("unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n" NEXT, 501),
		TRAP("unknown version", "GET / HTTP/1.0\r\n\r\n" NEXT, 505),
		TRAP("long content",
		    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n" NEXT, 413),
		TRAP("long chunked content",
		    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n",
		    413),
		TRAP("unknown expectation",
		    "POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 1\r\n\r\n" NEXT,
		    417),
		TRAP("noise", "\x16\x03\x01\x05\x00", 400),
	};
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	for (size_t i = 0; i < COUNT(traps); i++) {
		client_open(&one, &world);
		client_send(&one, traps[i].text, traps[i].len);
		read_to_end(&world, &one);
		if (status_of(one.text) != traps[i].want || count(one.text, "HTTP/1.1 ") != 1 ||
		    strstr(one.text, CLOSE) == NULL || !says_why(one.text))
			fail_msg("%s: got \"%s\", want %d", traps[i].name, one.text, traps[i].want);
		client_close(&one);
	}
	assert_int_equal(world.handled, 0);
	world_stop(&world);
}

static void
refuses_too_many_octets_of_header(void **state)
{
	static char text[20000];
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	strcpy(text, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
	memset(text + strlen(text), 'x', sizeof(text) - strlen(text) - 1);
	assert_int_equal(status_of(ask(&world, text)), 431);
	world_stop(&world);
}

static void
hands_over_what_was_asked(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	ask(&world, "GET /echo/%C3%A9?q=a%20b+c HTTP/1.1\r\nHost: a\r\nCookie: a=b; c=1\r\nCookie: "
		    "d=e\r\nAuthorization: bearer T0k\r\n" CLOSE "\r\n");
	assert_non_null(strstr(
	    one.text, "GET id=\xc3\xa9 q=a b c cookie=1 bearer=T0k peer=127.0.0.1 json=0 body="));
	assert_non_null(strstr(one.text, "\r\nContent-Type: text/plain; charset=utf-8\r\n"));
	assert_non_null(strstr(one.text, "\r\nX-Content-Type-Options: nosniff\r\n"));
	assert_non_null(strstr(one.text, "\r\nCache-Control: no-store\r\n"));
	assert_string_equal(world.seen.pattern, "/echo/{id}");
	assert_int_equal(world.seen.status, 200);
	assert_ptr_equal(world.matched, &routes[2]);
	assert_string_equal(world.query, "q=a%20b+c");
	ask(&world,
	    "GET / HTTP/1.1\r\nHost: a\r\nCookie: c=1; c=2\r\nAuthorization: Basic x\r\n" CLOSE
	    "\r\n");
	assert_non_null(strstr(one.text, " q=- cookie=- bearer=- "));
	assert_string_equal(world.query, "");
	world_stop(&world);
}

static void
reads_content_in_each_framing(void **state)
{
	static const char *const requests[] = {
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json;x=y\r\n"
		"Content-Length: 5\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
		"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	};
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	for (size_t i = 0; i < COUNT(requests); i++) {
		ask(&world, requests[i]);
		assert_non_null(strstr(one.text, "json=1 body=hello"));
		assert_non_null(strstr(one.text, CLOSE)); /* POST never leaves a connection open */
		client_open(&one, &world);
		for (const char *p = requests[i]; *p != '\0'; p++) { /* octet by octet */
			client_send(&one, p, 1);
			event_base_loop(world.base, EVLOOP_NONBLOCK);
		}
		read_to_end(&world, &one);
		assert_non_null(strstr(one.text, "json=1 body=hello"));
		client_close(&one);
	}
	world_stop(&world);
}

static void
reads_the_largest_content(void **state)
{
	static char text[66000];
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	int len = snprintf(
	    text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n");

	memset(text + len, 'z', 65536);
	client_open(&one, &world);
	client_send(&one, text, (size_t)len + 65536);
	read_to_end(&world, &one);
	assert_int_equal(status_of(one.text), 200);
	assert_int_equal(strspn(strstr(one.text, "body=") + 5, "z"), 65536);
	client_close(&one);
	world_stop(&world);
}

static void
asks_for_the_content_it_wants(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	client_open(&one, &world);
	client_say(&one, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
			 "Expect: 100-continue\r\n\r\n");
	read_until(&world, &one, "HTTP/1.1 100 Continue\r\n\r\n");
	client_say(&one, "hello");
	read_to_end(&world, &one);
	assert_non_null(strstr(one.text, "body=hello"));
	client_close(&one);
	world_stop(&world);
}

static void
answers_in_order_on_one_connection(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	client_open(&one, &world);
	client_say(&one,
	    "GET /echo/1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /echo/2 HTTP/1.1\r\nHost: a\r\n"
	    "\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /echo/3 HTTP/1.1\r\n"
	    "Host: a\r\nConnection: close\r\n\r\n");
	read_to_end(&world, &one);
	assert_int_equal(count(one.text, "HTTP/1.1 200 OK\r\n"), 3);
	assert_int_equal(count(one.text, "HTTP/1.1 404 Not Found\r\n"), 1);
	assert_int_equal(count(one.text, CLOSE), 1);
	assert_int_equal(count(one.text, "id=2"), 0); /* HEAD has no content, but its length */
	assert_int_equal(count(one.text, "Content-Length: 58\r\n"), 2);
	assert_int_equal(count(one.text, "Content-Length: 59\r\n"), 1);
	assert_true(strstr(one.text, "id=1") < strstr(one.text, "404"));
	assert_true(strstr(one.text, "404") < strstr(one.text, "id=3"));
	client_close(&one);
	world_stop(&world);
}

static void
says_which_methods_a_path_has(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	ask(&world, "DELETE / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
	assert_int_equal(status_of(one.text), 405);
	assert_true(says_why(one.text));
	assert_non_null(strstr(one.text, "\r\nAllow: GET, HEAD, POST\r\n"));
	assert_non_null(strstr(one.text, "\r\nContent-Type: application/problem+json\r\n"));
	world_stop(&world);
}

static void
knows_its_own_names_only(void **state)
{
	static const char *const hosts[] = { "ra.example", "localhost", NULL };
	struct world world;

	(void)state;
	world_start_with(&world, (struct http_server_settings){ .hosts = hosts });
	assert_int_equal(
	    status_of(ask(&world, "GET / HTTP/1.1\r\nHost: RA.example:81\r\n" CLOSE "\r\n")), 200);
	assert_int_equal(
	    status_of(ask(&world, "GET / HTTP/1.1\r\nHost: ra.example.\r\n" CLOSE "\r\n")), 421);
	assert_int_equal(
	    status_of(ask(&world, "GET / HTTP/1.1\r\nHost: evil.example\r\n" CLOSE "\r\n")), 421);
	world_stop(&world);
}

static void
writes_problems_as_rfc_9457_says(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	ask(&world, "GET /problem HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
	assert_int_equal(status_of(one.text), 422);
	assert_non_null(strstr(one.text,
	    "\r\n\r\n{\"type\":\"about:blank\",\"title\":\"Unprocessable Content\",\"status\":422,"
	    "\"detail\":\"a \\\"b\\\"\\u000a\\\\\",\"field\":\"csr\",\"clause\":\"SBR 6.1.5\","
	    "\"mend\":\"use 2048 bits\",\"code\":\"KEY\"}\n"));
	world_stop(&world);
}

static void
never_lets_a_handler_split_an_answer(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	ask(&world, "GET /split HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
	assert_int_equal(status_of(one.text), 500);
	assert_null(strstr(one.text, "X-C:"));
	assert_null(strstr(one.text, "secret"));
	world_stop(&world);
}

static void
answers_later(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ .idle_ms = 20, .request_ms = 20, .head_ms = 20 });
	client_open(&one, &world);
	client_say(&one, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n"
			 "Connection: close\r\n\r\n");
	while (world.kept == NULL)
		event_base_dispatch(world.base);
	client_open(&two, &world); /* which is closed for idling while the other one waits */
	read_to_end(&world, &two);
	assert_int_equal(two.len, 0);
	assert_false(http_request_gone(world.kept));
	http_reply(world.kept, 200, "text/plain", cs_span_str("late"), NULL);
	read_to_end(&world, &one);
	assert_non_null(strstr(one.text, "\r\n\r\nlateHTTP/1.1 200 OK\r\n"));
	client_close(&one);
	client_close(&two);
	world_stop(&world);
}

static void
answers_nobody_when_the_client_has_left(void **state)
{
	struct world world;
	const struct linger reset = { 1, 0 };

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	client_open(&one, &world);
	client_say(&one, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	while (world.kept == NULL)
		event_base_dispatch(world.base);
	setsockopt(one.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&one);
	while (http_server_connections(world.server) > 0)
		event_base_loop(world.base, EVLOOP_ONCE);
	assert_true(http_request_gone(world.kept));
	assert_int_equal(world.seen.status, 0);
	assert_string_equal(http_request_path(world.kept), "/keep");
	http_reply(world.kept, 200, "text/plain", cs_span_str("late"), NULL);
	world_stop(&world);
}

static void
a_request_outlives_its_server(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	client_open(&one, &world);
	client_say(&one, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	while (world.kept == NULL)
		event_base_dispatch(world.base);
	http_server_free(world.server);
	world.server = NULL;
	assert_true(http_request_gone(world.kept));
	http_reply_problem(world.kept, &(struct http_problem){ .status = 503 });
	client_close(&one);
	world_stop(&world);
}

static void
a_half_closed_client_gets_its_answer(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	client_open(&one, &world);
	client_say(&one, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
	shutdown(one.fd, SHUT_WR);
	read_to_end(&world, &one);
	assert_int_equal(status_of(one.text), 200);
	client_close(&one);
	world_stop(&world);
}

static void
slow_senders_meet_their_deadline(void **state)
{
	static const struct {
		const char *name, *sent;
		struct http_limits limits;
		int want; /* -1: closed without an answer */
	} cases[] = {
		{ "nothing", "", { .idle_ms = 30 }, -1 },
		{ "half a head", "GET / HTTP/1.1\r\nHo", { .head_ms = 30 }, 408 },
		{ "half a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel",
		    { .request_ms = 30 }, 408 },
		{ "idle after an answer", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", { .idle_ms = 30 },
		    200 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;

		world_start(&world, cases[i].limits);
		if (status_of(ask(&world, cases[i].sent)) != cases[i].want)
			fail_msg("%s: got \"%s\", want %d", cases[i].name, one.text, cases[i].want);
		world_stop(&world);
	}
}

/* The deadline counts from the first octet: sending one now and then does not move it. */
static void
dripping_does_not_help(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ .head_ms = 60, .idle_ms = 20 });
	client_open(&one, &world);
	client_say(&one, "G");
	while (!one.ended) {
		(void)!send(one.fd, "E", 1, MSG_NOSIGNAL);
		client_open(&two, &world); /* its idle end is the clock of this test */
		read_to_end(&world, &two);
		client_close(&two);
		if (one.len > 0)
			break;
	}
	assert_int_equal(status_of(one.text), 408);
	client_close(&one);
	world_stop(&world);
}

static void
limits_connections_per_source_and_in_all(void **state)
{
	static const struct {
		struct http_limits limits;
		int want;
	} cases[] = {
		{ { .per_source = 2 }, 429 },
		{ { .total = 2 }, 503 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;

		world_start(&world, cases[i].limits);
		client_open(&one, &world);
		client_open(&two, &world);
		client_open(&three, &world);
		read_to_end(&world, &three);
		assert_int_equal(status_of(three.text), cases[i].want);
		assert_true(says_why(three.text));
		assert_int_equal(http_server_connections(world.server), 2);
		client_say(&two, "GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
		read_to_end(&world, &two); /* those that are in are served */
		assert_int_equal(status_of(two.text), 200);
		client_close(&two);
		client_close(&three);
		while (http_server_connections(world.server) > 1)
			event_base_loop(world.base, EVLOOP_ONCE);
		client_open(&three, &world);
		client_say(&three, "GET / HTTP/1.1\r\nHost: a\r\n" CLOSE "\r\n");
		read_to_end(&world, &three);
		assert_int_equal(status_of(three.text), 200);
		client_close(&three);
		client_close(&one);
		world_stop(&world);
	}
}

static void
stream_open(struct world *world, struct client *client)
{
	client_open(client, world);
	client_say(client, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	while (world->stream == NULL)
		event_base_dispatch(world->base);
}

static void
streams_events(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ .stream_quiet_ms = 30, .idle_ms = 30 });
	stream_open(&world, &one);
	assert_true(http_stream_event(
	    world.stream, &(struct http_event){ "7", "progress", cs_span_str("a\nb\r\nc\rd\n") }));
	assert_true(
	    http_stream_event(world.stream, &(struct http_event){ .data = cs_span_str("") }));
	assert_false(http_stream_event(world.stream,
	    &(struct http_event){ .id = "7\ndata: forged", .data = cs_span_str("x") }));
	assert_false(
	    http_stream_event(world.stream, &(struct http_event){ .data = cs_span_str("\xff") }));
	read_until(&world, &one,
	    "\r\n\r\nid: 7\nevent: progress\n"
	    "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\ndata: \n\n");
	assert_non_null(strstr(one.text, "\r\nContent-Type: text/event-stream\r\n"));
	assert_null(strstr(one.text, "forged"));
	read_until(&world, &one, ":\n\n:\n\n"); /* twice, so the silence is measured again */
	assert_true(http_stream_event(
	    world.stream, &(struct http_event){ .id = "8", .data = cs_span_str("the last") }));
	http_stream_close(world.stream);
	assert_false(http_stream_event(world.stream, &(struct http_event){ "9", NULL, { 0 } }));
	read_to_end(&world, &one);
	assert_non_null(strstr(one.text, "id: 8\ndata: the last\n\n"));
	client_close(&one);
	while (world.closed == 0)
		event_base_dispatch(world.base);
	assert_int_equal(world.closed, 1);
	world_stop(&world);
}

static void
notices_that_the_reader_of_a_stream_left(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	stream_open(&world, &one);
	client_close(&one);
	while (world.closed == 0)
		event_base_dispatch(world.base);
	assert_int_equal(http_server_connections(world.server), 0);
	world_stop(&world);
	assert_int_equal(world.closed, 1);
}

static void
drops_the_reader_of_a_stream_that_does_not_read(void **state)
{
	static char chunk[16000];
	struct world world;
	struct http_event event = { .data = { (const uint8_t *)chunk, sizeof(chunk) } };
	unsigned sent = 0;

	(void)state;
	memset(chunk, 'x', sizeof(chunk));
	world_start(&world, (struct http_limits){ 0 });
	stream_open(&world, &one);
	event_del(one.readable);
	while (http_stream_event(world.stream, &event)) {
		event_base_loop(world.base, EVLOOP_NONBLOCK);
		assert_true(sent++ < 2000);
	}
	assert_int_equal(world.closed, 0); /* not from within the call */
	while (world.closed == 0)
		event_base_dispatch(world.base);
	client_close(&one);
	world_stop(&world);
}

static void
a_stream_ends_with_its_server(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	stream_open(&world, &one);
	client_close(&one);
	world_stop(&world);
	assert_int_equal(world.closed, 1);
}

static void
on_drained(void *arg)
{
	struct world *world = arg;

	world->drained++;
	event_base_loopbreak(world->base);
}

static void
drains(void **state)
{
	struct world world;
	uint16_t port;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	port = http_server_port(world.server);
	client_open(&one, &world); /* idle */
	stream_open(&world, &two);
	client_open(&three, &world);
	client_say(&three, "GET /keep HTTP/1.1\r\nHost: a\r\n\r\n");
	while (world.kept == NULL)
		event_base_dispatch(world.base);
	http_server_drain(world.server, on_drained, &world);
	read_to_end(&world, &one);
	read_to_end(&world, &two);
	assert_int_equal(world.closed, 1);
	assert_int_equal(world.drained, 0);
	http_reply(world.kept, 200, "text/plain", cs_span_str("last"), NULL);
	read_to_end(&world, &three);
	assert_non_null(strstr(three.text, CLOSE));
	assert_non_null(strstr(three.text, "last"));
	client_close(&one);
	client_close(&two);
	client_close(&three);
	while (world.drained == 0)
		event_base_dispatch(world.base);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	close(fd);
	world_stop(&world);
	assert_int_equal(world.drained, 1);
}

static void
drains_at_once_when_nobody_is_there(void **state)
{
	struct world world;

	(void)state;
	world_start(&world, (struct http_limits){ 0 });
	http_server_drain(world.server, on_drained, &world);
	assert_int_equal(world.drained, 0);
	event_base_dispatch(world.base);
	assert_int_equal(world.drained, 1);
	world_stop(&world);
}

static void
refuses_addresses_that_it_cannot_listen_on(void **state)
{
	static const char *const bad[] = { "", "127.0.0.1", "localhost:80", "127.0.0.1:99999",
		"127.0.0.1:x", ":80" };
	struct event_base *base = event_base_new();
	struct http_server *server = NULL;
	struct cs_err err;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (http_server_new(base, &(struct http_server_settings){ .listen = bad[i] },
			&server, &err) != CS_MALFORMED)
			fail_msg("\"%s\": was accepted", bad[i]);
	assert_int_equal(
	    http_server_new(
		base, &(struct http_server_settings){ .listen = "192.0.2.1:0" }, &server, &err),
	    CS_UNAVAILABLE);
	assert_null(server);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_could_be_understood_differently),
		cmocka_unit_test(refuses_too_many_octets_of_header),
		cmocka_unit_test(hands_over_what_was_asked),
		cmocka_unit_test(reads_content_in_each_framing),
		cmocka_unit_test(reads_the_largest_content),
		cmocka_unit_test(asks_for_the_content_it_wants),
		cmocka_unit_test(answers_in_order_on_one_connection),
		cmocka_unit_test(says_which_methods_a_path_has),
		cmocka_unit_test(knows_its_own_names_only),
		cmocka_unit_test(writes_problems_as_rfc_9457_says),
		cmocka_unit_test(never_lets_a_handler_split_an_answer),
		cmocka_unit_test(answers_later),
		cmocka_unit_test(answers_nobody_when_the_client_has_left),
		cmocka_unit_test(a_request_outlives_its_server),
		cmocka_unit_test(a_half_closed_client_gets_its_answer),
		cmocka_unit_test(slow_senders_meet_their_deadline),
		cmocka_unit_test(dripping_does_not_help),
		cmocka_unit_test(limits_connections_per_source_and_in_all),
		cmocka_unit_test(streams_events),
		cmocka_unit_test(notices_that_the_reader_of_a_stream_left),
		cmocka_unit_test(drops_the_reader_of_a_stream_that_does_not_read),
		cmocka_unit_test(a_stream_ends_with_its_server),
		cmocka_unit_test(drains),
		cmocka_unit_test(drains_at_once_when_nobody_is_there),
		cmocka_unit_test(refuses_addresses_that_it_cannot_listen_on),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
