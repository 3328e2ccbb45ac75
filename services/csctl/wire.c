/* SPDX-License-Identifier: Apache-2.0 */
/* wire.c: walks a message by its descriptor, so that a new field needs no edit here. */
#include "wire.h"

#include <string.h>

#include "base/text.h"
#include "proto/ask.pb-c.h"
#include "proto/certificate.pb-c.h"
#include "proto/config.pb-c.h"
#include "proto/envelope.pb-c.h"
#include "proto/evidence.pb-c.h"
#include "proto/notice.pb-c.h"
#include "proto/plan.pb-c.h"
#include "proto/request.pb-c.h"

#define DEPTH_MAX 8

static const ProtobufCMessageDescriptor *const messages[] = {
	&countersign__v1__request_submitted__descriptor,
	&countersign__v1__verification_asked__descriptor,
	&countersign__v1__generation_approved__descriptor,
	&countersign__v1__request_cancelled__descriptor,
	&countersign__v1__revocation_asked__descriptor,
	&countersign__v1__plan__descriptor,
	&countersign__v1__check_asked__descriptor,
	&countersign__v1__domain_settled__descriptor,
	&countersign__v1__plan_refused__descriptor,
	&countersign__v1__evidence__descriptor,
	&countersign__v1__mailbox_challenge__descriptor,
	&countersign__v1__domain_challenge__descriptor,
	&countersign__v1__certificate_issued__descriptor,
	&countersign__v1__certificate_refused__descriptor,
	&countersign__v1__certificate_stopped__descriptor,
	&countersign__v1__certificate_revoked__descriptor,
	&countersign__v1__revocation_refused__descriptor,
	&countersign__v1__certificate_voided__descriptor,
	&countersign__v1__certificate_expiring__descriptor,
	&countersign__v1__crl_made__descriptor,
	&countersign__v1__audit_head__descriptor,
	&countersign__v1__config_changed__descriptor,
	&countersign__v1__config_changed__descriptor,
	&countersign__v1__notice_sent__descriptor,
};

static json_t *message_json(const ProtobufCMessage *message, int depth);

static json_t *
octets_json(const ProtobufCBinaryData *data)
{
	struct cs_arena *arena = cs_arena_new();
	json_t *json = json_string(cs_hex(arena, cs_span_of(data->data, data->len)));

	cs_arena_free(arena);
	return json;
}

/* Text that is no UTF-8 is shown as octets: jansson refuses it. */
static json_t *
text_json(const char *text)
{
	json_t *json = json_string(text);
	const ProtobufCBinaryData octets = { strlen(text), (uint8_t *)(uintptr_t)text };

	return json != NULL ? json : octets_json(&octets);
}

/* A setting is JSON already; octets that are none stay octets. */
static json_t *
bytes_json(const ProtobufCFieldDescriptor *field, const ProtobufCBinaryData *data)
{
	json_t *json = strcmp(field->name, "spec") == 0
			   ? json_loadb((const char *)data->data, data->len, 0, NULL)
			   : NULL;

	return json != NULL ? json : octets_json(data);
}

static json_t *
value_json(const ProtobufCFieldDescriptor *field, const void *at, int depth)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)at);
	case PROTOBUF_C_TYPE_STRING:
		return text_json(*(char *const *)at);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_json(field, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return message_json(*(const ProtobufCMessage *const *)at, depth + 1);
	case PROTOBUF_C_TYPE_INT64:
		return json_integer(*(const int64_t *)at);
	case PROTOBUF_C_TYPE_UINT32:
		return json_integer(*(const uint32_t *)at);
	case PROTOBUF_C_TYPE_UINT64: /* counts of ours, never above 2^63 */
		return json_integer((json_int_t) * (const uint64_t *)at);
	case PROTOBUF_C_TYPE_ENUM: {
		const ProtobufCEnumValue *value =
		    protobuf_c_enum_descriptor_get_value(field->descriptor, *(const int *)at);

		return value == NULL ? json_integer(*(const int *)at) : json_string(value->name);
	}
	default:
		return json_null(); /* the catalogue's messages use no other type */
	}
}

static size_t
size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(int64_t);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	default:
		return sizeof(uint32_t);
	}
}

static json_t *
list_json(const ProtobufCFieldDescriptor *field, const ProtobufCMessage *message, int depth)
{
	const size_t *n = (const void *)((const char *)message + field->quantifier_offset);
	const char *const *items = (const void *)((const char *)message + field->offset);
	json_t *array = json_array();

	for (size_t i = 0; i < *n; i++)
		(void)json_array_append_new(
		    array, value_json(field, *items + i * size_of(field->type), depth));
	return array;
}

/* What proto3 would not send is left out. */
static bool
is_absent(const ProtobufCFieldDescriptor *field, const void *at)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return *(void *const *)at == NULL;
	case PROTOBUF_C_TYPE_STRING:
		return *(char *const *)at == NULL || **(char *const *)at == '\0';
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		return *(const int64_t *)at == 0;
	default:
		return *(const uint32_t *)at == 0;
	}
}

static json_t *
message_json(const ProtobufCMessage *message, int depth)
{
	json_t *object = json_object();

	for (unsigned i = 0; depth < DEPTH_MAX && i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		const char *at = (const char *)message + field->offset;

		if (field->label == PROTOBUF_C_LABEL_REPEATED) {
			json_t *list = list_json(field, message, depth);

			if (json_array_size(list) > 0)
				(void)json_object_set_new(object, field->name, list);
			else
				json_decref(list);
		} else if (!is_absent(field, at)) {
			(void)json_object_set_new(
			    object, field->name, value_json(field, at, depth));
		}
	}
	return object;
}

static json_t *
body_json(const char *name, struct cs_span body)
{
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (strcmp(messages[i]->short_name, name) != 0)
			continue;
		ProtobufCMessage *message =
		    protobuf_c_message_unpack(messages[i], NULL, body.len, body.data);

		if (message == NULL)
			return NULL;
		json_t *json = message_json(message, 0);

		protobuf_c_message_free_unpacked(message, NULL);
		return json;
	}
	return NULL;
}

json_t *
wire_event_json(const char *message, bool is_signed, struct cs_span body)
{
	if (!is_signed)
		return body_json(message, body);
	Countersign__V1__Envelope *envelope =
	    countersign__v1__envelope__unpack(NULL, body.len, body.data);

	if (envelope == NULL)
		return NULL;
	json_t *json =
	    body_json(message, cs_span_of(envelope->payload.data, envelope->payload.len));

	if (json != NULL && envelope->n_signatures > 0)
		(void)json_object_set_new(
		    json, "signed_by", text_json(envelope->signatures[0]->keyid));
	countersign__v1__envelope__free_unpacked(envelope, NULL);
	return json;
}

enum cs_code
wire_chain(struct cs_arena *arena, struct cs_span body, struct cs_span *ret_chain, size_t max,
    size_t *ret_n, struct cs_err *err)
{
	Countersign__V1__CertificateIssued *issued =
	    countersign__v1__certificate_issued__unpack(NULL, body.len, body.data);
	enum cs_code code = CS_OK;

	if (issued == NULL || issued->n_chain == 0 || issued->n_chain > max)
		code = cs_fail(err, CS_MALFORMED, "the event has no chain that can be read");
	for (size_t i = 0; code == CS_OK && i < issued->n_chain; i++)
		ret_chain[i] = cs_arena_copy(arena, issued->chain[i].data, issued->chain[i].len);
	if (code == CS_OK)
		*ret_n = issued->n_chain;
	if (issued != NULL)
		countersign__v1__certificate_issued__free_unpacked(issued, NULL);
	return code;
}
