/* SPDX-License-Identifier: Apache-2.0 */
/* handler_people.h: the questions about people, from what was read to the answer. */
#ifndef POLICY_HANDLER_PEOPLE_H
#define POLICY_HANDLER_PEOPLE_H

#include "svc/svc.h"

#define PEOPLE_PASSWORD_SUBJECT "ask.policy.password"

svc_read people_read_who, people_read_salt, people_read_login, people_read_password,
    people_read_logout;
svc_decide people_on_who, people_on_salt, people_on_login, people_on_password, people_on_logout;

#endif
