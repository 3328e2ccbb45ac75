/* SPDX-License-Identifier: Apache-2.0 */
/* config_san.h: the field `sans` of profiles: which names people see, must give, and find fixed (policy_san.h).  Pure. */
#ifndef POLICY_CONFIG_SAN_H
#define POLICY_CONFIG_SAN_H

#include "config_reading.h"
#include "smime/profile.h"

/*
 * [{name, shown, required, values, from_person}], each of "mailbox" and "domain" once at most; values as requests give
 * them, sorted.  Its canonical form is added to `ret`.
 */
CS_MUST_USE bool
config_sans_read(struct config_reading *in, const char *field, const json_t *value, json_t *ret);

/* What the canonical spec of a profile says of each kind of names. */
void config_sans_take(struct cs_arena *arena, const json_t *spec,
    struct policy_san_rule ret_sans[static POLICY_SANS]);

/* Do the names that a canonical spec fixes go together, and with what the profile proves? */
CS_MUST_USE bool
config_sans_hold(struct config_reading *in, const json_t *spec, const struct smime_profile *of);

#endif
