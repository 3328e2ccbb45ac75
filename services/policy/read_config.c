/* SPDX-License-Identifier: Apache-2.0 */
/* read_config.c: from a call of HTTP to what it asks for, strictly. */
#include <string.h>

#include "config.h"
#include "config_call.h"
#include "config_json.h"
#include "config_refusal.h"
#include "http/head.h"

#define SEGMENTS 5
#define LIMIT 50

struct reading {
	const struct policy_rules *rules;
	struct cs_arena *arena;
	const struct config_http *http;
	struct config_ask ask;
};

static bool
refuse(struct reading *in, unsigned status, struct cs_refusal why)
{
	in->ask.status = status;
	in->ask.why = why;
	return false;
}

static bool
refuse_missing(struct reading *in)
{
	return refuse(in, 404, config_no_path);
}

/* ---- query ---- */

static bool
refuse_query(struct reading *in, const char *field, const char *text)
{
	return refuse(in, 400,
	    (struct cs_refusal){ "bad-query", field, "", text,
		"Send limit (1 to 100), after, before, person and dry_run (true or false) alone." });
}

static bool
read_u64(const char *text, uint64_t max, uint64_t *ret)
{
	const size_t len = strlen(text);

	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*ret = 0;
	for (; *text != '\0'; text++)
		*ret = *ret * 10 + (uint64_t)(*text - '0');
	return *ret <= max;
}

static bool
read_parameter(struct reading *in, const char *name, const char *value)
{
	uint64_t number;

	if (strcmp(name, "dry_run") == 0) {
		in->ask.dry_run = strcmp(value, "true") == 0;
		return in->ask.dry_run || strcmp(value, "false") == 0 ||
		       refuse_query(in, "dry_run", "It is neither true nor false.");
	}
	if (strcmp(name, "limit") == 0) {
		if (!read_u64(value, CONFIG_PAGE_MAX, &number) || number == 0)
			return refuse_query(in, "limit", "It is no number from 1 to 100.");
		in->ask.limit = (uint32_t)number;
		return true;
	}
	if (strcmp(name, "before") == 0)
		return read_u64(value, INT64_MAX, &in->ask.before) ||
		       refuse_query(in, "before", "It is no version.");
	if (strcmp(name, "after") == 0 && strlen(value) <= CONFIG_NAME_MAX) {
		in->ask.after = value;
		return true;
	}
	if (strcmp(name, "person") == 0 && value[0] != '\0' && strlen(value) <= CONFIG_NAME_MAX) {
		in->ask.person = value;
		return true;
	}
	return refuse_query(in, cs_arena_printf(in->arena, "%.32s", name), "It is not known here.");
}

static bool
read_query(struct reading *in)
{
	char *rest = cs_arena_strdup(in->arena, in->http->query);

	for (char *part = strsep(&rest, "&"); part != NULL; part = strsep(&rest, "&")) {
		char *equals = strchr(part, '=');

		if (part[0] == '\0')
			continue;
		if (equals == NULL)
			return refuse_query(in, "query", "A parameter has no value.");
		*equals = '\0';
		const char *value = http_decode(equals + 1, true, in->arena);

		if (value == NULL)
			return refuse_query(in, "query", "A value cannot be read.");
		if (!read_parameter(in, part, value))
			return false;
	}
	return true;
}

/* ---- preconditions (RFC 9110 13) ---- */

static bool
read_conditions(struct reading *in)
{
	const char *match = in->http->if_match;
	const size_t len = strlen(match);

	if (in->http->if_none_match[0] != '\0') {
		if (strcmp(in->http->if_none_match, "*") != 0)
			return refuse(in, 400,
			    (struct cs_refusal){ "bad-condition", "If-None-Match",
				"RFC 9110 13.1.2", "Only * can be asked for.",
				"Send If-None-Match: * for a document that must be new." });
		in->ask.if_none_match = true;
	}
	if (len == 0)
		return true;
	if (len < 3 || match[0] != '"' || match[len - 1] != '"' ||
	    !read_u64(
		cs_arena_strndup(in->arena, match + 1, len - 2), INT64_MAX, &in->ask.if_match) ||
	    in->ask.if_match == 0)
		return refuse(in, 400,
		    (struct cs_refusal){ "bad-condition", "If-Match", "RFC 9110 13.1.1",
			"This is no ETag of ours.",
			"Send the ETag with which the document was shown." });
	return true;
}

/* ---- bodies ---- */

static bool
read_wish(struct reading *in, struct config_wish *wish, struct cs_span json)
{
	struct cs_refusal why = { 0 };

	if (!config_name_good(
		in->rules, in->arena, wish->kind, wish->enterprise, wish->name, &why) ||
	    (!wish->deletes &&
		!config_spec_read(in->rules, in->arena, wish->kind, json, &wish->spec, &why)))
		return refuse(in,
		    why.code != NULL && strcmp(why.code, "body-not-json") == 0 ? 400 : 422, why);
	if (!wish->deletes)
		wish->refs = config_spec_refs(in->arena, wish->kind, wish->spec);
	return true;
}

static bool
read_one(struct reading *in)
{
	struct config_wish *wish = CS_NEW(in->arena, struct config_wish);

	*wish = (struct config_wish){ .kind = in->ask.kind,
		.enterprise = in->ask.enterprise,
		.name = in->ask.name,
		.deletes = in->ask.act == CONFIG_DELETE };
	in->ask.wishes = wish;
	in->ask.n_wishes = 1;
	return read_wish(in, wish, in->http->body);
}

static bool
refuse_document(struct reading *in, size_t i, const char *text)
{
	return refuse(in, 422,
	    (struct cs_refusal){ "bad-document", cs_arena_printf(in->arena, "documents[%zu]", i),
		"", text,
		"Send {\"kind\", \"enterprise\", \"name\", \"spec\"}, or \"delete\": true for spec." });
}

/* A text of the document, NULL: there is none. */
static const char *
text_of(struct reading *in, const json_t *document, const char *member)
{
	return config_json_text(in->arena, document, member, NULL);
}

static bool
read_document(struct reading *in, size_t i, const json_t *document)
{
	struct config_wish *wish = &in->ask.wishes[i];
	const char *kind = text_of(in, document, "kind");
	json_t *spec = json_object_get(document, "spec");

	wish->enterprise = text_of(in, document, "enterprise");
	wish->name = text_of(in, document, "name");
	wish->deletes = config_json_true(document, "delete");
	if (!json_is_object(document) || kind == NULL || wish->enterprise == NULL ||
	    wish->name == NULL || json_object_size(document) != 4 ||
	    (wish->deletes ? spec != NULL : spec == NULL))
		return refuse_document(in, i, "The document has other members than it must have.");
	if (!config_kind_parse(kind, &wish->kind))
		return refuse_document(in, i, "There are no documents of this kind.");
	for (size_t k = 0; k < i; k++)
		if (in->ask.wishes[k].kind == wish->kind &&
		    strcmp(in->ask.wishes[k].name, wish->name) == 0 &&
		    strcmp(in->ask.wishes[k].enterprise, wish->enterprise) == 0)
			return refuse_document(in, i, "The document was named before.");
	if (read_wish(in, wish,
		wish->deletes ? cs_span_str("") : config_json_dump(in->arena, json_incref(spec))))
		return true;
	in->ask.why.field = cs_arena_printf(in->arena, "documents[%zu].%s", i, in->ask.why.field);
	return false;
}

static bool
read_documents(struct reading *in, const json_t *list)
{
	const size_t n = json_array_size(list);
	json_t *document;
	size_t i;

	if (!json_is_array(list) || n == 0 || n > CONFIG_WISHES_MAX)
		return refuse(in, 422,
		    (struct cs_refusal){ "bad-document", "documents", "",
			"This is no list of 1 to 500 documents.",
			"Spread them over several calls." });
	in->ask.wishes = CS_NEW_ARRAY(in->arena, n, struct config_wish);
	in->ask.n_wishes = n;
	json_array_foreach(list, i, document)
	{
		if (!read_document(in, i, document))
			return false;
	}
	return true;
}

static bool
read_apply(struct reading *in)
{
	struct cs_refusal why = { 0 };
	json_t *body = config_json_read(in->arena, in->http->body, &why);
	bool good;

	if (body == NULL)
		return refuse(in, 400, why);
	good = json_object_size(body) == 1 ||
	       refuse(in, 422,
		   (struct cs_refusal){ "bad-document", "body", "",
		       "The body must hold documents alone.", "Send {\"documents\": [...]}." });
	good = good && read_documents(in, json_object_get(body, "documents"));
	json_decref(body);
	return good;
}

/* ---- paths: config/kinds, config/apply, config/E/changes, config/E/form/PROFILE, config/E/KIND[/NAME] ---- */

static bool
refuse_method(struct reading *in)
{
	return refuse(in, 405, config_no_method);
}

static bool
is_method(struct reading *in, const char *method, enum config_act act)
{
	in->ask.act = act;
	return strcmp(in->http->method, method) == 0 || refuse_method(in);
}

static bool
read_single(struct reading *in)
{
	const char *method = in->http->method;

	if (strcmp(method, "PUT") == 0)
		in->ask.act = CONFIG_PUT;
	else if (strcmp(method, "DELETE") == 0)
		in->ask.act = CONFIG_DELETE;
	else
		return is_method(in, "GET", CONFIG_SHOW);
	return read_one(in);
}

static bool
read_form(struct reading *in, const char *profile)
{
	in->ask.name = profile;
	return is_method(in, "GET", CONFIG_FORM) &&
	       (in->ask.person != NULL || refuse_query(in, "person", "Whose it is was not said."));
}

static bool
read_path(struct reading *in)
{
	const char *parts[SEGMENTS];
	const size_t n = config_segments(in->arena, in->http->path, parts, SEGMENTS);
	const bool is_test =
	    n == 5 && strcmp(parts[2], "connector") == 0 && strcmp(parts[4], "test") == 0;

	if (n < 2 || (n > 4 && !is_test) || strcmp(parts[0], "config") != 0)
		return refuse_missing(in);
	if (n == 2 && strcmp(parts[1], "kinds") == 0)
		return is_method(in, "GET", CONFIG_SHOW_KINDS);
	if (n == 2 && strcmp(parts[1], "apply") == 0)
		return is_method(in, "POST", CONFIG_APPLY) && read_apply(in);
	if (n == 2)
		return refuse_missing(in);
	in->ask.enterprise = parts[1];
	if (n == 3 && strcmp(parts[2], "changes") == 0)
		return is_method(in, "GET", CONFIG_CHANGES);
	if (n == 4 && strcmp(parts[2], "form") == 0)
		return read_form(in, parts[3]);
	if (!config_kind_parse(parts[2], &in->ask.kind))
		return refuse_missing(in);
	if (n == 3)
		return is_method(in, "GET", CONFIG_LIST);
	in->ask.name = parts[3];
	return is_test ? is_method(in, "POST", CONFIG_TEST) : read_single(in);
}

struct config_ask
config_read(
    const struct policy_rules *rules, struct cs_arena *arena, const struct config_http *http)
{
	struct reading in = { .rules = rules,
		.arena = arena,
		.http = http,
		.ask = { .enterprise = "", .name = "", .after = "", .limit = LIMIT } };
	const bool good = read_query(&in) && read_conditions(&in) && read_path(&in);

	cs_assert(good || in.ask.status != 0);
	return in.ask;
}

bool
config_writes(const struct config_ask *ask)
{
	return ask->status == 0 && (ask->n_wishes > 0 || ask->writes_people);
}
