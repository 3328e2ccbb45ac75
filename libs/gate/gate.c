/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate.c: the gate (rules sheet: "events that must all be present and fresh").  First what is missing,
 * which costs nothing and is the usual answer; then, when all is there, everything from the octets.
 */
#include "gate/gate.h"

#include <string.h>

#include "base/time.h"
#include "smime/rules.h"

struct judging {
	struct cs_arena *arena;
	const struct gate_rules *rules;
	const struct gate_case *c;
	int64_t now_ms;
	struct gate_verdict *v;
};

/* ---- what is missing ---- */

static struct gate_missing *
miss(struct judging *j, const char *about, const char *why)
{
	struct gate_missing *missing = &j->v->missing[j->v->n_missing++];

	*missing = (struct gate_missing){ .about = about, .why = why };
	return missing;
}

/* Never again, whatever comes: the first reason counts. */
static bool
refuse(struct judging *j, const char *code, const char *field, const char *clause, const char *text)
{
	if (j->v->says != GATE_REFUSE) {
		j->v->says = GATE_REFUSE;
		j->v->refusal =
		    (struct cs_refusal){ code, field, clause, text, "make a new request" };
	}
	return false;
}

static const struct gate_evidence *
find_by_sha256(const struct gate_case *c, const uint8_t sha256[static CLAIM_DIGEST])
{
	for (size_t i = 0; i < c->n_evidence; i++) {
		if (memcmp(c->evidence[i].sha256, sha256, CLAIM_DIGEST) == 0)
			return &c->evidence[i];
	}
	return NULL;
}

/* The result of this attempt, made for this very request. */
static const struct gate_evidence *
find_by_attempt(const struct gate_case *c, const struct claim_check *check)
{
	for (size_t i = 0; i < c->n_evidence; i++) {
		const struct claim_evidence *e = &c->evidence[i].e;

		if (e->attempt == check->attempt && cs_id_equal(e->request, c->id) &&
		    memcmp(e->check_digest, check->digest, CLAIM_DIGEST) == 0)
			return &c->evidence[i];
	}
	return NULL;
}

/*
 * A look at a domain tries every method, value and name that the check leaves open, and its no states one of
 * them: in the request that the yes was made for it is a no of all.
 */
static bool
was_looked_at_in_vain(const struct gate_case *c, const struct claim_evidence *e)
{
	for (size_t i = 0; e->kind == CLAIM_DOMAIN && i < c->n_evidence; i++) {
		const struct claim_evidence *no = &c->evidence[i].e;

		if (no->kind == CLAIM_DOMAIN && no->outcome == CLAIM_REFUSED &&
		    no->attempt > e->attempt && cs_id_equal(no->request, e->request) &&
		    strcmp(no->check_id, e->check_id) == 0)
			return true;
	}
	return false;
}

/* A no of a later attempt, or of another request and not earlier, voids a yes about the same thing. */
static bool
is_voided(const struct gate_case *c, const struct claim_evidence *e)
{
	for (size_t i = 0; i < c->n_denials; i++) {
		const struct gate_denial *no = &c->denials[i];

		if (memcmp(no->check_digest, e->check_digest, CLAIM_DIGEST) != 0)
			continue;
		if (cs_id_equal(no->request, e->request) ? no->attempt > e->attempt
							 : no->checked_at_ms >= e->checked_at_ms)
			return true;
	}
	return was_looked_at_in_vain(c, e);
}

static void
look_for(struct judging *j, const struct claim_check *check, struct gate_proof *ret)
{
	const struct gate_evidence *found = check->has_standing
						? find_by_sha256(j->c, check->standing_sha256)
						: find_by_attempt(j->c, check);

	*ret = (struct gate_proof){ check, found };
	if (found == NULL) {
		struct gate_missing *missing = miss(j, check->id, "absent");

		missing->elsewhere = check->has_standing;
		memcpy(missing->sha256, check->standing_sha256, CLAIM_DIGEST);
	} else if (found->e.outcome != CLAIM_PROVED) {
		(void)miss(j, check->id, "not-proved");
	} else if (!gate_floor_fresh(&found->e, check->freshness_ms, j->now_ms)) {
		(void)miss(j, check->id, "stale");
	} else if (is_voided(j->c, &found->e)) {
		(void)miss(j, check->id, "voided");
	}
}

/* Reads the plan without judging who signed it: that comes when nothing is missing. */
static bool
look_for_all(struct judging *j)
{
	struct gate_verdict *v = j->v;

	v->missing = CS_NEW_ARRAY(j->arena, CLAIM_MAX_CHECKS + 5, struct gate_missing);
	if (j->c->request.envelope.len == 0)
		(void)miss(j, "request", "absent");
	if (j->c->approval.envelope.len == 0)
		(void)miss(j, "approval", "absent");
	if (j->c->plan.envelope.len == 0)
		(void)miss(j, "plan", "absent");
	else if (claim_open_plan(j->arena, NULL, j->c->plan.envelope, 0, &v->plan, NULL) != CS_OK)
		return refuse(j, "plan-unreadable", "plan", "", "the plan cannot be read");
	else if (j->now_ms + GATE_MARGIN_MS > v->plan.ends_at_ms)
		(void)miss(j, "plan", "ended");
	if (j->c->request.envelope.len > 0 && !j->c->key.known)
		(void)miss(j, "key", "absent");
	v->n_proofs = v->plan.n_checks;
	v->proofs = CS_NEW_ARRAY(j->arena, v->n_proofs, struct gate_proof);
	for (size_t i = 0; i < v->n_proofs; i++)
		look_for(j, &v->plan.checks[i], &v->proofs[i]);
	return v->n_missing == 0;
}

/* ---- is it genuine? ---- */

/*
 * Everything is opened as of the instant that it was recorded: a key that was retired since may have
 * stated it, a key that was distrusted before may not.
 */
static bool
open_statements(struct judging *j)
{
	const struct claim_trust *trust = j->rules->trust;
	const struct gate_case *c = j->c;
	struct gate_verdict *v = j->v;

	if (claim_open_request(j->arena, trust, c->request.envelope, c->request.received_ms,
		&v->request, NULL) != CS_OK)
		return refuse(j, "request-not-genuine", "request", "",
		    "the request is not signed by a key that may state it");
	if (claim_open_approval(j->arena, trust, c->approval.envelope, c->approval.received_ms,
		&v->approval, NULL) != CS_OK)
		return refuse(j, "approval-not-genuine", "approval", "",
		    "the approval is not signed by a key that may state it");
	if (claim_open_plan(
		j->arena, trust, c->plan.envelope, c->plan.received_ms, &v->plan, NULL) != CS_OK)
		return refuse(j, "plan-not-genuine", "plan", "",
		    "the plan is not signed by a key that may state it");
	return true;
}

static bool
open_evidence(struct judging *j, struct gate_proof *proof)
{
	struct gate_evidence *opened = CS_NEW(j->arena, struct gate_evidence);
	const struct gate_received *received = &proof->evidence->received;

	*opened = *proof->evidence;
	claim_envelope_sha256(received->envelope, opened->sha256);
	if (claim_open_evidence(j->arena, j->rules->trust, received->envelope,
		received->received_ms, &opened->e, NULL) != CS_OK)
		return refuse(j, "evidence-not-genuine", proof->check->id, "",
		    "an evidence is not signed by a key that may state it");
	proof->evidence = opened;
	return true;
}

/* ---- is it about this request? ---- */

static bool
same_digest(const uint8_t a[static CLAIM_DIGEST], const uint8_t b[static CLAIM_DIGEST])
{
	return memcmp(a, b, CLAIM_DIGEST) == 0;
}

/* The key, its possession and the digest: computed here, whatever anybody states. */
static bool
judge_request(struct judging *j)
{
	struct gate_verdict *v = j->v;
	struct cs_refusal why;
	uint8_t digest[CLAIM_DIGEST];

	if (v->request.kind == CLAIM_DOMAIN_ONLY)
		return refuse(
		    j, "no-certificate", "request", "", "the request asks for no certificate");
	/* Which keys a profile takes is asked later, by its table. */
	if (!pki_csr_read(j->arena, v->request.csr, PKI_ALLOW_EDDSA, &v->csr, &why)) {
		v->says = GATE_REFUSE;
		v->refusal = why;
		v->refusal.field = "csr";
		return false;
	}
	claim_request_digest(&v->request, v->csr.key.spki, digest);
	if (!cs_id_equal(v->request.id, j->c->id) || !same_digest(digest, v->request.digest))
		return refuse(
		    j, "request-digest", "request", "", "the request is not what its digest says");
	return true;
}

static bool
judge_approval(struct judging *j)
{
	const struct claim_approval *approval = &j->v->approval;
	const struct claim_request *request = &j->v->request;

	if (!cs_id_equal(approval->request, request->id) ||
	    !same_digest(approval->request_digest, request->digest) ||
	    strcmp(approval->enterprise, request->enterprise) != 0 ||
	    strcmp(approval->account, request->account) != 0)
		return refuse(j, "approval-other-request", "approval", "",
		    "the approval is for another request");
	/* The account itself, or who asked on its behalf: both are in signed statements. */
	if (approval->approved_by[0] != '\0' &&
	    strcmp(approval->approved_by, request->submitted_by) != 0)
		return refuse(j, "approval-by-another", "approval", "",
		    "the approval is not by the account, nor by who asked on its behalf");
	return true;
}

static bool
judge_plan(struct judging *j)
{
	const struct claim_plan *plan = &j->v->plan;
	const struct claim_request *request = &j->v->request;
	uint8_t approval[CLAIM_DIGEST];

	if (!plan->final || !cs_id_equal(plan->request, request->id) ||
	    !same_digest(plan->request_digest, request->digest) ||
	    strcmp(plan->enterprise, request->enterprise) != 0 ||
	    strcmp(plan->account, request->account) != 0 ||
	    strcmp(plan->profile, request->profile) != 0)
		return refuse(
		    j, "plan-other-request", "plan", "", "the plan is for another request");
	claim_envelope_sha256(j->c->approval.envelope, approval);
	if (!same_digest(plan->approval_sha256, approval))
		return refuse(
		    j, "plan-other-approval", "plan", "", "the plan names another approval");
	return true;
}

/*
 * So long after a request that is approved in itself its plan may be made: policy makes an approval good for a day, and
 * the last plan goes on for some minutes.
 */
#define AT_ONCE_MS (CS_DAY_MS + CS_HOUR_MS)

static bool
is_approved_in_itself(const struct judging *j)
{
	return claim_statement_of(j->arena, j->c->approval.envelope) == CLAIM_REQUEST;
}

static bool
judge_age_of_approval(struct judging *j)
{
	const struct gate_verdict *v = j->v;

	if (!is_approved_in_itself(j) ||
	    v->plan.made_at_ms - v->approval.approved_at_ms <= AT_ONCE_MS)
		return true;
	return refuse(j, "approval-too-old", "approval", "",
	    "the plan was made more than 25 hours after the request that is its own approval");
}

/* So long before the approval a second factor may have been proved. */
#define FACTOR_MS INT64_C(900000)
#define AHEAD_MS INT64_C(5000)

/* Whether one is wanted says the plan; that it was proved says who sent the codes, and neither can say both. */
static bool
judge_factor(struct judging *j)
{
	struct gate_verdict *v = j->v;
	const struct claim_approval *approval = &v->approval;
	const struct gate_received *received = &j->c->approval;

	if (v->plan.second_factor == NULL || v->plan.second_factor[0] == '\0')
		return true;
	if (claim_open_factor(j->arena, j->rules->trust, approval->second_factor,
		received->received_ms, &v->factor, NULL) != CS_OK)
		return refuse(j, "second-factor-not-genuine", "approval", "",
		    "the second factor is not stated by a key that may state it");
	const char *approver =
	    approval->approved_by[0] != '\0' ? approval->approved_by : approval->account;
	const int64_t age_ms = approval->approved_at_ms - v->factor.proved_at_ms;

	if (!cs_id_equal(v->factor.request, v->request.id) ||
	    !same_digest(v->factor.request_digest, v->request.digest) ||
	    strcmp(v->factor.enterprise, v->request.enterprise) != 0 ||
	    strcmp(v->factor.account, approver) != 0 ||
	    strcmp(v->factor.method, v->plan.second_factor) != 0 || age_ms > FACTOR_MS ||
	    age_ms < -AHEAD_MS)
		return refuse(j, "second-factor-of-another", "approval", "",
		    "the second factor was proved for something else, or too long before");
	return true;
}

static bool
is_personal(enum claim_kind kind)
{
	return kind == CLAIM_MAILBOX || kind == CLAIM_INDIVIDUAL;
}

/* A plan may only ask for what serves this enterprise, and of mailboxes and persons this account. */
static bool
judge_check(struct judging *j, const struct claim_check *check)
{
	const struct claim_request *request = &j->v->request;
	const bool own = strcmp(check->account, request->account) == 0;

	if (strcmp(check->enterprise, request->enterprise) != 0)
		return refuse(j, "check-other-enterprise", check->id, "SBR 4.2.1",
		    "a check of the plan is for another enterprise");
	if (is_personal(check->kind) ? !own : !own && check->account[0] != '\0')
		return refuse(j, "check-other-account", check->id, "SBR 4.2.1",
		    "a check of the plan is for another account");
	return true;
}

static bool
judge_proof(struct judging *j, const struct gate_proof *proof)
{
	const struct claim_evidence *e = &proof->evidence->e;
	const struct claim_check *check = proof->check;
	const struct claim_request *request = &j->v->request;

	if (e->kind != check->kind || !same_digest(e->check_digest, check->digest))
		return refuse(j, "evidence-other-check", check->id, "",
		    "the evidence that the plan names is about something else");
	/* Who approves with the request approves what people have proved by then, and nothing that is proved later. */
	if ((e->kind == CLAIM_MAILBOX || e->kind == CLAIM_DOMAIN) && is_approved_in_itself(j) &&
	    e->checked_at_ms > j->v->approval.approved_at_ms)
		return refuse(j, "approval-before-proof", check->id, "",
		    "the request was approved in itself before this was proved");
	/* Whoever answered then knew nothing of the key that another brings now. */
	if (request->submitted_by[0] != '\0' && e->kind == CLAIM_MAILBOX &&
	    !cs_id_equal(e->request, request->id))
		return refuse(j, "mailbox-not-asked", check->id, "SBR 3.2.2",
		    "a mailbox of a request on behalf was proved for another request");
	if (check->has_standing)
		return same_digest(proof->evidence->sha256, check->standing_sha256) ||
		       refuse(j, "evidence-not-named", check->id, "",
			   "the evidence is not the one that the plan names");
	if (!cs_id_equal(e->request, request->id) || e->attempt != check->attempt ||
	    !same_digest(e->request_digest, request->digest))
		return refuse(j, "evidence-other-request", check->id, "",
		    "the evidence was made for another request");
	return true;
}

/* What changes between looking and opening is what the octets say, so it is asked again. */
static bool
still_stands(struct judging *j, const struct gate_proof *proof)
{
	const struct claim_evidence *e = &proof->evidence->e;

	if (e->outcome != CLAIM_PROVED ||
	    !gate_floor_fresh(e, proof->check->freshness_ms, j->now_ms) || is_voided(j->c, e))
		return refuse(j, "evidence-altered", proof->check->id, "",
		    "our copy of an evidence is not what its octets say");
	return true;
}

static bool
judge_proofs(struct judging *j)
{
	for (size_t i = 0; i < j->v->n_proofs; i++) {
		struct gate_proof *proof = &j->v->proofs[i];

		proof->check = &j->v->plan.checks[i];
		if (!judge_check(j, proof->check) || !open_evidence(j, proof) ||
		    !judge_proof(j, proof) || !still_stands(j, proof))
			return false;
	}
	return true;
}

/* ---- may it be certified? ---- */

static enum smime_key
key_of(const struct pki_key *key)
{
	switch (key->kind) {
	case PKI_KEY_RSA:
		return SMIME_KEY_RSA;
	case PKI_KEY_EC:
		return SMIME_KEY_EC;
	case PKI_KEY_ED25519:
		return SMIME_KEY_ED25519;
	case PKI_KEY_ED448:
		return SMIME_KEY_ED448;
	}
	return SMIME_KEY_RSA;
}

uint16_t
gate_key_usage(const struct gate_verdict *v)
{
	static const enum smime_use uses[] = {
		[CLAIM_DUAL] = SMIME_USE_DUAL,
		[CLAIM_SIGNING] = SMIME_USE_SIGNING,
		[CLAIM_ENCRYPTION] = SMIME_USE_ENCRYPTION,
	};

	return smime_key_usage(v->profile, key_of(&v->csr.key), uses[v->request.key_use]);
}

/* The registry was asked about the key that is in the octets, and about no other. */
static bool
judge_key(struct judging *j)
{
	struct gate_verdict *v = j->v;
	struct cs_refusal why;

	if (!same_digest(j->c->key.spki_sha256, v->csr.key.spki_sha256) ||
	    !cs_id_equal(j->c->previous.request, v->request.previous))
		return refuse(
		    j, "key-unknown", "csr", "SBR 6.1.1.3", "another key was looked up than this");
	if (gate_key_strong(j->rules, &v->csr.key, &why) &&
	    gate_key_holds(j->rules, &j->c->key, &v->request, &why) &&
	    gate_follows(j->arena, &j->c->previous, &v->request, &v->csr.key,
		v->plan.certificate_profile, &why))
		return true;
	v->says = GATE_REFUSE;
	v->refusal = why;
	return false;
}

static bool
judge_profile(struct judging *j)
{
	struct gate_verdict *v = j->v;

	const char *clause;

	v->profile = smime_profile_find(v->plan.certificate_profile);
	if (v->profile == NULL)
		return refuse(j, "profile", "profile", "SBR 7.1.6.1",
		    smime_profile_refusal(v->plan.certificate_profile, &clause));
	if (v->request.validity_days == 0 || v->request.validity_days > v->profile->max_days)
		return refuse(j, "validity", "validity_days", "SBR 6.3.2",
		    "the profile does not allow this many days");
	if (gate_key_usage(v) == 0)
		return refuse(j, "key-use", "key_use", "SBR 7.1.2.3 e",
		    "a key of this kind cannot serve this use");
	return true;
}

static bool
judge_floor(struct judging *j)
{
	const struct gate_floor floor = {
		.arena = j->arena,
		.rules = j->rules,
		.request = &j->v->request,
		.subject = &j->v->plan.subject,
		.profile = j->v->profile,
		.proofs = j->v->proofs,
		.n_proofs = j->v->n_proofs,
		.waived = j->v->plan.waived,
		.now_ms = j->now_ms,
	};
	struct cs_refusal why;

	if (gate_floor_waives(&floor, &why) && gate_floor_holds(&floor, &why) &&
	    (j->v->profile->names[SMIME_SAN_DNS] == SMIME_MUST_NOT ||
		gate_floor_domains_hold(&floor, &why)) &&
	    gate_floor_identity(&floor, &j->v->identity, &why))
		return true;
	j->v->says = GATE_REFUSE;
	j->v->refusal = why;
	return false;
}

void
gate_judge(struct cs_arena *arena, const struct gate_rules *rules, const struct gate_case *c,
    int64_t now_ms, struct gate_verdict *ret)
{
	struct judging j = { arena, rules, c, now_ms, ret };

	*ret = (struct gate_verdict){ .says = GATE_WAIT };
	if (!look_for_all(&j))
		return;
	if (open_statements(&j) && judge_request(&j) && judge_approval(&j) && judge_plan(&j) &&
	    judge_age_of_approval(&j) && judge_factor(&j) && judge_key(&j) && judge_proofs(&j) &&
	    judge_profile(&j) && judge_floor(&j))
		ret->says = GATE_COMPLETE;
	else
		cs_assert(ret->says == GATE_REFUSE);
}
