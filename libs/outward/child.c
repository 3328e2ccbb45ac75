/* SPDX-License-Identifier: Apache-2.0 */
/* child.c: the life of a child that visits.  Settings: "test" or "live", a line's end, the file of CAs. */
#include <string.h>

#include "outward/outward.h"

struct cs_span
outward_child_settings(struct cs_arena *arena, bool test_mode, const char *ca_file)
{
	return cs_span_str(cs_arena_printf(arena, "%s\n%s", test_mode ? "test" : "live", ca_file));
}

enum cs_code
outward_child_open(
    struct event_base *base, struct cs_span settings, void **ret_self, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct outward_child *child = CS_NEW(arena, struct outward_child);
	char *path = cs_arena_strndup(arena, (const char *)settings.data, settings.len);
	const char *mode = strsep(&path, "\n");

	*child = (struct outward_child){ .arena = arena, .test_mode = strcmp(mode, "test") == 0 };
	if (http_visitor_new(base, path != NULL ? path : "", "Countersign", &child->visitor, err)) {
		cs_arena_free(arena);
		return err->code;
	}
	*ret_self = child;
	return CS_OK;
}

void
outward_child_close(void *self)
{
	struct outward_child *child = self;

	http_visitor_free(child->visitor);
	cs_arena_free(child->arena);
}
