/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of policy that names generated types. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "proto/config.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"

#define BODY_MAX 65536 /* octets of an event, design 3 */
#define SOURCE_MAX 64  /* octets of a network address */

/* ---- reading ---- */

enum cs_code
wire_read_asked(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct policy_asked *ret_asked, struct cs_err *err)
{
	const Countersign__V1__VerificationAsked *m =
	    pack_read(arena, &countersign__v1__verification_asked__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->check_id) || !pack_is_name(m->enterprise) || !pack_is_name(m->account))
		return cs_fail(err, CS_MALFORMED,
		    "VerificationAsked: check_id, enterprise or account is not a name");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret_asked = (struct policy_asked){ m->check_id, m->enterprise, m->account };
	return CS_OK;
}

enum cs_code
wire_read_cancelled(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__RequestCancelled *m =
	    pack_read(arena, &countersign__v1__request_cancelled__descriptor, body, BODY_MAX, err);

	return m == NULL ? CS_MALFORMED : pack_read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateIssued *m =
	    pack_read(arena, &countersign__v1__certificate_issued__descriptor, body, BODY_MAX, err);

	return m == NULL ? CS_MALFORMED : pack_read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_refused(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateRefused *m = pack_read(
	    arena, &countersign__v1__certificate_refused__descriptor, body, BODY_MAX, err);

	return m == NULL ? CS_MALFORMED : pack_read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_stopped(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateStopped *m = pack_read(
	    arena, &countersign__v1__certificate_stopped__descriptor, body, BODY_MAX, err);

	return m == NULL ? CS_MALFORMED : pack_read_id(&m->request_id, ret_request, err);
}

/* ---- second factors ---- */

enum cs_code
wire_read_factor_ask(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct policy_factor_ask *ret, struct cs_err *err)
{
	const Countersign__V1__FactorAsk *m =
	    pack_read(arena, &countersign__v1__factor_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->enterprise) || !pack_is_name(m->account))
		return cs_fail(err, CS_MALFORMED, "FactorAsk: enterprise or account is not a name");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret = (struct policy_factor_ask){ m->enterprise, m->account };
	return CS_OK;
}

struct cs_span
wire_write_factor_answer(struct cs_arena *arena, const struct policy_factor_ask *ask,
    const struct policy_factor_answer *answer, struct cs_span order)
{
	Countersign__V1__FactorAnswer m = COUNTERSIGN__V1__FACTOR_ANSWER__INIT;

	m.result = pack_text(policy_factor_result_name(answer->result));
	m.order = pack_octets(order);
	m.field = pack_text(answer->field);
	m.account = pack_text(answer->result == POLICY_FACTOR_UNKNOWN ? "" : ask->account);
	m.method = pack_text(answer->method);
	return pack_write(arena, &m.base);
}

/* ---- people ---- */

/* What a question says of where it came from is for counting: at most a network address. */
static bool
is_source(const char *text)
{
	return text[0] == '\0' || (strlen(text) <= SOURCE_MAX && pack_is_name(text));
}

enum cs_code
wire_read_who(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err)
{
	const Countersign__V1__WhoAsk *m =
	    pack_read(arena, &countersign__v1__who_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (m->token_sha256.len != PEOPLE_SHA256 || !is_source(m->source))
		return cs_fail(err, CS_MALFORMED, "WhoAsk: token_sha256 or source");
	*ret = (struct people_ask){ .has_token = true, .source = m->source };
	memcpy(ret->sha256, m->token_sha256.data, PEOPLE_SHA256);
	return CS_OK;
}

typedef const char *name_of(size_t i);

/* The names of the bits that are set. */
static char **
names_of(struct cs_arena *arena, unsigned bits, name_of *name, size_t n, size_t *ret_n)
{
	char **names = CS_NEW_ARRAY(arena, n, char *);

	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if ((bits & 1U << i) != 0)
			names[(*ret_n)++] = pack_text(name(i));
	return names;
}

struct cs_span
wire_write_who(struct cs_arena *arena, const struct people_caller *caller)
{
	Countersign__V1__WhoAnswer m = COUNTERSIGN__V1__WHO_ANSWER__INIT;
	char credential[CS_ID_TEXT];

	m.result = pack_text(caller != NULL ? "known" : "unknown");
	if (caller == NULL)
		return pack_write(arena, &m.base);
	cs_id_format(caller->credential, credential);
	m.enterprise = pack_text(caller->enterprise);
	m.account = pack_text(caller->account);
	m.roles = names_of(arena, caller->roles, people_role_name, PEOPLE_ROLES, &m.n_roles);
	m.scopes = names_of(arena, caller->scopes, people_scope_name, PEOPLE_SCOPES, &m.n_scopes);
	m.credential = credential;
	m.factor = pack_text(caller->kind == PEOPLE_SESSION ? "password" : "api-token");
	m.ends_at_ms = caller->ends_ms;
	m.must_change = caller->must_change;

	return pack_write(arena, &m.base);
}

/* What Argon2id costs: at least what new passwords are stretched with, at most what a machine can do. */
#define PASSES_MAX 100
#define MEMORY_KIB_MAX (4 * 1024 * 1024)
#define LANES_MAX 64

/* Of a secret that was sent: who it is shall be looked up by its digest. */
static bool
read_secret(const char *text, struct people_ask *ask)
{
	people_ask_token(ask, text);
	return strlen(text) <= PEOPLE_TOKEN_MAX;
}

static bool
read_proof(const ProtobufCBinaryData *proof, uint8_t ret_sha256[static PEOPLE_SHA256])
{
	pki_sha256(cs_span_of(proof->data, proof->len), ret_sha256);
	return proof->len == PEOPLE_PROOF;
}

static bool
is_person(const char *enterprise, const char *account)
{
	return pack_is_name(enterprise) && pack_is_name(account);
}

enum cs_code
wire_read_salt(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err)
{
	const Countersign__V1__SaltAsk *m =
	    pack_read(arena, &countersign__v1__salt_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	*ret = (struct people_ask){ .question = PEOPLE_SALTS, .source = "" };
	if (!read_secret(m->invitation, ret) ||
	    (!ret->has_token && !is_person(m->enterprise, m->account)))
		return cs_fail(err, CS_MALFORMED, "SaltAsk: no person and no invitation");
	ret->enterprise = m->enterprise;
	ret->account = m->account;
	return CS_OK;
}

enum cs_code
wire_read_login(
    struct cs_arena *arena, struct cs_span body, struct people_login_ask *ret, struct cs_err *err)
{
	const Countersign__V1__LoginAsk *m =
	    pack_read(arena, &countersign__v1__login_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	*ret = (struct people_login_ask){ .who = { .question = PEOPLE_LOGIN,
					      .enterprise = m->enterprise,
					      .account = m->account,
					      .source = m->source } };
	if (!is_person(m->enterprise, m->account) || !is_source(m->source) ||
	    !read_proof(&m->proof, ret->proof_sha256) || strcmp(m->factor, "password") != 0)
		return cs_fail(err, CS_MALFORMED, "LoginAsk: person, source, proof or factor");
	return CS_OK;
}

static bool
read_wanted(const Countersign__V1__PasswordAsk *m, struct people_password *ret)
{
	if (m->salt.len != PEOPLE_SALT || m->passes < PEOPLE_PASSES || m->passes > PASSES_MAX ||
	    m->memory_kib < PEOPLE_MEMORY_KIB || m->memory_kib > MEMORY_KIB_MAX || m->lanes < 1 ||
	    m->lanes > LANES_MAX)
		return false;
	memcpy(ret->salt, m->salt.data, PEOPLE_SALT);
	ret->passes = m->passes;
	ret->memory_kib = m->memory_kib;
	ret->lanes = m->lanes;
	return read_proof(&m->proof, ret->proof_sha256);
}

enum cs_code
wire_read_password(struct cs_arena *arena, struct cs_span body, struct people_password_ask *ret,
    struct cs_err *err)
{
	const Countersign__V1__PasswordAsk *m =
	    pack_read(arena, &countersign__v1__password_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	*ret = (struct people_password_ask){ .by_invitation = m->invitation[0] != '\0' };
	ret->who.question = PEOPLE_NEW_PASSWORD;
	ret->who.source = m->source;
	if (!is_source(m->source) || (m->invitation[0] != '\0') == (m->token[0] != '\0') ||
	    !read_secret(ret->by_invitation ? m->invitation : m->token, &ret->who) ||
	    !read_wanted(m, &ret->wanted) ||
	    (!ret->by_invitation && !read_proof(&m->old_proof, ret->old_proof_sha256)))
		return cs_fail(err, CS_MALFORMED, "PasswordAsk: by whom, proofs, salt or costs");
	return CS_OK;
}

enum cs_code
wire_read_logout(
    struct cs_arena *arena, struct cs_span body, struct people_ask *ret, struct cs_err *err)
{
	const Countersign__V1__LogoutAsk *m =
	    pack_read(arena, &countersign__v1__logout_ask__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	*ret = (struct people_ask){ .question = PEOPLE_LOGOUT, .source = "" };
	if (!read_secret(m->token, ret))
		return cs_fail(err, CS_MALFORMED, "LogoutAsk: token");
	return CS_OK;
}

struct cs_span
wire_write_salt(struct cs_arena *arena, const struct people_salt *salt)
{
	Countersign__V1__SaltAnswer m = COUNTERSIGN__V1__SALT_ANSWER__INIT;

	if (salt->known) {
		m.salt = pack_octets(cs_span_of(salt->salt, PEOPLE_SALT));
		m.new_salt = pack_octets(cs_span_of(salt->new_salt, PEOPLE_SALT));
		m.passes = salt->passes;
		m.memory_kib = salt->memory_kib;
		m.lanes = salt->lanes;
		m.new_passes = PEOPLE_PASSES;
		m.new_memory_kib = PEOPLE_MEMORY_KIB;
		m.new_lanes = PEOPLE_LANES;
	}
	if (salt->invited != NULL) {
		m.enterprise = pack_text(salt->invited->enterprise);
		m.account = pack_text(salt->invited->account);
	}
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_login(struct cs_arena *arena, const struct people_login *login)
{
	Countersign__V1__LoginAnswer m = COUNTERSIGN__V1__LOGIN_ANSWER__INIT;

	m.result = pack_text(people_verdict_name(login->verdict));
	m.token = pack_text(login->token);
	m.ends_at_ms = login->ends_ms;
	m.retry_at_ms = login->retry_ms;
	m.must_change = login->must_change;
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_password(struct cs_arena *arena, enum people_verdict verdict)
{
	static const char *const texts[] = {
		[PEOPLE_UNKNOWN] = "There is no such invitation or session: it may have ended.",
		[PEOPLE_WRONG] = "This is not the old password.",
		[PEOPLE_LOCKED] = "The old password was wrong too often: wait a while.",
		[PEOPLE_WELCOME] = "The password is set. Every session has ended.",
	};
	Countersign__V1__PasswordAnswer m = COUNTERSIGN__V1__PASSWORD_ANSWER__INIT;

	m.result = pack_text(verdict == PEOPLE_WELCOME ? "changed" : people_verdict_name(verdict));
	m.text = pack_text(texts[verdict]);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_logout(struct cs_arena *arena, bool ended)
{
	Countersign__V1__LogoutAnswer m = COUNTERSIGN__V1__LOGOUT_ANSWER__INIT;

	m.result = pack_text(ended ? "ended" : "unknown");
	return pack_write(arena, &m.base);
}

/* ---- writing ---- */

struct cs_span
wire_write_domain_settled(struct cs_arena *arena, struct cs_id request)
{
	Countersign__V1__DomainSettled m = COUNTERSIGN__V1__DOMAIN_SETTLED__INIT;

	m.request_id = pack_id(&request);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_refused(
    struct cs_arena *arena, const struct policy_step *step, struct cs_id request, int64_t now_ms)
{
	Countersign__V1__PlanRefused m = COUNTERSIGN__V1__PLAN_REFUSED__INIT;
	const struct cs_refusal *why = &step->refusal;

	m.request_id = pack_id(&request);
	m.code = pack_text(why->code);
	m.field = pack_text(why->field);
	m.clause = pack_text(why->clause);
	m.text = pack_text(why->text);
	m.mend = pack_text(why->mend);
	m.refused_at_ms = now_ms;
	m.contact = pack_text(step->next.plan.request.contact);
	m.check_id = pack_text(step->refused_check);
	m.enterprise = pack_text(step->next.plan.request.enterprise);

	return pack_write(arena, &m.base);
}

/* ---- settings ---- */

#define CONFIG_ASK_MAX (512 * 1024) /* octets of a question: a body and its surroundings */

static bool
is_text(const char *text, size_t max)
{
	const size_t len = strlen(text);

	return len <= max && cs_utf8_valid(cs_span_of(text, len));
}

enum cs_code
wire_read_config(
    struct cs_arena *arena, struct cs_span body, struct config_http *ret_http, struct cs_err *err)
{
	const Countersign__V1__ConfigAsk *m =
	    pack_read(arena, &countersign__v1__config_ask__descriptor, body, CONFIG_ASK_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!is_text(m->token, 512) || !is_text(m->method, 16) || !is_text(m->path, 1024) ||
	    !is_text(m->query, 4096) || !is_text(m->if_match, 64) ||
	    !is_text(m->if_none_match, 64) || !is_text(m->source, 64))
		return cs_fail(err, CS_MALFORMED, "ConfigAsk: a text is too long or no UTF-8");
	*ret_http = (struct config_http){ m->token, m->method, m->path, m->query, m->if_match,
		m->if_none_match, m->source, cs_span_of(m->body.data, m->body.len) };
	return CS_OK;
}

struct cs_span
wire_write_config_answer(struct cs_arena *arena, const struct config_answer *answer)
{
	Countersign__V1__ConfigAnswer m = COUNTERSIGN__V1__CONFIG_ANSWER__INIT;

	m.status = answer->status;
	m.body = pack_octets(answer->body);
	m.etag = pack_text(answer->etag);
	m.ask = pack_text(answer->ask);
	m.type = pack_text(answer->type);
	m.endpoint = pack_text(answer->endpoint);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_config_changed(
    struct cs_arena *arena, const struct config_change *change, struct cs_id id)
{
	Countersign__V1__ConfigChanged m = COUNTERSIGN__V1__CONFIG_CHANGED__INIT;

	m.kind = pack_text(config_kind_name(change->kind));
	m.enterprise = pack_text(change->enterprise);
	m.name = pack_text(change->name);
	m.version = change->version;
	m.deleted = change->after.len == 0;
	m.spec = pack_octets(config_public_spec(arena, change->kind, change->after));
	m.changed_at_ms = change->at_ms;
	m.changed_by = pack_text(change->who);
	m.document_id = pack_id(&id);
	return pack_write(arena, &m.base);
}
