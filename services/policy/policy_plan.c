/* SPDX-License-Identifier: Apache-2.0 */
/* policy_plan.c: the life of a plan is in policy.c, the final one in policy_final.c. */
#include "policy_plan.h"

#include <string.h>

#include "policy_domains.h"
#include "smime/rules.h"

/* ---- steps ---- */

void
policy_plan_move(const struct policy_setting *in, struct policy_step *step, enum policy_state to)
{
	struct policy_plan *plan = &step->next.plan;

	cs_assert(policy_may_move(plan->state, to));
	plan->state = to;
	plan->since_ms = in->now_ms;
	plan->due_ms = 0;
	plan->changed = true;
}

void
policy_plan_refuse(const struct policy_setting *in, struct policy_step *step, struct cs_refusal why,
    const char *check_id)
{
	policy_plan_move(in, step, POLICY_REFUSED);
	step->next.plan.due_ms = in->now_ms + POLICY_KEEP_MS;
	step->refusal = why;
	step->refused_check = check_id;
	step->publishes = false;
	step->n_statements = 0;
	memset(step->asks, 0, sizeof(step->asks));
	step->says = "refused";
}

const char *
policy_plan_field(
    const struct policy_plan *plan, const struct claim_check *check, struct cs_arena *arena)
{
	const struct claim_request *request = &plan->request;

	if (policy_identity_kind(check->kind))
		return check->kind == CLAIM_INDIVIDUAL ? "account" : "enterprise";
	if (check->kind != CLAIM_MAILBOX)
		return request->domains.n > 0 ? "domains" : "mailboxes";
	for (size_t i = 0; i < request->mailboxes.n; i++)
		if (strcmp(request->mailboxes.items[i], check->target) == 0)
			return cs_arena_printf(arena, "mailboxes[%zu]", i);
	return "mailboxes";
}

void
policy_plan_own_checks(const struct policy_setting *in, struct policy_plan *plan)
{
	size_t n = plan->plan.n_checks;
	struct claim_check *checks = CS_NEW_ARRAY(in->arena, n, struct claim_check);
	struct policy_progress *progress = CS_NEW_ARRAY(in->arena, n, struct policy_progress);

	for (size_t i = 0; i < n; i++) {
		checks[i] = plan->plan.checks[i];
		progress[i] = plan->progress[i];
	}
	plan->plan.checks = checks;
	plan->progress = progress;
	plan->changed = true;
}

/* ---- attempts ---- */

int64_t
policy_plan_jitter(const struct policy_setting *in, size_t i, int64_t span_ms)
{
	uint32_t value = (uint32_t)in->random[(2 * i) % 32] << 8 | in->random[(2 * i + 1) % 32];

	return span_ms * value / 65536;
}

void
policy_plan_start_attempt(const struct policy_setting *in, struct policy_step *step, size_t i)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_progress *progress = &plan->progress[i];
	struct claim_check *check = &plan->plan.checks[i];

	progress->attempt++;
	progress->tries++;
	progress->outcome = 0;
	check->attempt = progress->attempt;
	check->deadline_ms = policy_earlier(in->now_ms + POLICY_ATTEMPT_MS, plan->plan.ends_at_ms);
	progress->next_ms = check->deadline_ms + 1 + policy_plan_jitter(in, i, 3 * CS_SECOND_MS);
	step->asks[i] = true;
}

void
policy_plan_state_identity(const struct policy_setting *in, struct policy_step *step, size_t i,
    const struct policy_identified *identified)
{
	struct policy_plan *plan = &step->next.plan;
	struct policy_progress *progress = &plan->progress[i];
	struct claim_check *check = &plan->plan.checks[i];
	const struct policy_identity *record =
	    check->kind == CLAIM_ORGANIZATION ? identified->organization
	    : check->kind == CLAIM_AUTHORITY  ? identified->authority
					      : identified->individual;

	cs_assert(record != NULL && step->n_statements < POLICY_STATEMENTS);
	progress->attempt++;
	progress->tries++;
	progress->outcome = CLAIM_PROVED;
	progress->next_ms = 0;
	check->attempt = progress->attempt;
	step->statements[step->n_statements++] =
	    policy_identity_state(record, &plan->request, check, in->now_ms, in->arena);
}

/* ---- plans ---- */

struct policy_need
policy_plan_need(const struct policy_setting *in, const struct policy_case *c)
{
	return (struct policy_need){ .until_ms = in->now_ms + POLICY_FINAL_MS + POLICY_MARGIN_MS,
		.proofs = c->proofs,
		.request = c->plan.request.id,
		.on_behalf = policy_on_behalf(&c->plan.request),
		.proved_by_ms =
		    policy_approved_in_itself(&c->plan) ? c->plan.approval.approved_at_ms : 0,
		.uncorroborated = policy_waives(&c->config.profile, CLAIM_WAIVED_MPIC) };
}

size_t
policy_plan_position(const struct policy_plan *plan, const char *check_id)
{
	size_t i = 0;

	while (i < plan->plan.n_checks && strcmp(plan->plan.checks[i].id, check_id) != 0)
		i++;
	return i;
}

/* Numbers of attempts go on over all plans of a request, whatever a plan says. */
static uint32_t
attempts_so_far(const struct policy_plan *plan, const char *check_id)
{
	const size_t i = policy_plan_position(plan, check_id);

	return i < plan->plan.n_checks ? plan->progress[i].attempt : 0;
}

struct claim_plan
policy_plan_draft(const struct policy_setting *in, const struct policy_case *c,
    const struct policy_identified *identified, bool looks_anew)
{
	struct policy_need need = policy_plan_need(in, c);
	const struct claim_request *request = &c->plan.request;
	const bool alone = request->kind == CLAIM_DOMAIN_ONLY;
	struct claim_plan plan = {
		.request = request->id,
		.revision = c->plan.plan.revision + 1,
		.enterprise = request->enterprise,
		.account = request->account,
		.profile = request->profile,
		.certificate_profile = alone ? "" : c->config.profile.certificate_profile,
		.rules_version = smime_rules_version(),
		.contact = request->contact,
		.profile_version = c->config.profile.version,
		.enterprise_version = c->config.enterprise_version,
		.made_at_ms = in->now_ms,
		.subject = identified->stated,
		.second_factor = alone ? "" : c->config.second_factor,
	};

	need.looks_anew = looks_anew;
	if (alone) /* who has a domain verified wants a new proof, whatever stands */
		need.proofs = NULL;
	else
		plan.waived = policy_waived(&c->config.profile, in->arena);
	memcpy(plan.request_digest, request->digest, CLAIM_DIGEST);
	policy_checks_make(in->rules, &c->config, request, identified, need.until_ms, in->arena,
	    &plan.checks, &plan.n_checks);
	policy_standing_attach(&need, plan.checks, plan.n_checks);
	/* Which methods CAA must permit is known only now. */
	policy_checks_terms(in->rules, &c->config, plan.checks, plan.n_checks, in->arena);
	policy_standing_attach_caa(&need, plan.checks, plan.n_checks);
	return plan;
}

void
policy_plan_take(
    const struct policy_setting *in, struct policy_plan *plan, const struct claim_plan *drafted)
{
	struct policy_progress *progress =
	    CS_NEW_ARRAY(in->arena, drafted->n_checks, struct policy_progress);

	for (size_t i = 0; i < drafted->n_checks; i++)
		progress[i].attempt = attempts_so_far(plan, drafted->checks[i].id);
	plan->plan = *drafted;
	plan->progress = progress;
	plan->changed = true;
}

bool
policy_plan_may_request(const struct policy_setting *in, const struct policy_step *step,
    struct policy_identified *ret, struct cs_refusal *ret_why)
{
	const struct policy_case *c = &step->next;
	const struct policy_need need = policy_plan_need(in, c);

	return policy_may_request(in->rules, &c->config, &c->plan.request, in->now_ms,
		   need.until_ms, in->arena, ret_why) &&
	       policy_domains_permit(&c->config, &need, &c->plan.request, in->arena, ret_why) &&
	       policy_identify_for(&c->config, &c->plan.request, in->now_ms, need.until_ms,
		   in->arena, ret, ret_why);
}
