/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.c: from a URL to its final answer, hop by hop:
 *
 *   begin ─▶ resolve ─▶ check all addresses ─▶ connect to one after the other ─▶ answer ─▶ end
 *              ▲                                                                   │
 *              └──────────────────────── Location ◀────────────────────────────────┘
 *
 * The end is always an event of its own, so that the caller is never called from within a call.
 */
#include "http/fetch.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/time.h"
#include "http/transfer.h"

#define HOPS_MAX 11 /* the first and ten redirects */

struct http_resolution {
	struct fetch *fetch; /* NULL: nobody waits any more */
};

struct fetch {
	LIST_ENTRY(fetch) link;
	struct http_fetcher *fetcher;
	struct cs_arena *arena;
	struct event *next;  /* begins and ends the fetch */
	struct event *timer; /* the deadline of it all */
	int64_t deadline_ms;
	struct http_url url; /* of the present hop */
	struct sockaddr_storage addresses[HTTP_ADDRESSES_MAX];
	size_t address_count, address_at;
	struct http_resolution *resolution;
	struct transfer *transfer;
	struct http_hop hops[HOPS_MAX];
	struct http_fetch_result result;
	bool ended;
	http_fetch_done *done;
	void *arg;
};

LIST_HEAD(fetches, fetch);

struct http_fetcher {
	struct event_base *base;
	struct transfers *transfers;
	struct fetches fetches;
	struct cs_arena *arena; /* of the settings */
	struct http_fetcher_settings settings;
};

const char *
http_fetch_reason_name(enum http_fetch_reason reason)
{
	static const char *const names[] = {
		[HTTP_FETCHED] = "fetched",
		[HTTP_FETCH_BAD_URL] = "bad-url",
		[HTTP_FETCH_BAD_REDIRECT] = "bad-redirect",
		[HTTP_FETCH_TOO_MANY_REDIRECTS] = "too-many-redirects",
		[HTTP_FETCH_NOT_RESOLVED] = "not-resolved",
		[HTTP_FETCH_ADDRESS_REFUSED] = "address-refused",
		[HTTP_FETCH_NOT_CONNECTED] = "not-connected",
		[HTTP_FETCH_TIMED_OUT] = "timed-out",
		[HTTP_FETCH_TLS] = "tls",
		[HTTP_FETCH_TOO_LARGE] = "too-large",
		[HTTP_FETCH_BROKEN] = "broken",
	};

	return names[reason];
}

/* ---- The end ---- */

/* What could call back is gone after this; the memory is not, because the result lies in it. */
static void
release(struct fetch *fetch)
{
	LIST_REMOVE(fetch, link);
	transfer_cancel(fetch->transfer);
	if (fetch->resolution != NULL)
		fetch->resolution->fetch = NULL;
	event_free(fetch->next);
	event_free(fetch->timer);
}

static void
end(struct fetch *fetch, enum http_fetch_reason reason, const char *text)
{
	if (fetch->ended)
		return;
	fetch->ended = true;
	fetch->result.reason = reason;
	fetch->result.text = cs_arena_strdup(fetch->arena, text != NULL ? text : "");
	event_active(fetch->next, EV_TIMEOUT, 0);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, HTTP_FETCH_TIMED_OUT, "the time for the whole fetch is over");
}

/* ---- One hop ---- */

static void try_address(struct fetch *fetch);

static struct http_hop *
hop_of(struct fetch *fetch)
{
	return &fetch->hops[fetch->result.hop_count - 1];
}

static void
begin_hop(struct fetch *fetch)
{
	struct http_fetcher *fetcher = fetch->fetcher;
	struct http_resolution *ticket = calloc(1, sizeof(*ticket));

	cs_assert(ticket != NULL);
	ticket->fetch = fetch;
	fetch->resolution = ticket;
	fetch->result.status = 0;
	fetch->hops[fetch->result.hop_count++].url = fetch->url.text;
	fetcher->settings.resolve(fetcher->settings.resolve_arg, fetch->url.host, ticket);
}

static void
redirect(struct fetch *fetch, const struct transfer_result *answer)
{
	struct cs_err err;

	if (answer->locations != 1) {
		end(fetch, HTTP_FETCH_BAD_REDIRECT, "not exactly one Location");
		return;
	}
	if (fetch->result.hop_count > fetch->fetcher->settings.max_hops) {
		end(fetch, HTTP_FETCH_TOO_MANY_REDIRECTS, "too many redirects");
		return;
	}
	const struct http_url base = fetch->url;

	if (http_url_redirect(&base, answer->location, fetch->arena, &fetch->url, &err) != CS_OK)
		end(fetch, HTTP_FETCH_BAD_REDIRECT, err.text);
	else
		begin_hop(fetch);
}

/* TBR 3.2.2.4.18: these and no others; 303 asks for something else than what we asked for. */
static bool
is_redirect(int status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

static void
on_transfer(void *arg, const struct transfer_result *answer)
{
	struct fetch *fetch = arg;
	struct http_hop *hop = hop_of(fetch);

	fetch->transfer = NULL;
	if (fetch->ended)
		return;
	hop->status = fetch->result.status = answer->status;
	hop->chain = answer->chain;
	if (!answer->connected && answer->reason != HTTP_FETCH_ADDRESS_REFUSED &&
	    fetch->address_at < fetch->address_count) {
		try_address(fetch);
	} else if (answer->reason != HTTP_FETCHED) {
		end(fetch, answer->reason, answer->text);
	} else if (is_redirect(answer->status)) {
		redirect(fetch, answer);
	} else {
		fetch->result.body = answer->body;
		end(fetch, HTTP_FETCHED, NULL);
	}
}

static void
set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(port);
}

static uint16_t
port_of(const struct fetch *fetch)
{
	const struct http_fetcher_settings *settings = &fetch->fetcher->settings;
	uint16_t moved = fetch->url.tls ? settings->test_port_https : settings->test_port_http;

	return moved != 0 ? moved : fetch->url.port;
}

static void
try_address(struct fetch *fetch)
{
	const struct http_fetcher_settings *settings = &fetch->fetcher->settings;
	struct sockaddr_storage *address = &fetch->addresses[fetch->address_at++];
	int64_t left_ms = fetch->deadline_ms - cs_mono_ms();
	const struct transfer_request request = {
		.url = &fetch->url,
		.address = *address,
		.rules = &settings->rules,
		.user_agent = settings->user_agent,
		.ca_file = settings->ca_file,
		.connect_ms = settings->connect_ms,
		.total_ms = left_ms > 0 ? left_ms : 1,
		.body_octets = settings->body_octets,
		.head_octets = settings->head_octets,
	};

	hop_of(fetch)->address = *address;
	fetch->transfer =
	    transfer_start(fetch->fetcher->transfers, &request, fetch->arena, on_transfer, fetch);
}

/* One address that is not public condemns the whole answer: nobody who is honest publishes such. */
static void
take_addresses(struct fetch *fetch, const struct sockaddr_storage *addresses, size_t count)
{
	const struct http_address_rules *rules = &fetch->fetcher->settings.rules;

	for (size_t i = 0; i < count; i++) {
		const char *why_not =
		    http_address_why_not((const struct sockaddr *)&addresses[i], rules);

		if (why_not != NULL) {
			end(fetch, HTTP_FETCH_ADDRESS_REFUSED, why_not);
			return;
		}
	}
	fetch->address_at = 0;
	fetch->address_count = count < HTTP_ADDRESSES_MAX ? count : HTTP_ADDRESSES_MAX;
	for (size_t i = 0; i < fetch->address_count; i++) {
		fetch->addresses[i] = addresses[i];
		set_port(&fetch->addresses[i], port_of(fetch));
	}
	try_address(fetch);
}

void
http_resolved(struct http_resolution *ticket, const struct sockaddr_storage *addresses,
    size_t count, const char *why)
{
	struct fetch *fetch = ticket->fetch;

	free(ticket);
	if (fetch == NULL)
		return;
	fetch->resolution = NULL;
	if (fetch->ended)
		return;
	if (count == 0)
		end(fetch, HTTP_FETCH_NOT_RESOLVED, why);
	else
		take_addresses(fetch, addresses, count);
}

/* ---- Life ---- */

static void
on_next(evutil_socket_t fd, short what, void *arg)
{
	struct fetch *fetch = arg;

	(void)fd;
	(void)what;
	if (!fetch->ended) {
		begin_hop(fetch);
		return;
	}
	fetch->result.hops = fetch->hops;
	release(fetch);
	fetch->done(fetch->arg, &fetch->result); /* may free the fetcher */
	cs_arena_free(fetch->arena);
}

void
http_fetch(struct http_fetcher *fetcher, const char *url, http_fetch_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct fetch *fetch = CS_NEW(arena, struct fetch);
	int64_t total_ms = fetcher->settings.total_ms;
	const struct timeval deadline = { total_ms / 1000, (suseconds_t)(total_ms % 1000) * 1000 };
	struct cs_err err;

	*fetch = (struct fetch){
		.fetcher = fetcher,
		.arena = arena,
		.next = evtimer_new(fetcher->base, on_next, fetch),
		.timer = evtimer_new(fetcher->base, on_deadline, fetch),
		.deadline_ms = cs_mono_ms() + total_ms,
		.done = done,
		.arg = arg,
	};
	cs_assert(fetch->next != NULL && fetch->timer != NULL);
	LIST_INSERT_HEAD(&fetcher->fetches, fetch, link);
	evtimer_add(fetch->timer, &deadline);
	if (http_url_parse(cs_span_str(url), arena, &fetch->url, &err) != CS_OK)
		end(fetch, HTTP_FETCH_BAD_URL, err.text);
	else
		event_active(fetch->next, EV_TIMEOUT, 0);
}

/* The limit, or what the caller lowered it to. */
static int64_t
lowered(int64_t wanted, int64_t limit)
{
	return wanted > 0 && wanted < limit ? wanted : limit;
}

static bool
printable(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p == 0x7f)
			return false;
	return *text != '\0';
}

/* The rules' ranges are ours from now on. */
static struct http_address_rules
copy_rules(struct cs_arena *arena, struct http_address_rules rules)
{
	struct http_cidr *copy = CS_NEW_ARRAY(arena, rules.count, struct http_cidr);

	for (size_t i = 0; i < rules.count; i++)
		copy[i] = rules.treat_as_public[i];
	return (struct http_address_rules){ copy, rules.count };
}

static struct http_fetcher_settings
settings_complete(const struct http_fetcher_settings *given, struct cs_arena *arena)
{
	struct http_fetcher_settings s = *given;

	s.rules = copy_rules(arena, given->rules);
	s.user_agent = cs_arena_strdup(arena, given->user_agent);
	if (given->ca_file != NULL)
		s.ca_file = cs_arena_strdup(arena, given->ca_file);
	s.connect_ms = lowered(given->connect_ms, 5000);
	s.total_ms = lowered(given->total_ms, 15000);
	s.body_octets = (size_t)lowered((int64_t)given->body_octets, 1024);
	s.head_octets = (size_t)lowered((int64_t)given->head_octets, 16384);
	s.max_hops = (unsigned)lowered(given->max_hops, HOPS_MAX - 1);
	return s;
}

enum cs_code
http_fetcher_new(struct event_base *base, const struct http_fetcher_settings *settings,
    struct http_fetcher **ret_fetcher, struct cs_err *err)
{
	if (settings->resolve == NULL)
		return cs_fail(err, CS_MALFORMED, "fetcher: nobody resolves names");
	if (settings->user_agent == NULL || !printable(settings->user_agent))
		return cs_fail(err, CS_MALFORMED, "fetcher: the user agent is not printable");
	struct http_fetcher *fetcher = calloc(1, sizeof(*fetcher));

	cs_assert(fetcher != NULL);
	fetcher->base = base;
	fetcher->transfers = transfers_new(base);
	fetcher->arena = cs_arena_new();
	fetcher->settings = settings_complete(settings, fetcher->arena);
	*ret_fetcher = fetcher;
	return CS_OK;
}

void
http_fetcher_free(struct http_fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	while (!LIST_EMPTY(&fetcher->fetches)) {
		struct fetch *fetch = LIST_FIRST(&fetcher->fetches);

		release(fetch);
		cs_arena_free(fetch->arena);
	}
	transfers_free(fetcher->transfers);
	cs_arena_free(fetcher->arena);
	free(fetcher);
}
