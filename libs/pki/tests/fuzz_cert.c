/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "pki/cert.h"
#include "pki/keycheck.h"
#include "pki/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that may be certified is one for OpenSSL too, and of that size. */
static void
compare_key(struct cs_span spki)
{
	struct cs_refusal why = { 0 };
	struct pki_key key;
	const unsigned char *at = spki.data;

	if (!pki_key_judge(spki, PKI_ALLOW_EDDSA, &key, &why)) {
		cs_assert(why.code != NULL && why.text != NULL && why.mend != NULL);
		return;
	}
	EVP_PKEY *theirs = d2i_PUBKEY(NULL, &at, (long)spki.len);
	cs_assert(theirs != NULL && at == spki.data + spki.len);
	cs_assert(EVP_PKEY_get_bits(theirs) == (int)key.bits || key.kind >= PKI_KEY_ED25519);
	EVP_PKEY_free(theirs);
}

/* What we read, OpenSSL reads, and it says the same about it. */
static void
compare(const struct pki_cert_info *info)
{
	const unsigned char *at = info->der.data;
	unsigned char *again = NULL;
	X509 *cert = d2i_X509(NULL, &at, (long)info->der.len);

	cs_assert(cert != NULL && at == info->der.data + info->der.len);
	cs_assert(i2d_X509(cert, &again) == (int)info->der.len);
	cs_assert(memcmp(again, info->der.data, info->der.len) == 0);
	OPENSSL_free(again);
	X509_free(cert);
}

/* Readers of certificates survive anything, and the linter passes nothing by accident. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const none[] = { NULL };
	const struct pki_lint_profile profile = { .policy_oid = "2.23.140.1.5.1.2",
		.max_days = 825,
		.must_subject = none,
		.may_subject = none,
		.ours = true,
		.eku = none };
	struct cs_arena *arena = cs_arena_new();
	struct pki_cert_info info;
	struct cs_span spki;
	struct cs_err err;

	if (pki_cert_read(arena, cs_span_of(data, size), &info, &err) == CS_OK) {
		compare(&info);
		compare_key(info.spki);
		cs_assert(pki_cert_key(info.der, &spki) && cs_span_equal(spki, info.spki));
	} else if (pki_cert_key(cs_span_of(data, size), &spki)) {
		compare_key(spki);
	}
	cs_assert(pki_lint(arena, cs_span_of(data, size), &profile, 0).errors > 0);
	cs_arena_free(arena);
	return 0;
}
