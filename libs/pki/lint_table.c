/* SPDX-License-Identifier: Apache-2.0 */
/* lint_table.c: the lints as a table, and how one of them speaks. */
#include <stdio.h>

#include "base/text.h"
#include "pki/lint_rules.h"

/* Midnight UTC, in seconds; `date -u -d 2027-07-01 +%s` gives them. */
#define ALWAYS INT64_MIN
#define SBR LINT_RULES_SINCE_S
#define D2025_07_15 INT64_C(1752537600)
#define D2027_07_01 INT64_C(1814400000)
#define EVER INT64_MAX

static const struct pki_lint_rule rules[LINTS] = {
#define LINT(name, id, severity, from, until, clause, says, covers) \
	[LINT_##name] = { id, clause, says, covers, PKI_LINT_##severity, from, until },
#include "pki/lint.def"
#undef LINT
};

const struct pki_lint_rule *
pki_lint_rules(size_t *ret_n)
{
	*ret_n = LINTS;
	return rules;
}

const char *
pki_lint_severity_name(enum pki_lint_severity severity)
{
	static const char *const names[] = { [PKI_LINT_NOTICE] = "notice",
		[PKI_LINT_WARNING] = "warning",
		[PKI_LINT_ERROR] = "error" };

	return names[severity];
}

void
lint_say(struct lint *lint, enum lint_id id, const char *fmt, ...)
{
	const struct pki_lint_rule *rule = &rules[id];
	va_list ap;

	if (lint->rules_s < rule->from_s || lint->rules_s >= rule->until_s)
		return;
	lint->errors += rule->severity == PKI_LINT_ERROR;
	lint->warnings += rule->severity == PKI_LINT_WARNING;
	if (lint->n == LINT_FINDINGS)
		return; /* counted, and that many say enough */
	va_start(ap, fmt);
	lint->findings[lint->n++] = (struct pki_lint_finding){
		.id = rule->id,
		.clause = rule->clause,
		.severity = rule->severity,
		.text = cs_arena_vprintf(lint->arena, fmt, ap),
	};
	va_end(ap);
}
