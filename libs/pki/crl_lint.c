/* SPDX-License-Identifier: Apache-2.0 */
/* crl_lint.c: judges the octets of a revocation list that is about to be signed (RFC 5280 5, SBR 4.9.7, 7.2). */
#include <string.h>

#include "pki/crl_read.h"
#include "pki/der.h"

#define BACKDATE_S INT64_C(3600)

struct lint {
	const char *id, *clause, *text;
	bool (*holds)(const struct pki_crl *crl, const struct pki_crl_rules *rules);
};

static bool
issuer_holds(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	return cs_span_equal(crl->issuer, rules->issuer) &&
	       cs_span_equal(crl->authority_key_id, rules->authority_key_id);
}

static bool
sigalg_holds(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	return cs_span_equal(crl->sigalg, rules->sigalg);
}

static bool
number_rises(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	return crl->number > rules->last_number;
}

static bool
time_is_now(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	return crl->this_update_s <= rules->now_s &&
	       crl->this_update_s > rules->now_s - BACKDATE_S &&
	       crl->this_update_s >= rules->last_this_update_s;
}

static bool
life_holds(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	return crl->next_update_s - crl->this_update_s <=
	       (rules->of_cas ? PKI_CRL_CA_LIFE_MAX_S : PKI_CRL_LIFE_MAX_S);
}

static bool
urls_hold(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	size_t i = 0;

	if (crl->urls == NULL || rules->urls == NULL)
		return crl->urls == NULL && rules->urls == NULL;
	for (; crl->urls[i] != NULL && rules->urls[i] != NULL; i++) {
		if (strcmp(crl->urls[i], rules->urls[i]) != 0 ||
		    strncmp(crl->urls[i], "http://", 7) != 0)
			return false;
	}
	return i > 0 && crl->urls[i] == NULL && rules->urls[i] == NULL;
}

/* What may be given for a subscriber's certificate, or for a CA's; hold only where it is allowed. */
static bool
reasons_hold(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	const uint32_t allowed = 1u << PKI_CRL_KEY_COMPROMISE | 1u << PKI_CRL_AFFILIATION_CHANGED |
				 1u << PKI_CRL_SUPERSEDED | 1u << PKI_CRL_CESSATION |
				 1u << PKI_CRL_PRIVILEGE_WITHDRAWN |
				 1u << (rules->of_cas ? PKI_CRL_CA_COMPROMISE : PKI_CRL_NO_REASON);
	const uint32_t hold = rules->may_hold && !rules->of_cas ? 1u << PKI_CRL_HOLD : 0;

	for (size_t i = 0; i < crl->n; i++) {
		if ((1u << crl->entries[i].reason & (allowed | hold)) == 0)
			return false;
	}
	return true;
}

static bool
dates_hold(const struct pki_crl *crl, const struct pki_crl_rules *rules)
{
	(void)rules;
	for (size_t i = 0; i < crl->n; i++) {
		if (crl->entries[i].revoked_at_s > crl->this_update_s)
			return false;
	}
	return true;
}

static const struct lint lints[] = {
	{ "crl-issuer", "RFC 5280 5.1.2.3, 5.2.1", "issuer or its key identifier is another",
	    issuer_holds },
	{ "crl-algorithm", "SBR 7.1.3.2", "the signature algorithm is another", sigalg_holds },
	{ "crl-number", "RFC 5280 5.2.3", "the number does not rise", number_rises },
	{ "crl-this-update", "RFC 5280 5.1.2.4", "thisUpdate is not now, or goes back",
	    time_is_now },
	{ "crl-next-update", "SBR 4.9.7", "too long until nextUpdate", life_holds },
	{ "crl-distribution-point", "RFC 5280 5.2.5", "the point is not what certificates name",
	    urls_hold },
	{ "crl-reason", "SBR 7.2.2", "a reason that may not be given", reasons_hold },
	{ "crl-revocation-date", "RFC 5280 5.1.2.6", "revoked after this list was made",
	    dates_hold },
};

bool
pki_crl_lint(struct cs_arena *arena, struct cs_span tbs, const struct pki_crl_rules *rules,
    struct cs_refusal *ret_why)
{
	struct pki_crl crl = { 0 };

	if (tbs.len > PKI_CRL_MAX || !pki_der_check(tbs, NULL, NULL) ||
	    !pki_crl_read_tbs(arena, tbs, &crl)) {
		*ret_why = (struct cs_refusal){ "crl-form", "crl", "RFC 5280 5.1",
			"it is not a revocation list of version 2", "" };
		return false;
	}
	for (size_t i = 0; i < sizeof(lints) / sizeof(lints[0]); i++) {
		if (lints[i].holds(&crl, rules))
			continue;
		*ret_why =
		    (struct cs_refusal){ lints[i].id, "crl", lints[i].clause, lints[i].text, "" };
		return false;
	}
	return true;
}
