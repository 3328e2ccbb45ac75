/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static char *
make_one(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *req = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *text, *copy;
	long len;

	if (key == NULL || req == NULL || bio == NULL || !X509_REQ_set_pubkey(req, key) ||
	    !X509_REQ_sign(req, key, EVP_sha256()) || !PEM_write_bio_X509_REQ(bio, req))
		abort();
	len = BIO_get_mem_data(bio, &text);
	copy = strndup(text, (size_t)len);
	BIO_free(bio);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return copy;
}

char **
keys_make(size_t n)
{
	char **all = calloc(n, sizeof(*all));

	for (size_t i = 0; all != NULL && i < n; i++)
		all[i] = make_one();
	return all;
}
