/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_standing.c: reuse of evidence (SBR 4.2.1), under the enterprise and account that it
 * names.
 */
#include "policy_standing.h"

#include <string.h>

#include "smime/domain.h"
#include "smime/method.h"

int64_t
policy_earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static const struct smime_method *
domain_method(const char *name)
{
	const struct smime_method *method = smime_method_find(name);

	return method != NULL && method->target == SMIME_TARGET_DOMAIN ? method : NULL;
}

/* How long the rules let evidence of this kind and method stand, whatever it says of itself. */
static int64_t
reuse_ms(enum claim_kind kind, const char *name)
{
	const struct smime_method *method = domain_method(name);

	switch (kind) {
	case CLAIM_MAILBOX: /* also of what serves one request alone: that lives longer */
		return smime_rule_reuse_ms(SMIME_PROOF_MAILBOX);
	case CLAIM_DOMAIN:
	case CLAIM_MPIC_DOMAIN:
		return method == NULL ? 0 : smime_rule_reuse_ms(method->reuse);
	case CLAIM_CAA:
	case CLAIM_MPIC_CAA:
		return smime_rule_reuse_ms(SMIME_PROOF_CAA);
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		return smime_rule_reuse_ms(SMIME_PROOF_ORGANIZATION);
	}
	return 0;
}

bool
policy_standing_doubtful(const struct claim_evidence *evidence)
{
	return evidence->security == CLAIM_DNSSEC_BOGUS ||
	       (evidence->security == CLAIM_DNSSEC_INDETERMINATE &&
		   evidence->kind != CLAIM_MAILBOX);
}

bool
policy_proof_of(const struct claim_evidence *evidence, struct cs_span envelope, int64_t now_ms,
    struct policy_proof *ret_proof)
{
	if (evidence->outcome != CLAIM_PROVED && evidence->outcome != CLAIM_REFUSED)
		return false;
	if (evidence->outcome == CLAIM_PROVED && policy_standing_doubtful(evidence))
		return false;
	struct policy_proof proof = {
		.kind = evidence->kind,
		.outcome = evidence->outcome,
		.enterprise = evidence->enterprise,
		.account = evidence->account,
		.target = evidence->target,
		.method = evidence->method,
		.expected = evidence->expected,
		.primary_sha256 = evidence->primary_sha256,
		.request = evidence->request,
		.check_id = evidence->check_id,
		.attempt = evidence->attempt,
		.checked_at_ms = policy_earlier(evidence->checked_at_ms, now_ms),
		.covers_subdomains = evidence->covers_subdomains,
		.remotes = (uint32_t)evidence->n_perspectives,
		.is_new = true,
	};

	/* A refusal is remembered as long as anything that it can void. */
	proof.valid_until_ms = proof.checked_at_ms + reuse_ms(proof.kind, proof.method);
	if (proof.outcome == CLAIM_PROVED && evidence->valid_until_ms != 0)
		proof.valid_until_ms =
		    policy_earlier(proof.valid_until_ms, evidence->valid_until_ms);
	claim_evidence_check_digest(evidence, proof.check_digest);
	claim_envelope_sha256(envelope, proof.envelope_sha256);
	*ret_proof = proof;
	return true;
}

bool
policy_standing_has(const struct policy_proof *proofs, const struct policy_proof *proof)
{
	for (; proofs != NULL; proofs = proofs->next) {
		if (proofs->attempt == proof->attempt &&
		    cs_id_equal(proofs->request, proof->request) &&
		    memcmp(proofs->check_digest, proof->check_digest, CLAIM_DIGEST) == 0)
			return true;
	}
	return false;
}

/*
 * A look at a domain tries every open method, every value and the names above, and its no states one of
 * them: it is a no of all, whichever had proved it before.
 */
static bool
is_same_domain_check(const struct policy_proof *no, const struct policy_proof *yes)
{
	return no->kind == CLAIM_DOMAIN && yes->kind == CLAIM_DOMAIN && no->check_id[0] != '\0' &&
	       strcmp(no->check_id, yes->check_id) == 0;
}

/*
 * A later no voids an earlier yes.  Attempts count inside one request; between requests only the
 * time of the look can tell which was later.
 */
static bool
voids(const struct policy_proof *no, const struct policy_proof *yes)
{
	const bool same = memcmp(no->check_digest, yes->check_digest, CLAIM_DIGEST) == 0;

	if (no->outcome != CLAIM_REFUSED)
		return false;
	if (cs_id_equal(no->request, yes->request))
		return (same || is_same_domain_check(no, yes)) && no->attempt > yes->attempt;
	return same && no->checked_at_ms >= yes->checked_at_ms; /* as the signer judges */
}

static bool
is_voided(const struct policy_proof *proofs, const struct policy_proof *yes)
{
	for (; proofs != NULL; proofs = proofs->next)
		if (voids(proofs, yes))
			return true;
	return false;
}

void
policy_standing_shorten(const struct policy_proof *proofs, int64_t now_ms, struct policy_proof *no)
{
	if (no->kind != CLAIM_DOMAIN || no->outcome != CLAIM_REFUSED)
		return;
	for (; proofs != NULL; proofs = proofs->next)
		if (proofs->outcome == CLAIM_PROVED && voids(no, proofs))
			return;
	no->valid_until_ms = policy_earlier(no->valid_until_ms, now_ms + POLICY_LATE_NO_MS);
}

/*
 * When it stops serving this check: the rules', the evidence's and the profile's period.  The rules of
 * today, also for what was remembered under others.
 */
static int64_t
ends_at(const struct policy_proof *proof, const struct claim_check *check)
{
	int64_t period = policy_earlier(check->freshness_ms, reuse_ms(proof->kind, proof->method));

	return policy_earlier(proof->valid_until_ms, proof->checked_at_ms + period);
}

/*
 * An answer by mail proves a mailbox for the request that it was given for (SBR 3.2.2.4).  So does every
 * proof of a mailbox when another asks: whoever reads it knew of no key but that of the request it was for.
 */
static bool
serves_request(const struct policy_need *need, const struct policy_proof *proof)
{
	const struct smime_method *method = smime_method_find(proof->method);

	return proof->kind != CLAIM_MAILBOX ||
	       (method != NULL && method->target == SMIME_TARGET_MAILBOX &&
		   ((!need->on_behalf && smime_rule_reuse_ms(method->reuse) > 0) ||
		       cs_id_equal(proof->request, need->request)));
}

static bool
is_in_time(const struct policy_need *need, const struct policy_proof *proof)
{
	return need->proved_by_ms == 0 ||
	       (proof->kind != CLAIM_MAILBOX && proof->kind != CLAIM_DOMAIN) ||
	       proof->checked_at_ms <= need->proved_by_ms;
}

static bool
is_usable(const struct policy_need *need, const struct policy_proof *proof,
    const struct claim_check *check)
{
	return proof->outcome == CLAIM_PROVED && proof->kind == check->kind &&
	       strcmp(proof->enterprise, check->enterprise) == 0 &&
	       strcmp(proof->account, check->account) == 0 &&
	       proof->remotes >= check->min_remotes && ends_at(proof, check) >= need->until_ms &&
	       serves_request(need, proof) && is_in_time(need, proof) &&
	       !is_voided(need->proofs, proof);
}

static void
stand(const struct policy_proof *proof, struct claim_check *check)
{
	check->target = proof->target;
	check->method = proof->method;
	check->expected = proof->expected;
	check->has_standing = true;
	check->attempt = 0;
	check->deadline_ms = 0;
	check->standing_until_ms = ends_at(proof, check);
	check->freshness_ms =
	    policy_earlier(check->freshness_ms, reuse_ms(proof->kind, proof->method));
	memcpy(check->standing_sha256, proof->envelope_sha256, CLAIM_DIGEST);
	claim_check_digest(check, check->digest);
}

/* ---- mailbox, CAA, MPIC of CAA ---- */

/* The check says everything, so its digest does; but for a mailbox's method, when that is open. */
static bool
is_about(const struct policy_proof *proof, const struct claim_check *check)
{
	if (check->kind != CLAIM_MAILBOX || check->allowed_methods.n == 0)
		return memcmp(proof->check_digest, check->digest, CLAIM_DIGEST) == 0;
	return proof->kind == CLAIM_MAILBOX && strcmp(proof->target, check->target) == 0 &&
	       claim_texts_hold(&check->allowed_methods, proof->method);
}

bool
policy_standing_serve(const struct policy_need *need, struct claim_check *check)
{
	const struct policy_proof *best = NULL;

	for (const struct policy_proof *p = need->proofs; p != NULL; p = p->next) {
		if (is_about(p, check) &&
		    (best == NULL || ends_at(p, check) > ends_at(best, check)) &&
		    is_usable(need, p, check)) /* last: it looks at all the others */
			best = p;
	}
	if (best == NULL)
		return false;
	stand(best, check);
	return true;
}

/* ---- domains ---- */

/* Methods retire with the evidence that they made (TBR 3.2.2.4). */
static bool
proves_domain(const struct policy_need *need, const struct policy_proof *proof,
    const struct claim_check *check)
{
	const struct smime_method *method = domain_method(proof->method);

	if (!is_usable(need, proof, check) ||
	    !claim_texts_hold(&check->allowed_methods, proof->method) ||
	    !smime_method_usable(method, need->until_ms))
		return false;
	if (strcmp(proof->target, check->target) == 0)
		return true;
	return proof->covers_subdomains && smime_method_covers_below(method) &&
	       smime_domain_is_under(check->target, proof->target);
}

/* The perspectives' evidence that corroborates exactly this one. */
static const struct policy_proof *
corroboration(const struct policy_need *need, const struct policy_proof *domain,
    const struct claim_check *mpic)
{
	for (const struct policy_proof *p = need->proofs; p != NULL; p = p->next) {
		if (cs_span_equal(
			p->primary_sha256, cs_span_of(domain->envelope_sha256, CLAIM_DIGEST)) &&
		    strcmp(p->target, domain->target) == 0 &&
		    strcmp(p->method, domain->method) == 0 &&
		    cs_span_equal(p->expected, domain->expected) && is_usable(need, p, mpic))
			return p;
	}
	return NULL;
}

struct pair {
	const struct policy_proof *domain,
	    *mpic; /* NULL: nothing serves; or no corroboration is asked for */
};

/* `mpic` NULL: the plan does without corroboration. */
static struct pair
best_pair(const struct policy_need *need, const struct claim_check *domain,
    const struct claim_check *mpic)
{
	struct pair best = { NULL, NULL };

	cs_assert(mpic != NULL || need->uncorroborated);
	for (const struct policy_proof *p = need->proofs; p != NULL; p = p->next) {
		if (!proves_domain(need, p, domain))
			continue;
		const struct policy_proof *seconded =
		    mpic != NULL ? corroboration(need, p, mpic) : NULL;

		if ((mpic != NULL && seconded == NULL) ||
		    (best.domain != NULL && ends_at(p, domain) <= ends_at(best.domain, domain)))
			continue;
		best = (struct pair){ p, seconded };
	}
	return best;
}

static void
serve_domain(const struct policy_need *need, struct claim_check *domain, struct claim_check *mpic)
{
	const struct pair best = best_pair(need, domain, mpic);

	if (best.domain == NULL)
		return;
	stand(best.domain, domain);
	if (mpic != NULL)
		stand(best.mpic, mpic);
}

int64_t
policy_standing_domain(const struct policy_need *need, const char *enterprise, const char *domain,
    const struct claim_texts *methods, const char **ret_target)
{
	struct claim_check check = {
		.kind = CLAIM_DOMAIN,
		.target = domain,
		.enterprise = enterprise,
		.account = "",
		.allowed_methods = *methods,
		.freshness_ms = smime_rule_reuse_ms(SMIME_PROOF_DOMAIN),
	};
	struct claim_check mpic = check;

	mpic.kind = CLAIM_MPIC_DOMAIN;
	mpic.min_remotes = smime_rule_mpic_min_remotes(need->until_ms);
	const struct pair best = best_pair(need, &check, &mpic);

	if (best.domain == NULL)
		return 0;
	*ret_target = best.domain->target;
	return policy_earlier(ends_at(best.domain, &check), ends_at(best.mpic, &mpic));
}

/* "mpic-domain-1" of "domain-1": by name, because standing evidence may change the target. */
static struct claim_check *
mpic_of(struct claim_check *checks, size_t n, const struct claim_check *domain)
{
	for (size_t i = 0; i < n; i++)
		if (checks[i].kind == CLAIM_MPIC_DOMAIN && strncmp(checks[i].id, "mpic-", 5) == 0 &&
		    strcmp(checks[i].id + 5, domain->id) == 0)
			return &checks[i];
	return NULL;
}

void
policy_standing_attach(const struct policy_need *need, struct claim_check *checks, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct claim_check *check = &checks[i];

		if (check->kind == CLAIM_DOMAIN)
			serve_domain(need, check, mpic_of(checks, n, check));
		else if (check->kind == CLAIM_MAILBOX)
			(void)policy_standing_serve(need, check);
	}
}

void
policy_standing_attach_caa(const struct policy_need *need, struct claim_check *checks, size_t n)
{
	for (size_t i = 0; i < n && !need->looks_anew; i++)
		if (checks[i].kind == CLAIM_CAA || checks[i].kind == CLAIM_MPIC_CAA)
			(void)policy_standing_serve(need, &checks[i]);
}

bool
policy_standing_voided(const struct policy_proof *proofs, const struct claim_check *check)
{
	for (const struct policy_proof *p = proofs; p != NULL; p = p->next)
		if (memcmp(p->envelope_sha256, check->standing_sha256, CLAIM_DIGEST) == 0)
			return check->has_standing && is_voided(proofs, p);
	return false;
}
