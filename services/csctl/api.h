/* SPDX-License-Identifier: Apache-2.0 */
/* api.h: what the commands that call the API share. */
#ifndef CSCTL_API_H
#define CSCTL_API_H

#include "csctl.h"
#include "http/client.h"

struct api {
	struct http_client *client; /* freed by whoever opened it */
	const char *base;
	struct cs_arena *arena;
};

/* False: a setting is missing, and it was said which. */
bool api_open(struct args *args, struct api *api);
/* The URL of a path below /v1/requests. */
const char *api_url(const struct api *api, const char *path);
/* One part of a path or a query, whatever was typed (RFC 3986 2.1). */
const char *api_part(struct cs_arena *arena, const char *text);
/* Prints a problem document; the exit status that it means. */
int api_problem(long status, struct cs_span body);

/* reply.c */
int reply_run(struct args *args);

#endif
