/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields.h: small tables in one text column: a row is a line, its fields end with tabs.  What a field itself
 * holds of tabs, line ends and backslashes is escaped, so that any text comes back as it was.  Pure.
 */
#ifndef INTAKE_FIELDS_H
#define INTAKE_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

void fields_add(struct cs_buf *out, const char *text); /* NULL is written as "" */
void fields_add_i64(struct cs_buf *out, int64_t value);
void fields_end(struct cs_buf *out); /* of the line */

size_t fields_lines(const char *text); /* how many there are */

/* What is read borrows from a copy in the arena. */
struct fields {
	char *rest;
};
struct fields fields_read(struct cs_arena *arena, const char *text);
/* The next field of the line; "" and 0 when it has no more, as lines of earlier versions may. */
const char *fields_text(struct fields *fields);
int64_t fields_i64(struct fields *fields);
void fields_next(struct fields *fields); /* to the next line, whatever is left of this one */

#endif
