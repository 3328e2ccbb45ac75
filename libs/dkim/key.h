/* SPDX-License-Identifier: Apache-2.0 */
/* key.h: what a domain publishes at selector._domainkey (RFC 6376 3.6.1), for verify.c.  Pure. */
#ifndef DKIM_KEY_H
#define DKIM_KEY_H

#include "dkim/dkim.h"
#include "dkim/tags.h"

struct dkim_key {
	bool is_ed25519;
	bool exact_identity;       /* t=s */
	struct cs_span public_key; /* the octets of p= */
};

/* The only key for `algorithm` among the texts; other TXT records do not count.  False: *ret_why. */
CS_MUST_USE bool dkim_key_find(struct cs_arena *arena, const struct cs_span *texts, size_t len,
    enum dkim_algorithm algorithm, struct dkim_key *ret_key, struct cs_refusal *ret_why);

#endif
