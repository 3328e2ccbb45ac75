/* SPDX-License-Identifier: Apache-2.0 */
/* What people are told to do about a domain that was not proved. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */
#include <string.h>

#include "../mend.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))

/* `says`: a part of the answer that no other row's reason gets. */
static const struct {
	enum claim_outcome outcome;
	const char *reason, *says;
} cases[] = {
	{ CLAIM_REFUSED, "dnssec-bogus", "DS record" },
	{ CLAIM_REFUSED, "txt-no-record", "wait until your name servers" },
	{ CLAIM_REFUSED, "cname-no-record", "wait until your name servers" },
	{ CLAIM_REFUSED, "persist-no-record", "wait until your name servers" },
	{ CLAIM_REFUSED, "txt-differs", "Replace" },
	{ CLAIM_REFUSED, "http-differs", "Replace" },
	{ CLAIM_REFUSED, "alpn-differs", "Replace" },
	{ CLAIM_REFUSED, "txt-too-many", "Remove records" },
	{ CLAIM_REFUSED, "persist-other-issuer", "issuer domain" },
	{ CLAIM_REFUSED, "persist-other-account", "account URI" },
	{ CLAIM_REFUSED, "persist-no-account", "account URI" },
	{ CLAIM_REFUSED, "persist-bad-until", "in seconds since 1970" },
	{ CLAIM_REFUSED, "persist-expired", "Renew" },
	{ CLAIM_REFUSED, "mx-null", "takes no mail" },
	{ CLAIM_REFUSED, "mx-none-usable", "no alias" },
	{ CLAIM_REFUSED, "mx-no-such-domain", "Register" },
	{ CLAIM_REFUSED, "http-address-refused", "public addresses" },
	{ CLAIM_REFUSED, "tls-address-refused", "public addresses" },
	{ CLAIM_REFUSED, "http-too-many-redirects", "few redirects" },
	{ CLAIM_REFUSED, "http-bad-redirect", "ports 80 and 443" },
	{ CLAIM_REFUSED, "http-status", "status 200" },
	{ CLAIM_REFUSED, "method-retired", "another way" },
	{ CLAIM_REFUSED, "of-another-kind", "Compare" },
	{ CLAIM_COULD_NOT_TELL, "dns-failed", "answer everybody" },
	{ CLAIM_COULD_NOT_TELL, "http-not-connected", "answer everybody" },
	{ CLAIM_COULD_NOT_TELL, "dnssec-bogus", "DS record" },
};

static void
each_reason_has_its_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct claim_evidence evidence = { .outcome = cases[i].outcome,
			.reason = cases[i].reason };
		const char *mend = mend_domain(&evidence);

		if (strstr(mend, cases[i].says) == NULL)
			fail_msg("%s: got %s", cases[i].reason, mend);
	}
}

static void
a_proof_needs_none(void **state)
{
	const struct claim_evidence evidence = { .outcome = CLAIM_PROVED, .reason = "txt-differs" };

	(void)state;
	assert_string_equal(mend_domain(&evidence), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_has_its_mend),
		cmocka_unit_test(a_proof_needs_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
