/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_http.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define PAIRS 8
#define TABLES 16

struct http_request {
	struct cs_arena *arena;
	const struct fake_ask *ask;
	const struct http_route *route;
	const char *query_text;
	struct http_header params[PAIRS], query[PAIRS];
	size_t n_params, n_query;
	struct fake_answer answer;
};

struct http_stream {
	struct http_request *req;
	http_stream_closed *closed;
	void *arg;
	struct http_stream *next_closing;
};

static struct http_stream *closing;

static struct {
	const struct http_route *routes;
	void *self;
} tables[TABLES];
static size_t n_tables;

/* ---- routing ---- */

static char *
segment(char **rest)
{
	char *from = *rest;

	if (!from)
		return NULL;
	*rest = strchr(from, '/');
	if (*rest)
		*(*rest)++ = '\0';
	return from;
}

static bool
matches(struct http_request *req, const char *pattern, const char *path)
{
	char *want = cs_arena_strdup(req->arena, pattern + 1),
	     *got = cs_arena_strdup(req->arena, path + 1);

	req->n_params = 0;
	for (;;) {
		char *w = segment(&want), *g = segment(&got);

		if (!w || !g)
			return !w && !g;
		if (w[0] == '{') {
			w[strlen(w) - 1] = '\0';
			req->params[req->n_params++] = (struct http_header){ w + 1, g };
		} else if (strcmp(w, g) != 0) {
			return false;
		}
	}
}

static char *
split_query(struct http_request *req, const char *path)
{
	char *copy = cs_arena_strdup(req->arena, path), *query = strchr(copy, '?'), *save = NULL;

	if (!query)
		return copy;
	*query++ = '\0';
	req->query_text = cs_arena_strdup(req->arena, query);
	for (char *pair = strtok_r(query, "&", &save); pair; pair = strtok_r(NULL, "&", &save)) {
		char *value = strchr(pair, '=');

		*value++ = '\0';
		req->query[req->n_query++] = (struct http_header){ pair, value };
	}
	return copy;
}

void
fake_http_reset(void)
{
	n_tables = 0;
}

enum cs_code
http_server_add_routes(
    struct http_server *server, const struct http_route *routes, void *self, struct cs_err *err)
{
	(void)server;
	(void)err;
	cs_assert(n_tables < TABLES);
	tables[n_tables].routes = routes;
	tables[n_tables++].self = self;
	return CS_OK;
}

/* A literal segment wins over a {name}. */
static bool
is_better(const struct http_route *route, const struct http_route *than)
{
	return !than || strcspn(route->pattern, "{") > strcspn(than->pattern, "{");
}

/* GET routes also answer HEAD. */
static bool
answers(const struct http_route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 && strcmp(method, "HEAD") == 0);
}

static void *
find_route(struct http_request *req, const char *path)
{
	void *self = NULL;

	for (size_t i = 0; i < n_tables; i++) {
		for (const struct http_route *r = tables[i].routes; r->method; r++) {
			if (!answers(r, req->ask->method) || !matches(req, r->pattern, path) ||
			    !is_better(r, req->route))
				continue;
			req->route = r;
			self = tables[i].self;
		}
	}
	return self;
}

const struct fake_answer *
fake_http(struct cs_arena *arena, const struct fake_ask *ask)
{
	struct http_request *req = CS_NEW(arena, struct http_request);
	const char *path = NULL;
	void *self = NULL;

	req->arena = arena;
	req->ask = ask;
	req->query_text = "";
	path = split_query(req, ask->path);
	self = find_route(req, path);
	if (!req->route) {
		req->answer.status = 404;
		return &req->answer;
	}
	(void)matches(req, req->route->pattern, path); /* its params */
	req->answer.pattern = req->route->pattern;
	req->route->handle(self, req);
	return &req->answer;
}

/* ---- what was asked ---- */

static const char *
find(const struct http_header *pairs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (pairs[i].name && strcmp(pairs[i].name, name) == 0)
			return pairs[i].value;
	return NULL;
}

const char *
http_request_method(const struct http_request *req)
{
	return req->ask->method;
}

const char *
http_request_query_text(const struct http_request *req)
{
	return req->query_text;
}

const struct http_route *
http_request_route(const struct http_request *req)
{
	return req->route;
}

const char *
http_request_param(const struct http_request *req, const char *name)
{
	return find(req->params, req->n_params, name);
}

const char *
http_request_query(const struct http_request *req, const char *name)
{
	return find(req->query, req->n_query, name);
}

const struct sockaddr *
http_request_address(const struct http_request *req)
{
	static const struct sockaddr_in address = { .sin_family = AF_INET };

	(void)req;
	return (const struct sockaddr *)(const void *)&address;
}

const char *
http_request_header_at(const struct http_request *req, const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(req->ask->headers) / sizeof(req->ask->headers[0]); i++) {
		const struct http_header *header = &req->ask->headers[i];

		if (header->name && strcmp(header->name, name) == 0 && n-- == 0)
			return header->value;
	}
	return NULL;
}

const char *
http_request_header(const struct http_request *req, const char *name)
{
	return http_request_header_at(req, name, 1) ? NULL : http_request_header_at(req, name, 0);
}

const char *
http_request_authorization(const struct http_request *req, const char *scheme)
{
	return strcmp(scheme, "Bearer") == 0 ? req->ask->token : NULL;
}

bool
http_request_is_type(const struct http_request *req, const char *type)
{
	return req->ask->type && strcmp(req->ask->type, type) == 0;
}

struct cs_span
http_request_body(const struct http_request *req)
{
	return cs_span_str(req->ask->body);
}

struct cs_arena *
http_request_arena(struct http_request *req)
{
	return req->arena;
}

/* ---- answers ---- */

void
http_reply(struct http_request *req, int status, const char *type, struct cs_span body,
    const struct http_header *extra)
{
	struct fake_answer *answer = &req->answer;

	cs_assert(answer->status == 0); /* exactly once */
	cs_assert(type || body.len == 0);
	answer->status = status;
	answer->type = type;
	answer->body = cs_arena_copy_span(req->arena, body);
	for (; extra && extra->name; extra++)
		answer->headers[answer->n_headers++] = *extra;
}

const char *
fake_http_header(const struct fake_answer *answer, const char *name)
{
	return find(answer->headers, answer->n_headers, name);
}

struct http_stream *
http_stream_start(struct http_request *req, http_stream_closed *closed, void *arg)
{
	struct http_stream *stream = CS_NEW(req->arena, struct http_stream);

	cs_assert(req->answer.status == 0);
	req->answer.status = 200;
	if (req->ask->gone)
		return NULL;
	*stream = (struct http_stream){ .req = req, .closed = closed, .arg = arg };
	req->answer.type = "text/event-stream";
	req->answer.stream = stream;
	return stream;
}

bool
http_stream_event(struct http_stream *stream, const struct http_event *event)
{
	struct fake_answer *answer = &stream->req->answer;

	answer->n_events++;
	answer->last_id = strtoull(event->id, NULL, 10);
	answer->body = cs_span_str(cs_arena_printf(stream->req->arena, "%.*s%.*s\n",
	    (int)answer->body.len, answer->body.len ? (const char *)answer->body.data : "",
	    (int)event->data.len, (const char *)event->data.data));
	return true;
}

/* As the real one, it tells of the end later. */
void
http_stream_close(struct http_stream *stream)
{
	stream->req->answer.stream = NULL;
	stream->next_closing = closing;
	closing = stream;
}

void
fake_http_settle(void)
{
	while (closing) {
		struct http_stream *stream = closing;

		closing = stream->next_closing;
		stream->closed(stream->arg);
	}
}

void
fake_http_leave(const struct fake_answer *answer)
{
	struct http_stream *stream = answer->stream;

	if (!stream)
		return;
	stream->req->answer.stream = NULL;
	stream->closed(stream->arg);
}
