/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.h: the gate.  May a certificate be made for this request, at this instant?
 *
 * Pure: no I/O, no clock, no randomness; memory is the arena.  It trusts no row and no event: whatever
 * counts is opened again from the octets that were received, with signature, key, time and digests.
 * The order in which anything arrived means nothing.
 */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include "claim/claim.h"
#include "pki/csr.h"
#include "smime/profile.h"

/* An order to sign is good for this long, so that whatever counts must stay fresh for as long. */
#define SIGNER_MARGIN_MS INT64_C(60000)

/* A statement as it came, and when it was recorded; an empty envelope: none yet. */
struct signer_received {
	struct cs_span envelope;
	int64_t received_ms;
};

struct signer_evidence {
	struct signer_received received;
	uint8_t sha256[CLAIM_DIGEST];
	struct claim_evidence e; /* what the envelope says; the gate reads it again */
};

/* Somebody looked and the answer was no: it voids what was proved before. */
struct signer_denial {
	uint8_t check_digest[CLAIM_DIGEST];
	struct cs_id request;
	uint32_t attempt;
	int64_t checked_at_ms;
};

/* All that is known of one request. */
struct signer_case {
	struct cs_id id;
	struct signer_received request, approval,
	    plan;                         /* the first, the first, the highest revision */
	struct signer_evidence *evidence; /* of the request, and what the plan names of others */
	size_t n_evidence;
	struct signer_denial *denials;
	size_t n_denials;
};

struct signer_rules {
	const struct claim_trust *trust;
	struct claim_texts issuer_domains; /* by which CAA may have permitted us; at least one */
};

enum signer_says { SIGNER_WAIT, SIGNER_COMPLETE, SIGNER_REFUSE };

/* What is not there: `about` "request", "approval", "plan" or a check's id; `why` "absent", "stale",
 * "voided", "not-proved", "ended". */
struct signer_missing {
	const char *about, *why;
	bool elsewhere; /* named by this digest, and not among what we have */
	uint8_t sha256[CLAIM_DIGEST];
};

/* A check of the plan and the evidence that it names. */
struct signer_proof {
	const struct claim_check *check;
	const struct signer_evidence *evidence;
};

/* One of three: what is missing (WAIT); everything that was judged (COMPLETE); why never (REFUSE). */
struct signer_verdict {
	enum signer_says says;
	struct signer_missing *missing;
	size_t n_missing;
	struct cs_refusal refusal;

	struct claim_request request;
	struct claim_approval approval;
	struct claim_plan plan;
	struct pki_csr csr;
	const struct smime_profile *profile;
	struct signer_proof *proofs; /* one for each check */
	size_t n_proofs;
};

void signer_judge(struct cs_arena *arena, const struct signer_rules *rules,
    const struct signer_case *c, int64_t now_ms, struct signer_verdict *ret);

/* keyUsage bits of the certificate; 0: this key cannot serve this use. */
uint16_t signer_key_usage(const struct signer_verdict *v);

/* ---- signer_floor.c: what no plan can lower ---- */

/*
 * Is this evidence young enough from now_ms until the margin ends?  `freshness_ms` 0: by the floor's
 * limit alone.
 */
bool signer_floor_fresh(const struct claim_evidence *e, int64_t freshness_ms, int64_t now_ms);

struct signer_floor {
	struct cs_arena *arena;
	const struct signer_rules *rules;
	const struct claim_request *request;
	const struct signer_proof *proofs; /* all verified, proved and fresh */
	size_t n_proofs;
	int64_t now_ms;
};

/*
 * For each mailbox of the request, by name: control of it or of its domain, with corroboration by
 * other perspectives, and CAA with corroboration.  False: *ret_why.
 */
bool signer_floor_holds(const struct signer_floor *floor, struct cs_refusal *ret_why);

/* Counts again, from the perspectives' own signed answers.  `primary`: the primary found it too. */
bool signer_floor_quorum(
    const struct signer_floor *floor, const struct signer_proof *mpic, bool primary);

#endif
