/* SPDX-License-Identifier: Apache-2.0 */
/* connectors.h: what notifier hears of connectors, and tries of them. */
#ifndef NOTIFY_CONNECTORS_H
#define NOTIFY_CONNECTORS_H

#include "handler.h"

/* svc_told of config.connector; `self`: a struct notify_service. */
void notify_told(void *self, struct cs_span body);
/* The route ask.notifier.test: read and start. */
CS_MUST_USE enum cs_code
notify_read_test(const void *self, struct svc_event *ev, struct cs_err *err);
void notify_test(void *self, struct svc_work *work);

#endif
