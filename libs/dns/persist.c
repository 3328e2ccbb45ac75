/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/persist.h"

#include "dns/caa.h"
#include "dns/txt.h"

#define UNTIL_DIGITS 15 /* some thirty million years; more is no date */

static bool
is_ours(const struct persist_question *question, struct cs_span issuer)
{
	for (size_t i = 0; i < question->issuers_len; i++)
		if (cs_span_is_nocase(issuer, question->issuers[i]))
			return true;
	return false;
}

static bool
read_seconds(struct cs_span text, int64_t *ret_s)
{
	int64_t s = 0;

	if (text.len == 0 || text.len > UNTIL_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		s = s * 10 + (text.data[i] - '0');
	}
	*ret_s = s;
	return true;
}

/* The only parameter of this name; false: there are two. */
static bool
find_parameter(const struct caa_value *value, const char *tag, const struct cs_span **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < value->parameters_len; i++) {
		if (!cs_span_is_nocase(value->parameters[i].tag, tag))
			continue;
		if (*ret != NULL)
			return false;
		*ret = &value->parameters[i].value;
	}
	return true;
}

enum persist_finding
persist_match_one(const struct persist_question *question, struct cs_span text)
{
	const struct cs_span *account, *until;
	struct caa_value value;
	int64_t until_s;

	if (!caa_value_parse(text, &value))
		return PERSIST_UNREADABLE;
	if (!is_ours(question, value.issuer))
		return PERSIST_OTHER_ISSUER;
	if (!find_parameter(&value, "accounturi", &account) ||
	    !find_parameter(&value, "persistuntil", &until))
		return PERSIST_UNREADABLE;
	if (account == NULL)
		return PERSIST_NO_ACCOUNT;
	if (!cs_span_is(*account, question->account_uri))
		return PERSIST_OTHER_ACCOUNT;
	if (until == NULL)
		return PERSIST_MATCHES;
	if (!read_seconds(*until, &until_s))
		return PERSIST_BAD_UNTIL;
	return question->at_s > until_s ? PERSIST_EXPIRED : PERSIST_MATCHES;
}

/* The findings of one record are in the order of how near they come. */
enum persist_finding
persist_match(const struct persist_question *question, const struct dns_answer *answer)
{
	enum persist_finding best = PERSIST_NO_RECORD;

	cs_assert(answer->type == DNS_TYPE_TXT);
	if (answer->records_len > TXT_MAX_RECORDS)
		return PERSIST_TOO_MANY;
	for (size_t i = 0; i < answer->records_len; i++) {
		enum persist_finding one = persist_match_one(question, answer->records[i].text);

		if (one > best)
			best = one;
	}
	return best;
}

const char *
persist_finding_name(enum persist_finding finding)
{
	static const char *const names[] = { [PERSIST_NO_RECORD] = "no-record",
		[PERSIST_TOO_MANY] = "too-many",
		[PERSIST_UNREADABLE] = "unreadable",
		[PERSIST_OTHER_ISSUER] = "other-issuer",
		[PERSIST_NO_ACCOUNT] = "no-account",
		[PERSIST_OTHER_ACCOUNT] = "other-account",
		[PERSIST_BAD_UNTIL] = "bad-until",
		[PERSIST_EXPIRED] = "expired",
		[PERSIST_MATCHES] = "matches" };

	return names[finding];
}
