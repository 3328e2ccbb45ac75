/* SPDX-License-Identifier: Apache-2.0 */
/* api.h: what the commands that call the API share. */
#ifndef CSCTL_API_H
#define CSCTL_API_H

#include <jansson.h>

#include "csctl.h"
#include "http/client.h"

struct api {
	struct http_client *client; /* freed by whoever opened it */
	const char *base;
	struct cs_arena *arena;
};

/* False: a setting is missing, and it was said which. */
bool api_open(struct args *args, struct api *api);
/* The same for what everybody may do: without a token. */
bool api_open_to_all(struct args *args, struct api *api);
/* The URL of a path of the API. */
const char *api_any_url(const struct api *api, const char *path);
/* The URL of a path below /v1/requests. */
const char *api_url(const struct api *api, const char *path);
/* Sends it, prints the answer, ends the client; the exit status that the answer means. */
int api_call(struct api *api, const struct http_call *how);
/* The same of a POST of JSON; `key`: an Idempotency-Key, or NULL.  Takes `body`. */
int api_post(struct api *api, const char *url, json_t *body, const char *key);
/*
 * Sends it and reads the answer, null when it has no body, which the caller lets go of; the client stays open.
 * What is not DONE was said, and *ret is NULL.
 */
int api_ask(struct api *api, const struct http_call *how, json_t **ret);
/* Takes "--name VALUE" into a member.  False: it cannot be said in JSON, and that was said. */
bool api_take_text(struct args *args, const char *option, json_t *body, const char *member);
/* The same of every such option, into a list. */
bool api_take_list(struct args *args, const char *option, json_t *body, const char *member);
/* "--subject NAME=VALUE", as often as there are; a value may hold "=". */
bool api_take_subject(struct args *args, json_t *body);
/* "--approve": whoever asks approves with the request. */
void api_take_approve(struct args *args, json_t *body);
/* "--name FILE": its text, or base64 of its octets.  False: it cannot be read, and that was said. */
bool api_take_file(struct args *args, const char *option, json_t *body, const char *member);
/* Prints a problem document; the exit status that it means. */
int api_problem(long status, struct cs_span body);
/* The same of one that was read, NULL when it is none; `document`: what it is about, in words, or NULL. */
int api_problem_of(long status, const json_t *problem, const char *document);

/* reply.c */
int reply_run(struct args *args);

#endif
