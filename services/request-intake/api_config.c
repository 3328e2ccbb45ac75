/* SPDX-License-Identifier: Apache-2.0 */
#include "api_config.h"

#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "out.h"
#include "problem.h"
#include "trial/trial.h"
#include "wire.h"

#define ASK_CONFIG_MS 8000
#define ASK_TEST_MS 25000 /* a server of somebody else's answers, or not */
#define FIELD_MAX 512     /* octets of If-Match and If-None-Match */
#define BELOW "/v1/"
#define JSON_OR_PROBLEM(status) ((status) >= 400 ? PROBLEM_TYPE : CALL_JSON)

/* ---- the answer ---- */

static bool
changes(const struct call *call)
{
	const char *method = http_request_method(call->req);

	return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0;
}

static void
answer_nothing(struct call *call)
{
	static const struct http_header again[] = { { "Retry-After", "2" }, { NULL, NULL } };

	if (changes(call))
		call_problem_with(call, 503,
		    (struct cs_refusal){ .code = "outcome-unknown",
			.text = "No answer came: this was done, or it was not.",
			.mend = "Look at what is set now, and repeat it if it was not done." },
		    again);
	else
		call_busy(call);
}

static void
pass_answer(struct call *call, const struct wire_config_answer *answer)
{
	struct http_header headers[3] = { { NULL, NULL } };
	size_t n = 0;

	if (answer->etag[0])
		headers[n++] = (struct http_header){ "ETag", answer->etag };
	if (answer->status == 401)
		headers[n++] = (struct http_header){ "WWW-Authenticate", CALL_CHALLENGE };
	else if (answer->status == 429)
		headers[n++] = (struct http_header){ "Retry-After", "60" };
	else if (answer->status == 503)
		headers[n++] = (struct http_header){ "Retry-After", "2" };
	call_reply(call, answer->status, answer->body.len ? JSON_OR_PROBLEM(answer->status) : NULL,
	    answer->body, headers);
}

/* ---- a connector is tried out ---- */

static void
answer_tested(struct call *call, const char *result, struct claim_texts seen)
{
	struct out out = out_new(call->arena);

	out_object(&out, NULL);
	out_text(&out, "result", result);
	out_texts(&out, "seen", seen);
	out_end_object(&out);
	call_reply_body(call, 200, out_done(&out));
}

static void
on_tested(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_tested tested = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_tested(call->arena, body, &tested, &err)) {
		call_busy(call);
		return;
	}
	answer_tested(call, tested.result, tested.seen);
}

static void
on_looked(void *arg, const struct trial_found *found)
{
	answer_tested(arg, found->result, (struct claim_texts){ found->seen, found->n_seen });
}

/* False: it is none of those that are looked at from here. */
static bool
look_at(struct call *call, const struct wire_config_answer *answer)
{
	const char *enterprise = http_request_param(call->req, "enterprise");
	enum connector_type type;

	if (!connector_type_parse(answer->type, &type) || !trial_has(type) ||
	    strlen(answer->endpoint) > CONNECTOR_ENDPOINT_MAX)
		return false;
	trial_ask(call->api->intake->trials, type, strcmp(enterprise, CLAIM_PLATFORM) == 0,
	    answer->endpoint, on_looked, call);
	return true;
}

/* Nobody leads us to ask anything else. */
static bool
is_test_question(const char *subject)
{
	return strcmp(subject, "ask.notifier.test") == 0 ||
	       strcmp(subject, "ask.mpic-coordinator.test") == 0;
}

/* False: it is no test, or policy itself said what came of it. */
static bool
try_out(struct call *call, const struct wire_config_answer *answer)
{
	if (answer->status != 200)
		return false;
	if (!is_test_question(answer->ask))
		return look_at(call, answer);
	const struct wire_test test = {
		.enterprise = http_request_param(call->req, "enterprise"),
		.name = http_request_param(call->req, "name"),
		/* "\"12\"": policy's own */
		.version = strtoull(answer->etag + (answer->etag[0] == '"'), NULL, 10),
	};

	svc_question(call->api->svc, answer->ask, wire_write_test(call->arena, &test), ASK_TEST_MS,
	    on_tested, call);
	return true;
}

static void
on_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	struct wire_config_answer answer = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	const bool answered =
	    ok && wire_read_config_answer(call->arena, body, &answer, &err) == CS_OK;

	/*
	 * Rights may be others now, unless policy refused: those who may change nothing could otherwise make
	 * everybody be asked for again, as often as they like.
	 */
	if (changes(call) && (!answered || answer.status < 400))
		who_expire_all(call->api->who);
	if (!answered) {
		answer_nothing(call);
		return;
	}
	if (answer.status == 401)
		call_forget_token(call);
	if (!try_out(call, &answer))
		pass_answer(call, &answer);
}

/* ---- the question ---- */

/* Decoded once, by the server: what policy reads is what was matched here. */
static const char *
path_of(const struct call *call)
{
	const char *at = http_request_route(call->req)->pattern + strlen(BELOW);
	struct cs_buf path = cs_buf_new(call->arena);

	while (*at) {
		size_t len = strcspn(at, "{");

		cs_buf_add(&path, at, len);
		at += len;
		if (*at == '{') {
			len = strcspn(at, "}");
			cs_buf_add_str(&path, http_request_param(call->req,
						  cs_arena_strndup(call->arena, at + 1, len - 1)));
			at += len + 1;
		}
	}
	return (const char *)cs_buf_span(&path).data;
}

/* False: answered.  Absent is "". */
static bool
read_field(struct call *call, const char *name, const char **ret_value)
{
	const char *value = http_request_header_at(call->req, name, 0);

	*ret_value = value ? value : "";
	if (strlen(*ret_value) <= FIELD_MAX && !http_request_header_at(call->req, name, 1))
		return true;
	call_problem(call, 400,
	    (struct cs_refusal){ .code = "precondition",
		.field = name,
		.clause = "RFC 9110 13.1",
		.text = "This header field must come once, and not be so long.",
		.mend = "Send the ETag of the document that you saw." });
	return false;
}

/* What changes something has a JSON body, or none where there is nothing to say. */
static bool
read_body(struct call *call, struct cs_span *ret_body)
{
	const char *method = http_request_method(call->req);

	*ret_body = http_request_body(call->req);
	if (strcmp(method, "PUT") != 0 && strcmp(method, "POST") != 0) {
		*ret_body = cs_span_str(NULL);
		return call_has_no_body(call);
	}
	return ret_body->len == 0 || call_is_json(call);
}

static void
forward(void *self, struct http_request *req)
{
	struct call *call = call_begin_any(self, req);
	struct wire_config config = { 0 };

	if (!call || !call_has_lasting_password(call) ||
	    !read_field(call, "If-Match", &config.if_match) ||
	    !read_field(call, "If-None-Match", &config.if_none_match) ||
	    !read_body(call, &config.body) || (changes(call) && !call_within_limit(call, false)))
		return;
	config.token = http_request_authorization(req, "Bearer");
	config.method = changes(call) ? http_request_method(req) : "GET";
	config.path = path_of(call);
	config.query = http_request_query_text(req);
	config.source = call_source(call);
	svc_question(call->api->svc, "ask.policy.config", wire_write_config(call->arena, &config),
	    ASK_CONFIG_MS, on_answer, call);
}

#define ENTERPRISE "/v1/config/{enterprise}"
#define DOCUMENT ENTERPRISE "/{kind}/{name}"
#define PERSON ENTERPRISE "/person/{name}"
#define RECORDS ENTERPRISE "/identity"

const struct http_route api_config_routes[] = {
	{ "GET", "/v1/config/kinds", forward },
	{ "POST", "/v1/config/apply", forward },
	{ "GET", ENTERPRISE "/changes", forward },
	{ "GET", RECORDS, forward },
	{ "POST", RECORDS, forward },
	{ "GET", RECORDS "/{id}", forward },
	{ "POST", RECORDS "/{id}/approval", forward },
	{ "POST", RECORDS "/{id}/withdrawal", forward },
	{ "GET", ENTERPRISE "/{kind}", forward },
	{ "GET", ENTERPRISE "/form/{profile}", forward },
	{ "GET", DOCUMENT, forward },
	{ "PUT", DOCUMENT, forward },
	{ "DELETE", DOCUMENT, forward },
	{ "GET", PERSON "/tokens", forward },
	{ "POST", PERSON "/tokens", forward },
	{ "DELETE", PERSON "/tokens/{token}", forward },
	{ "POST", PERSON "/invitation", forward },
	{ "POST", PERSON "/unlock", forward },
	{ "POST", PERSON "/password-reset", forward },
	{ "POST", ENTERPRISE "/connector/{name}/test", forward },
	{ NULL, NULL, NULL },
};
