/* SPDX-License-Identifier: Apache-2.0 */
/* oidc.c: what a provider says of itself (OpenID Connect Discovery 1.0).  Pure. */
#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "internal.h"

#define WELL_KNOWN "/.well-known/openid-configuration"

static void
json_release(json_t **value)
{
	json_decref(*value);
}

/* Section 4: a "/" at the end goes before it is appended. */
const char *
trial_oidc_path(struct cs_arena *arena, const char *path)
{
	const size_t len = strlen(path);
	const bool slash = len > 0 && path[len - 1] == '/';

	return cs_arena_printf(arena, "%.*s" WELL_KNOWN, (int)(len - slash), path);
}

static struct cs_span
text_of(const json_t *value)
{
	return cs_span_of(json_string_value(value), json_string_length(value));
}

/* Section 4.3: who may say something else could speak for any provider. */
static void
judge_issuer(struct trial_lines *lines, const char *issuer, const json_t *root)
{
	const json_t *value = json_object_get(root, "issuer");

	if (!json_is_string(value))
		trial_blame(lines, "it names no issuer");
	else if (!cs_span_is(text_of(value), issuer))
		trial_blame(
		    lines, "its issuer is another one: %s", trial_quote(lines, text_of(value)));
	else
		trial_say(lines, "its issuer is the endpoint");
}

/* Under TLS, but where the provider itself is not, which is so in tests alone. */
static void
judge_url(struct trial_lines *lines, const char *issuer, const json_t *root, const char *name)
{
	const json_t *value = json_object_get(root, name);
	const char *text = json_string_value(value);
	const bool clear = strncmp(issuer, "http://", 7) == 0;

	if (text == NULL)
		trial_blame(lines, "it has no %s", name);
	else if (strncmp(text, "https://", 8) != 0 && !(clear && strncmp(text, "http://", 7) == 0))
		trial_blame(
		    lines, "its %s is not under TLS: %s", name, trial_quote(lines, text_of(value)));
	else
		trial_say(lines, "%s: %s", name, trial_quote(lines, text_of(value)));
}

void
trial_oidc_judge(struct trial_lines *lines, const char *issuer, struct cs_span document)
{
	json_error_t error;
	CS_AUTO(json_release)
	json_t *root =
	    json_loadb((const char *)document.data, document.len, JSON_REJECT_DUPLICATES, &error);

	if (!json_is_object(root)) {
		trial_blame(lines, "what came is not a JSON object with each member once");
		return;
	}
	judge_issuer(lines, issuer, root);
	judge_url(lines, issuer, root, "authorization_endpoint");
	judge_url(lines, issuer, root, "token_endpoint");
	judge_url(lines, issuer, root, "jwks_uri");
}
