/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visit.h: one look at a server that somebody named to us, in the caller's event loop, in a process that may
 * open no file: one request by GET or POST, only the handshake of TLS, or under it octets of another protocol and their
 * answer.
 *
 * The server is hostile: every address is judged before it is connected to, one that is not allowed condemns
 * them all, no redirect is followed, certificates are judged, and everything has an end.
 */
#ifndef HTTP_VISIT_H
#define HTTP_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "http/fetch.h"

struct event_base;
struct http_visitor;

#define HTTP_VISIT_BODY_MAX 262144 /* octets of an answer; one more is HTTP_FETCH_TOO_LARGE */

/*
 * Reads the system's resolver settings and the CAs that servers are judged by: before files are out of reach.
 * `ca_file`: PEM of at most 1 MiB; "": the system's.  `user_agent`: borrowed until the end.  CS_NOT_FOUND and
 * CS_MALFORMED tell of the file.
 */
CS_MUST_USE enum cs_code http_visitor_new(struct event_base *base, const char *ca_file,
    const char *user_agent, struct http_visitor **ret, struct cs_err *err);
/* Visits under way end without `done`.  Takes NULL. */
void http_visitor_free(struct http_visitor *visitor);

/* Where a server may be. */
enum http_reach {
	HTTP_REACH_PUBLIC,
	HTTP_REACH_INSIDE,  /* also in private networks (RFC 1918, RFC 4193) */
	HTTP_REACH_LOOPBACK /* also on this machine, for tests */
};

/* Borrowed for the call. */
struct http_visit {
	bool tls;
	const char *host; /* a name, an IPv4 address, or "[::1]" */
	uint16_t port;
	const char *target;  /* "/path"; what is asked for */
	bool handshake_only; /* nothing is asked for */
	/*
	 * Of handshake_only: what is said then, copied, and wiped in the end; with `whole`, which says when the answer
	 * has come, the body of the result.  Empty: nothing.
	 */
	struct cs_span say;
	http_whole *whole;
	struct cs_span post;   /* what is sent by POST; empty: GET */
	const char *post_type; /* its media type; NULL: "application/json" */
	const char *field;     /* one more header field, "Name: value"; NULL: none */
	enum http_reach reach;
	size_t body_max;  /* octets of an answer, at most HTTP_VISIT_BODY_MAX; 0: that */
	int64_t total_ms; /* of everything, 1 to 60,000 */
};
/* Borrowed for the call of `done`. */
struct http_visited {
	enum http_fetch_reason
	    reason;           /* HTTP_FETCHED: there is an answer, or the handshake is over */
	int status;           /* 0: no answer */
	struct cs_span body;  /* of a 2xx answer, or to what was said */
	const char *location; /* of a redirect, which nobody followed; "" for none */
	const char *address;  /* that was connected to; "" for none */
	const char
	    *certificate; /* of the server, for people, unescaped; "" where none was accepted */
	const char *text; /* for people, unescaped: why not */
};
typedef void http_visit_done(void *arg, const struct http_visited *visited);
/* Calls `done` exactly once, from the loop, never before it returns. */
void http_visit(
    struct http_visitor *visitor, const struct http_visit *visit, http_visit_done *done, void *arg);

#endif
