/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer.h: reads one DNS answer packet (RFC 1035 4.1) whose octets somebody else chose.  Pure.
 *
 * Strict: one question that is ours, counts that fit, compression pointers that only go back,
 * nothing after the last record, no alias twice.  What does not fit is CS_MALFORMED, never "no
 * record".
 */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_MX = 15,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_DS = 43,
	DNS_TYPE_CAA = 257
};

#define DNS_MAX_OCTETS 65535 /* of a packet: what the length field of DNS over TCP can say */
#define DNS_MAX_RECORDS 1100 /* of all three sections together */
#define DNS_MAX_ALIASES 11
#define DNS_NAME_TEXT 1025 /* the longest name as text: every octet as \DDD, and the NUL */

/* RCODEs that say something about a name (RFC 1035 4.1.1); every other is a failure. */
#define DNS_RCODE_NOERROR 0
#define DNS_RCODE_SERVFAIL 2
#define DNS_RCODE_NXDOMAIN 3

struct dns_record {
	uint32_t ttl_s;
	uint16_t preference;  /* MX */
	const char *host;     /* MX, CNAME: lower case, no final dot, "." is the root; else NULL */
	struct cs_span rdata; /* as it came; borrowed from the packet */
	struct cs_span
	    text; /* TXT: the character-strings of the record, joined without separator */
};

struct dns_answer {
	const char *name; /* what was asked, lower case, no final dot */
	uint16_t type;
	uint8_t rcode;
	const char *const *aliases; /* the targets of the CNAMEs, in the order they were followed */
	size_t aliases_len;
	const char *owner;                /* whose records these are: the last alias, or `name` */
	const struct dns_record *records; /* those of `type` at `owner`; none: NODATA or NXDOMAIN */
	size_t records_len;
	uint32_t ttl_s; /* the least of records and aliases; for nothing found, RFC 2308 5, or 0 */
};

/*
 * Reads the answer to (name, type, class IN).  `name` is lower case text without a final dot.  The
 * result lives in `arena` and borrows from `wire`.  A CNAME found when CNAME was asked is a record,
 * not an alias, and its answer is NOERROR wherever it leads.  CS_MALFORMED: unreadable, beyond a limit above, an alias loop, or an answer to
 * something else.
 */
CS_MUST_USE enum cs_code dns_answer_parse(struct cs_arena *arena, struct cs_span packet,
    const char *name, uint16_t type, struct dns_answer *ret_answer, struct cs_err *err);

/*
 * May this text be asked?  1 to 127 labels of 1 to 63 letters, digits, '-' and '_', together at
 * most 253 characters, lower case, no final dot.  U-labels have become A-labels before.
 */
bool dns_name_valid(const char *name);
/* "caa", "txt", ...; "other" for what is not in the enum. */
const char *dns_type_name(uint16_t type);
/* "NOERROR", "SERVFAIL", ...; "RCODE" for those without a name here. */
const char *dns_rcode_name(uint8_t rcode);

#endif
