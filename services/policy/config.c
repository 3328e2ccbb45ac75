/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "config_between.h"
#include "config_call.h"
#include "config_form.h"
#include "config_json.h"
#include "config_refusal.h"
#include "pki/hash.h"
#include "policy_connector.h"

/* What one call is decided with. */
struct deciding {
	const struct config_setting *in;
	struct config_state *state;
	const struct config_caller *caller;
	const struct config_ask *ask;
	struct config_doc *docs; /* as they would be then */
	struct config_change *made, **end;
	uint64_t version;
	struct config_answer answer;
};

/* ---- documents ---- */

bool
config_is_document(
    const struct config_doc *doc, enum config_kind kind, const char *enterprise, const char *name)
{
	return doc->kind == kind && strcmp(doc->name, name) == 0 &&
	       strcmp(doc->enterprise, enterprise) == 0;
}

const struct config_doc *
config_find(
    const struct config_doc *docs, enum config_kind kind, const char *enterprise, const char *name)
{
	for (; docs != NULL; docs = docs->next)
		if (config_is_document(docs, kind, enterprise, name))
			return docs->deleted ? NULL : docs;
	return NULL;
}

struct cs_span
config_public_spec(struct cs_arena *arena, enum config_kind kind, struct cs_span spec)
{
	if (kind != CONFIG_PERSON || spec.len == 0)
		return spec;
	json_t *all = config_json_own(spec);
	json_t *shown = json_pack("{s:O, s:O}", "active", json_object_get(all, "active"), "roles",
	    json_object_get(all, "roles"));

	json_decref(all);
	return config_json_dump(arena, shown);
}

static json_t *
spec_json(struct cs_arena *arena, enum config_kind kind, struct cs_span spec)
{
	if (spec.len == 0)
		return json_null();
	return config_json_own(
	    kind == CONFIG_CONNECTOR ? policy_connector_traced(arena, spec) : spec);
}

static json_t *
status_of(struct cs_arena *arena, const struct config_doc *doc)
{
	if (doc->kind == CONFIG_CONNECTOR)
		return config_json_own(policy_connector_status(arena, doc->spec));
	return doc->verified_until_ms > 0 ? json_pack("{s:b, s:s}", "verified", 1, "verified_until",
						config_time(arena, doc->verified_until_ms))
					  : json_pack("{s:b}", "verified", 0);
}

static json_t *
show_document(struct cs_arena *arena, const struct config_doc *doc)
{
	json_t *shown = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:o}", "kind",
	    config_kind_name(doc->kind), "enterprise", doc->enterprise, "name", doc->name,
	    "version", (json_int_t)doc->version, "changed_at", config_time(arena, doc->changed_ms),
	    "changed_by", doc->changed_by, "spec",
	    config_json_own(doc->kind == CONFIG_CONNECTOR ? policy_connector_shown(arena, doc->spec)
							  : doc->spec));

	if (doc->kind == CONFIG_DOMAIN || doc->kind == CONFIG_CONNECTOR)
		json_object_set_new(shown, "status", status_of(arena, doc));
	return shown;
}

/* ---- answers ---- */

struct cs_span
config_problem(struct cs_arena *arena, unsigned status, const struct cs_refusal *why)
{
	json_t *body = json_pack("{s:s, s:i, s:s, s:s}", "type", "about:blank", "status",
	    (int)status, "code", why->code, "detail", why->text);

	if (why->field != NULL && why->field[0] != '\0')
		json_object_set_new(body, "field", json_string(why->field));
	if (why->clause != NULL && why->clause[0] != '\0')
		json_object_set_new(body, "clause", json_string(why->clause));
	if (why->mend != NULL && why->mend[0] != '\0')
		json_object_set_new(body, "mend", json_string(why->mend));
	return config_json_dump(arena, body);
}

static bool
refuse(struct deciding *d, unsigned status, struct cs_refusal why)
{
	d->answer = (struct config_answer){ .status = status,
		.body = config_problem(d->in->arena, status, &why) };
	return false;
}

static bool
refuse_unknown(struct deciding *d)
{
	return refuse(d, 404, config_no_document);
}

static bool
is_allowed(struct deciding *d, enum config_verdict verdict, const struct cs_refusal *why)
{
	if (verdict == CONFIG_HIDDEN)
		return refuse_unknown(d);
	if (verdict == CONFIG_ALLOWED)
		return true;
	return refuse(d, 403, why != NULL && why->code != NULL ? *why : config_no_right);
}

static const char *
etag(struct cs_arena *arena, uint64_t version)
{
	return cs_arena_printf(arena, "\"%llu\"", (unsigned long long)version);
}

static void
answer_document(struct deciding *d, unsigned status, const struct config_doc *doc)
{
	struct cs_arena *arena = d->in->arena;

	d->answer.status = status;
	d->answer.body = config_json_dump(arena, show_document(arena, doc));
	d->answer.etag = etag(arena, doc->version);
}

/* ---- showing ---- */

static void
show(struct deciding *d)
{
	const struct config_ask *ask = d->ask;
	const struct config_doc *doc =
	    config_find(d->state->docs, ask->kind, ask->enterprise, ask->name);

	if (!is_allowed(d, config_may_read(d->caller, ask->kind, ask->enterprise, ask->name), NULL))
		return;
	if (doc == NULL)
		refuse_unknown(d);
	else
		answer_document(d, 200, doc);
}

/* Who may see the person sees the form; only they themselves type something in. */
static void
show_form(struct deciding *d)
{
	const struct config_ask *ask = d->ask;
	const bool self = strcmp(d->caller->enterprise, ask->enterprise) == 0 &&
			  strcmp(d->caller->account, ask->person) == 0;
	struct cs_err err;

	if (!is_allowed(
		d, config_may_read(d->caller, CONFIG_PERSON, ask->enterprise, ask->person), NULL))
		return;
	if (config_form(d->in->arena, d->state->docs, ask, !self, &d->answer.body, &err))
		refuse(d, 503,
		    (struct cs_refusal){ "unreadable", "path", "",
			"A document that this depends on cannot be read.",
			"Have an administrator set the profile anew." });
	else if (d->answer.body.len == 0)
		refuse_unknown(d);
	else
		d->answer.status = 200;
}

static void
list(struct deciding *d)
{
	struct cs_arena *arena = d->in->arena;
	json_t *documents = json_array();
	const char *last = NULL;

	if (!is_allowed(d, config_may_list(d->caller, d->ask->kind, d->ask->enterprise), NULL)) {
		json_decref(documents);
		return;
	}
	for (const struct config_doc *doc = d->state->page; doc != NULL; doc = doc->next) {
		json_array_append_new(documents, show_document(arena, doc));
		last = doc->name;
	}
	d->answer.status = 200;
	d->answer.body = config_json_dump(
	    arena, json_pack("{s:o, s:o}", "documents", documents, "next",
		       d->state->more && last != NULL ? json_string(last) : json_null()));
}

static json_t *
show_change(struct cs_arena *arena, const struct config_change *change)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "version",
	    (json_int_t)change->version, "at", config_time(arena, change->at_ms), "who",
	    change->who, "credential", change->credential, "source", change->source, "kind",
	    config_kind_name(change->kind), "enterprise", change->enterprise, "name", change->name,
	    "before", spec_json(arena, change->kind, change->before), "after",
	    spec_json(arena, change->kind, change->after));
}

static void
show_changes(struct deciding *d)
{
	struct cs_arena *arena = d->in->arena;
	json_t *changes = json_array();
	uint64_t last = 0;

	if (!is_allowed(d, config_may_audit(d->caller, d->ask->enterprise), NULL)) {
		json_decref(changes);
		return;
	}
	for (const struct config_change *c = d->state->history; c != NULL; c = c->next) {
		json_array_append_new(changes, show_change(arena, c));
		last = c->version;
	}
	d->answer.status = 200;
	d->answer.body = config_json_dump(
	    arena, json_pack("{s:o, s:o}", "changes", changes, "next",
		       d->state->more ? json_integer((json_int_t)last) : json_null()));
}

/* ---- changing: first every wish alone, then what holds between documents ---- */

static struct cs_id
id_of(struct deciding *d, const struct config_wish *wish)
{
	const char *text =
	    cs_arena_printf(d->in->arena, "%s\n%s\n%s\n%llu", config_kind_name(wish->kind),
		wish->enterprise, wish->name, (unsigned long long)d->version);
	uint8_t digest[32];

	pki_sha256(cs_span_str(text), digest);
	return cs_id_from_digest(digest);
}

static void
note_change(struct deciding *d, const struct config_wish *wish, const struct config_doc *before,
    struct cs_span after)
{
	struct config_change *change = CS_NEW(d->in->arena, struct config_change);

	*change = (struct config_change){
		.kind = wish->kind,
		.enterprise = wish->enterprise,
		.name = wish->name,
		.version = d->version,
		.at_ms = d->in->now_ms,
		.who = cs_arena_printf(
		    d->in->arena, "%s/%s", d->caller->enterprise, d->caller->account),
		.credential = d->caller->credential,
		.source = d->caller->source,
		.before = before != NULL ? before->spec : cs_span_str(NULL),
		.after = after,
	};
	*d->end = change;
	d->end = &change->next;
}

/* Puts a new state of the document in front: whoever looks it up finds this one. */
static void
stage(struct deciding *d, const struct config_wish *wish, const struct config_doc *before)
{
	struct config_doc *doc = CS_NEW(d->in->arena, struct config_doc);

	d->version++;
	note_change(d, wish, before, wish->spec);
	*doc = (struct config_doc){
		.next = d->docs,
		.kind = wish->kind,
		.enterprise = wish->enterprise,
		.name = wish->name,
		.id = before != NULL ? before->id : id_of(d, wish),
		.version = d->version,
		.spec = wish->spec,
		.changed_ms = d->in->now_ms,
		.changed_by = cs_arena_printf(
		    d->in->arena, "%s/%s", d->caller->enterprise, d->caller->account),
		.verified_until_ms = before != NULL ? before->verified_until_ms : 0,
		.deleted = wish->deletes,
	};
	d->docs = doc;
}

/* Nobody overwrites what they have not seen (RFC 9110 13, RFC 6585 3). */
static bool
is_seen(struct deciding *d, const struct config_doc *before)
{
	const struct config_ask *ask = d->ask;

	if (ask->if_match == 0 && !ask->if_none_match)
		return refuse(d, 428,
		    (struct cs_refusal){ "precondition-required", "If-Match", "RFC 6585 3",
			"Say which version you have seen.",
			"Send If-Match with its ETag, or If-None-Match: * for a new document." });
	if ((ask->if_none_match && before != NULL) ||
	    (ask->if_match != 0 && (before == NULL || before->version != ask->if_match)))
		return refuse(d, 412,
		    (struct cs_refusal){ "precondition-failed", "If-Match", "RFC 9110 13.1.1",
			before == NULL ? "The document is not there."
				       : "The document is there in another version.",
			"Read it again, then decide again." });
	return true;
}

/* Neither the path nor the token says which of several documents a refusal is about. */
static struct cs_refusal
about_wish(struct deciding *d, size_t i, struct cs_refusal why)
{
	if (d->ask->act == CONFIG_APPLY)
		why.field = strncmp(why.field, "spec.", strlen("spec.")) == 0
				? config_field(d->in->arena, d->ask, i, why.field)
				: cs_arena_printf(d->in->arena, "documents[%zu]", i);
	return why;
}

static bool
may_wish(
    struct deciding *d, size_t i, const struct config_wish *wish, const struct config_doc *before)
{
	struct cs_refusal why = { 0 };
	const enum config_verdict verdict =
	    config_may_change(d->in->arena, d->caller, wish->kind, wish->enterprise, wish->name,
		before != NULL ? &before->spec : NULL, wish->deletes ? NULL : &wish->spec, &why);

	if (verdict == CONFIG_ALLOWED)
		return true;
	if (verdict == CONFIG_HIDDEN)
		return refuse(d, 404, about_wish(d, i, config_no_document));
	return refuse(d, 403, about_wish(d, i, why.code != NULL ? why : config_no_right));
}

/* What a connector shall be depends on the one in force, whose secret may stay. */
static bool
settle_connector(struct deciding *d, struct config_wish *wish, const struct config_doc *before,
    const char *spec_field)
{
	const struct policy_connector_rules rules = { .now_ms = d->in->now_ms,
		.test_mode = d->in->rules->test_mode,
		.recipients = d->in->rules->recipients,
		.n_recipients = d->in->rules->n_recipients,
		.random = d->in->random };
	struct cs_refusal why = { 0 };

	if (wish->kind != CONFIG_CONNECTOR || wish->deletes ||
	    policy_connector_judge(&rules, wish->enterprise, wish->name,
		before != NULL ? before->spec : cs_span_str(NULL), wish->spec, d->in->arena,
		&wish->spec, &why))
		return true;
	why.field = cs_arena_printf(d->in->arena, "%s.%s", spec_field, why.field);
	return refuse(d, 422, why);
}

static bool
wish_one(struct deciding *d, size_t i)
{
	struct config_wish *wish = CS_NEW(d->in->arena, struct config_wish);

	*wish = d->ask->wishes[i];
	const struct config_doc *before =
	    config_find(d->docs, wish->kind, wish->enterprise, wish->name);

	if (!may_wish(d, i, wish, before))
		return false;
	if (wish->deletes && before == NULL)
		return d->ask->act == CONFIG_APPLY || refuse_unknown(d);
	if (d->ask->act != CONFIG_APPLY && !is_seen(d, before))
		return false;
	if (!settle_connector(d, wish, before, config_field(d->in->arena, d->ask, i, "spec")))
		return false;
	if (before == NULL || !cs_span_equal(before->spec, wish->spec))
		stage(d, wish, before);
	return true;
}

/* ---- what is answered to a change ---- */

static json_t *
show_effect(struct deciding *d, const struct config_wish *wish)
{
	const struct config_doc *before =
	    config_find(d->state->docs, wish->kind, wish->enterprise, wish->name);
	const struct config_doc *after =
	    config_find(d->docs, wish->kind, wish->enterprise, wish->name);
	const char *action = before == after  ? "unchanged"
			     : before == NULL ? "create"
			     : after == NULL  ? "delete"
					      : "update";

	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "kind", config_kind_name(wish->kind),
	    "enterprise", wish->enterprise, "name", wish->name, "action", action, "before",
	    before != NULL ? spec_json(d->in->arena, wish->kind, before->spec) : json_null(),
	    "after",
	    after != NULL ? spec_json(d->in->arena, wish->kind, after->spec) : json_null());
}

static void
answer_effects(struct deciding *d)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < d->ask->n_wishes; i++)
		json_array_append_new(changes, show_effect(d, &d->ask->wishes[i]));
	d->answer.status = 200;
	d->answer.body = config_json_dump(
	    d->in->arena, json_pack("{s:b, s:o}", "dry_run", d->ask->dry_run, "changes", changes));
}

static void
answer_change(struct deciding *d)
{
	const struct config_wish *wish = &d->ask->wishes[0];
	const struct config_doc *before =
	    config_find(d->state->docs, wish->kind, wish->enterprise, wish->name);

	if (d->ask->act == CONFIG_APPLY || d->ask->dry_run)
		answer_effects(d);
	else if (wish->deletes)
		d->answer.status = 204;
	else
		answer_document(d, before == NULL ? 201 : 200,
		    config_find(d->docs, wish->kind, wish->enterprise, wish->name));
}

static void
keep(struct deciding *d)
{
	struct config_state *state = d->state;

	if (d->ask->dry_run || d->made == NULL)
		return;
	d->answer.made = d->made;
	for (const struct config_change *c = d->made; c != NULL; c = c->next)
		config_audit(d->in->arena, state, c);
	state->docs = d->docs;
	state->last_version = d->version;
}

static void
change(struct deciding *d)
{
	for (size_t i = 0; i < d->ask->n_wishes; i++)
		if (!wish_one(d, i))
			return;
	if (!config_holds_together(d->in->arena, d->ask, d->docs, d->state, &d->answer))
		return;
	answer_change(d);
	keep(d);
}

/* ---- one call ---- */

static bool
is_known(struct deciding *d)
{
	if (d->caller->known)
		return true;
	return refuse(d, 401, config_no_caller);
}

/* Who may change it may know what it leads to.  What is outside is asked by the service that uses it. */
static void
test_connector(struct deciding *d)
{
	const struct config_ask *ask = d->ask;
	const struct config_doc *doc =
	    config_find(d->state->docs, ask->kind, ask->enterprise, ask->name);
	const struct cs_span *spec = doc != NULL ? &doc->spec : NULL;
	struct cs_refusal why = { 0 };

	if (!is_allowed(d, config_may_read(d->caller, ask->kind, ask->enterprise, ask->name), NULL))
		return;
	if (doc == NULL) {
		refuse_unknown(d);
		return;
	}
	if (!is_allowed(d,
		config_may_change(d->in->arena, d->caller, ask->kind, ask->enterprise, ask->name,
		    spec, spec, &why),
		&why))
		return;
	d->answer.status = 200;
	d->answer.etag = etag(d->in->arena, doc->version);
	d->answer.ask = policy_connector_question(d->in->arena, doc->spec);
	if (d->answer.ask == NULL)
		policy_connector_place(
		    d->in->arena, doc->spec, &d->answer.type, &d->answer.endpoint);
}

static void
decide(struct deciding *d)
{
	switch (d->ask->act) {
	case CONFIG_SHOW_KINDS:
		d->answer.status = 200;
		d->answer.body = config_kinds_show(d->in->arena);
		break;
	case CONFIG_LIST:
		list(d);
		break;
	case CONFIG_SHOW:
		show(d);
		break;
	case CONFIG_CHANGES:
		show_changes(d);
		break;
	case CONFIG_FORM:
		show_form(d);
		break;
	case CONFIG_TEST:
		test_connector(d);
		break;
	case CONFIG_PUT:
	case CONFIG_DELETE:
	case CONFIG_APPLY:
		change(d);
		break;
	case CONFIG_PEOPLE:
	case CONFIG_IDENTITY:
		cs_assert(false); /* config_people_decide(), config_identity_decide() */
	}
}

/* Whoever may not look into the enterprise learns nothing from how a call is misread. */
static bool
may_know_what_is_wrong(struct deciding *d)
{
	return d->ask->enterprise[0] == '\0' ||
	       config_may_list(d->caller, CONFIG_ENTERPRISE, d->ask->enterprise) != CONFIG_HIDDEN ||
	       refuse_unknown(d);
}

struct config_answer
config_decide(const struct config_setting *in, struct config_state *state,
    const struct config_caller *caller, const struct config_ask *ask)
{
	struct deciding d = { .in = in,
		.state = state,
		.caller = caller,
		.ask = ask,
		.docs = state->docs,
		.version = state->last_version };

	d.end = &d.made;
	if (!is_known(&d))
		return d.answer;
	if (ask->status == 0)
		decide(&d);
	else if (may_know_what_is_wrong(&d))
		refuse(&d, ask->status, ask->why);
	return d.answer;
}
