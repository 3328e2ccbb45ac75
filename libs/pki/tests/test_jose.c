/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in bare numbers, and signatures of JSON Web Signatures: those of RFC 7515, and altered ones. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_jose.h"
#include "pki/jose.h"

static struct cs_span
octets(struct cs_arena *arena, const char *text)
{
	struct cs_span out;

	assert_true(cs_base64url_decode(arena, cs_span_str(text), &out));
	return out;
}

/* RFC 7515 A.2, A.3, A.4. */
#define RFC_CLAIMS \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
static const struct {
	const char *name;
	uint32_t bits; /* 0: RSA */
	const char *a, *b, *signed_octets, *signature;
} vectors[] = {
	{ "RS256", 0,
	    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
	    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
	    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
	    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
	    "AQAB", "eyJhbGciOiJSUzI1NiJ9." RFC_CLAIMS,
	    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W"
	    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS"
	    "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv"
	    "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw" },
	{ "ES256", 256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
	    "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "eyJhbGciOiJFUzI1NiJ9." RFC_CLAIMS,
	    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
	{ "ES512", 521,
	    "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
	    "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
	    "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
	    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt"
	    "AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn" },
};

static void
takes_the_signatures_of_rfc_7515(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(vectors); i++) {
		const struct cs_span a = octets(arena, vectors[i].a),
				     b = octets(arena, vectors[i].b),
				     data = cs_span_str(vectors[i].signed_octets),
				     good = octets(arena, vectors[i].signature);
		const bool rsa = vectors[i].bits == 0;
		const enum pki_jose_scheme scheme = rsa ? PKI_JOSE_PKCS1 : PKI_JOSE_ECDSA;
		struct pki_jose_key key;

		assert_true(
		    rsa ? pki_jose_rsa(a, b, &key) : pki_jose_ec(vectors[i].bits, a, b, &key));
		if (!pki_jose_verify(arena, &key, scheme, data, good))
			fail_msg("%s: got false, want true", vectors[i].name);
		for (size_t at = 0; at < good.len; at += 7) {
			const struct cs_span bad = cs_arena_copy_span(arena, good);

			((uint8_t *)bad.data)[at] ^= 1;
			if (pki_jose_verify(arena, &key, scheme, data, bad))
				fail_msg("%s: octet %zu is another, and it was taken",
				    vectors[i].name, at);
		}
		assert_false(pki_jose_verify(arena, &key, scheme, cs_span_str("else"), good));
	}
	cs_arena_free(arena);
}

/* One key of each kind, for all that follows. */
enum { RSA, P256, P384, P521, SIGNERS };
static const struct {
	const char *kind, *digest;
	uint32_t bits;
} kinds[SIGNERS] = {
	[RSA] = { "RSA", "SHA256", 2048 },
	[P256] = { "P-256", "SHA256", 256 },
	[P384] = { "P-384", "SHA384", 384 },
	[P521] = { "P-521", "SHA512", 521 },
};

struct world {
	struct cs_arena *arena;
	struct jose_signer *signers[SIGNERS];
	struct pki_jose_key keys[SIGNERS];
};

static int
make_world(void **state)
{
	static struct world world;

	world.arena = cs_arena_new();
	for (int i = 0; i < SIGNERS; i++) {
		struct cs_span a, b;

		world.signers[i] = jose_signer_new(kinds[i].kind, kinds[i].bits);
		jose_numbers(world.arena, world.signers[i], &a, &b);
		assert_true(i == RSA ? pki_jose_rsa(a, b, &world.keys[i])
				     : pki_jose_ec(kinds[i].bits, a, b, &world.keys[i]));
		assert_int_equal(world.keys[i].bits, kinds[i].bits);
	}
	*state = &world;
	return 0;
}

static int
drop_world(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < SIGNERS; i++)
		jose_signer_free(world->signers[i]);
	cs_arena_free(world->arena);
	return 0;
}

/* The scheme and digest with which somebody signs, and those by which we verify: only each one's own are taken. */
static const struct {
	const char *name;
	int signer;
	bool pss;
	const char *digest;
	int key;
	enum pki_jose_scheme scheme;
	bool want;
} rows[] = {
	{ "RS256", RSA, false, "SHA256", RSA, PKI_JOSE_PKCS1, true },
	{ "PS256", RSA, true, "SHA256", RSA, PKI_JOSE_PSS, true },
	{ "ES256", P256, false, "SHA256", P256, PKI_JOSE_ECDSA, true },
	{ "ES384", P384, false, "SHA384", P384, PKI_JOSE_ECDSA, true },
	{ "ES512", P521, false, "SHA512", P521, PKI_JOSE_ECDSA, true },
	{ "PKCS#1 taken for PSS", RSA, false, "SHA256", RSA, PKI_JOSE_PSS, false },
	{ "PSS taken for PKCS#1", RSA, true, "SHA256", RSA, PKI_JOSE_PKCS1, false },
	{ "RS384", RSA, false, "SHA384", RSA, PKI_JOSE_PKCS1, false },
	{ "RS1", RSA, false, "SHA1", RSA, PKI_JOSE_PKCS1, false },
	{ "PS384", RSA, true, "SHA384", RSA, PKI_JOSE_PSS, false },
	{ "P-256 with SHA-384", P256, false, "SHA384", P256, PKI_JOSE_ECDSA, false },
	{ "P-384 with SHA-256", P384, false, "SHA256", P384, PKI_JOSE_ECDSA, false },
	{ "EC as RSA", P256, false, "SHA256", P256, PKI_JOSE_PKCS1, false },
	{ "RSA as EC", RSA, false, "SHA256", RSA, PKI_JOSE_ECDSA, false },
	{ "of another curve", P256, false, "SHA256", P384, PKI_JOSE_ECDSA, false },
	{ "of another kind", P256, false, "SHA256", RSA, PKI_JOSE_PKCS1, false },
};

static void
verifies_each_key_by_its_own_algorithms(void **state)
{
	struct world *world = *state;
	const struct cs_span data = cs_span_str("header.payload");

	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct cs_span signature = jose_sign(world->arena,
		    world->signers[rows[i].signer], rows[i].pss, rows[i].digest, data);
		const bool got = pki_jose_verify(
		    world->arena, &world->keys[rows[i].key], rows[i].scheme, data, signature);

		if (got != rows[i].want)
			fail_msg("%s: got %d, want %d", rows[i].name, got, rows[i].want);
	}
}

static void
wants_signatures_as_long_as_they_must_be(void **state)
{
	struct world *world = *state;
	const struct cs_span data = cs_span_str("header.payload");

	for (int i = 0; i < SIGNERS; i++) {
		const enum pki_jose_scheme scheme = i == RSA ? PKI_JOSE_PKCS1 : PKI_JOSE_ECDSA;
		const struct cs_span good =
		    jose_sign(world->arena, world->signers[i], false, kinds[i].digest, data);
		uint8_t *longer = cs_arena_alloc(world->arena, good.len + 2);

		memcpy(longer + 1, good.data, good.len);
		assert_true(pki_jose_verify(world->arena, &world->keys[i], scheme, data, good));
		assert_false(pki_jose_verify(
		    world->arena, &world->keys[i], scheme, data, cs_span_of(longer, good.len + 1)));
		assert_false(pki_jose_verify(world->arena, &world->keys[i], scheme, data,
		    cs_span_of(longer + 1, good.len + 1)));
		assert_false(pki_jose_verify(world->arena, &world->keys[i], scheme, data,
		    cs_span_of(good.data, good.len - 1)));
		assert_false(pki_jose_verify(
		    world->arena, &world->keys[i], scheme, data, cs_span_of(NULL, 0)));
	}
}

/* Two zeros, of which everybody could say that they signed (CVE-2022-21449), and each alone. */
static void
refuses_a_signature_of_zeros(void **state)
{
	struct world *world = *state;
	const struct cs_span data = cs_span_str("header.payload");

	for (int i = P256; i < SIGNERS; i++) {
		const size_t len = (kinds[i].bits + 7) / 8;

		for (int zeros = 1; zeros < 4; zeros++) {
			const struct cs_span good = jose_sign(
			    world->arena, world->signers[i], false, kinds[i].digest, data);

			memset((uint8_t *)good.data, zeros & 1 ? 0 : good.data[0],
			    zeros & 1 ? len : 1);
			if (zeros & 2)
				memset((uint8_t *)good.data + len, 0, len);
			assert_false(pki_jose_verify(
			    world->arena, &world->keys[i], PKI_JOSE_ECDSA, data, good));
		}
	}
}

/* ---- what is no key ---- */

static struct cs_span
modulus_of(struct cs_arena *arena, uint32_t bits)
{
	const size_t len = (bits + 7) / 8;
	uint8_t *n = cs_arena_alloc(arena, len);

	memset(n, 0xff, len);
	n[0] = (uint8_t)(0xff >> (len * 8 - bits));
	return cs_span_of(n, len);
}

static void
gates_the_numbers_of_rsa(void **state)
{
	static const struct {
		uint32_t bits;
		bool even, zero;
		const char *e;
		bool want;
	} cases[] = {
		{ 2048, false, false, "AQAB", true },
		{ 2047, false, false, "AQAB", false },
		{ 8192, false, false, "AQAB", true },
		{ 8193, false, false, "AQAB", false },
		{ 2048, true, false, "AQAB", false },
		{ 2048, false, true, "AQAB", false },   /* a zero in front */
		{ 2048, false, false, "Aw", true },     /* 3 */
		{ 2048, false, false, "AQ", false },    /* 1 */
		{ 2048, false, false, "BA", false },    /* 4 */
		{ 2048, false, false, "_____w", true }, /* 2^32 - 1 */
		{ 2048, false, false, "AQAAAAE", false },
		{ 2048, false, false, "AAEAAQ", false }, /* a zero in front */
		{ 2048, false, false, "", false },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_span n = modulus_of(arena, cases[i].bits);
		struct pki_jose_key key;

		if (cases[i].even)
			((uint8_t *)n.data)[n.len - 1] = 0xfe;
		if (cases[i].zero) {
			uint8_t *longer = cs_arena_alloc(arena, n.len + 1);

			memcpy(longer + 1, n.data, n.len);
			n = cs_span_of(longer, n.len + 1);
		}
		if (pki_jose_rsa(n, octets(arena, cases[i].e), &key) != cases[i].want)
			fail_msg(
			    "%u bits, e %s: want %d", cases[i].bits, cases[i].e, cases[i].want);
	}
	assert_false(
	    pki_jose_rsa(cs_span_of(NULL, 0), octets(arena, "AQAB"), &(struct pki_jose_key){ 0 }));
	cs_arena_free(arena);
}

static void
takes_points_of_their_curve_alone(void **state)
{
	struct world *world = *state;
	struct pki_jose_key key;

	for (int i = P256; i < SIGNERS; i++) {
		struct cs_span x, y;

		jose_numbers(world->arena, world->signers[i], &x, &y);
		for (int k = P256; k < SIGNERS; k++)
			assert_int_equal(pki_jose_ec(kinds[k].bits, x, y, &key), i == k);
		assert_false(pki_jose_ec(kinds[i].bits + 1, x, y, &key));
		assert_false(pki_jose_ec(kinds[i].bits, y, x, &key));
		assert_false(pki_jose_ec(kinds[i].bits, cs_span_of(x.data, x.len - 1), y, &key));
		assert_false(pki_jose_ec(kinds[i].bits, x, cs_span_of(NULL, 0), &key));
		((uint8_t *)y.data)[y.len - 1] ^= 1;
		assert_false(pki_jose_ec(kinds[i].bits, x, y, &key));
		memset((uint8_t *)x.data, 0, x.len);
		memset((uint8_t *)y.data, 0, y.len);
		assert_false(pki_jose_ec(kinds[i].bits, x, y, &key));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_signatures_of_rfc_7515),
		cmocka_unit_test(verifies_each_key_by_its_own_algorithms),
		cmocka_unit_test(wants_signatures_as_long_as_they_must_be),
		cmocka_unit_test(refuses_a_signature_of_zeros),
		cmocka_unit_test(gates_the_numbers_of_rsa),
		cmocka_unit_test(takes_points_of_their_curve_alone),
	};

	return cmocka_run_group_tests(tests, make_world, drop_world);
}
