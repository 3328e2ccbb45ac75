/* SPDX-License-Identifier: Apache-2.0 */
/* crew.c: the parent's side: a look is asked of a child, and what comes back is read strictly. */
#include <stdlib.h>

#include "base/time.h"
#include "probe/wire.h"
#include "sandbox/sandbox.h"

/* Longer than any look takes (a climb: 30 s), shorter than policy waits for an attempt (45 s). */
#define CREW_ASK_MS 40000

struct crew_look {
	struct cs_arena *arena;
	probe_done *done;
	void *arg;
	int64_t from_ms;
};

static enum cs_code
open_children(const struct probe_settings *settings, const struct probe_crew *crew,
    uint32_t children, struct event_base *base, struct sandbox **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct sandbox_settings sandbox = { .role = &probe_role,
		.children = children,
		.settings = probe_wire_settings(arena, settings),
		.told = crew->told,
		.told_arg = crew->told_arg };
	enum cs_code code = sandbox_open(&sandbox, base, ret, err);

	cs_arena_free(arena);
	return code;
}

enum cs_code
probe_crew_open(const struct probe_settings *settings, const struct probe_crew *crew,
    struct event_base *base, struct probe **ret_probe, struct cs_err *err)
{
	struct probe_settings with_memory = *settings;
	struct probe *probe = calloc(1, sizeof(*probe));

	cs_assert(probe != NULL);
	with_memory.remembers = true;
	if (open_children(settings, crew, crew->children, base, &probe->crew, err) ||
	    (crew->remembering > 0 && open_children(&with_memory, crew, crew->remembering, base,
					  &probe->remembering, err))) {
		crew_close(probe);
		return err->code;
	}
	*ret_probe = probe;
	return CS_OK;
}

/* Not found out: the look ended without a word of the outside. */
static struct probe_finding
nothing_found(const char *reason, const char *text)
{
	return (struct probe_finding){ .outcome = CLAIM_COULD_NOT_TELL,
		.reason = reason,
		.clause = "",
		.text = text,
		.security = CLAIM_DNSSEC_INDETERMINATE,
		.found_at = "",
		.detail = "",
		.checked_at_ms = cs_now_ms() };
}

static struct probe_finding
finding_of(struct crew_look *look, enum sandbox_result result, struct cs_span answer)
{
	struct probe_finding finding;
	struct cs_err err;

	switch (result) {
	case SANDBOX_ANSWERED:
		if (probe_wire_read_answer(
			look->arena, answer, look->from_ms, cs_now_ms(), &finding, &err) == CS_OK)
			return finding;
		return nothing_found("prober-unreadable",
		    cs_arena_printf(
			look->arena, "what the looking process said is not valid: %s", err.text));
	case SANDBOX_DIED:
		return nothing_found(
		    "prober-died", "the process that looked ended before it had an answer");
	case SANDBOX_TIMED_OUT:
		return nothing_found(
		    "prober-timeout", "the process that looked had no answer in time");
	case SANDBOX_UNAVAILABLE:
		break;
	}
	return nothing_found("prober-unavailable", "no process was there to look");
}

static void
on_answer(void *arg, enum sandbox_result result, struct cs_span answer)
{
	struct crew_look *look = arg;
	const struct probe_finding finding = finding_of(look, result, answer);

	look->done(look->arg, &finding);
}

static struct sandbox *
whom(const struct probe *probe, const struct claim_check *check)
{
	bool is_caa = check->kind == CLAIM_CAA || check->kind == CLAIM_MPIC_CAA;

	return is_caa && !check->fresh && probe->remembering != NULL ? probe->remembering
								     : probe->crew;
}

void
crew_ask(struct probe *probe, const struct claim_check *check, enum probe_tag tag,
    struct cs_arena *arena, probe_done *done, void *arg)
{
	struct crew_look *look = CS_NEW(arena, struct crew_look);

	*look =
	    (struct crew_look){ .arena = arena, .done = done, .arg = arg, .from_ms = cs_now_ms() };
	sandbox_ask(
	    whom(probe, check), probe_wire_ask(arena, check, tag), CREW_ASK_MS, on_answer, look);
}

size_t
probe_crew_pids(const struct probe *probe, int *ret_pids, size_t max)
{
	size_t n = probe->crew == NULL ? 0 : sandbox_pids(probe->crew, ret_pids, max);
	size_t shown = n < max ? n : max;

	if (probe->remembering == NULL)
		return n;
	return n + sandbox_pids(probe->remembering, ret_pids + shown, max - shown);
}

void
crew_close(struct probe *probe)
{
	sandbox_close(probe->crew);
	sandbox_close(probe->remembering);
	free(probe);
}
