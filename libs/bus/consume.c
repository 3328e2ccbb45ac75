/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consume.c: pulling from durable consumers by hand (the client library's own fetch overruns its
 * array).
 *
 * One pull is open at a time per consumer.  It ends when all its messages came, with a status
 * message, or in silence: a pull on a consumer that does not exist gets no answer at all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "bus/internal.h"

#define EXPIRES_NS INT64_C(5000000000)
#define HEARTBEAT_NS INT64_C(1000000000)
#define SILENCE_MS INT64_C(3000) /* three heartbeats */
#define BACKOFF_MS INT64_C(500)

/* With bus->mu held.  0: not now. */
static size_t
wanted(const struct consume *consume, int64_t now_ms)
{
	const size_t held = consume->unreleased;

	if (!consume->bus->connected || consume->queue->paused || consume->open ||
	    now_ms < consume->not_before_ms || held >= consume->max)
		return 0;
	const size_t room = consume->max - held;
	/* Not one by one while the holder frees a batch. */
	if (held > 0 && room < consume->max / 4)
		return 0;
	return room < BUS_BATCH_MAX ? room : BUS_BATCH_MAX;
}

/* With bus->mu held. */
static bool
open_pull(struct consume *consume, struct slot_ref *ret_ref, size_t *ret_batch)
{
	const struct slot what = { .kind = SLOT_PULL, .consume = consume };
	const int64_t now = cs_mono_ms();
	const size_t batch = wanted(consume, now);

	if (batch == 0 || !slot_add(consume->bus, &what, &consume->pull))
		return false;
	consume->open = true;
	consume->requested = batch;
	consume->heard_ms = now;
	*ret_ref = consume->pull;
	*ret_batch = batch;
	return true;
}

/* With bus->mu held. */
static void
close_pull(struct consume *consume, int64_t wait_ms)
{
	struct slot slot;

	if (!consume->open)
		return;
	(void)slot_take(consume->bus, consume->pull, &slot);
	consume->open = false;
	consume->requested = 0;
	consume->not_before_ms = cs_mono_ms() + wait_ms;
}

static bool
same_pull(const struct consume *consume, struct slot_ref ref)
{
	return consume->open && consume->pull.number == ref.number &&
	       consume->pull.generation == ref.generation;
}

static void
pull(struct consume *consume)
{
	struct bus *bus = consume->bus;
	char body[128], reply[REPLY_MAX];
	struct slot_ref ref;
	size_t batch;

	pthread_mutex_lock(&bus->mu);
	const bool opened = open_pull(consume, &ref, &batch);
	pthread_mutex_unlock(&bus->mu);
	if (!opened)
		return;
	slot_reply(bus, ref, reply);
	const int len = snprintf(body, sizeof(body),
	    "{\"batch\":%zu,\"expires\":%" PRId64 ",\"idle_heartbeat\":%" PRId64 "}", batch,
	    EXPIRES_NS, HEARTBEAT_NS);
	if (natsConnection_PublishRequest(bus->nc, consume->subject, reply, body, len) == NATS_OK)
		return;
	pthread_mutex_lock(&bus->mu);
	if (same_pull(consume, ref))
		close_pull(consume, BACKOFF_MS);
	pthread_mutex_unlock(&bus->mu);
}

/* With bus->mu held. */
static struct consume *
find(struct bus *bus, const struct protocol_delivery *delivery)
{
	for (size_t i = 0; i < bus->consumes_len; i++)
		if (strcmp(bus->consumes[i]->stream, delivery->stream) == 0 &&
		    strcmp(bus->consumes[i]->durable, delivery->durable) == 0)
			return bus->consumes[i];
	return NULL;
}

/*
 * Counts the message as held.  NULL: nobody asked for it, or it comes on top of a whole old batch; it
 * is left to its redelivery.
 */
static struct consume *
admit(struct bus *bus, const struct protocol_delivery *delivery)
{
	pthread_mutex_lock(&bus->mu);
	struct consume *consume = find(bus, delivery);
	if (consume && consume->unreleased >= consume->max + BUS_BATCH_MAX)
		consume = NULL;
	if (consume) {
		consume->unreleased++;
		consume->silent = false;
		consume->heard_ms = cs_mono_ms();
		if (consume->requested > 0 && --consume->requested == 0)
			close_pull(consume, 0);
	} else {
		bus->counters.dropped++;
	}
	pthread_mutex_unlock(&bus->mu);
	return consume;
}

void
consume_on_message(struct bus *bus, natsMsg *msg)
{
	struct protocol_delivery delivery;
	struct consume *consume = NULL;

	if (protocol_read_delivery(natsMsg_GetReply(msg), &delivery))
		consume = admit(bus, &delivery);
	if (!consume) {
		natsMsg_Destroy(msg);
		return;
	}
	struct bus_hold *hold = hold_new(bus, BUS_MESSAGE, msg);
	hold->consume = consume;
	hold->item.stream = consume->stream;
	hold->item.durable = consume->durable;
	hold->item.sequence = delivery.sequence;
	hold->item.pending = delivery.pending;
	hold->item.deliveries = delivery.deliveries;
	hold->item.stored_ms = delivery.stored_ms;
	queue_push(consume->queue, hold);
	pull(consume);
}

/* 408: it ended as it should.  404: nothing there now.  409, 503 and what we do not know: trouble. */
void
consume_on_status(struct consume *consume, struct slot_ref ref, natsMsg *msg)
{
	const char *status = message_status(msg);
	struct bus *bus = consume->bus;

	pthread_mutex_lock(&bus->mu);
	if (status && same_pull(consume, ref)) {
		const bool usual = strcmp(status, "408") == 0 || strcmp(status, "404") == 0;

		consume->heard_ms = cs_mono_ms();
		consume->silent = false;
		if (strcmp(status, "100") != 0)
			close_pull(consume, strcmp(status, "408") == 0 ? 0 : BACKOFF_MS);
		bus->counters.pull_errors += !usual && strcmp(status, "100") != 0;
	}
	pthread_mutex_unlock(&bus->mu);
	pull(consume);
}

void
consume_release(struct consume *consume)
{
	pthread_mutex_lock(&consume->bus->mu);
	consume->unreleased--;
	pthread_mutex_unlock(&consume->bus->mu);
	pull(consume);
}

static void
check_silence(struct consume *consume, int64_t now_ms)
{
	struct bus *bus = consume->bus;

	pthread_mutex_lock(&bus->mu);
	if (consume->open && now_ms - consume->heard_ms > SILENCE_MS) {
		bus->counters.silences++;
		consume->silent = true;
		close_pull(consume, 0);
	}
	pthread_mutex_unlock(&bus->mu);
}

void
consume_tick(struct bus *bus, int64_t now_ms)
{
	pthread_mutex_lock(&bus->mu);
	const size_t n = bus->consumes_len; /* they only become more */
	pthread_mutex_unlock(&bus->mu);
	for (size_t i = 0; i < n; i++) {
		check_silence(bus->consumes[i], now_ms);
		pull(bus->consumes[i]);
	}
}

void
consume_forget_pulls(struct bus *bus)
{
	pthread_mutex_lock(&bus->mu);
	for (size_t i = 0; i < bus->consumes_len; i++)
		close_pull(bus->consumes[i], 0);
	pthread_mutex_unlock(&bus->mu);
}

static enum cs_code
add(struct bus *bus, struct consume *consume, struct cs_err *err)
{
	struct protocol_delivery name = { 0 };
	enum cs_code code = CS_OK;

	memcpy(name.stream, consume->stream, sizeof(name.stream));
	memcpy(name.durable, consume->durable, sizeof(name.durable));
	pthread_mutex_lock(&bus->mu);
	if (bus->consumes_len == CONSUMERS_MAX || find(bus, &name))
		code = cs_fail(err, CS_INTERNAL, "bus: too many consumers, or %s %s twice",
		    consume->stream, consume->durable);
	else
		bus->consumes[bus->consumes_len++] = consume;
	pthread_mutex_unlock(&bus->mu);
	return code;
}

enum cs_code
bus_consume(struct bus_queue *queue, const char *stream, const char *durable,
    size_t max_outstanding, bool quiet, struct cs_err *err)
{
	if (!protocol_name_ok(stream) || !protocol_name_ok(durable) || max_outstanding == 0)
		return cs_fail(err, CS_MALFORMED, "bus: no such consumer can exist");
	struct consume *consume = calloc(1, sizeof(*consume));
	cs_assert(consume != NULL);
	consume->bus = queue->bus;
	consume->queue = queue;
	consume->max = max_outstanding;
	consume->quiet = quiet;
	snprintf(consume->stream, sizeof(consume->stream), "%s", stream);
	snprintf(consume->durable, sizeof(consume->durable), "%s", durable);
	snprintf(consume->subject, sizeof(consume->subject), "$JS.API.CONSUMER.MSG.NEXT.%s.%s",
	    stream, durable);
	const enum cs_code code = add(queue->bus, consume, err);
	if (code)
		free(consume);
	else
		pull(consume);
	return code;
}

void
bus_pause(struct bus_queue *queue)
{
	queue->paused = true;
}

void
bus_resume(struct bus_queue *queue)
{
	queue->paused = false;
	consume_tick(queue->bus, 0);
}

static const char *
verdict_text(enum bus_verdict verdict, int64_t delay_ms, char buf[static 64])
{
	switch (verdict) {
	case BUS_ACK:
		return "+ACK";
	case BUS_TERM:
		return "+TERM";
	case BUS_PROGRESS:
		return "+WPI";
	case BUS_NAK:
		break;
	}
	snprintf(buf, 64, "-NAK {\"delay\":%" PRId64 "}", delay_ms > 0 ? delay_ms * 1000000 : 0);
	return delay_ms > 0 ? buf : "-NAK";
}

void
bus_settle(struct bus_item *item, enum bus_verdict verdict, int64_t delay_ms)
{
	struct bus *bus = item->hold->bus;
	char buf[64];

	cs_assert(item->kind == BUS_MESSAGE);
	/* While the connection is away the call could block; the message comes again anyway. */
	if (bus->connected)
		(void)natsConnection_PublishString(
		    bus->nc, item->reply, verdict_text(verdict, delay_ms, buf));
}
