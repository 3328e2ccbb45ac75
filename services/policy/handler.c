/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.c: the table of contents: each event to its decision, and what the decision says to the
 * world. No I/O: svc_emit() fills the outbox that the skeleton writes with the batch.
 */
#include "handler.h"

#include <string.h>

#include "config_settings.h"
#include "connector/connector.h"
#include "handler_config.h"
#include "handler_people.h"
#include "kept.h"
#include "pki/file.h"
#include "policy_factor.h"
#include "store.h"
#include "wire.h"

#define SEALING_KEYS_MAX 65536
#define APPROVAL_ROOM \
	(CLAIM_MAX_FACTOR + 1024) /* octets of an approval's envelope, and where a plan names it */
#define PROOF_ROOM 64             /* where a check names its proof */

/* ---- reading ---- */

/* NULL: it was not approved in itself, or by a key that may not state approvals: somebody has yet to approve it. */
static const struct claim_approval *
approval_in(
    const struct policy_service *policy, struct svc_event *ev, const struct claim_request *request)
{
	struct claim_approval *approval = CS_NEW(ev->arena, struct claim_approval);
	struct cs_err err;

	if (request->approved_factor[0] == '\0')
		return NULL;
	if (claim_open_approval(ev->arena, policy->trust, ev->body, ev->now_ms, approval, &err) ==
	    CS_OK)
		return approval;
	log_warn(ev->log, "approved in itself in vain reason=\"%s\"", err.text);
	return NULL;
}

static enum cs_code
read_submitted(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct policy_service *policy = self;
	struct policy_submitted *submitted = CS_NEW(ev->arena, struct policy_submitted);

	if (claim_open_request(
		ev->arena, policy->trust, ev->body, ev->now_ms, &submitted->request, err))
		return CS_MALFORMED;
	submitted->envelope = ev->body;
	submitted->approval = approval_in(policy, ev, &submitted->request);
	ev->key = submitted->request.id;
	ev->what = submitted;
	return CS_OK;
}

/* What the approval carries: another's statement, which its sender cannot make. */
static struct policy_factor
read_factor(const struct policy_service *policy, const struct svc_event *ev,
    const struct claim_approval *approval)
{
	struct policy_factor factor = { .genuine = false };
	struct cs_err err;

	if (approval->second_factor.len == 0)
		return factor;
	factor.genuine = claim_open_factor(ev->arena, policy->trust, approval->second_factor,
			     ev->now_ms, &factor.claim, &err) == CS_OK;
	if (!factor.genuine)
		log_warn(ev->log, "second factor not genuine reason=\"%s\"", err.text);
	return factor;
}

static enum cs_code
read_approved(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct policy_service *policy = self;
	struct policy_approved *approved = CS_NEW(ev->arena, struct policy_approved);

	/* A request that is approved in itself is so once: what was not proved then, somebody has to approve. */
	if (claim_statement_of(ev->arena, ev->body) != CLAIM_APPROVAL)
		return cs_fail(err, CS_MALFORMED, "not an approval");
	if (claim_open_approval(
		ev->arena, policy->trust, ev->body, ev->now_ms, &approved->approval, err))
		return CS_MALFORMED;
	approved->envelope = ev->body;
	approved->factor = read_factor(policy, ev, &approved->approval);
	ev->key = approved->approval.request;
	ev->what = approved;
	return CS_OK;
}

/*
 * The right to publish a subject is one service's: evidence of another kind does not belong
 * there.
 */
static bool
belongs(const char *subject, enum claim_kind kind)
{
	return strcmp(claim_kind_subject(kind), subject) == 0;
}

static enum cs_code
read_evidence(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct policy_service *policy = self;
	struct policy_evidence *evidence = CS_NEW(ev->arena, struct policy_evidence);

	if (claim_open_evidence(
		ev->arena, policy->trust, ev->body, ev->now_ms, &evidence->evidence, err))
		return CS_MALFORMED;
	if (!belongs(ev->subject, evidence->evidence.kind))
		return cs_fail(err, CS_MALFORMED, "evidence of kind %s on %s",
		    claim_kind_name(evidence->evidence.kind), ev->subject);
	evidence->envelope = ev->body;
	ev->key = evidence->evidence.request;
	ev->what = evidence;
	return CS_OK;
}

static enum cs_code
read_asked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct policy_asked *asked = CS_NEW(ev->arena, struct policy_asked);

	(void)self;
	ev->what = asked;
	return wire_read_asked(ev->arena, ev->body, &ev->key, asked, err);
}

static enum cs_code
read_cancelled(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	return wire_read_cancelled(ev->arena, ev->body, &ev->key, err);
}

static enum cs_code
read_issued(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	return wire_read_issued(ev->arena, ev->body, &ev->key, err);
}

static enum cs_code
read_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	return wire_read_refused(ev->arena, ev->body, &ev->key, err);
}

static enum cs_code
read_stopped(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)self;
	return wire_read_stopped(ev->arena, ev->body, &ev->key, err);
}

/* ---- telling the world ---- */

static const char *
asked_subject(enum claim_kind kind)
{
	switch (kind) {
	case CLAIM_MAILBOX:
		return "plan.mailbox-asked";
	case CLAIM_DOMAIN:
		return "plan.domain-asked";
	case CLAIM_CAA:
		return "plan.caa-asked";
	case CLAIM_MPIC_DOMAIN:
	case CLAIM_MPIC_CAA:
		return "plan.mpic-asked";
	case CLAIM_ORGANIZATION:
	case CLAIM_AUTHORITY:
	case CLAIM_INDIVIDUAL:
		break; /* nobody is asked: operators verified it */
	}
	return NULL;
}

static void
emit_asked(struct svc_event *ev, const struct policy_plan *plan, size_t i)
{
	struct claim_asked asked = {
		.request = ev->key,
		.check = plan->plan.checks[i],
		.asked_at_ms = ev->now_ms,
	};

	memcpy(asked.request_digest, plan->request.digest, CLAIM_DIGEST);
	svc_emit(ev, asked_subject(asked.check.kind), claim_write_asked(ev->arena, &asked));
}

static struct policy_setting
setting(const struct policy_service *policy, const struct svc_event *ev)
{
	return (struct policy_setting){ &policy->rules, ev->now_ms, ev->random, ev->arena };
}

/* Whose request it is about, NULL: it did not come yet. */
static const char *
enterprise_of(const struct svc_event *ev)
{
	const struct policy_case *c = ev->state;
	const struct policy_submitted *submitted = ev->what;

	if (c->plan.request.enterprise == NULL && strcmp(ev->subject, "request.submitted") == 0)
		return submitted->request.enterprise;
	return c->plan.request.enterprise;
}

/* What a decision is given; what was bound in this batch before it is there. */
static struct policy_setting
begin(const struct policy_service *policy, struct svc_event *ev)
{
	struct policy_case *c = ev->state;
	const char *enterprise = enterprise_of(ev);

	if (c->plan.approval_envelope.len > 0 && c->plan.state < POLICY_REFUSED)
		c->plan.factor = read_factor(policy, ev, &c->plan.approval);
	if (c->bindings != NULL && enterprise != NULL)
		policy_bindings_show(c->bindings, enterprise, &c->config, ev->arena);
	return setting(policy, ev);
}

/* What is published of a plan: whoever judges by a final one gets what it rests on with it. */
static struct cs_span
publication(struct svc_event *ev, struct policy_plan *plan)
{
	const struct claim_case with = { .request = plan->request_envelope,
		.approval = plan->approval_envelope };

	if (plan->plan.final)
		return claim_batch_final(ev->shared, &plan->plan, &with, &plan->plan_envelope);
	plan->plan_envelope = claim_batch_plan(ev->shared, &plan->plan);
	return plan->plan_envelope;
}

/* Octets that its final plan will take beside a first one, at most. */
static size_t
room_for_final(const struct policy_plan *plan)
{
	if (plan->plan.final || plan->request.kind == CLAIM_DOMAIN_ONLY)
		return 0;
	return plan->request_envelope.len + APPROVAL_ROOM + plan->plan.n_checks * PROOF_ROOM;
}

/* What the signer asks of both when the final plan reaches it, whenever they were stated. */
static bool
still_count(
    const struct policy_service *policy, struct svc_event *ev, const struct policy_plan *plan)
{
	struct claim_request request;
	struct claim_approval approval;
	struct cs_err err;

	if (claim_open_request(ev->arena, policy->trust, plan->request_envelope, ev->now_ms,
		&request, &err) == CS_OK &&
	    claim_open_approval(ev->arena, policy->trust, plan->approval_envelope, ev->now_ms,
		&approval, &err) == CS_OK)
		return true;
	log_warn(ev->log, "request or approval counts no more reason=\"%s\"", err.text);
	return false;
}

/*
 * Signs the plan of this step.  Instead, a refusal of one that would not fit an event, as it is or when it is final, and
 * of a final one whose request or approval the signer would not take.
 */
static struct cs_span
seal(const struct policy_service *policy, struct svc_event *ev, struct policy_step *step)
{
	struct policy_plan *plan = &step->next.plan;
	const struct policy_setting in = setting(policy, ev);

	if (plan->plan.final && !still_count(policy, ev, plan)) {
		*step = policy_decide_retired(&in, &step->next);
		return cs_span_str(NULL);
	}
	const struct cs_span published = publication(ev, plan);

	if (published.len + room_for_final(plan) <= CLAIM_MAX_ENVELOPE)
		return published;
	plan->plan_envelope = cs_span_str(NULL);
	*step = policy_decide_too_large(&in, &step->next);
	return plan->plan_envelope;
}

/* `published`: the plan of the step, if it publishes one. */
static void
emit(const struct policy_service *policy, struct svc_event *ev, const struct policy_step *step,
    struct cs_span published)
{
	const struct policy_plan *plan = &step->next.plan;

	if (step->refusal.code != NULL)
		svc_emit(
		    ev, "plan.refused", wire_write_refused(ev->arena, step, ev->key, ev->now_ms));
	if (step->publishes)
		svc_emit(ev, plan->plan.final ? "plan.final" : "plan.made", published);
	for (size_t i = 0; i < step->n_statements; i++)
		svc_emit(ev, "evidence.identity",
		    claim_seal_evidence(ev->arena, policy->key, &step->statements[i]));
	for (size_t i = 0; i < plan->plan.n_checks; i++)
		if (step->asks[i])
			emit_asked(ev, plan, i);
	if (step->ends)
		svc_ended(ev);
}

/* Everybody hears to whom a domain is bound, as of other settings. */
static void
emit_bindings(struct svc_event *ev, struct policy_case *c)
{
	const struct policy_binding *bound =
	    c->bindings == NULL || c->plan.request.enterprise == NULL
		? NULL
		: policy_bindings_take(c->bindings, &c->plan.request, &c->config, ev->arena);

	for (; bound != NULL; bound = bound->next) {
		const struct config_change change = {
			.kind = CONFIG_OWNERSHIP,
			.enterprise = bound->enterprise,
			.name = bound->domain,
			.version = bound->version,
			.at_ms = ev->now_ms,
			.who = "policy",
			.after = config_ownership_spec(ev->arena, bound->account),
		};

		svc_emit(ev, config_kind_event(CONFIG_OWNERSHIP),
		    wire_write_config_changed(ev->arena, &change, bound->id));
	}
}

static void
apply(const struct policy_service *policy, struct svc_event *ev, struct policy_step step)
{
	struct policy_case *state = ev->state;
	struct cs_span published = { NULL, 0 };

	if (step.publishes)
		published = seal(policy, ev, &step);
	emit(policy, ev, &step, published);
	if (policy_settles_domains(&state->plan, &step.next.plan))
		svc_emit(ev, "plan.domain-settled", wire_write_domain_settled(ev->arena, ev->key));
	emit_bindings(ev, &step.next);
	*state = step.next; /* where its next event starts from */
	log_info(ev->log,
	    "plan decided on=%s says=\"%s\" state=%s revision=%u checks=%zu code=%s check=%s",
	    ev->subject, step.says, policy_state_name(state->plan.state),
	    (unsigned)state->plan.plan.revision, state->plan.plan.n_checks,
	    step.refusal.code != NULL ? step.refusal.code : "-",
	    step.refused_check[0] != '\0' ? step.refused_check : "-");
}

/* ---- one function per event ---- */

static void
policy_on_submitted(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_submitted(&in, ev->state, ev->what));
}

static void
policy_on_verification_asked(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_verification_asked(&in, ev->state, ev->what));
}

static void
policy_on_approved(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_approved(&in, ev->state, ev->what));
}

static void
policy_on_evidence(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_evidence(&in, ev->state, ev->what));
}

static void
policy_on_due(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_due(&in, ev->state));
}

static void
policy_on_changed(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_changed(&in, ev->state));
}

static void
policy_on_withdrawn(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_withdrawn(&in, ev->state));
}

static void
policy_on_cancelled(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_ended(&in, ev->state, "cancelled"));
}

static void
policy_on_issued(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_ended(&in, ev->state, "issued"));
}

static void
policy_on_refused(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_ended(&in, ev->state, "refused by the signer"));
}

static void
policy_on_stopped(const void *self, struct svc_event *ev)
{
	const struct policy_setting in = begin(self, ev);

	apply(self, ev, policy_decide_ended(&in, ev->state, "stopped"));
}

/* ---- where codes of a second factor go ---- */

static enum cs_code
read_factor_ask(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct policy_factor_ask *ask = CS_NEW(ev->arena, struct policy_factor_ask);

	(void)self;
	ev->what = ask;
	return wire_read_factor_ask(ev->arena, ev->body, &ev->key, ask, err);
}

/* Changes nothing.  No address is logged. */
static void
policy_on_factor_ask(const void *self, struct svc_event *ev)
{
	const struct policy_service *policy = self;
	const struct policy_factor_answer answer =
	    policy_factor_ask(ev->state, ev->what, ev->now_ms);
	struct cs_span order = cs_span_str("");

	if (answer.result == POLICY_FACTOR_ORDER)
		order = claim_seal_factor_order(ev->arena, policy->key, &answer.order);
	svc_reply(ev, 0, wire_write_factor_answer(ev->arena, ev->what, &answer, order));
	log_info(ev->log, "second factor asked result=%s method=%s",
	    policy_factor_result_name(answer.result), answer.method != NULL ? answer.method : "-");
}

void *
policy_share(const void *self, struct cs_arena *arena)
{
	const struct policy_service *policy = self;

	return claim_batch_new(arena, policy->key);
}

void
policy_decided(void *shared)
{
	claim_batch_sign(shared);
}

/* Nobody waits for a plan to end. */
const char *const policy_patient[] = { "certificate.issued", "certificate.refused",
	"certificate.stopped", NULL };

const struct svc_route policy_routes[] = {
	{ "request.submitted", read_submitted, policy_on_submitted },
	{ "request.verification-asked", read_asked, policy_on_verification_asked },
	{ "request.generation-approved", read_approved, policy_on_approved },
	{ "request.cancelled", read_cancelled, policy_on_cancelled },
	{ "evidence.mailbox", read_evidence, policy_on_evidence },
	{ "evidence.domain", read_evidence, policy_on_evidence },
	{ "evidence.caa", read_evidence, policy_on_evidence },
	{ "evidence.mpic", read_evidence, policy_on_evidence },
	{ "certificate.issued", read_issued, policy_on_issued },
	{ "certificate.refused", read_refused, policy_on_refused },
	{ "certificate.stopped", read_stopped, policy_on_stopped },
	{ "ask.policy.who", people_read_who, people_on_who },
	{ "ask.policy.config", config_on_ask_read, config_on_ask },
	{ "ask.policy.salt", people_read_salt, people_on_salt },
	{ "ask.policy.login", people_read_login, people_on_login },
	{ "ask.policy.password", people_read_password, people_on_password },
	{ "ask.policy.logout", people_read_logout, people_on_logout },
	{ "ask.policy.factor", read_factor_ask, policy_on_factor_ask },
	{ "clock.plan-due", NULL, policy_on_due },
	{ "clock.settings-changed", NULL, policy_on_changed },
	{ "clock.identity-withdrawn", NULL, policy_on_withdrawn },
	{ "clock.connectors-told", NULL, config_on_told },
	{ 0 },
};

/* ---- life ---- */

/* Owned by the process: settings are read once. */
static enum cs_code
read_issuer_domains(struct policy_service *policy, struct cs_err *err)
{
	const char **parts;
	size_t n = svc_list(policy->arena, policy->issuer_domains, &parts);
	size_t octets = 0;

	if (n == 0 || n > CLAIM_MAX_NAMES)
		return cs_fail(
		    err, CS_MALFORMED, "CS_ISSUER_DOMAINS: one to ten names, got %zu", n);
	for (size_t i = 0; i < n; i++) {
		struct cs_refusal why;
		const char *spelled;

		if (!smime_domain_spell(policy->arena, cs_span_str(parts[i]), &spelled, &why) ||
		    strcmp(spelled, parts[i]) != 0)
			return cs_fail(err, CS_MALFORMED,
			    "CS_ISSUER_DOMAINS: %.80s is not a lower-case domain name", parts[i]);
		octets += strlen(parts[i]) + 1;
	}
	if (octets > POLICY_MAX_ISSUER_OCTETS + 1)
		return cs_fail(err, CS_MALFORMED, "CS_ISSUER_DOMAINS: more than %d octets",
		    POLICY_MAX_ISSUER_OCTETS);
	policy->rules.issuer_domains = (struct claim_texts){ parts, n };
	return CS_OK;
}

/* None: no connector can have a secret. */
static enum cs_code
read_sealing_keys(struct policy_service *policy, struct cs_err *err)
{
	struct connector_recipient *recipients;
	struct cs_span text;

	if (policy->sealing_keys_file[0] == '\0')
		return CS_OK;
	if (pki_file_take(policy->arena, policy->sealing_keys_file, SEALING_KEYS_MAX, &text, err) ||
	    connector_read_recipients(
		policy->arena, text, &recipients, &policy->rules.n_recipients, err))
		return err->code;
	policy->rules.recipients = recipients;
	return CS_OK;
}

enum cs_code
policy_init(void *self, struct svc *svc, struct cs_err *err)
{
	struct policy_service *policy = self;

	policy->arena = cs_arena_new();
	policy->kept = kept_new(policy->arena);
	if (read_issuer_domains(policy, err) ||
	    claim_key_load(policy->key_file, &policy->key, err) ||
	    claim_trust_load(policy->trust_file, policy->approvers_file, &policy->trust, err) ||
	    tokens_load(policy->tokens_file, policy->arena, &policy->tokens, err) ||
	    read_sealing_keys(policy, err) || smime_psl_load(NULL, &policy->psl, err))
		return err->code;
	policy->rules.psl = policy->psl;
	policy->rules.test_mode = svc_test_mode(svc);
	svc_watch_trust(svc, policy->trust, policy->trust_file);
	return CS_OK;
}

void
policy_fini(void *self)
{
	struct policy_service *policy = self;

	claim_key_free(policy->key);
	claim_trust_free(policy->trust);
	smime_psl_free(policy->psl);
	kept_free(policy->kept);
	if (policy->arena != NULL)
		cs_arena_free(policy->arena);
}
