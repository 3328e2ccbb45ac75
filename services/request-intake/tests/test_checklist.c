/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in a request's row as text comes back as it was, whatever it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "checklist.h"
#include "fields.h"
#include "history.h"

#include <cmocka.h>

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static void
any_text_comes_back(void **state)
{
	static const char *const texts[] = { "", "plain", "\t", "\n", "\\", "\\t", "a\tb\nc\\d\\\\",
		"\\n\n", "ends with \\", "\xc3\xbc" };
	struct cs_buf out = cs_buf_new(*state);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fields_add(&out, texts[i]);
		fields_add(&out, "next");
		fields_end(&out);
	}
	struct fields fields = fields_read(*state, (const char *)cs_buf_span(&out).data);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_string_equal(fields_text(&fields), texts[i]);
		assert_string_equal(fields_text(&fields), "next");
		fields_next(&fields);
	}
	assert_int_equal(fields_lines((const char *)out.data), sizeof(texts) / sizeof(texts[0]));
}

static void
any_number_comes_back(void **state)
{
	static const int64_t numbers[] = { 0, 1, -1, 10, INT64_C(1795437296789), INT64_MAX,
		INT64_MIN };
	struct cs_buf out = cs_buf_new(*state);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		fields_add_i64(&out, numbers[i]);
	fields_add(&out, NULL);
	fields_end(&out);
	assert_int_equal(out.data[out.len - 3], '\t'); /* nothing between two tabs */
	struct fields fields = fields_read(*state, (const char *)cs_buf_span(&out).data);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_true(fields_i64(&fields) == numbers[i]);
}

static void
a_line_may_have_fewer_fields_or_more(void **state)
{
	struct fields fields = fields_read(*state, "a\t\nb\t2\tlater\t\nc");

	assert_string_equal(fields_text(&fields), "a");
	assert_string_equal(fields_text(&fields), "");
	assert_int_equal(fields_i64(&fields), 0);
	fields_next(&fields);
	assert_string_equal(fields_text(&fields), "b");
	assert_int_equal(fields_i64(&fields), 2);
	fields_next(&fields);
	assert_string_equal(fields_text(&fields), ""); /* cut off */
	fields_next(&fields);
	assert_string_equal(fields_text(&fields), "");
}

static struct intake_check
check_of(const char *id, uint32_t position)
{
	return (struct intake_check){ .id = id,
		.kind = CLAIM_DOMAIN,
		.position = position,
		.planned = true,
		.plan_attempt = 3,
		.standing_until_ms = 4,
		.asked_at_ms = 5,
		.challenge = INTAKE_PUBLISH,
		.challenge_at_ms = 7,
		.challenge_until_ms = 8,
		.attempt = 9,
		.outcome = CLAIM_REFUSED,
		.checked_at_ms = 11,
		.valid_until_ms = 12,
		.shown = INTAKE_WAITING,
		.target = "alpha.example",
		.method = "dns-txt",
		.allowed_methods = "dns-txt,http-file",
		.new_because = "A reason\tof\ntwo lines.",
		.evidence = cs_span_str("not kept here"),
		.changed = true };
}

static void
checks_come_back_in_the_order_of_the_plan(void **state)
{
	struct intake_check checks[] = { check_of("b", 1), check_of("z", 0), check_of("a", 1) };
	struct intake_request req = { .checks = checks, .n_checks = 3 }, read = { 0 };

	checklist_read(*state, checklist_write(*state, &req), &read);
	assert_int_equal(read.n_checks, 3);
	assert_string_equal(read.checks[0].id, "z");
	assert_string_equal(read.checks[1].id, "a");
	assert_string_equal(read.checks[2].id, "b");
}

static void
a_check_comes_back_without_its_octets(void **state)
{
	struct intake_check check = check_of("domain-1", 2);
	struct intake_request req = { .checks = &check, .n_checks = 1 }, read = { 0 };

	checklist_read(*state, checklist_write(*state, &req), &read);
	const struct intake_check *got = &read.checks[0];

	assert_int_equal(read.n_checks, 1);
	assert_string_equal(got->id, check.id);
	assert_int_equal(got->kind, check.kind);
	assert_int_equal(got->position, check.position);
	assert_true(got->planned);
	assert_int_equal(got->plan_attempt, check.plan_attempt);
	assert_int_equal(got->standing_until_ms, check.standing_until_ms);
	assert_int_equal(got->asked_at_ms, check.asked_at_ms);
	assert_int_equal(got->challenge, check.challenge);
	assert_int_equal(got->challenge_at_ms, check.challenge_at_ms);
	assert_int_equal(got->challenge_until_ms, check.challenge_until_ms);
	assert_int_equal(got->attempt, check.attempt);
	assert_int_equal(got->outcome, check.outcome);
	assert_int_equal(got->checked_at_ms, check.checked_at_ms);
	assert_int_equal(got->valid_until_ms, check.valid_until_ms);
	assert_int_equal(got->shown, check.shown);
	assert_string_equal(got->target, check.target);
	assert_string_equal(got->method, check.method);
	assert_string_equal(got->allowed_methods, check.allowed_methods);
	assert_string_equal(got->new_because, check.new_because);
	assert_int_equal(got->evidence.len, 0);
	assert_false(got->changed);
}

static void
lines_of_the_history_come_back_with_their_numbers(void **state)
{
	struct intake_note notes[] = {
		{ .next = &notes[1],
		    .seq = 4,
		    .at_ms = 17,
		    .check = "mailbox-1",
		    .state = "refused",
		    .reason = "no\tsuch\nuser",
		    .text = "\\" },
		{ .seq = 5, .at_ms = 18, .check = "", .state = "ready", .reason = "", .text = "" }
	};
	const struct intake_request req = { .notes = notes };
	const struct history read = history_read(*state, history_write(*state, &req), 5);

	assert_int_equal(read.n, 2);
	assert_int_equal(read.notes[0].seq, 4);
	assert_int_equal(read.notes[0].at_ms, 17);
	assert_string_equal(read.notes[0].check, "mailbox-1");
	assert_string_equal(read.notes[0].state, "refused");
	assert_string_equal(read.notes[0].reason, "no\tsuch\nuser");
	assert_string_equal(read.notes[0].text, "\\");
	assert_int_equal(read.notes[1].seq, 5);
	assert_string_equal(read.notes[1].state, "ready");
}

static void
no_checks_are_no_text(void **state)
{
	struct intake_request none = { 0 }, read = { .n_checks = 7 };

	assert_string_equal(checklist_write(*state, &none), "");
	checklist_read(*state, "", &read);
	assert_int_equal(read.n_checks, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_text_comes_back),
		TEST(any_number_comes_back),
		TEST(a_line_may_have_fewer_fields_or_more),
		TEST(checks_come_back_in_the_order_of_the_plan),
		TEST(a_check_comes_back_without_its_octets),
		TEST(lines_of_the_history_come_back_with_their_numbers),
		TEST(no_checks_are_no_text),
	};

	return cmocka_run_group_tests_name("intake checklist", tests, NULL, NULL);
}
