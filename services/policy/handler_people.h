/* SPDX-License-Identifier: Apache-2.0 */
/* handler_people.h: the questions about people, from what was read to the answer. */
#ifndef POLICY_HANDLER_PEOPLE_H
#define POLICY_HANDLER_PEOPLE_H

#include "svc/svc.h"

CS_MUST_USE enum cs_code
people_read_who(const void *self, struct svc_event *ev, struct cs_err *err);
void people_on_who(const void *self, struct svc_event *ev);

#endif
