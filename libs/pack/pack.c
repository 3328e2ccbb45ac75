/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pack.h"

#include <string.h>

#include "base/text.h"

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

void *
pack_read(struct cs_arena *arena, const ProtobufCMessageDescriptor *type, struct cs_span octets,
    size_t max, struct cs_err *err)
{
	ProtobufCAllocator allocator = { take, leave, arena };
	ProtobufCMessage *message = NULL;

	if (octets.len > max) {
		(void)cs_fail(
		    err, CS_MALFORMED, "%s: longer than %zu octets", type->short_name, max);
		return NULL;
	}
	message = protobuf_c_message_unpack(type, &allocator, octets.len, octets.data);
	if (message == NULL)
		(void)cs_fail(err, CS_MALFORMED, "%s: cannot be parsed", type->short_name);
	else if (protobuf_c_message_get_packed_size(message) != octets.len) {
		(void)cs_fail(err, CS_MALFORMED,
		    "%s: not in its shortest form, or a text holds a NUL", type->short_name);
		return NULL;
	}
	return message;
}

enum cs_code
pack_read_id(const ProtobufCBinaryData *data, struct cs_id *ret_id, struct cs_err *err)
{
	if (data->len != sizeof(ret_id->octets))
		return cs_fail(err, CS_MALFORMED, "request_id is not 16 octets");
	memcpy(ret_id->octets, data->data, sizeof(ret_id->octets));
	return CS_OK;
}

bool
pack_is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len > 0 && len <= PACK_NAME_MAX && cs_utf8_valid(cs_span_str(text));
}

struct cs_span
pack_write(struct cs_arena *arena, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	uint8_t *octets = cs_arena_alloc(arena, len);

	(void)protobuf_c_message_pack(message, octets);
	return cs_span_of(octets, len);
}

/* protobuf-c writes only to what it unpacked itself: the casts take nothing away. */
char *
pack_text(const char *text)
{
	return (char *)(uintptr_t)(text != NULL ? text : "");
}

ProtobufCBinaryData
pack_octets(struct cs_span octets)
{
	return (ProtobufCBinaryData){ octets.len, (uint8_t *)(uintptr_t)octets.data };
}

ProtobufCBinaryData
pack_id(const struct cs_id *id)
{
	return pack_octets(cs_span_of(id->octets, sizeof(id->octets)));
}
