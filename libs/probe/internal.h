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
#define PATHS_MAX 64  /* names with insecure answers */
#define SHOWN_MAX 160 /* octets of one record as shown */

struct smime_method;
struct smime_psl;
struct unsigned_path;
struct pki_roots;

struct probe {
	struct sandbox *crew; /* children that look; NULL: this process does, by what follows */
	struct sandbox *remembering; /* those of them that remember, for CAA; or NULL */
	struct event_base *base;
	struct dns *dns;
	struct http_address_rules rules;
	struct cs_arena *arena;
	struct smime_psl *psl;
	struct pki_roots *roots; /* NULL: this machine has no list */
	LIST_HEAD(, look) held;  /* looks with something open in the loop */
	bool closing;
};

/* Instead of a look in this process. */
void crew_ask(struct probe *probe, const struct claim_check *check, enum probe_tag tag,
    struct cs_arena *arena, probe_done *done, void *arg);
void crew_close(struct probe *probe);

/* One probe under way; lives in the arena of the check. */
struct look {
	struct probe *probe;
	const struct claim_check *check;
	struct cs_arena *arena;
	probe_done *done;
	void *arg;
	struct probe_finding finding;
	const struct smime_method *method; /* NULL: not one of the table */
	/* Of what is open in the loop; the caller's own `done` is kept until that is closed. */
	struct http_fetcher *fetcher;
	struct event *later;
	void (*drop)(struct look *look);
	void *open; /* the method's own */
	probe_done *told;
	void *told_arg;
	LIST_ENTRY(look) link;
	/* vouch.c: names whose answers were insecure */
	struct unsigned_path *paths;
	size_t n_paths;
	bool too_many_paths, vouched;
};

struct look *look_new(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg);
/* Ends the probe with this finding. */
void look_end(struct look *look, enum claim_outcome outcome, const char *reason, const char *clause,
    const char *text);
void look_add_seen(struct look *look, struct cs_span octets);
/* Appends to the method's own words; escapes and cuts them. */
void look_add_detail(struct look *look, struct cs_span text);
/* The clause of the method; of the whole section where there is none. */
const char *look_clause(const struct look *look);
/*
 * The look has something open in the loop that must not be closed from its own callback: its end is told
 * by an event of its own, after `drop` closed it.  So it is when the probe is closed.
 */
void look_hold(struct look *look, void (*drop)(struct look *look));
/* Copies what an auditor needs of a lookup, and weakens the finding's DNSSEC state by it. */
void look_add_lookup(struct look *look, const struct dns_result *result);
void look_weaken(struct look *look, enum dns_state state);
/* Ends the probe if the answer says nothing ("dns-failed") or is forged ("dnssec-bogus"). */
bool look_end_unanswered(struct look *look, const struct dns_result *result, const char *clause);
enum claim_dnssec security_of(enum dns_state state);
/* vouch.c: remembers an insecure answer; does a proof by it need DS records; asks for them, then ends. */
void look_note_insecure(struct look *look, const struct dns_result *result);
bool look_needs_vouching(const struct look *look);
void look_vouch(struct look *look);

/*
 * Asks for the MX of `domain` and the addresses of its hosts, adds the lookups, and calls `then` once.  The
 * route lives in the look's arena.
 */
typedef void look_routed(void *arg, const struct mail_route *route);
void look_for_route(struct look *look, const char *domain, look_routed *then, void *arg);
/* "10 mx.example"; behind it in brackets why it cannot be used. */
const char *mail_host_text(struct cs_arena *arena, const struct mail_host *host);
/* Shows each host, in order. */
void look_add_route(struct look *look, const struct mail_route *route);
/* Ends the probe by what was decided; the reason is that of the route. */
void look_end_route(
    struct look *look, const struct mail_route *route, const struct mail_route_decision *decision);

void probe_mail_route(struct look *look);
void probe_dkim_key(struct look *look);

/* ---- addresses of a host ---- */

struct look_addresses {
	struct sockaddr_storage items[HTTP_ADDRESSES_MAX];
	size_t n;
	const char *why; /* why none may be used; NULL: nothing is against them */
};
typedef void look_resolved(void *arg, const struct look_addresses *addresses);
/* By our own validating resolver; adds the lookups.  `then` runs once, perhaps before this returns. */
void look_for_addresses(struct look *look, const char *host, look_resolved *then, void *arg);

/* ---- records at a label below a name, or one of its parents ---- */

#define PROBE_CHALLENGE_LABEL "_countersign-challenge"
#define PROBE_PERSIST_LABEL "_validation-persist"

/* What the records at one name say. */
struct said {
	bool proves, has_records;
	const char *reason, *text;
};
struct record_way {
	const char *label;
	uint16_t type;
	struct said (*judge)(
	    const struct look *look, const char *name, const struct dns_answer *answer);
};
/* Ends the look. */
void look_for_record(struct look *look, const char *name, const struct record_way *way);

/* ---- a file on a web server ---- */

typedef void look_judge_file(struct look *look, const struct http_fetch_result *result);
/* Ends the look; `judge` is asked only about a final answer. */
void look_for_file(struct look *look, const char *url, look_judge_file *judge);

/* ---- the methods ---- */

void probe_dns_txt(struct look *look);
void probe_dns_txt_at(struct look *look, const char *name);
void probe_dns_cname(struct look *look);
void probe_dns_persist(struct look *look);
void probe_http_file(struct look *look);
void probe_http_file_at(struct look *look, const char *name);
void probe_acme_http(struct look *look);
void probe_acme_tls_alpn(struct look *look);
void probe_mx_dns_txt(struct look *look);
void probe_mx_http_file(struct look *look);

const char *probe_cname_target(struct cs_arena *arena, const char *name, struct cs_span value);
/* The account that a persistent record must name; NULL: the check names none. */
const char *probe_persist_account(struct cs_arena *arena, const struct claim_check *check);
/* NULL: `value` is not a token of 128 bits or more, a dot, and the thumbprint of a key (RFC 8555 8.1). */
const char *probe_acme_token(struct cs_arena *arena, struct cs_span value);
const char *
probe_acme_url(struct cs_arena *arena, const char *name, struct cs_span value); /* NULL too */

#endif
