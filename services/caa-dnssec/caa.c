/* SPDX-License-Identifier: Apache-2.0 */
#include "caa.h"

int64_t
caa_valid_until_ms(int64_t checked_at_ms, uint32_t ttl_s)
{
	int64_t window_ms = (int64_t)ttl_s * 1000;

	if (window_ms < CAA_WINDOW_MS)
		window_ms = CAA_WINDOW_MS;
	if (window_ms > CAA_WINDOW_MAX_MS)
		window_ms = CAA_WINDOW_MAX_MS;
	return checked_at_ms + window_ms;
}

void
caa_evidence(const struct claim_asked *asked, const struct probe_finding *finding,
    struct claim_evidence *ret_evidence)
{
	claim_evidence_for(asked, ret_evidence);
	probe_into_evidence(finding, ret_evidence);
	ret_evidence->perspective = "primary";
	ret_evidence->valid_until_ms =
	    finding->outcome == CLAIM_PROVED
		? caa_valid_until_ms(finding->checked_at_ms, finding->ttl_s)
		: finding->checked_at_ms;
}
