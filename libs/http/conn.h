/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.h: what server.c, conn.c, request.c, reply.c and stream.c share.  Not for others.
 *
 *   IDLE ─ first octet ▶ HEAD ─ end of head ▶ BODY ─ last octet ▶ HANDLING ─ answer ▶ FLUSHING ─▶ IDLE
 *     any fault ─ refusal ▶ LINGERING (also after an answer that closes) ─ client closes ▶ freed
 *                                                HANDLING ─ http_stream_start() ▶ STREAMING ─▶ freed
 *
 * One request at a time: what a client sends ahead waits in the buffer, whose size is bounded.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include <sys/queue.h>
#include <sys/socket.h>

#include "http/head.h"
#include "http/route.h"
#include "http/server.h"

struct bufferevent;
struct event;
struct evconnlistener;

enum conn_state {
	CONN_IDLE,
	CONN_HEAD,
	CONN_BODY,
	CONN_HANDLING,
	CONN_FLUSHING,
	CONN_LINGERING,
	CONN_STREAMING,
	CONN_ENDING /* freed when its timer fires, which is at once */
};

struct http_request {
	struct cs_arena *arena; /* holds the request itself */
	struct http_conn *conn; /* NULL: the client has left, or the server was freed */
	struct http_head head;
	struct cs_buf body;
	struct http_match match;
	struct sockaddr_storage peer;
	const char *peer_text;
	int64_t arrived_us;
};

struct http_conn {
	TAILQ_ENTRY(http_conn) link;
	struct http_server *server;
	struct bufferevent *bev;
	struct event *timer; /* the only one: what it means depends on the state */
	enum conn_state state;
	size_t scanned;   /* octets of the head that were looked at */
	int64_t since_ms; /* first octet of the request, monotonic */
	bool close_after; /* no further request on this connection */
	size_t discarded; /* octets thrown away while lingering */
	struct http_chunks chunks;
	struct http_request *req;
	struct http_stream *stream;
	struct sockaddr_storage peer;
};

TAILQ_HEAD(http_conns, http_conn);

struct http_server {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *again;   /* accept again, after the process ran out of descriptors */
	struct event *drained; /* tells that the last connection is gone */
	struct http_conns conns;
	size_t conn_count;
	uint16_t port;
	bool draining;
	struct http_limits limits;
	const char *const *hosts;
	http_observer *observe;
	void *observe_arg;
	struct http_routes routes;
	void (*on_drained)(void *arg);
	void *on_drained_arg;
};

struct http_stream {
	struct http_conn *conn;
	http_stream_closed *closed;
	void *arg;
};

/* server.c */
void server_forget(struct http_server *server, struct http_conn *conn);

/* conn.c */
void conn_open(struct http_server *server, int fd, const struct sockaddr_storage *peer);
void conn_free(struct http_conn *conn);
void conn_arm(struct http_conn *conn, int64_t ms); /* below 0: no deadline */
void conn_end_soon(struct http_conn *conn);
void conn_drain(struct http_conn *conn); /* the server stops: end it as soon as that is polite */
/* The answer stands in the output buffer: what follows when it has been written. */
void conn_answered(struct http_conn *conn);

/* reply.c */
void reply_refuse(struct http_conn *conn, const struct http_fault *fault);
void reply_not_routed(struct http_request *req);
void reply_observe(const struct http_request *req, struct http_server *server, int status);
bool reply_head(struct http_request *req, int status, const char *type,
    const struct http_header *extra, struct cs_buf *out);

/* request.c */
struct http_request *request_new(const struct http_conn *conn);
void request_free(struct http_request *req); /* takes NULL; the connection forgets it first */

#endif
