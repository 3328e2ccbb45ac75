/* SPDX-License-Identifier: Apache-2.0 */
/* How people are sent to a provider, what comes back, and what a code is exchanged with. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "oidc/ask.h"

/* RFC 7636 B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static struct oidc_provider
provider_of(const char *authorization)
{
	return (struct oidc_provider){ .issuer = "https://idp.example",
		.said = { [OIDC_AUTHORIZATION] = { OIDC_GOOD, authorization } },
		.basic = true };
}

static void
makes_challenges_as_rfc_7636_does(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	assert_int_equal(strlen(VERIFIER), OIDC_RANDOM_TEXT);
	assert_string_equal(oidc_challenge(arena, VERIFIER), CHALLENGE);
	cs_arena_free(arena);
}

static void
sends_people_to_the_provider(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider = provider_of("https://idp.example/a");
	struct oidc_request request = { .client_id = "a b&c=\xc3\xa9",
		.redirect_uri = "https://ra.example/second-factor?x=1",
		.state = "s-1_2",
		.nonce = "n~",
		.verifier = VERIFIER,
		.max_age_s = 300 };

	(void)state;
	assert_string_equal(oidc_authorization_url(arena, &provider, &request),
	    "https://idp.example/a?response_type=code&scope=openid&client_id=a+b%26c%3D%C3%A9"
	    "&redirect_uri=https%3A%2F%2Fra.example%2Fsecond-factor%3Fx%3D1&state=s-1_2&nonce=n%7E"
	    "&prompt=login&max_age=300&code_challenge=" CHALLENGE "&code_challenge_method=S256");
	provider = provider_of("https://idp.example/a?p=B2C_1");
	request.hint = "alice@alpha.example";
	const char *url = oidc_authorization_url(arena, &provider, &request);

	assert_ptr_equal(strstr(url, "https://idp.example/a?p=B2C_1&response_type=code&"), url);
	assert_non_null(strstr(url, "&login_hint=alice%40alpha.example"));
	assert_null(strstr(url, VERIFIER));
	static const char *const scopes[][2] = { { "sub", "&scope=openid&" },
		{ "oid", "&scope=openid+profile&" }, { "email", "&scope=openid+email&" } };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		request.claim = scopes[i][0];
		assert_non_null(
		    strstr(oidc_authorization_url(arena, &provider, &request), scopes[i][1]));
	}
	cs_arena_free(arena);
}

/* Each octet three times as long: there is room. */
static void
has_room_for_the_longest_request(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct oidc_provider provider = provider_of("https://idp.example/a");
	char text[CONNECTOR_ENDPOINT_MAX + 1];

	(void)state;
	memset(text, '/', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	const struct oidc_request request = { text, text, text, text, VERIFIER, UINT32_MAX, text,
		text };

	assert_true(strlen(oidc_authorization_url(arena, &provider, &request)) >
		    5 * 3 * CONNECTOR_ENDPOINT_MAX);
	cs_arena_free(arena);
}

static void
takes_codes_of_the_provider_alone(void **state)
{
	static char longest[OIDC_CODE_MAX + 1], longer[OIDC_CODE_MAX + 2];
	const struct {
		const char *name;
		bool says_issuer;
		struct oidc_redirect redirect;
		const char *want;
	} cases[] = {
		{ "good", false, { .code = "c", .state = "s" }, NULL },
		{ "good, named", true, { .code = "c", .issuer = "https://idp.example" }, NULL },
		{ "good, named beside", false, { .code = "c", .issuer = "https://idp.example" },
		    NULL },
		{ "longest", false, { .code = longest }, NULL },
		{ "longer", false, { .code = longer }, "oidc-redirect" },
		{ "no code", false, { .state = "s" }, "oidc-redirect" },
		{ "empty code", false, { .code = "" }, "oidc-redirect" },
		{ "code with a line end", false, { .code = "a\nb" }, "oidc-redirect" },
		{ "code of other letters", false, { .code = "\xc3\xa9" }, "oidc-redirect" },
		{ "not named", true, { .code = "c" }, "oidc-redirect-issuer" },
		{ "another's", false, { .code = "c", .issuer = "https://evil.example" },
		    "oidc-redirect-issuer" },
		{ "denied", false, { .error = "access_denied" }, "oidc-denied" },
		{ "denied with a code", false, { .code = "c", .error = "x" }, "oidc-denied" },
		{ "denied by another", true, { .error = "x", .issuer = "https://evil.example" },
		    "oidc-redirect-issuer" },
	};

	(void)state;
	memset(longest, 'c', sizeof(longest) - 1);
	memset(longer, 'c', sizeof(longer) - 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct oidc_provider provider = provider_of("https://idp.example/a");
		struct cs_refusal why = { .code = NULL };

		provider.says_issuer = cases[i].says_issuer;
		const bool good = oidc_redirect_judge(&provider, &cases[i].redirect, &why);

		if (good != (cases[i].want == NULL) ||
		    (!good && strcmp(why.code, cases[i].want) != 0))
			fail_msg("%s: got %s", cases[i].name, good ? "good" : why.code);
	}
}

static const struct oidc_exchange exchange = { .client_id = "cs:1",
	.secret = " %&+\xc2\xa3\xe2\x82\xac", /* RFC 6749 B */
	.redirect_uri = "https://ra.example/x",
	.code = "SplxlOBeZQQYbYS6WxSbIA",
	.verifier = VERIFIER };

static void
shows_the_secret_as_the_provider_takes_it(void **state)
{
	static const char basic[] = "Authorization: Basic ";
	static struct oidc_question question;
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider = provider_of("https://idp.example/a");
	struct cs_span pair;

	(void)state;
	assert_true(oidc_token_question(arena, &provider, &exchange, &question));
	assert_string_equal(question.body,
	    "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA&redirect_uri="
	    "https%3A%2F%2Fra.example%2Fx&code_verifier=" VERIFIER);
	assert_memory_equal(question.field, basic, sizeof(basic) - 1);
	assert_true(
	    cs_base64_decode(arena, cs_span_str(question.field + sizeof(basic) - 1), &pair));
	assert_true(cs_span_is(pair, "cs%3A1:+%25%26%2B%C2%A3%E2%82%AC"));
	provider.basic = false;
	provider.post = true;
	assert_true(oidc_token_question(arena, &provider, &exchange, &question));
	assert_string_equal(question.field, "");
	assert_non_null(
	    strstr(question.body, "&client_id=cs%3A1&client_secret=+%25%26%2B%C2%A3%E2%82%AC"));
	cs_arena_free(arena);
}

static void
bounds_what_is_sent(void **state)
{
	static struct oidc_question question;
	static char code[OIDC_CODE_MAX + 2], uri[CONNECTOR_ENDPOINT_MAX + 1],
	    id[CONNECTOR_USERNAME_MAX + 1], secret[CONNECTOR_SECRET_MAX + 1];
	struct cs_arena *arena = cs_arena_new();
	struct oidc_provider provider = provider_of("https://idp.example/a");
	const struct oidc_exchange longest = { id, secret, uri, code, VERIFIER };

	(void)state;
	memset(code, '/', sizeof(code) - 2);
	memset(uri, '/', sizeof(uri) - 1);
	memset(id, '/', sizeof(id) - 1);
	memset(secret, '/', sizeof(secret) - 1);
	assert_true(oidc_token_question(arena, &provider, &longest, &question));
	provider.basic = false;
	assert_true(oidc_token_question(arena, &provider, &longest, &question));
	assert_true(strlen(question.body) > 3 * (sizeof(code) + sizeof(uri) + sizeof(secret)));
	code[OIDC_CODE_MAX] = '/';
	assert_false(oidc_token_question(arena, &provider, &longest, &question));
	assert_string_equal(question.body, "");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_challenges_as_rfc_7636_does),
		cmocka_unit_test(sends_people_to_the_provider),
		cmocka_unit_test(has_room_for_the_longest_request),
		cmocka_unit_test(takes_codes_of_the_provider_alone),
		cmocka_unit_test(shows_the_secret_as_the_provider_takes_it),
		cmocka_unit_test(bounds_what_is_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
