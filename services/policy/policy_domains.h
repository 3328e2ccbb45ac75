/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_domains.h: which domains people of an enterprise may name, and to whom each is bound.  Pure.
 *
 *   mode             people may name     each is bound to the first who proved it
 *   approved         approved domains    no
 *   approved-owned   approved domains    yes
 *   any-owned        these or new ones   yes
 *   any              these or new ones   no
 *
 * Approved is a name whose closest domain of the enterprise's list, at it or above, is active, and for which
 * domain evidence of the enterprise stands that covers it.  What is bound to a person is so with everything
 * below it, down to what is bound to somebody else.
 *
 * This is about the domains that a request names, or those of its mailboxes where their domains are
 * proved; a mailbox that is proved by itself may be anywhere.
 */
#ifndef POLICY_DOMAINS_H
#define POLICY_DOMAINS_H

#include "policy_checks.h"
#include "policy_standing.h"

/* "approved", "approved-owned", "any-owned", "any". */
const char *policy_domain_mode_name(enum policy_domain_mode mode);
/* False: no mode has this name. */
CS_MUST_USE bool policy_domain_mode_parse(const char *name, enum policy_domain_mode *ret_mode);

/* Is each domain bound to the first who proved it? */
bool policy_domain_mode_binds(enum policy_domain_mode mode);

/* False: `domain-not-approved`, `domain-not-active`, `domain-not-verified` or `domain-of-another`. */
CS_MUST_USE bool
policy_domains_permit(const struct policy_config *config, const struct policy_need *need,
    const struct claim_request *request, struct cs_arena *arena, struct cs_refusal *ret_why);

/*
 * Until when evidence of the enterprise stands for the domain, by whichever method; 0: none does that is
 * fresh at need->until_ms.  It is what "verified" says of a domain of the enterprise's list.
 */
int64_t policy_domain_verified_until(const struct policy_need *need, const char *enterprise,
    const char *domain, struct cs_arena *arena);

/* To whom the domain is bound, itself or by what is closest above it; NULL: to nobody. */
const struct policy_ownership *
policy_domain_owner(const struct policy_config *config, const char *domain);

/*
 * In the modes that bind: what the request itself proved (the name that was shown to be theirs, which may
 * lie above the one asked for) is bound to its account, unless it is somebody's already.  New ones are
 * marked, and stand in config->ownerships, which is then a copy in the arena.
 */
void policy_domains_bind_proved(struct policy_config *config, const struct policy_need *need,
    const struct claim_request *request, struct cs_arena *arena);
/*
 * The same of every domain that the request names, once all of them are proved and the person wants the
 * certificate: what the enterprise had proved before is bound by its first use, and not by a mere wish.
 */
void policy_domains_bind_used(
    struct policy_config *config, const struct claim_request *request, struct cs_arena *arena);

#endif
