/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime.h: the parts of a mail (RFC 2046), for this library alone; mime.c is the only door to gmime.
 *
 * gmime sees a mail's Content-Type, Content-Transfer-Encoding and body, and nothing else of its header. It
 * finds the parts and undoes their transfer encoding; what is in them is read elsewhere. No character set is
 * converted.
 */
#ifndef REPLY_MIME_H
#define REPLY_MIME_H

#include "dkim/mail.h"

enum mime_shape { MIME_PLAIN, MIME_ALTERNATIVE, MIME_REPORT, MIME_OTHER };

struct mime {
	enum mime_shape shape;
	/* Of MIME_PLAIN, and of MIME_ALTERNATIVE its children. */
	size_t texts;          /* how many text/plain; 1 is what answers have */
	struct cs_span text;   /* the first, decoded; in the arena */
	bool text_undecodable; /* its transfer encoding is none of the five of RFC 2045 */
	/* Of MIME_REPORT (RFC 6522); empty when not there. */
	struct cs_span status;   /* message/delivery-status, decoded */
	struct cs_span original; /* header fields of the mail that it is about */
};

/* Loads what gmime loads late; mime_read() does it by itself. */
void mime_start(void);

/* Whatever the body is; with more than 1,000 lines that begin with "--" it is MIME_OTHER; the two fields are there once at most (asserted). */
void mime_read(struct cs_arena *arena, const struct dkim_mail *mail, struct mime *ret_mime);

#endif
