/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: protobuf to and from our structs.  Reading checks every rule: what is returned needs no
 * further check.  Results live in `arena` and borrow from `body`.  CS_MALFORMED only.
 */
#ifndef INTAKE_WIRE_H
#define INTAKE_WIRE_H

#include "intake.h"
#include "life.h"
#include "notes.h"
#include "stretch/stretch.h"
#include "who.h"

/* evidence.mailbox-challenge, evidence.domain-challenge */
CS_MUST_USE enum cs_code wire_read_mailbox_challenge(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_told *ret_told, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_domain_challenge(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_told *ret_told, struct cs_err *err);
/* plan.refused, certificate.refused */
CS_MUST_USE enum cs_code wire_read_plan_refused(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_refused *ret_no, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_certificate_refused(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_refused *ret_no, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_issued(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_certificate *ret_certificate, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_stopped(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, bool *ret_expired, struct cs_err *err);

CS_MUST_USE enum cs_code wire_read_revoked(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_revoked *ret_revoked, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_revocation_refused(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_unrevoked *ret_no, struct cs_err *err);

/* config.note; its aggregate is the document, by its name.  *ret_note of one that was deleted has the text "". */
CS_MUST_USE enum cs_code wire_read_note(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_document, struct note *ret_note, struct cs_err *err);

/* request.verification-asked, request.cancelled */
struct cs_span wire_write_verification_asked(struct cs_arena *arena,
    const struct intake_request *req, const struct intake_press *press, int64_t now_ms);
struct cs_span wire_write_cancelled(
    struct cs_arena *arena, const struct intake_request *req, const char *reason, int64_t now_ms);

/* ask.mailbox.submit.  The question holds the token: it is for svc_question() alone. */
struct wire_token {
	struct cs_id request;
	const char *check, *token;
	struct intake_caller caller;
};
enum wire_token_result {
	WIRE_TOKEN_VERIFIED,
	WIRE_TOKEN_WRONG,
	WIRE_TOKEN_VOID,
	WIRE_TOKEN_EXPIRED,
	WIRE_TOKEN_NOT_SENT,
	WIRE_TOKEN_UNKNOWN,
	WIRE_TOKEN_RESULTS
};
/* ask.mailbox.reply, and what an answer is made of; token NULL: none is waited for. */
struct wire_reply {
	const char *token, *thumbprint, *from;
};
struct cs_span wire_write_ask_reply(struct cs_arena *arena, struct cs_id request, const char *check,
    const struct intake_caller *caller);
CS_MUST_USE enum cs_code wire_read_reply_answer(
    struct cs_arena *arena, struct cs_span body, struct wire_reply *ret, struct cs_err *err);

struct cs_span wire_write_token(struct cs_arena *arena, const struct wire_token *token);
CS_MUST_USE enum cs_code wire_read_token_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_token_result *ret_result, unsigned *ret_tries_left, struct cs_err *err);

/* ---- second factors ---- */

/* ask.policy.factor: what must whoever approves prove, and where do codes go? */
struct wire_factor {
	const char *result; /* "order", "none", "no-address", "unknown" */
	struct cs_span order;
	const char *field, *account, *method;
};
struct cs_span wire_write_ask_factor(
    struct cs_arena *arena, struct cs_id request, const char *enterprise, const char *account);
CS_MUST_USE enum cs_code wire_read_factor(
    struct cs_arena *arena, struct cs_span body, struct wire_factor *ret, struct cs_err *err);

/* ask.notifier.code */
#define WIRE_CODES_MAX 4
struct wire_code_sent {
	const char *channel, *to;
	const char *url; /* "" but for a login */
};
struct wire_codes_sent {
	const char *result; /* "sent", "too-many", "no-connector", "stale", "refused" */
	struct wire_code_sent codes[WIRE_CODES_MAX];
	size_t n;
	int64_t expires_at_ms, retry_at_ms;
	const char *channel;
	const char *code, *text, *mend, *clause; /* of "refused" */
};
struct cs_span wire_write_send_codes(struct cs_arena *arena, struct cs_span order);
CS_MUST_USE enum cs_code wire_read_codes_sent(
    struct cs_arena *arena, struct cs_span body, struct wire_codes_sent *ret, struct cs_err *err);

/* ask.notifier.login: what a browser brought back from a provider; "" for what it did not. */
#define WIRE_STATE_MAX 72
#define WIRE_LOGIN_CODE_MAX 2048
#define WIRE_LOGIN_ERROR_MAX 64
#define WIRE_LOGIN_ISSUER_MAX 512
#define WIRE_LOGIN_OWNER_MAX 63 /* as policy names enterprises */
struct wire_login_return {
	const char *state, *code, *error, *issuer;
	const char *form;  /* SAMLResponse, as it was posted; at most SAML_FORM_MAX octets */
	const char *owner; /* of the path; "" of saml */
};
struct cs_span
wire_write_login_return(struct cs_arena *arena, const struct wire_login_return *brought);
/* The answer holds a code: it is for the browser alone. */
struct wire_login_returned {
	const char *refusal; /* a word of small letters and "-"; NULL: there is a code */
	const char *code;    /* eight digits */
	struct cs_id request;
	const char *account;
};
CS_MUST_USE enum cs_code wire_read_login_returned(struct cs_arena *arena, struct cs_span body,
    struct wire_login_returned *ret, struct cs_err *err);

/* ask.notifier.prove.  The question holds codes: it is for svc_question() alone. */
struct json_approve;
struct cs_span wire_write_prove(struct cs_arena *arena, struct cs_id request,
    const char *enterprise, const char *account, const struct json_approve *typed);
enum wire_prove_result {
	WIRE_PROVED,
	WIRE_PROVE_WRONG,
	WIRE_PROVE_VOID,
	WIRE_PROVE_EXPIRED,
	WIRE_PROVE_USED,
	WIRE_PROVE_NOT_SENT,
	WIRE_PROVE_MISSING,
	WIRE_PROVE_RESULTS
};
struct wire_proved {
	enum wire_prove_result result;
	unsigned tries_left;
	struct cs_span proof; /* of WIRE_PROVED not empty */
	const char *channel;
};
CS_MUST_USE enum cs_code wire_read_proved(
    struct cs_arena *arena, struct cs_span body, struct wire_proved *ret, struct cs_err *err);

/* ask.notifier.password.  The question holds the password: it is for svc_question() alone, and to be wiped. */
struct cs_span wire_write_bind(struct cs_arena *arena, struct cs_span order, const char *password);
enum wire_bind_result {
	WIRE_BIND_PROVED,
	WIRE_BIND_WRONG,
	WIRE_BIND_VOID,
	WIRE_BIND_TOO_MANY,
	WIRE_BIND_NO_CONNECTOR,
	WIRE_BIND_NO_LOGIN,
	WIRE_BIND_AWAY,
	WIRE_BIND_STALE,
	WIRE_BIND_RESULTS
};
struct wire_bind_proved {
	enum wire_bind_result result;
	unsigned tries_left;
	struct cs_span proof; /* of WIRE_BIND_PROVED not empty */
	int64_t retry_at_ms;
};
CS_MUST_USE enum cs_code wire_read_bind_proved(
    struct cs_arena *arena, struct cs_span body, struct wire_bind_proved *ret, struct cs_err *err);

/* ask.policy.who; *ret_known false: it is nobody's, and *ret_who is untouched. */
struct cs_span wire_write_who(
    struct cs_arena *arena, const uint8_t token_sha256[static WHO_SHA256], const char *source);
CS_MUST_USE enum cs_code wire_read_who(struct cs_arena *arena, struct cs_span body, bool *ret_known,
    struct who *ret_who, struct cs_err *err);

/* ask.policy.config: one call of the API of settings and people.  It holds the token: for svc_question() alone. */
struct wire_config {
	const char *token, *method, *path, *query, *if_match, *if_none_match, *source;
	struct cs_span body;
};
#define WIRE_CONFIG_MAX 524288 /* octets of an answer: BUS_BODY_MAX */
struct wire_config_answer {
	unsigned status;     /* of what was done, or of a problem */
	struct cs_span body; /* of a problem never empty */
	const char *etag;    /* visible ASCII and spaces; "" for none */
	const char *ask;     /* who tries a connector out: "ask.notifier.test"; "": nobody */
	const char *type, *endpoint; /* of one that is looked at here; "": it is not */
};
/* ask.notifier.test, ask.mpic-coordinator.test: what is outside is asked, of what policy let the caller see. */
struct wire_test {
	const char *enterprise, *name;
	uint64_t version;
};
struct wire_tested {
	const char *result; /* "good", "bad", "not-yet", "untested" */
	struct claim_texts seen;
};
struct cs_span wire_write_test(struct cs_arena *arena, const struct wire_test *test);
CS_MUST_USE enum cs_code wire_read_tested(
    struct cs_arena *arena, struct cs_span body, struct wire_tested *ret, struct cs_err *err);
struct cs_span wire_write_config(struct cs_arena *arena, const struct wire_config *config);
CS_MUST_USE enum cs_code wire_read_config_answer(struct cs_arena *arena, struct cs_span body,
    struct wire_config_answer *ret_answer, struct cs_err *err);
/*
 * ask.policy.salt: what a password is stretched with.  Of a person, known or not; or of an invitation, when that
 * is not NULL.
 */
struct wire_salt {
	struct cs_span salt; /* empty: nobody was invited like that */
	struct stretch_cost cost;
	struct cs_span new_salt; /* for a new password */
	struct stretch_cost new_cost;
	const char *enterprise, *account; /* of an invitation: whose it is; else "" */
};
struct cs_span wire_write_ask_salt(
    struct cs_arena *arena, const char *enterprise, const char *account, const char *invitation);
CS_MUST_USE enum cs_code wire_read_salt(
    struct cs_arena *arena, struct cs_span body, struct wire_salt *ret, struct cs_err *err);

/* ask.policy.login.  Question and answer hold secrets: they are for svc_question() and the client alone. */
struct wire_login {
	const char *enterprise, *account, *source;
	const uint8_t *proof; /* STRETCH_PROOF octets */
};
enum wire_login_result {
	WIRE_LOGIN_WELCOME,
	WIRE_LOGIN_WRONG,
	WIRE_LOGIN_LOCKED,
	WIRE_LOGIN_RESULTS
};
struct wire_welcome {
	enum wire_login_result result;
	const char *token;   /* of the session: 1 to 512 octets; WELCOME only */
	int64_t ends_at_ms;  /* WELCOME only */
	int64_t retry_at_ms; /* 0: not said */
	bool must_change;
};
struct cs_span wire_write_login(struct cs_arena *arena, const struct wire_login *login);
CS_MUST_USE enum cs_code wire_read_login_answer(
    struct cs_arena *arena, struct cs_span body, struct wire_welcome *ret, struct cs_err *err);

/* ask.policy.password.  Holds secrets too. */
struct wire_password {
	const char *token;        /* of the session, with the old proof; or NULL, and */
	const char *invitation;   /* ... */
	const uint8_t *old_proof; /* STRETCH_PROOF octets; NULL with an invitation */
	const uint8_t *proof;
	struct cs_span salt;
	struct stretch_cost cost;
	const char *source; /* network that it comes from */
};
enum wire_password_result {
	WIRE_PASSWORD_CHANGED,
	WIRE_PASSWORD_WRONG,
	WIRE_PASSWORD_LOCKED,
	WIRE_PASSWORD_UNKNOWN,
	WIRE_PASSWORD_RESULTS
};
struct cs_span wire_write_password(struct cs_arena *arena, const struct wire_password *password);
CS_MUST_USE enum cs_code wire_read_password_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_password_result *ret_result, struct cs_err *err);

/* ask.policy.logout; *ret_ended false: there was no such session. */
struct cs_span wire_write_logout(struct cs_arena *arena, const char *token);
CS_MUST_USE enum cs_code wire_read_logout_answer(
    struct cs_arena *arena, struct cs_span body, bool *ret_ended, struct cs_err *err);

/* ask.signer.stop */
enum wire_stop_result { WIRE_STOPPED, WIRE_TOO_LATE, WIRE_STOP_UNKNOWN, WIRE_STOP_RESULTS };
struct cs_span wire_write_stop(
    struct cs_arena *arena, struct cs_id request, const char *enterprise, const char *account);
CS_MUST_USE enum cs_code wire_read_stop_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_stop_result *ret_result, struct cs_err *err);

#endif
