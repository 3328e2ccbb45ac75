/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c: opening, the parts that all kinds of probe share, and which kind a check is. */
#include "probe/probe.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "dns/broken.h"
#include "internal.h"
#include "pki/hash.h"
#include "pki/tls.h"
#include "smime/domain.h"
#include "smime/method.h"

#define ROOTS_FILE "/etc/ssl/certs/ca-certificates.crt"
#define DETAIL_MAX 1000 /* octets; claims hold CLAIM_MAX_TEXT */

/*
 * A stranger's delegation may name any address: only public ones get our packets.  Servers of a test are on
 * loopback, all of it unless the test says which part is public.
 */
static const char *const *
never_ask(const struct probe_settings *settings, struct probe *probe)
{
	static const struct http_cidr loopback = { AF_INET, { 127 }, 8 };
	static const struct http_address_rules all_loopback = { &loopback, 1 };
	bool any = settings->test_mode && probe->rules.count == 0;

	return http_address_forbidden(probe->arena, any ? &all_loopback : &probe->rules);
}

static enum cs_code
open_resolver(const struct probe_settings *settings, struct probe *probe, struct cs_err *err)
{
	struct dns_settings dns = {
		.root_hints_file = settings->root_hints_file,
		.anchor_file = settings->anchor_file,
		.forward = settings->forward,
		.never_ask = never_ask(settings, probe),
		.cache_max_ttl_s = settings->remembers ? DNS_CACHE_MAX_TTL_S : 0,
		.test_mode = settings->test_mode,
	};

	if (dns.root_hints_file != NULL && dns.root_hints_file[0] == '\0')
		dns.root_hints_file = NULL;
	if (dns.forward != NULL && dns.forward[0] == '\0')
		dns.forward = NULL;
	return dns_open(&dns, probe->base, &probe->dns, err);
}

enum cs_code
probe_open(const struct probe_settings *settings, struct event_base *base, struct probe **ret_probe,
    struct cs_err *err)
{
	const char *nets = settings->public_nets == NULL ? "" : settings->public_nets;
	struct probe *probe;

	if (nets[0] != '\0' && !settings->test_mode)
		return cs_fail(
		    err, CS_MALFORMED, "CS_TEST_PUBLIC_NETS is refused outside test mode");
	probe = calloc(1, sizeof(*probe));
	cs_assert(probe != NULL);
	probe->base = base;
	probe->arena = cs_arena_new();
	if (http_address_rules_parse(nets, probe->arena, &probe->rules, err) ||
	    smime_psl_load(NULL, &probe->psl, err) || open_resolver(settings, probe, err)) {
		probe_close(probe);
		return err->code;
	}
	/* Only shown: without it no https certificate is said to be verified. */
	if (pki_roots_load(ROOTS_FILE, &probe->roots, NULL))
		probe->roots = NULL;
	*ret_probe = probe;
	return CS_OK;
}

static void
let_go(struct look *look)
{
	LIST_REMOVE(look, link);
	event_free(look->later);
	look->drop(look);
}

void
probe_close(struct probe *probe)
{
	struct look *look;

	if (probe == NULL)
		return;
	if (probe->crew != NULL) {
		crew_close(probe);
		return;
	}
	probe->closing = true; /* the resolver tells us once more: look_end() keeps it to itself */
	dns_close(probe->dns);
	while ((look = LIST_FIRST(&probe->held)) != NULL)
		let_go(look);
	smime_psl_free(probe->psl);
	pki_roots_free(probe->roots);
	cs_arena_free(probe->arena);
	free(probe);
}

/* ---- one look ---- */

struct look *
look_new(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg)
{
	struct look *look = CS_NEW(arena, struct look);

	*look = (struct look){
		.probe = probe, .check = check, .arena = arena, .done = done, .arg = arg
	};
	look->method = smime_method_find(check->method);
	look->finding = (struct probe_finding){ .found_at = "",
		.detail = "",
		.lookups = CS_NEW_ARRAY(arena, LOOKUPS_MAX, struct claim_lookup),
		.wires = CS_NEW_ARRAY(arena, LOOKUPS_MAX, struct cs_span),
		.seen = { CS_NEW_ARRAY(arena, SEEN_MAX, const char *), 0 } };
	return look;
}

void
look_end(struct look *look, enum claim_outcome outcome, const char *reason, const char *clause,
    const char *text)
{
	struct probe_finding *finding = &look->finding;

	if (look->probe->closing)
		return;
	finding->outcome = outcome;
	finding->reason = reason;
	finding->clause = clause;
	finding->text = text;
	finding->checked_at_ms = cs_now_ms();
	if (outcome == CLAIM_PROVED && look_needs_vouching(look))
		look_vouch(look);
	else
		look->done(look->arg, finding);
}

void
look_add_seen(struct look *look, struct cs_span octets)
{
	struct claim_texts *seen = &look->finding.seen;

	if (seen->n < SEEN_MAX)
		seen->items[seen->n++] = cs_escape(look->arena, octets, SHOWN_MAX);
}

void
look_add_detail(struct look *look, struct cs_span text)
{
	const char *before = look->finding.detail;
	size_t len = strlen(before);
	const char *glue = len == 0 ? "" : "; ";

	if (len + 10 < DETAIL_MAX)
		look->finding.detail = cs_arena_printf(look->arena, "%s%s%s", before, glue,
		    cs_escape(look->arena, text, DETAIL_MAX - len - 2));
}

const char *
look_clause(const struct look *look)
{
	return look->method != NULL ? look->method->clause : "TBR 3.2.2.4";
}

static void
end_now(evutil_socket_t fd, short what, void *arg)
{
	struct look *look = arg;

	(void)fd;
	(void)what;
	let_go(look);
	look->told(look->told_arg, &look->finding);
}

/* Stands in for the caller's `done`. */
static void
end_later(void *arg, const struct probe_finding *finding)
{
	struct look *look = arg;
	const struct timeval now = { 0, 0 };

	(void)finding;
	cs_assert(evtimer_add(look->later, &now) == 0);
}

void
look_hold(struct look *look, void (*drop)(struct look *look))
{
	look->later = evtimer_new(look->probe->base, end_now, look);
	cs_assert(look->later != NULL);
	look->drop = drop;
	LIST_INSERT_HEAD(&look->probe->held, look, link);
	look->told = look->done;
	look->told_arg = look->arg;
	look->done = end_later;
	look->arg = look;
}

enum claim_dnssec
security_of(enum dns_state state)
{
	switch (state) {
	case DNS_SECURE:
		return CLAIM_DNSSEC_SECURE;
	case DNS_INSECURE:
		return CLAIM_DNSSEC_INSECURE;
	case DNS_BOGUS:
		return CLAIM_DNSSEC_BOGUS;
	case DNS_INDETERMINATE:
		break;
	}
	return CLAIM_DNSSEC_INDETERMINATE;
}

/* Bogus is worse than unknown, unknown worse than insecure, insecure worse than secure. */
static enum claim_dnssec
weaker(enum claim_dnssec a, enum claim_dnssec b)
{
	static const int rank[] = {
		[CLAIM_DNSSEC_NOT_USED] = 0,
		[CLAIM_DNSSEC_SECURE] = 1,
		[CLAIM_DNSSEC_INSECURE] = 2,
		[CLAIM_DNSSEC_INDETERMINATE] = 3,
		[CLAIM_DNSSEC_BOGUS] = 4,
	};

	return rank[a] >= rank[b] ? a : b;
}

void
look_weaken(struct look *look, enum dns_state state)
{
	look->finding.security = weaker(look->finding.security, security_of(state));
}

void
look_add_lookup(struct look *look, const struct dns_result *result)
{
	struct probe_finding *finding = &look->finding;
	uint8_t *digest = cs_arena_alloc(look->arena, PKI_SHA256);

	look_weaken(look, result->state);
	look_note_insecure(look, result);
	if (finding->n_lookups == LOOKUPS_MAX)
		return;
	struct claim_lookup *lookup = &finding->lookups[finding->n_lookups++];

	*lookup = (struct claim_lookup){ .name = cs_arena_strdup(look->arena, result->name),
		.type = dns_type_name(result->type),
		.rcode = result->rcode,
		.security = security_of(result->state),
		.why = cs_escape(look->arena, cs_span_str(result->why), 300),
		.ttl_s = result->answer == NULL ? 0 : result->answer->ttl_s,
		.answered_at_ms = result->answered_ms };
	finding->wires[finding->n_lookups - 1] = cs_arena_copy_span(look->arena, result->wire);
	if (result->wire.len > 0) {
		pki_sha256(result->wire, digest);
		lookup->wire_sha256 = cs_span_of(digest, PKI_SHA256);
	}
}

bool
look_end_unanswered(struct look *look, const struct dns_result *result, const char *clause)
{
	if (result->answer != NULL)
		return false;
	if (result->state == DNS_BOGUS)
		look_end(look, CLAIM_REFUSED, "dnssec-bogus", "TBR 3.2.2.4; RFC 4035 5",
		    dns_broken_text(look->arena, result->name, result->why));
	else
		look_end(look, CLAIM_COULD_NOT_TELL, "dns-failed", clause,
		    cs_arena_printf(look->arena, "the name servers did not answer: %s",
			cs_escape(look->arena, cs_span_str(result->why), 300)));
	return true;
}

/* ---- which look a check asks for ---- */

static const struct way {
	const char *method;
	bool of_mailbox, needs_value;
	void (*begin)(struct look *look);
} ways[] = {
	{ "dns-txt", false, true, probe_dns_txt },
	{ "dns-cname", false, true, probe_dns_cname },
	{ "dns-persist", false, false, probe_dns_persist },
	{ "http-file", false, true, probe_http_file },
	{ "acme-http", false, true, probe_acme_http },
	{ "acme-tls-alpn", false, true, probe_acme_tls_alpn },
	{ "mx-dns-txt", false, true, probe_mx_dns_txt },
	{ "mx-http-file", false, true, probe_mx_http_file },
	{ "mail-route", true, false, probe_mail_route },
	{ "dkim-key", true, false, probe_dkim_key },
};

static const struct way *
way_of(const struct claim_check *check)
{
	bool of_mailbox = check->kind == CLAIM_MAILBOX;

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].method, check->method) == 0 &&
		    ways[i].of_mailbox == of_mailbox &&
		    (check->expected.len > 0 || !ways[i].needs_value))
			return &ways[i];
	return NULL;
}

void
probe_start(struct probe *probe, const struct claim_check *check, struct cs_arena *arena,
    probe_done *done, void *arg)
{
	const struct way *way;
	struct look *look;

	if (check->kind == CLAIM_CAA || check->kind == CLAIM_MPIC_CAA) {
		probe_caa(probe, check, PROBE_ISSUEMAIL, arena, done, arg);
		return;
	}
	if (probe->crew != NULL) {
		crew_ask(probe, check, PROBE_ISSUEMAIL, arena, done, arg);
		return;
	}
	way = way_of(check);
	look = look_new(probe, check, arena, done, arg);
	if (look->method != NULL && !smime_method_usable(look->method, cs_now_ms()))
		look_end(look, CLAIM_REFUSED, "method-retired", look_clause(look),
		    "this method proves nothing any more");
	else if (way != NULL)
		way->begin(look);
	else
		look_end(look, CLAIM_COULD_NOT_TELL, "unknown-method", "TBR 3.2.2.4",
		    "this method cannot be looked at from here");
}
