/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys of a set are read, and which are passed over. */
#include <string.h>

#include "check.h"
#include "oidc/keys.h"
#include "vectors.h"

static const struct {
	const char *name, *key;
	bool want;
} rows[] = {
	{ "RSA", "{" RFC_RSA "}", true },
	{ "P-256", "{" RFC_P256 "}", true },
	{ "P-521", "{" RFC_P521 "}", true },
	{ "all said", "{" RFC_RSA ",\"kid\":\"1\",\"use\":\"sig\",\"alg\":\"PS256\",\"x5t\":7}",
	    true },
	{ "to verify", "{" RFC_RSA ",\"key_ops\":[\"sign\",\"verify\"]}", true },
	{ "to encrypt", "{" RFC_RSA ",\"use\":\"enc\"}", false },
	{ "to wrap", "{" RFC_RSA ",\"key_ops\":[\"wrapKey\"]}", false },
	{ "use is a number", "{" RFC_RSA ",\"use\":1}", false },
	{ "another algorithm", "{" RFC_RSA ",\"alg\":\"RSA-OAEP\"}", false },
	{ "by a secret", "{" RFC_RSA ",\"alg\":\"HS256\"}", false },
	{ "algorithm is null", "{" RFC_RSA ",\"alg\":null}", false },
	{ "kid is a number", "{" RFC_RSA ",\"kid\":1}", false },
	{ "with its private half", "{" RFC_P256 ",\"d\":\"AA\"}", false },
	{ "with a prime", "{" RFC_RSA ",\"p\":\"AA\"}", false },
	{ "symmetric", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", false },
	{ "Edwards",
	    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
	    false },
	{ "a curve of others",
	    "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" RFC_X256 "\",\"y\":\"" RFC_Y256 "\"}",
	    false },
	{ "the wrong curve",
	    "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" RFC_X256 "\",\"y\":\"" RFC_Y256 "\"}",
	    false },
	{ "off the curve",
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_Y256 "\",\"y\":\"" RFC_X256 "\"}",
	    false },
	{ "no y", "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" RFC_X256 "\"}", false },
	{ "small", "{\"kty\":\"RSA\",\"n\":\"" RFC_X256 "\",\"e\":\"AQAB\"}", false },
	{ "padded", "{\"kty\":\"RSA\",\"n\":\"" RFC_N "==\",\"e\":\"AQAB\"}", false },
	{ "exponent 1", "{\"kty\":\"RSA\",\"n\":\"" RFC_N "\",\"e\":\"AQ\"}", false },
	{ "no kind", "{\"n\":\"" RFC_N "\",\"e\":\"AQAB\"}", false },
	{ "a number", "7", false },
};

static void
reads_the_keys_that_verify_here(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *text = cs_arena_printf(arena, "{\"keys\":[%s]}", rows[i].key);
		struct oidc_keys keys;
		struct cs_refusal why = { .code = NULL };
		const bool good = oidc_keys_read(arena, cs_span_str(text), &keys, &why);

		if (good != rows[i].want)
			fail_msg("%s: got %d, want %d", rows[i].name, good, rows[i].want);
		if (!good)
			assert_string_equal(why.code, "oidc-keys-none");
	}
	cs_arena_free(arena);
}

static void
passes_over_what_it_does_not_know(void **state)
{
	static const char text[] = "{\"keys\":[{\"kty\":\"oct\"},{" RFC_P256
				   ",\"kid\":\"a\",\"alg\":\"ES256\"},[],{" RFC_RSA "}]}";
	struct cs_arena *arena = cs_arena_new();
	struct oidc_keys keys;
	struct cs_refusal why;

	(void)state;
	assert_true(oidc_keys_read(arena, cs_span_str(text), &keys, &why));
	assert_int_equal(keys.n, 2);
	assert_int_equal(keys.n_passed, 2);
	assert_string_equal(keys.keys[0].kid, "a");
	assert_true(keys.keys[0].one && keys.keys[0].algorithm == OIDC_ES256);
	assert_int_equal(keys.keys[0].numbers.bits, 256);
	assert_null(keys.keys[1].kid);
	assert_false(keys.keys[1].one);
	assert_int_equal(keys.keys[1].numbers.kind, PKI_KEY_RSA);
	cs_arena_free(arena);
}

static const char *
many(struct cs_arena *arena, size_t n)
{
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, "{\"keys\":[");
	for (size_t i = 0; i < n; i++)
		cs_buf_printf(&out, "%s{" RFC_RSA "}", i > 0 ? "," : "");
	cs_buf_add_str(&out, "]}");
	return (const char *)cs_buf_span(&out).data;
}

static void
bounds_a_set(void **state)
{
	static const char *const texts[] = { "", "[]", "{}", "{\"keys\":{}}", "{\"keys\":\"x\"}",
		"{\"keys\":[{" RFC_RSA ",\"kty\":\"RSA\"}]}" };
	struct cs_arena *arena = cs_arena_new();
	struct oidc_keys keys;
	struct cs_refusal why;

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_false(oidc_keys_read(arena, cs_span_str(texts[i]), &keys, &why));
		assert_string_equal(why.code, "oidc-keys");
	}
	assert_true(oidc_keys_read(arena, cs_span_str(many(arena, OIDC_KEYS_MAX)), &keys, &why));
	assert_int_equal(keys.n, OIDC_KEYS_MAX);
	assert_false(
	    oidc_keys_read(arena, cs_span_str(many(arena, OIDC_KEYS_MAX + 1)), &keys, &why));
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_keys_that_verify_here),
		cmocka_unit_test(passes_over_what_it_does_not_know),
		cmocka_unit_test(bounds_a_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
