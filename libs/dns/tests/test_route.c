/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "dns/route.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* ---- answers, as short text ---- */

/*
 * "10 a.example, 20 b.example", "" for no record, "nx" for NXDOMAIN, "bogus", "failed"; "=>x.example " before
 * it is an alias.
 */
static void
say(struct cs_arena *arena, uint16_t type, const char *text, struct dns_result *ret)
{
	struct dns_answer *answer = CS_NEW(arena, struct dns_answer);
	struct dns_record *records = CS_NEW_ARRAY(arena, 32, struct dns_record);
	static const char *const alias[] = { "x.example" };
	char *save = NULL, *copy;

	*ret = (struct dns_result){ .name = "d.example", .type = type, .why = "" };
	*answer = (struct dns_answer){ .type = type, .owner = "d.example", .records = records };
	if (strcmp(text, "bogus") == 0 || strcmp(text, "failed") == 0) {
		ret->state = strcmp(text, "bogus") == 0 ? DNS_BOGUS : DNS_INDETERMINATE;
		ret->why = text;
		return;
	}
	ret->state = DNS_SECURE;
	ret->answer = answer;
	if (strncmp(text, "=>x.example", 11) == 0) {
		*answer = (struct dns_answer){ .type = type,
			.owner = "x.example",
			.aliases = alias,
			.aliases_len = 1,
			.records = records };
		text += 11;
	}
	if (strcmp(text, "insecure") == 0) {
		ret->state = DNS_INSECURE;
		answer->records_len = 1;
		return;
	}
	if (strcmp(text, "nx") == 0)
		answer->rcode = DNS_RCODE_NXDOMAIN;
	if (strcmp(text, "nx") == 0)
		return;
	copy = cs_arena_strdup(arena, text);
	for (char *one = strtok_r(copy, ",", &save); one != NULL;
	     one = strtok_r(NULL, ",", &save)) {
		struct dns_record *record = &records[answer->records_len++];
		char *end = one;

		record->preference = (uint16_t)strtoul(one, &end, 10);
		record->host = end + strspn(end, " ");
	}
}

struct row {
	const char *name, *mx;
	struct {
		const char *host, *a, *aaaa;
	} addresses[3];
	enum mail_route_reason mail, control;
	const char *mail_host, *control_host; /* "" none */
	enum dns_state security;              /* of mail */
};

static const struct row rows[] = {
	{ "one host", "10 a.example", { { "a.example", "1", "1" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_SECURE },
	{ "the least preference first", "20 b.example,5 a.example",
	    { { "a.example", "1", "" }, { "b.example", "1", "" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_SECURE },
	{ "an address of one family is enough", "10 a.example", { { "a.example", "", "1" } },
	    MAIL_ROUTE_FOUND, MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_SECURE },
	{ "the weakest state counts", "10 a.example", { { "a.example", "insecure", "" } },
	    MAIL_ROUTE_FOUND, MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_INSECURE },
	{ "no MX is an MX to itself", "", { { "d.example", "1", "" } }, MAIL_ROUTE_IMPLICIT,
	    MAIL_ROUTE_IMPLICIT, "d.example", "d.example", DNS_SECURE },
	{ "no MX at the end of an alias", "=>x.example", { { "x.example", "1", "" } },
	    MAIL_ROUTE_IMPLICIT, MAIL_ROUTE_IMPLICIT, "x.example", "x.example", DNS_SECURE },
	{ "neither MX nor address", "", { { "d.example", "", "" } }, MAIL_ROUTE_NONE_USABLE,
	    MAIL_ROUTE_NONE_USABLE, "", "", DNS_SECURE },
	{ "no such domain", "nx", { { NULL, NULL, NULL } }, MAIL_ROUTE_NO_SUCH_DOMAIN,
	    MAIL_ROUTE_NO_SUCH_DOMAIN, "", "", DNS_SECURE },
	{ "an alias to nowhere", "=>x.examplenx", { { NULL, NULL, NULL } },
	    MAIL_ROUTE_NO_SUCH_DOMAIN, MAIL_ROUTE_NO_SUCH_DOMAIN, "", "", DNS_SECURE },
	{ "a null MX", "0 .", { { NULL, NULL, NULL } }, MAIL_ROUTE_NULL, MAIL_ROUTE_NULL, "", "",
	    DNS_SECURE },
	{ "a null MX of another preference", "10 .", { { NULL, NULL, NULL } }, MAIL_ROUTE_NULL,
	    MAIL_ROUTE_NULL, "", "", DNS_SECURE },
	{ "a null MX beside another", "0 .,10 a.example", { { NULL, NULL, NULL } },
	    MAIL_ROUTE_NONE_USABLE, MAIL_ROUTE_NONE_USABLE, "", "", DNS_SECURE },
	{ "an alias takes mail, and proves nothing", "10 a.example",
	    { { "a.example", "=>x.example1", "" } }, MAIL_ROUTE_FOUND, MAIL_ROUTE_NONE_USABLE,
	    "a.example", "", DNS_SECURE },
	{ "behind an alias the next", "10 a.example,20 b.example",
	    { { "a.example", "", "=>x.example1" }, { "b.example", "1", "" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "a.example", "b.example", DNS_SECURE },
	{ "an MX without address is passed over", "10 a.example,20 b.example",
	    { { "a.example", "nx", "nx" }, { "b.example", "1", "" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "b.example", "b.example", DNS_SECURE },
	{ "with MX the domain's own address is none", "10 a.example",
	    { { "a.example", "", "" }, { "d.example", "1", "1" } }, MAIL_ROUTE_NONE_USABLE,
	    MAIL_ROUTE_NONE_USABLE, "", "", DNS_SECURE },
	{ "MX failed", "failed", { { NULL, NULL, NULL } }, MAIL_ROUTE_DNS_FAILED,
	    MAIL_ROUTE_DNS_FAILED, "", "", DNS_INDETERMINATE },
	{ "MX bogus", "bogus", { { NULL, NULL, NULL } }, MAIL_ROUTE_BOGUS, MAIL_ROUTE_BOGUS, "", "",
	    DNS_BOGUS },
	{ "one family failed", "10 a.example", { { "a.example", "1", "failed" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_SECURE },
	{ "no address in one family, the other failed", "10 a.example",
	    { { "a.example", "failed", "" } }, MAIL_ROUTE_DNS_FAILED, MAIL_ROUTE_DNS_FAILED, "", "",
	    DNS_INDETERMINATE },
	{ "a failure is passed over", "10 a.example,20 b.example",
	    { { "a.example", "failed", "failed" }, { "b.example", "1", "" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "b.example", "b.example", DNS_SECURE },
	{ "a failure is not none", "10 a.example,20 b.example",
	    { { "a.example", "failed", "failed" }, { "b.example", "", "" } }, MAIL_ROUTE_DNS_FAILED,
	    MAIL_ROUTE_DNS_FAILED, "", "", DNS_INDETERMINATE },
	{ "a bogus address is never passed over", "10 a.example,20 b.example",
	    { { "a.example", "1", "bogus" }, { "b.example", "1", "" } }, MAIL_ROUTE_BOGUS,
	    MAIL_ROUTE_BOGUS, "", "", DNS_BOGUS },
	{ "a bogus address behind the first good one", "10 a.example,20 b.example",
	    { { "a.example", "1", "" }, { "b.example", "bogus", "" } }, MAIL_ROUTE_FOUND,
	    MAIL_ROUTE_FOUND, "a.example", "a.example", DNS_SECURE },
	{ "a host that is never asked", "10 a.example", { { NULL, NULL, NULL } },
	    MAIL_ROUTE_NONE_USABLE, MAIL_ROUTE_NONE_USABLE, "", "", DNS_SECURE },
};

static void
note(struct cs_arena *arena, struct mail_route *route, size_t i, const struct row *row)
{
	for (size_t at = 0; at < LEN(row->addresses); at++) {
		struct dns_result a, aaaa;

		if (row->addresses[at].host == NULL ||
		    strcmp(row->addresses[at].host, route->hosts[i].name) != 0)
			continue;
		say(arena, DNS_TYPE_A, row->addresses[at].a, &a);
		say(arena, DNS_TYPE_AAAA, row->addresses[at].aaaa, &aaaa);
		mail_route_note(route, i, &a);
		mail_route_note(route, i, &aaaa);
	}
}

static void
expect(const struct row *row, const char *what, const struct mail_route_decision *got,
    enum mail_route_reason reason, const char *host)
{
	const char *name = got->host == NULL ? "" : got->host->name;

	if (got->reason != reason || strcmp(name, host) != 0)
		fail_msg("%s, for %s: got %s \"%s\", want %s \"%s\"", row->name, what,
		    mail_route_reason_name(got->reason), name, mail_route_reason_name(reason),
		    host);
}

static void
a_route_is_decided_by_the_answers(void **state)
{
	struct cs_arena *arena = cs_arena_new();

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct dns_result mx;
		struct mail_route route;

		say(arena, DNS_TYPE_MX, row->mx, &mx);
		mail_route_begin(arena, &mx, 1, &route);
		for (size_t at = 0; at < route.asked_len; at++)
			note(arena, &route, at, row);
		const struct mail_route_decision mail = mail_route_decide(&route, false);
		const struct mail_route_decision control = mail_route_decide(&route, true);

		expect(row, "mail", &mail, row->mail, row->mail_host);
		expect(row, "control", &control, row->control, row->control_host);
		if (mail.security != row->security)
			fail_msg("%s: got %s, want %s", row->name, dns_state_name(mail.security),
			    dns_state_name(row->security));
	}
	cs_arena_free(arena);
}

static const char *
first_of(struct cs_arena *arena, const char *mx, uint64_t random)
{
	struct dns_result result;
	struct mail_route route;

	say(arena, DNS_TYPE_MX, mx, &result);
	mail_route_begin(arena, &result, random, &route);
	return route.hosts[0].name;
}

static void
equal_hosts_are_drawn_by_lot(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	int a = 0, b = 0;

	(void)state;
	for (uint64_t random = 0; random < 200; random++) {
		const char *first =
		    first_of(arena, "10 a.example,10 b.example,11 c.example", random);
		const char *again =
		    first_of(arena, "11 c.example,10 b.example,10 a.example", random);

		assert_string_equal(first, again); /* whatever the order of the answer */
		a += strcmp(first, "a.example") == 0;
		b += strcmp(first, "b.example") == 0;
	}
	assert_int_equal(a + b, 200);
	if (a < 60 || b < 60)
		fail_msg("a first %d times, b first %d times", a, b);
	cs_arena_free(arena);
}

static void
a_long_list_is_cut_and_says_so(void **state)
{
	struct cs_arena *arena = cs_arena_new();
	struct cs_buf text = cs_buf_new(arena);
	struct dns_result result;
	struct mail_route route;

	(void)state;
	for (int i = 0; i < 20; i++)
		cs_buf_printf(&text, "%d h%d.example,", i, i);
	cs_buf_add_str(&text, "30 h3.example"); /* once more, and counted once */
	say(arena, DNS_TYPE_MX, cs_arena_strndup(arena, (const char *)text.data, text.len),
	    &result);
	mail_route_begin(arena, &result, 7, &route);
	assert_int_equal(route.hosts_len, MAIL_ROUTE_HOSTS_MAX);
	assert_int_equal(route.asked_len, MAIL_ROUTE_ASKED_MAX);
	assert_int_equal(route.unnamed, 20 - MAIL_ROUTE_HOSTS_MAX);
	assert_string_equal(route.hosts[15].name, "h15.example");
	assert_string_equal(mail_host_state_name(route.hosts[15].state), "not-asked");
	cs_arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_route_is_decided_by_the_answers),
		cmocka_unit_test(equal_hosts_are_drawn_by_lot),
		cmocka_unit_test(a_long_list_is_cut_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
