/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: problem reports: by anybody, and what operators do with them. */
#include "api.h"
#include "base/text.h"

#define COLLECTION "/v1/problem-reports"

static int
run_challenge(struct args *args)
{
	struct api api;

	if (!args_end(args))
		return usage(args);
	if (!api_open_to_all(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_any_url(&api, COLLECTION "/challenge") };

	return api_call(&api, &how);
}

static bool
take_report(struct args *args, json_t *body)
{
	static const char *const texts[][2] = { { "--serial", "serial" },
		{ "--fingerprint", "fingerprint" }, { "--request", "request" },
		{ "--category", "category" }, { "--text", "text" }, { "--contact", "contact" } };
	bool good = api_take_file(args, "--certificate", body, "certificate") &&
		    api_take_file(args, "--proof", body, "proof");

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		good = api_take_text(args, texts[i][0], body, texts[i][1]) && good;
	return good;
}

static int
run_submit(struct args *args)
{
	const char *key = args_option(args, "--idempotency-key", NULL);
	json_t *body = json_object();
	const bool good = take_report(args, body);
	struct api api;

	if (!good || json_object_get(body, "category") == NULL ||
	    json_object_get(body, "text") == NULL || !args_end(args)) {
		json_decref(body);
		return good ? usage(args) : COULD_NOT_RUN;
	}
	if (!api_open_to_all(args, &api)) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	return api_post(&api, api_any_url(&api, COLLECTION), body, key);
}

static int
run_list(struct args *args)
{
	const char *state = args_option(args, "--state", "open");
	const char *limit = args_option(args, "--limit", "50");
	const char *cursor = args_option(args, "--cursor", NULL);
	const char *enterprise = args_option(args, "--enterprise", NULL);
	struct api api;

	if (!args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_any_url(&api,
		    cs_arena_printf(args->arena, COLLECTION "?state=%s&limit=%s%s%s%s%s",
			cs_percent_encode(args->arena, state),
			cs_percent_encode(args->arena, limit), cursor == NULL ? "" : "&cursor=",
			cursor == NULL ? "" : cs_percent_encode(args->arena, cursor),
			enterprise == NULL ? "" : "&enterprise=",
			enterprise == NULL ? "" : cs_percent_encode(args->arena, enterprise))) };

	return api_call(&api, &how);
}

static int
run_show(struct args *args)
{
	const char *id = args_word(args);
	struct api api;

	if (id == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_any_url(&api, cs_arena_printf(args->arena, COLLECTION "/%s",
					     cs_percent_encode(args->arena, id))) };

	return api_call(&api, &how);
}

/* `good` false: it was said why.  Takes `body`. */
static int
act(struct args *args, const char *what, json_t *body, bool good, const char *needed)
{
	const char *id = args_word(args);
	struct api api;

	if (!good || id == NULL || json_object_get(body, needed) == NULL ||
	    json_object_get(body, "text") == NULL || !args_end(args)) {
		json_decref(body);
		return good ? usage(args) : COULD_NOT_RUN;
	}
	if (!api_open(args, &api)) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	return api_post(&api,
	    api_any_url(&api, cs_arena_printf(args->arena, COLLECTION "/%s/%s",
				  cs_percent_encode(args->arena, id), what)),
	    body, NULL);
}

static int
run_answer(struct args *args)
{
	json_t *body = json_object();
	const bool good = api_take_text(args, "--text", body, "text");

	return act(args, "preliminary", body, good, "text");
}

static int
run_decide(struct args *args)
{
	json_t *body = json_object();
	const bool good = api_take_text(args, "--decision", body, "decision") &&
			  api_take_text(args, "--text", body, "text") &&
			  api_take_text(args, "--ground", body, "ground") &&
			  api_take_text(args, "--reason", body, "reason");

	return act(args, "decide", body, good, "decision");
}

const struct command report_commands[] = {
	{ "report challenge", "", "gets what the proof of a compromised key must hold",
	    run_challenge },
	{ "report submit",
	    "--category key-compromise|mis-issued|misuse|name-no-longer-theirs|other --text TEXT"
	    " [--certificate FILE] [--serial HEX] [--fingerprint HEX] [--request ID]"
	    " [--contact ADDRESS] [--proof FILE] [--idempotency-key KEY]",
	    "reports a problem with a certificate; anybody may", run_submit },
	{ "report list",
	    "[--state open|asked|revoked|rejected] [--limit N] [--cursor C] [--enterprise NAME]",
	    "lists reports, the most urgent first", run_list },
	{ "report show", "ID", "shows a report", run_show },
	{ "report answer", "ID --text TEXT", "records the preliminary report", run_answer },
	{ "report decide",
	    "ID --decision revoke|reject --text TEXT [--ground NAME] [--reason NAME]",
	    "has the certificate revoked, or keeps it", run_decide },
	{ NULL, NULL, NULL, NULL },
};
