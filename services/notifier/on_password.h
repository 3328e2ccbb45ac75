/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_password.h: ask.notifier.password: on the loop thread, which knows the connectors and holds the password, with a
 * decision before (password.try) and one after (password.bound) that only know of the order.
 */
#ifndef NOTIFY_ON_PASSWORD_H
#define NOTIFY_ON_PASSWORD_H

#include "handler.h"
#include "password.h"

#define PASSWORD_ASK "ask.notifier.password"
#define PASSWORD_TRY "password.try"
#define PASSWORD_BOUND "password.bound" /* its context: an enum directory_outcome */

CS_MUST_USE enum cs_code
notify_read_password(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_start_password(void *self, struct svc_work *work);
/* Of the decisions: the order. */
CS_MUST_USE enum cs_code
notify_read_order(const void *self, struct svc_event *ev, struct cs_err *err);
CS_MUST_USE enum cs_code
notify_read_bound(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_on_try(const void *self, struct svc_event *ev);
void notify_on_bound(const void *self, struct svc_event *ev);

#endif
