/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.h: judges the very octets that are about to be signed (SBR 4.3.1.2).  A second reader: it
 * shares the DER reader with the rest of pki and nothing with the builder.  Pure.
 */
#ifndef PKI_LINT_H
#define PKI_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum pki_lint_severity { PKI_LINT_NOTICE, PKI_LINT_WARNING, PKI_LINT_ERROR };

struct pki_lint_finding {
	const char *id;     /* "san-prohibited-name" */
	const char *clause; /* "SBR 7.1.4.2.1" */
	enum pki_lint_severity severity;
	const char *text; /* what was found; what it quotes is escaped */
};

struct pki_lint_result {
	const struct pki_lint_finding *findings; /* in the arena, in the order of the certificate */
	size_t n, errors, warnings;              /* errors > 0: must not be signed */
};

/* What the certificate must be, from the profile and the issuing CA; lists end with NULL. */
struct pki_lint_profile {
	const char *policy_oid;          /* the reserved one */
	const char *const *own_policies; /* of the CA itself, allowed beside it; may be NULL */
	bool strict;                     /* generation Strict, else Multipurpose */
	uint32_t max_days;
	const char *const *must_subject; /* dotted attribute types */
	const char *const *may_subject;
	bool may_client_auth;
	uint16_t key_usage; /* exactly these bits; 0: any that the rules allow */
	bool cn_mailbox, cn_personal, cn_organization; /* what commonName may be, SBR 7.1.4.2.2 a */
	struct cs_span issuer;                         /* Name, DER */
	struct cs_span issuer_key_id;
	struct cs_span sigalg; /* AlgorithmIdentifier, DER */
};

/* `now_s`: for the rules that change by date and the back-dating limit. */
struct pki_lint_result pki_lint(struct cs_arena *arena, struct cs_span tbs,
    const struct pki_lint_profile *profile, int64_t now_s);

/* Changes with the set of lints; goes into the evidence. */
const char *pki_lint_version(void);

#endif
