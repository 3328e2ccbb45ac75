/* SPDX-License-Identifier: Apache-2.0 */
/*
 * checklist.h: the checks of a request as one text, a line each (fields.h), without the octets that they show: nobody
 * asks for one check of many, so that they lie in their request's row.  Pure.
 */
#ifndef INTAKE_CHECKLIST_H
#define INTAKE_CHECKLIST_H

#include "intake.h"

/* Did any change? */
bool checklist_changed(const struct intake_request *req);
const char *checklist_write(struct cs_arena *arena, const struct intake_request *req);
/* Sets the checks of `req`, by position and name. */
void checklist_read(struct cs_arena *arena, const char *text, struct intake_request *req);

#endif
