/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h: the one parser of mail addresses.  No other code splits a string at '@'.
 *
 * Accepts dot-atoms only (RFC 5321 4.1.2 Mailbox, RFC 6532 3.2 for the local part) and refuses what
 * parsers are known to disagree about: quoted local parts, comments, routes, '%' and '!', address
 * literals, encoded words, control, bidirectional and invisible characters, mixed scripts.  Nothing
 * is repaired.
 */
#ifndef SMIME_ADDRESS_H
#define SMIME_ADDRESS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

#define SMIME_LOCAL_MAX 64    /* octets, RFC 5321 4.5.3.1.1 */
#define SMIME_DOMAIN_MAX 253  /* octets of the A-label form, RFC 1035 2.3.4 */
#define SMIME_ADDRESS_MAX 254 /* octets of the canonical form, RFC 5321 4.5.3.1.3 */

struct smime_address {
	const char *local;     /* exactly as written: no case, dot or tag is touched */
	const char *domain;    /* lower-case A-labels, at least two */
	const char *canonical; /* local@domain: what is compared, stored and certified */
	bool utf8_local; /* not ASCII: certified as SmtpUTF8Mailbox (RFC 9598), else rfc822Name */
};

/*
 * True and *ret_address (in `arena`), or false and *ret_why; the other is untouched.  Says nothing
 * about whether the domain may be served: see smime_domain_judge.
 */
CS_MUST_USE bool smime_address_parse(struct cs_arena *arena, struct cs_span text,
    struct smime_address *ret_address, struct cs_refusal *ret_why);

#endif
