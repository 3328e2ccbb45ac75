/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.h: a TCP connection to a stranger's server in the caller's event loop, for what is not HTTP.  Every
 * address is judged by address.h right before it is connected to; one that is not public condemns them
 * all, as for fetch.h.  Everything has an end.
 */
#ifndef HTTP_DIAL_H
#define HTTP_DIAL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/span.h"
#include "http/address.h"

struct event_base;
struct http_dial;

enum http_dial_event {
	HTTP_DIAL_CONNECTED,
	HTTP_DIAL_HEARD, /* `octets` came; borrowed */
	/* the ends; nothing is told after one */
	HTTP_DIAL_CLOSED, /* by the peer, or the network */
	HTTP_DIAL_NOT_CONNECTED,
	HTTP_DIAL_TIMED_OUT,
	HTTP_DIAL_ADDRESS_REFUSED,
	HTTP_DIAL_TOO_MUCH
};
/* Called from the loop, never before http_dial_new() returns. */
typedef void http_dial_told(void *arg, enum http_dial_event event, struct cs_span octets);

struct http_dial_settings {
	const struct sockaddr_storage
	    *addresses; /* in order; copied, at most eight; ports are ignored */
	size_t count;   /* 1 or more */
	uint16_t port;
	struct http_address_rules rules; /* borrowed until the end */
	int64_t connect_ms;              /* for each address */
	int64_t total_ms;                /* for everything */
	size_t octets_max;               /* that are taken from the peer */
};

struct http_dial *http_dial_new(struct event_base *base, const struct http_dial_settings *settings,
    http_dial_told *told, void *arg);
/* After CONNECTED, before an end. */
void http_dial_send(struct http_dial *dial, struct cs_span octets);
/* The one that is connected, or was tried last. */
const struct sockaddr_storage *http_dial_address(const struct http_dial *dial);
/* The range that forbids it, after ADDRESS_REFUSED. */
const char *http_dial_why_not(const struct http_dial *dial);
/* Not from within `told`.  Takes NULL. */
void http_dial_free(struct http_dial *dial);

#endif
