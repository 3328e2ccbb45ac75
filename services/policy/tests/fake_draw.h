/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_draw.h: settings, requests and evidence by chance, for tests of what holds for all of them.  The same
 * seed draws the same.  Nothing is signed: the pure part of policy takes statements that were checked.
 */
#ifndef POLICY_FAKE_DRAW_H
#define POLICY_FAKE_DRAW_H

#include "policy.h"

#define DRAW_EVIDENCE 256

/* Domains that are drawn, and what is known of them without asking the code that is tested. */
struct draw_place {
	const char *domain, *registrable; /* NULL: a public suffix */
};

struct draw {
	uint64_t dice;
	struct cs_arena *arena;
	const struct policy_rules *rules;
	int64_t now_ms;
	struct policy_config config;
	bool has_organization, has_person; /* verified records that count stand in the config */
	struct claim_request request;
	/* What policy remembers: of this request and of others, the first of each attempt. */
	struct policy_evidence evidence[DRAW_EVIDENCE];
	size_t n_evidence;
	uint32_t n_envelopes;
};

uint32_t draw_below(struct draw *draw, uint32_t n); /* 0 to n - 1 */
bool draw_chance(struct draw *draw, uint32_t percent);
const struct draw_place *draw_place_of(const char *mailbox_or_domain);

void draw_config(struct draw *draw);
void draw_request(struct draw *draw);
/* Evidence of earlier requests, of this enterprise and others: into draw->evidence. */
void draw_past(struct draw *draw);
/* What a validator says to this check of the request, at draw->now_ms or a little before. */
struct policy_evidence
draw_answer(struct draw *draw, const struct claim_check *check, uint32_t attempt);
/* What perspectives say to this proof of a domain. */
struct policy_evidence draw_corroboration(struct draw *draw, const struct policy_evidence *domain);
/* It reached policy: kept if it counts at all, and is the first of its attempt. */
void draw_remember(struct draw *draw, const struct policy_evidence *evidence);
/* The same as policy's list. */
struct policy_proof *draw_proofs(struct draw *draw);

#endif
