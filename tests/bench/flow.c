/* SPDX-License-Identifier: Apache-2.0 */
/* flow.c: one request, step by step, from its creation to the certificate. */
#include <event2/event.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "load.h"

#define ERRORS_MAX 1000 /* then nothing more is learned */

/* ---- flows, by the id of their request ---- */

static struct flow **
bucket_of(struct load *load, const char *id)
{
	unsigned hash = 5381;

	for (const char *c = id; *c != '\0'; c++)
		hash = hash * 33 + (unsigned char)*c;
	return &load->buckets[hash % BUCKETS];
}

struct flow *
flow_find(struct load *load, const char *id)
{
	struct flow *flow = *bucket_of(load, id);

	while (flow != NULL && strcmp(flow->id, id) != 0)
		flow = flow->next;
	return flow;
}

static void
remember(struct load *load, struct flow *flow, const char *id)
{
	struct flow **bucket = bucket_of(load, id);

	(void)snprintf(flow->id, sizeof(flow->id), "%s", id);
	flow->next = *bucket;
	*bucket = flow;
}

static void
forget(struct load *load, struct flow *flow)
{
	struct flow **at = bucket_of(load, flow->id);

	while (*at != NULL && *at != flow)
		at = &(*at)->next;
	if (*at == flow)
		*at = flow->next;
	flow->id[0] = '\0';
}

static void
move(struct flow *flow, enum step step)
{
	flow->load->n_in[flow->step]--;
	flow->load->n_in[step]++;
	flow->step = step;
	flow->moved_ms = now_ms();
}

static void
flow_end(struct flow *flow)
{
	struct load *load = flow->load;

	forget(load, flow);
	move(flow, IDLE);
	flow->next = load->idle;
	load->idle = flow;
	load->busy--;
	refill(load);
}

static void
fail(struct flow *flow, const char *what, int status, const char *body)
{
	struct load *load = flow->load;

	if (load->errors++ < 5)
		(void)fprintf(stderr, "load: %s: status %d %.300s\n", what, status, body);
	if (load->phase == PROVING || load->errors > ERRORS_MAX)
		(void)event_base_loopbreak(load->base);
	flow_end(flow);
}

/* ---- one flow, step by step ---- */

static bool
is_fine(int status)
{
	return status >= 200 && status <= 299;
}

/* A DER certificate begins with SEQUENCE { SEQUENCE { [0] version, INTEGER serial. */
static bool
read_serial(const unsigned char *der, size_t len, unsigned char ret_serial[static SERIAL_MAX])
{
	static const unsigned char version[] = { 0xa0, 3, 2, 1, 2, 2 };
	const unsigned char *at = len < 64 ? NULL : memmem(der, 32, version, sizeof(version));

	if (at == NULL || at[6] > SERIAL_MAX - 1)
		return false;
	memset(ret_serial, 0, SERIAL_MAX);
	memcpy(ret_serial, at + 6, 1u + at[6]);
	return true;
}

static void
on_certificate(void *arg, int status, const char *body, size_t len)
{
	struct flow *flow = arg;
	struct load *load = flow->load;
	double now = now_ms();

	if (status != 200 ||
	    !read_serial((const unsigned char *)body, len, load->serials[load->n_fetched])) {
		fail(flow, "certificate", status, status == 200 ? "no serial" : body);
		return;
	}
	load->n_fetched++;
	load->n_in_time += now >= load->begin_ms && now < load->end_ms;
	if (figures_count(load, flow->due_ms, now))
		load->took[load->n_took++] = now - flow->due_ms;
	flow_end(flow);
}

/* A list may have shown the state before the answer to the call that leads to it was here. */
static void
await_state(struct flow *flow, enum step step)
{
	move(flow, step);
	flow_advance(flow, flow->state);
}

static void
on_approved(void *arg, int status, const char *body, size_t len)
{
	struct flow *flow = arg;

	(void)len;
	if (is_fine(status))
		await_state(flow, WAITING_ISSUED);
	else
		fail(flow, "approve", status, body);
}

static void
on_submitted(void *arg, int status, const char *body, size_t len)
{
	struct flow *flow = arg;

	(void)len;
	if (is_fine(status))
		await_state(flow, WAITING_READY);
	else
		fail(flow, "token", status, body);
}

static void
post(struct flow *flow, enum step step, const char *what, const char *body, api_answered *answered)
{
	char path[120];

	move(flow, step);
	(void)snprintf(path, sizeof(path), "/v1/requests/%s/%s", flow->id, what);
	api_post(flow->load->api, &(struct api_post){ .path = path, .body = body }, answered, flow);
}

/* The mail may be here before the answer to the press that asked for it. */
static void
submit_if_mailed(struct flow *flow)
{
	char body[80];

	if (flow->step != WAITING_MAIL || flow->token[0] == '\0')
		return;
	(void)snprintf(body, sizeof(body), "{\"token\":\"%s\"}", flow->token);
	post(flow, SUBMITTING, "checks/mailbox-1/token", body, on_submitted);
}

static void
on_pressed(void *arg, int status, const char *body, size_t len)
{
	struct flow *flow = arg;

	(void)len;
	if (!is_fine(status)) {
		fail(flow, "verify", status, body);
		return;
	}
	if (flow->proof == BY_FILE) {
		await_state(flow, WAITING_READY);
	} else {
		move(flow, WAITING_MAIL);
		submit_if_mailed(flow);
	}
}

/* A line of eight groups of four, as people would find it. */
static const char *
find_token(const char *text, size_t len)
{
	const char *end = text + len;

	for (const char *line = text; line != NULL && end - line > TOKEN_TEXT;) {
		const char *at = line + strspn(line, " ");
		bool fits = end - at > TOKEN_TEXT && at[TOKEN_TEXT] == '\r';

		for (int i = 0; fits && i < TOKEN_TEXT; i++)
			fits = i % 5 == 4 ? at[i] == '-'
					  : (at[i] >= 'A' && at[i] <= 'Z') ||
						(at[i] >= '2' && at[i] <= '7');
		if (fits)
			return at;
		line = memchr(line, '\n', (size_t)(end - line));
		line = line == NULL ? NULL : line + 1;
	}
	return NULL;
}

/* Mails and visitors say by a name alone whose they are: it begins with the number of its flow. */
static struct flow *
numbered(struct load *load, const char *name)
{
	return load->numbered[strtoul(name, NULL, 10) % FLOWS_MAX];
}

void
flow_on_mail(void *arg, const char *to, const char *text, size_t len)
{
	struct load *load = arg;
	struct flow *flow = numbered(load, to);
	const char *token;

	if (flow == NULL || (flow->step != PRESSING && flow->step != WAITING_MAIL) ||
	    strcmp(flow->mailbox, to) != 0)
		return; /* that a certificate was issued */
	token = find_token(text, len);
	if (token == NULL)
		return;
	(void)snprintf(flow->token, sizeof(flow->token), "%.*s", TOKEN_TEXT, token);
	submit_if_mailed(flow);
}

const char *
flow_on_visit(void *arg, const char *host, const char *path)
{
	struct flow *flow = numbered(arg, host);
	char url[sizeof(flow->url)];

	(void)snprintf(url, sizeof(url), "http://%s%s", host, path);
	return flow != NULL && flow->id[0] != '\0' && strcmp(flow->url, url) == 0 ? flow->content
										  : NULL;
}

void
flow_on_shown(struct flow *flow, json_t *request)
{
	json_t *checks = json_object_get(request, "checks"), *check;
	char what[60];
	size_t i;

	if (flow->step != WAITING_FILE)
		return;
	json_array_foreach(checks, i, check)
	{
		json_t *file = json_object_get(json_object_get(check, "you"), "file");
		const char *url = json_string_value(json_object_get(file, "url"));
		const char *content = json_string_value(json_object_get(file, "content"));

		if (url == NULL || content == NULL)
			continue;
		(void)snprintf(flow->url, sizeof(flow->url), "%s", url);
		(void)snprintf(flow->content, sizeof(flow->content), "%s", content);
		(void)snprintf(what, sizeof(what), "checks/%s/verify",
		    json_string_value(json_object_get(check, "id")));
		post(flow, PRESSING, what, NULL, on_pressed);
		return;
	}
}

/* What was approved with its request waits for nobody: if it does, policy found less proved than stands. */
static bool
is_in_vain(const struct flow *flow, const char *state)
{
	if (flow->approves && (strcmp(state, "validating") == 0 || strcmp(state, "ready") == 0))
		return true;
	return strcmp(state, "refused") == 0 || strcmp(state, "expired") == 0;
}

void
flow_advance(struct flow *flow, const char *state)
{
	char path[120];
	bool waits = flow->step == WAITING_PLAN || flow->step == WAITING_READY ||
		     flow->step == WAITING_MAIL || flow->step == WAITING_ISSUED;

	if (state != flow->state)
		(void)snprintf(flow->state, sizeof(flow->state), "%s", state);
	if (flow->step == WAITING_PLAN && strcmp(state, "validating") == 0) {
		if (flow->proof == BY_FILE)
			move(flow, WAITING_FILE);
		else
			post(flow, PRESSING, "checks/mailbox-1/verify", NULL, on_pressed);
	} else if (flow->step == WAITING_READY && strcmp(state, "ready") == 0) {
		post(flow, APPROVING, "approve", NULL, on_approved);
	} else if (flow->step == WAITING_ISSUED && strcmp(state, "issued") == 0) {
		move(flow, FETCHING);
		(void)snprintf(
		    path, sizeof(path), "/v1/requests/%s/certificate?format=der", flow->id);
		api_get(flow->load->api,
		    LISTS + (unsigned)(flow - flow->load->flows) % (API_LANES - LISTS), path,
		    on_certificate, flow);
	} else if (waits && is_in_vain(flow, state)) {
		fail(flow, state, 0, flow->id);
	}
}

static void
on_created(void *arg, int status, const char *text, size_t len)
{
	struct flow *flow = arg;
	json_t *body = is_fine(status) ? json_loadb(text, len, 0, NULL) : NULL;
	const char *id = json_string_value(json_object_get(body, "id"));

	if (id == NULL || strlen(id) >= sizeof(flow->id)) {
		fail(flow, "create", status, text);
	} else {
		flow->load->accepted++;
		remember(flow->load, flow, id);
		await_state(flow, flow->approves            ? WAITING_ISSUED
				  : flow->proof == STANDING ? WAITING_READY
							    : WAITING_PLAN);
	}
	json_decref(body);
}

/* The domain of the mailbox, which is proved first and stands, and a name below it that is new. */
static void
add_domains(const struct flow *flow, json_t *body)
{
	json_t *domains = json_pack("[s]", flow->load->domain);
	char name[100];

	(void)snprintf(name, sizeof(name), "%u.%s", flow->number, flow->load->domain);
	if (flow->load->phase != PROVING)
		(void)json_array_append_new(domains, json_string(name));
	(void)json_object_set_new(body, "domains", domains);
}

void
flow_begin(struct load *load, double due_ms, enum proof proof)
{
	struct flow *flow = load->idle;
	unsigned number = load->next_number++;
	json_t *body;
	char *text, key[40];

	load->idle = flow->next;
	load->busy++;
	flow->due_ms = due_ms;
	flow->proof = proof;
	flow->approves = proof == STANDING && !load->two_calls;
	flow->number = number;
	if (proof != STANDING)
		load->numbered[number % FLOWS_MAX] = flow;
	flow->token[0] = flow->state[0] = flow->url[0] = '\0';
	if (proof != BY_MAIL || load->phase == PROVING)
		number %= (unsigned)load->mailboxes;
	(void)snprintf(flow->mailbox, sizeof(flow->mailbox), "%u@%s", number, load->domain);
	body = json_pack("{s:s, s:s, s:[s]}", "profile", load->profile, "csr",
	    load->csrs[load->next_csr++], "mailboxes", flow->mailbox);
	if (proof == BY_FILE)
		add_domains(flow, body);
	if (flow->approves)
		(void)json_object_set_new(body, "approve", json_true());
	text = json_dumps(body, JSON_COMPACT);
	need(text != NULL, "no memory");
	move(flow, CREATING);
	(void)snprintf(key, sizeof(key), "bench-%u", flow->number);
	api_post(load->api, &(struct api_post){ "/v1/requests", text, key }, on_created, flow);
	free(text);
	json_decref(body);
}
