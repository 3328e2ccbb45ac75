/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor_identity.c: who the certificate may name, whatever the plan says (SBR 3.2.3, 3.2.4, 3.2.6; the
 * gate's rows 7 to 9).  People verified it and one service states it: what is judged here is for whom, of
 * which kind, by which method and when.
 */
#include <string.h>

#include "gate/gate.h"
#include "smime/identity.h"

/* What the floor asks for: evidence of this kind, about this, for this account or for everybody. */
struct question {
	enum claim_kind kind;
	enum smime_proof proof;
	const char *target, *account;
};

static bool
refuse(struct cs_refusal *ret, const char *code, const char *field, const char *clause,
    const char *text)
{
	*ret = (struct cs_refusal){ code, field, clause, text, "make a new request" };
	return false;
}

/* Records of the enterprise about its own people serve certificates that name it, and no others. */
static bool
method_serves(const struct gate_floor *floor, const struct question *q, const char *name)
{
	const struct smime_identity_method *method = smime_identity_method_find(name, q->proof);

	return method != NULL && (!method->sponsor_only || floor->profile->type == SMIME_SPONSOR);
}

static bool
answers(const struct gate_floor *floor, const struct question *q, const struct claim_evidence *e)
{
	return e->kind == q->kind && e->outcome == CLAIM_PROVED &&
	       strcmp(e->enterprise, floor->request->enterprise) == 0 &&
	       strcmp(e->target, q->target) == 0 && strcmp(e->account, q->account) == 0 &&
	       method_serves(floor, q, e->method) && gate_floor_fresh(e, 0, floor->now_ms);
}

/* NULL: nothing among the proofs says so. */
static const struct claim_evidence *
find(const struct gate_floor *floor, const struct question *q)
{
	for (size_t i = 0; i < floor->n_proofs; i++)
		if (answers(floor, q, &floor->proofs[i].evidence->e))
			return &floor->proofs[i].evidence->e;
	return NULL;
}

/* The authority is one over the very organization that is named. */
static bool
find_organization(
    const struct gate_floor *floor, struct smime_identity *ret, struct cs_refusal *ret_why)
{
	const char *enterprise = floor->request->enterprise;
	const struct question who = { CLAIM_ORGANIZATION, SMIME_PROOF_ORGANIZATION, enterprise,
		"" };
	const struct question may = { CLAIM_AUTHORITY, SMIME_PROOF_AUTHORITY, enterprise, "" };
	const struct claim_evidence *organization = find(floor, &who), *authority;

	if (organization == NULL)
		return refuse(ret_why, "organization-not-proved", "enterprise", "SBR 3.2.3",
		    "nothing proves who the organization is");
	if (!smime_identity_read(
		floor->arena, organization->expected, SMIME_ORGANIZATION, ret, ret_why))
		return false;
	authority = find(floor, &may);
	if (authority == NULL)
		return refuse(ret_why, "authority-not-proved", "enterprise", "SBR 3.2.6",
		    "nothing proves that the organization wants this");
	return cs_span_equal(authority->expected, organization->expected) ||
	       refuse(ret_why, "authority-other-organization", "enterprise", "SBR 3.2.6",
		   "the authority was proved for another organization");
}

static bool
find_individual(
    const struct gate_floor *floor, struct smime_identity *ret, struct cs_refusal *ret_why)
{
	const char *account = floor->request->account;
	const struct question who = { CLAIM_INDIVIDUAL, SMIME_PROOF_INDIVIDUAL, account, account };
	const struct claim_evidence *individual = find(floor, &who);

	if (individual == NULL)
		return refuse(ret_why, "individual-not-proved", "account", "SBR 3.2.4",
		    "nothing proves who the person is");
	return smime_identity_read(
	    floor->arena, individual->expected, SMIME_INDIVIDUAL, ret, ret_why);
}

static bool
common_name_holds(const struct gate_floor *floor, const struct smime_identity *identity,
    struct cs_refusal *ret_why)
{
	const struct claim_request *request = floor->request;

	if (request->common_name[0] == '\0' ||
	    smime_identity_may_name(floor->profile->common_name, identity, request->common_name))
		return true;
	for (size_t i = 0; i < request->mailboxes.n; i++)
		if (strcmp(request->mailboxes.items[i], request->common_name) == 0)
			return true;
	return refuse(ret_why, "common-name", "common_name", "SBR 7.1.4.2.2 a",
	    "the common name is neither one of the mailboxes nor what was verified");
}

bool
gate_floor_identity(
    const struct gate_floor *floor, struct smime_identity *ret, struct cs_refusal *ret_why)
{
	const enum smime_type type = floor->profile->type;
	struct smime_identity organization = { { NULL } }, individual = { { NULL } }, joined;

	if (smime_identity_needs(type, SMIME_PROOF_ORGANIZATION) &&
	    !find_organization(floor, &organization, ret_why))
		return false;
	if (smime_identity_needs(type, SMIME_PROOF_INDIVIDUAL) &&
	    !find_individual(floor, &individual, ret_why))
		return false;
	joined = smime_identity_join(type, &organization, &individual);
	if (!gate_floor_subject(floor, &joined, ret_why) ||
	    !common_name_holds(floor, &joined, ret_why))
		return false;
	*ret = joined;
	return true;
}
