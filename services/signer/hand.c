/* SPDX-License-Identifier: Apache-2.0 */
#include "hand.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct piece {
	struct svc_work *work;
	struct cs_span result;
};

/* Numbers only grow: given - done are waiting or being done, done - told wait for the loop. */
struct hand {
	hand_job *job;
	void *self;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, runs;
	uint64_t given, done, told;
	struct piece ring[HAND_MAX];
	int fd; /* readable: something is done */
	struct event *readable;
};

static struct piece *
piece_of(struct hand *hand, uint64_t number)
{
	return &hand->ring[number % HAND_MAX];
}

/* NULL: the end. */
static struct piece *
wait_for_work(struct hand *hand)
{
	struct piece *piece;

	pthread_mutex_lock(&hand->lock);
	while (!hand->stop && hand->done == hand->given)
		pthread_cond_wait(&hand->wake, &hand->lock);
	piece = hand->stop ? NULL : piece_of(hand, hand->done);
	pthread_mutex_unlock(&hand->lock);
	return piece;
}

static void *
run(void *arg)
{
	struct hand *hand = arg;
	const uint64_t one = 1;
	struct piece *piece;

	while ((piece = wait_for_work(hand)) != NULL) {
		piece->result = hand->job(hand->self, piece->work);
		pthread_mutex_lock(&hand->lock);
		hand->done++;
		pthread_mutex_unlock(&hand->lock);
		while (write(hand->fd, &one, sizeof(one)) < 0 && errno == EINTR)
			continue;
	}
	return NULL;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct hand *hand = arg;
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		return;
	pthread_mutex_lock(&hand->lock);
	const uint64_t done = hand->done;
	pthread_mutex_unlock(&hand->lock);
	while (hand->told < done) {
		const struct piece piece = *piece_of(hand, hand->told++);

		svc_done(piece.work, piece.result);
	}
}

/* Signals are the loop's.  Not before the process is confined, which holds for threads that are started then. */
static int
start_thread(struct hand *hand)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	const int rc = pthread_create(&hand->thread, NULL, run, hand);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

enum cs_code
hand_open(struct event_base *base, struct cs_arena *arena, hand_job *job, void *self,
    struct hand **ret, struct cs_err *err)
{
	struct hand *hand = CS_NEW(arena, struct hand);

	hand->job = job;
	hand->self = self;
	hand->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hand->fd < 0)
		return cs_fail(err, CS_INTERNAL, "eventfd: %s", strerror(errno));
	cs_assert(pthread_mutex_init(&hand->lock, NULL) == 0 &&
		  pthread_cond_init(&hand->wake, NULL) == 0);
	hand->readable = event_new(base, hand->fd, EV_READ | EV_PERSIST, on_readable, hand);
	cs_assert(hand->readable != NULL && event_add(hand->readable, NULL) == 0);
	*ret = hand;
	return CS_OK;
}

void
hand_give(struct hand *hand, struct svc_work *work)
{
	if (!hand->runs) {
		cs_assert(start_thread(hand) == 0);
		hand->runs = true;
	}
	pthread_mutex_lock(&hand->lock);
	cs_assert(hand->given - hand->told < HAND_MAX);
	*piece_of(hand, hand->given++) = (struct piece){ .work = work };
	pthread_cond_signal(&hand->wake);
	pthread_mutex_unlock(&hand->lock);
}

void
hand_close(struct hand *hand)
{
	if (hand == NULL)
		return;
	pthread_mutex_lock(&hand->lock);
	hand->stop = true;
	pthread_cond_signal(&hand->wake);
	pthread_mutex_unlock(&hand->lock);
	if (hand->runs)
		(void)pthread_join(hand->thread, NULL);
	event_free(hand->readable);
	(void)close(hand->fd);
	(void)pthread_cond_destroy(&hand->wake);
	(void)pthread_mutex_destroy(&hand->lock);
}
