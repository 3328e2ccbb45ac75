/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_factor.c: the person presses Generate.  Codes of a second factor go straight to the service that sent them and
 * are stored nowhere, and so does the password of a directory, which is wiped here; what comes back is that service's own statement, which this one cannot make.  Where codes go says
 * policy, in an order that this one only carries.
 */
#include "api_factor.h"

#include <string.h>

#include "call.h"
#include "connector/factor.h"
#include "handler.h"
#include "json.h"
#include "pki/hash.h"
#include "problem.h"
#include "view.h"
#include "wire.h"

#define ASK_MS 5000
#define PASSWORD_MS 15000 /* a directory takes its time */
#define LOGIN_MS 15000    /* so does a provider that is asked where people log in */

/* ---- the approval ---- */

#define AGAIN "Have new codes sent, or begin another login, by POST to second_factor.start."

static const struct {
	unsigned status;
	struct cs_refusal why;
} refusals[WIRE_PROVE_RESULTS] = {
	[WIRE_PROVE_WRONG] = { 422,
	    { "second-factor-wrong", "code", "", "This is not what was sent.",
		"Type the newest codes; with several, each under its channel." } },
	[WIRE_PROVE_VOID] = { 410,
	    { "second-factor-void", "code", "",
		"Too many wrong codes were entered: those that were sent are void.", AGAIN } },
	[WIRE_PROVE_EXPIRED] = { 410, { "second-factor-expired", "code", "",
					  "The codes are older than 10 minutes.", AGAIN } },
	[WIRE_PROVE_USED] = { 410,
	    { "second-factor-used", "code", "", "These codes were used before.", AGAIN } },
	[WIRE_PROVE_NOT_SENT] = { 409,
	    { "second-factor-not-sent", "code", "",
		"No codes were sent for this, or they could not be, and no login showed one.",
		"Have codes sent, or begin a login, by POST to second_factor.start." } },
	[WIRE_PROVE_MISSING] = { 422,
	    { "second-factor-missing", "codes", "", "One of the codes is missing.",
		"Send {\"codes\": {...}} with a code for each channel." } },
};

static struct cs_span
proof_body(struct cs_arena *arena, struct cs_span proof)
{
	struct cs_buf body = cs_buf_new(arena);
	const uint8_t mark = HANDLER_PROOF;

	cs_buf_add(&body, &mark, 1);
	cs_buf_add_span(&body, proof);
	return cs_buf_span(&body);
}

/* The channel by which a code comes that nobody sends: it is shown after a login. */
static bool
is_login(const char *channel)
{
	return strcmp(channel, factor_channel_row(FACTOR_LOGIN)->name) == 0;
}

static void
refuse_codes(struct call *call, const struct wire_proved *proved)
{
	struct cs_refusal why = refusals[proved->result].why;
	const unsigned status = refusals[proved->result].status;

	if (proved->channel[0] != '\0') {
		why.field = cs_arena_printf(call->arena, "codes.%s", proved->channel);
		why.text = cs_arena_printf(call->arena,
		    proved->result == WIRE_PROVE_MISSING
			? "The code that was sent by %s is missing."
			: "The code by %s could not be sent.",
		    proved->channel);
	}
	if (proved->result == WIRE_PROVE_NOT_SENT && is_login(proved->channel)) {
		why.text = "Nobody has logged in for this, or the login showed no code.";
		why.mend = "Log in at the url that POST to second_factor.start answered, or begin "
			   "another login by it.";
	}
	if (proved->result == WIRE_PROVE_WRONG)
		call_reply(call, status, PROBLEM_TYPE,
		    problem_write_tries(call->arena, status, &why, proved->tries_left), NULL);
	else
		call_problem(call, status, why);
}

static void
on_proved(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_proved proved = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_proved(call->arena, body, &proved, &err))
		call_busy(call);
	else if (proved.result == WIRE_PROVED)
		call_command(
		    call, "api.approve", proof_body(call->arena, proved.proof), call_answered);
	else
		refuse_codes(call, &proved);
}

/* ---- with the password of a directory ---- */

/* However it goes on: nobody here needs it any more. */
static void
forget_password(struct call *call)
{
	char *password = (char *)(uintptr_t)call->typed->password;

	if (password != NULL)
		pki_wipe(password, strlen(password));
}

static const struct {
	unsigned status;
	struct cs_refusal why;
} password_refusals[WIRE_BIND_RESULTS] = {
	[WIRE_BIND_WRONG] = { 422,
	    { "second-factor-wrong", "password", "",
		"This is not the password of your account in the directory, or it lets you in no more.",
		"Type the password that you log in with there." } },
	[WIRE_BIND_VOID] = { 429,
	    { "second-factor-void", "password", "",
		"Too many wrong passwords were typed at this approval.",
		"Wait for Retry-After. Whoever forgot the password asks those who run the directory." } },
	[WIRE_BIND_TOO_MANY] = { 429,
	    { "second-factor-too-many", "password", "",
		"Too many passwords of yours were tried this hour.", "Wait for Retry-After." } },
	[WIRE_BIND_NO_CONNECTOR] = { 409,
	    { "second-factor-no-connector", "second_factor", "",
		"No directory is set up here that could check a password.",
		"Ask an operator for an active connector of type ldap." } },
	[WIRE_BIND_NO_LOGIN] = { 409,
	    { "second-factor-no-login", "login", "",
		"The directory takes no such name as is set for you.",
		"Ask an operator to set the field login of your document person." } },
	[WIRE_BIND_AWAY] = { 503,
	    { "second-factor-away", "second_factor", "",
		"The directory did not answer, or not as one should.",
		"Try again in a minute; what it said is in the log of the service notifier." } },
};

#define AWAY_MS 60000

static void
refuse_password(struct call *call, const struct wire_bind_proved *proved)
{
	const unsigned status = password_refusals[proved->result].status;
	const struct cs_refusal why = password_refusals[proved->result].why;
	const int64_t wait_ms = status == 503 ? AWAY_MS : proved->retry_at_ms - call->query.now_ms;
	const struct http_header again[] = {
		{ "Retry-After", cs_arena_printf(call->arena, "%lld",
				     (long long)(wait_ms < 1000 ? 1 : (wait_ms + 999) / 1000)) },
		{ NULL, NULL }
	};

	if (proved->result == WIRE_BIND_WRONG)
		call_reply(call, status, PROBLEM_TYPE,
		    problem_write_tries(call->arena, status, &why, proved->tries_left), NULL);
	else
		call_problem_with(call, status, why, status < 429 ? NULL : again);
}

static void
on_password_proved(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_bind_proved proved = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_bind_proved(call->arena, body, &proved, &err) ||
	    proved.result == WIRE_BIND_STALE)
		call_busy(call);
	else if (proved.result == WIRE_BIND_PROVED)
		call_command(
		    call, "api.approve", proof_body(call->arena, proved.proof), call_answered);
	else
		refuse_password(call, &proved);
}

static void
send_password(struct call *call, struct cs_span order)
{
	struct cs_arena *arena = cs_arena_new(); /* the call may be over when it was asked */
	const struct cs_span question = wire_write_bind(arena, order, call->typed->password);

	forget_password(call);
	svc_question(call->api->svc, "ask.notifier.password", question, PASSWORD_MS,
	    on_password_proved, call);
	pki_wipe((void *)(uintptr_t)question.data, question.len);
	cs_arena_free(arena);
}

/* Policy says whose name in the directory it is: this service only carries it. */
static void
on_whose(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_factor factor = { 0 };
	struct cs_err err = { 0 };
	const struct factor_method *method;

	(void)status;
	if (!ok || wire_read_factor(call->arena, body, &factor, &err))
		factor.result = "unknown";
	method = factor_method_find(factor.method != NULL ? factor.method : "");
	/* Another method: what is wanted changed just now, and is about to be heard of here, too. */
	if (strcmp(factor.result, "order") == 0 && method != NULL && method->binds) {
		send_password(call, factor.order);
	} else {
		forget_password(call);
		call_busy(call);
	}
}

/* Whoever could not approve anyway spends no try. */
static void
on_approvable(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;

	if (!ok || status != HANDLER_ASK_FACTOR) {
		forget_password(call);
		call_answered(arg, ok, status, body);
		return;
	}
	const char *enterprise = cs_arena_strndup(call->arena, (const char *)body.data, body.len);

	if (call->typed->password != NULL) {
		svc_question(call->api->svc, "ask.policy.factor",
		    wire_write_ask_factor(
			call->arena, call->query.id, enterprise, call->query.caller.account),
		    ASK_MS, on_whose, call);
		return;
	}
	svc_question(call->api->svc, "ask.notifier.prove",
	    wire_write_prove(
		call->arena, call->query.id, enterprise, call->query.caller.account, call->typed),
	    ASK_MS, on_proved, call);
}

static bool
read_approve(struct call *call)
{
	struct json_approve *typed = CS_NEW(call->arena, struct json_approve);
	struct cs_span body = http_request_body(call->req);
	struct cs_refusal why = { 0 };

	call->typed = typed;
	if (body.len == 0)
		return true;
	if (!call_is_json(call))
		return false;
	if (json_read_approve(call->arena, body, typed, &why))
		return true;
	call_problem(call, 400, why);
	return false;
}

static void
approve(void *self, struct http_request *req)
{
	static const uint8_t codes = HANDLER_CODES, password = HANDLER_PASSWORD;
	struct call *call = call_begin(self, req);

	if (!call || !read_approve(call) || !call_within_limit(call, false))
		return;
	if (call->typed->code || call->typed->codes)
		call_command(call, "api.approve", cs_span_of(&codes, 1), on_approvable);
	else if (call->typed->password)
		call_command(call, "api.approve", cs_span_of(&password, 1), on_approvable);
	else
		call_command(call, "api.approve", cs_span_str(NULL), call_answered);
}

/* ---- having codes sent ---- */

static void
refuse_for_want_of_a_connector(struct call *call, const char *channel)
{
	struct cs_arena *arena = call->arena;
	const struct factor_method *method = factor_method_find(call->method);
	const bool logs_in = method && method->logs_in;

	call_problem(call, 409,
	    (struct cs_refusal){ .code = "second-factor-no-connector",
		.field = "second_factor",
		.text = logs_in
			    ? "No provider is set up here where people could log in."
			    : cs_arena_printf(arena,
				  "Nothing is set up here that could send a code by %s.", channel),
		.mend =
		    cs_arena_printf(arena, "Ask an operator for an active connector of type %s.",
			logs_in ? connector_type_name(method->logs_in) : channel) });
}

static void
refuse_for_too_many(struct call *call, int64_t retry_at_ms)
{
	const int64_t wait_s = (retry_at_ms - call->query.now_ms) / 1000 + 1;
	const struct http_header again[] = {
		{ "Retry-After",
		    cs_arena_printf(call->arena, "%lld", (long long)(wait_s > 0 ? wait_s : 1)) },
		{ NULL, NULL }
	};

	call_problem_with(call, 429,
	    (struct cs_refusal){ .code = "second-factor-too-many",
		.text = "Too many codes were sent to you this hour.",
		.mend = "Use the newest, or try again later." },
	    again);
}

static void
refuse_sending(struct call *call, const struct wire_codes_sent *sent)
{
	if (strcmp(sent->result, "refused") == 0)
		call_problem(call, 409,
		    (struct cs_refusal){ .code = sent->code,
			.field = "second_factor",
			.clause = sent->clause,
			.text = sent->text,
			.mend = sent->mend });
	else if (strcmp(sent->result, "no-connector") == 0)
		refuse_for_want_of_a_connector(call, sent->channel);
	else
		refuse_for_too_many(call, sent->retry_at_ms);
}

static void
on_sent(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_codes_sent sent = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_codes_sent(call->arena, body, &sent, &err) ||
	    strcmp(sent.result, "stale") == 0)
		call_busy(call);
	else if (strcmp(sent.result, "sent") == 0)
		call_reply_body(call, 202, view_codes_sent(call->arena, call->method, &sent));
	else
		refuse_sending(call, &sent);
}

static void
refuse_address(struct call *call, const struct wire_factor *factor)
{
	call_problem(call, 409,
	    (struct cs_refusal){ .code = "second-factor-no-address",
		.field = factor->field,
		.text = cs_arena_printf(call->arena,
		    "A second factor cannot be asked of %s: the field %s is not set for this person.",
		    factor->account, factor->field),
		.mend = cs_arena_printf(call->arena,
		    "Ask an operator to set the field %s of the document person %s.", factor->field,
		    factor->account) });
}

static void
on_ordered(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_factor factor = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	/* Unknown: policy has not heard of the request, or of its approval, as we have. */
	if (!ok || wire_read_factor(call->arena, body, &factor, &err) ||
	    strcmp(factor.result, "unknown") == 0) {
		call_busy(call);
		return;
	}
	call->method = cs_arena_strdup(call->arena, factor.method);
	const struct factor_method *method = factor_method_find(call->method);

	if (strcmp(factor.result, "order") == 0)
		svc_question(call->api->svc, "ask.notifier.code",
		    wire_write_send_codes(call->arena, factor.order),
		    method && method->logs_in ? LOGIN_MS : ASK_MS, on_sent, call);
	else if (strcmp(factor.result, "no-address") == 0)
		refuse_address(call, &factor);
	else
		call_problem(call, 409,
		    (struct cs_refusal){ .code = "second-factor-not-asked",
			.text = "No second factor is asked for at this approval any more.",
			.mend = "Approve without one." });
}

static void
on_startable(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;

	if (!ok || status != HANDLER_ASK_FACTOR) {
		call_answered(arg, ok, status, body);
		return;
	}
	const char *enterprise = cs_arena_strndup(call->arena, (const char *)body.data, body.len);

	svc_question(call->api->svc, "ask.policy.factor",
	    wire_write_ask_factor(
		call->arena, call->query.id, enterprise, call->query.caller.account),
	    ASK_MS, on_ordered, call);
}

static void
start(void *self, struct http_request *req)
{
	struct call *call = call_begin(self, req);

	if (call && call_has_no_body(call) && call_within_limit(call, false))
		call_command(call, "api.factor", cs_span_str(NULL), on_startable);
}

const struct http_route api_factor_routes[] = {
	{ "POST", "/v1/requests/{id}/approve", approve },
	{ "POST", "/v1/requests/{id}/second-factor", start },
	{ NULL, NULL, NULL },
};
