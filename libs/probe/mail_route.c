/* SPDX-License-Identifier: Apache-2.0 */
/* mail_route.c: where a domain's mail goes (RFC 5321 5.1, RFC 7505), and who may stand for it (SBR 3.2.2.3). */
#include <string.h>

#include "base/id.h"
#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"

/* Twice that, for the MX and the addresses, leaves a look at a mail server time for what it is about. */
#define LIMIT_MS 12000

struct finding_route {
	struct look *look;
	struct mail_route route;
	uint64_t random;
	look_routed *then;
	void *arg;
	size_t waiting;
};

struct address_question {
	struct finding_route *finding;
	size_t host;
};

/*
 * Among equal hosts the value draws, so that the person who publishes it, we and every perspective mean the
 * same one.  Without a value it is any of them.
 */
static uint64_t
draw(const struct look *look)
{
	const struct cs_span parts[] = { cs_span_str("countersign/mail-route-lot/v1"),
		look->check->expected };
	uint8_t digest[PKI_SHA256];
	uint64_t random;

	if (look->check->expected.len == 0) {
		cs_random(&random, sizeof(random));
		return random;
	}
	random = 0;
	pki_sha256_parts(parts, 2, digest);
	for (size_t i = 0; i < sizeof(random); i++)
		random = random << 8 | digest[i];
	return random;
}

static void
answered(struct finding_route *finding)
{
	if (--finding->waiting == 0)
		finding->then(finding->arg, &finding->route);
}

static void
on_address(void *arg, const struct dns_result *result)
{
	struct address_question *question = arg;

	look_add_lookup(question->finding->look, result);
	mail_route_note(&question->finding->route, question->host, result);
	answered(question->finding);
}

static void
ask_addresses(struct finding_route *finding, size_t host)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct look *look = finding->look;
	struct address_question *question = CS_NEW(look->arena, struct address_question);

	*question = (struct address_question){ finding, host };
	for (size_t i = 0; i < 2; i++) {
		const struct dns_question asked = { .name = finding->route.hosts[host].name,
			.type = types[i],
			.limit_ms = LIMIT_MS };

		finding->waiting++;
		dns_lookup(look->probe->dns, &asked, on_address, question);
	}
}

static void
on_mx(void *arg, const struct dns_result *result)
{
	struct finding_route *finding = arg;
	struct look *look = finding->look;

	look_add_lookup(look, result);
	if (result->answer != NULL)
		look->finding.ttl_s = result->answer->ttl_s;
	mail_route_begin(look->arena, result, finding->random, &finding->route);
	finding->waiting = 1; /* ours, until all are asked */
	for (size_t i = 0; i < finding->route.asked_len; i++)
		if (dns_may_ask(look->probe->dns, finding->route.hosts[i].name))
			ask_addresses(finding, i);
	answered(finding);
}

void
look_for_route(struct look *look, const char *domain, look_routed *then, void *arg)
{
	struct finding_route *finding = CS_NEW(look->arena, struct finding_route);
	const struct dns_question question = {
		.name = domain, .type = DNS_TYPE_MX, .limit_ms = LIMIT_MS
	};

	*finding =
	    (struct finding_route){ .look = look, .random = draw(look), .then = then, .arg = arg };
	dns_lookup(look->probe->dns, &question, on_mx, finding);
}

/* ---- what is said of it ---- */

static const struct {
	enum claim_outcome outcome;
	const char *clause, *text;
} says[] = {
	[MAIL_ROUTE_DNS_FAILED] = { CLAIM_COULD_NOT_TELL, "RFC 5321 5.1",
	    "the name servers did not say where the mail of this domain goes" },
	[MAIL_ROUTE_BOGUS] = { CLAIM_REFUSED, "TBR 3.2.2.4; RFC 4035 5",
	    "DNSSEC validation failed on the way to the mail server" },
	[MAIL_ROUTE_NO_SUCH_DOMAIN] = { CLAIM_REFUSED, "RFC 5321 5.1", "there is no such domain" },
	[MAIL_ROUTE_NULL] = { CLAIM_REFUSED, "RFC 7505",
	    "the domain says by a null MX that it takes no mail" },
	[MAIL_ROUTE_NONE_USABLE] = { CLAIM_REFUSED, "RFC 5321 5.1",
	    "no mail server of this domain can be used" },
	[MAIL_ROUTE_IMPLICIT] = { CLAIM_PROVED, "RFC 5321 5.1",
	    "the domain has no MX record: its mail goes to its own address" },
	[MAIL_ROUTE_FOUND] = { CLAIM_PROVED, "RFC 5321 5.1", "the domain's mail goes to" },
};

static const char *
text_of(struct look *look, const struct mail_route *route, const struct mail_route_decision *what)
{
	const char *text = says[what->reason].text;

	if (what->reason == MAIL_ROUTE_FOUND)
		return cs_arena_printf(look->arena, "%s %s", text,
		    cs_escape(look->arena, cs_span_str(what->host->name), 300));
	if (route->why[0] == '\0')
		return text;
	return cs_arena_printf(
	    look->arena, "%s: %s", text, cs_escape(look->arena, cs_span_str(route->why), 300));
}

const char *
mail_host_text(struct cs_arena *arena, const struct mail_host *host)
{
	if (host->state == MAIL_HOST_USABLE)
		return cs_arena_printf(arena, "%u %s", host->preference, host->name);
	return cs_arena_printf(
	    arena, "%u %s (%s)", host->preference, host->name, mail_host_state_name(host->state));
}

void
look_add_route(struct look *look, const struct mail_route *route)
{
	for (size_t i = 0; i < route->hosts_len; i++)
		look_add_seen(look, cs_span_str(mail_host_text(look->arena, &route->hosts[i])));
}

void
look_end_route(
    struct look *look, const struct mail_route *route, const struct mail_route_decision *decision)
{
	look->finding.security = security_of(decision->security);
	look_end(look, says[decision->reason].outcome, mail_route_reason_name(decision->reason),
	    says[decision->reason].clause, text_of(look, route, decision));
}

/* ---- the probe ---- */

static void
on_routed(void *arg, const struct mail_route *route)
{
	struct look *look = arg;
	const struct mail_route_decision mail = mail_route_decide(route, false);
	const struct mail_route_decision control = mail_route_decide(route, true);

	look_add_route(look, route);
	if (control.host != NULL)
		look->finding.found_at = control.host->name;
	look_end_route(look, route, &mail);
}

void
probe_mail_route(struct look *look)
{
	const char *at = strrchr(look->check->target, '@');

	look_for_route(look, at == NULL ? look->check->target : at + 1, on_routed, look);
}
