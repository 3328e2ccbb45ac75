/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.h: how a one-shot diagnosis tells what it found: a few lines, or one JSON object. */
#ifndef CSCTL_VERDICT_H
#define CSCTL_VERDICT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/refusal.h"

/*
 * Prints `verdict` ("accept", "refuse", "allow", "deny"), reason (a stable code), clause, text and what
 * was seen (an object; taken).  Returns the exit status: 0 when `good`, else 1.
 */
int verdict_print(
    bool as_json, bool good, const char *verdict, const struct cs_refusal *why, json_t *seen);

#endif
