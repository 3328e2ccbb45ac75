/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handler_people.c: each question about people to its decision, and what is answered.  No token, proof or
 * invitation is ever logged.
 */
#include "handler_people.h"

#include "handler.h"
#include "wire.h"

/* ---- who asks ---- */

enum cs_code
people_read_who(const void *self, struct svc_event *ev, struct cs_err *err)
{
	struct people_ask *ask = CS_NEW(ev->arena, struct people_ask);

	(void)self;
	if (wire_read_who(ev->arena, ev->body, ask, err))
		return CS_MALFORMED;
	ev->key = people_token_id(ask->sha256);
	ev->what = ask;
	return CS_OK;
}

void
people_on_who(const void *self, struct svc_event *ev)
{
	struct policy_case *state = ev->state;
	struct people_caller caller;
	const bool known = people_identify(state->people, ev->what, ev->now_ms, &caller);

	(void)self;
	svc_reply(ev, 0, wire_write_who(ev->arena, known ? &caller : NULL));
	log_debug(ev->log, "who decided result=%s", known ? "known" : "unknown");
}
