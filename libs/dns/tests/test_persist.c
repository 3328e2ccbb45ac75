/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include "dns/persist.h"
#include "dns/txt.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define US "ca.example"
#define ACCOUNT "acct:demo@ca.example"
#define NOW 1782424856

static const char *const issuers[] = { US, "other-name.example" };
static const struct persist_question question = {
	.issuers = issuers, .issuers_len = 2, .account_uri = ACCOUNT, .at_s = NOW
};

static const struct {
	const char *text;
	enum persist_finding want;
} rows[] = {
	{ US ";accounturi=" ACCOUNT, PERSIST_MATCHES },
	{ " " US " ; accounturi = " ACCOUNT " ", PERSIST_MATCHES },
	{ "CA.Example; accountURI=" ACCOUNT, PERSIST_MATCHES },
	{ "other-name.example; accounturi=" ACCOUNT, PERSIST_MATCHES },
	{ US "; accounturi=" ACCOUNT "; persistUntil=1782424856", PERSIST_MATCHES },
	{ US "; accounturi=" ACCOUNT "; persistUntil=1782424855", PERSIST_EXPIRED },
	{ US "; persistUntil=999999999999999; accounturi=" ACCOUNT, PERSIST_MATCHES },
	{ US "; persistUntil=1000000000000000; accounturi=" ACCOUNT, PERSIST_BAD_UNTIL },
	{ US "; accounturi=" ACCOUNT "; persistUntil=0x7fffffff", PERSIST_BAD_UNTIL },
	{ US "; accounturi=" ACCOUNT "; persistUntil=-1", PERSIST_BAD_UNTIL },
	{ US "; accounturi=" ACCOUNT "; persistUntil=", PERSIST_BAD_UNTIL },
	{ US "; accounturi=" ACCOUNT "; policy=wildcard; new=1", PERSIST_MATCHES },
	{ US "; accounturi=" ACCOUNT "; accounturi=" ACCOUNT, PERSIST_UNREADABLE },
	{ US "; accounturi=" ACCOUNT "; persistUntil=2000000000; persistUntil=2000000000",
	    PERSIST_UNREADABLE },
	{ US "; accounturi=acct:Demo@ca.example", PERSIST_OTHER_ACCOUNT },
	{ US "; accounturi=" ACCOUNT "x", PERSIST_OTHER_ACCOUNT },
	{ US "; accounturi=", PERSIST_OTHER_ACCOUNT },
	{ US, PERSIST_NO_ACCOUNT },
	{ US "; persistUntil=1", PERSIST_NO_ACCOUNT },
	{ "ca.example.net; accounturi=" ACCOUNT, PERSIST_OTHER_ISSUER },
	{ "; accounturi=" ACCOUNT, PERSIST_OTHER_ISSUER },
	{ "", PERSIST_OTHER_ISSUER },
	{ US " accounturi=" ACCOUNT, PERSIST_UNREADABLE },
	{ US "; accounturi", PERSIST_UNREADABLE },
	{ US "; account\xc3\xbcri=" ACCOUNT, PERSIST_UNREADABLE },
};

static void
a_record_is_judged_to_the_letter(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(rows); i++) {
		enum persist_finding got = persist_match_one(&question, cs_span_str(rows[i].text));

		if (got != rows[i].want)
			fail_msg("%s: got %s, want %s", rows[i].text, persist_finding_name(got),
			    persist_finding_name(rows[i].want));
	}
}

static void
of_a_set_the_nearest_record_speaks(void **state)
{
	const struct dns_record records[] = { { .text = cs_span_str("v=spf1 -all") },
		{ .text = cs_span_str("ca.example; accounturi=acct:x@ca.example") },
		{ .text = cs_span_str(US "; accounturi=" ACCOUNT) } };
	struct dns_record many[TXT_MAX_RECORDS + 1];
	struct dns_answer answer = { .type = DNS_TYPE_TXT, .records = records };

	(void)state;
	for (size_t i = 0; i < LEN(many); i++)
		many[i] = records[2];
	assert_int_equal(persist_match(&question, &answer), PERSIST_NO_RECORD);
	answer.records_len = 1;
	assert_int_equal(persist_match(&question, &answer), PERSIST_UNREADABLE);
	answer.records_len = 2;
	assert_int_equal(persist_match(&question, &answer), PERSIST_OTHER_ACCOUNT);
	answer.records_len = 3;
	assert_int_equal(persist_match(&question, &answer), PERSIST_MATCHES);
	answer.records = many;
	answer.records_len = TXT_MAX_RECORDS;
	assert_int_equal(persist_match(&question, &answer), PERSIST_MATCHES);
	answer.records_len = TXT_MAX_RECORDS + 1;
	assert_int_equal(persist_match(&question, &answer), PERSIST_TOO_MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_judged_to_the_letter),
		cmocka_unit_test(of_a_set_the_nearest_record_speaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
