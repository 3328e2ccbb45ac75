/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_world.h: what surrounds policy in tests: keys, a trust table, an enterprise with accounts,
 * and the statements that the other services would make.
 */
#ifndef POLICY_FAKE_WORLD_H
#define POLICY_FAKE_WORLD_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs those before it */
/* clang-format on */

#include "handler.h"

#define FAKE_NOW INT64_C(1795437296789) /* 2026-11-23: four remote perspectives, five from 12-15 */

struct fake_world {
	struct cs_arena *arena;
	struct policy_service policy;
	struct claim_key *others;    /* may state requests, approvals and all evidence */
	struct claim_key *stranger;  /* may state nothing */
	struct claim_key *prover;    /* may state second factors alone */
	struct claim_key *asker;     /* may state requests alone, and those for a day */
	struct policy_config config; /* of demo's alice, profile of type mailbox */
	uint8_t random[32];
	int64_t now_ms; /* of the statements that are made here */
	uint8_t next_id;
};

/* For cmocka: *state becomes a struct fake_world. */
int fake_world_setup(void **state);
int fake_world_teardown(void **state);
struct policy_setting fake_setting(const struct fake_world *world);

/* "a,b" as a list. */
struct claim_texts fake_texts(struct fake_world *world, const char *joined);
/* A new request of demo's alice for the profile "smime-mailbox". */
struct policy_submitted
fake_request(struct fake_world *world, const char *mailboxes, const char *domains);
/* After a change to submitted->request: digest and envelope anew. */
void fake_reseal(struct fake_world *world, struct policy_submitted *submitted);
struct policy_approved fake_approval(struct fake_world *world, const struct claim_request *request);

/* Evidence for this check of this request, valid as long as the validators say. */
struct policy_evidence fake_evidence(struct fake_world *world, const struct claim_request *request,
    const struct claim_check *check, uint32_t attempt, enum claim_outcome outcome);
/* A domain proved by "dns-txt" or "http-file", with this random value. */
struct policy_evidence fake_domain(struct fake_world *world, const struct claim_request *request,
    const struct claim_check *check, const char *method, const char *value);
/* What the perspectives say to it. */
struct policy_evidence
fake_corroboration(struct fake_world *world, const struct policy_evidence *domain);
/* So many perspectives were asked. */
void fake_perspectives(struct fake_world *world, struct policy_evidence *evidence, size_t n);
/* After a change to evidence->evidence: digest and envelope anew. */
void fake_reseal_evidence(struct fake_world *world, struct policy_evidence *evidence);

/* NULL: the plan has no such check. */
const struct claim_check *fake_check(const struct claim_plan *plan, const char *id);

#endif
