/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as NATS spells them, against a pair from the documentation of NATS. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../nkey.h"
#include "base/text.h"
#include "pki/ed25519.h"

/* docs.nats.io, "NKeys": made by nk -gen user -pubout. */
#define SEED "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
#define PUBLIC "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

static struct cs_arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	cs_arena_free(arena);
	return 0;
}

static struct cs_span
octets_of(const char *text)
{
	struct cs_span octets;

	assert_true(cs_base32_decode(arena, text, &octets));
	return octets;
}

static void
a_known_seed_is_spelled_as_it_was(void **state)
{
	struct cs_span octets = octets_of(SEED);

	(void)state;
	assert_int_equal(octets.len, 2 + 32 + 2);
	assert_string_equal(nkey_seed(arena, octets.data + 2), SEED);
}

static void
a_known_public_key_is_spelled_as_it_was(void **state)
{
	struct cs_span octets = octets_of(PUBLIC);

	(void)state;
	assert_int_equal(octets.len, 1 + 32 + 2);
	assert_string_equal(nkey_public(arena, octets.data + 1), PUBLIC);
}

static void
the_known_public_key_follows_from_the_seed(void **state)
{
	uint8_t public_key[PKI_ED25519_PUBLIC];

	(void)state;
	pki_ed25519_public_of_seed(octets_of(SEED).data + 2, public_key);
	assert_string_equal(nkey_public(arena, public_key), PUBLIC);
}

/* The check value of CRC-16/XMODEM in every catalogue of CRCs. */
static void
the_checksum_is_that_of_xmodem(void **state)
{
	(void)state;
	assert_int_equal(nkey_crc16(cs_span_str("123456789")), 0x31c3);
	assert_int_equal(nkey_crc16(cs_span_str("")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_seed_is_spelled_as_it_was),
		cmocka_unit_test(a_known_public_key_is_spelled_as_it_was),
		cmocka_unit_test(the_known_public_key_follows_from_the_seed),
		cmocka_unit_test(the_checksum_is_that_of_xmodem),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
