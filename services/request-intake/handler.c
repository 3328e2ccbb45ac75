/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.c: each event to its decision, and what the decision says to the client and to the world.
 */
#include "handler.h"

#include <string.h>

#include "base/time.h"
#include "problem.h"
#include "view.h"
#include "wire.h"

/* ---- reading ---- */

/* Cannot fail: what is wrong with the client's body becomes the answer. */
static enum cs_code
read_create(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct intake_service *intake = self;
	struct draft *draft = CS_NEW(ev->arena, struct draft);

	(void)err;
	draft_read(ev->arena, &intake->rules, ev->body, draft);
	ev->what = draft;
	return CS_OK;
}

/* The body is of our own making: the check, a space, and the method or nothing. */
static enum cs_code
read_verify(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_press *press = CS_NEW(ev->arena, struct intake_press);
	char *text = cs_arena_strndup(ev->arena, (const char *)ev->body.data, ev->body.len);
	char *space = strchr(text, ' ');

	(void)self;
	(void)err;
	cs_assert(space != NULL);
	*space = '\0';
	press->check = text;
	press->method = space + 1;
	ev->what = press;
	return CS_OK;
}

static enum cs_code
read_plan(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_plan *plan = CS_NEW(ev->arena, struct claim_plan);

	(void)self;
	if (claim_open_plan(ev->arena, NULL, ev->body, ev->now_ms, plan, err))
		return CS_MALFORMED;
	ev->key = plan->request;
	ev->what = plan;
	return CS_OK;
}

/*
 * The right to publish a subject is one service's: evidence of another kind does not belong there.
 */
static bool
belongs(const char *subject, enum claim_kind kind)
{
	return strcmp(claim_kind_subject(kind), subject) == 0;
}

static enum cs_code
read_evidence(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct claim_evidence *evidence = CS_NEW(ev->arena, struct claim_evidence);

	(void)self;
	if (claim_open_evidence(ev->arena, NULL, ev->body, ev->now_ms, evidence, err))
		return CS_MALFORMED;
	if (!belongs(ev->subject, evidence->kind))
		return cs_fail(err, CS_MALFORMED, "evidence of kind %s on %s",
		    claim_kind_name(evidence->kind), ev->subject);
	ev->key = evidence->request;
	ev->what = evidence;
	return CS_OK;
}

static enum cs_code
read_mailbox_challenge(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_told *told = CS_NEW(ev->arena, struct intake_told);

	(void)self;
	ev->what = told;
	return wire_read_mailbox_challenge(ev->arena, ev->body, &ev->key, told, err);
}

static enum cs_code
read_domain_challenge(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_told *told = CS_NEW(ev->arena, struct intake_told);

	(void)self;
	ev->what = told;
	return wire_read_domain_challenge(ev->arena, ev->body, &ev->key, told, err);
}

static enum cs_code
read_plan_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_refused *no = CS_NEW(ev->arena, struct intake_refused);

	(void)self;
	ev->what = no;
	return wire_read_plan_refused(ev->arena, ev->body, &ev->key, no, err);
}

static enum cs_code
read_certificate_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_refused *no = CS_NEW(ev->arena, struct intake_refused);

	(void)self;
	ev->what = no;
	return wire_read_certificate_refused(ev->arena, ev->body, &ev->key, no, err);
}

static enum cs_code
read_issued(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_certificate *certificate = CS_NEW(ev->arena, struct intake_certificate);

	(void)self;
	ev->what = certificate;
	return wire_read_issued(ev->arena, ev->body, &ev->key, certificate, err);
}

static enum cs_code
read_stopped(const void *self, struct svc_event *ev, struct cs_err *err)
{
	bool *expired = CS_NEW(ev->arena, bool);

	(void)self;
	ev->what = expired;
	return wire_read_stopped(ev->arena, ev->body, &ev->key, expired, err);
}

/* ---- what is said ---- */

static void
emit_approval(
    const struct intake_service *intake, struct svc_event *ev, const struct intake_request *req)
{
	struct claim_approval approval = { .request = req->id,
		.enterprise = req->enterprise,
		.account = req->account,
		.factor = "api-token",
		.approved_at_ms = ev->now_ms };

	memcpy(approval.request_digest, req->digest, CLAIM_DIGEST);
	svc_emit(ev, "request.generation-approved",
	    claim_seal_approval(ev->arena, intake->key, &approval));
}

static void
say(const struct intake_service *intake, struct svc_event *ev, struct intake_step step)
{
	const struct intake_request *req = ev->state;

	switch (step.says) {
	case INTAKE_SAYS_SUBMITTED:
		svc_emit(ev, "request.submitted", req->envelope);
		break;
	case INTAKE_SAYS_VERIFICATION_ASKED:
		svc_emit(ev, "request.verification-asked",
		    wire_write_verification_asked(ev->arena, req, ev->what, ev->now_ms));
		break;
	case INTAKE_SAYS_APPROVED:
		emit_approval(intake, ev, req);
		break;
	case INTAKE_SAYS_CANCELLED:
	case INTAKE_SAYS_EXPIRED:
		svc_emit(ev, "request.cancelled",
		    wire_write_cancelled(
			ev->arena, req, intake_state_name(req->state), ev->now_ms));
		break;
	case INTAKE_SAYS_ASK_SIGNER:
	case INTAKE_SAYS_NOTHING:
		break;
	}
}

/* What every decision ends with. */
static void
conclude(struct svc_event *ev, const char *what)
{
	const struct intake_request *req = ev->state;

	if (intake_ended(req->state))
		svc_ended(ev);
	log_info(ev->log, "%s subject=%s state=%s revision=%u", what, ev->subject,
	    intake_state_name(req->state), req->revision);
}

static void
answer_receipt(const struct intake_service *intake, struct svc_event *ev, struct intake_step step,
    const char *check)
{
	const struct intake_request *req = ev->state;

	say(intake, ev, step);
	if (step.status >= 400)
		svc_reply(ev, step.status, problem_write(ev->arena, step.status, &step.why));
	else if (step.says == INTAKE_SAYS_ASK_SIGNER)
		svc_reply(ev, HANDLER_ASK_SIGNER,
		    wire_write_stop(ev->arena, req->id, req->enterprise, req->account));
	else
		svc_reply(ev, step.status, view_receipt(ev->arena, req->id, req->state, check));
	log_info(ev->log, "asked subject=%s status=%u code=%s state=%s", ev->subject, step.status,
	    step.why.code ? step.why.code : "-", intake_state_name(req->state));
	if (step.status < 400 && intake_ended(req->state))
		svc_ended(ev);
}

/* ---- commands ---- */

static struct intake_step
create(const struct intake_service *intake, struct svc_event *ev, const struct draft *draft)
{
	struct intake_request *req = ev->state;
	const struct intake_caller *caller = ev->context;
	struct claim_request request = draft->request;
	struct intake_new fresh = { .id = ev->key,
		.caller = *caller,
		.now_ms = ev->now_ms,
		.ends_at_ms = ev->now_ms + (int64_t)intake->life_days * CS_DAY_MS,
		.profile = draft->request.profile,
		.mailboxes = draft->request.mailboxes,
		.domains = draft->request.domains };

	request.id = ev->key;
	request.enterprise = caller->enterprise;
	request.account = caller->account;
	request.submitted_at_ms = ev->now_ms;
	claim_request_digest(&request, draft->spki, request.digest);
	memcpy(fresh.body_sha256, draft->body_sha256, CLAIM_DIGEST);
	memcpy(fresh.digest, request.digest, CLAIM_DIGEST);
	memcpy(fresh.spki_sha256, draft->spki_sha256, CLAIM_DIGEST);
	struct intake_step step = intake_create(ev->arena, req, &fresh);

	if (step.says == INTAKE_SAYS_SUBMITTED)
		req->envelope = claim_seal_request(ev->arena, intake->key, &request);
	return step;
}

static void
intake_on_api_create(const void *self, struct svc_event *ev)
{
	struct intake_request *req = ev->state;
	const struct draft *draft = ev->what;
	struct intake_step step = intake_repeat(req, draft->body_sha256);
	struct cs_span shown = { NULL, 0 };
	struct cs_err err = { 0 };

	if (draft->leaked_key) {
		req->leaked_key = true;
		memcpy(req->leaked_spki_sha256, draft->leaked_spki_sha256, CLAIM_DIGEST);
	}
	if (step.status == 0 && draft->status != 0)
		step = (struct intake_step){ .status = draft->status, .why = draft->why };
	else if (step.status == 0)
		step = create(self, ev, draft);
	say(self, ev, step);
	if (step.status >= 400) {
		svc_reply(ev, step.status, problem_write(ev->arena, step.status, &step.why));
	} else {
		/* We sealed it ourselves, now or before. */
		cs_assert(view_created(ev->arena, req, &shown, &err) == CS_OK);
		svc_reply(ev, step.status, shown);
	}
	log_info(ev->log, "asked to create status=%u code=%s", step.status,
	    step.why.code ? step.why.code : "-");
}

static void
intake_on_api_verify(const void *self, struct svc_event *ev)
{
	const struct intake_press *press = ev->what;

	answer_receipt(self, ev,
	    intake_verify(ev->arena, ev->state, ev->context, press->check, ev->now_ms),
	    press->check);
}

static void
intake_on_api_approve(const void *self, struct svc_event *ev)
{
	answer_receipt(self, ev, intake_approve(ev->arena, ev->state, ev->context, ev->now_ms), "");
}

static void
intake_on_api_cancel(const void *self, struct svc_event *ev)
{
	answer_receipt(self, ev, intake_cancel(ev->arena, ev->state, ev->context, ev->now_ms), "");
}

static void
intake_on_due(const void *self, struct svc_event *ev)
{
	say(self, ev, intake_expire(ev->arena, ev->state, ev->now_ms));
	conclude(ev, "clock");
}

/* ---- the bus ---- */

static void
on_plan(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_plan(ev->arena, ev->state, ev->what, ev->now_ms);
	conclude(ev, "plan heard");
}

static void
on_evidence(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_evidence(ev->arena, ev->state, ev->what, ev->body, ev->now_ms);
	conclude(ev, "evidence heard");
}

static void
on_challenge(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_challenge(ev->arena, ev->state, ev->what, ev->now_ms);
	conclude(ev, "challenge heard");
}

static void
on_refused(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_refused(ev->arena, ev->state, ev->what, ev->now_ms);
	conclude(ev, "refusal heard");
}

static void
on_issued(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_issued(ev->arena, ev->state, ev->body, ev->now_ms);
	conclude(ev, "certificate heard");
}

static void
on_stopped(const void *self, struct svc_event *ev)
{
	const bool *expired = ev->what;

	(void)self;
	intake_on_stopped(ev->arena, ev->state, *expired, ev->now_ms);
	conclude(ev, "stop heard");
}

const struct svc_route intake_routes[] = {
	{ "api.create", read_create, intake_on_api_create },
	{ "api.verify", read_verify, intake_on_api_verify },
	{ "api.approve", NULL, intake_on_api_approve },
	{ "api.cancel", NULL, intake_on_api_cancel },
	{ "clock.request-due", NULL, intake_on_due },
	{ "plan.made", read_plan, on_plan },
	{ "plan.final", read_plan, on_plan },
	{ "plan.refused", read_plan_refused, on_refused },
	{ "evidence.mailbox", read_evidence, on_evidence },
	{ "evidence.mailbox-challenge", read_mailbox_challenge, on_challenge },
	{ "evidence.domain", read_evidence, on_evidence },
	{ "evidence.domain-challenge", read_domain_challenge, on_challenge },
	{ "evidence.caa", read_evidence, on_evidence },
	{ "evidence.mpic", read_evidence, on_evidence },
	{ "evidence.identity", read_evidence, on_evidence },
	{ "certificate.issued", read_issued, on_issued },
	{ "certificate.refused", read_certificate_refused, on_refused },
	{ "certificate.stopped", read_stopped, on_stopped },
	{ NULL, NULL, NULL },
};
