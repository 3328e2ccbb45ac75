/* SPDX-License-Identifier: Apache-2.0 */
/* bounce.h: what a mail server says about a mail of ours (RFC 3464), for read.c. */
#ifndef REPLY_BOUNCE_H
#define REPLY_BOUNCE_H

#include "reply/mime.h"
#include "reply/reply.h"

/* `auto_submitted` may be NULL. */
void bounce_read(struct cs_arena *arena, const struct mime *mime, bool null_sender,
    const char *auto_submitted, struct reply_bounce *ret_bounce);

#endif
