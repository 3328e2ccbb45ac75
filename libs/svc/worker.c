/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.c: the one thread that runs batches: it takes what the bus, the HTTP API, the clocks and
 * finished work have brought, runs it in one transaction, and tells the world only what was committed.
 *
 * When the database is away, fetching stops, the batch in hand is kept, and waiting commands are
 * answered "not stored": an outage never counts as a delivery.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "catalogue/catalogue.h"
#include "db/db.h"
#include "publisher.h"
#include "svc/internal.h"

struct worker {
	struct svc *svc;
	struct db *db;
	struct cs_arena *arena;   /* of the batch in hand */
	struct cs_arena *scratch; /* of one maintenance step */
	struct cs_buf held;
	struct batch_event **hand; /* of the batch in hand: what is still to be run */
	size_t n_hand;
	struct log_context log;
	struct publisher publisher;
	uint32_t patience_ms;
	size_t n_clocks; /* of their commands on their way */
	int64_t next_second_ms, next_hour_ms, next_lease_ms;
	struct bus_item *items[BATCH_MAX];
};

/* ---- events ---- */

static struct batch_event *
new_event(struct worker *w, enum source source)
{
	struct batch_event *event = CS_NEW(w->arena, struct batch_event);

	event->source = source;
	event->log = w->log;
	event->log.held = &w->held;
	event->ev.arena = w->arena;
	event->ev.log = &event->log;
	event->ev.delivery = 1;
	event->ev.now_ms = cs_now_ms();
	return event;
}

static struct batch_event *
event_of_message(struct worker *w, struct bus_item *item)
{
	struct batch_event *event = new_event(w, FROM_BUS);

	event->item = item;
	event->ev.delivery = item->deliveries;
	event->ev.body = item->body;
	event->ev.subject =
	    strncmp(item->subject, "cs.", 3) == 0 ? item->subject + 3 : item->subject;
	if (event_headers(item, &event->ev, &event->err)) {
		event->malformed = true;
		event->ev.id = cs_id_new(); /* under which it is parked */
	}
	event->log.event = event->ev.id;
	return event;
}

static struct batch_event *
event_of_question(struct worker *w, struct bus_item *item)
{
	struct batch_event *event = new_event(w, FROM_QUESTION);

	event->item = item;
	event->ev.id = cs_id_new();
	event->ev.body = item->body;
	event->ev.subject = item->subject;
	event->ev.time_ms = event->ev.now_ms;
	return event;
}

static struct batch_event *
event_of_command(struct worker *w, struct command *command)
{
	struct batch_event *event = new_event(w, command->source);

	event->command = command;
	event->ev.id = command->id;
	event->ev.key = command->key;
	event->ev.work_id = command->work_id;
	event->ev.subject = command->subject;
	event->ev.body = command->body;
	event->ev.context = command->context;
	event->ev.time_ms = event->ev.now_ms;
	return event;
}

/* ---- after the commit ---- */

static void
run_answered(void *arg)
{
	struct command *command = arg;

	command->answered(command->arg, command->ok, command->status, command->reply);
	cs_arena_free(command->arena);
}

static void
answer_command(struct worker *w, struct command *command, bool ok)
{
	command->ok = ok;
	w->n_clocks -= command->of_clock;
	if (command->answered == NULL)
		cs_arena_free(command->arena);
	else
		handoff_post(w->svc->handoff, run_answered, command);
}

static void
tell_world(struct worker *w, struct batch_event *event)
{
	struct cs_err ignored;

	for (struct out_event *out = event->out.events; out != NULL; out = out->next)
		(void)publisher_publish(&w->publisher, out, &ignored);
	for (struct out_work *out = event->out.works; out != NULL; out = out->next)
		if (out->lease_ms != 0)
			looper_act(w->svc, out);
	if (event->source == FROM_QUESTION && event->out.has_reply) {
		struct cs_err err;

		if (bus_answer(event->item, event->out.reply, &err))
			log_warn(&w->log, "answer not sent reason=\"%s\"", err.text);
	}
	if (event->command != NULL) {
		struct command *command = event->command;

		command->status = event->out.status;
		command->reply = cs_arena_copy_span(command->arena, event->out.reply);
		answer_command(w, command, true);
	}
}

/*
 * What stateless services find is published under an id that follows from what they were asked: when
 * the work was repeated, the first result counts.  All others make an id for each event.
 */
static const char *
other_body(const struct batch_event *event)
{
	struct log_context log = event->log;

	log.held = NULL;
	if (event->ev.id.octets[6] >> 4 == 8) {
		log_info(&log, "a later result was dropped subject=%s", event->ev.subject);
		return "later";
	}
	log_error(
	    &log, "two events under one id subject=%s: the later was dropped", event->ev.subject);
	return "equivocation";
}

static void
finish_event(struct worker *w, struct batch_event *event)
{
	const char *result = event->other_body ? other_body(event)
			     : event->dropped  ? "duplicate"
					       : "handled";

	if (!event->dropped) {
		tell_world(w, event);
		crash_batch(w->svc, "published", &event, 1);
	} else if (event->command != NULL) {
		answer_command(w, event->command, true);
	}
	if (event->source == FROM_BUS) {
		bus_settle(event->item, BUS_ACK, 0);
		metrics_observe(w->svc->metrics, METRIC_AGE,
		    (double)(event->ev.now_ms - event->ev.time_ms) / 1000.0);
	}
	bus_item_free(event->item);
	metrics_count(w->svc->metrics, "events_consumed", "result", result, 1);
}

/* Nothing came of it: the bus brings it again later, a command's client is told so. */
static void
give_back(struct worker *w, struct batch_event *event, int64_t delay_ms)
{
	if (event->source == FROM_BUS)
		bus_settle(event->item, BUS_NAK, delay_ms);
	if (event->command != NULL)
		answer_command(w, event->command, false);
	bus_item_free(event->item);
	metrics_count(w->svc->metrics, "events_consumed", "result", "again", 1);
}

static void
finish_parked(struct worker *w, struct batch_event *event)
{
	log_error(&event->log, "event parked subject=%s deliveries=%u reason=\"%s\"",
	    event->ev.subject, event->ev.delivery, event->err.text);
	metrics_count(w->svc->metrics, "dead_letters", "subject",
	    event->route == NULL ? "unknown" : event->route->subject, 1);
	if (event->source == FROM_BUS)
		bus_settle(event->item, BUS_TERM, 0);
	if (event->command != NULL)
		answer_command(w, event->command, false);
	bus_item_free(event->item);
}

/*
 * They will never be understood, or failed too often: kept for an operator, and out of the way.  In one
 * transaction, so that a flood of them costs the others little.  Of several none is parked on failure.
 */
static enum cs_code
park(struct worker *w, struct batch_event **events, size_t n, struct cs_err *err)
{
	cs_arena_reset(w->scratch);
	enum cs_code code = store_park(w->db, events, n, w->svc->service->name, w->scratch, err);

	if (code == CS_UNAVAILABLE || (code != CS_OK && n > 1))
		return code;
	if (code == CS_OK) {
		for (size_t i = 0; i < n; i++)
			finish_parked(w, events[i]);
	} else {
		log_error(&events[0]->log, "event not even parked subject=%s reason=\"%s\"",
		    events[0]->ev.subject, err->text);
		give_back(w, events[0], CS_MINUTE_MS);
	}
	log_flush(&w->held);
	return CS_OK;
}

/* ---- running ---- */

static enum cs_code
begin_batch(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	return store_begin(((struct worker *)arg)->db, batch, events, n, err);
}

static size_t
act_max(const struct worker *w)
{
	size_t max = w->svc->service->act_max;

	return max != 0 ? max : WORK_IN_HAND;
}

/* Work that is due is begun after the commit, as far as there is room for it in hand. */
static void
lease_works(struct worker *w, const struct svc_batch *batch, struct batch_event **events, size_t n)
{
	size_t in_hand = looper_in_hand(w->svc);

	for (size_t i = 0; i < n; i++)
		for (struct out_work *out = events[i]->out.works; out != NULL; out = out->next)
			if (out->due_ms <= batch->now_ms && in_hand++ < act_max(w))
				out->lease_ms = batch->now_ms + WORK_LEASE_MS;
}

/* The marks of what was published meanwhile go along: they need no commit of their own. */
static enum cs_code
commit_batch(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct worker *w = arg;

	if (publisher_send_marks(&w->publisher, batch->arena, err))
		return err->code;
	lease_works(w, batch, events, n);
	crash_batch(w->svc, "before-commit", events, n);
	if (store_commit(w->db, batch, events, n, err))
		return err->code;
	publisher_marks_are_made(&w->publisher);
	return CS_OK;
}

static void
rollback_batch(void *arg)
{
	store_rollback(((struct worker *)arg)->db);
}

static enum cs_code
run_events(struct worker *w, struct batch_event **events, size_t n, struct cs_err *err)
{
	const struct batch_ports ports = { w, begin_batch, commit_batch, rollback_batch };
	const struct batch_run run = { .service = w->svc->service,
		.ports = &ports,
		.db = w->db,
		.arena = w->arena,
		.held = &w->held,
		.now_ms = cs_now_ms() };
	enum cs_code code = CS_CONFLICT;
	int64_t start_us = cs_mono_us();

	for (int i = 0; i < CONFLICTS_MAX && code == CS_CONFLICT; i++)
		code = batch_run(&run, events, n, err);
	if (code != CS_OK)
		return code;
	log_flush(&w->held);
	crash_batch(w->svc, "after-commit", events, n);
	for (size_t i = 0; i < n; i++)
		if (!events[i]->malformed)
			finish_event(w, events[i]);
	metrics_observe(
	    w->svc->metrics, METRIC_PROCESSING, (double)(cs_mono_us() - start_us) / 1e6);
	metrics_observe(w->svc->metrics, METRIC_BATCH, (double)n);
	return CS_OK;
}

static const int64_t again_ms[] = { 1000, 5000, 20000, 60000 };

/* One at a time: the culprit alone counts.  CS_UNAVAILABLE: it is still in hand. */
static enum cs_code
run_one(struct worker *w, struct batch_event *event, struct cs_err *err)
{
	enum cs_code code = run_events(w, &event, 1, err);

	atomic_store(&w->svc->worker_progress_ms, cs_mono_ms());
	if (code == CS_OK || code == CS_UNAVAILABLE)
		return code;
	w->held.len = 0; /* what the decision said did not happen */
	event->err = *err;
	if (code == CS_CONFLICT) {
		give_back(w, event, 1000);
		return CS_OK;
	}
	log_warn(&w->log, "event failed subject=%s delivery=%u reason=\"%s\"", event->ev.subject,
	    event->ev.delivery, err->text);
	if (event->ev.delivery >= CATALOGUE_MAX_DELIVER || event->source != FROM_BUS)
		return park(w, &event, 1, err);
	give_back(w, event, again_ms[(event->ev.delivery - 1) & 3]);
	return CS_OK;
}

static bool
overdue(const struct command *command)
{
	return command != NULL && command->source == FROM_COMMAND &&
	       cs_mono_ms() - command->since_ms > OUTAGE_ANSWER_MS;
}

/* While the database is away: commands in hand and in the queue whose clients should try later. */
static void
answer_overdue(struct worker *w)
{
	struct svc *svc = w->svc;
	struct command **at = &svc->commands;
	size_t kept = 0;

	for (size_t i = 0; i < w->n_hand; i++) {
		if (overdue(w->hand[i]->command))
			answer_command(w, w->hand[i]->command, false);
		else
			w->hand[kept++] = w->hand[i];
	}
	w->n_hand = kept;
	pthread_mutex_lock(&svc->lock);
	while (*at != NULL) {
		struct command *command = *at;

		if (!overdue(command)) {
			at = &command->next;
			continue;
		}
		*at = command->next;
		atomic_fetch_sub(&svc->commands_waiting, 1);
		answer_command(w, command, false);
	}
	svc->commands_tail = at;
	pthread_mutex_unlock(&svc->lock);
}

/* Waits until the database answers again.  The batch in hand stays in hand, but for its commands. */
static void
outlast(struct worker *w, const struct cs_err *why)
{
	int64_t since_ms = cs_mono_ms(), wait_ms = 50;
	struct cs_err err = *why;
	bool back = false;

	log_error(&w->log, "database away, fetching stopped reason=\"%s\"", why->text);
	metrics_count(w->svc->metrics, "db_errors", "kind", "away", 1);
	atomic_store(&w->svc->ready_worker, false);
	bus_pause(w->svc->worker_queue);
	while (!atomic_load(&w->svc->stopping)) {
		back = db_reconnect(w->db, &err) == CS_OK;
		if (back)
			break;
		atomic_store(&w->svc->worker_progress_ms, cs_mono_ms());
		answer_overdue(w);
		(void)usleep((useconds_t)wait_ms * 1000);
		wait_ms = wait_ms < 1000 ? wait_ms * 2 : 1000;
	}
	if (!back)
		return;
	bus_resume(w->svc->worker_queue);
	atomic_store(&w->svc->ready_worker, true);
	publisher_begin_anew(&w->publisher);
	log_info(&w->log, "database back after_ms=%lld", (long long)(cs_mono_ms() - since_ms));
}

/* Reads the bodies; what is malformed goes to the end, the rest keeps its order. */
static void
read_bodies(struct worker *w, struct batch_event **events, size_t n)
{
	struct batch_event **sorted = CS_NEW_ARRAY(w->arena, n, struct batch_event *);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (!events[i]->malformed)
			batch_read(w->svc->service, events[i]);
	for (size_t i = 0; i < n; i++)
		if (!events[i]->malformed)
			sorted[k++] = events[i];
	for (size_t i = 0; i < n; i++)
		if (events[i]->malformed)
			sorted[k++] = events[i];
	memcpy(events, sorted, n * sizeof(events[0]));
}

/* Those at the front of the hand that can go together. */
static size_t
count_alike(const struct worker *w)
{
	size_t n = 1;

	while (n < w->n_hand && w->hand[n]->malformed == w->hand[0]->malformed)
		n++;
	return n;
}

/* Takes out of the hand what could be done with.  CS_UNAVAILABLE: nothing could. */
static enum cs_code
run_some(struct worker *w, bool *alone, struct cs_err *err)
{
	struct batch_event *first = w->hand[0];
	size_t n = *alone ? 1 : count_alike(w);
	enum cs_code code = first->malformed ? park(w, w->hand, n, err)
			    : *alone         ? run_one(w, first, err)
					     : run_events(w, w->hand, n, err);

	if (code == CS_OK) {
		w->hand += n;
		w->n_hand -= n;
	}
	if (code != CS_UNAVAILABLE)
		*alone |= code != CS_OK;
	return code;
}

static void
run_all(struct worker *w, struct batch_event **events, size_t n)
{
	struct cs_err err = { 0 };
	bool alone = false;

	if (n > 0)
		read_bodies(w, events, n);
	w->hand = events;
	w->n_hand = n;
	while (w->n_hand > 0 && !atomic_load(&w->svc->stopping))
		if (run_some(w, &alone, &err) == CS_UNAVAILABLE)
			outlast(w, &err);
	for (; w->n_hand > 0; w->n_hand--)
		give_back(w, *w->hand++, RETURN_MS);
}

/* ---- collecting ---- */

static size_t
collect_commands(struct worker *w, struct batch_event **events, size_t n)
{
	struct svc *svc = w->svc;

	pthread_mutex_lock(&svc->lock);
	while (svc->commands != NULL && n < BATCH_MAX) {
		struct command *command = svc->commands;

		svc->commands = command->next;
		if (svc->commands == NULL)
			svc->commands_tail = &svc->commands;
		atomic_fetch_sub(&svc->commands_waiting, 1);
		events[n++] = event_of_command(w, command);
	}
	bool more = svc->commands != NULL;
	pthread_mutex_unlock(&svc->lock);
	if (more)
		bus_queue_wake(svc->worker_queue);
	return n;
}

/* Items from the bus that are no events are dealt with here. */
static size_t
collect_items(struct worker *w, struct batch_event **events, size_t n_items, struct cs_err *ret_err)
{
	size_t n = 0;

	for (size_t i = 0; i < n_items; i++) {
		struct bus_item *item = w->items[i];
		struct cs_err err = { 0 };

		switch (item->kind) {
		case BUS_MESSAGE:
			events[n++] = event_of_message(w, item);
			continue;
		case BUS_QUESTION:
			events[n++] = event_of_question(w, item);
			continue;
		case BUS_STORED:
		case BUS_NOT_STORED:
			publisher_on_confirmation(&w->publisher, item);
			break;
		case BUS_ANSWER:
			if (publisher_on_stream(&w->publisher, item, &err))
				*ret_err = err;
			break;
		case BUS_NO_ANSWER:
		case BUS_WAKE:
			break;
		}
		bus_item_free(item);
	}
	return n;
}

/* ---- once in a while ---- */

static enum cs_code
run_clocks(struct worker *w, int64_t now_ms, struct cs_err *err)
{
	const struct svc_clock *clock = w->svc->service->clocks;

	if (w->n_clocks > 0)
		return CS_OK; /* what is due still is, and would ring twice */
	for (; clock != NULL && clock->subject != NULL; clock++) {
		struct cs_id *keys;
		size_t n;

		cs_arena_reset(w->scratch);
		if (clock->due(w->svc->service->self, w->db, now_ms, BATCH_MAX, w->scratch, &keys,
			&n, err))
			return err->code;
		for (size_t i = 0; i < n; i++) {
			struct command *command =
			    command_new(w->svc, clock->subject, keys[i], cs_span_str(NULL));

			command->of_clock = true;
			w->n_clocks++;
			command_push(w->svc, command);
		}
	}
	return CS_OK;
}

static enum cs_code
take_work(struct worker *w, int64_t now_ms, struct cs_err *err)
{
	size_t in_hand = looper_in_hand(w->svc);
	struct out_work *works;

	if (w->svc->service->act == NULL || in_hand >= act_max(w))
		return CS_OK;
	cs_arena_reset(w->scratch);
	if (store_work_take(w->db, now_ms, act_max(w) - in_hand, w->scratch, &works, err))
		return err->code;
	for (; works != NULL; works = works->next)
		looper_act(w->svc, works);
	return CS_OK;
}

static enum cs_code
renew_leases(struct worker *w, int64_t now_ms, struct cs_err *err)
{
	struct cs_id *ids;

	if (w->svc->service->act == NULL || now_ms < w->next_lease_ms)
		return CS_OK;
	w->next_lease_ms = now_ms + WORK_LEASE_MS / 3;
	cs_arena_reset(w->scratch);
	ids = CS_NEW_ARRAY(w->scratch, act_max(w) * 2, struct cs_id);
	size_t n = looper_leases(w->svc, ids, act_max(w) * 2);

	return n == 0 ? CS_OK
		      : store_work_renew(w->db, ids, n, now_ms + WORK_LEASE_MS, w->scratch, err);
}

static enum cs_code
retry_parked(struct worker *w, struct cs_err *err)
{
	struct batch_event *events[16];
	struct parked_row *rows;
	size_t n = 0;

	if (store_parked_again(w->db, 16, w->arena, &rows, err))
		return err->code;
	for (; rows != NULL; rows = rows->next) {
		struct batch_event *event = new_event(w, FROM_PARKED);

		event->ev.id = rows->id;
		event->ev.subject = rows->subject;
		event->ev.body = rows->body;
		event->ev.time_ms = event->ev.now_ms;
		events[n++] = event;
	}
	run_all(w, events, n);
	return CS_OK;
}

/* The skeleton's rows and the service's.  What fails is tried again in a minute, and holds nobody up. */
static enum cs_code
sweep_tables(struct worker *w, int64_t now_ms, struct cs_err *err)
{
	const struct svc_service *service = w->svc->service;
	bool more = false, more_own = false;

	w->next_hour_ms = now_ms + CS_MINUTE_MS;
	cs_arena_reset(w->scratch);
	if (store_sweep(w->db, now_ms, w->svc->common.archive_days, &more, w->scratch, err))
		return err->code;
	if (service->sweep != NULL &&
	    service->sweep(service->self, w->db, now_ms, w->scratch, &more_own, err))
		return err->code;
	w->next_hour_ms = now_ms + (more || more_own ? CS_SECOND_MS : CS_HOUR_MS);
	return CS_OK;
}

static enum cs_code
every_second(struct worker *w, int64_t now_ms, struct cs_err *err)
{
	w->next_second_ms = now_ms + 1000;
	if (run_clocks(w, now_ms, err) || take_work(w, now_ms, err) || retry_parked(w, err))
		return err->code;
	return now_ms >= w->next_hour_ms ? sweep_tables(w, now_ms, err) : CS_OK;
}

static enum cs_code
maintain(struct worker *w, bool idle, struct cs_err *err)
{
	int64_t now_ms = cs_now_ms();

	if (publisher_tend(&w->publisher, now_ms, idle, err))
		return err->code;
	if (renew_leases(w, now_ms, err))
		return err->code;
	return now_ms >= w->next_second_ms ? every_second(w, now_ms, err) : CS_OK;
}

/* ---- life ---- */

/* Results of work that are patient wake nobody: they are found when the wait is over. */
static size_t
take_items(struct worker *w, size_t max)
{
	struct bus_queue *queue = w->svc->worker_queue;

	if (w->patience_ms == 0)
		return bus_queue_take(queue, w->items, max, IDLE_MS);
	bus_queue_gather(queue, max, IDLE_MS, (int)w->patience_ms);
	return bus_queue_take(queue, w->items, max, 0);
}

static void
one_round(struct worker *w)
{
	struct batch_event *events[2 * BATCH_MAX];
	struct cs_err err = { 0 };

	cs_arena_reset(w->arena);
	w->held = cs_buf_new(w->arena);
	/* However much the bus brings, commands and results of work have their half. */
	size_t waiting = atomic_load(&w->svc->commands_waiting);
	size_t share = BATCH_MAX - (waiting < BATCH_MAX / 2 ? waiting : BATCH_MAX / 2);
	size_t n_items = take_items(w, share);
	size_t n = collect_items(w, events, n_items, &err);

	n = collect_commands(w, events, n);
	atomic_store(&w->svc->worker_progress_ms, cs_mono_ms());
	if (err.code != CS_OK) { /* the stream is asked again, and an outage shows below */
		log_warn(&w->log, "stream not noted reason=\"%s\"", err.text);
		err.code = CS_OK;
	}
	run_all(w, events, n);
	if (maintain(w, n_items == 0, &err) == CS_UNAVAILABLE)
		outlast(w, &err);
	else if (err.code != CS_OK)
		log_error(&w->log, "upkeep failed code=%s reason=\"%s\"", cs_code_name(err.code),
		    err.text);
}

static bool
drained(const struct worker *w)
{
	return w->publisher.n_slots_used == 0 && atomic_load(&w->svc->commands_waiting) == 0 &&
	       looper_in_hand(w->svc) == 0;
}

/* The last commands, questions and results of work; what fails now is left for the next start. */
static void
run_last(struct worker *w, struct batch_event **events, size_t n)
{
	struct cs_err err = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (events[i]->source != FROM_BUS && w->db != NULL)
			batch_read(w->svc->service, events[i]);
		if (events[i]->source == FROM_BUS || w->db == NULL || events[i]->malformed)
			give_back(w, events[i], RETURN_MS);
		else
			events[kept++] = events[i];
	}
	if (kept == 0 || run_events(w, events, kept, &err) == CS_OK)
		return;
	for (size_t i = 0; i < kept; i++)
		if (err.code == CS_UNAVAILABLE || run_events(w, &events[i], 1, &err))
			give_back(w, events[i], RETURN_MS);
}

/* Stopping: no new messages; what was begun is finished, published and confirmed, or left for the next start. */
static void
drain(struct worker *w)
{
	int64_t until_ms = cs_mono_ms() + DRAIN_MS;
	struct batch_event *events[2 * BATCH_MAX];
	struct cs_err err = { 0 };
	size_t n_items = 1;

	bus_pause(w->svc->worker_queue);
	while ((n_items > 0 || !drained(w)) && cs_mono_ms() < until_ms) {
		cs_arena_reset(w->arena);
		w->held = cs_buf_new(w->arena);
		n_items = bus_queue_take(w->svc->worker_queue, w->items, BATCH_MAX, 50);
		size_t n = collect_items(w, events, n_items, &err);

		run_last(w, events, collect_commands(w, events, n));
	}
	if (w->db != NULL && publisher_mark_sent(&w->publisher, &err))
		log_warn(&w->log, "outbox marks not written reason=\"%s\"", err.text);
}

/* The database may start after us.  Nothing was fetched yet; clients are told to come later. */
static void
await_database(struct worker *w)
{
	struct svc *svc = w->svc;
	struct cs_err err = { 0 };

	while (!atomic_load(&svc->stopping)) {
		if (db_open(svc->common.database_url, svc->service->name, &w->db, &err) == CS_OK) {
			w->publisher.db = w->db;
			bus_resume(svc->worker_queue);
			atomic_store(&svc->ready_worker, true);
			return;
		}
		log_error(&w->log, "database not reached reason=\"%s\"", err.text);
		atomic_store(&svc->worker_progress_ms, cs_mono_ms());
		answer_overdue(w);
		(void)usleep(500 * 1000);
	}
}

static void
worker_fini(struct worker *w)
{
	db_close(w->db);
	publisher_fini(&w->publisher);
	cs_arena_free(w->arena);
	cs_arena_free(w->scratch);
}

void *
worker_main(void *arg)
{
	struct svc *svc = arg;
	struct worker *w = calloc(1, sizeof(*w));

	cs_assert(w != NULL);
	w->svc = svc;
	w->log = svc->log;
	for (const char *const *at = svc->service->patient; at != NULL && *at != NULL; at++)
		cs_assert(route_find(svc->service, *at) != NULL);
	if (svc->service->patient != NULL)
		w->patience_ms =
		    svc->service->patience_ms > 0 ? svc->service->patience_ms : PATIENT_MS;
	w->arena = cs_arena_new();
	w->scratch = cs_arena_new();
	publisher_init(&w->publisher, svc, &w->log);
	await_database(w);
	while (!atomic_load(&svc->stopping))
		one_round(w);
	drain(w);
	worker_fini(w);
	free(w);
	atomic_store(&svc->worker_done, true);
	return NULL;
}
