/* SPDX-License-Identifier: Apache-2.0 */
#include "http/dial.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define ADDRESSES_MAX 8
#define CHUNK 4096

struct http_dial {
	struct event_base *base;
	struct http_dial_settings settings;
	struct sockaddr_storage addresses[ADDRESSES_MAX], address;
	size_t count, at;
	struct bufferevent *bev;
	struct event *begin, *connecting, *total;
	size_t heard;
	const char *why_not;
	bool connected, ended;
	http_dial_told *told;
	void *arg;
};

static void try_next(struct http_dial *dial);

static void
hang_up(struct http_dial *dial)
{
	if (dial->bev != NULL)
		bufferevent_free(dial->bev);
	dial->bev = NULL;
	evtimer_del(dial->connecting);
}

static void
end(struct http_dial *dial, enum http_dial_event event)
{
	if (dial->ended)
		return;
	dial->ended = true;
	hang_up(dial);
	evtimer_del(dial->total);
	dial->told(dial->arg, event, cs_span_of(NULL, 0));
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct http_dial *dial = arg;
	uint8_t chunk[CHUNK];

	/* What is told may end us. */
	while (!dial->ended && dial->bev == bev) {
		size_t len = bufferevent_read(bev, chunk, sizeof(chunk));

		if (len == 0)
			return;
		dial->heard += len;
		if (dial->heard > dial->settings.octets_max)
			end(dial, HTTP_DIAL_TOO_MUCH);
		else
			dial->told(dial->arg, HTTP_DIAL_HEARD, cs_span_of(chunk, len));
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_dial *dial = arg;

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		dial->connected = true;
		evtimer_del(dial->connecting);
		dial->told(dial->arg, HTTP_DIAL_CONNECTED, cs_span_of(NULL, 0));
	} else if (dial->connected) {
		end(dial, HTTP_DIAL_CLOSED);
	} else {
		hang_up(dial);
		try_next(dial);
	}
}

static void
on_connect_limit(evutil_socket_t fd, short what, void *arg)
{
	struct http_dial *dial = arg;

	(void)fd;
	(void)what;
	hang_up(dial);
	try_next(dial);
}

static void
on_total_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, HTTP_DIAL_TIMED_OUT);
}

static struct timeval
of_ms(int64_t ms)
{
	return (struct timeval){ ms / 1000, (suseconds_t)(ms % 1000) * 1000 };
}

static void
set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(port);
}

static bool
start_connecting(struct http_dial *dial)
{
	const struct timeval limit = of_ms(dial->settings.connect_ms);
	const struct sockaddr *to = (const struct sockaddr *)&dial->address;
	int len = dial->address.ss_family == AF_INET6 ? (int)sizeof(struct sockaddr_in6)
						      : (int)sizeof(struct sockaddr_in);

	dial->bev = bufferevent_socket_new(dial->base, -1, BEV_OPT_CLOSE_ON_FREE);
	cs_assert(dial->bev != NULL);
	bufferevent_setcb(dial->bev, on_read, NULL, on_event, dial);
	bufferevent_setwatermark(dial->bev, EV_READ, 0, CHUNK);
	(void)bufferevent_enable(dial->bev, EV_READ | EV_WRITE);
	evtimer_add(dial->connecting, &limit);
	return bufferevent_socket_connect(dial->bev, to, len) == 0;
}

static void
try_next(struct http_dial *dial)
{
	while (!dial->ended && dial->at < dial->count) {
		dial->address = dial->addresses[dial->at++];
		set_port(&dial->address, dial->settings.port);
		if (!http_address_allowed(
			(const struct sockaddr *)&dial->address, &dial->settings.rules)) {
			end(dial, HTTP_DIAL_ADDRESS_REFUSED);
			return;
		}
		if (start_connecting(dial))
			return;
		hang_up(dial);
	}
	end(dial, HTTP_DIAL_NOT_CONNECTED);
}

static void
on_begin(evutil_socket_t fd, short what, void *arg)
{
	struct http_dial *dial = arg;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < dial->count; i++) {
		dial->why_not = http_address_why_not(
		    (const struct sockaddr *)&dial->addresses[i], &dial->settings.rules);
		if (dial->why_not != NULL) {
			dial->address = dial->addresses[i];
			end(dial, HTTP_DIAL_ADDRESS_REFUSED);
			return;
		}
	}
	try_next(dial);
}

struct http_dial *
http_dial_new(struct event_base *base, const struct http_dial_settings *settings,
    http_dial_told *told, void *arg)
{
	struct http_dial *dial = calloc(1, sizeof(*dial));
	const struct timeval total = of_ms(settings->total_ms);

	cs_assert(dial != NULL && settings->count > 0);
	*dial = (struct http_dial){ .base = base,
		.settings = *settings,
		.count = settings->count < ADDRESSES_MAX ? settings->count : ADDRESSES_MAX,
		.begin = evtimer_new(base, on_begin, dial),
		.connecting = evtimer_new(base, on_connect_limit, dial),
		.total = evtimer_new(base, on_total_limit, dial),
		.told = told,
		.arg = arg };
	cs_assert(dial->begin != NULL && dial->connecting != NULL && dial->total != NULL);
	memcpy(dial->addresses, settings->addresses, dial->count * sizeof(dial->addresses[0]));
	evtimer_add(dial->total, &total);
	event_active(dial->begin, EV_TIMEOUT, 0);
	return dial;
}

void
http_dial_send(struct http_dial *dial, struct cs_span octets)
{
	cs_assert(dial->connected && !dial->ended);
	cs_assert(bufferevent_write(dial->bev, octets.data, octets.len) == 0);
}

const struct sockaddr_storage *
http_dial_address(const struct http_dial *dial)
{
	return &dial->address;
}

const char *
http_dial_why_not(const struct http_dial *dial)
{
	return dial->why_not == NULL ? "" : dial->why_not;
}

void
http_dial_free(struct http_dial *dial)
{
	if (dial == NULL)
		return;
	hang_up(dial);
	event_free(dial->begin);
	event_free(dial->connecting);
	event_free(dial->total);
	free(dial);
}
