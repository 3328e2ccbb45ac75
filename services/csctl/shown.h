/* SPDX-License-Identifier: Apache-2.0 */
/* shown.h: how one event looks to an operator, wherever it was read. */
#ifndef CSCTL_SHOWN_H
#define CSCTL_SHOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct shown {
	const char *subject, *id, *key, *time, *source;
	uint64_t
	    sequence; /* where it was read: in its lane, or in its service's outbox; 0: not known */
	struct cs_span body;
};

/* On stdout: a line that tells the story, or one JSON object with everything. */
void shown_print(const struct shown *event, bool as_json);

#endif
