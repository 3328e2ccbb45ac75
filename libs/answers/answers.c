/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders go to the thread by one list and come back by another; an eventfd wakes the loop.  Whatever an
 * order points to lives in its own arena, which goes with it.
 */
#include "answers/answers.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "answers/store.h"
#include "base/time.h"
#include "db/db.h"
#include "pki/hash.h"

#define BATCH_OCTETS ((size_t)8 * 1024 * 1024) /* of packets in one statement, and one order */
#define BATCH_PACKETS 4096
#define PAUSE_MS CS_SECOND_MS /* after a failure */
#define SWEEP_MS CS_HOUR_MS

struct order {
	struct order *next;
	struct cs_arena *arena; /* the order itself is in it */
	struct answers_packet *packets;
	size_t n, octets;
	answers_done *done;
	void *arg;
	bool kept;
};

struct orders {
	struct order *first, **tail;
};

struct answers {
	struct answers_settings settings;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct orders asked, told; /* under the lock */
	bool closing;              /* under the lock */
	atomic_bool away;
	struct db *db; /* the thread's */
	struct cs_arena *scratch;
	int64_t sweep_at_ms;
	struct event *wake;
	int fd;
};

static void
add(struct orders *orders, struct order *order)
{
	order->next = NULL;
	*orders->tail = order;
	orders->tail = &order->next;
}

static struct order *
take_all(struct orders *orders)
{
	struct order *first = orders->first;

	*orders = (struct orders){ NULL, &orders->first };
	return first;
}

/* ---- the thread ---- */

/* As many orders as go into one statement, at least one; NULL: it is time to sweep, or to end. */
static struct order *
next_batch(struct answers *answers)
{
	struct order *batch, **end = &batch;
	size_t octets = 0, packets = 0;

	batch = answers->asked.first;
	while (*end != NULL && octets < BATCH_OCTETS && packets < BATCH_PACKETS) {
		octets += (*end)->octets;
		packets += (*end)->n;
		end = &(*end)->next;
	}
	answers->asked.first = *end;
	if (*end == NULL)
		answers->asked.tail = &answers->asked.first;
	*end = NULL;
	return batch;
}

static void
wait_until(struct answers *answers, int64_t mono_ms)
{
	const struct timespec until = { mono_ms / 1000, mono_ms % 1000 * 1000000 };

	(void)pthread_cond_timedwait(&answers->change, &answers->lock, &until);
}

static enum cs_code
connect_again(struct answers *answers, struct cs_err *err)
{
	if (answers->db == NULL)
		return db_open(
		    answers->settings.database_url, answers->settings.app_name, &answers->db, err);
	return db_alive(answers->db) ? CS_OK : db_reconnect(answers->db, err);
}

static enum cs_code
write_batch(struct answers *answers, const struct order *batch, struct cs_err *err)
{
	size_t n = 0;

	for (const struct order *o = batch; o != NULL; o = o->next)
		n += o->n;
	struct answers_packet *all = CS_NEW_ARRAY(answers->scratch, n, struct answers_packet);

	n = 0;
	for (const struct order *o = batch; o != NULL; o = o->next)
		for (size_t i = 0; i < o->n; i++)
			all[n++] = o->packets[i];
	if (n == 0)
		return CS_OK;
	if (connect_again(answers, err))
		return err->code;
	return answers_store_save(answers->db, answers->scratch, all, n, err);
}

static void
tell(struct answers *answers, struct order *batch, bool kept)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&answers->lock);
	while (batch != NULL) {
		struct order *next = batch->next;

		batch->kept = kept;
		add(&answers->told, batch);
		batch = next;
	}
	pthread_mutex_unlock(&answers->lock);
	cs_assert(write(answers->fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

/* What is too old goes a piece at a time; while there is more, orders have their turn in between. */
static void
sweep(struct answers *answers)
{
	const int64_t before_ms = cs_now_ms() - answers->settings.days * CS_DAY_MS;
	bool more = false;
	struct cs_err err;

	if (connect_again(answers, &err) ||
	    answers_store_sweep(answers->db, answers->scratch, before_ms, &more, &err))
		more = false;
	answers->sweep_at_ms = cs_mono_ms() + (more ? CS_SECOND_MS : SWEEP_MS);
}

/* A failure is one of the whole statement: nobody may rely on any packet, and all may ask again. */
static void
run_batch(struct answers *answers, struct order *batch)
{
	struct cs_err err;
	const bool kept = write_batch(answers, batch, &err) == CS_OK;

	atomic_store(&answers->away, !kept);
	tell(answers, batch, kept);
	if (kept)
		return;
	pthread_mutex_lock(&answers->lock);
	for (const int64_t until = cs_mono_ms() + PAUSE_MS;
	     !answers->closing && cs_mono_ms() < until;)
		wait_until(answers, until);
	pthread_mutex_unlock(&answers->lock);
}

static void *
run(void *arg)
{
	struct answers *answers = arg;

	for (;;) {
		pthread_mutex_lock(&answers->lock);
		while (!answers->closing && answers->asked.first == NULL &&
		       cs_mono_ms() < answers->sweep_at_ms)
			wait_until(answers, answers->sweep_at_ms);
		struct order *batch = next_batch(answers);
		bool closing = answers->closing;

		pthread_mutex_unlock(&answers->lock);
		if (batch != NULL)
			run_batch(answers, batch);
		else if (closing)
			return NULL;
		else
			sweep(answers);
		cs_arena_reset(answers->scratch);
	}
}

/* ---- the loop ---- */

static void
on_told(evutil_socket_t fd, short what, void *arg)
{
	struct answers *answers = arg;
	struct order *order;
	uint64_t value;

	(void)what;
	if (read(fd, &value, sizeof(value)) != (ssize_t)sizeof(value))
		return;
	pthread_mutex_lock(&answers->lock);
	order = take_all(&answers->told);
	pthread_mutex_unlock(&answers->lock);
	while (order != NULL) {
		struct order *next = order->next;

		order->done(order->arg, order->kept);
		cs_arena_free(order->arena);
		order = next;
	}
}

static struct order *
order_of(const struct probe_finding *finding, answers_done *done, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct order *order = CS_NEW(arena, struct order);

	*order = (struct order){ .arena = arena, .done = done, .arg = arg };
	order->packets = CS_NEW_ARRAY(arena, finding->n_lookups, struct answers_packet);
	for (size_t i = 0; i < finding->n_lookups; i++) {
		const struct claim_lookup *lookup = &finding->lookups[i];
		uint8_t *digest = cs_arena_alloc(arena, PKI_SHA256);

		if (finding->wires[i].len == 0 || finding->wires[i].len > ANSWERS_OCTETS_MAX)
			continue;
		pki_sha256(finding->wires[i], digest);
		order->packets[order->n++] = (struct answers_packet){
			.sha256 = cs_span_of(digest, PKI_SHA256),
			.octets = cs_arena_copy_span(arena, finding->wires[i]),
			.name = cs_arena_strdup(arena, lookup->name),
			.type = cs_arena_strdup(arena, lookup->type),
			.at_ms = lookup->answered_at_ms,
		};
		order->octets += finding->wires[i].len;
	}
	return order;
}

void
answers_keep(
    struct answers *answers, const struct probe_finding *finding, answers_done *done, void *arg)
{
	struct order *order = order_of(finding, done, arg);

	pthread_mutex_lock(&answers->lock);
	add(&answers->asked, order);
	pthread_cond_signal(&answers->change);
	pthread_mutex_unlock(&answers->lock);
}

bool
answers_away(const struct answers *answers)
{
	return atomic_load(&answers->away);
}

/* ---- life ---- */

static enum cs_code
start(struct answers *answers, struct event_base *base, struct cs_err *err)
{
	pthread_condattr_t attr;
	int rc;

	answers->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (answers->fd < 0)
		return cs_fail(err, CS_INTERNAL, "answers: no descriptor");
	answers->wake = event_new(base, answers->fd, EV_READ | EV_PERSIST, on_told, answers);
	cs_assert(answers->wake != NULL && event_add(answers->wake, NULL) == 0);
	cs_assert(pthread_condattr_init(&attr) == 0);
	cs_assert(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	cs_assert(pthread_cond_init(&answers->change, &attr) == 0);
	cs_assert(pthread_mutex_init(&answers->lock, NULL) == 0);
	(void)pthread_condattr_destroy(&attr);
	rc = pthread_create(&answers->thread, NULL, run, answers);
	if (rc == 0)
		return CS_OK;
	event_free(answers->wake);
	(void)close(answers->fd);
	return cs_fail(err, CS_INTERNAL, "answers: no thread");
}

enum cs_code
answers_open(const struct answers_settings *settings, struct event_base *base, struct answers **ret,
    struct cs_err *err)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	cs_assert(answers != NULL);
	answers->settings = *settings;
	answers->asked.tail = &answers->asked.first;
	answers->told.tail = &answers->told.first;
	answers->scratch = cs_arena_new();
	if (start(answers, base, err)) {
		cs_arena_free(answers->scratch);
		free(answers);
		return err->code;
	}
	*ret = answers;
	return CS_OK;
}

static void
drop(struct order *order)
{
	while (order != NULL) {
		struct order *next = order->next;

		cs_arena_free(order->arena);
		order = next;
	}
}

void
answers_close(struct answers *answers)
{
	if (answers == NULL)
		return;
	pthread_mutex_lock(&answers->lock);
	answers->closing = true;
	pthread_cond_signal(&answers->change);
	pthread_mutex_unlock(&answers->lock);
	(void)pthread_join(answers->thread, NULL);
	drop(take_all(&answers->asked));
	drop(take_all(&answers->told));
	event_free(answers->wake);
	(void)close(answers->fd);
	(void)pthread_cond_destroy(&answers->change);
	(void)pthread_mutex_destroy(&answers->lock);
	db_close(answers->db);
	cs_arena_free(answers->scratch);
	free(answers);
}
