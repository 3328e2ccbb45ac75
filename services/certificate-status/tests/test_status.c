/* SPDX-License-Identifier: Apache-2.0 */
/* The rules as tables; boundaries in pairs. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "status.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define HOUR INT64_C(3600)
#define DAY (24 * HOUR)
#define NOW INT64_C(1795437296)

/* ---- what is true when several things were said ---- */

static const struct status_facts said[] = {
	{ false, 0, 0, 900 },  /* issued */
	{ true, 6, 100, 900 }, /* on hold */
	{ true, 4, 300, 900 }, /* superseded */
	{ true, 4, 200, 900 }, /* the same, earlier */
	{ true, 0, 200, 900 }, /* as early, without a reason */
	{ true, 1, 500, 900 }, /* key compromise, later */
	{ true, 1, 400, 0 },   /* earlier, as a CRL has it */
};

static void
the_worst_wins_in_whatever_order(void **state)
{
	static const size_t want[LEN(said)] = { 0, 1, 2, 3, 3, 5, 6 };

	(void)state;
	for (size_t n = 1; n <= LEN(said); n++)
		for (size_t first = 0; first < n; first++) {
			struct status_facts got = said[first];

			for (size_t i = 0; i < 2 * n; i++) /* each twice, from another one on */
				got = status_merge(&got, &said[(first + i) % n]);
			const struct status_facts *w = &said[want[n - 1]];
			if (got.revoked != w->revoked || got.reason != w->reason ||
			    got.revoked_at_ms != w->revoked_at_ms || got.not_after_ms != 900)
				fail_msg("the first %zu from %zu on: got reason %u at %lld", n,
				    first, (unsigned)got.reason, (long long)got.revoked_at_ms);
		}
	assert_int_equal(status_merge(NULL, &said[2]).revoked_at_ms, 300);
}

static void
knows_the_reasons_of_entries(void **state)
{
	(void)state;
	for (uint32_t reason = 0; reason < 20; reason++)
		assert_int_equal(status_is_reason(reason),
		    reason == 0 || reason == 1 || (reason >= 3 && reason <= 6) || reason == 9);
}

/* ---- how long an answer lasts ---- */

static const struct {
	const char *name;
	struct status_rules rules;
	bool good;
} rules[] = {
	{ "as shipped", { 72 * HOUR, 12 * HOUR, HOUR }, true },
	{ "shortest", { 8 * HOUR, 4 * HOUR, HOUR }, true },
	{ "too short", { 8 * HOUR - 1, HOUR, HOUR }, false },
	{ "longest", { 10 * DAY, 4 * DAY, HOUR }, true },
	{ "too long", { 10 * DAY + 1, DAY, HOUR }, false },
	{ "below 16 hours, replaced after half", { 15 * HOUR, 7 * HOUR + HOUR / 2, HOUR }, true },
	{ "below 16 hours, later", { 15 * HOUR, 7 * HOUR + HOUR / 2 + 1, HOUR }, false },
	{ "16 hours, 8 before the end", { 16 * HOUR, 8 * HOUR, HOUR }, true },
	{ "16 hours, less before the end", { 16 * HOUR, 8 * HOUR + 1, HOUR }, false },
	{ "replaced after more than 4 days", { 10 * DAY, 4 * DAY + 1, HOUR }, false },
};

static void
keeps_sbr_4_9_10(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rules); i++)
		if ((status_rules_fault(&rules[i].rules) == NULL) != rules[i].good)
			fail_msg(
			    "%s: got %s", rules[i].name, rules[i].good ? "refused" : "accepted");
}

static const struct status_rules shipped = { 72 * HOUR, 12 * HOUR, HOUR };

static const struct {
	const char *name;
	int64_t known_s, end_s;
	enum status_can want;
	int64_t from_s, until_s;
} times[] = {
	{ "all is known", NOW, NOW + 90 * DAY, STATUS_CAN, NOW, NOW + 72 * HOUR },
	{ "knowledge of the future", NOW + 5, NOW + 90 * DAY, STATUS_CAN, NOW, NOW + 72 * HOUR },
	{ "knowledge of a day ago", NOW - DAY, NOW + 90 * DAY, STATUS_CAN, NOW - DAY,
	    NOW + 48 * HOUR },
	{ "the last second", NOW - 72 * HOUR + 1, NOW + 90 * DAY, STATUS_CAN, NOW - 72 * HOUR + 1,
	    NOW + 1 },
	{ "knowledge too old", NOW - 72 * HOUR, NOW + 90 * DAY, STATUS_KNOWLEDGE_OLD, 0, 0 },
	{ "never loaded", 0, NOW + 90 * DAY, STATUS_KNOWLEDGE_OLD, 0, 0 },
	{ "the responder ends in a day", NOW, NOW + DAY, STATUS_CAN, NOW, NOW + DAY },
	{ "in 8 hours", NOW, NOW + 8 * HOUR, STATUS_CAN, NOW, NOW + 8 * HOUR },
	{ "in less", NOW, NOW + 8 * HOUR - 1, STATUS_RESPONDER_ENDS, 0, 0 },
	{ "it has ended", NOW - DAY, NOW, STATUS_RESPONDER_ENDS, 0, 0 },
};

static void
nothing_is_known_beyond_what_the_ca_said_last(void **state)
{
	const struct status_times fresh = { NOW - DAY, NOW + 6 * DAY },
				  stale = { NOW - 8 * DAY, NOW - DAY };

	(void)state;
	assert_int_equal(status_known_s(NOW, NULL), NOW);
	assert_int_equal(status_known_s(NOW, &fresh), NOW);
	assert_int_equal(status_known_s(NOW, &stale), NOW - DAY);
	assert_int_equal(status_known_s(NOW - 2 * DAY, &stale), NOW - 2 * DAY);
}

static void
an_answer_lasts_no_longer_than_what_it_rests_on(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(times); i++) {
		struct status_times got = { 0 };
		enum status_can can =
		    status_times(&shipped, NOW, times[i].known_s, times[i].end_s, &got);

		if (can != times[i].want || got.this_update_s != times[i].from_s ||
		    got.next_update_s != times[i].until_s)
			fail_msg("%s: got %d from %lld to %lld", times[i].name, (int)can,
			    (long long)(got.this_update_s - NOW),
			    (long long)(got.next_update_s - NOW));
	}
}

static void
unknown_lasts_as_short_as_the_rules_allow(void **state)
{
	const struct status_times fresh = { NOW, NOW + 72 * HOUR },
				  old = { NOW - 70 * HOUR, NOW + 2 * HOUR };

	(void)state;
	assert_int_equal(status_unknown_until(&fresh, NOW), NOW + 8 * HOUR);
	assert_int_equal(status_unknown_until(&old, NOW), NOW + 2 * HOUR);
}

static void
an_old_answer_is_replaced_when_more_is_known(void **state)
{
	const struct status_times kept = { NOW, NOW + 72 * HOUR };

	(void)state;
	assert_false(status_must_renew(&shipped, &kept, NOW + 12 * HOUR - 1));
	assert_true(status_must_renew(&shipped, &kept, NOW + 12 * HOUR));
	assert_false(status_must_renew(&shipped, &kept, NOW)); /* the database is away */
	assert_int_equal(status_max_age(&shipped, NOW + 72 * HOUR, NOW), HOUR);
	assert_int_equal(status_max_age(&shipped, NOW + 10, NOW), 10);
	assert_int_equal(status_max_age(&shipped, NOW - 10, NOW), 0);
}

static void
an_old_crl_is_stale(void **state)
{
	const struct status_times crl = { NOW, NOW + 10 * DAY };

	(void)state;
	assert_false(status_crl_is_stale(&crl, NOW + 7 * DAY, false));
	assert_true(status_crl_is_stale(&crl, NOW + 7 * DAY + 1, false));
	assert_false(status_crl_is_stale(&crl, NOW + 10 * DAY, true));
	assert_true(status_crl_is_stale(&crl, NOW + 10 * DAY + 1, true));
}

/* ---- names ---- */

static const struct {
	const char *name;
	bool of_partition, good;
	size_t len;
	uint32_t partition;
} names[] = {
	{ "issuing-1.crl", false, true, 9, 0 },
	{ "issuing-1.crl", true, true, 7, 1 },
	{ "issuing-1-1024.crl", true, true, 9, 1024 },
	{ "issuing-1-1025.crl", true, false, 0, 0 },
	{ "issuing-1-10000.crl", true, false, 0, 0 },
	{ "issuing.2-3.crl", true, true, 9, 3 },
	{ ".root.crl", false, false, 0, 0 },
	{ "issuing-1-01.crl", true, false, 0, 0 },
	{ "issuing-1-0.crl", true, false, 0, 0 },
	{ "issuing-1-.crl", true, false, 0, 0 },
	{ "root.crl", true, false, 0, 0 },
	{ "-1.crl", true, false, 0, 0 },
	{ ".crl", false, false, 0, 0 },
	{ "Root.crl", false, false, 0, 0 },
	{ "ro/ot.crl", false, false, 0, 0 },
	{ "root.crl.crl", false, true, 8, 0 },
	{ "root", false, false, 0, 0 },
	{ "", false, false, 0, 0 },
};

static void
reads_the_names_of_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		size_t len = 0;
		uint32_t partition = 0;
		const bool good =
		    status_crl_name(names[i].name, names[i].of_partition, &len, &partition);

		if (good != names[i].good ||
		    (good && (len != names[i].len || partition != names[i].partition)))
			fail_msg(
			    "%s: got %d %zu %u", names[i].name, good, len, (unsigned)partition);
	}
	assert_true(status_url_is_of("http://crl.example/crl/issuing-1-3.crl", "issuing-1", 3));
	assert_false(status_url_is_of("http://crl.example/crl/issuing-1-3.crl", "issuing-1", 5));
	assert_true(status_url_is_of("http://crl.example/crl/other-3.crl", "issuing-1", 5));
	assert_true(status_url_is_of("http://crl.example/three", "issuing-1", 5));
	assert_true(status_is_label("a", 1) && status_is_label("issuing.1", 9));
	assert_false(status_is_label(".a", 2));
	assert_false(status_is_label("a\0", 2));
}

static void
signing_has_its_share_of_each_second(void **state)
{
	struct status_spent spent = { 0 };

	(void)state;
	assert_true(status_has_time(&spent, 5000000, 1));
	spent.spent_us += 9999;
	assert_true(status_has_time(&spent, 5000001, 1));
	spent.spent_us += 1;
	assert_false(status_has_time(&spent, 5999999, 1)); /* what nobody asked for waits */
	assert_true(status_has_time(&spent, 5999999, 80)); /* what somebody asked for does not */
	spent.spent_us = 800000;
	assert_false(status_has_time(&spent, 5999999, 80));
	assert_true(status_has_time(&spent, 6000000, 1));
	assert_int_equal(spent.spent_us, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worst_wins_in_whatever_order),
		cmocka_unit_test(knows_the_reasons_of_entries),
		cmocka_unit_test(keeps_sbr_4_9_10),
		cmocka_unit_test(nothing_is_known_beyond_what_the_ca_said_last),
		cmocka_unit_test(an_answer_lasts_no_longer_than_what_it_rests_on),
		cmocka_unit_test(unknown_lasts_as_short_as_the_rules_allow),
		cmocka_unit_test(an_old_answer_is_replaced_when_more_is_known),
		cmocka_unit_test(signing_has_its_share_of_each_second),
		cmocka_unit_test(an_old_crl_is_stale),
		cmocka_unit_test(reads_the_names_of_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
