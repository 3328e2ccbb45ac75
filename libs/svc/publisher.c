/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publisher.c: what was committed is told to the world: at once, and again until a stream confirms it; and
 * streams that have forgotten something are filled again.
 */
#include "publisher.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "catalogue/catalogue.h"
#include "db/db.h"

#define TOKEN_STREAM \
	(UINT64_C(1) << 63) /* a question about a stream; the low bits say which lane */
#define MARKS_MAX 512       /* that wait for a transaction to go along with */
#define SWEPT_MAX 512       /* rows in a step of the sweep */

void
publisher_init(struct publisher *p, struct svc *svc, const struct log_context *log)
{
	*p = (struct publisher){ .svc = svc, .log = *log, .scratch = cs_arena_new() };
	p->slots = calloc(IN_FLIGHT_MAX, sizeof(*p->slots));
	p->flights = calloc(IN_FLIGHT_MAX, sizeof(*p->flights));
	p->confirmed = calloc(2 * IN_FLIGHT_MAX, sizeof(*p->confirmed));
	cs_assert(p->slots != NULL && p->flights != NULL && p->confirmed != NULL);
}

void
publisher_fini(struct publisher *p)
{
	cs_arena_free(p->scratch);
	free(p->slots);
	free(p->flights);
	free(p->confirmed);
}

/* ---- publishing ---- */

static struct slot *
slot_of(struct publisher *p, uint64_t token)
{
	return &p->slots[token % IN_FLIGHT_MAX];
}

/* Those of one mark are published side by side; each flight has a slot at least, so one is free. */
static size_t
board(struct publisher *p, const struct out_event *event)
{
	struct flight *flight = &p->flights[p->last_flight];

	if (flight->n_flying == 0 || flight->mark != event->mark) {
		while (p->flights[p->last_flight].n_flying != 0)
			p->last_flight = (p->last_flight + 1) % IN_FLIGHT_MAX;
		flight = &p->flights[p->last_flight];
		*flight = (struct flight){ .mark = event->mark, .n_missing = event->n_marked };
	}
	flight->n_flying++;
	return p->last_flight;
}

/* A mark of which something was not published, or not confirmed, is swept. */
static void
land(struct publisher *p, struct flight *flight, bool stored)
{
	flight->n_flying--;
	flight->n_missing -= stored;
	if (flight->n_missing == 0 &&
	    p->n_confirmed < 2 * IN_FLIGHT_MAX) /* else: published once more */
		p->confirmed[p->n_confirmed++] = flight->mark;
}

/* Part of what is on its way was confirmed by a stream that is gone: its marks stand, and it is swept. */
static void
never_land(struct publisher *p)
{
	for (size_t i = 0; i < IN_FLIGHT_MAX; i++)
		if (p->flights[i].n_flying != 0)
			p->flights[i].n_missing = UINT32_MAX;
}

/* CS_UNAVAILABLE: too much in flight, or no bus.  The sweep publishes what is not published here. */
enum cs_code
publisher_publish(struct publisher *p, const struct out_event *event, struct cs_err *err)
{
	uint64_t token = p->generation + 1;
	const struct catalogue_lane *lane = catalogue_lane_of(event->subject);
	size_t n;

	if (lane == NULL)
		return cs_fail(err, CS_MALFORMED, "no lane for %s", event->subject);
	if (slot_of(p, token)->token != 0)
		return cs_fail(err, CS_UNAVAILABLE, "too much in flight");
	if (event_publish(p->svc->worker_queue, p->svc->service->name, event, token, err))
		return err->code;
	p->generation = token;
	*slot_of(p, token) = (struct slot){ .token = token,
		.lane = (size_t)(lane - catalogue_lanes(&n)),
		.flight = board(p, event) };
	p->n_slots_used++;
	return CS_OK;
}

/* A stream counts upwards: whoever counts again has forgotten something. */
static void
note_sequence(struct publisher *p, size_t lane, uint64_t sequence)
{
	struct lane_seen *seen = &p->lanes[lane % LANES_MAX];

	if (sequence <= seen->stored)
		seen->forgot = true;
	else
		seen->stored = sequence;
}

void
publisher_on_confirmation(struct publisher *p, const struct bus_item *item)
{
	struct slot *slot = slot_of(p, item->token);

	if (slot->token != item->token)
		return; /* of an earlier generation */
	slot->token = 0;
	p->n_slots_used--;
	land(p, &p->flights[slot->flight], item->kind == BUS_STORED);
	if (item->kind == BUS_STORED) {
		svc_crash_point(
		    p->svc, "confirmed", catalogue_lanes(&(size_t){ 0 })[slot->lane].stream);
		if (!item->duplicate)
			note_sequence(p, slot->lane, item->sequence);
		metrics_count(p->svc->metrics, "events_published", "result",
		    item->duplicate ? "duplicate" : "stored", 1);
		return;
	}
	metrics_count(p->svc->metrics, "events_published", "result", "unconfirmed", 1);
	log_debug(&p->log, "event not confirmed reason=\"%s\"", item->error);
}

static bool
in_flight(const struct publisher *p, int64_t mark)
{
	for (size_t i = 0; p->n_slots_used > 0 && i < IN_FLIGHT_MAX; i++)
		if (p->flights[i].n_flying != 0 && p->flights[i].mark == mark)
			return true;
	return false;
}

/* Marks what is confirmed.  Rows that stay unmarked are only published again, under their ids. */
enum cs_code
publisher_mark_sent(struct publisher *p, struct cs_err *err)
{
	if (p->n_confirmed == 0)
		return CS_OK;
	cs_arena_reset(p->scratch);
	if (store_outbox_sent(p->db, p->confirmed, p->n_confirmed, p->scratch, err) ||
	    db_settle(p->db, err))
		return err->code;
	p->n_confirmed = 0;
	return CS_OK;
}

/*
 * What is published again is marked one by one, so that an event that no stream takes does not have its neighbours
 * published again with it for ever.  Those that are on their way stay together.
 */
static enum cs_code
split_marks(struct publisher *p, struct outbox_row *rows, size_t n, struct cs_err *err)
{
	int64_t *marks = CS_NEW_ARRAY(p->scratch, n, int64_t);
	size_t n_marks = 0;

	for (size_t i = 0; i < n; i++) {
		const int64_t mark = rows[i].mark;

		if (rows[i].n_marked == 1 || in_flight(p, mark))
			continue;
		if (n_marks == 0 || marks[n_marks - 1] != mark)
			marks[n_marks++] = mark;
		rows[i].alone = true;
	}
	return n_marks == 0 ? CS_OK : store_outbox_split(p->db, marks, n_marks, p->scratch, err);
}

/* CS_UNAVAILABLE: there is no room now. */
static enum cs_code
publish_again(struct publisher *p, const struct outbox_row *row, struct cs_err *err)
{
	const struct out_event event = { .mark = row->alone ? row->seq : row->mark,
		.n_marked = row->alone ? 1 : row->n_marked,
		.id = row->id,
		.key = row->key,
		.causation = row->causation,
		.subject = row->subject,
		.body = row->body,
		.time_ms = row->created_ms };

	if (in_flight(p, event.mark) || publisher_publish(p, &event, err) == CS_OK)
		return CS_OK;
	if (err->code == CS_UNAVAILABLE)
		return err->code;
	log_error(&p->log, "event cannot be published subject=%s reason=\"%s\"", event.subject,
	    err->text);
	return CS_OK;
}

/* Publishes rows that nobody has confirmed for a while: after a crash, an outage, or for a new stream. */
static enum cs_code
sweep_outbox(struct publisher *p, int64_t now_ms, struct cs_err *err)
{
	struct outbox_row *rows;
	size_t n;

	/* What is confirmed shall not look forgotten. */
	if (publisher_mark_sent(p, err))
		return err->code;
	cs_arena_reset(p->scratch);
	if (store_outbox_unsent(
		p->db, p->swept_mark, now_ms - 3000, SWEPT_MAX, p->scratch, &rows, &n, err))
		return err->code;
	if (p->swept_mark == 0) {
		atomic_store(&p->svc->outbox_unsent, n);
		atomic_store(&p->svc->outbox_oldest_ms, n == 0 ? 0 : rows[0].created_ms);
	}
	if (split_marks(p, rows, n, err))
		return err->code;
	for (size_t i = 0; i < n; i++) {
		if (publish_again(p, &rows[i], err)) { /* from here on, when there is room */
			p->next_sweep_ms = now_ms + (bus_connected(p->svc->bus) ? 50 : 1000);
			return CS_OK;
		}
		if (i + 1 == n || rows[i + 1].mark != rows[i].mark)
			p->swept_mark = rows[i].mark;
	}
	if (n < SWEPT_MAX) { /* the end: begin anew, later */
		p->swept_mark = 0;
		p->next_sweep_ms = now_ms + 5000;
	} else {
		p->next_sweep_ms = now_ms + 20;
	}
	return CS_OK;
}

/* ---- streams that were made anew ---- */

static void
ask_streams(struct publisher *p)
{
	size_t n;
	const struct catalogue_lane *lanes = catalogue_lanes(&n);

	for (size_t i = 0; i < n && i < 16; i++) {
		char subject[80];
		struct cs_err err;
		size_t n_events;
		const struct catalogue_event *events = catalogue_events(&n_events);
		bool ours = false;

		for (size_t k = 0; k < n_events; k++)
			ours |= strcmp(events[k].publisher, p->svc->service->name) == 0 &&
				catalogue_lane_of(events[k].subject) == &lanes[i];
		(void)snprintf(subject, sizeof(subject), "$JS.API.STREAM.INFO.%s", lanes[i].stream);
		const struct bus_out out = { .subject = subject };
		struct lane_seen *seen = &p->lanes[i];

		seen->asked_last = seen->last > seen->stored ? seen->last : seen->stored;
		/* No answer is no harm: it is asked again. */
		if (ours && bus_ask(p->svc->worker_queue, &out, TOKEN_STREAM | i, 2000, &err))
			return;
	}
}

/*
 * It has forgotten something when it ends before what we knew when we asked, or begins behind that.  (A
 * stream whose last message grew too old begins behind its end, and stays so: that is noticed once.)
 */
static bool
forgot(const struct lane_seen *seen, uint64_t first, uint64_t last)
{
	return seen->forgot || last < seen->asked_last ||
	       (first > seen->asked_last && seen->first != 0 && seen->first <= seen->asked_last);
}

static enum cs_code
note_stream(struct publisher *p, size_t lane, const json_t *answer, struct cs_err *err)
{
	const struct catalogue_lane *known = catalogue_lanes(&(size_t){ 0 }) + lane;
	const json_t *state = json_object_get(answer, "state");
	const char *created = json_string_value(json_object_get(answer, "created"));
	uint64_t first = (uint64_t)json_integer_value(json_object_get(state, "first_seq"));
	uint64_t last = (uint64_t)json_integer_value(json_object_get(state, "last_seq"));
	struct lane_seen *seen = &p->lanes[lane];
	const char *word = known->subjects + strlen("cs.");
	char prefix[32];
	bool refilled = false;

	if (created == NULL || strlen(created) >= sizeof(seen->created))
		return CS_OK;
	(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)strcspn(word, "."), word);
	bool is_first = seen->created[0] == '\0', same = strcmp(created, seen->created) == 0;
	const struct stream_seen told = { .name = known->stream,
		.created = created,
		.prefix = prefix,
		.last_seq = (int64_t)last,
		.first = is_first,
		/* The other replicas' marks of what the old one had may come after our refilling. */
		.forgot = !is_first && (!same || forgot(seen, first, last)) };

	if (same && !told.forgot && last == seen->last)
		return CS_OK;
	/* What an old stream confirmed is marked first, so that it is unmarked. */
	if (publisher_mark_sent(p, err) ||
	    store_stream_seen(p->db, &told, &refilled, p->scratch, err))
		return err->code;
	if (refilled) {
		never_land(p);
		log_warn(&p->log, "stream %s has forgotten: refilling it from the outbox",
		    known->stream);
		metrics_count(p->svc->metrics, "stream_refills", "stream", known->stream, 1);
		publisher_begin_anew(p);
	}
	*seen = (struct lane_seen){ .first = first,
		.last = last,
		.stored = refilled ? 0 : seen->stored,
		.asked_last = last };
	memcpy(seen->created, created, strlen(created) + 1);
	return CS_OK;
}

enum cs_code
publisher_on_stream(struct publisher *p, const struct bus_item *item, struct cs_err *err)
{
	size_t n, lane = (size_t)(item->token & (LANES_MAX - 1));
	json_t *answer = json_loadb((const char *)item->body.data, item->body.len, 0, NULL);
	enum cs_code code = CS_OK;

	(void)catalogue_lanes(&n);
	if (lane < n) {
		cs_arena_reset(p->scratch);
		code = note_stream(p, lane, answer, err);
	}
	json_decref(answer);
	return code;
}

/* ---- once in a while ---- */

enum cs_code
publisher_send_marks(const struct publisher *p, struct cs_arena *arena, struct cs_err *err)
{
	if (p->n_confirmed == 0)
		return CS_OK;
	return store_outbox_sent(p->db, p->confirmed, p->n_confirmed, arena, err);
}

void
publisher_marks_are_made(struct publisher *p)
{
	p->n_confirmed = 0;
}

void
publisher_begin_anew(struct publisher *p)
{
	p->swept_mark = 0;
	p->next_sweep_ms = 0;
}

enum cs_code
publisher_tend(struct publisher *p, int64_t now_ms, bool idle, struct cs_err *err)
{
	if (now_ms >= p->next_streams_ms) {
		p->next_streams_ms = now_ms + 2000;
		ask_streams(p);
	}
	if ((idle || p->n_confirmed >= MARKS_MAX) && publisher_mark_sent(p, err))
		return err->code;
	return now_ms >= p->next_sweep_ms ? sweep_outbox(p, now_ms, err) : CS_OK;
}
