/* SPDX-License-Identifier: Apache-2.0 */
/* canon.h: the octets that a signature is over (RFC 6376 3.4).  Pure, linear in what is given. */
#ifndef DKIM_CANON_H
#define DKIM_CANON_H

#include "dkim/mail.h"

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };

/* A field with its CRLF. */
void dkim_canon_field(struct cs_buf *out, const struct dkim_field *field, enum dkim_canon canon);
/* The signature's own field: with the octets of `hole` (inside it) left out, and without its CRLF. */
void dkim_canon_own_field(
    struct cs_buf *out, const struct dkim_field *field, struct cs_span hole, enum dkim_canon canon);
/* The whole body. */
struct cs_span dkim_canon_body(struct cs_arena *arena, struct cs_span body, enum dkim_canon canon);

#endif
