/* SPDX-License-Identifier: Apache-2.0 */
/* lint_rules.h: what the files of the linter share.  Inside pki only. */
#ifndef PKI_LINT_RULES_H
#define PKI_LINT_RULES_H

#include "pki/keycheck.h"
#include "pki/lint.h"

#define LINT_FINDINGS 128
#define LINT_ATTRIBUTES 16
#define LINT_MAILBOXES 32

struct lint_attribute {
	const char *oid, *value;
};

struct lint {
	struct cs_arena *arena;
	const struct pki_lint_profile *profile;
	int64_t now_s;
	struct pki_lint_finding *findings;
	size_t n, errors, warnings;
	/* What was read, for the rules that compare: */
	struct lint_attribute subject[LINT_ATTRIBUTES];
	size_t n_subject;
	const char *mailboxes[LINT_MAILBOXES];
	size_t n_mailboxes;
	struct pki_key key;
	bool has_key;
};

#define lint_error(lint, ...) lint_say((lint), PKI_LINT_ERROR, __VA_ARGS__)
#define lint_warn(lint, ...) lint_say((lint), PKI_LINT_WARNING, __VA_ARGS__)
#define lint_notice(lint, ...) lint_say((lint), PKI_LINT_NOTICE, __VA_ARGS__)
void lint_say(struct lint *lint, enum pki_lint_severity severity, const char *id,
    const char *clause, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* What may be quoted in a finding. */
const char *lint_quote(struct lint *lint, struct cs_span span);
bool lint_listed(const char *const *list, const char *item); /* a NULL list holds nothing */

void lint_subject(struct lint *lint, struct cs_span name);       /* the whole Name */
void lint_extensions(struct lint *lint, struct cs_span wrapper); /* contents of [3] */
void lint_names(struct lint *lint); /* subject and mailboxes against each other */
void lint_alternative_names(struct lint *lint, struct cs_span value, bool critical);
void lint_policies(struct lint *lint, struct cs_span value);
void lint_organization_identifier(struct lint *lint, const char *value, const char *country);

#endif
