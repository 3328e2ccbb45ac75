/* SPDX-License-Identifier: Apache-2.0 */
/* refusal.c: why not, each with its own word.  No text repeats what a stranger said. */
#include <string.h>

#include "internal.h"

#define AGAIN "Begin the login again."
#define SETTINGS "Let an operator see to the connector: its endpoint, client and claim."
#define PROVIDER "Let those who run the provider see to it."
#define CORE "OpenID Connect Core "
#define DISCOVERY "OpenID Connect Discovery "

static const struct cs_refusal refusals[OIDC_NOS] = {
	[OIDC_FINE] = { .code = NULL },
	/* asking it */
	[OIDC_NO_REACH] = { OIDC_UNREACHABLE, "provider", CORE "3.1",
	    "The provider does not answer now as it should.", "Try it again in a few minutes." },
	[OIDC_NO_EXCHANGE] = { OIDC_NOT_EXCHANGED, "code", "RFC 6749 5.2",
	    "The provider did not take the code: it is old or used, or the client's secret is not "
	    "right.",
	    AGAIN },
	/* what a provider says of itself */
	[OIDC_NO_DOCUMENT] = { "oidc-document", "provider", DISCOVERY "4.2",
	    "What the provider says of itself is not a JSON object with each member once.",
	    SETTINGS },
	[OIDC_NO_ISSUER] = { "oidc-issuer", "provider", DISCOVERY "4.3",
	    "The provider's issuer is not the connector's endpoint to the letter.", SETTINGS },
	[OIDC_NO_AUTHORIZATION] = { "oidc-authorization-endpoint", "provider", DISCOVERY "3",
	    "The provider names no authorization_endpoint under TLS.", PROVIDER },
	[OIDC_NO_TOKEN] = { "oidc-token-endpoint", "provider", DISCOVERY "3",
	    "The provider names no token_endpoint under TLS.", PROVIDER },
	[OIDC_NO_KEYS_URI] = { "oidc-keys-endpoint", "provider", DISCOVERY "3",
	    "The provider names no jwks_uri under TLS.", PROVIDER },
	[OIDC_NO_FLOW] = { "oidc-flow", "provider", DISCOVERY "3",
	    "The provider does not say that it answers with a code.", PROVIDER },
	[OIDC_NO_ALGORITHMS] = { "oidc-algorithms", "provider", "RFC 8725 3.2",
	    "The provider signs by none of RS256, PS256, ES256, ES384 and ES512.", PROVIDER },
	[OIDC_NO_CLIENT_AUTH] = { "oidc-client-auth", "provider", CORE "9",
	    "The provider takes neither client_secret_basic nor client_secret_post.", PROVIDER },
	[OIDC_NO_PKCE] = { "oidc-pkce", "provider", "RFC 7636 4.2, RFC 8414 2",
	    "The provider takes other code challenges than S256 alone.", PROVIDER },
	/* its keys */
	[OIDC_NO_KEYS] = { "oidc-keys", "keys", "RFC 7517 5",
	    "What the provider publishes as its keys is no JSON Web Key Set, or too much.",
	    PROVIDER },
	[OIDC_NO_KEY_OF_USE] = { "oidc-keys-none", "keys", CORE "10.1",
	    "The provider publishes no key by which its signatures could be verified.", PROVIDER },
	/* what the browser brings back */
	[OIDC_NO_REDIRECT] = { "oidc-redirect", "redirect", "RFC 6749 4.1.2",
	    "What the provider sent back holds no code.", AGAIN },
	[OIDC_NO_CONSENT] = { "oidc-denied", "redirect", "RFC 6749 4.1.2.1",
	    "The provider let nobody log in.", AGAIN },
	[OIDC_NO_REDIRECT_ISSUER] = { "oidc-redirect-issuer", "redirect", "RFC 9207 2.4",
	    "What came back is not from the provider that was asked.", AGAIN },
	/* what the code is exchanged for */
	[OIDC_NO_ANSWER] = { "oidc-answer", "token", "RFC 6749 5.1",
	    "The provider's answer is not a JSON object with each member once.", PROVIDER },
	[OIDC_NO_ANSWER_TYPE] = { "oidc-answer-type", "token", CORE "3.1.3.3",
	    "The provider's answer is not of the type Bearer.", PROVIDER },
	[OIDC_NO_ID_TOKEN] = { "oidc-no-id-token", "token", CORE "3.1.3.3",
	    "The provider's answer holds no id_token.", PROVIDER },
	/* its form */
	[OIDC_NO_SIZE] = { "oidc-token-size", "token", "RFC 7515 7.1",
	    "The ID token is empty, or longer than any that is read.", PROVIDER },
	[OIDC_NO_FORM] = { "oidc-token-form", "token", "RFC 7515 7.1",
	    "The ID token is not three parts of base64url.", PROVIDER },
	[OIDC_NO_HEADER] = { "oidc-token-header", "token", "RFC 7515 4",
	    "The ID token's header is not a JSON object with each member once, and an algorithm.",
	    PROVIDER },
	[OIDC_NO_CRITICAL] = { "oidc-token-critical", "token", "RFC 7515 4.1.11",
	    "The ID token's header has members that must be understood, and are not.", PROVIDER },
	[OIDC_NO_KIND] = { "oidc-token-kind", "token", "RFC 8725 3.11, RFC 7519 5",
	    "What came is another kind of token.", PROVIDER },
	[OIDC_NO_ALGORITHM] = { "oidc-token-algorithm", "token", "RFC 8725 3.1",
	    "The ID token is signed by an algorithm that is not taken, or not at all.", PROVIDER },
	/* its signature */
	[OIDC_NO_KEY] = { OIDC_KEY_UNKNOWN, "token", CORE "10.1.1",
	    "The ID token is signed by a key that the provider does not publish.", AGAIN },
	[OIDC_NO_ONE_KEY] = { "oidc-key-ambiguous", "token", CORE "10.1",
	    "The ID token does not say which of the provider's keys signed it.", PROVIDER },
	[OIDC_NO_FIT] = { "oidc-key-other", "token", "RFC 8725 3.1",
	    "The ID token's key is for another algorithm.", PROVIDER },
	[OIDC_NO_SIGNATURE] = { "oidc-signature", "token", "RFC 7515 5.2",
	    "The ID token's signature is not by the provider's key.", AGAIN },
	/* what it says */
	[OIDC_NO_CLAIMS] = { "oidc-claims", "token", "RFC 7519 4, RFC 8725 2.6",
	    "What the ID token says is not a JSON object with each member once.", PROVIDER },
	[OIDC_NO_CLAIM_ISSUER] = { "oidc-claim-issuer", "iss", CORE "3.1.3.7",
	    "The ID token is of another provider.", SETTINGS },
	[OIDC_NO_AUDIENCE] = { "oidc-claim-audience", "aud", CORE "3.1.3.7",
	    "The ID token is for another client.", SETTINGS },
	[OIDC_NO_AUDIENCES] = { "oidc-claim-audiences", "aud", CORE "3.1.3.7",
	    "The ID token is also for others, whom nobody here trusts.", PROVIDER },
	[OIDC_NO_PARTY] = { "oidc-claim-party", "azp", CORE "3.1.3.7",
	    "The ID token was given out to another client.", SETTINGS },
	[OIDC_NO_EXPIRY] = { "oidc-claim-expiry", "exp", CORE "2",
	    "The ID token does not say until when it is good.", PROVIDER },
	[OIDC_NO_LONGER] = { "oidc-claim-expired", "exp", CORE "3.1.3.7",
	    "The ID token has expired.", AGAIN },
	[OIDC_NO_ISSUED] = { "oidc-claim-issued", "iat", CORE "2",
	    "The ID token does not say when it was issued.", PROVIDER },
	[OIDC_NO_FUTURE] = { "oidc-claim-future", "iat", CORE "3.1.3.7",
	    "The ID token was issued in the future.", PROVIDER },
	[OIDC_NO_PAST] = { "oidc-claim-past", "iat", CORE "3.1.3.7",
	    "The ID token was issued before anybody was asked to log in.", AGAIN },
	[OIDC_NO_EARLY] = { "oidc-claim-early", "nbf", "RFC 7519 4.1.5",
	    "The ID token is not yet good.", PROVIDER },
	[OIDC_NO_NONCE] = { "oidc-claim-nonce", "nonce", CORE "3.1.3.7",
	    "The ID token is of another login.", AGAIN },
	[OIDC_NO_LOGIN_TIME] = { "oidc-claim-login-time", "auth_time", CORE "3.1.2.1",
	    "The ID token does not say when its person logged in.",
	    "Let the provider add auth_time: in Microsoft Entra it is an optional claim of the "
	    "application." },
	[OIDC_NO_LOGIN] = { "oidc-claim-login", "auth_time", CORE "3.1.3.7",
	    "Its person logged in too long before it was asked for, or in the future.", AGAIN },
	[OIDC_NO_SUBJECT] = { "oidc-claim-subject", "sub", CORE "2",
	    "The ID token names nobody, or not in 1 to 255 characters of ASCII.", PROVIDER },
	[OIDC_NO_PERSON] = { "oidc-claim-person", "claim", CORE "5",
	    "The ID token lacks the claim that the connector names, or its text is none.",
	    SETTINGS },
	[OIDC_NO_EMAIL] = { "oidc-claim-email", "email_verified", CORE "5.1",
	    "The provider does not say that the mail address is its person's.",
	    "Let the connector name another claim, or the provider verify addresses." },
};

const struct cs_refusal *
oidc_refusal(enum oidc_no no)
{
	return &refusals[no];
}

const struct cs_refusal *
oidc_refusal_find(const char *code)
{
	for (enum oidc_no i = OIDC_FINE + 1; i < OIDC_NOS; i++)
		if (strcmp(refusals[i].code, code) == 0)
			return &refusals[i];
	return NULL;
}

const struct cs_refusal *
oidc_refusal_at(size_t i)
{
	return i < OIDC_NOS - 1 ? &refusals[i + 1] : NULL; /* without OIDC_FINE */
}
