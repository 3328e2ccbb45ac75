/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: policy's routes, and what they need beside the event. */
#ifndef POLICY_HANDLER_H
#define POLICY_HANDLER_H

#include "policy.h"
#include "svc/svc.h"
#include "tokens.h"

struct kept;

struct policy_service {
	const char *key_file, *trust_file, *approvers_file, *issuer_domains, *tokens_file,
	    *sealing_keys_file;
	uint32_t keep_days;        /* settings, up to here */
	struct claim_key *key;     /* signs plans; owned */
	struct claim_trust *trust; /* who may state what; owned */
	struct smime_psl *psl;     /* owned */
	struct policy_rules rules; /* borrows psl and what lies in the arena */
	struct tokens *tokens;     /* that need no person; in the arena */
	struct cs_arena *arena;    /* owned */
	struct kept *kept;         /* documents that were read before; owned, the worker's alone */
};

/*
 * Loads key, trust table and suffix list, and reads the issuer domains.  CS_MALFORMED,
 * CS_NOT_FOUND.
 */
CS_MUST_USE enum cs_code policy_init(void *self, struct svc *svc, struct cs_err *err);
void policy_fini(void *self);

/* Of svc_service: the plans of a batch are signed together. */
void *policy_share(const void *self, struct cs_arena *arena);
void policy_decided(void *shared);

extern const struct svc_route policy_routes[];
extern const char *const policy_patient[]; /* of them, those for which nobody waits */

#endif
