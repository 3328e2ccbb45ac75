/* SPDX-License-Identifier: Apache-2.0 */
/* subject.h: the values that a plan adds to a subject, as one text that the store keeps.  Pure. */
#ifndef INTAKE_SUBJECT_H
#define INTAKE_SUBJECT_H

#include "claim/claim.h"

/* One line a value: its source, a space, its name, "=", and the value, which holds no line end. "": none. */
const char *subject_write(struct cs_arena *arena, const struct claim_values *values);
/* The reverse, of what subject_write made. */
struct claim_values subject_read(struct cs_arena *arena, const char *text);

#endif
