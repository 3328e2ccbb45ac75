/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bus.c: one connection: made under a watchdog, kept for ever, ended without a crash.
 *
 * natsConnection_Connect can hang for ever and reconnecting can hang with the connection's lock
 * held, so connecting has a thread of its own, and whether we are connected is what the callbacks
 * said last, never a question to the library.  Its threads only put items into queues.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "bus/internal.h"

#define CONNECT_MS INT64_C(5000)
#define ATTEMPT_MS INT64_C(2000) /* one server */
#define PING_MS INT64_C(2000)
#define WRITE_MS INT64_C(5000)
#define RECONNECT_MS 250
#define TICK_MS INT64_C(100)
#define STUCK_MS INT64_C(30000)
#define CLOSE_MS INT64_C(5000)
#define UNSENDABLE_MAX 8 /* in a row; each has a chance of one in 256 */
#define URLS_MAX 16
#define SEED_FILE_MAX 256

static bool
read_seed_file(const char *path, struct protocol_seed *ret_seed)
{
	char text[SEED_FILE_MAX];
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	setvbuf(file, NULL, _IONBF, 0); /* no second copy of the seed */
	const size_t len = fread(text, 1, sizeof(text), file);
	fclose(file);
	const bool ok = protocol_read_seed(cs_span_of(text, len), ret_seed);
	explicit_bzero(text, sizeof(text));
	return ok;
}

/*
 * On every (re)connection; the seed is in memory only here.  The library takes a signature whose first
 * octet is zero for none and sends nothing in its place, which the server calls an authorization
 * violation: such a connection is not begun, and the next nonce gives another signature.
 */
static natsStatus
on_sign(
    char **error, unsigned char **signature, int *signature_len, const char *nonce, void *closure)
{
	struct bus *bus = closure;
	struct protocol_seed seed;

	(void)error;
	if (!read_seed_file(bus->seed_file, &seed))
		return NATS_ERR;
	const natsStatus status = nats_Sign(seed.seed, nonce, signature, signature_len);
	explicit_bzero(&seed, sizeof(seed));
	bus->unsendable = status == NATS_OK && (*signature)[0] == 0;
	if (!bus->unsendable)
		return status;
	free(*signature);
	*signature = NULL;
	return NATS_ERR;
}

/* What a consumer delivers bears the subject that it was stored under: whoever answers us cannot play one. */
static void
on_inbox(natsConnection *nc, natsSubscription *sub, natsMsg *msg, void *closure)
{
	const struct bus *bus = closure;
	const char *reply = natsMsg_GetReply(msg);
	const bool stored = strncmp(natsMsg_GetSubject(msg), bus->inbox, strlen(bus->inbox)) != 0;

	(void)nc;
	(void)sub;
	if (stored && reply && protocol_is_ack_subject(reply))
		consume_on_message(closure, msg);
	else
		slots_on_message(closure, msg);
}

static void
on_disconnected(natsConnection *nc, void *closure)
{
	struct bus *bus = closure;

	(void)nc;
	bus->connected = false;
	pthread_mutex_lock(&bus->mu);
	bus->alive_ms = cs_mono_ms();
	pthread_mutex_unlock(&bus->mu);
	consume_forget_pulls(bus);
	slots_expire(bus, INT64_MAX, "connection lost");
}

static void
on_reconnected(natsConnection *nc, void *closure)
{
	struct bus *bus = closure;

	(void)nc;
	pthread_mutex_lock(&bus->mu);
	bus->counters.reconnects++;
	bus->alive_ms = cs_mono_ms();
	pthread_mutex_unlock(&bus->mu);
	bus->connected = true;
	consume_tick(bus, 0);
}

static void
on_closed(natsConnection *nc, void *closure)
{
	struct bus *bus = closure;

	(void)nc;
	bus->connected = false;
	slots_expire(bus, INT64_MAX, "connection closed");
	pthread_mutex_lock(&bus->mu);
	bus->closed = true; /* from now on the bus may be freed */
	pthread_cond_broadcast(&bus->state_cond);
	pthread_mutex_unlock(&bus->mu);
}

/* The only place where a denied subject shows. */
static void
on_error(natsConnection *nc, natsSubscription *sub, natsStatus status, void *closure)
{
	struct bus *bus = closure;
	const char *text = NULL;

	(void)sub;
	if (natsConnection_GetLastError(nc, &text) == NATS_OK || !text || !text[0])
		text = natsStatus_GetText(status);
	pthread_mutex_lock(&bus->mu);
	bus->counters.async_errors++;
	bus->counters.violations += status == NATS_NOT_PERMITTED;
	snprintf(bus->counters.last_error, sizeof(bus->counters.last_error), "%s", text);
	pthread_mutex_unlock(&bus->mu);
}

/* Called after every round of attempts, so it is also the sign that they return. */
static int64_t
on_reconnect_delay(natsConnection *nc, int attempts, void *closure)
{
	struct bus *bus = closure;
	uint8_t jitter;

	(void)nc;
	(void)attempts;
	pthread_mutex_lock(&bus->mu);
	bus->alive_ms = cs_mono_ms();
	pthread_mutex_unlock(&bus->mu);
	cs_random(&jitter, sizeof(jitter));
	return RECONNECT_MS + jitter;
}

static natsStatus
set_servers(natsOptions *opts, const char *urls)
{
	const char *servers[URLS_MAX];
	char *copy = strdup(urls), *rest = NULL;
	int n = 0;

	cs_assert(copy != NULL);
	for (char *url = strtok_r(copy, ", ", &rest); url; url = strtok_r(NULL, ", ", &rest)) {
		if (n == URLS_MAX) {
			n = 0;
			break;
		}
		servers[n++] = url;
	}
	const natsStatus status = n > 0 ? natsOptions_SetServers(opts, servers, n) : NATS_ERR;
	free(copy);
	return status;
}

#define TRY(call)              \
	if (status == NATS_OK) \
	status = (call)

static natsStatus
set_callbacks(natsOptions *opts, struct bus *bus)
{
	natsStatus status = natsOptions_SetErrorHandler(opts, on_error, bus);

	TRY(natsOptions_SetDisconnectedCB(opts, on_disconnected, bus));
	TRY(natsOptions_SetReconnectedCB(opts, on_reconnected, bus));
	TRY(natsOptions_SetClosedCB(opts, on_closed, bus));
	TRY(natsOptions_SetCustomReconnectDelay(opts, on_reconnect_delay, bus));
	return status;
}

static natsStatus
set_options(
    natsOptions *opts, struct bus *bus, const struct bus_settings *settings, const char *key)
{
	natsStatus status = set_servers(opts, settings->urls);

	TRY(natsOptions_SetName(opts, settings->name));
	TRY(natsOptions_SetSecure(opts, true));
	TRY(natsOptions_LoadCATrustedCertificates(opts, settings->ca_file));
	TRY(natsOptions_SetNKey(opts, key, on_sign, bus));
	TRY(natsOptions_SetIgnoreDiscoveredServers(opts, true));
	TRY(natsOptions_SetTimeout(opts, ATTEMPT_MS));
	TRY(natsOptions_SetMaxReconnect(opts, -1));
	TRY(natsOptions_SetPingInterval(opts, PING_MS));
	TRY(natsOptions_SetMaxPingsOut(opts, 2));
	TRY(natsOptions_SetWriteDeadline(opts, WRITE_MS));
	TRY(natsOptions_UseGlobalMessageDelivery(opts, true));
	TRY(set_callbacks(opts, bus));
	return status;
}

static enum cs_code
make_options(struct bus *bus, const struct bus_settings *settings, natsOptions **ret_opts,
    struct cs_err *err)
{
	natsOptions *opts = NULL;
	struct protocol_seed seed;

	if (!settings->urls || !settings->ca_file || !settings->seed_file || !settings->name ||
	    !protocol_name_ok(settings->name))
		return cs_fail(err, CS_MALFORMED, "bus: a setting is missing");
	if (!read_seed_file(settings->seed_file, &seed))
		return cs_fail(
		    err, CS_MALFORMED, "bus: %s is not a seed file", settings->seed_file);
	explicit_bzero(seed.seed, sizeof(seed.seed));
	natsStatus status = nats_Open(-1);
	TRY(nats_SetMessageDeliveryPoolSize(1));
	TRY(natsOptions_Create(&opts));
	TRY(set_options(opts, bus, settings, seed.key));
	if (status != NATS_OK) {
		natsOptions_Destroy(opts);
		return cs_fail(err, CS_MALFORMED, "bus: settings: %s", natsStatus_GetText(status));
	}
	*ret_opts = opts;
	return CS_OK;
}

static void
bus_init(struct bus *bus, const struct bus_settings *settings)
{
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];

	pthread_mutex_init(&bus->mu, NULL);
	cond_init(&bus->clock_cond);
	cond_init(&bus->state_cond);
	slots_init(bus);
	bus->connect_ms = settings->connect_ms > 0 ? settings->connect_ms : CONNECT_MS;
	bus->seed_file = settings->seed_file ? strdup(settings->seed_file) : NULL;
	cs_random(random, sizeof(random));
	cs_hex_encode(cs_span_of(random, sizeof(random)), hex);
	snprintf(bus->inbox, sizeof(bus->inbox), "_INBOX_%s.%s.",
	    settings->name ? settings->name : "", hex);
}

static void
bus_free(struct bus *bus)
{
	for (size_t i = 0; i < bus->queues_len; i++)
		queue_free(bus->queues[i]);
	messages_free(bus);
	for (size_t i = 0; i < bus->consumes_len; i++)
		free(bus->consumes[i]);
	pthread_cond_destroy(&bus->state_cond);
	pthread_cond_destroy(&bus->clock_cond);
	pthread_mutex_destroy(&bus->mu);
	free(bus->slots);
	free(bus->seed_file);
	free(bus);
}

struct attempt {
	struct bus *bus;
	natsOptions *opts;
};

/* Whoever is the last to know of the bus frees it; a connection nobody wants keeps its own. */
static void *
connect_run(void *arg)
{
	struct attempt *attempt = arg;
	struct bus *bus = attempt->bus;
	natsConnection *nc = NULL;
	natsStatus status = natsConnection_Connect(&nc, attempt->opts);

	for (int i = 1; status != NATS_OK && bus->unsendable && i < UNSENDABLE_MAX; i++)
		status = natsConnection_Connect(&nc, attempt->opts);
	natsStatus last = status;
	const char *text = nats_GetLastError(&last); /* of this thread */
	natsOptions_Destroy(attempt->opts);
	free(attempt);
	pthread_mutex_lock(&bus->mu);
	bus->nc = nc;
	bus->connect_status = status;
	snprintf(bus->connect_error, sizeof(bus->connect_error), "%s",
	    text && text[0] ? text : natsStatus_GetText(status));
	bus->connecting = false;
	bus->connected = status == NATS_OK;
	const bool abandoned = bus->abandoned;
	pthread_cond_broadcast(&bus->state_cond);
	pthread_mutex_unlock(&bus->mu);
	nats_ReleaseThreadMemory();
	if (abandoned && nc)
		natsConnection_Close(nc);
	else if (abandoned)
		bus_free(bus);
	return NULL;
}

static void
start_connecting(struct bus *bus, natsOptions *opts)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	pthread_attr_t attr;
	pthread_t thread;

	cs_assert(attempt != NULL);
	*attempt = (struct attempt){ bus, opts };
	bus->connecting = true;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	cs_assert(pthread_create(&thread, &attr, connect_run, attempt) == 0);
	pthread_attr_destroy(&attr);
}

/* False: it hangs, and the thread that hangs owns the bus now. */
static bool
await_connection(struct bus *bus)
{
	const int64_t deadline = cs_mono_ms() + bus->connect_ms;

	pthread_mutex_lock(&bus->mu);
	while (bus->connecting && cond_wait_until(&bus->state_cond, &bus->mu, deadline))
		;
	bus->abandoned = bus->connecting;
	const bool done = !bus->connecting;
	pthread_mutex_unlock(&bus->mu);
	return done;
}

static void *
clock_run(void *arg)
{
	struct bus *bus = arg;

	for (;;) {
		const int64_t now = cs_mono_ms();

		pthread_mutex_lock(&bus->mu);
		while (!bus->stopping && cond_wait_until(&bus->clock_cond, &bus->mu, now + TICK_MS))
			;
		const bool stopping = bus->stopping;
		pthread_mutex_unlock(&bus->mu);
		if (stopping)
			break;
		slots_expire(bus, cs_mono_ms(), "no answer in time");
		consume_tick(bus, cs_mono_ms());
	}
	nats_ReleaseThreadMemory();
	return NULL;
}

static enum cs_code
start_working(struct bus *bus, struct cs_err *err)
{
	char subject[sizeof(bus->inbox) + 2];

	snprintf(subject, sizeof(subject), "%s>", bus->inbox);
	const struct subscription what = { subject, NULL, on_inbox, bus };
	const enum cs_code code = subscribe(bus, &what, err);
	if (code)
		return code;
	cs_assert(pthread_create(&bus->clock, NULL, clock_run, bus) == 0);
	bus->clock_runs = true;
	return CS_OK;
}

enum cs_code
bus_open(const struct bus_settings *settings, struct bus **ret_bus, struct cs_err *err)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	natsOptions *opts = NULL;

	cs_assert(bus != NULL);
	bus_init(bus, settings);
	enum cs_code code = make_options(bus, settings, &opts, err);
	if (code) {
		bus_free(bus);
		return code;
	}
	start_connecting(bus, opts);
	if (!await_connection(bus))
		return cs_fail(err, CS_UNAVAILABLE, "bus: the server says nothing");
	if (!bus->nc) {
		code = cs_fail(err, CS_UNAVAILABLE, "bus: connect: %s", bus->connect_error);
		bus_free(bus);
		return code;
	}
	code = start_working(bus, err);
	if (code) {
		bus_close(bus);
		return code;
	}
	*ret_bus = bus;
	return CS_OK;
}

/* With bus->mu held. */
static bool
is_stuck(const struct bus *bus)
{
	return bus->closed ||
	       (!bus->connected && cs_mono_ms() - bus->alive_ms > STUCK_MS && bus->alive_ms > 0);
}

static void
stop_clock(struct bus *bus)
{
	pthread_mutex_lock(&bus->mu);
	bus->stopping = true;
	pthread_cond_broadcast(&bus->clock_cond);
	pthread_mutex_unlock(&bus->mu);
	if (bus->clock_runs)
		pthread_join(bus->clock, NULL);
}

/* False: the library still uses something of ours. */
static bool
close_connection(struct bus *bus)
{
	const int64_t deadline = cs_mono_ms() + CLOSE_MS;

	natsConnection_Close(bus->nc);
	pthread_mutex_lock(&bus->mu);
	while ((!bus->closed || bus->subscriptions_live > 0) &&
	       cond_wait_until(&bus->state_cond, &bus->mu, deadline))
		;
	const bool ended = bus->closed && bus->subscriptions_live == 0;
	pthread_mutex_unlock(&bus->mu);
	return ended;
}

void
bus_close(struct bus *bus)
{
	if (!bus)
		return;
	pthread_mutex_lock(&bus->mu);
	const bool hangs = is_stuck(bus) && !bus->closed;
	pthread_mutex_unlock(&bus->mu);
	if (hangs)
		return; /* closing would hang too: better a leak at the end than no end */
	stop_clock(bus);
	if (!close_connection(bus))
		return;
	unsubscribe_all(bus);
	natsConnection_Destroy(bus->nc);
	bus_free(bus);
	nats_ReleaseThreadMemory();
}

void
bus_prepare(void)
{
	(void)nats_Open(-1); /* bus_open() tells what fails here */
}

void
bus_fini(void)
{
	(void)nats_CloseAndWait(CLOSE_MS);
}

bool
bus_connected(const struct bus *bus)
{
	return bus->connected;
}

struct bus_counters
bus_counters(struct bus *bus)
{
	pthread_mutex_lock(&bus->mu);
	struct bus_counters counters = bus->counters;
	counters.connected = bus->connected;
	counters.stuck = is_stuck(bus);
	for (size_t i = 0; i < bus->consumes_len; i++)
		counters.silent += bus->consumes[i]->silent;
	pthread_mutex_unlock(&bus->mu);
	return counters;
}
