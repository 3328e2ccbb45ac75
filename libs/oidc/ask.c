/* SPDX-License-Identifier: Apache-2.0 */
#include "oidc/ask.h"

#include <string.h>

#include "base/text.h"
#include "internal.h"
#include "pki/hash.h"

/* ---- forms (RFC 6749 B) ---- */

#define BASIC "Authorization: Basic "
#define PAIR_MAX (3 * (CONNECTOR_USERNAME_MAX + CONNECTOR_SECRET_MAX) + 2)
_Static_assert(sizeof(BASIC) + (PAIR_MAX + 2) / 3 * 4 <= OIDC_FIELD_MAX, "room for the field");
_Static_assert(3 * (OIDC_CODE_MAX + CONNECTOR_ENDPOINT_MAX + OIDC_RANDOM_TEXT) + PAIR_MAX + 128 <=
		   OIDC_BODY_MAX,
    "room for the body");

/* What is written into an array of the caller; asserted to fit, since each part was bounded before. */
struct form {
	char *text;
	size_t len, cap;
};

static void
put(struct form *form, char c)
{
	cs_assert(form->len + 1 < form->cap);
	form->text[form->len++] = c;
	form->text[form->len] = '\0';
}

static void
put_text(struct form *form, const char *text)
{
	for (; *text != '\0'; text++)
		put(form, *text);
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       c == '-' || c == '.' || c == '_';
}

static void
put_encoded(struct form *form, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++) {
		const uint8_t octet = (uint8_t)*text;

		if (is_plain(*text) || *text == ' ') {
			put(form, *text == ' ' ? '+' : *text);
			continue;
		}
		put(form, '%');
		put(form, digits[octet >> 4]);
		put(form, digits[octet & 15]);
	}
}

static void
put_member(struct form *form, const char *name, const char *value)
{
	if (form->len > 0)
		put(form, '&');
	put_text(form, name);
	put(form, '=');
	put_encoded(form, value);
}

/* ---- to the provider ---- */

const char *
oidc_challenge(struct cs_arena *arena, const char *verifier)
{
	uint8_t digest[PKI_SHA256];

	pki_sha256(cs_span_str(verifier), digest);
	return cs_base64url(arena, cs_span_of(digest, sizeof(digest)));
}

static const char *
scope_of(const char *claim)
{
	if (claim == NULL || strcmp(claim, "sub") == 0)
		return "openid";
	return strcmp(claim, "email") == 0 ? "openid email" : "openid profile";
}

const char *
oidc_authorization_url(struct cs_arena *arena, const struct oidc_provider *provider,
    const struct oidc_request *request)
{
	const char *endpoint = provider->said[OIDC_AUTHORIZATION].text;
	const char *hint = request->hint != NULL ? request->hint : "";
	const size_t cap = 288 + 3 * (strlen(request->client_id) + strlen(request->redirect_uri) +
					 strlen(request->state) + strlen(request->nonce) +
					 OIDC_RANDOM_TEXT + strlen(hint));
	struct form form = { .text = cs_arena_alloc(arena, cap), .cap = cap };
	char age[16];

	cs_assert(provider->said[OIDC_AUTHORIZATION].verdict == OIDC_GOOD);
	(void)snprintf(age, sizeof(age), "%u", request->max_age_s);
	put_member(&form, "response_type", "code");
	put_member(&form, "scope", scope_of(request->claim));
	put_member(&form, "client_id", request->client_id);
	put_member(&form, "redirect_uri", request->redirect_uri);
	put_member(&form, "state", request->state);
	put_member(&form, "nonce", request->nonce);
	put_member(&form, "prompt", "login");
	put_member(&form, "max_age", age);
	put_member(&form, "code_challenge", oidc_challenge(arena, request->verifier));
	put_member(&form, "code_challenge_method", "S256");
	if (hint[0] != '\0')
		put_member(&form, "login_hint", hint);
	/* RFC 6749 3.1: a query that the endpoint has already stays. */
	return cs_arena_printf(
	    arena, "%s%c%s", endpoint, strchr(endpoint, '?') == NULL ? '?' : '&', form.text);
}

/* ---- what comes back ---- */

/* RFC 6749 A.11: 1*VSCHAR. */
static bool
is_code(const char *code)
{
	const size_t len = strlen(code);

	for (size_t i = 0; i < len; i++)
		if (code[i] < ' ' || code[i] > '~')
			return false;
	return len > 0 && len <= OIDC_CODE_MAX;
}

bool
oidc_redirect_judge(const struct oidc_provider *provider, const struct oidc_redirect *redirect,
    struct cs_refusal *ret_why)
{
	const char *issuer = redirect->issuer;

	if (issuer == NULL ? provider->says_issuer : strcmp(issuer, provider->issuer) != 0)
		return oidc_refuse(ret_why, OIDC_NO_REDIRECT_ISSUER);
	if (redirect->error != NULL)
		return oidc_refuse(ret_why, OIDC_NO_CONSENT);
	if (redirect->code == NULL || !is_code(redirect->code))
		return oidc_refuse(ret_why, OIDC_NO_REDIRECT);
	return true;
}

/* ---- the exchange ---- */

static void
write_field(
    struct cs_arena *arena, const struct oidc_exchange *exchange, struct oidc_question *question)
{
	char pair[PAIR_MAX];
	struct form form = { .text = pair, .cap = sizeof(pair) };
	struct form field = { .text = question->field, .cap = sizeof(question->field) };

	put_encoded(&form, exchange->client_id);
	put(&form, ':');
	put_encoded(&form, exchange->secret);
	char *coded = cs_base64(arena, cs_span_of(pair, form.len));

	put_text(&field, BASIC);
	put_text(&field, coded);
	pki_wipe(coded, strlen(coded));
	pki_wipe(pair, sizeof(pair));
}

static bool
is_bounded(const struct oidc_exchange *exchange)
{
	return strlen(exchange->client_id) <= CONNECTOR_USERNAME_MAX &&
	       strlen(exchange->secret) <= CONNECTOR_SECRET_MAX &&
	       strlen(exchange->redirect_uri) <= CONNECTOR_ENDPOINT_MAX &&
	       strlen(exchange->code) <= OIDC_CODE_MAX &&
	       strlen(exchange->verifier) <= OIDC_RANDOM_TEXT;
}

bool
oidc_token_question(struct cs_arena *arena, const struct oidc_provider *provider,
    const struct oidc_exchange *exchange, struct oidc_question *ret_question)
{
	struct form body = { .text = ret_question->body, .cap = sizeof(ret_question->body) };

	ret_question->field[0] = ret_question->body[0] = '\0';
	if (!is_bounded(exchange))
		return false;
	put_member(&body, "grant_type", "authorization_code");
	put_member(&body, "code", exchange->code);
	put_member(&body, "redirect_uri", exchange->redirect_uri);
	put_member(&body, "code_verifier", exchange->verifier);
	if (provider->basic) {
		write_field(arena, exchange, ret_question);
	} else {
		put_member(&body, "client_id", exchange->client_id);
		put_member(&body, "client_secret", exchange->secret);
	}
	return true;
}
