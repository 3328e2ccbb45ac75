/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_svc.c: services that do nothing, and who keeps them busy; for tests/bench/skeleton.py.
 *
 *   bench_svc                                        a stage, as its environment says (fake_stage.h)
 *   bench_svc ASK HEARD OUTSTANDING WARM SECONDS     asks ASK so that OUTSTANDING events are under way, until each is
 *                                                    heard on HEARD; prints figures in JSON
 *
 * Rates and times are of the SECONDS after the WARM ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/id.h"
#include "base/time.h"
#include "bus/bus.h"
#include "catalogue/catalogue.h"
#include "fake_stage.h"

#define SECOND_US INT64_C(1000000)
#define PATIENCE_US (60 * SECOND_US) /* for what is under way at the end */
#define ANSWER_MS (30 * CS_SECOND_MS)

/* ---- the catalogue of these services, in place of the real one ---- */

#define LANE(n)                                                             \
	{                                                                   \
		"LANE" #n, "cs.lane" #n ".*", "events of one stage", 1, 512 \
	}
#define CONSUMER(n)                               \
	{                                         \
		"", "lane" #n ".passed", 1024, 30 \
	}

static const struct catalogue_lane lanes[] = { LANE(0), LANE(1), LANE(2), LANE(3), LANE(4), LANE(5),
	LANE(6), LANE(7), LANE(8), LANE(9), LANE(10), LANE(11), LANE(12), LANE(13), LANE(14),
	LANE(15) };
static const struct catalogue_consumer consumers[] = { CONSUMER(0), CONSUMER(1), CONSUMER(2),
	CONSUMER(3), CONSUMER(4), CONSUMER(5), CONSUMER(6), CONSUMER(7), CONSUMER(8), CONSUMER(9),
	CONSUMER(10), CONSUMER(11), CONSUMER(12), CONSUMER(13), CONSUMER(14), CONSUMER(15) };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct catalogue_lane *
catalogue_lanes(size_t *ret_n)
{
	*ret_n = COUNT(lanes);
	return lanes;
}

/* Nobody asks what became of the lanes: they stay as they were made. */
const struct catalogue_event *
catalogue_events(size_t *ret_n)
{
	*ret_n = 0;
	return NULL;
}

const struct catalogue_lane *
catalogue_lane_of(const char *subject)
{
	const size_t word = strcspn(subject, ".");

	for (size_t i = 0; i < COUNT(lanes); i++)
		if (strcspn(lanes[i].subjects + 3, ".") == word &&
		    strncmp(lanes[i].subjects + 3, subject, word) == 0)
			return &lanes[i];
	return NULL;
}

const struct catalogue_consumer *
catalogue_consumer_find(const char *service, const char *subject)
{
	(void)service;
	for (size_t i = 0; i < COUNT(consumers); i++)
		if (strcmp(consumers[i].subject, subject) == 0)
			return &consumers[i];
	return NULL;
}

/* There is one service in a process. */
const char *
catalogue_durable(struct cs_arena *arena, const struct catalogue_consumer *consumer)
{
	return cs_arena_printf(arena, "%s-%.*s", getenv("STAGE_NAME"),
	    (int)strcspn(consumer->subject, "."), consumer->subject);
}

/* ---- the load ---- */

struct passing {
	int64_t asked_us, heard_us; /* 0: not yet */
	char event[CS_ID_TEXT];     /* under which it was heard */
};

struct load {
	struct bus *bus;
	struct bus_queue *queue;
	const char *ask;
	struct passing *all; /* by number */
	size_t n, cap;       /* asked so far */
	size_t heard, answered, refused, doubled, strange;
	uint8_t body[STAGE_BODY];
};

static void
die(const char *what, const struct cs_err *err)
{
	(void)fprintf(stderr, "bench_svc: %s: %s\n", what, err->text);
	exit(1);
}

/* A key is as old as its event, as those of requests are; its last octets are the number. */
static void
ask(struct load *load)
{
	const uint32_t number = (uint32_t)load->n;
	const struct bus_out out = { .subject = load->ask,
		.body = cs_span_of(load->body, sizeof(load->body)) };
	uint8_t random[10];
	struct cs_err err;

	if (load->n == load->cap) {
		load->cap = 2 * load->cap + 4096;
		load->all = realloc(load->all, load->cap * sizeof(*load->all));
		cs_assert(load->all != NULL);
	}
	cs_random(random, sizeof(random));
	memcpy(random + 6, &number, sizeof(number));
	const struct cs_id key = cs_id_at(cs_now_ms(), random);

	memcpy(load->body, key.octets, sizeof(key.octets));
	load->all[load->n++] = (struct passing){ .asked_us = cs_mono_us() };
	if (bus_ask(load->queue, &out, number, ANSWER_MS, &err))
		die("ask", &err);
}

/* What is told again under its id is no second event: streams and inboxes drop it. */
static void
hear(struct load *load, const struct bus_item *item)
{
	const char *event = bus_header(item, "ce-id");
	uint32_t number = UINT32_MAX;

	if (item->body.len == STAGE_BODY)
		memcpy(&number, item->body.data + 12, sizeof(number));
	if (number >= load->n || event == NULL || strlen(event) >= CS_ID_TEXT) {
		load->strange++;
		return;
	}
	struct passing *passing = &load->all[number];

	if (passing->heard_us != 0) {
		load->doubled += strcmp(passing->event, event) != 0;
		return;
	}
	passing->heard_us = cs_mono_us();
	(void)snprintf(passing->event, sizeof(passing->event), "%s", event);
	load->heard++;
}

static void
take(struct load *load, struct bus_item *item)
{
	load->answered += item->kind == BUS_ANSWER;
	load->refused += item->kind == BUS_NO_ANSWER;
	if (item->kind == BUS_QUESTION)
		hear(load, item);
	bus_item_free(item);
}

static void
run(struct load *load, size_t outstanding, int64_t until_us)
{
	struct bus_item *items[256];
	int64_t now_us = cs_mono_us();

	while (now_us < until_us + PATIENCE_US && (now_us < until_us || load->heard < load->n ||
						      load->answered + load->refused < load->n)) {
		while (now_us < until_us && load->n - load->heard < outstanding)
			ask(load);
		const size_t n = bus_queue_take(load->queue, items, 256, 20);

		for (size_t i = 0; i < n; i++)
			take(load, items[i]);
		now_us = cs_mono_us();
	}
}

/* ---- figures ---- */

static int
by_size(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static long
cpu_us(void)
{
	struct rusage used;

	cs_assert(getrusage(RUSAGE_SELF, &used) == 0);
	return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SECOND_US + used.ru_utime.tv_usec +
	       used.ru_stime.tv_usec;
}

static void
print_figures(const struct load *load, int64_t from_us, int64_t until_us, long spent_us)
{
	int64_t *took = calloc(load->n + 1, sizeof(*took));
	size_t n = 0;

	cs_assert(took != NULL);
	for (size_t i = 0; i < load->n; i++)
		if (load->all[i].heard_us >= from_us && load->all[i].heard_us < until_us)
			took[n++] = load->all[i].heard_us - load->all[i].asked_us;
	qsort(took, n, sizeof(took[0]), by_size);
	(void)printf(
	    "{\"asked\": %zu, \"answered\": %zu, \"refused\": %zu, \"heard\": %zu, \"doubled\": %zu,"
	    " \"strange\": %zu, \"per_second\": %.1f, \"p50_ms\": %.1f, \"p99_ms\": %.1f,"
	    " \"cpu_us\": %ld}\n",
	    load->n, load->answered, load->refused, load->heard, load->doubled, load->strange,
	    (double)n * SECOND_US / (double)(until_us - from_us), (double)took[n / 2] / 1000,
	    (double)took[n * 99 / 100] / 1000, spent_us);
	free(took);
}

static int
load_main(char *argv[])
{
	const struct bus_settings settings = { .urls = getenv("CS_NATS_URL"),
		.ca_file = getenv("CS_NATS_CA_FILE"),
		.seed_file = getenv("CS_NATS_SEED_FILE"),
		.name = "load" };
	struct load load = { .ask = argv[1] };
	struct cs_err err;

	if (bus_open(&settings, &load.bus, &err))
		die("bus", &err);
	load.queue = bus_queue_new(load.bus);
	if (bus_serve(load.queue, argv[2], NULL, &err) || bus_flush(load.bus, ANSWER_MS, &err))
		die(argv[2], &err);
	cs_random(load.body, sizeof(load.body));
	const long spent_us = cpu_us();
	const int64_t from_us = cs_mono_us() + atoi(argv[4]) * SECOND_US;
	const int64_t until_us = from_us + atoi(argv[5]) * SECOND_US;

	run(&load, (size_t)atoi(argv[3]), until_us);
	print_figures(&load, from_us, until_us, cpu_us() - spent_us);
	bus_close(load.bus);
	bus_fini();
	free(load.all);
	return 0;
}

int
main(int argc, char *argv[])
{
	if (argc == 6)
		return load_main(argv);
	return stage_main(getenv("STAGE_NAME"));
}
