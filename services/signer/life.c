/* SPDX-License-Identifier: Apache-2.0 */
/* life.c: what the signer needs before its first event: the CA key, the trust table, its names. */
#include <string.h>

#include "handler.h"
#include "smime/domain.h"

/* Owned by the process: settings are read once. */
static enum cs_code
read_issuer_domains(struct signer_service *signer, struct cs_err *err)
{
	const char **parts;
	const size_t n = svc_list(signer->arena, signer->issuer_domains, &parts);

	if (n == 0 || n > CLAIM_MAX_NAMES)
		return cs_fail(
		    err, CS_MALFORMED, "CS_ISSUER_DOMAINS: one to ten names, got %zu", n);
	for (size_t i = 0; i < n; i++) {
		struct cs_refusal why;
		const char *spelled;

		if (!smime_domain_spell(signer->arena, cs_span_str(parts[i]), &spelled, &why) ||
		    strcmp(spelled, parts[i]) != 0)
			return cs_fail(err, CS_MALFORMED,
			    "CS_ISSUER_DOMAINS: %.80s is not a lower-case domain name", parts[i]);
	}
	signer->rules.issuer_domains = (struct claim_texts){ parts, n };
	return CS_OK;
}

/* SBR 7.1.2.3 b, c: every URI is http:.  *ret_list: NULL for none, else ends with NULL. */
static enum cs_code
read_urls(struct signer_service *signer, const char *setting, const char *text,
    const char *const **ret_list, struct cs_err *err)
{
	const char **parts;
	const size_t n = svc_list(signer->arena, text, &parts);
	const char **list = CS_NEW_ARRAY(signer->arena, n + 1, const char *);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(parts[i], "http://", 7) != 0 || parts[i][7] == '\0')
			return cs_fail(
			    err, CS_MALFORMED, "%s: %.80s is not an http: URL", setting, parts[i]);
		list[i] = parts[i];
	}
	*ret_list = n > 0 ? list : NULL;
	return CS_OK;
}

static enum cs_code
read_ca(struct signer_service *signer, struct cs_err *err)
{
	const struct pki_cert_info *info = pki_issuer_certificate(signer->issuer);
	struct gate_ca *ca = &signer->ca;

	ca->label = signer->label;
	ca->name = pki_issuer_name(signer->issuer);
	ca->key_id = pki_issuer_key_id(signer->issuer);
	ca->sigalg = pki_issuer_sigalg(signer->issuer);
	ca->not_after_s = info->not_after_s;
	signer->chain = pki_issuer_chain(signer->issuer, &signer->n_chain);
	if (read_urls(signer, "CS_CRL_URLS", signer->crl_urls, &ca->crl_urls, err) ||
	    read_urls(signer, "CS_OCSP_URLS", signer->ocsp_urls, &ca->ocsp_urls, err) ||
	    read_urls(signer, "CS_CA_ISSUERS_URLS", signer->issuer_urls, &ca->issuer_urls, err))
		return err->code;
	if (ca->crl_urls == NULL)
		return cs_fail(err, CS_MALFORMED, "CS_CRL_URLS: SBR 7.1.2.3 b wants one or more");
	return CS_OK;
}

enum cs_code
signer_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct signer_service *signer = self;
	const struct pki_issuer_files files = {
		.key = signer->key_file,
		.password = signer->password_file[0] != '\0' ? signer->password_file : NULL,
		.chain = signer->chain_file,
	};

	(void)svc;
	signer->arena = cs_arena_new();
	if (read_issuer_domains(signer, err) ||
	    claim_trust_load(signer->trust_file, signer->approvers_file, &signer->trust, err) ||
	    pki_issuer_load(&files, &signer->issuer, err) || read_ca(signer, err))
		return err->code;
	signer->rules.trust = signer->trust;
	return CS_OK;
}

void
signer_fini(void *self)
{
	struct signer_service *signer = self;

	claim_trust_free(signer->trust);
	pki_issuer_free(signer->issuer);
	if (signer->arena != NULL)
		cs_arena_free(signer->arena);
}
