/* SPDX-License-Identifier: Apache-2.0 */
/* api.h: calls of the public HTTP API from an event loop, many at a time. */
#ifndef BENCH_API_H
#define BENCH_API_H

#include <stddef.h>
#include <stdint.h>

struct api;
struct event_base;

/* Once for each call; `status` 0: no answer.  The body is borrowed, and a NUL follows it. */
typedef void api_answered(void *arg, int status, const char *body, size_t len);

#define API_LANES 8 /* connections that are kept for GET; calls of one lane run one after another */

/* NULL: `host` is no IPv4 address. */
struct api *api_new(struct event_base *base, const char *host, uint16_t port, const char *token);
void api_get(struct api *api, unsigned lane, const char *path, api_answered *answered, void *arg);

struct api_post {
	const char *path;
	const char *body; /* JSON, or NULL */
	const char *key;  /* Idempotency-Key, or NULL */
};
/* On a connection of its own: the server ends it with the answer. */
void api_post(struct api *api, const struct api_post *what, api_answered *answered, void *arg);

/* Answers so far that said "try again later" (503), which was done. */
unsigned long api_repeated(const struct api *api);

#endif
