/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: what people verified of organizations and people: one enters it, another approves it. */
#include <string.h>

#include "config.h"

/* Takes `body`. */
static int
post(struct args *args, const char *const *parts, json_t *body)
{
	struct api api;

	if (!api_open(args, &api)) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	return api_post(&api, config_url(&api, parts, ""), body, NULL);
}

static int
get(struct args *args, const char *const *parts)
{
	struct api api;

	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET", .url = config_url(&api, parts, "") };

	return api_call(&api, &how);
}

/* NAME=VALUE, as often as it is given. */
static bool
take_attributes(struct args *args, json_t *body)
{
	json_t *attributes = json_object();

	(void)json_object_set_new(body, "attributes", attributes);
	for (const char *text = args_option(args, "--attribute", NULL); text != NULL;
	     text = args_option(args, "--attribute", NULL)) {
		const char *equals = strchr(text, '=');

		if (equals == NULL)
			return false;
		(void)json_object_set_new(attributes,
		    cs_arena_strndup(args->arena, text, (size_t)(equals - text)),
		    json_string(equals + 1));
	}
	return json_object_size(attributes) > 0;
}

static int
run_add(struct args *args)
{
	json_t *body = json_object();
	const bool good = api_take_text(args, "--kind", body, "kind") &&
			  api_take_text(args, "--account", body, "account") &&
			  api_take_text(args, "--method", body, "method") &&
			  api_take_text(args, "--source", body, "source") &&
			  api_take_text(args, "--verified-at", body, "verified_at") &&
			  take_attributes(args, body);
	const char *const parts[6] = { args_word(args), "identity" };

	if (!good || parts[0] == NULL || !args_end(args)) {
		json_decref(body);
		return usage(args);
	}
	return post(args, parts, body);
}

static int
run_list(struct args *args)
{
	const char *const parts[6] = { args_word(args), "identity" };

	return parts[0] != NULL && args_end(args) ? get(args, parts) : usage(args);
}

/* A record that is named by its id, and what shall happen to it; NULL: it is shown. */
static int
act(struct args *args, const char *what)
{
	const char *enterprise = args_word(args), *id = args_word(args);
	const char *const parts[6] = { enterprise, "identity", id, what };

	if (id == NULL || !args_end(args))
		return usage(args);
	return what == NULL ? get(args, parts) : post(args, parts, json_object());
}

static int
run_show(struct args *args)
{
	return act(args, NULL);
}

static int
run_approve(struct args *args)
{
	return act(args, "approval");
}

static int
run_withdraw(struct args *args)
{
	return act(args, "withdrawal");
}

const struct command identity_commands[] = {
	{ "identity add",
	    "ENTERPRISE --kind organization|authority|individual [--account NAME] --method METHOD"
	    " --source TEXT --verified-at TIME --attribute NAME=VALUE...",
	    "enters what was verified; it counts once another person has approved it", run_add },
	{ "identity list", "ENTERPRISE", "lists what was verified, the newest first", run_list },
	{ "identity show", "ENTERPRISE ID", "shows one record", run_show },
	{ "identity approve", "ENTERPRISE ID", "approves what another person entered",
	    run_approve },
	{ "identity withdraw", "ENTERPRISE ID",
	    "ends a record for good, and what rests on it where it is still to be signed",
	    run_withdraw },
	{ NULL, NULL, NULL, NULL },
};
