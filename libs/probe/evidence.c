/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.c: what was found, as evidence says it.  Pure. */
#include "probe/probe.h"

void
probe_into_evidence(const struct probe_finding *finding, struct claim_evidence *evidence)
{
	evidence->outcome = finding->outcome;
	evidence->reason = finding->reason;
	evidence->clause = finding->clause;
	evidence->text = finding->text;
	evidence->security = finding->security;
	evidence->found_at = finding->found_at;
	evidence->ttl_s = finding->ttl_s;
	evidence->lookups = finding->lookups;
	evidence->n_lookups = finding->n_lookups;
	evidence->seen = finding->seen;
	evidence->detail = finding->detail;
	evidence->checked_at_ms = finding->checked_at_ms;
}
