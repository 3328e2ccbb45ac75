/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_applicant.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "pki/der.h"
#include "pki/pem.h"

struct cs_span
fixture(struct cs_arena *arena, const char *name)
{
	const char *here = __FILE__;
	const char *path = cs_arena_printf(
	    arena, "%.*s/fixtures/%s", (int)(strrchr(here, '/') - here), here, name);
	FILE *f = fopen(path, "rb");
	struct cs_buf out = cs_buf_new(arena);
	char chunk[4096];

	if (f == NULL)
		fail_msg("no fixture %s", path);
	for (size_t n = fread(chunk, 1, sizeof(chunk), f); n > 0;
	     n = fread(chunk, 1, sizeof(chunk), f))
		cs_buf_add(&out, chunk, n);
	fclose(f);
	return cs_buf_span(&out);
}

struct cs_span
fixture_der(struct cs_arena *arena, const char *name)
{
	struct cs_span text = fixture(arena, name), der = { NULL, 0 };
	const char *label, *why;

	assert_true(pki_pem_next(arena, &text, &label, &der, &why));
	return der;
}

struct cs_span
unhex(struct cs_arena *arena, const char *hex)
{
	const size_t len = strlen(hex) / 2;
	uint8_t *data = cs_arena_alloc(arena, len + 1);

	assert_true(cs_hex_decode(hex, data, len));
	return cs_span_of(data, len);
}

EVP_PKEY *
applicant_key(const char *curve)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);

	assert_non_null(key);
	return key;
}

struct cs_span
applicant_spki(struct cs_arena *arena, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const int len = i2d_PUBKEY(key, &der);

	assert_true(len > 0);
	const struct cs_span copy = cs_arena_copy(arena, der, (size_t)len);
	OPENSSL_free(der);
	return copy;
}

struct cs_span
applicant_rsa_spki(struct cs_arena *arena, struct cs_span modulus)
{
	struct cs_buf key = cs_buf_new(arena), out = cs_buf_new(arena);
	size_t mark = pki_der_begin(&key, PKI_SEQUENCE);

	pki_der_put_unsigned(&key, modulus);
	pki_der_put_int(&key, 65537);
	pki_der_end(&key, mark);
	mark = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, unhex(arena, "300d06092a864886f70d0101010500"));
	pki_der_put_octet_bits(&out, cs_buf_span(&key));
	pki_der_end(&out, mark);
	return cs_buf_span(&out);
}

static struct cs_span
either(struct cs_span span, struct cs_span otherwise)
{
	return span.len > 0 ? span : otherwise;
}

static struct cs_span
sign(struct cs_arena *arena, EVP_PKEY *key, struct cs_span data)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[1024];
	size_t len = sizeof(sig);

	assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, data.data, data.len), 1);
	EVP_MD_CTX_free(ctx);
	return cs_arena_copy(arena, sig, len);
}

struct cs_span
applicant_request(struct cs_arena *arena, EVP_PKEY *key, const struct applicant_parts *parts)
{
	struct cs_buf info = cs_buf_new(arena), out = cs_buf_new(arena);
	size_t mark = pki_der_begin(&info, PKI_SEQUENCE);

	cs_buf_add_span(&info, either(parts->version, unhex(arena, "020100")));
	cs_buf_add_span(&info, either(parts->subject, unhex(arena, "3000")));
	cs_buf_add_span(&info, parts->spki.len > 0 ? parts->spki : applicant_spki(arena, key));
	cs_buf_add_span(&info, either(parts->attributes, unhex(arena, "a000")));
	pki_der_end(&info, mark);

	mark = pki_der_begin(&out, PKI_SEQUENCE);
	cs_buf_add_span(&out, cs_buf_span(&info));
	cs_buf_add_span(&out, either(parts->sigalg, unhex(arena, "300a06082a8648ce3d040302")));
	if (parts->signature.len > 0)
		pki_der_put(&out, PKI_BIT_STRING, parts->signature);
	else
		pki_der_put_octet_bits(&out, sign(arena, key, cs_buf_span(&info)));
	cs_buf_add_span(&out, parts->after);
	pki_der_end(&out, mark);
	return cs_buf_span(&out);
}
