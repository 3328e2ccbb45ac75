/* SPDX-License-Identifier: Apache-2.0 */
/* out.h: writes JSON; commas and escapes are its own business.  The caller closes what it opens. */
#ifndef INTAKE_OUT_H
#define INTAKE_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "claim/claim.h"

struct out {
	struct cs_buf buf;
	bool needs_comma;
};

struct out out_new(struct cs_arena *arena);
/* `name` NULL: an element of an array, or the outermost value. */
void out_object(struct out *out, const char *name);
void out_array(struct out *out, const char *name);
void out_end_object(struct out *out);
void out_end_array(struct out *out);
void out_text(struct out *out, const char *name, const char *text); /* valid UTF-8 */
/* A text of parts, one after the other. */
void out_text_of(struct out *out, const char *name, const char *const *parts, size_t n);
/* Leaves the member out when the text is NULL or empty. */
void out_text_if(struct out *out, const char *name, const char *text);
void out_number(struct out *out, const char *name, int64_t value);
void out_bool(struct out *out, const char *name, bool value);
/* RFC 3339; leaves the member out at 0. */
void out_time_if(struct out *out, const char *name, int64_t ms);
void out_texts(struct out *out, const char *name, struct claim_texts texts);
struct cs_span out_done(struct out *out);

#endif
