/* SPDX-License-Identifier: Apache-2.0 */
/*
 * password.h: may a person try the password of a directory, and what does its answer prove?  Pure.
 *
 * The limits are those of codes, and their rows: the challenge of a person for a request begins with the first try
 * and lasts CODES_LIFE_MS; it takes CODES_TRIES wrong ones.  A try is written down before the directory is asked, so that however
 * many are made at once there are no more; what a directory that is away did not answer is given back.  Each counts among the
 * CODES_PER_HOUR of the person.  No password comes here.
 */
#ifndef NOTIFY_PASSWORD_H
#define NOTIFY_PASSWORD_H

#include "codes.h"
#include "directory/directory.h"

enum password_begun {
	PASSWORD_GO,
	PASSWORD_IS_VOID,  /* too many wrong ones */
	PASSWORD_TOO_MANY, /* this hour */
	PASSWORD_STALE     /* the order */
};
struct password_try {
	enum password_begun result;
	struct codes_challenge next; /* changed with GO alone */
	int64_t retry_ms;            /* of IS_VOID and TOO_MANY: when it goes on */
};
/* `old` may be all zero, or of codes.  Counts in `tally`. */
struct password_try
password_decide_try(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, struct codes_tally *tally);

enum password_verdict {
	PASSWORD_PROVED,
	PASSWORD_WRONG,
	PASSWORD_VOID, /* wrong, and the last; or others were, meanwhile */
	PASSWORD_NO_LOGIN,
	PASSWORD_AWAY
};
struct password_judged {
	enum password_verdict verdict;
	struct codes_challenge next;
	uint32_t tries_left; /* of WRONG */
	int64_t retry_ms;    /* of VOID */
};
/* `old`: as it is now, whatever happened since the try was written down. */
struct password_judged
password_decide_bound(const struct codes_setting *in, const struct codes_challenge *old,
    const struct claim_factor_order *order, enum directory_outcome outcome);
/* What is stated of PROVED. */
struct claim_factor
password_claim(const struct codes_setting *in, const struct claim_factor_order *order);

/* As ProvePasswordAnswer has it: "void", "too-many", "stale"; not of GO. */
const char *password_begun_name(enum password_begun result);
const char *password_verdict_name(enum password_verdict verdict); /* "proved", "no-login" */

#endif
