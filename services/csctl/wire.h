/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: any event of the catalogue as JSON, for people and scripts; octets become hexadecimal. */
#ifndef CSCTL_WIRE_H
#define CSCTL_WIRE_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* `message` as in the catalogue; a signed one is unwrapped, its key id is told.  NULL: unreadable. */
json_t *wire_event_json(const char *message, bool is_signed, struct cs_span body);

/* The chain in a certificate.issued, copied into ret_chain: at most `max`.  CS_MALFORMED. */
CS_MUST_USE enum cs_code wire_chain(struct cs_arena *arena, struct cs_span body,
    struct cs_span *ret_chain, size_t max, size_t *ret_n, struct cs_err *err);

#endif
