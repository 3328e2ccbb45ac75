/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_bindings.h: domains that a batch of decisions binds to people, as documents of kind ownership.  Pure.
 *
 * Shared by all cases of a batch, which decide under the lock of all settings: whoever comes second, in this
 * batch or behind it, sees to whom the first was bound.
 */
#ifndef POLICY_BINDINGS_H
#define POLICY_BINDINGS_H

#include "base/id.h"
#include "policy_checks.h"

struct policy_binding {
	struct policy_binding *next;
	const char *enterprise, *domain, *account;
	struct cs_id request; /* that proved or used it */
	struct cs_id id;      /* of the document, as is the next */
	uint64_t version;
};

struct policy_bindings {
	uint64_t *last_version;              /* that was given to any document */
	struct policy_binding *first, *last; /* in order */
};

/* Before a decision: its enterprise's bindings that the batch has made so far are there. */
void policy_bindings_show(const struct policy_bindings *bindings, const char *enterprise,
    struct policy_config *config, struct cs_arena *arena);
/*
 * After it: takes what it bound, so that it is new no more.  The first of those that were taken, each with the
 * next version; NULL: nothing was bound.
 */
const struct policy_binding *policy_bindings_take(struct policy_bindings *bindings,
    const struct claim_request *request, struct policy_config *config, struct cs_arena *arena);

#endif
