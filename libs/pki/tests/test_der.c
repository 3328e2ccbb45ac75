/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "pki/der.h"

static int
make_arena(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
drop_arena(void **state)
{
	cs_arena_free(*state);
	return 0;
}

static struct cs_span
octets(struct cs_arena *arena, const char *hex)
{
	const size_t len = strlen(hex) / 2;
	uint8_t *data = cs_arena_alloc(arena, len + 1);

	assert_true(cs_hex_decode(hex, data, len));
	return cs_span_of(data, len);
}

static const struct {
	const char *name, *hex;
	bool want;
} cases[] = {
	{ "NULL", "0500", true },
	{ "empty input", "", false },
	{ "tag alone", "05", false },
	{ "NULL with contents", "050100", false },
	{ "octets after the end", "050000", false },
	{ "two elements", "05000500", false },
	{ "short length", "040100", true },
	{ "long length where short would do", "04810100", false },
	{ "padded long length", "0482008000", false },
	{ "indefinite length", "30800000", false },
	{ "length beyond the end", "040200", false },
	{ "length of 4 GiB", "0484ffffffff00", false },
	{ "length of length 5", "0485000000000100", false },
	{ "length ff", "04ff", false },
	{ "tag number 31", "1f1f00", false },
	{ "end of contents", "0000", false },
	{ "application class", "4000", false },
	{ "private class", "c000", false },
	{ "context class", "8000", true },
	{ "constructed octet string", "24020400", false },
	{ "primitive sequence", "1000", false },
	{ "REAL", "0900", false },
	{ "true", "0101ff", true },
	{ "false", "010100", true },
	{ "BER true", "010101", false },
	{ "empty boolean", "0100", false },
	{ "zero", "020100", true },
	{ "empty integer", "0200", false },
	{ "128", "02020080", true },
	{ "padded 127", "0202007f", false },
	{ "minus 128", "020180", true },
	{ "padded minus 128", "0202ff80", false },
	{ "minus 129", "0202ff7f", true },
	{ "empty bit string", "030100", true },
	{ "no count of unused bits", "0300", false },
	{ "unused bits are zero", "030203f8", true },
	{ "unused bits are set", "030203f9", false },
	{ "eight unused bits", "03020800", false },
	{ "unused bits of nothing", "030101", false },
	{ "identifier", "0603550403", true },
	{ "empty identifier", "0600", false },
	{ "identifier cut in an arc", "060255a0", false },
	{ "identifier with a padded arc", "0604558004 03", false },
	{ "arc of 63 bits", "060a55ffffffffffffffff7f", true },
	{ "arc of 70 bits", "060b55ffffffffffffffffff7f", false },
	{ "UTF-8", "0c02c3bc", true },
	{ "overlong UTF-8", "0c02c0af", false },
	{ "PrintableString", "130141", true },
	{ "PrintableString with @", "130140", false },
	{ "PrintableString with NUL", "130100", false },
	{ "IA5String", "160140", true },
	{ "eight-bit IA5String", "1601e9", false },
	{ "NumericString", "12023120", true },
	{ "NumericString with a letter", "120141", false },
	{ "BMPString", "1e020041", true },
	{ "odd BMPString", "1e0141", false },
	{ "UTCTime", "170d3236313132333030303030305a", true },
	{ "UTCTime without seconds", "170b32363131323330303030 5a", false },
	{ "30 February", "170d3236303233303030303030305a", false },
	{ "29 February 2028", "170d3238303232393030303030305a", true },
	{ "29 February 2027", "170d3237303232393030303030305a", false },
	{ "24 o'clock", "170d3236313132333234303030305a", false },
	{ "second 60", "170d3236313132333233353936305a", false },
	{ "UTCTime with an offset", "17113236313132333030303030302b30313030", false },
	{ "GeneralizedTime", "180f32303530303130313030303030305a", true },
	{ "GeneralizedTime with a fraction", "181132303530303130313030303030302e355a", false },
	{ "set in order", "3106020101020102", true },
	{ "set out of order", "3106020102020101", false },
	{ "set by length", "310702010202020100", true },
	{ "sequence in any order", "3006020102020101", true },
};

static void
tells_der_from_everything_else(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		char hex[128] = { 0 };
		const char *why = "";

		for (const char *c = cases[i].hex; *c != '\0'; c++)
			if (*c != ' ')
				hex[strlen(hex)] = *c;
		if (pki_der_check(octets(*state, hex), &why, NULL) != cases[i].want)
			fail_msg("%s: %s", cases[i].name, cases[i].want ? why : "accepted");
	}
}

static struct cs_span
nested(struct cs_arena *arena, size_t depth)
{
	struct cs_buf out = cs_buf_new(arena);
	size_t marks[4000];

	for (size_t i = 0; i < depth; i++)
		marks[i] = pki_der_begin(&out, PKI_SEQUENCE);
	while (depth > 0)
		pki_der_end(&out, marks[--depth]);
	return cs_buf_span(&out);
}

static void
depth_is_bounded(void **state)
{
	const char *why;

	assert_true(pki_der_check(nested(*state, PKI_DER_DEPTH), NULL, NULL));
	assert_false(pki_der_check(nested(*state, PKI_DER_DEPTH + 1), &why, NULL));
	assert_string_equal(why, "nested too deeply");
	assert_false(pki_der_check(nested(*state, 3000), &why, NULL));
}

static void
lengths_are_written_as_they_are_read(void **state)
{
	static const size_t lengths[] = { 0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000 };
	static uint8_t zeros[0x10000];

	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct cs_buf out = cs_buf_new(*state);
		struct cs_span inner, body, der;

		const size_t mark = pki_der_begin(&out, PKI_SEQUENCE);
		pki_der_put(&out, PKI_OCTET_STRING, cs_span_of(zeros, lengths[i]));
		pki_der_end(&out, mark);
		der = cs_buf_span(&out);
		assert_true(pki_der_check(der, NULL, NULL));
		assert_true(pki_der_take(&der, PKI_SEQUENCE, &inner));
		assert_true(pki_der_take(&inner, PKI_OCTET_STRING, &body));
		assert_int_equal(body.len, lengths[i]);
		assert_int_equal(inner.len + der.len, 0);
	}
}

static void
identifiers_survive_a_round_trip(void **state)
{
	static const struct {
		const char *dotted, *hex;
	} oids[] = {
		{ "2.23.140.1.5.1.3", "67810c01050103" },
		{ "1.3.6.1.5.5.7.3.4", "2b06010505070304" },
		{ "1.2.840.113549.1.9.1", "2a864886f70d010901" },
		{ "2.999.1", "883701" },
		{ "0.0", "00" },
		{ "2.47", "7f" },
		{ "2.48", "8100" },
		{ "1.3.6.1.4.1.52266.1", "2b0601040183982a01" },
		{ "2.5.4.128", "55048100" },
		{ "2.5.4.16383", "5504ff7f" },
		{ "2.25.4294967295", "698fffffff7f" },
	};
	static const char *const bad[] = { "", "1", "1.", "3.1", "1.40", "1.2.", "1..2", "1.02",
		"a.b", "1.2.-3", "1.2 ", "2.5.99999999999999999999" };
	uint8_t got[64];

	for (size_t i = 0; i < COUNT(oids); i++) {
		const size_t len = pki_der_oid_octets(oids[i].dotted, got, sizeof(got));

		assert_true(cs_span_equal(cs_span_of(got, len), octets(*state, oids[i].hex)));
		assert_string_equal(pki_der_oid_text(*state, cs_span_of(got, len)), oids[i].dotted);
		assert_true(pki_der_oid_is(cs_span_of(got, len), oids[i].dotted));
		assert_false(pki_der_oid_is(cs_span_of(got, len), "2.5.4.3"));
		for (size_t k = 0; k < COUNT(oids); k++)
			assert_int_equal(
			    pki_der_oid_is(cs_span_of(got, len), oids[k].dotted), i == k);
		assert_false(pki_der_oid_is(cs_span_of(got, 0), oids[i].dotted));
	}
	/* alike at the end, and at the start */
	assert_false(pki_der_oid_is(octets(*state, "551d0f"), "2.5.4.15"));
	assert_false(pki_der_oid_is(octets(*state, "551d0f"), "2.5.29.143"));
	assert_false(pki_der_oid_is(octets(*state, "551d0f"), "2.5.29.15.15"));
	for (size_t i = 0; i < COUNT(bad); i++)
		if (pki_der_oid_octets(bad[i], got, sizeof(got)) != 0 ||
		    pki_der_oid_is(cs_span_of(got, 1), bad[i]))
			fail_msg("%s", bad[i]);
}

static void
named_bits_are_those_of_the_profile(void **state)
{
	static const struct {
		const char *name;
		uint16_t bits;
		const char *hex;
	} usages[] = {
		{ "none", 0, "030100" },
		{ "DS", 0x01, "03020780" },
		{ "DS NR", 0x03, "030206c0" },
		{ "KE", 0x04, "03020520" },
		{ "DS KE", 0x05, "030205a0" },
		{ "DS NR KE", 0x07, "030205e0" },
		{ "KE DE", 0x0c, "03020430" },
		{ "DS KE DE", 0x0d, "030204b0" },
		{ "KA", 0x10, "03020308" },
		{ "DS KA", 0x11, "03020388" },
		{ "DS NR KA", 0x13, "030203c8" },
		{ "KA EO", 0x90, "03020009" },
		{ "KA DO", 0x110, "0303070880" },
	};

	for (size_t i = 0; i < COUNT(usages); i++) {
		struct cs_buf out = cs_buf_new(*state);
		struct cs_span in, body;
		uint16_t bits;

		pki_der_put_named_bits(&out, PKI_BIT_STRING, usages[i].bits);
		in = cs_buf_span(&out);
		if (!cs_span_equal(in, octets(*state, usages[i].hex)))
			fail_msg("%s: got %s", usages[i].name, cs_hex(*state, in));
		assert_true(pki_der_take(&in, PKI_BIT_STRING, &body));
		assert_true(pki_der_named_bits(body, &bits));
		assert_int_equal(bits, usages[i].bits);
	}
	uint16_t bits;
	assert_false(pki_der_named_bits(octets(*state, "0080"), &bits)); /* trailing zeros */
}

static void
times_survive_a_round_trip(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
		uint8_t tag;
	} times[] = {
		{ 0, "700101000000Z", PKI_UTC_TIME },
		{ -1, "691231235959Z", PKI_UTC_TIME },
		{ 1795435200, "261123120000Z", PKI_UTC_TIME },
		{ 1835395200, "280229000000Z", PKI_UTC_TIME },
		{ 2524607999, "491231235959Z", PKI_UTC_TIME },
		{ 2524608000, "20500101000000Z", PKI_GENERALIZED_TIME },
		{ 4107542399, "21000228235959Z", PKI_GENERALIZED_TIME },
		{ 4107542400, "21000301000000Z", PKI_GENERALIZED_TIME },
		{ 253402300799, "99991231235959Z", PKI_GENERALIZED_TIME },
	};

	for (size_t i = 0; i < COUNT(times); i++) {
		struct cs_buf out = cs_buf_new(*state);
		struct cs_span in, body;
		int64_t s;

		pki_der_put_time(&out, times[i].s);
		in = cs_buf_span(&out);
		assert_true(pki_der_take(&in, times[i].tag, &body));
		assert_true(cs_span_is(body, times[i].text));
		assert_true(pki_der_time(times[i].tag, body, &s));
		assert_int_equal(s, times[i].s);
	}
}

static void
numbers_are_minimal(void **state)
{
	static const struct {
		const char *in, *want;
	} numbers[] = {
		{ "", "020100" },
		{ "00", "020100" },
		{ "7f", "02017f" },
		{ "80", "02020080" },
		{ "0080", "02020080" },
		{ "00007f", "02017f" },
		{ "ffff", "020300ffff" },
	};

	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct cs_buf out = cs_buf_new(*state);

		pki_der_put_unsigned(&out, octets(*state, numbers[i].in));
		assert_string_equal(cs_hex(*state, cs_buf_span(&out)), numbers[i].want);
	}
	uint32_t value;
	assert_true(pki_der_uint32(octets(*state, "00ffffffff"), &value));
	assert_true(value == UINT32_MAX);
	assert_false(pki_der_uint32(octets(*state, "0100000000"), &value));
	assert_false(pki_der_uint32(octets(*state, "ff"), &value));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_der_from_everything_else),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(lengths_are_written_as_they_are_read),
		cmocka_unit_test(identifiers_survive_a_round_trip),
		cmocka_unit_test(named_bits_are_those_of_the_profile),
		cmocka_unit_test(times_survive_a_round_trip),
		cmocka_unit_test(numbers_are_minimal),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
