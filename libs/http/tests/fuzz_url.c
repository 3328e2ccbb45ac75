/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_url.c: what is accepted is in its one spelling, reads the same again, and goes nowhere else.  The same
 * octets as the setting of addresses that count as public.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "http/address.h"
#include "http/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check(const struct http_url *url, struct cs_arena *arena)
{
	struct http_url again;

	require(http_url_parse(cs_span_str(url->text), arena, &again, NULL) == CS_OK);
	require(strcmp(url->text, again.text) == 0 && url->tls == again.tls);
	require(url->port == (url->tls ? 443 : 80));
	require(http_host_valid(cs_span_str(url->host)));
	require(strspn(url->host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(url->host));
	require(url->target[0] == '/' && strlen(url->target) <= HTTP_TARGET_MAX + 1);
	require(
	    strpbrk(url->text, "@#\\ \r\n\t[]\"<>") == NULL || strchr(url->target, '@') != NULL);
	for (const char *p = url->text; *p != '\0'; p++)
		require(*p > 0x20 && *p < 0x7f);
}

static void
check_rules(const struct http_address_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct http_cidr *cidr = &rules->treat_as_public[i];
		struct sockaddr_in v4 = { .sin_family = AF_INET };
		struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

		memcpy(&v4.sin_addr, cidr->octets, 4);
		memcpy(&v6.sin6_addr, cidr->octets, 16);
		require(cidr->bits >= (cidr->family == AF_INET ? 8 : 16));
		require(http_address_allowed(
		    cidr->family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    rules));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_address_rules rules;
	struct cs_arena *arena = cs_arena_new();
	struct cs_span text = cs_span_of(data, size);
	struct http_url base, url;

	if (http_url_parse(text, arena, &url, NULL) == CS_OK)
		check(&url, arena);
	require(http_url_parse(cs_span_str("http://a.example/b"), arena, &base, NULL) == CS_OK);
	if (http_url_redirect(&base, text, arena, &url, NULL) == CS_OK)
		check(&url, arena);
	if (http_address_rules_parse(
		cs_arena_strndup(arena, (const char *)data, size), arena, &rules, NULL) == CS_OK)
		check_rules(&rules);
	cs_arena_free(arena);
	return 0;
}
