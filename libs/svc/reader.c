/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c: queries that only show something, on a thread and a connection of their own. */
#include <stdlib.h>

#include "base/time.h"
#include "db/db.h"
#include "svc/internal.h"

#define JOBS_MAX 1024

struct job {
	struct job *next;
	struct reader *reader;
	struct cs_arena *arena; /* owns the job, its question and its answer */
	svc_query *query;
	struct cs_span ask, reply;
	const void *context;
	svc_answered *answered;
	void *arg;
	int64_t since_ms;
	bool ok;
	uint32_t status;
};

struct reader {
	struct svc *svc;
	struct db *db;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct job *first, **tail;
	size_t n;
	bool stopping;
};

static void
deliver(void *arg)
{
	struct job *job = arg;

	job->answered(job->arg, job->ok, job->status, job->reply);
	cs_arena_free(job->arena);
}

bool
svc_ask_store(struct svc *svc, svc_query *query, struct cs_span ask, const void *context,
    svc_answered *answered, void *arg)
{
	struct reader *reader = svc->reader;
	struct cs_arena *arena = cs_arena_new();
	struct job *job = CS_NEW(arena, struct job);

	*job = (struct job){ .reader = reader,
		.arena = arena,
		.query = query,
		.ask = cs_arena_copy_span(arena, ask),
		.context = context,
		.answered = answered,
		.arg = arg,
		.since_ms = cs_mono_ms() };
	if (reader == NULL) { /* closed: the process ends */
		cs_arena_free(arena);
		return false;
	}
	pthread_mutex_lock(&reader->lock);
	bool taken = reader->n < JOBS_MAX && !reader->stopping;

	if (taken) {
		*reader->tail = job;
		reader->tail = &job->next;
		reader->n++;
		pthread_cond_signal(&reader->more);
	}
	pthread_mutex_unlock(&reader->lock);
	if (!taken)
		cs_arena_free(arena);
	return taken;
}

static struct job *
next_job(struct reader *reader)
{
	pthread_mutex_lock(&reader->lock);
	while (reader->first == NULL && !reader->stopping)
		pthread_cond_wait(&reader->more, &reader->lock);
	struct job *job = reader->first;

	if (job != NULL) {
		reader->first = job->next;
		if (reader->first == NULL)
			reader->tail = &reader->first;
		reader->n--;
	}
	pthread_mutex_unlock(&reader->lock);
	return job;
}

/* One attempt to connect again; the client of a failed query is told to try later. */
static enum cs_code
run_job(struct reader *reader, struct job *job, struct cs_err *err)
{
	const struct svc *svc = reader->svc;

	/* In an outage each attempt may take seconds: those who waited longer do not wait for theirs. */
	if ((reader->db == NULL || !db_alive(reader->db)) &&
	    (cs_mono_ms() - job->since_ms > OUTAGE_ANSWER_MS || atomic_load(&svc->stopping)))
		return cs_fail(err, CS_UNAVAILABLE, "the database is away");
	if (reader->db == NULL &&
	    db_open(svc->common.database_url, svc->service->name, &reader->db, err))
		return err->code;
	if (!db_alive(reader->db) && db_reconnect(reader->db, err))
		return err->code;
	return job->query(svc->service->self, reader->db, job->ask, job->context, job->arena,
	    &job->status, &job->reply, err);
}

static void *
reader_main(void *arg)
{
	struct reader *reader = arg;
	struct job *job;

	while ((job = next_job(reader)) != NULL) {
		struct cs_err err = { 0 };

		job->ok = run_job(reader, job, &err) == CS_OK;
		if (!job->ok) {
			log_warn(&reader->svc->log, "query failed reason=\"%s\"", err.text);
			if (reader->db != NULL)
				db_rollback(reader->db);
		}
		handoff_post(reader->svc->handoff, deliver, job);
	}
	db_close(reader->db);
	reader->db = NULL;
	return NULL;
}

enum cs_code
reader_open(struct svc *svc, struct cs_err *err)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	cs_assert(reader != NULL);
	reader->svc = svc;
	reader->tail = &reader->first;
	svc->reader = reader;
	if (pthread_mutex_init(&reader->lock, NULL) != 0 ||
	    pthread_cond_init(&reader->more, NULL) != 0 ||
	    pthread_create(&svc->reader_thread, NULL, reader_main, reader) != 0)
		return cs_fail(err, CS_INTERNAL, "the reader's thread could not be started");
	svc->reader_runs = true;
	return CS_OK;
}

void
reader_close(struct svc *svc)
{
	struct reader *reader = svc->reader;

	if (reader == NULL)
		return;
	if (svc->reader_runs) {
		pthread_mutex_lock(&reader->lock);
		reader->stopping = true;
		pthread_cond_signal(&reader->more);
		pthread_mutex_unlock(&reader->lock);
		(void)pthread_join(svc->reader_thread, NULL);
	}
	(void)pthread_cond_destroy(&reader->more);
	(void)pthread_mutex_destroy(&reader->lock);
	free(reader);
	svc->reader = NULL;
}
