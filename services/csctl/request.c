/* SPDX-License-Identifier: Apache-2.0 */
/* request.c: the API from the command line: what a person does in a browser, step by step. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "base/text.h"
#include "http/client.h"
#include "pki/hash.h"
#include "secret.h"

#define FILE_MAX 65536

bool
api_open(struct args *args, struct api *api)
{
	const char *base = setting("CS_API_URL", "where the API is: http://127.0.0.1:8080");
	const char *token = setting("CS_API_TOKEN", "the API token of an account");

	if (base == NULL || token == NULL)
		return false;
	*api = (struct api){ http_client_new(token, getenv("CS_API_CA_FILE")), base, args->arena };
	return true;
}

bool
api_open_to_all(struct args *args, struct api *api)
{
	const char *base = setting("CS_API_URL", "where the API is: http://127.0.0.1:8080");

	if (base == NULL)
		return false;
	*api = (struct api){ http_client_new(NULL, getenv("CS_API_CA_FILE")), base, args->arena };
	return true;
}

/* What still refers to a document that shall go away. */
static void
print_use(const json_t *use)
{
	static const char *const members[] = { "enterprise", "kind", "name", "field" };
	const char *comma = "  used by";

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text = json_string_value(json_object_get(use, members[i]));

		if (text != NULL)
			(void)fprintf(stderr, "%s %s", comma, text);
		comma = "";
	}
	(void)fputc('\n', stderr);
}

/* A problem document in a person's words (RFC 9457).  From 500 on nothing was judged: try again. */
int
api_problem_of(long status, const json_t *problem, const char *document)
{
	const bool judged = status < 500 && status != 408 && status != 429;
	static const char *const members[] = { "title", "detail", "field", "clause", "mend",
		"code" };
	const json_t *use;
	size_t i;

	(void)fprintf(
	    stderr, "csctl: %s with status %ld\n", judged ? "refused" : "not done", status);
	if (document != NULL)
		(void)fprintf(stderr, "  about   %s\n", document);
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text = json_string_value(json_object_get(problem, members[i]));

		if (text != NULL)
			(void)fprintf(stderr, "  %-7s %s\n", members[i], text);
	}
	json_array_foreach(json_object_get(problem, "uses"), i, use)
	{
		print_use(use);
	}
	if (json_is_true(json_object_get(json_object_get(problem, "second_factor"), "password")))
		(void)fputs(
		    "  then    csctl request approve ID --password, and type the one of the "
		    "directory\n",
		    stderr);
	else if (json_is_object(json_object_get(problem, "second_factor")))
		(void)fputs(
		    "  first   csctl request second-factor ID\n"
		    "  then    csctl request approve ID --codes, and type what was sent or shown\n",
		    stderr);
	return judged ? REFUSED : COULD_NOT_RUN;
}

int
api_problem(long status, struct cs_span body)
{
	json_t *problem = json_loadb((const char *)body.data, body.len, 0, NULL);
	const int result = api_problem_of(status, problem, NULL);

	json_decref(problem);
	return result;
}

/* JSON over several lines, for people; everything else as it came. */
static void
print_body(struct cs_span body)
{
	json_t *value = json_loadb((const char *)body.data, body.len, 0, NULL);

	if (value != NULL) {
		(void)json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		(void)fputc('\n', stdout);
		json_decref(value);
		return;
	}
	(void)fwrite(body.data, 1, body.len, stdout);
	if (body.len > 0 && body.data[body.len - 1] != '\n')
		(void)fputc('\n', stdout);
}

typedef void print_answer(struct cs_span body);

/* Sends it and prints the answer. */
static int
call_with(struct api *api, const struct http_call *how, print_answer *print)
{
	struct cs_span body;
	struct cs_err err;
	long status = 0;
	int result;

	if (http_client_call(api->client, how, api->arena, &status, &body, &err))
		result = could_not(&err);
	else if (status < 200 || status > 299)
		result = api_problem(status, body);
	else {
		print(body);
		result = DONE;
	}
	http_client_free(api->client);
	return result;
}

int
api_call(struct api *api, const struct http_call *how)
{
	return call_with(api, how, print_body);
}

int
api_ask(struct api *api, const struct http_call *how, json_t **ret)
{
	struct cs_span body;
	struct cs_err err;
	long status = 0;

	*ret = NULL;
	if (http_client_call(api->client, how, api->arena, &status, &body, &err))
		return could_not(&err);
	if (status < 200 || status > 299)
		return api_problem(status, body);
	*ret = body.len == 0 ? json_null() : json_loadb((const char *)body.data, body.len, 0, NULL);
	if (*ret != NULL)
		return DONE;
	(void)fprintf(stderr, "csctl: the API said something else than was asked\n");
	return COULD_NOT_RUN;
}

const char *
api_any_url(const struct api *api, const char *path)
{
	return cs_arena_printf(api->arena, "%s%s", api->base, path);
}

const char *
api_url(const struct api *api, const char *path)
{
	return cs_arena_printf(api->arena, "%s/v1/requests%s", api->base, path);
}

/* ---- submit ---- */

/* The API takes a text: PEM as it is, else base64 of the octets.  NULL: it was said why. */
static const char *
read_csr(struct cs_arena *arena, const char *path)
{
	uint8_t *data = cs_arena_alloc(arena, FILE_MAX + 1);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, data, FILE_MAX + 1);

	if (n < 0)
		(void)fprintf(stderr, "csctl: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	if (n > FILE_MAX)
		(void)fprintf(stderr, "csctl: %s: over %d octets\n", path, FILE_MAX);
	if (n < 0 || n > FILE_MAX)
		return NULL;
	const struct cs_span octets = cs_span_of(data, (size_t)n);

	if (memchr(data, '\0', octets.len) == NULL && cs_utf8_valid(octets))
		return (const char *)data;
	return cs_base64(arena, octets);
}

static bool
is_utf8(const char *name, const char *value)
{
	if (value == NULL || cs_utf8_valid(cs_span_str(value)))
		return true;
	(void)fprintf(stderr, "csctl: %s is not UTF-8\n", name);
	return false;
}

/* Takes every "--name VALUE" into a list.  False: one of them cannot be said in JSON. */
bool
api_take_list(struct args *args, const char *option, json_t *body, const char *member)
{
	json_t *list = json_array();
	const char *value;
	bool good = true;

	while ((value = args_option(args, option, NULL)) != NULL) {
		good = good && is_utf8(option, value);
		(void)json_array_append_new(list, json_string(value));
	}
	if (json_array_size(list) > 0)
		(void)json_object_set(body, member, list);
	json_decref(list);
	return good;
}

static bool
add_value(struct cs_arena *arena, const char *pair, json_t *subject)
{
	const char *equals = strchr(pair, '=');

	if (!is_utf8("--subject", pair))
		return false;
	if (equals == NULL) {
		(void)fprintf(stderr, "csctl: --subject must be NAME=VALUE\n");
		return false;
	}
	const char *name = cs_arena_strndup(arena, pair, (size_t)(equals - pair));

	if (json_object_get(subject, name) != NULL) {
		(void)fprintf(stderr, "csctl: --subject %s is given twice\n", name);
		return false;
	}
	return json_object_set_new(subject, name, json_string(equals + 1)) == 0;
}

bool
api_take_subject(struct args *args, json_t *body)
{
	json_t *subject = json_object();
	const char *pair;
	bool good = true;

	while ((pair = args_option(args, "--subject", NULL)) != NULL)
		good = add_value(args->arena, pair, subject) && good;
	if (json_object_size(subject) > 0)
		(void)json_object_set(body, "subject", subject);
	json_decref(subject);
	return good;
}

bool
api_take_text(struct args *args, const char *option, json_t *body, const char *member)
{
	const char *value = args_option(args, option, NULL);

	if (value != NULL)
		(void)json_object_set_new(body, member, json_string(value));
	return is_utf8(option, value);
}

void
api_take_approve(struct args *args, json_t *body)
{
	if (args_flag(args, "--approve"))
		(void)json_object_set_new(body, "approve", json_true());
}

/* The body of a request for a certificate without its CSR; NULL: it was said why. */
static json_t *
take_wishes(struct args *args)
{
	static const char *const texts[][2] = { { "--profile", "profile" },
		{ "--common-name", "common_name" }, { "--key-use", "key_use" },
		{ "--note-version", "note_version" }, { "--for", "for" } };
	json_t *body = json_pack("{s:s}", "profile", "smime-mailbox");
	uint32_t days = 0;
	bool good = args_number(args, "--days", 1, 3650, &days);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		good = api_take_text(args, texts[i][0], body, texts[i][1]) && good;
	good = api_take_list(args, "--mailbox", body, "mailboxes") && good;
	good = api_take_list(args, "--domain", body, "domains") && good;
	good = api_take_subject(args, body) && good;
	api_take_approve(args, body);
	if (days != 0)
		(void)json_object_set_new(body, "validity_days", json_integer(days));
	if (good)
		return body;
	json_decref(body);
	return NULL;
}

bool
api_take_file(struct args *args, const char *option, json_t *body, const char *member)
{
	const char *path = args_option(args, option, NULL);
	const char *text = path == NULL ? NULL : read_csr(args->arena, path);

	if (text != NULL)
		(void)json_object_set_new(body, member, json_string(text));
	return path == NULL || text != NULL;
}

int
api_post(struct api *api, const char *url, json_t *body, const char *key)
{
	char *json = json_dumps(body, JSON_COMPACT);
	const struct http_call how = { .method = "POST",
		.url = url,
		.content_type = "application/json",
		.body = cs_span_str(json),
		.header =
		    key == NULL ? NULL : cs_arena_printf(api->arena, "Idempotency-Key: %s", key) };
	int status = api_call(api, &how);

	free(json);
	json_decref(body);
	return status;
}

static int
run_submit(struct args *args)
{
	const char *key = args_option(args, "--idempotency-key", NULL);
	json_t *body = take_wishes(args);
	struct api api;

	if (body == NULL || !api_take_file(args, "--csr", body, "csr")) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	if (json_object_get(body, "csr") == NULL || json_object_get(body, "mailboxes") == NULL ||
	    !args_end(args)) {
		json_decref(body);
		return usage(args);
	}
	if (!api_open(args, &api)) {
		json_decref(body);
		return COULD_NOT_RUN;
	}
	return api_post(&api, api_url(&api, ""), body, key);
}

/* ---- one request ---- */

static int
run_get(struct args *args, const char *suffix)
{
	const char *id = args_word(args);
	struct api api;

	if (id == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_url(&api, cs_arena_printf(args->arena, "/%s%s",
					 cs_percent_encode(args->arena, id), suffix)) };

	return api_call(&api, &how);
}

static int
run_show(struct args *args)
{
	return run_get(args, "");
}

/* ---- what to publish ---- */

static const char *
word(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

/* Name and value stand alone in their lines, to be copied. */
static void
print_way(const json_t *way)
{
	(void)printf("  %s (%s, %s): %s\n    %s\n    %s\n", word(way, "method"), word(way, "what"),
	    word(way, "clause"), word(way, "type"), word(way, "name"), word(way, "value"));
	if (word(way, "note")[0] != '\0')
		(void)printf("    %s\n", word(way, "note"));
}

static void
print_ways(const json_t *check)
{
	const json_t *you = json_object_get(check, "you"), *way;
	const json_t *ways = json_object_get(you, "publish");
	size_t i;

	if (json_array_size(ways) == 0)
		return;
	(void)printf("%s %s: %s\n", word(check, "id"), word(check, "target"), word(you, "text"));
	json_array_foreach(ways, i, way)
	{
		print_way(way);
	}
	if (word(you, "next_look_at")[0] != '\0')
		(void)printf("  next look without Verify: %s\n", word(you, "next_look_at"));
	(void)printf("  the value ends: %s\n", word(you, "until"));
}

static void
print_publications(struct cs_span body)
{
	json_t *request = json_loadb((const char *)body.data, body.len, 0, NULL), *check;
	size_t i;

	json_array_foreach(json_object_get(request, "checks"), i, check)
	{
		print_ways(check);
	}
	json_decref(request);
}

static int
run_publish(struct args *args)
{
	const char *id = args_word(args);
	struct api api;

	if (id == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_url(&api,
		    cs_arena_printf(args->arena, "/%s", cs_percent_encode(args->arena, id))) };

	return call_with(&api, &how, print_publications);
}

static int
run_certificate(struct args *args)
{
	const char *format = args_option(args, "--format", "pem");

	return run_get(args, cs_arena_printf(args->arena, "/certificate?format=%s",
				 cs_percent_encode(args->arena, format)));
}

static int
run_post(struct args *args, const char *suffix, const char *json)
{
	const char *id = args_word(args);
	struct api api;

	if (id == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "POST",
		.url = api_url(&api, cs_arena_printf(args->arena, "/%s/%s",
					 cs_percent_encode(args->arena, id), suffix)),
		.content_type = json == NULL ? NULL : "application/json",
		.body = cs_span_str(json) };

	return api_call(&api, &how);
}

#define CODES_MAX 1024 /* octets of all lines */

/* "12345678", or "email 12345678": into `codes`.  False: neither. */
static bool
add_code(char *line, json_t *body)
{
	const size_t len = strcspn(line, " \t");
	json_t *codes = json_object_get(body, "codes");

	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0')
		return true;
	if (line[0] >= '0' && line[0] <= '9')
		return json_object_set_new(body, "code", json_string(line)) == 0;
	if (line[len] == '\0')
		return false;
	line[len] = '\0';
	if (codes == NULL)
		(void)json_object_set_new(body, "codes", codes = json_object());
	return json_object_set_new(codes, line, json_string(line + len + 1)) == 0;
}

/* Codes are read from stdin, a line each: arguments are seen by every process of the machine. */
static int
approve_with_codes(struct args *args)
{
	struct cs_span typed;
	struct cs_err err;

	if (read_input(args->arena, "-", CODES_MAX, &typed, &err))
		return could_not(&err);
	char *text = cs_arena_strndup(args->arena, (const char *)typed.data, typed.len),
	     *rest = text, *json = NULL;
	json_t *body = json_object();
	bool good = true;
	int status;

	pki_wipe((char *)(uintptr_t)typed.data, typed.len);
	for (char *line = strsep(&rest, "\n"); good && line != NULL; line = strsep(&rest, "\n"))
		good = add_code(line, body);
	pki_wipe(text, typed.len);
	if (good && json_object_size(body) > 0)
		json = json_dumps(body, JSON_COMPACT);
	json_decref(body);
	if (json == NULL) {
		(void)fprintf(
		    stderr, "csctl: a line is a code, or its channel and a code: email 12345678\n");
		return COULD_NOT_RUN;
	}
	status = run_post(args, "approve", json);
	pki_wipe(json, strlen(json));
	free(json);
	return status;
}

static int
approve_with_password(struct args *args)
{
	char password[SECRET_MAX];

	if (!secret_read("password of the directory", password))
		return COULD_NOT_RUN;
	json_t *body = json_pack("{s:s}", "password", password);
	char *json = json_dumps(body, JSON_COMPACT);

	explicit_bzero(password, sizeof(password));
	json_decref(body);
	cs_assert(json != NULL); /* a text in UTF-8 */
	const int status = run_post(args, "approve", json);

	pki_wipe(json, strlen(json));
	free(json);
	return status;
}

static int
run_approve(struct args *args)
{
	if (args_flag(args, "--codes"))
		return approve_with_codes(args);
	if (args_flag(args, "--password"))
		return approve_with_password(args);
	return run_post(args, "approve", NULL);
}

static int
run_second_factor(struct args *args)
{
	return run_post(args, "second-factor", NULL);
}

static int
run_cancel(struct args *args)
{
	return run_post(args, "cancel", NULL);
}

static int
run_verify(struct args *args)
{
	const char *check = args_option(args, "--check", NULL);
	const char *method = args_option(args, "--method", NULL);

	if (check == NULL)
		return usage(args);
	json_t *body = method == NULL ? NULL : json_pack("{s:s}", "method", method);
	char *json = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	int status = run_post(args,
	    cs_arena_printf(args->arena, "checks/%s/verify", cs_percent_encode(args->arena, check)),
	    json);

	free(json);
	json_decref(body);
	return status;
}

/* The token is read from stdin: arguments are seen by every process of the machine. */
static int
run_token(struct args *args)
{
	const char *check = args_option(args, "--check", NULL);
	char token[256] = "";
	int status;

	if (check == NULL)
		return usage(args);
	if (fgets(token, sizeof(token), stdin) == NULL)
		return usage(args);
	token[strcspn(token, "\r\n")] = '\0';
	json_t *body = json_pack("{s:s}", "token", token);
	char *json = json_dumps(body, JSON_COMPACT);

	if (json == NULL) {
		(void)fprintf(stderr, "csctl: a token is text in UTF-8\n");
		explicit_bzero(token, sizeof(token));
		json_decref(body);
		return COULD_NOT_RUN;
	}
	status = run_post(args,
	    cs_arena_printf(args->arena, "checks/%s/token", cs_percent_encode(args->arena, check)),
	    json);
	explicit_bzero(token, sizeof(token));
	explicit_bzero(json, strlen(json));
	json_decref(body);
	free(json);
	return status;
}

/* ---- list and watch ---- */

static int
run_list(struct args *args)
{
	const char *state = args_option(args, "--state", NULL),
		   *enterprise = args_option(args, "--enterprise", NULL),
		   *cursor = args_option(args, "--cursor", NULL),
		   *since = args_option(args, "--changed-since", NULL);
	struct cs_buf query = cs_buf_new(args->arena);
	struct api api;

	cs_buf_printf(&query, "?limit=%s",
	    cs_percent_encode(args->arena, args_option(args, "--limit", "50")));
	if (state != NULL)
		cs_buf_printf(&query, "&state=%s", cs_percent_encode(args->arena, state));
	if (enterprise != NULL)
		cs_buf_printf(&query, "&enterprise=%s", cs_percent_encode(args->arena, enterprise));
	if (cursor != NULL)
		cs_buf_printf(&query, "&cursor=%s", cs_percent_encode(args->arena, cursor));
	if (since != NULL)
		cs_buf_printf(&query, "&changed_since=%s", cs_percent_encode(args->arena, since));
	if (!args_end(args) || !api_open(args, &api))
		return COULD_NOT_RUN;
	const struct http_call how = { .method = "GET",
		.url = api_url(&api, (const char *)cs_buf_span(&query).data) };

	return api_call(&api, &how);
}

/*
 * A line about one check does not end the request, whatever it says; what was issued may have been revoked since,
 * and the server ends the stream behind what came last.
 */
bool
request_line_ends(const char *data)
{
	static const char *const ends[] = { "refused", "cancelled", "expired", "revoked" };
	json_t *line = json_loads(data, 0, NULL);
	const char *state = json_string_value(json_object_get(line, "state"));
	bool ended = false;

	for (size_t i = 0; state != NULL && i < sizeof(ends) / sizeof(ends[0]); i++)
		ended |= strcmp(state, ends[i]) == 0;
	ended &= json_object_get(line, "check") == NULL;
	json_decref(line);
	return ended;
}

/* Prints each event's data; ends when the request has ended. */
static bool
on_line(void *arg, const char *line)
{
	const char *data = line + 5 + (strncmp(line, "data: ", 6) == 0);

	(void)arg;
	if (strncmp(line, "data:", 5) != 0)
		return true;
	(void)puts(data);
	(void)fflush(stdout);
	return !request_line_ends(data);
}

static int
run_watch(struct args *args)
{
	const char *id = args_word(args);
	struct cs_err err;
	struct api api;

	if (id == NULL || !args_end(args))
		return usage(args);
	if (!api_open(args, &api))
		return COULD_NOT_RUN;
	enum cs_code code = http_client_lines(api.client,
	    api_url(&api,
		cs_arena_printf(args->arena, "/%s/events", cs_percent_encode(args->arena, id))),
	    on_line, NULL, &err);

	http_client_free(api.client);
	return code == CS_OK ? DONE : could_not(&err);
}

const struct command request_commands[] = {
	{ "request submit",
	    "--csr FILE --mailbox ADDRESS... [--domain NAME]... [--profile NAME] [--days N]"
	    " [--key-use dual|signing|encryption] [--common-name TEXT]"
	    " [--subject NAME=VALUE]... [--note-version VERSION]"
	    " [--idempotency-key KEY] [--for ACCOUNT] [--approve]",
	    "asks for a certificate, also on behalf of an account; --approve: too, if all is proved",
	    run_submit },
	{ "request show", "ID", "shows a request with its checks", run_show },
	{ "request publish", "ID", "shows what to publish to prove its domains, to be copied",
	    run_publish },
	{ "request watch", "ID", "shows what happens to it, until it ends", run_watch },
	{ "request verify", "ID --check CHECK [--method NAME]", "asks to look at one check now",
	    run_verify },
	{ "request token", "ID --check CHECK", "submits the token from a mail, read from stdin",
	    run_token },
	{ "request reply", "ID --check CHECK",
	    "prints the answer to the mail that is read from stdin (RFC 8823)", reply_run },
	{ "request approve", "ID [--codes | --password]",
	    "lets the certificate be made; with codes or the password of a second factor, read from stdin",
	    run_approve },
	{ "request second-factor", "ID",
	    "has codes sent to whoever approves, or says where to log in", run_second_factor },
	{ "request cancel", "ID", "ends it", run_cancel },
	{ "request certificate", "ID [--format pem|der|p7b|chain]", "prints the certificate",
	    run_certificate },
	{ "request list",
	    "[--state STATE] [--changed-since TIME] [--limit N] [--cursor C]"
	    " [--enterprise NAME]",
	    "lists requests, the newest first; people of the platform name the enterprise",
	    run_list },
	{ NULL, NULL, NULL, NULL },
};
