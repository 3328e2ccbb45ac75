/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h: problem reports from anybody (SBR 4.9.3): what was reported, by when it must be answered and the
 * certificate be revoked, and what became of it.  Pure.
 *
 * A report belongs to the request of its certificate and changes only under that request's lock.
 */
#ifndef INTAKE_REPORT_H
#define INTAKE_REPORT_H

#include "intake.h"
#include "reasons.h"

enum report_state {
	REPORT_NONE,  /* there is no such report */
	REPORT_OPEN,  /* somebody must look at it */
	REPORT_ASKED, /* the signer shall revoke the certificate */
	REPORT_REVOKED,
	REPORT_REJECTED,
	REPORT_STATES
};
const char *report_state_name(enum report_state state);
bool report_state_parse(const char *name, enum report_state *ret_state); /* "none" is no name */

struct report {
	struct cs_id id, request;
	const char *enterprise; /* that the certificate belongs to */
	enum report_state state;
	uint8_t body_sha256[CLAIM_DIGEST];
	const char *category, *text;
	const char *contact; /* mailbox of who reported; "" for none */
	bool proved;         /* the private key was shown to be known */
	int64_t received_at_ms;
	int64_t preliminary_due_ms, preliminary_at_ms; /* SBR 4.9.5; 0: not given yet */
	const char *preliminary_text, *preliminary_by; /* account of the operator */
	int64_t due_at_ms;     /* by when the certificate must be revoked, if the report is right */
	int64_t decided_at_ms; /* 0: not decided */
	const char *ground, *decision_text, *decided_by;
	uint32_t reason;
	int64_t closed_at_ms; /* revoked or rejected; 0: not yet */
	/* For the store alone. */
	bool stored, changed;
};

/* ---- what is reported ---- */

/* Good in its form. */
struct report_draft {
	struct cs_id id;
	uint8_t body_sha256[CLAIM_DIGEST];
	const struct category *category;
	const char *text, *contact;
	/* A right proof of the key that follows; else empty. */
	struct cs_span proof;
	const char *challenge;
	uint8_t
	    proved_spki_sha256[CLAIM_DIGEST]; /* of the proof, or of the private key that came */
	bool leaked; /* the private key itself came with it; its text is in none of these */
};

/*
 * 201: it is kept, now or before.  With a proof of this certificate's key nobody needs to decide: it is
 * revoked at once.  The private key itself blocks its public key; an operator decides, within the day.
 */
struct intake_step report_submit(struct cs_arena *arena, struct intake_request *req,
    struct report *report, const struct report_draft *draft, int64_t now_ms);

/* ---- what an operator does ---- */

/* May this caller see reports of the enterprise?  Status 0: yes.  Only operators act on them. */
struct intake_step report_may_see(const char *enterprise, const struct intake_caller *caller);
struct intake_step report_answer(
    struct report *report, const struct intake_caller *caller, const char *text, int64_t now_ms);

struct report_decision {
	bool revoke;
	const char *ground; /* "": that of the category */
	const char *reason; /* RFC 5280's name; NULL: that of the ground */
	const char *text;   /* also the preliminary report, when none was given */
};
struct intake_step
report_decide(struct cs_arena *arena, struct intake_request *req, struct report *report,
    const struct intake_caller *caller, const struct report_decision *decision, int64_t now_ms);

/* What the commands of reports hold; which of them is set follows from the subject. */
struct report_command {
	struct cs_id id;
	const struct report_draft *draft; /* api.report-submit */
	const struct cs_refusal *why;     /* the same: it cannot be taken after all; else NULL */
	const char *text;                 /* api.report-answer */
	const struct report_decision *decision; /* api.report-decide */
};
bool report_is_for(const char *subject);

/* ---- what the signer says; of the reports that the batch loaded ---- */

void report_on_revoked(struct intake_request *req, int64_t now_ms);
void report_on_revocation_refused(struct intake_request *req);

/* NULL: this batch did not load it. */
struct report *report_find(const struct intake_request *req, struct cs_id id);

#endif
