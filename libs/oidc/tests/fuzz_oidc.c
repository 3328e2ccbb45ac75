/* SPDX-License-Identifier: Apache-2.0 */
/* What providers say and publish, their answers and tokens: what is accepted keeps what was promised of it. */
#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "oidc/ask.h"
#include "oidc/token.h"
#include "vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ISSUER "https://idp.example"
#define CLIENT "countersign-1"

static void
providers(struct cs_arena *arena, struct cs_span in)
{
	const struct oidc_request request = { CLIENT, "https://ra.example/x", "s", "n",
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", 300, NULL, "oid" };
	struct oidc_provider provider;
	struct cs_refusal why = { .code = NULL };

	if (!oidc_discovery_judge(arena, ISSUER, in, &provider, &why)) {
		cs_assert(why.code != NULL);
		return;
	}
	const char *url = oidc_authorization_url(arena, &provider, &request);

	cs_assert(strncmp(url, "https://", 8) == 0);
	for (const char *c = url; *c != '\0'; c++)
		cs_assert(*c > ' ' && *c <= '~' && *c != '#');
	for (enum oidc_part part = OIDC_AUTHORIZATION; part < OIDC_PARTS; part++) {
		struct oidc_place place;

		cs_assert(oidc_place_parse(arena, provider.said[part].text, &place));
		cs_assert(place.target[0] == '/' && place.url.host[0] != '\0');
	}
}

static void
keys(struct cs_arena *arena, struct cs_span in)
{
	struct oidc_keys keys;
	struct cs_refusal why;

	if (!oidc_keys_read(arena, in, &keys, &why))
		return;
	cs_assert(keys.n > 0 && keys.n + keys.n_passed <= OIDC_KEYS_MAX);
	for (size_t i = 0; i < keys.n; i++) {
		const struct pki_jose_key *key = &keys.keys[i].numbers;

		cs_assert(key->kind == PKI_KEY_EC ||
			  (key->bits >= PKI_JOSE_RSA_BITS_MIN && key->exponent >= 3));
	}
}

/* Only the three that RFC 7515 prints were ever signed by these keys, and nothing in them is for us. */
static void
tokens(struct cs_arena *arena, struct cs_span in)
{
	static const char set[] = "{\"keys\":[{" RFC_RSA "},{" RFC_P256 "},{" RFC_P521 "}]}";
	const struct oidc_provider provider = { .issuer = ISSUER,
		.algorithms = OIDC_SET(OIDC_ALGORITHMS) - 1 };
	const struct oidc_expected expected = { &provider, CLIENT, "n", "sub", 1300819000, 300,
		1300819000 };
	struct oidc_keys keys;
	struct oidc_person person;
	struct oidc_jws jws;
	struct cs_refusal why = { .code = NULL };

	cs_assert(oidc_keys_read(arena, cs_span_str(set), &keys, &why));
	cs_assert(!oidc_id_token_judge(arena, in, &keys, &expected, &person, &why));
	cs_assert(why.code != NULL);
	if (!oidc_jws_read(arena, in, &jws, &why))
		return;
	/* One spelling: what was read is what was sent. */
	const char *payload = cs_base64url(arena, jws.payload);
	const char *again =
	    cs_arena_printf(arena, "%.*s%s.%s", (int)(jws.signed_octets.len - strlen(payload)),
		(const char *)jws.signed_octets.data, payload, cs_base64url(arena, jws.signature));

	cs_assert(cs_span_is(in, again));
	if (oidc_jws_verify(arena, &jws, &keys, provider.algorithms, &why))
		cs_assert(cs_span_is(in, RFC_RS256) || cs_span_is(in, RFC_ES256) ||
			  cs_span_is(in, RFC_ES512));
}

static void
answers(struct cs_arena *arena, struct cs_span in)
{
	struct cs_span token;
	struct cs_refusal why;

	if (oidc_answer_read(arena, in, &token, &why))
		tokens(arena, token);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cs_arena *arena = cs_arena_new();
	const struct cs_span in = cs_span_of(data, size);

	providers(arena, in);
	keys(arena, in);
	tokens(arena, in);
	answers(arena, in);
	cs_arena_free(arena);
	return 0;
}
