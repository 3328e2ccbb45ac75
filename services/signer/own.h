/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own.h: what the signer records of itself beside requests: that it started, with what program, settings
 * and trust table, that it took another trust table, and the signed heads of its audit tree.
 *
 * The aggregate is the process: its key is made anew at each start, and is the subject of its records.
 */
#ifndef SIGNER_OWN_H
#define SIGNER_OWN_H

#include "audit/audit.h"
#include "svc/svc.h"

struct signer_service;

/* As load finds it; own_on_clock notes what save must write. */
struct own {
	const char *told;         /* detail of the newest record of this start; NULL: none yet */
	struct audit_tree tree;   /* as it was committed last */
	struct audit_head newest; /* size 0: no head was ever signed */

	bool head_is_new;
	struct audit_head head;
};

/* Is there something to tell, or a head to sign? */
bool own_is_due(const struct signer_service *signer, struct cs_arena *arena, const struct own *own,
    int64_t now_ms);
/* "clock.own": svc_decide. */
void own_on_clock(const void *self, struct svc_event *ev);

/* Fills signer->started.  CS_INTERNAL: the program cannot be read. */
CS_MUST_USE enum cs_code
own_describe(struct signer_service *signer, const struct svc *svc, struct cs_err *err);
/* "trust=VERSION:SHA-256 of the table:of the approvers", as it is in force now. */
const char *own_trust(const struct signer_service *signer, struct cs_arena *arena);

/* As a value in the detail of a record, where a blank would end it: blanks and '=' become '_'. */
const char *own_word(struct cs_arena *arena, const char *text);

#endif
