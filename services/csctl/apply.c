/* SPDX-License-Identifier: Apache-2.0 */
/* apply.c: settings as files: the API is made to say what they say, and what it says becomes a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "calls.h"
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

static const char *
in_words(struct cs_arena *arena, const struct setting *setting)
{
	return cs_arena_printf(arena, "%s %s %s (%s)", settings_text(setting->doc, "enterprise"),
	    settings_text(setting->doc, "kind"),
	    cs_escape(arena, cs_span_str(settings_text(setting->doc, "name")), SHOWN_MAX),
	    setting->place == NULL ? "in no file: pruned" : setting->place);
}

static int
refused(struct cs_arena *arena, const struct settings *call, long status, json_t *problem)
{
	const char *field = json_string_value(json_object_get(problem, "field")), *rest = NULL;
	const struct setting *about = calls_document(call, field, &rest);

	if (about != NULL)
		(void)json_object_set_new(
		    problem, "field", json_string(cs_arena_strdup(arena, rest)));
	(void)fflush(stdout);
	return api_problem_of(status, problem, about != NULL ? in_words(arena, about) : NULL);
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
	struct calls calls;
	bool dry_run, prunes, as_json;
	unsigned count[ACTIONS + 1];
	unsigned untried; /* documents */
	json_t *answer;   /* of all calls, as if they were one; NULL: none was answered yet */
};

static void
print_sum(const struct applying *a)
{
	const unsigned *count = a->count;
	const char *comma = a->dry_run ? "nothing was changed, it would be: " : "";

	if (count[CREATE] + count[UPDATE] + count[DELETE] + a->untried == 0) {
		(void)printf(
		    "unchanged: everything is as the files say (%u documents)\n", count[UNCHANGED]);
		return;
	}
	for (enum action action = CREATE; action < ACTIONS; action++) {
		(void)printf("%s%u %s", comma, count[action], actions[action].done);
		comma = ", ";
	}
	if (a->untried > 0)
		(void)printf(", %u not tried", a->untried);
	if (a->calls.n > 1)
		(void)printf(", in %zu calls", a->calls.n);
	(void)putchar('\n');
}

static int
done(struct cs_arena *arena, struct applying *a, json_t *answer)
{
	if (!count_changes(answer, a->count)) {
		(void)fprintf(stderr, "csctl: the API said something else than was asked\n");
		return COULD_NOT_RUN;
	}
	if (!a->as_json)
		print_changes(arena, answer);
	if (a->answer == NULL)
		a->answer = json_incref(answer);
	else
		(void)json_array_extend(
		    json_object_get(a->answer, "changes"), json_object_get(answer, "changes"));
	return DONE;
}

static json_t *
names_of(const struct settings *call)
{
	json_t *names = json_array();

	for (size_t i = 0; i < call->n; i++)
		(void)json_array_append_new(
		    names, json_pack("{s:O, s:O, s:O}", "kind",
			       json_object_get(call->items[i].doc, "kind"), "enterprise",
			       json_object_get(call->items[i].doc, "enterprise"), "name",
			       json_object_get(call->items[i].doc, "name")));
	return names;
}

/* What earlier calls would make is not there in a dry run: that says nothing about these documents. */
static int
untried(
    struct cs_arena *arena, struct applying *a, const struct settings *call, const json_t *problem)
{
	json_t *names = names_of(call), *before = json_object_get(a->answer, "untried");

	a->untried += (unsigned)call->n;
	if (!a->as_json)
		(void)printf(
		    "not tried: %zu documents, the first %s: earlier calls come first: %s\n",
		    call->n, in_words(arena, &call->items[0]),
		    cs_escape(arena, cs_span_str(settings_text(problem, "detail")), SHOWN_MAX));
	if (before != NULL)
		(void)json_array_extend(before, names);
	else
		(void)json_object_set(a->answer, "untried", names);
	json_decref(names);
	return DONE;
}

static int
send(struct api *api, struct applying *a, size_t n)
{
	static const char *const parts[] = { "apply", NULL };
	const struct settings *call = &a->calls.items[n];
	json_t *body = settings_body(call), *answer;
	char *json = json_dumps(body, JSON_COMPACT);
	const struct http_call how = { .method = "POST",
		.url = config_url(api, parts, a->dry_run ? "?dry_run=true" : ""),
		.content_type = "application/json",
		.body = cs_span_str(json) };
	struct cs_span text;
	struct cs_err err;
	long status = 0;
	enum cs_code code = http_client_call(api->client, &how, api->arena, &status, &text, &err);
	int result;

	free(json);
	json_decref(body);
	if (code != CS_OK)
		return could_not(&err);
	answer = json_loadb((const char *)text.data, text.len, 0, NULL);
	if (status >= 200 && status <= 299)
		result = done(api->arena, a, answer);
	else if (a->dry_run && n > 0 && calls_needs_earlier(&a->calls, n, answer))
		result = untried(api->arena, a, call, answer);
	else
		result = refused(api->arena, call, status, answer);
	json_decref(answer);
	return result;
}

/* Call `n` of several was not done: what is so now, and what to do about it. */
static void
tell_stopped(struct cs_arena *arena, const struct applying *a, size_t n, bool is_judged)
{
	const struct settings *call = &a->calls.items[n];
	size_t before = 0;

	for (size_t i = 0; i < n; i++)
		before += a->calls.items[i].n;
	(void)fprintf(stderr, "csctl: this was call %zu of %zu", n + 1, a->calls.n);
	if (a->dry_run) {
		(void)fprintf(stderr,
		    ", tried against what is there now, not what earlier calls would make; nothing was changed\n");
		return;
	}
	(void)fprintf(stderr,
	    ": %zu of %zu documents were applied before it%s\n"
	    "csctl: the first of the others is %s; ",
	    before, a->settings.n, n > 0 ? ", what changed is on stdout" : "",
	    in_words(arena, &call->items[0]));
	if (is_judged)
		(void)fprintf(stderr, "none of them was applied\n");
	else
		(void)fprintf(
		    stderr, "it is not known whether the %zu of this call were applied\n", call->n);
	(void)fprintf(stderr,
	    "csctl: it is safe to apply the same again: what is so already is left alone\n");
}

/* The exit status of a dry run is that of diff(1): 1 when something differs. */
static int
tell_done(const struct applying *a)
{
	const unsigned *count = a->count;

	if (!a->as_json)
		print_sum(a);
	(void)fflush(stdout);
	if (a->dry_run && a->calls.n > 1)
		(void)fprintf(stderr,
		    "csctl: each call was tried against what is there now, not what earlier calls would make\n");
	return a->dry_run && count[CREATE] + count[UPDATE] + count[DELETE] + a->untried > 0
		   ? REFUSED
		   : DONE;
}

static int
send_all(struct api *api, struct applying *a)
{
	int status = DONE;
	size_t n = 0;

	a->calls = calls_of(api->arena, &a->settings);
	while (n < a->calls.n && (status = send(api, a, n)) == DONE)
		n++;
	if (a->as_json && a->answer != NULL)
		put_json(json_incref(a->answer));
	json_decref(a->answer);
	if (status == DONE)
		return tell_done(a);
	if (a->calls.n > 1)
		tell_stopped(api->arena, a, n, status == REFUSED);
	return status;
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
			status = send_all(&api, &a);
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
	    "makes settings what the files say (YAML, JSON); shows what changes", run_apply },
	{ "export", "[ENTERPRISE] [--json]",
	    "prints all settings of an enterprise, or of all that may be seen, to be applied",
	    run_export },
	{ NULL, NULL, NULL, NULL },
};
