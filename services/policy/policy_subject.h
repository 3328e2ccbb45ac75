/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_subject.h: what a subject says beside its common name.  A profile says which attributes people see
 * (RDNs); an operator may have set their values for one person (certificate details); the person may type in
 * the others.  Pure.
 */
#ifndef POLICY_SUBJECT_H
#define POLICY_SUBJECT_H

#include "policy_checks.h"

/* Whose value it is: in this order, the first that there is. */
enum policy_from {
	POLICY_FROM_EVIDENCE, /* it was verified, and nothing else counts where it must be */
	POLICY_FROM_OPERATOR, /* set for this person */
	POLICY_FROM_PROFILE,  /* the same for everybody */
	POLICY_FROM_PERSON,   /* typed in: nobody verified it */
	POLICY_FROM_NOBODY    /* there is none */
};

/* One attribute as it is shown. */
struct policy_field {
	const char *name;  /* "organizationalUnitName" */
	const char *value; /* "" for none */
	enum policy_from from;
	bool required;
	bool editable;   /* by who is shown it */
	bool unverified; /* to be said beside it: nobody verified, or will verify, the value */
};

/*
 * The attributes of the profile, which is known, in its order and filled in as far as there are values.
 * `verified`: of policy_identified, or all NULL; `wishes`: what the person typed in, or none; `by_operator`:
 * shown to an operator, who sees and does not type.  In `arena`; at most n_rdns.
 */
size_t policy_subject_fields(const struct policy_config *config,
    const struct smime_identity *verified, const struct claim_values *wishes, bool by_operator,
    struct cs_arena *arena, struct policy_field **ret_fields);

/*
 * Can a profile that leads to such a certificate show this attribute, with the value that it gives everybody?
 * False: *ret_why, its field "profile".
 */
CS_MUST_USE bool policy_rdn_fits(const struct smime_profile *certificate,
    const struct policy_rdn *rdn, struct cs_arena *arena, struct cs_refusal *ret_why);

/*
 * What the plan adds to the subject of this request.  *named: in, what was verified; out, with what is added.
 * False: *ret_why, which names the attribute ("subject.title") and what would mend it.
 */
CS_MUST_USE bool policy_subject_plan(const struct policy_config *config,
    const struct claim_request *request, struct cs_arena *arena, struct smime_identity *named,
    struct claim_values *ret_values, struct cs_refusal *ret_why);

#endif
