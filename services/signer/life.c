/* SPDX-License-Identifier: Apache-2.0 */
/* life.c: what the signer needs before its first event: the CA key, the trust table, its names. */
#include <string.h>

#include "hand.h"
#include "handler.h"
#include "own.h"
#include "pki/cert.h"
#include "pki/ed25519.h"
#include "pki/hash.h"
#include "sign.h"
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

/* Nobody may have a key of ours certified, of whatever CA of the chains. */
static enum cs_code
read_ca_keys(struct signer_service *signer, struct cs_err *err)
{
	size_t n_rows, n = 0;
	const struct issuers_row *rows = issuers_all(signer->issuers, &n_rows);

	for (size_t i = 0; i < n_rows; i++)
		n += rows[i].n_chain;
	uint8_t(*keys)[32] = cs_arena_alloc(signer->arena, n * sizeof(*keys));
	n = 0;
	for (size_t i = 0; i < n_rows; i++) {
		for (size_t k = 0; k < rows[i].n_chain; k++) {
			struct pki_cert_info cert;

			if (pki_cert_read(signer->arena, rows[i].chain[k], &cert, err))
				return err->code;
			pki_sha256(cert.spki, keys[n++]);
		}
	}
	signer->rules.ca_keys = keys;
	signer->rules.n_ca_keys = n;
	return CS_OK;
}

/* A list is made anew before the one before ends, and lies where the certificates say. */
static enum cs_code
judge_lists(const struct signer_service *signer, struct cs_err *err)
{
	size_t n;
	const struct issuers_row *rows = issuers_all(signer->issuers, &n);

	if (signer->crl_life_hours <= signer->crl_every_hours)
		return cs_fail(err, CS_MALFORMED,
		    "CS_CRL_LIFE_HOURS: more than CS_CRL_EVERY_HOURS, or lists end before the next");
	for (size_t i = 0; i < n; i++) {
		if (!gate_crl_urls_fit(&rows[i].ca, rows[i].crl_partitions))
			return cs_fail(err, CS_MALFORMED,
			    "%s: {partition} belongs into each CRL URL when there are partitions,"
			    " and into none otherwise",
			    rows[i].ca.label);
	}
	return CS_OK;
}

/* All that settings name, before anything is connected. */
static enum cs_code
load(struct signer_service *signer, struct cs_err *err)
{
	signer->arena = cs_arena_new();
	if (read_issuer_domains(signer, err) ||
	    claim_trust_load(signer->trust_file, signer->approvers_file, &signer->trust, err) ||
	    issuers_load(&signer->issuing, &signer->issuers, err) || read_ca_keys(signer, err) ||
	    judge_lists(signer, err) ||
	    pki_ed25519_load(signer->audit_key_file, &signer->audit_key, err))
		return err->code;
	if (signer->weak_keys_file[0] != '\0' &&
	    pki_weak_list_load(signer->weak_keys_file, &signer->weak, err))
		return err->code;
	signer->rules.trust = signer->trust;
	signer->rules.weak = signer->weak;
	return CS_OK;
}

enum cs_code
signer_check(void *self, struct cs_err *err)
{
	struct signer_service *signer = self;
	const enum cs_code code = load(signer, err);

	signer_fini(signer);
	return code;
}

enum cs_code
signer_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct signer_service *signer = self;

	signer->svc = svc;
	signer->instance = cs_id_new();
	if (load(signer, err) || own_describe(signer, svc, err) ||
	    hand_open(svc_base(svc), signer->arena, sign_job, signer, &signer->hand, err))
		return err->code;
	if (signer->lint.command[0] != '\0' &&
	    linter_open(&signer->lint, svc_base(svc), &signer->linter, err))
		return err->code;
	svc_watch_trust(svc, signer->trust, signer->trust_file);
	return CS_OK;
}

void
signer_fini(void *self)
{
	struct signer_service *signer = self;

	hand_close(signer->hand); /* it uses what follows */
	linter_close(signer->linter);
	claim_trust_free(signer->trust);
	pki_ed25519_free(signer->audit_key);
	issuers_free(signer->issuers);
	pki_weak_list_free(signer->weak);
	if (signer->arena != NULL)
		cs_arena_free(signer->arena);
}
