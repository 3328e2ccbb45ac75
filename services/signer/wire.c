/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of the signer that names generated types. */
#include "wire.h"

#include <string.h>

#include "pack/pack.h"
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
