/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/discovery.h"

#include <string.h>

#include "internal.h"

#define WELL_KNOWN "/.well-known/openid-configuration"

static const char *const algorithms[OIDC_ALGORITHMS] = {
	[OIDC_RS256] = "RS256",
	[OIDC_PS256] = "PS256",
	[OIDC_ES256] = "ES256",
	[OIDC_ES384] = "ES384",
	[OIDC_ES512] = "ES512",
};

static const struct {
	const char *member;
	enum oidc_no no;
} parts[OIDC_PARTS] = {
	[OIDC_ISSUER] = { "issuer", OIDC_NO_ISSUER },
	[OIDC_AUTHORIZATION] = { "authorization_endpoint", OIDC_NO_AUTHORIZATION },
	[OIDC_TOKEN] = { "token_endpoint", OIDC_NO_TOKEN },
	[OIDC_JWKS] = { "jwks_uri", OIDC_NO_KEYS_URI },
};

const char *
oidc_algorithm_name(enum oidc_algorithm algorithm)
{
	return algorithms[algorithm];
}

bool
oidc_algorithm_parse(const char *name, enum oidc_algorithm *ret_algorithm)
{
	for (enum oidc_algorithm i = 0; i < OIDC_ALGORITHMS; i++) {
		if (strcmp(algorithms[i], name) == 0) {
			*ret_algorithm = i;
			return true;
		}
	}
	return false;
}

const char *
oidc_part_name(enum oidc_part part)
{
	return parts[part].member;
}

const char *
oidc_discovery_path(struct cs_arena *arena, const char *path)
{
	const size_t len = strlen(path);
	const bool slash = len > 0 && path[len - 1] == '/';

	return cs_arena_printf(arena, "%.*s" WELL_KNOWN, (int)(len - slash), path);
}

/* ---- where somebody is asked ---- */

static bool
is_query(const char *query)
{
	for (; *query != '\0'; query++)
		if (*query <= ' ' || *query > '~' || strchr("\"#<>\\^`{|}", *query) != NULL)
			return false;
	return true;
}

bool
oidc_place_parse(struct cs_arena *arena, const char *text, struct oidc_place *ret_place)
{
	const size_t len = strcspn(text, "?");
	struct oidc_place place;

	if (strlen(text) > CONNECTOR_ENDPOINT_MAX || !is_query(text + len) ||
	    !connector_url_parse(arena, cs_arena_strndup(arena, text, len), &place.url) ||
	    (strcmp(place.url.scheme, "https") != 0 && strcmp(place.url.scheme, "http") != 0))
		return false;
	const char *path = place.url.path[0] == '\0' ? "/" : place.url.path;

	place.target = cs_arena_printf(arena, "%s%s", path, text + len);
	*ret_place = place;
	return true;
}

/* ---- the document ---- */

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static enum oidc_verdict
judge_part(struct cs_arena *arena, enum oidc_part part, const char *issuer, const char *text)
{
	const bool clear = starts(issuer, "http://") && starts(text, "http://");
	struct oidc_place place;

	if (part == OIDC_ISSUER)
		return strcmp(text, issuer) == 0 ? OIDC_GOOD : OIDC_ANOTHER;
	if (!clear && !starts(text, "https://"))
		return OIDC_CLEAR;
	return oidc_place_parse(arena, text, &place) ? OIDC_GOOD : OIDC_NO_PLACE;
}

static struct oidc_said
read_part(struct cs_arena *arena, const json_t *root, enum oidc_part part, const char *issuer)
{
	const char *text = oidc_json_text(root, parts[part].member, OIDC_DOCUMENT_MAX);

	if (text == NULL)
		return (struct oidc_said){ OIDC_MISSING, "" };
	return (struct oidc_said){ judge_part(arena, part, issuer, text),
		cs_arena_strdup(arena, text) };
}

bool
oidc_discovery_read(struct cs_arena *arena, const char *issuer, struct cs_span document,
    struct oidc_provider *ret_provider)
{
	static const char methods[] = "token_endpoint_auth_methods_supported";
	static const char challenges[] = "code_challenge_methods_supported";
	CS_AUTO(oidc_json_release) json_t *root = oidc_json_object(document, OIDC_DOCUMENT_MAX);
	struct oidc_provider provider = { .issuer = issuer };

	if (root == NULL)
		return false;
	for (enum oidc_part part = 0; part < OIDC_PARTS; part++)
		provider.said[part] = read_part(arena, root, part, issuer);
	for (enum oidc_algorithm i = 0; i < OIDC_ALGORITHMS; i++)
		if (oidc_json_lists(root, "id_token_signing_alg_values_supported", algorithms[i]))
			provider.algorithms |= OIDC_SET(i);
	provider.code = oidc_json_lists(root, "response_types_supported", "code");
	/* Section 3: who does not say takes client_secret_basic. */
	provider.basic = json_object_get(root, methods) == NULL ||
			 oidc_json_lists(root, methods, "client_secret_basic");
	provider.post = oidc_json_lists(root, methods, "client_secret_post");
	/* Many take them and do not say so; who does not take them passes them over (RFC 6749 3.1). */
	provider.s256 =
	    json_object_get(root, challenges) == NULL || oidc_json_lists(root, challenges, "S256");
	provider.says_issuer =
	    json_is_true(json_object_get(root, "authorization_response_iss_parameter_supported"));
	*ret_provider = provider;
	return true;
}

static enum oidc_no
fault_of(const struct oidc_provider *provider)
{
	for (enum oidc_part part = 0; part < OIDC_PARTS; part++)
		if (provider->said[part].verdict != OIDC_GOOD)
			return parts[part].no;
	if (!provider->code)
		return OIDC_NO_FLOW;
	if (provider->algorithms == 0)
		return OIDC_NO_ALGORITHMS;
	if (!provider->basic && !provider->post)
		return OIDC_NO_CLIENT_AUTH;
	return provider->s256 ? OIDC_FINE : OIDC_NO_PKCE;
}

bool
oidc_provider_judge(const struct oidc_provider *provider, struct cs_refusal *ret_why)
{
	const enum oidc_no no = fault_of(provider);

	return no == OIDC_FINE || oidc_refuse(ret_why, no);
}

bool
oidc_discovery_judge(struct cs_arena *arena, const char *issuer, struct cs_span document,
    struct oidc_provider *ret_provider, struct cs_refusal *ret_why)
{
	struct oidc_provider provider;

	if (!oidc_discovery_read(arena, issuer, document, &provider))
		return oidc_refuse(ret_why, OIDC_NO_DOCUMENT);
	if (!oidc_provider_judge(&provider, ret_why))
		return false;
	*ret_provider = provider;
	return true;
}
