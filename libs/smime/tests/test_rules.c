/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "check.h"
#include "smime/rules.h"

static int64_t
at(const char *text)
{
	int64_t ms;
	struct cs_err err;

	assert_int_equal(cs_time_parse(text, &ms, &err), CS_OK);
	return ms;
}

/* The day before and the day of each change. */
static const struct {
	const char *name;
	enum smime_rule rule;
	const char *day; /* of the change */
	uint32_t before, from;
} changes[] = {
	{ "two remotes", SMIME_RULE_MPIC_MIN_REMOTES, "2025-03-15T00:00:00Z", 0, 2 },
	{ "three remotes", SMIME_RULE_MPIC_MIN_REMOTES, "2026-03-15T00:00:00Z", 2, 3 },
	{ "four remotes", SMIME_RULE_MPIC_MIN_REMOTES, "2026-06-15T00:00:00Z", 3, 4 },
	{ "five remotes", SMIME_RULE_MPIC_MIN_REMOTES, "2026-12-15T00:00:00Z", 4, 5 },
	{ "two regions", SMIME_RULE_MPIC_MIN_REGIONS, "2026-03-15T00:00:00Z", 0, 2 },
	{ "clean EKU", SMIME_RULE_EKU_CLEAN, "2027-07-01T00:00:00Z", 0, 1 },
	{ "CA certificates", SMIME_RULE_CA_RSA_BITS, "2026-09-15T00:00:00Z", 2048, 4096 },
	{ "issuing CAs", SMIME_RULE_ISSUER_RSA_BITS, "2027-09-15T00:00:00Z", 2048, 3072 },
	{ "CAA", SMIME_RULE_CAA_MANDATORY, "2025-03-15T00:00:00Z", 0, 1 },
	{ "DNSSEC", SMIME_RULE_CAA_DNSSEC, "2026-03-15T00:00:00Z", 0, 1 },
	{ "CAA parameters", SMIME_RULE_CAA_PARAMETERS, "2027-03-15T00:00:00Z", 0, 1 },
	{ "lint", SMIME_RULE_LINT_MANDATORY, "2025-09-15T00:00:00Z", 0, 1 },
	{ "ADN", SMIME_RULE_ADN_CNAME_FIRST, "2026-11-15T00:00:00Z", 0, 1 },
	{ "Legacy", SMIME_RULE_NO_LEGACY, "2025-07-15T00:00:00Z", 0, 1 },
	{ "SHA-1", SMIME_RULE_NO_SHA1, "2026-09-15T00:00:00Z", 0, 1 },
};

static void
rules_change_at_midnight(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		const int64_t day = at(changes[i].day);

		if (smime_rule_value(changes[i].rule, day - 1) != changes[i].before ||
		    smime_rule_value(changes[i].rule, day) != changes[i].from)
			fail_msg("%s: got %u and %u", changes[i].name,
			    smime_rule_value(changes[i].rule, day - 1),
			    smime_rule_value(changes[i].rule, day));
		assert_true(strlen(smime_rule_clause(changes[i].rule, day)) > 0);
	}
}

static void
the_table_is_in_order_and_each_row_is_tested(void **state)
{
	size_t n;
	const struct smime_dated_rule *rows = smime_rules(&n);

	(void)state;
	for (size_t i = 1; i < n; i++)
		assert_true(
		    rows[i].rule > rows[i - 1].rule ||
		    (rows[i].rule == rows[i - 1].rule && rows[i].from_ms > rows[i - 1].from_ms));
	size_t dated = 0;
	for (size_t i = 0; i < n; i++)
		dated += rows[i].from_ms != 0;
	assert_int_equal(dated, COUNT(changes));
	assert_int_equal(rows[n - 1].rule, SMIME_RULES - 1);
}

static void
a_quorum_is_the_primary_and_enough_remotes_in_enough_regions(void **state)
{
	static const struct {
		const char *name;
		struct smime_mpic_tally tally;
		const char *when;
		bool want;
	} cases[] = {
		{ "4 of 4", { true, 4, 4, 2 }, "2026-11-23T00:00:00Z", true },
		{ "3 of 4", { true, 4, 3, 2 }, "2026-11-23T00:00:00Z", true },
		{ "2 of 4", { true, 4, 2, 2 }, "2026-11-23T00:00:00Z", false },
		{ "3 of 3", { true, 3, 3, 3 }, "2026-11-23T00:00:00Z", false },
		{ "one region", { true, 4, 4, 1 }, "2026-11-23T00:00:00Z", false },
		{ "without the primary", { false, 4, 4, 3 }, "2026-11-23T00:00:00Z", false },
		{ "4 of 4, later", { true, 4, 4, 2 }, "2026-12-15T00:00:00Z", false },
		{ "4 of 5, later", { true, 5, 4, 2 }, "2026-12-15T00:00:00Z", true },
		{ "3 of 5, later", { true, 5, 3, 2 }, "2026-12-15T00:00:00Z", false },
		{ "4 of 6, later", { true, 6, 4, 2 }, "2026-12-15T00:00:00Z", true },
		{ "3 of 6, later", { true, 6, 3, 2 }, "2026-12-15T00:00:00Z", false },
		{ "9 of 12, later", { true, 12, 9, 2 }, "2026-12-15T00:00:00Z", false },
		{ "more than were asked", { true, 5, 6, 2 }, "2026-12-15T00:00:00Z", false },
		{ "a clock in the past", { true, 6, 6, 5 }, "1970-01-01T00:00:00Z", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (smime_rule_mpic_quorum(&cases[i].tally, at(cases[i].when)) != cases[i].want)
			fail_msg("%s", cases[i].name);
}

static void
domain_methods_end_on_their_days(void **state)
{
	static const uint32_t never[] = { 0, 1, 2, 3, 5, 6, 8, 9, 10, 11, 15, 16, 17, 23 };
	const int64_t now = at("2027-03-15T00:00:00Z"), later = at("2028-03-15T00:00:00Z");

	(void)state;
	for (size_t i = 0; i < COUNT(never); i++)
		assert_false(smime_rule_domain_method_usable(never[i], now));
	assert_true(smime_rule_domain_method_usable(4, later - 1));
	assert_false(smime_rule_domain_method_usable(4, later));
	assert_true(smime_rule_domain_method_usable(7, later));
	assert_true(smime_domain_method_find(7)->covers_below);
	assert_false(smime_domain_method_find(18)->covers_below);
	assert_false(smime_domain_method_find(22)->may_follow_cname);
	assert_false(smime_domain_method_find(4)->needs_mpic);
}

static void
a_second_too_much_is_another_day(void **state)
{
	const int64_t from = at("2026-11-23T00:00:00Z") / 1000;
	const int64_t last = at("2029-02-24T23:59:59Z") / 1000;

	(void)state;
	assert_int_equal(smime_rule_not_after_s(from, 825), last);
	assert_int_equal(smime_rule_validity_days(from, last), 825);
	assert_int_equal(smime_rule_validity_days(from, last + 1), 826);
	assert_int_equal(smime_rule_validity_days(from, from), 1);
	assert_int_equal(smime_rule_validity_days(from, from - 1), 0);
}

static void
proofs_live_as_long_as_the_rules_say(void **state)
{
	(void)state;
	assert_int_equal(smime_rule_reuse_ms(SMIME_PROOF_MAILBOX), 30 * CS_DAY_MS);
	assert_int_equal(smime_rule_reuse_ms(SMIME_PROOF_MAILBOX_ACME), 0);
	assert_int_equal(smime_rule_reuse_ms(SMIME_PROOF_DOMAIN), 398 * CS_DAY_MS);
	assert_int_equal(smime_rule_reuse_ms(SMIME_PROOF_DOMAIN_22), 10 * CS_DAY_MS);
	assert_int_equal(smime_rule_reuse_ms(SMIME_PROOF_ORGANIZATION), 825 * CS_DAY_MS);
	assert_true(smime_rule_reuse_ms(SMIME_PROOF_CAA) < SMIME_CAA_WINDOW_MS);
}

static void
every_rule_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int rule = 0; rule < SMIME_RULES; rule++) {
		assert_non_null(smime_rule_name((enum smime_rule)rule));
		assert_true(strlen(smime_rule_says((enum smime_rule)rule)) > 0);
		for (int other = 0; other < rule; other++)
			assert_string_not_equal(smime_rule_name((enum smime_rule)rule),
			    smime_rule_name((enum smime_rule)other));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_change_at_midnight),
		cmocka_unit_test(the_table_is_in_order_and_each_row_is_tested),
		cmocka_unit_test(a_quorum_is_the_primary_and_enough_remotes_in_enough_regions),
		cmocka_unit_test(domain_methods_end_on_their_days),
		cmocka_unit_test(a_second_too_much_is_another_day),
		cmocka_unit_test(proofs_live_as_long_as_the_rules_say),
		cmocka_unit_test(every_rule_has_a_name_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
