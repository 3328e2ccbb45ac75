/* SPDX-License-Identifier: Apache-2.0 */
/* caa.h: what the look at CAA becomes as evidence.  Pure. */
#ifndef CAA_H
#define CAA_H

#include "claim/claim.h"
#include "probe/probe.h"

/* SBR 4.2.2.1: a signature may rest on a CAA check for the larger of its TTL and eight hours. */
#define CAA_WINDOW_MS (8 * INT64_C(3600000))
/* However long a TTL is: a week is as far as we believe one. */
#define CAA_WINDOW_MAX_MS (7 * INT64_C(86400000))

int64_t caa_valid_until_ms(int64_t checked_at_ms, uint32_t ttl_s);
/* The evidence of this order; borrows from both. */
void caa_evidence(const struct claim_asked *asked, const struct probe_finding *finding,
    struct claim_evidence *ret_evidence);

#endif
