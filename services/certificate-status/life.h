/* SPDX-License-Identifier: Apache-2.0 */
/* life.h: from the start to the end of the process; what operators see of it. */
#ifndef STATUS_LIFE_H
#define STATUS_LIFE_H

#include "handler.h"

enum cs_code life_init(void *self, struct svc *svc, struct cs_err *err);
void life_fini(void *self);
bool life_ready(const void *self);
void life_metrics(const void *self, struct cs_buf *out);

#endif
