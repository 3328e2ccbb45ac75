/* SPDX-License-Identifier: Apache-2.0 */
/* Where a connector may lead: whose it is, test or live, what is spoken, what the endpoint names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "outward/outward.h"

#include <cmocka.h>

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* What stands between the scheme and the port. */
static const struct {
	const char *host;
	bool loopback;
} hosts[] = {
	{ "sms.example", false },
	{ "localhost.example", false },
	{ "192.0.2.1", false },
	{ "10.0.0.1", false },
	{ "128.0.0.1", false },
	{ "localhost", true },
	{ "127.0.0.1", true },
	{ "127.255.0.9", true },
	{ "[::1]", true },
};

static const struct {
	const char *name;
	enum outward_protocol protocol;
	bool tls, known;
	uint16_t port;
} schemes[] = {
	{ "https", OUTWARD_HTTP, true, true, 443 },
	{ "http", OUTWARD_HTTP, false, true, 80 },
	{ "ldaps", OUTWARD_HTTP, true, false, 0 },
	{ "ldap", OUTWARD_HTTP, false, false, 0 },
	{ "smtps", OUTWARD_HTTP, true, false, 0 },
	{ "ldaps", OUTWARD_LDAP, true, true, 636 },
	{ "ldap", OUTWARD_LDAP, false, true, 389 },
	{ "https", OUTWARD_LDAP, true, false, 0 },
	{ "http", OUTWARD_LDAP, false, false, 0 },
};

/* A row of `wanted` for each that leads there: may it go there in clear, and which addresses may a host have? */
static const struct {
	bool platform, test_mode;
	bool clear_to_loopback;
	enum http_reach elsewhere, loopback;
} wanted[] = {
	{ false, false, false, HTTP_REACH_PUBLIC, HTTP_REACH_PUBLIC },
	{ true, false, false, HTTP_REACH_INSIDE, HTTP_REACH_INSIDE },
	{ false, true, true, HTTP_REACH_PUBLIC, HTTP_REACH_LOOPBACK },
	{ true, true, true, HTTP_REACH_INSIDE, HTTP_REACH_LOOPBACK },
};

static void
check(struct cs_arena *arena, size_t w, size_t s, size_t h, uint16_t port)
{
	const char *text = port == 0
			       ? cs_arena_printf(arena, "%s://%s/x", schemes[s].name, hosts[h].host)
			       : cs_arena_printf(arena, "%s://%s:%u/x", schemes[s].name,
				     hosts[h].host, (unsigned)port);
	const struct outward_way way = { .protocol = schemes[s].protocol,
		.platform = wanted[w].platform,
		.test_mode = wanted[w].test_mode };
	const bool may = schemes[s].known &&
			 (schemes[s].tls || (wanted[w].clear_to_loopback && hosts[h].loopback));
	struct http_visit visit = { .target = "/kept", .total_ms = 7 };
	struct connector_url url;

	assert_true(connector_url_parse(arena, text, &url));
	if (outward_place(&way, &url, &visit) != may)
		fail_msg("row %zu: %s is %s", w, text, may ? "refused" : "taken");
	assert_string_equal(visit.target, "/kept");
	assert_int_equal(visit.total_ms, 7);
	if (!may) {
		assert_null(visit.host);
		return;
	}
	assert_int_equal(visit.tls, schemes[s].tls);
	assert_string_equal(visit.host, hosts[h].host);
	assert_int_equal(visit.port, port != 0 ? port : schemes[s].port);
	if (visit.reach != (hosts[h].loopback ? wanted[w].loopback : wanted[w].elsewhere))
		fail_msg("row %zu: %s may have other addresses", w, text);
}

static void
whose_it_is_and_what_it_names_say_where_it_may_be(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t w = 0; w < LEN(wanted); w++)
		for (size_t s = 0; s < LEN(schemes); s++)
			for (size_t h = 0; h < LEN(hosts); h++) {
				check(arena, w, s, h, 0);
				check(arena, w, s, h, 8443);
			}
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose_it_is_and_what_it_names_say_where_it_may_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
