/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter.h: the mail with the token: fixed text, no link, no attachment.  Nothing that the person who asks
 * has chosen is in it: the name of the enterprise is its operator's word.  Pure.
 */
#ifndef MAILBOX_LETTER_H
#define MAILBOX_LETTER_H

#include "wire.h"

/*
 * The whole mail, CRLF lines, in `arena`: the only place where its token lies in clear, so the caller
 * wipes it.  One that wants an answer (RFC 8823 3.1) has part 1 in its subject and goes with `reply_to`; for
 * the others that is NULL.  CS_MALFORMED: an address that we do not mail to.
 */
CS_MUST_USE enum cs_code letter_write(struct cs_arena *arena, struct cs_span token_key,
    const struct mailbox_letter *letter, const char *from, const char *reply_to, int64_t now_ms,
    struct cs_span *ret_octets, struct cs_err *err);

#endif
