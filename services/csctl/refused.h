/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refused.h: dead letters of services that keep no state.  They lie in the lane DEADLETTER and nowhere
 * else, so nobody can have them handled again or forget them: they go with their lane, after 90 days.
 */
#ifndef CSCTL_REFUSED_H
#define CSCTL_REFUSED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

struct bus;

struct refused {
	const char *service, *id, *time;
	const char *subject, *place; /* of what was refused: "plan.caa-asked", "PLAN 17" */
	const char *reason;
	struct cs_span body; /* as it was received */
};

/* Called for each that is listed; borrowed for the call. */
typedef void refused_show(void *arg, const struct refused *letter);

/* The newest `max` of each service, newest first.  *ret_n: how many there are in all. */
CS_MUST_USE enum cs_code refused_list(
    struct bus *bus, size_t max, refused_show *show, void *arg, size_t *ret_n, struct cs_err *err);
/* The one of this id, in the arena.  CS_NOT_FOUND. */
CS_MUST_USE enum cs_code refused_find(struct bus *bus, struct cs_id id, struct cs_arena *arena,
    struct refused *ret, struct cs_err *err);

#endif
