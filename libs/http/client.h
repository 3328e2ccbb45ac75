/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: a blocking HTTP client for tools that talk to our own API.  Not for strangers' servers. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct http_client; /* one connection, kept; one thread */

/* `ca_file` NULL: the system's; `token` NULL: no Authorization.  Both borrowed. */
struct http_client *http_client_new(const char *token, const char *ca_file);
void http_client_free(struct http_client *client); /* takes NULL */

struct http_call {
	const char *method, *url;
	const char *content_type; /* of the body; NULL: none */
	struct cs_span body;
	const char *header; /* one more field, "Name: value"; NULL: none */
};

/* Answers over 4 MiB are refused.  CS_UNAVAILABLE: no answer.  The body lives in `arena`. */
CS_MUST_USE enum cs_code http_client_call(struct http_client *client, const struct http_call *call,
    struct cs_arena *arena, long *ret_status, struct cs_span *ret_body, struct cs_err *err);

/* A stream of lines (server-sent events): `line` is called for each; false ends it. */
typedef bool http_client_line(void *arg, const char *line);
CS_MUST_USE enum cs_code http_client_lines(struct http_client *client, const char *url,
    http_client_line *line, void *arg, struct cs_err *err);

#endif
