/* SPDX-License-Identifier: Apache-2.0 */
/*
 * internal.h: what the files of libs/bus share and nobody else sees.
 *
 * Two locks, never held together and never held while the client library is called, which may block
 * on its socket: `bus->mu` guards the slots and the consumers, `queue->mu` the items of a queue.
 */
#ifndef BUS_INTERNAL_H
#define BUS_INTERNAL_H

#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bus/bus.h"
#include "bus/protocol.h"

#define QUEUES_MAX 16
#define CONSUMERS_MAX 64
#define SUBSCRIPTIONS_MAX 64
#define REPLY_MAX PROTOCOL_REPLY_MAX

/* An item and what it must give back. */
struct bus_hold {
	struct bus_item item; /* first, see hold_of */
	struct bus_hold *next;
	natsMsg *msg; /* NULL: none */
	struct bus *bus;
	struct consume *consume; /* of messages */
	struct protocol_delivery delivery;
	bool answered;
};

struct bus_queue {
	struct bus *bus;
	pthread_mutex_t mu;
	pthread_cond_t cond;
	struct bus_hold *head, **tail;
	size_t len, questions, urgent; /* untaken; each is counted where it belongs */
	size_t gathers;                /* somebody waits for so many items; 0: nobody does */
	bool wake;
	int fd;
	atomic_bool paused;
};

struct slot_ref {
	uint32_t number, generation;
};

/* One durable consumer.  At most one pull is open at a time. */
struct consume {
	struct bus *bus;
	struct bus_queue *queue;
	char stream[PROTOCOL_NAME_MAX + 1], durable[PROTOCOL_NAME_MAX + 1];
	char subject[3 * PROTOCOL_NAME_MAX]; /* of its pull requests */
	size_t max;
	bool quiet;
	/* below: under bus->mu */
	size_t unreleased; /* messages that somebody holds */
	size_t requested;  /* messages that the open pull may still bring */
	bool open, silent;
	struct slot_ref pull;  /* the open one */
	int64_t heard_ms;      /* the last sign of life of the open pull */
	int64_t not_before_ms; /* no new pull before this */
};

/* Somebody who waits in bus_request. */
struct waiter {
	pthread_cond_t cond;
	bool done;
	natsMsg *msg; /* NULL: the connection broke */
};

enum slot_kind { SLOT_FREE, SLOT_PULL, SLOT_PUBLISH, SLOT_ASK, SLOT_REQUEST };

/* Something that waits for a message on our inbox; its reference is in the subject. */
struct slot {
	enum slot_kind kind;
	uint32_t generation;
	uint32_t next_free;
	int64_t deadline_ms;
	uint64_t token;
	uint64_t secret; /* of questions: what an answer must know; 0: it comes to the inbox */
	struct bus_queue *queue; /* of publishes and asks */
	struct consume *consume; /* of pulls */
	struct waiter *waiter;   /* of requests */
};

/*
 * Messages nobody needs any more.  The client library frees each on a thread of its own, which it wakes for each:
 * those of a batch go together.
 */
#define DISUSED_MAX 64

struct bus {
	natsConnection *nc;
	char *seed_file;
	char inbox[2 * PROTOCOL_NAME_MAX]; /* "_INBOX_<name>.<random>." */
	int64_t connect_ms;

	pthread_mutex_t mu;
	pthread_cond_t clock_cond;
	pthread_cond_t state_cond; /* connecting ended, closed, or a subscription ended */
	pthread_t clock;
	bool clock_runs, stopping;
	bool connecting, abandoned, closed, closing;
	natsStatus connect_status;
	char connect_error[120];
	atomic_bool connected;
	atomic_bool unsendable; /* the last signature of a nonce: see on_sign */
	int64_t alive_ms;       /* the last time that the library showed it is not stuck */
	struct bus_counters counters;

	struct slot *slots; /* BUS_IN_FLIGHT_MAX and one per consumer */
	uint32_t first_free;
	uint32_t slots_timed; /* in use, pulls apart: they mind their time themselves */
	struct bus_queue *queues[QUEUES_MAX];
	size_t queues_len;
	struct consume *consumes[CONSUMERS_MAX];
	size_t consumes_len;
	natsMsg *disused[DISUSED_MAX];
	size_t disused_len;
	natsSubscription *subscriptions[SUBSCRIPTIONS_MAX];
	size_t subscriptions_len, subscriptions_live;
};

/* Locks and conditions; conditions count CLOCK_MONOTONIC, like cs_mono_ms. */
void cond_init(pthread_cond_t *cond);
/* False: the deadline has passed. */
bool cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mu, int64_t deadline_ms);

/* queue.c */
void message_free(struct bus *bus, natsMsg *msg); /* takes msg, which may be NULL */
void messages_free(struct bus *bus);              /* those that wait */
struct bus_hold *hold_new(struct bus *bus, enum bus_kind kind, natsMsg *msg); /* takes msg */
void queue_push(struct bus_queue *queue, struct bus_hold *hold);              /* takes hold */
void queue_free(struct bus_queue *queue);

/* slot.c */
void slots_init(struct bus *bus);
/* With bus->mu held.  False: too many wait already. */
bool slot_add(struct bus *bus, const struct slot *what, struct slot_ref *ret_ref);
/* With bus->mu held.  Frees the slot; false: somebody else has, and ends what waited. */
bool slot_take(struct bus *bus, struct slot_ref ref, struct slot *ret_slot);
void slot_reply(const struct bus *bus, struct slot_ref ref, char ret_subject[static REPLY_MAX]);
/* The same for a question.  False: `question` is none. */
bool slot_answer(const struct bus *bus, struct slot_ref ref, uint64_t secret, const char *question,
    char ret_subject[static REPLY_MAX]);
/* Ends every publish, ask and request whose deadline is before `now_ms`. */
void slots_expire(struct bus *bus, int64_t now_ms, const char *why);
void slots_on_message(struct bus *bus, natsMsg *msg); /* takes msg */

/* consume.c */
void consume_on_message(struct bus *bus, natsMsg *msg); /* takes msg */
void consume_on_status(struct consume *consume, struct slot_ref ref, natsMsg *msg);
void consume_release(struct consume *consume);
void consume_tick(struct bus *bus, int64_t now_ms);
void consume_forget_pulls(struct bus *bus);

/* publish.c */
/* The status of a message without body that the server made ("503"); NULL: an ordinary message. */
const char *message_status(natsMsg *msg);

/* subscribe.c */
struct subscription {
	const char *subject, *group; /* group NULL: alone */
	natsMsgHandler handler;
	void *closure;
};
enum cs_code subscribe(struct bus *bus, const struct subscription *what, struct cs_err *err);
void unsubscribe_all(struct bus *bus); /* after the connection is closed */

#endif
