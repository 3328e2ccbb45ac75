/* SPDX-License-Identifier: Apache-2.0 */
/* What the resolver says, taken apart.  The texts are those of libunbound 1.17.1, seen by it_dns.c. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "dns/broken.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FAILURE "validation failure <"

static const struct {
	const char *why, *name, *type, *zone, *servers, *cause;
	const char *meaning; /* a part of it; NULL: none */
} cases[] = {
	{ FAILURE "bogus.example. CAA IN>: ECDSA signature verification failed from 192.0.2.3",
	    "bogus.example", "CAA", "", "192.0.2.3", "ECDSA signature verification failed",
	    "does not fit" },
	{ FAILURE "expired.example. CAA IN>: signature expired from 192.0.2.3 for key"
		  " expired.example. while building chain of trust",
	    "expired.example", "CAA", "expired.example", "192.0.2.3", "signature expired",
	    "has expired" },
	{ FAILURE "nosig.example. TXT IN>: No DNSKEY record from 192.0.2.3 for key nosig.example."
		  " while building chain of trust",
	    "nosig.example", "TXT", "nosig.example", "192.0.2.3", "No DNSKEY record", "no key" },
	{ FAILURE "forged.example. CAA IN>: no signatures from 192.0.2.3", "forged.example", "CAA",
	    "", "192.0.2.3", "no signatures", "not signed" },
	{ FAILURE "a.b.Forged.example. CAA IN>: no DNSSEC records from 192.0.2.3 and 192.0.2.4 for"
		  " DS b.Forged.example. while building chain of trust",
	    "a.b.forged.example", "CAA", "b.forged.example", "192.0.2.3 and 192.0.2.4",
	    "no DNSSEC records", "not proved" },
	{ FAILURE "wrong.example. CAA IN>: no keys have a DS with algorithm ECDSAP256SHA256 from"
		  " 192.0.2.3 for key wrong.example. while building chain of trust",
	    "wrong.example", "CAA", "wrong.example", "192.0.2.3",
	    "no keys have a DS with algorithm ECDSAP256SHA256", "zone above names" },
	{ FAILURE ". CAA IN>: something new", ".", "CAA", "", "", "something new", NULL },
	{ "the chain of signatures is broken", "", "", "", "", "the chain of signatures is broken",
	    NULL },
	{ "", "", "", "", "", "", NULL },
	{ "<", "", "", "", "", "<", NULL },
	{ ">: <", "", "", "", "", ">: <", NULL },
	{ "<>: ", "", "", "", "", "", NULL },
	{ "<a>: b from  for key", "a", "", "", "", "b", NULL },
	{ "<a>: b from c for key ", "a", "", "", "c", "b", NULL },
};

static void
says_which_record_which_zone_and_what_is_wrong(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dns_broken got;

		dns_broken_parse(*state, cases[i].why, &got);
		if (strcmp(got.name, cases[i].name) != 0 || strcmp(got.type, cases[i].type) != 0 ||
		    strcmp(got.zone, cases[i].zone) != 0 ||
		    strcmp(got.servers, cases[i].servers) != 0 ||
		    strcmp(got.cause, cases[i].cause) != 0)
			fail_msg("%s: got \"%s\" \"%s\" \"%s\" \"%s\" \"%s\"", cases[i].why,
			    got.name, got.type, got.zone, got.servers, got.cause);
		if ((got.meaning == NULL) != (cases[i].meaning == NULL) ||
		    (got.meaning != NULL && strstr(got.meaning, cases[i].meaning) == NULL))
			fail_msg("%s: got %s", cases[i].why,
			    got.meaning == NULL ? "nothing" : got.meaning);
	}
}

static void
people_read_the_zone_the_record_and_the_resolver_s_words(void **state)
{
	assert_string_equal(dns_broken_text(*state, "expired.example", cases[1].why),
	    "the zone expired.example is broken: a signature has expired; asked for expired.example"
	    " CAA (resolver: validation failure <expired.example. CAA IN>: signature expired from"
	    " 192.0.2.3 for key expired.example. while building chain of trust)");
	assert_string_equal(dns_broken_text(*state, "a.example", "odd"),
	    "a.example is broken: DNSSEC does not vouch for it (resolver: odd)");
}

/* A zone's names come into the text: whatever they are, it can be shown. */
static void
hostile_names_are_escaped(void **state)
{
	const char *text = dns_broken_text(*state, "a.example",
	    FAILURE "\x1b[31m<b>.\xff. CAA IN>: \r\nsignature expired from \x01 for key \x02.");

	for (const char *c = text; *c != '\0'; c++)
		assert_true(*c >= ' ' && *c <= '~');
}

static int
setup(void **state)
{
	*state = cs_arena_new();
	return 0;
}

static int
teardown(void **state)
{
	cs_arena_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_which_record_which_zone_and_what_is_wrong),
		cmocka_unit_test(people_read_the_zone_the_record_and_the_resolver_s_words),
		cmocka_unit_test(hostile_names_are_escaped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
