/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c: a closed loop of certificate requests over the public HTTP API.
 *
 *   load HOST PORT TOKEN PROFILE OUTSTANDING WARM_S RUN_S MAILBOX...
 *
 * Each flow: create (a fresh P-256 key and CSR, made before the clock starts), wait until it is ready,
 * approve, wait until issued, fetch the certificate.  States are read by listing the newest requests, as
 * a screen with many requests would, not by one poll a flow.  Prints one JSON object.
 */
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define POLL_MS 15
#define LIST_MAX 100 /* the API's own limit */
#define FLOWS_MAX 1024
#define PREPARED 40000

enum step { IDLE, CREATING, WAITING_READY, APPROVING, WAITING_ISSUED, FETCHING };

struct flow {
	enum step step;
	char id[40];
	double since_ms;
	struct load *load;
};

struct load {
	struct event_base *base;
	const char *host, *token, *profile;
	uint16_t port;
	char **mailboxes;
	int n_mailboxes, outstanding;
	double begin_ms, end_ms; /* what counts is issued between these */
	struct flow flows[FLOWS_MAX];
	char **csrs;
	size_t n_csrs, next_csr;
	double *took;
	size_t n_took, cap_took;
	unsigned long created, issued, errors, refused, lists;
	bool listing_ready, listing_issued, over;
	struct evhttp_connection *lists_of[2]; /* kept: one for each list */
	struct event *poll, *stop;
};

static double
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* What this process used of the processors so far. */
static double
cpu_us(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	return 1e6 * (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* ---- requests with keys of their own ---- */

static char *
make_csr(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	if (key == NULL || req == NULL || bio == NULL || !X509_REQ_set_pubkey(req, key) ||
	    !X509_REQ_sign(req, key, EVP_sha256()) || !PEM_write_bio_X509_REQ(bio, req))
		abort();
	len = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)len);
	BIO_free(bio);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return copy;
}

/* ---- HTTP ---- */

typedef void answered(struct load *load, struct flow *flow, int status, json_t *body);

struct call {
	struct load *load;
	struct flow *flow;
	answered *done;
};

static void
on_reply(struct evhttp_request *req, void *arg)
{
	struct call *call = arg;
	int status = req == NULL ? 0 : evhttp_request_get_response_code(req);
	struct evbuffer *in = req == NULL ? NULL : evhttp_request_get_input_buffer(req);
	size_t len = in == NULL ? 0 : evbuffer_get_length(in);
	json_t *body =
	    len == 0 ? NULL : json_loadb((const char *)evbuffer_pullup(in, -1), len, 0, NULL);

	call->done(call->load, call->flow, status, body);
	json_decref(body);
	free(call);
}

static struct evhttp_connection *
connect_to(struct load *load)
{
	struct evhttp_connection *connection =
	    evhttp_connection_base_new(load->base, NULL, load->host, load->port);

	evhttp_connection_set_timeout(connection, 30);
	return connection;
}

/* `kept` NULL: on a connection of its own, which ends with the answer. */
static void
send_call(struct load *load, struct flow *flow, struct evhttp_connection *kept,
    enum evhttp_cmd_type method, const char *path, const char *body, answered *done)
{
	struct call *call = calloc(1, sizeof(*call));
	struct evhttp_connection *connection = kept == NULL ? connect_to(load) : kept;
	struct evhttp_request *req;
	char bearer[128], host[64];

	if (call == NULL)
		abort();
	*call = (struct call){ load, flow, done };
	req = evhttp_request_new(on_reply, call);
	if (kept == NULL) {
		evhttp_connection_free_on_completion(connection);
		(void)evhttp_add_header(
		    evhttp_request_get_output_headers(req), "Connection", "close");
	}
	(void)snprintf(bearer, sizeof(bearer), "Bearer %s", load->token);
	(void)snprintf(host, sizeof(host), "%s:%u", load->host, load->port);
	(void)evhttp_add_header(evhttp_request_get_output_headers(req), "Host", host);
	(void)evhttp_add_header(evhttp_request_get_output_headers(req), "Authorization", bearer);
	if (body != NULL) {
		(void)evhttp_add_header(
		    evhttp_request_get_output_headers(req), "Content-Type", "application/json");
		(void)evbuffer_add(evhttp_request_get_output_buffer(req), body, strlen(body));
	}
	if (evhttp_make_request(connection, req, method, path) != 0)
		abort();
}

/* ---- one flow ---- */

static void begin(struct load *load, struct flow *flow);

static void
fail(struct load *load, struct flow *flow, const char *what, int status, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);

	if (load->errors++ < 5)
		(void)fprintf(
		    stderr, "load: %s: status %d %s\n", what, status, text == NULL ? "" : text);
	free(text);
	begin(load, flow);
}

static void
on_certificate(struct load *load, struct flow *flow, int status, json_t *body)
{
	double now = now_ms();

	if (status != 200) {
		fail(load, flow, "certificate", status, body);
		return;
	}
	if (now >= load->begin_ms && now < load->end_ms) {
		load->issued++;
		if (load->n_took == load->cap_took) {
			load->cap_took = load->cap_took == 0 ? 4096 : 2 * load->cap_took;
			load->took = realloc(load->took, load->cap_took * sizeof(double));
			if (load->took == NULL)
				abort();
		}
		load->took[load->n_took++] = now - flow->since_ms;
	}
	begin(load, flow);
}

static void
on_approved(struct load *load, struct flow *flow, int status, json_t *body)
{
	if (status < 200 || status > 299)
		fail(load, flow, "approve", status, body);
	else
		flow->step = WAITING_ISSUED;
}

static void
on_created(struct load *load, struct flow *flow, int status, json_t *body)
{
	const char *id = json_string_value(json_object_get(body, "id"));

	if (status < 200 || status > 299 || id == NULL || strlen(id) >= sizeof(flow->id)) {
		fail(load, flow, "create", status, body);
		return;
	}
	load->created++;
	(void)snprintf(flow->id, sizeof(flow->id), "%s", id);
	flow->step = WAITING_READY;
}

static void
begin(struct load *load, struct flow *flow)
{
	const char *mailbox = load->mailboxes[load->created % (unsigned long)load->n_mailboxes];
	json_t *body;
	char *text;

	flow->step = IDLE;
	if (load->over || load->next_csr == load->n_csrs)
		return;
	body = json_pack("{s:s, s:s, s:[s]}", "profile", load->profile, "csr",
	    load->csrs[load->next_csr++], "mailboxes", mailbox);
	text = json_dumps(body, JSON_COMPACT);
	flow->step = CREATING;
	flow->since_ms = now_ms();
	send_call(load, flow, NULL, EVHTTP_REQ_POST, "/v1/requests", text, on_created);
	free(text);
	json_decref(body);
}

static void
advance(struct load *load, struct flow *flow, const char *state)
{
	char path[120];

	if (flow->step == WAITING_READY && strcmp(state, "ready") == 0) {
		flow->step = APPROVING;
		(void)snprintf(path, sizeof(path), "/v1/requests/%s/approve", flow->id);
		send_call(load, flow, NULL, EVHTTP_REQ_POST, path, NULL, on_approved);
	} else if (flow->step == WAITING_ISSUED && strcmp(state, "issued") == 0) {
		flow->step = FETCHING;
		(void)snprintf(
		    path, sizeof(path), "/v1/requests/%s/certificate?format=pem", flow->id);
		send_call(load, flow, NULL, EVHTTP_REQ_GET, path, NULL, on_certificate);
	} else if ((flow->step == WAITING_READY || flow->step == WAITING_ISSUED) &&
		   strcmp(state, "refused") == 0) {
		load->refused++;
		fail(load, flow, "refused", 0, NULL);
	}
}

static void
take_list(struct load *load, int status, json_t *body)
{
	json_t *item;
	size_t i;

	load->lists++;
	if (status != 200) {
		load->errors++;
		return;
	}
	json_array_foreach(json_object_get(body, "requests"), i, item)
	{
		const char *id = json_string_value(json_object_get(item, "id"));
		const char *state = json_string_value(json_object_get(item, "state"));

		for (int k = 0; id != NULL && state != NULL && k < load->outstanding; k++)
			if (strcmp(load->flows[k].id, id) == 0)
				advance(load, &load->flows[k], state);
	}
}

static void
on_ready(struct load *load, struct flow *flow, int status, json_t *body)
{
	(void)flow;
	load->listing_ready = false;
	take_list(load, status, body);
}

static void
on_issued(struct load *load, struct flow *flow, int status, json_t *body)
{
	(void)flow;
	load->listing_issued = false;
	take_list(load, status, body);
}

/* A flow that has left the newest ones is asked for by itself. */
static void
on_one(struct load *load, struct flow *flow, int status, json_t *body)
{
	const char *state = json_string_value(json_object_get(body, "state"));

	if (status == 200 && state != NULL)
		advance(load, flow, state);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;
	char path[80];

	(void)fd;
	(void)what;
	if (!load->listing_ready) {
		load->listing_ready = true;
		(void)snprintf(path, sizeof(path), "/v1/requests?state=ready&limit=%d", LIST_MAX);
		send_call(load, NULL, load->lists_of[0], EVHTTP_REQ_GET, path, NULL, on_ready);
	}
	if (!load->listing_issued) {
		load->listing_issued = true;
		(void)snprintf(path, sizeof(path), "/v1/requests?state=issued&limit=%d", LIST_MAX);
		send_call(load, NULL, load->lists_of[1], EVHTTP_REQ_GET, path, NULL, on_issued);
	}
	for (int k = 0; k < load->outstanding; k++) {
		struct flow *flow = &load->flows[k];
		bool waits = flow->step == WAITING_READY || flow->step == WAITING_ISSUED;

		if (waits && now_ms() - flow->since_ms > 2000 && (k + (int)load->lists) % 64 == 0) {
			(void)snprintf(path, sizeof(path), "/v1/requests/%s", flow->id);
			send_call(load, flow, NULL, EVHTTP_REQ_GET, path, NULL, on_one);
		}
	}
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct load *load = arg;

	(void)fd;
	(void)what;
	load->over = true;
	(void)event_base_loopbreak(load->base);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
quantile(const struct load *load, double q)
{
	return load->n_took == 0 ? 0 : load->took[(size_t)(q * (double)(load->n_took - 1))];
}

int
main(int argc, char *argv[])
{
	static struct load load;
	double warm_s, run_s;

	if (argc < 9) {
		(void)fprintf(stderr,
		    "usage: load HOST PORT TOKEN PROFILE OUTSTANDING WARM_S RUN_S MAILBOX...\n");
		return 2;
	}
	load.host = argv[1];
	load.port = (uint16_t)atoi(argv[2]);
	load.token = argv[3];
	load.profile = argv[4];
	load.outstanding = atoi(argv[5]) < FLOWS_MAX ? atoi(argv[5]) : FLOWS_MAX;
	warm_s = atof(argv[6]);
	run_s = atof(argv[7]);
	load.mailboxes = argv + 8;
	load.n_mailboxes = argc - 8;
	load.n_csrs = (size_t)((warm_s + run_s) * 2000) < PREPARED
			  ? (size_t)((warm_s + run_s) * 2000)
			  : PREPARED;
	load.csrs = calloc(load.n_csrs, sizeof(char *));
	for (size_t i = 0; i < load.n_csrs; i++)
		load.csrs[i] = make_csr();
	(void)fprintf(stderr, "load: %zu keys are ready\n", load.n_csrs);
	double cpu_before_us = cpu_us();

	load.base = event_base_new();
	load.lists_of[0] = connect_to(&load);
	load.lists_of[1] = connect_to(&load);
	load.begin_ms = now_ms() + warm_s * 1000;
	load.end_ms = load.begin_ms + run_s * 1000;
	load.poll = event_new(load.base, -1, EV_PERSIST, on_poll, &load);
	load.stop = evtimer_new(load.base, on_stop, &load);
	const struct timeval every = { 0, POLL_MS * 1000 };
	const struct timeval end = { (time_t)(warm_s + run_s), 0 };

	(void)event_add(load.poll, &every);
	(void)event_add(load.stop, &end);
	for (int k = 0; k < load.outstanding; k++) {
		load.flows[k].load = &load;
		begin(&load, &load.flows[k]);
	}
	(void)event_base_dispatch(load.base);
	qsort(load.took, load.n_took, sizeof(double), by_value);
	(void)printf(
	    "{\"outstanding\": %d, \"seconds\": %.1f, \"issued\": %lu, \"per_second\": %.1f,"
	    " \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"errors\": %lu, \"refused\": %lu,"
	    " \"cpu_us\": %.0f}\n",
	    load.outstanding, run_s, load.issued, (double)load.issued / run_s, quantile(&load, .5),
	    quantile(&load, .99), load.errors, load.refused,
	    (cpu_us() - cpu_before_us) / (double)(load.created > 0 ? load.created : 1));
	return load.errors == 0 ? 0 : 1;
}
