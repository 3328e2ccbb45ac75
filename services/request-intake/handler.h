/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler.h: the table of contents: commands of the API, the clock, and what is heard over the bus.
 * Pure but for signing: svc_emit() fills the outbox that the skeleton writes with the batch.
 */
#ifndef INTAKE_HANDLER_H
#define INTAKE_HANDLER_H

#include "service.h"

/*
 * Commands: "api.create" (body: the client's), "api.renew", "api.rekey", "api.reissue" (the earlier request's
 * 16 octets, then the client's body), "api.revoke" (the client's body, already read once), "api.verify" (body: the check's id), "api.approve",
 * "api.factor", "api.cancel"; of the request of its certificate "api.report-submit", "api.report-answer", "api.report-decide"
 * (the report's 16 octets, then the client's body, already read once).  Their context is the struct intake_caller.  Each is answered with the status and
 * body for the client, but for:
 */
#define HANDLER_ASK_SIGNER 1 /* of api.cancel: the body is the question for ask.signer.stop */
#define HANDLER_ASK_FACTOR \
	2 /* of api.approve and api.factor: who sends codes is to be asked; no body */

/*
 * The body of api.approve: nothing; HANDLER_CODES, HANDLER_PASSWORD: codes or a password came, which stay where they are; or the
 * envelope of the proof, after HANDLER_PROOF.
 */
#define HANDLER_CODES 'c'
#define HANDLER_PASSWORD 'w'
#define HANDLER_PROOF 'p'

/* Of svc_service: the requests and approvals of a batch are signed together. */
void *intake_share(const void *self, struct cs_arena *arena);
void intake_decided(void *shared);

extern const struct svc_route intake_routes[];
extern const char *const intake_patient[]; /* of them, those for which nobody waits */

#endif
