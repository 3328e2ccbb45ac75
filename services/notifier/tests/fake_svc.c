/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svc.h"

#include <stdio.h>
#include <string.h>

#define BINDS 32
#define ANSWERS 64

static struct {
	struct fake_stage *stage;
	bool unknown, stuck;
	struct fake_bind binds[BINDS];
	size_t n_binds;
	struct cs_span answers[ANSWERS];
	size_t n_answers;
	unsigned commands;
} svc;

void
fake_svc_use(struct fake_stage *stage)
{
	memset(&svc, 0, sizeof(svc));
	svc.stage = stage;
}

void
fake_svc_follows(bool follows)
{
	svc.unknown = !follows;
}

void
fake_svc_stuck(bool stuck)
{
	svc.stuck = stuck;
}

size_t
fake_svc_finished(void)
{
	return svc.n_answers;
}

struct cs_span
fake_svc_answer(size_t i)
{
	assert_true(i < svc.n_answers);
	return svc.answers[i];
}

size_t
fake_svc_binds(void)
{
	return svc.n_binds;
}

const struct fake_bind *
fake_svc_bind(size_t i)
{
	assert_true(i < svc.n_binds);
	return &svc.binds[i];
}

void
fake_svc_bound(size_t i, enum directory_outcome outcome)
{
	const struct fake_bind *bind = fake_svc_bind(i);

	bind->done(bind->arg, outcome, "127.0.0.1 answered");
}

/* ---- what the service calls ---- */

bool
svc_command(struct svc *self, const char *subject, struct cs_id key, struct cs_span body,
    const void *context, svc_answered *answered, void *arg)
{
	char id[24];
	const struct svc_test_event event = {
		.id = id, .subject = subject, .body = body, .key = key, .context = context
	};
	struct cs_span reply = { NULL, 0 };
	uint32_t status = 0;

	(void)self;
	if (svc.stuck)
		return false;
	(void)snprintf(id, sizeof(id), "command-%u", ++svc.commands);
	svc_test_set_time(svc.stage->test, svc.stage->now_ms);
	svc_test_run(svc.stage->test, &event, 1);
	const bool ok = svc_test_reply(svc.stage->test, id, &status, &reply);

	answered(arg, ok, status, reply);
	return true;
}

void
svc_finish(struct svc_work *work, const char *subject, struct cs_span body, struct cs_span part)
{
	(void)work;
	(void)part;
	assert_null(subject); /* nothing is published */
	cs_assert(svc.n_answers < ANSWERS);
	svc.answers[svc.n_answers++] = cs_arena_copy_span(svc.stage->arena, body);
}

bool
svc_follows(const struct svc *self)
{
	(void)self;
	return !svc.unknown;
}

void
svc_count(struct svc *self, const char *name, const char *label, const char *value)
{
	(void)self;
	cs_assert(name != NULL && label != NULL && value != NULL);
}

bool
directory_bind(struct directories *directories, const struct directory_bind *bind,
    directory_done *done, void *arg)
{
	struct cs_arena *arena = svc.stage->arena;

	(void)directories;
	cs_assert(svc.n_binds < BINDS);
	svc.binds[svc.n_binds++] = (struct fake_bind){ bind->platform,
		cs_arena_strdup(arena, bind->endpoint), cs_arena_strdup(arena, bind->name),
		cs_arena_strndup(arena, (const char *)bind->password.data, bind->password.len),
		done, arg };
	return true;
}

/* What the rest of the service would need of the skeleton, and no test of it reaches. */

struct event_base *
svc_base(struct svc *self)
{
	(void)self;
	fail_msg("no loop here");
	return NULL;
}

const struct log_context *
svc_log(const struct svc *self)
{
	(void)self;
	fail_msg("no log here");
	return NULL;
}

bool
svc_test_mode(const struct svc *self)
{
	(void)self;
	return true;
}

void
svc_child_told(void *arg, enum sandbox_fact fact, const char *text)
{
	(void)arg;
	fail_msg("child %s %s", sandbox_fact_name(fact), text);
}

void
svc_done(struct svc_work *work, struct cs_span result)
{
	(void)work;
	(void)result;
	fail_msg("no work here");
}

void
svc_follow(struct svc *self, const char *subject, svc_told *told, void *arg)
{
	(void)self;
	(void)told;
	(void)arg;
	fail_msg("nobody tells of %s", subject);
}

void
svc_watch_trust(struct svc *self, struct claim_trust *trust, const char *path)
{
	(void)self;
	(void)trust;
	fail_msg("nobody watches %s", path);
}

enum cs_code
directories_open(const struct directories_settings *settings, struct event_base *base,
    struct directories **ret, struct cs_err *err)
{
	(void)settings;
	(void)base;
	(void)ret;
	return cs_fail(err, CS_INTERNAL, "no children here");
}

void
directories_close(struct directories *directories)
{
	(void)directories;
}
