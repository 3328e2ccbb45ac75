/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c: settings as files: the API is made to say what they say, and what it says becomes a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config.h"
#include "differ.h"
#include "settings.h"
#include "yaml/documents.h"

#define SHOWN_MAX 254

/* ---- what is in no file ---- */

/*
 * Never gone because a file does not name it: an enterprise, on which everything of it hangs, and what policy writes
 * by itself.
 */
static const char *const kept[] = { "enterprise", "ownership" };

struct pruning {
	struct api *api;
	struct settings *settings;
	size_t n; /* of the files */
	const char *enterprise;
};

static int
prune_document(void *arg, json_t *document)
{
	struct pruning *p = arg;
	const char *kind = settings_text(document, "kind"), *name = settings_text(document, "name");

	if (settings_find(p->settings, kind, p->enterprise, name) == NULL)
		settings_add(p->api->arena, p->settings,
		    json_pack("{s:s, s:s, s:s, s:b}", "kind", kind, "enterprise", p->enterprise,
			"name", name, "delete", 1),
		    NULL);
	return DONE;
}

static int
prune_kind(void *arg, const char *kind)
{
	struct pruning *p = arg;

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(kept[i], kind) == 0)
			return DONE;
	return config_all(p->api, p->enterprise, kind, prune_document, p);
}

static bool
was_before(const struct settings *settings, size_t n)
{
	const char *enterprise = settings_text(settings->items[n].doc, "enterprise");

	for (size_t i = 0; i < n; i++)
		if (strcmp(settings_text(settings->items[i].doc, "enterprise"), enterprise) == 0)
			return true;
	return false;
}

/* Adds the deletion of whatever the enterprises of the files have beside it. */
static int
prune(struct api *api, struct settings *settings)
{
	struct pruning p = { api, settings, settings->n, NULL };

	for (size_t i = 0; i < p.n; i++) {
		if (was_before(settings, i))
			continue;
		p.enterprise = settings_text(settings->items[i].doc, "enterprise");
		int status = config_all_kinds(api, prune_kind, &p);

		if (status != DONE)
			return status;
	}
	return DONE;
}

/* ---- what the API says ---- */

/* "documents[3].spec.title": which of ours that is, in words, and *ret_rest what is behind it. */
static const char *
document_of(struct cs_arena *arena, const struct settings *settings, const char *field,
    const char **ret_rest)
{
	static const char start[] = "documents[";
	char *end;

	if (field == NULL || strncmp(field, start, strlen(start)) != 0)
		return NULL;
	const unsigned long n = strtoul(field + strlen(start), &end, 10);

	if (*end != ']' || n >= settings->n)
		return NULL;
	const struct setting *item = &settings->items[n];

	*ret_rest = end[1] == '.' ? end + 2 : "document";
	return cs_arena_printf(arena, "%s %s %s (%s)", settings_text(item->doc, "enterprise"),
	    settings_text(item->doc, "kind"),
	    cs_escape(arena, cs_span_str(settings_text(item->doc, "name")), SHOWN_MAX),
	    item->place == NULL ? "in no file: pruned" : item->place);
}

static int
refused(struct cs_arena *arena, const struct settings *settings, long status, json_t *problem)
{
	const char *field = json_string_value(json_object_get(problem, "field"));
	const char *rest = NULL, *document = document_of(arena, settings, field, &rest);

	if (document != NULL)
		(void)json_object_set_new(
		    problem, "field", json_string(cs_arena_strdup(arena, rest)));
	return api_problem_of(status, problem, document);
}

enum action { CREATE, UPDATE, DELETE, UNCHANGED, ACTIONS };

static const struct {
	const char *name, *done;
} actions[ACTIONS] = {
	[CREATE] = { "create", "created" },
	[UPDATE] = { "update", "updated" },
	[DELETE] = { "delete", "deleted" },
	[UNCHANGED] = { "unchanged", "unchanged" },
};

/* What is not one of them is not passed over: ACTIONS. */
static enum action
action_of(const json_t *change)
{
	const char *name = settings_text(change, "action");

	for (enum action a = CREATE; a < ACTIONS; a++)
		if (strcmp(actions[a].name, name) == 0)
			return a;
	return ACTIONS;
}

static void
print_change(struct cs_arena *arena, const json_t *change)
{
	(void)printf("%s %s %s: %s\n%s", settings_text(change, "enterprise"),
	    settings_text(change, "kind"),
	    cs_escape(arena, cs_span_str(settings_text(change, "name")), SHOWN_MAX),
	    settings_text(change, "action"),
	    differ_fields(
		arena, json_object_get(change, "before"), json_object_get(change, "after")));
}

static void
print_sum(const unsigned count[static ACTIONS], bool dry_run)
{
	const char *comma = dry_run ? "nothing was changed, it would be: " : "";

	if (count[CREATE] + count[UPDATE] + count[DELETE] == 0) {
		(void)printf(
		    "unchanged: everything is as the files say (%u documents)\n", count[UNCHANGED]);
		return;
	}
	for (enum action a = CREATE; a < ACTIONS; a++) {
		(void)printf("%s%u %s", comma, count[a], actions[a].done);
		comma = ", ";
	}
	(void)putchar('\n');
}

/* False: an action is unknown, or there are no changes. */
static bool
count_changes(const json_t *answer, unsigned ret_count[static ACTIONS + 1])
{
	const json_t *changes = json_object_get(answer, "changes"), *change;
	size_t i;

	json_array_foreach(changes, i, change)
	{
		ret_count[action_of(change)]++;
	}
	return json_is_array(changes) && ret_count[ACTIONS] == 0;
}

static void
print_changes(struct cs_arena *arena, const json_t *answer)
{
	const json_t *change;
	size_t i;

	json_array_foreach(json_object_get(answer, "changes"), i, change)
	{
		if (action_of(change) != UNCHANGED)
			print_change(arena, change);
	}
}

/* ---- apply ---- */

struct applying {
	struct settings settings;
	bool dry_run, prunes, as_json;
};

/* The exit status of a dry run is that of diff(1): 1 when something differs. */
static int
done(struct cs_arena *arena, const struct applying *a, json_t *answer)
{
	unsigned count[ACTIONS + 1] = { 0 };

	if (!count_changes(answer, count)) {
		(void)fprintf(stderr, "csctl: the API said something else than was asked\n");
		return COULD_NOT_RUN;
	}
	if (a->as_json) {
		put_json(json_incref(answer));
	} else {
		print_changes(arena, answer);
		print_sum(count, a->dry_run);
	}
	return a->dry_run && count[CREATE] + count[UPDATE] + count[DELETE] > 0 ? REFUSED : DONE;
}

static int
send(struct api *api, struct applying *a)
{
	static const char *const parts[] = { "apply", NULL };
	json_t *body = settings_body(&a->settings), *answer;
	char *json = json_dumps(body, JSON_COMPACT);
	const struct http_call how = { .method = "POST",
		.url = config_url(api, parts, a->dry_run ? "?dry_run=true" : ""),
		.content_type = "application/json",
		.body = cs_span_str(json) };
	struct cs_span text;
	struct cs_err err;
	long status = 0;
	enum cs_code code = http_client_call(api->client, &how, api->arena, &status, &text, &err);

	free(json);
	json_decref(body);
	if (code != CS_OK)
		return could_not(&err);
	answer = json_loadb((const char *)text.data, text.len, 0, NULL);
	int result = status >= 200 && status <= 299
			 ? done(api->arena, a, answer)
			 : refused(api->arena, &a->settings, status, answer);

	json_decref(answer);
	return result;
}

/* Options, and files behind -f or as words.  What is not DONE was said. */
static int
take_files(struct args *args, struct applying *a)
{
	struct cs_err err;
	const char *path;

	while ((path = args_option(args, "-f", NULL)) != NULL || (path = args_word(args)) != NULL)
		if (settings_read(args->arena, path, &a->settings, &err))
			return could_not(&err);
	if (!args_end(args) || a->settings.n == 0)
		return usage(args);
	return DONE;
}

static int
run_apply(struct args *args)
{
	struct applying a = { .dry_run = args_flag(args, "--dry-run"),
		.prunes = args_flag(args, "--prune"),
		.as_json = args_flag(args, "--json") };
	int status = take_files(args, &a);
	struct api api;

	if (status == DONE && !api_open(args, &api))
		status = COULD_NOT_RUN;
	else if (status == DONE) {
		if (a.prunes)
			status = prune(&api, &a.settings);
		if (status == DONE)
			status = send(&api, &a);
		http_client_free(api.client);
	}
	settings_free(&a.settings);
	return status;
}

/* ---- export ---- */

struct exporting {
	struct api *api;
	const char *enterprise;
	struct settings *out;
};

/* The list of the platform's enterprises and each one's own name the same documents. */
static int
export_document(void *arg, json_t *document)
{
	const struct exporting *e = arg;

	if (settings_find(e->out, settings_text(document, "kind"),
		settings_text(document, "enterprise"), settings_text(document, "name")) == NULL)
		settings_add(e->api->arena, e->out,
		    json_pack("{s:O, s:O, s:O, s:O}", "kind", json_object_get(document, "kind"),
			"enterprise", json_object_get(document, "enterprise"), "name",
			json_object_get(document, "name"), "spec",
			json_object_get(document, "spec")),
		    NULL);
	return DONE;
}

static int
export_kind(void *arg, const char *kind)
{
	struct exporting *e = arg;

	return config_all(e->api, e->enterprise, kind, export_document, e);
}

static int
export_enterprise(struct api *api, const char *enterprise, struct settings *out)
{
	struct exporting e = { api, enterprise, out };

	return config_all_kinds(api, export_kind, &e);
}

static int
export_listed(void *arg, json_t *document)
{
	const struct exporting *e = arg;

	return export_enterprise(e->api, settings_text(document, "name"), e->out);
}

/* Whose the token is: their enterprise, and all there are for people of the platform. */
static int
export_all(struct api *api, struct settings *out)
{
	const struct http_call how = { .method = "GET", .url = api_any_url(api, "/v1/me") };
	struct exporting e = { api, NULL, out };
	json_t *me;
	int status = api_ask(api, &how, &me);

	e.enterprise = cs_arena_strdup(api->arena, settings_text(me, "enterprise"));
	json_decref(me);
	if (status == DONE)
		status = export_enterprise(api, e.enterprise, out);
	if (status == DONE && strcmp(e.enterprise, "platform") == 0)
		status = config_all(api, e.enterprise, "enterprise", export_listed, &e);
	return status;
}

/* Everything, or nothing: half a file would look like a whole one. */
static int
print_settings(struct cs_arena *arena, const struct settings *settings, bool as_json)
{
	struct cs_buf all = cs_buf_new(arena);
	struct cs_span text;
	struct cs_err err;

	if (as_json) {
		put_json(settings_body(settings));
		return DONE;
	}
	for (size_t i = 0; i < settings->n; i++) {
		if (yaml_doc_write(arena, settings->items[i].doc, &text, &err))
			return could_not(&err);
		cs_buf_add_span(&all, text);
	}
	text = cs_buf_span(&all);
	(void)fwrite(text.data, 1, text.len, stdout);
	return DONE;
}

static int
run_export(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	const char *enterprise = args_word(args);
	struct settings settings = { 0 };
	struct api api;
	int status;

	if (!args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	status = enterprise == NULL ? export_all(&api, &settings)
				    : export_enterprise(&api, enterprise, &settings);
	if (status == DONE)
		status = print_settings(args->arena, &settings, as_json);
	settings_free(&settings);
	http_client_free(api.client);
	return status;
}

const struct command apply_commands[] = {
	{ "apply", "-f FILE... [--dry-run] [--prune] [--json]",
	    "makes settings what the files say (YAML, JSON), all of it or nothing; shows what changes",
	    run_apply },
	{ "export", "[ENTERPRISE] [--json]",
	    "prints all settings of an enterprise, or of all that may be seen, to be applied",
	    run_export },
	{ NULL, NULL, NULL, NULL },
};
