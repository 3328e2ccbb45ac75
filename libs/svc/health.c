/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health.c: /livez, /readyz, /startupz and /metrics.  /livez never looks at the bus or the database:
 * an outage of theirs must not restart every service.
 */
#include "base/time.h"
#include "http/server.h"
#include "svc/internal.h"

#define STALLED_MS 60000

static void
reply_text(struct http_request *req, int status, const char *text)
{
	http_reply(req, status, "text/plain; charset=utf-8", cs_span_str(text), NULL);
}

static bool
worker_moves(const struct svc *svc)
{
	return !svc->worker_runs ||
	       cs_mono_ms() - atomic_load(&svc->worker_progress_ms) < STALLED_MS;
}

static void
on_livez(void *self, struct http_request *req)
{
	const struct svc *svc = self;

	if (!worker_moves(svc)) {
		reply_text(req, 503, "the worker has not moved for a minute\n");
		return;
	}
	reply_text(req, 200, "alive\n");
}

/* Before there is a bus: not connected. */
static struct bus_counters
counters_of(struct svc *svc)
{
	return svc->bus == NULL ? (struct bus_counters){ 0 } : bus_counters(svc->bus);
}

/* The first reason why not; NULL: ready. */
static const char *
not_ready(struct svc *svc)
{
	struct bus_counters bus = counters_of(svc);

	if (atomic_load(&svc->stopping))
		return "stopping\n";
	if (svc->service->stands_alone)
		return svc->service->ready(svc->service->self) ? NULL
							       : "the service is not ready\n";
	if (!bus.connected)
		return "not connected to NATS\n";
	if (bus.violations > 0)
		return "NATS denied a subject: see countersign_nats_violations_total\n";
	if (bus.silent > 0)
		return "a consumer does not answer: is everything provisioned?\n";
	if (!svc_follows(svc))
		return "settings were not read yet\n";
	if (svc->service->mode == SVC_BATCH && !atomic_load(&svc->ready_worker))
		return "not connected to the database\n";
	if (svc->service->ready != NULL && !svc->service->ready(svc->service->self))
		return "the service is not ready\n";
	return NULL;
}

static void
on_readyz(void *self, struct http_request *req)
{
	const char *why = not_ready(self);

	reply_text(req, why == NULL ? 200 : 503, why == NULL ? "ready\n" : why);
}

static void
take_readings(struct svc *svc)
{
	struct bus_counters bus = counters_of(svc);
	int64_t oldest_ms = atomic_load(&svc->outbox_oldest_ms);

	metrics_read(svc->metrics, METRIC_NATS_CONNECTED, bus.connected);
	metrics_read(svc->metrics, METRIC_NATS_RECONNECTS, (double)bus.reconnects);
	metrics_read(svc->metrics, METRIC_NATS_ERRORS, (double)bus.async_errors);
	metrics_read(svc->metrics, METRIC_NATS_VIOLATIONS, (double)bus.violations);
	metrics_read(svc->metrics, METRIC_OUTBOX_ROWS, (double)atomic_load(&svc->outbox_unsent));
	metrics_read(svc->metrics, METRIC_OUTBOX_OLDEST,
	    oldest_ms == 0 ? 0 : (double)(cs_now_ms() - oldest_ms) / 1000.0);
	metrics_read(
	    svc->metrics, METRIC_COMMANDS_WAITING, (double)atomic_load(&svc->commands_waiting));
	metrics_read(svc->metrics, METRIC_WORK_IN_HAND, (double)looper_in_hand(svc));
}

static void
on_metrics(void *self, struct http_request *req)
{
	struct svc *svc = self;

	take_readings(svc);
	struct cs_buf out = cs_buf_new(http_request_arena(req));
	cs_buf_add_span(
	    &out, metrics_text(svc->metrics, svc->service->name, http_request_arena(req)));
	if (svc->service->metrics != NULL)
		svc->service->metrics(svc->service->self, &out);
	http_reply(req, 200, "text/plain; version=0.0.4; charset=utf-8", cs_buf_span(&out), NULL);
}

static const struct http_route routes[] = {
	{ "GET", "/livez", on_livez },
	{ "GET", "/readyz", on_readyz },
	{ "GET", "/startupz", on_readyz },
	{ "GET", "/metrics", on_metrics },
	{ NULL, NULL, NULL },
};

enum cs_code
health_open(struct svc *svc, struct cs_err *err)
{
	const struct http_server_settings settings = { .listen = svc->common.listen };

	if (http_server_new(svc->base, &settings, &svc->health, err))
		return err->code;
	return http_server_add_routes(svc->health, routes, svc, err);
}
