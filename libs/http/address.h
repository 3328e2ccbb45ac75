/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.h: which socket addresses may be connected to on behalf of a stranger.  Pure.
 *
 * An address is allowed when it is global unicast by the IANA special-purpose registries (IPv4: RFC
 * 6890 and its updates; IPv6 likewise), of which address.c holds a dated copy.  An IPv6 address that
 * carries an IPv4 address (mapped, NAT64, 6to4, Teredo) is never allowed.
 */
#ifndef HTTP_ADDRESS_H
#define HTTP_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct sockaddr;

struct http_cidr {
	int family; /* AF_INET or AF_INET6 */
	uint8_t octets[16];
	unsigned bits;
};

/* Ranges that count as public although they are not: for tests, and never "all private ones". */
struct http_address_rules {
	const struct http_cidr *treat_as_public;
	size_t count;
};

/* "127.0.0.0/8" or "::1/128"; bits beyond the prefix must be zero.  CS_MALFORMED. */
CS_MUST_USE enum cs_code
http_cidr_parse(const char *text, struct http_cidr *ret_cidr, struct cs_err *err);
/* The port is not looked at; an address of the other family is never held. */
bool http_cidr_holds(const struct http_cidr *cidr, const struct sockaddr *address);
/*
 * A list separated by commas; "" gives none.  Lives in `arena`.  CS_MALFORMED, also for a range wider
 * than IPv4 /8 or IPv6 /16: that would be a switch, not an exception.
 */
CS_MUST_USE enum cs_code http_address_rules_parse(const char *text, struct cs_arena *arena,
    struct http_address_rules *ret_rules, struct cs_err *err);

/* `rules` may be NULL.  False for every family but AF_INET and AF_INET6.  The port is not looked at. */
bool http_address_allowed(const struct sockaddr *address, const struct http_address_rules *rules);
/* The registry's name of the range that forbids it ("Loopback"); NULL when it is allowed. */
const char *
http_address_why_not(const struct sockaddr *address, const struct http_address_rules *rules);
/*
 * The ranges of all addresses that are not allowed, "10.0.0.0/8", the last NULL: for a library that checks
 * addresses itself.  IPv6 outside 2000::/3 is three of them.
 */
const char *const *
http_address_forbidden(struct cs_arena *arena, const struct http_address_rules *rules);

#endif
