/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.h: a received mail as header fields and body, octet for octet (RFC 5322 2.2).  Pure.
 *
 * Whoever decides about a mail looks at it through these fields, and so does the check of its
 * signatures: what is signed is what is read.  Nothing is repaired: what other readers might see
 * otherwise (a line end that is not CRLF, NUL, blanks before a colon, a line of blanks inside the
 * header) refuses the mail.
 */
#ifndef DKIM_MAIL_H
#define DKIM_MAIL_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

#define DKIM_MAIL_MAX 1048576 /* octets, header and body */
#define DKIM_HEADER_MAX 65536 /* octets, all fields */
#define DKIM_FIELDS_MAX 512
#define DKIM_NAME_MAX 76 /* octets of a field's name */

struct dkim_field {
	struct cs_span name;  /* printable ASCII without colon, case as written */
	struct cs_span value; /* after the colon, still folded, without the last CRLF */
	struct cs_span whole; /* name to last CRLF */
};

struct dkim_mail {
	const struct dkim_field *fields; /* top to bottom */
	size_t fields_len;
	struct cs_span body; /* after the empty line; may be empty */
};

/*
 * `octets` without dot-stuffing; the mail borrows from them, its table lives in `arena`.  False:
 * *ret_why, codes "mail-size", "mail-octets", "mail-header", "mail-header-size".
 */
CS_MUST_USE bool dkim_mail_read(struct cs_arena *arena, struct cs_span octets,
    struct dkim_mail *ret_mail, struct cs_refusal *ret_why);

/* ASCII case folds.  How many fields have this name; the first of them, NULL: none. */
size_t dkim_mail_count(const struct dkim_mail *mail, struct cs_span name);
const struct dkim_field *dkim_mail_first(const struct dkim_mail *mail, const char *name);

/* The fields at the start of `octets` up to an empty line or their end: also of parts and reports. */
CS_MUST_USE bool dkim_fields_read(struct cs_arena *arena, struct cs_span octets,
    struct dkim_mail *ret_mail, struct cs_refusal *ret_why);

bool dkim_name_equal(struct cs_span a, struct cs_span b); /* ASCII case folds */

#endif
