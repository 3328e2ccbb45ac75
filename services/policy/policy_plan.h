/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_plan.h: what first and final plans are made of, and how a step changes one.  Pure.  For policy.c and
 * policy_final.c alone: whoever has a fact asks policy.h.
 */
#ifndef POLICY_PLAN_H
#define POLICY_PLAN_H

#include "policy.h"

/* ---- steps ---- */

/* To a state that policy_may_move() allows; nothing is due in it until the caller says when. */
void
policy_plan_move(const struct policy_setting *in, struct policy_step *step, enum policy_state to);
/* The request is refused: what the step had to tell until now it tells no more. */
void policy_plan_refuse(const struct policy_setting *in, struct policy_step *step,
    struct cs_refusal why, const char *check_id);
/* Which field of the request a check is about: static, or in the arena. */
const char *policy_plan_field(
    const struct policy_plan *plan, const struct claim_check *check, struct cs_arena *arena);
/* Checks and progress of the old case stay as they were: from now on the plan has its own, to be changed. */
void policy_plan_own_checks(const struct policy_setting *in, struct policy_plan *plan);

/* ---- attempts, of the i-th check of the plan ---- */

/* From 0 to below `span_ms`, another for each check of one decision. */
int64_t policy_plan_jitter(const struct policy_setting *in, size_t i, int64_t span_ms);
/* Silence until its deadline and a little more counts as "could not tell". */
void policy_plan_start_attempt(const struct policy_setting *in, struct policy_step *step, size_t i);
/* People verified it, `identified` has their record: the attempt is to say so, and is proved by that. */
void policy_plan_state_identity(const struct policy_setting *in, struct policy_step *step, size_t i,
    const struct policy_identified *identified);

/* ---- plans ---- */

/* What evidence must be to serve a final plan that is made now. */
struct policy_need policy_plan_need(const struct policy_setting *in, const struct policy_case *c);
/* Of the check with this id; n_checks: the plan has none. */
size_t policy_plan_position(const struct policy_plan *plan, const char *check_id);
/*
 * May it be asked for, and what does it rest on?  False: *ret_why, and *ret may be changed.
 */
CS_MUST_USE bool policy_plan_may_request(const struct policy_setting *in,
    const struct policy_step *step, struct policy_identified *ret, struct cs_refusal *ret_why);
/*
 * The checks as rules, profile and evidence demand them now, and everything else of a plan but its end.
 * `identified`: as policy_plan_may_request says.  `looks_anew`: as of struct policy_need.
 */
struct claim_plan policy_plan_draft(const struct policy_setting *in, const struct policy_case *c,
    const struct policy_identified *identified, bool looks_anew);
/* It is the plan from now on; numbers of attempts go on, no attempt is under way. */
void policy_plan_take(
    const struct policy_setting *in, struct policy_plan *plan, const struct claim_plan *drafted);

#endif
