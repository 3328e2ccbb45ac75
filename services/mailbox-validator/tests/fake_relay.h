/* SPDX-License-Identifier: Apache-2.0 */
/* fake_relay.h: a relay and a resolver that say what they are told to, and the end of a work row, in plain sight. */
#ifndef MAILBOX_FAKE_RELAY_H
#define MAILBOX_FAKE_RELAY_H

#include "http/smtp.h"
#include "probe/probe.h"
#include "svc/svc.h"

/* What the relay says next.  CS_OK: `result` comes; else smtp_send() itself says no. */
void fake_relay_says(enum cs_code code, const struct smtp_result *result);
/* What the domain's route is found to be; without it: one host takes its mail. */
void fake_relay_route(const struct probe_finding *finding);
/* The target of the last look; "": nobody looked. */
const char *fake_relay_looked(void);
/* The envelope sender of the last mail; "": the relay's own. */
const char *fake_relay_from(void);
/* The last mail as the relay got it; empty: none came. */
struct cs_span fake_relay_mail(const char **ret_to);
/* The result that act gave; empty when it gave none. */
struct cs_span fake_relay_done(unsigned *ret_times);

#endif
