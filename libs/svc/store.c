/* SPDX-License-Identifier: Apache-2.0 */
/* store.c: the skeleton's own tables in each service's schema: inbox, outbox, work, stream, parked. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "db/db.h"
#include "pki/hash.h"
#include "svc/internal.h"

#define REFILL_STEP 10000
#define REFILL_MS (40 * CS_DAY_MS) /* longer than the lanes keep anything: 30 days */
/* By the birth of the event, which may have waited before it came here, and by another's clock. */
#define INBOX_MS (REFILL_MS + 5 * CS_DAY_MS)

/* ---- inbox ---- */

/*
 * Returns which events are new.  The others were handled by somebody.  Of one that somebody is handling
 * now the end is awaited; when it was handled, this is a conflict, and the next time it is there.
 */
static const char inbox_sql[] =
    "insert into inbox (id, subject, sha256)"
    " select i, s, h from unnest($1::uuid[], $2::bigint[], $3::bytea[]) t(i, s, h)"
    " where not exists (select from inbox had where had.id = i and had.subject = s)"
    " returning id, subject";

struct arrival {
	struct batch_event *event;
	int64_t subject;
	size_t place;
};

/* The events of a batch that came from the lanes; behind the distinct ones those that came again. */
struct arrivals {
	struct arrival *all;
	size_t n, n_distinct;
	struct db_rows *fresh; /* NULL: nothing was asked */
};

static bool
from_lane(const struct batch_event *event)
{
	return event->source == FROM_BUS || event->source == FROM_PARKED;
}

static int
by_event(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;
	int order = cs_id_compare(x->event->ev.id, y->event->ev.id);

	if (order == 0)
		order = (x->subject > y->subject) - (x->subject < y->subject);
	return order != 0 ? order : (x->place > y->place) - (x->place < y->place);
}

static bool
same_event(const struct arrival *a, const struct arrival *b)
{
	return a->subject == b->subject && cs_id_equal(a->event->ev.id, b->event->ev.id);
}

/* The same event twice in one batch counts once: the first that came. */
static void
part_repeated(struct cs_arena *arena, struct arrivals *arrivals)
{
	struct arrival *repeated = CS_NEW_ARRAY(arena, arrivals->n, struct arrival);
	size_t n_repeated = 0;

	for (size_t i = 0; i < arrivals->n; i++) {
		struct arrival *last = &arrivals->all[arrivals->n_distinct];

		if (arrivals->n_distinct > 0 && same_event(last - 1, &arrivals->all[i]))
			repeated[n_repeated++] = arrivals->all[i];
		else
			arrivals->all[arrivals->n_distinct++] = arrivals->all[i];
	}
	memcpy(arrivals->all + arrivals->n_distinct, repeated, n_repeated * sizeof(repeated[0]));
}

/* In one order for all replicas, who so wait for each other and never in a ring. */
static struct arrivals
collect_arrivals(struct cs_arena *arena, struct batch_event **events, size_t n)
{
	struct arrivals arrivals = { .all = CS_NEW_ARRAY(arena, n, struct arrival) };

	for (size_t i = 0; i < n; i++) {
		if (!from_lane(events[i]))
			continue;
		pki_sha256(events[i]->ev.body, events[i]->sha256);
		events[i]->dropped = true; /* until its row comes back */
		events[i]->other_body = false;
		arrivals.all[arrivals.n++] =
		    (struct arrival){ events[i], subject_number(events[i]->ev.subject), i };
	}
	qsort(arrivals.all, arrivals.n, sizeof(arrivals.all[0]), by_event);
	part_repeated(arena, &arrivals);
	return arrivals;
}

/* Three parameters for the first `n` arrivals. */
static void
arrival_params(struct cs_arena *arena, const struct arrival *arrivals, size_t n,
    struct db_param ret_params[static 3])
{
	struct cs_id *ids = CS_NEW_ARRAY(arena, n, struct cs_id);
	int64_t *subjects = CS_NEW_ARRAY(arena, n, int64_t);
	struct cs_span *digests = CS_NEW_ARRAY(arena, n, struct cs_span);

	for (size_t i = 0; i < n; i++) {
		ids[i] = arrivals[i].event->ev.id;
		subjects[i] = arrivals[i].subject;
		digests[i] = cs_span_of(arrivals[i].event->sha256, PKI_SHA256);
	}
	ret_params[0] = db_id_array(arena, ids, n);
	ret_params[1] = db_i64_array(arena, subjects, n);
	ret_params[2] = db_bytes_array(arena, digests, n);
}

static enum cs_code
ask_inbox(struct db *db, struct svc_batch *batch, struct arrivals *arrivals, struct cs_err *err)
{
	struct db_param params[3];

	if (arrivals->n == 0)
		return CS_OK;
	arrival_params(batch->arena, arrivals->all, arrivals->n_distinct, params);
	return db_ask(db, batch->arena, inbox_sql, params, 3, &arrivals->fresh, err);
}

static bool
is_row_of(const struct arrival *arrival, const struct db_rows *rows, size_t row)
{
	return arrival->subject == db_get_i64(rows, row, 1) &&
	       cs_id_equal(arrival->event->ev.id, db_get_id(rows, row, 0));
}

/* Rows come in the order in which the events went; one that should not is looked for. */
static void
note_fresh(const struct arrivals *arrivals)
{
	size_t at = 0;

	for (size_t r = 0; r < db_rows_count(arrivals->fresh); r++) {
		size_t looked = 0;

		while (!is_row_of(&arrivals->all[at], arrivals->fresh, r)) {
			at = (at + 1) % arrivals->n_distinct;
			cs_assert(++looked < arrivals->n_distinct);
		}
		arrivals->all[at].event->dropped = false;
	}
}

static const char inbox_other_sql[] =
    "select t.n from unnest($1::uuid[], $2::bigint[], $3::bytea[]) with ordinality t(i, s, h, n)"
    " join inbox had on had.id = t.i and had.subject = t.s where had.sha256 <> t.h";

/* Who saw a duplicate compares it: two events under one id are an attack, or a mistake of their publisher. */
static enum cs_code
read_inbox(
    struct db *db, struct svc_batch *batch, const struct arrivals *arrivals, struct cs_err *err)
{
	struct db_param params[3];
	struct db_rows *rows;

	if (arrivals->fresh == NULL)
		return CS_OK;
	note_fresh(arrivals);
	if (db_rows_count(arrivals->fresh) == arrivals->n)
		return CS_OK;
	arrival_params(batch->arena, arrivals->all, arrivals->n, params);
	if (db_query(db, batch->arena, inbox_other_sql, params, 3, &rows, err))
		return err->code;
	for (size_t r = 0; r < db_rows_count(rows); r++)
		arrivals->all[db_get_i64(rows, r, 0) - 1].event->other_body = true;
	return CS_OK;
}

/* A work row that is gone was finished by somebody else; the lock makes sure that only one finishes it. */
static const char work_lock_sql[] =
    "select id from work where id = any($1::uuid[]) order by id for update";

/* *ret_rows stays NULL when no event is the end of some work. */
static enum cs_code
ask_works(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct db_rows **ret_rows, struct cs_err *err)
{
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	size_t k = 0;

	*ret_rows = NULL;
	for (size_t i = 0; i < n; i++) {
		if (events[i]->source != FROM_WORK)
			continue;
		ids[k++] = events[i]->ev.work_id;
		events[i]->dropped = true;
	}
	if (k == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, ids, k) };

	return db_ask(db, batch->arena, work_lock_sql, params, 1, ret_rows, err);
}

static void
read_works(struct batch_event **events, size_t n, const struct db_rows *rows)
{
	for (size_t r = 0; rows != NULL && r < db_rows_count(rows); r++)
		for (size_t i = 0; i < n; i++)
			if (events[i]->source == FROM_WORK && events[i]->dropped &&
			    cs_id_equal(events[i]->ev.work_id, db_get_id(rows, r, 0))) {
				events[i]->dropped = false;
				break;
			}
}

/* Both questions cost one wait. */
enum cs_code
store_begin(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct db *db = arg;
	struct arrivals arrivals = collect_arrivals(batch->arena, events, n);
	struct db_rows *works;

	if (db_begin(db, err) || ask_inbox(db, batch, &arrivals, err) ||
	    ask_works(db, batch, events, n, &works, err))
		return err->code;
	if ((arrivals.fresh != NULL || works != NULL) && db_settle(db, err))
		return err->code;
	read_works(events, n, works);
	return read_inbox(db, batch, &arrivals, err);
}

/* ---- outbox and work ---- */

static const char outbox_sql[] =
    "insert into outbox (id, key, causation, subject, body, created_ms)"
    " select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[],"
    " $6::bigint[]) returning seq, id";

/* *ret_rows: the place and the id of each row, after the next settling; NULL when nothing is said. */
static enum cs_code
write_outbox(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct db_rows **ret_rows, struct cs_err *err)
{
	size_t total = 0, k = 0;

	*ret_rows = NULL;

	for (size_t i = 0; i < n; i++)
		for (struct out_event *out = events[i]->out.events; out != NULL; out = out->next)
			total++;
	if (total == 0)
		return CS_OK;
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, total, struct cs_id);
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, total, struct cs_id);
	struct cs_id *causes = CS_NEW_ARRAY(batch->arena, total, struct cs_id);
	const char **subjects = CS_NEW_ARRAY(batch->arena, total, const char *);
	struct cs_span *bodies = CS_NEW_ARRAY(batch->arena, total, struct cs_span);
	int64_t *times = CS_NEW_ARRAY(batch->arena, total, int64_t);

	for (size_t i = 0; i < n; i++) {
		for (struct out_event *out = events[i]->out.events; out != NULL; out = out->next) {
			ids[k] = out->id;
			keys[k] = out->key;
			causes[k] = out->causation;
			subjects[k] = out->subject;
			bodies[k] = out->body;
			times[k++] = out->time_ms;
		}
	}
	const struct db_param params[] = { db_id_array(batch->arena, ids, k),
		db_id_array(batch->arena, keys, k), db_id_array(batch->arena, causes, k),
		db_text_array(batch->arena, subjects, k), db_bytes_array(batch->arena, bodies, k),
		db_i64_array(batch->arena, times, k) };

	return db_ask(db, batch->arena, outbox_sql, params, 6, ret_rows, err);
}

/* Events come back in the order in which they went; one that should not is looked for. */
static enum cs_code
note_places(struct batch_event **events, size_t n, const struct db_rows *rows, struct cs_err *err)
{
	size_t count = rows == NULL ? 0 : db_rows_count(rows), at = 0;

	for (size_t i = 0; i < n; i++) {
		for (struct out_event *out = events[i]->out.events; out != NULL; out = out->next) {
			size_t looked = 0;

			while (looked < count && !cs_id_equal(db_get_id(rows, at, 1), out->id)) {
				at = (at + 1) % count;
				looked++;
			}
			if (looked == count)
				return cs_fail(err, CS_CONFLICT, "an event has no place");
			out->seq = db_get_i64(rows, at, 0);
			at = (at + 1) % count;
		}
	}
	return CS_OK;
}

static const char unsent_insert_sql[] = "insert into outbox_unsent (seq, others) values ($1, $2)";

/* One row for up to MARKED_MAX events: writing and deleting a row for each cost as much as the events. */
static enum cs_code
write_mark(struct db *db, struct cs_arena *arena, struct out_event *const *events, size_t n,
    struct cs_err *err)
{
	int64_t others[MARKED_MAX], mark = events[0]->seq;
	size_t k = 0;

	for (size_t i = 1; i < n; i++)
		mark = events[i]->seq < mark ? events[i]->seq : mark;
	for (size_t i = 0; i < n; i++) {
		events[i]->mark = mark;
		events[i]->n_marked = (uint32_t)n;
		if (events[i]->seq != mark)
			others[k++] = events[i]->seq;
	}
	const struct db_param params[] = { db_i64(mark),
		k == 0 ? db_null_i64_array() : db_i64_array(arena, others, k) };

	return db_send(db, unsent_insert_sql, params, 2, -1, err);
}

static enum cs_code
write_marks(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct cs_err *err)
{
	struct out_event *marked[MARKED_MAX];
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		for (struct out_event *out = events[i]->out.events; out != NULL; out = out->next) {
			marked[k++] = out;
			if (k == MARKED_MAX && write_mark(db, batch->arena, marked, k, err))
				return err->code;
			k %= MARKED_MAX;
		}
	}
	return k == 0 ? CS_OK : write_mark(db, batch->arena, marked, k, err);
}

static const char work_insert_sql[] =
    "insert into work (id, key, kind, body, due_ms, lease_ms, attempt)"
    " select i, k, n, b, d, l, 1 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bytea[],"
    " $5::bigint[], $6::bigint[]) t(i, k, n, b, d, l)";

static enum cs_code
write_works(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct cs_err *err)
{
	size_t total = 0, k = 0;

	for (size_t i = 0; i < n; i++)
		for (struct out_work *out = events[i]->out.works; out != NULL; out = out->next)
			total++;
	if (total == 0)
		return CS_OK;
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, total, struct cs_id);
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, total, struct cs_id);
	const char **kinds = CS_NEW_ARRAY(batch->arena, total, const char *);
	struct cs_span *bodies = CS_NEW_ARRAY(batch->arena, total, struct cs_span);
	int64_t *dues = CS_NEW_ARRAY(batch->arena, total, int64_t);
	int64_t *leases = CS_NEW_ARRAY(batch->arena, total, int64_t);

	for (size_t i = 0; i < n; i++) {
		for (struct out_work *out = events[i]->out.works; out != NULL; out = out->next) {
			ids[k] = out->id;
			keys[k] = out->key;
			kinds[k] = out->kind;
			bodies[k] = out->body;
			leases[k] = out->lease_ms;
			dues[k++] = out->due_ms;
		}
	}
	const struct db_param params[] = { db_id_array(batch->arena, ids, k),
		db_id_array(batch->arena, keys, k), db_text_array(batch->arena, kinds, k),
		db_bytes_array(batch->arena, bodies, k), db_i64_array(batch->arena, dues, k),
		db_i64_array(batch->arena, leases, k) };

	return db_send(db, work_insert_sql, params, 6, (int64_t)k, err);
}

static const char work_delete_sql[] = "delete from work where id = any($1::uuid[])";
static const char work_again_sql[] =
    "update work w set due_ms = d, lease_ms = 0, attempt = attempt + 1"
    " from unnest($1::uuid[], $2::bigint[]) t(i, d) where w.id = i";

static enum cs_code
finish_works(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct cs_err *err)
{
	struct cs_id *done = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	struct cs_id *again = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	int64_t *dues = CS_NEW_ARRAY(batch->arena, n, int64_t);
	size_t n_done = 0, n_again = 0;

	for (size_t i = 0; i < n; i++) {
		if (events[i]->source != FROM_WORK || events[i]->dropped)
			continue;
		if (!events[i]->out.again) {
			done[n_done++] = events[i]->ev.work_id;
			continue;
		}
		again[n_again] = events[i]->ev.work_id;
		dues[n_again++] = events[i]->out.again_ms;
	}
	if (n_done > 0) {
		const struct db_param params[] = { db_id_array(batch->arena, done, n_done) };

		if (db_send(db, work_delete_sql, params, 1, (int64_t)n_done, err))
			return err->code;
	}
	if (n_again == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, again, n_again),
		db_i64_array(batch->arena, dues, n_again) };

	return db_send(db, work_again_sql, params, 2, (int64_t)n_again, err);
}

static const char unpark_sql[] = "delete from parked p using unnest($1::text[], $2::uuid[]) t(s, i)"
				 " where p.subject = t.s and p.id = t.i";

/* Handled at last: it is parked no more. */
static enum cs_code
unpark(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct cs_err *err)
{
	const char **subjects = CS_NEW_ARRAY(batch->arena, n, const char *);
	struct cs_id *ids = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (events[i]->source != FROM_PARKED)
			continue;
		subjects[k] = events[i]->ev.subject;
		ids[k++] = events[i]->ev.id;
	}
	if (k == 0)
		return CS_OK;
	const struct db_param params[] = { db_text_array(batch->arena, subjects, k),
		db_id_array(batch->arena, ids, k) };

	return db_send(db, unpark_sql, params, 2, -1, err);
}

/* Before the new rows are there: a request's last word, which nobody answers, stays refillable. */
static const char ended_sql[] =
    "insert into outbox_ended (key, seq, at_ms) select distinct k, e.seq, $2"
    " from unnest($1::uuid[]) k, (select coalesce(max(seq), 0) as seq from outbox) e"
    " on conflict (key) do update set seq = excluded.seq, at_ms = excluded.at_ms";

static enum cs_code
write_ended(struct db *db, struct svc_batch *batch, struct batch_event **events, size_t n,
    struct cs_err *err)
{
	struct cs_id *keys = CS_NEW_ARRAY(batch->arena, n, struct cs_id);
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (events[i]->out.ended)
			keys[k++] = events[i]->ev.key;
	if (k == 0)
		return CS_OK;
	const struct db_param params[] = { db_id_array(batch->arena, keys, k),
		db_i64(batch->now_ms) };

	return db_send(db, ended_sql, params, 2, -1, err);
}

enum cs_code
store_commit(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct db *db = arg;
	struct db_rows *places;

	if (write_ended(db, batch, events, n, err) ||
	    write_outbox(db, batch, events, n, &places, err) ||
	    write_works(db, batch, events, n, err) || finish_works(db, batch, events, n, err) ||
	    unpark(db, batch, events, n, err) || db_settle(db, err) ||
	    note_places(events, n, places, err) || write_marks(db, batch, events, n, err))
		return err->code;
	return db_commit(db, err);
}

void
store_rollback(void *arg)
{
	db_rollback(arg);
}

/* ---- the publisher ---- */

/*
 * In the order of the index, like everybody who confirms, and last in a transaction but for rows that
 * nobody else can want: so replicas that confirm the same event wait for each other and never in a ring.
 */
static const char sent_sql[] = "delete from outbox_unsent where seq = any($1::bigint[])";

enum cs_code
store_outbox_sent(
    struct db *db, const int64_t *marks, size_t n, struct cs_arena *arena, struct cs_err *err)
{
	const struct db_param params[] = { db_i64_array(arena, marks, n) };

	return db_send(db, sent_sql, params, 1, -1, err);
}

static const char unsent_sql[] =
    "select o.seq, o.id, o.key, o.causation, o.subject, o.body, o.created_ms, u.seq,"
    " cardinality(u.places) from (select seq, places, sum(cardinality(places)) over (order by seq)"
    " - cardinality(places) as before from (select seq, array[seq] || others as places"
    " from outbox_unsent where seq > $1 order by seq limit $3) m) u"
    " cross join lateral unnest(u.places) p(seq) join outbox o on o.seq = p.seq"
    " where u.before < $3 and o.created_ms <= $2 order by u.seq, o.seq";

enum cs_code
store_outbox_unsent(struct db *db, int64_t after_mark, int64_t before_ms, size_t max,
    struct cs_arena *arena, struct outbox_row **ret_rows, size_t *ret_n, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(after_mark), db_i64(before_ms),
		db_i64((int64_t)max) };
	struct db_rows *rows;

	if (db_query(db, arena, unsent_sql, params, 3, &rows, err))
		return err->code;
	size_t n = db_rows_count(rows);
	struct outbox_row *out = CS_NEW_ARRAY(arena, n, struct outbox_row);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct outbox_row){ .seq = db_get_i64(rows, i, 0),
			.id = db_get_id(rows, i, 1),
			.key = db_get_id(rows, i, 2),
			.causation = db_get_id(rows, i, 3),
			.subject = db_get_text(rows, i, 4),
			.body = db_get_bytes(rows, i, 5),
			.created_ms = db_get_i64(rows, i, 6),
			.mark = db_get_i64(rows, i, 7),
			.n_marked = (uint32_t)db_get_i32(rows, i, 8) };
	*ret_rows = out;
	*ret_n = n;
	return CS_OK;
}

/* In the order of the index, as sent_sql. */
static const char split_sql[] =
    "with had as (select seq, others from outbox_unsent where seq = any($1::bigint[])"
    " and others is not null order by seq for update), cut as (update outbox_unsent u"
    " set others = null from had where u.seq = had.seq)"
    " insert into outbox_unsent (seq) select o from had, unnest(had.others) o order by o"
    " on conflict do nothing";

enum cs_code
store_outbox_split(
    struct db *db, const int64_t *marks, size_t n, struct cs_arena *arena, struct cs_err *err)
{
	const struct db_param params[] = { db_i64_array(arena, marks, n) };

	if (db_send(db, split_sql, params, 1, -1, err))
		return err->code;
	return db_settle(db, err);
}

/* The stream is NULL before the first sight, which marks nothing. */
static const char stream_sql[] =
    "select s.created, s.last_seq, (select max(seq) from outbox) from (values (1)) one(n)"
    " left join stream s on s.name = $1";
static const char refill_sql[] =
    "insert into outbox_unsent select o.seq from outbox o where o.seq > $2 and o.seq <= $3"
    " and o.created_ms > $4 and o.subject like $1 || '.%' and not exists"
    " (select from outbox_ended e where e.key = o.key and o.seq <= e.seq) on conflict do nothing";
static const char stream_put_sql[] =
    "insert into stream (name, created, last_seq) values ($1, $2, $3) on conflict (name) do update"
    " set created = excluded.created, last_seq = excluded.last_seq";

/*
 * In steps, each far below the limit of a statement's time; the stream is noted when all are done, so
 * that whoever is interrupted begins again.  Replicas that do the same publish twice what they would once.
 */
static enum cs_code
refill(struct db *db, const char *lane_prefix, int64_t last, struct cs_err *err)
{
	for (int64_t seq = 0; seq < last; seq += REFILL_STEP) {
		const struct db_param params[] = { db_text(lane_prefix), db_i64(seq),
			db_i64(seq + REFILL_STEP), db_i64(cs_now_ms() - REFILL_MS) };

		if (db_send(db, refill_sql, params, 4, -1, err) || db_settle(db, err))
			return err->code;
	}
	return CS_OK;
}

enum cs_code
store_stream_seen(struct db *db, const struct stream_seen *seen, bool *ret_refill,
    struct cs_arena *arena, struct cs_err *err)
{
	const struct db_param name[] = { db_text(seen->name) };
	const struct db_param put[] = { db_text(seen->name), db_text(seen->created),
		db_i64(seen->last_seq) };
	struct db_rows *rows;

	if (db_query(db, arena, stream_sql, name, 1, &rows, err))
		return err->code;
	const char *created = db_get_text(rows, 0, 0);
	int64_t last_seq = db_get_i64(rows, 0, 1);
	bool is_other = created != NULL && strcmp(created, seen->created) != 0;
	bool refills = seen->forgot || is_other || (seen->first && seen->last_seq < last_seq);

	if (refills && refill(db, seen->prefix, db_get_i64(rows, 0, 2), err))
		return err->code;
	if (created != NULL && !is_other && seen->last_seq == last_seq)
		return CS_OK;
	if (db_send(db, stream_put_sql, put, 3, -1, err) || db_settle(db, err))
		return err->code;
	*ret_refill = refills;
	return CS_OK;
}

/* ---- work that is due ---- */

static const char take_sql[] =
    "update work w set lease_ms = $2, attempt = attempt + case when lease_ms > 0 then 1 else 0 end"
    " from (select id from work where due_ms <= $1 and lease_ms < $1 order by due_ms limit $3"
    "  for update skip locked) due where w.id = due.id"
    " returning w.id, w.key, w.kind, w.body, w.due_ms, w.attempt";

enum cs_code
store_work_take(struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct out_work **ret_works, struct cs_err *err)
{
	const struct db_param params[] = { db_i64(now_ms), db_i64(now_ms + WORK_LEASE_MS),
		db_i64((int64_t)max) };
	struct out_work *works = NULL;
	struct db_rows *rows;

	if (db_query(db, arena, take_sql, params, 3, &rows, err))
		return err->code;
	for (size_t i = db_rows_count(rows); i-- > 0;) {
		struct out_work *work = CS_NEW(arena, struct out_work);

		*work = (struct out_work){ .id = db_get_id(rows, i, 0),
			.key = db_get_id(rows, i, 1),
			.kind = db_get_text(rows, i, 2),
			.body = db_get_bytes(rows, i, 3),
			.due_ms = db_get_i64(rows, i, 4),
			.attempt = (uint32_t)db_get_i32(rows, i, 5),
			.next = works };
		works = work;
	}
	*ret_works = works;
	return CS_OK;
}

static const char renew_sql[] = "update work set lease_ms = $2 where id = any($1::uuid[])";

enum cs_code
store_work_renew(struct db *db, const struct cs_id *ids, size_t n, int64_t until_ms,
    struct cs_arena *arena, struct cs_err *err)
{
	const struct db_param params[] = { db_id_array(arena, ids, n), db_i64(until_ms) };

	if (db_send(db, renew_sql, params, 2, -1, err))
		return err->code;
	return db_settle(db, err);
}

/* ---- what could not be handled ---- */

static const char park_sql[] =
    "insert into parked (id, subject, body, error, at_ms, deliveries, state)"
    " values ($1, $2, $3, $4, $5, $6, 'parked') on conflict (subject, id) do update"
    " set error = excluded.error, at_ms = excluded.at_ms, state = 'parked'";
static const char park_work_sql[] =
    "update work set due_ms = 9223372036854775807, lease_ms = 0 where id = $1";
static const char park_event_sql[] =
    "with o as (insert into outbox (id, key, causation, subject, body, created_ms)"
    " values ($1, $2, $2, $3, $4, $5) returning seq) insert into outbox_unsent select seq from o";

static enum cs_code
send_parked(struct db *db, const struct batch_event *event, const char *service,
    struct cs_arena *arena, struct cs_err *err)
{
	int64_t now_ms = event->ev.now_ms;
	bool is_work = event->source == FROM_WORK;
	struct cs_id id = is_work ? event->ev.work_id : event->ev.id;
	const struct db_param work[] = { db_id(id) };
	const struct db_param parked[] = { db_id(id), db_text(event->ev.subject),
		db_bytes(event->ev.body), db_text(event->err.text), db_i64(now_ms),
		db_i32((int32_t)event->ev.delivery) };
	const char *subject = cs_arena_printf(arena, "deadletter.%s", service);
	const struct db_param told[] = { db_id(cs_id_new()), db_id(id), db_text(subject),
		db_bytes(event->ev.body), db_i64(now_ms) };

	if (db_send(db, park_sql, parked, 6, -1, err) ||
	    (is_work && db_send(db, park_work_sql, work, 1, -1, err)) ||
	    db_send(db, park_event_sql, told, 5, 1, err))
		return err->code;
	return CS_OK;
}

enum cs_code
store_park(struct db *db, struct batch_event *const *events, size_t n, const char *service,
    struct cs_arena *arena, struct cs_err *err)
{
	enum cs_code code = db_begin(db, err);

	for (size_t i = 0; i < n && code == CS_OK; i++)
		if (events[i]->source == FROM_BUS || events[i]->source == FROM_PARKED ||
		    events[i]->source == FROM_WORK)
			code = send_parked(db, events[i], service, arena, err);
	if (code == CS_OK)
		code = db_commit(db, err);
	if (code != CS_OK)
		db_rollback(db);
	return code;
}

static const char work_due_sql[] =
    "with told as (delete from parked where state = 'retry' and subject like 'work.%' returning id)"
    " update work w set due_ms = 0 from told where w.id = told.id";
static const char again_sql[] =
    "select id, subject, body from parked where state = 'retry' order by at_ms limit $1";

enum cs_code
store_parked_again(struct db *db, size_t max, struct cs_arena *arena, struct parked_row **ret_rows,
    struct cs_err *err)
{
	const struct db_param params[] = { db_i64((int64_t)max) };
	struct parked_row *first = NULL;
	struct db_rows *rows;

	if (db_send(db, work_due_sql, NULL, 0, -1, err) ||
	    db_query(db, arena, again_sql, params, 1, &rows, err))
		return err->code;
	for (size_t i = db_rows_count(rows); i-- > 0;) {
		struct parked_row *row = CS_NEW(arena, struct parked_row);

		*row = (struct parked_row){ .id = db_get_id(rows, i, 0),
			.subject = db_get_text(rows, i, 1),
			.body = db_get_bytes(rows, i, 2),
			.next = first };
		first = row;
	}
	*ret_rows = first;
	return CS_OK;
}

/* Places and times grow together: who is old lies in front. */
static const char sweep_outbox_sql[] =
    "with first as materialized (select seq, created_ms from outbox order by seq limit 5000),"
    " old as materialized (select seq from first where created_ms < $1),"
    " unsent as materialized (select unnest(array[seq] || others) as seq from outbox_unsent"
    " where seq <= (select max(seq) from old)),"
    " gone as (delete from outbox where seq in (select seq from old)"
    " and seq not in (select seq from unsent) returning 1) select count(*) from gone";
static const char sweep_inbox_sql[] =
    "with gone as (delete from inbox where (id, subject) in (select id, subject from inbox"
    " where id < $1 order by id limit 5000) returning 1) select count(*) from gone";
static const char sweep_ended_sql[] =
    "with gone as (delete from outbox_ended where key in (select key from outbox_ended"
    " where at_ms < $1 limit 5000) returning 1) select count(*) from gone";

/* No identifier of that time or later lies before it. */
static struct cs_id
first_id_of(int64_t ms)
{
	return cs_id_at(ms, (const uint8_t[10]){ 0 });
}

enum cs_code
store_sweep(struct db *db, int64_t now_ms, uint32_t archive_days, bool *ret_more,
    struct cs_arena *arena, struct cs_err *err)
{
	const struct db_param outbox[] = { db_i64(now_ms - archive_days * CS_DAY_MS) };
	const struct db_param inbox[] = { db_id(first_id_of(now_ms - INBOX_MS)) };
	/* Nothing that it could speak of is refilled any more. */
	const struct db_param ended[] = { db_i64(now_ms - REFILL_MS - CS_DAY_MS) };
	struct db_rows *sent, *seen, *over;

	if (db_query(db, arena, sweep_outbox_sql, outbox, 1, &sent, err) ||
	    db_query(db, arena, sweep_inbox_sql, inbox, 1, &seen, err) ||
	    db_query(db, arena, sweep_ended_sql, ended, 1, &over, err))
		return err->code;
	*ret_more =
	    db_get_i64(sent, 0, 0) > 0 || db_get_i64(seen, 0, 0) > 0 || db_get_i64(over, 0, 0) > 0;
	return CS_OK;
}
