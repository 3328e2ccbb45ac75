/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_change.c: two plans of one request, compared check by check.  The names of a request never change, so that
 * an id stands for the same name in both.
 */
#include "policy_change.h"

#include <string.h>

#include "policy_checks.h"

static const struct claim_check *
find(const struct claim_plan *plan, const char *id)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (strcmp(plan->checks[i].id, id) == 0)
			return &plan->checks[i];
	return NULL;
}

static bool
same_texts(const struct claim_texts *a, const struct claim_texts *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i], b->items[i]) != 0)
			return false;
	return true;
}

/* Of a mailbox; of a domain it stays open, and standing evidence has its own. */
static bool
same_method(const struct claim_check *a, const struct claim_check *b)
{
	return a->kind != CLAIM_MAILBOX || a->has_standing || b->has_standing ||
	       strcmp(a->method, b->method) == 0;
}

/*
 * How long a proof serves shows in what stands.  Which methods CAA must permit follows from how people prove
 * things, and who somebody is from its record.
 */
static bool
asks_the_same(const struct claim_check *a, const struct claim_check *b)
{
	if (policy_identity_kind(a->kind))
		return memcmp(a->digest, b->digest, CLAIM_DIGEST) == 0;
	return a->min_remotes == b->min_remotes && same_method(a, b) &&
	       same_texts(&a->allowed_methods, &b->allowed_methods) &&
	       same_texts(&a->issuer_domains, &b->issuer_domains);
}

/*
 * As the plan was, with what has been proved since attached as it would have served then: a domain alone
 * where that plan did without corroboration.
 */
static struct claim_plan
served(const struct claim_plan *was, const struct policy_need *need, struct cs_arena *arena)
{
	struct claim_plan plan = *was;
	struct policy_need then = *need;

	then.uncorroborated = claim_plan_waives(was, CLAIM_WAIVED_MPIC);
	plan.checks = CS_NEW_ARRAY(arena, was->n_checks, struct claim_check);
	for (size_t i = 0; i < was->n_checks; i++)
		plan.checks[i] = was->checks[i];
	policy_standing_attach(&then, plan.checks, plan.n_checks);
	return plan;
}

static const char *
why(const struct claim_plan *was, const struct claim_plan *now, const struct claim_check *before,
    const struct policy_need *need)
{
	if (before != NULL && before->has_standing && before->standing_until_ms < need->until_ms)
		return "The proof that served before has ended.";
	if (now->profile_version != was->profile_version)
		return "The certification profile was changed, and asks for this now.";
	if (now->enterprise_version != was->enterprise_version)
		return "The settings of the enterprise were changed, and ask for this now.";
	if (before != NULL)
		return "The proof that served before serves no more.";
	return "The rules ask for this now.";
}

static bool
is_proved_by_people(const struct claim_check *check)
{
	return check->kind == CLAIM_MAILBOX || check->kind == CLAIM_DOMAIN;
}

/* NULL is "". */
static bool
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Who approves a request has seen what its subject will say, as what it does without. */
static bool
names_the_same(const struct claim_values *a, const struct claim_values *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->items[i].name, b->items[i].name) != 0 ||
		    strcmp(a->items[i].value, b->items[i].value) != 0 ||
		    strcmp(a->items[i].source, b->items[i].source) != 0)
			return false;
	return true;
}

struct policy_change
policy_change(const struct claim_plan *was, struct claim_plan *now, const struct policy_need *need,
    struct cs_arena *arena)
{
	const struct claim_plan until_now = served(was, need, arena);
	struct policy_change change = { .any = was->n_checks != now->n_checks ||
					       !names_the_same(&was->subject, &now->subject) ||
					       !same_texts(&was->waived, &now->waived) ||
					       !same_text(was->second_factor, now->second_factor) };

	for (size_t i = 0; i < now->n_checks; i++) {
		struct claim_check *check = &now->checks[i];
		const struct claim_check *before = find(&until_now, check->id);
		const bool lost = before != NULL && before->has_standing && !check->has_standing &&
				  policy_needs_person(check);

		if (before == NULL || lost)
			check->new_because = why(was, now, before, need);
		else
			check->new_because = before->new_because;
		change.again[i] = !check->has_standing && is_proved_by_people(check) &&
				  (before == NULL || lost || !asks_the_same(before, check));
		change.any |= before == NULL || lost || !asks_the_same(before, check);
	}
	return change;
}
