/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_standing.h: which evidence that stands serves which check.  Pure.
 *
 * A proof serves exactly what it proved: a mailbox proof the same enterprise, account and
 * mailbox; a domain proof the same enterprise, that domain, and names below it only where the
 * method covers them (TBR 3.2.2.4: DNS change does, a file on a website does not); never another
 * enterprise.
 */
#ifndef POLICY_STANDING_H
#define POLICY_STANDING_H

#include "claim/claim.h"

/* What policy remembers of one evidence that said proved or refused. */
struct policy_proof {
	enum claim_kind kind;
	enum claim_outcome outcome; /* CLAIM_PROVED or CLAIM_REFUSED */
	const char *enterprise, *account, *target, *method;
	struct cs_span expected;
	uint8_t check_digest[CLAIM_DIGEST], envelope_sha256[CLAIM_DIGEST];
	struct cs_span primary_sha256; /* 32 octets for MPIC of a domain, else empty */
	struct cs_id request;          /* that it was made for */
	const char *check_id;          /* of that request; "" where it was not remembered */
	uint32_t attempt;
	int64_t checked_at_ms, valid_until_ms; /* never longer than the rules allow */
	bool covers_subdomains;
	uint32_t remotes; /* perspectives that were asked */
	bool is_new;      /* not stored yet; for store.c alone */
	struct policy_proof *next;
};

/* What a check asks of evidence that shall serve it. */
struct policy_need {
	struct cs_id request; /* whose plan it is */
	int64_t until_ms;     /* fresh at least until then: the plan's end and a margin */
	const struct policy_proof *proofs;
	bool looks_anew;     /* what needs no person is looked up again, whatever stands */
	bool uncorroborated; /* the plan does without what other perspectives say */
	bool on_behalf;      /* another than the account asks: its mailboxes are asked anew */
	int64_t
	    proved_by_ms; /* mailboxes and domains by then, since it was approved then; 0: whenever */
};

/*
 * What is to be remembered of this evidence, borrowing its texts; valid_until is cut to the reuse
 * period of the rules (SBR 4.2.1), and nothing was checked later than now.  False: nothing (could
 * not tell, or proved by answers that DNSSEC does not vouch for); *ret_proof is untouched.
 */
CS_MUST_USE bool policy_proof_of(const struct claim_evidence *evidence, struct cs_span envelope,
    int64_t now_ms, struct policy_proof *ret_proof);

/* Did it rest on DNS answers that prove nothing (SBR 4.2.2.1.1)?  No proof, whatever it says. */
bool policy_standing_doubtful(const struct claim_evidence *evidence);

/*
 * Looks at a domain in vain come by the thousand, and what they could void is proved once: one that voids
 * none of `proofs` is remembered for POLICY_LATE_NO_MS only, for a yes that is still on its way.
 */
#define POLICY_LATE_NO_MS INT64_C(86400000)
void
policy_standing_shorten(const struct policy_proof *proofs, int64_t now_ms, struct policy_proof *no);

/* Is this attempt for this check of this request among `proofs`?  The first result counts. */
bool policy_standing_has(const struct policy_proof *proofs, const struct policy_proof *proof);

/*
 * Gives every check of a mailbox or a domain that evidence serves its standing: evidence digest, end, and the method, target
 * and expected value that were proved, so that the check digest is the evidence's own.  A domain
 * and its MPIC corroboration stand together or not at all, unless the checks have no corroboration.
 */
void policy_standing_attach(const struct policy_need *need, struct claim_check *checks, size_t n);

/* The same for CAA, whose checks name the methods of the others: after these, and after their terms. */
void
policy_standing_attach_caa(const struct policy_need *need, struct claim_check *checks, size_t n);

/* The same for one check other than of a domain; false: nothing serves it, nothing was changed. */
bool policy_standing_serve(const struct policy_need *need, struct claim_check *check);

/*
 * Until when evidence of the enterprise, by one of these methods and seen by as many perspectives as the rules
 * want, stands for this domain, and for which name it was shown; 0: none that is fresh at need->until_ms.
 */
int64_t policy_standing_domain(const struct policy_need *need, const char *enterprise,
    const char *domain, const struct claim_texts *methods, const char **ret_target);

/* The earlier of two times. */
int64_t policy_earlier(int64_t a, int64_t b);

/* Was the evidence that this check stands on refused by a later look? */
bool policy_standing_voided(const struct policy_proof *proofs, const struct claim_check *check);

#endif
