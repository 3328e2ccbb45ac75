/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake.h: the life of a request, from its acceptance to its end, as people see it.  Pure: no I/O,
 * no clock, no randomness; everything lives in the arena of the batch.
 *
 * Intake alone may end a request before its approval; afterwards only policy and the signer do.  Of one that was
 * approved with it intake does not know which of both it is: it only lets it expire.
 * Events may come twice, late and in any order: what was seen already changes nothing.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/id.h"
#include "base/refusal.h"
#include "claim/claim.h"

/* ---- states ---- */

enum intake_state {
	INTAKE_NONE,       /* there is no such request */
	INTAKE_CREATED,    /* stored; no plan yet */
	INTAKE_VALIDATING, /* a plan says what must be proved */
	INTAKE_READY,      /* every check that needs a person is proved */
	INTAKE_APPROVED,   /* the person pressed Generate */
	INTAKE_ISSUED,
	INTAKE_REFUSED,
	INTAKE_CANCELLED,
	INTAKE_EXPIRED,
	INTAKE_REVOKED, /* it was issued, and nobody shall rely on it any more */
	INTAKE_STATES
};

const char *intake_state_name(enum intake_state state);
/* False: no state has this name.  "none" is not a name. */
bool intake_state_parse(const char *name, enum intake_state *ret_state);
bool intake_may_move(enum intake_state from, enum intake_state to);
bool intake_ended(enum intake_state state);

/* What people see of a check. */
enum intake_shown {
	INTAKE_NEEDED,  /* somebody must do something, or it is looked at later: see intake_todo */
	INTAKE_WAITING, /* somebody or something is at it */
	INTAKE_PROVED,
	INTAKE_STANDING, /* an earlier proof serves */
	INTAKE_CHECK_REFUSED,
	INTAKE_COULD_NOT_TELL,
	INTAKE_SHOWN
};
const char *intake_shown_name(enum intake_shown shown);

/* What the person can do about a check now. */
enum intake_todo {
	INTAKE_DO_NOTHING, /* proved, or it runs by itself */
	INTAKE_DO_WAIT,
	INTAKE_DO_VERIFY,  /* press Verify */
	INTAKE_DO_PUBLISH, /* publish the record or the file, then press Verify */
	INTAKE_DO_ENTER_TOKEN,
	INTAKE_TODOS
};
const char *intake_todo_name(enum intake_todo todo);

/* ---- the aggregate ---- */

struct report;
struct note;
struct notes;

enum intake_challenge {
	INTAKE_NO_CHALLENGE,
	INTAKE_PUBLISH, /* what to publish is known */
	INTAKE_MAIL_SENT,
	INTAKE_MAIL_DEFERRED,
	INTAKE_MAIL_REFUSED,
	INTAKE_HELD, /* what to publish is known, but Verify makes no look now */
	INTAKE_CHALLENGES
};

struct intake_check {
	const char *id; /* "mailbox-1" */
	enum claim_kind kind;
	const char *target;
	const char *method;          /* "" until one was chosen */
	const char *allowed_methods; /* joined by commas */
	const char *new_because;     /* the plan before did not ask for it, and why; else "" */
	uint32_t position;           /* in the plan, from 0 */
	bool planned;          /* the newest plan lists it; false: its evidence came before any */
	uint32_t plan_attempt; /* that the plan wants made; 0: none */
	int64_t standing_until_ms; /* 0: no earlier proof serves */
	int64_t asked_at_ms;       /* when Verify was last pressed; 0: never */
	enum intake_challenge challenge;
	int64_t challenge_at_ms, challenge_until_ms;
	uint32_t attempt;           /* of the evidence shown; 0: none */
	enum claim_outcome outcome; /* 0: none */
	int64_t checked_at_ms, valid_until_ms;
	enum intake_shown shown;       /* as people were last told */
	struct cs_span evidence, told; /* the received octets of evidence and challenge; empty when
					  a batch loaded it and they did not change */
	bool changed;                  /* for the store alone */
};

/* One line of the history that people watch. */
struct intake_note {
	struct intake_note *next;
	uint64_t seq;
	int64_t at_ms;
	const char *check; /* "" when it is about the whole request */
	const char *state;
	const char *reason, *text; /* "" for none */
};

/* The answer no, from policy or the signer. */
struct intake_refused {
	struct cs_refusal why;
	const char *check; /* "" when it is about no single check */
	int64_t at_ms;
};

struct intake_certificate {
	const char *serial, *fingerprint;
	int64_t issued_at_ms, not_before_ms, not_after_ms;
	struct cs_span der;
	struct cs_span *chain;
	size_t n_chain;
};

/* Of a certificate; all zero: nobody asked for it. */
struct intake_revocation {
	enum claim_revoked_by by; /* who asked; once it is done, as the signer says */
	const char *account;      /* of an owner or operator who asked; else "" */
	uint32_t reason;          /* RFC 5280 5.3.1; 0: none */
	const char *text;
	const char *report;       /* id of the problem report; else "" */
	const char *note_version; /* of the request note that was shown; "" for none */
	int64_t known_at_ms;      /* the clock of SBR 4.9.1.1 began */
	int64_t asked_at_ms;      /* 0: not asked for here */
	int64_t due_at_ms;
	int64_t revoked_at_ms;                   /* 0: not yet */
	const char *refusal_code, *refusal_text; /* by the signer; "" or NULL: not refused */
	/* Only when it is being asked for. */
	struct cs_span proof;
	const char *challenge;
	bool changed; /* for the store alone */
};

struct intake_request {
	struct cs_id id;
	enum intake_state state;
	const char *enterprise, *account;
	const char
	    *submitted_by; /* operator who asked on behalf of the account; NULL or "": itself */
	/*
	 * Whoever asked approved with it, if everything stood proved then: only policy knows whether it did, and policy
	 * and signer may be at it before anything is heard of them.
	 */
	bool approved_in_itself;
	uint8_t body_sha256[CLAIM_DIGEST]; /* of the body that created it */
	uint8_t digest[CLAIM_DIGEST];      /* of the request */
	uint8_t spki_sha256[CLAIM_DIGEST];
	struct cs_span envelope; /* request.submitted as published */
	/* What lists show of the envelope. */
	const char *profile;
	struct claim_texts mailboxes, domains;
	enum claim_request_kind kind;
	struct cs_id previous;    /* all zero for a first one */
	const char *note_version; /* of the request note that was shown; "" for none */
	int64_t created_at_ms, changed_at_ms;
	int64_t moved_at_ms;         /* when its state changed last */
	int64_t ends_at_ms;          /* when it expires unless it is approved */
	uint32_t revision;           /* of the newest plan seen */
	struct claim_values subject; /* as that plan has it */
	struct claim_texts waived;   /* what that plan does without: "caa", "mpic" */
	const char *
	    second_factor; /* that plan wants it proved at the approval: "email"; NULL or "": none */
	int64_t factor_proved_at_ms; /* by whoever approved; 0: not */
	struct intake_check *checks; /* the plan's in its order; early ones after them */
	size_t n_checks;
	struct cs_refusal refusal; /* code NULL: not refused */
	const char *refused_check;
	struct cs_span
	    certificate; /* certificate.issued as received; empty when loaded by a batch */
	struct intake_revocation revocation;
	struct report *reports; /* problem reports that this batch is about */
	size_t n_reports;
	const struct intake_revocation *asking; /* what this batch asks the signer for */
	uint64_t seq;                           /* of the last note */

	/* For the store alone. */
	uint32_t version; /* of the row; 0: new */
	bool changed;
	struct intake_note *notes, *last_note; /* new ones */
	/* Of a certificate that this batch heard of; else NULL. */
	const char *serial, *fingerprint;
	bool learnt_key; /* this key is certified for this account now */
	bool leaked_key; /* a private key was pasted: nobody may use this key again */
	uint8_t leaked_spki_sha256[CLAIM_DIGEST];
	/*
	 * From the store: who may not use which key.  Only filled when a request is being created.
	 */
	bool key_blocked, key_of_another;
	/* The same: what the new request follows, with its envelope; NULL: there is none. */
	const struct intake_request *earlier;
	/* The same, and when one is to be revoked: what must have been read first; NULL: nothing. */
	const struct notes *to_read;
	/* No request at all: a note of an enterprise that policy told. */
	const struct note *heard_note;
};

/* ---- decisions ---- */

/* Who asks: from an API token or a session, never from a body. */
struct intake_caller {
	const char *enterprise, *account;
	/* Sees and cancels what others of the enterprise asked for, and has its domains verified. */
	bool is_operator;
	bool is_auditor; /* sees what others of the enterprise asked for */
	/* Of the platform: the two hold in every enterprise, and it asks for nothing itself. */
	bool is_everywhere;
	const char *signs_as; /* the account; of the platform "platform/<account>" */
	const char *factor;   /* how it was authenticated: "api-token", "password" */
};

/* It is this caller's own: the same account of the same enterprise. */
bool intake_owns(const struct intake_request *req, const struct intake_caller *caller);
/* What is this enterprise's: does the caller see what others asked for there, or act as an operator? */
bool intake_oversees(const struct intake_caller *caller, const char *enterprise);
bool intake_operates(const struct intake_caller *caller, const char *enterprise);
/* May this caller see the request at all?  If not it is as if there were none. */
bool intake_may_see(const struct intake_request *req, const struct intake_caller *caller);

enum intake_says {
	INTAKE_SAYS_NOTHING,
	INTAKE_SAYS_SUBMITTED,
	INTAKE_SAYS_VERIFICATION_ASKED,
	INTAKE_SAYS_APPROVED,
	INTAKE_SAYS_CANCELLED,
	INTAKE_SAYS_EXPIRED,
	INTAKE_SAYS_ASK_SIGNER, /* only the signer can stop it */
	INTAKE_SAYS_ASK_FACTOR, /* whoever sends codes says whether they were typed right, or sends them */
	INTAKE_SAYS_REVOCATION_ASKED
};

struct intake_step {
	enum intake_says says;
	unsigned status;       /* of the answer, as in HTTP */
	struct cs_refusal why; /* when status is 400 or more */
};

/* A request that passed every check of its form, as it will be published. */
struct intake_new {
	struct cs_id id;
	struct intake_caller caller;
	const char *on_behalf; /* the account that it is for; NULL or "": the caller's */
	int64_t now_ms, ends_at_ms;
	uint8_t body_sha256[CLAIM_DIGEST], digest[CLAIM_DIGEST], spki_sha256[CLAIM_DIGEST];
	const char *profile;
	struct claim_texts mailboxes, domains;
	enum claim_request_kind kind;
	struct cs_id previous;
	const char *note_version;
	bool approves; /* with the request, if everything stands proved */
};

/* Whose it becomes, and the operator who asks on its behalf; "": it asks itself. */
const char *intake_account(const struct intake_new *draft);
const char *intake_submitter(const struct intake_new *draft);

/*
 * The caller fills envelope itself when it says SUBMITTED.  201 both for the first and a repeated
 * call.
 */
struct intake_step
intake_create(struct cs_arena *arena, struct intake_request *req, const struct intake_new *draft);
/* The same key came with this body before: 201; with another: 409; not at all: status 0. */
struct intake_step
intake_repeat(const struct intake_request *req, const uint8_t body_sha256[static CLAIM_DIGEST]);
struct intake_step intake_verify(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const char *check, int64_t now_ms);
/* What comes with an approval; all zero: nothing. */
struct intake_factor {
	bool has_codes, has_password; /* that nobody looked at yet */
	const struct claim_factor
	    *proof;              /* unverified: policy and the signer judge it; NULL: none */
	struct cs_span envelope; /* of the proof */
};
/*
 * Whoever brings codes or a password is to have them looked at first: ASK_FACTOR, if that is what is wanted.  Where the plan wants a second factor and nothing of
 * this request, this caller and this method comes, 403 second-factor-needed.
 */
struct intake_step intake_approve(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, const struct intake_factor *given, int64_t now_ms);
/* ASK_FACTOR: codes may be sent now, since everything else is there for an approval. */
struct intake_step intake_ask_factor(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, int64_t now_ms);
struct intake_step intake_cancel(struct cs_arena *arena, struct intake_request *req,
    const struct intake_caller *caller, int64_t now_ms);
struct intake_step
intake_expire(struct cs_arena *arena, struct intake_request *req, int64_t now_ms);

/* api.verify */
struct intake_press {
	const char *check, *method; /* method "": the validator's choice */
};

/* What arrives over the bus. */
/* What became of the last mail to a mailbox. */
struct intake_mail {
	const char *state;                  /* "sent", "deferred", "refused" */
	const char *method;                 /* of the newest mail: "email-token" */
	const char *reason, *clause, *mend; /* "" where nothing is wrong */
	const char *reply, *status;         /* of the mail server, escaped; RFC 3463 or "" */
	int64_t next_try_ms;                /* 0: it is not tried again */
	uint32_t sent, tries_left;          /* mails so far; wrong tokens until all are void */
	struct claim_texts routes;          /* hosts that take the domain's mail */
	enum claim_dnssec security;         /* of those */
};

struct intake_publication { /* one way to prove a domain; texts to copy */
	const char *method, *type, *name, *value, *note;
};

struct intake_told { /* evidence.*-challenge */
	const char *check;
	enum claim_kind kind;
	const char *target;
	enum intake_challenge challenge;
	int64_t at_ms, until_ms;
	struct cs_span body;                                      /* as received */
	const char *dns_name, *dns_value, *file_url, *file_value; /* domains */
	const struct intake_publication *publications;
	size_t n_publications;
	int64_t next_look_ms;    /* 0: only when Verify is pressed */
	const char *hold;        /* "" or why Verify makes no look now */
	int64_t hold_until_ms;   /* 0: for good */
	struct intake_mail mail; /* mailboxes */
};

/* A final plan, and a certificate, of a request that was approved in itself: it is approved now. */
void intake_on_plan(struct cs_arena *arena, struct intake_request *req,
    const struct claim_plan *plan, int64_t now_ms);
void intake_on_evidence(struct cs_arena *arena, struct intake_request *req,
    const struct claim_evidence *evidence, struct cs_span body, int64_t now_ms);
void intake_on_challenge(struct cs_arena *arena, struct intake_request *req,
    const struct intake_told *told, int64_t now_ms);
/* plan.refused and certificate.refused. */
void intake_on_refused(struct cs_arena *arena, struct intake_request *req,
    const struct intake_refused *no, int64_t now_ms);
void intake_on_issued(struct cs_arena *arena, struct intake_request *req,
    const struct intake_certificate *certificate, struct cs_span body, int64_t now_ms);
/* certificate.stopped. */
void
intake_on_stopped(struct cs_arena *arena, struct intake_request *req, bool expired, int64_t now_ms);

/* ---- what people see, at this instant ---- */

/* Proofs end without an event, so this may differ from what is stored. */
enum intake_shown intake_show_check(
    const struct intake_request *req, const struct intake_check *check, int64_t now_ms);
enum intake_todo
intake_todo_for(const struct intake_request *req, const struct intake_check *check, int64_t now_ms);
enum intake_state intake_show_state(const struct intake_request *req, int64_t now_ms);
/* For life.c: false: it may not move there from where it is. */
bool intake_move(
    struct cs_arena *arena, struct intake_request *req, enum intake_state to, int64_t now_ms);
/* For life.c: a new line of the history about the whole request. */
struct intake_note *
intake_add_note(struct cs_arena *arena, struct intake_request *req, int64_t now_ms);
/* Who somebody is: operators verified it, and nobody presses Verify. */
bool intake_by_operators(enum claim_kind kind);
/* Mailboxes, domains, what corroborates them and who somebody is must be proved before the approval. */
bool intake_before_approval(enum claim_kind kind);
struct intake_check *intake_find_check(const struct intake_request *req, const char *id);

#endif
