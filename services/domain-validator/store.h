/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: challenges of requests; a batch at a time. */
#ifndef STORE_H
#define STORE_H

#include "svc/svc.h"

svc_store store_load_requests, store_save_requests;

#endif
