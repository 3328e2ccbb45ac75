/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_kinds.h: what can be set: the kinds of documents, their fields and the rules that one document keeps
 * for itself.  Pure.  One table says all of it; what it says is shown as GET /v1/config/kinds.
 *
 * A document is (kind, enterprise, name) -> spec, a JSON object.  Its canonical form names every field, in
 * order, without spaces, so that two specs are the same when their octets are.
 */
#ifndef POLICY_CONFIG_KINDS_H
#define POLICY_CONFIG_KINDS_H

#include "base/arena.h"
#include "base/refusal.h"
#include "policy_checks.h"

#define CONFIG_PLATFORM "platform" /* stands where an enterprise does: of none */
#define CONFIG_NAME_MAX 254        /* octets */
#define CONFIG_SPEC_MAX 16384      /* octets of a canonical spec */
#define CONFIG_ITEMS_MAX 100       /* of a list */

enum config_kind {
	CONFIG_ENTERPRISE,
	CONFIG_DOMAIN,
	CONFIG_OWNERSHIP,
	CONFIG_PROFILE,
	CONFIG_PERSON,
	CONFIG_ASSIGNMENT,
	CONFIG_NOTE,
	CONFIG_CONNECTOR,
	CONFIG_KINDS
};

const char *config_kind_name(enum config_kind kind); /* "enterprise" */
bool config_kind_parse(const char *name, enum config_kind *ret_kind);
const char *config_kind_event(enum config_kind kind); /* "config.enterprise" */

/* Of a profile's second_factor: whatever the enterprise says. */
#define CONFIG_AS_ENTERPRISE "as-enterprise"
/*
 * A phone number as people write it ("+49 170 123-45 67"): "+" and 7 to 15 digits (ITU-T E.164).  NULL: it is none;
 * "" stays.
 */
const char *config_phone(struct cs_arena *arena, const char *text);

/* Another document that a spec names: of the same enterprise, else the platform's. */
struct config_ref {
	enum config_kind kind;
	const char *name;
	const char *field; /* "people[0]" */
};
struct config_refs {
	struct config_ref *items;
	size_t n;
};

/* May there be such a document?  `name` must be canonical already. */
CS_MUST_USE bool config_name_good(const struct policy_rules *rules, struct cs_arena *arena,
    enum config_kind kind, const char *enterprise, const char *name, struct cs_refusal *ret_why);

/*
 * Reads a spec that a person wrote, strictly: no member unknown or twice, each in its bounds, absent ones by
 * their defaults; then the rules of the kind.  *ret_spec: its canonical form, in the arena.
 * False: *ret_why names the field, as "spec.max_days".  Of a connector only the form is read here: what else holds
 * for it depends on the one in force, see policy_connector.h.
 */
CS_MUST_USE bool
config_spec_read(const struct policy_rules *rules, struct cs_arena *arena, enum config_kind kind,
    struct cs_span json, struct cs_span *ret_spec, struct cs_refusal *ret_why);

/* Of the canonical spec of a profile: is its certificate profile of private trust? */
bool config_spec_is_private(struct cs_span spec);
/* Of the canonical spec of an enterprise: may its own profiles be? */
bool config_spec_has_root(struct cs_span spec);
/* Of a spec of a connector: does it say how many perspectives must agree, today? */
bool config_spec_serves_mpic(struct cs_span spec);

/* What a canonical spec refers to. */
struct config_refs
config_spec_refs(struct cs_arena *arena, enum config_kind kind, struct cs_span spec);

/* The canonical form of JSON that was canonical once (a database may have put it in another order). */
struct cs_span config_spec_again(struct cs_arena *arena, struct cs_span json);

/* {"kinds": [{"kind", "fields": [{"name", "type", "required", "help", ...}]}]} */
struct cs_span config_kinds_show(struct cs_arena *arena);

#endif
