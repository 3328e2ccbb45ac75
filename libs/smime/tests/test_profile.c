/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "smime/profile.h"

static const struct smime_profile *
profile(const char *name)
{
	const struct smime_profile *found = smime_profile_find(name);

	if (found == NULL)
		fail_msg("no profile %s", name);
	return found;
}

static void
every_public_profile_follows_its_generation(void **state)
{
	size_t n, public = 0;
	const struct smime_profile *profiles = smime_profiles(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct smime_profile *p = &profiles[i];
		char oid[32];

		assert_ptr_equal(smime_profile_find(p->name), p);
		if (p->trust != SMIME_TRUST_PUBLIC)
			continue;
		public++;
		snprintf(oid, sizeof(oid), "2.23.140.1.5.%d.%d", (int)p->type + 1,
		    p->generation == SMIME_MULTIPURPOSE ? 2 : 3);
		assert_string_equal(p->policy_oid, oid);
		assert_ptr_equal(smime_profile_of_policy(oid), p);
		assert_int_equal(p->max_days, 825);
		assert_true(p->default_days < p->max_days);
		assert_int_equal(p->names[SMIME_SAN_DNS], SMIME_MUST_NOT);
		assert_false(smime_allows_key(p, SMIME_KEY_ED25519));
		assert_false(smime_allows_key(p, SMIME_KEY_ED448));
		if (p->generation == SMIME_STRICT) {
			assert_int_equal(p->purposes[SMIME_CLIENT_AUTH], SMIME_MUST_NOT);
			assert_int_equal(p->subject[SMIME_STREET], SMIME_MUST_NOT);
			assert_int_equal(p->subject[SMIME_POSTAL_CODE], SMIME_MUST_NOT);
		}
	}
	assert_int_equal(public, 8);
	for (int a = 0; a < SMIME_ATTRIBUTES; a++)
		assert_int_equal(profile("mailbox-strict")->subject[a] != SMIME_MUST_NOT,
		    a == SMIME_CN || a == SMIME_EMAIL || a == SMIME_SERIAL_NUMBER);
}

static void
a_private_profile_names_no_reserved_policy(void **state)
{
	static const char *const names[] = { "private-mailbox", "private-person",
		"private-details" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const struct smime_profile *p = profile(names[i]);

		assert_int_equal(p->trust, SMIME_TRUST_PRIVATE);
		assert_null(p->policy_oid);
		assert_int_equal(p->names[SMIME_SAN_DNS], SMIME_MAY);
		assert_true(smime_allows_key(p, SMIME_KEY_ED25519));
		assert_true(smime_allows_key(p, SMIME_KEY_ED448));
	}
}

static void
legacy_is_refused_by_its_clause(void **state)
{
	static const char *const types[] = { "mailbox", "organization", "sponsor", "individual" };
	const char *clause;

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		char name[64], oid[32];

		snprintf(name, sizeof(name), "%s-legacy", types[i]);
		snprintf(oid, sizeof(oid), "2.23.140.1.5.%zu.1", i + 1);
		assert_null(smime_profile_find(name));
		assert_null(smime_profile_of_policy(oid));
		assert_non_null(strstr(smime_profile_refusal(name, &clause), "2025-07-15"));
		assert_string_equal(clause, "SBR 7.1.6.1");
	}
	assert_non_null(
	    strstr(smime_profile_refusal("mailbox", &clause), "no certificate profile"));
	assert_string_equal(clause, "");
}

/* SBR 7.1.2.3 e: what each key may do for each use, in every profile. */
static void
key_usage_follows_the_key(void **state)
{
	static const uint16_t all[SMIME_KEYS][SMIME_USES] = {
		[SMIME_KEY_RSA] = { 0x05, 0x01, 0x04 },
		[SMIME_KEY_EC] = { 0x11, 0x01, 0x10 },
		[SMIME_KEY_ED25519] = { 0, 0x01, 0 },
		[SMIME_KEY_ED448] = { 0, 0x01, 0 },
	};
	size_t n;
	const struct smime_profile *profiles = smime_profiles(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		for (int key = 0; key < SMIME_KEYS; key++) {
			const bool allowed = key == SMIME_KEY_RSA || key == SMIME_KEY_EC ||
					     profiles[i].trust == SMIME_TRUST_PRIVATE;

			for (int use = 0; use < SMIME_USES; use++) {
				const unsigned got = smime_key_usage(
				    &profiles[i], (enum smime_key)key, (enum smime_use)use);

				if (got != (allowed ? all[key][use] : 0))
					fail_msg("%s %s %s: got %#x", profiles[i].name,
					    smime_key_name((enum smime_key)key),
					    smime_use_name((enum smime_use)use), got);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_public_profile_follows_its_generation),
		cmocka_unit_test(a_private_profile_names_no_reserved_policy),
		cmocka_unit_test(legacy_is_refused_by_its_clause),
		cmocka_unit_test(key_usage_follows_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
