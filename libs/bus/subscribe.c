/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subscribe.c: subscriptions, which live as long as the connection: a message that arrives for one
 * that is being destroyed crashes the client library.
 */
#include <stdlib.h>

#include "base/time.h"
#include "bus/internal.h"

static void
on_complete(void *closure)
{
	struct bus *bus = closure;

	pthread_mutex_lock(&bus->mu);
	bus->subscriptions_live--;
	pthread_cond_broadcast(&bus->state_cond);
	pthread_mutex_unlock(&bus->mu);
}

static natsStatus
start(struct bus *bus, const struct subscription *what, natsSubscription **ret_sub)
{
	if (what->group)
		return natsConnection_QueueSubscribe(
		    ret_sub, bus->nc, what->subject, what->group, what->handler, what->closure);
	return natsConnection_Subscribe(
	    ret_sub, bus->nc, what->subject, what->handler, what->closure);
}

/* Subscriptions are made at the start, by one thread. */
enum cs_code
subscribe(struct bus *bus, const struct subscription *what, struct cs_err *err)
{
	natsSubscription *sub = NULL;

	pthread_mutex_lock(&bus->mu);
	const bool full = bus->subscriptions_len == SUBSCRIPTIONS_MAX;
	pthread_mutex_unlock(&bus->mu);
	if (full)
		return cs_fail(err, CS_INTERNAL, "bus: too many subscriptions");
	const natsStatus status = start(bus, what, &sub);
	if (status != NATS_OK)
		return cs_fail(err, CS_UNAVAILABLE, "bus: subscribe %s: %s", what->subject,
		    natsStatus_GetText(status));
	pthread_mutex_lock(&bus->mu);
	bus->subscriptions[bus->subscriptions_len++] = sub;
	bus->subscriptions_live++;
	pthread_mutex_unlock(&bus->mu);
	if (natsSubscription_SetOnCompleteCB(sub, on_complete, bus) == NATS_OK)
		return CS_OK;
	on_complete(bus); /* the connection was closed meanwhile */
	return cs_fail(err, CS_UNAVAILABLE, "bus: subscribe %s: connection closed", what->subject);
}

void
unsubscribe_all(struct bus *bus)
{
	for (size_t i = 0; i < bus->subscriptions_len; i++)
		natsSubscription_Destroy(bus->subscriptions[i]);
}

static void
on_question(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure)
{
	struct bus_queue *queue = closure;

	(void)nc;
	(void)sub;
	queue_push(queue, hold_new(queue->bus, BUS_QUESTION, msg));
}

enum cs_code
bus_serve(struct bus_queue *queue, const char *subject, const char *group, struct cs_err *err)
{
	if (!protocol_subject_ok(subject, true) || (group && !protocol_name_ok(group)))
		return cs_fail(err, CS_MALFORMED, "bus: not a subject or group to serve");
	if (!queue->bus->connected)
		return cs_fail(err, CS_UNAVAILABLE, "bus: not connected");
	const struct subscription what = { subject, group, on_question, queue };
	return subscribe(queue->bus, &what, err);
}
