/* SPDX-License-Identifier: Apache-2.0 */
/* trial.h: a connector is tried out, because somebody set it. */
#ifndef TRIAL_H
#define TRIAL_H

#include "handler.h"

/*
 * ask.mpic-coordinator.test: can its quorum be met, or does its service answer?  A service is asked for CAA of a name
 * of RFC 2606, with the connector's secret.  Ends the work, now or when the answer comes.
 */
void mpic_try(const struct mpic_service *mpic, struct svc_work *work);

#endif
