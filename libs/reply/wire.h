/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h: what goes between a crew and its children (proto/reply.proto).  Inside reply only.
 *
 * A question comes from the parent and is believed.  An answer comes from a process that may have been taken
 * over by a mail: sizes, counts, enums and texts are checked, a key that is to be looked up is one of the
 * domain in From, and a verdict is about a key that was given.
 */
#ifndef REPLY_WIRE_H
#define REPLY_WIRE_H

#include "reply/crew.h"

struct wire_ask {
	bool verify; /* else read */
	struct cs_span mail;
	const char *envelope_from;
	const struct reply_key *keys;
	size_t keys_len;
	int64_t now_ms;
	unsigned flags;
};

struct cs_span wire_put_ask(struct cs_arena *arena, const struct wire_ask *ask);
CS_MUST_USE enum cs_code wire_read_ask(
    struct cs_arena *arena, struct cs_span octets, struct wire_ask *ret_ask, struct cs_err *err);

struct cs_span wire_put_reading(struct cs_arena *arena, const struct reply_reading *reading);
struct cs_span wire_put_verdict(struct cs_arena *arena, const struct reply_verdict *verdict);
/* CS_MALFORMED: not what a child of ours says. */
CS_MUST_USE enum cs_code wire_read_reading(struct cs_arena *arena, struct cs_span octets,
    struct reply_reading *ret_reading, struct cs_err *err);
CS_MUST_USE enum cs_code
wire_read_verdict(struct cs_arena *arena, struct cs_span octets, const struct reply_key *keys,
    size_t keys_len, struct reply_verdict *ret_verdict, struct cs_err *err);

#endif
