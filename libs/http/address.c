/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address.c: the IANA IPv4 and IPv6 Special-Purpose Address Registries of 2024-10-22 and the prefix of RFC
 * 9780, with the multicast and reserved ranges that they leave to other registries, and the one public
 * address behind which a cloud hides a service of the machine's own.
 *
 * Stricter than the registries' "globally reachable" column: the few such ranges among them (relay
 * anycast, AS112, PCP and TURN anycast, AMT) hold no customer's web site.  For IPv6 everything outside
 * 2000::/3 is refused, so a range that IANA hands out there tomorrow is refused until we read of it.
 */
#include "http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct range {
	const char *name;
	uint8_t octets[16];
	unsigned bits;
};

static const struct range v4_special[] = {
	{ "This network (RFC 791)", { 0 }, 8 },
	{ "Private use (RFC 1918)", { 10 }, 8 },
	{ "Shared address space (RFC 6598)", { 100, 64 }, 10 },
	{ "Loopback (RFC 1122)", { 127 }, 8 },
	{ "Link local (RFC 3927)", { 169, 254 }, 16 }, /* also the clouds' metadata service */
	{ "Platform service of a cloud (Azure)", { 168, 63, 129, 16 }, 32 }, /* in no registry */
	{ "Private use (RFC 1918)", { 172, 16 }, 12 },
	{ "IETF protocol assignments (RFC 6890)", { 192, 0, 0 }, 24 },
	{ "Documentation (RFC 5737)", { 192, 0, 2 }, 24 },
	{ "AS112-v4 (RFC 7535)", { 192, 31, 196 }, 24 },
	{ "AMT (RFC 7450)", { 192, 52, 193 }, 24 },
	{ "6to4 relay anycast (RFC 7526)", { 192, 88, 99 }, 24 },
	{ "Private use (RFC 1918)", { 192, 168 }, 16 },
	{ "Direct delegation AS112 (RFC 7534)", { 192, 175, 48 }, 24 },
	{ "Benchmarking (RFC 2544)", { 198, 18 }, 15 },
	{ "Documentation (RFC 5737)", { 198, 51, 100 }, 24 },
	{ "Documentation (RFC 5737)", { 203, 0, 113 }, 24 },
	{ "Multicast (RFC 5771)", { 224 }, 4 },
	{ "Reserved and broadcast (RFC 1112, RFC 8190)", { 240 }, 4 },
};

static const struct range v6_special[] = {
	{ "Unspecified (RFC 4291)", { 0 }, 128 },
	{ "Loopback (RFC 4291)", { [15] = 1 }, 128 },
	{ "IPv4-mapped (RFC 4291)", { [10] = 0xff, [11] = 0xff }, 96 },
	{ "IPv4-IPv6 translation (RFC 6052)", { 0x00, 0x64, 0xff, 0x9b }, 96 },
	{ "IPv4-IPv6 translation (RFC 8215)", { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48 },
	{ "Discard only (RFC 6666)", { 0x01 }, 64 },
	{ "Dummy prefix (RFC 9780)", { 0x01, [7] = 1 }, 64 },
	{ "IETF protocol assignments, Teredo, ORCHID (RFC 2928)", { 0x20, 0x01 }, 23 },
	{ "Documentation (RFC 3849)", { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
	{ "6to4 (RFC 3056)", { 0x20, 0x02 }, 16 },
	{ "Direct delegation AS112 (RFC 7534)", { 0x26, 0x20, 0x00, 0x4f, 0x80 }, 48 },
	{ "Documentation (RFC 9637)", { 0x3f, 0xff }, 20 },
	{ "Segment routing (RFC 9602)", { 0x5f }, 16 },
	{ "Unique local (RFC 4193)", { 0xfc }, 7 },
	{ "Link local (RFC 4291)", { 0xfe, 0x80 }, 10 },
	{ "Site local, deprecated (RFC 3879)", { 0xfe, 0xc0 }, 10 },
	{ "Multicast (RFC 4291)", { 0xff }, 8 },
};

static const struct range v6_unicast = { "", { 0x20 }, 3 };

static bool
prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return memcmp(a, b, whole) == 0 && (rest == 0 || ((a[whole] ^ b[whole]) & mask) == 0);
}

static const char *
special(const uint8_t *octets, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (prefix_equal(octets, ranges[i].octets, ranges[i].bits))
			return ranges[i].name;
	return NULL;
}

static bool
excepted(int family, const uint8_t *octets, const struct http_address_rules *rules)
{
	for (size_t i = 0; rules != NULL && i < rules->count; i++) {
		const struct http_cidr *cidr = &rules->treat_as_public[i];

		if (cidr->family == family && prefix_equal(octets, cidr->octets, cidr->bits))
			return true;
	}
	return false;
}

const char *
http_address_why_not(const struct sockaddr *address, const struct http_address_rules *rules)
{
	uint8_t octets[16] = { 0 };
	const char *why;

	if (address->sa_family == AF_INET) {
		memcpy(octets, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
		why = special(octets, v4_special, COUNT(v4_special));
	} else if (address->sa_family == AF_INET6) {
		memcpy(
		    octets, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
		why = special(octets, v6_special, COUNT(v6_special));
		if (why == NULL && !prefix_equal(octets, v6_unicast.octets, v6_unicast.bits))
			why = "Not global unicast (RFC 4291)";
	} else {
		return "Not an IP address";
	}
	return why != NULL && excepted(address->sa_family, octets, rules) ? NULL : why;
}

bool
http_address_allowed(const struct sockaddr *address, const struct http_address_rules *rules)
{
	return http_address_why_not(address, rules) == NULL;
}

/* ---- The same as a list ---- */

struct list {
	const char **items;
	size_t n;
};

static void
add(struct cs_arena *arena, struct list *list, const struct http_cidr *range)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(range->family, range->octets, text, sizeof(text));
	list->items[list->n++] = cs_arena_printf(arena, "%s/%u", text, range->bits);
}

/* Halves `range` until each part lies wholly inside an exception, or wholly outside. */
static void
carve(struct cs_arena *arena, struct list *list, struct http_cidr range,
    const struct http_address_rules *rules)
{
	bool whole = true;

	for (size_t i = 0; rules != NULL && i < rules->count; i++) {
		const struct http_cidr *cidr = &rules->treat_as_public[i];
		unsigned bits = cidr->bits < range.bits ? cidr->bits : range.bits;

		if (cidr->family != range.family || !prefix_equal(cidr->octets, range.octets, bits))
			continue;
		if (cidr->bits <= range.bits)
			return;
		whole = false;
	}
	if (whole) {
		add(arena, list, &range);
		return;
	}
	unsigned bit = range.bits++;

	carve(arena, list, range, rules);
	range.octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	carve(arena, list, range, rules);
}

static void
carve_all(struct cs_arena *arena, struct list *list, int family, const struct range *ranges,
    size_t count, const struct http_address_rules *rules)
{
	for (size_t i = 0; i < count; i++) {
		struct http_cidr range = { .family = family, .bits = ranges[i].bits };

		memcpy(range.octets, ranges[i].octets, sizeof(range.octets));
		carve(arena, list, range, rules);
	}
}

const char *const *
http_address_forbidden(struct cs_arena *arena, const struct http_address_rules *rules)
{
	/* All but v6_unicast. */
	static const struct range v6_rest[] = { { "", { 0 }, 3 }, { "", { 0x40 }, 2 },
		{ "", { 0x80 }, 1 } };
	size_t exceptions = rules != NULL ? rules->count : 0;
	size_t max = COUNT(v4_special) + COUNT(v6_special) + COUNT(v6_rest);
	struct list list = { 0 };

	/* A range lies in one row, or two, and cuts off one part for each of its bits. */
	max += exceptions * 2 * 128 + 1;
	list.items = CS_NEW_ARRAY(arena, max, const char *);
	carve_all(arena, &list, AF_INET, v4_special, COUNT(v4_special), rules);
	carve_all(arena, &list, AF_INET6, v6_special, COUNT(v6_special), rules);
	carve_all(arena, &list, AF_INET6, v6_rest, COUNT(v6_rest), rules);
	list.items[list.n] = NULL;
	return list.items;
}

/* ---- Settings ---- */

bool
http_cidr_holds(const struct http_cidr *cidr, const struct sockaddr *address)
{
	if (address->sa_family != cidr->family)
		return false;
	if (cidr->family == AF_INET)
		return prefix_equal(
		    (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr,
		    cidr->octets, cidr->bits);
	return prefix_equal(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr,
	    cidr->octets, cidr->bits);
}

static bool
bits_beyond_are_zero(const struct http_cidr *cidr, unsigned width)
{
	for (unsigned bit = cidr->bits; bit < width; bit++)
		if (cidr->octets[bit / 8] & 0x80 >> bit % 8)
			return false;
	return true;
}

/* "0" to "128", without leading zeros. */
static bool
parse_bits(const char *text, unsigned width, unsigned *ret_bits)
{
	unsigned bits = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || p - text == 3)
			return false;
		bits = bits * 10 + (unsigned)(*p - '0');
	}
	*ret_bits = bits;
	return *text != '\0' && !(text[0] == '0' && text[1] != '\0') && bits <= width;
}

enum cs_code
http_cidr_parse(const char *text, struct http_cidr *ret_cidr, struct cs_err *err)
{
	const char *slash = strchr(text, '/');
	char host[INET6_ADDRSTRLEN] = "";
	struct http_cidr cidr = { .family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET };
	unsigned width = cidr.family == AF_INET ? 32 : 128;

	if (slash == NULL || (size_t)(slash - text) >= sizeof(host))
		return cs_fail(err, CS_MALFORMED, "not ADDRESS/BITS: \"%s\"", text);
	memcpy(host, text, (size_t)(slash - text));
	if (inet_pton(cidr.family, host, cidr.octets) != 1 ||
	    !parse_bits(slash + 1, width, &cidr.bits))
		return cs_fail(err, CS_MALFORMED, "not ADDRESS/BITS: \"%s\"", text);
	if (!bits_beyond_are_zero(&cidr, width))
		return cs_fail(err, CS_MALFORMED, "bits beyond the prefix: \"%s\"", text);
	*ret_cidr = cidr;
	return CS_OK;
}

enum cs_code
http_address_rules_parse(const char *text, struct cs_arena *arena,
    struct http_address_rules *ret_rules, struct cs_err *err)
{
	size_t count = 1, n = 0;

	for (const char *p = text; *p != '\0'; p++)
		count += *p == ',';
	struct http_cidr *cidrs = CS_NEW_ARRAY(arena, count, struct http_cidr);

	for (const char *at = text; *text != '\0' && n < count; n++) {
		size_t len = strcspn(at, ",");

		if (http_cidr_parse(cs_arena_strndup(arena, at, len), &cidrs[n], err) != CS_OK)
			return CS_MALFORMED;
		if (cidrs[n].bits < (cidrs[n].family == AF_INET ? 8 : 16))
			return cs_fail(err, CS_MALFORMED, "too wide to be treated as public: /%u",
			    cidrs[n].bits);
		at += len + 1;
	}
	*ret_rules = (struct http_address_rules){ cidrs, n };
	return CS_OK;
}
