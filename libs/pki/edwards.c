/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edwards.c: is it a point that may be a key?  OpenSSL takes any octets of the right length for a public
 * key, and points of small order make any signature valid (RFC 8032 5.1.3, 5.2.3; SBR 6.1.6).
 */
#include <openssl/bn.h>
#include <string.h>

#include "pki/evp.h"

#define OCTETS_MAX 57

/* a x^2 + y^2 = 1 + d x^2 y^2 modulo p */
static const struct curve {
	enum pki_key_kind kind;
	size_t octets; /* of a point: y little-endian, and the sign of x in the last bit */
	int a;
	const char *p, *d;
	const char *small[2]; /* y of points of order eight, beside 0, 1 and -1 */
} curves[] = {
	{ PKI_KEY_ED25519, 32, -1,
	    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
	    "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3",
	    { "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7",
		"05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826" } },
	{ PKI_KEY_ED448, 57, 1,
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffff6756",
	    { NULL, NULL } },
};

/* Numbers with their workspace; out of memory is fatal, as everywhere. */
struct sums {
	BN_CTX *ctx;
	BIGNUM *p, *d, *y, *y2, *t;
};

static void
sums_begin(struct sums *s, const struct curve *curve, const uint8_t *y)
{
	s->ctx = BN_CTX_new();
	cs_assert(s->ctx != NULL);
	BN_CTX_start(s->ctx);
	s->p = BN_CTX_get(s->ctx);
	s->d = BN_CTX_get(s->ctx);
	s->y = BN_CTX_get(s->ctx);
	s->y2 = BN_CTX_get(s->ctx);
	s->t = BN_CTX_get(s->ctx);
	cs_assert(s->t != NULL && BN_hex2bn(&s->p, curve->p) > 0 &&
		  BN_hex2bn(&s->d, curve->d) > 0 &&
		  BN_lebin2bn(y, (int)curve->octets, s->y) != NULL);
}

static void
sums_end(struct sums *s)
{
	BN_CTX_end(s->ctx);
	BN_CTX_free(s->ctx);
}

static bool
is_small(struct sums *s, const struct curve *curve)
{
	cs_assert(BN_copy(s->t, s->p) != NULL && BN_sub_word(s->t, 1) == 1);
	if (BN_is_zero(s->y) || BN_is_one(s->y) || BN_cmp(s->y, s->t) == 0)
		return true;
	for (size_t i = 0; i < 2 && curve->small[i] != NULL; i++) {
		cs_assert(BN_hex2bn(&s->t, curve->small[i]) > 0);
		if (BN_cmp(s->y, s->t) == 0)
			return true;
	}
	return false;
}

/* x^2 = (1 - y^2) / (a - d y^2): there is an x when the product of the two is a square. */
static bool
has_x(struct sums *s, const struct curve *curve)
{
	cs_assert(BN_mod_sqr(s->y2, s->y, s->p, s->ctx) == 1 &&
		  BN_mod_mul(s->d, s->d, s->y2, s->p, s->ctx) == 1 && BN_one(s->t) == 1);
	BN_set_negative(s->t, curve->a < 0);
	cs_assert(BN_mod_sub(s->d, s->t, s->d, s->p, s->ctx) == 1 && BN_one(s->t) == 1 &&
		  BN_mod_sub(s->t, s->t, s->y2, s->p, s->ctx) == 1 &&
		  BN_mod_mul(s->t, s->t, s->d, s->p, s->ctx) == 1);
	return BN_kronecker(s->t, s->p, s->ctx) == 1;
}

bool
pki_edwards_is_key(enum pki_key_kind kind, struct cs_span point)
{
	const struct curve *curve = &curves[kind == PKI_KEY_ED448 ? 1 : 0];
	uint8_t y[OCTETS_MAX];
	struct sums s;

	if (curve->kind != kind || point.len != curve->octets)
		return false;
	memcpy(y, point.data, point.len);
	y[point.len - 1] &= 0x7f;
	sums_begin(&s, curve, y);
	const bool good = BN_cmp(s.y, s.p) < 0 && !is_small(&s, curve) && has_x(&s, curve);
	sums_end(&s);
	return good;
}
