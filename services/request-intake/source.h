/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h: from which network people come, and how often they called from there in the present hour.
 * Pure, but for the key that is drawn when the table is made.
 *
 * A network is an IPv4 /24 or an IPv6 /48: what one customer of a provider can move about in.  The table
 * has a fixed size: two networks that fall on one place share it, which makes limits stricter, never
 * laxer; which ones do is known to nobody outside.
 */
#ifndef INTAKE_SOURCE_H
#define INTAKE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "http/address.h"

struct sockaddr;
struct sources;

struct source_network {
	uint8_t octets[7]; /* 4 or 6, then the network's own */
};

/*
 * The network of who called.  `forwarded` is what the last X-Forwarded-For field says, or NULL.  It counts
 * only when `peer` is one of `proxies`: then the last address in it that is none of these is the
 * caller's.  When there is none, or it cannot be read, it is the proxy's own.
 */
struct source_network source_network_of(
    const struct sockaddr *peer, const char *forwarded, const struct http_address_rules *proxies);

/* "192.0.2.0/24", "2001:db8:1::/48"; "" for an address of another kind.  Lives in `arena`. */
const char *source_network_text(struct cs_arena *arena, const struct source_network *network);

enum source_act {
	SOURCE_CREATES,
	SOURCE_PRESSES,
	SOURCE_REPORTS,
	SOURCE_CHALLENGES,
	SOURCE_LOGINS,    /* and new passwords */
	SOURCE_RETURNS,   /* of browsers from a provider: any page of the web can make some */
	SOURCE_STRANGERS, /* tokens that were tried and may be nobody's */
	SOURCE_ACTS
};
struct sources *sources_new(struct cs_arena *arena);
/* Counts one more; false: there were `limit` in this hour before. */
bool sources_count(struct sources *sources, const struct source_network *network,
    enum source_act act, uint32_t limit, int64_t now_ms);
/* Would one more be too many? */
bool sources_is_full(struct sources *sources, const struct source_network *network,
    enum source_act act, uint32_t limit, int64_t now_ms);
/* Takes one back that was counted, perhaps in the hour before, which is forgotten. */
void sources_uncount(struct sources *sources, const struct source_network *network,
    enum source_act act, int64_t now_ms);

#endif
