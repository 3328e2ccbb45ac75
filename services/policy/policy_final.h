/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_final.h: the final plan: when it is made, what its attempts come to, and its end.  Pure.  For policy.c
 * alone: whoever has a fact asks policy.h.
 */
#ifndef POLICY_FINAL_H
#define POLICY_FINAL_H

#include "policy.h"

/*
 * Request and approval are here, the plan is made, approved or final: the final plan, or what it still waits for, or
 * no.  `looks_anew`: as of struct policy_need.
 */
void policy_final_try(const struct policy_setting *in, struct policy_step *step, bool looks_anew);
/*
 * A request that was approved in itself, and that may be made: the final plan, if everything that people prove
 * stands, no second factor is wanted, the approval is less than a day old, and no other came first.  False: nothing
 * changed, it gets a first plan as any other.
 */
CS_MUST_USE bool policy_final_at_once(const struct policy_setting *in, struct policy_step *step,
    const struct policy_identified *identified, const struct claim_approval *approval);
/* Of a final plan, already remembered among step->next.proofs.  What answers no attempt of it changes nothing. */
void policy_final_evidence(const struct policy_setting *in, struct policy_step *step,
    const struct claim_evidence *evidence);
/* The due_ms of a final plan has come. */
void policy_final_due(const struct policy_setting *in, struct policy_step *step);

#endif
