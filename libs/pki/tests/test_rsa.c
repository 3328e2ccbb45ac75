/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that others chose: their form.  Signatures by them are tested where mails are (libs/dkim). */
#include <string.h>

#include "check.h"
#include "pki/der.h"
#include "pki/rsa.h"

/* A key with a modulus of so many bits, all ones, but for the last one when `even`. */
static struct cs_span
make_key(struct cs_arena *arena, uint32_t bits, bool even, uint32_t exponent, bool bare)
{
	const size_t len = (bits + 7) / 8;
	uint8_t *modulus = cs_arena_alloc(arena, len);
	struct cs_buf inner = cs_buf_new(arena), out = cs_buf_new(arena);

	memset(modulus, 0xff, len);
	modulus[0] = (uint8_t)(0xff >> (len * 8 - bits));
	modulus[len - 1] = even ? 0xfe : 0xff;
	size_t mark = pki_der_begin(&inner, PKI_SEQUENCE);
	pki_der_put_unsigned(&inner, cs_span_of(modulus, len));
	pki_der_put_int(&inner, exponent);
	pki_der_end(&inner, mark);
	if (bare)
		return cs_buf_span(&inner);
	mark = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t algorithm = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_oid(&out, "1.2.840.113549.1.1.1");
	pki_der_put_null(&out);
	pki_der_end(&out, algorithm);
	pki_der_put_octet_bits(&out, cs_buf_span(&inner));
	pki_der_end(&out, mark);
	return cs_buf_span(&out);
}

static const struct {
	const char *name;
	uint32_t bits, exponent;
	bool even, bare, want;
} rows[] = {
	{ "smallest", 1024, 65537, false, false, true },
	{ "one bit short", 1023, 65537, false, false, false },
	{ "largest", 4096, 65537, false, false, true },
	{ "one bit more", 4097, 65537, false, false, false },
	{ "odd size", 2047, 65537, false, false, true },
	{ "bare", 2048, 65537, false, true, true },
	{ "even modulus", 2048, 65537, true, false, false },
	{ "exponent 3", 2048, 3, false, false, true },
	{ "exponent 1", 2048, 1, false, false, false },
	{ "exponent 2", 2048, 2, false, false, false },
	{ "even exponent", 2048, 65536, false, false, false },
};

static void
reads_keys_of_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct pki_rsa key;
		const bool good = pki_rsa_read(
		    make_key(arena, rows[i].bits, rows[i].even, rows[i].exponent, rows[i].bare),
		    &key);

		if (good != rows[i].want || (good && key.bits != rows[i].bits))
			fail_msg("%s: got %d", rows[i].name, good);
		cs_arena_free(arena);
	}
}

static void
refuses_what_is_no_key(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span good = make_key(arena, 2048, false, 65537, false);
	uint8_t *copy = cs_arena_alloc(arena, good.len + 1);
	struct pki_rsa key;

	(void)state;
	memcpy(copy, good.data, good.len);
	for (size_t len = 0; len < good.len; len++)
		assert_false(pki_rsa_read(cs_span_of(copy, len), &key));
	assert_true(pki_rsa_read(cs_span_of(copy, good.len), &key));
	assert_false(pki_rsa_read(cs_span_of(copy, good.len + 1), &key));
	copy[15] ^= 1; /* another algorithm */
	assert_false(pki_rsa_read(cs_span_of(copy, good.len), &key));
	cs_arena_free(arena);
}

static void
signatures_are_as_long_as_the_key(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	uint8_t zeros[257] = { 0 };
	struct pki_rsa key;

	(void)state;
	assert_true(pki_rsa_read(make_key(arena, 2048, false, 65537, false), &key));
	for (size_t len = 255; len <= 257; len++)
		assert_false(pki_rsa_verify_sha256(&key, cs_span_str("x"), cs_span_of(zeros, len)));
	assert_false(pki_rsa_verify_sha256(&key, cs_span_str("x"), cs_span_str("")));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_keys_of_others),
		cmocka_unit_test(refuses_what_is_no_key),
		cmocka_unit_test(signatures_are_as_long_as_the_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
