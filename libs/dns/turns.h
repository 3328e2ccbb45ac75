/* SPDX-License-Identifier: Apache-2.0 */
/*
 * turns.h: whose lookup is sent next.  Lookups of names that somebody registered are a group: groups take
 * turns, and each may have so many under way, so that whoever's servers do not answer makes nobody wait
 * but himself.  Pure.
 */
#ifndef DNS_TURNS_H
#define DNS_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>

struct turns;
struct turn_group;

/* Of one lookup; lies in its struct, zeroed at first. */
struct turn_place {
	struct turn_group *group; /* NULL: not joined */
	enum { TURN_IDLE, TURN_WAITING, TURN_BUSY } state;
	TAILQ_ENTRY(turn_place) entry;
};

/* `busy_max`: how many of one group may be under way. */
struct turns *turns_new(size_t busy_max);
/* Every place has left.  Takes NULL. */
void turns_free(struct turns *turns);

/* From now on a member, idle.  `group` is copied. */
void turns_join(struct turns *turns, struct turn_place *place, const char *group);
/* Idle, waiting, under way; any may follow any. */
void turns_set(struct turns *turns, struct turn_place *place, int state);
void turns_leave(struct turns *turns, struct turn_place *place);
/* The one who may go now: first of its group, of the group that waited longest.  NULL: nobody. */
struct turn_place *turns_next(const struct turns *turns);

#endif
