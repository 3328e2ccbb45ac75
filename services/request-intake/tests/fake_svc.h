/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_svc.h: commands, queries and questions of svc.h, answered at once: commands by real batches.
 */
#ifndef INTAKE_TESTS_FAKE_SVC_H
#define INTAKE_TESTS_FAKE_SVC_H

#include "svc/svc_test.h"

/* Commands run in this one from now on. */
void fake_svc_use(struct svc_test *test);
void fake_svc_overloaded(bool overloaded);
void fake_svc_stuck(bool stuck); /* queues are full */
/* What the next question is answered with; ok false: nobody answers. */
void fake_svc_answer(bool ok, struct cs_span body);
/* Of the next question but one; then it is as before. */
void fake_svc_answer_then(bool ok, struct cs_span body);
/* Questions wait from now on; false: those that wait are answered, in their order. */
void fake_svc_hold(bool hold);
const char *fake_svc_asked(struct cs_span
	*ret_body); /* but for ask.policy.who: the last question's subject, "" for none */

/* What a reading was set to last; -1: never. */
double fake_svc_gauge(const char *name, const char *value);

#endif
