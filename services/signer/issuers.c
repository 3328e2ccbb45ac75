/* SPDX-License-Identifier: Apache-2.0 */
#include "issuers.h"

#include <string.h>

#include "svc/svc.h"

struct issuers {
	struct cs_arena *arena;
	struct issuers_row *rows;
	size_t n;
};

/* SBR 7.1.2.3 b, c: every URI is http:.  *ret_list: NULL for none, else ends with NULL. */
static enum cs_code
read_urls(struct cs_arena *arena, const char *setting, const char *text,
    const char *const **ret_list, struct cs_err *err)
{
	const char **parts;
	const size_t n = svc_list(arena, text, &parts);
	const char **list = CS_NEW_ARRAY(arena, n + 1, const char *);

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
read_ca(struct cs_arena *arena, const struct issuers_settings *settings, struct issuers_row *row,
    struct cs_err *err)
{
	struct gate_ca *ca = &row->ca;

	ca->label = cs_arena_strdup(arena, settings->label);
	ca->name = pki_issuer_name(row->issuer);
	ca->key_id = pki_issuer_key_id(row->issuer);
	ca->sigalg = pki_issuer_sigalg(row->issuer);
	ca->not_after_s = pki_issuer_certificate(row->issuer)->not_after_s;
	ca->rsa_bits = pki_issuer_rsa_bits(row->issuer);
	row->chain = pki_issuer_chain(row->issuer, &row->n_chain);
	if (read_urls(arena, "CS_CRL_URLS", settings->crl_urls, &ca->crl_urls, err) ||
	    read_urls(arena, "CS_OCSP_URLS", settings->ocsp_urls, &ca->ocsp_urls, err) ||
	    read_urls(arena, "CS_CA_ISSUERS_URLS", settings->issuer_urls, &ca->issuer_urls, err))
		return err->code;
	if (ca->crl_urls == NULL)
		return cs_fail(err, CS_MALFORMED, "CS_CRL_URLS: SBR 7.1.2.3 b wants one or more");
	return CS_OK;
}

/* Of the public ones: what a private root certifies, no CA of a public one may. */
static const char *const *
every_profile(struct cs_arena *arena)
{
	size_t n, kept = 0;
	const struct smime_profile *profiles = smime_profiles(&n);
	const char **names = CS_NEW_ARRAY(arena, n + 1, const char *);

	for (size_t i = 0; i < n; i++) {
		if (profiles[i].trust == SMIME_TRUST_PUBLIC)
			names[kept++] = profiles[i].name;
	}
	return names;
}

enum cs_code
issuers_load(const struct issuers_settings *settings, struct issuers **ret, struct cs_err *err)
{
	const struct pki_issuer_files files = {
		.key = settings->key_file,
		.password = settings->password_file[0] != '\0' ? settings->password_file : NULL,
		.chain = settings->chain_file,
	};
	struct cs_arena *arena = cs_arena_new();
	struct issuers *issuers = CS_NEW(arena, struct issuers);

	*issuers = (struct issuers){ arena, CS_NEW(arena, struct issuers_row), 1 };
	issuers->rows[0].profiles = every_profile(arena);
	if (pki_issuer_load(&files, &issuers->rows[0].issuer, err) ||
	    read_ca(arena, settings, &issuers->rows[0], err)) {
		issuers_free(issuers);
		return err->code;
	}
	*ret = issuers;
	return CS_OK;
}

void
issuers_free(struct issuers *issuers)
{
	if (issuers == NULL)
		return;
	for (size_t i = 0; i < issuers->n; i++)
		pki_issuer_free(issuers->rows[i].issuer);
	cs_arena_free(issuers->arena);
}

static bool
certifies(const struct issuers_row *row, const char *profile, int64_t now_ms)
{
	if (now_ms < row->from_ms || (row->until_ms != 0 && now_ms >= row->until_ms))
		return false;
	for (const char *const *name = row->profiles; *name != NULL; name++) {
		if (strcmp(*name, profile) == 0)
			return true;
	}
	return false;
}

const struct issuers_row *
issuers_choose(const struct issuers *issuers, const struct smime_profile *profile, int64_t now_ms)
{
	for (size_t i = 0; i < issuers->n; i++) {
		if (certifies(&issuers->rows[i], profile->name, now_ms))
			return &issuers->rows[i];
	}
	return NULL;
}

const struct issuers_row *
issuers_find(const struct issuers *issuers, const char *label)
{
	for (size_t i = 0; i < issuers->n; i++) {
		if (strcmp(issuers->rows[i].ca.label, label) == 0)
			return &issuers->rows[i];
	}
	return NULL;
}

const struct issuers_row *
issuers_all(const struct issuers *issuers, size_t *ret_n)
{
	*ret_n = issuers->n;
	return issuers->rows;
}
