/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_provider.h"

#include <string.h>

#include "base/text.h"
#include "pki/tests/fake_jose.h"

static const struct {
	const char *kind, *kid, *digest;
	unsigned bits;
} kinds[FAKE_KEYS] = {
	[FAKE_RSA] = { "RSA", "rsa", "SHA256", 2048 },
	[FAKE_P256] = { "P-256", "p256", "SHA256", 0 },
	[FAKE_P384] = { "P-384", "p384", "SHA384", 0 },
	[FAKE_P521] = { "P-521", "p521", "SHA512", 0 },
	[FAKE_STRANGER] = { "RSA", "stranger", "SHA256", 2048 },
};

void
fake_provider_begin(struct fake_provider *fake)
{
	struct cs_refusal why;

	*fake = (struct fake_provider){ .arena = cs_arena_new(),
		.provider = {
		    .issuer = FAKE_ISSUER, .algorithms = OIDC_SET(OIDC_ALGORITHMS) - 1 } };
	struct cs_buf set = cs_buf_new(fake->arena);

	for (enum fake_key i = 0; i < FAKE_KEYS; i++)
		fake->signers[i] = jose_signer_new(kinds[i].kind, kinds[i].bits);
	for (enum fake_key i = 0; i < FAKE_STRANGER; i++)
		cs_buf_printf(&set, "%s{\"kid\":\"%s\",%s}", i == 0 ? "{\"keys\":[" : ",",
		    kinds[i].kid, jose_members(fake->arena, fake->signers[i]));
	cs_buf_add_str(&set, "]}");
	cs_assert(oidc_keys_read(fake->arena, cs_buf_span(&set), &fake->keys, &why));
}

void
fake_provider_end(struct fake_provider *fake)
{
	for (enum fake_key i = 0; i < FAKE_KEYS; i++)
		jose_signer_free(fake->signers[i]);
	cs_arena_free(fake->arena);
}

struct oidc_expected
fake_expected(const struct fake_provider *fake)
{
	return (struct oidc_expected){ .provider = &fake->provider,
		.client_id = FAKE_CLIENT,
		.nonce = FAKE_NONCE,
		.claim = "sub",
		.asked_s = FAKE_ASKED,
		.max_age_s = FAKE_MAX_AGE,
		.now_s = FAKE_NOW };
}

const char *
fake_claims(struct cs_arena *arena, const char *without, const char *more)
{
	static const char *const members[][2] = {
		{ "iss", "\"" FAKE_ISSUER "\"" },
		{ "aud", "\"" FAKE_CLIENT "\"" },
		{ "sub", "\"248289761001\"" },
		{ "nonce", "\"" FAKE_NONCE "\"" },
		{ "exp", "1800000300" },
		{ "iat", "1800000000" },
		{ "auth_time", "1799999990" },
	};
	struct cs_buf out = cs_buf_new(arena);

	cs_buf_add_str(&out, "{\"ver\":\"2.0\"");
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (strcmp(members[i][0], without) != 0)
			cs_buf_printf(&out, ",\"%s\":%s", members[i][0], members[i][1]);
	cs_buf_printf(&out, "%s%s}", more[0] != '\0' ? "," : "", more);
	return (const char *)cs_buf_span(&out).data;
}

static const char *
signed_part(struct cs_arena *arena, const char *header, const char *claims)
{
	return cs_arena_printf(arena, "%s.%s", cs_base64url(arena, cs_span_str(header)),
	    cs_base64url(arena, cs_span_str(claims)));
}

struct cs_span
fake_token_with(
    struct fake_provider *fake, const char *header, const char *claims, struct cs_span signature)
{
	return cs_span_str(cs_arena_printf(fake->arena, "%s.%s",
	    signed_part(fake->arena, header, claims), cs_base64url(fake->arena, signature)));
}

struct cs_span
fake_token(
    struct fake_provider *fake, const char *header, const char *claims, enum fake_key key, bool pss)
{
	const char *text = signed_part(fake->arena, header, claims);

	return fake_token_with(fake, header, claims,
	    jose_sign(fake->arena, fake->signers[key], pss, kinds[key].digest, cs_span_str(text)));
}
