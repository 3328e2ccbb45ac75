/* SPDX-License-Identifier: Apache-2.0 */
/* config_json.h: JSON between texts in an arena and trees of jansson. */
#ifndef POLICY_CONFIG_JSON_H
#define POLICY_CONFIG_JSON_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/refusal.h"

/* NULL and *ret_why: no JSON, a member twice, more than one value.  json_decref() it. */
json_t *config_json_read(struct cs_arena *arena, struct cs_span text, struct cs_refusal *ret_why);
/* Of text that is known to be JSON.  Never NULL. */
json_t *config_json_own(struct cs_span text);
/* Canonical: members in order, no spaces.  Takes `json`. */
struct cs_span config_json_dump(struct cs_arena *arena, json_t *json);
/* A text of the tree as a string of the arena; `fallback` when it is none. */
const char *config_json_text(
    struct cs_arena *arena, const json_t *object, const char *member, const char *fallback);
/* Is the member the literal true? */
bool config_json_true(const json_t *object, const char *member);
/* 0 when it is no number. */
uint32_t config_json_number(const json_t *object, const char *member);

#endif
