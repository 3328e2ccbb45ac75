/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.c: the life of one connection (the picture is in conn.h).  Callbacks of libevent note what
 * happened; step() decides what follows.
 */
#include "http/conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

#define READ_AHEAD 4096       /* octets beyond a whole head that may wait in the buffer */
#define LINGER_MS 2000        /* for a client to take its answer and close */
#define LINGER_OCTETS 1048576 /* what it may still send meanwhile */

void
conn_arm(struct http_conn *conn, int64_t ms)
{
	evtimer_del(conn->timer);
	if (ms < 0)
		return;
	const struct timeval after = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	evtimer_add(conn->timer, &after);
}

static void
enter(struct http_conn *conn, enum conn_state state, int64_t deadline_ms)
{
	conn->state = state;
	conn_arm(conn, deadline_ms);
}

/* What remains of a deadline that began with the first octet of the request. */
static int64_t
remaining(const struct http_conn *conn, int64_t limit_ms)
{
	int64_t left = conn->since_ms + limit_ms - cs_mono_ms();

	return left > 0 ? left : 0;
}

static void
refuse(struct http_conn *conn, struct http_fault fault)
{
	conn->close_after = true;
	reply_refuse(conn, &fault);
	conn_answered(conn);
}

/* ---- One step each; true: there may be more to do at once. ---- */

static bool
step_idle(struct http_conn *conn, struct evbuffer *in)
{
	if (evbuffer_get_length(in) == 0)
		return false;
	conn->since_ms = cs_mono_ms();
	conn->scanned = 0;
	enter(conn, CONN_HEAD, conn->server->limits.head_ms);
	return true;
}

static bool
host_known(const struct http_conn *conn, const char *host)
{
	const char *const *known = conn->server->hosts;

	if (known == NULL)
		return true;
	for (; *known != NULL; known++)
		if (strcasecmp(*known, host) == 0)
			return true;
	return false;
}

static void
expect_body(struct http_conn *conn)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_request *req = conn->req;

	conn->chunks = (struct http_chunks){ 0 };
	if (req->head.expects_continue)
		evbuffer_add(bufferevent_get_output(conn->bev), go_on, sizeof(go_on) - 1);
	enter(conn, CONN_BODY, remaining(conn, conn->server->limits.request_ms));
}

static bool
step_head(struct http_conn *conn, struct evbuffer *in)
{
	const struct http_limits *limits = &conn->server->limits;
	struct cs_span arrived = { evbuffer_pullup(in, -1), evbuffer_get_length(in) };
	struct http_fault fault = { 0 };
	enum http_scan found = http_head_scan(arrived, limits, &conn->scanned, &fault);

	if (found == HTTP_SCAN_MORE)
		return false;
	conn->req = request_new(conn);
	if (found == HTTP_SCAN_DONE) {
		arrived.len = conn->scanned;
		fault = http_head_parse(arrived, limits, conn->req->arena, &conn->req->head);
	}
	if (fault.status == 0 && !host_known(conn, conn->req->head.host))
		fault = (struct http_fault){ 421, "no such host here" };
	if (fault.status != 0) {
		refuse(conn, fault);
		return false;
	}
	evbuffer_drain(in, conn->scanned);
	expect_body(conn);
	return true;
}

static enum http_scan
read_body(struct http_conn *conn, struct evbuffer *in, struct http_fault *ret_fault)
{
	struct http_request *req = conn->req;
	struct cs_span arrived = { evbuffer_pullup(in, -1), evbuffer_get_length(in) };
	size_t used = 0;
	enum http_scan found = HTTP_SCAN_DONE;

	if (req->head.framing == HTTP_CHUNKED) {
		found = http_chunks_read(&conn->chunks, arrived, conn->server->limits.body_octets,
		    &req->body, &used, ret_fault);
	} else if (req->head.framing == HTTP_LENGTH) {
		size_t missing = req->head.length - req->body.len;

		used = arrived.len < missing ? arrived.len : missing;
		cs_buf_add(&req->body, arrived.data, used);
		found = used == missing ? HTTP_SCAN_DONE : HTTP_SCAN_MORE;
	}
	evbuffer_drain(in, used);
	return found;
}

/* Threats D9: whoever sits in front of us must not reuse a connection that carried content. */
static void
hand_over(struct http_conn *conn)
{
	struct http_request *req = conn->req;

	enter(conn, CONN_HANDLING, -1);
	conn->close_after |= req->head.close || strcmp(req->head.method, "POST") == 0 ||
			     req->head.framing != HTTP_NO_BODY || conn->server->draining;
	req->arrived_us = cs_mono_us();
	http_routes_match(&conn->server->routes, &req->head, req->arena, &req->match);
	if (req->match.route == NULL)
		reply_not_routed(req);
	else
		req->match.route->handle(req->match.self, req);
}

static bool
step_body(struct http_conn *conn, struct evbuffer *in)
{
	struct http_fault fault = { 0 };
	enum http_scan found = read_body(conn, in, &fault);

	if (found == HTTP_SCAN_FAULT)
		refuse(conn, fault);
	else if (found == HTTP_SCAN_DONE)
		hand_over(conn);
	return false;
}

static bool
step_linger(struct http_conn *conn, struct evbuffer *in)
{
	conn->discarded += evbuffer_get_length(in);
	evbuffer_drain(in, evbuffer_get_length(in));
	if (conn->discarded > LINGER_OCTETS)
		conn_end_soon(conn);
	return false;
}

/* Every callback that may free the connection is called last, so nothing is touched after a step. */
static void
advance(struct http_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	bool more = true;

	while (more) {
		switch (conn->state) {
		case CONN_IDLE:
			more = step_idle(conn, in);
			break;
		case CONN_HEAD:
			more = step_head(conn, in);
			break;
		case CONN_BODY:
			more = step_body(conn, in);
			break;
		case CONN_LINGERING:
		case CONN_STREAMING:
			more = step_linger(conn, in);
			break;
		default: /* what was sent ahead waits */
			more = false;
		}
	}
}

/* ---- What libevent tells us ---- */

static void
linger(struct http_conn *conn)
{
	enter(conn, CONN_LINGERING, LINGER_MS);
	shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
	if (!(bufferevent_get_enabled(conn->bev) & EV_READ))
		conn_end_soon(conn); /* the client has closed its side already */
	else
		advance(conn);
}

static void
on_written(struct bufferevent *bev, void *arg)
{
	struct http_conn *conn = arg;

	(void)bev;
	if (conn->state != CONN_FLUSHING)
		return;
	if (conn->close_after) {
		linger(conn);
		return;
	}
	enter(conn, CONN_IDLE, conn->server->limits.idle_ms);
	advance(conn);
}

static void
on_readable(struct bufferevent *bev, void *arg)
{
	(void)bev;
	advance(arg);
}

/*
 * The end of what a client sends is not the end of what it reads: a request that is complete is still
 * answered.  Libevent has stopped reading.
 */
static void
on_sent_all(struct http_conn *conn)
{
	conn->close_after = true;
	if (conn->state != CONN_HANDLING && conn->state != CONN_FLUSHING)
		conn_free(conn);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what == (BEV_EVENT_READING | BEV_EVENT_EOF))
		on_sent_all(arg);
	else
		conn_free(arg); /* an error, or a client that does not read its answer */
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *conn = arg;

	(void)fd;
	(void)what;
	switch (conn->state) {
	case CONN_HEAD:
	case CONN_BODY:
		refuse(conn, (struct http_fault){ 408, "the request took too long" });
		break;
	case CONN_STREAMING:
		evbuffer_add(bufferevent_get_output(conn->bev), ":\n\n", 3);
		conn_arm(conn, conn->server->limits.stream_quiet_ms);
		break;
	default:
		conn_free(conn);
	}
}

/* ---- For the other files ---- */

void
conn_open(struct http_server *server, int fd, const struct sockaddr_storage *peer)
{
	struct http_conn *conn = calloc(1, sizeof(*conn));
	int64_t idle = server->limits.idle_ms;
	const struct timeval patience = { idle / 1000, (suseconds_t)(idle % 1000) * 1000 };

	cs_assert(conn != NULL);
	conn->server = server;
	conn->peer = *peer;
	conn->bev = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	conn->timer = evtimer_new(server->base, on_timer, conn);
	cs_assert(conn->bev != NULL && conn->timer != NULL);
	TAILQ_INSERT_TAIL(&server->conns, conn, link);
	server->conn_count++;
	bufferevent_setcb(conn->bev, on_readable, on_written, on_event, conn);
	bufferevent_setwatermark(conn->bev, EV_READ, 0, server->limits.head_octets + READ_AHEAD);
	bufferevent_set_timeouts(conn->bev, NULL, &patience);
	enter(conn, CONN_IDLE, idle);
	bufferevent_enable(conn->bev, EV_READ | EV_WRITE);
}

static void
abandon_request(struct http_conn *conn)
{
	struct http_request *req = conn->req;

	conn->req = NULL;
	if (req == NULL)
		return;
	req->conn = NULL;
	if (conn->state == CONN_HANDLING)
		reply_observe(req, conn->server, 0); /* its handler will answer and free it */
	else
		request_free(req);
}

void
conn_free(struct http_conn *conn)
{
	struct http_stream *stream = conn->stream;

	abandon_request(conn);
	server_forget(conn->server, conn);
	event_free(conn->timer);
	bufferevent_free(conn->bev);
	free(conn);
	if (stream == NULL)
		return;
	stream->conn = NULL;
	stream->closed(stream->arg);
	free(stream);
}

void
conn_end_soon(struct http_conn *conn)
{
	bufferevent_disable(conn->bev, EV_READ | EV_WRITE);
	enter(conn, CONN_ENDING, 0);
}

void
conn_drain(struct http_conn *conn)
{
	conn->close_after = true;
	if (conn->state == CONN_IDLE || conn->state == CONN_STREAMING)
		conn_end_soon(conn);
}

void
conn_answered(struct http_conn *conn)
{
	struct http_request *req = conn->req;

	conn->req = NULL;
	request_free(req);
	enter(conn, CONN_FLUSHING, -1);
}
