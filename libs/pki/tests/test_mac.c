/* SPDX-License-Identifier: Apache-2.0 */
/* HMACs under labels.  What they must be is from another HMAC: Python's, over octets put together there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "pki/mac.h"

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define LABEL "label"

static const struct {
	const char *name, *text[PKI_MAC_PARTS];
	size_t n;
	const char *parts, *fields; /* of "Jefe", in hexadecimal */
} known[] = {
	{ "nothing", { NULL }, 0,
	    "f89024929418698c4472b4229aed73c457d2629cea6e59ae692696f1ed793dbf",
	    "f89024929418698c4472b4229aed73c457d2629cea6e59ae692696f1ed793dbf" },
	{ "two", { "abc", "def" }, 2,
	    "cf0f0684048745a21e3241f318b7037c7b0d02ad1186e20ccd8fed95d3544eb1",
	    "c15657782e48ea77ffd162b584150739fd700c211be375247eaa50304c2ab15b" },
	{ "the same octets", { "ab", "cdef" }, 2,
	    "cf0f0684048745a21e3241f318b7037c7b0d02ad1186e20ccd8fed95d3544eb1",
	    "cd66137efc39c5b668fab278c935688a17c97937042da406d1220db05190e33e" },
	{ "an empty one first", { "", "abcdef" }, 2,
	    "cf0f0684048745a21e3241f318b7037c7b0d02ad1186e20ccd8fed95d3544eb1",
	    "9a5466d8668c64c4cce55ea490d7bff2e781a68e694b849cda2a7fcf8fd559a3" },
	{ "an empty one last", { "abcdef", "" }, 2,
	    "cf0f0684048745a21e3241f318b7037c7b0d02ad1186e20ccd8fed95d3544eb1",
	    "41b1dd8b0bcb19141dde6fd9fc86fe6b486eeb5dfda069a7f6a9c9ea46c6fec7" },
};

static void
assert_mac(const char *name, const uint8_t *mac, const char *want)
{
	uint8_t octets[PKI_SHA256];

	assert_true(cs_hex_decode(want, octets, sizeof(octets)));
	if (memcmp(mac, octets, sizeof(octets)) != 0)
		fail_msg("%s: another HMAC", name);
}

static void
digests_what_the_header_says(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(known); i++) {
		struct cs_span spans[PKI_MAC_PARTS] = { { NULL, 0 } };
		uint8_t mac[PKI_SHA256];

		for (size_t k = 0; k < known[i].n; k++)
			spans[k] = cs_span_str(known[i].text[k]);
		pki_mac_parts(cs_span_str("Jefe"), LABEL, spans, known[i].n, mac);
		assert_mac(known[i].name, mac, known[i].parts);
		pki_mac_fields(arena, cs_span_str("Jefe"), LABEL, spans, known[i].n, mac);
		assert_mac(known[i].name, mac, known[i].fields);
	}
	cs_arena_free(arena);
}

/* All four octets of a length count, and a list may be longer than parts are. */
static void
fields_may_be_long_and_many(void **state)
{
	enum { LONG = 70000, MANY = 100 };
	struct cs_arena *arena = cs_arena_new();
	uint8_t *octets = CS_NEW_ARRAY(arena, LONG, uint8_t), mac[PKI_SHA256];
	struct cs_span spans[MANY];

	(void)state;
	memset(octets, 'a', LONG);
	const struct cs_span field = cs_span_of(octets, LONG);
	pki_mac_fields(arena, cs_span_str("Jefe"), LABEL, &field, 1, mac);
	assert_mac("long", mac, "45db7577963beb73b6f311dd810721f40dcc8f891559c61c6de00c64caf6c713");
	for (size_t i = 0; i < MANY; i++)
		spans[i] = cs_span_of(octets, i);
	pki_mac_fields(arena, cs_span_str("Jefe"), LABEL, spans, MANY, mac);
	assert_mac("many", mac, "1c77435c3bfa85ee548ab3b5b55c4624367e0f0b1e15d25e9c640ee17da2f81f");
	cs_arena_free(arena);
}

/* The NUL ends a label: octets cannot move from it into what follows. */
static void
another_label_or_key_is_another_mac(void **state)
{
	uint8_t mac[PKI_SHA256], other[PKI_SHA256];

	(void)state;
	pki_mac(cs_span_str("Jefe"), LABEL, cs_span_str("abcdef"), mac);
	assert_mac("one part", mac, known[1].parts);
	pki_mac(cs_span_str("Jefe"), LABEL "abc", cs_span_str("def"), other);
	assert_memory_not_equal(mac, other, sizeof(mac));
	pki_mac(cs_span_str("Jeff"), LABEL, cs_span_str("abcdef"), other);
	assert_memory_not_equal(mac, other, sizeof(mac));
}

static void
a_number_is_eight_octets_and_the_most_significant_is_first(void **state)
{
	static const uint8_t want[8] = { 1, 2, 3, 4, 5, 6, 7, 0xf8 };
	uint8_t octets[8];

	(void)state;
	pki_mac_number(UINT64_C(0x01020304050607f8), octets);
	assert_memory_equal(octets, want, sizeof(want));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_what_the_header_says),
		cmocka_unit_test(fields_may_be_long_and_many),
		cmocka_unit_test(another_label_or_key_is_another_mac),
		cmocka_unit_test(a_number_is_eight_octets_and_the_most_significant_is_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
