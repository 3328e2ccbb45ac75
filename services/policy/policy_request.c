/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_request.c: what may be asked for at all.  Every refusal names the field, the clause and
 * what would mend it; whoever reads it is the person who asked.
 */
#include <string.h>

#include "base/time.h"
#include "pki/csr.h"
#include "policy_checks.h"
#include "policy_san.h"
#include "smime/address.h"
#include "smime/profile.h"

struct asking {
	const struct policy_rules *rules;
	const struct policy_config *config;
	const struct claim_request *request;
	int64_t now_ms, until_ms;
	struct cs_arena *arena;
};

typedef bool rule(const struct asking *asking, struct cs_refusal *ret_why);

static bool
knows_the_asker(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_config *config = asking->config;

	if (!config->enterprise_known)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "unknown-enterprise", "enterprise", "SBR 1.3.2.1",
			"This enterprise is not known here.",
			"Ask under the name of an enterprise that an operator has set up." });
	if (!config->account_known)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "unknown-account", "account", "SBR 4.1.1",
				 "This account is not known in the enterprise.",
				 "Ask an operator of the enterprise to set up the account." });
	return true;
}

static bool
offers_the_profile(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_config *config = asking->config;

	if (!config->profile_known ||
	    smime_profile_find(config->profile.certificate_profile) == NULL)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "unknown-profile", "profile", "SBR 7.1.2.3",
				 "There is no such certification profile.",
				 "Choose one of the profiles that are offered to the account." });
	if (!config->profile_allowed)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "profile-not-allowed", "profile", "SBR 4.1.2",
				 "The account may not use this certification profile.",
				 "Choose another profile, or ask an operator for this one." });
	return true;
}

/* offers_the_profile() was asked before. */
static const struct smime_profile *
certificate_of(const struct policy_config *config)
{
	const struct smime_profile *certificate =
	    smime_profile_find(config->profile.certificate_profile);

	cs_assert(certificate != NULL);
	return certificate;
}

static enum smime_type
type_of(const struct policy_config *config)
{
	return certificate_of(config)->type;
}

/*
 * An enterprise vouches for its own people only where it has proved the domain: a mail round trip is not
 * enough for a certificate that names it (SBR 1.3.2.1).  Nor is it for one that names hosts.
 */
static bool
proves_the_domains_that_it_must(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_config *config = asking->config;
	const bool names_hosts = certificate_of(config)->names[SMIME_SAN_DNS] != SMIME_MUST_NOT &&
				 asking->request->domains.n > 0;

	if (config->profile.validation != POLICY_MAILBOX ||
	    (!names_hosts && !smime_identity_needs(type_of(config), SMIME_PROOF_ORGANIZATION)))
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "profile-without-domain", "profile",
			 names_hosts ? "TBR 3.2.2.4" : "SBR 1.3.2.1",
			 "The profile names an organization or hosts, and proves mailboxes alone.",
			 "Ask an operator to let the profile prove domains." });
}

/* It was refused when it was set; the profile that it is for may have become another since. */
static bool
offers_what_it_may(const struct asking *asking, struct cs_refusal *ret_why)
{
	if (policy_profile_holds(&asking->config->profile, asking->arena, ret_why))
		return true;
	ret_why->field = "profile";
	ret_why->mend = cs_arena_printf(
	    asking->arena, "Choose another profile, or ask an operator: %s", ret_why->mend);
	return false;
}

/* "30, 90 or 365". */
static const char *
choices(const struct asking *asking)
{
	const struct policy_profile *profile = &asking->config->profile;
	struct cs_buf buf = cs_buf_new(asking->arena);

	for (size_t i = 0; i < profile->n_validities; i++)
		cs_buf_printf(&buf, "%s%u",
		    i == 0                           ? ""
		    : i + 1 == profile->n_validities ? " or "
						     : ", ",
		    (unsigned)profile->validities[i]);
	return (const char *)cs_buf_span(&buf).data;
}

static const char *
how_long(const struct asking *asking, uint32_t max)
{
	if (asking->config->profile.n_validities == 0)
		return cs_arena_printf(asking->arena, "Ask for 1 to %u days.", (unsigned)max);
	return cs_arena_printf(asking->arena, "Ask for %s days.", choices(asking));
}

static bool
is_offered(const struct policy_profile *profile, uint32_t days)
{
	for (size_t i = 0; i < profile->n_validities; i++)
		if (profile->validities[i] == days)
			return true;
	return profile->n_validities == 0;
}

static bool
lasts_as_allowed(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_profile *profile = &asking->config->profile;
	const uint32_t max = policy_longest_days(profile);
	const uint32_t days = asking->request->validity_days;

	if (days == 0)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "validity-zero", "validity_days", "SBR 6.3.2",
				 "A certificate must be valid for at least one day.",
				 how_long(asking, max) });
	if (days > max)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "validity-too-long", "validity_days", "SBR 6.3.2",
			cs_arena_printf(asking->arena,
			    "The validity of %u days is longer than the %u that are allowed.",
			    (unsigned)days, (unsigned)max),
			how_long(asking, max) });
	if (!is_offered(profile, days))
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "validity-not-offered", "validity_days", "SBR 6.3.2",
			cs_arena_printf(asking->arena,
			    "The profile does not offer a validity of %u days.", (unsigned)days),
			how_long(asking, max) });
	return true;
}

static bool
names_what_the_profile_says(const struct asking *asking, struct cs_refusal *ret_why)
{
	return policy_sans_hold(asking->config, asking->request, asking->arena, ret_why);
}

static enum smime_key
key_of(enum pki_key_kind kind)
{
	static const enum smime_key keys[] = {
		[PKI_KEY_RSA] = SMIME_KEY_RSA,
		[PKI_KEY_EC] = SMIME_KEY_EC,
		[PKI_KEY_ED25519] = SMIME_KEY_ED25519,
		[PKI_KEY_ED448] = SMIME_KEY_ED448,
	};

	return keys[kind];
}

/* Which keys a certificate profile takes, and for what, is its table's; what cannot be read the gate refuses. */
static bool
key_serves(const struct asking *asking, struct cs_refusal *ret_why)
{
	static const enum smime_use uses[] = {
		[CLAIM_DUAL] = SMIME_USE_DUAL,
		[CLAIM_SIGNING] = SMIME_USE_SIGNING,
		[CLAIM_ENCRYPTION] = SMIME_USE_ENCRYPTION,
	};
	const struct smime_profile *profile =
	    smime_profile_find(asking->config->profile.certificate_profile);
	enum pki_key_kind kind;
	struct cs_span spki;

	if (!pki_csr_spki(asking->request->csr, &spki) || !pki_key_kind_of(spki, &kind) ||
	    smime_key_usage(profile, key_of(kind), uses[asking->request->key_use]) != 0)
		return true;
	return cs_refuse(ret_why,
	    (struct cs_refusal){ "key-not-allowed", "csr", "SBR 7.1.2.3 e",
		"The certificate profile takes no key of this kind for this use.",
		"Use an RSA or P-256 key, or a key of this kind for signing where a profile offers it." });
}

static bool
uses_the_key_as_allowed(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_profile *profile = &asking->config->profile;
	bool allowed = false;

	switch (asking->request->key_use) {
	case CLAIM_DUAL:
		allowed = profile->may_dual;
		break;
	case CLAIM_SIGNING:
		allowed = profile->may_signing;
		break;
	case CLAIM_ENCRYPTION:
		allowed = profile->may_encryption;
		break;
	}
	if (!allowed)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "key-use-not-allowed", "key_use", "SBR 7.1.2.3 e",
				 "The profile does not allow this use of the key.",
				 "Choose a use that the profile offers." });
	return true;
}

static bool
names_mailboxes(const struct asking *asking, struct cs_refusal *ret_why)
{
	size_t n = asking->request->mailboxes.n;

	if (n == 0)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "no-mailbox", "mailboxes", "SBR 4.2.1",
			"The request names no mailbox: whatever the profile proves, an S/MIME certificate is for a mailbox.",
			"Give at least one email address." });
	if (n > POLICY_MAX_MAILBOXES)
		return cs_refuse(
		    ret_why, (struct cs_refusal){ "too-many-mailboxes", "mailboxes",
				 "SBR 7.1.4.2.1", "The request names more than 10 mailboxes.",
				 "Spread them over several requests." });
	if (asking->request->domains.n > CLAIM_MAX_NAMES)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "too-many-domains", "domains", "SBR 4.2.1",
			"The request names more than 10 domains.", "Give fewer domains." });
	return true;
}

static const char *
field(const struct asking *asking, const char *name, size_t i)
{
	return cs_arena_printf(asking->arena, "%s[%zu]", name, i);
}

/* Equal, A-label by A-label: a mailbox below a given domain needs that lower domain given. */
static bool
mailbox_is_in_its_domains(const struct asking *asking, size_t i, struct cs_refusal *ret_why)
{
	const char *mailbox = asking->request->mailboxes.items[i];
	struct smime_address address;

	if (!smime_address_parse(asking->arena, cs_span_str(mailbox), &address, ret_why)) {
		ret_why->field = field(asking, "mailboxes", i);
		return false;
	}
	if (smime_domain_registrable(asking->rules->psl, address.domain) == NULL)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "domain-public-suffix", field(asking, "mailboxes", i),
			"TBR 3.2.2.6", "Nobody owns the domain of this mailbox.",
			"Give a mailbox in a domain that somebody registered." });
	if (asking->request->domains.n > 0 &&
	    !claim_texts_hold(&asking->request->domains, address.domain))
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "mailbox-domain-mismatch", field(asking, "mailboxes", i),
			"SBR 3.2.2.1", "The domain of the mailbox is none of the given domains.",
			"Add its domain to the domains, or remove the mailbox." });
	return true;
}

static bool
mailboxes_are_in_their_domains(const struct asking *asking, struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < asking->request->mailboxes.n; i++)
		if (!mailbox_is_in_its_domains(asking, i, ret_why))
			return false;
	return true;
}

bool
policy_identify_for(const struct policy_config *config, const struct claim_request *request,
    int64_t now_ms, int64_t until_ms, struct cs_arena *arena, struct policy_identified *ret,
    struct cs_refusal *ret_why)
{
	struct policy_identified found;

	if (request->kind == CLAIM_DOMAIN_ONLY) {
		*ret = (struct policy_identified){ .organization = NULL };
		return true;
	}
	if (!policy_identify(&config->identities, type_of(config), request, now_ms, until_ms, arena,
		&found, ret_why) ||
	    !policy_subject_plan(config, request, arena, &found.subject, &found.stated, ret_why))
		return false;
	*ret = found;
	return true;
}

static const char *
common_name_mend(unsigned may)
{
	if ((may & SMIME_CN_ORGANIZATION) != 0)
		return "Leave it out, or give one of the mailboxes or the organization's name.";
	if ((may & SMIME_CN_PERSON) != 0)
		return "Leave it out, or give one of the mailboxes or the person's name or "
		       "pseudonym.";
	return "Leave it out, or give one of the mailboxes.";
}

static bool
may_have_common_name(
    const struct asking *asking, const struct smime_identity *subject, struct cs_refusal *ret_why)
{
	const unsigned may = certificate_of(asking->config)->common_name;
	const char *name = asking->request->common_name;

	if (name[0] == '\0' || claim_texts_hold(&asking->request->mailboxes, name) ||
	    smime_identity_may_name(may, subject, name))
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "common-name", "common_name", "SBR 7.1.4.2.2 a",
			 may == SMIME_CN_MAILBOX
			     ? "The common name is not one of the mailboxes, and nothing else is "
			       "proved."
			     : "The common name is neither one of the mailboxes nor who the "
			       "certificate names.",
			 common_name_mend(may) });
}

/* The signer would say so too, but only after people proved everything. */
static bool
is_identified(const struct asking *asking, struct cs_refusal *ret_why)
{
	struct policy_identified identified;

	return policy_identify_for(asking->config, asking->request, asking->now_ms,
		   asking->until_ms, asking->arena, &identified, ret_why) &&
	       may_have_common_name(asking, &identified.subject, ret_why);
}

/* The names whose control is proved: the given domains, or else those of the mailboxes. */
static struct claim_texts
scope(const struct asking *asking)
{
	const struct claim_texts *mailboxes = &asking->request->mailboxes;
	struct claim_texts names = { CS_NEW_ARRAY(asking->arena, mailboxes->n, const char *), 0 };
	struct smime_address address;
	struct cs_refusal why;

	if (asking->request->domains.n > 0)
		return asking->request->domains;
	for (size_t i = 0; i < mailboxes->n; i++)
		if (smime_address_parse(
			asking->arena, cs_span_str(mailboxes->items[i]), &address, &why))
			names.items[names.n++] = address.domain;
	return names;
}

/*
 * One domain and its subdomains in each request: only then do the names belong to one registrant.
 */
static bool
domains_are_related(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct claim_texts names = scope(asking);
	const char *name = asking->request->domains.n > 0 ? "domains" : "mailboxes";
	const char *first = NULL;

	if (asking->request->domains.n == 0 && asking->config->profile.validation == POLICY_MAILBOX)
		return true; /* no domain is proved: mailboxes may be anywhere */
	for (size_t i = 0; i < names.n; i++) {
		const char *owned = smime_domain_registrable(asking->rules->psl, names.items[i]);

		if (owned == NULL)
			return cs_refuse(ret_why,
			    (struct cs_refusal){ "domain-public-suffix", field(asking, name, i),
				"TBR 3.2.2.6", "Nobody owns this domain: it is a public suffix.",
				"Give a domain that somebody registered." });
		if (first != NULL && strcmp(first, owned) != 0)
			return cs_refuse(ret_why,
			    (struct cs_refusal){ "domains-not-related", field(asking, name, i),
				"SBR 3.2.2.1", "The domains are not under one registered domain.",
				"Give one domain and its subdomains; ask separately for others." });
		first = owned;
	}
	return true;
}

/* "*@domain" is for exactly this domain: not for the names below it. */
static bool
is_assigned(const struct asking *asking, const char *mailbox)
{
	struct smime_address address;
	struct cs_refusal why;

	if (claim_texts_hold(&asking->config->assigned, mailbox))
		return true;
	if (!smime_address_parse(asking->arena, cs_span_str(mailbox), &address, &why))
		return false;
	return claim_texts_hold(
	    &asking->config->assigned, cs_arena_printf(asking->arena, "*@%s", address.domain));
}

/* Methods retire by date (TBR 3.2.2.4), profiles stay as they were set up. */
static bool
offers_a_proof_of_domains(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct policy_profile *profile = &asking->config->profile;

	if (profile->validation == POLICY_MAILBOX ||
	    policy_domain_methods(profile, asking->until_ms, asking->arena).n > 0)
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "no-domain-method", "profile", "TBR 3.2.2.4",
			 "The profile offers no way to prove a domain that may be used now.",
			 "Ask an operator to add a method to the profile, or choose another "
			 "profile." });
}

/* Whoever controls the domain does not thereby read every mailbox in it. */
static bool
mailboxes_are_assigned(const struct asking *asking, struct cs_refusal *ret_why)
{
	if (asking->config->profile.validation != POLICY_DOMAIN)
		return true;
	for (size_t i = 0; i < asking->request->mailboxes.n; i++) {
		if (!is_assigned(asking, asking->request->mailboxes.items[i]))
			return cs_refuse(ret_why,
			    (struct cs_refusal){ "mailbox-not-assigned",
				field(asking, "mailboxes", i), "SBR 1.3.2.1",
				"The mailbox is not assigned to the account.",
				"Ask an operator to assign it, or prove the mailbox itself with "
				"another profile." });
	}
	return true;
}

/* Names of ours that the enterprise has chosen and that were ours once permit nothing. */
static bool
caa_may_permit_us(const struct asking *asking, struct cs_refusal *ret_why)
{
	if (policy_waives(&asking->config->profile, CLAIM_WAIVED_CAA))
		return true;
	for (size_t i = 0; i < asking->request->mailboxes.n; i++) {
		const char *mailbox = asking->request->mailboxes.items[i];
		struct smime_address address;
		struct cs_refusal why;

		if (!smime_address_parse(asking->arena, cs_span_str(mailbox), &address, &why))
			continue;
		if (policy_caa_issuers(asking->rules, asking->config, address.domain, asking->arena)
			.n == 0)
			return cs_refuse(ret_why,
			    (struct cs_refusal){ "caa-no-issuer", field(asking, "mailboxes", i),
				"SBR 4.2.2.1",
				"The CAA that is configured for this domain names none of our "
				"issuer domain names.",
				"Ask an operator to configure one that the CPS lists." });
	}
	return true;
}

/* ---- a domain alone ---- */

static bool
is_an_operator(const struct asking *asking, struct cs_refusal *ret_why)
{
	if (asking->config->is_operator)
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "not-an-operator", "account", "SBR 4.1.2",
			 "Only operators have the enterprise's domains verified.",
			 "Ask an operator, or prove the domain with a request of your own." });
}

static bool
names_a_registered_domain(const struct asking *asking, struct cs_refusal *ret_why)
{
	const struct claim_texts *domains = &asking->request->domains;

	cs_assert(domains->n == 1); /* as it was read */
	if (smime_domain_registrable(asking->rules->psl, domains->items[0]) != NULL)
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "domain-public-suffix", "domains[0]", "TBR 3.2.2.6",
			 "Nobody owns this domain: it is a public suffix.",
			 "Give a domain that somebody registered." });
}

/* ---- on behalf of an account ---- */

bool
policy_on_behalf(const struct claim_request *request)
{
	return request->submitted_by != NULL && request->submitted_by[0] != '\0';
}

static bool
asks_with_right(const struct asking *asking, struct cs_refusal *ret_why)
{
	if (!policy_on_behalf(asking->request) || asking->config->submitter_is_operator)
		return true;
	return cs_refuse(
	    ret_why, (struct cs_refusal){ "not-an-operator", "for", "SBR 4.1.2",
			 "Only operators ask for certificates on behalf of others.",
			 "Ask an operator, or let the account make the request itself." });
}

/* The first rule that is broken says why. */
static bool
keeps(const struct asking *asking, rule *const *rules, size_t n, struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < n; i++)
		if (!rules[i](asking, ret_why))
			return false;
	return true;
}

bool
policy_may_request(const struct policy_rules *rules, const struct policy_config *config,
    const struct claim_request *request, int64_t now_ms, int64_t until_ms, struct cs_arena *arena,
    struct cs_refusal *ret_why)
{
	static rule *const of_domain[] = { knows_the_asker, is_an_operator,
		names_a_registered_domain };
	static rule *const all[] = { knows_the_asker, asks_with_right, offers_the_profile,
		offers_what_it_may, proves_the_domains_that_it_must, lasts_as_allowed,
		uses_the_key_as_allowed, key_serves, names_what_the_profile_says, names_mailboxes,
		mailboxes_are_in_their_domains, is_identified, domains_are_related,
		offers_a_proof_of_domains, mailboxes_are_assigned, caa_may_permit_us };
	const struct asking asking = { rules, config, request, now_ms, until_ms, arena };

	if (request->kind == CLAIM_DOMAIN_ONLY)
		return keeps(&asking, of_domain, sizeof(of_domain) / sizeof(of_domain[0]), ret_why);
	return keeps(&asking, all, sizeof(all) / sizeof(all[0]), ret_why);
}
