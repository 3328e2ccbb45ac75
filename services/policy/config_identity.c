/* SPDX-License-Identifier: Apache-2.0 */
/* config_identity.c: what people verified is entered by one and approved by another. */
#include "config_identity.h"

#include <string.h>

#include "base/time.h"
#include "config_call.h"
#include "config_json.h"
#include "config_refusal.h"
#include "pki/cert.h"

#define SEGMENTS 5 /* config, ENTERPRISE, identity, ID, what */
#define STAFF (CONFIG_OPERATOR | CONFIG_AUDITOR | CONFIG_ADMINISTRATOR)
#define MAKERS (CONFIG_OPERATOR | CONFIG_ADMINISTRATOR)

/* ---- reading ---- */

struct reading {
	struct cs_arena *arena;
	const struct config_http *http;
	struct config_identity_call *call;
};

static bool
refuse(struct reading *in, unsigned status, struct cs_refusal why)
{
	in->call->status = status;
	in->call->why = why;
	return false;
}

static bool
refuse_member(
    struct reading *in, const char *field, const char *clause, const char *text, const char *mend)
{
	return refuse(in, 422, (struct cs_refusal){ "bad-record", field, clause, text, mend });
}

static enum smime_type
type_of(enum claim_kind kind)
{
	return kind == CLAIM_INDIVIDUAL ? SMIME_INDIVIDUAL : SMIME_ORGANIZATION;
}

static enum smime_proof
proof_of(enum claim_kind kind)
{
	return kind == CLAIM_ORGANIZATION ? SMIME_PROOF_ORGANIZATION
	       : kind == CLAIM_AUTHORITY  ? SMIME_PROOF_AUTHORITY
					  : SMIME_PROOF_INDIVIDUAL;
}

static bool
read_kind(struct reading *in, const json_t *body)
{
	const char *name = config_json_text(in->arena, body, "kind", "");

	for (in->call->kind = CLAIM_ORGANIZATION; in->call->kind <= CLAIM_INDIVIDUAL;
	     in->call->kind++)
		if (strcmp(claim_kind_name(in->call->kind), name) == 0)
			return true;
	return refuse_member(in, "kind", "SBR 3.2", "There are no records of this kind.",
	    "Name organization, authority or individual.");
}

static bool
read_account(struct reading *in, const json_t *body)
{
	const bool is_individual = in->call->kind == CLAIM_INDIVIDUAL;

	in->call->account = config_json_text(in->arena, body, "account", "");
	if ((in->call->account[0] != '\0') == is_individual)
		return true;
	return refuse_member(in, "account", "SBR 3.2.4",
	    is_individual ? "Whose identity it is was not said."
			  : "A record of the organization is of no account.",
	    is_individual ? "Name the account of the person." : "Leave it out.");
}

/* The value's place in the table of attributes, or NULL: there is none. */
static const char **
place_of(struct smime_identity *identity, const char *name)
{
	for (enum smime_attribute a = SMIME_CN; a < SMIME_ATTRIBUTES; a++)
		if (strcmp(smime_attribute_name(a), name) == 0)
			return &identity->values[a];
	return NULL;
}

static bool
read_attributes(struct reading *in, const json_t *body)
{
	json_t *list = json_object_get(body, "attributes"), *item;
	struct smime_identity identity = { { NULL } }, read;
	struct cs_refusal why = { 0 };
	const char *name;

	json_object_foreach(list, name, item)
	{
		const char **place = place_of(&identity, name);

		if (place == NULL || !json_is_string(item))
			return refuse_member(in,
			    cs_arena_printf(in->arena, "attributes.%.64s", name), "SBR 7.1.4.2.2",
			    "There is no such attribute, or its value is no text.",
			    "Name attributes as `csctl profile show` does.");
		*place = cs_arena_strdup(in->arena, json_string_value(item));
		/* Lines are what the written form is made of. */
		if (pki_text_fault(cs_span_str(*place)) != NULL)
			return refuse_member(in,
			    cs_arena_printf(in->arena, "attributes.%.64s", name), "SBR 7.1.4.2",
			    "Nobody sees all of this text.", "Leave out what is hidden.");
	}
	in->call->attributes = smime_identity_write(in->arena, &identity);
	if (in->call->attributes.len > 0 && in->call->attributes.len <= SMIME_IDENTITY_MAX &&
	    smime_identity_read(
		in->arena, in->call->attributes, type_of(in->call->kind), &read, &why))
		return true;
	return refuse_member(in,
	    why.field != NULL && why.field[0] != '\0'
		? cs_arena_printf(in->arena, "attributes.%s", why.field)
		: "attributes",
	    why.clause, why.text != NULL ? why.text : "It names nobody, or more than 1,024 octets.",
	    why.mend != NULL ? why.mend
			     : "Name what was verified, as the register or document has it.");
}

static const char *
methods_for(struct cs_arena *arena, enum smime_proof proof)
{
	size_t n;
	const struct smime_identity_method *methods = smime_identity_methods(&n);
	struct cs_buf out = cs_buf_new(arena);

	for (size_t i = 0; i < n; i++)
		if (methods[i].proof == proof)
			cs_buf_printf(&out, "%s%s", out.len > 0 ? ", " : "", methods[i].name);
	return (const char *)cs_buf_span(&out).data;
}

static bool
read_method(struct reading *in, const json_t *body)
{
	const enum smime_proof proof = proof_of(in->call->kind);

	in->call->method = config_json_text(in->arena, body, "method", "");
	if (smime_identity_method_find(in->call->method, proof) != NULL)
		return true;
	return refuse_member(in, "method", "SBR 3.2", "This is no way to verify it.",
	    cs_arena_printf(in->arena, "Name one of: %s.", methods_for(in->arena, proof)));
}

static bool
read_source(struct reading *in, const json_t *body)
{
	in->call->source = config_json_text(in->arena, body, "source", "");
	if (in->call->source[0] != '\0' && strlen(in->call->source) <= CONFIG_SOURCE_MAX &&
	    pki_text_fault(cs_span_str(in->call->source)) == NULL)
		return true;
	return refuse_member(in, "source", "SBR 3.2",
	    "It is no text of 1 to 300 octets that people see all of.",
	    "Say where it can be read up: register and number, or the file; never a document's number.");
}

static bool
read_time(struct reading *in, const json_t *body)
{
	const char *text = config_json_text(in->arena, body, "verified_at", "");
	struct cs_err err;

	return cs_time_parse(text, &in->call->verified_at_ms, &err) == CS_OK ||
	       refuse_member(in, "verified_at", "SBR 4.2.1", "It is no time of RFC 3339 in UTC.",
		   "Send when it was verified, like 2026-11-23T12:00:00Z.");
}

static bool
knows_members(struct reading *in, json_t *body)
{
	static const char *const known[] = { "kind", "account", "attributes", "method", "source",
		"verified_at" };
	const char *name;
	json_t *value;

	json_object_foreach(body, name, value)
	{
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
			found |= strcmp(known[i], name) == 0;
		if (!found)
			return refuse_member(in, cs_arena_printf(in->arena, "%.64s", name), "",
			    "This member is not known here.", "Leave it out.");
	}
	return true;
}

static bool
read_record(struct reading *in)
{
	struct cs_refusal why = { 0 };
	json_t *body = config_json_read(in->arena, in->http->body, &why);

	if (body == NULL)
		return refuse(in, 400, why);
	const bool good = (json_is_object(body) || refuse_member(in, "body", "",
						       "It is no JSON object.", "Send one.")) &&
			  knows_members(in, body) && read_kind(in, body) &&
			  read_account(in, body) && read_attributes(in, body) &&
			  read_method(in, body) && read_source(in, body) && read_time(in, body);

	json_decref(body);
	return good;
}

static const struct {
	const char *method, *what; /* what: behind the id; NULL: nothing */
	bool has_id;
	enum config_identity_act act;
} acts[] = {
	{ "GET", NULL, false, CONFIG_RECORDS },
	{ "POST", NULL, false, CONFIG_NEW_RECORD },
	{ "GET", NULL, true, CONFIG_RECORD },
	{ "POST", "approval", true, CONFIG_APPROVE_RECORD },
	{ "POST", "withdrawal", true, CONFIG_WITHDRAW_RECORD },
};

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
read_act(struct reading *in, const char *id, const char *what)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (acts[i].has_id != (id != NULL) || !is_same(acts[i].what, what))
			continue;
		found = true;
		if (strcmp(acts[i].method, in->http->method) != 0)
			continue;
		in->call->act = acts[i].act;
		/* What is no id at all is the id of nothing. */
		if (id != NULL && cs_id_parse(id, &in->call->id, NULL) != CS_OK)
			in->call->id = (struct cs_id){ { 0 } };
		return in->call->act != CONFIG_NEW_RECORD || read_record(in);
	}
	if (found)
		return refuse(in, 405, config_no_method);
	return refuse(in, 404, config_no_path);
}

bool
config_identity_read(
    struct cs_arena *arena, const struct config_http *http, struct config_identity_call *ret)
{
	const char *parts[SEGMENTS];
	struct reading in = { arena, http, ret };
	const size_t n = config_segments(arena, http->path, parts, SEGMENTS);

	if (n < 3 || strcmp(parts[0], "config") != 0 || strcmp(parts[2], "identity") != 0)
		return false;
	*ret = (struct config_identity_call){
		.act = CONFIG_RECORDS, .enterprise = parts[1], .account = ""
	};
	if (!read_act(&in, parts[3], parts[4]))
		cs_assert(ret->status != 0);
	return true;
}

bool
config_identity_writes(const struct config_identity_call *call)
{
	return call->status == 0 && call->act != CONFIG_RECORDS && call->act != CONFIG_RECORD;
}

/* ---- deciding ---- */

struct deciding {
	const struct config_setting *in;
	struct config_state *state;
	const struct config_caller *caller;
	const struct config_identity_call *call;
	const char *who;
	struct policy_identity *record;
	struct config_answer answer;
};

static bool
answer_no(struct deciding *d, unsigned status, struct cs_refusal why)
{
	d->answer = (struct config_answer){ .status = status,
		.body = config_problem(d->in->arena, status, &why) };
	return false;
}

static bool
answer_unknown(struct deciding *d)
{
	return answer_no(d, 404, config_no_document);
}

static bool
is_allowed(struct deciding *d)
{
	const struct config_caller *caller = d->caller;
	const bool writes = d->call->act != CONFIG_RECORDS && d->call->act != CONFIG_RECORD;

	if (!caller->known)
		return answer_no(d, 401, config_no_caller);
	if (strcmp(caller->enterprise, CONFIG_PLATFORM) != 0 &&
	    strcmp(caller->enterprise, d->call->enterprise) != 0)
		return answer_unknown(d);
	if ((caller->roles & (writes ? MAKERS : STAFF)) != 0 &&
	    (caller->scopes & (writes ? CONFIG_MAY_PEOPLE : CONFIG_MAY_READ)) != 0)
		return true;
	return answer_no(d, 403, config_no_right);
}

static json_t *
show_attributes(struct cs_arena *arena, const struct policy_identity *record)
{
	struct smime_identity identity = { { NULL } };
	struct cs_refusal why;
	json_t *shown = json_object();

	/* One that was entered past this door may not be readable: then it counts for nothing either. */
	if (!smime_identity_read(arena, record->attributes, type_of(record->kind), &identity, &why))
		return shown;
	for (enum smime_attribute a = SMIME_CN; a < SMIME_ATTRIBUTES; a++)
		if (identity.values[a] != NULL)
			json_object_set_new(
			    shown, smime_attribute_name(a), json_string(identity.values[a]));
	return shown;
}

/* Whether it counts now, and if not why. */
static const char *
state_of(const struct policy_identity *record, int64_t now_ms)
{
	if (record->withdrawn_at_ms != 0)
		return "withdrawn";
	if (record->verified_at_ms + smime_rule_reuse_ms(proof_of(record->kind)) <= now_ms)
		return "expired";
	return record->approved_by[0] != '\0' ? "approved" : "waiting";
}

static json_t *
show(struct deciding *d, const struct policy_identity *record)
{
	struct cs_arena *arena = d->in->arena;
	char id[CS_ID_TEXT];

	cs_id_format(record->id, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:s}", "id",
	    id, "kind", claim_kind_name(record->kind), "enterprise", record->enterprise, "account",
	    record->account, "attributes", show_attributes(arena, record), "method", record->method,
	    "source", record->source, "verified_by", record->verified_by, "approved_by",
	    record->approved_by, "verified_at", config_time_or_null(arena, record->verified_at_ms),
	    "ends_at",
	    config_time_or_null(
		arena, record->verified_at_ms + smime_rule_reuse_ms(proof_of(record->kind))),
	    "withdrawn_at", config_time_or_null(arena, record->withdrawn_at_ms), "state",
	    state_of(record, d->in->now_ms));
}

static void
answer_record(struct deciding *d, unsigned status)
{
	d->answer.status = status;
	d->answer.body = config_json_dump(d->in->arena, show(d, d->record));
}

static void
list(struct deciding *d)
{
	json_t *records = json_array();

	for (size_t i = 0; i < d->state->n_records; i++)
		json_array_append_new(records, show(d, &d->state->records[i]));
	d->answer.status = 200;
	d->answer.body = config_json_dump(d->in->arena, json_pack("{s:o}", "records", records));
}

/* A line of the audit, beside the document of whom the record is about. */
static void
note(struct deciding *d, const char *what)
{
	const bool is_person = d->record->account[0] != '\0';

	const struct config_change line = {
		.kind = is_person ? CONFIG_PERSON : CONFIG_ENTERPRISE,
		.enterprise = d->record->enterprise,
		.name = is_person ? d->record->account : d->record->enterprise,
		.version = ++d->state->last_version,
		.at_ms = d->in->now_ms,
		.who = d->who,
		.credential = d->caller->credential,
		.source = d->caller->source,
		.after = config_json_dump(d->in->arena,
		    json_pack("{s:s, s:o}", "what", what, "identity", show(d, d->record))),
	};

	config_audit(d->in->arena, d->state, &line);
}

static void
keep(struct deciding *d, const char *what)
{
	struct config_record_change *change = CS_NEW(d->in->arena, struct config_record_change);

	change->act = d->call->act;
	change->record = *d->record;
	change->next = d->state->record_changes;
	d->state->record_changes = change;
	note(d, what);
}

static bool
is_about_the_caller(const struct deciding *d, const char *enterprise, const char *account)
{
	return strcmp(d->caller->enterprise, enterprise) == 0 &&
	       strcmp(d->caller->account, account) == 0;
}

static bool
refuse_own(struct deciding *d)
{
	return answer_no(d, 403,
	    (struct cs_refusal){ "own-identity", "account", "SBR 3.2.4",
		"Nobody enters or approves what is said of themselves.", "Ask another operator." });
}

static bool
is_of_somebody(struct deciding *d)
{
	const struct config_identity_call *call = d->call;

	if (config_find(d->state->docs, CONFIG_ENTERPRISE, call->enterprise, call->enterprise) ==
	    NULL)
		return answer_unknown(d);
	if (call->account[0] == '\0' ||
	    config_find(d->state->docs, CONFIG_PERSON, call->enterprise, call->account) != NULL)
		return true;
	return answer_no(d, 422,
	    (struct cs_refusal){ "no-such-document", "account", "",
		cs_arena_printf(d->in->arena, "There is no person \"%.128s\" here.", call->account),
		"Make it first." });
}

static bool
was_verified_in_time(struct deciding *d)
{
	const int64_t verified = d->call->verified_at_ms;

	if (verified > d->in->now_ms)
		return answer_no(d, 422,
		    (struct cs_refusal){ "bad-record", "verified_at", "SBR 4.2.1",
			"It lies in the future.", "Send when it was verified." });
	if (verified + smime_rule_reuse_ms(proof_of(d->call->kind)) > d->in->now_ms)
		return true;
	return answer_no(d, 422,
	    (struct cs_refusal){ "bad-record", "verified_at", "SBR 4.2.1",
		"It was verified more than 825 days ago.", "Verify it anew." });
}

static void
make(struct deciding *d)
{
	const struct config_identity_call *call = d->call;

	if (!is_of_somebody(d) || !was_verified_in_time(d))
		return;
	if (is_about_the_caller(d, call->enterprise, call->account)) {
		(void)refuse_own(d);
		return;
	}
	d->record = CS_NEW(d->in->arena, struct policy_identity);
	*d->record = (struct policy_identity){
		.id = cs_id_at(d->in->now_ms, d->in->random),
		.kind = call->kind,
		.enterprise = call->enterprise,
		.account = call->account,
		.attributes = call->attributes,
		.method = call->method,
		.source = call->source,
		.verified_by = d->who,
		.approved_by = "",
		.verified_at_ms = call->verified_at_ms,
	};
	keep(d, "entered");
	answer_record(d, 201);
}

static bool
refuse_state(struct deciding *d, const char *code, const char *text, const char *mend)
{
	return answer_no(d, 409, (struct cs_refusal){ code, "id", "", text, mend });
}

/*
 * An enterprise vouches for its own people alone: what it is itself, and who speaks for it, its administrators
 * could otherwise attest by two accounts that they made.
 */
static bool
is_for_the_caller(const struct deciding *d)
{
	return d->record->kind == CLAIM_INDIVIDUAL ||
	       strcmp(d->caller->enterprise, CONFIG_PLATFORM) == 0;
}

static void
approve(struct deciding *d)
{
	if (d->record->withdrawn_at_ms != 0)
		(void)refuse_state(d, "record-withdrawn", "The record was withdrawn.",
		    "Enter what was verified anew.");
	else if (d->record->approved_by[0] != '\0')
		(void)refuse_state(d, "record-approved", "The record was approved before.",
		    "Nothing is to be done.");
	else if (strcmp(d->record->verified_by, d->who) == 0)
		(void)answer_no(d, 403,
		    (struct cs_refusal){ "second-person", "id", "SBR 3.2",
			"Whoever entered a record does not approve it.",
			"Ask another operator of the enterprise." });
	else if (is_about_the_caller(d, d->record->enterprise, d->record->account))
		(void)refuse_own(d);
	else if (!is_for_the_caller(d))
		(void)answer_no(d, 403,
		    (struct cs_refusal){ "platform-approves", "id", "SBR 1.3.2.1",
			"No enterprise approves what is said of itself.",
			"Ask an operator of the platform." });
	else {
		d->record->approved_by = d->who;
		keep(d, "approved");
		answer_record(d, 200);
	}
}

static void
withdraw(struct deciding *d)
{
	if (d->record->withdrawn_at_ms != 0) {
		(void)refuse_state(d, "record-withdrawn", "The record was withdrawn before.",
		    "Nothing is to be done.");
		return;
	}
	/* A clock that went back must not make it older than what it withdraws. */
	d->record->withdrawn_at_ms =
	    d->in->now_ms > d->record->verified_at_ms ? d->in->now_ms : d->record->verified_at_ms;
	keep(d, "withdrawn");
	answer_record(d, 200);
}

static bool
find(struct deciding *d)
{
	for (size_t i = 0; i < d->state->n_records; i++)
		if (cs_id_equal(d->state->records[i].id, d->call->id))
			d->record = &d->state->records[i];
	return d->record != NULL || answer_unknown(d);
}

struct config_answer
config_identity_decide(const struct config_setting *in, struct config_state *state,
    const struct config_caller *caller, const struct config_identity_call *call)
{
	struct deciding d = { .in = in, .state = state, .caller = caller, .call = call };

	if (!is_allowed(&d))
		return d.answer;
	d.who = cs_arena_printf(in->arena, "%s/%s", caller->enterprise, caller->account);
	if (call->status != 0)
		(void)answer_no(&d, call->status, call->why);
	else if (call->act == CONFIG_RECORDS)
		list(&d);
	else if (call->act == CONFIG_NEW_RECORD)
		make(&d);
	else if (!find(&d))
		return d.answer;
	else if (call->act == CONFIG_RECORD)
		answer_record(&d, 200);
	else if (call->act == CONFIG_APPROVE_RECORD)
		approve(&d);
	else
		withdraw(&d);
	return d.answer;
}
