/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/x509.h>

#include "pki/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What we accept, OpenSSL accepts, and it says the same about it. */
static void
compare(const struct pki_csr *csr)
{
	const unsigned char *at = csr->der.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &at, (long)csr->der.len);

	cs_assert(req != NULL && at == csr->der.data + csr->der.len);
	EVP_PKEY *key = X509_REQ_get0_pubkey(req);
	cs_assert(key != NULL && X509_REQ_verify(req, key) == 1);
	cs_assert(EVP_PKEY_get_bits(key) == (int)csr->key.bits || csr->key.kind >= PKI_KEY_ED25519);
	X509_REQ_free(req);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct pki_csr csr;
	struct cs_refusal why = { 0 };

	if (pki_csr_read(arena, cs_span_of(data, size), PKI_ALLOW_EDDSA, &csr, &why))
		compare(&csr);
	else
		cs_assert(why.code != NULL && why.text != NULL && why.mend != NULL);
	cs_arena_free(arena);
	return 0;
}
