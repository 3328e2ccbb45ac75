/* SPDX-License-Identifier: Apache-2.0 */
/* ID tokens: good ones, and each part of them altered by whom it could be. */
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "fake_provider.h"
#include "internal.h"
#include "pki/hash.h"
#include "pki/tests/fake_jose.h"
#include "vectors.h"

#define RS256 "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"JWT\"}"

static int
begin(void **state)
{
	static struct fake_provider fake;

	fake_provider_begin(&fake);
	*state = &fake;
	return 0;
}

static int
end(void **state)
{
	fake_provider_end(*state);
	return 0;
}

/* The code of the refusal; NULL: it was taken. */
static const char *
judge_as(struct fake_provider *fake, struct cs_span token, const struct oidc_expected *expected)
{
	struct oidc_person person;
	struct cs_refusal why = { .code = NULL };

	return oidc_id_token_judge(fake->arena, token, &fake->keys, expected, &person, &why)
		   ? NULL
		   : why.code;
}

static const char *
judge(struct fake_provider *fake, struct cs_span token)
{
	const struct oidc_expected expected = fake_expected(fake);

	return judge_as(fake, token, &expected);
}

static void
want(const char *name, const char *got, const char *wanted)
{
	if ((got == NULL) != (wanted == NULL) || (got != NULL && strcmp(got, wanted) != 0))
		fail_msg("%s: got %s, want %s", name, got != NULL ? got : "good",
		    wanted != NULL ? wanted : "good");
}

/* ---- header and signature ---- */

/* Signed as it says or not: by this key, PSS or not. */
static const struct {
	const char *name, *header;
	enum fake_key key;
	bool pss;
	const char *want; /* NULL: good */
} headers[] = {
	{ "RS256", RS256, FAKE_RSA, false, NULL },
	{ "PS256", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", FAKE_RSA, true, NULL },
	{ "ES256", "{\"alg\":\"ES256\",\"kid\":\"p256\"}", FAKE_P256, false, NULL },
	{ "ES384", "{\"alg\":\"ES384\",\"kid\":\"p384\"}", FAKE_P384, false, NULL },
	{ "ES512", "{\"alg\":\"ES512\",\"kid\":\"p521\"}", FAKE_P521, false, NULL },
	{ "one key that fits", "{\"alg\":\"ES256\"}", FAKE_P256, false, NULL },
	{ "typ in small letters", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"jwt\"}", FAKE_RSA,
	    false, NULL },
	{ "x5t beside", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5t\":\"AA\"}", FAKE_RSA, false,
	    NULL },
	/* which algorithm */
	{ "none", "{\"alg\":\"none\",\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "None", "{\"alg\":\"None\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "HS256", "{\"alg\":\"HS256\",\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "RS512", "{\"alg\":\"RS512\",\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "rs256", "{\"alg\":\"rs256\",\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "EdDSA", "{\"alg\":\"EdDSA\",\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-algorithm" },
	{ "no algorithm", "{\"kid\":\"rsa\"}", FAKE_RSA, false, "oidc-token-header" },
	{ "a list of algorithms", "{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}", FAKE_RSA, false,
	    "oidc-token-header" },
	{ "two algorithms", "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"rsa\"}", FAKE_RSA, false,
	    "oidc-token-header" },
	{ "a NUL in it", "{\"alg\":\"RS256\\u0000\",\"kid\":\"rsa\"}", FAKE_RSA, false,
	    "oidc-token-header" },
	{ "no object", "[\"RS256\"]", FAKE_RSA, false, "oidc-token-header" },
	{ "more after it", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}{}", FAKE_RSA, false,
	    "oidc-token-header" },
	/* which kind of token */
	{ "crit", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"exp\"],\"exp\":1}", FAKE_RSA,
	    false, "oidc-token-critical" },
	{ "empty crit", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[]}", FAKE_RSA, false,
	    "oidc-token-critical" },
	{ "access token", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"at+jwt\"}", FAKE_RSA, false,
	    "oidc-token-kind" },
	{ "logout token", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"logout+jwt\"}", FAKE_RSA,
	    false, "oidc-token-kind" },
	{ "typ is null", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":null}", FAKE_RSA, false,
	    "oidc-token-kind" },
	{ "one in another", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"cty\":\"JWT\"}", FAKE_RSA, false,
	    "oidc-token-kind" },
	/* which key */
	{ "unknown key", "{\"alg\":\"RS256\",\"kid\":\"new\"}", FAKE_RSA, false, OIDC_KEY_UNKNOWN },
	{ "kid in capitals", "{\"alg\":\"RS256\",\"kid\":\"RSA\"}", FAKE_RSA, false,
	    OIDC_KEY_UNKNOWN },
	{ "empty kid", "{\"alg\":\"RS256\",\"kid\":\"\"}", FAKE_RSA, false, OIDC_KEY_UNKNOWN },
	{ "kid is a number", "{\"alg\":\"RS256\",\"kid\":1}", FAKE_RSA, false,
	    "oidc-token-header" },
	{ "kid is a path", "{\"alg\":\"RS256\",\"kid\":\"../../rsa\"}", FAKE_RSA, false,
	    OIDC_KEY_UNKNOWN },
	{ "EC key for RS256", "{\"alg\":\"RS256\",\"kid\":\"p256\"}", FAKE_P256, false,
	    "oidc-key-other" },
	{ "RSA key for ES256", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}", FAKE_RSA, false,
	    "oidc-key-other" },
	{ "another curve", "{\"alg\":\"ES256\",\"kid\":\"p384\"}", FAKE_P384, false,
	    "oidc-key-other" },
	/* whose signature */
	{ "a stranger's", RS256, FAKE_STRANGER, false, "oidc-signature" },
	{ "a stranger's, who brings his key",
	    "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{" RFC_RSA
	    "},\"jku\":\"https://evil.example\"}",
	    FAKE_STRANGER, false, "oidc-signature" },
	{ "PSS said to be PKCS#1", RS256, FAKE_RSA, true, "oidc-signature" },
	{ "PKCS#1 said to be PSS", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", FAKE_RSA, false,
	    "oidc-signature" },
	{ "by the key of another curve", "{\"alg\":\"ES256\",\"kid\":\"p256\"}", FAKE_P384, false,
	    "oidc-signature" },
};

static void
takes_the_signatures_of_the_provider_alone(void **state)
{
	struct fake_provider *fake = *state;
	const char *claims = fake_claims(fake->arena, "", "");

	for (size_t i = 0; i < COUNT(headers); i++)
		want(headers[i].name,
		    judge(fake, fake_token(fake, headers[i].header, claims, headers[i].key,
				    headers[i].pss)),
		    headers[i].want);
}

/* The public key as a secret (RFC 8725 2.1): as it is published, in each spelling. */
static void
refuses_public_keys_as_secrets(void **state)
{
	struct fake_provider *fake = *state;
	const char *header = "{\"alg\":\"HS256\",\"kid\":\"rsa\"}";
	const char *claims = fake_claims(fake->arena, "", "");
	struct cs_span n, e;
	uint8_t mac[PKI_SHA256];

	jose_numbers(fake->arena, fake->signers[FAKE_RSA], &n, &e);
	const struct cs_span secrets[] = { n, cs_span_str(cs_base64url(fake->arena, n)),
		cs_span_str(jose_members(fake->arena, fake->signers[FAKE_RSA])) };

	for (size_t i = 0; i < COUNT(secrets); i++) {
		const char *text = cs_arena_printf(fake->arena, "%s.%s",
		    cs_base64url(fake->arena, cs_span_str(header)),
		    cs_base64url(fake->arena, cs_span_str(claims)));

		pki_hmac_sha256(secrets[i], cs_span_str(text), mac);
		want("HMAC",
		    judge(
			fake, fake_token_with(fake, header, claims, cs_span_of(mac, sizeof(mac)))),
		    "oidc-token-algorithm");
		want("HMAC as RS256",
		    judge(fake, fake_token_with(fake, RS256, claims, cs_span_of(mac, sizeof(mac)))),
		    "oidc-signature");
	}
	want("nothing", judge(fake, fake_token_with(fake, RS256, claims, cs_span_of(NULL, 0))),
	    "oidc-signature");
	want("nothing, none",
	    judge(fake, fake_token_with(fake, "{\"alg\":\"none\"}", claims, cs_span_of(NULL, 0))),
	    "oidc-token-algorithm");
}

static void
takes_what_the_provider_says_it_signs_by(void **state)
{
	struct fake_provider *fake = *state;
	struct oidc_provider provider = fake->provider;
	struct oidc_expected expected = fake_expected(fake);
	const struct cs_span token =
	    fake_token(fake, RS256, fake_claims(fake->arena, "", ""), FAKE_RSA, false);

	expected.provider = &provider;
	provider.algorithms = OIDC_SET(OIDC_RS256);
	want("said", judge_as(fake, token, &expected), NULL);
	provider.algorithms = OIDC_SET(OIDC_PS256) | OIDC_SET(OIDC_ES256);
	want("not said", judge_as(fake, token, &expected), "oidc-token-algorithm");
}

static void
wants_one_key_that_it_can_be(void **state)
{
	struct fake_provider *fake = *state;
	const char *claims = fake_claims(fake->arena, "", "");
	const struct oidc_keys keys = fake->keys;
	struct oidc_key two[] = { keys.keys[FAKE_P256], keys.keys[FAKE_P256] };
	const struct cs_span unnamed =
	    fake_token(fake, "{\"alg\":\"ES256\"}", claims, FAKE_P256, false);
	const struct cs_span named =
	    fake_token(fake, "{\"alg\":\"ES256\",\"kid\":\"p256\"}", claims, FAKE_P256, false);

	fake->keys = (struct oidc_keys){ .keys = two, .n = 2 };
	want("two of one name", judge(fake, named), "oidc-key-ambiguous");
	want("two, none named", judge(fake, unnamed), "oidc-key-ambiguous");
	two[1].kid = NULL;
	want("the other has no name", judge(fake, named), NULL);
	two[0].kid = "else";
	want("neither is it", judge(fake, named), OIDC_KEY_UNKNOWN);
	two[1] = keys.keys[FAKE_RSA];
	want("of this kind there is one", judge(fake, unnamed), NULL);
	two[0].one = true;
	two[0].algorithm = OIDC_ES384;
	want("it says that it is for another", judge(fake, unnamed), "oidc-key-other");
	fake->keys = keys;
}

/* ---- octet by octet ---- */

static void
refuses_a_token_of_which_anything_is_another(void **state)
{
	static const struct {
		const char *header;
		enum fake_key key;
	} kinds[] = { { RS256, FAKE_RSA }, { "{\"alg\":\"ES256\",\"kid\":\"p256\"}", FAKE_P256 } };
	struct fake_provider *fake = *state;
	const char *claims = fake_claims(fake->arena, "", "");

	for (size_t i = 0; i < COUNT(kinds); i++) {
		const struct cs_span good =
		    fake_token(fake, kinds[i].header, claims, kinds[i].key, false);

		want("as it was", judge(fake, good), NULL);
		for (size_t at = 0; at < good.len; at++) {
			const struct cs_span bad = cs_arena_copy_span(fake->arena, good);
			uint8_t *octet = (uint8_t *)bad.data + at;

			*octet = *octet == 'A' ? 'B' : 'A';
			if (judge(fake, bad) == NULL)
				fail_msg("octet %zu is another, and it was taken", at);
			*octet = '\0';
			if (judge(fake, bad) == NULL)
				fail_msg("octet %zu is NUL, and it was taken", at);
			if (judge(fake, cs_span_of(good.data, at)) == NULL)
				fail_msg("it was cut to %zu, and taken", at);
		}
	}
}

static void
reads_the_compact_form_alone(void **state)
{
	struct fake_provider *fake = *state;
	const struct cs_span good =
	    fake_token(fake, RS256, fake_claims(fake->arena, "", ""), FAKE_RSA, false);
	const char *text = (const char *)good.data;
	const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "a line end", cs_arena_printf(fake->arena, "%s\n", text), "oidc-token-form" },
		{ "a blank", cs_arena_printf(fake->arena, " %s", text), "oidc-token-form" },
		{ "padding", cs_arena_printf(fake->arena, "%s=", text), "oidc-token-form" },
		{ "four parts", cs_arena_printf(fake->arena, "%s.", text), "oidc-token-form" },
		{ "five parts", cs_arena_printf(fake->arena, "%s.AA.AA", text), "oidc-token-form" },
		{ "one part", "AAAA", "oidc-token-form" },
		{ "two parts", "AAAA.AAAA", "oidc-token-form" },
		{ "dots", "..", "oidc-token-header" },
		{ "JSON", "{\"payload\":\"\",\"signatures\":[]}", "oidc-token-form" },
		{ "nothing", "", "oidc-token-size" },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		want(cases[i].name, judge(fake, cs_span_str(cases[i].text)), cases[i].want);
}

static void
bounds_a_token(void **state)
{
	struct fake_provider *fake = *state;
	const size_t mib = 1 << 20;
	uint8_t *large = cs_arena_alloc(fake->arena, mib);

	memset(large, 'A', mib);
	want("longest", judge(fake, cs_span_of(large, OIDC_TOKEN_MAX)), "oidc-token-form");
	want("longer", judge(fake, cs_span_of(large, OIDC_TOKEN_MAX + 1)), "oidc-token-size");
	want("1 MiB", judge(fake, cs_span_of(large, mib)), "oidc-token-size");
	memset(large, '[', mib);
	want("deep",
	    judge(fake, fake_token(fake, (char *)cs_arena_copy(fake->arena, large, 9000).data, "{}",
			    FAKE_RSA, false)),
	    "oidc-token-header");
}

/* ---- what RFC 7515 signed ---- */

static void
verifies_what_rfc_7515_signed(void **state)
{
	static const char set[] = "{\"keys\":[{" RFC_RSA "},{" RFC_P256 "},{" RFC_P521 "}]}";
	static const struct {
		const char *token, *payload;
	} cases[] = {
		{ RFC_RS256, "{\"iss\":\"joe\",\r\n" },
		{ RFC_ES256, "{\"iss\":\"joe\",\r\n" },
		{ RFC_ES512, "Payload" },
	};
	struct fake_provider *fake = *state;
	struct oidc_keys keys;
	struct oidc_jws jws;
	struct cs_refusal why;

	assert_true(oidc_keys_read(fake->arena, cs_span_str(set), &keys, &why));
	assert_int_equal(keys.n, 3);
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_true(oidc_jws_read(fake->arena, cs_span_str(cases[i].token), &jws, &why));
		assert_memory_equal(jws.payload.data, cases[i].payload, strlen(cases[i].payload));
		assert_true(
		    oidc_jws_verify(fake->arena, &jws, &keys, fake->provider.algorithms, &why));
		assert_false(oidc_jws_verify(
		    fake->arena, &jws, &fake->keys, fake->provider.algorithms, &why));
		assert_string_equal(why.code, "oidc-signature");
	}
	assert_false(oidc_jws_read(fake->arena, cs_span_str(RFC_HS256), &jws, &why));
	assert_string_equal(why.code, "oidc-token-algorithm");
	assert_false(oidc_jws_read(fake->arena, cs_span_str(RFC_NONE), &jws, &why));
	assert_string_equal(why.code, "oidc-token-algorithm");
}

/* ---- what a token says ---- */

static const struct {
	const char *name, *without, *with, *want; /* NULL: good */
} claims[] = {
	{ "good", "", "", NULL },
	{ "no issuer", "iss", "", "oidc-claim-issuer" },
	{ "another issuer", "iss", "\"iss\":\"https://evil.example\"", "oidc-claim-issuer" },
	{ "issuer with a slash", "iss", "\"iss\":\"" FAKE_ISSUER "/\"", "oidc-claim-issuer" },
	{ "issuer in a list", "iss", "\"iss\":[\"" FAKE_ISSUER "\"]", "oidc-claim-issuer" },
	{ "no audience", "aud", "", "oidc-claim-audience" },
	{ "another audience", "aud", "\"aud\":\"countersign-2\"", "oidc-claim-audience" },
	{ "more than the audience", "aud", "\"aud\":\"" FAKE_CLIENT "0\"", "oidc-claim-audience" },
	{ "a list of one", "aud", "\"aud\":[\"" FAKE_CLIENT "\"]", NULL },
	{ "a list of one other", "aud", "\"aud\":[\"x\"]", "oidc-claim-audience" },
	{ "a list of a list", "aud", "\"aud\":[[\"" FAKE_CLIENT "\"]]", "oidc-claim-audience" },
	{ "an empty list", "aud", "\"aud\":[]", "oidc-claim-audience" },
	{ "two audiences", "aud", "\"aud\":[\"" FAKE_CLIENT "\",\"x\"]", "oidc-claim-audiences" },
	{ "two audiences, given out to us", "aud",
	    "\"aud\":[\"" FAKE_CLIENT "\",\"x\"],\"azp\":\"" FAKE_CLIENT "\"",
	    "oidc-claim-audiences" },
	{ "us twice", "aud", "\"aud\":[\"" FAKE_CLIENT "\",\"" FAKE_CLIENT "\"]",
	    "oidc-claim-audiences" },
	{ "given out to us", "", "\"azp\":\"" FAKE_CLIENT "\"", NULL },
	{ "given out to another", "", "\"azp\":\"x\"", "oidc-claim-party" },
	{ "given out to a number", "", "\"azp\":1", "oidc-claim-party" },
	/* times: the last that is good, and one more */
	{ "no end", "exp", "", "oidc-claim-expiry" },
	{ "end is text", "exp", "\"exp\":\"1800000300\"", "oidc-claim-expiry" },
	{ "end is a fraction", "exp", "\"exp\":1800000300.5", "oidc-claim-expiry" },
	{ "end is below zero", "exp", "\"exp\":-1", "oidc-claim-expiry" },
	{ "end is beyond 2^53", "exp", "\"exp\":9007199254740993", "oidc-claim-expiry" },
	{ "end is beyond 2^64", "exp", "\"exp\":99999999999999999999", "oidc-claims" },
	{ "just not expired", "exp", "\"exp\":1799999941", NULL },
	{ "just expired", "exp", "\"exp\":1799999940", "oidc-claim-expired" },
	{ "never issued", "iat", "", "oidc-claim-issued" },
	{ "just not in the future", "iat", "\"iat\":1800000060", NULL },
	{ "in the future", "iat", "\"iat\":1800000061", "oidc-claim-future" },
	{ "just after it was asked for", "iat", "\"iat\":1799999920", NULL },
	{ "before it was asked for", "iat", "\"iat\":1799999919", "oidc-claim-past" },
	{ "good from now", "", "\"nbf\":1800000060", NULL },
	{ "not yet good", "", "\"nbf\":1800000061", "oidc-claim-early" },
	{ "good from a text", "", "\"nbf\":\"0\"", "oidc-claim-early" },
	{ "no login", "auth_time", "", "oidc-claim-login-time" },
	{ "login is text", "auth_time", "\"auth_time\":\"1799999990\"", "oidc-claim-login-time" },
	{ "oldest login", "auth_time", "\"auth_time\":1799999620", NULL },
	{ "older login", "auth_time", "\"auth_time\":1799999619", "oidc-claim-login" },
	{ "latest login", "auth_time", "\"auth_time\":1800000060", NULL },
	{ "later login", "auth_time", "\"auth_time\":1800000061", "oidc-claim-login" },
	/* whose */
	{ "no nonce", "nonce", "", "oidc-claim-nonce" },
	{ "another nonce", "nonce", "\"nonce\":\"n-0S6_WzA2Mk\"", "oidc-claim-nonce" },
	{ "a part of the nonce", "nonce", "\"nonce\":\"n-0S6\"", "oidc-claim-nonce" },
	{ "nobody", "sub", "", "oidc-claim-subject" },
	{ "an empty person", "sub", "\"sub\":\"\"", "oidc-claim-subject" },
	{ "a number of a person", "sub", "\"sub\":248289761001", "oidc-claim-subject" },
	{ "other letters", "sub", "\"sub\":\"\\u00e9\"", "oidc-claim-subject" },
	{ "a line end", "sub", "\"sub\":\"a\\nb\"", "oidc-claim-subject" },
	/* JSON */
	{ "two persons", "", "\"sub\":\"248289761001\"", "oidc-claims" },
	{ "two members, deeper", "", "\"x\":[{\"a\":{\"b\":1,\"b\":2}}]", "oidc-claims" },
	{ "two members, one escaped", "", "\"su\\u0062\":\"x\"", "oidc-claims" },
	{ "a NUL", "sub", "\"sub\":\"a\\u0000b\"", "oidc-claims" },
	{ "no UTF-8", "", "\"x\":\"\xff\"", "oidc-claims" },
	{ "more after it", "", "\"x\":1}{\"y\":1", "oidc-claims" },
};

static void
judges_each_claim(void **state)
{
	struct fake_provider *fake = *state;

	for (size_t i = 0; i < COUNT(claims); i++) {
		const char *text = fake_claims(fake->arena, claims[i].without, claims[i].with);

		want(claims[i].name, judge(fake, fake_token(fake, RS256, text, FAKE_RSA, false)),
		    claims[i].want);
	}
	want("no object", judge(fake, fake_token(fake, RS256, "[]", FAKE_RSA, false)),
	    "oidc-claims");
	want("no claims", judge(fake, fake_token(fake, RS256, "", FAKE_RSA, false)), "oidc-claims");
}

/* In the shape of what providers in use say, with what they say beside it. */
static void
takes_the_shapes_that_are_in_use(void **state)
{
	static const struct {
		const char *name, *header, *more;
	} shapes[] = {
		{ "Microsoft Entra",
		    "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5t\":\"rsa\"}",
		    "\"nbf\":1799999700,\"aio\":\"AWQA\",\"idp\":\"https://sts.example/x/\",\"rh\":\"0.AXoA\","
		    "\"tid\":\"0f0e0d0c-1111-4222-8333-444455556666\",\"uti\":\"uX0e\",\"roles\":[],"
		    "\"xms_edov\":true,\"login_hint\":\"O.CiQ\"" },
		{ "Keycloak", "{\"alg\":\"RS256\",\"typ\" : \"JWT\",\"kid\" : \"rsa\"}",
		    "\"jti\":\"1a5c\",\"typ\":\"ID\",\"azp\":\"" FAKE_CLIENT
		    "\",\"sid\":\"fb5e\",\"at_hash\":\"eQ\","
		    "\"acr\":\"1\",\"email_verified\":false,\"address\":{\"locality\":\"x\"}" },
		{ "nothing beside", "{\"alg\":\"RS256\",\"kid\":\"rsa\"}", "" },
	};
	struct fake_provider *fake = *state;

	for (size_t i = 0; i < COUNT(shapes); i++)
		want(shapes[i].name,
		    judge(fake, fake_token(fake, shapes[i].header,
				    fake_claims(fake->arena, "", shapes[i].more), FAKE_RSA, false)),
		    NULL);
}

static const char *
a_times(struct cs_arena *arena, const char *name, size_t n)
{
	char *text = cs_arena_alloc(arena, n + 1);

	memset(text, 'a', n);
	return cs_arena_printf(arena, "\"%s\":\"%s\"", name, text);
}

static void
names_the_person_by_the_claim_that_was_chosen(void **state)
{
	struct fake_provider *fake = *state;
	const struct {
		const char *name, *claim, *without, *with, *want, *person;
	} cases[] = {
		{ "sub", "sub", "", "", NULL, "248289761001" },
		{ "longest sub", "sub", "sub", a_times(fake->arena, "sub", OIDC_TEXT_MAX), NULL,
		    NULL },
		{ "longer sub", "sub", "sub", a_times(fake->arena, "sub", OIDC_TEXT_MAX + 1),
		    "oidc-claim-subject", NULL },
		{ "oid", "oid", "", "\"oid\":\"690222be-ff1a\"", NULL, "690222be-ff1a" },
		{ "no oid", "oid", "", "", "oidc-claim-person", NULL },
		{ "oid and no sub", "oid", "sub", "\"oid\":\"x\"", "oidc-claim-subject", NULL },
		{ "other letters", "name", "", "\"name\":\"Zo\\u00eb\"", NULL, "Zo\xc3\xab" },
		{ "unseen letters", "name", "", "\"name\":\"a\\u202eb\"", "oidc-claim-person",
		    NULL },
		{ "an escape", "name", "", "\"name\":\"a\\u001bb\"", "oidc-claim-person", NULL },
		{ "a list", "groups", "", "\"groups\":[\"x\"]", "oidc-claim-person", NULL },
		{ "empty", "oid", "", "\"oid\":\"\"", "oidc-claim-person", NULL },
		{ "mail", "email", "", "\"email\":\"a@b.example\",\"email_verified\":true", NULL,
		    "a@b.example" },
		{ "mail of anybody", "email", "", "\"email\":\"a@b.example\"", "oidc-claim-email",
		    NULL },
		{ "not verified", "email", "", "\"email\":\"a@b.example\",\"email_verified\":false",
		    "oidc-claim-email", NULL },
		{ "verified in text", "email", "",
		    "\"email\":\"a@b.example\",\"email_verified\":\"true\"", "oidc-claim-email",
		    NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct oidc_expected expected = fake_expected(fake);
		struct oidc_person person = { .name = NULL };
		struct cs_refusal why = { .code = NULL };
		const struct cs_span token = fake_token(fake, RS256,
		    fake_claims(fake->arena, cases[i].without, cases[i].with), FAKE_RSA, false);

		expected.claim = cases[i].claim;
		const bool good =
		    oidc_id_token_judge(fake->arena, token, &fake->keys, &expected, &person, &why);

		want(cases[i].name, good ? NULL : why.code, cases[i].want);
		if (cases[i].person != NULL)
			assert_string_equal(person.name, cases[i].person);
		if (good)
			assert_int_equal(person.login_s, 1799999990);
		else
			assert_null(person.name);
	}
}

/* ---- the answer that brings it ---- */

static void
finds_the_token_in_the_answer(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"token_type\":\"Bearer\",\"id_token\":\"a.b.c\",\"access_token\":\"x\"}",
		    NULL },
		{ "{\"token_type\":\"bearer\",\"id_token\":\"a.b.c\"}", NULL },
		{ "{\"token_type\":\"DPoP\",\"id_token\":\"a.b.c\"}", "oidc-answer-type" },
		{ "{\"id_token\":\"a.b.c\"}", "oidc-answer-type" },
		{ "{\"token_type\":\"Bearer\"}", "oidc-no-id-token" },
		{ "{\"token_type\":\"Bearer\",\"id_token\":[\"a.b.c\"]}", "oidc-no-id-token" },
		{ "{\"token_type\":\"Bearer\",\"id_token\":\"a.b.c\",\"id_token\":\"d\"}",
		    "oidc-answer" },
		{ "a.b.c", "oidc-answer" },
		{ "", "oidc-answer" },
	};
	struct fake_provider *fake = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct cs_span token;
		struct cs_refusal why = { .code = NULL };
		const bool good =
		    oidc_answer_read(fake->arena, cs_span_str(cases[i].text), &token, &why);

		want(cases[i].text, good ? NULL : why.code, cases[i].want);
		if (good)
			assert_true(cs_span_is(token, "a.b.c"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_signatures_of_the_provider_alone),
		cmocka_unit_test(refuses_public_keys_as_secrets),
		cmocka_unit_test(takes_what_the_provider_says_it_signs_by),
		cmocka_unit_test(wants_one_key_that_it_can_be),
		cmocka_unit_test(refuses_a_token_of_which_anything_is_another),
		cmocka_unit_test(reads_the_compact_form_alone),
		cmocka_unit_test(bounds_a_token),
		cmocka_unit_test(verifies_what_rfc_7515_signed),
		cmocka_unit_test(judges_each_claim),
		cmocka_unit_test(takes_the_shapes_that_are_in_use),
		cmocka_unit_test(names_the_person_by_the_claim_that_was_chosen),
		cmocka_unit_test(finds_the_token_in_the_answer),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
