/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: what notifier reads and writes.  Reading: CS_MALFORMED names the field; results live in the arena
 * or borrow from the body.
 */
#ifndef NOTIFY_WIRE_H
#define NOTIFY_WIRE_H

#include "base/err.h"
#include "logins.h"
#include "notify.h"

/* certificate.issued; what it says of the certificate is checked by certificate_check(). */
struct wire_issued {
	struct cs_id request;
	struct cs_span certificate;
	struct cs_span chain[8]; /* DER, the issuing CA first; one at least */
	size_t n_chain;
	const char *serial, *issuer, *enterprise, *account, *contact, *fingerprint;
	int64_t not_before_ms, not_after_ms;
	const char *mailboxes[10]; /* canonical; one at least */
	size_t n_mailboxes;
};
CS_MUST_USE enum cs_code wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct wire_issued *ret, struct cs_err *err);

/* certificate.refused and plan.refused say the same things. */
struct wire_refused {
	struct cs_id request;
	const char *code, *field, *clause, *text, *mend, *contact, *check_id;
	const char *enterprise; /* "": not said */
};
CS_MUST_USE enum cs_code wire_read_certificate_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_refused *ret, struct cs_err *err);
CS_MUST_USE enum cs_code wire_read_plan_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_refused *ret, struct cs_err *err);

/* What certificate.revoked and certificate.expiring say of a certificate; the contact is one of its mailboxes. */
struct wire_certificate {
	struct cs_id request;
	const char *serial, *issuer, *contact, *enterprise;
	const char *mailboxes[10]; /* canonical; one at least */
	size_t n_mailboxes;
	int64_t not_after_ms;
};
struct wire_revoked {
	struct wire_certificate certificate;
	uint32_t reason, by; /* RFC 5280 5.3.1; RevokedBy of the protocol */
	int64_t revoked_at_ms;
	const char *text;
};
CS_MUST_USE enum cs_code wire_read_revoked(
    struct cs_arena *arena, struct cs_span body, struct wire_revoked *ret, struct cs_err *err);
/* *ret_kind: which reminder it is. */
CS_MUST_USE enum cs_code wire_read_expiring(struct cs_arena *arena, struct cs_span body,
    struct wire_certificate *ret, enum notify_kind *ret_kind, struct cs_err *err);

/* notice.sent */
struct cs_span wire_write_notice(struct cs_arena *arena, struct cs_id request,
    enum notify_kind kind, const struct notify_delivery *delivery, int64_t now_ms);

/* Work "mail", and its result "work.mail". */
struct cs_span wire_write_mail(struct cs_arena *arena, const struct notify_outcome *outcome);
CS_MUST_USE enum cs_code wire_read_mail(
    struct cs_arena *arena, struct cs_span body, struct notify_outcome *ret, struct cs_err *err);
struct cs_span wire_write_mailed(struct cs_arena *arena, const struct notify_mailed *mailed);
CS_MUST_USE enum cs_code wire_read_mailed(
    struct cs_arena *arena, struct cs_span body, struct notify_mailed *ret, struct cs_err *err);

/* ---- codes of second factors ---- */

/* ask.notifier.code: only its envelope is read; codes.send carries the same body. */
CS_MUST_USE enum cs_code wire_read_send(
    struct cs_arena *arena, struct cs_span body, struct cs_span *ret_order, struct cs_err *err);
struct cs_span wire_write_sent(struct cs_arena *arena, const struct codes_sent *sent);
/* The answer where nothing can send by this channel. */
struct cs_span wire_write_no_connector(struct cs_arena *arena, enum factor_channel channel);
/* ask.notifier.prove: of the codes that were typed only keyed digests leave. */
CS_MUST_USE enum cs_code wire_read_prove(struct cs_arena *arena, struct cs_span key,
    struct cs_span body, struct cs_id *ret_request, struct codes_typed *ret, struct cs_err *err);
/* `proof`: empty unless it is proved. */
struct cs_span
wire_write_proved(struct cs_arena *arena, const struct codes_proved *proved, struct cs_span proof);
/* Work "code", and its result "work.code".  What is shown after a login is never sent. */
struct cs_span wire_write_letter(struct cs_arena *arena, const struct codes_letter *letter);
CS_MUST_USE enum cs_code wire_read_letter(
    struct cs_arena *arena, struct cs_span body, struct codes_letter *ret, struct cs_err *err);
struct cs_span
wire_write_delivered(struct cs_arena *arena, const struct codes_delivered *delivered);
CS_MUST_USE enum cs_code wire_read_delivered(
    struct cs_arena *arena, struct cs_span body, struct codes_delivered *ret, struct cs_err *err);

/* ---- passwords of directories ---- */

/* ask.notifier.password.  `ret_password` lies in `arena`, to be wiped by the caller; on failure it is wiped. */
CS_MUST_USE enum cs_code wire_read_password(struct cs_arena *arena, struct cs_span body,
    struct cs_span *ret_order, struct cs_span *ret_password, struct cs_err *err);
/* The body of password.try and password.bound, which wire_read_send() reads. */
struct cs_span wire_write_order(struct cs_arena *arena, struct cs_span order);
struct wire_password_answer {
	const char *result; /* as ProvePasswordAnswer has it */
	uint32_t tries_left;
	struct cs_span proof; /* empty unless it is proved */
	int64_t retry_at_ms;
};
struct cs_span
wire_write_password_answer(struct cs_arena *arena, const struct wire_password_answer *answer);

/* ---- logins at providers ---- */

/* Between the loop thread and its decisions. */
struct cs_span wire_write_begun(struct cs_arena *arena, const struct logins_begun *login);
CS_MUST_USE enum cs_code wire_read_begun(
    struct cs_arena *arena, struct cs_span body, struct logins_begun *ret, struct cs_err *err);
/* The answer of ask.notifier.code where a person logs in there. */
struct cs_span
wire_write_login_url(struct cs_arena *arena, const struct logins_begun *login, const char *url);
/* The same where nobody can. */
struct cs_span wire_write_no_login(struct cs_arena *arena, const struct cs_refusal *why);

/* ask.notifier.login.  Texts are whatever somebody sent, within bounds; NULL: it was not there. */
struct wire_login_return {
	const char *state; /* "" for none */
	const char *code, *error, *issuer;
	const char *form;  /* SAMLResponse, base64; NULL for none */
	const char *owner; /* whose redirect URI of oidc it came to; "": that of saml */
};
CS_MUST_USE enum cs_code wire_read_login_return(
    struct cs_arena *arena, struct cs_span body, struct wire_login_return *ret, struct cs_err *err);
struct cs_span wire_write_login_refused(struct cs_arena *arena, const char *refusal);
struct cs_span wire_write_login_code(struct cs_arena *arena, struct cs_id request,
    const char *account, const char code[static CODE_TEXT]);

/* ask.notifier.test and its answer; `seen`: lines for people. */
struct wire_test {
	const char *enterprise, *name;
	uint64_t version;
};
CS_MUST_USE enum cs_code wire_read_test(
    struct cs_arena *arena, struct cs_span body, struct wire_test *ret, struct cs_err *err);
struct cs_span
wire_write_tested(struct cs_arena *arena, const char *result, const char *const *seen, size_t n);

#endif
