/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <string.h>

#include "base/time.h"
#include "json.h"
#include "pki/hash.h"
#include "problem.h"
#include "source.h"

#define CHECK_MAX 128
#define PAGE_MAX 100
#define PLATFORM "platform" /* the enterprise that is none */
#define KEY_MAX 255         /* octets of an Idempotency-Key */

/* ---- answers ---- */

static void
count(struct call *call, unsigned status)
{
	static const char *const classes[] = { "other", "1xx", "2xx", "3xx", "4xx", "5xx" };

	svc_count(
	    call->api->svc, "api_answers", "status", classes[status / 100 < 6 ? status / 100 : 0]);
}

void
call_reply(struct call *call, unsigned status, const char *type, struct cs_span body,
    const struct http_header *extra)
{
	count(call, status);
	http_reply(call->req, (int)status, type, body, extra);
}

void
call_reply_body(struct call *call, unsigned status, struct cs_span body)
{
	call_reply(call, status, status >= 400 ? PROBLEM_TYPE : CALL_JSON, body, NULL);
}

void
call_problem_with(
    struct call *call, unsigned status, struct cs_refusal why, const struct http_header *extra)
{
	call_reply(call, status, PROBLEM_TYPE, problem_write(call->arena, status, &why), extra);
}

void
call_problem(struct call *call, unsigned status, struct cs_refusal why)
{
	call_problem_with(call, status, why, NULL);
}

void
call_busy(struct call *call)
{
	static const struct http_header again[] = { { "Retry-After", "2" }, { NULL, NULL } };

	call_problem_with(call, 503,
	    (struct cs_refusal){ .code = "try-again",
		.text = "This cannot be done right now.",
		.mend = "Repeat it after Retry-After; a creation with the same Idempotency-Key." },
	    again);
}

static void
not_found(struct call *call)
{
	call_problem(call, 404,
	    (struct cs_refusal){ .code = "not-found",
		.field = "id",
		.text = "There is no such request.",
		.mend = "Check the identifier and the API token." });
}

/* ---- who asks, and what every route begins with ---- */

void
call_unauthorized(struct call *call)
{
	static const struct http_header challenge[] = { { "WWW-Authenticate", CALL_CHALLENGE },
		{ NULL, NULL } };

	call_problem_with(call, 401,
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

/* Its caller is nobody until a token says who it is. */
static struct call *
new_call(struct api *api, struct http_request *req)
{
	struct cs_arena *arena = http_request_arena(req);
	struct call *call = CS_NEW(arena, struct call);

	call->api = api;
	call->req = req;
	call->arena = arena;
	call->query.caller =
	    (struct intake_caller){ .enterprise = "", .account = "", .signs_as = "", .factor = "" };
	call->query.now_ms = cs_now_ms();
	return call;
}

void
call_too_many(struct call *call, const char *text)
{
	static const struct http_header again[] = { { "Retry-After", "600" }, { NULL, NULL } };

	call_problem_with(call, 429,
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

struct source_network
call_network_of(const struct api *api, const struct http_request *req)
{
	return source_network_of(
	    http_request_address(req), forwarded_for(req), &api->intake->proxies);
}

/* Policy was not asked, because too many tokens were tried in vain; or it does not answer. */
static void
nobody_said(struct call *call, const uint8_t sha256[static PKI_SHA256])
{
	const struct api *api = call->api;
	const struct source_network network = call_network_of(api, call->req);

	if (!who_is_familiar(api->who, sha256) &&
	    sources_is_full(api->sources, &network, SOURCE_STRANGERS,
		api->intake->strangers_per_network, call->query.now_ms))
		call_too_many(
		    call, "Too many API tokens that nobody has came from your network this hour.");
	else
		call_busy(call);
}

/* False: answered. */
static bool
read_token(struct call *call)
{
	const char *bearer = http_request_authorization(call->req, "Bearer");
	struct who *who = CS_NEW(call->arena, struct who);
	enum who_found found = WHO_UNKNOWN;
	uint8_t sha256[PKI_SHA256];

	if (bearer) {
		pki_sha256(cs_span_str(bearer), sha256);
		found = who_find(call->api->who, sha256, call->query.now_ms, who);
	}
	switch (found) {
	case WHO_KNOWN:
	case WHO_STALE:
		call->who = who;
		return true;
	case WHO_UNKNOWN:
		call_unauthorized(call);
		break;
	case WHO_ASK:
		nobody_said(call, sha256);
		break;
	}
	return false;
}

void
call_forget_token(const struct call *call)
{
	uint8_t sha256[PKI_SHA256];

	pki_sha256(cs_span_str(http_request_authorization(call->req, "Bearer")), sha256);
	who_forget(call->api->who, sha256);
}

/* RFC 6750 section 3.1 */
static void
refuse_scope(struct call *call, enum who_scope scope)
{
	const char *name = who_scope_name(scope);
	const struct http_header challenge[] = {
		{ "WWW-Authenticate",
		    cs_arena_printf(call->arena,
			CALL_CHALLENGE ", error=\"insufficient_scope\", scope=\"%s\"", name) },
		{ NULL, NULL }
	};

	call_problem_with(call, 403,
	    (struct cs_refusal){ .code = "scope",
		.field = "Authorization",
		.clause = "RFC 6750 3.1",
		.text = cs_arena_printf(call->arena,
		    "This API token may not be used for this: it lacks the scope %s.", name),
		.mend = "Use another token, or ask an administrator for one with this scope." },
	    challenge);
}

static bool
refuse_role(struct call *call, const char *text)
{
	call_problem(call, 403,
	    (struct cs_refusal){ .code = "role",
		.field = "Authorization",
		.text = text,
		.mend = "Use an account that has the role." });
	return false;
}

bool
call_has_lasting_password(struct call *call)
{
	if (!call->who->must_change)
		return true;
	call_problem(call, 403,
	    (struct cs_refusal){ .code = "password-must-change",
		.field = "Authorization",
		.text = "The password must be changed first.",
		.mend = "Set a new one by POST /v1/password." });
	return false;
}

/* False: answered.  `scope` 0: whatever the token is for. */
static bool
may_use(struct call *call, enum who_scope scope)
{
	if (!scope)
		return true;
	if (!call_has_lasting_password(call))
		return false;
	if (!(call->who->scopes & (unsigned)scope))
		refuse_scope(call, scope);
	else if (scope == WHO_WRITES_REQUESTS && !(call->who->roles & (WHO_USER | WHO_OPERATOR)))
		refuse_role(call,
		    "Only users and operators may do this: auditors see, administrators set.");
	else
		return true;
	return false;
}

static struct intake_caller
caller_of(const struct call *call)
{
	const struct who *who = call->who;
	const bool of_platform = strcmp(who->enterprise, PLATFORM) == 0;

	return (struct intake_caller){ .enterprise = who->enterprise,
		.account = who->account,
		.is_operator = who->roles & WHO_OPERATOR,
		.is_auditor = who->roles & WHO_AUDITOR,
		.is_everywhere = of_platform,
		.signs_as = of_platform ? cs_arena_printf(call->arena, PLATFORM "/%s", who->account)
					: who->account,
		.factor = who->by_password ? "password" : "api-token" };
}

static struct call *
begin(void *self, struct http_request *req, enum who_scope scope)
{
	struct call *call = new_call(self, req);

	if (!read_token(call) || !may_use(call, scope))
		return NULL;
	call->query.caller = caller_of(call);
	if (!read_path(call)) {
		not_found(call);
		return NULL;
	}
	return call;
}

struct call *
call_begin(void *self, struct http_request *req)
{
	const char *method = http_request_method(req);
	const bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	return begin(self, req, reads ? WHO_READS_REQUESTS : WHO_WRITES_REQUESTS);
}

struct call *
call_begin_writing(void *self, struct http_request *req)
{
	return begin(self, req, WHO_WRITES_REQUESTS);
}

struct call *
call_begin_any(void *self, struct http_request *req)
{
	return begin(self, req, 0);
}

struct call *
call_begin_open(void *self, struct http_request *req)
{
	return new_call(self, req);
}

bool
call_is_json(struct call *call)
{
	if (http_request_is_type(call->req, CALL_JSON))
		return true;
	call_problem(call, 415,
	    (struct cs_refusal){ .code = "media-type",
		.field = "Content-Type",
		.text = "The body must be JSON.",
		.mend = "Send Content-Type: application/json." });
	return false;
}

/* An action without parameters: no body, or an empty object. */
bool
call_has_no_body(struct call *call)
{
	struct cs_span body = http_request_body(call->req);
	struct cs_refusal why = { 0 };

	if (body.len == 0)
		return true;
	if (!call_is_json(call))
		return false;
	if (json_read_nothing(call->arena, body, &why))
		return true;
	call_problem(call, 400, why);
	return false;
}

const char *
call_source(const struct call *call)
{
	const struct source_network network = call_network_of(call->api, call->req);

	return source_network_text(call->arena, &network);
}

bool
call_within_network(struct call *call, enum source_act act, uint32_t limit)
{
	const struct source_network network = call_network_of(call->api, call->req);

	if (sources_count(call->api->sources, &network, act, limit, call->query.now_ms))
		return true;
	call_too_many(call, "Too much came from your network this hour.");
	return false;
}

struct usage *
call_usage(const struct call *call)
{
	const struct who *who = call->who;
	const char *name =
	    who->by_password
		? cs_arena_printf(call->arena, "person\n%s\n%s", who->enterprise, who->account)
		: cs_arena_printf(call->arena, "credential\n%s", who->credential);

	return usages_find(call->api->usages, cs_span_str(name), call->query.now_ms);
}

/* Attempts count, not successes. */
bool
call_within_limit(struct call *call, bool is_creation)
{
	const struct intake_service *intake = call->api->intake;
	struct usage *usage = call_usage(call);
	bool within = is_creation ? usage->creations++ < intake->creations_per_hour
				  : usage->presses++ < intake->presses_per_hour;
	if (!within)
		call_too_many(call, "This API token was used too often this hour.");
	return within &&
	       call_within_network(call, is_creation ? SOURCE_CREATES : SOURCE_PRESSES,
		   is_creation ? intake->creations_per_network : intake->presses_per_network);
}

/* New requests are shed first: those that were accepted shall come to their end. */
bool
call_has_room(struct call *call)
{
	if (!svc_overloaded(call->api->svc))
		return true;
	call_busy(call);
	return false;
}

/* ---- commands ---- */

void
call_answered(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;

	if (!ok || status < 200)
		call_busy(call);
	else
		call_reply_body(call, status, body);
}

void
call_command(struct call *call, const char *subject, struct cs_span body, svc_answered *answered)
{
	if (!svc_command(
		call->api->svc, subject, call->query.id, body, &call->query.caller, answered, call))
		call_busy(call);
}

void
call_created(
    struct call *call, const char *collection, bool ok, uint32_t status, struct cs_span body)
{
	char id[CS_ID_TEXT];

	if (!ok || status != 201) {
		call_answered(call, ok, status, body);
		return;
	}
	cs_id_format(call->query.id, id);
	const struct http_header location[] = {
		{ "Location", cs_arena_printf(call->arena, "%s/%s", collection, id) },
		{ NULL, NULL },
	};

	call_reply(call, 201, CALL_JSON, body, location);
}

/* ---- what is created ---- */

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

bool
call_read_key(struct call *call)
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
	call_problem(call, 400,
	    (struct cs_refusal){ .code = "idempotency-key",
		.field = "Idempotency-Key",
		.text = "The key must come once, with 1 to 255 visible ASCII characters.",
		.mend = "Use a random UUID." });
	return false;
}

void
call_query(struct call *call, svc_query *fn, svc_answered *answered)
{
	if (!svc_ask_store(call->api->svc, fn, cs_span_str(NULL), &call->query, answered, call))
		call_busy(call);
}

bool
call_refuse_query(struct call *call, const char *field, const char *text, const char *mend)
{
	call_problem(call, 400,
	    (struct cs_refusal){ .code = "query", .field = field, .text = text, .mend = mend });
	return false;
}

bool
call_read_enterprise(struct call *call)
{
	const char *name = http_request_query(call->req, "enterprise");
	struct intake_caller *caller = &call->query.caller;

	if (!caller->is_everywhere && name && strcmp(name, caller->enterprise) != 0)
		return call_refuse_query(call, "enterprise",
		    "Only people of the platform may name another enterprise than their own.",
		    "Leave it out.");
	if (!caller->is_everywhere)
		return true;
	if (!caller->is_operator && !caller->is_auditor)
		return refuse_role(
		    call, "Of the platform only operators and auditors see what others asked for.");
	if (!name)
		return call_refuse_query(call, "enterprise",
		    "People of the platform must say which enterprise they mean.",
		    "Add enterprise=<name>.");
	caller->enterprise = name;
	caller->is_everywhere = false;
	return true;
}

bool
call_parse_limit(const char *text, uint32_t *ret)
{
	uint32_t value = 0;

	if (strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0')
		return false;
	for (; *text; text++)
		value = value * 10 + (uint32_t)(*text - '0');
	*ret = value;
	return value >= 1 && value <= PAGE_MAX;
}

bool
call_holds_no_key(struct call *call, const char *text)
{
	if (!strstr(text, "PRIVATE KEY-----"))
		return true;
	call_problem(call, 422,
	    (struct cs_refusal){ .code = "PRIVATEKEY",
		.field = "text",
		.clause = "SBR 6.1.2",
		.text = "A private key came with this. It was kept nowhere, but it is known now.",
		.mend =
		    "Have its certificates revoked for keyCompromise, and never send a private key." });
	return false;
}
