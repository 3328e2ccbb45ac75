/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of the signer that names generated types. */
#include "wire.h"

#include <string.h>

#include "pack/pack.h"
#include "pki/crl.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "proto/plan.pb-c.h"

#define MAX_BODY 4096 /* octets of a question */

struct cs_span
wire_issued(struct cs_arena *arena, const struct wire_issued *issued)
{
	Countersign__V1__CertificateIssued m = COUNTERSIGN__V1__CERTIFICATE_ISSUED__INIT;
	ProtobufCBinaryData *chain = CS_NEW_ARRAY(arena, issued->n_chain, ProtobufCBinaryData);

	for (size_t i = 0; i < issued->n_chain; i++)
		chain[i] = pack_octets(issued->chain[i]);
	m.request_id = pack_id(&issued->request);
	m.certificate = pack_octets(issued->certificate);
	m.n_chain = issued->n_chain;
	m.chain = chain;
	m.serial = pack_text(issued->serial);
	m.issuer = pack_text(issued->issuer);
	m.issued_at_ms = issued->issued_at_ms;
	m.not_before_ms = issued->not_before_ms;
	m.not_after_ms = issued->not_after_ms;
	m.enterprise = pack_text(issued->enterprise);
	m.account = pack_text(issued->account);
	m.contact = pack_text(issued->contact);
	m.n_mailboxes = issued->mailboxes.n;
	m.mailboxes = (char **)issued->mailboxes.items;
	m.fingerprint = pack_text(issued->fingerprint);
	m.spki_sha256 = pack_octets(cs_span_of(issued->spki_sha256, sizeof(issued->spki_sha256)));
	m.profile = pack_text(issued->profile);
	m.crl_partition = issued->crl_partition;
	m.kind = issued->kind;
	if (issued->kind != CLAIM_FIRST)
		m.previous_id = pack_id(&issued->previous);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_refused(struct cs_arena *arena, const struct wire_ended *ended, const struct cs_refusal *why)
{
	Countersign__V1__CertificateRefused m = COUNTERSIGN__V1__CERTIFICATE_REFUSED__INIT;

	m.request_id = pack_id(&ended->request);
	m.code = pack_text(why->code);
	m.field = pack_text(why->field);
	m.clause = pack_text(why->clause);
	m.text = pack_text(why->text);
	m.mend = pack_text(why->mend);
	m.refused_at_ms = ended->at_ms;
	m.contact = pack_text(ended->contact);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_stopped(struct cs_arena *arena, const struct wire_ended *ended, const char *reason)
{
	Countersign__V1__CertificateStopped m = COUNTERSIGN__V1__CERTIFICATE_STOPPED__INIT;

	m.request_id = pack_id(&ended->request);
	m.reason = pack_text(reason);
	m.stopped_at_ms = ended->at_ms;
	m.contact = pack_text(ended->contact);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_audit_head(struct cs_arena *arena, const struct audit_head *head)
{
	Countersign__V1__AuditHead m = COUNTERSIGN__V1__AUDIT_HEAD__INIT;

	m.size = head->size;
	m.root = pack_octets(cs_span_of(head->root, AUDIT_HASH));
	m.at_ms = head->at_ms;
	m.signature = pack_octets(cs_span_of(head->signature, AUDIT_SIGNATURE));
	m.keyid = pack_text(head->keyid);
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_stop(
    struct cs_arena *arena, struct cs_span body, struct wire_stop *ret, struct cs_err *err)
{
	const Countersign__V1__StopRequest *m =
	    pack_read(arena, &countersign__v1__stop_request__descriptor, body, MAX_BODY, err);
	struct wire_stop stop;

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->enterprise) || !pack_is_name(m->account))
		return cs_fail(err, CS_MALFORMED, "stop request: whose request is missing");
	if (strcmp(m->reason, "cancelled") != 0 && strcmp(m->reason, "expired") != 0)
		return cs_fail(err, CS_MALFORMED, "stop request: unknown reason");
	stop = (struct wire_stop){
		.enterprise = m->enterprise, .account = m->account, .reason = m->reason
	};
	if (pack_read_id(&m->request_id, &stop.request, err))
		return CS_MALFORMED;
	*ret = stop;
	return CS_OK;
}

enum cs_code
wire_read_plan_refused(
    struct cs_arena *arena, struct cs_span body, struct wire_plan_refused *ret, struct cs_err *err)
{
	const Countersign__V1__PlanRefused *m = pack_read(
	    arena, &countersign__v1__plan_refused__descriptor, body, CLAIM_MAX_ENVELOPE, err);
	struct wire_plan_refused refused;

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->code))
		return cs_fail(err, CS_MALFORMED, "refused plan: no code");
	refused = (struct wire_plan_refused){ .code = m->code };
	if (pack_read_id(&m->request_id, &refused.request, err))
		return CS_MALFORMED;
	*ret = refused;
	return CS_OK;
}

struct cs_span
wire_stop_answer(struct cs_arena *arena, const char *result, const char *text)
{
	Countersign__V1__StopRequestAnswer m = COUNTERSIGN__V1__STOP_REQUEST_ANSWER__INIT;

	m.result = pack_text(result);
	m.text = pack_text(text);
	return pack_write(arena, &m.base);
}

/* ---- the later life of a certificate ---- */

struct cs_span
wire_revoked(
    struct cs_arena *arena, const struct wire_holder *holder, const struct wire_revoked *revoked)
{
	Countersign__V1__CertificateRevoked m = COUNTERSIGN__V1__CERTIFICATE_REVOKED__INIT;

	m.request_id = pack_id(&holder->request);
	m.serial = pack_text(holder->serial);
	m.issuer = pack_text(holder->issuer);
	m.reason = revoked->reason;
	m.revoked_at_ms = revoked->revoked_at_ms;
	m.by = revoked->by;
	m.enterprise = pack_text(holder->enterprise);
	m.account = pack_text(holder->account);
	m.contact = pack_text(holder->contact);
	m.n_mailboxes = holder->mailboxes.n;
	m.mailboxes = (char **)holder->mailboxes.items;
	m.not_after_ms = holder->not_after_ms;
	m.text = pack_text(revoked->text);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_revocation_refused(struct cs_arena *arena, const struct wire_ended *ended, const char *report,
    const struct cs_refusal *why)
{
	Countersign__V1__RevocationRefused m = COUNTERSIGN__V1__REVOCATION_REFUSED__INIT;

	m.request_id = pack_id(&ended->request);
	m.code = pack_text(why->code);
	m.field = pack_text(why->field);
	m.clause = pack_text(why->clause);
	m.text = pack_text(why->text);
	m.mend = pack_text(why->mend);
	m.refused_at_ms = ended->at_ms;
	m.report = pack_text(report);
	return pack_write(arena, &m.base);
}

struct cs_span
wire_voided(struct cs_arena *arena, const struct wire_holder *holder, int64_t voided_at_ms)
{
	Countersign__V1__CertificateVoided m = COUNTERSIGN__V1__CERTIFICATE_VOIDED__INIT;

	m.request_id = pack_id(&holder->request);
	m.serial = pack_text(holder->serial);
	m.issuer = pack_text(holder->issuer);
	m.voided_at_ms = voided_at_ms;
	m.not_after_ms = holder->not_after_ms;
	return pack_write(arena, &m.base);
}

struct cs_span
wire_expiring(struct cs_arena *arena, const struct wire_holder *holder, uint32_t days_left)
{
	Countersign__V1__CertificateExpiring m = COUNTERSIGN__V1__CERTIFICATE_EXPIRING__INIT;

	m.request_id = pack_id(&holder->request);
	m.serial = pack_text(holder->serial);
	m.issuer = pack_text(holder->issuer);
	m.not_after_ms = holder->not_after_ms;
	m.days_left = days_left;
	m.enterprise = pack_text(holder->enterprise);
	m.account = pack_text(holder->account);
	m.contact = pack_text(holder->contact);
	m.n_mailboxes = holder->mailboxes.n;
	m.mailboxes = (char **)holder->mailboxes.items;
	return pack_write(arena, &m.base);
}

/* ---- revocation lists ---- */

struct cs_span
wire_crl_made(struct cs_arena *arena, const struct wire_crl *crl)
{
	Countersign__V1__CrlMade m = COUNTERSIGN__V1__CRL_MADE__INIT;

	m.issuer = pack_text(crl->issuer);
	m.partition = crl->partition;
	m.number = crl->number;
	m.this_update_ms = crl->this_update_ms;
	m.next_update_ms = crl->next_update_ms;
	m.entries = crl->entries;
	m.size = crl->size;
	m.sha256 = pack_octets(crl->sha256);
	m.made_at_ms = crl->made_at_ms;
	return pack_write(arena, &m.base);
}

enum cs_code
wire_read_crls_ask(struct cs_arena *arena, struct cs_span body, struct cs_err *err)
{
	return pack_read(arena, &countersign__v1__crls_ask__descriptor, body, MAX_BODY, err) != NULL
		   ? CS_OK
		   : CS_MALFORMED;
}

enum cs_code
wire_read_crl_ask(
    struct cs_arena *arena, struct cs_span body, struct wire_crl_ask *ret, struct cs_err *err)
{
	const Countersign__V1__CrlAsk *m =
	    pack_read(arena, &countersign__v1__crl_ask__descriptor, body, MAX_BODY, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!pack_is_name(m->issuer) || m->partition > INT32_MAX || m->number < 0 ||
	    m->offset > PKI_CRL_MAX) /* SQL's numbers overflow a bit above INT32_MAX */
		return cs_fail(err, CS_MALFORMED, "question for a list that cannot be");
	*ret = (struct wire_crl_ask){ m->issuer, m->partition, m->offset, m->number };
	return CS_OK;
}

struct cs_span
wire_crls_answer(struct cs_arena *arena, const struct wire_crl *crls, size_t n)
{
	Countersign__V1__CrlsAnswer m = COUNTERSIGN__V1__CRLS_ANSWER__INIT;
	Countersign__V1__CrlRow *rows = CS_NEW_ARRAY(arena, n, Countersign__V1__CrlRow);

	m.crls = CS_NEW_ARRAY(arena, n, Countersign__V1__CrlRow *);
	for (size_t i = 0; i < n; i++) {
		countersign__v1__crl_row__init(&rows[i]);
		rows[i].issuer = pack_text(crls[i].issuer);
		rows[i].partition = crls[i].partition;
		rows[i].number = crls[i].number;
		rows[i].this_update_ms = crls[i].this_update_ms;
		rows[i].next_update_ms = crls[i].next_update_ms;
		rows[i].size = crls[i].size;
		rows[i].sha256 = pack_octets(crls[i].sha256);
		m.crls[m.n_crls++] = &rows[i];
	}
	return pack_write(arena, &m.base);
}

struct cs_span
wire_crl_answer(
    struct cs_arena *arena, bool here, uint32_t size, uint32_t offset, struct cs_span octets)
{
	Countersign__V1__CrlAnswer m = COUNTERSIGN__V1__CRL_ANSWER__INIT;

	m.result = pack_text(here ? "here" : "unknown");
	m.size = size;
	m.offset = offset;
	m.octets = pack_octets(octets);
	return pack_write(arena, &m.base);
}
