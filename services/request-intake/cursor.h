/* SPDX-License-Identifier: Apache-2.0 */
/* cursor.h: where a page of a list ended: the time and the id of its last row, as 48 hexadecimal digits. */
#ifndef INTAKE_CURSOR_H
#define INTAKE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"

const char *cursor_write(struct cs_arena *arena, int64_t ms, const struct cs_id *id);
/* False: not one of ours, and nothing is set. */
bool cursor_read(const char *text, int64_t *ret_ms, struct cs_id *ret_id);

#endif
