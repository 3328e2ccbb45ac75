/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h: an HTTP/1.1 server in the caller's event loop, for programs that do not trust a client.
 *
 * A request reaches a handler only when every octet of it has arrived and has passed the strict
 * reader of head.h: there is no second parser whose opinion could differ.  Everything here runs
 * on the thread of the event base.  TLS and HTTP/2 end in front of this server.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct event_base;
struct sockaddr;
struct http_server;
struct http_request;
struct http_stream;

/*
 * Must answer `req` exactly once, now or later from the loop's thread, by http_reply(),
 * http_reply_problem() or http_stream_start().  Until then `req` and all that was read from it stay
 * valid, even when the client has left and when the server has been freed; the answer is then dropped.
 */
typedef void http_handler(void *self, struct http_request *req);

/*
 * `pattern`: segments that are literal or a whole {name}, e.g. "/requests/{id}/token".  A literal
 * segment wins over a {name}, and is compared with the octets as sent.  GET routes
 * also answer HEAD.  A last segment {name...} is all the rest of the path, as sent: neither decoded nor
 * checked, so its handler reads it strictly.  The table ends with a zero row.
 */
struct http_route {
	const char *method; /* "GET", "POST", "PUT", "PATCH" or "DELETE" */
	const char *pattern;
	http_handler *handle;
};

/* Zero means the default of the threat model's limit table, given on the right. */
struct http_limits {
	size_t body_octets;  /* 65,536 */
	size_t head_octets;  /* 16,384: request line and header fields */
	size_t line_octets;  /* 8,192 */
	size_t field_count;  /* 64 */
	int64_t head_ms;     /* 5,000: from the first octet to the end of the header fields */
	int64_t request_ms;  /* 15,000: from the first octet to the last */
	int64_t idle_ms;     /* 15,000: between requests; also for a client that does not read */
	unsigned per_source; /* 32 connections from one IPv4 address or IPv6 /64 */
	unsigned total;      /* 1,024 connections */
	int64_t stream_quiet_ms; /* 15,000: a stream gets a comment after so long a silence */
	size_t stream_octets;    /* 65,536 waiting to be read: the client of a stream is dropped */
	/*
	 * "/ocsp/": below it, segments may decode to "/" and other things that are refused elsewhere, and a
	 * {name} of such a segment has no value.  NULL: there is no such place.
	 */
	const char *opaque_below;
	bool http_1_0; /* HTTP/1.0 is understood too, one request a connection; false: 505 */
};

/* What became of a request, for metrics and the access log; everything is borrowed for the call. */
struct http_seen {
	const char *method;
	const char *pattern; /* of the route; "" when none was reached */
	int status;          /* 0: the client left before the answer */
	int64_t took_us;     /* from the last octet of the request to the answer */
};
typedef void http_observer(void *arg, const struct http_seen *seen);

struct http_server_settings {
	const char *listen;       /* "127.0.0.1:8080", "[::1]:0"; port 0: any free one */
	const char *const *hosts; /* names allowed in Host, ended by NULL; NULL: any name */
	struct http_limits limits;
	http_observer *observe; /* may be NULL */
	void *observe_arg;
};

/* Listens at once; answers 404 until routes are added.  CS_MALFORMED: a setting; CS_UNAVAILABLE. */
CS_MUST_USE enum cs_code
http_server_new(struct event_base *base, const struct http_server_settings *settings,
    struct http_server **ret_server, struct cs_err *err);
/* Adds a table, which must outlive the server.  CS_MALFORMED: a row that could not match, or exists. */
CS_MUST_USE enum cs_code http_server_add_routes(
    struct http_server *server, const struct http_route *routes, void *self, struct cs_err *err);
uint16_t http_server_port(const struct http_server *server);
size_t http_server_connections(const struct http_server *server); /* open now */

/*
 * Stops listening, ends streams and idle connections; requests that are under way are answered with
 * "Connection: close".  Calls `drained` (may be NULL) once, from the loop, when no connection is left.
 */
void http_server_drain(struct http_server *server, void (*drained)(void *arg), void *arg);
/* Closes everything at once; closed callbacks of streams run.  Takes NULL. */
void http_server_free(struct http_server *server);

/* ---- What was asked.  Texts are NUL-terminated and hold no control characters. ---- */

const char *http_request_method(const struct http_request *req);
const char *http_request_path(const struct http_request *req); /* as sent, without the query */
/* The whole query as sent, without "?"; "" when there is none.  It was read, and found well formed. */
const char *http_request_query_text(const struct http_request *req);
/* The row that was matched, in the table that was added. */
const struct http_route *http_request_route(const struct http_request *req);
/* A {name} of the pattern, decoded once: valid UTF-8 without "/" and controls.  NULL: no such name. */
const char *http_request_param(const struct http_request *req, const char *name);
/* From the query, decoded once ("+" is a space); NULL when absent.  A name given twice was refused. */
const char *http_request_query(const struct http_request *req, const char *name);
/* The only field of this name; NULL when it is absent or given more than once. */
const char *http_request_header(const struct http_request *req, const char *name);
/* The n-th field of this name from 0 on, NULL after the last. */
const char *http_request_header_at(const struct http_request *req, const char *name, size_t n);
/* From all Cookie fields; NULL when absent or given twice. */
const char *http_request_cookie(const struct http_request *req, const char *name);
/* What follows "<scheme> " in the only Authorization field; NULL: none, another scheme, or several. */
const char *http_request_authorization(const struct http_request *req, const char *scheme);
/* Content-Type is this one, whatever its parameters ("application/json"). */
bool http_request_is_type(const struct http_request *req, const char *type);
struct cs_span http_request_body(const struct http_request *req);
const char *http_request_peer(const struct http_request *req); /* numeric address, no port */
const struct sockaddr *http_request_address(const struct http_request *req);
struct cs_arena *http_request_arena(struct http_request *req); /* dies with the request */
bool http_request_gone(const struct http_request *req);        /* the client has left */

/* ---- Answers.  Each takes `req`: it is freed, at the latest when the answer is on its way. ---- */

struct http_header {
	const char *name, *value;
};

/*
 * `type` may be NULL only with an empty body.  `extra` ends with a zero row, or is NULL.  Adds Date,
 * Content-Length, X-Content-Type-Options: nosniff and, unless `extra` says otherwise,
 * Cache-Control: no-store.  A field that could split the answer makes it a 500 without content.
 */
void http_reply(struct http_request *req, int status, const char *type, struct cs_span body,
    const struct http_header *extra);

#define HTTP_DATE 30 /* "Sun, 06 Nov 1994 08:49:37 GMT" and its NUL */
void
http_date(int64_t at_s, char ret_text[static HTTP_DATE]); /* RFC 9110 5.6.7; until the year 9999 */

/* "Not Found"; "Unknown" for a status that this server never sends. */
const char *http_phrase(int status);

/* RFC 9457.  NULL members are left out, except type ("about:blank") and title (the phrase). */
struct http_problem {
	int status;
	const char *type, *title, *detail;
	const char *field;  /* the input that is wrong */
	const char *clause; /* the rule that it breaks */
	const char *mend;   /* what would mend it */
	const char *code;   /* for programs */
};
void http_reply_problem(struct http_request *req, const struct http_problem *problem);

/* The same with extra fields, e.g. Retry-After or WWW-Authenticate. */
void http_reply_problem_with(
    struct http_request *req, const struct http_problem *problem, const struct http_header *extra);

/* ---- Server-sent events (WHATWG HTML 9.2). ---- */

/* Called exactly once, never from within a function of this header except http_server_free(). */
typedef void http_stream_closed(void *arg);

/* NULL: the client has left, or asked by HEAD; then `closed` is not called.  Takes `req`. */
struct http_stream *
http_stream_start(struct http_request *req, http_stream_closed *closed, void *arg);

struct http_event {
	const char *id, *event; /* may be NULL; no line ends, no NUL */
	struct cs_span data;    /* UTF-8; each of its lines becomes a data line */
};
/*
 * False: nothing was sent.  The client is gone or too slow, and `closed` will be called; or a value is
 * malformed (a line end in id or event, data that is not UTF-8), and the stream goes on.
 */
bool http_stream_event(struct http_stream *stream, const struct http_event *event);
/* Ends it once everything was sent; `closed` is called later.  After `closed` the stream does not exist. */
void http_stream_close(struct http_stream *stream);

#endif
