/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pack.h: protobuf messages out of octets and into octets, in an arena.
 *
 * Reading refuses whatever packs to another length than was received: that is what embedded NULs,
 * fields given twice, explicit defaults and overlong numbers do, and protobuf-c hides all of them.
 * Fields that are not known yet stay in the message and count, so that newer writers are understood.
 */
#ifndef PACK_PACK_H
#define PACK_PACK_H

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

#define PACK_NAME_MAX 128 /* octets of an identifier */

/*
 * A message of `type` that lives in `arena`; NULL and *err (CS_MALFORMED): it is longer than `max`
 * octets, cannot be parsed, or is not in its one form.  Texts in it may still be no UTF-8.
 */
void *pack_read(struct cs_arena *arena, const ProtobufCMessageDescriptor *type,
    struct cs_span octets, size_t max, struct cs_err *err);
/* CS_MALFORMED: these are not the 16 octets of an identifier. */
CS_MUST_USE enum cs_code
pack_read_id(const ProtobufCBinaryData *data, struct cs_id *ret_id, struct cs_err *err);
/* 1 to PACK_NAME_MAX octets of UTF-8 without control characters. */
bool pack_is_name(const char *text);

/* Into `arena`; cannot fail. */
struct cs_span pack_write(struct cs_arena *arena, const ProtobufCMessage *message);
/* For the fields of a message to be written; what they point to is borrowed.  NULL is the empty text. */
char *pack_text(const char *text);
ProtobufCBinaryData pack_octets(struct cs_span octets);
ProtobufCBinaryData pack_id(const struct cs_id *id);

#endif
