/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h: the aggregate: what the signer has of one request, and what a batch adds to it.  load fills
 * the upper half, decide changes it and notes in the lower half what save must write.
 */
#ifndef SIGNER_RECORD_H
#define SIGNER_RECORD_H

#include "gate/gate.h"
#include "gate/tbs.h"

enum signer_state {
	SIGNER_WAITING, /* all zero is a new one */
	SIGNER_INTENT,  /* recorded, and ordered to be signed */
	SIGNER_ISSUED,
	SIGNER_REFUSED,
	SIGNER_STOPPED,
	SIGNER_STATES
};

const char *signer_state_name(enum signer_state state);
bool signer_may_move(enum signer_state from, enum signer_state to);

struct record_intent {
	struct gate_choice choice;
	const char *issuer, *profile; /* label of the CA; certificate profile */
	struct cs_span tbs;
	uint8_t tbs_sha256[CLAIM_DIGEST];
	struct cs_span evidence; /* SHA-256 of each */
	int64_t judged_at_ms;
	bool is_void;
};

/* Beside what the intent says. */
struct record_certificate {
	struct cs_span der;
	uint8_t spki_sha256[32];
	const char *enterprise, *account;
	int64_t not_after_s;
};

/* Whose a key is from now on, if it is nobody's yet. */
struct record_owner {
	uint8_t spki_sha256[32];
	const char *enterprise, *account; /* NULL: nothing is claimed */
};

/* What is known of a certificate that was issued before; only for events of its later life. */
struct record_issued {
	bool is_there;
	const char *enterprise, *account;
	uint8_t spki_sha256[32];
	int64_t issued_at_ms, not_after_s;
	const char *blocked_why; /* NULL: its key is not blocked */
	bool followed;           /* by a renewal that holds */
	uint32_t reminded_days;  /* the last step of its reminders; 0: none yet */
};

/* The first one counts; its reason may become keyCompromise later. */
struct record_revocation {
	bool is_there, is_new, changed;
	bool of_void; /* of an intent that became void */
	uint32_t reason;
	enum claim_revoked_by by;
	const char *text;
	int64_t revoked_at_ms, known_at_ms, due_at_ms, reason_at_ms;
	int64_t not_after_s;
};

/* Notes for save, in the order in which they were made. */

/* A final plan as it came, with what it encloses; an event is read into one too. */
struct record_plan {
	uint32_t revision;
	struct gate_received received; /* the whole of it */
	uint8_t sha256[CLAIM_DIGEST];  /* of the whole */
	struct claim_case parts;
	bool again; /* something was there already; record_add_plan() knows */
	struct record_plan *next;
};

/* Who asked for a revocation. */
struct record_revocation_statement {
	struct gate_received received;
	uint8_t sha256[CLAIM_DIGEST];
	struct record_revocation_statement *next;
};

struct record_evidence {
	struct gate_evidence evidence;
	struct record_evidence *next;
};

struct record_audit {
	const char *action, *detail;
	struct record_audit *next;
};

struct own;             /* own.h */
struct record_list;     /* crls.h */
struct record_question; /* crls.h */

struct signer_record {
	struct own *own;                  /* not NULL: no request, but the process itself */
	struct record_list *list;         /* not NULL: no request, but a revocation list */
	struct record_question *question; /* not NULL: somebody only wants to know */
	struct gate_case c;
	enum signer_state state, was; /* now; as it was loaded */
	uint32_t version, plan_revision;
	bool
	    lean; /* only what a signature is stored with, of plans the request: not enough to judge by */
	bool has_intent;
	struct record_intent intent;
	size_t n_waiting_for; /* rows of `missing` */

	const char *code; /* why refused or stopped; NULL: as it was */
	struct record_plan *plans;
	struct record_evidence *evidence;
	struct record_audit *audits;
	bool missing_changed;
	const struct gate_missing *missing;
	size_t n_missing;
	bool intent_is_new, intent_changed;
	struct record_certificate certificate; /* just made; der empty: none */
	/* Saved before intents and certificates, and CS_CONFLICT when it is another's or blocked by now. */
	struct record_owner owner;

	bool follows; /* the certificate renews that of `previous` */
	struct cs_id previous;
	struct record_issued issued;
	struct record_revocation revocation;
	struct record_revocation_statement *revocation_statements;
	/* The key of `issued` is to be blocked: "compromised", "reported"; NULL: it is not. */
	const char *block_why;
	uint32_t remind_days; /* a step of reminders that was taken; 0: none */
};

/*
 * The request of the plan that counts.  Its row is ours and may have been written by others with our role, so it is
 * opened as of its receipt.  False: there is none, it is not genuine, or it is another's.
 */
CS_MUST_USE bool record_read_request(const struct signer_record *record, struct cs_arena *arena,
    const struct claim_trust *trust, struct claim_request *ret);
void record_add_revocation_statement(struct signer_record *record, struct cs_arena *arena,
    const struct record_revocation_statement *statement);
/* These take copies of nothing: what they are given lives as long as the batch. */
/* Of the plans that it is given the highest revision counts, and of one revision the first. */
void record_add_plan(
    struct signer_record *record, struct cs_arena *arena, const struct record_plan *plan);
/* The plan that counts, with the request and the approval that came with it. */
void record_set_plan(struct signer_record *record, const struct record_plan *plan);
/* Also for the judgement of this batch, unless this attempt has a result already. */
void record_add_evidence(
    struct signer_record *record, struct cs_arena *arena, const struct gate_evidence *evidence);
void record_add_audit(
    struct signer_record *record, struct cs_arena *arena, const char *action, const char *detail);

#endif
