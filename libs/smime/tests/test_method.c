/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/time.h"
#include "check.h"
#include "smime/method.h"

/* As of 2026-11-28: name, clause, below, prune, days that a proof serves. */
static const struct {
	const char *name, *clause;
	bool below, prune;
	int64_t days;
} rows[] = {
	{ "dns-txt", "TBR 3.2.2.4.7", true, true, 398 },
	{ "dns-cname", "TBR 3.2.2.4.7", true, true, 398 },
	{ "dns-persist", "TBR 3.2.2.4.22", true, true, 10 },
	{ "http-file", "TBR 3.2.2.4.18", false, false, 398 },
	{ "acme-http", "TBR 3.2.2.4.19", false, false, 398 },
	{ "acme-tls-alpn", "TBR 3.2.2.4.20", false, false, 398 },
	{ "mx-dns-txt", "SBR 3.2.2.3; TBR 3.2.2.4.7", false, false, 398 },
	{ "mx-http-file", "SBR 3.2.2.3; TBR 3.2.2.4.18", false, false, 398 },
	{ "email-token", "SBR 3.2.2.2", false, false, 30 },
	{ "email-reply", "SBR 3.2.2.4; RFC 8823", false, false, 0 },
};

static void
each_method_says_what_its_proof_is_worth(void **state)
{
	size_t n;

	(void)state;
	(void)smime_methods(&n);
	assert_int_equal(n, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct smime_method *method = smime_method_find(rows[i].name);

		assert_non_null(method);
		assert_string_equal(method->clause, rows[i].clause);
		assert_int_equal(smime_method_covers_below(method), rows[i].below);
		assert_int_equal(smime_method_may_prune(method), rows[i].prune);
		assert_true(smime_rule_reuse_ms(method->reuse) == rows[i].days * CS_DAY_MS);
		assert_true(smime_method_usable(method, INT64_C(1795824000000)));
		assert_non_null(method->caa_labels[0]);
	}
	assert_null(smime_method_find("dns"));
	assert_null(smime_method_find(""));
}

/* TBR 3.2.2.4: .4, .13 and .14 end on 2028-03-15, with the evidence that they made. */
static void
a_method_retires_with_its_evidence(void **state)
{
	const struct smime_method old = { .name = "old", .target = SMIME_TARGET_DOMAIN, .tbr = 4 };
	const struct smime_method gone = {
		.name = "gone", .target = SMIME_TARGET_DOMAIN, .tbr = 8
	};
	int64_t end;
	struct cs_err err;

	(void)state;
	assert_int_equal(cs_time_parse("2028-03-15T00:00:00Z", &end, &err), CS_OK);
	assert_true(smime_method_usable(&old, end - 1));
	assert_false(smime_method_usable(&old, end));
	assert_false(smime_method_usable(&gone, 0));
}

static void
an_account_has_a_name_in_dns(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	assert_string_equal(smime_account_uri(arena, "acme", "ca.example"), "acct:acme@ca.example");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_method_says_what_its_proof_is_worth),
		cmocka_unit_test(a_method_retires_with_its_evidence),
		cmocka_unit_test(an_account_has_a_name_in_dns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
