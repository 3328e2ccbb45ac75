/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_fetch.c: whatever a web server answers; where it redirects to, another answers properly.  The
 * fetch ends, inside its limits, and its body is that of a final answer.
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <string.h>

#include "http/fetch.h"
#include "http/url.h"
#include "tests/peer.h"

#define FINAL "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nvalue"
#define BODY_MAX 1024
#define HOPS_MAX 10

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct peer web;
static struct event_base *base;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	curl_global_init(CURL_GLOBAL_DEFAULT); /* each fetcher's own is then cheap */
	peer_open(&web);
	base = event_base_new();
	cs_assert(base != NULL);
	return 0;
}

static void
resolve(void *arg, const char *host, struct http_resolution *ticket)
{
	const struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_storage address = { 0 };

	(void)arg;
	cs_assert(http_host_valid(cs_span_str(host)));
	memcpy(&address, &loopback, sizeof(loopback));
	http_resolved(ticket, &address, 1, NULL);
}

static void
on_fetched(void *arg, const struct http_fetch_result *result)
{
	bool *done = arg;

	cs_assert(!*done && result->hop_count >= 1 && result->hop_count <= HOPS_MAX + 1);
	cs_assert(result->body.len <= BODY_MAX && result->text != NULL);
	if (result->reason == HTTP_FETCHED)
		cs_assert(result->status >= 200);
	if (result->body.len > 0)
		cs_assert(result->reason == HTTP_FETCHED && result->status / 100 == 2);
	*done = true;
	(void)event_base_loopbreak(base);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct http_cidr loopback = { .family = AF_INET, .octets = { 127 }, .bits = 8 };
	const struct http_fetcher_settings settings = { .resolve = resolve,
		.rules = { &loopback, 1 },
		.user_agent = "fuzz",
		.test_port_http = web.port,
		.test_port_https = web.port };
	struct http_fetcher *fetcher;
	bool done = false;

	if (size > PEER_MAX)
		return 0;
	peer_says(&web, cs_span_of(data, size), cs_span_str(FINAL));
	cs_assert(http_fetcher_new(base, &settings, &fetcher, NULL) == CS_OK);
	http_fetch(fetcher, "http://a.example/file", on_fetched, &done);
	while (!done)
		cs_assert(event_base_loop(base, EVLOOP_ONCE) == 0);
	http_fetcher_free(fetcher);
	return 0;
}
