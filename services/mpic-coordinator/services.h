/* SPDX-License-Identifier: Apache-2.0 */
/* services.h: Open MPIC services of others, as connectors name them, are asked over the network. */
#ifndef SERVICES_H
#define SERVICES_H

#include "connector/connector.h"
#include "open_mpic.h"

struct event_base;
struct pki_seal_key;
struct services;

struct services_settings {
	const char *ca_file; /* "": the system's */
	const struct pki_seal_key
	    *key;           /* that secrets are sealed to; NULL: none can be opened; borrowed */
	bool test_mode;     /* loopback may be asked, in clear too */
	uint32_t answer_ms; /* at most 60,000 */
};
CS_MUST_USE enum cs_code services_new(struct event_base *base,
    const struct services_settings *settings, struct services **ret, struct cs_err *err);
void
services_free(struct services *services); /* what is under way ends without a call; takes NULL */

/*
 * Called once, from the loop.  `answer` NULL: there is none; `reason` is a word and `why_not` says it to people.
 */
typedef void services_answered(
    void *arg, const struct open_mpic_answer *answer, const char *reason, const char *why_not);
/*
 * Asks one service.  `connector` is borrowed for the call, `arena` and `question` until the answer.  NULL: it was
 * asked.  Otherwise why it cannot be, for people, and `answered` is not called.
 */
CS_MUST_USE const char *
services_ask(struct services *services, struct cs_arena *arena, const struct connector *connector,
    const struct open_mpic_question *question, services_answered *answered, void *arg);

#endif
