/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of policy that names generated types. */
#include "wire.h"

#include "pack/pack.h"
#include "proto/certificate.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"

#define BODY_MAX 65536 /* octets of an event, design 3 */

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

/* ---- writing ---- */

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

	return pack_write(arena, &m.base);
}
