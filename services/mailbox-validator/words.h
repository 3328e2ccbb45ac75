/* SPDX-License-Identifier: Apache-2.0 */
/* words.h: what people are told beside a mail server's own words.  Pure. */
#ifndef MAILBOX_WORDS_H
#define MAILBOX_WORDS_H

#include "base/arena.h"

/* The enhanced status (RFC 3463) of a reply: "5.1.1" of "550 5.1.1 No such mailbox"; "": it has none. */
const char *mailbox_status_of(struct cs_arena *arena, const char *reply);
/* What would mend it, by the reason of a challenge event; "": nothing that people could do. */
const char *mailbox_mend_of(const char *reason);

#endif
