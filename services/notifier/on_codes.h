/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_codes.h: questions about second factors.  ask.notifier.code is looked at on the loop thread, which knows the
 * connectors, and goes on as the command codes.send; ask.notifier.prove is decided at once.
 */
#ifndef NOTIFY_ON_CODES_H
#define NOTIFY_ON_CODES_H

#include "codes.h"
#include "handler.h"

#define CODES_ASK "ask.notifier.code"
#define CODES_SEND "codes.send"

CS_MUST_USE enum cs_code
notify_read_send(const void *self, struct svc_event *ev, struct cs_err *err);
CS_MUST_USE enum cs_code
notify_read_prove(const void *self, struct svc_event *ev, struct cs_err *err);
CS_MUST_USE enum cs_code
notify_read_delivered(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_start_send(void *self, struct svc_work *work);
void notify_on_send(const void *self, struct svc_event *ev);
void notify_on_prove(const void *self, struct svc_event *ev);
void notify_on_delivered(const void *self, struct svc_event *ev);

/* Does it count among what a person may have done in an hour? */
bool notify_is_counted(const struct svc_event *ev);
/* The order of an event that counts, or of PASSWORD_BOUND. */
const struct claim_factor_order *notify_order_of(const struct svc_event *ev);
/* The challenge of this person in the case; NULL: none. */
struct codes_challenge *
notify_challenge_of(const struct notify_case *c, const char *enterprise, const char *account);

/* ---- what decisions on codes and on passwords share ---- */

struct codes_setting
notify_setting(const struct notify_service *notify, const struct svc_event *ev);
/* As it was loaded; all zero: there is none. */
struct codes_challenge
notify_old_of(const struct svc_event *ev, const char *enterprise, const char *account);
/* Takes the place of what the person had. */
void notify_put(struct svc_event *ev, const struct codes_challenge *challenge);
struct codes_tally *
notify_tally_of(const struct svc_event *ev, const struct claim_factor_order *order);

#endif
