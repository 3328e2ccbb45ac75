/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_domains.c: the enterprise's own rules about domains.  They only narrow: what is permitted here must be
 * proved all the same.
 */
#include "policy_domains.h"

#include <string.h>

/* ---- modes ---- */

static const struct {
	const char *name;
	bool approved, owned;
} modes[] = {
	[POLICY_DOMAINS_APPROVED] = { "approved", true, false },
	[POLICY_DOMAINS_APPROVED_OWNED] = { "approved-owned", true, true },
	[POLICY_DOMAINS_ANY_OWNED] = { "any-owned", false, true },
	[POLICY_DOMAINS_ANY] = { "any", false, false },
};

const char *
policy_domain_mode_name(enum policy_domain_mode mode)
{
	return modes[mode].name;
}

bool
policy_domain_mode_parse(const char *name, enum policy_domain_mode *ret_mode)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, name) == 0) {
			*ret_mode = (enum policy_domain_mode)i;
			return true;
		}
	}
	return false;
}

bool
policy_domain_mode_binds(enum policy_domain_mode mode)
{
	return modes[mode].owned;
}

/* ---- what a request names ---- */

static size_t
n_names(const struct claim_request *request)
{
	return request->domains.n > 0 ? request->domains.n : request->mailboxes.n;
}

/* A given domain, or that of a mailbox: those are canonical. */
static const char *
name_at(const struct claim_request *request, size_t i)
{
	if (request->domains.n > 0)
		return request->domains.items[i];
	const char *at = strrchr(request->mailboxes.items[i], '@');

	cs_assert(at != NULL);
	return at + 1;
}

static const char *
field_at(const struct claim_request *request, size_t i, struct cs_arena *arena)
{
	return cs_arena_printf(
	    arena, "%s[%zu]", request->domains.n > 0 ? "domains" : "mailboxes", i);
}

/* Whoever has a domain verified for the enterprise takes nothing for themselves. */
static bool
is_for_a_person(const struct claim_request *request)
{
	return request->mailboxes.n > 0;
}

static bool
is_governed(const struct policy_config *config, const struct claim_request *request)
{
	return is_for_a_person(request) &&
	       (request->domains.n > 0 || config->profile.validation != POLICY_MAILBOX);
}

/* ---- approved ---- */

static bool
is_at_or_above(const char *above, const char *name)
{
	return smime_domain_is_under(name, above);
}

static const struct policy_domain *
closest_domain(const struct policy_config *config, const char *name)
{
	const struct policy_domain *best = NULL;

	for (size_t i = 0; i < config->n_domains; i++) {
		const struct policy_domain *domain = &config->domains[i];

		if (is_at_or_above(domain->name, name) &&
		    (best == NULL || strlen(domain->name) > strlen(best->name)))
			best = domain;
	}
	return best;
}

int64_t
policy_domain_verified_until(const struct policy_need *need, const char *enterprise,
    const char *domain, struct cs_arena *arena)
{
	const struct claim_texts methods = policy_every_domain_method(arena);
	const char *target;

	return policy_standing_domain(need, enterprise, domain, &methods, &target);
}

static bool
is_approved(const struct policy_config *config, const struct policy_need *need,
    const struct claim_request *request, size_t i, struct cs_arena *arena,
    struct cs_refusal *ret_why)
{
	const char *name = name_at(request, i);
	const struct policy_domain *domain = closest_domain(config, name);

	if (domain == NULL)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "domain-not-approved", field_at(request, i, arena),
			"SBR 4.1.2",
			cs_arena_printf(arena,
			    "The enterprise takes approved domains only, and %s is none.", name),
			"Choose a domain that is approved, or ask an operator to add this one." });
	if (!domain->active)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "domain-not-active", field_at(request, i, arena),
			"SBR 4.1.2",
			cs_arena_printf(
			    arena, "The domain %s is not active in the enterprise.", domain->name),
			"Choose another domain, or ask an operator to make this one active." });
	if (policy_domain_verified_until(need, request->enterprise, name, arena) == 0)
		return cs_refuse(ret_why,
		    (struct cs_refusal){ "domain-not-verified", field_at(request, i, arena),
			"SBR 4.2.1",
			cs_arena_printf(
			    arena, "No proof of the domain %s stands for the enterprise.", name),
			"Ask an operator to have the domain verified, and ask again then." });
	return true;
}

/* ---- bound ---- */

const struct policy_ownership *
policy_domain_owner(const struct policy_config *config, const char *domain)
{
	const struct policy_ownership *best = NULL;

	for (size_t i = 0; i < config->n_ownerships; i++) {
		const struct policy_ownership *ownership = &config->ownerships[i];

		if (is_at_or_above(ownership->domain, domain) &&
		    (best == NULL || strlen(ownership->domain) > strlen(best->domain)))
			best = ownership;
	}
	return best;
}

/* Whose it is, is nobody else's business. */
static bool
is_nobody_elses(const struct policy_config *config, const struct claim_request *request, size_t i,
    struct cs_arena *arena, struct cs_refusal *ret_why)
{
	const struct policy_ownership *owner = policy_domain_owner(config, name_at(request, i));

	if (owner == NULL || strcmp(owner->account, request->account) == 0)
		return true;
	return cs_refuse(ret_why,
	    (struct cs_refusal){ "domain-of-another", field_at(request, i, arena), "SBR 4.1.2",
		cs_arena_printf(arena,
		    "The enterprise gives each domain to one person, and %s is another's.",
		    name_at(request, i)),
		"Name a domain of your own, or ask an operator to transfer this one to you." });
}

bool
policy_domains_permit(const struct policy_config *config, const struct policy_need *need,
    const struct claim_request *request, struct cs_arena *arena, struct cs_refusal *ret_why)
{
	if (!is_governed(config, request))
		return true;
	for (size_t i = 0; i < n_names(request); i++) {
		if (modes[config->domain_mode].approved &&
		    !is_approved(config, need, request, i, arena, ret_why))
			return false;
		if (modes[config->domain_mode].owned &&
		    !is_nobody_elses(config, request, i, arena, ret_why))
			return false;
	}
	return true;
}

static void
bind(struct policy_config *config, const char *domain, const char *account, struct cs_arena *arena)
{
	const size_t n = config->n_ownerships;

	if (policy_domain_owner(config, domain) != NULL)
		return;
	struct policy_ownership *grown = CS_NEW_ARRAY(arena, n + 1, struct policy_ownership);

	if (n > 0)
		memcpy(grown, config->ownerships, n * sizeof(grown[0]));
	grown[n] = (struct policy_ownership){ domain, account, true };
	config->ownerships = grown;
	config->n_ownerships = n + 1;
}

/* Validation of mailboxes alone proves no domain. */
static bool
binds(const struct policy_config *config, const struct claim_request *request)
{
	return modes[config->domain_mode].owned && is_for_a_person(request) &&
	       config->profile.validation != POLICY_MAILBOX;
}

/* What others proved binds nothing to this account; what refutes counts, whoever heard it. */
static struct policy_proof *
without_others(
    const struct policy_proof *proofs, const struct claim_request *request, struct cs_arena *arena)
{
	struct policy_proof *own = NULL;

	for (; proofs != NULL; proofs = proofs->next) {
		if (proofs->outcome == CLAIM_PROVED && !cs_id_equal(proofs->request, request->id))
			continue;
		struct policy_proof *copy = CS_NEW(arena, struct policy_proof);

		*copy = *proofs;
		copy->next = own;
		own = copy;
	}
	return own;
}

void
policy_domains_bind_proved(struct policy_config *config, const struct policy_need *need,
    const struct claim_request *request, struct cs_arena *arena)
{
	if (!binds(config, request))
		return;
	const struct claim_texts methods =
	    policy_domain_methods(&config->profile, need->until_ms, arena);
	struct policy_need own = *need;

	own.proofs = without_others(need->proofs, request, arena);
	for (size_t i = 0; i < n_names(request); i++) {
		const char *name = name_at(request, i), *target;
		const struct policy_ownership *owner = policy_domain_owner(config, name);

		if (owner != NULL && strcmp(owner->account, request->account) != 0)
			continue;
		if (policy_standing_domain(&own, request->enterprise, name, &methods, &target) > 0)
			bind(config, target, request->account, arena);
	}
}

void
policy_domains_bind_used(
    struct policy_config *config, const struct claim_request *request, struct cs_arena *arena)
{
	if (!binds(config, request))
		return;
	for (size_t i = 0; i < n_names(request); i++)
		bind(config, name_at(request, i), request->account, arena);
}
