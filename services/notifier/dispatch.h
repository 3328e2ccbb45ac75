/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.h: act: sends the code that a work row stands for, by mail or by SMS.  Loop thread. */
#ifndef NOTIFY_DISPATCH_H
#define NOTIFY_DISPATCH_H

#include "handler.h"

void dispatch_code(struct notify_service *notify, struct svc_work *work);

#endif
