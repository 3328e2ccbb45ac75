/* SPDX-License-Identifier: Apache-2.0 */
#include "lanes.h"

#include "base/time.h"

struct held {
	struct cs_arena *arena; /* its own; NULL: free */
	struct shown event;
	int64_t at_ms;
};

struct lane {
	struct held held[LANES_WINDOW];
	size_t n;
	uint64_t next; /* sequence to go on from */
	int64_t at_ms; /* of what was fetched last */
	bool ended;
};

struct lanes {
	struct cs_arena *arena; /* its own */
	struct lane *lanes;
	size_t n;
	lanes_fetch *fetch;
	void *arg;
	struct cs_arena *lent; /* of the event that the caller has; NULL: none */
};

struct lanes *
lanes_new(size_t n, uint64_t sequence, lanes_fetch *fetch, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct lanes *lanes = CS_NEW(arena, struct lanes);

	*lanes = (struct lanes){ .arena = arena,
		.lanes = CS_NEW_ARRAY(arena, n, struct lane),
		.n = n,
		.fetch = fetch,
		.arg = arg };
	for (size_t i = 0; i < n; i++)
		lanes->lanes[i].next = sequence > 0 ? sequence : 1;
	return lanes;
}

static void
end_loan(struct lanes *lanes)
{
	if (lanes->lent != NULL)
		cs_arena_free(lanes->lent);
	lanes->lent = NULL;
}

void
lanes_free(struct lanes *lanes)
{
	for (size_t i = 0; i < lanes->n; i++)
		for (size_t at = 0; at < LANES_WINDOW; at++)
			if (lanes->lanes[i].held[at].arena != NULL)
				cs_arena_free(lanes->lanes[i].held[at].arena);
	end_loan(lanes);
	cs_arena_free(lanes->arena);
}

static struct held *
free_place(struct lane *lane)
{
	struct held *held = lane->held;

	while (held->arena != NULL)
		held++;
	return held;
}

/* An event whose time cannot be read stays behind the one before it. */
static enum cs_code
fetch_one(struct lanes *lanes, size_t i, struct cs_err *err)
{
	struct lane *lane = &lanes->lanes[i];
	struct held held = { .arena = cs_arena_new() };
	enum cs_code code = lanes->fetch(lanes->arg, i, lane->next, held.arena, &held.event, err);

	if (code != CS_OK) {
		cs_arena_free(held.arena);
		lane->ended = code == CS_NOT_FOUND;
		return lane->ended ? CS_OK : code;
	}
	held.at_ms = lane->at_ms;
	if (cs_time_parse(held.event.time, &held.at_ms, NULL) != CS_OK)
		held.at_ms = lane->at_ms;
	lane->at_ms = held.at_ms;
	lane->next = held.event.sequence + 1;
	*free_place(lane) = held;
	lane->n++;
	return CS_OK;
}

static enum cs_code
fill(struct lanes *lanes, struct cs_err *err)
{
	for (size_t i = 0; i < lanes->n; i++)
		while (!lanes->lanes[i].ended && lanes->lanes[i].n < LANES_WINDOW)
			if (fetch_one(lanes, i, err))
				return err->code;
	return CS_OK;
}

static bool
is_before(const struct held *a, const struct held *b)
{
	return a->at_ms < b->at_ms ||
	       (a->at_ms == b->at_ms && a->event.sequence < b->event.sequence);
}

/* NULL: the lane has none. */
static struct held *
earliest_of(struct lane *lane)
{
	struct held *first = NULL;

	for (struct held *held = lane->held; held < lane->held + LANES_WINDOW; held++)
		if (held->arena != NULL && (first == NULL || is_before(held, first)))
			first = held;
	return first;
}

enum cs_code
lanes_next(struct lanes *lanes, struct shown *ret, struct cs_err *err)
{
	struct held *first = NULL;
	struct lane *from = NULL;

	end_loan(lanes);
	if (fill(lanes, err))
		return err->code;
	for (size_t i = 0; i < lanes->n; i++) {
		struct held *held = earliest_of(&lanes->lanes[i]);

		if (held != NULL && (first == NULL || held->at_ms < first->at_ms)) {
			first = held;
			from = &lanes->lanes[i];
		}
	}
	if (first == NULL)
		return cs_fail(err, CS_NOT_FOUND, "no more events");
	*ret = first->event;
	lanes->lent = first->arena;
	*first = (struct held){ .arena = NULL };
	from->n--;
	return CS_OK;
}
