/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The states of a request and its checks, and every move between them.  The signer judges on its
 * own; a mistake here can mislead a person but never issue a certificate.
 */
#include "intake.h"

#include <string.h>

#include "connector/factor.h"
#include "life.h"

/*
 * A second press of Verify within this time is the same press (two clicks, a client that repeats).
 */
#define SAME_PRESS_MS (5 * INT64_C(1000))
/* After so long without an answer the person may press again, and is told so. */
#define PRESS_LOST_MS (5 * INT64_C(60000))

#define TO(state) (UINT32_C(1) << (state))
#define ENDS (TO(INTAKE_REFUSED) | TO(INTAKE_CANCELLED) | TO(INTAKE_EXPIRED))

static const struct {
	const char *name;
	uint32_t next; /* states this one may move to */
} states[INTAKE_STATES] = {
	[INTAKE_NONE] = { "none", TO(INTAKE_CREATED) },
	/* To approved before it is ready: when it was approved with the request. */
	[INTAKE_CREATED] = { "created",
	    TO(INTAKE_VALIDATING) | TO(INTAKE_READY) | TO(INTAKE_APPROVED) | ENDS },
	[INTAKE_VALIDATING] = { "validating", TO(INTAKE_READY) | TO(INTAKE_APPROVED) | ENDS },
	[INTAKE_READY] = { "ready", TO(INTAKE_VALIDATING) | TO(INTAKE_APPROVED) | ENDS },
	[INTAKE_APPROVED] = { "approved", TO(INTAKE_ISSUED) | ENDS },
	[INTAKE_ISSUED] = { "issued", TO(INTAKE_REVOKED) },
	/* Policy may give up in the very moment in which the signer signs: what exists, exists. */
	[INTAKE_REFUSED] = { "refused", TO(INTAKE_ISSUED) },
	[INTAKE_CANCELLED] = { "cancelled", 0 },
	/* The same, where policy and signer were done with an approved request and nothing was heard of them. */
	[INTAKE_EXPIRED] = { "expired", TO(INTAKE_ISSUED) },
	[INTAKE_REVOKED] = { "revoked", 0 },
};

static const char *const shown_names[INTAKE_SHOWN] = {
	[INTAKE_NEEDED] = "needed",
	[INTAKE_WAITING] = "waiting",
	[INTAKE_PROVED] = "proved",
	[INTAKE_STANDING] = "standing",
	[INTAKE_CHECK_REFUSED] = "refused",
	[INTAKE_COULD_NOT_TELL] = "could-not-tell",
};

static const char *const todo_names[INTAKE_TODOS] = {
	[INTAKE_DO_NOTHING] = "nothing",
	[INTAKE_DO_WAIT] = "wait",
	[INTAKE_DO_VERIFY] = "verify",
	[INTAKE_DO_PUBLISH] = "publish",
	[INTAKE_DO_ENTER_TOKEN] = "enter-token",
};

const char *
intake_state_name(enum intake_state state)
{
	return states[state].name;
}

bool
intake_state_parse(const char *name, enum intake_state *ret_state)
{
	for (enum intake_state s = INTAKE_CREATED; s < INTAKE_STATES; s++) {
		if (strcmp(states[s].name, name) == 0) {
			*ret_state = s;
			return true;
		}
	}
	return false;
}

bool
intake_may_move(enum intake_state from, enum intake_state to)
{
	return states[from].next & TO(to);
}

bool
intake_ended(enum intake_state state)
{
	return state >= INTAKE_ISSUED;
}

const char *
intake_shown_name(enum intake_shown shown)
{
	return shown_names[shown];
}

const char *
intake_todo_name(enum intake_todo todo)
{
	return todo_names[todo];
}

bool
intake_by_operators(enum claim_kind kind)
{
	return kind == CLAIM_ORGANIZATION || kind == CLAIM_AUTHORITY || kind == CLAIM_INDIVIDUAL;
}

bool
intake_before_approval(enum claim_kind kind)
{
	return kind == CLAIM_MAILBOX || kind == CLAIM_DOMAIN || kind == CLAIM_MPIC_DOMAIN ||
	       intake_by_operators(kind);
}

struct intake_check *
intake_find_check(const struct intake_request *req, const char *id)
{
	for (size_t i = 0; i < req->n_checks; i++)
		if (strcmp(req->checks[i].id, id) == 0)
			return &req->checks[i];
	return NULL;
}

static bool
is_of(const struct intake_caller *caller, const char *enterprise)
{
	return caller->is_everywhere || strcmp(enterprise, caller->enterprise) == 0;
}

bool
intake_owns(const struct intake_request *req, const struct intake_caller *caller)
{
	return strcmp(req->enterprise, caller->enterprise) == 0 &&
	       strcmp(req->account, caller->account) == 0;
}

bool
intake_oversees(const struct intake_caller *caller, const char *enterprise)
{
	return (caller->is_operator || caller->is_auditor) && is_of(caller, enterprise);
}

bool
intake_operates(const struct intake_caller *caller, const char *enterprise)
{
	return caller->is_operator && is_of(caller, enterprise);
}

bool
intake_may_see(const struct intake_request *req, const struct intake_caller *caller)
{
	return req->state != INTAKE_NONE &&
	       (intake_owns(req, caller) || intake_oversees(caller, req->enterprise));
}

/* ---- what people see ---- */

/* Perspectives corroborate the newest proof of the domain, not an older one. */
static bool
corroborates_older(const struct intake_request *req, const struct intake_check *check)
{
	const struct intake_check *domain = NULL;

	if (check->kind != CLAIM_MPIC_DOMAIN || strncmp(check->id, "mpic-", 5) != 0)
		return false;
	domain = intake_find_check(req, check->id + 5);
	return domain && domain->outcome == CLAIM_PROVED && domain->attempt > check->attempt;
}

static bool
has_proof(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	return check->outcome == CLAIM_PROVED && check->valid_until_ms > now_ms &&
	       check->attempt >= check->plan_attempt && !corroborates_older(req, check);
}

/* The last press led to no look: too many were made within the hour. */
static bool
was_held(const struct intake_check *check)
{
	return check->challenge == INTAKE_HELD && check->challenge_at_ms >= check->asked_at_ms;
}

static bool
was_pressed(const struct intake_check *check, int64_t now_ms)
{
	return check->asked_at_ms > check->checked_at_ms && !was_held(check) &&
	       now_ms - check->asked_at_ms < PRESS_LOST_MS;
}

/* A token lies in the mailbox, whatever became of a mail after it. */
static bool
has_token(const struct intake_check *check, int64_t now_ms)
{
	return check->kind == CLAIM_MAILBOX && check->challenge_until_ms > now_ms;
}

static bool
is_under_way(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	/*
	 * The first plan numbers the attempts of mailboxes and domains; they begin when Verify is
	 * pressed.
	 */
	if (check->plan_attempt > check->attempt && !intake_before_approval(check->kind))
		return true;
	if (has_token(check, now_ms))
		return check->challenge_at_ms > check->checked_at_ms;
	return corroborates_older(req, check) || was_pressed(check, now_ms);
}

static bool
mail_was_refused(const struct intake_check *check, int64_t now_ms)
{
	return check->challenge == INTAKE_MAIL_REFUSED &&
	       check->challenge_at_ms >= check->asked_at_ms && !has_token(check, now_ms);
}

enum intake_shown
intake_show_check(
    const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	if (has_proof(req, check, now_ms))
		return INTAKE_PROVED;
	/* A later no ends the standing proof; "could not tell" does not. */
	if (check->standing_until_ms > now_ms && check->outcome != CLAIM_REFUSED)
		return INTAKE_STANDING;
	if (mail_was_refused(check, now_ms))
		return INTAKE_CHECK_REFUSED;
	if (is_under_way(req, check, now_ms))
		return INTAKE_WAITING;
	if (check->outcome == CLAIM_REFUSED)
		return INTAKE_CHECK_REFUSED;
	return check->outcome == CLAIM_COULD_NOT_TELL ? INTAKE_COULD_NOT_TELL : INTAKE_NEEDED;
}

static enum intake_todo
todo_mailbox(const struct intake_check *check, enum intake_shown shown, int64_t now_ms)
{
	if (has_token(check, now_ms))
		return INTAKE_DO_ENTER_TOKEN;
	return shown == INTAKE_WAITING ? INTAKE_DO_WAIT : INTAKE_DO_VERIFY;
}

static enum intake_todo
todo_domain(const struct intake_check *check, enum intake_shown shown)
{
	if (check->challenge != INTAKE_PUBLISH && check->challenge != INTAKE_HELD)
		return INTAKE_DO_WAIT; /* for the value to publish */
	return shown == INTAKE_WAITING ? INTAKE_DO_WAIT : INTAKE_DO_PUBLISH;
}

static bool
is_satisfied(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	enum intake_shown shown = intake_show_check(req, check, now_ms);

	return shown == INTAKE_PROVED || shown == INTAKE_STANDING;
}

/* We saw the value and too few perspectives did: only another look at the domain can mend that. */
static bool
is_uncorroborated(
    const struct intake_request *req, const struct intake_check *domain, int64_t now_ms)
{
	for (size_t i = 0; domain->kind == CLAIM_DOMAIN && i < req->n_checks; i++) {
		const struct intake_check *mpic = &req->checks[i];

		if (mpic->kind == CLAIM_MPIC_DOMAIN && strncmp(mpic->id, "mpic-", 5) == 0 &&
		    strcmp(mpic->id + 5, domain->id) == 0)
			return mpic->outcome != 0 && mpic->outcome != CLAIM_PROVED &&
			       mpic->attempt >= domain->attempt && !is_satisfied(req, mpic, now_ms);
	}
	return false;
}

enum intake_todo
intake_todo_for(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	enum intake_shown shown = intake_show_check(req, check, now_ms);

	if (intake_ended(req->state) || ((shown == INTAKE_PROVED || shown == INTAKE_STANDING) &&
					    !is_uncorroborated(req, check, now_ms)))
		return INTAKE_DO_NOTHING;
	if (req->state == INTAKE_APPROVED)
		return INTAKE_DO_WAIT;
	if (check->kind == CLAIM_MAILBOX)
		return todo_mailbox(check, shown, now_ms);
	if (check->kind == CLAIM_DOMAIN)
		return todo_domain(check, shown);
	if (shown == INTAKE_WAITING || intake_by_operators(check->kind))
		return INTAKE_DO_WAIT;
	/*
	 * CAA and what perspectives say of it is looked up after the approval; a look now is a
	 * courtesy.
	 */
	if (shown == INTAKE_NEEDED || check->kind == CLAIM_MPIC_DOMAIN)
		return INTAKE_DO_NOTHING;
	return INTAKE_DO_VERIFY;
}

static bool
is_missing(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	return check->planned && intake_before_approval(check->kind) &&
	       !is_satisfied(req, check, now_ms);
}

/* Nothing was heard yet of an approval. */
static bool
is_open(const struct intake_request *req)
{
	return req->state >= INTAKE_CREATED && req->state <= INTAKE_READY;
}

enum intake_state
intake_show_state(const struct intake_request *req, int64_t now_ms)
{
	if (!is_open(req) || req->revision == 0)
		return req->state;
	for (size_t i = 0; i < req->n_checks; i++)
		if (is_missing(req, &req->checks[i], now_ms))
			return INTAKE_VALIDATING;
	return INTAKE_READY;
}

/* ---- notes ---- */

static struct intake_note *
note(struct cs_arena *arena, struct intake_request *req, const char *check, const char *state,
    int64_t now_ms)
{
	struct intake_note *n = CS_NEW(arena, struct intake_note);

	*n = (struct intake_note){ .seq = ++req->seq,
		.at_ms = now_ms,
		.check = check,
		.state = state,
		.reason = "",
		.text = "" };
	if (req->last_note)
		req->last_note->next = n;
	else
		req->notes = n;
	req->last_note = n;
	req->changed = true;
	req->changed_at_ms = now_ms;
	return n;
}

/* Gives the reason to the newest line about this check, when this batch wrote one. */
static void
explain(struct intake_request *req, const char *check, const char *reason, const char *text)
{
	struct intake_note *last = NULL;

	for (struct intake_note *n = req->notes; n; n = n->next)
		if (strcmp(n->check, check) == 0)
			last = n;
	if (last) {
		last->reason = reason;
		last->text = text;
	}
}

struct intake_note *
intake_add_note(struct cs_arena *arena, struct intake_request *req, int64_t now_ms)
{
	return note(arena, req, "", intake_state_name(req->state), now_ms);
}

bool
intake_move(
    struct cs_arena *arena, struct intake_request *req, enum intake_state to, int64_t now_ms)
{
	if (!intake_may_move(req->state, to))
		return false;
	req->state = to;
	req->moved_at_ms = now_ms;
	note(arena, req, "", intake_state_name(to), now_ms);
	return true;
}

/* Tells of every check that looks different now, and of the request when that changes it. */
static void
settle(struct cs_arena *arena, struct intake_request *req, int64_t now_ms)
{
	for (size_t i = 0; i < req->n_checks; i++) {
		struct intake_check *check = &req->checks[i];
		enum intake_shown shown = intake_show_check(req, check, now_ms);

		if (shown == check->shown || !check->planned)
			continue;
		check->shown = shown;
		check->changed = true;
		note(arena, req, check->id, intake_shown_name(shown), now_ms);
	}
	if (intake_show_state(req, now_ms) != req->state)
		(void)intake_move(arena, req, intake_show_state(req, now_ms), now_ms);
}

/* ---- what people ask for ---- */

static struct intake_step
answer(unsigned status, enum intake_says says)
{
	return (struct intake_step){ .status = status, .says = says };
}

static struct intake_step
refuse(unsigned status, const char *code, const char *text, const char *mend)
{
	return (struct intake_step){ .status = status,
		.why = { .code = code, .field = "", .clause = "", .text = text, .mend = mend } };
}

/* `field`: the part of what was asked that is at fault. */
static struct intake_step
refuse_field(
    unsigned status, const char *code, const char *field, const char *text, const char *mend)
{
	struct intake_step step = refuse(status, code, text, mend);

	step.why.field = field;
	return step;
}

static struct intake_step
not_found(void)
{
	return refuse_field(404, "not-found", "id", "There is no such request.",
	    "Check the identifier and the API token.");
}

static struct intake_step
not_yours(void)
{
	return refuse_field(403, "not-yours", "Authorization",
	    "Only the account that made the request may do this.",
	    "Use an API token of that account.");
}

static struct intake_step
refuse_key(const char *code, const char *clause, const char *text)
{
	struct intake_step step =
	    refuse_field(422, code, "csr", text, "Make a new key and a new request.");

	step.why.clause = clause;
	return step;
}

struct intake_step
intake_repeat(const struct intake_request *req, const uint8_t body_sha256[static CLAIM_DIGEST])
{
	if (req->state == INTAKE_NONE)
		return answer(0, INTAKE_SAYS_NOTHING);
	if (memcmp(req->body_sha256, body_sha256, CLAIM_DIGEST) == 0)
		return answer(201, INTAKE_SAYS_NOTHING);
	return refuse_field(409, "idempotency-conflict", "Idempotency-Key",
	    "This Idempotency-Key came with a different body before.",
	    "Repeat exactly the same body, or use a new key.");
}

static struct intake_step
not_an_operator(void)
{
	return refuse_field(403, "not-an-operator", "Authorization",
	    "Only operators have the enterprise's domains verified.",
	    "Use an operator's API token.");
}

const char *
intake_account(const struct intake_new *draft)
{
	return draft->on_behalf && draft->on_behalf[0] ? draft->on_behalf : draft->caller.account;
}

const char *
intake_submitter(const struct intake_new *draft)
{
	return strcmp(intake_account(draft), draft->caller.account) == 0 ? ""
									 : draft->caller.account;
}

struct intake_step
intake_create(struct cs_arena *arena, struct intake_request *req, const struct intake_new *draft)
{
	struct intake_step step = intake_repeat(req, draft->body_sha256);

	if (step.status != 0)
		return step;
	if (draft->caller.is_everywhere)
		return refuse_field(403, "no-enterprise", "Authorization",
		    "People of the platform belong to no enterprise, so they ask for nothing in it.",
		    "Use an API token of a person of the enterprise.");
	if (draft->kind == CLAIM_DOMAIN_ONLY && !draft->caller.is_operator)
		return not_an_operator();
	if (intake_submitter(draft)[0] != '\0' && !draft->caller.is_operator)
		return refuse_field(403, "not-an-operator", "for",
		    "Only operators ask for certificates on behalf of others.",
		    "Leave it out, or ask an operator.");
	/* By the names that the signer gives them, if they only come to light there. */
	if (req->key_blocked)
		return refuse_key("key-compromised", "SBR 6.1.1.3",
		    "The private key of this request is known to others.");
	if (req->key_of_another)
		return refuse_key("key-of-another", "SBR 6.1.1.3",
		    "This key is already certified for another account.");
	req->id = draft->id;
	req->enterprise = draft->caller.enterprise;
	req->account = intake_account(draft);
	req->submitted_by = intake_submitter(draft);
	req->created_at_ms = draft->now_ms;
	req->ends_at_ms = draft->ends_at_ms;
	memcpy(req->body_sha256, draft->body_sha256, CLAIM_DIGEST);
	memcpy(req->digest, draft->digest, CLAIM_DIGEST);
	memcpy(req->spki_sha256, draft->spki_sha256, CLAIM_DIGEST);
	req->profile = draft->profile;
	req->mailboxes = draft->mailboxes;
	req->domains = draft->domains;
	req->kind = draft->kind;
	req->previous = draft->previous;
	req->note_version = draft->note_version;
	req->approved_in_itself = draft->approves;
	(void)intake_move(arena, req, INTAKE_CREATED, draft->now_ms);
	return answer(201, INTAKE_SAYS_SUBMITTED);
}

/*
 * A domain of the enterprise is every operator's business; a request on behalf of an account also that of the
 * operator who asked, and of no other.
 */
static bool
may_act_as_operator(const struct intake_request *req, const struct intake_caller *caller)
{
	if (!intake_operates(caller, req->enterprise))
		return false;
	return req->kind == CLAIM_DOMAIN_ONLY ||
	       (!caller->is_everywhere && req->submitted_by &&
		   strcmp(req->submitted_by, caller->account) == 0);
}

/* The reasons why this caller may not act on the request as it stands; status 0: he may. */
static struct intake_step
may_act(const struct intake_request *req, const struct intake_caller *caller)
{
	if (!intake_may_see(req, caller))
		return not_found();
	if (!intake_owns(req, caller) && !may_act_as_operator(req, caller))
		return not_yours();
	if (intake_ended(req->state))
		return refuse(409, "ended", "The request has ended.", "Make a new request.");
	return answer(0, INTAKE_SAYS_NOTHING);
}

static struct intake_step
may_verify(const struct intake_request *req, const struct intake_check *check)
{
	if (req->revision == 0)
		return refuse(409, "no-plan-yet", "What must be proved is not worked out yet.",
		    "Try again in a few seconds.");
	if (!check || !check->planned)
		return refuse_field(404, "no-such-check", "check", "The request has no such check.",
		    "Use an identifier from the request's list of checks.");
	if (req->state == INTAKE_APPROVED)
		return refuse(409, "already-approved",
		    "The request was approved; its checks run by themselves.",
		    "Wait for the outcome.");
	if (check->kind == CLAIM_MPIC_DOMAIN)
		return refuse_field(409, "runs-by-itself", "check",
		    "Perspectives look by themselves once the domain is proved.",
		    "Verify the domain instead.");
	if (intake_by_operators(check->kind))
		return refuse_field(409, "verified-by-people", "check",
		    "Operators verify who you are: there is nothing to look at.",
		    "Ask an operator, when it is not proved.");
	if (check->kind == CLAIM_DOMAIN && check->challenge == INTAKE_NO_CHALLENGE &&
	    check->standing_until_ms == 0)
		return refuse(409, "no-challenge-yet", "What to publish is not known yet.",
		    "Try again in a few seconds.");
	return answer(0, INTAKE_SAYS_NOTHING);
}

/* A look at CAA may be repeated; a proof by a person need not. */
static bool
is_done(const struct intake_request *req, const struct intake_check *check, int64_t now_ms)
{
	return intake_before_approval(check->kind) && is_satisfied(req, check, now_ms) &&
	       !is_uncorroborated(req, check, now_ms);
}

/* A double click, or a retry after a lost answer: unless what was asked for has been answered since. */
static bool
is_same_press(const struct intake_check *check, int64_t now_ms)
{
	const bool looked = check->outcome != 0 && check->checked_at_ms >= check->asked_at_ms;
	const bool not_mailed =
	    (check->challenge == INTAKE_MAIL_DEFERRED || check->challenge == INTAKE_MAIL_REFUSED) &&
	    check->challenge_at_ms >= check->asked_at_ms;

	return check->asked_at_ms != 0 && now_ms - check->asked_at_ms < SAME_PRESS_MS && !looked &&
	       !not_mailed && !was_held(check);
}

struct intake_step
intake_verify(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const char *id, int64_t now_ms)
{
	struct intake_check *check = req->state == INTAKE_NONE ? NULL : intake_find_check(req, id);
	struct intake_step step = may_act(req, caller);

	if (step.status == 0)
		step = may_verify(req, check);
	if (step.status != 0)
		return step;
	if (is_done(req, check, now_ms))
		return answer(200, INTAKE_SAYS_NOTHING);
	if (is_same_press(check, now_ms))
		return answer(202, INTAKE_SAYS_NOTHING);
	check->asked_at_ms = now_ms;
	check->changed = true;
	req->changed = true;
	settle(arena, req, now_ms);
	return answer(202, INTAKE_SAYS_VERIFICATION_ASKED);
}

static const char *
name_missing(struct cs_arena *arena, const struct intake_request *req, int64_t now_ms)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < req->n_checks; i++)
		if (is_missing(req, &req->checks[i], now_ms))
			cs_buf_printf(&buf, "%s%s", buf.len ? ", " : "", req->checks[i].id);
	return (const char *)cs_buf_span(&buf).data;
}

/* The reasons why this caller may not approve the request as it stands; status 0: he may. */
static struct intake_step
may_approve(struct cs_arena *arena, struct intake_request *req, const struct intake_caller *caller,
    int64_t now_ms)
{
	struct intake_step step = may_act(req, caller);

	if (step.status != 0)
		return step;
	if (req->kind == CLAIM_DOMAIN_ONLY)
		return refuse(409, "no-certificate",
		    "This request asks for no certificate, so there is nothing to approve.",
		    "It is done when its domain is proved; ask for a certificate then.");
	if (req->state == INTAKE_APPROVED)
		return answer(202, INTAKE_SAYS_NOTHING);
	if (req->revision == 0)
		return refuse(409, "no-plan-yet", "What must be proved is not worked out yet.",
		    "Try again in a few seconds.");
	settle(arena, req, now_ms);
	if (req->state != INTAKE_READY) {
		const char *missing = name_missing(arena, req, now_ms);

		return refuse_field(409, "not-ready", missing,
		    cs_arena_printf(arena, "These checks are not proved yet: %s.", missing),
		    "Prove them, then approve again.");
	}
	/* It may have become known while its mailboxes were proved. */
	if (req->key_blocked)
		return refuse_key("key-compromised", "SBR 6.1.1.3",
		    "The private key of this request is known to others.");
	return answer(0, INTAKE_SAYS_NOTHING);
}

static bool
wants_factor(const struct intake_request *req)
{
	return req->second_factor && req->second_factor[0] != '\0';
}

/* Policy judges it; this only keeps what cannot be meant for it from being published. */
static bool
is_proof(const struct intake_request *req, const struct intake_caller *caller,
    const struct claim_factor *proof)
{
	return proof && cs_id_equal(proof->request, req->id) &&
	       memcmp(proof->request_digest, req->digest, CLAIM_DIGEST) == 0 &&
	       strcmp(proof->enterprise, req->enterprise) == 0 &&
	       strcmp(proof->account, caller->account) == 0 &&
	       strcmp(proof->method, req->second_factor) == 0;
}

static bool
wants_password(const struct intake_request *req)
{
	const struct factor_method *method =
	    wants_factor(req) ? factor_method_find(req->second_factor) : NULL;

	return method && method->binds;
}

static bool
wants_login(const struct intake_request *req)
{
	const struct factor_method *method = factor_method_find(req->second_factor);

	return method && method->sends[FACTOR_LOGIN];
}

/* Is it brought in the form that is wanted?  Only then somebody looks at it. */
static struct intake_step
may_be_looked_at(const struct intake_request *req, const struct intake_factor *given)
{
	if (given->has_password == wants_password(req))
		return answer(202, INTAKE_SAYS_ASK_FACTOR);
	if (given->has_password)
		return refuse_field(422, "second-factor-not-password", "password",
		    "This approval wants codes, and no password.",
		    "Have codes sent by POST to second_factor.start, then approve with what they say.");
	return refuse_field(422, "second-factor-not-codes", "code",
	    "This approval wants the password of your account in the directory, and no code.",
	    "Approve with {\"password\": \"...\"}.");
}

static struct intake_step
may_pass(const struct intake_request *req, const struct intake_caller *caller,
    const struct intake_factor *given)
{
	if (!wants_factor(req) || is_proof(req, caller, given->proof))
		return answer(0, INTAKE_SAYS_NOTHING);
	if (given->has_codes || given->has_password)
		return may_be_looked_at(req, given);
	if (wants_password(req))
		return refuse_field(403, "second-factor-needed", "password",
		    "This approval wants a second factor: the password of your account in the "
		    "directory.",
		    "Approve with {\"password\": \"...\"}.");
	if (wants_login(req))
		return refuse_field(403, "second-factor-needed", "code",
		    "This approval wants a second factor: a code that you are shown when you have logged "
		    "in at the provider of your enterprise.",
		    "Begin by POST to second_factor.start, open the URL that it answers, then approve with "
		    "the code.");
	return refuse_field(403, "second-factor-needed", "code",
	    "This approval wants a second factor: a code that is sent to you.",
	    "Have codes sent by POST to second_factor.start, then approve with what they say.");
}

/* Who sees the history sees who approved, and by what. */
static void
explain_approval(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const struct claim_factor *proof)
{
	const char *by = proof ? cs_arena_printf(arena, "second factor: %s", proof->method) : "";

	if (!intake_owns(req, caller))
		explain(req, "", "approved-on-behalf",
		    proof ? cs_arena_printf(arena, "%s; %s", caller->account, by)
			  : caller->account);
	else if (proof)
		explain(req, "", "second-factor-proved", by);
}

struct intake_step
intake_approve(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const struct intake_factor *given, int64_t now_ms)
{
	struct intake_step step = may_approve(arena, req, caller, now_ms);
	const struct claim_factor *proof = NULL;

	if (step.status == 0)
		step = may_pass(req, caller, given);
	if (step.status != 0)
		return step;
	if (wants_factor(req)) {
		proof = given->proof;
		req->factor_proved_at_ms = proof->proved_at_ms;
	}
	(void)intake_move(arena, req, INTAKE_APPROVED, now_ms);
	explain_approval(arena, req, caller, proof);
	return answer(202, INTAKE_SAYS_APPROVED);
}

struct intake_step
intake_ask_factor(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, int64_t now_ms)
{
	const struct intake_step step = may_approve(arena, req, caller, now_ms);

	if (step.status >= 400)
		return step;
	if (step.status != 0 || !wants_factor(req))
		return refuse(409, "second-factor-not-asked",
		    "No second factor is asked for at this approval.", "Approve without one.");
	if (wants_password(req))
		return refuse(409, "second-factor-not-codes",
		    "Nothing is sent: this approval wants the password of your account in the "
		    "directory.",
		    "Approve with {\"password\": \"...\"}.");
	return answer(202, INTAKE_SAYS_ASK_FACTOR);
}

struct intake_step
intake_cancel(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, int64_t now_ms)
{
	if (!intake_may_see(req, caller))
		return not_found();
	if (!intake_owns(req, caller) && !intake_operates(caller, req->enterprise))
		return not_yours();
	if (req->state == INTAKE_CANCELLED)
		return answer(200, INTAKE_SAYS_NOTHING);
	if (req->state == INTAKE_APPROVED || (req->approved_in_itself && !intake_ended(req->state)))
		return answer(202, INTAKE_SAYS_ASK_SIGNER);
	if (!intake_move(arena, req, INTAKE_CANCELLED, now_ms))
		return refuse(
		    409, "ended", "The request has ended already.", "Nothing is left to cancel.");
	return answer(200, INTAKE_SAYS_CANCELLED);
}

struct intake_step
intake_expire(struct cs_arena *arena, struct intake_request *req, int64_t now_ms)
{
	if (!is_open(req) || req->ends_at_ms > now_ms)
		return answer(200, INTAKE_SAYS_NOTHING);
	(void)intake_move(arena, req, INTAKE_EXPIRED, now_ms);
	return answer(200, INTAKE_SAYS_EXPIRED);
}

/* ---- what the bus tells ---- */

/*
 * The check of this name; new when nothing was heard of it before.  NULL: too many, or not this
 * kind.
 */
static struct intake_check *
check_of(struct cs_arena *arena, struct intake_request *req, const char *id, enum claim_kind kind)
{
	struct intake_check *check = intake_find_check(req, id);
	struct intake_check *grown = NULL;

	if (check)
		return check->kind == kind ? check : NULL;
	if (req->n_checks >= 2 * CLAIM_MAX_CHECKS)
		return NULL;
	grown = CS_NEW_ARRAY(arena, req->n_checks + 1, struct intake_check);
	if (req->n_checks)
		memcpy(grown, req->checks, req->n_checks * sizeof(*grown));
	check = &grown[req->n_checks];
	*check = (struct intake_check){ .id = id,
		.kind = kind,
		.target = "",
		.method = "",
		.allowed_methods = "",
		.new_because = "",
		.position = (uint32_t)req->n_checks };
	req->checks = grown;
	req->n_checks++;
	return check;
}

static const char *
join(struct cs_arena *arena, struct claim_texts texts)
{
	struct cs_buf buf = cs_buf_new(arena);

	for (size_t i = 0; i < texts.n; i++)
		cs_buf_printf(&buf, "%s%s", i ? "," : "", texts.items[i]);
	return (const char *)cs_buf_span(&buf).data;
}

/* Most plans repeat most of the one before: what stays as it was is not written again. */
static void
plan_check(struct intake_check *check, const struct intake_check *planned)
{
	const bool same = check->planned && strcmp(check->target, planned->target) == 0 &&
			  strcmp(check->method, planned->method) == 0 &&
			  strcmp(check->allowed_methods, planned->allowed_methods) == 0 &&
			  strcmp(check->new_because, planned->new_because) == 0 &&
			  check->outcome == planned->outcome &&
			  check->position == planned->position &&
			  check->plan_attempt == planned->plan_attempt &&
			  check->standing_until_ms == planned->standing_until_ms;

	if (same)
		return;
	*check = *planned;
	check->planned = true;
	check->changed = true;
}

/* The plan takes no proof by the method that it was proved by. */
static bool
is_proved_otherwise(const struct intake_check *check, const struct claim_check *wanted)
{
	if (check->outcome != CLAIM_PROVED || wanted->has_standing ||
	    !intake_before_approval(check->kind) || intake_by_operators(check->kind))
		return false;
	if (wanted->allowed_methods.n == 0)
		return wanted->method[0] && strcmp(check->method, wanted->method) != 0;
	for (size_t i = 0; i < wanted->allowed_methods.n; i++)
		if (strcmp(wanted->allowed_methods.items[i], check->method) == 0)
			return false;
	return true;
}

/* NULL: nobody has to be told why it is asked for. */
static const char *
take_planned(
    struct cs_arena *arena, struct intake_request *req, const struct claim_plan *plan, size_t i)
{
	const struct claim_check *wanted = &plan->checks[i];
	struct intake_check *check = check_of(arena, req, wanted->id, wanted->kind);
	const char *because = wanted->new_because ? wanted->new_because : "";
	struct intake_check planned;

	if (!check)
		return NULL;
	const bool is_news = because[0] && strcmp(because, check->new_because) != 0;

	planned = *check;
	planned.target = wanted->target;
	planned.new_because = because;
	if (is_proved_otherwise(check, wanted))
		planned.outcome = 0; /* as if nobody had looked */
	if (wanted->method[0])
		planned.method = wanted->method;
	planned.allowed_methods = join(arena, wanted->allowed_methods);
	planned.position = (uint32_t)i;
	planned.plan_attempt = wanted->has_standing ? 0 : wanted->attempt;
	planned.standing_until_ms = wanted->has_standing ? wanted->standing_until_ms : 0;
	plan_check(check, &planned);
	return is_news ? because : NULL;
}

static bool
is_on(const struct claim_plan *plan, const struct intake_check *check)
{
	for (size_t i = 0; i < plan->n_checks; i++)
		if (plan->checks[i].kind == check->kind &&
		    strcmp(plan->checks[i].id, check->id) == 0)
			return true;
	return false;
}

static void
drop_unplanned(struct intake_request *req, const struct claim_plan *plan)
{
	for (size_t i = 0; i < req->n_checks; i++) {
		struct intake_check *check = &req->checks[i];

		if (!check->planned || is_on(plan, check))
			continue;
		check->planned = false;
		check->changed = true;
	}
}

/* Whoever watches learns why there is more to do than before. */
static void
tell_news(struct cs_arena *arena, struct intake_request *req, const char *id, const char *because,
    int64_t now_ms)
{
	const struct intake_check *check = intake_find_check(req, id);
	struct intake_note *line = note(arena, req, id, intake_shown_name(check->shown), now_ms);

	line->reason = "asked-for-now";
	line->text = because;
}

/* What rests on an approval was heard of: where none was given since, it is the request's own. */
static void
take_own_approval(struct cs_arena *arena, struct intake_request *req, int64_t now_ms)
{
	if (!req->approved_in_itself || !is_open(req))
		return;
	(void)intake_move(arena, req, INTAKE_APPROVED, now_ms);
	explain(req, "", "approved-with-request", req->submitted_by ? req->submitted_by : "");
}

void
intake_on_plan(struct cs_arena *arena, struct intake_request *req, const struct claim_plan *plan,
    int64_t now_ms)
{
	if (req->state == INTAKE_NONE || plan->revision <= req->revision)
		return;
	const char *news[CLAIM_MAX_CHECKS];

	drop_unplanned(req, plan);
	for (size_t i = 0; i < plan->n_checks; i++)
		news[i] = take_planned(arena, req, plan, i);
	req->revision = plan->revision;
	req->subject = plan->subject;
	req->waived = plan->waived;
	req->second_factor = plan->second_factor;
	req->changed = true;
	if (plan->final)
		take_own_approval(arena, req, now_ms);
	settle(arena, req, now_ms);
	for (size_t i = 0; i < plan->n_checks; i++)
		if (news[i])
			tell_news(arena, req, plan->checks[i].id, news[i], now_ms);
}

void
intake_on_evidence(struct cs_arena *arena, struct intake_request *req,
    const struct claim_evidence *evidence, struct cs_span body, int64_t now_ms)
{
	struct intake_check *check = NULL;

	if (req->state == INTAKE_NONE)
		return;
	check = check_of(arena, req, evidence->check_id, evidence->kind);
	/* The first result of an attempt counts. */
	if (!check || (check->outcome != 0 && evidence->attempt <= check->attempt))
		return;
	if (!check->target[0])
		check->target = evidence->target;
	check->method = evidence->method;
	check->attempt = evidence->attempt;
	check->outcome = evidence->outcome;
	check->checked_at_ms = evidence->checked_at_ms;
	check->valid_until_ms = evidence->valid_until_ms;
	check->evidence = body;
	check->changed = true;
	req->changed = true;
	settle(arena, req, now_ms);
	explain(req, check->id, evidence->reason, evidence->text);
}

/* The value had ended: the press led to a new one, and to no look for which anybody would wait. */
static bool
replaces_what_ended(const struct intake_check *check, const struct intake_told *told)
{
	return check->kind == CLAIM_DOMAIN && check->challenge_until_ms != 0 &&
	       check->challenge_until_ms <= told->at_ms && told->until_ms > told->at_ms;
}

void
intake_on_challenge(struct cs_arena *arena, struct intake_request *req,
    const struct intake_told *told, int64_t now_ms)
{
	struct intake_check *check = NULL;

	if (req->state == INTAKE_NONE)
		return;
	check = check_of(arena, req, told->check, told->kind);
	if (!check || told->at_ms <= check->challenge_at_ms)
		return; /* late or doubled */
	/* The same value again: only the time of the next look is news. */
	const bool same =
	    check->kind == CLAIM_DOMAIN && check->challenge_until_ms == told->until_ms;

	if (replaces_what_ended(check, told))
		check->asked_at_ms = 0;
	if (!check->target[0])
		check->target = told->target;
	check->challenge = told->challenge;
	check->challenge_at_ms = told->at_ms;
	check->challenge_until_ms = told->until_ms;
	check->told = told->body;
	check->changed = true;
	settle(arena, req, now_ms);
	/*
	 * "Needed" stays "needed" when the value to publish becomes known, but people wait for it.
	 */
	if (check->planned)
		note(arena, req, check->id, intake_shown_name(check->shown), now_ms)->reason =
		    told->challenge == INTAKE_HELD ? told->hold
		    : same                         ? "next-look"
						   : "challenge";
	req->changed = true;
}

void
intake_on_refused(struct cs_arena *arena, struct intake_request *req,
    const struct intake_refused *no, int64_t now_ms)
{
	if (!intake_move(arena, req, INTAKE_REFUSED, now_ms))
		return;
	req->refusal = no->why;
	req->refused_check = no->check;
	req->last_note->reason = no->why.code;
	req->last_note->text = no->why.text;
}

void
intake_on_issued(struct cs_arena *arena, struct intake_request *req,
    const struct intake_certificate *certificate, struct cs_span body, int64_t now_ms)
{
	take_own_approval(arena, req, now_ms);
	if (!intake_move(arena, req, INTAKE_ISSUED, now_ms))
		return;
	req->certificate = body;
	req->serial = certificate->serial;
	req->fingerprint = certificate->fingerprint;
	req->learnt_key = true;
	memset(&req->refusal, 0, sizeof(req->refusal));
	req->refused_check = "";
	/* Its revocation may have been heard first. */
	if (req->revocation.revoked_at_ms != 0)
		intake_tell_revoked(arena, req, now_ms);
}

void
intake_on_stopped(struct cs_arena *arena, struct intake_request *req, bool expired, int64_t now_ms)
{
	(void)intake_move(arena, req, expired ? INTAKE_EXPIRED : INTAKE_CANCELLED, now_ms);
}
