/* SPDX-License-Identifier: Apache-2.0 */
/* visit.c: resolve, judge all addresses, connect to one after the other, and tell what came. */
#include "http/visit.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/time.h"
#include "http/address.h"
#include "http/transfer.h"

#define CONNECT_MS 5000
#define HEAD_OCTETS 16384
#define CA_MAX (1024 * 1024) /* octets of PEM; the system's are about 220,000 */
#define RANGES_MAX 4

static const char system_cas[] = "/etc/ssl/certs/ca-certificates.crt";

static const struct {
	const char *ranges[RANGES_MAX]; /* that are not public, and may be connected to */
} reaches[] = {
	[HTTP_REACH_PUBLIC] = { { NULL } },
	[HTTP_REACH_INSIDE] = { { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7" } },
	[HTTP_REACH_LOOPBACK] = { { "127.0.0.0/8", "::1/128" } },
};
#define REACHES (sizeof(reaches) / sizeof(reaches[0]))

LIST_HEAD(visits, visit);

struct http_visitor {
	struct cs_arena *arena; /* holds this */
	struct event_base *base;
	struct evdns_base *dns;
	struct transfers *transfers;
	struct cs_span ca;
	const char *user_agent;
	struct http_address_rules rules[REACHES];
	struct visits visits;
};

struct visit {
	LIST_ENTRY(visit) link;
	struct http_visitor *visitor;
	struct cs_arena *arena; /* holds this */
	struct http_visit what;
	struct http_url url;
	struct event *next, *timer;
	int64_t deadline_ms;
	struct evdns_getaddrinfo_request *resolving;
	bool resolved; /* evdns has called back */
	struct sockaddr_storage addresses[HTTP_ADDRESSES_MAX];
	size_t count, at;
	struct transfer *transfer;
	struct http_visited result;
	bool ended;
	http_visit_done *done;
	void *arg;
};

/* ---- the end ---- */

static void
release(struct visit *visit)
{
	LIST_REMOVE(visit, link);
	if (visit->what.say.len > 0)
		explicit_bzero((void *)(uintptr_t)visit->what.say.data, visit->what.say.len);
	transfer_cancel(visit->transfer);
	event_free(visit->next);
	event_free(visit->timer);
}

static void
end(struct visit *visit, enum http_fetch_reason reason, const char *text)
{
	if (visit->ended)
		return;
	visit->ended = true;
	visit->result.reason = reason;
	visit->result.text = cs_arena_strdup(visit->arena, text);
	/* A question to the resolver that goes on holds `visit`: it is called back first. */
	if (visit->resolving != NULL)
		evdns_getaddrinfo_cancel(visit->resolving);
	event_active(visit->next, EV_TIMEOUT, 0);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, HTTP_FETCH_TIMED_OUT, "the time for all of it is over");
}

/* ---- the answer ---- */

static void try_next(struct visit *visit);

static const char *
address_text(const struct visit *visit, const struct sockaddr_storage *address)
{
	char text[INET6_ADDRSTRLEN];
	const void *octets = address->ss_family == AF_INET6
				 ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
				 : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

	if (inet_ntop(address->ss_family, octets, text, sizeof(text)) == NULL)
		return "";
	return cs_arena_strdup(visit->arena, text);
}

static void
on_transfer(void *arg, const struct transfer_result *answer)
{
	struct visit *visit = arg;

	visit->transfer = NULL;
	if (visit->ended)
		return;
	if (!answer->connected && answer->reason != HTTP_FETCH_ADDRESS_REFUSED &&
	    visit->at < visit->count) {
		try_next(visit);
		return;
	}
	visit->result.status = answer->status;
	visit->result.body = answer->body;
	visit->result.certificate = answer->certificate;
	if (answer->connected)
		visit->result.address = address_text(visit, &visit->addresses[visit->at - 1]);
	if (answer->status >= 300 && answer->status < 400 && answer->locations > 0)
		visit->result.location = cs_arena_strndup(
		    visit->arena, (const char *)answer->location.data, answer->location.len);
	end(visit, answer->reason, answer->text);
}

static void
try_next(struct visit *visit)
{
	const int64_t left_ms = visit->deadline_ms - cs_mono_ms();
	const struct transfer_request request = {
		.url = &visit->url,
		.address = visit->addresses[visit->at++],
		.rules = &visit->visitor->rules[visit->what.reach],
		.user_agent = visit->visitor->user_agent,
		.ca = visit->visitor->ca,
		.handshake_only = visit->what.handshake_only,
		.say = visit->what.say,
		.whole = visit->what.whole,
		.post = visit->what.post,
		.post_type = visit->what.post_type,
		.field = visit->what.field,
		.connect_ms = CONNECT_MS,
		.total_ms = left_ms > 0 ? left_ms : 1,
		.body_octets =
		    visit->what.body_max > 0 ? visit->what.body_max : HTTP_VISIT_BODY_MAX,
		.head_octets = HEAD_OCTETS,
	};

	visit->transfer =
	    transfer_start(visit->visitor->transfers, &request, visit->arena, on_transfer, visit);
}

/* ---- addresses ---- */

static void
take(struct visit *visit, const struct evutil_addrinfo *found)
{
	for (; found != NULL && visit->count < HTTP_ADDRESSES_MAX; found = found->ai_next) {
		const char *why_not =
		    http_address_why_not(found->ai_addr, &visit->visitor->rules[visit->what.reach]);

		if (why_not != NULL) {
			end(visit, HTTP_FETCH_ADDRESS_REFUSED, why_not);
			return;
		}
		memcpy(&visit->addresses[visit->count++], found->ai_addr, found->ai_addrlen);
	}
	if (visit->count == 0)
		end(visit, HTTP_FETCH_NOT_RESOLVED, "the name has no address");
	else
		try_next(visit);
}

static void
on_resolved(int result, struct evutil_addrinfo *found, void *arg)
{
	struct visit *visit = arg;

	visit->resolving = NULL;
	visit->resolved = true;
	if (result == EVUTIL_EAI_CANCEL || visit->ended)
		(void)0; /* the end is on its way */
	else if (result != 0)
		end(visit, HTTP_FETCH_NOT_RESOLVED, evutil_gai_strerror(result));
	else
		take(visit, found);
	if (found != NULL)
		evutil_freeaddrinfo(found);
}

static void
resolve(struct visit *visit)
{
	const size_t len = strlen(visit->what.host);
	const bool literal = visit->what.host[0] == '[' && len > 2;
	const char *host = literal ? cs_arena_strndup(visit->arena, visit->what.host + 1, len - 2)
				   : visit->what.host;
	const char *port = cs_arena_printf(visit->arena, "%u", (unsigned)visit->what.port);
	const struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP
	};
	struct evdns_getaddrinfo_request *asked =
	    evdns_getaddrinfo(visit->visitor->dns, host, port, &hints, on_resolved, visit);

	if (!visit->resolved)
		visit->resolving = asked;
}

/* ---- life ---- */

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct visit *visit = arg;

	(void)fd;
	(void)what;
	if (!visit->ended) {
		resolve(visit);
		return;
	}
	if (visit->resolving != NULL) { /* its callback comes from the loop, too */
		event_active(visit->next, EV_TIMEOUT, 0);
		return;
	}
	release(visit);
	visit->done(visit->arg, &visit->result);
	cs_arena_free(visit->arena);
}

void
http_visit(
    struct http_visitor *visitor, const struct http_visit *what, http_visit_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct visit *visit = CS_NEW(arena, struct visit);
	const struct timeval limit = { what->total_ms / 1000,
		(suseconds_t)(what->total_ms % 1000) * 1000 };

	*visit = (struct visit){ .visitor = visitor,
		.arena = arena,
		.what = *what,
		.next = evtimer_new(visitor->base, on_next, visit),
		.timer = evtimer_new(visitor->base, on_deadline, visit),
		.deadline_ms = cs_mono_ms() + what->total_ms,
		.result = { .location = "", .address = "", .certificate = "", .text = "" },
		.done = done,
		.arg = arg };
	cs_assert(visit->next != NULL && visit->timer != NULL);
	visit->what.host = cs_arena_strdup(arena, what->host);
	visit->what.post = cs_arena_copy_span(arena, what->post);
	visit->what.say = cs_arena_copy_span(arena, what->say);
	if (what->post_type != NULL)
		visit->what.post_type = cs_arena_strdup(arena, what->post_type);
	if (what->field != NULL)
		visit->what.field = cs_arena_strdup(arena, what->field);
	visit->url = (struct http_url){ .tls = what->tls,
		.port = what->port,
		.host = visit->what.host,
		.target = cs_arena_strdup(arena, what->target),
		.text = cs_arena_printf(arena, "%s://%s:%u%s", what->tls ? "https" : "http",
		    what->host, (unsigned)what->port, what->target) };
	LIST_INSERT_HEAD(&visitor->visits, visit, link);
	evtimer_add(visit->timer, &limit);
	event_active(visit->next, EV_TIMEOUT, 0);
}

static enum cs_code
read_cas(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err)
{
	uint8_t *pem = cs_arena_alloc(arena, CA_MAX);
	FILE *file = fopen(path, "rbe");

	if (file == NULL)
		return cs_fail(err, CS_NOT_FOUND, "the file of CAs %s cannot be read", path);
	const size_t len = fread(pem, 1, CA_MAX, file);

	(void)fclose(file);
	if (len == 0 || len == CA_MAX)
		return cs_fail(
		    err, CS_MALFORMED, "the file of CAs %s is empty, or over 1 MiB", path);
	*ret = cs_span_of(pem, len);
	return CS_OK;
}

static void
read_ranges(struct http_visitor *visitor)
{
	for (size_t i = 0; i < REACHES; i++) {
		struct http_cidr *ranges =
		    CS_NEW_ARRAY(visitor->arena, RANGES_MAX, struct http_cidr);
		size_t n = 0;

		for (; n < RANGES_MAX && reaches[i].ranges[n] != NULL; n++)
			cs_assert(http_cidr_parse(reaches[i].ranges[n], &ranges[n], NULL) == CS_OK);
		visitor->rules[i] = (struct http_address_rules){ ranges, n };
	}
}

enum cs_code
http_visitor_new(struct event_base *base, const char *ca_file, const char *user_agent,
    struct http_visitor **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_visitor *visitor = CS_NEW(arena, struct http_visitor);

	*visitor = (struct http_visitor){ .arena = arena, .base = base, .user_agent = user_agent };
	read_ranges(visitor);
	if (read_cas(arena, ca_file[0] != '\0' ? ca_file : system_cas, &visitor->ca, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	visitor->dns = evdns_base_new(base, 0);
	visitor->transfers = transfers_new(base);
	cs_assert(visitor->dns != NULL);
	/* Without a server no name is resolved, and that is said of each. */
	(void)evdns_base_resolv_conf_parse(visitor->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
	*ret = visitor;
	return CS_OK;
}

void
http_visitor_free(struct http_visitor *visitor)
{
	if (visitor == NULL)
		return;
	evdns_base_free(visitor->dns, 0); /* resolutions end without a callback */
	while (!LIST_EMPTY(&visitor->visits)) {
		struct visit *visit = LIST_FIRST(&visitor->visits);

		release(visit);
		cs_arena_free(visit->arena);
	}
	transfers_free(visitor->transfers);
	cs_arena_free(visitor->arena);
}
