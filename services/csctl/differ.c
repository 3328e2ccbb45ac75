/* SPDX-License-Identifier: Apache-2.0 */
#include "differ.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_SHOWN 120
#define COLUMN 20
#define DEPTH_MAX 8

struct differing {
	struct cs_arena *arena;
	struct cs_buf out;
};

static const char *
shown(struct differing *d, json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	const char *copy = cs_arena_strdup(d->arena, text == NULL ? "?" : text);

	free(text);
	return copy;
}

static void
add_line(struct differing *d, const char *field, json_t *before, json_t *after)
{
	const char *name = cs_escape(d->arena, cs_span_str(field), NAME_MAX_SHOWN);

	if (before == NULL)
		cs_buf_printf(&d->out, "  + %-*s %s\n", COLUMN, name, shown(d, after));
	else if (after == NULL)
		cs_buf_printf(&d->out, "  - %-*s %s\n", COLUMN, name, shown(d, before));
	else
		cs_buf_printf(&d->out, "  ~ %-*s %s -> %s\n", COLUMN, name, shown(d, before),
		    shown(d, after));
}

static void
compare(struct differing *d, const char *path, json_t *before, json_t *after, unsigned depth);

static void
compare_field(struct differing *d, const char *path, const char *name, json_t *before,
    json_t *after, unsigned depth)
{
	const char *field = path[0] == '\0' ? name : cs_arena_printf(d->arena, "%s.%s", path, name);

	compare(d, field, json_object_get(before, name), json_object_get(after, name), depth);
}

/* Those that there were, then those that are new. */
static void
compare_fields(struct differing *d, const char *path, json_t *before, json_t *after, unsigned depth)
{
	const char *name;
	json_t *value;

	json_object_foreach(before, name, value)
	{
		compare_field(d, path, name, before, after, depth);
	}
	json_object_foreach(after, name, value)
	{
		if (json_object_get(before, name) == NULL)
			compare_field(d, path, name, before, after, depth);
	}
}

static void
compare(struct differing *d, const char *path, json_t *before, json_t *after, unsigned depth)
{
	const bool fields = depth < DEPTH_MAX && (before == NULL || json_is_object(before)) &&
			    (after == NULL || json_is_object(after)) &&
			    json_object_size(before) + json_object_size(after) > 0;

	if (before != NULL && after != NULL && json_equal(before, after))
		return;
	if (fields)
		compare_fields(d, path, before, after, depth + 1);
	else
		add_line(d, path, before, after);
}

const char *
differ_fields(struct cs_arena *arena, json_t *before, json_t *after)
{
	struct differing d = { arena, cs_buf_new(arena) };

	compare_fields(&d, "", json_is_object(before) ? before : NULL,
	    json_is_object(after) ? after : NULL, 0);
	return (const char *)cs_buf_span(&d.out).data;
}
