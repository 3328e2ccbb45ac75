/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain.h: the life of the challenges by which a person proves domains (TBR 3.2.2.4, SBR 3.2.2.3).
 *
 * Pure: no I/O, no clock.  One aggregate is one request with its domain checks.  A value is made for one
 * request, check, domain and enterprise, serves no other, and lives for seven days (TBR allows thirty).
 * Looks are begun by a person who presses Verify, and by a schedule that everybody may know.
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include "claim/claim.h"

#define DOMAIN_CHALLENGES_MAX CLAIM_MAX_NAMES
#define DOMAIN_VALUE_BITS 160 /* TBR 1.6.1, random value: at least 112 */
#define DOMAIN_LIFE_MS (7 * INT64_C(86400000))
#define DOMAIN_RENEW_MS (2 * INT64_C(86400000)) /* Verify makes another value beside one this old */
#define DOMAIN_VALUES_MAX 3                     /* of one challenge that can be alive at once */
#define DOMAIN_LOOK_MS INT64_C(90000)           /* a look that takes longer is taken for lost */
#define DOMAIN_LOOKS_MAX 100 /* for one check: each of them visits somebody's servers */
#define DOMAIN_WINDOW_MS INT64_C(3600000) /* in which looks and failures are counted */
#define DOMAIN_STEPS_MAX 16               /* of the schedule */

/* Limits for an hour, and when looks are made without a press: from the settings. */
struct domain_rules {
	uint32_t looks_per_domain;
	uint32_t failures_per_account;      /* and domain; of looks that the account pressed for */
	int64_t steps_ms[DOMAIN_STEPS_MAX]; /* waits, from the value on; the last repeats */
	size_t n_steps;                     /* 0: nothing is looked at by itself */
};

/* "60, 300": seconds, each 1 to 86400, at most DOMAIN_STEPS_MAX.  False: something else. */
bool domain_read_steps(const char **parts, size_t n, struct domain_rules *rules);

/* What was tried within the last hour, by everybody or by one account.  Zero: nothing. */
struct domain_tally {
	const char *domain, *enterprise, *account;
	uint32_t looks, failures;
	int64_t first_look_ms, first_failure_ms;
	struct domain_tally *next;
};
/* Of a batch: its aggregates count together. */
struct domain_tallies {
	struct domain_tally *first;
};

/* One look, as it is counted. */
struct domain_look {
	const char *check_id, *domain, *enterprise, *account; /* account "": the schedule */
	uint32_t attempt;
	int64_t at_ms;
	bool failed;
	struct domain_look *next;
};

struct domain_value {
	const char *text; /* "": none */
	int64_t until_ms;
};

struct domain_challenge {
	const char *check_id, *domain, *enterprise, *account;
	struct cs_span asked; /* the order's octets */
	int64_t asked_ms;
	const char *value;
	int64_t made_ms, expires_ms;
	struct domain_value older[DOMAIN_VALUES_MAX - 1]; /* of the same challenge, newest first */
	uint32_t attempt;                                 /* of the last look */
	int64_t look_until_ms;                            /* 0: no look is under way */
	const char *pressed_by; /* the account that the look under way is for; "": the schedule */
	uint32_t step;          /* of the schedule: the next one */
	int64_t next_ms;        /* when the schedule looks again; 0: it does not */
	uint32_t version;       /* of the row; 0: not stored yet.  For store.c alone */
	bool changed;
};

struct domain_request {
	struct domain_challenge items[DOMAIN_CHALLENGES_MAX];
	size_t n;
	struct domain_tallies *tallies; /* never NULL when it was loaded */
	struct domain_look *looks;      /* new or changed, for store.c */
};

/* A person's wish. */
struct domain_wish {
	struct cs_id request;
	const char *check_id, *enterprise, *account;
};

/* What a decision may use of the world: `random` is fresh, texts are made in `arena`. */
struct domain_moment {
	struct cs_arena *arena;
	const uint8_t *random; /* DOMAIN_VALUE_BITS / 8 octets */
	int64_t now_ms;
	const struct domain_rules *rules;
};

/* What the world is told, beside the new state. */
enum domain_says {
	DOMAIN_NOTHING,
	DOMAIN_CHALLENGE, /* what to publish, and when the next look is */
	DOMAIN_LOOK,      /* look now, with the challenge's new attempt */
	DOMAIN_FOUND      /* pass on the evidence */
};

/* Why there is no look now. */
enum domain_hold {
	DOMAIN_FREE,
	DOMAIN_BUSY,    /* the domain was looked at too often within the hour */
	DOMAIN_FAILING, /* this account failed to prove it too often within the hour */
	DOMAIN_USED_UP  /* DOMAIN_LOOKS_MAX */
};

struct domain_step {
	enum domain_says says;
	const struct domain_challenge *challenge; /* NULL for DOMAIN_NOTHING */
	bool shows;                               /* beside a look or evidence: the challenge too */
	enum domain_hold hold;
	int64_t hold_until_ms; /* 0: for ever */
};

/*
 * An order of policy, with its octets.  Repeated, it shows the same value again.  A value that expired, or
 * that was made for another domain or enterprise, is replaced; an order older than the one we have, or
 * one challenge more than can be, changes nothing.
 */
struct domain_step domain_on_asked(struct domain_request *request, const struct claim_asked *asked,
    struct cs_span octets, const struct domain_moment *moment);
/*
 * Verify was pressed.  Before the order there is no value that anybody could have published; a wish of
 * another enterprise, or during a look, changes nothing; an expired value is replaced and shown.  Beyond
 * a limit the challenge is shown with the reason and the time.
 */
struct domain_step domain_on_wish(struct domain_request *request, const struct domain_wish *wish,
    const struct domain_moment *moment);
/* The schedule's time came: what is to be done for each challenge that is due.  Returns how many. */
size_t domain_on_due(struct domain_request *request, const struct domain_moment *moment,
    struct domain_step ret_steps[static DOMAIN_CHALLENGES_MAX]);
/* A look ended, with this evidence.  Late or doubled, it changes nothing.  A proof ends the schedule. */
struct domain_step domain_on_found(struct domain_request *request,
    const struct claim_evidence *evidence, const struct domain_moment *moment);
/* Nothing more is to be proved for this request: the schedule ends. */
void domain_on_ended(struct domain_request *request);

/* The values that prove, the newest first; at most DOMAIN_VALUES_MAX, in `arena`. */
struct claim_texts
domain_values(const struct domain_challenge *challenge, int64_t now_ms, struct cs_arena *arena);
/* "", "domain-looked-at-too-often", "failed-too-often", "looks-used-up". */
const char *domain_hold_name(enum domain_hold hold);

/* ---- a look ---- */

/* The check that a look by this method carries out: expected value and digest filled in. */
void domain_check(const struct claim_asked *asked, struct cs_span value, uint32_t attempt,
    const char *method, struct claim_check *ret_check);
bool domain_allows(const struct claim_check *check, const char *method);
/*
 * How much an outcome is worth to the person who waits for it: among methods the highest is stated, the
 * first of equals.  A no that shows something published beats a no that saw nothing.
 */
unsigned domain_rank(enum claim_outcome outcome, size_t n_seen);

#endif
