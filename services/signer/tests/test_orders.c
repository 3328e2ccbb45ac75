/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The octets of sealed orders, by an independent HMAC: one that waits while the signer is replaced is still carried out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "crls.h"
#include "sign.h"

#include <cmocka.h>

static const uint8_t key_octets[32] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
	17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31 };
static const struct cs_span key = { key_octets, sizeof(key_octets) };
static const struct cs_id id = { { 1 } };

static void
an_order_to_sign_is_sealed_with_its_request_and_time(void **state)
{
	const struct sign_order order = { INT64_C(1790000000000), "issuing", "smime-mailbox",
		cs_span_str("tbs") };
	struct cs_arena *arena = cs_arena_new();
	struct sign_order got;

	(void)state;
	const struct cs_span body = sign_write_order(arena, key, id, &order);
	assert_string_equal(cs_hex(arena, body),
	    "000001a0c4506c0017f4ca351693fad4c335d2be9875c3b7edfef12acedccbda0498a2"
	    "982046e7bf69737375696e6700736d696d652d6d61696c626f7800746273");
	assert_true(sign_read_order(key, id, body, &got));
	assert_int_equal(got.judged_at_ms, order.judged_at_ms);
	cs_arena_free(arena);
}

static void
an_order_of_a_list_is_sealed_with_the_list(void **state)
{
	const struct crls_order order = { "issuing", 3, 258, INT64_C(1790000000000),
		cs_span_str("tbs") };
	struct cs_arena *arena = cs_arena_new();
	struct crls_order got;

	(void)state;
	const struct cs_span body = crls_write_order(arena, key, id, &order);
	assert_string_equal(cs_hex(arena, body),
	    "aec91c4d6bdc00cc6fc1019d7cf3547d0f41f11809114ab528982cf240696257000001"
	    "a0c4506c000000000000000102000000000000000369737375696e6700746273");
	assert_true(crls_read_order(key, id, body, &got));
	assert_int_equal(got.number, order.number);
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_to_sign_is_sealed_with_its_request_and_time),
		cmocka_unit_test(an_order_of_a_list_is_sealed_with_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
