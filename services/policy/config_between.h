/* SPDX-License-Identifier: Apache-2.0 */
/* config_between.h: what must hold between documents, whichever of them a call changes.  Pure. */
#ifndef POLICY_CONFIG_BETWEEN_H
#define POLICY_CONFIG_BETWEEN_H

#include "config.h"

/*
 * May all wishes of the call become true together?  What they refer to must be there and of use, names of profiles
 * must not be the platform's, and what goes away must be in nobody's use.  `docs`: as they would be then; `state`: as it was
 * loaded.  False: *ret_answer is a refusal, 409 or 422, that names the document.
 */
CS_MUST_USE bool config_holds_together(struct cs_arena *arena, const struct config_ask *ask,
    const struct config_doc *docs, const struct config_state *state,
    struct config_answer *ret_answer);

#endif
