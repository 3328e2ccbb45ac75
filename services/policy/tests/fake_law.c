/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_law.h"

#include <string.h>

#include "smime/method.h"
#include "smime/profile.h"
#include "smime/rules.h"

bool
law_among(const struct claim_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++)
		if (strcmp(texts->items[i], text) == 0)
			return true;
	return false;
}

bool
law_below(const char *name, const char *above)
{
	const size_t n = strlen(name), m = strlen(above);

	return n > m && name[n - m - 1] == '.' && strcmp(name + n - m, above) == 0;
}

static const char *
domain_of(const char *mailbox)
{
	return strrchr(mailbox, '@') + 1;
}

/* ---- may it be requested? ---- */

static const struct smime_profile *
certificate_of(const struct draw *draw)
{
	return smime_profile_find(draw->config.profile.certificate_profile);
}

bool
law_private(const struct draw *draw)
{
	return certificate_of(draw)->trust == SMIME_TRUST_PRIVATE;
}

bool
law_without_caa(const struct draw *draw)
{
	return law_private(draw) && draw->config.profile.without_caa;
}

bool
law_without_mpic(const struct draw *draw)
{
	return law_private(draw) && draw->config.profile.without_mpic;
}

static bool
names_organization(const struct draw *draw)
{
	return certificate_of(draw)->type == SMIME_ORGANIZATION ||
	       certificate_of(draw)->type == SMIME_SPONSOR;
}

static bool
names_person(const struct draw *draw)
{
	return certificate_of(draw)->type == SMIME_SPONSOR ||
	       certificate_of(draw)->type == SMIME_INDIVIDUAL;
}

static uint32_t
most_days(const struct draw *draw)
{
	return draw->config.profile.max_days < 825 ? draw->config.profile.max_days : 825;
}

static bool
profile_may_be(const struct draw *draw)
{
	const struct policy_profile *profile = &draw->config.profile;
	uint32_t before = 0;

	for (size_t i = 0; i < profile->n_validities; i++) {
		if (profile->validities[i] <= before || profile->validities[i] > most_days(draw))
			return false;
		before = profile->validities[i];
	}
	return !profile->without_dnssec &&
	       (law_private(draw) || (!profile->without_caa && !profile->without_mpic));
}

static bool
days_may_be(const struct draw *draw)
{
	const struct policy_profile *profile = &draw->config.profile;
	const uint32_t days = draw->request.validity_days;
	bool offered = profile->n_validities == 0;

	for (size_t i = 0; i < profile->n_validities; i++)
		offered |= profile->validities[i] == days;
	return offered && days >= 1 && days <= most_days(draw);
}

static bool
use_may_be(const struct draw *draw)
{
	const struct policy_profile *profile = &draw->config.profile;

	return draw->request.key_use == CLAIM_DUAL      ? profile->may_dual
	       : draw->request.key_use == CLAIM_SIGNING ? profile->may_signing
							: profile->may_encryption;
}

/* Each mailbox in a domain that somebody owns, and that is named where any is. */
static bool
mailboxes_may_be(const struct draw *draw)
{
	const struct claim_request *request = &draw->request;

	for (size_t i = 0; i < request->mailboxes.n; i++) {
		const char *mailbox = request->mailboxes.items[i];

		if (draw_place_of(mailbox)->registrable == NULL ||
		    (request->domains.n > 0 && !law_among(&request->domains, domain_of(mailbox))))
			return false;
	}
	return request->mailboxes.n >= 1 && request->mailboxes.n <= 10 && request->domains.n <= 10;
}

/* Word for word: both are sorted, and have each once. */
static bool
are_the_same(const struct claim_texts *a, const struct claim_texts *b)
{
	size_t same = 0;

	while (same < a->n && same < b->n && strcmp(a->items[same], b->items[same]) == 0)
		same++;
	return same == a->n && same == b->n;
}

/* What is fixed is given as it is; of what is hidden nothing else is. */
static bool
names_are_the_profiles(const struct draw *draw)
{
	const struct policy_san_rule *mailbox = &draw->config.profile.sans[POLICY_SAN_MAILBOX];
	const struct policy_san_rule *domain = &draw->config.profile.sans[POLICY_SAN_DOMAIN];
	const struct claim_request *request = &draw->request;

	if (mailbox->values.n > 0) {
		if (!are_the_same(&mailbox->values, &request->mailboxes))
			return false;
	} else if (mailbox->from_person && draw->config.mailbox != NULL) {
		if (request->mailboxes.n != 1 ||
		    strcmp(request->mailboxes.items[0], draw->config.mailbox) != 0)
			return false;
	} else if (mailbox->hidden) {
		return false;
	}
	if (domain->values.n > 0)
		return are_the_same(&domain->values, &request->domains);
	return request->domains.n > 0 ? !domain->hidden : !domain->required;
}

/* One registrable domain; without any domain to prove, mailboxes may be anywhere. */
static bool
names_belong_together(const struct draw *draw)
{
	const struct claim_request *request = &draw->request;
	const struct claim_texts *names =
	    request->domains.n > 0 ? &request->domains : &request->mailboxes;
	const char *first = draw_place_of(names->items[0])->registrable;

	if (request->domains.n == 0 && draw->config.profile.validation == POLICY_MAILBOX)
		return true;
	for (size_t i = 0; i < names->n; i++) {
		const char *owned = draw_place_of(names->items[i])->registrable;

		if (owned == NULL || strcmp(owned, first) != 0)
			return false;
	}
	return true;
}

static bool
people_are_known(const struct draw *draw)
{
	return (!names_organization(draw) || draw->has_organization) &&
	       (!names_person(draw) || draw->has_person);
}

static bool
common_name_may_be(const struct draw *draw)
{
	const char *name = draw->request.common_name;

	return name[0] == '\0' || law_among(&draw->request.mailboxes, name) ||
	       (certificate_of(draw)->type == SMIME_ORGANIZATION && strcmp(name, "Acme AG") == 0) ||
	       (names_person(draw) && strcmp(name, "Ann Ng") == 0);
}

int64_t
law_until_ms(const struct draw *draw)
{
	return draw->now_ms + POLICY_FINAL_MS + POLICY_MARGIN_MS;
}

static bool
domains_can_be_proved(const struct draw *draw)
{
	const struct policy_profile *profile = &draw->config.profile;
	const bool names_hosts = law_private(draw) && draw->request.domains.n > 0;

	if (profile->validation == POLICY_MAILBOX)
		return !names_organization(draw) && !names_hosts;
	for (size_t i = 0; i < profile->domain_methods.n; i++)
		if (smime_method_usable(
			smime_method_find(profile->domain_methods.items[i]), law_until_ms(draw)))
			return true;
	return false;
}

static bool
mailboxes_are_assigned(struct draw *draw)
{
	const struct claim_texts *mailboxes = &draw->request.mailboxes;

	if (draw->config.profile.validation != POLICY_DOMAIN)
		return true;
	for (size_t i = 0; i < mailboxes->n; i++) {
		const char *all =
		    cs_arena_printf(draw->arena, "*@%s", domain_of(mailboxes->items[i]));

		if (!law_among(&draw->config.assigned, mailboxes->items[i]) &&
		    !law_among(&draw->config.assigned, all))
			return false;
	}
	return true;
}

/*
 * Those that the enterprise has chosen for the domain or the closest above it; else those that it has chosen
 * for all; else all that are ours.
 */
bool
law_caa_may_name(const struct draw *draw, const char *domain, const char *issuer)
{
	const struct policy_caa *closest = NULL;

	for (size_t i = 0; i < draw->config.n_caa; i++) {
		const struct policy_caa *caa = &draw->config.caa[i];
		const bool about =
		    strcmp(caa->domain, domain) == 0 || law_below(domain, caa->domain);

		if (about && (closest == NULL || law_below(caa->domain, closest->domain)))
			closest = caa;
	}
	const struct claim_texts *chosen =
	    closest != NULL ? &closest->issuers : &draw->config.issuers;

	return law_among(&draw->rules->issuer_domains, issuer) &&
	       ((closest == NULL && chosen->n == 0) || law_among(chosen, issuer));
}

static bool
caa_can_permit(const struct draw *draw)
{
	const struct claim_texts *mailboxes = &draw->request.mailboxes;
	const struct claim_texts *ours = &draw->rules->issuer_domains;

	for (size_t i = 0; i < mailboxes->n && !law_without_caa(draw); i++) {
		bool can = false;

		for (size_t k = 0; k < ours->n; k++)
			can |=
			    law_caa_may_name(draw, domain_of(mailboxes->items[i]), ours->items[k]);
		if (!can)
			return false;
	}
	return true;
}

/* ---- evidence ---- */

const struct policy_evidence *
law_named(const struct draw *draw, const uint8_t sha256[static CLAIM_DIGEST])
{
	uint8_t digest[CLAIM_DIGEST];

	for (size_t i = 0; i < draw->n_evidence; i++) {
		claim_envelope_sha256(draw->evidence[i].envelope, digest);
		if (memcmp(digest, sha256, CLAIM_DIGEST) == 0)
			return &draw->evidence[i];
	}
	return NULL;
}

static bool
voids(const struct claim_evidence *no, const struct claim_evidence *yes)
{
	const bool same = memcmp(no->check_digest, yes->check_digest, CLAIM_DIGEST) == 0;
	const bool same_look = no->kind == CLAIM_DOMAIN && yes->kind == CLAIM_DOMAIN &&
			       strcmp(no->check_id, yes->check_id) == 0;

	if (no->outcome != CLAIM_REFUSED)
		return false;
	if (cs_id_equal(no->request, yes->request))
		return (same || same_look) && no->attempt > yes->attempt;
	return same && no->checked_at_ms >= yes->checked_at_ms;
}

bool
law_voided(const struct draw *draw, const struct claim_evidence *e)
{
	for (size_t i = 0; i < draw->n_evidence; i++)
		if (voids(&draw->evidence[i].evidence, e))
			return true;
	return false;
}

bool
law_target_serves(const struct claim_evidence *e, const char *target)
{
	const struct smime_method *method = smime_method_find(e->method);
	const bool below = law_below(target, e->target);

	if (strcmp(e->target, target) == 0)
		return true;
	/* Of the corroboration it is asked whether its domain's proof covers: they stand together. */
	return below && method != NULL && smime_method_covers_below(method) &&
	       (e->kind == CLAIM_MPIC_DOMAIN || (e->kind == CLAIM_DOMAIN && e->covers_subdomains));
}

/* As long as the rules let it serve, whatever a profile says. */
static bool
stands(const struct draw *draw, const struct claim_evidence *e)
{
	const struct smime_method *method = smime_method_find(e->method);

	return e->outcome == CLAIM_PROVED && strcmp(e->enterprise, "demo") == 0 && method != NULL &&
	       method->target == SMIME_TARGET_DOMAIN &&
	       smime_method_usable(method, law_until_ms(draw)) &&
	       e->checked_at_ms + (strcmp(e->method, "dns-persist") == 0 ? 10 : 398) * CS_DAY_MS >=
		   law_until_ms(draw) &&
	       (e->valid_until_ms == 0 || e->valid_until_ms >= law_until_ms(draw)) &&
	       !law_voided(draw, e);
}

static bool
is_seconded(const struct draw *draw, const struct policy_evidence *domain)
{
	uint8_t primary[CLAIM_DIGEST];

	claim_envelope_sha256(domain->envelope, primary);
	for (size_t i = 0; i < draw->n_evidence; i++) {
		const struct claim_evidence *e = &draw->evidence[i].evidence;

		if (e->kind == CLAIM_MPIC_DOMAIN && stands(draw, e) &&
		    cs_span_equal(e->primary_sha256, cs_span_of(primary, CLAIM_DIGEST)) &&
		    strcmp(e->target, domain->evidence.target) == 0 &&
		    strcmp(e->method, domain->evidence.method) == 0 &&
		    cs_span_equal(e->expected, domain->evidence.expected) &&
		    e->n_perspectives >= smime_rule_mpic_min_remotes(law_until_ms(draw)))
			return true;
	}
	return false;
}

static bool
is_verified(const struct draw *draw, const char *domain)
{
	for (size_t i = 0; i < draw->n_evidence; i++) {
		const struct policy_evidence *evidence = &draw->evidence[i];

		if (evidence->evidence.kind == CLAIM_DOMAIN && stands(draw, &evidence->evidence) &&
		    law_target_serves(&evidence->evidence, domain) && is_seconded(draw, evidence))
			return true;
	}
	return false;
}

bool
law_proved_here(const struct draw *draw, const char *domain)
{
	for (size_t i = 0; i < draw->n_evidence; i++) {
		const struct claim_evidence *e = &draw->evidence[i].evidence;

		if (e->kind == CLAIM_DOMAIN && stands(draw, e) &&
		    cs_id_equal(e->request, draw->request.id) && strcmp(e->target, domain) == 0 &&
		    is_seconded(draw, &draw->evidence[i]))
			return true;
	}
	return false;
}

/* ---- the enterprise's own rules about domains ---- */

static bool
is_at_or_below(const char *name, const char *above)
{
	return strcmp(name, above) == 0 || law_below(name, above);
}

/* The closest that the enterprise has listed is active, and evidence of the enterprise stands. */
static bool
is_approved(const struct draw *draw, const char *name)
{
	const struct policy_domain *closest = NULL;

	for (size_t i = 0; i < draw->config.n_domains; i++) {
		const struct policy_domain *domain = &draw->config.domains[i];

		if (is_at_or_below(name, domain->name) &&
		    (closest == NULL || law_below(domain->name, closest->name)))
			closest = domain;
	}
	return closest != NULL && closest->active && is_verified(draw, name);
}

bool
law_owned(const struct draw *draw)
{
	return draw->config.domain_mode == POLICY_DOMAINS_APPROVED_OWNED ||
	       draw->config.domain_mode == POLICY_DOMAINS_ANY_OWNED;
}

const char *
law_owner(const struct draw *draw, const char *name)
{
	const struct policy_ownership *closest = NULL;

	for (size_t i = 0; i < draw->config.n_ownerships; i++) {
		const struct policy_ownership *ownership = &draw->config.ownerships[i];

		if (is_at_or_below(name, ownership->domain) &&
		    (closest == NULL || law_below(ownership->domain, closest->domain)))
			closest = ownership;
	}
	return closest == NULL ? NULL : closest->account;
}

static bool
is_nobody_elses(const struct draw *draw, const char *name)
{
	const char *owner = law_owner(draw, name);

	return owner == NULL || strcmp(owner, "alice") == 0;
}

static bool
domains_may_be_named(const struct draw *draw)
{
	const struct claim_request *request = &draw->request;
	const struct claim_texts *names =
	    request->domains.n > 0 ? &request->domains : &request->mailboxes;
	const bool approved = draw->config.domain_mode == POLICY_DOMAINS_APPROVED ||
			      draw->config.domain_mode == POLICY_DOMAINS_APPROVED_OWNED;

	if (request->domains.n == 0 && draw->config.profile.validation == POLICY_MAILBOX)
		return true;
	for (size_t i = 0; i < names->n; i++) {
		const char *name = draw_place_of(names->items[i])->domain;

		if ((approved && !is_approved(draw, name)) ||
		    (law_owned(draw) && !is_nobody_elses(draw, name)))
			return false;
	}
	return true;
}

bool
law_permits(struct draw *draw)
{
	const struct policy_config *config = &draw->config;

	return config->enterprise_known && config->account_known && config->profile_known &&
	       config->profile_allowed && certificate_of(draw) != NULL && profile_may_be(draw) &&
	       days_may_be(draw) && use_may_be(draw) && mailboxes_may_be(draw) &&
	       names_are_the_profiles(draw) && people_are_known(draw) && common_name_may_be(draw) &&
	       names_belong_together(draw) && domains_can_be_proved(draw) &&
	       mailboxes_are_assigned(draw) && caa_can_permit(draw) && domains_may_be_named(draw);
}

/* ---- which checks does it need? ---- */

static void
want(struct law_demand *demands, size_t *n, enum claim_kind kind, uint32_t number,
    const char *target)
{
	demands[(*n)++] = (struct law_demand){ kind, number, target };
}

static struct claim_texts
domains_of_mailboxes(struct draw *draw)
{
	const struct claim_texts *mailboxes = &draw->request.mailboxes;
	struct claim_texts domains = { CS_NEW_ARRAY(draw->arena, mailboxes->n, const char *), 0 };

	for (size_t i = 0; i < mailboxes->n; i++)
		if (!law_among(&domains, domain_of(mailboxes->items[i])))
			domains.items[domains.n++] = domain_of(mailboxes->items[i]);
	return domains;
}

size_t
law_demands(struct draw *draw, struct law_demand demands[static CLAIM_MAX_CHECKS])
{
	const struct claim_request *request = &draw->request;
	const enum policy_validation validation = draw->config.profile.validation;
	const struct claim_texts with_mail = domains_of_mailboxes(draw);
	const struct claim_texts *scope = request->domains.n > 0 ? &request->domains : &with_mail;
	size_t n = 0;

	if (names_organization(draw)) {
		want(demands, &n, CLAIM_ORGANIZATION, 1, "demo");
		want(demands, &n, CLAIM_AUTHORITY, 1, "demo");
	}
	if (names_person(draw))
		want(demands, &n, CLAIM_INDIVIDUAL, 1, "alice");
	for (uint32_t i = 0; i < request->mailboxes.n && validation != POLICY_DOMAIN; i++)
		want(demands, &n, CLAIM_MAILBOX, i + 1, request->mailboxes.items[i]);
	for (uint32_t i = 0; i < scope->n && validation != POLICY_MAILBOX; i++) {
		want(demands, &n, CLAIM_DOMAIN, i + 1, scope->items[i]);
		if (!law_without_mpic(draw))
			want(demands, &n, CLAIM_MPIC_DOMAIN, i + 1, scope->items[i]);
	}
	for (uint32_t i = 0; i < with_mail.n && !law_without_caa(draw); i++) {
		want(demands, &n, CLAIM_CAA, i + 1, with_mail.items[i]);
		if (!law_without_mpic(draw))
			want(demands, &n, CLAIM_MPIC_CAA, i + 1, with_mail.items[i]);
	}
	return n;
}

int64_t
law_longest_ms(const struct draw *draw, enum claim_kind kind, const char *method)
{
	const struct policy_profile *profile = &draw->config.profile;
	const bool ten_days = strcmp(method, "dns-persist") == 0;
	const uint32_t days = ten_days && profile->domain_period_days > 10 ? 10
			      : profile->domain_period_days > 398          ? 398
								  : profile->domain_period_days;

	switch (kind) {
	case CLAIM_MAILBOX:
		return (profile->mailbox_period_days > 30 ? 30 : profile->mailbox_period_days) *
		       CS_DAY_MS;
	case CLAIM_DOMAIN:
	case CLAIM_MPIC_DOMAIN:
		return days * CS_DAY_MS;
	case CLAIM_CAA:
	case CLAIM_MPIC_CAA:
		return 8 * CS_HOUR_MS;
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		return 825 * CS_DAY_MS;
	}
	return 0;
}
