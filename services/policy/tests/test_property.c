/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_property.c: settings, requests and evidence by chance.  What the rules demand is said here once more,
 * in other words and from the names that were drawn: a request is permitted exactly if it may be, no plan
 * lacks a check, no check stands on evidence that does not serve it, and nothing is waived for public trust.
 */
#include <stdio.h>
#include <string.h>

#include "fake_law.h"
#include "fake_world.h"
#include "smime/method.h"
#include "smime/profile.h"
#include "smime/rules.h"

#define LEN(array) (sizeof(array) / sizeof((array)[0]))
#define CASES 20000
#define STEPS 40
#define ANSWERS (4 * STEPS)

/* Of one case; what is wrong with it, if anything. */
struct trial {
	struct draw draw;
	struct policy_case c;
	struct policy_config made_under; /* the final plan */
	int64_t until_ms;                /* that evidence must last: a plan's end and a margin */
	struct policy_evidence said[ANSWERS];
	size_t n_said;
	uint8_t random[32];
	char wrong[200];
};

#define WRONG(t, ...) ((void)snprintf((t)->wrong, sizeof((t)->wrong), __VA_ARGS__), false)

static bool
is_mpic(enum claim_kind kind)
{
	return kind == CLAIM_MPIC_DOMAIN || kind == CLAIM_MPIC_CAA;
}

static bool
is_personal(enum claim_kind kind)
{
	return kind == CLAIM_MAILBOX || kind == CLAIM_INDIVIDUAL;
}

static bool
methods_serve(const struct trial *t, const struct claim_check *check)
{
	const struct policy_profile *profile = &t->draw.config.profile;
	const struct claim_texts *offered =
	    check->kind == CLAIM_MAILBOX ? &profile->mailbox_methods : &profile->domain_methods;

	if (check->kind != CLAIM_MAILBOX && check->kind != CLAIM_DOMAIN &&
	    check->kind != CLAIM_MPIC_DOMAIN)
		return true;
	if (check->method[0] != '\0' && !law_among(offered, check->method))
		return false;
	for (size_t i = 0; i < check->allowed_methods.n; i++)
		if (!law_among(offered, check->allowed_methods.items[i]))
			return false;
	return check->method[0] != '\0' || check->allowed_methods.n > 0;
}

static bool
issuers_serve(const struct trial *t, const struct claim_check *check)
{
	if (check->kind != CLAIM_CAA && check->kind != CLAIM_MPIC_CAA)
		return true;
	for (size_t i = 0; i < check->issuer_domains.n; i++)
		if (!law_caa_may_name(&t->draw, check->target, check->issuer_domains.items[i]))
			return false;
	return check->issuer_domains.n > 0;
}

/* ---- does this evidence serve it? ---- */

static bool
evidence_serves(struct trial *t, const struct claim_check *check, const struct law_demand *demand)
{
	const struct draw *draw = &t->draw;
	const struct policy_evidence *found = law_named(draw, check->standing_sha256);

	if (found == NULL)
		return WRONG(t, "%s stands on nothing", check->id);
	const struct claim_evidence *e = &found->evidence;
	const int64_t fresh_ms = e->checked_at_ms + law_longest_ms(draw, e->kind, e->method);

	if (e->outcome != CLAIM_PROVED || e->kind != check->kind)
		return WRONG(t, "%s stands on what proves nothing", check->id);
	if (strcmp(e->enterprise, "demo") != 0 ||
	    (e->kind == CLAIM_MAILBOX && strcmp(e->account, "alice") != 0))
		return WRONG(t, "%s stands on somebody else's evidence", check->id);
	if (!law_target_serves(e, demand->target))
		return WRONG(t, "%s of %s stands on %s", check->id, demand->target, e->target);
	if (fresh_ms < t->until_ms || (e->valid_until_ms != 0 && e->valid_until_ms < t->until_ms))
		return WRONG(t, "%s stands on old evidence", check->id);
	if (e->security == CLAIM_DNSSEC_BOGUS ||
	    (e->security == CLAIM_DNSSEC_INDETERMINATE && e->kind != CLAIM_MAILBOX))
		return WRONG(
		    t, "%s stands on %s answers", check->id, claim_dnssec_name(e->security));
	if (strcmp(e->method, "email-reply") == 0 && !cs_id_equal(e->request, draw->request.id))
		return WRONG(t, "%s stands on an answer for another request", check->id);
	if (is_mpic(e->kind) && e->n_perspectives < smime_rule_mpic_min_remotes(t->until_ms))
		return WRONG(t, "%s stands on too few perspectives", check->id);
	if (law_voided(draw, e))
		return WRONG(t, "%s stands on what was refused later", check->id);
	return memcmp(e->check_digest, check->digest, CLAIM_DIGEST) == 0 ||
	       WRONG(t, "%s has another digest than its evidence", check->id);
}

/* ---- is it the right plan? ---- */

static const struct claim_check *
find(struct trial *t, const struct claim_plan *plan, const struct law_demand *demand)
{
	const char *id =
	    cs_arena_printf(t->draw.arena, "%s-%u", claim_kind_name(demand->kind), demand->number);

	return fake_check(plan, id);
}

static bool
check_serves(struct trial *t, const struct claim_check *check, const struct law_demand *demand)
{
	const struct draw *draw = &t->draw;
	uint8_t digest[CLAIM_DIGEST];

	claim_check_digest(check, digest);
	if (check->kind != demand->kind || memcmp(digest, check->digest, CLAIM_DIGEST) != 0)
		return WRONG(t, "%s is another check", check->id);
	if (strcmp(check->enterprise, "demo") != 0 ||
	    strcmp(check->account, is_personal(check->kind) ? "alice" : "") != 0)
		return WRONG(t, "%s is for somebody else", check->id);
	if (check->freshness_ms <= 0 ||
	    check->freshness_ms > law_longest_ms(draw, check->kind, check->method))
		return WRONG(t, "%s may be too old", check->id);
	if (is_mpic(check->kind) && check->min_remotes < smime_rule_mpic_min_remotes(t->until_ms))
		return WRONG(t, "%s asks too few perspectives", check->id);
	if (!methods_serve(t, check))
		return WRONG(t, "%s offers a method of no use", check->id);
	if (!issuers_serve(t, check))
		return WRONG(t, "%s names an issuer that the enterprise does not", check->id);
	if (check->has_standing)
		return evidence_serves(t, check, demand);
	return strcmp(check->target, demand->target) == 0 ||
	       WRONG(t, "%s is about %s, not %s", check->id, check->target, demand->target);
}

/* A domain stands on a proof that others saw: the very one. */
static bool
pair_stands_together(
    struct trial *t, const struct claim_plan *plan, const struct law_demand *demand)
{
	const struct claim_check *mpic = find(t, plan, demand);
	const struct law_demand of_domain = { CLAIM_DOMAIN, demand->number, demand->target };
	const struct claim_check *domain = find(t, plan, &of_domain);

	if (demand->kind != CLAIM_MPIC_DOMAIN)
		return true;
	if (mpic->has_standing != domain->has_standing)
		return WRONG(t, "%s and %s do not stand together", domain->id, mpic->id);
	if (!mpic->has_standing)
		return true;
	const struct claim_evidence *seconds =
	    &law_named(&t->draw, mpic->standing_sha256)->evidence;
	return cs_span_equal(
		   seconds->primary_sha256, cs_span_of(domain->standing_sha256, CLAIM_DIGEST)) ||
	       WRONG(t, "%s seconds another proof than that of %s", mpic->id, domain->id);
}

static bool
waives_as_it_may(struct trial *t, const struct claim_plan *plan)
{
	const struct draw *draw = &t->draw;
	const char *want = law_without_caa(draw) && law_without_mpic(draw) ? "caa,mpic"
			   : law_without_caa(draw)                         ? "caa"
			   : law_without_mpic(draw)                        ? "mpic"
									   : "";

	if (!law_private(draw) && plan->waived.n > 0)
		return WRONG(t, "a plan of public trust waives something");
	return strcmp(claim_plan_waived(draw->arena, plan), want) == 0 ||
	       WRONG(t, "waives \"%s\"", claim_plan_waived(draw->arena, plan));
}

static bool
plan_holds(struct trial *t, const struct claim_plan *plan)
{
	struct law_demand demands[CLAIM_MAX_CHECKS];
	const size_t n = law_demands(&t->draw, demands);

	if (strcmp(plan->certificate_profile, t->draw.config.profile.certificate_profile) != 0 ||
	    strcmp(plan->enterprise, "demo") != 0 || strcmp(plan->account, "alice") != 0 ||
	    !cs_id_equal(plan->request, t->draw.request.id) ||
	    memcmp(plan->request_digest, t->draw.request.digest, CLAIM_DIGEST) != 0)
		return WRONG(t, "the plan is for something else");
	if (plan->n_checks != n)
		return WRONG(t, "%zu checks, and %zu are needed", plan->n_checks, n);
	for (size_t i = 0; i < n; i++) {
		const struct claim_check *check = find(t, plan, &demands[i]);

		if (check == NULL)
			return WRONG(t, "no check %s-%u of %s", claim_kind_name(demands[i].kind),
			    demands[i].number, demands[i].target);
		if (!check_serves(t, check, &demands[i]) ||
		    !pair_stands_together(t, plan, &demands[i]))
			return false;
	}
	return waives_as_it_may(t, plan);
}

/* ---- one case ---- */

static struct policy_setting
setting(struct trial *t)
{
	return (struct policy_setting){ t->draw.rules, t->draw.now_ms, t->random, t->draw.arena };
}

static bool
refusal_holds(struct trial *t, const struct cs_refusal *why)
{
	return (why->code[0] != '\0' && why->field[0] != '\0' && why->text[0] != '\0' &&
		   why->mend[0] != '\0') ||
	       WRONG(t, "a refusal without code, field, text or mend");
}

static void
begin(struct trial *t, const struct fake_world *world, uint64_t seed)
{
	struct cs_arena *arena = t->draw.arena;

	cs_arena_reset(arena);
	*t = (struct trial){ .draw = {
				 .dice = seed, .arena = arena, .rules = &world->policy.rules } };
	t->draw.now_ms = FAKE_NOW + (int64_t)draw_below(&t->draw, 60) * CS_DAY_MS;
	draw_config(&t->draw);
	draw_request(&t->draw);
	draw_past(&t->draw);
}

/* ---- the life of a plan ---- */

/* Who looked said so, for this very attempt, with answers that count and enough perspectives. */
static bool
was_said(const struct trial *t, const struct claim_check *check)
{
	for (size_t i = 0; i < t->n_said; i++) {
		const struct claim_evidence *e = &t->said[i].evidence;

		if (e->attempt == check->attempt && e->outcome == CLAIM_PROVED &&
		    memcmp(e->check_digest, check->digest, CLAIM_DIGEST) == 0 &&
		    e->security != CLAIM_DNSSEC_BOGUS &&
		    e->security != CLAIM_DNSSEC_INDETERMINATE &&
		    e->n_perspectives >= check->min_remotes)
			return true;
	}
	return false;
}

static bool
is_identity(enum claim_kind kind)
{
	return kind == CLAIM_ORGANIZATION || kind == CLAIM_AUTHORITY || kind == CLAIM_INDIVIDUAL;
}

/* What a person proves stands; the rest stands or is attempted, and counts only when it was said. */
static bool
final_holds(struct trial *t)
{
	const struct policy_plan *plan = &t->c.plan;

	if (strcmp(plan->approval.account, "alice") != 0)
		return WRONG(t, "somebody else approved");
	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		const struct claim_check *check = &plan->plan.checks[i];
		const bool by_person = check->kind == CLAIM_MAILBOX ||
				       check->kind == CLAIM_DOMAIN ||
				       check->kind == CLAIM_MPIC_DOMAIN;

		if (by_person && !check->has_standing)
			return WRONG(t, "%s was not proved before the final plan", check->id);
		if (!check->has_standing && check->attempt == 0)
			return WRONG(t, "%s neither stands nor is attempted", check->id);
		if (plan->progress[i].outcome == CLAIM_PROVED && !is_identity(check->kind) &&
		    !was_said(t, check))
			return WRONG(t, "%s counts, and nobody said so", check->id);
	}
	return true;
}

static bool
final_is_for_the_approval(struct trial *t, const struct claim_plan *plan)
{
	uint8_t approval[CLAIM_DIGEST];

	claim_envelope_sha256(t->c.plan.approval_envelope, approval);
	return (plan->final && memcmp(plan->approval_sha256, approval, CLAIM_DIGEST) == 0 &&
		   plan->ends_at_ms <= t->draw.now_ms + POLICY_FINAL_MS) ||
	       WRONG(t, "the final plan is for no approval, or for too long");
}

/*
 * A final plan is made under the settings of its time and repeated as it was.  A plan made now is one that
 * may be made now.
 */
static bool
published_holds(struct trial *t, bool repeats)
{
	struct policy_config now = t->draw.config;
	const struct claim_plan *plan = &t->c.plan.plan;

	if (!repeats && !law_permits(&t->draw))
		return WRONG(t, "a plan was made that may not be made");
	if (!repeats)
		t->made_under = now;
	t->until_ms = plan->final ? plan->ends_at_ms + POLICY_MARGIN_MS : law_until_ms(&t->draw);
	t->draw.config = t->made_under;
	const bool holds =
	    plan_holds(t, plan) && (!plan->final || final_is_for_the_approval(t, plan));
	t->draw.config = now;
	return holds;
}

/*
 * A domain is bound by a proof of this very request, or by a final plan that uses one; to who asked, where the
 * enterprise wants that, and never when it is somebody's already.
 */
static bool
binding_holds(struct trial *t, const struct policy_step *step, const struct policy_ownership *bound)
{
	const struct draw *draw = &t->draw;

	if (!law_owned(draw) || draw->config.profile.validation == POLICY_MAILBOX ||
	    strcmp(bound->account, "alice") != 0)
		return WRONG(t, "%s is bound, and must not be", bound->domain);
	if (law_owner(draw, bound->domain) != NULL)
		return WRONG(t, "%s is bound, and was somebody's", bound->domain);
	return (step->publishes && step->next.plan.plan.final) ||
	       law_proved_here(draw, bound->domain) ||
	       WRONG(t, "%s is bound, and was not proved", bound->domain);
}

static bool
bindings_hold(struct trial *t, const struct policy_step *step)
{
	const struct policy_config *was = &t->draw.config, *is = &step->next.config;

	if (is->n_ownerships < was->n_ownerships ||
	    (was->n_ownerships > 0 && memcmp(is->ownerships, was->ownerships,
					  was->n_ownerships * sizeof(was->ownerships[0])) != 0))
		return WRONG(t, "what was bound is bound no more");
	for (size_t i = was->n_ownerships; i < is->n_ownerships; i++)
		if (!binding_holds(t, step, &is->ownerships[i]))
			return false;
	return true;
}

static bool
take(struct trial *t, const struct policy_step *step)
{
	if (!bindings_hold(t, step))
		return false;
	t->c = step->next;
	t->draw.config.ownerships = t->c.config.ownerships;
	t->draw.config.n_ownerships = t->c.config.n_ownerships;
	if (step->refusal.code != NULL && (t->c.plan.state != POLICY_REFUSED || step->publishes))
		return WRONG(t, "refused, and not");
	if (step->refusal.code != NULL)
		return refusal_holds(t, &step->refusal);
	if (step->publishes && !published_holds(t, strcmp(step->says, "final plan revised") == 0))
		return false;
	return t->c.plan.state != POLICY_FINAL || final_holds(t);
}

static bool
say(struct trial *t, const struct policy_evidence *evidence)
{
	const struct policy_setting in = setting(t);

	draw_remember(&t->draw, evidence);
	t->said[t->n_said++] = *evidence;
	const struct policy_step step = policy_decide_evidence(&in, &t->c, evidence);

	return take(t, &step);
}

/* Somebody answers one check: mostly of the attempt that is under way. */
static bool
answer(struct trial *t)
{
	const struct policy_plan *plan = &t->c.plan;
	const size_t i = draw_below(&t->draw, (uint32_t)plan->plan.n_checks);
	const struct claim_check *check = &plan->plan.checks[i];
	uint32_t attempt = plan->progress[i].attempt;

	if (check->kind == CLAIM_MPIC_DOMAIN || is_identity(check->kind))
		return true; /* follows a domain; policy says it itself */
	if (attempt == 0 || draw_chance(&t->draw, 10))
		attempt += 1;
	const struct policy_evidence said = draw_answer(&t->draw, check, attempt);

	if (!say(t, &said))
		return false;
	if (said.evidence.kind != CLAIM_DOMAIN || said.evidence.outcome != CLAIM_PROVED ||
	    !draw_chance(&t->draw, 90))
		return true;
	const struct policy_evidence seconded = draw_corroboration(&t->draw, &said);

	return say(t, &seconded);
}

static bool
look(struct trial *t)
{
	const struct policy_setting in = setting(t);
	const struct claim_plan *plan = &t->c.plan.plan;
	const struct policy_asked asked = {
		plan->checks[draw_below(&t->draw, (uint32_t)plan->n_checks)].id, "demo", "alice"
	};
	const struct policy_step step = policy_decide_verification_asked(&in, &t->c, &asked);

	return take(t, &step);
}

static bool
approve(struct trial *t)
{
	const struct policy_setting in = setting(t);
	struct policy_approved approved = {
		.approval = { .request = t->draw.request.id,
		    .enterprise = "demo",
		    .account = draw_chance(&t->draw, 97) ? "alice" : "bob",
		    .factor = "api-token",
		    .approved_at_ms = t->draw.now_ms },
		.envelope = cs_span_str("approval"),
	};

	memcpy(approved.approval.request_digest, t->draw.request.digest, CLAIM_DIGEST);
	const struct policy_step step = policy_decide_approved(&in, &t->c, &approved);

	return take(t, &step);
}

static bool
wait(struct trial *t)
{
	static const int64_t times[] = { CS_SECOND_MS, CS_MINUTE_MS, 5 * CS_MINUTE_MS,
		20 * CS_MINUTE_MS, 9 * CS_HOUR_MS, 3 * CS_DAY_MS };

	t->draw.now_ms += times[draw_below(&t->draw, LEN(times))];
	const struct policy_setting in = setting(t);
	const struct policy_step step = policy_decide_due(&in, &t->c);

	return take(t, &step);
}

/* An operator changes the settings: policy reads them anew with each event, and this is one. */
static bool
change(struct trial *t)
{
	struct policy_profile *profile = &t->draw.config.profile;

	switch (draw_below(&t->draw, 6)) {
	case 0:
		draw_config(&t->draw);
		break;
	case 1:
		profile->without_caa = !profile->without_caa;
		break;
	case 2:
		profile->without_mpic = !profile->without_mpic;
		break;
	case 3:
		profile->validation = (enum policy_validation)draw_below(&t->draw, 3);
		break;
	case 4:
		profile->mailbox_period_days = 1 + draw_below(&t->draw, 30);
		break;
	default:
		profile->certificate_profile =
		    law_private(&t->draw) ? "mailbox-strict" : "private-mailbox";
	}
	t->c.config = t->draw.config;
	const struct policy_setting in = setting(t);
	const struct policy_step step = policy_decide_changed(&in, &t->c);

	return take(t, &step);
}

/* One that approves in itself: of now, of an hour ago, or too old to count. */
static struct claim_approval
approval_in_itself(struct trial *t)
{
	static const int64_t ages[] = { 0, CS_SECOND_MS, CS_HOUR_MS, 3 * CS_DAY_MS };
	struct claim_approval approval = { .request = t->draw.request.id,
		.enterprise = "demo",
		.account = "alice",
		.factor = "api-token",
		.approved_at_ms = t->draw.now_ms - ages[draw_below(&t->draw, LEN(ages))] };

	memcpy(approval.request_digest, t->draw.request.digest, CLAIM_DIGEST);
	return approval;
}

/* Such an approval is a day old at most, and was given by somebody who saw what it rests on. */
static bool
at_once_holds(struct trial *t)
{
	const struct policy_plan *plan = &t->c.plan;
	const int64_t approved_ms = plan->approval.approved_at_ms;

	if (t->draw.now_ms >= approved_ms + POLICY_APPROVAL_MS)
		return WRONG(t, "an approval of days ago counts");
	for (size_t i = 0; i < plan->plan.n_checks; i++) {
		const struct claim_check *check = &plan->plan.checks[i];
		const bool by_person = check->kind == CLAIM_MAILBOX || check->kind == CLAIM_DOMAIN;

		if (by_person &&
		    law_named(&t->draw, check->standing_sha256)->evidence.checked_at_ms >
			approved_ms)
			return WRONG(t, "%s was proved after the approval", check->id);
	}
	return true;
}

static bool
submit(struct trial *t)
{
	const struct policy_setting in = setting(t);
	const bool may = law_permits(&t->draw), approves = draw_chance(&t->draw, 40);
	const struct claim_approval approval = approval_in_itself(t);
	const struct policy_submitted submitted = { t->draw.request, cs_span_str("request"),
		approves ? &approval : NULL };

	t->c = (struct policy_case){ .config = t->draw.config, .proofs = draw_proofs(&t->draw) };
	const struct policy_step step = policy_decide_submitted(&in, &t->c, &submitted);

	t->c = step.next;
	t->until_ms = law_until_ms(&t->draw);
	if (step.publishes != may)
		return WRONG(t, "%s, and it may%s", may ? step.refusal.code : "permitted",
		    may ? "" : " not");
	if (!may)
		return refusal_holds(t, &step.refusal);
	if (t->c.plan.state != POLICY_FINAL)
		return plan_holds(t, &step.next.plan.plan);
	if (!approves)
		return WRONG(t, "nobody approved");
	return at_once_holds(t) && take(t, &step);
}

static void
a_request_is_permitted_exactly_if_it_may_be(void **state)
{
	struct fake_world *world = *state;
	struct trial t = { .draw = { .arena = cs_arena_new() } };
	size_t permitted = 0, at_once = 0;

	for (uint64_t seed = 0; seed < CASES; seed++) {
		begin(&t, world, seed);
		if (!submit(&t))
			fail_msg("seed %llu: %s", (unsigned long long)seed, t.wrong);
		permitted += t.c.plan.state != POLICY_REFUSED;
		at_once += t.c.plan.state == POLICY_FINAL;
	}
	cs_arena_free(t.draw.arena);
	print_message(
	    "%zu of %d requests were permitted, %zu at once\n", permitted, CASES, at_once);
	assert_true(
	    permitted > CASES / 5 && permitted < CASES - CASES / 5 && at_once > CASES / 400);
}

static bool
go_on(struct trial *t)
{
	const uint32_t what = draw_below(&t->draw, 100);

	if (what < 68)
		return answer(t);
	if (what < 76)
		return wait(t);
	if (what < 80)
		return !t->draw.config.profile_known ||
		       smime_profile_find(t->draw.config.profile.certificate_profile) == NULL ||
		       change(t);
	if (what < 86)
		return look(t);
	return approve(t);
}

static bool
is_complete(const struct trial *t)
{
	const struct policy_plan *plan = &t->c.plan;

	for (size_t i = 0; i < plan->plan.n_checks; i++)
		if (!plan->plan.checks[i].has_standing && plan->progress[i].outcome != CLAIM_PROVED)
			return false;
	return plan->state == POLICY_FINAL;
}

static void
no_plan_lacks_what_rules_or_settings_demand(void **state)
{
	struct fake_world *world = *state;
	struct trial t = { .draw = { .arena = cs_arena_new() } };
	size_t complete = 0, waived = 0;

	for (uint64_t seed = 0; seed < CASES; seed++) {
		begin(&t, world, seed ^ UINT64_C(0x5eed));
		bool holds = submit(&t);

		for (int i = 0; holds && i < STEPS && t.c.plan.state >= POLICY_MADE &&
				t.c.plan.state <= POLICY_FINAL && !is_complete(&t);
		     i++)
			holds = go_on(&t);
		if (!holds)
			fail_msg("seed %llu: %s", (unsigned long long)seed, t.wrong);
		complete += is_complete(&t);
		waived += is_complete(&t) && t.c.plan.plan.waived.n > 0;
	}
	cs_arena_free(t.draw.arena);
	print_message(
	    "%zu of %d plans were proved, %zu of them with a waiver\n", complete, CASES, waived);
	assert_true(complete > CASES / 20 && waived > CASES / 100);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_world_setup, fake_world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_permitted_exactly_if_it_may_be),
		TEST(no_plan_lacks_what_rules_or_settings_demand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
