/* SPDX-License-Identifier: Apache-2.0 */
/* place.c: where something outside is.  Narrower than RFC 3986: what we would not write is refused. */
#include <arpa/inet.h>
#include <string.h>

#include "connector/connector.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define HOST_MAX 253

/* LDH labels in lower case; also what an IPv4 address looks like. */
static bool
is_host(const char *host)
{
	const size_t len = strlen(host);

	if (len == 0 || len > HOST_MAX || strspn(host, LETTERS DIGITS "-.") != len)
		return false;
	for (const char *label = host; label != NULL;) {
		const size_t n = strcspn(label, ".");

		if (n == 0 || n > 63 || label[0] == '-' || label[n - 1] == '-')
			return false;
		label = label[n] == '.' ? label + n + 1 : NULL;
	}
	return true;
}

/* A last label of digits alone makes it an address, which then must be a plain one. */
static bool
is_name_or_ipv4(const char *host)
{
	const char *last = strrchr(host, '.');
	struct in_addr address;

	last = last == NULL ? host : last + 1;
	if (strspn(last, DIGITS) == strlen(last) || strncmp(last, "0x", 2) == 0)
		return inet_pton(AF_INET, host, &address) == 1;
	return true;
}

static bool
read_port(const char *text, uint16_t *ret)
{
	unsigned port = 0;
	const size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, DIGITS) != len)
		return false;
	for (; *text != '\0'; text++)
		port = port * 10 + (unsigned)(*text - '0');
	*ret = (uint16_t)port;
	return port > 0 && port <= UINT16_MAX;
}

static bool
is_path(const char *path)
{
	for (; *path != '\0'; path++)
		if (*path <= ' ' || *path > '~' || strchr("\"#<>?\\^`{|}%", *path) != NULL)
			return false;
	return true;
}

bool
connector_url_parse(struct cs_arena *arena, const char *text, struct connector_url *ret)
{
	const char *colon = strstr(text, "://");

	if (strlen(text) > CONNECTOR_ENDPOINT_MAX || colon == NULL || colon == text)
		return false;
	const size_t scheme = (size_t)(colon - text), host_len = strcspn(colon + 3, "/");
	struct connector_url url = { .scheme = cs_arena_strndup(arena, text, scheme),
		.path = colon + 3 + host_len };
	char *host = cs_arena_strndup(arena, colon + 3, host_len);
	char *port = host[0] == '[' ? strstr(host, "]:") : strchr(host, ':');

	if (port != NULL) {
		port += host[0] == '[';
		*port = '\0';
		if (!read_port(port + 1, &url.port))
			return false;
	}
	if (strspn(url.scheme, LETTERS) != scheme || !is_path(url.path) ||
	    (strcmp(host, "[::1]") != 0 && (!is_host(host) || !is_name_or_ipv4(host))))
		return false;
	url.host = host;
	*ret = url;
	return true;
}

bool
connector_url_is_loopback(const struct connector_url *url)
{
	struct in_addr address;

	if (strcmp(url->host, "localhost") == 0 || strcmp(url->host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, url->host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}
