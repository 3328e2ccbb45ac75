/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/txt.h"

#include <cmocka.h>

static enum txt_finding
match(const char *const *texts, size_t len, const char *expected)
{
	struct dns_record records[TXT_MAX_RECORDS + 1] = { 0 };
	const struct dns_answer answer = {
		.type = DNS_TYPE_TXT, .records = records, .records_len = len
	};

	for (size_t i = 0; i < len; i++)
		records[i].text = cs_span_str(texts[i]);
	return txt_match(&answer, cs_span_str(expected));
}

static void
one_whole_record_must_be_the_value(void **state)
{
	static const struct {
		const char *texts[2];
		size_t len;
		enum txt_finding want;
	} cases[] = {
		{ { "token" }, 1, TXT_MATCHES },
		{ { "other", "token" }, 2, TXT_MATCHES },
		{ { "" }, 0, TXT_NO_RECORD },
		{ { "" }, 1, TXT_DIFFERS },
		{ { "token " }, 1, TXT_DIFFERS },
		{ { " token" }, 1, TXT_DIFFERS },
		{ { "Token" }, 1, TXT_DIFFERS },
		{ { "\"token\"" }, 1, TXT_DIFFERS },
		{ { "toke" }, 1, TXT_DIFFERS },
		{ { "tokens" }, 1, TXT_DIFFERS },
		{ { "tok", "en" }, 2, TXT_DIFFERS },
		{ { "v=token" }, 1, TXT_DIFFERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum txt_finding got = match(cases[i].texts, cases[i].len, "token");

		if (got != cases[i].want)
			fail_msg("%s: got %s, want %s", cases[i].texts[0], txt_finding_name(got),
			    txt_finding_name(cases[i].want));
	}
}

static void
reads_a_hundred_records_and_no_more(void **state)
{
	const char *texts[TXT_MAX_RECORDS + 1];

	(void)state;
	for (size_t i = 0; i <= TXT_MAX_RECORDS; i++)
		texts[i] = "token";
	assert_int_equal(match(texts, TXT_MAX_RECORDS, "token"), TXT_MATCHES);
	assert_int_equal(match(texts, TXT_MAX_RECORDS + 1, "token"), TXT_TOO_MANY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_whole_record_must_be_the_value),
		cmocka_unit_test(reads_a_hundred_records_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
