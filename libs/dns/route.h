/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h: where a domain's mail goes (RFC 5321 5.1, RFC 7505), and which of its mail servers may stand
 * for the domain (SBR 3.2.2.3).  Pure: the caller asks and hands in what was answered.
 *
 *   mail_route_begin(MX answer) ─▶ hosts in order ─▶ mail_route_note(A and AAAA of each) ─▶ mail_route_decide
 */
#ifndef DNS_ROUTE_H
#define DNS_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "dns/dns.h"

#define MAIL_ROUTE_HOSTS_MAX 16 /* hosts that are kept: the first ones in order */
#define MAIL_ROUTE_ASKED_MAX 8  /* of them, those whose addresses are asked */

enum mail_host_state {
	MAIL_HOST_NOT_ASKED, /* beyond MAIL_ROUTE_ASKED_MAX, or no name that can be asked */
	MAIL_HOST_USABLE,    /* it has an address */
	MAIL_HOST_ALIAS, /* it has one at the end of an alias, where none may be (RFC 2181 10.3) */
	MAIL_HOST_NO_ADDRESS, /* neither A nor AAAA */
	MAIL_HOST_FAILED,     /* that could not be found out */
	MAIL_HOST_BOGUS
};

struct mail_host {
	uint16_t preference;
	const char *name; /* lower case, no final dot; may hold escapes where it cannot be asked */
	enum mail_host_state state;
	enum dns_state security; /* the weaker of the answers that came */
	/* what the answers said so far */
	unsigned answers, failures;
	bool has_address, has_alias, has_bogus;
};

enum mail_route_reason {
	MAIL_ROUTE_DNS_FAILED, /* "dns-failed": the MX, or every address that could have done */
	MAIL_ROUTE_BOGUS,      /* "dnssec-bogus": the MX, or an address before the first good one */
	MAIL_ROUTE_NO_SUCH_DOMAIN, /* "mx-no-such-domain": NXDOMAIN */
	MAIL_ROUTE_NULL,           /* "mx-null": it takes no mail (RFC 7505) */
	MAIL_ROUTE_NONE_USABLE,    /* "mx-none-usable" */
	MAIL_ROUTE_IMPLICIT,       /* "mx-implicit": no MX, but an address of its own */
	MAIL_ROUTE_FOUND           /* "mx-found" */
};

struct mail_route {
	enum mail_route_reason begun; /* FOUND or IMPLICIT: ask the hosts; else it is decided */
	enum dns_state mx_security;
	const char *why;         /* of a failed or bogus MX answer; else "" */
	struct mail_host *hosts; /* in the order in which they are tried, each name once */
	size_t hosts_len;
	size_t asked_len; /* the first so many want their addresses asked */
	size_t unnamed;   /* hosts beyond MAIL_ROUTE_HOSTS_MAX */
};

/*
 * From the MX answer.  Hosts are ordered by preference; equal ones in an order drawn from `random`, the
 * same for the same set and number.  Copies what it keeps of the answer into `arena`.
 */
void mail_route_begin(struct cs_arena *arena, const struct dns_result *mx, uint64_t random,
    struct mail_route *ret_route);
/* Notes an A or AAAA answer for hosts[i], i < asked_len: one of each. */
void mail_route_note(struct mail_route *route, size_t i, const struct dns_result *address);

struct mail_route_decision {
	enum mail_route_reason reason;
	const struct mail_host *host; /* the first that serves; NULL unless FOUND or IMPLICIT */
	enum dns_state security;      /* the weakest that this rests on */
};

/*
 * Which host is the first that can be used?  `for_control`: to prove the domain by it (SBR 3.2.2.3), so
 * that an alias is no host; otherwise to send mail, and an alias is as good as what it leads to, as
 * senders everywhere treat it.  A failure is passed over when a later host serves, as RFC 5321 5.1
 * tells senders to, a bogus answer never.
 */
struct mail_route_decision mail_route_decide(const struct mail_route *route, bool for_control);

const char *mail_route_reason_name(enum mail_route_reason reason);
/* "usable", "alias", "no-address", "failed", "bogus", "not-asked". */
const char *mail_host_state_name(enum mail_host_state state);

#endif
