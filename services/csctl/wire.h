/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: any event of the catalogue as JSON, for people and scripts; octets become hexadecimal. */
#ifndef CSCTL_WIRE_H
#define CSCTL_WIRE_H

#include <jansson.h>

#include "base/span.h"

/* `message` as in the catalogue; a signed one is unwrapped, its key id is told.  NULL: unreadable. */
json_t *wire_event_json(const char *message, bool is_signed, struct cs_span body);

#endif
