/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sse.c: the streams that are open, and the one question for all of them.
 *
 * A history has no gaps, so a stream takes exactly the line that follows the one it sent last; it
 * does not matter how often or in which order lines come.
 */
#include "sse.h"

#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>

#include "query.h"
#include "store.h"

#define LINES_MAX 1000 /* of one answer; what is left comes with the next */

struct stream {
	struct stream *next;
	struct sse *sse;
	struct cs_arena *arena;   /* its own */
	struct http_stream *http; /* NULL: being closed */
	struct cs_id id;
	uint64_t after;
	uint32_t *n_open; /* of its owner */
};

struct sse {
	struct svc *svc;
	struct cs_arena *arena;  /* its own */
	struct cs_arena *asking; /* of the question under way; NULL: none */
	struct event *timer;
	struct stream *streams;
	size_t n;
};

static void
close_stream(struct stream *stream)
{
	struct http_stream *http = stream->http;

	stream->http = NULL;
	http_stream_close(http);
}

/* The server tells, once, that the stream exists no more. */
static void
on_closed(void *arg)
{
	struct stream *stream = arg;
	struct sse *sse = stream->sse;
	struct stream **at = &sse->streams;

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	sse->n--;
	(*stream->n_open)--;
	cs_arena_free(stream->arena);
	if (sse->n == 0)
		(void)event_del(sse->timer);
}

static void
send_line(struct stream *stream, const struct query_line *line)
{
	char id[24];
	const struct http_event event = { .id = id, .event = line->event, .data = line->data };

	if (!stream->http || !cs_id_equal(stream->id, line->request) ||
	    line->seq != stream->after + 1)
		return;
	(void)snprintf(id, sizeof(id), "%" PRIu64, line->seq);
	stream->after = line->seq;
	if (!http_stream_event(stream->http, &event))
		stream->http = NULL; /* gone or too slow: on_closed follows */
	else if (line->ends)
		close_stream(stream);
}

static void
on_lines(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct sse *sse = arg;
	struct query_line line = { 0 };

	cs_arena_free(sse->asking);
	sse->asking = NULL;
	if (!ok || status != 200)
		return; /* the next tick asks again */
	while (query_next_line(&body, &line))
		for (struct stream *stream = sse->streams; stream; stream = stream->next)
			send_line(stream, &line);
}

static void
ask(struct sse *sse)
{
	struct cs_arena *arena = NULL;
	struct store_watch *watch = NULL;
	struct cs_id *ids = NULL;
	int64_t *after = NULL;

	if (sse->asking || sse->n == 0)
		return;
	arena = cs_arena_new();
	watch = CS_NEW(arena, struct store_watch);
	ids = CS_NEW_ARRAY(arena, sse->n, struct cs_id);
	after = CS_NEW_ARRAY(arena, sse->n, int64_t);
	*watch = (struct store_watch){ .ids = ids, .after = after, .limit = LINES_MAX };
	for (const struct stream *stream = sse->streams; stream; stream = stream->next) {
		if (!stream->http)
			continue;
		ids[watch->n] = stream->id;
		after[watch->n++] = (int64_t)stream->after;
	}
	sse->asking = arena;
	if (watch->n > 0 &&
	    svc_ask_store(sse->svc, query_history, cs_span_str(NULL), watch, on_lines, sse))
		return;
	cs_arena_free(arena);
	sse->asking = NULL;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask(arg);
}

struct sse *
sse_new(struct svc *svc)
{
	struct cs_arena *arena = cs_arena_new();
	struct sse *sse = CS_NEW(arena, struct sse);

	sse->arena = arena;
	sse->svc = svc;
	sse->timer = event_new(svc_base(svc), -1, EV_PERSIST, on_tick, sse);
	cs_assert(sse->timer);
	return sse;
}

void
sse_free(struct sse *sse)
{
	if (!sse)
		return;
	event_free(sse->timer);
	if (sse->asking)
		cs_arena_free(sse->asking);
	while (sse->streams) {
		struct stream *stream = sse->streams;

		sse->streams = stream->next;
		cs_arena_free(stream->arena);
	}
	cs_arena_free(sse->arena);
}

bool
sse_is_full(const struct sse *sse)
{
	return sse->n >= SSE_STREAMS_MAX;
}

void
sse_open(
    struct sse *sse, struct http_request *req, struct cs_id id, uint64_t after, uint32_t *n_open)
{
	const struct timeval every = { 0, SSE_POLL_MS * 1000 };
	struct cs_arena *arena = cs_arena_new();
	struct stream *stream = CS_NEW(arena, struct stream);

	stream->arena = arena;
	stream->sse = sse;
	stream->id = id;
	stream->after = after;
	stream->n_open = n_open;
	stream->http = http_stream_start(req, on_closed, stream);
	if (!stream->http) {
		cs_arena_free(arena);
		return;
	}
	stream->next = sse->streams;
	sse->streams = stream;
	(*n_open)++;
	if (sse->n++ == 0)
		(void)event_add(sse->timer, &every);
	ask(sse); /* the first lines need no tick */
}
