/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew.c: the parent's side.  A child that stretches cannot do anything else meanwhile, so each has one password
 * in hand, and the others wait here, where their number is bounded.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/time.h"
#include "internal.h"

#define ASK_MS 30000   /* the largest work takes some seconds on a busy machine */
#define STALL_MS 60000 /* later than ASK_MS: standing still is what such a child does */

TAILQ_HEAD(asked_list, asked);

struct asked {
	struct stretch *stretch;
	struct stretch_question question; /* while it waits */
	int64_t until_mono_ms;
	stretch_done *done;
	void *arg;
	TAILQ_ENTRY(asked) link;
};

struct stretch {
	struct stretch_settings set;
	struct sandbox *sandbox;
	struct event *again;
	struct asked_list waiting, busy; /* busy: in a child's hands */
	size_t n_waiting, n_busy;
};

static void
asked_free(struct asked *asked)
{
	explicit_bzero(&asked->question, sizeof(asked->question));
	free(asked);
}

static void dispatch(struct stretch *stretch);

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	dispatch(arg);
}

/* `done` may ask again, and the next one shall not wait for it. */
static void
end(struct stretch *stretch, struct asked *asked, const uint8_t *proof)
{
	stretch_done *done = asked->done;
	void *arg = asked->arg;

	if (stretch->n_waiting > 0)
		event_active(stretch->again, EV_TIMEOUT, 0);
	asked_free(asked);
	done(arg, proof);
}

static void
on_answer(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct asked *asked = arg;
	struct stretch *stretch = asked->stretch;
	const bool done = result == SANDBOX_ANSWERED && answer.len == STRETCH_PROOF;

	TAILQ_REMOVE(&stretch->busy, asked, link);
	stretch->n_busy--;
	end(stretch, asked, done ? answer.data : NULL);
}

static void
give(struct stretch *stretch, struct asked *asked)
{
	TAILQ_INSERT_TAIL(&stretch->busy, asked, link);
	stretch->n_busy++;
	sandbox_ask(stretch->sandbox, cs_span_of(&asked->question, sizeof(asked->question)), ASK_MS,
	    on_answer, asked);
	explicit_bzero(&asked->question, sizeof(asked->question)); /* the child has it */
}

/* One at a time from the loop: what waited too long is told so, and the rest is looked at anew. */
static void
dispatch(struct stretch *stretch)
{
	struct asked *asked;

	while ((asked = TAILQ_FIRST(&stretch->waiting)) != NULL) {
		const bool late = cs_mono_ms() > asked->until_mono_ms;

		if (!late && stretch->n_busy >= stretch->set.children)
			return;
		TAILQ_REMOVE(&stretch->waiting, asked, link);
		stretch->n_waiting--;
		if (!late) {
			give(stretch, asked);
			continue;
		}
		end(stretch, asked, NULL);
		return;
	}
}

enum cs_code
stretch_open(const struct stretch_settings *settings, struct event_base *base,
    struct stretch **ret_stretch, struct cs_err *err)
{
	const struct sandbox_settings sandbox = {
		.role = &stretch_role,
		.children = settings->children,
		.stall_ms = STALL_MS,
		.told = settings->told,
		.told_arg = settings->told_arg,
	};
	struct stretch *stretch = calloc(1, sizeof(*stretch));

	cs_assert(stretch != NULL);
	stretch->set = *settings;
	TAILQ_INIT(&stretch->waiting);
	TAILQ_INIT(&stretch->busy);
	if (sandbox_open(&sandbox, base, &stretch->sandbox, err)) {
		free(stretch);
		return err->code;
	}
	stretch->again = event_new(base, -1, 0, on_again, stretch);
	cs_assert(stretch->again != NULL);
	*ret_stretch = stretch;
	return CS_OK;
}

static void
asked_free_all(struct asked_list *list)
{
	struct asked *asked, *next;

	for (asked = TAILQ_FIRST(list); asked != NULL; asked = next) {
		next = TAILQ_NEXT(asked, link);
		asked_free(asked);
	}
}

void
stretch_close(struct stretch *stretch)
{
	if (stretch == NULL)
		return;
	sandbox_close(stretch->sandbox);
	asked_free_all(&stretch->busy);
	asked_free_all(&stretch->waiting);
	event_free(stretch->again);
	free(stretch);
}

bool
stretch_has_room(const struct stretch *stretch)
{
	return stretch->n_busy + stretch->n_waiting <
	       (size_t)stretch->set.children + stretch->set.waiting_max;
}

static void
fill(struct stretch_question *question, struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost)
{
	question->cost = *cost;
	question->salt_len = (uint32_t)salt.len;
	question->password_len = (uint32_t)password.len;
	memcpy(question->salt, salt.data, salt.len);
	if (password.len > 0)
		memcpy(question->password, password.data, password.len);
}

bool
stretch_ask(struct stretch *stretch, struct cs_span password, struct cs_span salt,
    const struct stretch_cost *cost, stretch_done *done, void *arg)
{
	struct asked *asked;

	if (!stretch_has_room(stretch) || !stretch_cost_good(cost) ||
	    password.len > STRETCH_PASSWORD_MAX || salt.len < STRETCH_SALT_MIN ||
	    salt.len > STRETCH_SALT_MAX)
		return false;
	asked = calloc(1, sizeof(*asked));
	cs_assert(asked != NULL);
	asked->stretch = stretch;
	asked->until_mono_ms = cs_mono_ms() + stretch->set.wait_ms;
	asked->done = done;
	asked->arg = arg;
	fill(&asked->question, password, salt, cost);
	TAILQ_INSERT_TAIL(&stretch->waiting, asked, link);
	stretch->n_waiting++;
	event_active(stretch->again, EV_TIMEOUT, 0);
	return true;
}
