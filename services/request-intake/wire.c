/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of intake that names generated types. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "json.h"
#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "proto/config.pb-c.h"
#include "proto/evidence.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"
#include "reasons.h"

#define CERTIFICATE_MAX 16384 /* octets */
#define CHAIN_MAX 8
#define ROUTES_MAX 64
#define URL_MAX 8192
#define ETAG_MAX 128
#define YEAR_9999_MS INT64_C(253402300799999)

/* ---- reading ---- */

#define PUBLICATIONS_MAX 32

static bool
is_text(const char *text)
{
	return strlen(text) <= CLAIM_MAX_TEXT && cs_utf8_valid(cs_span_str(text));
}

static bool
is_time(int64_t ms)
{
	return ms > 0 && ms <= YEAR_9999_MS;
}

static bool
are_texts(const char *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_text(texts[i]))
			return false;
	return true;
}

static enum cs_code
finish(const ProtobufCBinaryData *request, bool good, struct cs_id *ret_request, const char *what,
    struct cs_err *err)
{
	if (!good)
		return cs_fail(err, CS_MALFORMED, "%s: a field breaks its rule", what);
	return pack_read_id(request, ret_request, err);
}

/* A time, or none. */
static bool
is_time_or_none(int64_t ms)
{
	return ms >= 0 && ms <= YEAR_9999_MS;
}

static bool
mail_state(const char *state, enum intake_challenge *ret)
{
	static const char *const names[INTAKE_CHALLENGES] = { [INTAKE_MAIL_SENT] = "sent",
		[INTAKE_MAIL_DEFERRED] = "deferred",
		[INTAKE_MAIL_REFUSED] = "refused" };

	for (enum intake_challenge c = INTAKE_MAIL_SENT; c < INTAKE_CHALLENGES; c++) {
		if (names[c] != NULL && strcmp(names[c], state) == 0) {
			*ret = c;
			return true;
		}
	}
	return false;
}

static bool
is_mail_told(const Countersign__V1__MailboxChallenge *m)
{
	bool good = is_text(m->mailbox) && is_text(m->method) && is_text(m->reply) &&
		    is_text(m->reason) && is_text(m->clause) && is_text(m->mend) &&
		    is_text(m->status) && m->n_routes <= ROUTES_MAX &&
		    m->security <= COUNTERSIGN__V1__DNSSEC__DNSSEC_INDETERMINATE;

	for (size_t i = 0; good && i < m->n_routes; i++)
		good = is_text(m->routes[i]);
	return good && is_time_or_none(m->expires_at_ms) && is_time_or_none(m->next_try_at_ms);
}

static struct intake_mail
mail_told(const Countersign__V1__MailboxChallenge *m)
{
	return (struct intake_mail){
		.state = m->state,
		.method = m->method,
		.reason = m->reason,
		.clause = m->clause,
		.mend = m->mend,
		.reply = m->reply,
		.status = m->status,
		.next_try_ms = m->next_try_at_ms,
		.sent = m->mails_sent,
		.tries_left = m->tries_left,
		.routes = { (const char **)m->routes, m->n_routes },
		.security = (enum claim_dnssec)m->security,
	};
}

enum cs_code
wire_read_mailbox_challenge(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_told *ret_told, struct cs_err *err)
{
	const Countersign__V1__MailboxChallenge *m = pack_read(
	    arena, &countersign__v1__mailbox_challenge__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct intake_told told = { .kind = CLAIM_MAILBOX, .body = body, .hold = "" };
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	good = pack_is_name(m->check_id) && is_mail_told(m) && is_time(m->at_ms) &&
	       mail_state(m->state, &told.challenge);
	if (finish(&m->request_id, good, ret_request, "MailboxChallenge", err))
		return CS_MALFORMED;
	told.check = m->check_id;
	told.target = m->mailbox;
	told.at_ms = m->at_ms;
	told.until_ms = m->expires_at_ms;
	told.mail = mail_told(m);
	*ret_told = told;
	return CS_OK;
}

/* False: one of them breaks a rule. */
static bool
read_publications(
    struct cs_arena *arena, const Countersign__V1__DomainChallenge *m, struct intake_told *told)
{
	struct intake_publication *list =
	    CS_NEW_ARRAY(arena, PUBLICATIONS_MAX, struct intake_publication);

	if (m->n_publish > PUBLICATIONS_MAX)
		return false;
	for (size_t i = 0; i < m->n_publish; i++) {
		const Countersign__V1__Publication *p = m->publish[i];
		const char *const texts[] = { p->method, p->type, p->name, p->value, p->note };

		if (!are_texts(texts, sizeof(texts) / sizeof(texts[0])))
			return false;
		list[i] =
		    (struct intake_publication){ p->method, p->type, p->name, p->value, p->note };
	}
	told->publications = list;
	told->n_publications = m->n_publish;
	return true;
}

/* A time that may be missing. */
enum cs_code
wire_read_domain_challenge(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_told *ret_told, struct cs_err *err)
{
	const Countersign__V1__DomainChallenge *m = pack_read(
	    arena, &countersign__v1__domain_challenge__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct intake_told told = { .kind = CLAIM_DOMAIN, .body = body };
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	const char *const texts[] = { m->domain, m->dns_name, m->dns_value, m->file_url,
		m->file_value, m->hold };

	good = pack_is_name(m->check_id) && are_texts(texts, sizeof(texts) / sizeof(texts[0])) &&
	       is_time(m->made_at_ms) && is_time(m->expires_at_ms) &&
	       is_time_or_none(m->next_look_at_ms) && is_time_or_none(m->said_at_ms) &&
	       is_time_or_none(m->hold_until_ms) && read_publications(arena, m, &told);
	if (finish(&m->request_id, good, ret_request, "DomainChallenge", err))
		return CS_MALFORMED;
	told.check = m->check_id;
	told.target = m->domain;
	told.challenge = m->hold[0] ? INTAKE_HELD : INTAKE_PUBLISH;
	told.at_ms = m->said_at_ms ? m->said_at_ms : m->made_at_ms;
	told.until_ms = m->expires_at_ms;
	told.dns_name = m->dns_name;
	told.dns_value = m->dns_value;
	told.file_url = m->file_url;
	told.file_value = m->file_value;
	told.next_look_ms = m->next_look_at_ms;
	told.hold = m->hold;
	told.hold_until_ms = m->hold_until_ms;
	*ret_told = told;
	return CS_OK;
}

enum cs_code
wire_read_plan_refused(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_refused *ret_no, struct cs_err *err)
{
	const Countersign__V1__PlanRefused *m = pack_read(
	    arena, &countersign__v1__plan_refused__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	const char *const texts[] = { m->field, m->clause, m->text, m->mend, m->check_id };

	good = pack_is_name(m->code) && are_texts(texts, sizeof(texts) / sizeof(texts[0]));
	if (finish(&m->request_id, good, ret_request, "PlanRefused", err))
		return CS_MALFORMED;
	*ret_no =
	    (struct intake_refused){ .why = { m->code, m->field, m->clause, m->text, m->mend },
		    .check = m->check_id,
		    .at_ms = m->refused_at_ms };
	return CS_OK;
}

enum cs_code
wire_read_certificate_refused(struct cs_arena *arena, struct cs_span body,
    struct cs_id *ret_request, struct intake_refused *ret_no, struct cs_err *err)
{
	const Countersign__V1__CertificateRefused *m = pack_read(arena,
	    &countersign__v1__certificate_refused__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	const char *const texts[] = { m->field, m->clause, m->text, m->mend };

	good = pack_is_name(m->code) && are_texts(texts, sizeof(texts) / sizeof(texts[0]));
	if (finish(&m->request_id, good, ret_request, "CertificateRefused", err))
		return CS_MALFORMED;
	*ret_no =
	    (struct intake_refused){ .why = { m->code, m->field, m->clause, m->text, m->mend },
		    .check = "",
		    .at_ms = m->refused_at_ms };
	return CS_OK;
}

static bool
is_certificate(const ProtobufCBinaryData *data)
{
	return data->len > 0 && data->len <= CERTIFICATE_MAX;
}

static bool
are_certificates(const ProtobufCBinaryData *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_certificate(&data[i]))
			return false;
	return n <= CHAIN_MAX;
}

static bool
is_hex(const char *text)
{
	return pack_is_name(text) && text[strspn(text, "0123456789abcdef")] == '\0';
}

enum cs_code
wire_read_issued(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_certificate *ret_certificate, struct cs_err *err)
{
	const Countersign__V1__CertificateIssued *m = pack_read(
	    arena, &countersign__v1__certificate_issued__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	good = is_certificate(&m->certificate) && are_certificates(m->chain, m->n_chain) &&
	       is_hex(m->serial) && is_hex(m->fingerprint) && is_time(m->issued_at_ms) &&
	       is_time(m->not_before_ms) && is_time(m->not_after_ms);
	if (finish(&m->request_id, good, ret_request, "CertificateIssued", err))
		return CS_MALFORMED;
	struct intake_certificate certificate = { .serial = m->serial,
		.fingerprint = m->fingerprint,
		.issued_at_ms = m->issued_at_ms,
		.not_before_ms = m->not_before_ms,
		.not_after_ms = m->not_after_ms,
		.der = cs_span_of(m->certificate.data, m->certificate.len),
		.chain = CS_NEW_ARRAY(arena, m->n_chain, struct cs_span),
		.n_chain = m->n_chain };

	for (size_t i = 0; i < m->n_chain; i++)
		certificate.chain[i] = cs_span_of(m->chain[i].data, m->chain[i].len);
	*ret_certificate = certificate;
	return CS_OK;
}

enum cs_code
wire_read_stopped(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    bool *ret_expired, struct cs_err *err)
{
	const Countersign__V1__CertificateStopped *m = pack_read(arena,
	    &countersign__v1__certificate_stopped__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	bool expired = false;

	if (!m)
		return CS_MALFORMED;
	expired = strcmp(m->reason, "expired") == 0;
	if (finish(&m->request_id, expired || strcmp(m->reason, "cancelled") == 0, ret_request,
		"CertificateStopped", err))
		return CS_MALFORMED;
	*ret_expired = expired;
	return CS_OK;
}

enum cs_code
wire_read_revoked(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_revoked *ret_revoked, struct cs_err *err)
{
	const Countersign__V1__CertificateRevoked *m = pack_read(arena,
	    &countersign__v1__certificate_revoked__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	good = reason_of_code(m->reason) != NULL && m->by >= CLAIM_BY_OWNER &&
	       m->by <= CLAIM_BY_SIGNER && is_time(m->revoked_at_ms) && is_text(m->text);
	if (finish(&m->request_id, good, ret_request, "CertificateRevoked", err))
		return CS_MALFORMED;
	*ret_revoked = (struct intake_revoked){ .reason = m->reason,
		.by = (enum claim_revoked_by)m->by,
		.text = m->text,
		.at_ms = m->revoked_at_ms };
	return CS_OK;
}

enum cs_code
wire_read_revocation_refused(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct intake_unrevoked *ret_no, struct cs_err *err)
{
	const Countersign__V1__RevocationRefused *m = pack_read(
	    arena, &countersign__v1__revocation_refused__descriptor, body, CLAIM_MAX_ENVELOPE, err);

	if (!m)
		return CS_MALFORMED;
	if (finish(&m->request_id, pack_is_name(m->code) && is_text(m->text) && is_text(m->report),
		ret_request, "RevocationRefused", err))
		return CS_MALFORMED;
	*ret_no = (struct intake_unrevoked){ m->code, m->text };
	return CS_OK;
}

/* By its name, which it keeps when it is deleted and made again. */
static struct cs_id
id_of_document(const char *enterprise, const char *name)
{
	const struct cs_span parts[] = { cs_span_of(enterprise, strlen(enterprise) + 1),
		cs_span_str(name) };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, 2, digest);
	return cs_id_from_digest(digest);
}

enum cs_code
wire_read_note(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_document,
    struct note *ret_note, struct cs_err *err)
{
	const Countersign__V1__ConfigChanged *m = pack_read(
	    arena, &countersign__v1__config_changed__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct note note = { .text = "" };

	if (!m)
		return CS_MALFORMED;
	note.enterprise = m->enterprise;
	note.version = m->version;
	if (strcmp(m->kind, "note") != 0 || !pack_is_name(m->enterprise) || m->version == 0 ||
	    m->version > INT64_MAX || !note_read_name(m->name, &note.kind, &note.screen))
		return cs_fail(err, CS_MALFORMED, "ConfigChanged: not a note");
	if (!m->deleted &&
	    note_read_spec(arena, cs_span_of(m->spec.data, m->spec.len), &note.text, err))
		return CS_MALFORMED;
	*ret_document = id_of_document(m->enterprise, m->name);
	*ret_note = note;
	return CS_OK;
}

/* Which of `n` words it is; `n`: none. */
static unsigned
word(const char *text, const char *const *words, unsigned n)
{
	unsigned i = 0;

	while (i < n && strcmp(words[i], text) != 0)
		i++;
	return i;
}

enum cs_code
wire_read_token_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_token_result *ret_result, unsigned *ret_tries_left, struct cs_err *err)
{
	static const char *const words[WIRE_TOKEN_RESULTS] = { [WIRE_TOKEN_VERIFIED] = "verified",
		[WIRE_TOKEN_WRONG] = "wrong",
		[WIRE_TOKEN_VOID] = "void",
		[WIRE_TOKEN_EXPIRED] = "expired",
		[WIRE_TOKEN_NOT_SENT] = "not-sent",
		[WIRE_TOKEN_UNKNOWN] = "unknown" };
	const Countersign__V1__SubmitTokenAnswer *m = pack_read(arena,
	    &countersign__v1__submit_token_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	unsigned result = m ? word(m->result, words, WIRE_TOKEN_RESULTS) : WIRE_TOKEN_RESULTS;

	if (result == WIRE_TOKEN_RESULTS)
		return cs_fail(err, CS_MALFORMED, "SubmitTokenAnswer: unknown result");
	*ret_result = (enum wire_token_result)result;
	*ret_tries_left = m->tries_left;
	return CS_OK;
}

enum cs_code
wire_read_stop_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_stop_result *ret_result, struct cs_err *err)
{
	static const char *const words[WIRE_STOP_RESULTS] = { [WIRE_STOPPED] = "stopped",
		[WIRE_TOO_LATE] = "too-late",
		[WIRE_STOP_UNKNOWN] = "unknown" };
	const Countersign__V1__StopRequestAnswer *m = pack_read(arena,
	    &countersign__v1__stop_request_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	unsigned result = m ? word(m->result, words, WIRE_STOP_RESULTS) : WIRE_STOP_RESULTS;

	if (result == WIRE_STOP_RESULTS)
		return cs_fail(err, CS_MALFORMED, "StopRequestAnswer: unknown result");
	*ret_result = (enum wire_stop_result)result;
	return CS_OK;
}

enum cs_code
wire_read_reply_answer(
    struct cs_arena *arena, struct cs_span body, struct wire_reply *ret, struct cs_err *err)
{
	const Countersign__V1__AskReplyAnswer *m = pack_read(
	    arena, &countersign__v1__ask_reply_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!is_text(m->token) || !is_text(m->thumbprint) || !is_text(m->from))
		return cs_fail(err, CS_MALFORMED, "AskReplyAnswer: a field breaks its rule");
	*ret = (struct wire_reply){ NULL, m->thumbprint, m->from };
	if (strcmp(m->result, "open") == 0)
		ret->token = m->token;
	return CS_OK;
}

/* False: no name, or longer than what is kept. */
static bool
take_name(char ret[static WHO_NAME], const char *text)
{
	if (!pack_is_name(text) || strlen(text) >= WHO_NAME)
		return false;
	memcpy(ret, text, strlen(text) + 1);
	return true;
}

/* A role or scope that is not known here allows nothing. */
enum cs_code
wire_read_who(struct cs_arena *arena, struct cs_span body, bool *ret_known, struct who *ret_who,
    struct cs_err *err)
{
	const Countersign__V1__WhoAnswer *m = pack_read(
	    arena, &countersign__v1__who_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct who who = { 0 };

	if (!m)
		return CS_MALFORMED;
	*ret_known = strcmp(m->result, "known") == 0;
	if (!*ret_known && strcmp(m->result, "unknown") != 0)
		return cs_fail(err, CS_MALFORMED, "WhoAnswer: unknown result");
	if (!*ret_known)
		return CS_OK;
	who.by_password = strcmp(m->factor, "password") == 0;
	who.must_change = m->must_change;
	who.ends_at_ms = m->ends_at_ms;
	if (!take_name(who.enterprise, m->enterprise) || !take_name(who.account, m->account) ||
	    !take_name(who.credential, m->credential) || !is_time_or_none(m->ends_at_ms) ||
	    (!who.by_password && strcmp(m->factor, "api-token") != 0))
		return cs_fail(err, CS_MALFORMED, "WhoAnswer: a field breaks its rule");
	for (size_t i = 0; i < m->n_roles; i++)
		who.roles |= who_role_of(m->roles[i]);
	for (size_t i = 0; i < m->n_scopes; i++)
		who.scopes |= who_scopes_of(m->scopes[i]);
	*ret_who = who;
	return CS_OK;
}

/* Of an answer that a client can use: done, or a problem. */
static bool
is_status(uint32_t status, size_t body_len)
{
	if (status == 204)
		return body_len == 0;
	return (status >= 200 && status <= 299) || (status >= 400 && status <= 599 && body_len > 0);
}

/* It becomes a header field. */
static bool
is_etag(const char *etag)
{
	size_t len = strlen(etag);

	for (size_t i = 0; i < len; i++)
		if (etag[i] < 0x20 || etag[i] > 0x7e)
			return false;
	return len <= ETAG_MAX;
}

enum cs_code
wire_read_config_answer(struct cs_arena *arena, struct cs_span body,
    struct wire_config_answer *ret_answer, struct cs_err *err)
{
	const Countersign__V1__ConfigAnswer *m = pack_read(
	    arena, &countersign__v1__config_answer__descriptor, body, WIRE_CONFIG_MAX, err);

	if (!m)
		return CS_MALFORMED;
	if (!is_status(m->status, m->body.len) || !is_etag(m->etag) ||
	    !cs_utf8_valid(cs_span_of(m->body.data, m->body.len)))
		return cs_fail(err, CS_MALFORMED, "ConfigAnswer: a field breaks its rule");
	*ret_answer = (struct wire_config_answer){ m->status, cs_span_of(m->body.data, m->body.len),
		m->etag, m->ask, m->type, m->endpoint };
	return CS_OK;
}

struct cs_span
wire_write_test(struct cs_arena *arena, const struct wire_test *test)
{
	Countersign__V1__TestConnector m = COUNTERSIGN__V1__TEST_CONNECTOR__INIT;

	m.enterprise = pack_text(test->enterprise);
	m.name = pack_text(test->name);
	m.version = test->version;
	return pack_write(arena, &m.base);
}

#define SEEN_MAX 16          /* lines */
#define SEEN_OCTETS_MAX 2048 /* of a line */

enum cs_code
wire_read_tested(
    struct cs_arena *arena, struct cs_span body, struct wire_tested *ret, struct cs_err *err)
{
	static const char *const results[] = { "good", "bad", "not-yet", "untested" };
	const Countersign__V1__TestConnectorAnswer *m = pack_read(
	    arena, &countersign__v1__test_connector_answer__descriptor, body, WIRE_CONFIG_MAX, err);
	bool good = false;

	if (!m)
		return CS_MALFORMED;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		good |= strcmp(results[i], m->result) == 0;
	good = good && m->n_seen <= SEEN_MAX;
	for (size_t i = 0; good && i < m->n_seen; i++)
		good =
		    strlen(m->seen[i]) <= SEEN_OCTETS_MAX && cs_utf8_valid(cs_span_str(m->seen[i]));
	if (!good)
		return cs_fail(err, CS_MALFORMED, "TestConnectorAnswer: a field breaks its rule");
	*ret = (struct wire_tested){ m->result, { (const char **)m->seen, m->n_seen } };
	return CS_OK;
}

/* ---- people: salts, sessions, passwords ---- */

#define SALT 16 /* octets */
#define SESSION_MAX 512

static bool
is_salt(const ProtobufCBinaryData *data)
{
	return data->len == SALT;
}

enum cs_code
wire_read_salt(
    struct cs_arena *arena, struct cs_span body, struct wire_salt *ret, struct cs_err *err)
{
	const Countersign__V1__SaltAnswer *m = pack_read(
	    arena, &countersign__v1__salt_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct wire_salt salt = { .enterprise = "", .account = "" };

	if (m == NULL)
		return CS_MALFORMED;
	if (m->salt.len == 0) {
		*ret = salt;
		return CS_OK;
	}
	salt = (struct wire_salt){ .salt = cs_span_of(m->salt.data, m->salt.len),
		.cost = { m->passes, m->memory_kib, m->lanes },
		.new_salt = cs_span_of(m->new_salt.data, m->new_salt.len),
		.new_cost = { m->new_passes, m->new_memory_kib, m->new_lanes },
		.enterprise = m->enterprise,
		.account = m->account };
	if (!is_salt(&m->salt) || !is_salt(&m->new_salt) || !stretch_cost_good(&salt.cost) ||
	    !stretch_cost_good(&salt.new_cost) || !is_text(m->enterprise) || !is_text(m->account))
		return cs_fail(err, CS_MALFORMED, "SaltAnswer: a field breaks its rule");
	*ret = salt;
	return CS_OK;
}

static bool
is_session(const char *token)
{
	return token[0] != '\0' && strlen(token) <= SESSION_MAX && is_text(token);
}

enum cs_code
wire_read_login_answer(
    struct cs_arena *arena, struct cs_span body, struct wire_welcome *ret, struct cs_err *err)
{
	static const char *const words[WIRE_LOGIN_RESULTS] = { [WIRE_LOGIN_WELCOME] = "welcome",
		[WIRE_LOGIN_WRONG] = "wrong",
		[WIRE_LOGIN_LOCKED] = "locked" };
	const Countersign__V1__LoginAnswer *m = pack_read(
	    arena, &countersign__v1__login_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	unsigned result = m ? word(m->result, words, WIRE_LOGIN_RESULTS) : WIRE_LOGIN_RESULTS;

	if (result == WIRE_LOGIN_RESULTS)
		return cs_fail(err, CS_MALFORMED, "LoginAnswer: unknown result");
	if (!is_time_or_none(m->retry_at_ms) ||
	    (result == WIRE_LOGIN_WELCOME && (!is_session(m->token) || !is_time(m->ends_at_ms))))
		return cs_fail(err, CS_MALFORMED, "LoginAnswer: a field breaks its rule");
	*ret = (struct wire_welcome){ .result = (enum wire_login_result)result,
		.token = m->token,
		.ends_at_ms = m->ends_at_ms,
		.retry_at_ms = m->retry_at_ms,
		.must_change = m->must_change };
	return CS_OK;
}

enum cs_code
wire_read_password_answer(struct cs_arena *arena, struct cs_span body,
    enum wire_password_result *ret_result, struct cs_err *err)
{
	static const char *const words[WIRE_PASSWORD_RESULTS] = {
		[WIRE_PASSWORD_CHANGED] = "changed",
		[WIRE_PASSWORD_WRONG] = "wrong",
		[WIRE_PASSWORD_LOCKED] = "locked",
		[WIRE_PASSWORD_UNKNOWN] = "unknown",
	};
	const Countersign__V1__PasswordAnswer *m = pack_read(
	    arena, &countersign__v1__password_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	unsigned result = m ? word(m->result, words, WIRE_PASSWORD_RESULTS) : WIRE_PASSWORD_RESULTS;

	if (result == WIRE_PASSWORD_RESULTS)
		return cs_fail(err, CS_MALFORMED, "PasswordAnswer: unknown result");
	*ret_result = (enum wire_password_result)result;
	return CS_OK;
}

enum cs_code
wire_read_logout_answer(
    struct cs_arena *arena, struct cs_span body, bool *ret_ended, struct cs_err *err)
{
	static const char *const words[] = { "ended", "unknown" };
	const Countersign__V1__LogoutAnswer *m = pack_read(
	    arena, &countersign__v1__logout_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	unsigned result = m ? word(m->result, words, 2) : 2;

	if (result == 2)
		return cs_fail(err, CS_MALFORMED, "LogoutAnswer: unknown result");
	*ret_ended = result == 0;
	return CS_OK;
}

struct cs_span
wire_write_ask_salt(
    struct cs_arena *arena, const char *enterprise, const char *account, const char *invitation)
{
	Countersign__V1__SaltAsk m = COUNTERSIGN__V1__SALT_ASK__INIT;

	if (invitation) {
		m.invitation = pack_text(invitation);
	} else {
		m.enterprise = pack_text(enterprise);
		m.account = pack_text(account);
	}
	return pack_write(arena, &m.base);
}

static ProtobufCBinaryData
pack_proof(const uint8_t *proof)
{
	return pack_octets(cs_span_of(proof, STRETCH_PROOF));
}

struct cs_span
wire_write_login(struct cs_arena *arena, const struct wire_login *login)
{
	Countersign__V1__LoginAsk m = COUNTERSIGN__V1__LOGIN_ASK__INIT;

	m.enterprise = pack_text(login->enterprise);
	m.account = pack_text(login->account);
	m.proof = pack_proof(login->proof);
	m.source = pack_text(login->source);
	m.factor = pack_text("password");
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_password(struct cs_arena *arena, const struct wire_password *password)
{
	Countersign__V1__PasswordAsk m = COUNTERSIGN__V1__PASSWORD_ASK__INIT;

	if (password->token) {
		m.token = pack_text(password->token);
		m.old_proof = pack_proof(password->old_proof);
	} else {
		m.invitation = pack_text(password->invitation);
	}
	m.salt = pack_octets(password->salt);
	m.passes = password->cost.passes;
	m.memory_kib = password->cost.memory_kib;
	m.lanes = password->cost.lanes;
	m.proof = pack_proof(password->proof);
	m.source = pack_text(password->source);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_logout(struct cs_arena *arena, const char *token)
{
	Countersign__V1__LogoutAsk m = COUNTERSIGN__V1__LOGOUT_ASK__INIT;

	m.token = pack_text(token);
	return pack_write(arena, &m.base);
}

/* ---- writing ---- */

struct cs_span
wire_write_verification_asked(struct cs_arena *arena, const struct intake_request *req,
    const struct intake_press *press, int64_t now_ms)
{
	Countersign__V1__VerificationAsked m = COUNTERSIGN__V1__VERIFICATION_ASKED__INIT;

	m.request_id = pack_id(&req->id);
	m.check_id = pack_text(press->check);
	m.enterprise = pack_text(req->enterprise);
	m.account = pack_text(req->account);
	m.asked_at_ms = now_ms;
	m.method = pack_text(press->method);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_cancelled(
    struct cs_arena *arena, const struct intake_request *req, const char *reason, int64_t now_ms)
{
	Countersign__V1__RequestCancelled m = COUNTERSIGN__V1__REQUEST_CANCELLED__INIT;

	m.request_id = pack_id(&req->id);
	m.enterprise = pack_text(req->enterprise);
	m.account = pack_text(req->account);
	m.reason = pack_text(reason);
	m.cancelled_at_ms = now_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_ask_reply(struct cs_arena *arena, struct cs_id request, const char *check,
    const struct intake_caller *caller)
{
	Countersign__V1__AskReply m = COUNTERSIGN__V1__ASK_REPLY__INIT;

	m.request_id = pack_id(&request);
	m.check_id = pack_text(check);
	m.enterprise = pack_text(caller->enterprise);
	m.account = pack_text(caller->account);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_token(struct cs_arena *arena, const struct wire_token *token)
{
	Countersign__V1__SubmitToken m = COUNTERSIGN__V1__SUBMIT_TOKEN__INIT;

	m.request_id = pack_id(&token->request);
	m.check_id = pack_text(token->check);
	m.enterprise = pack_text(token->caller.enterprise);
	m.account = pack_text(token->caller.account);
	m.token = pack_text(token->token);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_stop(
    struct cs_arena *arena, struct cs_id request, const char *enterprise, const char *account)
{
	Countersign__V1__StopRequest m = COUNTERSIGN__V1__STOP_REQUEST__INIT;

	m.request_id = pack_id(&request);
	m.enterprise = pack_text(enterprise);
	m.account = pack_text(account);
	m.reason = pack_text("cancelled");
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_who(
    struct cs_arena *arena, const uint8_t token_sha256[static WHO_SHA256], const char *source)
{
	Countersign__V1__WhoAsk m = COUNTERSIGN__V1__WHO_ASK__INIT;

	m.token_sha256 = pack_octets(cs_span_of(token_sha256, WHO_SHA256));
	m.source = pack_text(source);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_config(struct cs_arena *arena, const struct wire_config *config)
{
	Countersign__V1__ConfigAsk m = COUNTERSIGN__V1__CONFIG_ASK__INIT;

	m.token = pack_text(config->token);
	m.method = pack_text(config->method);
	m.path = pack_text(config->path);
	m.query = pack_text(config->query);
	m.body = pack_octets(config->body);
	m.if_match = pack_text(config->if_match);
	m.if_none_match = pack_text(config->if_none_match);
	m.source = pack_text(config->source);
	return pack_write(arena, &m.base);
}

/* ---- second factors ---- */

struct cs_span
wire_write_ask_factor(
    struct cs_arena *arena, struct cs_id request, const char *enterprise, const char *account)
{
	Countersign__V1__FactorAsk m = COUNTERSIGN__V1__FACTOR_ASK__INIT;

	m.request_id = pack_id(&request);
	m.enterprise = pack_text(enterprise);
	m.account = pack_text(account);
	return pack_write(arena, &m.base);
}

/* What another service says is shown to people: it must be text of ours. */
static bool
is_said(const char *text)
{
	return text[0] == '\0' || (strlen(text) <= 320 && cs_utf8_valid(cs_span_str(text)));
}

enum cs_code
wire_read_factor(
    struct cs_arena *arena, struct cs_span body, struct wire_factor *ret, struct cs_err *err)
{
	static const char *const words[] = { "order", "none", "no-address", "unknown" };
	const Countersign__V1__FactorAnswer *m = pack_read(
	    arena, &countersign__v1__factor_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);

	if (!m)
		return CS_MALFORMED;
	if (word(m->result, words, 4) == 4 || !is_said(m->field) || !is_said(m->account) ||
	    !is_said(m->method))
		return cs_fail(err, CS_MALFORMED, "FactorAnswer: unknown result, or no text");
	*ret = (struct wire_factor){ m->result, cs_span_of(m->order.data, m->order.len), m->field,
		m->account, m->method };
	return CS_OK;
}

struct cs_span
wire_write_send_codes(struct cs_arena *arena, struct cs_span order)
{
	Countersign__V1__SendCodes m = COUNTERSIGN__V1__SEND_CODES__INIT;

	m.order = pack_octets(order);
	return pack_write(arena, &m.base);
}

/* As refusals are named. */
static bool
is_word(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && len <= 64 && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/* Somebody shall open it: nothing but the web, and nothing that a terminal could mistake. */
static bool
is_url_or_none(const char *text)
{
	const size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len == 0 || (len <= URL_MAX && (strncmp(text, "https://", 8) == 0 ||
						  strncmp(text, "http://", 7) == 0));
}

enum cs_code
wire_read_codes_sent(
    struct cs_arena *arena, struct cs_span body, struct wire_codes_sent *ret, struct cs_err *err)
{
	static const char *const words[] = { "sent", "too-many", "no-connector", "stale",
		"refused" };
	const Countersign__V1__SendCodesAnswer *m = pack_read(
	    arena, &countersign__v1__send_codes_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);

	if (!m)
		return CS_MALFORMED;
	struct wire_codes_sent sent = { .result = m->result,
		.n = m->n_codes,
		.expires_at_ms = m->expires_at_ms,
		.retry_at_ms = m->retry_at_ms,
		.channel = m->channel,
		.code = m->code,
		.text = m->text,
		.mend = m->mend,
		.clause = m->clause };

	if (word(m->result, words, 5) == 5 || m->n_codes > WIRE_CODES_MAX || !is_said(m->channel) ||
	    !is_said(m->text) || !is_said(m->mend) || !is_said(m->clause) ||
	    is_word(m->code) != (strcmp(m->result, "refused") == 0))
		return cs_fail(err, CS_MALFORMED, "SendCodesAnswer: unknown result, or too much");
	for (size_t i = 0; i < m->n_codes; i++) {
		if (!is_said(m->codes[i]->channel) || !is_said(m->codes[i]->to))
			return cs_fail(err, CS_MALFORMED, "SendCodesAnswer: no text");
		if (!is_url_or_none(m->codes[i]->url))
			return cs_fail(err, CS_MALFORMED, "SendCodesAnswer: no URL");
		sent.codes[i] = (struct wire_code_sent){ m->codes[i]->channel, m->codes[i]->to,
			m->codes[i]->url };
	}
	*ret = sent;
	return CS_OK;
}

struct cs_span
wire_write_login_return(struct cs_arena *arena, const struct wire_login_return *brought)
{
	Countersign__V1__LoginReturn m = COUNTERSIGN__V1__LOGIN_RETURN__INIT;

	m.state = pack_text(brought->state);
	m.code = pack_text(brought->code);
	m.error = pack_text(brought->error);
	m.issuer = pack_text(brought->issuer);
	m.saml_response = pack_octets(cs_span_str(brought->form));
	m.owner = pack_text(brought->owner);
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_login_returned(struct cs_arena *arena, struct cs_span body,
    struct wire_login_returned *ret, struct cs_err *err)
{
	const Countersign__V1__LoginReturnAnswer *m = pack_read(arena,
	    &countersign__v1__login_return_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct wire_login_returned returned = { .refusal = NULL };

	if (!m)
		return CS_MALFORMED;
	if (strcmp(m->result, "refused") == 0 && is_word(m->refusal)) {
		ret->refusal = m->refusal;
		return CS_OK;
	}
	if (strcmp(m->result, "code") != 0 || strlen(m->code) != 8 ||
	    strspn(m->code, "0123456789") != 8 || !pack_is_name(m->account))
		return cs_fail(err, CS_MALFORMED, "LoginReturnAnswer: unknown result, or no code");
	if (pack_read_id(&m->request_id, &returned.request, err))
		return CS_MALFORMED;
	returned.code = m->code;
	returned.account = m->account;
	*ret = returned;
	return CS_OK;
}

struct cs_span
wire_write_prove(struct cs_arena *arena, struct cs_id request, const char *enterprise,
    const char *account, const struct json_approve *typed)
{
	Countersign__V1__ProveFactor m = COUNTERSIGN__V1__PROVE_FACTOR__INIT;
	Countersign__V1__TypedCode codes[WIRE_CODES_MAX], *list[WIRE_CODES_MAX];
	const size_t n = typed->codes ? typed->codes->n : 1;

	cs_assert(n <= WIRE_CODES_MAX); /* as it was read */
	for (size_t i = 0; i < n; i++) {
		countersign__v1__typed_code__init(&codes[i]);
		if (typed->codes)
			codes[i].channel = pack_text(typed->codes->items[i].name);
		codes[i].code =
		    pack_text(typed->codes ? typed->codes->items[i].value : typed->code);
		list[i] = &codes[i];
	}
	m.request_id = pack_id(&request);
	m.enterprise = pack_text(enterprise);
	m.account = pack_text(account);
	m.n_codes = n;
	m.codes = list;
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_proved(
    struct cs_arena *arena, struct cs_span body, struct wire_proved *ret, struct cs_err *err)
{
	static const char *const words[WIRE_PROVE_RESULTS] = { [WIRE_PROVED] = "proved",
		[WIRE_PROVE_WRONG] = "wrong",
		[WIRE_PROVE_VOID] = "void",
		[WIRE_PROVE_EXPIRED] = "expired",
		[WIRE_PROVE_USED] = "used",
		[WIRE_PROVE_NOT_SENT] = "not-sent",
		[WIRE_PROVE_MISSING] = "missing" };
	const Countersign__V1__ProveFactorAnswer *m = pack_read(arena,
	    &countersign__v1__prove_factor_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	const unsigned result = m ? word(m->result, words, WIRE_PROVE_RESULTS) : WIRE_PROVE_RESULTS;

	if (result == WIRE_PROVE_RESULTS || !is_said(m->channel) ||
	    (result == WIRE_PROVED) != (m->proof.len > 0))
		return cs_fail(err, CS_MALFORMED, "ProveFactorAnswer: unknown result, or no proof");
	*ret = (struct wire_proved){ (enum wire_prove_result)result, m->tries_left,
		cs_span_of(m->proof.data, m->proof.len), m->channel };
	return CS_OK;
}

struct cs_span
wire_write_bind(struct cs_arena *arena, struct cs_span order, const char *password)
{
	Countersign__V1__ProvePassword m = COUNTERSIGN__V1__PROVE_PASSWORD__INIT;

	m.order = pack_octets(order);
	m.password = pack_text(password);
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_bind_proved(
    struct cs_arena *arena, struct cs_span body, struct wire_bind_proved *ret, struct cs_err *err)
{
	static const char *const words[WIRE_BIND_RESULTS] = { [WIRE_BIND_PROVED] = "proved",
		[WIRE_BIND_WRONG] = "wrong",
		[WIRE_BIND_VOID] = "void",
		[WIRE_BIND_TOO_MANY] = "too-many",
		[WIRE_BIND_NO_CONNECTOR] = "no-connector",
		[WIRE_BIND_NO_LOGIN] = "no-login",
		[WIRE_BIND_AWAY] = "away",
		[WIRE_BIND_STALE] = "stale" };
	const Countersign__V1__ProvePasswordAnswer *m = pack_read(arena,
	    &countersign__v1__prove_password_answer__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	const unsigned result = m ? word(m->result, words, WIRE_BIND_RESULTS) : WIRE_BIND_RESULTS;

	if (result == WIRE_BIND_RESULTS || (result == WIRE_BIND_PROVED) != (m->proof.len > 0))
		return cs_fail(
		    err, CS_MALFORMED, "ProvePasswordAnswer: unknown result, or no proof");
	*ret = (struct wire_bind_proved){ (enum wire_bind_result)result, m->tries_left,
		cs_span_of(m->proof.data, m->proof.len), m->retry_at_ms };
	return CS_OK;
}
