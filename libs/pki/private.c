/* SPDX-License-Identifier: Apache-2.0 */
/* private.c: private keys from where configuration says they are. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "pki/file.h"
#include "pki/hash.h"
#include "pki/issuer.h"
#include "pki/signer.h"

#define KEY_MAX 16384

struct pass {
	char text[1024];
	size_t len;
};

static int
give_pass(char *ret_text, int size, int writing, void *arg)
{
	const struct pass *pass = arg;

	(void)writing;
	if (pass->len == 0 || pass->len > (size_t)size)
		return -1;
	memcpy(ret_text, pass->text, pass->len);
	return (int)pass->len;
}

/* One line; its end is not part of it. */
static enum cs_code
read_pass(const char *path, struct pass *pass, struct cs_err *err)
{
	enum cs_code code;

	if (path == NULL)
		return CS_OK;
	code = pki_file_read(path, true, pass->text, sizeof(pass->text), &pass->len, err);
	while (code == CS_OK && pass->len > 0 &&
	       (pass->text[pass->len - 1] == '\n' || pass->text[pass->len - 1] == '\r'))
		pass->len--;
	return code;
}

static EVP_PKEY *
parse_key(const void *pem, size_t len, struct pass *pass)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);

	cs_assert(bio != NULL);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, give_pass, pass);
	BIO_free(bio);
	ERR_clear_error();
	return key;
}

static enum cs_code
load_key(const struct pki_issuer_files *files, EVP_PKEY **ret_key, struct cs_err *err)
{
	char pem[KEY_MAX];
	struct pass pass = { .len = 0 };
	size_t len;

	enum cs_code code = read_pass(files->password, &pass, err);
	if (code == CS_OK)
		code = pki_file_read(files->key, true, pem, sizeof(pem), &len, err);
	if (code == CS_OK) {
		*ret_key = parse_key(pem, len, &pass);
		if (*ret_key == NULL)
			code = cs_fail(err, CS_MALFORMED,
			    "%s is not a private key that this pass phrase opens", files->key);
	}
	pki_wipe(pem, sizeof(pem));
	pki_wipe(&pass, sizeof(pass));
	return code;
}

enum cs_code
pki_private_load(const struct pki_issuer_files *files, struct pki_private *ret, struct cs_err *err)
{
	*ret = (struct pki_private){ 0 };
	if (files->token != NULL)
		return pki_token_key_open(files->token, &ret->token, err);
	return load_key(files, &ret->pkey, err);
}
