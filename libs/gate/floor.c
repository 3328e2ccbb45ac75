/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c: what no plan can lower.  Compiled in on purpose: no setting, no table and no event
 * changes it.  Names are compared one by one: a check done many times for one name proves one name.
 * For certificates of private trust the floor lies lower by what their plan names, and two things alone
 * can be named.
 */
#include <string.h>

#include "base/time.h"
#include "gate/gate.h"
#include "smime/address.h"
#include "smime/domain.h"
#include "smime/identity.h"
#include "smime/method.h"
#include "smime/terms.h"

#define AHEAD_MS (5 * CS_SECOND_MS) /* clocks differ */
#define ROUND_MS (5 * CS_MINUTE_MS) /* a perspective's answer is not older than its round */
#define MAX_CAA_TTL_S (24 * 3600)   /* of strangers' zones; the rule's max(TTL, 8 h) has no end */

static int64_t
caa_window_ms(uint32_t ttl_s)
{
	const int64_t ttl_ms = (ttl_s < MAX_CAA_TTL_S ? ttl_s : MAX_CAA_TTL_S) * CS_SECOND_MS;

	return ttl_ms > SMIME_CAA_WINDOW_MS ? ttl_ms : SMIME_CAA_WINDOW_MS;
}

/* A domain's method; NULL: none of ours, which proves nothing. */
static const struct smime_method *
domain_method(const struct claim_evidence *e)
{
	const struct smime_method *method = smime_method_find(e->method);

	return method != NULL && method->target == SMIME_TARGET_DOMAIN ? method : NULL;
}

/* A method that we do not know is refused for what it is, not for its age. */
static int64_t
limit_ms(const struct claim_evidence *e)
{
	const struct smime_method *method = domain_method(e);

	switch (e->kind) {
	case CLAIM_MAILBOX:
		return smime_rule_reuse_ms(SMIME_PROOF_MAILBOX);
	case CLAIM_DOMAIN:
	case CLAIM_MPIC_DOMAIN:
		return smime_rule_reuse_ms(method == NULL ? SMIME_PROOF_DOMAIN : method->reuse);
	case CLAIM_CAA:
	case CLAIM_MPIC_CAA:
		return caa_window_ms(e->ttl_s);
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		return smime_rule_reuse_ms(SMIME_PROOF_ORGANIZATION);
	}
	return 0;
}

bool
gate_floor_fresh(const struct claim_evidence *e, int64_t freshness_ms, int64_t now_ms)
{
	const int64_t age_ms = now_ms - e->checked_at_ms;
	const int64_t then_ms = age_ms + GATE_MARGIN_MS;

	return age_ms >= -AHEAD_MS && then_ms <= limit_ms(e) &&
	       (freshness_ms == 0 || then_ms <= freshness_ms) &&
	       (e->valid_until_ms == 0 || now_ms + GATE_MARGIN_MS <= e->valid_until_ms);
}

/* ---- other perspectives ---- */

/* A region that counts (TBR 3.2.2.9): one of the five registries; -1: none. */
static int
region_of(const char *name)
{
	static const char *const regions[] = { "afrinic", "apnic", "arin", "lacnic", "ripe" };

	for (int i = 0; i < 5; i++) {
		if (strcmp(regions[i], name) == 0)
			return i;
	}
	return -1;
}

/* One voice: whoever holds one key has one, under one name. */
struct voice {
	const char *name, *keyid;
};

static bool
is_new_voice(const struct voice *voices, size_t n, const struct voice *voice)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(voices[i].name, voice->name) == 0 ||
		    strcmp(voices[i].keyid, voice->keyid) == 0)
			return false;
	}
	return strcmp(voice->name, "primary") != 0;
}

/* Does this perspective's own answer say yes to this very question, in this very round? */
static bool
corroborates(const struct gate_floor *floor, const struct gate_evidence *mpic,
    const struct claim_perspective_result *result, struct claim_perspective_answer *ret)
{
	const struct claim_evidence *e = &mpic->e;

	return result->answer.len > 0 &&
	       claim_open_perspective(floor->arena, floor->rules->trust, result->answer,
		   mpic->received.received_ms, ret, NULL) == CS_OK &&
	       memcmp(ret->check_digest, e->check_digest, CLAIM_DIGEST) == 0 &&
	       ret->attempt == e->attempt && ret->outcome == CLAIM_PROVED &&
	       ret->security != CLAIM_DNSSEC_BOGUS && strcmp(ret->perspective, result->name) == 0 &&
	       ret->checked_at_ms >= e->checked_at_ms - ROUND_MS &&
	       ret->checked_at_ms <= e->checked_at_ms + AHEAD_MS;
}

bool
gate_floor_quorum(const struct gate_floor *floor, const struct gate_proof *mpic, bool primary)
{
	const struct claim_evidence *e = &mpic->evidence->e;
	struct smime_mpic_tally tally = { .primary = primary,
		.asked = (uint32_t)e->n_perspectives };
	struct voice *voices = CS_NEW_ARRAY(floor->arena, e->n_perspectives, struct voice);
	unsigned regions = 0;

	for (size_t i = 0; i < e->n_perspectives; i++) {
		const struct claim_perspective_result *result = &e->perspectives[i];
		struct claim_perspective_answer answer;

		if (!corroborates(floor, mpic->evidence, result, &answer))
			continue;
		const struct voice voice = { answer.perspective,
			claim_keyid_of(floor->arena, result->answer) };
		if (region_of(answer.region) < 0 ||
		    !is_new_voice(voices, tally.corroborated, &voice))
			continue;
		voices[tally.corroborated++] = voice;
		regions |= 1U << region_of(answer.region);
	}
	tally.regions = (uint32_t)__builtin_popcount(regions);
	return tally.asked >= mpic->check->min_remotes &&
	       smime_rule_mpic_quorum(&tally, floor->now_ms);
}

static bool
refuse(struct cs_refusal *ret, const char *code, const char *field, const char *clause,
    const char *text)
{
	*ret = (struct cs_refusal){ code, field, clause, text, "make a new request" };
	return false;
}

/* ---- what need not be proved ---- */

/* Asked wherever something is left out, so that no order of questions lets a public profile through. */
static bool
does_without(const struct gate_floor *floor, const char *what)
{
	if (floor->profile->trust != SMIME_TRUST_PRIVATE)
		return false;
	for (size_t i = 0; i < floor->waived.n; i++) {
		if (strcmp(floor->waived.items[i], what) == 0)
			return true;
	}
	return false;
}

bool
gate_floor_waives(const struct gate_floor *floor, struct cs_refusal *ret_why)
{
	for (size_t i = 0; i < floor->waived.n; i++) {
		const char *what = floor->waived.items[i];

		if (floor->profile->trust != SMIME_TRUST_PRIVATE)
			return refuse(ret_why, "waiver-public", "plan", "SBR 4.2.2",
			    "the plan does without a check that every certificate of public trust needs");
		if (strcmp(what, CLAIM_WAIVED_CAA) != 0 && strcmp(what, CLAIM_WAIVED_MPIC) != 0)
			return refuse(ret_why, "waiver-unknown", "plan", "SBR 4.2.2",
			    "the plan does without something other than CAA and perspectives");
	}
	return true;
}

/* ---- control of a mailbox ---- */

/* Does this proof belong to the enterprise, and say this, by a method that we know? */
static bool
is_proof(const struct gate_floor *floor, const struct gate_proof *proof, enum claim_kind kind,
    const char *method)
{
	const struct claim_evidence *e = &proof->evidence->e;

	return e->kind == kind && e->outcome == CLAIM_PROVED && strcmp(e->method, method) == 0 &&
	       strcmp(e->enterprise, floor->request->enterprise) == 0 &&
	       e->security != CLAIM_DNSSEC_BOGUS && gate_floor_fresh(e, 0, floor->now_ms);
}

static bool
proves_mailbox(const struct gate_floor *floor, const struct gate_proof *proof, const char *mailbox)
{
	const struct claim_evidence *e = &proof->evidence->e;
	const struct smime_method *method = smime_method_find(e->method);

	if (method == NULL || method->target != SMIME_TARGET_MAILBOX ||
	    !is_proof(floor, proof, CLAIM_MAILBOX, method->name))
		return false;
	/* What the rules let nobody reuse serves the request that it was made for (SBR 3.2.2.4). */
	if (smime_rule_reuse_ms(method->reuse) == 0 &&
	    (!cs_id_equal(e->request, floor->request->id) ||
		memcmp(e->request_digest, floor->request->digest, CLAIM_DIGEST) != 0))
		return false;
	return strcmp(e->account, floor->request->account) == 0 && strcmp(e->target, mailbox) == 0;
}

/*
 * By a method that may be relied on at this moment.  A file or a mail server proves the name that it was
 * found by and no other (TBR 3.2.2.4.18, SBR 3.2.2.3); a record in DNS those below too.
 */
static bool
covers(const struct gate_floor *floor, const struct gate_proof *proof, const char *domain)
{
	const struct claim_evidence *e = &proof->evidence->e;
	const struct smime_method *method = domain_method(e);

	if (method == NULL || !smime_method_usable(method, floor->now_ms) ||
	    !is_proof(floor, proof, CLAIM_DOMAIN, method->name) || e->expected.len == 0 ||
	    e->security == CLAIM_DNSSEC_INDETERMINATE)
		return false;
	return strcmp(e->target, domain) == 0 ||
	       (e->covers_subdomains && smime_method_covers_below(method) &&
		   smime_domain_is_under(domain, e->target));
}

/* Other perspectives saw what this evidence of a domain says: the same value, named by its digest. */
static bool
is_corroborated(const struct gate_floor *floor, const struct gate_evidence *domain)
{
	for (size_t i = 0; i < floor->n_proofs; i++) {
		const struct gate_proof *proof = &floor->proofs[i];
		const struct claim_evidence *e = &proof->evidence->e;

		if (is_proof(floor, proof, CLAIM_MPIC_DOMAIN, domain->e.method) &&
		    e->primary_sha256.len == CLAIM_DIGEST &&
		    memcmp(e->primary_sha256.data, domain->sha256, CLAIM_DIGEST) == 0 &&
		    strcmp(e->target, domain->e.target) == 0 &&
		    cs_span_equal(e->expected, domain->e.expected) &&
		    gate_floor_quorum(floor, proof, true))
			return true;
	}
	return false;
}

/* Sets *ret_covered where something proves the domain, whether or not others saw it. */
static bool
domain_is_proved(const struct gate_floor *floor, const char *domain, bool *ret_covered)
{
	*ret_covered = false;
	for (size_t i = 0; i < floor->n_proofs; i++) {
		if (!covers(floor, &floor->proofs[i], domain))
			continue;
		*ret_covered = true;
		if (does_without(floor, CLAIM_WAIVED_MPIC) ||
		    is_corroborated(floor, floor->proofs[i].evidence))
			return true;
	}
	return false;
}

static bool
refuse_uncorroborated(struct cs_refusal *ret_why, const char *field)
{
	return refuse(ret_why, "domain-not-corroborated", field, "TBR 3.2.2.9",
	    "too few perspectives saw the proof of the domain");
}

static bool
mailbox_holds(const struct gate_floor *floor, const struct smime_address *address,
    const char *field, struct cs_refusal *ret_why)
{
	/* An enterprise that is named has proved the domain: a mail round trip is not enough. */
	const bool by_domain = smime_identity_needs(floor->profile->type, SMIME_PROOF_ORGANIZATION);
	bool covered;

	for (size_t i = 0; !by_domain && i < floor->n_proofs; i++) {
		if (proves_mailbox(floor, &floor->proofs[i], address->canonical))
			return true;
	}
	if (domain_is_proved(floor, address->domain, &covered))
		return true;
	if (by_domain && !covered)
		return refuse(ret_why, "domain-not-proved", field, "SBR 1.3.2.1",
		    "nothing proves that the organization controls the domain of this mailbox");
	return covered ? refuse_uncorroborated(ret_why, field)
		       : refuse(ret_why, "mailbox-not-proved", field, "SBR 3.2.2",
			     "nothing proves control of this mailbox or of its domain");
}

bool
gate_floor_domains_hold(const struct gate_floor *floor, struct cs_refusal *ret_why)
{
	const struct claim_texts *domains = &floor->request->domains;
	bool covered;

	for (size_t i = 0; i < domains->n; i++) {
		const char *field = cs_arena_printf(floor->arena, "domains[%zu]", i);

		if (domain_is_proved(floor, domains->items[i], &covered))
			continue;
		return covered ? refuse_uncorroborated(ret_why, field)
			       : refuse(ret_why, "domain-not-proved", field, "TBR 3.2.2.4",
				     "nothing proves control of this domain");
	}
	return true;
}

/* ---- CAA ---- */

/* Does this proof say something about mailboxes of the domain? */
static bool
is_about(const struct claim_evidence *e, const char *domain)
{
	const char *at = strrchr(e->target, '@');

	if (e->kind == CLAIM_MAILBOX)
		return at != NULL && strcmp(at + 1, domain) == 0;
	return e->kind == CLAIM_DOMAIN &&
	       (strcmp(e->target, domain) == 0 || smime_domain_is_under(domain, e->target));
}

/* RFC 8657 4: CAA was read for every method by which the plan proves mailboxes of the domain. */
static bool
methods_were_asked_for(
    const struct gate_floor *floor, const struct smime_terms *terms, const char *domain)
{
	for (size_t i = 0; i < floor->n_proofs; i++) {
		const struct claim_evidence *e = &floor->proofs[i].evidence->e;

		if (is_about(e, domain) && !smime_terms_has_method(terms, e->method))
			return false;
	}
	return true;
}

static bool
is_ours(const struct gate_rules *rules, const char *issuer)
{
	for (size_t i = 0; i < rules->issuer_domains.n; i++)
		if (strcmp(rules->issuer_domains.items[i], issuer) == 0)
			return true;
	return false;
}

/* RFC 8657 3: read by names of ours alone, and for the account of this enterprise. */
static bool
were_our_terms(const struct gate_floor *floor, const struct smime_terms *terms)
{
	const char *account;

	for (size_t i = 0; i < terms->n_issuers; i++)
		if (!is_ours(floor->rules, terms->issuers[i]))
			return false;
	if (terms->n_issuers == 0)
		return false;
	account = smime_account_uri(
	    floor->arena, floor->request->enterprise, floor->rules->issuer_domains.items[0]);
	return strcmp(terms->account_uri, account) == 0;
}

static bool
permits(const struct gate_floor *floor, const struct gate_proof *proof, enum claim_kind kind,
    const char *domain)
{
	const struct claim_evidence *e = &proof->evidence->e;
	struct smime_terms terms;

	return is_proof(floor, proof, kind, "caa-issuemail") && strcmp(e->target, domain) == 0 &&
	       smime_terms_read(floor->arena, e->expected, &terms) &&
	       were_our_terms(floor, &terms) && methods_were_asked_for(floor, &terms, domain);
}

/* SBR 4.2.2.1.1: the primary validates DNSSEC; an answer that is neither secure nor insecure is none. */
static bool
was_validated(const struct claim_evidence *e)
{
	return e->security == CLAIM_DNSSEC_SECURE || e->security == CLAIM_DNSSEC_INSECURE;
}

static bool
caa_holds(const struct gate_floor *floor, const char *domain, const char *field,
    struct cs_refusal *ret_why)
{
	bool primary = false;

	if (does_without(floor, CLAIM_WAIVED_CAA))
		return true;
	for (size_t i = 0; i < floor->n_proofs; i++) {
		const struct gate_proof *proof = &floor->proofs[i];

		primary |=
		    permits(floor, proof, CLAIM_CAA, domain) && was_validated(&proof->evidence->e);
	}
	if (!primary)
		return refuse(ret_why, "caa-not-proved", field, "SBR 4.2.2.1",
		    "nothing proves that CAA permits us for this domain, this account and these methods");
	if (does_without(floor, CLAIM_WAIVED_MPIC))
		return true;
	for (size_t i = 0; i < floor->n_proofs; i++) {
		if (permits(floor, &floor->proofs[i], CLAIM_MPIC_CAA, domain) &&
		    gate_floor_quorum(floor, &floor->proofs[i], true))
			return true;
	}
	return refuse(ret_why, "caa-not-corroborated", field, "SBR 4.2.2.2",
	    "too few perspectives read CAA as permission");
}

static bool
named_before(const struct smime_address *addresses, size_t n, const char *domain)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(addresses[i].domain, domain) == 0)
			return true;
	}
	return false;
}

bool
gate_floor_holds(const struct gate_floor *floor, struct cs_refusal *ret_why)
{
	const struct claim_texts *mailboxes = &floor->request->mailboxes;
	struct smime_address *addresses =
	    CS_NEW_ARRAY(floor->arena, mailboxes->n, struct smime_address);

	for (size_t i = 0; i < mailboxes->n; i++) {
		const char *field = cs_arena_printf(floor->arena, "mailboxes[%zu]", i);
		struct smime_address *address = &addresses[i];

		if (!smime_address_parse(
			floor->arena, cs_span_str(mailboxes->items[i]), address, ret_why)) {
			ret_why->field = field;
			return false;
		}
		if (!mailbox_holds(floor, address, field, ret_why))
			return false;
		if (!named_before(addresses, i, address->domain) &&
		    !caa_holds(floor, address->domain, field, ret_why))
			return false;
	}
	return mailboxes->n > 0 ||
	       refuse(ret_why, "no-mailbox", "mailboxes", "SBR 4.2.1", "there is no mailbox");
}
