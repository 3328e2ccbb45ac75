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

struct api {
	struct event_base *base;
	const char *host;
	uint16_t port;
	char bearer[128], authority[80];
	struct evhttp_connection *lanes[API_LANES];
};

struct call {
	struct api *api;
	api_answered *answered;
	void *arg;
	char *again; /* the path of a GET whose connection may have been closed as idle just now */
	unsigned lane;
};

static void send_call(struct call *call, struct evhttp_connection *connection,
    enum evhttp_cmd_type method, const char *path, const char *body);

static void
on_reply(struct evhttp_request *req, void *arg)
{
	struct call *call = arg;
	int status = req == NULL ? 0 : evhttp_request_get_response_code(req);
	struct evbuffer *in = req == NULL ? NULL : evhttp_request_get_input_buffer(req);
	size_t len = in == NULL ? 0 : evbuffer_get_length(in);
	bool ended = in != NULL && evbuffer_add(in, "", 1) == 0;
	char *again = call->again;

	if (status == 0 && again != NULL) {
		call->again = NULL;
		send_call(call, call->api->lanes[call->lane], EVHTTP_REQ_GET, again, NULL);
	} else {
		call->answered(call->arg, status,
		    ended ? (const char *)evbuffer_pullup(in, -1) : "", ended ? len : 0);
		free(call);
	}
	free(again);
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
send_call(struct call *call, struct evhttp_connection *connection, enum evhttp_cmd_type method,
    const char *path, const char *body)
{
	struct evhttp_request *req = evhttp_request_new(on_reply, call);
	struct evkeyvalq *fields;

	if (req == NULL)
		abort();
	fields = evhttp_request_get_output_headers(req);
	(void)evhttp_add_header(fields, "Host", call->api->authority);
	(void)evhttp_add_header(fields, "Authorization", call->api->bearer);
	if (method == EVHTTP_REQ_POST)
		(void)evhttp_add_header(fields, "Connection", "close");
	if (body != NULL) {
		(void)evhttp_add_header(fields, "Content-Type", "application/json");
		(void)evbuffer_add(evhttp_request_get_output_buffer(req), body, strlen(body));
	}
	if (evhttp_make_request(connection, req, method, path) != 0)
		abort();
}

static struct call *
call_new(struct api *api, api_answered *answered, void *arg)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		abort();
	*call = (struct call){ .api = api, .answered = answered, .arg = arg };
	return call;
}

void
api_get(struct api *api, unsigned lane, const char *path, api_answered *answered, void *arg)
{
	struct call *call = call_new(api, answered, arg);

	call->lane = lane % API_LANES;
	call->again = strdup(path);
	if (call->again == NULL)
		abort();
	send_call(call, api->lanes[call->lane], EVHTTP_REQ_GET, path, NULL);
}

void
api_post(struct api *api, const char *path, const char *body, api_answered *answered, void *arg)
{
	struct evhttp_connection *connection = connect_to(api);

	evhttp_connection_free_on_completion(connection);
	send_call(call_new(api, answered, arg), connection, EVHTTP_REQ_POST, path, body);
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
