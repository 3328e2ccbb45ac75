/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the parent's side: two children, and what they say read strictly. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "outward/outward.h"

#define ASK_MS 12000 /* later than the child's own end of a bind */
#define CHILDREN 2   /* one that was killed by what a directory said leaves another */

struct directories {
	struct sandbox *sandbox;
};

struct asked {
	directory_done *done;
	void *arg;
};

enum cs_code
directories_open(const struct directories_settings *settings, struct event_base *base,
    struct directories **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct sandbox_settings sandbox = {
		.role = &directory_role,
		.children = CHILDREN,
		.settings = outward_child_settings(arena, settings->test_mode, settings->ca_file),
		.told = settings->told,
		.told_arg = settings->told_arg,
	};
	struct directories *directories = calloc(1, sizeof(*directories));

	cs_assert(directories != NULL);
	const enum cs_code code = sandbox_open(&sandbox, base, &directories->sandbox, err);

	cs_arena_free(arena);
	if (code == CS_OK)
		*ret = directories;
	else
		free(directories);
	return code;
}

void
directories_close(struct directories *directories)
{
	if (directories == NULL)
		return;
	sandbox_close(directories->sandbox);
	free(directories);
}

static void
on_answer(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct asked *asked = arg;
	struct cs_arena *arena = cs_arena_new();
	struct directory_answer found;

	if (result != SANDBOX_ANSWERED || !directory_wire_read_answer(arena, answer, &found))
		found = (struct directory_answer){ DIRECTORY_AWAY,
			"who was sent there did not come back with an answer" };
	asked->done(asked->arg, found.outcome, found.said);
	free(asked);
	cs_arena_free(arena);
}

bool
directory_bind(struct directories *directories, const struct directory_bind *bind,
    directory_done *done, void *arg)
{
	struct cs_arena *arena;
	struct asked *asked;

	if (bind->password.len == 0 || bind->password.len > DIRECTORY_PASSWORD_MAX ||
	    bind->name[0] == '\0')
		return false;
	asked = calloc(1, sizeof(*asked));
	cs_assert(asked != NULL);
	*asked = (struct asked){ done, arg };
	arena = cs_arena_new();
	const struct cs_span question = directory_wire_question(arena, bind);

	sandbox_ask(directories->sandbox, question, ASK_MS, on_answer, asked);
	explicit_bzero((void *)(uintptr_t)question.data, question.len);
	cs_arena_free(arena);
	return true;
}
