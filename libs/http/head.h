/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h: the strict reader of request heads and chunked bodies (RFC 9112), used by server.h alone.
 * Pure.
 *
 * What two readers could understand differently is refused: bare line feeds, folded fields, space
 * before a colon, repeated framing fields, both kinds of framing, other transfer codings, chunk
 * extensions, trailers, absolute request targets, HTTP/1.0.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "http/server.h"

#define HTTP_SEGMENTS_MAX 24
#define HTTP_QUERY_MAX 32

/* Why a request is answered by the server itself; `status` 0: there is nothing wrong. */
struct http_fault {
	int status;
	const char *why; /* static text */
};

enum http_scan { HTTP_SCAN_MORE, HTTP_SCAN_DONE, HTTP_SCAN_FAULT };

/*
 * Looks for the end of the head in what has arrived so far.  `*pos` is 0 for a new request and says how
 * far earlier calls came; on HTTP_SCAN_DONE it is the length of the head with its empty line.
 */
enum http_scan http_head_scan(struct cs_span arrived, const struct http_limits *limits, size_t *pos,
    struct http_fault *ret_fault);

struct http_pair {
	const char *name, *value;
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED };

struct http_head {
	const char *method; /* "" until the request line was understood */
	const char *path;
	const char *segments[HTTP_SEGMENTS_MAX]; /* of the path, not decoded */
	size_t segment_count;
	struct http_pair query[HTTP_QUERY_MAX]; /* decoded */
	size_t query_count;
	const char *query_text; /* all of it as sent; NULL: none */
	struct http_pair *fields;
	size_t field_count;
	const char *host; /* lower case, without the port */
	enum http_framing framing;
	size_t length; /* of the body, for HTTP_LENGTH */
	bool old;      /* HTTP/1.0 */
	bool close;    /* the client wants no further request */
	bool expects_continue;
};

/* `octets` is what http_head_scan() measured.  On a fault *ret_head is as far as it was understood. */
struct http_fault http_head_parse(struct cs_span octets, const struct http_limits *limits,
    struct cs_arena *arena, struct http_head *ret_head);

/* Once: "%41" becomes "A".  NULL: a bad escape, a control character, not UTF-8. */
const char *http_decode(const char *text, bool plus_is_space, struct cs_arena *arena);
/* As http_decode() for one segment of a path, which must not become "", ".", ".." nor hold / or \. */
const char *http_decode_segment(const char *segment, struct cs_arena *arena);

/* A chunked body, read as it arrives.  All zero is the start. */
struct http_chunks {
	unsigned state, digits;
	size_t left, total;
};
/* Appends to `body` and says in *ret_used how much of `arrived` was consumed. */
enum http_scan http_chunks_read(struct http_chunks *chunks, struct cs_span arrived, size_t limit,
    struct cs_buf *body, size_t *ret_used, struct http_fault *ret_fault);

#endif
