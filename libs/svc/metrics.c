/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.c: counters, readings and histograms in Prometheus text format 0.0.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "svc/internal.h"

#define COUNTERS 128
#define BUCKETS 12
#define GAUGES 128

/* Of times in seconds, and of batches in events. */
static const double seconds_bounds[BUCKETS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
	0.5, 1, 5, 30 };
static const double size_bounds[BUCKETS] = { 1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256 };

struct counter {
	const char *name, *label, *value; /* static strings; name NULL: free */
	uint64_t count;
};

struct gauge {
	char name[40], label[24], value[72]; /* name empty: free */
	double reading;
};

struct histogram {
	uint64_t buckets[BUCKETS + 1];
	double sum;
};

struct metrics {
	pthread_mutex_t lock;
	struct counter counters[COUNTERS];
	struct gauge gauges[GAUGES];
	double readings[METRIC_READINGS];
	struct histogram histograms[METRIC_HISTOGRAMS];
};

static const struct {
	const char *name, *help;
	const double *bounds;
} histogram_names[] = {
	[METRIC_PROCESSING] = { "event_processing_seconds", "One batch from load to commit.",
	    seconds_bounds },
	[METRIC_AGE] = { "event_age_seconds", "From the event's own time to its decision.",
	    seconds_bounds },
	[METRIC_BATCH] = { "batch_events", "How many events shared one transaction.", size_bounds },
};

/* Taken when somebody asks.  What only grows while a process lives is a counter. */
static const struct {
	const char *name, *type, *help;
} reading_names[] = {
	[METRIC_NATS_CONNECTED] = { "nats_connected", "gauge", "1 while there is a connection." },
	[METRIC_NATS_RECONNECTS] = { "nats_reconnects_total", "counter",
	    "How often the connection was made anew." },
	[METRIC_NATS_ERRORS] = { "nats_async_errors_total", "counter",
	    "What the server complained about." },
	[METRIC_NATS_VIOLATIONS] = { "nats_violations_total", "counter",
	    "Subjects that the server denied: a permission is missing." },
	[METRIC_OUTBOX_ROWS] = { "outbox_rows", "gauge", "Events that are not published yet." },
	[METRIC_OUTBOX_OLDEST] = { "outbox_oldest_seconds", "gauge",
	    "Age of the oldest event that is not published yet." },
	[METRIC_COMMANDS_WAITING] = { "commands_waiting", "gauge",
	    "Calls of the API that wait for their transaction." },
	[METRIC_WORK_IN_HAND] = { "work_in_hand", "gauge",
	    "What is being done outside of a transaction." },
};

struct metrics *
metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	cs_assert(metrics != NULL && pthread_mutex_init(&metrics->lock, NULL) == 0);
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	(void)pthread_mutex_destroy(&metrics->lock);
	free(metrics);
}

static bool
is_counter(const struct counter *counter, const char *name, const char *label, const char *value)
{
	return strcmp(counter->name, name) == 0 && strcmp(counter->label, label) == 0 &&
	       strcmp(counter->value, value) == 0;
}

void
metrics_count(
    struct metrics *metrics, const char *name, const char *label, const char *value, uint64_t add)
{
	pthread_mutex_lock(&metrics->lock);
	for (size_t i = 0; i < COUNTERS; i++) {
		struct counter *counter = &metrics->counters[i];

		if (counter->name == NULL)
			*counter = (struct counter){ name, label, value, 0 };
		if (is_counter(counter, name, label, value)) {
			counter->count += add;
			break;
		}
	}
	pthread_mutex_unlock(&metrics->lock);
}

static bool
is_gauge(const struct gauge *gauge, const char *name, const char *label, const char *value)
{
	return strcmp(gauge->name, name) == 0 && strcmp(gauge->label, label) == 0 &&
	       strcmp(gauge->value, value) == 0;
}

void
metrics_gauge(
    struct metrics *metrics, const char *name, const char *label, const char *value, double reading)
{
	pthread_mutex_lock(&metrics->lock);
	for (size_t i = 0; i < GAUGES; i++) {
		struct gauge *gauge = &metrics->gauges[i];

		if (gauge->name[0] == '\0') {
			(void)snprintf(gauge->name, sizeof(gauge->name), "%s", name);
			(void)snprintf(gauge->label, sizeof(gauge->label), "%s", label);
			(void)snprintf(gauge->value, sizeof(gauge->value), "%s", value);
		}
		if (is_gauge(gauge, name, label, value)) {
			gauge->reading = reading;
			break;
		}
	}
	pthread_mutex_unlock(&metrics->lock);
}

void
metrics_read(struct metrics *metrics, enum metric_reading which, double value)
{
	pthread_mutex_lock(&metrics->lock);
	metrics->readings[which] = value;
	pthread_mutex_unlock(&metrics->lock);
}

void
metrics_observe(struct metrics *metrics, enum metric_histogram which, double value)
{
	const double *bounds = histogram_names[which].bounds;
	size_t i = 0;

	while (i < BUCKETS && value > bounds[i])
		i++;
	pthread_mutex_lock(&metrics->lock);
	metrics->histograms[which].buckets[i]++;
	metrics->histograms[which].sum += value > 0 ? value : 0;
	pthread_mutex_unlock(&metrics->lock);
}

static bool
seen_before(const struct counter *counters, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(counters[k].name, counters[i].name) == 0)
			return true;
	return false;
}

/* All rows of a family stand together under one HELP and TYPE. */
static void
write_counters(const struct metrics *metrics, struct cs_buf *out)
{
	for (size_t i = 0; i < COUNTERS && metrics->counters[i].name != NULL; i++) {
		const char *name = metrics->counters[i].name;

		if (seen_before(metrics->counters, i))
			continue;
		cs_buf_printf(out, "# HELP countersign_%s_total How many since the start, by %s.\n",
		    name, metrics->counters[i].label);
		cs_buf_printf(out, "# TYPE countersign_%s_total counter\n", name);
		for (size_t k = i; k < COUNTERS && metrics->counters[k].name != NULL; k++) {
			const struct counter *c = &metrics->counters[k];

			if (strcmp(c->name, name) == 0)
				cs_buf_printf(out, "countersign_%s_total{%s=\"%s\"} %llu\n", name,
				    c->label, c->value, (unsigned long long)c->count);
		}
	}
}

static bool
shown_before(const struct gauge *gauges, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(gauges[k].name, gauges[i].name) == 0)
			return true;
	return false;
}

static void
write_gauges(const struct metrics *metrics, struct cs_buf *out)
{
	const struct gauge *gauges = metrics->gauges;

	for (size_t i = 0; i < GAUGES && gauges[i].name[0] != '\0'; i++) {
		if (shown_before(gauges, i))
			continue;
		cs_buf_printf(out, "# HELP countersign_%s As last seen, by %s.\n", gauges[i].name,
		    gauges[i].label);
		cs_buf_printf(out, "# TYPE countersign_%s gauge\n", gauges[i].name);
		for (size_t k = i; k < GAUGES && gauges[k].name[0] != '\0'; k++)
			if (strcmp(gauges[k].name, gauges[i].name) == 0)
				cs_buf_printf(out, "countersign_%s{%s=\"%s\"} %.17g\n",
				    gauges[k].name, gauges[k].label, gauges[k].value,
				    gauges[k].reading);
	}
}

static void
write_readings(const struct metrics *metrics, struct cs_buf *out)
{
	for (size_t i = 0; i < METRIC_READINGS; i++) {
		const char *name = reading_names[i].name;

		cs_buf_printf(out, "# HELP countersign_%s %s\n", name, reading_names[i].help);
		cs_buf_printf(out, "# TYPE countersign_%s %s\n", name, reading_names[i].type);
		cs_buf_printf(out, "countersign_%s %.17g\n", name, metrics->readings[i]);
	}
}

static void
write_histograms(const struct metrics *metrics, struct cs_buf *out)
{
	for (size_t h = 0; h < METRIC_HISTOGRAMS; h++) {
		const struct histogram *histogram = &metrics->histograms[h];
		const char *name = histogram_names[h].name;
		uint64_t sum = 0;

		cs_buf_printf(out, "# HELP countersign_%s %s\n", name, histogram_names[h].help);
		cs_buf_printf(out, "# TYPE countersign_%s histogram\n", name);
		for (size_t i = 0; i < BUCKETS; i++) {
			sum += histogram->buckets[i];
			cs_buf_printf(out, "countersign_%s_bucket{le=\"%g\"} %llu\n", name,
			    histogram_names[h].bounds[i], (unsigned long long)sum);
		}
		sum += histogram->buckets[BUCKETS];
		cs_buf_printf(out, "countersign_%s_bucket{le=\"+Inf\"} %llu\n", name,
		    (unsigned long long)sum);
		cs_buf_printf(out, "countersign_%s_sum %.9g\ncountersign_%s_count %llu\n", name,
		    histogram->sum, name, (unsigned long long)sum);
	}
}

/* CPU time and memory under Prometheus' standard names. */
static void
write_process(struct cs_buf *out)
{
	struct timespec cpu = { 0 };
	unsigned long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file != NULL) {
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers that fit */
		if (fscanf(file, "%lu %lu", &pages, &resident) != 2)
			resident = 0;
		(void)fclose(file);
	}
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	cs_buf_printf(out,
	    "# HELP process_cpu_seconds_total User and system time.\n"
	    "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total %.6f\n",
	    (double)cpu.tv_sec + (double)cpu.tv_nsec / 1e9);
	cs_buf_printf(out,
	    "# HELP process_resident_memory_bytes Resident memory.\n"
	    "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes %lu\n",
	    resident * (unsigned long)sysconf(_SC_PAGESIZE));
}

struct cs_span
metrics_text(struct metrics *metrics, const char *service, struct cs_arena *arena)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_printf(&out,
	    "# HELP countersign_build_info What runs here.\n# TYPE countersign_build_info gauge\n"
	    "countersign_build_info{service=\"%s\"} 1\n",
	    service);
	write_process(&out);
	pthread_mutex_lock(&metrics->lock);
	write_counters(metrics, &out);
	write_gauges(metrics, &out);
	write_readings(metrics, &out);
	write_histograms(metrics, &out);
	pthread_mutex_unlock(&metrics->lock);
	return cs_buf_span(&out);
}
