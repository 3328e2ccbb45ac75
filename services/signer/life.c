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

enum cs_code
signer_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct signer_service *signer = self;

	signer->arena = cs_arena_new();
	if (read_issuer_domains(signer, err) ||
	    claim_trust_load(signer->trust_file, signer->approvers_file, &signer->trust, err) ||
	    issuers_load(&signer->issuing, &signer->issuers, err))
		return err->code;
	signer->rules.trust = signer->trust;
	svc_watch_trust(svc, signer->trust, signer->trust_file);
	return CS_OK;
}

void
signer_fini(void *self)
{
	struct signer_service *signer = self;

	claim_trust_free(signer->trust);
	issuers_free(signer->issuers);
	if (signer->arena != NULL)
		cs_arena_free(signer->arena);
}
