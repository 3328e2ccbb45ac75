/* SPDX-License-Identifier: Apache-2.0 */
/* perspective.h: what was found becomes the answer to one question.  Pure. */
#ifndef PERSPECTIVE_H
#define PERSPECTIVE_H

#include "claim/claim.h"
#include "probe/probe.h"

/* Bound to the question by its nonce and the check's digest; borrows from both. */
void perspective_answer(const struct claim_perspective_ask *ask,
    const struct probe_finding *finding, struct claim_perspective_answer *ret_answer);

#endif
