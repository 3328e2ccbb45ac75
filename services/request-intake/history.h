/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history.h: the new lines of a request's history as one text (fields.h): they are written together and read
 * together.  Pure.
 */
#ifndef INTAKE_HISTORY_H
#define INTAKE_HISTORY_H

#include "intake.h"

/* Those of this batch. */
const char *history_write(struct cs_arena *arena, const struct intake_request *req);

struct history {
	struct intake_note *notes; /* their `next` is not set */
	size_t n;
};
/* `seq`: of the last line. */
struct history history_read(struct cs_arena *arena, const char *text, uint64_t seq);

#endif
