/* SPDX-License-Identifier: Apache-2.0 */
/* login.c: a person's own way in: log in, log out, password.  Secrets are read from stdin, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "secret.h"

/* Sends it, and forgets it; *ret as api_ask() says.  Takes `body`. */
static int
post_secret(struct api *api, const char *path, json_t *body, json_t **ret)
{
	char *json = json_dumps(body, JSON_COMPACT);
	const struct http_call how = { .method = "POST",
		.url = api_any_url(api, path),
		.content_type = "application/json",
		.body = cs_span_str(json) };
	int status = api_ask(api, &how, ret);

	explicit_bzero(json, strlen(json));
	free(json);
	json_decref(body);
	return status;
}

/* The token alone on stdout, to be kept in a variable; what people want to know on stderr. */
static int
print_session(const json_t *session)
{
	const char *token = json_string_value(json_object_get(session, "token"));
	const char *ends = json_string_value(json_object_get(session, "ends_at"));

	if (token == NULL) {
		(void)fprintf(stderr, "csctl: the API said something else than was asked\n");
		return COULD_NOT_RUN;
	}
	(void)puts(token);
	(void)fprintf(stderr, "csctl: until %s; keep it in CS_API_TOKEN\n",
	    ends == NULL ? "csctl logout" : ends);
	if (json_is_true(json_object_get(session, "must_change")))
		(void)fprintf(stderr, "csctl: first set a new password: csctl password\n");
	return DONE;
}

static int
run_login(struct args *args)
{
	const char *enterprise = args_word(args), *account = args_word(args);
	char password[SECRET_MAX];
	json_t *session;
	struct api api;

	if (account == NULL || !args_end(args))
		return usage(args);
	if (!api_open_to_all(args, &api))
		return COULD_NOT_RUN;
	int status = COULD_NOT_RUN;

	if (secret_read("password", password)) {
		json_t *body = json_pack("{s:s, s:s, s:s}", "enterprise", enterprise, "account",
		    account, "password", password);

		explicit_bzero(password, sizeof(password));
		if (body == NULL)
			(void)fprintf(stderr, "csctl: names are text in UTF-8\n");
		else
			status = post_secret(&api, "/v1/sessions", body, &session);
		if (status == DONE) {
			status = print_session(session);
			json_decref(session);
		}
	}
	http_client_free(api.client);
	return status;
}

static int
call(struct args *args, const char *method, const char *path)
{
	struct api api;

	if (!args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = method, .url = api_any_url(&api, path) };

	return api_call(&api, &how);
}

static int
run_logout(struct args *args)
{
	return call(args, "DELETE", "/v1/sessions/current");
}

static int
run_me(struct args *args)
{
	return call(args, "GET", "/v1/me");
}

static int
run_password(struct args *args)
{
	const bool invited = args_flag(args, "--invitation");
	const char *first = invited ? "invitation" : "old password";
	char known[SECRET_MAX], new[SECRET_MAX];
	struct api api;

	if (!args_end(args))
		return usage(args);
	if (!(invited ? api_open_to_all(args, &api) : api_open(args, &api)))
		return COULD_NOT_RUN;
	int status = COULD_NOT_RUN;

	if (secret_read(first, known) && secret_read("new password", new)) {
		json_t *answer,
		    *body = json_pack("{s:s, s:s}", invited ? "invitation" : "old_password", known,
			"new_password", new);

		status = post_secret(&api, "/v1/password", body, &answer);
		json_decref(answer);
	}
	explicit_bzero(known, sizeof(known));
	explicit_bzero(new, sizeof(new));
	http_client_free(api.client);
	if (status == DONE)
		(void)puts("changed; sessions of before have ended");
	return status;
}

const struct command login_commands[] = {
	{ "login", "ENTERPRISE ACCOUNT",
	    "begins a session; reads the password from stdin, prints a token for CS_API_TOKEN",
	    run_login },
	{ "logout", "", "ends the session of CS_API_TOKEN", run_logout },
	{ "password", "[--invitation]",
	    "sets a new password; reads the old one or an invitation from stdin, then the new one",
	    run_password },
	{ "me", "", "shows whose CS_API_TOKEN is, and what it may do", run_me },
	{ NULL, NULL, NULL, NULL },
};
