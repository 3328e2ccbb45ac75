/* SPDX-License-Identifier: Apache-2.0 */
/* handler.h: the signer's routes, and what they need beside the event. */
#ifndef SIGNER_HANDLER_H
#define SIGNER_HANDLER_H

#include "gate/gate.h"
#include "gate/tbs.h"
#include "issuers.h"
#include "linter.h"
#include "svc/svc.h"

struct hand;

struct signer_service {
	/* settings */
	struct issuers_settings issuing;
	const char *trust_file, *approvers_file, *issuer_domains, *audit_key_file, *weak_keys_file;
	struct cs_span seal_key;
	uint32_t crl_every_hours, crl_life_hours, crl_after_seconds;
	uint32_t audit_head_s; /* at least between two heads of the audit tree */
	struct linter_settings lint;

	struct svc *svc;            /* borrowed; for readings */
	struct claim_trust *trust;  /* owned */
	struct issuers *issuers;    /* owned; signing is the hand's alone */
	struct hand *hand;          /* owned */
	struct linter *linter;      /* owned; NULL: ours are the only lints */
	struct pki_weak_list *weak; /* owned; NULL: none configured */
	struct gate_rules rules;    /* borrows trust and what lies in the arena */
	struct cs_arena *arena;     /* owned */

	struct cs_id instance;         /* this process, in what it records of itself */
	struct pki_ed25519 *audit_key; /* owned; the worker thread's alone */
	const char *started;           /* own.h */
};

/* --check-settings: opens all that they name, the keys too, and closes it. */
CS_MUST_USE enum cs_code signer_check(void *self, struct cs_err *err);
CS_MUST_USE enum cs_code signer_init(void *self, struct svc *svc, struct cs_err *err);
void signer_fini(void *self);

extern const struct svc_route signer_routes[];

#endif
