/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoke.h: what happens to a certificate after it was issued: revocation (SBR 4.9), and reminders before its
 * end.  Needs neither the gate nor the CA key, so that it goes on while nothing may be issued.
 */
#ifndef SIGNER_REVOKE_H
#define SIGNER_REVOKE_H

#include "record.h"
#include "svc/svc.h"

struct signer_service;

/* "request.revocation-asked" */
svc_read revoke_read_asked;
svc_decide revoke_on_asked;
/* "clock.key-blocked": its key is blocked, by whatever told us. */
svc_decide revoke_on_key_blocked;
/* "clock.certificate-expiring" */
svc_decide revoke_on_expiring;

/* The intent of this event's record became void: its serial is listed, since a signature may exist. */
void revoke_void(const struct signer_service *signer, struct svc_event *ev, int64_t not_after_s);

/* The step of the reminders that is due now: 30, 14, 7, 1 days before the end; 0: none. */
uint32_t revoke_reminder_step(int64_t issued_at_ms, int64_t not_after_s, int64_t now_ms);

#endif
