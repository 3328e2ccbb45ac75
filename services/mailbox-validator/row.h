/* SPDX-License-Identifier: Apache-2.0 */
/* row.h: fields with their lengths in front, for the bodies of our own work rows. */
#ifndef MAILBOX_ROW_H
#define MAILBOX_ROW_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/span.h"

void row_add(struct cs_buf *row, struct cs_span field);
void row_add_number(struct cs_buf *row, int64_t value);

/* Takes field after field from the front; `good` turns false at the first that is not there. */
struct row_reader {
	struct cs_arena *arena;
	struct cs_span rest;
	bool good;
};
struct cs_span row_take(struct row_reader *reader);
int64_t row_take_number(struct row_reader *reader);
/* Exactly `len` octets. */
void row_take_octets(struct row_reader *reader, uint8_t *ret, size_t len);
/* Copied; no NUL inside. */
const char *row_take_text(struct row_reader *reader);
/* All was there and nothing is left. */
bool row_ended(const struct row_reader *reader);

#endif
