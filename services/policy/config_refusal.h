/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_refusal.h: what all calls are refused with in the same words: what is hidden must not be told from what is
 * not there by how it is said.
 */
#ifndef POLICY_CONFIG_REFUSAL_H
#define POLICY_CONFIG_REFUSAL_H

#include <stddef.h>

#include "base/refusal.h"

extern const struct cs_refusal config_no_document; /* 404, also of what is hidden */
extern const struct cs_refusal config_no_path;     /* 404: no call has this path */
extern const struct cs_refusal config_no_method;   /* 405 */
extern const struct cs_refusal config_no_caller;   /* 401 */
extern const struct cs_refusal config_no_right;    /* 403 */

struct config_ask;
struct cs_arena;

/* The field that a refusal of the call's i-th wish is about: of a call with several, "documents[2].spec". */
const char *
config_field(struct cs_arena *arena, const struct config_ask *ask, size_t wish, const char *field);

#endif
