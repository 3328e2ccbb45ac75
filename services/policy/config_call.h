/* SPDX-License-Identifier: Apache-2.0 */
/* config_call.h: what calls about documents, people and identities have in common. */
#ifndef POLICY_CONFIG_CALL_H
#define POLICY_CONFIG_CALL_H

#include <jansson.h>

#include "config.h"

/*
 * The segments of a path, of which there are `max` at most; those behind the last are NULL.  0: one is empty, or there
 * are more.
 */
size_t
config_segments(struct cs_arena *arena, const char *path, const char **ret_parts, size_t max);

/* Another line of the audit, a copy in the arena; its version is the caller's to give. */
void
config_audit(struct cs_arena *arena, struct config_state *state, const struct config_change *line);

/* RFC 3339. */
const char *config_time(struct cs_arena *arena, int64_t ms);
/* null for 0. */
json_t *config_time_or_null(struct cs_arena *arena, int64_t ms);

#endif
