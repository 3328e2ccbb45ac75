/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: the only file of the signer that names generated types. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"

#define MAX_BODY 4096 /* octets of a question */
#define MAX_NAME 128

static struct cs_span
pack(struct cs_arena *arena, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *data = cs_arena_alloc(arena, len);

	protobuf_c_message_pack(message, data);
	return (struct cs_span){ data, len };
}

/* protobuf-c writes only to what it unpacked itself: the casts take nothing away. */
static char *
put_text(const char *text)
{
	return (char *)(text != NULL ? text : "");
}

static ProtobufCBinaryData
put_span(struct cs_span span)
{
	return (ProtobufCBinaryData){ span.len, (uint8_t *)span.data };
}

static ProtobufCBinaryData
put_id(const struct cs_id *id)
{
	return (ProtobufCBinaryData){ sizeof(id->octets), (uint8_t *)id->octets };
}

struct cs_span
wire_issued(struct cs_arena *arena, const struct wire_issued *issued)
{
	Countersign__V1__CertificateIssued m = COUNTERSIGN__V1__CERTIFICATE_ISSUED__INIT;
	ProtobufCBinaryData *chain = CS_NEW_ARRAY(arena, issued->n_chain, ProtobufCBinaryData);

	for (size_t i = 0; i < issued->n_chain; i++)
		chain[i] = put_span(issued->chain[i]);
	m.request_id = put_id(&issued->request);
	m.certificate = put_span(issued->certificate);
	m.n_chain = issued->n_chain;
	m.chain = chain;
	m.serial = put_text(issued->serial);
	m.issuer = put_text(issued->issuer);
	m.issued_at_ms = issued->issued_at_ms;
	m.not_before_ms = issued->not_before_ms;
	m.not_after_ms = issued->not_after_ms;
	m.enterprise = put_text(issued->enterprise);
	m.account = put_text(issued->account);
	m.contact = put_text(issued->contact);
	m.n_mailboxes = issued->mailboxes.n;
	m.mailboxes = (char **)issued->mailboxes.items;
	m.fingerprint = put_text(issued->fingerprint);
	return pack(arena, &m.base);
}

struct cs_span
wire_refused(struct cs_arena *arena, const struct wire_ended *ended, const struct cs_refusal *why)
{
	Countersign__V1__CertificateRefused m = COUNTERSIGN__V1__CERTIFICATE_REFUSED__INIT;

	m.request_id = put_id(&ended->request);
	m.code = put_text(why->code);
	m.field = put_text(why->field);
	m.clause = put_text(why->clause);
	m.text = put_text(why->text);
	m.mend = put_text(why->mend);
	m.refused_at_ms = ended->at_ms;
	m.contact = put_text(ended->contact);
	return pack(arena, &m.base);
}

struct cs_span
wire_stopped(struct cs_arena *arena, const struct wire_ended *ended, const char *reason)
{
	Countersign__V1__CertificateStopped m = COUNTERSIGN__V1__CERTIFICATE_STOPPED__INIT;

	m.request_id = put_id(&ended->request);
	m.reason = put_text(reason);
	m.stopped_at_ms = ended->at_ms;
	m.contact = put_text(ended->contact);
	return pack(arena, &m.base);
}

static void *
take(void *arena, size_t size)
{
	return cs_arena_alloc(arena, size);
}

static void
leave(void *arena, void *data)
{
	(void)arena;
	(void)data; /* the arena frees */
}

static bool
is_name(const char *text)
{
	const size_t len = strlen(text);

	return len > 0 && len <= MAX_NAME && cs_utf8_valid(cs_span_str(text));
}

enum cs_code
wire_read_stop(
    struct cs_arena *arena, struct cs_span body, struct wire_stop *ret, struct cs_err *err)
{
	ProtobufCAllocator allocator = { take, leave, arena };

	if (body.len > MAX_BODY)
		return cs_fail(err, CS_MALFORMED, "stop request: too long");
	const Countersign__V1__StopRequest *m =
	    countersign__v1__stop_request__unpack(&allocator, body.len, body.data);
	if (m == NULL || countersign__v1__stop_request__get_packed_size(m) != body.len)
		return cs_fail(err, CS_MALFORMED, "stop request: cannot be read");
	if (m->request_id.len != sizeof(ret->request.octets) || !is_name(m->enterprise) ||
	    !is_name(m->account))
		return cs_fail(err, CS_MALFORMED, "stop request: whose request is missing");
	if (strcmp(m->reason, "cancelled") != 0 && strcmp(m->reason, "expired") != 0)
		return cs_fail(err, CS_MALFORMED, "stop request: unknown reason");
	*ret = (struct wire_stop){
		.enterprise = m->enterprise, .account = m->account, .reason = m->reason
	};
	memcpy(ret->request.octets, m->request_id.data, m->request_id.len);
	return CS_OK;
}

struct cs_span
wire_stop_answer(struct cs_arena *arena, const char *result, const char *text)
{
	Countersign__V1__StopRequestAnswer m = COUNTERSIGN__V1__STOP_REQUEST_ANSWER__INIT;

	m.result = put_text(result);
	m.text = put_text(text);
	return pack(arena, &m.base);
}
