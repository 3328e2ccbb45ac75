/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_san.h: the names that a request gives, as its profile shows, wants and fixes them: mailboxes (rfc822Name,
 * SmtpUTF8Mailbox) and domains (dNSName).  Pure.
 *
 * A plan adds no name.  The signer takes names from the signed request alone, so that the request itself gives what
 * is fixed, and is told what to give when it does not.
 */
#ifndef POLICY_SAN_H
#define POLICY_SAN_H

#include "policy_subject.h"

/* One kind of names as it is shown. */
struct policy_san_field {
	const char *name;          /* "mailbox", "domain" */
	struct claim_texts values; /* fixed, or what a person starts with */
	enum policy_from from;     /* POLICY_FROM_OPERATOR, _PROFILE or _NOBODY */
	bool shown;
	bool required; /* a request without one is refused */
	bool fixed;    /* a request gives these values, all and no other */
	bool editable; /* by who is shown it */
};

/* "mailbox", "domain". */
const char *policy_san_name(enum policy_san kind);
CS_MUST_USE bool policy_san_parse(const char *name, enum policy_san *ret_kind);

/*
 * Both kinds, filled in as far as there are values.  `by_operator`: shown to an operator, who sees and does not type.
 * In `arena`.
 */
void policy_san_fields(const struct policy_config *config, bool by_operator, struct cs_arena *arena,
    struct policy_san_field ret_fields[static POLICY_SANS]);

/*
 * Does the request give the names that its profile wants and fixes, and none that it hides?  False: *ret_why, with the
 * names that would mend it.
 */
CS_MUST_USE bool policy_sans_hold(const struct policy_config *config,
    const struct claim_request *request, struct cs_arena *arena, struct cs_refusal *ret_why);

#endif
