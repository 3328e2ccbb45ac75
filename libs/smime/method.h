/* SPDX-License-Identifier: Apache-2.0 */
/*
 * method.h: the methods by which a mailbox or a domain is proved, as checks and evidence name them,
 * one row each: the clause, what a proof covers, how long it serves, when the method retires, and by
 * which labels `validationmethods` of CAA knows it (RFC 8657 4).  Pure.
 */
#ifndef SMIME_METHOD_H
#define SMIME_METHOD_H

#include "base/arena.h"
#include "smime/rules.h"

enum smime_target { SMIME_TARGET_MAILBOX, SMIME_TARGET_DOMAIN };

struct smime_method {
	const char *name;   /* "dns-txt" */
	const char *clause; /* "TBR 3.2.2.4.7" */
	const char *what;   /* for people: "a TXT record" */
	enum smime_target target;
	uint32_t tbr;        /* n of smime_domain_method_find(); 0 for mailboxes */
	bool of_mail_server; /* shown of the host that MX names (SBR 3.2.2.3), not of the domain */
	enum smime_proof reuse; /* how long a proof serves */
	const char
	    *caa_labels[3]; /* any of them in `validationmethods` permits it; ends with NULL */
};

/* The table: those that need least of a person first. */
const struct smime_method *smime_methods(size_t *ret_n);
const struct smime_method *smime_method_find(const char *name); /* NULL: none of ours */
/* May a proof by it be relied on at `at_ms`?  Old evidence retires with its method. */
bool smime_method_usable(const struct smime_method *method, int64_t at_ms);
/* Does a proof for a name also serve the names below it? */
bool smime_method_covers_below(const struct smime_method *method);
/* May the name that is looked at lie above the one asked for (TBR 3.2.2.4, ADN)? */
bool smime_method_may_prune(const struct smime_method *method);

/*
 * How CAA and persistent TXT records name an enterprise's account with us (RFC 8657 3, RFC 7565):
 * "acct:ENTERPRISE@ISSUER", where ISSUER is the first of our issuer domain names.
 */
const char *
smime_account_uri(struct cs_arena *arena, const char *enterprise, const char *issuer_domain);

#endif
