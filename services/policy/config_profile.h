/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_profile.h: the fields of profiles and people that are more than a text, a number or a list of them, and the
 * rules that the fields of a profile keep among themselves.  Pure.  False: refused, with the field.
 */
#ifndef POLICY_CONFIG_PROFILE_H
#define POLICY_CONFIG_PROFILE_H

#include "config_reading.h"

#define CONFIG_RDNS_MAX 16 /* attributes of a subject that a profile lists */

/* [{name, required, value}]; its canonical form is added to `ret`. */
CS_MUST_USE bool
config_rdns_read(struct config_reading *in, const char *field, const json_t *value, json_t *ret);

/* {attribute: value}: what an operator has set for a person. */
CS_MUST_USE bool config_details_read(struct config_reading *in, const char *member, json_t *value);

/* Does the canonical spec of a profile hold together, and with its certificate profile? */
CS_MUST_USE bool config_profile_is_sound(struct config_reading *in, const json_t *spec);

#endif
