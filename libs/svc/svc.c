/* SPDX-License-Identifier: Apache-2.0 */
/* svc.c: the life of a process: settings, adapters, threads, signals, drain, exit. */
#include "svc/svc.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/time.h"
#include "catalogue/catalogue.h"
#include "http/server.h"
#include "pki/hash.h"
#include "svc/internal.h"

#define HTTP_TOTAL 1024
#define DESCRIPTORS_MAX 32768

#ifndef CS_VERSION
#define CS_VERSION "development"
#endif

const char *
svc_version(void)
{
	return CS_VERSION;
}

void
svc_settings_sha256(const struct svc *svc, uint8_t ret_digest[static 32])
{
	struct cs_arena *arena = cs_arena_new();

	pki_sha256(settings_text(svc->service, arena), ret_digest);
	cs_arena_free(arena);
}

struct event_base *
svc_base(struct svc *svc)
{
	return svc->base;
}

struct http_server *
svc_http(struct svc *svc)
{
	return svc->api;
}

const struct log_context *
svc_log(const struct svc *svc)
{
	return &svc->log;
}

bool
svc_test_mode(const struct svc *svc)
{
	return svc->common.test_mode;
}

bool
svc_overloaded(const struct svc *svc)
{
	int64_t oldest_ms = atomic_load(&svc->outbox_oldest_ms);

	return atomic_load(&svc->commands_waiting) >= COMMANDS_MAX / 2 ||
	       (oldest_ms != 0 && cs_now_ms() - oldest_ms > 60 * CS_SECOND_MS);
}

void
svc_count(struct svc *svc, const char *name, const char *label, const char *value)
{
	metrics_count(svc->metrics, name, label, value, 1);
}

void
svc_gauge(struct svc *svc, const char *name, const char *label, const char *value, double reading)
{
	metrics_gauge(svc->metrics, name, label, value, reading);
}

/* A child that ends by itself was made to: by what it was given to read, or by a fault of ours. */
void
svc_child_told(void *arg, enum sandbox_fact fact, const char *text)
{
	struct svc *svc = arg;

	log_line(&svc->log,
	    fact == SANDBOX_CHILD_STARTED || fact == SANDBOX_CHILD_RECYCLED ? LOG_INFO : LOG_WARN,
	    "child %s %s", sandbox_fact_name(fact), text);
	svc_count(svc, "children", "fact", sandbox_fact_name(fact));
}

/* ---- commands ---- */

struct command *
command_new(struct svc *svc, const char *subject, struct cs_id key, struct cs_span body)
{
	struct cs_arena *arena = cs_arena_new();
	struct command *command = CS_NEW(arena, struct command);

	*command = (struct command){ .arena = arena,
		.subject = cs_arena_strdup(arena, subject),
		.id = cs_id_new(),
		.key = key,
		.body = cs_arena_copy_span(arena, body),
		.since_ms = cs_mono_ms(),
		.source = FROM_COMMAND,
		.svc = svc };
	return command;
}

void
command_push(struct svc *svc, struct command *command)
{
	const bool quiet =
	    command->source == FROM_WORK && is_patient(svc->service, command->subject);

	pthread_mutex_lock(&svc->lock);
	const bool nobody_woken = svc->commands == NULL || svc->quiet_commands;
	const bool wakes = nobody_woken && !quiet;

	svc->quiet_commands = nobody_woken && quiet;

	*svc->commands_tail = command;
	svc->commands_tail = &command->next;
	atomic_fetch_add(&svc->commands_waiting, 1);
	pthread_mutex_unlock(&svc->lock);
	if (wakes)
		bus_queue_wake(svc->worker_queue);
}

bool
svc_command(struct svc *svc, const char *subject, struct cs_id key, struct cs_span body,
    const void *context, svc_answered *answered, void *arg)
{
	if (atomic_load(&svc->commands_waiting) >= COMMANDS_MAX || atomic_load(&svc->stopping) ||
	    svc->worker_queue == NULL)
		return false;
	struct command *command = command_new(svc, subject, key, body);

	command->context = context;
	command->answered = answered;
	command->arg = arg;
	command_push(svc, command);
	return true;
}

/* ---- start ---- */

/* While we wait, signals are heard and HTTP is answered. */
static void
loop_for(struct svc *svc, long ms)
{
	const struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	(void)event_base_loopexit(svc->base, &wait);
	(void)event_base_dispatch(svc->base);
}

/* One attempt to connect: it may take seconds, in which who stands alone answers all the same. */
struct connecting {
	struct bus_settings settings;
	struct bus *bus;
	enum cs_code code;
	struct cs_err err;
	atomic_bool done;
};

static void *
connect_main(void *arg)
{
	struct connecting *attempt = arg;

	attempt->code = bus_open(&attempt->settings, &attempt->bus, &attempt->err);
	atomic_store(&attempt->done, true);
	return NULL;
}

static enum cs_code
connect_bus(struct svc *svc, struct cs_err *err)
{
	struct connecting attempt = { .settings = { .urls = svc->common.nats_url,
					  .ca_file = svc->common.nats_ca,
					  .seed_file = svc->common.nats_seed,
					  .name = svc->service->name } };
	pthread_t thread;

	if (!svc->service->stands_alone)
		return bus_open(&attempt.settings, &svc->bus, err);
	if (pthread_create(&thread, NULL, connect_main, &attempt) != 0)
		return cs_fail(err, CS_INTERNAL, "the thread that connects could not be started");
	while (!atomic_load(&attempt.done))
		loop_for(svc, 20);
	(void)pthread_join(thread, NULL);
	svc->bus = attempt.bus;
	*err = attempt.err;
	return attempt.code;
}

/*
 * NATS may start after us: half a minute of patience, then a restart is the better answer, but for who
 * has something to say without it.
 */
static enum cs_code
open_bus(struct svc *svc, struct cs_err *err)
{
	const bool patient = svc->service->stands_alone;
	enum cs_code code = CS_UNAVAILABLE;

	for (int i = 0;
	     (i < 30 || patient) && code == CS_UNAVAILABLE && !atomic_load(&svc->stopping); i++) {
		code = connect_bus(svc, err);
		if (code != CS_UNAVAILABLE)
			break;
		if (i % 30 == 0 || !patient)
			log_warn(&svc->log, "NATS not reached reason=\"%s\"", err->text);
		loop_for(svc, 1000);
	}
	if (code != CS_OK)
		return code;
	svc->worker_queue = bus_queue_new(svc->bus);
	bus_pause(svc->worker_queue); /* until the worker has its database */
	svc->loop_queue = bus_queue_new(svc->bus);
	return CS_OK;
}

/* "ask.perspective.*" becomes "ask.perspective.<instance>". */
static const char *
own_subject(const struct svc *svc, const char *subject)
{
	size_t len = strlen(subject);

	if (subject[len - 1] != '*')
		return subject;
	return cs_arena_printf(svc->arena, "%.*s%s", (int)(len - 1), subject,
	    svc->service->instance(svc->service->self));
}

/* Each route's events: from its durable consumer, or as questions shared among the replicas. */
static enum cs_code
open_routes(struct svc *svc, struct cs_err *err)
{
	bool batch = svc->service->mode == SVC_BATCH;
	for (const struct svc_route *r = svc->service->routes; r->subject != NULL; r++) {
		const struct catalogue_consumer *consumer =
		    catalogue_consumer_find(svc->service->name, r->subject);
		struct bus_queue *queue =
		    batch && r->decide != NULL ? svc->worker_queue : svc->loop_queue;

		if (strncmp(r->subject, "ask.", 4) == 0) {
			if (bus_serve(queue, own_subject(svc, r->subject), svc->service->name, err))
				return err->code;
			continue;
		}
		if (consumer == NULL)
			continue; /* a command of its own, a clock, or work */
		if (bus_consume(queue, catalogue_lane_of(r->subject)->stream,
			catalogue_durable(svc->arena, consumer),
			batch ? 2 * BATCH_MAX : IN_FLIGHT_MAX,
			batch && is_patient(svc->service, r->subject), err))
			return err->code;
	}
	return CS_OK;
}

static enum cs_code
open_http(struct svc *svc, struct cs_err *err)
{
	const uint32_t per_source = svc->common.http_per_source;
	const struct http_server_settings settings = { .listen = svc->common.http_listen,
		.limits = { .per_source = per_source,
		    .opaque_below = svc->service->opaque_below,
		    .http_1_0 = svc->service->stands_alone,
		    /* one source alone never takes all the room there is */
		    .total = per_source > HTTP_TOTAL / 2 ? 2 * per_source : HTTP_TOTAL } };

	if (!svc->service->serves_http)
		return CS_OK;
	return http_server_new(svc->base, &settings, &svc->api, err);
}

static enum cs_code
init(struct svc *svc, struct cs_err *err)
{
	const struct svc_service *service = svc->service;

	return service->init != NULL ? service->init(service->self, svc, err) : CS_OK;
}

/* In the order that this kind of service wants. */
static enum cs_code
open_adapters(struct svc *svc, struct cs_err *err)
{
	const struct svc_service *service = svc->service;

	if (service->confined) {
		bus_prepare(); /* its end must come before that of what init uses */
		if (init(svc, err) || confine(svc, err))
			return err->code;
		return open_bus(svc, err);
	}
	if (service->stands_alone) {
		bus_prepare();
		if (open_http(svc, err) || reader_open(svc, err) || init(svc, err))
			return err->code;
		return open_bus(svc, err);
	}
	if (open_bus(svc, err) || open_http(svc, err))
		return err->code;
	return init(svc, err);
}

static enum cs_code
start(struct svc *svc, struct cs_err *err)
{
	const struct svc_service *service = svc->service;

	if (health_open(svc, err))
		return err->code;
	if (open_adapters(svc, err))
		return err->code;
	if (looper_open(svc, err) || open_routes(svc, err))
		return err->code;
	if (service->mode != SVC_BATCH)
		return CS_OK;
	if (!service->stands_alone && reader_open(svc, err))
		return err->code;
	if (pthread_create(&svc->worker_thread, NULL, worker_main, svc) != 0)
		return cs_fail(err, CS_INTERNAL, "the worker's thread could not be started");
	svc->worker_runs = true;
	return CS_OK;
}

/* ---- the loop ---- */

/* A connection that never comes back is mended by a restart (a known trap of the client library). */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct svc *svc = arg;
	int64_t now_ms = cs_mono_ms(), last_ms = atomic_load(&svc->loop_progress_ms);

	(void)fd;
	(void)what;
	if (last_ms != 0 && now_ms - last_ms > 2500)
		log_warn(&svc->log, "loop stalled ms=%lld", (long long)(now_ms - last_ms - 1000));
	atomic_store(&svc->loop_progress_ms, now_ms);
	if (bus_counters(svc->bus).stuck) {
		log_error(&svc->log, "NATS connection is stuck: exiting to be restarted");
		svc->exit_code = 1;
		(void)event_base_loopbreak(svc->base);
	}
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct svc *svc = arg;

	(void)fd;
	(void)what;
	if (atomic_exchange(&svc->stopping, true))
		return;
	log_info(&svc->log, "stopping: finishing what was begun");
	if (svc->worker_queue != NULL)
		bus_queue_wake(svc->worker_queue);
	if (svc->loop_queue != NULL)
		bus_pause(svc->loop_queue);
	if (svc->api != NULL)
		http_server_drain(svc->api, NULL, NULL);
}

/* Stopping ends when nothing is in hand any more, or the time for it is over. */
static void
on_drain(evutil_socket_t fd, short what, void *arg)
{
	struct svc *svc = arg;

	(void)fd;
	(void)what;
	if (!atomic_load(&svc->stopping))
		return;
	bool idle = svc->worker_runs ? atomic_load(&svc->worker_done) : looper_in_hand(svc) == 0;

	svc->drain_ticks++;
	if ((idle && (svc->api == NULL || http_server_connections(svc->api) == 0)) ||
	    svc->drain_ticks > DRAIN_MS / 100 + 10)
		(void)event_base_loopbreak(svc->base);
}

static struct event *
every(struct svc *svc, long ms, event_callback_fn fn)
{
	const struct timeval interval = { ms / 1000, ms % 1000 * 1000 };
	struct event *event = event_new(svc->base, -1, EV_PERSIST, fn, svc);

	cs_assert(event != NULL && event_add(event, &interval) == 0);
	return event;
}

static void
run_loop(struct svc *svc)
{
	struct event *tick = every(svc, 1000, on_tick), *drain = every(svc, 100, on_drain);

	log_info(&svc->log, "running listen=%s port=%u", svc->common.listen,
	    http_server_port(svc->health));
	(void)event_base_dispatch(svc->base);
	event_free(tick);
	event_free(drain);
}

/* What the worker left behind was not stored; whoever waits for it is told so. */
static void
refuse_commands(struct svc *svc)
{
	while (svc->commands != NULL) {
		struct command *command = svc->commands;

		svc->commands = command->next;
		if (command->answered != NULL)
			command->answered(command->arg, false, 0, cs_span_str(NULL));
		cs_arena_free(command->arena);
	}
}

static void
stop(struct svc *svc)
{
	atomic_store(&svc->stopping, true);
	if (svc->worker_runs) {
		bus_queue_wake(svc->worker_queue);
		(void)pthread_join(svc->worker_thread, NULL);
	}
	reader_close(svc);
	handoff_free(svc->handoff); /* the last answers, while all that they may call is there */
	refuse_commands(svc);
	http_server_free(svc->api);
	http_server_free(svc->health);
	if (svc->service->fini != NULL)
		svc->service->fini(svc->service->self);
	looper_free(svc->looper);
	bus_close(svc->bus);
	bus_fini();
	svc->commands_tail = &svc->commands;
	refuse_commands(svc); /* work that ended while its adapters were closed */
}

/* Secrets never reach a core file or another process of the same user. */
static void
harden(void)
{
	const struct rlimit none = { 0, 0 };

	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Most systems start a process with 1,024 descriptors, and let it have more when it asks. */
static void
take_descriptors(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* Containers share environments, so it is no error. */
static void
warn_of_unknown(struct svc *svc)
{
	const char *names = settings_unknown(svc->service, svc->arena);

	if (names[0] != '\0')
		log_warn(&svc->log, "variables that are no settings of it names=\"%s\"", names);
}

static int
run(struct svc *svc)
{
	struct event *term, *intr;
	struct cs_err err = { 0 };

	svc->base = event_base_new();
	cs_assert(svc->base != NULL && pthread_mutex_init(&svc->lock, NULL) == 0);
	svc->commands_tail = &svc->commands;
	atomic_store(&svc->worker_progress_ms, cs_mono_ms());
	svc->handoff = handoff_new(svc->base);
	svc->metrics = metrics_new();
	svc->looper = looper_new(svc);
	term = evsignal_new(svc->base, SIGTERM, on_signal, svc);
	intr = evsignal_new(svc->base, SIGINT, on_signal, svc);
	cs_assert(term != NULL && intr != NULL && event_add(term, NULL) == 0 &&
		  event_add(intr, NULL) == 0);
	enum cs_code code = start(svc, &err);

	if (code != CS_OK && atomic_load(&svc->stopping)) {
		log_info(&svc->log, "stopped before it ran");
	} else if (code != CS_OK) {
		log_error(&svc->log, "not started reason=\"%s\"", err.text);
		svc->exit_code = 1;
	} else {
		run_loop(svc);
	}
	stop(svc);
	event_free(term);
	event_free(intr);
	follower_free(svc->follower);
	if (svc->trust_watch != NULL)
		event_free(svc->trust_watch);
	metrics_free(svc->metrics);
	event_base_free(svc->base);
	(void)pthread_mutex_destroy(&svc->lock);
	return svc->exit_code;
}

static int
check_settings(const struct svc_service *service, struct cs_arena *arena)
{
	const char *unknown = settings_unknown(service, arena);
	struct cs_err err = { 0 };

	if (unknown[0] != '\0')
		(void)fprintf(stderr, "warning: no settings of %s: %s\n", service->name, unknown);
	if (service->check != NULL && service->check(service->self, &err) != CS_OK) {
		(void)fprintf(stderr, "%s: %s\n", service->name, err.text);
		return 2;
	}
	(void)printf("settings are good\n");
	return 0;
}

int
svc_main(int argc, char *argv[], const struct svc_service *service)
{
	if (service->children != NULL)
		sandbox_child_main(argc, argv, service->children);
	struct svc svc = { .service = service, .arena = cs_arena_new() };
	const char *word = argc == 2 ? argv[1] : "";
	int code = 0;

	svc.log = (struct log_context){ .service = service->name, .level = LOG_INFO };
	if (strcmp(word, "--help") == 0) {
		settings_help(service);
	} else if (strcmp(word, "--version") == 0) {
		(void)printf("%s %s\n", service->name, CS_VERSION);
	} else if (argc > 1 && strcmp(word, "--check-settings") != 0 &&
		   strcmp(word, "--print-settings") != 0) {
		(void)fprintf(stderr, "%s: unknown argument; try --help\n", service->name);
		code = 2;
	} else if (!settings_read(service, &svc.common, svc.arena)) {
		code = 2;
	} else if (strcmp(word, "--check-settings") == 0) {
		code = check_settings(service, svc.arena);
	} else if (strcmp(word, "--print-settings") == 0) {
		settings_print(service, svc.arena);
	} else {
		if (log_level_parse(svc.common.log_level, &svc.log.level, NULL) != CS_OK)
			svc.log.level = LOG_INFO; /* settings_read has refused other words */
		warn_of_unknown(&svc);
		harden();
		take_descriptors();
		code = run(&svc);
	}
	cs_arena_free(svc.arena);
	return code;
}
