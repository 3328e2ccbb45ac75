/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns.h: asynchronous lookups that validate to the root (RFC 4035 5), over libunbound.
 *
 * For one thread, in the caller's event loop.  Make it after fork(): one per process, or two;
 * 24,576 file descriptors are enough for both whatever happens, and with fewer each takes a third.
 * Whoever's servers are silent has 128 lookups under way, by what was registered (the Public Suffix List),
 * and the others wait behind these alone.  It reads what applicants' name servers
 * send, so the process that holds it holds no key and no credentials.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "dns/answer.h"

struct event_base;
struct dns;

#define DNS_LOOKUP_MS 20000    /* one lookup, by default */
#define DNS_CACHE_MAX_TTL_S 60 /* no answer older than this is ever used */

/*
 * libunbound remembers a failure for 5 seconds, counted in whole ones, whatever the cache settings
 * say: a second try sooner would ask nobody.
 */
#define DNS_RETRY_WAIT_MS 6100

struct dns_settings {
	const char *root_hints_file; /* NULL: those built into the library */
	const char *anchor_file;     /* DS or DNSKEY records of the root, one a line; required */
	const char
	    *forward; /* "ADDRESS@PORT" of a recursive server, or NULL: ask the authorities */
	/*
	 * Networks whose name servers are not asked, "10.0.0.0/8", the last NULL; NULL: none.  Without
	 * effect on a forwarder.  Borrowed for the call.
	 */
	const char *const *never_ask;
	/*
	 * 0 (every lookup is made anew) to DNS_CACHE_MAX_TTL_S.  libunbound keeps it once for the process:
	 * of several resolvers the one opened last decides for all, so give all of them the same.
	 */
	uint32_t cache_max_ttl_s;
	uint32_t lookup_ms; /* 0: DNS_LOOKUP_MS */
	bool test_mode;     /* name servers on loopback and names below "test." are allowed */
};

/* RFC 4035 4.3.  Zero is the one that proves nothing. */
enum dns_state {
	DNS_INDETERMINATE, /* no usable answer: SERVFAIL, REFUSED, time-out, unreadable */
	DNS_SECURE,        /* a chain of signatures reaches the anchor */
	DNS_INSECURE,      /* it is proved that there is no such chain */
	DNS_BOGUS          /* there should be a chain, and it is broken */
};

struct dns_result {
	const char *name;
	uint16_t type;
	enum dns_state state;
	uint8_t rcode;       /* SERVFAIL where nothing came */
	const char *why;     /* for people: why bogus or indeterminate; else "" */
	int64_t answered_ms; /* when, on the wall clock */
	struct cs_span wire; /* the packet, for the archive; empty where nothing came */
	/*
	 * Set exactly when the state is secure or insecure: the rcode is then NOERROR or NXDOMAIN,
	 * and only then does an empty set of records mean "none".  A bogus answer is never read.
	 */
	const struct dns_answer *answer;
};

/* The result and all it points to are borrowed: valid until the callback returns. */
typedef void dns_done(void *arg, const struct dns_result *result);

/*
 * `base` must outlive the result.  CS_MALFORMED: a setting cannot be, or the anchor file holds no
 * usable root anchor (without one nothing would be validated, silently).  CS_UNAVAILABLE: a file
 * cannot be read. CS_INTERNAL: the library refuses.
 */
CS_MUST_USE enum cs_code dns_open(const struct dns_settings *settings, struct event_base *base,
    struct dns **ret_dns, struct cs_err *err);
/*
 * Ends all lookups: their callbacks run here, as indeterminate.  Not from a callback.  Takes NULL.
 */
void dns_close(struct dns *dns);

struct dns_question {
	const char *name;  /* as dns_name_valid(); copied */
	uint16_t type;     /* class IN */
	uint32_t limit_ms; /* from now until the callback, `wait_ms` included; 0: the setting's */
	uint32_t wait_ms;  /* before anything is sent; DNS_RETRY_WAIT_MS for a second try */
};

/*
 * Exactly one callback per call, at the latest after the limit; it may run before this returns.
 * Names that never leave a machine (localhost, onion, the reverse tree, ...) are not asked:
 * indeterminate.
 */
void dns_lookup(struct dns *dns, const struct dns_question *question, dns_done *done, void *arg);

/*
 * Would dns_lookup() ask this name?  dns_name_valid(), and not of special use (RFC 6761): some of
 * those libunbound answers itself, unvalidated.
 */
bool dns_may_ask(const struct dns *dns, const char *name);
/* How many lookups wait for an answer. */
size_t dns_in_flight(const struct dns *dns);
/*
 * The key tags of the anchors in force, "20326 38696": for metrics and evidence.  Borrowed from
 * dns.
 */
const char *dns_anchor_tags(const struct dns *dns);
/* "secure", "insecure", "bogus", "indeterminate". */
const char *dns_state_name(enum dns_state state);

#endif
