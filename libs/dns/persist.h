/* SPDX-License-Identifier: Apache-2.0 */
/*
 * persist.h: does a set of TXT records at `_validation-persist` name an account of ours for good (TBR
 * 3.2.2.4.22)?  The grammar is that of a CAA issue-value (RFC 8659 4.2).  Pure.
 */
#ifndef DNS_PERSIST_H
#define DNS_PERSIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/answer.h"

struct persist_question {
	const char *const *issuers; /* our issuer domain names */
	size_t issuers_len;
	const char *account_uri; /* the only account that is meant; octet for octet */
	int64_t at_s;            /* seconds since 1970 */
};

/* Of one record, and of a set: that of the record that comes nearest. */
enum persist_finding {
	PERSIST_NO_RECORD,     /* "no-record" */
	PERSIST_TOO_MANY,      /* "too-many": more than TXT_MAX_RECORDS, not read */
	PERSIST_UNREADABLE,    /* "unreadable": outside the grammar, or a parameter twice */
	PERSIST_OTHER_ISSUER,  /* "other-issuer" */
	PERSIST_NO_ACCOUNT,    /* "no-account": ours, without accounturi */
	PERSIST_OTHER_ACCOUNT, /* "other-account" */
	PERSIST_BAD_UNTIL,     /* "bad-until": persistUntil is not decimal seconds */
	PERSIST_EXPIRED,       /* "expired": persistUntil has passed */
	PERSIST_MATCHES        /* "matches" */
};

/* One record's joined text. */
enum persist_finding
persist_match_one(const struct persist_question *question, struct cs_span text);
enum persist_finding
persist_match(const struct persist_question *question, const struct dns_answer *answer);
const char *persist_finding_name(enum persist_finding finding);

#endif
