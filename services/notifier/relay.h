/* SPDX-License-Identifier: Apache-2.0 */
/* relay.h: act: hands the mail that a work row holds to the relay.  Loop thread. */
#ifndef NOTIFY_RELAY_H
#define NOTIFY_RELAY_H

#include "handler.h"

/* Reads the CAs and opens the way to the relay.  CS_MALFORMED, CS_NOT_FOUND: a setting or a file. */
CS_MUST_USE enum cs_code notify_init(void *self, struct svc *svc, struct cs_err *err);
void notify_fini(void *self);
svc_act notify_act;
/* Which connectors there are is known now: mails that waited for it go. */
void relay_send_early(struct notify_service *notify);

#endif
