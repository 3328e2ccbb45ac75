/* SPDX-License-Identifier: Apache-2.0 */
/* fake_relay.h: a relay that says what it is told to, and the end of a work row, in plain sight. */
#ifndef MAILBOX_FAKE_RELAY_H
#define MAILBOX_FAKE_RELAY_H

#include "http/smtp.h"
#include "svc/svc.h"

/* What the relay says next.  CS_OK: `result` comes; else smtp_send() itself says no. */
void fake_relay_says(enum cs_code code, const struct smtp_result *result);
/* The last mail as the relay got it; empty: none came. */
struct cs_span fake_relay_mail(const char **ret_to);
/* The result that act gave; empty when it gave none. */
struct cs_span fake_relay_done(unsigned *ret_times);

#endif
