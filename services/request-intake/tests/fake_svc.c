/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svc.h"

#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "fake_policy.h"

#define GAUGES 8
#define HELD 8

struct held {
	bool ok;
	uint8_t answer[1024];
	size_t len;
	svc_answered *answered;
	void *arg;
};

static struct {
	struct svc_test *test;
	struct event_base *base;
	unsigned commands;
	bool overloaded, stuck, answers, hold;
	struct held held[HELD];
	size_t n_held;
	uint8_t answer[1024], asked[4096];
	size_t answer_len, asked_len;
	struct held then;
	unsigned until_then; /* questions; 0: not at all */
	const char *subject;
	struct {
		const char *name, *value;
		double reading;
	} gauges[GAUGES];
} svc;

void
fake_svc_use(struct svc_test *test)
{
	if (svc.base)
		event_base_free(svc.base);
	memset(&svc, 0, sizeof(svc));
	svc.base = test ? event_base_new() : NULL;
	svc.test = test;
	svc.subject = "";
}

void
fake_svc_overloaded(bool overloaded)
{
	svc.overloaded = overloaded;
}

void
fake_svc_stuck(bool stuck)
{
	svc.stuck = stuck;
}

void
fake_svc_answer(bool ok, struct cs_span body)
{
	cs_assert(body.len <= sizeof(svc.answer));
	if (body.len)
		memcpy(svc.answer, body.data, body.len);
	svc.answer_len = body.len;
	svc.answers = ok;
}

void
fake_svc_answer_then(bool ok, struct cs_span body)
{
	cs_assert(body.len <= sizeof(svc.then.answer));
	if (body.len)
		memcpy(svc.then.answer, body.data, body.len);
	svc.then.len = body.len;
	svc.then.ok = ok;
	svc.until_then = 2;
}

const char *
fake_svc_asked(struct cs_span *ret_body)
{
	*ret_body = cs_span_of(svc.asked, svc.asked_len);
	return svc.subject;
}

bool
svc_command(struct svc *self, const char *subject, struct cs_id key, struct cs_span body,
    const void *context, svc_answered *answered, void *arg)
{
	char id[24];
	const struct svc_test_event event = {
		.id = id, .subject = subject, .body = body, .key = key, .context = context
	};
	uint32_t status = 0;
	struct cs_span reply = { NULL, 0 };

	(void)self;
	if (svc.stuck)
		return false;
	(void)snprintf(id, sizeof(id), "command-%u", ++svc.commands);
	svc_test_run(svc.test, &event, 1);
	if (svc_test_reply(svc.test, id, &status, &reply))
		answered(arg, true, status, reply);
	else
		answered(arg, false, 0, cs_span_str(NULL));
	return true;
}

bool
svc_ask_store(struct svc *self, svc_query *query, struct cs_span ask, const void *context,
    svc_answered *answered, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	uint32_t status = 0;
	struct cs_span body = { NULL, 0 };
	struct cs_err err = { 0 };

	(void)self;
	if (svc.stuck) {
		cs_arena_free(arena);
		return false;
	}
	if (query(NULL, NULL, ask, context, arena, &status, &body, &err))
		answered(arg, false, 0, cs_span_str(NULL));
	else
		answered(arg, true, status, body);
	cs_arena_free(arena);
	return true;
}

static void
give(bool ok, struct cs_span body, svc_answered *answered, void *arg)
{
	struct held *held = &svc.held[svc.n_held];

	if (!svc.hold) {
		answered(arg, ok, 0, body);
		return;
	}
	cs_assert(svc.n_held < HELD && body.len <= sizeof(held->answer));
	*held = (struct held){ .ok = ok, .len = body.len, .answered = answered, .arg = arg };
	if (body.len)
		memcpy(held->answer, body.data, body.len);
	svc.n_held++;
}

void
fake_svc_hold(bool hold)
{
	svc.hold = hold;
	for (size_t i = 0; !hold && i < svc.n_held; i++)
		svc.held[i].answered(svc.held[i].arg, svc.held[i].ok, 0,
		    cs_span_of(svc.held[i].answer, svc.held[i].len));
	if (!hold)
		svc.n_held = 0;
}

static void
ask_who(struct cs_span body, svc_answered *answered, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span answer = { NULL, 0 };
	const bool ok = fake_policy_answer(arena, body, &answer);

	give(ok, answer, answered, arg);
	cs_arena_free(arena);
}

static bool
is_about_people(const char *subject)
{
	static const char *const subjects[] = { "ask.policy.salt", "ask.policy.login",
		"ask.policy.password", "ask.policy.logout" };

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++)
		if (strcmp(subjects[i], subject) == 0)
			return true;
	return false;
}

static void
ask_people(const char *subject, struct cs_span body, svc_answered *answered, void *arg)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span answer = { NULL, 0 };
	const bool ok = fake_policy_people(arena, subject, body, &answer);

	give(ok, answer, answered, arg);
	cs_arena_free(arena);
}

void
svc_question(struct svc *self, const char *subject, struct cs_span body, uint32_t timeout_ms,
    svc_answered *answered, void *arg)
{
	(void)self;
	cs_assert(timeout_ms > 0 && body.len <= sizeof(svc.asked));
	if (strcmp(subject, "ask.policy.who") == 0) {
		ask_who(body, answered, arg);
		return;
	}
	if (is_about_people(subject)) {
		ask_people(subject, body, answered, arg);
		return;
	}
	svc.subject = subject;
	memcpy(svc.asked, body.data, body.len);
	svc.asked_len = body.len;
	if (svc.until_then > 0 && --svc.until_then == 0)
		give(svc.then.ok, cs_span_of(svc.then.answer, svc.then.len), answered, arg);
	else
		give(svc.answers, cs_span_of(svc.answer, svc.answer_len), answered, arg);
}

bool
svc_overloaded(const struct svc *self)
{
	(void)self;
	return svc.overloaded;
}

void
svc_count(struct svc *self, const char *name, const char *label, const char *value)
{
	(void)self;
	cs_assert(name && label && value);
}

void
svc_gauge(struct svc *self, const char *name, const char *label, const char *value, double reading)
{
	(void)self;
	(void)label;
	for (size_t i = 0; i < GAUGES; i++) {
		if (svc.gauges[i].name && (strcmp(svc.gauges[i].name, name) != 0 ||
					      strcmp(svc.gauges[i].value, value) != 0))
			continue;
		svc.gauges[i].name = name;
		svc.gauges[i].value = value;
		svc.gauges[i].reading = reading;
		return;
	}
}

double
fake_svc_gauge(const char *name, const char *value)
{
	for (size_t i = 0; i < GAUGES; i++)
		if (svc.gauges[i].name && strcmp(svc.gauges[i].name, name) == 0 &&
		    strcmp(svc.gauges[i].value, value) == 0)
			return svc.gauges[i].reading;
	return -1;
}

struct event_base *
svc_base(struct svc *self)
{
	(void)self;
	return svc.base;
}
