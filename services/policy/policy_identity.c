/* SPDX-License-Identifier: Apache-2.0 */
/* policy_identity.c: a record counts or does not, and the person who asked is told why. */
#include "policy_identity.h"

#include <string.h>

/* What the refusals of each kind say. */
static const struct kind {
	enum claim_kind kind;
	enum smime_proof proof;
	const char *field, *clause, *what, *mend;
} kinds[] = {
	{ CLAIM_ORGANIZATION, SMIME_PROOF_ORGANIZATION, "enterprise", "SBR 3.2.3", "organization",
	    "Ask an operator to verify the organization, to record it, and to have a second person "
	    "approve the record." },
	{ CLAIM_AUTHORITY, SMIME_PROOF_AUTHORITY, "enterprise", "SBR 3.2.6",
	    "authority to request for the organization",
	    "Ask an operator to contact the organization by a reliable method, to record it, and to "
	    "have a second person approve the record." },
	{ CLAIM_INDIVIDUAL, SMIME_PROOF_INDIVIDUAL, "account", "SBR 3.2.4", "person",
	    "Ask an operator to verify the person, to record it, and to have a second person approve "
	    "the record." },
};

static const struct kind *
kind_of(enum claim_kind kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].kind == kind)
			return &kinds[i];
	return NULL;
}

bool
policy_identity_kind(enum claim_kind kind)
{
	return kind_of(kind) != NULL;
}

/* A record of another kind is never read: store_identity.c. */
static const struct kind *
kind_of_record(const struct policy_identity *identity)
{
	const struct kind *kind = kind_of(identity->kind);

	cs_assert(kind != NULL);
	return kind;
}

/* ---- which record counts ---- */

struct identifying {
	const struct policy_identities *identities;
	enum smime_type type;
	const struct claim_request *request;
	int64_t now_ms, until_ms;
	struct cs_arena *arena;
};

/* "The record of the" person "was withdrawn." */
static struct cs_refusal
no(const struct identifying *in, const struct kind *kind, const char *code, const char *before,
    const char *after)
{
	return (struct cs_refusal){ code, kind->field, kind->clause,
		cs_arena_printf(in->arena, "%s the %s%s.", before, kind->what, after), kind->mend };
}

/* The authority is one over this very organization. */
static bool
is_about(const struct identifying *in, const struct policy_identity *identity,
    const struct policy_identity *organization)
{
	const char *account = identity->kind == CLAIM_INDIVIDUAL ? in->request->account : "";

	return strcmp(identity->enterprise, in->request->enterprise) == 0 &&
	       strcmp(identity->account, account) == 0 &&
	       (identity->kind != CLAIM_AUTHORITY ||
		   (organization != NULL &&
		       cs_span_equal(identity->attributes, organization->attributes)));
}

static bool
is_by_two(const struct policy_identity *identity)
{
	return identity->verified_by[0] != '\0' && identity->approved_by[0] != '\0' &&
	       strcmp(identity->verified_by, identity->approved_by) != 0;
}

/* As the signer judges: a later no about the same thing voids the yes.  What was never approved was never
 * stated, and its withdrawal is not told. */
static bool
is_withdrawn(const struct identifying *in, const struct policy_identity *identity)
{
	for (size_t i = 0; i < in->identities->n; i++) {
		const struct policy_identity *other = &in->identities->items[i];

		if (is_by_two(other) && other->withdrawn_at_ms != 0 &&
		    other->withdrawn_at_ms >= identity->verified_at_ms &&
		    other->kind == identity->kind &&
		    strcmp(other->account, identity->account) == 0 &&
		    strcmp(other->method, identity->method) == 0 &&
		    cs_span_equal(other->attributes, identity->attributes))
			return true;
	}
	return false;
}

static enum smime_type
type_of(enum claim_kind kind)
{
	return kind == CLAIM_INDIVIDUAL ? SMIME_INDIVIDUAL : SMIME_ORGANIZATION;
}

static bool
method_serves(
    const struct identifying *in, const struct kind *kind, const struct policy_identity *identity)
{
	const struct smime_identity_method *method =
	    smime_identity_method_find(identity->method, kind->proof);

	return method != NULL && (!method->sponsor_only || in->type == SMIME_SPONSOR);
}

/* False: *ret_why; `ret`: what it says. */
static bool
counts(const struct identifying *in, const struct kind *kind,
    const struct policy_identity *identity, struct smime_identity *ret, struct cs_refusal *ret_why)
{
	const int64_t ends_ms = identity->verified_at_ms + smime_rule_reuse_ms(kind->proof);

	if (is_withdrawn(in, identity))
		return cs_refuse(
		    ret_why, no(in, kind, "identity-withdrawn", "The record of", " was withdrawn"));
	if (!is_by_two(identity))
		return cs_refuse(ret_why, no(in, kind, "identity-not-approved", "The record of",
					      " is not approved by a second person yet"));
	if (ends_ms < in->until_ms)
		return cs_refuse(ret_why, no(in, kind, "identity-stale", "The verification of",
					      " is more than 825 days old"));
	if (!method_serves(in, kind, identity))
		return cs_refuse(ret_why, no(in, kind, "identity-method", "The method that",
					      " was verified by does not serve this profile"));
	if (!smime_identity_read(
		in->arena, identity->attributes, type_of(identity->kind), ret, ret_why)) {
		*ret_why = (struct cs_refusal){ "identity-unreadable", kind->field, ret_why->clause,
			cs_arena_printf(in->arena, "The record of the %s cannot be used: %s%s%s.",
			    kind->what, ret_why->field, ret_why->field[0] != '\0' ? ": " : "",
			    ret_why->text),
			"Ask an operator to record it anew." };
		return false;
	}
	return true;
}

static const struct policy_identity *
find(const struct identifying *in, enum claim_kind which,
    const struct policy_identity *organization, struct smime_identity *ret,
    struct cs_refusal *ret_why)
{
	const struct kind *kind = kind_of(which);
	const struct policy_identity *best = NULL, *newest = NULL;

	*ret_why = no(in, kind, "identity-missing", "Nobody has verified", "");
	for (size_t i = 0; i < in->identities->n; i++) {
		const struct policy_identity *identity = &in->identities->items[i];
		struct smime_identity says;
		struct cs_refusal why;

		if (identity->kind != which || !is_about(in, identity, organization) ||
		    identity->verified_at_ms > in->now_ms)
			continue;
		if (counts(in, kind, identity, &says, &why)) {
			if (best != NULL && identity->verified_at_ms <= best->verified_at_ms)
				continue;
			best = identity;
			*ret = says;
		} else if (newest == NULL || identity->verified_at_ms > newest->verified_at_ms) {
			newest = identity;
			*ret_why = why;
		}
	}
	return best;
}

bool
policy_identify(const struct policy_identities *identities, enum smime_type type,
    const struct claim_request *request, int64_t now_ms, int64_t until_ms, struct cs_arena *arena,
    struct policy_identified *ret, struct cs_refusal *ret_why)
{
	const struct identifying in = { identities, type, request, now_ms, until_ms, arena };
	struct smime_identity organization = { { NULL } }, individual = { { NULL } }, same;
	struct policy_identified found = { .organization = NULL };

	if (smime_identity_needs(type, SMIME_PROOF_ORGANIZATION)) {
		found.organization = find(&in, CLAIM_ORGANIZATION, NULL, &organization, ret_why);
		if (found.organization == NULL)
			return false;
	}
	if (smime_identity_needs(type, SMIME_PROOF_AUTHORITY)) {
		found.authority = find(&in, CLAIM_AUTHORITY, found.organization, &same, ret_why);
		if (found.authority == NULL)
			return false;
	}
	if (smime_identity_needs(type, SMIME_PROOF_INDIVIDUAL)) {
		found.individual = find(&in, CLAIM_INDIVIDUAL, NULL, &individual, ret_why);
		if (found.individual == NULL)
			return false;
	}
	found.subject = smime_identity_join(type, &organization, &individual);
	*ret = found;
	return true;
}

/* ---- what is stated ---- */

struct claim_check
policy_identity_check(const struct policy_identity *identity)
{
	struct claim_check check = {
		.kind = identity->kind,
		.target =
		    identity->kind == CLAIM_INDIVIDUAL ? identity->account : identity->enterprise,
		.method = identity->method,
		.enterprise = identity->enterprise,
		.account = identity->account,
		.expected = identity->attributes,
		.freshness_ms = smime_rule_reuse_ms(kind_of_record(identity)->proof),
	};

	claim_check_digest(&check, check.digest);
	return check;
}

static struct claim_evidence
state(const struct policy_identity *identity, const struct claim_asked *asked, int64_t now_ms,
    struct cs_arena *arena)
{
	const struct kind *kind = kind_of_record(identity);
	const struct smime_identity_method *method =
	    smime_identity_method_find(identity->method, kind->proof);
	struct claim_evidence evidence;

	claim_evidence_for(asked, &evidence);
	evidence.clause = method != NULL ? method->clause : kind->clause;
	evidence.perspective = "operators";
	evidence.stated_at_ms = now_ms;
	evidence.detail = cs_arena_printf(arena, "%s; source: %s; verified by %s; approved by %s",
	    identity->method, identity->source, identity->verified_by, identity->approved_by);
	return evidence;
}

struct claim_evidence
policy_identity_state(const struct policy_identity *identity, const struct claim_request *request,
    const struct claim_check *check, int64_t now_ms, struct cs_arena *arena)
{
	struct claim_asked asked = { .request = request->id, .check = *check };

	memcpy(asked.request_digest, request->digest, CLAIM_DIGEST);
	struct claim_evidence evidence = state(identity, &asked, now_ms, arena);

	evidence.outcome = CLAIM_PROVED;
	evidence.checked_at_ms = identity->verified_at_ms;
	evidence.valid_until_ms = identity->verified_at_ms + check->freshness_ms;
	return evidence;
}

struct claim_evidence
policy_identity_withdraw(
    const struct policy_identity *identity, int64_t now_ms, struct cs_arena *arena)
{
	struct claim_asked asked = { .request = identity->id,
		.check = policy_identity_check(identity) };

	asked.check.id = claim_kind_name(identity->kind);
	asked.check.attempt = 1;
	struct claim_evidence evidence = state(identity, &asked, now_ms, arena);

	evidence.outcome = CLAIM_REFUSED;
	evidence.reason = "identity-withdrawn";
	evidence.text = "The record of what was verified was withdrawn.";
	evidence.checked_at_ms = identity->withdrawn_at_ms;
	return evidence;
}
