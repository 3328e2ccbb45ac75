/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "reply/challenge.h"
#include "tests/check.h"

/* RFC 7638 3.1. */
static const struct reply_jwk example = { .kty = "RSA",
	.n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tS"
	     "oc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
	     "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
	     "dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
	     "nqDKgw",
	.e = "AQAB" };
#define THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

static void
makes_thumbprints(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	char text[REPLY_DIGEST_TEXT];

	(void)state;
	assert_int_equal(reply_thumbprint(arena, &example, text, NULL), CS_OK);
	assert_string_equal(text, THUMBPRINT);
	/* RFC 8037 A.3. */
	const struct reply_jwk okp = {
		.kty = "OKP", .crv = "Ed25519", .x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
	};
	assert_int_equal(reply_thumbprint(arena, &okp, text, NULL), CS_OK);
	assert_string_equal(text, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	cs_arena_free(arena);
}

static void
refuses_what_is_no_key(void **state)
{
	static const struct reply_jwk bad[] = {
		{ .kty = "RSA", .n = "AQAB" },
		{ .kty = "RSA", .n = "AQ\",\"x\":\"", .e = "AQAB" },
		{ .kty = "RSA", .n = "AQAB=", .e = "AQAB" },
		{ .kty = "EC", .crv = "P-256", .x = "AQAB" },
		{ .kty = "OKP", .crv = "Ed25519", .x = "" },
		{ .kty = "oct", .n = "AQAB", .e = "AQAB" },
		{ .kty = NULL, .n = "AQAB", .e = "AQAB" },
	};
	struct cs_arena *arena = cs_arena_new();
	char text[REPLY_DIGEST_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (reply_thumbprint(arena, &bad[i], text, NULL) != CS_MALFORMED)
			fail_msg("row %zu is taken for a key", i);
	cs_arena_free(arena);
}

/* smime-rules: the texts of the parts are joined; with a multiple of three octets it is the same. */
static void
makes_the_digest_that_clients_make(void **state)
{
	static const struct {
		const char *part1, *part2, *want;
	} rows[] = {
		{ "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "gIGCg4SFhoeIiYqLjI2Ojw",
		    "cXs9hqrg4qUYJq52O7se3g0Jm2RFfUh8jx7jK0G_nmk" },
		{ "LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME", "DGyRejmCefe7v4NfDGDKfA",
		    "oqRgcdn5jIDrdckMC7owMFH3UoxuDcTUPaTHapj0tfs" },
	};
	uint8_t digest[REPLY_DIGEST], again[REPLY_DIGEST];
	char text[REPLY_DIGEST_TEXT];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
		    reply_digest(rows[i].part1, rows[i].part2, THUMBPRINT, digest, NULL), CS_OK);
		reply_digest_text(digest, text);
		assert_string_equal(text, rows[i].want);
		assert_true(reply_base64url(cs_span_str(text), again, sizeof(again)));
		assert_memory_equal(digest, again, sizeof(digest));
	}
	assert_int_equal(reply_digest("a b", "c", THUMBPRINT, digest, NULL), CS_MALFORMED);
	assert_int_equal(reply_digest("a", "c.", THUMBPRINT, digest, NULL), CS_MALFORMED);
	assert_int_equal(reply_digest("a", "c", "", digest, NULL), CS_MALFORMED);
}

static void
makes_part_one_without_padding(void **state)
{
	uint8_t random[REPLY_PART1];
	char text[REPLY_PART1_TEXT];

	(void)state;
	memset(random, 0xff, sizeof(random));
	reply_part1(random, text);
	assert_string_equal(text, "________________________________________");
	assert_true(reply_part1_valid(text));
	assert_false(reply_part1_valid(text + 1));
	assert_false(reply_part1_valid("________________________________________="));
	assert_false(reply_part1_valid("+_______________________________________"));
}

static void
reads_base64url_with_and_without_padding(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool want;
	} rows[] = {
		{ "-_8", 2, true },
		{ "-_8=", 2, true },
		{ "-_9", 2, false },
		{ "-_8==", 2, false },
		{ "-_8x", 2, false },
		{ "+/8", 2, false },
		{ "-w==", 1, true },
		{ "-w=", 1, false },
		{ "", 0, true },
		{ "-_8", 3, false },
	};
	uint8_t octets[4];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		if (reply_base64url(cs_span_str(rows[i].text), octets, rows[i].len) != rows[i].want)
			fail_msg("\"%s\"", rows[i].text);
}

static void
writes_the_block(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	uint8_t digest[REPLY_DIGEST] = { 0 };

	(void)state;
	assert_string_equal(reply_block(arena, digest),
	    "-----BEGIN ACME RESPONSE-----\r\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
	    "-----END ACME RESPONSE-----\r\n");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_thumbprints),
		cmocka_unit_test(refuses_what_is_no_key),
		cmocka_unit_test(makes_the_digest_that_clients_make),
		cmocka_unit_test(makes_part_one_without_padding),
		cmocka_unit_test(reads_base64url_with_and_without_padding),
		cmocka_unit_test(writes_the_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
