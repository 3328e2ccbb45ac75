/* SPDX-License-Identifier: Apache-2.0 */
#include "config_refusal.h"

#include "config.h"

const struct cs_refusal config_no_document = { "not-found", "path", "",
	"There is no such document.", "Check kind, enterprise and name, and whose the token is." };
const struct cs_refusal config_no_path = { "not-found", "path", "", "There is nothing here.",
	"See /openapi.json for what there is." };
const struct cs_refusal config_no_method = { "method-not-allowed", "method", "RFC 9110 15.5.6",
	"This cannot be done here.", "See /openapi.json for what can." };
const struct cs_refusal config_no_caller = { "unauthorized", "Authorization", "RFC 9110 15.5.2",
	"No valid API token came with the request.", "Send \"Authorization: Bearer <token>\"." };
const struct cs_refusal config_no_right = { "forbidden", "Authorization", "",
	"The roles or the scopes of the caller do not allow this.",
	"Ask somebody who may, or take a token with more scopes." };

const char *
config_field(struct cs_arena *arena, const struct config_ask *ask, size_t wish, const char *field)
{
	return ask->act == CONFIG_APPLY ? cs_arena_printf(arena, "documents[%zu].%s", wish, field)
					: field;
}
