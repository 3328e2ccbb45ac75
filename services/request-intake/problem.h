/* SPDX-License-Identifier: Apache-2.0 */
/* problem.h: a refusal as an RFC 9457 problem document that names field, clause and mend. */
#ifndef INTAKE_PROBLEM_H
#define INTAKE_PROBLEM_H

#include "base/arena.h"
#include "base/id.h"
#include "base/refusal.h"

struct note;

#define PROBLEM_TYPE "application/problem+json"

struct cs_span problem_write(struct cs_arena *arena, unsigned status, const struct cs_refusal *why);
/* The same with one number beside it: how many tries are left. */
struct cs_span problem_write_tries(
    struct cs_arena *arena, unsigned status, const struct cs_refusal *why, unsigned tries_left);

/* 403: the approval wants this second factor; how is in the document. */
struct cs_span problem_write_factor(
    struct cs_arena *arena, const struct cs_refusal *why, struct cs_id request, const char *method);
/* 409: this request note must be read first; it is in the document. */
struct cs_span problem_write_note(struct cs_arena *arena, const struct note *note);

#endif
