/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_life.c: routes of what comes after a certificate: another that follows it, its revocation, and the
 * notes that an enterprise wants read before.
 */
#include "api_life.h"

#include <string.h>

#include "call.h"
#include "json.h"
#include "notes.h"
#include "query.h"
#include "reasons.h"

/* ---- another certificate ---- */

static void
on_created(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	call_created(arg, "/v1/requests", ok, status, body);
}

/* A request of its own, whose body says which one it follows. */
static void
follow(void *self, struct http_request *req, const char *subject, bool may_be_empty)
{
	/* Before call_begin(): when it has answered, there is no request any more. */
	const struct cs_span body = http_request_body(req);
	struct call *call = call_begin(self, req);
	struct cs_buf whole;

	if (!call || (!(may_be_empty && body.len == 0) && !call_is_json(call)))
		return;
	whole = cs_buf_new(call->arena);
	cs_buf_add(&whole, call->query.id.octets, sizeof(call->query.id.octets));
	cs_buf_add_span(&whole, body);
	if (call_read_key(call) && call_within_limit(call, true) && call_has_room(call))
		call_command(call, subject, cs_buf_span(&whole), on_created);
}

static void
renew(void *self, struct http_request *req)
{
	follow(self, req, "api.renew", true);
}

static void
rekey(void *self, struct http_request *req)
{
	follow(self, req, "api.rekey", false);
}

static void
reissue(void *self, struct http_request *req)
{
	follow(self, req, "api.reissue", false);
}

/* ---- revocation ---- */

/* An empty body gives no reason. */
static bool
is_revoke(struct call *call)
{
	struct cs_span body = http_request_body(call->req);
	struct json_revoke revoke = { 0 };
	struct cs_refusal why = { 0 };

	if (body.len > 0 && !call_is_json(call))
		return false;
	if (!json_read_revoke(call->arena, body, &revoke, &why)) {
		call_problem(call, 400, why);
		return false;
	}
	if (reason_of_name(revoke.reason))
		return call_holds_no_key(call, revoke.text);
	call_problem(call, 422,
	    (struct cs_refusal){ "reason-unknown", "reason", "SBR 7.2.2",
		"This reason may not be given. certificateHold is not offered: what is revoked stays revoked.",
		"Give keyCompromise, affiliationChanged, superseded, cessationOfOperation, or none." });
	return false;
}

static void
revoke(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && is_revoke(call) && call_within_limit(call, false))
		call_command(call, "api.revoke", http_request_body(req), call_answered);
}

/* ---- notes ---- */

/* False: answered. */
static bool
read_which(struct call *call, struct store_notes *which)
{
	const char *kind = http_request_query(call->req, "kind");
	const char *screen = http_request_query(call->req, "screen");
	enum note_kind k = NOTE_ISSUE;
	enum note_screen s = NOTE_REQUEST;

	if (kind && !note_kind_parse(kind, &k))
		return call_refuse_query(call, "kind", "There is no such kind of request.",
		    "Use issue, renew, rekey, reissue or revoke.");
	if (screen && !note_screen_parse(screen, &s))
		return call_refuse_query(call, "screen", "There is no such screen.",
		    "Use csr, sdn, san, validity or ownership.");
	which->kind = kind ? (int)k : -1;
	which->screen = screen ? (int)s : -1;
	return true;
}

static void
notes(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	struct store_notes *which = NULL;

	if (!call || !call_read_enterprise(call))
		return;
	which = CS_NEW(call->arena, struct store_notes);
	which->enterprise = call->query.caller.enterprise;
	if (read_which(call, which) && !svc_ask_store(call->api->svc, query_notes,
					   cs_span_str(NULL), which, call_answered, call))
		call_busy(call);
}

const struct http_route api_life_routes[] = {
	{ "POST", "/v1/requests/{id}/renew", renew },
	{ "POST", "/v1/requests/{id}/rekey", rekey },
	{ "POST", "/v1/requests/{id}/reissue", reissue },
	{ "POST", "/v1/requests/{id}/revoke", revoke },
	{ "GET", "/v1/notes", notes },
	{ NULL, NULL, NULL },
};
