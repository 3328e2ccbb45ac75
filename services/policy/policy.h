/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h: what does a request's plan need next?  Pure: no I/O, no clock, no randomness of its
 * own, no memory but the arena.  Each function takes the case as it is and one fact, and returns
 * the case as it is then and what the world shall be told.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "base/time.h"
#include "people.h"
#include "policy_bindings.h"
#include "policy_checks.h"
#include "policy_standing.h"

#define POLICY_FIRST_MS (30 * CS_DAY_MS)    /* of a first plan: as long as a random value lives */
#define POLICY_FINAL_MS (15 * CS_MINUTE_MS) /* of a final plan */
#define POLICY_MARGIN_MS (5 * CS_MINUTE_MS) /* that evidence outlives its final plan */
#define POLICY_WAIT_MS (15 * CS_MINUTE_MS)  /* after the approval, for evidence under way */
#define POLICY_APPROVAL_MS CS_DAY_MS        /* how long an approval may be made good */
#define POLICY_KEEP_MS CS_DAY_MS            /* that a refusal can be published again */
#define POLICY_LATE_MS (30 * CS_SECOND_MS)  /* overdue by so much, we were away ourselves */
#define POLICY_ATTEMPT_MS (45 * CS_SECOND_MS)
#define POLICY_ATTEMPTS 5 /* of one check in one final plan */
#define POLICY_LOOKS 50   /* that people may ask for before they approve, of one check */

struct config_state;

enum policy_state {
	POLICY_NEW,      /* nothing, or an approval that came before its request */
	POLICY_MADE,     /* people prove what the first plan shows */
	POLICY_APPROVED, /* the approval is here, evidence of people's checks is still under way */
	POLICY_FINAL,    /* attempts run, then the signer's turn */
	POLICY_REFUSED,
	POLICY_ENDED,
	POLICY_STATES
};

const char *policy_state_name(enum policy_state state);
bool policy_may_move(enum policy_state from, enum policy_state to);

/* What became of the attempts of one check. */
struct policy_progress {
	uint32_t attempt, tries;    /* of all plans of the request; of this plan */
	enum claim_outcome outcome; /* of `attempt`; 0: none yet */
	int64_t next_ms;            /* when the next attempt is due, 0: never */
};

/* The proof that an approval carries, as it is judged now. */
struct policy_factor {
	bool genuine; /* there is one, by a key that may state it */
	struct claim_factor claim;
};

/* The aggregate: one per request; all zero is a new one. */
struct policy_plan {
	enum policy_state state;
	int64_t since_ms; /* that it is in this state */
	int64_t due_ms;   /* when policy_decide_due() has something to say; 0: never */
	/* Empty: none.  The approval's of a request that is approved in itself: the request's. */
	struct cs_span request_envelope, approval_envelope, plan_envelope;
	struct claim_request request; /* as request_envelope says, and so on */
	struct claim_approval approval;
	struct policy_factor factor; /* of the approval; judged with each event, never stored */
	struct claim_plan plan;
	struct policy_progress *progress; /* one for each check of the plan */
	bool changed;                     /* since it was loaded; for store.c alone */
	const struct policy_plan *stored; /* as it was loaded, NULL: not yet; for store.c alone */
	uint32_t version;                 /* of its row */
	uint64_t settings_version;        /* the last that was given when it was made or compared */
};

/* Its approval is the request: then only what people had proved by then serves it. */
bool policy_approved_in_itself(const struct policy_plan *plan);

/* A plan and what load found beside it. */
struct policy_case {
	struct policy_plan plan;
	struct policy_config config;
	struct policy_proof *proofs; /* that stood when it was loaded, and new ones */
	/* A record that was withdrawn, when the case is about one: then there is no plan. */
	const struct policy_identity *withdrawn;
	bool withdrawal_told;
	/* Of questions: who asks, shared by the batch, and documents; NULL: it is none. */
	struct people_world *people;
	struct config_state *documents;
	uint64_t settings_version; /* the last that was given before settings were read */
	/* Shared by the batch; NULL: no enterprise of it binds domains. */
	struct policy_bindings *bindings;
};

#define POLICY_STATEMENTS 3 /* organization, authority, individual */

/* What every decision is given. */
struct policy_setting {
	const struct policy_rules *rules;
	int64_t now_ms;
	const uint8_t *random; /* 32 octets, for jitter only */
	struct cs_arena *arena;
};

/* The facts, each already checked: who states it, for whom, in which form. */
struct policy_submitted {
	struct claim_request request;
	struct cs_span envelope;
	const struct claim_approval *approval; /* of one that was approved in itself; else NULL */
};
struct policy_approved {
	struct claim_approval approval;
	struct policy_factor factor;
	struct cs_span envelope;
};
struct policy_evidence {
	struct claim_evidence evidence;
	struct cs_span envelope;
};
struct policy_asked {
	const char *check_id, *enterprise, *account;
};

/* The case after a fact, and what the world is told. */
struct policy_step {
	struct policy_case next;
	bool publishes;              /* next.plan.plan is new: plan.made or plan.final */
	bool asks[CLAIM_MAX_CHECKS]; /* plan.*-asked for these checks of it */
	struct claim_evidence statements[POLICY_STATEMENTS]; /* evidence.identity */
	size_t n_statements;
	struct cs_refusal refusal; /* code NULL: not refused */
	const char *refused_check; /* the check it is about, or "" */
	bool ends;                 /* nothing of this request needs to be published again */
	const char *says;          /* for the log */
};

struct policy_step policy_decide_submitted(const struct policy_setting *in,
    const struct policy_case *old, const struct policy_submitted *submitted);
struct policy_step policy_decide_verification_asked(const struct policy_setting *in,
    const struct policy_case *old, const struct policy_asked *asked);
struct policy_step policy_decide_approved(const struct policy_setting *in,
    const struct policy_case *old, const struct policy_approved *approved);
struct policy_step policy_decide_evidence(const struct policy_setting *in,
    const struct policy_case *old, const struct policy_evidence *evidence);
/*
 * The plan's due_ms has come: silence past an attempt's limit, a repeat, the end of a wait or a
 * plan.
 */
struct policy_step
policy_decide_due(const struct policy_setting *in, const struct policy_case *old);
/*
 * Settings, rules or what stands may have changed since the first plan.  When it asks for other things now, it is
 * published anew and says of each new check why it is asked for; what was proved or begun goes on.  A request
 * that may not be made any more is left to its approval, which judges again: settings may come back.
 */
struct policy_step
policy_decide_changed(const struct policy_setting *in, const struct policy_case *old);
/* An operator withdrew a record of what was verified: everybody is told, once. */
struct policy_step
policy_decide_withdrawn(const struct policy_setting *in, const struct policy_case *old);
/* It was issued, refused or stopped by the signer, or cancelled: `says` is for the log. */
struct policy_step policy_decide_ended(
    const struct policy_setting *in, const struct policy_case *old, const char *says);
/*
 * Does what became of the plan end a search for a domain?  Its validator looks by itself until it has found a proof, and
 * nobody else needs to hear of it.
 */
bool policy_settles_domains(const struct policy_plan *was, const struct policy_plan *is);
/* The plan of the last step does not fit an event (64 KiB), or will not when it is final. */
struct policy_step
policy_decide_too_large(const struct policy_setting *in, const struct policy_case *old);
/* The key by which the request or its approval was stated counts no more: the signer would take neither. */
struct policy_step
policy_decide_retired(const struct policy_setting *in, const struct policy_case *old);

#endif
