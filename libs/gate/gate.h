/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.h: the gate.  May a certificate be made for this request, at this instant?
 *
 * Pure: no I/O, no clock, no randomness; memory is the arena.  It trusts no row and no event: whatever
 * counts is opened again from the octets that were received, with signature, key, time and digests.
 * The order in which anything arrived means nothing.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "claim/claim.h"
#include "pki/csr.h"
#include "smime/identity.h"
#include "smime/profile.h"

/* An order to sign is good for this long, so that whatever counts must stay fresh for as long. */
#define GATE_MARGIN_MS INT64_C(60000)

/* A statement as it came, and when it was recorded; an empty envelope: none yet. */
struct gate_received {
	struct cs_span envelope;
	int64_t received_ms;
};

struct gate_evidence {
	struct gate_received received;
	uint8_t sha256[CLAIM_DIGEST];
	struct claim_evidence e; /* what the envelope says; the gate reads it again */
};

/* Somebody looked and the answer was no: it voids what was proved before. */
struct gate_denial {
	uint8_t check_digest[CLAIM_DIGEST];
	struct cs_id request;
	uint32_t attempt;
	int64_t checked_at_ms;
};

/* What the registry of keys says of one key. */
struct gate_key {
	bool known; /* it was asked, about the key of this digest */
	uint8_t spki_sha256[32];
	const char *blocked;              /* "compromised", "reported", "weak"; NULL: not blocked */
	const char *enterprise, *account; /* of whom it was certified first; NULL: of nobody */
};

/* What was certified for the request that this one follows. */
struct gate_previous {
	struct cs_id request;
	struct cs_span certificate;                 /* DER; empty: none was issued */
	const char *enterprise, *account, *profile; /* whose; of libs/smime */
	bool revoked;
};

/* All that is known of one request. */
struct gate_case {
	struct cs_id id;
	struct gate_received request, approval,
	    plan; /* of the highest revision; approval: the request, if that says so in itself */
	struct gate_evidence *evidence; /* of the request, and what the plan names of others */
	size_t n_evidence;
	struct gate_denial *denials;
	size_t n_denials;
	struct gate_key key;
	struct gate_previous previous;
};

struct gate_rules {
	const struct claim_trust *trust;
	struct claim_texts issuer_domains; /* by which CAA may have permitted us; at least one */
	const uint8_t (*ca_keys)[32];      /* SHA-256 of the SPKI of each CA of ours */
	size_t n_ca_keys;
	const struct pki_weak_list
	    *weak; /* published weak keys; NULL: none beside those keycheck.h computes */
};

enum gate_says { GATE_WAIT, GATE_COMPLETE, GATE_REFUSE };

/* What is not there: `about` "request", "approval", "plan", "key" or a check's id; `why` "absent", "stale",
 * "voided", "not-proved", "ended". */
struct gate_missing {
	const char *about, *why;
	bool elsewhere; /* named by this digest, and not among what we have */
	uint8_t sha256[CLAIM_DIGEST];
};

/* A check of the plan and the evidence that it names. */
struct gate_proof {
	const struct claim_check *check;
	const struct gate_evidence *evidence;
};

/* One of three: what is missing (WAIT); everything that was judged (COMPLETE); why never (REFUSE). */
struct gate_verdict {
	enum gate_says says;
	struct gate_missing *missing;
	size_t n_missing;
	struct cs_refusal refusal;

	struct claim_request request;
	struct claim_approval approval;
	struct claim_plan plan;
	struct claim_factor factor; /* where the plan wants a second factor */
	struct pki_csr csr;
	const struct smime_profile *profile;
	struct smime_identity identity; /* as proved, and as the plan adds where nothing need be */
	struct gate_proof *proofs;      /* one for each check */
	size_t n_proofs;
};

/*
 * What must be looked up before a request can be judged: fills spki_sha256 of *ret_key and request of
 * *ret_previous, all else zero.  Nothing is verified.  False: the envelope cannot be read.
 */
CS_MUST_USE bool gate_asks(struct cs_arena *arena, struct cs_span request_envelope,
    struct gate_key *ret_key, struct gate_previous *ret_previous);

void gate_judge(struct cs_arena *arena, const struct gate_rules *rules, const struct gate_case *c,
    int64_t now_ms, struct gate_verdict *ret);

/* ---- case.c ---- */

/*
 * SHA-256 of everything that was weighed for this plan: issuer domains, envelopes with their times of
 * receipt, denials, what was known of the key and of the certificate before.  Stated in the audit record of an intent, so that who judges again years later knows
 * that it is the same case.  Evidence of other requests counts when the plan names it, denials when they
 * are about one of its checks; in whatever order.
 */
void
gate_case_sha256(struct cs_arena *arena, const struct gate_rules *rules, const struct gate_case *c,
    const struct claim_plan *plan, uint8_t ret_digest[static CLAIM_DIGEST]);

/* keyUsage bits of the certificate; 0: this key cannot serve this use. */
uint16_t gate_key_usage(const struct gate_verdict *v);

/* ---- keys.c: the key of the request, and what went before ---- */

/* SBR 6.1.1.3: not blocked, nobody else's, not a CA's.  False: *ret_why. */
bool gate_key_holds(const struct gate_rules *rules, const struct gate_key *key,
    const struct claim_request *request, struct cs_refusal *ret_why);
/* The key is in no list of weak ones.  False: *ret_why. */
bool gate_key_strong(
    const struct gate_rules *rules, const struct pki_key *key, struct cs_refusal *ret_why);
/* Is what is the same and what is new as this kind of request has it?  `profile`: of the certificate. */
bool gate_follows(struct cs_arena *arena, const struct gate_previous *previous,
    const struct claim_request *request, const struct pki_key *key, const char *profile,
    struct cs_refusal *ret_why);

/* ---- floor.c: what no plan can lower ---- */

/*
 * Is this evidence young enough from now_ms until the margin ends?  `freshness_ms` 0: by the floor's
 * limit alone.
 */
bool gate_floor_fresh(const struct claim_evidence *e, int64_t freshness_ms, int64_t now_ms);

struct gate_floor {
	struct cs_arena *arena;
	const struct gate_rules *rules;
	const struct claim_request *request;
	const struct claim_values *subject;  /* of the plan */
	const struct smime_profile *profile; /* of the certificate */
	const struct gate_proof *proofs;     /* all verified, proved and fresh */
	size_t n_proofs;
	struct claim_texts waived; /* as the plan says */
	int64_t now_ms;
};

/*
 * May the plan do without what it says it does without?  CAA and what other perspectives say, for
 * certificates of private trust alone: never control of a mailbox or a domain, and never DNSSEC, since
 * unsigned domains pass anyway and what is bogus or could not be validated is no answer.  False: *ret_why.
 */
bool gate_floor_waives(const struct gate_floor *floor, struct cs_refusal *ret_why);

/*
 * For each mailbox of the request, by name: control of it or of its domain, with corroboration by
 * other perspectives, and CAA with corroboration; without what a plan of private trust waives.  Where the certificate names an organization control of
 * the mailbox alone is not enough (SBR 1.3.2.1).  False: *ret_why.
 */
bool gate_floor_holds(const struct gate_floor *floor, struct cs_refusal *ret_why);
/* The same for each domain of the request: a certificate of a private root may name them. */
bool gate_floor_domains_hold(const struct gate_floor *floor, struct cs_refusal *ret_why);

/*
 * floor_identity.c.  Where the certificate names an organization: who it is, and its authority; where it
 * names a person: who that is, for this account (SBR 3.2.3, 3.2.6, 3.2.4).  *ret: what it may name, values
 * of the evidence and of the plan's subject; commonName is among it or a mailbox.  False: *ret_why.
 */
bool gate_floor_identity(
    const struct gate_floor *floor, struct smime_identity *ret, struct cs_refusal *ret_why);

/*
 * floor_subject.c.  Adds what the plan's subject says to what was proved, as far as the profile takes it from
 * whoever set it (SBR 3.2.5).  What the request's subject asks for is named exactly so.  False: *ret_why.
 */
bool gate_floor_subject(
    const struct gate_floor *floor, struct smime_identity *identity, struct cs_refusal *ret_why);

/* Counts again, from the perspectives' own signed answers.  `primary`: the primary found it too. */
bool gate_floor_quorum(const struct gate_floor *floor, const struct gate_proof *mpic, bool primary);

#endif
