/* SPDX-License-Identifier: Apache-2.0 */
/* life.c: what comes after a certificate: another that follows it, its revocation, and what must be read first. */
#include "api.h"
#include "base/text.h"

/* Options that all of the three take. */
static bool
take_terms(struct args *args, json_t *body)
{
	uint32_t days = 0;
	bool good = args_number(args, "--days", 1, 3650, &days);

	good = api_take_text(args, "--agreement", body, "agreement") && good;
	good = api_take_text(args, "--contact", body, "contact") && good;
	good = api_take_text(args, "--note-version", body, "note_version") && good;
	api_take_approve(args, body);
	if (days != 0)
		(void)json_object_set_new(body, "validity_days", json_integer(days));
	return good;
}

/* `good` false: it was said why.  `needed`: a member without which it is used wrongly, or NULL.  Takes `body`. */
static int
post(struct args *args, const char *what, json_t *body, bool good, const char *needed)
{
	const char *key = args_option(args, "--idempotency-key", NULL);
	const char *id = args_word(args);
	struct api api;

	if (!good || id == NULL || !args_end(args) ||
	    (needed != NULL && json_object_get(body, needed) == NULL)) {
		json_decref(body);
		return good ? usage(args) : COULD_NOT_RUN;
	}
	if (!api_open(args, &api)) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	return api_post(&api,
	    api_url(&api,
		cs_arena_printf(args->arena, "/%s/%s", cs_percent_encode(args->arena, id), what)),
	    body, key);
}

static int
run_renew(struct args *args)
{
	json_t *body = json_object();
	const bool good = take_terms(args, body);

	return post(args, "renew", body, good, NULL);
}

static int
run_rekey(struct args *args)
{
	json_t *body = json_object();
	const bool good = take_terms(args, body) && api_take_file(args, "--csr", body, "csr");

	return post(args, "rekey", body, good, "csr");
}

static int
run_reissue(struct args *args)
{
	json_t *body = json_object();
	const bool good = take_terms(args, body) && api_take_file(args, "--csr", body, "csr") &&
			  api_take_list(args, "--mailbox", body, "mailboxes") &&
			  api_take_list(args, "--domain", body, "domains") &&
			  api_take_text(args, "--common-name", body, "common_name") &&
			  api_take_subject(args, body);

	return post(args, "reissue", body, good, "mailboxes");
}

static int
run_revoke(struct args *args)
{
	json_t *body = json_object();
	const bool good = api_take_text(args, "--reason", body, "reason") &&
			  api_take_text(args, "--text", body, "text") &&
			  api_take_text(args, "--note-version", body, "note_version");

	return post(args, "revoke", body, good, NULL);
}

static int
run_notes(struct args *args)
{
	const char *kind = args_option(args, "--kind", NULL);
	const char *screen = args_option(args, "--screen", NULL);
	const char *path = "/v1/notes";
	struct api api;

	if (!args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	if (kind != NULL)
		path = cs_arena_printf(
		    args->arena, "%s?kind=%s", path, cs_percent_encode(args->arena, kind));
	if (screen != NULL)
		path = cs_arena_printf(args->arena, "%s%cscreen=%s", path, kind == NULL ? '?' : '&',
		    cs_percent_encode(args->arena, screen));
	const struct http_call how = { .method = "GET", .url = api_any_url(&api, path) };

	return api_call(&api, &how);
}

#define TERMS                                                                            \
	" [--days N] [--agreement VERSION] [--contact ADDRESS] [--note-version VERSION]" \
	" [--idempotency-key KEY] [--approve]"

const struct command life_commands[] = {
	{ "request renew", "ID" TERMS, "asks for another certificate for the same key and names",
	    run_renew },
	{ "request rekey", "ID --csr FILE" TERMS,
	    "asks for another certificate for the same names and a new key", run_rekey },
	{ "request reissue",
	    "ID --mailbox ADDRESS... [--domain NAME]... [--common-name TEXT] [--subject NAME=VALUE]..."
	    " [--csr FILE]" TERMS,
	    "asks for another certificate for other names", run_reissue },
	{ "request revoke",
	    "ID [--reason keyCompromise|affiliationChanged|superseded|cessationOfOperation]"
	    " [--text TEXT] [--note-version VERSION]",
	    "has its certificate revoked, for good", run_revoke },
	{ "note show",
	    "[--kind issue|renew|rekey|reissue|revoke] [--screen csr|sdn|san|validity|ownership]",
	    "shows what the enterprise wants people to read before they ask", run_notes },
	{ NULL, NULL, NULL, NULL },
};
