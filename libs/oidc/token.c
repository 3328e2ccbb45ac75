/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/token.h"

#include <string.h>
#include <strings.h>

#include "internal.h"
#include "pki/cert.h"
#include "pki/rsa.h"

#define SECONDS_MAX (INT64_C(1) << 53) /* what every reader of JSON can count */

bool
oidc_answer_read(struct cs_arena *arena, struct cs_span body, struct cs_span *ret_token,
    struct cs_refusal *ret_why)
{
	CS_AUTO(oidc_json_release) json_t *root = oidc_json_object(body, OIDC_ANSWER_MAX);
	const char *type = oidc_json_text(root, "token_type", OIDC_TEXT_MAX);
	const char *token = oidc_json_text(root, "id_token", OIDC_ANSWER_MAX);

	if (root == NULL)
		return oidc_refuse(ret_why, OIDC_NO_ANSWER);
	if (type == NULL || strcasecmp(type, "Bearer") != 0)
		return oidc_refuse(ret_why, OIDC_NO_ANSWER_TYPE);
	if (token == NULL)
		return oidc_refuse(ret_why, OIDC_NO_ID_TOKEN);
	*ret_token = cs_arena_copy(arena, token, strlen(token));
	return true;
}

/* ---- claims ---- */

static bool
is_text(const json_t *claims, const char *name, const char *text)
{
	const char *value = oidc_json_text(claims, name, OIDC_DOCUMENT_MAX);

	return value != NULL && strcmp(value, text) == 0;
}

static bool
read_time(const json_t *claims, const char *name, int64_t *ret_s)
{
	const json_t *value = json_object_get(claims, name);

	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > SECONDS_MAX)
		return false;
	*ret_s = json_integer_value(value);
	return true;
}

static enum oidc_no
judge_issuer(const json_t *claims, const struct oidc_expected *expected)
{
	return is_text(claims, "iss", expected->provider->issuer) ? OIDC_FINE
								  : OIDC_NO_CLAIM_ISSUER;
}

static enum oidc_no
judge_audience(const json_t *claims, const struct oidc_expected *expected)
{
	const json_t *aud = json_object_get(claims, "aud");
	const json_t *only = json_array_size(aud) == 1 ? json_array_get(aud, 0) : aud;

	if (json_array_size(aud) > 1)
		return OIDC_NO_AUDIENCES;
	return json_is_string(only) && strcmp(json_string_value(only), expected->client_id) == 0
		   ? OIDC_FINE
		   : OIDC_NO_AUDIENCE;
}

static enum oidc_no
judge_party(const json_t *claims, const struct oidc_expected *expected)
{
	return json_object_get(claims, "azp") == NULL || is_text(claims, "azp", expected->client_id)
		   ? OIDC_FINE
		   : OIDC_NO_PARTY;
}

static enum oidc_no
judge_expiry(const json_t *claims, const struct oidc_expected *expected)
{
	int64_t exp_s;

	if (!read_time(claims, "exp", &exp_s))
		return OIDC_NO_EXPIRY;
	return expected->now_s < exp_s + OIDC_SKEW_S ? OIDC_FINE : OIDC_NO_LONGER;
}

static enum oidc_no
judge_issued(const json_t *claims, const struct oidc_expected *expected)
{
	int64_t iat_s;

	if (!read_time(claims, "iat", &iat_s))
		return OIDC_NO_ISSUED;
	if (iat_s > expected->now_s + OIDC_SKEW_S)
		return OIDC_NO_FUTURE;
	return iat_s >= expected->asked_s - OIDC_SKEW_S ? OIDC_FINE : OIDC_NO_PAST;
}

static enum oidc_no
judge_not_before(const json_t *claims, const struct oidc_expected *expected)
{
	int64_t nbf_s;

	if (json_object_get(claims, "nbf") == NULL)
		return OIDC_FINE;
	return read_time(claims, "nbf", &nbf_s) && nbf_s <= expected->now_s + OIDC_SKEW_S
		   ? OIDC_FINE
		   : OIDC_NO_EARLY;
}

static enum oidc_no
judge_nonce(const json_t *claims, const struct oidc_expected *expected)
{
	return is_text(claims, "nonce", expected->nonce) ? OIDC_FINE : OIDC_NO_NONCE;
}

static enum oidc_no
judge_login(const json_t *claims, const struct oidc_expected *expected)
{
	int64_t login_s;

	if (!read_time(claims, "auth_time", &login_s))
		return OIDC_NO_LOGIN_TIME;
	return login_s <= expected->now_s + OIDC_SKEW_S &&
		       login_s >= expected->asked_s - expected->max_age_s - OIDC_SKEW_S
		   ? OIDC_FINE
		   : OIDC_NO_LOGIN;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static enum oidc_no
judge_subject(const json_t *claims, const struct oidc_expected *expected)
{
	const char *sub = oidc_json_text(claims, "sub", OIDC_TEXT_MAX);

	(void)expected;
	return sub != NULL && sub[0] != '\0' && is_printable(sub) ? OIDC_FINE : OIDC_NO_SUBJECT;
}

/* Core 5.1: whose mail address it is, a provider may never have asked. */
static enum oidc_no
judge_person(const json_t *claims, const struct oidc_expected *expected)
{
	const char *name = oidc_json_text(claims, expected->claim, OIDC_TEXT_MAX);

	if (name == NULL || name[0] == '\0' || pki_text_fault(cs_span_str(name)) != NULL)
		return OIDC_NO_PERSON;
	return strcmp(expected->claim, "email") != 0 ||
		       json_is_true(json_object_get(claims, "email_verified"))
		   ? OIDC_FINE
		   : OIDC_NO_EMAIL;
}

typedef enum oidc_no judge(const json_t *claims, const struct oidc_expected *expected);
static judge *const judges[] = { judge_issuer, judge_audience, judge_party, judge_expiry,
	judge_issued, judge_not_before, judge_nonce, judge_login, judge_subject, judge_person };

static enum oidc_no
read_claims(struct cs_arena *arena, struct cs_span payload, const struct oidc_expected *expected,
    struct oidc_person *ret_person)
{
	CS_AUTO(oidc_json_release) json_t *claims = oidc_json_object(payload, OIDC_TOKEN_MAX);
	struct oidc_person person;

	if (claims == NULL)
		return OIDC_NO_CLAIMS;
	for (size_t i = 0; i < sizeof(judges) / sizeof(judges[0]); i++) {
		const enum oidc_no no = judges[i](claims, expected);

		if (no != OIDC_FINE)
			return no;
	}
	person.name =
	    cs_arena_strdup(arena, oidc_json_text(claims, expected->claim, OIDC_TEXT_MAX));
	person.subject = cs_arena_strdup(arena, oidc_json_text(claims, "sub", OIDC_TEXT_MAX));
	cs_assert(read_time(claims, "auth_time", &person.login_s));
	*ret_person = person;
	return OIDC_FINE;
}

bool
oidc_id_token_judge(struct cs_arena *arena, struct cs_span token, const struct oidc_keys *keys,
    const struct oidc_expected *expected, struct oidc_person *ret_person,
    struct cs_refusal *ret_why)
{
	struct oidc_jws jws;

	if (!oidc_jws_read(arena, token, &jws, ret_why) ||
	    !oidc_jws_verify(arena, &jws, keys, expected->provider->algorithms, ret_why))
		return false;
	const enum oidc_no no = read_claims(arena, jws.payload, expected, ret_person);

	return no == OIDC_FINE || oidc_refuse(ret_why, no);
}

/* ---- before files are out of reach ---- */

/* A key of RFC 7515 A.3 and no signature by it. */
void
oidc_load(void)
{
	static const char set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
				  "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				  "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
	static const uint8_t ones[64] = { [31] = 1, [63] = 1 };
	struct cs_arena *arena = cs_arena_new();
	struct oidc_keys keys;
	struct cs_refusal why;

	json_object_seed(0);
	pki_load_verifiers();
	cs_assert(oidc_keys_read(arena, cs_span_str(set), &keys, &why));
	cs_assert(!pki_jose_verify(arena, &keys.keys[0].numbers, PKI_JOSE_ECDSA, cs_span_str(""),
	    cs_span_of(ones, sizeof(ones))));
	cs_arena_free(arena);
}
