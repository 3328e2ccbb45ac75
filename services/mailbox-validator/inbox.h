/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox.h: what comes back to the return paths of our mails, from the mail server in front of us (LMTP):
 * bounces, which are told and prove nothing, and answers to challenges (RFC 8823), judged before any key
 * is looked up.  Loop thread.
 */
#ifndef MAILBOX_INBOX_H
#define MAILBOX_INBOX_H

#include "handler.h"

struct inbox;

/* Listens on the service's lmtp_listen.  CS_MALFORMED: a setting; CS_UNAVAILABLE: the address cannot be had. */
CS_MUST_USE enum cs_code inbox_open(
    struct mailbox_service *mailbox, struct svc *svc, struct inbox **ret_inbox, struct cs_err *err);
/* What is being looked at is left: the mail server was told nothing, and brings it again.  Takes NULL. */
void inbox_close(struct inbox *inbox);

#endif
