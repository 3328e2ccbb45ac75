/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>
#include <string.h>

#include "pki/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What we read, OpenSSL reads, and it says the same about it. */
static void
compare(const struct pki_crl *crl)
{
	const unsigned char *at = crl->der.data;
	unsigned char *again = NULL;
	X509_CRL *theirs = d2i_X509_CRL(NULL, &at, (long)crl->der.len);

	cs_assert(theirs != NULL && at == crl->der.data + crl->der.len);
	cs_assert(i2d_X509_CRL(theirs, &again) == (int)crl->der.len);
	cs_assert(memcmp(again, crl->der.data, crl->der.len) == 0);
	const int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(theirs));
	cs_assert((n < 0 ? 0 : (size_t)n) == crl->n);
	OPENSSL_free(again);
	X509_CRL_free(theirs);
}

/* The reader of lists survives anything, finds every entry that it read, and the lint passes nothing by accident. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pki_crl_rules nobody = { 0 };
	struct cs_arena *arena = cs_arena_new();
	struct cs_refusal why;
	struct pki_crl crl;

	if (pki_crl_read(arena, cs_span_of(data, size), &crl, NULL) == CS_OK) {
		compare(&crl);
		for (size_t i = 0; i < crl.n; i++)
			cs_assert(pki_crl_find(&crl, crl.entries[i].serial) == &crl.entries[i]);
		cs_assert(!pki_crl_lint(arena, crl.tbs, &nobody, &why) && why.code != NULL);
	}
	cs_assert(!pki_crl_lint(arena, cs_span_of(data, size), &nobody, &why));
	cs_arena_free(arena);
	return 0;
}
