/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_factor.h: what must whoever approves a request prove beside the login, and was it proved?  Pure.
 *
 * Which method is wanted is a setting of the profile, else of the enterprise.  Where its codes go, whose
 * password of a directory proves it, and who has to log in at a provider, is what operators set for the person who approves: nobody else says so.  That it was proved is a statement of whom the
 * trust table lets make it; request-intake only carries it.
 */
#ifndef POLICY_FACTOR_H
#define POLICY_FACTOR_H

#include "policy.h"

#define POLICY_FACTOR_SUBJECT "ask.policy.factor"
#define POLICY_FACTOR_MS (15 * CS_MINUTE_MS) /* from the proof to the approval that it is for */

/* Do the settings ask for one?  NULL and "": they do not. */
bool policy_factor_is_wanted(const char *demanded);
/*
 * Is the approval made good by the proof that it carries?  True where nothing is `demanded`.  `now_ms`: an approval
 * may be made good for POLICY_APPROVAL_MS, and so may its proof.
 */
CS_MUST_USE bool policy_factor_holds(const char *demanded, const struct claim_request *request,
    const struct claim_approval *approval, const struct policy_factor *factor, int64_t now_ms,
    struct cs_refusal *ret_why);

struct policy_factor_ask {
	const char *enterprise, *account;
};
enum policy_factor_result {
	POLICY_FACTOR_UNKNOWN, /* no such request that this account could approve now */
	POLICY_FACTOR_NONE,    /* nothing is to be proved */
	POLICY_FACTOR_NO_ADDRESS,
	POLICY_FACTOR_ORDER
};
struct policy_factor_answer {
	enum policy_factor_result result;
	struct claim_factor_order order; /* of ORDER */
	const char *field;               /* of NO_ADDRESS: what the person's document lacks */
	const char *method;              /* of both */
};
/* "unknown", "none", "no-address", "order". */
const char *policy_factor_result_name(enum policy_factor_result result);
struct policy_factor_answer
policy_factor_ask(const struct policy_case *c, const struct policy_factor_ask *ask, int64_t now_ms);

#endif
