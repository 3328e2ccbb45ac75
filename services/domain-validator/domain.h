/* SPDX-License-Identifier: Apache-2.0 */
/*
 * domain.h: the life of the challenges by which a person proves domains (TBR 3.2.2.4.7 and .18).
 *
 * Pure: no I/O, no clock.  One aggregate is one request with its domain checks.  Random octets come from
 * the event; a value is unique to its request and check, and lives for seven days.
 */
#ifndef DOMAIN_H
#define DOMAIN_H

#include "claim/claim.h"

#define DOMAIN_CHALLENGES_MAX CLAIM_MAX_NAMES
#define DOMAIN_VALUE_BITS 160
#define DOMAIN_LIFE_MS (7 * INT64_C(86400000))
#define DOMAIN_LOOK_MS 45000 /* what one look may take */

struct domain_challenge {
	const char *check_id, *domain, *enterprise, *account;
	struct cs_span asked; /* the order's octets */
	const char *value;    /* "" : no order yet */
	int64_t made_ms, expires_ms;
	uint32_t attempt;
	bool looking, proved, wished;
	uint32_t version; /* of the row; 0: not stored yet.  For store.c alone */
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

/* What the world is told, beside the new state. */
enum domain_says {
	DOMAIN_NOTHING,
	DOMAIN_CHALLENGE, /* what to publish */
	DOMAIN_LOOK,      /* look now, with the challenge's new attempt */
	DOMAIN_FOUND      /* pass on the evidence */
};

struct domain_step {
	enum domain_says says[2]; /* in this order */
	struct domain_challenge *challenge;
};

/* An order of policy.  A repeated order shows the same value again; an expired one gets a new value. */
struct domain_step domain_on_asked(struct domain_request *request, struct cs_arena *arena,
    const struct claim_asked *asked, struct cs_span octets, const uint8_t random[static 32],
    int64_t now_ms);
/* Verify was pressed.  Wishes of another account, and more than can be, change nothing. */
struct domain_step
domain_on_wish(struct domain_request *request, const struct domain_wish *wish, int64_t now_ms);
/* A look ended, with this evidence. */
struct domain_step
domain_on_found(struct domain_request *request, const struct claim_evidence *evidence);

/* The check that a look by this method carries out: expected value and digest filled in. */
void domain_check(const struct claim_asked *asked, const char *value, uint32_t attempt,
    const char *method, struct claim_check *ret_check);
bool domain_allows(const struct claim_check *check, const char *method);

#endif
