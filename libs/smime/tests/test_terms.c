/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "check.h"
#include "smime/terms.h"

#define TEXT \
	"issuers=ca.example,ca-two.example account=acct:acme@ca.example methods=dns-txt,email-token"

static void
terms_have_one_text_whatever_the_order_of_their_methods(void **state)
{
	static const char *const issuers[] = { "ca.example", "ca-two.example" };
	const struct smime_method *methods[] = { smime_method_find("email-token"),
		smime_method_find("dns-txt"), smime_method_find("email-token") };
	const struct smime_terms terms = { issuers, 2, "acct:acme@ca.example", methods, 3 };
	struct smime_terms read;
	struct cs_span text;

	assert_true(smime_terms_write(*state, &terms, &text));
	assert_true(cs_span_is(text, TEXT));
	assert_true(smime_terms_read(*state, text, &read));
	assert_int_equal(read.n_issuers, 2);
	assert_string_equal(read.account_uri, "acct:acme@ca.example");
	assert_int_equal(read.n_methods, 2);
	assert_true(smime_terms_has_method(&read, "dns-txt"));
	assert_false(smime_terms_has_method(&read, "http-file"));
	assert_true(smime_terms_names_issuer(&read, "ca-two.example"));
	assert_false(smime_terms_names_issuer(&read, "ca-two"));
}

static void
parts_may_be_empty(void **state)
{
	struct smime_terms read;

	assert_true(smime_terms_read(
	    *state, cs_span_str("issuers=ca.example account=acct:a@ca.example methods="), &read));
	assert_int_equal(read.n_methods, 0);
	assert_true(smime_terms_read(*state, cs_span_str("issuers= account= methods="), &read));
	assert_int_equal(read.n_issuers, 0);
	assert_string_equal(read.account_uri, "");
}

static const char *const bad[] = {
	"",
	"ca.example",
	"issuers=ca.example, account=acct:a@ca.example methods=dns-txt",
	"issuers=ca.example,,b.example account=acct:a@ca.example methods=dns-txt",
	"issuers=ca.example account=a b methods=dns-txt",
	"issuers=ca.example account=acct:a@ca.example methods=dns-txt,",
	"issuers=ca.example account=acct:a@ca.example methods=dns-txt methods=dns-txt",
	"issuers=ca.example account=acct:a@ca.example methods=email-token,dns-txt",
	"issuers=ca.example account=acct:a@ca.example methods=dns-txt,dns-txt",
	"issuers=ca.example account=acct:a@ca.example methods=telepathy",
	"issuers=ca.example account=acct:a@ca.example methods=dns-txt ",
	"issuers=ca.example  account=acct:a@ca.example methods=dns-txt",
	"issuers=ca.example account=acct:a@ca.example",
	"Issuers=ca.example account=acct:a@ca.example methods=dns-txt",
	"issuers=1,2,3,4,5,6,7,8,9,10,11 account=acct:a@ca.example methods=dns-txt",
};

static void
no_other_text_is_read(void **state)
{
	struct smime_terms read;

	for (size_t i = 0; i < COUNT(bad); i++)
		if (smime_terms_read(*state, cs_span_str(bad[i]), &read))
			fail_msg("read: %s", bad[i]);
	assert_false(smime_terms_read(*state, cs_span_of(TEXT "\0", sizeof(TEXT)), &read));
}

static void
what_cannot_stand_in_the_text_is_not_written(void **state)
{
	const struct {
		const char *issuer, *account;
	} rows[] = { { "", "acct:a@b" }, { "a b", "acct:a@b" }, { "a,b", "acct:a@b" },
		{ "a.example", "acct:a b" }, { "a.example", "acct:a;b" },
		{ "a.example", "acct:\xc3\xa4@b" } };
	struct cs_span text;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_false(smime_terms_write(*state,
		    &(struct smime_terms){ &rows[i].issuer, 1, rows[i].account, NULL, 0 }, &text));
}

/* The longest text is what a check may expect, an octet more is too long. */
static void
a_text_has_an_end(void **state)
{
	static const char *const issuers[] = { "ca.example" };
	const size_t others = strlen("issuers=ca.example account= methods=");
	struct cs_span text;

	for (size_t more = 0; more < 2; more++) {
		const size_t len = SMIME_TERMS_OCTETS - others + more;
		char *uri = cs_arena_alloc(*state, len + 1);

		memset(uri, 'a', len);
		assert_int_equal(smime_terms_write(*state,
				     &(struct smime_terms){ issuers, 1, uri, NULL, 0 }, &text),
		    more == 0);
	}
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
		cmocka_unit_test(terms_have_one_text_whatever_the_order_of_their_methods),
		cmocka_unit_test(parts_may_be_empty),
		cmocka_unit_test(no_other_text_is_read),
		cmocka_unit_test(what_cannot_stand_in_the_text_is_not_written),
		cmocka_unit_test(a_text_has_an_end),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
