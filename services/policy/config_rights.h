/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_rights.h: who may see and set what.  Pure.  People of an enterprise see nothing of another, not even
 * whether it is there; people of the platform act everywhere.
 */
#ifndef POLICY_CONFIG_RIGHTS_H
#define POLICY_CONFIG_RIGHTS_H

#include "config_kinds.h"

/* Bits, in the order of "user", "operator", "auditor", "administrator". */
#define CONFIG_USER 1u
#define CONFIG_OPERATOR 2u
#define CONFIG_AUDITOR 4u
#define CONFIG_ADMINISTRATOR 8u

/* What an API token was narrowed to. */
#define CONFIG_MAY_READ 1u
#define CONFIG_MAY_WRITE 2u
#define CONFIG_MAY_PEOPLE 4u

struct config_caller {
	bool known;
	const char *enterprise, *account; /* enterprise CONFIG_PLATFORM: of none */
	unsigned roles, scopes;           /* bits of above */
	const char *credential;           /* its id, for the audit */
	const char *source;               /* network address */
};

enum config_verdict { CONFIG_ALLOWED, CONFIG_HIDDEN, CONFIG_FORBIDDEN };

enum config_verdict config_may_read(const struct config_caller *caller, enum config_kind kind,
    const char *enterprise, const char *name);
/* All of a kind, or what changed in an enterprise. */
enum config_verdict
config_may_list(const struct config_caller *caller, enum config_kind kind, const char *enterprise);
enum config_verdict config_may_audit(const struct config_caller *caller, const char *enterprise);

/*
 * May the document become `after` (NULL: go away), having been `before` (NULL: it is new)?  Both canonical.
 * FORBIDDEN with *ret_why where a single field is at fault, else ret_why->code is NULL.
 */
enum config_verdict config_may_change(struct cs_arena *arena, const struct config_caller *caller,
    enum config_kind kind, const char *enterprise, const char *name, const struct cs_span *before,
    const struct cs_span *after, struct cs_refusal *ret_why);

#endif
