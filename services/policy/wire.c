/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of policy that names generated types. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "proto/certificate.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"

#define BODY_MAX 65536 /* octets of an event, design 3 */
#define TEXT_MAX 128   /* of an identifier */

/* ---- reading ---- */

static void *
take(void *arena, size_t size)
{
	return cs_arena_alloc(arena, size);
}

/* What was unpacked dies with its arena. */
static void
leave(void *arena, void *data)
{
	(void)arena;
	(void)data;
}

static void *
unpack(struct cs_arena *arena, const ProtobufCMessageDescriptor *type, struct cs_span body,
    struct cs_err *err)
{
	ProtobufCAllocator allocator = { take, leave, arena };

	if (body.len > BODY_MAX) {
		(void)cs_fail(err, CS_MALFORMED, "%s: larger than 64 KiB", type->short_name);
		return NULL;
	}
	void *message = protobuf_c_message_unpack(type, &allocator, body.len, body.data);

	if (message == NULL)
		(void)cs_fail(err, CS_MALFORMED, "%s: cannot be read", type->short_name);
	return message;
}

static enum cs_code
read_id(const ProtobufCBinaryData *data, struct cs_id *ret_id, struct cs_err *err)
{
	struct cs_id id;

	if (data->len != sizeof(id.octets))
		return cs_fail(err, CS_MALFORMED, "request_id is not 16 octets");
	memcpy(id.octets, data->data, sizeof(id.octets));
	*ret_id = id;
	return CS_OK;
}

static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len <= TEXT_MAX && cs_utf8_valid(cs_span_str(text));
}

enum cs_code
wire_read_asked(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request,
    struct policy_asked *ret_asked, struct cs_err *err)
{
	const Countersign__V1__VerificationAsked *m =
	    unpack(arena, &countersign__v1__verification_asked__descriptor, body, err);

	if (m == NULL)
		return CS_MALFORMED;
	if (!is_name(m->check_id) || !is_name(m->enterprise) || !is_name(m->account))
		return cs_fail(err, CS_MALFORMED,
		    "VerificationAsked: check_id, enterprise or account is not a name");
	if (read_id(&m->request_id, ret_request, err))
		return CS_MALFORMED;
	*ret_asked = (struct policy_asked){ m->check_id, m->enterprise, m->account };
	return CS_OK;
}

enum cs_code
wire_read_cancelled(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__RequestCancelled *m =
	    unpack(arena, &countersign__v1__request_cancelled__descriptor, body, err);

	return m == NULL ? CS_MALFORMED : read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_issued(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateIssued *m =
	    unpack(arena, &countersign__v1__certificate_issued__descriptor, body, err);

	return m == NULL ? CS_MALFORMED : read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_refused(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateRefused *m =
	    unpack(arena, &countersign__v1__certificate_refused__descriptor, body, err);

	return m == NULL ? CS_MALFORMED : read_id(&m->request_id, ret_request, err);
}

enum cs_code
wire_read_stopped(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err)
{
	const Countersign__V1__CertificateStopped *m =
	    unpack(arena, &countersign__v1__certificate_stopped__descriptor, body, err);

	return m == NULL ? CS_MALFORMED : read_id(&m->request_id, ret_request, err);
}

/* ---- writing ---- */

struct cs_span
wire_write_refused(
    struct cs_arena *arena, const struct policy_step *step, struct cs_id request, int64_t now_ms)
{
	Countersign__V1__PlanRefused m = COUNTERSIGN__V1__PLAN_REFUSED__INIT;
	const struct cs_refusal *why = &step->refusal;

	m.request_id.len = sizeof(request.octets);
	m.request_id.data = request.octets;
	m.code = (char *)why->code;
	m.field = (char *)why->field;
	m.clause = (char *)why->clause;
	m.text = (char *)why->text;
	m.mend = (char *)why->mend;
	m.refused_at_ms = now_ms;
	m.contact = (char *)step->next.plan.request.contact;
	m.check_id = (char *)step->refused_check;

	size_t len = countersign__v1__plan_refused__get_packed_size(&m);
	uint8_t *octets = cs_arena_alloc(arena, len);

	(void)countersign__v1__plan_refused__pack(&m, octets);
	return cs_span_of(octets, len);
}
