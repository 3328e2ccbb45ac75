/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.c: a lane as every replica reads it for itself: message by message, without a consumer, so that nothing
 * is shared, acknowledged or kept.  One question at a time is under way.
 */
#include <event2/event.h>
#include <stdlib.h>

#include "catalogue/catalogue.h"
#include "svc/internal.h"

#define SOON_MS 100 /* until everything was read once */
#define EVERY_S 1
#define ANSWER_MS 5000
/* A stream that was made anew counts from 1 again, and nobody tells: so the reading begins again, too. */
#define AGAIN_TICKS 300

struct follower {
	struct svc *svc;
	const char *stream, *filter;
	svc_told *told;
	void *arg;
	struct event *timer;
	uint64_t next; /* sequence in the stream */
	unsigned ticks;
	bool asking, complete;
};

static void ask(struct follower *follower);

static void
take(struct follower *follower, const struct bus_stored *stored)
{
	if (stored->sequence < follower->next) /* not what was asked for */
		return;
	follower->next = stored->sequence + 1;
	follower->told(follower->arg, stored->body);
	ask(follower);
}

static void
complete(struct follower *follower)
{
	if (follower->complete)
		return;
	follower->complete = true;
	follower->told(follower->arg, cs_span_str(NULL));
}

static void
on_answer(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct follower *follower = arg;
	struct cs_arena *arena = cs_arena_new();
	struct bus_stored stored;
	struct cs_err err = { 0 };

	(void)status;
	follower->asking = false;
	const enum cs_code code = ok ? bus_stream_read(arena, body, &stored, &err) : CS_UNAVAILABLE;

	if (code == CS_OK)
		take(follower, &stored);
	else if (code == CS_NOT_FOUND)
		complete(follower);
	else if (code != CS_UNAVAILABLE)
		log_error(&follower->svc->log, "lane not read stream=%s reason=\"%s\"",
		    follower->stream, err.text);
	cs_arena_free(arena);
}

static void
ask(struct follower *follower)
{
	struct cs_arena *arena = cs_arena_new();
	struct bus_out out;
	struct cs_err err;

	cs_assert(bus_stream_ask(arena, follower->stream, follower->next, follower->filter, &out,
		      &err) == CS_OK);
	follower->asking = true;
	svc_question(follower->svc, out.subject, out.body, ANSWER_MS, on_answer, follower);
	cs_arena_free(arena);
}

static void
wait_a_little(struct follower *follower)
{
	const struct timeval soon = { 0, SOON_MS * 1000 }, every = { EVERY_S, 0 };

	cs_assert(event_add(follower->timer, follower->complete ? &every : &soon) == 0);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct follower *follower = arg;

	(void)fd;
	(void)what;
	if (++follower->ticks % AGAIN_TICKS == 0)
		follower->next = 1;
	if (!follower->asking)
		ask(follower);
	wait_a_little(follower);
}

void
svc_follow(struct svc *svc, const char *subject, svc_told *told, void *arg)
{
	struct follower *follower = CS_NEW(svc->arena, struct follower);

	cs_assert(svc->follower == NULL);
	*follower = (struct follower){ .svc = svc,
		.stream = catalogue_lane_of(subject)->stream,
		.filter = cs_arena_printf(svc->arena, "cs.%s", subject),
		.told = told,
		.arg = arg,
		.next = 1 };
	follower->timer = event_new(svc->base, -1, 0, on_tick, follower);
	cs_assert(follower->timer != NULL);
	wait_a_little(follower);
	svc->follower = follower;
}

bool
svc_follows(const struct svc *svc)
{
	return svc->follower == NULL || svc->follower->complete;
}

void
follower_free(struct follower *follower)
{
	if (follower != NULL)
		event_free(follower->timer);
}
