/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: from HTTP to commands, queries and questions, and back.
 *
 * Nothing here decides about a request: what the client may do is decided under the lock of its
 * row. What a caller may not see answers exactly as what does not exist.
 */
#include "api.h"

#include <string.h>

#include "base/time.h"
#include "call.h"
#include "handler.h"
#include "json.h"
#include "problem.h"
#include "query.h"
#include "smime/method.h"
#include "source.h"
#include "sse.h"
#include "view.h"
#include "wire.h"

#define ASK_TOKEN_MS 5000
#define ASK_SIGNER_MS 5000
#define PAGE_DEFAULT 50

static void
on_created(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	call_created(arg, "/v1/requests", ok, status, body);
}

static void
create(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && call_is_json(call) && call_read_key(call) && call_within_limit(call, true) &&
	    call_has_room(call))
		call_command(call, "api.create", http_request_body(req), on_created);
}

/* A method by its name, or none: which ones a check allows is decided where the mail is made. */
static bool
read_method(struct call *call, const char **ret_method)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	struct cs_span body = http_request_body(call->req);
	struct cs_refusal why = { 0 };

	*ret_method = "";
	if (body.len == 0)
		return true;
	if (!call_is_json(call))
		return false;
	if (!json_read_verify(call->arena, body, ret_method, &why)) {
		call_problem(call, 400, why);
		return false;
	}
	const struct smime_method *method = (*ret_method)[strspn(*ret_method, name)] == '\0'
						? smime_method_find(*ret_method)
						: NULL;

	if ((*ret_method)[0] == '\0' || method != NULL)
		return true;
	call_problem(call, 400,
	    (struct cs_refusal){ .code = "method-unknown",
		.field = "method",
		.text = "There is no method of this name.",
		.mend = "Leave it out, or take one from the check." });
	return false;
}

static void
verify(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	const char *method;

	if (call && read_method(call, &method) && call_within_limit(call, false))
		call_command(call, "api.verify",
		    cs_span_str(cs_arena_printf(call->arena, "%s %s", call->check, method)),
		    call_answered);
}

/* ---- cancelling: after the approval only the signer knows whether it is too late ---- */

static void
answer_stop(struct call *call, enum wire_stop_result result)
{
	if (result == WIRE_STOPPED)
		call_reply_body(
		    call, 202, view_receipt(call->arena, call->query.id, INTAKE_CANCELLED, ""));
	else if (result == WIRE_TOO_LATE)
		call_problem(call, 409,
		    (struct cs_refusal){ .code = "too-late",
			.text =
			    "The certificate is being signed or exists, or the request was refused.",
			.mend =
			    "Look at the request; have a certificate that comes of it revoked." });
	else
		call_busy(call); /* what the signer has under this id is not this enterprise's */
}

static void
on_stop_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	enum wire_stop_result result = WIRE_STOP_UNKNOWN;
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_stop_answer(call->arena, body, &result, &err))
		call_busy(call);
	else
		answer_stop(call, result);
}

static void
on_cancelled(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;

	if (ok && status == HANDLER_ASK_SIGNER)
		svc_question(
		    call->api->svc, "ask.signer.stop", body, ASK_SIGNER_MS, on_stop_answer, call);
	else
		call_answered(arg, ok, status, body);
}

static void
cancel(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && call_has_no_body(call) && call_within_limit(call, false))
		call_command(call, "api.cancel", cs_span_str(NULL), on_cancelled);
}

/* ---- tokens of mailboxes: straight to the service that knows them, stored nowhere ---- */

static const struct {
	unsigned status;
	struct cs_refusal why;
} token_answers[WIRE_TOKEN_RESULTS] = {
	[WIRE_TOKEN_WRONG] = { 422,
	    { "token-wrong", "token", "SBR 3.2.2.2", "This is not the token that was mailed.",
		"Copy it from the newest mail." } },
	[WIRE_TOKEN_VOID] = { 410,
	    { "token-void", "token", "SBR 3.2.2.2",
		"Too many wrong tokens were entered: all that were mailed are void.",
		"Press Verify to have a new one mailed." } },
	[WIRE_TOKEN_EXPIRED] = { 410,
	    { "token-expired", "token", "SBR 3.2.2.2", "The token is older than 24 hours.",
		"Press Verify to have a new one mailed." } },
	[WIRE_TOKEN_NOT_SENT] = { 409,
	    { "token-not-sent", "", "", "No token was mailed yet.", "Press Verify first." } },
	[WIRE_TOKEN_UNKNOWN] = { 404,
	    { "not-found", "check", "", "There is no such request or check.",
		"Check the identifiers and the API token." } },
};

static void
on_token_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	enum wire_token_result result = WIRE_TOKEN_UNKNOWN;
	unsigned tries_left = 0;
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_token_answer(call->arena, body, &result, &tries_left, &err))
		call_busy(call);
	else if (result == WIRE_TOKEN_VERIFIED)
		call_reply_body(call, 200, cs_span_str("{\"result\":\"verified\"}"));
	else if (result == WIRE_TOKEN_WRONG)
		call_reply(call, 422, PROBLEM_TYPE,
		    problem_write_tries(call->arena, 422, &token_answers[result].why, tries_left),
		    NULL);
	else
		call_problem(call, token_answers[result].status, token_answers[result].why);
}

static void
submit_token(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);
	struct wire_token token = { 0 };
	struct cs_refusal why = { 0 };
	struct cs_span question = { NULL, 0 };

	if (!call || !call_is_json(call) || !call_within_limit(call, false))
		return;
	if (!json_read_token(call->arena, http_request_body(req), &token.token, &why)) {
		call_problem(call, 400, why);
		return;
	}
	token.request = call->query.id;
	token.check = call->check;
	token.caller = call->query.caller;
	question = wire_write_token(call->arena, &token);
	svc_question(
	    call->api->svc, "ask.mailbox.submit", question, ASK_TOKEN_MS, on_token_answer, call);
}

/* ---- what an answer by mail is made of: not stored either ---- */

static void
on_reply_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_reply reply = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_reply_answer(call->arena, body, &reply, &err))
		call_busy(call);
	else if (reply.token == NULL)
		call_problem(call, 409,
		    (struct cs_refusal){ .code = "reply-not-asked",
			.text = "No mail to this mailbox waits for an answer.",
			.mend = "Press Verify with the method email-reply first." });
	else
		call_reply_body(call, 200, view_reply(call->arena, &reply));
}

static void
show_reply(void *self, struct http_request *req)
{
	struct call *call = call_begin_writing(self, req);

	if (call && call_within_limit(call, false))
		svc_question(call->api->svc, "ask.mailbox.reply",
		    wire_write_ask_reply(
			call->arena, call->query.id, call->check, &call->query.caller),
		    ASK_TOKEN_MS, on_reply_answer, call);
}

/* ---- showing ---- */

static void
show(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call)
		call_query(call, query_show, call_answered);
}

static bool
parse_since(const char *text, struct store_page *page)
{
	struct cs_err err = { 0 };

	page->has_since = true;
	return cs_time_parse(text, &page->since_ms, &err) == CS_OK;
}

static bool
read_page(struct call *call)
{
	const char *limit = http_request_query(call->req, "limit");
	const char *cursor = http_request_query(call->req, "cursor");
	const char *state = http_request_query(call->req, "state");
	const char *since = http_request_query(call->req, "changed_since");
	struct store_page *page = &call->query.page;

	*page = (struct store_page){ .before_ms = INT64_MAX, .limit = PAGE_DEFAULT };
	if (limit && !call_parse_limit(limit, &page->limit))
		return call_refuse_query(call, "limit", "The limit must be a number from 1 to 100.",
		    "Ask for fewer, and page.");
	if (cursor && !query_cursor_parse(cursor, page))
		return call_refuse_query(call, "cursor", "This is no cursor of ours.",
		    "Use \"next\" of the page before.");
	if (state && !intake_state_parse(state, &page->state))
		return call_refuse_query(
		    call, "state", "There is no such state.", "See /openapi.json for the states.");
	if (since && !parse_since(since, page))
		return call_refuse_query(call, "changed_since",
		    "The time must be one of RFC 3339 in UTC, in seconds or milliseconds.",
		    "Send it like 2026-11-23T12:00:00Z.");
	return true;
}

static void
list(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && call_read_enterprise(call) && read_page(call))
		call_query(call, query_list, call_answered);
}

static const struct {
	const char *name, *type, *disposition;
} formats[QUERY_FORMATS] = {
	[QUERY_PEM] = { "pem", "application/x-pem-file",
	    "attachment; filename=\"certificate.pem\"" },
	[QUERY_CHAIN] = { "chain", "application/pem-certificate-chain",
	    "attachment; filename=\"chain.pem\"" },
	[QUERY_DER] = { "der", "application/pkix-cert",
	    "attachment; filename=\"certificate.cer\"" },
	[QUERY_P7B] = { "p7b", "application/x-pkcs7-certificates",
	    "attachment; filename=\"chain.p7b\"" },
};

static void
on_certificate(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	enum query_format format = call->query.format;
	const struct http_header headers[] = {
		{ "Content-Disposition", formats[format].disposition }, { NULL, NULL }
	};

	if (ok && status == 200)
		call_reply(call, 200, formats[format].type, body, headers);
	else
		call_answered(arg, ok, status, body);
}

/*
 * The first of our types that Accept names; quality values change nothing among four spellings of
 * one thing.
 */
static bool
read_accept(struct call *call, const char *accept)
{
	if (!accept || strstr(accept, "*/*"))
		return true; /* PEM */
	for (enum query_format f = QUERY_PEM; f < QUERY_FORMATS; f++) {
		if (strstr(accept, formats[f].type)) {
			call->query.format = f;
			return true;
		}
	}
	call_problem(call, 406,
	    (struct cs_refusal){ .code = "not-acceptable",
		.field = "Accept",
		.text = "None of these types is offered.",
		.mend = "Use ?format=pem, chain, der or p7b." });
	return false;
}

static bool
read_format(struct call *call)
{
	const char *format = http_request_query(call->req, "format");

	call->query.format = QUERY_PEM;
	if (!format)
		return read_accept(call, http_request_header(call->req, "Accept"));
	for (enum query_format f = QUERY_PEM; f < QUERY_FORMATS; f++) {
		if (strcmp(formats[f].name, format) == 0) {
			call->query.format = f;
			return true;
		}
	}
	return call_refuse_query(
	    call, "format", "There is no such format.", "Use pem, chain, der or p7b.");
}

static void
certificate(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && read_format(call))
		call_query(call, query_certificate, on_certificate);
}

/* ---- live progress ---- */

/* What the client saw last; 0: nothing.  What is no number of ours shows everything again. */
static uint64_t
last_event_id(struct http_request *req)
{
	const char *text = http_request_header(req, "Last-Event-ID");
	uint64_t value = 0;

	if (!text || strlen(text) > 18 || text[strspn(text, "0123456789")] != '\0')
		return 0;
	for (; *text; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return value;
}

/* Nobody shall have all the streams there are. */
static bool
may_watch(struct call *call)
{
	static const struct http_header again[] = { { "Retry-After", "10" }, { NULL, NULL } };
	const struct api *api = call->api;
	bool within = call_usage(call)->streams < api->intake->streams_per_token;

	if (sse_is_full(api->sse))
		call_busy(call);
	else if (!within)
		call_problem_with(call, 429,
		    (struct cs_refusal){ .code = "too-many-streams",
			.field = "Authorization",
			.text = "This API token has too many streams open.",
			.mend = "Close some, or list what changed with changed_since." },
		    again);
	return within && !sse_is_full(api->sse);
}

static void
on_watched(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct query_watched watched = { 0 };

	if (!ok || status != 200) {
		call_answered(arg, ok, status, body);
		return;
	}
	cs_assert(body.len == sizeof(watched));
	memcpy(&watched, body.data, sizeof(watched));
	if (call->watch_after > watched.seq)
		call->watch_after = 0;
	/* 204 tells an EventSource that nothing more will come (WHATWG HTML 9.2.3). */
	if (watched.ended && call->watch_after == watched.seq)
		call_reply(call, 204, NULL, cs_span_str(NULL), NULL);
	else if (may_watch(call)) /* others may have come while the store was asked */
		sse_open(call->api->sse, call->req, call->query.id, call->watch_after,
		    &call_usage(call)->streams);
}

static void
events(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (!call || !may_watch(call))
		return;
	call->watch_after = last_event_id(req);
	call_query(call, query_watch, on_watched);
}

/* ---- the description of it all ---- */

static void
openapi(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, CALL_JSON, cs_span_str(openapi_json), NULL);
}

const struct http_route api_routes[] = {
	{ "POST", "/v1/requests", create },
	{ "GET", "/v1/requests", list },
	{ "GET", "/v1/requests/{id}", show },
	{ "POST", "/v1/requests/{id}/checks/{check}/verify", verify },
	{ "POST", "/v1/requests/{id}/checks/{check}/token", submit_token },
	{ "GET", "/v1/requests/{id}/checks/{check}/reply", show_reply },
	{ "POST", "/v1/requests/{id}/cancel", cancel },
	{ "GET", "/v1/requests/{id}/certificate", certificate },
	{ "GET", "/v1/requests/{id}/events", events },
	{ "GET", "/openapi.json", openapi },
	{ NULL, NULL, NULL },
};

struct api *
api_new(struct intake_service *intake, struct svc *svc)
{
	struct cs_arena *arena = cs_arena_new();
	struct api *api = CS_NEW(arena, struct api);

	api->arena = arena;
	api->intake = intake;
	api->svc = svc;
	api->sse = sse_new(svc);
	api->usages = usages_new(arena);
	api->who = who_cache_new(arena);
	api->sources = sources_new(arena);
	return api;
}

void
api_free(struct api *api)
{
	if (!api)
		return;
	sse_free(api->sse);
	cs_arena_free(api->arena);
}
