/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_change.h: what a plan asks for that the plan before it did not, and why: people are shown it.  Pure.
 *
 * A check is new when the plan before had none of its id, or when what served it before serves it no more:
 * its proof has ended, or the method by which it was proved is no longer taken.
 */
#ifndef POLICY_CHANGE_H
#define POLICY_CHANGE_H

#include "policy_standing.h"

struct policy_change {
	bool any; /* the two ask for different things, or name somebody otherwise */
	bool
	    again[CLAIM_MAX_CHECKS]; /* of `now`: whoever looks at it must hear what is asked now */
};

/*
 * `was`: in force until now; `now`: as it is to be, with what stands attached to it by `need`.  Says in each new
 * check of `now` why it is asked for; one that was new before stays so.
 */
struct policy_change policy_change(const struct claim_plan *was, struct claim_plan *now,
    const struct policy_need *need, struct cs_arena *arena);

#endif
