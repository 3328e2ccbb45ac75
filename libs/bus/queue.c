/* SPDX-License-Identifier: Apache-2.0 */
/* queue.c: items, and the queue between the client library's threads and the one consumer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/time.h"
#include "bus/internal.h"

void
cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	cs_assert(pthread_cond_init(cond, &attr) == 0);
	pthread_condattr_destroy(&attr);
}

bool
cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t deadline_ms)
{
	const struct timespec ts = {
		.tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000,
	};

	return pthread_cond_timedwait(cond, mu, &ts) == 0;
}

struct bus_hold *
hold_new(struct bus *bus, enum bus_kind kind, natsMsg *msg)
{
	struct bus_hold *hold = calloc(1, sizeof(*hold));

	cs_assert(hold != NULL);
	hold->bus = bus;
	hold->msg = msg;
	hold->item = (struct bus_item){
		.kind = kind, .subject = "", .reply = "", .stream = "", .durable = "", .hold = hold
	};
	if (msg) {
		const char *reply = natsMsg_GetReply(msg);
		const int len = natsMsg_GetDataLength(msg);

		hold->item.subject = natsMsg_GetSubject(msg);
		hold->item.reply = reply ? reply : "";
		hold->item.body = cs_span_of(natsMsg_GetData(msg), len > 0 ? (size_t)len : 0);
	}
	return hold;
}

/* With bus->mu held. */
static size_t
take_disused(struct bus *bus, natsMsg *ret_msgs[static DISUSED_MAX])
{
	const size_t n = bus->disused_len;

	memcpy(ret_msgs, bus->disused, n * sizeof(ret_msgs[0]));
	bus->disused_len = 0;
	return n;
}

static void
destroy(natsMsg *msgs[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		natsMsg_Destroy(msgs[i]);
}

void
messages_free(struct bus *bus)
{
	natsMsg *msgs[DISUSED_MAX];

	pthread_mutex_lock(&bus->mu);
	const size_t n = take_disused(bus, msgs);
	pthread_mutex_unlock(&bus->mu);
	destroy(msgs, n);
}

void
message_free(struct bus *bus, natsMsg *msg)
{
	natsMsg *msgs[DISUSED_MAX];
	size_t n = 0;

	if (!msg)
		return;
	pthread_mutex_lock(&bus->mu);
	bus->disused[bus->disused_len++] = msg;
	if (bus->disused_len == DISUSED_MAX)
		n = take_disused(bus, msgs);
	pthread_mutex_unlock(&bus->mu);
	destroy(msgs, n);
}

void
bus_item_free(struct bus_item *item)
{
	if (!item)
		return;
	struct bus_hold *hold = item->hold;
	if (hold->consume)
		consume_release(hold->consume);
	message_free(hold->bus, hold->msg);
	free(hold);
}

/* The exact name costs one look; others are compared one by one, in the order they came. */
static const char *
find_header(natsMsg *msg, const char *name)
{
	const char **keys = NULL;
	const char *value = NULL;
	int n = 0;

	if (natsMsgHeader_Get(msg, name, &value) == NATS_OK)
		return value;
	if (natsMsgHeader_Keys(msg, &keys, &n) != NATS_OK)
		return NULL;
	for (int i = 0; i < n; i++)
		if (strcasecmp(keys[i], name) == 0) {
			if (natsMsgHeader_Get(msg, keys[i], &value) != NATS_OK)
				value = NULL;
			break;
		}
	free(keys);
	return value;
}

const char *
bus_header(const struct bus_item *item, const char *name)
{
	const char *value = item->hold->msg ? find_header(item->hold->msg, name) : NULL;

	return value && strlen(value) <= BUS_HEADER_MAX ? value : NULL;
}

struct bus_queue *
bus_queue_new(struct bus *bus)
{
	struct bus_queue *queue = calloc(1, sizeof(*queue));

	cs_assert(queue != NULL);
	queue->bus = bus;
	queue->tail = &queue->head;
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	cs_assert(queue->fd >= 0);
	pthread_mutex_init(&queue->mu, NULL);
	cond_init(&queue->cond);
	pthread_mutex_lock(&bus->mu);
	cs_assert(bus->queues_len < QUEUES_MAX);
	bus->queues[bus->queues_len++] = queue;
	pthread_mutex_unlock(&bus->mu);
	return queue;
}

void
queue_free(struct bus_queue *queue)
{
	while (queue->head) {
		struct bus_hold *hold = queue->head;

		queue->head = hold->next;
		bus_item_free(&hold->item);
	}
	close(queue->fd);
	pthread_cond_destroy(&queue->cond);
	pthread_mutex_destroy(&queue->mu);
	free(queue);
}

/*
 * With queue->mu held, before something is added: the descriptor is readable exactly while there is
 * something to take, so that only the first of many wakes anybody.
 */
static void
show(struct bus_queue *queue)
{
	const uint64_t one = 1;

	if (queue->head || queue->wake)
		return;
	(void)!write(queue->fd, &one, sizeof(one));
	pthread_cond_signal(&queue->cond);
}

static void
count_dropped(struct bus *bus)
{
	pthread_mutex_lock(&bus->mu);
	bus->counters.dropped++;
	pthread_mutex_unlock(&bus->mu);
}

/* With queue->mu held: does somebody gather who need not wait any more? */
static bool
is_gathered(const struct bus_queue *queue)
{
	return queue->gathers > 0 &&
	       (queue->len >= queue->gathers || queue->urgent > 0 || queue->wake);
}

static bool
is_urgent(const struct bus_hold *hold)
{
	if (hold->item.kind == BUS_MESSAGE)
		return !hold->consume->quiet;
	return hold->item.kind != BUS_STORED;
}

void
queue_push(struct bus_queue *queue, struct bus_hold *hold)
{
	const bool question = hold->item.kind == BUS_QUESTION;

	pthread_mutex_lock(&queue->mu);
	if (question && queue->questions == BUS_QUESTIONS_MAX) {
		pthread_mutex_unlock(&queue->mu);
		count_dropped(queue->bus);
		bus_item_free(&hold->item);
		return;
	}
	show(queue);
	queue->questions += question;
	queue->urgent += is_urgent(hold);
	queue->len++;
	*queue->tail = hold;
	queue->tail = &hold->next;
	if (is_gathered(queue))
		pthread_cond_signal(&queue->cond);
	pthread_mutex_unlock(&queue->mu);
}

void
bus_queue_wake(struct bus_queue *queue)
{
	pthread_mutex_lock(&queue->mu);
	show(queue);
	queue->wake = true;
	if (is_gathered(queue))
		pthread_cond_signal(&queue->cond);
	pthread_mutex_unlock(&queue->mu);
}

int
bus_queue_fd(const struct bus_queue *queue)
{
	return queue->fd;
}

/* With queue->mu held. */
static void
wait_for_items(struct bus_queue *queue, int timeout_ms)
{
	const int64_t deadline = timeout_ms < 0 ? INT64_MAX / 2 : cs_mono_ms() + timeout_ms;

	while (!queue->head && !queue->wake && timeout_ms != 0)
		if (!cond_wait_until(&queue->cond, &queue->mu, deadline))
			break;
}

void
bus_queue_gather(struct bus_queue *queue, size_t max, int timeout_ms, int more_ms)
{
	pthread_mutex_lock(&queue->mu);
	wait_for_items(queue, timeout_ms);
	const int64_t deadline = cs_mono_ms() + more_ms;

	queue->gathers = queue->head ? max : 0;
	while (queue->gathers > 0 && !is_gathered(queue))
		if (!cond_wait_until(&queue->cond, &queue->mu, deadline))
			break;
	queue->gathers = 0;
	pthread_mutex_unlock(&queue->mu);
}

static struct bus_hold *
pop(struct bus_queue *queue)
{
	struct bus_hold *hold = queue->head;

	queue->head = hold->next;
	if (!queue->head)
		queue->tail = &queue->head;
	queue->questions -= hold->item.kind == BUS_QUESTION;
	queue->urgent -= is_urgent(hold);
	queue->len--;
	return hold;
}

size_t
bus_queue_take(struct bus_queue *queue, struct bus_item *items[], size_t max, int timeout_ms)
{
	uint64_t count;
	size_t n = 0;

	messages_free(queue->bus);
	pthread_mutex_lock(&queue->mu);
	wait_for_items(queue, timeout_ms);
	if (queue->wake && n < max) {
		queue->wake = false;
		items[n++] = &hold_new(queue->bus, BUS_WAKE, NULL)->item;
	}
	while (queue->head && n < max)
		items[n++] = &pop(queue)->item;
	if (!queue->head && !queue->wake)
		(void)!read(queue->fd, &count, sizeof(count));
	pthread_mutex_unlock(&queue->mu);
	return n;
}
