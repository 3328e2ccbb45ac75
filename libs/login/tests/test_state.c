/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to one login, and is known again when a browser brings it back. */
#include <string.h>

#include "check.h"
#include "login/state.h"

#define BOUND "https://idp.example/a\0ra"

static const uint8_t key_octets[LOGIN_KEY_MIN] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
static const struct cs_span bound = { (const uint8_t *)BOUND, sizeof(BOUND) };
static const struct cs_span key = { key_octets, sizeof(key_octets) };

/* Octets from `first` on. */
static struct cs_id
id_of(uint8_t first)
{
	struct cs_id id;

	for (size_t i = 0; i < sizeof(id.octets); i++)
		id.octets[i] = (uint8_t)(first + i);
	return id;
}

static const char *
state_of(struct cs_arena *arena, uint8_t request, uint8_t challenge, const char *owner)
{
	const struct login_named named = { id_of(request), id_of(challenge), login_crowd("alpha") };

	return login_state(arena, key, &named, owner);
}

/* Worked out with another program: replicas of two versions must understand each other. */
static void
makes_what_it_always_made(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *text = state_of(arena, 0x10, 0x80, "demo");
	const struct login_secrets secrets = login_secrets(arena, key, text, bound);

	(void)state;
	assert_string_equal(
	    text, "EBESExQVFhcYGRobHB0eH4CBgoOEhYaHiImKi4yNjo-O0_ataFvJzhlS3Z__THkWVnu7OOQu");
	assert_string_equal(secrets.nonce, "b72tGdR7La35cwEEJsgkmpbY3gx4CAKXnKYFzpNvuSM");
	assert_string_equal(secrets.verifier, "W8ymn1kPO0W0v-Ing_nicREtaa9JIR-uGe2l0ZdbrUE");
	assert_string_equal(secrets.request_id, "__jFq4Zjw7g2sThYbjTshNKHDbT_lc2Q8X_fC9ZMOwe4");
	assert_int_equal(strlen(text), LOGIN_STATE_TEXT);
	assert_int_equal(strlen(secrets.nonce), LOGIN_SECRET_TEXT);
	cs_arena_free(arena);
}

static void
knows_a_login_again(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct login_named named;

	(void)state;
	assert_true(login_state_read(arena, key, state_of(arena, 1, 2, "demo"), "demo", &named));
	assert_true(cs_id_equal(named.request, id_of(1)));
	assert_true(cs_id_equal(named.challenge, id_of(2)));
	assert_true(named.crowd == login_crowd("alpha"));
	assert_true(named.crowd != login_crowd("beta"));
	cs_arena_free(arena);
}

static void
knows_no_login_of_others(void **state)
{
	static const uint8_t other_octets[LOGIN_KEY_MIN] = { 1 };
	static const char *const owners[] = { "", "dem", "demo ", "Demo", "platform" };
	const struct cs_span other = { other_octets, sizeof(other_octets) };
	struct cs_arena *arena = cs_arena_new();
	const char *text = state_of(arena, 1, 2, "demo");
	struct login_named named = { .crowd = 0 };

	(void)state;
	for (size_t at = 0; at < LOGIN_STATE_TEXT; at++) {
		char *changed = cs_arena_strdup(arena, text);

		changed[at] = changed[at] == 'A' ? 'B' : 'A';
		assert_false(login_state_read(arena, key, changed, "demo", &named));
		changed[at] = '\0';
		assert_false(login_state_read(arena, key, changed, "demo", &named));
	}
	assert_false(
	    login_state_read(arena, key, cs_arena_printf(arena, "%s=", text), "demo", &named));
	assert_false(login_state_read(arena, other, text, "demo", &named));
	assert_false(login_state_read(arena, key, "", "demo", &named));
	/* What another's redirect URI was brought, or that of all. */
	for (size_t i = 0; i < COUNT(owners); i++)
		assert_false(login_state_read(arena, key, text, owners[i], &named));
	assert_true(
	    cs_id_is_zero(named.request) && cs_id_is_zero(named.challenge) && named.crowd == 0);
	cs_arena_free(arena);
}

static void
makes_each_login_another(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const char *texts[] = { state_of(arena, 1, 2, "demo"), state_of(arena, 2, 1, "demo"),
		state_of(arena, 1, 3, "demo"), state_of(arena, 1, 2, "platform") };
	const struct login_secrets secrets[] = { login_secrets(arena, key, texts[0], bound),
		login_secrets(arena, key, texts[1], bound),
		login_secrets(arena, key, texts[0], cs_span_str("https://idp.example/b")),
		login_secrets(arena, key, texts[0], cs_span_str("")) };

	(void)state;
	assert_string_not_equal(texts[0], texts[1]);
	assert_string_not_equal(texts[0], texts[2]);
	assert_string_not_equal(texts[0], texts[3]);
	for (size_t i = 0; i < COUNT(secrets); i++) {
		assert_string_not_equal(secrets[i].nonce, secrets[i].verifier);
		assert_string_not_equal(secrets[i].nonce, secrets[i].request_id + 1);
		assert_string_not_equal(secrets[i].verifier, secrets[i].request_id + 1);
		assert_null(strstr(texts[0], secrets[i].nonce));
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(secrets[i].nonce, secrets[k].nonce);
			assert_string_not_equal(secrets[i].request_id, secrets[k].request_id);
			assert_string_not_equal(secrets[i].verifier, secrets[k].verifier);
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
