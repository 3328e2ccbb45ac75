/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_login.c: a login at a provider of identities goes by the connector of the enterprise.  What a browser brings, and
 * the code that is shown, are in no row, event or log.  The client's secret is opened for an exchange, and to see at a
 * start that it can be; it is wiped each time.
 */
#include "on_login.h"

#include <string.h>

#include "base/text.h"
#include "login/login.h"
#include "login/state.h"
#include "on_codes.h"
#include "pki/hash.h"
#include "wire.h"

#define CALLBACK_OIDC "/second-factor/oidc"
#define CALLBACK_SAML "/second-factor/saml"
#define SUBJECT "sub" /* names a person where the connector says no other claim */

/* One login at one provider, now: borrowed from the book, which may change as soon as the loop goes on. */
struct place {
	const struct connector *connector;
	bool platform, saml;
	const char *endpoint, *claim, *callback;
	const char *owner;  /* who has a callback of their own; "": it is that of all */
	const char *client; /* of oidc our name there, of saml our entity id */
};

static const struct cs_refusal no_place[] = {
	{ "login-not-set-up", "second_factor", "",
	    "It is not set here where browsers come back to after a login.",
	    "Ask those who run this service for CS_REDIRECT_BASE of notifier." },
	{ "login-busy", "second_factor", "",
	    "As many people of this enterprise are logging in as may at once.",
	    "Try again in a minute." },
	{ "login-no-client", "second_factor", "",
	    "The provider's connector has no name or no secret of ours that could be used.",
	    "Ask an operator to set username and secret of the connector anew." },
};

/* `ret_secret` is to be wiped. */
static bool
open_secret(const struct notify_service *notify, const struct connector *connector,
    char ret_secret[static CONNECTOR_SECRET_MAX + 1])
{
	struct cs_err err;

	return connector->username[0] != '\0' &&
	       connector_unseal(connector, notify->sealing_key, ret_secret, &err) == CS_OK;
}

static const char *
client_of(const struct notify_service *notify, struct cs_arena *arena, const struct place *place)
{
	if (!place->saml)
		return place->connector->username;
	return notify->entity_id[0] != '\0'
		   ? notify->entity_id
		   : cs_arena_printf(arena, "%s" SAML_OWN_METADATA, notify->redirect_base);
}

static const char *
claim_of(const struct connector *connector)
{
	return connector->claim[0] != '\0' || connector->type == CONNECTOR_SAML ? connector->claim
										: SUBJECT;
}

/*
 * Each owner of connectors has a redirect URI of their own: a code which one provider gave never goes to another that
 * whoever began the login has put in its place.  Of SAML there is one for all: its answer names who gave it to whom.
 */
static const char *
callback_of(const struct notify_service *notify, struct cs_arena *arena, const char *owner)
{
	return owner[0] != '\0'
		   ? cs_arena_printf(arena, "%s" CALLBACK_OIDC "/%s", notify->redirect_base, owner)
		   : cs_arena_printf(arena, "%s" CALLBACK_SAML, notify->redirect_base);
}

/* False: it is not set where browsers come back to. */
static bool
find_place(const struct notify_service *notify, struct cs_arena *arena,
    const struct connector_entry *entry, struct place *ret)
{
	const struct connector *connector = &entry->connector;
	const bool saml = connector->type == CONNECTOR_SAML;

	if (notify->redirect_base[0] == '\0')
		return false;
	*ret = (struct place){
		.connector = connector,
		.platform = strcmp(connector->enterprise, CLAIM_PLATFORM) == 0,
		.saml = saml,
		.endpoint = connector->endpoint,
		.claim = claim_of(connector),
		.owner = saml ? "" : connector->enterprise,
	};
	ret->callback = callback_of(notify, arena, ret->owner);
	ret->client = client_of(notify, arena, ret);
	return true;
}

/* NULL: somebody may begin there; else what is missing. */
static const struct cs_refusal *
find_start(const struct notify_service *notify, struct cs_arena *arena,
    const struct connector_entry *entry, struct place *ret)
{
	char secret[CONNECTOR_SECRET_MAX + 1];
	bool good;

	if (!find_place(notify, arena, entry, ret))
		return &no_place[0];
	good = ret->saml || open_secret(notify, ret->connector, secret);
	pki_wipe(secret, sizeof(secret));
	return good ? NULL : &no_place[2];
}

static const struct connector_entry *
provider_of(const struct notify_service *notify, const char *enterprise, const char *method)
{
	const struct factor_method *found = factor_method_find(method);

	return found == NULL || found->logs_in == 0
		   ? NULL
		   : connector_book_find(notify->book, enterprise, found->logs_in);
}

/* ---- where a person is sent ---- */

static void
refuse_start(struct svc_work *work, const struct cs_refusal *why)
{
	svc_count(work->svc, "logins", "result", "not-begun");
	svc_finish(work, NULL, wire_write_no_login(work->arena, why), cs_span_str(NULL));
}

void
notify_leave_login(struct notify_service *notify, const char *enterprise)
{
	turns_give(&notify->turns, login_crowd(enterprise));
}

bool
notify_may_log_in(
    struct notify_service *notify, struct svc_work *work, const struct claim_factor_order *order)
{
	const struct connector_entry *entry = provider_of(notify, order->enterprise, order->method);
	struct place place;

	cs_assert(entry != NULL); /* whoever calls has seen that there is one */
	const struct cs_refusal *why = find_start(notify, work->arena, entry, &place);

	if (why == NULL && !turns_take(&notify->turns, login_crowd(order->enterprise)))
		why = &no_place[1];
	if (why != NULL)
		refuse_start(work, why);
	return why == NULL;
}

/* It has a turn. */
struct starting {
	struct notify_service *notify;
	struct svc_work *work;
	struct logins_begun login;
};

static void
log_provider(const struct svc_work *work, const char *what, const char *enterprise,
    const struct login_told *told)
{
	log_info(work->log, "provider asked for=%s enterprise=%s outcome=%s said=\"%s\"", what,
	    enterprise, told->why.code != NULL ? told->why.code : "good", told->said);
}

static void
on_started(void *arg, const struct login_told *told)
{
	const struct starting *starting = arg;
	struct svc_work *work = starting->work;

	notify_leave_login(starting->notify, starting->login.enterprise);
	log_provider(work, "start", starting->login.enterprise, told);
	if (told->why.code != NULL) {
		refuse_start(work, &told->why);
		return;
	}
	svc_count(work->svc, "logins", "result", "begun");
	svc_finish(work, NULL, wire_write_login_url(work->arena, &starting->login, told->url),
	    cs_span_str(NULL));
}

static struct login_secrets
secrets_of(const struct notify_service *notify, struct cs_arena *arena, const char *state,
    const struct logins_begun *login, const struct place *place)
{
	const struct logins_place at = { place->endpoint, place->client, place->claim };

	return login_secrets(arena, notify->code_key, state, logins_bound_at(arena, login, &at));
}

static void
start_saml(struct notify_service *notify, struct starting *starting, const struct place *place,
    const char *state, const char *request_id)
{
	const struct login_saml_start asked = { .at = { place->platform, place->endpoint },
		.entity_id = place->client,
		.answer_at = place->callback,
		.request_id = request_id,
		.state = state };

	login_start_saml(notify->logins, &asked, on_started, starting);
}

static void
start(struct notify_service *notify, struct starting *starting, const struct place *place)
{
	const struct logins_begun *login = &starting->login;
	struct cs_arena *arena = starting->work->arena;
	const struct login_named named = { login->request, login->challenge,
		login_crowd(login->enterprise) };
	const char *state = login_state(arena, notify->code_key, &named, place->owner);
	const struct login_secrets secrets = secrets_of(notify, arena, state, login, place);

	if (place->saml) {
		start_saml(notify, starting, place, state, secrets.request_id);
		return;
	}
	const struct login_start asked = { .at = { place->platform, place->endpoint },
		.request = { .client_id = place->client,
		    .redirect_uri = place->callback,
		    .state = state,
		    .nonce = secrets.nonce,
		    .verifier = secrets.verifier,
		    .claim = place->claim } };

	login_start(notify->logins, &asked, on_started, starting);
}

void
notify_log_in(struct notify_service *notify, struct svc_work *work, struct cs_span body)
{
	struct starting *starting = CS_NEW(work->arena, struct starting);
	struct place place;
	struct cs_err err;

	starting->notify = notify;
	starting->work = work;
	cs_assert(wire_read_begun(work->arena, body, &starting->login, &err) == CS_OK);
	const struct connector_entry *entry =
	    provider_of(notify, starting->login.enterprise, starting->login.method);

	if (entry == NULL) { /* gone meanwhile */
		notify_leave_login(notify, starting->login.enterprise);
		svc_count(work->svc, "logins", "result", "not-begun");
		svc_finish(work, NULL, wire_write_no_connector(work->arena, FACTOR_LOGIN),
		    cs_span_str(NULL));
		return;
	}
	const struct cs_refusal *why = find_start(notify, work->arena, entry, &place);

	if (why != NULL) {
		notify_leave_login(notify, starting->login.enterprise);
		refuse_start(work, why);
	} else {
		start(notify, starting, &place);
	}
}

/* ---- a browser came back: reading ---- */

struct asked {
	struct wire_login_return said;
	struct login_named named; /* all zero: the state is not ours */
};

/* A state that is not ours is a question all the same, whose answer says so. */
enum cs_code
notify_read_login(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct notify_service *notify = self;
	struct asked *asked = CS_NEW(ev->arena, struct asked);

	ev->what = asked;
	if (wire_read_login_return(ev->arena, ev->body, &asked->said, err))
		return CS_MALFORMED;
	if (login_state_read(
		ev->arena, notify->code_key, asked->said.state, asked->said.owner, &asked->named))
		ev->key = asked->named.request;
	return CS_OK;
}

/* The body of the decisions: the state, and whose provider it came back from. */
static struct cs_span
body_of(struct cs_arena *arena, const struct wire_login_return *said)
{
	return cs_span_str(cs_arena_printf(arena, "%s%s", said->state, said->owner));
}

enum cs_code
notify_read_return(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct notify_service *notify = self;
	const char *body = cs_arena_strndup(ev->arena, (const char *)ev->body.data, ev->body.len);
	const char *state = cs_arena_strndup(ev->arena, body, LOGIN_STATE_TEXT);
	struct login_named *named = CS_NEW(ev->arena, struct login_named);

	ev->what = named;
	if (!login_state_read(ev->arena, notify->code_key, state, body + strlen(state), named))
		return cs_fail(err, CS_MALFORMED, "no state of a login that began here");
	ev->key = named->request;
	return CS_OK;
}

/* What was parked comes without it: the browser has gone long ago. */
enum cs_code
notify_read_judged(const void *self, struct svc_event *ev, struct cs_err *err)
{
	if (ev->context == NULL)
		return cs_fail(err, CS_MALFORMED, "nobody knows any more what the provider said");
	return notify_read_return(self, ev, err);
}

/* ---- the loop thread ---- */

/* One browser that came back, and has a turn; in the arena of its work. */
struct returning {
	struct notify_service *notify;
	struct svc_work *work;
	const struct asked *asked;
	struct logins_begun login;
	struct logins_outcome outcome;
};

static void
finish(const struct returning *returning, struct cs_span answer)
{
	turns_give(&returning->notify->turns, returning->asked->named.crowd);
	svc_finish(returning->work, NULL, answer, cs_span_str(NULL));
}

/* Nothing happened, or nobody knows: who asks says that it may be tried again. */
static void
on_judged(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	const struct returning *returning = arg;

	svc_count(returning->work->svc, "logins", "result",
	    !ok             ? "lost"
	    : status == 200 ? "shown"
			    : "refused");
	finish(
	    returning, ok ? cs_arena_copy_span(returning->work->arena, body) : cs_span_str(NULL));
}

static void
judge(struct returning *returning)
{
	struct svc_work *work = returning->work;

	if (!svc_command(work->svc, LOGIN_JUDGED, returning->asked->named.request,
		body_of(work->arena, &returning->asked->said), &returning->outcome, on_judged,
		returning))
		finish(returning, cs_span_str(NULL));
}

static void
on_finished(void *arg, const struct login_told *told)
{
	struct returning *returning = arg;
	struct cs_arena *arena = returning->work->arena;

	log_provider(returning->work, "return", returning->login.enterprise, told);
	if (told->why.code != NULL)
		returning->outcome.refusal = cs_arena_strdup(arena, told->why.code);
	else
		returning->outcome.name = cs_arena_strdup(arena, told->person.name);
	judge(returning);
}

static void
exchange(struct returning *returning, const struct place *place, const char *secret)
{
	struct notify_service *notify = returning->notify;
	struct cs_arena *arena = returning->work->arena;
	const struct wire_login_return *said = &returning->asked->said;
	const struct login_secrets secrets =
	    secrets_of(notify, arena, said->state, &returning->login, place);
	const struct login_finish asked = { .at = { place->platform, place->endpoint },
		.redirect = { .code = said->code,
		    .state = said->state,
		    .error = said->error,
		    .issuer = said->issuer },
		.exchange = { .client_id = place->client,
		    .secret = secret,
		    .redirect_uri = place->callback,
		    .code = said->code != NULL ? said->code : "",
		    .verifier = secrets.verifier },
		.nonce = secrets.nonce,
		.claim = place->claim,
		.asked_s = returning->login.made_ms / CS_SECOND_MS };

	login_finish(notify->logins, &asked, on_finished, returning);
}

/* What came by another way than a provider of SAML posts is no answer of one. */
static void
read_answer(struct returning *returning, const struct place *place)
{
	struct notify_service *notify = returning->notify;
	const struct wire_login_return *said = &returning->asked->said;
	const struct login_secrets secrets =
	    secrets_of(notify, returning->work->arena, said->state, &returning->login, place);
	const struct login_saml_finish asked = { .at = { place->platform, place->endpoint },
		.form = said->form != NULL ? said->form : "",
		.entity_id = place->client,
		.answer_at = place->callback,
		.request_id = secrets.request_id,
		.claim = place->claim,
		.asked_s = returning->login.made_ms / CS_SECOND_MS };

	login_finish_saml(notify->logins, &asked, on_finished, returning);
}

static void
refuse_place(struct returning *returning)
{
	returning->outcome.refusal = LOGIN_NO_CONNECTOR;
	judge(returning);
}

static void
ask_provider(struct returning *returning)
{
	struct notify_service *notify = returning->notify;
	const struct logins_begun *login = &returning->login;
	const struct connector_entry *entry = provider_of(notify, login->enterprise, login->method);
	char secret[CONNECTOR_SECRET_MAX + 1];
	struct place place;

	/* Another's now: what the provider of before gave is for no other. */
	if (entry == NULL || !find_place(notify, returning->work->arena, entry, &place) ||
	    strcmp(place.owner, returning->asked->said.owner) != 0) {
		refuse_place(returning);
		return;
	}
	if (place.saml) {
		read_answer(returning, &place);
		return;
	}
	if (open_secret(notify, place.connector, secret))
		exchange(returning, &place, secret);
	else
		refuse_place(returning);
	pki_wipe(secret, sizeof(secret));
}

static void
on_returned(void *arg, bool ok, uint32_t status, struct cs_span body)
{
	struct returning *returning = arg;
	struct cs_err err;

	if (!ok || status != SAYS_LOG_IN) {
		on_judged(arg, ok, status, body);
		return;
	}
	cs_assert(wire_read_begun(returning->work->arena, body, &returning->login, &err) == CS_OK);
	returning->outcome.bound = logins_bound(returning->work->arena, &returning->login);
	ask_provider(returning);
}

static void
end_at_once(struct svc_work *work, const char *result, struct cs_span answer)
{
	svc_count(work->svc, "logins", "result", result);
	svc_finish(work, NULL, answer, cs_span_str(NULL));
}

/* Whoever cannot be asked for now has used nothing up, and is told to come again. */
void
notify_start_login(void *self, struct svc_work *work)
{
	struct notify_service *notify = self;
	struct returning *returning = CS_NEW(work->arena, struct returning);
	const struct asked *asked = work->what;

	*returning = (struct returning){ .notify = notify, .work = work, .asked = asked };
	if (cs_id_is_zero(asked->named.challenge))
		end_at_once(work, "refused", wire_write_login_refused(work->arena, LOGIN_UNKNOWN));
	else if (!svc_follows(notify->svc) || !turns_take(&notify->turns, asked->named.crowd))
		end_at_once(work, "busy", cs_span_str(NULL));
	else if (!svc_command(work->svc, LOGIN_RETURN, asked->named.request,
		     body_of(work->arena, &asked->said), NULL, on_returned, returning))
		finish(returning, cs_span_str(NULL));
}

/* ---- deciding ---- */

static struct codes_challenge
old_of(const struct svc_event *ev)
{
	const struct notify_case *c = ev->state;
	const struct login_named *named = ev->what;

	for (size_t i = 0; i < c->n_challenges; i++)
		if (cs_id_equal(c->challenges[i].id, named->challenge))
			return c->challenges[i];
	return (struct codes_challenge){ .enterprise = "", .account = "" };
}

static void
answer_refused(struct svc_event *ev, const char *refusal)
{
	svc_reply(ev, 403, wire_write_login_refused(ev->arena, refusal));
	log_info(ev->log, "login decided on=%s refused=%s", ev->subject, refusal);
}

void
notify_on_return(const void *self, struct svc_event *ev)
{
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = old_of(ev);
	const struct logins_returned returned = logins_decide_return(&in, &old);

	if (returned.refusal != NULL) {
		answer_refused(ev, returned.refusal);
		return;
	}
	const struct logins_begun login = logins_begun_of(&in, &returned.next);

	notify_put(ev, &returned.next);
	svc_reply(ev, SAYS_LOG_IN, wire_write_begun(ev->arena, &login));
	log_info(ev->log, "login decided on=%s says=\"the provider is asked\"", ev->subject);
}

void
notify_on_judged(const void *self, struct svc_event *ev)
{
	const struct logins_outcome *outcome = ev->context;
	const struct codes_setting in = notify_setting(self, ev);
	const struct codes_challenge old = old_of(ev);
	struct logins_judged judged = logins_decide_judged(&in, &old, outcome);

	if (judged.next.changed)
		notify_put(ev, &judged.next);
	if (judged.refusal != NULL) {
		answer_refused(ev, judged.refusal);
		return;
	}
	svc_reply(
	    ev, 200, wire_write_login_code(ev->arena, ev->key, judged.next.account, judged.code));
	pki_wipe(judged.code, sizeof(judged.code));
	log_info(ev->log, "login decided on=%s says=\"a code is shown\"", ev->subject);
}
