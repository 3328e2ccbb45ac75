/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: from HTTP to commands, queries and questions, and back.
 *
 * Nothing here decides about a request: what the client may do is decided under the lock of its
 * row. What a caller may not see answers exactly as what does not exist.
 */
#include "api.h"

#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "handler.h"
#include "json.h"
#include "pki/hash.h"
#include "problem.h"
#include "query.h"
#include "smime/method.h"
#include "source.h"
#include "sse.h"
#include "view.h"
#include "wire.h"

#define JSON_TYPE "application/json"
#define ASK_TOKEN_MS 5000
#define ASK_SIGNER_MS 5000
#define CHECK_MAX 128
#define KEY_MAX 255 /* octets of an Idempotency-Key */
#define PAGE_MAX 100
#define PAGE_DEFAULT 50

/* What a token was used for in its present hour, and how many streams it has open. */
struct usage {
	int64_t hour;
	uint32_t creations, presses;
	uint32_t streams;
};

struct api {
	struct cs_arena *arena; /* its own */
	struct intake_service *intake;
	struct svc *svc;
	struct sse *sse;
	struct usage *usage; /* by index of the token */
	struct sources *sources;
};

/* One request under way; lives in the request's arena. */
struct call {
	struct api *api;
	struct http_request *req;
	struct cs_arena *arena;
	const struct token *token;
	struct query query; /* caller and id are always set */
	const char *check;  /* "" when the path names none */
	uint64_t watch_after;
};

/* ---- answers ---- */

static void
count(struct call *call, unsigned status)
{
	static const char *const classes[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };

	svc_count(
	    call->api->svc, "api_answers", "status", classes[status / 100 < 6 ? status / 100 : 0]);
}

static void
reply(struct call *call, unsigned status, const char *type, struct cs_span body,
    const struct http_header *extra)
{
	count(call, status);
	http_reply(call->req, (int)status, type, body, extra);
}

static void
reply_body(struct call *call, unsigned status, struct cs_span body)
{
	reply(call, status, status >= 400 ? PROBLEM_TYPE : JSON_TYPE, body, NULL);
}

static void
problem_with(
    struct call *call, unsigned status, struct cs_refusal why, const struct http_header *extra)
{
	reply(call, status, PROBLEM_TYPE, problem_write(call->arena, status, &why), extra);
}

static void
problem(struct call *call, unsigned status, struct cs_refusal why)
{
	problem_with(call, status, why, NULL);
}

static void
busy(struct call *call)
{
	static const struct http_header again[] = { { "Retry-After", "2" }, { NULL, NULL } };

	problem_with(call, 503,
	    (struct cs_refusal){ .code = "try-again",
		.text = "This cannot be done right now.",
		.mend = "Repeat it after Retry-After; a creation with the same Idempotency-Key." },
	    again);
}

static void
not_found(struct call *call)
{
	problem(call, 404,
	    (struct cs_refusal){ .code = "not-found",
		.field = "id",
		.text = "There is no such request.",
		.mend = "Check the identifier and the API token." });
}

/* ---- who asks, and what every route begins with ---- */

static void
unauthorized(struct call *call)
{
	static const struct http_header challenge[] = {
		{ "WWW-Authenticate", "Bearer realm=\"countersign\"" }, { NULL, NULL }
	};

	problem_with(call, 401,
	    (struct cs_refusal){ .code = "unauthorized",
		.field = "Authorization",
		.text = "No valid API token came with the request.",
		.mend = "Send \"Authorization: Bearer <token>\"." },
	    challenge);
}

/* The identifier of the path, when it has one.  An unreadable one is one that does not exist. */
static bool
read_path(struct call *call)
{
	const char *id = http_request_param(call->req, "id");
	const char *check = http_request_param(call->req, "check");
	struct cs_err err = { 0 };

	call->check = check ? check : "";
	if (strlen(call->check) > CHECK_MAX ||
	    call->check[strspn(call->check, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		return false;
	return !id || cs_id_parse(id, &call->query.id, &err) == CS_OK;
}

/* NULL: already answered. */
static struct call *
begin(void *self, struct http_request *req)
{
	struct api *api = self;
	struct cs_arena *arena = http_request_arena(req);
	struct call *call = CS_NEW(arena, struct call);
	const char *bearer = http_request_authorization(req, "Bearer");

	call->api = api;
	call->req = req;
	call->arena = arena;
	call->token = bearer ? tokens_find(api->intake->tokens, bearer) : NULL;
	if (!call->token) {
		unauthorized(call);
		return NULL;
	}
	call->query.caller = call->token->caller;
	call->query.now_ms = cs_now_ms();
	if (!read_path(call)) {
		not_found(call);
		return NULL;
	}
	return call;
}

static bool
is_json(struct call *call)
{
	if (http_request_is_type(call->req, JSON_TYPE))
		return true;
	problem(call, 415,
	    (struct cs_refusal){ .code = "media-type",
		.field = "Content-Type",
		.text = "The body must be JSON.",
		.mend = "Send Content-Type: application/json." });
	return false;
}

/* An action without parameters: no body, or an empty object. */
static bool
has_no_body(struct call *call)
{
	struct cs_span body = http_request_body(call->req);
	struct cs_refusal why = { 0 };

	if (body.len == 0)
		return true;
	if (!is_json(call))
		return false;
	if (json_read_nothing(call->arena, body, &why))
		return true;
	problem(call, 400, why);
	return false;
}

static void
too_many(struct call *call, const char *text)
{
	static const struct http_header again[] = { { "Retry-After", "600" }, { NULL, NULL } };

	problem_with(call, 429,
	    (struct cs_refusal){ .code = "too-many",
		.text = text,
		.mend = "Try again in the next hour, or ask the operator for a higher limit." },
	    again);
}

/* Of several fields only the last one is by the proxy next to us. */
static const char *
forwarded_for(const struct http_request *req)
{
	const char *last = NULL, *next;

	for (size_t n = 0; (next = http_request_header_at(req, "X-Forwarded-For", n)) != NULL; n++)
		last = next;
	return last;
}

static bool
within_network_limit(struct call *call, bool is_creation)
{
	const struct intake_service *intake = call->api->intake;
	const struct source_network network = source_network_of(
	    http_request_address(call->req), forwarded_for(call->req), &intake->proxies);

	if (sources_count(call->api->sources, &network,
		is_creation ? SOURCE_CREATES : SOURCE_PRESSES,
		is_creation ? intake->creations_per_network : intake->presses_per_network,
		call->query.now_ms))
		return true;
	too_many(call, "Too much came from your network this hour.");
	return false;
}

/* Attempts count, not successes. */
static bool
within_limit(struct call *call, bool is_creation)
{
	const struct intake_service *intake = call->api->intake;
	struct usage *usage = &call->api->usage[call->token->index];
	int64_t hour = call->query.now_ms / CS_HOUR_MS;
	bool within = false;

	if (usage->hour != hour)
		*usage = (struct usage){ .hour = hour, .streams = usage->streams };
	within = is_creation ? usage->creations++ < intake->creations_per_hour
			     : usage->presses++ < intake->presses_per_hour;
	if (!within)
		too_many(call, "This API token was used too often this hour.");
	return within && within_network_limit(call, is_creation);
}

/* New requests are shed first: those that were accepted shall come to their end. */
static bool
has_room(struct call *call)
{
	if (!svc_overloaded(call->api->svc))
		return true;
	busy(call);
	return false;
}

/* ---- commands ---- */

static void
on_answered(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;

	if (!ok || status < 200)
		busy(call);
	else
		reply_body(call, status, body);
}

static void
command(struct call *call, const char *subject, struct cs_span body, svc_answered *answered)
{
	if (!svc_command(call->api->svc, subject, call->query.id, body, &call->token->caller,
		answered, call))
		busy(call);
}

static void
on_created(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	char id[CS_ID_TEXT];

	if (!ok || status != 201) {
		on_answered(arg, ok, status, body);
		return;
	}
	cs_id_format(call->query.id, id);
	const struct http_header location[] = {
		{ "Location", cs_arena_printf(call->arena, "/v1/requests/%s", id) },
		{ NULL, NULL },
	};

	reply(call, 201, JSON_TYPE, body, location);
}

/* Visible ASCII; what it means is the client's own business. */
static bool
is_idempotency_key(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return len > 0 && len <= KEY_MAX;
}

/*
 * The same key of the same account is the same request, at whatever replica and after whatever
 * crash.
 */
static struct cs_id
id_of_key(const struct intake_caller *caller, const char *key)
{
	const struct cs_span parts[] = { cs_span_of(
					     caller->enterprise, strlen(caller->enterprise) + 1),
		cs_span_of(caller->account, strlen(caller->account) + 1), cs_span_str(key) };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, sizeof(parts) / sizeof(parts[0]), digest);
	return cs_id_from_digest(digest);
}

static bool
read_idempotency_key(struct call *call)
{
	const char *key = http_request_header_at(call->req, "Idempotency-Key", 0);

	if (!key) {
		call->query.id = cs_id_new();
		return true;
	}
	if (!http_request_header_at(call->req, "Idempotency-Key", 1) && is_idempotency_key(key)) {
		call->query.id = id_of_key(&call->query.caller, key);
		return true;
	}
	problem(call, 400,
	    (struct cs_refusal){ .code = "idempotency-key",
		.field = "Idempotency-Key",
		.text = "The key must come once, with 1 to 255 visible ASCII characters.",
		.mend = "Use a random UUID." });
	return false;
}

static void
create(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && is_json(call) && read_idempotency_key(call) && within_limit(call, true) &&
	    has_room(call))
		command(call, "api.create", http_request_body(req), on_created);
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
	if (!is_json(call))
		return false;
	if (!json_read_verify(call->arena, body, ret_method, &why)) {
		problem(call, 400, why);
		return false;
	}
	const struct smime_method *method = (*ret_method)[strspn(*ret_method, name)] == '\0'
						? smime_method_find(*ret_method)
						: NULL;

	if ((*ret_method)[0] == '\0' || method != NULL)
		return true;
	problem(call, 400,
	    (struct cs_refusal){ .code = "method-unknown",
		.field = "method",
		.text = "There is no method of this name.",
		.mend = "Leave it out, or take one from the check." });
	return false;
}

static void
verify(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);
	const char *method;

	if (call && read_method(call, &method) && within_limit(call, false))
		command(call, "api.verify",
		    cs_span_str(cs_arena_printf(call->arena, "%s %s", call->check, method)),
		    on_answered);
}

static void
approve(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && has_no_body(call) && within_limit(call, false))
		command(call, "api.approve", cs_span_str(NULL), on_answered);
}

/* ---- cancelling: after the approval only the signer knows whether it is too late ---- */

static void
answer_stop(struct call *call, enum wire_stop_result result)
{
	if (result == WIRE_STOPPED)
		reply_body(
		    call, 202, view_receipt(call->arena, call->query.id, INTAKE_CANCELLED, ""));
	else if (result == WIRE_TOO_LATE)
		problem(call, 409,
		    (struct cs_refusal){ .code = "too-late",
			.text = "The certificate is being signed or exists.",
			.mend = "Wait for it, then have it revoked." });
	else
		busy(call); /* the signer has not heard of the approval yet */
}

static void
on_stop_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	enum wire_stop_result result = WIRE_STOP_UNKNOWN;
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_stop_answer(call->arena, body, &result, &err))
		busy(call);
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
		on_answered(arg, ok, status, body);
}

static void
cancel(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && has_no_body(call) && within_limit(call, false))
		command(call, "api.cancel", cs_span_str(NULL), on_cancelled);
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
		busy(call);
	else if (result == WIRE_TOKEN_VERIFIED)
		reply_body(call, 200, cs_span_str("{\"result\":\"verified\"}"));
	else if (result == WIRE_TOKEN_WRONG)
		reply(call, 422, PROBLEM_TYPE,
		    problem_write_tries(call->arena, 422, &token_answers[result].why, tries_left),
		    NULL);
	else
		problem(call, token_answers[result].status, token_answers[result].why);
}

static void
submit_token(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);
	struct wire_token token = { 0 };
	struct cs_refusal why = { 0 };
	struct cs_span question = { NULL, 0 };

	if (!call || !is_json(call) || !within_limit(call, false))
		return;
	if (!json_read_token(call->arena, http_request_body(req), &token.token, &why)) {
		problem(call, 400, why);
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
		busy(call);
	else if (reply.token == NULL)
		problem(call, 409,
		    (struct cs_refusal){ .code = "reply-not-asked",
			.text = "No mail to this mailbox waits for an answer.",
			.mend = "Press Verify with the method email-reply first." });
	else
		reply_body(call, 200, view_reply(call->arena, &reply));
}

static void
show_reply(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && within_limit(call, false))
		svc_question(call->api->svc, "ask.mailbox.reply",
		    wire_write_ask_reply(
			call->arena, call->query.id, call->check, &call->query.caller),
		    ASK_TOKEN_MS, on_reply_answer, call);
}

/* ---- showing ---- */

static void
query(struct call *call, svc_query *fn, svc_answered *answered)
{
	if (!svc_ask_store(call->api->svc, fn, cs_span_str(NULL), &call->query, answered, call))
		busy(call);
}

static void
show(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call)
		query(call, query_show, on_answered);
}

static bool
refuse_query(struct call *call, const char *field, const char *text, const char *mend)
{
	problem(call, 400,
	    (struct cs_refusal){ .code = "query", .field = field, .text = text, .mend = mend });
	return false;
}

/* 1 to PAGE_MAX, in at most three digits. */
static bool
parse_limit(const char *text, uint32_t *ret)
{
	uint32_t value = 0;

	if (strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0')
		return false;
	for (; *text; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	*ret = value;
	return value >= 1 && value <= PAGE_MAX;
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
	if (limit && !parse_limit(limit, &page->limit))
		return refuse_query(call, "limit", "The limit must be a number from 1 to 100.",
		    "Ask for fewer, and page.");
	if (cursor && !query_cursor_parse(cursor, page))
		return refuse_query(call, "cursor", "This is no cursor of ours.",
		    "Use \"next\" of the page before.");
	if (state && !intake_state_parse(state, &page->state))
		return refuse_query(
		    call, "state", "There is no such state.", "See /openapi.json for the states.");
	if (since && !parse_since(since, page))
		return refuse_query(call, "changed_since",
		    "The time must be one of RFC 3339 in UTC, in seconds or milliseconds.",
		    "Send it like 2026-11-23T12:00:00Z.");
	return true;
}

static void
list(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && read_page(call))
		query(call, query_list, on_answered);
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
		reply(call, 200, formats[format].type, body, headers);
	else
		on_answered(arg, ok, status, body);
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
	problem(call, 406,
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
	return refuse_query(
	    call, "format", "There is no such format.", "Use pem, chain, der or p7b.");
}

static void
certificate(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (call && read_format(call))
		query(call, query_certificate, on_certificate);
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
	bool within = api->usage[call->token->index].streams < api->intake->streams_per_token;

	if (sse_is_full(api->sse))
		busy(call);
	else if (!within)
		problem_with(call, 429,
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
		on_answered(arg, ok, status, body);
		return;
	}
	cs_assert(body.len == sizeof(watched));
	memcpy(&watched, body.data, sizeof(watched));
	if (call->watch_after > watched.seq)
		call->watch_after = 0;
	/* 204 tells an EventSource that nothing more will come (WHATWG HTML 9.2.3). */
	if (watched.ended && call->watch_after == watched.seq)
		reply(call, 204, NULL, cs_span_str(NULL), NULL);
	else if (may_watch(call)) /* others may have come while the store was asked */
		sse_open(call->api->sse, call->req, call->query.id, call->watch_after,
		    &call->api->usage[call->token->index].streams);
}

static void
events(void *self, struct http_request *req)
{
	struct call *call = begin(self, req);

	if (!call || !may_watch(call))
		return;
	call->watch_after = last_event_id(req);
	query(call, query_watch, on_watched);
}

/* ---- the description of it all ---- */

static void
openapi(void *self, struct http_request *req)
{
	(void)self;
	http_reply(req, 200, JSON_TYPE, cs_span_str(openapi_json), NULL);
}

const struct http_route api_routes[] = {
	{ "POST", "/v1/requests", create },
	{ "GET", "/v1/requests", list },
	{ "GET", "/v1/requests/{id}", show },
	{ "POST", "/v1/requests/{id}/checks/{check}/verify", verify },
	{ "POST", "/v1/requests/{id}/checks/{check}/token", submit_token },
	{ "GET", "/v1/requests/{id}/checks/{check}/reply", show_reply },
	{ "POST", "/v1/requests/{id}/approve", approve },
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
	api->usage = CS_NEW_ARRAY(arena, tokens_count(intake->tokens) + 1, struct usage);
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
