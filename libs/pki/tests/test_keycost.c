/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_keycost.c: what it costs to judge a hostile key.  Arithmetic with big numbers is counted on its way to
 * libcrypto: none before the sizes are known, and then no more than for an honest key of the largest size.
 * The time is printed and not judged: it is the machine's.
 */
#include <dlfcn.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "check.h"
#include "fake_applicant.h"
#include "pki/csr.h"
#include "pki/der.h"
#include "pki/keycheck.h"

/* ---- counting: these stand before those of libcrypto ---- */

static struct sums {
	unsigned divisions, squares, powers, gcds, symbols, imports;
} sums;

#define NEXT(type, name, ...)                                     \
	static type *name##_next;                                 \
	if (name##_next == NULL)                                  \
		*(void **)&name##_next = dlsym(RTLD_NEXT, #name); \
	return name##_next(__VA_ARGS__)

typedef int div_fn(BIGNUM *, BIGNUM *, const BIGNUM *, const BIGNUM *, BN_CTX *);
typedef int sqr_fn(BIGNUM *, const BIGNUM *, BN_CTX *);
typedef int
exp_fn(BIGNUM *, const BIGNUM *, const BIGNUM *, const BIGNUM *, BN_CTX *, BN_MONT_CTX *);
typedef int gcd_fn(BIGNUM *, const BIGNUM *, const BIGNUM *, BN_CTX *);
typedef int symbol_fn(const BIGNUM *, const BIGNUM *, BN_CTX *);
typedef int fromdata_fn(EVP_PKEY_CTX *, EVP_PKEY **, int, OSSL_PARAM *);

int
BN_div(BIGNUM *dv, BIGNUM *rem, const BIGNUM *a, const BIGNUM *d, BN_CTX *ctx)
{
	sums.divisions++;
	NEXT(div_fn, BN_div, dv, rem, a, d, ctx);
}

int
BN_sqr(BIGNUM *r, const BIGNUM *a, BN_CTX *ctx)
{
	sums.squares++;
	NEXT(sqr_fn, BN_sqr, r, a, ctx);
}

int
BN_mod_exp_mont(
    BIGNUM *r, const BIGNUM *a, const BIGNUM *p, const BIGNUM *m, BN_CTX *ctx, BN_MONT_CTX *m_ctx)
{
	sums.powers++;
	NEXT(exp_fn, BN_mod_exp_mont, r, a, p, m, ctx, m_ctx);
}

int
BN_gcd(BIGNUM *r, const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx)
{
	sums.gcds++;
	NEXT(gcd_fn, BN_gcd, r, a, b, ctx);
}

int
BN_kronecker(const BIGNUM *a, const BIGNUM *b, BN_CTX *ctx)
{
	sums.symbols++;
	NEXT(symbol_fn, BN_kronecker, a, b, ctx);
}

int
EVP_PKEY_fromdata(EVP_PKEY_CTX *ctx, EVP_PKEY **pkey, int selection, OSSL_PARAM *params)
{
	sums.imports++;
	NEXT(fromdata_fn, EVP_PKEY_fromdata, ctx, pkey, selection, params);
}

/* ---- keys ---- */

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

#define RSA_OID "1.2.840.113549.1.1.1"

static struct cs_span
rsa(struct cs_arena *arena, struct cs_span modulus, struct cs_span exponent)
{
	struct cs_buf numbers = cs_buf_new(arena), out = cs_buf_new(arena);
	const size_t pair = pki_der_begin(&numbers, PKI_SEQUENCE);

	pki_der_put_unsigned(&numbers, modulus);
	pki_der_put_unsigned(&numbers, exponent);
	pki_der_end(&numbers, pair);
	const size_t whole = pki_der_begin(&out, PKI_SEQUENCE);
	const size_t algorithm = pki_der_begin(&out, PKI_SEQUENCE);
	pki_der_put_oid(&out, RSA_OID);
	pki_der_put_null(&out);
	pki_der_end(&out, algorithm);
	pki_der_put_octet_bits(&out, cs_buf_span(&numbers));
	pki_der_end(&out, whole);
	return cs_buf_span(&out);
}

/* All ones: odd, and as large as its size lets it be. */
static struct cs_span
ones(struct cs_arena *arena, size_t bits)
{
	uint8_t *octets = cs_arena_alloc(arena, (bits + 7) / 8);

	memset(octets, 0xff, (bits + 7) / 8);
	octets[0] >>= (8 - bits % 8) % 8;
	return cs_span_of(octets, (bits + 7) / 8);
}

static const uint8_t f4[] = { 1, 0, 1 };
#define F4 cs_span_of(f4, sizeof(f4))

/* ---- judging ---- */

static int64_t worst_us;

static const char *
judge(const char *name, struct cs_span spki)
{
	struct cs_refusal why = { .code = "good" };
	struct pki_key key;

	sums = (struct sums){ 0 };
	const int64_t start_us = cs_mono_us();
	(void)!pki_key_judge(spki, PKI_ALLOW_EDDSA, &key, &why);
	const int64_t took_us = cs_mono_us() - start_us;
	worst_us = took_us > worst_us ? took_us : worst_us;
	print_message("%-28s %-8s %7lld us: %u divisions, %u squares, %u powers, %u gcds,"
		      " %u symbols, %u imports\n",
	    name, why.code, (long long)took_us, sums.divisions, sums.squares, sums.powers,
	    sums.gcds, sums.symbols, sums.imports);
	return why.code;
}

static void
expect(const char *name, struct cs_span spki, const char *want)
{
	const char *got = judge(name, spki);

	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, want %s", name, got, want);
}

/*
 * Roots: the first guess is at most a factor of two off, so that Newton's method ends within 2 and
 * log2(4096) steps and one that changes nothing.  Fermat: a root at the start, and one for each round whose
 * number looks like a square.
 */
#define ROUNDS 110
#define ROOT 15
#define DIVISIONS_MAX ((ROUNDS + 1) * ROOT + 64) /* and what libcrypto divides for itself */
#define SQUARES_MAX (2 * ROUNDS + 64)

static void
expect_bounded(const char *name)
{
	if (sums.divisions > DIVISIONS_MAX || sums.squares > SQUARES_MAX || sums.powers > 2 ||
	    sums.gcds > 2 || sums.symbols > 1 || sums.imports > 1)
		fail_msg("%s: more arithmetic than any key is worth", name);
}

static void
sizes_come_before_arithmetic(void **state)
{
	static const struct {
		const char *name, *want;
		size_t modulus_bits, exponent_bits;
	} cases[] = {
		{ "a modulus of 2047 bits", "KEYSIZE", 2047, 17 },
		{ "a modulus of 2049 bits", "KEYSIZE", 2049, 17 },
		{ "a modulus of 2056 bits", "KEYSIZE", 2056, 17 },
		{ "a modulus of 4095 bits", "KEYSIZE", 4095, 17 },
		{ "a modulus of 4097 bits", "KEYSIZE", 4097, 17 },
		{ "a modulus of 7,900 bits", "KEYSIZE", 7900, 17 },
		{ "a modulus of 16,384 bits", "KEYSIZE", 16384, 17 },
		{ "a modulus of 130,000 bits", "KEYSIZE", 130000, 17 },
		{ "a modulus of 8 bits", "KEYSIZE", 8, 17 },
		{ "an exponent of one", "EXPONENT", 4096, 1 },
		{ "an exponent of three", "EXPONENT", 4096, 2 },
		{ "an exponent of 33 bits", "EXPONENT", 2048, 33 },
		{ "an exponent of 2048 bits", "EXPONENT", 2048, 2048 },
		{ "an exponent of 4096 bits", "KEYSIZE", 4096, 4096 },
		{ "an exponent of 100,000 bits", "KEYSIZE", 2048, 100000 },
	};
	static const struct {
		const char *file, *want;
	} others[] = {
		{ "explicit.pem", "CURVE" },
		{ "secp256k1.pem", "CURVE" },
		{ "p192.pem", "CURVE" },
		{ "compressed.pem", "POINT" },
		{ "hybrid.pem", "POINT" },
		{ "dsa.pem", "KEYALG" },
		{ "rsapss.pem", "KEYALG" },
		{ "rsa8192.pem", "KEYSIZE" },
	};
	const struct sums none = { 0 };

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct cs_span exponent =
		    cases[i].exponent_bits == 17 ? F4 : ones(*state, cases[i].exponent_bits);

		expect(cases[i].name, rsa(*state, ones(*state, cases[i].modulus_bits), exponent),
		    cases[i].want);
		if (memcmp(&sums, &none, sizeof(sums)) != 0)
			fail_msg("%s: arithmetic before the gate", cases[i].name);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		struct cs_span spki;

		assert_true(pki_csr_spki(fixture_der(*state, others[i].file), &spki));
		expect(others[i].file, spki, others[i].want);
		if (memcmp(&sums, &none, sizeof(sums)) != 0)
			fail_msg("%s: arithmetic before the gate", others[i].file);
	}
}

static void
no_modulus_costs_more_than_an_honest_one(void **state)
{
	static const char *const honest[] = { "rsa2048.pem", "rsa3072.pem", "rsa4096.pem" };
	char *text = cs_arena_strdup(*state, (const char *)fixture(*state, "weak-moduli.txt").data);
	char *rest = text, *line;

	for (size_t i = 0; i < COUNT(honest); i++) {
		struct cs_span spki;

		assert_true(pki_csr_spki(fixture_der(*state, honest[i]), &spki));
		expect(honest[i], spki, "good");
		assert_int_equal(sums.powers, 1);
		expect_bounded(honest[i]);
	}
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		const char *name = strsep(&line, " ");

		expect(name, rsa(*state, unhex(*state, line), F4),
		    strcmp(name, "factor-757") == 0 ? "good" : "WEAKKEY");
		expect_bounded(name);
	}
	(void)judge("all ones", rsa(*state, ones(*state, 4096), F4));
	expect_bounded("all ones");
}

/* Found within the rounds or not, it is the rounds that end it. */
static void
close_factors_cost_no_more_than_the_rounds(void **state)
{
	char *rest =
		 cs_arena_strdup(*state, (const char *)fixture(*state, "close-factors.txt").data),
	     *line;

	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		const char *bits = strsep(&line, " "), *rounds = strsep(&line, " ");
		const char *name = cs_arena_printf(*state, "%s bits, k = %s", bits, rounds);

		expect(name, rsa(*state, unhex(*state, line), F4),
		    strtol(rounds, NULL, 10) < ROUNDS ? "WEAKKEY" : "good");
		expect_bounded(name);
	}
}

static void
points_cost_one_import(void **state)
{
	static const char *const files[] = { "p256.pem", "p384.pem", "p521.pem", "ed25519.pem",
		"ed448.pem" };

	for (size_t i = 0; i < COUNT(files); i++) {
		struct cs_span spki;

		assert_true(pki_csr_spki(fixture_der(*state, files[i]), &spki));
		expect(files[i], spki, "good");
		expect_bounded(files[i]);
		uint8_t *off = cs_arena_alloc(*state, spki.len);
		memcpy(off, spki.data, spki.len);
		off[spki.len - 1] ^= 1; /* off its curve; of an Edwards curve it may be on it */
		(void)judge(files[i], cs_span_of(off, spki.len));
		expect_bounded(files[i]);
	}
}

static void
the_worst_is_said(void **state)
{
	(void)state;
	print_message("the worst took %lld us; at most %d divisions, %d squares, two powers\n",
	    (long long)worst_us, DIVISIONS_MAX, SQUARES_MAX);
	assert_true(worst_us > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_come_before_arithmetic),
		cmocka_unit_test(no_modulus_costs_more_than_an_honest_one),
		cmocka_unit_test(close_factors_cost_no_more_than_the_rounds),
		cmocka_unit_test(points_cost_one_import),
		cmocka_unit_test(the_worst_is_said),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
