/* SPDX-License-Identifier: Apache-2.0 */
/* What providers say of themselves, and what is refused of it. */
#include <string.h>

#include "check.h"
#include "internal.h"
#include "oidc/discovery.h"

#define ISSUER "https://idp.example/realm"
#define BASE "https://idp.example/realm/"

/* A document whose member `name` is that, as JSON; NULL: it is left out. */
static const char *
document(struct cs_arena *arena, const char *name, const char *value)
{
	static const char *const members[][2] = {
		{ "issuer", "\"" ISSUER "\"" },
		{ "authorization_endpoint", "\"" BASE "a\"" },
		{ "token_endpoint", "\"" BASE "t\"" },
		{ "jwks_uri", "\"" BASE "k\"" },
		{ "response_types_supported", "[\"code\", \"id_token\"]" },
		{ "subject_types_supported", "[\"public\"]" },
		{ "id_token_signing_alg_values_supported", "[\"HS256\", \"RS256\", \"ES384\"]" },
	};
	struct cs_buf out = cs_buf_new(arena);
	bool said = false;

	cs_buf_add_str(&out, "{\"x\":1");
	for (size_t i = 0; i < COUNT(members); i++) {
		const bool it = strcmp(members[i][0], name) == 0;

		said = said || it;
		if (!it || value != NULL)
			cs_buf_printf(
			    &out, ",\"%s\":%s", members[i][0], it ? value : members[i][1]);
	}
	if (!said && value != NULL)
		cs_buf_printf(&out, ",\"%s\":%s", name, value);
	cs_buf_add_str(&out, "}");
	return (const char *)cs_buf_span(&out).data;
}

#define METHODS "token_endpoint_auth_methods_supported"
#define CHALLENGES "code_challenge_methods_supported"
static const struct {
	const char *name, *member, *value, *want; /* NULL: good */
} rows[] = {
	{ "good", "", NULL, NULL },
	{ "no issuer", "issuer", NULL, "oidc-issuer" },
	{ "issuer is a number", "issuer", "7", "oidc-issuer" },
	{ "another issuer", "issuer", "\"https://evil.example/realm\"", "oidc-issuer" },
	{ "issuer with a slash", "issuer", "\"" ISSUER "/\"", "oidc-issuer" },
	{ "issuer in capitals", "issuer", "\"https://IDP.example/realm\"", "oidc-issuer" },
	{ "a template of issuers", "issuer", "\"https://idp.example/{tenantid}\"", "oidc-issuer" },
	{ "issuer with a NUL", "issuer", "\"" ISSUER "\\u0000\"", "oidc-document" },
	{ "nowhere to log in", "authorization_endpoint", NULL, "oidc-authorization-endpoint" },
	{ "log in in clear", "authorization_endpoint", "\"http://idp.example/a\"",
	    "oidc-authorization-endpoint" },
	{ "log in by script", "authorization_endpoint", "\"javascript:alert(1)//https://\"",
	    "oidc-authorization-endpoint" },
	{ "log in with a fragment", "authorization_endpoint", "\"" BASE "a#x\"",
	    "oidc-authorization-endpoint" },
	{ "log in with a user", "authorization_endpoint", "\"https://a@idp.example/\"",
	    "oidc-authorization-endpoint" },
	{ "log in with a line end", "authorization_endpoint", "\"" BASE "a\\r\\nX: y\"",
	    "oidc-authorization-endpoint" },
	{ "log in with a query", "authorization_endpoint", "\"" BASE "a?p=B2C_1_in\"", NULL },
	{ "nowhere for tokens", "token_endpoint", NULL, "oidc-token-endpoint" },
	{ "tokens in clear", "token_endpoint", "\"http://idp.example/t\"", "oidc-token-endpoint" },
	{ "no keys", "jwks_uri", NULL, "oidc-keys-endpoint" },
	{ "keys from a file", "jwks_uri", "\"file:///etc/passwd\"", "oidc-keys-endpoint" },
	{ "no flow", "response_types_supported", NULL, "oidc-flow" },
	{ "another flow", "response_types_supported", "[\"id_token\", \"code token\"]",
	    "oidc-flow" },
	{ "flow is text", "response_types_supported", "\"code\"", "oidc-flow" },
	{ "no algorithm", "id_token_signing_alg_values_supported", NULL, "oidc-algorithms" },
	{ "none and secrets", "id_token_signing_alg_values_supported", "[\"none\", \"HS256\"]",
	    "oidc-algorithms" },
	{ "secret in the body", METHODS, "[\"client_secret_post\"]", NULL },
	{ "secret by header", METHODS, "[\"client_secret_basic\"]", NULL },
	{ "other clients", METHODS, "[\"private_key_jwt\"]", "oidc-client-auth" },
	{ "methods is null", METHODS, "null", "oidc-client-auth" },
	{ "S256", CHALLENGES, "[\"plain\", \"S256\"]", NULL },
	{ "plain alone", CHALLENGES, "[\"plain\"]", "oidc-pkce" },
	{ "twice", "issuer", "\"" ISSUER "\",\"issuer\":\"" ISSUER "\"", "oidc-document" },
	{ "twice, deeper", "claims", "{\"a\":1,\"a\":2}", "oidc-document" },
};

static void
judges_documents(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = document(arena, rows[i].member, rows[i].value);
		struct oidc_provider provider;
		struct cs_refusal why = { .code = NULL };
		const bool good =
		    oidc_discovery_judge(arena, ISSUER, cs_span_str(text), &provider, &why);

		if (good != (rows[i].want == NULL) ||
		    (!good && strcmp(why.code, rows[i].want) != 0))
			fail_msg("%s: got %s, want %s", rows[i].name, good ? "good" : why.code,
			    rows[i].want != NULL ? rows[i].want : "good");
	}
	cs_arena_free(arena);
}

/* In the shape of what is in use, with names of nobody: what a login needs is there, whatever stands beside it. */
static const struct {
	const char *name, *issuer, *text;
	unsigned algorithms;
	bool basic, says_issuer;
} shapes[] = {
	{ "Microsoft Entra",
	    "https://login.microsoftonline.com/0f0e0d0c-1111-4222-8333-444455556666/v2.0",
	    "{\"token_endpoint\":\"https://login.microsoftonline.com/0f0e0d0c-1111-4222-8333-444455556666/oauth2/v2.0/token\","
	    "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"private_key_jwt\",\"client_secret_basic\"],"
	    "\"jwks_uri\":\"https://login.microsoftonline.com/0f0e0d0c-1111-4222-8333-444455556666/discovery/v2.0/keys\","
	    "\"response_modes_supported\":[\"query\",\"fragment\",\"form_post\"],\"subject_types_supported\":[\"pairwise\"],"
	    "\"id_token_signing_alg_values_supported\":[\"RS256\"],"
	    "\"response_types_supported\":[\"code\",\"id_token\",\"code id_token\",\"id_token token\"],"
	    "\"issuer\":\"https://login.microsoftonline.com/0f0e0d0c-1111-4222-8333-444455556666/v2.0\","
	    "\"authorization_endpoint\":\"https://login.microsoftonline.com/0f0e0d0c-1111-4222-8333-444455556666/oauth2/v2.0/authorize\","
	    "\"kerberos_endpoint\":null,\"tenant_region_scope\":\"EU\"}",
	    OIDC_SET(OIDC_RS256), true, false },
	{ "Microsoft Entra, keys of one application", "https://sts.example/t",
	    "{\"issuer\":\"https://sts.example/t\",\"authorization_endpoint\":\"https://sts.example/a\","
	    "\"token_endpoint\":\"https://sts.example/t\",\"jwks_uri\":\"https://sts.example/k?appid=6731de76-14a6-49ae-97bc-6eba6914391e\","
	    "\"response_types_supported\":[\"code\"],\"id_token_signing_alg_values_supported\":[\"RS256\"]}",
	    OIDC_SET(OIDC_RS256), true, false },
	{ "Keycloak", "https://sso.example/realms/staff",
	    "{\"issuer\":\"https://sso.example/realms/staff\","
	    "\"authorization_endpoint\":\"https://sso.example/realms/staff/protocol/openid-connect/auth\","
	    "\"token_endpoint\":\"https://sso.example/realms/staff/protocol/openid-connect/token\","
	    "\"jwks_uri\":\"https://sso.example/realms/staff/protocol/openid-connect/certs\","
	    "\"response_types_supported\":[\"code\",\"none\",\"id_token\",\"token\",\"code id_token token\"],"
	    "\"id_token_signing_alg_values_supported\":[\"PS384\",\"RS384\",\"EdDSA\",\"ES384\",\"HS256\",\"HS512\",\"ES256\",\"RS256\",\"HS384\",\"ES512\",\"PS256\",\"PS512\",\"RS512\"],"
	    "\"token_endpoint_auth_methods_supported\":[\"private_key_jwt\",\"client_secret_basic\",\"client_secret_post\",\"tls_client_auth\",\"client_secret_jwt\"],"
	    "\"code_challenge_methods_supported\":[\"plain\",\"S256\"],\"authorization_response_iss_parameter_supported\":true,"
	    "\"mtls_endpoint_aliases\":{\"token_endpoint\":\"https://sso.example/realms/staff/protocol/openid-connect/token\"}}",
	    OIDC_SET(OIDC_ALGORITHMS) - 1, true, true },
	{ "an issuer that ends in a slash", "https://alpha.example/",
	    "{\"issuer\":\"https://alpha.example/\",\"authorization_endpoint\":\"https://alpha.example/authorize\","
	    "\"token_endpoint\":\"https://alpha.example/oauth/token\",\"jwks_uri\":\"https://alpha.example/.well-known/jwks.json\","
	    "\"response_types_supported\":[\"code\"],\"id_token_signing_alg_values_supported\":[\"HS256\",\"RS256\",\"PS256\"],"
	    "\"token_endpoint_auth_methods_supported\":[\"client_secret_post\",\"none\"]}",
	    OIDC_SET(OIDC_RS256) | OIDC_SET(OIDC_PS256), false, false },
};

static void
takes_the_shapes_that_are_in_use(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct oidc_provider provider;
		struct cs_refusal why;

		if (!oidc_discovery_judge(
			arena, shapes[i].issuer, cs_span_str(shapes[i].text), &provider, &why))
			fail_msg("%s: got %s", shapes[i].name, why.code);
		assert_int_equal(provider.algorithms, shapes[i].algorithms);
		assert_int_equal(provider.basic, shapes[i].basic);
		assert_int_equal(provider.says_issuer, shapes[i].says_issuer);
	}
	cs_arena_free(arena);
}

static void
refuses_what_is_no_document(void **state)
{
	static const char *const texts[] = { "", "[]", "null", "{", "{}x",
		"{\"issuer\":\"\xff\"}" };
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider;
	char *large = cs_arena_alloc(arena, OIDC_DOCUMENT_MAX + 2);

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++)
		assert_false(oidc_discovery_read(arena, ISSUER, cs_span_str(texts[i]), &provider));
	memset(large, ' ', OIDC_DOCUMENT_MAX + 1);
	large[0] = '{';
	large[1] = '}';
	assert_true(
	    oidc_discovery_read(arena, ISSUER, cs_span_of(large, OIDC_DOCUMENT_MAX), &provider));
	assert_false(oidc_discovery_read(
	    arena, ISSUER, cs_span_of(large, OIDC_DOCUMENT_MAX + 1), &provider));
	cs_arena_free(arena);
}

static void
reads_what_a_login_needs(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider;

	(void)state;
	assert_true(
	    oidc_discovery_read(arena, ISSUER, cs_span_str(document(arena, "", NULL)), &provider));
	assert_int_equal(provider.algorithms, OIDC_SET(OIDC_RS256) | OIDC_SET(OIDC_ES384));
	assert_string_equal(provider.said[OIDC_TOKEN].text, BASE "t");
	assert_true(provider.basic && !provider.post && provider.s256 && !provider.says_issuer);
	assert_true(oidc_discovery_read(arena, ISSUER,
	    cs_span_str(document(arena, METHODS, "[\"client_secret_post\"]")), &provider));
	assert_true(!provider.basic && provider.post);
	assert_true(oidc_discovery_read(arena, ISSUER,
	    cs_span_str(document(arena, "authorization_response_iss_parameter_supported", "true")),
	    &provider));
	assert_true(provider.says_issuer);
	cs_arena_free(arena);
}

/* Where the provider itself is not under TLS, its endpoints need not be; nowhere else. */
static void
goes_without_tls_where_the_issuer_does(void **state)
{
	static const char text[] =
	    "{\"issuer\":\"http://127.0.0.1:8080\",\"authorization_endpoint\":\"http://127.0.0.1:8080/a\","
	    "\"token_endpoint\":\"https://127.0.0.1/t\",\"jwks_uri\":\"ftp://127.0.0.1/k\"}";
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider;

	(void)state;
	assert_true(
	    oidc_discovery_read(arena, "http://127.0.0.1:8080", cs_span_str(text), &provider));
	assert_int_equal(provider.said[OIDC_AUTHORIZATION].verdict, OIDC_GOOD);
	assert_int_equal(provider.said[OIDC_TOKEN].verdict, OIDC_GOOD);
	assert_int_equal(provider.said[OIDC_JWKS].verdict, OIDC_CLEAR);
	cs_arena_free(arena);
}

static void
knows_where_to_ask(void **state)
{
	static const struct {
		const char *text, *host, *target; /* NULL: nowhere */
		uint16_t port;
	} cases[] = {
		{ "https://idp.example", "idp.example", "/", 0 },
		{ "https://idp.example:8443/a/b", "idp.example", "/a/b", 8443 },
		{ "https://idp.example/t?p=1&q=%20", "idp.example", "/t?p=1&q=%20", 0 },
		{ "https://idp.example?p=1", "idp.example", "/?p=1", 0 },
		{ "https://idp.example/t?p=1#f", NULL, NULL, 0 },
		{ "https://idp.example/t?p=\x7f", NULL, NULL, 0 },
		{ "ldaps://idp.example/", NULL, NULL, 0 },
		{ "https://", NULL, NULL, 0 },
		{ "", NULL, NULL, 0 },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct oidc_place place;
		const bool good = oidc_place_parse(arena, cases[i].text, &place);

		if (good != (cases[i].host != NULL))
			fail_msg("%s: got %d", cases[i].text, good);
		if (!good)
			continue;
		assert_string_equal(place.url.host, cases[i].host);
		assert_string_equal(place.target, cases[i].target);
		assert_int_equal(place.url.port, cases[i].port);
	}
	assert_string_equal(oidc_discovery_path(arena, ""), "/.well-known/openid-configuration");
	assert_string_equal(
	    oidc_discovery_path(arena, "/a/"), "/a/.well-known/openid-configuration");
	cs_arena_free(arena);
}

static void
says_each_no_by_its_own_word(void **state)
{
	(void)state;
	assert_null(oidc_refusal_find("oidc"));
	for (enum oidc_no i = OIDC_FINE + 1; i < OIDC_NOS; i++) {
		const struct cs_refusal *why = oidc_refusal(i);

		assert_non_null(why->code);
		assert_memory_equal(why->code, "oidc-", 5);
		assert_true(why->field != NULL && why->field[0] != '\0');
		assert_true(why->clause != NULL && why->clause[0] != '\0');
		assert_true(why->text != NULL && why->text[0] != '\0');
		assert_true(why->mend != NULL && why->mend[0] != '\0');
		assert_ptr_equal(oidc_refusal_find(why->code), why);
		for (enum oidc_no k = OIDC_FINE + 1; k < i; k++)
			assert_string_not_equal(oidc_refusal(k)->code, why->code);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_documents),
		cmocka_unit_test(takes_the_shapes_that_are_in_use),
		cmocka_unit_test(refuses_what_is_no_document),
		cmocka_unit_test(reads_what_a_login_needs),
		cmocka_unit_test(goes_without_tls_where_the_issuer_does),
		cmocka_unit_test(knows_where_to_ask),
		cmocka_unit_test(says_each_no_by_its_own_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
