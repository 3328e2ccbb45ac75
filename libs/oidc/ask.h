/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask.h: how a person is sent to a provider to log in, and how what the browser brings back is exchanged: the code
 * flow (OpenID Connect Core 1.0, 3.1) with PKCE by S256 (RFC 7636).  Pure: randomness is given.
 */
#ifndef OIDC_ASK_H
#define OIDC_ASK_H

#include "oidc/discovery.h"

/* Characters of a nonce or verifier: 32 octets in base64url (RFC 7636 4.1). */
#define OIDC_RANDOM_TEXT 43
/* RFC 7636 4.2: base64url(SHA-256(verifier)). */
const char *oidc_challenge(struct cs_arena *arena, const char *verifier);

struct oidc_request {
	const char *client_id, *redirect_uri;
	const char *state, *nonce, *verifier; /* the provider sees the verifier's challenge alone */
	uint32_t max_age_s; /* how long before this somebody may have logged in; 0: not at all */
	const char *hint;   /* login_hint: who should log in; NULL: nobody in particular */
	const char *claim;  /* that will name the person; NULL: sub */
};
/*
 * Where the person's browser goes (Core 3.1.2.1): response_type=code, scope=openid and the scope of
 * the claim (5.4; Microsoft gives oid with profile), prompt=login, so that a
 * provider asks also whom it knows, and the values above, encoded as a form is (RFC 6749 B).  `provider` was
 * judged.
 */
const char *oidc_authorization_url(struct cs_arena *arena, const struct oidc_provider *provider,
    const struct oidc_request *request);

/* ---- what comes back to redirect_uri ---- */

#define OIDC_CODE_MAX 2048 /* octets */

/* Members of the query, each decoded, none there twice; NULL: it is not there. */
struct oidc_redirect {
	const char *code, *state, *error, *issuer /* "iss" */;
};
/*
 * Is there a code, from this provider?  The state was compared before, by whoever knows it.  False: oidc-denied
 * (it sent an error), oidc-redirect-issuer (RFC 9207 2.4: another one's, or none from a provider that says it),
 * oidc-redirect.
 */
CS_MUST_USE bool oidc_redirect_judge(const struct oidc_provider *provider,
    const struct oidc_redirect *redirect, struct cs_refusal *ret_why);

/* ---- the code for an ID token ---- */

#define OIDC_BODY_MAX 12288 /* octets, with NUL; 3 for each of code, URL, name and secret */
#define OIDC_FIELD_MAX 5248

struct oidc_exchange {
	const char *client_id, *secret,
	    *redirect_uri; /* the one that the code was asked for with */
	const char *code, *verifier;
};
/* What is sent to the token endpoint by POST.  It holds the secret and the code: the caller wipes it. */
struct oidc_question {
	char field[OIDC_FIELD_MAX]; /* "Authorization: Basic ..."; "": the secret is in the body */
	char body[OIDC_BODY_MAX];   /* application/x-www-form-urlencoded */
};
/*
 * RFC 6749 4.1.3, 2.3.1: client_secret_basic where the provider takes it, else client_secret_post.  `arena` gets
 * nothing that is not wiped.  False: one is longer than OIDC_CODE_MAX or than its maximum in connector.h;
 * *ret_question is empty.
 */
CS_MUST_USE bool oidc_token_question(struct cs_arena *arena, const struct oidc_provider *provider,
    const struct oidc_exchange *exchange, struct oidc_question *ret_question);

#endif
