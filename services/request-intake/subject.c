/* SPDX-License-Identifier: Apache-2.0 */
/* subject.c: lines, since values hold no control character (claim). */
#include "subject.h"

#include <string.h>

const char *
subject_write(struct cs_arena *arena, const struct claim_values *values)
{
	const char *text = "";

	for (size_t i = 0; i < values->n; i++)
		text = cs_arena_printf(arena, "%s%s %s=%s\n", text, values->items[i].source,
		    values->items[i].name, values->items[i].value);
	return text;
}

struct claim_values
subject_read(struct cs_arena *arena, const char *text)
{
	struct claim_values values = { CS_NEW_ARRAY(arena, CLAIM_MAX_VALUES, struct claim_value),
		0 };
	char *rest = cs_arena_strdup(arena, text);

	while (*rest != '\0' && values.n < CLAIM_MAX_VALUES) {
		char *line = strsep(&rest, "\n");
		char *value = strchr(line, '='), *name = strchr(line, ' ');

		cs_assert(rest != NULL && value != NULL && name != NULL && name < value);
		*name++ = '\0';
		*value++ = '\0';
		values.items[values.n++] = (struct claim_value){ name, value, line };
	}
	return values;
}
