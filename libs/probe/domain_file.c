/* SPDX-License-Identifier: Apache-2.0 */
/* domain_file.c: the value in a file below /.well-known/pki-validation (TBR 3.2.2.4.18). */
#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"

static const char clause[] = "TBR 3.2.2.4.18";

/* The name of the file follows from the value by a digest, so the request does not hold the value. */
const char *
probe_file_url(struct cs_arena *arena, const char *domain, struct cs_span value)
{
	const struct cs_span parts[] = { cs_span_str("countersign/file-name/v1"), value };
	uint8_t digest[PKI_SHA256];

	pki_sha256_parts(parts, 2, digest);
	return cs_arena_printf(arena, "http://%s/.well-known/pki-validation/%s.txt", domain,
	    cs_hex(arena, cs_span_of(digest, 8)));
}

/* ---- names of the web servers, by our own validating resolver ---- */

struct resolving {
	struct look *look;
	struct http_resolution *ticket;
	struct sockaddr_storage addresses[HTTP_ADDRESSES_MAX];
	size_t n;
	int waiting;
	const char *why; /* why no address may be used; NULL: nothing is against it */
};

static void
add_address(struct resolving *resolving, const struct dns_record *record, uint16_t type)
{
	struct sockaddr_storage *to = &resolving->addresses[resolving->n];

	if (resolving->n == HTTP_ADDRESSES_MAX)
		return;
	if (type == DNS_TYPE_A && record->rdata.len == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET };

		memcpy(&in.sin_addr, record->rdata.data, 4);
		memcpy(to, &in, sizeof(in));
		resolving->n++;
	} else if (type == DNS_TYPE_AAAA && record->rdata.len == 16) {
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

		memcpy(&in6.sin6_addr, record->rdata.data, 16);
		memcpy(to, &in6, sizeof(in6));
		resolving->n++;
	}
}

static void
on_address(void *arg, const struct dns_result *result)
{
	struct resolving *resolving = arg;
	struct look *look = resolving->look;

	look_add_lookup(look, result);
	if (result->answer == NULL)
		resolving->why = cs_arena_printf(look->arena, "%s %s: %s",
		    dns_type_name(result->type), dns_state_name(result->state),
		    cs_escape(look->arena, cs_span_str(result->why), 200));
	else
		for (size_t i = 0; i < result->answer->records_len; i++)
			add_address(resolving, &result->answer->records[i], result->type);
	if (--resolving->waiting > 0)
		return;
	if (resolving->why == NULL && resolving->n == 0)
		resolving->why = "the name has no address";
	http_resolved(resolving->ticket, resolving->addresses,
	    resolving->why == NULL ? resolving->n : 0, resolving->why);
}

static void
resolve(void *arg, const char *host, struct http_resolution *ticket)
{
	struct look *look = arg;
	struct resolving *resolving = CS_NEW(look->arena, struct resolving);
	const char *name = cs_arena_strdup(look->arena, host);
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };

	resolving->look = look;
	resolving->ticket = ticket;
	resolving->waiting = 2;
	if (!dns_may_ask(look->probe->fresh, name)) {
		http_resolved(ticket, NULL, 0, "this name is never asked");
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		/* Sooner than the fetcher gives up, so that the reason is known. */
		const struct dns_question question = {
			.name = name, .type = types[i], .limit_ms = 12000
		};

		dns_lookup(look->probe->fresh, &question, on_address, resolving);
	}
}

/* ---- what came back ---- */

static void
add_hops(struct look *look, const struct http_fetch_result *result)
{
	struct cs_buf text = cs_buf_new(look->arena);

	for (size_t i = 0; i < result->hop_count; i++) {
		char address[INET6_ADDRSTRLEN] = "-";
		const struct sockaddr_storage *at = &result->hops[i].address;

		if (at->ss_family == AF_INET)
			(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)at)->sin_addr,
			    address, sizeof(address));
		else if (at->ss_family == AF_INET6)
			(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)at)->sin6_addr,
			    address, sizeof(address));
		cs_buf_printf(&text, "%s%s at %s: %d", i == 0 ? "" : "; ",
		    cs_escape(look->arena, cs_span_str(result->hops[i].url), 200), address,
		    result->hops[i].status);
	}
	look->finding.detail = cs_escape(look->arena, cs_buf_span(&text), 900);
}

static bool
is_value(struct cs_span body, struct cs_span value)
{
	if (body.len > 0 && body.data[body.len - 1] == '\n')
		body.len--;
	if (body.len > 0 && body.data[body.len - 1] == '\r')
		body.len--;
	return cs_span_equal(body, value);
}

static void
judge(struct look *look, const struct http_fetch_result *result)
{
	if (result->status == 200) /* another status' page is about something else */
		look_add_seen(look, result->body);
	if (result->status != 200)
		look_end(look, CLAIM_REFUSED, "http-status", clause,
		    cs_arena_printf(look->arena, "the web server answered with status %d, not 200",
			result->status));
	else if (!is_value(result->body, look->check->expected))
		look_end(look, CLAIM_REFUSED, "http-differs", clause,
		    "the file is there, but its content is not exactly the value");
	else
		look_end(
		    look, CLAIM_PROVED, "http-matches", clause, "the file is exactly the value");
}

/* A name server that lies, a redirect to a private address: looked at, and the answer is no. */
static enum claim_outcome
outcome_of(const struct look *look, enum http_fetch_reason reason)
{
	if (look->finding.security == CLAIM_DNSSEC_BOGUS)
		return CLAIM_REFUSED;
	switch (reason) {
	case HTTP_FETCH_BAD_REDIRECT:
	case HTTP_FETCH_TOO_MANY_REDIRECTS:
	case HTTP_FETCH_ADDRESS_REFUSED:
	case HTTP_FETCH_TOO_LARGE:
	case HTTP_FETCH_BROKEN:
		return CLAIM_REFUSED;
	default:
		return CLAIM_COULD_NOT_TELL;
	}
}

void
probe_domain_file_drop(struct look *look)
{
	LIST_REMOVE(look, link);
	http_fetcher_free(look->fetcher);
	event_free(look->later);
}

static void
end_later(evutil_socket_t fd, short what, void *arg)
{
	struct look *look = arg;

	(void)fd;
	(void)what;
	probe_domain_file_drop(look);
	look->told(look->told_arg, &look->finding);
}

/* Stands in for the caller's `done`: the fetcher must not be freed from its own callback. */
static void
end_after_callback(void *arg, const struct probe_finding *finding)
{
	struct look *look = arg;
	const struct timeval now = { 0, 0 };

	(void)finding;
	cs_assert(evtimer_add(look->later, &now) == 0);
}

static void
on_fetched(void *arg, const struct http_fetch_result *result)
{
	struct look *look = arg;

	add_hops(look, result);
	look->finding.found_at =
	    probe_file_url(look->arena, look->check->target, look->check->expected);
	if (result->reason == HTTP_FETCHED)
		judge(look, result);
	else
		look_end(look, outcome_of(look, result->reason),
		    cs_arena_printf(look->arena, "http-%s", http_fetch_reason_name(result->reason)),
		    clause, cs_escape(look->arena, cs_span_str(result->text), 400));
}

void
probe_domain_file(struct look *look)
{
	const struct http_fetcher_settings settings = { .resolve = resolve,
		.resolve_arg = look,
		.rules = look->probe->rules,
		.user_agent = "Countersign-validation" };
	const char *url = probe_file_url(look->arena, look->check->target, look->check->expected);
	struct cs_err err;

	if (http_fetcher_new(look->probe->base, &settings, &look->fetcher, &err)) {
		look_end(look, CLAIM_COULD_NOT_TELL, "http-not-started", clause,
		    "the fetch could not be started");
		return;
	}
	look->later = evtimer_new(look->probe->base, end_later, look);
	cs_assert(look->later != NULL);
	LIST_INSERT_HEAD(&look->probe->files, look, link);
	look->told = look->done;
	look->told_arg = look->arg;
	look->done = end_after_callback;
	look->arg = look;
	http_fetch(look->fetcher, url, on_fetched, look);
}
