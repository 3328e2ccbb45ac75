/* SPDX-License-Identifier: Apache-2.0 */
/* mend.h: what a person can do about a domain that was not proved.  Pure. */
#ifndef INTAKE_MEND_H
#define INTAKE_MEND_H

#include "claim/claim.h"

/* By the evidence's outcome, DNSSEC state and reason; "" for a proof. */
const char *mend_domain(const struct claim_evidence *evidence);

#endif
