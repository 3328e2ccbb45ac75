/* SPDX-License-Identifier: Apache-2.0 */
/* differ.h: how a document changes, field by field.  Pure. */
#ifndef CSCTL_DIFFER_H
#define CSCTL_DIFFER_H

#include <jansson.h>

#include "base/arena.h"

/*
 * A line for each field that differs, in the order of the fields: "  + NAME VALUE", "  - NAME VALUE" or
 * "  ~ NAME BEFORE -> AFTER", values as compact JSON in ASCII, fields of mappings as "details.surname".
 * NULL or null: there was no document, or there is none.
 */
const char *differ_fields(struct cs_arena *arena, json_t *before, json_t *after);

#endif
