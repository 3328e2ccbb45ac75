/* SPDX-License-Identifier: Apache-2.0 */
/*
 * looper.c: the loop thread's side: carrying out work rows (act), handling events without state
 * (start), questions to other services, and commands from the service's own HTTP API.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "pki/hash.h"
#include "svc/internal.h"

#define FINISH_RETRY_MS 500

/* One piece of work in hand; svc_work is its public face and must come first. */
struct work_node {
	struct svc_work work;
	struct log_context log;
	struct work_node *next, **back; /* of the list of work in hand */
	struct bus_item *item;          /* start: the event or question */
	struct out_event result;        /* start: what is being published */
	uint64_t token;
	struct event *retry;
	struct looper *looper;
};

struct asked {
	uint64_t token; /* 0: free */
	svc_answered *answered;
	void *arg;
};

struct looper {
	struct svc *svc;
	struct event *readable;
	pthread_mutex_t lock; /* of the list and its length */
	struct work_node *first;
	size_t n;
	uint64_t tokens;
	struct asked *asked;
	struct cs_span id_key;
};

/* ---- work in hand ---- */

static struct work_node *
node_new(struct looper *looper, struct cs_arena *arena)
{
	struct work_node *node = CS_NEW(arena, struct work_node);

	node->looper = looper;
	node->log = looper->svc->log;
	node->work.arena = arena;
	node->work.log = &node->log;
	node->work.svc = looper->svc;
	node->work.now_ms = cs_now_ms();
	pthread_mutex_lock(&looper->lock);
	node->next = looper->first;
	node->back = &looper->first;
	if (node->next != NULL)
		node->next->back = &node->next;
	looper->first = node;
	looper->n++;
	pthread_mutex_unlock(&looper->lock);
	return node;
}

static void
node_free(struct work_node *node)
{
	struct looper *looper = node->looper;

	pthread_mutex_lock(&looper->lock);
	*node->back = node->next;
	if (node->next != NULL)
		node->next->back = node->back;
	looper->n--;
	pthread_mutex_unlock(&looper->lock);
	if (node->retry != NULL)
		event_free(node->retry);
	bus_item_free(node->item);
	cs_arena_free(node->work.arena);
}

size_t
looper_in_hand(const struct svc *svc)
{
	struct looper *looper = svc->looper;

	pthread_mutex_lock(&looper->lock);
	size_t n = looper->n;
	pthread_mutex_unlock(&looper->lock);
	return n;
}

size_t
looper_leases(struct svc *svc, struct cs_id *ret_ids, size_t max)
{
	struct looper *looper = svc->looper;
	size_t n = 0;

	pthread_mutex_lock(&looper->lock);
	for (struct work_node *node = looper->first; node != NULL && n < max; node = node->next)
		ret_ids[n++] = node->work.id;
	pthread_mutex_unlock(&looper->lock);
	return n;
}

/* ---- act: rows that save wrote ---- */

static void
run_act(void *arg)
{
	struct work_node *node = arg;
	const struct svc_service *service = node->looper->svc->service;

	if (atomic_load(&node->looper->svc->stopping))
		node_free(node); /* its lease runs out, and it comes again */
	else
		service->act(service->self, &node->work);
}

void
looper_act(struct svc *svc, const struct out_work *work)
{
	struct cs_arena *arena = cs_arena_new();
	struct work_node *node = node_new(svc->looper, arena);

	svc_crash_point(svc, "leased", work->kind);
	node->work.id = work->id;
	node->work.key = work->key;
	node->log.request = work->key;
	node->work.kind = cs_arena_strdup(arena, work->kind);
	node->work.body = cs_arena_copy_span(arena, work->body);
	node->work.attempt = work->attempt;
	handoff_post(svc->handoff, run_act, node);
}

void
svc_done(struct svc_work *work, struct cs_span result)
{
	struct work_node *node = (struct work_node *)work;
	struct svc *svc = work->svc;
	struct command *command;
	const char *subject = cs_arena_printf(work->arena, "work.%s", work->kind);

	command = command_new(svc, subject, work->key, result);
	command->source = FROM_WORK;
	command->work_id = work->id;
	command_push(svc, command);
	node_free(node);
}

/* ---- start: events of services without state ---- */

static void
settle_and_free(struct work_node *node, enum bus_verdict verdict, int64_t delay_ms)
{
	if (node->item != NULL && node->item->kind == BUS_MESSAGE)
		bus_settle(node->item, verdict, delay_ms);
	node_free(node);
}

static void try_publish(struct work_node *node);

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_publish(arg);
}

static void
retry_later(struct work_node *node)
{
	struct timeval wait = { 0, FINISH_RETRY_MS * 1000 };

	if (node->retry == NULL)
		node->retry = evtimer_new(node->looper->svc->base, on_retry, node);
	cs_assert(node->retry != NULL && evtimer_add(node->retry, &wait) == 0);
}

/* Until the stream has it; the incoming event is acknowledged only then. */
static void
try_publish(struct work_node *node)
{
	struct looper *looper = node->looper;
	struct cs_err err;

	node->token = ++looper->tokens;
	if (event_publish(looper->svc->loop_queue, looper->svc->service->name, &node->result,
		node->token, &err))
		retry_later(node);
}

/*
 * The same event, check and attempt give the same id, whoever repeats the work.  It is as old as that event:
 * inboxes sweep by age.
 */
static struct cs_id
derived_id(const struct work_node *node, const char *subject, struct cs_span part)
{
	struct cs_buf seed = cs_buf_new(node->work.arena);
	uint8_t mac[PKI_SHA256];

	cs_buf_add_str(&seed, "countersign/event-id/v1");
	cs_buf_add(&seed, node->work.id.octets, sizeof(node->work.id.octets));
	cs_buf_add_str(&seed, subject);
	cs_buf_add_span(&seed, part);
	pki_hmac_sha256(node->looper->id_key, cs_buf_span(&seed), mac);
	if (!cs_id_is_zero(node->work.id))
		memcpy(mac, node->work.id.octets, CS_ID_TIME);
	return cs_id_from_digest(mac);
}

void
svc_finish(struct svc_work *work, const char *subject, struct cs_span body, struct cs_span part)
{
	struct work_node *node = (struct work_node *)work;
	struct cs_err err;

	if (node->item->kind == BUS_QUESTION) {
		if (bus_answer(node->item, body, &err))
			log_warn(work->log, "answer not sent reason=\"%s\"", err.text);
		node_free(node);
		return;
	}
	if (subject == NULL) {
		settle_and_free(node, BUS_ACK, 0);
		return;
	}
	node->result = (struct out_event){ .id = derived_id(node, subject, part),
		.key = work->key,
		.causation = work->id,
		.subject = cs_arena_strdup(work->arena, subject),
		.body = cs_arena_copy_span(work->arena, body),
		.time_ms = cs_now_ms() };
	try_publish(node);
}

void
svc_later(struct svc_work *work, uint32_t delay_ms)
{
	settle_and_free((struct work_node *)work, BUS_NAK, delay_ms);
}

/* The event comes to the dead letters before it is acknowledged; there is no table to park it in. */
static void
refuse_malformed(struct work_node *node, const struct cs_err *err)
{
	const struct svc *svc = node->looper->svc;
	struct cs_arena *arena = node->work.arena;

	log_error(&node->log, "event refused subject=%s reason=\"%s\"", node->work.kind, err->text);
	metrics_count(svc->metrics, "dead_letters", "subject", "malformed", 1);
	if (node->item->kind != BUS_MESSAGE) {
		node_free(node);
		return;
	}
	const char *place = cs_arena_printf(
	    arena, "%s %llu", node->item->stream, (unsigned long long)node->item->sequence);

	node->result = (struct out_event){ .id = derived_id(node, "deadletter", cs_span_str(place)),
		.subject = cs_arena_printf(arena, "deadletter.%s", svc->service->name),
		.body = node->item->body,
		.time_ms = cs_now_ms(),
		.refused_subject = cs_escape(arena, cs_span_str(node->work.kind), 200),
		.refused_place = place,
		.refused_reason = cs_escape(arena, cs_span_str(err->text), 400) };
	node->result.key = node->result.causation = node->result.id;
	try_publish(node);
}

static void
begin_work(struct looper *looper, struct bus_item *item)
{
	const struct svc_service *service = looper->svc->service;
	struct cs_arena *arena = cs_arena_new();
	struct work_node *node = node_new(looper, arena);
	struct svc_event ev = { .arena = arena,
		.log = &node->log,
		.body = item->body,
		.now_ms = node->work.now_ms,
		.delivery = item->deliveries };
	struct cs_err err = { 0 };

	node->item = item;
	ev.subject = strncmp(item->subject, "cs.", 3) == 0 ? item->subject + 3 : item->subject;
	ev.id = cs_id_new();
	node->work.kind = cs_arena_strdup(arena, ev.subject);
	if (item->kind == BUS_MESSAGE && event_headers(item, &ev, &err)) {
		refuse_malformed(node, &err);
		return;
	}
	const struct svc_route *route = route_find(service, ev.subject);

	if (route == NULL)
		cs_fail(&err, CS_MALFORMED, "no route for %.100s", ev.subject);
	if (route == NULL || route->read(service->self, &ev, &err)) {
		refuse_malformed(node, &err);
		return;
	}
	node->work.id = ev.id;
	node->work.key = ev.key;
	node->work.body = ev.body;
	node->work.what = ev.what;
	node->work.attempt = item->deliveries;
	node->log.request = ev.key;
	node->log.event = ev.id;
	metrics_count(looper->svc->metrics, "events_consumed", "result", "handled", 1);
	service->start(service->self, &node->work);
}

static void
on_published(struct looper *looper, const struct bus_item *item)
{
	struct work_node *node = NULL;

	pthread_mutex_lock(&looper->lock);
	for (node = looper->first; node != NULL && node->token != item->token; node = node->next)
		continue;
	pthread_mutex_unlock(&looper->lock);
	if (node == NULL)
		return;
	metrics_count(looper->svc->metrics, "events_published", "result",
	    item->kind == BUS_NOT_STORED ? "unconfirmed"
	    : item->duplicate            ? "duplicate"
					 : "stored",
	    1);
	if (item->kind == BUS_STORED)
		settle_and_free(node, BUS_ACK, 0);
	else
		retry_later(node);
}

/* ---- questions to other services ---- */

static struct asked *
asked_of(struct looper *looper, uint64_t token)
{
	return &looper->asked[token % IN_FLIGHT_MAX];
}

void
svc_question(struct svc *svc, const char *subject, struct cs_span body, uint32_t timeout_ms,
    svc_answered *answered, void *arg)
{
	struct looper *looper = svc->looper;
	const struct bus_out out = { .subject = subject, .body = body };
	uint64_t token = ++looper->tokens;
	struct cs_err err;

	if (svc->loop_queue == NULL || asked_of(looper, token)->token != 0 ||
	    bus_ask(svc->loop_queue, &out, token, timeout_ms, &err)) {
		answered(arg, false, 0, cs_span_str(NULL));
		return;
	}
	*asked_of(looper, token) = (struct asked){ token, answered, arg };
}

static void
on_answer(struct looper *looper, const struct bus_item *item)
{
	struct asked *slot = asked_of(looper, item->token), asked = *slot;

	if (asked.token != item->token)
		return;
	slot->token = 0;
	asked.answered(asked.arg, item->kind == BUS_ANSWER, 0, item->body);
}

/* ---- the loop's queue ---- */

static void
on_item(struct looper *looper, struct bus_item *item)
{
	switch (item->kind) {
	case BUS_MESSAGE:
		if (atomic_load(&looper->svc->stopping)) {
			bus_settle(item, BUS_NAK, RETURN_MS);
			break;
		}
		begin_work(looper, item); /* takes it */
		return;
	case BUS_QUESTION:
		begin_work(looper, item); /* takes it */
		return;
	case BUS_STORED:
	case BUS_NOT_STORED:
		on_published(looper, item);
		break;
	case BUS_ANSWER:
	case BUS_NO_ANSWER:
		on_answer(looper, item);
		break;
	case BUS_WAKE:
		break;
	}
	bus_item_free(item);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct looper *looper = arg;
	struct bus_item *items[64];
	size_t n;

	(void)fd;
	(void)what;
	for (int round = 0; round < 16; round++) {
		n = bus_queue_take(looper->svc->loop_queue, items, 64, 0);
		for (size_t i = 0; i < n; i++)
			on_item(looper, items[i]);
		if (n < 64)
			return;
	}
	bus_queue_wake(looper->svc->loop_queue); /* more is waiting; others have a turn first */
}

enum cs_code
looper_open(struct svc *svc, struct cs_err *err)
{
	struct looper *looper = svc->looper;

	looper->readable = event_new(
	    svc->base, bus_queue_fd(svc->loop_queue), EV_READ | EV_PERSIST, on_readable, looper);
	if (looper->readable == NULL || event_add(looper->readable, NULL) != 0)
		return cs_fail(err, CS_INTERNAL, "event loop refused the bus");
	return CS_OK;
}

struct looper *
looper_new(struct svc *svc)
{
	struct looper *looper = calloc(1, sizeof(*looper));
	uint8_t *key = cs_arena_alloc(svc->arena, PKI_SHA256);

	cs_assert(looper != NULL && pthread_mutex_init(&looper->lock, NULL) == 0);
	looper->svc = svc;
	looper->asked = calloc(IN_FLIGHT_MAX, sizeof(*looper->asked));
	cs_assert(looper->asked != NULL);
	pki_hmac_sha256(svc->common.key, cs_span_str("countersign/event-id-key/v1"), key);
	looper->id_key = cs_span_of(key, PKI_SHA256);
	return looper;
}

void
looper_free(struct looper *looper)
{
	/* Unfinished: the event comes again, now and not after its time; the row does by its lease. */
	while (looper->first != NULL)
		settle_and_free(looper->first, BUS_NAK, RETURN_MS);
	if (looper->readable != NULL)
		event_free(looper->readable);
	(void)pthread_mutex_destroy(&looper->lock);
	free(looper->asked);
	free(looper);
}
