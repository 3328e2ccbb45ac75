/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler_people.c: each question about people to its decision, and what is answered.  No token, proof or
 * invitation is ever logged.
 */
#include "handler_people.h"

#include "config_people.h"
#include "handler.h"
#include "wire.h"

/* ---- who asks ---- */

enum cs_code
people_read_who(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_ask *ask = CS_NEW(ev->arena, struct people_ask);

	(void)self;
	if (wire_read_who(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = people_token_id(ask->sha256);
	ev->what = ask;
	return CS_OK;
}

void
people_on_who(const void *self, struct svc_event *ev)
{
	struct policy_case *state = ev->state;
	struct people_caller caller;
	const bool known = people_identify(state->people, ev->what, ev->now_ms, &caller);

	(void)self;
	svc_reply(ev, 0, wire_write_who(ev->arena, known ? &caller : NULL));
	log_debug(ev->log, "who decided result=%s", known ? "known" : "unknown");
}

/* ---- coming in ---- */

static struct people_setting
setting(const struct svc_event *ev)
{
	return (struct people_setting){ ev->now_ms, ev->random, ev->arena };
}

static struct people_world *
world_of(const struct svc_event *ev)
{
	const struct policy_case *state = ev->state;

	return state->people;
}

enum cs_code
people_read_salt(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_ask *ask = CS_NEW(ev->arena, struct people_ask);

	(void)self;
	if (wire_read_salt(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = ask->has_token ? people_token_id(ask->sha256)
				 : people_id(ask->enterprise, ask->account);
	ev->what = ask;
	return CS_OK;
}

void
people_on_salt(const void *self, struct svc_event *ev)
{
	const struct people_setting in = setting(ev);
	const struct people_salt salt = people_decide_salt(&in, world_of(ev), ev->what);

	(void)self;
	svc_reply(ev, 0, wire_write_salt(ev->arena, &salt));
}

enum cs_code
people_read_login(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_login_ask *ask = CS_NEW(ev->arena, struct people_login_ask);

	(void)self;
	if (wire_read_login(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = people_id(ask->who.enterprise, ask->who.account);
	ev->what = ask;
	return CS_OK;
}

void
people_on_login(const void *self, struct svc_event *ev)
{
	const struct people_setting in = setting(ev);
	const struct people_login login = people_decide_login(&in, world_of(ev), ev->what);

	(void)self;
	svc_reply(ev, 0, wire_write_login(ev->arena, &login));
	/* No name: people type passwords into the wrong field. */
	log_info(ev->log, "login decided result=%s", people_verdict_name(login.verdict));
}

enum cs_code
people_read_password(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_password_ask *ask = CS_NEW(ev->arena, struct people_password_ask);

	(void)self;
	if (wire_read_password(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = people_token_id(ask->who.sha256);
	ev->what = ask;
	return CS_OK;
}

static void
note_password(const struct policy_service *policy, struct svc_event *ev,
    const struct people_password_ask *ask)
{
	const struct policy_case *state = ev->state;
	const struct config_setting in = { &policy->rules, ev->arena, ev->now_ms, ev->random };

	config_people_note_password(&in, state->documents,
	    people_find_credential(state->people, ask->who.sha256), ask->who.source);
}

void
people_on_password(const void *self, struct svc_event *ev)
{
	const struct people_setting in = setting(ev);
	const struct people_password_ask *ask = ev->what;
	const enum people_verdict verdict = people_decide_password(&in, world_of(ev), ask);

	if (verdict == PEOPLE_WELCOME)
		note_password(self, ev, ask);
	svc_reply(ev, 0, wire_write_password(ev->arena, verdict));
	log_info(ev->log, "password decided by=%s result=%s",
	    people_kind_name(ask->by_invitation ? PEOPLE_INVITATION : PEOPLE_SESSION),
	    people_verdict_name(verdict));
}

enum cs_code
people_read_logout(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_ask *ask = CS_NEW(ev->arena, struct people_ask);

	(void)self;
	if (wire_read_logout(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = people_token_id(ask->sha256);
	ev->what = ask;
	return CS_OK;
}

void
people_on_logout(const void *self, struct svc_event *ev)
{
	const bool ended = people_decide_logout(world_of(ev), ev->what, ev->now_ms);

	(void)self;
	svc_reply(ev, 0, wire_write_logout(ev->arena, ended));
	log_info(ev->log, "logout decided result=%s", ended ? "ended" : "unknown");
}
