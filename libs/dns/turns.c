/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/turns.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define BUCKETS 1024

struct turn_group {
	LIST_ENTRY(turn_group) bucket;
	TAILQ_ENTRY(turn_group) turn;
	TAILQ_HEAD(, turn_place) waiting;
	size_t members, busy;
	bool in_turn; /* in the list of those that may send */
	char name[];
};

struct turns {
	size_t busy_max;
	TAILQ_HEAD(, turn_group) may;
	LIST_HEAD(, turn_group) buckets[BUCKETS];
};

static size_t
bucket_of(const char *name)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619u;
	return hash % BUCKETS;
}

struct turns *
turns_new(size_t busy_max)
{
	struct turns *turns = calloc(1, sizeof(*turns));

	cs_assert(turns != NULL && busy_max > 0);
	turns->busy_max = busy_max;
	TAILQ_INIT(&turns->may);
	return turns;
}

void
turns_free(struct turns *turns)
{
	for (size_t i = 0; turns != NULL && i < BUCKETS; i++)
		cs_assert(LIST_EMPTY(&turns->buckets[i]));
	free(turns);
}

void
turns_join(struct turns *turns, struct turn_place *place, const char *name)
{
	size_t bucket = bucket_of(name), len = strlen(name);
	struct turn_group *group;

	cs_assert(place->group == NULL);
	LIST_FOREACH(group, &turns->buckets[bucket], bucket)
	if (strcmp(group->name, name) == 0)
		break;
	if (group == NULL) {
		group = calloc(1, sizeof(*group) + len + 1);
		cs_assert(group != NULL);
		TAILQ_INIT(&group->waiting);
		memcpy(group->name, name, len);
		LIST_INSERT_HEAD(&turns->buckets[bucket], group, bucket);
	}
	group->members++;
	place->group = group;
	place->state = TURN_IDLE;
}

/* Is the group among those that may send?  One that has just sent goes to the end. */
static void
settle(struct turns *turns, struct turn_group *group, bool sent)
{
	bool may = !TAILQ_EMPTY(&group->waiting) && group->busy < turns->busy_max;

	if (group->in_turn && (!may || sent)) {
		TAILQ_REMOVE(&turns->may, group, turn);
		group->in_turn = false;
	}
	if (may && !group->in_turn) {
		TAILQ_INSERT_TAIL(&turns->may, group, turn);
		group->in_turn = true;
	}
}

void
turns_set(struct turns *turns, struct turn_place *place, int state)
{
	struct turn_group *group = place->group;
	bool sent = place->state == TURN_WAITING && state == TURN_BUSY;

	if (place->state == TURN_WAITING)
		TAILQ_REMOVE(&group->waiting, place, entry);
	else if (place->state == TURN_BUSY)
		group->busy--;
	place->state = state;
	if (state == TURN_WAITING)
		TAILQ_INSERT_TAIL(&group->waiting, place, entry);
	else if (state == TURN_BUSY)
		group->busy++;
	settle(turns, group, sent);
}

void
turns_leave(struct turns *turns, struct turn_place *place)
{
	struct turn_group *group = place->group;

	if (group == NULL)
		return;
	turns_set(turns, place, TURN_IDLE);
	place->group = NULL;
	if (--group->members == 0) {
		LIST_REMOVE(group, bucket);
		free(group);
	}
}

struct turn_place *
turns_next(const struct turns *turns)
{
	const struct turn_group *group = TAILQ_FIRST(&turns->may);

	return group != NULL ? TAILQ_FIRST(&group->waiting) : NULL;
}
