/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unsigned.h: is what the resolver calls insecure really unsigned?  Pure.
 *
 * RFC 4035 5.2 lets a validator treat a zone as unsigned when it knows none of the algorithms in the
 * zone's DS records; libunbound does, without a word (Ed448).  Whoever signs a zone so has not said that
 * nobody needs to check it: where a DS record says that there are signatures and we cannot check them,
 * we could not tell.  The same goes for the other answers of signed zones that it calls insecure.  So the DS records at the end of the signed part of the tree are asked for.
 */
#ifndef DNS_UNSIGNED_H
#define DNS_UNSIGNED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "dns/answer.h"
#include "dns/dns.h"

#define UNSIGNED_MAX_ASKED 64 /* names whose DS records are asked for, for one decision */

/* The labels of `name` from `top` down to itself: somewhere there the signed part of the tree ends. */
struct unsigned_path {
	const char *name,
	    *top; /* `top` is `name` or above it; NULL: from the top-level domain on */
};

/* One lookup of DS records: as dns_result has it. */
struct unsigned_ds {
	const char *name;
	enum dns_state state;
	const struct dns_answer *answer; /* NULL unless secure or insecure */
	const char *why;
};

enum unsigned_finding {
	UNSIGNED_PROVED,
	UNSIGNED_UNSUPPORTED, /* there are DS records, none of them for an algorithm that we can check */
	/*
	 * There are DS records for one that we can, and yet nobody vouches for the answer: denials with more
	 * NSEC3 iterations than the resolver computes (RFC 9276 3.2), which could be those of another name.
	 */
	UNSIGNED_UNCHECKED,
	UNSIGNED_BOGUS,  /* the answer about them is forged or broken */
	UNSIGNED_UNKNOWN /* it could not be found out */
};

struct unsigned_decision {
	enum unsigned_finding finding;
	const char *zone; /* that it is about; "" where all is proved */
	const char *text; /* for people; "" where all is proved; escaped */
};

/*
 * The names whose DS records decide, each once.  False: there are more than UNSIGNED_MAX_ASKED.
 */
bool unsigned_names(struct cs_arena *arena, const struct unsigned_path *paths, size_t n,
    const char ***ret_names, size_t *ret_n);
/* Over the answers for all these names; one that is missing could not be found out. */
void unsigned_decide(struct cs_arena *arena, const struct unsigned_path *paths, size_t n,
    const struct unsigned_ds *ds, size_t ds_len, struct unsigned_decision *ret);

#endif
