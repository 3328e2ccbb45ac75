/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what is found, line by line; how documents are judged; how crew and child speak. */
#ifndef TRIAL_INTERNAL_H
#define TRIAL_INTERNAL_H

#include "trial/trial.h"

struct trial_lines {
	struct cs_arena *arena;
	bool good;
	const char *seen[TRIAL_LINES_MAX];
	size_t n;
};
/* Cut to TRIAL_LINE_MAX; what strangers said is escaped already. */
void
trial_say(struct trial_lines *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same, and it is not good. */
void trial_blame(struct trial_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *trial_quote(const struct trial_lines *lines, struct cs_span text);

/* ---- documents; pure ---- */

void trial_oidc_judge(struct trial_lines *lines, const char *issuer, struct cs_span document);
/* `clear`: the document came from a place without TLS, in a test. */
void
trial_saml_judge(struct trial_lines *lines, struct cs_span document, bool clear, int64_t now_s);

/* ---- wire: text, a line each ---- */

struct trial_question {
	enum connector_type type;
	bool platform;
	const char *endpoint;
};
struct cs_span trial_wire_question(struct cs_arena *arena, const struct trial_question *question);
CS_MUST_USE bool
trial_wire_read_question(struct cs_arena *arena, struct cs_span octets, struct trial_question *ret);
struct cs_span trial_wire_answer(const struct trial_lines *lines);
/* Strictly: who answers may have been taken over. */
CS_MUST_USE bool
trial_wire_read_answer(struct cs_arena *arena, struct cs_span octets, struct trial_found *ret);

#endif
