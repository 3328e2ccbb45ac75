/* SPDX-License-Identifier: Apache-2.0 */
/* publisher.h: the worker's way out: from the outbox into the streams.  Of the worker thread alone. */
#ifndef SVC_PUBLISHER_H
#define SVC_PUBLISHER_H

#include "svc/internal.h"

#define LANES_MAX 16

/* A published event that the stream has not confirmed yet. */
struct slot {
	uint64_t token; /* 0: free */
	size_t lane, flight;
};

/* Events of one mark in the outbox that are on their way together. */
struct flight {
	int64_t mark;
	uint32_t n_flying;  /* not answered; 0: free */
	uint32_t n_missing; /* of all that are marked, those that no stream has confirmed */
};

/* What this process knows of a stream that it publishes into. */
struct lane_seen {
	char created[40];                 /* "": nothing yet */
	uint64_t stored;                  /* the last sequence that was confirmed to us */
	uint64_t first, last, asked_last; /* as the stream said; the last, when we asked again */
	bool forgot;                      /* it gave a sequence a second time */
};

struct publisher {
	struct svc *svc;
	struct db *db; /* the worker's; NULL: not yet there */
	struct log_context log;
	struct cs_arena *scratch; /* of one step */
	struct slot *slots;
	uint64_t generation; /* token of the last publish */
	size_t n_slots_used;
	struct flight *flights; /* as many as slots */
	size_t last_flight;
	int64_t *confirmed; /* marks that are still to be taken from the outbox */
	size_t n_confirmed;
	int64_t swept_mark;
	int64_t next_sweep_ms, next_streams_ms;
	struct lane_seen lanes[LANES_MAX];
};

void publisher_init(struct publisher *p, struct svc *svc, const struct log_context *log);
void publisher_fini(struct publisher *p);

/* CS_UNAVAILABLE: too much in flight, or no bus: it is published again later. */
enum cs_code
publisher_publish(struct publisher *p, const struct out_event *event, struct cs_err *err);
/* BUS_STORED, BUS_NOT_STORED */
void publisher_on_confirmation(struct publisher *p, const struct bus_item *item);
/* BUS_ANSWER: what a stream says of itself */
enum cs_code
publisher_on_stream(struct publisher *p, const struct bus_item *item, struct cs_err *err);

/* Marks of what was confirmed: in a transaction of their own, or along with another one. */
enum cs_code publisher_mark_sent(struct publisher *p, struct cs_err *err);
enum cs_code
publisher_send_marks(const struct publisher *p, struct cs_arena *arena, struct cs_err *err);
void publisher_marks_are_made(struct publisher *p); /* that transaction was committed */

/* What is due: asks about streams, marks when there is nothing else to do, sweeps the outbox. */
enum cs_code publisher_tend(struct publisher *p, int64_t now_ms, bool idle, struct cs_err *err);
/* The database was away: the outbox is swept from its beginning, and soon. */
void publisher_begin_anew(struct publisher *p);

#endif
