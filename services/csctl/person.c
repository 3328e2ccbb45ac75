/* SPDX-License-Identifier: Apache-2.0 */
/* person.c: how people get in: API tokens, invitations, and what helps those who cannot. */
#include "config.h"

#define TOKEN_DAYS_MAX 730
#define INVITATION_DAYS_MAX 30

/* Takes ENTERPRISE NAME, and more words behind `what` when there are any.  False: it is used wrongly. */
static bool
take_person(struct args *args, const char *what, const char *ret_parts[static 6])
{
	ret_parts[0] = args_word(args);
	ret_parts[1] = "person";
	ret_parts[2] = args_word(args);
	ret_parts[3] = what;
	ret_parts[4] = ret_parts[5] = NULL;
	return ret_parts[2] != NULL;
}

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
run_token(struct args *args)
{
	json_t *body = json_object();
	uint32_t days = 90;
	const char *parts[6];
	const bool good = args_number(args, "--days", 1, TOKEN_DAYS_MAX, &days) &&
			  api_take_text(args, "--label", body, "label") &&
			  api_take_list(args, "--scope", body, "scopes");

	if (!good || !take_person(args, "tokens", parts) || !args_end(args) ||
	    json_object_get(body, "label") == NULL || json_object_get(body, "scopes") == NULL) {
		json_decref(body);
		return good ? usage(args) : COULD_NOT_RUN;
	}
	(void)json_object_set_new(body, "days", json_integer(days));
	return post(args, parts, body);
}

static int
run_tokens(struct args *args)
{
	const char *parts[6];
	struct api api;

	if (!take_person(args, "tokens", parts) || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET", .url = config_url(&api, parts, "") };

	return api_call(&api, &how);
}

static int
run_end_token(struct args *args)
{
	const char *parts[6];
	struct api api;

	if (!take_person(args, "tokens", parts))
		return usage(args);
	parts[4] = args_word(args);
	if (parts[4] == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "DELETE", .url = config_url(&api, parts, "") };

	return api_call(&api, &how);
}

/* Takes `body`. */
static int
act(struct args *args, const char *what, json_t *body)
{
	const char *parts[6];

	if (take_person(args, what, parts) && args_end(args))
		return post(args, parts, body);
	json_decref(body);
	return usage(args);
}

static int
run_invite(struct args *args)
{
	uint32_t days = 7;

	if (!args_number(args, "--days", 1, INVITATION_DAYS_MAX, &days))
		return COULD_NOT_RUN;
	return act(args, "invitation", json_pack("{s:I}", "days", (json_int_t)days));
}

static int
run_unlock(struct args *args)
{
	return act(args, "unlock", json_object());
}

static int
run_reset(struct args *args)
{
	const bool must_change = args_flag(args, "--must-change");

	return act(args, "password-reset", json_pack("{s:b}", "must_change", must_change));
}

const struct command person_commands[] = {
	{ "person token", "ENTERPRISE NAME --label TEXT --scope SCOPE... [--days N]",
	    "makes an API token, which is shown this once and may do no more than its scopes",
	    run_token },
	{ "person tokens", "ENTERPRISE NAME", "lists API tokens, not their secrets", run_tokens },
	{ "person end-token", "ENTERPRISE NAME ID", "ends an API token", run_end_token },
	{ "person invite", "ENTERPRISE NAME [--days N]",
	    "makes an invitation, with which the person sets a password; it is shown this once",
	    run_invite },
	{ "person unlock", "ENTERPRISE NAME", "lets a person try again after wrong passwords",
	    run_unlock },
	{ "person reset-password", "ENTERPRISE NAME [--must-change]",
	    "ends a person's sessions; an invitation replaces the password, or it must be changed",
	    run_reset },
	{ NULL, NULL, NULL, NULL },
};
