/* SPDX-License-Identifier: Apache-2.0 */
/* it_fetch.c: the fetcher against hostile_server.py, which run-it.sh starts. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "http/fetch.h"
#include "http/transfer.h"
#include "tests/check.h"

#define WEB "http://web.customer.example"

struct world {
	struct event_base *base;
	struct event *guard;
	struct http_fetcher *fetcher;
	struct cs_arena *arena;
	struct http_address_rules rules;
	struct http_resolution *kept; /* of the name "later" */
	unsigned resolved, done;
	char resolved_last[256];
	/* copies of the last result */
	enum http_fetch_reason reason;
	int status;
	char body[2000], text[300], last_url[2400];
	size_t hop_count, body_len;
	struct http_hop hops[12];
	bool free_in_done;
};

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	fprintf(stderr, "the test waits for something that does not come\n");
	abort();
}

static const char *
env(const char *name)
{
	const char *value = getenv(name);

	if (value == NULL)
		fail_msg("%s is not set: use run-it.sh", name);
	return value;
}

static struct sockaddr_storage
v4(const char *text)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *address = (struct sockaddr_in *)&storage;

	address->sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &address->sin_addr), 1);
	return storage;
}

/* The DNS of these tests.  127.0.0.2 is allowed too, but nobody listens there. */
static void
resolve(void *arg, const char *host, struct http_resolution *ticket)
{
	struct world *world = arg;
	const struct sockaddr_storage web[] = { v4("127.0.0.1") };
	const struct sockaddr_storage fallback[] = { v4("127.0.0.2"), v4("127.0.0.1") };
	const struct sockaddr_storage private[] = { v4("127.0.0.3") };
	const struct sockaddr_storage mixed[] = { v4("127.0.0.1"), v4("10.0.0.1") };
	const struct sockaddr_storage dead[] = { v4("127.0.0.2") };

	world->resolved++;
	snprintf(world->resolved_last, sizeof(world->resolved_last), "%s", host);
	if (strcmp(host, "web.customer.example") == 0 ||
	    strcmp(host, "other.customer.example") == 0)
		http_resolved(ticket, web, 1, NULL);
	else if (strcmp(host, "fallback.customer.example") == 0)
		http_resolved(ticket, fallback, 2, NULL);
	else if (strcmp(host, "private.customer.example") == 0)
		http_resolved(ticket, private, 1, NULL);
	else if (strcmp(host, "mixed.customer.example") == 0)
		http_resolved(ticket, mixed, 2, NULL);
	else if (strcmp(host, "dead.customer.example") == 0)
		http_resolved(ticket, dead, 1, NULL);
	else if (strcmp(host, "later.customer.example") == 0)
		world->kept = ticket;
	else
		http_resolved(ticket, NULL, 0, "no such name");
}

static struct http_fetcher_settings
settings_of(struct world *world)
{
	assert_int_equal(http_address_rules_parse(
			     "127.0.0.1/32,127.0.0.2/32", world->arena, &world->rules, NULL),
	    CS_OK);
	return (struct http_fetcher_settings){
		.resolve = resolve,
		.resolve_arg = world,
		.rules = world->rules,
		.user_agent = "Countersign-test",
		.test_port_http = (uint16_t)atoi(env("CS_HTTP_IT_PORT")),
		.test_port_https = (uint16_t)atoi(env("CS_HTTP_IT_TLS_PORT")),
	};
}

static void
world_prepare(struct world *world)
{
	*world = (struct world){ .base = event_base_new(), .arena = cs_arena_new() };
	world->guard = evtimer_new(world->base, on_guard, NULL);
	event_add(world->guard, &(struct timeval){ 30, 0 });
}

static void
world_open(struct world *world, const struct http_fetcher_settings *settings)
{
	assert_int_equal(http_fetcher_new(world->base, settings, &world->fetcher, NULL), CS_OK);
}

static void
world_start(struct world *world)
{
	world_prepare(world);
	const struct http_fetcher_settings settings = settings_of(world);

	world_open(world, &settings);
}

static void
world_stop(struct world *world)
{
	http_fetcher_free(world->fetcher);
	event_free(world->guard);
	event_base_free(world->base);
	cs_arena_free(world->arena);
}

static void
on_done(void *arg, const struct http_fetch_result *result)
{
	struct world *world = arg;

	world->done++;
	world->reason = result->reason;
	world->status = result->status;
	world->body_len = result->body.len;
	assert_true(result->body.len < sizeof(world->body));
	if (result->body.len > 0)
		memcpy(world->body, result->body.data, result->body.len);
	world->body[result->body.len] = '\0';
	snprintf(world->text, sizeof(world->text), "%s", result->text);
	world->hop_count = result->hop_count;
	memcpy(world->hops, result->hops, result->hop_count * sizeof(result->hops[0]));
	if (result->hop_count > 0)
		snprintf(world->last_url, sizeof(world->last_url), "%s",
		    result->hops[result->hop_count - 1].url);
	if (world->free_in_done) {
		http_fetcher_free(world->fetcher);
		world->fetcher = NULL;
	}
	event_base_loopbreak(world->base);
}

static void
fetch(struct world *world, const char *url)
{
	unsigned before = world->done;

	http_fetch(world->fetcher, url, on_done, world);
	assert_int_equal(world->done, before);
	while (world->done == before)
		event_base_dispatch(world->base);
}

static void
fetches_or_says_why_not(void **state)
{
	static const struct {
		const char *url;
		enum http_fetch_reason reason;
		int status;
		const char *body;
		size_t hops;
	} cases[] = {
		{ WEB "/good", HTTP_FETCHED, 200, "token\n", 1 },
		{ WEB "/empty", HTTP_FETCHED, 200, "", 1 },
		{ WEB "/created", HTTP_FETCHED, 201, "token", 1 },
		{ WEB "/no-content", HTTP_FETCHED, 204, "", 1 },
		{ WEB "/missing", HTTP_FETCHED, 404, "", 1 },
		{ WEB "/error", HTTP_FETCHED, 500, "", 1 },
		{ WEB "/refresh", HTTP_FETCHED, 200, "x", 1 },
		{ WEB "/old", HTTP_FETCHED, 200, "token", 1 },
		{ WEB "/chunked", HTTP_FETCHED, 200, "token", 1 },
		{ WEB "/trailer", HTTP_FETCHED, 200, "token", 1 },
		{ WEB "/informed", HTTP_FETCHED, 200, "token", 1 },
		{ "https://web.customer.example/good", HTTP_FETCHED, 200, "token\n", 1 },
		/* size */
		{ WEB "/1025", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/1025-chunked", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/1025-until-close", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/endless", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/endless-missing", HTTP_FETCHED, 404, "", 1 },
		{ WEB "/head-large", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/head-many", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/endless-head", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/endless-line", HTTP_FETCH_TOO_LARGE, 200, "", 1 },
		{ WEB "/informed-for-ever", HTTP_FETCH_TOO_LARGE, 100, "", 1 },
		/* not what we speak */
		{ WEB "/informed-only", HTTP_FETCH_BROKEN, 100, "", 1 },
		{ WEB "/other-case", HTTP_FETCH_BROKEN, 0, "", 1 },
		{ WEB "/short", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/http-0.9", HTTP_FETCH_BROKEN, 0, "", 1 },
		{ WEB "/http-2", HTTP_FETCH_BROKEN, 0, "", 1 },
		{ WEB "/not-http", HTTP_FETCH_BROKEN, 0, "", 1 },
		{ WEB "/nothing", HTTP_FETCH_BROKEN, 0, "", 1 },
		{ WEB "/two-lengths", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-list", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-plus", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-minus", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-empty", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-huge", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/length-and-chunks", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/two-codings", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/folded", HTTP_FETCH_BROKEN, 302, "", 1 },
		{ WEB "/gzip", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/gzip-bomb", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/gzip-transfer", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/gzip-chunked", HTTP_FETCH_BROKEN, 200, "", 1 },
		{ WEB "/endless-chunk-size", HTTP_FETCH_BROKEN, 200, "", 1 },
		/* redirects */
		{ WEB "/301", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/302", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/307", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/308", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/300", HTTP_FETCHED, 300, "", 1 },
		{ WEB "/303", HTTP_FETCHED, 303, "", 1 },
		{ WEB "/to-tls", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/to-other-name", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/redirect-endless", HTTP_FETCHED, 200, "token\n", 2 },
		{ WEB "/count-10", HTTP_FETCHED, 200, "token\n", 11 },
		{ WEB "/count-11", HTTP_FETCH_TOO_MANY_REDIRECTS, 302, "", 11 },
		{ WEB "/loop", HTTP_FETCH_TOO_MANY_REDIRECTS, 302, "", 11 },
		{ WEB "/to-nowhere-name", HTTP_FETCH_NOT_RESOLVED, 0, "", 2 },
		{ WEB "/to-private-name", HTTP_FETCH_ADDRESS_REFUSED, 0, "", 2 },
		{ WEB "/to-mixed-name", HTTP_FETCH_ADDRESS_REFUSED, 0, "", 2 },
		{ WEB "/to-address", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-number", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-file", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-gopher", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-port", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-userinfo", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-fragment", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-relative", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-long", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-100-kilobytes", HTTP_FETCH_TOO_LARGE, 302, "", 1 },
		{ WEB "/to-nothing", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-two", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		{ WEB "/to-line-end", HTTP_FETCH_BAD_REDIRECT, 302, "", 1 },
		/* before any connection */
		{ "http://private.customer.example/good", HTTP_FETCH_ADDRESS_REFUSED, 0, "", 1 },
		{ "http://mixed.customer.example/good", HTTP_FETCH_ADDRESS_REFUSED, 0, "", 1 },
		{ "http://nowhere.customer.example/good", HTTP_FETCH_NOT_RESOLVED, 0, "", 1 },
		{ "http://127.0.0.1/good", HTTP_FETCH_BAD_URL, 0, "", 0 },
		{ "ftp://web.customer.example/good", HTTP_FETCH_BAD_URL, 0, "", 0 },
		/* other addresses */
		{ "http://fallback.customer.example/good", HTTP_FETCHED, 200, "token\n", 1 },
		{ "http://dead.customer.example/good", HTTP_FETCH_NOT_CONNECTED, 0, "", 1 },
	};
	struct world world;

	(void)state;
	world_start(&world);
	for (size_t i = 0; i < COUNT(cases); i++) {
		fetch(&world, cases[i].url);
		if (world.reason != cases[i].reason || world.status != cases[i].status ||
		    strcmp(world.body, cases[i].body) != 0 || world.hop_count != cases[i].hops)
			fail_msg("%s: got %s %d \"%s\" after %zu (%s), want %s %d \"%s\" after %zu",
			    cases[i].url, http_fetch_reason_name(world.reason), world.status,
			    world.body, world.hop_count, world.text,
			    http_fetch_reason_name(cases[i].reason), cases[i].status, cases[i].body,
			    cases[i].hops);
	}
	fetch(&world, WEB "/1024");
	assert_int_equal(world.reason, HTTP_FETCHED);
	assert_int_equal(world.body_len, 1024);
	world_stop(&world);
}

static void
says_where_it_has_been(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	fetch(&world, WEB "/to-other-name");
	assert_int_equal(world.resolved, 2);
	assert_string_equal(world.resolved_last, "other.customer.example");
	assert_string_equal(world.last_url, "http://other.customer.example/good");
	assert_int_equal(world.hops[0].status, 302);
	assert_int_equal(world.hops[1].status, 200);
	const struct sockaddr_in *got = (const struct sockaddr_in *)&world.hops[1].address;

	assert_int_equal(got->sin_family, AF_INET);
	assert_int_equal(ntohl(got->sin_addr.s_addr), INADDR_LOOPBACK);
	world_stop(&world);
}

static void
asks_for_nothing_but_the_file(void **state)
{
	struct world world;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:9/", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9/", 1);
	world_start(&world);
	fetch(&world, WEB "/echo");
	assert_string_equal(world.body, "GET /echo HTTP/1.1\r\nHost: web.customer.example\r\n"
					"User-Agent: Countersign-test\r\nAccept: */*\r\n\r\n");
	world_stop(&world);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

static void
without_an_exception_loopback_is_refused(void **state)
{
	struct world world;

	(void)state;
	world_prepare(&world);
	struct http_fetcher_settings settings = settings_of(&world);

	settings.rules.count = 0;
	world_open(&world, &settings);
	fetch(&world, WEB "/good");
	assert_int_equal(world.reason, HTTP_FETCH_ADDRESS_REFUSED);
	assert_string_equal(world.text, "Loopback (RFC 1122)");
	assert_int_equal(world.hops[0].address.ss_family, 0);
	world_stop(&world);
}

static void
on_transfer(void *arg, const struct transfer_result *result)
{
	struct world *world = arg;

	world->reason = result->reason;
	assert_false(result->connected);
	event_base_loopbreak(world->base);
}

/* As if everything in front of it had failed to look. */
static void
the_socket_is_checked_again(void **state)
{
	struct world world;
	struct http_url url;
	struct transfer_request request = { .url = &url,
		.user_agent = "a",
		.connect_ms = 5000,
		.total_ms = 5000,
		.body_octets = 10,
		.head_octets = 1000 };

	(void)state;
	world_start(&world);
	struct transfers *transfers = transfers_new(world.base);

	assert_int_equal(http_url_parse(cs_span_str(WEB "/good"), world.arena, &url, NULL), CS_OK);
	request.address = v4("127.0.0.1");
	((struct sockaddr_in *)&request.address)->sin_port =
	    htons((uint16_t)atoi(env("CS_HTTP_IT_PORT")));
	assert_non_null(transfer_start(transfers, &request, world.arena, on_transfer, &world));
	event_base_dispatch(world.base);
	assert_int_equal(world.reason, HTTP_FETCH_ADDRESS_REFUSED);
	transfers_free(transfers);
	world_stop(&world);
}

static void
everything_has_an_end(void **state)
{
	static const char *const urls[] = { WEB "/silent", WEB "/silent-head", WEB "/silent-body" };
	struct world world;

	(void)state;
	world_prepare(&world);
	struct http_fetcher_settings settings = settings_of(&world);

	settings.total_ms = 600;
	world_open(&world, &settings);
	for (size_t i = 0; i < COUNT(urls); i++) {
		fetch(&world, urls[i]);
		if (world.reason != HTTP_FETCH_TIMED_OUT && world.reason != HTTP_FETCH_BROKEN)
			fail_msg("%s: got %s", urls[i], http_fetch_reason_name(world.reason));
	}
	fetch(&world, "http://later.customer.example/");
	assert_int_equal(world.reason, HTTP_FETCH_TIMED_OUT);
	const struct sockaddr_storage late[] = { v4("127.0.0.1") };

	http_resolved(world.kept, late, 1, NULL); /* nobody waits for it any more */
	fetch(&world, WEB "/good");
	assert_int_equal(world.reason, HTTP_FETCHED);
	world_stop(&world);
}

static void
on_later(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;
	const struct sockaddr_storage found[] = { v4("127.0.0.1") };

	(void)fd;
	(void)what;
	http_resolved(world->kept, found, 1, NULL);
}

static void
waits_for_the_resolver(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	http_fetch(world.fetcher, "http://later.customer.example/good", on_done, &world);
	while (world.kept == NULL)
		event_base_loop(world.base, EVLOOP_ONCE);
	event_base_once(world.base, -1, EV_TIMEOUT, on_later, &world, NULL);
	while (world.done == 0)
		event_base_dispatch(world.base);
	assert_int_equal(world.reason, HTTP_FETCHED);
	world_stop(&world);
}

static void
judges_certificates_when_told_to(void **state)
{
	static const struct {
		const char *ca;
		enum http_fetch_reason want;
	} cases[] = { { "server.pem", HTTP_FETCHED }, { "stranger.pem", HTTP_FETCH_TLS } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct world world;

		world_prepare(&world);
		struct http_fetcher_settings settings = settings_of(&world);

		settings.ca_file =
		    cs_arena_printf(world.arena, "%s/%s", env("CS_HTTP_IT_DIR"), cases[i].ca);
		world_open(&world, &settings);
		fetch(&world, "https://web.customer.example/good");
		assert_int_equal(world.reason, cases[i].want);
		world_stop(&world);
	}
}

static void
many_at_once_do_not_mix(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	for (unsigned i = 0; i < 30; i++)
		http_fetch(world.fetcher,
		    i % 2 == 0 ? WEB "/301" : "https://web.customer.example/301", on_done, &world);
	while (world.done < 30) {
		event_base_dispatch(world.base);
		assert_int_equal(world.reason, HTTP_FETCHED);
		assert_string_equal(world.body, "token\n");
	}
	world_stop(&world);
}

static void
can_be_freed_at_any_point(void **state)
{
	struct world world;

	(void)state;
	world_start(&world);
	http_fetch(world.fetcher, WEB "/silent", on_done, &world);
	http_fetch(world.fetcher, "http://later.customer.example/", on_done, &world);
	while (world.kept == NULL || world.resolved < 2)
		event_base_loop(world.base, EVLOOP_ONCE);
	http_fetch(world.fetcher, WEB "/good", on_done, &world);
	world.free_in_done = true;
	while (world.done == 0)
		event_base_dispatch(world.base);
	assert_null(world.fetcher);
	assert_int_equal(world.done, 1);
	http_resolved(world.kept, NULL, 0, "too late");
	world_stop(&world);
}

static void
refuses_settings_that_cannot_be_meant(void **state)
{
	struct event_base *base = event_base_new();
	struct http_fetcher *fetcher = NULL;

	(void)state;
	assert_int_equal(http_fetcher_new(base,
			     &(struct http_fetcher_settings){ .user_agent = "a" }, &fetcher, NULL),
	    CS_MALFORMED);
	assert_int_equal(
	    http_fetcher_new(base,
		&(struct http_fetcher_settings){ .resolve = resolve, .user_agent = "a\r\nX: y" },
		&fetcher, NULL),
	    CS_MALFORMED);
	assert_null(fetcher);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fetches_or_says_why_not),
		cmocka_unit_test(says_where_it_has_been),
		cmocka_unit_test(asks_for_nothing_but_the_file),
		cmocka_unit_test(without_an_exception_loopback_is_refused),
		cmocka_unit_test(the_socket_is_checked_again),
		cmocka_unit_test(everything_has_an_end),
		cmocka_unit_test(waits_for_the_resolver),
		cmocka_unit_test(judges_certificates_when_told_to),
		cmocka_unit_test(many_at_once_do_not_mix),
		cmocka_unit_test(can_be_freed_at_any_point),
		cmocka_unit_test(refuses_settings_that_cannot_be_meant),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
