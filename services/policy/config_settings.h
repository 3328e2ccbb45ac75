/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_settings.h: from documents to what a plan is made by.  Pure.  Documents may come in any order: what
 * depends on several is worked out when all are there.
 */
#ifndef POLICY_CONFIG_SETTINGS_H
#define POLICY_CONFIG_SETTINGS_H

#include "base/err.h"
#include "config.h"

struct json_t;

/* What was found of the documents that concern one request. */
struct config_found {
	struct config_doc *docs;
	struct json_t **specs; /* of the docs, parsed, borrowed; NULL: as their texts say */
	size_t n;
};

/*
 * What they say for this request.  CS_INTERNAL: a document that was good when it was written cannot be read.
 * `identities` of *ret stay as they are.
 */
CS_MUST_USE enum cs_code config_settings(struct cs_arena *arena, const struct config_found *found,
    const struct claim_request *request, struct policy_config *ret, struct cs_err *err);

/* Who asks on behalf of the account, and where they belong ("platform/" is said before); NULL: the account asks. */
const char *config_submitter(const struct claim_request *request, const char **ret_enterprise);

/* Of an ownership that binds to this person: canonical, ended by a NUL behind it. */
struct cs_span config_ownership_spec(struct cs_arena *arena, const char *account);

#endif
