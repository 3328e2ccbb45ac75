/* SPDX-License-Identifier: Apache-2.0 */
/*
 * on_login.h: logins at providers of identities, on the loop thread, which knows the connectors: where a person is sent
 * (after codes.send), and ask.notifier.login, when a browser came back: with a decision before the provider is asked
 * (login.return) and one after (login.judged).
 */
#ifndef NOTIFY_ON_LOGIN_H
#define NOTIFY_ON_LOGIN_H

#include "handler.h"
#include "logins.h"

#define LOGIN_ASK "ask.notifier.login"
#define LOGIN_RETURN "login.return"
#define LOGIN_JUDGED "login.judged" /* its context: a struct logins_outcome */

#define SAYS_LOG_IN 202 /* of codes.send and login.return: their answer is a struct logins_begun */

struct claim_factor_order;

/* Can people log in by this order?  It has a turn then.  False: `work` is finished with why not. */
bool notify_may_log_in(
    struct notify_service *notify, struct svc_work *work, const struct claim_factor_order *order);
/* Gives the turn back: no login began. */
void notify_leave_login(struct notify_service *notify, const char *enterprise);
/* Finishes `work`, a question for codes that has a turn, with the URL of the login that `body` says. */
void notify_log_in(struct notify_service *notify, struct svc_work *work, struct cs_span body);

CS_MUST_USE enum cs_code
notify_read_login(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_start_login(void *self, struct svc_work *work);
/* Of the decisions. */
CS_MUST_USE enum cs_code
notify_read_return(const void *self, struct svc_event *ev, struct cs_err *err);
CS_MUST_USE enum cs_code
notify_read_judged(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_on_return(const void *self, struct svc_event *ev);
void notify_on_judged(const void *self, struct svc_event *ev);

#endif
