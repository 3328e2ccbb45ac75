/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/rules.h"

#define RULES_VERSION "SBR 1.0.16 (SMC018), TBR 2.2.9 (SC101)"

#define DAY_S INT64_C(86400)
#define DAY_MS (DAY_S * 1000)

/* Midnight UTC of the days on which something changed; `date -u -d 2026-12-15 +%s` gives them. */
#define D2025_03_15 (INT64_C(1741996800) * 1000)
#define D2025_07_15 (INT64_C(1752537600) * 1000)
#define D2025_09_15 (INT64_C(1757894400) * 1000)
#define D2026_03_15 (INT64_C(1773532800) * 1000)
#define D2026_06_15 (INT64_C(1781481600) * 1000)
#define D2026_09_15 (INT64_C(1789430400) * 1000)
#define D2026_11_15 (INT64_C(1794700800) * 1000)
#define D2026_12_15 (INT64_C(1797292800) * 1000)
#define D2027_03_15 (INT64_C(1805068800) * 1000)
#define D2027_07_01 (INT64_C(1814400000) * 1000)
#define D2027_09_15 (INT64_C(1820966400) * 1000)
#define D2028_03_15 (INT64_C(1836691200) * 1000)

/* Grouped by rule in the order of the enum, each group by date. */
static const struct smime_dated_rule rows[] = {
	{ SMIME_RULE_MPIC_MIN_REMOTES, D2025_03_15, 2, "TBR 3.2.2.9" },
	{ SMIME_RULE_MPIC_MIN_REMOTES, D2026_03_15, 3, "TBR 3.2.2.9" },
	{ SMIME_RULE_MPIC_MIN_REMOTES, D2026_06_15, 4, "TBR 3.2.2.9" },
	{ SMIME_RULE_MPIC_MIN_REMOTES, D2026_12_15, 5, "TBR 3.2.2.9" },
	{ SMIME_RULE_MPIC_MIN_REGIONS, D2026_03_15, 2, "TBR 3.2.2.9" },
	{ SMIME_RULE_EKU_CLEAN, D2027_07_01, 1, "SBR 7.1.2.3 f (SMC018)" },
	{ SMIME_RULE_CA_RSA_BITS, 0, 2048, "SBR 6.1.5" },
	{ SMIME_RULE_CA_RSA_BITS, D2026_09_15, 4096, "SBR 6.1.5 (SMC017)" },
	{ SMIME_RULE_ISSUER_RSA_BITS, 0, 2048, "SBR 6.1.5" },
	{ SMIME_RULE_ISSUER_RSA_BITS, D2027_09_15, 3072, "SBR 6.1.5 (SMC017)" },
	{ SMIME_RULE_CAA_MANDATORY, D2025_03_15, 1, "SBR 4.2.2.1 (SMC05)" },
	{ SMIME_RULE_CAA_DNSSEC, D2026_03_15, 1, "SBR 4.2.2.1.1 (SMC014)" },
	{ SMIME_RULE_CAA_PARAMETERS, D2027_03_15, 1, "TBR 4.2.2.1.2 (SC098)" },
	{ SMIME_RULE_LINT_MANDATORY, D2025_09_15, 1, "SBR 4.3.1.2 (SMC09)" },
	{ SMIME_RULE_ADN_CNAME_FIRST, D2026_11_15, 1, "TBR 1.6.1 (SC101)" },
	{ SMIME_RULE_NO_LEGACY, D2025_07_15, 1, "SBR 7.1.6.1 (SMC08)" },
	{ SMIME_RULE_NO_SHA1, D2026_09_15, 1, "SBR 7.1.3 (SMC016)" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

const char *
smime_rules_version(void)
{
	return RULES_VERSION;
}

const struct smime_dated_rule *
smime_rules(size_t *ret_n)
{
	*ret_n = N_ROWS;
	return rows;
}

static const struct {
	const char *name, *says;
} texts[SMIME_RULES] = {
	[SMIME_RULE_MPIC_MIN_REMOTES] = { "mpic-min-remotes",
	    "remote perspectives that must be asked" },
	[SMIME_RULE_MPIC_MIN_REGIONS] = { "mpic-min-regions",
	    "regions among the perspectives that corroborate" },
	[SMIME_RULE_EKU_CLEAN] = { "eku-clean",
	    "extKeyUsage: emailProtection and clientAuth only" },
	[SMIME_RULE_CA_RSA_BITS] = { "ca-rsa-bits",
	    "least RSA bits of the key of a CA certificate that is signed" },
	[SMIME_RULE_ISSUER_RSA_BITS] = { "issuer-rsa-bits",
	    "least RSA bits of a CA that signs for subscribers" },
	[SMIME_RULE_CAA_MANDATORY] = { "caa-mandatory", "CAA issuemail is checked" },
	[SMIME_RULE_CAA_DNSSEC] = { "caa-dnssec",
	    "the primary perspective validates DNSSEC for CAA" },
	[SMIME_RULE_CAA_PARAMETERS] = { "caa-parameters",
	    "accounturi and validationmethods of CAA are obeyed" },
	[SMIME_RULE_LINT_MANDATORY] = { "lint-mandatory",
	    "to-be-signed octets are linted before they are signed" },
	[SMIME_RULE_ADN_CNAME_FIRST] = { "adn-cname-first",
	    "an authorization domain name follows CNAMEs before labels are pruned" },
	[SMIME_RULE_NO_LEGACY] = { "no-legacy", "no certificate of the Legacy generation" },
	[SMIME_RULE_NO_SHA1] = { "no-sha1", "no signature with SHA-1" },
};

const char *
smime_rule_name(enum smime_rule rule)
{
	return texts[rule].name;
}

const char *
smime_rule_says(enum smime_rule rule)
{
	return texts[rule].says;
}

static const struct smime_dated_rule *
row_in_force(enum smime_rule rule, int64_t at_ms)
{
	const struct smime_dated_rule *found = NULL;

	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].rule == rule && rows[i].from_ms <= at_ms)
			found = &rows[i];
	return found;
}

uint32_t
smime_rule_value(enum smime_rule rule, int64_t at_ms)
{
	const struct smime_dated_rule *row = row_in_force(rule, at_ms);

	return row != NULL ? row->value : 0;
}

const char *
smime_rule_clause(enum smime_rule rule, int64_t at_ms)
{
	const struct smime_dated_rule *row = row_in_force(rule, at_ms);

	return row != NULL ? row->clause : "";
}

uint32_t
smime_rule_mpic_max_noncorroborating(uint32_t remotes_asked)
{
	return remotes_asked < 2 ? 0 : remotes_asked < 6 ? 1 : 2;
}

bool
smime_rule_mpic_quorum(const struct smime_mpic_tally *tally, int64_t at_ms)
{
	const uint32_t least = smime_rule_mpic_min_remotes(at_ms);

	/* Before the first row nothing was asked for; that time is over and a clock may be wrong. */
	if (!tally->primary || least == 0 || tally->asked < least ||
	    tally->corroborated > tally->asked)
		return false;
	if (tally->asked - tally->corroborated > smime_rule_mpic_max_noncorroborating(tally->asked))
		return false;
	return tally->regions >= smime_rule_value(SMIME_RULE_MPIC_MIN_REGIONS, at_ms);
}

/* What is in no row is retired, or was never for mail: it proves nothing. */
static const struct smime_domain_method methods[] = {
	{ 4, "e-mail to a constructed address", true, true, true, false, D2028_03_15 },
	{ 7, "DNS change", true, true, true, true, INT64_MAX },
	{ 12, "the applicant is the domain contact", true, true, false, false, INT64_MAX },
	{ 13, "e-mail to the CAA contact", true, true, true, true, D2028_03_15 },
	{ 14, "e-mail to the TXT contact", true, true, true, true, D2028_03_15 },
	{ 18, "file on the web site", false, false, false, true, INT64_MAX },
	{ 19, "ACME http-01", false, false, false, true, INT64_MAX },
	{ 20, "ACME tls-alpn-01", false, false, false, true, INT64_MAX },
	{ 21, "ACME dns-account-01", true, true, false, true, INT64_MAX },
	{ 22, "persistent TXT record", true, true, false, true, INT64_MAX },
};

const struct smime_domain_method *
smime_domain_method_find(uint32_t n)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].n == n)
			return &methods[i];
	return NULL;
}

const struct smime_domain_method *
smime_domain_methods(size_t *ret_n)
{
	*ret_n = sizeof(methods) / sizeof(methods[0]);
	return methods;
}

bool
smime_rule_domain_method_usable(uint32_t n, int64_t at_ms)
{
	const struct smime_domain_method *method = smime_domain_method_find(n);

	return method != NULL && at_ms < method->until_ms;
}

int64_t
smime_rule_reuse_ms(enum smime_proof proof)
{
	switch (proof) {
	case SMIME_PROOF_MAILBOX:
		return 30 * DAY_MS;
	case SMIME_PROOF_MAILBOX_ACME:
		return 0;
	case SMIME_PROOF_DOMAIN:
		return 398 * DAY_MS;
	case SMIME_PROOF_DOMAIN_22:
		return 10 * DAY_MS;
	case SMIME_PROOF_ORGANIZATION:
	case SMIME_PROOF_INDIVIDUAL:
	case SMIME_PROOF_AUTHORITY:
		return 825 * DAY_MS;
	case SMIME_PROOF_CAA:
		return INT64_C(7) * 3600 * 1000;
	}
	return 0;
}

int64_t
smime_rule_not_after_s(int64_t not_before_s, uint32_t days)
{
	return not_before_s + (int64_t)days * DAY_S - 1;
}

int64_t
smime_rule_validity_days(int64_t not_before_s, int64_t not_after_s)
{
	if (not_after_s < not_before_s)
		return 0;
	return (not_after_s - not_before_s + 1 + DAY_S - 1) / DAY_S;
}
