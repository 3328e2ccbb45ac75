/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c: server-sent events.  The stream ends with the connection, so it needs no framing of its
 * own, and a client that does not keep up is dropped: it comes back and says Last-Event-ID.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/conn.h"

/* X-Accel-Buffering asks the usual ingress not to collect events before it passes them on. */
static const struct http_header stream_fields[] = { { "X-Accel-Buffering", "no" }, { 0 } };
static const char stream_type[] = "text/event-stream";

static struct http_stream *
stream_new(struct http_conn *conn, http_stream_closed *closed, void *arg)
{
	struct http_stream *stream = calloc(1, sizeof(*stream));

	cs_assert(stream != NULL);
	*stream = (struct http_stream){ conn, closed, arg };
	return stream;
}

struct http_stream *
http_stream_start(struct http_request *req, http_stream_closed *closed, void *arg)
{
	struct http_conn *conn = req->conn;

	if (conn == NULL || strcmp(req->head.method, "HEAD") == 0) {
		http_reply(req, 200, stream_type, cs_span_str(NULL), stream_fields);
		return NULL;
	}
	struct cs_buf out = cs_buf_new(req->arena);

	conn->close_after = true;
	cs_assert(reply_head(req, 200, stream_type, stream_fields, &out));
	cs_buf_add_str(&out, "\r\n");
	evbuffer_add(bufferevent_get_output(conn->bev), out.data, out.len);
	reply_observe(req, conn->server, 200);
	request_free(req);
	conn->req = NULL;
	conn->stream = stream_new(conn, closed, arg);
	conn->state = CONN_STREAMING;
	conn_arm(conn, conn->server->limits.stream_quiet_ms);
	if (conn->server->draining)
		conn_end_soon(conn);
	return conn->stream;
}

static bool
one_line(const char *text)
{
	return text == NULL || strpbrk(text, "\r\n") == NULL;
}

static void
add_field(struct cs_buf *out, const char *name, const char *value)
{
	if (value != NULL)
		cs_buf_printf(out, "%s: %s\n", name, value);
}

/* CR, LF and CRLF all end lines for the reader, so each must begin a data line of its own. */
static void
add_data(struct cs_buf *out, struct cs_span data)
{
	size_t start = 0;

	for (size_t i = 0; i <= data.len; i++) {
		bool at_end = i == data.len;

		if (!at_end && data.data[i] != '\n' && data.data[i] != '\r')
			continue;
		cs_buf_add_str(out, "data: ");
		if (i > start)
			cs_buf_add(out, data.data + start, i - start);
		cs_buf_add_str(out, "\n");
		if (!at_end && data.data[i] == '\r' && i + 1 < data.len && data.data[i + 1] == '\n')
			i++;
		start = i + 1;
	}
}

static bool
send_octets(struct http_conn *conn, struct cs_span octets)
{
	struct evbuffer *wire = bufferevent_get_output(conn->bev);

	if (evbuffer_get_length(wire) + octets.len > conn->server->limits.stream_octets) {
		conn_end_soon(conn);
		return false;
	}
	evbuffer_add(wire, octets.data, octets.len);
	conn_arm(conn, conn->server->limits.stream_quiet_ms);
	return true;
}

bool
http_stream_event(struct http_stream *stream, const struct http_event *event)
{
	if (stream->conn == NULL || stream->conn->state != CONN_STREAMING || !one_line(event->id) ||
	    !one_line(event->event) || !cs_utf8_valid(event->data))
		return false;
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf out = cs_buf_new(arena);

	add_field(&out, "id", event->id);
	add_field(&out, "event", event->event);
	add_data(&out, event->data);
	cs_buf_add_str(&out, "\n");
	bool sent = send_octets(stream->conn, cs_buf_span(&out));

	cs_arena_free(arena);
	return sent;
}

void
http_stream_close(struct http_stream *stream)
{
	struct http_conn *conn = stream->conn;

	if (conn == NULL || conn->state != CONN_STREAMING)
		return;
	/* The last event is often the one that matters: it leaves before the connection ends. */
	if (evbuffer_get_length(bufferevent_get_output(conn->bev)) > 0)
		conn_answered(conn);
	else
		conn_end_soon(conn);
}
