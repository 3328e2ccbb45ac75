/* SPDX-License-Identifier: Apache-2.0 */
/* The text of a persistent TXT record.  Only what holds our issuer and the account can match. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dns/persist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const issuers[] = { "ca.example" };
	static const char account[] = "acct:demo@ca.example";
	struct persist_question question = {
		.issuers = issuers, .issuers_len = 1, .account_uri = account, .at_s = 1782424856
	};
	const struct cs_span text = cs_span_of(data, size);
	const enum persist_finding finding = persist_match_one(&question, text);

	cs_assert(persist_finding_name(finding) != NULL);
	if (finding == PERSIST_MATCHES)
		cs_assert(memmem(data, size, account, strlen(account)) != NULL);
	/* What holds for ever holds at any time, and what has passed stays passed. */
	question.at_s = INT64_MAX;
	if (persist_match_one(&question, text) == PERSIST_MATCHES)
		cs_assert(finding == PERSIST_MATCHES);
	return 0;
}
