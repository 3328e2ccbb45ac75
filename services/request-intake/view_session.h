/* SPDX-License-Identifier: Apache-2.0 */
/* view_session.h: what people who log in are shown, as JSON; openapi.json describes it. */
#ifndef INTAKE_VIEW_SESSION_H
#define INTAKE_VIEW_SESSION_H

#include "base/arena.h"
#include "who.h"
#include "wire.h"

/* A session that began; holds its token. */
struct cs_span view_welcome(struct cs_arena *arena, const struct wire_welcome *welcome);
struct cs_span view_me(struct cs_arena *arena, const struct who *who);

#endif
