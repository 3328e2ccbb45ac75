/* SPDX-License-Identifier: Apache-2.0 */
/* api.c: by libevent's HTTP client. */
#include "api.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_S 60
#define TRIES_MAX 60

struct api {
	struct event_base *base;
	const char *host;
	uint16_t port;
	char bearer[128], authority[80];
	struct evhttp_connection *lanes[API_LANES];
	unsigned long repeated;
};

struct call {
	struct api *api;
	api_answered *answered;
	void *arg;
	struct api_post what; /* copies; of a GET only the path */
	bool posts;
	unsigned lane, tries;
};

static void send_call(struct call *call);

static void
call_free(struct call *call)
{
	free((char *)call->what.path);
	free((char *)call->what.body);
	free((char *)call->what.key);
	free(call);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	send_call(arg);
}

/* A GET whose connection was closed as idle just now goes again at once; who is told to come again does. */
static bool
goes_again(struct call *call, struct evhttp_request *req, int status)
{
	const char *after =
	    status != 503
		? NULL
		: evhttp_find_header(evhttp_request_get_input_headers(req), "Retry-After");
	struct timeval wait = { after == NULL ? 0 : atoi(after), 0 };

	if (after == NULL && (status != 0 || call->posts || call->tries > 0))
		return false;
	if (call->tries++ == TRIES_MAX)
		return false;
	call->api->repeated += after != NULL;
	return event_base_once(call->api->base, -1, EV_TIMEOUT, on_again, call, &wait) == 0;
}

static void
on_reply(struct evhttp_request *req, void *arg)
{
	struct call *call = arg;
	int status = req == NULL ? 0 : evhttp_request_get_response_code(req);
	struct evbuffer *in = req == NULL ? NULL : evhttp_request_get_input_buffer(req);
	size_t len = in == NULL ? 0 : evbuffer_get_length(in);
	bool ended = in != NULL && evbuffer_add(in, "", 1) == 0;

	if (goes_again(call, req, status))
		return;
	call->answered(
	    call->arg, status, ended ? (const char *)evbuffer_pullup(in, -1) : "", ended ? len : 0);
	call_free(call);
}

static struct evhttp_connection *
connect_to(struct api *api)
{
	struct evhttp_connection *connection =
	    evhttp_connection_base_new(api->base, NULL, api->host, api->port);

	if (connection == NULL)
		abort();
	evhttp_connection_set_timeout(connection, ANSWER_S);
	return connection;
}

static void
add_field(struct evhttp_request *req, const char *name, const char *value)
{
	(void)evhttp_add_header(evhttp_request_get_output_headers(req), name, value);
}

static void
send_call(struct call *call)
{
	struct evhttp_connection *connection =
	    call->posts ? connect_to(call->api) : call->api->lanes[call->lane];
	struct evhttp_request *req = evhttp_request_new(on_reply, call);

	if (req == NULL)
		abort();
	add_field(req, "Host", call->api->authority);
	add_field(req, "Authorization", call->api->bearer);
	if (call->posts) {
		evhttp_connection_free_on_completion(connection);
		add_field(req, "Connection", "close");
	}
	if (call->what.key != NULL)
		add_field(req, "Idempotency-Key", call->what.key);
	if (call->what.body != NULL) {
		add_field(req, "Content-Type", "application/json");
		(void)evbuffer_add(evhttp_request_get_output_buffer(req), call->what.body,
		    strlen(call->what.body));
	}
	if (evhttp_make_request(connection, req, call->posts ? EVHTTP_REQ_POST : EVHTTP_REQ_GET,
		call->what.path) != 0)
		abort();
}

static char *
copy(const char *text)
{
	char *fresh = text == NULL ? NULL : strdup(text);

	if (text != NULL && fresh == NULL)
		abort();
	return fresh;
}

static struct call *
call_new(struct api *api, const struct api_post *what, api_answered *answered, void *arg)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		abort();
	*call = (struct call){ .api = api,
		.answered = answered,
		.arg = arg,
		.what = { copy(what->path), copy(what->body), copy(what->key) } };
	return call;
}

void
api_get(struct api *api, unsigned lane, const char *path, api_answered *answered, void *arg)
{
	struct call *call = call_new(api, &(struct api_post){ .path = path }, answered, arg);

	call->lane = lane % API_LANES;
	send_call(call);
}

void
api_post(struct api *api, const struct api_post *what, api_answered *answered, void *arg)
{
	struct call *call = call_new(api, what, answered, arg);

	call->posts = true;
	send_call(call);
}

unsigned long
api_repeated(const struct api *api)
{
	return api->repeated;
}

struct api *
api_new(struct event_base *base, const char *host, uint16_t port, const char *token)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		abort();
	*api = (struct api){ .base = base, .host = host, .port = port };
	(void)snprintf(api->bearer, sizeof(api->bearer), "Bearer %s", token);
	(void)snprintf(api->authority, sizeof(api->authority), "%s:%u", host, port);
	for (size_t i = 0; i < API_LANES; i++)
		api->lanes[i] = connect_to(api);
	return api;
}
