/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay.h: act: looks how the domain takes mail, then makes the mail that a work row orders and hands it
 * to the relay.  Loop thread.
 */
#ifndef MAILBOX_RELAY_H
#define MAILBOX_RELAY_H

#include "handler.h"

/* Loads the key, opens the resolver and the way to the relay.  CS_MALFORMED, CS_NOT_FOUND: a setting or a file. */
CS_MUST_USE enum cs_code mailbox_init(void *self, struct svc *svc, struct cs_err *err);
void mailbox_fini(void *self);
svc_act mailbox_act;

#endif
