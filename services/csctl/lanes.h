/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lanes.h: several lanes as one story in order of time.  A lane keeps the order in which events reached
 * it; its publishers are several, and a lane that was filled again has old events behind young ones.  So
 * the next LANES_WINDOW events of each are held, and the earliest of all comes first: memory is bounded,
 * and a request with fewer events in each lane comes in the order of time throughout.
 */
#ifndef CSCTL_LANES_H
#define CSCTL_LANES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "shown.h"

#define LANES_WINDOW 64 /* of each lane: 4 MiB when each event is as large as it may be */

/* The first event of this lane from `sequence` on that is wanted.  CS_NOT_FOUND: there is none. */
typedef enum cs_code lanes_fetch(void *arg, size_t lane, uint64_t sequence, struct cs_arena *arena,
    struct shown *ret, struct cs_err *err);

struct lanes;

struct lanes *lanes_new(size_t n, uint64_t sequence, lanes_fetch *fetch, void *arg);
void lanes_free(struct lanes *lanes);
/*
 * The earliest of what is held, of two in the same millisecond that of the first lane; borrowed until the
 * next one is asked for.  CS_NOT_FOUND: that was all.
 */
CS_MUST_USE enum cs_code lanes_next(struct lanes *lanes, struct shown *ret, struct cs_err *err);

#endif
