/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hand.h: the one thread that uses CA keys.  A signature takes milliseconds, and one that a token never makes
 * takes seconds: the loop goes on meanwhile.  Work is done in the order in which it came.
 */
#ifndef SIGNER_HAND_H
#define SIGNER_HAND_H

#include "svc/svc.h"

#define HAND_MAX 1024 /* pieces of work in hand: the service's act_max */

struct event_base;
struct hand;

/* On the hand's thread: does the work and returns the result for svc_done(), in the work's arena. */
typedef struct cs_span hand_job(void *self, struct svc_work *work);

/* In the arena; its thread starts with the first work.  CS_INTERNAL: no descriptor. */
CS_MUST_USE enum cs_code hand_open(struct event_base *base, struct cs_arena *arena, hand_job *job,
    void *self, struct hand **ret, struct cs_err *err);
/* Loop thread; at most HAND_MAX at once (asserted).  svc_done() follows on the loop thread. */
void hand_give(struct hand *hand, struct svc_work *work);
/* Waits for the piece that is being done; the rest is dropped, and comes again by its lease.  Takes NULL. */
void hand_close(struct hand *hand);

#endif
