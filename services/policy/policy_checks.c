/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_checks.c: from names to checks.  The list is computed per name, every time, from the
 * request alone; what no profile may leave out is added after everything that a profile decides.
 */
#include "policy_checks.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "smime/address.h"
#include "smime/method.h"
#include "smime/terms.h"

#define METHOD_CAA "caa-issuemail"

const char *
policy_validation_name(enum policy_validation validation)
{
	static const char *const names[] = {
		[POLICY_MAILBOX] = "mailbox", [POLICY_DOMAIN] = "domain", [POLICY_BOTH] = "both"
	};

	return names[validation];
}

bool
policy_needs_person(const struct claim_check *check)
{
	return check->kind == CLAIM_MAILBOX || check->kind == CLAIM_DOMAIN ||
	       check->kind == CLAIM_MPIC_DOMAIN;
}

struct making {
	const struct policy_rules *rules;
	const struct policy_profile *profile;
	const struct claim_request *request;
	struct cs_arena *arena;
	uint32_t min_remotes;
	struct claim_texts domain_methods;
	struct claim_check *checks;
	size_t n;
};

/* The next check, with what all kinds have in common. */
static struct claim_check *
add(struct making *making, enum claim_kind kind, size_t number, const char *target)
{
	cs_assert(making->n < CLAIM_MAX_CHECKS);
	struct claim_check *check = &making->checks[making->n++];

	*check = (struct claim_check){
		.id = cs_arena_printf(making->arena, "%s-%zu", claim_kind_name(kind), number),
		.kind = kind,
		.target = target,
		.method = "",
		.enterprise = making->request->enterprise,
		.account = "",
		.new_because = "",
	};
	return check;
}

static int64_t
period_ms(uint32_t profile_days, enum smime_proof proof)
{
	int64_t profile = profile_days * CS_DAY_MS, rule = smime_rule_reuse_ms(proof);

	return profile < rule ? profile : rule;
}

/* Of several methods the person chooses one with each press: until it is proved the method stays open. */
static void
add_mailbox(struct making *making, size_t number, const char *mailbox)
{
	const struct claim_texts *methods = &making->profile->mailbox_methods;
	struct claim_check *check = add(making, CLAIM_MAILBOX, number, mailbox);

	cs_assert(methods->n > 0);
	if (methods->n == 1)
		check->method = methods->items[0];
	else
		check->allowed_methods = *methods;
	check->account = making->request->account;
	check->freshness_ms = period_ms(making->profile->mailbox_period_days, SMIME_PROOF_MAILBOX);
}

struct claim_texts
policy_domain_methods(const struct policy_profile *profile, int64_t at_ms, struct cs_arena *arena)
{
	size_t n;
	const struct smime_method *methods = smime_methods(&n);
	struct claim_texts usable = { CS_NEW_ARRAY(arena, n, const char *), 0 };

	for (size_t i = 0; i < n; i++)
		if (methods[i].target == SMIME_TARGET_DOMAIN &&
		    claim_texts_hold(&profile->domain_methods, methods[i].name) &&
		    smime_method_usable(&methods[i], at_ms))
			usable.items[usable.n++] = methods[i].name;
	return usable;
}

struct claim_texts
policy_every_domain_method(struct cs_arena *arena)
{
	size_t n;
	const struct smime_method *methods = smime_methods(&n);
	struct claim_texts names = { CS_NEW_ARRAY(arena, n, const char *), 0 };

	for (size_t i = 0; i < n; i++)
		if (methods[i].target == SMIME_TARGET_DOMAIN)
			names.items[names.n++] = methods[i].name;
	return names;
}

/* What nothing narrows but the rules: of a request for a domain alone. */
static struct policy_profile
widest_profile(struct cs_arena *arena)
{
	return (struct policy_profile){
		.validation = POLICY_DOMAIN,
		.domain_period_days =
		    (uint32_t)(smime_rule_reuse_ms(SMIME_PROOF_DOMAIN) / CS_DAY_MS),
		.domain_methods = policy_every_domain_method(arena),
	};
}

/*
 * The method stays open until the person has chosen one and proved the domain by it; what it is worth
 * (dns-persist ten days) shortens the period then.
 */
static void
add_domain(struct making *making, size_t number, const char *domain)
{
	int64_t freshness = period_ms(making->profile->domain_period_days, SMIME_PROOF_DOMAIN);
	struct claim_check *check = add(making, CLAIM_DOMAIN, number, domain);

	check->allowed_methods = making->domain_methods;
	check->issuer_domains = making->rules->issuer_domains; /* a persistent record names us */
	check->freshness_ms = freshness;
	if (policy_waives(making->profile, CLAIM_WAIVED_MPIC))
		return;
	check = add(making, CLAIM_MPIC_DOMAIN, number, domain);
	check->allowed_methods = making->domain_methods;
	check->freshness_ms = freshness;
	check->min_remotes = making->min_remotes;
}

static void
add_caa(struct making *making, enum claim_kind kind, size_t number, const char *domain)
{
	struct claim_check *check = add(making, kind, number, domain);

	check->method = METHOD_CAA;
	check->freshness_ms = SMIME_CAA_WINDOW_MS;
	if (kind == CLAIM_MPIC_CAA)
		check->min_remotes = making->min_remotes;
}

static void
add_caa_pair(struct making *making, size_t number, const char *domain)
{
	if (policy_waives(making->profile, CLAIM_WAIVED_CAA))
		return;
	add_caa(making, CLAIM_CAA, number, domain);
	if (!policy_waives(making->profile, CLAIM_WAIVED_MPIC))
		add_caa(making, CLAIM_MPIC_CAA, number, domain);
}

static void
add_identity(struct making *making, const struct policy_identity *identity)
{
	if (identity == NULL)
		return;
	const struct claim_check proved = policy_identity_check(identity);
	struct claim_check *check = add(making, identity->kind, 1, proved.target);
	const char *id = check->id;

	*check = proved;
	check->id = id;
}

static void
add_distinct(struct claim_texts *texts, const char *text)
{
	if (!claim_texts_hold(texts, text))
		texts->items[texts->n++] = text;
}

static struct claim_texts
mailbox_domains(const struct making *making)
{
	const struct claim_texts *mailboxes = &making->request->mailboxes;
	struct claim_texts domains = { CS_NEW_ARRAY(making->arena, mailboxes->n, const char *), 0 };

	for (size_t i = 0; i < mailboxes->n; i++) {
		struct smime_address address;
		struct cs_refusal why;
		bool parsed = smime_address_parse(
		    making->arena, cs_span_str(mailboxes->items[i]), &address, &why);

		/* policy_may_request() was asked before. */
		cs_assert(parsed);
		add_distinct(&domains, address.domain);
	}
	return domains;
}

void
policy_checks_make(const struct policy_rules *rules, const struct policy_config *config,
    const struct claim_request *request, const struct policy_identified *identified,
    int64_t until_ms, struct cs_arena *arena, struct claim_check **ret_checks, size_t *ret_n)
{
	const struct policy_profile profile =
	    request->kind == CLAIM_DOMAIN_ONLY ? widest_profile(arena) : config->profile;
	struct making making = {
		.rules = rules,
		.profile = &profile,
		.request = request,
		.arena = arena,
		.min_remotes = smime_rule_mpic_min_remotes(until_ms),
		.domain_methods = policy_domain_methods(&profile, until_ms, arena),
		.checks = CS_NEW_ARRAY(arena, CLAIM_MAX_CHECKS, struct claim_check),
	};
	const struct claim_texts of_mailboxes = mailbox_domains(&making);
	const struct claim_texts scope = request->domains.n > 0 ? request->domains : of_mailboxes;

	cs_assert(rules->issuer_domains.n > 0);
	add_identity(&making, identified->organization);
	add_identity(&making, identified->authority);
	add_identity(&making, identified->individual);
	if (profile.validation != POLICY_DOMAIN)
		for (size_t i = 0; i < request->mailboxes.n; i++)
			add_mailbox(&making, i + 1, request->mailboxes.items[i]);
	if (profile.validation != POLICY_MAILBOX)
		for (size_t i = 0; i < scope.n; i++)
			add_domain(&making, i + 1, scope.items[i]);
	for (size_t i = 0; i < of_mailboxes.n; i++)
		add_caa_pair(&making, i + 1, of_mailboxes.items[i]);
	for (size_t i = 0; i < making.n; i++)
		claim_check_digest(&making.checks[i], making.checks[i].digest);
	policy_checks_terms(rules, config, making.checks, making.n, arena);
	*ret_checks = making.checks;
	*ret_n = making.n;
}

/* ---- what CAA is read for ---- */

/* What is configured closest to the domain, at it or above. */
static const struct policy_caa *
closest(const struct policy_config *config, const char *domain)
{
	const struct policy_caa *best = NULL;

	for (size_t i = 0; i < config->n_caa; i++) {
		const struct policy_caa *caa = &config->caa[i];

		if (strcmp(caa->domain, domain) != 0 && !smime_domain_is_under(domain, caa->domain))
			continue;
		if (best == NULL || strlen(caa->domain) > strlen(best->domain))
			best = caa;
	}
	return best;
}

struct claim_texts
policy_caa_issuers(const struct policy_rules *rules, const struct policy_config *config,
    const char *domain, struct cs_arena *arena)
{
	const struct policy_caa *caa = closest(config, domain);
	const struct claim_texts *chosen = caa != NULL ? &caa->issuers : &config->issuers;
	struct claim_texts issuers = { CS_NEW_ARRAY(arena, rules->issuer_domains.n, const char *),
		0 };

	if (caa == NULL && chosen->n == 0)
		return rules->issuer_domains;
	/* A name that is no more ours is none that could permit us. */
	for (size_t i = 0; i < rules->issuer_domains.n; i++)
		if (claim_texts_hold(chosen, rules->issuer_domains.items[i]))
			issuers.items[issuers.n++] = rules->issuer_domains.items[i];
	return issuers;
}

/* Does this check say something about mailboxes of the domain? */
static bool
is_about(const struct claim_check *check, const char *domain)
{
	const char *at = strrchr(check->target, '@');

	if (check->kind == CLAIM_MAILBOX)
		return at != NULL && strcmp(at + 1, domain) == 0;
	return check->kind == CLAIM_DOMAIN &&
	       (strcmp(check->target, domain) == 0 || smime_domain_is_under(domain, check->target));
}

static void
add_method(struct smime_terms *terms, const struct smime_method **methods,
    const struct smime_method *method)
{
	if (smime_terms_has_method(terms, method->name))
		return;
	cs_assert(terms->n_methods < SMIME_TERMS_METHODS);
	methods[terms->n_methods++] = method;
}

/* The methods of all checks about the domain; while one of them is not chosen, none is known. */
static void
add_methods(const struct claim_check *checks, size_t n, const char *domain,
    const struct smime_method **methods, struct smime_terms *terms)
{
	terms->methods = methods;
	for (size_t i = 0; i < n; i++) {
		const struct smime_method *method = smime_method_find(checks[i].method);

		if (!is_about(&checks[i], domain))
			continue;
		if (method == NULL) {
			terms->n_methods = 0;
			return;
		}
		add_method(terms, methods, method);
	}
}

static void
set_terms(const struct policy_rules *rules, const struct claim_texts *issuers,
    const struct claim_check *checks, size_t n, struct claim_check *caa, struct cs_arena *arena)
{
	const struct smime_method *methods[SMIME_TERMS_METHODS];
	struct smime_terms terms = {
		.issuers = issuers->items,
		.n_issuers = issuers->n,
		.account_uri =
		    smime_account_uri(arena, caa->enterprise, rules->issuer_domains.items[0]),
	};

	add_methods(checks, n, caa->target, methods, &terms);
	/*
	 * Names of enterprises and methods and POLICY_MAX_ISSUER_OCTETS leave room.  A check without
	 * terms is read by nobody and permits nothing.
	 */
	if (!smime_terms_write(arena, &terms, &caa->expected))
		caa->expected = cs_span_str("");
	caa->issuer_domains = *issuers;
	claim_check_digest(caa, caa->digest);
}

void
policy_checks_terms(const struct policy_rules *rules, const struct policy_config *config,
    struct claim_check *checks, size_t n, struct cs_arena *arena)
{
	for (size_t i = 0; i < n; i++) {
		if (checks[i].kind != CLAIM_CAA && checks[i].kind != CLAIM_MPIC_CAA)
			continue;
		const struct claim_texts issuers =
		    policy_caa_issuers(rules, config, checks[i].target, arena);

		set_terms(rules, &issuers, checks, n, &checks[i], arena);
	}
}
