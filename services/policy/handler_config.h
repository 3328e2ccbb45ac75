/* SPDX-License-Identifier: Apache-2.0 */
/* handler_config.h: ask.policy.config: calls of HTTP about documents, as request-intake passes them on. */
#ifndef POLICY_HANDLER_CONFIG_H
#define POLICY_HANDLER_CONFIG_H

#include "config.h"
#include "config_identity.h"
#include "config_people.h"
#include "people.h"
#include "svc/svc.h"

/* What read makes of the question. */
struct config_event {
	struct people_ask who; /* first: whoever looks up callers knows this part alone */
	struct config_ask ask;
	/* Both NULL: it is about documents. */
	const struct config_people_call *people;
	const struct config_identity_call *identity;
};

svc_read config_on_ask_read;
svc_decide config_on_ask;
/* The clock: services are told again which connectors there are. */
svc_decide config_on_told;
/* NULL: the event is no call about documents. */
const struct config_event *config_event_of(const struct svc_event *ev);

#endif
