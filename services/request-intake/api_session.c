/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_session.c: logging in and out, new passwords, and who one is.
 *
 *   log in:        salt? -> stretch -> login?
 *   new password:  salt? -> stretch the old one (not with an invitation) -> stretch the new one -> password?
 */
#include "api_session.h"

#include <string.h>

#include "base/time.h"
#include "call.h"
#include "json.h"
#include "password.h"
#include "pki/hash.h"
#include "stretch/stretch.h"
#include "view_session.h"
#include "wire.h"

#define ASK_MS 5000
#define RETRY_MAX_MS INT64_C(86400000)
#define LOCKED_MS INT64_C(60000) /* when policy does not say how long */

/* What goes on after the handler returned; lives in the call's arena. */
struct session {
	struct call *call;
	struct json_login login;
	struct json_password change;
	struct wire_salt salt;
	uint8_t old_proof[STRETCH_PROOF];
};

/* ---- what both begin with ---- */

/* Each try costs policy and us much more than it costs who tries. */
static bool
may_try(struct call *call)
{
	return call_within_network(call, SOURCE_LOGINS, call->api->intake->logins_per_network);
}

/* Before the question: who is turned away later has waited for nothing. */
static bool
has_room(struct call *call)
{
	if (stretch_has_room(call->api->intake->stretch))
		return true;
	call_busy(call);
	return false;
}

static struct session *
session_new(struct call *call)
{
	struct session *session = CS_NEW(call->arena, struct session);

	session->call = call;
	return session;
}

/* False: answered. */
static bool
read_salt(struct session *session, bool ok, struct cs_span body)
{
	struct cs_err err = { 0 };

	if (ok && wire_read_salt(session->call->arena, body, &session->salt, &err) == CS_OK)
		return true;
	call_busy(session->call);
	return false;
}

/* Takes the password: it is in a child's queue then, and nowhere else. */
static void
stretch(struct session *session, const char *password, struct cs_span salt,
    const struct stretch_cost *cost, stretch_done *done)
{
	struct call *call = session->call;
	const bool asked = stretch_ask(
	    call->api->intake->stretch, cs_span_str(password), salt, cost, done, session);

	pki_wipe((void *)(uintptr_t)password, strlen(password));
	if (!asked)
		call_busy(call);
}

static void
answer_locked(struct call *call, int64_t retry_at_ms)
{
	int64_t wait_ms = retry_at_ms ? retry_at_ms - call->query.now_ms : LOCKED_MS;

	if (wait_ms > RETRY_MAX_MS)
		wait_ms = RETRY_MAX_MS;
	const struct http_header again[] = {
		{ "Retry-After", cs_arena_printf(call->arena, "%lld",
				     (long long)(wait_ms < 1000 ? 1 : (wait_ms + 999) / 1000)) },
		{ NULL, NULL },
	};

	call_problem_with(call, 429,
	    (struct cs_refusal){ .code = "login-locked",
		.text =
		    "Too many wrong passwords were tried for this account, or from your network.",
		.mend =
		    "Wait for Retry-After. Whoever forgot a password asks an operator for an invitation." },
	    again);
}

/* ---- logging in ---- */

static void
answer_login(struct call *call, const struct wire_welcome *welcome)
{
	static const struct http_header challenge[] = {
		{ "WWW-Authenticate", "Bearer realm=\"countersign\"" }, { NULL, NULL }
	};

	switch (welcome->result) {
	case WIRE_LOGIN_WELCOME:
		call_reply_body(call, 201, view_welcome(call->arena, welcome));
		break;
	case WIRE_LOGIN_LOCKED:
		answer_locked(call, welcome->retry_at_ms);
		break;
	case WIRE_LOGIN_WRONG:
	case WIRE_LOGIN_RESULTS:
		call_problem_with(call, 401,
		    (struct cs_refusal){ .code = "login-wrong",
			.field = "password",
			.text = "There is no such person, or this is not the password.",
			.mend = "Check all three." },
		    challenge);
		break;
	}
}

static void
on_login(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct session *session = arg;
	struct wire_welcome welcome = { 0 };
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_login_answer(session->call->arena, body, &welcome, &err))
		call_busy(session->call);
	else
		answer_login(session->call, &welcome);
}

static void
on_login_proof(void *arg, const uint8_t *proof)
{
	struct session *session = arg;
	struct call *call = session->call;
	const struct source_network network = call_network_of(call->api, call->req);

	if (!proof) {
		call_busy(call);
		return;
	}
	svc_question(call->api->svc, "ask.policy.login",
	    wire_write_login(
		call->arena, &(struct wire_login){ .enterprise = session->login.enterprise,
				 .account = session->login.account,
				 .source = source_network_text(call->arena, &network),
				 .proof = proof }),
	    ASK_MS, on_login, session);
}

static void
on_login_salt(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct session *session = arg;

	(void)status;
	if (!read_salt(session, ok, body))
		return;
	if (session->salt.salt.len == 0) /* not even for a person who is not there */
		call_busy(session->call);
	else
		stretch(session, session->login.password, session->salt.salt, &session->salt.cost,
		    on_login_proof);
}

static void
log_in(void *self, struct http_request *req)
{
	struct call *call = call_begin_open(self, req);
	struct session *session = session_new(call);
	struct cs_refusal why = { 0 };

	if (!call_is_json(call) || !may_try(call))
		return;
	if (!json_read_login(call->arena, http_request_body(req), &session->login, &why)) {
		call_problem(call, 400, why);
		return;
	}
	if (has_room(call))
		svc_question(call->api->svc, "ask.policy.salt",
		    wire_write_ask_salt(
			call->arena, session->login.enterprise, session->login.account, NULL),
		    ASK_MS, on_login_salt, session);
}

/* ---- logging out ---- */

/* The token that came with the call means nothing any more, here at once. */
static void
forget(struct call *call)
{
	uint8_t sha256[PKI_SHA256];

	pki_sha256(cs_span_str(http_request_authorization(call->req, "Bearer")), sha256);
	who_forget(call->api->who, sha256);
}

static void
on_logout(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct call *call = arg;
	bool ended = false;
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_logout_answer(call->arena, body, &ended, &err)) {
		call_busy(call);
		return;
	}
	forget(call);
	call_reply(call, 204, NULL, cs_span_str(NULL), NULL); /* also when it had ended before */
}

/* False: answered. */
static bool
is_session(struct call *call)
{
	if (call->who->by_password)
		return true;
	call_problem(call, 403,
	    (struct cs_refusal){ .code = "not-a-session",
		.field = "Authorization",
		.text = "This is an API token: nobody logged in for it.",
		.mend = "Use the token of a session." });
	return false;
}

static void
log_out(void *self, struct http_request *req)
{
	struct call *call = call_begin_any(self, req);

	if (call && call_has_no_body(call) && is_session(call))
		svc_question(call->api->svc, "ask.policy.logout",
		    wire_write_logout(call->arena, http_request_authorization(req, "Bearer")),
		    ASK_MS, on_logout, call);
}

/* ---- a new password ---- */

static void
refuse_invitation(struct call *call)
{
	call_problem(call, 422,
	    (struct cs_refusal){ .code = "invitation-unknown",
		.field = "invitation",
		.text = "There is no such invitation, or it was used, or its time has passed.",
		.mend = "Ask an operator for another." });
}

static void
answer_changed(struct session *session, enum wire_password_result result)
{
	struct call *call = session->call;

	switch (result) {
	case WIRE_PASSWORD_CHANGED: /* and every session of the person has ended */
		who_expire_all(call->api->who);
		call_reply(call, 204, NULL, cs_span_str(NULL), NULL);
		break;
	case WIRE_PASSWORD_LOCKED:
		answer_locked(call, 0);
		break;
	case WIRE_PASSWORD_UNKNOWN:
		if (session->change.invitation)
			refuse_invitation(call);
		else
			call_unauthorized(call);
		break;
	case WIRE_PASSWORD_WRONG:
	case WIRE_PASSWORD_RESULTS:
		call_problem(call, 422,
		    (struct cs_refusal){ .code = "password-wrong",
			.field = "old_password",
			.text = "This is not the password.",
			.mend = "Type the one that you logged in with." });
		break;
	}
}

static void
on_changed(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct session *session = arg;
	enum wire_password_result result = WIRE_PASSWORD_WRONG;
	struct cs_err err = { 0 };

	(void)status;
	if (!ok || wire_read_password_answer(session->call->arena, body, &result, &err))
		call_busy(session->call);
	else
		answer_changed(session, result);
}

static void
on_new_proof(void *arg, const uint8_t *proof)
{
	struct session *session = arg;
	struct call *call = session->call;
	const bool invited = session->change.invitation != NULL;
	const struct source_network network = call_network_of(call->api, call->req);

	if (!proof) {
		call_busy(call);
		return;
	}
	svc_question(call->api->svc, "ask.policy.password",
	    wire_write_password(call->arena,
		&(struct wire_password){
		    .token = invited ? NULL : http_request_authorization(call->req, "Bearer"),
		    .invitation = session->change.invitation,
		    .old_proof = invited ? NULL : session->old_proof,
		    .proof = proof,
		    .salt = session->salt.new_salt,
		    .cost = session->salt.new_cost,
		    .source = source_network_text(call->arena, &network) }),
	    ASK_MS, on_changed, session);
	pki_wipe(session->old_proof, sizeof(session->old_proof));
}

static void
on_old_proof(void *arg, const uint8_t *proof)
{
	struct session *session = arg;

	if (!proof) {
		call_busy(session->call);
		return;
	}
	memcpy(session->old_proof, proof, sizeof(session->old_proof));
	stretch(session, session->change.new_password, session->salt.new_salt,
	    &session->salt.new_cost, on_new_proof);
}

/* Of an invitation it is known only now whose names the password must not be made of.  False: answered. */
static bool
is_good_for_invited(const struct session *session)
{
	struct call *call = session->call;
	struct cs_refusal why = { 0 };

	if (!session->change.invitation ||
	    password_good(call->arena, session->change.new_password, session->salt.enterprise,
		session->salt.account, &why))
		return true;
	call_problem(call, 422, why);
	return false;
}

static void
on_change_salt(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct session *session = arg;
	const struct json_password *change = &session->change;

	(void)status;
	if (!read_salt(session, ok, body))
		return;
	if (session->salt.salt.len == 0 && change->invitation)
		refuse_invitation(session->call);
	else if (session->salt.salt.len == 0)
		call_busy(session->call);
	else if (!is_good_for_invited(session))
		return;
	else if (change->invitation)
		stretch(session, change->new_password, session->salt.new_salt,
		    &session->salt.new_cost, on_new_proof);
	else
		stretch(session, change->old_password, session->salt.salt, &session->salt.cost,
		    on_old_proof);
}

/* One of invitation and old password; the latter with the session that it opened.  False: answered. */
static bool
has_proof(struct call *call, const struct json_password *change)
{
	if (change->invitation && !change->old_password)
		return true;
	if (change->invitation || !change->old_password) {
		call_problem(call, 422,
		    (struct cs_refusal){ .code = "password-proof",
			.field = "old_password",
			.text = "A new password comes with the old one or with an invitation.",
			.mend = "Send one of the two, not both." });
		return false;
	}
	if (!call->who) {
		call_unauthorized(call);
		return false;
	}
	return is_session(call);
}

/* False: answered. */
static bool
is_good(struct call *call, const struct json_password *change)
{
	const bool invited = change->invitation != NULL;
	struct cs_refusal why = { .code = "password-same",
		.field = "new_password",
		.text = "This is the old password.",
		.mend = "Choose another." };

	if ((invited || strcmp(change->old_password, change->new_password) != 0) &&
	    password_good(call->arena, change->new_password,
		invited ? "" : call->query.caller.enterprise,
		invited ? "" : call->query.caller.account, &why))
		return true;
	call_problem(call, 422, why);
	return false;
}

static void
change(void *self, struct http_request *req)
{
	struct call *call = http_request_authorization(req, "Bearer") ? call_begin_any(self, req)
								      : call_begin_open(self, req);
	struct session *session = NULL;
	struct cs_refusal why = { 0 };

	if (!call || !call_is_json(call) || !may_try(call))
		return;
	session = session_new(call);
	if (!json_read_password(call->arena, http_request_body(req), &session->change, &why)) {
		call_problem(call, 400, why);
		return;
	}
	if (has_proof(call, &session->change) && is_good(call, &session->change) && has_room(call))
		svc_question(call->api->svc, "ask.policy.salt",
		    wire_write_ask_salt(call->arena, call->query.caller.enterprise,
			call->query.caller.account, session->change.invitation),
		    ASK_MS, on_change_salt, session);
}

/* ---- who one is ---- */

static void
me(void *self, struct http_request *req)
{
	struct call *call = call_begin_any(self, req);

	if (call)
		call_reply_body(call, 200, view_me(call->arena, call->who));
}

const struct http_route api_session_routes[] = {
	{ "POST", "/v1/sessions", log_in },
	{ "DELETE", "/v1/sessions/current", log_out },
	{ "POST", "/v1/password", change },
	{ "GET", "/v1/me", me },
	{ NULL, NULL, NULL },
};
