/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h: what is to be said of a certificate, and for how long.  Pure: no I/O, no clock, no allocation.
 */
#ifndef STATUS_STATUS_H
#define STATUS_STATUS_H

#include "status/index.h"

#define STATUS_PARTITIONS_MAX 1024 /* as many as the signer makes */
#define STATUS_LABEL_MAX 64

/*
 * What is true when both were said, in whatever order and however often: revoked wins over issued; key
 * compromise over other reasons, these over a hold; of equals the earlier.  `have` NULL: nothing was.
 */
struct status_facts status_merge(const struct status_facts *have, const struct status_facts *said);

/* A reason that a CRL entry may have (SBR 7.2.2); 0 is none. */
bool status_is_reason(uint32_t reason);

struct status_rules {
	int64_t valid_s; /* nextUpdate - thisUpdate */
	int64_t
	    renew_s; /* a kept answer is replaced when it is this much older than what we know */
	int64_t max_age_s; /* that others may keep an answer */
};
/* NULL: SBR 4.9.10 holds.  Otherwise what does not. */
const char *status_rules_fault(const struct status_rules *rules);

struct status_times {
	int64_t this_update_s, next_update_s;
};
enum status_can { STATUS_CAN, STATUS_KNOWLEDGE_OLD, STATUS_RESPONDER_ENDS };
/*
 * The times of an answer signed now: thisUpdate is the last instant that we know about, nextUpdate not
 * beyond the life of the responder's certificate, and between them never less than SBR 4.9.10 wants.
 */
enum status_can status_times(const struct status_rules *rules, int64_t now_s, int64_t known_s,
    int64_t responder_end_s, struct status_times *ret_times);
/* nextUpdate of "unknown", of times that status_times gave: the least that SBR 4.9.10 allows from `now_s`. */
int64_t status_unknown_until(const struct status_times *times, int64_t now_s);
/*
 * The last instant that we know about, as of `memory_s` by the bus.  Who cuts the bus could make us say "good" for
 * good: what the CA itself said last, with its signature, bounds it.  `crl`: times of its full list; NULL: none yet.
 */
int64_t status_known_s(int64_t memory_s, const struct status_times *crl);
/* May the kept answer of these times be given no more, because a newer one can be? */
bool status_must_renew(
    const struct status_rules *rules, const struct status_times *times, int64_t known_s);
/* Cache-Control's max-age for what is good until then. */
int64_t status_max_age(const struct status_rules *rules, int64_t next_update_s, int64_t now_s);

/* What signing took of the second that began at since_us.  All zero: nothing yet. */
struct status_spent {
	int64_t since_us, spent_us;
};
/* Is there any of its share of this second left?  Begins another second when the last is over. */
bool status_has_time(struct status_spent *spent, int64_t now_us, uint32_t percent);

/* A CRL that nobody should rely on any more, or that should have been followed (SBR 4.9.7: 7 days). */
bool status_crl_is_stale(const struct status_times *times, int64_t now_s, bool of_root);

/* 1 to STATUS_LABEL_MAX of a-z, 0-9, "-" and ".", which is not the first. */
bool status_is_label(const char *text, size_t len);
/*
 * "issuing-1.crl" is the full list of "issuing-1", "issuing-1-2.crl" its second partition, unless a CA is
 * called "issuing-1-2", which the caller knows.  False: no name of a CRL.  *ret_len: of the label.
 */
bool status_crl_name(const char *name, bool of_partition, size_t *ret_len, uint32_t *ret_partition);
/*
 * May a list whose distribution point this is be that of this partition?  Signatures do not tell lists of one CA
 * from each other: a URL that ends like our names says of which it is; where the operator has others, it says nothing.
 */
bool status_url_is_of(const char *url, const char *label, uint32_t partition);

#endif
