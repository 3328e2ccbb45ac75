/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.c: each event to its decision, and what the decision says to the client and to the world.
 */
#include "handler.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "json.h"
#include "life.h"
#include "notes.h"
#include "pki/cert.h"
#include "problem.h"
#include "reasons.h"
#include "report_draft.h"
#include "view.h"
#include "view_report.h"
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

/* The body is of our own making: the earlier request, then the client's. */
static enum cs_code
read_follow(const struct intake_service *intake, struct svc_event *ev, enum claim_request_kind kind)
{
	struct draft *draft = CS_NEW(ev->arena, struct draft);
	struct cs_id previous;

	cs_assert(ev->body.len >= sizeof(previous.octets));
	memcpy(previous.octets, ev->body.data, sizeof(previous.octets));
	draft_read_follow(ev->arena, &intake->rules, kind, previous,
	    cs_span_of(
		ev->body.data + sizeof(previous.octets), ev->body.len - sizeof(previous.octets)),
	    draft);
	ev->what = draft;
	return CS_OK;
}

/* The body is what the path names. */
static enum cs_code
read_domain(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct intake_service *intake = self;
	struct draft *draft = CS_NEW(ev->arena, struct draft);

	(void)err;
	draft_read_domain(ev->arena, &intake->rules, ev->body, draft);
	ev->what = draft;
	return CS_OK;
}

static enum cs_code
read_renew(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)err;
	return read_follow(self, ev, CLAIM_RENEWAL);
}

static enum cs_code
read_rekey(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)err;
	return read_follow(self, ev, CLAIM_REKEY);
}

static enum cs_code
read_reissue(const void *self, struct svc_event *ev, struct cs_err *err)
{
	(void)err;
	return read_follow(self, ev, CLAIM_REISSUE);
}

/* The route has read it before, so that it is known to be good. */
static enum cs_code
read_revoke(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_revoke *ask = CS_NEW(ev->arena, struct intake_revoke);
	struct json_revoke body = { 0 };
	struct cs_refusal why = { 0 };

	(void)self;
	(void)err;
	cs_assert(json_read_revoke(ev->arena, ev->body, &body, &why));
	const struct reason *reason = reason_of_name(body.reason);

	cs_assert(reason != NULL);
	*ask = (struct intake_revoke){ reason->code, body.text, body.note_version };
	ev->what = ask;
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

static enum cs_code
read_note(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct note *note = CS_NEW(ev->arena, struct note);

	(void)self;
	ev->what = note;
	return wire_read_note(ev->arena, ev->body, &ev->key, note, err);
}

/* The body is of our own making: the report, then the client's, which the route has read before. */
static struct report_command *
read_report_id(struct svc_event *ev, struct cs_span *ret_body)
{
	struct report_command *command = CS_NEW(ev->arena, struct report_command);

	cs_assert(ev->body.len >= sizeof(command->id.octets));
	memcpy(command->id.octets, ev->body.data, sizeof(command->id.octets));
	*ret_body = cs_span_of(
	    ev->body.data + sizeof(command->id.octets), ev->body.len - sizeof(command->id.octets));
	ev->what = command;
	return command;
}

static enum cs_code
read_report_submit(const void *self, struct svc_event *ev, struct cs_err *err)
{
	const struct intake_service *intake = self;
	struct report_reading *reading = CS_NEW(ev->arena, struct report_reading);
	struct cs_span body = { NULL, 0 };
	struct report_command *command = read_report_id(ev, &body);

	report_read(ev->arena, intake->challenge_secret, body, ev->now_ms, reading);
	(void)err;
	/* The route found nothing wrong; a challenge may have ended in the moment since. */
	if (reading->status != 0)
		command->why = &reading->why;
	reading->draft.id = command->id;
	command->draft = &reading->draft;
	return CS_OK;
}

static enum cs_code
read_report_answer(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct cs_span body = { NULL, 0 };
	struct report_command *command = read_report_id(ev, &body);
	struct cs_refusal why = { 0 };

	(void)self;
	(void)err;
	cs_assert(json_read_answer(ev->arena, body, &command->text, &why));
	return CS_OK;
}

static enum cs_code
read_report_decide(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct report_decision *decision = CS_NEW(ev->arena, struct report_decision);
	struct cs_span body = { NULL, 0 };
	struct report_command *command = read_report_id(ev, &body);
	struct cs_refusal why = { 0 };

	(void)self;
	(void)err;
	cs_assert(report_read_decision(ev->arena, body, decision, &why));
	command->decision = decision;
	return CS_OK;
}

static enum cs_code
read_revoked(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_revoked *revoked = CS_NEW(ev->arena, struct intake_revoked);

	(void)self;
	ev->what = revoked;
	return wire_read_revoked(ev->arena, ev->body, &ev->key, revoked, err);
}

static enum cs_code
read_revocation_refused(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_unrevoked *no = CS_NEW(ev->arena, struct intake_unrevoked);

	(void)self;
	ev->what = no;
	return wire_read_revocation_refused(ev->arena, ev->body, &ev->key, no, err);
}

/* The proof is another's statement; who may make it policy and the signer know. */
static enum cs_code
read_approve(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct intake_factor *given = CS_NEW(ev->arena, struct intake_factor);
	struct claim_factor *proof;

	(void)self;
	ev->what = given;
	given->has_codes = ev->body.len == 1 && ev->body.data[0] == HANDLER_CODES;
	given->has_password = ev->body.len == 1 && ev->body.data[0] == HANDLER_PASSWORD;
	if (ev->body.len < 2)
		return CS_OK;
	proof = CS_NEW(ev->arena, struct claim_factor);
	given->envelope = cs_span_of(ev->body.data + 1, ev->body.len - 1);
	if (claim_open_factor(ev->arena, NULL, given->envelope, ev->now_ms, proof, err))
		return CS_MALFORMED;
	given->proof = proof;
	return CS_OK;
}

/* ---- what is said ---- */

static void
emit_approval(struct svc_event *ev, const struct intake_request *req)
{
	const struct intake_caller *caller = ev->context;
	const struct intake_factor *given = ev->what;
	struct claim_approval approval = { .request = req->id,
		.enterprise = req->enterprise,
		.account = req->account,
		.factor = caller->factor,
		.approved_by = intake_owns(req, caller) ? "" : caller->account,
		.approved_at_ms = ev->now_ms };

	if (req->factor_proved_at_ms != 0)
		approval.second_factor = given->envelope;
	memcpy(approval.request_digest, req->digest, CLAIM_DIGEST);
	svc_emit(ev, "request.generation-approved", claim_batch_approval(ev->shared, &approval));
}

static void
emit_revocation(
    const struct intake_service *intake, struct svc_event *ev, const struct intake_request *req)
{
	const struct intake_revocation *asking = req->asking;
	const struct claim_revocation revocation = { .request = req->id,
		.enterprise = req->enterprise,
		.account = asking->account,
		.by = asking->by,
		.reason = asking->reason,
		.text = asking->text,
		.asked_at_ms = asking->asked_at_ms,
		.known_at_ms = asking->known_at_ms,
		.due_at_ms = asking->due_at_ms,
		.proof = asking->proof,
		.challenge = asking->challenge,
		.report = asking->report };

	svc_emit(ev, "request.revocation-asked",
	    claim_seal_revocation(ev->arena, intake->key, &revocation));
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
		emit_approval(ev, req);
		break;
	case INTAKE_SAYS_CANCELLED:
	case INTAKE_SAYS_EXPIRED:
		svc_emit(ev, "request.cancelled",
		    wire_write_cancelled(
			ev->arena, req, intake_state_name(req->state), ev->now_ms));
		break;
	case INTAKE_SAYS_REVOCATION_ASKED:
		emit_revocation(intake, ev, req);
		break;
	case INTAKE_SAYS_ASK_SIGNER:
	case INTAKE_SAYS_ASK_FACTOR:
	case INTAKE_SAYS_NOTHING:
		break;
	}
}

/* What every decision ends with. */
static void
conclude(struct svc_event *ev, const char *what)
{
	const struct intake_request *req = ev->state;

	if (intake_is_over(req))
		svc_ended(ev);
	log_info(ev->log, "%s subject=%s state=%s revision=%u", what, ev->subject,
	    intake_state_name(req->state), req->revision);
}

static bool
is_factor_needed(const struct cs_refusal *why)
{
	return why->code && strcmp(why->code, "second-factor-needed") == 0;
}

static void
answer_receipt(const struct intake_service *intake, struct svc_event *ev, struct intake_step step,
    const char *check)
{
	const struct intake_request *req = ev->state;

	say(intake, ev, step);
	if (step.status == 403 && is_factor_needed(&step.why))
		svc_reply(ev, 403,
		    problem_write_factor(ev->arena, &step.why, req->id, req->second_factor));
	else if (step.status >= 400)
		svc_reply(ev, step.status, problem_write(ev->arena, step.status, &step.why));
	else if (step.says == INTAKE_SAYS_ASK_FACTOR)
		svc_reply(ev, HANDLER_ASK_FACTOR, cs_span_str(req->enterprise));
	else if (step.says == INTAKE_SAYS_ASK_SIGNER)
		svc_reply(ev, HANDLER_ASK_SIGNER,
		    wire_write_stop(ev->arena, req->id, req->enterprise, req->account));
	else
		svc_reply(ev, step.status, view_receipt(ev->arena, req->id, req->state, check));
	log_info(ev->log, "asked subject=%s status=%u code=%s state=%s", ev->subject, step.status,
	    step.why.code ? step.why.code : "-", intake_state_name(req->state));
	if (step.status < 400 && intake_is_over(req))
		svc_ended(ev);
}

/* ---- request notes ---- */

/* The note that was not shown, or an older one than is in force; NULL: nothing stands in the way. */
static const struct note *
unread_note(const struct intake_request *req, const char *enterprise, enum note_kind kind,
    const char *version)
{
	const struct note *note = notes_find(req->to_read, enterprise, kind);

	return note && !note_is_read(note, version) ? note : NULL;
}

static void
reply_note(struct svc_event *ev, const struct note *note)
{
	svc_reply(ev, 409, problem_write_note(ev->arena, note));
	log_info(ev->log, "asked subject=%s status=409 code=note-unread", ev->subject);
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
		.on_behalf = draft->on_behalf,
		.now_ms = ev->now_ms,
		.ends_at_ms = ev->now_ms + (int64_t)intake->life_days * CS_DAY_MS,
		.profile = draft->request.profile,
		.mailboxes = draft->request.mailboxes,
		.domains = draft->request.domains,
		.kind = draft->request.kind,
		.previous = draft->request.previous,
		.note_version = draft->note_version,
		.approves = draft->approves };

	request.id = ev->key;
	request.enterprise = caller->enterprise;
	request.account = intake_account(&fresh);
	request.submitted_by = intake_submitter(&fresh);
	request.approved_factor = draft->approves ? caller->factor : "";
	request.submitted_at_ms = ev->now_ms;
	claim_request_digest(&request, draft->spki, request.digest);
	memcpy(fresh.body_sha256, draft->body_sha256, CLAIM_DIGEST);
	memcpy(fresh.digest, request.digest, CLAIM_DIGEST);
	memcpy(fresh.spki_sha256, draft->spki_sha256, CLAIM_DIGEST);
	struct intake_step step = intake_create(ev->arena, req, &fresh);

	if (step.says == INTAKE_SAYS_SUBMITTED)
		req->envelope = claim_batch_request(ev->shared, &request);
	return step;
}

/*
 * A renewal keeps the common name of the certificate, which may be one that the profile chose.  What cannot be
 * read is left to the signer.
 */
static void
keep_common_name(struct cs_arena *arena, struct cs_span issued, struct claim_request *earlier)
{
	struct intake_certificate certificate = { 0 };
	struct pki_cert_info info;
	struct cs_id id;
	struct cs_err err = { 0 };

	if (wire_read_issued(arena, issued, &id, &certificate, &err) ||
	    pki_cert_read(arena, certificate.der, &info, &err))
		return;
	for (size_t i = 0; i < info.n_subject_attributes; i++)
		if (strcmp(info.subject_attributes[i].oid, "2.5.4.3") == 0)
			earlier->common_name = info.subject_attributes[i].value;
}

/* Completes what follows an earlier request.  Status 0: it may be created. */
static struct intake_step
follow(const struct intake_service *intake, struct svc_event *ev, struct draft *draft)
{
	const struct intake_request *req = ev->state;
	struct intake_step step = intake_may_follow(req->earlier, ev->context, draft->request.kind);
	struct claim_request earlier = { 0 };
	struct cs_err err = { 0 };

	if (step.status != 0)
		return step;
	/* We sealed it ourselves. */
	cs_assert(claim_open_request(ev->arena, NULL, req->earlier->envelope, ev->now_ms, &earlier,
		      &err) == CS_OK);
	if (draft->request.kind == CLAIM_RENEWAL)
		keep_common_name(ev->arena, req->earlier->certificate, &earlier);
	draft_follow(ev->arena, &intake->rules, &earlier, draft);
	return (struct intake_step){ .status = draft->status, .why = draft->why };
}

static enum note_kind
note_kind_of(enum claim_request_kind kind)
{
	switch (kind) {
	case CLAIM_RENEWAL:
		return NOTE_RENEW;
	case CLAIM_REKEY:
		return NOTE_REKEY;
	case CLAIM_REISSUE:
		return NOTE_REISSUE;
	case CLAIM_FIRST:
	case CLAIM_DOMAIN_ONLY: /* notes are about certificates: none is shown */
		break;
	}
	return NOTE_ISSUE;
}

static void
answer_created(const struct intake_service *intake, struct svc_event *ev, struct intake_step step)
{
	struct cs_span shown = { NULL, 0 };
	struct cs_err err = { 0 };

	say(intake, ev, step);
	if (step.status >= 400) {
		svc_reply(ev, step.status, problem_write(ev->arena, step.status, &step.why));
	} else {
		/* We sealed it ourselves, now or before. */
		cs_assert(view_created(ev->arena, ev->state, &shown, &err) == CS_OK);
		svc_reply(ev, step.status, shown);
	}
	log_info(ev->log, "asked subject=%s status=%u code=%s", ev->subject, step.status,
	    step.why.code ? step.why.code : "-");
}

static void
intake_on_api_create(const void *self, struct svc_event *ev)
{
	const struct intake_service *intake = self;
	const struct intake_caller *caller = ev->context;
	struct draft whole = *(const struct draft *)ev->what;
	struct intake_request *req = ev->state;
	struct draft *draft = &whole;
	const struct note *unread = NULL;
	struct intake_step step = intake_repeat(req, draft->body_sha256);

	if (draft->leaked_key) {
		req->leaked_key = true;
		memcpy(req->leaked_spki_sha256, draft->leaked_spki_sha256, CLAIM_DIGEST);
	}
	if (step.status == 0 && draft->status != 0)
		step = (struct intake_step){ .status = draft->status, .why = draft->why };
	else if (step.status == 0 && draft->follows)
		step = follow(intake, ev, draft);
	if (step.status == 0)
		unread = unread_note(req, caller->enterprise, note_kind_of(draft->request.kind),
		    draft->note_version);
	if (unread) {
		reply_note(ev, unread);
		return;
	}
	if (step.status == 0)
		step = create(self, ev, draft);
	answer_created(self, ev, step);
}

static void
intake_on_api_domain(const void *self, struct svc_event *ev)
{
	const struct draft *draft = ev->what;
	struct intake_step step = intake_repeat(ev->state, draft->body_sha256);

	if (step.status == 0 && draft->status != 0)
		step = (struct intake_step){ .status = draft->status, .why = draft->why };
	else if (step.status == 0)
		step = create(self, ev, draft);
	answer_created(self, ev, step);
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
	const struct intake_factor *given = ev->what;

	answer_receipt(
	    self, ev, intake_approve(ev->arena, ev->state, ev->context, given, ev->now_ms), "");
}

static void
intake_on_api_factor(const void *self, struct svc_event *ev)
{
	answer_receipt(
	    self, ev, intake_ask_factor(ev->arena, ev->state, ev->context, ev->now_ms), "");
}

static void
intake_on_api_cancel(const void *self, struct svc_event *ev)
{
	answer_receipt(self, ev, intake_cancel(ev->arena, ev->state, ev->context, ev->now_ms), "");
}

static void
intake_on_api_revoke(const void *self, struct svc_event *ev)
{
	const struct intake_request *req = ev->state;
	const struct intake_caller *caller = ev->context;
	const struct intake_revoke *ask = ev->what;
	const struct note *unread = NULL;

	if (intake_may_see(req, caller) && !caller->is_everywhere)
		unread = unread_note(req, req->enterprise, NOTE_REVOKE, ask->note_version);
	if (unread)
		reply_note(ev, unread);
	else
		answer_receipt(
		    self, ev, intake_revoke(ev->arena, ev->state, caller, ask, ev->now_ms), "");
}

/* ---- problem reports ---- */

static void
answer_report(const struct intake_service *intake, struct svc_event *ev, struct intake_step step,
    const struct report *report, bool to_operator)
{
	say(intake, ev, step);
	if (step.status >= 400)
		svc_reply(ev, step.status, problem_write(ev->arena, step.status, &step.why));
	else
		svc_reply(ev, step.status,
		    to_operator ? view_report(ev->arena, report)
				: view_report_receipt(ev->arena, report));
	log_info(ev->log, "asked subject=%s status=%u code=%s", ev->subject, step.status,
	    step.why.code ? step.why.code : "-");
}

static void
intake_on_report_submit(const void *self, struct svc_event *ev)
{
	const struct report_command *command = ev->what;
	struct report *report = report_find(ev->state, command->id);
	struct intake_step step = { .status = 422 };

	if (command->why)
		step.why = *command->why;
	else
		step = report_submit(ev->arena, ev->state, report, command->draft, ev->now_ms);
	answer_report(self, ev, step, report, false);
}

/* NULL: the report is of another request. */
static struct report *
report_of(const struct svc_event *ev)
{
	const struct report_command *command = ev->what;
	struct report *report = report_find(ev->state, command->id);

	return report && cs_id_equal(report->request, ev->key) ? report : NULL;
}

static void
intake_on_report_answer(const void *self, struct svc_event *ev)
{
	const struct report_command *command = ev->what;
	struct report *report = report_of(ev);

	answer_report(
	    self, ev, report_answer(report, ev->context, command->text, ev->now_ms), report, true);
}

static void
intake_on_report_decide(const void *self, struct svc_event *ev)
{
	const struct report_command *command = ev->what;
	struct report *report = report_of(ev);

	answer_report(self, ev,
	    report_decide(ev->arena, ev->state, report, ev->context, command->decision, ev->now_ms),
	    report, true);
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
	intake_on_issued(ev->arena, ev->state, ev->what, ev->body, ev->now_ms);
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

static void
on_revoked(const void *self, struct svc_event *ev)
{
	(void)self;
	intake_on_revoked(ev->arena, ev->state, ev->what, ev->now_ms);
	report_on_revoked(ev->state, ev->now_ms);
	conclude(ev, "revocation heard");
}

static void
on_revocation_refused(const void *self, struct svc_event *ev)
{
	const struct intake_unrevoked *no = ev->what;

	(void)self;
	intake_on_revocation_refused(ev->arena, ev->state, no, ev->now_ms);
	report_on_revocation_refused(ev->state);
	conclude(ev, "refusal to revoke heard");
}

/* The newest of a batch counts; whether it is newer than the row, the store sees. */
static void
on_note(const void *self, struct svc_event *ev)
{
	struct intake_request *holder = ev->state;
	const struct note *note = ev->what;

	(void)self;
	if (!holder->heard_note || holder->heard_note->version < note->version)
		holder->heard_note = note;
	log_info(ev->log, "note heard subject=%s version=%" PRIu64, ev->subject, note->version);
}

void *
intake_share(const void *self, struct cs_arena *arena)
{
	const struct intake_service *intake = self;

	return claim_batch_new(arena, intake->key);
}

void
intake_decided(void *shared)
{
	claim_batch_sign(shared);
}

/* What only shows how it goes on may be seen a moment later; what people can go on with may not. */
const char *const intake_patient[] = { "plan.final", "evidence.caa", "evidence.mpic", NULL };

const struct svc_route intake_routes[] = {
	{ "api.create", read_create, intake_on_api_create },
	{ "api.renew", read_renew, intake_on_api_create },
	{ "api.rekey", read_rekey, intake_on_api_create },
	{ "api.reissue", read_reissue, intake_on_api_create },
	{ "api.domain", read_domain, intake_on_api_domain },
	{ "api.revoke", read_revoke, intake_on_api_revoke },
	{ "api.report-submit", read_report_submit, intake_on_report_submit },
	{ "api.report-answer", read_report_answer, intake_on_report_answer },
	{ "api.report-decide", read_report_decide, intake_on_report_decide },
	{ "api.verify", read_verify, intake_on_api_verify },
	{ "api.approve", read_approve, intake_on_api_approve },
	{ "api.factor", NULL, intake_on_api_factor },
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
	{ "certificate.revoked", read_revoked, on_revoked },
	{ "certificate.revocation-refused", read_revocation_refused, on_revocation_refused },
	{ "config.note", read_note, on_note },
	{ NULL, NULL, NULL },
};
