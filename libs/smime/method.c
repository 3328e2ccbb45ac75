/* SPDX-License-Identifier: Apache-2.0 */
#include "smime/method.h"

#include <string.h>

#define DOMAIN SMIME_TARGET_DOMAIN
#define MAILBOX SMIME_TARGET_MAILBOX

/*
 * "dns-01" and "http-01" name ACME's own record and path: ours under the same clause are known by the
 * number of the clause alone.
 */
static const struct smime_method methods[] = {
	{ "dns-txt", "TBR 3.2.2.4.7", "a TXT record", DOMAIN, 7, false, SMIME_PROOF_DOMAIN,
	    { "ca-tbr-7" } },
	{ "dns-cname", "TBR 3.2.2.4.7", "a CNAME record", DOMAIN, 7, false, SMIME_PROOF_DOMAIN,
	    { "ca-tbr-7" } },
	{ "dns-persist", "TBR 3.2.2.4.22", "a persistent TXT record", DOMAIN, 22, false,
	    SMIME_PROOF_DOMAIN_22, { "ca-tbr-22" } },
	{ "http-file", "TBR 3.2.2.4.18", "a file on the web site", DOMAIN, 18, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-18" } },
	{ "acme-http", "TBR 3.2.2.4.19", "an ACME file on the web site", DOMAIN, 19, false,
	    SMIME_PROOF_DOMAIN, { "http-01", "ca-tbr-19" } },
	{ "acme-tls-alpn", "TBR 3.2.2.4.20", "an ACME certificate on port 443", DOMAIN, 20, false,
	    SMIME_PROOF_DOMAIN, { "tls-alpn-01", "ca-tbr-20" } },
	{ "mx-dns-txt", "SBR 3.2.2.3; TBR 3.2.2.4.7", "a TXT record of the mail server", DOMAIN, 7,
	    true, SMIME_PROOF_DOMAIN, { "ca-sbr-3" } },
	{ "mx-http-file", "SBR 3.2.2.3; TBR 3.2.2.4.18", "a file on the mail server's web site",
	    DOMAIN, 18, true, SMIME_PROOF_DOMAIN, { "ca-sbr-3" } },
	{ "email-token", "SBR 3.2.2.2", "a token sent to the mailbox", MAILBOX, 0, false,
	    SMIME_PROOF_MAILBOX, { "ca-sbr-2" } },
	{ "email-reply", "SBR 3.2.2.4; RFC 8823", "an answer from the mailbox", MAILBOX, 0, false,
	    SMIME_PROOF_MAILBOX_ACME, { "email-reply-00", "ca-sbr-4" } },
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

const struct smime_method *
smime_methods(size_t *ret_n)
{
	*ret_n = METHODS;
	return methods;
}

const struct smime_method *
smime_method_find(const char *name)
{
	for (size_t i = 0; i < METHODS; i++)
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	return NULL;
}

bool
smime_method_usable(const struct smime_method *method, int64_t at_ms)
{
	return method->target == SMIME_TARGET_MAILBOX ||
	       smime_rule_domain_method_usable(method->tbr, at_ms);
}

/* What is shown of a mail server says something of the domain that names it, and of no other. */
bool
smime_method_covers_below(const struct smime_method *method)
{
	return method->target == SMIME_TARGET_DOMAIN && !method->of_mail_server &&
	       smime_domain_method_find(method->tbr)->covers_below;
}

bool
smime_method_may_prune(const struct smime_method *method)
{
	return method->target == SMIME_TARGET_DOMAIN && !method->of_mail_server &&
	       smime_domain_method_find(method->tbr)->may_prune;
}

const char *
smime_account_uri(struct cs_arena *arena, const char *enterprise, const char *issuer_domain)
{
	return cs_arena_printf(arena, "acct:%s@%s", enterprise, issuer_domain);
}
