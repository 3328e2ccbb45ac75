/* SPDX-License-Identifier: Apache-2.0 */
/* txt.h: does a set of TXT records hold one value, and where may a domain's mail go?  Pure. */
#ifndef DNS_TXT_H
#define DNS_TXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "dns/answer.h"

#define TXT_MAX_RECORDS 100

enum txt_finding {
	TXT_NO_RECORD, /* the name has no TXT record */
	TXT_DIFFERS,   /* it has some, none of them the value */
	TXT_TOO_MANY,  /* more than TXT_MAX_RECORDS: not read */
	TXT_MATCHES
};

/*
 * TBR 3.2.2.4.7: is one record, its character-strings joined without separator, exactly `expected`?
 * Octet for octet: no substring, no trimming, no case folding.  `expected` is not empty (asserted).
 */
enum txt_finding txt_match(const struct dns_answer *answer, struct cs_span expected);
/* "no-record", "differs", "too-many", "matches". */
const char *txt_finding_name(enum txt_finding finding);

enum mx_kind {
	MX_NONE,  /* no MX: RFC 5321 5.1 makes the domain itself the mail server */
	MX_NULL,  /* RFC 7505: the domain says that it takes no mail */
	MX_HOSTS, /* `hosts` */
	MX_BROKEN /* a null MX beside others: what is meant cannot be told */
};

struct mx_facts {
	enum mx_kind kind;
	const struct dns_record *hosts; /* by preference, then by name */
	size_t hosts_len;
};

/* The hosts live in `arena` and borrow from the answer. */
struct mx_facts mx_facts(struct cs_arena *arena, const struct dns_answer *answer);
const char *mx_kind_name(enum mx_kind kind); /* "none", "null", "hosts", "broken" */

#endif
