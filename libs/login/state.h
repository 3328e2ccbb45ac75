/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state.h: what a browser carries to a provider and back, and what belongs to one login and to no other.  Pure.
 *
 * Nothing of it is stored.  The state names the request and the challenge that the login is for, and whose people wait
 * together, under an HMAC-SHA-256 of a key of whoever runs the login, cut to 128 bits: so what a browser brings back
 * is told from what a stranger made up before any table is asked.  The HMAC is also of whose provider the browser was
 * sent to, who has a redirect URI of their own: what another provider sends back with it is taken for made up, so
 * that its code goes to nobody (RFC 9700 4.4.2).  Nonce and verifier are HMACs under the same key, with labels of
 * their own: who reads the table has none of them, and the verifier is never in a browser.  That a login is taken once
 * is for the caller to see to, by its challenge.
 */
#ifndef LOGIN_STATE_H
#define LOGIN_STATE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id.h"
#include "base/span.h"

#define LOGIN_KEY_MIN 32     /* octets */
#define LOGIN_STATE_TEXT 72  /* characters of base64url; a RelayState of SAML may have 80 octets */
#define LOGIN_SECRET_TEXT 43 /* characters of a nonce or a verifier; a request's ID has one more */

/* What a state names. */
struct login_named {
	struct cs_id request, challenge;
	uint64_t crowd; /* login_crowd() */
};
/* Of an enterprise, below 2^48: so many logins of one are under way at once, known before any table is asked. */
uint64_t login_crowd(const char *enterprise);
/* `owner`: whose redirect URI it has to come back to; "": that of all. */
const char *login_state(
    struct cs_arena *arena, struct cs_span key, const struct login_named *named, const char *owner);
/* False: it was not made with this key, or for another owner; `state` and `owner` are anybody's. */
CS_MUST_USE bool login_state_read(struct cs_arena *arena, struct cs_span key, const char *state,
    const char *owner, struct login_named *ret);

struct login_secrets {
	const char *nonce;    /* LOGIN_SECRET_TEXT characters of base64url, as the next */
	const char *verifier; /* of PKCE (RFC 7636 4.1): goes to the token endpoint alone */
	const char
	    *request_id; /* of SAML (Core 1.3.4), "_" before such characters: the answer names it */
};
/*
 * Of the login with this state.  `bound`: where it is, and for whom, in octets that nothing else has: at another
 * provider, or for somebody else, the same login has other secrets.  So a code that one provider gave is of no use at
 * another, and who writes to a table leads no login astray.
 */
struct login_secrets
login_secrets(struct cs_arena *arena, struct cs_span key, const char *state, struct cs_span bound);

#endif
