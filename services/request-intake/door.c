/* SPDX-License-Identifier: Apache-2.0 */
#include "door.h"

#include <string.h>

#include "base/time.h"
#include "call.h"
#include "pki/hash.h"
#include "wire.h"

#define ASK_WHO_MS 2000

struct door {
	struct api *api;
	const struct http_route *routes;
	struct http_route *rows; /* the same, but that the door handles them */
};

/* One request that waits for policy's answer; lives in its own arena. */
struct visitor {
	struct visitor *next;
	struct http_request *req;
	http_handler *handle;
};

/* One question under way; lives in the arena of its first visitor, who is let in last. */
struct asking {
	struct asking *next;
	struct api *api;
	uint8_t sha256[PKI_SHA256];
	bool counted; /* as a stranger's, of this network */
	struct source_network network;
	struct visitor *visitors;
};

/* ---- policy's answer ---- */

static void
end_asking(struct asking *asking)
{
	struct asking **at = &asking->api->asking;

	while (*at != asking)
		at = &(*at)->next;
	*at = asking->next;
}

static void
keep_answer(const struct asking *asking, bool ok, struct cs_span body)
{
	struct api *api = asking->api;
	struct cs_arena *arena = http_request_arena(asking->visitors->req);
	const int64_t now_ms = cs_now_ms();
	struct who who = { 0 };
	bool known = false;
	struct cs_err err = { 0 };

	if (!ok || wire_read_who(arena, body, &known, &who, &err)) {
		who_unanswered(api->who, asking->sha256, now_ms);
		svc_count(api->svc, "who_answers", "result", ok ? "malformed" : "none");
		return;
	}
	who_keep(api->who, asking->sha256, known ? &who : NULL, now_ms);
	if (known && asking->counted)
		sources_uncount(api->sources, &asking->network, SOURCE_STRANGERS, now_ms);
	svc_count(api->svc, "who_answers", "result", known ? "known" : "unknown");
}

static void
on_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct asking *asking = arg;
	struct api *api = asking->api;
	struct visitor *visitor = asking->visitors;

	(void)status;
	end_asking(asking);
	keep_answer(asking, ok, body);
	/* Each is answered, and gone with all that lives in its arena, perhaps before this returns. */
	while (visitor) {
		struct visitor *next = visitor->next;

		visitor->handle(api, visitor->req);
		visitor = next;
	}
}

/* ---- the question ---- */

static struct asking *
find_asking(const struct api *api, const uint8_t sha256[static PKI_SHA256])
{
	struct asking *asking = api->asking;

	while (asking && memcmp(asking->sha256, sha256, PKI_SHA256) != 0)
		asking = asking->next;
	return asking;
}

/* Who waits already is let in after it: the question lives with the first visitor. */
static void
join(struct asking *asking, struct http_request *req, http_handler *handle)
{
	struct visitor *visitor = CS_NEW(http_request_arena(req), struct visitor);

	*visitor = (struct visitor){ asking->visitors, req, handle };
	asking->visitors = visitor;
}

static void
ask_policy(struct api *api, const uint8_t sha256[static PKI_SHA256],
    const struct source_network *network, bool counted, struct http_request *req,
    http_handler *handle)
{
	struct cs_arena *arena = http_request_arena(req);
	struct asking *asking = CS_NEW(arena, struct asking);

	*asking = (struct asking){
		.next = api->asking, .api = api, .counted = counted, .network = *network
	};
	memcpy(asking->sha256, sha256, PKI_SHA256);
	api->asking = asking;
	join(asking, req, handle);
	svc_question(api->svc, "ask.policy.who",
	    wire_write_who(arena, sha256, source_network_text(arena, network)), ASK_WHO_MS,
	    on_answer, asking);
}

static void
ask_or_wait(struct api *api, const uint8_t sha256[static PKI_SHA256], struct http_request *req,
    http_handler *handle)
{
	struct asking *asking = find_asking(api, sha256);
	const struct source_network network = call_network_of(api, req);
	const bool stranger = !who_is_familiar(api->who, sha256);

	if (asking)
		join(asking, req, handle);
	else if (stranger && !sources_count(api->sources, &network, SOURCE_STRANGERS,
				 api->intake->strangers_per_network, cs_now_ms()))
		handle(api, req); /* which answers 429, if it wants a token at all */
	else
		ask_policy(api, sha256, &network, stranger, req, handle);
}

/* ---- the door ---- */

static void
enter(void *self, struct http_request *req)
{
	const struct door *door = self;
	const struct http_route *route = &door->routes[http_request_route(req) - door->rows];
	const char *bearer = http_request_authorization(req, "Bearer");
	uint8_t sha256[PKI_SHA256];
	struct who who;

	if (!bearer) {
		route->handle(door->api, req);
		return;
	}
	pki_sha256(cs_span_str(bearer), sha256);
	switch (who_find(door->api->who, sha256, cs_now_ms(), &who)) {
	case WHO_KNOWN:
	case WHO_UNKNOWN:
		route->handle(door->api, req);
		break;
	case WHO_STALE:
	case WHO_ASK:
		ask_or_wait(door->api, sha256, req, route->handle);
		break;
	}
}

enum cs_code
door_add_routes(struct http_server *server, const struct http_route *routes, struct api *api,
    struct cs_err *err)
{
	struct door *door = CS_NEW(api->arena, struct door);
	size_t n = 0;

	while (routes[n].method)
		n++;
	*door = (struct door){ api, routes, CS_NEW_ARRAY(api->arena, n + 1, struct http_route) };
	memcpy(door->rows, routes, (n + 1) * sizeof(*routes));
	for (size_t i = 0; i < n; i++)
		door->rows[i].handle = enter;
	return http_server_add_routes(server, door->rows, door, err);
}
