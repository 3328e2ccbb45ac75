/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: challenges of requests; a batch at a time. */
#ifndef STORE_H
#define STORE_H

#include "svc/svc.h"

svc_store store_load_requests, store_save_requests;
svc_due store_due_looks; /* of "clock.look-due" */
/*
 * Challenges of requests that must have ended CS_KEEP_DAYS ago.  Their end is not heard here: a request lives
 * CS_REQUEST_LIFE_DAYS, and two more when it was approved on the last.  `self` is a struct domain_service.
 */
svc_sweep store_sweep_requests;

#endif
