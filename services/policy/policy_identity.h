/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_identity.h: who an enterprise or a person is, as people verified it and an operator recorded it
 * (SBR 3.2.3, 3.2.4, 3.2.6).  Which record counts for a request, and what is stated of it.  Pure.
 */
#ifndef POLICY_IDENTITY_H
#define POLICY_IDENTITY_H

#include "base/refusal.h"
#include "claim/claim.h"
#include "smime/identity.h"

/* One verification.  It counts when a second person approved it, until it is withdrawn or too old. */
struct policy_identity {
	struct cs_id id;
	enum claim_kind kind;             /* organization, authority or individual */
	const char *enterprise, *account; /* account "" but for an individual */
	struct cs_span attributes;   /* smime/identity.h; of an authority: the organization's */
	const char *method, *source; /* source: which register and number, which document */
	const char *verified_by, *approved_by;   /* approved_by "": nobody yet */
	int64_t verified_at_ms, withdrawn_at_ms; /* withdrawn 0: it stands */
};

struct policy_identities {
	const struct policy_identity *items; /* of the enterprise and of the account that asks */
	size_t n;
};

/* What a certificate of this type rests on; NULL where it needs none. */
struct policy_identified {
	const struct policy_identity *organization, *authority, *individual;
	struct smime_identity subject; /* what it may name */
	struct claim_values stated;    /* of that, what nobody verified: policy_subject.h */
};

/*
 * Of each kind that the type needs the newest record that counts from now_ms until until_ms.  A
 * withdrawal of one that counted speaks of everything that was verified no later than that, with the same
 * attributes, by the same method.
 * False: *ret_why names the kind, and what an operator has to do.
 */
CS_MUST_USE bool policy_identify(const struct policy_identities *identities, enum smime_type type,
    const struct claim_request *request, int64_t now_ms, int64_t until_ms, struct cs_arena *arena,
    struct policy_identified *ret, struct cs_refusal *ret_why);

/* Does this kind of check need no look, because people verified it? */
bool policy_identity_kind(enum claim_kind kind);

/* The check that it proves, without number, standing or attempt. */
struct claim_check policy_identity_check(const struct policy_identity *identity);
/* What is stated of it for this check of this request: proved, since people verified it. */
struct claim_evidence
policy_identity_state(const struct policy_identity *identity, const struct claim_request *request,
    const struct claim_check *check, int64_t now_ms, struct cs_arena *arena);
/* What is stated when it was withdrawn, in its own name: it voids what was stated before. */
struct claim_evidence policy_identity_withdraw(
    const struct policy_identity *identity, int64_t now_ms, struct cs_arena *arena);

#endif
