/* SPDX-License-Identifier: Apache-2.0 */
/*
 * climb.h: finds the CAA records that apply to a name (RFC 8659 3) and decides.
 *
 * All labels of the name itself, down to the top-level domain and never the root, are looked up at
 * once; the resolver follows aliases for each, and the parents of an alias' target are never
 * consulted.  What could not be found out is "could not tell", never "no record".
 */
#ifndef DNS_CLIMB_H
#define DNS_CLIMB_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "dns/caa.h"
#include "dns/dns.h"

#define CLIMB_AT_ONCE 16
#define CLIMB_BUDGET_MS 30000
#define CLIMB_TRIES 2 /* SBR 4.2.2.1: a failed lookup is retried at least once */

/* One label's lookup: dns_result, kept.  `answer` as there: NULL unless secure or insecure. */
struct climb_lookup {
	const char *name;
	enum dns_state state;
	uint8_t rcode;
	uint8_t tries;
	uint32_t ttl_s;
	const char *why;
	int64_t answered_ms;
	struct cs_span wire;
	const struct dns_answer *answer;
	uint16_t type; /* CAA or DS */
};

struct climb_result {
	const char *name;
	/*
	 * The name itself first, its top-level domain last; then, where an answer that counts was
	 * insecure, the DS records that say whether that is so (unsigned.h).
	 */
	const struct climb_lookup *lookups;
	size_t lookups_len;
	enum dns_state state; /* the weakest that the decision rests on */
	struct caa_decision decision;
};

/*
 * Pure: the decision over recorded lookups, as the climb makes it and as an auditor repeats it.
 * The lookups must be the name's labels, all of them, in order; what is missing could not be told.
 * Bogus at any label denies; a failure at or below the first set is "could not tell", above it does
 * not matter.
 */
void climb_decide(struct cs_arena *arena, const struct caa_question *question, const char *name,
    const struct climb_lookup *lookups, size_t lookups_len, struct climb_result *ret_result);

/*
 * Pure: what remains of a permission that rests on insecure answers, given the lookups of DS records.  A
 * zone that is signed in a way that we cannot check denies: asking again would not help.  Anything but a
 * permission over insecure answers stays as it is.
 */
void climb_decide_unsigned(struct cs_arena *arena, const struct climb_lookup *ds, size_t ds_len,
    struct climb_result *result);

/* Borrowed: valid until the callback returns. */
typedef void climb_done(void *arg, const struct climb_result *result);

struct climb_question {
	const char *name; /* the domain part of a mailbox, A-labels, lower case; copied */
	const struct caa_question *caa; /* borrowed until the callback returns */
	uint32_t budget_ms;             /* 0: CLIMB_BUDGET_MS */
};

/* Exactly one callback per call, at the latest after the budget; it may run before this returns. */
void
climb_start(struct dns *dns, const struct climb_question *question, climb_done *done, void *arg);

#endif
