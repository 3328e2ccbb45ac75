/* SPDX-License-Identifier: Apache-2.0 */
/* figures.c: what was measured, as one JSON object. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "load.h"
#include "sink.h"

bool
figures_count(const struct load *load, double due_ms, double now)
{
	double when = load->rate > 0 ? due_ms : now;

	return when >= load->begin_ms && when < load->end_ms;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
by_octets(const void *a, const void *b)
{
	return memcmp(a, b, SERIAL_MAX);
}

static size_t
distinct_serials(struct load *load)
{
	size_t n = load->n_fetched > 0;

	qsort(load->serials, load->n_fetched, SERIAL_MAX, by_octets);
	for (size_t i = 1; i < load->n_fetched; i++)
		n += memcmp(load->serials[i - 1], load->serials[i], SERIAL_MAX) != 0;
	return n;
}

/* Who was due and has no certificate waits still: at least as long as until now. */
static void
count_waiting(struct load *load)
{
	double now = now_ms();

	if (load->rate <= 0)
		return;
	for (int i = 0; i < load->n_flows; i++)
		if (load->flows[i].step != IDLE && figures_count(load, load->flows[i].due_ms, now))
			load->took[load->n_took++] = now - load->flows[i].due_ms;
	for (size_t i = load->next_arrival; i < load->n_arrivals; i++)
		if (figures_count(load, load->start_ms + load->arrivals[i], now))
			load->took[load->n_took++] = now - load->start_ms - load->arrivals[i];
}

static double
quantile(const struct load *load, double q)
{
	return load->n_took == 0 ? 0 : load->took[(size_t)(q * (double)(load->n_took - 1))];
}

void
figures_print(struct load *load)
{
	double used_us = cpu_us() - load->cpu_start_us, drained_s = (now_ms() - load->end_ms) / 1e3;
	size_t distinct = distinct_serials(load);
	json_t *out;

	count_waiting(load);
	qsort(load->took, load->n_took, sizeof(double), by_value);
	out = json_pack(
	    "{s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i, s:f, s:b, s:f, s:I, s:I, s:I, s:I, s:I}",
	    "per_second", (double)load->n_in_time / load->run_s, "p50_ms", quantile(load, .5),
	    "p99_ms", quantile(load, .99), "errors", (json_int_t)load->errors, "accepted",
	    (json_int_t)load->accepted, "fetched", (json_int_t)load->n_fetched, "distinct_serials",
	    (json_int_t)distinct, "arrivals", (json_int_t)load->n_arrivals, "unstarted",
	    (json_int_t)load->unstarted, "backlog", load->backlog, "unfinished", load->busy,
	    "drained_s", drained_s, "keys_ran_out",
	    load->next_csr == load->n_csrs && load->rate <= 0, "cpu_us", used_us, "list_calls",
	    (json_int_t)load->list_calls, "list_items", (json_int_t)load->list_items,
	    "single_calls", (json_int_t)load->single_calls, "mails",
	    (json_int_t)(sink_mails(load->sink) - load->mails_before), "repeated",
	    (json_int_t)api_repeated(load->api));
	need(out != NULL, "no memory");
	(void)json_dumpf(out, stdout, JSON_REAL_PRECISION(12));
	(void)puts("");
	json_decref(out);
}
