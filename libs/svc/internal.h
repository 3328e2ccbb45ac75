/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the files of the skeleton share.  No service includes this. */
#ifndef SVC_INTERNAL_H
#define SVC_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "bus/bus.h"
#include "svc/svc.h"

#define BATCH_MAX 256
#define WORK_LEASE_MS 15000
#define WORK_IN_HAND 1024
#define COMMANDS_MAX 4096
#define IN_FLIGHT_MAX 4096
#define CONFLICTS_MAX 8
#define OUTAGE_ANSWER_MS 3000
#define DRAIN_MS 10000
#define PATIENT_MS 100
#define IDLE_MS 100 /* the worker looks round so often when nothing comes */
/* A message given back at the end: later than the pull that is still open would bring it here again. */
#define RETURN_MS 6000

/* ---- one event on its way through a batch ---- */

enum source { FROM_BUS, FROM_QUESTION, FROM_COMMAND, FROM_WORK, FROM_PARKED };

struct out_event {
	int64_t seq;       /* its place in the outbox, once it is stored */
	int64_t mark;      /* the place of the first of those that are marked as unsent together */
	uint32_t n_marked; /* how many these are */
	struct cs_id id, key, causation;
	const char *subject;
	struct cs_span body;
	int64_t time_ms;
	/* A dead letter that no table keeps says itself what it is: "plan.caa-asked", "PLAN 17", why. */
	const char *refused_subject, *refused_place, *refused_reason;
	struct out_event *next;
};

struct out_work {
	struct cs_id id, key;
	const char *kind;
	struct cs_span body;
	int64_t due_ms;
	int64_t lease_ms; /* 0: not taken in hand at once */
	uint32_t attempt;
	struct out_work *next;
};

/* What a decision asked for; reset when the batch runs again. */
struct svc_outgoing {
	struct out_event *events, **events_tail;
	struct out_work *works, **works_tail;
	bool has_reply, ended, again;
	uint32_t status;
	struct cs_span reply;
	int64_t again_ms;
	uint32_t next_id;
};

struct batch_event {
	struct svc_event ev;
	struct svc_outgoing out;
	struct log_context log;
	enum source source;
	const struct svc_route *route;
	struct bus_item *item;   /* FROM_BUS, FROM_QUESTION */
	struct command *command; /* FROM_COMMAND */
	uint8_t sha256[32];      /* of the body: FROM_BUS, FROM_PARKED */
	bool dropped;            /* the inbox had it, or its work row is gone */
	bool other_body;         /* dropped, and what the inbox had was another one under its id */
	bool malformed;          /* read refused it */
	bool failed;             /* alone, it made load or save fail */
	struct cs_err err;
	struct batch_event *next;
};

/* Where a batch keeps its inbox, outbox and work: PostgreSQL, or memory in tests. */
struct batch_ports {
	void *arg;
	/* Opens the transaction and sets `dropped` of events that were handled before. */
	enum cs_code (*begin)(void *arg, struct svc_batch *batch, struct batch_event **events,
	    size_t n, struct cs_err *err);
	/* Writes what the decisions asked for, and commits. */
	enum cs_code (*commit)(void *arg, struct svc_batch *batch, struct batch_event **events,
	    size_t n, struct cs_err *err);
	void (*rollback)(void *arg);
};

struct batch_run {
	const struct svc_service *service;
	const struct batch_ports *ports;
	struct db *db;
	struct cs_arena *arena; /* of the whole batch */
	struct cs_buf *held;    /* log lines until the commit */
	int64_t now_ms;
};

/* Finds the route and reads the body; sets `malformed` when there is none or read refuses. */
void batch_read(const struct svc_service *service, struct batch_event *event);
/* One transaction over these events (malformed ones are left out). */
enum cs_code
batch_run(const struct batch_run *run, struct batch_event **events, size_t n, struct cs_err *err);
const struct svc_route *route_find(const struct svc_service *service, const char *subject);
bool is_patient(const struct svc_service *service, const char *subject);
/* What the inbox knows a subject by.  Those of the catalogue have different ones, for ever. */
int64_t subject_number(const char *subject);

/* svc_crash_point() for everything that comes of these events. */
void
crash_batch(const struct svc *svc, const char *moment, struct batch_event *const *events, size_t n);

/* ---- the skeleton's tables ---- */

enum cs_code store_begin(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err);
enum cs_code store_commit(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err);
void store_rollback(void *arg);

struct outbox_row {
	int64_t seq, mark;
	uint32_t n_marked;
	bool alone; /* it has a mark of its own by now */
	struct cs_id id, key, causation;
	const char *subject;
	struct cs_span body;
	int64_t created_ms;
};

#define MARKED_MAX 16 /* rows of the outbox that one mark stands for */

/* Takes marks of rows that are all published; sent along with whatever is settled or committed next. */
enum cs_code store_outbox_sent(
    struct db *db, const int64_t *marks, size_t n, struct cs_arena *arena, struct cs_err *err);
/*
 * Rows of the marks after `after_mark`, older than before_ms, in order: up to `max`, and then the rest of
 * the last mark.
 */
enum cs_code store_outbox_unsent(struct db *db, int64_t after_mark, int64_t before_ms, size_t max,
    struct cs_arena *arena, struct outbox_row **ret_rows, size_t *ret_n, struct cs_err *err);
/* Each row of these marks gets a mark of its own; a mark that is gone meanwhile stays gone. */
enum cs_code store_outbox_split(
    struct db *db, const int64_t *marks, size_t n, struct cs_arena *arena, struct cs_err *err);
/* What a stream says of itself, and what we know of it. */
struct stream_seen {
	const char *name, *created;
	const char *prefix; /* of its subjects: "plan" */
	int64_t last_seq;
	bool first;  /* this process has not seen it before */
	bool forgot; /* this process saw more in it */
};

/*
 * Notes the stream.  When it is another one than before, or has lost its end, then what was sent and
 * belongs to requests that go on is unsent again.
 */
enum cs_code store_stream_seen(struct db *db, const struct stream_seen *seen, bool *ret_refill,
    struct cs_arena *arena, struct cs_err *err);
enum cs_code store_work_take(struct db *db, int64_t now_ms, size_t max, struct cs_arena *arena,
    struct out_work **ret_works, struct cs_err *err);
enum cs_code store_work_renew(struct db *db, const struct cs_id *ids, size_t n, int64_t until_ms,
    struct cs_arena *arena, struct cs_err *err);
/* Keeps the events for an operator and says so on the bus.  The row of work stays, due at no time. */
enum cs_code store_park(struct db *db, struct batch_event *const *events, size_t n,
    const char *service, struct cs_arena *arena, struct cs_err *err);
/* Deletes some of what is too old; there may be more.  An event that no stream has stays. */
enum cs_code store_sweep(struct db *db, int64_t now_ms, uint32_t archive_days, bool *ret_more,
    struct cs_arena *arena, struct cs_err *err);
/*
 * Parked events that an operator wants handled again; handling them takes them out of the table.  Work
 * whose result was parked is due again instead: its row has waited.
 */
struct parked_row {
	struct cs_id id;
	const char *subject;
	struct cs_span body;
	struct parked_row *next;
};
enum cs_code store_parked_again(struct db *db, size_t max, struct cs_arena *arena,
    struct parked_row **ret_rows, struct cs_err *err);

/* ---- metrics ---- */

enum metric_histogram { METRIC_PROCESSING, METRIC_AGE, METRIC_BATCH, METRIC_HISTOGRAMS };

struct metrics; /* any thread */
enum metric_reading {
	METRIC_NATS_CONNECTED,
	METRIC_NATS_RECONNECTS,
	METRIC_NATS_ERRORS,
	METRIC_NATS_VIOLATIONS,
	METRIC_OUTBOX_ROWS,
	METRIC_OUTBOX_OLDEST,
	METRIC_COMMANDS_WAITING,
	METRIC_WORK_IN_HAND,
	METRIC_READINGS
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);
void metrics_count(
    struct metrics *metrics, const char *name, const char *label, const char *value, uint64_t add);
void metrics_gauge(struct metrics *metrics, const char *name, const char *label, const char *value,
    double reading);
void metrics_read(struct metrics *metrics, enum metric_reading which, double value);
void metrics_observe(struct metrics *metrics, enum metric_histogram which, double value);
struct cs_span metrics_text(struct metrics *metrics, const char *service, struct cs_arena *arena);

/* ---- settings ---- */

struct settings_common {
	const char *nats_url, *nats_ca, *nats_seed, *database_url, *listen, *http_listen,
	    *log_level, *crash_at;
	uint32_t archive_days;
	uint32_t http_per_source;
	bool test_mode;
	struct cs_span key; /* loop services: event ids are an HMAC under it */
};

/* Reads both tables from the environment.  All errors are written to stderr; false: some. */
bool settings_read(
    const struct svc_service *service, struct settings_common *common, struct cs_arena *arena);
/* Variables CS_... of the environment that this service does not know, with blanks; "": none. */
const char *settings_unknown(const struct svc_service *service, struct cs_arena *arena);
void settings_help(const struct svc_service *service);
void settings_print(const struct svc_service *service, struct cs_arena *arena);
struct cs_span settings_text(const struct svc_service *service, struct cs_arena *arena);

/* ---- lanes that are followed ---- */

struct follower;
void follower_free(struct follower *follower); /* takes NULL */

/* ---- between threads ---- */

typedef void post_fn(void *arg);

struct command {
	struct command *next;
	const char *subject;
	struct cs_id key, id;
	struct cs_arena *arena; /* owns the command, its body and its answer */
	struct cs_span body;
	const void *context;
	svc_answered *answered;
	void *arg;
	int64_t since_ms;
	enum source source; /* FROM_COMMAND or FROM_WORK */
	bool of_clock;
	bool ok;
	uint32_t status;
	struct cs_span reply;
	struct svc *svc;
	struct cs_id work_id;
};

struct handoff; /* any thread posts, the loop thread runs */
struct handoff *handoff_new(struct event_base *base);
void handoff_free(struct handoff *handoff);
void handoff_post(struct handoff *handoff, post_fn *fn, void *arg);

/* ---- the running skeleton ---- */

struct work_node;

struct svc {
	const struct svc_service *service;
	struct settings_common common;
	struct cs_arena *arena; /* of the process */
	struct log_context log;
	struct event_base *base;
	struct event *trust_watch; /* NULL: none */
	struct follower *follower; /* NULL: none */
	struct handoff *handoff;
	struct metrics *metrics;
	struct http_server *health, *api;
	struct bus *bus;
	struct bus_queue *worker_queue, *loop_queue;
	pthread_t worker_thread, reader_thread;
	bool worker_runs, reader_runs;
	atomic_bool stopping, ready_worker, worker_done;
	atomic_llong worker_progress_ms, loop_progress_ms, outbox_oldest_ms;
	atomic_size_t outbox_unsent, commands_waiting;
	pthread_mutex_t lock; /* of `commands` */
	struct command *commands, **commands_tail;
	bool quiet_commands; /* all of them are, so that the worker was not woken */
	struct reader *reader;
	struct looper *looper;
	int exit_code;
	uint32_t drain_ticks;
};

void *worker_main(void *svc);
enum cs_code reader_open(struct svc *svc, struct cs_err *err);
void reader_close(struct svc *svc);
struct looper *looper_new(struct svc *svc);
void looper_free(struct looper *looper);
/* Attaches the loop's queue to the event loop; the bus is open. */
enum cs_code looper_open(struct svc *svc, struct cs_err *err);
size_t looper_in_hand(const struct svc *svc);
/* Worker thread: work rows just committed or taken, to be carried out by act on the loop thread. */
void looper_act(struct svc *svc, const struct out_work *work);
/* Identifiers of the work in hand, to renew their leases.  Any thread. */
size_t looper_leases(struct svc *svc, struct cs_id *ret_ids, size_t max);
enum cs_code confine(struct svc *svc, struct cs_err *err);
enum cs_code health_open(struct svc *svc, struct cs_err *err);
/* Puts a command in the worker's queue; takes it. */
void command_push(struct svc *svc, struct command *command);
struct command *
command_new(struct svc *svc, const char *subject, struct cs_id key, struct cs_span body);

/* Publishes one event with its CloudEvents headers; the answer comes into `queue` under `token`. */
enum cs_code event_publish(struct bus_queue *queue, const char *service,
    const struct out_event *event, uint64_t token, struct cs_err *err);
/* id, time and correlation from an arrived message's headers.  CS_MALFORMED. */
enum cs_code event_headers(const struct bus_item *item, struct svc_event *ev, struct cs_err *err);

#endif
