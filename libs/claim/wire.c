/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of claim that names generated types.  Reading first, writing below. */
#include "claim/wire.h"

#include <string.h>

#include "base/text.h"
#include "claim/batch.h"
#include "pack/pack.h"
#include "proto/ask.pb-c.h"
#include "proto/config.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/evidence.pb-c.h"
#include "proto/notice.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"
#include "smime/address.h"
#include "smime/domain.h"
#include "smime/profile.h"

#define MAX_NAME 128     /* octets of an identifier */
#define MAX_IDENTITY 255 /* of one that a provider gives */
#define MAX_LIST 64      /* items of a list */
#define MAX_CSR 16384
#define MAX_YEAR_MS INT64_C(253402300799999) /* 9999-12-31 */
#define MAX_SPAN_MS (INT64_C(3660) * 24 * 3600 * 1000)

/* ---- reading ---- */

/* What is being read, and the first rule that it broke: later ones are not looked at. */
struct reading {
	struct cs_arena *arena;
	struct cs_err *err;
	enum cs_code code;
};

static void
broken(struct reading *r, const char *field, const char *how)
{
	if (r->code == CS_OK)
		r->code = cs_fail(r->err, CS_MALFORMED, "%s: %s", field, how);
}

static void
want(struct reading *r, bool holds, const char *field, const char *how)
{
	if (!holds)
		broken(r, field, how);
}

/* NULL: refused, and r says why. */
static void *
unpack(struct reading *r, const ProtobufCMessageDescriptor *type, struct cs_span octets)
{
	struct cs_err err;
	void *message = pack_read(r->arena, type, octets, CLAIM_MAX_ENVELOPE, &err);

	if (message == NULL && r->code == CS_OK)
		r->code = cs_fail(r->err, err.code, "%s", err.text);
	return message;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	}
	return false;
}

/* Free text, perhaps empty. */
static const char *
text(struct reading *r, const char *value, const char *field)
{
	want(r, strlen(value) <= CLAIM_MAX_TEXT, field, "too long");
	want(r, cs_utf8_valid(cs_span_str(value)), field, "not UTF-8");
	return value;
}

/* An identifier, perhaps empty. */
static const char *
name_or_none(struct reading *r, const char *value, const char *field)
{
	want(r, strlen(value) <= MAX_NAME, field, "too long");
	want(r, !has_control(value), field, "control character");
	return text(r, value, field);
}

/* The same, as long as a provider may name somebody. */
static const char *
identity_or_none(struct reading *r, const char *value, const char *field)
{
	want(r, strlen(value) <= MAX_IDENTITY, field, "too long");
	want(r, !has_control(value), field, "control character");
	return text(r, value, field);
}

static const char *
name(struct reading *r, const char *value, const char *field)
{
	want(r, value[0] != '\0', field, "missing");
	return name_or_none(r, value, field);
}

static const char *
mailbox(struct reading *r, const char *value, const char *field)
{
	struct smime_address address;
	struct cs_refusal why;

	if (!smime_address_parse(r->arena, cs_span_str(value), &address, &why) ||
	    strcmp(address.canonical, value) != 0)
		broken(r, field, "not a canonical mailbox");
	return value;
}

static const char *
mailbox_or_none(struct reading *r, const char *value, const char *field)
{
	return value[0] == '\0' ? value : mailbox(r, value, field);
}

static const char *
domain(struct reading *r, const char *value, const char *field)
{
	const char *spelled;
	struct cs_refusal why;

	if (!smime_domain_spell(r->arena, cs_span_str(value), &spelled, &why) ||
	    strcmp(spelled, value) != 0)
		broken(r, field, "not a canonical domain");
	return value;
}

typedef const char *text_rule(struct reading *r, const char *value, const char *field);

static struct claim_texts
texts(struct reading *r, char **items, size_t n, text_rule *rule, const char *field)
{
	want(r, n <= MAX_LIST, field, "too many");
	for (size_t i = 0; i < n && r->code == CS_OK; i++)
		(void)rule(r, items[i], field);
	return (struct claim_texts){ (const char **)items, n };
}

/* Names of a certificate: at most ten, each once, in order. */
static struct claim_texts
sorted(struct reading *r, char **items, size_t n, text_rule *rule, const char *field)
{
	want(r, n <= CLAIM_MAX_NAMES, field, "too many");
	for (size_t i = 1; i < n && r->code == CS_OK; i++)
		want(r, strcmp(items[i - 1], items[i]) < 0, field, "not sorted and distinct");
	return texts(r, items, n, rule, field);
}

static struct cs_span
octets(struct reading *r, const ProtobufCBinaryData *value, size_t max, const char *field)
{
	want(r, value->len <= max, field, "too long");
	return (struct cs_span){ value->data, value->len };
}

static void
digest(struct reading *r, const ProtobufCBinaryData *value, uint8_t *ret, const char *field)
{
	if (value->len == CLAIM_DIGEST)
		memcpy(ret, value->data, CLAIM_DIGEST);
	else
		broken(r, field, "not 32 octets");
}

static struct cs_span
digest_or_none(struct reading *r, const ProtobufCBinaryData *value, const char *field)
{
	want(r, value->len == 0 || value->len == CLAIM_DIGEST, field, "not 32 octets");
	return (struct cs_span){ value->data, value->len };
}

static struct cs_id
id(struct reading *r, const ProtobufCBinaryData *value, const char *field)
{
	struct cs_id read = { { 0 } };

	if (value->len == sizeof(read.octets))
		memcpy(read.octets, value->data, sizeof(read.octets));
	want(r, !cs_id_is_zero(read), field, "not an identifier");
	return read;
}

static int64_t
when(struct reading *r, int64_t ms, const char *field)
{
	want(r, ms > 0 && ms <= MAX_YEAR_MS, field, "not a time");
	return ms;
}

static int64_t
when_or_never(struct reading *r, int64_t ms, const char *field)
{
	return ms == 0 ? 0 : when(r, ms, field);
}

/* Of an enum whose values run from `first` to `last`. */
static unsigned
one_of(struct reading *r, unsigned value, unsigned first, unsigned last, const char *field)
{
	want(r, value >= first && value <= last, field, "unknown value");
	return value;
}

static uint32_t
at_most(struct reading *r, uint32_t value, uint32_t max, const char *field)
{
	want(r, value <= max, field, "too large");
	return value;
}

/* With its tag and its length before it, seven bits of it in an octet. */
static size_t
record_len(size_t len)
{
	size_t octets = 2;

	for (size_t rest = len >> 7; rest > 0; rest >>= 7)
		octets++;
	return octets + len;
}

/* They come last, since fields are in the order of their numbers. */
static size_t
bare_len(const struct claim_envelope *envelope, size_t len)
{
	for (size_t i = 0; i < envelope->n_enclosed; i++)
		len -= record_len(envelope->enclosed[i].len);
	return len;
}

static void
read_enclosed(
    struct reading *r, const Countersign__V1__Envelope *m, struct claim_envelope *envelope)
{
	want(r, m->n_enclosed <= CLAIM_ENCLOSED, "enclosed", "too many");
	for (size_t i = 0; i < m->n_enclosed && r->code == CS_OK; i++)
		envelope->enclosed[i] = octets(r, &m->enclosed[i], CLAIM_MAX_ENVELOPE, "enclosed");
	envelope->n_enclosed = r->code == CS_OK ? m->n_enclosed : 0;
}

enum cs_code
claim_wire_read_envelope(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_envelope *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__Envelope *m =
	    unpack(&r, &countersign__v1__envelope__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	if (m->n_signatures != 1)
		return cs_fail(err, CS_MALFORMED, "an envelope has exactly one signature");
	const Countersign__V1__Signature *signature = m->signatures[0];

	/* One statement has one envelope: what its signature does not cover adds nothing. */
	if (m->base.n_unknown_fields > 0 || signature->base.n_unknown_fields > 0)
		return cs_fail(err, CS_MALFORMED, "an envelope with more than it may have");
	struct claim_envelope envelope = {
		.payload = octets(&r, &m->payload, CLAIM_MAX_ENVELOPE, "payload"),
		.type = name(&r, m->payload_type, "payload type"),
		.keyid = name(&r, signature->keyid, "keyid"),
		.signature = octets(&r, &signature->sig, 64, "signature"),
		.path = octets(&r, &signature->path, CLAIM_PATH, "path"),
	};
	want(&r, envelope.signature.len == 64, "signature", "not 64 octets");
	want(&r, envelope.path.len == 0 || envelope.path.len == CLAIM_PATH, "path",
	    "not of a batch");
	read_enclosed(&r, m, &envelope);
	envelope.bare_len = bare_len(&envelope, octets_in.len);
	if (r.code == CS_OK)
		*ret = envelope;
	return r.code;
}

/* An attribute's name, and what it says; a mailbox in it is one of the request's, which the gate compares. */
static struct claim_value
subject_value(struct reading *r, const char *named, const char *value, const char *source)
{
	const enum smime_attribute attribute = smime_attribute_find(named);

	want(r, attribute != SMIME_ATTRIBUTES && attribute != SMIME_CN, "subject",
	    "not an attribute that may be named");
	want(r, value[0] != '\0', "subject", "missing");
	want(r, strlen(value) <= CLAIM_MAX_VALUE, "subject", "too long");
	want(r, !has_control(value), "subject", "control character");
	return (struct claim_value){ named, text(r, value, "subject"), source };
}

static void
want_order(struct reading *r, const struct claim_values *values)
{
	for (size_t i = 1; i < values->n && r->code == CS_OK; i++)
		want(r, strcmp(values->items[i - 1].name, values->items[i].name) < 0, "subject",
		    "not sorted and distinct");
}

static struct claim_values
wishes(struct reading *r, Countersign__V1__SubjectValue **items, size_t n)
{
	struct claim_values values = { CS_NEW_ARRAY(r->arena, n, struct claim_value), n };

	want(r, n <= CLAIM_MAX_VALUES, "subject", "too many");
	for (size_t i = 0; i < n && r->code == CS_OK; i++)
		values.items[i] = subject_value(r, items[i]->name, items[i]->value, "");
	want_order(r, &values);
	return values;
}

static const char *
who_set_it(struct reading *r, const char *value)
{
	want(r,
	    strcmp(value, "operator") == 0 || strcmp(value, "profile") == 0 ||
		strcmp(value, "person") == 0,
	    "source", "unknown value");
	return value;
}

static struct claim_values
planned(struct reading *r, Countersign__V1__PlannedValue **items, size_t n)
{
	struct claim_values values = { CS_NEW_ARRAY(r->arena, n, struct claim_value), n };

	want(r, n <= CLAIM_MAX_VALUES, "subject", "too many");
	for (size_t i = 0; i < n && r->code == CS_OK; i++)
		values.items[i] = subject_value(
		    r, items[i]->name, items[i]->value, who_set_it(r, items[i]->source));
	want_order(r, &values);
	return values;
}

static void
want_nothing_but_a_domain(struct reading *r, const struct claim_request *request)
{
	want(r, request->domains.n == 1, "domains", "not one");
	want(r, request->mailboxes.n == 0, "mailboxes", "of a domain alone");
	want(r, request->csr.len == 0, "csr", "of a domain alone");
	want(r, request->profile[0] == '\0', "profile", "of a domain alone");
	want(r, request->key_use == 0, "key use", "of a domain alone");
	want(r, request->validity_days == 0, "validity days", "of a domain alone");
	want(r, request->agreement[0] == '\0', "agreement", "of a domain alone");
	want(r, request->contact[0] == '\0', "contact", "of a domain alone");
	want(r, request->common_name[0] == '\0', "common name", "of a domain alone");
	want(r, request->subject.n == 0, "subject", "of a domain alone");
	want(r, request->submitted_by[0] == '\0', "submitted by", "of a domain alone");
	want(r, request->approved_factor[0] == '\0', "approved factor", "of a domain alone");
}

static void
want_what_a_certificate_needs(struct reading *r, const struct claim_request *request)
{
	want(r, request->profile[0] != '\0', "profile", "missing");
	want(r, request->key_use != 0, "key use", "missing");
	want(r, request->mailboxes.n > 0, "mailboxes", "missing");
	want(r, request->csr.len > 0, "csr", "missing");
}

enum cs_code
claim_wire_read_request(
    struct cs_arena *arena, struct cs_span octets_in, struct claim_request *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__RequestSubmitted *m =
	    unpack(&r, &countersign__v1__request_submitted__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_request request = {
		.id = id(&r, &m->request_id, "request id"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name(&r, m->account, "account"),
		.profile = name_or_none(&r, m->profile, "profile"),
		.csr = octets(&r, &m->csr, MAX_CSR, "csr"),
		.mailboxes = sorted(&r, m->mailboxes, m->n_mailboxes, mailbox, "mailboxes"),
		.domains = sorted(&r, m->domains, m->n_domains, domain, "domains"),
		.validity_days = at_most(&r, m->validity_days, 36600, "validity days"),
		.key_use = one_of(&r, m->key_use, 0, CLAIM_ENCRYPTION, "key use"),
		.agreement = name_or_none(&r, m->agreement, "agreement"),
		.submitted_at_ms = when(&r, m->submitted_at_ms, "submitted at"),
		.contact = mailbox_or_none(&r, m->contact, "contact"),
		.common_name = text(&r, m->common_name, "common name"),
		.kind = one_of(&r, m->kind, CLAIM_FIRST, CLAIM_DOMAIN_ONLY, "kind"),
		.subject = wishes(&r, m->subject, m->n_subject),
		.submitted_by = name_or_none(&r, m->submitted_by, "submitted by"),
		.approved_factor = name_or_none(&r, m->approved_factor, "approved factor"),
	};
	want(&r, strcmp(request.submitted_by, request.account) != 0, "submitted by", "the account");
	if (claim_request_follows(request.kind))
		request.previous = id(&r, &m->previous_id, "previous id");
	else
		want(&r, m->previous_id.len == 0, "previous id", "it follows none");
	digest(&r, &m->request_digest, request.digest, "request digest");
	if (request.kind == CLAIM_DOMAIN_ONLY)
		want_nothing_but_a_domain(&r, &request);
	else
		want_what_a_certificate_needs(&r, &request);
	if (r.code == CS_OK)
		*ret = request;
	return r.code;
}

enum cs_code
claim_wire_read_approval(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_approval *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__GenerationApproved *m =
	    unpack(&r, &countersign__v1__generation_approved__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_approval approval = {
		.request = id(&r, &m->request_id, "request id"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name(&r, m->account, "account"),
		.factor = name(&r, m->factor, "factor"),
		.approved_at_ms = when(&r, m->approved_at_ms, "approved at"),
		.approved_by = name_or_none(&r, m->approved_by, "approved by"),
		.second_factor = octets(&r, &m->second_factor, CLAIM_MAX_FACTOR, "second factor"),
	};
	digest(&r, &m->request_digest, approval.request_digest, "request digest");
	if (r.code == CS_OK)
		*ret = approval;
	return r.code;
}

/* "+" and 7 to 15 digits (ITU-T E.164). */
static const char *
phone_or_none(struct reading *r, const char *value, const char *field)
{
	const size_t digits = value[0] == '+' ? strspn(value + 1, "0123456789") : 0;

	want(r,
	    value[0] == '\0' ||
		(value[digits + 1] == '\0' && digits >= 7 && digits <= 15 && value[1] != '0'),
	    field, "not a phone number");
	return value;
}

enum cs_code
claim_wire_read_factor_order(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_factor_order *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__FactorOrder *m =
	    unpack(&r, &countersign__v1__factor_order__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_factor_order order = {
		.request = id(&r, &m->request_id, "request id"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name(&r, m->account, "account"),
		.method = name(&r, m->method, "method"),
		.email = mailbox_or_none(&r, m->email, "email"),
		.phone = phone_or_none(&r, m->phone, "phone"),
		.login = name_or_none(&r, m->login, "login"),
		.identity = identity_or_none(&r, m->identity, "identity"),
		.ordered_at_ms = when(&r, m->ordered_at_ms, "ordered at"),
	};
	digest(&r, &m->request_digest, order.request_digest, "request digest");
	if (r.code == CS_OK)
		*ret = order;
	return r.code;
}

enum cs_code
claim_wire_read_factor(
    struct cs_arena *arena, struct cs_span octets_in, struct claim_factor *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__FactorProved *m =
	    unpack(&r, &countersign__v1__factor_proved__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_factor factor = {
		.request = id(&r, &m->request_id, "request id"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name(&r, m->account, "account"),
		.method = name(&r, m->method, "method"),
		.proved_at_ms = when(&r, m->proved_at_ms, "proved at"),
	};
	digest(&r, &m->request_digest, factor.request_digest, "request digest");
	if (r.code == CS_OK)
		*ret = factor;
	return r.code;
}

static bool
reason_known(uint32_t reason)
{
	return reason <= 9 &&
	       (1u << reason & (1u << 0 | 1u << 1 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9));
}

enum cs_code
claim_wire_read_revocation(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_revocation *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__RevocationAsked *m =
	    unpack(&r, &countersign__v1__revocation_asked__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	const struct claim_revocation revocation = {
		.request = id(&r, &m->request_id, "request id"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name_or_none(&r, m->account, "account"),
		.by = one_of(&r, m->by, CLAIM_BY_OWNER, CLAIM_BY_KEY, "by"),
		.reason = m->reason,
		.text = text(&r, m->text, "text"),
		.asked_at_ms = when(&r, m->asked_at_ms, "asked at"),
		.known_at_ms = when(&r, m->known_at_ms, "known at"),
		.due_at_ms = when(&r, m->due_at_ms, "due at"),
		.proof = octets(&r, &m->proof, MAX_CSR, "proof"),
		.challenge = name_or_none(&r, m->challenge, "challenge"),
		.report = name_or_none(&r, m->report, "report"),
	};
	want(&r, reason_known(m->reason), "reason", "not one that may be given");
	want(&r, (revocation.by == CLAIM_BY_KEY) == (revocation.proof.len > 0), "proof",
	    "belongs to a known key and to nothing else");
	if (r.code == CS_OK)
		*ret = revocation;
	return r.code;
}

enum cs_code
claim_wire_read_setting(
    struct cs_arena *arena, struct cs_span octets_in, struct claim_setting *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__ConfigChanged *m =
	    unpack(&r, &countersign__v1__config_changed__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	const struct claim_setting setting = {
		.document = id(&r, &m->document_id, "document id"),
		.kind = name(&r, m->kind, "kind"),
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.name = text(&r, m->name, "name"),
		.version = m->version,
		.deleted = m->deleted,
		.spec = octets(&r, &m->spec, CLAIM_MAX_SPEC, "spec"),
		.changed_at_ms = when(&r, m->changed_at_ms, "changed at"),
		.changed_by = text(&r, m->changed_by, "changed by"),
		.told_at_ms = when(&r, m->told_at_ms, "told at"),
	};
	want(&r, setting.name[0] != '\0', "name", "missing");
	want(&r, setting.version > 0, "version", "missing");
	want(&r, setting.deleted == (setting.spec.len == 0), "spec",
	    "belongs to what is not deleted");
	want(&r, cs_utf8_valid(setting.spec), "spec", "not UTF-8");
	want(&r, setting.told_at_ms >= setting.changed_at_ms, "told at", "before it was changed");
	if (r.code == CS_OK)
		*ret = setting;
	return r.code;
}

/* Verified by people, long before a service states it. */
static bool
is_identity(unsigned kind)
{
	return kind == CLAIM_ORGANIZATION || kind == CLAIM_AUTHORITY || kind == CLAIM_INDIVIDUAL;
}

/* A proof is of a mailbox or of a domain, or of who somebody is. */
static const char *
target(struct reading *r, unsigned kind, const char *value)
{
	if (is_identity(kind))
		return name(r, value, "target");
	return kind == CLAIM_MAILBOX ? mailbox(r, value, "target") : domain(r, value, "target");
}

static void
read_check(struct reading *r, const Countersign__V1__Check *m, struct claim_check *ret)
{
	uint8_t computed[CLAIM_DIGEST];
	struct claim_check check = {
		.id = name(r, m->id, "check id"),
		.kind = one_of(r, m->kind, CLAIM_MAILBOX, CLAIM_INDIVIDUAL, "kind"),
		.target = target(r, m->kind, m->target),
		.method = name_or_none(r, m->method, "method"),
		.enterprise = name(r, m->enterprise, "enterprise"),
		.account = name_or_none(r, m->account, "account"),
		.expected = octets(r, &m->expected, CLAIM_MAX_TEXT, "expected"),
		.issuer_domains =
		    texts(r, m->issuer_domains, m->n_issuer_domains, domain, "issuer domains"),
		.allowed_methods =
		    texts(r, m->allowed_methods, m->n_allowed_methods, name, "allowed methods"),
		.freshness_ms = m->freshness_ms,
		.attempt = m->attempt,
		.deadline_ms = when_or_never(r, m->deadline_ms, "deadline"),
		.has_standing = m->standing_sha256.len > 0,
		.standing_until_ms = when_or_never(r, m->standing_until_ms, "standing until"),
		.min_remotes = at_most(r, m->min_remotes, MAX_LIST, "min remotes"),
		.fresh = m->fresh,
		.new_because = text(r, m->new_because, "new because"),
	};

	want(
	    r, m->freshness_ms >= 0 && m->freshness_ms <= MAX_SPAN_MS, "freshness", "out of range");
	digest(r, &m->check_digest, check.digest, "check digest");
	if (check.has_standing)
		digest(r, &m->standing_sha256, check.standing_sha256, "standing sha256");
	if (r->code != CS_OK)
		return;
	claim_check_digest(&check, computed);
	want(r, memcmp(computed, check.digest, CLAIM_DIGEST) == 0, "check digest",
	    "not that of the check");
	*ret = check;
}

static struct claim_check *
read_checks(struct reading *r, const Countersign__V1__Plan *m)
{
	want(r, m->n_checks <= CLAIM_MAX_CHECKS, "checks", "too many");
	struct claim_check *checks = CS_NEW_ARRAY(r->arena, m->n_checks, struct claim_check);
	for (size_t i = 0; i < m->n_checks && r->code == CS_OK; i++) {
		read_check(r, m->checks[i], &checks[i]);
		for (size_t j = 0; j < i && r->code == CS_OK; j++)
			want(r, strcmp(checks[i].id, checks[j].id) != 0, "checks", "one id twice");
	}
	return checks;
}

enum cs_code
claim_wire_read_plan(
    struct cs_arena *arena, struct cs_span octets_in, struct claim_plan *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__Plan *m = unpack(&r, &countersign__v1__plan__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_plan plan = {
		.request = id(&r, &m->request_id, "request id"),
		.revision = m->revision,
		.final = m->final,
		.enterprise = name(&r, m->enterprise, "enterprise"),
		.account = name(&r, m->account, "account"),
		.profile = name_or_none(&r, m->profile, "profile"),
		.certificate_profile =
		    name_or_none(&r, m->certificate_profile, "certificate profile"),
		.rules_version = name_or_none(&r, m->rules_version, "rules version"),
		.contact = mailbox_or_none(&r, m->contact, "contact"),
		.profile_version = m->profile_version,
		.enterprise_version = m->enterprise_version,
		.checks = read_checks(&r, m),
		.n_checks = m->n_checks,
		.made_at_ms = when(&r, m->made_at_ms, "made at"),
		.ends_at_ms = when(&r, m->ends_at_ms, "ends at"),
		.waived = sorted(&r, m->waived, m->n_waived, name, "waived"),
		.subject = planned(&r, m->subject, m->n_subject),
		.second_factor = name_or_none(&r, m->second_factor, "second factor"),
	};
	digest(&r, &m->request_digest, plan.request_digest, "request digest");
	want(&r, m->revision > 0, "revision", "missing");
	want(&r, (plan.profile[0] == '\0') == (plan.certificate_profile[0] == '\0'), "profile",
	    "and certificate profile belong together");
	want(&r, !plan.final || plan.profile[0] != '\0', "profile", "missing");
	if (plan.final)
		digest(&r, &m->approval_sha256, plan.approval_sha256, "approval sha256");
	else
		want(&r, m->approval_sha256.len == 0, "approval sha256", "in a first plan");
	if (r.code == CS_OK)
		*ret = plan;
	return r.code;
}

static struct claim_lookup *
read_lookups(struct reading *r, Countersign__V1__Lookup **items, size_t n)
{
	want(r, n <= MAX_LIST, "lookups", "too many");
	struct claim_lookup *lookups = CS_NEW_ARRAY(r->arena, n, struct claim_lookup);
	for (size_t i = 0; i < n && r->code == CS_OK; i++) {
		const Countersign__V1__Lookup *m = items[i];

		lookups[i] = (struct claim_lookup){
			.name = text(r, m->name, "lookup name"),
			.type = name(r, m->type, "lookup type"),
			.rcode = at_most(r, m->rcode, 4095, "rcode"),
			.security = one_of(
			    r, m->security, 0, CLAIM_DNSSEC_INDETERMINATE, "lookup security"),
			.why = text(r, m->why, "lookup why"),
			.ttl_s = m->ttl_s,
			.records = texts(r, m->records, m->n_records, text, "records"),
			.wire_sha256 = digest_or_none(r, &m->wire_sha256, "wire sha256"),
			.answered_at_ms = when_or_never(r, m->answered_at_ms, "answered at"),
		};
	}
	return lookups;
}

static struct claim_perspective_result *
read_perspectives(struct reading *r, const Countersign__V1__Evidence *e)
{
	const size_t n = e->n_perspectives;

	want(r, n <= MAX_LIST, "perspectives", "too many");
	struct claim_perspective_result *results =
	    CS_NEW_ARRAY(r->arena, n, struct claim_perspective_result);
	for (size_t i = 0; i < n && r->code == CS_OK; i++) {
		const Countersign__V1__PerspectiveResult *m = e->perspectives[i];

		results[i] = (struct claim_perspective_result){
			.name = name(r, m->name, "perspective name"),
			.region = name_or_none(r, m->region, "region"),
			.outcome = one_of(r, m->outcome, CLAIM_PROVED, CLAIM_COULD_NOT_TELL,
			    "perspective outcome"),
			.reason = name_or_none(r, m->reason, "perspective reason"),
			.seen = texts(r, m->seen, m->n_seen, text, "seen"),
			.security = one_of(
			    r, m->security, 0, CLAIM_DNSSEC_INDETERMINATE, "perspective security"),
			.checked_at_ms =
			    when_or_never(r, m->checked_at_ms, "perspective checked at"),
			.answer = octets(r, &m->answer, CLAIM_MAX_ENVELOPE, "answer"),
			.corroborates = m->corroborates,
			.took_ms = m->took_ms,
		};
	}
	return results;
}

static void
read_evidence_body(
    struct reading *r, const Countersign__V1__Evidence *m, struct claim_evidence *ret)
{
	*ret = (struct claim_evidence){
		.request = id(r, &m->request_id, "request id"),
		.check_id = name(r, m->check_id, "check id"),
		.kind = one_of(r, m->kind, CLAIM_MAILBOX, CLAIM_INDIVIDUAL, "kind"),
		.target = target(r, m->kind, m->target),
		.method = name_or_none(r, m->method, "method"),
		.enterprise = name(r, m->enterprise, "enterprise"),
		.account = name_or_none(r, m->account, "account"),
		.expected = octets(r, &m->expected, CLAIM_MAX_TEXT, "expected"),
		.attempt = m->attempt,
		.outcome = one_of(r, m->outcome, CLAIM_PROVED, CLAIM_COULD_NOT_TELL, "outcome"),
		.reason = name_or_none(r, m->reason, "reason"),
		.clause = name_or_none(r, m->clause, "clause"),
		.text = text(r, m->text, "text"),
		.checked_at_ms = when(r, m->checked_at_ms, "checked at"),
		.valid_until_ms = when_or_never(r, m->valid_until_ms, "valid until"),
		.security = one_of(r, m->security, 0, CLAIM_DNSSEC_INDETERMINATE, "security"),
		.perspective = name_or_none(r, m->perspective, "perspective"),
		.lookups = read_lookups(r, m->lookups, m->n_lookups),
		.n_lookups = m->n_lookups,
		.perspectives = read_perspectives(r, m),
		.n_perspectives = m->n_perspectives,
		.min_remotes = at_most(r, m->min_remotes, MAX_LIST, "min remotes"),
		.found_at = text(r, m->found_at, "found at"),
		.ttl_s = m->ttl_s,
		.covers_subdomains = m->covers_subdomains,
		.primary_sha256 = digest_or_none(r, &m->primary_sha256, "primary sha256"),
		.rules_version = name_or_none(r, m->rules_version, "rules version"),
		.seen = texts(r, m->seen, m->n_seen, text, "seen"),
		.detail = text(r, m->detail, "detail"),
		.stated_at_ms = when_or_never(r, m->stated_at_ms, "stated at"),
	};
	want(r, m->stated_at_ms == 0 || is_identity(m->kind), "stated at", "of an identity alone");
	want(r, m->stated_at_ms == 0 || m->stated_at_ms >= m->checked_at_ms, "stated at",
	    "before it was checked");
}

enum cs_code
claim_wire_read_evidence(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_evidence *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	uint8_t computed[CLAIM_DIGEST];
	const Countersign__V1__Evidence *m =
	    unpack(&r, &countersign__v1__evidence__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_evidence evidence;
	read_evidence_body(&r, m, &evidence);
	digest(&r, &m->request_digest, evidence.request_digest, "request digest");
	digest(&r, &m->check_digest, evidence.check_digest, "check digest");
	if (r.code != CS_OK)
		return r.code;
	claim_evidence_check_digest(&evidence, computed);
	if (memcmp(computed, evidence.check_digest, CLAIM_DIGEST) != 0)
		return cs_fail(err, CS_MALFORMED, "check digest: not that of the check");
	*ret = evidence;
	return CS_OK;
}

static void
nonce(struct reading *r, const ProtobufCBinaryData *value, uint8_t ret[static 16])
{
	if (value->len == 16)
		memcpy(ret, value->data, 16);
	else
		broken(r, "nonce", "not 16 octets");
}

enum cs_code
claim_wire_read_perspective(struct cs_arena *arena, struct cs_span octets_in,
    struct claim_perspective_answer *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__PerspectiveAnswer *m =
	    unpack(&r, &countersign__v1__perspective_answer__descriptor, octets_in);

	if (m == NULL)
		return r.code;
	struct claim_perspective_answer answer = {
		.perspective = name(&r, m->perspective, "perspective"),
		.region = name(&r, m->region, "region"),
		.outcome = one_of(&r, m->outcome, CLAIM_PROVED, CLAIM_COULD_NOT_TELL, "outcome"),
		.reason = name_or_none(&r, m->reason, "reason"),
		.text = text(&r, m->text, "text"),
		.security = one_of(&r, m->security, 0, CLAIM_DNSSEC_INDETERMINATE, "security"),
		.lookups = read_lookups(&r, m->lookups, m->n_lookups),
		.n_lookups = m->n_lookups,
		.seen = texts(&r, m->seen, m->n_seen, text, "seen"),
		.checked_at_ms = when(&r, m->checked_at_ms, "checked at"),
		.found_at = text(&r, m->found_at, "found at"),
		.ttl_s = m->ttl_s,
		.attempt = m->attempt,
	};
	nonce(&r, &m->nonce, answer.nonce);
	digest(&r, &m->check_digest, answer.check_digest, "check digest");
	if (r.code == CS_OK)
		*ret = answer;
	return r.code;
}

enum cs_code
claim_read_asked(
    struct cs_arena *arena, struct cs_span body, struct claim_asked *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__CheckAsked *m =
	    unpack(&r, &countersign__v1__check_asked__descriptor, body);

	if (m == NULL)
		return r.code;
	struct claim_asked asked = {
		.request = id(&r, &m->request_id, "request id"),
		.asked_at_ms = when(&r, m->asked_at_ms, "asked at"),
		.primary_sha256 = digest_or_none(&r, &m->primary_sha256, "primary sha256"),
	};
	digest(&r, &m->request_digest, asked.request_digest, "request digest");
	want(&r, m->check != NULL, "check", "missing");
	if (r.code == CS_OK)
		read_check(&r, m->check, &asked.check);
	if (r.code == CS_OK)
		*ret = asked;
	return r.code;
}

enum cs_code
claim_read_perspective_ask(struct cs_arena *arena, struct cs_span body,
    struct claim_perspective_ask *ret, struct cs_err *err)
{
	struct reading r = { arena, err, CS_OK };
	const Countersign__V1__PerspectiveAsk *m =
	    unpack(&r, &countersign__v1__perspective_ask__descriptor, body);

	if (m == NULL)
		return r.code;
	struct claim_perspective_ask ask = {
		.request = id(&r, &m->request_id, "request id"),
		.attempt = m->attempt,
		.deadline_ms = when(&r, m->deadline_ms, "deadline"),
	};
	nonce(&r, &m->nonce, ask.nonce);
	want(&r, m->check != NULL, "check", "missing");
	if (r.code == CS_OK)
		read_check(&r, m->check, &ask.check);
	if (r.code == CS_OK)
		*ret = ask;
	return r.code;
}

/* ---- writing ---- */

struct cs_span
claim_wire_envelope(struct cs_arena *arena, const struct claim_envelope *envelope)
{
	Countersign__V1__Signature signature = COUNTERSIGN__V1__SIGNATURE__INIT;
	Countersign__V1__Signature *signatures[] = { &signature };
	Countersign__V1__Envelope m = COUNTERSIGN__V1__ENVELOPE__INIT;
	ProtobufCBinaryData enclosed[CLAIM_ENCLOSED];

	for (size_t i = 0; i < envelope->n_enclosed; i++)
		enclosed[i] = pack_octets(envelope->enclosed[i]);
	m.n_enclosed = envelope->n_enclosed;
	m.enclosed = enclosed;
	signature.sig = pack_octets(envelope->signature);
	signature.keyid = pack_text(envelope->keyid);
	signature.path = pack_octets(envelope->path);
	m.payload = pack_octets(envelope->payload);
	m.payload_type = pack_text(envelope->type);
	m.n_signatures = 1;
	m.signatures = signatures;
	return pack_write(arena, &m.base);
}

/*
 * Fields are packed in the order of their numbers, the signature last before what is enclosed: its 64 octets, the key
 * id, the path.  Each has a tag and a length before it: one octet each, two for the length of the path.
 */
struct cs_span
claim_wire_open_envelope(struct cs_arena *arena, const struct claim_envelope *envelope,
    uint8_t **ret_signature, uint8_t **ret_path)
{
	const struct cs_span octets = claim_wire_envelope(arena, envelope);
	uint8_t *end = (uint8_t *)octets.data + bare_len(envelope, octets.len);
	uint8_t *path = end - CLAIM_PATH;
	uint8_t *signature = path - 3 - strlen(envelope->keyid) - 2 - CLAIM_SIGNATURE;

	cs_assert(envelope->path.len == CLAIM_PATH && signature[-1] == CLAIM_SIGNATURE &&
		  memcmp(signature, envelope->signature.data, CLAIM_SIGNATURE) == 0);
	*ret_signature = signature;
	*ret_path = path;
	return octets;
}

static Countersign__V1__SubjectValue **
put_wishes(struct cs_arena *arena, const struct claim_values *values)
{
	Countersign__V1__SubjectValue *all =
	    CS_NEW_ARRAY(arena, values->n, Countersign__V1__SubjectValue);
	Countersign__V1__SubjectValue **list =
	    CS_NEW_ARRAY(arena, values->n, Countersign__V1__SubjectValue *);

	for (size_t i = 0; i < values->n; i++) {
		countersign__v1__subject_value__init(&all[i]);
		all[i].name = pack_text(values->items[i].name);
		all[i].value = pack_text(values->items[i].value);
		list[i] = &all[i];
	}
	return list;
}

static Countersign__V1__PlannedValue **
put_planned(struct cs_arena *arena, const struct claim_values *values)
{
	Countersign__V1__PlannedValue *all =
	    CS_NEW_ARRAY(arena, values->n, Countersign__V1__PlannedValue);
	Countersign__V1__PlannedValue **list =
	    CS_NEW_ARRAY(arena, values->n, Countersign__V1__PlannedValue *);

	for (size_t i = 0; i < values->n; i++) {
		countersign__v1__planned_value__init(&all[i]);
		all[i].name = pack_text(values->items[i].name);
		all[i].value = pack_text(values->items[i].value);
		all[i].source = pack_text(values->items[i].source);
		list[i] = &all[i];
	}
	return list;
}

struct cs_span
claim_wire_request(struct cs_arena *arena, const struct claim_request *request)
{
	Countersign__V1__RequestSubmitted m = COUNTERSIGN__V1__REQUEST_SUBMITTED__INIT;

	m.request_id = pack_id(&request->id);
	m.enterprise = pack_text(request->enterprise);
	m.account = pack_text(request->account);
	m.profile = pack_text(request->profile);
	m.csr = pack_octets(request->csr);
	m.n_mailboxes = request->mailboxes.n;
	m.mailboxes = (char **)request->mailboxes.items;
	m.n_domains = request->domains.n;
	m.domains = (char **)request->domains.items;
	m.validity_days = request->validity_days;
	m.key_use = (Countersign__V1__KeyUse)request->key_use;
	m.agreement = pack_text(request->agreement);
	m.submitted_at_ms = request->submitted_at_ms;
	m.request_digest = pack_octets(cs_span_of(request->digest, CLAIM_DIGEST));
	m.contact = pack_text(request->contact);
	m.common_name = pack_text(request->common_name);
	m.kind = (Countersign__V1__RequestKind)request->kind;
	if (claim_request_follows(request->kind))
		m.previous_id = pack_id(&request->previous);
	m.n_subject = request->subject.n;
	m.subject = put_wishes(arena, &request->subject);
	m.submitted_by = pack_text(request->submitted_by);
	m.approved_factor = pack_text(request->approved_factor);
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_approval(struct cs_arena *arena, const struct claim_approval *approval)
{
	Countersign__V1__GenerationApproved m = COUNTERSIGN__V1__GENERATION_APPROVED__INIT;

	m.request_id = pack_id(&approval->request);
	m.request_digest = pack_octets(cs_span_of(approval->request_digest, CLAIM_DIGEST));
	m.enterprise = pack_text(approval->enterprise);
	m.account = pack_text(approval->account);
	m.factor = pack_text(approval->factor);
	m.approved_at_ms = approval->approved_at_ms;
	m.approved_by = pack_text(approval->approved_by);
	m.second_factor = pack_octets(approval->second_factor);
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_revocation(struct cs_arena *arena, const struct claim_revocation *revocation)
{
	Countersign__V1__RevocationAsked m = COUNTERSIGN__V1__REVOCATION_ASKED__INIT;

	m.request_id = pack_id(&revocation->request);
	m.enterprise = pack_text(revocation->enterprise);
	m.account = pack_text(revocation->account);
	m.by = (Countersign__V1__RevokedBy)revocation->by;
	m.reason = revocation->reason;
	m.text = pack_text(revocation->text);
	m.asked_at_ms = revocation->asked_at_ms;
	m.known_at_ms = revocation->known_at_ms;
	m.due_at_ms = revocation->due_at_ms;
	m.proof = pack_octets(revocation->proof);
	m.challenge = pack_text(revocation->challenge);
	m.report = pack_text(revocation->report);
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_factor_order(struct cs_arena *arena, const struct claim_factor_order *order)
{
	Countersign__V1__FactorOrder m = COUNTERSIGN__V1__FACTOR_ORDER__INIT;

	m.request_id = pack_id(&order->request);
	m.request_digest = pack_octets(cs_span_of(order->request_digest, CLAIM_DIGEST));
	m.enterprise = pack_text(order->enterprise);
	m.account = pack_text(order->account);
	m.method = pack_text(order->method);
	m.email = pack_text(order->email);
	m.phone = pack_text(order->phone);
	m.login = pack_text(order->login);
	m.identity = pack_text(order->identity);
	m.ordered_at_ms = order->ordered_at_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_factor(struct cs_arena *arena, const struct claim_factor *factor)
{
	Countersign__V1__FactorProved m = COUNTERSIGN__V1__FACTOR_PROVED__INIT;

	m.request_id = pack_id(&factor->request);
	m.request_digest = pack_octets(cs_span_of(factor->request_digest, CLAIM_DIGEST));
	m.enterprise = pack_text(factor->enterprise);
	m.account = pack_text(factor->account);
	m.method = pack_text(factor->method);
	m.proved_at_ms = factor->proved_at_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_setting(struct cs_arena *arena, const struct claim_setting *setting)
{
	Countersign__V1__ConfigChanged m = COUNTERSIGN__V1__CONFIG_CHANGED__INIT;

	m.document_id = pack_id(&setting->document);
	m.kind = pack_text(setting->kind);
	m.enterprise = pack_text(setting->enterprise);
	m.name = pack_text(setting->name);
	m.version = setting->version;
	m.deleted = setting->deleted;
	m.spec = pack_octets(setting->spec);
	m.changed_at_ms = setting->changed_at_ms;
	m.changed_by = pack_text(setting->changed_by);
	m.told_at_ms = setting->told_at_ms;
	return pack_write(arena, &m.base);
}

static void
put_check(const struct claim_check *check, Countersign__V1__Check *m)
{
	countersign__v1__check__init(m);
	m->id = pack_text(check->id);
	m->kind = (Countersign__V1__CheckKind)check->kind;
	m->target = pack_text(check->target);
	m->method = pack_text(check->method);
	m->enterprise = pack_text(check->enterprise);
	m->account = pack_text(check->account);
	m->expected = pack_octets(check->expected);
	m->n_issuer_domains = check->issuer_domains.n;
	m->issuer_domains = (char **)check->issuer_domains.items;
	m->n_allowed_methods = check->allowed_methods.n;
	m->allowed_methods = (char **)check->allowed_methods.items;
	m->freshness_ms = check->freshness_ms;
	m->attempt = check->attempt;
	m->deadline_ms = check->deadline_ms;
	m->check_digest = pack_octets(cs_span_of(check->digest, CLAIM_DIGEST));
	if (check->has_standing)
		m->standing_sha256 = pack_octets(cs_span_of(check->standing_sha256, CLAIM_DIGEST));
	m->standing_until_ms = check->standing_until_ms;
	m->min_remotes = check->min_remotes;
	m->fresh = check->fresh;
	m->new_because = pack_text(check->new_because);
}

static Countersign__V1__Check **
put_checks(struct cs_arena *arena, const struct claim_plan *plan)
{
	Countersign__V1__Check *all = CS_NEW_ARRAY(arena, plan->n_checks, Countersign__V1__Check);
	Countersign__V1__Check **list =
	    CS_NEW_ARRAY(arena, plan->n_checks, Countersign__V1__Check *);

	for (size_t i = 0; i < plan->n_checks; i++) {
		put_check(&plan->checks[i], &all[i]);
		list[i] = &all[i];
	}
	return list;
}

struct cs_span
claim_wire_plan(struct cs_arena *arena, const struct claim_plan *plan)
{
	Countersign__V1__Plan m = COUNTERSIGN__V1__PLAN__INIT;

	m.request_id = pack_id(&plan->request);
	m.request_digest = pack_octets(cs_span_of(plan->request_digest, CLAIM_DIGEST));
	m.revision = plan->revision;
	m.final = plan->final;
	m.enterprise = pack_text(plan->enterprise);
	m.account = pack_text(plan->account);
	m.profile = pack_text(plan->profile);
	m.profile_version = plan->profile_version;
	m.enterprise_version = plan->enterprise_version;
	m.rules_version = pack_text(plan->rules_version);
	m.n_checks = plan->n_checks;
	m.checks = put_checks(arena, plan);
	m.made_at_ms = plan->made_at_ms;
	m.ends_at_ms = plan->ends_at_ms;
	if (plan->final)
		m.approval_sha256 = pack_octets(cs_span_of(plan->approval_sha256, CLAIM_DIGEST));
	m.certificate_profile = pack_text(plan->certificate_profile);
	m.contact = pack_text(plan->contact);
	m.n_waived = plan->waived.n;
	m.waived = (char **)plan->waived.items;
	m.n_subject = plan->subject.n;
	m.subject = put_planned(arena, &plan->subject);
	m.second_factor = pack_text(plan->second_factor);
	return pack_write(arena, &m.base);
}

static Countersign__V1__Lookup **
put_lookups(struct cs_arena *arena, const struct claim_lookup *lookups, size_t n)
{
	Countersign__V1__Lookup *all = CS_NEW_ARRAY(arena, n, Countersign__V1__Lookup);
	Countersign__V1__Lookup **list = CS_NEW_ARRAY(arena, n, Countersign__V1__Lookup *);

	for (size_t i = 0; i < n; i++) {
		countersign__v1__lookup__init(&all[i]);
		all[i].name = pack_text(lookups[i].name);
		all[i].type = pack_text(lookups[i].type);
		all[i].rcode = lookups[i].rcode;
		all[i].security = (Countersign__V1__Dnssec)lookups[i].security;
		all[i].why = pack_text(lookups[i].why);
		all[i].ttl_s = lookups[i].ttl_s;
		all[i].n_records = lookups[i].records.n;
		all[i].records = (char **)lookups[i].records.items;
		all[i].wire_sha256 = pack_octets(lookups[i].wire_sha256);
		all[i].answered_at_ms = lookups[i].answered_at_ms;
		list[i] = &all[i];
	}
	return list;
}

static Countersign__V1__PerspectiveResult **
put_perspectives(struct cs_arena *arena, const struct claim_evidence *evidence)
{
	const size_t n = evidence->n_perspectives;
	Countersign__V1__PerspectiveResult *all =
	    CS_NEW_ARRAY(arena, n, Countersign__V1__PerspectiveResult);
	Countersign__V1__PerspectiveResult **list =
	    CS_NEW_ARRAY(arena, n, Countersign__V1__PerspectiveResult *);

	for (size_t i = 0; i < n; i++) {
		const struct claim_perspective_result *result = &evidence->perspectives[i];

		countersign__v1__perspective_result__init(&all[i]);
		all[i].name = pack_text(result->name);
		all[i].region = pack_text(result->region);
		all[i].outcome = (Countersign__V1__Outcome)result->outcome;
		all[i].reason = pack_text(result->reason);
		all[i].n_seen = result->seen.n;
		all[i].seen = (char **)result->seen.items;
		all[i].security = (Countersign__V1__Dnssec)result->security;
		all[i].checked_at_ms = result->checked_at_ms;
		all[i].answer = pack_octets(result->answer);
		all[i].corroborates = result->corroborates;
		all[i].took_ms = result->took_ms;
		list[i] = &all[i];
	}
	return list;
}

/* What was asked; what was found is put by claim_wire_evidence. */
static void
put_question(const struct claim_evidence *evidence, Countersign__V1__Evidence *m)
{
	m->request_id = pack_id(&evidence->request);
	m->request_digest = pack_octets(cs_span_of(evidence->request_digest, CLAIM_DIGEST));
	m->check_id = pack_text(evidence->check_id);
	m->kind = (Countersign__V1__CheckKind)evidence->kind;
	m->target = pack_text(evidence->target);
	m->method = pack_text(evidence->method);
	m->enterprise = pack_text(evidence->enterprise);
	m->account = pack_text(evidence->account);
	m->expected = pack_octets(evidence->expected);
	m->check_digest = pack_octets(cs_span_of(evidence->check_digest, CLAIM_DIGEST));
	m->attempt = evidence->attempt;
	m->primary_sha256 = pack_octets(evidence->primary_sha256);
}

struct cs_span
claim_wire_evidence(struct cs_arena *arena, const struct claim_evidence *evidence)
{
	Countersign__V1__Evidence m = COUNTERSIGN__V1__EVIDENCE__INIT;

	put_question(evidence, &m);
	m.outcome = (Countersign__V1__Outcome)evidence->outcome;
	m.reason = pack_text(evidence->reason);
	m.clause = pack_text(evidence->clause);
	m.text = pack_text(evidence->text);
	m.checked_at_ms = evidence->checked_at_ms;
	m.valid_until_ms = evidence->valid_until_ms;
	m.security = (Countersign__V1__Dnssec)evidence->security;
	m.perspective = pack_text(evidence->perspective);
	m.n_lookups = evidence->n_lookups;
	m.lookups = put_lookups(arena, evidence->lookups, evidence->n_lookups);
	m.n_perspectives = evidence->n_perspectives;
	m.perspectives = put_perspectives(arena, evidence);
	m.min_remotes = evidence->min_remotes;
	m.found_at = pack_text(evidence->found_at);
	m.ttl_s = evidence->ttl_s;
	m.covers_subdomains = evidence->covers_subdomains;
	m.rules_version = pack_text(evidence->rules_version);
	m.n_seen = evidence->seen.n;
	m.seen = (char **)evidence->seen.items;
	m.detail = pack_text(evidence->detail);
	m.stated_at_ms = evidence->stated_at_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
claim_wire_perspective(struct cs_arena *arena, const struct claim_perspective_answer *answer)
{
	Countersign__V1__PerspectiveAnswer m = COUNTERSIGN__V1__PERSPECTIVE_ANSWER__INIT;

	m.nonce = pack_octets(cs_span_of(answer->nonce, sizeof(answer->nonce)));
	m.check_digest = pack_octets(cs_span_of(answer->check_digest, CLAIM_DIGEST));
	m.perspective = pack_text(answer->perspective);
	m.region = pack_text(answer->region);
	m.outcome = (Countersign__V1__Outcome)answer->outcome;
	m.reason = pack_text(answer->reason);
	m.text = pack_text(answer->text);
	m.security = (Countersign__V1__Dnssec)answer->security;
	m.n_lookups = answer->n_lookups;
	m.lookups = put_lookups(arena, answer->lookups, answer->n_lookups);
	m.n_seen = answer->seen.n;
	m.seen = (char **)answer->seen.items;
	m.checked_at_ms = answer->checked_at_ms;
	m.found_at = pack_text(answer->found_at);
	m.ttl_s = answer->ttl_s;
	m.attempt = answer->attempt;
	return pack_write(arena, &m.base);
}

struct cs_span
claim_write_asked(struct cs_arena *arena, const struct claim_asked *asked)
{
	Countersign__V1__CheckAsked m = COUNTERSIGN__V1__CHECK_ASKED__INIT;
	Countersign__V1__Check check;

	put_check(&asked->check, &check);
	m.request_id = pack_id(&asked->request);
	m.request_digest = pack_octets(cs_span_of(asked->request_digest, CLAIM_DIGEST));
	m.check = &check;
	m.asked_at_ms = asked->asked_at_ms;
	m.primary_sha256 = pack_octets(asked->primary_sha256);
	return pack_write(arena, &m.base);
}

struct cs_span
claim_write_perspective_ask(struct cs_arena *arena, const struct claim_perspective_ask *ask)
{
	Countersign__V1__PerspectiveAsk m = COUNTERSIGN__V1__PERSPECTIVE_ASK__INIT;
	Countersign__V1__Check check;

	put_check(&ask->check, &check);
	m.nonce = pack_octets(cs_span_of(ask->nonce, sizeof(ask->nonce)));
	m.check = &check;
	m.request_id = pack_id(&ask->request);
	m.attempt = ask->attempt;
	m.deadline_ms = ask->deadline_ms;
	return pack_write(arena, &m.base);
}
