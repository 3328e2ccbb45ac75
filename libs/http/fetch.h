/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h: reads a small file from a stranger's web server (TBR 3.2.2.4.18 and .19) in the caller's
 * event loop.  The whole exchange is hostile: names are resolved by the caller, every address is
 * checked by the rules of address.h before it is used and again on the socket, redirects are followed
 * by our own hand, one transfer each, and everything has an end.
 *
 * The token that is expected must not be in the URL; the fetcher sends nothing else of the caller's.
 */
#ifndef HTTP_FETCH_H
#define HTTP_FETCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/span.h"
#include "http/address.h"

struct event_base;
struct http_fetcher;
struct http_resolution; /* an answer that the fetcher waits for */

#define HTTP_ADDRESSES_MAX 8

/* Of what is said in a protocol of the caller's: need nothing more be waited for?  Pure. */
typedef bool http_whole(struct cs_span answer);

/*
 * Must answer `ticket` exactly once by http_resolved(), now or later from the loop's thread, also when
 * the fetch has ended or the fetcher was freed meanwhile.  `host` is borrowed for the call.
 */
typedef void http_resolve(void *arg, const char *host, struct http_resolution *ticket);
/*
 * AF_INET and AF_INET6 addresses, in order of preference; ports are ignored; at most HTTP_ADDRESSES_MAX
 * are used.  None: could not be resolved, `why` (may be NULL) says it for people.  Takes `ticket`.
 */
void http_resolved(struct http_resolution *ticket, const struct sockaddr_storage *addresses,
    size_t count, const char *why);

struct http_fetcher_settings {
	http_resolve *resolve;
	void *resolve_arg;
	struct http_address_rules rules; /* copied */
	const char *user_agent;          /* printable ASCII */
	const char *ca_file; /* NULL: https certificates are not judged (TBR asks for none) */
	uint16_t test_port_http,
	    test_port_https; /* tests only: where ports 80 and 443 really are */
	/* Zero means the default on the right; the limits can only be lowered. */
	int64_t connect_ms; /* 5,000, for each hop */
	int64_t total_ms;   /* 15,000, for all hops and their resolution */
	size_t body_octets; /* 1,024 */
	size_t head_octets; /* 16,384 */
	unsigned max_hops;  /* 10 redirects */
};

enum http_fetch_reason {
	HTTP_FETCHED,            /* a final answer, whatever its status: see status and body */
	HTTP_FETCH_BAD_URL,      /* the first URL */
	HTTP_FETCH_BAD_REDIRECT, /* Location missing, doubled, or a URL that we do not visit */
	HTTP_FETCH_TOO_MANY_REDIRECTS,
	HTTP_FETCH_NOT_RESOLVED,
	HTTP_FETCH_ADDRESS_REFUSED, /* some address of the answer is not a public one */
	HTTP_FETCH_NOT_CONNECTED,
	HTTP_FETCH_TIMED_OUT,
	HTTP_FETCH_TLS,
	HTTP_FETCH_TOO_LARGE, /* body or header fields */
	HTTP_FETCH_BROKEN, /* not HTTP/1.x, cut short, a content coding, a transfer we do not read */
};
const char *http_fetch_reason_name(enum http_fetch_reason reason); /* "too-large" */

struct http_hop {
	const char *url;
	struct sockaddr_storage address; /* family 0: never connected */
	int status;                      /* 0: no answer */
	struct cs_span chain; /* https: the server's certificates, PEM, its own first; else empty */
};

/* Everything is borrowed for the call of `done`. */
struct http_fetch_result {
	enum http_fetch_reason reason;
	int status;          /* of the last hop, 0 without one */
	struct cs_span body; /* of the final answer only */
	const struct http_hop *hops;
	size_t hop_count;
	const char *text; /* for people: why not */
};
typedef void http_fetch_done(void *arg, const struct http_fetch_result *result);

/* CS_MALFORMED: a setting. */
CS_MUST_USE enum cs_code
http_fetcher_new(struct event_base *base, const struct http_fetcher_settings *settings,
    struct http_fetcher **ret_fetcher, struct cs_err *err);
/* Calls `done` exactly once, from the loop, never before it returns. */
void http_fetch(struct http_fetcher *fetcher, const char *url, http_fetch_done *done, void *arg);
/* Fetches that are under way end without `done`.  Takes NULL. */
void http_fetcher_free(struct http_fetcher *fetcher);

#endif
