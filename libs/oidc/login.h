/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login.h: what belongs to one login and to no other: its state, its nonce, its verifier of PKCE.  Pure.
 *
 * Nothing of it is stored.  Each is an HMAC-SHA-256 under a key of whoever runs the login, with a label of its
 * own, of the login's id and of what it is for; the state carries the id, in which is when it began.  So what a
 * browser brings back is known again without a database, who reads the database has none of it, and the verifier
 * is never in a browser.  That a login is taken once is for the caller to see to, by its id.
 */
#ifndef OIDC_LOGIN_H
#define OIDC_LOGIN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"
#include "oidc/ask.h"

#define OIDC_LOGIN_KEY_MIN 32 /* octets */
#define OIDC_STATE_TEXT 64    /* characters: base64url of the id and its HMAC */

struct oidc_login {
	struct cs_id id;      /* UUIDv7 */
	int64_t began_ms;     /* whole milliseconds, of the id */
	const char *state;    /* OIDC_STATE_TEXT characters of base64url */
	const char *nonce;    /* OIDC_RANDOM_TEXT characters, as the next */
	const char *verifier; /* goes to the token endpoint alone */
};
/*
 * `bound`: whom and what the login is for, in octets that nothing else has (request, account, connector, ...).
 * `random`: 32 octets of the decision, used for nothing else but HMAC.
 */
void oidc_login_begin(struct cs_arena *arena, struct cs_span key, int64_t now_ms,
    const uint8_t random[static OIDC_RANDOM], struct cs_span bound, struct oidc_login *ret_login);
/* The login that began with this key, for this, and has this state.  False: there was none; `state` is anybody's. */
CS_MUST_USE bool oidc_login_resume(struct cs_arena *arena, struct cs_span key, const char *state,
    struct cs_span bound, struct oidc_login *ret_login);

#endif
