/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchor.h: reads the trust anchors of the root.  Pure.
 *
 * libunbound takes an empty anchor file, or one with algorithms it does not know, without a word
 * and then validates nothing.  So the records are checked here, one by one, before it sees them.
 */
#ifndef DNS_ANCHOR_H
#define DNS_ANCHOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

#define ANCHOR_MAX 16

struct anchor {
	const char *record; /* one line, without comment: ". IN DS 20326 8 2 e06d..." */
	uint16_t key_tag;
	uint8_t algorithm;
};

/*
 * DS (digests SHA-256, SHA-384) and DNSKEY (SEP) records of ".", algorithms 8, 13, 14 and 15, one a
 * line, with comments after ';'.  Lives in `arena`.  CS_MALFORMED: anything else, none at all, more
 * than ANCHOR_MAX.
 */
CS_MUST_USE enum cs_code anchor_parse(struct cs_arena *arena, struct cs_span text,
    const struct anchor **ret_anchors, size_t *ret_len, struct cs_err *err);

#endif
