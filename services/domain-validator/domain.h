/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain.h: the life of the challenges by which a person proves domains (TBR 3.2.2.4.7 and .18).
 *
 * Pure: no I/O, no clock.  One aggregate is one request with its domain checks.  A value is made for one
 * request, check, domain and enterprise, serves no other, and lives for seven days (TBR allows thirty).
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include "claim/claim.h"

#define DOMAIN_CHALLENGES_MAX CLAIM_MAX_NAMES
#define DOMAIN_VALUE_BITS 160 /* TBR 1.6.1, random value: at least 112 */
#define DOMAIN_LIFE_MS (7 * INT64_C(86400000))
#define DOMAIN_LOOK_MS INT64_C(90000) /* a look that takes longer is taken for lost */
#define DOMAIN_LOOKS_MAX 100          /* for one check: each of them visits somebody's servers */

struct domain_challenge {
	const char *check_id, *domain, *enterprise, *account;
	struct cs_span asked; /* the order's octets */
	int64_t asked_ms;
	const char *value;
	int64_t made_ms, expires_ms;
	uint32_t attempt;      /* of the last look */
	int64_t look_until_ms; /* 0: no look is under way */
	uint32_t version;      /* of the row; 0: not stored yet.  For store.c alone */
	bool changed;
};

struct domain_request {
	struct domain_challenge items[DOMAIN_CHALLENGES_MAX];
	size_t n;
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
};

/* What the world is told, beside the new state. */
enum domain_says {
	DOMAIN_NOTHING,
	DOMAIN_CHALLENGE, /* what to publish */
	DOMAIN_LOOK,      /* look now, with the challenge's new attempt */
	DOMAIN_FOUND      /* pass on the evidence */
};

struct domain_step {
	enum domain_says says;
	const struct domain_challenge *challenge; /* NULL for DOMAIN_NOTHING */
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
 * another enterprise, or during a look, changes nothing; an expired value is replaced and shown.
 */
struct domain_step domain_on_wish(struct domain_request *request, const struct domain_wish *wish,
    const struct domain_moment *moment);
/* A look ended, with this evidence.  Late or doubled, it changes nothing. */
struct domain_step
domain_on_found(struct domain_request *request, const struct claim_evidence *evidence);

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
