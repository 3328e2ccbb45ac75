/* SPDX-License-Identifier: Apache-2.0 */
/* handoff.c: any thread posts, the loop thread runs.  An eventfd wakes the loop. */
#include <event2/event.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "svc/internal.h"

struct post {
	struct post *next;
	post_fn *fn;
	void *arg;
};

struct handoff {
	pthread_mutex_t lock;
	struct post *first, **tail;
	struct event *event;
	int fd;
};

static void
run_posts(struct handoff *handoff)
{
	pthread_mutex_lock(&handoff->lock);
	struct post *post = handoff->first;

	handoff->first = NULL;
	handoff->tail = &handoff->first;
	pthread_mutex_unlock(&handoff->lock);
	while (post != NULL) {
		struct post *next = post->next;

		post->fn(post->arg);
		free(post);
		post = next;
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	uint64_t value;

	(void)what;
	if (read(fd, &value, sizeof(value)) == (ssize_t)sizeof(value))
		run_posts(arg);
}

struct handoff *
handoff_new(struct event_base *base)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));

	cs_assert(handoff != NULL);
	handoff->tail = &handoff->first;
	handoff->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	cs_assert(handoff->fd >= 0 && pthread_mutex_init(&handoff->lock, NULL) == 0);
	handoff->event = event_new(base, handoff->fd, EV_READ | EV_PERSIST, on_readable, handoff);
	cs_assert(handoff->event != NULL && event_add(handoff->event, NULL) == 0);
	return handoff;
}

void
handoff_post(struct handoff *handoff, post_fn *fn, void *arg)
{
	struct post *post = malloc(sizeof(*post));
	uint64_t one = 1;

	cs_assert(post != NULL);
	*post = (struct post){ .fn = fn, .arg = arg };
	pthread_mutex_lock(&handoff->lock);
	bool was_empty = handoff->first == NULL;

	*handoff->tail = post;
	handoff->tail = &post->next;
	pthread_mutex_unlock(&handoff->lock);
	if (was_empty)
		cs_assert(write(handoff->fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
}

void
handoff_free(struct handoff *handoff)
{
	if (handoff == NULL)
		return;
	while (handoff->first != NULL) /* what is left still runs, and what that posts */
		run_posts(handoff);
	event_free(handoff->event);
	(void)close(handoff->fd);
	(void)pthread_mutex_destroy(&handoff->lock);
	free(handoff);
}
