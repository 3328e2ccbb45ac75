/* SPDX-License-Identifier: Apache-2.0 */
/* What a setting says, and who may say it. */
#include <string.h>

#include "tests/fake_claims.h"

static struct claim_setting
setting_of(struct fake_claims *c)
{
	static const char *const states[] = { "setting" };
	struct cs_err err = { 0 };

	c->rows[1].states = (struct claim_texts){ (const char **)states, 1 };
	if (fake_claims_reload(c, FAKE_ANN, FAKE_BOB, &err) != CS_OK)
		fail_msg("%s", err.text);
	return (struct claim_setting){
		.document = { { 1, 2, 3 } },
		.kind = "connector",
		.enterprise = "acme",
		.name = "relay",
		.version = 7,
		.spec = cs_span_str("{\"type\":\"smtp\"}"),
		.changed_at_ms = FAKE_NOW - 5000,
		.changed_by = "platform/root",
		.told_at_ms = FAKE_NOW,
	};
}

static enum cs_code
open_by(struct fake_claims *c, enum fake_key key, const struct claim_setting *setting,
    struct claim_setting *ret)
{
	struct cs_span sealed = claim_seal_setting(c->arena, c->keys[key], setting);

	return claim_open_setting(c->arena, c->trust, sealed, FAKE_NOW, ret, NULL);
}

static void
a_setting_survives_a_round_trip(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_setting setting = setting_of(c);
	struct claim_setting got;

	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_OK);
	assert_true(cs_id_equal(got.document, setting.document));
	assert_string_equal(got.kind, "connector");
	assert_string_equal(got.enterprise, "acme");
	assert_string_equal(got.name, "relay");
	assert_int_equal(got.version, 7);
	assert_false(got.deleted);
	assert_true(cs_span_equal(got.spec, setting.spec));
	assert_int_equal(got.changed_at_ms, setting.changed_at_ms);
	assert_string_equal(got.changed_by, "platform/root");
	assert_int_equal(got.told_at_ms, FAKE_NOW);
	struct cs_span sealed = claim_seal_setting(c->arena, c->keys[FAKE_POLICY], &setting);

	assert_int_equal(claim_statement_of(c->arena, sealed), CLAIM_SETTING);
}

static void
a_deleted_one_says_nothing_more(void **state)
{
	struct fake_claims *c = *state;
	struct claim_setting setting = setting_of(c), got;

	setting.deleted = true;
	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_MALFORMED);
	setting.spec = cs_span_str("");
	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_OK);
	assert_true(got.deleted);
	setting.deleted = false;
	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_MALFORMED);
}

static void
refuses_what_breaks_a_rule(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_setting good = setting_of(c);
	char *longest = cs_arena_alloc(c->arena, CLAIM_MAX_SPEC + 1);
	struct claim_setting bad[7], got;

	memset(longest, ' ', CLAIM_MAX_SPEC + 1);
	for (size_t i = 0; i < 7; i++)
		bad[i] = good;
	bad[0].version = 0;
	bad[1].kind = "";
	bad[2].enterprise = "";
	bad[3].name = "";
	bad[4].told_at_ms = good.changed_at_ms - 1;
	bad[5].spec = cs_span_of(longest, CLAIM_MAX_SPEC + 1);
	bad[6].spec = cs_span_str("\"\xff\"");
	for (size_t i = 0; i < 7; i++)
		if (open_by(c, FAKE_POLICY, &bad[i], &got) != CS_MALFORMED)
			fail_msg("row %zu was taken", i);
	bad[5].spec.len = CLAIM_MAX_SPEC;
	assert_int_equal(open_by(c, FAKE_POLICY, &bad[5], &got), CS_OK);
}

static void
only_a_key_for_settings_states_one(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_setting setting = setting_of(c);
	struct claim_setting got;

	assert_int_equal(open_by(c, FAKE_INTAKE, &setting, &got), CS_MALFORMED);
	assert_int_equal(open_by(c, FAKE_STRANGER, &setting, &got), CS_MALFORMED);
	struct cs_span plan = claim_seal_plan(c->arena, c->keys[FAKE_POLICY], &c->plan);

	assert_int_equal(
	    claim_open_setting(c->arena, NULL, plan, FAKE_NOW, &got, NULL), CS_MALFORMED);
}

static void
what_concerns_all_needs_a_key_for_all(void **state)
{
	static const char *const some[] = { "acme", "platform" };
	struct fake_claims *c = *state;
	struct claim_setting setting = setting_of(c), got;

	c->rows[1].enterprises = (struct claim_texts){ (const char **)some, 2 };
	assert_int_equal(fake_claims_reload(c, FAKE_ANN, FAKE_BOB, NULL), CS_OK);
	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_OK);
	setting.enterprise = CLAIM_PLATFORM;
	assert_int_equal(open_by(c, FAKE_POLICY, &setting, &got), CS_MALFORMED);
}

static void
every_flipped_octet_is_refused(void **state)
{
	struct fake_claims *c = *state;
	const struct claim_setting setting = setting_of(c);
	struct cs_span sealed = claim_seal_setting(c->arena, c->keys[FAKE_POLICY], &setting);
	uint8_t *octets = (uint8_t *)cs_arena_copy_span(c->arena, sealed).data;
	struct claim_setting got;

	for (size_t i = 0; i < sealed.len; i++) {
		octets[i] ^= 4;
		if (claim_open_setting(c->arena, c->trust, cs_span_of(octets, sealed.len), FAKE_NOW,
			&got, NULL) != CS_MALFORMED)
			fail_msg("octet %zu: got accepted", i);
		octets[i] ^= 4;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_claims_setup, fake_claims_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_setting_survives_a_round_trip),
		TEST(a_deleted_one_says_nothing_more),
		TEST(refuses_what_breaks_a_rule),
		TEST(only_a_key_for_settings_states_one),
		TEST(what_concerns_all_needs_a_key_for_all),
		TEST(every_flipped_octet_is_refused),
	};

	return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
