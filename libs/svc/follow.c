/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow.c: a lane as every replica reads it for itself: message by message, without a consumer, so that nothing
 * is shared, acknowledged or kept.  One question at a time is under way.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue/catalogue.h"
#include "svc/internal.h"

#define SOON_MS 100 /* until everything was read once */
#define EVERY_S 1
#define ANSWER_MS 5000
/* What could not be used when it was told, because the trust table was an older one, may be used by now. */
#define AGAIN_TICKS 300

struct follower {
	struct svc *svc;
	const char *stream_name, *filter;
	svc_told *told;
	void *arg;
	struct event *timer;
	struct bus_stream stream; /* as it was when it was looked at last */
	uint64_t next;            /* sequence in it */
	unsigned ticks;
	bool asking, complete;
};

static void ask_for_next(struct follower *follower);

static void
complete(struct follower *follower)
{
	if (follower->complete)
		return;
	follower->complete = true;
	follower->told(follower->arg, cs_span_str(NULL));
}

static void
read_on(struct follower *follower)
{
	if (follower->next <= follower->stream.last_seq)
		ask_for_next(follower);
	else
		complete(follower);
}

static void
take(struct follower *follower, const struct bus_stored *stored)
{
	if (stored->sequence < follower->next) /* not what was asked for */
		return;
	follower->next = stored->sequence + 1;
	follower->told(follower->arg, stored->body);
	read_on(follower);
}

static void
not_read(const struct follower *follower, enum cs_code code, const struct cs_err *err)
{
	if (code != CS_UNAVAILABLE)
		log_error(&follower->svc->log, "lane not read stream=%s reason=\"%s\"",
		    follower->stream_name, err->text);
}

static void
on_message(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct follower *follower = arg;
	struct cs_arena *arena = cs_arena_new();
	struct bus_stored stored;
	struct cs_err err = { 0 };

	(void)status;
	follower->asking = false;
	const enum cs_code code = ok ? bus_stream_read(arena, body, &stored, &err) : CS_UNAVAILABLE;

	if (code == CS_OK) {
		take(follower, &stored);
	} else if (code == CS_NOT_FOUND) { /* what is left are other subjects */
		follower->next = follower->stream.last_seq + 1;
		complete(follower);
	} else {
		not_read(follower, code, &err);
	}
	cs_arena_free(arena);
}

static void
ask_for_next(struct follower *follower)
{
	struct cs_arena *arena = cs_arena_new();
	struct bus_out out;
	struct cs_err err;

	cs_assert(bus_stream_ask(arena, follower->stream_name, follower->next, follower->filter,
		      &out, &err) == CS_OK);
	follower->asking = true;
	svc_question(follower->svc, out.subject, out.body, ANSWER_MS, on_message, follower);
	cs_arena_free(arena);
}

/* A stream that was made anew counts from 1 again, so that the reading begins again, too. */
static void
look_at(struct follower *follower, const struct bus_stream *stream)
{
	if (strcmp(stream->created, follower->stream.created) != 0)
		follower->next = 1;
	follower->stream = *stream;
	read_on(follower);
}

static void
on_stream(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct follower *follower = arg;
	struct bus_stream stream;
	struct cs_err err = { 0 };

	(void)status;
	follower->asking = false;
	const enum cs_code code = ok ? bus_stream_info_read(body, &stream, &err) : CS_UNAVAILABLE;

	if (code == CS_OK)
		look_at(follower, &stream);
	else if (code == CS_NOT_FOUND) /* nothing was ever said */
		complete(follower);
	else
		not_read(follower, code, &err);
}

static void
ask_for_stream(struct follower *follower)
{
	struct cs_arena *arena = cs_arena_new();
	struct bus_out out;
	struct cs_err err;

	cs_assert(bus_stream_info_ask(arena, follower->stream_name, &out, &err) == CS_OK);
	follower->asking = true;
	svc_question(follower->svc, out.subject, out.body, ANSWER_MS, on_stream, follower);
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
		ask_for_stream(follower);
	wait_a_little(follower);
}

void
svc_follow(struct svc *svc, const char *subject, svc_told *told, void *arg)
{
	struct follower *follower = CS_NEW(svc->arena, struct follower);

	cs_assert(svc->follower == NULL);
	*follower = (struct follower){ .svc = svc,
		.stream_name = catalogue_lane_of(subject)->stream,
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
