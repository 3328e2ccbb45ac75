/* SPDX-License-Identifier: Apache-2.0 */
/* fake_http.h: server.h without sockets: a request in, the recorded answer out. */
#ifndef INTAKE_TESTS_FAKE_HTTP_H
#define INTAKE_TESTS_FAKE_HTTP_H

#include "http/server.h"

struct fake_ask {
	const char *method, *path;     /* with its query */
	const char *token;             /* NULL: none */
	const char *type, *body;       /* NULL: none */
	struct http_header headers[4]; /* others; unused ones are zero */
	bool gone;                     /* the client leaves before it is answered */
};

struct fake_answer {
	const char *pattern; /* of the route */
	int status;          /* 200 for a stream, 0 while it is not answered */
	const char *type;
	struct cs_span body; /* of a stream: the data of its events, a line each */
	struct http_header headers[6];
	size_t n_headers;
	struct http_stream *stream; /* NULL: none, or closed */
	size_t n_events;
	uint64_t last_id;
};

/* Forgets every table; those that http_server_add_routes() is given from now on are asked. */
void fake_http_reset(void);
/* A path that no route has answers 404.  Lives in `arena`; `ask` is borrowed until it is answered. */
const struct fake_answer *fake_http(struct cs_arena *arena, const struct fake_ask *ask);
const char *fake_http_header(const struct fake_answer *answer, const char *name); /* NULL: none */
/* Streams that were closed are told so. */
void fake_http_settle(void);
/* The client of a stream leaves. */
void fake_http_leave(const struct fake_answer *answer);

#endif
