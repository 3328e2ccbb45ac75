/* SPDX-License-Identifier: Apache-2.0 */
#include "config_call.h"

#include <string.h>

#include "base/time.h"

size_t
config_segments(struct cs_arena *arena, const char *path, const char **ret_parts, size_t max)
{
	char *rest = cs_arena_strdup(arena, path);
	size_t n = 0;

	for (char *part = strsep(&rest, "/"); part != NULL; part = strsep(&rest, "/")) {
		if (part[0] == '\0' || n == max)
			return 0;
		ret_parts[n++] = part;
	}
	for (size_t i = n; i < max; i++)
		ret_parts[i] = NULL;
	return n;
}

void
config_audit(struct cs_arena *arena, struct config_state *state, const struct config_change *line)
{
	struct config_change *copy = CS_NEW(arena, struct config_change);

	*copy = *line;
	copy->next = NULL;
	if (state->last_change != NULL)
		state->last_change->next = copy;
	else
		state->changes = copy;
	state->last_change = copy;
}

const char *
config_time(struct cs_arena *arena, int64_t ms)
{
	char *text = cs_arena_alloc(arena, CS_TIME_TEXT);

	cs_time_format(ms, text);
	return text;
}

json_t *
config_time_or_null(struct cs_arena *arena, int64_t ms)
{
	return ms == 0 ? json_null() : json_string(config_time(arena, ms));
}
