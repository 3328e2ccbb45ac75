/* SPDX-License-Identifier: Apache-2.0 */
/* it_ca.h: an issuing CA below a root, for tests; nothing of it stays on disk. */
#ifndef SIGNER_IT_CA_H
#define SIGNER_IT_CA_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "issuers.h"
#include "pki/ca.h"

static inline void
it_ca_write(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	cs_assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
	cs_assert(chmod(path, 0600) == 0);
}

/* The files of a root, made new, become those of a CA below it. */
static inline void
it_ca_make(const char *key, const char *chain, int64_t now_s)
{
	const struct pki_issuer_files files = { .key = key, .chain = chain };
	struct pki_ca_spec spec = { .common_name = "Test Root",
		.organization = "Countersign",
		.country = "DE",
		.kind = PKI_KEY_EC,
		.bits = 384,
		.not_before_s = now_s - 86400,
		.not_after_s = now_s + INT64_C(3650) * 86400 };
	struct pki_ca_made made = { 0 };
	struct pki_issuer *root;

	cs_assert(pki_ca_make_root(&spec, NULL, &made, NULL) == CS_OK);
	it_ca_write(key, made.key_pem);
	it_ca_write(chain, made.cert_pem);
	pki_ca_made_fini(&made);
	cs_assert(pki_issuer_load(&files, &root, NULL) == CS_OK);
	spec.common_name = "Test Issuing";
	spec.crl_url = "http://crl.example/root.crl";
	cs_assert(pki_ca_make_issuing(&spec, root, NULL, &made, NULL) == CS_OK);
	it_ca_write(key, made.key_pem);
	it_ca_write(chain, made.cert_pem);
	pki_issuer_free(root);
	pki_ca_made_fini(&made);
}

/* Its row is the caller's to change: issuers_find() gives it for reading. */
static inline struct issuers *
it_ca(const char *label, const char *crl_urls, int64_t now_s)
{
	char dir[] = "/tmp/it-ca-XXXXXX", key[64], chain[64];
	struct issuers *issuers;

	cs_assert(mkdtemp(dir) != NULL);
	(void)snprintf(key, sizeof(key), "%s/ca.key", dir);
	(void)snprintf(chain, sizeof(chain), "%s/ca.pem", dir);
	it_ca_make(key, chain, now_s);
	const struct issuers_settings settings = { .file = "",
		.key_file = key,
		.password_file = "",
		.chain_file = chain,
		.label = label,
		.crl_urls = crl_urls,
		.ocsp_urls = "",
		.issuer_urls = "" };
	cs_assert(issuers_load(&settings, &issuers, NULL) == CS_OK);
	(void)unlink(key);
	(void)unlink(chain);
	(void)rmdir(dir);
	return issuers;
}

#endif
