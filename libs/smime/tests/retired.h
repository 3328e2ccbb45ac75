/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retired.h: the table of methods as it will be, with one that retires on a day of the test's: no method of the true
 * one has such a day yet.  It stands in place of libs/smime/method.c: for one file of a test program.
 */
#ifndef SMIME_RETIRED_H
#define SMIME_RETIRED_H

#include <string.h>

#include "smime/method.h"

static int64_t retires_ms; /* "dns-txt" */

static const struct smime_method table[] = {
	{ "dns-txt", "TBR 3.2.2.4.7", "a TXT record", SMIME_TARGET_DOMAIN, 7, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-7" } },
	{ "http-file", "TBR 3.2.2.4.18", "a file", SMIME_TARGET_DOMAIN, 18, false,
	    SMIME_PROOF_DOMAIN, { "ca-tbr-18" } },
	{ "email-token", "SBR 3.2.2.2", "a token", SMIME_TARGET_MAILBOX, 0, false,
	    SMIME_PROOF_MAILBOX, { "ca-sbr-2" } },
};

const struct smime_method *
smime_methods(size_t *ret_n)
{
	*ret_n = sizeof(table) / sizeof(table[0]);
	return table;
}

const struct smime_method *
smime_method_find(const char *name)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

bool
smime_method_usable(const struct smime_method *method, int64_t at_ms)
{
	return strcmp(method->name, "dns-txt") != 0 || at_ms < retires_ms;
}

bool
smime_method_covers_below(const struct smime_method *method)
{
	return strcmp(method->name, "dns-txt") == 0;
}

bool
smime_method_may_prune(const struct smime_method *method)
{
	return smime_method_covers_below(method);
}

const char *
smime_account_uri(struct cs_arena *arena, const char *enterprise, const char *issuer_domain)
{
	return cs_arena_printf(arena, "acct:%s@%s", enterprise, issuer_domain);
}

#endif
