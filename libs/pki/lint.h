/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.h: judges the very octets that are about to be signed (SBR 4.3.1.2).  A second reader: it
 * shares the DER reader with the rest of pki and nothing with the builder.  Pure.  The lints are rows of
 * lint.def; `csctl lint list` prints them.
 */
#ifndef PKI_LINT_H
#define PKI_LINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PKI_LINT_KEYS 4 /* kinds of keys */

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
	const char *policy_oid; /* the reserved one; NULL: private trust, none may be there */
	const char *const *own_policies; /* of the CA itself, allowed beside it; may be NULL */
	bool strict;                     /* generation Strict, else Multipurpose */
	uint32_t max_days;
	const char *const *must_subject; /* dotted attribute types */
	const char *const *may_subject;
	bool may_client_auth;
	bool may_dns;                                  /* dNSName in subjectAltName */
	bool cn_mailbox, cn_personal, cn_organization; /* what commonName may be, SBR 7.1.4.2.2 a */
	bool is_person; /* the type names a person, by name or pseudonym */
	/* By enum pki_key_kind, each for dual use, signing, encryption; 0: not certified. */
	uint16_t key_usage[PKI_LINT_KEYS][3];

	/*
	 * Ours: about to be signed by this CA, so that nothing may be there but what we write, and the
	 * next fields are compared.  Else a certificate of anybody is judged by the rules alone.
	 */
	bool ours;
	uint16_t wanted_key_usage; /* exactly these bits; 0: any of the profile's for this key */
	const char *const *eku;    /* exactly these, in this order */
	struct cs_span issuer;     /* Name, DER */
	struct cs_span issuer_key_id;
	struct cs_span sigalg; /* AlgorithmIdentifier, DER */
};

/* `now_s`: for the rules that change by date; of ours also the instant of signing. */
struct pki_lint_result pki_lint(struct cs_arena *arena, struct cs_span tbs,
    const struct pki_lint_profile *profile, int64_t now_s);

/*
 * Octets that passed the lints without an error, for one issuing CA.  Nothing but pki_lint_pass makes
 * one, and pki_issuer_sign signs nothing else.  Lives in the arena, with a copy of the octets.
 */
struct pki_linted;
/* Of ours, with issuer, key identifier and algorithm (asserted).  NULL: *ret_result says why not. */
const struct pki_linted *pki_lint_pass(struct cs_arena *arena, struct cs_span tbs,
    const struct pki_lint_profile *profile, int64_t now_s, struct pki_lint_result *ret_result);
struct cs_span pki_linted_tbs(const struct pki_linted *linted);

/* A row of the table of lints. */
struct pki_lint_rule {
	const char *id, *clause;
	const char *says;   /* what it finds */
	const char *covers; /* names of pkilint for the same, with spaces between; "": none */
	enum pki_lint_severity severity;
	int64_t from_s, until_s; /* in force; INT64_MIN and INT64_MAX: always */
};
const struct pki_lint_rule *pki_lint_rules(size_t *ret_n);
const char *pki_lint_severity_name(enum pki_lint_severity severity); /* "error" */

/* Changes with the set of lints; goes into the evidence. */
const char *pki_lint_version(void);

#endif
