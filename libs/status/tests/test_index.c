/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "status/index.h"

#define DAY_MS INT64_C(86400000)
#define MANY 20000u

static const struct status_facts good = { .not_after_ms = 100 * DAY_MS };
static const struct status_facts revoked = {
	.revoked = true, .reason = 1, .revoked_at_ms = DAY_MS, .not_after_ms = 100 * DAY_MS
};

struct serial {
	uint8_t octets[4];
};

static struct cs_span
serial_of(uint32_t n, struct serial *room)
{
	memcpy(room->octets, &n, 4);
	room->octets[0] |= 0x80; /* never empty: no sign octet is kept */
	room->octets[1] ^= (uint8_t)(n & 0x80);
	return cs_span_of(room->octets, 4);
}

static void
knows_what_it_was_told(void **state)
{
	struct status_index *index = status_index_new(1 << 20);
	struct serial room;

	(void)state;
	for (uint32_t n = 0; n < MANY; n += 256)
		status_index_put(
		    index, n % 3, serial_of(n, &room), n % 512 == 0 ? &good : &revoked);
	for (uint32_t n = 0; n < MANY; n += 256) {
		const struct status_facts *found =
		    status_index_find(index, n % 3, serial_of(n, &room));

		assert_non_null(found);
		assert_int_equal(found->revoked, n % 512 != 0);
		assert_null(status_index_find(index, n % 3 + 3, serial_of(n, &room)));
		assert_null(status_index_find(index, n % 3, cs_span_of(room.octets, 3)));
	}
	status_index_free(index);
}

static void
holds_many_and_forgets_what_has_ended(void **state)
{
	struct status_index *index = status_index_new(1 << 20);
	struct status_facts facts = good;

	(void)state;
	for (uint32_t n = 0; n < MANY; n++) {
		facts.not_after_ms = n % 2 == 0 ? DAY_MS : 2 * DAY_MS;
		facts.revoked = n % 4 == 0;
		status_index_put(index, 0, cs_span_of(&n, sizeof(n)), &facts);
	}
	assert_int_equal(status_index_count(index), MANY);
	assert_int_equal(status_index_revoked(index), MANY / 4);
	status_index_forget(index, DAY_MS - 1, SIZE_MAX);
	assert_int_equal(status_index_count(index), MANY);
	for (int i = 0; i < 100; i++)
		status_index_forget(index, DAY_MS, 1024);
	assert_int_equal(status_index_count(index), MANY / 2);
	assert_int_equal(status_index_revoked(index), 0);
	status_index_free(index);
}

static void
keep(struct status_index *index, uint32_t n, unsigned form, size_t len)
{
	static const uint8_t octets[4096];
	struct status_answer answer = { .this_update_s = n, .der = cs_span_of(octets, len) };

	status_answer_keep(index, 0, cs_span_of(&n, sizeof(n)), form, &answer);
}

static bool
has(struct status_index *index, uint32_t n, unsigned form)
{
	const struct status_answer *found =
	    status_answer_find(index, 0, cs_span_of(&n, sizeof(n)), form);

	if (found != NULL)
		assert_int_equal(found->this_update_s, n);
	return found != NULL;
}

static void
an_answer_does_not_outlive_its_facts(void **state)
{
	struct status_index *index = status_index_new(1 << 20);
	const uint32_t n = 7;
	const struct cs_span serial = cs_span_of(&n, sizeof(n));

	(void)state;
	keep(index, n, 0, 100); /* of nobody */
	assert_int_equal(status_answers_count(index), 0);
	status_index_put(index, 0, serial, &good);
	keep(index, n, 0, 100);
	keep(index, n, 2, 100);
	keep(index, n, 2, 200);
	assert_int_equal(status_answers_count(index), 2);
	status_index_put(index, 0, serial, &good);
	assert_true(has(index, n, 0) && has(index, n, 2) && !has(index, n, 1));
	status_index_put(index, 0, serial, &revoked);
	assert_false(has(index, n, 0) || has(index, n, 2));
	assert_int_equal(status_answers_count(index), 0);
	keep(index, n, 0, 100);
	status_answers_forget(index, 1);
	assert_true(has(index, n, 0));
	status_answers_forget(index, 0);
	assert_false(has(index, n, 0));
	status_index_free(index);
}

static void
the_answer_not_asked_for_longest_goes_first(void **state)
{
	struct status_index *index = status_index_new(10 * 1200);

	(void)state;
	for (uint32_t n = 0; n < 20; n++)
		status_index_put(index, 0, cs_span_of(&n, sizeof(n)), &good);
	for (uint32_t n = 0; n < 10; n++)
		keep(index, n, 0, 1000);
	const size_t fit = status_answers_count(index);
	assert_in_range(fit, 5, 10);
	const uint32_t oldest = 10 - (uint32_t)fit;
	assert_true(has(index, oldest, 0)); /* asked for now */
	keep(index, 11, 0, 1000);
	assert_true(has(index, oldest, 0));
	assert_false(has(index, oldest + 1, 0));
	status_index_free(index);
	index = status_index_new(100);
	const uint32_t n = 1;
	status_index_put(index, 0, cs_span_of(&n, sizeof(n)), &good);
	keep(index, n, 0, 1000); /* larger than all room */
	assert_int_equal(status_answers_count(index), 0);
	status_index_free(index);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_it_was_told),
		cmocka_unit_test(holds_many_and_forgets_what_has_ended),
		cmocka_unit_test(an_answer_does_not_outlive_its_facts),
		cmocka_unit_test(the_answer_not_asked_for_longest_goes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
