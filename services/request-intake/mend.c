/* SPDX-License-Identifier: Apache-2.0 */
#include "mend.h"

#include <string.h>

#define LOOK_AGAIN ", then press Verify."

/* By how a reason ends ("txt-no-record", "cname-no-record", ...); the first row that fits counts. */
static const struct {
	const char *ending, *mend;
} mends[] = {
	{ "dnssec-bogus",
	    "Mend DNSSEC of the zone that the lookups name, or take its DS record out" LOOK_AGAIN },
	{ "no-record",
	    "Publish one of the ways shown, and wait until your name servers serve it" LOOK_AGAIN },
	{ "differs", "Replace what is there by the value as it is shown" LOOK_AGAIN },
	{ "too-many", "Remove records that are not needed" LOOK_AGAIN },
	{ "other-issuer", "Name our issuer domain as it is shown" LOOK_AGAIN },
	{ "-account", "Put the account URI into the record as it is shown" LOOK_AGAIN },
	{ "-until", "Write persistUntil in seconds since 1970, or leave it out" LOOK_AGAIN },
	{ "-expired", "Renew persistUntil, or leave it out" LOOK_AGAIN },
	{ "mx-null", "The domain says that it takes no mail: choose another way" LOOK_AGAIN },
	{ "mx-none-usable", "Let MX name a host that has an address and is no alias" LOOK_AGAIN },
	{ "mx-no-such-domain", "Register the domain, or publish it in DNS" LOOK_AGAIN },
	{ "address-refused", "Let the host have public addresses" LOOK_AGAIN },
	{ "redirects", "Answer the URL itself, or with few redirects" LOOK_AGAIN },
	{ "bad-redirect",
	    "Redirect by 301, 302, 307 or 308 alone, to http or https on ports 80 and 443" LOOK_AGAIN },
	{ "http-status", "Answer the URL with status 200 and the value" LOOK_AGAIN },
	{ "method-retired", "Choose another way" LOOK_AGAIN },
};

static bool
ends_with(const char *text, const char *ending)
{
	const size_t len = strlen(text), end = strlen(ending);

	return len >= end && strcmp(text + len - end, ending) == 0;
}

const char *
mend_domain(const struct claim_evidence *evidence)
{
	if (evidence->outcome == CLAIM_PROVED)
		return "";
	for (size_t i = 0; i < sizeof(mends) / sizeof(mends[0]); i++)
		if (ends_with(evidence->reason, mends[i].ending))
			return mends[i].mend;
	if (evidence->outcome == CLAIM_COULD_NOT_TELL)
		return "See that name servers and host answer everybody" LOOK_AGAIN;
	return "Compare what was seen with what is to be published" LOOK_AGAIN;
}
