/* SPDX-License-Identifier: Apache-2.0 */
#include "handler_config.h"

#include <string.h>

#include "handler.h"
#include "pki/hash.h"
#include "policy.h"
#include "wire.h"

#define SUBJECT "ask.policy.config"

const struct config_event *
config_event_of(const struct svc_event *ev)
{
	return strcmp(ev->subject, SUBJECT) == 0 ? ev->what : NULL;
}

/* Calls that change something share an aggregate, so that they are decided one after the other. */
static struct cs_id
key_of_changes(void)
{
	uint8_t digest[32];

	pki_sha256(cs_span_str(SUBJECT), digest);
	return cs_id_from_digest(digest);
}

/* False: it is a call about documents. */
static bool
read_people(struct cs_arena *arena, const struct config_http *http, struct config_event *event)
{
	struct config_people_call *call = CS_NEW(arena, struct config_people_call);

	if (!config_people_read(arena, http, call))
		return false;
	event->people = call;
	event->who.question = PEOPLE_CREDENTIALS;
	event->who.enterprise = call->enterprise;
	event->who.account = call->account;
	event->ask = (struct config_ask){ .act = CONFIG_PEOPLE,
		.kind = CONFIG_PERSON,
		.enterprise = call->enterprise,
		.name = call->account,
		.writes_people = config_people_writes(call) };
	return true;
}

static bool
read_identity(struct cs_arena *arena, const struct config_http *http, struct config_event *event)
{
	struct config_identity_call *call = CS_NEW(arena, struct config_identity_call);
	const bool mine = config_identity_read(arena, http, call);

	if (!mine)
		return false;
	event->identity = call;
	event->ask = (struct config_ask){ .act = CONFIG_IDENTITY,
		.kind = CONFIG_PERSON,
		.enterprise = call->enterprise,
		.name = call->account,
		.writes_people = config_identity_writes(call) };
	return true;
}

enum cs_code
config_on_ask_read(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct policy_service *policy = self;
	struct config_event *event = CS_NEW(ev->arena, struct config_event);
	struct config_http http;

	if (wire_read_config(ev->arena, ev->body, &http, err))
		return CS_MALFORMED;
	people_ask_token(&event->who, http.token);
	event->who.source = http.source;
	if (!read_people(ev->arena, &http, event) && !read_identity(ev->arena, &http, event))
		event->ask = config_read(&policy->rules, ev->arena, &http);
	ev->key = config_writes(&event->ask) ? key_of_changes() : ev->id;
	ev->what = event;
	return CS_OK;
}

static struct config_caller
caller_of(const struct svc_event *ev, const struct config_event *event)
{
	const struct policy_case *c = ev->state;
	struct people_caller who;
	struct config_caller caller = { .enterprise = "", .account = "", .credential = "" };
	char *credential = cs_arena_alloc(ev->arena, CS_ID_TEXT);

	if (!people_identify(c->people, &event->who, ev->now_ms, &who) || who.must_change)
		return caller;
	cs_id_format(who.credential, credential);
	return (struct config_caller){
		.known = true,
		.enterprise = who.enterprise,
		.account = who.account,
		.roles = who.roles,
		.scopes = (people_allows(who.scopes, PEOPLE_CONFIG_READ) ? CONFIG_MAY_READ : 0) |
			  (people_allows(who.scopes, PEOPLE_CONFIG_WRITE) ? CONFIG_MAY_WRITE : 0) |
			  (people_allows(who.scopes, PEOPLE_PEOPLE_WRITE) ? CONFIG_MAY_PEOPLE : 0),
		.credential = credential,
		.source = event->who.source,
	};
}

static struct config_answer
answer_people(
    const struct config_setting *in, struct policy_case *c, const struct config_event *event)
{
	struct people_caller who;
	const bool known =
	    people_identify(c->people, &event->who, in->now_ms, &who) && !who.must_change;

	return config_people_decide(
	    in, c->documents, c->people, known ? &who : NULL, event->who.source, event->people);
}

/* Also of a document that has just gone away: it lies in front of what it was. */
static struct cs_id
id_of(const struct config_state *state, const struct config_change *change)
{
	for (const struct config_doc *doc = state->docs; doc != NULL; doc = doc->next)
		if (doc->kind == change->kind && strcmp(doc->name, change->name) == 0 &&
		    strcmp(doc->enterprise, change->enterprise) == 0)
			return doc->id;
	return (struct cs_id){ { 0 } };
}

/* Services act on connectors, so that they are told of them by a signed statement. */
static struct cs_span
connector_told(const struct policy_service *policy, struct svc_event *ev,
    const struct config_change *change, struct cs_id id)
{
	const struct claim_setting setting = {
		.document = id,
		.kind = config_kind_name(change->kind),
		.enterprise = change->enterprise,
		.name = change->name,
		.version = change->version,
		.deleted = change->after.len == 0,
		.spec = change->after,
		.changed_at_ms = change->at_ms,
		.changed_by = change->who,
		.told_at_ms = ev->now_ms,
	};

	return claim_seal_setting(ev->arena, policy->key, &setting);
}

static void
tell(const struct policy_service *policy, struct svc_event *ev, const struct config_state *state,
    const struct config_change *change)
{
	const struct cs_id id = id_of(state, change);

	svc_emit(ev, config_kind_event(change->kind),
	    change->kind == CONFIG_CONNECTOR ? connector_told(policy, ev, change, id)
					     : wire_write_config_changed(ev->arena, change, id));
}

void
config_on_ask(const void *self, struct svc_event *ev)
{
	const struct policy_service *policy = self;
	const struct config_event *event = ev->what;
	struct policy_case *c = ev->state;
	const struct config_setting in = { &policy->rules, ev->arena, ev->now_ms, ev->random };
	const struct config_caller caller = caller_of(ev, event);
	const struct config_answer answer =
	    event->people != NULL ? answer_people(&in, c, event)
	    : event->identity != NULL
		? config_identity_decide(&in, c->documents, &caller, event->identity)
		: config_decide(&in, c->documents, &caller, &event->ask);

	for (const struct config_change *change = answer.made; change != NULL;
	     change = change->next)
		tell(policy, ev, c->documents, change);
	svc_reply(ev, answer.status, wire_write_config_answer(ev->arena, &answer));
	log_info(ev->log, "settings asked act=%d kind=%s enterprise=%s status=%u by=%s/%s",
	    (int)event->ask.act, config_kind_name(event->ask.kind), event->ask.enterprise,
	    answer.status, caller.enterprise, caller.account);
}

void
config_on_told(const void *self, struct svc_event *ev)
{
	const struct policy_service *policy = self;
	const struct policy_case *c = ev->state;
	unsigned n = 0;

	for (const struct config_doc *doc = c->documents->docs; doc != NULL; doc = doc->next, n++) {
		const struct config_change as_it_is = {
			.kind = doc->kind,
			.enterprise = doc->enterprise,
			.name = doc->name,
			.version = doc->version,
			.at_ms = doc->changed_ms,
			.who = doc->changed_by,
			.after = doc->spec,
		};

		tell(policy, ev, c->documents, &as_it_is);
	}
	log_info(ev->log, "connectors told again n=%u", n);
}
