/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The API from route to row and back, in memory: fake HTTP, real batches, fake store.  Every answer
 * is compared with openapi.json, and in the end everything that openapi.json describes must have
 * been seen.
 */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "api_config.h"
#include "api_domain.h"
#include "api_factor.h"
#include "api_life.h"
#include "api_report.h"
#include "api_return.h"
#include "api_session.h"
#include "base/text.h"
#include "base/time.h"
#include "challenge.h"
#include "connector/factor.h"
#include "contract.h"
#include "door.h"
#include "fake_http.h"
#include "fake_key.h"
#include "fake_policy.h"
#include "fake_store.h"
#include "fake_stretch.h"
#include "fake_svc.h"
#include "fixtures.h"
#include "handler.h"
#include "notes.h"
#include "oidc/refusal.h"
#include "pack/pack.h"
#include "page.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "proto/ask.pb-c.h"
#include "saml/refusal.h"
#include "saml/response.h"
#include "smime/domain.h"
#include "store.h"
#include "wire.h"

#include <cmocka.h>

#define ALICE "alice-token"
#define BOB "bob-token"
#define BOSS "boss-token"
#define OTHER "other-token"
#define OTHER_BOSS "other-boss-token"
#define DEPUTY "deputy-token" /* another operator of demo */
#define AUDITOR "auditor-token"
#define BOTH "both-token" /* a user who audits */
#define ADMIN "admin-token"
#define PLATFORM "platform-token" /* an operator of the platform */
#define PLATFORM_AUDITOR "platform-auditor-token"
#define PLATFORM_ADMIN "platform-admin-token" /* whose account is alice, too */

struct world {
	struct cs_arena *arena;
	struct intake_service intake;
	struct svc_service service;
	struct svc_test *test;
	int64_t now_ms;
	unsigned events;
	json_t *document; /* of the whole run */
};

static struct world world;

/* ---- the world ---- */

static const struct fake_person people[] = {
	{ ALICE, "demo", "alice", "user", "*", "1", NULL, 0, false },
	{ BOB, "demo", "bob", "user", "*", "2", NULL, 0, false },
	{ BOSS, "demo", "boss", "user operator", "*", "3", NULL, 0, false },
	{ OTHER, "other", "alice", "user", "*", "4", NULL, 0, false },
	{ OTHER_BOSS, "other", "boss", "user operator", "*", "5", NULL, 0, false },
	{ DEPUTY, "demo", "deputy", "operator", "*", "12", NULL, 0, false },
	{ AUDITOR, "demo", "eve", "auditor", "*", "6", NULL, 0, false },
	{ BOTH, "demo", "carol", "user auditor", "*", "7", NULL, 0, false },
	{ ADMIN, "demo", "root", "administrator", "*", "8", NULL, 0, false },
	{ PLATFORM, "platform", "ops", "operator", "*", "9", NULL, 0, false },
	{ PLATFORM_AUDITOR, "platform", "aud", "auditor", "*", "10", NULL, 0, false },
	{ PLATFORM_ADMIN, "platform", "alice", "administrator user", "*", "11", NULL, 0, false },
	{ .token = NULL },
};

static const struct http_route *const tables[] = { api_routes, api_life_routes, api_report_routes,
	api_domain_routes, api_factor_routes, api_config_routes, api_session_routes };
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static void
add_routes(void)
{
	struct cs_err err = { 0 };

	for (size_t i = 0; i < TABLES; i++)
		assert_int_equal(door_add_routes(NULL, tables[i], world.intake.api, &err), CS_OK);
	/* No part of the API, and not in its description. */
	assert_int_equal(door_add_routes(NULL, api_return_routes, world.intake.api, &err), CS_OK);
	assert_int_equal(http_server_add_routes(NULL, page_routes, NULL, &err), CS_OK);
}

static int
make_world(void **state)
{
	char dir[] = "/tmp/test-intake-XXXXXX";
	struct cs_err err = { 0 };

	(void)state;
	world.arena = cs_arena_new();
	assert_non_null(mkdtemp(dir));
	const char *path = cs_arena_printf(world.arena, "%s/key", dir);

	assert_int_equal(pki_ed25519_generate(path, &err), CS_OK);
	assert_int_equal(claim_key_load(path, &world.intake.key, &err), CS_OK);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(smime_psl_load(NULL, &world.intake.psl, &err), CS_OK);
	world.document = json_loads(openapi_json, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(world.document);
	return 0;
}

static int
end_world(void **state)
{
	(void)state;
	json_decref(world.document);
	claim_key_free(world.intake.key);
	smime_psl_free(world.intake.psl);
	fake_svc_use(NULL);
	fake_store_reset();
	cs_arena_free(world.arena);
	return 0;
}

static int
setup(void **state)
{
	(void)state;
	fake_store_reset();
	world.now_ms = cs_now_ms();
	world.intake.reports_per_network = 1000;
	world.intake.strangers_per_network = world.intake.logins_per_network =
	    world.intake.returns_per_network = 1000;
	world.intake.life_days = 30;
	world.intake.redirect_base = world.intake.entity_id = "";
	world.intake.creations_per_hour = world.intake.presses_per_hour = 1000;
	world.intake.creations_per_network = world.intake.presses_per_network = 1000;
	world.intake.streams_per_token = 32;
	world.intake.rules = (struct draft_rules){ .psl = world.intake.psl,
		.agreement = "v1",
		.default_days = 365,
		.allow_example_names = true };
	world.service = (struct svc_service){ .name = "request-intake",
		.mode = SVC_BATCH,
		.self = &world.intake,
		.routes = intake_routes,
		.load = store_load_requests,
		.save = store_save_requests,
		.share = intake_share,
		.decided = intake_decided };
	world.test = svc_test_new(&world.service, world.now_ms);
	fake_svc_use(world.test);
	fake_policy_use(people);
	fake_stretch_use(4);
	world.intake.api = api_new(&world.intake, NULL);
	fake_http_reset();
	add_routes();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_http_settle();
	api_free(world.intake.api);
	svc_test_free(world.test);
	return 0;
}

/* ---- asking ---- */

static const struct fake_answer *
ask(const struct fake_ask *request)
{
	const struct fake_answer *answer = fake_http(world.arena, request);

	fake_stretch_settle();
	assert_non_null(answer->pattern);
	assert_int_not_equal(answer->status, 0);
	contract_answer(world.document, request->method, answer->pattern, answer->status,
	    answer->type, (const char *)answer->body.data, answer->body.len);
	return answer;
}

static const struct fake_answer *
get(const char *token, const char *path)
{
	const struct fake_ask request = { .method = "GET", .path = path, .token = token };

	return ask(&request);
}

static const struct fake_answer *
post(const char *token, const char *path, const char *body)
{
	const struct fake_ask request = { .method = "POST",
		.path = path,
		.token = token,
		.body = body,
		.type = body ? "application/json" : NULL };

	return ask(&request);
}

static const struct fake_answer *
create_with(const char *token, const char *key, const char *body)
{
	const struct fake_ask request = { .method = "POST",
		.path = "/v1/requests",
		.token = token,
		.body = body,
		.type = "application/json",
		.headers = { { key ? "Idempotency-Key" : NULL, key } } };

	return ask(&request);
}

/* A member of the answer: "code", "checks.0.you.text"; "" when absent.  Numbers as text. */
static const char *
member(const struct fake_answer *answer, const char *path)
{
	json_t *root = json_loadb((const char *)answer->body.data, answer->body.len, 0, NULL),
	       *at = root;
	char *copy = cs_arena_strdup(world.arena, path), *save = NULL;
	const char *text = "";

	for (char *part = strtok_r(copy, ".", &save); part && at; part = strtok_r(NULL, ".", &save))
		at = json_is_array(at) ? json_array_get(at, (size_t)atoi(part))
				       : json_object_get(at, part);
	if (json_is_string(at))
		text = cs_arena_strdup(world.arena, json_string_value(at));
	else if (json_is_integer(at))
		text = cs_arena_printf(world.arena, "%lld", (long long)json_integer_value(at));
	else if (json_is_boolean(at))
		text = json_is_true(at) ? "true" : "false";
	else if (at)
		text = "(other)";
	json_decref(root);
	return text;
}

static void
assert_problem(const struct fake_answer *answer, int status, const char *code)
{
	if (answer->status != status || strcmp(member(answer, "code"), code) != 0)
		fail_msg("got %d %s, want %d %s: %s", answer->status, member(answer, "code"),
		    status, code, (const char *)answer->body.data);
	assert_string_not_equal(member(answer, "detail"), "");
	assert_string_not_equal(member(answer, "mend"), "");
}

/* The same, and what is at fault. */
static void
assert_fault(const struct fake_answer *answer, int status, const char *code, const char *field)
{
	assert_problem(answer, status, code);
	assert_string_equal(member(answer, "field"), field);
}

static const char good[] =
    "{\"profile\":\"smime-domain-mailbox\",\"csr\":\"" CSR_PEM
    "\",\"mailboxes\":[\"alice@alpha.example\"],\"domains\":[\"alpha.example\"]}";

/* A request of alice's; its path. */
static const char *
created(void)
{
	const struct fake_answer *answer = create_with(ALICE, NULL, good);

	assert_int_equal(answer->status, 201);
	return fake_http_header(answer, "Location");
}

static const char *
under(const char *path, const char *rest)
{
	return cs_arena_printf(world.arena, "%s%s", path, rest);
}

static struct cs_id
id_of(const char *path)
{
	struct cs_id id = { { 0 } };
	struct cs_err err = { 0 };

	assert_int_equal(cs_id_parse(strrchr(path, '/') + 1, &id, &err), CS_OK);
	return id;
}

/* ---- whose token it is ---- */

static void
policy_is_asked_once_for_a_token(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 1);
	assert_string_equal(fake_policy_source(), "0.0.0.0/24");
	for (int i = 0; i < 5; i++)
		assert_problem(get("nobody", "/v1/requests"), 401, "unauthorized");
	assert_int_equal(fake_policy_asked(), 2);
	assert_int_equal(get(NULL, "/openapi.json")->status, 200);
	assert_int_equal(fake_policy_asked(), 2);
}

static void
who_comes_while_policy_is_asked_waits_with_the_others(void **state)
{
	const char *const tokens[] = { ALICE, ALICE, "nobody", ALICE, BOB, "nobody" };
	const struct fake_answer *answers[6];
	struct fake_ask asks[6];

	(void)state;
	fake_svc_hold(true);
	for (size_t i = 0; i < 6; i++) {
		asks[i] = (struct fake_ask){
			.method = "GET", .path = "/v1/requests", .token = tokens[i]
		};
		answers[i] = fake_http(world.arena, &asks[i]);
		assert_int_equal(answers[i]->status, 0);
	}
	assert_int_equal(fake_policy_asked(), 3);
	fake_svc_hold(false);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(answers[i]->status, strcmp(tokens[i], "nobody") == 0 ? 401 : 200);
	assert_int_equal(fake_policy_asked(), 3);
}

static void
without_policy_only_who_was_known_comes_in(void **state)
{
	(void)state;
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	fake_policy_away(true);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_problem(get(BOB, "/v1/requests"), 503, "try-again");
	fake_policy_away(false);
	assert_int_equal(get(BOB, "/v1/requests")->status, 200);
}

/* Whose token counts costs a network nothing, and keeps counting when it is full of others'. */
static void
a_network_tries_so_many_tokens_in_vain(void **state)
{
	(void)state;
	world.intake.strangers_per_network = 2;
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(i < 2 ? ALICE : BOB, "/v1/requests")->status, 200);
	assert_problem(get("one", "/v1/requests"), 401, "unauthorized");
	assert_problem(get("two", "/v1/requests"), 401, "unauthorized");
	assert_problem(get("three", "/v1/requests"), 429, "too-many");
	assert_problem(get(BOSS, "/v1/requests"), 429, "too-many");
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 4);
}

/* A path of the pattern: each name is an identifier of nothing. */
static const char *
path_of(const char *pattern)
{
	struct cs_buf path = cs_buf_new(world.arena);

	for (const char *at = pattern; *at; at++) {
		if (*at != '{') {
			cs_buf_add(&path, at, 1);
			continue;
		}
		cs_buf_add_str(&path, "00000000-0000-4000-8000-000000000001");
		at = strchr(at, '}');
	}
	return (const char *)cs_buf_span(&path).data;
}

static bool
is_open(const struct http_route *route)
{
	char method[8] = "";
	json_t *item = json_object_get(json_object_get(world.document, "paths"), route->pattern);
	json_t *security = NULL;

	for (size_t i = 0; route->method[i] && i < sizeof(method) - 1; i++)
		method[i] = (char)(route->method[i] | 0x20);
	security = json_object_get(json_object_get(item, method), "security");
	/* An empty one among several: a token may come, and need not. */
	return security && json_object_size(json_array_get(security, 0)) == 0;
}

/* It only tells or ends what the token is. */
static bool
is_about_the_token(const struct http_route *route)
{
	return strcmp(route->pattern, "/v1/me") == 0 ||
	       strcmp(route->pattern, "/v1/sessions/current") == 0;
}

static const struct fake_answer *
ask_route(const struct http_route *route, const char *token)
{
	const struct fake_ask request = {
		.method = route->method, .path = path_of(route->pattern), .token = token
	};

	return ask(&request);
}

/* Every route, but those that the document says are open. */
static void
nobody_gets_in_anywhere_without_a_token_that_may(void **state)
{
	static const struct fake_person some[] = {
		{ "none", "demo", "alice", "user operator", "", "1", NULL, 0, false },
		{ "reads", "demo", "alice", "user operator", "requests:read", "2", NULL, 0, false },
		{ "writes", "demo", "alice", "user operator", "requests:write", "3", NULL, 0,
		    false },
		{ "new", "demo", "alice", "user operator", "*", "4", "password", 0, true },
		{ .token = NULL },
	};
	size_t closed = 0;

	(void)state;
	fake_policy_use(some);
	for (size_t i = 0; i < TABLES; i++) {
		for (const struct http_route *route = tables[i]; route->method; route++) {
			const bool reads =
			    strcmp(route->method, "GET") == 0 && !strstr(route->pattern, "/reply");
			const struct fake_answer *answer = NULL;

			if (is_open(route))
				continue;
			closed++;
			fake_policy_away(true);
			assert_problem(ask_route(route, route->pattern), 503, "try-again");
			fake_policy_away(false);
			assert_problem(ask_route(route, NULL), 401, "unauthorized");
			assert_problem(ask_route(route, "nobody"), 401, "unauthorized");
			world.intake.strangers_per_network = 0;
			assert_problem(ask_route(route, route->pattern), 429, "too-many");
			world.intake.strangers_per_network = 1000;
			if (tables[i] == api_config_routes) {
				assert_problem(
				    ask_route(route, "new"), 403, "password-must-change");
				continue; /* the rest policy judges */
			}
			if (is_about_the_token(route)) {
				assert_true(ask_route(route, "new")->status < 300);
				continue;
			}
			assert_problem(ask_route(route, "new"), 403, "password-must-change");
			assert_problem(ask_route(route, "none"), 403, "scope");
			answer = ask_route(route, reads ? "writes" : "reads");
			assert_problem(answer, 403, "scope");
			assert_string_equal(fake_http_header(answer, "WWW-Authenticate"),
			    cs_arena_printf(world.arena,
				"Bearer realm=\"countersign\", error=\"insufficient_scope\", "
				"scope=\"requests:%s\"",
				reads ? "read" : "write"));
			answer = ask_route(route, reads ? "reads" : "writes");
			assert_string_not_equal(member(answer, "code"), "scope");
		}
	}
	assert_true(closed > 15);
}

static void
limits_are_of_a_token_or_of_whoever_logged_in(void **state)
{
	static const struct fake_person some[] = {
		{ "a", "demo", "alice", "user", "*", "1", "password", 0, false },
		{ "b", "demo", "alice", "user", "*", "2", "password", 0, false },
		{ "c", "demo", "alice", "user", "*", "3", NULL, 0, false },
		{ "d", "demo", "bob", "user", "*", "4", "password", 0, false },
		{ .token = NULL },
	};

	(void)state;
	fake_policy_use(some);
	world.intake.creations_per_hour = 1;
	assert_int_equal(create_with("a", NULL, good)->status, 201);
	assert_problem(create_with("b", NULL, good), 429, "too-many");
	assert_int_equal(create_with("c", NULL, good)->status, 201);
	assert_problem(create_with("c", NULL, good), 429, "too-many");
	assert_int_equal(create_with("d", "x", "{}")->status, 400);
}

/* ---- people who log in ---- */

#define SESSION "alice-session"
#define OLD "three lamps, no wick"
#define NEW FAKE_POLICY_NEW_PASSWORD
#define LOGIN(enterprise, account, password)                                                      \
	"{\"enterprise\":\"" enterprise "\",\"account\":\"" account "\",\"password\":\"" password \
	"\"}"
#define CHANGE(by, proof, password) "{\"" by "\":\"" proof "\",\"new_password\":\"" password "\"}"

static const struct fake_person who_logged_in[] = {
	{ SESSION, "demo", "alice", "user operator auditor administrator", "*", "9", "password",
	    INT64_C(1896000000000), false },
	{ "forced", "demo", "carol", "user", "*", "10", "password", 0, true },
	{ ALICE, "demo", "alice", "user", "requests:read config:read", "1", NULL, 0, false },
	{ .token = NULL },
};

/* Of one test. */
static struct fake_login *
let_in(void)
{
	static const struct fake_login logins[] = {
		{ "demo", "alice", OLD, SESSION, NULL, false, false },
		{ "demo", "carol", OLD, "forced", "come-in", false, true },
		{ .enterprise = NULL },
	};
	struct fake_login *copy = CS_NEW_ARRAY(world.arena, 3, struct fake_login);

	memcpy(copy, logins, sizeof(logins));
	fake_policy_use(who_logged_in);
	fake_policy_let_in(copy);
	return copy;
}

static const struct fake_answer *delete (const char *token, const char *path)
{
	const struct fake_ask request = { .method = "DELETE", .path = path, .token = token };

	return ask(&request);
}

static void
who_knows_the_password_gets_a_session(void **state)
{
	const struct fake_answer *answer = NULL;
	unsigned asked = 0;

	(void)state;
	(void)let_in();
	answer = post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD));
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "token"), SESSION);
	assert_string_equal(member(answer, "ends_at"), "2030-01-30T10:40:00.000Z");
	assert_string_equal(fake_policy_source(), "0.0.0.0/24");
	answer = get(SESSION, "/v1/me");
	assert_string_equal(member(answer, "enterprise"), "demo");
	assert_string_equal(member(answer, "account"), "alice");
	assert_string_equal(member(answer, "roles.0"), "user");
	assert_string_equal(member(answer, "roles.3"), "administrator");
	assert_string_equal(member(answer, "scopes.4"), "people:write");
	assert_string_equal(member(answer, "factor"), "password");
	assert_string_equal(member(answer, "ends_at"), "2030-01-30T10:40:00.000Z");
	asked = fake_policy_asked();
	assert_int_equal(delete (SESSION, "/v1/sessions/current")->status, 204);
	assert_int_equal(fake_policy_asked(), asked);
	assert_int_equal(get(SESSION, "/v1/me")->status, 200);
	assert_int_equal(fake_policy_asked(), asked + 1); /* it was forgotten here at once */
}

static void
an_api_token_is_no_session(void **state)
{
	const struct fake_answer *answer = NULL;

	(void)state;
	(void)let_in();
	answer = get(ALICE, "/v1/me");
	assert_string_equal(member(answer, "factor"), "api-token");
	assert_string_equal(member(answer, "ends_at"), "");
	assert_string_equal(member(answer, "roles.1"), "");
	assert_string_equal(member(answer, "scopes.0"), "requests:read");
	assert_string_equal(member(answer, "scopes.1"), "config:read");
	assert_string_equal(member(answer, "scopes.2"), "");
	assert_problem(delete (ALICE, "/v1/sessions/current"), 403, "not-a-session");
	assert_problem(
	    post(ALICE, "/v1/password", CHANGE("old_password", OLD, NEW)), 403, "not-a-session");
}

/* Nobody learns from an answer whether there is such a person. */
static void
who_is_not_there_is_answered_as_who_is_wrong(void **state)
{
	static const char *const bodies[] = { LOGIN("demo", "alice", NEW),
		LOGIN("demo", "zoe", OLD), LOGIN("other", "alice", OLD), LOGIN("", "", "") };
	const struct fake_answer *first = NULL;

	(void)state;
	(void)let_in();
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct fake_answer *answer = post(NULL, "/v1/sessions", bodies[i]);

		assert_problem(answer, 401, "login-wrong");
		assert_non_null(fake_http_header(answer, "WWW-Authenticate"));
		first = first ? first : answer;
		assert_true(cs_span_equal(first->body, answer->body));
	}
}

static void
who_tries_too_often_waits(void **state)
{
	struct fake_login *logins = let_in();
	const struct fake_answer *answer = NULL;

	(void)state;
	logins[0].locked = true;
	answer = post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD));
	assert_problem(answer, 429, "login-locked");
	assert_string_equal(fake_http_header(answer, "Retry-After"), "60");
	fake_policy_retry_at(INT64_C(1896000000000)); /* far off: a day at most */
	answer = post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD));
	assert_string_equal(fake_http_header(answer, "Retry-After"), "86400");
	fake_policy_retry_at(1); /* over meanwhile */
	answer = post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD));
	assert_string_equal(fake_http_header(answer, "Retry-After"), "1");
	assert_problem(
	    post(SESSION, "/v1/password", CHANGE("old_password", OLD, NEW)), 429, "login-locked");
	world.intake.logins_per_network = 6;
	assert_problem(post(NULL, "/v1/sessions", LOGIN("demo", "zoe", OLD)), 401, "login-wrong");
	assert_problem(post(NULL, "/v1/password", CHANGE("invitation", "come-on", NEW)), 422,
	    "invitation-unknown");
	assert_problem(post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD)), 429, "too-many");
	assert_problem(
	    post(NULL, "/v1/password", CHANGE("invitation", "come-in", NEW)), 429, "too-many");
}

static void
passwords_wait_for_nobody_and_nothing(void **state)
{
	static const char *const subjects[] = { "ask.policy.salt", "ask.policy.login",
		"ask.policy.password", "ask.policy.logout" };
	const char *login = LOGIN("demo", "alice", OLD), *change = CHANGE("old_password", OLD, NEW);

	(void)state;
	(void)let_in();
	fake_stretch_use(0);
	assert_problem(post(NULL, "/v1/sessions", login), 503, "try-again");
	assert_problem(post(SESSION, "/v1/password", change), 503, "try-again");
	fake_stretch_use(4);
	fake_stretch_die(0);
	assert_problem(post(NULL, "/v1/sessions", login), 503, "try-again");
	assert_problem(post(SESSION, "/v1/password", change), 503, "try-again");
	fake_stretch_die(1); /* the old one, and not the new one */
	assert_problem(post(SESSION, "/v1/password", change), 503, "try-again");
	fake_stretch_use(4);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		fake_policy_garble(subjects[i]);
		if (i <= 1)
			assert_problem(post(NULL, "/v1/sessions", login), 503, "try-again");
		if (i == 0 || i == 2)
			assert_problem(post(SESSION, "/v1/password", change), 503, "try-again");
		if (i == 3)
			assert_problem(delete (SESSION, "/v1/sessions/current"), 503, "try-again");
	}
	fake_policy_garble(NULL);
	fake_policy_away(true);
	assert_problem(post(NULL, "/v1/sessions", login), 503, "try-again");
	assert_problem(post(SESSION, "/v1/password", change), 503, "try-again");
	assert_problem(delete (SESSION, "/v1/sessions/current"), 503, "try-again");
	fake_policy_away(false);
	assert_int_equal(post(NULL, "/v1/sessions", login)->status, 201);
}

/* While the first is stretched, another comes for whom there is no room when it has its salt. */
static void
a_queue_may_fill_while_policy_is_asked(void **state)
{
	const struct fake_ask request = { .method = "POST",
		.path = "/v1/sessions",
		.body = LOGIN("demo", "alice", OLD),
		.type = "application/json" };
	const struct fake_answer *answers[2];

	(void)state;
	(void)let_in();
	fake_stretch_use(1);
	fake_svc_hold(true);
	for (size_t i = 0; i < 2; i++)
		answers[i] = fake_http(world.arena, &request);
	fake_svc_hold(false);
	assert_int_equal(answers[1]->status, 503);
	fake_stretch_settle();
	assert_int_equal(answers[0]->status, 201);
}

static void
a_password_is_changed_by_the_old_one(void **state)
{
	struct fake_login *logins = let_in();
	unsigned asked = 0;

	(void)state;
	assert_fault(post(SESSION, "/v1/password", CHANGE("old_password", "not this one", NEW)),
	    422, "password-wrong", "old_password");
	assert_string_equal(logins[0].password, OLD);
	asked = fake_policy_asked();
	assert_int_equal(
	    post(SESSION, "/v1/password", CHANGE("old_password", OLD, NEW))->status, 204);
	assert_string_equal(fake_policy_source(), "0.0.0.0/24");
	assert_string_equal(logins[0].password, NEW);
	assert_int_equal(get(SESSION, "/v1/me")->status, 200);
	assert_int_equal(
	    fake_policy_asked(), asked + 1); /* policy ends it: nobody relies on it here */
	/* Who must change it is let do so. */
	assert_int_equal(
	    post("forced", "/v1/password", CHANGE("old_password", OLD, NEW))->status, 204);
	assert_string_equal(logins[1].password, NEW);
	logins[0].token = "another";
	assert_problem(post(SESSION, "/v1/password", CHANGE("old_password", OLD, NEW)), 401,
	    "unauthorized"); /* it ended since policy was asked whose it is */
}

static void
a_password_is_set_by_an_invitation(void **state)
{
	struct fake_login *logins = let_in();

	(void)state;
	assert_fault(post(NULL, "/v1/password", CHANGE("invitation", "come-out", NEW)), 422,
	    "invitation-unknown", "invitation");
	assert_int_equal(
	    post(NULL, "/v1/password", CHANGE("invitation", "come-in", NEW))->status, 204);
	assert_string_equal(logins[1].password, NEW);
	assert_fault(post(NULL, "/v1/password", CHANGE("invitation", "come-in", NEW)), 422,
	    "invitation-unknown", "invitation");
}

static void
a_new_password_needs_one_proof_and_must_be_good(void **state)
{
	static const struct {
		const char *token, *body;
		int status;
		const char *code;
	} cases[] = {
		{ NULL, CHANGE("old_password", OLD, NEW), 401, "unauthorized" },
		{ "nobody", CHANGE("old_password", OLD, NEW), 401, "unauthorized" },
		{ SESSION, "{\"new_password\":\"" NEW "\"}", 422, "password-proof" },
		{ SESSION,
		    "{\"invitation\":\"come-in\",\"old_password\":\"" OLD
		    "\",\"new_password\":\"" NEW "\"}",
		    422, "password-proof" },
		{ SESSION, CHANGE("old_password", OLD, OLD), 422, "password-same" },
		{ SESSION, CHANGE("old_password", OLD, "heron"), 422, "password-short" },
		{ SESSION, CHANGE("old_password", OLD, "alice-demo-alice"), 422, "password-name" },
		{ NULL, CHANGE("invitation", "come-in", "password2026!"), 422, "password-common" },
		{ NULL, CHANGE("invitation", "come-in", "carol-demo-carol"), 422, "password-name" },
		{ SESSION, "{\"old_password\":\"" OLD "\"}", 400, "json-missing" },
		{ SESSION, "{}", 400, "json-missing" },
		{ NULL, CHANGE("old", OLD, NEW), 400, "json-unknown" },
	};
	struct fake_login *logins = let_in();
	const struct fake_ask form = { .method = "POST",
		.path = "/v1/password",
		.type = "application/x-www-form-urlencoded",
		.body = "new_password=" NEW };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_problem(post(cases[i].token, "/v1/password", cases[i].body), cases[i].status,
		    cases[i].code);
	assert_problem(ask(&form), 415, "media-type");
	assert_string_equal(logins[0].password, OLD);
	assert_string_equal(logins[1].password, OLD);
	assert_problem(post(NULL, "/v1/sessions", "{}"), 400, "json-missing");
	assert_problem(post(NULL, "/v1/sessions",
			   "{\"enterprise\":\"demo\",\"account\":1,\"password\":\"x\"}"),
	    400, "json-type");
	assert_problem(post(NULL, "/v1/sessions", NULL), 415, "media-type");
	const struct fake_ask body = { .method = "DELETE",
		.path = "/v1/sessions/current",
		.token = SESSION,
		.type = "application/json",
		.body = "{\"all\":true}" };
	const struct fake_ask text = { .method = "DELETE",
		.path = "/v1/sessions/current",
		.token = SESSION,
		.type = "text/plain",
		.body = "all" };

	assert_problem(ask(&body), 400, "json-unknown");
	assert_problem(ask(&text), 415, "media-type");
}

/* ---- what the bus says ---- */

static void
hear(const char *subject, struct cs_span body)
{
	const char *id = cs_arena_printf(world.arena, "event-%u", ++world.events);
	const struct svc_test_event event = { .id = id, .subject = subject, .body = body };

	svc_test_run(world.test, &event, 1);
	assert_true(svc_test_acked(world.test, id));
}

static struct claim_check
check(const char *id, enum claim_kind kind, const char *target)
{
	static const char *methods[] = { "dns-txt", "http-file" };
	struct claim_check made = { .id = id,
		.kind = kind,
		.target = target,
		.method = kind == CLAIM_MAILBOX ? "email-token" : "",
		.enterprise = "demo",
		.account = kind == CLAIM_MAILBOX ? "alice" : "",
		.freshness_ms = CS_DAY_MS };

	if (kind == CLAIM_DOMAIN)
		made.allowed_methods = (struct claim_texts){ methods, 2 };
	claim_check_digest(&made, made.digest);
	return made;
}

/* The first plan of a request of alice's; a test alters what it is about, and then it is heard. */
static struct claim_plan
first_plan(const char *path, struct claim_check *checks, size_t n)
{
	return (struct claim_plan){ .request = id_of(path),
		.revision = 1,
		.enterprise = "demo",
		.account = "alice",
		.profile = "p",
		.certificate_profile = "p",
		.rules_version = "r",
		.contact = "",
		.checks = checks,
		.n_checks = n,
		.made_at_ms = world.now_ms,
		.ends_at_ms = world.now_ms + 1 };
}

static void
publish_plan(const struct claim_plan *plan)
{
	hear(plan->final ? "plan.final" : "plan.made",
	    claim_seal_plan(world.arena, world.intake.key, plan));
}

static void
hear_plan(const char *path, uint32_t revision, struct claim_check *checks, size_t n)
{
	struct claim_plan plan = first_plan(path, checks, n);

	plan.revision = revision;
	plan.final = revision > 1;
	publish_plan(&plan);
}

/* Of a profile of private trust: nobody looks at CAA, and no perspective looks. */
static void
hear_waiving_plan(const char *path)
{
	static const char *waived[] = { "caa", "mpic" };
	struct claim_check mailbox = check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example");
	struct claim_plan plan = first_plan(path, &mailbox, 1);

	plan.certificate_profile = "private-mailbox";
	plan.waived = (struct claim_texts){ waived, 2 };
	publish_plan(&plan);
}

static void
hear_all_checks(const char *path)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example"),
		check("domain-1", CLAIM_DOMAIN, "alpha.example"),
		check("mpic-domain-1", CLAIM_MPIC_DOMAIN, "alpha.example"),
		check("caa-1", CLAIM_CAA, "alpha.example"),
		check("mpic-caa-1", CLAIM_MPIC_CAA, "alpha.example") };

	hear_plan(path, 1, checks, 5);
}

static const char *
planned(void)
{
	const char *path = created();

	hear_all_checks(path);
	return path;
}

static const char *
subject_of(enum claim_kind kind)
{
	return claim_kind_subject(kind);
}

static void
hear_evidence(const char *path, const char *id, enum claim_kind kind, enum claim_outcome outcome,
    uint32_t attempt)
{
	static const char *records[] = { "0 issuemail \"ca.countersign.example\"", "<b>\"\x01" };
	struct claim_lookup lookup = { .name = "alpha.example",
		.type = "CAA",
		.security = CLAIM_DNSSEC_INSECURE,
		.why = "no DS",
		.ttl_s = 300,
		.records = { records, 2 },
		.wire_sha256 = cs_span_str("a digest of an answer: 32 octets"),
		.answered_at_ms = world.now_ms };
	struct claim_perspective_result remote = { .name = "ams",
		.region = "ripe",
		.outcome = outcome,
		.reason = "seen",
		.seen = { records, 2 },
		.security = CLAIM_DNSSEC_SECURE,
		.checked_at_ms = world.now_ms,
		.corroborates = true,
		.took_ms = 12 };
	struct claim_evidence evidence = { .request = id_of(path),
		.check_id = id,
		.kind = kind,
		.target = kind == CLAIM_MAILBOX ? "alice@alpha.example" : "alpha.example",
		.method = kind == CLAIM_MAILBOX                               ? "email-token"
			  : kind == CLAIM_DOMAIN || kind == CLAIM_MPIC_DOMAIN ? "dns-txt"
									      : "method",
		.enterprise = "demo",
		.account = kind == CLAIM_MAILBOX ? "alice" : "",
		.attempt = attempt,
		.outcome = outcome,
		.reason = "reason",
		.clause = "SBR 3.2.2",
		.text = "As seen.",
		.checked_at_ms = world.now_ms,
		.valid_until_ms = world.now_ms + CS_DAY_MS,
		.security = CLAIM_DNSSEC_SECURE,
		.perspective = "primary",
		.lookups = &lookup,
		.n_lookups = 1,
		.expected = cs_span_str("issuers=a.example <for>"),
		.found_at = "alpha.example",
		.ttl_s = 60,
		.rules_version = "r",
		.seen = { records, 2 },
		.detail = "" };

	if (kind == CLAIM_DOMAIN) {
		evidence.covers_subdomains = outcome == CLAIM_PROVED;
		evidence.detail = "dns-txt: txt-matches; txt alpha.example: NOERROR";
	}
	if (claim_kind_subject(kind) == claim_kind_subject(CLAIM_ORGANIZATION)) {
		evidence.expected = cs_span_str("givenName=Ann\nsurname=<Ng>\n");
		evidence.detail = "register; source: HR 1; verified by x; approved by y";
		evidence.stated_at_ms = world.now_ms;
		evidence.n_lookups = 0;
	}
	if (kind == CLAIM_MPIC_DOMAIN || kind == CLAIM_MPIC_CAA) {
		evidence.perspectives = &remote;
		evidence.n_perspectives = 1;
		evidence.min_remotes = 4;
	}
	claim_evidence_check_digest(&evidence, evidence.check_digest);
	hear(subject_of(kind), claim_seal_evidence(world.arena, world.intake.key, &evidence));
}

static void
prove(const char *path)
{
	hear_evidence(path, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1);
	hear_evidence(path, "domain-1", CLAIM_DOMAIN, CLAIM_PROVED, 1);
	hear_evidence(path, "mpic-domain-1", CLAIM_MPIC_DOMAIN, CLAIM_PROVED, 1);
}

/* Protobuf by hand: an encoder that is not the one under test. */
static void
put_varint(struct cs_buf *buf, uint64_t value)
{
	do {
		uint8_t octet = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));

		cs_buf_add(buf, &octet, 1);
		value >>= 7;
	} while (value);
}

static void
put_number(struct cs_buf *buf, unsigned field, uint64_t value)
{
	put_varint(buf, field << 3);
	put_varint(buf, value);
}

static void
put_octets(struct cs_buf *buf, unsigned field, struct cs_span octets)
{
	put_varint(buf, field << 3 | 2);
	put_varint(buf, octets.len);
	cs_buf_add_span(buf, octets);
}

static void
put_text(struct cs_buf *buf, unsigned field, const char *text)
{
	put_octets(buf, field, cs_span_str(text));
}

static struct cs_buf
message(const char *path)
{
	struct cs_buf buf = cs_buf_new(world.arena);
	struct cs_id id = id_of(path);

	put_octets(&buf, 1, cs_span_of(id.octets, sizeof(id.octets)));
	return buf;
}

/* `why` NULL: nothing is wrong, and the token lies in the mailbox. */
static void
hear_mail_by(
    const char *path, const char *method, const char *state, const char *why, int64_t at_ms)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, "mailbox-1");
	put_text(&buf, 3, "alice@alpha.example");
	put_text(&buf, 4, state);
	put_text(&buf, 5, why == NULL ? "250 queued" : "550 5.1.1 no");
	put_number(&buf, 6, (uint64_t)at_ms);
	if (why == NULL)
		put_number(&buf, 7, (uint64_t)(at_ms + CS_DAY_MS));
	put_number(&buf, 8, 2);
	put_number(&buf, 9, 5);
	if (why != NULL && why[0] != '\0') {
		put_text(&buf, 10, why);
		put_text(&buf, 11, "RFC 7505");
		put_text(&buf, 12, "Publish an MX record.");
		put_text(&buf, 13, "5.1.1");
		put_number(&buf, 14, (uint64_t)(at_ms + CS_MINUTE_MS));
	}
	put_text(&buf, 15, "10 mx.alpha.example");
	put_text(&buf, 15, "20 mx2.alpha.example");
	put_number(&buf, 16, CLAIM_DNSSEC_SECURE);
	put_text(&buf, 17, method);
	hear("evidence.mailbox-challenge", cs_buf_span(&buf));
}

static void
hear_mail(const char *path, const char *state, const char *why, int64_t at_ms)
{
	hear_mail_by(path, "email-token", state, why, at_ms);
}

/* "method type name value note" */
static void
put_publication(struct cs_buf *buf, const char *words)
{
	struct cs_buf item = cs_buf_new(world.arena);
	char *rest = cs_arena_strdup(world.arena, words), *word;
	unsigned field = 1;

	while ((word = strsep(&rest, " ")) != NULL)
		put_text(&item, field++, word);
	put_octets(buf, 12, cs_buf_span(&item));
}

/* As of then, with another look an hour later; `hold` "" or why Verify makes no look. */
static void
hear_domain_told(const char *path, int64_t said_ms, const char *hold)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, "domain-1");
	put_text(&buf, 3, "alpha.example");
	put_text(&buf, 4, "_countersign-challenge.alpha.example");
	put_text(&buf, 5, "value");
	put_text(&buf, 6, "http://alpha.example/.well-known/pki-validation/x.txt");
	put_text(&buf, 7, "content");
	put_number(&buf, 8, (uint64_t)world.now_ms);
	put_number(&buf, 9, (uint64_t)(world.now_ms + CS_DAY_MS));
	put_publication(&buf, "dns-txt TXT _countersign-challenge.alpha.example value Publish.");
	put_publication(&buf, "mx-dns-txt TXT _countersign-challenge.MAIL-SERVER value Publish.");
	put_number(&buf, 13, (uint64_t)(said_ms + CS_HOUR_MS));
	put_number(&buf, 14, (uint64_t)said_ms);
	if (hold[0] != '\0') {
		put_text(&buf, 15, hold);
		put_number(&buf, 16, (uint64_t)(said_ms + CS_MINUTE_MS));
	}
	hear("evidence.domain-challenge", cs_buf_span(&buf));
}

static void
hear_domain_challenge(const char *path)
{
	hear_domain_told(path, world.now_ms, "");
}

static void
hear_issued(const char *path)
{
	struct cs_buf buf = message(path);

	put_octets(&buf, 2, cs_span_str("0leaf"));
	put_octets(&buf, 3, cs_span_str("0issuer"));
	put_text(&buf, 4, "0a1b");
	put_number(&buf, 6, (uint64_t)world.now_ms);
	put_number(&buf, 7, (uint64_t)world.now_ms);
	put_number(&buf, 8, (uint64_t)(world.now_ms + CS_DAY_MS));
	put_text(&buf, 13, "ff00");
	hear("certificate.issued", cs_buf_span(&buf));
}

static void
hear_refused(const char *subject, const char *path)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, "caa-not-authorized");
	put_text(&buf, 3, "mailboxes[0]");
	put_text(&buf, 4, "SBR 4.2.2.1");
	put_text(&buf, 5, "CAA forbids it.");
	put_text(&buf, 6, "Name us in an issuemail record.");
	if (strcmp(subject, "plan.refused") == 0)
		put_text(&buf, 9, "caa-1");
	hear(subject, cs_buf_span(&buf));
}

static void
hear_stopped(const char *path, const char *reason)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, reason);
	hear("certificate.stopped", cs_buf_span(&buf));
}

static const char *
ready(void)
{
	const char *path = planned();

	prove(path);
	return path;
}

static const char *
approved(void)
{
	const char *path = ready();

	assert_int_equal(post(ALICE, under(path, "/approve"), NULL)->status, 202);
	return path;
}

static const char *
issued(void)
{
	const char *path = approved();

	hear_issued(path);
	return path;
}

static void
hear_revoked(const char *path, uint32_t reason, enum claim_revoked_by by)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, "0a1b");
	put_number(&buf, 4, reason);
	put_number(&buf, 5, (uint64_t)world.now_ms);
	put_number(&buf, 6, by);
	put_text(&buf, 12, "As asked.");
	hear("certificate.revoked", cs_buf_span(&buf));
}

static void
hear_unrevoked(const char *path, const char *report)
{
	struct cs_buf buf = message(path);

	put_text(&buf, 2, "ended");
	put_text(&buf, 5, "The certificate has ended.");
	if (report[0])
		put_text(&buf, 8, report);
	hear("certificate.revocation-refused", cs_buf_span(&buf));
}

/* `text` NULL: it was deleted. */
static void
hear_note(const char *enterprise, const char *name, uint64_t version, const char *text)
{
	struct cs_buf buf = cs_buf_new(world.arena);

	put_text(&buf, 1, "note");
	put_text(&buf, 2, enterprise);
	put_text(&buf, 3, name);
	put_number(&buf, 4, version);
	if (!text)
		put_number(&buf, 5, 1);
	else
		put_text(&buf, 6, cs_arena_printf(world.arena, "{\"text\":\"%s\"}", text));
	put_number(&buf, 7, (uint64_t)world.now_ms);
	put_text(&buf, 8, "demo/boss");
	hear("config.note", cs_buf_span(&buf));
}

static const struct fake_answer *
watch(const char *path, const char *last)
{
	const struct fake_ask request = { .method = "GET",
		.path = under(path, "/events"),
		.token = ALICE,
		.headers = { { last ? "Last-Event-ID" : NULL, last } } };

	return ask(&request);
}

static void
check_lines(const struct fake_answer *stream)
{
	json_t *schema = json_object_get(
	    json_object_get(json_object_get(world.document, "components"), "schemas"), "Event");
	char *text =
		 cs_arena_strndup(world.arena, (const char *)stream->body.data, stream->body.len),
	     *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		json_t *value = json_loads(line, 0, NULL);

		assert_non_null(value);
		contract_value(world.document, schema, value, "event");
		json_decref(value);
	}
}

/* ---- creation ---- */

static void
a_creation_is_stored_and_published_before_it_is_answered(void **state)
{
	const struct fake_answer *answer = create_with(ALICE, "key-1", good);
	const struct svc_test_out *out = svc_test_out(world.test, "request.submitted", 0);
	struct claim_request request = { 0 };
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "state"), "created");
	assert_string_equal(member(answer, "notes.0.clause"), "SBR 7.1.4.2.1");
	assert_non_null(out);
	assert_int_equal(
	    claim_open_request(world.arena, NULL, out->body, world.now_ms, &request, &err), CS_OK);
	assert_string_equal(request.account, "alice");
	assert_string_equal(request.mailboxes.items[0], "alice@alpha.example");
	assert_string_equal(request.contact, "alice@alpha.example");
	assert_memory_equal(request.digest, fake_store_get(request.id)->digest, CLAIM_DIGEST);
	assert_true(cs_id_equal(request.id, id_of(fake_http_header(answer, "Location"))));
}

static void
the_same_key_and_body_give_the_same_answer_whatever_came_between(void **state)
{
	const struct fake_answer *first = create_with(ALICE, "key-1", good), *again = NULL;
	const char *path = fake_http_header(first, "Location");
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example") };

	(void)state;
	hear_plan(path, 1, checks, 1);
	assert_int_equal(post(ALICE, under(path, "/cancel"), NULL)->status, 200);
	again = create_with(ALICE, "key-1", good);
	assert_int_equal(again->status, 201);
	assert_true(cs_span_equal(again->body, first->body));
	assert_string_equal(fake_http_header(again, "Location"), path);
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 1);
	assert_int_equal(fake_store_count(), 1);
}

static void
the_same_key_with_another_body_is_a_conflict(void **state)
{
	(void)state;
	assert_int_equal(create_with(ALICE, "key-1", good)->status, 201);
	assert_fault(
	    create_with(ALICE, "key-1", "{}"), 409, "idempotency-conflict", "Idempotency-Key");
	assert_int_equal(
	    create_with(BOB, "key-1", good)->status, 201); /* the key is the account's own */
	assert_int_equal(create_with(OTHER, "key-1", good)->status, 201);
	assert_int_equal(fake_store_count(), 3);
}

static void
keys_must_be_usable(void **state)
{
	static const char *const bad[] = { "", "a b", "\xc3\xa9", "a\x7f" };
	char longest[257];
	const struct fake_ask twice = { .method = "POST",
		.path = "/v1/requests",
		.token = ALICE,
		.body = good,
		.type = "application/json",
		.headers = { { "Idempotency-Key", "a" }, { "Idempotency-Key", "b" } } };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_fault(
		    create_with(ALICE, bad[i], good), 400, "idempotency-key", "Idempotency-Key");
	memset(longest, 'k', sizeof(longest));
	longest[256] = '\0';
	assert_fault(create_with(ALICE, longest, good), 400, "idempotency-key", "Idempotency-Key");
	longest[255] = '\0';
	assert_int_equal(create_with(ALICE, longest, good)->status, 201);
	assert_fault(ask(&twice), 400, "idempotency-key", "Idempotency-Key");
}

#define BODY(csr, mailboxes, rest) \
	"{\"profile\":\"p\",\"csr\":\"" csr "\",\"mailboxes\":[" mailboxes "]" rest "}"
#define MAIL(mailbox) BODY(CSR_PEM, "\"" mailbox "\"", "")
#define DOMAIN(domains) BODY(CSR_PEM, "\"a@alpha.example\"", ",\"domains\":[" domains "]")
#define SUBJECT(values) BODY(CSR_PEM, "\"a@alpha.example\"", ",\"subject\":" values)
#define VALUE_512 LABEL LABEL LABEL LABEL LABEL LABEL LABEL LABEL "aaaaaaaa"
#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *name, *body;
	int status;
	const char *code, *field; /* code NULL: whichever the library gives */
} refused[] = {
	{ "no body", "", 400, "json-syntax", "body" },
	{ "member twice", "{\"profile\":\"p\",\"profile\":\"p\"}", 400, "json-member-twice",
	    "profile" },
	{ "unknown member", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"account\":\"bob\""), 400,
	    "json-unknown", "account" },
	{ "profile with a blank", "{\"profile\":\"p q\",\"csr\":\"c\",\"mailboxes\":[]}", 422,
	    "profile", "profile" },
	{ "profile empty", "{\"profile\":\"\",\"csr\":\"c\",\"mailboxes\":[]}", 422, "profile",
	    "profile" },
	{ "no mailbox", BODY(CSR_PEM, "", ""), 422, "mailbox-missing", "mailboxes" },
	{ "no domain in it", MAIL("alice"), 422, NULL, "mailboxes[0]" },
	{ "two at-signs", MAIL("a@b@alpha.example"), 422, NULL, "mailboxes[0]" },
	{ "quoted local part", MAIL("\\\"a b\\\"@alpha.example"), 422, NULL, "mailboxes[0]" },
	{ "display name", MAIL("Alice <a@alpha.example>"), 422, NULL, "mailboxes[0]" },
	{ "percent route", MAIL("a%b.example@alpha.example"), 422, NULL, "mailboxes[0]" },
	{ "address literal", MAIL("a@[192.0.2.1]"), 422, NULL, "mailboxes[0]" },
	{ "mailbox at a public suffix", MAIL("a@co.uk"), 422, NULL, "mailboxes[0]" },
	{ "mailbox at a single label", MAIL("a@localhost"), 422, NULL, "mailboxes[0]" },
	{ "mailbox twice", BODY(CSR_PEM, "\"a@alpha.example\",\"a@ALPHA.example\"", ""), 422,
	    "mailbox-twice", "mailboxes[1]" },
	{ "public suffix", DOMAIN("\"co.uk\""), 422, NULL, "domains[0]" },
	{ "suffix of the private section", DOMAIN("\"github.io\""), 422, NULL, "domains[0]" },
	{ "wildcard", DOMAIN("\"*.alpha.example\""), 422, NULL, "domains[0]" },
	{ "underscore", DOMAIN("\"_dmarc.alpha.example\""), 422, NULL, "domains[0]" },
	{ "trailing dot", DOMAIN("\"alpha.example.\""), 422, NULL, "domains[0]" },
	{ "label of 64 octets", DOMAIN("\"a" LABEL ".alpha.example\""), 422, NULL, "domains[0]" },
	{ "name of 255 octets", DOMAIN("\"" LABEL "." LABEL "." LABEL "." LABEL "\""), 400,
	    "json-length", "domains[0]" },
	{ "name of 254 octets",
	    DOMAIN("\"" LABEL "." LABEL "." LABEL
		   ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.alpha.example\""),
	    422, NULL, "domains[0]" },
	{ "domain twice", DOMAIN("\"alpha.example\",\"Alpha.example\""), 422, "domain-twice",
	    "domains[1]" },
	{ "one below the first and one beside it",
	    DOMAIN("\"alpha.example\",\"b.alpha.example\",\"c.other.example\""), 422,
	    "domain-other", "domains[2]" },
	{ "two domains", DOMAIN("\"alpha.example\",\"beta.example\""), 422, "domain-other",
	    "domains[1]" },
	{ "another domain than the mailbox", DOMAIN("\"beta.example\""), 422, "domain-mismatch",
	    "mailboxes[0]" },
	{ "a domain below the mailbox", DOMAIN("\"sub.alpha.example\""), 422, "domain-mismatch",
	    "mailboxes[0]" },
	{ "contact of somebody else",
	    BODY(CSR_PEM, "\"a@alpha.example\"", ",\"contact\":\"b@alpha.example\""), 422,
	    "contact-other", "contact" },
	{ "contact that is none", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"contact\":\"b\""), 422,
	    NULL, "contact" },
	{ "unknown use", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"key_use\":\"all\""), 422,
	    "key-use", "key_use" },
	{ "old agreement", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"agreement\":\"v0\""), 422,
	    "agreement", "agreement" },
	{ "a day too many", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"validity_days\":826"), 422,
	    "validity", "validity_days" },
	{ "common name of 65 characters",
	    BODY(CSR_PEM, "\"a@alpha.example\"", ",\"common_name\":\"" LABEL "aa\""), 422,
	    "common-name", "common_name" },
	{ "common name that turns round",
	    BODY(CSR_PEM, "\"a@alpha.example\"", ",\"common_name\":\"a\\u202eb\""), 422,
	    "common-name", "common_name" },
	{ "common name with a line end",
	    BODY(CSR_PEM, "\"a@alpha.example\"", ",\"common_name\":\"a\\nb\""), 422, "common-name",
	    "common_name" },
	{ "subject that is a text", SUBJECT("\"x\""), 400, "json-type", "subject" },
	{ "value that is a number", SUBJECT("{\"title\":7}"), 400, "json-type", "subject.title" },
	{ "value twice", SUBJECT("{\"title\":\"a\",\"title\":\"b\"}"), 400, "json-member-twice",
	    "title" },
	{ "value of 513 octets", SUBJECT("{\"title\":\"" VALUE_512 "x\"}"), 400, "json-length",
	    "subject.title" },
	{ "value of 65 characters", SUBJECT("{\"title\":\"" LABEL "aa\"}"), 422,
	    "identity-too-long", "subject.title" },
	{ "no value", SUBJECT("{\"title\":\"\"}"), 422, "subject-empty", "subject.title" },
	{ "attribute that nobody knows", SUBJECT("{\"favouriteColour\":\"blue\"}"), 422,
	    "subject-unknown", "subject.favouriteColour" },
	{ "attribute with a line end", SUBJECT("{\"a\\nb\":\"blue\"}"), 422, "subject-unknown",
	    "subject.a\\x0ab" },
	{ "common name in the subject", SUBJECT("{\"commonName\":\"Ann\"}"), 422,
	    "subject-common-name", "subject.commonName" },
	{ "value that turns round", SUBJECT("{\"title\":\"a\\u202eb\"}"), 422, "identity-text",
	    "subject.title" },
	{ "value with a line end", SUBJECT("{\"title\":\"a\\nb\"}"), 422, "identity-text",
	    "subject.title" },
	{ "value that says nothing", SUBJECT("{\"title\":\"N/A\"}"), 422, "identity-metadata",
	    "subject.title" },
	{ "country that is none", SUBJECT("{\"countryName\":\"Switzerland\"}"), 422,
	    "identity-too-long", "subject.countryName" },
	{ "mailbox as a title", SUBJECT("{\"title\":\"eve@alpha.example\"}"), 422,
	    "identity-mailbox", "subject.title" },
	{ "emailAddress that is none", SUBJECT("{\"emailAddress\":\"eve\"}"), 422, NULL,
	    "subject.emailAddress" },
	{ "CSR empty", BODY("", "\"a@alpha.example\"", ""), 422, "csr-form", "csr" },
	{ "CSR neither PEM nor base64", BODY("hello world", "\"a@alpha.example\"", ""), 422,
	    "csr-form", "csr" },
	{ "CSR of nonsense", BODY("MAA=", "\"a@alpha.example\"", ""), 422, "DER", "csr" },
	{ "PEM cut off",
	    BODY("-----BEGIN CERTIFICATE REQUEST-----\\nAAAA", "\"a@alpha.example\"", ""), 422,
	    "PEM", "csr" },
	{ "two requests", BODY(CSR_PEM CSR_PEM, "\"a@alpha.example\"", ""), 422, "PEM", "csr" },
	{ "private key beside it", BODY(CSR_PEM PRIVATE_KEY_PEM, "\"a@alpha.example\"", ""), 422,
	    "PRIVATEKEY", "csr" },
};

static void
bad_input_gets_one_clear_error_and_nothing_is_stored(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const struct fake_answer *answer = create_with(ALICE, NULL, refused[i].body);
		const char *code = member(answer, "code"), *field = member(answer, "field");

		if (answer->status != refused[i].status ||
		    (refused[i].code && strcmp(code, refused[i].code) != 0) || !code[0] ||
		    strcmp(field, refused[i].field) != 0)
			fail_msg("%s: got %d %s of \"%s\", want %d %s of \"%s\"", refused[i].name,
			    answer->status, code, field, refused[i].status,
			    refused[i].code ? refused[i].code : "any", refused[i].field);
		if (!member(answer, "detail")[0] || !member(answer, "mend")[0])
			fail_msg("%s: does not say what is wrong and what would mend it",
			    refused[i].name);
	}
	assert_int_equal(fake_store_count(), 0);
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 0);
}

static const struct {
	const char *name, *body, *path, *want;
} accepted[] = {
	{ "base64 of DER", BODY(CSR_BASE64, "\"a@alpha.example\"", ""), "mailboxes.0",
	    "a@alpha.example" },
	{ "no agreement is told", BODY(CSR_PEM, "\"a@alpha.example\"", ""), "notes.0.clause",
	    "SBR 4.1.2" },
	{ "agreement", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"agreement\":\"v1\""), "agreement",
	    "v1" },
	{ "case of the domain", MAIL("A@ALPHA.EXAMPLE"), "mailboxes.0", "A@alpha.example" },
	{ "sorted", BODY(CSR_PEM, "\"b@alpha.example\",\"a@alpha.example\"", ""), "mailboxes.0",
	    "a@alpha.example" },
	{ "contact is the first", BODY(CSR_PEM, "\"b@alpha.example\",\"a@alpha.example\"", ""),
	    "contact", "b@alpha.example" },
	{ "contact is chosen",
	    BODY(CSR_PEM, "\"b@alpha.example\",\"a@alpha.example\"",
		",\"contact\":\"a@alpha.example\""),
	    "contact", "a@alpha.example" },
	{ "domain and below it",
	    BODY(CSR_PEM, "\"a@sub.alpha.example\"",
		",\"domains\":[\"sub.alpha.example\",\"alpha.example\"]"),
	    "domains.0", "alpha.example" },
	{ "days of the operator", MAIL("a@alpha.example"), "validity_days", "365" },
	{ "all the days", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"validity_days\":825"),
	    "validity_days", "825" },
	{ "nothing in the subject", SUBJECT("{}"), "subject", "" },
	{ "a value", SUBJECT("{\"title\":\"Dr.\"}"), "subject.0.value", "Dr." },
	{ "who typed it in", SUBJECT("{\"title\":\"Dr.\"}"), "subject.0.set_by", "person" },
	{ "values by name", SUBJECT("{\"title\":\"Dr.\",\"countryName\":\"CH\"}"), "subject.0.name",
	    "countryName" },
	{ "value of 64 characters", SUBJECT("{\"title\":\"" LABEL "a\"}"), "subject.0.value",
	    LABEL "a" },
	{ "mailbox in the subject", SUBJECT("{\"emailAddress\":\"a@ALPHA.example\"}"),
	    "subject.0.value", "a@alpha.example" },
	{ "signing", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"key_use\":\"signing\""), "key_use",
	    "signing" },
	{ "encryption", BODY(CSR_PEM, "\"a@alpha.example\"", ",\"key_use\":\"encryption\""),
	    "key_use", "encryption" },
	{ "common name of 64 characters",
	    BODY(CSR_PEM, "\"a@alpha.example\"", ",\"common_name\":\"" LABEL "a\""), "common_name",
	    LABEL "a" },
};

static void
good_input_is_taken_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		const struct fake_answer *answer = create_with(ALICE, NULL, accepted[i].body);

		if (answer->status != 201 ||
		    strcmp(member(answer, accepted[i].path), accepted[i].want) != 0)
			fail_msg("%s: got %d, %s is \"%s\": %s", accepted[i].name, answer->status,
			    accepted[i].path, member(answer, accepted[i].path),
			    (const char *)answer->body.data);
	}
}

static void
example_names_are_refused_outside_tests(void **state)
{
	(void)state;
	world.intake.rules.allow_example_names = false;
	assert_int_equal(create_with(ALICE, NULL, good)->status, 422);
}

static void
a_pasted_private_key_is_blocked_for_everybody(void **state)
{
	(void)state;
	assert_problem(
	    create_with(BOB, NULL, BODY(CSR_PEM PRIVATE_KEY_PEM, "\"a@alpha.example\"", "")), 422,
	    "PRIVATEKEY");
	assert_problem(create_with(ALICE, NULL, good), 422, "key-compromised");
	assert_int_equal(fake_store_count(), 0);
}

static void
a_key_certified_for_one_account_is_refused_to_others(void **state)
{
	(void)state;
	hear_issued(approved());
	assert_problem(create_with(BOB, NULL, good), 422, "key-of-another");
	assert_int_equal(create_with(ALICE, NULL, good)->status, 201);
}

static void
bodies_must_say_that_they_are_json(void **state)
{
	const struct fake_ask create = { .method = "POST",
		.path = "/v1/requests",
		.token = ALICE,
		.body = good,
		.type = "text/plain" };
	const char *path = created();
	const char *const actions[] = { "/approve", "/cancel", "/second-factor",
		"/checks/mailbox-1/verify", "/checks/mailbox-1/token" };

	(void)state;
	assert_problem(ask(&create), 415, "media-type");
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		const struct fake_ask plain = { .method = "POST",
			.path = under(path, actions[i]),
			.token = ALICE,
			.body = "x",
			.type = "text/plain" };

		assert_problem(ask(&plain), 415, "media-type");
		assert_problem(
		    post(ALICE, under(path, actions[i]), "{\"x\":1}"), 400, "json-unknown");
	}
}

/* ---- who ---- */

static const char *const gets[] = { "", "/certificate", "/events" };
static const char *const posts[] = { "/approve", "/cancel", "/second-factor",
	"/checks/mailbox-1/verify" };

static void
nobody_gets_in_without_a_token(void **state)
{
	static const char *const bad[] = { NULL, "", "alice-toke", "alice-token ", "ALICE-TOKEN" };
	const char *path = created();

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct fake_answer *answer = get(bad[i], path);

		assert_problem(answer, 401, "unauthorized");
		assert_non_null(fake_http_header(answer, "WWW-Authenticate"));
		assert_problem(get(bad[i], "/v1/requests"), 401, "unauthorized");
		assert_problem(create_with(bad[i], NULL, good), 401, "unauthorized");
		for (size_t k = 0; k < 4; k++) {
			assert_problem(get(bad[i], under(path, gets[k % 3])), 401, "unauthorized");
			assert_problem(
			    post(bad[i], under(path, posts[k]), NULL), 401, "unauthorized");
		}
		assert_problem(
		    post(bad[i], under(path, "/checks/mailbox-1/token"), "{\"token\":\"x\"}"), 401,
		    "unauthorized");
	}
}

static void
what_is_not_theirs_answers_like_what_does_not_exist(void **state)
{
	static const char unknown[] = "/v1/requests/00000000-0000-4000-8000-000000000001",
			  garbage[] = "/v1/requests/x";
	const char *path = planned();
	const char *const tokens[] = { BOB, OTHER };

	(void)state;
	for (size_t t = 0; t < 2; t++) {
		for (size_t i = 0; i < 4; i++) {
			const struct fake_answer *foreign =
			    get(tokens[t], under(path, gets[i % 3]));

			assert_fault(foreign, 404, "not-found", "id");
			assert_true(cs_span_equal(
			    foreign->body, get(tokens[t], under(unknown, gets[i % 3]))->body));
			assert_true(cs_span_equal(
			    foreign->body, get(tokens[t], under(garbage, gets[i % 3]))->body));
			foreign = post(tokens[t], under(path, posts[i]), NULL);
			assert_fault(foreign, 404, "not-found", "id");
			assert_true(cs_span_equal(
			    foreign->body, post(tokens[t], under(unknown, posts[i]), NULL)->body));
			assert_true(cs_span_equal(
			    foreign->body, post(tokens[t], under(garbage, posts[i]), NULL)->body));
		}
	}
	assert_string_equal(member(get(ALICE, path), "state"), "validating");
}

static void
an_operator_sees_and_cancels_but_does_not_act_for_others(void **state)
{
	const char *path = ready();

	(void)state;
	assert_string_equal(member(get(BOSS, path), "state"), "ready");
	assert_fault(post(BOSS, under(path, "/approve"), NULL), 403, "not-yours", "Authorization");
	assert_fault(post(BOSS, under(path, "/checks/mailbox-1/verify"), NULL), 403, "not-yours",
	    "Authorization");
	assert_int_equal(post(BOSS, under(path, "/cancel"), NULL)->status, 200);
}

/* ---- from the plan to the certificate ---- */

static void
approval_before_it_is_ready_names_what_is_missing(void **state)
{
	const char *path = created();
	const struct fake_answer *answer = NULL;

	(void)state;
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "no-plan-yet");
	path = planned();
	hear_evidence(path, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1);
	answer = post(ALICE, under(path, "/approve"), "{}");
	assert_problem(answer, 409, "not-ready");
	assert_string_equal(member(answer, "field"), "domain-1, mpic-domain-1");
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

static void
an_approval_is_published_once_and_names_the_request(void **state)
{
	const char *path = approved();
	const struct svc_test_out *out = svc_test_out(world.test, "request.generation-approved", 0);
	struct claim_approval approval = { 0 };
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(post(ALICE, under(path, "/approve"), NULL)->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 1);
	assert_int_equal(
	    claim_open_approval(world.arena, NULL, out->body, world.now_ms, &approval, &err),
	    CS_OK);
	assert_memory_equal(
	    approval.request_digest, fake_store_get(id_of(path))->digest, CLAIM_DIGEST);
	assert_string_equal(approval.factor, "api-token");
	assert_string_equal(member(get(ALICE, path), "state"), "approved");
}

static void
events_may_come_in_any_order(void **state)
{
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example"),
		check("domain-1", CLAIM_DOMAIN, "alpha.example"),
		check("mpic-domain-1", CLAIM_MPIC_DOMAIN, "alpha.example") };
	const char *path = created();

	(void)state;
	prove(path);
	hear_domain_challenge(path);
	assert_string_equal(member(get(ALICE, path), "state"), "created");
	assert_string_equal(member(get(ALICE, path), "checks.0"), "");
	hear_plan(path, 2, checks, 3);
	hear_plan(path, 1, checks, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
	assert_string_equal(member(get(ALICE, path), "checks.2.id"), "mpic-domain-1");
}

static void
people_are_told_what_to_do(void **state)
{
	const char *path = planned();
	const struct fake_answer *shown = get(ALICE, path);

	(void)state;
	assert_string_equal(member(shown, "checks.0.you.do"), "verify");
	assert_string_equal(member(shown, "checks.1.you.do"), "wait");
	assert_string_equal(member(shown, "checks.3.you.do"), "nothing");
	assert_string_equal(member(shown, "checks.2.you.verify"), "");
	assert_string_equal(
	    member(shown, "checks.3.you.verify"), under(path, "/checks/caa-1/verify"));
	hear_domain_challenge(path);
	shown = get(ALICE, path);
	assert_string_equal(
	    member(shown, "checks.1.you.record.name"), "_countersign-challenge.alpha.example");
	assert_string_equal(member(shown, "checks.1.you.record.value"), "value");
	assert_string_equal(member(shown, "checks.1.you.file.content"), "content");
	assert_int_equal(post(ALICE, member(shown, "checks.0.you.verify"), NULL)->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.verification-asked"), 1);
	hear_mail(path, "deferred", "", world.now_ms + 1);
	assert_string_equal(member(get(ALICE, path), "checks.0.reason"), "mail-deferred");
	hear_mail(path, "refused", "mx-null", world.now_ms + 2);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.0.state"), "refused");
	assert_string_equal(member(shown, "checks.0.reason"), "mx-null");
	assert_string_equal(member(shown, "checks.0.clause"), "RFC 7505");
	assert_string_equal(member(shown, "checks.0.text"), "550 5.1.1 no");
	assert_string_equal(member(shown, "checks.0.mail.state"), "refused");
	assert_string_equal(member(shown, "checks.0.mail.mend"), "Publish an MX record.");
	assert_string_equal(member(shown, "checks.0.mail.status"), "5.1.1");
	assert_string_equal(member(shown, "checks.0.mail.hosts.1"), "20 mx2.alpha.example");
	assert_string_equal(member(shown, "checks.0.mail.dnssec"), "secure");
	hear_mail(path, "sent", NULL, world.now_ms + 3);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.0.mail.reason"), "");
	assert_string_equal(member(shown, "checks.0.you.do"), "enter-token");
	assert_string_equal(
	    member(shown, "checks.0.you.token"), under(path, "/checks/mailbox-1/token"));
	prove(path);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.0.you.do"), "nothing");
	assert_int_equal(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL)->status, 200);
	assert_int_equal(svc_test_count(world.test, "request.verification-asked"), 1);
}

static void
everything_that_may_be_published_is_shown(void **state)
{
	const char *path = planned();
	const struct fake_answer *shown = NULL;

	(void)state;
	hear_domain_challenge(path);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.1.you.publish.0.method"), "dns-txt");
	assert_string_equal(member(shown, "checks.1.you.publish.0.clause"), "TBR 3.2.2.4.7");
	assert_string_equal(member(shown, "checks.1.you.publish.0.what"), "a TXT record");
	assert_string_equal(member(shown, "checks.1.you.publish.0.type"), "TXT");
	assert_string_equal(
	    member(shown, "checks.1.you.publish.0.name"), "_countersign-challenge.alpha.example");
	assert_string_equal(member(shown, "checks.1.you.publish.0.value"), "value");
	assert_string_equal(member(shown, "checks.1.you.publish.0.note"), "Publish.");
	assert_string_equal(member(shown, "checks.1.you.publish.1.method"), "mx-dns-txt");
	assert_string_equal(member(shown, "checks.1.you.publish.2.method"), "");
	assert_string_equal(member(shown, "checks.1.you.text"),
	    "Publish one of these, whichever is easiest for you, then press Verify.");
}

/* "record" is the TXT record of the domain, "file" its file: names that only end alike are others. */
static void
methods_are_compared_as_whole_words(void **state)
{
	static const struct {
		const char *allowed;
		bool record, file;
	} cases[] = {
		{ "dns-txt", true, false },
		{ "http-file", false, true },
		{ "mx-dns-txt", false, false },
		{ "mx-http-file", false, false },
		{ "dns-txt2", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = created();
		const char *methods[] = { "acme-http", cases[i].allowed };
		struct claim_check checks[] = { check("domain-1", CLAIM_DOMAIN, "alpha.example") };

		checks[0].allowed_methods = (struct claim_texts){ methods, 2 };
		hear_plan(path, 1, checks, 1);
		hear_domain_challenge(path);
		const struct fake_answer *shown = get(ALICE, path);

		if (strcmp(member(shown, "checks.0.you.record.value"),
			cases[i].record ? "value" : "") != 0 ||
		    strcmp(member(shown, "checks.0.you.file.content"),
			cases[i].file ? "content" : "") != 0)
			fail_msg("%s", cases[i].allowed);
	}
}

/* When the next look is, and when Verify works again. */
static void
people_are_told_when_their_domain_is_looked_at(void **state)
{
	const char *path = planned();
	const char *verify = under(path, "/checks/domain-1/verify");
	const struct fake_answer *shown = NULL;
	char next[CS_TIME_TEXT], again[CS_TIME_TEXT];

	(void)state;
	cs_time_format(world.now_ms + CS_HOUR_MS, next);
	hear_domain_challenge(path);
	assert_string_equal(member(get(ALICE, path), "checks.1.you.next_look_at"), next);
	assert_string_equal(member(get(ALICE, path), "checks.1.you.held"), "");
	assert_int_equal(post(ALICE, verify, NULL)->status, 202);
	assert_string_equal(member(get(ALICE, path), "checks.1.state"), "waiting");
	/* The answer to the press: not now. */
	cs_time_format(world.now_ms + 5 + CS_MINUTE_MS, again);
	hear_domain_told(path, world.now_ms + 5, "failed-too-often");
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.1.state"), "needed");
	assert_string_equal(member(shown, "checks.1.you.do"), "publish");
	assert_string_equal(member(shown, "checks.1.you.held"), "failed-too-often");
	assert_string_equal(member(shown, "checks.1.you.held_until"), again);
	assert_non_null(strstr(member(shown, "checks.1.you.text"), again));
	/* Told once more that a look comes: free again. */
	hear_domain_told(path, world.now_ms + 6, "");
	assert_string_equal(member(get(ALICE, path), "checks.1.you.held"), "");
	/* What was so before is no news. */
	hear_domain_told(path, world.now_ms + 4, "failed-too-often");
	assert_string_equal(member(get(ALICE, path), "checks.1.you.held"), "");
}

static void
a_hold_ends_by_itself(void **state)
{
	const char *path = planned();

	(void)state;
	hear_domain_told(path, world.now_ms - CS_MINUTE_MS, "domain-looked-at-too-often");
	assert_string_equal(member(get(ALICE, path), "checks.1.you.held"), "");
	assert_string_equal(member(get(ALICE, path), "checks.1.you.held_until"), "");
	hear_domain_told(path, world.now_ms, "domain-looked-at-too-often");
	assert_string_equal(
	    member(get(ALICE, path), "checks.1.you.held"), "domain-looked-at-too-often");
}

static void
what_a_proof_covers_is_shown(void **state)
{
	const char *path = planned();

	(void)state;
	hear_domain_challenge(path);
	hear_evidence(path, "domain-1", CLAIM_DOMAIN, CLAIM_REFUSED, 1);
	assert_string_equal(member(get(ALICE, path), "checks.1.proved_for"), "");
	assert_string_equal(member(get(ALICE, path), "checks.1.mend"),
	    "Compare what was seen with what is to be published, then press Verify.");
	assert_string_equal(member(get(ALICE, path), "checks.1.detail"),
	    "dns-txt: txt-matches; txt alpha.example: NOERROR");
	hear_evidence(path, "domain-1", CLAIM_DOMAIN, CLAIM_PROVED, 2);
	assert_string_equal(member(get(ALICE, path), "checks.1.proved_for"), "alpha.example");
	assert_string_equal(member(get(ALICE, path), "checks.1.found_at"), "alpha.example");
}

static void
what_was_seen_is_shown(void **state)
{
	const char *path = planned();
	const struct fake_answer *shown = NULL;

	(void)state;
	hear_evidence(path, "caa-1", CLAIM_CAA, CLAIM_REFUSED, 1);
	hear_evidence(path, "mpic-caa-1", CLAIM_MPIC_CAA, CLAIM_COULD_NOT_TELL, 1);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "checks.3.state"), "refused");
	assert_string_equal(member(shown, "checks.3.dnssec"), "secure");
	assert_string_equal(member(shown, "checks.3.lookups.0.records.1"), "<b>\"\x01");
	assert_string_equal(member(shown, "checks.3.read_for"), "issuers=a.example <for>");
	assert_string_equal(member(shown, "checks.3.lookups.0.answer_sha256"),
	    "612064696765737420"
	    "6f6620616e20616e737765723a203332206f6374657473");
	assert_string_equal(member(shown, "checks.3.you.do"), "verify");
	assert_string_equal(member(shown, "checks.4.state"), "could-not-tell");
	assert_string_equal(member(shown, "checks.4.perspectives.0.name"), "ams");
	assert_null(memchr(shown->body.data, '<', shown->body.len));
}

/* Operators verify people and organizations: nobody presses Verify, and Generate waits for it. */
static void
who_somebody_is_is_shown_as_operators_verified_it(void **state)
{
	const char *path = created();
	struct claim_check checks[] = { check("organization-1", CLAIM_ORGANIZATION, "demo"),
		check("individual-1", CLAIM_INDIVIDUAL, "alice") };
	const struct fake_answer *shown = NULL;

	(void)state;
	hear_plan(path, 1, checks, 2);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "state"), "validating");
	assert_string_equal(member(shown, "checks.0.kind"), "organization");
	assert_string_equal(member(shown, "checks.0.target"), "demo");
	assert_string_equal(member(shown, "checks.0.state"), "needed");
	assert_string_equal(member(shown, "checks.0.you.do"), "wait");
	assert_non_null(strstr(member(shown, "checks.1.you.text"), "An operator must verify"));
	assert_fault(post(ALICE, under(path, "/checks/individual-1/verify"), NULL), 409,
	    "verified-by-people", "check");
	hear_evidence(path, "organization-1", CLAIM_ORGANIZATION, CLAIM_PROVED, 1);
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "not-ready");
	hear_evidence(path, "individual-1", CLAIM_INDIVIDUAL, CLAIM_PROVED, 1);
	shown = get(ALICE, path);
	assert_string_equal(member(shown, "state"), "ready");
	assert_string_equal(member(shown, "checks.1.state"), "proved");
	assert_string_equal(member(shown, "checks.1.you.do"), "nothing");
	assert_string_equal(member(shown, "checks.1.verified.0"), "givenName=Ann");
	assert_string_equal(member(shown, "checks.1.verified.1"), "surname=<Ng>");
	assert_non_null(strstr(member(shown, "checks.1.detail"), "approved by y"));
	assert_null(memchr(shown->body.data, '<', shown->body.len));
}

static void
an_earlier_proof_is_shown_as_standing(void **state)
{
	const char *path = created();
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example") };

	(void)state;
	checks[0].has_standing = true;
	checks[0].standing_until_ms = world.now_ms + CS_DAY_MS;
	hear_plan(path, 1, checks, 1);
	assert_string_equal(member(get(ALICE, path), "checks.0.state"), "standing");
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
}

static void
only_known_checks_are_verified(void **state)
{
	const char *path = planned();

	(void)state;
	assert_fault(post(ALICE, under(path, "/checks/mailbox-9/verify"), NULL), 404,
	    "no-such-check", "check");
	assert_fault(post(ALICE, under(path, "/checks/mpic-domain-1/verify"), NULL), 409,
	    "runs-by-itself", "check");
	assert_problem(
	    post(ALICE, under(path, "/checks/domain-1/verify"), NULL), 409, "no-challenge-yet");
	assert_problem(
	    post(ALICE, under(created(), "/checks/mailbox-1/verify"), NULL), 409, "no-plan-yet");
}

static void
a_refusal_is_an_answer(void **state)
{
	static const char *const subjects[] = { "plan.refused", "certificate.refused" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *path = approved();
		const struct fake_answer *shown = NULL;

		hear_refused(subjects[i], path);
		shown = get(ALICE, path);
		assert_string_equal(member(shown, "state"), "refused");
		assert_string_equal(member(shown, "refusal.code"), "caa-not-authorized");
		assert_string_equal(member(shown, "refusal.check"), i == 0 ? "caa-1" : "");
		assert_problem(post(ALICE, under(path, "/cancel"), NULL), 409, "ended");
	}
}

static const struct {
	const char *query, *accept, *type, *begin;
} downloads[] = {
	{ "", NULL, "application/x-pem-file", "-----BEGIN CERTIFICATE-----\n" },
	{ "", "*/*", "application/x-pem-file", "-----BEGIN CERTIFICATE-----\n" },
	{ "", "application/pkix-cert", "application/pkix-cert", "0leaf" },
	{ "?format=pem", "application/pkix-cert", "application/x-pem-file",
	    "-----BEGIN CERTIFICATE-----\n" },
	{ "?format=chain", NULL, "application/pem-certificate-chain",
	    "-----BEGIN CERTIFICATE-----\n" },
	{ "?format=der", NULL, "application/pkix-cert", "0leaf" },
	{ "?format=p7b", NULL, "application/x-pkcs7-certificates", "0" },
};

static void
a_certificate_comes_in_every_format(void **state)
{
	const char *path = approved();

	(void)state;
	assert_problem(get(ALICE, under(path, "/certificate")), 409, "no-certificate");
	hear_issued(path);
	assert_string_equal(member(get(ALICE, path), "certificate.serial"), "0a1b");
	for (size_t i = 0; i < sizeof(downloads) / sizeof(downloads[0]); i++) {
		const char *target =
		    cs_arena_printf(world.arena, "%s/certificate%s", path, downloads[i].query);
		const struct fake_ask request = { .method = "GET",
			.path = target,
			.token = ALICE,
			.headers = {
			    { downloads[i].accept ? "Accept" : NULL, downloads[i].accept } } };
		const struct fake_answer *answer = ask(&request);

		if (answer->status != 200 || strcmp(answer->type, downloads[i].type) != 0 ||
		    answer->body.len < strlen(downloads[i].begin) ||
		    memcmp(answer->body.data, downloads[i].begin, strlen(downloads[i].begin)) != 0)
			fail_msg("%s %s: got %d %s", target, downloads[i].accept, answer->status,
			    answer->type);
		assert_non_null(fake_http_header(answer, "Content-Disposition"));
	}
	const struct fake_ask html = { .method = "GET",
		.path = under(path, "/certificate"),
		.token = ALICE,
		.headers = { { "Accept", "text/html" } } };

	assert_problem(ask(&html), 406, "not-acceptable");
	assert_problem(get(ALICE, under(path, "/certificate?format=exe")), 400, "query");
}

/* ---- cancelling ---- */

static const struct {
	const char *answer; /* of the signer; NULL: none */
	int status;
	const char *code;
} stops[] = {
	{ "stopped", 202, "" },
	{ "too-late", 409, "too-late" },
	{ "unknown", 503, "try-again" },
	{ "nonsense", 503, "try-again" },
	{ NULL, 503, "try-again" },
};

static void
after_the_approval_the_signer_decides(void **state)
{
	struct cs_span asked = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct cs_buf buf = cs_buf_new(world.arena);
		const char *path = approved();
		const struct fake_answer *answer = NULL;

		if (stops[i].answer)
			put_text(&buf, 1, stops[i].answer);
		fake_svc_answer(stops[i].answer != NULL, cs_buf_span(&buf));
		answer = post(ALICE, under(path, "/cancel"), NULL);
		if (answer->status != stops[i].status ||
		    strcmp(member(answer, "code"), stops[i].code) != 0)
			fail_msg("%s: got %d %s", stops[i].answer, answer->status,
			    member(answer, "code"));
		assert_string_equal(fake_svc_asked(&asked), "ask.signer.stop");
		assert_string_equal(member(get(ALICE, path), "state"), "approved");
	}
	assert_int_equal(svc_test_count(world.test, "request.cancelled"), 0);
}

static void
a_stop_ends_the_request_for_the_reason_that_the_signer_gives(void **state)
{
	const char *path = approved(), *other = approved();

	(void)state;
	hear_stopped(path, "cancelled");
	hear_stopped(other, "expired");
	assert_string_equal(member(get(ALICE, path), "state"), "cancelled");
	assert_string_equal(member(get(ALICE, other), "state"), "expired");
	assert_int_equal(post(ALICE, under(path, "/cancel"), NULL)->status, 200);
	assert_problem(post(ALICE, under(other, "/cancel"), NULL), 409, "ended");
}

static void
a_request_that_nobody_approves_expires(void **state)
{
	const char *path = ready();
	const struct svc_test_event due = {
		.id = "due", .subject = "clock.request-due", .key = id_of(path)
	};
	const struct svc_test_event again = {
		.id = "again", .subject = "clock.request-due", .key = id_of(path)
	};

	(void)state;
	svc_test_set_time(world.test, world.now_ms + 29 * CS_DAY_MS);
	svc_test_run(world.test, &due, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
	svc_test_set_time(world.test, world.now_ms + 30 * CS_DAY_MS);
	svc_test_run(world.test, &again, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "expired");
	assert_int_equal(svc_test_count(world.test, "request.cancelled"), 1);
}

/* ---- what comes after a certificate ---- */

#define NO_SUCH "/v1/requests/00000000-0000-4000-8000-000000000000"

static struct claim_request
last_submitted(void)
{
	const struct svc_test_out *out = svc_test_out(
	    world.test, "request.submitted", svc_test_count(world.test, "request.submitted") - 1);
	struct claim_request request = { 0 };
	struct cs_err err = { 0 };

	assert_int_equal(
	    claim_open_request(world.arena, NULL, out->body, world.now_ms, &request, &err), CS_OK);
	return request;
}

/* How many of the list's first three rows are of this kind; those of one millisecond come in any order. */
static size_t
of_kind(const struct fake_answer *list, const char *kind)
{
	static const char *const rows[] = { "requests.0.kind", "requests.1.kind",
		"requests.2.kind" };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		n += strcmp(member(list, rows[i]), kind) == 0;
	return n;
}

static void
a_renewal_has_the_key_and_names_of_the_earlier_certificate(void **state)
{
	const char *path = issued();
	const struct claim_request first = last_submitted();
	const struct fake_answer *answer = post(ALICE, under(path, "/renew"), NULL);
	const struct claim_request again = last_submitted();

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "kind"), "renewal");
	assert_string_equal(member(answer, "previous"), strrchr(path, '/') + 1);
	assert_int_equal(again.kind, CLAIM_RENEWAL);
	assert_true(cs_id_equal(again.previous, id_of(path)));
	assert_false(cs_id_equal(again.id, id_of(path)));
	assert_true(cs_span_equal(again.csr, first.csr));
	assert_string_equal(again.mailboxes.items[0], "alice@alpha.example");
	assert_string_equal(again.domains.items[0], "alpha.example");
	assert_string_equal(again.contact, first.contact);
	assert_int_equal(again.validity_days, 365);
	answer = post(ALICE, under(path, "/renew"), "{\"validity_days\":30,\"agreement\":\"v1\"}");
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "validity_days"), "30");
	answer = get(ALICE, "/v1/requests");
	assert_int_equal(of_kind(answer, "renewal"), 2);
	assert_int_equal(of_kind(answer, "first"), 1);
}

static void
a_rekey_has_another_key(void **state)
{
	const char *path = issued();
	const struct fake_answer *answer =
	    post(ALICE, under(path, "/rekey"), "{\"csr\":\"" OTHER_CSR_BASE64 "\"}");

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "kind"), "rekey");
	assert_string_equal(member(answer, "mailboxes.0"), "alice@alpha.example");
	assert_string_not_equal(
	    member(answer, "spki_sha256"), member(get(ALICE, path), "spki_sha256"));
	assert_fault(post(ALICE, under(path, "/rekey"), "{\"csr\":\"" CSR_PEM "\"}"), 422,
	    "same-key", "csr");
	assert_fault(post(ALICE, under(path, "/rekey"), "{}"), 400, "json-missing", "csr");
}

/* ---- what the subject says ---- */

static void
hear_subject(const char *path, struct claim_value *values, size_t n)
{
	struct claim_check mailbox = check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example");
	struct claim_plan plan = first_plan(path, &mailbox, 1);

	plan.subject = (struct claim_values){ values, n };
	publish_plan(&plan);
}

/* "An operator will see the rendered values in a disabled form": both see the plan's, and who set each. */
static void
the_plan_says_whose_value_it_is(void **state)
{
	struct claim_value values[] = { { "emailAddress", "alice@alpha.example", "profile" },
		{ "organizationalUnitName", "Sales", "operator" },
		{ "title", "Dr. = \"x\"", "person" } };
	static const char *const readers[] = { ALICE, BOSS };
	const char *path = created();

	(void)state;
	assert_string_equal(member(get(ALICE, path), "subject"), "");
	hear_subject(path, values, 3);
	for (size_t i = 0; i < 2; i++) {
		const struct fake_answer *answer = get(readers[i], path);

		assert_string_equal(member(answer, "subject.0.verified"), "true");
		assert_string_equal(member(answer, "subject.1.name"), "organizationalUnitName");
		assert_string_equal(member(answer, "subject.1.value"), "Sales");
		assert_string_equal(member(answer, "subject.1.set_by"), "operator");
		assert_string_equal(member(answer, "subject.1.verified"), "false");
		assert_string_equal(member(answer, "subject.2.value"), "Dr. = \"x\"");
		assert_string_equal(member(answer, "subject.2.set_by"), "person");
	}
}

static bool
says_unverified(const struct fake_answer *answer)
{
	static const char words[] = "that nobody verifies";

	return memmem(answer->body.data, answer->body.len, words, sizeof(words) - 1) != NULL;
}

/* What the person typed in is said to be unverified, from the beginning. */
static void
a_note_says_that_nobody_verified_it(void **state)
{
	struct claim_value fixed[] = { { "title", "Dr.", "operator" } };
	const struct fake_answer *answer = create_with(ALICE, NULL, SUBJECT("{\"title\":\"Dr.\"}"));
	const char *path = member(answer, "links.self");

	(void)state;
	assert_true(says_unverified(answer));
	hear_subject(path, fixed, 1); /* and it is the operator's, who set the same */
	assert_false(says_unverified(get(ALICE, path)));
	answer = create_with(ALICE, NULL, SUBJECT("{\"emailAddress\":\"a@alpha.example\"}"));
	assert_false(says_unverified(answer));
}

static void
the_signed_request_holds_what_was_typed_in(void **state)
{
	struct claim_request one, other;

	(void)state;
	assert_int_equal(create_with(ALICE, NULL, SUBJECT("{\"title\":\"Dr.\"}"))->status, 201);
	one = last_submitted();
	assert_int_equal(one.subject.n, 1);
	assert_string_equal(one.subject.items[0].name, "title");
	assert_string_equal(one.subject.items[0].value, "Dr.");
	assert_int_equal(create_with(ALICE, NULL, SUBJECT("{\"title\":\"Prof.\"}"))->status, 201);
	other = last_submitted();
	assert_memory_not_equal(one.digest, other.digest, CLAIM_DIGEST);
}

static void
a_reissue_has_other_names(void **state)
{
	const char *path = issued();
	const struct fake_answer *answer = post(ALICE, under(path, "/reissue"),
	    "{\"mailboxes\":[\"alice.smith@alpha.example\"],\"domains\":[\"alpha.example\"]}");

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "kind"), "reissue");
	assert_string_equal(member(answer, "mailboxes.0"), "alice.smith@alpha.example");
	assert_string_equal(last_submitted().contact, "alice.smith@alpha.example");
	assert_string_equal(member(answer, "spki_sha256"), member(get(ALICE, path), "spki_sha256"));
	assert_fault(
	    post(ALICE, under(path, "/reissue"), "{\"mailboxes\":[\"alice@alpha.example\"]}"), 422,
	    "same-names", "mailboxes");
	assert_fault(post(ALICE, under(path, "/reissue"), "{\"mailboxes\":[\"not one\"]}"), 422,
	    "mailbox-syntax", "mailboxes[0]");
	/* Another title is another name. */
	answer = post(ALICE, under(path, "/reissue"),
	    "{\"mailboxes\":[\"alice@alpha.example\"],\"subject\":{\"title\":\"Dr.\"}}");
	assert_int_equal(answer->status, 201);
	assert_string_equal(last_submitted().subject.items[0].value, "Dr.");
}

static void
only_a_certificate_of_ones_own_is_followed(void **state)
{
	static const struct {
		const char *rest, *body;
	} routes[] = { { "/renew", "{}" }, { "/rekey", "{\"csr\":\"" OTHER_CSR_BASE64 "\"}" },
		{ "/reissue", "{\"mailboxes\":[\"new@alpha.example\"]}" } };
	const char *open = ready(), *path = issued(), *revoked = issued();

	(void)state;
	hear_revoked(revoked, 4, CLAIM_BY_OWNER);
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *rest = routes[i].rest, *body = routes[i].body;

		assert_problem(post(ALICE, under(NO_SUCH, rest), body), 404, "not-found");
		assert_problem(post(BOB, under(path, rest), body), 404, "not-found");
		assert_problem(post(OTHER, under(path, rest), body), 404, "not-found");
		assert_problem(post(BOSS, under(path, rest), body), 403, "not-yours");
		assert_problem(post(ALICE, under(open, rest), body), 409, "not-issued");
		assert_problem(post(NULL, under(path, rest), body), 401, "unauthorized");
	}
	assert_problem(post(ALICE, under(revoked, "/renew"), NULL), 409, "revoked");
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 3);
	assert_int_equal(post(ALICE, under(revoked, "/rekey"), routes[1].body)->status, 201);
}

static const struct fake_answer *
post_with_key(const char *path, const char *key, const char *body)
{
	const struct fake_ask request = { .method = "POST",
		.path = path,
		.token = ALICE,
		.body = body,
		.type = "application/json",
		.headers = { { "Idempotency-Key", key } } };

	return ask(&request);
}

static void
a_repeated_renewal_is_the_same_request(void **state)
{
	const char *path = issued();
	const struct fake_answer *first = post_with_key(under(path, "/renew"), "again", "{}"),
				 *again = NULL;

	(void)state;
	hear_revoked(path, 4, CLAIM_BY_OWNER); /* it would be refused by now */
	again = post_with_key(under(path, "/renew"), "again", "{}");
	assert_int_equal(again->status, 201);
	assert_true(cs_span_equal(again->body, first->body));
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 2);
	assert_problem(post_with_key(under(path, "/renew"), "again", "{\"validity_days\":3}"), 409,
	    "idempotency-conflict");
	assert_problem(post_with_key(under(path, "/reissue"), "again",
			   "{\"mailboxes\":[\"new@alpha.example\"]}"),
	    409, "idempotency-conflict");
}

static void
routes_of_the_life_keep_to_the_limits(void **state)
{
	static const char *const rests[] = { "/renew", "/rekey", "/reissue", "/revoke" };
	const char *path = issued();
	struct fake_ask request = {
		.method = "POST", .token = ALICE, .type = "text/plain", .body = "x"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
		request.path = under(path, rests[i]);
		assert_problem(ask(&request), 415, "media-type");
	}
	fake_svc_stuck(true);
	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
		assert_problem(post(ALICE, under(path, rests[i]), "{}"), 503, "try-again");
	fake_svc_stuck(false);
	world.intake.creations_per_hour = world.intake.presses_per_hour = 0;
	for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++)
		assert_problem(post(ALICE, under(path, rests[i]), "{}"), 429, "too-many");
}

/* ---- a domain alone ---- */

#define VERIFY_ALPHA "/v1/domains/alpha.example/verification"

static void
hear_domain_plan(const char *path, uint32_t revision, const char *because)
{
	struct claim_check checks[] = { check("domain-1", CLAIM_DOMAIN, "alpha.example"),
		check("mpic-domain-1", CLAIM_MPIC_DOMAIN, "alpha.example") };
	struct claim_plan plan = first_plan(path, checks, 2);

	plan.revision = revision;
	plan.account = "boss";
	plan.profile = plan.certificate_profile = NULL; /* of a domain alone */
	checks[0].new_because = because;
	publish_plan(&plan);
}

static void
why_a_check_is_asked_for_now_is_shown(void **state)
{
	const char *path = fake_http_header(post(BOSS, VERIFY_ALPHA, NULL), "Location");

	(void)state;
	hear_domain_plan(path, 1, "");
	assert_string_equal(member(get(BOSS, path), "checks.0.new_because"), "");
	hear_domain_plan(path, 2, "The rules ask for this now.");
	assert_string_equal(
	    member(get(BOSS, path), "checks.0.new_because"), "The rules ask for this now.");
}

static void
an_operator_has_a_domain_verified(void **state)
{
	const struct fake_answer *answer = post(BOSS, VERIFY_ALPHA, "{}");
	const char *path = fake_http_header(answer, "Location");
	const struct svc_test_out *out = svc_test_out(world.test, "request.submitted", 0);
	struct claim_request request = { 0 };
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "kind"), "domain");
	assert_string_equal(member(answer, "domains.0"), "alpha.example");
	assert_string_equal(member(answer, "profile"), "");
	assert_string_equal(member(answer, "spki_sha256"), "");
	assert_int_equal(
	    claim_open_request(world.arena, NULL, out->body, world.now_ms, &request, &err), CS_OK);
	assert_int_equal(request.kind, CLAIM_DOMAIN_ONLY);
	assert_string_equal(request.account, "boss");
	assert_problem(get(ALICE, path), 404, "not-found");
	hear_domain_plan(path, 1, "");
	hear_domain_challenge(path);
	answer = get(BOSS, path);
	assert_string_equal(member(answer, "state"), "validating");
	assert_string_equal(member(answer, "checks.0.you.do"), "publish");
	assert_int_equal(post(BOSS, under(path, "/checks/domain-1/verify"), NULL)->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.verification-asked"), 1);
	hear_evidence(path, "domain-1", CLAIM_DOMAIN, CLAIM_PROVED, 1);
	assert_string_equal(member(get(BOSS, path), "state"), "validating");
	hear_evidence(path, "mpic-domain-1", CLAIM_MPIC_DOMAIN, CLAIM_PROVED, 1);
	answer = get(BOSS, path);
	assert_string_equal(member(answer, "state"), "ready");
	assert_string_equal(member(answer, "links.approve"), "");
	assert_problem(post(BOSS, under(path, "/approve"), NULL), 409, "no-certificate");
	assert_problem(post(BOSS, under(path, "/renew"), NULL), 409, "not-issued");
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

static void
a_domain_alone_is_refused_for_a_reason(void **state)
{
	struct fake_ask request = {
		.method = "POST", .path = VERIFY_ALPHA, .token = BOSS, .type = "text/plain"
	};

	(void)state;
	assert_fault(post(ALICE, VERIFY_ALPHA, NULL), 403, "not-an-operator", "Authorization");
	assert_problem(post(NULL, VERIFY_ALPHA, NULL), 401, "unauthorized");
	assert_int_equal(post(BOSS, "/v1/domains/co.uk/verification", NULL)->status, 422);
	assert_string_equal(
	    member(post(BOSS, "/v1/domains/a..b/verification", NULL), "field"), "domain");
	request.body = "x";
	assert_problem(ask(&request), 415, "media-type");
	request.body = NULL;
	request.type = NULL;
	request.headers[0].name = "Idempotency-Key";
	request.headers[0].value = "again";
	const struct fake_answer *first = ask(&request);

	assert_string_equal(
	    fake_http_header(ask(&request), "Location"), fake_http_header(first, "Location"));
	request.path = "/v1/domains/beta.example/verification";
	assert_problem(ask(&request), 409, "idempotency-conflict");
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 1);
	fake_svc_stuck(true);
	assert_problem(post(BOSS, VERIFY_ALPHA, NULL), 503, "try-again");
	fake_svc_stuck(false);
	world.intake.creations_per_hour = 0;
	assert_problem(post(BOSS, VERIFY_ALPHA, NULL), 429, "too-many");
}

static void
a_key_that_leaked_is_not_renewed(void **state)
{
	const char *path = issued();

	(void)state;
	fake_store_learn(fake_store_get(id_of(path))->spki_sha256, "", "");
	assert_fault(post(ALICE, under(path, "/renew"), "{}"), 422, "key-compromised", "csr");
	assert_int_equal(
	    post(ALICE, under(path, "/rekey"), "{\"csr\":\"" OTHER_CSR_BASE64 "\"}")->status, 201);
	assert_problem(post(ALICE, under(path, "/rekey"), "{\"csr\":\"" PRIVATE_KEY_PEM "\"}"), 422,
	    "PRIVATEKEY");
}

static struct claim_revocation
asked_revocation(size_t n)
{
	const struct svc_test_out *out = svc_test_out(world.test, "request.revocation-asked", n);
	struct claim_revocation revocation = { 0 };
	struct cs_err err = { 0 };

	assert_non_null(out);
	if (claim_open_revocation(world.arena, NULL, out->body, world.now_ms, &revocation, &err))
		fail_msg("%s", err.text);
	return revocation;
}

static void
an_owner_has_a_certificate_revoked(void **state)
{
	const char *path = issued();
	const struct fake_answer *answer = post(
	    ALICE, under(path, "/revoke"), "{\"reason\":\"superseded\",\"text\":\"A new one.\"}");
	const struct claim_revocation asked = asked_revocation(0);

	(void)state;
	assert_int_equal(answer->status, 202);
	assert_true(cs_id_equal(asked.request, id_of(path)));
	assert_int_equal(asked.by, CLAIM_BY_OWNER);
	assert_int_equal(asked.reason, 4);
	assert_string_equal(asked.account, "alice");
	assert_int_equal(asked.due_at_ms - asked.known_at_ms, CS_DAY_MS);
	assert_string_equal(member(get(ALICE, path), "revocation.state"), "asked");
	hear_revoked(path, 4, CLAIM_BY_OWNER);
	answer = get(ALICE, path);
	assert_string_equal(member(answer, "state"), "revoked");
	assert_string_equal(member(answer, "revocation.reason"), "superseded");
	assert_string_equal(member(answer, "revocation.by"), "owner");
	assert_string_equal(member(answer, "links.renew"), "");
	assert_int_equal(post(ALICE, under(path, "/revoke"), NULL)->status, 200);
	answer = get(ALICE, "/v1/requests?state=revoked");
	assert_string_equal(member(answer, "requests.0.revocation.state"), "revoked");
	assert_int_equal(get(ALICE, under(path, "/certificate"))->status, 200);
	check_lines(watch(path, NULL));
}

static void
who_may_not_revoke_is_told(void **state)
{
	const char *path = issued(), *open = ready();

	(void)state;
	assert_problem(post(BOB, under(path, "/revoke"), NULL), 404, "not-found");
	assert_problem(post(OTHER, under(path, "/revoke"), NULL), 404, "not-found");
	assert_problem(post(NULL, under(path, "/revoke"), NULL), 401, "unauthorized");
	assert_problem(post(ALICE, under(open, "/revoke"), NULL), 409, "not-issued");
	assert_fault(post(ALICE, under(path, "/revoke"), "{\"reason\":\"privilegeWithdrawn\"}"),
	    403, "reason-not-yours", "reason");
	assert_fault(post(ALICE, under(path, "/revoke"), "{\"reason\":\"certificateHold\"}"), 422,
	    "reason-unknown", "reason");
	assert_fault(
	    post(ALICE, under(path, "/revoke"), "{\"why\":\"\"}"), 400, "json-unknown", "why");
	assert_null(svc_test_out(world.test, "request.revocation-asked", 0));
	assert_int_equal(
	    post(BOSS, under(path, "/revoke"), "{\"reason\":\"privilegeWithdrawn\"}")->status, 202);
	assert_int_equal(asked_revocation(0).by, CLAIM_BY_OPERATOR);
	assert_string_equal(asked_revocation(0).account, "boss");
}

#define REPORTS "/v1/problem-reports"

/* A report about the only certificate; its path. */
static const char *
reported(const char *category)
{
	const struct fake_answer *answer = post(NULL, REPORTS,
	    cs_arena_printf(world.arena,
		"{\"serial\":\"0A:1B\",\"category\":\"%s\",\"text\":\"Look at it.\","
		"\"contact\":\"eve@alpha.example\"}",
		category));

	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "state"), "open");
	return fake_http_header(answer, "Location");
}

static void
no_private_key_travels_as_a_reason(void **state)
{
	static const char body[] =
	    "{\"reason\":\"keyCompromise\",\"text\":\"" PRIVATE_KEY_PEM "\"}";
	static const char decision[] = "{\"decision\":\"reject\",\"text\":\"" PRIVATE_KEY_PEM "\"}";
	const char *path = issued(), *report = reported("misuse");

	(void)state;
	assert_fault(post(ALICE, under(path, "/revoke"), body), 422, "PRIVATEKEY", "text");
	assert_null(svc_test_out(world.test, "request.revocation-asked", 0));
	assert_fault(post(BOSS, under(report, "/decide"), decision), 422, "PRIVATEKEY", "text");
	assert_fault(
	    post(BOSS, under(report, "/preliminary"), "{\"text\":\"" PRIVATE_KEY_PEM "\"}"), 422,
	    "PRIVATEKEY", "text");
}

static void
a_refusal_to_revoke_is_shown(void **state)
{
	const char *path = issued();

	(void)state;
	assert_int_equal(post(ALICE, under(path, "/revoke"), NULL)->status, 202);
	hear_unrevoked(path, "");
	assert_string_equal(member(get(ALICE, path), "state"), "issued");
	assert_string_equal(member(get(ALICE, path), "revocation.state"), "refused");
	assert_string_equal(
	    member(get(ALICE, path), "revocation.refusal"), "The certificate has ended.");
}

static void
a_note_must_be_read_first(void **state)
{
	const char *path = issued();
	const struct fake_answer *answer = NULL;

	(void)state;
	hear_note("demo", "renew", 1, "Once.");
	hear_note("demo", "revoke", 2, "Call us.");
	hear_note("other", "issue", 1, "Not us.");
	answer = get(ALICE, "/v1/notes");
	assert_string_equal(member(answer, "notes.0.kind"), "renew");
	assert_string_equal(member(answer, "notes.1.text"), "Call us.");
	assert_string_equal(member(get(ALICE, "/v1/notes?kind=revoke"), "notes.0.version"), "2");
	assert_string_equal(member(get(OTHER, "/v1/notes?kind=revoke"), "notes.0"), "");
	assert_problem(get(ALICE, "/v1/notes?kind=hold"), 400, "query");
	assert_problem(get(NULL, "/v1/notes"), 401, "unauthorized");
	answer = post(ALICE, under(path, "/revoke"), NULL);
	assert_fault(answer, 409, "note-unread", "note_version");
	assert_string_equal(member(answer, "note.text"), "Call us.");
	assert_problem(
	    post(ALICE, under(path, "/revoke"), "{\"note_version\":\"1\"}"), 409, "note-unread");
	assert_problem(post(ALICE, under(path, "/renew"), NULL), 409, "note-unread");
	assert_problem(post(BOB, under(path, "/revoke"), NULL), 404, "not-found");
	answer = post(ALICE, under(path, "/renew"), "{\"note_version\":\"1\"}");
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "note_version"), "1");
	assert_int_equal(
	    post(ALICE, under(path, "/revoke"), "{\"note_version\":\"2\"}")->status, 202);
	assert_string_equal(member(get(ALICE, path), "revocation.note_version"), "2");
	(void)created(); /* none is set for what is issued first */
}

/* "appear only on the screens against which the operator has customised them" (the seed, Request Notes). */
static void
notes_of_a_screen_are_shown_there_and_stop_nobody(void **state)
{
	const struct fake_answer *answer = NULL;

	(void)state;
	hear_note("demo", "issue.san", 4, "One domain.");
	hear_note("demo", "issue.csr", 5, "No keys of ours.");
	hear_note("demo", "renew.san", 6, "As before.");
	answer = get(ALICE, "/v1/notes?kind=issue&screen=san");
	assert_string_equal(member(answer, "notes.0.text"), "One domain.");
	assert_string_equal(member(answer, "notes.0.screen"), "san");
	assert_string_equal(member(answer, "notes.0.version"), "4");
	assert_string_equal(member(answer, "notes.1"), "");
	assert_string_equal(
	    member(get(ALICE, "/v1/notes?screen=san"), "notes.1.text"), "As before.");
	assert_string_equal(member(get(ALICE, "/v1/notes?screen=sdn"), "notes.0"), "");
	assert_problem(get(ALICE, "/v1/notes?screen=home"), 400, "query");
	assert_string_equal(member(get(OTHER, "/v1/notes?screen=san"), "notes.0"), "");
	(void)created();
}

static size_t
count_notes(const struct fake_answer *answer)
{
	size_t n = 0;

	while (member(answer, cs_arena_printf(world.arena, "notes.%zu.version", n))[0])
		n++;
	return n;
}

/* Of the note that is set alone: shown where it is set, in its kind as a whole, and nowhere else. */
static void
expect_note(const char *query, const char *text, const char *screen)
{
	const struct fake_answer *answer =
	    get(ALICE, cs_arena_printf(world.arena, "/v1/notes?%s", query));

	if (count_notes(answer) != (text ? 1 : 0) ||
	    strcmp(member(answer, "notes.0.text"), text ? text : "") != 0 ||
	    strcmp(member(answer, "notes.0.screen"), text ? screen : "") != 0)
		fail_msg("%s: %.*s, not %s", query, (int)answer->body.len,
		    (const char *)answer->body.data, text ? text : "nothing");
}

static const char *
note_name(size_t kind, size_t screen)
{
	return screen == NOTE_REQUEST
		   ? note_kind_name((enum note_kind)kind)
		   : cs_arena_printf(world.arena, "%s.%s", note_kind_name((enum note_kind)kind),
			 note_screen_name((enum note_screen)screen));
}

static void
expect_note_in_its_place_alone(size_t kind, size_t screen)
{
	const char *text = note_name(kind, screen);

	for (size_t k = 0; k < NOTE_KINDS; k++) {
		const char *of_kind =
		    cs_arena_printf(world.arena, "kind=%s", note_kind_name((enum note_kind)k));

		expect_note(
		    of_kind, k == kind ? text : NULL, note_screen_name((enum note_screen)screen));
		for (size_t s = NOTE_CSR; s < NOTE_SCREENS; s++) {
			const char *on = note_screen_name((enum note_screen)s);

			expect_note(cs_arena_printf(world.arena, "%s&screen=%s", of_kind, on),
			    k == kind && s == screen ? text : NULL, on);
		}
	}
}

/* "Request notes appear in all kinds of requests ... only on the screens" (the seed, Request Notes). */
static void
each_note_appears_exactly_where_it_is_set(void **state)
{
	uint64_t version = 0;

	(void)state;
	for (size_t kind = 0; kind < NOTE_KINDS; kind++)
		for (size_t screen = 0; screen < NOTE_SCREENS; screen++) {
			const char *name = note_name(kind, screen);

			hear_note("demo", name, ++version, name);
			expect_note_in_its_place_alone(kind, screen);
			hear_note("demo", name, ++version, NULL);
		}
	assert_int_equal(count_notes(get(ALICE, "/v1/notes")), 0);
}

/* How each kind of request is made; what it follows was issued. */
static const struct {
	const char *rest, *body;
} follows[NOTE_KINDS] = { [NOTE_RENEW] = { "/renew", "{}" },
	[NOTE_REKEY] = { "/rekey", "{\"csr\":\"" OTHER_CSR_BASE64 "\"}" },
	[NOTE_REISSUE] = { "/reissue", "{\"mailboxes\":[\"new@alpha.example\"]}" },
	[NOTE_REVOKE] = { "/revoke", "{}" } };

/* Revocation comes last: what is revoked is not renewed. */
static void
expect_stopped(const char *path, enum note_kind kind, const char *set)
{
	for (size_t k = 0; k < NOTE_KINDS; k++) {
		const struct fake_answer *answer =
		    k == NOTE_ISSUE ? create_with(ALICE, NULL, good)
				    : post(ALICE, under(path, follows[k].rest), follows[k].body);
		const int went = k == NOTE_REVOKE ? 202 : 201;

		if (answer->status != (k == kind ? 409 : went))
			fail_msg("%s is set, %s: status %d", set, note_name(k, NOTE_REQUEST),
			    answer->status);
		if (k == kind)
			assert_string_equal(member(answer, "note.text"), "Read me.");
	}
}

static void
only_a_note_without_a_screen_stops_its_kind_of_request(void **state)
{
	uint64_t version = 0;

	(void)state;
	for (size_t kind = 0; kind < NOTE_KINDS; kind++) {
		const char *whole = note_name(kind, NOTE_REQUEST),
			   *paths[2] = { issued(), issued() };

		for (size_t screen = NOTE_CSR; screen < NOTE_SCREENS; screen++)
			hear_note("demo", note_name(kind, screen), ++version, "Here.");
		expect_stopped(paths[0], NOTE_KINDS, "every screen");
		hear_note("demo", whole, ++version, "Read me.");
		expect_stopped(paths[1], (enum note_kind)kind, whole);
		hear_note("demo", whole, ++version, NULL);
	}
}

static void
the_newest_note_is_in_force(void **state)
{
	(void)state;
	hear_note("demo", "issue", 3, "New.");
	hear_note("demo", "issue", 2, "Old, told late.");
	assert_string_equal(member(get(ALICE, "/v1/notes"), "notes.0.text"), "New.");
	assert_problem(create_with(ALICE, NULL, good), 409, "note-unread");
	hear_note("demo", "issue", 4, NULL);
	hear_note("demo", "issue", 3, "New.");
	assert_string_equal(member(get(ALICE, "/v1/notes"), "notes.0"), "");
	(void)created();
	hear_note("demo", "issue", 5, "Again.");
	assert_problem(create_with(ALICE, NULL, good), 409, "note-unread");
	fake_store_away(true);
	assert_problem(get(ALICE, "/v1/notes"), 503, "try-again");
	fake_store_away(false);
	fake_svc_stuck(true);
	assert_problem(get(ALICE, "/v1/notes"), 503, "try-again");
	fake_svc_stuck(false);
}

/* ---- problem reports ---- */

static void
anybody_may_report_and_operators_see_it(void **state)
{
	const char *path = issued();
	const char *report = reported("misuse");
	const struct fake_answer *answer = get(BOSS, report);

	(void)state;
	assert_string_equal(member(answer, "text"), "Look at it.");
	assert_string_equal(member(answer, "contact"), "eve@alpha.example");
	assert_string_equal(member(answer, "request"), strrchr(path, '/') + 1);
	assert_string_equal(member(get(BOSS, REPORTS), "reports.0.id"), strrchr(report, '/') + 1);
	assert_problem(get(ALICE, report), 403, "not-an-operator");
	assert_problem(get(ALICE, REPORTS), 403, "not-an-operator");
	assert_problem(get(OTHER_BOSS, report), 404, "not-found");
	assert_string_equal(member(get(OTHER_BOSS, REPORTS), "reports.0"), "");
	assert_problem(get(NULL, report), 401, "unauthorized");
	assert_problem(get(NULL, REPORTS), 401, "unauthorized");
	assert_problem(get(BOSS, REPORTS "?state=odd"), 400, "query");
	assert_problem(get(BOSS, REPORTS "?limit=0"), 400, "query");
	assert_problem(get(BOSS, REPORTS "?cursor=0"), 400, "query");
	assert_string_equal(member(get(ALICE, path), "state"), "issued");
	assert_null(svc_test_out(world.test, "request.revocation-asked", 0));
}

static const struct {
	const char *body, *code, *field;
	int status;
} bad_reports[] = {
	{ "{}", "json-missing", "category", 400 },
	{ "{\"category\":\"misuse\",\"text\":\"t\"}", "certificate-missing", "certificate", 422 },
	{ "{\"category\":\"odd\",\"text\":\"t\",\"serial\":\"0a1b\"}", "category-unknown",
	    "category", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1b\",\"fingerprint\":\"ff00\"}",
	    "certificate-missing", "certificate", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"xyz\"}", "serial-form", "serial",
	    422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"fingerprint\":\"ff00\"}", "fingerprint-form",
	    "fingerprint", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"request\":\"1\"}", "request-form", "request",
	    422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"certificate\":\"MAA=\"}", "certificate-form",
	    "certificate", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1b\",\"contact\":\"nobody\"}",
	    "mailbox-syntax", "contact", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1b\",\"proof\":\"MAA=\"}",
	    "proof-form", "proof", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1b\",\"proof\":\"" CSR_PEM "\"}",
	    "proof-challenge", "proof", 422 },
	{ "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1c\"}", "not-found",
	    "certificate", 404 },
};

static void
a_report_is_read_strictly(void **state)
{
	const struct fake_ask text = {
		.method = "POST", .path = REPORTS, .type = "text/plain", .body = "x"
	};
	const char *path = issued();

	(void)state;
	for (size_t i = 0; i < sizeof(bad_reports) / sizeof(bad_reports[0]); i++)
		assert_fault(post(NULL, REPORTS, bad_reports[i].body), bad_reports[i].status,
		    bad_reports[i].code, bad_reports[i].field);
	assert_problem(ask(&text), 415, "media-type");
	assert_string_equal(member(get(BOSS, REPORTS), "reports.0"), "");
	assert_int_equal(post(NULL, REPORTS,
			     cs_arena_printf(world.arena,
				 "{\"category\":\"other\",\"text\":\"t\",\"request\":\"%s\"}",
				 strrchr(path, '/') + 1))
			     ->status,
	    201);
}

static const char *
report_with_key(const char *key, const char *serial)
{
	const struct fake_ask request = { .method = "POST",
		.path = REPORTS,
		.type = "application/json",
		.body = cs_arena_printf(world.arena,
		    "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"%s\"}", serial),
		.headers = { { "Idempotency-Key", key } } };
	const struct fake_answer *answer = ask(&request);

	return answer->status == 201 ? member(answer, "id") : member(answer, "code");
}

static void
a_repeated_report_is_the_same(void **state)
{
	(void)state;
	(void)issued();
	const char *first = report_with_key("one", "0a1b");

	assert_string_equal(report_with_key("one", "0a1b"), first);
	assert_string_not_equal(report_with_key("two", "0a1b"), first);
	assert_string_equal(report_with_key("one", "0A1B"), "idempotency-conflict");
	assert_string_equal(report_with_key("\x01", "0a1b"), "idempotency-key");
}

static void
strangers_have_their_share_of_an_hour(void **state)
{
	(void)state;
	(void)issued();
	world.intake.reports_per_network = 1;
	(void)reported("misuse");
	assert_problem(post(NULL, REPORTS, "{}"), 429, "too-many");
	assert_int_equal(get(NULL, REPORTS "/challenge")->status, 200);
	assert_problem(get(NULL, REPORTS "/challenge"), 429, "too-many");
}

static void
strangers_use_up_nothing_of_those_who_have_a_token(void **state)
{
	const char *path = planned();

	(void)state;
	world.intake.presses_per_network = 1;
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(NULL, REPORTS "/challenge")->status, 200);
	assert_int_equal(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL)->status, 202);
}

static void
a_report_is_decided_by_an_operator(void **state)
{
	const char *path = issued(), *report = reported("misuse");
	const char *decide = under(report, "/decide");
	const struct fake_answer *answer = NULL;
	struct claim_revocation asked;

	(void)state;
	assert_problem(post(ALICE, decide, "{\"decision\":\"revoke\",\"text\":\"t\"}"), 403,
	    "not-an-operator");
	assert_problem(
	    post(OTHER_BOSS, decide, "{\"decision\":\"revoke\",\"text\":\"t\"}"), 404, "not-found");
	assert_problem(post(NULL, decide, "{}"), 401, "unauthorized");
	assert_fault(post(BOSS, decide, "{\"decision\":\"wait\",\"text\":\"t\"}"), 400,
	    "decision-unknown", "decision");
	assert_fault(post(BOSS, decide, "{\"decision\":\"revoke\"}"), 400, "json-missing", "text");
	assert_fault(
	    post(BOSS, decide, "{\"decision\":\"revoke\",\"text\":\"t\",\"ground\":\"odd\"}"), 422,
	    "ground-unknown", "ground");
	assert_fault(post(BOSS, decide,
			 "{\"decision\":\"revoke\",\"text\":\"t\",\"reason\":\"certificateHold\"}"),
	    422, "reason-unknown", "reason");
	assert_fault(post(BOSS, decide,
			 "{\"decision\":\"revoke\",\"text\":\"t\",\"ground\":\"key-compromise\","
			 "\"reason\":\"superseded\"}"),
	    422, "reason-not-of-ground", "reason");
	assert_fault(post(BOSS, decide,
			 "{\"decision\":\"revoke\",\"text\":\"t\",\"ground\":\"misuse\","
			 "\"reason\":\"keyCompromise\"}"),
	    422, "reason-not-of-ground", "reason");
	assert_string_equal(member(get(BOSS, report), "state"), "open");
	answer = post(BOSS, decide, "{\"decision\":\"revoke\",\"text\":\"It is so.\"}");
	assert_int_equal(answer->status, 202);
	assert_string_equal(member(answer, "decision.ground"), "misuse");
	assert_string_equal(member(answer, "preliminary.text"), "It is so.");
	asked = asked_revocation(0);
	assert_int_equal(asked.by, CLAIM_BY_REPORT);
	assert_int_equal(asked.reason, 9);
	assert_string_equal(asked.report, strrchr(report, '/') + 1);
	assert_string_equal(asked.account, "boss");
	assert_int_equal(asked.due_at_ms - asked.known_at_ms, 5 * CS_DAY_MS);
	assert_string_equal(member(get(ALICE, path), "revocation.report"), asked.report);
	assert_problem(
	    post(BOSS, decide, "{\"decision\":\"reject\",\"text\":\"t\"}"), 409, "decided");
	assert_string_equal(
	    member(get(BOSS, REPORTS "?state=asked"), "reports.0.id"), asked.report);
	hear_revoked(path, 9, CLAIM_BY_REPORT);
	answer = get(BOSS, report);
	assert_string_equal(member(answer, "state"), "revoked");
	assert_string_not_equal(member(answer, "closed_at"), "");
}

static void
a_report_that_could_not_be_followed_is_open_again(void **state)
{
	const char *path = issued(), *report = reported("mis-issued");

	(void)state;
	assert_int_equal(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"revoke\",\"text\":\"t\"}")
		->status,
	    202);
	hear_unrevoked(path, strrchr(report, '/') + 1);
	assert_string_equal(member(get(BOSS, report), "state"), "open");
	assert_int_equal(post(BOSS, under(report, "/decide"),
			     "{\"decision\":\"reject\",\"text\":\"It has ended.\"}")
			     ->status,
	    200);
	assert_string_equal(member(get(BOSS, report), "state"), "rejected");
}

static void
a_report_that_relied_on_another_question_is_open_again(void **state)
{
	const char *path = issued(), *report = reported("mis-issued");

	(void)state;
	assert_int_equal(
	    post(ALICE, under(path, "/revoke"), "{\"reason\":\"superseded\"}")->status, 202);
	assert_int_equal(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"revoke\",\"text\":\"t\"}")
		->status,
	    202);
	assert_null(
	    svc_test_out(world.test, "request.revocation-asked", 1)); /* hers is on its way */
	hear_unrevoked(path, "");
	assert_string_equal(member(get(BOSS, report), "state"), "open");
	assert_int_equal(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"revoke\",\"text\":\"t\"}")
		->status,
	    202);
	assert_int_equal(asked_revocation(1).by, CLAIM_BY_REPORT);
}

static void
a_report_of_no_kind_needs_a_ground(void **state)
{
	const char *path = issued(), *report = reported("other");

	(void)state;
	assert_fault(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"revoke\",\"text\":\"t\"}"), 422,
	    "ground-unknown", "ground");
	hear_revoked(path, 4, CLAIM_BY_OWNER); /* in the meantime */
	assert_int_equal(post(BOSS, under(report, "/decide"),
			     "{\"decision\":\"revoke\",\"text\":\"t\",\"ground\":\"misuse\","
			     "\"reason\":\"privilegeWithdrawn\"}")
			     ->status,
	    200);
	assert_string_equal(member(get(BOSS, report), "state"), "revoked");
}

static void
the_preliminary_report_is_given_once(void **state)
{
	const char *report = NULL, *answer_path = NULL;
	struct fake_ask text = {
		.method = "POST", .token = BOSS, .type = "text/plain", .body = "x"
	};
	const struct fake_answer *answer = NULL;

	(void)state;
	(void)issued();
	report = reported("mis-issued");
	answer_path = under(report, "/preliminary");
	text.path = answer_path;
	assert_problem(ask(&text), 415, "media-type");
	text.path = under(report, "/decide");
	assert_problem(ask(&text), 415, "media-type");
	assert_problem(post(NULL, answer_path, "{}"), 401, "unauthorized");
	assert_problem(post(BOSS, answer_path, "{}"), 400, "json-missing");
	assert_problem(post(ALICE, answer_path, "{\"text\":\"t\"}"), 403, "not-an-operator");
	assert_problem(post(OTHER_BOSS, answer_path, "{\"text\":\"t\"}"), 404, "not-found");
	answer = post(BOSS, answer_path, "{\"text\":\"We look.\"}");
	assert_int_equal(answer->status, 200);
	assert_string_equal(member(answer, "preliminary.by"), "boss");
	assert_problem(post(BOSS, answer_path, "{\"text\":\"t\"}"), 409, "answered");
	answer = post(
	    BOSS, under(report, "/decide"), "{\"decision\":\"reject\",\"text\":\"It is right.\"}");
	assert_string_equal(member(answer, "preliminary.text"), "We look.");
	assert_string_equal(member(answer, "decision.text"), "It is right.");
	assert_string_equal(member(answer, "decision.ground"), "");
	fake_svc_stuck(true);
	assert_problem(post(BOSS, answer_path, "{\"text\":\"t\"}"), 503, "try-again");
	assert_problem(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"reject\",\"text\":\"t\"}"), 503,
	    "try-again");
	assert_problem(get(BOSS, report), 503, "try-again");
	assert_problem(get(BOSS, REPORTS), 503, "try-again");
	assert_problem(
	    post(NULL, REPORTS, "{\"category\":\"misuse\",\"text\":\"t\",\"serial\":\"0a1b\"}"),
	    503, "try-again");
	fake_svc_stuck(false);
	world.intake.presses_per_hour = 0;
	assert_problem(post(BOSS, answer_path, "{\"text\":\"t\"}"), 429, "too-many");
	assert_problem(
	    post(BOSS, under(report, "/decide"), "{\"decision\":\"reject\",\"text\":\"t\"}"), 429,
	    "too-many");
}

static void
reports_are_listed_by_urgency(void **state)
{
	const struct fake_answer *page = NULL;
	const char *late = NULL, *soon = NULL;

	(void)state;
	(void)issued();
	late = reported("misuse");         /* five days */
	soon = reported("key-compromise"); /* one */
	page = get(BOSS, REPORTS "?limit=1");
	assert_string_equal(member(page, "reports.0.id"), strrchr(soon, '/') + 1);
	page = get(BOSS, cs_arena_printf(world.arena, REPORTS "?cursor=%s", member(page, "next")));
	assert_string_equal(member(page, "reports.0.id"), strrchr(late, '/') + 1);
	assert_string_equal(member(page, "next"), "");
}

static void
the_queue_of_reports_is_measured(void **state)
{
	struct api_reports *reports = api_reports_new(NULL);

	(void)state;
	(void)issued();
	(void)reported("misuse");
	(void)event_base_loop(svc_base(NULL), EVLOOP_ONCE);
	assert_true(fake_svc_gauge("problem_reports", "open") == 1);
	assert_true(fake_svc_gauge("problem_reports", "overdue") == 0);
	assert_true(fake_svc_gauge("problem_reports_oldest_seconds", "open") >= 0);
	api_reports_free(reports);
}

/* A certificate of alice's for this key, of a profile that takes it; its path. */
static const char *
issued_for(const struct fake_key *key)
{
	const char *path = issued();
	uint8_t spki_sha256[CLAIM_DIGEST];

	fake_key_sha256(key, spki_sha256);
	fake_store_set_key(id_of(path), spki_sha256);
	return path;
}

static const struct fake_answer *
report_proof(const char *path, const char *proof)
{
	return post(NULL, REPORTS,
	    cs_arena_printf(world.arena,
		"{\"category\":\"key-compromise\",\"text\":\"On a stick.\",\"request\":\"%s\","
		"\"proof\":\"%s\"}",
		strrchr(path, '/') + 1, proof));
}

static void
who_shows_the_key_has_its_certificate_revoked_at_once(void **state)
{
	struct fake_key *key = fake_key_new(world.arena), *other = fake_key_new(world.arena);
	const char *path = issued_for(key);
	const char *challenge = member(get(NULL, REPORTS "/challenge"), "challenge");
	char old[CHALLENGE_TEXT];
	const struct fake_answer *answer = NULL;
	struct claim_revocation asked;

	(void)state;
	challenge_make(world.intake.challenge_secret, cs_now_ms() - 2 * CS_DAY_MS, old);
	assert_fault(report_proof(path, fake_key_csr(world.arena, other, challenge, false)), 422,
	    "proof-other-key", "proof");
	assert_fault(report_proof(path, fake_key_csr(world.arena, key, "alice", false)), 422,
	    "proof-challenge", "proof");
	assert_fault(report_proof(path, fake_key_csr(world.arena, key, challenge, true)), 422,
	    "proof-challenge", "proof");
	assert_fault(report_proof(path, fake_key_csr(world.arena, key, old, false)), 422,
	    "proof-challenge", "proof");
	assert_null(svc_test_out(world.test, "request.revocation-asked", 0));
	answer = report_proof(path, fake_key_csr(world.arena, key, challenge, false));
	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "state"), "asked");
	asked = asked_revocation(0);
	assert_int_equal(asked.by, CLAIM_BY_KEY);
	assert_int_equal(asked.reason, 1);
	assert_string_equal(asked.challenge, challenge);
	assert_true(asked.proof.len > 0);
	assert_string_equal(asked.account, "");
	assert_null(strstr(asked.text, "stick")); /* a stranger's words go no further */
	assert_int_equal(asked.due_at_ms - asked.known_at_ms, CS_DAY_MS);
	hear_revoked(path, 1, CLAIM_BY_KEY);
	assert_string_equal(member(get(ALICE, path), "revocation.by"), "key");
	answer = get(BOSS, REPORTS "?state=revoked");
	assert_string_equal(member(answer, "reports.0.decision.clause"), "SBR 4.9.1.1 (3)");
	assert_true(fake_store_is_blocked(fake_store_get(id_of(path))->spki_sha256));
	answer = report_proof(path, fake_key_csr(world.arena, key, challenge, false));
	assert_string_equal(member(answer, "state"), "revoked"); /* nothing is left to do */
	assert_null(svc_test_out(world.test, "request.revocation-asked", 1));
	fake_key_free(key);
	fake_key_free(other);
}

static void
the_private_key_itself_is_kept_nowhere_and_blocked(void **state)
{
	static const char *const bodies[] = {
		"{\"category\":\"other\",\"text\":\"t\",\"serial\":\"0a1b\",\"proof\":\"" PRIVATE_KEY_PEM
		"\"}",
		"{\"category\":\"misuse\",\"text\":\"Found: " PRIVATE_KEY_PEM
		"\",\"serial\":\"0a1b\"}",
	};
	const char *path = issued();

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		const struct fake_answer *answer = post(NULL, REPORTS, bodies[i]);
		const char *report = fake_http_header(answer, "Location");

		assert_int_equal(answer->status, 201);
		assert_string_equal(member(answer, "state"), "open");
		assert_string_equal(member(answer, "category"), "key-compromise");
		answer = get(BOSS, report);
		assert_non_null(strstr(member(answer, "text"), "kept nowhere"));
		assert_null(strstr((const char *)answer->body.data, "BEGIN"));
		assert_true(fake_store_is_blocked(fake_store_get(id_of(path))->spki_sha256));
		assert_fault(post(BOSS, under(report, "/decide"),
				 "{\"decision\":\"reject\",\"text\":\"No.\"}"),
		    422, "key-is-known", "decision");
		assert_fault(post(BOSS, under(report, "/decide"),
				 "{\"decision\":\"revoke\",\"text\":\"t\",\"ground\":\"misuse\"}"),
		    422, "key-is-known", "ground");
		assert_string_equal(member(get(BOSS, report), "state"), "open");
	}
	/* Nothing is left to be revoked when it has ended: then it may be closed. */
	const char *last = fake_http_header(post(NULL, REPORTS, bodies[0]), "Location");

	assert_int_equal(
	    post(BOSS, under(last, "/decide"), "{\"decision\":\"revoke\",\"text\":\"t\"}")->status,
	    202);
	assert_int_equal(asked_revocation(0).reason, 1);
	hear_unrevoked(path, strrchr(last, '/') + 1);
	assert_int_equal(
	    post(BOSS, under(last, "/decide"), "{\"decision\":\"reject\",\"text\":\"It ended.\"}")
		->status,
	    200);
	assert_fault(post(NULL, REPORTS,
			 "{\"category\":\"other\",\"serial\":\"0a1b\",\"text\":"
			 "\"-----BEGIN PRIVATE KEY-----\\nMAA=\\n-----END PRIVATE KEY-----\"}"),
	    422, "PRIVATEKEY", "text");
	fake_store_set_key(id_of(path), (const uint8_t[CLAIM_DIGEST]){ 1 });
	assert_fault(post(NULL, REPORTS, bodies[0]), 422, "proof-other-key", "proof");
}

static void
a_key_that_became_known_is_not_certified(void **state)
{
	const char *path = ready();
	const struct intake_request *req = fake_store_get(id_of(path));

	(void)state;
	fake_store_learn(req->spki_sha256, "", "");
	assert_fault(post(ALICE, under(path, "/approve"), NULL), 422, "key-compromised", "csr");
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
	assert_null(svc_test_out(world.test, "request.generation-approved", 0));
	assert_int_equal(post(ALICE, under(path, "/cancel"), NULL)->status, 200);
}

/* ---- roles ---- */

static const char of_another_key[] = "{\"profile\":\"smime-mailbox\",\"csr\":\"" OTHER_CSR_BASE64
				     "\",\"mailboxes\":[\"carol@alpha.example\"]}";

static void
auditors_see_all_of_the_enterprise_and_change_nothing(void **state)
{
	const char *path = ready(), *report = NULL, *const eyes[] = { AUDITOR, BOTH };

	(void)state;
	(void)issued();
	report = reported("misuse");
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(member(get(eyes[i], path), "account"), "alice");
		assert_string_equal(
		    member(get(eyes[i], "/v1/requests"), "requests.1.account"), "alice");
		assert_string_equal(member(get(eyes[i], report), "state"), "open");
		assert_string_equal(member(get(eyes[i], REPORTS), "reports.0.state"), "open");
		fake_http_leave(
		    ask(&(struct fake_ask){ "GET", under(path, "/events"), .token = eyes[i] }));
	}
	for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
		assert_problem(post(AUDITOR, under(path, posts[i]), NULL), 403, "role");
		assert_problem(post(BOTH, under(path, posts[i]), NULL), 403, "not-yours");
	}
	assert_problem(post(AUDITOR, under(path, "/revoke"), NULL), 403, "role");
	assert_problem(post(BOTH, under(path, "/revoke"), NULL), 403, "not-yours");
	assert_problem(post(BOTH, under(path, "/renew"), NULL), 403, "not-yours");
	assert_problem(get(AUDITOR, under(path, "/checks/mailbox-1/reply")), 403, "role");
	assert_problem(create_with(AUDITOR, NULL, good), 403, "role");
	for (size_t i = 0; i < 2; i++) {
		const char *code = i == 0 ? "role" : "not-an-operator";

		assert_problem(
		    post(eyes[i], under(report, "/preliminary"), "{\"text\":\"t\"}"), 403, code);
		assert_problem(post(eyes[i], under(report, "/decide"),
				   "{\"decision\":\"reject\",\"text\":\"t\"}"),
		    403, code);
	}
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
	assert_string_equal(member(get(BOSS, report), "state"), "open");
	assert_int_equal(create_with(BOTH, NULL, of_another_key)->status, 201);
}

static void
administrators_set_and_see_no_requests(void **state)
{
	const char *path = ready();

	(void)state;
	assert_problem(get(ADMIN, path), 404, "not-found");
	assert_string_equal(member(get(ADMIN, "/v1/requests"), "requests.0"), "");
	assert_problem(get(ADMIN, REPORTS), 403, "not-an-operator");
	assert_problem(post(ADMIN, under(path, "/cancel"), NULL), 403, "role");
	assert_problem(create_with(ADMIN, NULL, good), 403, "role");
}

static void
people_of_the_platform_act_in_every_enterprise(void **state)
{
	const char *path = issued(), *report = reported("misuse"), *waits = NULL;

	(void)state;
	waits = created();
	for (size_t i = 0; i < 2; i++) {
		const char *eyes = i == 0 ? PLATFORM : PLATFORM_AUDITOR;

		assert_string_equal(member(get(eyes, path), "account"), "alice");
		assert_fault(get(eyes, "/v1/requests"), 400, "query", "enterprise");
		assert_fault(get(eyes, REPORTS), 400, "query", "enterprise");
		assert_string_equal(
		    member(get(eyes, "/v1/requests?enterprise=demo"), "requests.1.account"),
		    "alice");
		assert_string_equal(
		    member(get(eyes, "/v1/requests?enterprise=other"), "requests.0"), "");
		assert_string_equal(
		    member(get(eyes, REPORTS "?enterprise=demo"), "reports.0.state"), "open");
		assert_string_equal(
		    member(get(eyes, REPORTS "?enterprise=other"), "reports.0"), "");
	}
	assert_problem(create_with(PLATFORM, NULL, of_another_key), 403, "no-enterprise");
	assert_problem(post(PLATFORM, under(path, "/renew"), NULL), 403, "not-yours");
	assert_int_equal(post(PLATFORM, under(waits, "/cancel"), NULL)->status, 200);
	assert_int_equal(
	    post(PLATFORM, under(report, "/preliminary"), "{\"text\":\"t\"}")->status, 200);
	assert_string_equal(member(get(BOSS, report), "preliminary.by"), "platform/ops");
	assert_int_equal(
	    post(PLATFORM, under(path, "/revoke"), "{\"reason\":\"privilegeWithdrawn\"}")->status,
	    202);
	assert_string_equal(member(get(ALICE, path), "revocation.account"), "platform/ops");
	assert_string_equal(asked_revocation(0).account, "platform/ops");
}

/* An account of the same name in the platform owns nothing elsewhere. */
static void
the_same_name_in_the_platform_is_somebody_else(void **state)
{
	const char *path = ready();

	(void)state;
	assert_problem(get(PLATFORM_ADMIN, path), 404, "not-found");
	assert_problem(post(PLATFORM_ADMIN, under(path, "/approve"), NULL), 404, "not-found");
	assert_problem(get(PLATFORM_ADMIN, "/v1/requests?enterprise=demo"), 403, "role");
	assert_problem(get(PLATFORM_ADMIN, "/v1/requests"), 403, "role");
	assert_fault(get(OTHER, "/v1/requests?enterprise=demo"), 400, "query", "enterprise");
	assert_int_equal(get(ALICE, "/v1/requests?enterprise=demo")->status, 200);
}

/* ---- on behalf of others ---- */

static const char *
body_for_account(const char *account)
{
	return cs_arena_printf(world.arena,
	    "{\"profile\":\"smime-domain-mailbox\",\"csr\":\"" CSR_PEM
	    "\",\"mailboxes\":[\"alice@alpha.example\"],\"domains\":[\"alpha.example\"],\"for\":\"%s\"}",
	    account);
}

static const char *
asked_for_alice(void)
{
	const struct fake_answer *answer = create_with(BOSS, NULL, body_for_account("alice"));

	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "account"), "alice");
	assert_string_equal(member(answer, "submitted_by"), "boss");
	return fake_http_header(answer, "Location");
}

static void
an_operator_asks_on_behalf_of_an_account(void **state)
{
	const char *path = asked_for_alice();
	struct claim_request request = { 0 };
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(claim_open_request(world.arena, NULL,
			     svc_test_out(world.test, "request.submitted", 0)->body, world.now_ms,
			     &request, &err),
	    CS_OK);
	assert_string_equal(request.account, "alice");
	assert_string_equal(request.submitted_by, "boss");
	assert_memory_equal(request.digest, fake_store_get(request.id)->digest, CLAIM_DIGEST);
	assert_string_equal(member(get(ALICE, path), "submitted_by"), "boss");
	assert_string_equal(member(get(ALICE, "/v1/requests"), "requests.0.submitted_by"), "boss");
	assert_string_equal(member(get(BOSS, path), "account"), "alice");
	assert_problem(get(BOB, path), 404, "not-found");
	assert_string_equal(member(get(ALICE, created()), "submitted_by"), "");
}

static void
who_asked_on_behalf_acts_beside_the_account_and_nobody_else(void **state)
{
	const char *const paths[] = { asked_for_alice(), asked_for_alice() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *who = i == 0 ? BOSS : ALICE;
		const struct svc_test_out *out = NULL;
		struct claim_approval approval = { 0 };
		struct cs_err err = { 0 };

		hear_all_checks(paths[i]);
		assert_int_equal(
		    post(who, under(paths[i], "/checks/mailbox-1/verify"), NULL)->status, 202);
		prove(paths[i]);
		for (size_t k = 0; k < 2; k++) {
			const char *other = k == 0 ? DEPUTY : PLATFORM;

			assert_problem(
			    post(other, under(paths[i], "/approve"), NULL), 403, "not-yours");
			assert_problem(
			    post(other, under(paths[i], "/checks/mailbox-1/verify"), NULL), 403,
			    "not-yours");
		}
		assert_int_equal(post(who, under(paths[i], "/approve"), NULL)->status, 202);
		out = svc_test_out(world.test, "request.generation-approved", i);
		assert_int_equal(claim_open_approval(
				     world.arena, NULL, out->body, world.now_ms, &approval, &err),
		    CS_OK);
		assert_string_equal(approval.account, "alice");
		assert_string_equal(approval.approved_by, i == 0 ? "boss" : "");
		assert_int_equal(strstr((const char *)watch(paths[i], NULL)->body.data,
				     "approved-on-behalf") != NULL,
		    i == 0);
	}
}

/* What was mailed is the account's to read and to enter: the question says who enters it. */
static void
who_asked_on_behalf_enters_no_tokens_in_the_accounts_name(void **state)
{
	const char *path = asked_for_alice();
	struct cs_span asked = { NULL, 0 };
	struct cs_err err = { 0 };
	const Countersign__V1__SubmitToken *token = NULL;
	const Countersign__V1__AskReply *reply = NULL;

	(void)state;
	fake_svc_answer(false, cs_span_str(NULL));
	(void)post(BOSS, under(path, "/checks/mailbox-1/token"), "{\"token\":\"x\"}");
	assert_string_equal(fake_svc_asked(&asked), "ask.mailbox.submit");
	token = pack_read(
	    world.arena, &countersign__v1__submit_token__descriptor, asked, asked.len, &err);
	assert_string_equal(token->account, "boss");
	(void)get(BOSS, under(path, "/checks/mailbox-1/reply"));
	assert_string_equal(fake_svc_asked(&asked), "ask.mailbox.reply");
	reply =
	    pack_read(world.arena, &countersign__v1__ask_reply__descriptor, asked, asked.len, &err);
	assert_string_equal(reply->account, "boss");
}

static void
only_operators_of_the_enterprise_ask_on_behalf(void **state)
{
	static const char *const odd[] = { "", "a b", "demo/alice", "al\u00efce", "*" };

	(void)state;
	assert_fault(
	    create_with(BOB, NULL, body_for_account("alice")), 403, "not-an-operator", "for");
	assert_problem(
	    create_with(PLATFORM, NULL, body_for_account("alice")), 403, "no-enterprise");
	assert_problem(create_with(AUDITOR, NULL, body_for_account("alice")), 403, "role");
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_fault(
		    create_with(BOSS, NULL, body_for_account(odd[i])), 422, "account-name", "for");
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 0);
	/* For oneself is not on behalf. */
	assert_string_equal(
	    member(create_with(BOB, NULL, body_for_account("bob")), "submitted_by"), "");
}

/* The key is the account's, whoever asks. */
static void
a_key_of_one_account_is_not_asked_for_on_behalf_of_another(void **state)
{
	const char *path = asked_for_alice();

	(void)state;
	hear_all_checks(path);
	prove(path);
	assert_int_equal(post(BOSS, under(path, "/approve"), NULL)->status, 202);
	hear_issued(path);
	assert_fault(
	    create_with(BOSS, NULL, body_for_account("bob")), 422, "key-of-another", "csr");
	assert_fault(create_with(BOSS, NULL, good), 422, "key-of-another", "csr");
	assert_int_equal(create_with(DEPUTY, NULL, body_for_account("alice"))->status, 201);
	assert_int_equal(create_with(ALICE, NULL, good)->status, 201);
}

/* ---- second factors ---- */

/* Ready for its approval, which wants this. */
static const char *
ready_wanting(const char *method)
{
	const char *path = created();
	struct claim_check mailbox = check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example");
	struct claim_plan plan = first_plan(path, &mailbox, 1);

	plan.second_factor = method;
	publish_plan(&plan);
	hear_evidence(path, "mailbox-1", CLAIM_MAILBOX, CLAIM_PROVED, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "ready");
	return path;
}

/* What policy says of where codes go. */
static struct cs_span
factor_answer_of(const char *method, const char *result, const char *field)
{
	Countersign__V1__FactorAnswer answer = COUNTERSIGN__V1__FACTOR_ANSWER__INIT;

	answer.result = pack_text(result);
	answer.order = pack_octets(
	    cs_span_str(strcmp(result, "order") == 0 ? "an order that is only carried" : ""));
	answer.field = pack_text(field);
	answer.account = pack_text("alice");
	answer.method = pack_text(method);
	return pack_write(world.arena, &answer.base);
}

static struct cs_span
factor_answer(const char *result, const char *field)
{
	return factor_answer_of("email-and-sms", result, field);
}

static struct cs_span
sent_answer(const char *result, const char *channel)
{
	Countersign__V1__SendCodesAnswer answer = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;
	Countersign__V1__CodeSent codes[2] = { COUNTERSIGN__V1__CODE_SENT__INIT,
		COUNTERSIGN__V1__CODE_SENT__INIT };
	Countersign__V1__CodeSent *list[] = { &codes[0], &codes[1] };

	codes[0].channel = pack_text("email");
	codes[0].to = pack_text("a****@alpha.example");
	codes[1].channel = pack_text("sms");
	codes[1].to = pack_text("+49*****67");
	answer.result = pack_text(result);
	answer.codes = list;
	answer.n_codes = strcmp(result, "sent") == 0 ? 2 : 0;
	answer.expires_at_ms = world.now_ms + 600000;
	answer.retry_at_ms = world.now_ms + 60000;
	answer.channel = pack_text(channel);
	return pack_write(world.arena, &answer.base);
}

static struct claim_factor
factor_of(const char *path, const char *account, const char *method)
{
	struct claim_factor factor = { .request = id_of(path),
		.enterprise = "demo",
		.account = account,
		.method = method,
		.proved_at_ms = world.now_ms };

	memcpy(factor.request_digest, fake_store_get(id_of(path))->digest, CLAIM_DIGEST);
	return factor;
}

/* What who sent the codes says of what was typed. */
static struct cs_span
proved_answer(const char *result, const struct claim_factor *proof, const char *channel)
{
	Countersign__V1__ProveFactorAnswer answer = COUNTERSIGN__V1__PROVE_FACTOR_ANSWER__INIT;

	answer.result = pack_text(result);
	answer.tries_left = 3;
	if (proof)
		answer.proof = pack_octets(claim_seal_factor(world.arena, world.intake.key, proof));
	answer.channel = pack_text(channel);
	return pack_write(world.arena, &answer.base);
}

static void
an_approval_that_wants_a_second_factor_says_how(void **state)
{
	const char *path = ready_wanting("email-and-sms");
	const struct fake_answer *answer = post(ALICE, under(path, "/approve"), NULL);

	(void)state;
	assert_fault(answer, 403, "second-factor-needed", "code");
	assert_string_equal(member(answer, "second_factor.method"), "email-and-sms");
	assert_string_equal(member(answer, "second_factor.codes.0"), "email");
	assert_string_equal(member(answer, "second_factor.codes.1"), "sms");
	assert_string_equal(member(answer, "second_factor.start"), under(path, "/second-factor"));
	assert_string_equal(
	    member(get(ALICE, path), "second_factor.start"), under(path, "/second-factor"));
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
	assert_problem(post(BOB, under(path, "/second-factor"), NULL), 404, "not-found");
	assert_problem(post(BOSS, under(path, "/second-factor"), NULL), 403, "not-yours");
}

static void
codes_are_sent_where_policy_says(void **state)
{
	const char *path = under(ready_wanting("email-and-sms"), "/second-factor");
	struct cs_span asked = { NULL, 0 };

	(void)state;
	fake_svc_answer(true, factor_answer("order", ""));
	fake_svc_answer_then(true, sent_answer("sent", ""));
	const struct fake_answer *answer = post(ALICE, path, NULL);

	assert_int_equal(answer->status, 202);
	assert_string_equal(member(answer, "codes.0.channel"), "email");
	assert_string_equal(member(answer, "codes.0.to"), "a****@alpha.example");
	assert_string_equal(member(answer, "codes.1.to"), "+49*****67");
	assert_string_not_equal(member(answer, "expires_at"), "");
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.code");
	assert_non_null(memmem(asked.data, asked.len, "an order that is only carried", 29));
}

/* ---- by a login at a provider ---- */

#define LOGIN_STATE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define LOGIN_URL "https://idp.example/auth?state=" LOGIN_STATE

static struct cs_span
login_answer(const char *url)
{
	Countersign__V1__SendCodesAnswer answer = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;
	Countersign__V1__CodeSent code = COUNTERSIGN__V1__CODE_SENT__INIT, *list[] = { &code };

	code.channel = pack_text("login");
	code.to = pack_text("24********01");
	code.url = pack_text(url);
	answer.result = pack_text("sent");
	answer.codes = list;
	answer.n_codes = 1;
	answer.expires_at_ms = world.now_ms + 600000;
	return pack_write(world.arena, &answer.base);
}

static struct cs_span
no_login_answer(const char *code)
{
	Countersign__V1__SendCodesAnswer answer = COUNTERSIGN__V1__SEND_CODES_ANSWER__INIT;

	answer.result = pack_text("refused");
	answer.channel = pack_text("login");
	answer.code = pack_text(code);
	answer.text = pack_text("The provider did not answer.");
	answer.clause = pack_text("RFC 6749 5.2");
	answer.mend = pack_text("Try again.");
	return pack_write(world.arena, &answer.base);
}

static void
a_login_is_begun_where_notifier_says(void **state)
{
	static const char *const no_urls[] = { "javascript:alert(1)", "https://idp.example/ x",
		"https://idp.example/\x1b[2J", "ftp://idp.example/" };
	const char *path = ready_wanting("oidc"), *start = under(path, "/second-factor");

	(void)state;
	const struct fake_answer *answer = post(ALICE, under(path, "/approve"), NULL);

	assert_fault(answer, 403, "second-factor-needed", "code");
	assert_string_equal(member(answer, "second_factor.codes.0"), "login");
	assert_string_equal(member(answer, "second_factor.start"), start);
	fake_svc_answer(true, factor_answer_of("oidc", "order", ""));
	fake_svc_answer_then(true, login_answer(LOGIN_URL));
	answer = post(ALICE, start, NULL);
	assert_int_equal(answer->status, 202);
	assert_string_equal(member(answer, "method"), "oidc");
	assert_string_equal(member(answer, "codes.0.channel"), "login");
	assert_string_equal(member(answer, "codes.0.to"), "24********01");
	assert_string_equal(member(answer, "codes.0.url"), LOGIN_URL);
	for (size_t i = 0; i < sizeof(no_urls) / sizeof(no_urls[0]); i++) {
		fake_svc_answer(true, factor_answer_of("oidc", "order", ""));
		fake_svc_answer_then(true, login_answer(no_urls[i]));
		assert_problem(post(ALICE, start, NULL), 503, "try-again");
	}
	fake_svc_answer(true, factor_answer_of("oidc", "order", ""));
	fake_svc_answer_then(true, no_login_answer("oidc-unreachable"));
	answer = post(ALICE, start, NULL);
	assert_fault(answer, 409, "oidc-unreachable", "second_factor");
	assert_string_equal(member(answer, "mend"), "Try again.");
	assert_string_equal(member(answer, "clause"), "RFC 6749 5.2");
	fake_svc_answer(true, factor_answer_of("oidc", "order", ""));
	fake_svc_answer_then(true, no_login_answer("Not A Word"));
	assert_problem(post(ALICE, start, NULL), 503, "try-again");
	fake_svc_answer(true, factor_answer_of("oidc", "order", ""));
	fake_svc_answer_then(true, sent_answer("no-connector", "login"));
	answer = post(ALICE, start, NULL);
	assert_fault(answer, 409, "second-factor-no-connector", "second_factor");
	assert_string_equal(
	    member(answer, "mend"), "Ask an operator for an active connector of type oidc.");
	fake_svc_answer(true, factor_answer_of("oidc", "no-address", "provider_id"));
	assert_fault(post(ALICE, start, NULL), 409, "second-factor-no-address", "provider_id");
}

static struct cs_span
returned_answer(const char *result, const char *code, const char *account, const char *refusal)
{
	Countersign__V1__LoginReturnAnswer answer = COUNTERSIGN__V1__LOGIN_RETURN_ANSWER__INIT;
	const struct cs_id request = { { 1, 2, 3 } };

	answer.result = pack_text(result);
	answer.code = pack_text(code);
	answer.account = pack_text(account);
	answer.refusal = pack_text(refusal);
	answer.request_id = pack_id(&request);
	return pack_write(world.arena, &answer.base);
}

/* A browser: where it is sent on to. */
static const char *
land(const char *method, const char *query)
{
	const struct fake_ask request = { .method = method,
		.path = cs_arena_printf(world.arena, "/second-factor/oidc/demo?%s", query) };
	const struct fake_answer *answer = fake_http(world.arena, &request);

	assert_int_equal(answer->status, 303);
	assert_null(answer->type);
	assert_int_equal(answer->body.len, 0);
	assert_string_equal(fake_http_header(answer, "Referrer-Policy"), "no-referrer");
	return fake_http_header(answer, "Location");
}

static void
a_browser_is_shown_what_notifier_says(void **state)
{
	struct cs_span asked = { NULL, 0 };

	(void)state;
	fake_svc_answer(true, returned_answer("code", "01234567",
				  "z\xc3\xb6"
				  "e&code=1",
				  ""));
	assert_string_equal(
	    land("GET", "code=c/1&state=" LOGIN_STATE "&iss=https://idp.example&session_state=x"),
	    "/second-factor#code=01234567&request=01020300-0000-0000-0000-000000000000"
	    "&account=z%C3%B6e%26code%3D1");
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.login");
	assert_non_null(memmem(asked.data, asked.len, LOGIN_STATE, WIRE_STATE_MAX));
	assert_non_null(memmem(asked.data, asked.len,
	    "\x32\x04"
	    "demo",
	    6)); /* field 6 */
	assert_non_null(memmem(asked.data, asked.len, "c/1", 3));
	assert_non_null(memmem(asked.data, asked.len, "https://idp.example", 19));
	assert_null(memmem(asked.data, asked.len, "session", 7));
	fake_svc_answer(true, returned_answer("refused", "", "", "login-of-another"));
	assert_string_equal(land("GET", "error=access_denied&state=" LOGIN_STATE),
	    "/second-factor#error=login-of-another");
	(void)fake_svc_asked(&asked);
	assert_non_null(memmem(asked.data, asked.len, "access_denied", 13));
}

/* Of each owner of providers, as long as policy may name one, and of nobody. */
static void
a_browser_comes_back_to_whose_provider_it_was(void **state)
{
	static const struct {
		const char *owner;
		int status;
		const char *to;
	} cases[] = {
		{ "/platform", 303, "/second-factor#error=oidc-denied" },
		{ "/abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz", 303,
		    "/second-factor#error=oidc-denied" },
		{ "/abcdefghijklmnopqrstuvwxyz0123456789-abcdefghijklmnopqrstuvwxyz1", 303,
		    "/second-factor#error=login-unknown" },
		{ "", 404, NULL },
		{ "/demo/x", 404, NULL },
	};

	(void)state;
	fake_svc_answer(true, returned_answer("refused", "", "", "oidc-denied"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_ask request = { .method = "GET",
			.path = cs_arena_printf(world.arena,
			    "/second-factor/oidc%s?code=c&state=" LOGIN_STATE, cases[i].owner) };
		const struct fake_answer *answer = fake_http(world.arena, &request);

		assert_int_equal(answer->status, cases[i].status);
		if (cases[i].to != NULL)
			assert_string_equal(fake_http_header(answer, "Location"), cases[i].to);
	}
}

/* The same from a page of a provider of SAML, by POST. */
static const char *
land_by_post(const char *type, const char *body)
{
	const struct fake_ask request = {
		.method = "POST", .path = "/second-factor/saml", .type = type, .body = body
	};
	const struct fake_answer *answer = fake_http(world.arena, &request);

	assert_int_equal(answer->status, 303);
	assert_string_equal(fake_http_header(answer, "Referrer-Policy"), "no-referrer");
	return fake_http_header(answer, "Location");
}

#define FORM_TYPE "application/x-www-form-urlencoded"
#define WITH_STATE "RelayState=" LOGIN_STATE

static void
a_provider_of_saml_posts_its_answer(void **state)
{
	static const char *const bodies[] = { "", "RelayState=x&SAMLResponse=PHg", WITH_STATE,
		WITH_STATE "&SAMLResponse=", "SAMLResponse=PHg", WITH_STATE "A&SAMLResponse=PHg",
		WITH_STATE "&" WITH_STATE "&SAMLResponse=PHg",
		WITH_STATE "&SAMLResponse=PHg&SAMLResponse=PHg", WITH_STATE "&SAMLResponse=%00",
		WITH_STATE "&SAMLResponse=%C3%A9", WITH_STATE "&SAMLResponse=%4",
		WITH_STATE "&SAMLResponse=%zz", WITH_STATE "&SAMLResponse=\x01" };
	struct cs_span asked = { NULL, 0 };
	char *longest = cs_arena_alloc(world.arena, SAML_FORM_MAX + 2);

	(void)state;
	fake_svc_answer(true, returned_answer("code", "01234567", "alice", ""));
	assert_string_equal(
	    land_by_post(FORM_TYPE, "x=1&SAMLResponse=PHg%2B%2F%3D%0D%0Aa&" WITH_STATE "&y"),
	    "/second-factor#code=01234567&request=01020300-0000-0000-0000-000000000000"
	    "&account=alice");
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.login");
	assert_non_null(memmem(asked.data, asked.len, LOGIN_STATE, WIRE_STATE_MAX));
	assert_non_null(memmem(asked.data, asked.len, "PHg+/=\r\na", 9));
	fake_svc_answer(true, returned_answer("refused", "", "", "saml-signature"));
	assert_string_equal(land_by_post(FORM_TYPE, "SAMLResponse=only-here&" WITH_STATE),
	    "/second-factor#error=saml-signature");
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		assert_string_equal(
		    land_by_post(FORM_TYPE, bodies[i]), "/second-factor#error=login-unknown");
	assert_string_equal(land_by_post("text/plain", "SAMLResponse=PHg&" WITH_STATE),
	    "/second-factor#error=login-unknown");
	memset(longest, 'A', SAML_FORM_MAX + 1);
	assert_string_equal(land_by_post(FORM_TYPE, cs_arena_printf(world.arena,
							"SAMLResponse=%s&" WITH_STATE, longest)),
	    "/second-factor#error=login-too-large");
	(void)fake_svc_asked(&asked);
	assert_non_null(memmem(asked.data, asked.len, "only-here", 9));
}

static void
our_metadata_is_there_for_providers(void **state)
{
	const struct fake_ask request = { .method = "GET", .path = "/second-factor/saml/metadata" };

	(void)state;
	assert_problem(fake_http(world.arena, &request), 404, "not-found");
	world.intake.redirect_base = "https://ra.example";
	const struct fake_answer *answer = fake_http(world.arena, &request);

	assert_int_equal(answer->status, 200);
	assert_string_equal(answer->type, "application/samlmetadata+xml");
	const char *text =
	    cs_arena_strndup(world.arena, (const char *)answer->body.data, answer->body.len);

	assert_non_null(
	    strstr(text, " entityID=\"https://ra.example/second-factor/saml/metadata\""));
	assert_non_null(strstr(text, " Location=\"https://ra.example/second-factor/saml\""));
	world.intake.entity_id = "urn:us";
	answer = fake_http(world.arena, &request);
	assert_non_null(memmem(answer->body.data, answer->body.len, "entityID=\"urn:us\"", 17));
}

static void
assert_worded(const char *script, const struct cs_refusal *why)
{
	if (strstr(script, cs_arena_printf(world.arena, "\"%s\":\"%s %s\"", why->code, why->text,
			       why->mend)) == NULL)
		fail_msg("no words for %s", why->code);
	assert_in_range(why->text[0], 'A', 'Z');
	assert_in_range(why->mend[0], 'A', 'Z');
	assert_string_equal(why->text + strlen(why->text) - 1, ".");
	assert_string_equal(why->mend + strlen(why->mend) - 1, ".");
}

/* Whoever lands there can act on what was wrong, or tell an operator what to see to. */
static void
the_page_has_words_for_each_refusal_of_a_provider(void **state)
{
	const struct fake_ask request = { .method = "GET", .path = "/second-factor-words.js" };
	const struct fake_answer *answer = fake_http(world.arena, &request);
	const char *script =
	    cs_arena_strndup(world.arena, (const char *)answer->body.data, answer->body.len);
	size_t i, n = 0;

	(void)state;
	assert_int_equal(answer->status, 200);
	assert_string_equal(answer->type, "text/javascript; charset=utf-8");
	for (i = 0; oidc_refusal_at(i); i++, n++)
		assert_worded(script, oidc_refusal_at(i));
	for (i = 0; saml_refusal_at(i); i++, n++)
		assert_worded(script, saml_refusal_at(i));
	assert_ptr_equal(oidc_refusal_at(0), oidc_refusal_find("oidc-unreachable"));
	assert_ptr_equal(saml_refusal_at(0), saml_refusal_find("saml-unreachable"));
	assert_true(n > 80);
}

static void
what_is_no_answer_shows_no_code(void **state)
{
	(void)state;
	const struct cs_span answers[] = { returned_answer("code", "0123456", "alice", ""),
		returned_answer("code", "0123456x", "alice", ""),
		returned_answer("code", "01234567", "", ""),
		returned_answer("perhaps", "01234567", "alice", ""),
		returned_answer("refused", "", "", "login\"><script>"), cs_span_str("") };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		fake_svc_answer(true, answers[i]);
		assert_string_equal(
		    land("GET", "code=c&state=" LOGIN_STATE), "/second-factor#error=login-away");
	}
	fake_svc_answer(false, cs_span_str(NULL));
	assert_string_equal(
	    land("GET", "code=c&state=" LOGIN_STATE), "/second-factor#error=login-away");
}

/* Nobody is asked for what cannot be, nor by who only looks. */
static void
a_browser_that_brings_nothing_asks_nobody(void **state)
{
	static const char *const queries[] = { "x=1", "code=c", "state=" LOGIN_STATE "A&code=c",
		"state=A&code=c", "state=" LOGIN_STATE "&code=\xc3\xa9",
		"state=" LOGIN_STATE "&code=a\x7f-b" };
	struct cs_span asked = { NULL, 0 };
	char longest[WIRE_LOGIN_CODE_MAX + 2];

	(void)state;
	fake_svc_answer(true, returned_answer("code", "01234567", "alice", ""));
	memset(longest, 'x', sizeof(longest));
	longest[WIRE_LOGIN_CODE_MAX] = '\0';
	const char *whole = cs_arena_printf(world.arena, "state=" LOGIN_STATE "&code=%s", longest);

	assert_non_null(strstr(land("GET", whole), "#code="));
	assert_string_equal(
	    land("HEAD", "state=" LOGIN_STATE "&code=only-looked"), "/second-factor");
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		assert_string_equal(land("GET", queries[i]), "/second-factor#error=login-unknown");
	assert_string_equal(land("GET", cs_arena_printf(world.arena, "%sx", whole)),
	    "/second-factor#error=login-unknown");
	(void)fake_svc_asked(&asked);
	assert_non_null(memmem(asked.data, asked.len, longest, WIRE_LOGIN_CODE_MAX));
	assert_null(memmem(asked.data, asked.len, "only-looked", 11));
}

/* Any page of the web can have browsers come here: what is nonsense does not count, and nothing does as a login. */
static void
returns_count_by_themselves(void **state)
{
	static const char posted[] = WITH_STATE "&SAMLResponse=PHg";

	(void)state;
	(void)let_in();
	fake_svc_answer(true, returned_answer("code", "01234567", "alice", ""));
	world.intake.logins_per_network = 1;
	world.intake.returns_per_network = 3;
	for (int i = 0; i < 5; i++) {
		assert_string_equal(land("GET", "i=1"), "/second-factor#error=login-unknown");
		assert_string_equal(
		    land_by_post(FORM_TYPE, "x"), "/second-factor#error=login-unknown");
		assert_string_equal(land("HEAD", "state=" LOGIN_STATE "&code=c"), "/second-factor");
	}
	assert_non_null(strstr(land("GET", "state=" LOGIN_STATE "&code=c"), "#code="));
	assert_non_null(strstr(land("GET", "state=" LOGIN_STATE "&code=c"), "#code="));
	assert_non_null(strstr(land_by_post(FORM_TYPE, posted), "#code="));
	assert_string_equal(
	    land("GET", "state=" LOGIN_STATE "&code=c"), "/second-factor#error=login-too-many");
	assert_string_equal(land_by_post(FORM_TYPE, posted), "/second-factor#error=login-too-many");
	assert_int_equal(post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD))->status, 201);
	assert_problem(post(NULL, "/v1/sessions", LOGIN("demo", "alice", OLD)), 429, "too-many");
}

static void
what_keeps_codes_from_being_sent_is_named(void **state)
{
	static const struct {
		const char *policy, *field, *notifier, *channel;
		int status;
		const char *code, *fault;
	} cases[] = {
		{ "no-address", "phone", NULL, "", 409, "second-factor-no-address", "phone" },
		{ "none", "", NULL, "", 409, "second-factor-not-asked", "" },
		{ "unknown", "", NULL, "", 503, "try-again", "" },
		{ "perhaps", "", NULL, "", 503, "try-again", "" },
		{ "order", "", "no-connector", "sms", 409, "second-factor-no-connector",
		    "second_factor" },
		{ "order", "", "too-many", "", 429, "second-factor-too-many", "" },
		{ "order", "", "stale", "", 503, "try-again", "" },
		{ "order", "", "perhaps", "", 503, "try-again", "" },
	};
	const char *path = under(ready_wanting("email-and-sms"), "/second-factor");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_svc_answer(true, factor_answer(cases[i].policy, cases[i].field));
		if (cases[i].notifier)
			fake_svc_answer_then(
			    true, sent_answer(cases[i].notifier, cases[i].channel));
		const struct fake_answer *answer = post(ALICE, path, NULL);

		assert_problem(answer, cases[i].status, cases[i].code);
		assert_string_equal(member(answer, "field"), cases[i].fault);
	}
	fake_svc_answer(false, cs_span_str(NULL));
	assert_problem(post(ALICE, path, NULL), 503, "try-again");
	assert_problem(
	    post(ALICE, under(ready(), "/second-factor"), NULL), 409, "second-factor-not-asked");
	assert_problem(post(ALICE, under(planned(), "/second-factor"), NULL), 409, "not-ready");
}

static void
codes_make_an_approval_that_carries_the_proof(void **state)
{
	const char *path = ready_wanting("email-and-sms");
	const struct claim_factor factor = factor_of(path, "alice", "email-and-sms");
	const Countersign__V1__ProveFactor *typed;
	struct claim_approval approval = { 0 };
	struct claim_factor proof = { 0 };
	struct cs_span asked = { NULL, 0 };
	struct cs_err err = { 0 };

	(void)state;
	fake_svc_answer(true, proved_answer("proved", &factor, ""));
	assert_int_equal(post(ALICE, under(path, "/approve"),
			     "{\"codes\": {\"email\": \"12345678\", \"sms\": \"87654321\"}}")
			     ->status,
	    202);
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.prove");
	typed = pack_read(
	    world.arena, &countersign__v1__prove_factor__descriptor, asked, asked.len, &err);
	assert_non_null(typed);
	assert_string_equal(typed->enterprise, "demo");
	assert_string_equal(typed->account, "alice");
	assert_int_equal(typed->n_codes, 2);
	assert_string_equal(typed->codes[1]->channel, "sms");
	assert_string_equal(typed->codes[1]->code, "87654321");
	const struct svc_test_out *out = svc_test_out(world.test, "request.generation-approved", 0);

	assert_non_null(out);
	assert_int_equal(
	    claim_open_approval(world.arena, NULL, out->body, world.now_ms, &approval, &err),
	    CS_OK);
	assert_int_equal(claim_open_factor(
			     world.arena, NULL, approval.second_factor, world.now_ms, &proof, &err),
	    CS_OK);
	assert_string_equal(proof.method, "email-and-sms");
	/* No code is in any event, and the history says by what it was proved. */
	assert_null(memmem(out->body.data, out->body.len, "12345678", 8));
	assert_non_null(
	    strstr((const char *)watch(path, NULL)->body.data, "second factor: email-and-sms"));
	const struct fake_answer *shown = get(ALICE, path);

	assert_string_not_equal(member(shown, "second_factor.proved_at"), "");
	assert_string_equal(member(shown, "second_factor.start"), "");
	/* Again: it is approved already, and nobody is asked. */
	assert_int_equal(
	    post(ALICE, under(path, "/approve"), "{\"code\": \"12345678\"}")->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 1);
	assert_problem(
	    post(ALICE, under(path, "/second-factor"), NULL), 409, "second-factor-not-asked");
}

static void
codes_that_do_not_prove_it_approve_nothing(void **state)
{
	static const struct {
		const char *result, *channel;
		int status;
		const char *code, *fault;
	} cases[] = {
		{ "wrong", "", 422, "second-factor-wrong", "code" },
		{ "void", "", 410, "second-factor-void", "code" },
		{ "expired", "", 410, "second-factor-expired", "code" },
		{ "used", "", 410, "second-factor-used", "code" },
		{ "not-sent", "", 409, "second-factor-not-sent", "code" },
		{ "not-sent", "sms", 409, "second-factor-not-sent", "codes.sms" },
		{ "not-sent", "login", 409, "second-factor-not-sent", "codes.login" },
		{ "missing", "sms", 422, "second-factor-missing", "codes.sms" },
		{ "proved", "", 503, "try-again", "" }, /* without a proof */
		{ "perhaps", "", 503, "try-again", "" },
	};
	const char *path = under(ready_wanting("email"), "/approve");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_svc_answer(true, proved_answer(cases[i].result, NULL, cases[i].channel));
		const struct fake_answer *answer = post(ALICE, path, "{\"code\": \"12345678\"}");

		assert_problem(answer, cases[i].status, cases[i].code);
		assert_string_equal(member(answer, "field"), cases[i].fault);
		assert_string_equal(
		    member(answer, "tries_left"), cases[i].status == 422 && i == 0 ? "3" : "");
		if (strcmp(cases[i].channel, "login") == 0) /* which nobody sends */
			assert_string_equal(member(answer, "detail"),
			    "Nobody has logged in for this, or the login showed no code.");
	}
	fake_svc_answer(false, cs_span_str(NULL));
	assert_problem(post(ALICE, path, "{\"code\": \"12345678\"}"), 503, "try-again");
	assert_problem(post(ALICE, path, "{\"code\": \"1\", \"codes\": {\"email\": \"1\"}}"), 400,
	    "json-both");
	assert_problem(post(ALICE, path, "{\"code\": 12345678}"), 400, "json-type");
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

/* A proof that is not for this is not even published: of another request, person or method. */
static void
a_proof_of_something_else_approves_nothing(void **state)
{
	const char *path = ready_wanting("email"), *other = ready_wanting("email");
	const struct claim_factor factors[] = { factor_of(other, "alice", "email"),
		factor_of(path, "bob", "email"), factor_of(path, "alice", "sms") };

	(void)state;
	for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
		fake_svc_answer(true, proved_answer("proved", &factors[i], ""));
		assert_problem(post(ALICE, under(path, "/approve"), "{\"code\": \"12345678\"}"),
		    403, "second-factor-needed");
	}
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

static void
codes_are_not_looked_at_before_everything_else_is_there(void **state)
{
	const char *path = planned();
	struct cs_span asked = { NULL, 0 };

	(void)state;
	assert_problem(
	    post(ALICE, under(path, "/approve"), "{\"code\": \"12345678\"}"), 409, "not-ready");
	/* Where nothing is wanted they change nothing. */
	assert_int_equal(
	    post(ALICE, under(ready(), "/approve"), "{\"code\": \"12345678\"}")->status, 202);
	assert_string_not_equal(fake_svc_asked(&asked), "ask.notifier.prove");
}

/* What notifier says of a password. */
static struct cs_span
password_answer(const char *result, const struct claim_factor *proof)
{
	Countersign__V1__ProvePasswordAnswer answer = COUNTERSIGN__V1__PROVE_PASSWORD_ANSWER__INIT;

	answer.result = pack_text(result);
	answer.tries_left = 2;
	answer.retry_at_ms = world.now_ms + 90500;
	if (proof)
		answer.proof = pack_octets(claim_seal_factor(world.arena, world.intake.key, proof));
	return pack_write(world.arena, &answer.base);
}

static void
an_approval_that_wants_a_password_says_so(void **state)
{
	const char *path = ready_wanting("ldap");
	const struct fake_answer *answer = post(ALICE, under(path, "/approve"), NULL);

	(void)state;
	assert_fault(answer, 403, "second-factor-needed", "password");
	assert_string_equal(member(answer, "second_factor.method"), "ldap");
	assert_string_equal(member(answer, "second_factor.password"), "true");
	assert_string_equal(member(answer, "second_factor.start"), "");
	assert_problem(
	    post(ALICE, under(path, "/second-factor"), NULL), 409, "second-factor-not-codes");
	assert_fault(post(ALICE, under(path, "/approve"), "{\"code\": \"12345678\"}"), 422,
	    "second-factor-not-codes", "code");
	assert_fault(post(ALICE, under(ready_wanting("email"), "/approve"),
			 "{\"password\": \"correct horse\"}"),
	    422, "second-factor-not-password", "password");
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

static void
a_password_makes_an_approval_that_carries_the_proof(void **state)
{
	const char *path = ready_wanting("ldap");
	const struct claim_factor factor = factor_of(path, "alice", "ldap");
	const Countersign__V1__ProvePassword *typed;
	struct claim_approval approval = { 0 };
	struct claim_factor proof = { 0 };
	struct cs_span asked = { NULL, 0 };
	struct cs_err err = { 0 };

	(void)state;
	fake_svc_answer(true, factor_answer_of("ldap", "order", ""));
	fake_svc_answer_then(true, password_answer("proved", &factor));
	assert_int_equal(
	    post(ALICE, under(path, "/approve"), "{\"password\": \"correct h\u00f6rse\"}")->status,
	    202);
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.password");
	typed = pack_read(
	    world.arena, &countersign__v1__prove_password__descriptor, asked, asked.len, &err);
	assert_non_null(typed);
	assert_string_equal(typed->password, "correct h\xc3\xb6rse");
	assert_memory_equal(typed->order.data, "an order that is only carried", 29);
	const struct svc_test_out *out = svc_test_out(world.test, "request.generation-approved", 0);

	assert_non_null(out);
	assert_int_equal(
	    claim_open_approval(world.arena, NULL, out->body, world.now_ms, &approval, &err),
	    CS_OK);
	assert_int_equal(claim_open_factor(
			     world.arena, NULL, approval.second_factor, world.now_ms, &proof, &err),
	    CS_OK);
	assert_string_equal(proof.method, "ldap");
	assert_null(memmem(out->body.data, out->body.len, "correct", 7));
	assert_non_null(strstr((const char *)watch(path, NULL)->body.data, "second factor: ldap"));
	assert_string_not_equal(member(get(ALICE, path), "second_factor.proved_at"), "");
}

static void
a_password_that_does_not_prove_it_approves_nothing(void **state)
{
	static const struct {
		const char *result;
		int status;
		const char *code, *fault, *again;
	} cases[] = {
		{ "wrong", 422, "second-factor-wrong", "password", "" },
		{ "void", 429, "second-factor-void", "password", "91" },
		{ "too-many", 429, "second-factor-too-many", "password", "91" },
		{ "no-connector", 409, "second-factor-no-connector", "second_factor", "" },
		{ "no-login", 409, "second-factor-no-login", "login", "" },
		{ "away", 503, "second-factor-away", "second_factor", "60" },
		{ "stale", 503, "try-again", "", NULL },
		{ "proved", 503, "try-again", "", NULL }, /* without a proof */
		{ "perhaps", 503, "try-again", "", NULL },
	};
	static const char typed[] = "{\"password\": \"correct horse\"}";
	const char *path = under(ready_wanting("ldap"), "/approve");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_svc_answer(true, factor_answer_of("ldap", "order", ""));
		fake_svc_answer_then(true, password_answer(cases[i].result, NULL));
		const struct fake_answer *answer = post(ALICE, path, typed);

		assert_problem(answer, cases[i].status, cases[i].code);
		assert_string_equal(member(answer, "field"), cases[i].fault);
		assert_string_equal(member(answer, "tries_left"), i == 0 ? "2" : "");
		if (cases[i].again && cases[i].again[0] == '\0')
			assert_null(fake_http_header(answer, "Retry-After"));
		else if (cases[i].again)
			assert_string_equal(
			    fake_http_header(answer, "Retry-After"), cases[i].again);
	}
	fake_svc_answer(true, factor_answer_of("ldap", "order", ""));
	fake_svc_answer_then(false, cs_span_str(NULL));
	assert_problem(post(ALICE, path, typed), 503, "try-again");
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

/* Whose password it would be policy says, and nobody hears it before. */
static void
a_password_goes_nowhere_without_an_order_for_it(void **state)
{
	static const struct {
		const char *method, *result;
	} cases[] = {
		{ "ldap", "none" },
		{ "ldap", "unknown" },
		{ "ldap", "no-address" },
		{ "email", "order" }, /* what is wanted changed just now */
		{ "by-pigeon", "order" },
	};
	const char *path = under(ready_wanting("ldap"), "/approve");
	struct cs_span asked = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_svc_answer(true, factor_answer_of(cases[i].method, cases[i].result, ""));
		assert_problem(
		    post(ALICE, path, "{\"password\": \"correct horse\"}"), 503, "try-again");
		assert_string_equal(fake_svc_asked(&asked), "ask.policy.factor");
		assert_null(memmem(asked.data, asked.len, "correct", 7));
	}
	fake_svc_answer(false, cs_span_str(NULL));
	assert_problem(post(ALICE, path, "{\"password\": \"correct horse\"}"), 503, "try-again");
	assert_string_equal(fake_svc_asked(&asked), "ask.policy.factor");
	/* Who could not approve it anyway is not even asked about. */
	assert_problem(post(BOB, path, "{\"password\": \"correct horse\"}"), 404, "not-found");
	assert_problem(
	    post(ALICE, under(planned(), "/approve"), "{\"password\": \"correct horse\"}"), 409,
	    "not-ready");
}

static void
passwords_are_read_in_their_bounds(void **state)
{
	char longest[FACTOR_PASSWORD_MAX + 2];
	const char *path = under(ready_wanting("ldap"), "/approve");
	struct cs_span asked = { NULL, 0 };

	(void)state;
	fake_svc_answer(true, factor_answer_of("ldap", "unknown", ""));
	memset(longest, 'x', sizeof(longest));
	longest[FACTOR_PASSWORD_MAX + 1] = '\0';
	assert_fault(
	    post(ALICE, path, cs_arena_printf(world.arena, "{\"password\": \"%s\"}", longest)), 400,
	    "json-length", "password");
	assert_fault(post(ALICE, path, "{\"password\": \"\"}"), 400, "json-length", "password");
	assert_fault(post(ALICE, path, "{\"password\": \"x\", \"code\": \"1\"}"), 400, "json-both",
	    "password");
	assert_fault(post(ALICE, path, "{\"password\": 1}"), 400, "json-type", "password");
	assert_string_equal(fake_svc_asked(&asked), "");
	longest[FACTOR_PASSWORD_MAX] = '\0';
	assert_problem(
	    post(ALICE, path, cs_arena_printf(world.arena, "{\"password\": \"%s\"}", longest)), 503,
	    "try-again");
}

/* ---- settings and people ---- */

#define DOCUMENT "/v1/config/demo/assignment/*@alpha.example"
#define SHOWN                                                                                 \
	"{\"kind\":\"assignment\",\"enterprise\":\"demo\",\"name\":\"*@alpha.example\","      \
	"\"version\":3,\"changed_at\":\"2026-11-28T12:00:00Z\",\"changed_by\":\"demo/root\"," \
	"\"spec\":{\"people\":[\"alice\"]},\"status\":{}}"
#define APPLIED                                                                                           \
	"{\"dry_run\":true,\"changes\":[{\"kind\":\"person\",\"enterprise\":\"demo\",\"name\":\"alice\"," \
	"\"action\":\"update\",\"before\":null,\"after\":{\"active\":true}}]}"
#define CHANGES                                                                                         \
	"{\"changes\":[{\"version\":3,\"at\":\"2026-11-28T12:00:00Z\",\"who\":\"demo/root\","           \
	"\"credential\":\"1\",\"source\":\"192.0.2.0/24\",\"kind\":\"person\",\"enterprise\":\"demo\"," \
	"\"name\":\"alice\",\"before\":null,\"after\":{}}],\"next\":3}"
#define FIELDS                                                                                    \
	"{\"kinds\":[{\"kind\":\"person\",\"help\":\"h\",\"fields\":[{\"name\":\"roles\","        \
	"\"type\":\"words\",\"required\":false,\"help\":\"h\",\"default\":[],\"of\":\"profile\"," \
	"\"min\":1,\"max\":4,\"values\":[\"user\"]}]}]}"
#define API_TOKEN                                                                          \
	"\"id\":\"01a2\",\"kind\":\"api-token\",\"label\":\"l\",\"scopes\":[\"*\"],"       \
	"\"made_at\":\"2026-11-28T12:00:00Z\",\"made_by\":\"demo/root\",\"ends_at\":null," \
	"\"used_at\":\"2026-11-28T12:00:00Z\""
#define FORM                                                                                         \
	"{\"profile\":\"p\",\"person\":\"alice\",\"fields\":[{\"name\":\"title\",\"value\":\"Dr.\"," \
	"\"set_by\":\"nobody\",\"required\":true,\"editable\":true,\"unverified\":true,"             \
	"\"verified_only\":false}],\"names\":[{\"name\":\"domain\",\"values\":[\"a.example\"],"      \
	"\"set_by\":\"profile\",\"shown\":false,\"required\":true,\"fixed\":true,\"editable\":false}]}"
#define RECORD                                                                                     \
	"{\"id\":\"00000000-0000-0000-0000-000000000000\",\"kind\":\"individual\",\"enterprise\":" \
	"\"demo\",\"account\":\"alice\",\"attributes\":{},\"method\":\"eid\",\"source\":\"s\","    \
	"\"verified_by\":\"a\",\"approved_by\":\"\",\"verified_at\":null,\"ends_at\":null,"        \
	"\"withdrawn_at\":null,\"state\":\"waiting\"}"
#define TESTED "{\"result\":\"untested\",\"seen\":[\"no service uses it\"]}"

/* Of each route what is answered when all is well; the first that the pattern ends with. */
static const struct {
	const char *end, *body;
} samples[] = {
	{ "/kinds", FIELDS },
	{ "/apply", APPLIED },
	{ "/changes", CHANGES },
	{ "/form/{profile}", FORM },
	{ "/{kind}", "{\"documents\":[" SHOWN "],\"next\":null}" },
	{ "/{kind}/{name}", SHOWN },
	{ "/test", TESTED },
	{ "/identity", "{\"records\":[" RECORD "]}" },
	{ "/identity/{id}", RECORD },
	{ "/approval", RECORD },
	{ "/withdrawal", RECORD },
	{ "/tokens", "{\"tokens\":[{" API_TOKEN "}]}" },
	{ "/invitation", "{\"invitation\":\"i\",\"ends_at\":\"2026-11-28T12:00:00Z\"}" },
	{ "/password-reset", "{\"invitation\":\"i\",\"ends_at\":\"2026-11-28T12:00:00Z\"}" },
};

/* What policy answers next; etag NULL: none. */
static void
config_answer(unsigned status, const char *body, const char *etag)
{
	Countersign__V1__ConfigAnswer answer = COUNTERSIGN__V1__CONFIG_ANSWER__INIT;

	answer.status = status;
	answer.body = pack_octets(cs_span_str(body));
	answer.etag = pack_text(etag ? etag : "");
	fake_svc_answer(true, pack_write(world.arena, &answer.base));
}

static const Countersign__V1__ConfigAsk *
config_asked(void)
{
	struct cs_span asked = { NULL, 0 };
	struct cs_err err = { 0 };
	const Countersign__V1__ConfigAsk *ask_of = NULL;

	assert_string_equal(fake_svc_asked(&asked), "ask.policy.config");
	ask_of = pack_read(
	    world.arena, &countersign__v1__config_ask__descriptor, asked, asked.len, &err);
	assert_non_null(ask_of);
	return ask_of;
}

static const char *
sample(unsigned status)
{
	return cs_arena_printf(world.arena,
	    "{\"type\":\"about:blank\",\"title\":\"t\",\"status\":%u,\"code\":\"c\",\"field\":\"f\","
	    "\"clause\":\"k\",\"detail\":\"d\",\"mend\":\"m\",\"uses\":[{\"kind\":\"person\","
	    "\"enterprise\":\"demo\",\"name\":\"alice\",\"field\":\"profiles\"}]}",
	    status);
}

static void
calls_of_settings_are_passed_on_as_they_came(void **state)
{
	const struct fake_ask put = { .method = "PUT",
		.path = DOCUMENT "?dry_run=true&x=%41",
		.token = ADMIN,
		.type = "application/json",
		.body = "{ \"people\": [] }",
		.headers = { { "If-Match", "\"3\", W/\"x\"" }, { "If-None-Match", "*" } } };
	const struct fake_answer *answer = NULL;
	const Countersign__V1__ConfigAsk *asked = NULL;

	(void)state;
	config_answer(200, SHOWN, "\"4\"");
	answer = ask(&put);
	assert_int_equal(answer->status, 200);
	assert_true(cs_span_is(answer->body, SHOWN));
	assert_string_equal(fake_http_header(answer, "ETag"), "\"4\"");
	asked = config_asked();
	assert_string_equal(asked->token, ADMIN);
	assert_string_equal(asked->method, "PUT");
	assert_string_equal(asked->path, "config/demo/assignment/*@alpha.example");
	assert_string_equal(asked->query, "dry_run=true&x=%41");
	assert_int_equal(asked->body.len, strlen(put.body));
	assert_memory_equal(asked->body.data, put.body, asked->body.len);
	assert_string_equal(asked->if_match, "\"3\", W/\"x\"");
	assert_string_equal(asked->if_none_match, "*");
	assert_string_equal(asked->source, "0.0.0.0/24");
	config_answer(200, "{\"tokens\":[]}", NULL);
	answer = get(ADMIN, "/v1/config/demo/person/alice/tokens");
	assert_null(fake_http_header(answer, "ETag"));
	asked = config_asked();
	assert_string_equal(asked->method, "GET");
	assert_string_equal(asked->path, "config/demo/person/alice/tokens");
	assert_string_equal(asked->query, "");
	assert_string_equal(asked->if_match, "");
	assert_int_equal(asked->body.len, 0);
}

static bool
ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static const char *
body_for(const struct http_route *route, unsigned status)
{
	if (status == 204)
		return NULL;
	if (status >= 400)
		return sample(status);
	if (status == 201 && ends_with(route->pattern, "/identity"))
		return RECORD;
	if (status == 201 && ends_with(route->pattern, "/tokens"))
		return "{\"token\":\"t\"," API_TOKEN "}";
	if (status == 200 && strcmp(route->method, "DELETE") == 0)
		return APPLIED;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (ends_with(route->pattern, samples[i].end))
			return samples[i].body;
	fail_msg("no sample for %s", route->pattern);
	return NULL;
}

/* Whatever policy answers, as far as the document describes it for this operation. */
static void
what_policy_answers_is_the_clients(void **state)
{
	static const unsigned statuses[] = { 200, 201, 204, 400, 401, 403, 404, 409, 412, 415, 422,
		428, 429, 503 };

	(void)state;
	for (const struct http_route *route = api_config_routes; route->method; route++) {
		const bool writes = strcmp(route->method, "GET") != 0;
		json_t *item =
		    json_object_get(json_object_get(world.document, "paths"), route->pattern);
		char method[8] = "", code[16];

		for (size_t i = 0; route->method[i]; i++)
			method[i] = (char)(route->method[i] | 0x20);
		json_t *described = json_object_get(json_object_get(item, method), "responses");

		for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
			const unsigned status = statuses[i];
			const struct fake_answer *answer = NULL;
			const char *body = NULL;

			(void)snprintf(code, sizeof(code), "%u", status);
			if (!json_object_get(described, code))
				continue;
			body = body_for(route, status);
			config_answer(status, body, NULL);
			answer = ask_route(route, ADMIN);
			assert_int_equal(answer->status, status);
			assert_true(cs_span_is(answer->body, body ? body : ""));
			assert_int_equal(fake_http_header(answer, "Retry-After") != NULL,
			    status == 429 || status == 503);
			assert_int_equal(
			    fake_http_header(answer, "WWW-Authenticate") != NULL, status == 401);
		}
		fake_svc_answer(false, cs_span_str(NULL));
		assert_problem(
		    ask_route(route, ADMIN), 503, writes ? "outcome-unknown" : "try-again");
	}
}

#define TEST_PATH "/v1/config/demo/connector/post/test"

static void
policy_sends_to(const char *question, const char *etag)
{
	Countersign__V1__ConfigAnswer answer = COUNTERSIGN__V1__CONFIG_ANSWER__INIT;

	answer.status = 200;
	answer.body = pack_octets(cs_span_str(TESTED));
	answer.etag = pack_text(etag);
	answer.ask = pack_text(question);
	fake_svc_answer(true, pack_write(world.arena, &answer.base));
}

/* What the service that uses the connector answers then. */
static void
then_it_says(const char *result, const char *seen)
{
	Countersign__V1__TestConnectorAnswer answer = COUNTERSIGN__V1__TEST_CONNECTOR_ANSWER__INIT;
	char *lines[] = { (char *)(uintptr_t)seen };

	answer.result = pack_text(result);
	answer.seen = lines;
	answer.n_seen = 1;
	fake_svc_answer_then(true, pack_write(world.arena, &answer.base));
}

static void
a_connector_is_tried_by_the_service_that_policy_names(void **state)
{
	const Countersign__V1__TestConnector *test = NULL;
	struct cs_span asked = { NULL, 0 };
	struct cs_err err = { 0 };

	(void)state;
	policy_sends_to("ask.notifier.test", "\"12\"");
	then_it_says("bad", "the last word: 535 no");
	const struct fake_answer *answer = post(ADMIN, TEST_PATH, NULL);

	assert_int_equal(answer->status, 200);
	assert_string_equal(member(answer, "result"), "bad");
	assert_string_equal(member(answer, "seen.0"), "the last word: 535 no");
	assert_string_equal(fake_svc_asked(&asked), "ask.notifier.test");
	test = pack_read(
	    world.arena, &countersign__v1__test_connector__descriptor, asked, asked.len, &err);
	assert_non_null(test);
	assert_string_equal(test->enterprise, "demo");
	assert_string_equal(test->name, "post");
	assert_int_equal(test->version, 12);
	/* Nobody there, or nothing that can be read. */
	policy_sends_to("ask.mpic-coordinator.test", "\"12\"");
	fake_svc_answer_then(false, cs_span_str(NULL));
	assert_problem(post(ADMIN, TEST_PATH, NULL), 503, "try-again");
	policy_sends_to("ask.mpic-coordinator.test", "\"12\"");
	then_it_says("perhaps", "x");
	assert_problem(post(ADMIN, TEST_PATH, NULL), 503, "try-again");
	/* Policy leads us to nothing else. */
	policy_sends_to("ask.signer.stop", "\"12\"");
	fake_svc_answer_then(false, cs_span_str(NULL));
	answer = post(ADMIN, TEST_PATH, NULL);
	assert_int_equal(answer->status, 200);
	assert_string_equal(member(answer, "result"), "untested");
	assert_string_equal(fake_svc_asked(&asked), "ask.policy.config");
}

static void
an_answer_that_makes_no_sense_is_none(void **state)
{
	static const struct {
		unsigned status;
		const char *body, *etag;
	} rows[] = { { 0, "{}", NULL }, { 100, "{}", NULL }, { 302, "{}", NULL },
		{ 204, "{}", NULL }, { 600, "{}", NULL }, { 404, "", NULL },
		{ 200, "{\"a\":\"\xff\"}", NULL }, { 200, "{}", "\"1\"\r\nSet-Cookie: a=b" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		config_answer(rows[i].status, rows[i].body, rows[i].etag);
		assert_problem(get(ADMIN, DOCUMENT), 503, "try-again");
	}
	fake_svc_answer(true, cs_span_str("\xff"));
	assert_problem(get(ADMIN, DOCUMENT), 503, "try-again");
}

static const struct fake_answer *
put_document(const char *type, const char *body, const char *field, const char *value)
{
	const struct fake_ask put = { .method = "PUT",
		.path = DOCUMENT,
		.token = ADMIN,
		.type = type,
		.body = body,
		.headers = { { "If-Match", "*" }, { field, value } } };

	return ask(&put);
}

static void
calls_of_settings_are_of_one_form(void **state)
{
	const struct fake_ask with_body = { .method = "DELETE",
		.path = DOCUMENT,
		.token = ADMIN,
		.type = "application/json",
		.body = "{\"a\":1}" };
	char longer[600] = "";

	(void)state;
	memset(longer, 'a', sizeof(longer) - 1);
	config_answer(200, SHOWN, NULL);
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 200);
	config_answer(200, APPLIED, NULL); /* of a dry run */
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 200);
	assert_problem(put_document("text/plain", "{}", NULL, NULL), 415, "media-type");
	assert_fault(put_document("application/json", "{}", "If-Match", "\"1\""), 400,
	    "precondition", "If-Match");
	assert_fault(put_document("application/json", "{}", "If-None-Match", longer), 400,
	    "precondition", "If-None-Match");
	assert_problem(ask(&with_body), 400, "json-unknown");
}

static void
changes_of_settings_keep_to_the_limits(void **state)
{
	(void)state;
	world.intake.presses_per_hour = 1;
	config_answer(200, SHOWN, NULL);
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 200);
	assert_problem(put_document("application/json", "{}", NULL, NULL), 429, "too-many");
	for (int i = 0; i < 3; i++)
		assert_int_equal(get(ADMIN, DOCUMENT)->status, 200);
}

/* A right that was taken away, here, counts no more in the next call. */
static void
after_a_change_policy_is_asked_again_who_is_who(void **state)
{
	(void)state;
	config_answer(200, SHOWN, NULL);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(get(ADMIN, DOCUMENT)->status, 200);
	assert_int_equal(fake_policy_asked(), 2);
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 200);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 3);
	/* What policy refused has changed nothing. */
	config_answer(403, sample(403), NULL);
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 403);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 4); /* for the administrator */
	config_answer(401, sample(401), NULL);
	assert_int_equal(get(ALICE, DOCUMENT)->status, 401);
	assert_int_equal(fake_policy_asked(), 4);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 5);
	/* It may have come about though nobody says so. */
	fake_svc_answer(false, cs_span_str(NULL));
	assert_int_equal(put_document("application/json", "{}", NULL, NULL)->status, 503);
	config_answer(200, SHOWN, NULL);
	assert_int_equal(get(ALICE, "/v1/requests")->status, 200);
	assert_int_equal(fake_policy_asked(), 6);
}

/* ---- tokens ---- */

static const struct {
	const char *answer;
	int status;
	const char *code;
} token_answers[] = {
	{ "verified", 200, "" },
	{ "wrong", 422, "token-wrong" },
	{ "void", 410, "token-void" },
	{ "expired", 410, "token-expired" },
	{ "not-sent", 409, "token-not-sent" },
	{ "unknown", 404, "not-found" },
	{ "nonsense", 503, "try-again" },
	{ NULL, 503, "try-again" },
};

static void
a_token_goes_to_its_validator_and_is_kept_nowhere(void **state)
{
	const char *path = planned();
	struct cs_span asked = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(token_answers) / sizeof(token_answers[0]); i++) {
		struct cs_buf buf = cs_buf_new(world.arena);
		const struct fake_answer *answer = NULL;

		if (token_answers[i].answer)
			put_text(&buf, 1, token_answers[i].answer);
		put_number(&buf, 2, 4);
		fake_svc_answer(token_answers[i].answer != NULL, cs_buf_span(&buf));
		answer = post(
		    ALICE, under(path, "/checks/mailbox-1/token"), "{\"token\":\"secret-token\"}");
		if (answer->status != token_answers[i].status ||
		    strcmp(member(answer, "code"), token_answers[i].code) != 0)
			fail_msg("%s: got %d %s", token_answers[i].answer, answer->status,
			    member(answer, "code"));
		if (answer->status == 422)
			assert_string_equal(member(answer, "tries_left"), "4");
		assert_null(memmem(answer->body.data, answer->body.len, "secret", 6));
	}
	assert_string_equal(fake_svc_asked(&asked), "ask.mailbox.submit");
	assert_non_null(memmem(asked.data, asked.len, "secret-token", 12));
	assert_non_null(memmem(asked.data, asked.len, "alice", 5));
	assert_problem(
	    post(ALICE, under(path, "/checks/mailbox-1/token"), "{}"), 400, "json-missing");
}

/* ---- answers by mail ---- */

static void
the_method_of_a_press_is_passed_on(void **state)
{
	static const struct {
		const char *body, *method;
	} cases[] = { { NULL, "" }, { "{}", "" },
		{ "{\"method\":\"email-reply\"}", "email-reply" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *path = planned();
		const char *verify = under(path, "/checks/mailbox-1/verify");
		const size_t before = svc_test_count(world.test, "request.verification-asked");

		assert_int_equal(post(ALICE, verify, cases[i].body)->status, 202);
		const struct svc_test_out *out =
		    svc_test_out(world.test, "request.verification-asked", before);

		assert_int_equal(memmem(out->body.data, out->body.len, "email-reply", 11) != NULL,
		    cases[i].method[0] != '\0');
	}
	const char *verify = under(planned(), "/checks/mailbox-1/verify");

	assert_problem(post(ALICE, verify, "{\"method\":\"phone\"}"), 400, "method-unknown");
	assert_problem(post(ALICE, verify, "{\"method\":\"e mail\"}"), 400, "method-unknown");
	assert_problem(post(ALICE, verify, "{\"way\":\"x\"}"), 400, "json-unknown");
}

static void
who_must_answer_a_mail_is_told_how(void **state)
{
	const char *path = planned(), *reply = under(path, "/checks/mailbox-1/reply");
	struct cs_buf buf = cs_buf_new(world.arena);
	struct cs_span asked;

	(void)state;
	hear_mail_by(path, "email-reply", "sent", NULL, world.now_ms + 1);
	const struct fake_answer *shown = get(ALICE, path);

	assert_string_equal(member(shown, "checks.0.you.do"), "answer-mail");
	assert_string_equal(member(shown, "checks.0.mail.method"), "email-reply");
	assert_string_equal(member(shown, "checks.0.you.reply"), reply);
	put_text(&buf, 1, "open");
	put_text(&buf, 2, "part-two");
	put_text(&buf, 3, "digest-of-request");
	put_text(&buf, 4, "noreply@countersign.example");
	fake_svc_answer(true, cs_buf_span(&buf));
	shown = get(ALICE, reply);
	assert_int_equal(shown->status, 200);
	assert_string_equal(fake_svc_asked(&asked), "ask.mailbox.reply");
	assert_non_null(memmem(asked.data, asked.len, "alice", 5));
	assert_string_equal(member(shown, "token"), "part-two");
	assert_string_equal(member(shown, "thumbprint"), "digest-of-request");
	assert_string_equal(member(shown, "from"), "noreply@countersign.example");
	buf = cs_buf_new(world.arena);
	put_text(&buf, 1, "not-sent");
	fake_svc_answer(true, cs_buf_span(&buf));
	assert_problem(get(ALICE, reply), 409, "reply-not-asked");
	fake_svc_answer(true, cs_span_str("\xff"));
	assert_int_equal(get(ALICE, reply)->status, 503);
	fake_svc_answer(false, cs_span_str(NULL));
	assert_int_equal(get(ALICE, reply)->status, 503);
	assert_int_equal(get(NULL, reply)->status, 401);
	assert_int_equal(get(ALICE, "/v1/requests/x/checks/mailbox-1/reply")->status, 404);
	world.intake.presses_per_hour = 0;
	assert_problem(get(ALICE, reply), 429, "too-many");
}

/* ---- lists ---- */

static void
a_list_is_paged_without_gaps_or_repeats(void **state)
{
	size_t seen = 0;
	const char *cursor = "";

	(void)state;
	for (int i = 0; i < 5; i++)
		(void)created();
	assert_int_equal(create_with(BOB, NULL, good)->status, 201);
	do {
		const struct fake_answer *page =
		    get(ALICE, cs_arena_printf(world.arena, "/v1/requests?limit=2%s%s",
				   cursor[0] ? "&cursor=" : "", cursor));

		assert_int_equal(page->status, 200);
		for (const char *n = "0"; member(page, under("requests.", under(n, ".id")))[0];
		     n = n[0] == '0' ? "1" : "2")
			seen++;
		cursor = member(page, "next");
	} while (cursor[0]);
	assert_int_equal(seen, 5);
	assert_string_equal(
	    member(get(BOSS, "/v1/requests?limit=6"), "requests.5.state"), "created");
	assert_string_equal(member(get(BOSS, "/v1/requests?limit=6"), "next"), "");
	assert_string_equal(member(get(OTHER, "/v1/requests"), "requests.0.id"), "");
}

static void
a_list_can_be_of_one_state(void **state)
{
	const char *path = approved(), *issued = approved();

	(void)state;
	(void)ready();
	hear_refused("plan.refused", path);
	assert_string_equal(
	    member(get(ALICE, "/v1/requests?state=refused"), "requests.0.refusal.clause"),
	    "SBR 4.2.2.1");
	assert_string_equal(member(get(ALICE, "/v1/requests?state=refused"), "requests.1.id"), "");
	assert_string_equal(
	    member(get(ALICE, "/v1/requests?state=ready"), "requests.0.state"), "ready");
	assert_string_equal(member(get(ALICE, "/v1/requests?state=issued"), "requests.0.id"), "");
	hear_issued(issued);
	assert_string_equal(
	    member(get(ALICE, "/v1/requests?state=issued"), "requests.0.state"), "issued");
}

static const struct fake_answer *
list_since(const char *token, int64_t after_ms, const char *more)
{
	char since[CS_TIME_TEXT];

	cs_time_format(world.now_ms + after_ms, since);
	return get(
	    token, cs_arena_printf(world.arena, "/v1/requests?changed_since=%s%s", since, more));
}

static void
assert_listed(const struct fake_answer *page, const char *const *paths, size_t n)
{
	for (size_t i = 0; i <= n; i++) {
		const char *self =
		    member(page, cs_arena_printf(world.arena, "requests.%zu.links.self", i));

		assert_string_equal(self, i < n ? paths[i] : "");
	}
}

static void
a_list_can_be_of_what_changed_since(void **state)
{
	const char *proved = planned(), *looked_at = planned(), *cancelled = created();
	const char *const last_first[] = { cancelled, proved, looked_at };
	const struct fake_answer *page = NULL;

	(void)state;
	svc_test_set_time(world.test, world.now_ms + 1000);
	hear_evidence(looked_at, "mailbox-1", CLAIM_MAILBOX, CLAIM_REFUSED, 1);
	svc_test_set_time(world.test, world.now_ms + 2000);
	prove(proved);
	svc_test_set_time(world.test, world.now_ms + 3000);
	assert_int_equal(post(ALICE, under(cancelled, "/cancel"), NULL)->status, 200);
	assert_listed(list_since(ALICE, 0, ""), last_first, 3);
	assert_listed(list_since(ALICE, 1, ""), last_first, 2); /* a check is no state */
	assert_listed(list_since(ALICE, 2000, ""), last_first, 2);
	assert_listed(list_since(ALICE, 2001, ""), last_first, 1);
	assert_listed(list_since(ALICE, 3001, ""), last_first, 0);
	assert_listed(list_since(ALICE, 0, "&state=ready"), &proved, 1);
	assert_listed(list_since(ALICE, 2001, "&state=ready"), last_first, 0);
	assert_listed(list_since(BOSS, 1, ""), last_first, 2);
	assert_listed(list_since(BOB, 0, ""), last_first, 0);
	page = list_since(ALICE, 1, "&limit=1");
	assert_listed(page, last_first, 1);
	page = list_since(ALICE, 1, under("&limit=1&cursor=", member(page, "next")));
	assert_listed(page, last_first + 1, 1);
	assert_string_equal(member(page, "next"), "");
}

static void
a_list_refuses_what_it_does_not_understand(void **state)
{
	static const char *const bad[] = { "limit=0", "limit=101", "limit=-1", "limit=1e1",
		"limit=", "limit=0000", "state=none", "state=Created", "cursor=0", "cursor=zz",
		"changed_since=", "changed_since=0", "changed_since=2026-11-23",
		"changed_since=2026-11-23T12:00:00", "changed_since=2026-11-23T12:00:00.0Z",
		"changed_since=2026-13-01T12:00:00Z",
		"cursor=ffffffffffffffffffffffffffffffffffffffffffffffff" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_problem(get(ALICE, under("/v1/requests?", bad[i])), 400, "query");
	assert_int_equal(get(ALICE, "/v1/requests?limit=100")->status, 200);
	assert_string_equal(
	    member(get(ALICE, "/v1/requests?changed_since=now"), "field"), "changed_since");
	assert_non_null(strstr(
	    member(get(ALICE, "/v1/requests?changed_since=now"), "mend"), "2026-11-23T12:00:00Z"));
	assert_int_equal(
	    get(ALICE, "/v1/requests?changed_since=2026-11-23T12:00:00Z")->status, 200);
}

/* ---- live progress ---- */

static void
a_stream_tells_everything_once_and_ends_with_the_request(void **state)
{
	const char *path = planned();
	const struct fake_answer *first = watch(path, NULL), *second = NULL;
	uint64_t before = 0;

	(void)state;
	assert_int_equal(first->n_events, 2); /* created, validating */
	prove(path);
	second = watch(path, "2"); /* opening one asks for all */
	assert_int_equal(first->n_events, first->last_id);
	assert_int_equal(second->n_events, first->last_id - 2);
	before = first->last_id;
	assert_int_equal(post(ALICE, under(path, "/cancel"), NULL)->status, 200);
	(void)watch(planned(), NULL);
	assert_int_equal(first->last_id, before + 1);
	assert_null(first->stream);
	assert_null(second->stream);
	check_lines(first);
	assert_int_equal(
	    watch(path, cs_arena_printf(world.arena, "%u", (unsigned)before + 1))->status, 204);
	assert_int_equal(watch(path, "0")->n_events, before + 1);
}

static void
a_stream_survives_nonsense_and_departures(void **state)
{
	static const char *const odd[] = { "", "-1", "x", "99999999999999999999", "7777" };
	const char *path = planned();
	const struct fake_ask gone = {
		.method = "GET", .path = under(path, "/events"), .token = ALICE, .gone = true
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		const struct fake_answer *stream = watch(path, odd[i]);

		assert_int_equal(stream->n_events, 2);
		fake_http_leave(stream);
	}
	(void)fake_http(world.arena, &gone);
	prove(path);
	assert_true(watch(path, NULL)->n_events > 2);
}

static void
one_token_has_not_all_the_streams(void **state)
{
	const char *path = planned();
	const struct fake_ask request = {
		.method = "GET", .path = under(path, "/events"), .token = BOSS
	};
	const struct fake_answer *first = ask(&request), *over = NULL;

	(void)state;
	assert_int_equal(first->status, 200);
	for (int i = 1; i < 32; i++)
		assert_int_equal(ask(&request)->status, 200);
	over = ask(&request);
	assert_fault(over, 429, "too-many-streams", "Authorization");
	assert_string_equal(fake_http_header(over, "Retry-After"), "10");
	/* What it does first in an hour begins the counts of that hour, and closes no stream. */
	assert_int_equal(post(BOSS, under(path, "/approve"), NULL)->status, 403);
	assert_int_equal(ask(&request)->status, 429);
	assert_int_equal(watch(path, NULL)->status, 200); /* alice */
	fake_http_leave(first);
	assert_int_equal(ask(&request)->status, 200);
	assert_int_equal(ask(&request)->status, 429);
}

static void
there_is_an_end_to_streams(void **state)
{
	const char *path = planned();

	(void)state;
	world.intake.streams_per_token = 1000;
	for (int i = 0; i < 512; i++)
		assert_int_equal(watch(path, "2")->status, 200);
	assert_problem(watch(path, NULL), 503, "try-again");
}

/* ---- trouble ---- */

static void
assert_busy(const struct fake_answer *answer)
{
	assert_problem(answer, 503, "try-again");
	assert_non_null(fake_http_header(answer, "Retry-After"));
}

static void
overload_and_outage_are_told_and_nothing_is_half_stored(void **state)
{
	const char *path = planned();

	(void)state;
	fake_svc_overloaded(true);
	assert_busy(create_with(ALICE, NULL, good));
	/* What was accepted goes on: only new requests wait. */
	assert_int_equal(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL)->status, 202);
	assert_int_equal(post(ALICE, under(path, "/approve"), NULL)->status, 409);
	fake_svc_overloaded(false);
	fake_svc_stuck(true);
	assert_busy(create_with(ALICE, NULL, good));
	assert_busy(post(ALICE, under(path, "/cancel"), NULL));
	assert_busy(post(ALICE, under(path, "/approve"), NULL));
	assert_busy(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL));
	assert_busy(get(ALICE, path));
	assert_busy(get(ALICE, "/v1/requests"));
	assert_busy(get(ALICE, under(path, "/certificate")));
	fake_svc_stuck(false);
	fake_store_away(true);
	assert_busy(create_with(ALICE, "key", good));
	assert_busy(get(ALICE, path));
	fake_store_away(false);
	assert_int_equal(fake_store_count(), 1);
	assert_int_equal(create_with(ALICE, "key", good)->status, 201);
}

static void
another_replica_being_faster_is_not_noticed(void **state)
{
	(void)state;
	fake_store_conflict(2);
	assert_int_equal(create_with(ALICE, NULL, good)->status, 201);
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 1);
	assert_int_equal(fake_store_count(), 1);
}

static void
each_token_has_its_share_of_an_hour(void **state)
{
	const char *path = NULL;

	(void)state;
	world.intake.creations_per_hour = 2;
	world.intake.presses_per_hour = 2;
	path = planned();
	assert_problem(create_with(ALICE, NULL, "{}"), 400, "json-missing"); /* attempts count */
	assert_problem(create_with(ALICE, NULL, good), 429, "too-many");
	assert_int_equal(create_with(BOB, NULL, good)->status, 201);
	assert_int_equal(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL)->status, 202);
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "not-ready");
	assert_problem(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL), 429, "too-many");
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 429, "too-many");
	assert_problem(post(ALICE, under(path, "/cancel"), NULL), 429, "too-many");
	assert_problem(post(ALICE, under(path, "/checks/mailbox-1/token"), "{\"token\":\"x\"}"),
	    429, "too-many");
}

/* Whoever has the tokens: of one network all count together. */
static void
each_network_has_its_share_of_an_hour(void **state)
{
	const char *path = NULL;

	(void)state;
	world.intake.creations_per_network = 2;
	world.intake.presses_per_network = 2;
	path = planned();
	assert_int_equal(create_with(BOB, NULL, good)->status, 201);
	assert_problem(create_with(ALICE, NULL, good), 429, "too-many");
	assert_problem(create_with(BOB, NULL, good), 429, "too-many");
	assert_int_equal(post(ALICE, under(path, "/checks/mailbox-1/verify"), NULL)->status, 202);
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "not-ready");
	assert_problem(post(ALICE, under(path, "/cancel"), NULL), 429, "too-many");
}

static void
events_that_cannot_be_read_are_not_swallowed(void **state)
{
	static const char *const subjects[] = { "plan.made", "plan.refused", "evidence.caa",
		"evidence.domain-challenge", "evidence.mailbox-challenge", "certificate.issued",
		"certificate.refused", "certificate.stopped" };

	(void)state;
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const struct svc_test_event event = {
			.id = subjects[i], .subject = subjects[i], .body = cs_span_str("\xff")
		};

		svc_test_run(world.test, &event, 1);
		assert_false(svc_test_acked(world.test, subjects[i]));
	}
}

/* Words of other challenges among them: "held" is for domains. */
static void
a_mail_is_sent_deferred_or_refused(void **state)
{
	static const char *const words[] = { "lost", "", "publish", "held", "failed-too-often" };
	const char *path = planned();

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *id = cs_arena_printf(world.arena, "mail-%zu", i);
		struct cs_buf buf = message(path);

		put_text(&buf, 2, "mailbox-1");
		put_text(&buf, 3, "alice@alpha.example");
		if (words[i][0] != '\0')
			put_text(&buf, 4, words[i]);
		put_number(&buf, 6, (uint64_t)world.now_ms);
		const struct svc_test_event event = {
			.id = id, .subject = "evidence.mailbox-challenge", .body = cs_buf_span(&buf)
		};

		svc_test_run(world.test, &event, 1);
		assert_false(svc_test_acked(world.test, id));
	}
}

static void
evidence_counts_only_on_the_subject_of_its_kind(void **state)
{
	const char *path = planned();
	struct svc_test_event event = { .id = "forged", .subject = "evidence.caa" };
	struct claim_evidence evidence = { .request = id_of(path),
		.check_id = "mailbox-1",
		.kind = CLAIM_MAILBOX,
		.target = "alice@alpha.example",
		.method = "m",
		.enterprise = "demo",
		.account = "alice",
		.attempt = 1,
		.outcome = CLAIM_PROVED,
		.reason = "",
		.clause = "",
		.text = "",
		.checked_at_ms = world.now_ms,
		.valid_until_ms = world.now_ms + 1000,
		.perspective = "primary",
		.found_at = "",
		.rules_version = "r",
		.detail = "" };

	(void)state;
	claim_evidence_check_digest(&evidence, evidence.check_digest);
	event.body = claim_seal_evidence(world.arena, world.intake.key, &evidence);
	svc_test_run(world.test, &event, 1);
	assert_false(svc_test_acked(world.test, "forged"));
	assert_string_equal(member(get(ALICE, path), "checks.0.state"), "needed");
}

/* ---- the document ---- */

static void
the_document_is_served_without_a_token(void **state)
{
	const struct fake_answer *answer = get(NULL, "/openapi.json");

	(void)state;
	assert_int_equal(answer->status, 200);
	assert_string_equal(member(answer, "openapi"), "3.1.0");
	assert_true(cs_span_is(answer->body, openapi_json));
}

static bool
is_routed(const char *method, const char *path)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const struct http_route *route = tables[i]; route->method; route++)
			if (strcmp(route->pattern, path) == 0 &&
			    strcasecmp(route->method, method) == 0)
				return true;
	return false;
}

static void
routes_and_document_name_the_same_operations(void **state)
{
	const char *path = NULL, *method = NULL;
	json_t *item = NULL, *operation = NULL;
	size_t described = 0, routed = 0;

	(void)state;
	for (size_t i = 0; i < TABLES; i++)
		for (const struct http_route *route = tables[i]; route->method; route++)
			routed++;
	json_object_foreach(json_object_get(world.document, "paths"), path, item)
	{
		json_object_foreach(item, method, operation)
		{
			if (!is_routed(method, path))
				fail_msg("%s %s is described but not routed", method, path);
			described++;
		}
	}
	assert_int_equal(described, routed);
}

/*
 * Answers of the HTTP library itself, before any route: malformed, too slow, too large; and our own
 * mistakes.
 */
static bool
is_of_the_server(const char *code)
{
	return strcmp(code, "400") == 0 || strcmp(code, "408") == 0 || strcmp(code, "413") == 0 ||
	       strcmp(code, "500") == 0;
}

static void
every_answer_that_is_described_was_given(void **state)
{
	const char *path = NULL, *method = NULL, *code = NULL;
	json_t *item = NULL, *operation = NULL, *response = NULL;

	(void)state;
	json_object_foreach(json_object_get(world.document, "paths"), path, item)
	    json_object_foreach(item, method, operation)
		json_object_foreach(json_object_get(operation, "responses"), code,
		    response) if (!is_of_the_server(code) && !json_object_get(response, SEEN))
		    fail_msg("%s %s never answered %s", method, path, code);
}

static void
check_properties_seen(json_t *schema, const char *where)
{
	const char *name = NULL;
	json_t *property = NULL;
	char below[128];

	json_object_foreach(json_object_get(schema, "properties"), name, property)
	{
		(void)snprintf(below, sizeof(below), "%s.%s", where, name);
		if (!json_object_get(property, SEEN))
			fail_msg("%s was never answered", below);
		check_properties_seen(property, below);
	}
}

static void
every_member_that_is_described_was_answered(void **state)
{
	static const char *const asked[] = { "Create", "Token", "Verify", "Nothing", "Approve",
		"Renew", "Rekey", "Reissue", "Revoke", "CreateReport", "Preliminary", "Decide",
		"Apply", "CreateToken", "Login", "NewPassword", "Invite", "Reset", "NewRecord" };
	const char *name = NULL;
	json_t *schema = NULL;

	(void)state;
	json_object_foreach(
	    json_object_get(json_object_get(world.document, "components"), "schemas"), name, schema)
	{
		bool is_asked = false;

		for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
			is_asked |= strcmp(asked[i], name) == 0;
		if (!is_asked)
			check_properties_seen(schema, name);
	}
}

/* What the document says of a creation is what the reader takes. */
static void
the_document_describes_every_member_of_a_creation(void **state)
{
	const char *name = NULL;
	json_t *property = NULL,
	       *create = json_object_get(
		   json_object_get(json_object_get(world.document, "components"), "schemas"),
		   "Create");

	(void)state;
	json_object_foreach(json_object_get(create, "properties"), name, property)
	{
		const struct fake_answer *answer =
		    create_with(ALICE, NULL, cs_arena_printf(world.arena, "{\"%s\":{}}", name));

		assert_int_equal(answer->status, 400);
		if (strcmp(member(answer, "code"), "json-unknown") == 0)
			fail_msg("%s is described but not taken", name);
	}
	assert_int_equal(json_object_size(json_object_get(create, "properties")), 13);
}

/* ---- approved with the request ---- */

#define APPROVING                                           \
	"{\"profile\":\"smime-mailbox\",\"csr\":\"" CSR_PEM \
	"\",\"mailboxes\":[\"alice@alpha.example\"],\"approve\":true}"

static const char *
approving_by(const char *token)
{
	const struct fake_answer *answer = create_with(token, NULL, APPROVING);

	assert_int_equal(answer->status, 201);
	assert_string_equal(member(answer, "state"), "created");
	return fake_http_header(answer, "Location");
}

static const char *
approving(void)
{
	return approving_by(ALICE);
}

/* As policy makes it of the newest request, which stands proved: with what it rests on. */
static void
hear_own_final(const char *path, uint32_t revision)
{
	struct claim_batch *batch = claim_batch_new(world.arena, world.intake.key);
	const struct cs_span request = svc_test_out(
	    world.test, "request.submitted", svc_test_count(world.test, "request.submitted") - 1)
					   ->body;
	struct claim_check checks[] = { check("mailbox-1", CLAIM_MAILBOX, "alice@alpha.example"),
		check("caa-1", CLAIM_CAA, "alpha.example") };
	struct claim_plan plan = first_plan(path, checks, 2);
	struct cs_span alone, final;

	checks[0].has_standing = true;
	checks[0].standing_until_ms = world.now_ms + CS_DAY_MS;
	checks[1].attempt = 1;
	plan.revision = revision;
	plan.final = true;
	final = claim_batch_final(
	    batch, &plan, &(struct claim_case){ .request = request, .approval = request }, &alone);
	claim_batch_sign(batch);
	assert_true(final.len > alone.len);
	hear("plan.final", final);
}

static void
the_statement_of_who_approves_with_a_request_is_the_approval(void **state)
{
	static const struct fake_person both[] = {
		{ "token", "demo", "alice", "user", "*", "1", NULL, 0, false },
		{ "session", "demo", "alice", "user", "*", "2", "password", 0, false },
		{ .token = NULL },
	};
	static const char *const factors[] = { "api-token", "password" };

	(void)state;
	fake_policy_use(both);
	for (size_t i = 0; i < 2; i++) {
		const char *path = approving_by(both[i].token);
		const struct svc_test_out *out = svc_test_out(world.test, "request.submitted", i);
		struct claim_approval approval = { 0 };
		struct cs_err err = { 0 };

		assert_int_equal(claim_open_approval(
				     world.arena, NULL, out->body, world.now_ms, &approval, &err),
		    CS_OK);
		assert_string_equal(approval.factor, factors[i]);
		assert_string_equal(approval.account, "alice");
		assert_string_equal(approval.approved_by, "");
		assert_memory_equal(
		    approval.request_digest, fake_store_get(id_of(path))->digest, CLAIM_DIGEST);
	}
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
}

static void
nobody_approves_with_a_request_unasked(void **state)
{
	static const char refusing[] =
	    "{\"profile\":\"smime-mailbox\",\"csr\":\"" CSR_PEM
	    "\",\"mailboxes\":[\"alice@alpha.example\"],\"approve\":false}";
	const struct fake_answer *answers[] = { create_with(ALICE, NULL, good),
		create_with(ALICE, NULL, refusing) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct claim_approval approval = { 0 };
		struct cs_err err = { 0 };

		assert_int_equal(answers[i]->status, 201);
		assert_int_equal(claim_open_approval(world.arena, NULL,
				     svc_test_out(world.test, "request.submitted", i)->body,
				     world.now_ms, &approval, &err),
		    CS_MALFORMED);
	}
}

static void
what_stands_proved_is_issued_without_another_call(void **state)
{
	const char *path = approving();
	const char *story = NULL;

	(void)state;
	hear_own_final(path, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "approved");
	assert_string_equal(member(get(ALICE, path), "checks.0.state"), "standing");
	assert_string_equal(member(get(ALICE, path), "links.approve"), "");
	/* Whoever approves again is told that it is. */
	assert_int_equal(post(ALICE, under(path, "/approve"), NULL)->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 0);
	hear_issued(path);
	assert_string_equal(member(get(ALICE, path), "state"), "issued");
	story = (const char *)watch(path, NULL)->body.data;
	assert_non_null(
	    strstr(story, "\"state\":\"approved\",\"reason\":\"approved-with-request\""));
	path = approving();
	hear_issued(path);
	assert_string_equal(member(get(ALICE, path), "state"), "issued");
	hear_own_final(path, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "issued");
	assert_string_equal(member(get(ALICE, path), "checks.0.state"), "standing");
}

static void
what_is_missing_is_proved_and_approved_as_ever(void **state)
{
	const char *path = approving();

	(void)state;
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "no-plan-yet");
	hear_all_checks(path);
	assert_string_equal(member(get(ALICE, path), "state"), "validating");
	assert_problem(post(ALICE, under(path, "/approve"), NULL), 409, "not-ready");
	prove(path);
	assert_string_equal(member(get(ALICE, path), "links.approve"), under(path, "/approve"));
	assert_int_equal(post(ALICE, under(path, "/approve"), NULL)->status, 202);
	assert_int_equal(svc_test_count(world.test, "request.generation-approved"), 1);
}

static void
a_repeated_approval_with_a_request_is_the_same(void **state)
{
	const struct fake_answer *first = create_with(ALICE, "once", APPROVING);
	const char *path = fake_http_header(first, "Location");

	(void)state;
	hear_own_final(path, 1);
	assert_true(cs_span_equal(create_with(ALICE, "once", APPROVING)->body, first->body));
	assert_fault(
	    create_with(ALICE, "once", good), 409, "idempotency-conflict", "Idempotency-Key");
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 1);
	assert_string_equal(member(get(ALICE, path), "state"), "approved");
}

/* Policy and signer may be at it already: only the signer can say. */
static void
to_cancel_what_was_approved_with_its_request_is_a_question(void **state)
{
	struct cs_span asked = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		struct cs_buf buf = cs_buf_new(world.arena);
		const char *path = approving();
		const struct fake_answer *answer = NULL;

		if (i % 2 == 1)
			hear_all_checks(path);
		if (stops[i].answer)
			put_text(&buf, 1, stops[i].answer);
		fake_svc_answer(stops[i].answer != NULL, cs_buf_span(&buf));
		answer = post(ALICE, under(path, "/cancel"), NULL);
		if (answer->status != stops[i].status ||
		    strcmp(member(answer, "code"), stops[i].code) != 0)
			fail_msg("%s: got %d %s", stops[i].answer, answer->status,
			    member(answer, "code"));
		assert_string_equal(fake_svc_asked(&asked), "ask.signer.stop");
		assert_string_equal(
		    member(get(ALICE, path), "state"), i % 2 == 1 ? "validating" : "created");
		hear_stopped(path, "cancelled");
		hear_own_final(path, 2);
		assert_string_equal(member(get(ALICE, path), "state"), "cancelled");
	}
	assert_int_equal(svc_test_count(world.test, "request.cancelled"), 0);
}

static const struct {
	const char *what, *body, *wrong;
} followers[] = {
	{ "/renew", "{\"approve\":true}", "{\"approve\":\"yes\"}" },
	{ "/rekey", "{\"csr\":\"" OTHER_CSR_BASE64 "\",\"approve\":true}",
	    "{\"csr\":\"" OTHER_CSR_BASE64 "\",\"approve\":1}" },
	{ "/reissue", "{\"mailboxes\":[\"b@alpha.example\"],\"approve\":true}",
	    "{\"mailboxes\":[\"b@alpha.example\"],\"approve\":null}" },
};

static void
what_follows_a_certificate_may_be_approved_with_its_request(void **state)
{
	const char *path = issued();

	(void)state;
	for (size_t i = 0; i < sizeof(followers) / sizeof(followers[0]); i++) {
		const struct fake_answer *answer =
		    post(ALICE, under(path, followers[i].what), followers[i].body);

		assert_int_equal(answer->status, 201);
		assert_string_equal(last_submitted().approved_factor, "api-token");
		hear_own_final(fake_http_header(answer, "Location"), 1);
		assert_string_equal(
		    member(get(ALICE, fake_http_header(answer, "Location")), "state"), "approved");
		assert_fault(post(ALICE, under(path, followers[i].what), followers[i].wrong), 400,
		    "json-type", "approve");
	}
	assert_int_equal(post(ALICE, under(path, "/renew"), NULL)->status, 201);
	assert_string_equal(last_submitted().approved_factor, "");
}

static void
who_may_not_approve_a_request_does_not_ask_so(void **state)
{
	static const char for_alice[] =
	    "{\"profile\":\"smime-mailbox\",\"csr\":\"" CSR_PEM
	    "\",\"mailboxes\":[\"alice@alpha.example\"],\"for\":\"alice\",\"approve\":true}";
	const struct fake_answer *answer = create_with(BOSS, NULL, for_alice);
	const char *path = fake_http_header(answer, "Location");
	struct claim_approval approval = { 0 };
	struct cs_err err = { 0 };

	(void)state;
	assert_int_equal(answer->status, 201);
	assert_int_equal(claim_open_approval(world.arena, NULL,
			     svc_test_out(world.test, "request.submitted", 0)->body, world.now_ms,
			     &approval, &err),
	    CS_OK);
	assert_string_equal(approval.account, "alice");
	assert_string_equal(approval.approved_by, "boss");
	hear_own_final(path, 1);
	assert_non_null(strstr((const char *)watch(path, NULL)->body.data,
	    "\"reason\":\"approved-with-request\",\"text\":\"boss\""));
	assert_fault(create_with(BOB, NULL, for_alice), 403, "not-an-operator", "for");
	assert_problem(create_with(PLATFORM, NULL, for_alice), 403, "no-enterprise");
	assert_problem(create_with(PLATFORM, NULL, APPROVING), 403, "no-enterprise");
	assert_problem(create_with(AUDITOR, NULL, APPROVING), 403, "role");
	/* There is nothing to approve. */
	assert_fault(
	    post(BOSS, VERIFY_ALPHA, "{\"approve\":true}"), 400, "json-unknown", "approve");
	assert_int_equal(svc_test_count(world.test, "request.submitted"), 1);
}

/* It expires at its day although the signer takes it for an hour more: what is issued then becomes issued. */
static void
what_was_approved_with_its_request_lives_for_a_day(void **state)
{
	world.intake.life_days = 1;
	const char *path = approving();
	const struct svc_test_event early = {
		.id = "early", .subject = "clock.request-due", .key = id_of(path)
	};
	const struct svc_test_event due = {
		.id = "due", .subject = "clock.request-due", .key = id_of(path)
	};

	(void)state;
	svc_test_set_time(world.test, world.now_ms + CS_DAY_MS - 1);
	svc_test_run(world.test, &early, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "created");
	svc_test_set_time(world.test, world.now_ms + CS_DAY_MS);
	svc_test_run(world.test, &due, 1);
	assert_string_equal(member(get(ALICE, path), "state"), "expired");
	assert_int_equal(svc_test_count(world.test, "request.cancelled"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Whoever relies on such a certificate shall know what nobody looked at. */
static void
what_a_plan_does_without_is_told(void **state)
{
	const char *path = created();
	const struct fake_answer *answer = get(ALICE, path);

	(void)state;
	assert_string_equal(member(answer, "waived.0"), "");
	hear_waiving_plan(path);
	answer = get(ALICE, path);
	assert_string_equal(member(answer, "waived.0"), "caa");
	assert_string_equal(member(answer, "waived.1"), "mpic");
	assert_non_null(strstr(member(answer, "notes.2.text"), "does without CAA"));
	assert_non_null(strstr(member(answer, "notes.3.text"), "other network perspectives"));
	assert_string_equal(member(answer, "notes.3.clause"), "SBR 4.2.2.2");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_creation_is_stored_and_published_before_it_is_answered),
		TEST(what_a_plan_does_without_is_told),
		TEST(the_same_key_and_body_give_the_same_answer_whatever_came_between),
		TEST(the_same_key_with_another_body_is_a_conflict),
		TEST(keys_must_be_usable),
		TEST(bad_input_gets_one_clear_error_and_nothing_is_stored),
		TEST(good_input_is_taken_as_it_is),
		TEST(example_names_are_refused_outside_tests),
		TEST(a_pasted_private_key_is_blocked_for_everybody),
		TEST(a_key_certified_for_one_account_is_refused_to_others),
		TEST(bodies_must_say_that_they_are_json),
		TEST(nobody_gets_in_without_a_token),
		TEST(what_is_not_theirs_answers_like_what_does_not_exist),
		TEST(an_operator_sees_and_cancels_but_does_not_act_for_others),
		TEST(approval_before_it_is_ready_names_what_is_missing),
		TEST(an_approval_is_published_once_and_names_the_request),
		TEST(events_may_come_in_any_order),
		TEST(people_are_told_what_to_do),
		TEST(everything_that_may_be_published_is_shown),
		TEST(methods_are_compared_as_whole_words),
		TEST(people_are_told_when_their_domain_is_looked_at),
		TEST(a_hold_ends_by_itself),
		TEST(what_a_proof_covers_is_shown),
		TEST(what_was_seen_is_shown),
		TEST(who_somebody_is_is_shown_as_operators_verified_it),
		TEST(an_earlier_proof_is_shown_as_standing),
		TEST(only_known_checks_are_verified),
		TEST(a_refusal_is_an_answer),
		TEST(a_certificate_comes_in_every_format),
		TEST(after_the_approval_the_signer_decides),
		TEST(a_stop_ends_the_request_for_the_reason_that_the_signer_gives),
		TEST(a_request_that_nobody_approves_expires),
		TEST(a_renewal_has_the_key_and_names_of_the_earlier_certificate),
		TEST(a_rekey_has_another_key),
		TEST(the_plan_says_whose_value_it_is),
		TEST(a_note_says_that_nobody_verified_it),
		TEST(the_signed_request_holds_what_was_typed_in),
		TEST(a_reissue_has_other_names),
		TEST(only_a_certificate_of_ones_own_is_followed),
		TEST(a_repeated_renewal_is_the_same_request),
		TEST(routes_of_the_life_keep_to_the_limits),
		TEST(an_operator_has_a_domain_verified),
		TEST(why_a_check_is_asked_for_now_is_shown),
		TEST(a_domain_alone_is_refused_for_a_reason),
		TEST(a_key_that_leaked_is_not_renewed),
		TEST(an_owner_has_a_certificate_revoked),
		TEST(who_may_not_revoke_is_told),
		TEST(a_refusal_to_revoke_is_shown),
		TEST(no_private_key_travels_as_a_reason),
		TEST(a_note_must_be_read_first),
		TEST(notes_of_a_screen_are_shown_there_and_stop_nobody),
		TEST(each_note_appears_exactly_where_it_is_set),
		TEST(only_a_note_without_a_screen_stops_its_kind_of_request),
		TEST(the_newest_note_is_in_force),
		TEST(anybody_may_report_and_operators_see_it),
		TEST(a_report_is_read_strictly),
		TEST(a_repeated_report_is_the_same),
		TEST(strangers_have_their_share_of_an_hour),
		TEST(strangers_use_up_nothing_of_those_who_have_a_token),
		TEST(a_key_that_became_known_is_not_certified),
		TEST(a_report_is_decided_by_an_operator),
		TEST(a_report_that_could_not_be_followed_is_open_again),
		TEST(a_report_that_relied_on_another_question_is_open_again),
		TEST(a_report_of_no_kind_needs_a_ground),
		TEST(the_preliminary_report_is_given_once),
		TEST(reports_are_listed_by_urgency),
		TEST(the_queue_of_reports_is_measured),
		TEST(the_private_key_itself_is_kept_nowhere_and_blocked),
		TEST(who_shows_the_key_has_its_certificate_revoked_at_once),
		TEST(a_token_goes_to_its_validator_and_is_kept_nowhere),
		TEST(the_method_of_a_press_is_passed_on),
		TEST(who_must_answer_a_mail_is_told_how),
		TEST(a_list_is_paged_without_gaps_or_repeats),
		TEST(a_list_can_be_of_one_state),
		TEST(a_list_can_be_of_what_changed_since),
		TEST(a_list_refuses_what_it_does_not_understand),
		TEST(a_stream_tells_everything_once_and_ends_with_the_request),
		TEST(a_stream_survives_nonsense_and_departures),
		TEST(one_token_has_not_all_the_streams),
		TEST(there_is_an_end_to_streams),
		TEST(overload_and_outage_are_told_and_nothing_is_half_stored),
		TEST(another_replica_being_faster_is_not_noticed),
		TEST(each_token_has_its_share_of_an_hour),
		TEST(each_network_has_its_share_of_an_hour),
		TEST(events_that_cannot_be_read_are_not_swallowed),
		TEST(a_mail_is_sent_deferred_or_refused),
		TEST(evidence_counts_only_on_the_subject_of_its_kind),
		TEST(the_document_is_served_without_a_token),
		TEST(policy_is_asked_once_for_a_token),
		TEST(who_comes_while_policy_is_asked_waits_with_the_others),
		TEST(without_policy_only_who_was_known_comes_in),
		TEST(a_network_tries_so_many_tokens_in_vain),
		TEST(nobody_gets_in_anywhere_without_a_token_that_may),
		TEST(limits_are_of_a_token_or_of_whoever_logged_in),
		TEST(auditors_see_all_of_the_enterprise_and_change_nothing),
		TEST(administrators_set_and_see_no_requests),
		TEST(people_of_the_platform_act_in_every_enterprise),
		TEST(the_same_name_in_the_platform_is_somebody_else),
		TEST(an_operator_asks_on_behalf_of_an_account),
		TEST(who_asked_on_behalf_acts_beside_the_account_and_nobody_else),
		TEST(who_asked_on_behalf_enters_no_tokens_in_the_accounts_name),
		TEST(only_operators_of_the_enterprise_ask_on_behalf),
		TEST(a_key_of_one_account_is_not_asked_for_on_behalf_of_another),
		TEST(an_approval_that_wants_a_second_factor_says_how),
		TEST(an_approval_that_wants_a_password_says_so),
		TEST(a_password_makes_an_approval_that_carries_the_proof),
		TEST(a_password_that_does_not_prove_it_approves_nothing),
		TEST(a_password_goes_nowhere_without_an_order_for_it),
		TEST(passwords_are_read_in_their_bounds),
		TEST(codes_are_sent_where_policy_says),
		TEST(what_keeps_codes_from_being_sent_is_named),
		TEST(a_login_is_begun_where_notifier_says),
		TEST(a_browser_is_shown_what_notifier_says),
		TEST(a_browser_comes_back_to_whose_provider_it_was),
		TEST(a_provider_of_saml_posts_its_answer),
		TEST(our_metadata_is_there_for_providers),
		TEST(the_page_has_words_for_each_refusal_of_a_provider),
		TEST(what_is_no_answer_shows_no_code),
		TEST(a_browser_that_brings_nothing_asks_nobody),
		TEST(returns_count_by_themselves),
		TEST(codes_make_an_approval_that_carries_the_proof),
		TEST(codes_that_do_not_prove_it_approve_nothing),
		TEST(a_proof_of_something_else_approves_nothing),
		TEST(codes_are_not_looked_at_before_everything_else_is_there),
		TEST(calls_of_settings_are_passed_on_as_they_came),
		TEST(what_policy_answers_is_the_clients),
		TEST(a_connector_is_tried_by_the_service_that_policy_names),
		TEST(an_answer_that_makes_no_sense_is_none),
		TEST(calls_of_settings_are_of_one_form),
		TEST(changes_of_settings_keep_to_the_limits),
		TEST(after_a_change_policy_is_asked_again_who_is_who),
		TEST(who_knows_the_password_gets_a_session),
		TEST(an_api_token_is_no_session),
		TEST(who_is_not_there_is_answered_as_who_is_wrong),
		TEST(who_tries_too_often_waits),
		TEST(passwords_wait_for_nobody_and_nothing),
		TEST(a_queue_may_fill_while_policy_is_asked),
		TEST(a_password_is_changed_by_the_old_one),
		TEST(a_password_is_set_by_an_invitation),
		TEST(a_new_password_needs_one_proof_and_must_be_good),
		TEST(the_statement_of_who_approves_with_a_request_is_the_approval),
		TEST(nobody_approves_with_a_request_unasked),
		TEST(what_stands_proved_is_issued_without_another_call),
		TEST(what_is_missing_is_proved_and_approved_as_ever),
		TEST(a_repeated_approval_with_a_request_is_the_same),
		TEST(to_cancel_what_was_approved_with_its_request_is_a_question),
		TEST(what_follows_a_certificate_may_be_approved_with_its_request),
		TEST(who_may_not_approve_a_request_does_not_ask_so),
		TEST(what_was_approved_with_its_request_lives_for_a_day),
		TEST(routes_and_document_name_the_same_operations),
		TEST(the_document_describes_every_member_of_a_creation),
		/* Last: they look back on all the others. */
		TEST(every_answer_that_is_described_was_given),
		TEST(every_member_that_is_described_was_answered),
	};

	return cmocka_run_group_tests_name("api", tests, make_world, end_world);
}
