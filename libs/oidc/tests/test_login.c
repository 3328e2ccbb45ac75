/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to one login, and is known again when a browser brings it back. */
#include <string.h>

#include "check.h"
#include "oidc/login.h"

#define NOW INT64_C(1800000000000)

static const uint8_t key_octets[OIDC_LOGIN_KEY_MIN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
	13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
static const struct cs_span key = { key_octets, sizeof(key_octets) };
static const struct cs_span bound = { (const uint8_t *)"request\0alice", 13 };

static struct oidc_login
begin(struct cs_arena *arena, uint8_t random, struct cs_span of)
{
	uint8_t octets[OIDC_RANDOM];
	struct oidc_login login;

	memset(octets, random, sizeof(octets));
	oidc_login_begin(arena, key, NOW, octets, of, &login);
	return login;
}

/* Worked out with another program: replicas of two versions must understand each other. */
static void
makes_what_it_always_made(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct oidc_login login = begin(arena, 7, bound);

	(void)state;
	assert_string_equal(
	    login.state, "AaMYXFAAdAucE-IgvsyjnHN2r03YJIV-js_5qO4DrFdFMAnrCplgYL5gQrM9_XgS");
	assert_string_equal(login.nonce, "pcyo2THOFFKhKTEP6Y-ddoFho3w0y4UUbDU_nQ0L87E");
	assert_string_equal(login.verifier, "5KYF-DYBlsaRMzEz3-nSScvq1g5tgqVvbqP65UPqI_k");
	assert_int_equal(login.began_ms, NOW);
	assert_int_equal(strlen(login.state), OIDC_STATE_TEXT);
	assert_int_equal(strlen(login.verifier), OIDC_RANDOM_TEXT);
	cs_arena_free(arena);
}

static void
knows_a_login_again(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct oidc_login login = begin(arena, 7, bound);
	struct oidc_login again;

	(void)state;
	assert_true(oidc_login_resume(arena, key, login.state, bound, &again));
	assert_true(cs_id_equal(again.id, login.id));
	assert_int_equal(again.began_ms, NOW);
	assert_string_equal(again.state, login.state);
	assert_string_equal(again.nonce, login.nonce);
	assert_string_equal(again.verifier, login.verifier);
	cs_arena_free(arena);
}

static void
knows_no_login_of_others(void **state)
{
	static const uint8_t other_octets[OIDC_LOGIN_KEY_MIN] = { 1 };
	const struct cs_span other = { other_octets, sizeof(other_octets) };
	struct cs_arena *arena = cs_arena_new();
	const struct oidc_login login = begin(arena, 7, bound);
	struct oidc_login again = { .state = NULL };

	(void)state;
	for (size_t at = 0; at < OIDC_STATE_TEXT; at++) {
		char *changed = cs_arena_strdup(arena, login.state);

		changed[at] = changed[at] == 'A' ? 'B' : 'A';
		assert_false(oidc_login_resume(arena, key, changed, bound, &again));
		changed[at] = '\0';
		assert_false(oidc_login_resume(arena, key, changed, bound, &again));
	}
	assert_false(oidc_login_resume(
	    arena, key, cs_arena_printf(arena, "%s=", login.state), bound, &again));
	assert_false(oidc_login_resume(arena, key, login.state, cs_span_str("request"), &again));
	assert_false(oidc_login_resume(arena, key, login.state, cs_span_of(NULL, 0), &again));
	assert_false(oidc_login_resume(arena, other, login.state, bound, &again));
	assert_false(oidc_login_resume(arena, key, "", bound, &again));
	assert_null(again.state);
	cs_arena_free(arena);
}

static void
makes_each_login_another(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct oidc_login logins[] = { begin(arena, 7, bound), begin(arena, 8, bound),
		begin(arena, 7, cs_span_str("request")) };

	(void)state;
	for (size_t i = 0; i < COUNT(logins); i++) {
		assert_string_not_equal(logins[i].nonce, logins[i].verifier);
		assert_null(strstr(logins[i].state, logins[i].nonce));
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(logins[i].state, logins[k].state);
			assert_string_not_equal(logins[i].nonce, logins[k].nonce);
			assert_string_not_equal(logins[i].verifier, logins[k].verifier);
		}
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_what_it_always_made),
		cmocka_unit_test(knows_a_login_again),
		cmocka_unit_test(knows_no_login_of_others),
		cmocka_unit_test(makes_each_login_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
