/* SPDX-License-Identifier: Apache-2.0 */
/* load.h: what the parts of the generator share: one load, and its flows, each on the way to one certificate. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define FLOWS_MAX 4096 /* at once; later arrivals wait for a place */
#define BUCKETS 4096
#define LISTS 3
#define SERIAL_MAX 21
#define TOKEN_TEXT 39

enum step {
	IDLE,
	CREATING,
	WAITING_PLAN,
	WAITING_FILE,
	PRESSING,
	WAITING_MAIL,
	SUBMITTING,
	WAITING_READY,
	APPROVING,
	WAITING_ISSUED,
	FETCHING,
	STEPS
};

/* What a flow has to prove itself; the mailboxes of the others were proved before. */
enum proof { STANDING, BY_MAIL, BY_FILE };

struct load;

struct flow {
	struct load *load;
	struct flow *next; /* of the idle ones, or of its bucket */
	enum step step;
	enum proof proof;
	unsigned number;
	bool asking;
	bool approves; /* with the call that creates */
	char id[40], mailbox[100], token[TOKEN_TEXT + 1], state[16];
	char url[200], content[80]; /* of the file that proves the domain */
	double due_ms, moved_ms;
};

/* One walk through the pages of a list, for the flows in one step. */
struct list {
	struct load *load;
	const char *state;
	enum step awaits;
	bool busy;
	int pages;
	double since_ms, asked_ms, swept_ms; /* of the wall clock */
	char since[40], cursor[80];
};

enum phase { PROVING, AWAITING_GO, RUNNING, DRAINING };

struct load {
	/* asked for */
	const char *token, *profile, *domain;
	const char *web; /* an address; NULL: no domain is proved */
	char *host;
	uint16_t port, smtp;
	int outstanding, mailboxes;
	bool
	    two_calls; /* what stands proved is created by one, and approved by another when it is ready */
	double rate, warm_s, run_s;

	struct event_base *base;
	struct api *api;
	struct sink *sink;
	struct event *tick, *arrival, *go;
	enum phase phase;
	double start_ms, begin_ms, end_ms; /* what counts is issued, or due, between the last two */
	double cpu_start_us;

	struct flow *flows, *idle, *buckets[BUCKETS], *numbered[FLOWS_MAX];
	int n_flows, busy, n_in[STEPS], looked_at;
	struct list lists[LISTS];

	char **csrs;
	size_t n_csrs, next_csr;
	double *arrivals; /* of an open loop, after start_ms */
	size_t n_arrivals, next_arrival;

	double *took;
	unsigned char (*serials)[SERIAL_MAX];
	size_t n_took, n_fetched, n_in_time;
	unsigned long accepted, errors, list_calls, list_items, single_calls, mails_before;
	unsigned next_number;
	int backlog;      /* begun and not ended when the clock stopped */
	size_t unstarted; /* due by then, and never begun for want of a place */
};

/* Says so on stderr and ends the process, status 2, unless `fine`. */
void need(bool fine, const char *what);
double ms_of(clockid_t clock);
double now_ms(void);
double cpu_us(void); /* what this process used of the processors so far */

/* load.c: as many flows begin as should be under way now. */
void refill(struct load *load);

/* flow.c */
void flow_begin(struct load *load, double due_ms, enum proof proof);
/* Takes the next step when this state of its request is what the flow waits for. */
void flow_advance(struct flow *flow, const char *state);
struct flow *flow_find(struct load *load, const char *id); /* NULL: none of ours */
/* A sink_mail: `arg` is the load. */
void flow_on_mail(void *arg, const char *to, const char *text, size_t len);
/* The text of a request as the API shows it; what a flow that waits for a file needs is in it, or not yet. */
void flow_on_shown(struct flow *flow, json_t *request);
/* A web_find: `arg` is the load. */
const char *flow_on_visit(void *arg, const char *host, const char *path);

/* lists.c: learns what became of the requests. */
void lists_init(struct load *load);
void lists_look(struct load *load); /* at every tick */

/* figures.c */
bool figures_count(
    const struct load *load, double due_ms, double now); /* or is it before or after the time? */
void figures_print(struct load *load);

#endif
