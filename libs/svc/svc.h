/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svc.h: the skeleton of every service.  main() is a table and one call to svc_main().
 *
 * The skeleton owns: arguments, settings, signals, /livez, /readyz and /metrics, the bus, the database
 * transaction, inbox and outbox, work rows, retries, acknowledgements, drain on SIGTERM, exit codes.
 * A service owns: its tables, its routes, `load`, `decide`, `save`, and `act` or `start` where the
 * outside must be touched.
 *
 * SVC_BATCH, for services with state.  One worker thread runs, for up to 256 events at a time:
 *   read each event's body; begin; drop what the inbox has; load; decide each event in order of
 *   arrival; save; write outbox, work and inbox rows; commit; publish; answer; acknowledge.
 * A batch that fails runs again one event at a time.  When the database is away nothing is fetched and
 * nothing is counted as a delivery.  An event is of one of four sources, all handled alike:
 *   a lane ("plan.final"), a question ("ask.mailbox.submit"), a command of the service's own HTTP API
 *   or clock ("api.create", "clock.plan-due"; svc_command), a result of its own work ("work.mail").
 *
 * SVC_LOOP, for services without state: `start` is called on the loop thread for each event, many are
 * in flight, and each ends in exactly one svc_finish().  The result is published under an id made by
 * HMAC over the incoming id, check and attempt, so that repeating the work repeats the id.
 */
#ifndef SVC_SVC_H
#define SVC_SVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"
#include "log/log.h"
#include "sandbox/sandbox.h"

struct db;
struct event_base;
struct http_server;
struct svc; /* the running skeleton */

/* ---- settings ---- */

enum svc_setting_kind {
	SVC_KIND_END,
	SVC_KIND_TEXT, /* const char * */
	SVC_KIND_U32,  /* uint32_t */
	SVC_KIND_BOOL, /* bool: "0" or "1" */
	SVC_KIND_FILE, /* const char *: the path of a readable file */
	/*
	 * PRIVATE: const char *, the path of a key, seed or list of tokens; SECRET: struct cs_span, its
	 * contents.  A regular file that others than its owner may neither read nor write (0400, 0600);
	 * one of root's may be read by our group (0440), which is how Kubernetes mounts a Secret.
	 */
	SVC_KIND_PRIVATE,
	SVC_KIND_SECRET,
	SVC_KIND_LIST /* const char *: comma separated; each service reads it with svc_list() */
};

/* One row of a service's table.  `fallback` NULL: the setting is required. */
struct svc_setting {
	enum svc_setting_kind kind;
	const char *name; /* of the environment variable */
	size_t offset;    /* of the destination in the service's struct */
	const char *fallback;
	uint32_t min, max; /* of the value, or of the length of a text in octets */
	const char *help;
};

#define SVC_TEXT(type, field, name, fallback, max, help)                           \
	{                                                                          \
		SVC_KIND_TEXT, name, offsetof(type, field), fallback, 0, max, help \
	}
#define SVC_U32(type, field, name, fallback, min, max, help)                        \
	{                                                                           \
		SVC_KIND_U32, name, offsetof(type, field), fallback, min, max, help \
	}
#define SVC_BOOL(type, field, name, fallback, help)                              \
	{                                                                        \
		SVC_KIND_BOOL, name, offsetof(type, field), fallback, 0, 1, help \
	}
#define SVC_FILE(type, field, name, fallback, help)                                 \
	{                                                                           \
		SVC_KIND_FILE, name, offsetof(type, field), fallback, 0, 4096, help \
	}
#define SVC_PRIVATE(type, field, name, fallback, help)                                 \
	{                                                                              \
		SVC_KIND_PRIVATE, name, offsetof(type, field), fallback, 0, 4096, help \
	}
#define SVC_SECRET(type, field, name, min, help)                                     \
	{                                                                            \
		SVC_KIND_SECRET, name, offsetof(type, field), NULL, min, 65536, help \
	}
#define SVC_LIST(type, field, name, fallback, max, help)                           \
	{                                                                          \
		SVC_KIND_LIST, name, offsetof(type, field), fallback, 0, max, help \
	}
#define SVC_END                                         \
	{                                               \
		SVC_KIND_END, NULL, 0, NULL, 0, 0, NULL \
	}

/* The parts of a SVC_LIST value without the spaces around them; empty parts are left out. */
size_t svc_list(struct cs_arena *arena, const char *text, const char ***ret_parts);

/* ---- events and batches ---- */

struct svc_event {
	struct cs_id id;
	const char
	    *subject; /* "request.submitted", "ask.mailbox.submit", "api.create", "work.mail" */
	struct cs_id
	    key; /* the aggregate: nearly always the request.  Set by read, or by svc_command() */
	struct cs_span body;      /* the received octets */
	struct cs_id work_id;     /* of the work row, for "work.*" */
	struct cs_id correlation; /* request id of the flow, as the envelope says */
	int64_t time_ms;          /* when the publisher says it happened */
	int64_t now_ms;           /* the instant of the decision: the same for the whole batch */
	uint8_t random[32];       /* fresh from the kernel for this decision */
	const void *what;         /* what read made of the body */
	void *state;            /* what load found for the key; decide changes it, save writes it */
	const void *context;    /* what svc_command() was given; borrowed, read only */
	void *shared;           /* what the service's share() made for this batch */
	struct cs_arena *arena; /* lives as long as the batch */
	const struct log_context *log;
	uint32_t delivery;             /* 1 the first time */
	struct svc_outgoing *outgoing; /* the skeleton's */
};

/* All events of one key, in order of arrival; they share one state. */
struct svc_aggregate {
	struct cs_id key;
	void *state;               /* load sets it: never NULL; a new aggregate is a zero state */
	struct svc_event **events; /* load may look at their `what` */
	size_t n_events;
};

struct svc_batch {
	struct svc_aggregate *aggregates; /* sorted by key, which is the order to lock in */
	size_t n;
	struct cs_arena *arena;
	struct db *db;    /* inside the transaction */
	const void *self; /* the service's struct */
	int64_t now_ms;
};

/* The keys of all aggregates, for `any($1)`; in the batch's arena. */
const struct cs_id *svc_keys(const struct svc_batch *batch);
/* The aggregate of a key that a row names; NULL when it is not in the batch. */
struct svc_aggregate *svc_aggregate_find(const struct svc_batch *batch, struct cs_id key);

/* body -> key, what.  CS_MALFORMED only: the event is parked in DEADLETTER and terminated. */
typedef enum cs_code svc_read(const void *self, struct svc_event *ev, struct cs_err *err);
/* One query for all events / one statement per table.  CS_CONFLICT: another replica was faster. */
typedef enum cs_code svc_store(struct svc_batch *batch, struct cs_err *err);
/* Pure: changes ev->state, and calls the four functions below.  Cannot fail. */
typedef void svc_decide(const void *self, struct svc_event *ev);

/* Publishes `body` on `subject` ("plan.made") after the commit.  The event's id is new; its key follows. */
void svc_emit(struct svc_event *ev, const char *subject, struct cs_span body);
/* Answers the question or command after the commit; at most once per event.  `status` is the service's
 * own word to itself (an HTTP status); it is not sent in the answer to a question. */
void svc_reply(struct svc_event *ev, uint32_t status, struct cs_span body);
/* Stores work that act will carry out, not before due_ms.  Its result comes back as "work.<kind>". */
void svc_work(struct svc_event *ev, const char *kind, struct cs_span body, int64_t due_ms);
/* For "work.*" only: the row stays and is carried out again at due_ms; without it the row is done. */
void svc_work_again(struct svc_event *ev, int64_t due_ms);
/* The request has ended: its outbox rows need no refilling any more. */
void svc_ended(struct svc_event *ev);

struct svc_route {
	const char *subject;
	svc_read *read;
	svc_decide *decide; /* SVC_BATCH; NULL: a question that start answers, on the loop thread */
};

/* ---- work in the outside ---- */

/* One piece of work: of act (SVC_BATCH: a leased row) or of start (SVC_LOOP: an event).  Loop thread. */
struct svc_work {
	struct cs_id id;     /* of the row: carry it to the other side */
	const char *kind;    /* act: as given to svc_work(); start: the subject */
	struct cs_id key;    /* of the aggregate */
	struct cs_span body; /* act: as given to svc_work(); start: the event's body */
	const void *what;    /* start: what the route's read made of the body */
	uint32_t attempt;    /* from 1; act may run twice for one attempt when a lease ran out */
	int64_t now_ms;
	struct cs_arena *arena; /* lives until svc_done() or svc_finish() returned */
	const struct log_context *log;
	struct svc *svc;
};

typedef void svc_act(void *self, struct svc_work *work);

/* act's end, exactly once, on the loop thread: `result` becomes the body of the event "work.<kind>". */
void svc_done(struct svc_work *work, struct cs_span result);
/* start's end, exactly once, on the loop thread: publishes (subject NULL: nothing), then acknowledges.
 * `part` tells the results of one event apart: check digest and attempt. */
void
svc_finish(struct svc_work *work, const char *subject, struct cs_span body, struct cs_span part);
/* start could not be done for our own reasons (no child, no bus): the event comes again after delay_ms. */
void svc_later(struct svc_work *work, uint32_t delay_ms);

/* ---- commands from the service's own loop thread ---- */

/* Runs on the loop thread after the commit.  ok false: not stored, nothing happened or nobody knows;
 * the caller tells its client to try again (503). */
typedef void svc_answered(void *arg, bool ok, uint32_t status, struct cs_span body);

/* Hands an event of the service's own to the batch.  `body` is copied.  `context` is borrowed until
 * `answered` ran.  False: the queue is full (the client is told 503). */
CS_MUST_USE bool svc_command(struct svc *svc, const char *subject, struct cs_id key,
    struct cs_span body, const void *context, svc_answered *answered, void *arg);

/* Runs `query` with a read-only connection on a thread of its own, then `answered` on the loop thread with
 * what it returned in *ret_body.  For listings and for showing one thing. */
typedef enum cs_code
svc_query(const void *self, struct db *db, struct cs_span ask, const void *context,
    struct cs_arena *arena, uint32_t *ret_status, struct cs_span *ret_body, struct cs_err *err);
CS_MUST_USE bool svc_ask_store(struct svc *svc, svc_query *query, struct cs_span ask,
    const void *context, svc_answered *answered, void *arg);

/*
 * Reads all events of a subject ("config.connector") that the lane holds, from the oldest on, and what comes
 * later within a second or two, and calls `told` for each, on the loop thread; from time to time, and when the
 * lane was made anew, again from the oldest on.  Once the end was reached for the first time, it is called with an
 * empty body.  Every replica does it for itself: see FOLLOWER of the catalogue.  In init, once.
 */
typedef void svc_told(void *arg, struct cs_span body);
void svc_follow(struct svc *svc, const char *subject, svc_told *told, void *arg);
/* Was everything read that the lane held when the process started?  Until then it is not ready. */
bool svc_follows(const struct svc *svc);

/* Asks another service over ask.*: `answered` runs on the loop thread; ok false: no answer in time. */
void svc_question(struct svc *svc, const char *subject, struct cs_span body, uint32_t timeout_ms,
    svc_answered *answered, void *arg);

/* ---- the service ---- */

enum svc_mode { SVC_BATCH, SVC_LOOP };

/* Keys whose time has come become commands "clock.<name>".  `due` runs on the worker thread outside any
 * batch, at least every second: up to `max` keys that are due at now_ms. */
typedef enum cs_code svc_due(const void *self, struct db *db, int64_t now_ms, size_t max,
    struct cs_arena *arena, struct cs_id **ret_keys, size_t *ret_n, struct cs_err *err);

struct svc_clock {
	const char *subject; /* "clock.plan-due"; routed like an event */
	svc_due *due;
};

/*
 * Deletes what is kept no longer, at most some thousands of rows a call; *ret_more: there may be more.
 * Worker thread, outside any batch, in statements of their own: at the start and every hour, and every
 * second while there is more.  Replicas do it side by side.
 */
typedef enum cs_code svc_sweep(const void *self, struct db *db, int64_t now_ms,
    struct cs_arena *arena, bool *ret_more, struct cs_err *err);

struct svc_service {
	const char *name;    /* as in the catalogue */
	const char *summary; /* one line, for --help */
	enum svc_mode mode;
	void *self;
	const struct svc_setting *settings;
	const struct svc_route *routes;
	svc_store *load, *save; /* SVC_BATCH */
	/*
	 * What all decisions of a batch share (a signature): made before the first one, in the batch's arena, and
	 * anew when the batch runs again; `decided` ends it after the last one, before save.  NULL: nothing.
	 */
	void *(*share)(const void *self, struct cs_arena *arena);
	void (*decided)(void *shared);
	svc_act *act;   /* SVC_BATCH, when svc_work() is used */
	size_t act_max; /* acts under way at once; 0: 1,024 */
	/*
	 * SVC_BATCH.  Subjects of events of lanes and of results of work (of routes, asserted) for which nobody waits: they
	 * may lie for a tenth of a second, results for two, until something else is run, since a batch costs nearly the
	 * same whatever is in it.  Ends with NULL; NULL: none.
	 */
	const char *const *patient;
	uint32_t patience_ms; /* of these; 0: 100 */
	svc_act *start;       /* SVC_LOOP, and for questions without decide */
	const struct svc_clock *clocks;
	svc_sweep *sweep; /* SVC_BATCH; NULL: everything is kept for good */
	/*
	 * --check-settings, after every setting was read: is what they name good too?  Leaves nothing open.
	 * NULL: there is nothing to ask.
	 */
	enum cs_code (*check)(void *self, struct cs_err *err);
	/* Before the bus is opened: load keys, open adapters on svc_base().  The first error ends the process. */
	enum cs_code (*init)(void *self, struct svc *svc, struct cs_err *err);
	void (*fini)(void *self);
	bool (*ready)(const void *self); /* NULL: always.  Loop thread */
	/* What "*" at the end of a route's subject stands for: this instance's name.  NULL: no such route. */
	const char *(*instance)(const void *self);
	/*
	 * What kinds of children it has (sandbox.h); ends with NULL; NULL: none.  svc_main() becomes a child
	 * before it has read a setting, when the process was started as one.  Crews are opened in init and
	 * closed in fini; svc_child_told tells the log of them.
	 */
	const struct sandbox_role *const *children;
	/*
	 * The process gives up what it does not need (sandbox/confine.h): after init, and before the bus is opened
	 * or any thread started.  TCP leads to NATS and PostgreSQL only.  What a service needs beside that (a token,
	 * a program of the operator's) is a process that init starts.
	 */
	bool confined;
	bool serves_http; /* the service's routes are served on CS_HTTP_LISTEN: see svc_http() */
	/*
	 * It answers the world from memory, whatever else is away: its HTTP server, init and svc_ask_store()
	 * come before the bus, which is waited for without end, and `ready` alone says whether it is ready.
	 * Old clients (HTTP/1.0) are understood too.
	 */
	bool stands_alone;
	const char *opaque_below; /* see struct http_limits */
	/* Adds lines of the service's own to /metrics, "countersign_...".  Loop thread. */
	void (*metrics)(const void *self, struct cs_buf *out);
};

struct event_base *svc_base(struct svc *svc);
/* The HTTP server of the service's API; NULL when serves_http is false.  Add routes in init. */
struct http_server *svc_http(struct svc *svc);
const struct log_context *svc_log(const struct svc *svc);
bool svc_test_mode(const struct svc *svc); /* CS_TEST_MODE=1; always false in release builds */
/* Deepest queue and oldest unsent outbox row: for intake's 503. */
bool svc_overloaded(const struct svc *svc);

/* A counter of the service's own, shown by /metrics as countersign_<name>_total{label="value"}.
 * name, label and value are static strings; any thread. */
void svc_count(struct svc *svc, const char *name, const char *label, const char *value);

/* What goes up and down: shown as countersign_<name>{label="value"} as it was last given.  At most 128 of them;
 * name below 40 octets, label below 24, value below 72, copied, without quotes; any thread. */
void
svc_gauge(struct svc *svc, const char *name, const char *label, const char *value, double reading);

struct claim_trust;
/*
 * Looks every second whether the file of the trust table is another, and takes a newer table; in init, once.
 * What is refused is logged and counted (trust_reloads), and the old table stays in force.  `path` is borrowed.
 */
void svc_watch_trust(struct svc *svc, struct claim_trust *trust, const char *path);

/* A sandbox_told for crews; `arg` is the struct svc.  Logs the fact, and counts it as children{fact="died"}. */
void svc_child_told(void *arg, enum sandbox_fact fact, const char *text);

/*
 * Dies here by SIGKILL when CS_TEST_CRASH_AT is "moment:what".  The skeleton's own moments: before-commit and
 * after-commit of a batch, and published of an event, all with the subject of an event or the kind of work that
 * comes of it; confirmed, with the stream; leased, with the kind of work.  `svc` may be NULL.
 */
#ifdef CS_RELEASE
#define svc_crash_point(svc, moment, what) ((void)0)
#else
void svc_crash_point(const struct svc *svc, const char *moment, const char *what);
#endif

/* As --version says it. */
const char *svc_version(void);
/* SHA-256 of all settings in force, as --print-settings shows them: paths of secrets, not what is in them. */
void svc_settings_sha256(const struct svc *svc, uint8_t ret_digest[static 32]);

/* Process life: 0 after a clean drain, 2 for unusable arguments or settings, 1 otherwise. */
int svc_main(int argc, char *argv[], const struct svc_service *service);

#endif
