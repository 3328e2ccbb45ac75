/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe.h: looks at one thing in the outside and says what it found: CAA of a domain, a value in DNS, a
 * file on a web server.  The primary validators, every perspective and csctl look through this.
 *
 * Services open a crew: what strangers send is then parsed by children that hold no key and no credentials
 * (sandbox/sandbox.h).  A probe of the process's own is for those children, csctl and tests.
 *
 * For one thread, in the caller's event loop.  A probe makes one attempt and never retries; what it
 * could not find out is "could not tell".
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include "base/arena.h"
#include "base/err.h"
#include "claim/claim.h"
#include "sandbox/sandbox.h"

struct event_base;
struct probe;

struct probe_settings {
	const char *root_hints_file; /* NULL or "": the library's own */
	const char *anchor_file;     /* the root's trust anchor; required */
	const char *forward;         /* "ADDRESS@PORT" of a recursive server; NULL or "": none */
	const char *public_nets;     /* tests only: networks treated as public; "" none */
	bool test_mode;
	/*
	 * Answers up to DNS_CACHE_MAX_TTL_S old serve again; false: every lookup is made anew.  The same
	 * for all that a process has open: libunbound has one longest TTL for all its resolvers.
	 */
	bool remembers;
};

CS_MUST_USE enum cs_code probe_open(const struct probe_settings *settings, struct event_base *base,
    struct probe **ret_probe, struct cs_err *err);
/* The kind of child that looks: a service names it to svc_main(), a test to sandbox_child_main(). */
extern const struct sandbox_role probe_role;

struct probe_crew {
	uint32_t children; /* 1 to SANDBOX_CHILDREN_MAX; each has a resolver of its own */
	/*
	 * So many beside them, which remember: they look up CAA where the check does not want it fresh.
	 * 0: nothing is remembered.
	 */
	uint32_t remembering;
	sandbox_told *told; /* of their lives; may be NULL */
	void *told_arg;
};

/*
 * The same, by children.  Every error of probe_open(), and CS_INTERNAL: a child could not be locked in.  Beside
 * the findings of the looks there are, all could-not-tell: "prober-died", "prober-timeout" (40 s),
 * "prober-unavailable" (no child can be started) and "prober-unreadable" (it said what none of ours says).
 */
CS_MUST_USE enum cs_code
probe_crew_open(const struct probe_settings *settings, const struct probe_crew *crew,
    struct event_base *base, struct probe **ret_probe, struct cs_err *err);
/* Process ids of the children of a crew, as sandbox_pids(). */
size_t probe_crew_pids(const struct probe *probe, int *ret_pids, size_t max);
/* What is under way ends without `done`: whoever asked for it is asked again.  Takes NULL. */
void probe_close(struct probe *probe);

/*
 * What was found; everything lives in the arena that was given to the probe, texts are printable ASCII.
 * A new field goes through wire.c too, which refuses to be compiled until it does.
 */
struct probe_finding {
	enum claim_outcome outcome;
	const char *reason, *clause, *text; /* stable code; the rule; for people */
	enum claim_dnssec security;         /* the weakest answer that was relied on */
	const char *found_at;               /* where the proof is, see probe_start(); "" none */
	uint32_t ttl_s;
	struct claim_lookup *lookups;
	size_t n_lookups;
	struct cs_span *wires;   /* the packet of each lookup, for the archive; empty: none came */
	struct claim_texts seen; /* what came back, escaped and shortened */
	const char *detail;      /* "" or the method's own: names asked, URLs fetched */
	int64_t checked_at_ms;
};

/* Exactly one call; it may come before the function that started the probe returns. */
typedef void probe_done(void *arg, const struct probe_finding *finding);

/*
 * Does this check hold as seen from here?  By kind and method: CAA (issuemail, under the terms that
 * check->expected says, smime/terms.h; "caa-unknown-terms" where it says none), or a domain by a method of
 * smime/method.h: check->expected is published as probe_place() says.  For
 * "dns-persist" the account of check->enterprise with the first of check->issuer_domains takes its place;
 * for the ACME methods it is the key authorization.  `found_at` is the name that the record stands for
 * (the target, or for methods that may prune one of its parents) or the URL; `detail` says what was asked
 * of whom.  A method that retired is refused, "method-retired".  `check` and `arena` are the caller's, and
 * must live until `done` ran or the probe was closed.
 *
 * Of kind CLAIM_MAILBOX, both by answers of this very moment:
 * "mail-route": where does the mail of check->target, a mailbox or a domain, go (RFC 5321 5.1, RFC 7505)?
 *   Proved "mx-found", "mx-implicit"; refused "mx-null", "mx-none-usable", "mx-no-such-domain",
 *   "dnssec-bogus"; could not tell "dns-failed".  `seen` are the hosts in order, "10 mx.example", with the
 *   reason in brackets where one cannot be used.  `found_at` is the host that may prove the domain (SBR
 *   3.2.2.3), "" when there is none; among equal ones check->expected draws, or chance where it is empty.
 * "dkim-key": the TXT record at check->target, a whole owner name.  Proved "txt-found", its joined text in
 *   `detail`; refused "txt-no-record", "txt-too-many" (more than one), "txt-unreadable" (not 1 to 1,000
 *   octets of printable ASCII), "dnssec-bogus"; could not tell "dns-failed".
 */
void probe_start(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg);

/* Which CAA tag a probe asks for; services always mean issuemail. */
enum probe_tag { PROBE_ISSUEMAIL, PROBE_ISSUE, PROBE_ISSUEWILD };
void probe_caa(struct probe *probe, const struct claim_check *check, enum probe_tag tag,
    struct cs_arena *arena, probe_done *done, void *arg);

/* What a person publishes so that a method of the table proves a domain; texts to copy as they are. */
struct probe_place {
	const char *record; /* "TXT", "CNAME", "file" or "certificate" */
	const char *where;  /* the owner name, without final dot; the URL; "HOST:443" */
	/*
	 * The record's text, the CNAME's target without final dot, the file's content; of a certificate the
	 * 32 octets of its acmeIdentifier (RFC 8737 3) in hexadecimal.
	 */
	const char *value;
};
/*
 * By check->method, target, expected, and for "dns-persist" enterprise and issuer_domains.  `mail_server`
 * is the host that the mail route found (its `found_at`), for methods of a mail server; else not looked
 * at.  False: there is nothing to publish, because one of these is missing or unfit.
 */
CS_MUST_USE bool probe_place(struct cs_arena *arena, const struct claim_check *check,
    const char *mail_server, struct probe_place *ret_place);

/* The places of "dns-txt" and "http-file".  The URL does not hold the value. */
const char *probe_txt_name(struct cs_arena *arena, const char *domain);
const char *probe_file_url(struct cs_arena *arena, const char *domain, struct cs_span value);

/* Fills the evidence's outcome, reason, lookups, times ... from what was found. */
void probe_into_evidence(const struct probe_finding *finding, struct claim_evidence *evidence);

#endif
