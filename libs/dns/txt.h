/* SPDX-License-Identifier: Apache-2.0 */
/* txt.h: does a set of TXT records hold one value?  Pure. */
#ifndef DNS_TXT_H
#define DNS_TXT_H

#include <stddef.h>

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

#endif
