/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a key whose form is right (SBR 6.1.1.3, TBR 6.1.1.3). */
#include "pki/keycheck.h"

#include <openssl/bn.h>
#include <string.h>

#include "pki/evp.h"

#define FERMAT_ROUNDS 110
#define LAST_PRIME 751

static uint32_t
residue(struct cs_span number, uint32_t divisor)
{
	uint64_t rest = 0;
	size_t i = 0;

	for (; i < number.len % 4; i++)
		rest = ((rest << 8) | number.data[i]) % divisor;
	for (; i < number.len; i += 4) {
		const uint8_t *at = number.data + i;
		const uint32_t word = ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) |
				      ((uint32_t)at[2] << 8) | at[3];

		rest = ((rest << 32) | word) % divisor;
	}
	return (uint32_t)rest;
}

bool
pki_weak_small_factor(struct cs_span modulus)
{
	if (modulus.len == 0)
		return true;
	/* Composite divisors only find what their primes found. */
	for (uint32_t divisor = 2; divisor <= LAST_PRIME; divisor += divisor == 2 ? 1 : 2)
		if (residue(modulus, divisor) == 0)
			return true;
	return false;
}

/* Is `value` a power of 65537 modulo the prime `p`? */
static bool
in_roca_subgroup(uint32_t value, uint32_t p)
{
	const uint32_t generator = 65537 % p;
	uint32_t power = 1;

	do {
		if (power == value)
			return true;
		power = power * generator % p;
	} while (power != 1);
	return false;
}

/* CVE-2017-15361: the primes of the flawed generator are powers of 65537 modulo a primorial. */
bool
pki_weak_roca(struct cs_span modulus)
{
	static const uint8_t primes[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53,
		59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
		149, 151, 157, 163, 167 };

	for (size_t i = 0; i < sizeof(primes); i++)
		if (!in_roca_subgroup(residue(modulus, primes[i]), primes[i]))
			return false;
	return true;
}

/* Numbers with their workspace; out of memory is fatal, as everywhere. */
struct sums {
	BN_CTX *ctx;
	BIGNUM *n, *a, *b2, *root, *t;
};

static void
sums_begin(struct sums *sums, struct cs_span modulus)
{
	sums->ctx = BN_CTX_new();
	cs_assert(sums->ctx != NULL);
	BN_CTX_start(sums->ctx);
	sums->n = BN_CTX_get(sums->ctx);
	sums->a = BN_CTX_get(sums->ctx);
	sums->b2 = BN_CTX_get(sums->ctx);
	sums->root = BN_CTX_get(sums->ctx);
	sums->t = BN_CTX_get(sums->ctx);
	cs_assert(sums->t != NULL && BN_bin2bn(modulus.data, (int)modulus.len, sums->n) != NULL);
}

static void
sums_end(struct sums *sums)
{
	BN_CTX_end(sums->ctx);
	BN_CTX_free(sums->ctx);
}

/* root = floor(sqrt(x)), x > 0, by Newton's method from above. */
static void
square_root(struct sums *sums, const BIGNUM *x)
{
	BIGNUM *root = sums->root, *next = sums->t;

	BN_zero(root);
	cs_assert(BN_set_bit(root, (BN_num_bits(x) + 1) / 2) == 1);
	for (;;) {
		cs_assert(BN_div(next, NULL, x, root, sums->ctx) == 1 &&
			  BN_add(next, next, root) == 1 && BN_rshift1(next, next) == 1);
		if (BN_cmp(next, root) >= 0)
			return;
		cs_assert(BN_copy(root, next) != NULL);
	}
}

static bool
is_square_modulo(BN_ULONG value, unsigned modulus)
{
	for (unsigned x = 0; x <= modulus / 2; x++)
		if (x * x % modulus == value % modulus)
			return true;
	return false;
}

static bool
is_square(struct sums *sums, const BIGNUM *x)
{
	if (BN_is_zero(x))
		return true;
	/* Residues rule out all but one of a hundred without a root. */
	const BN_ULONG rest = BN_mod_word(x, 64 * 63 * 65 * 11);
	if (!is_square_modulo(rest, 64) || !is_square_modulo(rest, 63) ||
	    !is_square_modulo(rest, 65) || !is_square_modulo(rest, 11))
		return false;
	square_root(sums, x);
	cs_assert(BN_sqr(sums->t, sums->root, sums->ctx) == 1);
	return BN_cmp(sums->t, x) == 0;
}

/*
 * Fermat: N = a^2 - b^2 = (a - b)(a + b) is found at once when the factors are close.  Round one is
 * a = ceil(sqrt(N)), which also finds squares.
 */
bool
pki_weak_close_primes(struct cs_span modulus, int rounds)
{
	struct sums sums;
	bool found = false;

	sums_begin(&sums, modulus);
	if (BN_is_zero(sums.n)) {
		sums_end(&sums);
		return true;
	}
	square_root(&sums, sums.n);
	cs_assert(BN_copy(sums.a, sums.root) != NULL && BN_sqr(sums.b2, sums.a, sums.ctx) == 1);
	if (BN_cmp(sums.b2, sums.n) < 0)
		cs_assert(BN_add_word(sums.a, 1) == 1 && BN_sqr(sums.b2, sums.a, sums.ctx) == 1);
	cs_assert(BN_sub(sums.b2, sums.b2, sums.n) == 1);
	for (int round = 0; round < rounds && !found; round++) {
		found = is_square(&sums, sums.b2);
		/* (a + 1)^2 - N = a^2 - N + 2a + 1 */
		cs_assert(BN_add(sums.b2, sums.b2, sums.a) == 1 &&
			  BN_add(sums.b2, sums.b2, sums.a) == 1 && BN_add_word(sums.b2, 1) == 1 &&
			  BN_add_word(sums.a, 1) == 1);
	}
	sums_end(&sums);
	return found;
}

/*
 * 2^N - 2 has a factor in common with N when N is prime or a power of one (Fermat's little theorem),
 * and for an honest product of two primes practically never.  One exponentiation for both.
 */
static bool
is_prime_power(struct cs_span modulus)
{
	struct sums sums;

	sums_begin(&sums, modulus);
	cs_assert(BN_set_word(sums.a, 2) == 1 &&
		  BN_mod_exp_mont(sums.b2, sums.a, sums.n, sums.n, sums.ctx, NULL) == 1);
	cs_assert(BN_sub_word(sums.b2, 2) == 1 && BN_gcd(sums.t, sums.b2, sums.n, sums.ctx) == 1);
	const bool found = !BN_is_one(sums.t);
	sums_end(&sums);
	return found;
}

static bool
refuse_weak(struct cs_refusal *ret_why, const char *text)
{
	return cs_refuse(ret_why, (struct cs_refusal){ .code = "WEAKKEY",
				      .field = "csr",
				      .clause = "SBR 6.1.1.3, 6.1.6",
				      .text = text,
				      .mend = "make a new key with other, current software" });
}

static bool
judge_rsa(const struct pki_key *key, struct cs_refusal *ret_why)
{
	if (pki_weak_small_factor(key->modulus))
		return refuse_weak(ret_why, "the RSA modulus has a small factor");
	if (pki_weak_roca(key->modulus))
		return refuse_weak(ret_why, "the RSA key has the mark of CVE-2017-15361 (ROCA)");
	if (pki_weak_close_primes(key->modulus, FERMAT_ROUNDS))
		return refuse_weak(
		    ret_why, "the primes of the RSA key are too close to each other");
	if (is_prime_power(key->modulus))
		return refuse_weak(ret_why, "the RSA modulus is not the product of two primes");
	return true;
}

static bool
judge_edwards(const struct pki_key *key, unsigned flags, struct cs_refusal *ret_why)
{
	struct cs_refusal why = { .field = "csr", .clause = "SBR 6.1.5, 6.1.6" };

	if ((flags & PKI_ALLOW_EDDSA) == 0) {
		why.code = "KEYALG";
		why.text = "Ed25519 and Ed448 keys are not certified under this profile";
		why.mend = "make an RSA or an EC key";
		return cs_refuse(ret_why, why);
	}
	if (!pki_edwards_is_key(key->kind, key->point)) {
		why.code = "POINT";
		why.text = "the key is no point of its curve, or one of small order";
		why.mend = "make a new key";
		return cs_refuse(ret_why, why);
	}
	return true;
}

bool
pki_key_judge_import(struct cs_span spki, unsigned flags, struct pki_key *ret_key,
    struct pki_public *ret_public, struct cs_refusal *ret_why)
{
	struct pki_key key;

	if (!pki_spki_read(spki, &key, ret_why))
		return false;
	if (key.kind == PKI_KEY_RSA && !judge_rsa(&key, ret_why))
		return false;
	if ((key.kind == PKI_KEY_ED25519 || key.kind == PKI_KEY_ED448) &&
	    !judge_edwards(&key, flags, ret_why))
		return false;
	if (!pki_public_import(&key, ret_public))
		return cs_refuse(ret_why, (struct cs_refusal){ .code = "POINT",
					      .field = "csr",
					      .clause = "SBR 6.1.6",
					      .text = "the key is not a point on its curve",
					      .mend = "make a new key" });
	*ret_key = key;
	return true;
}

bool
pki_key_judge(
    struct cs_span spki, unsigned flags, struct pki_key *ret_key, struct cs_refusal *ret_why)
{
	CS_AUTO(pki_public_free) struct pki_public public_key = { 0 };

	return pki_key_judge_import(spki, flags, ret_key, &public_key, ret_why);
}
