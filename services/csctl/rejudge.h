/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rejudge.h: judges an evidence pack again, as of the instant when the signer judged it.  Pure: what the
 * signer asked of its database lies in the pack, bound by the signer's audit log to what it then saw.
 *
 * It rests on three things that come from elsewhere: the trust table (which keys could state what, and sign
 * heads of the log), the root certificate, and this program's rules, which know the days they change on.
 */
#ifndef CSCTL_REJUDGE_H
#define CSCTL_REJUDGE_H

#include "bundle.h"
#include "claim/claim.h"

#define REJUDGE_STEPS 16

struct rejudge_step {
	const char *name; /* what of the pack it is about: "log", "case", "gate", ... */
	bool holds;
	const char *text; /* what was proved, or what is wrong */
};

struct rejudge {
	struct rejudge_step steps[REJUDGE_STEPS];
	size_t n;
	bool holds; /* every step; after the first that does not hold come none that rest on it */
};

/* `trust` for envelopes and heads; `root` (DER) empty: the chain is not followed to a root. */
void rejudge(struct cs_arena *arena, const struct bundle *pack, const struct claim_trust *trust,
    struct cs_span root, struct rejudge *ret);

/*
 * What the signer weighed, from what is in the pack; envelopes are read, not verified.  For the digest of
 * the case (gate_case_sha256).  False: something in it cannot be read.
 */
bool rejudge_case(struct cs_arena *arena, const struct bundle *pack, struct gate_case *ret,
    struct claim_plan *ret_plan);
/*
 * A refusal that another request met with, there because it voids what was proved before.  The gate asks for
 * its own time alone, and that is what a pack states as its time of receipt.
 */
bool rejudge_is_denial(
    const struct gate_evidence *evidence, struct cs_id request, const struct claim_plan *plan);
/* The record by which the certificate was last judged before it was issued; NULL: there is none. */
const struct audit_record *rejudge_judgement(const struct bundle *pack);

#endif
