/* SPDX-License-Identifier: Apache-2.0 */
#include "life.h"

#include <string.h>

#include "reasons.h"

static struct intake_step
answer(unsigned status, enum intake_says says)
{
	return (struct intake_step){ .status = status, .says = says };
}

static struct intake_step
refuse(unsigned status, struct cs_refusal why)
{
	return (struct intake_step){ .status = status, .why = why };
}

static struct intake_step
not_found(void)
{
	return refuse(404, (struct cs_refusal){ "not-found", "id", "", "There is no such request.",
			       "Check the identifier and the API token." });
}

static struct intake_step
not_issued(void)
{
	return refuse(409, (struct cs_refusal){ "not-issued", "id", "",
			       "No certificate was issued for this request.",
			       "Name the request of a certificate that exists." });
}

bool
intake_revocation_refused(const struct intake_revocation *revocation)
{
	return revocation->refusal_code && revocation->refusal_code[0];
}

/* It was asked for, or is done. */
static bool
is_under_way(const struct intake_revocation *have)
{
	return have->revoked_at_ms != 0 ||
	       (have->asked_at_ms != 0 && !intake_revocation_refused(have));
}

bool
intake_is_over(const struct intake_request *req)
{
	return intake_ended(req->state) && !req->asking &&
	       (req->revocation.revoked_at_ms != 0 || !is_under_way(&req->revocation));
}

/* ---- another certificate ---- */

struct intake_step
intake_may_follow(const struct intake_request *earlier, const struct intake_caller *caller,
    enum claim_request_kind kind)
{
	if (!earlier || !intake_may_see(earlier, caller))
		return not_found();
	if (!intake_owns(earlier, caller))
		return refuse(
		    403, (struct cs_refusal){ "not-yours", "Authorization", "",
			     "Only the account that the certificate was issued to may do this.",
			     "Use an API token of that account." });
	if (kind == CLAIM_RENEWAL && is_under_way(&earlier->revocation))
		return refuse(409, (struct cs_refusal){ "revoked", "id", "SBR 4.9.1.1",
				       "The certificate is revoked, or is about to be.",
				       "Ask for a rekey, with a new key." });
	if (earlier->state != INTAKE_ISSUED && earlier->state != INTAKE_REVOKED)
		return not_issued();
	return answer(0, INTAKE_SAYS_NOTHING);
}

/* ---- revocation ---- */

/* It is under way or done, and what is wanted now would add nothing. */
static bool
adds_nothing(const struct intake_revocation *have, uint32_t reason)
{
	return is_under_way(have) &&
	       (reason != CLAIM_REASON_KEY_COMPROMISE || have->reason == reason);
}

struct intake_step
intake_ask_revocation(struct cs_arena *arena, struct intake_request *req,
    const struct intake_revocation *wanted, int64_t now_ms)
{
	struct intake_revocation *asking = NULL;
	struct intake_note *note = NULL;

	if (req->state != INTAKE_ISSUED && req->state != INTAKE_REVOKED)
		return not_issued();
	if (adds_nothing(&req->revocation, wanted->reason))
		return answer(req->state == INTAKE_REVOKED ? 200 : 202, INTAKE_SAYS_NOTHING);
	asking = CS_NEW(arena, struct intake_revocation);
	*asking = *wanted;
	asking->asked_at_ms = now_ms;
	asking->changed = true;
	req->asking = asking;
	/* What is done is shown as it was done, until the signer says otherwise. */
	if (req->revocation.revoked_at_ms == 0)
		req->revocation = *asking;
	note = intake_add_note(arena, req, now_ms);
	note->reason = "revocation-asked";
	note->text = wanted->text;
	return answer(202, INTAKE_SAYS_REVOCATION_ASKED);
}

struct intake_step
intake_revoke(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const struct intake_revoke *ask, int64_t now_ms)
{
	const struct reason *reason = reason_of_code(ask->reason);

	if (!intake_may_see(req, caller))
		return not_found();
	const bool is_owner = intake_owns(req, caller);
	const bool operates = intake_operates(caller, req->enterprise);

	if (!is_owner && !operates)
		return refuse(
		    403, (struct cs_refusal){ "not-yours", "Authorization", "",
			     "Only the owner of the certificate and operators may have it revoked.",
			     "Ask one of them, or report the problem." });
	if (!reason->for_owner && !operates)
		return refuse(403,
		    (struct cs_refusal){ "reason-not-yours", "reason", "SBR 7.2.2",
			"Only an operator may give this reason.",
			"Give keyCompromise, affiliationChanged, superseded, cessationOfOperation, or none." });
	const bool as_owner = is_owner && reason->for_owner;
	const struct intake_revocation wanted = {
		.by = as_owner ? CLAIM_BY_OWNER : CLAIM_BY_OPERATOR,
		.account = caller->signs_as,
		.reason = ask->reason,
		.text = ask->text,
		.report = "",
		.note_version = ask->note_version,
		.known_at_ms = now_ms,
		.due_at_ms =
		    now_ms + (as_owner ? REASON_OWNER_MS : (int64_t)reason->hours * CS_HOUR_MS),
		.refusal_code = "",
		.refusal_text = "",
		.challenge = "",
	};

	return intake_ask_revocation(arena, req, &wanted, now_ms);
}

/* ---- what the signer says ---- */

void
intake_tell_revoked(struct cs_arena *arena, struct intake_request *req, int64_t now_ms)
{
	if (req->state == INTAKE_REVOKED)
		(void)intake_add_note(arena, req, now_ms);
	else if (!intake_move(arena, req, INTAKE_REVOKED, now_ms))
		return; /* its issue is not heard of yet */
	req->last_note->reason = reason_of_code(req->revocation.reason)->name;
	req->last_note->text = req->revocation.text;
}

/* Nobody may have this key certified again, here or in another account (SBR 6.1.1.3). */
static void
block_key(struct intake_request *req)
{
	req->leaked_key = true;
	memcpy(req->leaked_spki_sha256, req->spki_sha256, CLAIM_DIGEST);
}

void
intake_on_revoked(struct cs_arena *arena, struct intake_request *req,
    const struct intake_revoked *revoked, int64_t now_ms)
{
	struct intake_revocation *have = &req->revocation;

	/* Late or doubled: a reason changes once at most, when a compromise becomes known. */
	if (req->state == INTAKE_NONE ||
	    (have->revoked_at_ms != 0 &&
		(have->reason == revoked->reason || have->reason == CLAIM_REASON_KEY_COMPROMISE)))
		return;
	have->by = revoked->by;
	have->reason = revoked->reason;
	have->text = revoked->text;
	have->revoked_at_ms = revoked->at_ms;
	have->refusal_code = have->refusal_text = "";
	have->changed = true;
	req->changed = true;
	if (revoked->reason == CLAIM_REASON_KEY_COMPROMISE)
		block_key(req);
	intake_tell_revoked(arena, req, now_ms);
}

void
intake_on_revocation_refused(struct cs_arena *arena, struct intake_request *req,
    const struct intake_unrevoked *no, int64_t now_ms)
{
	struct intake_note *note = NULL;

	if (req->state != INTAKE_ISSUED || intake_revocation_refused(&req->revocation))
		return;
	req->revocation.refusal_code = no->code;
	req->revocation.refusal_text = no->text;
	req->revocation.changed = true;
	note = intake_add_note(arena, req, now_ms);
	note->reason = "revocation-refused";
	note->text = no->text;
}
