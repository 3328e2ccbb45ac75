/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_redirect.c: each line is the Location of one more answer, from the file that was asked for on.
 * Wherever they lead, it is http or https, port 80 or 443, and a name of the DNS; where a hop is refused
 * the way ends.
 */
#include <stdlib.h>
#include <string.h>

#include "http/url.h"

#define HOPS 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* No label of digits at the end, in any base: that would be an address to some library. */
static void
check_host(const char *host)
{
	const char *dot = strrchr(host, '.');

	require(dot != NULL && http_host_valid(cs_span_str(host)));
	require(dot[1 + strspn(dot + 1, "0123456789")] != '\0');
	require(
	    strncmp(dot, ".0x", 3) != 0 || dot[3 + strspn(dot + 3, "0123456789abcdef")] != '\0');
}

/* One hop on: the scheme and host are the base's own, or stand in the Location. */
static void
check_hop(const struct http_url *base, struct cs_span location, const struct http_url *url)
{
	bool relative = location.data[0] == '/' && (location.len == 1 || location.data[1] != '/');

	check_host(url->host);
	require(url->port == (url->tls ? 443 : 80));
	require(strncmp(url->text, url->tls ? "https://" : "http://", url->tls ? 8 : 7) == 0);
	require(strpbrk(url->text, "\r\n \t\\#") == NULL);
	if (location.data[0] == '/')
		require(url->tls == base->tls);
	if (relative)
		require(strcmp(url->host, base->host) == 0);
	else
		require(location.len >= strlen(url->host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_span rest = cs_span_of(data, size);
	struct http_url url;

	require(http_url_parse(cs_span_str("http://a.example/.well-known/pki-validation/x.txt"),
		    arena, &url, NULL) == CS_OK);
	for (int hop = 0; hop < HOPS && rest.len > 0; hop++) {
		const uint8_t *end = memchr(rest.data, '\n', rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.data) : rest.len;
		const struct cs_span location = { rest.data, len };
		const struct http_url base = url;

		if (http_url_redirect(&base, location, arena, &url, NULL) != CS_OK)
			break;
		check_hop(&base, location, &url);
		len += end != NULL;
		rest = (struct cs_span){ rest.data + len, rest.len - len };
	}
	cs_arena_free(arena);
	return 0;
}
