/* SPDX-License-Identifier: Apache-2.0 */
/* file.c: reads one file from a stranger's web server, and says by which ways it came. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "pki/tls.h"

struct file_look {
	struct look *look;
	look_judge_file *judge;
	const char *url;
};

static void
on_addresses(void *arg, const struct look_addresses *addresses)
{
	http_resolved(arg, addresses->items, addresses->n, addresses->why);
}

static void
resolve(void *arg, const char *host, struct http_resolution *ticket)
{
	struct file_look *file = arg;

	look_for_addresses(file->look, host, on_addresses, ticket);
}

/* The host of a URL that the fetcher made: "https://HOST/PATH". */
static const char *
host_of(struct cs_arena *arena, const char *url)
{
	const char *host = strstr(url, "://") + 3;

	return cs_arena_strndup(arena, host, strcspn(host, "/"));
}

/* TBR asks for no name in the certificate; what it was is kept with the evidence. */
static void
add_certificate(struct look *look, const struct http_hop *hop)
{
	if (hop->chain.len > 0)
		look->finding.detail =
		    cs_arena_printf(look->arena, "%.500s; certificate: %s", look->finding.detail,
			pki_chain_text(look->arena, hop->chain, host_of(look->arena, hop->url),
			    look->probe->roots));
}

static void
add_hop(struct look *look, const struct http_hop *hop)
{
	char address[INET6_ADDRSTRLEN] = "-";
	const struct sockaddr_storage *at = &hop->address;

	if (at->ss_family == AF_INET)
		(void)inet_ntop(
		    AF_INET, &((const struct sockaddr_in *)at)->sin_addr, address, sizeof(address));
	else if (at->ss_family == AF_INET6)
		(void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)at)->sin6_addr, address,
		    sizeof(address));
	look_add_detail(
	    look, cs_span_str(cs_arena_printf(look->arena, "%.200s%s at %s: %d", hop->url,
		      strlen(hop->url) > 200 ? "..." : "", address, hop->status)));
	add_certificate(look, hop);
}

/* A name server that lies, a redirect to a private address: looked at, and the answer is no. */
static enum claim_outcome
outcome_of(const struct look *look, enum http_fetch_reason reason)
{
	if (look->finding.security == CLAIM_DNSSEC_BOGUS)
		return CLAIM_REFUSED;
	switch (reason) {
	case HTTP_FETCH_BAD_URL:
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

static void
drop(struct look *look)
{
	http_fetcher_free(look->fetcher);
}

/* TBR asks for any 2xx; ours is stricter: 200 alone says that this is the whole file. */
static void
judge(const struct file_look *file, const struct http_fetch_result *result)
{
	struct look *look = file->look;

	if (result->status == 200) {
		look_add_seen(
		    look, result->body); /* another status' page is about something else */
		file->judge(look, result);
		return;
	}
	look_end(look, CLAIM_REFUSED, "http-status", look_clause(look),
	    cs_arena_printf(
		look->arena, "the web server answered with status %d, not 200", result->status));
}

static void
on_fetched(void *arg, const struct http_fetch_result *result)
{
	struct file_look *file = arg;
	struct look *look = file->look;

	for (size_t i = 0; i < result->hop_count; i++)
		add_hop(look, &result->hops[i]);
	look->finding.found_at = file->url;
	if (result->reason == HTTP_FETCHED)
		judge(file, result);
	else
		look_end(look, outcome_of(look, result->reason),
		    cs_arena_printf(look->arena, "http-%s", http_fetch_reason_name(result->reason)),
		    look_clause(look), cs_escape(look->arena, cs_span_str(result->text), 400));
}

void
look_for_file(struct look *look, const char *url, look_judge_file *judge_file)
{
	struct file_look *file = CS_NEW(look->arena, struct file_look);
	const struct http_fetcher_settings settings = { .resolve = resolve,
		.resolve_arg = file,
		.rules = look->probe->rules,
		.user_agent = "Countersign-validation" };
	struct cs_err err;

	*file = (struct file_look){ look, judge_file, url };
	if (http_fetcher_new(look->probe->base, &settings, &look->fetcher, &err)) {
		look_end(look, CLAIM_COULD_NOT_TELL, "http-not-started", look_clause(look),
		    "the fetch could not be started");
		return;
	}
	look_hold(look, drop);
	http_fetch(look->fetcher, url, on_fetched, file);
}
