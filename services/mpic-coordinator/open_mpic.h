/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_mpic.h: what an Open MPIC service of somebody else's is asked, and what its answer says (Open MPIC API
 * 3.9: POST /mpic).  Pure.
 *
 * Nothing in the answer is signed: it counts for as much as the connection to the service does.  So a service may
 * keep a certificate from being issued, and never takes the place of perspectives that sign.
 */
#ifndef OPEN_MPIC_H
#define OPEN_MPIC_H

#include "claim/claim.h"

#define OPEN_MPIC_PERSPECTIVES_MAX 64 /* in an answer that we read */

struct open_mpic_question {
	const char *kind;   /* "dcv" or "caa" */
	const char *target; /* the name that is looked at, which the answer repeats */
	const char *trace;  /* a word of ours that the answer repeats */
	struct cs_span json;
};
/*
 * `found_at`: where the primary saw the value of a domain check, so that all look there.  `quorum`: of so many plus one
 * perspectives.  `trace`: borrowed.  False: what it is proved by is nothing that the API knows, or `found_at` is no
 * such place.
 */
CS_MUST_USE bool open_mpic_ask(struct cs_arena *arena, const struct claim_check *check,
    const char *found_at, uint32_t quorum, const char *trace, struct open_mpic_question *ret);

struct open_mpic_answer {
	bool valid;               /* what the service itself makes of it */
	uint32_t asked;           /* perspectives in the answer */
	uint32_t agreed, refused; /* of them, by what they completed */
	const char *seen; /* what each said, for people: printable ASCII, at most 600 octets */
};
/* NULL: *ret.  Otherwise why this is no answer to the question, for people. */
CS_MUST_USE const char *open_mpic_read(struct cs_arena *arena,
    const struct open_mpic_question *question, struct cs_span json, struct open_mpic_answer *ret);

#endif
