/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/jose.h"

#include <string.h>

#include "pki/der.h"
#include "pki/evp.h"

/* ---- keys ---- */

static bool
is_minimal(struct cs_span number)
{
	return number.len > 0 && number.data[0] != 0;
}

static uint32_t
bit_length(struct cs_span number)
{
	uint32_t bits = (uint32_t)number.len * 8;

	for (uint8_t mask = 0x80; mask > number.data[0]; mask >>= 1)
		bits--;
	return bits;
}

bool
pki_jose_rsa(struct cs_span n, struct cs_span e, struct pki_jose_key *ret_key)
{
	struct pki_jose_key key = { .kind = PKI_KEY_RSA, .modulus = n };

	if (!is_minimal(n) || n.len > PKI_JOSE_RSA_BITS_MAX / 8 || !is_minimal(e) ||
	    e.len > sizeof(key.exponent))
		return false;
	for (size_t i = 0; i < e.len; i++)
		key.exponent = key.exponent << 8 | e.data[i];
	key.bits = bit_length(n);
	if (key.bits < PKI_JOSE_RSA_BITS_MIN || n.data[n.len - 1] % 2 == 0 || key.exponent < 3 ||
	    key.exponent % 2 == 0)
		return false;
	*ret_key = key;
	return true;
}

/* Octets of a number modulo the curve's prime, which is how long those modulo its order are, too. */
static size_t
field_of(uint32_t bits)
{
	return (bits + 7) / 8;
}

static bool
import(const struct pki_jose_key *key, struct pki_public *ret_public)
{
	if (key->kind == PKI_KEY_RSA) {
		*ret_public = (struct pki_public){ .kind = PKI_KEY_RSA,
			.pkey = pki_rsa_import(key->modulus, key->exponent) };
		return ret_public->pkey != NULL;
	}
	const struct pki_key point = { .kind = PKI_KEY_EC,
		.bits = key->bits,
		.point = { key->point, 1 + 2 * field_of(key->bits) } };

	return pki_public_import(&point, ret_public);
}

bool
pki_jose_ec(uint32_t bits, struct cs_span x, struct cs_span y, struct pki_jose_key *ret_key)
{
	struct pki_jose_key key = { .kind = PKI_KEY_EC, .bits = bits };
	const size_t len = field_of(bits);

	if ((bits != 256 && bits != 384 && bits != 521) || x.len != len || y.len != len)
		return false;
	key.point[0] = 0x04;
	memcpy(key.point + 1, x.data, len);
	memcpy(key.point + 1 + len, y.data, len);
	CS_AUTO(pki_public_free) struct pki_public public_key = { 0 };

	if (!import(&key, &public_key))
		return false;
	*ret_key = key;
	return true;
}

/* ---- signatures ---- */

/* r and s side by side, as the SEQUENCE that certificates have (RFC 3279 2.2.3).  Empty: not two such numbers. */
static struct cs_span
der_of(struct cs_arena *arena, struct cs_span signature, size_t len)
{
	struct cs_buf out = cs_buf_new(arena);

	if (signature.len != 2 * len)
		return cs_span_of(NULL, 0);
	const size_t mark = pki_der_begin(&out, PKI_SEQUENCE);

	pki_der_put_unsigned(&out, cs_span_of(signature.data, len));
	pki_der_put_unsigned(&out, cs_span_of(signature.data + len, len));
	pki_der_end(&out, mark);
	return cs_buf_span(&out);
}

bool
pki_jose_verify(struct cs_arena *arena, const struct pki_jose_key *key, enum pki_jose_scheme scheme,
    struct cs_span data, struct cs_span signature)
{
	const bool ec = key->kind == PKI_KEY_EC;

	if (ec != (scheme == PKI_JOSE_ECDSA))
		return false;
	if (ec)
		signature = der_of(arena, signature, field_of(key->bits));
	else if (signature.len != key->modulus.len)
		return false;
	CS_AUTO(pki_public_free) struct pki_public public_key = { 0 };

	return import(key, &public_key) &&
	       pki_verify_with(&public_key,
		   pki_sigalg_of(key->kind, key->bits, scheme == PKI_JOSE_PSS), data, signature);
}
