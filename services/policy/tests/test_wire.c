/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of unsigned events, octet by octet. */
#include <string.h>

#include "fake_world.h"
#include "wire.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* A length-delimited field of `len` octets: the text, repeated. */
static void
put(struct cs_buf *buf, unsigned number, const char *text, size_t len)
{
	uint8_t head[3] = { (uint8_t)(number << 3 | 2), (uint8_t)(len & 0x7f) };
	size_t n = 2;

	if (len > 0x7f) {
		head[1] |= 0x80;
		head[n++] = (uint8_t)(len >> 7);
	}
	cs_buf_add(buf, head, n);
	for (size_t i = 0; i < len; i++)
		cs_buf_add(buf, &text[i % strlen(text)], 1);
}

static const struct {
	const char *name;
	size_t id_len, check_len, account_len;
	const char *check;
	enum cs_code want;
} cases[] = {
	{ "usual", 16, 7, 5, "caa-1xy", CS_OK },
	{ "id too short", 15, 7, 5, "caa-1xy", CS_MALFORMED },
	{ "id too long", 17, 7, 5, "caa-1xy", CS_MALFORMED },
	{ "no id", 0, 7, 5, "caa-1xy", CS_MALFORMED },
	{ "no check", 16, 0, 5, "x", CS_MALFORMED },
	{ "longest check", 16, 128, 5, "x", CS_OK },
	{ "check too long", 16, 129, 5, "x", CS_MALFORMED },
	{ "check not UTF-8", 16, 2, 5, "\xc3\x28", CS_MALFORMED },
	{ "longest account", 16, 7, 128, "caa-1xy", CS_OK },
	{ "account too long", 16, 7, 129, "caa-1xy", CS_MALFORMED },
	{ "no account", 16, 7, 0, "caa-1xy", CS_MALFORMED },
};

static void
reads_a_wish_to_look_within_its_limits(void **state)
{
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(cases); i++) {
		struct cs_buf buf = cs_buf_new(world->arena);
		struct policy_asked asked;
		struct cs_err err = { 0 };
		struct cs_id id = { { 0 } };

		put(&buf, 1, "i", cases[i].id_len);
		put(&buf, 2, cases[i].check, cases[i].check_len);
		put(&buf, 3, "demo", 4);
		put(&buf, 4, "a", cases[i].account_len);
		enum cs_code got =
		    wire_read_asked(world->arena, cs_buf_span(&buf), &id, &asked, &err);

		if (got != cases[i].want)
			fail_msg("%s: got %s, want %s", cases[i].name, cs_code_name(got),
			    cs_code_name(cases[i].want));
		if (got != CS_OK)
			continue;
		assert_int_equal(id.octets[15], 'i');
		assert_int_equal(strlen(asked.check_id), cases[i].check_len);
		assert_string_equal(asked.enterprise, "demo");
		assert_int_equal(strlen(asked.account), cases[i].account_len);
	}
}

typedef enum cs_code
reader(struct cs_arena *arena, struct cs_span body, struct cs_id *ret_request, struct cs_err *err);

static void
reads_of_an_end_only_whose_it_is(void **state)
{
	static reader *const readers[] = { wire_read_cancelled, wire_read_issued, wire_read_refused,
		wire_read_stopped };
	struct fake_world *world = *state;

	for (size_t i = 0; i < LEN(readers); i++) {
		for (size_t len = 15; len <= 17; len++) {
			struct cs_buf buf = cs_buf_new(world->arena);
			struct cs_err err = { 0 };
			struct cs_id id = { { 0 } };

			put(&buf, 1, "i", len);
			/* A field of tomorrow's publisher. */
			put(&buf, 15, "new", 3);
			assert_int_equal(
			    readers[i](world->arena, cs_buf_span(&buf), &id, &err) == CS_OK,
			    len == 16);
		}
	}
}

static void
an_event_larger_than_64_kib_is_not_read(void **state)
{
	struct fake_world *world = *state;
	struct cs_buf buf = cs_buf_new(world->arena);
	struct cs_err err = { 0 };
	struct cs_id id;

	put(&buf, 1, "i", 16);
	/* Texts of 100 octets in a field that nobody knows: 102 each. */
	while (buf.len + 102 <= 65536)
		put(&buf, 15, "x", 100);
	put(&buf, 15, "x", 65536 - buf.len - 2);
	assert_int_equal(buf.len, 65536);
	assert_int_equal(wire_read_stopped(world->arena, cs_buf_span(&buf), &id, &err), CS_OK);
	put(&buf, 15, "x", 1);
	assert_int_equal(
	    wire_read_stopped(world->arena, cs_buf_span(&buf), &id, &err), CS_MALFORMED);
}

int
main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		CASE(reads_a_wish_to_look_within_its_limits),
		CASE(reads_of_an_end_only_whose_it_is),
		CASE(an_event_larger_than_64_kib_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
