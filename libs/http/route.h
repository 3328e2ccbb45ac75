/* SPDX-License-Identifier: Apache-2.0 */
/* route.h: which handler a method and a path belong to, used by server.h alone.  Pure. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include "base/arena.h"
#include "base/err.h"
#include "http/head.h"
#include "http/server.h"

#define HTTP_TABLES_MAX 16

struct http_table {
	const struct http_route *routes;
	void *self;
};

struct http_routes {
	struct http_table tables[HTTP_TABLES_MAX];
	size_t count;
};

struct http_match {
	const struct http_route *route; /* NULL: none */
	void *self;
	struct http_pair params[HTTP_SEGMENTS_MAX]; /* decoded */
	size_t param_count;
	const char *allow; /* for 405: "GET, HEAD, POST"; NULL: no route has this path */
};

/* Refuses what could never match and what another row already says.  CS_MALFORMED. */
CS_MUST_USE enum cs_code http_routes_add(
    struct http_routes *routes, const struct http_route *table, void *self, struct cs_err *err);
void http_routes_match(const struct http_routes *routes, const struct http_head *head,
    struct cs_arena *arena, struct http_match *ret_match);

#endif
