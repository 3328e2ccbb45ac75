/* SPDX-License-Identifier: Apache-2.0 */
/* The octets of a code, by an independent HMAC over what code.h says: stored rows are compared with them. */
#include <string.h>

#include "base/text.h"
#include "code.h"
#include "fake_world.h"

static void
the_octets_are_those_that_stored_rows_were_made_with(void **state)
{
	static const uint8_t digest[32] = { 7 };
	static const struct code_binding binding = { { { 1 } }, { { 2 } }, digest, "demo", "bob",
		"email-code", FACTOR_EMAIL, 1000 };
	const struct fake_world *world = *state;
	uint8_t octets[96], mac[CODE_MAC];
	char code[CODE_TEXT];
	struct cs_id seeded;

	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	const struct cs_span key = cs_span_of(octets, 32);
	const uint8_t *nonce = octets + 32, *random = octets + 64;

	code_seed(key, FAKE_NOW, random, &seeded, mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "1f27fae528a1f31968f7d72d85a6a423607db2946d3df3f02a3159ae71507683");
	code_make(key, binding.challenge, FACTOR_EMAIL, nonce, code);
	assert_string_equal(code, "88860432");
	code_make(key, binding.challenge, FACTOR_SMS, nonce, code);
	assert_string_equal(code, "32473507");
	code_tag(key, "12345678", mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "b9409e70faf93dc3547257fae6507b24754334d65c4f1ced7e64f928d3e927a9");
	code_mac(world->arena, key, mac, &binding, mac);
	assert_string_equal(cs_hex(world->arena, cs_span_of(mac, sizeof(mac))),
	    "c1068bc5f7a27a1aa29257143d05d857410858fba9936f21ed7c562975ffeb2a");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_octets_are_those_that_stored_rows_were_made_with),
	};

	return cmocka_run_group_tests(tests, fake_world_setup, fake_world_teardown);
}
