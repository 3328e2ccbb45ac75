/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only door to libunbound.  What was learned about it (1.17.1, Debian 12) stands where it matters.
 *
 * A lookup is never cancelled: its time-out answers the caller and forgets him, and the struct stays until
 * libunbound has come back for it, or is gone.
 */
#include "dns/dns.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/time.h"
#include "dns/anchor.h"

#define CLASS_IN 1
#define WHY_TEXT 256
#define ANCHOR_MAX_OCTETS 65536
#define SEC_BOGUS 1 /* the `sec` of ub_event_callback_type: 0 is insecure */
#define SEC_SECURE 2

struct dns {
	struct event_base *base;
	struct ub_ctx *ub;
	struct lookup *lookups; /* all that libunbound may still come back for */
	size_t in_flight;       /* those somebody waits for */
	uint32_t lookup_ms;
	bool test_mode, closing;
	bool inside; /* libunbound is calling us: it is not called back */
	char tags[ANCHOR_MAX * 6];
};

struct lookup {
	struct dns *dns;
	struct lookup *prev, *next;
	struct event *timer;
	dns_done *done; /* NULL: answered */
	void *arg;
	int64_t deadline_ms; /* monotonic */
	uint32_t limit_ms;
	uint16_t type;
	bool started;
	char name[254];
};

/*
 * Checked one by one: a misspelt option is an error of its own, and a failure here must not leave a resolver
 * that checks less.  Order does not matter; all must come before the first query.
 */
static const struct option {
	const char *name, *value;
} options[] = {
	/*
	 * Old answers: none, but absence without an SOA and failures, which stay for 5 seconds come what may.
	 * Without val-bogus-ttl a mended zone would stay bogus for a minute.
	 */
	{ "cache-min-ttl:", "0" },
	{ "cache-max-negative-ttl:", "0" },
	{ "val-bogus-ttl:", "0" },
	{ "serve-expired:", "no" },
	{ "prefetch:", "no" },
	/* A server that was away is asked again, and soon; by default it would be shunned for 15 minutes. */
	{ "infra-host-ttl:", "30" },
	{ "infra-keep-probing:", "yes" },
	/* Validation, in full. */
	{ "module-config:", "validator iterator" },
	{ "val-permissive-mode:", "no" },
	{ "val-clean-additional:", "yes" },
	{ "val-log-level:", "2" }, /* what fills `why` */
	{ "harden-dnssec-stripped:", "yes" },
	/* RFC 6840 5.11: one good algorithm is enough, and "yes" refuses zones in a key rollover. */
	{ "harden-algo-downgrade:", "no" },
	/* Denials are asked for, not concluded from others. */
	{ "aggressive-nsec:", "no" },
	{ "harden-below-nxdomain:", "no" },
	/* Against forged answers in zones without signatures. */
	{ "harden-glue:", "yes" },
	{ "harden-short-bufsize:", "yes" },
	{ "harden-large-queries:", "yes" },
	{ "use-caps-for-id:", "yes" },
	{ "unwanted-reply-threshold:", "100000" },
	{ "qname-minimisation:", "yes" },
	{ "qname-minimisation-strict:", "no" },
	/* The library's own limits are for one query at a time (16 ports, 2 of TCP). */
	{ "outgoing-range:", "256" },
	{ "outgoing-num-tcp:", "64" },
	{ "num-queries-per-thread:", "1024" },
	{ "edns-buffer-size:", "1232" },
	{ "do-not-query-localhost:", "yes" },
};

static enum cs_code
set(struct ub_ctx *ub, const char *name, const char *value, struct cs_err *err)
{
	int rc = ub_ctx_set_option(ub, name, value);

	if (rc != 0)
		return cs_fail(
		    err, CS_INTERNAL, "resolver: option %s %s: %s", name, value, ub_strerror(rc));
	return CS_OK;
}

static enum cs_code
set_options(struct ub_ctx *ub, const struct dns_settings *settings, struct cs_err *err)
{
	char ttl[16];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (set(ub, options[i].name, options[i].value, err) != CS_OK)
			return CS_INTERNAL;
	/* This also caps the TTLs that answers show: max(TTL, 8 h) is then never more than is due. */
	snprintf(ttl, sizeof(ttl), "%u", (unsigned)settings->cache_max_ttl_s);
	if (set(ub, "cache-max-ttl:", ttl, err) != CS_OK)
		return CS_INTERNAL;
	if (settings->test_mode && set(ub, "do-not-query-localhost:", "no", err) != CS_OK)
		return CS_INTERNAL;
	if (settings->root_hints_file != NULL)
		return set(ub, "root-hints:", settings->root_hints_file, err);
	return CS_OK;
}

static enum cs_code
read_file(struct cs_arena *arena, const char *path, struct cs_span *ret, struct cs_err *err)
{
	uint8_t *data = cs_arena_alloc(arena, ANCHOR_MAX_OCTETS);
	FILE *file = fopen(path, "re");
	size_t len;
	bool whole;

	if (file == NULL)
		return cs_fail(err, CS_UNAVAILABLE, "resolver: %s: %s", path, strerror(errno));
	len = fread(data, 1, ANCHOR_MAX_OCTETS, file);
	whole = !ferror(file) && len < ANCHOR_MAX_OCTETS;
	fclose(file);
	if (!whole)
		return cs_fail(err, CS_UNAVAILABLE, "resolver: %s: unreadable, or too long", path);
	*ret = cs_span_of(data, len);
	return CS_OK;
}

static enum cs_code
add_anchors(struct dns *dns, const struct anchor *anchors, size_t len, struct cs_err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		int rc = ub_ctx_add_ta(dns->ub, anchors[i].record);

		if (rc != 0)
			return cs_fail(err, CS_INTERNAL, "resolver: trust anchor %u: %s",
			    anchors[i].key_tag, ub_strerror(rc));
		at += (size_t)snprintf(dns->tags + at, sizeof(dns->tags) - at, "%s%u",
		    i > 0 ? " " : "", anchors[i].key_tag);
	}
	return CS_OK;
}

static enum cs_code
set_anchors(struct dns *dns, const char *path, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct anchor *anchors = NULL;
	struct cs_span text = { 0 };
	size_t len = 0;
	enum cs_code code = read_file(arena, path, &text, err);

	if (code == CS_OK)
		code = anchor_parse(arena, text, &anchors, &len, err);
	if (code == CS_OK)
		code = add_anchors(dns, anchors, len, err);
	cs_arena_free(arena);
	return code;
}

static void
ignore(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	(void)arg, (void)rcode, (void)packet, (void)len, (void)sec, (void)why, (void)limited;
}

/*
 * Options and anchors are only stored until the first query, which is when bad ones fail.  "localhost." is
 * answered inside the call, so that first query can be made here and asks nobody.
 */
static enum cs_code
finalize(struct dns *dns, struct cs_err *err)
{
	int id = 0,
	    rc = ub_resolve_event(dns->ub, "localhost.", DNS_TYPE_A, CLASS_IN, dns, ignore, &id);

	if (rc != 0)
		return cs_fail(err, CS_INTERNAL, "resolver: cannot start: %s", ub_strerror(rc));
	/* Built-in answers: "test." is NXDOMAIN for libunbound, whatever its servers say. */
	if (dns->test_mode && (rc = ub_ctx_zone_remove(dns->ub, "test.")) != 0)
		return cs_fail(err, CS_INTERNAL, "resolver: test zone: %s", ub_strerror(rc));
	return CS_OK;
}

static enum cs_code
check_settings(const struct dns_settings *settings, struct cs_err *err)
{
	FILE *hints;

	if (settings->anchor_file == NULL || settings->anchor_file[0] == '\0')
		return cs_fail(
		    err, CS_MALFORMED, "resolver: without a trust anchor nothing is validated");
	if (settings->cache_max_ttl_s > DNS_CACHE_MAX_TTL_S)
		return cs_fail(err, CS_MALFORMED, "resolver: a cache of %u s, at most %d",
		    (unsigned)settings->cache_max_ttl_s, DNS_CACHE_MAX_TTL_S);
	if (settings->root_hints_file == NULL)
		return CS_OK;
	hints = fopen(settings->root_hints_file, "re");
	if (hints == NULL)
		return cs_fail(err, CS_UNAVAILABLE, "resolver: %s: %s", settings->root_hints_file,
		    strerror(errno));
	fclose(hints);
	return CS_OK;
}

static enum cs_code
prepare(struct dns *dns, const struct dns_settings *settings, struct cs_err *err)
{
	enum cs_code code;
	int rc;

	dns->ub = ub_ctx_create_event(dns->base);
	if (dns->ub == NULL)
		return cs_fail(err, CS_INTERNAL, "resolver: cannot be made: %s", strerror(errno));
	ub_ctx_debugout(dns->ub, NULL);
	code = set_options(dns->ub, settings, err);
	if (code == CS_OK)
		code = set_anchors(dns, settings->anchor_file, err);
	if (code != CS_OK)
		return code;
	if (settings->forward != NULL && (rc = ub_ctx_set_fwd(dns->ub, settings->forward)) != 0)
		return cs_fail(err, CS_MALFORMED, "resolver: forward to %s: %s", settings->forward,
		    ub_strerror(rc));
	return finalize(dns, err);
}

enum cs_code
dns_open(const struct dns_settings *settings, struct event_base *base, struct dns **ret_dns,
    struct cs_err *err)
{
	enum cs_code code = check_settings(settings, err);
	struct dns *dns;

	if (code != CS_OK)
		return code;
	dns = calloc(1, sizeof(*dns));
	if (dns == NULL)
		return cs_fail(err, CS_INTERNAL, "resolver: no memory");
	dns->base = base;
	dns->lookup_ms = settings->lookup_ms != 0 ? settings->lookup_ms : DNS_LOOKUP_MS;
	dns->test_mode = settings->test_mode;
	code = prepare(dns, settings, err);
	if (code != CS_OK) {
		dns_close(dns);
		return code;
	}
	*ret_dns = dns;
	return CS_OK;
}

static void
unlink_lookup(struct lookup *lookup)
{
	struct dns *dns = lookup->dns;

	if (lookup->prev != NULL)
		lookup->prev->next = lookup->next;
	else
		dns->lookups = lookup->next;
	if (lookup->next != NULL)
		lookup->next->prev = lookup->prev;
	if (lookup->timer != NULL)
		event_free(lookup->timer);
	free(lookup);
}

/* Tells the caller, once.  He may start other lookups from here, but not close. */
static void
deliver(struct lookup *lookup, struct dns_result *result)
{
	dns_done *done = lookup->done;

	if (done == NULL)
		return;
	lookup->done = NULL;
	lookup->dns->in_flight--;
	if (lookup->timer != NULL)
		event_del(lookup->timer);
	result->name = lookup->name;
	result->type = lookup->type;
	result->answered_ms = cs_now_ms();
	done(lookup->arg, result);
}

static void
deliver_failure(struct lookup *lookup, const char *why)
{
	struct dns_result result = { .rcode = DNS_RCODE_SERVFAIL, .why = why };

	deliver(lookup, &result);
}

/* What libunbound says about a zone may quote it: one line, printable, cut. */
static const char *
clean(const char *why, const char *instead, char ret_text[static WHY_TEXT])
{
	snprintf(ret_text, WHY_TEXT, "%s", why != NULL && why[0] != '\0' ? why : instead);
	for (char *c = ret_text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return ret_text;
}

/* `result` has the packet; adds what it says if it says something about the name. */
static void
interpret(struct lookup *lookup, struct cs_arena *arena, int sec, struct dns_result *result)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct cs_err err = { 0 };

	if (dns_answer_parse(arena, result->wire, lookup->name, lookup->type, answer, &err) !=
	    CS_OK) {
		result->why = cs_arena_strdup(arena, err.text);
		return;
	}
	result->rcode = answer->rcode;
	if (answer->rcode != DNS_RCODE_NOERROR && answer->rcode != DNS_RCODE_NXDOMAIN) {
		result->why = dns_rcode_name(answer->rcode);
		return;
	}
	result->answer = answer;
	result->state = sec == SEC_SECURE ? DNS_SECURE : DNS_INSECURE;
}

/*
 * NXDOMAIN comes as rcode 0, and so does a bogus answer, with the forged records in the packet: `sec` comes
 * before everything.  With any other rcode, packet and len are garbage.  `sec` is insecure as well for what
 * was never checked; with an anchor at the root that is only what libunbound makes up itself, and such
 * names are not asked.
 */
static void
on_answer(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	struct lookup *lookup = arg;
	struct dns *dns = lookup->dns;
	struct dns_result result = { .rcode = DNS_RCODE_SERVFAIL, .why = "" };
	char text[WHY_TEXT];
	struct cs_arena *arena;

	(void)limited;
	if (dns->closing)
		return; /* ub_ctx_delete() comes here for what it still had; dns_close() frees it */
	dns->inside = true;
	if (rcode == 0 && packet != NULL && len > 0 && len <= DNS_MAX_OCTETS)
		result.wire = cs_span_of(packet, (size_t)len);
	if (sec == SEC_BOGUS) {
		result.state = DNS_BOGUS;
		result.rcode = result.wire.len > 3 ? result.wire.data[3] & 0xf : DNS_RCODE_SERVFAIL;
		result.why = clean(why, "the chain of signatures is broken", text);
		deliver(lookup, &result);
	} else if (result.wire.len == 0) {
		deliver_failure(lookup, clean(why, dns_rcode_name((uint8_t)(rcode & 0xf)), text));
	} else {
		arena = cs_arena_new();
		interpret(lookup, arena, sec, &result);
		deliver(lookup, &result);
		cs_arena_free(arena);
	}
	dns->inside = false;
	unlink_lookup(lookup);
}

static void
arm(struct lookup *lookup, int64_t ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(lookup->timer, &tv);
}

static void
send_query(struct lookup *lookup)
{
	int64_t left_ms = lookup->deadline_ms - cs_mono_ms();
	int id = 0, rc;

	lookup->started = true;
	arm(lookup, left_ms > 0 ? left_ms : 0);
	/* The callback may run in here, and then the lookup is gone. */
	rc = ub_resolve_event(
	    lookup->dns->ub, lookup->name, lookup->type, CLASS_IN, lookup, on_answer, &id);
	if (rc != 0) {
		deliver_failure(lookup, ub_strerror(rc));
		unlink_lookup(lookup);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct lookup *lookup = arg;
	char why[64];

	(void)fd, (void)what;
	if (!lookup->started) {
		send_query(lookup);
		return;
	}
	snprintf(why, sizeof(why), "no answer within %u ms", (unsigned)lookup->limit_ms);
	deliver_failure(lookup, why);
}

/* Names of RFC 6761 and its kin: libunbound makes answers up for them, others leak from a local network. */
static bool
special_use(const struct dns *dns, const char *name)
{
	static const char *const tops[] = { "localhost", "invalid", "onion", "local", "alt",
		"internal", "arpa" };
	const char *dot = strrchr(name, '.'), *top = dot != NULL ? dot + 1 : name;

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strcmp(top, tops[i]) == 0)
			return true;
	return !dns->test_mode && strcmp(top, "test") == 0;
}

bool
dns_may_ask(const struct dns *dns, const char *name)
{
	return dns_name_valid(name) && !special_use(dns, name);
}

static struct lookup *
new_lookup(struct dns *dns, const struct dns_question *question, dns_done *done, void *arg)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	cs_assert(lookup != NULL);
	lookup->dns = dns;
	lookup->done = done;
	lookup->arg = arg;
	lookup->type = question->type;
	lookup->limit_ms = question->limit_ms != 0 ? question->limit_ms : dns->lookup_ms;
	lookup->deadline_ms = cs_mono_ms() + lookup->limit_ms;
	snprintf(lookup->name, sizeof(lookup->name), "%s", question->name);
	lookup->timer = evtimer_new(dns->base, on_timer, lookup);
	cs_assert(lookup->timer != NULL);
	lookup->next = dns->lookups;
	if (dns->lookups != NULL)
		dns->lookups->prev = lookup;
	dns->lookups = lookup;
	dns->in_flight++;
	return lookup;
}

void
dns_lookup(struct dns *dns, const struct dns_question *question, dns_done *done, void *arg)
{
	struct lookup *lookup = new_lookup(dns, question, done, arg);

	if (!dns_may_ask(dns, question->name) || dns->closing) {
		deliver_failure(
		    lookup, dns->closing ? "the resolver was closed" : "a name that is not asked");
		unlink_lookup(lookup);
	} else if (question->wait_ms > 0) {
		lookup->started = question->wait_ms >= lookup->limit_ms; /* nothing to wait for */
		arm(lookup, lookup->started ? lookup->limit_ms : question->wait_ms);
	} else if (dns->inside) {
		arm(lookup, 0);
	} else {
		send_query(lookup);
	}
}

void
dns_close(struct dns *dns)
{
	if (dns == NULL)
		return;
	dns->closing = true;
	for (struct lookup *lookup = dns->lookups; lookup != NULL; lookup = lookup->next)
		deliver_failure(lookup, "the resolver was closed");
	if (dns->ub != NULL)
		ub_ctx_delete(dns->ub);
	while (dns->lookups != NULL)
		unlink_lookup(dns->lookups);
	free(dns);
}

size_t
dns_in_flight(const struct dns *dns)
{
	return dns->in_flight;
}

const char *
dns_anchor_tags(const struct dns *dns)
{
	return dns->tags;
}

const char *
dns_state_name(enum dns_state state)
{
	static const char *const names[] = { [DNS_INDETERMINATE] = "indeterminate",
		[DNS_SECURE] = "secure",
		[DNS_INSECURE] = "insecure",
		[DNS_BOGUS] = "bogus" };

	return names[state];
}
