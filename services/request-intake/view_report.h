/* SPDX-License-Identifier: Apache-2.0 */
/* view_report.h: problem reports as JSON; openapi.json describes every member. */
#ifndef INTAKE_VIEW_REPORT_H
#define INTAKE_VIEW_REPORT_H

#include "report.h"

/* For whoever reported: that it is kept, and by when something happens. */
struct cs_span view_report_receipt(struct cs_arena *arena, const struct report *report);
/* For operators. */
struct cs_span view_report(struct cs_arena *arena, const struct report *report);
/* A page; `next` is the cursor of the next one, "" when this is the last. */
struct cs_span
view_reports(struct cs_arena *arena, const struct report *reports, size_t n, const char *next);
/* What a proof must hold, and until when. */
struct cs_span view_challenge(struct cs_arena *arena, const char *challenge, int64_t until_ms);

#endif
