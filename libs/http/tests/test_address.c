/* SPDX-License-Identifier: Apache-2.0 */
/* Every registry row at its four edges: the last address before, the first, the last, the first after. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "http/address.h"
#include "tests/check.h"

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;

	storage.ss_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(storage.ss_family, text,
		storage.ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr) != 1)
		fail_msg("%s is not an address", text);
	return storage;
}

static bool
allowed(const char *text, const struct http_address_rules *rules)
{
	struct sockaddr_storage storage = address(text);

	return http_address_allowed((const struct sockaddr *)&storage, rules);
}

/* NULL: the neighbour is special too, or does not exist. */
static const struct {
	const char *before, *first, *last, *after;
} rows[] = {
	{ NULL, "0.0.0.0", "0.255.255.255", "1.0.0.0" },
	{ "9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0" },
	{ "100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0" },
	{ "126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0" },
	{ "168.63.129.15", "168.63.129.16", "168.63.129.16", "168.63.129.17" },
	{ "169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0" },
	{ "172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0" },
	{ "191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0" },
	{ "192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0" },
	{ "192.31.195.255", "192.31.196.0", "192.31.196.255", "192.31.197.0" },
	{ "192.52.192.255", "192.52.193.0", "192.52.193.255", "192.52.194.0" },
	{ "192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0" },
	{ "192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0" },
	{ "192.175.47.255", "192.175.48.0", "192.175.48.255", "192.175.49.0" },
	{ "198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0" },
	{ "198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0" },
	{ "203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0" },
	{ "223.255.255.255", "224.0.0.0", "239.255.255.255", NULL },
	{ NULL, "240.0.0.0", "255.255.255.255", NULL },
	{ NULL, "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::" },
	{ "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::" },
	{ "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
	    "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::" },
	{ "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::" },
	{ "2620:4f:7fff:ffff:ffff:ffff:ffff:ffff",
	    "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "2620:4f:8001::" },
	{ "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::" },
	{ "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NULL },
};

static void
knows_the_edges_of_each_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (allowed(rows[i].first, NULL))
			fail_msg("%s: was allowed", rows[i].first);
		if (allowed(rows[i].last, NULL))
			fail_msg("%s: was allowed", rows[i].last);
		if (rows[i].before != NULL && !allowed(rows[i].before, NULL))
			fail_msg("%s: was refused", rows[i].before);
		if (rows[i].after != NULL && !allowed(rows[i].after, NULL))
			fail_msg("%s: was refused", rows[i].after);
	}
}

static void
refuses_addresses_that_carry_others(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "::ffff:127.0.0.1", "IPv4-mapped (RFC 4291)" },
		{ "::ffff:8.8.8.8", "IPv4-mapped (RFC 4291)" },
		{ "::127.0.0.1", "Not global unicast (RFC 4291)" },
		{ "64:ff9b::10.0.0.1", "IPv4-IPv6 translation (RFC 6052)" },
		{ "64:ff9b:1::a00:1", "IPv4-IPv6 translation (RFC 8215)" },
		{ "2002:7f00:1::1", "6to4 (RFC 3056)" },
		{ "2001:0:4136:e378::1", "IETF protocol assignments, Teredo, ORCHID (RFC 2928)" },
		{ "::", "Unspecified (RFC 4291)" },
		{ "::1", "Loopback (RFC 4291)" },
		{ "100::1", "Discard only (RFC 6666)" },
		{ "100:0:0:1::", "Dummy prefix (RFC 9780)" },
		{ "5f00::1", "Segment routing (RFC 9602)" },
		{ "fc00::1", "Unique local (RFC 4193)" },
		{ "fdff:ffff::1", "Unique local (RFC 4193)" },
		{ "fe80::1", "Link local (RFC 4291)" },
		{ "fec0::1", "Site local, deprecated (RFC 3879)" },
		{ "ff02::1", "Multicast (RFC 4291)" },
		{ "fd00:ec2::254", "Unique local (RFC 4193)" },
		{ "169.254.169.254", "Link local (RFC 3927)" },
		{ "255.255.255.255", "Reserved and broadcast (RFC 1112, RFC 8190)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sockaddr_storage storage = address(cases[i].text);
		const char *got = http_address_why_not((const struct sockaddr *)&storage, NULL);

		if (got == NULL || strcmp(got, cases[i].why) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].text, got, cases[i].why);
	}
}

static void
refuses_what_is_no_ip_address(void **state)
{
	const struct sockaddr local = { .sa_family = AF_UNIX }, none = { .sa_family = AF_UNSPEC };

	(void)state;
	assert_false(http_address_allowed(&local, NULL));
	assert_false(http_address_allowed(&none, NULL));
}

static void
an_exception_reaches_no_further_than_it_says(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_address_rules rules;

	(void)state;
	assert_int_equal(
	    http_address_rules_parse("127.81.7.0/27,::1/128", arena, &rules, NULL), CS_OK);
	assert_int_equal(rules.count, 2);
	assert_true(allowed("127.81.7.0", &rules));
	assert_true(allowed("127.81.7.31", &rules));
	assert_false(allowed("127.81.7.32", &rules));
	assert_false(allowed("127.81.6.255", &rules));
	assert_false(allowed("127.0.0.1", &rules));
	assert_true(allowed("::1", &rules));
	assert_false(allowed("::2", &rules));
	assert_false(allowed("::ffff:127.81.7.1", &rules));
	assert_false(allowed("10.0.0.1", &rules));
	assert_true(allowed("9.9.9.9", &rules));
	assert_int_equal(http_address_rules_parse("", arena, &rules, NULL), CS_OK);
	assert_int_equal(rules.count, 0);
	cs_arena_free(arena);
}

static void
reads_ranges_strictly(void **state)
{
	static const struct {
		const char *text;
		enum cs_code want;
	} cases[] = {
		{ "10.0.0.0/8", CS_OK },
		{ "10.0.0.0/33", CS_MALFORMED },
		{ "10.0.0.0/32", CS_OK },
		{ "10.0.0.0/0", CS_MALFORMED },
		{ "0.0.0.0/0", CS_MALFORMED },
		{ "0.0.0.0/7", CS_MALFORMED },
		{ "0.0.0.0/8", CS_OK },
		{ "::/0", CS_MALFORMED },
		{ "fc00::/15", CS_MALFORMED },
		{ "fc00::/16", CS_OK },
		{ "::1/128", CS_OK },
		{ "::1/129", CS_MALFORMED },
		{ "10.0.0.1/8", CS_MALFORMED },
		{ "10.0.0.128/25", CS_OK },
		{ "10.0.0.128/24", CS_MALFORMED },
		{ "10.0.0.0", CS_MALFORMED },
		{ "10.0.0.0/", CS_MALFORMED },
		{ "10.0.0.0/08", CS_MALFORMED },
		{ "10.0.0.0/+8", CS_MALFORMED },
		{ "10.0.0.0/8 ", CS_MALFORMED },
		{ "10.0.0/8", CS_MALFORMED },
		{ "10/8", CS_MALFORMED },
		{ "localhost/8", CS_MALFORMED },
		{ ",", CS_MALFORMED },
		{ "10.0.0.0/8,", CS_MALFORMED },
		{ "10.0.0.0/8,,::1/128", CS_MALFORMED },
		{ "yes", CS_MALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_arena *arena = cs_arena_new();
		struct http_address_rules rules;

		if (http_address_rules_parse(cases[i].text, arena, &rules, NULL) != cases[i].want)
			fail_msg("%s: want %s", cases[i].text, cs_code_name(cases[i].want));
		cs_arena_free(arena);
	}
}

static bool
inside(const char *text, const char *const *ranges)
{
	struct sockaddr_storage storage = address(text);

	for (; *ranges != NULL; ranges++) {
		struct http_cidr cidr;

		assert_int_equal(http_cidr_parse(*ranges, &cidr, NULL), CS_OK);
		const struct http_address_rules only = { &cidr, 1 };

		/* Forbidden without the exception, allowed with it: the exception holds it. */
		if (!http_address_allowed((const struct sockaddr *)&storage, NULL) &&
		    http_address_allowed((const struct sockaddr *)&storage, &only))
			return true;
	}
	return false;
}

static void
the_list_says_the_same_as_the_question(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_address_rules rules;
	static const char *const exceptions[] = { "", "127.64.3.0/24", "127.0.0.0/8",
		"127.64.3.0/24,127.64.4.128/25,2001:db8::/32,10.0.0.1/32" };
	static const char *const more[] = { "127.64.2.255", "127.64.3.0", "127.64.3.255",
		"127.64.4.0", "127.64.4.127", "127.64.4.128", "10.0.0.0", "10.0.0.1", "10.0.0.2",
		"2001:db8::1", "2000::1", "1fff::1", "4000::1", "8000::1", "ffff::1",
		"::ffff:10.0.0.1", "192.0.2.1", "8.8.8.8" };

	(void)state;
	for (size_t i = 0; i < COUNT(exceptions); i++) {
		assert_int_equal(
		    http_address_rules_parse(exceptions[i], arena, &rules, NULL), CS_OK);
		const char *const *ranges = http_address_forbidden(arena, &rules);

		for (size_t k = 0; k < COUNT(more); k++)
			if (inside(more[k], ranges) == allowed(more[k], &rules))
				fail_msg("%s, but for \"%s\"", more[k], exceptions[i]);
		for (size_t k = 0; k < COUNT(rows); k++)
			if (inside(rows[k].first, ranges) == allowed(rows[k].first, &rules) ||
			    inside(rows[k].last, ranges) == allowed(rows[k].last, &rules))
				fail_msg("%s, but for \"%s\"", rows[k].first, exceptions[i]);
	}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_edges_of_each_range),
		cmocka_unit_test(refuses_addresses_that_carry_others),
		cmocka_unit_test(refuses_what_is_no_ip_address),
		cmocka_unit_test(an_exception_reaches_no_further_than_it_says),
		cmocka_unit_test(reads_ranges_strictly),
		cmocka_unit_test(the_list_says_the_same_as_the_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
