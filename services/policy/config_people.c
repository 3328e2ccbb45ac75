/* SPDX-License-Identifier: Apache-2.0 */
/* config_people.c: API tokens, invitations and lost passwords: who may, and what then is. */
#include "config_people.h"

#include <string.h>

#include "base/time.h"
#include "config_call.h"
#include "config_json.h"
#include "config_refusal.h"

#define SEGMENTS 6 /* config, ENTERPRISE, person, NAME, what, ID */
#define STAFF (PEOPLE_OPERATOR | PEOPLE_AUDITOR | PEOPLE_ADMINISTRATOR)
#define MAKERS (PEOPLE_OPERATOR | PEOPLE_ADMINISTRATOR)

/* ---- reading ---- */

struct reading {
	struct cs_arena *arena;
	const struct config_http *http;
	struct config_people_call *call;
};

static bool
refuse(struct reading *in, unsigned status, struct cs_refusal why)
{
	in->call->status = status;
	in->call->why = why;
	return false;
}

static bool
refuse_member(struct reading *in, const char *field, const char *text, const char *mend)
{
	return refuse(in, 422, (struct cs_refusal){ "bad-member", field, "", text, mend });
}

/* Only these members, ended by NULL. */
static bool
has_only(struct reading *in, json_t *body, const char *const *members)
{
	const char *name;
	json_t *value;

	json_object_foreach(body, name, value)
	{
		size_t i = 0;

		while (members[i] != NULL && strcmp(members[i], name) != 0)
			i++;
		if (members[i] == NULL)
			return refuse_member(in, cs_arena_printf(in->arena, "%.40s", name),
			    "This member is not known here.", "Leave it out.");
	}
	return true;
}

static bool
read_label(struct reading *in, const json_t *body)
{
	const char *label = config_json_text(in->arena, body, "label", "");
	bool good = label[0] != '\0' && strlen(label) <= CONFIG_LABEL_MAX;

	for (const char *c = label; *c != '\0'; c++)
		good = good && (unsigned char)*c >= 0x20 && *c != 0x7f;
	in->call->label = label;
	return good || refuse_member(in, "label", "It is no text of 1 to 100 octets.",
			   "Say what the token is for.");
}

/* 0: a number is there, and no good one. */
static unsigned
days_of(const json_t *body, unsigned most, unsigned fallback)
{
	const json_t *days = json_object_get(body, "days");

	if (days == NULL)
		return fallback;
	return json_is_integer(days) && json_integer_value(days) >= 1 &&
		       json_integer_value(days) <= (json_int_t)most
		   ? (unsigned)json_integer_value(days)
		   : 0;
}

static bool
read_scopes(struct reading *in, const json_t *body)
{
	const json_t *list = json_object_get(body, "scopes");
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const unsigned scope =
		    json_is_string(item) ? people_scope(json_string_value(item)) : 0;

		if (scope == 0 || (in->call->scopes & scope) != 0)
			return refuse_member(in, cs_arena_printf(in->arena, "scopes[%zu]", i),
			    "There is no such scope, or it was named before.",
			    "Name requests:read, requests:write, config:read, config:write, "
			    "people:write, or * alone.");
		in->call->scopes |= scope;
	}
	return in->call->scopes != 0 || refuse_member(in, "scopes", "It is no list of scopes.",
					    "Name what the token shall be good for.");
}

static bool
read_new_token(struct reading *in, json_t *body)
{
	static const char *const members[] = { "scopes", "label", "days", NULL };

	if (!has_only(in, body, members) || !read_scopes(in, body) || !read_label(in, body))
		return false;
	in->call->days = days_of(body, CONFIG_TOKEN_DAYS_MAX, 0);
	return in->call->days != 0 || refuse_member(in, "days", "It is no number from 1 to 730.",
					  "Say how many days the token shall live.");
}

static bool
read_invitation(struct reading *in, json_t *body)
{
	static const char *const members[] = { "days", NULL };

	if (!has_only(in, body, members))
		return false;
	in->call->days = days_of(body, CONFIG_INVITATION_DAYS_MAX, CONFIG_INVITATION_DAYS);
	return in->call->days != 0 ||
	       refuse_member(in, "days", "It is no number from 1 to 30.",
		   "Leave it out, or say how many days the invitation shall live.");
}

static bool
read_reset(struct reading *in, json_t *body)
{
	static const char *const members[] = { "must_change", NULL };
	const json_t *must_change = json_object_get(body, "must_change");

	if (!has_only(in, body, members))
		return false;
	if (must_change != NULL && !json_is_boolean(must_change))
		return refuse_member(in, "must_change", "It is neither true nor false.",
		    "Leave it out, or say true: the old password is good for a last time.");
	in->call->must_change = json_is_true(must_change);
	in->call->days = CONFIG_INVITATION_DAYS;
	return true;
}

static bool
read_nothing(struct reading *in, json_t *body)
{
	static const char *const members[] = { NULL };

	return has_only(in, body, members);
}

typedef bool read_body(struct reading *in, json_t *body);

static const struct {
	const char *what, *method;
	enum config_people_act act;
	bool has_id;
	read_body *body; /* NULL: none is read */
} acts[] = {
	{ "tokens", "GET", CONFIG_TOKENS, false, NULL },
	{ "tokens", "POST", CONFIG_NEW_TOKEN, false, read_new_token },
	{ "tokens", "DELETE", CONFIG_END_TOKEN, true, NULL },
	{ "invitation", "POST", CONFIG_INVITE, false, read_invitation },
	{ "unlock", "POST", CONFIG_UNLOCK, false, read_nothing },
	{ "password-reset", "POST", CONFIG_RESET, false, read_reset },
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

static bool
read_json(struct reading *in, read_body *read)
{
	/* What has nothing to say may leave it out. */
	const struct cs_span text = in->http->body.len > 0 ? in->http->body : cs_span_str("{}");
	struct cs_refusal why = { 0 };
	json_t *body = config_json_read(in->arena, text, &why);

	if (body == NULL)
		return refuse(in, 400, why);
	const bool good = json_is_object(body)
			      ? read(in, body)
			      : refuse_member(in, "body", "It is no JSON object.", "Send one.");

	json_decref(body);
	return good;
}

static bool
read_act(struct reading *in, const char *what, const char *id)
{
	bool found = false;

	for (size_t i = 0; i < ACTS; i++) {
		if (strcmp(acts[i].what, what) != 0 || acts[i].has_id != (id != NULL))
			continue;
		found = true;
		if (strcmp(acts[i].method, in->http->method) != 0)
			continue;
		in->call->act = acts[i].act;
		/* What is no id at all is the id of nothing. */
		if (id != NULL && cs_id_parse(id, &in->call->token, NULL) != CS_OK)
			in->call->token = (struct cs_id){ { 0 } };
		return acts[i].body == NULL || read_json(in, acts[i].body);
	}
	if (found)
		return refuse(in, 405, config_no_method);
	return refuse(in, 404, config_no_path);
}

bool
config_people_read(
    struct cs_arena *arena, const struct config_http *http, struct config_people_call *ret)
{
	const char *parts[SEGMENTS];
	struct reading in = { arena, http, ret };
	const size_t n = config_segments(arena, http->path, parts, SEGMENTS);

	if (n < 5 || strcmp(parts[0], "config") != 0 || strcmp(parts[2], "person") != 0)
		return false;
	*ret = (struct config_people_call){
		.act = CONFIG_TOKENS, .enterprise = parts[1], .account = parts[3]
	};
	if (!read_act(&in, parts[4], parts[5]))
		cs_assert(ret->status != 0);
	return true;
}

bool
config_people_writes(const struct config_people_call *call)
{
	return call->status == 0 && call->act != CONFIG_TOKENS;
}

/* ---- deciding ---- */

struct deciding {
	const struct config_setting *in;
	struct config_state *state;
	struct people_world *world;
	const struct people_caller *caller;
	const char *source;
	const struct config_people_call *call;
	struct people_person *person;
	struct config_answer answer;
};

static bool
answer_no(struct deciding *d, unsigned status, struct cs_refusal why)
{
	d->answer = (struct config_answer){ .status = status,
		.body = config_problem(d->in->arena, status, &why) };
	return false;
}

/* In the very words of a document that is not there. */
static bool
answer_unknown(struct deciding *d)
{
	return answer_no(d, 404, config_no_document);
}

static bool
answer_forbidden(struct deciding *d, const char *text, const char *mend)
{
	return answer_no(
	    d, 403, (struct cs_refusal){ "forbidden", "Authorization", "", text, mend });
}

static bool
is_self(const struct deciding *d)
{
	return strcmp(d->caller->enterprise, d->call->enterprise) == 0 &&
	       strcmp(d->caller->account, d->call->account) == 0;
}

static bool
is_seen(struct deciding *d)
{
	if (d->caller == NULL)
		return answer_no(d, 401, config_no_caller);
	if (d->person == NULL || !d->person->there ||
	    (!is_self(d) && !people_has_role(d->caller, d->call->enterprise, STAFF)))
		return answer_unknown(d);
	return true;
}

/* By the roles that may do it to others, and whether people may do it to themselves. */
static const struct {
	unsigned roles;
	bool self;
	enum people_scope scope;
} rights[] = {
	[CONFIG_TOKENS] = { STAFF, true, PEOPLE_CONFIG_READ },
	[CONFIG_NEW_TOKEN] = { PEOPLE_ADMINISTRATOR, true, PEOPLE_PEOPLE_WRITE },
	[CONFIG_END_TOKEN] = { PEOPLE_ADMINISTRATOR, true, PEOPLE_PEOPLE_WRITE },
	/* Whoever gets in by these does what the person may: no narrower token makes them. */
	[CONFIG_INVITE] = { PEOPLE_ADMINISTRATOR, false, PEOPLE_EVERYTHING },
	[CONFIG_UNLOCK] = { MAKERS, false, PEOPLE_PEOPLE_WRITE },
	[CONFIG_RESET] = { PEOPLE_ADMINISTRATOR, false, PEOPLE_EVERYTHING },
};

static bool
is_allowed(struct deciding *d)
{
	const enum config_people_act act = d->call->act;

	if (people_allows(d->caller->scopes, rights[act].scope) &&
	    ((rights[act].self && is_self(d)) ||
		people_has_role(d->caller, d->call->enterprise, rights[act].roles)))
		return true;
	return answer_forbidden(d, "The roles or the scopes of the caller do not allow this.",
	    "Ask somebody who may, or take a token with more scopes.");
}

static json_t *
show_scopes(unsigned scopes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < PEOPLE_SCOPES; i++)
		if ((scopes & 1U << i) != 0)
			json_array_append_new(list, json_string(people_scope_name(i)));
	return list;
}

static json_t *
show(struct cs_arena *arena, const struct people_credential *c)
{
	char id[CS_ID_TEXT];

	cs_id_format(c->id, id);
	return json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:o}", "id", id, "kind",
	    people_kind_name(c->kind), "label", c->label, "scopes", show_scopes(c->scopes),
	    "made_at", config_time(arena, c->made_ms), "made_by", c->made_by, "ends_at",
	    config_time_or_null(arena, c->ends_ms), "used_at",
	    config_time_or_null(arena, c->used_ms));
}

static char *
id_text(struct cs_arena *arena, struct cs_id id)
{
	char *text = cs_arena_alloc(arena, CS_ID_TEXT);

	cs_id_format(id, text);
	return text;
}

/* The next line of the audit; `what` says who did what to whom. */
static void
add_change(
    const struct config_setting *in, struct config_state *state, const struct config_change *what)
{
	struct config_change line = *what;

	line.kind = CONFIG_PERSON;
	line.version = ++state->last_version;
	line.at_ms = in->now_ms;
	config_audit(in->arena, state, &line);
}

/* What was changed, and from what to what, beside the document; takes both. */
static void
note_change(struct deciding *d, json_t *before, json_t *after)
{
	add_change(d->in, d->state,
	    &(struct config_change){
		.enterprise = d->call->enterprise,
		.name = d->call->account,
		.who = cs_arena_printf(
		    d->in->arena, "%s/%s", d->caller->enterprise, d->caller->account),
		.credential = id_text(d->in->arena, d->caller->credential),
		.source = d->source,
		.before = config_json_dump(d->in->arena, before),
		.after = config_json_dump(d->in->arena, after),
	    });
}

static bool
is_live(const struct deciding *d, const struct people_credential *c)
{
	return c->person == d->person && !c->ended &&
	       (c->ends_ms == 0 || c->ends_ms > d->in->now_ms);
}

static void
list_tokens(struct deciding *d)
{
	json_t *list = json_array();

	for (const struct people_credential *c = d->world->credentials; c != NULL; c = c->next)
		if (is_live(d, c))
			json_array_append_new(list, show(d->in->arena, c));
	d->answer.status = 200;
	d->answer.body = config_json_dump(d->in->arena, json_pack("{s:o}", "tokens", list));
}

/* A new credential of the person; the secret is said in the answer alone. */
static struct people_credential *
make(struct deciding *d, enum people_kind kind, const char **ret_secret)
{
	const struct people_setting in = { d->in->now_ms, d->in->random, d->in->arena };
	struct people_credential *made = CS_NEW(d->in->arena, struct people_credential);

	*made = (struct people_credential){
		.next = d->world->credentials,
		.kind = kind,
		.person = d->person,
		.label = kind == PEOPLE_API_TOKEN ? d->call->label : "",
		.made_by = cs_arena_printf(
		    d->in->arena, "%s/%s", d->caller->enterprise, d->caller->account),
		.scopes = kind == PEOPLE_API_TOKEN ? d->call->scopes : 0,
		.made_ms = d->in->now_ms,
		.ends_ms = d->in->now_ms + d->call->days * CS_DAY_MS,
		.is_new = true,
	};
	*ret_secret = people_draw_token(&in, kind, made->sha256, &made->id);
	d->world->credentials = made;
	return made;
}

/* Nobody hands on more than they have. */
static bool
is_within_own(struct deciding *d)
{
	const unsigned have = d->caller->scopes;

	if ((have & PEOPLE_EVERYTHING) == 0 && (d->call->scopes & ~have) != 0)
		return answer_forbidden(d, "The caller's own token has not all of these scopes.",
		    "Name no others, or log in.");
	return true;
}

static bool
is_active(struct deciding *d)
{
	return d->person->active ||
	       answer_no(d, 409,
		   (struct cs_refusal){ "person-not-active", "path", "",
		       "The person, or the enterprise, is not active.", "Make it active first." });
}

static void
new_token(struct deciding *d)
{
	size_t n = 0;

	for (const struct people_credential *c = d->world->credentials; c != NULL; c = c->next)
		n += is_live(d, c) && c->kind == PEOPLE_API_TOKEN;
	if (!is_active(d) || !is_within_own(d))
		return;
	if (n >= CONFIG_TOKENS_MAX) {
		answer_no(d, 409,
		    (struct cs_refusal){ "too-many-tokens", "path", "",
			"The person has 50 API tokens.", "End one that is not used." });
		return;
	}
	const char *secret;
	struct people_credential *made = make(d, PEOPLE_API_TOKEN, &secret);

	/* Nor for longer: it ends with the token that made it. */
	if (d->caller->kind == PEOPLE_API_TOKEN && d->caller->ends_ms != 0 &&
	    made->ends_ms > d->caller->ends_ms)
		made->ends_ms = d->caller->ends_ms;
	json_t *shown = show(d->in->arena, made);

	note_change(d, json_object(), json_pack("{s:O}", "token", shown));
	json_object_set_new(shown, "token", json_string(secret));
	d->answer.status = 201;
	d->answer.body = config_json_dump(d->in->arena, shown);
}

static void
end_token(struct deciding *d)
{
	for (struct people_credential *c = d->world->credentials; c != NULL; c = c->next) {
		if (!is_live(d, c) || c->from_file || !cs_id_equal(c->id, d->call->token))
			continue;
		c->ended = true;
		note_change(d, json_pack("{s:o}", "token", show(d->in->arena, c)), json_object());
		d->answer.status = 204;
		return;
	}
	answer_unknown(d);
}

/* The last one alone counts. */
static void
end_invitations(struct deciding *d)
{
	for (struct people_credential *c = d->world->credentials; c != NULL; c = c->next)
		if (c->person == d->person && c->kind == PEOPLE_INVITATION)
			c->ended = true;
}

static void
answer_invitation(struct deciding *d, unsigned status, json_t *before)
{
	const char *secret;

	end_invitations(d);
	const struct people_credential *made = make(d, PEOPLE_INVITATION, &secret);

	note_change(d, before, json_pack("{s:o}", "invitation", show(d->in->arena, made)));
	d->answer.status = status;
	d->answer.body =
	    config_json_dump(d->in->arena, json_pack("{s:s, s:s}", "invitation", secret, "ends_at",
					       config_time(d->in->arena, made->ends_ms)));
}

static void
invite(struct deciding *d)
{
	if (is_active(d))
		answer_invitation(d, 201, json_object());
}

static void
unlock(struct deciding *d)
{
	d->person->unlocked = true;
	note_change(d, json_object(), json_pack("{s:b}", "unlocked", 1));
	d->answer.status = 204;
}

/* The password is gone, or good for a last time; nobody stays in. */
static void
reset(struct deciding *d)
{
	const bool had = d->person->password.set;

	if (d->call->must_change && !had) {
		answer_no(d, 409,
		    (struct cs_refusal){ "no-password", "must_change", "",
			"The person has no password.", "Make an invitation." });
		return;
	}
	if (!d->call->must_change && !is_active(d))
		return;
	people_log_out(d->world, d->person);
	d->person->changed = true;
	d->person->must_change = d->call->must_change;
	if (d->call->must_change) {
		note_change(d, json_object(), json_pack("{s:b}", "must_change", 1));
		d->answer.status = 204;
		return;
	}
	d->person->password = (struct people_password){ .set = false };
	answer_invitation(d, 201, json_pack("{s:b}", "password", had));
}

static void
decide(struct deciding *d)
{
	switch (d->call->act) {
	case CONFIG_TOKENS:
		list_tokens(d);
		break;
	case CONFIG_NEW_TOKEN:
		new_token(d);
		break;
	case CONFIG_END_TOKEN:
		end_token(d);
		break;
	case CONFIG_INVITE:
		invite(d);
		break;
	case CONFIG_UNLOCK:
		unlock(d);
		break;
	case CONFIG_RESET:
		reset(d);
		break;
	}
}

struct config_answer
config_people_decide(const struct config_setting *in, struct config_state *state,
    struct people_world *world, const struct people_caller *caller, const char *source,
    const struct config_people_call *call)
{
	struct deciding d = { .in = in,
		.state = state,
		.world = world,
		.caller = caller,
		.source = source,
		.call = call,
		.person = people_find_person(world, call->enterprise, call->account) };

	if (!is_seen(&d))
		return d.answer;
	if (call->status != 0)
		answer_no(&d, call->status, call->why);
	else if (is_allowed(&d))
		decide(&d);
	return d.answer;
}

void
config_people_note_password(const struct config_setting *in, struct config_state *state,
    const struct people_credential *by, const char *source)
{
	const struct people_person *person = by->person;

	add_change(in, state,
	    &(struct config_change){
		.enterprise = person->enterprise,
		.name = person->account,
		.who = cs_arena_printf(in->arena, "%s/%s", person->enterprise, person->account),
		.credential = id_text(in->arena, by->id),
		.source = source,
		.before = cs_span_str("{}"),
		.after = config_json_dump(in->arena,
		    json_pack("{s:b, s:s}", "password", 1, "by", people_kind_name(by->kind))),
	    });
}
