/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c: people who ask for certificates over the public HTTP API, and the relay that takes their mails.
 *
 *   load --api HOST:PORT --smtp PORT --token T --profile P --domain D --mailboxes N --warm S --seconds S
 *        (--outstanding N [--two-calls | --web ADDRESS] | --rate R)
 *
 * With --outstanding: a closed loop of requests for mailboxes that were proved before the clock starts, each approved
 * by the call that creates it; with --two-calls by another, when it is ready.  With
 * --rate: Poisson arrivals, each for a mailbox never seen before, proved with the token that is mailed to it; the
 * latency counts from the moment that the arrival was due, whether or not it could be started then.  With --web:
 * each for a name below the domain that was never seen before, proved with a file on the web server at that address.
 *
 * Prints "ready" and waits for a line on stdin; prints one JSON object at the end.  States are read from
 * lists of what changed, as a screen with many requests would, not by one poll a request.
 */
#include "load.h"

#include <event2/event.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api.h"
#include "keys.h"
#include "sink.h"
#include "web.h"

#define TICK_MS 20
#define PROVE_S 60
#define DRAIN_S 120
#define RATE_MAX 1500 /* certificates a second that keys are made for, in a closed loop */

void
need(bool fine, const char *what)
{
	if (fine)
		return;
	(void)fprintf(stderr, "load: %s\n", what);
	exit(2);
}

double
ms_of(clockid_t clock)
{
	struct timespec ts;

	(void)clock_gettime(clock, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

double
now_ms(void)
{
	return ms_of(CLOCK_MONOTONIC);
}

/* What this process used of the processors so far. */
double
cpu_us(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	return 1e6 * (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* ---- who begins when ---- */

static void
arrive(struct load *load)
{
	double now = now_ms();

	while (load->next_arrival < load->n_arrivals && load->idle != NULL &&
	       load->start_ms + load->arrivals[load->next_arrival] <= now)
		flow_begin(load, load->start_ms + load->arrivals[load->next_arrival++], BY_MAIL);
	if (load->next_arrival == load->n_arrivals || load->idle == NULL)
		return; /* whoever ends next makes a place */
	double wait_us = 1e3 * (load->start_ms + load->arrivals[load->next_arrival] - now);
	struct timeval wait = { (time_t)(wait_us / 1e6), (suseconds_t)fmod(wait_us, 1e6) };

	(void)event_add(load->arrival, &wait);
}

void
refill(struct load *load)
{
	switch (load->phase) {
	case PROVING:
		while (load->next_number < (unsigned)load->mailboxes)
			flow_begin(load, now_ms(), load->web == NULL ? BY_MAIL : BY_FILE);
		if (load->busy > 0)
			break;
		load->phase = AWAITING_GO;
		(void)puts("ready");
		(void)fflush(stdout);
		break;
	case RUNNING:
		if (load->rate > 0)
			arrive(load);
		else
			while (load->busy < load->outstanding && load->next_csr < load->n_csrs)
				flow_begin(load, now_ms(), load->web == NULL ? STANDING : BY_FILE);
		break;
	case DRAINING:
		if (load->busy == 0)
			(void)event_base_loopbreak(load->base);
		break;
	case AWAITING_GO:
		break;
	}
}

static void
on_arrival(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;

	(void)fd;
	(void)what;
	if (load->phase == RUNNING)
		arrive(load);
}

/* What was asked for before the clock started is not counted. */
static void
on_go(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;
	char line[8];

	(void)what;
	need(read(fd, line, sizeof(line)) > 0 && load->phase == AWAITING_GO, "nobody says go");
	load->accepted = load->errors = load->list_calls = load->list_items = 0;
	load->n_fetched = 0;
	load->mails_before = sink_mails(load->sink);
	load->cpu_start_us = cpu_us();
	load->start_ms = now_ms();
	load->begin_ms = load->start_ms + 1e3 * load->warm_s;
	load->end_ms = load->begin_ms + 1e3 * load->run_s;
	load->phase = RUNNING;
	refill(load);
}

static void
stop_clock(struct load *load)
{
	load->phase = DRAINING;
	load->backlog = load->busy;
	load->unstarted = load->n_arrivals - load->next_arrival;
	(void)event_del(load->arrival);
	refill(load);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;
	double now = now_ms();

	(void)fd;
	(void)what;
	lists_look(load);
	need(load->phase != PROVING || now - load->start_ms < 1e3 * PROVE_S,
	    "the proofs that shall stand could not be made in time");
	if (load->phase == RUNNING && now >= load->end_ms)
		stop_clock(load);
	if (load->phase == DRAINING && now >= load->end_ms + 1e3 * DRAIN_S)
		(void)event_base_loopbreak(load->base);
}

/* ---- before and after ---- */

static void
read_options(struct load *load, int argc, char *argv[])
{
	static const struct option known[] = {
		{ "api", required_argument, NULL, 'a' },
		{ "smtp", required_argument, NULL, 'm' },
		{ "token", required_argument, NULL, 't' },
		{ "profile", required_argument, NULL, 'p' },
		{ "domain", required_argument, NULL, 'd' },
		{ "mailboxes", required_argument, NULL, 'n' },
		{ "web", required_argument, NULL, 'b' },
		{ "warm", required_argument, NULL, 'w' },
		{ "seconds", required_argument, NULL, 's' },
		{ "outstanding", required_argument, NULL, 'o' },
		{ "rate", required_argument, NULL, 'r' },
		{ "two-calls", no_argument, NULL, '2' },
		{ NULL, 0, NULL, 0 },
	};
	char *port;

	for (int c = 0; (c = getopt_long(argc, argv, "", known, NULL)) != -1;) {
		switch (c) {
		case 'a':
			load->host = optarg;
			break;
		case 'm':
			load->smtp = (uint16_t)atoi(optarg);
			break;
		case 't':
			load->token = optarg;
			break;
		case 'p':
			load->profile = optarg;
			break;
		case 'd':
			load->domain = optarg;
			break;
		case 'n':
			load->mailboxes = atoi(optarg);
			break;
		case 'b':
			load->web = optarg;
			break;
		case 'w':
			load->warm_s = atof(optarg);
			break;
		case 's':
			load->run_s = atof(optarg);
			break;
		case 'o':
			load->outstanding = atoi(optarg);
			break;
		case 'r':
			load->rate = atof(optarg);
			break;
		case '2':
			load->two_calls = true;
			break;
		default:
			exit(2);
		}
	}
	port = load->host == NULL ? NULL : strrchr(load->host, ':');
	need(port != NULL && load->smtp != 0 && load->token != NULL && load->profile != NULL &&
		 load->domain != NULL && load->run_s > 0,
	    "--api, --smtp, --token, --profile, --domain and --seconds are needed");
	need((load->outstanding > 0) != (load->rate > 0), "one of --outstanding and --rate");
	need(load->outstanding <= FLOWS_MAX, "too many outstanding");
	need(load->mailboxes > 0 && load->mailboxes <= 50, "1 to 50 mailboxes");
	need(load->web == NULL || load->rate <= 0, "--web is for a closed loop");
	need(!load->two_calls || (load->web == NULL && load->rate <= 0),
	    "--two-calls is for mailboxes that were proved before");
	*port = '\0';
	load->port = (uint16_t)atoi(port + 1);
}

/* Times between arrivals are exponential; always the same ones, so that runs compare. */
static void
plan_arrivals(struct load *load)
{
	double at_ms = 0, whole_ms = 1e3 * (load->warm_s + load->run_s);
	size_t most = (size_t)(2 * load->rate * whole_ms / 1e3) + 1000;

	load->arrivals = calloc(most, sizeof(double));
	need(load->arrivals != NULL, "no memory");
	srand48(1);
	while (load->n_arrivals < most) {
		at_ms -= 1e3 * log(1 - drand48()) / load->rate;
		if (at_ms >= whole_ms)
			return;
		load->arrivals[load->n_arrivals++] = at_ms;
	}
}

static void
prepare(struct load *load)
{
	if (load->rate > 0)
		plan_arrivals(load);
	load->n_flows = load->rate > 0 ? FLOWS_MAX : load->outstanding;
	if (load->n_flows < load->mailboxes)
		load->n_flows = load->mailboxes;
	load->n_csrs =
	    (size_t)load->mailboxes +
	    (load->rate > 0 ? load->n_arrivals : (size_t)((load->warm_s + load->run_s) * RATE_MAX));
	load->csrs = keys_make(load->n_csrs);
	load->flows = calloc((size_t)load->n_flows, sizeof(*load->flows));
	load->took = calloc(load->n_csrs, sizeof(*load->took));
	load->serials = calloc(load->n_csrs, sizeof(*load->serials));
	need(load->csrs && load->flows && load->took && load->serials, "no memory");
	for (int i = load->n_flows - 1; i >= 0; i--) {
		load->flows[i].load = load;
		load->flows[i].next = load->idle;
		load->idle = &load->flows[i];
	}
	load->n_in[IDLE] = load->n_flows;
}

static void
connect_all(struct load *load)
{
	static const struct timeval every = { 0, TICK_MS * 1000 };

	load->base = event_base_new();
	need(load->base != NULL, "no event base");
	load->api = api_new(load->base, load->host, load->port, load->token);
	need(load->api != NULL, "--api is to be an IPv4 address and a port");
	load->sink = sink_new(load->base, load->smtp, flow_on_mail, load);
	need(load->sink != NULL, "the port for mails is taken");
	need(load->web == NULL || web_open(load->base, load->web, flow_on_visit, load),
	    "the address for the web sites is taken");
	lists_init(load);
	load->tick = event_new(load->base, -1, EV_PERSIST, on_tick, load);
	load->arrival = evtimer_new(load->base, on_arrival, load);
	load->go = event_new(load->base, STDIN_FILENO, EV_READ, on_go, load);
	need(load->tick && load->arrival && load->go, "no memory");
	(void)event_add(load->tick, &every);
	(void)event_add(load->go, NULL);
}

int
main(int argc, char *argv[])
{
	struct load *load = calloc(1, sizeof(*load));

	need(load != NULL, "no memory");
	read_options(load, argc, argv);
	prepare(load);
	connect_all(load);
	load->start_ms = now_ms();
	refill(load);
	(void)event_base_dispatch(load->base);
	need(load->phase != PROVING, "the proofs that shall stand could not be made");
	figures_print(load);
	return 0;
}
