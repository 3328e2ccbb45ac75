/* SPDX-License-Identifier: Apache-2.0 */
/* lint_rules.h: what the files of the linter share.  Inside pki only. */
#ifndef PKI_LINT_RULES_H
#define PKI_LINT_RULES_H

#include "pki/keycheck.h"
#include "pki/lint.h"

#define LINT_FINDINGS 128
#define LINT_ATTRIBUTES 16
#define LINT_MAILBOXES 32
/* Since when the rules as a whole are in force (SBR 1.0.1): 2023-09-01. */
#define LINT_RULES_SINCE_S INT64_C(1693526400)

enum lint_id {
#define LINT(name, id, severity, from, until, clause, says, covers) LINT_##name,
#include "pki/lint.def"
#undef LINT
	LINTS
};

struct lint_attribute {
	const char *oid, *value;
};

struct lint {
	struct cs_arena *arena;
	const struct pki_lint_profile *profile;
	int64_t now_s;   /* of ours: when it is signed */
	int64_t rules_s; /* by the rules of which instant */
	struct pki_lint_finding *findings;
	size_t n, errors, warnings;
	/* What was read, for the rules that compare: */
	struct lint_attribute subject[LINT_ATTRIBUTES];
	size_t n_subject;
	const char *mailboxes[LINT_MAILBOXES];
	size_t n_mailboxes;
	const char *hosts[LINT_MAILBOXES];
	size_t n_hosts;
	struct pki_key key;
	bool has_key;
};

/* Adds a finding, if its lint is in force; severity and clause are the table's. */
void lint_say(struct lint *lint, enum lint_id id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* What may be quoted in a finding. */
const char *lint_quote(struct lint *lint, struct cs_span span);
bool lint_listed(const char *const *list, const char *item); /* a NULL list holds nothing */

void lint_subject(struct lint *lint, struct cs_span name);       /* the whole Name */
void lint_extensions(struct lint *lint, struct cs_span wrapper); /* contents of [3] */
void lint_names(struct lint *lint); /* subject and mailboxes against each other */
void lint_alternative_names(struct lint *lint, struct cs_span value, bool critical);
void lint_policies(struct lint *lint, struct cs_span value);
void lint_organization_identifier(struct lint *lint, const char *value, const char *country);
bool lint_is_lei(const char *text);     /* ISO 17442 with its check digits */
bool lint_is_country(const char *text); /* ISO 3166-1 alpha-2, or XX; the first two characters */

/* For pki_issuer_sign: do its octets stand as they were linted, for this very CA? */
bool pki_linted_holds(const struct pki_linted *linted, struct cs_span issuer, struct cs_span key_id,
    struct cs_span sigalg);

#endif
