/* SPDX-License-Identifier: Apache-2.0 */
/* config.c: settings one by one: what there is, one document, its history. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "differ.h"
#include "settings.h"

#define SHOWN_MAX 254
#define PAGES_MAX 10000 /* of one list: a server that never ends is none of ours */

/* ---- paths and pages ---- */

const char *
config_url(const struct api *api, const char *const *parts, const char *query)
{
	struct cs_buf path = cs_buf_new(api->arena);

	cs_buf_add_str(&path, "/v1/config");
	for (; *parts != NULL; parts++)
		cs_buf_printf(&path, "/%s", cs_percent_encode(api->arena, *parts));
	cs_buf_add_str(&path, query);
	return api_any_url(api, (const char *)cs_buf_span(&path).data);
}

struct listing {
	struct api *api;
	const char *enterprise, *kind;
	config_each *each;
	void *arg;
};

/* Calls `each` for the page behind a name; *ret_next: its last name, NULL: it is the last page. */
static int
one_page(const struct listing *l, const char *after, const char **ret_next)
{
	const char *const parts[] = { l->enterprise, l->kind, NULL };
	const char *query = cs_arena_printf(l->api->arena, "?limit=100%s%s",
	    after[0] == '\0' ? "" : "&after=", cs_percent_encode(l->api->arena, after));
	const struct http_call how = { .method = "GET", .url = config_url(l->api, parts, query) };
	json_t *page, *document;
	int status = api_ask(l->api, &how, &page);
	const char *next = json_string_value(json_object_get(page, "next"));
	size_t i;

	if (page == NULL)
		(void)fprintf(stderr, "  about   the list of %s of %s\n", l->kind, l->enterprise);
	json_array_foreach(json_object_get(page, "documents"), i, document)
	{
		if (status == DONE)
			status = l->each(l->arg, document);
	}
	*ret_next = next == NULL ? NULL : cs_arena_strdup(l->api->arena, next);
	json_decref(page);
	return status;
}

int
config_all(struct api *api, const char *enterprise, const char *kind, config_each *each, void *arg)
{
	const struct listing listing = { api, enterprise, kind, each, arg };
	const char *after = "";

	for (unsigned page = 0; page < PAGES_MAX; page++) {
		int status = one_page(&listing, after, &after);

		if (status != DONE || after == NULL)
			return status;
	}
	(void)fprintf(stderr, "csctl: the list of %s does not end\n", kind);
	return COULD_NOT_RUN;
}

int
config_all_kinds(struct api *api, config_each_kind *each, void *arg)
{
	static const char *const parts[] = { "kinds", NULL };
	const struct http_call how = { .method = "GET", .url = config_url(api, parts, "") };
	json_t *answer, *kind;
	int status = api_ask(api, &how, &answer);
	size_t i;

	json_array_foreach(json_object_get(answer, "kinds"), i, kind)
	{
		if (status == DONE)
			status = each(arg, settings_text(kind, "kind"));
	}
	json_decref(answer);
	return status;
}

/* ---- commands that show ---- */

static int
get(struct args *args, const char *const *parts, const char *query)
{
	struct api api;

	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET", .url = config_url(&api, parts, query) };

	return api_call(&api, &how);
}

static int
run_kinds(struct args *args)
{
	static const char *const parts[] = { "kinds", NULL };

	return args_end(args) ? get(args, parts, "") : usage(args);
}

static int
run_list(struct args *args)
{
	const char *after = args_option(args, "--after", NULL);
	const char *limit = args_option(args, "--limit", "100");
	const char *enterprise = args_word(args), *kind = args_word(args);
	const char *const parts[] = { enterprise, kind, NULL };

	if (kind == NULL || !args_end(args))
		return usage(args);
	return get(args, parts,
	    cs_arena_printf(args->arena, "?limit=%s%s%s", cs_percent_encode(args->arena, limit),
		after == NULL ? "" : "&after=",
		after == NULL ? "" : cs_percent_encode(args->arena, after)));
}

/* Takes the three words that name a document.  False: it is used wrongly. */
static bool
take_name(struct args *args, const char *ret_parts[static 4])
{
	for (size_t i = 0; i < 3; i++)
		ret_parts[i] = args_word(args);
	ret_parts[3] = NULL;
	return ret_parts[2] != NULL && args_end(args);
}

static int
run_get(struct args *args)
{
	const char *parts[4];

	return take_name(args, parts) ? get(args, parts, "") : usage(args);
}

static int
run_form(struct args *args)
{
	const char *person = args_option(args, "--person", NULL);
	const char *enterprise = args_word(args), *profile = args_word(args);
	const char *const parts[] = { enterprise, "form", profile, NULL };

	if (person == NULL || profile == NULL || !args_end(args))
		return usage(args);
	return get(args, parts,
	    cs_arena_printf(args->arena, "?person=%s", cs_percent_encode(args->arena, person)));
}

/* ---- commands that change ---- */

/* Which version was seen: nobody overwrites what they have not.  NULL: it was not said. */
static const char *
take_condition(struct args *args)
{
	const char *version = args_option(args, "--version", NULL);
	const bool creates = args_flag(args, "--create");

	if (creates)
		return version == NULL ? "If-None-Match: *" : NULL;
	return version == NULL || strspn(version, "0123456789") != strlen(version)
		   ? NULL
		   : cs_arena_printf(args->arena, "If-Match: \"%s\"", version);
}

static int
send(struct args *args, const char *method, const char *const *parts, json_t *spec, bool dry_run,
    const char *condition)
{
	struct api api;
	char *json = spec == NULL ? NULL : json_dumps(spec, JSON_COMPACT);
	int status = COULD_NOT_RUN;

	if (api_open(args, &api)) {
		const struct http_call how = { .method = method,
			.url = config_url(&api, parts, dry_run ? "?dry_run=true" : ""),
			.content_type = json == NULL ? NULL : "application/json",
			.body = cs_span_str(json),
			.header = condition };

		status = api_call(&api, &how);
	}
	free(json);
	json_decref(spec);
	return status;
}

static int
run_put(struct args *args)
{
	const char *path = args_option(args, "-f", NULL);
	const bool dry_run = args_flag(args, "--dry-run");
	const char *condition = take_condition(args), *parts[4];
	json_t *spec = NULL;
	struct cs_err err;

	if (!take_name(args, parts) || path == NULL || condition == NULL)
		return usage(args);
	if (settings_read_spec(args->arena, path, &spec, &err))
		return could_not(&err);
	return send(args, "PUT", parts, spec, dry_run, condition);
}

static int
run_delete(struct args *args)
{
	const bool dry_run = args_flag(args, "--dry-run");
	const char *condition = take_condition(args), *parts[4];

	if (!take_name(args, parts) || condition == NULL ||
	    strncmp(condition, "If-Match", strlen("If-Match")) != 0)
		return usage(args);
	return send(args, "DELETE", parts, NULL, dry_run, condition);
}

/* ---- connectors ---- */

/* What was seen, a line each.  Only "good" is a yes, and only "bad" a no. */
static int
print_test(struct cs_arena *arena, const json_t *answer)
{
	const char *result = settings_text(answer, "result");
	const json_t *seen;
	size_t i;

	(void)printf("%s\n", cs_escape(arena, cs_span_str(result), SHOWN_MAX));
	json_array_foreach(json_object_get(answer, "seen"), i, seen)
	{
		const char *text = json_string_value(seen);

		(void)printf(
		    "  %s\n", text == NULL ? "?" : cs_escape(arena, cs_span_str(text), SHOWN_MAX));
	}
	if (strcmp(result, "good") == 0)
		return DONE;
	return strcmp(result, "bad") == 0 ? REFUSED : COULD_NOT_RUN;
}

static int
run_test(struct args *args)
{
	const char *enterprise = args_word(args), *name = args_word(args);
	const char *const parts[] = { enterprise, "connector", name, "test", NULL };
	json_t *answer;
	struct api api;

	if (name == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "POST", .url = config_url(&api, parts, "") };
	int status = api_ask(&api, &how, &answer);

	if (status == DONE)
		status = print_test(args->arena, answer);
	json_decref(answer);
	http_client_free(api.client);
	return status;
}

/* ---- history ---- */

static const char *
escaped(struct cs_arena *arena, const json_t *object, const char *member)
{
	return cs_escape(arena, cs_span_str(settings_text(object, member)), SHOWN_MAX);
}

static void
print_change(struct cs_arena *arena, const json_t *change)
{
	(void)printf("%" JSON_INTEGER_FORMAT "  %s  %s  %s %s %s\n%s",
	    json_integer_value(json_object_get(change, "version")), escaped(arena, change, "at"),
	    escaped(arena, change, "who"), escaped(arena, change, "enterprise"),
	    escaped(arena, change, "kind"), escaped(arena, change, "name"),
	    differ_fields(
		arena, json_object_get(change, "before"), json_object_get(change, "after")));
}

static int
print_history(struct api *api, const struct http_call *how)
{
	json_t *answer, *change, *next;
	int status = api_ask(api, how, &answer);
	size_t i;

	json_array_foreach(json_object_get(answer, "changes"), i, change)
	{
		print_change(api->arena, change);
	}
	next = json_object_get(answer, "next");
	if (json_is_integer(next))
		(void)printf("more: --before %" JSON_INTEGER_FORMAT "\n", json_integer_value(next));
	json_decref(answer);
	http_client_free(api->client);
	return status;
}

static int
run_history(struct args *args)
{
	const bool as_json = args_flag(args, "--json");
	const char *before = args_option(args, "--before", NULL);
	const char *limit = args_option(args, "--limit", "20");
	const char *parts[] = { args_word(args), "changes", NULL };
	struct api api;

	if (parts[0] == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const char *query = cs_arena_printf(args->arena, "?limit=%s%s%s",
	    cs_percent_encode(args->arena, limit), before == NULL ? "" : "&before=",
	    before == NULL ? "" : cs_percent_encode(args->arena, before));
	const struct http_call how = { .method = "GET", .url = config_url(&api, parts, query) };

	return as_json ? api_call(&api, &how) : print_history(&api, &how);
}

const struct command config_commands[] = {
	{ "config kinds", "", "shows what can be set: the kinds of documents and their fields",
	    run_kinds },
	{ "config list", "ENTERPRISE KIND [--limit N] [--after NAME]",
	    "lists documents; the enterprise platform has what belongs to none", run_list },
	{ "config get", "ENTERPRISE KIND NAME", "shows a document with its version", run_get },
	{ "config form", "ENTERPRISE PROFILE --person NAME",
	    "shows what a request gives: attributes and names, and which of them are fixed",
	    run_form },
	{ "config put", "ENTERPRISE KIND NAME -f FILE (--create | --version N) [--dry-run]",
	    "makes a document, or changes the version that was seen; FILE is its spec, YAML or JSON",
	    run_put },
	{ "config delete", "ENTERPRISE KIND NAME --version N [--dry-run]",
	    "deletes the version that was seen, unless others use it", run_delete },
	{ "config test", "ENTERPRISE CONNECTOR",
	    "tries a connector out, and shows what was seen at the other end", run_test },
	{ "config history", "ENTERPRISE [--limit N] [--before VERSION] [--json]",
	    "shows who changed what, the newest first", run_history },
	{ NULL, NULL, NULL, NULL },
};
