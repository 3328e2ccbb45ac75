/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smtp.c: the queue, its thread, and the way back to the loop.  What is said to the relay and what
 * its words mean is in smtp_mail.c.
 */
#include "http/smtp.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/smtp_mail.h"

#define QUEUE_MAX 1000

struct job {
	struct job *next;
	char *from, *to;  /* from NULL: the relay's own */
	uint8_t *message; /* NULL: only whether it would take one */
	size_t len;
	smtp_done *done;
	void *arg;
	struct smtp_result result;
};

/* First in, first out. */
struct jobs {
	struct job *head, **tail;
};

struct smtp {
	struct event *wake; /* the thread has put something into `ended` */
	int eventfd;
	unsigned queue_max, waiting; /* the loop's alone */
	struct smtp_relay *relay;    /* the thread's alone, while it runs */
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t queued_or_stopping;
	struct jobs queued, ended;
	bool stopping;
};

const char *
smtp_outcome_name(enum smtp_outcome outcome)
{
	static const char *const names[] = {
		[SMTP_ACCEPTED] = "accepted",
		[SMTP_TEMPORARY] = "temporary",
		[SMTP_PERMANENT] = "permanent",
		[SMTP_UNKNOWN] = "unknown",
	};

	return names[outcome];
}

/* ---- Jobs ---- */

static void
jobs_push(struct jobs *jobs, struct job *job)
{
	job->next = NULL;
	*jobs->tail = job;
	jobs->tail = &job->next;
}

static struct job *
jobs_pop(struct jobs *jobs)
{
	struct job *job = jobs->head;

	if (job == NULL)
		return NULL;
	jobs->head = job->next;
	if (jobs->head == NULL)
		jobs->tail = &jobs->head;
	return job;
}

static void
job_free(struct job *job)
{
	free(job->from);
	free(job->to);
	if (job->message != NULL)
		explicit_bzero(job->message, job->len); /* it may hold a token */
	free(job->message);
	free(job);
}

static struct job *
job_new(const char *from, const char *to, struct cs_span message, smtp_done *done, void *arg)
{
	struct job *job = calloc(1, sizeof(*job));

	cs_assert(job != NULL);
	*job = (struct job){ .from = from == NULL ? NULL : strdup(from),
		.to = strdup(to),
		.message = malloc(message.len),
		.len = message.len,
		.done = done,
		.arg = arg };
	cs_assert((from == NULL || job->from != NULL) && job->to != NULL && job->message != NULL);
	memcpy(job->message, message.data, message.len);
	return job;
}

/* ---- The thread ---- */

/* NULL: the thread is to end. */
static struct job *
wait_for_job(struct smtp *smtp)
{
	struct job *job = NULL;

	pthread_mutex_lock(&smtp->mutex);
	while (!smtp->stopping && smtp->queued.head == NULL)
		pthread_cond_wait(&smtp->queued_or_stopping, &smtp->mutex);
	if (!smtp->stopping)
		job = jobs_pop(&smtp->queued);
	pthread_mutex_unlock(&smtp->mutex);
	return job;
}

static void
report(struct smtp *smtp, struct job *job)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&smtp->mutex);
	jobs_push(&smtp->ended, job);
	pthread_mutex_unlock(&smtp->mutex);
	(void)!write(smtp->eventfd, &one, sizeof(one));
}

static void *
work(void *arg)
{
	struct smtp *smtp = arg;

	for (struct job *job = wait_for_job(smtp); job != NULL; job = wait_for_job(smtp)) {
		if (job->message == NULL)
			smtp_relay_probe(smtp->relay, &job->result);
		else
			smtp_relay_mail(smtp->relay, job->from, job->to,
			    cs_span_of(job->message, job->len), &job->result);
		report(smtp, job);
	}
	smtp_relay_hang_up(smtp->relay);
	return NULL;
}

/* Signals are for the thread of the loop. */
static enum cs_code
start_thread(struct smtp *smtp, struct cs_err *err)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&smtp->thread, NULL, work, smtp);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		return cs_fail(err, CS_UNAVAILABLE, "smtp: thread: %s", strerror(failed));
	smtp->running = true;
	return CS_OK;
}

static void
stop_thread(struct smtp *smtp)
{
	if (!smtp->running)
		return;
	smtp_relay_stop(smtp->relay);
	pthread_mutex_lock(&smtp->mutex);
	smtp->stopping = true;
	pthread_cond_signal(&smtp->queued_or_stopping);
	pthread_mutex_unlock(&smtp->mutex);
	pthread_join(smtp->thread, NULL);
}

/* ---- The loop ---- */

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct smtp *smtp = arg;
	struct jobs ended;
	uint64_t count;

	(void)what;
	(void)!read(fd, &count, sizeof(count));
	pthread_mutex_lock(&smtp->mutex);
	ended = smtp->ended;
	smtp->ended = (struct jobs){ NULL, &smtp->ended.head };
	pthread_mutex_unlock(&smtp->mutex);
	for (struct job *job = ended.head, *next; job != NULL; job = next) {
		next = job->next;
		smtp->waiting--;
		job->done(job->arg, &job->result);
		job_free(job);
	}
}

enum cs_code
smtp_open(struct event_base *base, const struct smtp_settings *settings, struct smtp **ret_smtp,
    struct cs_err *err)
{
	struct smtp_relay *relay;

	if (smtp_relay_new(settings, &relay, err) != CS_OK)
		return CS_MALFORMED;
	struct smtp *smtp = calloc(1, sizeof(*smtp));

	cs_assert(smtp != NULL);
	*smtp = (struct smtp){
		.relay = relay,
		.eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.queue_max = settings->queue_max > 0 ? settings->queue_max : QUEUE_MAX,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.queued_or_stopping = PTHREAD_COND_INITIALIZER,
	};
	smtp->queued.tail = &smtp->queued.head;
	smtp->ended.tail = &smtp->ended.head;
	smtp->wake = event_new(base, smtp->eventfd, EV_READ | EV_PERSIST, on_wake, smtp);
	cs_assert(smtp->eventfd >= 0 && smtp->wake != NULL);
	event_add(smtp->wake, NULL);
	enum cs_code code = start_thread(smtp, err);

	if (code != CS_OK) {
		smtp_close(smtp);
		return code;
	}
	*ret_smtp = smtp;
	return CS_OK;
}

static enum cs_code
has_no_room(const struct smtp *smtp, struct cs_err *err)
{
	return smtp->waiting < smtp->queue_max
		   ? CS_OK
		   : cs_fail(err, CS_UNAVAILABLE, "smtp: %u mails wait already", smtp->waiting);
}

static void
push(struct smtp *smtp, struct job *job)
{
	smtp->waiting++;
	pthread_mutex_lock(&smtp->mutex);
	jobs_push(&smtp->queued, job);
	pthread_cond_signal(&smtp->queued_or_stopping);
	pthread_mutex_unlock(&smtp->mutex);
}

static enum cs_code
queue(struct smtp *smtp, const char *from, const char *to, struct cs_span message, smtp_done *done,
    void *arg, struct cs_err *err)
{
	if (!smtp_address_valid(to) || (from != NULL && !smtp_address_valid(from)))
		return cs_fail(err, CS_MALFORMED, "smtp: not an address that we send to");
	if (!smtp_message_valid(message))
		return cs_fail(err, CS_MALFORMED, "smtp: the mail is not made of lines");
	if (has_no_room(smtp, err))
		return CS_UNAVAILABLE;
	push(smtp, job_new(from, to, message, done, arg));
	return CS_OK;
}

enum cs_code
smtp_probe(struct smtp *smtp, smtp_done *done, void *arg, struct cs_err *err)
{
	if (has_no_room(smtp, err))
		return CS_UNAVAILABLE;
	struct job *job = calloc(1, sizeof(*job));

	cs_assert(job != NULL);
	*job = (struct job){ .done = done, .arg = arg };
	push(smtp, job);
	return CS_OK;
}

enum cs_code
smtp_send(struct smtp *smtp, const char *to, struct cs_span message, smtp_done *done, void *arg,
    struct cs_err *err)
{
	return queue(smtp, NULL, to, message, done, arg, err);
}

enum cs_code
smtp_send_from(struct smtp *smtp, const char *from, const char *to, struct cs_span message,
    smtp_done *done, void *arg, struct cs_err *err)
{
	return queue(smtp, from, to, message, done, arg, err);
}

unsigned
smtp_waiting(const struct smtp *smtp)
{
	return smtp->waiting;
}

static void
free_jobs(struct jobs *jobs)
{
	for (struct job *job = jobs_pop(jobs); job != NULL; job = jobs_pop(jobs))
		job_free(job);
}

void
smtp_close(struct smtp *smtp)
{
	if (smtp == NULL)
		return;
	stop_thread(smtp);
	free_jobs(&smtp->queued);
	free_jobs(&smtp->ended);
	event_free(smtp->wake);
	close(smtp->eventfd);
	pthread_cond_destroy(&smtp->queued_or_stopping);
	pthread_mutex_destroy(&smtp->mutex);
	smtp_relay_free(smtp->relay);
	free(smtp);
}
