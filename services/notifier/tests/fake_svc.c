/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_svc.h"

#include <stdio.h>
#include <string.h>

#define BINDS 32
#define ANSWERS 64
#define LOGINS 32

static struct {
	struct fake_stage *stage;
	bool unknown, stuck;
	void (*happens)(void *arg);
	void *happens_to;
	struct fake_bind binds[BINDS];
	size_t n_binds;
	struct fake_login logins[LOGINS];
	size_t n_logins, n_told;
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

void
fake_svc_meanwhile(void (*happens)(void *arg), void *arg)
{
	svc.happens = happens;
	svc.happens_to = arg;
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

size_t
fake_svc_logins(void)
{
	return svc.n_logins;
}

size_t
fake_svc_waiting(void)
{
	return svc.n_logins - svc.n_told;
}

const struct fake_login *
fake_svc_login(size_t i)
{
	assert_true(i < svc.n_logins);
	return &svc.logins[i];
}

void
fake_svc_told(size_t i, const char *why_not, const char *url, const char *name)
{
	const struct fake_login *login = fake_svc_login(i);
	struct login_told told = { .said = "as it was told to", .url = url != NULL ? url : "" };

	if (why_not != NULL)
		told.why = oidc_refusal_find(why_not) != NULL ? *oidc_refusal_find(why_not)
							      : *saml_refusal_find(why_not);
	told.person.name = name;
	svc.n_told++;
	login->done(login->arg, &told);
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

	if (svc.happens != NULL)
		svc.happens(svc.happens_to);
	svc.happens = NULL;
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

static const char *
kept(const char *text)
{
	return text != NULL ? cs_arena_strdup(svc.stage->arena, text) : NULL;
}

void
login_start(struct logins *logins, const struct login_start *start, login_done *done, void *arg)
{
	const struct oidc_request *asked = &start->request;

	(void)logins;
	cs_assert(svc.n_logins < LOGINS);
	svc.logins[svc.n_logins++] = (struct fake_login){ .platform = start->at.platform,
		.endpoint = kept(start->at.endpoint),
		.client = kept(asked->client_id),
		.callback = kept(asked->redirect_uri),
		.state = kept(asked->state),
		.nonce = kept(asked->nonce),
		.verifier = kept(asked->verifier),
		.claim = kept(asked->claim),
		.done = done,
		.arg = arg };
}

void
login_finish(struct logins *logins, const struct login_finish *finish, login_done *done, void *arg)
{
	const struct oidc_exchange *exchange = &finish->exchange;

	(void)logins;
	cs_assert(svc.n_logins < LOGINS);
	svc.logins[svc.n_logins++] = (struct fake_login){ .finishes = true,
		.platform = finish->at.platform,
		.endpoint = kept(finish->at.endpoint),
		.client = kept(exchange->client_id),
		.secret = kept(exchange->secret),
		.callback = kept(exchange->redirect_uri),
		.state = kept(finish->redirect.state),
		.nonce = kept(finish->nonce),
		.verifier = kept(exchange->verifier),
		.claim = kept(finish->claim),
		.code = kept(exchange->code),
		.error = kept(finish->redirect.error),
		.issuer = kept(finish->redirect.issuer),
		.asked_s = finish->asked_s,
		.done = done,
		.arg = arg };
}

void
login_start_saml(
    struct logins *logins, const struct login_saml_start *start, login_done *done, void *arg)
{
	(void)logins;
	cs_assert(svc.n_logins < LOGINS);
	svc.logins[svc.n_logins++] = (struct fake_login){ .platform = start->at.platform,
		.endpoint = kept(start->at.endpoint),
		.client = kept(start->entity_id),
		.callback = kept(start->answer_at),
		.state = kept(start->state),
		.request_id = kept(start->request_id),
		.done = done,
		.arg = arg };
}

void
login_finish_saml(
    struct logins *logins, const struct login_saml_finish *finish, login_done *done, void *arg)
{
	(void)logins;
	cs_assert(svc.n_logins < LOGINS);
	svc.logins[svc.n_logins++] = (struct fake_login){ .finishes = true,
		.platform = finish->at.platform,
		.endpoint = kept(finish->at.endpoint),
		.client = kept(finish->entity_id),
		.callback = kept(finish->answer_at),
		.request_id = kept(finish->request_id),
		.claim = kept(finish->claim),
		.form = kept(finish->form),
		.asked_s = finish->asked_s,
		.done = done,
		.arg = arg };
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

enum cs_code
logins_open(const struct logins_settings *settings, struct event_base *base, struct logins **ret,
    struct cs_err *err)
{
	(void)settings;
	(void)base;
	(void)ret;
	return cs_fail(err, CS_INTERNAL, "no children here");
}

void
logins_close(struct logins *logins)
{
	(void)logins;
}
