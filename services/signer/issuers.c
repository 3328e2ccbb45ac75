/* SPDX-License-Identifier: Apache-2.0 */
#include "issuers.h"

#include <string.h>

#include "issuers_file.h"
#include "pki/file.h"
#include "smime/rules.h"
#include "svc/svc.h"

#define FILE_MAX 65536

struct issuers {
	struct cs_arena *arena;
	struct issuers_row *rows;
	size_t n;
};

/* A CA's fault: of the section, or of the single CA that the environment names. */
static enum cs_code
fault(struct cs_err *err, const struct issuers_ca *ca, const char *field, const char *what)
{
	if (ca->line == 0)
		return cs_fail(err, CS_MALFORMED, "%s: %s", field, what);
	return cs_fail(err, CS_MALFORMED, "[%s] line %u: %s: %s", ca->label, ca->line, field, what);
}

/* ---- what a row says ---- */

/* SBR 7.1.2.3 b, c: every URI is http:.  *ret_list: NULL for none, else ends with NULL. */
static enum cs_code
read_urls(struct cs_arena *arena, const struct issuers_ca *ca, const char *field, const char *text,
    const char *const **ret_list, struct cs_err *err)
{
	const char **parts;
	const size_t n = svc_list(arena, text, &parts);
	const char **list = CS_NEW_ARRAY(arena, n + 1, const char *);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(parts[i], "http://", 7) != 0 || parts[i][7] == '\0')
			return fault(err, ca, field,
			    cs_arena_printf(arena, "%.80s is not an http: URL", parts[i]));
		list[i] = parts[i];
	}
	*ret_list = n > 0 ? list : NULL;
	return CS_OK;
}

static enum cs_code
read_ca(struct cs_arena *arena, const struct issuers_ca *from, struct issuers_row *row,
    struct cs_err *err)
{
	const bool in_file = from->line != 0;
	struct gate_ca *ca = &row->ca;

	ca->label = from->label;
	ca->name = pki_issuer_name(row->issuer);
	ca->key_id = pki_issuer_key_id(row->issuer);
	ca->sigalg = pki_issuer_sigalg(row->issuer);
	ca->not_after_s = pki_issuer_certificate(row->issuer)->not_after_s;
	ca->rsa_bits = pki_issuer_rsa_bits(row->issuer);
	row->chain = pki_issuer_chain(row->issuer, &row->n_chain);
	row->from_ms = from->from_ms;
	row->until_ms = from->until_ms;
	row->crl_partitions = from->crl_partitions;
	row->trust = (enum smime_trust)from->trust;
	if (read_urls(
		arena, from, in_file ? "crl" : "CS_CRL_URLS", from->crl, &ca->crl_urls, err) ||
	    read_urls(
		arena, from, in_file ? "ocsp" : "CS_OCSP_URLS", from->ocsp, &ca->ocsp_urls, err) ||
	    read_urls(arena, from, in_file ? "ca-issuers" : "CS_CA_ISSUERS_URLS", from->ca_issuers,
		&ca->issuer_urls, err))
		return err->code;
	if (ca->crl_urls == NULL)
		return fault(err, from, in_file ? "crl" : "CS_CRL_URLS",
		    "SBR 7.1.2.3 b wants one or more URLs");
	return CS_OK;
}

/* Of one trust: what a private root certifies, no CA of a public one may. */
static const char *const *
every_profile(struct cs_arena *arena, enum smime_trust trust)
{
	size_t n, kept = 0;
	const struct smime_profile *profiles = smime_profiles(&n);
	const char **names = CS_NEW_ARRAY(arena, n + 1, const char *);

	for (size_t i = 0; i < n; i++) {
		if (profiles[i].trust == trust)
			names[kept++] = profiles[i].name;
	}
	return names;
}

static enum cs_code
read_profiles(struct cs_arena *arena, const struct issuers_ca *from, struct issuers_row *row,
    struct cs_err *err)
{
	const char **names;
	const size_t n = svc_list(arena, from->profiles, &names);
	const char **kept = CS_NEW_ARRAY(arena, n + 1, const char *);

	row->profiles = kept;
	if (strcmp(from->profiles, "all") == 0) {
		row->profiles = every_profile(arena, row->trust);
		return CS_OK;
	}
	for (size_t i = 0; i < n; i++) {
		const struct smime_profile *profile = smime_profile_find(names[i]);

		if (profile == NULL)
			return fault(err, from, "profiles",
			    cs_arena_printf(arena, "there is no profile %.60s", names[i]));
		if (profile->trust != row->trust)
			return fault(err, from, "profiles",
			    cs_arena_printf(arena, "%.60s is of %s trust, and this CA is not",
				names[i], smime_trust_name(profile->trust)));
		kept[i] = profile->name;
	}
	return CS_OK;
}

/* ---- what a CA may do ---- */

static bool
has_purpose(const struct pki_cert_info *ca, const char *oid)
{
	for (const char *const *eku = ca->eku; eku != NULL && *eku != NULL; eku++) {
		if (strcmp(*eku, oid) == 0)
			return true;
	}
	return false;
}

/*
 * SBR 7.1.2.2 g: a public CA's certificate lists purposes, emailProtection among them and none of these.
 * A private CA's may leave them out, and then forbids nothing (RFC 5280 4.2.1.12).
 */
static const char *
purpose_fault(const struct pki_cert_info *ca, enum smime_trust trust)
{
	static const char *const never[] = { "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.3",
		"1.3.6.1.5.5.7.3.8", "2.5.29.37.0" };

	if (ca->eku == NULL)
		return trust == SMIME_TRUST_PUBLIC
			   ? "its certificate has no extended key usage (SBR 7.1.2.2 g)"
			   : NULL;
	for (size_t i = 0; trust == SMIME_TRUST_PUBLIC && i < sizeof(never) / sizeof(never[0]); i++)
		if (has_purpose(ca, never[i]))
			return "its certificate is for more than mail (SBR 7.1.2.2 g)";
	return NULL;
}

/* What a profile always writes, its CA must have. */
static enum cs_code
judge_purposes(const struct issuers_ca *from, const struct issuers_row *row, struct cs_arena *arena,
    struct cs_err *err)
{
	const struct pki_cert_info *ca = pki_issuer_certificate(row->issuer);
	const char *why = purpose_fault(ca, row->trust);

	if (why != NULL)
		return fault(err, from, "chain", why);
	for (const char *const *name = row->profiles; ca->eku != NULL && *name != NULL; name++) {
		const struct smime_profile *profile = smime_profile_find(*name);

		for (unsigned i = 0; i < SMIME_PURPOSES; i++) {
			const enum smime_purpose purpose = (enum smime_purpose)i;

			if (profile->purposes[i] == SMIME_MUST &&
			    !has_purpose(ca, smime_purpose_oid(purpose)))
				return fault(err, from, "chain",
				    cs_arena_printf(arena,
					"profile %s has the purpose %s, which the CA's certificate has not",
					*name, smime_purpose_name(purpose)));
		}
	}
	return CS_OK;
}

static enum cs_code
judge_times(const struct issuers_ca *from, const struct issuers_row *row, struct cs_err *err)
{
	const struct pki_cert_info *ca = pki_issuer_certificate(row->issuer);

	if (row->until_ms != 0 && row->until_ms / 1000 > ca->not_after_s)
		return fault(err, from, "until", "is after the end of the CA's certificate");
	if (row->from_ms != 0 && row->from_ms / 1000 < ca->not_before_s)
		return fault(err, from, "from", "is before the CA's certificate begins");
	return CS_OK;
}

/* The root: who signed the last of the chain, which may be itself. */
static bool
same_root(const struct issuers_row *a, const struct issuers_row *b, struct cs_arena *arena)
{
	struct pki_cert_info x, y;

	if (pki_cert_read(arena, a->chain[a->n_chain - 1], &x, NULL) ||
	    pki_cert_read(arena, b->chain[b->n_chain - 1], &y, NULL))
		return true; /* they were read before */
	return cs_span_equal(x.issuer, y.issuer);
}

static enum cs_code
judge_beside(
    const struct issuers *issuers, const struct issuers_ca *cas, size_t at, struct cs_err *err)
{
	const struct issuers_row *row = &issuers->rows[at];

	for (size_t i = 0; i < at; i++) {
		const struct issuers_row *other = &issuers->rows[i];

		if (cs_span_equal(row->ca.name, other->ca.name))
			return fault(err, &cas[at], "chain",
			    cs_arena_printf(
				issuers->arena, "[%s] has a CA of this name", other->ca.label));
		if (row->trust != other->trust && same_root(row, other, issuers->arena))
			return fault(err, &cas[at], "trust",
			    cs_arena_printf(issuers->arena,
				"[%s] is of the other trust and has the same root",
				other->ca.label));
	}
	return CS_OK;
}

/* ---- loading ---- */

static enum cs_code
load_row(struct cs_arena *arena, const struct issuers_ca *from, struct issuers_row *row,
    struct cs_err *err)
{
	const struct pki_issuer_files files = {
		.key = from->key,
		.password = from->password[0] != '\0' ? from->password : NULL,
		.chain = from->chain,
		.token = from->key[0] == '\0' ? &from->token : NULL,
		.pss = from->pss != 0,
	};
	struct cs_err why = { 0 };
	const enum cs_code code = pki_issuer_load(&files, &row->issuer, &why);

	if (code != CS_OK && from->line == 0)
		return cs_fail(err, code, "%s", why.text);
	if (code != CS_OK)
		return cs_fail(
		    err, code, "[%s] line %u: %.150s", from->label, from->line, why.text);
	if (read_ca(arena, from, row, err) || read_profiles(arena, from, row, err) ||
	    judge_purposes(from, row, arena, err) || judge_times(from, row, err))
		return err->code;
	return CS_OK;
}

static enum cs_code
read_file(struct cs_arena *arena, const char *path, struct issuers_ca cas[static ISSUERS_MAX],
    size_t *ret_n, struct cs_err *err)
{
	char *text = cs_arena_alloc(arena, FILE_MAX);
	size_t len;

	if (pki_file_read(path, false, text, FILE_MAX, &len, err))
		return err->code;
	return issuers_file_parse(arena, path, cs_span_of(text, len), cas, ret_n, err);
}

/* The environment alone: one public CA, for every profile and for good. */
static enum cs_code
read_settings(const struct issuers_settings *settings, struct issuers_ca *ret, struct cs_err *err)
{
	if (settings->key_file[0] == '\0' || settings->chain_file[0] == '\0')
		return cs_fail(err, CS_MALFORMED,
		    "want CS_ISSUERS_FILE, or CS_ISSUER_KEY_FILE and CS_ISSUER_CHAIN_FILE");
	if (!issuers_is_label(settings->label, strlen(settings->label)))
		return cs_fail(err, CS_MALFORMED,
		    "CS_ISSUER_LABEL: small letters, digits, \"-\" and \".\", which is not the first");
	*ret = (struct issuers_ca){ .label = settings->label,
		.chain = settings->chain_file,
		.key = settings->key_file,
		.password = settings->password_file,
		.trust = SMIME_TRUST_PUBLIC,
		.profiles = "all",
		.crl = settings->crl_urls,
		.ocsp = settings->ocsp_urls,
		.ca_issuers = settings->issuer_urls };
	return CS_OK;
}

static enum cs_code
read_all(struct cs_arena *arena, const struct issuers_settings *settings,
    struct issuers_ca cas[static ISSUERS_MAX], size_t *ret_n, struct cs_err *err)
{
	*ret_n = 1;
	if (settings->file[0] == '\0')
		return read_settings(settings, &cas[0], err);
	if (settings->key_file[0] != '\0' || settings->chain_file[0] != '\0')
		return cs_fail(err, CS_MALFORMED,
		    "CS_ISSUERS_FILE names every CA: CS_ISSUER_KEY_FILE and CS_ISSUER_CHAIN_FILE must be empty");
	return read_file(arena, settings->file, cas, ret_n, err);
}

enum cs_code
issuers_load(const struct issuers_settings *settings, struct issuers **ret, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	struct issuers *issuers = CS_NEW(arena, struct issuers);
	struct issuers_ca *cas = CS_NEW_ARRAY(arena, ISSUERS_MAX, struct issuers_ca);
	size_t n = 0;

	*issuers = (struct issuers){ .arena = arena };
	enum cs_code code = read_all(arena, settings, cas, &n, err);
	issuers->rows = CS_NEW_ARRAY(arena, ISSUERS_MAX, struct issuers_row);
	for (size_t i = 0; i < n && code == CS_OK; i++) {
		issuers->n++;
		code = load_row(arena, &cas[i], &issuers->rows[i], err);
		if (code == CS_OK)
			code = judge_beside(issuers, cas, i, err);
	}
	if (code != CS_OK) {
		issuers_free(issuers);
		return code;
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

/* SBR 6.1.5: from some day on a small RSA key certifies nobody, and goes on to sign its CRLs. */
static bool
is_large_enough(const struct issuers_row *row, int64_t now_ms)
{
	const uint32_t bits = pki_issuer_rsa_bits(row->issuer);

	return bits == 0 || bits >= smime_rule_value(SMIME_RULE_ISSUER_RSA_BITS, now_ms);
}

static bool
certifies(const struct issuers_row *row, const char *profile, int64_t now_ms)
{
	if (now_ms < row->from_ms || (row->until_ms != 0 && now_ms >= row->until_ms) ||
	    now_ms / 1000 > row->ca.not_after_s || !is_large_enough(row, now_ms))
		return false;
	for (const char *const *name = row->profiles; *name != NULL; name++) {
		if (strcmp(*name, profile) == 0)
			return true;
	}
	return false;
}

const struct issuers_row *
issuers_choose(const struct issuers *issuers, const struct smime_profile *profile, int64_t now_ms,
    int64_t not_after_s)
{
	const struct issuers_row *ends_too_soon = NULL;

	for (size_t i = 0; i < issuers->n; i++) {
		const struct issuers_row *row = &issuers->rows[i];

		if (!certifies(row, profile->name, now_ms))
			continue;
		if (row->ca.not_after_s >= not_after_s)
			return row;
		if (ends_too_soon == NULL)
			ends_too_soon = row;
	}
	return ends_too_soon;
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
