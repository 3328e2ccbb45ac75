/* SPDX-License-Identifier: Apache-2.0 */
/* encode.h: how text travels in a mail (RFC 2045, RFC 2047), for message.c.  Pure. */
#ifndef MAIL_ENCODE_H
#define MAIL_ENCODE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

/*
 * UTF-8 without control characters (C0, DEL, C1), line and paragraph separators, and the marks that
 * turn the direction of what follows.  With `lines`: LF, CRLF and tab are allowed, a CR alone is not.
 */
bool mail_text_valid(struct cs_span text, bool lines);

/* The value of a field like Subject: as it is, or in encoded words folded over lines. */
void mail_add_unstructured(struct cs_buf *out, const char *text);
/* A display name: a quoted string, or encoded words. */
void mail_add_phrase(struct cs_buf *out, const char *text);

/* Every line, also the last, ends in CRLF. */
struct cs_span mail_crlf_lines(struct cs_arena *arena, struct cs_span text);
/*
 * Can travel as 7bit unharmed: ASCII, lines of 998 octets at most (RFC 5322 2.1.1), none that mailers are
 * known to touch.
 */
bool mail_body_is_plain(struct cs_span crlf_lines);
/* RFC 2045 6.7. */
void mail_add_quoted_printable(struct cs_buf *out, struct cs_span crlf_lines);

#endif
