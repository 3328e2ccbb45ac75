/* SPDX-License-Identifier: Apache-2.0 */
/* lint_policies.c: certificatePolicies (SBR 7.1.2.3 a, 7.1.6.1). */
#include <string.h>

#include "pki/der.h"
#include "pki/lint_rules.h"
#include "pki/name.h"

#define RESERVED_ARC "2.23.140.1.5." /* T.G */
#define ANY_POLICY "2.5.29.32.0"
#define CPS "1.3.6.1.5.5.7.2.1"
#define USER_NOTICE "1.3.6.1.5.5.7.2.2"
#define POLICIES 16

static bool
is_legacy(const char *oid)
{
	return strlen(oid) == strlen(RESERVED_ARC) + 3 &&
	       strcmp(oid + strlen(RESERVED_ARC) + 1, ".1") == 0;
}

static void
lint_policy(struct lint *lint, const char *oid, size_t *reserved)
{
	if (strcmp(oid, ANY_POLICY) == 0) {
		lint_say(lint, LINT_POLICY_ANY, "anyPolicy in a subscriber's certificate");
		return;
	}
	if (strncmp(oid, RESERVED_ARC, strlen(RESERVED_ARC)) != 0) {
		if (lint->profile->ours && !lint_listed(lint->profile->own_policies, oid))
			lint_say(lint, LINT_POLICY_UNKNOWN, "the policy %s is not the CA's", oid);
		return;
	}
	(*reserved)++;
	if (is_legacy(oid))
		lint_say(lint, LINT_POLICY_LEGACY, "Legacy generation since 2025-07-15");
	if (lint->profile->policy_oid == NULL)
		lint_say(lint, LINT_POLICY_RESERVED_PRIVATE,
		    "%s in a certificate of a private root", oid);
	else if ((lint->profile->ours || !is_legacy(oid)) &&
		 strcmp(oid, lint->profile->policy_oid) != 0)
		lint_say(lint, LINT_POLICY_NOT_THE_PROFILES, "%s is not the profile's policy", oid);
}

static void
lint_user_notice(struct lint *lint, struct cs_span qualifier)
{
	struct cs_span notice;

	if (!pki_der_take(&qualifier, PKI_SEQUENCE, &notice) || pki_der_is(notice, PKI_SEQUENCE))
		lint_say(lint, LINT_POLICY_NOTICE_REFERENCE, "userNotice with a noticeRef");
}

static void
lint_cps(struct lint *lint, struct cs_span qualifier)
{
	struct cs_span url;

	if (!pki_der_take(&qualifier, PKI_IA5_STRING, &url) || pki_text_fault(url) != NULL ||
	    ((url.len <= 7 || memcmp(url.data, "http://", 7) != 0) &&
		(url.len <= 8 || memcmp(url.data, "https://", 8) != 0)))
		lint_say(lint, LINT_POLICY_CPS_NOT_HTTP, "cPSuri is not http or https");
}

static void
lint_qualifiers(struct lint *lint, struct cs_span policy)
{
	struct cs_span list, info, type;

	if (policy.len == 0)
		return;
	if (!pki_der_take(&policy, PKI_SEQUENCE, &list) || policy.len > 0 || list.len == 0) {
		lint_say(lint, LINT_POLICY_QUALIFIER, "malformed policy qualifiers");
		return;
	}
	while (list.len > 0) {
		if (!pki_der_take(&list, PKI_SEQUENCE, &info) ||
		    !pki_der_take(&info, PKI_OID, &type)) {
			lint_say(lint, LINT_POLICY_QUALIFIER, "malformed policy qualifiers");
			return;
		}
		if (pki_der_oid_is(type, CPS))
			lint_cps(lint, info);
		else if (pki_der_oid_is(type, USER_NOTICE))
			lint_user_notice(lint, info);
		else
			lint_say(lint, LINT_POLICY_QUALIFIER, "an unknown policy qualifier");
	}
}

static void
lint_duplicates(struct lint *lint, const struct cs_span *oids, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (cs_span_equal(oids[i], oids[j]))
				lint_say(lint, LINT_POLICY_TWICE, "a policy is there twice");
}

void
lint_policies(struct lint *lint, struct cs_span value)
{
	struct cs_span oids[POLICIES], seq, policy;
	size_t n = 0, reserved = 0;

	if (!pki_der_take(&value, PKI_SEQUENCE, &seq) || value.len > 0) {
		lint_say(lint, LINT_POLICY_MALFORMED, "not a list of policies");
		return;
	}
	for (; seq.len > 0; n++) {
		if (n == POLICIES || !pki_der_take(&seq, PKI_SEQUENCE, &policy) ||
		    !pki_der_take(&policy, PKI_OID, &oids[n])) {
			lint_say(lint, LINT_POLICY_MALFORMED, "not a list of policies");
			return;
		}
		lint_policy(lint, pki_der_oid_text(lint->arena, oids[n]), &reserved);
		lint_qualifiers(lint, policy);
	}
	lint_duplicates(lint, oids, n);
	if (reserved == 0 && lint->profile->policy_oid != NULL)
		lint_say(lint, LINT_POLICY_RESERVED_MISSING, "there is no reserved policy");
	if (reserved > 1)
		lint_say(lint, LINT_POLICY_RESERVED_SEVERAL,
		    "%zu reserved policies where exactly one must be", reserved);
}
