/* SPDX-License-Identifier: Apache-2.0 */
#include "open_mpic.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "probe/probe.h"
#include "smime/method.h"

#define CODE_MAX 64 /* octets of a perspective's code */
#define SEEN_MAX 600

static void
json_release(json_t **value)
{
	json_decref(*value);
}

/* ---- asking ---- */

/* What a check becomes: where its value was seen, in parts. */
struct spot {
	struct cs_arena *arena;
	const struct claim_check *check;
	const char *label;  /* of a record, before the name */
	const char *target; /* the name itself */
	const char *path;   /* of a file: what stands after the directory */
	struct probe_place place;
};

static bool
is_prefixed(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "http://name/.well-known/DIRECTORY/path". */
static bool
split_file(const char *found_at, const char *directory, struct spot *spot)
{
	static const char scheme[] = "http://";
	const char *host = found_at + sizeof(scheme) - 1;
	const char *slash = is_prefixed(found_at, scheme) ? strchr(host, '/') : NULL;

	if (slash == NULL || slash == host || !is_prefixed(slash, directory))
		return false;
	spot->target = cs_arena_strndup(spot->arena, host, (size_t)(slash - host));
	spot->path = slash + strlen(directory);
	return spot->path[0] != '\0';
}

/* "name:443". */
static bool
split_port(const char *found_at, struct spot *spot)
{
	const char *colon = strchr(found_at, ':');

	if (colon == NULL || colon == found_at)
		return false;
	spot->target = cs_arena_strndup(spot->arena, found_at, (size_t)(colon - found_at));
	return true;
}

static json_t *
text(const char *value)
{
	return json_string(value);
}

static json_t *
ask_record(const struct spot *spot)
{
	const bool cname = strcmp(spot->place.record, "CNAME") == 0;
	/* Names end with the dot there. */
	const char *value =
	    cname ? cs_arena_printf(spot->arena, "%s.", spot->place.value) : spot->place.value;

	return json_pack("{s:s, s:s, s:s, s:s, s:b}", "validation_method", "dns-change",
	    "challenge_value", value, "dns_record_type", cname ? "CNAME" : "TXT", "dns_name_prefix",
	    spot->label, "require_exact_match", 1);
}

static json_t *
ask_persist(const struct spot *spot)
{
	const char *issuer = spot->check->issuer_domains.items[0];

	return json_pack("{s:s, s:[s], s:s}", "validation_method", "dns-persistent",
	    "issuer_domain_names", issuer, "expected_account_uri",
	    smime_account_uri(spot->arena, spot->check->enterprise, issuer));
}

static json_t *
ask_file(const struct spot *spot)
{
	return json_pack("{s:s, s:s, s:s, s:s}", "validation_method", "website-change",
	    "challenge_value", spot->place.value, "http_token_path", spot->path, "url_scheme",
	    "http");
}

static json_t *
ask_acme_http(const struct spot *spot)
{
	return json_pack("{s:s, s:s, s:s}", "validation_method", "acme-http-01", "token",
	    spot->path, "key_authorization", spot->place.value);
}

static json_t *
ask_tls_alpn(const struct spot *spot)
{
	return json_pack("{s:s, s:s}", "validation_method", "acme-tls-alpn-01",
	    "key_authorization_hash", spot->place.value);
}

/* How each method is said there; `directory` of those whose value is a file. */
static const struct way {
	const char *method;
	bool is_record;
	const char *directory;
	json_t *(*ask)(const struct spot *spot);
} ways[] = {
	{ "dns-txt", true, NULL, ask_record },
	{ "dns-cname", true, NULL, ask_record },
	{ "dns-persist", true, NULL, ask_persist },
	{ "mx-dns-txt", true, NULL, ask_record },
	{ "http-file", false, "/.well-known/pki-validation/", ask_file },
	{ "mx-http-file", false, "/.well-known/pki-validation/", ask_file },
	{ "acme-http", false, "/.well-known/acme-challenge/", ask_acme_http },
	{ "acme-tls-alpn", false, NULL, ask_tls_alpn },
};

static const struct way *
way_of(const char *method)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].method, method) == 0)
			return &ways[i];
	return NULL;
}

/* Where the primary saw a record: the name, to which each method has its label. */
static bool
split_record(const struct way *way, struct spot *spot)
{
	const char *dot = strchr(spot->place.where, '.');

	if (!way->is_record)
		return true;
	if (dot == NULL)
		return false;
	spot->label =
	    cs_arena_strndup(spot->arena, spot->place.where, (size_t)(dot - spot->place.where));
	return true;
}

static bool
find_spot(const struct way *way, const char *found_at, struct spot *spot)
{
	struct claim_check at = *spot->check;

	spot->target = found_at;
	if ((way->directory != NULL && !split_file(found_at, way->directory, spot)) ||
	    (way->directory == NULL && !way->is_record && !split_port(found_at, spot)) ||
	    spot->target[0] == '\0')
		return false;
	at.target = spot->target;
	return probe_place(spot->arena, &at, spot->target, &spot->place) && split_record(way, spot);
}

static json_t *
ask_domain(struct cs_arena *arena, const struct claim_check *check, const char *found_at,
    const char **ret_target)
{
	const struct way *way = way_of(check->method);
	struct spot spot = { .arena = arena, .check = check };

	if (way == NULL || !find_spot(way, found_at, &spot))
		return NULL;
	*ret_target = spot.target;
	return way->ask(&spot);
}

static json_t *
ask_caa(const struct claim_check *check)
{
	json_t *domains = json_array();

	for (size_t i = 0; i < check->issuer_domains.n; i++)
		json_array_append_new(domains, text(check->issuer_domains.items[i]));
	return json_pack("{s:s, s:o}", "certificate_type", "s-mime", "caa_domains", domains);
}

static int
append(const char *octets, size_t len, void *arg)
{
	cs_buf_add(arg, octets, len);
	return 0;
}

bool
open_mpic_ask(struct cs_arena *arena, const struct claim_check *check, const char *found_at,
    uint32_t quorum, const char *trace, struct open_mpic_question *ret)
{
	const bool caa = check->kind == CLAIM_MPIC_CAA;
	struct cs_buf out = cs_buf_new(arena);

	*ret = (struct open_mpic_question){
		.kind = caa ? "caa" : "dcv", .target = check->target, .trace = trace
	};
	json_t *parameters =
	    caa ? ask_caa(check) : ask_domain(arena, check, found_at, &ret->target);
	if (parameters == NULL)
		return false;
	CS_AUTO(json_release)
	json_t *root = json_pack("{s:s, s:s, s:s, s:{s:i, s:i, s:i}, s:o}", "check_type", ret->kind,
	    "domain_or_ip_target", ret->target, "trace_identifier", trace,
	    "orchestration_parameters", "perspective_count", (int)quorum + 1, "quorum_count",
	    (int)quorum, "max_attempts", 1, caa ? "caa_check_parameters" : "dcv_check_parameters",
	    parameters);

	cs_assert(root != NULL &&
		  json_dump_callback(root, append, &out, JSON_COMPACT | JSON_SORT_KEYS) == 0);
	ret->json = cs_buf_span(&out);
	return true;
}

/* ---- reading ---- */

struct reading {
	struct cs_arena *arena;
	struct open_mpic_answer *answer;
	const char *codes[OPEN_MPIC_PERSPECTIVES_MAX]; /* of those before, borrowed from the JSON */
	size_t n;
	struct cs_buf seen;
};

static bool
is_text(const json_t *value, const char *wanted)
{
	return json_is_string(value) && json_string_length(value) == strlen(wanted) &&
	       strcmp(json_string_value(value), wanted) == 0;
}

/* The first error's type: "mpic_error:caa_checker:lookup". */
static const char *
error_of(const struct reading *r, const json_t *response)
{
	const json_t *first = json_array_get(json_object_get(response, "errors"), 0);
	const char *type = json_string_value(json_object_get(first, "error_type"));

	return type == NULL
		   ? ""
		   : cs_arena_printf(r->arena, " (%s)", cs_escape(r->arena, cs_span_str(type), 60));
}

static void
see(struct reading *r, const char *code, const char *what, const char *error)
{
	const char *line = cs_arena_printf(r->arena, "%s%s %s%s", r->seen.len > 0 ? "; " : "",
	    cs_escape(r->arena, cs_span_str(code), 40), what, error);

	if (r->seen.len + strlen(line) <= SEEN_MAX)
		cs_buf_add_str(&r->seen, line);
}

/* One voice each: a code that is there twice would be counted twice. */
static bool
is_new(const struct reading *r, const char *code)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->codes[i], code) == 0)
			return false;
	return true;
}

static const char *
read_perspective(struct reading *r, const json_t *one, const char *kind)
{
	const char *code = json_string_value(json_object_get(one, "perspective_code"));
	const json_t *response = json_object_get(one, "check_response");
	const json_t *completed = json_object_get(response, "check_completed");
	const json_t *passed = json_object_get(response, "check_passed");

	if (code == NULL || code[0] == '\0' || strlen(code) > CODE_MAX)
		return "a perspective has no code";
	if (!is_new(r, code))
		return "a perspective is there twice";
	if (!json_is_boolean(completed) || !json_is_boolean(passed) ||
	    !is_text(json_object_get(response, "check_type"), kind))
		return "a perspective does not say what it found";
	r->codes[r->n++] = code;
	const bool looked = json_is_true(completed), agrees = looked && json_is_true(passed);

	r->answer->agreed += agrees;
	r->answer->refused += looked && !agrees;
	see(r, code,
	    agrees   ? "agrees"
	    : looked ? "says no"
		     : "could not look",
	    agrees ? "" : error_of(r, response));
	return NULL;
}

static const char *
read_perspectives(struct reading *r, const json_t *list, const char *kind)
{
	const char *why;

	if (!json_is_array(list) || json_array_size(list) > OPEN_MPIC_PERSPECTIVES_MAX)
		return "it names no perspectives, or too many";
	for (size_t i = 0; i < json_array_size(list); i++) {
		why = read_perspective(r, json_array_get(list, i), kind);
		if (why != NULL)
			return why;
	}
	return NULL;
}

const char *
open_mpic_read(struct cs_arena *arena, const struct open_mpic_question *question,
    struct cs_span json, struct open_mpic_answer *ret)
{
	struct reading r = { .arena = arena, .answer = ret, .seen = cs_buf_new(arena) };
	json_error_t error;
	CS_AUTO(json_release)
	json_t *root =
	    json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, &error);

	*ret = (struct open_mpic_answer){ 0 };
	if (!json_is_object(root))
		return "the answer is not a JSON object";
	const json_t *valid = json_object_get(root, "is_valid");

	if (!json_is_boolean(valid))
		return "the answer does not say whether it is valid";
	if (!is_text(json_object_get(root, "check_type"), question->kind) ||
	    !is_text(json_object_get(root, "domain_or_ip_target"), question->target) ||
	    !is_text(json_object_get(root, "trace_identifier"), question->trace))
		return "the answer is to another question";
	const char *why =
	    read_perspectives(&r, json_object_get(root, "perspectives"), question->kind);

	ret->valid = json_is_true(valid);
	ret->asked = (uint32_t)r.n;
	ret->seen = (const char *)cs_buf_span(&r.seen).data;
	return why;
}
