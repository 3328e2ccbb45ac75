/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_form.h: the attributes of a subject and the names of a request as a page shows them before anything is asked
 * for: as the profile has them, filled in from what operators have set for the person.  Pure.
 */
#ifndef POLICY_CONFIG_FORM_H
#define POLICY_CONFIG_FORM_H

#include "base/err.h"
#include "config.h"

/*
 * What the documents say for this person and this profile, the enterprise's own or else the platform's, as JSON:
 * {"profile", "person", "fields": [{"name", "value", "set_by", "required", "editable", "unverified",
 * "verified_only"}], "names": [{"name", "values", "set_by", "shown", "required", "fixed", "editable"}]}.  `set_by`:
 * "operator", "profile" or "nobody"; `editable` never by_operator; `verified_only`: its certificates name it as
 * evidence of identity has it; `fixed`: the request gives these values, all and no other.  Empty: the person or the profile is not there, or not
 * served.  CS_INTERNAL: a document cannot be read.
 */
CS_MUST_USE enum cs_code config_form(struct cs_arena *arena, const struct config_doc *docs,
    const struct config_ask *ask, bool by_operator, struct cs_span *ret_json, struct cs_err *err);

#endif
