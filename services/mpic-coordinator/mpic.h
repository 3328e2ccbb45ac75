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
/* All answers of a round lie in one envelope of at most CLAIM_MAX_ENVELOPE; the rest needs less than 8 KiB. */
#define MPIC_ANSWERS_MAX (CLAIM_MAX_ENVELOPE - 8192)

struct mpic_remote {
	const char *name, *region; /* as configured: the trust table binds the name to a key */
};

struct mpic_round {
	const struct mpic_remote *remotes;
	size_t n;
	uint32_t
	    quorum; /* how many must agree, as connectors say; 0, or fewer than the rules: as these */
	struct claim_perspective_result results[MPIC_REMOTES_MAX]; /* in the order of `remotes` */
	bool answered[MPIC_REMOTES_MAX];
	size_t n_answered;
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
bool mpic_complete(const struct mpic_round *round);

/*
 * Fills outcome, reason, text, perspectives ... of the evidence; `min_remotes` of the check and `quorum` of the
 * round may only raise what the rules ask for.
 */
void mpic_decide(const struct mpic_round *round, const struct claim_check *check, int64_t now_ms,
    struct cs_arena *arena, struct claim_evidence *evidence);

/* The check that corroborates this domain evidence; false: there is nothing to corroborate. */
bool mpic_check_for(
    const struct claim_evidence *domain, struct cs_arena *arena, struct claim_check *ret_check);

#endif
