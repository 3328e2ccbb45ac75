/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h: who logged in, as a provider's ID token says it (OpenID Connect Core 1.0, 2 and 3.1.3.7).  Pure: the
 * time is given.
 *
 * Of the best current practices for such tokens (RFC 8725, by section):
 *
 *   2.6, 3.7   JSON is UTF-8 with no member twice and no NUL, or refused; sizes are bounded before anything is read
 *   3.1        the algorithm is one of ours, one that the provider says it uses, and one that the key is for: by its
 *              kind and curve, and by its "alg" where it says one.  A key of RSA that says none may be used by
 *              RS256 and by PS256
 *   3.2        RS256, PS256, ES256, ES384, ES512; never "none", and nothing that is made with a secret
 *   3.3        there is one signature, and a token whose signature is not verified is not looked into
 *   3.4        points are on their curve, numbers have their length (pki/jose.h)
 *   3.5        no key is a password: there is no HS256
 *   3.6        nothing is decompressed or decrypted
 *   3.8        iss is the provider to the letter, whose own keys verified it; sub is there
 *   3.9        aud is this client and nobody else
 *   3.10       kid is compared and nothing else; jku, x5u, jwk and x5c lead nowhere
 *   3.11       typ is "JWT" or not there: ID tokens have no type of their own (Core 2), so access tokens
 *              ("at+jwt"), logout tokens and the like are refused by theirs; a token with cty is none; crit is
 *              refused, since nothing in it is understood
 *   3.12       nonce, auth_time, and the issuer's own keys keep what is no ID token out
 */
#ifndef OIDC_TOKEN_H
#define OIDC_TOKEN_H

#include "oidc/keys.h"
#include "oidc/refusal.h"

#define OIDC_ANSWER_MAX 65536 /* octets of what a token endpoint answers */
#define OIDC_TOKEN_MAX 32768  /* octets of an ID token */
#define OIDC_TEXT_MAX 255     /* octets of a claim that names somebody */
#define OIDC_SKEW_S 60        /* by how much clocks may differ */

/* The ID token in an answer (Core 3.1.3.3), in `arena`; tokens beside it are not looked at. */
CS_MUST_USE bool oidc_answer_read(struct cs_arena *arena, struct cs_span body,
    struct cs_span *ret_token, struct cs_refusal *ret_why);

struct oidc_expected {
	const struct oidc_provider *provider;
	const char *client_id, *nonce;
	const char *claim;  /* that names the person: "sub", "oid", "preferred_username", ... */
	int64_t asked_s;    /* when the person was sent to the provider */
	uint32_t max_age_s; /* how long before that somebody may have logged in */
	int64_t now_s;
};
struct oidc_person {
	const char *name;    /* the claim: 1 to OIDC_TEXT_MAX octets of UTF-8, all of it seen */
	const char *subject; /* sub: 1 to OIDC_TEXT_MAX characters of ASCII, which never changes */
	int64_t login_s;     /* auth_time */
};
/*
 * Form, algorithm, key and signature first, then each claim:
 *
 *   iss        the provider                       exp   not past (by more than OIDC_SKEW_S, as all that follow)
 *   aud        this client alone, as text or in   iat   not in the future, and not before the person was asked
 *              a list; several are refused (3.1.3.7: nobody else is trusted)
 *   azp        where it is there, this client     nbf   where it is there, not in the future
 *   nonce      the one that was sent              sub   there
 *   auth_time  there, not in the future, and no more than max_age_s before the person was asked
 *
 * and last the claim that names the person; "email" counts only beside "email_verified": true.  Which claims a
 * provider never gives to another person is for operators to know: Core 5.7 promises it of sub alone, Microsoft of
 * oid, nobody of preferred_username.  Times are whole seconds.  False: *ret_why; OIDC_KEY_UNKNOWN may be mended by
 * newer keys.
 */
CS_MUST_USE bool oidc_id_token_judge(struct cs_arena *arena, struct cs_span token,
    const struct oidc_keys *keys, const struct oidc_expected *expected,
    struct oidc_person *ret_person, struct cs_refusal *ret_why);

/*
 * Makes libraries load what verifying tokens needs, which they else do late: for processes that are about to give
 * up opening files.
 */
void oidc_load(void);

#endif
