/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h: builds the text mails that we send (RFC 5322, RFC 2045, RFC 2047, RFC 3834).  Pure: time
 * and identifier are parameters.
 *
 * Every value is checked and none is repaired: a line end, NUL or other control character in a header
 * value refuses the whole mail, so that no value can become a header field or a recipient.
 */
#ifndef MAIL_MESSAGE_H
#define MAIL_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

#define MAIL_SUBJECT_MAX 512 /* octets of UTF-8 */
#define MAIL_BODY_MAX 262144 /* octets of UTF-8 */

struct mail_message {
	const char *from;        /* address */
	const char *from_name;   /* UTF-8 display name, or NULL */
	const char *to;          /* address: the only recipient */
	const char *reply_to;    /* address, or NULL */
	const char *subject;     /* UTF-8, one line */
	const char *body;        /* UTF-8; LF or CRLF ends lines; tabs, but no other controls */
	const char *auto_type;   /* "; type=..." of Auto-Submitted (RFC 8823: "acme"), or NULL */
	const char *in_reply_to; /* "<id@domain>", or NULL */
	struct cs_id id;         /* left side of Message-ID; the right side is the From domain */
	int64_t date_ms;         /* Date, in UTC */
};

/*
 * The mail with CRLF line ends and no line over 998 octets, dots not stuffed; lives in `arena`.
 * CS_MALFORMED names the value that was refused.
 */
CS_MUST_USE enum cs_code mail_message_write(const struct mail_message *message,
    struct cs_arena *arena, struct cs_span *ret_octets, struct cs_err *err);

/* ASCII dot-string @ LDH domain of two labels or more; 64, 253 and 254 octets at most. */
bool mail_address_valid(const char *address);

#endif
