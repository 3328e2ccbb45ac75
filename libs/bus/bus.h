/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus.h: the only door to NATS and JetStream.
 *
 * Everything that arrives, arrives as an item in a queue that one consumer thread takes from; the
 * threads of the client library only put items in.  JetStream is spoken by hand over core NATS:
 * pull requests, acknowledgements and confirmed publishes.  Nothing here promises durability: a
 * stored message may be lost with its server, the outbox in PostgreSQL is the truth.
 *
 * Every function may be called from any thread unless it says otherwise.  Functions that talk to
 * the server fail at once with CS_UNAVAILABLE while the connection is away.
 */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct bus;
struct bus_queue;
struct bus_hold;

#define BUS_BATCH_MAX 256         /* messages of one pull request */
#define BUS_BODY_MAX (512 * 1024) /* octets of an outgoing body */
#define BUS_HEADERS_MAX 32        /* headers of an outgoing message */
#define BUS_HEADER_MAX 4096       /* octets of a header's value, out and in */
#define BUS_SUBJECT_MAX 255       /* octets of a subject, a stream's or a consumer's name */
#define BUS_IN_FLIGHT_MAX 8192    /* publishes, asks and requests that wait, of one connection */
#define BUS_QUESTIONS_MAX 1024    /* untaken questions of one queue; more are dropped, counted */

enum bus_kind {
	BUS_MESSAGE,    /* from a durable consumer: settle it */
	BUS_QUESTION,   /* a core request: answer it or not */
	BUS_STORED,     /* a publish was confirmed */
	BUS_NOT_STORED, /* refused, or nobody knows: publish again under the same id */
	BUS_ANSWER,     /* to an ask */
	BUS_NO_ANSWER,  /* the ask timed out, or nobody serves that subject */
	BUS_WAKE        /* bus_queue_wake was called */
};

/* All texts and the body are borrowed from the item, until bus_item_free. */
struct bus_item {
	enum bus_kind kind;
	uint64_t token;               /* of the publish or the ask */
	const char *subject;          /* "" where the kind has none; never NULL */
	const char *reply;            /* "" when no answer is wanted */
	struct cs_span body;          /* of messages, questions and answers */
	const char *stream, *durable; /* of messages; "" otherwise */
	uint64_t sequence;            /* in the stream: of messages and of BUS_STORED */
	uint64_t pending;             /* of messages: how many the consumer has not delivered yet */
	uint32_t deliveries;          /* of messages: 1 is the first time */
	int64_t stored_ms;            /* of messages: when the stream took it */
	bool duplicate;               /* of BUS_STORED: the stream had this id already */
	char error[120];              /* of BUS_NOT_STORED and BUS_NO_ANSWER: why */
	struct bus_hold *hold;        /* the library's part */
};

struct bus_settings {
	const char *urls;      /* "tls://a:4222,tls://b:4222" */
	const char *ca_file;   /* PEM; the server's certificate and name are always verified */
	const char *seed_file; /* two lines: the seed "SU..." and its public key "U..." */
	const char
	    *name; /* of this client, letters, digits and '-': may subscribe _INBOX_<name>.> */
	int64_t connect_ms; /* how long bus_open waits; 0 means 5 s */
};

struct bus_counters {
	bool connected;
	bool stuck;      /* closed for good, or one attempt to reconnect never returned: restart */
	uint32_t silent; /* consumers whose pulls nobody answers now: missing, or no JetStream */
	uint64_t reconnects;
	uint64_t async_errors; /* reported by the library, permission violations among them */
	uint64_t violations;   /* the server denied a subject: not ready until somebody mends it */
	uint64_t pull_errors;  /* 409, 503 and unknown statuses */
	uint64_t silences;     /* pulls given up because not even heartbeats came */
	uint64_t dropped; /* questions over BUS_QUESTIONS_MAX, messages that nobody had asked for */
	char last_error[160]; /* of the last asynchronous error; "" when there was none */
};

struct bus_header {
	const char *name, *value; /* value: no control characters */
};

struct bus_out {
	const char *subject;
	struct cs_span body;
	const struct bus_header *headers;
	size_t headers_len;
	const char *msg_id; /* becomes Nats-Msg-Id; NULL for asks */
};

/*
 * For who opens a database first: at the end of the process the client library and OpenSSL free the same
 * thing, and only whoever was there before the other one may do it last.
 */
void bus_prepare(void);
/*
 * Connects, waiting at most connect_ms, then reconnects for ever.  CS_UNAVAILABLE: nobody there, or
 * it does not prove its name (try again); CS_MALFORMED: the settings cannot work.  A server that
 * accepts and then says nothing leaves a thread behind that hangs in the client library.
 */
CS_MUST_USE enum cs_code
bus_open(const struct bus_settings *settings, struct bus **ret_bus, struct cs_err *err);
/* Ends its queues too.  Taken items are freed before; no other call may be running.  Takes NULL. */
void bus_close(struct bus *bus);
/* Ends the client library's own threads: once, after the last bus_close, before exit. */
void bus_fini(void);

bool bus_connected(const struct bus *bus);
struct bus_counters bus_counters(struct bus *bus);

/* Owned by the bus.  One thread takes from a queue. */
struct bus_queue *bus_queue_new(struct bus *bus);
/* Waits until there is something, at most timeout_ms (0: not at all, -1: for ever).  Each item: bus_item_free. */
size_t
bus_queue_take(struct bus_queue *queue, struct bus_item *items[], size_t max, int timeout_ms);
/*
 * Waits until there is something, at most timeout_ms (as above), and as long as all of it is quiet for more of it, until
 * there are `max` items, at most more_ms.  Quiet are confirmations, and messages of consumers that are.  Takes nothing.
 */
void bus_queue_gather(struct bus_queue *queue, size_t max, int timeout_ms, int more_ms);
/* Readable while items wait; then take with timeout 0 until it gives none.  Owned by the queue. */
int bus_queue_fd(const struct bus_queue *queue);
/* One BUS_WAKE for any number of calls between two takes.  Safe in no signal handler. */
void bus_queue_wake(struct bus_queue *queue);

/* First value of the header, names compared without case; NULL: absent, or over BUS_HEADER_MAX. */
const char *bus_header(const struct bus_item *item, const char *name);
/* Takes.  Makes room for another message of the consumer.  Takes NULL. */
void bus_item_free(struct bus_item *item);

/*
 * Pulls from a durable consumer, which exists or will exist: it is never created here.  At most
 * `max_outstanding` messages are asked for or not yet freed; when the connection stalls, the rest of
 * one old batch may come on top.  `quiet`: bus_queue_gather need not hurry for them.  Lasts until bus_close.
 */
CS_MUST_USE enum cs_code bus_consume(struct bus_queue *queue, const char *stream,
    const char *durable, size_t max_outstanding, bool quiet, struct cs_err *err);
/* Stops and starts the pulls of all consumers of the queue.  What was asked for may still come. */
void bus_pause(struct bus_queue *queue);
void bus_resume(struct bus_queue *queue);

enum bus_verdict {
	BUS_ACK,     /* done with it */
	BUS_NAK,     /* again, after delay_ms; counts as a delivery */
	BUS_TERM,    /* never again */
	BUS_PROGRESS /* still at work: the wait for the acknowledgement starts anew */
};

/* BUS_MESSAGE only.  Unconfirmed: if it gets lost, the message comes again. */
void bus_settle(struct bus_item *item, enum bus_verdict verdict, int64_t delay_ms);

/*
 * Publishes into a stream; exactly one BUS_STORED or BUS_NOT_STORED with this token follows in the
 * queue, within max_wait_ms and a little.  No answer is no refusal: the message may be stored all
 * the same.  On failure nothing follows.  CS_MALFORMED: subject, header or size is not allowed.
 */
CS_MUST_USE enum cs_code bus_publish(struct bus_queue *queue, const struct bus_out *out,
    uint64_t token, int64_t max_wait_ms, struct cs_err *err);

/* Subscribes; requests arrive as BUS_QUESTION.  `group` shares them among replicas; NULL: all get it. */
CS_MUST_USE enum cs_code
bus_serve(struct bus_queue *queue, const char *subject, const char *group, struct cs_err *err);
/* BUS_QUESTION only; at most once.  CS_MALFORMED: too long, or to be answered where no answers go. */
CS_MUST_USE enum cs_code
bus_answer(struct bus_item *question, struct cs_span body, struct cs_err *err);
/*
 * Exactly one BUS_ANSWER or BUS_NO_ANSWER with this token follows; on failure none.  A question is
 * "ask.<a>.<b>", and whoever serves it may publish _INBOX_<asker>.*.<a>.<b>.*; other subjects are the server's.
 */
CS_MUST_USE enum cs_code bus_ask(struct bus_queue *queue, const struct bus_out *out, uint64_t token,
    int64_t timeout_ms, struct cs_err *err);

/*
 * Asks and blocks; for tools and worker threads, never in an event loop.  The body lives in the
 * arena.  CS_UNAVAILABLE: no answer in time; CS_NOT_FOUND: nobody serves that subject.
 */
CS_MUST_USE enum cs_code bus_request(struct bus *bus, const struct bus_out *out, int64_t timeout_ms,
    struct cs_arena *arena, struct cs_span *ret_body, struct cs_err *err);
/* Blocks until the server has read everything sent so far.  CS_UNAVAILABLE: not within timeout_ms. */
CS_MUST_USE enum cs_code bus_flush(struct bus *bus, int64_t timeout_ms, struct cs_err *err);

/* What the JetStream API says; blocking like bus_request.  CS_NOT_FOUND: no such stream, consumer or message. */
struct bus_stream {
	char created[40]; /* RFC 3339 with nanoseconds: another text means another stream */
	uint64_t messages, octets, first_seq, last_seq;
	uint64_t consumers; /* how many it has */
};

struct bus_consumer {
	char created[40];
	uint64_t pending;     /* in the stream, not delivered yet */
	uint64_t ack_pending; /* delivered, not settled */
	uint64_t redelivered; /* of those, more than once */
};

struct bus_stored { /* texts and body live in the arena */
	const char *subject;
	uint64_t sequence;
	const char *time;       /* RFC 3339, when it was stored */
	struct cs_span headers; /* as on the wire; read with bus_stored_header */
	struct cs_span body;
};

CS_MUST_USE enum cs_code bus_stream_info(
    struct bus *bus, const char *stream, struct bus_stream *ret_stream, struct cs_err *err);
CS_MUST_USE enum cs_code bus_consumer_info(struct bus *bus, const char *stream, const char *durable,
    struct bus_consumer *ret_consumer, struct cs_err *err);
/* The first message from `sequence` on whose subject matches `filter` (NULL: every subject). */
CS_MUST_USE enum cs_code bus_stream_next(struct bus *bus, const char *stream, uint64_t sequence,
    const char *filter, struct cs_arena *arena, struct bus_stored *ret_stored, struct cs_err *err);
/*
 * The same for an event loop: what bus_ask shall ask, in `arena`, and what the answer says.  CS_NOT_FOUND: there
 * is no such stream, or no such message yet.  Ask for messages of a stream that has any: nats-server 2.9.10 panics
 * when it is asked for one of a stream that it is just making.
 */
CS_MUST_USE enum cs_code bus_stream_info_ask(
    struct cs_arena *arena, const char *stream, struct bus_out *ret_out, struct cs_err *err);
CS_MUST_USE enum cs_code
bus_stream_info_read(struct cs_span answer, struct bus_stream *ret_stream, struct cs_err *err);
CS_MUST_USE enum cs_code bus_stream_ask(struct cs_arena *arena, const char *stream,
    uint64_t sequence, const char *filter, struct bus_out *ret_out, struct cs_err *err);
CS_MUST_USE enum cs_code bus_stream_read(struct cs_arena *arena, struct cs_span answer,
    struct bus_stored *ret_stored, struct cs_err *err);
/* As bus_header; the value is copied into the arena. */
const char *
bus_stored_header(const struct bus_stored *stored, const char *name, struct cs_arena *arena);

#endif
