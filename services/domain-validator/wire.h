/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: protobuf to our structs and back. */
#ifndef WIRE_H
#define WIRE_H

#include "domain.h"

CS_MUST_USE enum cs_code wire_read_wish(
    struct cs_arena *arena, struct cs_span body, struct domain_wish *ret_wish, struct cs_err *err);
struct cs_span wire_write_challenge(struct cs_arena *arena, struct cs_id request,
    const struct domain_challenge *challenge, const char *dns_name, const char *file_url);

#endif
