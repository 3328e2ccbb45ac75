/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of notifier that names generated types. */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "directory/directory.h"
#include "login/state.h"
#include "oidc/ask.h"
#include "pack/pack.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "proto/notice.pb-c.h"
#include "proto/plan.pb-c.h"
#include "saml/response.h"
#include "smime/address.h"

#define BODY_MAX 65536 /* octets of an event, design 3 */
#define NAME_MAX_OCTETS 128
#define TEXT_MAX_OCTETS 1024
#define LOGIN_ERROR_MAX 64
#define YEAR_10000_MS INT64_C(253402300800000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading ---- */

static bool
is_text(const char *text, size_t max)
{
	return strlen(text) <= max && cs_utf8_valid(cs_span_str(text));
}

static bool
are_names(const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i][0] == '\0' || !is_text(names[i], NAME_MAX_OCTETS))
			return false;
	return true;
}

static bool
is_mailbox(struct cs_arena *arena, const char *text)
{
	struct smime_address address;
	struct cs_refusal why;

	return smime_address_parse(arena, cs_span_str(text), &address, &why) &&
	       strcmp(address.canonical, text) == 0;
}

static bool
is_time(int64_t ms)
{
	return ms > 0 && ms < YEAR_10000_MS;
}

/* Where mails go: an address as the request's is spelled, or nobody. */
static bool
is_contact(struct cs_arena *arena, const char *text)
{
	return text[0] == '\0' || is_mailbox(arena, text);
}

static bool
read_chain(const Countersign__V1__CertificateIssued *m, struct wire_issued *issued)
{
	issued->n_chain = m->n_chain;
	if (m->n_chain < 1 || m->n_chain > LEN(issued->chain))
		return false;
	for (size_t i = 0; i < m->n_chain; i++)
		issued->chain[i] = cs_span_of(m->chain[i].data, m->chain[i].len);
	return true;
}

static bool
read_mailboxes(
    struct cs_arena *arena, const Countersign__V1__CertificateIssued *m, struct wire_issued *issued)
{
	issued->n_mailboxes = m->n_mailboxes;
	if (m->n_mailboxes < 1 || m->n_mailboxes > LEN(issued->mailboxes))
		return false;
	for (size_t i = 0; i < m->n_mailboxes; i++) {
		if (!is_mailbox(arena, m->mailboxes[i]))
			return false;
		issued->mailboxes[i] = m->mailboxes[i];
	}
	return true;
}

enum cs_code
wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct wire_issued *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateIssued *m =
	    pack_read(arena, &countersign__v1__certificate_issued__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	const char *const names[] = { m->serial, m->issuer, m->enterprise, m->account,
		m->fingerprint };
	struct wire_issued issued = {
		.certificate = cs_span_of(m->certificate.data, m->certificate.len),
		.serial = m->serial,
		.issuer = m->issuer,
		.enterprise = m->enterprise,
		.account = m->account,
		.contact = m->contact,
		.fingerprint = m->fingerprint,
		.not_before_ms = m->not_before_ms,
		.not_after_ms = m->not_after_ms,
	};

	if (!are_names(names, LEN(names)) || !is_time(m->not_before_ms) ||
	    !is_time(m->not_after_ms))
		return cs_fail(
		    err, CS_MALFORMED, "CertificateIssued: a name or a time is unusable");
	if (!read_chain(m, &issued))
		return cs_fail(err, CS_MALFORMED, "CertificateIssued: no chain, or too long");
	if (!read_mailboxes(arena, m, &issued) || !is_contact(arena, m->contact))
		return cs_fail(
		    err, CS_MALFORMED, "CertificateIssued: a mailbox or the contact is none");
	if (pack_read_id(&m->request_id, &issued.request, err))
		return CS_MALFORMED;
	*ret = issued;
	return CS_OK;
}

/* Canonical mailboxes, of which the contact is one. */
static enum cs_code
read_certificate(struct cs_arena *arena, const ProtobufCBinaryData *request, char *const *mailboxes,
    size_t n, struct wire_certificate *ret, struct cs_err *err)
{
	const char *const names[] = { ret->serial, ret->issuer };
	bool is_told = ret->contact[0] == '\0'; /* nobody */

	if (!are_names(names, LEN(names)) || !is_text(ret->enterprise, NAME_MAX_OCTETS) ||
	    !is_time(ret->not_after_ms) || n < 1 || n > LEN(ret->mailboxes))
		return cs_fail(err, CS_MALFORMED, "a name, a time or the mailboxes are unusable");
	for (size_t i = 0; i < n; i++) {
		if (!is_mailbox(arena, mailboxes[i]))
			return cs_fail(err, CS_MALFORMED, "mailbox %zu is none", i + 1);
		ret->mailboxes[ret->n_mailboxes++] = mailboxes[i];
		is_told |= strcmp(mailboxes[i], ret->contact) == 0;
	}
	if (!is_told)
		return cs_fail(err, CS_MALFORMED, "the contact is none of the mailboxes");
	return pack_read_id(request, &ret->request, err);
}

enum cs_code
wire_read_revoked(
    struct cs_arena *arena, struct cs_span body, struct wire_revoked *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateRevoked *m = pack_read(
	    arena, &countersign__v1__certificate_revoked__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct wire_revoked revoked = { .certificate = { .serial = m->serial,
					    .issuer = m->issuer,
					    .contact = m->contact,
					    .enterprise = m->enterprise,
					    .not_after_ms = m->not_after_ms },
		.reason = m->reason,
		.by = m->by,
		.revoked_at_ms = m->revoked_at_ms,
		.text = m->text };

	if (!is_text(m->text, TEXT_MAX_OCTETS) || !is_time(m->revoked_at_ms))
		return cs_fail(
		    err, CS_MALFORMED, "CertificateRevoked: its text or time is unusable");
	if (read_certificate(
		arena, &m->request_id, m->mailboxes, m->n_mailboxes, &revoked.certificate, err))
		return CS_MALFORMED;
	*ret = revoked;
	return CS_OK;
}

enum cs_code
wire_read_expiring(struct cs_arena *arena, struct cs_span body, struct wire_certificate *ret,
    enum notify_kind *ret_kind, struct cs_err *err)
{
	const Countersign__V1__CertificateExpiring *m = pack_read(
	    arena, &countersign__v1__certificate_expiring__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct wire_certificate certificate = { .serial = m->serial,
		.issuer = m->issuer,
		.contact = m->contact,
		.enterprise = m->enterprise,
		.not_after_ms = m->not_after_ms };

	if (!notify_kind_of_days(m->days_left, ret_kind))
		return cs_fail(err, CS_MALFORMED, "CertificateExpiring: no reminder at %u days",
		    (unsigned)m->days_left);
	if (read_certificate(
		arena, &m->request_id, m->mailboxes, m->n_mailboxes, &certificate, err))
		return CS_MALFORMED;
	*ret = certificate;
	return CS_OK;
}

/* Code and text are there, the rest may be empty. */
static enum cs_code
check_refused(struct cs_arena *arena, const ProtobufCBinaryData *request,
    struct wire_refused *refused, struct cs_err *err)
{
	const char *const texts[] = { refused->code, refused->field, refused->clause, refused->text,
		refused->mend, refused->check_id, refused->enterprise };

	for (size_t i = 0; i < LEN(texts); i++)
		if (!is_text(texts[i], TEXT_MAX_OCTETS))
			return cs_fail(err, CS_MALFORMED, "a text of a refusal is unusable");
	if (refused->code[0] == '\0' || refused->text[0] == '\0')
		return cs_fail(err, CS_MALFORMED, "a refusal without code or text");
	if (!is_contact(arena, refused->contact))
		return cs_fail(err, CS_MALFORMED, "the contact of a refusal is no mailbox");
	return pack_read_id(request, &refused->request, err);
}

enum cs_code
wire_read_certificate_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_refused *ret, struct cs_err *err)
{
	const Countersign__V1__CertificateRefused *m = pack_read(
	    arena, &countersign__v1__certificate_refused__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct wire_refused refused = { .code = m->code,
		.field = m->field,
		.clause = m->clause,
		.text = m->text,
		.mend = m->mend,
		.contact = m->contact,
		.check_id = "",
		.enterprise = "" };

	if (check_refused(arena, &m->request_id, &refused, err))
		return CS_MALFORMED;
	*ret = refused;
	return CS_OK;
}

enum cs_code
wire_read_plan_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_refused *ret, struct cs_err *err)
{
	const Countersign__V1__PlanRefused *m =
	    pack_read(arena, &countersign__v1__plan_refused__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct wire_refused refused = { .code = m->code,
		.field = m->field,
		.clause = m->clause,
		.text = m->text,
		.mend = m->mend,
		.contact = m->contact,
		.check_id = m->check_id,
		.enterprise = m->enterprise };

	if (check_refused(arena, &m->request_id, &refused, err))
		return CS_MALFORMED;
	*ret = refused;
	return CS_OK;
}

/* ---- writing ---- */

struct cs_span
wire_write_notice(struct cs_arena *arena, struct cs_id request, enum notify_kind kind,
    const struct notify_delivery *delivery, int64_t now_ms)
{
	Countersign__V1__NoticeSent m = COUNTERSIGN__V1__NOTICE_SENT__INIT;

	m.request_id = pack_id(&request);
	m.kind = pack_text(notify_kind_name(kind));
	m.state = pack_text(notify_state_name(delivery->state));
	m.reply = pack_text(delivery->reply);
	m.at_ms = now_ms;
	m.attempts = delivery->attempts;

	return pack_write(arena, &m.base);
}

/* ---- work rows: texts, each ended by a NUL ---- */

static struct cs_span
join(struct cs_arena *arena, const char *const *texts, size_t n)
{
	struct cs_buf row = cs_buf_new(arena);

	for (size_t i = 0; i < n; i++)
		cs_buf_add(&row, texts[i], strlen(texts[i]) + 1);
	return cs_buf_span(&row);
}

/* Exactly `n` texts. */
static bool
split(struct cs_span row, const char **ret_texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *end = row.len == 0 ? NULL : memchr(row.data, '\0', row.len);

		if (end == NULL)
			return false;
		ret_texts[i] = (const char *)row.data;
		row.len -= (size_t)(end + 1 - row.data);
		row.data = end + 1;
	}
	return row.len == 0;
}

struct cs_span
wire_write_mail(struct cs_arena *arena, const struct notify_outcome *outcome)
{
	const char *const texts[] = { notify_kind_name(outcome->kind), outcome->contact,
		outcome->subject, outcome->body, outcome->enterprise };

	return join(arena, texts, LEN(texts));
}

enum cs_code
wire_read_mail(
    struct cs_arena *arena, struct cs_span body, struct notify_outcome *ret, struct cs_err *err)
{
	const struct cs_span copy = cs_arena_copy_span(arena, body);
	struct notify_outcome outcome;
	const char *texts[5];

	if (!split(copy, texts, LEN(texts)) || !notify_kind_parse(texts[0], &outcome.kind))
		return cs_fail(err, CS_MALFORMED, "work row of a mail cannot be read");
	outcome.contact = texts[1];
	outcome.subject = texts[2];
	outcome.body = texts[3];
	outcome.enterprise = texts[4];
	*ret = outcome;
	return CS_OK;
}

static const char *const results[] = {
	[NOTIFY_ACCEPTED] = "accepted",
	[NOTIFY_TRY_AGAIN] = "later",
	[NOTIFY_NEVER] = "never",
};

struct cs_span
wire_write_mailed(struct cs_arena *arena, const struct notify_mailed *mailed)
{
	const char *const texts[] = { notify_kind_name(mailed->kind), results[mailed->result],
		cs_arena_printf(arena, "%u", (unsigned)mailed->attempt), mailed->reply };

	return join(arena, texts, LEN(texts));
}

static bool
read_result(const char *name, enum notify_result *ret_result)
{
	for (size_t i = 0; i < LEN(results); i++) {
		if (strcmp(results[i], name) == 0) {
			*ret_result = (enum notify_result)i;
			return true;
		}
	}
	return false;
}

enum cs_code
wire_read_mailed(
    struct cs_arena *arena, struct cs_span body, struct notify_mailed *ret, struct cs_err *err)
{
	const struct cs_span copy = cs_arena_copy_span(arena, body);
	struct notify_mailed mailed;
	const char *texts[4];

	if (!split(copy, texts, LEN(texts)) || !notify_kind_parse(texts[0], &mailed.kind) ||
	    !read_result(texts[1], &mailed.result))
		return cs_fail(err, CS_MALFORMED, "result of a mail cannot be read");
	unsigned long attempt = strtoul(texts[2], NULL, 10);

	if (attempt < 1 || attempt > INT32_MAX)
		return cs_fail(err, CS_MALFORMED, "result of a mail: no attempt");
	mailed.attempt = (uint32_t)attempt;
	mailed.reply = texts[3];
	*ret = mailed;
	return CS_OK;
}

/* ---- tests of connectors ---- */

enum cs_code
wire_read_test(
    struct cs_arena *arena, struct cs_span body, struct wire_test *ret, struct cs_err *err)
{
	const Countersign__V1__TestConnector *m =
	    pack_read(arena, &countersign__v1__test_connector__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	const char *const names[] = { m->enterprise, m->name };

	if (!are_names(names, LEN(names)))
		return cs_fail(err, CS_MALFORMED, "TestConnector: a name is unusable");
	*ret = (struct wire_test){ m->enterprise, m->name, m->version };
	return CS_OK;
}

struct cs_span
wire_write_tested(struct cs_arena *arena, const char *result, const char *const *seen, size_t n)
{
	Countersign__V1__TestConnectorAnswer m = COUNTERSIGN__V1__TEST_CONNECTOR_ANSWER__INIT;

	m.result = pack_text(result);
	m.seen = (char **)(uintptr_t)seen;
	m.n_seen = n;
	return pack_write(arena, &m.base);
}

/* ---- codes of second factors ---- */

enum cs_code
wire_read_send(
    struct cs_arena *arena, struct cs_span body, struct cs_span *ret_order, struct cs_err *err)
{
	const Countersign__V1__SendCodes *m =
	    pack_read(arena, &countersign__v1__send_codes__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	*ret_order = cs_span_of(m->order.data, m->order.len);
	return CS_OK;
}

struct cs_span
wire_write_sent(struct cs_arena *arena, const struct codes_sent *sent)
{
	static const char *const names[] = {
		[CODES_SENT] = "sent",
		[CODES_TOO_MANY] = "too-many",
		[CODES_STALE] = "stale",
	};
	Countersign__V1__SendCodesAnswer m = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;
	Countersign__V1__CodeSent codes[FACTOR_CHANNELS], *list[FACTOR_CHANNELS];

	for (size_t i = 0; i < sent->n_letters; i++) {
		const struct codes_letter *letter = &sent->letters[i];

		countersign__v1__code_sent__init(&codes[i]);
		codes[i].channel = pack_text(factor_channel_row(letter->channel)->name);
		codes[i].to = pack_text(codes_mask(arena, letter->channel, letter->to));
		list[i] = &codes[i];
	}
	m.result = pack_text(names[sent->result]);
	m.n_codes = sent->n_letters;
	m.codes = list;
	m.expires_at_ms = sent->result == CODES_SENT ? sent->next.expires_ms : 0;
	m.retry_at_ms = sent->retry_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_no_connector(struct cs_arena *arena, enum factor_channel channel)
{
	Countersign__V1__SendCodesAnswer m = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;

	m.result = pack_text("no-connector");
	m.channel = pack_text(factor_channel_row(channel)->name);
	return pack_write(arena, &m.base);
}

static void
digest_code(
    struct cs_span key, const char *text, enum factor_channel channel, struct codes_typed *typed)
{
	char code[CODE_TEXT] = "00000000";

	typed->given[channel] = true;
	typed->readable[channel] = code_read(text, code);
	code_tag(key, code, typed->tags[channel]);
	pki_wipe(code, sizeof(code));
}

static void
digest_codes(struct cs_span key, const Countersign__V1__ProveFactor *m, struct codes_typed *typed)
{
	typed->unnamed = m->n_codes == 1 && m->codes[0]->channel[0] == '\0';
	if (typed->unnamed) {
		digest_code(key, m->codes[0]->code, 0, typed);
		return;
	}
	for (size_t i = 0; i < m->n_codes; i++) {
		enum factor_channel channel;

		if (factor_channel_parse(m->codes[i]->channel, &channel) && !typed->given[channel])
			digest_code(key, m->codes[i]->code, channel, typed);
		else
			typed->strange = true;
	}
}

enum cs_code
wire_read_prove(struct cs_arena *arena, struct cs_span key, struct cs_span body,
    struct cs_id *ret_request, struct codes_typed *ret, struct cs_err *err)
{
	const Countersign__V1__ProveFactor *m =
	    pack_read(arena, &countersign__v1__prove_factor__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	struct codes_typed typed = { .enterprise = m->enterprise, .account = m->account };

	if (!pack_is_name(m->enterprise) || !pack_is_name(m->account) || m->n_codes > 4)
		return cs_fail(
		    err, CS_MALFORMED, "ProveFactor: enterprise, account or codes are unusable");
	if (pack_read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	digest_codes(key, m, &typed);
	*ret = typed;
	return CS_OK;
}

struct cs_span
wire_write_proved(struct cs_arena *arena, const struct codes_proved *proved, struct cs_span proof)
{
	Countersign__V1__ProveFactorAnswer m = COUNTERSIGN__V1__PROVE_FACTOR_ANSWER__INIT;

	m.result = pack_text(codes_verdict_name(proved->verdict));
	m.tries_left = proved->verdict == CODES_WRONG ? proved->tries_left : 0;
	m.proof = pack_octets(proof);
	m.channel = pack_text(proved->channel);
	return pack_write(arena, &m.base);
}

/* ---- passwords of directories ---- */

enum cs_code
wire_read_password(struct cs_arena *arena, struct cs_span body, struct cs_span *ret_order,
    struct cs_span *ret_password, struct cs_err *err)
{
	const Countersign__V1__ProvePassword *m =
	    pack_read(arena, &countersign__v1__prove_password__descriptor, body, BODY_MAX, err);

	if (m == NULL)
		return CS_MALFORMED;
	const size_t len = strlen(m->password);

	if (len == 0 || len > DIRECTORY_PASSWORD_MAX || m->order.len == 0) {
		pki_wipe(m->password, len);
		return cs_fail(
		    err, CS_MALFORMED, "ProvePassword: no order, or no password that can be sent");
	}
	*ret_order = cs_span_of(m->order.data, m->order.len);
	*ret_password = cs_span_str(m->password);
	return CS_OK;
}

struct cs_span
wire_write_order(struct cs_arena *arena, struct cs_span order)
{
	Countersign__V1__SendCodes m = COUNTERSIGN__V1__SEND_CODES__INIT;

	m.order = pack_octets(order);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_password_answer(struct cs_arena *arena, const struct wire_password_answer *answer)
{
	Countersign__V1__ProvePasswordAnswer m = COUNTERSIGN__V1__PROVE_PASSWORD_ANSWER__INIT;

	m.result = pack_text(answer->result);
	m.tries_left = answer->tries_left;
	m.proof = pack_octets(answer->proof);
	m.retry_at_ms = answer->retry_at_ms;
	return pack_write(arena, &m.base);
}

static const char *
id_text(struct cs_arena *arena, struct cs_id id)
{
	char *text = cs_arena_alloc(arena, CS_ID_TEXT);

	cs_id_format(id, text);
	return text;
}

struct cs_span
wire_write_letter(struct cs_arena *arena, const struct codes_letter *letter)
{
	const char *const texts[] = { id_text(arena, letter->request),
		id_text(arena, letter->challenge),
		cs_hex(arena, cs_span_of(letter->nonce, CODE_NONCE)),
		factor_channel_row(letter->channel)->name, letter->to, letter->enterprise,
		letter->account, cs_arena_printf(arena, "%lld", (long long)letter->expires_ms) };

	return join(arena, texts, LEN(texts));
}

enum cs_code
wire_read_letter(
    struct cs_arena *arena, struct cs_span body, struct codes_letter *ret, struct cs_err *err)
{
	const struct cs_span copy = cs_arena_copy_span(arena, body);
	struct codes_letter letter;
	struct cs_err why;
	const char *texts[8];

	if (!split(copy, texts, LEN(texts)) || cs_id_parse(texts[0], &letter.request, &why) ||
	    cs_id_parse(texts[1], &letter.challenge, &why) ||
	    !cs_hex_decode(texts[2], letter.nonce, CODE_NONCE) ||
	    !factor_channel_parse(texts[3], &letter.channel) || letter.channel == FACTOR_LOGIN)
		return cs_fail(err, CS_MALFORMED, "work row of a code cannot be read");
	letter.to = texts[4];
	letter.enterprise = texts[5];
	letter.account = texts[6];
	letter.expires_ms = strtoll(texts[7], NULL, 10);
	*ret = letter;
	return CS_OK;
}

static const char *const deliveries[] = {
	[CODES_ACCEPTED] = "accepted",
	[CODES_TRY_AGAIN] = "later",
	[CODES_NEVER] = "never",
};

struct cs_span
wire_write_delivered(struct cs_arena *arena, const struct codes_delivered *delivered)
{
	const char *const texts[] = { id_text(arena, delivered->challenge),
		factor_channel_row(delivered->channel)->name, delivered->enterprise,
		delivered->account, deliveries[delivered->delivery],
		cs_arena_printf(arena, "%u", (unsigned)delivered->attempt), delivered->reply };

	return join(arena, texts, LEN(texts));
}

enum cs_code
wire_read_delivered(
    struct cs_arena *arena, struct cs_span body, struct codes_delivered *ret, struct cs_err *err)
{
	const struct cs_span copy = cs_arena_copy_span(arena, body);
	struct codes_delivered delivered;
	struct cs_err why;
	const char *texts[7];
	size_t i = 0;

	if (!split(copy, texts, LEN(texts)) || cs_id_parse(texts[0], &delivered.challenge, &why) ||
	    !factor_channel_parse(texts[1], &delivered.channel))
		return cs_fail(err, CS_MALFORMED, "result of a code cannot be read");
	while (i < LEN(deliveries) && strcmp(deliveries[i], texts[4]) != 0)
		i++;
	if (i == LEN(deliveries))
		return cs_fail(err, CS_MALFORMED, "result of a code cannot be read");
	delivered.enterprise = texts[2];
	delivered.account = texts[3];
	delivered.delivery = (enum codes_delivery)i;
	delivered.attempt = (uint32_t)strtoul(texts[5], NULL, 10);
	delivered.reply = texts[6];
	*ret = delivered;
	return CS_OK;
}

/* ---- logins at providers ---- */

struct cs_span
wire_write_begun(struct cs_arena *arena, const struct logins_begun *login)
{
	const char *const texts[] = { id_text(arena, login->request),
		id_text(arena, login->challenge), login->enterprise, login->account, login->method,
		login->identity, cs_arena_printf(arena, "%lld", (long long)login->made_ms),
		cs_arena_printf(arena, "%lld", (long long)login->expires_ms),
		cs_hex(arena, cs_span_of(login->request_digest, CLAIM_DIGEST)) };

	return join(arena, texts, LEN(texts));
}

enum cs_code
wire_read_begun(
    struct cs_arena *arena, struct cs_span body, struct logins_begun *ret, struct cs_err *err)
{
	const struct cs_span copy = cs_arena_copy_span(arena, body);
	struct logins_begun login;
	struct cs_err why;
	const char *texts[9];

	if (!split(copy, texts, LEN(texts)) || cs_id_parse(texts[0], &login.request, &why) ||
	    cs_id_parse(texts[1], &login.challenge, &why) ||
	    !cs_hex_decode(texts[8], login.request_digest, CLAIM_DIGEST))
		return cs_fail(err, CS_MALFORMED, "a login that began cannot be read");
	login.enterprise = texts[2];
	login.account = texts[3];
	login.method = texts[4];
	login.identity = texts[5];
	login.made_ms = strtoll(texts[6], NULL, 10);
	login.expires_ms = strtoll(texts[7], NULL, 10);
	*ret = login;
	return CS_OK;
}

struct cs_span
wire_write_login_url(struct cs_arena *arena, const struct logins_begun *login, const char *url)
{
	Countersign__V1__SendCodesAnswer m = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;
	Countersign__V1__CodeSent code = COUNTERSIGN__V1__CODE_SENT__INIT, *list[] = { &code };

	code.channel = pack_text(factor_channel_row(FACTOR_LOGIN)->name);
	code.to = pack_text(codes_mask(arena, FACTOR_LOGIN, login->identity));
	code.url = pack_text(url);
	m.result = pack_text("sent");
	m.n_codes = 1;
	m.codes = list;
	m.expires_at_ms = login->expires_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_no_login(struct cs_arena *arena, const struct cs_refusal *why)
{
	Countersign__V1__SendCodesAnswer m = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;

	m.result = pack_text("refused");
	m.channel = pack_text(factor_channel_row(FACTOR_LOGIN)->name);
	m.code = pack_text(why->code);
	m.text = pack_text(why->text);
	m.mend = pack_text(why->mend);
	m.clause = pack_text(why->clause);
	return pack_write(arena, &m.base);
}

/* Text of at most `max` octets that somebody sent; "": it was not there. */
static bool
take_sent(const char *text, size_t max, const char **ret)
{
	*ret = text[0] != '\0' ? text : NULL;
	return strlen(text) <= max;
}

static bool
take_form(struct cs_arena *arena, ProtobufCBinaryData form, const char **ret)
{
	*ret = NULL;
	if (form.len > SAML_FORM_MAX || (form.len > 0 && memchr(form.data, '\0', form.len) != NULL))
		return false;
	if (form.len > 0)
		*ret = cs_arena_strndup(arena, (const char *)form.data, form.len);
	return true;
}

enum cs_code
wire_read_login_return(
    struct cs_arena *arena, struct cs_span body, struct wire_login_return *ret, struct cs_err *err)
{
	const Countersign__V1__LoginReturn *m =
	    pack_read(arena, &countersign__v1__login_return__descriptor, body, BODY_MAX, err);
	struct wire_login_return said;

	if (m == NULL)
		return CS_MALFORMED;
	said.state = m->state;
	said.owner = m->owner;
	if (strlen(m->state) > LOGIN_STATE_TEXT || strlen(m->owner) > PACK_NAME_MAX ||
	    !take_sent(m->code, OIDC_CODE_MAX, &said.code) ||
	    !take_sent(m->error, LOGIN_ERROR_MAX, &said.error) ||
	    !take_sent(m->issuer, CONNECTOR_ENDPOINT_MAX, &said.issuer) ||
	    !take_form(arena, m->saml_response, &said.form))
		return cs_fail(err, CS_MALFORMED, "LoginReturn: something is too long");
	*ret = said;
	return CS_OK;
}

struct cs_span
wire_write_login_refused(struct cs_arena *arena, const char *refusal)
{
	Countersign__V1__LoginReturnAnswer m = COUNTERSIGN__V1__LOGIN_RETURN_ANSWER__INIT;

	m.result = pack_text("refused");
	m.refusal = pack_text(refusal);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_write_login_code(struct cs_arena *arena, struct cs_id request, const char *account,
    const char code[static CODE_TEXT])
{
	Countersign__V1__LoginReturnAnswer m = COUNTERSIGN__V1__LOGIN_RETURN_ANSWER__INIT;

	m.result = pack_text("code");
	m.code = pack_text(code);
	m.request_id = pack_id(&request);
	m.account = pack_text(account);
	return pack_write(arena, &m.base);
}
