/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the parent's side: one child, and what it says read strictly. */
#include <stdlib.h>

#include "internal.h"
#include "outward/outward.h"

#define ASK_MS 20000 /* later than the child's own end of a look */

struct trials {
	struct sandbox *sandbox;
};

struct asked {
	trial_done *done;
	void *arg;
};

enum cs_code
trials_open(const struct trials_settings *settings, struct event_base *base, struct trials **ret,
    struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct sandbox_settings sandbox = {
		.role = &trial_role,
		.children = 1,
		.settings = outward_child_settings(arena, settings->test_mode, settings->ca_file),
		.told = settings->told,
		.told_arg = settings->told_arg,
	};
	struct trials *trials = calloc(1, sizeof(*trials));

	cs_assert(trials != NULL);
	const enum cs_code code = sandbox_open(&sandbox, base, &trials->sandbox, err);

	cs_arena_free(arena);
	if (code == CS_OK)
		*ret = trials;
	else
		free(trials);
	return code;
}

void
trials_close(struct trials *trials)
{
	if (trials == NULL)
		return;
	sandbox_close(trials->sandbox);
	free(trials);
}

static void
on_answer(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct asked *asked = arg;
	struct cs_arena *arena = cs_arena_new();
	const char *lost[] = { "who looked at it did not come back with an answer" };
	struct trial_found found;

	if (result != SANDBOX_ANSWERED || !trial_wire_read_answer(arena, answer, &found))
		found = (struct trial_found){ "untested", lost, 1 };
	asked->done(asked->arg, &found);
	free(asked);
	cs_arena_free(arena);
}

void
trial_ask(struct trials *trials, enum connector_type type, bool platform, const char *endpoint,
    trial_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	const struct trial_question question = { type, platform, endpoint };
	struct asked *asked = calloc(1, sizeof(*asked));

	cs_assert(asked != NULL);
	*asked = (struct asked){ done, arg };
	sandbox_ask(
	    trials->sandbox, trial_wire_question(arena, &question), ASK_MS, on_answer, asked);
	cs_arena_free(arena);
}
