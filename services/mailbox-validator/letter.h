/* SPDX-License-Identifier: Apache-2.0 */
/*
 * letter.h: the mail with the token: fixed text, no attachment, and at most one link, of our own page.
 * Nothing that the person who asks has chosen is in it: the name of the enterprise is its operator's
 * word.  Pure.
 */
#ifndef MAILBOX_LETTER_H
#define MAILBOX_LETTER_H

#include "wire.h"

/* What all mails of this service have in common, and the moment. */
struct letter_frame {
	struct cs_span token_key;
	const char *from;
	const char *reply_to;    /* of a mail that wants an answer; NULL for the others */
	const char *confirm_url; /* of the page that a link opens; NULL or "": no link */
	int64_t now_ms;
};

/*
 * The whole mail, CRLF lines, in `arena`: the only place where its token lies in clear, so the caller
 * wipes it.  One that wants an answer (RFC 8823 3.1) has part 1 in its subject.  CS_MALFORMED: an address
 * that we do not mail to.
 */
CS_MUST_USE enum cs_code letter_write(struct cs_arena *arena, const struct letter_frame *frame,
    const struct mailbox_letter *letter, struct cs_span *ret_octets, struct cs_err *err);

#endif
