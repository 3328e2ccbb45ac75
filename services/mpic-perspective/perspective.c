/* SPDX-License-Identifier: Apache-2.0 */
#include "perspective.h"

#include <string.h>

void
perspective_answer(const struct claim_perspective_ask *ask, const struct probe_finding *finding,
    struct claim_perspective_answer *ret_answer)
{
	*ret_answer = (struct claim_perspective_answer){ .outcome = finding->outcome,
		.reason = finding->reason,
		.text = finding->text,
		.security = finding->security,
		.lookups = finding->lookups,
		.n_lookups = finding->n_lookups,
		.seen = finding->seen,
		.checked_at_ms = finding->checked_at_ms,
		.found_at = finding->found_at,
		.ttl_s = finding->ttl_s,
		.attempt = ask->attempt };
	memcpy(ret_answer->nonce, ask->nonce, sizeof(ret_answer->nonce));
	claim_check_digest(&ask->check, ret_answer->check_digest);
}
