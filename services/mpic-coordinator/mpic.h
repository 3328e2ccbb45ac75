/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mpic.h: do enough perspectives, in enough regions, see what the primary sees?  (TBR 3.2.2.9)
 *
 * Pure: answers are recorded, then one function decides.  Whom to ask is fixed before the first answer;
 * a perspective that does not answer in time does not corroborate.
 */
#ifndef MPIC_H
#define MPIC_H

#include "claim/claim.h"

#define MPIC_REMOTES_MAX 16
#define MPIC_SERVICES_MAX 4
/* All answers of a round lie in one envelope of at most CLAIM_MAX_ENVELOPE; the rest needs less than 8 KiB. */
#define MPIC_ANSWERS_MAX (CLAIM_MAX_ENVELOPE - 8192)

struct mpic_remote {
	const char *name, *region; /* as configured: the trust table binds the name to a key */
};

/* What an Open MPIC service of somebody else's said: asked beside the perspectives, never in their place. */
struct mpic_service_result {
	const char *name; /* of its connector: "demo/outside" */
	uint32_t quorum;  /* of its own perspectives */
	bool answered;
	enum claim_outcome outcome;
	const char *reason;     /* "service-disagrees", ...; "" where it agrees */
	uint32_t asked, agreed; /* its perspectives */
	const char *seen;       /* for people */
};

struct mpic_round {
	const struct mpic_remote *remotes;
	size_t n;
	uint32_t
	    quorum; /* how many must agree, as connectors say; 0, or fewer than the rules: as these */
	struct claim_perspective_result results[MPIC_REMOTES_MAX]; /* in the order of `remotes` */
	bool answered[MPIC_REMOTES_MAX];
	size_t n_answered;
	struct mpic_service_result services[MPIC_SERVICES_MAX];
	size_t n_services;
};

/*
 * "name:region, ...": names of small letters, digits and hyphens (they are words of a subject), each
 * once; regions are those that TBR 3.2.2.9 counts by.  CS_MALFORMED says which word breaks a rule.
 */
CS_MUST_USE enum cs_code mpic_read_remotes(const char *text, struct cs_arena *arena,
    struct mpic_remote ret_remotes[static MPIC_REMOTES_MAX], size_t *ret_n, struct cs_err *err);

void mpic_begin(struct mpic_round *round, const struct mpic_remote *remotes, size_t n);
/*
 * What a perspective answered, already verified.  NULL: taken.  Otherwise the answer is to another
 * question, speaks for another perspective or region, or is larger than its share, and does not count.
 */
const char *mpic_take(struct mpic_round *round, size_t i, const struct claim_perspective_ask *ask,
    const struct claim_perspective_answer *answer, struct cs_span envelope);
/* It did not answer, or not usably. */
void mpic_miss(struct mpic_round *round, size_t i, const char *reason, int64_t now_ms);
/* It did not answer, or not to this: `seen` says why. */
void mpic_miss_service(struct mpic_service_result *service, const char *reason, const char *seen);
/* Everybody was heard or missed. */
bool mpic_complete(const struct mpic_round *round);

/*
 * Fills outcome, reason, text, perspectives ... of the evidence; `min_remotes` of the check, `quorum` of the
 * round and its services may only raise what the rules ask for.
 */
void mpic_decide(const struct mpic_round *round, const struct claim_check *check, int64_t now_ms,
    struct cs_arena *arena, struct claim_evidence *evidence);

/* The check that corroborates this domain evidence; false: there is nothing to corroborate. */
bool mpic_check_for(
    const struct claim_evidence *domain, struct cs_arena *arena, struct claim_check *ret_check);

#endif
