/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the probes of each kind share. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#include <sys/queue.h>

#include "dns/dns.h"
#include "dns/route.h"
#include "http/address.h"
#include "http/fetch.h"
#include "probe/probe.h"

#define LOOKUPS_MAX 48
#define SEEN_MAX 16
#define SHOWN_MAX 160 /* octets of one record as shown */

struct probe {
	struct event_base *base;
	struct dns *cached; /* for CAA: answers at most a minute old */
	struct dns *fresh;  /* for a person who has just pressed Verify: no answer is remembered */
	struct http_address_rules rules;
	struct cs_arena *arena;
	LIST_HEAD(, look) files; /* fetches under way */
	bool closing;
};

/* One probe under way; lives in the arena of the check. */
struct look {
	struct probe *probe;
	const struct claim_check *check;
	struct cs_arena *arena;
	probe_done *done;
	void *arg;
	struct probe_finding finding;
	/* Of a file; the caller's own `done` is kept until the fetcher is freed. */
	struct http_fetcher *fetcher;
	struct event *later;
	probe_done *told;
	void *told_arg;
	LIST_ENTRY(look) link;
};

struct look *look_new(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg);
/* Ends the probe with this finding. */
void look_end(struct look *look, enum claim_outcome outcome, const char *reason, const char *clause,
    const char *text);
void look_add_seen(struct look *look, struct cs_span octets);
/* Copies what an auditor needs of a lookup, and weakens the finding's DNSSEC state by it. */
void look_add_lookup(struct look *look, const struct dns_result *result);
/* Ends the probe if the answer says nothing ("dns-failed") or is forged ("dnssec-bogus"). */
bool look_end_unanswered(struct look *look, const struct dns_result *result, const char *clause);
enum claim_dnssec security_of(enum dns_state state);

/*
 * Asks for the MX of `domain` and the addresses of its hosts, adds the lookups, and calls `then` once.  The
 * route lives in the look's arena.
 */
typedef void look_routed(void *arg, const struct mail_route *route);
void look_for_route(struct look *look, const char *domain, look_routed *then, void *arg);
/* "10 mx.example" for each host, in order; behind it in brackets why it cannot be used. */
void look_add_route(struct look *look, const struct mail_route *route);
/* Ends the probe by what was decided; the reason is that of the route. */
void look_end_route(
    struct look *look, const struct mail_route *route, const struct mail_route_decision *decision);

void probe_mail_route(struct look *look);
void probe_dkim_key(struct look *look);

void probe_domain_txt(struct look *look);
void probe_domain_file(struct look *look);
/* Ends a fetch that is under way, without `done`. */
void probe_domain_file_drop(struct look *look);

#endif
