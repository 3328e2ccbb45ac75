/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/arena.h"

#define CLASS_IN 1
#define ANCHOR_MAX_OCTETS 65536
#define PORTS_MAX 8192 /* SENT_AT_ONCE and FORGOTTEN_MAX of dns.c */

/*
 * Checked one by one: a misspelt option is an error of its own, and a failure here must not leave a
 * resolver that checks less.  Order does not matter; all must come before the first query.
 */
static const struct option {
	const char *name, *value;
} options[] = {
	/*
	 * Old answers: none, but absence without an SOA and failures, which stay for 5 seconds come
	 * what may. Without val-bogus-ttl a mended zone would stay bogus for a minute.
	 */
	{ "cache-min-ttl:", "0" },
	{ "cache-max-negative-ttl:", "0" },
	{ "val-bogus-ttl:", "0" },
	{ "serve-expired:", "no" },
	{ "prefetch:", "no" },
	/*
	 * A server that was away is asked again, and soon; by default it would be shunned for 15
	 * minutes.
	 */
	{ "infra-host-ttl:", "30" },
	{ "infra-keep-probing:", "yes" },
	/* Validation, in full. */
	{ "module-config:", "validator iterator" },
	{ "val-permissive-mode:", "no" },
	{ "val-clean-additional:", "yes" },
	{ "val-log-level:", "2" }, /* what fills `why` */
	/* By default a signature counts up to a day before and after its time (RFC 4035 5.3.1). */
	{ "val-sig-skew-min:", "0" },
	{ "val-sig-skew-max:", "0" },
	{ "harden-dnssec-stripped:", "yes" },
	/*
	 * RFC 6840 5.11: one good algorithm is enough, and "yes" refuses zones in a key rollover.
	 */
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
	/*
	 * Five are the default: a silent server then holds a port, and a person, for half a minute.
	 */
	{ "outbound-msg-retry:", "3" },
	/* The library's own limits are for one query at a time (16 ports, 2 of TCP). */
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

/*
 * A query to a silent server holds its port, a file descriptor, until it is given up; the others
 * wait for a free one.  So as many as may be under way, if the process has the descriptors for two
 * contexts.
 */
static enum cs_code
set_ports(struct ub_ctx *ub, struct cs_err *err)
{
	struct rlimit limit = { .rlim_cur = 1024 };
	char ports[16];

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(ports, sizeof(ports), "%u",
	    limit.rlim_cur / 3 < PORTS_MAX ? (unsigned)(limit.rlim_cur / 3) : PORTS_MAX);
	return set(ub, "outgoing-range:", ports, err);
}

/*
 * Whoever delegates a zone chooses the addresses of its servers.  A forwarder is the operator's choice,
 * and all that is asked then.
 */
static enum cs_code
set_never_asked(struct ub_ctx *ub, const struct dns_settings *settings, struct cs_err *err)
{
	if (settings->forward != NULL || settings->never_ask == NULL)
		return CS_OK;
	for (const char *const *net = settings->never_ask; *net != NULL; net++)
		if (set(ub, "do-not-query-address:", *net, err) != CS_OK)
			return CS_INTERNAL;
	return CS_OK;
}

static enum cs_code
set_options(struct ub_ctx *ub, const struct dns_settings *settings, struct cs_err *err)
{
	char ttl[16];

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (set(ub, options[i].name, options[i].value, err) != CS_OK)
			return CS_INTERNAL;
	/*
	 * This also caps the TTLs that answers show: max(TTL, 8 h) is then never more than is due.
	 */
	snprintf(ttl, sizeof(ttl), "%u", (unsigned)settings->cache_max_ttl_s);
	if (set(ub, "cache-max-ttl:", ttl, err) != CS_OK)
		return CS_INTERNAL;
	if (settings->test_mode && set(ub, "do-not-query-localhost:", "no", err) != CS_OK)
		return CS_INTERNAL;
	if (set_ports(ub, err) != CS_OK || set_never_asked(ub, settings, err) != CS_OK)
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

/* The tags go one after the other, with blanks between them. */
static enum cs_code
add_anchors(
    struct ub_ctx *ub, const struct anchor *anchors, size_t len, char *ret_tags, struct cs_err *err)
{
	for (size_t i = 0; i < len; i++) {
		int rc = ub_ctx_add_ta(ub, anchors[i].record);

		if (rc != 0)
			return cs_fail(err, CS_INTERNAL, "resolver: trust anchor %u: %s",
			    anchors[i].key_tag, ub_strerror(rc));
		ret_tags += sprintf(ret_tags, "%s%u", i > 0 ? " " : "", anchors[i].key_tag);
	}
	return CS_OK;
}

static enum cs_code
set_anchors(struct ub_ctx *ub, const char *path, char *ret_tags, struct cs_err *err)
{
	struct cs_arena *arena = cs_arena_new();
	const struct anchor *anchors = NULL;
	struct cs_span text = { 0 };
	size_t len = 0;
	enum cs_code code = read_file(arena, path, &text, err);

	if (code == CS_OK)
		code = anchor_parse(arena, text, &anchors, &len, err);
	if (code == CS_OK)
		code = add_anchors(ub, anchors, len, ret_tags, err);
	cs_arena_free(arena);
	return code;
}

static void
ignore(void *arg, int rcode, void *packet, int len, int sec, char *why, int limited)
{
	(void)arg, (void)rcode, (void)packet, (void)len, (void)sec, (void)why, (void)limited;
}

/*
 * Options and anchors are only stored until the first query, which is when bad ones fail.
 * "localhost." is answered inside the call, so that first query can be made here and asks nobody.
 */
static enum cs_code
finalize(struct ub_ctx *ub, bool test_mode, struct cs_err *err)
{
	int id = 0,
	    rc = ub_resolve_event(ub, "localhost.", DNS_TYPE_A, CLASS_IN, NULL, ignore, &id);

	if (rc != 0)
		return cs_fail(err, CS_INTERNAL, "resolver: cannot start: %s", ub_strerror(rc));
	if (!test_mode)
		return CS_OK;
	/* Built-in answers: "test." is NXDOMAIN for libunbound, whatever its servers say. */
	rc = ub_ctx_zone_remove(ub, "test.");
	if (rc != 0)
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
prepare(struct ub_ctx *ub, const struct dns_settings *settings, char *ret_tags, struct cs_err *err)
{
	enum cs_code code = set_options(ub, settings, err);
	int rc;

	if (code == CS_OK)
		code = set_anchors(ub, settings->anchor_file, ret_tags, err);
	if (code != CS_OK)
		return code;
	rc = settings->forward != NULL ? ub_ctx_set_fwd(ub, settings->forward) : 0;
	if (rc != 0)
		return cs_fail(err, CS_MALFORMED, "resolver: forward to %s: %s", settings->forward,
		    ub_strerror(rc));
	return finalize(ub, settings->test_mode, err);
}

enum cs_code
context_new(const struct dns_settings *settings, struct event_base *base, struct ub_ctx **ret_ub,
    char ret_tags[static CONTEXT_TAGS], struct cs_err *err)
{
	enum cs_code code = check_settings(settings, err);
	struct ub_ctx *ub;

	if (code != CS_OK)
		return code;
	ub = ub_ctx_create_event(base);
	if (ub == NULL)
		return cs_fail(err, CS_INTERNAL, "resolver: cannot be made: %s", strerror(errno));
	ub_ctx_debugout(ub, NULL); /* else it writes to stderr */
	code = prepare(ub, settings, ret_tags, err);
	if (code != CS_OK) {
		ub_ctx_delete(ub);
		return code;
	}
	*ret_ub = ub;
	return CS_OK;
}
