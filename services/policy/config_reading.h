/* SPDX-License-Identifier: Apache-2.0 */
/* config_reading.h: what all specs are read with: refusals that name the field, and bounds of texts and lists.  Pure. */
#ifndef POLICY_CONFIG_READING_H
#define POLICY_CONFIG_READING_H

#include <jansson.h>

#include "config_kinds.h"

struct config_reading {
	const struct policy_rules *rules;
	struct cs_arena *arena;
	enum config_kind kind;
	struct cs_refusal *why; /* where refusals go */
};

/* All return false, with the refusal of `field` of the spec: "rdns[0].name". */
bool config_refuse(struct config_reading *in, const char *field, const char *clause,
    const char *text, const char *mend);
/* `what` it must be: "a list". */
bool config_refuse_type(struct config_reading *in, const char *field, const char *what);

/* These refuse when it is not so.  A line that a person sees all of: */
CS_MUST_USE bool config_is_line(struct config_reading *in, const char *field, struct cs_span text);
/* A text of so many octets; *ret_text is borrowed. */
CS_MUST_USE bool config_has_length(struct config_reading *in, const char *field,
    const json_t *value, size_t min, size_t max, const char **ret_text);
/* A list of so many items. */
CS_MUST_USE bool config_has_count(
    struct config_reading *in, const char *field, const json_t *value, size_t min, size_t max);

#endif
