/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: one transaction over many events: group by key, load, decide in order of arrival, save.
 * It knows no bus and no tables: batch_ports says where the inbox and the outbox are.
 */
#include <stdlib.h>
#include <string.h>

#include "svc/internal.h"

const struct svc_route *
route_find(const struct svc_service *service, const char *subject)
{
	for (const struct svc_route *route = service->routes; route->subject != NULL; route++) {
		size_t len = strlen(route->subject);

		if (strcmp(route->subject, subject) == 0)
			return route;
		/* "ask.perspective.*": the last word is the instance's own name. */
		if (len > 1 && route->subject[len - 1] == '*' &&
		    strncmp(route->subject, subject, len - 1) == 0)
			return route;
	}
	return NULL;
}

bool
is_patient(const struct svc_service *service, const char *subject)
{
	for (const char *const *at = service->patient; at != NULL && *at != NULL; at++)
		if (strcmp(*at, subject) == 0)
			return true;
	return false;
}

/* FNV-1a: who could choose the text could find two alike, but the subjects are ours. */
int64_t
subject_number(const char *subject)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *subject != '\0'; subject++)
		hash = (hash ^ (uint8_t)*subject) * UINT64_C(0x100000001b3);
	return (int64_t)hash;
}

void
batch_read(const struct svc_service *service, struct batch_event *event)
{
	event->route = route_find(service, event->ev.subject);
	if (event->route == NULL) {
		event->malformed = true;
		cs_fail(&event->err, CS_MALFORMED, "no route for %.100s", event->ev.subject);
		return;
	}
	if (event->route->read != NULL &&
	    event->route->read(service->self, &event->ev, &event->err) != CS_OK)
		event->malformed = true;
	else if ((event->source == FROM_BUS || event->source == FROM_PARKED) &&
		 cs_id_is_zero(event->ev.key))
		/* Of nobody: it would share its state with everything else that has no key. */
		event->malformed = cs_fail(&event->err, CS_MALFORMED, "no key") != CS_OK;
	else
		event->log.request = event->ev.key;
}

/* Everything that a decision left behind is forgotten: the batch may run again. */
static void
reset_outgoing(struct batch_event *event)
{
	event->out = (struct svc_outgoing){ 0 };
	event->out.events_tail = &event->out.events;
	event->out.works_tail = &event->out.works;
	event->ev.outgoing = &event->out;
	event->ev.state = NULL;
}

struct ordered {
	struct batch_event *event;
	size_t arrival;
};

static int
by_key(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;
	int order = cs_id_compare(x->event->ev.key, y->event->ev.key);

	return order != 0 ? order : (x->arrival > y->arrival) - (x->arrival < y->arrival);
}

/* Sorted by key, then by arrival: that is the order of locking and the order of folding. */
static size_t
sort_live(struct cs_arena *arena, struct batch_event **events, size_t n, struct ordered **ret)
{
	struct ordered *live = CS_NEW_ARRAY(arena, n, struct ordered);
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		if (!events[i]->dropped)
			live[count++] = (struct ordered){ events[i], i };
	qsort(live, count, sizeof(live[0]), by_key);
	*ret = live;
	return count;
}

static void
group(struct svc_batch *batch, const struct ordered *live, size_t n)
{
	/* Those of one aggregate lie side by side. */
	struct svc_event **events = CS_NEW_ARRAY(batch->arena, n, struct svc_event *);

	batch->aggregates = CS_NEW_ARRAY(batch->arena, n, struct svc_aggregate);
	batch->n = 0;
	for (size_t i = 0; i < n; i++) {
		struct svc_event *ev = &live[i].event->ev;

		if (batch->n == 0 || !cs_id_equal(batch->aggregates[batch->n - 1].key, ev->key))
			batch->aggregates[batch->n++] =
			    (struct svc_aggregate){ .key = ev->key, .events = events + i };
		struct svc_aggregate *last = &batch->aggregates[batch->n - 1];

		last->events[last->n_events++] = ev;
	}
}

const struct cs_id *
svc_keys(const struct svc_batch *batch)
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, batch->n, struct cs_id);

	for (size_t i = 0; i < batch->n; i++)
		keys[i] = batch->aggregates[i].key;
	return keys;
}

struct svc_aggregate *
svc_aggregate_find(const struct svc_batch *batch, struct cs_id key)
{
	size_t low = 0, high = batch->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = cs_id_compare(batch->aggregates[mid].key, key);

		if (order == 0)
			return &batch->aggregates[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void
decide(const struct batch_run *run, struct svc_batch *batch)
{
	const struct svc_service *service = run->service;
	void *shared = service->share == NULL ? NULL : service->share(service->self, batch->arena);

	for (size_t i = 0; i < batch->n; i++) {
		struct svc_aggregate *aggregate = &batch->aggregates[i];

		cs_assert(aggregate->state != NULL);
		for (size_t k = 0; k < aggregate->n_events; k++) {
			struct svc_event *ev = aggregate->events[k];
			const struct svc_route *route = route_find(run->service, ev->subject);

			cs_assert(route != NULL);
			ev->state = aggregate->state;
			ev->shared = shared;
			route->decide(run->service->self, ev);
			aggregate->state = ev->state;
		}
	}
	if (service->decided != NULL)
		service->decided(shared);
}

static enum cs_code
run_in_transaction(const struct batch_run *run, struct svc_batch *batch,
    struct batch_event **events, size_t n, struct cs_err *err)
{
	struct ordered *live;
	size_t n_live;

	if (run->ports->begin(run->ports->arg, batch, events, n, err))
		return err->code;
	n_live = sort_live(batch->arena, events, n, &live);
	group(batch, live, n_live);
	if (n_live > 0) {
		if (run->service->load(batch, err))
			return err->code;
		decide(run, batch);
		if (run->service->save(batch, err))
			return err->code;
	}
	return run->ports->commit(run->ports->arg, batch, events, n, err);
}

enum cs_code
batch_run(const struct batch_run *run, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct batch_event **good = CS_NEW_ARRAY(run->arena, n, struct batch_event *);
	struct svc_batch batch = { .arena = run->arena,
		.db = run->db,
		.self = run->service->self,
		.now_ms = run->now_ms };
	const size_t share = sizeof(events[0]->ev.random);
	uint8_t *random = CS_NEW_ARRAY(run->arena, n * share, uint8_t);
	size_t n_good = 0;

	cs_random(random, n * share);
	for (size_t i = 0; i < n; i++) {
		if (events[i]->malformed)
			continue;
		reset_outgoing(events[i]);
		events[i]->dropped = false;
		events[i]->ev.now_ms = run->now_ms;
		memcpy(events[i]->ev.random, random + i * share, share);
		good[n_good++] = events[i];
	}
	if (n_good == 0)
		return CS_OK;
	if (run->held != NULL)
		run->held->len = 0;
	enum cs_code code = run_in_transaction(run, &batch, good, n_good, err);

	if (code != CS_OK)
		run->ports->rollback(run->ports->arg);
	return code;
}
