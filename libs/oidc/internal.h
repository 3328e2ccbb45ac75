/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: refusals in one table, JSON as strangers write it, and what is signed. */
#ifndef OIDC_INTERNAL_H
#define OIDC_INTERNAL_H

#include <jansson.h>

#include "base/err.h"
#include "oidc/keys.h"
#include "oidc/refusal.h"

/* ---- refusals ---- */

enum oidc_no {
	OIDC_FINE,
	OIDC_NO_REACH,
	OIDC_NO_EXCHANGE,
	OIDC_NO_DOCUMENT,
	OIDC_NO_ISSUER,
	OIDC_NO_AUTHORIZATION,
	OIDC_NO_TOKEN,
	OIDC_NO_KEYS_URI,
	OIDC_NO_FLOW,
	OIDC_NO_ALGORITHMS,
	OIDC_NO_CLIENT_AUTH,
	OIDC_NO_PKCE,
	OIDC_NO_KEYS,
	OIDC_NO_KEY_OF_USE,
	OIDC_NO_REDIRECT,
	OIDC_NO_CONSENT,
	OIDC_NO_REDIRECT_ISSUER,
	OIDC_NO_ANSWER,
	OIDC_NO_ANSWER_TYPE,
	OIDC_NO_ID_TOKEN,
	OIDC_NO_SIZE,
	OIDC_NO_FORM,
	OIDC_NO_HEADER,
	OIDC_NO_CRITICAL,
	OIDC_NO_KIND,
	OIDC_NO_ALGORITHM,
	OIDC_NO_KEY,
	OIDC_NO_ONE_KEY,
	OIDC_NO_FIT,
	OIDC_NO_SIGNATURE,
	OIDC_NO_CLAIMS,
	OIDC_NO_CLAIM_ISSUER,
	OIDC_NO_AUDIENCE,
	OIDC_NO_AUDIENCES,
	OIDC_NO_PARTY,
	OIDC_NO_EXPIRY,
	OIDC_NO_LONGER,
	OIDC_NO_ISSUED,
	OIDC_NO_FUTURE,
	OIDC_NO_PAST,
	OIDC_NO_EARLY,
	OIDC_NO_NONCE,
	OIDC_NO_LOGIN_TIME,
	OIDC_NO_LOGIN,
	OIDC_NO_SUBJECT,
	OIDC_NO_PERSON,
	OIDC_NO_EMAIL,
	OIDC_NOS
};
/* What is said of it; all of it constant. */
const struct cs_refusal *oidc_refusal(enum oidc_no no);
static inline bool
oidc_refuse(struct cs_refusal *ret_why, enum oidc_no no)
{
	return cs_refuse(ret_why, *oidc_refusal(no));
}

/* ---- JSON ---- */

/*
 * An object of at most `max` octets with nothing after it, in which no object has a member twice (RFC 8725 2.6,
 * RFC 7515 4) and no text a NUL.  NULL: not that.  Owned by the caller.
 */
json_t *oidc_json_object(struct cs_span octets, size_t max);
static inline void
oidc_json_release(json_t **value)
{
	json_decref(*value);
}
/* A member that is text of at most `max` octets; borrowed; NULL: it is not. */
const char *oidc_json_text(const json_t *object, const char *member, size_t max);
/* A member that is base64url, decoded; empty: it is not. */
struct cs_span oidc_json_octets(struct cs_arena *arena, const json_t *object, const char *member);
/* Is the member a list in which this word is? */
bool oidc_json_lists(const json_t *object, const char *member, const char *word);

/* ---- what is signed (RFC 7515) ---- */

struct oidc_jws {
	enum oidc_algorithm algorithm;
	const char *kid;              /* NULL: it names no key */
	struct cs_span signed_octets; /* borrowed from the token */
	struct cs_span payload, signature;
};
/* The compact form.  False: *ret_why. */
CS_MUST_USE bool oidc_jws_read(
    struct cs_arena *arena, struct cs_span token, struct oidc_jws *ret, struct cs_refusal *ret_why);
/* By the one key of `keys` that it can be, with an algorithm of the set `may`. */
CS_MUST_USE bool oidc_jws_verify(struct cs_arena *arena, const struct oidc_jws *jws,
    const struct oidc_keys *keys, unsigned may, struct cs_refusal *ret_why);

#endif
