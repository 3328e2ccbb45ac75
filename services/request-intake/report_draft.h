/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_draft.h: from the body of a problem report to what may be kept, or to one clear refusal.  Pure but for
 * arithmetic with keys.  Bodies come from anybody.
 */
#ifndef INTAKE_REPORT_DRAFT_H
#define INTAKE_REPORT_DRAFT_H

#include "report.h"

/* Which certificate is meant: exactly one of these. */
struct report_subject {
	const char *fingerprint; /* SHA-256, lower-case hexadecimal; NULL: not this */
	const char *serial;   /* lower-case hexadecimal as certificates name it; NULL: not this */
	struct cs_id request; /* all zero: not this */
};

struct report_reading {
	unsigned status; /* 0: good; else as in HTTP, and `why` */
	struct cs_refusal why;
	struct report_subject subject;
	struct report_draft draft; /* without its id */
};

/* `secret`: of challenge.h; `now_ms`: whether the proof's challenge holds. */
void report_read(struct cs_arena *arena, const uint8_t secret[static 32], struct cs_span body,
    int64_t now_ms, struct report_reading *ret);
/* The same of the body of a decision; `ground` and `reason` are judged where it is decided. */
bool report_read_decision(struct cs_arena *arena, struct cs_span body,
    struct report_decision *ret_decision, struct cs_refusal *ret_why);

#endif
