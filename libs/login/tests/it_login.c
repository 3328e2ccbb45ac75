/* SPDX-License-Identifier: Apache-2.0 */
/* it_login.c: logins, by a child, at a provider that this test plays itself, on loopback, in the same loop. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"
#include "check.h"
#include "login/login.h"
#include "pki/tests/fake_jose.h"
#include "saml/tests/fake_idp.h"

#define HEARD_MAX 16384
#define CLIENT "countersign-1"
#define SECRET "p&ss"
#define CALLBACK "https://ra.example/second-factor"
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

enum page { DOCUMENT, TOKEN, KEYS, METADATA, PAGES };

struct world {
	struct event_base *base;
	struct cs_arena *arena;
	int listener;
	struct event *accepting, *reading;
	struct jose_signer *signer;
	const char *issuer;
	char heard[HEARD_MAX], token_heard[HEARD_MAX];
	size_t len;
	unsigned asked[PAGES];
	const char *status[PAGES], *body[PAGES];
	struct logins *logins;
	bool told_once;
	int pids[4]; /* of the children that were started */
	size_t n_pids, n_lost;
	/* copies of what was told */
	char code[64], said[400], url[4096], name[300], subject[300];
};

/* ---- the provider ---- */

static size_t
whole_of(const char *heard)
{
	const char *end = strstr(heard, "\r\n\r\n"), *length = strstr(heard, "Content-Length: ");

	if (end == NULL)
		return SIZE_MAX;
	const size_t head = (size_t)(end - heard) + 4;

	return length != NULL && length < end ? head + strtoul(length + 16, NULL, 10) : head;
}

static enum page
page_of(const char *heard)
{
	if (strncmp(heard, "GET /realm/.well-known/openid-configuration HTTP/1.1\r\n", 54) == 0)
		return DOCUMENT;
	if (strncmp(heard, "POST /realm/token?p=1 HTTP/1.1\r\n", 32) == 0)
		return TOKEN;
	if (strncmp(heard, "GET /realm/metadata HTTP/1.1\r\n", 30) == 0)
		return METADATA;
	return strncmp(heard, "GET /realm/keys HTTP/1.1\r\n", 26) == 0 ? KEYS : PAGES;
}

static void
reply(struct world *world, int fd)
{
	const enum page page = page_of(world->heard);

	if (page == PAGES)
		fail_msg("asked for something else: %.60s", world->heard);
	if (page == TOKEN)
		memcpy(world->token_heard, world->heard, sizeof(world->heard));
	world->asked[page]++;
	const char *text = cs_arena_printf(world->arena,
	    "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
	    world->status[page], strlen(world->body[page]), world->body[page]);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct world *world = arg;
	const ssize_t n = read(fd, world->heard + world->len, HEARD_MAX - 1 - world->len);

	(void)what;
	if (n > 0)
		world->len += (size_t)n;
	world->heard[world->len] = '\0';
	if (n > 0 && world->len < whole_of(world->heard))
		return;
	if (n > 0)
		reply(world, fd);
	event_free(world->reading);
	world->reading = NULL;
	(void)close(fd);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct world *world = arg;
	const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	assert_true(fd >= 0);
	world->len = 0;
	world->reading = event_new(world->base, fd, EV_READ | EV_PERSIST, on_readable, world);
	assert_int_equal(event_add(world->reading, NULL), 0);
}

static void
say(struct world *world, enum page page, const char *status, const char *body)
{
	world->status[page] = status;
	world->body[page] = body;
}

/* Good claims, with others in their place. */
static const char *
token_of(struct world *world, const char *nonce, const char *subject)
{
	struct cs_arena *arena = world->arena;
	const long long now_s = cs_now_ms() / CS_SECOND_MS;
	const char *header = "{\"alg\":\"ES256\",\"kid\":\"1\"}";
	const char *claims = cs_arena_printf(arena,
	    "{\"iss\":\"%s\",\"aud\":\"" CLIENT
	    "\",\"sub\":\"%s\",\"oid\":\"o-%s\",\"nonce\":\"%s\","
	    "\"exp\":%lld,\"iat\":%lld,\"auth_time\":%lld}",
	    world->issuer, subject, subject, nonce, now_s + 300, now_s, now_s - 1);
	const char *text = cs_arena_printf(arena, "%s.%s", cs_base64url(arena, cs_span_str(header)),
	    cs_base64url(arena, cs_span_str(claims)));

	return cs_arena_printf(arena, "{\"token_type\":\"Bearer\",\"id_token\":\"%s.%s\"}", text,
	    cs_base64url(
		arena, jose_sign(arena, world->signer, false, "SHA256", cs_span_str(text))));
}

static void
say_what_is_good(struct world *world)
{
	struct cs_arena *arena = world->arena;

	say(world, DOCUMENT, "200 OK",
	    cs_arena_printf(arena,
		"{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/a\",\"token_endpoint\":\"%s/token?p=1\","
		"\"jwks_uri\":\"%s/keys\",\"response_types_supported\":[\"code\"],"
		"\"id_token_signing_alg_values_supported\":[\"ES256\"]}",
		world->issuer, world->issuer, world->issuer, world->issuer));
	say(world, TOKEN, "200 OK", token_of(world, "n-1", "alice"));
	say(world, KEYS, "200 OK",
	    cs_arena_printf(
		arena, "{\"keys\":[{\"kid\":\"1\",%s}]}", jose_members(arena, world->signer)));
	say(world, METADATA, "200 OK",
	    fake_idp_metadata(
		arena, FAKE_IDP, cs_arena_printf(arena, "%s/sso?p=1", world->issuer)));
}

/* ---- the world ---- */

static void
on_child(void *arg, enum sandbox_fact fact, const char *text)
{
	struct world *world = arg;
	const char *pid = strstr(text, "pid=");

	if (fact == SANDBOX_CHILD_STARTED && world->n_pids < COUNT(world->pids))
		world->pids[world->n_pids++] = (int)strtol(pid + 4, NULL, 10);
}

static int
setup(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct world *world = CS_NEW(arena, struct world);
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	char path[] = "/tmp/it_login.XXXXXX";
	const int file = mkstemp(path);
	const struct logins_settings settings = {
		.ca_file = path, .test_mode = true, .told = on_child, .told_arg = world
	};
	struct cs_err err = { 0 };

	*world = (struct world){ .base = event_base_new(), .arena = arena };
	world->signer = jose_signer_new("P-256", 0);
	world->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world->listener, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(world->listener, 4), 0);
	assert_int_equal(getsockname(world->listener, (struct sockaddr *)&in, &len), 0);
	world->issuer = cs_arena_printf(arena, "http://127.0.0.1:%u/realm", ntohs(in.sin_port));
	world->accepting =
	    event_new(world->base, world->listener, EV_READ | EV_PERSIST, on_accept, world);
	assert_int_equal(event_add(world->accepting, NULL), 0);
	/* Nobody is judged by it: everything here is in clear. */
	assert_int_equal(write(file, "none\n", 5), 5);
	assert_int_equal(close(file), 0);
	if (logins_open(&settings, world->base, &world->logins, &err) != CS_OK)
		fail_msg("%s", err.text);
	(void)unlink(path);
	say_what_is_good(world);
	*state = world;
	return 0;
}

static int
teardown(void **state)
{
	struct world *world = *state;

	logins_close(world->logins);
	logins_close(NULL);
	if (world->reading != NULL)
		event_free(world->reading);
	event_free(world->accepting);
	(void)close(world->listener);
	event_base_free(world->base);
	jose_signer_free(world->signer);
	cs_arena_free(world->arena);
	return 0;
}

static void
on_told(void *arg, const struct login_told *told)
{
	struct world *world = arg;

	assert_false(world->told_once);
	world->told_once = true;
	(void)snprintf(world->code, sizeof(world->code), "%s",
	    told->why.code != NULL ? told->why.code : "good");
	(void)snprintf(world->said, sizeof(world->said), "%s", told->said);
	(void)snprintf(world->url, sizeof(world->url), "%s", told->url);
	(void)snprintf(world->name, sizeof(world->name), "%s",
	    told->person.name != NULL ? told->person.name : "");
	(void)snprintf(world->subject, sizeof(world->subject), "%s",
	    told->person.subject != NULL ? told->person.subject : "");
	(void)event_base_loopbreak(world->base);
}

static void
wait_for(struct world *world)
{
	assert_int_equal(event_base_dispatch(world->base), 0);
	assert_true(world->told_once);
	world->told_once = false;
}

static void
start(struct world *world)
{
	const struct login_start asked = { .at = { false, world->issuer },
		.request = { CLIENT, CALLBACK, "s-1", "n-1", VERIFIER, 300, NULL, NULL } };

	login_start(world->logins, &asked, on_told, world);
	wait_for(world);
}

static struct login_finish
finish_of(struct world *world)
{
	return (struct login_finish){ .at = { false, world->issuer },
		.redirect = { .code = "c-1" },
		.exchange = { CLIENT, SECRET, CALLBACK, "c-1", VERIFIER },
		.nonce = "n-1",
		.claim = "sub",
		.asked_s = cs_now_ms() / CS_SECOND_MS - 5,
		.max_age_s = 0 };
}

static void
finish(struct world *world, const struct login_finish *asked, const char *want)
{
	login_finish(world->logins, asked, on_told, world);
	wait_for(world);
	if (strcmp(world->code, want) != 0)
		fail_msg("got %s (%s), want %s", world->code, world->said, want);
	assert_string_equal(world->url, "");
	if (strcmp(want, "good") != 0)
		assert_string_equal(world->name, "");
}

static void
on_lost(void *arg, const struct login_told *told)
{
	struct world *world = arg;

	assert_string_equal(told->why.code, OIDC_UNREACHABLE);
	assert_string_equal(told->said, "died");
	world->n_lost++;
	(void)event_base_loopbreak(world->base);
}

/* ---- what is seen ---- */

/* Two wait for a provider that says nothing. */
static void
the_end_of_one_child_is_not_everybodys(void **state)
{
	struct world *world = *state;
	const struct login_finish asked = finish_of(world);

	assert_int_equal(world->n_pids, 2);
	assert_int_equal(event_del(world->accepting), 0);
	login_finish(world->logins, &asked, on_lost, world);
	login_finish(world->logins, &asked, on_lost, world);
	assert_int_equal(kill(world->pids[0], SIGKILL), 0);
	assert_int_equal(event_base_dispatch(world->base), 0);
	assert_int_equal(world->n_lost, 1);
}

static void
sends_a_person_where_the_provider_says(void **state)
{
	struct world *world = *state;

	start(world);
	assert_string_equal(world->code, "good");
	assert_ptr_equal(strstr(world->url, world->issuer), world->url);
	assert_non_null(strstr(world->url, "/a?response_type=code&scope=openid&client_id=" CLIENT));
	assert_non_null(
	    strstr(world->url, "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"));
	assert_int_equal(world->asked[DOCUMENT], 1);
	assert_int_equal(world->asked[TOKEN] + world->asked[KEYS], 0);
}

static void
knows_who_came_back(void **state)
{
	struct world *world = *state;
	struct login_finish asked = finish_of(world);

	finish(world, &asked, "good");
	assert_string_equal(world->name, "alice");
	assert_string_equal(world->subject, "alice");
	assert_non_null(
	    strstr(world->token_heard, "\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
	/* countersign-1:p%26ss */
	assert_non_null(strstr(
	    world->token_heard, "\r\nAuthorization: Basic Y291bnRlcnNpZ24tMTpwJTI2c3M=\r\n"));
	assert_non_null(
	    strstr(world->token_heard, "\r\n\r\ngrant_type=authorization_code&code=c-1&"));
	assert_non_null(strstr(world->token_heard, "&code_verifier=" VERIFIER));
	asked.claim = "oid";
	finish(world, &asked, "good");
	assert_string_equal(world->name, "o-alice");
	/* Everything anew. */
	assert_int_equal(world->asked[DOCUMENT], 2);
	assert_int_equal(world->asked[KEYS], 2);
}

static void
asks_nobody_for_what_was_refused_before(void **state)
{
	struct world *world = *state;
	struct login_finish asked = finish_of(world);

	asked.redirect = (struct oidc_redirect){ .error = "access_denied" };
	finish(world, &asked, "oidc-denied");
	asked.redirect = (struct oidc_redirect){ .code = "c-1", .issuer = "https://evil.example" };
	finish(world, &asked, "oidc-redirect-issuer");
	asked.redirect = (struct oidc_redirect){ .code = "a\nb" };
	finish(world, &asked, "oidc-redirect");
	assert_int_equal(world->asked[TOKEN], 0);
	say(world, TOKEN, "400 Bad Request", "{\"error\":\"invalid_grant\"}");
	asked = finish_of(world);
	finish(world, &asked, "oidc-not-exchanged");
	assert_non_null(strstr(world->said, "token_endpoint: HTTP 400"));
	say(world, TOKEN, "200 OK", "{\"token_type\":\"Bearer\"}");
	finish(world, &asked, "oidc-no-id-token");
	assert_int_equal(world->asked[KEYS], 0);
}

static void
says_what_a_provider_did_not_do(void **state)
{
	struct world *world = *state;
	struct login_finish asked = finish_of(world);

	say(world, KEYS, "404 Not Found", "");
	finish(world, &asked, "oidc-unreachable");
	assert_non_null(strstr(world->said, "jwks_uri: HTTP 404"));
	say(world, KEYS, "200 OK", "{\"keys\":[]}");
	finish(world, &asked, "oidc-keys-none");
	say(world, DOCUMENT, "302 Found", "");
	start(world);
	assert_string_equal(world->code, "oidc-unreachable");
	assert_string_equal(world->url, "");
	say(world, DOCUMENT, "200 OK", "{\"issuer\":\"https://evil.example\"}");
	start(world);
	assert_string_equal(world->code, "oidc-issuer");
	asked.at.endpoint = "http://127.0.0.1:1/realm";
	finish(world, &asked, "oidc-unreachable");
	asked.at.endpoint = "no URL";
	finish(world, &asked, "oidc-unreachable");
}

static void
refuses_what_was_not_for_this_login(void **state)
{
	struct world *world = *state;
	struct login_finish asked = finish_of(world);

	say(world, TOKEN, "200 OK", token_of(world, "n-2", "alice"));
	finish(world, &asked, "oidc-claim-nonce");
	struct jose_signer *stranger = jose_signer_new("P-256", 0);
	struct jose_signer *own = world->signer;

	world->signer = stranger;
	say(world, TOKEN, "200 OK", token_of(world, "n-1", "mallory"));
	world->signer = own;
	jose_signer_free(stranger);
	finish(world, &asked, "oidc-signature");
	say_what_is_good(world);
	asked.asked_s = cs_now_ms() / CS_SECOND_MS + 3600;
	finish(world, &asked, "oidc-claim-past");
}

static void
say_where_tokens_are(struct world *world, const char *endpoint)
{
	say(world, DOCUMENT, "200 OK",
	    cs_arena_printf(world->arena,
		"{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/a\",\"token_endpoint\":\"%s\","
		"\"jwks_uri\":\"%s/k\",\"response_types_supported\":[\"code\"],"
		"\"id_token_signing_alg_values_supported\":[\"ES256\"]}",
		world->issuer, world->issuer, endpoint, world->issuer));
}

/* In clear, loopback is for tests alone; and an address is judged wherever the provider leads. */
static void
goes_nowhere_in_clear(void **state)
{
	struct world *world = *state;
	struct login_finish asked = finish_of(world);

	asked.at.endpoint = "http://idp.example";
	finish(world, &asked, "oidc-unreachable");
	assert_non_null(strstr(world->said, "not under TLS"));
	assert_int_equal(world->asked[DOCUMENT], 0);
	say_where_tokens_are(world, "http://10.0.0.1/t");
	asked = finish_of(world);
	finish(world, &asked, "oidc-unreachable");
	assert_non_null(strstr(world->said, "not under TLS"));
	say_where_tokens_are(world, "https://10.0.0.1/t");
	finish(world, &asked, "oidc-unreachable");
	assert_non_null(strstr(world->said, "token_endpoint"));
	assert_non_null(strstr(world->said, "address"));
}

/* ---- SAML ---- */

static void
start_saml(struct world *world)
{
	const struct login_saml_start asked = {
		.at = { false, cs_arena_printf(world->arena, "%s/metadata", world->issuer) },
		.entity_id = FAKE_SP,
		.answer_at = FAKE_ACS,
		.request_id = FAKE_REQUEST,
		.state = "s-1",
	};

	login_start_saml(world->logins, &asked, on_told, world);
	wait_for(world);
}

static const char *
time_at(struct cs_arena *arena, int64_t ms)
{
	char text[CS_TIME_TEXT];

	cs_time_format(ms, text);
	return cs_arena_strdup(arena, text);
}

/* Of now; base64. */
static const char *
form_of(struct world *world, const char *name, enum fake_idp_key key)
{
	struct cs_arena *arena = world->arena;
	const int64_t now = cs_now_ms();
	const char *until = time_at(arena, now + CS_MINUTE_MS);
	const struct fake_said said = {
		.issued = time_at(arena, now),
		.name_id = cs_arena_printf(arena, "<saml:NameID>%s</saml:NameID>", name),
		.confirmation = cs_arena_printf(arena,
		    "<saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\">"
		    "<saml:SubjectConfirmationData Recipient=\"" FAKE_ACS
		    "\" InResponseTo=\"" FAKE_REQUEST
		    "\" NotOnOrAfter=\"%s\"/></saml:SubjectConfirmation>",
		    until),
		.conditions = cs_arena_printf(arena,
		    "<saml:Conditions NotOnOrAfter=\"%s\"><saml:AudienceRestriction>"
		    "<saml:Audience>" FAKE_SP
		    "</saml:Audience></saml:AudienceRestriction></saml:Conditions>",
		    until),
		.statement = cs_arena_printf(
		    arena, "<saml:AuthnStatement AuthnInstant=\"%s\"/>", time_at(arena, now)),
	};
	const char *xml =
	    fake_idp_response(arena, RESPONSE_ID, fake_idp_assertion(arena, ASSERTION_ID, &said));

	return cs_base64(arena,
	    cs_span_str(fake_idp_sign(arena, xml, ASSERTION_ID, &(struct fake_how){ .key = key })));
}

static void
finish_saml(struct world *world, const char *form, const char *claim, const char *want)
{
	const struct login_saml_finish asked = {
		.at = { false, cs_arena_printf(world->arena, "%s/metadata", world->issuer) },
		.form = form,
		.entity_id = FAKE_SP,
		.answer_at = FAKE_ACS,
		.request_id = FAKE_REQUEST,
		.claim = claim,
		.asked_s = cs_now_ms() / CS_SECOND_MS - 5,
	};

	login_finish_saml(world->logins, &asked, on_told, world);
	wait_for(world);
	if (strcmp(world->code, want) != 0)
		fail_msg("got %s (%s), want %s", world->code, world->said, want);
	assert_string_equal(world->url, "");
	if (strcmp(want, "good") != 0)
		assert_string_equal(world->name, "");
}

static void
sends_a_person_to_an_identity_provider(void **state)
{
	struct world *world = *state;

	start_saml(world);
	assert_string_equal(world->code, "good");
	assert_ptr_equal(strstr(world->url, world->issuer), world->url);
	assert_non_null(strstr(world->url, "/sso?p=1&SAMLRequest="));
	assert_non_null(strstr(world->url, "&RelayState=s-1"));
	assert_int_equal(world->asked[METADATA], 1);
	say(world, METADATA, "404 Not Found", "");
	start_saml(world);
	assert_string_equal(world->code, SAML_UNREACHABLE);
	assert_non_null(strstr(world->said, "HTTP 404"));
	say(world, METADATA, "200 OK", "<x/>");
	start_saml(world);
	assert_string_equal(world->code, "saml-entity");
}

/* With RSA, P-256 and P-384: whatever libraries load for one, they can load there. */
static void
knows_who_came_back_from_one(void **state)
{
	struct world *world = *state;

	finish_saml(world, form_of(world, "alice", FAKE_IDP_RSA), "", "good");
	assert_string_equal(world->name, "alice");
	assert_string_equal(world->subject, ASSERTION_ID);
	finish_saml(world, form_of(world, "Zo\xc3\xab", FAKE_IDP_P256), "", "good");
	assert_string_equal(world->name, "Zo\xc3\xab");
	finish_saml(world, form_of(world, "x", FAKE_IDP_P384), "uid", "good");
	assert_string_equal(world->name, "alice-7");
	/* Everything anew. */
	assert_int_equal(world->asked[METADATA], 3);
}

static void
refuses_who_did_not(void **state)
{
	struct world *world = *state;
	struct cs_arena *arena = world->arena;

	finish_saml(world, form_of(world, "mallory", FAKE_IDP_STRANGER), "", "saml-signature");
	finish_saml(world, "*", "", "saml-form");
	finish_saml(world, cs_base64(arena, cs_span_str("<x>")), "", "saml-xml");
	finish_saml(world,
	    cs_base64(arena, cs_span_str("<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>")), "",
	    "saml-doctype");
	finish_saml(world,
	    cs_base64(arena, cs_span_str("<x xmlns:xi=\"http://www.w3.org/2001/XInclude\">"
					 "<xi:include href=\"/etc/passwd\"/></x>")),
	    "", "saml-response");
	finish_saml(world, form_of(world, "alice", FAKE_IDP_RSA), "mail", "saml-attribute");
	say(world, METADATA, "200 OK",
	    fake_idp_metadata(arena, "https://evil.example", world->issuer));
	finish_saml(world, form_of(world, "alice", FAKE_IDP_RSA), "", "saml-issuer");
	say(world, METADATA, "503 Service Unavailable", "");
	finish_saml(world, form_of(world, "alice", FAKE_IDP_RSA), "", SAML_UNREACHABLE);
}

int
main(int argc, char *argv[])
{
	static const struct sandbox_role *const roles[] = { &login_role, NULL };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    sends_a_person_where_the_provider_says, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_end_of_one_child_is_not_everybodys, setup, teardown),
		cmocka_unit_test_setup_teardown(knows_who_came_back, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    asks_nobody_for_what_was_refused_before, setup, teardown),
		cmocka_unit_test_setup_teardown(says_what_a_provider_did_not_do, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    refuses_what_was_not_for_this_login, setup, teardown),
		cmocka_unit_test_setup_teardown(goes_nowhere_in_clear, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    sends_a_person_to_an_identity_provider, setup, teardown),
		cmocka_unit_test_setup_teardown(knows_who_came_back_from_one, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_who_did_not, setup, teardown),
	};

	sandbox_child_main(argc, argv, roles);
	saml_load();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
