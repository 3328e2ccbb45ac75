/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <string.h>

#include "life.h"

static const char *const states[REPORT_STATES] = { [REPORT_NONE] = "none",
	[REPORT_OPEN] = "open",
	[REPORT_ASKED] = "asked",
	[REPORT_REVOKED] = "revoked",
	[REPORT_REJECTED] = "rejected" };

const char *
report_state_name(enum report_state state)
{
	return states[state];
}

bool
report_state_parse(const char *name, enum report_state *ret_state)
{
	for (enum report_state state = REPORT_OPEN; state < REPORT_STATES; state++) {
		if (strcmp(states[state], name) == 0) {
			*ret_state = state;
			return true;
		}
	}
	return false;
}

struct report *
report_find(const struct intake_request *req, struct cs_id id)
{
	for (size_t i = 0; i < req->n_reports; i++)
		if (cs_id_equal(req->reports[i].id, id))
			return &req->reports[i];
	return NULL;
}

static struct intake_step
answer(unsigned status)
{
	return (struct intake_step){ .status = status };
}

static struct intake_step
refuse(unsigned status, const char *code, const char *field, const char *clause, const char *text,
    const char *mend)
{
	return (struct intake_step){ .status = status, .why = { code, field, clause, text, mend } };
}

static const char *
id_text(struct cs_arena *arena, struct cs_id id)
{
	char *text = cs_arena_alloc(arena, CS_ID_TEXT);

	cs_id_format(id, text);
	return text;
}

/* ---- what is reported ---- */

static void
answer_now(struct report *report, const char *by, const char *text, int64_t now_ms)
{
	report->preliminary_at_ms = now_ms;
	report->preliminary_by = by;
	report->preliminary_text = text;
}

static void
keep(struct report *report, const struct intake_request *req, const struct report_draft *draft,
    int64_t now_ms)
{
	*report = (struct report){ .id = draft->id,
		.request = req->id,
		.enterprise = req->enterprise,
		.state = REPORT_OPEN,
		.category = draft->category->name,
		.text = draft->text,
		.contact = draft->contact,
		.received_at_ms = now_ms,
		.preliminary_due_ms = now_ms + REASON_PRELIMINARY_MS,
		.preliminary_text = "",
		.preliminary_by = "",
		.due_at_ms = now_ms + (int64_t)draft->category->hours * CS_HOUR_MS,
		.ground = "",
		.decision_text = "",
		.decided_by = "",
		.changed = true };
	memcpy(report->body_sha256, draft->body_sha256, CLAIM_DIGEST);
}

/* Done already, or on its way. */
static void
follow_request(struct report *report, const struct intake_request *req, int64_t now_ms)
{
	report->state =
	    req->state == INTAKE_REVOKED && !req->asking ? REPORT_REVOKED : REPORT_ASKED;
	if (report->state == REPORT_REVOKED)
		report->closed_at_ms = now_ms;
}

/* Nobody must decide what is shown by the key itself; nothing that a stranger wrote goes further. */
static struct intake_step
revoke_by_key(struct cs_arena *arena, struct intake_request *req, struct report *report,
    const struct report_draft *draft, int64_t now_ms)
{
	static const char said[] = "Who reported it showed that the private key is known.";
	const struct ground *ground = ground_of_name("key-compromise");
	const struct intake_revocation wanted = { .by = CLAIM_BY_KEY,
		.account = "",
		.reason = ground->reason,
		.text = said,
		.report = id_text(arena, report->id),
		.note_version = "",
		.known_at_ms = now_ms,
		.due_at_ms = now_ms + (int64_t)ground->hours * CS_HOUR_MS,
		.refusal_code = "",
		.refusal_text = "",
		.proof = draft->proof,
		.challenge = draft->challenge };
	struct intake_step step = intake_ask_revocation(arena, req, &wanted, now_ms);

	if (step.status >= 400)
		return step;
	report->proved = true;
	report->due_at_ms = wanted.due_at_ms;
	report->ground = ground->name;
	report->reason = ground->reason;
	report->decided_at_ms = now_ms;
	report->decision_text = said;
	answer_now(report, "", said, now_ms);
	follow_request(report, req, now_ms);
	step.status = 201;
	return step;
}

struct intake_step
report_submit(struct cs_arena *arena, struct intake_request *req, struct report *report,
    const struct report_draft *draft, int64_t now_ms)
{
	if (report->state != REPORT_NONE)
		return memcmp(report->body_sha256, draft->body_sha256, CLAIM_DIGEST) == 0
			   ? answer(201)
			   : refuse(409, "idempotency-conflict", "Idempotency-Key", "",
				 "This Idempotency-Key came with a different body before.",
				 "Repeat exactly the same body, or use a new key.");
	if (req->state != INTAKE_ISSUED && req->state != INTAKE_REVOKED)
		return refuse(404, "not-found", "certificate", "",
		    "We have issued no such certificate.", "Send the certificate itself.");
	if (draft->leaked) {
		req->leaked_key = true;
		memcpy(req->leaked_spki_sha256, draft->proved_spki_sha256, CLAIM_DIGEST);
	}
	if ((draft->proof.len > 0 || draft->leaked) &&
	    memcmp(draft->proved_spki_sha256, req->spki_sha256, CLAIM_DIGEST) != 0)
		return refuse(422, "proof-other-key", "proof", "SBR 4.9.12",
		    "The proof is by another key than the certificate's.",
		    "Sign the proof with the private key that is known.");
	keep(report, req, draft, now_ms);
	report->proved = draft->leaked;
	if (draft->proof.len > 0)
		return revoke_by_key(arena, req, report, draft, now_ms);
	return answer(201);
}

/* ---- what an operator does ---- */

static struct intake_step
not_found(void)
{
	return refuse(404, "not-found", "id", "", "There is no such report.",
	    "Check the identifier and the API token.");
}

struct intake_step
report_may_see(const char *enterprise, const struct intake_caller *caller)
{
	if (!caller->is_operator && !caller->is_auditor)
		return refuse(403, "not-an-operator", "Authorization", "",
		    "Only operators and auditors see problem reports.",
		    "Use an operator's API token.");
	return intake_oversees(caller, enterprise) ? answer(0) : not_found();
}

static struct intake_step
may_act(const struct report *report, const struct intake_caller *caller)
{
	if (!report || report->state == REPORT_NONE)
		return not_found();
	struct intake_step step = report_may_see(report->enterprise, caller);

	if (step.status == 0 && !intake_operates(caller, report->enterprise))
		return refuse(403, "not-an-operator", "Authorization", "",
		    "Only operators decide about problem reports.", "Use an operator's API token.");
	return step;
}

struct intake_step
report_answer(
    struct report *report, const struct intake_caller *caller, const char *text, int64_t now_ms)
{
	struct intake_step step = may_act(report, caller);

	if (step.status != 0)
		return step;
	if (report->preliminary_at_ms != 0)
		return refuse(409, "answered", "", "SBR 4.9.5",
		    "The preliminary report was given already.", "Decide the report.");
	answer_now(report, caller->signs_as, text, now_ms);
	report->changed = true;
	return answer(200);
}

static struct intake_step
key_is_known(const char *field)
{
	return refuse(422, "key-is-known", field, "SBR 4.9.1.1 (3)",
	    "It was shown that the private key is known to others: nobody may decide otherwise.",
	    "Decide to revoke for key-compromise.");
}

static struct intake_step
revoke(struct cs_arena *arena, struct intake_request *req, struct report *report,
    const struct intake_caller *caller, const struct report_decision *decision, int64_t now_ms)
{
	const struct category *category = category_of_name(report->category);
	const struct ground *ground =
	    ground_of_name(decision->ground[0] ? decision->ground : category->ground);
	const struct reason *reason = NULL;

	if (!ground)
		return refuse(422, "ground-unknown", "ground", "SBR 4.9.1.1",
		    "There is no such ground, or none was named and the category has none.",
		    "Name one of those that /openapi.json lists.");
	if (report->proved && ground->reason != CLAIM_REASON_KEY_COMPROMISE)
		return key_is_known("ground");
	reason =
	    decision->reason ? reason_of_name(decision->reason) : reason_of_code(ground->reason);
	if (!reason)
		return refuse(422, "reason-unknown", "reason", "SBR 7.2.2",
		    "This reason may not be given.", "Leave it out: the ground has one.");
	/* The clock, and whether the key is blocked, must not depend on which of the two is read. */
	if ((reason->code == CLAIM_REASON_KEY_COMPROMISE) !=
	    (ground->reason == CLAIM_REASON_KEY_COMPROMISE))
		return refuse(422, "reason-not-of-ground", "reason", "SBR 4.9.1.1",
		    "Ground and reason do not say the same about the key.",
		    "Leave the reason out, or name another ground.");
	const struct intake_revocation wanted = { .by = CLAIM_BY_REPORT,
		.account = caller->signs_as,
		.reason = reason->code,
		.text = decision->text,
		.report = id_text(arena, report->id),
		.note_version = "",
		.known_at_ms = report->received_at_ms,
		.due_at_ms = report->received_at_ms + (int64_t)ground->hours * CS_HOUR_MS,
		.refusal_code = "",
		.refusal_text = "",
		.challenge = "" };
	struct intake_step step = intake_ask_revocation(arena, req, &wanted, now_ms);

	if (step.status >= 400)
		return step;
	report->due_at_ms = wanted.due_at_ms;
	report->ground = ground->name;
	report->reason = reason->code;
	follow_request(report, req, now_ms);
	return step;
}

struct intake_step
report_decide(struct cs_arena *arena, struct intake_request *req, struct report *report,
    const struct intake_caller *caller, const struct report_decision *decision, int64_t now_ms)
{
	struct intake_step step = may_act(report, caller);

	if (step.status != 0)
		return step;
	if (report->state != REPORT_OPEN)
		return refuse(409, "decided", "id", "", "The report was decided already.",
		    "Nothing is left to decide.");
	if (decision->revoke) {
		step = revoke(arena, req, report, caller, decision, now_ms);
		if (step.status >= 400)
			return step;
	} else if (report->proved && !intake_revocation_refused(&req->revocation)) {
		return key_is_known("decision");
	} else {
		report->state = REPORT_REJECTED;
		report->closed_at_ms = now_ms;
		step.status = 200;
	}
	report->decided_at_ms = now_ms;
	report->decided_by = caller->signs_as;
	report->decision_text = decision->text;
	report->changed = true;
	if (report->preliminary_at_ms == 0)
		answer_now(report, caller->signs_as, decision->text, now_ms);
	return step;
}

bool
report_is_for(const char *subject)
{
	return strncmp(subject, "api.report-", strlen("api.report-")) == 0;
}

/* ---- what the signer says ---- */

void
report_on_revoked(struct intake_request *req, int64_t now_ms)
{
	for (size_t i = 0; i < req->n_reports; i++) {
		struct report *report = &req->reports[i];

		if (report->state != REPORT_ASKED || !cs_id_equal(report->request, req->id))
			continue;
		report->state = REPORT_REVOKED;
		report->closed_at_ms = now_ms;
		report->changed = true;
	}
}

/*
 * Somebody must look again, also at those that asked for nothing themselves since somebody else's question was under
 * way.  One too many asks for little: what is revoked by then only needs to be said.
 */
void
report_on_revocation_refused(struct intake_request *req)
{
	for (size_t i = 0; i < req->n_reports; i++) {
		struct report *report = &req->reports[i];

		if (report->state != REPORT_ASKED || !cs_id_equal(report->request, req->id))
			continue;
		report->state = REPORT_OPEN;
		report->decided_at_ms = 0;
		report->changed = true;
	}
}
