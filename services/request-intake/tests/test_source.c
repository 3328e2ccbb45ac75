/* SPDX-License-Identifier: Apache-2.0 */
/* Which network a caller counts for, and how often it may call. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/time.h"
#include "source.h"

#include <cmocka.h>

#define NOW INT64_C(1790000000000)
#define LEN(array) (sizeof(array) / sizeof((array)[0]))

static struct sockaddr_storage
address(const char *text)
{
	struct sockaddr_storage address = { 0 };

	if (inet_pton(AF_INET, text, &((struct sockaddr_in *)&address)->sin_addr) == 1)
		address.ss_family = AF_INET;
	else if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)&address)->sin6_addr) == 1)
		address.ss_family = AF_INET6;
	else
		fail_msg("%s", text);
	return address;
}

static const struct {
	const char *peer, *forwarded, *as_if; /* of the network that this address lies in */
} callers[] = {
	{ "192.0.2.7", NULL, "192.0.2.250" },
	{ "192.0.2.7", "203.0.113.1", "192.0.2.1" }, /* no proxy of ours: its word counts nothing */
	{ "2001:db8:1:2::3", NULL, "2001:db8:1:ffff::1" },
	{ "::ffff:192.0.2.7", NULL, "192.0.2.1" },
	{ "10.1.2.3", NULL, "10.1.2.4" },
	{ "10.1.2.3", "", "10.1.2.4" },
	{ "10.1.2.3", "203.0.113.9", "203.0.113.1" },
	{ "10.1.2.3", " 203.0.113.9 ", "203.0.113.1" },
	{ "10.1.2.3", "198.51.100.1, 203.0.113.9",
	    "203.0.113.1" }, /* the first is the client's word */
	{ "10.1.2.3", "198.51.100.1,203.0.113.9,10.9.9.9", "203.0.113.1" },
	{ "10.1.2.3", "2001:db8:5::9", "2001:db8:5:7::1" },
	{ "10.1.2.3", "10.7.7.7,10.8.8.8", "10.1.2.4" },
	{ "10.1.2.3", "unknown", "10.1.2.4" },
	{ "10.1.2.3", "203.0.113.9,unknown", "10.1.2.4" },
	{ "10.1.2.3", "203.0.113.9,", "10.1.2.4" },
	{ "10.1.2.3", "203.0.113.9:443", "10.1.2.4" },
	{ "10.1.2.3", "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", "10.1.2.4" },
	{ "fd00::5", "203.0.113.9", "203.0.113.1" },
};

static void
counts_a_caller_for_the_network_it_comes_from(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct http_address_rules proxies;

	(void)state;
	assert_int_equal(
	    http_address_rules_parse("10.0.0.0/8,fd00::/16", arena, &proxies, NULL), CS_OK);
	for (size_t i = 0; i < LEN(callers); i++) {
		const struct http_address_rules none = { NULL, 0 };
		struct sockaddr_storage peer = address(callers[i].peer),
					same = address(callers[i].as_if);
		const struct source_network got =
		    source_network_of((struct sockaddr *)&peer, callers[i].forwarded, &proxies);
		const struct source_network want =
		    source_network_of((struct sockaddr *)&same, NULL, &none);

		if (memcmp(got.octets, want.octets, sizeof(want.octets)) != 0)
			fail_msg("%s %s", callers[i].peer, callers[i].forwarded);
	}
	cs_arena_free(arena);
}

static void
other_networks_are_not_the_same(void **state)
{
	static const char *const others[] = { "192.0.3.7",
		"2001:db8:2::", "2001:db8:1::", "192.0.2.1" };
	struct source_network seen[LEN(others)];

	(void)state;
	for (size_t i = 0; i < LEN(others); i++) {
		const struct http_address_rules none = { NULL, 0 };
		struct sockaddr_storage peer = address(others[i]);

		seen[i] = source_network_of((struct sockaddr *)&peer, NULL, &none);
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(
			    seen[i].octets, seen[k].octets, sizeof(seen[i].octets));
	}
}

static void
each_act_has_its_limit_in_each_hour(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct sources *sources = sources_new(arena);
	const struct source_network here = { { 4, 192, 0, 2 } };

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_true(sources_count(sources, &here, SOURCE_CREATES, 3, NOW));
	assert_false(sources_count(sources, &here, SOURCE_CREATES, 3, NOW + 1));
	assert_true(sources_count(sources, &here, SOURCE_PRESSES, 1, NOW + 1));
	assert_false(sources_count(sources, &here, SOURCE_PRESSES, 1, NOW + 2));
	assert_true(sources_count(sources, &here, SOURCE_CREATES, 3, NOW + CS_HOUR_MS));
	cs_arena_free(arena);
}

static void
what_is_taken_back_was_not_counted(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct sources *sources = sources_new(arena);
	const struct source_network here = { { 4, 192, 0, 2 } };

	(void)state;
	assert_false(sources_is_full(sources, &here, SOURCE_STRANGERS, 1, NOW));
	assert_true(sources_count(sources, &here, SOURCE_STRANGERS, 1, NOW));
	assert_true(sources_is_full(sources, &here, SOURCE_STRANGERS, 1, NOW));
	assert_false(sources_is_full(sources, &here, SOURCE_STRANGERS, 1, NOW + CS_HOUR_MS));
	sources_uncount(sources, &here, SOURCE_STRANGERS, NOW);
	sources_uncount(sources, &here, SOURCE_STRANGERS, NOW); /* not below nothing */
	assert_true(sources_count(sources, &here, SOURCE_STRANGERS, 1, NOW));
	sources_uncount(sources, &here, SOURCE_STRANGERS, NOW + CS_HOUR_MS); /* another hour's */
	assert_false(sources_count(sources, &here, SOURCE_STRANGERS, 1, NOW));
	cs_arena_free(arena);
}

static void
a_network_has_a_text(void **state)
{
	static const struct {
		struct source_network network;
		const char *text;
	} rows[] = {
		{ { { 4, 192, 0, 2 } }, "192.0.2.0/24" },
		{ { { 6, 0x20, 0x01, 0x0d, 0xb8, 0, 1 } }, "2001:db8:1::/48" },
		{ { { 0 } }, "" },
	};
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_string_equal(source_network_text(arena, &rows[i].network), rows[i].text);
	cs_arena_free(arena);
}

/* Of so many networks hardly any fall on one place, and none is let through more often for it. */
static void
networks_are_counted_apart(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct sources *sources = sources_new(arena);
	unsigned shared = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		const struct source_network network = { { 4, 10, (uint8_t)i, 0 } };

		shared += !sources_count(sources, &network, SOURCE_CREATES, 1, NOW);
		assert_false(sources_count(sources, &network, SOURCE_CREATES, 1, NOW));
	}
	assert_true(shared < 32); /* two are expected */
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_a_caller_for_the_network_it_comes_from),
		cmocka_unit_test(other_networks_are_not_the_same),
		cmocka_unit_test(each_act_has_its_limit_in_each_hour),
		cmocka_unit_test(networks_are_counted_apart),
		cmocka_unit_test(what_is_taken_back_was_not_counted),
		cmocka_unit_test(a_network_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
