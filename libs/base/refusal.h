/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.h: the answer no, with everything a person needs to understand and mend it. */
#ifndef BASE_REFUSAL_H
#define BASE_REFUSAL_H

#include <stdbool.h>

struct cs_refusal {
	const char *code;   /* stable, for programs: "address-local-part"; NULL: not refused */
	const char *field;  /* what it is about: "mailboxes[0]"; "" when the caller fills it */
	const char *clause; /* "SBR 7.1.4.2.1", "RFC 5321 4.1.2" */
	const char *text;   /* what is wrong, in one sentence */
	const char *mend;   /* what would make it right */
};

/* Fills *ret_why and returns false, so that a refusal is one statement. */
static inline bool
cs_refuse(struct cs_refusal *ret_why, struct cs_refusal why)
{
	*ret_why = why;
	return false;
}

#endif
