/* SPDX-License-Identifier: Apache-2.0 */
/* form.h: what a browser posts (application/x-www-form-urlencoded).  Pure. */
#ifndef INTAKE_FORM_H
#define INTAKE_FORM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * The value of this name, decoded once: printable ASCII and line ends, as base64 may have them; "" when it is not there.
 * Others beside it are not looked at.  False: it is there twice, or is no such text, or longer than `max` octets.
 */
CS_MUST_USE bool form_take(
    struct cs_arena *arena, struct cs_span body, const char *name, size_t max, const char **ret);

#endif
