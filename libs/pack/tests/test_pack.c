/* SPDX-License-Identifier: Apache-2.0 */
/* Octets that another reader could understand differently are refused; everything else comes back. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "pack/pack.h"
#include "proto/ask.pb-c.h"

#define TYPE (&countersign__v1__stop_request__descriptor)

/* Field 2, enterprise, is "demo"; field 3, account, "alice". */
#define ENTERPRISE \
	"\x12\x04" \
	"demo"
#define ACCOUNT    \
	"\x1a\x05" \
	"alice"
#define ROW(name, text, good)                      \
	{                                          \
		name, text, sizeof(text) - 1, good \
	}

static void
reads_a_message_in_its_one_form_only(void **state)
{
	static const struct {
		const char *name, *text;
		size_t len;
		bool good;
	} rows[] = {
		ROW("nothing", "", true),
		ROW("two fields", ENTERPRISE ACCOUNT, true),
		ROW("a field that is not known yet",
		    ENTERPRISE "\xaa\x06\x01"
			       "x",
		    true),
		ROW("a field twice", ENTERPRISE ENTERPRISE, false),
		ROW("an explicit default", ENTERPRISE "\x1a\x00", false),
		ROW("a NUL in a text",
		    "\x12\x04"
		    "d\0mo",
		    false),
		ROW("a NUL at its end",
		    "\x12\x05"
		    "demo\0",
		    false),
		ROW("an overlong length",
		    "\x12\x84\x00"
		    "demo",
		    false),
		ROW("an overlong tag",
		    "\x92\x00\x04"
		    "demo",
		    false),
		ROW("cut short",
		    "\x12\x04"
		    "dem",
		    false),
		ROW("one octet more", ENTERPRISE "\x12", false),
		ROW("a group", "\x13\x14", false),
		ROW("a number for a text", "\x10\x04", false),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct cs_err err = { 0 };
		const struct cs_span octets = cs_span_of(rows[i].text, rows[i].len);
		const ProtobufCMessage *m = pack_read(arena, TYPE, octets, 64, &err);

		if ((m != NULL) != rows[i].good)
			fail_msg("%s: got %s, want %s", rows[i].name, m ? "read" : err.text,
			    rows[i].good ? "read" : "refused");
		if (m != NULL)
			assert_true(cs_span_equal(pack_write(arena, m), octets));
		else
			assert_int_equal(err.code, CS_MALFORMED);
		cs_arena_free(arena);
	}
}

static void
reads_the_longest_and_refuses_one_octet_more(void **state)
{
	const struct cs_span octets = cs_span_str(ENTERPRISE);
	struct cs_arena *arena = cs_arena_new();
	struct cs_err err;

	(void)state;
	assert_non_null(pack_read(arena, TYPE, octets, octets.len, &err));
	assert_null(pack_read(arena, TYPE, octets, octets.len - 1, &err));
	assert_int_equal(err.code, CS_MALFORMED);
	cs_arena_free(arena);
}

static void
an_identifier_has_16_octets(void **state)
{
	uint8_t octets[17] = { 7 };
	struct cs_id id = { { 9 } };
	struct cs_err err;

	(void)state;
	for (size_t len = 0; len <= sizeof(octets); len++)
		if (len != 16) {
			assert_int_equal(
			    pack_read_id(&(ProtobufCBinaryData){ len, octets }, &id, &err),
			    CS_MALFORMED);
			assert_int_equal(id.octets[0], 9);
		}
	assert_int_equal(pack_read_id(&(ProtobufCBinaryData){ 16, octets }, &id, &err), CS_OK);
	assert_int_equal(id.octets[0], 7);
}

static void
a_name_is_short_and_visible(void **state)
{
	char longest[PACK_NAME_MAX + 2];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[PACK_NAME_MAX] = '\0';
	assert_true(pack_is_name(longest));
	longest[PACK_NAME_MAX] = 'a';
	longest[PACK_NAME_MAX + 1] = '\0';
	assert_false(pack_is_name(longest));
	assert_true(pack_is_name("\xc3\xbc"));
	assert_false(pack_is_name(""));
	assert_false(pack_is_name("\xc3"));
	assert_false(pack_is_name("a\nb"));
	assert_false(pack_is_name("a\x7f"));
}

static void
an_absent_text_is_written_as_none(void **state)
{
	Countersign__V1__StopRequest m = COUNTERSIGN__V1__STOP_REQUEST__INIT;
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	m.enterprise = pack_text("demo");
	m.account = pack_text(NULL);
	assert_true(cs_span_is(pack_write(arena, &m.base), ENTERPRISE));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_message_in_its_one_form_only),
		cmocka_unit_test(reads_the_longest_and_refuses_one_octet_more),
		cmocka_unit_test(an_identifier_has_16_octets),
		cmocka_unit_test(a_name_is_short_and_visible),
		cmocka_unit_test(an_absent_text_is_written_as_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
