/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rules.h: the rules of the trade that change by date, as rows of a table, and the numbers that do
 * not.  Pure: every function takes the time (milliseconds since 1970, UTC).  Plans name
 * smime_rules_version(), so that it can be said later which rules were in force.
 *
 * SBR: CA/Browser Forum S/MIME Baseline Requirements.  TBR: TLS Baseline Requirements.
 */
#ifndef SMIME_RULES_H
#define SMIME_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum smime_rule {
	SMIME_RULE_MPIC_MIN_REMOTES, /* remote perspectives that must be asked, TBR 3.2.2.9 */
	SMIME_RULE_MPIC_MIN_REGIONS, /* RIR regions among those that corroborate, TBR 3.2.2.9 */
	SMIME_RULE_EKU_CLEAN,        /* 1: emailProtection and clientAuth only, SBR 7.1.2.3 f */
	SMIME_RULE_CA_RSA_BITS,      /* of a CA certificate signed now, SBR 6.1.5 */
	SMIME_RULE_ISSUER_RSA_BITS,  /* of a CA that signs for subscribers now, SBR 6.1.5 */
	SMIME_RULE_CAA_MANDATORY,    /* 1: issuemail is checked, SBR 4.2.2.1 */
	SMIME_RULE_CAA_DNSSEC,       /* 1: the primary validates DNSSEC, SBR 4.2.2.1.1 */
	SMIME_RULE_CAA_PARAMETERS,   /* 1: RFC 8657 accounturi, validationmethods, TBR 4.2.2.1.2 */
	SMIME_RULE_LINT_MANDATORY,   /* 1: SBR 4.3.1.2 */
	SMIME_RULE_ADN_CNAME_FIRST,  /* 1: CNAME step before pruning, TBR (SC101) */
	SMIME_RULE_NO_LEGACY,        /* 1: no certificate of the Legacy generation, SBR 7.1.6.1 */
	SMIME_RULE_NO_SHA1,          /* 1: no SHA-1 in any signature, SBR 7.1.3 */
	SMIME_RULES
};

struct smime_dated_rule {
	enum smime_rule rule;
	int64_t from_ms;
	uint32_t value;
	const char *clause;
};

const char *smime_rules_version(void);
/* The table itself, ordered by rule and date: for lists of what changes when. */
const struct smime_dated_rule *smime_rules(size_t *ret_n);

const char *smime_rule_name(enum smime_rule rule); /* "mpic-min-remotes" */
const char *smime_rule_says(enum smime_rule rule); /* in a few words, what the value means */

/* What is in force at `at_ms`; 0 before the first row of a rule. */
uint32_t smime_rule_value(enum smime_rule rule, int64_t at_ms);
const char *smime_rule_clause(enum smime_rule rule, int64_t at_ms);
static inline uint32_t
smime_rule_mpic_min_remotes(int64_t at_ms)
{
	return smime_rule_value(SMIME_RULE_MPIC_MIN_REMOTES, at_ms);
}

/* Remotes that may fail to corroborate (TBR 3.2.2.9): 0 below two, 1 for 2 to 5, 2 from 6 on. */
uint32_t smime_rule_mpic_max_noncorroborating(uint32_t remotes_asked);

struct smime_mpic_tally {
	bool primary;          /* the primary perspective itself found it */
	uint32_t asked;        /* remotes, fixed before any answer was known */
	uint32_t corroborated; /* of them; no answer is a no */
	uint32_t regions;      /* distinct RIR regions of those that corroborated */
};
/* Is this a quorum at `at_ms`?  The caller can choose none of the numbers. */
bool smime_rule_mpic_quorum(const struct smime_mpic_tally *tally, int64_t at_ms);

struct smime_domain_method { /* TBR 3.2.2.4.n */
	uint32_t n;
	const char *name;
	bool covers_below;     /* a proof for a name also covers the names below it */
	bool may_prune;        /* the name proved may lie above the one asked for */
	bool may_follow_cname; /* the name proved may be where a CNAME leads, before pruning */
	bool needs_mpic;
	int64_t until_ms; /* exclusive; evidence from before does not count either */
};
const struct smime_domain_method *smime_domain_method_find(uint32_t n); /* NULL: not usable */
const struct smime_domain_method *smime_domain_methods(size_t *ret_n);  /* all, by number */
/* Domain methods of TBR 3.2.2.4: may evidence by method `.n` be relied on at `at_ms`? */
bool smime_rule_domain_method_usable(uint32_t n, int64_t at_ms);

/* How old a completed proof may be when a certificate is signed (SBR 4.2.1), in milliseconds. */
enum smime_proof {
	SMIME_PROOF_MAILBOX,      /* SBR 3.2.2.2: 30 days */
	SMIME_PROOF_MAILBOX_ACME, /* SBR 3.2.2.4: no period is named, so only its own order: 0 */
	SMIME_PROOF_DOMAIN,       /* SBR 3.2.2.1, 3.2.2.3: 398 days; 10 for method .22 */
	SMIME_PROOF_DOMAIN_22,
	SMIME_PROOF_ORGANIZATION, /* 825 days, as are the next two */
	SMIME_PROOF_INDIVIDUAL,
	SMIME_PROOF_AUTHORITY,
	SMIME_PROOF_CAA /* ours: 7 h; the rule is max(TTL, 8 h) */
};
int64_t smime_rule_reuse_ms(enum smime_proof proof);

#define SMIME_MAIL_TOKEN_MS INT64_C(86400000)          /* SBR 3.2.2.2, 3.2.2.4 */
#define SMIME_DOMAIN_TOKEN_MS (INT64_C(30) * 86400000) /* TBR 3.2.2.4 */
#define SMIME_CAA_WINDOW_MS (INT64_C(8) * 3600000)     /* SBR 4.2.2.1, without a longer TTL */
#define SMIME_FERMAT_ROUNDS 110

/*
 * The last second a certificate of `days` may name (SBR 6.3.2: both ends count, a second more is
 * another day), and how many days a validity is.
 */
int64_t smime_rule_not_after_s(int64_t not_before_s, uint32_t days);
int64_t smime_rule_validity_days(int64_t not_before_s, int64_t not_after_s);

#endif
