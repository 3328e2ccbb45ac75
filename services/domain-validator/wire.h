/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: protobuf to our structs and back. */
#ifndef WIRE_H
#define WIRE_H

#include "domain.h"
#include "publish.h"

CS_MUST_USE enum cs_code wire_read_wish(
    struct cs_arena *arena, struct cs_span body, struct domain_wish *ret_wish, struct cs_err *err);
/* Which request needs no more proof. */
CS_MUST_USE enum cs_code wire_read_settled(
    struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);

/* What people are told of a challenge. */
struct wire_challenge {
	struct cs_id request;
	const struct domain_step *step; /* its challenge, and why there is no look now */
	const struct publication *publications;
	size_t n;
	const char *dns_name, *file_url; /* for those who read no publications yet */
	int64_t said_ms;
};
struct cs_span wire_write_challenge(struct cs_arena *arena, const struct wire_challenge *told);

#endif
