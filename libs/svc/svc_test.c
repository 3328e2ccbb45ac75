/* SPDX-License-Identifier: Apache-2.0 */
/* svc_test.c: inbox, outbox and work in memory, under the same batch.c that services run on. */
#include "svc/svc_test.h"

#include <string.h>

#include "svc/internal.h"

#define EVENTS_MAX 4096

struct seen {
	const char *id;
	bool handled, has_reply;
	uint32_t status;
	struct cs_span reply;
};

struct svc_test {
	const struct svc_service *service;
	struct cs_arena *arena; /* of the whole test */
	int64_t now_ms;
	struct seen seen[EVENTS_MAX];
	size_t n_seen;
	struct svc_test_out outs[EVENTS_MAX];
	size_t n_outs;
	struct log_context log;
};

struct svc_test *
svc_test_new(const struct svc_service *service, int64_t now_ms)
{
	struct cs_arena *arena = cs_arena_new();
	struct svc_test *test = CS_NEW(arena, struct svc_test);

	test->arena = arena;
	test->service = service;
	test->now_ms = now_ms;
	test->log = (struct log_context){ .service = service->name, .level = LOG_ERROR };
	return test;
}

void
svc_test_free(struct svc_test *test)
{
	if (test != NULL)
		cs_arena_free(test->arena);
}

void
svc_test_set_time(struct svc_test *test, int64_t now_ms)
{
	test->now_ms = now_ms;
}

void
svc_test_set_log(struct svc_test *test, enum log_level level)
{
	test->log.level = level;
}

static struct seen *
find(const struct svc_test *test, const char *id)
{
	for (size_t i = 0; i < test->n_seen; i++)
		if (strcmp(test->seen[i].id, id) == 0)
			return (struct seen *)&test->seen[i];
	return NULL;
}

/* The event's identifier follows from its text, so that the same text is the same event. */
static struct cs_id
id_of(const char *text)
{
	uint8_t octets[16] = { 0 };

	for (size_t i = 0; text[i] != '\0'; i++)
		octets[i % 16] = (uint8_t)(octets[i % 16] * 31 + text[i]);
	return cs_id_from_digest(octets);
}

static enum cs_code
memory_begin(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct svc_test *test = arg;

	(void)batch;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct svc_test_event *given = (const void *)events[i]->item;
		struct seen *seen = find(test, given->id);

		events[i]->dropped = seen != NULL && seen->handled;
		for (size_t k = 0; k < i; k++) /* twice in one batch counts once */
			events[i]->dropped |= cs_id_equal(events[k]->ev.id, events[i]->ev.id);
	}
	return CS_OK;
}

static struct cs_span
keep(struct svc_test *test, struct cs_span span)
{
	return cs_arena_copy_span(test->arena, span);
}

static void
keep_outgoing(struct svc_test *test, const struct batch_event *event)
{
	for (const struct out_event *out = event->out.events; out != NULL; out = out->next) {
		cs_assert(test->n_outs < EVENTS_MAX);
		test->outs[test->n_outs++] =
		    (struct svc_test_out){ .subject = cs_arena_strdup(test->arena, out->subject),
			    .key = out->key,
			    .body = keep(test, out->body) };
	}
	for (const struct out_work *out = event->out.works; out != NULL; out = out->next) {
		cs_assert(test->n_outs < EVENTS_MAX);
		test->outs[test->n_outs++] =
		    (struct svc_test_out){ .subject =
					       cs_arena_printf(test->arena, "work.%s", out->kind),
			    .key = out->key,
			    .body = keep(test, out->body),
			    .due_ms = out->due_ms };
	}
	if (event->out.again) {
		cs_assert(test->n_outs < EVENTS_MAX);
		test->outs[test->n_outs++] = (struct svc_test_out){
			.subject = "again", .key = event->ev.key, .due_ms = event->out.again_ms
		};
	}
}

static enum cs_code
memory_commit(
    void *arg, struct svc_batch *batch, struct batch_event **events, size_t n, struct cs_err *err)
{
	struct svc_test *test = arg;

	(void)batch;
	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct svc_test_event *given = (const void *)events[i]->item;
		struct seen *seen = find(test, given->id);

		if (seen == NULL) {
			cs_assert(test->n_seen < EVENTS_MAX);
			seen = &test->seen[test->n_seen++];
			seen->id = cs_arena_strdup(test->arena, given->id);
		}
		if (!events[i]->dropped) {
			seen->has_reply = events[i]->out.has_reply;
			seen->status = events[i]->out.status;
			seen->reply = keep(test, events[i]->out.reply);
			keep_outgoing(test, events[i]);
		}
		seen->handled = true;
	}
	return CS_OK;
}

static void
memory_rollback(void *arg)
{
	(void)arg;
}

static enum cs_code
run(struct svc_test *test, struct cs_arena *arena, struct batch_event **events, size_t n)
{
	const struct batch_ports ports = { test, memory_begin, memory_commit, memory_rollback };
	const struct batch_run batch = {
		.service = test->service, .ports = &ports, .arena = arena, .now_ms = test->now_ms
	};
	enum cs_code code = CS_CONFLICT;
	struct cs_err err;

	for (int i = 0; i < CONFLICTS_MAX && code == CS_CONFLICT; i++)
		code = batch_run(&batch, events, n, &err);
	return code;
}

void
svc_test_run(struct svc_test *test, const struct svc_test_event *given, size_t n)
{
	struct cs_arena *arena = cs_arena_new();
	struct batch_event **events = CS_NEW_ARRAY(arena, n, struct batch_event *);

	for (size_t i = 0; i < n; i++) {
		struct batch_event *event = events[i] = CS_NEW(arena, struct batch_event);

		event->item = (struct bus_item *)(uintptr_t)&given[i]; /* only to find it again */
		event->ev = (struct svc_event){ .id = id_of(given[i].id),
			.subject = given[i].subject,
			.key = given[i].key,
			.body = given[i].body,
			.context = given[i].context,
			.time_ms = test->now_ms,
			.now_ms = test->now_ms,
			.arena = arena,
			.log = &test->log,
			.delivery = 1 };
		event->ev.work_id = event->ev.id;
		batch_read(test->service, event);
	}
	if (run(test, arena, events, n) != CS_OK)
		for (size_t i = 0; i < n; i++)
			(void)run(test, arena, &events[i], 1);
	cs_arena_free(arena);
}

bool
svc_test_acked(const struct svc_test *test, const char *id)
{
	const struct seen *seen = find(test, id);

	return seen != NULL && seen->handled;
}

size_t
svc_test_count(const struct svc_test *test, const char *subject)
{
	size_t n = 0;

	for (size_t i = 0; i < test->n_outs; i++)
		n += strcmp(test->outs[i].subject, subject) == 0;
	return n;
}

const struct svc_test_out *
svc_test_out(const struct svc_test *test, const char *subject, size_t i)
{
	for (size_t k = 0; k < test->n_outs; k++)
		if (strcmp(test->outs[k].subject, subject) == 0 && i-- == 0)
			return &test->outs[k];
	return NULL;
}

bool
svc_test_reply(
    const struct svc_test *test, const char *id, uint32_t *ret_status, struct cs_span *ret_body)
{
	const struct seen *seen = find(test, id);

	if (seen == NULL || !seen->has_reply)
		return false;
	*ret_status = seen->status;
	*ret_body = seen->reply;
	return true;
}
